/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real-time thread's view of who may open what: card number or PIN -> rights, open addressing,
 * memory handed in by its maker, no allocation afterwards. Built by the store's thread at start,
 * changed by the real-time thread between steps.
 */
#pragma once

#include "domain/person.h"

/* What a decision needs of one person; made from a row by credential_from_person. */
struct credential {
	uint64_t person_no;
	uint64_t card_number;
	int64_t valid_from_s;
	int64_t valid_to_s;
	uint32_t uses_left; /* USES_UNLIMITED: not counted */
	uint8_t card_status;
	uint8_t card_type;
	bool is_valid;
	bool has_card; /* false: known by the PIN alone; card_number is 0 and never matches */
	bool pin_alone; /* pin opens without a card where the door takes that */
	uint64_t pin; /* keyed hash of the PIN (pin_hash_fn); 0: none */
	uint64_t pin_duress; /* of the one that opens with a silent alarm; 0: none */
	uint8_t rule_count; /* 0 to PERSON_DOORS_MAX */
	struct credential_rule {
		uint8_t door; /* a configured door's index */
		uint8_t schedule; /* number, or SCHEDULE_ALWAYS */
	} rule[PERSON_DOORS_MAX];
};

/*
 * False when the person has neither a card that can match nor a PIN (then the index does not hold
 * them). Doors that are 64 or more are left out: they name no door. Two rules for one door both
 * count. pin and pin_duress are 0: a person's row does not hold the hashes, the store, which keeps
 * them, fills them in.
 */
bool credential_from_person(const struct person *person, struct credential *ret);

/* Adds a rule to one with fewer than PERSON_DOORS_MAX, or nothing when this names no door. */
void credential_add_door(struct credential *credential, const struct person_door *door);

struct credential_index;

enum credential_index_result {
	CREDENTIAL_INDEX_OK = 0,
	CREDENTIAL_INDEX_FULL, /* persons_max reached, or no room for the rules; nothing changed */
	CREDENTIAL_INDEX_TAKEN, /* another person has this card number, or a PIN of these that opens
				   alone; nothing changed */
};

/*
 * Bytes that credential_index_init needs for persons_max persons (1 to 10,000,000): under
 * 8 MB for 20,000, under 130 MB for 1,000,000.
 */
size_t credential_index_size(uint32_t persons_max);

/*
 * memory: aligned for any type, at least credential_index_size(persons_max) bytes. seed: 64 random
 * bits, so that nobody can choose card numbers that crowd one place.
 */
struct credential_index *credential_index_init(
	void *memory, size_t size, uint32_t persons_max, uint64_t seed);

/*
 * Up to this many rules lie in a person's entry. More take a place of a pool, which has one for
 * every person up to CREDENTIAL_WIDE_MAX persons, that many in a larger index, and
 * CREDENTIAL_WIDE_LARGE in one of more than CREDENTIAL_LARGE persons, to keep it under 130 MB for a
 * million.
 */
#define CREDENTIAL_RULES_INLINE 6
#define CREDENTIAL_WIDE_MAX 250000
#define CREDENTIAL_WIDE_LARGE 90000
#define CREDENTIAL_LARGE 500000

/* Persons with more than CREDENTIAL_RULES_INLINE rules for whom an index has room. */
uint32_t credential_index_wide(uint32_t persons_max);

/* Adds or replaces the entry of credential->person_no (not 0). O(1). */
enum credential_index_result credential_index_put(
	struct credential_index *index, const struct credential *credential);

/* Takes person_no out; nothing happens when it is not there. O(1). */
void credential_index_remove(struct credential_index *index, uint64_t person_no);

/* Copies the entry into *ret; false when no person has this card. O(1), no allocation. */
bool credential_find(
	const struct credential_index *index, uint64_t card_number, struct credential *ret);
/* The person with pin_alone whose pin or pin_duress this is; false when there is none. O(1). */
bool credential_find_pin(
	const struct credential_index *index, uint64_t pin, struct credential *ret);
bool credential_find_person(
	const struct credential_index *index, uint64_t person_no, struct credential *ret);

/* Counts one use down; nothing happens at 0 or USES_UNLIMITED. */
void credential_take_use(struct credential_index *index, uint64_t person_no);

uint32_t credential_index_count(const struct credential_index *index);
