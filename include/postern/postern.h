/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libpostern: drive postern controllers and Dahua-compatible access-control devices over their CGI.
 *
 * Rules that hold everywhere:
 * - A context owns the transfers, a device belongs to a context; one thread at a time uses a
 *   context with all that belongs to it. Several contexts may be used by several threads.
 * - Functions return 0 or a positive enum postern_error; postern_strerror() says it in words and
 *   postern_device_detail() says what this device answered.
 * - Structs that may grow begin with `size`: set it to sizeof, best by the _INIT macros.
 * - Strings are UTF-8 and end in NUL. What a call returns lives until its result is freed.
 * - A value that the device could not hold is refused in words before anything is sent.
 */
#ifndef POSTERN_POSTERN_H
#define POSTERN_POSTERN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define POSTERN_API __attribute__((visibility("default")))
#else
#define POSTERN_API
#endif

/* Why a call failed. Numbers are stable. */
enum postern_error {
	POSTERN_OK = 0,
	POSTERN_E_ARGUMENT = 1, /* a value of the caller's that no device could take */
	POSTERN_E_CONNECT = 2, /* nobody answers at that address */
	POSTERN_E_TIMEOUT = 3, /* the device answered too late; whether it acted is unknown */
	POSTERN_E_AUTH = 4, /* user or password wrong; do not retry by itself */
	POSTERN_E_LOCKED = 5, /* too many wrong log-ins: wait, do not retry */
	POSTERN_E_RIGHT = 6, /* the account may not do this */
	POSTERN_E_REFUSED = 7, /* the device refused; the detail says why */
	POSTERN_E_NOT_FOUND = 8, /* no such row or door */
	POSTERN_E_USER_EXISTS = 9, /* this UserID has a row already */
	POSTERN_E_CARD_EXISTS = 10, /* this card belongs to somebody else */
	POSTERN_E_UNSUPPORTED = 11, /* the device does not have this function */
	POSTERN_E_DEVICE = 12, /* the device has a fault of its own (5xx) */
	POSTERN_E_PROTOCOL = 13, /* the answer is none that such a device gives */
	POSTERN_E_MEMORY = 14,
	POSTERN_E_STOPPED = 15, /* the caller's callback asked to stop, cancelled or freed it */
	POSTERN_E_INCOMPLETE = 16, /* records: more in one second than a page can hold */
	POSTERN_E_CLOSED = 17, /* events: the stream ended or fell silent */
	POSTERN_E_STATE = 18, /* not now: inside a callback, or while the device is being freed */
	POSTERN_E_IDENTITY = 19 /* https: its key or certificate is not the one expected */
};

/* A sentence in English; valid for ever. Any number. */
POSTERN_API const char *postern_strerror(int error);

/* "0.1.0" */
POSTERN_API const char *postern_version(void);

struct postern; /* context */
struct postern_device; /* one device and one account on it */

/* NULL when memory is out. */
POSTERN_API struct postern *postern_new(void);

struct postern_options {
	size_t size;
	unsigned transfers_max; /* requests on their way at once; the rest waits in line, each
				   device in turn. Streams count until they have begun. 0: 64 */
	unsigned connections_kept; /* idle connections and log-ins kept for the next call; 0: 128 */
};
#define POSTERN_OPTIONS_INIT                                                                       \
	{                                                                                          \
		sizeof(struct postern_options), 0, 0                                               \
	}

/* As postern_new; also NULL when options->size is not set. */
POSTERN_API struct postern *postern_new_with(const struct postern_options *options);

/*
 * Frees the context and its devices; NULL is allowed. Returns NULL. Calls under way end with
 * POSTERN_E_STOPPED: their callbacks run inside this. Not from inside a callback.
 */
POSTERN_API struct postern *postern_free(struct postern *context);

