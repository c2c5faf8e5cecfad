// SPDX-License-Identifier: Apache-2.0
/* The head of a frame: SOM, address, length with its low byte first. */
#include "bus_wait.h"

#include "protocols/osdp_frame.h"

#define SOM 0x53
#define HEAD 4
#define LEN_MIN 7 /* with a checksum of one byte */

void bus_wait_begin(struct bus_wait *wait)
{
	*wait = (struct bus_wait){0};
}

static void byte(struct bus_wait *wait, uint8_t value)
{
	if (wait->got == 0 && value != SOM)
		return;
	wait->got++;
	if (wait->got == HEAD - 1)
		wait->len = value;
	else if (wait->got == HEAD)
		wait->len = (uint16_t)(wait->len | value << 8);
	if (wait->got < HEAD)
		return;
	if (wait->len < LEN_MIN || wait->len > OSDP_FRAME_MAX || wait->got >= wait->len)
		bus_wait_begin(wait); /* whole, or no frame */
}

void bus_wait_bytes(struct bus_wait *wait, struct span bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		byte(wait, (uint8_t)bytes.data[i]);
}

unsigned bus_wait_missing(const struct bus_wait *wait)
{
	if (wait->got == 0)
		return 0;
	return (wait->got < HEAD ? LEN_MIN : wait->len) - (unsigned)wait->got;
}
