// SPDX-License-Identifier: Apache-2.0
/* The wires, and who hangs at them: see osdp_world.h. */
#include "osdp_world.h"

#include "crypto/osdp_aes.h"

#include <stdio.h>
#include <stdlib.h>

#define PIECE 4u /* bytes that a port gives at once */
#define BITS 34u /* of a card: number in the middle */

uint64_t world_below(struct world *world, uint64_t limit)
{
	world->random ^= world->random >> 12;
	world->random ^= world->random << 25;
	world->random ^= world->random >> 27;
	return (world->random * UINT64_C(0x2545f4914f6cdd1d) >> 11) % limit;
}

static void world_fill(void *user, void *out, size_t len)
{
	struct world *world = user;

	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (uint8_t)world_below(world, 256);
}

static void world_trace(
	void *user, int64_t now_ns UNUSED, bool from_reader UNUSED, struct span frame UNUSED)
{
	((struct world *)user)->frames++;
}

void world_init(struct world *world, unsigned readers, uint32_t baud, bool secure, uint64_t seed)
{
	struct osdp_bus_reader config[WORLD_READERS] = {0};

	memset(world, 0, sizeof(*world));
	world->readers = readers;
	world->baud = baud;
	world->char_ns = 10 * S / baud;
	world->now_ns = 1000 * S;
	world->random = seed * 2 + 1;
	world->slow_ns = S;
	world->stale_ns = 5 * S;
	for (unsigned i = 0; i < readers; i++) {
		struct osdp_device_config device;

		osdp_device_config_default(&device);
		device.address = (uint8_t)i;
		device.baud = baud;
		device.identity = (struct osdp_pdid){{0x3c, 0x2b, 0x1a}, 1, 2, 1000 + i, {1, 2, 3}};
		device.secure_required = secure;
		device.has_key = secure;
		world_fill(world, device.key, sizeof(device.key));
		device.aes = osdp_aes_nettle;
		device.fill_random = world_fill;
		device.random_user = world;
		osdp_device_init(&world->reader[i].device, &device, world->now_ns);
		config[i].address = (uint8_t)i;
		config[i].policy = secure ? OSDP_SECURE_REQUIRED : OSDP_SECURE_OFF;
		config[i].has_key = secure;
		memcpy(config[i].key, device.key, sizeof(device.key));
	}
	if (osdp_bus_size(readers) > sizeof(world->memory))
		abort();
	world->bus = osdp_bus_init(world->memory,
		&(struct osdp_bus_config){.baud = baud,
			.reader_count = readers,
			.readers = config,
			.aes = &osdp_aes_nettle,
			.fill_random = world_fill,
			.trace = world_trace,
			.user = world},
		world->now_ns);
}

/* --- the wires --- */

static void piece_put(struct world *world, const struct world_piece *piece)
{
	unsigned at = world->piece_count;

	if (world->piece_count == WORLD_PIECES)
		abort();
	while (at > 0 && world->piece[at - 1].at_ns > piece->at_ns) {
		world->piece[at] = world->piece[at - 1];
		at--;
	}
	world->piece[at] = *piece;
	world->piece_count++;
}

static void bytes_spoil(struct world *world, struct world_piece *piece)
{
	for (size_t i = 0; i < piece->len && i < sizeof(piece->bytes); i++)
		piece->bytes[i] = (uint8_t)world_below(world, 256);
	piece->spoiled = true;
}

/* Ten bits a byte; a start or stop bit that is wrong makes any byte of it. */
static void bytes_disturb(struct world *world, struct world_piece *piece)
{
	if (world->errors <= 0)
		return;
	for (unsigned i = 0; i < piece->len; i++)
		for (unsigned bit = 0; bit < 10; bit++) {
			if ((double)world_below(world, 1000000000) >= world->errors * 1e9)
				continue;
			if (bit < 8)
				piece->bytes[i] ^= (uint8_t)(1u << bit);
			else
				piece->bytes[i] = (uint8_t)world_below(world, 256);
		}
}

/* Somebody speaks from start_ns on. */
static void speak(struct world *world, int8_t from, struct span bytes, int64_t start_ns)
{
	int64_t end_ns = start_ns + (int64_t)bytes.len * world->char_ns;
	bool collides = start_ns < world->busy_ns;

	if (collides) {
		world->collisions++;
		for (unsigned i = 0; i < world->piece_count; i++)
			if (world->piece[i].at_ns > start_ns)
				bytes_spoil(world, &world->piece[i]);
	}
	for (size_t at = 0; at < bytes.len; at += PIECE) {
		struct span part = span_slice(bytes, at, PIECE);
		struct world_piece piece = {.from = from, .len = (uint8_t)part.len};

		piece.at_ns = start_ns + (int64_t)(at + part.len) * world->char_ns;
		memcpy(piece.bytes, part.data, part.len);
		if (collides)
			bytes_spoil(world, &piece);
		bytes_disturb(world, &piece);
		piece_put(world, &piece);
	}
	if (end_ns > world->busy_ns)
		world->busy_ns = end_ns;
}

