/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core of the SDK: contexts, devices, calls, and their transfers.
 *
 * A call is what one x_start() began. It is a struct of the function's own with struct postern_call
 * first, and it lives in steps: a step asks for one thing (http_start, stream_start, call_sleep)
 * and returns CALL_RUNNING; when that is answered the core runs the next step, until one returns
 * the call's result. Then the core runs class->end, which tells the caller, and frees the call.
 *
 * Order rules: steps, end and every callback of a program run in postern_dispatch (end also in the
 * free of a device or context), never inside libcurl. Requests of one device go one after the
 * other, in the order in which they were asked for: a device that refuses a password is not asked
 * again by what waits. A device that is freed in one of its own callbacks goes when that returns.
 */
#pragma once

#include "base/compiler.h"
#include "base/span.h"
#include "list.h"
#include "postern/postern.h"
#include "timer.h"
#include "tls.h"

#include <curl/curl.h>

#define TRANSFERS_DEFAULT 64
#define KEPT_DEFAULT 128
#define KEPT_AGE_MS 60000 /* a device may have forgotten its nonce by a restart */
#define ANSWER_MAX (8 * 1024 * 1024) /* bytes kept of one answer */
#define REFUSAL_MAX 4096 /* and of a stream's refusal */

struct postern {
	int epoll;
	CURLM *multi;
	int64_t (*clock_ms)(void); /* monotonic; tests put theirs here */
	int64_t curl_at_ms; /* when libcurl wants to be called; INT64_MAX: not */
	struct timers timers;
	struct link devices;
	struct link ready; /* devices with a call that may begin */
	struct link fed; /* calls whose stream has brought something */
	struct link ending; /* calls with a verdict that are to be told */
	struct link kept; /* devices that keep an idle handle, oldest first */
	unsigned kept_count;
	unsigned kept_max;
	unsigned running; /* transfers that count: not streams that have begun */
	unsigned running_max;
	unsigned attached; /* handles in multi */
	unsigned depth; /* > 0: callbacks may be running */
	bool closing;
};

struct postern_device {
	struct postern *context;
	struct link link; /* context->devices */
	struct link ready; /* context->ready */
	struct link kept; /* context->kept */
	struct link calls; /* its live calls */
	struct link waiting; /* calls whose request is to be sent */
	struct postern_call *turn; /* whose request is out, or whose stream has not begun */
	CURL *curl; /* idle, with its digest nonce; NULL: none */
	int64_t kept_ms; /* since when */
	curl_socket_t kept_socket; /* its idle connection; CURL_SOCKET_BAD: it left none */
	char *base_url; /* without trailing '/' */
	char *user;
	char *password;
	char *detail; /* NULL: "" */
	struct device_tls tls;
	unsigned connect_timeout_ms;
	unsigned timeout_ms;
	unsigned busy; /* frames of ours on the stack that use it */
	bool dying;
};

/* A body that came with a 2xx. text ends in NUL behind len; free with answer_drop. */
struct answer {
	char *text;
	size_t len;
	long status; /* HTTP */
	bool open_end; /* ended by the connection's end alone: it may have been cut off */
};

/*
 * Overwrites what would command a terminal or end a line where none ends: control characters but
 * tab, LF and the CR in front of one. Each byte of them becomes '?'; other bytes stay, UTF-8 or
 * not.
 */
void text_tame(char *text, size_t len);
/* The same for what is one line or less: there LF and CR become '?' as well. */
void text_tame_line(char *text);

void answer_drop(struct answer *answer);

#define CALL_RUNNING (-1) /* a step's return: the call goes on */

struct call_class {
	/* Tells the caller how it ended; may hand results over. Runs once a call. */
	void (*end)(struct postern_call *call, int error);
	/* Frees what the call owns beside itself; NULL: nothing. Runs once, behind end. */
	void (*drop)(struct postern_call *call);
};

/*
 * Steps. error: what became of the request (the detail is set), answer: the 2xx body, which the
 * core frees unless the step took text out (and set it NULL).
 */
typedef int http_answered_fn(struct postern_call *call, int error, struct answer *answer);
typedef int call_woken_fn(struct postern_call *call);

struct stream_class {
	/* At the head of a 200. content_type: "" when there is none. */
	int (*began)(struct postern_call *call, struct span content_type);
	int (*bytes)(struct postern_call *call, struct span bytes);
	/* The stream is over, or never began; error is not 0. */
	int (*ended)(struct postern_call *call, int error);
};

enum call_state {
	CALL_BETWEEN, /* in a step, or asleep */
	CALL_WAITING, /* its request is in the device's queue */
	CALL_SENT,
	CALL_STREAMING,
	CALL_ENDING, /* the verdict stands and is to be told */
	CALL_ENDED, /* its end runs */
};

struct postern_call {
	const struct call_class *class;
	struct postern_device *device;
	struct link link; /* device->calls */
	struct link work; /* device->waiting, context->fed or context->ending */
	struct timer timer; /* answer late, stream silent, or time to wake */
	enum call_state state;
	int verdict; /* CALL_ENDING */
	bool in_step;
	bool stopped; /* while in_step: end it when the step returns; hand nothing more out */
	bool untold; /* abandoned */
	bool headed; /* the head of a 200 is there */
	CURL *curl; /* while a transfer runs */
	char *url; /* while it waits */
	char *form; /* body of a POST, while it waits; wiped; NULL: a GET */
	bool form_logs_in; /* the POST goes with the log-in, as all else does */
	http_answered_fn *answered;
	call_woken_fn *woken;
	const struct stream_class *stream; /* NULL: a request */
	int64_t heard_ms; /* the stream's last byte */
	unsigned silence_ms;
	struct answer body; /* what came and was not looked at */
	char *detail; /* NULL: "" */
};

