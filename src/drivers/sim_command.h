/* SPDX-License-Identifier: Apache-2.0 */
/* The sim protocol's text (docs/sim-protocol.md): one line in, one command out. No I/O. */
#pragma once

#include "base/bits.h"
#include "base/buf.h"
#include "messages/lines.h"
#include "platform/settings.h"

#define SIM_LINE_MAX 65536 /* bytes, without the LF */
#define SIM_EDGES_MAX 4096 /* of one capture */
#define SIM_CAPTURE_NS (60 * NS_PER_S)

enum sim_verb {
	SIM_CARD = 0, /* bits at reader */
	SIM_BITS, /* bits at reader */
	SIM_EDGES, /* a capture of reader follows */
	SIM_REX,
	SIM_CONTACT, /* level */
	SIM_TAMPER, /* level */
	SIM_LOCK,
	SIM_READER,
	SIM_KEYS, /* keys in frames of key_bits at reader */
	SIM_PANEL,
	SIM_INSTALL, /* level, at an OSDP reader */
	SIM_VERB_COUNT
};

struct sim_command {
	enum sim_verb verb;
	uint8_t reader; /* number, configured; for the verbs that name one */
	uint8_t door; /* index, configured; for the verbs that name one */
	uint8_t panel; /* number - 1, configured; SIM_PANEL */
	bool level;
	struct card_bits bits;
	uint8_t key_bits; /* 4, 6 or 8 */
	struct text64 keys; /* 1 to 64 of 0-9, * and # */
};

/* The frame of one key, 0-9, * or #, as a keypad of so many bits sends it. */
void sim_key_frame(char key, uint8_t key_bits, struct card_bits *ret);

/* Reads a request. False, with a sentence without LF in *ret_error, when it cannot be done. */
bool sim_command_parse(struct span line, const struct settings *settings, struct sim_command *ret,
	struct buf *ret_error);

enum sim_capture_line {
	SIM_CAPTURE_EDGE, /* *ret is the next edge */
	SIM_CAPTURE_BLANK, /* an empty line or a remark */
	SIM_CAPTURE_END,
	SIM_CAPTURE_WRONG, /* the sentence says why */
};

/*
 * Reads a line of a capture of reader. ret->at_ns is the time after first_ns, which the caller
 * takes from the first edge: *first_ns is INT64_MIN before. previous_ns: time after first_ns of the
 * edge before.
 */
enum sim_capture_line sim_capture_parse(struct span line, uint8_t reader, int64_t *first_ns,
	int64_t previous_ns, struct line_event *ret, struct buf *ret_error);
