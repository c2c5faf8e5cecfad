// SPDX-License-Identifier: Apache-2.0
/*
 * Keys of OSDP readers by request. What is asked is said by the handle, which was made for one
 * operation, and by nothing that gate writes; the bus thread judges and carries it out.
 */
#include "serve_private.h"

#include "base/assert.h"

static bool kind_of(const struct handle_entry *entry, uint8_t *ret_kind)
{
	static const struct {
		uint8_t operation;
		uint8_t kind;
	} kinds[] = {
		{CGI_READER_PAIR, BUS_ORDER_PAIR},
		{CGI_READER_PAIR_CANCEL, BUS_ORDER_PAIR_CANCEL},
		{CGI_READER_ROTATE, BUS_ORDER_ROTATE},
		{CGI_READER_UNPAIR, BUS_ORDER_UNPAIR},
		{CGI_READER_KEY, BUS_ORDER_KEY},
	};

	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
		if (kinds[i].operation == entry->operation) {
			*ret_kind = kinds[i].kind;
			return true;
		}
	}
	return false;
}

void serve_reader_order(struct serve *serve, const struct handle_entry *entry,
	const struct message_reader_order *request)
{
	struct bus_order order = {.reader = request->reader, .window_s = request->window_s};

	if (!kind_of(entry, &order.kind) ||
		(order.kind == BUS_ORDER_PAIR && request->window_s == 0)) {
		serve_result(serve, &request->header, RESULT_BAD_HANDLE);
		return;
	}
	if (!serve_slot(serve, &request->header, &order.slot))
		return;
	memcpy(order.key, request->key, sizeof(order.key));
	order.asker.account = entry->account;
	memcpy(order.asker.address, entry->address, sizeof(order.asker.address));
	if (serve->core->bus == NULL || !spsc_push(&serve->core->bus_orders, &order)) {
		struct answer none = {.slot = order.slot,
			.result = serve->core->bus == NULL ? RESULT_READER : RESULT_BUSY,
			.reason = READER_NOT_OSDP};

		serve_answer(serve, &none);
	} else {
		core_wake(serve->core->bus_wake);
	}
	explicit_bzero(&order, sizeof(order));
}
