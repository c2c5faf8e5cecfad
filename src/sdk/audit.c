// SPDX-License-Identifier: Apache-2.0
/* The audit of a postern controller: recordFinder's table PosternAudit, a page a call. */
#include "sdk.h"

#include <stdlib.h>

#define COUNT_MAX 1024

struct audit_owner {
	struct postern_audit audit; /* first: what the user holds */
	struct table table;
};

struct audit_call {
	struct postern_call call;
	struct postern_audit *audit;
	postern_audit_fn *done;
	void *user;
};

static const char *text_of(const struct row *row, const char *name)
{
	const char *value = fields_find(row->fields, row->field_count, name);

	return value == NULL ? "" : value;
}

static bool row_from(const struct row *row, struct postern_audit_row *ret)
{
	int64_t no = fields_number(row->fields, row->field_count, "No");
	int64_t count = fields_number(row->fields, row->field_count, "Count");
	int64_t ms = fields_number(row->fields, row->field_count, "TimeMS");
	const char *time = fields_find(row->fields, row->field_count, "Time");
	int64_t s = fields_number(row->fields, row->field_count, "Time");

	*ret = (struct postern_audit_row){
		.size = sizeof(*ret),
		.no = no < 0 ? 0 : (uint64_t)no,
		.act = text_of(row, "Act"),
		.result = text_of(row, "Result"),
		.account = text_of(row, "Account"),
		.address = text_of(row, "Address"),
		.target = text_of(row, "Target"),
		.trusted = strcmp(text_of(row, "Trusted"), "true") == 0,
		.count = count < 0 ? 0 : (uint64_t)count,
		.field_count = row->field_count,
		.fields = row->fields,
	};
	if (no < 1 || time == NULL || ms < 0 || ms > 999 || s > INT64_MAX / 1000 - 1 ||
		s < INT64_MIN / 1000 + 1)
		return false;
	ret->time_ms = s * 1000 + ms;
	return true;
}

static int audit_from(struct answer *answer, struct postern_audit **ret)
{
	struct audit_owner *owner = calloc(1, sizeof(*owner));

	if (owner == NULL)
		return POSTERN_E_MEMORY;
	int error = table_parse(answer, "records", &owner->table);
	size_t count = error == POSTERN_OK ? owner->table.row_count : 0;

	owner->audit.row = calloc(count + 1, sizeof(*owner->audit.row));
	if (error == POSTERN_OK && owner->audit.row == NULL)
		error = POSTERN_E_MEMORY;
	for (size_t i = 0; i < count && error == POSTERN_OK; i++) {
		if (!row_from(&owner->table.rows[i], &owner->audit.row[owner->audit.count++]))
			error = POSTERN_E_PROTOCOL;
	}
	if (error != POSTERN_OK) {
		(void)postern_audit_free(&owner->audit);
		return error;
	}
	owner->audit.total = owner->table.total < 0 ? count : (uint64_t)owner->table.total;
	*ret = &owner->audit;
	return POSTERN_OK;
}

static int audit_answered(struct postern_call *call, int error, struct answer *answer)
{
	struct audit_call *find = (struct audit_call *)call;

	if (error != POSTERN_OK)
		return error;
	error = audit_from(answer, &find->audit);
	return error == POSTERN_OK ? error : call_fail(call, error, "%s", postern_strerror(error));
}

static void audit_end(struct postern_call *call, int error)
{
	struct audit_call *find = (struct audit_call *)call;

	find->done(find->user, call, error, find->audit);
}

static const char *audit_target(struct postern_device *device,
	const struct postern_audit_query *query, struct target *target)
{
	target_begin(target, "recordFinder.cgi", "find");
	target_text(target, "name", "PosternAudit");
	if (query->from != POSTERN_NOT_GIVEN)
		target_number(target, "StartTime", query->from);
	if (query->to != POSTERN_NOT_GIVEN)
		target_number(target, "EndTime", query->to);
	if (query->after_no != 0)
		target_number(target, "AfterNo", (int64_t)query->after_no);
	target_number(target, "count", query->count == 0 ? COUNT_MAX : query->count);
	return target_end(target, device);
}

int postern_audit_find_start(struct postern_device *device, const struct postern_audit_query *query,
	postern_audit_fn *done, void *user, struct postern_call **call)
{
	static const struct call_class class = {.end = audit_end};
	struct target target;
	int error;

	if (query == NULL || query->size < sizeof(*query) || query->count > COUNT_MAX ||
		query->after_no > INT64_MAX)
		return device_fail(device, POSTERN_E_ARGUMENT,
			"query: size is not set, or count is above %d", COUNT_MAX);
	struct audit_call *find = call_new(device, sizeof(*find), &class, done != NULL, &error);

	if (find == NULL)
		return error;
	find->done = done;
	find->user = user;
	return call_begin(&find->call,
		http_start(&find->call, audit_target(device, query, &target), audit_answered),
		call);
}

static void sync_audit(
	void *user, struct postern_call *call, int error, struct postern_audit *audit)
{
	((struct sync *)user)->result = audit;
	sync_done(user, call, error);
}

int postern_audit_find(struct postern_device *device, const struct postern_audit_query *query,
	struct postern_audit **audit)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	if (error == POSTERN_OK)
		error = sync_wait(
			&sync, postern_audit_find_start(device, query, sync_audit, &sync, NULL));
	if (error == POSTERN_OK)
		*audit = sync.result;
	return error;
}

struct postern_audit *postern_audit_free(struct postern_audit *audit)
{
	struct audit_owner *owner = (struct audit_owner *)audit;

	if (owner == NULL)
		return NULL;
	table_drop(&owner->table);
	free(owner->audit.row);
	free(owner);
	return NULL;
}
