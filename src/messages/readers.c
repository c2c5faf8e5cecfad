// SPDX-License-Identifier: Apache-2.0
/* The raw view of readers and lines, their keys and files. */
#include "messages/readers.h"

#include "domain/limits.h"
#include "judge.h"
#include "messages/roles.h"

bool judge_reader_query(const void *message)
{
	const struct message_reader_query *m = message;

	return m->reader >= 1 && m->reader <= READERS_MAX && m->limit >= 1 &&
	       m->limit <= READER_FRAMES_MAX;
}

size_t cut_reader_frames(const void *message)
{
	const struct message_reader_frames *m = message;

	return offsetof(struct message_reader_frames, row) +
	       (m->count > MESSAGE_READER_FRAMES_MAX ? MESSAGE_READER_FRAMES_MAX : m->count) *
		       sizeof(m->row[0]);
}

static bool verdict_check(const struct frame_verdict *verdict)
{
	if (verdict->count > FRAME_FORMATS_MAX || verdict->reads > verdict->count ||
		!bool_valid(&verdict->turned))
		return false;
	for (uint32_t i = 0; i < verdict->count; i++) {
		if (verdict->format[i].result >= CARD_FORMAT_RESULT_COUNT)
			return false;
	}
	return true;
}

static bool trace_check(const struct wiegand_trace *trace)
{
	if (trace->result > WIEGAND_NOISE || trace->bits.count > CARD_BITS_MAX ||
		!bool_valid(&trace->secret) || !bool_valid(&trace->held[0]) ||
		!bool_valid(&trace->held[1]) || trace->edges_kept > WIEGAND_TRACE_EDGES_MAX)
		return false;
	for (uint32_t i = 0; i < trace->edges_kept; i++) {
		if (trace->edge[i].line > 1 || trace->edge[i].level > 1)
			return false;
	}
	return true;
}

bool judge_reader_frames(const void *message)
{
	const struct message_reader_frames *m = message;

	if (m->count > MESSAGE_READER_FRAMES_MAX || !bool_valid(&m->held[0]) ||
		!bool_valid(&m->held[1]) || !bool_valid(&m->last))
		return false;
	for (uint32_t i = 0; i < m->count; i++) {
		const struct reader_frame *row = &m->row[i];

		if (row->reader < 1 || row->reader > READERS_MAX || !verdict_check(&row->verdict) ||
			!trace_check(&row->trace))
			return false;
	}
	return true;
}

bool judge_reader_order(const void *message)
{
	const struct message_reader_order *m = message;

	return m->reader >= 1 && m->reader <= READERS_MAX && m->window_s <= READER_WINDOW_MAX_S;
}

size_t cut_reader_file(const void *message)
{
	const struct message_reader_file *m = message;

	return offsetof(struct message_reader_file, bytes) +
	       (m->len > READER_FILE_PART_MAX ? READER_FILE_PART_MAX : m->len);
}

bool judge_reader_file(const void *message)
{
	const struct message_reader_file *m = message;

	return m->reader >= 1 && m->reader <= READERS_MAX && m->size <= READER_FILE_MAX &&
	       m->offset < READER_FILE_MAX && m->len <= READER_FILE_PART_MAX;
}

bool judge_reader_file_state(const void *message)
{
	const struct message_reader_file_state *m = message;

	return m->state < READER_FILE_STATE_COUNT && m->size <= READER_FILE_MAX &&
	       m->received <= m->size && m->sent <= m->size;
}

const char *reader_refusal_sentence(enum reader_refusal refusal)
{
	static const char *const sentences[READER_REFUSAL_COUNT] = {
		[READER_NOT_OSDP] = "this reader is no OSDP reader: only those have a key",
		[READER_IN_CLEAR] = "this reader has no key: secure_channel: off in posternd.yaml; "
				    "set it to required first",
		[READER_PAIRING] = "this reader is just getting a key: wait for it, or cancel it",
		[READER_LINE_PAIRING] = "another reader of the same line is just getting a key: "
					"wait for it, or cancel it",
		[READER_NOT_SECURE] = "the reader is not online in its secure channel, in which "
				      "alone its key is changed",
		[READER_KEY_WEAK] = "this key is a well-known or simple one: make one from random "
				    "bytes",
		[READER_NO_PAIRING] = "this reader is not being paired",
		[READER_HAS_KEY] = "this reader is online with its key: rotate it for another one, "
				   "or unpair it first",
		[READER_CANCELLED] = "the pairing was cancelled before it began",
		[READER_OFFLINE] = "the reader is not online: see postern osdp status",
		[READER_NO_FILES] = "this reader is no OSDP reader: only those take files",
		[READER_FILE_BUSY] = "another file is under way to a reader: wait for its end, or "
				     "cancel it (postern osdp firmware READER --cancel)",
		[READER_FILE_NONE] = "no file of yours is under way to this reader: begin it; one "
				     "whose parts stay away for 60 s is dropped",
		[READER_FILE_ORDER] = "this part is not the next one: offset is the number of "
				      "bytes that came before it",
		[READER_FILE_LONG] = "this part goes beyond the size that was said at the begin",
		[READER_FILE_MEMORY] = "the controller has no memory for the file",
	};

	return (unsigned)refusal < READER_REFUSAL_COUNT ? sentences[refusal] : "";
}

bool judge_osdp_trace(const void *message)
{
	const struct message_osdp_trace *m = message;

	return m->limit >= 1 && m->limit <= OSDP_TRACED_MAX && m->line < MESSAGE_PORT_LINES_MAX;
}

size_t cut_osdp_frames(const void *message)
{
	const struct message_osdp_frames *m = message;

	return offsetof(struct message_osdp_frames, row) +
	       (m->count > MESSAGE_OSDP_FRAMES_MAX ? MESSAGE_OSDP_FRAMES_MAX : m->count) *
		       sizeof(m->row[0]);
}

bool judge_osdp_frames(const void *message)
{
	const struct message_osdp_frames *m = message;

	if (m->count > MESSAGE_OSDP_FRAMES_MAX || !bool_valid(&m->last))
		return false;
	for (uint32_t i = 0; i < m->count; i++) {
		if (m->row[i].len == 0 || m->row[i].len > OSDP_TRACED_BYTES ||
			!bool_valid(&m->row[i].reply))
			return false;
	}
	return true;
}
