// SPDX-License-Identifier: Apache-2.0
/*
 * Every record once and in order, over broken streams, restarts and gaps. The stream of events is
 * only the bell: an event, a new stream and the clock make us pull what the device holds behind the
 * cursor. So nothing depends on what events carry or lose.
 *
 * A follow is a call that sleeps while two calls of its own, stream and pull, work for it; they are
 * abandoned when it ends. All decisions fall in follow_woken: the callbacks of the two only note
 * what came and wake it. A pull that is begun together with a stream goes out behind it, because a
 * device's requests stand in line and a stream has the turn until it has begun: nothing falls
 * between the two.
 *
 * Devices that number their events as well (ours) are asked by RecNo first, so that a clock that
 * was set back hides nothing, and by time after each gap, so that a device that was set up anew
 * (whose RecNos are low) is not missed. Others tell by their events that the clock was set back:
 * when an event is older than the cursor and the pull behind it brings nothing, records of about
 * its time are asked for, and those with a higher RecNo are new. Behind a gap, with a cursor
 * further in the future than any zone explains, all records are asked for: the clock was wrong by
 * days.
 */
#include "cursor.h"
#include "pull.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#define POLL_DEFAULT_S 60
#define HEARTBEAT_DEFAULT_S 5
#define RETRY_DEFAULT_MS 500
#define RETRY_MAX_MS 30000u
#define HANG_UP_MS 200 /* a device of one connection needs to see that its stream is closed */
#define ONCE_FAILURES_MAX 5
#define NOT_WRITTEN_YET_TRIES 4 /* an event may come before its record is in the table */
#define NOT_WRITTEN_YET_MS 250
#define AHEAD_S (26 * 3600) /* devices give local time for UTC: at most 14 hours */
#define LOOK_BACK_S 60 /* a record's time and its event's are not further apart */

struct follow_call {
	struct postern_call call;
	struct postern_follow_options options;
	postern_done_fn *done;
	void *user;
	struct cursor cursor;
	struct postern_call *stream; /* NULL: none */
	struct postern_call *pull;
	int64_t stream_at_ms; /* when the next may begin */
	int64_t pull_at_ms; /* when the next is due; INT64_MAX: with the next stream */
	unsigned stream_failures;
	unsigned pull_failures;
	unsigned tries_left; /* an event's record has not been seen */
	int64_t back_from; /* times of such events that are older than the cursor; -1: none */
	int64_t back_to;
	bool behind_gap; /* no pull by time has succeeded since the stream began */
	bool looking_back; /* this pull asks for records before the cursor's time ... */
	int64_t back_time; /* ... and of those before this one, up to back_rec_no, all came */
	uint64_t back_rec_no;
	uint64_t taken; /* records of this pull */
	bool told; /* what this pull found lost */
	size_t page_max;
	bool by_number; /* this pull asks for RecNos behind the cursor's */
	bool bell; /* the next pull is for an event, not behind a gap */
	bool heard; /* the stream has said something */
	bool solo; /* the device answers one connection at a time */
	bool caught_up; /* the last pull left nothing open */
	bool live; /* link was told so */
	bool refused; /* a log-in that worked before */
	bool worked;
	int64_t crowded_told;
};

static int follow_woken(struct postern_call *call);

static int64_t now_ms(const struct follow_call *follow)
{
	return follow->call.device->context->clock_ms();
}

/* Has follow_woken look at everything in the next dispatch. */
static int wake(struct follow_call *follow)
{
	return call_sleep(&follow->call, 0, follow_woken);
}

/* Nothing is to be handed out any more. */
static bool is_over(const struct follow_call *follow)
{
	return follow->call.state != CALL_BETWEEN || follow->call.stopped;
}

/* --- records --- */

static int tell_loss(struct follow_call *follow, enum postern_loss_kind kind,
	struct postern_rec_nos rec_nos, int64_t from, int64_t to)
{
	struct postern_loss loss = {.size = sizeof(loss),
		.kind = kind,
		.rec_nos = rec_nos,
		.from = from,
		.to = to,
		.count = kind == POSTERN_LOST_OVERWRITTEN ? rec_nos.last - rec_nos.first + 1 : 0};

	follow->told = true;
	return follow->options.lost(follow->user, &follow->call, &loss);
}

