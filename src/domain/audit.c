// SPDX-License-Identifier: Apache-2.0
/* Names of administrative acts, and the check of a row that another process or a file holds. */
#include "domain/audit.h"

#include "base/assert.h"
#include "check.h"

#define ACT_NAME(id, name) [id] = name,
static const char *const act_names[AUDIT_ACT_COUNT] = {AUDIT_ACTS(ACT_NAME)};
#undef ACT_NAME

const char *audit_act_name(enum audit_act act)
{
	ASSERT(act < AUDIT_ACT_COUNT);
	return act_names[act];
}

const char *audit_result_name(enum audit_result result)
{
	static const char *const names[AUDIT_RESULT_COUNT] = {
		[AUDIT_DONE] = "done",
		[AUDIT_NOTHING] = "nothing_to_change",
		[AUDIT_REFUSED] = "refused",
	};

	ASSERT(result < AUDIT_RESULT_COUNT);
	return names[result];
}

bool audit_entry_check(const struct audit_entry *entry)
{
	return entry->act < AUDIT_ACT_COUNT && entry->result < AUDIT_RESULT_COUNT &&
	       bool_check(&entry->trusted) && bool_check(&entry->has_address) &&
	       text_valid(&entry->account) && text_valid(&entry->target);
}
