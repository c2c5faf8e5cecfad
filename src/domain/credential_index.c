// SPDX-License-Identifier: Apache-2.0
/*
 * Two open-addressing tables of u32 over one array of entries: card number -> entry and person ->
 * entry. One block of memory holds, in this order: the head, the entries, the pool of wide rule
 * lists, the card table, the person table. The caller owns the block; nothing is allocated here.
 *
 * A table has at least twice as many places as entries, so a probe is short and always finds a gap.
 * Taking an entry out shifts the ones behind it back: no tombstones, the tables never wear out.
 * Places come from SipHash-1-3 under a random seed: card numbers are chosen by strangers.
 *
 * An entry is 56 bytes with six rules inside; a person with more takes a list of 256 bytes from the
 * pool. Free entries and free lists are chained through themselves.
 */
#include "domain/credential_index.h"

#include "base/assert.h"

#define PERSONS_LIMIT 10000000u
#define NONE UINT32_MAX

struct entry {
	uint64_t person_no; /* 0: free */
	uint64_t card_number;
	int64_t valid_from_s;
	int64_t valid_to_s;
	uint32_t uses_left;
	uint8_t card_status;
	uint8_t card_type;
	bool is_valid;
	uint8_t rule_count;
	union {
		struct credential_rule rule[CREDENTIAL_RULES_INLINE];
		uint32_t wide; /* where rule_count is above CREDENTIAL_RULES_INLINE */
		uint32_t next_free; /* where the entry is free */
	};
};

union wide_rules {
	struct credential_rule rule[PERSON_DOORS_MAX];
	uint32_t next_free;
};

struct credential_index {
	uint64_t key[2];
	uint32_t persons_max;
	uint32_t count;
	uint32_t free_entry;
	uint32_t free_wide;
	uint32_t table_mask;
	struct entry *entries;
	union wide_rules *wide;
	uint32_t *by_card; /* entry number, or NONE */
	uint32_t *by_person;
};

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
	};

	if (!card_no_number(text_span(&person->card_no), &c.card_number))
		return false;
	for (unsigned i = 0; i < PERSON_DOORS_MAX; i++) {
		const struct person_door *door = &person->doors[i];

		if (!door->has_door || door->door >= DOORS_MAX)
			continue;
		c.rule[c.rule_count++] = (struct credential_rule){
			.door = (uint8_t)door->door,
			.schedule = door->has_schedule ? (uint8_t)door->schedule : SCHEDULE_ALWAYS,
		};
	}
	*ret = c;
	return true;
}

static uint32_t table_places(uint32_t persons_max)
{
	uint32_t places = 8;

	while (places < 2 * persons_max)
		places *= 2;
	return places;
}

static uint32_t wide_count(uint32_t persons_max)
{
	return persons_max < CREDENTIAL_WIDE_MAX ? persons_max : CREDENTIAL_WIDE_MAX;
}