/* --- many devices at once ---
 *
 * Every function that asks a device has two forms. x() waits for the answer. x_start() returns at
 * once: 0 when the call is under way, and then its callback runs exactly once, when it has ended;
 * an error when it never began, and then the callback does not run. What the arguments point at may
 * go when x_start() has returned.
 *
 * Callbacks run only inside postern_dispatch, postern_wait and the x() forms, which run the
 * context's loop until their own call has ended; and, with POSTERN_E_STOPPED, inside
 * postern_device_free and postern_free. A callback may start, cancel and free anything of the
 * context but the context itself; functions that wait answer POSTERN_E_STATE there.
 *
 * Requests of one device go one after the other, in the order in which they were asked for (of a
 * call that needs several, each stands in line anew), so that a device is never asked faster than
 * it answers. When it refuses the log-in, everything that waits for this device ends with the same
 * error, unsent: a wrong password is one try, not many.
 *
 * A program with a loop of its own watches postern_fd for reading, sleeps for at most
 * postern_timeout_ms, and calls postern_dispatch after either (examples/many_devices.c). A stream
 * holds a descriptor: who watches more devices than RLIMIT_NOFILE allows raises that.
 */

struct postern_call; /* one call under way: from x_start() until its callback has returned */

/* One descriptor (epoll) for all that the context does; valid until postern_free. */
POSTERN_API int postern_fd(const struct postern *context);
/* How long a program may sleep if nothing comes: milliseconds, 0: not at all, -1: for ever. */
POSTERN_API int postern_timeout_ms(struct postern *context);
/* Does what there is to do and runs callbacks; never waits. 0 or POSTERN_E_STATE. */
POSTERN_API int postern_dispatch(struct postern *context);
/* Waits for something to do, at most so long (-1: for ever), and dispatches. May return early. */
POSTERN_API int postern_wait(struct postern *context, int timeout_ms);

/*
 * Ends a call that is under way: nothing more is sent, and its callback runs with
 * POSTERN_E_STOPPED, in the next dispatch (at once behind the callback that asked for it, when
 * that was one of the call's own). What was sent may have had its effect. Harmless on a call whose
 * last callback runs; not allowed after that.
 */
POSTERN_API void postern_call_cancel(struct postern_call *call);
POSTERN_API struct postern_device *postern_call_device(const struct postern_call *call);
/* What this call failed of, or "": for its last callback. */
POSTERN_API const char *postern_call_detail(const struct postern_call *call);

/* The last callbacks. error: 0 or enum postern_error; results are as after x(). */
typedef void postern_done_fn(void *user, struct postern_call *call, int error);
/* number: 0 with an error. */
typedef void postern_number_fn(void *user, struct postern_call *call, int error, uint64_t number);

struct postern_device_options {
	size_t size;
	const char *url; /* "http://192.168.1.108", "http://host:8080"; required */
	const char *user; /* required */
	const char *password; /* required; copied */
	unsigned connect_timeout_ms; /* 0: 5000 */
	unsigned timeout_ms; /* from the request's sending to the whole answer; 0: 30000; streams
				have their own rules */
	/*
	 * How a device with https:// proves who it is. ca_file: by a certificate for its name that
	 * leads to a CA of this PEM file. pin: by its key, whatever its certificate says. Else
	 * known_devices: by the key that it had when it first took the password; the file keeps
	 * them. None of the three: by the system's CAs.
	 */
	const char *ca_file;
	const char *pin; /* "sha256//BASE64" of the SubjectPublicKeyInfo, as posternd shows it */
	const char *known_devices; /* a file, made when needed; its folder must be there */
};
#define POSTERN_DEVICE_OPTIONS_INIT                                                                \
	{                                                                                          \
		sizeof(struct postern_device_options), NULL, NULL, NULL, 0, 0, NULL, NULL, NULL    \
	}

/*
 * Sends nothing yet. POSTERN_E_ARGUMENT when the URL is no http:// or https:// address, a pin is
 * none, or pin or ca_file go with http://. POSTERN_E_IDENTITY when known_devices cannot be read or
 * has no pin in the device's line.
 */
POSTERN_API int postern_device_new(struct postern *context,
	const struct postern_device_options *options, struct postern_device **device);
/*
 * NULL is allowed. Returns NULL. The device's calls under way end with POSTERN_E_STOPPED inside
 * this; the one whose callback frees the device ends when that has returned.
 */