/* --- calls (call.c) --- */

/*
 * A new call of size bytes, zeroed, with its class set; NULL with *ret_error and the device's
 * detail. told: the caller gave a callback.
 */
void *call_new(struct postern_device *device, size_t size, const struct call_class *class,
	bool told, int *ret_error);

/*
 * The first step's result decides: CALL_RUNNING hands the call out in *ret_call (may be NULL)
 * and returns 0; anything else drops it without end and returns that error.
 */
int call_begin(struct postern_call *call, int result, struct postern_call **ret_call);

/* Sets the call's detail and returns error. */
int call_fail(struct postern_call *call, int error, const char *format, ...) PRINTF_LIKE(3, 4);

/* Runs woken after so long. Returns CALL_RUNNING, or an error. */
int call_sleep(struct postern_call *call, unsigned delay_ms, call_woken_fn *woken);

/* A step runs between these two; call_left may end and free the call. */
void call_enter(struct postern_call *call);
void call_left(struct postern_call *call, int result);

/* Tells and frees it, whatever it is doing. Not from a step. */
void call_end(struct postern_call *call, int error);

/*
 * Ends it without a word: for a call that another one began for itself, when that ends. Not inside
 * its own last callback.
 */
void call_abandon(struct postern_call *call);

/* Its end comes from the next dispatch; its transfer stops at once. */
void call_end_later(struct postern_call *call, int error);

/* device->busy goes down; the last frame of a device that was freed frees its memory. */
void device_release(struct postern_device *device);

/* Sets the device's detail and returns error. */
int device_fail(struct postern_device *device, int error, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* --- requests (http.c) and streams (stream.c) --- */

/* GET base_url + target. Returns CALL_RUNNING, or an error. target NULL: target_end has failed. */
int http_start(struct postern_call *call, const char *target, http_answered_fn *answered);

/*
 * GET base_url + target, whose answer does not end. It is over (POSTERN_E_CLOSED) after three
 * heartbeats without a byte.
 */
int stream_start(struct postern_call *call, const char *target, unsigned heartbeat_s,
	const struct stream_class *stream);

/* Wipes and frees the body of a POST; NULL is none. */
void form_drop(char **form);

/* What a status and body of a refusal mean; sets the call's detail. */
int http_refusal(struct postern_call *call, long status, struct span body);
/* What a failed transfer means. curl: a CURLcode other than CURLE_OK. */
int http_transfer_error(struct postern_call *call, int curl);

/* The step behind a finished request: 0 or the error, with the body in call->body. */
int http_judge(struct postern_call *call, CURLcode code, long status);
/* What became of a stream whose transfer is over. */
int stream_judge(struct postern_call *call, CURLcode code, long status);

/* --- transfers (transfer.c) --- */

/* Queues call->url. Returns CALL_RUNNING. */
int transfer_queue(struct postern_call *call);
/* Ends whatever the call waits for; it is CALL_BETWEEN then. */
void transfer_stop(struct postern_call *call);
/* Begins what may begin. */
void transfers_begin(struct postern *context);
bool transfers_can_begin(const struct postern *context);
/* Runs the steps of what libcurl and timers brought. */
void transfers_take(struct postern *context);
void device_forget_handle(struct postern_device *device);

/* --- the loop (loop.c) --- */

bool loop_init(struct postern *context);
void loop_drop(struct postern *context);

/* --- calls that wait (sync.c) --- */

struct sync {
	struct postern *context;
	bool done;
	int error;
	void *result; /* where it goes; NULL: nowhere */
	uint64_t number;
};

/* POSTERN_E_STATE inside a callback, where waiting would never end. */
int sync_begin(struct sync *sync, struct postern_device *device);
/* started: what x_start returned. Waits for the end and returns the call's error. */
int sync_wait(struct sync *sync, int started);
/* A postern_done_fn; user: the sync. */
void sync_done(void *user, struct postern_call *call, int error);
/* The same with what the call gave, of size bytes; NULL: nothing. */
void sync_result(
	struct sync *sync, struct postern_call *call, int error, const void *result, size_t size);
/* A postern_number_fn. */
void sync_number(void *user, struct postern_call *call, int error, uint64_t number);

/* --- commands: calls that are answered by OK (http.c) --- */

int command_start(struct postern_device *device, const char *target, postern_done_fn *done,
	void *user, struct postern_call **call);
/* The step that takes OK, for calls whose last request is a command. */
int command_answered(struct postern_call *call, int error, struct answer *answer);
/* The same as a POST of form (taken over; from malloc). */
int command_start_post(struct postern_device *device, const char *target, char *form,
	postern_done_fn *done, void *user, struct postern_call **call);
/* The same without a log-in. */
int command_start_form(struct postern_device *device, const char *target, char *form,
	postern_done_fn *done, void *user, struct postern_call **call);
