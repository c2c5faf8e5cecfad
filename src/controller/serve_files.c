// SPDX-License-Identifier: Apache-2.0
/*
 * Files for OSDP readers, firmware as a rule: the parts are put together here, in memory that is
 * there only while a file is (READER_FILE_MAX bytes at most, one file at a time), and with the last
 * part the bus thread gets the whole. What comes of it does not hang on gate or on who sent it; one
 * whose parts stay away for PARTS_NS is dropped. Who may do what was judged with the handle.
 */
#include "serve_private.h"

#include "bus.h"
#include "platform/clock.h"

#include <sys/mman.h>

#define PARTS_NS (60 * NS_PER_S)

static uint8_t state_of(const struct serve *serve)
{
	return atomic_load_explicit(&serve->core->reader_file.state, memory_order_acquire);
}

static bool at_bus(uint8_t state)
{
	return state == READER_FILE_STARTING || state == READER_FILE_SENDING ||
	       state == READER_FILE_FINISHING;
}

static void refuse(
	struct serve *serve, const struct message_header *request, enum reader_refusal refusal)
{
	struct message_result answer = {
		.header = serve_header(request, MESSAGE_RESULT),
		.result = RESULT_READER,
		.reason = (uint32_t)refusal,
	};

	(void)text_set(&answer.text, span_from_string(reader_refusal_sentence(refusal)));
	serve_send(serve, &answer);
}

void serve_file_turn(struct serve *serve)
{
	struct reader_file *file = &serve->core->reader_file;
	uint8_t state = state_of(serve);

	if (file->data == NULL || at_bus(state))
		return;
	if (state == READER_FILE_RECEIVING) {
		if (clock_boot_ns() - serve->file_part_ns < PARTS_NS)
			return;
		atomic_store(&file->state, READER_FILE_BROKEN);
	}
	(void)munmap(file->data, file->size);
	file->data = NULL;
}

int serve_file_timeout_ms(const struct serve *serve)
{
	int64_t left_ns = serve->file_part_ns + PARTS_NS - clock_boot_ns();

	if (state_of(serve) != READER_FILE_RECEIVING)
		return -1;
	return left_ns <= 0 ? 0 : (int)(left_ns / NS_PER_MS) + 1;
}

static void file_begin(struct serve *serve, const struct handle_entry *entry,
	const struct message_reader_file *request)
{
	struct reader_file *file = &serve->core->reader_file;
	const struct reader_settings *reader = &serve->core->settings->reader[request->reader - 1];
	struct bus_status status;

	serve_file_turn(serve); /* one that is over stands in nobody's way */
	uint8_t state = state_of(serve);

	if (!reader->osdp.configured || !bus_status_get(serve->core, request->reader, &status)) {
		refuse(serve, &request->header, READER_NO_FILES);
		return;
	}
	if (status.reader.state != OSDP_STATE_ONLINE) {
		refuse(serve, &request->header, READER_OFFLINE);
		return;
	}
	if (state == READER_FILE_RECEIVING || at_bus(state)) {
		refuse(serve, &request->header, READER_FILE_BUSY);
		return;
	}
	void *memory = mmap(
		NULL, request->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		refuse(serve, &request->header, READER_FILE_MEMORY);
		return;
	}
	file->data = memory;
	file->size = request->size;
	file->received = 0;
	file->reader = request->reader;
	file->type = request->type;
	atomic_store(&file->sent, 0);
	atomic_store(&file->status, 0);
	atomic_store(&file->state, READER_FILE_RECEIVING);
	serve->file_part_ns = clock_boot_ns();
	serve->file_account = entry->account;
	serve_result(serve, &request->header, RESULT_OK);
}

/* To the bus thread, which answers. False: the place or the ring is full, and that is answered. */
static bool order_push(struct serve *serve, const struct handle_entry *entry,
	const struct message_reader_file *request, enum bus_order_kind kind)
{
	struct bus_order order = {.kind = (uint8_t)kind, .reader = request->reader};

	if (!serve_slot(serve, &request->header, &order.slot))
		return false;
	order.asker.account = entry->account;
	memcpy(order.asker.address, entry->address, sizeof(order.asker.address));
	if (!spsc_push(&serve->core->bus_orders, &order)) {
		struct answer busy = {.slot = order.slot, .result = RESULT_BUSY};

		serve_answer(serve, &busy);
		return false;
	}
	core_wake(serve->core->bus_wake);
	return true;
}

static void file_part(struct serve *serve, const struct handle_entry *entry,
	const struct message_reader_file *request)
{
	struct reader_file *file = &serve->core->reader_file;

	if (state_of(serve) != READER_FILE_RECEIVING || file->reader != request->reader ||
		!text_is(&serve->file_account, text_span(&entry->account))) {
		refuse(serve, &request->header, READER_FILE_NONE);
		return;
	}
	if (request->offset != file->received) {
		refuse(serve, &request->header, READER_FILE_ORDER);
		return;
	}
	if (request->len > file->size - file->received) {
		refuse(serve, &request->header, READER_FILE_LONG);
		return;
	}
	memcpy(file->data + file->received, request->bytes, request->len);
	serve->file_part_ns = clock_boot_ns();
	if (file->received + request->len < file->size) {
		file->received += request->len;
		serve_result(serve, &request->header, RESULT_OK);
		return;
	}
	/* Before the order: from then on the state is the bus thread's. */
	atomic_store(&file->state, READER_FILE_STARTING);
	if (order_push(serve, entry, request, BUS_ORDER_FILE))
		file->received = file->size;
	else
		atomic_store(&file->state, READER_FILE_RECEIVING);
}

static void file_get(struct serve *serve, const struct message_reader_file *request)
{
	const struct reader_file *file = &serve->core->reader_file;
	struct message_reader_file_state answer = {
		.header = serve_header(&request->header, MESSAGE_READER_FILE_STATE)};

	if (file->reader == request->reader) {
		answer.state = state_of(serve);
		answer.type = file->type;
		answer.status = atomic_load(&file->status);
		answer.size = file->size;
		answer.received = file->received;
		answer.sent = atomic_load(&file->sent);
	}
	serve_send(serve, &answer);
}

static void file_cancel(struct serve *serve, const struct handle_entry *entry,
	const struct message_reader_file *request)
{
	struct reader_file *file = &serve->core->reader_file;
	uint8_t state = state_of(serve);

	if (file->reader != request->reader || (state != READER_FILE_RECEIVING && !at_bus(state))) {
		refuse(serve, &request->header, READER_FILE_NONE);
		return;
	}
	if (at_bus(state)) {
		(void)order_push(serve, entry, request, BUS_ORDER_FILE_CANCEL);
		return;
	}
	atomic_store(&file->state, READER_FILE_BROKEN);
	serve_result(serve, &request->header, RESULT_OK);
}

void serve_file(struct serve *serve, const struct handle_entry *entry,
	const struct message_reader_file *request)
{
	if (entry->operation == CGI_READER_FILE_BEGIN && request->type > 0 && request->size > 0)
		file_begin(serve, entry, request);
	else if (entry->operation == CGI_READER_FILE_PART && request->len > 0)
		file_part(serve, entry, request);
	else if (entry->operation == CGI_READER_FILE_GET)
		file_get(serve, request);
	else if (entry->operation == CGI_READER_FILE_CANCEL)
		file_cancel(serve, entry, request);
	else
		serve_result(serve, &request->header, RESULT_BAD_HANDLE);
}
