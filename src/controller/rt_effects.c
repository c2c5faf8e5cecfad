// SPDX-License-Identifier: Apache-2.0
/*
 * Carrying out what a step asks for, in its order. An unlock goes page, supervisor, line: from the
 * moment the line moves somebody else knows when it has to be back. A lock goes line, page: the
 * supervisor's deadline falls only after the line fell.
 *
 * The ring of commit entries is the memory of a failed store: the store thread takes an entry off
 * it only when it is durable. No room means that entry is lost, counted, and the store failed.
 */
#include "platform/clock.h"
#include "rt_private.h"

#include "base/assert.h"

static void count(struct heartbeat_page *page, const struct commit_entry *entry)
{
	atomic_fetch_add_explicit(&page->entries[entry->kind], 1, memory_order_relaxed);
	if (entry->kind == JOURNAL_ACCESS)
		atomic_fetch_add_explicit(&page->decisions[entry->reason], 1, memory_order_relaxed);
	if (entry->kind == JOURNAL_STORAGE_SLOW || entry->kind == JOURNAL_UNLOCKED_BEFORE_RECORD)
		atomic_store(&page->slow_ns, clock_boot_ns());
}

void rt_commit(struct rt *rt, const struct commit_entry *entry)
{
	count(rt->page, entry);
	if (!spsc_push(&rt->core->commits, entry)) {
		rt->lost += rt->lost < UINT32_MAX ? 1 : 0;
		return;
	}
	rt->pushed++;
	core_wake(rt->core->store_wake);
	if (rt->decision_due_ns != 0) {
		core_latency_count(
			rt->page, LATENCY_DECISION, rt->decision_due_ns, clock_boot_ns());
		rt->decision_due_ns = 0;
	}
}

static void output(struct rt *rt, uint8_t door, bool unlocked, int64_t until_ns)
{
	struct lines *lines = rt->core->lines;

	ASSERT(door < DOORS_MAX);
	if (unlocked) {
		atomic_store(&rt->page->unlocked_until_ns[door], until_ns);
		core_wake(ROLE_FD_WAKE);
		lines->driver->set_lock(lines, door, true);
		if (rt->durable_at_ns != 0) {
			core_latency_count(
				rt->page, LATENCY_UNLOCK, rt->durable_at_ns, clock_boot_ns());
			rt->durable_at_ns = 0;
		}
		return;
	}
	lines->driver->set_lock(lines, door, false);
	/* A line that did not fall keeps its deadline: the supervisor will see it pass. */
	if (!lines->driver->lock_is_open(lines, door))
		atomic_store(&rt->page->unlocked_until_ns[door], 0);
	core_wake(ROLE_FD_WAKE);
}

static void command_result(struct rt *rt, const struct effect *effect)
{
	static const uint8_t results[] = {
		[COMMAND_DONE] = RESULT_OK,
		[COMMAND_REFUSED] = RESULT_REFUSED,
		[COMMAND_NO_DOOR] = RESULT_NOT_FOUND,
		[COMMAND_NOT_DURABLE] = RESULT_NOT_DURABLE,
		[COMMAND_BUSY] = RESULT_BUSY,
	};
	struct answer answer = {
		.slot = (uint32_t)effect->command.id,
		.result = results[effect->command.result],
		.reason = effect->command.reason,
	};
	/* There is a place for every request that may be open. */
	bool pushed = spsc_push(&rt->core->command_answers, &answer);

	ASSERT(pushed);
	core_wake(rt->core->serve_wake);
}

void rt_effects(struct rt *rt)
{
	struct lines *lines = rt->core->lines;

	for (uint32_t i = 0; i < rt->effects.count; i++) {
		const struct effect *effect = &rt->effects.items[i];

		switch (effect->kind) {
		case EFFECT_COMMIT:
			rt_commit(rt, &effect->entry);
			rt_panels_entry(&rt->panels, &effect->entry, clock_boot_ns());
			break;
		case EFFECT_OUTPUT:
			output(rt, effect->output.door, effect->output.unlocked,
				effect->output.until_ns);
			break;
		case EFFECT_FEEDBACK:
			lines->driver->set_feedback(
				lines, effect->feedback.reader, effect->feedback.feedback);
			rt_bus_feedback(rt, effect->feedback.reader, effect->feedback.feedback);
			break;
		case EFFECT_COMMAND_RESULT:
			command_result(rt, effect);
			break;
		}
	}
}