static int offer(struct follow_call *follow, const struct postern_record *record)
{
	struct cursor *cursor = &follow->cursor;
	int64_t before = cursor->rec_no == 0 ? POSTERN_NOT_GIVEN : cursor->time;
	enum postern_loss_kind kind = POSTERN_LOST_OVERWRITTEN;
	struct postern_rec_nos lost;

	switch (cursor_take(cursor, record->create_time, record->rec_no, &lost)) {
	case CURSOR_NO_MEMORY:
		return call_fail(&follow->call, POSTERN_E_MEMORY, "out of memory");
	case CURSOR_RESTART:
		kind = POSTERN_LOST_RESET;
		__attribute__((fallthrough));
	case CURSOR_GAP:
		if (kind == POSTERN_LOST_OVERWRITTEN && pull_brings(follow->pull, lost))
			break; /* by their time they come later */
		if (tell_loss(follow, kind, lost, before, record->create_time) != 0)
			return POSTERN_E_STOPPED;
		break;
	case CURSOR_NEXT:
		break;
	}
	follow->taken++;
	if (follow->call.stopped ||
		follow->options.record(follow->user, &follow->call, record) != 0)
		return POSTERN_E_STOPPED;
	return CALL_RUNNING;
}

/* A new record, in order. Behind call_left the follow may be gone, here and below. */
static int take_record(void *user, const struct postern_record *record)
{
	struct follow_call *follow = user;

	if (is_over(follow))
		return 1;
	if (follow->looking_back && record->create_time < follow->back_time &&
		record->rec_no <= follow->back_rec_no)
		return 0;
	call_enter(&follow->call);
	int result = offer(follow, record);
	bool over = result != CALL_RUNNING || follow->call.stopped;

	call_left(&follow->call, result);
	return over;
}

static void tell_live(struct follow_call *follow)
{
	follow->worked = true;
	follow->refused = false;
	follow->pull_failures = 0;
	if (follow->stream == NULL && !follow->solo)
		return; /* no stream has begun since */
	follow->stream_failures = 0;
	if (!follow->live && follow->options.link != NULL)
		follow->options.link(follow->user, &follow->call, POSTERN_OK, 0);
	follow->live = true;
}

static unsigned delay_ms(struct follow_call *follow, unsigned failures)
{
	unsigned limit = follow->options.retry_first_ms;
	uint32_t random = 0;

	for (unsigned i = 1; i < failures && limit < RETRY_MAX_MS; i++)
		limit *= 2;
	if (limit > RETRY_MAX_MS)
		limit = RETRY_MAX_MS;
	unsigned half = limit / 2;

	if (follow->options.jitter_ms != NULL)
		random = follow->options.jitter_ms(follow->user, half);
	else if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = half;
	return limit - half + random % (half + 1);
}

/* True when trying again can help. A device that restarted knows its old nonce no more. */
static bool may_pass(struct follow_call *follow, int error)
{
	if (error == POSTERN_E_AUTH && follow->worked && !follow->refused) {
		follow->refused = true;
		return true;
	}
	return error_may_pass(error) || error == POSTERN_E_CLOSED || error == POSTERN_E_REFUSED;
}

static void tell_failure(struct follow_call *follow, int error, unsigned wait_ms)
{
	follow->live = false;
	if (follow->options.link != NULL)
		follow->options.link(follow->user, &follow->call, error, wait_ms);
}

static void pull_failed(struct follow_call *follow, int error)
{
	follow->bell = false;
	follow->pull_at_ms = INT64_MAX;
	if (follow->stream == NULL && !follow->solo)
		return; /* the next stream brings the next pull */
	/* It went on streaming since the last pull failed: it takes no second connection. */
	if (follow->pull_failures > 0 && follow->heard &&
		(error == POSTERN_E_CONNECT || error == POSTERN_E_TIMEOUT)) {
		follow->solo = true;
		follow->pull_failures = 0;
	}
	follow->heard = false;
	unsigned wait_ms = delay_ms(follow, ++follow->pull_failures);

	follow->pull_at_ms = now_ms(follow) + wait_ms;
	tell_failure(follow, error, wait_ms);
}

static void pull_succeeded(struct follow_call *follow)
{
	bool gap = follow->by_number && !follow->bell;

	follow->caught_up = !gap;
	tell_live(follow);
	if (follow->taken > 0)
		follow->tries_left = 0;
	if (follow->tries_left == 0)
		follow->back_from = POSTERN_NOT_GIVEN;
	follow->behind_gap = follow->behind_gap && gap;
	if (gap) { /* now by time */
		follow->by_number = false;
		follow->pull_at_ms = now_ms(follow);
	} else if (follow->tries_left > 0) {
		follow->pull_at_ms =
			now_ms(follow) + ((int64_t)NOT_WRITTEN_YET_MS
						 << (NOT_WRITTEN_YET_TRIES - follow->tries_left--));
	} else {
		follow->by_number = follow->cursor.ours;
		follow->pull_at_ms = now_ms(follow) + (int64_t)follow->options.poll_s * 1000;
	}
	follow->bell = false;
}

