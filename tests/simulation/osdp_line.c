// SPDX-License-Identifier: Apache-2.0
/*
 * What an OSDP line must hold, in virtual time with the readers of our own: no wrong card under
 * noise, the line as full as its speed allows, a dead or cut reader harms nobody, nothing doubled.
 *
 *   osdp_line             the scenarios, TAP; 50,000 frames of noise
 *   osdp_line --frames N  noise for N frames instead
 */
#include "osdp_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static struct world world;
static unsigned tests;
static unsigned failures;

PRINTF_LIKE(2, 3) static void result(bool good, const char *format, ...)
{
	va_list args;

	failures += !good;
	printf("%sok %u - ", good ? "" : "not ", ++tests);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

static bool online_all(unsigned from)
{
	bool all = true;

	for (unsigned i = from; i < world.readers; i++)
		all &= world.reader[i].online;
	return all;
}

/* A bit in a thousand is wrong, and people show cards. */
static void noise(uint32_t baud, bool mute, int64_t slow_ns, int64_t every_ns, uint64_t frames)
{
	uint64_t presented = 0, read = 0, slow = 0, wrong = 0, doubled = 0, stale = 0;
	int64_t next_ns;
	bool good;

	world_init(&world, 8, baud, true, baud);
	world.errors = 1e-3;
	world.mute = mute;
	good = world_connect(&world, 0, 30 * S);
	world_run(&world, world.now_ns + 5 * S);
	world.frames = 0;
	world.slow_ns = slow_ns;
	world_measure(&world);
	next_ns = world.now_ns;
	while (world.frames < frames) {
		next_ns += every_ns / 2 + (int64_t)world_below(&world, (uint64_t)every_ns);
		world_run(&world, next_ns);
		good &= world_present(&world, (unsigned)world_below(&world, 8));
	}
	world_run(&world, world.now_ns + 5 * S);
	good &= online_all(0);
	for (unsigned i = 0; i < 8; i++) {
		const struct world_reader *reader = &world.reader[i];
		struct osdp_reader_status status;

		osdp_bus_status(world.bus, i, &status);
		presented += reader->presented;
		read += reader->read;
		slow += reader->slow;
		wrong += reader->wrong;
		doubled += reader->doubled;
		stale += reader->stale;
		printf("# reader %u: exchanges %ju repeats %ju timeouts %ju check %ju mac %ju lost "
		       "%ju "
		       "busy %ju late %ju offlines %ju timeout %u us presented %ju read %ju slow "
		       "%ju gap "
		       "%jd ms stale %ju naks %ju\n",
			i, (uintmax_t)status.counters.exchanges, (uintmax_t)status.counters.repeats,
			(uintmax_t)status.counters.timeouts,
			(uintmax_t)status.counters.check_errors,
			(uintmax_t)status.counters.mac_errors,
			(uintmax_t)status.counters.sessions_lost, (uintmax_t)status.counters.busy,
			(uintmax_t)status.counters.late, (uintmax_t)reader->offlines,
			status.timeout_us, (uintmax_t)reader->presented, (uintmax_t)reader->read,
			(uintmax_t)reader->slow, (intmax_t)(reader->gap_ns / MS),
			(uintmax_t)status.counters.stale, (uintmax_t)status.counters.naks);
	}
	printf("# collisions %ju\n", (uintmax_t)world.collisions);
	good &= wrong == 0 && doubled == 0 && stale == 0 && world.timeout_max_us <= 200000;
	good &= read <= presented && (presented - read + slow) * 1000 <= presented;
	result(good,
		"noise at %u%s: %ju frames, %ju cards, %ju read, %ju slow, %ju wrong, %ju doubled, "
		"%ju "
		"stale, slowest %jd ms",
		baud, mute ? ", readers that keep silent" : "", (uintmax_t)world.frames,
		(uintmax_t)presented, (uintmax_t)read, (uintmax_t)slow, (uintmax_t)wrong,
		(uintmax_t)doubled, (uintmax_t)stale, (intmax_t)(world.latency_max_ns / MS));
}

/* POLL and ACK in secure channel: marks, frames, two characters of silence, 3 ms of the reader. */
static int64_t floor_ns(void)
{
	return (1 + 14 + 14 + 2) * world.char_ns + 3 * MS;
}

static void fullness(uint32_t baud, unsigned readers)
{
	uint64_t exchanges = 0;
	int64_t span_ns = 20 * S;

	world_init(&world, readers, baud, true, 7);
	if (!world_connect(&world, 0, 60 * S)) {
		result(false, "%u readers at %u come online", readers, baud);
		return;
	}
	world_run(&world, world.now_ns + 5 * S);
	world_measure(&world);
	world_run(&world, world.now_ns + span_ns);
	for (unsigned i = 0; i < readers; i++)
		exchanges += world_exchanges(&world, i);

	double ratio = (double)exchanges * (double)floor_ns() / (double)span_ns;

	result(ratio >= 0.95 && ratio <= 1.0 && world.collisions == 0,
		"%u readers at %u: %.3f of the floor", readers, baud, ratio);
}

static uint64_t exchanges_of_others(int64_t span_ns)
{
	uint64_t exchanges = 0;

	world_measure(&world);
	world_run(&world, world.now_ns + span_ns);
	for (unsigned i = 1; i < world.readers; i++)
		exchanges += world_exchanges(&world, i);
	return exchanges;
}

/* The share is of what the line has: with one less to ask, the others may be asked more often. */
static void dead(uint32_t baud, bool known)
{
	uint64_t before;
	uint64_t after;

	world_init(&world, 8, baud, true, 11);
	if (!world_connect(&world, 0, 30 * S)) {
		result(false, "eight readers at %u come online", baud);
		return;
	}
	before = exchanges_of_others(60 * S);
	if (!known) {
		world_init(&world, 8, baud, true, 11);
		world.reader[0].cut = true;
		if (!world_connect(&world, 1, 30 * S)) {
			result(false, "seven of eight readers at %u come online", baud);
			return;
		}
	}
	world.reader[0].cut = true;
	after = exchanges_of_others(60 * S);
	result((double)after >= 0.95 * (double)before,
		"one of eight dead%s at %u: the others had %ju exchanges, have %ju",
		known ? "" : " from the start", baud, (uintmax_t)before, (uintmax_t)after);
}

/* Cut behind each byte of an exchange with reader 0, and plugged again. */
static void cuts(uint32_t baud, bool power, bool card)
{
	int64_t cycle_ns, gap_ns = 0, back_ns = 0;
	unsigned doubled = 0, stale = 0, wrong = 0, last = card ? 15 + 30 : 15 + 14, offline = 0;

	world_init(&world, 8, baud, true, 13);
	bool good = world_connect(&world, 0, 30 * S);

	cycle_ns = 8 * floor_ns() + 30 * world.char_ns;
	for (unsigned at = 1; good && at <= last; at++) {
		int64_t away_ns = 300 * MS + (int64_t)world_below(&world, 4000) * MS;

		world_run(&world, world.now_ns + 4 * S);
		world.reader[0].waiting = 0; /* the reader has dropped what was not read */
		world_measure(&world);
		world.cut_cards = card;
		world.cut_at = at;
		if (card)
			good &= world_present(&world, 0);
		for (unsigned i = 0; !world.reader[0].cut && i < 1000; i++)
			world_run(&world, world.now_ns + MS);
		good &= world.reader[0].cut;
		world_run(&world, world.now_ns + away_ns);
		world.reader[0].cut = false;
		if (power)
			osdp_device_power_cycle(&world.reader[0].device, world.now_ns);

		int64_t plugged_ns = world.now_ns;
		struct osdp_reader_status status;

		do {
			world_run(&world, world.now_ns + MS);
			osdp_bus_status(world.bus, 0, &status);
		} while ((status.state != OSDP_STATE_ONLINE || status.heard_ns <= plugged_ns ||
				 !world.reader[0].online) &&
			 world.now_ns - plugged_ns < 5 * S);
		if (world.now_ns - plugged_ns > back_ns)
			back_ns = world.now_ns - plugged_ns;
		for (unsigned i = 1; i < 8; i++)
			if (world.reader[i].gap_ns > gap_ns)
				gap_ns = world.reader[i].gap_ns;
	}
	for (unsigned i = 0; i < 8; i++) {
		doubled += (unsigned)world.reader[i].doubled;
		stale += (unsigned)world.reader[i].stale;
		wrong += (unsigned)world.reader[i].wrong;
		offline += i > 0 ? (unsigned)world.reader[i].offlines : 0;
	}
	result(good && back_ns <= 3 * S && gap_ns <= cycle_ns + 200 * MS && doubled == 0 &&
			stale == 0 && wrong == 0 && offline == 0,
		"cut at each of %u bytes%s%s at %u: back after %jd ms, longest gap of others %jd "
		"ms (round %jd "
		"ms), %ju read, %u doubled, %u stale, %u wrong",
		last, power ? " with power" : "", card ? " of a card" : "", baud,
		(intmax_t)(back_ns / MS), (intmax_t)(gap_ns / MS), (intmax_t)(cycle_ns / MS),
		(uintmax_t)world.reader[0].read, doubled, stale, wrong);
}

/* Converters that throw bytes back, replies that come late or twice. */
static void habits(const char *name, bool echo, bool doubles, int64_t delay_ns)
{
	uint64_t read = 0, presented = 0, bad = 0, alarms = 0, offline = 0;

	world_init(&world, 4, 38400, true, 17);
	world.echo = echo;
	world.doubles = doubles;
	world.delay_ns = delay_ns;
	bool good = world_connect(&world, 0, 20 * S);

	world_run(&world, world.now_ns + 5 * S);
	for (unsigned i = 0; i < 200; i++) {
		good &= world_present(&world, i % 4);
		world_run(&world, world.now_ns + 500 * MS);
	}
	world_run(&world, world.now_ns + 2 * S);
	for (unsigned i = 0; i < 4; i++) {
		const struct world_reader *reader = &world.reader[i];

		presented += reader->presented;
		read += reader->read;
		bad += reader->doubled + reader->wrong + reader->stale + reader->slow;
		offline += reader->offlines;
	}
	for (unsigned i = 0; i < OSDP_ALARM_COUNT; i++)
		alarms += world.alarms[i];
	result(good && online_all(0) && read == presented && bad == 0 && offline == 0 &&
			alarms == 0 && world.timeout_max_us <= 200000,
		"%s: %ju of %ju cards read, %ju bad, %ju offline, %ju alarms, slowest %jd ms", name,
		(uintmax_t)read, (uintmax_t)presented, (uintmax_t)bad, (uintmax_t)offline,
		(uintmax_t)alarms, (intmax_t)(world.latency_max_ns / MS));
}

/* One reader becomes slow while the line runs: it is waited for, and the others go on. */
static void slow_reader(void)
{
	uint64_t before, after;

	world_init(&world, 4, 115200, true, 19);
	bool good = world_connect(&world, 0, 20 * S);

	world_run(&world, world.now_ns + 10 * S);
	before = exchanges_of_others(S);
	world.reader[0].device.config.reply_delay_ns = 120 * MS;
	world_run(&world, world.now_ns + 10 * S);
	after = world_exchanges(&world, 0);
	world_run(&world, world.now_ns + 10 * S);
	after = world_exchanges(&world, 0) - after;
	result(good && online_all(0) && after >= 50 && before > 100 &&
			world.reader[0].offlines == 0,
		"a reader that slows to 120 ms stays: %ju exchanges in 10 s", (uintmax_t)after);
}

int main(int argc, char **argv)
{
	static const uint32_t bauds[] = {9600, 19200, 38400, 57600, 115200, 230400};
	static const unsigned counts[] = {1, 8, 32};
	uint64_t frames =
		argc == 3 && strcmp(argv[1], "--frames") == 0 ? strtoull(argv[2], NULL, 10) : 50000;

	for (unsigned i = 0; i < ARRAY_COUNT(bauds); i++)
		for (unsigned j = 0; j < ARRAY_COUNT(counts); j++)
			fullness(bauds[i], counts[j]);
	dead(9600, true);
	dead(9600, false);
	dead(115200, true);
	dead(115200, false);
	cuts(9600, false, false);
	cuts(9600, true, false);
	cuts(115200, false, false);
	cuts(115200, true, false);
	cuts(9600, false, true);
	cuts(115200, false, true);
	cuts(115200, true, true);
	habits("a converter that throws our bytes back", true, false, 0);
	habits("replies that come twice", false, true, 0);
	habits("replies 50 ms late", false, false, 50 * MS);
	slow_reader();
	noise(115200, false, S, 150 * MS, frames);
	noise(9600, false, 2 * S, 600 * MS, frames);
	noise(115200, true, S, 150 * MS, frames);
	noise(9600, true, 2 * S, 600 * MS, frames);
	printf("1..%u\n", tests);
	return failures > 0;
}
