// SPDX-License-Identifier: Apache-2.0
/*
 * People at keypads, and what must hold of every PIN, by the inputs and the configuration alone:
 *
 *   a grant comes by what its door asks for now, in the order that its method says, with the PIN
 *   that was typed and the card that was shown, the second within its time; a PIN is called wrong
 *   only when it is; while an alarm says so, no PIN is evaluated, over restarts too, and only then
 *   is one refused as locked; a PIN that failed is not shown as such in the step that records it
 *   while the store works; every key shows the same; no digit and no hash is in any effect.
 */
#include "simulation.h"

#include <stdio.h>

#define MS(ms) ((int64_t)(ms)*NS_PER_MS)

static uint64_t pin_hash(void *user, struct span digits)
{
	const struct sim *sim = user;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	if (digits.len < 1 || digits.len > PIN_DIGITS_MAX)
		violation(sim, "a PIN of %zu digits is hashed", digits.len);
	for (size_t i = 0; i < digits.len; i++)
		hash = (hash ^ (uint8_t)digits.data[i]) * UINT64_C(0x100000001b3);
	return hash | 1;
}

/* The PINs of different people and variants differ; none repeats a byte often. */
static void pin_digits(uint64_t person_no, unsigned variant, char ret[PIN_LENGTH + 1])
{
	(void)snprintf(ret, PIN_LENGTH + 1, "%u7%02u%u4", 3 + variant, (unsigned)person_no % 100,
		8 - variant);
}

static uint64_t pin_of(struct sim *sim, uint64_t person_no, unsigned variant)
{
	char digits[PIN_LENGTH + 1];

	pin_digits(person_no, variant, digits);
	return pin_hash(sim, span_of(digits, PIN_LENGTH));
}

/* Each seed has its ways; half of them end PINs by their length. */
void keypads_config(struct sim *sim)
{
	static const uint8_t schedules[] = {SCHEDULE_ALWAYS, 0, 1};
	struct controller_config *config = &sim->config;

	config->pin_hash = pin_hash;
	config->pin_hash_user = sim;
	config->pin_digits = sim_chance(sim, 2) ? PIN_LENGTH : 0;
	config->pin_key_gap_ms = KEY_GAP_MS;
	config->pin_second_ms = SECOND_MS;
	for (unsigned d = 0; d < DOORS; d++) {
		config->door[d].open_by = (uint8_t)sim_below(sim, OPEN_BY_COUNT);
		config->door[d].open_by_scheduled = (uint8_t)sim_below(sim, OPEN_BY_COUNT);
		config->door[d].open_by_schedule = schedules[sim_below(sim, sizeof(schedules))];
	}
}

static int64_t lock_ns(unsigned failures)
{
	static const int64_t seconds[] = {0, 0, 0, 0, 0, 60, 120, 240, 480};

	return (failures < sizeof(seconds) / sizeof(seconds[0]) ? seconds[failures] : 900) *
	       NS_PER_S;
}

/* What is on disk goes on: each lock begins anew with the controller's first step, which is now. */
void keypads_start(struct sim *sim)
{
	uint32_t count = 0;

	memset(sim->reader, 0, sizeof(sim->reader));
	for (uint8_t r = 1; r <= READERS; r++) {
		uint8_t failures = sim->disk.reader_failures[r];

		sim->reader_locked_ns[r] = sim->now.boot_ns + lock_ns(failures);
		if (failures > 0)
			sim->failures[count++] =
				(struct pin_failures){.reader = r, .failures = failures};
	}
	for (uint64_t p = 1; p <= PERSONS; p++) {
		uint8_t failures = sim->disk.person_failures[p];

		sim->person_locked_ns[p] = sim->now.boot_ns + lock_ns(failures);
		if (failures > 0)
			sim->failures[count++] =
				(struct pin_failures){.person_no = p, .failures = failures};
	}
	sim->config.pin_failures = sim->failures;
	sim->config.pin_failures_count = count;
}

