// SPDX-License-Identifier: Apache-2.0
/*
 * The writes of the API. Each becomes rows in the transaction, then, when that is committed, a
 * change for rt; only when rt has applied it does its asker hear OK. A person who would not fit
 * into rt's index is refused before the commit, so applying never fails.
 */
#include "store_private.h"

#include "base/assert.h"
#include "base/compiler.h"

#include <errno.h>

void store_change(struct store_thread *st, const struct change *change)
{
	struct core *core = st->core;

	while (!spsc_push(&core->changes, change)) {
		core_wake(core->rt_wake);
		core_wait(core->applied_wake, 10);
		if (atomic_load(&core->stopping))
			return;
	}
	st->changes_sent++;
	core_wake(core->rt_wake);
}

void store_changes_wait(struct store_thread *st)
{
	struct core *core = st->core;

	while (atomic_load(&core->changes_applied) < st->changes_sent &&
		!atomic_load(&core->stopping))
		core_wait(core->applied_wake, 100);
}

/* rt has put another index in the place of this one. */
static void index_retire(struct store_thread *st)
{
	store_changes_wait(st);
	core_index_free(st->core, atomic_exchange(&st->core->index_retired, NULL));
}

static int wide_count(void *user, const struct credential *credential)
{
	struct store_thread *st = user;

	if (credential->rule_count > CREDENTIAL_RULES_INLINE)
		st->wide++;
	return 0;
}

/*
 * Whether the index has a place for one more long list of rules. The count is never too low; when
 * it reaches the pool it is taken anew from the store, which may see that lists became free.
 */
static int wide_fits(struct store_thread *st, const struct credential *credential, bool *ret_fits)
{
	uint32_t room = credential_index_wide(st->core->index_persons);

	*ret_fits = true;
	if (credential->rule_count <= CREDENTIAL_RULES_INLINE || room >= st->core->index_persons)
		return 0;
	if (st->wide + 1 >= room) {
		st->wide = 0;
		int error = store_credentials(st->core->store, wide_count, st);

		if (error != 0)
			return error < 0 ? error : -EIO;
	}
	*ret_fits = st->wide + 1 < room;
	st->wide += *ret_fits ? 1 : 0;
	return 0;
}

static enum result result_of(enum store_error error)
{
	switch (error) {
	case STORE_OK:
		return RESULT_OK;
	case STORE_NOT_FOUND:
		return RESULT_NOT_FOUND;
	case STORE_USER_EXISTS:
		return RESULT_USER_EXISTS;
	case STORE_CARD_EXISTS:
		return RESULT_CARD_EXISTS;
	case STORE_FULL:
		return RESULT_FULL;
	case STORE_BAD_DURESS:
	case STORE_BAD_PERIOD:
		return RESULT_BAD_VALUE;
	case STORE_PIN_TAKEN:
	case STORE_PIN_SHORT:
	case STORE_PIN_RATIO:
		return RESULT_PIN_RULE;
	case STORE_NEWER_SCHEMA:
	case STORE_DOOR_MISMATCH:
	case STORE_CORRUPT:
		break;
	}
	return RESULT_STORE_FAILED;
}

/* A positive result of store is an answer; a negative one ends the transaction. */
static int answered(struct write_state *write, int error)
{
	if (error < 0)
		return error;
	enum result result = result_of((enum store_error)error);

	write->answer.result = (uint8_t)result;
	if (result == RESULT_PIN_RULE)
		write->answer.reason = (uint8_t)(error - STORE_PIN_TAKEN);
	if (result == RESULT_BAD_VALUE)
		write->answer.reason =
			error == STORE_BAD_DURESS ? BAD_VALUE_DURESS : BAD_VALUE_PERIOD;
	return result == RESULT_STORE_FAILED ? -EIO : 0;
}

/* What the index is to hold of row no from now on. */
static int person_changed(struct store_thread *st, struct write_state *write, uint64_t no)
{
	int error = store_credential(st->core->store, no, &write->credential);

	write->changes = true;
	write->removes = error == STORE_NOT_FOUND; /* nothing that could be presented */
	if (write->removes)
		write->credential.person_no = no;
	return write->removes ? 0 : error;
}

