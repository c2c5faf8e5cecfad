// SPDX-License-Identifier: Apache-2.0
/*
 * Moves the simulated world: every instant, input and fault comes from one seed, so that a failure
 * is seen again by its number. Time is virtual: 4 hours take some milliseconds.
 *
 *   simulation                        the seeds of the test run, one line for ten, TAP
 *   simulation --seed N --hours H     one seed, and what happened in it
 *   simulation --seeds N --hours H    seeds 1 to N
 *
 * Once a while the real-time thread comes late, so that many things are due in one step.
 */
#include "simulation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define START_MS INT64_C(1711839600000) /* 2024-03-30T23:00:00Z: a clock change is near */
#define CARD_OF(person, which) ((uint64_t)(person)*10 + (which))

static unsigned hours = 4;

_Noreturn void violation(const struct sim *sim, const char *format, ...)
{
	va_list arguments;

	printf("not ok - at %.3f s, input %d: ", (double)sim->now.boot_ns / 1e9,
		sim->input != NULL ? (int)sim->input->kind : -1);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n# again with: simulation --seed %llu --hours %u\n", (unsigned long long)sim->seed,
		hours);
	exit(1);
}

uint64_t sim_random(struct sim *sim)
{
	sim->random ^= sim->random >> 12;
	sim->random ^= sim->random << 25;
	sim->random ^= sim->random >> 27;
	return sim->random * UINT64_C(0x2545f4914f6cdd1d);
}

uint64_t sim_below(struct sim *sim, uint64_t limit)
{
	return (sim_random(sim) >> 11) % limit;
}

bool sim_chance(struct sim *sim, unsigned in)
{
	return sim_below(sim, in) == 0;
}

void sim_step(struct sim *sim, const struct controller_input *input)
{
	sim->wall_ms += sim->now.boot_ns / NS_PER_MS - sim->wall_ns / NS_PER_MS;
	sim->wall_ns = sim->now.boot_ns;
	if (sim->now.trusted || sim->now.utc_ms > sim->wall_ms)
		sim->wall_ms = sim->now.utc_ms;
	sim->input = input;
	sim->stats.steps++;
	keypads_note(sim, input);
	controller_step(sim->controller, input, &sim->now, &sim->effects);
	checks_step(sim);
}

static void sim_settle(struct sim *sim)
{
	for (unsigned i = 0; controller_deadline_ns(sim->controller) <= sim->now.boot_ns; i++) {
		if (i == 1000)
			violation(sim, "work is due for ever");
		sim_step(sim, &(struct controller_input){.kind = INPUT_TIMER});
	}
	checks_quiet(sim);
}

static void time_pass(struct sim *sim, int64_t until_ns)
{
	int64_t before_ms = sim->now.boot_ns / NS_PER_MS;

	if (until_ns <= sim->now.boot_ns)
		return;
	sim->now.boot_ns = until_ns;
	sim->now.utc_ms += until_ns / NS_PER_MS - before_ms;
}

/* --- start and crash --- */

static void config_make(struct sim *sim)
{
	struct controller_config *config = &sim->config;

	config->commit_wait_ms = 100;
	config->untrusted_clock = UNTRUSTED_CLOCK_ALLOW;
	config->zone = (struct zone){.first_offset_s = 3600,
		.count = 2,
		.transition = {{1711846800, 7200}, {1729990800, 3600}}};
	for (unsigned d = 0; d < DOORS; d++)
		config->door[d] = (struct door_config){.configured = true,
			.unlock_ms = 500 + 2500 * d,
			.held_open_ms = 15000,
			.held_open_warning_ms = d == 1 ? 0 : 5000,
			.contact_debounce_ms = d == 0 ? 0 : 50,
			.forced_grace_ms = 500 * d,
			.has_contact = d != 3,
			.slow_disk = d % 2 == 0 ? SLOW_DISK_UNLOCK : SLOW_DISK_DENY,
			.rex = d == 2 ? REX_SHUNT : REX_UNLOCK};
	for (unsigned r = 0; r < READERS; r++)
		config->reader[r] = (struct reader_config){.configured = true,
			.door = (uint8_t)(r % DOORS),
			.side = r < DOORS ? SIDE_ENTRY : SIDE_EXIT};
	keypads_config(sim);
}

