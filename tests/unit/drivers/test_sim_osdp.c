// SPDX-License-Identifier: Apache-2.0
/*
 * Virtual OSDP readers at the wire's end of a pseudo terminal, and a panel at its other end. Time
 * is the test's own: bytes take as long as they would on a wire, and not one nanosecond of it is
 * waited for.
 */
#include "crypto/osdp_aes.h"
#include "crypto/random.h"
#include "protocols/osdp_bus.h"
#include "serial/serial.h"
#include "sim_osdp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MS INT64_C(1000000)
#define S (1000 * MS)
#define BYTE_9600_NS (10 * S / 9600)

struct world {
	struct sim_osdp sim;
	struct settings settings;
	struct sim_keys keys;
	struct osdp_bus *bus; /* NULL: the test is the panel */
	int port;
	int64_t now_ns;
	unsigned event_count;
	struct osdp_event event[64];
};

static void fill_random(void *user UNUSED, void *out, size_t len)
{
	random_bytes(out, len);
}

/* Reader at + 1 on line 0. */
static void reader_add(struct world *world, uint8_t at, uint8_t address, bool secure)
{
	world->settings.reader[at].config.configured = true;
	world->settings.reader[at].osdp = (struct reader_osdp){.configured = true,
		.address = address,
		.secure_channel = secure ? SECURE_CHANNEL_REQUIRED : SECURE_CHANNEL_OFF};
}

/* baud: place in the list of rates; readers are in the settings already. */
static void world_start(struct world *world, uint8_t baud)
{
	int fds[OSDP_LINES_MAX];

	for (size_t i = 0; i < OSDP_LINES_MAX; i++)
		fds[i] = -1;
	world->settings.osdp_line_count = 1;
	world->settings.osdp_line[0].baud = baud;
	random_bytes(&world->keys, sizeof(world->keys));
	assert_int_equal(serial_pair(&fds[0], &world->port), 0);
	world->now_ns = 1000 * S;
	sim_osdp_init(&world->sim, &world->settings, fds, &world->keys, world->now_ns);
}

/* A panel that knows the readers' keys; one without: has_key false. */
static void bus_start(struct world *world, bool has_key)
{
	static struct osdp_bus_reader readers[READERS_MAX];
	struct osdp_bus_config config = {
		.baud = settings_osdp_baud(&world->settings.osdp_line[0]),
		.readers = readers,
		.aes = &osdp_aes_nettle,
		.fill_random = fill_random,
	};

	memset(readers, 0, sizeof(readers));
	for (unsigned i = 0; i < READERS_MAX; i++) {
		const struct reader_osdp *osdp = &world->settings.reader[i].osdp;
		struct osdp_bus_reader *reader = &readers[config.reader_count];

		if (!osdp->configured)
			continue;
		config.reader_count++;
		reader->address = osdp->address;
		reader->has_key = has_key;
		reader->policy = osdp->secure_channel == SECURE_CHANNEL_OFF ? OSDP_SECURE_OFF
									    : OSDP_SECURE_REQUIRED;
		memcpy(reader->key, world->keys.key[i], sizeof(reader->key));
	}
	world->bus =
		osdp_bus_init(malloc(osdp_bus_size(config.reader_count)), &config, world->now_ns);
}

static void world_end(struct world *world)
{
	if (world->bus != NULL) {
		osdp_bus_wipe(world->bus);
		free(world->bus);
	}
	if (world->sim.line[0].fd >= 0)
		close(world->sim.line[0].fd);
	if (world->port >= 0)
		close(world->port);
	free(world);
}

static struct world *world_new(void)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	return world;
}

/* The panel's turn: bytes, events, bytes. */
static void bus_turn(struct world *world)
{
	char bytes[OSDP_FRAME_MAX];
	struct span sent;
	ssize_t len = serial_read(world->port, bytes, sizeof(bytes));

	if (len > 0)
		osdp_bus_receive(world->bus, span_of(bytes, (size_t)len), world->now_ns);
	osdp_bus_time(world->bus, world->now_ns);
	while (osdp_bus_event(world->bus, &world->event[world->event_count]))
		world->event_count += world->event_count < 63 ? 1 : 0;
	while (osdp_bus_transmit(world->bus, world->now_ns, &sent))
		assert_int_equal(serial_write(world->port, sent.data, sent.len), sent.len);
}

