// SPDX-License-Identifier: Apache-2.0
/*
 * Special days as configManager hands them out: two tables, one request each, into one result. The
 * rows' strings live in the answers' own text, which is cut in place.
 */
#include "special_day.h"

#include "base/number.h"
#include "protocols/cgi_methods.h"
#include "protocols/keyvalue.h"

#include <stdio.h>
#include <stdlib.h>

#define TIMES_MAX (SPECIAL_SECTIONS * 12 + 1) /* "08:00-12:00," each */
#define MINUTES_PER_DAY 1440

static const char *const patterns[SPECIAL_LINE_COUNT] = {
	[SPECIAL_LINE_OTHER] = "",
	[SPECIAL_GROUP_NAME] = "SpecialDayGroup[0..127].Name",
	[SPECIAL_GROUP_ENABLE] = "SpecialDayGroup[0..127].Enable",
	[SPECIAL_DAY_NAME] = "SpecialDayGroup[0..127].Days[0..127].SpecialDayName",
	[SPECIAL_DAY_START] = "SpecialDayGroup[0..127].Days[0..127].StartTime",
	[SPECIAL_DAY_END] = "SpecialDayGroup[0..127].Days[0..127].EndTime",
	[SPECIAL_DAY_YEARLY] = "SpecialDayGroup[0..127].Days[0..127].Yearly",
	[SPECIAL_NAME] = "SpecialDaysSchedule[0..127].Name",
	[SPECIAL_ENABLE] = "SpecialDaysSchedule[0..127].Enable",
	[SPECIAL_GROUP] = "SpecialDaysSchedule[0..127].GroupNo",
	[SPECIAL_SECTION] = "SpecialDaysSchedule[0..127].TimeSection[0..11]",
	[SPECIAL_COVER] = "SpecialDaysSchedule[0..127].AccessTimeSchedule[0..127]",
};

enum special_line special_line_read(struct span key, uint32_t *ret_no, uint32_t *ret_at)
{
	static const struct span table = {"table.", 6};
	uint32_t at[CGI_PATTERN_SUBSCRIPTS] = {0, 0, 0};

	if (span_starts_with_nocase(key, table))
		key = span_slice(key, table.len, key.len);
	for (unsigned i = 1; i < SPECIAL_LINE_COUNT; i++) {
		if (!cgi_name_matches(patterns[i], key, at, NULL))
			continue;
		*ret_no = at[0];
		*ret_at = at[1];
		return (enum special_line)i;
	}
	return SPECIAL_LINE_OTHER;
}

void special_line_name(char name[SPECIAL_NAME_MAX], enum special_line line, int no, int at)
{
	struct span rest = span_from_string(patterns[line]);
	int numbers[] = {no, at};
	struct buf out = buf_over(name, SPECIAL_NAME_MAX - 1);

	for (size_t i = 0; rest.len > 0 && i < ARRAY_COUNT(numbers); i++) {
		size_t bracket = span_find(rest, '[');

		buf_add(&out, span_slice(rest, 0, bracket));
		rest = span_slice(rest, bracket, rest.len);
		if (rest.len == 0)
			break;
		buf_add_byte(&out, '[');
		buf_add_i64(&out, numbers[i]);
		rest = span_slice(rest, span_find(rest, ']'), rest.len);
	}
	buf_add(&out, rest);
	name[out.len] = 0;
}

struct schedule_entry {
	bool seen;
	const char *name;
	int enabled;
	int group;
	struct keyvalue_period section[SPECIAL_SECTIONS];
	char times[TIMES_MAX];
	int schedules[SPECIAL_ROWS];
	size_t schedule_count;
};

struct group_entry {
	bool seen;
	const char *name;
	int enabled;
	struct postern_special_day *days; /* SPECIAL_PLACES; NULL: none was seen */
	size_t day_count; /* once they stand together */
};

struct special_owner {
	struct postern_special_days days; /* first: what the user holds */
	char *text[2];
	struct group_entry group[SPECIAL_ROWS];
	struct schedule_entry special[SPECIAL_ROWS];
	struct postern_special_day_group groups[SPECIAL_ROWS];
	struct postern_special_schedule schedules[SPECIAL_ROWS];
};

static int flag_of(const char *value)
{
	return span_equal_nocase(span_from_string(value), SPAN_LIT("true")) || value[0] == '1';
}

/* "2026-12-24 00:00:00" becomes "2026-12-24". */
static const char *date_of(char *value)
{
	value[strcspn(value, " ")] = 0;
	return value;
}

