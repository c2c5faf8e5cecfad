/* SPDX-License-Identifier: Apache-2.0 */
/* How a controller does: the part of libpostern's header that postern/postern.h includes. */
#ifndef POSTERN_STATUS_H
#define POSTERN_STATUS_H

#ifndef POSTERN_POSTERN_H
#error "include <postern/postern.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* --- how a controller does (postern's own; accounts of role viewer and above) --- */

struct postern_status_role {
	const char *name; /* "core", "gate" */
	uint64_t restarts; /* that nobody asked for, since the controller's start */
	int64_t latest_ago_s; /* POSTERN_NOT_GIVEN: it never ended */
};

struct postern_status_door {
	int channel; /* index + 1 */
	const char *id;
	int unlocked; /* 0 or 1, as the next ones */
	int open; /* POSTERN_NOT_GIVEN without a contact */
	int forced; /* alarms that stand */
	int held_open;
	int tamper;
	int low_assurance; /* cards can be copied from the wires of one of its readers */
};

struct postern_status_reader {
	int number;
	const char *door; /* id */
	uint64_t frames; /* good ones, since core's start */
	uint64_t faults; /* of all kinds; postern_reader_frames tells them apart */
	int held[2]; /* DATA0, DATA1: 1 when the line stands low in silence */
	int low_assurance; /* cards can be copied from its wires */
	int online; /* of an OSDP reader; POSTERN_NOT_GIVEN of others, as the next one */
	int secure;
};

struct postern_status_alarm {
	const char *name; /* stable: "ClockUntrusted" */
	const char *text; /* a sentence */
};

/* Numbers that a controller does not give are POSTERN_NOT_GIVEN. */
struct postern_controller_status {
	size_t size;
	int good; /* 1: no alarm stands */
	int clock_trusted;
	int64_t clock_utc_ms; /* of the controller */
	int64_t clock_offset_ms; /* of the controller's clock to this machine's ... */
	int64_t clock_within_ms; /* ... give or take, by how long the answer took */
	int64_t uptime_s;
	int store_failed;
	int64_t store_waiting; /* entries that wait for the disk */
	int64_t sync_count; /* transactions since the start, and what they took to be on disk */
	int64_t sync_p50_us;
	int64_t sync_p99_us;
	int64_t sync_late; /* records that were late for their door */
	int64_t records_first; /* RecNo of the oldest kept */
	int64_t records_last;
	int64_t records_kept;
	int64_t records_max;
	int64_t records_days_left; /* until the oldest is overwritten, as the latest week goes */
	int64_t persons;
	int64_t persons_max;
	int64_t backup_utc_s; /* of the latest backup, and the newest RecNo in it */
	int64_t backup_rec_no;
	int64_t certificate_not_after_s; /* UTC; not given without https or without an end */
	size_t role_count;
	const struct postern_status_role *roles;
	size_t door_count;
	const struct postern_status_door *doors;
	size_t reader_count;
	const struct postern_status_reader *readers;
	size_t alarm_count;
	const struct postern_status_alarm *alarms;
};

/*
 * One accessControl getControllerStatus. The result is freed with postern_controller_status_free.
 * POSTERN_E_UNSUPPORTED or POSTERN_E_REFUSED from devices of other makers.
 */
POSTERN_API int postern_controller_status(
	struct postern_device *device, struct postern_controller_status **status);
/* status: NULL with an error; else the callback's to free. */
typedef void postern_controller_status_fn(
	void *user, struct postern_call *call, int error, struct postern_controller_status *status);
POSTERN_API int postern_controller_status_start(struct postern_device *device,
	postern_controller_status_fn *done, void *user, struct postern_call **call);
POSTERN_API struct postern_controller_status *postern_controller_status_free(
	struct postern_controller_status *status);

#ifdef __cplusplus
}
#endif

#endif