/* Both, from deadline to deadline, for so long. */
static void world_run(struct world *world, int64_t for_ns)
{
	int64_t end_ns = world->now_ns + for_ns;

	for (;;) {
		bus_turn(world);
		if (world->sim.line[0].fd >= 0)
			sim_osdp_read(&world->sim.line[0], &world->sim, world->now_ns);
		sim_osdp_tick(&world->sim, world->now_ns);
		bus_turn(world);
		int64_t next_ns = osdp_bus_deadline_ns(world->bus);
		int64_t sim_ns = sim_osdp_deadline_ns(&world->sim);

		next_ns = sim_ns < next_ns ? sim_ns : next_ns;
		next_ns = next_ns > world->now_ns ? next_ns : world->now_ns + 1;
		if (next_ns >= end_ns)
			break;
		world->now_ns = next_ns;
	}
	world->now_ns = end_ns;
}

/* The so-many-th event of this kind from a reader (index), from 0; or NULL. */
static const struct osdp_event *event_of(
	const struct world *world, uint8_t kind, uint8_t reader, unsigned nth)
{
	for (unsigned i = 0; i < world->event_count; i++) {
		if (world->event[i].kind == kind && world->event[i].reader == reader && nth-- == 0)
			return &world->event[i];
	}
	return NULL;
}

static struct card_bits card(const char *text)
{
	struct card_bits bits = {.count = (uint16_t)strlen(text)};

	for (unsigned i = 0; i < bits.count; i++)
		card_bits_put(&bits, i, text[i] == '1');
	return bits;
}

static void present(struct world *world, uint8_t reader, const struct card_bits *bits)
{
	assert_true(osdp_device_card(sim_osdp_device(&world->sim, reader), bits, world->now_ns));
}

static void assert_card(
	const struct world *world, uint8_t index, unsigned nth, const struct card_bits *bits)
{
	const struct osdp_event *event = event_of(world, OSDP_EVENT_CARD, index, nth);

	assert_non_null(event);
	assert_memory_equal(&event->card.bits, bits, sizeof(*bits));
}

static void secure_cards_arrive(void **state UNUSED)
{
	struct world *world = world_new();
	struct card_bits short_card = card("10111101110110010011011101");
	struct card_bits long_card = card("1000100100011010001010110011110001");

	reader_add(world, 4, 0, true);
	reader_add(world, 5, 9, true);
	world_start(world, 0);
	bus_start(world, true);
	world_run(world, 2 * S);
	for (uint8_t i = 0; i < 2; i++) {
		const struct osdp_event *event = event_of(world, OSDP_EVENT_ONLINE, i, 0);

		assert_non_null(event);
		assert_true(event->secure);
		assert_int_equal(event->online.identity.serial, 5 + i);
		assert_int_equal(osdp_device_link(sim_osdp_device(&world->sim, (uint8_t)(5 + i)),
					 world->now_ns),
			OSDP_DEVICE_SECURE);
	}
	present(world, 5, &short_card);
	present(world, 6, &long_card);
	present(world, 5, &long_card);
	assert_true(
		osdp_device_keys(sim_osdp_device(&world->sim, 6), SPAN_LIT("12*#"), world->now_ns));
	osdp_device_set_tamper(sim_osdp_device(&world->sim, 5), true);
	world_run(world, 2 * S);
	assert_card(world, 0, 0, &short_card);
	assert_card(world, 0, 1, &long_card);
	assert_card(world, 1, 0, &long_card);
	assert_null(event_of(world, OSDP_EVENT_CARD, 0, 2));
	assert_null(event_of(world, OSDP_EVENT_CARD, 1, 1));
	const struct osdp_event *keys = event_of(world, OSDP_EVENT_KEYS, 1, 0);

	assert_non_null(keys);
	assert_memory_equal(keys->keys.key, "12*#", 4);
	assert_null(event_of(world, OSDP_EVENT_ALARM, 0, 0));
	assert_null(event_of(world, OSDP_EVENT_OFFLINE, 0, 0));
	world_end(world);
}

static void looks_are_shown(void **state UNUSED)
{
	struct world *world = world_new();
	struct osdp_order order = {.kind = OSDP_ORDER_LOOK,
		.look = {.has_permanent = true,
			.permanent = {.on_100ms = 1, .on_colour = OSDP_COLOUR_BLUE},
			.temporary_100ms = 10,
			.temporary = {.on_100ms = 1, .on_colour = OSDP_COLOUR_GREEN},
			.beeps = 2,
			.beep_on_100ms = 1,
			.beep_off_100ms = 1,
			.text_len = 5,
			.text = "Hello"}};

	reader_add(world, 0, 1, true);
	world_start(world, 4);
	bus_start(world, true);
	world_run(world, S);
	struct osdp_device *device = sim_osdp_device(&world->sim, 1);

	assert_int_equal(osdp_bus_order(world->bus, 0, &order, world->now_ns), 0);
	world_run(world, 500 * MS);
	assert_int_equal(osdp_device_led(device, 0, world->now_ns), OSDP_COLOUR_GREEN);
	assert_int_equal(device->shown.buzzer_count, 1);
	assert_true(span_equal(osdp_device_text(device, world->now_ns), SPAN_LIT("Hello")));
	world_run(world, S);
	assert_int_equal(osdp_device_led(device, 0, world->now_ns), OSDP_COLOUR_BLUE);
	world_end(world);
}

