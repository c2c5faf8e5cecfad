// SPDX-License-Identifier: Apache-2.0
/*
 * The loop of the real-time thread. Each turn: read the clock, drain the lines, apply what other
 * threads sent, end the frames whose gap was over when the clock was read, step what is due, beat,
 * arm the timer. Frames are ended by the time read before the draining: an edge that happened
 * before it was in the socket already, so silence is never taken from a line that is merely unread.
 *
 * The thread allocates nothing, waits in epoll only, and owns the controller, the decoders and the
 * lines. A flood of edges is taken in bites, so that commands and locks are served in between.
 */
#include "rt_private.h"

#include "base/assert.h"
#include "platform/clock.h"
#include "platform/life.h"
#include "platform/log.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define EVENTS_BITE 256 /* line events a read */
#define BITES_MAX 8 /* reads a turn */
#define STEPS_DUE_MAX 16 /* timer steps a turn */
#define FAR_FUTURE_S INT64_C(7258118400) /* 2200 */

static void door_states_publish(struct rt *rt)
{
	for (uint8_t i = 0; i < DOORS_MAX; i++) {
		struct door_state state;

		if (!rt->core->config.door[i].configured)
			continue;
		controller_door_state(rt->controller, i, &state);
		atomic_store_explicit(
			&rt->core->door_state[i], door_state_pack(&state), memory_order_release);
	}
}

void rt_step(struct rt *rt, const struct controller_input *input)
{
	struct moment now = clock_now(rt->core->settings->clock_trust);

	if (now.boot_ns < rt->now_ns)
		now.boot_ns = rt->now_ns;
	rt->now_ns = now.boot_ns;
	rt->trusted = now.trusted;
	controller_step(rt->controller, input, &now, &rt->effects);
	door_states_publish(rt);
	rt_effects(rt);
}

void rt_schedule_put(struct rt *rt, const struct schedule *schedule)
{
	struct controller_input input = {.kind = INPUT_SCHEDULE_PUT, .schedule = *schedule};

	rt_step(rt, &input);
}

void rt_special_group_put(struct rt *rt, const struct special_day_group *group)
{
	struct controller_input input = {.kind = INPUT_SPECIAL_GROUP_PUT, .special_group = *group};

	rt_step(rt, &input);
}

void rt_special_schedule_put(struct rt *rt, const struct special_schedule *special)
{
	struct controller_input input = {
		.kind = INPUT_SPECIAL_SCHEDULE_PUT, .special_schedule = *special};

	rt_step(rt, &input);
}

void rt_emit(void *user, const struct controller_input *input, int64_t due_ns)
{
	struct rt *rt = user;

	rt->decision_due_ns = due_ns;
	rt_step(rt, input);
	rt->decision_due_ns = 0;
}

static void contact_step(struct rt *rt, uint8_t door, bool open)
{
	struct controller_input input = {.kind = INPUT_CONTACT};

	if (door >= DOORS_MAX || !rt->core->config.door[door].has_contact)
		return;
	input.contact.door = door;
	input.contact.open = open;
	rt_step(rt, &input);
}

void rt_tamper(struct rt *rt, uint8_t reader, bool active)
{
	struct controller_input input = {.kind = INPUT_TAMPER};

	if (reader < 1 || reader > READERS_MAX || !rt->core->config.reader[reader - 1].configured)
		return;
	input.tamper.reader = reader;
	input.tamper.active = active;
	rt_step(rt, &input);
}

static void rex_step(struct rt *rt, uint8_t door, bool active)
{
	struct controller_input input = {.kind = INPUT_REX};

	if (door >= DOORS_MAX || !rt->core->config.door[door].configured)
		return;
	input.rex.door = door;
	input.rex.active = active;
	rt_step(rt, &input);
}

void rt_levels(struct rt *rt)
{
	struct lines *lines = rt->core->lines;

	for (uint8_t i = 0; i < DOORS_MAX; i++) {
		if (rt->core->config.door[i].configured && rt->core->config.door[i].has_contact)
			contact_step(rt, i, lines->driver->input(lines, LINE_CONTACT, i));
	}
	for (uint8_t i = 1; i <= READERS_MAX; i++) {
		if (rt->core->config.reader[i - 1].configured && !rt_bus_is(rt, i))
			rt_tamper(rt, i, lines->driver->input(lines, LINE_TAMPER, i));
	}
}

