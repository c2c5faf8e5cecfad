// SPDX-License-Identifier: Apache-2.0
/*
 * The thread of the OSDP lines. It owns the ports, one osdp_bus a line, and sleeps in epoll: bytes
 * of a port, one timer for all deadlines, an eventfd for the other threads. It runs below the
 * real-time thread and allocates nothing. What comes from a line is judged by protocols/osdp_bus
 * alone; what it gives goes to rt as it is.
 *
 * Wake-ups. An exchange with a reader that is steady takes one: a single look when all of the reply
 * and the idle time behind it are over by what its replies before have told (bus_guess), and there
 * the next command goes. The port is not watched meanwhile. Where nothing is guessed, or wrongly,
 * it takes two: the first byte; and all of the rest, for the byte before a reply and then its head
 * tell how long it is (bus_wait).
 *
 * A port that fails is closed at once and told to the supervisor, who brings another. Keys lie in
 * locked memory that is not dumped, and are wiped at the end.
 */
#include "bus_private.h"

#include "base/assert.h"
#include "crypto/osdp_aes.h"
#include "crypto/random.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "serial/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define READ_BYTES 512 /* at once; local variables are zeroed: no more than is likely */
#define READS_MAX 4 /* of a port in a turn */
#define STATUS_NS (500 * NS_PER_MS)
#define GONE_RETRY_NS (100 * NS_PER_MS)
#define BITS_PER_BYTE 10 /* start, eight, stop */
#define LOOK_OVER_BYTES 16 /* of an ACK in a secure channel, and the idle time */
#define TAG_WAKE 1000u /* of epoll events; below: a line */
#define TAG_TIMER 1001u

struct bus_reader *bus_reader_of(struct bus *bus, uint8_t number)
{
	if (number < 1 || number > READERS_MAX || bus->reader[number - 1].line == BUS_LINE_NONE)
		return NULL;
	return &bus->reader[number - 1];
}

void bus_tell(struct bus *bus, const struct bus_event *event)
{
	if (!spsc_push(&bus->core->bus_events, event))
		bus->events_lost++;
	core_wake(bus->core->rt_wake);
}

static void earlier(int64_t *due_ns, int64_t at_ns)
{
	if (at_ns < *due_ns)
		*due_ns = at_ns;
}

/* --- ports --- */

/* For the next bytes, once; or for none. */
static void watch(struct bus *bus, struct bus_line *line, bool on)
{
	struct epoll_event event = {
		.events = (on ? EPOLLIN : 0u) | EPOLLONESHOT, .data.u32 = line->at};

	if (line->fd < 0 || line->watched == on)
		return;
	ASSERT(epoll_ctl(bus->epoll, EPOLL_CTL_MOD, line->fd, &event) == 0);
	line->watched = on;
}

static void port_begin(struct bus *bus, struct bus_line *line, int fd)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.u32 = line->at};

	if (epoll_ctl(bus->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
		log_error("cannot watch the port of OSDP line %u: %m", line->at + 1u);
		(void)close(fd);
		return;
	}
	line->fd = fd;
	line->watched = true;
	line->look_ns = INT64_MAX;
	bus_wait_init(&line->wait, BITS_PER_BYTE * NS_PER_S / line->baud);
}

static void port_end(struct bus *bus, struct bus_line *line, int64_t now_ns)
{
	(void)close(line->fd); /* takes it out of epoll */
	line->fd = -1;
	line->look_ns = INT64_MAX;
	line->gone_untold = true;
	bus_line_port(line, false, now_ns);
	bus_events_take(bus, line);
}

static void port_gone_tell(struct bus *bus, struct bus_line *line)
{
	if (line->gone_untold && role_port_gone(bus->core->context, line->at) != -EAGAIN)
		line->gone_untold = false;
}

static struct bus_line *line_of(struct bus *bus, uint8_t at)
{
	for (unsigned i = 0; i < bus->line_count; i++) {
		if (bus->line[i].at == at)
			return &bus->line[i];
	}
	return NULL;
}

static void port_back(struct bus *bus, const struct bus_order *order, int64_t now_ns)
{
	struct bus_line *line = line_of(bus, order->line);

	if (line == NULL) {
		(void)close(order->fd);
		return;
	}
	if (line->fd >= 0)
		(void)close(line->fd);
	line->fd = -1;
	line->gone_untold = false;
	port_begin(bus, line, order->fd);
	if (line->fd >= 0)
		bus_line_port(line, true, now_ns);
}

/* --- bytes --- */