/* How many of these bytes get through before the wire to reader 0 is cut. */
static size_t cut_bytes(struct world *world, const struct world_piece *piece)
{
	unsigned left;

	if (world->cut_at == 0 || world->reader[0].cut)
		return piece->len;
	left = world->cut_at - world->cut_seen;
	if (piece->len < left) {
		world->cut_seen += piece->len;
		return piece->len;
	}
	world->cut_at = 0;
	world->reader[0].cut = true;
	return left;
}

static void device_hears(struct world *world, unsigned at, struct span bytes)
{
	if (!world->reader[at].cut)
		osdp_device_receive(&world->reader[at].device, bytes, world->now_ns);
}

static void piece_arrive(struct world *world, const struct world_piece *piece)
{
	bool first = piece->from == 0 || (piece->from < 0 && world->cut_at > 0 &&
						 (!world->cut_cards || world->reader[0].waiting));
	size_t len = first ? cut_bytes(world, piece) : piece->len;

	for (unsigned i = 0; i < world->readers; i++)
		if (piece->from != (int8_t)i)
			device_hears(world, i, span_of(piece->bytes, i == 0 ? len : piece->len));
	if (piece->from < 0 && !world->echo)
		return;
	if (piece->from >= 0 && world->reader[piece->from].cut && piece->from != 0)
		return;
	if (piece->from == 0 && world->reader[0].cut && len == piece->len)
		return;
	osdp_bus_receive(world->bus, span_of(piece->bytes, piece->from == 0 ? len : piece->len),
		world->now_ns);
}

/* --- what the panel says --- */

static void card_read(
	struct world *world, struct world_reader *reader, const struct osdp_event *event)
{
	uint32_t number = 0;

	for (unsigned i = 1; i < 33; i++)
		number = number << 1 | card_bits_get(&event->card.bits, i);
	for (unsigned i = 0; i < reader->waiting; i++) {
		int64_t latency_ns = world->now_ns - reader->card[i].at_ns;

		if (reader->card[i].number != number)
			continue;
		reader->read++;
		reader->lost += i;
		reader->slow += latency_ns > world->slow_ns;
		reader->stale += latency_ns > world->stale_ns;
		if (latency_ns > world->latency_max_ns)
			world->latency_max_ns = latency_ns;
		reader->read_number = number;
		reader->waiting -= i + 1;
		memmove(reader->card, reader->card + i + 1,
			reader->waiting * sizeof(reader->card[0]));
		return;
	}
	if (number <= reader->read_number && number > 0 && event->card.bits.count == BITS)
		reader->doubled++;
	else
		reader->wrong++;
	reader->wrong += event->card.bits.count != BITS;
}

static void events_take(struct world *world)
{
	struct osdp_event event;

	while (osdp_bus_event(world->bus, &event)) {
		struct world_reader *reader = &world->reader[event.reader];

		if (event.kind == OSDP_EVENT_ONLINE) {
			reader->online = true;
			reader->online_ns = world->now_ns;
			reader->onlines++;
		} else if (event.kind == OSDP_EVENT_OFFLINE) {
			reader->online = false;
			reader->offlines++;
		} else if (event.kind == OSDP_EVENT_CARD) {
			card_read(world, reader, &event);
		} else if (event.kind == OSDP_EVENT_ALARM) {
			world->alarms[event.alarm]++;
		}
	}
	for (unsigned i = 0; i < world->readers; i++) {
		struct world_reader *reader = &world->reader[i];
		struct osdp_reader_status status;

		osdp_bus_status(world->bus, i, &status);
		if (status.heard_ns != reader->polled_ns) {
			if (reader->polled_ns > 0 && reader->online &&
				status.heard_ns - reader->polled_ns > reader->gap_ns)
				reader->gap_ns = status.heard_ns - reader->polled_ns;
			reader->polled_ns = status.heard_ns;
		}
		if (status.timeout_us > world->timeout_max_us)
			world->timeout_max_us = status.timeout_us;
	}
}