/* The device counted them and did not hand them out, and no RecNo says which. */
static int tell_missing(struct follow_call *follow, uint64_t count)
{
	struct postern_loss loss = {.size = sizeof(loss),
		.kind = POSTERN_LOST_OVERWRITTEN,
		.from = POSTERN_NOT_GIVEN,
		.to = follow->cursor.time,
		.count = count};

	return follow->options.lost(follow->user, &follow->call, &loss);
}

static int pull_judge(struct follow_call *follow, int error,
	const struct postern_pull_report *report, const char *detail)
{
	int64_t due_ms = follow->pull_at_ms; /* an event came meanwhile; else INT64_MAX */

	if (error == POSTERN_E_INCOMPLETE) {
		error = POSTERN_OK;
		if (report->crowded_second != follow->crowded_told &&
			tell_loss(follow, POSTERN_LOST_CROWDED, (struct postern_rec_nos){0, 0},
				report->crowded_second, report->crowded_second) != 0)
			return POSTERN_E_STOPPED;
		follow->crowded_told = report->crowded_second;
	}
	/* A log-in that was refused to the stream is the stream's matter. */
	if (error == POSTERN_OK && report->missing > 0 && !follow->told &&
		tell_missing(follow, report->missing) != 0)
		return POSTERN_E_STOPPED;
	bool shared = error == POSTERN_E_AUTH && follow->refused && follow->stream == NULL;

	if (error != POSTERN_OK && !shared && !may_pass(follow, error))
		return call_fail(&follow->call, error, "%s", detail);
	if (error == POSTERN_OK)
		pull_succeeded(follow);
	else
		pull_failed(follow, error);
	if (follow->options.once && error != POSTERN_OK &&
		follow->pull_failures > ONCE_FAILURES_MAX)
		return call_fail(&follow->call, error, "%s", detail);
	if (follow->options.once && error == POSTERN_OK && follow->caught_up)
		return POSTERN_OK;
	if (due_ms < follow->pull_at_ms)
		follow->pull_at_ms = due_ms;
	return wake(follow);
}

static void pull_ended(
	void *user, struct postern_call *call, int error, const struct postern_pull_report *report)
{
	struct follow_call *follow = user;

	follow->pull = NULL;
	follow->page_max = pull_page_max(call);
	if (is_over(follow) || error == POSTERN_E_STOPPED)
		return;
	call_enter(&follow->call);
	call_left(&follow->call, pull_judge(follow, error, report, postern_call_detail(call)));
}

static bool is_ahead(const struct cursor *cursor)
{
	return !cursor->ours && cursor->rec_no > 0 && cursor->time - (int64_t)time(NULL) > AHEAD_S;
}

static int pull_begin(struct follow_call *follow)
{
	struct postern_record_query query = POSTERN_RECORD_QUERY_INIT;
	const struct cursor *cursor = &follow->cursor;
	struct pull_resume resume = {
		cursor->time, cursor->rec_nos, cursor->count, follow->page_max};

	follow->taken = 0;
	follow->told = false;
	follow->pull_at_ms = INT64_MAX;
	follow->by_number = follow->by_number && cursor->rec_no > 0;
	bool all = !follow->by_number && follow->behind_gap && is_ahead(cursor);

	/* For an event every second time: its record may as well be late. */
	follow->looking_back =
		all || (!follow->by_number && follow->back_from != POSTERN_NOT_GIVEN &&
			       follow->tries_left % 2 == 1);
	follow->back_time = cursor->time;
	follow->back_rec_no = cursor->rec_no;
	if (follow->by_number)
		query.after_rec_no = cursor->rec_no;
	else
		query.from = cursor->time;
	if (all) {
		query.from = 0;
	} else if (follow->looking_back) {
		query.from = follow->back_from > LOOK_BACK_S ? follow->back_from - LOOK_BACK_S : 0;
		query.to = follow->back_to + LOOK_BACK_S;
	}
	return pull_start(follow->call.device, &query, &resume, take_record, pull_ended, follow,
		&follow->pull);
}

/* --- the stream --- */

static int heartbeat_came(void *user)
{
	struct follow_call *follow = user;

	if (is_over(follow))
		return 1;
	follow->heard = true;
	return 0;
}

