// SPDX-License-Identifier: Apache-2.0
/*
 * What the commands that change a database have in common: init, reset-admin, certificate --renew
 * and renumber. Each of them holds STATE's lock, so that no other writer is there.
 */
#include "database.h"

#include "base/assert.h"
#include "complain.h"
#include "platform/clock.h"

#define DETAIL_SIZE 256

static struct store_options options_of(const struct settings *settings, enum database_doors doors)
{
	struct store_options options = {
		.records_max = settings->records_max,
		.journal_max = settings->journal_max,
		.audit_max = UINT64_MAX, /* core prunes: not every command reads the settings */
		.persons_max = settings->persons_max,
	};

	for (size_t i = 0; i < DOORS_MAX && doors == DATABASE_DOORS_COMPARED; i++) {
		options.door[i].configured = settings->door[i].config.configured;
		options.door[i].id = settings->door[i].id;
	}
	return options;
}

struct store *database_open(
	int state_fd, const struct settings *settings, enum database_doors doors)
{
	struct store_options options = options_of(settings, doors);
	struct store *store = NULL;
	char detail[DETAIL_SIZE] = "";
	int error = store_open(state_fd, &options, &store, detail);

	if (error == 0)
		return store;
	complain("cannot open the database in STATE: %s%s%s", store_error_text(error),
		detail[0] == '\0' ? "" : ": ", detail);
	return NULL;
}

int database_audit(struct store *store, enum audit_act act, struct span target)
{
	struct moment now = clock_now(false);
	struct audit_entry entry = {
		.act = (uint8_t)act, .utc_ms = now.utc_ms, .trusted = now.trusted};
	bool fits = text_set(&entry.target, target);

	ASSERT(fits);
	return store_audit_append(store, &entry, NULL);
}
