// SPDX-License-Identifier: Apache-2.0
/*
 * setConfig of a schedule. Input: lines "AccessTimeSchedule[n]...=value". Oracle: whatever is taken
 * leaves a valid schedule; and a segment that is read prints as a text that reads the same.
 */
#include "base/assert.h"
#include "schedule_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(struct span text)
{
	struct schedule_interval interval;
	struct schedule_interval back;
	char memory[64];
	struct buf out = buf_over(memory, sizeof(memory));

	if (schedule_text_parse(text, &interval) != SCHEDULE_TEXT_ON)
		return;
	ASSERT(interval.from_minute < interval.to_minute && interval.to_minute <= 1440);
	schedule_text_print(&out, &interval);
	ASSERT(!out.overflow);
	ASSERT(schedule_text_parse(buf_span(&out), &back) == SCHEDULE_TEXT_ON);
	ASSERT(back.from_minute == interval.from_minute && back.to_minute == interval.to_minute);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char lines[16384];
	struct span rest = span_of(data, size);
	struct span line;
	struct schedule schedule;
	struct schedule_draft draft;
	struct buf out = buf_over(lines, sizeof(lines));

	schedule_set_always(&schedule, 0);
	schedule_draft_load(&draft, &schedule);
	while (span_next(&rest, '\n', &line)) {
		size_t at = span_find(line, '=');
		struct span value = span_slice(line, at + 1, line.len);
		struct schedule_key key;
		const char *error = NULL;

		check_round_trip(value);
		if (!schedule_key_parse(span_slice(line, 0, at), &key))
			continue;
		ASSERT(key.no < SCHEDULES_MAX && key.day < 7 &&
			key.segment < SCHEDULE_INTERVALS_MAX);
		ASSERT(schedule_draft_set(&draft, &key, value, &error) || error != NULL);
	}
	schedule_draft_store(&draft, &schedule);
	ASSERT(schedule_valid(&schedule));
	schedule_text_lines(&out, &schedule);
	ASSERT(!out.overflow);
	return 0;
}