static void note_back(struct follow_call *follow, int64_t utc)
{
	if (utc < 0 || utc >= follow->cursor.time || follow->cursor.rec_no == 0)
		return;
	if (follow->back_from == POSTERN_NOT_GIVEN)
		follow->back_from = follow->back_to = utc;
	if (utc < follow->back_from)
		follow->back_from = utc;
	if (utc > follow->back_to)
		follow->back_to = utc;
}

static int event_came(void *user, const struct postern_event *event)
{
	struct follow_call *follow = user;
	struct cursor *cursor = &follow->cursor;

	if (is_over(follow))
		return 1;
	follow->heard = true;
	cursor->ours = cursor->ours || (event->seq > 0 && event->rec_no > 0);
	/* Ours: an event without record, or one whose record was handed out. */
	if (cursor->ours && (event->rec_no == 0 || (event->rec_no <= cursor->rec_no &&
							   event->utc <= cursor->time)))
		return 0;
	bool by_number = cursor->ours && event->rec_no > cursor->rec_no;

	note_back(follow, event->utc);

	if (follow->pull == NULL)
		follow->by_number = by_number;
	follow->bell = follow->pull == NULL && by_number;
	follow->tries_left = NOT_WRITTEN_YET_TRIES;
	follow->pull_at_ms = now_ms(follow);
	call_enter(&follow->call);
	call_left(&follow->call, wake(follow));
	return 0;
}

static int stream_judge_end(struct follow_call *follow, int error, const char *detail)
{
	if (!may_pass(follow, error))
		return call_fail(&follow->call, error, "%s", detail);
	unsigned wait_ms = delay_ms(follow, ++follow->stream_failures);

	follow->stream_at_ms = now_ms(follow) + wait_ms;
	follow->solo = false;
	tell_failure(follow, error, wait_ms);
	return wake(follow);
}

static void stream_ended(void *user, struct postern_call *call, int error)
{
	struct follow_call *follow = user;

	follow->stream = NULL;
	follow->heard = false;
	if (is_over(follow) || error == POSTERN_E_STOPPED)
		return;
	call_enter(&follow->call);
	call_left(&follow->call, stream_judge_end(follow, error, postern_call_detail(call)));
}

static int stream_begin(struct follow_call *follow)
{
	struct postern_watch_options options = POSTERN_WATCH_OPTIONS_INIT;

	options.codes = "AccessControl";
	options.heartbeat_s = follow->options.heartbeat_s;
	options.event_manager = follow->options.event_manager;
	options.heartbeat = heartbeat_came;
	if (!follow->solo && follow->pull == NULL) {
		follow->pull_at_ms = now_ms(follow); /* stands in line behind it */
		follow->by_number = follow->cursor.ours;
		follow->behind_gap = true;
		follow->bell = false;
	}
	return postern_events_watch_start(
		follow->call.device, &options, event_came, stream_ended, follow, &follow->stream);
}

static int follow_woken(struct postern_call *call)
{
	struct follow_call *follow = (struct follow_call *)call;
	int64_t now = now_ms(follow);
	bool pull_due = follow->pull == NULL && now >= follow->pull_at_ms;
	int error = POSTERN_OK;

	if (follow->solo && pull_due && follow->stream != NULL) {
		call_abandon(follow->stream);
		follow->stream = NULL;
		follow->heard = false;
		follow->pull_at_ms = now + HANG_UP_MS;
		return call_sleep(call, HANG_UP_MS, follow_woken);
	}
	/* One connection: the stream waits until a pull has succeeded and none is due. */
	bool idle = follow->pull == NULL && follow->pull_at_ms > now + HANG_UP_MS &&
		    follow->pull_failures == 0;
	bool room = !follow->options.once && (!follow->solo || idle);

	if (follow->stream == NULL && now >= follow->stream_at_ms && room)
		error = stream_begin(follow);
	if (error == POSTERN_OK && follow->pull == NULL && now >= follow->pull_at_ms)
		error = pull_begin(follow);
	if (error != POSTERN_OK)
		return call_fail(call, error, "%s", postern_device_detail(call->device));
	int64_t next = now + (int64_t)follow->options.poll_s * 1000;

	if (follow->pull == NULL && follow->pull_at_ms < next)
		next = follow->pull_at_ms;
	if (follow->stream == NULL && follow->stream_at_ms > now && follow->stream_at_ms < next)
		next = follow->stream_at_ms;
	return call_sleep(call, (unsigned)(next - now), follow_woken);
}

/* --- the call --- */

static void abandon(struct postern_call **child)
{
	struct postern_call *call = *child;

	*child = NULL;
	if (call != NULL)
		call_abandon(call);
}

static void follow_end(struct postern_call *call, int error)
{
	struct follow_call *follow = (struct follow_call *)call;

	abandon(&follow->stream);
	abandon(&follow->pull);
	follow->done(follow->user, call, error);
}

