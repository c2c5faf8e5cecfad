// SPDX-License-Identifier: Apache-2.0
/* The real-time thread's bookkeeping with the test in the place of every other thread. */
#include "rt_private.h"

#include "platform/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define STORED_AGO_MS 3 /* the store is quicker than we look */

struct fixture {
	struct core core;
	struct settings settings;
	struct heartbeat_page page;
	struct role_context context;
	struct rt *rt;
	uint64_t entries; /* taken off the ring, as the store would */
};

/* A process has one real-time thread and never ends it: what a case makes is kept to the end. */
static struct fixture fixtures[8];
static unsigned fixture_count;

static int setup(void **state)
{
	struct fixture *f = &fixtures[fixture_count++];
	struct core *core = &f->core;
	int board = memfd_create("board", MFD_CLOEXEC);

	settings_demo(&f->settings);
	f->context = (struct role_context){
		.role = ROLE_CORE, .settings = &f->settings, .heartbeat = &f->page, .control = -1};
	core->context = &f->context;
	core->settings = &f->settings;
	settings_controller_config(&f->settings, &core->config);
	core->board = board_map(board);
	close(board);
	assert_non_null(core->board);
	core->lines = lines_simulated_new(core->board);
	core->index_persons = 100;
	core->controller = controller_init(
		calloc(1, controller_size()), &core->config, core_index_new(core), 0);
	assert_int_equal(core_rings_new(core), 0);
	f->rt = rt_new(core);
	assert_non_null(f->rt);
	*state = f;
	return 0;
}

/* Takes what waits off the ring and tells rt that it is on disk. Gives the last entry of a kind. */
static struct commit_entry store_all(struct fixture *f, enum journal_kind kind, uint32_t *ret_count)
{
	struct commit_entry found = {0}, entry;
	struct change change = {.kind = CHANGE_DURABLE};

	*ret_count = 0;
	while (spsc_pop(&f->core.commits, &entry)) {
		f->entries++;
		if (entry.ticket > change.ticket)
			change.ticket = entry.ticket;
		if (entry.kind == kind) {
			found = entry;
			++*ret_count;
		}
	}
	change.entries = f->entries;
	change.durable_ns = clock_boot_ns() - STORED_AGO_MS * NS_PER_MS;
	assert_true(spsc_push(&f->core.changes, &change));
	rt_changes(f->rt);
	return found;
}

static struct commit_entry entry_made(int64_t age_ms)
{
	struct commit_entry entry = {.kind = JOURNAL_DOOR_CLOSED, .door = 0};

	entry.at = clock_now(true);
	entry.at.boot_ns -= age_ms * NS_PER_MS;
	return entry;
}

static void silence_of_the_store_is_its_failure_and_ends_with_it(void **state)
{
	struct fixture *f = *state;
	struct commit_entry young = entry_made(STORE_SILENCE_MS / 2);
	struct commit_entry old = entry_made(STORE_SILENCE_MS + 100);
	uint32_t count;

	rt_commit(f->rt, &young);
	rt_store_watch(f->rt);
	assert_false(f->rt->store_silent);
	store_all(f, JOURNAL_STORE_FAILED, &count);
	assert_int_equal(count, 0);
	rt_commit(f->rt, &old);
	rt_store_watch(f->rt);
	rt_store_watch(f->rt);
	assert_true(f->rt->store_silent);
	store_all(f, JOURNAL_STORE_FAILED, &count);
	assert_int_equal(count, 1);
	rt_store_watch(f->rt);
	assert_false(f->rt->store_silent);
	store_all(f, JOURNAL_STORE_RECOVERED, &count);
	assert_int_equal(count, 1);
}

static void two_causes_are_one_failure_that_ends_with_the_later(void **state)
{
	struct fixture *f = *state;
	struct change failed = {.kind = CHANGE_FAILED};
	struct commit_entry old = entry_made(STORE_SILENCE_MS + 100);
	uint32_t count;

	rt_commit(f->rt, &old);
	rt_store_watch(f->rt);
	assert_true(spsc_push(&f->core.changes, &failed));
	rt_changes(f->rt);
	store_all(f, JOURNAL_STORE_FAILED, &count);
	assert_int_equal(count, 1);
	rt_store_watch(f->rt);
	store_all(f, JOURNAL_STORE_RECOVERED, &count);
	assert_int_equal(count, 0);
	struct change recovered = {.kind = CHANGE_RECOVERED};

	assert_true(spsc_push(&f->core.changes, &recovered));
	rt_changes(f->rt);
	store_all(f, JOURNAL_STORE_RECOVERED, &count);
	assert_int_equal(count, 1);
}

static void a_full_ring_counts_what_is_lost_and_tells_when_there_is_room(void **state)
{
	struct fixture *f = *state;
	struct commit_entry entry = entry_made(0);
	uint32_t count, kept = COMMIT_SLOTS;

	for (uint32_t i = 0; i < COMMIT_SLOTS + 7; i++)
		rt_commit(f->rt, &entry);
	assert_int_equal(f->rt->lost, 7);
	assert_int_equal(f->rt->pushed, kept);
	rt_store_watch(f->rt);
	assert_true(f->rt->store_silent);
	/* The alarm of the failure found no room either. */
	assert_int_equal(f->rt->lost, 8);
	store_all(f, JOURNAL_RECORDS_LOST, &count);
	assert_int_equal(count, 0);
	assert_int_equal(f->entries, kept);
	rt_store_watch(f->rt);
	struct commit_entry lost = store_all(f, JOURNAL_RECORDS_LOST, &count);

	assert_int_equal(count, 1);
	assert_int_equal(lost.count, 8);
	assert_int_equal(f->rt->lost, 0);
}

