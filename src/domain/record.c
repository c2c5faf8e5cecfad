// SPDX-License-Identifier: Apache-2.0
/*
 * Names and properties of what the journal holds, and the check of an entry that another process
 * wrote: after it every enum, number, length and bool of the entry is safe to use.
 */
#include "domain/record.h"

#include "base/assert.h"
#include "base/bits.h"
#include "check.h"

struct kind_row {
	const char *name;
	bool record;
	bool alarm;
};

#define KIND_ROW(id, name, record, alarm) [id] = {name, record, alarm},
static const struct kind_row rows[JOURNAL_KIND_COUNT] = {JOURNAL_KINDS(KIND_ROW)};
#undef KIND_ROW

static const struct kind_row *kind_row(enum journal_kind kind)
{
	ASSERT(kind < JOURNAL_KIND_COUNT);
	return &rows[kind];
}

const char *journal_kind_name(enum journal_kind kind)
{
	return kind_row(kind)->name;
}

bool journal_kind_is_record(enum journal_kind kind)
{
	return kind_row(kind)->record;
}

bool journal_kind_is_alarm(enum journal_kind kind)
{
	return kind_row(kind)->alarm;
}

bool journal_kind_is_outcome(enum journal_kind kind)
{
	return kind == JOURNAL_DOOR_UNLOCKED || kind == JOURNAL_GRANT_CANCELLED ||
	       kind == JOURNAL_UNLOCKED_BEFORE_RECORD || kind == JOURNAL_OUTCOME_UNKNOWN;
}

static bool method_check(uint8_t method)
{
	return method <= METHOD_FINGERPRINT || method == METHOD_FACE;
}

static bool sex_check(uint8_t sex)
{
	return sex <= 2 || sex == 9;
}

static bool record_person_check(const struct record_person *who)
{
	return text_valid(&who->user_id) && text_valid(&who->name) && text_valid(&who->card_no) &&
	       text_valid(&who->url) && text_valid(&who->record_url) &&
	       bool_check(&who->has_card_type) && bool_check(&who->has_temperature) &&
	       bool_check(&who->over_temperature) && who->temperature_unit <= 2 &&
	       bool_check(&who->has_citizen_id) && bool_check(&who->citizen_id_result) &&
	       sex_check(who->citizen_id_sex) && text_valid(&who->citizen_id_name) &&
	       text_valid(&who->citizen_id_no) && text_valid(&who->citizen_id_birth) &&
	       text_valid(&who->citizen_id_address) && text_valid(&who->citizen_id_authority) &&
	       text_valid(&who->citizen_id_start) && text_valid(&who->citizen_id_end);
}

bool journal_entry_check(const struct journal_entry *entry)
{
	return entry->kind < JOURNAL_KIND_COUNT && entry->reason < REASON_COUNT &&
	       (entry->door < DOORS_MAX || entry->door == DOOR_NONE) &&
	       entry->reader <= READERS_MAX && entry->side <= SIDE_EXIT &&
	       method_check(entry->method) && entry->command < DOOR_COMMAND_COUNT &&
	       entry->card_bits <= CARD_BITS_MAX && bool_check(&entry->trusted) &&
	       bool_check(&entry->undurable) && bool_check(&entry->has_card) &&
	       text_valid(&entry->command_type) && text_valid(&entry->account) &&
	       record_person_check(&entry->who);
}
