// SPDX-License-Identifier: Apache-2.0
/*
 * postern status: how the controller does, for people and for monitoring. Exit status 0 says that
 * no alarm stands and that the bounds of the command line hold; 1 that something is wrong.
 */
#include "base/number.h"
#include "cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define S_PER_DAY 86400
#define CENTURY_DAYS 36500 /* more is not told apart */
#define MS_PER_S 1000

/* What the command line asks beside the controller's own alarms. */
struct bounds {
	int64_t offset_ms; /* of the clock; -1: none */
	int64_t backup_age_s; /* -1: none */
};

struct look {
	const struct postern_controller_status *status;
	struct bounds bounds;
	int64_t now_s;
	bool offset_bad;
	bool backup_bad;
};

static int64_t backup_age_s(const struct look *look)
{
	int64_t age_s = look->now_s - look->status->backup_utc_s;

	if (look->status->backup_utc_s < 0)
		return POSTERN_NOT_GIVEN;
	return age_s < 0 ? 0 : age_s;
}

static bool bounds_parse(const struct arguments *arguments, struct bounds *ret)
{
	const char *offset = option_value(arguments, "max-offset");
	const char *age = option_value(arguments, "max-backup-age");

	*ret = (struct bounds){-1, -1};
	return (offset == NULL ||
		       parse_number("--max-offset", offset, 0, INT32_MAX, &ret->offset_ms)) &&
	       (age == NULL ||
		       parse_number("--max-backup-age", age, 0, INT32_MAX, &ret->backup_age_s));
}

/* The clock is judged with what the measurement itself may be off. */
static void bounds_judge(struct look *look)
{
	int64_t off_ms = llabs(look->status->clock_offset_ms) - look->status->clock_within_ms;
	int64_t age_s = backup_age_s(look);

	look->offset_bad = look->bounds.offset_ms >= 0 && off_ms > look->bounds.offset_ms;
	look->backup_bad =
		look->bounds.backup_age_s >= 0 && (age_s < 0 || age_s > look->bounds.backup_age_s);
}

/* --- for people --- */

static void print_age(const char *what, int64_t seconds)
{
	if (seconds < 2 * S_PER_DAY)
		printf("%s%" PRId64 " h %02" PRId64 " min", what, seconds / 3600,
			seconds / 60 % 60);
	else
		printf("%s%" PRId64 " days", what, seconds / S_PER_DAY);
}

static void print_head(const struct look *look)
{
	const struct postern_controller_status *s = look->status;

	printf("clock        %s, %+" PRId64 " ms to this machine (within %" PRId64 " ms)\n",
		s->clock_trusted == 1 ? "trusted" : "NOT trusted", s->clock_offset_ms,
		s->clock_within_ms);
	print_age("up           ", s->uptime_s);
	printf("\nstore        %s, %" PRId64 " entries wait\n",
		s->store_failed == 0 ? "good" : "FAILED", s->store_waiting);
	printf("disk sync    p50 %.1f ms, p99 %.1f ms, %" PRId64 " of them; %" PRId64
	       " records were late\n",
		(double)s->sync_p50_us / MS_PER_S, (double)s->sync_p99_us / MS_PER_S, s->sync_count,
		s->sync_late);
	printf("records      %" PRId64 " kept of at most %" PRId64 " (%" PRId64 " %%)",
		s->records_kept, s->records_max,
		s->records_max > 0 ? s->records_kept * 100 / s->records_max : 0);
	if (s->records_kept > 0)
		printf(", RecNo %" PRId64 " to %" PRId64, s->records_first, s->records_last);
	if (s->records_days_left > 0 && s->records_days_left < CENTURY_DAYS)
		printf("; %" PRId64 " days until the oldest is overwritten", s->records_days_left);
	else if (s->records_days_left == 0)
		printf("; the oldest is overwritten within a day");
	printf("\npersons      %" PRId64 " of at most %" PRId64 "\n", s->persons, s->persons_max);
	if (s->backup_utc_s < 0) {
		puts("backup       never");
	} else {
		print_age("backup       ", backup_age_s(look));
		printf(" ago, up to RecNo %" PRId64 "\n", s->backup_rec_no);
	}
	if (s->certificate_not_after_s >= 0)
		printf("certificate  %" PRId64 " days left\n",
			(s->certificate_not_after_s - look->now_s) / S_PER_DAY);
}

