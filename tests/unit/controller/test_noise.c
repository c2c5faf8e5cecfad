// SPDX-License-Identifier: Apache-2.0
/*
 * Bad edges from the line to the lock: decoder, readers and controller as rt puts them together,
 * with a disk that is never late. A million noise edges of several kinds open nothing and raise
 * bounded alarms; a frame with an edge missing is refused and counted, and is never another card.
 */
#include "rt_readers.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOISE_EDGES 1000000u
#define SEEDS 5u
#define PERSONS 2000u
#define US(us) ((int64_t)(us)*1000)
#define BEAT_NS (250 * NS_PER_MS) /* how often rt tells of noise */

struct world {
	struct settings settings;
	struct controller_config config;
	struct rt_readers readers;
	void *index_memory;
	struct controller *controller;
	struct effect_list effects;
	uint64_t random;
	int64_t now_ns;
	int64_t beat_ns;
	uint8_t level[2];

	/* What came of it. */
	uint64_t edges, grants, outputs, alarms, noise_told, noise_seen, credentials, unreadable,
		keys;
	uint64_t number; /* of the last credential */
};

static struct world world;

static uint64_t random_below(struct world *w, uint64_t limit)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (w->random * UINT64_C(0x2545f4914f6cdd1d) >> 11) % limit;
}

static uint64_t pin_hash(void *user, struct span digits)
{
	uint64_t hash = 1;

	(void)user;
	for (size_t i = 0; i < digits.len; i++)
		hash = hash * 10 + (uint64_t)(digits.data[i] - '0');
	return hash;
}

/* --- the controller --- */

static void step(struct world *w, const struct controller_input *input)
{
	struct moment now = {
		.boot_ns = w->now_ns, .utc_ms = w->now_ns / NS_PER_MS, .trusted = true};
	uint64_t ticket = 0;

	controller_step(w->controller, input, &now, &w->effects);
	for (uint32_t i = 0; i < w->effects.count; i++) {
		const struct effect *effect = &w->effects.items[i];

		w->outputs += effect->kind == EFFECT_OUTPUT && effect->output.unlocked;
		if (effect->kind != EFFECT_COMMIT)
			continue;
		const struct commit_entry *entry = &effect->entry;

		w->alarms += journal_kind_is_alarm(entry->kind);
		w->grants += entry->wants_outcome;
		if (entry->kind == JOURNAL_READER_NOISE)
			w->noise_told += entry->count;
		ticket = entry->ticket > ticket ? entry->ticket : ticket;
	}
	if (ticket != 0)
		step(w, &(struct controller_input){
				.kind = INPUT_RECORD_DURABLE, .durable_ticket = ticket});
}

static void emit(void *user, const struct controller_input *input, int64_t due_ns)
{
	struct world *w = user;

	(void)due_ns;
	w->credentials += input->kind == INPUT_CREDENTIAL;
	w->unreadable += input->kind == INPUT_UNREADABLE;
	w->keys += input->kind == INPUT_KEY;
	if (input->kind == INPUT_NOISE)
		w->noise_seen += input->noise.count;
	if (input->kind == INPUT_CREDENTIAL)
		w->number = input->credential.card_number;
	step(w, input);
}

/* Time goes on to at_ns, as rt's loop would see it: frames end, noise is told of each beat. */
static void pass(struct world *w, int64_t at_ns)
{
	for (;;) {
		int64_t due_ns = rt_readers_deadline_ns(&w->readers);
		int64_t timer_ns = controller_deadline_ns(w->controller);
		int64_t next_ns = w->beat_ns;

		next_ns = due_ns < next_ns ? due_ns : next_ns;
		next_ns = timer_ns < next_ns ? timer_ns : next_ns;
		if (next_ns > at_ns)
			break;
		w->now_ns = next_ns > w->now_ns ? next_ns : w->now_ns;
		rt_readers_time(&w->readers, w->now_ns, emit, w);
		step(w, &(struct controller_input){.kind = INPUT_TIMER});
		if (w->beat_ns <= w->now_ns) {
			rt_readers_noise(&w->readers, emit, w);
			w->beat_ns = w->now_ns + BEAT_NS;
		}
	}
	w->now_ns = at_ns;
}

