// SPDX-License-Identifier: Apache-2.0
/*
 * The raw view of a reader: rows of accessControl getReaderFrames into frames. The device is not
 * believed: numbers out of range, bits that are none and edges that cannot be read are
 * POSTERN_E_PROTOCOL, before a frame is handed out.
 *
 * Frames are made one after the other and live while the callback runs; the answer's text is
 * theirs.
 */
#include "base/assert.h"
#include "base/bits.h"
#include "base/number.h"
#include "protocols/wiegand_trace.h"
#include "sdk.h"

#define READER_MAX 128
#define COUNT_MAX 64
#define NAME_MAX_BYTES 64

const char *postern_reader_frame_field(const struct postern_reader_frame *frame, const char *name)
{
	return fields_find(frame->fields, frame->field_count, name);
}

/* --- the reader's state --- */

/* "reader.Frames" of the answer, 0 when it is not there. */
static uint64_t state_number(const struct answer *answer, const char *name)
{
	char key[NAME_MAX_BYTES];
	struct buf text = buf_over(key, sizeof(key) - 1);
	int64_t number = 0;

	buf_add_string(&text, "reader.");
	buf_add_string(&text, name);
	key[text.len] = 0;
	return answer_number(answer, key, &number) ? (uint64_t)number : 0;
}

static int state_held(const struct answer *answer, const char *key)
{
	char value[8];

	answer_value(answer, key, value, sizeof(value));
	return span_equal_nocase(span_from_string(value), SPAN_LIT("true"));
}

/* False when this is no answer of a raw view. */
static bool state_read(const struct answer *answer, struct postern_reader_state *ret)
{
	int64_t since_ms = 0;
	int64_t oldest = 0;
	int64_t last = 0;

	if (!answer_number(answer, "since", &since_ms) ||
		!answer_number(answer, "oldestFrame", &oldest) ||
		!answer_number(answer, "lastFrame", &last))
		return false;
	*ret = (struct postern_reader_state){
		.size = sizeof(*ret),
		.since_ms = since_ms,
		.oldest = (uint64_t)oldest,
		.last = (uint64_t)last,
		.held = {state_held(answer, "reader.Held0"), state_held(answer, "reader.Held1")},
		.frames = state_number(answer, "Frames"),
		.short_frames = state_number(answer, "ShortFrames"),
		.long_frames = state_number(answer, "LongFrames"),
		.glitches = state_number(answer, "Glitches"),
		.long_pulses = state_number(answer, "LongPulses"),
		.close_pulses = state_number(answer, "ClosePulses"),
		.overlaps = state_number(answer, "Overlaps"),
		.lost_edges = state_number(answer, "LostEdges"),
		.backward_edges = state_number(answer, "BackwardEdges"),
	};
	return true;
}

/* --- one frame --- */

static const char *text_of(const struct row *row, const char *name)
{
	const char *value = fields_find(row->fields, row->field_count, name);

	return value == NULL ? "" : value;
}

static bool number_of(const struct row *row, const char *name, int64_t max, int64_t *ret)
{
	return number_parse_i64(span_from_string(text_of(row, name)), 0, max, ret);
}

