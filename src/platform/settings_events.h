/* SPDX-License-Identifier: Apache-2.0 */
/* The events of one YAML file, and errors with their place in it. */
#pragma once

#include "platform/settings.h"
#include "settings_table.h"

#include "base/buf.h"

#include <yaml.h>

#define EVENTS_WHY_MAX 384

/* Owns libyaml's parser and the current event; a scalar's text is good until the next event. */
struct settings_events {
	yaml_parser_t parser;
	yaml_event_t event;
	struct span yaml; /* the whole file */
	const char *file_name;
	struct settings_error *error;
	struct buf why; /* what events_fail will say */
	char why_memory[EVENTS_WHY_MAX];
};

/* The next event, strictly judged. False: told in *e->error. */
bool events_next(struct settings_events *e);

/* Where the current event begins: line and column, from 1. */
struct place events_here(const struct settings_events *e);

/* The current event is a scalar: its text, whether in quotes, whether it says nothing (`~`,
 * `null`). */
struct span events_scalar(const struct settings_events *e);
bool events_scalar_quoted(const struct settings_events *e);
bool events_scalar_is_nothing(const struct settings_events *e);
bool events_scalar_one_line(struct settings_events *e); /* else told */

/* Put file, place and e->why into *e->error. Always false, to be returned. */
bool events_fail(struct settings_events *e, struct place place);
bool events_fail_with(struct settings_events *e, struct place place, const char *text);
/* "`key` text" */
bool events_fail_key(
	struct settings_events *e, struct place place, struct span key, const char *text);
