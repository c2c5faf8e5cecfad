// SPDX-License-Identifier: Apache-2.0
/*
 * One epoll descriptor and one time for everything that a context does: libcurl says which sockets
 * and when (multi socket interface), the context's own timers stand in their heap. Nothing here
 * waits but postern_wait. Sockets come before timers, so that bytes that are there already count
 * when a program looked late.
 */
#include "base/assert.h"
#include "core.h"

#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 128
#define ROUNDS_MAX 16 /* of events, before timers have their turn */

static int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int watch_socket(
	CURL *curl UNUSED, curl_socket_t fd, int what, void *user, void *socket_user UNUSED)
{
	const struct postern *context = user;
	struct epoll_event event = {.data.fd = fd};

	if (what == CURL_POLL_REMOVE) {
		(void)epoll_ctl(context->epoll, EPOLL_CTL_DEL, fd, &event);
		return 0;
	}
	if ((what & CURL_POLL_IN) != 0)
		event.events |= EPOLLIN;
	if ((what & CURL_POLL_OUT) != 0)
		event.events |= EPOLLOUT;
	if (epoll_ctl(context->epoll, EPOLL_CTL_MOD, fd, &event) == 0)
		return 0;
	/* An error told to libcurl would end every transfer; without it this one comes late. */
	(void)epoll_ctl(context->epoll, EPOLL_CTL_ADD, fd, &event);
	return 0;
}

static int set_curl_time(CURLM *multi UNUSED, long timeout_ms, void *user)
{
	struct postern *context = user;

	context->curl_at_ms = timeout_ms < 0 ? INT64_MAX : context->clock_ms() + timeout_ms;
	return 0;
}

bool loop_init(struct postern *context)
{
	context->clock_ms = monotonic_ms;
	context->curl_at_ms = INT64_MAX;
	context->epoll = epoll_create1(EPOLL_CLOEXEC);
	context->multi = curl_multi_init();
	if (context->epoll < 0 || context->multi == NULL)
		return false;
	curl_multi_setopt(context->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(context->multi, CURLMOPT_SOCKETDATA, context);
	curl_multi_setopt(context->multi, CURLMOPT_TIMERFUNCTION, set_curl_time);
	curl_multi_setopt(context->multi, CURLMOPT_TIMERDATA, context);
	return true;
}

void loop_drop(struct postern *context)
{
	if (context->multi != NULL)
		curl_multi_cleanup(context->multi);
	if (context->epoll >= 0)
		close(context->epoll);
	timers_drop(&context->timers);
}

int postern_fd(const struct postern *context)
{
	return context->epoll;
}

int postern_timeout_ms(struct postern *context)
{
	int64_t at_ms = timers_next(&context->timers);

	if (!link_alone(&context->ending) || transfers_can_begin(context))
		return 0;
	if (context->curl_at_ms < at_ms)
		at_ms = context->curl_at_ms;
	if (at_ms == INT64_MAX)
		return -1;
	int64_t left_ms = at_ms - context->clock_ms();

	return left_ms <= 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

static void act(struct postern *context, curl_socket_t fd, int what)
{
	int running;

	curl_multi_socket_action(context->multi, fd, what, &running);
	transfers_take(context);
}

static int what_of(uint32_t events)
{
	return ((events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
	       ((events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
	       ((events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
}

static void run_sockets(struct postern *context)
{
	struct epoll_event events[EVENTS_MAX];
	int count = EVENTS_MAX;

	for (int round = 0; round < ROUNDS_MAX && count == EVENTS_MAX; round++) {
		count = epoll_wait(context->epoll, events, EVENTS_MAX, 0);
		for (int i = 0; i < count; i++)
			act(context, events[i].data.fd, what_of(events[i].events));
	}
}

static void run_timers(struct postern *context)
{
	int64_t now_ms = context->clock_ms();
	struct timer *timer;

	if (context->curl_at_ms <= now_ms) {
		context->curl_at_ms = INT64_MAX;
		act(context, CURL_SOCKET_TIMEOUT, 0);
	}
	while ((timer = timers_take(&context->timers, now_ms)) != NULL)
		timer->fired(timer);
}

/* As many as stand there now: callbacks that cancel the next call each time do not hold us. */
static void tell_verdicts(struct postern *context)
{
	size_t count = 0;

	for (struct link *at = context->ending.next; at != &context->ending; at = at->next)
		count++;
	for (; count > 0 && !link_alone(&context->ending); count--) {
		struct postern_call *call =
			LINK_OWNER(context->ending.next, struct postern_call, work);

		call_end(call, call->verdict);
	}
}

int postern_dispatch(struct postern *context)
{
	if (context->depth > 0)
		return POSTERN_E_STATE;
	context->depth++;
	tell_verdicts(context);
	transfers_begin(context);
	run_sockets(context);
	run_timers(context);
	tell_verdicts(context);
	transfers_begin(context);
	context->depth--;
	return POSTERN_OK;
}

int postern_wait(struct postern *context, int timeout_ms)
{
	if (context->depth > 0)
		return POSTERN_E_STATE;
	int own_ms = postern_timeout_ms(context);
	struct pollfd fd = {.fd = context->epoll, .events = POLLIN};

	if (timeout_ms < 0 || (own_ms >= 0 && own_ms < timeout_ms))
		timeout_ms = own_ms;
	(void)poll(&fd, 1, timeout_ms);
	return postern_dispatch(context);
}
