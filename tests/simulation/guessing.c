// SPDX-License-Identifier: Apache-2.0
/*
 * How many PINs can somebody try in a day? A controller, a disk that takes 5 ms, and a guesser who
 * may type, show a card, cut the power and set the clock. Counted is every try whose result could
 * be known: whose feedback was shown, or whose record is on disk. The most that lie within any 24
 * hours must be at most MOST_A_DAY, the bound that src/domain/pin_tries.c proves; the requirement
 * is 110.
 *
 *   guessing            the scenarios, TAP
 *   guessing --seeds N  N days of guessers who do anything at all, instead of 40
 */
#include "base/compiler.h"
#include "domain/controller.h"

#include <stdio.h>
#include <stdlib.h>

#define MOST_A_DAY 106u
#define DAY_NS (86400 * NS_PER_S)
#define READERS 3u
#define DISK_NS (5 * NS_PER_MS)
#define BOOT_NS (4 * NS_PER_S) /* how long the device is away when the power is cut */
#define TRIES_MAX 4096u
#define QUEUE_MAX 64u
#define START_MS INT64_C(1711839600000)
#define OWNER 1u /* has card and PIN */
#define INSIDER 2u

struct
try {
	int64_t ns;
	uint64_t ticket;
	uint8_t reader;
	bool known;
};

struct day {
	uint64_t random;
	struct controller_config config;
	struct pin_failures failures[READERS + 2];
	void *memory;
	void *index_memory;
	struct controller *controller;
	struct moment now;
	struct effect_list effects;
	uint32_t queued;
	struct commit_entry queue[QUEUE_MAX];
	int64_t durable_ns; /* of all that is queued */
	uint64_t ticket;
	uint8_t reader_failures[READERS + 1];
	uint8_t person_failures[INSIDER + 1];
	uint32_t tries;
	struct try try[TRIES_MAX];
	uint32_t grants;
	unsigned guess;
};

static uint64_t below(struct day *day, uint64_t limit)
{
	day->random ^= day->random >> 12;
	day->random ^= day->random << 25;
	day->random ^= day->random >> 27;
	return (day->random * UINT64_C(0x2545f4914f6cdd1d) >> 11) % limit;
}

_Noreturn static void fail(const char *what)
{
	printf("not ok - %s\n", what);
	exit(1);
}

static uint64_t pin_hash(void *user, struct span digits)
{
	uint64_t hash = 1;

	(void)user;
	for (size_t i = 0; i < digits.len; i++)
		hash = hash * 10 + (uint64_t)(digits.data[i] - '0');
	return hash;
}

/* --- the device --- */

static void effects_take(struct day *day)
{
	for (uint32_t i = 0; i < day->effects.count; i++) {
		const struct effect *effect = &day->effects.items[i];

		if (effect->kind == EFFECT_FEEDBACK &&
			effect->feedback.feedback == FEEDBACK_DENIED) {
			/* Only now may a try that waits at this reader be known. */
			for (uint32_t t = day->tries; t > 0 && t + 8 > day->tries; t--)
				day->try[t - 1].known |=
					day->try[t - 1].reader == effect->feedback.reader;
		}
		if (effect->kind != EFFECT_COMMIT)
			continue;
		const struct commit_entry *entry = &effect->entry;

		if (day->queued == QUEUE_MAX)
			fail("the queue is full");
		if (day->queued == 0)
			day->durable_ns = day->now.boot_ns + DISK_NS;
		day->queue[day->queued++] = *entry;
		if (!entry->counts_pin)
			continue;
		if (reason_grants((enum reason)entry->reason)) {
			day->grants++;
			continue;
		}
		if (day->tries == TRIES_MAX)
			fail("far too many tries are evaluated");
		day->try[day->tries++] = (struct try){
			.ns = day->now.boot_ns, .ticket = entry->ticket, .reader = entry->reader};
	}
}

static void step(struct day *day, const struct controller_input *input)
{
	controller_step(day->controller, input, &day->now, &day->effects);
	effects_take(day);
}

static void queue_write(struct day *day)
{
	for (uint32_t i = 0; i < day->queued; i++) {
		const struct commit_entry *entry = &day->queue[i];

		day->ticket = entry->ticket > day->ticket ? entry->ticket : day->ticket;
		if (!entry->counts_pin)
			continue;
		day->reader_failures[entry->reader] = entry->reader_failures;
		day->person_failures[entry->person_no] = entry->person_failures;
		for (uint32_t t = 0; t < day->tries; t++)
			day->try[t].known |= day->try[t].ticket == entry->ticket;
	}
	day->queued = 0;
}