static void edge(struct world *w, int64_t after_ns, unsigned line, unsigned level)
{
	struct line_event event = {.kind = line == 1 ? LINE_DATA1 : LINE_DATA0, .at = 1};

	pass(w, w->now_ns + after_ns);
	event.at_ns = w->now_ns;
	event.level = (uint8_t)level;
	w->level[line] = (uint8_t)level;
	w->edges++;
	rt_readers_edge(&w->readers, &event, emit, w);
}

static struct world *world_new(uint64_t seed, enum open_by by, const char *const *formats)
{
	struct world *w = &world;
	size_t size = credential_index_size(PERSONS);

	*w = (struct world){.random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1, .level = {1, 1}};
	settings_demo(&w->settings);
	w->settings.reader[0].format_count = 0;
	for (; *formats != NULL; formats++) {
		struct text32 *name =
			&w->settings.reader[0].format[w->settings.reader[0].format_count++];

		assert_true(text_set(name, span_from_string(*formats)));
	}
	settings_controller_config(&w->settings, &w->config);
	w->config.pin_hash = pin_hash;
	w->config.pin_key_gap_ms = 5000;
	w->config.pin_second_ms = 10000;
	w->config.door[0].open_by = (uint8_t)by;
	w->config.door[0].open_by_schedule = SCHEDULE_ALWAYS;
	rt_readers_init(&w->readers, &w->settings);
	w->index_memory = malloc(size);
	struct credential_index *index =
		credential_index_init(w->index_memory, size, PERSONS, seed);

	for (uint64_t no = 1; no <= PERSONS; no++) {
		struct credential person = {.person_no = no,
			.has_card = true,
			.card_number = random_below(w, UINT64_C(1) << 32),
			.valid_from_s = VALID_FROM_ALWAYS,
			.valid_to_s = VALID_TO_ALWAYS,
			.uses_left = USES_UNLIMITED,
			.is_valid = true,
			.rule_count = 1,
			.rule = {{0, SCHEDULE_ALWAYS}}};

		if (no <= 10) { /* 100,000 possible ones for each */
			person.pin = 1000000 + 98765 * no;
			person.pin_alone = true;
		}
		(void)credential_index_put(index, &person); /* equal numbers: the first has it */
	}
	w->controller = controller_init(malloc(controller_size()), &w->config, index, 0);
	step(w, &(struct controller_input){.kind = INPUT_TIMER});
	return w;
}

static void world_end(struct world *w)
{
	free(w->index_memory);
	free(w->controller);
}

/* --- kinds of noise; each makes one edge or a few --- */

static void noise_any(struct world *w)
{
	edge(w, (int64_t)random_below(w, (uint64_t)US(5000)), (unsigned)random_below(w, 2),
		(unsigned)random_below(w, 2));
}

/* Levels that turn over, at times around every limit of the decoder. */
static void noise_turning(struct world *w)
{
	static const int64_t around_us[] = {1, 10, 50, 150, 1000, 2000, 25000};
	unsigned line = (unsigned)random_below(w, 2);
	int64_t us = around_us[random_below(w, ARRAY_COUNT(around_us))];

	edge(w, US(us) / 2 + (int64_t)random_below(w, (uint64_t)US(us)), line, 1u - w->level[line]);
}

/* Good pulses at a good pace, of any number and any value: the worst there is. */
static void noise_frames(struct world *w)
{
	unsigned line = (unsigned)random_below(w, 2);
	int64_t gap_us = random_below(w, 30) == 0 ? 30000 : 2000;

	edge(w, US(gap_us), line, 0);
	edge(w, US(50), line, 1);
}

/* A motor or a long cable: bursts of spikes on both lines. */
static void noise_spikes(struct world *w)
{
	int64_t pause_us = random_below(w, 20) == 0 ? (int64_t)random_below(w, 100000) : 300;
	unsigned line = (unsigned)random_below(w, 2);

	edge(w, US(pause_us), line, 0);
	if (random_below(w, 2) == 0)
		edge(w, US(1), 1 - line, 0);
	edge(w, US(random_below(w, 30)), line, 1);
	edge(w, US(1), 1 - line, 1);
}

