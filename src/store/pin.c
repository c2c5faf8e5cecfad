// SPDX-License-Identifier: Apache-2.0
/*
 * PINs: keyed hashes, who may open by one alone, and wrong PINs that are counted still.
 *
 * A PIN opens alone when all of this held at the write that gave it: 4 to 12 digits, at least
 * pin_alone_digits, nobody else has it as PIN or duress PIN, and 1000 possible PINs of its length
 * stay for each one that opens alone (IEC 60839-11-1: at most 10 people with 4 digits, 1000 with
 * 6). Duress PINs count like others, and a row opens alone by both of its PINs or by neither. What
 * becomes of a PIN that breaks a rule is said by pin_rule, where some door takes PINs alone.
 *
 * A password that is no such run of digits is kept as other clients send it; no keypad can type it.
 * Rows of schema 1 have an unknown number of digits and open with their card only. All is judged
 * before anything is written, so a refusal leaves the transaction as it was.
 */
#include "internal.h"

#define CODES_FOR_EACH 1000 /* possible PINs for each that opens alone */
#define HASH_PREFIX 8 /* bytes of a hash that the index and keypads compare */

_Static_assert(sizeof(((struct pin_key *)0)->bytes) == SECRET_KEY_SIZE, "one key");

static uint64_t hash_prefix(const uint8_t *hash)
{
	uint64_t value = 0;

	for (size_t i = 0; i < HASH_PREFIX; i++)
		value = value << 8 | hash[i];
	return value != 0 ? value : 1; /* 0 means no PIN */
}

void store_pin_key(const struct store *store, struct pin_key *ret)
{
	memcpy(ret->bytes, store->secret.pin_key, sizeof(ret->bytes));
}

uint64_t pin_key_hash(const struct pin_key *key, struct span digits)
{
	uint8_t hash[SECRET_HASH_SIZE];

	secret_hash_pin(key->bytes, digits, hash);
	uint64_t value = hash_prefix(hash);

	explicit_bzero(hash, sizeof(hash));
	return value;
}

/* --- what opens alone --- */

/* Digits of a PIN that a keypad can type, else 0. */
static uint8_t digits_of(const struct text64 *password)
{
	if (password->len < PIN_DIGITS_MIN || password->len > PIN_DIGITS_MAX)
		return 0;
	for (size_t i = 0; i < password->len; i++) {
		if (password->bytes[i] < '0' || password->bytes[i] > '9')
			return 0;
	}
	return (uint8_t)password->len;
}

static bool long_enough(uint8_t alone_digits, const struct pin_row *pin)
{
	uint8_t digits = alone_digits > PIN_DIGITS_MIN ? alone_digits : PIN_DIGITS_MIN;

	return pin->digits >= digits && (!pin->has_duress || pin->duress_digits >= digits);
}

bool pin_opens_alone(uint8_t alone_digits, const struct pin_row *pin)
{
	return pin->alone && long_enough(alone_digits, pin);
}

static int is_taken(struct store *store, enum sql_id id, const uint8_t *hash, uint64_t no)
{
	struct sql_call call = call_begin(&store->connection, id);

	call_put_blob(&call, hash, SECRET_HASH_SIZE);
	call_put_u64(&call, no);
	call_put_u64(&call, store->now.counter[COUNTER_CLEARED_NO]);
	bool taken = call_next(&call);
	int error = call_end(&call);

	return error != 0 ? error : taken ? STORE_PIN_TAKEN : 0;
}

/* Nobody's duress PIN is anybody's PIN, whatever the rule: a wrong alarm helps nobody. */
static int judge_duress(struct store *store, const struct pin_row *pin, uint64_t no)
{
	int error = 0;

	if (pin->exists)
		error = is_taken(store, SQL_PIN_OF_DURESS, pin->hash, no);
	if (error != 0 || !pin->has_duress)
		return error;
	if (!pin->exists || pin->duress_digits == 0)
		return STORE_BAD_DURESS;
	if (memcmp(pin->hash, pin->duress_hash, sizeof(pin->hash)) == 0)
		return STORE_PIN_TAKEN;
	error = is_taken(store, SQL_PIN_OF_HASH, pin->duress_hash, no);
	return error != 0 ? error : is_taken(store, SQL_PIN_OF_DURESS, pin->duress_hash, no);
}