static void bytes_take(struct bus *bus, struct bus_line *line, struct span bytes, int64_t now_ns)
{
	bool unseen = line->wait.expected && line->wait.total == 0 && bytes.len > 1;
	int64_t at_ns = bus_wait_bytes(&line->wait, bytes, now_ns);

	if (unseen) { /* the bus is told as well when the first of them came */
		bus_line_receive(
			line, span_of(bytes.data, 1), line->wait.begin_ns + line->wait.byte_ns);
		bytes = span_of(bytes.data + 1, bytes.len - 1);
	}
	/* On a panel's line others speak as well: there is no telling what comes. */
	bus_line_receive(line, bytes, line->output == NULL ? at_ns : now_ns);
	bus_events_take(bus, line);
}

/* Whole is what looks like a reply; the bus says whether it was the one. */
static void reply_learn(struct bus_line *line)
{
	unsigned reader;

	if (line->polled == NULL || !line->wait.whole || osdp_bus_polls(line->osdp, &reader))
		return;
	bus_guess_came(line->polled, line->wait.seen, line->wait.begin_ns - line->sent_ns,
		line->wait.total);
	line->polled = NULL;
}

static void line_read(struct bus *bus, struct bus_line *line)
{
	char bytes[READ_BYTES];
	int64_t now_ns = 0;

	for (unsigned i = 0; i < READS_MAX; i++) {
		ssize_t len = serial_read(line->fd, bytes, sizeof(bytes));

		now_ns = clock_boot_ns();
		if (len < 0) {
			port_end(bus, line, now_ns);
			return;
		}
		if (len > 0)
			bytes_take(bus, line, span_of(bytes, (size_t)len), now_ns);
		if ((size_t)len < sizeof(bytes))
			break;
	}
	if (line->look_ns <= now_ns)
		bus_wait_looked(&line->wait);
	reply_learn(line);
	line->awaits = !line->wait.whole;
	if (line->output == NULL)
		line->look_ns = bus_wait_look_ns(&line->wait, now_ns);
}

/* A command of so many bytes went out at now_ns. */
static void reply_await(struct bus *bus, struct bus_line *line, size_t len, int64_t now_ns)
{
	int64_t begin_ns;
	uint32_t reply_len;
	unsigned reader;

	bus_wait_begin(&line->wait);
	line->awaits = true;
	line->look_ns = INT64_MAX;
	line->sent_ns = now_ns + (int64_t)len * line->wait.byte_ns;
	if (line->polled != NULL)
		bus_guess_lost(line->polled);
	line->polled = NULL;
	if (line->osdp == NULL || !osdp_bus_polls(line->osdp, &reader))
		return;
	line->polled = &bus->reader[line->number[reader] - 1u].guess;
	if (!bus_guess_plan(line->polled, len, line->wait.byte_ns, &begin_ns, &reply_len))
		return;
	line->look_ns = bus_wait_expect(&line->wait, line->sent_ns + begin_ns, reply_len);
	watch(bus, line, false);
}

/* One frame at most: its answer comes first. */
static void line_write(struct bus *bus, struct bus_line *line)
{
	int64_t now_ns = clock_boot_ns();
	struct span bytes;

	if (line->fd < 0 || !bus_line_transmit(line, now_ns, &bytes))
		return;
	/* What a full port does not take is lost, as on a bad wire: it is repeated. */
	ssize_t wrote = serial_write(line->fd, bytes.data, bytes.len);

	reply_await(bus, line, bytes.len, now_ns);
	if (wrote < 0)
		port_end(bus, line, clock_boot_ns());
}

/*
 * A look that was planned tells more than the end of the wait, which comes a little before it where
 * the line is slow: the reply has begun, or did so until now. But it does not put off a reader that
 * falls silent by more than such a reply is long, and that once: then nothing is guessed of it.
 */
static int64_t line_due_ns(const struct bus_line *line)
{
	int64_t due_ns = bus_line_deadline_ns(line);

	if (line->look_ns != INT64_MAX && line->look_ns - due_ns > 0 &&
		line->look_ns - due_ns <= LOOK_OVER_BYTES * line->wait.byte_ns)
		return line->look_ns;
	earlier(&due_ns, line->look_ns);
	return due_ns;
}

/* Before silence is judged, what waits in the port is read. */
static bool line_is_read(const struct bus_line *line, bool readable, int64_t now_ns)
{
	return line->fd >= 0 && (readable || line->look_ns <= now_ns ||
					(line->awaits && bus_line_deadline_ns(line) <= now_ns));
}

