// SPDX-License-Identifier: Apache-2.0
/*
 * setConfig of special days. Input: lines "SpecialDayGroup[n]...=value" and
 * "SpecialDaysSchedule[n]...=value". Oracle: what is taken is valid; and what getConfig prints of
 * it sets the same again.
 */
#include "base/assert.h"
#include "special_day_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct special_group_draft group;
static struct special_schedule_draft special;

/* Each line with a name of ours; false when a group refuses one. */
static bool set_lines(struct span rest, size_t prefix)
{
	struct span line;
	char memory[256];
	struct buf error = buf_over(memory, sizeof(memory));

	while (span_next(&rest, '\n', &line)) {
		size_t at = span_find(line, '=');
		struct span name = span_slice(line, prefix, at < prefix ? 0 : at - prefix);
		struct span value = span_slice(line, at + 1, line.len);
		uint32_t no;
		bool good = true;

		error = buf_over(memory, sizeof(memory));
		value.len -= value.len > 0 && value.data[value.len - 1] == '\r';
		if (special_group_key(name, &no))
			good = special_group_set(&group, name, value, &error);
		else if (special_schedule_key(name, &no))
			good = special_schedule_set(&special, name, value, &error);
		ASSERT(!error.overflow && good == (error.len == 0));
	}
	error = buf_over(memory, sizeof(memory));
	special_schedule_end(&special);
	ASSERT(special_schedule_valid(&special.special));
	return special_group_end(&group, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char memory[2 * SPECIAL_LINES_MAX];
	struct buf out = buf_over(memory, sizeof(memory));

	group = (struct special_group_draft){.group = {.no = 0}};
	special = (struct special_schedule_draft){.special = {.no = 0}};
	if (!set_lines(span_of(data, size), 0))
		return 0;
	struct special_group_draft group_was = group;
	struct special_schedule special_was = special.special;

	ASSERT(special_day_group_valid(&group.group));
	special_group_lines(&out, &group.group);
	special_schedule_lines(&out, &special.special);
	ASSERT(!out.overflow);
	group = (struct special_group_draft){.group = {.no = 0}};
	special = (struct special_schedule_draft){.special = {.no = 0}};
	ASSERT(set_lines(buf_span(&out), sizeof("table.") - 1));
	ASSERT(memcmp(&group.group, &group_was.group, sizeof(group.group)) == 0);
	ASSERT(memcmp(&special.special, &special_was, sizeof(special_was)) == 0);
	return 0;
}
