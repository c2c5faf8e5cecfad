// SPDX-License-Identifier: Apache-2.0
/*
 * The closed list of reasons, as the table of the header says it. Callers hand in a value of the
 * enum; bytes from another process go through journal_entry_check first.
 */
#include "domain/reason.h"

#include "base/assert.h"

struct reason_row {
	const char *name;
	const char *sentence;
	uint8_t error_code;
	bool granted;
};

#define REASON_ROW(id, name, code, granted, sentence) [id] = {name, sentence, code, granted},
static const struct reason_row rows[REASON_COUNT] = {REASONS(REASON_ROW)};
#undef REASON_ROW

static const struct reason_row *reason_row(enum reason reason)
{
	ASSERT(reason < REASON_COUNT);
	return &rows[reason];
}

const char *reason_name(enum reason reason)
{
	return reason_row(reason)->name;
}

const char *reason_sentence(enum reason reason)
{
	return reason_row(reason)->sentence;
}

uint8_t reason_error_code(enum reason reason)
{
	return reason_row(reason)->error_code;
}

bool reason_grants(enum reason reason)
{
	return reason_row(reason)->granted;
}
