// SPDX-License-Identifier: Apache-2.0
/*
 * A device's special days. Whatever lines come: rows and places ascend and are in range, every day
 * has dates, times are parts like 08:00-12:00, and the name of each line that is read as ours is
 * made again from what was read.
 */
#include "special_day.h"

#include "base/assert.h"
#include "protocols/keyvalue.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_names(struct span rest)
{
	struct keyvalue_line line;
	uint32_t no;
	uint32_t at;

	while (keyvalue_next(&rest, &line)) {
		enum special_line kind = special_line_read(line.key, &no, &at);
		char name[SPECIAL_NAME_MAX];

		if (kind == SPECIAL_LINE_OTHER)
			continue;
		special_line_name(name, kind, (int)no, (int)at);
		ASSERT(span_equal_nocase(
			span_slice(line.key, line.key.len - strlen(name), line.key.len),
			span_from_string(name)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer answers[2] = {{.text = malloc(size + 1), .len = size}};
	struct postern_special_days *days;

	memcpy(answers[0].text, data, size);
	answers[0].text[size] = 0;
	check_names(span_of(data, size));
	if (special_days_from(answers, &days) != POSTERN_OK)
		return 0;
	for (size_t i = 0; i < days->group_count; i++) {
		const struct postern_special_day_group *group = &days->groups[i];

		ASSERT(group->no < 128 && (i == 0 || group->no > days->groups[i - 1].no));
		for (size_t k = 0; k < group->day_count; k++) {
			ASSERT(strlen(group->days[k].from) > 0 && strlen(group->days[k].to) > 0);
			ASSERT(k == 0 || group->days[k].place > group->days[k - 1].place);
		}
	}
	for (size_t i = 0; i < days->schedule_count; i++) {
		const char *times = days->schedules[i].times;

		ASSERT(times[0] == 0 || strlen(times) % 12 == 11);
		for (size_t k = 2; times[0] != 0 && times[k] != 0; k += 3)
			ASSERT(times[k] == ":-:,"[k / 3 % 4]);
	}
	ASSERT(postern_special_days_free(days) == NULL);
	return 0;
}
