/* SPDX-License-Identifier: Apache-2.0 */
/* The readers on rt's lines: edges -> frames -> card numbers and keys, noise counted. No I/O, no
 * clock. */
#pragma once

#include "domain/card_format.h"
#include "domain/controller.h"
#include "domain/frame_verdict.h"
#include "messages/lines.h"
#include "platform/settings.h"
#include "protocols/keypad.h"
#include "protocols/wiegand_trace.h"

struct rt_reader {
	bool configured; /* on lines of its own */
	struct wiegand_decoder decoder;
	struct wiegand_tracer tracer;
	uint32_t format_count;
	const struct card_format *format[READER_FORMATS_MAX]; /* some are the settings' own */
	enum keypad_six six; /* what its frames of 6 bits mean, as far as it is known */
	uint64_t noise_told; /* of all counters together */
	uint64_t bad_keys; /* frames of 4, 6 or 8 bits that are no key: noise */
};

/* Called behind the decision with each frame that ended, good or dropped. */
typedef void rt_reader_look(void *user, uint8_t reader, const struct wiegand_trace *trace,
	const struct frame_verdict *verdict);

/*
 * Called with each frame that came out whole, before what it makes is emitted. card_number: NULL
 * for keys and what no format fits.
 */
typedef void rt_reader_frame(
	void *user, uint8_t reader, const struct card_bits *bits, const uint64_t *card_number);

struct rt_readers {
	struct rt_reader reader[READERS_MAX];
	rt_reader_look *look; /* NULL: nobody looks on; set after rt_readers_init */
	void *look_user;
	rt_reader_frame *frame; /* NULL: nobody wants the bits; set after rt_readers_init */
	void *frame_user;
};

/* Called with each input that a frame or noise makes; due_ns: when the frame's gap was over. */
typedef void rt_reader_emit(void *user, const struct controller_input *input, int64_t due_ns);

/* What is known of a frame beside its bits. */
struct rt_given {
	bool fingerprint; /* a finger was compared with it */
	uint8_t refused; /* enum reason: the reader itself says no; REASON_NONE */
};

/* settings: until the end; readers use its formats. */
void rt_readers_init(struct rt_readers *readers, const struct settings *settings);
void rt_readers_edge(struct rt_readers *readers, const struct line_event *event,
	rt_reader_emit *emit, void *user);
/*
 * A card that came as bits, over an OSDP line: goes the way of a frame that a decoder ended. at_ns:
 * when it came. Its finger was compared when fingerprint; refused: what the reader itself says, or
 * REASON_NONE.
 */
void rt_readers_bits(struct rt_readers *readers, uint8_t number, const struct card_bits *bits,
	int64_t at_ns, const struct rt_given *given, rt_reader_emit *emit, void *user);
/* The driver lost edges: what is in progress, or comes next, is not whole. */
void rt_readers_lost(struct rt_readers *readers);
void rt_readers_lost_at(struct rt_readers *readers, uint8_t number); /* of one reader */

/* The source of edges changed: what is in progress will not be completed. */
void rt_readers_cut(struct rt_readers *readers);

/* Ends frames whose gap is over at now_ns. */
void rt_readers_time(struct rt_readers *readers, int64_t now_ns, rt_reader_emit *emit, void *user);
/* Tells of readers that were noisy since the last call. The controller thins that out. */
void rt_readers_noise(struct rt_readers *readers, rt_reader_emit *emit, void *user);
int64_t rt_readers_deadline_ns(const struct rt_readers *readers);
