// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes -> inputs, four bytes each (time to pass, kind, two values). Oracle: a lock opens only
 * after a grant, an exit button or a command of its door, and is never open past its end; a grant
 * comes by what its door asks for; tickets go up; all due work gets done in a bounded number of
 * steps. Doors ask for a card or a PIN, both in either order, and a card, or by schedule 0 a card
 * and then a PIN.
 */
#include "domain/controller.h"

#define DOORS 3u
#define CHECK(condition) ((condition) ? (void)0 : __builtin_trap())

static _Alignas(max_align_t) uint8_t memory[1 << 20];
static _Alignas(max_align_t) uint8_t index_memory[1 << 14];
static struct controller_config config;
static struct effect_list effects;
static uint64_t last_ticket;
static struct {
	bool may_unlock, unlocked;
	int64_t until_ns;
} doors[DOORS];

static uint64_t pin_hash(void *user, struct span digits)
{
	CHECK(user == &config && digits.len >= 1 && digits.len <= PIN_DIGITS_MAX);
	return digits.len == 1 ? (uint64_t)digits.data[0] : 1;
}

static bool method_fits(const struct commit_entry *e)
{
	static const uint8_t methods[DOORS] = {1 << METHOD_PASSWORD | 1 << METHOD_CARD,
		1 << METHOD_CARD_THEN_PASSWORD | 1 << METHOD_PASSWORD_THEN_CARD,
		1 << METHOD_CARD | 1 << METHOD_CARD_THEN_PASSWORD};

	return (methods[e->door] >> e->method & 1) && e->counts_pin == (e->method != METHOD_CARD) &&
	       e->has_card == (e->method != METHOD_PASSWORD);
}

static void step(struct controller *c, const struct controller_input *in, const struct moment *now)
{
	controller_step(c, in, now, &effects);
	CHECK(effects.count <= EFFECTS_MAX);
	for (uint32_t i = 0; i < effects.count; i++) {
		const struct effect *e = &effects.items[i];

		if (e->kind == EFFECT_COMMIT && e->entry.ticket != 0) {
			CHECK(e->entry.ticket > last_ticket);
			last_ticket = e->entry.ticket;
			doors[e->entry.door].may_unlock |= e->entry.wants_outcome;
			CHECK(e->entry.kind != JOURNAL_ACCESS || !e->entry.wants_outcome ||
				method_fits(&e->entry));
		} else if (e->kind == EFFECT_OUTPUT) {
			bool asked = (in->kind == INPUT_REX && in->rex.active) ||
				     in->kind == INPUT_COMMAND;

			CHECK(!e->output.unlocked || asked || doors[e->output.door].may_unlock);
			doors[e->output.door].unlocked = e->output.unlocked;
			doors[e->output.door].until_ns = e->output.until_ns;
		}
	}
}

static struct controller_input input_make(uint8_t kind, uint8_t a, uint8_t b)
{
	struct controller_input in = {.kind = (enum input_kind)(kind % INPUT_KIND_COUNT)};