/* The place of the row's word among words, or false. */
static bool word_of(const struct row *row, const char *name, const char *const words[],
	unsigned count, unsigned *ret)
{
	for (unsigned i = 0; i < count; i++) {
		if (span_equal_nocase(
			    span_from_string(text_of(row, name)), span_from_string(words[i]))) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static bool kind_read(const struct row *row, struct postern_reader_frame *ret)
{
	static const char *const kinds[] = {"Card", "Key", "Dropped", "Glitches"};
	static const char *const fits[] = {"NoLength", "WrongCheck", "Turned", "Yes"};
	unsigned kind;
	unsigned fit;

	if (!word_of(row, "Kind", kinds, ARRAY_COUNT(kinds), &kind) ||
		!word_of(row, "Fit", fits, ARRAY_COUNT(fits), &fit))
		return false;
	ret->kind = (enum postern_frame_kind)kind;
	ret->fit = (enum postern_frame_fit)fit;
	return true;
}

static bool bits_read(const struct row *row, struct postern_reader_frame *ret)
{
	int64_t count;

	ret->bits = text_of(row, "Data");
	if (!number_of(row, "Bits", CARD_BITS_MAX, &count) ||
		strspn(ret->bits, "01") != strlen(ret->bits) ||
		(ret->bits[0] != 0 && strlen(ret->bits) != (size_t)count))
		return false;
	ret->bit_count = (int)count;
	return true;
}

static bool lengths_read(const struct row *row, const char *name, struct postern_lengths *ret)
{
	static const char *const parts[] = {"Count", "MinNs", "MeanNs", "MaxNs"};
	int64_t value[ARRAY_COUNT(parts)];

	for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
		char key[NAME_MAX_BYTES];
		struct buf text = buf_over(key, sizeof(key) - 1);

		buf_add_string(&text, name);
		buf_add_string(&text, parts[i]);
		key[text.len] = 0;
		if (!number_of(row, key, UINT32_MAX, &value[i]))
			return false;
	}
	*ret = (struct postern_lengths){
		(unsigned)value[0], (uint32_t)value[1], (uint32_t)value[2], (uint32_t)value[3]};
	return true;
}

static bool edges_read(const struct row *row, struct postern_edge edges[WIEGAND_TRACE_EDGES_MAX],
	struct postern_reader_frame *ret)
{
	struct wiegand_trace_edge traced[WIEGAND_TRACE_EDGES_MAX];
	uint32_t count;
	int64_t at_ns = 0;

	if (!wiegand_trace_parse_edges(span_from_string(text_of(row, "EdgeList")), traced,
		    WIEGAND_TRACE_EDGES_MAX, &count))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		at_ns += traced[i].after_ns;
		edges[i] = (struct postern_edge){at_ns, traced[i].line, traced[i].level};
	}
	ret->edge_count = count;
	ret->edges = edges;
	return true;
}

static bool frame_read(const struct row *row, struct postern_edge edges[WIEGAND_TRACE_EDGES_MAX],
	struct postern_reader_frame *ret)
{
	int64_t no;
	int64_t reader;
	int64_t utc_s;
	int64_t utc_ms;

	*ret = (struct postern_reader_frame){.size = sizeof(*ret),
		.format = text_of(row, "Format"),
		.number = text_of(row, "Number"),
		.faults = text_of(row, "Faults"),
		.field_count = row->field_count,
		.fields = row->fields};
	if (!number_of(row, "No", INT64_MAX, &no) ||
		!number_of(row, "Reader", READER_MAX, &reader) ||
		!number_of(row, "UTC", INT64_MAX / 1000 - 1, &utc_s) ||
		!number_of(row, "UTCMS", 999, &utc_ms))
		return false;
	ret->no = (uint64_t)no;
	ret->reader = (int)reader;
	ret->utc_ms = utc_s * 1000 + utc_ms;
	for (int line = 0; line < 2; line++)
		ret->held[line] = span_equal_nocase(
			span_from_string(text_of(row, line == 0 ? "Held0" : "Held1")),
			SPAN_LIT("true"));
	return kind_read(row, ret) && bits_read(row, ret) && edges_read(row, edges, ret) &&
	       lengths_read(row, "Pulse0", &ret->pulse[0]) &&
	       lengths_read(row, "Pulse1", &ret->pulse[1]) &&
	       lengths_read(row, "Interval", &ret->interval);
}

/* --- the call --- */

int reader_frames_deliver(struct answer *answer, postern_reader_frame_fn *each, void *user,
	struct postern_reader_state *state)
{
	struct postern_edge edges[WIEGAND_TRACE_EDGES_MAX];
	struct postern_reader_state read;
	struct table table;

	if (!state_read(answer, &read))
		return POSTERN_E_PROTOCOL;
	int error = table_parse(answer, "frames", &table);

	if (error != POSTERN_OK)
		return error;
	if (state != NULL)
		*state = read;
	for (size_t i = 0; i < table.row_count && error == POSTERN_OK; i++) {
		struct postern_reader_frame frame;

		if (!frame_read(&table.rows[i], edges, &frame))
			error = POSTERN_E_PROTOCOL;
		else if (each(user, &frame) != 0)
			error = POSTERN_E_STOPPED;
	}
	table_drop(&table);
	return error;
}