/* Three of four have a PIN; some have no card beside it. */
void keypads_person(struct sim *sim, struct credential *row)
{
	unsigned variant = (unsigned)sim_below(sim, PIN_VARIANTS);

	if (sim_chance(sim, 4))
		return;
	row->pin = pin_of(sim, row->person_no, variant);
	if (sim_chance(sim, 3))
		row->pin_duress = pin_of(sim, row->person_no, (variant + 1) % PIN_VARIANTS);
	row->pin_alone = !sim_chance(sim, 4);
	row->has_card = !sim_chance(sim, 8);
	if (!row->has_card)
		row->card_number = 0;
}

/* --- people --- */

/* Mostly a PIN that the person has, now and then one that is wrong in some way. */
static void pin_choose(struct sim *sim, uint64_t no, char ret[PIN_LENGTH + 1])
{
	unsigned variant = (unsigned)sim_below(sim, PIN_VARIANTS);
	const struct credential *row = &sim->person[no].row;

	for (unsigned v = 0; v < PIN_VARIANTS && !sim_chance(sim, 20); v++) {
		uint64_t pin = pin_of(sim, no, v);

		if (pin == row->pin || (pin == row->pin_duress && sim_chance(sim, 3)))
			variant = v;
	}
	pin_digits(no, variant, ret);
}

/* Mostly somebody who could get in: failures lock readers for most of the time otherwise. */
static uint64_t person_choose(struct sim *sim)
{
	uint64_t no = 1 + sim_below(sim, PERSONS);

	for (unsigned i = 0; i < 30 && !sim_chance(sim, 20); i++) {
		const struct person_model *person = &sim->person[no];

		if (person->there && person->row.pin != 0 && person->row.rule_count > 0 &&
			checks_may_open(sim, &person->row, person->row.rule[0].door,
				sim->wall_ms / MS_PER_S))
			return no;
		no = 1 + sim_below(sim, PERSONS);
	}
	return no;
}

/* Somebody comes to a reader where nobody stands, mostly one of a door they may open. */
void keypads_visit(struct sim *sim)
{
	static const char *const forms[] = {"%s#", "%s#", "c%s#", "c%s#", "%s#c", "%s#c", "c",
		"12%s#", "1*%s#", "%.3s", "c%.2s", "%sc", "#%s#", "12345678%s#"};
	uint64_t no = person_choose(sim);
	uint64_t reader = 1 + sim_below(sim, READERS);

	for (unsigned i = 0;
		i < 8 && !checks_may_open(sim, &sim->person[no].row,
				 sim->config.reader[reader - 1].door, sim->wall_ms / MS_PER_S);
		i++)
		reader = 1 + sim_below(sim, READERS);
	struct visitor *visitor = &sim->reader[reader].visitor;
	char pin[PIN_LENGTH + 1];

	if (visitor->acts[visitor->at] != 0)
		return;
	pin_choose(sim, no, pin);
	*visitor = (struct visitor){
		.card_number = sim->person[no].row.card_number, .next_ns = sim->now.boot_ns};
	uint64_t form = sim_below(sim, sizeof(forms) / sizeof(forms[0]));

	if (form > 5 && sim_chance(sim, 3))
		form = sim_below(sim, 6);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(visitor->acts, sizeof(visitor->acts), forms[form], pin);
#pragma GCC diagnostic pop
}

static void visitor_act(struct sim *sim, uint8_t reader)
{
	struct visitor *visitor = &sim->reader[reader].visitor;
	char act = visitor->acts[visitor->at++];
	struct controller_input input = {.kind = INPUT_KEY, .key = {.reader = reader}};
	int64_t pause_ms = 50 + (int64_t)sim_below(sim, 600);

	if (sim_chance(sim, 100))
		pause_ms += (int64_t)sim_below(sim, 15000);
	visitor->next_ns = sim->now.boot_ns + MS(pause_ms);
	if (act == 'c')
		input = (struct controller_input){.kind = INPUT_CREDENTIAL,
			.credential = {.reader = reader,
				.card_number = visitor->card_number,
				.card_bits = 34}};
	else if (act == '*' || act == '#')
		input.key.key = act == '*' ? KEY_STAR : KEY_HASH;
	else
		input.key.key = (uint8_t)(act - '0');
	sim_step(sim, &input);
}