static void clear_only_where_allowed(void **state UNUSED)
{
	struct world *world = world_new();
	struct card_bits bits = card("10111101110110010011011101");

	reader_add(world, 0, 1, false);
	reader_add(world, 1, 2, true);
	world_start(world, 4);
	bus_start(world, false); /* and no key for the second one */
	world_run(world, S);
	present(world, 1, &bits);
	present(world, 2, &bits);
	world_run(world, S);
	const struct osdp_event *event = event_of(world, OSDP_EVENT_CARD, 0, 0);

	assert_non_null(event);
	assert_false(event->secure);
	assert_null(event_of(world, OSDP_EVENT_CARD, 1, 0));
	assert_null(event_of(world, OSDP_EVENT_ONLINE, 1, 0));
	assert_int_equal(sim_osdp_device(&world->sim, 2)->counters.events, 0);
	world_end(world);
}

/* A reader in install mode is given a key; one that is not, is not. */
static void pairing(void **state UNUSED)
{
	struct world *world = world_new();
	struct osdp_order order = {.kind = OSDP_ORDER_PAIR};

	reader_add(world, 0, 1, true);
	reader_add(world, 1, 2, true);
	world_start(world, 4);
	bus_start(world, false);
	world_run(world, S);
	osdp_device_set_install(sim_osdp_device(&world->sim, 1), true);
	random_bytes(order.pair.key, sizeof(order.pair.key));
	order.pair.until_ns = world->now_ns + 20 * S;
	assert_int_equal(osdp_bus_order(world->bus, 0, &order, world->now_ns), 0);
	assert_int_equal(osdp_bus_order(world->bus, 1, &order, world->now_ns), 0);
	world_run(world, 30 * S);
	assert_non_null(event_of(world, OSDP_EVENT_PAIRED, 0, 0));
	assert_null(event_of(world, OSDP_EVENT_PAIRED, 1, 0));
	assert_non_null(event_of(world, OSDP_EVENT_PAIR_FAILED, 1, 0));
	struct osdp_device *device = sim_osdp_device(&world->sim, 1);

	assert_memory_equal(device->config.key, order.pair.key, sizeof(order.pair.key));
	assert_false(device->config.install_mode);
	assert_int_equal(osdp_device_link(device, world->now_ns), OSDP_DEVICE_SECURE);
	assert_int_equal(osdp_device_link(sim_osdp_device(&world->sim, 2), world->now_ns),
		OSDP_DEVICE_CLEAR);
	world_end(world);
}

/* --- the wire --- */

static void wire_write(struct world *world, const char *bytes, size_t len)
{
	assert_int_equal(serial_write(world->port, bytes, len), len);
	sim_osdp_read(&world->sim.line[0], &world->sim, world->now_ns);
}

/* What is there at that moment. */
static ssize_t wire_read(struct world *world, int64_t at_ns, char *bytes, size_t size)
{
	world->now_ns = at_ns;
	sim_osdp_tick(&world->sim, at_ns);
	return serial_read(world->port, bytes, size);
}

#define ID_5 "\xFF\x53\x05\x09\x00\x04\x61\x00\xC1\x25"

static void bytes_take_their_time(void **state UNUSED)
{
	struct world *world = world_new();
	char bytes[OSDP_FRAME_MAX];

	reader_add(world, 0, 5, true);
	world_start(world, 0);
	int64_t begin_ns = world->now_ns;

	wire_write(world, ID_5, 10);
	/* 10 bytes there, 3 ms, a mark and a PDID of 20 bytes back. */
	int64_t heard_ns = begin_ns + 10 * 10 * S / 9600 + 3 * MS;
	int64_t end_ns = heard_ns + 21 * 10 * S / 9600;

	assert_int_equal(sim_osdp_deadline_ns(&world->sim), heard_ns);
	assert_int_equal(wire_read(world, heard_ns, bytes, sizeof(bytes)), 0);
	assert_int_equal(sim_osdp_deadline_ns(&world->sim), end_ns);
	assert_int_equal(wire_read(world, end_ns - 1, bytes, sizeof(bytes)), 0);
	assert_int_equal(wire_read(world, end_ns, bytes, sizeof(bytes)), 21);
	assert_memory_equal(bytes, "\xFF\x53\x85\x14\x00\x04\x45\x02\x50\x53\x01\x01\x01", 13);
	assert_int_equal(wire_read(world, end_ns + S, bytes, sizeof(bytes)), 0);
	world_end(world);
}

