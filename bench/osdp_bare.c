// SPDX-License-Identifier: Apache-2.0
/*
 * What an exchange over a pseudo terminal costs whoever does nothing else: `osdp_bare PORT BAUD`
 * asks the reader at address 0 for its identity, in clear, over and over, with the system calls of
 * core's bus thread and its priority. Its first byte wakes it, then a timer when all of the reply
 * and two characters of idle are over. No session, no policy, no other reader. Ends by a signal.
 */
#include "base/assert.h"
#include "base/number.h"
#include "platform/clock.h"
#include "platform/role.h"
#include "protocols/osdp_frame.h"
#include "protocols/osdp_reply.h"
#include "serial/serial.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#define TAG_TIMER 1
#define REPLY_BYTES (1 + 8 + 12) /* mark, frame with CRC, PDID */
#define IDLE_BYTES 2
#define LOOKS_MAX 50
#define SILENCE_NS (250 * NS_PER_MS)

static int port, sleeper, timer;

static void timer_set(int64_t at_ns)
{
	struct itimerspec at = {.it_value = {at_ns / NS_PER_S, at_ns % NS_PER_S}};

	ASSERT(timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL) == 0);
}

/* True when it was the port that woke us. */
static bool waited(void)
{
	struct epoll_event event = {0};

	return epoll_wait(sleeper, &event, 1, -1) == 1 && event.data.u32 != TAG_TIMER;
}

static void exchange(struct span command, int64_t byte_ns)
{
	struct epoll_event watched = {.events = EPOLLIN | EPOLLONESHOT};
	char bytes[256];
	ssize_t got = 0;

	(void)!serial_write(port, command.data, command.len);
	ASSERT(epoll_ctl(sleeper, EPOLL_CTL_MOD, port, &watched) == 0);
	timer_set(clock_boot_ns() + SILENCE_NS);
	if (!waited())
		return;
	got = serial_read(port, bytes, sizeof(bytes));
	/* A look in vain: the kernel was late. Two bytes later it is there, or it is none. */
	for (unsigned i = 0; i < LOOKS_MAX && got < REPLY_BYTES; i++) {
		int64_t rest = i == 0 ? REPLY_BYTES - got + IDLE_BYTES : IDLE_BYTES;

		timer_set(clock_boot_ns() + rest * byte_ns);
		(void)waited();
		got += serial_read(port, bytes, sizeof(bytes));
	}
}

int main(int argc, char **argv)
{
	uint8_t bytes[16] = {OSDP_MARK};
	struct osdp_frame frame = {.use_crc = true, .code = 0x61, .data = SPAN_LIT("\0")};
	struct epoll_event watched = {.events = 0};
	uint64_t baud;

	if (argc != 3 || !number_parse_u64(span_from_string(argv[2]), UINT32_MAX, &baud) ||
		(port = serial_open(argv[1], (uint32_t)baud, false, NULL)) < 0) {
		(void)fputs("usage: osdp_bare PORT BAUD\n", stderr);
		return 2;
	}
	sleeper = epoll_create1(EPOLL_CLOEXEC);
	timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	ASSERT(sleeper >= 0 && timer >= 0);
	ASSERT(epoll_ctl(sleeper, EPOLL_CTL_ADD, port, &watched) == 0);
	watched = (struct epoll_event){.events = EPOLLIN, .data.u32 = TAG_TIMER};
	ASSERT(epoll_ctl(sleeper, EPOLL_CTL_ADD, timer, &watched) == 0);
	(void)role_realtime_prepare();
	(void)!role_bus_try();
	size_t len = 1 + osdp_frame_build(&frame, bytes + 1, sizeof(bytes) - 1);

	for (;;)
		exchange(span_of(bytes, len), 10 * NS_PER_S / (int64_t)baud);
}
