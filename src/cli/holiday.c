// SPDX-License-Identifier: Apache-2.0
/* postern holiday ...: groups of special days, and the times that hold on them. */
#include "cli.h"

#include <stdio.h>

#define NUMBER_MAX 127
#define PLACES_MAX 64 /* days of a group */

static bool number_of(const char *what, const char *text, int *ret)
{
	int64_t number;

	if (!parse_number(what, text, 0, NUMBER_MAX, &number))
		return false;
	*ret = (int)number;
	return true;
}

/* --- list --- */

static json_object *json_text(const char *text)
{
	return json_object_new_string(text);
}

static void print_group_json(const struct postern_special_day_group *group)
{
	json_object *object = json_object_new_object();
	json_object *days = json_object_new_array();

	for (size_t i = 0; i < group->day_count; i++) {
		const struct postern_special_day *day = &group->days[i];
		json_object *one = json_object_new_object();

		json_object_object_add(one, "place", json_object_new_int(day->place));
		json_object_object_add(one, "from", json_text(day->from));
		json_object_object_add(one, "to", json_text(day->to));
		json_object_object_add(one, "yearly", json_object_new_boolean(day->yearly));
		json_object_object_add(one, "name", json_text(day->name));
		json_object_array_add(days, one);
	}
	json_object_object_add(object, "group", json_object_new_int(group->no));
	json_object_object_add(object, "name", json_text(group->name));
	json_object_object_add(object, "enabled", json_object_new_boolean(group->enabled));
	json_object_object_add(object, "days", days);
	print_json(object);
}

/* " NAME", or nothing. */
static void print_name(const char *name)
{
	printf(name[0] == 0 ? "%s" : " %s", name);
}

static void print_group(const struct postern_special_day_group *group)
{
	if (output_is_json()) {
		print_group_json(group);
		return;
	}
	printf("group %d", group->no);
	print_name(group->name);
	puts(group->enabled ? ":" : " (not enabled):");
	for (size_t i = 0; i < group->day_count; i++) {
		const struct postern_special_day *day = &group->days[i];

		printf("  %s", day->from);
		if (strcmp(day->from, day->to) != 0)
			printf(" to %s", day->to);
		printf("%s", day->yearly ? " each year" : "");
		print_name(day->name);
		putchar('\n');
	}
}

static void print_special_json(const struct postern_special_schedule *special)
{
	json_object *object = json_object_new_object();
	json_object *schedules = json_object_new_array();

	for (size_t i = 0; i < special->schedule_count; i++)
		json_object_array_add(schedules, json_object_new_int(special->schedules[i]));
	json_object_object_add(object, "special", json_object_new_int(special->no));
	json_object_object_add(object, "name", json_text(special->name));
	json_object_object_add(object, "enabled", json_object_new_boolean(special->enabled));
	json_object_object_add(object, "group", json_object_new_int(special->group));
	json_object_object_add(object, "schedules", schedules);
	json_object_object_add(object, "times", json_text(special->times));
	print_json(object);
}

static void print_special(const struct postern_special_schedule *special)
{
	if (output_is_json()) {
		print_special_json(special);
		return;
	}
	printf("special %d", special->no);
	print_name(special->name);
	printf("%s: on days of group %d schedules", special->enabled ? "" : " (not enabled)",
		special->group);
	for (size_t i = 0; i < special->schedule_count; i++)
		printf("%c%d", i == 0 ? ' ' : ',', special->schedules[i]);
	printf("%s: %s\n", special->schedule_count == 0 ? " none" : "",
		special->times[0] == 0 ? "closed" : special->times);
}

static int holiday_list(struct postern_device *device, const struct arguments *arguments UNUSED)
{
	struct postern_special_days *days = NULL;
	int error = postern_special_days_find(device, &days);

	if (error != POSTERN_OK)
		return report(device, error);
	for (size_t i = 0; i < days->group_count; i++)
		print_group(&days->groups[i]);
	for (size_t i = 0; i < days->schedule_count; i++)
		print_special(&days->schedules[i]);
	postern_special_days_free(days);
	return EXIT_DONE;
}

