// SPDX-License-Identifier: Apache-2.0
/*
 * What a cable does that is cut, tapped, or lies beside a motor: edges by the thousand that are no
 * card; and edges that are lost because nobody took them in time. No card may come of it, and the
 * alarms are few.
 */
#include "site.h"
#include "wiring.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ANN 305419896
#define NOISE_EDGES 100000
#define BOB 8106606
/* 8 frames of 66 bits are 1,056 edges; the kernel keeps 1,024: 16 bits of the first are lost. */
#define LOST_FRAMES 8
#define LOST_BITS 16

static int set_up(void **state)
{
	(void)state;
	wiring_begin();
	site_clear();
	site_start(SITE_CONFIG);
	site_enrol("ann", "305419896", NULL, 2);
	site_enrol("bob", "8106606", NULL, 2);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	site_clear();
	wiring_end();
	return 0;
}

static int doors_rest(void **state)
{
	(void)state;
	world_sleep_ms(61000); /* an alarm of noise a minute */
	site_forget();
	wiring_forget();
	return 0;
}

/* xorshift32: the same noise every time. */
static uint32_t random_next(void)
{
	static uint32_t state = 2463534242u;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

/*
 * Pulses at the closest spacing that the limits take and near it, on random lines; every fourth is
 * an edge alone, so that lines stay low for long, and together; and now and then a silence, at
 * which what came before is judged.
 */
static void noise_play(unsigned edge_count)
{
	int64_t at_ns = world_now_ns() + NS_PER_MS;
	uint8_t level[2] = {1, 1};

	for (unsigned i = 0; i < edge_count;) {
		uint32_t random = random_next();
		uint8_t line = random & 1;
		unsigned count = (random >> 1 & 3) == 0 ? 1 : 2;
		struct wiegand_edge edges[2];

		for (unsigned at = 0; at < count; at++) {
			level[line] ^= 1;
			edges[at] = (struct wiegand_edge){.at_ns = at_ns + at * 50 * NS_PER_US,
				.line = line,
				.level = level[line]};
		}
		reader_play(ENTRY_DATA0, edges, count);
		i += count;
		at_ns += (200 + (random >> 4 & 127)) * NS_PER_US;
		if ((random >> 16) % 256 == 0)
			at_ns += 40 * NS_PER_MS;
	}
}

static uint64_t noise_counted(const struct site_events *news)
{
	uint64_t counted = 0;

	for (unsigned i = 0; i < news->count; i++) {
		if (strcmp(news->event[i].kind, "reader_noise") == 0)
			counted += (uint64_t)news->event[i].count;
	}
	return counted;
}

static void noise_opens_nothing_and_alarms_seldom(void **state)
{
	int64_t start_ns = world_now_ns();

	(void)state;
	noise_play(NOISE_EDGES);
	(void)printf("# %d edges in %lld s\n", NOISE_EDGES,
		(long long)((world_now_ns() - start_ns) / NS_PER_S));
	wiring_quiet(FRONT_LOCK, 500);
	/* The first noise is told at once, the rest of a minute together at its end. */
	const struct site_events *news = site_news_after(70000);
	int64_t minutes = (world_now_ns() - start_ns) / (60 * NS_PER_S) + 1;

	(void)printf("# %u entries, %u reader_noise, %llu counted in them\n", news->count,
		site_count(news, "reader_noise"), (unsigned long long)noise_counted(news));
	assert_int_equal(site_records("305419896", NULL), 0);
	for (unsigned i = 0; i < news->count; i++)
		assert_int_equal(news->event[i].status, 0);
	assert_in_range(site_count(news, "reader_noise"), 2, minutes);
	assert_true(noise_counted(news) > NOISE_EDGES / 4);
	/* Frames that no format reads: ten a minute are recorded by themselves. */
	assert_true(news->count <= (unsigned)(14 * minutes));
	/* The reader is not deaf afterwards. */
	(void)reader_show(ENTRY_DATA0, "W34", ANN);
	(void)wiring_wait(FRONT_LOCK, true, 1000);
	(void)wiring_wait(FRONT_LOCK, false, 2000);
}

/*
 * Core is stopped for less than its supervisor's patience while frames come, more than the kernel
 * keeps: it drops the oldest edges, so that what is read begins within the first frame. The rest of
 * that frame is made to be a card of its own, one that opens the door: it must not be read.
 */
static void frames_lose_their_begin(const struct card_bits *bits)
{
	struct wiegand_edge edges[2 * WIEGAND_FRAME_BITS_MAX];
	pid_t core = site_role("core");

	assert_return_code(kill(core, SIGSTOP), errno);
	for (unsigned i = 0; i < LOST_FRAMES; i++) {
		size_t count = wiegand_edges(bits, world_now_ns() + NS_PER_MS, (uint32_t)PULSE_NS,
			500 * NS_PER_US, edges, 2 * WIEGAND_FRAME_BITS_MAX);

		reader_play(EXIT_DATA0, edges, count);
		world_sleep_ms(26);
	}
	assert_return_code(kill(core, SIGCONT), errno);
	wiring_quiet(FRONT_LOCK, 500);
	assert_int_equal(site_role("core"), core);
}

static void what_is_left_of_a_frame_is_no_card(void **state)
{
	struct card_bits tail = card_of("W50", BOB);
	struct card_bits bits = {.count = WIEGAND_FRAME_BITS_MAX};

	(void)state;
	for (unsigned i = 0; i < tail.count; i++)
		card_bits_put(&bits, LOST_BITS + i, card_bits_get(&tail, i));
	/* At first no edge of this reader was read before, whose number could be known. */
	for (unsigned round = 0; round < 2; round++) {
		frames_lose_their_begin(&bits);
		assert_int_equal(site_records("8106606", NULL), round);
		/* The same bits with a silence before them are Bob. */
		(void)reader_send(EXIT_DATA0, &tail);
		(void)wiring_wait(FRONT_LOCK, true, 1000);
		(void)wiring_wait(FRONT_LOCK, false, 2000);
		assert_int_equal(site_records("8106606", NULL), round + 1);
	}
	assert_true(site_count(site_await("reader_noise", 1), "reader_noise") >= 1);
}

/* The same without any silence, at the closest interval a reader may have. */
static void a_stream_without_an_end_is_noise(void **state)
{
	struct card_bits bits = card_of("W34", ANN);
	struct wiegand_edge edges[2 * WIEGAND_FRAME_BITS_MAX];
	pid_t core = site_role("core");
	uint64_t before = site_records(NULL, NULL);
	int64_t at_ns = world_now_ns() + NS_PER_MS;
	int64_t end_ns = at_ns + 500 * NS_PER_MS;

	(void)state;
	assert_return_code(kill(core, SIGSTOP), errno);
	while (at_ns < end_ns) {
		size_t count = wiegand_edges(&bits, at_ns, 20 * NS_PER_US, 160 * NS_PER_US, edges,
			2 * WIEGAND_FRAME_BITS_MAX);

		reader_play(ENTRY_DATA0, edges, count);
		at_ns = edges[count - 2].at_ns + 160 * NS_PER_US;
	}
	assert_return_code(kill(core, SIGCONT), errno);
	wiring_quiet(FRONT_LOCK, 200);
	(void)site_await("reader_noise", 1);
	assert_int_equal(site_records(NULL, NULL), before);
	assert_int_equal(site_role("core"), core);
	(void)reader_show(ENTRY_DATA0, "W34", ANN);
	(void)wiring_wait(FRONT_LOCK, true, 1000);
	(void)wiring_wait(FRONT_LOCK, false, 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(noise_opens_nothing_and_alarms_seldom, doors_rest),
		cmocka_unit_test_setup(what_is_left_of_a_frame_is_no_card, doors_rest),
		cmocka_unit_test_setup(a_stream_without_an_end_is_noise, doors_rest),
	};

	world_precise();
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
