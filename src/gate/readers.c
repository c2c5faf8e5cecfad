// SPDX-License-Identifier: Apache-2.0
/*
 * The raw view of a reader: frames as core remembers them, printed as rows. What a format says to a
 * frame comes as numbers from core; the formats' names are those of the settings. Bits, edges and
 * figures of what may be a key of a PIN are not in the message, so that they cannot be printed.
 */
#include "operations.h"

#include "messages/readers.h"
#include "protocols/cgi_methods.h"
#include "protocols/keyvalue.h"
#include "protocols/wiegand_health.h"

#define ROW_BYTES_MAX (8 * 1024) /* 160 edges need 2 KB, eight verdicts 1 KB */
#define KEY_BYTES_MAX 64

/* Keys of one row, or of the reader, as they are printed. */
struct printer {
	struct buf *out;
	struct span prefix; /* "frames[3]." */
};

static void print_text(const struct printer *to, const char *key, struct span value)
{
	keyvalue_row_text(to->out, to->prefix, key, value);
}

static void print_number(const struct printer *to, const char *key, uint64_t value)
{
	char text[24];
	struct buf digits = buf_over(text, sizeof(text));

	buf_add_u64(&digits, value);
	print_text(to, key, buf_span(&digits));
}

static void print_bool(const struct printer *to, const char *key, bool value)
{
	print_text(to, key, value ? SPAN_LIT("true") : SPAN_LIT("false"));
}

void reader_frames_begin(struct request *request)
{
	struct message_reader_query message = {
		.header = {.type = MESSAGE_READER_QUERY},
		.handle = request->handle,
		.limit = READER_FRAMES_MAX,
	};
	int64_t number = 0;

	(void)cgi_integer(request->query, "reader", &number);
	message.reader = (uint8_t)number;
	if (!request->gate->settings->reader[number - 1].config.configured) {
		request_fail(request, 400, "reader names no reader of this device");
		return;
	}
	if (cgi_integer(request->query, "afterFrame", &number))
		message.after_no = (uint64_t)number;
	if (cgi_integer(request->query, "count", &number))
		message.limit = (uint32_t)number;
	core_ask(request, &message);
}

/* --- a row --- */

static bool frame_is_key(const struct wiegand_trace *trace)
{
	unsigned bits = trace->bits.count;

	return trace->result == WIEGAND_FRAME && (bits == 4 || bits == 6 || bits == 8);
}

static const char *kind_of(const struct wiegand_trace *trace)
{
	if (frame_is_key(trace))
		return "Key";
	if (trace->result == WIEGAND_FRAME)
		return "Card";
	return trace->result == WIEGAND_NOISE ? "Dropped" : "Glitches";
}

static const char *fit_of(const struct frame_verdict *verdict)
{
	const char *fit = "NoLength";

	if (verdict->reads > 0)
		return "Yes";
	if (verdict->turned)
		return "Turned";
	for (unsigned i = 0; i < verdict->count; i++) {
		if (verdict->format[i].result == CARD_FORMAT_WRONG_FACILITY)
			return "Yes"; /* every check holds */
		if (verdict->format[i].result != CARD_FORMAT_WRONG_LENGTH)
			fit = "WrongCheck";
	}
	return fit;
}

/* Without formats of its own a reader has the default one. */
static struct span format_name(const struct reader_settings *reader, unsigned at)
{
	return at < reader->format_count ? text_span(&reader->format[at]) : SPAN_LIT("W34");
}

static void verdict_print(const struct printer *to, const struct reader_settings *reader,
	const struct frame_verdict *verdict)
{
	for (unsigned i = 0; i < verdict->count; i++) {
		char key_text[KEY_BYTES_MAX];
		char text[256];
		struct buf key = buf_over(key_text, sizeof(key_text) - 1);
		struct buf line = buf_over(text, sizeof(text));
		enum card_format_result result = (enum card_format_result)verdict->format[i].result;

		buf_add_string(&key, "Verdict[");
		buf_add_u64(&key, i);
		buf_add_string(&key, "]");
		key_text[key.len] = 0;
		buf_add(&line, format_name(reader, i));
		buf_add_string(&line, ": ");
		buf_add_string(&line, card_format_result_sentence(result));
		if (verdict->format[i].bit != FRAME_BIT_NONE) {
			buf_add_string(&line, ", bit ");
			buf_add_u64(&line, verdict->format[i].bit);
		}
		print_text(to, key_text, buf_span(&line));
	}
}

static void bits_print(const struct printer *to, const struct wiegand_trace *trace)
{
	char text[CARD_BITS_MAX];

	print_number(to, "Bits", trace->bits.count);
	if (trace->secret)
		return;
	for (unsigned i = 0; i < trace->bits.count; i++)
		text[i] = card_bits_get(&trace->bits, i) ? '1' : '0';
	print_text(to, "Data", span_of(text, trace->bits.count));
}

