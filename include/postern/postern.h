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
 *
 * Contexts, devices and calls are here; the headers that the end includes have one subject each.
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

/* One field of an answer: "CitizenIDName", "Zhang San". As it came, but for control characters:
 * '?'. */
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

#ifdef __cplusplus
}
#endif

#include <postern/accounts.h>
#include <postern/doors.h>
#include <postern/events.h>
#include <postern/osdp.h>
#include <postern/osdp_frames.h>
#include <postern/people.h>
#include <postern/reader_frames.h>
#include <postern/records.h>
#include <postern/special_days.h>
#include <postern/status.h>

#endif