void keypads_run(struct sim *sim)
{
	for (uint8_t r = 1; r <= READERS; r++) {
		struct visitor *visitor = &sim->reader[r].visitor;

		if (visitor->acts[visitor->at] != 0 && visitor->next_ns <= sim->now.boot_ns)
			visitor_act(sim, r);
	}
}

int64_t keypads_due_ns(const struct sim *sim)
{
	int64_t due_ns = INT64_MAX;

	for (uint8_t r = 1; r <= READERS; r++) {
		const struct visitor *visitor = &sim->reader[r].visitor;

		if (visitor->acts[visitor->at] != 0 && visitor->next_ns < due_ns)
			due_ns = visitor->next_ns;
	}
	return due_ns;
}

/* --- what was given --- */

static void given_note(struct sim *sim, uint8_t reader, enum given_kind kind, uint64_t value)
{
	struct reader_model *model = &sim->reader[reader];

	model->before = model->last;
	model->last = (struct given){.kind = kind, .ns = sim->now.boot_ns, .value = value};
	model->typed = 0;
}

static void key_note(struct sim *sim, uint8_t reader, uint8_t key)
{
	struct reader_model *model = &sim->reader[reader];

	if (sim->now.boot_ns - model->typed_ns > MS(KEY_GAP_MS) || key == KEY_STAR)
		model->typed = 0;
	if (key == KEY_STAR)
		return;
	model->typed_ns = sim->now.boot_ns;
	if (key != KEY_HASH && model->typed < TYPED_MAX)
		model->digit[model->typed++] = (char)('0' + key);
	bool ends = key == KEY_HASH ? model->typed > 0 : model->typed == sim->config.pin_digits;

	if (!ends)
		return;
	model->last_typed = model->typed;
	uint64_t pin = model->typed <= PIN_DIGITS_MAX
			       ? pin_hash(sim, span_of(model->digit, model->typed))
			       : 0;

	given_note(sim, reader, GIVEN_PIN, pin);
}

void keypads_note(struct sim *sim, const struct controller_input *input)
{
	if (input->kind == INPUT_KEY)
		key_note(sim, input->key.reader, input->key.key);
	else if (input->kind == INPUT_CREDENTIAL)
		given_note(
			sim, input->credential.reader, GIVEN_CARD, input->credential.card_number);
}

/* The PIN of which this step decided. */
uint64_t keypads_pin(const struct sim *sim, uint8_t reader)
{
	const struct reader_model *model = &sim->reader[reader];

	return model->last.kind == GIVEN_PIN ? model->last.value : model->before.value;
}

/* --- checks --- */

static enum open_by way_now(const struct sim *sim, uint8_t door)
{
	const struct door_config *config = &sim->config.door[door];

	/* Schedule 0 is always on, 1 never, and 255 is not looked at. */
	return (enum open_by)(
		config->open_by_schedule == 0 ? config->open_by_scheduled : config->open_by);
}

static bool method_fits(enum open_by way, uint8_t method)
{
	switch (way) {
	case OPEN_BY_CARD:
		return method == METHOD_CARD;
	case OPEN_BY_PIN:
		return method == METHOD_PASSWORD;
	case OPEN_BY_CARD_OR_PIN:
		return method == METHOD_CARD || method == METHOD_PASSWORD;
	case OPEN_BY_CARD_THEN_PIN:
		return method == METHOD_CARD_THEN_PASSWORD;
	case OPEN_BY_PIN_THEN_CARD:
		return method == METHOD_PASSWORD_THEN_CARD;
	case OPEN_BY_CARD_AND_PIN:
		return method == METHOD_CARD_THEN_PASSWORD || method == METHOD_PASSWORD_THEN_CARD;
	case OPEN_BY_COUNT:
		break;
	}
	return false;
}

