// SPDX-License-Identifier: Apache-2.0
/*
 * Commissioning: what comes in at the GPIO lines, with the kernel's times, and one lock at a time.
 * It opens the same requests as a run, so it works only while posternd does not run, and sees the
 * wires exactly as posternd would.
 *
 * Frames are shown by their number of bits alone: a card number is nobody's business here, and the
 * digits of a PIN are never shown. The end of a pulse goes before everything else in each turn, and
 * output is written to a descriptor that does not wait. When this process is killed during a
 * pulse, nobody locks the door: use it where you stand.
 */
#include "io.h"

#include "base/number.h"
#include "complain.h"
#include "drivers/gpio_chip.h"
#include "drivers/lines.h"
#include "lines_open.h"
#include "platform/clock.h"
#include "protocols/wiegand.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define PULSE_STANDARD_MS 1000
#define PULSE_MIN_MS 20
#define PULSE_MAX_MS 10000
#define SECONDS_MAX 86400
#define AFTER_PULSE_NS (2 * NS_PER_S) /* what the door does then is worth seeing */
#define EVENTS_MAX 256

struct io {
	const struct settings *settings;
	struct lines *lines;
	int signal_fd;
	int64_t begin_ns;
	int64_t end_ns; /* INT64_MAX: until a signal */
	int64_t pulse_end_ns; /* INT64_MAX: no pulse runs */
	uint8_t pulse_door;
	struct io_reader {
		struct wiegand_decoder decoder;
		struct wiegand_counters told;
		uint64_t edges; /* since the latest frame */
	} reader[READERS_MAX];
};

/* --- words --- */

static PRINTF_LIKE(3, 4) void say(const struct io *io, int64_t at_ns, const char *format, ...)
{
	int64_t us = (at_ns - io->begin_ns) / 1000;
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (us < 0)
		us = 0;
	dprintf(STDOUT_FILENO, "%5lld.%06lld  %s\n", (long long)(us / 1000000),
		(long long)(us % 1000000), text);
}

static const char *level_word(uint8_t kind, bool level)
{
	switch ((enum line_kind)kind) {
	case LINE_TAMPER:
		return level ? "tamper opened" : "tamper closed";
	case LINE_CONTACT:
		return level ? "contact open" : "contact closed";
	case LINE_REX:
		return level ? "exit button pressed" : "exit button released";
	case LINE_DATA0:
	case LINE_DATA1:
	case LINE_KIND_COUNT:
		break;
	}
	return "";
}

static void door_say(const struct io *io, uint8_t door, int64_t at_ns, const char *words)
{
	const struct text32 *id = &io->settings->door[door].id;

	say(io, at_ns, "door `%.*s`: %s", id->len, id->bytes, words);
}

/* --- readers --- */

static const struct {
	size_t offset; /* in struct wiegand_counters */
	const char *words;
} faults[] = {
	{offsetof(struct wiegand_counters, short_frames), "a frame of 1 to 3 bits"},
	{offsetof(struct wiegand_counters, long_frames), "a frame of too many bits"},
	{offsetof(struct wiegand_counters, glitches), "a pulse shorter than pulse_min"},
	{offsetof(struct wiegand_counters, long_pulses), "a pulse longer than pulse_max"},
	{offsetof(struct wiegand_counters, close_pulses), "pulses closer than interval_min"},
	{offsetof(struct wiegand_counters, overlaps), "both lines low at once"},
	{offsetof(struct wiegand_counters, lost_edges), "an edge is missing"},
	{offsetof(struct wiegand_counters, backward_edges), "an edge out of its order"},
};

static uint64_t fault_count(const struct wiegand_counters *counters, size_t at)
{
	uint64_t count;

	memcpy(&count, (const char *)counters + faults[at].offset, sizeof(count));
	return count;
}

static void faults_say(struct io *io, uint8_t number, int64_t at_ns)
{
	struct io_reader *reader = &io->reader[number - 1];

	for (size_t i = 0; i < ARRAY_COUNT(faults); i++) {
		uint64_t count =
			fault_count(&reader->decoder.counters, i) - fault_count(&reader->told, i);

		if (count > 0)
			say(io, at_ns, "reader %u: %s (%llu times)", number, faults[i].words,
				(unsigned long long)count);
	}
	reader->told = reader->decoder.counters;
}

static void frame_say(struct io *io, uint8_t number, enum wiegand_result result,
	const struct card_bits *bits, int64_t at_ns)
{
	struct io_reader *reader = &io->reader[number - 1];

	if (result == WIEGAND_NOTHING)
		return;
	if (result == WIEGAND_FRAME)
		say(io, at_ns, "reader %u: a frame of %u bits", number, bits->count);
	else
		say(io, at_ns, "reader %u: noise, dropped (%llu edges)", number,
			(unsigned long long)reader->edges);
	reader->edges = 0;
	faults_say(io, number, at_ns);
}

