// SPDX-License-Identifier: Apache-2.0
/*
 * Three open-addressing tables of u32 over one array of entries: card number -> entry, person ->
 * entry, and PIN -> entry for those whose PIN opens alone (the PIN and the duress PIN are a key
 * each). One block of memory holds, in this order: the head, the entries, the pool of wide rule
 * lists, the card table, the person table, the PIN table. The caller owns the block; nothing is
 * allocated here.
 *
 * A table has at least twice as many places as keys, so a probe is short and always finds a gap.
 * Taking a key out shifts the ones behind it back: no tombstones, the tables never wear out.
 * Places come from SipHash-1-3 under a random seed: card numbers are chosen by strangers.
 *
 * An entry is 72 bytes with six rules inside; a person with more takes a list of 256 bytes from the
 * pool. Free entries and free lists are chained through themselves; those that were never given out
 * are counted, so that making an index touches little more than its tables.
 */
#include "domain/credential_index.h"

#include "base/assert.h"

#define PERSONS_LIMIT 10000000u
#define NONE UINT32_MAX

struct entry {
	uint64_t person_no; /* 0: free */
	uint64_t card_number;
	uint64_t pin;
	uint64_t pin_duress;
	int64_t valid_from_s;
	int64_t valid_to_s;
	uint32_t uses_left;
	uint8_t card_status;
	uint8_t card_type;
	bool is_valid;
	bool has_card;
	bool pin_alone;
	uint8_t rule_count;
	union {
		struct credential_rule rule[CREDENTIAL_RULES_INLINE];
		uint32_t wide; /* where rule_count is above CREDENTIAL_RULES_INLINE */
		uint32_t next_free; /* where the entry is free */
	};
};

_Static_assert(sizeof(struct entry) == 72, "the memory that the header promises");

union wide_rules {
	struct credential_rule rule[PERSON_DOORS_MAX];
	uint32_t next_free;
};

/* What a place holds: an entry's number; in BY_PIN twice that, and 1 more for the duress PIN. */
enum table { BY_CARD = 0, BY_PERSON, BY_PIN, TABLES };

struct credential_index {
	uint64_t key[2];
	uint32_t persons_max;
	uint32_t count;
	uint32_t free_entry;
	uint32_t free_wide;
	uint32_t entries_used; /* those behind were never given out: their memory says nothing */
	uint32_t wide_used;
	uint32_t wide_max;
	struct entry *entries;
	union wide_rules *wide;
	uint32_t *table[TABLES]; /* what is above, or NONE */
	uint32_t mask[TABLES];
};

void credential_add_door(struct credential *credential, const struct person_door *door)
{
	if (!door->has_door || door->door >= DOORS_MAX)
		return;
	ASSERT(credential->rule_count < PERSON_DOORS_MAX);
	credential->rule[credential->rule_count++] = (struct credential_rule){
		.door = (uint8_t)door->door,
		.schedule = door->has_schedule ? (uint8_t)door->schedule : SCHEDULE_ALWAYS,
	};
}

bool credential_from_person(const struct person *person, struct credential *ret)
{
	struct credential c = {
		.person_no = person->no,
		.valid_from_s = person->valid_from_s,
		.valid_to_s = person->valid_to_s,
		.uses_left = person->uses_left,
		.card_status = person->card_status,
		.card_type = person->card_type,
		.is_valid = person->is_valid,
		.pin_alone = person->pin_alone,
	};
	uint64_t card_number;

	c.has_card = card_no_number(text_span(&person->card_no), &card_number);
	if (c.has_card)
		c.card_number = card_number;
	else if (!person->has_password && !person->has_duress_password)
		return false;
	for (unsigned i = 0; i < PERSON_DOORS_MAX; i++)
		credential_add_door(&c, &person->doors[i]);
	*ret = c;
	return true;
}

static uint32_t table_places(enum table table, uint32_t persons_max)
{
	uint32_t keys = table == BY_PIN ? 2 * persons_max : persons_max;
	uint32_t places = 8;

	while (places < 2 * keys)
		places *= 2;
	return places;
}