POSTERN_API struct postern_device *postern_device_free(struct postern_device *device);

/*
 * What the latest call that ended on this device failed of; "" after a success. Until another call
 * of the device ends or is refused.
 */
POSTERN_API const char *postern_device_detail(const struct postern_device *device);

enum postern_identity {
	POSTERN_IDENTITY_NONE = 0, /* http://, or nothing was answered yet */
	POSTERN_IDENTITY_CHECKED = 1, /* by CA, pin or the known key */
	POSTERN_IDENTITY_FIRST_USE = 2, /* a key that was not known and is now */
	POSTERN_IDENTITY_NOT_KEPT = 3 /* the same, but known_devices could not be written */
};

/*
 * What the device has proven so far. *fingerprint (may be NULL) gets its key, "sha256//...", or ""
 * when none was seen; it is the device's.
 */
POSTERN_API enum postern_identity postern_device_identity(
	const struct postern_device *device, const char **fingerprint);

/* Takes the device's key out of known_devices: the next one it shows is taken for its own. */
POSTERN_API int postern_device_forget_identity(struct postern_device *device);

/*
 * Claims a postern controller that has no account: user (must be "admin") and password of the
 * device's options become its first one. code: the one-time code of posternd's log.
 * POSTERN_E_RIGHT when the code is wrong or the device is claimed, POSTERN_E_LOCKED after several
 * wrong codes.
 */
POSTERN_API int postern_device_claim(struct postern_device *device, const char *code);
POSTERN_API int postern_device_claim_start(struct postern_device *device, const char *code,
	postern_done_fn *done, void *user, struct postern_call **call);

/* One field of an answer as it came: "CitizenIDName", "Zhang San". */
struct postern_field {
	const char *name;
	const char *value;
};

/* --- device --- */

struct postern_device_info {
	size_t size;
	const char *type; /* magicBox getDeviceType; "" when the device does not say */
	const char *serial; /* getSerialNo */
	const char *software; /* getSoftwareVersion */
	const char *vendor; /* getVendor */
	const char *name; /* getMachineName */
	const char *time; /* global getCurrentTime: device local time */
};

/* The result is freed with postern_device_info_free. */
POSTERN_API int postern_device_info(
	struct postern_device *device, struct postern_device_info **info);
/* info: NULL with an error; else the callback's to free. */
typedef void postern_device_info_fn(
	void *user, struct postern_call *call, int error, struct postern_device_info *info);
POSTERN_API int postern_device_info_start(struct postern_device *device,
	postern_device_info_fn *done, void *user, struct postern_call **call);
POSTERN_API struct postern_device_info *postern_device_info_free(struct postern_device_info *info);

/* --- people: rows of AccessControlCard (one person with one card) --- */

#define POSTERN_NOT_GIVEN (-1)

struct postern_person {
	size_t size;
	uint64_t rec_no; /* the row; 0 when enrolling */
	const char *user_id; /* required to enrol; at most 64 bytes */
	const char *card_no; /* required to enrol, may be ""; decimal text by default */
	const char *name; /* CardName: at most 32 characters; NULL: not given */
	int card_status; /* bits 1 lost 2 cancelled 4 frozen 8 arrears 16 overdue 32 pre-arrears */
	int card_type; /* 0 ordinary 1 VIP 2 guest 3 patrol 4 blocklist 5 duress 255 mother */
	int user_type;
	int is_valid; /* 0, 1 or POSTERN_NOT_GIVEN */
	int64_t uses_left; /* UseTime; POSTERN_NOT_GIVEN */
	const char *password; /* PIN: 4 to 12 digits for a keypad; never comes back */
	const char *vto_position; /* text, zeros kept */
	const char *valid_from; /* device local time, yyyy-MM-dd hh:mm:ss or yyyyMMdd hhmmss */
	const char *valid_to;
	const char *citizen_id_no;
	size_t door_count; /* Doors[0..]: at most 128 */
	const int *doors; /* door index (channel - 1), or POSTERN_NOT_GIVEN for a gap; NULL: not
			     given; not NULL with door_count 0: an update takes every door
			     away (postern's own) */
	size_t schedule_count; /* TimeSections[0..]: at most 128 */
	const int *schedules; /* schedule number; 255 is always; the rest as for doors */
	size_t field_count; /* from the device: every field as it came */
	const struct postern_field *fields;
	const char *duress_password; /* postern's own: a second PIN that opens with a silent alarm;
					4 to 12 digits; never comes back */
};
#define POSTERN_PERSON_INIT                                                                        \
	{                                                                                          \
		sizeof(struct postern_person), 0, NULL, NULL, NULL, POSTERN_NOT_GIVEN,             \
			POSTERN_NOT_GIVEN, POSTERN_NOT_GIVEN, POSTERN_NOT_GIVEN,                   \
			POSTERN_NOT_GIVEN, NULL, NULL, NULL, NULL, NULL, 0, NULL, 0, NULL, 0,      \
			NULL, NULL                                                                 \
	}