/* PINs of so many digits that open alone, this row's own among them; more than `most` count as one
 * more than that. */
static int count_alone(struct store *store, const struct pin_row *pin, uint64_t no, uint8_t digits,
	uint64_t most, uint64_t *ret_count)
{
	struct sql_call call = call_begin(&store->connection, SQL_PIN_COUNT_ALONE);

	*ret_count = 0;
	call_put_u64(&call, digits);
	call_put_u64(&call, no);
	call_put_u64(&call, most + 1);
	call_put_u64(&call, store->now.counter[COUNTER_CLEARED_NO]);
	if (call_next(&call))
		*ret_count = (uint64_t)call_get_i64(&call, 0, STORE_NUMBER_MAX);
	*ret_count += pin->digits == digits;
	*ret_count += pin->has_duress && pin->duress_digits == digits;
	return call_end(&call);
}

static int judge_ratio(struct store *store, const struct pin_row *pin, uint64_t no, uint8_t digits)
{
	uint64_t most = 1; /* PINs that may open alone */
	uint64_t count = 0;

	for (uint8_t i = 0; i < digits; i++)
		most *= 10;
	most /= CODES_FOR_EACH;
	int error = count_alone(store, pin, no, digits, most, &count);

	return error != 0 ? error : count > most ? STORE_PIN_RATIO : 0;
}

/* 0: it opens alone; STORE_PIN_SHORT, _TAKEN, _RATIO: why not. */
static int judge_alone(struct store *store, const struct pin_row *pin, uint64_t no)
{
	if (!long_enough(store->options.pin_alone_digits, pin))
		return STORE_PIN_SHORT;
	int error = is_taken(store, SQL_PIN_OF_HASH, pin->hash, no);

	if (error == 0)
		error = judge_ratio(store, pin, no, pin->digits);
	if (error == 0 && pin->has_duress && pin->duress_digits != pin->digits)
		error = judge_ratio(store, pin, no, pin->duress_digits);
	return error;
}

static bool is_rule(int error)
{
	return error == STORE_PIN_SHORT || error == STORE_PIN_TAKEN || error == STORE_PIN_RATIO;
}

/* --- a person's row --- */

static void load_hash(struct sql_call *call, uint8_t *ret)
{
	struct span hash = call_get_blob(call);

	if (hash.len == SECRET_HASH_SIZE)
		memcpy(ret, hash.data, hash.len);
	else if (call->error == 0)
		call->error = STORE_CORRUPT;
}

/* Columns: PIN_COLUMNS of sql_text.c; all NULL for a person without PIN. */
void pin_load(struct sql_call *call, struct pin_row *ret)
{
	*ret = (struct pin_row){.exists = !call_get_null(call)};
	if (!ret->exists)
		return; /* no column is read behind these */
	load_hash(call, ret->hash);
	ret->digits = (uint8_t)call_get_u32(call, PIN_DIGITS_MAX);
	ret->alone = call_get_bool(call);
	ret->has_duress = !call_get_null(call);
	if (!ret->has_duress)
		return;
	load_hash(call, ret->duress_hash);
	ret->duress_digits = (uint8_t)call_get_u32(call, PIN_DIGITS_MAX);
}

static void take_password(
	const struct store *store, const struct person *person, struct pin_row *pin)
{
	if (person->password.len == 0) {
		*pin = (struct pin_row){0}; /* a duress PIN goes with its PIN */
		return;
	}
	pin->exists = true;
	pin->digits = digits_of(&person->password);
	secret_hash_pin(store->secret.pin_key, text_span(&person->password), pin->hash);
}

static void take_duress(const struct store *store, const struct person *person, struct pin_row *pin)
{
	pin->has_duress = person->duress_password.len > 0;
	pin->duress_digits = digits_of(&person->duress_password);
	memset(pin->duress_hash, 0, sizeof(pin->duress_hash));
	if (pin->has_duress)
		secret_hash_pin(store->secret.pin_key, text_span(&person->duress_password),
			pin->duress_hash);
}

