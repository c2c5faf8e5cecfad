// SPDX-License-Identifier: Apache-2.0
/*
 * Special days: a row for each group and one for each of its days, by place; a row for each special
 * schedule, one for each interval, and one for each weekly schedule in whose place it holds. Dates
 * are numbers, 20261224 for 2026-12-24.
 */
#include "internal.h"

#include "base/assert.h"

#include <errno.h>

#define DATE_MAX UINT32_C(20991231)

/* --- groups --- */

static uint64_t date_number(const struct special_date *date)
{
	return date->year * UINT64_C(10000) + date->month * 100u + date->day;
}

static struct special_date date_get(struct sql_call *call)
{
	uint32_t number = call_get_u32(call, DATE_MAX);

	return (struct special_date){.year = (uint16_t)(number / 10000),
		.month = (uint8_t)(number / 100 % 100),
		.day = (uint8_t)(number % 100)};
}

static int put_day(struct store *store, uint8_t no, uint32_t place, const struct special_day *day)
{
	struct sql_call call = call_begin(&store->connection, SQL_SPECIAL_DAY_PUT);

	call_put_u64(&call, no);
	call_put_u64(&call, place);
	call_put_text(&call, text_span(&day->name));
	call_put_u64(&call, date_number(&day->from));
	call_put_u64(&call, date_number(&day->to));
	call_put_u64(&call, day->yearly);
	return call_do(&call);
}

/* One that is not defined is taken away. */
int store_special_group_put(struct store *store, const struct special_day_group *group)
{
	ASSERT(store->in_transaction);
	if (!special_day_group_valid(group))
		return -EINVAL;
	int error = call_do_number(&store->connection, SQL_SPECIAL_DAYS_DELETE, group->no);

	if (error == 0)
		error = call_do_number(&store->connection, SQL_SPECIAL_GROUP_DELETE, group->no);
	if (error != 0 || !group->defined)
		return error;
	struct sql_call call = call_begin(&store->connection, SQL_SPECIAL_GROUP_PUT);

	call_put_u64(&call, group->no);
	call_put_u64(&call, group->enabled);
	call_put_text(&call, text_span(&group->name));
	error = call_do(&call);
	for (uint32_t i = 0; i < SPECIAL_DAYS_MAX && error == 0; i++) {
		if (group->day[i].from.year != 0)
			error = put_day(store, group->no, i, &group->day[i]);
	}
	return error;
}

static void load_group(struct sql_call *call, struct special_day_group *ret)
{
	*ret = (struct special_day_group){
		.no = (uint8_t)call_get_u32(call, SPECIAL_DAY_GROUPS_MAX - 1), .defined = true};
	ret->enabled = call_get_bool(call);
	call_get_text(call, &ret->name);
}

static int load_days(struct connection *connection, struct special_day_group *group)
{
	struct sql_call call = call_begin(connection, SQL_SPECIAL_DAYS_GET);

	call_put_u64(&call, group->no);
	while (call_next(&call)) {
		struct special_day *day = &group->day[call_get_u32(&call, SPECIAL_DAYS_MAX - 1)];

		call_get_text(&call, &day->name);
		day->from = date_get(&call);
		day->to = date_get(&call);
		day->yearly = call_get_bool(&call);
	}
	int error = call_end(&call);

	return error != 0 ? error : special_day_group_valid(group) ? 0 : STORE_CORRUPT;
}

int special_group_get(struct connection *connection, uint8_t no, struct special_day_group *ret)
{
	struct sql_call call = call_begin(connection, SQL_SPECIAL_GROUP_GET);

	*ret = (struct special_day_group){.no = no};
	call_put_u64(&call, no);
	bool found = call_next(&call);

	if (found)
		load_group(&call, ret);
	int error = call_end(&call);

	return error != 0 || !found ? error : load_days(connection, ret);
}

int store_special_groups(
	struct store *store, int (*put)(void *user, const struct special_day_group *), void *user)
{
	struct sql_call call = call_begin(&store->connection, SQL_SPECIAL_GROUPS_ALL);
	int error = 0;

	while (error == 0 && call_next(&call)) {
		struct special_day_group group;

		load_group(&call, &group);
		error = call.error != 0 ? call.error : load_days(&store->connection, &group);
		if (error == 0)
			error = put(user, &group);
	}
	int end = call_end(&call);