static void line_event(struct rt *rt, const struct line_event *event)
{
	if (event->kind == LINE_LOST) {
		rt_readers_lost_at(&rt->readers, event->at);
		return;
	}
	switch ((enum line_kind)event->kind) {
	case LINE_DATA0:
	case LINE_DATA1:
		rt_readers_edge(&rt->readers, event, rt_emit, rt);
		break;
	case LINE_TAMPER:
		if (!rt_bus_is(rt, event->at))
			rt_tamper(rt, event->at, event->level != 0);
		break;
	case LINE_CONTACT:
		contact_step(rt, event->at, event->level != 0);
		break;
	case LINE_REX:
		rex_step(rt, event->at, event->level != 0);
		break;
	case LINE_KIND_COUNT:
		break;
	}
}

/* Returns the time up to which all edges were seen: frames may be ended by it. */
static int64_t lines_drain(struct rt *rt, int64_t now_ns)
{
	struct lines *lines = rt->core->lines;
	struct line_event events[EVENTS_BITE];
	int64_t seen_ns = now_ns;

	rt->unread = false;
	for (int bite = 0; bite < BITES_MAX; bite++) {
		uint32_t lost = 0;
		int count =
			rt->lines_over ? 0 : lines->driver->read(lines, events, EVENTS_BITE, &lost);

		if (lost > 0) {
			rt_readers_lost(&rt->readers);
			rt_levels(rt);
		}
		if (count < 0) {
			log_warning("the source of line events is gone; waiting for the next");
			rt->lines_over = true;
			rt->lines_fd = -1;
			rt_readers_cut(&rt->readers);
		}
		if (count <= 0)
			return now_ns;
		for (int i = 0; i < count; i++)
			line_event(rt, &events[i]);
		seen_ns = events[count - 1].at_ns;
	}
	rt->unread = true;
	return seen_ns < now_ns ? seen_ns : now_ns;
}

/* The lines' descriptor changes with each start of role sim. */
static void lines_register(struct rt *rt)
{
	struct lines *lines = rt->core->lines;
	struct epoll_event event = {.events = EPOLLIN};
	int fd = rt->lines_over ? -1 : lines->driver->fd(lines);

	if (fd == rt->lines_fd)
		return;
	event.data.fd = fd;
	if (fd >= 0 && epoll_ctl(rt->epoll, EPOLL_CTL_ADD, fd, &event) != 0 && errno != EEXIST)
		log_error("cannot watch the lines: %m");
	rt->lines_fd = fd;
}

static void clock_arm(struct rt *rt)
{
	struct itimerspec far = {.it_value.tv_sec = FAR_FUTURE_S};

	(void)timerfd_settime(
		rt->clock_timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL);
}

/* The wall clock was set (the timer says ECANCELED), or its trust changed (looked at each beat). */
static void clock_watch(struct rt *rt, bool beat)
{
	struct controller_input input = {.kind = INPUT_CLOCK_CHANGED};
	uint64_t count;
	bool jumped = read(rt->clock_timer, &count, sizeof(count)) < 0 && errno == ECANCELED;

	if (jumped)
		clock_arm(rt);
	if (jumped || (beat && clock_now(rt->core->settings->clock_trust).trusted != rt->trusted))
		rt_step(rt, &input);
}

static int64_t lines_deadline_ns(const struct rt *rt)
{
	const struct lines *lines = rt->core->lines;

	return lines->driver->deadline_ns == NULL ? INT64_MAX : lines->driver->deadline_ns(lines);
}

/* Lights and sounds go on. */
static void lines_time(struct rt *rt)
{
	int64_t now_ns = clock_boot_ns();

	if (lines_deadline_ns(rt) <= now_ns)
		rt->core->lines->driver->time(rt->core->lines, now_ns);
}

static void timer_arm(struct rt *rt)
{
	int64_t due_ns = rt->beat_due_ns;
	int64_t lines_ns = lines_deadline_ns(rt);
	int64_t controller_ns = controller_deadline_ns(rt->controller);
	int64_t readers_ns = rt_readers_deadline_ns(&rt->readers);

	due_ns = controller_ns < due_ns ? controller_ns : due_ns;
	due_ns = readers_ns < due_ns ? readers_ns : due_ns;
	due_ns = lines_ns < due_ns ? lines_ns : due_ns;
	due_ns = due_ns < 1 ? 1 : due_ns; /* 0 would disarm */
	if (due_ns == rt->timer_ns)
		return;
	struct itimerspec at = {.it_value = {due_ns / NS_PER_S, due_ns % NS_PER_S}};

	ASSERT(timerfd_settime(rt->timer, TFD_TIMER_ABSTIME, &at, NULL) == 0);
	rt->timer_ns = due_ns;
}

static void steps_due(struct rt *rt)
{
	struct controller_input input = {.kind = INPUT_TIMER};

	for (int i = 0; i < STEPS_DUE_MAX; i++) {
		if (controller_deadline_ns(rt->controller) > clock_boot_ns())
			return;
		rt_step(rt, &input);
	}
}

