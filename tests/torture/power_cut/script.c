// SPDX-License-Identifier: Apache-2.0
/*
 * See script.h. The same code makes the change to the store and to the model: `struct model` is
 * what a plain program remembers of the steps, and the check compares the opened store with the
 * model of the number of steps that its Seq shows.
 */
#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PERSONS_MAX 64
#define ACCOUNTS 3
#define RECORDS_KEPT 40
#define ENTRIES_KEPT 90
#define CLEAR_EVERY 36 /* steps */
#define CARD_BASE 5000 /* a record's card number is this + RecNo, so that each is known */

struct model {
	uint64_t seq;
	uint64_t rec_no;
	uint64_t person_no;
	uint32_t persons;
	struct {
		uint64_t no;
		uint8_t status;
	} person[PERSONS_MAX];
	uint32_t account_step[ACCOUNTS]; /* the step that set it, plus 1; 0: none */
};

struct store_options script_options(void)
{
	struct store_options options = {.records_max = RECORDS_KEPT,
		.journal_max = ENTRIES_KEPT,
		.persons_max = PERSONS_MAX};

	options.door[0].configured = true;
	(void)text_set(&options.door[0].id, SPAN_LIT("front"));
	return options;
}

static void say(struct span *text, char *memory, size_t size, const char *format, uint64_t number)
{
	int len = snprintf(memory, size, "%s%llu", format, (unsigned long long)number);

	*text = span_of(memory, (size_t)len);
}

static struct person person_of(uint64_t no)
{
	struct person person = {.is_valid = true,
		.uses_left = USES_UNLIMITED,
		.repeat_enter_timeout = UINT32_MAX,
		.valid_from_s = VALID_FROM_ALWAYS,
		.valid_to_s = VALID_TO_ALWAYS};
	char memory[32];
	struct span text;

	say(&text, memory, sizeof(memory), "user", no);
	(void)text_set(&person.user_id, text);
	say(&text, memory, sizeof(memory), "00", 1000 + no);
	(void)text_set(&person.card_no, text);
	person.doors[0] = (struct person_door){.has_door = true};
	return person;
}

static struct account account_of(uint32_t which, uint32_t step)
{
	struct account account = {.role = ACCOUNT_OPERATOR};
	char memory[32];
	struct span text;

	say(&text, memory, sizeof(memory), "account", which);
	(void)text_set(&account.name, text);
	say(&text, memory, sizeof(memory), "password", step);
	(void)text_set(&account.password, text);
	return account;
}

/* store may be NULL: then only the model moves on. */
static int append(struct store *store, struct model *model, enum journal_kind kind, uint64_t ticket,
	uint64_t outcome_of)
{
	struct commit_entry entry = {.kind = kind,
		.at = {.utc_ms = INT64_C(1700000000000) + (int64_t)model->seq * 100},
		.ticket = ticket,
		.wants_outcome = ticket != 0,
		.outcome_of = outcome_of,
		.reader = 1,
		.method = METHOD_CARD,
		.reason = ticket != 0 ? REASON_GRANTED : REASON_UNKNOWN_CARD};

	model->seq++;
	if (journal_kind_is_record(kind)) {
		model->rec_no++;
		entry.has_card = true;
		entry.card_bits = 34;
		entry.card_number = CARD_BASE + model->rec_no;
	}
	return store != NULL ? store_append(store, &entry, NULL) : 0;
}

static int insert(struct store *store, struct model *model)
{
	struct person person = person_of(++model->person_no);
	uint64_t no = 0;

	model->person[model->persons].no = model->person_no;
	model->person[model->persons++].status = 0;
	return store != NULL ? store_person_insert(store, &person, &no) : 0;
}

static int remove_oldest(struct store *store, struct model *model)
{
	if (model->persons == 0)
		return 0;
	uint64_t no = model->person[0].no;

	memmove(&model->person[0], &model->person[1], sizeof(model->person[0]) * (PERSONS_MAX - 1));
	model->persons--;
	return store != NULL ? store_person_remove(store, no) : 0;
}

/* All at once; their rows go later, in calls of store_tidy between the steps. */
static int clear(struct store *store, struct model *model)
{
	memset(model->person, 0, sizeof(model->person));
	model->persons = 0;
	return store != NULL ? store_person_clear(store) : 0;
}

static int report_lost(struct store *store, struct model *model)
{
	if (model->persons == 0)
		return 0;
	struct person row;
	struct person person = person_of(model->person[0].no);

	person.no = model->person[0].no;
	person.card_status = CARD_STATUS_LOST;
	model->person[0].status = CARD_STATUS_LOST;
	return store != NULL ? store_person_update(store, &person, PERSON_CARD_STATUS, &row) : 0;
}

static int put_account(struct store *store, struct model *model, uint32_t step)
{
	struct account account = account_of(step % ACCOUNTS, step);

	model->account_step[step % ACCOUNTS] = step + 1;
	return store != NULL ? store_account_put(store, &account) : 0;
}