uint32_t credential_index_wide(uint32_t persons_max)
{
	if (persons_max > CREDENTIAL_LARGE)
		return CREDENTIAL_WIDE_LARGE;
	return persons_max < CREDENTIAL_WIDE_MAX ? persons_max : CREDENTIAL_WIDE_MAX;
}

size_t credential_index_size(uint32_t persons_max)
{
	ASSERT(persons_max >= 1 && persons_max <= PERSONS_LIMIT);
	size_t size = sizeof(struct credential_index) + persons_max * sizeof(struct entry) +
		      credential_index_wide(persons_max) * sizeof(union wide_rules);

	for (unsigned t = 0; t < TABLES; t++)
		size += table_places((enum table)t, persons_max) * sizeof(uint32_t);
	return size;
}

/* The second half of the hash key must differ from the first; any fixed mix will do. */
static uint64_t key_spread(uint64_t seed)
{
	uint64_t x = seed + UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

struct credential_index *credential_index_init(
	void *memory, size_t size, uint32_t persons_max, uint64_t seed)
{
	ASSERT(size >= credential_index_size(persons_max));
	struct credential_index *index = memory;
	uint32_t wide = credential_index_wide(persons_max);

	*index = (struct credential_index){
		.key = {seed, key_spread(seed)},
		.persons_max = persons_max,
		.free_entry = NONE,
		.free_wide = NONE,
		.wide_max = wide,
	};
	index->entries = (struct entry *)(index + 1);
	index->wide = (union wide_rules *)(index->entries + persons_max);
	uint32_t *place = (uint32_t *)(index->wide + wide);

	for (unsigned t = 0; t < TABLES; t++) {
		uint32_t places = table_places((enum table)t, persons_max);

		index->table[t] = place;
		index->mask[t] = places - 1;
		memset(place, 0xff, places * sizeof(uint32_t));
		place += places;
	}
	return index;
}

static uint64_t rotate(uint64_t x, unsigned bits)
{
	return (x << bits) | (x >> (64 - bits));
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 of one 64-bit word. */
static uint32_t hash(const struct credential_index *index, uint64_t word)
{
	const uint64_t last = UINT64_C(8) << 56; /* the message's length, as the algorithm wants */
	uint64_t v[4] = {
		index->key[0] ^ UINT64_C(0x736f6d6570736575),
		index->key[1] ^ UINT64_C(0x646f72616e646f6d),
		index->key[0] ^ UINT64_C(0x6c7967656e657261),
		index->key[1] ^ UINT64_C(0x7465646279746573),
	};

	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (unsigned i = 0; i < 3; i++)
		sip_round(v);
	return (uint32_t)(v[0] ^ v[1] ^ v[2] ^ v[3]);
}

static uint64_t key_at(const struct credential_index *index, enum table table, uint32_t held)
{
	switch (table) {
	case BY_CARD:
		return index->entries[held].card_number;
	case BY_PERSON:
		return index->entries[held].person_no;
	case BY_PIN:
		return held % 2 == 0 ? index->entries[held / 2].pin
				     : index->entries[held / 2].pin_duress;
	case TABLES:
		break;
	}
	return 0;
}

/* The place that holds key, or the gap where it would go. */
static uint32_t *place_of(const struct credential_index *index, enum table table, uint64_t key)
{
	uint32_t *place = index->table[table];
	uint32_t at = hash(index, key) & index->mask[table];

	while (place[at] != NONE && key_at(index, table, place[at]) != key)
		at = (at + 1) & index->mask[table];
	return &place[at];
}

/* Takes key out and moves back what had to probe past it. */
static void key_take(struct credential_index *index, enum table table, uint64_t key)
{
	uint32_t mask = index->mask[table];
	uint32_t *place = index->table[table];
	uint32_t gap = (uint32_t)(place_of(index, table, key) - place);

	for (uint32_t at = (gap + 1) & mask; place[at] != NONE; at = (at + 1) & mask) {
		uint32_t home = hash(index, key_at(index, table, place[at])) & mask;

		/* It may move only when its home is not behind the gap. */
		if (((at - home) & mask) >= ((at - gap) & mask)) {
			place[gap] = place[at];
			gap = at;
		}
	}
	place[gap] = NONE;
}

/* A PIN that is both the PIN and the duress PIN of a person is one key. */
static bool has_duress_key(uint64_t pin, uint64_t pin_duress)
{
	return pin_duress != 0 && pin_duress != pin;
}

/* Takes the entry's card and PINs out of their tables. */
static void keys_take(struct credential_index *index, const struct entry *entry)
{
	if (entry->has_card)
		key_take(index, BY_CARD, entry->card_number);
	if (entry->pin_alone && entry->pin != 0)
		key_take(index, BY_PIN, entry->pin);
	if (entry->pin_alone && has_duress_key(entry->pin, entry->pin_duress))
		key_take(index, BY_PIN, entry->pin_duress);
}

/* The entry is filled already, and none of its keys is in a table. */
static void keys_put(struct credential_index *index, uint32_t at)
{
	const struct entry *entry = &index->entries[at];

	if (entry->has_card)
		*place_of(index, BY_CARD, entry->card_number) = at;
	if (entry->pin_alone && entry->pin != 0)
		*place_of(index, BY_PIN, entry->pin) = 2 * at;
	if (entry->pin_alone && has_duress_key(entry->pin, entry->pin_duress))
		*place_of(index, BY_PIN, entry->pin_duress) = 2 * at + 1;
}

static bool pin_is_anothers(const struct credential_index *index, uint64_t pin, uint32_t at)
{
	uint32_t held = pin == 0 ? NONE : *place_of(index, BY_PIN, pin);

	return held != NONE && held / 2 != at;
}

static bool keys_are_anothers(
	const struct credential_index *index, const struct credential *credential, uint32_t at)
{
	uint32_t holder =
		credential->has_card ? *place_of(index, BY_CARD, credential->card_number) : NONE;

	if (holder != NONE && holder != at)
		return true;
	return credential->pin_alone && (pin_is_anothers(index, credential->pin, at) ||
						pin_is_anothers(index, credential->pin_duress, at));
}

static void rules_free(struct credential_index *index, struct entry *entry)
{
	if (entry->rule_count <= CREDENTIAL_RULES_INLINE)
		return;
	index->wide[entry->wide].next_free = index->free_wide;
	index->free_wide = entry->wide;
	entry->rule_count = 0;
}

static uint32_t wide_new(struct credential_index *index)
{
	uint32_t at = index->free_wide;

	if (at == NONE)
		return index->wide_used++;
	index->free_wide = index->wide[at].next_free;
	return at;
}

/* The entry's places in the tables are the caller's; its old rules are free already. */
static void entry_fill(
	struct credential_index *index, struct entry *entry, const struct credential *credential)
{
	struct credential_rule *rules = entry->rule;

	*entry = (struct entry){
		.person_no = credential->person_no,
		.card_number = credential->has_card ? credential->card_number : 0,
		.pin = credential->pin,
		.pin_duress = credential->pin_duress,
		.valid_from_s = credential->valid_from_s,
		.valid_to_s = credential->valid_to_s,
		.uses_left = credential->uses_left,
		.card_status = credential->card_status,
		.card_type = credential->card_type,
		.is_valid = credential->is_valid,
		.has_card = credential->has_card,
		.pin_alone = credential->pin_alone,
		.rule_count = credential->rule_count,
	};
	if (credential->rule_count > CREDENTIAL_RULES_INLINE) {
		entry->wide = wide_new(index);
		rules = index->wide[entry->wide].rule;
	}
	memcpy(rules, credential->rule, credential->rule_count * sizeof(credential->rule[0]));
}

static uint32_t entry_new(struct credential_index *index, uint64_t person_no)
{
	uint32_t at = index->free_entry;

	if (at != NONE)
		index->free_entry = index->entries[at].next_free;
	else
		at = index->entries_used++;
	*place_of(index, BY_PERSON, person_no) = at;
	index->entries[at] = (struct entry){.person_no = person_no};
	index->count++;
	return at;
}

enum credential_index_result credential_index_put(
	struct credential_index *index, const struct credential *credential)
{
	ASSERT(credential->person_no != 0 && credential->rule_count <= PERSON_DOORS_MAX);
	uint32_t at = *place_of(index, BY_PERSON, credential->person_no);
	bool has_wide = at != NONE && index->entries[at].rule_count > CREDENTIAL_RULES_INLINE;

	if (keys_are_anothers(index, credential, at))
		return CREDENTIAL_INDEX_TAKEN;
	if (at == NONE && index->free_entry == NONE && index->entries_used == index->persons_max)
		return CREDENTIAL_INDEX_FULL;
	if (credential->rule_count > CREDENTIAL_RULES_INLINE && !has_wide &&
		index->free_wide == NONE && index->wide_used == index->wide_max)
		return CREDENTIAL_INDEX_FULL;
	if (at == NONE) {
		at = entry_new(index, credential->person_no);
	} else {
		rules_free(index, &index->entries[at]);
		keys_take(index, &index->entries[at]);
	}
	entry_fill(index, &index->entries[at], credential);
	keys_put(index, at);
	return CREDENTIAL_INDEX_OK;
}

void credential_index_remove(struct credential_index *index, uint64_t person_no)
{
	uint32_t at = *place_of(index, BY_PERSON, person_no);

	if (at == NONE)
		return;
	struct entry *entry = &index->entries[at];

	rules_free(index, entry);
	keys_take(index, entry);
	key_take(index, BY_PERSON, person_no);
	entry->person_no = 0;
	entry->next_free = index->free_entry;
	index->free_entry = at;
	index->count--;
}

static bool entry_read(const struct credential_index *index, uint32_t at, struct credential *ret)
{
	if (at == NONE)
		return false;
	const struct entry *entry = &index->entries[at];
	const struct credential_rule *rules = entry->rule_count > CREDENTIAL_RULES_INLINE
						      ? index->wide[entry->wide].rule
						      : entry->rule;

	ret->person_no = entry->person_no;
	ret->card_number = entry->card_number;
	ret->pin = entry->pin;
	ret->pin_duress = entry->pin_duress;
	ret->valid_from_s = entry->valid_from_s;
	ret->valid_to_s = entry->valid_to_s;
	ret->uses_left = entry->uses_left;
	ret->card_status = entry->card_status;
	ret->card_type = entry->card_type;
	ret->is_valid = entry->is_valid;
	ret->has_card = entry->has_card;
	ret->pin_alone = entry->pin_alone;
	ret->rule_count = entry->rule_count;
	memcpy(ret->rule, rules, entry->rule_count * sizeof(rules[0]));
	return true;
}

bool credential_find(
	const struct credential_index *index, uint64_t card_number, struct credential *ret)
{
	return entry_read(index, *place_of(index, BY_CARD, card_number), ret);
}

bool credential_find_pin(const struct credential_index *index, uint64_t pin, struct credential *ret)
{
	uint32_t held = pin == 0 ? NONE : *place_of(index, BY_PIN, pin);

	return entry_read(index, held == NONE ? NONE : held / 2, ret);
}

bool credential_find_person(
	const struct credential_index *index, uint64_t person_no, struct credential *ret)
{
	return entry_read(index, *place_of(index, BY_PERSON, person_no), ret);
}

void credential_take_use(struct credential_index *index, uint64_t person_no)
{
	uint32_t at = *place_of(index, BY_PERSON, person_no);

	if (at == NONE)
		return;
	struct entry *entry = &index->entries[at];

	if (entry->uses_left != 0 && entry->uses_left != USES_UNLIMITED)
		entry->uses_left--;
}

uint32_t credential_index_count(const struct credential_index *index)
{
	return index->count;
}