/* Was this given as the method says, the last thing by the input of this step? */
static bool order_fits(const struct sim *sim, const struct commit_entry *e)
{
	const struct reader_model *model = &sim->reader[e->reader];
	bool in_time = model->before.ns + MS(SECOND_MS) > sim->now.boot_ns;
	enum given_kind last = e->method == METHOD_CARD || e->method == METHOD_PASSWORD_THEN_CARD
				       ? GIVEN_CARD
				       : GIVEN_PIN;

	if (model->last.kind != last || model->last.ns != sim->now.boot_ns)
		return false;
	if (last == GIVEN_CARD && model->last.value != e->card_number)
		return false;
	if (e->method == METHOD_CARD_THEN_PASSWORD)
		return in_time && model->before.kind == GIVEN_CARD &&
		       model->before.value == e->card_number;
	if (e->method == METHOD_PASSWORD_THEN_CARD)
		return in_time && model->before.kind == GIVEN_PIN;
	return true;
}

static bool pin_opens(const struct credential *row, uint64_t pin, bool alone)
{
	return pin != 0 && (row->pin == pin || row->pin_duress == pin) &&
	       (row->pin_alone || !alone);
}

static void grant_check(struct sim *sim, const struct commit_entry *e)
{
	const struct credential *row = &sim->person[e->person_no].row;
	bool by_pin = e->method != METHOD_CARD;
	uint64_t pin = keypads_pin(sim, e->reader);
	bool duress = (by_pin && row->pin_duress == pin) || row->card_type == CARD_TYPE_DURESS;

	if (!method_fits(way_now(sim, e->door), e->method) || !order_fits(sim, e))
		violation(sim, "granted by method %u at door %u, which asks for %u", e->method,
			e->door, way_now(sim, e->door));
	if (e->counts_pin != by_pin || e->has_card != (e->method != METHOD_PASSWORD))
		violation(sim, "a grant by method %u hides what was given", e->method);
	if (by_pin && !pin_opens(row, pin, !e->has_card))
		violation(sim, "granted to person %llu, who has another PIN",
			(unsigned long long)e->person_no);
	if (duress != (e->reason == REASON_GRANTED_DURESS))
		violation(
			sim, "duress of person %llu is not told", (unsigned long long)e->person_no);
	sim->stats.pins_alone += e->method == METHOD_PASSWORD;
	sim->stats.cards_then_pins += e->method == METHOD_CARD_THEN_PASSWORD;
	sim->stats.pins_then_cards += e->method == METHOD_PASSWORD_THEN_CARD;
	sim->stats.duress += duress && by_pin;
}

static void failure_check(struct sim *sim, const struct commit_entry *e)
{
	uint64_t pin = keypads_pin(sim, e->reader);
	bool alone = !e->has_card;
	bool opens = false;

	sim->stats.wrong_pins += e->reason == REASON_WRONG_PIN;
	for (uint64_t p = 1; p <= PERSONS; p++)
		opens |= sim->person[p].there && (alone || p == e->person_no) &&
			 pin_opens(&sim->person[p].row, pin, alone);
	if (opens && e->reason == REASON_WRONG_PIN)
		violation(sim, "a right PIN is called wrong");
	if (!opens && e->reason != REASON_WRONG_PIN)
		violation(sim, "a wrong PIN is called something else");
	if (e->ticket == 0 || e->wants_outcome)
		violation(sim, "a failed PIN waits for nothing");
}

static bool is_locked(const struct sim *sim, const struct commit_entry *e)
{
	return sim->now.boot_ns < sim->reader_locked_ns[e->reader] ||
	       (e->has_card && sim->now.boot_ns < sim->person_locked_ns[e->person_no]);
}

static void lockout_note(struct sim *sim, const struct commit_entry *e)
{
	int64_t until_ns = sim->now.boot_ns + (int64_t)e->count * NS_PER_S;

	if (e->count < PIN_LOCKOUT_FIRST_S || e->count > PIN_LOCKOUT_LAST_S)
		violation(sim, "a lock of %u s", e->count);
	if (e->person_no == 0)
		sim->reader_locked_ns[e->reader] = until_ns;
	else
		sim->person_locked_ns[e->person_no] = until_ns;
	sim->stats.lockouts++;
}