/*
 * Schedule 0 is always on and 1 never, by their weekdays or, which comes to the same, by a group
 * that holds every day of the year: it opens 0, whose weekdays are empty, and closes 1.
 */
static void schedules_start(struct sim *sim)
{
	struct controller_input input = {.kind = INPUT_SCHEDULE_PUT};
	bool special = sim_chance(sim, 2);

	schedule_set_always(&input.schedule, 0);
	for (unsigned d = 0; special && d < 7; d++)
		input.schedule.day[d].count = 0;
	sim_step(sim, &input);
	if (!special)
		return;
	schedule_set_always(&input.schedule, 1);
	sim_step(sim, &input);
	input = (struct controller_input){.kind = INPUT_SPECIAL_SCHEDULE_PUT,
		.special_schedule = {.defined = true, .enabled = true, .group = 7}};
	for (uint8_t schedule = 0; schedule < 2; schedule++) {
		input.special_schedule.no = schedule;
		input.special_schedule.day.count = schedule == 0;
		input.special_schedule.day.interval[0].to_minute = 1440;
		memset(input.special_schedule.schedules, 0,
			sizeof(input.special_schedule.schedules));
		special_schedule_cover(&input.special_schedule, schedule, true);
		sim_step(sim, &input);
	}
	input = (struct controller_input){.kind = INPUT_SPECIAL_GROUP_PUT,
		.special_group = {.no = 7, .defined = true, .enabled = true}};
	input.special_group.day[0] = (struct special_day){{1999, 7, 1}, {2000, 6, 30}, true, {0}};
	sim_step(sim, &input);
}

/* From what is on disk, as the real one starts. */
static void controller_start(struct sim *sim)
{
	sim->config.utc_floor_ms = sim->disk.newest_utc_ms;
	sim->index = credential_index_init(
		sim->index_memory, credential_index_size(PERSONS), PERSONS, sim_random(sim));
	for (unsigned p = 1; p <= PERSONS; p++) {
		if (sim->disk.person[p].there &&
			credential_index_put(sim->index, &sim->disk.person[p].row) !=
				CREDENTIAL_INDEX_OK)
			violation(sim, "the index does not take what it held before");
		sim->person[p] = sim->disk.person[p];
	}
	keypads_start(sim);
	sim->controller = controller_init(sim->memory, &sim->config, sim->index, sim->disk.ticket);
	sim->last_ticket = sim->disk.ticket;
	sim->wall_ms = sim->disk.newest_utc_ms;
	sim->wall_ns = sim->now.boot_ns;
	schedules_start(sim);
	for (uint8_t d = 0; d < DOORS; d++)
		sim_step(sim, &(struct controller_input){.kind = INPUT_CONTACT,
				      .contact = {.door = d, .open = sim->door[d].contact}});
}

static void crash(struct sim *sim)
{
	sim->stats.crashes++;
	disk_crash(sim);
	time_pass(sim, sim->now.boot_ns + (int64_t)sim_below(sim, 3 * (uint64_t)NS_PER_S));
	sim->open_count = 0;
	sim->command_count = 0;
	for (unsigned d = 0; d < DOORS; d++)
		sim->door[d] = (struct door_model){
			.contact = sim->door[d].contact,
			.opened = sim->door[d].contact && sim->config.door[d].has_contact,
			.hold = DOOR_COMMAND_NORMAL,
		};
	controller_start(sim);
}

/* --- what people and things do --- */

