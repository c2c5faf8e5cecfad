// SPDX-License-Identifier: Apache-2.0
/*
 * What reaches rt from other threads. The store's changes are applied in their order, then
 * changes_applied is raised: the store thread answers a write only after that. Orders of serve are
 * operator commands, which enter the controller like cards, and fresh links to role sim.
 *
 * A row may be older than uses that were granted since: the controller takes those off again, by
 * the tickets that are not durable yet. So CHANGE_DURABLE comes before the rows of its transaction.
 */
#include "rt_private.h"

#include "base/assert.h"
#include "platform/clock.h"

/* Entries are numbered from 1; slots keep what was read until rt itself writes them again. */
static const struct commit_entry *entry_at(const struct rt *rt, uint64_t number)
{
	const struct spsc *ring = &rt->core->commits;
	uint32_t slot = (uint32_t)(number - 1) & ring->mask;

	return (const struct commit_entry *)(const void *)(ring->slots + slot * ring->slot_size);
}

static void person_put(struct rt *rt, const struct change *change)
{
	struct controller_input input = {.kind = INPUT_PERSON_PUT, .person = change->person};

	rt_step(rt, &input);
}

static void index_swap(struct rt *rt, const struct change *change)
{
	struct controller_input input = {.kind = INPUT_PERSONS_REPLACED};
	struct credential_index *old = controller_swap_index(rt->controller, change->index);

	rt_step(rt, &input);
	atomic_store(&rt->core->index_retired, old);
}

static void store_durable(struct rt *rt, const struct change *change)
{
	struct controller_input input = {
		.kind = INPUT_RECORD_DURABLE, .durable_ticket = change->ticket};

	rt->durable = change->entries;
	if (change->ticket == 0)
		return;
	rt->durable_at_ns = change->durable_ns;
	rt_step(rt, &input);
	rt->durable_at_ns = 0;
}

/* The controller knows one kind of failure; it hears of the first cause and of the end of both. */
static void store_failure(struct rt *rt, bool failed, bool silent)
{
	bool before = rt->store_failed || rt->store_silent;
	bool after = failed || silent;
	struct controller_input input = {
		.kind = after ? INPUT_STORE_FAILED : INPUT_STORE_RECOVERED};

	rt->store_failed = failed;
	rt->store_silent = silent;
	if (before != after)
		rt_step(rt, &input);
}

static void change_apply(struct rt *rt, const struct change *change)
{
	struct controller_input input = {.kind = INPUT_PERSON_REMOVED};

	switch (change->kind) {
	case CHANGE_DURABLE:
		store_durable(rt, change);
		break;
	case CHANGE_FAILED:
		store_failure(rt, true, rt->store_silent);
		break;
	case CHANGE_RECOVERED:
		store_failure(rt, false, false);
		break;
	case CHANGE_PERSON_PUT:
		person_put(rt, change);
		break;
	case CHANGE_PERSON_REMOVED:
		input.person_no = change->person_no;
		rt_step(rt, &input);
		break;
	case CHANGE_SCHEDULE_PUT:
		rt_schedule_put(rt, &change->schedule);
		break;
	case CHANGE_SPECIAL_GROUP_PUT:
		rt_special_group_put(rt, &change->special_group);
		break;
	case CHANGE_SPECIAL_SCHEDULE_PUT:
		rt_special_schedule_put(rt, &change->special_schedule);
		break;
	case CHANGE_INDEX:
		index_swap(rt, change);
		break;
	}
}

void rt_changes(struct rt *rt)
{
	struct core *core = rt->core;
	uint64_t applied = 0;

	for (const struct change *change = spsc_front(&core->changes); change != NULL;
		change = spsc_front(&core->changes)) {
		change_apply(rt, change);
		spsc_drop(&core->changes);
		applied++;
	}
	if (applied > 0) {
		atomic_fetch_add(&core->changes_applied, applied);
		core_wake(core->applied_wake);
	}
}

void rt_orders(struct rt *rt)
{
	struct order order;

	while (spsc_pop(&rt->core->orders, &order)) {
		struct controller_input input = {.kind = INPUT_COMMAND};

		if (order.kind == ORDER_LINES) {
			lines_simulated_link(rt->core->lines, order.socket);
			rt->lines_fd = -1; /* closing the old one took it out of epoll */
			rt->lines_over = false;
			rt_readers_cut(&rt->readers);
			rt_levels(rt);
			continue;
		}
		input.command.id = order.slot;
		input.command.door = order.door;
		input.command.command = order.command;
		input.command.user_id = order.user_id;
		input.command.type = order.type;
		input.command.account = order.account;
		rt_step(rt, &input);
	}
}

struct moment rt_moment(const struct rt *rt)
{
	struct moment now = clock_now(rt->core->settings->clock_trust);

	if (!now.trusted && now.utc_ms < rt->core->config.utc_floor_ms)
		now.utc_ms = rt->core->config.utc_floor_ms;
	return now;
}

static void lost_tell(struct rt *rt)
{
	struct commit_entry entry = {
		.kind = JOURNAL_RECORDS_LOST,
		.at = rt_moment(rt),
		.count = rt->lost,
		.door = DOOR_NONE,
	};

	rt->lost = 0;
	rt_commit(rt, &entry);
}

void rt_store_watch(struct rt *rt)
{
	bool silent = false;

	if (rt->pushed > rt->durable) {
		int64_t waits_ns = clock_boot_ns() - entry_at(rt, rt->durable + 1)->at.boot_ns;

		silent = waits_ns > STORE_SILENCE_MS * NS_PER_MS;
	}
	/* A full ring is silence as well: it ends when half of it is free. */
	if (rt->lost > 0 && spsc_count(&rt->core->commits) > COMMIT_SLOTS / 2)
		silent = true;
	if (silent != rt->store_silent)
		store_failure(rt, rt->store_failed, silent);
	if (rt->lost > 0 && spsc_count(&rt->core->commits) <= COMMIT_SLOTS / 2)
		lost_tell(rt);
}
