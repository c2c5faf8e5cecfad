// SPDX-License-Identifier: Apache-2.0
/*
 * Restart times and the judgement over core: plain arithmetic over values that are handed in. Core
 * writes a door's deadline before it moves the line, so a deadline in the future counts whatever
 * the line does now, and one in the past counts only while the line stands open.
 */
#include "watch.h"

#include "platform/life.h"

int64_t restart_plan(struct restart *restart, int64_t started_ns, int64_t now_ns, bool *ret_alarm)
{
	if (now_ns - started_ns >= RESTART_SETTLED_MS * NS_PER_MS)
		restart->failures = 0;
	if (now_ns - started_ns >= RESTART_HEALTHY_S * NS_PER_S)
		restart->alarmed = false;
	int64_t delay_ms = 0;

	if (restart->failures > 0) {
		uint32_t doublings = restart->failures < 6 ? restart->failures - 1 : 5;

		delay_ms = RESTART_DELAY_MIN_MS << doublings;
		if (delay_ms > RESTART_DELAY_MAX_MS)
			delay_ms = RESTART_DELAY_MAX_MS;
	}
	restart->failures++;
	restart->ended_ns[restart->ends % RESTART_ALARM_COUNT] = now_ns;
	restart->ends++;
	/* The slot to be written next holds the oldest of the latest three. */
	*ret_alarm = !restart->alarmed && restart->ends >= RESTART_ALARM_COUNT &&
		     now_ns - restart->ended_ns[restart->ends % RESTART_ALARM_COUNT] <=
			     RESTART_ALARM_S * NS_PER_S;
	restart->alarmed = restart->alarmed || *ret_alarm;
	return now_ns + delay_ms * NS_PER_MS;
}

static int64_t silent_ns(
	const struct watch *watch, const struct heartbeat_page *page, int64_t now_ns)
{
	int64_t beat_ns = atomic_load(&page->beat_ns);
	int64_t limit_ns = watch->started_ns + FIRST_BEAT_S * NS_PER_S;

	int64_t starting_ns = atomic_load(&page->starting_ns);

	if (starting_ns > watch->started_ns && starting_ns <= now_ns)
		limit_ns = starting_ns + FIRST_BEAT_S * NS_PER_S;
	if (beat_ns > now_ns)
		beat_ns = now_ns;
	if (beat_ns > watch->started_ns)
		limit_ns = beat_ns + HEARTBEAT_TIMEOUT_MS * NS_PER_MS;
	return limit_ns > watch->pardon_ns ? limit_ns : watch->pardon_ns;
}

enum verdict watch_judge(const struct watch *watch, const struct settings *settings,
	const struct heartbeat_page *page, const struct locks *locks, int64_t now_ns,
	int64_t *ret_next_ns, uint8_t *ret_door)
{
	int64_t next_ns = silent_ns(watch, page, now_ns);

	if (life_has_ended(atomic_load(&page->life)))
		return VERDICT_ENDED;
	if (next_ns <= now_ns)
		return VERDICT_SILENT;
	for (uint8_t door = 0; door < DOORS_MAX; door++) {
		int64_t until_ns = atomic_load(&page->unlocked_until_ns[door]);

		if (!settings->door[door].config.configured || until_ns <= 0 ||
			until_ns > INT64_MAX - OUTPUT_GRACE_MS * NS_PER_MS)
			continue;
		until_ns += OUTPUT_GRACE_MS * NS_PER_MS;
		if (until_ns > now_ns) {
			if (until_ns < next_ns)
				next_ns = until_ns;
		} else if (locks_is_open(locks, door)) {
			*ret_door = door;
			return VERDICT_OVERDUE;
		}
	}
	*ret_next_ns = next_ns;
	return VERDICT_FINE;
}

bool gate_is_heard(const struct gate_watch *gate, int64_t now_ns, int64_t *ret_next_ns)
{
	int64_t limit_ns = gate->heard_ns + GATE_SILENCE_S * NS_PER_S;

	*ret_next_ns = INT64_MAX;
	if (!gate->running || !gate->ready || gate->pardon_ns == INT64_MAX)
		return true;
	if (limit_ns < gate->pardon_ns)
		limit_ns = gate->pardon_ns;
	if (limit_ns <= now_ns)
		return false;
	*ret_next_ns = limit_ns;
	return true;
}

bool gate_answers(const struct gate_watch *gate, int64_t now_ns)
{
	int64_t from_ns = gate->started_ns > gate->heard_ns ? gate->started_ns : gate->heard_ns;
	int64_t next_ns;

	if (!gate->running)
		return false;
	if (gate->ready)
		return gate_is_heard(gate, now_ns, &next_ns);
	return !gate->core_ready || now_ns < from_ns + GATE_START_S * NS_PER_S;
}