static void person_change(struct sim *sim)
{
	static const uint8_t types[] = {0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 4, 5, 255};
	static const uint8_t statuses[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 32, 1, 2, 4, 8, 16, 63};
	uint64_t no = 1 + sim_below(sim, PERSONS);
	int64_t now_s = sim->now.utc_ms / MS_PER_S;
	struct credential row = {.person_no = no,
		.card_number = CARD_OF(no, sim_chance(sim, 6)),
		.valid_from_s = VALID_FROM_ALWAYS,
		.valid_to_s = VALID_TO_ALWAYS,
		.uses_left = USES_UNLIMITED,
		.has_card = true,
		.is_valid = !sim_chance(sim, 20)};

	if (sim->disk.failed)
		return; /* a write is refused then */
	if (sim_chance(sim, 6)) {
		disk_push_removal(sim, no);
		return;
	}
	row.card_type = types[sim_below(sim, sizeof(types))];
	row.card_status = statuses[sim_below(sim, sizeof(statuses))];
	if (row.card_type == CARD_TYPE_GUEST || sim_chance(sim, 4))
		row.uses_left = (uint32_t)sim_below(sim, 4);
	if (sim_chance(sim, 8))
		row.valid_from_s = now_s + (int64_t)sim_below(sim, 120) - 60;
	if (sim_chance(sim, 8))
		row.valid_to_s = now_s + (int64_t)sim_below(sim, 600) - 60;
	keypads_person(sim, &row);
	row.rule_count = (uint8_t)sim_below(sim, 12);
	for (unsigned i = 0; i < row.rule_count; i++)
		row.rule[i] = (struct credential_rule){.door = (uint8_t)sim_below(sim, DOORS + 1),
			.schedule =
				sim_chance(sim, 8) ? (uint8_t)sim_below(sim, 2) : SCHEDULE_ALWAYS};
	disk_push_person(sim, &row);
}

static void card_present(struct sim *sim)
{
	uint64_t no = 1 + sim_below(sim, PERSONS + 1);
	struct controller_input input = {.kind = INPUT_CREDENTIAL,
		.credential = {.reader = (uint8_t)(1 + sim_below(sim, READERS)),
			.card_number = CARD_OF(no, sim_chance(sim, 6)),
			.card_bits = 34}};
	unsigned times = sim_chance(sim, 30) ? 1 + (unsigned)sim_below(sim, 25) : 1;

	for (unsigned i = 0; i < times; i++)
		sim_step(sim, &input);
	/* Somebody saves the row, as it is on disk, while uses of it are on their way there. */
	if (sim_chance(sim, 4) && no <= PERSONS && sim->disk.person[no].there && !sim->disk.failed)
		disk_push_person(sim, &sim->disk.person[no].row);
}

static void reader_trouble(struct sim *sim)
{
	uint8_t reader = (uint8_t)(1 + sim_below(sim, READERS));
	struct controller_input input = {.kind = INPUT_NOISE};

	if (sim_chance(sim, 3)) {
		input.kind = INPUT_UNREADABLE;
		input.credential.reader = reader;
		input.credential.card_bits = 25;
	} else if (sim_chance(sim, 2)) {
		input.kind = INPUT_TAMPER;
		input.tamper.reader = reader;
		input.tamper.active = sim_chance(sim, 2);
	} else {
		input.noise.reader = reader;
		input.noise.count = (uint32_t)sim_below(sim, 1000);
	}
	sim_step(sim, &input);
}

static void button_turn(struct sim *sim, uint8_t d, bool active)
{
	sim->door[d].rex = true; /* until the end of the step: work that was due comes first */
	sim_step(sim, &(struct controller_input){
			      .kind = INPUT_REX, .rex = {.door = d, .active = active}});
	sim->door[d].rex = active;
}

/* A press of a moment, with bounce now and then; once a while somebody leans on the button. */
static void button_use(struct sim *sim)
{
	uint8_t d = (uint8_t)sim_below(sim, DOORS);
	uint64_t most_ms = sim_chance(sim, 20) ? 30000 : 1500;

	if (sim->door[d].rex)
		return;
	button_turn(sim, d, true);
	if (sim_chance(sim, 4)) {
		button_turn(sim, d, false);
		button_turn(sim, d, true);
	}
	sim->door[d].rex_release_ns =
		sim->now.boot_ns + (int64_t)sim_below(sim, most_ms * (uint64_t)NS_PER_MS);
}

