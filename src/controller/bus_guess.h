/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a reader's reply to a poll will be there, judged by its replies before: where that is steady
 * the port need not be watched for the first byte, which is a wake-up saved. A guess about time: a
 * wrong one costs the wake-up that it was to save, or a little of the line's time, and never a
 * reply. No I/O, no clock.
 *
 * Learnt is from replies that were watched. One that is found whole tells only that it did not
 * begin later than guessed, so from time to time, and after everything that was not as guessed, the
 * port is watched again.
 */
#pragma once

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

#define BUS_GUESS_SAMPLES 8u
#define BUS_GUESS_BLIND 15u /* exchanges between two that are watched */

struct bus_guess {
	uint32_t begin_us[BUS_GUESS_SAMPLES]; /* after the command's end, as seen; a ring */
	uint32_t middle_us; /* of them */
	uint32_t spread_us; /* of them without the least and the greatest */
	uint32_t width_us; /* in which they may lie for a guess, at the latest poll */
	uint16_t len; /* bytes of a reply, with its mark: the shorter of the latest two */
	uint16_t len_latest;
	uint8_t count; /* of begin_us */
	uint8_t next; /* place in it */
	uint8_t blind; /* exchanges since one was watched */
	bool guessed; /* in this exchange */
};

/*
 * A poll of so many bytes goes out. True: the reply is not to be watched for, it begins at
 * *ret_begin_ns after the poll's end and has *ret_len bytes. byte_ns: of one byte on
 * the wire.
 */
bool bus_guess_plan(struct bus_guess *guess, size_t command_len, int64_t byte_ns,
	int64_t *ret_begin_ns, uint32_t *ret_len);

/* The reply came, of so many bytes; seen: and where it began, else it was found whole. */
void bus_guess_came(struct bus_guess *guess, bool seen, int64_t begin_ns, uint32_t len);

/* It did not come, or not as the answer: what was learnt is in doubt. */
void bus_guess_lost(struct bus_guess *guess);