int pin_judge(struct store *store, const struct person *person, uint32_t fields, uint64_t no,
	struct pin_row *pin)
{
	bool given = (fields & PERSON_PASSWORD) != 0 && person->password.len > 0;
	bool duress_given =
		(fields & PERSON_DURESS_PASSWORD) != 0 && person->duress_password.len > 0;

	if (fields & PERSON_PASSWORD)
		take_password(store, person, pin);
	if (fields & PERSON_DURESS_PASSWORD)
		take_duress(store, person, pin);
	int error = given || duress_given ? judge_duress(store, pin, no) : 0;

	if (error != 0)
		return error;
	/* Another's PIN that is text is no rule's matter, nor is a row that stays with its card. */
	if (!given && !(duress_given && pin->alone))
		return 0;
	pin->alone = false;
	if (pin->digits == 0)
		return 0;
	error = judge_alone(store, pin, no);
	pin->alone = error == 0;
	if (is_rule(error) &&
		!(store->options.pin_opens_alone && store->options.pin_rule == PIN_RULE_REFUSE))
		error = 0;
	return error;
}

int pin_put(struct store *store, uint64_t no, const struct pin_row *pin)
{
	struct sql_call call =
		call_begin(&store->connection, pin->exists ? SQL_PIN_PUT : SQL_PIN_DELETE);

	call_put_u64(&call, no);
	if (!pin->exists)
		return call_do(&call);
	call_put_blob(&call, pin->hash, sizeof(pin->hash));
	call_put_u64(&call, pin->digits);
	call_put_u64(&call, pin->alone);
	if (pin->has_duress)
		call_put_blob(&call, pin->duress_hash, sizeof(pin->duress_hash));
	else
		call_put_null(&call);
	call_put_u64(&call, pin->duress_digits);
	return call_do(&call);
}

bool pin_credential(
	const struct store *store, const struct pin_row *pin, struct credential *credential)
{
	credential->pin = pin->exists ? hash_prefix(pin->hash) : 0;
	credential->pin_duress = pin->has_duress ? hash_prefix(pin->duress_hash) : 0;
	credential->pin_alone = pin_opens_alone(store->options.pin_alone_digits, pin);
	return credential->has_card || credential->pin_alone;
}

/* --- wrong PINs --- */

static int put_failures(struct store *store, uint8_t reader, uint64_t person_no, uint8_t failures)
{
	struct sql_call call = call_begin(
		&store->connection, failures > 0 ? SQL_FAILURES_PUT : SQL_FAILURES_DELETE);

	call_put_u64(&call, reader);
	call_put_u64(&call, person_no);
	if (failures > 0)
		call_put_u64(&call, failures);
	return call_do(&call);
}

int pin_failures_put(struct store *store, const struct commit_entry *entry)
{
	int error = 0;

	if (entry->reader != READER_NONE)
		error = put_failures(store, entry->reader, 0, entry->reader_failures);
	if (error == 0 && entry->person_no != 0 && !person_is_cleared(store, entry->person_no))
		error = put_failures(store, READER_NONE, entry->person_no, entry->person_failures);
	return error;
}

int store_pin_failures(
	struct store *store, int (*each)(void *user, const struct pin_failures *), void *user)
{
	struct sql_call call = call_begin(&store->connection, SQL_FAILURES_ALL);
	int error = 0;

	call_put_u64(&call, store->now.counter[COUNTER_CLEARED_NO]);

	while (error == 0 && call_next(&call)) {
		struct pin_failures row = {.reader = (uint8_t)call_get_u32(&call, READERS_MAX)};

		row.person_no = (uint64_t)call_get_i64(&call, 0, STORE_NUMBER_MAX);
		row.failures = (uint8_t)call_get_i64(&call, 1, UINT8_MAX - 1);
		error = call.error;
		if (error == 0 && (row.person_no == 0) == (row.reader == READER_NONE))
			error = STORE_CORRUPT; /* of nobody, or of two */
		if (error == 0)
			error = each(user, &row);
	}
	int end = call_end(&call);

	return error != 0 ? error : end;
}