/* --- days --- */

/* NULL: there is no such group. */
static const struct postern_special_day_group *group_find(
	const struct postern_special_days *days, int no)
{
	for (size_t i = 0; i < days->group_count; i++) {
		if (days->groups[i].no == no)
			return &days->groups[i];
	}
	return NULL;
}

/* The first place without a day; PLACES_MAX when there is none. */
static int free_place(const struct postern_special_day_group *group)
{
	int place = 0;

	for (size_t i = 0; group != NULL && i < group->day_count; i++) {
		if (group->days[i].place == place)
			place++;
	}
	return place;
}

/* A group is enabled with its first day; one that somebody switched off stays so. */
static int add_day(struct postern_device *device, const struct postern_special_day *given)
{
	struct postern_special_day_group head = POSTERN_SPECIAL_DAY_GROUP_INIT;
	struct postern_special_day day = *given;
	struct postern_special_days *days = NULL;
	int error = postern_special_days_find(device, &days);

	if (error != POSTERN_OK)
		return report(device, error);
	const struct postern_special_day_group *group = group_find(days, day.group);
	bool is_new = group == NULL;

	day.place = free_place(group);
	postern_special_days_free(days);
	if (day.place >= PLACES_MAX) {
		fprintf(stderr, "postern: group %d has %d days and takes no more; use another\n",
			day.group, PLACES_MAX);
		return EXIT_REFUSED;
	}
	error = postern_special_day_set(device, &day);
	head.no = day.group;
	head.enabled = 1;
	if (error == POSTERN_OK && is_new)
		error = postern_special_day_group_set(device, &head);
	return report(device, error);
}

static int holiday_add(struct postern_device *device, const struct arguments *arguments)
{
	struct postern_special_day day = POSTERN_SPECIAL_DAY_INIT;

	if (!number_of("GROUP", arguments->positional[0], &day.group))
		return EXIT_USAGE;
	day.from = arguments->positional[1];
	day.to = option_value(arguments, "until");
	day.name = option_value(arguments, "name");
	day.yearly = option_value(arguments, "yearly") != NULL;
	return add_day(device, &day);
}

static bool day_is_meant(const struct postern_special_day *day, const char *word)
{
	return strcmp(day->from, word) == 0 || (word[0] != 0 && strcmp(day->name, word) == 0);
}

/* Takes each day away that begins on this date or has this name. */
static int remove_days(struct postern_device *device, int no, const char *word)
{
	struct postern_special_days *days = NULL;
	int error = postern_special_days_find(device, &days);
	size_t removed = 0;

	if (error != POSTERN_OK)
		return report(device, error);
	const struct postern_special_day_group *group = group_find(days, no);

	for (size_t i = 0; group != NULL && i < group->day_count && error == POSTERN_OK; i++) {
		struct postern_special_day day = group->days[i];

		if (!day_is_meant(&day, word))
			continue;
		day.from = NULL;
		error = postern_special_day_set(device, &day);
		removed++;
	}
	postern_special_days_free(days);
	if (error != POSTERN_OK || removed > 0)
		return report(device, error);
	fprintf(stderr,
		"postern: group %d has no day that begins on or is named `%s`; `postern holiday "
		"list` shows them\n",
		no, word);
	return EXIT_REFUSED;
}

static int remove_group(struct postern_device *device, int no)
{
	struct postern_special_days *days = NULL;
	int error = postern_special_days_find(device, &days);

	if (error != POSTERN_OK)
		return report(device, error);
	bool there = group_find(days, no) != NULL;

	postern_special_days_free(days);
	if (there)
		return report(device, postern_special_day_group_remove(device, no));
	fprintf(stderr, "postern: there is no group %d; `postern holiday list` shows them\n", no);
	return EXIT_REFUSED;
}

static int holiday_remove(struct postern_device *device, const struct arguments *arguments)
{
	int group;

	if (!number_of("GROUP", arguments->positional[0], &group))
		return EXIT_USAGE;
	if (arguments->positional_count == 1)
		return remove_group(device, group);
	return remove_days(device, group, arguments->positional[1]);
}