static void command_give(struct sim *sim)
{
	static const uint8_t commands[] = {DOOR_COMMAND_OPEN, DOOR_COMMAND_OPEN, DOOR_COMMAND_CLOSE,
		DOOR_COMMAND_HOLD_OPEN, DOOR_COMMAND_HOLD_LOCKED, DOOR_COMMAND_NORMAL,
		DOOR_COMMAND_NORMAL, DOOR_COMMAND_NORMAL};
	struct controller_input input = {.kind = INPUT_COMMAND,
		.command = {.id = ++sim->next_command,
			.door = (uint8_t)sim_below(sim, DOORS),
			.command = commands[sim_below(sim, sizeof(commands))]}};

	if (sim->command_count < COMMANDS_WAITING_MAX)
		sim_step(sim, &input);
}

static void contact_edge(struct sim *sim, uint8_t d)
{
	struct door_model *door = &sim->door[d];

	door->contact = !door->contact;
	door->edges_left--;
	door->edge_ns = sim->now.boot_ns + (int64_t)sim_below(sim, 15 * (uint64_t)NS_PER_MS);
	sim_step(sim, &(struct controller_input){.kind = INPUT_CONTACT,
			      .contact = {.door = d, .open = door->contact}});
}

static void contact_move(struct sim *sim)
{
	uint8_t d = (uint8_t)sim_below(sim, DOORS);

	if (sim->door[d].edges_left > 0)
		return;
	sim->door[d].edges_left = 1 + 2 * (unsigned)sim_below(sim, 4);
	contact_edge(sim, d);
}

static void clock_jump(struct sim *sim)
{
	static const int64_t jumps_s[] = {1, -1, 3600, -3600, 7200, -7200, 86400, 315360000,
		-315360000, 1800, -1800, 61, -61};
	static const int64_t places_s[] = {
		0, 2147483640, 1711846795, 1729990795, 4102444795, START_MS / 1000};

	if (sim_chance(sim, 2))
		sim->now.utc_ms += jumps_s[sim_below(sim, ARRAY_COUNT(jumps_s))] * MS_PER_S;
	else
		sim->now.utc_ms = places_s[sim_below(sim, ARRAY_COUNT(places_s))] * MS_PER_S;
	if (sim->now.utc_ms < 0)
		sim->now.utc_ms = 0;
	if (sim_chance(sim, 2))
		sim->now.trusted = !sim->now.trusted;
	/* The zone has no rule for the model's plain reading to trip over: schedules are always on.
	 */
	sim_step(sim, &(struct controller_input){.kind = INPUT_CLOCK_CHANGED});
}

static void disk_change(struct sim *sim)
{
	static const enum disk_mode modes[] = {DISK_FAST, DISK_FAST, DISK_FAST, DISK_FAST,
		DISK_SLOW, DISK_SLOW, DISK_SLOW, DISK_VERY_SLOW, DISK_BROKEN};

	sim->disk.mode = modes[sim_below(sim, ARRAY_COUNT(modes))];
}

static void event(struct sim *sim)
{
	uint64_t dice = sim_below(sim, 1000);

	if (dice < 260)
		card_present(sim);
	else if (dice < 420)
		keypads_visit(sim);
	else if (dice < 560)
		contact_move(sim);
	else if (dice < 700)
		button_use(sim);
	else if (dice < 820)
		person_change(sim);
	else if (dice < 900)
		command_give(sim);
	else if (dice < 940)
		reader_trouble(sim);
	else if (dice < 970)
		disk_change(sim);
	else if (dice < 990)
		clock_jump(sim);
	else if (dice < 994)
		crash(sim);
	else
		sim_step(sim, &(struct controller_input){
				      .kind = INPUT_ZONE_CHANGED, .zone = sim->config.zone});
}

/* --- time --- */