static int person_insert(struct store_thread *st, struct write_state *write)
{
	struct person *person = &write->request.person;
	bool fits = true;
	int error = 0;

	if (credential_from_person(person, &write->credential))
		error = wide_fits(st, &write->credential, &fits);
	if (error != 0 || !fits) {
		write->answer.result = RESULT_FULL;
		return error;
	}
	error = store_person_insert(st->core->store, person, &write->answer.no);
	if (error == 0)
		error = person_changed(st, write, write->answer.no);
	return answered(write, error);
}

static int person_update(struct store_thread *st, struct write_state *write)
{
	struct person *person = &write->request.person;
	struct person row;
	bool fits = true;
	int error = 0;

	if ((write->request.fields & PERSON_DOORS) != 0) {
		struct credential rules = {0};

		for (uint32_t i = 0; i < PERSON_DOORS_MAX; i++)
			rules.rule_count = (uint8_t)(rules.rule_count + person->doors[i].has_door);
		error = wide_fits(st, &rules, &fits);
	}
	if (error != 0 || !fits) {
		write->answer.result = RESULT_FULL;
		return error;
	}
	error = store_person_update(st->core->store, person, write->request.fields, &row);
	if (error == 0) {
		write->answer.no = row.no;
		error = person_changed(st, write, row.no);
	}
	return answered(write, error);
}

static int person_remove(struct store_thread *st, struct write_state *write)
{
	int error = store_person_remove(st->core->store, write->request.person_no);

	write->changes = true;
	write->removes = true;
	write->credential.person_no = write->request.person_no;
	write->nothing = error == STORE_NOT_FOUND;
	return answered(write, write->nothing ? 0 : error);
}

static int person_clear(struct store_thread *st, struct write_state *write)
{
	struct store_state state;

	if (st->cleared) { /* another clear of this transaction did it */
		write->nothing = true;
		return 0;
	}
	if (st->empty == NULL) {
		write->answer.result = RESULT_STORE_FAILED;
		return 0;
	}
	write->index = st->empty;
	st->empty = NULL;
	st->cleared = true;
	write->changes = true;
	st->wide = 0;
	st->untidy = true;
	store_state(st->core->store, &state);
	write->count = state.persons;
	write->nothing = state.persons == 0;
	return answered(write, store_person_clear(st->core->store));
}

static int account_seen(void *user, const struct account *account UNUSED)
{
	*(bool *)user = true;
	return 0;
}

/* The first account, and only the first: nothing changes when there is one. */
static int account_claim(struct store_thread *st, struct write_state *write)
{
	struct account admin = {.role = ACCOUNT_ADMIN, .password = write->request.password};
	bool any = false;
	int error = store_accounts(st->core->store, account_seen, &any);

	explicit_bzero(&write->request.password, sizeof(write->request.password));
	if (error == 0 && any)
		write->answer.result = RESULT_CLAIMED;
	if (error == 0 && !any) {
		(void)text_set(&admin.name, SPAN_LIT("admin"));
		error = store_account_put(st->core->store, &admin);
	}
	explicit_bzero(&admin, sizeof(admin));
	return error > 0 ? -EIO : error;
}

/* Serve has judged it, and lets one change through at a time. */
static int account_change(struct store_thread *st, struct write_state *write)
{
	const struct account *account = &write->request.account.account;
	struct store *store = st->core->store;
	int error;

	if (write->request.type == MESSAGE_ACCOUNT_REMOVE)
		error = store_account_remove(store, text_span(&account->name));
	else if (write->request.account.change == ACCOUNT_CHANGE_ROLE)
		error = store_account_role(
			store, text_span(&account->name), (enum account_role)account->role);
	else
		error = store_account_put(store, account);
	return answered(write, error);
}

static int write_carry_out(struct store_thread *st, struct write_state *write)
{
	write->answer = (struct answer){.slot = write->request.slot};
	switch (write->request.type) {
	case MESSAGE_PERSON_INSERT:
		return person_insert(st, write);
	case MESSAGE_PERSON_UPDATE:
		return person_update(st, write);
	case MESSAGE_PERSON_REMOVE:
		return person_remove(st, write);
	case MESSAGE_PERSON_CLEAR:
		return person_clear(st, write);
	case MESSAGE_SCHEDULE_PUT:
		write->changes = true;
		return answered(
			write, store_schedule_put(st->core->store, &write->request.schedule));
	case MESSAGE_SPECIAL_GROUP_PUT:
		write->changes = true;
		return answered(write,
			store_special_group_put(st->core->store, &write->request.special_group));
	case MESSAGE_SPECIAL_SCHEDULE_PUT:
		write->changes = true;
		return answered(write, store_special_schedule_put(
					       st->core->store, &write->request.special_schedule));
	case MESSAGE_CLAIM:
		return account_claim(st, write);
	case MESSAGE_ACCOUNT_PUT:
	case MESSAGE_ACCOUNT_REMOVE:
		return account_change(st, write);
	default:
		ASSERT(false); /* serve sends writes only */
		return -EINVAL;
	}
}

