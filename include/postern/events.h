/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live events, and records as they come: the part of libpostern's header that postern/postern.h
 * includes.
 */
#ifndef POSTERN_EVENTS_H
#define POSTERN_EVENTS_H

#ifndef POSTERN_POSTERN_H
#error "include <postern/postern.h>"
#endif

#include <postern/records.h>

#ifdef __cplusplus
extern "C" {
#endif

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
	POSTERN_LOST_OVERWRITTEN = 0, /* the device has these records no more, or never had them; or
					 they came with an earlier time while no stream told so.
					 Without rec_nos: it counted more than it handed out */
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

#ifdef __cplusplus
}
#endif

#endif