/* recordUpdater insert. *rec_no gets the new row's number. */
POSTERN_API int postern_person_add(
	struct postern_device *device, const struct postern_person *person, uint64_t *rec_no);
/* The number is the new row's. */
POSTERN_API int postern_person_add_start(struct postern_device *device,
	const struct postern_person *person, postern_number_fn *done, void *user,
	struct postern_call **call);

/* recordUpdater update of row person->rec_no: only what is given changes. */
POSTERN_API int postern_person_update(
	struct postern_device *device, const struct postern_person *person);
POSTERN_API int postern_person_update_start(struct postern_device *device,
	const struct postern_person *person, postern_done_fn *done, void *user,
	struct postern_call **call);

/* recordUpdater remove; a row that is not there counts as removed. */
POSTERN_API int postern_person_remove(struct postern_device *device, uint64_t rec_no);
POSTERN_API int postern_person_remove_start(struct postern_device *device, uint64_t rec_no,
	postern_done_fn *done, void *user, struct postern_call **call);

/* recordUpdater clear: every row of the device. */
POSTERN_API int postern_person_clear(struct postern_device *device);
POSTERN_API int postern_person_clear_start(struct postern_device *device, postern_done_fn *done,
	void *user, struct postern_call **call);

struct postern_people {
	size_t count;
	struct postern_person *person;
};

/* recordFinder find by UserID or CardNo (NULL: not a condition), all pages. */
POSTERN_API int postern_people_find(struct postern_device *device, const char *user_id,
	const char *card_no, struct postern_people **people);
/* people: NULL with an error; else the callback's to free. */
typedef void postern_people_fn(
	void *user, struct postern_call *call, int error, struct postern_people *people);
POSTERN_API int postern_people_find_start(struct postern_device *device, const char *user_id,
	const char *card_no, postern_people_fn *done, void *user, struct postern_call **call);
POSTERN_API struct postern_people *postern_people_free(struct postern_people *people);

/* recordFinder getQuerySize; takes Size= and count=. */
POSTERN_API int postern_people_count(struct postern_device *device, uint64_t *count);
POSTERN_API int postern_people_count_start(struct postern_device *device, postern_number_fn *done,
	void *user, struct postern_call **call);

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

/* --- access records: rows of AccessControlCardRec --- */

struct postern_record {
	size_t size;
	uint64_t rec_no;
	int64_t create_time; /* seconds since 1970 UTC */
	const char *card_no; /* texts are "" when the row has none */
	const char *card_name;
	const char *user_id;
	const char *type; /* "Entry" or "Exit" */
	const char *reader_id;
	const char *reason; /* postern's own: why, by name */
	int status; /* 1 succeeded, 0 failed; POSTERN_NOT_GIVEN when absent, as below */
	int method; /* 0 PIN, 1 card, 2 card then PIN, 3 PIN then card, 4 remote, 5 exit button */
	int door; /* index */
	int card_type;
	int error_code;
	size_t field_count;
	const struct postern_field *fields; /* every field of the row as it came, in its order */
};

