// SPDX-License-Identifier: Apache-2.0
/*
 * One Wiegand decoder a reader, driven by the edges' own times. A frame is tried against the
 * reader's formats in order: the first that fits its length and checks gives the number. A frame of
 * 4, 6 or 8 bits is a key of its keypad, or noise. Keys are told to nobody but the controller.
 */
#include "rt_readers.h"

#include "base/assert.h"
#include "base/compiler.h"

_Static_assert(
	READER_FORMATS_MAX <= FRAME_FORMATS_MAX, "a verdict has room for a reader's formats");

void rt_readers_init(struct rt_readers *readers, const struct settings *settings)
{
	memset(readers, 0, sizeof(*readers));
	for (uint32_t i = 0; i < READERS_MAX; i++) {
		const struct reader_settings *from = &settings->reader[i];
		struct rt_reader *reader = &readers->reader[i];

		if (!from->config.configured)
			continue;
		reader->configured = !from->osdp.configured;
		if (reader->configured) {
			wiegand_decoder_init(&reader->decoder, &from->limits);
			wiegand_tracer_init(&reader->tracer, &reader->decoder);
		}
		for (uint32_t f = 0; f < from->format_count; f++) {
			const struct card_format *format =
				settings_format_find(settings, text_span(&from->format[f]));

			ASSERT(format != NULL); /* the settings' parser knows the names */
			reader->format[reader->format_count++] = format;
		}
		if (reader->format_count == 0)
			reader->format[reader->format_count++] = card_format_find(SPAN_LIT("W34"));
	}
}

static const struct rt_given just_read = {.refused = REASON_NONE};

static void frame_tell(const struct rt_readers *readers, uint8_t number,
	const struct card_bits *bits, const struct controller_input *input)
{
	if (readers->frame != NULL)
		readers->frame(readers->frame_user, number, bits,
			input->kind == INPUT_CREDENTIAL ? &input->credential.card_number : NULL);
}

static void key_emit(struct rt_reader *reader, uint8_t number, const struct card_bits *bits,
	int64_t due_ns, rt_reader_emit *emit, void *user)
{
	struct controller_input input = {.kind = INPUT_KEY, .key.reader = number};

	_Static_assert(KEY_STAR == KEYPAD_STAR && KEY_HASH == KEYPAD_HASH, "the same keys");
	if (keypad_decode(bits, &reader->six, &input.key.key))
		emit(user, &input, due_ns);
	else
		reader->bad_keys++;
	explicit_bzero(&input, sizeof(input));
}

static void frame_emit(struct rt_readers *readers, uint8_t number, const struct card_bits *bits,
	int64_t due_ns, const struct rt_given *given, rt_reader_emit *emit, void *user)
{
	struct rt_reader *reader = &readers->reader[number - 1];
	struct controller_input input = {.kind = INPUT_UNREADABLE};

	if (keypad_is_frame(bits->count)) {
		frame_tell(readers, number, bits, &input);
		key_emit(reader, number, bits, due_ns, emit, user);
		return;
	}
	input.credential.reader = number;
	input.credential.card_bits = bits->count;
	for (uint32_t i = 0; i < reader->format_count; i++) {
		struct card_fields fields;

		if (card_format_decode(reader->format[i], bits, &fields) == CARD_FORMAT_OK) {
			input.kind = INPUT_CREDENTIAL;
			input.credential.card_number =
				card_format_number(reader->format[i], &fields);
			break;
		}
	}
	input.credential.fingerprint = given->fingerprint;
	input.credential.refused = given->refused;
	if (given->refused == REASON_NONE)
		frame_tell(readers, number, bits, &input);
	emit(user, &input, due_ns);
}

/* Hands on what the decoder ended, whatever came of it. */
static void frame_look(struct rt_readers *readers, uint8_t number, enum wiegand_result result)
{
	struct rt_reader *reader = &readers->reader[number - 1];
	const struct wiegand_trace *trace =
		wiegand_tracer_end(&reader->tracer, &reader->decoder, result);
	struct frame_verdict verdict = {.count = 0};

	if (trace == NULL || readers->look == NULL)
		return;
	if (result == WIEGAND_FRAME && !trace->secret)
		frame_verdict_make(reader->format, reader->format_count, &trace->bits, &verdict);
	readers->look(readers->look_user, number, trace, &verdict);
}