static void edge_take(struct io *io, const struct line_event *event)
{
	struct io_reader *reader = &io->reader[event->at - 1];
	const struct wiegand_edge edge = {
		.at_ns = event->at_ns, .line = event->kind == LINE_DATA1, .level = event->level};
	struct card_bits bits;

	frame_say(io, event->at, wiegand_decoder_edge(&reader->decoder, &edge, &bits), &bits,
		event->at_ns);
	reader->edges++;
}

static void readers_time(struct io *io, int64_t now_ns)
{
	for (uint8_t i = 0; i < READERS_MAX; i++) {
		struct card_bits bits;

		if (io->settings->reader[i].config.configured &&
			wiegand_decoder_deadline_ns(&io->reader[i].decoder) <= now_ns)
			frame_say(io, (uint8_t)(i + 1),
				wiegand_decoder_time(&io->reader[i].decoder, now_ns, &bits), &bits,
				now_ns);
	}
}

/* --- events --- */

static void event_take(struct io *io, const struct line_event *event)
{
	if (event->kind == LINE_DATA0 || event->kind == LINE_DATA1)
		edge_take(io, event);
	else if (event->kind == LINE_LOST)
		wiegand_decoder_lost(&io->reader[event->at - 1].decoder);
	else if (event->kind == LINE_TAMPER)
		say(io, event->at_ns, "reader %u: %s", event->at,
			level_word(event->kind, event->level != 0));
	else
		door_say(io, event->at, event->at_ns, level_word(event->kind, event->level != 0));
}

/* Silence is taken from lines that were read to their end after now_ns only. */
static void events_take(struct io *io, int64_t now_ns)
{
	struct line_event events[EVENTS_MAX];
	uint32_t lost;
	int count = io->lines->driver->read(io->lines, events, EVENTS_MAX, &lost);

	for (int i = 0; i < count; i++)
		event_take(io, &events[i]);
	if (count < EVENTS_MAX)
		readers_time(io, now_ns);
}

static void pulse_end(struct io *io, int64_t now_ns)
{
	if (io->pulse_end_ns == INT64_MAX)
		return;
	io->lines->driver->set_lock(io->lines, io->pulse_door, false);
	io->pulse_end_ns = INT64_MAX;
	if (io->lines->driver->lock_is_open(io->lines, io->pulse_door))
		door_say(io, io->pulse_door, now_ns,
			"THE LOCK COULD NOT BE LOCKED AGAIN: take its power away");
	else
		door_say(io, io->pulse_door, now_ns, "locked");
}

static void pulse_begin(struct io *io, uint8_t door, uint32_t ms)
{
	io->pulse_door = door;
	io->pulse_end_ns = clock_boot_ns() + ms * NS_PER_MS;
	if (io->end_ns == INT64_MAX)
		io->end_ns = io->pulse_end_ns + AFTER_PULSE_NS;
	io->lines->driver->set_lock(io->lines, door, true);
	door_say(io, door, clock_boot_ns(),
		io->lines->driver->lock_is_open(io->lines, door)
			? "unlocked"
			: "the lock could not be unlocked");
}

/* --- the loop --- */

static int64_t deadline_ns(const struct io *io)
{
	int64_t next_ns = io->end_ns < io->pulse_end_ns ? io->end_ns : io->pulse_end_ns;

	for (uint8_t i = 0; i < READERS_MAX; i++) {
		int64_t at_ns = io->settings->reader[i].config.configured
					? wiegand_decoder_deadline_ns(&io->reader[i].decoder)
					: INT64_MAX;

		next_ns = at_ns < next_ns ? at_ns : next_ns;
	}
	return next_ns;
}

static void turn_wait(const struct io *io, struct pollfd polled[2])
{
	int64_t next_ns = deadline_ns(io);
	int64_t wait_ns = next_ns - clock_boot_ns();
	struct timespec timeout = {0};

	polled[0] = (struct pollfd){.fd = io->lines->driver->fd(io->lines), .events = POLLIN};
	polled[1] = (struct pollfd){.fd = io->signal_fd, .events = POLLIN};
	if (wait_ns > 0)
		timeout = (struct timespec){wait_ns / NS_PER_S, wait_ns % NS_PER_S};
	if (ppoll(polled, 2, next_ns == INT64_MAX ? NULL : &timeout, NULL) < 0)
		polled[1].revents = 0; /* looked at again */
}