/* False when memory is out. */
static bool take_day(struct group_entry *group, enum special_line line, uint32_t place, char *value)
{
	if (group->days == NULL)
		group->days = calloc(SPECIAL_PLACES, sizeof(*group->days));
	if (group->days == NULL)
		return false;
	struct postern_special_day *day = &group->days[place];

	if (line == SPECIAL_DAY_NAME)
		day->name = value;
	else if (line == SPECIAL_DAY_YEARLY)
		day->yearly = flag_of(value);
	else if (line == SPECIAL_DAY_START)
		day->from = value[0] == 0 ? NULL : date_of(value);
	else
		day->to = value[0] == 0 ? NULL : date_of(value);
	return true;
}

static bool take_group(struct group_entry *group, enum special_line line, uint32_t at, char *value)
{
	group->seen = true;
	if (line == SPECIAL_GROUP_NAME)
		group->name = value;
	else if (line == SPECIAL_GROUP_ENABLE)
		group->enabled = flag_of(value);
	else
		return take_day(group, line, at, value);
	return true;
}

static void take_special(
	struct schedule_entry *special, enum special_line line, uint32_t at, char *value)
{
	uint64_t number;

	special->seen = true;
	if (line == SPECIAL_NAME)
		special->name = value;
	else if (line == SPECIAL_ENABLE)
		special->enabled = flag_of(value);
	else if (line == SPECIAL_GROUP)
		special->group = number_parse_u64(span_trim(span_from_string(value)),
					 SPECIAL_ROWS - 1, &number)
					 ? (int)number
					 : POSTERN_NOT_GIVEN;
	else if (line == SPECIAL_SECTION)
		(void)keyvalue_parse_period(
			span_trim(span_from_string(value)), &special->section[at]);
	else if (flag_of(value) && special->schedule_count < SPECIAL_ROWS)
		special->schedules[special->schedule_count++] = (int)at;
}

/* Takes answer->text over. */
static int take_answer(struct special_owner *owner, unsigned which, struct answer *answer)
{
	struct span rest = span_of(answer->text == NULL ? "" : answer->text, answer->len);
	struct keyvalue_line line;
	uint32_t no;
	uint32_t at;

	owner->text[which] = answer->text;
	answer->text = NULL;
	while (keyvalue_next(&rest, &line)) {
		enum special_line kind = special_line_read(line.key, &no, &at);

		if (kind == SPECIAL_LINE_OTHER)
			continue;
		/* It lies in the answer's own text; the byte behind it is a separator. */
		char *value = (char *)(uintptr_t)line.value.data;

		value[line.value.len] = 0;
		if (kind >= SPECIAL_NAME)
			take_special(&owner->special[no], kind, at, value);
		else if (!take_group(&owner->group[no], kind, at, value))
			return POSTERN_E_MEMORY;
	}
	return POSTERN_OK;
}

/* Days stand together, in order of their places. */
static void group_end(struct special_owner *owner, int no)
{
	struct group_entry *group = &owner->group[no];

	for (int place = 0; group->days != NULL && place < SPECIAL_PLACES; place++) {
		struct postern_special_day day = group->days[place];

		if (day.from == NULL)
			continue;
		day.size = sizeof(day);
		day.group = no;
		day.place = place;
		day.name = day.name == NULL ? "" : day.name;
		day.to = day.to == NULL ? day.from : day.to;
		group->days[group->day_count++] = day;
	}
	owner->groups[owner->days.group_count++] = (struct postern_special_day_group){
		.size = sizeof(struct postern_special_day_group),
		.no = no,
		.name = group->name == NULL ? "" : group->name,
		.enabled = group->enabled,
		.day_count = group->day_count,
		.days = group->days,
	};
}

static void special_end(struct special_owner *owner, int no)
{
	struct schedule_entry *special = &owner->special[no];
	struct buf times = buf_over(special->times, sizeof(special->times) - 1);

	for (unsigned i = 0; i < SPECIAL_SECTIONS; i++) {
		const struct keyvalue_period *section = &special->section[i];
		uint32_t minutes[] = {section->from_s / 60, (section->to_s + 1) / 60};

		if (section->mask == 0 || section->to_s == 0)
			continue;
		for (unsigned k = 0; k < 2; k++) {
			if (times.len > 0)
				buf_add_byte(&times, k == 0 ? ',' : '-');
			buf_add_padded(&times, minutes[k] / 60, 2);
			buf_add_byte(&times, ':');
			buf_add_padded(&times, minutes[k] % 60, 2);
		}
	}
	owner->schedules[owner->days.schedule_count++] = (struct postern_special_schedule){
		.size = sizeof(struct postern_special_schedule),
		.no = no,
		.name = special->name == NULL ? "" : special->name,
		.enabled = special->enabled,
		.group = special->group,
		.times = special->times,
		.schedule_count = special->schedule_count,
		.schedules = special->schedules,
	};
}

