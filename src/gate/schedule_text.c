// SPDX-License-Identifier: Apache-2.0
/*
 * Rules for one segment, `MASK HH:MM:SS-HH:MM:SS`:
 *  - the mask's 0 means unused, every other number means used;
 *  - a begin is a whole minute (`:00`); an end is a whole minute, or its second 59, which belongs
 *    to the segment: `17:59:59` and `18:00:00` are the same end, `23:59:59` and `24:00:00` are the
 *    end of the day;
 *  - `00:00:00-00:00:00` is unused whatever the mask says, as devices have it;
 *  - a used segment ends after it begins; one over midnight is two, on two days.
 * We print the end of the day as `23:59:59` and every other end as a whole minute.
 */
#include "schedule_text.h"

#include "base/assert.h"
#include "base/compiler.h"
#include "base/utf8.h"
#include "protocols/cgi_methods.h"
#include "protocols/keyvalue.h"

#define MINUTES_PER_DAY 1440

enum schedule_text schedule_text_parse(struct span text, struct schedule_interval *ret)
{
	struct keyvalue_period period;

	if (!keyvalue_parse_period(span_trim(text), &period))
		return SCHEDULE_TEXT_BAD;
	if (period.mask == 0 || (period.from_s == 0 && period.to_s == 0))
		return SCHEDULE_TEXT_OFF;
	if (period.to_s % 60 == 59)
		period.to_s++;
	if (period.from_s % 60 != 0 || period.to_s % 60 != 0 || period.from_s >= period.to_s)
		return SCHEDULE_TEXT_BAD;
	ret->from_minute = (uint16_t)(period.from_s / 60);
	ret->to_minute = (uint16_t)(period.to_s / 60);
	return SCHEDULE_TEXT_ON;
}

static void print_time(struct buf *out, unsigned minutes)
{
	if (minutes == MINUTES_PER_DAY) {
		buf_add_string(out, "23:59:59");
		return;
	}
	buf_add_padded(out, minutes / 60, 2);
	buf_add_byte(out, ':');
	buf_add_padded(out, minutes % 60, 2);
	buf_add_string(out, ":00");
}

void schedule_text_print(struct buf *out, const struct schedule_interval *interval)
{
	if (interval == NULL) {
		buf_add_string(out, "0 00:00:00-00:00:00");
		return;
	}
	buf_add_string(out, "1 ");
	print_time(out, interval->from_minute);
	buf_add_byte(out, '-');
	print_time(out, interval->to_minute);
}

bool schedule_key_parse(struct span name, struct schedule_key *ret)
{
	static const char *const pattern[] = {
		[SCHEDULE_NAME] = "AccessTimeSchedule[0..127].Name",
		[SCHEDULE_ENABLE] = "AccessTimeSchedule[0..127].Enable",
		[SCHEDULE_SEGMENT] = "AccessTimeSchedule[0..127].TimeSchedule[0..6][0..11]",
	};
	uint32_t at[CGI_PATTERN_SUBSCRIPTS];

	for (unsigned i = 0; i < ARRAY_COUNT(pattern); i++) {
		if (!cgi_name_matches(pattern[i], name, at, NULL))
			continue;
		*ret = (struct schedule_key){.no = at[0], .field = (enum schedule_field)i};
		if (i == SCHEDULE_SEGMENT) {
			ret->day = at[1];
			ret->segment = at[2];
		}
		return true;
	}
	return false;
}

void schedule_draft_load(struct schedule_draft *draft, const struct schedule *schedule)
{
	*draft = (struct schedule_draft){.schedule = *schedule};
	for (unsigned day = 0; day < 7; day++) {
		for (unsigned i = 0; i < schedule->day[day].count; i++) {
			draft->used[day][i] = true;
			draft->segment[day][i] = schedule->day[day].interval[i];
		}
	}
}

static bool set_name(struct schedule *schedule, struct span value, const char **ret_error)
{
	size_t characters;

	if (!utf8_printable(value, &characters) || characters > NAME_CHARACTERS_MAX ||
		!text_set(&schedule->name, value)) {
		*ret_error = "Name holds at most 32 characters without control characters";
		return false;
	}
	return true;
}

static bool set_segment(struct schedule_draft *draft, const struct schedule_key *key,
	struct span value, const char **ret_error)
{
	struct schedule_interval interval = {0};
	enum schedule_text text = schedule_text_parse(value, &interval);

	if (text == SCHEDULE_TEXT_BAD) {
		*ret_error = "a segment is `1 HH:MM:SS-HH:MM:SS`, whole minutes, the end (:00 or "
			     ":59) after the begin, or `0 00:00:00-00:00:00`";
		return false;
	}
	draft->used[key->day][key->segment] = text == SCHEDULE_TEXT_ON;
	draft->segment[key->day][key->segment] = interval;
	return true;
}

bool schedule_draft_set(struct schedule_draft *draft, const struct schedule_key *key,
	struct span value, const char **ret_error)
{
	switch (key->field) {
	case SCHEDULE_NAME:
		return set_name(&draft->schedule, value, ret_error);
	case SCHEDULE_ENABLE:
		*ret_error = "Enable is true or false";
		return keyvalue_parse_bool(value, &draft->schedule.enabled);
	case SCHEDULE_SEGMENT:
		return set_segment(draft, key, value, ret_error);
	}
	return false;
}

void schedule_draft_store(const struct schedule_draft *draft, struct schedule *ret)
{
	*ret = draft->schedule;
	ret->defined = true;
	for (unsigned d = 0; d < 7; d++) {
		struct schedule_day *day = &ret->day[d];

		*day = (struct schedule_day){0};
		for (unsigned i = 0; i < SCHEDULE_INTERVALS_MAX; i++) {
			if (draft->used[d][i])
				day->interval[day->count++] = draft->segment[d][i];
		}
		/* Each segment was judged when it was set or loaded. */
		ASSERT(schedule_day_normalise(day));
	}
}

static void line_begin(struct buf *out, unsigned no, const char *key)
{
	buf_add_string(out, "table.AccessTimeSchedule[");
	buf_add_u64(out, no);
	buf_add_string(out, "].");
	buf_add_string(out, key);
}

static void segment_line(
	struct buf *out, unsigned no, unsigned day, unsigned i, const struct schedule_day *from)
{
	line_begin(out, no, "TimeSchedule[");
	buf_add_u64(out, day);
	buf_add_string(out, "][");
	buf_add_u64(out, i);
	buf_add_string(out, "]=");
	schedule_text_print(out, i < from->count ? &from->interval[i] : NULL);
	buf_add_string(out, "\r\n");
}

void schedule_text_lines(struct buf *out, const struct schedule *schedule)
{
	line_begin(out, schedule->no, "Enable=");
	buf_add_string(out, schedule->enabled ? "true\r\n" : "false\r\n");
	line_begin(out, schedule->no, "Name=");
	buf_add(out, text_span(&schedule->name));
	buf_add_string(out, "\r\n");
	for (unsigned d = 0; d < 7; d++) {
		const struct schedule_day *day = &schedule->day[d];
		unsigned shown =
			day->count > SCHEDULE_SEGMENTS_SHOWN ? day->count : SCHEDULE_SEGMENTS_SHOWN;

		for (unsigned i = 0; i < shown; i++)
			segment_line(out, schedule->no, d, i, day);
	}
}