static void line_turn(struct bus *bus, struct bus_line *line, bool readable)
{
	if (readable)
		line->watched = false;
	if (line_is_read(line, readable, clock_boot_ns()))
		line_read(bus, line);
	int64_t now_ns = clock_boot_ns();

	if (bus_line_deadline_ns(line) <= now_ns) {
		bus_line_time(line, now_ns);
		bus_events_take(bus, line);
	}
	line_write(bus, line);
	if (line->look_ns == INT64_MAX)
		watch(bus, line, true);
	port_gone_tell(bus, line);
}

/* --- the other threads --- */

static void look_order(struct bus *bus, const struct bus_reader *reader,
	const struct osdp_look *look, int64_t now_ns)
{
	struct osdp_order order = {.kind = OSDP_ORDER_LOOK, .look = *look};

	/* Taken at any time: a reader that is offline shows it when it is back. */
	(void)osdp_bus_order(line_of(bus, reader->line)->osdp, reader->index, &order, now_ns);
}

static void feedbacks_take(struct bus *bus, int64_t now_ns)
{
	struct bus_feedback feedback;

	while (spsc_pop(&bus->core->bus_feedbacks, &feedback)) {
		struct bus_reader *reader = bus_reader_of(bus, feedback.reader);
		struct osdp_look look;

		if (reader == NULL)
			continue;
		bus_look_feedback(&reader->look, feedback.feedback,
			bus->core->settings->pin_second_ms, now_ns, &look);
		look_order(bus, reader, &look, now_ns);
	}
}

/* The light of a door that is held open or locked. */
static void holds_look(struct bus *bus, int64_t now_ns)
{
	for (unsigned i = 0; i < READERS_MAX; i++) {
		struct bus_reader *reader = &bus->reader[i];
		struct osdp_look look;

		if (reader->line == BUS_LINE_NONE)
			continue;
		uint8_t door = bus->core->settings->reader[i].config.door;
		struct door_state state = door_state_unpack(
			atomic_load_explicit(&bus->core->door_state[door], memory_order_acquire));

		if (state.hold == reader->look.hold)
			continue;
		bus_look_hold(&reader->look, state.hold, now_ns, &look);
		look_order(bus, reader, &look, now_ns);
	}
}

static void orders_take(struct bus *bus, int64_t now_ns)
{
	struct bus_order order;

	while (spsc_pop(&bus->core->bus_orders, &order)) {
		if (order.kind == BUS_ORDER_PORT)
			port_back(bus, &order, now_ns);
		else if (order.kind == BUS_ORDER_FILE || order.kind == BUS_ORDER_FILE_CANCEL)
			bus_file_order(bus, &order, now_ns);
		else
			bus_keys_order(bus, &order, now_ns);
		explicit_bzero(&order, sizeof(order)); /* it may have held a key */
	}
}

/* What is in the rings; who puts it there wakes us behind it. */
static void calls_take(struct bus *bus, int64_t now_ns)
{
	core_wake_clear(bus->core->bus_wake);
	orders_take(bus, now_ns);
	bus_keys_results(bus, now_ns);
	feedbacks_take(bus, now_ns);
	bus_outputs_frames(bus, now_ns);
}

static void status_put(struct bus *bus, unsigned at)
{
	const struct bus_reader *reader = &bus->reader[at];
	const struct bus_line *line = line_of(bus, reader->line);
	struct bus_status status = {
		.line = reader->line,
		.pairing = reader->pairing,
		.pair_failed = reader->pair_failed,
		.port = line->fd >= 0,
		.has_key = reader->has_key,
		.window_until_ns = reader->window_until_ns,
	};

	osdp_bus_status(line->osdp, reader->index, &status.reader);
	(void)latest_put(&bus->core->bus_status[at], &status);
}

void bus_status_publish(struct bus *bus, uint8_t number)
{
	status_put(bus, number - 1u);
}

static void statuses_put(struct bus *bus, int64_t now_ns)
{
	if (now_ns < bus->status_ns)
		return;
	bus->status_ns = now_ns + STATUS_NS;
	for (unsigned i = 0; i < READERS_MAX; i++) {
		if (bus->reader[i].line != BUS_LINE_NONE)
			status_put(bus, i);
	}
	if (bus->events_lost != bus->lost_told)
		log_error("%llu cards, keys or states of OSDP readers were lost: the real-time "
			  "thread did not take them",
			(unsigned long long)(bus->events_lost - bus->lost_told));
	bus->lost_told = bus->events_lost;
	holds_look(bus, now_ns);
}