static void print_rows(const struct postern_controller_status *s)
{
	for (size_t i = 0; i < s->role_count; i++)
		printf("role         %s: %" PRIu64 " restarts\n", s->roles[i].name,
			s->roles[i].restarts);
	for (size_t i = 0; i < s->door_count; i++) {
		const struct postern_status_door *door = &s->doors[i];

		printf("door         %d %s: %s%s%s%s%s%s\n", door->channel, door->id,
			door->unlocked == 1 ? "unlocked" : "locked",
			door->open == 1	  ? ", open"
			: door->open == 0 ? ", shut"
					  : "",
			door->forced == 1 ? ", FORCED" : "",
			door->held_open == 1 ? ", HELD OPEN" : "",
			door->tamper == 1 ? ", TAMPER" : "",
			door->low_assurance == 1 ? ", low assurance" : "");
	}
	for (size_t i = 0; i < s->reader_count; i++) {
		const struct postern_status_reader *reader = &s->readers[i];

		printf("reader       %d at %s: %s%s%" PRIu64 " frames, %" PRIu64 " faults%s%s\n",
			reader->number, reader->door,
			reader->online == 1   ? "online, "
			: reader->online == 0 ? "OFFLINE, "
					      : "",
			reader->secure == 1			     ? "secure, "
			: reader->online == 1 && reader->secure == 0 ? "in clear, "
								     : "",
			reader->frames, reader->faults, reader->held[0] == 1 ? ", DATA0 HELD" : "",
			reader->held[1] == 1 ? ", DATA1 HELD" : "");
	}
}

static void print_alarms(const struct look *look)
{
	for (size_t i = 0; i < look->status->alarm_count; i++)
		printf("ALARM        %s: %s\n", look->status->alarms[i].name,
			look->status->alarms[i].text);
	if (look->offset_bad)
		printf("ALARM        ClockOff: the clocks differ by more than --max-offset\n");
	if (look->backup_bad)
		printf("ALARM        BackupOld: there is no backup as young as --max-backup-age\n");
}

/* --- for programs --- */

static void add_number(json_object *object, const char *key, int64_t value)
{
	json_object_object_add(
		object, key, value == POSTERN_NOT_GIVEN ? NULL : json_object_new_int64(value));
}

static void add_flag(json_object *object, const char *key, int value)
{
	json_object_object_add(
		object, key, value == POSTERN_NOT_GIVEN ? NULL : json_object_new_boolean(value));
}

static void add_text(json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
}

static json_object *json_roles(const struct postern_controller_status *s)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < s->role_count; i++) {
		json_object *row = json_object_new_object();

		add_text(row, "name", s->roles[i].name);
		add_number(row, "restarts", (int64_t)s->roles[i].restarts);
		add_number(row, "latest_ago_s", s->roles[i].latest_ago_s);
		json_object_array_add(list, row);
	}
	return list;
}

static json_object *json_doors(const struct postern_controller_status *s)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < s->door_count; i++) {
		json_object *row = json_object_new_object();

		add_number(row, "channel", s->doors[i].channel);
		add_text(row, "id", s->doors[i].id);
		add_flag(row, "unlocked", s->doors[i].unlocked);
		add_flag(row, "open", s->doors[i].open);
		add_flag(row, "forced", s->doors[i].forced);
		add_flag(row, "held_open", s->doors[i].held_open);
		add_flag(row, "tamper", s->doors[i].tamper);
		add_flag(row, "low_assurance", s->doors[i].low_assurance);
		json_object_array_add(list, row);
	}
	return list;
}