bool world_present(struct world *world, unsigned at)
{
	struct world_reader *reader = &world->reader[at];
	struct card_bits bits = {.count = BITS};
	uint32_t number = ++world->next_card;

	if (reader->waiting == WORLD_CARDS) {
		reader->lost++;
		reader->waiting--;
		memmove(reader->card, reader->card + 1, reader->waiting * sizeof(reader->card[0]));
	}
	for (unsigned i = 1; i < 33; i++)
		card_bits_put(&bits, i, number >> (32 - i) & 1);
	if (!osdp_device_card(&reader->device, &bits, world->now_ns))
		return false;
	reader->presented++;
	reader->card[reader->waiting++] = (struct world_card){number, world->now_ns};
	return true;
}

/* --- time --- */

static int64_t next_ns(const struct world *world)
{
	int64_t at_ns = osdp_bus_deadline_ns(world->bus);

	if (world->piece_count > 0 && world->piece[0].at_ns < at_ns)
		at_ns = world->piece[0].at_ns;
	for (unsigned i = 0; i < world->readers; i++) {
		int64_t device_ns = osdp_device_deadline_ns(&world->reader[i].device);

		if (device_ns < at_ns)
			at_ns = device_ns;
	}
	return at_ns < world->now_ns ? world->now_ns : at_ns;
}

static bool reply_is_nak(struct span bytes)
{
	struct osdp_frame frame;

	return osdp_frame_parse(bytes, &frame) == OSDP_FRAME_OK && frame.code == OSDP_NAK &&
	       frame.data.len > 0 && frame.data.data[0] == OSDP_NAK_CHECK;
}

/* The panel's converter gives the same bytes again, a little later. */
static void double_reply(struct world *world, int8_t from, struct span bytes)
{
	for (size_t at = 0; at < bytes.len; at += PIECE) {
		struct span part = span_slice(bytes, at, PIECE);
		struct world_piece piece = {
			.from = from, .len = (uint8_t)part.len, .at_ns = world->busy_ns + MS};

		memcpy(piece.bytes, part.data, part.len);
		piece_put(world, &piece);
	}
}

static void devices_run(struct world *world)
{
	for (unsigned i = 0; i < world->readers; i++) {
		struct world_reader *reader = &world->reader[i];
		struct osdp_device_reply reply;

		if (osdp_device_deadline_ns(&reader->device) > world->now_ns)
			continue;
		osdp_device_time(&reader->device, world->now_ns);
		if (!osdp_device_transmit(&reader->device, world->now_ns, &reply) || reader->cut ||
			(world->mute && reply_is_nak(reply.bytes)))
			continue;
		speak(world, (int8_t)i, reply.bytes, world->now_ns + world->delay_ns);
		if (world->doubles)
			double_reply(world, (int8_t)i, reply.bytes);
	}
}

static void panel_run(struct world *world)
{
	struct span bytes;

	osdp_bus_time(world->bus, world->now_ns);
	events_take(world);
	if (!osdp_bus_transmit(world->bus, world->now_ns, &bytes))
		return;
	world->panel_bytes += bytes.len;
	if (world->cut_at > 0 && !world->reader[0].cut)
		world->cut_seen = 0;
	speak(world, -1, bytes, world->now_ns);
}

void world_run(struct world *world, int64_t until_ns)
{
	unsigned still = 0;

	while (next_ns(world) <= until_ns) {
		int64_t at_ns = next_ns(world);

		still = at_ns > world->now_ns ? 0 : still + 1;
		if (still > 10000) {
			printf("not ok - time stands still\n");
			exit(1);
		}
		world->now_ns = at_ns;
		while (world->piece_count > 0 && world->piece[0].at_ns <= at_ns) {
			struct world_piece piece = world->piece[0];

			world->piece_count--;
			memmove(world->piece, world->piece + 1,
				world->piece_count * sizeof(world->piece[0]));
			piece_arrive(world, &piece);
		}
		devices_run(world);
		panel_run(world);
	}
	world->now_ns = until_ns;
}

bool world_connect(struct world *world, unsigned dead, int64_t within_ns)
{
	int64_t until_ns = world->now_ns + within_ns;

	while (world->now_ns < until_ns) {
		bool all = true;

		world_run(world, world->now_ns + 10 * MS);
		for (unsigned i = dead; i < world->readers; i++)
			all &= world->reader[i].online;
		if (all)
			return true;
	}
	return false;
}

void world_measure(struct world *world)
{
	world->timeout_max_us = 0;
	world->latency_max_ns = 0;
	for (unsigned i = 0; i < world->readers; i++) {
		struct osdp_reader_status status;

		osdp_bus_status(world->bus, i, &status);
		world->reader[i].exchanges_before = status.counters.exchanges;
		world->reader[i].gap_ns = 0;
	}
}

uint64_t world_exchanges(const struct world *world, unsigned reader)
{
	struct osdp_reader_status status;

	osdp_bus_status(world->bus, reader, &status);
	return status.counters.exchanges - world->reader[reader].exchanges_before;
}
