// SPDX-License-Identifier: Apache-2.0
/*
 * The file that goes to a reader, one at a time: its row of the audit first, then the line, which
 * sends it between polls. Its bytes are serve's and stand still from BUS_ORDER_FILE until the end
 * is stored as core->reader_file.state; nothing here looks at them after that.
 */
#include "bus_private.h"

#include "base/assert.h"
#include "platform/clock.h"
#include "platform/log.h"

static void answer(struct bus *bus, uint32_t slot, enum result result, enum reader_refusal reason)
{
	struct answer answer = {.slot = slot, .result = (uint8_t)result, .reason = (uint8_t)reason};
	bool pushed = spsc_push(&bus->core->bus_answers, &answer);

	ASSERT(pushed); /* as many places as open requests */
	core_wake(bus->core->serve_wake);
}

static void state_set(struct bus *bus, enum reader_file_state state)
{
	atomic_store_explicit(&bus->core->reader_file.state, (uint8_t)state, memory_order_release);
}

static struct bus_line *line_of(struct bus *bus, const struct bus_reader *reader)
{
	for (unsigned i = 0; i < bus->line_count; i++) {
		if (bus->line[i].at == reader->line)
			return &bus->line[i];
	}
	ASSERT(false); /* a reader without a line */
	return NULL;
}

/* It goes no further before it began; whoever asked hears why. */
static void drop(struct bus *bus, uint32_t slot, enum result result, enum reader_refusal reason)
{
	state_set(bus, READER_FILE_BROKEN);
	answer(bus, slot, result, reason);
}

static void file_begin(struct bus *bus, const struct bus_order *order)
{
	const struct reader_file *file = &bus->core->reader_file;
	struct bus_reader *reader = bus_reader_of(bus, order->reader);
	struct osdp_reader_status status = {.state = OSDP_STATE_PROBING};
	struct key_job job = {.kind = KEY_JOB_FILE,
		.reader = order->reader,
		.audited = true,
		.act = AUDIT_READER_FILE,
		.count = file->size,
		.slot = order->slot,
		.asker = order->asker};

	ASSERT(reader != NULL && bus->file_reader == 0); /* serve has judged it */
	osdp_bus_status(line_of(bus, reader)->osdp, reader->index, &status);
	bus->file_cancelled = false;
	if (reader->pairing != BUS_PAIRING_NONE)
		drop(bus, order->slot, RESULT_READER, READER_PAIRING);
	else if (status.state != OSDP_STATE_ONLINE)
		drop(bus, order->slot, RESULT_READER, READER_OFFLINE);
	else if (!spsc_push(&bus->core->key_jobs, &job))
		drop(bus, order->slot, RESULT_BUSY, 0);
	else
		core_wake(bus->core->store_wake);
}

void bus_file_result(struct bus *bus, const struct key_job *result, int64_t now_ns)
{
	const struct reader_file *file = &bus->core->reader_file;
	struct bus_reader *reader = bus_reader_of(bus, result->reader);
	struct osdp_order order = {.kind = OSDP_ORDER_FILE,
		.file = {.type = file->type, .data = span_of(file->data, file->size)}};

	ASSERT(reader != NULL);
	if (!result->done) {
		drop(bus, result->slot, RESULT_STORE_FAILED, 0);
		return;
	}
	if (bus->file_cancelled) {
		drop(bus, result->slot, RESULT_OK, 0);
		return;
	}
	struct osdp_bus *line = line_of(bus, reader)->osdp;

	if (osdp_bus_order(line, reader->index, &order, now_ns) != OSDP_TAKEN) {
		drop(bus, result->slot, RESULT_READER, READER_OFFLINE);
		return;
	}
	bus->file_reader = result->reader;
	state_set(bus, READER_FILE_SENDING);
	answer(bus, result->slot, RESULT_OK, 0);
}

static void file_cancel(struct bus *bus, const struct bus_order *order, int64_t now_ns)
{
	struct osdp_order cancel = {.kind = OSDP_ORDER_FILE_CANCEL};
	struct bus_reader *reader = bus_reader_of(bus, order->reader);
	uint8_t state = atomic_load(&bus->core->reader_file.state);

	if (bus->file_reader == order->reader && reader != NULL) {
		struct bus_line *line = line_of(bus, reader);

		(void)osdp_bus_order(line->osdp, reader->index, &cancel, now_ns);
		bus_events_take(bus, line); /* BROKEN */
		answer(bus, order->slot, RESULT_OK, 0);
	} else if (state == READER_FILE_STARTING) {
		bus->file_cancelled = true;
		answer(bus, order->slot, RESULT_OK, 0);
	} else {
		answer(bus, order->slot, RESULT_READER, READER_FILE_NONE);
	}
}

void bus_file_order(struct bus *bus, const struct bus_order *order, int64_t now_ns)
{
	if (order->kind == BUS_ORDER_FILE)
		file_begin(bus, order);
	else
		file_cancel(bus, order, now_ns);
}

void bus_file_event(struct bus *bus, uint8_t number, const struct osdp_event *event)
{
	static const struct {
		uint8_t state;
		bool end;
		const char *words;
	} states[] = {
		[OSDP_BUS_FILE_SENDING] = {READER_FILE_SENDING, false, ""},
		[OSDP_BUS_FILE_FINISHING] = {READER_FILE_FINISHING, false, ""},
		[OSDP_BUS_FILE_DONE] = {READER_FILE_DONE, true, "took"},
		[OSDP_BUS_FILE_REFUSED] = {READER_FILE_REFUSED, true, "refused"},
		[OSDP_BUS_FILE_BROKEN] = {READER_FILE_BROKEN, true, "did not get the whole of"},
	};
	struct reader_file *file = &bus->core->reader_file;

	if (number != bus->file_reader)
		return;
	ASSERT(event->file.state < ARRAY_COUNT(states));
	atomic_store(&file->sent, event->file.sent);
	atomic_store(&file->status, event->file.status);
	if (states[event->file.state].end) {
		log_info("OSDP reader %u %s a file of %u bytes: %u are sent, status %d", number,
			states[event->file.state].words, event->file.total, event->file.sent,
			event->file.status);
		bus->file_reader = 0;
	}
	state_set(bus, (enum reader_file_state)states[event->file.state].state);
	if (states[event->file.state].end)
		core_wake(bus->core->serve_wake); /* it gives back the memory */
}
