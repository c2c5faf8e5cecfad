// SPDX-License-Identifier: Apache-2.0
/* Weekly schedules: a row each, and a row for each interval of each weekday. */
#include "internal.h"

#include "base/assert.h"

#include <errno.h>

static int delete_schedule(struct store *store, uint8_t no)
{
	int error = call_do_number(&store->connection, SQL_INTERVALS_DELETE, no);

	return error != 0 ? error : call_do_number(&store->connection, SQL_SCHEDULE_DELETE, no);
}

static int put_interval(
	struct store *store, uint8_t no, uint32_t weekday, const struct schedule_interval *interval)
{
	struct sql_call call = call_begin(&store->connection, SQL_INTERVAL_PUT);

	call_put_u64(&call, no);
	call_put_u64(&call, weekday);
	call_put_u64(&call, interval->from_minute);
	call_put_u64(&call, interval->to_minute);
	return call_do(&call);
}

/* One that is not defined is taken away. */
int store_schedule_put(struct store *store, const struct schedule *schedule)
{
	ASSERT(store->in_transaction);
	if (!schedule_valid(schedule))
		return -EINVAL;
	int error = delete_schedule(store, schedule->no);

	if (error != 0 || !schedule->defined)
		return error;
	struct sql_call call = call_begin(&store->connection, SQL_SCHEDULE_PUT);

	call_put_u64(&call, schedule->no);
	call_put_u64(&call, schedule->enabled);
	call_put_text(&call, text_span(&schedule->name));
	error = call_do(&call);
	for (uint32_t d = 0; d < ARRAY_COUNT(schedule->day); d++) {
		for (uint32_t i = 0; i < schedule->day[d].count && error == 0; i++)
			error = put_interval(store, schedule->no, d, &schedule->day[d].interval[i]);
	}
	return error;
}

static void load_row(struct sql_call *call, struct schedule *ret)
{
	*ret = (struct schedule){
		.no = (uint8_t)call_get_u32(call, SCHEDULES_MAX - 1), .defined = true};
	ret->enabled = call_get_bool(call);
	call_get_text(call, &ret->name);
}

void interval_load(struct sql_call *call, struct schedule_day *day)
{
	uint32_t from = call_get_u32(call, UINT16_MAX);
	uint32_t to = call_get_u32(call, UINT16_MAX);

	if (day->count == SCHEDULE_INTERVALS_MAX)
		call->error = STORE_CORRUPT;
	else
		day->interval[day->count++] = (struct schedule_interval){
			.from_minute = (uint16_t)from, .to_minute = (uint16_t)to};
}

static int load_intervals(struct connection *connection, struct schedule *schedule)
{
	struct sql_call call = call_begin(connection, SQL_INTERVALS_GET);

	call_put_u64(&call, schedule->no);
	while (call_next(&call))
		interval_load(&call, &schedule->day[call_get_u32(&call, 6)]);
	int error = call_end(&call);

	return error != 0 ? error : schedule_valid(schedule) ? 0 : STORE_CORRUPT;
}

int schedule_get(struct connection *connection, uint8_t no, struct schedule *ret)
{
	struct sql_call call = call_begin(connection, SQL_SCHEDULE_GET);

	call_put_u64(&call, no);
	bool found = call_next(&call);

	if (found)
		load_row(&call, ret);
	int error = call_end(&call);

	if (error != 0)
		return error;
	if (found)
		return load_intervals(connection, ret);
	*ret = (struct schedule){.no = no};
	return 0;
}

int store_schedules(
	struct store *store, int (*put)(void *user, const struct schedule *), void *user)
{
	struct sql_call call = call_begin(&store->connection, SQL_SCHEDULES_ALL);
	int error = 0;

	while (error == 0 && call_next(&call)) {
		struct schedule schedule;

		load_row(&call, &schedule);
		error = call.error != 0 ? call.error
					: load_intervals(&store->connection, &schedule);
		if (error == 0)
			error = put(user, &schedule);
	}
	int end = call_end(&call);

	return error != 0 ? error : end;
}
