// SPDX-License-Identifier: Apache-2.0
/*
 * What an exchange over a pseudo terminal costs whoever does nothing else: `osdp_bare PORT BAUD`
 * asks the reader at address 0 for its identity, in clear, over and over, with the system calls of
 * core's bus thread and its priority. One exchange in sixteen is watched: its first byte wakes it,
 * then a timer when all of the reply and two characters of idle are over; that tells when the
 * timer is to wake it in the others, once. No session, no policy, no other reader.
 *
 * What a wake-up costs whoever does nothing at all: `osdp_bare sleep MICROSECONDS` only sleeps,
 * with the same calls and priority. Both end by a signal.
 */
#include "base/assert.h"
#include "base/number.h"
#include "platform/clock.h"
#include "platform/role.h"
#include "protocols/osdp_frame.h"
#include "protocols/osdp_reply.h"
#include "serial/serial.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#define TAG_TIMER 1
#define REPLY_BYTES (1 + 8 + 12) /* mark, frame with CRC, PDID */
#define IDLE_BYTES 2
#define WATCHED 16 /* exchanges, of which one is */
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

static void exchange(struct span command, int64_t byte_ns, bool watch)
{
	static int64_t
		begin_ns; /* of replies, after the command's end: as the latest one was seen */
	struct epoll_event watched = {.events = EPOLLIN | EPOLLONESHOT};
	int64_t sent_ns = clock_boot_ns() + (int64_t)command.len * byte_ns;
	int64_t end_ns = sent_ns + begin_ns + (REPLY_BYTES + IDLE_BYTES) * byte_ns;
	char bytes[256];
	ssize_t got = 0;

	(void)!serial_write(port, command.data, command.len);
	if (watch) {
		ASSERT(epoll_ctl(sleeper, EPOLL_CTL_MOD, port, &watched) == 0);
		timer_set(sent_ns + SILENCE_NS);
		if (!waited())
			return;
		got = serial_read(port, bytes, sizeof(bytes));
		begin_ns = clock_boot_ns() - got * byte_ns - sent_ns;
		end_ns = sent_ns + begin_ns + (REPLY_BYTES + IDLE_BYTES) * byte_ns;
	}
	/* A look in vain: the kernel was late. Two bytes later it is there, or it is none. */
	for (unsigned i = 0; i < LOOKS_MAX && got < REPLY_BYTES; i++) {
		timer_set(i == 0 ? end_ns : clock_boot_ns() + IDLE_BYTES * byte_ns);
		(void)waited();
		got += serial_read(port, bytes, sizeof(bytes));
	}
}

static void begin(void)
{
	struct epoll_event watched = {.events = EPOLLIN, .data.u32 = TAG_TIMER};

	sleeper = epoll_create1(EPOLL_CLOEXEC);
	timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	ASSERT(sleeper >= 0 && timer >= 0);
	ASSERT(epoll_ctl(sleeper, EPOLL_CTL_ADD, timer, &watched) == 0);
	(void)role_realtime_prepare();
	(void)!role_bus_try();
}

static void sleep_for_ever(int64_t interval_ns)
{
	int64_t at_ns = clock_boot_ns();

	begin();
	for (;;) {
		timer_set(at_ns += interval_ns);
		(void)waited();
	}
}

int main(int argc, char **argv)
{
	uint8_t bytes[16] = {OSDP_MARK};
	struct osdp_frame frame = {.use_crc = true, .code = 0x61, .data = SPAN_LIT("\0")};
	struct epoll_event watched = {.events = 0};
	uint64_t number;

	if (argc != 3 || !number_parse_u64(span_from_string(argv[2]), UINT32_MAX, &number)) {
		(void)fputs(
			"usage: osdp_bare PORT BAUD, or osdp_bare sleep MICROSECONDS\n", stderr);
		return 2;
	}
	if (strcmp(argv[1], "sleep") == 0)
		sleep_for_ever((int64_t)number * 1000);
	port = serial_open(argv[1], (uint32_t)number, false, NULL);
	if (port < 0) {
		(void)fprintf(stderr, "osdp_bare: %s: %s\n", argv[1], serial_error_text(port));
		return 1;
	}
	begin();
	ASSERT(epoll_ctl(sleeper, EPOLL_CTL_ADD, port, &watched) == 0);
	size_t len = 1 + osdp_frame_build(&frame, bytes + 1, sizeof(bytes) - 1);

	for (unsigned i = 0;; i++)
		exchange(span_of(bytes, len), 10 * NS_PER_S / (int64_t)number, i % WATCHED == 0);
}
