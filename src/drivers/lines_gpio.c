// SPDX-License-Identifier: Apache-2.0
/*
 * Lines on GPIO chips, over requests that the supervisor opened and keeps. Nothing here allocates
 * after lines_gpio_new, and nothing waits.
 *
 * Edges come from one queue a request. Each read of ours merges them by time, so that what is
 * handed out is in order over all readers and doors: before an event is given, every queue that
 * seemed empty was looked at, and a queue that was read to its limit is read again before its rest
 * could be overtaken. A reader that floods its queue loses its own edges (LINE_LOST), never those
 * of another.
 *
 * What happened before lines_gpio_new is dropped: nobody stood by. A frame that was under way then
 * is told as lost, because its end alone might be another card. A level that may have moved
 * unseen is read again and told as an event.
 *
 * A chip that goes away (a USB adapter) is told as tamper of its readers. Its locks cannot be moved
 * any more: lock_is_open keeps saying how they were left, and the supervisor acts on that.
 */
#include "lines_gpio.h"

#include "base/assert.h"
#include "drivers/gpio_chip.h"
#include "platform/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define STALE_NS (150 * NS_PER_MS) /* longer than any gap that ends a frame (100 ms) */
#define DROP_READS_MAX 22 /* four full queues: noise does not hold up a start */

static struct lines_gpio *self_of(struct lines *lines)
{
	return (struct lines_gpio *)(void *)lines;
}

static int gpio_fd(struct lines *lines)
{
	return self_of(lines)->epoll;
}

/* --- events --- */

static void ready_add(struct source *source, int64_t at_ns, uint8_t kind, uint8_t at, bool level)
{
	ASSERT(source->count < SOURCE_EVENTS_MAX);
	source->ready[source->count++] = (struct line_event){at_ns, kind, at, level};
}

/* The levels of all lines of a request, as events of now. */
static void levels_add(const struct lines_gpio *self, struct source *source)
{
	int64_t now_ns = line_time_boot(&self->time, INT64_MAX);
	uint64_t bits;

	if (gpio_values_get(source->fd, ~UINT64_C(0) >> (64 - source->request->count), &bits) != 0)
		return; /* the next read tells that the chip is gone */
	for (uint32_t i = 0; i < source->request->count; i++) {
		const struct gpio_plan_line *line = &source->request->line[i];

		ready_add(source, now_ns, line->wire, line->at, (bits >> i & 1) != 0);
	}
}

static void source_gone(const struct lines_gpio *self, struct source *source)
{
	int64_t now_ns = line_time_boot(&self->time, INT64_MAX);

	(void)epoll_ctl(self->epoll, EPOLL_CTL_DEL, source->fd, NULL);
	source->fd = -1;
	for (uint32_t i = 0; i < source->request->count; i++) {
		const struct gpio_plan_line *line = &source->request->line[i];

		if (line->wire == GPIO_WIRE_DATA0)
			ready_add(source, now_ns, LINE_LOST, line->at, false);
		if (line->wire == GPIO_WIRE_DATA0 || line->wire == GPIO_WIRE_TAMPER)
			ready_add(source, now_ns, LINE_TAMPER, line->at, true);
	}
}

static void edges_add(const struct lines_gpio *self, struct source *source,
	const struct gpio_edge *edges, uint32_t count)
{
	bool reader = source->request->use == GPIO_USE_READER;
	bool lost = false;

	for (uint32_t i = 0; i < count; i++) {
		const struct gpio_plan_line *line = &source->request->line[edges[i].position];
		int64_t at_ns = line_time_boot(&self->time, edges[i].at_ns);

		if (edges[i].lost > 0 && reader)
			ready_add(source, at_ns, LINE_LOST, line->at, false);
		lost = lost || edges[i].lost > 0;
		ready_add(source, at_ns, line->wire, line->at, edges[i].active);
	}
	if (lost && !reader)
		levels_add(self, source);
}

/* Fills a source that has nothing ready. False when its queue was empty. */
static bool source_read(struct lines_gpio *self, struct source *source)
{
	_Alignas(8) uint8_t bytes[GPIO_EDGES_MAX * GPIO_EVENT_SIZE];
	struct gpio_edge edges[GPIO_EDGES_MAX];

	source->next = 0;
	source->count = 0;
	source->more = false;
	ssize_t len = read(source->fd, bytes, sizeof(bytes));

	line_time_received(&self->time);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (len <= 0) {
		source_gone(self, source);
		return true;
	}
	source->more = (size_t)len == sizeof(bytes);
	edges_add(self, source, edges,
		gpio_events_take(&source->sequence, source->request, bytes, (size_t)len, edges));
	return true;
}