static void follow_drop(struct postern_call *call)
{
	struct follow_call *follow = (struct follow_call *)call;

	abandon(&follow->stream);
	abandon(&follow->pull);
	cursor_drop(&follow->cursor);
}

const char *postern_follow_state(struct postern_call *call)
{
	return cursor_print(&((struct follow_call *)call)->cursor);
}

static int check_options(
	struct postern_device *device, const struct postern_follow_options *options)
{
	if (options == NULL || options->size < sizeof(*options) || options->record == NULL ||
		options->lost == NULL)
		return device_fail(
			device, POSTERN_E_ARGUMENT, "options: size, record and lost must be set");
	if (options->heartbeat_s > 60 || options->poll_s > 86400 || options->from < 0 ||
		options->retry_first_ms > RETRY_MAX_MS)
		return device_fail(device, POSTERN_E_ARGUMENT,
			"options: heartbeat is 1 to 60 s, poll at most a day, retry_first_ms at "
			"most 30000, from no time before 1970");
	return POSTERN_OK;
}

static void set_defaults(struct postern_follow_options *options)
{
	if (options->heartbeat_s == 0)
		options->heartbeat_s = HEARTBEAT_DEFAULT_S;
	if (options->poll_s == 0)
		options->poll_s = POLL_DEFAULT_S;
	if (options->retry_first_ms == 0)
		options->retry_first_ms = RETRY_DEFAULT_MS;
}

int postern_follow_start(struct postern_device *device,
	const struct postern_follow_options *options, postern_done_fn *done, void *user,
	struct postern_call **call)
{
	static const struct call_class class = {.end = follow_end, .drop = follow_drop};
	int error = check_options(device, options);

	if (error != POSTERN_OK)
		return error;
	struct follow_call *follow =
		call_new(device, sizeof(*follow), &class, done != NULL, &error);

	if (follow == NULL)
		return error;
	follow->options = *options;
	set_defaults(&follow->options);
	follow->done = done;
	follow->user = user;
	follow->cursor.time = options->from;
	follow->crowded_told = POSTERN_NOT_GIVEN;
	follow->back_from = POSTERN_NOT_GIVEN;
	/* Once: as with a device that takes one connection, and no stream. */
	follow->solo = options->once != 0;
	follow->behind_gap = true;
	follow->pull_at_ms = options->once != 0 ? 0 : INT64_MAX;
	if (options->state != NULL && options->state[0] != 0 &&
		!cursor_parse(&follow->cursor, options->state))
		return call_begin(&follow->call,
			call_fail(&follow->call, POSTERN_E_ARGUMENT,
				"state: this is no text that postern_follow_state has given"),
			NULL);
	follow->options.state = NULL;
	return call_begin(&follow->call, call_sleep(&follow->call, 0, follow_woken), call);
}

/* The form that waits hands the same callbacks the caller's own user. */
struct follow_wait {
	struct sync sync;
	const struct postern_follow_options *options;
	void *user;
};

static int wait_record(void *user, struct postern_call *call, const struct postern_record *record)
{
	struct follow_wait *wait = user;

	return wait->options->record(wait->user, call, record);
}

static int wait_lost(void *user, struct postern_call *call, const struct postern_loss *loss)
{
	struct follow_wait *wait = user;

	return wait->options->lost(wait->user, call, loss);
}

static void wait_link(void *user, struct postern_call *call, int error, unsigned retry_ms)
{
	struct follow_wait *wait = user;

	if (wait->options->link != NULL)
		wait->options->link(wait->user, call, error, retry_ms);
}

static unsigned wait_jitter(void *user, unsigned below_ms)
{
	struct follow_wait *wait = user;

	return wait->options->jitter_ms(wait->user, below_ms);
}

static void wait_done(void *user, struct postern_call *call, int error)
{
	sync_done(&((struct follow_wait *)user)->sync, call, error);
}

int postern_follow(
	struct postern_device *device, const struct postern_follow_options *options, void *user)
{
	struct follow_wait wait = {.options = options, .user = user};
	int error = sync_begin(&wait.sync, device);

	if (error == POSTERN_OK)
		error = check_options(device, options);
	if (error != POSTERN_OK)
		return error;
	struct postern_follow_options own = *options;

	own.record = wait_record;
	own.lost = wait_lost;
	own.link = wait_link;
	own.jitter_ms = options->jitter_ms == NULL ? NULL : wait_jitter;
	return sync_wait(&wait.sync, postern_follow_start(device, &own, wait_done, &wait, NULL));
}