/* The value of a field by name (without case), or NULL. */
POSTERN_API const char *postern_record_field(const struct postern_record *record, const char *name);

struct postern_record_query {
	size_t size;
	int64_t from; /* CreateTime, UTC seconds, inclusive; POSTERN_NOT_GIVEN: open */
	int64_t to; /* inclusive */
	const char *card_no; /* NULL: not a condition */
	const char *user_id;
	int door; /* POSTERN_NOT_GIVEN: not a condition, as below; only postern knows these three */
	int status;
	int method;
	unsigned count; /* rows a page; 0: 1024. A pull takes 2 to 1024, else 1024 */
	uint64_t after_rec_no; /* postern's own: only rows behind this RecNo; 0: none */
	unsigned period_s; /* a pull only: cut a long span (from and to given) into periods of so
			      many seconds; 0: do not */
	unsigned retries; /* a pull only: how often a page is asked for again when the device is
			     away or has a fault, after 0.5, 1, 2 ... 30 s; 0: not at all */
};
#define POSTERN_RECORD_QUERY_INIT                                                                  \
	{                                                                                          \
		sizeof(struct postern_record_query), POSTERN_NOT_GIVEN, POSTERN_NOT_GIVEN, NULL,   \
			NULL, POSTERN_NOT_GIVEN, POSTERN_NOT_GIVEN, POSTERN_NOT_GIVEN, 0, 0, 0, 0  \
	}

struct postern_records {
	size_t count;
	struct postern_record *record;
	int64_t total; /* totalCount; POSTERN_NOT_GIVEN when the device does not send it */
};

/* One recordFinder find: one page. */
POSTERN_API int postern_records_find(struct postern_device *device,
	const struct postern_record_query *query, struct postern_records **records);
/* records: NULL with an error; else the callback's to free. */
typedef void postern_records_fn(
	void *user, struct postern_call *call, int error, struct postern_records *records);
POSTERN_API int postern_records_find_start(struct postern_device *device,
	const struct postern_record_query *query, postern_records_fn *done, void *user,
	struct postern_call **call);
POSTERN_API struct postern_records *postern_records_free(struct postern_records *records);

/* Non-zero stops. */
typedef int postern_record_fn(void *user, const struct postern_record *record);

/* RecNos, both ends included. */
struct postern_rec_nos {
	uint64_t first;
	uint64_t last;
};

#define POSTERN_GAPS_MAX 16 /* that a report names; it counts all */

struct postern_pull_report {
	size_t size;
	uint64_t kept; /* records handed to the callback */
	uint64_t overlaps; /* rows that came again and were dropped by RecNo */
	uint64_t pages;
	int64_t total; /* the first page's totalCount (of all periods), or POSTERN_NOT_GIVEN */
	int complete; /* 1: all that the device held of the period (with period_s: of each) when it
			 was asked for it first */
	int64_t crowded_second; /* POSTERN_E_INCOMPLETE: this second (the first of them) holds more
				   than a page can bring; POSTERN_NOT_GIVEN: none */
	uint64_t crowded_seconds; /* how many such seconds */
	uint64_t missing; /* records that the device held at first and did not hand out */
	uint64_t overwritten; /* of these: overwritten behind the pull's back, known by RecNo */
	uint64_t overwritten_first; /* the lowest and highest of them; 0: none */
	uint64_t overwritten_last;
	uint64_t strays; /* rows that were not asked for, dropped */
	uint64_t restarts; /* how often RecNo began anew: the device was reset */
	int unproven; /* 1: the device's answers leave open whether all came */
	int dense; /* 1: this device numbers its records without gaps; else there are no gaps */
	uint64_t gap_rec_nos; /* RecNos between the first and the last that did not come */
	uint64_t gaps; /* how many ranges these are */
	struct postern_rec_nos gap[POSTERN_GAPS_MAX]; /* the first of the ranges */
};
#define POSTERN_PULL_REPORT_INIT                                                                   \
	{                                                                                          \
		sizeof(struct postern_pull_report), 0, 0, 0, POSTERN_NOT_GIVEN, 0,                 \
			POSTERN_NOT_GIVEN, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                        \
		{                                                                                  \
			{                                                                          \
				0, 0                                                               \
			}                                                                          \
		}                                                                                  \
	}