int special_days_from(struct answer answers[2], struct postern_special_days **ret)
{
	struct special_owner *owner = calloc(1, sizeof(*owner));
	int error = POSTERN_OK;

	if (owner == NULL)
		return POSTERN_E_MEMORY;
	for (unsigned i = 0; i < ARRAY_COUNT(owner->text); i++) {
		if (error == POSTERN_OK)
			error = take_answer(owner, i, &answers[i]);
	}
	owner->days.size = sizeof(owner->days);
	owner->days.groups = owner->groups;
	owner->days.schedules = owner->schedules;
	for (int no = 0; no < SPECIAL_ROWS; no++) {
		if (owner->group[no].seen)
			group_end(owner, no);
		if (owner->special[no].seen)
			special_end(owner, no);
	}
	*ret = &owner->days;
	if (error != POSTERN_OK)
		*ret = postern_special_days_free(*ret);
	return error;
}

struct special_call {
	struct postern_call call;
	struct answer answers[2]; /* what the tables' requests brought, owned */
	unsigned answered;
	struct postern_special_days *days;
	postern_special_days_fn *done;
	void *user;
};

static int special_answered(struct postern_call *call, int error, struct answer *answer);

static int ask(struct special_call *special)
{
	static const char *const tables[] = {"SpecialDayGroup", "SpecialDaysSchedule"};
	struct target target;

	target_begin(&target, "configManager.cgi", "getConfig");
	target_text(&target, "name", tables[special->answered]);
	return http_start(
		&special->call, target_end(&target, special->call.device), special_answered);
}

static int special_answered(struct postern_call *call, int error, struct answer *answer)
{
	struct special_call *special = (struct special_call *)call;

	if (error != POSTERN_OK)
		return error;
	special->answers[special->answered++] = *answer;
	answer->text = NULL;
	if (special->answered < ARRAY_COUNT(special->answers))
		return ask(special);
	error = special_days_from(special->answers, &special->days);
	return error == POSTERN_OK ? error : call_fail(call, error, "%s", postern_strerror(error));
}

static void special_call_end(struct postern_call *call, int error)
{
	struct special_call *special = (struct special_call *)call;
	struct postern_special_days *found = special->days;

	special->days = NULL;
	special->done(special->user, call, error, found);
}

static void special_call_drop(struct postern_call *call)
{
	struct special_call *special = (struct special_call *)call;

	postern_special_days_free(special->days);
	for (unsigned i = 0; i < ARRAY_COUNT(special->answers); i++)
		answer_drop(&special->answers[i]);
}

int postern_special_days_find_start(struct postern_device *device, postern_special_days_fn *done,
	void *user, struct postern_call **call)
{
	static const struct call_class class = {.end = special_call_end, .drop = special_call_drop};
	int error;
	struct special_call *special =
		call_new(device, sizeof(*special), &class, done != NULL, &error);

	if (special == NULL)
		return error;
	special->done = done;
	special->user = user;
	return call_begin(&special->call, ask(special), call);
}

static void sync_special(
	void *user, struct postern_call *call, int error, struct postern_special_days *days)
{
	((struct sync *)user)->result = days;
	sync_done(user, call, error);
}

int postern_special_days_find(struct postern_device *device, struct postern_special_days **days)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	if (error == POSTERN_OK)
		error = sync_wait(
			&sync, postern_special_days_find_start(device, sync_special, &sync, NULL));
	if (error == POSTERN_OK)
		*days = sync.result;
	return error;
}

struct postern_special_days *postern_special_days_free(struct postern_special_days *days)
{
	struct special_owner *owner = (struct special_owner *)days;

	if (owner == NULL)
		return NULL;
	for (size_t i = 0; i < SPECIAL_ROWS; i++)
		free(owner->group[i].days);
	for (size_t i = 0; i < ARRAY_COUNT(owner->text); i++)
		free(owner->text[i]);
	free(owner);
	return NULL;
}