static void a_million_noise_edges_open_nothing_and_alarm_once_a_minute(void **state)
{
	static void (*const kinds[])(struct world *) = {
		noise_any, noise_turning, noise_frames, noise_spikes};
	static const char *const formats[] = {"W34", "W26", "W66", "H10302", NULL};
	uint64_t unreadable = 0, noise = 0, keys = 0;

	(void)state;
	for (unsigned seed = 1; seed <= SEEDS; seed++) {
		struct world *w = world_new(seed, OPEN_BY_CARD_OR_PIN, formats);
		unsigned kind = 0;

		for (unsigned i = 0; w->edges < NOISE_EDGES / SEEDS; i++) {
			if (i % 1000 == 0)
				kind = (unsigned)random_below(w, ARRAY_COUNT(kinds));
			kinds[kind](w);
		}
		pass(w, w->now_ns + 120 * NS_PER_S);
		uint64_t minutes = (uint64_t)(w->now_ns / (60 * NS_PER_S)) + 1;

		assert_int_equal(w->grants, 0);
		assert_int_equal(w->outputs, 0);
		/* One of noise a minute; PINs that noise made up lock for a minute at least. */
		assert_in_range(w->alarms, 1, 2 * minutes);
		assert_int_equal(w->noise_told, w->noise_seen);
		unreadable += w->unreadable;
		keys += w->keys;
		noise += w->noise_told;
		world_end(w);
	}
	assert_true(unreadable > 1000); /* the noise did make frames, and keys */
	assert_true(keys > 100);
	assert_true(noise > 10000);
}

/* --- edges that are missing --- */

static bool frame_of(const struct card_format *format, uint64_t number, struct card_bits *ret)
{
	struct card_fields fields;

	return card_format_fields_of_number(format, number, &fields) &&
	       card_format_encode(format, &fields, ret) == CARD_FORMAT_OK;
}

/* Sends the frame without one of its edges (NONE: whole), and silence behind it. */
#define NONE SIZE_MAX
static void frame_send(struct world *w, const struct card_bits *bits, size_t without)
{
	struct wiegand_edge edges[2 * CARD_BITS_MAX];
	size_t count = wiegand_edges(
		bits, w->now_ns + US(1000), 50000, 2000000, edges, ARRAY_COUNT(edges));

	for (size_t i = 0; i < count; i++) {
		if (i != without)
			edge(w, edges[i].at_ns - w->now_ns, edges[i].line, edges[i].level);
	}
	pass(w, w->now_ns + 100 * NS_PER_MS);
}

static void every_edge_dropped(struct world *w, const struct card_bits *bits, uint64_t number)
{
	for (size_t without = 0; without < 2u * bits->count; without++) {
		uint64_t told = w->credentials + w->unreadable;
		uint64_t noise = w->noise_seen;

		frame_send(w, bits, without);
		assert_int_equal(w->credentials + w->unreadable, told);
		pass(w, w->now_ns + BEAT_NS);
		assert_true(w->noise_seen > noise);
		/* After a rise that is missing the line seems low: the next frame may go too. */
		frame_send(w, bits, NONE);
		assert_true(w->credentials + w->unreadable == told || w->number == number);
		frame_send(w, bits, NONE);
		assert_true(w->credentials + w->unreadable > told);
		assert_int_equal(w->number, number);
	}
}

static void a_frame_with_an_edge_missing_is_counted_and_never_another_card(void **state)
{
	const struct card_format *format;
	unsigned formats = 0;

	(void)state;
	for (; (format = card_format_at(formats)) != NULL; formats++) {
		char name[33] = {0};
		const char *const names[] = {name, NULL};
		struct card_bits bits;
		unsigned numbers = 0;

		memcpy(name, format->name.bytes, format->name.len);
		struct world *w = world_new(7, OPEN_BY_CARD, names);
		const uint64_t tries[] = {
			0, 1, 45678, random_below(w, 65536), random_below(w, UINT64_C(1) << 32)};

		for (unsigned i = 0; i < ARRAY_COUNT(tries); i++) {
			if (!frame_of(format, tries[i], &bits))
				continue;
			every_edge_dropped(w, &bits, tries[i]);
			numbers++;
		}
		assert_in_range(numbers, 3, ARRAY_COUNT(tries));
		world_end(w);
	}
	assert_true(formats >= 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_million_noise_edges_open_nothing_and_alarm_once_a_minute),
		cmocka_unit_test(a_frame_with_an_edge_missing_is_counted_and_never_another_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