/* The wait of a first that is over takes with it what was typed, but for the key of this step. */
static void wait_ends(struct sim *sim, const struct commit_entry *e)
{
	struct reader_model *model = &sim->reader[e->reader];
	const struct controller_input *input = sim->input;
	bool digit = input->kind == INPUT_KEY && input->key.reader == e->reader &&
		     input->key.key < KEY_STAR && model->typed > 0;

	if (digit)
		model->digit[0] = model->digit[model->typed - 1];
	model->typed = digit;
}

static void denial_check(struct sim *sim, const struct commit_entry *e)
{
	bool two = e->method == METHOD_CARD_THEN_PASSWORD || e->method == METHOD_PASSWORD_THEN_CARD;

	if (e->reason == REASON_PIN_LOCKED && !is_locked(sim, e))
		violation(sim, "a PIN at reader %u is refused as locked and is not", e->reader);
	if (e->counts_pin)
		failure_check(sim, e);
	else if (two)
		wait_ends(sim, e);
	sim->stats.pins_locked += e->reason == REASON_PIN_LOCKED;
	sim->stats.missing += e->reason == REASON_PIN_MISSING || e->reason == REASON_CARD_MISSING;
	sim->stats.wrong_orders += e->reason == REASON_WRONG_ORDER;
	sim->stats.no_pins += e->reason == REASON_NO_PIN;
	sim->stats.pins_refused += e->reason == REASON_PIN_REFUSED;
	sim->stats.cards_refused += e->reason == REASON_CARD_REFUSED;
}

void keypads_check(struct sim *sim, const struct commit_entry *e)
{
	if (e->kind == JOURNAL_PIN_LOCKOUT)
		lockout_note(sim, e);
	if (e->counts_pin && e->kind != JOURNAL_ACCESS)
		violation(sim, "a %s counts PINs", journal_kind_name(e->kind));
	if (e->kind != JOURNAL_ACCESS)
		return;
	if (e->counts_pin && is_locked(sim, e))
		violation(sim, "a PIN at reader %u is evaluated while it is locked", e->reader);
	if (reason_grants((enum reason)e->reason))
		grant_check(sim, e);
	else
		denial_check(sim, e);
}

static bool effects_hold(const struct sim *sim, const void *bytes, size_t len)
{
	size_t size = sim->effects.count * sizeof(sim->effects.items[0]);
	const uint8_t *from = (const uint8_t *)sim->effects.items;

	for (size_t i = 0; i + len <= size; i++) {
		if (memcmp(from + i, bytes, len) == 0)
			return true;
	}
	return false;
}

static void key_check(struct sim *sim)
{
	uint8_t reader = sim->input->key.reader;
	const struct reader_model *model = &sim->reader[reader];
	bool counted = false;
	unsigned keys = 0;

	for (uint32_t i = 0; i < sim->effects.count; i++) {
		const struct effect *effect = &sim->effects.items[i];
		uint8_t shown = effect->feedback.feedback;

		counted |= effect->kind == EFFECT_COMMIT && effect->entry.counts_pin;
		if (effect->kind != EFFECT_FEEDBACK || effect->feedback.reader != reader)
			continue;
		keys += shown == FEEDBACK_KEY;
		if (counted && shown == FEEDBACK_DENIED && !sim->disk.failed)
			violation(sim, "a failed PIN is shown before its record is on disk");
	}
	if (keys != 1)
		violation(sim, "a key shows itself %u times", keys);
	if (model->last.kind != GIVEN_PIN || model->last.ns != sim->now.boot_ns)
		return;
	if (model->last_typed < PIN_LENGTH || model->last.value == 0)
		return;
	if (effects_hold(sim, model->digit, PIN_LENGTH) ||
		effects_hold(sim, &model->last.value, sizeof(model->last.value)))
		violation(sim, "a PIN is in the effects of its last key");
}

void keypads_checks_step(struct sim *sim)
{
	if (sim->input->kind == INPUT_KEY)
		key_check(sim);
}