/*
 * Every record of the query's period, once each, by (CreateTime, RecNo), by the integration
 * paper's procedure: ask again from the last row's CreateTime, drop what came before by RecNo and
 * CreateTime, until as many are kept as totalCount said (without totalCount: until a page is
 * shorter than count). Over a long span EndTime moves on with it (period_s). A second that holds
 * more than a page of 1024 is named and left behind; the pull ends with POSTERN_E_INCOMPLETE then.
 * The report says whether all came, how many did not, and by RecNo which.
 */
POSTERN_API int postern_records_pull(struct postern_device *device,
	const struct postern_record_query *query, postern_record_fn *each, void *user,
	struct postern_pull_report *report);
/* report: what was pulled, also with an error; lives until the callback returns. */
typedef void postern_pull_fn(
	void *user, struct postern_call *call, int error, const struct postern_pull_report *report);
POSTERN_API int postern_records_pull_start(struct postern_device *device,
	const struct postern_record_query *query, postern_record_fn *each, postern_pull_fn *done,
	void *user, struct postern_call **call);

/* --- live events --- */

struct postern_event {
	size_t size;
	const char *code; /* "AccessControl" */
	const char *action; /* "Pulse", "Start", "Stop"; "" when not said */
	uint64_t seq; /* postern's own; 0 when the device does not send it, as rec_no */
	uint64_t rec_no;
	int64_t utc; /* CreateTime or UTC; POSTERN_NOT_GIVEN */
	size_t field_count;
	const struct postern_field *fields; /* names without "Events[0]." */
};

/* Non-zero stops the watch. */
typedef int postern_event_fn(void *user, const struct postern_event *event);

POSTERN_API const char *postern_event_field(const struct postern_event *event, const char *name);

struct postern_watch_options {
	size_t size;
	const char *codes; /* "AccessControl,DoorStatus" or "All"; NULL: All */
	int channel; /* POSTERN_NOT_GIVEN: 1 */
	unsigned heartbeat_s; /* 1 to 60; 0: 5. The stream is dead after three without a byte */
	uint64_t after_rec_no; /* postern's own: begin behind this record; 0: begin now */
	uint64_t after_seq;
	int event_manager; /* 1: eventManager.cgi attach instead of snapManager.cgi attachFileProc
			    */
	/* Called for every heartbeat; NULL: nobody. Non-zero stops. */
	int (*heartbeat)(void *user);
};
#define POSTERN_WATCH_OPTIONS_INIT                                                                 \
	{                                                                                          \
		sizeof(struct postern_watch_options), NULL, POSTERN_NOT_GIVEN, 0, 0, 0, 0, NULL    \
	}

/*
 * Subscribes and hands out events until the callback stops it (POSTERN_E_STOPPED) or the stream
 * ends (POSTERN_E_CLOSED, or why it could not begin). Several events in one part come one by one.
 */
POSTERN_API int postern_events_watch(struct postern_device *device,
	const struct postern_watch_options *options, postern_event_fn *each, void *user);
POSTERN_API int postern_events_watch_start(struct postern_device *device,
	const struct postern_watch_options *options, postern_event_fn *each, postern_done_fn *done,
	void *user, struct postern_call **call);

/* --- following the records: live, and nothing lost --- */

enum postern_loss_kind {
	POSTERN_LOST_OVERWRITTEN = 0, /* the device has these records no more, or never had them */
	POSTERN_LOST_RESET = 1, /* the device numbers its records anew: what it held behind RecNo
				   first (the last that came) and lost with the reset is unknown */
	POSTERN_LOST_CROWDED = 2 /* the second from holds more records than a page can bring */
};

struct postern_loss {
	size_t size;
	enum postern_loss_kind kind;
	struct postern_rec_nos rec_nos; /* {0, 0}: not known */
	int64_t from; /* CreateTime of the record before the loss; POSTERN_NOT_GIVEN: none */
	int64_t to; /* and of the one behind it */
	uint64_t count; /* how many; 0: not known */
};

