/* SPDX-License-Identifier: Apache-2.0 */
/* Special days: the part of libpostern's header that postern/postern.h includes. */
#ifndef POSTERN_SPECIAL_DAYS_H
#define POSTERN_SPECIAL_DAYS_H

#ifndef POSTERN_POSTERN_H
#error "include <postern/postern.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* --- special days (configManager SpecialDayGroup and SpecialDaysSchedule) ---
 * A group holds days: holidays, closing days. A special schedule says which times hold on the days
 * of a group, in place of the weekday's, in weekly schedules. Where several hold on one day, their
 * times add up; a day for which none says a time is closed.
 */

struct postern_special_day {
	size_t size;
	int group; /* 0 to 127 */
	int place; /* in the group: 0 to 63 */
	const char *name; /* at most 64 bytes */
	const char *from; /* the first day, "2026-12-24", device local time; a time of day that
			     other devices have is left out */
	const char *to; /* the last day, included; NULL in a call: only the first */
	int yearly; /* postern's own: 1: each year, the years do not count; may go over the new
		       year, less than a year long */
};
#define POSTERN_SPECIAL_DAY_INIT                                                                   \
	{                                                                                          \
		sizeof(struct postern_special_day), 0, 0, NULL, NULL, NULL, 0                      \
	}

struct postern_special_day_group {
	size_t size;
	int no; /* 0 to 127 */
	const char *name; /* at most 32 characters; NULL in a call: unchanged */
	int enabled; /* 0, 1, or in a call POSTERN_NOT_GIVEN */
	size_t day_count; /* not looked at in a call */
	const struct postern_special_day *days; /* by place */
};
#define POSTERN_SPECIAL_DAY_GROUP_INIT                                                             \
	{                                                                                          \
		sizeof(struct postern_special_day_group), 0, NULL, POSTERN_NOT_GIVEN, 0, NULL      \
	}

struct postern_special_schedule {
	size_t size;
	int no; /* 0 to 127 */
	const char *name; /* at most 32 characters; NULL in a call: unchanged */
	int enabled; /* 0, 1, or in a call POSTERN_NOT_GIVEN */
	int group; /* 0 to 127, or in a call POSTERN_NOT_GIVEN */
	const char *times; /* "08:00-12:00,13:00-17:30", "" closed; at most 12 parts, other devices
			      take 4 to 6; NULL in a call: unchanged */
	size_t schedule_count;
	const int *schedules; /* postern's own: of these weekly schedules, 0 to 127; NULL in a
				 call: unchanged; not NULL with schedule_count 0: of none */
};
#define POSTERN_SPECIAL_SCHEDULE_INIT                                                              \
	{                                                                                          \
		sizeof(struct postern_special_schedule), 0, NULL, POSTERN_NOT_GIVEN,               \
			POSTERN_NOT_GIVEN, NULL, 0, NULL                                           \
	}

/* Everything there is, in order. */
struct postern_special_days {
	size_t size;
	size_t group_count;
	const struct postern_special_day_group *groups;
	size_t schedule_count;
	const struct postern_special_schedule *schedules;
};

/* Reads both tables. */
POSTERN_API int postern_special_days_find(
	struct postern_device *device, struct postern_special_days **days);
/* days: NULL with an error; else the callback's to free. */
typedef void postern_special_days_fn(
	void *user, struct postern_call *call, int error, struct postern_special_days *days);
POSTERN_API int postern_special_days_find_start(struct postern_device *device,
	postern_special_days_fn *done, void *user, struct postern_call **call);
POSTERN_API struct postern_special_days *postern_special_days_free(
	struct postern_special_days *days);

/* Name and enabled of a group. Its days count once it is enabled. */
POSTERN_API int postern_special_day_group_set(
	struct postern_device *device, const struct postern_special_day_group *group);
POSTERN_API int postern_special_day_group_set_start(struct postern_device *device,
	const struct postern_special_day_group *group, postern_done_fn *done, void *user,
	struct postern_call **call);

/* One day of a group, whole; from NULL takes it away. POSTERN_E_ARGUMENT for no date. */
POSTERN_API int postern_special_day_set(
	struct postern_device *device, const struct postern_special_day *day);
POSTERN_API int postern_special_day_set_start(struct postern_device *device,
	const struct postern_special_day *day, postern_done_fn *done, void *user,
	struct postern_call **call);

/* A group with all its days. That it is not there is no error. */
POSTERN_API int postern_special_day_group_remove(struct postern_device *device, int group);
POSTERN_API int postern_special_day_group_remove_start(struct postern_device *device, int group,
	postern_done_fn *done, void *user, struct postern_call **call);

/* What is given of a special schedule. Reads it first: what must go depends on what is there. */
POSTERN_API int postern_special_schedule_set(
	struct postern_device *device, const struct postern_special_schedule *special);
POSTERN_API int postern_special_schedule_set_start(struct postern_device *device,
	const struct postern_special_schedule *special, postern_done_fn *done, void *user,
	struct postern_call **call);

/* That it is not there is no error. */
POSTERN_API int postern_special_schedule_remove(struct postern_device *device, int no);
POSTERN_API int postern_special_schedule_remove_start(struct postern_device *device, int no,
	postern_done_fn *done, void *user, struct postern_call **call);

#ifdef __cplusplus
}
#endif

#endif