/* Time goes on, and all that falls due in it is done. */
static void pass(struct day *day, int64_t ns)
{
	int64_t until_ns = day->now.boot_ns + ns;

	while (day->now.boot_ns < until_ns) {
		int64_t next_ns = controller_deadline_ns(day->controller);

		if (day->queued > 0 && day->durable_ns < next_ns)
			next_ns = day->durable_ns;
		next_ns = next_ns < until_ns ? next_ns : until_ns;
		day->now.utc_ms += next_ns / NS_PER_MS - day->now.boot_ns / NS_PER_MS;
		day->now.boot_ns = next_ns;
		if (day->queued > 0 && day->durable_ns <= next_ns) {
			queue_write(day);
			step(day, &(struct controller_input){.kind = INPUT_RECORD_DURABLE,
					  .durable_ticket = day->ticket});
		} else {
			step(day, &(struct controller_input){.kind = INPUT_TIMER});
		}
	}
}

static void start(struct day *day)
{
	static const struct credential people[] = {
		{.person_no = OWNER, .has_card = true, .card_number = OWNER, .pin = 1739146},
		{.person_no = INSIDER, .has_card = true, .card_number = INSIDER, .pin = 1271828},
	};
	struct credential_index *index =
		credential_index_init(day->index_memory, credential_index_size(4), 4, 1);
	uint32_t count = 0;

	for (unsigned i = 0; i < ARRAY_COUNT(people); i++) {
		struct credential person = people[i];

		person.pin_alone = true;
		person.valid_from_s = VALID_FROM_ALWAYS;
		person.valid_to_s = VALID_TO_ALWAYS;
		person.uses_left = USES_UNLIMITED;
		person.is_valid = true;
		person.rule_count = 1;
		person.rule[0].schedule = SCHEDULE_ALWAYS;
		(void)credential_index_put(index, &person);
	}
	for (uint8_t r = 1; r <= READERS; r++) {
		if (day->reader_failures[r] > 0)
			day->failures[count++] = (struct pin_failures){
				.reader = r, .failures = day->reader_failures[r]};
	}
	for (uint64_t p = 1; p <= INSIDER; p++) {
		if (day->person_failures[p] > 0)
			day->failures[count++] = (struct pin_failures){
				.person_no = p, .failures = day->person_failures[p]};
	}
	day->config.pin_failures = day->failures;
	day->config.pin_failures_count = count;
	day->controller = controller_init(day->memory, &day->config, index, day->ticket + 1000);
}

/* What is not on disk is gone, and was known to nobody. */
static void power_cut(struct day *day)
{
	for (uint32_t i = 0; i < day->queued; i++) {
		for (uint32_t t = 0; t < day->tries; t++) {
			if (day->queue[i].counts_pin && day->try[t].known &&
				day->try[t].ticket == day->queue[i].ticket)
				fail("a try is known that a power cut made undone");
		}
	}
	day->queued = 0;
	day->now.boot_ns += BOOT_NS;
	start(day);
}

static void clock_step(struct day *day)
{
	static const int64_t jumps_ms[] = {86400000, -86400000, 3600000, -3600000, 60000, -60000,
		INT64_C(315360000000), -INT64_C(315360000000)};

	day->now.utc_ms += jumps_ms[below(day, ARRAY_COUNT(jumps_ms))];
	if (day->now.utc_ms < 0)
		day->now.utc_ms = START_MS;
	day->now.trusted = below(day, 3) > 0;
	step(day, &(struct controller_input){.kind = INPUT_CLOCK_CHANGED});
}

static struct day *day_new(enum open_by by, uint64_t seed)
{
	struct day *day = calloc(1, sizeof(*day));