struct postern_follow_options {
	size_t size;
	const char
		*state; /* postern_follow_state of an earlier follow; NULL or "": begin at from */
	int64_t from; /* CreateTime, UTC seconds, inclusive; used without state. 0: all there are */
	unsigned heartbeat_s; /* 1 to 60; 0: 5. The stream is dead after three without a byte */
	unsigned poll_s; /* ask for records at least so often, whatever the stream says; 0: 60 */
	unsigned retry_first_ms; /* before connecting again; doubles up to 30 s; 0: 500 */
	int event_manager; /* 1: eventManager.cgi attach instead of snapManager.cgi attachFileProc
			    */
	int once; /* 1: no stream: end with 0 when all that there is was handed out, or with why
		     not after five failures in a row */
	/* Every record once. Non-zero stops; the record counts as handed out. Required. */
	int (*record)(void *user, struct postern_call *call, const struct postern_record *record);
	/* Records are lost, before the next one is handed out. Non-zero stops. Required. */
	int (*lost)(void *user, struct postern_call *call, const struct postern_loss *loss);
	/* error 0: live and caught up. Else the stream failed of that (postern_device_detail says
	 * more) and begins again in retry_ms. NULL: nobody. */
	void (*link)(void *user, struct postern_call *call, int error, unsigned retry_ms);
	/* A number from 0 to below_ms, so that many followers do not come back at once. NULL: one
	 * at random. */
	unsigned (*jitter_ms)(void *user, unsigned below_ms);
};
#define POSTERN_FOLLOW_OPTIONS_INIT                                                                \
	{                                                                                          \
		sizeof(struct postern_follow_options), NULL, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL,   \
			NULL                                                                       \
	}

/*
 * Hands out every access record of a device from the given place on, once each and in order, for
 * ever: until a callback stops it (POSTERN_E_STOPPED) or trying again cannot help (log-in refused,
 * no right, not supported). Streams that break or fall silent begin again; records come from the
 * device's table, for which events are only the bell: so it does not matter what a stream loses,
 * and devices whose events carry no RecNo are followed as exactly. Order: by (CreateTime, RecNo)
 * within what came since the last request. A device that answers one connection at a time is
 * followed too: its stream is closed while records are asked for.
 *
 * Between the record callback and the next one, postern_follow_state() is the place behind that
 * record: save both together, and a restart of the program neither loses nor doubles one.
 */
POSTERN_API int postern_follow(
	struct postern_device *device, const struct postern_follow_options *options, void *user);
POSTERN_API int postern_follow_start(struct postern_device *device,
	const struct postern_follow_options *options, postern_done_fn *done, void *user,
	struct postern_call **call);
/*
 * The place as a line of text, for options.state; mostly under 100 bytes. Only of a call of
 * postern_follow. Lives until the next call of this, or the end of the follow. NULL: no memory.
 */
POSTERN_API const char *postern_follow_state(struct postern_call *call);

/* --- readers: what they really send (postern's own; accounts of role admin only) --- */

enum postern_frame_kind {
	POSTERN_FRAME_CARD = 0, /* whole, and no key */
	POSTERN_FRAME_KEY = 1, /* a key of a keypad: which one is never told */
	POSTERN_FRAME_DROPPED = 2, /* faults say why */
	POSTERN_FRAME_GLITCHES = 3 /* pulses too short for a bit, and nothing else */
};

/* What the reader's card formats say to a frame. */
enum postern_frame_fit {
	POSTERN_FIT_NO_LENGTH = 0, /* none has this length; also for frames that are no card */
	POSTERN_FIT_WRONG_CHECK = 1, /* a format has this length, and a check bit is wrong */
	POSTERN_FIT_TURNED = 2, /* as above; with every 0 a 1 and every 1 a 0 it would fit */
	POSTERN_FIT_YES = 3
};

/* Lengths of time that were measured; all 0 when there was none. */
struct postern_lengths {
	unsigned count;
	uint32_t min_ns;
	uint32_t mean_ns;
	uint32_t max_ns;
};

