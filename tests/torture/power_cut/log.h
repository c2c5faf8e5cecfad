/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the recorder writes and the replay reads: every operation that changes files of one folder,
 * in order. An operation is this head, the name's bytes and the data's bytes.
 */
#pragma once

#include <stdint.h>

#define POWER_CUT_MAGIC 0x54554350u
#define POWER_CUT_ACK "ack" /* a file of this name holds what the workload was promised */

enum power_cut_type {
	POWER_CUT_CREATE, /* name now means file */
	POWER_CUT_RENAME, /* name now means file; data holds the name it had */
	POWER_CUT_UNLINK, /* name means nothing any more */
	POWER_CUT_WRITE, /* data at offset of file */
	POWER_CUT_TRUNCATE, /* file is offset bytes long */
	POWER_CUT_SYNC, /* all of file is on disk */
	POWER_CUT_SYNC_DIR, /* all names are on disk */
	POWER_CUT_BEGIN, /* what stood in the folder before is told; power may be cut from now on */
	POWER_CUT_PROMISE, /* data was written to the file POWER_CUT_ACK */
	POWER_CUT_TYPE_COUNT
};

struct power_cut_op {
	uint32_t magic;
	uint16_t type; /* enum power_cut_type */
	uint16_t name_len;
	uint32_t file; /* numbered from 1 in the order of creation; never reused */
	uint32_t data_len;
	uint64_t offset;
};