bool bus_status_get(const struct core *core, uint8_t reader, struct bus_status *ret)
{
	if (core->bus == NULL || reader < 1 || reader > READERS_MAX ||
		core->bus_status[reader - 1].words == NULL)
		return false;
	const struct latest *latest = &core->bus_status[reader - 1];

	for (;;) { /* the writer comes round twice a second */
		uint64_t last = latest_last(latest);

		if (last == 0)
			return false;
		if (latest_get(latest, last, ret))
			return true;
	}
}

/* --- the loop --- */

static void timer_arm(struct bus *bus)
{
	int64_t due_ns = bus->status_ns;

	earlier(&due_ns, bus->again_ns);
	for (unsigned i = 0; i < bus->line_count; i++) {
		const struct bus_line *line = &bus->line[i];

		earlier(&due_ns, line_due_ns(line));
		if (line->gone_untold)
			earlier(&due_ns, clock_boot_ns() + GONE_RETRY_NS);
	}
	due_ns = due_ns < 1 ? 1 : due_ns; /* 0 would disarm */
	if (due_ns == bus->timer_ns)
		return;
	struct itimerspec at = {.it_value = {due_ns / NS_PER_S, due_ns % NS_PER_S}};

	ASSERT(timerfd_settime(bus->timer, TFD_TIMER_ABSTIME, &at, NULL) == 0);
	bus->timer_ns = due_ns;
}

static void turn(struct bus *bus)
{
	struct epoll_event events[OSDP_LINES_MAX + 2];
	bool readable[OSDP_LINES_MAX] = {false};
	bool called = false; /* by another thread */
	int count = epoll_wait(bus->epoll, events, ARRAY_COUNT(events), -1);

	for (int i = 0; i < count; i++) {
		if (events[i].data.u32 == TAG_WAKE)
			called = true;
		else if (events[i].data.u32 == TAG_TIMER)
			bus->timer_ns = INT64_MAX; /* setting it anew clears it as well */
		else
			readable[events[i].data.u32] = true;
	}
	int64_t now_ns = clock_boot_ns();

	if (called)
		calls_take(bus, now_ns);
	bus_keys_again(bus, now_ns);
	bus_outputs_turn(bus, now_ns);
	for (unsigned i = 0; i < bus->line_count; i++)
		line_turn(bus, &bus->line[i], readable[bus->line[i].at]);
	statuses_put(bus, now_ns);
	timer_arm(bus);
}

void *bus_run(void *user)
{
	struct bus *bus = user;
	int error = role_bus_try();

	if (error != 0)
		log_info("talks to OSDP readers without real-time priority: %s", strerror(-error));
	for (unsigned i = 0; i < bus->line_count; i++) {
		bus_events_take(bus, &bus->line[i]);
		line_write(bus, &bus->line[i]);
	}
	timer_arm(bus);
	while (!atomic_load(&bus->core->stopping))
		turn(bus);
	return NULL;
}

/* --- the start --- */

static void fill_random(void *user UNUSED, void *out, size_t len)
{
	random_bytes(out, len);
}

static int line_new(struct bus *bus, uint8_t at, const struct osdp_bus_reader *keys)
{
	struct bus_line *line = &bus->line[bus->line_count];
	const struct settings *settings = bus->core->settings;
	size_t size = OSDP_BUS_READERS_MAX * sizeof(struct osdp_bus_reader);
	struct osdp_bus_reader *readers = core_secret_new_of(size);
	struct osdp_bus_config config = {
		.baud = settings_osdp_baud(&settings->osdp_line[at]),
		.readers = readers,
		.aes = &osdp_aes_nettle,
		.fill_random = fill_random,
		.trace = bus_trace_frame,
		.user = line,
	};

	*line = (struct bus_line){.bus = bus, .at = at, .fd = -1, .look_ns = INT64_MAX};
	line->baud = config.baud;
	if (readers == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < READERS_MAX && config.reader_count < OSDP_BUS_READERS_MAX; i++) {
		const struct reader_settings *reader = &settings->reader[i];

		if (!reader->osdp.configured || reader->osdp.line != at)
			continue;
		readers[config.reader_count] = keys[i];
		bus->reader[i].line = at;
		bus->reader[i].index = (uint8_t)config.reader_count;
		bus->reader[i].has_key = keys[i].has_key;
		line->number[config.reader_count++] = (uint8_t)(i + 1);
	}
	line->count = (uint8_t)config.reader_count;
	line->size = config.reader_count > 0 ? osdp_bus_size(config.reader_count) : 0;
	line->memory = config.reader_count > 0 ? core_secret_new_of(line->size) : NULL;
	if (line->memory != NULL) {
		line->osdp = osdp_bus_init(line->memory, &config, clock_boot_ns());
		bus->line_count++;
	}
	core_secret_free_of(readers, size);
	return config.reader_count == 0 || line->memory != NULL ? 0 : -ENOMEM;
}

