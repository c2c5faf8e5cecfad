/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSDP frames for people: what a frame says in words, without what nobody may read. Secrets are
 * keys (KEYSET), keys that were pressed (KEYPAD) and templates of fingers and faces (BIOREADR,
 * BIOMATCH). They are hidden also where they are encrypted: under the default key everybody could
 * read them.
 */
#pragma once

#include "base/buf.h"
#include "protocols/osdp_frame.h"

#define OSDP_TRACE_TEXT_MAX 1024 /* bytes of text that are enough for any frame */

/*
 * Appends what the data of a good frame say, in at most OSDP_TRACE_TEXT_MAX bytes without line
 * ends; nothing for a frame that says no more than its name. Bytes that are not shown as text are
 * hex, cut behind 64. secrets: as they are, else "hidden".
 */
void osdp_trace_text(struct buf *out, const struct osdp_frame *frame, bool secrets);

/*
 * Overwrites the secrets of a frame (one whole frame, no mark) with 00 and makes its check right
 * again; a MAC stays as it was. True when there were any. What is no good frame stays as it is if
 * it cannot be one that carries secrets; else all behind its head is overwritten.
 */
bool osdp_trace_hide(uint8_t *frame, size_t len);

/* "SCS_15"; "-" without a security block, "?" of an unknown one. */
const char *osdp_block_name(const struct osdp_frame *frame);

/* Why bytes are no frame: "wrong check". */
const char *osdp_frame_result_text(enum osdp_frame_result result);

/* What a status of FTSTAT means: "refused: the reader does not know this kind of file". */
const char *osdp_ftstat_text(int16_t status);