struct frames_call {
	struct postern_call call;
	postern_reader_frame_fn *each;
	void *each_user; /* the form that waits has another user */
	postern_reader_state_fn *done;
	void *user;
	struct postern_reader_state state;
	struct postern_reader_state *early; /* filled before the first frame; NULL: nobody's */
	bool answered;
};

static int hand_out(void *user, const struct postern_reader_frame *frame)
{
	struct frames_call *frames = user;

	ASSERT(frames != NULL);
	if (!frames->answered && frames->early != NULL)
		*frames->early = frames->state;
	frames->answered = true;
	return frames->each(frames->each_user, frame) != 0 || frames->call.stopped;
}

static int frames_answered(struct postern_call *call, int error, struct answer *answer)
{
	struct frames_call *frames = (struct frames_call *)call;

	if (error != POSTERN_OK)
		return error;
	error = reader_frames_deliver(answer, hand_out, frames, &frames->state);
	if (error != POSTERN_OK && error != POSTERN_E_STOPPED)
		return call_fail(call, error, "%s", postern_strerror(error));
	frames->answered = true;
	return error;
}

static void frames_end(struct postern_call *call, int error)
{
	struct frames_call *frames = (struct frames_call *)call;

	frames->done(frames->user, call, error, frames->answered ? &frames->state : NULL);
}

static int check_query(struct postern_device *device, const struct postern_reader_query *query)
{
	if (query->reader < 1 || query->reader > READER_MAX || query->count > COUNT_MAX ||
		query->after > INT64_MAX)
		return device_fail(device, POSTERN_E_ARGUMENT,
			"readers are 1 to %d, count is at most %d", READER_MAX, COUNT_MAX);
	return POSTERN_OK;
}

static const char *frames_target(struct postern_device *device,
	const struct postern_reader_query *query, struct target *target)
{
	target_begin(target, "accessControl.cgi", "getReaderFrames");
	target_number(target, "reader", query->reader);
	target_number(target, "afterFrame", (int64_t)query->after);
	target_number(target, "count", query->count == 0 ? COUNT_MAX : query->count);
	if (query->edges != 0)
		target_text(target, "edges", "true");
	return target_end(target, device);
}

int postern_reader_frames_start(struct postern_device *device,
	const struct postern_reader_query *query, postern_reader_frame_fn *each,
	postern_reader_state_fn *done, void *user, struct postern_call **call)
{
	static const struct call_class class = {.end = frames_end};
	struct target target;
	int error;

	if (query == NULL || query->size < sizeof(*query) || each == NULL)
		return device_fail(device, POSTERN_E_ARGUMENT, "query: size is not set");
	error = check_query(device, query);
	if (error != POSTERN_OK)
		return error;
	struct frames_call *frames =
		call_new(device, sizeof(*frames), &class, done != NULL, &error);

	if (frames == NULL)
		return error;
	frames->each = each;
	frames->each_user = user;
	frames->done = done;
	frames->user = user;
	return call_begin(&frames->call,
		http_start(&frames->call, frames_target(device, query, &target), frames_answered),
		call);
}

static void sync_state(
	void *user, struct postern_call *call, int error, const struct postern_reader_state *state)
{
	sync_result(user, call, error, state, sizeof(*state));
}

int postern_reader_frames(struct postern_device *device, const struct postern_reader_query *query,
	postern_reader_frame_fn *each, void *user, struct postern_reader_state *state)
{
	struct sync sync;
	struct postern_call *call = NULL;
	int error = sync_begin(&sync, device);

	if (error != POSTERN_OK)
		return error;
	if (each == NULL || (state != NULL && state->size < sizeof(*state)))
		return device_fail(device, POSTERN_E_ARGUMENT, "query or state: size is not set");
	sync.result = state;
	error = postern_reader_frames_start(device, query, each, sync_state, &sync, &call);
	if (call != NULL) {
		struct frames_call *frames = (struct frames_call *)call;

		frames->each_user = user;
		frames->early = state;
	}
	return sync_wait(&sync, error);
}