/* Every step appends at least one entry, so that Seq tells how many steps there were. */
static int do_step(struct store *store, struct model *model, uint32_t step)
{
	int error = append(store, model, JOURNAL_STARTED, 0, 0);

	switch (step % 6) {
	case 0:
		error = error != 0 ? error : insert(store, model);
		return error != 0 ? error : insert(store, model);
	case 1:
		return error != 0 ? error : append(store, model, JOURNAL_ACCESS, step + 1, 0);
	case 2: /* the outcome of the step before, and a group of records */
		error = error != 0 ? error : append(store, model, JOURNAL_DOOR_UNLOCKED, 0, step);
		for (int i = 0; i < 4 && error == 0; i++)
			error = append(store, model, JOURNAL_ACCESS, 0, 0);
		return error;
	case 3:
		if (step % CLEAR_EVERY == 3)
			return error != 0 ? error : clear(store, model);
		return error != 0 ? error : remove_oldest(store, model);
	case 4:
		return error != 0 ? error : put_account(store, model, step);
	default:
		error = error != 0 ? error : report_lost(store, model);
		return error != 0 ? error : append(store, model, JOURNAL_ACCESS, 0, 0);
	}
}

static struct model model_after(uint32_t steps)
{
	struct model model = {0};

	for (uint32_t i = 0; i < steps; i++)
		(void)do_step(NULL, &model, i);
	return model;
}

int script_step(struct store *store, uint32_t step)
{
	struct model model = model_after(step);
	int error = store_begin(store);

	if (error != 0)
		return error;
	error = do_step(store, &model, step);
	if (error == 0)
		return store_commit(store);
	store_rollback(store);
	return error;
}

static enum script_verdict bad(
	char *why, enum script_verdict verdict, const char *what, uint64_t a, uint64_t b)
{
	(void)snprintf(why, 256, "%s: %llu, wanted %llu", what, (unsigned long long)a,
		(unsigned long long)b);
	return verdict;
}

static enum script_verdict check_persons(
	struct store_reader *reader, const struct model *model, char *why)
{
	static struct person row[PERSONS_MAX];
	struct person_filter all = {0};
	uint32_t count = 0;
	uint64_t total = 0;

	if (store_persons(reader, &all, 0, 0, row, PERSONS_MAX, &count) != 0)
		return bad(why, SCRIPT_CORRUPT, "persons cannot be read", 0, 0);
	if (count != model->persons)
		return bad(why, count < model->persons ? SCRIPT_LOST : SCRIPT_DOUBLED, "persons",
			count, model->persons);
	if (store_person_count(reader, &all, &total) != 0 || total != count)
		return bad(why, SCRIPT_CORRUPT, "total of persons", total, count);
	for (uint32_t i = 0; i < count; i++) {
		struct person wanted = person_of(model->person[i].no);

		wanted.no = model->person[i].no;
		wanted.card_status = model->person[i].status;
		if (memcmp(&row[i], &wanted, sizeof(wanted)) != 0)
			return bad(why, SCRIPT_LOST, "a person differs", row[i].no, wanted.no);
	}
	return SCRIPT_GOOD;
}

static enum script_verdict check_records(
	struct store_reader *reader, const struct model *model, char *why)
{
	static struct journal_entry row[RECORDS_KEPT + 1];
	struct record_filter all = {0};
	struct record_cursor cursor = {0};
	uint32_t count = 0;
	uint64_t total = 0;
	uint64_t wanted = model->rec_no < RECORDS_KEPT ? model->rec_no : RECORDS_KEPT;

	if (store_records(reader, &all, &cursor, 0, row, RECORDS_KEPT + 1, &count) != 0)
		return bad(why, SCRIPT_CORRUPT, "records cannot be read", 0, 0);
	if (count != wanted)
		return bad(why, count < wanted ? SCRIPT_LOST : SCRIPT_DOUBLED, "records", count,
			wanted);
	if (store_record_count(reader, &all, &total) != 0 || total != count)
		return bad(why, SCRIPT_CORRUPT, "total of records", total, count);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t rec_no = model->rec_no - wanted + 1 + i;

		if (row[i].rec_no != rec_no || row[i].card_number != CARD_BASE + rec_no)
			return bad(why, SCRIPT_LOST, "a record differs", row[i].rec_no, rec_no);
	}
	return SCRIPT_GOOD;
}

static enum script_verdict check_journal(
	struct store_reader *reader, const struct model *model, char *why)
{
	static struct journal_entry row[ENTRIES_KEPT + 1];
	uint64_t wanted = model->seq < ENTRIES_KEPT ? model->seq : ENTRIES_KEPT;
	uint32_t count = 0;