int store_write(struct store_thread *st, struct write_state *write)
{
	int error = write_carry_out(st, write);

	if (error == 0 && write->answer.result == RESULT_OK)
		error = store_write_audit(st, write);
	return error;
}

static void write_apply(struct store_thread *st, struct write_state *write)
{
	struct change change = {.kind = CHANGE_PERSON_PUT};

	if (write->index != NULL) {
		change.kind = CHANGE_INDEX;
		change.index = write->index;
		write->index = NULL;
		store_change(st, &change);
		index_retire(st);
		return;
	}
	if (write->request.type == MESSAGE_SCHEDULE_PUT) {
		change.kind = CHANGE_SCHEDULE_PUT;
		change.schedule = write->request.schedule;
	} else if (write->request.type == MESSAGE_SPECIAL_GROUP_PUT) {
		change.kind = CHANGE_SPECIAL_GROUP_PUT;
		change.special_group = write->request.special_group;
	} else if (write->request.type == MESSAGE_SPECIAL_SCHEDULE_PUT) {
		change.kind = CHANGE_SPECIAL_SCHEDULE_PUT;
		change.special_schedule = write->request.special_schedule;
	} else if (write->removes) {
		change.kind = CHANGE_PERSON_REMOVED;
		change.person_no = write->credential.person_no;
	} else {
		change.person = write->credential;
	}
	store_change(st, &change);
}

void store_writes_apply(struct store_thread *st)
{
	for (uint32_t i = 0; i < st->write_count; i++) {
		struct write_state *write = &st->write[i];

		if (write->changes && write->answer.result == RESULT_OK)
			write_apply(st, write);
	}
	store_writes_drop(st);
	store_changes_wait(st);
}

void store_writes_drop(struct store_thread *st)
{
	for (uint32_t i = 0; i < st->write_count; i++) {
		core_index_free(st->core, st->write[i].index);
		st->write[i].index = NULL;
	}
}

/* --- a second index --- */

struct build {
	struct store_thread *st;
	struct credential_index *index;
};

static int build_put(void *user, const struct credential *credential)
{
	struct build *build = user;

	(void)wide_count(build->st, credential);
	return credential_index_put(build->index, credential) == CREDENTIAL_INDEX_OK ? 0 : -ENOSPC;
}

static int schedule_send(void *user, const struct schedule *schedule)
{
	struct store_thread *st = user;
	struct change change = {.kind = CHANGE_SCHEDULE_PUT, .schedule = *schedule};

	store_change(st, &change);
	return 0;
}

static int special_group_send(void *user, const struct special_day_group *group)
{
	struct store_thread *st = user;
	struct change change = {.kind = CHANGE_SPECIAL_GROUP_PUT, .special_group = *group};

	store_change(st, &change);
	return 0;
}

static int special_schedule_send(void *user, const struct special_schedule *special)
{
	struct store_thread *st = user;
	struct change change = {.kind = CHANGE_SPECIAL_SCHEDULE_PUT, .special_schedule = *special};

	store_change(st, &change);
	return 0;
}

int store_rebuild(struct store_thread *st)
{
	struct build build = {.st = st, .index = core_index_new(st->core)};
	struct change change = {.kind = CHANGE_INDEX, .index = build.index};

	if (build.index == NULL)
		return -ENOMEM;
	st->wide = 0;
	int error = store_credentials(st->core->store, build_put, &build);

	if (error == 0)
		error = store_schedules(st->core->store, schedule_send, st);
	if (error == 0)
		error = store_special_groups(st->core->store, special_group_send, st);
	if (error == 0)
		error = store_special_schedules(st->core->store, special_schedule_send, st);
	if (error != 0) {
		core_index_free(st->core, build.index);
		return error;
	}
	store_change(st, &change);
	index_retire(st);
	return 0;
}