void rt_readers_edge(struct rt_readers *readers, const struct line_event *event,
	rt_reader_emit *emit, void *user)
{
	if (event->at < 1 || event->at > READERS_MAX)
		return;
	struct rt_reader *reader = &readers->reader[event->at - 1];
	struct wiegand_edge edge = {
		.at_ns = event->at_ns,
		.line = event->kind == LINE_DATA1 ? 1 : 0,
		.level = event->level != 0,
	};
	struct card_bits bits;

	if (!reader->configured)
		return;
	int64_t due_ns = wiegand_decoder_deadline_ns(&reader->decoder);

	enum wiegand_result result = wiegand_decoder_edge(&reader->decoder, &edge, &bits);

	if (result == WIEGAND_FRAME)
		frame_emit(readers, event->at, &bits, due_ns, &just_read, emit, user);
	frame_look(readers, event->at, result);
	wiegand_tracer_edge(&reader->tracer, &edge);
}

void rt_readers_bits(struct rt_readers *readers, uint8_t number, const struct card_bits *bits,
	int64_t at_ns, const struct rt_given *given, rt_reader_emit *emit, void *user)
{
	struct rt_reader *reader = &readers->reader[number - 1];
	struct wiegand_trace trace = {.begin_ns = at_ns, .result = WIEGAND_FRAME, .bits = *bits};
	struct frame_verdict verdict = {.count = 0};

	trace.secret = bits->count <= WIEGAND_KEY_BITS_MAX;
	trace.moved.frames = 1;
	frame_emit(readers, number, bits, at_ns, given, emit, user);
	if (trace.secret)
		memset(trace.bits.bytes, 0, sizeof(trace.bits.bytes));
	else
		frame_verdict_make(reader->format, reader->format_count, bits, &verdict);
	if (readers->look != NULL)
		readers->look(readers->look_user, number, &trace, &verdict);
}

void rt_readers_lost(struct rt_readers *readers)
{
	for (uint32_t i = 0; i < READERS_MAX; i++) {
		if (readers->reader[i].configured)
			wiegand_decoder_lost(&readers->reader[i].decoder);
	}
}

void rt_readers_lost_at(struct rt_readers *readers, uint8_t number)
{
	if (number >= 1 && number <= READERS_MAX && readers->reader[number - 1].configured)
		wiegand_decoder_lost(&readers->reader[number - 1].decoder);
}

void rt_readers_cut(struct rt_readers *readers)
{
	for (uint32_t i = 0; i < READERS_MAX; i++) {
		struct rt_reader *reader = &readers->reader[i];

		if (reader->configured &&
			wiegand_decoder_deadline_ns(&reader->decoder) != INT64_MAX)
			wiegand_decoder_lost(&reader->decoder);
	}
}

void rt_readers_time(struct rt_readers *readers, int64_t now_ns, rt_reader_emit *emit, void *user)
{
	for (uint32_t i = 0; i < READERS_MAX; i++) {
		struct rt_reader *reader = &readers->reader[i];
		struct card_bits bits;

		if (!reader->configured)
			continue;
		int64_t due_ns = wiegand_decoder_deadline_ns(&reader->decoder);

		if (due_ns > now_ns)
			continue;
		enum wiegand_result result = wiegand_decoder_time(&reader->decoder, now_ns, &bits);

		if (result == WIEGAND_FRAME)
			frame_emit(
				readers, (uint8_t)(i + 1), &bits, due_ns, &just_read, emit, user);
		frame_look(readers, (uint8_t)(i + 1), result);
	}
}

static uint64_t noise_of(const struct rt_reader *reader)
{
	const struct wiegand_counters *c = &reader->decoder.counters;

	return reader->bad_keys + c->short_frames + c->long_frames + c->glitches + c->long_pulses +
	       c->close_pulses + c->overlaps + c->lost_edges + c->backward_edges;
}

void rt_readers_noise(struct rt_readers *readers, rt_reader_emit *emit, void *user)
{
	for (uint32_t i = 0; i < READERS_MAX; i++) {
		struct rt_reader *reader = &readers->reader[i];
		uint64_t noise = noise_of(reader);

		if (!reader->configured || noise == reader->noise_told)
			continue;
		uint64_t count = noise - reader->noise_told;
		struct controller_input input = {.kind = INPUT_NOISE};

		input.noise.reader = (uint8_t)(i + 1);
		input.noise.count = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
		reader->noise_told = noise;
		emit(user, &input, 0);
	}
}

int64_t rt_readers_deadline_ns(const struct rt_readers *readers)
{
	int64_t deadline_ns = INT64_MAX;

	for (uint32_t i = 0; i < READERS_MAX; i++) {
		const struct rt_reader *reader = &readers->reader[i];
		int64_t due_ns = reader->configured ? wiegand_decoder_deadline_ns(&reader->decoder)
						    : INT64_MAX;

		if (due_ns < deadline_ns)
			deadline_ns = due_ns;
	}
	return deadline_ns;
}