static void late_looks_do_not_add_up(void **state UNUSED)
{
	struct world *world = world_new();
	char bytes[OSDP_FRAME_MAX];

	reader_add(world, 0, 5, true);
	world_start(world, 0);
	int64_t end_ns = world->now_ns + 31 * 10 * S / 9600 + 3 * MS;

	/* The readers' thread comes 1 ms late to the reply's begin, and not late to its end. */
	wire_write(world, ID_5, 10);
	assert_int_equal(
		wire_read(world, world->now_ns + 10 * BYTE_9600_NS + 4 * MS, bytes, sizeof(bytes)),
		0);
	assert_in_range(sim_osdp_deadline_ns(&world->sim), end_ns - 2, end_ns + 2);
	world_end(world);
}

static void half_a_frame_is_given_up(void **state UNUSED)
{
	struct world *world = world_new();
	char bytes[OSDP_FRAME_MAX];

	reader_add(world, 0, 5, true);
	world_start(world, 4);
	wire_write(world, ID_5, 6);
	int64_t gap_ns = sim_osdp_deadline_ns(&world->sim);

	assert_in_range(gap_ns - world->now_ns, 20 * MS, 21 * MS);
	assert_int_equal(wire_read(world, gap_ns, bytes, sizeof(bytes)), 0);
	assert_int_equal(sim_osdp_deadline_ns(&world->sim), INT64_MAX);
	wire_write(world, ID_5, 10);
	(void)wire_read(world, sim_osdp_deadline_ns(&world->sim), bytes, sizeof(bytes));
	assert_int_equal(
		wire_read(world, sim_osdp_deadline_ns(&world->sim), bytes, sizeof(bytes)), 21);
	world_end(world);
}

/* Everybody answers at the configuration address: one after the other, whole. */
static void one_frame_at_a_time(void **state UNUSED)
{
	struct world *world = world_new();
	char bytes[OSDP_FRAME_MAX];
	ssize_t len = 0;

	reader_add(world, 0, 5, true);
	reader_add(world, 1, 6, true);
	world_start(world, 4);
	wire_write(world, "\x53\x7F\x09\x00\x04\x61\x00\x5F\xE6", 9);
	for (int i = 0; i < 4; i++)
		len += wire_read(world, sim_osdp_deadline_ns(&world->sim), bytes + len,
			sizeof(bytes) - (size_t)len);
	assert_int_equal(len, 42);
	assert_memory_equal(bytes + 21, bytes, 12); /* up to the serial */
	assert_int_equal(bytes[12], 1);
	assert_int_equal(bytes[21 + 12], 2);
	world_end(world);
}

static void another_speed_is_not_heard(void **state UNUSED)
{
	struct world *world = world_new();
	char bytes[OSDP_FRAME_MAX];
	struct osdp_frame frame = {.address = 5,
		.use_crc = true,
		.code = OSDP_COMSET,
		.data = span_of("\5\x80\x25\0\0", 5)};

	reader_add(world, 0, 5, true);
	world_start(world, 4);
	size_t len = osdp_frame_build(&frame, (uint8_t *)bytes, sizeof(bytes));

	wire_write(world, bytes, len);
	(void)wire_read(world, sim_osdp_deadline_ns(&world->sim), bytes, sizeof(bytes));
	assert_int_equal(
		wire_read(world, sim_osdp_deadline_ns(&world->sim), bytes, sizeof(bytes)), 14);
	assert_int_equal(osdp_device_baud(sim_osdp_device(&world->sim, 1)), 9600);
	wire_write(world, ID_5, 10);
	assert_int_equal(wire_read(world, world->now_ns + S, bytes, sizeof(bytes)), 0);
	assert_int_equal(wire_read(world, world->now_ns + S, bytes, sizeof(bytes)), 0);
	world_end(world);
}

static void other_end_closed(void **state UNUSED)
{
	struct world *world = world_new();

	reader_add(world, 0, 5, true);
	world_start(world, 4);
	close(world->port);
	world->port = -1;
	int fd = world->sim.line[0].fd;

	sim_osdp_read(&world->sim.line[0], &world->sim, world->now_ns);
	assert_int_equal(world->sim.line[0].fd, -1);
	close(fd);
	assert_null(sim_osdp_device(&world->sim, 2));
	assert_int_equal(sim_osdp_deadline_ns(&world->sim), INT64_MAX);
	world_end(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secure_cards_arrive),
		cmocka_unit_test(looks_are_shown),
		cmocka_unit_test(clear_only_where_allowed),
		cmocka_unit_test(pairing),
		cmocka_unit_test(bytes_take_their_time),
		cmocka_unit_test(late_looks_do_not_add_up),
		cmocka_unit_test(half_a_frame_is_given_up),
		cmocka_unit_test(one_frame_at_a_time),
		cmocka_unit_test(another_speed_is_not_heard),
		cmocka_unit_test(other_end_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
