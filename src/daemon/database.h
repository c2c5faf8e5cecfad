/* SPDX-License-Identifier: Apache-2.0 */
/* The database of STATE, opened by a command of posternd while no core has it. */
#pragma once

#include "platform/settings.h"
#include "store/store.h"

enum database_doors {
	DATABASE_DOORS_COMPARED = 0, /* with those of the settings, which are remembered */
	DATABASE_DOORS_AS_THEY_ARE,
};

/* Without core's rules for PINs. Made when it is not there. NULL after complaining. */
MUST_CHECK struct store *database_open(
	int state_fd, const struct settings *settings, enum database_doors doors);

/* In a transaction: the audit's row for an act on the device itself. Errors as in store/store.h. */
MUST_CHECK int database_audit(struct store *store, enum audit_act act, struct span target);
