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

#include <cmocka.h>

#define ANN 305419896
#define NOISE_EDGES 100000
#define BURST_EDGES 8000

static int set_up(void **state)
{
	(void)state;
	wiring_begin();
	site_clear();
	site_start(SITE_CONFIG);
	site_enrol("ann", "305419896", NULL, 2);
	site_forget();
	wiring_forget();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	site_clear();
	wiring_end();
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
 * Pulses as a reader's, at the closest spacing that the limits take and near it, on random lines,
 * with glitches, overlaps and pauses: no beginning of a frame stays whole for long.
 */
static void noise_play(unsigned edge_count)
{
	int64_t at_ns = world_now_ns() + NS_PER_MS;

	for (unsigned i = 0; i < edge_count; i += 2) {
		uint32_t random = random_next();
		uint8_t line = random & 1;
		int64_t width_ns = random >> 1 & 7 ? 50 * NS_PER_US : 5 * NS_PER_US;
		int64_t pause_ns = (200 + (random >> 4 & 255)) * NS_PER_US;
		const struct wiegand_edge edges[2] = {
			{.at_ns = at_ns, .line = line, .level = 0},
			{.at_ns = at_ns + width_ns, .line = line, .level = 1},
		};

		reader_play(ENTRY_DATA0, edges, 2);
		at_ns += pause_ns;
		if ((random >> 16) % 512 == 0)
			at_ns += 40 * NS_PER_MS; /* a silence: what came before is judged */
	}
}

static void print_news(const struct site_events *news)
{
	uint64_t counted = 0;

	for (unsigned i = 0; i < news->count; i++)
		counted += (uint64_t)news->event[i].count;
	(void)printf("# %u entries, %u reader_noise, %llu counted in them\n", news->count,
		site_count(news, "reader_noise"), (unsigned long long)counted);
}

static void noise_opens_nothing_and_alarms_seldom(void **state)
{
	int64_t start_ns = world_now_ns();

	(void)state;
	noise_play(NOISE_EDGES);
	int64_t minutes = (world_now_ns() - start_ns) / (60 * NS_PER_S) + 1;

	(void)printf("# %d edges in %lld s\n", NOISE_EDGES,
		(long long)((world_now_ns() - start_ns) / NS_PER_S));
	wiring_quiet(FRONT_LOCK, 500);
	const struct site_events *news = site_await("reader_noise", 1);

	print_news(news);
	assert_int_equal(site_records("305419896", NULL), 0);
	for (unsigned i = 0; i < news->count; i++)
		assert_int_equal(news->event[i].status, 0);
	/* The first noise is told at once, the rest of a minute together; of denials, ten a minute.
	 */
	assert_true(site_count(news, "reader_noise") <= (unsigned)minutes + 1);
	assert_true(news->count <= 14 * (unsigned)minutes);
	/* The reader is not deaf afterwards. */
	(void)reader_show(ENTRY_DATA0, "W34", ANN);
	(void)wiring_wait(FRONT_LOCK, true, 1000);
	(void)wiring_wait(FRONT_LOCK, false, 2000);
}

/*
 * Core is stopped for less than its supervisor's patience, while one card is shown again and again
 * without a pause: the kernel keeps the latest edges and drops the oldest, so what is read begins
 * in the middle of a frame. That frame must not be taken for a shorter card, or any other.
 */
static void lost_edges_are_noise_and_no_card(void **state)
{
	struct card_bits bits = card_of("W34", ANN);
	struct wiegand_edge edges[2 * WIEGAND_FRAME_BITS_MAX];
	pid_t core = site_role("core");
	struct site_event last;

	(void)state;
	site_forget();
	uint64_t before = site_records(NULL, &last);

	assert_return_code(kill(core, SIGSTOP), errno);
	int64_t at_ns = world_now_ns() + NS_PER_MS;
	int64_t end_ns = at_ns + 500 * NS_PER_MS;
	unsigned played = 0;

	/* At the closest interval a reader may have: a frame takes 7 ms, and there is no silence.
	 */
	while (at_ns < end_ns) {
		size_t count = wiegand_edges(&bits, at_ns, 20 * NS_PER_US, 160 * NS_PER_US, edges,
			2 * WIEGAND_FRAME_BITS_MAX);

		reader_play(ENTRY_DATA0, edges, count);
		at_ns = edges[count - 2].at_ns + 160 * NS_PER_US;
		played += (unsigned)count;
	}
	/* One whole frame behind a silence: it may be read, if all of it was kept. */
	world_sleep_ms(40);
	(void)reader_show(ENTRY_DATA0, "W34", ANN);
	assert_return_code(kill(core, SIGCONT), errno);
	assert_int_equal(site_role("core"), core);
	const struct site_events *news = site_await("reader_noise", 1);

	(void)printf("# %u edges while core was stopped\n", played);
	print_news(news);
	for (unsigned i = 0; i < news->count; i++) {
		if (news->event[i].rec_no > 0)
			assert_string_equal(news->event[i].card_no, "305419896");
	}
	assert_true(site_records(NULL, NULL) <= before + 1);
	assert_int_equal(site_role("core"), core);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			noise_opens_nothing_and_alarms_seldom, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			lost_edges_are_noise_and_no_card, set_up, tear_down),
	};

	world_precise();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
