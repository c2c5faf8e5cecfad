/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual OSDP readers: the other ends of the lines with `port: simulated`. A line is a pseudo
 * terminal without a speed of its own; here it has one. Times are CLOCK_MONOTONIC.
 */
#pragma once

#include "platform/role.h"
#include "platform/settings.h"
#include "protocols/osdp_device.h"

#define SIM_OSDP_READERS_MAX 126 /* of one line */

struct sim_osdp_line {
	int fd; /* -1: no virtual line, or its other end is closed */
	uint32_t baud;
	int64_t heard_until_ns; /* when the bytes that were read are all through the wire */
	int64_t out_ns; /* when those of out are */
	size_t out_len; /* 0: nobody replies */
	uint64_t out_lost; /* replies that the terminal had no room for */
	uint8_t out[1 + OSDP_FRAME_MAX]; /* with its mark */
	struct osdp_receiver receiver;
	uint8_t count;
	uint8_t reader[SIM_OSDP_READERS_MAX]; /* numbers - 1 */
};

struct sim_osdp {
	struct sim_osdp_line line[OSDP_LINES_MAX]; /* as in the settings */
	struct osdp_device device[READERS_MAX]; /* by number - 1 */
	bool present[READERS_MAX];
};

/*
 * Makes the readers of all lines with a descriptor: fds[i] is that of line i, or -1. keys: of the
 * readers by number - 1.
 */
void sim_osdp_init(struct sim_osdp *osdp, const struct settings *settings,
	const int fds[OSDP_LINES_MAX], const struct sim_keys *keys, int64_t now_ns);

/* The device of a reader (number), or NULL: it is on Wiegand lines. */
struct osdp_device *sim_osdp_device(struct sim_osdp *osdp, uint8_t reader);

/* Reads what came on a line. */
void sim_osdp_read(struct sim_osdp_line *line, struct sim_osdp *osdp, int64_t now_ns);

/* Sends replies that are due. */
void sim_osdp_tick(struct sim_osdp *osdp, int64_t now_ns);

int64_t sim_osdp_deadline_ns(const struct sim_osdp *osdp); /* or INT64_MAX */