	switch (in.kind) {
	case INPUT_CREDENTIAL:
	case INPUT_UNREADABLE:
		in.credential.reader = a % 6;
		in.credential.card_number = b % 8;
		break;
	case INPUT_KEY:
		in.key.reader = a % 8;
		in.key.key = b % 12;
		break;
	case INPUT_NOISE:
		in.noise.reader = a;
		in.noise.count = b;
		break;
	case INPUT_REX:
	case INPUT_CONTACT:
	case INPUT_TAMPER: /* door or reader, then the level, at the same places */
		in.rex.door = a % 8;
		in.rex.active = b & 1;
		break;
	case INPUT_COMMAND:
		in.command.door = a % 4;
		in.command.command = b % DOOR_COMMAND_COUNT;
		break;
	case INPUT_RECORD_DURABLE:
		in.durable_ticket = (uint64_t)a << 8 | b;
		break;
	case INPUT_PERSON_PUT:
		in.person = (struct credential){.person_no = a % 4 + 1u,
			.card_number = b % 8,
			.valid_from_s = VALID_FROM_ALWAYS,
			.valid_to_s = a & 4 ? b : VALID_TO_ALWAYS,
			.uses_left = a & 8 ? a >> 6 : USES_UNLIMITED,
			.card_type = (uint8_t)(b >> 3 & 7),
			.card_status = (uint8_t)(a & 16 ? b : 0),
			.is_valid = true,
			.has_card = b < 0xc0,
			.pin = a & 16 ? 0 : '0' + a % 4u + 1u,
			.pin_duress = b & 1 ? '5' + a % 4u : 0,
			.pin_alone = a & 64,
			.rule_count = (uint8_t)(a >> 5 & 3),
			.rule = {{0, SCHEDULE_ALWAYS}, {1, 0}, {2, SCHEDULE_ALWAYS}}};
		break;
	case INPUT_PERSON_REMOVED:
		in.person_no = a % 4 + 1u;
		break;
	case INPUT_SCHEDULE_PUT:
		schedule_set_always(&in.schedule, 0);
		in.schedule.enabled = b & 1;
		break;
	case INPUT_SPECIAL_GROUP_PUT:
		in.special_group = (struct special_day_group){.defined = true, .enabled = a & 1};
		in.special_group.day[b % SPECIAL_DAYS_MAX] =
			(struct special_day){.from = {1970, 1, 1},
				.to = {1970, (uint8_t)(b % 12 + 1), 1},
				.yearly = a & 2};
		break;
	case INPUT_SPECIAL_SCHEDULE_PUT:
		in.special_schedule = (struct special_schedule){
			.defined = true, .enabled = a & 1, .schedules = {b}};
		break;
	default:
		break;
	}
	return in;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t ways[DOORS] = {
		OPEN_BY_CARD_OR_PIN, OPEN_BY_CARD_AND_PIN, OPEN_BY_CARD};
	struct moment now = {.trusted = true};

	CHECK(controller_size() <= sizeof(memory) &&
		credential_index_size(4) <= sizeof(index_memory));
	config.commit_wait_ms = 100;
	config.pin_hash = pin_hash;
	config.pin_hash_user = &config;
	config.pin_key_gap_ms = 3000;
	config.pin_second_ms = 10000;
	for (uint8_t d = 0; d < DOORS; d++) {
		config.door[d] = (struct door_config){.configured = true,
			.open_by = ways[d],
			.open_by_scheduled = OPEN_BY_CARD_THEN_PIN,
			.open_by_schedule = d == 2 ? 0 : SCHEDULE_ALWAYS,
			.unlock_ms = 1000u * (d + 1u),
			.held_open_ms = 9000,
			.held_open_warning_ms = 2000,
			.contact_debounce_ms = 50u * d,
			.forced_grace_ms = 500,
			.has_contact = true,
			.slow_disk = d & 1,
			.rex = d == 2};
		config.reader[d] = config.reader[d + 3] = (struct reader_config){true, d, 0};
	}
	memset(doors, 0, sizeof(doors));
	last_ticket = 0;
	struct controller *c = controller_init(memory, &config,
		credential_index_init(index_memory, sizeof(index_memory), 4, size), 0);

	for (size_t at = 0; at + 4 <= size; at += 4) {
		struct controller_input in = input_make(data[at + 1], data[at + 2], data[at + 3]);
		unsigned steps = 0;

		now.boot_ns += (int64_t)data[at] * data[at] * 500000; /* 0 to 32 s */
		now.utc_ms = data[at] == 0xff ? 0 : now.boot_ns / NS_PER_MS;
		now.trusted = in.kind != INPUT_CLOCK_CHANGED || (data[at + 2] & 1);
		step(c, &in, &now);
		while (controller_deadline_ns(c) <= now.boot_ns) {
			in = (struct controller_input){.kind = INPUT_TIMER};
			step(c, &in, &now);
			CHECK(++steps < 100);
		}
		for (uint8_t d = 0; d < DOORS; d++)
			CHECK(!doors[d].unlocked || doors[d].until_ns > now.boot_ns);
	}
	return 0;
}