/* Reads every queue that has something, if what it gave before was handed out. */
static void sources_fill(struct lines_gpio *self)
{
	struct epoll_event ready[GPIO_REQUESTS_MAX];
	int count = epoll_wait(self->epoll, ready, GPIO_REQUESTS_MAX, 0);

	for (int i = 0; i < count; i++) {
		struct source *source = &self->source[ready[i].data.u32];

		if (source->next == source->count && source->fd >= 0)
			(void)source_read(self, source);
	}
}

static struct source *source_earliest(struct lines_gpio *self)
{
	struct source *earliest = NULL;

	for (uint32_t i = 0; i < self->source_count; i++) {
		struct source *source = &self->source[i];

		if (source->next < source->count &&
			(earliest == NULL || source->ready[source->next].at_ns <
						     earliest->ready[earliest->next].at_ns))
			earliest = source;
	}
	return earliest;
}

static int gpio_read(
	struct lines *lines, struct line_event *events, uint32_t max, uint32_t *ret_lost)
{
	struct lines_gpio *self = self_of(lines);
	uint32_t taken = 0;

	*ret_lost = 0; /* losses are told for each reader, by LINE_LOST */
	sources_fill(self);
	while (taken < max) {
		struct source *source = source_earliest(self);

		if (source == NULL)
			break;
		events[taken++] = source->ready[source->next++];
		if (source->next == source->count && source->more)
			sources_fill(self);
	}
	return (int)taken;
}

/* --- levels --- */

static bool level_unknown(uint8_t kind)
{
	/* An input that cannot be read is an alarm, but opens nothing. */
	return kind != LINE_REX;
}

/* Of an input that is not wired: closed, not pressed, not tampered, data at rest. */
static bool level_unwired(uint8_t kind)
{
	return kind == LINE_DATA0 || kind == LINE_DATA1;
}

static bool gpio_input(struct lines *lines, uint8_t kind, uint8_t at)
{
	struct lines_gpio *self = self_of(lines);
	uint32_t request;
	uint32_t position;
	uint64_t bits;

	ASSERT(kind < LINE_KIND_COUNT);
	if (!gpio_plan_find(&self->plan, (enum gpio_wire)kind, at, &request, &position))
		return level_unwired(kind);
	if (gpio_values_get(self->fd[request], UINT64_C(1) << position, &bits) != 0)
		return level_unknown(kind);
	return bits != 0;
}

/* --- outputs --- */

static void gpio_set_lock(struct lines *lines, uint8_t door, bool unlocked)
{
	struct lines_gpio *self = self_of(lines);

	ASSERT(door < DOORS_MAX);
	const struct wire *wire = &self->lock[door];

	if (wire->fd < 0 || self->open[door] == unlocked)
		return;
	if (gpio_values_set(wire->fd, wire->mask, unlocked ? wire->mask : 0) == 0)
		self->open[door] = unlocked;
}

static bool gpio_lock_is_open(struct lines *lines, uint8_t door)
{
	ASSERT(door < DOORS_MAX);
	return self_of(lines)->open[door];
}

static void wire_follow(const struct wire *wire, bool *stands, bool wanted)
{
	if (wire->fd < 0 || *stands == wanted)
		return;
	if (gpio_values_set(wire->fd, wire->mask, wanted ? wire->mask : 0) == 0)
		*stands = wanted;
}

static void signals_show(struct lines_gpio *self, uint32_t reader)
{
	wire_follow(&self->led[reader], &self->led_on[reader], self->signals[reader].led);
	wire_follow(&self->beeper[reader], &self->beeper_on[reader], self->signals[reader].beeper);
}

static void gpio_set_feedback(struct lines *lines, uint8_t reader, uint8_t feedback)
{
	struct lines_gpio *self = self_of(lines);

	ASSERT(reader >= 1 && reader <= READERS_MAX);
	if (self->led[reader - 1].fd < 0 && self->beeper[reader - 1].fd < 0)
		return;
	signals_set(&self->signals[reader - 1], feedback, clock_boot_ns());
	signals_show(self, reader - 1u);
}

static int64_t gpio_deadline_ns(const struct lines *lines)
{
	const struct lines_gpio *self = (const struct lines_gpio *)(const void *)lines;
	int64_t deadline_ns = INT64_MAX;

	for (uint32_t i = 0; i < READERS_MAX; i++) {
		int64_t at_ns = signals_deadline_ns(&self->signals[i]);

		deadline_ns = at_ns < deadline_ns ? at_ns : deadline_ns;
	}
	return deadline_ns;
}