	if (day == NULL)
		abort();
	day->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	day->memory = malloc(controller_size());
	day->index_memory = malloc(credential_index_size(4));
	if (day->memory == NULL || day->index_memory == NULL)
		abort();
	day->now = (struct moment){.utc_ms = START_MS, .trusted = true};
	day->config.commit_wait_ms = 100;
	day->config.pin_hash = pin_hash;
	day->config.pin_key_gap_ms = 3000;
	day->config.pin_second_ms = 10000;
	day->config.door[0] = (struct door_config){.configured = true,
		.open_by = (uint8_t)by,
		.open_by_schedule = SCHEDULE_ALWAYS,
		.unlock_ms = 100};
	for (unsigned r = 0; r < READERS; r++)
		day->config.reader[r].configured = true;
	start(day);
	return day;
}

/* --- the guesser --- */

static void type(struct day *day, uint8_t reader, const char *digits)
{
	struct controller_input input = {.kind = INPUT_KEY, .key = {.reader = reader}};

	for (; *digits != 0; digits++) {
		input.key.key = (uint8_t)(*digits - '0');
		step(day, &input);
	}
	input.key.key = KEY_HASH;
	step(day, &input);
}

static void show(struct day *day, uint8_t reader, uint64_t card)
{
	step(day, &(struct controller_input){.kind = INPUT_CREDENTIAL,
			  .credential = {.reader = reader, .card_number = card, .card_bits = 34}});
}

/* The next number that is nobody's PIN, so that a day of guessing goes on. */
static void guess(struct day *day, uint8_t reader)
{
	char digits[8];

	(void)snprintf(digits, sizeof(digits), "%06u", day->guess++ % 200000);
	type(day, reader, digits);
}

/* The most known tries within 24 hours; reader 0: of all readers. */
static unsigned most_a_day(const struct day *day, uint8_t reader)
{
	unsigned most = 0;
	unsigned within = 0;
	uint32_t from = 0;

	for (uint32_t i = 0; i < day->tries; i++) {
		bool counts = reader == 0 || day->try[i].reader == reader;

		within += counts && day->try[i].known;
		for (; day->try[from].ns <= day->try[i].ns - DAY_NS; from++)
			within -= (reader == 0 || day->try[from].reader == reader) &&
				  day->try[from].known;
		most = within > most ? within : most;
	}
	return most;
}

static unsigned test_number;

static void day_end(struct day *day, const char *what, unsigned most, unsigned least_expected)
{
	bool good = most <= MOST_A_DAY && most >= least_expected;

	printf("%sok %u - %s: %u tries in a day\n", good ? "" : "not ", ++test_number, what, most);
	free(day->memory);
	free(day->index_memory);
	free(day);
	if (!good)
		exit(1);
}

static void one_a_second(void)
{
	struct day *day = day_new(OPEN_BY_PIN, 1);

	for (unsigned second = 0; second < 2 * 86400; second++) {
		guess(day, 1);
		pass(day, NS_PER_S);
	}
	day_end(day, "a PIN a second for two days", most_a_day(day, 1), 100);
}

static void one_a_second_with_a_card_at_every_reader(void)
{
	struct day *day = day_new(OPEN_BY_CARD_THEN_PIN, 2);

	for (unsigned second = 0; second < 86400; second++) {
		uint8_t reader = (uint8_t)(1 + second % READERS);

		show(day, reader, OWNER);
		guess(day, reader);
		pass(day, NS_PER_S);
	}
	day_end(day, "a stolen card and a PIN a second at three readers", most_a_day(day, 0), 100);
}

static void one_a_second_with_power_cuts_and_clock_steps(void)
{
	struct day *day = day_new(OPEN_BY_CARD_OR_PIN, 3);

	while (day->now.boot_ns < DAY_NS) {
		guess(day, 1);
		if (below(day, 600) == 0) {
			pass(day, (int64_t)below(day, 2 * (uint64_t)DISK_NS));
			power_cut(day);
		}
		if (below(day, 300) == 0)
			clock_step(day);
		pass(day, NS_PER_S);
	}
	day_end(day, "a PIN a second, power cuts, clock steps", most_a_day(day, 1), 5);
}

static void somebody_with_a_pin_of_his_own(void)
{
	struct day *day = day_new(OPEN_BY_PIN, 4);
	uint32_t grants;

	for (unsigned half = 0; half < 2 * 86400; half++) {
		if (below(day, 2) == 0)
			guess(day, 1);
		else
			type(day, 1, "271828");
		pass(day, NS_PER_S / 2);
	}
	grants = day->grants;
	if (grants < 50)
		fail("somebody with a PIN of his own is locked out for good");
	day_end(day, "his own PIN between two guesses", most_a_day(day, 1), 50);
}

