/* SPDX-License-Identifier: Apache-2.0 */
/* What only `posternd --demo` does. */
#pragma once

#include "account.h"
#include "platform/tls.h"

/* The demo's own STATE. False after complaining. */
MUST_CHECK bool demo_state_path(char *ret, size_t size);

/* Fills memory with what a newcomer needs to know: where the password is, and commands to paste. */
const char *demo_banner(const struct settings *settings, enum account_outcome outcome,
	const struct tls_fingerprints *fingerprints, char *memory, size_t size);