static json_object *json_readers(const struct postern_controller_status *s)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < s->reader_count; i++) {
		json_object *row = json_object_new_object();

		add_number(row, "number", s->readers[i].number);
		add_text(row, "door", s->readers[i].door);
		add_number(row, "frames", (int64_t)s->readers[i].frames);
		add_number(row, "faults", (int64_t)s->readers[i].faults);
		add_flag(row, "data0_held", s->readers[i].held[0]);
		add_flag(row, "data1_held", s->readers[i].held[1]);
		add_flag(row, "low_assurance", s->readers[i].low_assurance);
		add_flag(row, "online", s->readers[i].online);
		add_flag(row, "secure", s->readers[i].secure);
		json_object_array_add(list, row);
	}
	return list;
}

static void json_alarm(json_object *list, const char *name, const char *text)
{
	json_object *row = json_object_new_object();

	add_text(row, "name", name);
	add_text(row, "text", text);
	json_object_array_add(list, row);
}

static json_object *json_alarms(const struct look *look)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < look->status->alarm_count; i++)
		json_alarm(list, look->status->alarms[i].name, look->status->alarms[i].text);
	if (look->offset_bad)
		json_alarm(list, "ClockOff", "the clocks differ by more than --max-offset");
	if (look->backup_bad)
		json_alarm(list, "BackupOld", "there is no backup as young as --max-backup-age");
	return list;
}

static void print_status_json(const struct look *look, bool good)
{
	const struct postern_controller_status *s = look->status;
	json_object *object = json_object_new_object();

	add_flag(object, "good", good);
	add_flag(object, "clock_trusted", s->clock_trusted);
	add_number(object, "clock_utc_ms", s->clock_utc_ms);
	/* Minus one is a time here. */
	json_object_object_add(
		object, "clock_offset_ms", json_object_new_int64(s->clock_offset_ms));
	add_number(object, "clock_within_ms", s->clock_within_ms);
	add_number(object, "uptime_s", s->uptime_s);
	add_flag(object, "store_failed", s->store_failed);
	add_number(object, "store_waiting", s->store_waiting);
	add_number(object, "sync_count", s->sync_count);
	add_number(object, "sync_p50_us", s->sync_p50_us);
	add_number(object, "sync_p99_us", s->sync_p99_us);
	add_number(object, "sync_late", s->sync_late);
	add_number(object, "records_first", s->records_first);
	add_number(object, "records_last", s->records_last);
	add_number(object, "records_kept", s->records_kept);
	add_number(object, "records_max", s->records_max);
	add_number(object, "records_days_left", s->records_days_left);
	add_number(object, "persons", s->persons);
	add_number(object, "persons_max", s->persons_max);
	add_number(object, "backup_age_s", backup_age_s(look));
	add_number(object, "backup_rec_no", s->backup_rec_no);
	add_number(object, "certificate_not_after_s", s->certificate_not_after_s);
	json_object_object_add(object, "roles", json_roles(s));
	json_object_object_add(object, "doors", json_doors(s));
	json_object_object_add(object, "readers", json_readers(s));
	json_object_object_add(object, "alarms", json_alarms(look));
	print_json(object);
}

static int status_show(struct postern_device *device, const struct arguments *arguments)
{
	struct postern_controller_status *status;
	struct look look = {.now_s = (int64_t)time(NULL)};

	if (!bounds_parse(arguments, &look.bounds))
		return EXIT_USAGE;
	int error = postern_controller_status(device, &status);

	if (error != POSTERN_OK)
		return report(device, error);
	look.status = status;
	bounds_judge(&look);
	bool good = status->good == 1 && !look.offset_bad && !look.backup_bad;

	if (output_is_json()) {
		print_status_json(&look, good);
	} else {
		print_head(&look);
		print_rows(status);
		print_alarms(&look);
		puts(good ? "good" : "NOT good");
	}
	(void)postern_controller_status_free(status);
	return good ? EXIT_DONE : EXIT_REFUSED;
}

const struct command status_commands[] = {
	{"status", "", 0, 0, "max-offset= max-backup-age= json",
		"[--max-offset MS] [--max-backup-age S]",
		"Shows how a postern controller does: clock, disk, records, backup, roles, doors, "
		"readers, alarms. Exit status 1 when an alarm stands, the clock is further from "
		"this "
		"machine's than --max-offset, or the latest backup is older than --max-backup-age.",
		true, status_show},
	{0},
};
