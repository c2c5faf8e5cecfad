// SPDX-License-Identifier: Apache-2.0
/*
 * Rules for a day of a group:
 *  - StartTime is the first second of its first day, EndTime the last second of its last day:
 *    special days are whole days;
 *  - an empty StartTime takes the day away, whatever else is said of it; the other days stay at
 *    their places;
 *  - with Yearly=true the years do not count, and from StartTime to EndTime is less than a year.
 * Segments of a special schedule follow the rules of those of a weekly one (schedule_text.c).
 *
 * A group or special schedule that says nothing (no name, not enabled, no day, no segment, no
 * schedule, group 0) is one that is not there: so emptying it takes it away.
 */
#include "special_day_text.h"

#include "base/assert.h"
#include "base/compiler.h"
#include "base/number.h"
#include "base/utf8.h"
#include "protocols/cgi_methods.h"
#include "protocols/keyvalue.h"
#include "schedule_text.h"

#define END_OF_DAY_S (24 * 3600 - 1)

/* "SpecialDayGroup[3].Days[1].StartTime ..." */
static bool fault(struct buf *error, struct span name, const char *text)
{
	buf_add(error, span_slice(name, 0, 64));
	buf_add_byte(error, ' ');
	buf_add_string(error, text);
	return false;
}

static bool set_name(struct text128 *text, struct span name, struct span value, struct buf *error)
{
	size_t characters = 0;

	if (utf8_printable(value, &characters) && characters <= NAME_CHARACTERS_MAX &&
		text_set(text, value))
		return true;
	return fault(error, name, "holds at most 32 characters without control characters");
}

static bool set_bool(bool *ret, struct span name, struct span value, struct buf *error)
{
	return keyvalue_parse_bool(value, ret) || fault(error, name, "is true or false");
}

/* --- groups --- */

enum group_field { GROUP_NAME, GROUP_ENABLE, DAY_NAME, DAY_START, DAY_END, DAY_YEARLY };

static const char *const group_pattern[] = {
	[GROUP_NAME] = "SpecialDayGroup[0..127].Name",
	[GROUP_ENABLE] = "SpecialDayGroup[0..127].Enable",
	[DAY_NAME] = "SpecialDayGroup[0..127].Days[0..63].SpecialDayName",
	[DAY_START] = "SpecialDayGroup[0..127].Days[0..63].StartTime",
	[DAY_END] = "SpecialDayGroup[0..127].Days[0..63].EndTime",
	[DAY_YEARLY] = "SpecialDayGroup[0..127].Days[0..63].Yearly",
};

static bool key_read(const char *const *pattern, size_t count, struct span name, size_t *ret_field,
	uint32_t at[CGI_PATTERN_SUBSCRIPTS])
{
	for (*ret_field = 0; *ret_field < count; ++*ret_field) {
		if (cgi_name_matches(pattern[*ret_field], name, at, NULL))
			return true;
	}
	return false;
}

bool special_group_key(struct span name, uint32_t *ret_no)
{
	uint32_t at[CGI_PATTERN_SUBSCRIPTS];
	size_t field;
	bool ours = key_read(group_pattern, ARRAY_COUNT(group_pattern), name, &field, at);

	if (ours)
		*ret_no = at[0];
	return ours;
}

void special_group_load(struct special_group_draft *draft, const struct special_day_group *group)
{
	*draft = (struct special_group_draft){.group = *group};
}

static bool set_date(struct special_date *date, struct span name, struct span value,
	int second_of_day, struct buf *error)
{
	struct civil local;

	if (!keyvalue_parse_time(value, &local))
		return fault(error, name, "is a date that exists, as 2026-12-24 00:00:00");
	if (local.hour * 3600 + local.minute * 60 + local.second != second_of_day)
		return fault(error, name,
			second_of_day == 0 ? "begins a whole day: its time is 00:00:00"
					   : "ends a whole day: its time is 23:59:59");
	*date = (struct special_date){(uint16_t)local.year, local.month, local.day};
	return true;
}

static bool set_day(struct special_group_draft *draft, uint32_t place, enum group_field field,
	struct span name, struct span value, struct buf *error)
{
	struct special_day *day = &draft->group.day[place];

	switch (field) {
	case DAY_NAME:
		if (utf8_printable(value, NULL) && text_set(&day->name, value))
			return true;
		return fault(error, name, "holds at most 64 bytes without control characters");
	case DAY_START:
		draft->removed[place] = value.len == 0;
		return value.len == 0 || set_date(&day->from, name, value, 0, error);
	case DAY_END:
		if (value.len > 0)
			return set_date(&day->to, name, value, END_OF_DAY_S, error);
		day->to = (struct special_date){0, 0, 0};
		return true;
	default:
		return set_bool(&day->yearly, name, value, error);
	}
}

