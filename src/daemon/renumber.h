/* SPDX-License-Identifier: Apache-2.0 */
/* The command renumber: the indexes of doors in the database become those of the configuration. */
#pragma once

#include "base/compiler.h"
#include "platform/settings.h"

struct renumber_wish {
	const char *config; /* the file's name, for words */
	const char *renamed; /* "OLD=NEW,OLD=NEW": doors that have another id now; NULL: none */
	bool yes; /* do it without asking */
};

/*
 * Shows what would change in the database of settings->state_dir, and does it when it is wished or
 * a person at the terminal says so. False when it was not done and should have been.
 */
MUST_CHECK bool renumber_run(const struct settings *settings, const struct renumber_wish *wish);