static void person_put(struct fixture *f, uint32_t uses_left)
{
	struct change change = {.kind = CHANGE_PERSON_PUT};

	change.person = (struct credential){
		.person_no = 1,
		.card_number = 4711,
		.valid_from_s = VALID_FROM_ALWAYS,
		.valid_to_s = VALID_TO_ALWAYS,
		.uses_left = uses_left,
		.card_type = CARD_TYPE_GUEST,
		.is_valid = true,
		.has_card = true,
		.rule_count = 1,
		.rule = {{0, SCHEDULE_ALWAYS}},
	};
	assert_true(spsc_push(&f->core.changes, &change));
	rt_changes(f->rt);
}

static uint8_t card(struct fixture *f)
{
	struct controller_input input = {.kind = INPUT_CREDENTIAL};

	input.credential.reader = 1;
	input.credential.card_number = 4711;
	input.credential.card_bits = 34;
	rt_step(f->rt, &input);
	const struct commit_entry *entry = spsc_front(&f->core.commits);
	uint32_t last = spsc_count(&f->core.commits) - 1;

	entry = (const struct commit_entry *)(const void *)((const char *)entry +
							    last * sizeof(*entry));
	assert_int_equal(entry->kind, JOURNAL_ACCESS);
	return entry->reason;
}

static void a_use_on_its_way_to_the_store_is_not_given_back_by_an_older_row(void **state)
{
	struct fixture *f = *state;
	uint32_t count;

	person_put(f, 1);
	assert_int_equal(card(f), REASON_GRANTED);
	/* The store read the row before it took that entry: it still shows one use. */
	person_put(f, 1);
	assert_int_equal(card(f), REASON_USES_SPENT);
	/* A row read afterwards is right as it is. */
	store_all(f, JOURNAL_ACCESS, &count);
	assert_int_equal(count, 2);
	person_put(f, 1);
	assert_int_equal(card(f), REASON_GRANTED);
}

static void a_swapped_index_lacks_the_uses_on_their_way(void **state)
{
	struct fixture *f = *state;
	struct change change = {.kind = CHANGE_INDEX};

	person_put(f, 1);
	assert_int_equal(card(f), REASON_GRANTED);
	change.index = core_index_new(&f->core);
	struct credential guest = {
		.person_no = 1,
		.card_number = 4711,
		.valid_from_s = VALID_FROM_ALWAYS,
		.valid_to_s = VALID_TO_ALWAYS,
		.uses_left = 1,
		.card_type = CARD_TYPE_GUEST,
		.is_valid = true,
		.has_card = true,
		.rule_count = 1,
		.rule = {{0, SCHEDULE_ALWAYS}},
	};

	assert_int_equal(credential_index_put(change.index, &guest), CREDENTIAL_INDEX_OK);
	assert_true(spsc_push(&f->core.changes, &change));
	rt_changes(f->rt);
	assert_non_null(atomic_load(&f->core.index_retired));
	assert_int_equal(card(f), REASON_USES_SPENT);
}

static void a_grant_moves_the_line_only_when_its_record_is_durable(void **state)
{
	struct fixture *f = *state;
	uint32_t count;

	person_put(f, USES_UNLIMITED);
	assert_int_equal(card(f), REASON_GRANTED);
	assert_false(board_lock_is_open(f->core.board, 0));
	assert_int_equal(atomic_load(&f->page.unlocked_until_ns[0]), 0);
	assert_int_equal(door_state_unpack(atomic_load(&f->core.door_state[0])).waiting, 1);
	store_all(f, JOURNAL_ACCESS, &count);
	assert_int_equal(count, 1);
	assert_true(board_lock_is_open(f->core.board, 0));
	/* The time since the record was on disk is counted, not the one since we looked. */
	uint32_t early = 0, late = 0;

	for (uint32_t i = 0; i < LATENCY_BUCKETS; i++)
		*(i < latency_bucket(STORED_AGO_MS * 1000) ? &early : &late) +=
			f->page.unlock_us[i];
	assert_int_equal(early, 0);
	assert_int_equal(late, 1);
	assert_true(atomic_load(&f->page.unlocked_until_ns[0]) > clock_boot_ns());
	assert_true(door_state_unpack(atomic_load(&f->core.door_state[0])).unlocked);
}

static void latency_buckets_cover_each_microsecond_once(void **state)
{
	(void)state;
	for (uint32_t us = 1; us < 200000; us++) {
		uint32_t bucket = latency_bucket(us);

		assert_true(bucket < LATENCY_BUCKETS);
		assert_true(latency_bucket_us(bucket) <= us);
		if (bucket < LATENCY_BUCKETS - 1 && latency_bucket_us(bucket + 1) > 7)
			assert_true(latency_bucket_us(bucket + 1) > us);
	}
	assert_int_equal(latency_bucket(-5), 0);
	assert_int_equal(latency_bucket(INT64_MAX), LATENCY_BUCKETS - 1);
	assert_int_equal(latency_bucket(1000), latency_bucket(1023));
	assert_int_equal(latency_bucket(1000) + 1, latency_bucket(1024));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(silence_of_the_store_is_its_failure_and_ends_with_it, setup),
		cmocka_unit_test_setup(two_causes_are_one_failure_that_ends_with_the_later, setup),
		cmocka_unit_test_setup(
			a_full_ring_counts_what_is_lost_and_tells_when_there_is_room, setup),
		cmocka_unit_test_setup(
			a_use_on_its_way_to_the_store_is_not_given_back_by_an_older_row, setup),
		cmocka_unit_test_setup(a_swapped_index_lacks_the_uses_on_their_way, setup),
		cmocka_unit_test_setup(
			a_grant_moves_the_line_only_when_its_record_is_durable, setup),
		cmocka_unit_test(latency_buckets_cover_each_microsecond_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