/* "LostEdges:1,Overlaps:2": why a frame was dropped, or what else was counted with it. */
static void faults_print(const struct printer *to, const struct wiegand_counters *moved)
{
	char text[320];
	struct buf list = buf_over(text, sizeof(text));

	for (unsigned i = 0; i < WIEGAND_FAULTS; i++) {
		uint64_t count = wiegand_fault_count(moved, i);

		if (count == 0)
			continue;
		if (list.len > 0)
			buf_add_byte(&list, ',');
		buf_add_string(&list, wiegand_fault_name(i));
		buf_add_byte(&list, ':');
		buf_add_u64(&list, count);
	}
	print_text(to, "Faults", buf_span(&list));
}

static void figures_print(
	const struct printer *to, const char *name, const struct wiegand_figures *figures)
{
	const struct {
		const char *key;
		uint64_t value;
	} rows[] = {
		{"Count", figures->count},
		{"MinNs", figures->min_ns},
		{"MeanNs", wiegand_figures_mean_ns(figures)},
		{"MaxNs", figures->max_ns},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		char text[KEY_BYTES_MAX];
		struct buf key = buf_over(text, sizeof(text) - 1);

		buf_add_string(&key, name);
		buf_add_string(&key, rows[i].key);
		text[key.len] = 0;
		print_number(to, text, rows[i].value);
	}
}

static void trace_print(
	const struct printer *to, const struct wiegand_trace *trace, bool with_edges)
{
	char text[WIEGAND_EDGES_TEXT_MAX];
	struct buf edges = buf_over(text, sizeof(text));

	faults_print(to, &trace->moved);
	print_bool(to, "Held0", trace->held[0]);
	print_bool(to, "Held1", trace->held[1]);
	print_number(to, "Edges", trace->edge_count);
	figures_print(to, "Pulse0", &trace->pulse[0]);
	figures_print(to, "Pulse1", &trace->pulse[1]);
	figures_print(to, "Interval", &trace->interval);
	if (!with_edges || trace->secret)
		return;
	wiegand_trace_print_edges(trace, &edges);
	print_text(to, "EdgeList", buf_span(&edges));
}

static void frame_print(const struct printer *to, const struct reader_settings *reader,
	const struct reader_frame *frame, bool with_edges)
{
	const struct frame_verdict *verdict = &frame->verdict;
	uint64_t utc_ms = frame->utc_ms < 0 ? 0 : (uint64_t)frame->utc_ms;

	print_number(to, "No", frame->no);
	print_number(to, "Reader", frame->reader);
	print_number(to, "UTC", utc_ms / MS_PER_S);
	print_number(to, "UTCMS", utc_ms % MS_PER_S);
	print_text(to, "Kind", span_from_string(kind_of(&frame->trace)));
	print_text(to, "Fit", span_from_string(fit_of(verdict)));
	bits_print(to, &frame->trace);
	if (verdict->reads > 0) {
		print_text(to, "Format", format_name(reader, verdict->reads - 1u));
		print_number(to, "Number", verdict->number);
	}
	verdict_print(to, reader, verdict);
	trace_print(to, &frame->trace, with_edges);
}

/* --- the answer --- */

static void head_print(struct request *request, const struct message_reader_frames *frames)
{
	char memory[1024];
	struct buf out = buf_over(memory, sizeof(memory));
	const struct printer top = {&out, {NULL, 0}};
	const struct printer reader = {&out, SPAN_LIT("reader.")};

	print_number(&top, "since", frames->since_utc_ms < 0 ? 0 : (uint64_t)frames->since_utc_ms);
	print_number(&top, "oldestFrame", frames->oldest_no);
	print_number(&top, "lastFrame", frames->last_no);
	print_bool(&reader, "Held0", frames->held[0]);
	print_bool(&reader, "Held1", frames->held[1]);
	print_number(&reader, "Frames", frames->counters.frames);
	for (unsigned i = 0; i < WIEGAND_FAULTS; i++)
		print_number(
			&reader, wiegand_fault_name(i), wiegand_fault_count(&frames->counters, i));
	(void)reply_add(&request->reply, buf_span(&out));
}

/* request->step counts the rows printed. */
static void row_print(struct request *request, const struct reader_frame *frame, bool with_edges)
{
	char memory[ROW_BYTES_MAX];
	char text[24];
	struct buf row = buf_over(memory, sizeof(memory));
	struct buf prefix = buf_over(text, sizeof(text));

	buf_add_string(&prefix, "frames[");
	buf_add_u64(&prefix, request->step++);
	buf_add_string(&prefix, "].");
	const struct printer to = {&row, buf_span(&prefix)};

	frame_print(&to, &request->gate->settings->reader[frame->reader - 1], frame, with_edges);
	(void)reply_add(&request->reply, buf_span(&row));
}

void reader_frames_answer(struct request *request, const void *message)
{
	const struct message_reader_frames *frames = message;
	bool with_edges = false;

	if (message_type_of(message) != MESSAGE_READER_FRAMES) {
		operation_unexpected(request, message);
		return;
	}
	(void)cgi_bool(request->query, "edges", &with_edges);
	if (request->reply.len == 0)
		head_print(request, frames);
	for (uint32_t i = 0; i < frames->count; i++)
		row_print(request, &frames->row[i], with_edges);
	if (!frames->last)
		return;
	request->reply.status = 200;
	request_finish(request);
}
