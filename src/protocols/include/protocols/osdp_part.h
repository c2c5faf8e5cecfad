/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSDP messages in parts (GENAUTH, CRAUTH; PIVDATAR, GENAUTHR, CRAUTHR, EXT_PDID): six bytes of
 * total, offset and length before each fragment. Fragments come in order and without gaps; how long
 * to wait for the next one is the caller's to judge.
 */
#pragma once

#include "base/buf.h"

#define OSDP_PART_HEAD 6 /* bytes before a fragment */

struct osdp_part {
	uint16_t total; /* bytes of the whole message */
	uint16_t offset;
	struct span
		lead; /* 2 bytes that some panels put before the first fragment uncounted, or 0 */
	struct span fragment; /* offset >= total, and empty: the sender gives up */
};

bool osdp_part_decode(struct span data, struct osdp_part *ret);
void osdp_part_encode(struct buf *out, const struct osdp_part *part);

/*
 * The part of message (at most 65535 bytes) that begins at offset, of at most fragment_max (at
 * least 1) bytes. False: there is none left; an empty message has none.
 */
bool osdp_part_cut(struct span message, size_t offset, size_t fragment_max, struct osdp_part *ret);

enum osdp_assembly_result {
	OSDP_ASSEMBLY_MORE = 0,
	OSDP_ASSEMBLY_DONE, /* assembly->message is whole, until the next call */
	OSDP_ASSEMBLY_STOPPED, /* the sender gave up; begun anew */
	OSDP_ASSEMBLY_BAD, /* a gap, a changed total, or more than there is room for; begun anew */
};

struct osdp_assembly {
	struct buf message; /* over the owner's memory: a lead, then fragments */
	uint16_t total; /* 0: nothing has begun */
	uint16_t received; /* bytes of fragments */
};

void osdp_assembly_init(struct osdp_assembly *assembly, void *memory, size_t capacity);

/* A part with offset 0 always begins anew, also in the middle. */
enum osdp_assembly_result osdp_assembly_take(
	struct osdp_assembly *assembly, const struct osdp_part *part);

/* The next one did not come in time. */
void osdp_assembly_reset(struct osdp_assembly *assembly);