static void gpio_time(struct lines *lines, int64_t now_ns)
{
	struct lines_gpio *self = self_of(lines);

	for (uint32_t i = 0; i < READERS_MAX; i++) {
		if (signals_deadline_ns(&self->signals[i]) > now_ns)
			continue;
		signals_time(&self->signals[i], now_ns);
		signals_show(self, i);
	}
}

static const struct lines_driver gpio_driver = {
	.name = "gpio",
	.fd = gpio_fd,
	.read = gpio_read,
	.set_lock = gpio_set_lock,
	.lock_is_open = gpio_lock_is_open,
	.set_feedback = gpio_set_feedback,
	.deadline_ns = gpio_deadline_ns,
	.time = gpio_time,
	.send = lines_panels_send,
	.input = gpio_input,
};

/* --- the start --- */

static struct wire wire_of(const struct lines_gpio *self, enum gpio_wire kind, uint8_t at)
{
	uint32_t request;
	uint32_t position;

	if (!gpio_plan_find(&self->plan, kind, at, &request, &position))
		return (struct wire){.fd = -1};
	return (struct wire){.fd = self->fd[request], .mask = UINT64_C(1) << position};
}

static bool wire_stands(const struct wire *wire)
{
	uint64_t bits;

	return wire->fd >= 0 && (gpio_values_get(wire->fd, wire->mask, &bits) != 0 || bits != 0);
}

/* A lock whose fail state is open may stand so, even where the chip cannot read outputs back. */
static void outputs_find(struct lines_gpio *self, const struct settings *settings)
{
	for (uint8_t i = 0; i < DOORS_MAX; i++) {
		self->lock[i] = wire_of(self, GPIO_WIRE_LOCK, i);
		self->open[i] =
			wire_stands(&self->lock[i]) ||
			(self->lock[i].fd >= 0 && settings->door[i].config.fail == FAIL_SAFE);
	}
	for (uint8_t i = 0; i < READERS_MAX; i++) {
		uint8_t number = (uint8_t)(i + 1);

		self->led[i] = wire_of(self, GPIO_WIRE_LED, number);
		self->beeper[i] = wire_of(self, GPIO_WIRE_BEEPER, number);
		self->led_on[i] = wire_stands(&self->led[i]);
		self->beeper_on[i] = wire_stands(&self->beeper[i]);
		signals_show(self, i); /* what a core before left on */
	}
}

/*
 * Drops what waits, and begins with the levels that stand. What came a moment ago may be the begin
 * of a frame whose rest is to come.
 */
static void source_begin(struct lines_gpio *self, struct source *source)
{
	int64_t latest_ns = INT64_MIN;

	for (int i = 0; i < DROP_READS_MAX && source_read(self, source); i++) {
		if (source->fd < 0)
			return; /* what was told of it stays ready */
		if (source->count > 0)
			latest_ns = source->ready[source->count - 1].at_ns;
	}
	source->next = 0;
	source->count = 0;
	if (source->request->use != GPIO_USE_READER)
		levels_add(self, source);
	else if (latest_ns > clock_boot_ns() - STALE_NS)
		ready_add(source, latest_ns, LINE_LOST, source->request->line[0].at, false);
}

static int sources_open(struct lines_gpio *self)
{
	self->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (self->epoll < 0)
		return -errno;
	for (uint32_t i = 0; i < self->plan.count; i++) {
		const struct gpio_plan_request *request = &self->plan.request[i];
		struct epoll_event event = {.events = EPOLLIN, .data.u32 = self->source_count};

		if (gpio_use_is_output((enum gpio_use)request->use))
			continue;
		struct source *source = &self->source[self->source_count++];

		source->fd = self->fd[i];
		source->request = request;
		if (epoll_ctl(self->epoll, EPOLL_CTL_ADD, source->fd, &event) != 0)
			return -errno;
		source_begin(self, source);
	}
	return 0;
}

struct lines *lines_gpio_new(const struct settings *settings, const int *fds)
{
	struct lines_gpio *self = calloc(1, sizeof(*self));

	if (self == NULL)
		return NULL;
	self->lines.driver = &gpio_driver;
	self->epoll = -1;
	line_time_init(&self->time);
	int error = gpio_plan_make(settings, &self->plan);

	for (uint32_t i = 0; i < self->plan.count && error == 0; i++)
		self->fd[i] = fds[i];
	if (error == 0)
		error = sources_open(self);
	if (error != 0) {
		(void)lines_gpio_free(&self->lines);
		errno = -error;
		return NULL;
	}
	outputs_find(self, settings);
	return &self->lines;
}

struct lines *lines_gpio_free(struct lines *lines)
{
	if (lines == NULL)
		return NULL;
	if (self_of(lines)->epoll >= 0)
		(void)close(self_of(lines)->epoll);
	free(self_of(lines));
	return NULL;
}
