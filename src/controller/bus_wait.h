/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the rest of a reply can be there, as far as its head and the replies before it tell: reading
 * earlier only costs wake-ups. And when its last byte came, which is earlier than it is read: the
 * bytes of a frame follow each other without a pause. A guess about time, never about what the
 * bytes are: the bus judges those. No I/O, no clock.
 */
#pragma once

#include "base/span.h"

#define BUS_WAIT_IDLE 2 /* characters of silence behind a reply, before anybody speaks */

struct bus_wait {
	uint16_t got; /* bytes of the frame, from its SOM */
	uint16_t len; /* of the frame, when the four bytes that tell it are there; else 0 */
	uint16_t usual; /* length of the latest whole frame, at most what a poll's answer has */
	uint32_t
		total; /* bytes since the command or the latest whole frame, with marks and noise */
	uint32_t aim; /* of total, at the look that was planned */
	bool whole; /* the latest byte was the last one of a frame */
	bool vain; /* the latest look was */
	bool expected; /* begin_ns is a guess of before the first byte */
	bool seen; /* begin_ns is no guess */
	bool paused; /* bytes came later than one behind the other: nothing is guessed */
	int64_t begin_ns; /* when the first of them began, at the latest */
	int64_t byte_ns; /* ten bits on the wire */
};

/* A port: the first command. */
void bus_wait_init(struct bus_wait *wait, int64_t byte_ns);

/* A command was sent: what comes next is another frame. */
void bus_wait_begin(struct bus_wait *wait);

/*
 * The reply will begin at begin_ns and have so many bytes: when to look, without a look before.
 * bus_wait_begin was called.
 */
int64_t bus_wait_expect(struct bus_wait *wait, int64_t begin_ns, uint32_t len);

/* Takes what was read at now_ns; gives when the last of it came: not later than that. */
int64_t bus_wait_bytes(struct bus_wait *wait, struct span bytes, int64_t now_ns);

/* Bytes that must come before a look is worthwhile; 0: any byte is. */
unsigned bus_wait_missing(const struct bus_wait *wait);

/*
 * When to look: BUS_WAIT_IDLE behind the last byte, so that the next command can go at once.
 * INT64_MAX: when a byte comes.
 */
int64_t bus_wait_look_ns(struct bus_wait *wait, int64_t now_ns);

/* The planned look was made, and what it found was taken. */
void bus_wait_looked(struct bus_wait *wait);
