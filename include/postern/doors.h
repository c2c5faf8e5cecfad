/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doors and their weekly schedules: the part of libpostern's header that postern/postern.h
 * includes.
 */
#ifndef POSTERN_DOORS_H
#define POSTERN_DOORS_H

#ifndef POSTERN_POSTERN_H
#error "include <postern/postern.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* --- doors --- */

/*
 * accessControl openDoor and closeDoor. channel counts from 1. user_id and type may be NULL (type
 * is "Remote" then). After POSTERN_E_TIMEOUT or _DEVICE the door may have moved: read status or
 * events.
 */
POSTERN_API int postern_door_open(
	struct postern_device *device, int channel, const char *user_id, const char *type);
POSTERN_API int postern_door_close(
	struct postern_device *device, int channel, const char *user_id, const char *type);
POSTERN_API int postern_door_open_start(struct postern_device *device, int channel,
	const char *user_id, const char *type, postern_done_fn *done, void *user,
	struct postern_call **call);
POSTERN_API int postern_door_close_start(struct postern_device *device, int channel,
	const char *user_id, const char *type, postern_done_fn *done, void *user,
	struct postern_call **call);

enum postern_door_status {
	POSTERN_DOOR_UNKNOWN = 0,
	POSTERN_DOOR_OPEN = 1,
	POSTERN_DOOR_CLOSED = 2,
	POSTERN_DOOR_BREAK = 3 /* forced open */
};
POSTERN_API int postern_door_status(
	struct postern_device *device, int channel, enum postern_door_status *status);
typedef void postern_door_status_fn(
	void *user, struct postern_call *call, int error, enum postern_door_status status);
POSTERN_API int postern_door_status_start(struct postern_device *device, int channel,
	postern_door_status_fn *done, void *user, struct postern_call **call);

/* --- schedules (configManager AccessTimeSchedule) --- */

/*
 * One weekday of a schedule. day: 0 Sunday to 6; intervals: "08:00-12:00,13:00-17:30", "" for none.
 * POSTERN_E_ARGUMENT when the text is no list of times.
 */
POSTERN_API int postern_schedule_set_day(
	struct postern_device *device, int schedule, int day, const char *intervals);
POSTERN_API int postern_schedule_set_day_start(struct postern_device *device, int schedule, int day,
	const char *intervals, postern_done_fn *done, void *user, struct postern_call **call);

#ifdef __cplusplus
}
#endif

#endif