static void turn(struct rt *rt)
{
	int64_t now_ns = clock_boot_ns();
	bool beat = now_ns >= rt->beat_due_ns;
	int64_t seen_ns = lines_drain(rt, now_ns);

	rt_readers_time(&rt->readers, seen_ns, rt_emit, rt);
	core_wake_clear(rt->core->rt_wake);
	rt_changes(rt);
	rt_orders(rt);
	rt_bus(rt);
	steps_due(rt);
	lines_time(rt);
	clock_watch(rt, beat);
	if (beat) {
		rt_readers_noise(&rt->readers, rt_emit, rt);
		rt_reader_states(rt);
		rt_store_watch(rt);
		rt_panels_beat(rt);
		rt_bus_beat(rt);
		atomic_store(&rt->page->beat_ns, clock_boot_ns());
		rt->beat_due_ns = now_ns + HEARTBEAT_INTERVAL_MS * NS_PER_MS;
	}
	lines_register(rt);
	timer_arm(rt);
}

/*
 * Nobody will end a pulse that runs now. What is locked, or held open by command, stays as it is:
 * a restart is not to move those lines.
 */
static void pulses_end(struct rt *rt)
{
	struct lines *lines = rt->core->lines;

	for (uint8_t i = 0; i < DOORS_MAX; i++) {
		int64_t until_ns = atomic_load(&rt->page->unlocked_until_ns[i]);

		if (!rt->core->config.door[i].configured || until_ns == 0 ||
			until_ns == OUTPUT_FOREVER)
			continue;
		lines->driver->set_lock(lines, i, rt->core->config.door[i].fail == FAIL_SAFE);
		atomic_store(&rt->page->unlocked_until_ns[i], 0);
	}
}

void *rt_run(void *user)
{
	struct rt *rt = user;
	struct epoll_event events[8];
	int error = role_realtime_try();

	life_hold(&rt->page->life);
	if (error != 0)
		log_info("runs without real-time priority: %s", strerror(-error));
	while (!atomic_load(&rt->core->stopping)) {
		turn(rt);
		if (epoll_wait(rt->epoll, events, ARRAY_COUNT(events), rt->unread ? 0 : -1) > 0) {
			uint64_t expirations;

			if (read(rt->timer, &expirations, sizeof(expirations)) > 0)
				rt->timer_ns = 0;
		}
	}
	pulses_end(rt);
	life_release(&rt->page->life);
	return NULL;
}

static int descriptors_new(struct rt *rt)
{
	struct epoll_event event = {.events = EPOLLIN};
	int flags = TFD_CLOEXEC | TFD_NONBLOCK;

	rt->epoll = epoll_create1(EPOLL_CLOEXEC);
	rt->timer = timerfd_create(CLOCK_BOOTTIME, flags);
	rt->clock_timer = timerfd_create(CLOCK_REALTIME, flags);
	const int fds[] = {rt->timer, rt->clock_timer, rt->core->rt_wake};

	for (size_t i = 0; i < ARRAY_COUNT(fds); i++) {
		event.data.fd = fds[i];
		if (fds[i] < 0 || epoll_ctl(rt->epoll, EPOLL_CTL_ADD, fds[i], &event) != 0)
			return -1;
	}
	clock_arm(rt);
	return 0;
}

/* The controller starts with every door locked; a line that stands so already does not move. */
static void locks_rest(struct rt *rt)
{
	struct lines *lines = rt->core->lines;

	for (uint8_t i = 0; i < DOORS_MAX; i++) {
		if (!rt->core->config.door[i].configured)
			continue;
		if (lines->driver->lock_is_open(lines, i))
			lines->driver->set_lock(lines, i, false);
		atomic_store(&rt->page->unlocked_until_ns[i], 0);
	}
	core_wake(ROLE_FD_WAKE);
}

struct rt *rt_new(struct core *core)
{
	struct rt *rt = calloc(1, sizeof(*rt));

	if (rt == NULL)
		return NULL;
	rt->core = core;
	rt->controller = core->controller;
	rt->page = core->context->heartbeat;
	rt->lines_fd = -1;
	rt_readers_init(&rt->readers, core->settings);
	rt->readers.look = rt_frame_put;
	rt->readers.look_user = rt;
	core->frames_since_utc_ms = clock_now(true).utc_ms;
	rt_panels_start(rt);
	rt_bus_start(rt);
	if (descriptors_new(rt) != 0) {
		free(rt);
		return NULL;
	}
	locks_rest(rt);
	door_states_publish(rt);
	rt_levels(rt);
	return rt;
}