static void watch(struct io *io)
{
	struct pollfd polled[2] = {0};

	while (polled[1].revents == 0) {
		int64_t now_ns = clock_boot_ns();

		if (io->pulse_end_ns <= now_ns)
			pulse_end(io, now_ns);
		events_take(io, now_ns);
		if (io->end_ns <= now_ns)
			break;
		turn_wait(io, polled);
	}
	pulse_end(io, clock_boot_ns());
}

/* --- the start --- */

static bool number_take(const char *text, const char *option, uint64_t min, uint64_t max,
	uint64_t standard, uint64_t *ret)
{
	*ret = standard;
	if (text == NULL)
		return true;
	if (number_parse_u64(span_from_string(text), max, ret) && *ret >= min)
		return true;
	complain("%s %s: write a number from %llu to %llu", option, text, (unsigned long long)min,
		(unsigned long long)max);
	return false;
}

/* By its id, or by its number as in CGI `channel`. */
static bool door_find(const struct settings *settings, const char *text, uint8_t *ret)
{
	uint64_t channel;

	for (uint8_t i = 0; i < DOORS_MAX; i++) {
		bool numbered = number_parse_u64(span_from_string(text), DOORS_MAX, &channel) &&
				channel == i + 1u;

		if (settings->door[i].config.configured &&
			(numbered || text_is(&settings->door[i].id, span_from_string(text)))) {
			*ret = i;
			return true;
		}
	}
	complain("--pulse %s: there is no such door; write a door's id or its channel", text);
	return false;
}

static void resting_data_say(const struct io *io)
{
	for (uint8_t i = 0; i < READERS_MAX; i++) {
		for (unsigned kind = LINE_DATA0; kind <= LINE_DATA1; kind++) {
			if (!io->settings->reader[i].config.configured ||
				io->lines->driver->input(
					io->lines, (uint8_t)kind, (uint8_t)(i + 1)))
				continue;
			say(io, io->begin_ns,
				"reader %u: DATA%u does not rest: its wire is open, grounded, or "
				"inverted (then write `active-low`)",
				i + 1u, kind - LINE_DATA0);
		}
	}
}

static int signals_open(void)
{
	sigset_t signals;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0)
		return -1;
	return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void locks_fail(const struct io *io)
{
	for (uint8_t i = 0; i < DOORS_MAX; i++) {
		const struct door_config *config = &io->settings->door[i].config;

		if (config->configured)
			io->lines->driver->set_lock(io->lines, i, config->fail == FAIL_SAFE);
	}
}

static int io_watch(struct io *io, const struct options *options, uint32_t pulse_ms, uint8_t door)
{
	io->begin_ns = clock_boot_ns();
	for (uint8_t i = 0; i < READERS_MAX; i++) {
		if (io->settings->reader[i].config.configured)
			wiegand_decoder_init(
				&io->reader[i].decoder, &io->settings->reader[i].limits);
	}
	resting_data_say(io);
	if (options->pulse != NULL)
		pulse_begin(io, door, pulse_ms);
	watch(io);
	locks_fail(io);
	return 0;
}

int io_run(const struct options *options, const struct settings *settings)
{
	static struct io io;
	static struct gpio_plan plan;
	static int fds[GPIO_REQUESTS_MAX];
	uint64_t seconds;
	uint64_t ms;
	uint8_t door = 0;

	if (settings->simulated_lines) {
		complain("%s says `lines: simulated`: there is nothing to commission; `postern "
			 "sim` moves virtual lines",
			options->config);
		return 1;
	}
	if (!number_take(options->seconds, "--seconds", 1, SECONDS_MAX, 0, &seconds) ||
		!number_take(
			options->ms, "--ms", PULSE_MIN_MS, PULSE_MAX_MS, PULSE_STANDARD_MS, &ms) ||
		(options->pulse != NULL && !door_find(settings, options->pulse, &door)))
		return 2;
	io = (struct io){.settings = settings, .end_ns = INT64_MAX, .pulse_end_ns = INT64_MAX};
	io.signal_fd = signals_open(); /* before a lock may move */
	if (io.signal_fd < 0 || !lines_plan(settings, &plan) || !lines_open(settings, &plan, fds))
		return 1;
	io.lines = lines_gpio_new(settings, fds);
	if (io.lines == NULL) {
		complain("cannot use the GPIO lines: %s", strerror(errno));
		return 1;
	}
	if (seconds > 0)
		io.end_ns = clock_boot_ns() + (int64_t)seconds * NS_PER_S;
	int status = io_watch(&io, options, (uint32_t)ms, door);

	(void)lines_gpio_free(io.lines);
	gpio_plan_close(&plan, fds);
	(void)close(io.signal_fd);
	return status;
}