bool special_group_set(
	struct special_group_draft *draft, struct span name, struct span value, struct buf *error)
{
	uint32_t at[CGI_PATTERN_SUBSCRIPTS];
	size_t field;
	bool ours = key_read(group_pattern, ARRAY_COUNT(group_pattern), name, &field, at);

	ASSERT(ours);
	if (field == GROUP_NAME)
		return set_name(&draft->group.name, name, value, error);
	if (field == GROUP_ENABLE)
		return set_bool(&draft->group.enabled, name, value, error);
	return set_day(draft, at[1], (enum group_field)field, name, value, error);
}

static bool day_end(const struct special_day_group *group, unsigned place, struct buf *error)
{
	const struct special_day *day = &group->day[place];
	struct special_day_group alone = {.day = {*day}};
	const char *why = ": EndTime lies before StartTime";

	if (special_day_group_valid(&alone))
		return true;
	if (day->from.year == 0 || day->to.year == 0)
		why = " needs StartTime and EndTime";
	else if (day->yearly && day->to.year > day->from.year)
		why = ": with Yearly, EndTime lies less than a year behind StartTime";
	buf_add_string(error, "SpecialDayGroup[");
	buf_add_u64(error, group->no);
	buf_add_string(error, "].Days[");
	buf_add_u64(error, place);
	buf_add_string(error, "]");
	buf_add_string(error, why);
	return false;
}

bool special_group_end(struct special_group_draft *draft, struct buf *error)
{
	struct special_day_group *group = &draft->group;

	for (unsigned i = 0; i < SPECIAL_DAYS_MAX; i++) {
		if (draft->removed[i])
			group->day[i] = (struct special_day){.yearly = false};
		if (!day_end(group, i, error))
			return false;
	}
	group->defined = !special_day_group_is_empty(group);
	return true;
}

static void line(struct buf *out, struct span prefix, const char *key, struct span value)
{
	keyvalue_row_text(out, prefix, key, value);
}

static struct span flag(bool value)
{
	return value ? SPAN_LIT("true") : SPAN_LIT("false");
}

static void date_line(struct buf *out, struct span prefix, const char *key,
	const struct special_date *date, bool end)
{
	char memory[32];
	struct buf text = buf_over(memory, sizeof(memory));
	struct civil local = {
		date->year, date->month, date->day, end ? 23 : 0, end ? 59 : 0, end ? 59 : 0};

	keyvalue_add_time(&text, &local);
	line(out, prefix, key, buf_span(&text));
}

static void prefix_begin(struct buf *prefix, const char *table, unsigned no)
{
	buf_add_string(prefix, "table.");
	buf_add_string(prefix, table);
	buf_add_byte(prefix, '[');
	buf_add_u64(prefix, no);
	buf_add_string(prefix, "].");
}

static void day_lines(struct buf *out, unsigned no, unsigned place, const struct special_day *day)
{
	char memory[64];
	struct buf prefix = buf_over(memory, sizeof(memory));

	prefix_begin(&prefix, "SpecialDayGroup", no);
	buf_add_string(&prefix, "Days[");
	buf_add_u64(&prefix, place);
	buf_add_string(&prefix, "].");
	date_line(out, buf_span(&prefix), "EndTime", &day->to, true);
	line(out, buf_span(&prefix), "SpecialDayName", text_span(&day->name));
	date_line(out, buf_span(&prefix), "StartTime", &day->from, false);
	line(out, buf_span(&prefix), "Yearly", flag(day->yearly));
}

void special_group_lines(struct buf *out, const struct special_day_group *group)
{
	char memory[64];
	struct buf prefix = buf_over(memory, sizeof(memory));

	prefix_begin(&prefix, "SpecialDayGroup", group->no);
	for (unsigned i = 0; i < SPECIAL_DAYS_MAX; i++) {
		if (group->day[i].from.year != 0)
			day_lines(out, group->no, i, &group->day[i]);
	}
	line(out, buf_span(&prefix), "Enable", flag(group->enabled));
	line(out, buf_span(&prefix), "Name", text_span(&group->name));
}

/* --- special schedules --- */

enum special_field { SPECIAL_NAME, SPECIAL_ENABLE, SPECIAL_GROUP, SPECIAL_SEGMENT, SPECIAL_COVER };

static const char *const special_pattern[] = {
	[SPECIAL_NAME] = "SpecialDaysSchedule[0..127].Name",
	[SPECIAL_ENABLE] = "SpecialDaysSchedule[0..127].Enable",
	[SPECIAL_GROUP] = "SpecialDaysSchedule[0..127].GroupNo",
	[SPECIAL_SEGMENT] = "SpecialDaysSchedule[0..127].TimeSection[0..11]",
	[SPECIAL_COVER] = "SpecialDaysSchedule[0..127].AccessTimeSchedule[0..127]",
};