static int port_first(struct bus *bus, struct bus_line *line)
{
	int fd = ROLE_FD_PORTS + line->at;

	if (fcntl(fd, F_GETFD) < 0) {
		bus_line_port(line, false, clock_boot_ns());
		return 0;
	}
	serial_drop_input(fd); /* what came while nobody listened */
	port_begin(bus, line, fd);
	return line->fd >= 0 ? 0 : -errno;
}

static int descriptors_new(struct bus *bus)
{
	struct epoll_event wake = {.events = EPOLLIN, .data.u32 = TAG_WAKE};
	struct epoll_event timer = {.events = EPOLLIN, .data.u32 = TAG_TIMER};

	bus->epoll = epoll_create1(EPOLL_CLOEXEC);
	bus->timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (bus->epoll < 0 || bus->timer < 0 ||
		epoll_ctl(bus->epoll, EPOLL_CTL_ADD, bus->core->bus_wake, &wake) != 0 ||
		epoll_ctl(bus->epoll, EPOLL_CTL_ADD, bus->timer, &timer) != 0)
		return -errno;
	return 0;
}

static int statuses_new(struct bus *bus)
{
	size_t size = latest_size(BUS_STATUS_SLOTS, sizeof(struct bus_status));

	for (unsigned i = 0; i < READERS_MAX; i++) {
		if (bus->reader[i].line == BUS_LINE_NONE)
			continue;
		void *memory = calloc(1, size);

		if (memory == NULL)
			return -ENOMEM;
		latest_init(&bus->core->bus_status[i], memory, BUS_STATUS_SLOTS,
			sizeof(struct bus_status));
	}
	return 0;
}

static int lines_new(struct bus *bus, const struct osdp_bus_reader *keys)
{
	int error = descriptors_new(bus);

	for (uint8_t i = 0; i < bus->core->settings->osdp_line_count && error == 0; i++)
		error = line_new(bus, i, keys);
	if (error == 0)
		error = bus_outputs_new(bus);
	for (unsigned i = 0; i < bus->line_count && error == 0; i++)
		error = port_first(bus, &bus->line[i]);
	if (error == 0)
		error = bus_trace_new(bus->core);
	return error == 0 ? statuses_new(bus) : error;
}

int bus_new(struct core *core, bool restarted, struct bus **ret)
{
	size_t size = READERS_MAX * sizeof(struct osdp_bus_reader);

	*ret = NULL;
	if (core->settings->osdp_line_count == 0)
		return 0;
	struct bus *bus = calloc(1, sizeof(*bus));
	struct osdp_bus_reader *keys = core_secret_new_of(size);

	core->reader_keys = core_secret_new_of(sizeof(*core->reader_keys));
	if (bus == NULL || keys == NULL || core->reader_keys == NULL) {
		free(bus);
		return -ENOMEM;
	}
	bus->core = core;
	bus->timer_ns = INT64_MAX;
	bus->again_ns = INT64_MAX;
	for (unsigned i = 0; i < READERS_MAX; i++)
		bus->reader[i].line = BUS_LINE_NONE;
	int error = bus_keys_load(bus, restarted, keys);

	if (error == 0)
		error = lines_new(bus, keys);
	core_secret_free_of(keys, size);
	if (error == 0)
		*ret = bus;
	return error; /* core does not start without it: nothing is given back */
}

struct bus *bus_free(struct bus *bus)
{
	if (bus == NULL)
		return NULL;
	for (unsigned i = 0; i < bus->line_count; i++) {
		if (bus->line[i].osdp != NULL)
			osdp_bus_wipe(bus->line[i].osdp);
		core_secret_free_of(bus->line[i].memory, bus->line[i].size);
		if (bus->line[i].fd >= 0)
			(void)close(bus->line[i].fd);
	}
	bus_outputs_free(bus);
	core_secret_free_of(bus->core->reader_keys, sizeof(*bus->core->reader_keys));
	for (unsigned i = 0; i < READERS_MAX; i++)
		free(bus->core->bus_status[i].words);
	free(bus->core->osdp_frames.words);
	(void)close(bus->epoll);
	(void)close(bus->timer);
	free(bus);
	return NULL;
}