	return error != 0 ? error : end;
}

/* --- special schedules --- */

static int put_parts(struct store *store, const struct special_schedule *special)
{
	int error = 0;

	for (uint32_t i = 0; i < special->day.count && error == 0; i++) {
		struct sql_call call = call_begin(&store->connection, SQL_SPECIAL_INTERVAL_PUT);

		call_put_u64(&call, special->no);
		call_put_u64(&call, special->day.interval[i].from_minute);
		call_put_u64(&call, special->day.interval[i].to_minute);
		error = call_do(&call);
	}
	for (uint8_t i = 0; i < SCHEDULES_MAX && error == 0; i++) {
		if (!special_schedule_covers(special, i))
			continue;
		struct sql_call call = call_begin(&store->connection, SQL_SPECIAL_COVER_PUT);

		call_put_u64(&call, special->no);
		call_put_u64(&call, i);
		error = call_do(&call);
	}
	return error;
}

/* One that is not defined is taken away. */
int store_special_schedule_put(struct store *store, const struct special_schedule *special)
{
	ASSERT(store->in_transaction);
	if (!special_schedule_valid(special))
		return -EINVAL;
	int error = call_do_number(&store->connection, SQL_SPECIAL_INTERVALS_DELETE, special->no);

	if (error == 0)
		error = call_do_number(&store->connection, SQL_SPECIAL_COVERS_DELETE, special->no);
	if (error == 0)
		error = call_do_number(
			&store->connection, SQL_SPECIAL_SCHEDULE_DELETE, special->no);
	if (error != 0 || !special->defined)
		return error;
	struct sql_call call = call_begin(&store->connection, SQL_SPECIAL_SCHEDULE_PUT);

	call_put_u64(&call, special->no);
	call_put_u64(&call, special->enabled);
	call_put_text(&call, text_span(&special->name));
	call_put_u64(&call, special->group);
	error = call_do(&call);
	return error != 0 ? error : put_parts(store, special);
}

static void load_special(struct sql_call *call, struct special_schedule *ret)
{
	*ret = (struct special_schedule){
		.no = (uint8_t)call_get_u32(call, SPECIAL_SCHEDULES_MAX - 1), .defined = true};
	ret->enabled = call_get_bool(call);
	call_get_text(call, &ret->name);
	ret->group = (uint8_t)call_get_u32(call, SPECIAL_DAY_GROUPS_MAX - 1);
}

static int load_parts(struct connection *connection, struct special_schedule *special)
{
	struct sql_call call = call_begin(connection, SQL_SPECIAL_INTERVALS_GET);

	call_put_u64(&call, special->no);
	while (call_next(&call))
		interval_load(&call, &special->day);
	int error = call_end(&call);

	if (error != 0)
		return error;
	call = call_begin(connection, SQL_SPECIAL_COVERS_GET);
	call_put_u64(&call, special->no);
	while (call_next(&call))
		special_schedule_cover(
			special, (uint8_t)call_get_u32(&call, SCHEDULES_MAX - 1), true);
	error = call_end(&call);
	return error != 0 ? error : special_schedule_valid(special) ? 0 : STORE_CORRUPT;
}

int special_schedule_get(struct connection *connection, uint8_t no, struct special_schedule *ret)
{
	struct sql_call call = call_begin(connection, SQL_SPECIAL_SCHEDULE_GET);

	*ret = (struct special_schedule){.no = no};
	call_put_u64(&call, no);
	bool found = call_next(&call);

	if (found)
		load_special(&call, ret);
	int error = call_end(&call);

	return error != 0 || !found ? error : load_parts(connection, ret);
}

int store_special_schedules(
	struct store *store, int (*put)(void *user, const struct special_schedule *), void *user)
{
	struct sql_call call = call_begin(&store->connection, SQL_SPECIAL_SCHEDULES_ALL);
	int error = 0;

	while (error == 0 && call_next(&call)) {
		struct special_schedule special;

		load_special(&call, &special);
		error = call.error != 0 ? call.error : load_parts(&store->connection, &special);
		if (error == 0)
			error = put(user, &special);
	}
	int end = call_end(&call);

	return error != 0 ? error : end;
}