struct postern_edge {
	int64_t at_ns; /* since the frame's first edge */
	int line; /* 0: DATA0, 1: DATA1 */
	int level; /* 0: went low, 1: went high */
};

struct postern_reader_frame {
	size_t size;
	uint64_t no; /* counts the frames of all readers from 1 since the controller's start */
	int reader;
	int64_t utc_ms; /* of the first edge; since 1970 */
	enum postern_frame_kind kind;
	enum postern_frame_fit fit;
	int bit_count; /* 0 to 128 */
	const char *bits; /* "0101", of a dropped frame as far as they came; "" when not told */
	const char *format; /* the format that reads it, and the number by which the card ... */
	const char *number; /* ... is enrolled; "" when none does */
	const char *faults; /* what was counted with the frame: "LostEdges:1,Overlaps:2", or "" */
	int held[2]; /* DATA0, DATA1: 1 when the line was low at the end */
	struct postern_lengths pulse[2]; /* of DATA0 and DATA1 */
	struct postern_lengths interval; /* from one pulse's begin to the next's */
	size_t edge_count; /* at most 160; 0 unless asked for */
	const struct postern_edge *edges;
	size_t field_count;
	const struct postern_field *fields; /* "Verdict[0]" ...: what each format says */
};

/* The value of a field by name (without case), or NULL. */
POSTERN_API const char *postern_reader_frame_field(
	const struct postern_reader_frame *frame, const char *name);

struct postern_reader_query {
	size_t size;
	int reader; /* number, 1 to 128 */
	uint64_t after; /* only frames with a greater number */
	unsigned count; /* at most so many, the oldest first; 0: all there are, up to 64 */
	int edges; /* 1: with edges */
};
#define POSTERN_READER_QUERY_INIT                                                                  \
	{                                                                                          \
		sizeof(struct postern_reader_query), 1, 0, 0, 0                                    \
	}

struct postern_reader_state {
	size_t size;
	int64_t since_ms; /* the controller's start; another one counts frames from 1 again */
	uint64_t oldest; /* number of the oldest frame it remembers, of any reader; 0: none */
	uint64_t last;
	int held[2]; /* DATA0, DATA1: 1 when the line stands low in silence */
	uint64_t frames; /* of this reader since the start: good ones, then what was wrong */
	uint64_t short_frames;
	uint64_t long_frames;
	uint64_t glitches;
	uint64_t long_pulses;
	uint64_t close_pulses;
	uint64_t overlaps;
	uint64_t lost_edges;
	uint64_t backward_edges;
};
#define POSTERN_READER_STATE_INIT                                                                  \
	{                                                                                          \
		sizeof(struct postern_reader_state), 0, 0, 0, {0, 0}, 0, 0, 0, 0, 0, 0, 0, 0, 0    \
	}

/* Non-zero stops. The frame lives until the callback returns. */
typedef int postern_reader_frame_fn(void *user, const struct postern_reader_frame *frame);

/*
 * One accessControl getReaderFrames: the latest frames of a reader, oldest first. To look on, ask
 * again with after set to the last frame's number. state may be NULL; it is filled before the first
 * frame. POSTERN_E_REFUSED when there is no such reader, POSTERN_E_RIGHT for other accounts.
 */
POSTERN_API int postern_reader_frames(struct postern_device *device,
	const struct postern_reader_query *query, postern_reader_frame_fn *each, void *user,
	struct postern_reader_state *state);
/* state: NULL when none came; lives until the callback returns. */
typedef void postern_reader_state_fn(
	void *user, struct postern_call *call, int error, const struct postern_reader_state *state);
POSTERN_API int postern_reader_frames_start(struct postern_device *device,
	const struct postern_reader_query *query, postern_reader_frame_fn *each,
	postern_reader_state_fn *done, void *user, struct postern_call **call);

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

#include <postern/accounts.h>
#include <postern/osdp.h>
#include <postern/osdp_frames.h>
#include <postern/special_days.h>

#endif