/* The power is cut while the record is being written, each time: nothing is ever shown. */
static void cut_inside_every_commit(void)
{
	struct day *day = day_new(OPEN_BY_PIN, 5);

	for (unsigned i = 0; i < 2000; i++) {
		if (i % 2 == 0)
			guess(day, 1);
		else
			type(day, 1, "271828"); /* a right one shows as little */
		pass(day, (int64_t)below(day, (uint64_t)DISK_NS));
		for (uint32_t e = 0; e < day->effects.count; e++) {
			if (day->effects.items[e].kind != EFFECT_COMMIT &&
				day->effects.items[e].feedback.feedback != FEEDBACK_KEY)
				fail("something is shown before its record is on disk");
		}
		power_cut(day);
	}
	day_end(day, "power cut inside every commit", most_a_day(day, 1), 0);
}

/* Does what it likes: one reader, 36 hours, habits of its own by the seed. */
static unsigned anything(uint64_t seed)
{
	struct day *day = day_new(seed % 2 == 0 ? OPEN_BY_PIN : OPEN_BY_CARD_OR_PIN, seed);
	uint64_t own = below(day, 4), rest = 1 + below(day, 5), cuts = below(day, 3);
	int64_t tempo_ns = (int64_t)(1 + below(day, 60)) * NS_PER_S;

	while (day->now.boot_ns < DAY_NS * 3 / 2) {
		guess(day, 1);
		pass(day, 2 * DISK_NS);
		for (uint64_t i = below(day, own + 1); i > 0; i--) {
			type(day, 1, "271828");
			pass(day, 2 * DISK_NS);
		}
		if (below(day, 5000) < cuts)
			power_cut(day);
		if (below(day, 50) == 0)
			clock_step(day);
		if (below(day, 2000) < rest)
			pass(day, (int64_t)below(day, 5) * 900 * NS_PER_S);
		pass(day, 1 + (int64_t)below(day, (uint64_t)tempo_ns));
	}
	unsigned most = most_a_day(day, 1);

	free(day->memory);
	free(day->index_memory);
	free(day);
	return most;
}

/* Keeps the count low on purpose: his own PIN as soon as it takes one off, guesses in between. */
static void the_most_careful_guesser(void)
{
	unsigned most = 0;
	struct day *day = NULL;

	for (unsigned level = 1; level <= 9; level++) {
		day = day_new(OPEN_BY_PIN, 6);
		for (unsigned i = 0; i < level; i++) {
			guess(day, 1);
			pass(day, 900 * NS_PER_S);
		}
		while (day->now.boot_ns < 2 * DAY_NS) {
			type(day, 1, "271828");
			pass(day, 2 * DISK_NS);
			guess(day, 1);
			pass(day, 900 * NS_PER_S);
		}
		for (unsigned i = 0; i < 1000; i++) { /* and all that is left at the end */
			guess(day, 1);
			pass(day, NS_PER_S);
		}
		unsigned tries = most_a_day(day, 1);

		most = tries > most ? tries : most;
		if (level < 9) {
			free(day->memory);
			free(day->index_memory);
			free(day);
		}
	}
	day_end(day, "his own PIN each time that it takes one off", most, 90);
}

int main(int argc, char **argv)
{
	uint64_t seeds =
		argc == 3 && strcmp(argv[1], "--seeds") == 0 ? strtoull(argv[2], NULL, 10) : 40;
	unsigned most = 0;

	if (argc != 1 && (argc != 3 || seeds == 0)) {
		fprintf(stderr, "usage: guessing [--seeds N]\n");
		return 2;
	}
	printf("1..7\n");
	one_a_second();
	one_a_second_with_a_card_at_every_reader();
	one_a_second_with_power_cuts_and_clock_steps();
	somebody_with_a_pin_of_his_own();
	cut_inside_every_commit();
	the_most_careful_guesser();
	for (uint64_t seed = 1; seed <= seeds; seed++) {
		unsigned tries = anything(seed);

		most = tries > most ? tries : most;
	}
	printf("%sok 7 - %llu guessers who do anything: %u tries in a day at the most\n",
		most <= MOST_A_DAY ? "" : "not ", (unsigned long long)seeds, most);
	return most <= MOST_A_DAY ? 0 : 1;
}