size_t credential_index_size(uint32_t persons_max)
{
	ASSERT(persons_max >= 1 && persons_max <= PERSONS_LIMIT);
	return sizeof(struct credential_index) + persons_max * sizeof(struct entry) +
	       wide_count(persons_max) * sizeof(union wide_rules) +
	       2 * table_places(persons_max) * sizeof(uint32_t);
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
	uint32_t wide = wide_count(persons_max);
	uint32_t places = table_places(persons_max);

	*index = (struct credential_index){
		.key = {seed, key_spread(seed)},
		.persons_max = persons_max,
		.table_mask = places - 1,
	};
	index->entries = (struct entry *)(index + 1);
	index->wide = (union wide_rules *)(index->entries + persons_max);
	index->by_card = (uint32_t *)(index->wide + wide);
	index->by_person = index->by_card + places;
	for (uint32_t i = 0; i < persons_max; i++) {
		index->entries[i].person_no = 0;
		index->entries[i].next_free = i + 1 < persons_max ? i + 1 : NONE;
	}
	for (uint32_t i = 0; i < wide; i++)
		index->wide[i].next_free = i + 1 < wide ? i + 1 : NONE;
	memset(index->by_card, 0xff, 2 * places * sizeof(uint32_t));
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

/* The place in by_card that holds card_number, or the gap where it would go. */
static uint32_t card_place(const struct credential_index *index, uint64_t card_number)
{
	uint32_t at = hash(index, card_number) & index->table_mask;

	while (index->by_card[at] != NONE &&
		index->entries[index->by_card[at]].card_number != card_number)
		at = (at + 1) & index->table_mask;
	return at;
}

static uint32_t person_place(const struct credential_index *index, uint64_t person_no)
{
	uint32_t at = hash(index, person_no) & index->table_mask;

	while (index->by_person[at] != NONE &&
		index->entries[index->by_person[at]].person_no != person_no)
		at = (at + 1) & index->table_mask;
	return at;
}

static uint32_t table_home(
	const struct credential_index *index, const uint32_t *table, uint32_t place)
{
	const struct entry *entry = &index->entries[table[place]];
	uint64_t word = table == index->by_card ? entry->card_number : entry->person_no;

	return hash(index, word) & index->table_mask;
}

/* Empties a place and moves back what had to probe past it. */
static void table_take(const struct credential_index *index, uint32_t *table, uint32_t gap)
{
	uint32_t mask = index->table_mask;

	for (uint32_t at = (gap + 1) & mask; table[at] != NONE; at = (at + 1) & mask) {
		uint32_t home = table_home(index, table, at);

		/* It may move only when its home is not behind the gap. */
		if (((at - home) & mask) >= ((at - gap) & mask)) {
			table[gap] = table[at];
			gap = at;
		}
	}
	table[gap] = NONE;
}

static void rules_free(struct credential_index *index, struct entry *entry)
{
	if (entry->rule_count <= CREDENTIAL_RULES_INLINE)
		return;
	index->wide[entry->wide].next_free = index->free_wide;
	index->free_wide = entry->wide;
	entry->rule_count = 0;
}

/* The entry's place in both tables is the caller's; its old rules are free already. */
static void entry_fill(
	struct credential_index *index, struct entry *entry, const struct credential *credential)
{
	struct credential_rule *rules = entry->rule;

	*entry = (struct entry){
		.person_no = credential->person_no,
		.card_number = credential->card_number,
		.valid_from_s = credential->valid_from_s,
		.valid_to_s = credential->valid_to_s,
		.uses_left = credential->uses_left,
		.card_status = credential->card_status,
		.card_type = credential->card_type,
		.is_valid = credential->is_valid,
		.rule_count = credential->rule_count,
	};
	if (credential->rule_count > CREDENTIAL_RULES_INLINE) {
		entry->wide = index->free_wide;
		index->free_wide = index->wide[entry->wide].next_free;
		rules = index->wide[entry->wide].rule;
	}
	memcpy(rules, credential->rule, credential->rule_count * sizeof(credential->rule[0]));
}

static uint32_t entry_new(struct credential_index *index, uint64_t person_no, uint32_t place)
{
	uint32_t at = index->free_entry;

	index->free_entry = index->entries[at].next_free;
	index->entries[at] = (struct entry){.person_no = person_no};
	index->by_person[place] = at;
	index->count++;
	return at;
}

enum credential_index_result credential_index_put(
	struct credential_index *index, const struct credential *credential)
{
	ASSERT(credential->person_no != 0 && credential->rule_count <= PERSON_DOORS_MAX);
	uint32_t place = person_place(index, credential->person_no);
	uint32_t at = index->by_person[place];
	uint32_t holder = index->by_card[card_place(index, credential->card_number)];
	bool has_wide = at != NONE && index->entries[at].rule_count > CREDENTIAL_RULES_INLINE;

	if (holder != NONE && holder != at)
		return CREDENTIAL_INDEX_TAKEN;
	if (at == NONE && index->free_entry == NONE)
		return CREDENTIAL_INDEX_FULL;
	if (credential->rule_count > CREDENTIAL_RULES_INLINE && !has_wide &&
		index->free_wide == NONE)
		return CREDENTIAL_INDEX_FULL;
	if (at == NONE) {
		at = entry_new(index, credential->person_no, place);
	} else {
		uint64_t old_card = index->entries[at].card_number;

		rules_free(index, &index->entries[at]);
		table_take(index, index->by_card, card_place(index, old_card));
	}
	index->by_card[card_place(index, credential->card_number)] = at;
	entry_fill(index, &index->entries[at], credential);
	return CREDENTIAL_INDEX_OK;
}

void credential_index_remove(struct credential_index *index, uint64_t person_no)
{
	uint32_t place = person_place(index, person_no);
	uint32_t at = index->by_person[place];

	if (at == NONE)
		return;
	struct entry *entry = &index->entries[at];

	rules_free(index, entry);
	table_take(index, index->by_card, card_place(index, entry->card_number));
	table_take(index, index->by_person, place);
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
	ret->valid_from_s = entry->valid_from_s;
	ret->valid_to_s = entry->valid_to_s;
	ret->uses_left = entry->uses_left;
	ret->card_status = entry->card_status;
	ret->card_type = entry->card_type;
	ret->is_valid = entry->is_valid;
	ret->rule_count = entry->rule_count;
	memcpy(ret->rule, rules, entry->rule_count * sizeof(rules[0]));
	return true;
}

bool credential_find(
	const struct credential_index *index, uint64_t card_number, struct credential *ret)
{
	return entry_read(index, index->by_card[card_place(index, card_number)], ret);
}

bool credential_find_person(
	const struct credential_index *index, uint64_t person_no, struct credential *ret)
{
	return entry_read(index, index->by_person[person_place(index, person_no)], ret);
}

void credential_take_use(struct credential_index *index, uint64_t person_no)
{
	uint32_t at = index->by_person[person_place(index, person_no)];

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
