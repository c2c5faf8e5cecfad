// SPDX-License-Identifier: Apache-2.0
/*
 * The head of a frame: SOM, address, length with its low byte first. What follows a whole frame is
 * counted anew: a converter may give back our own command before the reply comes.
 */
#include "bus_wait.h"

#include "protocols/osdp_frame.h"

#define SOM 0x53
#define HEAD 4
#define LEN_MIN 7 /* with a checksum of one byte */
#define USUAL_MAX 14 /* ACK in a secure channel */

void bus_wait_init(struct bus_wait *wait, int64_t byte_ns)
{
	*wait = (struct bus_wait){.byte_ns = byte_ns, .usual = LEN_MIN};
}

static void frame_begin(struct bus_wait *wait)
{
	wait->got = 0;
	wait->len = 0;
}

void bus_wait_begin(struct bus_wait *wait)
{
	frame_begin(wait);
	wait->total = 0;
	wait->aim = 0;
	wait->whole = false;
	wait->vain = false;
	wait->expected = false;
	wait->seen = false;
	wait->paused = false;
}

int64_t bus_wait_expect(struct bus_wait *wait, int64_t begin_ns, uint32_t len)
{
	wait->expected = true;
	wait->begin_ns = begin_ns;
	wait->aim = len;
	return begin_ns + (int64_t)(len + BUS_WAIT_IDLE) * wait->byte_ns;
}

static void byte(struct bus_wait *wait, uint8_t value)
{
	if (wait->whole) {
		wait->whole = false;
		wait->paused = false;
		wait->total = 0;
	}
	wait->total++;
	if (wait->got == 0 && value != SOM)
		return;
	wait->got++;
	if (wait->got == HEAD - 1)
		wait->len = value;
	else if (wait->got == HEAD)
		wait->len = (uint16_t)(wait->len | value << 8);
	if (wait->got < HEAD)
		return;
	if (wait->len >= LEN_MIN && wait->len <= OSDP_FRAME_MAX && wait->got < wait->len)
		return;
	if (wait->got == wait->len) {
		wait->whole = true;
		wait->usual = wait->len < USUAL_MAX ? wait->len : USUAL_MAX;
	}
	frame_begin(wait); /* whole, or no frame */
}

/* Whole at an expected look: it came at some time before. Else it has just come. */
static void begin_set(struct bus_wait *wait, int64_t now_ns)
{
	int64_t latest_ns = now_ns - wait->total * wait->byte_ns;

	wait->seen = !wait->expected || !wait->whole || wait->begin_ns > latest_ns;
	if (wait->seen)
		wait->begin_ns = latest_ns;
}

int64_t bus_wait_bytes(struct bus_wait *wait, struct span bytes, int64_t now_ns)
{
	for (size_t i = 0; i < bytes.len; i++)
		byte(wait, (uint8_t)bytes.data[i]);
	if (wait->total <= bytes.len)
		begin_set(wait, now_ns);
	wait->vain = false;

	int64_t end_ns = wait->begin_ns + wait->total * wait->byte_ns;

	return wait->paused || end_ns > now_ns ? now_ns : end_ns;
}

unsigned bus_wait_missing(const struct bus_wait *wait)
{
	if (wait->got == 0)
		return 0;
	if (wait->got >= HEAD)
		return (unsigned)wait->len - wait->got;
	return (wait->usual > wait->got ? wait->usual : HEAD) - (unsigned)wait->got;
}

int64_t bus_wait_look_ns(struct bus_wait *wait, int64_t now_ns)
{
	unsigned missing = bus_wait_missing(wait);

	/* The mark before the frame, and nothing else: it is about to come. */
	if (wait->total == 1 && wait->got == 0 && !wait->paused)
		missing = wait->usual;
	wait->aim = wait->total + missing;
	wait->expected = false;
	/* After a look in vain there is no telling: who holds bytes back may give them at once. */
	if (missing == 0 || wait->vain)
		return INT64_MAX;

	int64_t end_ns = wait->begin_ns + wait->total * wait->byte_ns;

	if (wait->paused || end_ns > now_ns)
		end_ns = now_ns;
	return end_ns + (missing + BUS_WAIT_IDLE) * wait->byte_ns;
}

void bus_wait_looked(struct bus_wait *wait)
{
	wait->vain = wait->total < wait->aim;
	/* What was guessed before the first byte says nothing about those that follow it. */
	if (wait->vain && !wait->expected)
		wait->paused = true;
}
