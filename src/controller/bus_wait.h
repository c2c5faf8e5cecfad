/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many bytes of a reply are still to come, as far as its head tells: reading before they can be
 * there only costs wake-ups. A guess about time, never about what the bytes are: the bus judges
 * those. No I/O, no clock.
 */
#pragma once

#include "base/span.h"

struct bus_wait {
	uint16_t got; /* bytes of the frame, from its SOM */
	uint16_t len; /* of the frame, when the four bytes that tell it are there; else 0 */
};

/* A command was sent: what comes next is another frame. */
void bus_wait_begin(struct bus_wait *wait);

/* Takes what was read. */
void bus_wait_bytes(struct bus_wait *wait, struct span bytes);

/* Bytes that must come before a look is worthwhile; 0: any byte is. */
unsigned bus_wait_missing(const struct bus_wait *wait);