static int parse_enabled(const char *text, int *ret)
{
	*ret = text == NULL ? POSTERN_NOT_GIVEN : strcmp(text, "yes") == 0;
	if (text != NULL && *ret == 0 && strcmp(text, "no") != 0)
		return usage_error("--enabled: `%s` is not yes or no", text);
	return EXIT_DONE;
}

static int holiday_group(struct postern_device *device, const struct arguments *arguments)
{
	struct postern_special_day_group group = POSTERN_SPECIAL_DAY_GROUP_INIT;

	group.name = option_value(arguments, "name");
	if (!number_of("GROUP", arguments->positional[0], &group.no) ||
		parse_enabled(option_value(arguments, "enabled"), &group.enabled) != EXIT_DONE)
		return EXIT_USAGE;
	if (group.name == NULL && group.enabled == POSTERN_NOT_GIVEN)
		return usage_error("nothing to set; --name TEXT or --enabled yes|no");
	return report(device, postern_special_day_group_set(device, &group));
}

/* --- times --- */

static int holiday_times(struct postern_device *device, const struct arguments *arguments)
{
	struct postern_special_schedule special = POSTERN_SPECIAL_SCHEDULE_INIT;
	int schedules[NUMBER_MAX + 1];

	if (!number_of("NO", arguments->positional[0], &special.no) ||
		!number_of("GROUP", arguments->positional[1], &special.group) ||
		!parse_numbers("SCHEDULES", arguments->positional[2], 0, NUMBER_MAX, schedules,
			ARRAY_COUNT(schedules), &special.schedule_count) ||
		parse_enabled(option_value(arguments, "enabled"), &special.enabled) != EXIT_DONE)
		return EXIT_USAGE;
	if (special.enabled == POSTERN_NOT_GIVEN)
		special.enabled = 1;
	special.schedules = schedules;
	special.times = arguments->positional[3];
	special.name = option_value(arguments, "name");
	return report(device, postern_special_schedule_set(device, &special));
}

static int holiday_forget(struct postern_device *device, const struct arguments *arguments)
{
	int no;

	if (!number_of("NO", arguments->positional[0], &no))
		return EXIT_USAGE;
	struct postern_special_days *days = NULL;
	int error = postern_special_days_find(device, &days);

	if (error != POSTERN_OK)
		return report(device, error);
	bool there = false;

	for (size_t i = 0; i < days->schedule_count; i++)
		there = there || days->schedules[i].no == no;
	postern_special_days_free(days);
	if (there)
		return report(device, postern_special_schedule_remove(device, no));
	fprintf(stderr,
		"postern: there is no special schedule %d; `postern holiday list` shows them\n",
		no);
	return EXIT_REFUSED;
}

const struct command holiday_commands[] = {
	{"holiday", "list", 0, 0, "json", "",
		"Shows every group of special days, and the times that hold on them.", true,
		holiday_list},
	{"holiday", "add", 2, 2, "until= name= yearly json",
		"GROUP DATE [--until DATE] [--name TEXT] [--yearly]",
		"Adds a day, or all days until one, to a group: 2026-12-24.", true, holiday_add},
	{"holiday", "remove", 1, 2, "json", "GROUP [DATE | NAME]",
		"Takes the days with this first date or name out of a group; without it, the\n"
		"group.",
		true, holiday_remove},
	{"holiday", "group", 1, 1, "name= enabled= json", "GROUP [--name TEXT] [--enabled yes|no]",
		"Names a group, or switches it off and on.", true, holiday_group},
	{"holiday", "times", 4, 4, "name= enabled= json",
		"NO GROUP SCHEDULES TIMES [--name TEXT] [--enabled yes|no]",
		"Sets special schedule NO: what holds on days of GROUP in weekly schedules 1,2:\n"
		"08:00-12:00, or `\"\"` for closed. Where several hold, their times add up.",
		true, holiday_times},
	{"holiday", "forget", 1, 1, "json", "NO",
		"Takes special schedule NO away: the weekdays hold again.", true, holiday_forget},
	{0},
};