	if (store_journal(reader, model->seq - wanted, row, ENTRIES_KEPT + 1, &count) != 0)
		return bad(why, SCRIPT_CORRUPT, "the journal cannot be read", 0, 0);
	if (count != wanted)
		return bad(why, count < wanted ? SCRIPT_LOST : SCRIPT_DOUBLED, "entries", count,
			wanted);
	for (uint32_t i = 0; i < count; i++) {
		if (row[i].seq != model->seq - wanted + 1 + i)
			return bad(why, SCRIPT_LOST, "Seq has a hole", row[i].seq, i);
	}
	return SCRIPT_GOOD;
}

struct seen_accounts {
	uint32_t count;
	struct account account[ACCOUNTS + 1];
};

static int see_account(void *user, const struct account *account)
{
	struct seen_accounts *seen = user;

	seen->account[seen->count++] = *account;
	return seen->count > ACCOUNTS;
}

static enum script_verdict check_accounts(struct store *store, const struct model *model, char *why)
{
	struct seen_accounts seen = {0};
	uint32_t wanted = 0;

	if (store_accounts(store, see_account, &seen) != 0)
		return bad(why, SCRIPT_CORRUPT, "accounts cannot be opened", 0, 0);
	for (uint32_t which = 0; which < ACCOUNTS; which++) {
		if (model->account_step[which] == 0)
			continue;
		struct account account = account_of(which, model->account_step[which] - 1);
		bool found = false;

		wanted++;
		for (uint32_t i = 0; i < seen.count; i++)
			found |= text_is(&seen.account[i].name, text_span(&account.name)) &&
				 text_is(&seen.account[i].password, text_span(&account.password));
		if (!found)
			return bad(why, SCRIPT_LOST, "an account is not as put", which, which);
	}
	if (seen.count != wanted)
		return bad(why, SCRIPT_DOUBLED, "accounts", seen.count, wanted);
	return SCRIPT_GOOD;
}

static enum script_verdict check_next_numbers(
	struct store *store, const struct model *model, char *why)
{
	struct commit_entry entry = {.kind = JOURNAL_ACCESS, .has_card = true};
	struct person person = person_of(1000000);
	struct journal_entry row = {0};
	uint64_t no = 0;
	bool done = store_begin(store) == 0 && store_append(store, &entry, &row) == 0 &&
		    store_person_insert(store, &person, &no) == 0;

	if (!done)
		return bad(why, SCRIPT_CORRUPT, "cannot go on", 0, 0);
	store_rollback(store);
	if (row.seq != model->seq + 1)
		return bad(why, SCRIPT_REUSED, "next Seq", row.seq, model->seq + 1);
	if (row.rec_no != model->rec_no + 1)
		return bad(why, SCRIPT_REUSED, "next RecNo", row.rec_no, model->rec_no + 1);
	if (no != model->person_no + 1)
		return bad(why, SCRIPT_REUSED, "next person", no, model->person_no + 1);
	return SCRIPT_GOOD;
}

static enum script_verdict compare(struct store *store, const struct model *model, char *why)
{
	struct store_reader *reader = NULL;
	enum script_verdict verdict = SCRIPT_GOOD;

	if (store_reader_open(store, &reader) != 0)
		return bad(why, SCRIPT_CORRUPT, "no reader", 0, 0);
	verdict = check_persons(reader, model, why);
	if (verdict == SCRIPT_GOOD)
		verdict = check_records(reader, model, why);
	if (verdict == SCRIPT_GOOD)
		verdict = check_journal(reader, model, why);
	(void)store_reader_close(reader);
	if (verdict == SCRIPT_GOOD)
		verdict = check_accounts(store, model, why);
	return verdict == SCRIPT_GOOD ? check_next_numbers(store, model, why) : verdict;
}

static enum script_verdict check_open(
	struct store *store, uint32_t steps, const struct text32 *serial, char *why)
{
	struct store_state now;

	store_state(store, &now);
	if (serial != NULL && memcmp(&now.serial, serial, sizeof(*serial)) != 0)
		return bad(why, SCRIPT_LOST, "another serial", 0, 0);
	for (uint32_t n = 0; n <= SCRIPT_STEPS; n++) {
		struct model model = model_after(n);

		if (model.seq != now.last_seq)
			continue;
		if (n < steps)
			return bad(why, SCRIPT_LOST, "steps", n, steps);
		if (n > steps + 1)
			return bad(why, SCRIPT_DOUBLED, "steps", n, steps);
		return compare(store, &model, why);
	}
	return bad(why, SCRIPT_LOST, "half a step: last Seq", now.last_seq, steps);
}

enum script_verdict script_check(int dir_fd, uint32_t steps, const struct text32 *serial, char *why)
{
	struct store_options options = script_options();
	struct store *store = NULL;
	char detail[256];
	int error = store_open(dir_fd, &options, &store, detail);

	if (error != 0) {
		(void)snprintf(why, 256, "%.200s (%d)", detail, error);
		return SCRIPT_CORRUPT;
	}
	enum script_verdict verdict = check_open(store, steps, serial, why);

	(void)store_close(store);
	return verdict;
}