/* Bursts of milliseconds, pauses of up to a minute. */
static int64_t event_next_ns(struct sim *sim)
{
	uint64_t most_ms = sim_chance(sim, 3) ? 20000 : 300;

	return sim->now.boot_ns + (int64_t)sim_below(sim, most_ms * (uint64_t)NS_PER_MS);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void world_run(struct sim *sim, int64_t event_ns)
{
	for (uint8_t d = 0; d < DOORS; d++) {
		if (sim->door[d].edges_left > 0 && sim->door[d].edge_ns <= sim->now.boot_ns)
			contact_edge(sim, d);
		if (sim->door[d].rex && sim->door[d].rex_release_ns <= sim->now.boot_ns)
			button_turn(sim, d, false);
	}
	keypads_run(sim);
	if (disk_due_ns(sim) <= sim->now.boot_ns)
		disk_run(sim);
	if (event_ns <= sim->now.boot_ns)
		event(sim);
	sim_settle(sim);
}

static void sim_hours(struct sim *sim)
{
	int64_t event_ns = event_next_ns(sim);

	while (sim->now.boot_ns < sim->end_ns) {
		int64_t next_ns = earlier(event_ns, disk_due_ns(sim));

		next_ns = earlier(next_ns, controller_deadline_ns(sim->controller));
		next_ns = earlier(next_ns, keypads_due_ns(sim));
		for (unsigned d = 0; d < DOORS; d++) {
			if (sim->door[d].edges_left > 0)
				next_ns = earlier(next_ns, sim->door[d].edge_ns);
			if (sim->door[d].rex)
				next_ns = earlier(next_ns, sim->door[d].rex_release_ns);
		}
		if (sim_chance(sim, 500)) { /* the real-time thread comes late */
			next_ns += (int64_t)sim_below(sim, 5 * (uint64_t)NS_PER_S);
			sim->stats.late++;
		}
		time_pass(sim, next_ns);
		world_run(sim, event_ns);
		if (event_ns <= sim->now.boot_ns)
			event_ns = event_next_ns(sim);
	}
}

/* Everything heals, and nothing may be left over. */
static void sim_end(struct sim *sim)
{
	sim->disk.mode = DISK_FAST;
	for (unsigned i = 0; i < 100000 && disk_due_ns(sim) != INT64_MAX; i++) {
		time_pass(sim, earlier(disk_due_ns(sim), controller_deadline_ns(sim->controller)));
		if (disk_due_ns(sim) <= sim->now.boot_ns)
			disk_run(sim);
		sim_settle(sim);
		for (uint8_t d = 0; d < DOORS; d++) {
			if (sim->door[d].rex) {
				sim->door[d].rex = false;
				sim_step(sim, &(struct controller_input){
						      .kind = INPUT_REX, .rex = {.door = d}});
			}
		}
	}
	if (sim->open_count != 0 || sim->disk.open_count != 0 || sim->command_count != 0)
		violation(sim, "left without an outcome or answer: %u, %u on disk, %u commands",
			sim->open_count, sim->disk.open_count, sim->command_count);
	if (controller_persons_refused(sim->controller) != 0)
		violation(sim, "the index refused a row");
}

static uint64_t sim_run(uint64_t seed, struct stats *ret_stats)
{
	struct sim *sim = calloc(1, sizeof(*sim));

	if (sim == NULL)
		abort();
	sim->seed = seed;
	sim->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	sim->hash = UINT64_C(0xcbf29ce484222325);
	sim->now = (struct moment){.utc_ms = START_MS, .trusted = true};
	sim->end_ns = (int64_t)hours * 3600 * NS_PER_S;
	sim->memory = malloc(controller_size());
	sim->index_memory = malloc(credential_index_size(PERSONS));
	if (sim->memory == NULL || sim->index_memory == NULL)
		abort();
	for (unsigned d = 0; d < DOORS; d++)
		sim->door[d].hold = DOOR_COMMAND_NORMAL;
	config_make(sim);
	controller_start(sim);
	sim_hours(sim);
	sim_end(sim);
	uint64_t hash = sim->hash;

	*ret_stats = sim->stats;
	free(sim->index_memory);
	free(sim->memory);
	free(sim);
	return hash;
}

/* --- command line --- */

#define STATS(X)                                                                                   \
	X(steps)                                                                                   \
	X(grants)                                                                                  \
	X(denials)                                                                                 \
	X(unlocks)                                                                                 \
	X(exceptions)                                                                              \
	X(cancelled)                                                                               \
	X(unknown)                                                                                 \
	X(exits)                                                                                   \
	X(commands)                                                                                \
	X(crashes)                                                                                 \
	X(failures)                                                                                \
	X(forced)                                                                                  \
	X(held)                                                                                    \
	X(repeated)                                                                                \
	X(spent)                                                                                   \
	X(late)                                                                                    \
	X(renewed)                                                                                 \
	X(pins_alone)                                                                              \
	X(cards_then_pins)                                                                         \
	X(pins_then_cards)                                                                         \
	X(wrong_pins)                                                                              \
	X(lockouts)                                                                                \
	X(pins_locked)                                                                             \
	X(missing) X(wrong_orders) X(no_pins) X(pins_refused) X(cards_refused) X(duress)

static void stats_add(struct stats *sum, const struct stats *more)
{
#define ADD(name) sum->name += more->name;
	STATS(ADD)
#undef ADD
}

static void stats_print(const struct stats *stats)
{
#define PRINT(name) printf("#   " #name " %llu\n", (unsigned long long)stats->name);
	STATS(PRINT)
#undef PRINT
}

/* A run in which something never happened proves nothing about it. */
static bool stats_full(const struct stats *stats)
{
#define FULL(name) &&stats->name > 0
	return true STATS(FULL);
#undef FULL
}

static int seeds_run(uint64_t seeds)
{
	struct stats sum = {0};
	uint64_t lines = (seeds + 9) / 10;

	printf("1..%llu\n", (unsigned long long)lines + 1);
	for (uint64_t line = 0; line < lines; line++) {
		for (uint64_t seed = line * 10 + 1; seed <= line * 10 + 10 && seed <= seeds;
			seed++) {
			struct stats stats;
			struct stats again;
			uint64_t hash = sim_run(seed, &stats);

			stats_add(&sum, &stats);
			if (seed % 10 == 1 && sim_run(seed, &again) != hash) {
				printf("not ok - seed %llu does not give the same trace twice\n",
					(unsigned long long)seed);
				return 1;
			}
		}
		printf("ok %llu - seeds %llu to %llu, %u hours each\n",
			(unsigned long long)line + 1, (unsigned long long)line * 10 + 1,
			(unsigned long long)line * 10 + 10, hours);
		fflush(stdout);
	}
	printf("%sok %llu - everything that can happen has happened\n",
		stats_full(&sum) ? "" : "not ", (unsigned long long)lines + 1);
	stats_print(&sum);
	return stats_full(&sum) ? 0 : 1;
}

static int seed_run(uint64_t seed)
{
	struct stats stats;
	uint64_t hash = sim_run(seed, &stats);

	printf("1..1\nok 1 - seed %llu, %u hours, trace %016llx\n", (unsigned long long)seed, hours,
		(unsigned long long)hash);
	stats_print(&stats);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t seed = 0;
	uint64_t seeds = 200;

	for (int i = 1; i < argc; i += 2) {
		uint64_t value = i + 1 < argc ? strtoull(argv[i + 1], NULL, 10) : 0;

		if (value == 0) {
			fprintf(stderr, "usage: simulation [--seed N | --seeds N] [--hours H]\n");
			return 2;
		}
		if (strcmp(argv[i], "--seed") == 0)
			seed = value;
		else if (strcmp(argv[i], "--seeds") == 0)
			seeds = value;
		else if (strcmp(argv[i], "--hours") == 0)
			hours = (unsigned)value;
	}
	return seed != 0 ? seed_run(seed) : seeds_run(seeds);
}