bool special_schedule_key(struct span name, uint32_t *ret_no)
{
	uint32_t at[CGI_PATTERN_SUBSCRIPTS];
	size_t field;
	bool ours = key_read(special_pattern, ARRAY_COUNT(special_pattern), name, &field, at);

	if (ours)
		*ret_no = at[0];
	return ours;
}

void special_schedule_load(
	struct special_schedule_draft *draft, const struct special_schedule *special)
{
	*draft = (struct special_schedule_draft){.special = *special};
	for (unsigned i = 0; i < special->day.count; i++) {
		draft->used[i] = true;
		draft->segment[i] = special->day.interval[i];
	}
}

static bool set_group(
	struct special_schedule *special, struct span name, struct span value, struct buf *error)
{
	uint64_t group;

	if (!number_parse_u64(value, SPECIAL_DAY_GROUPS_MAX - 1, &group))
		return fault(error, name, "is the number of a SpecialDayGroup, 0 to 127");
	special->group = (uint8_t)group;
	return true;
}

static bool set_segment(struct special_schedule_draft *draft, uint32_t at, struct span name,
	struct span value, struct buf *error)
{
	struct schedule_interval interval = {0, 0};
	enum schedule_text text = schedule_text_parse(value, &interval);

	if (text == SCHEDULE_TEXT_BAD)
		return fault(error, name,
			"is `1 HH:MM:SS-HH:MM:SS`, whole minutes, the end (:00 or :59) after the "
			"begin, or `0 00:00:00-00:00:00`");
	draft->used[at] = text == SCHEDULE_TEXT_ON;
	draft->segment[at] = interval;
	return true;
}

bool special_schedule_set(struct special_schedule_draft *draft, struct span name, struct span value,
	struct buf *error)
{
	struct special_schedule *special = &draft->special;
	uint32_t at[CGI_PATTERN_SUBSCRIPTS];
	size_t field;
	bool covered;
	bool ours = key_read(special_pattern, ARRAY_COUNT(special_pattern), name, &field, at);

	ASSERT(ours);
	switch ((enum special_field)field) {
	case SPECIAL_NAME:
		return set_name(&special->name, name, value, error);
	case SPECIAL_ENABLE:
		return set_bool(&special->enabled, name, value, error);
	case SPECIAL_GROUP:
		return set_group(special, name, value, error);
	case SPECIAL_SEGMENT:
		return set_segment(draft, at[1], name, value, error);
	case SPECIAL_COVER:
		if (!set_bool(&covered, name, value, error))
			return false;
		special_schedule_cover(special, (uint8_t)at[1], covered);
		return true;
	}
	return false;
}

void special_schedule_end(struct special_schedule_draft *draft)
{
	struct special_schedule *special = &draft->special;

	special->day = (struct schedule_day){0};
	for (unsigned i = 0; i < SCHEDULE_INTERVALS_MAX; i++) {
		if (draft->used[i])
			special->day.interval[special->day.count++] = draft->segment[i];
	}
	/* Each segment was judged when it was set or loaded. */
	ASSERT(schedule_day_normalise(&special->day));
	special->defined = !special_schedule_is_empty(special);
}

static void cover_lines(struct buf *out, struct span prefix, const struct special_schedule *special)
{
	for (unsigned i = 0; i < SCHEDULES_MAX; i++) {
		if (!special_schedule_covers(special, (uint8_t)i))
			continue;
		buf_add(out, prefix);
		buf_add_string(out, "AccessTimeSchedule[");
		buf_add_u64(out, i);
		buf_add_string(out, "]=true\r\n");
	}
}

void special_schedule_lines(struct buf *out, const struct special_schedule *special)
{
	char memory[64];
	struct buf prefix = buf_over(memory, sizeof(memory));
	const struct schedule_day *day = &special->day;
	unsigned shown =
		day->count > SCHEDULE_SEGMENTS_SHOWN ? day->count : SCHEDULE_SEGMENTS_SHOWN;

	prefix_begin(&prefix, "SpecialDaysSchedule", special->no);
	cover_lines(out, buf_span(&prefix), special);
	line(out, buf_span(&prefix), "Enable", flag(special->enabled));
	buf_add(out, buf_span(&prefix));
	keyvalue_u64(out, "GroupNo", special->group);
	line(out, buf_span(&prefix), "Name", text_span(&special->name));
	for (unsigned i = 0; i < shown; i++) {
		buf_add(out, buf_span(&prefix));
		buf_add_string(out, "TimeSection[");
		buf_add_u64(out, i);
		buf_add_string(out, "]=");
		schedule_text_print(out, i < day->count ? &day->interval[i] : NULL);
		buf_add_string(out, "\r\n");
	}
}
