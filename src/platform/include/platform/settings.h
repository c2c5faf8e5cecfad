/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of one start: read from posternd.yaml (or made for --demo) by the supervisor, handed
 * to every role as a sealed memory file. One table (settings_table in settings.c) gives name, type,
 * unit, range, default and text to the parser, posternd.yaml(5), --help and errors. Read once; a
 * change is a restart.
 */
#pragma once

#include "base/text.h"
#include "domain/controller.h"
#include "protocols/wiegand.h"

#include <netinet/in.h>
#include <sys/socket.h>

#define READER_FORMATS_MAX 4
#define HTTP_NAMES_MAX 8

struct door_settings {
	struct text32 id; /* required, unique; ONVIF token */
	struct text64 name;
	struct door_config config;
};

struct reader_settings {
	struct reader_config config;
	uint8_t format_count;
	struct text32 format[READER_FORMATS_MAX]; /* names known to card_format_find; default W34 */
	struct wiegand_limits limits;
};

struct settings {
	bool demo; /* virtual lines, clock: trust */
	bool clock_trust; /* clock: trust */
	bool simulated_lines; /* lines: simulated (always with --demo) */
	uint8_t digest_count; /* http.digest: order of the challenges */
	uint8_t digest[2]; /* enum digest_algorithm */
	uint8_t http_name_count;
	struct text64 http_name[HTTP_NAMES_MAX]; /* names we answer to beside our own addresses */
	struct text64 http_address; /* "127.0.0.1:8080" */
	struct text64 machine_name;
	struct text256 state_dir; /* absolute path */
	uint32_t commit_wait_ms;
	uint8_t untrusted_clock; /* enum untrusted_clock_policy */
	uint32_t persons_max; /* limits.persons */
	uint64_t records_max; /* limits.records: the ring of access records */
	uint64_t journal_max; /* limits.journal: everything that happened */
	uint32_t streams_max; /* limits.streams: event subscribers at once */
	uint32_t connections_max;
	uint32_t connections_per_source_max;
	struct door_settings door[DOORS_MAX]; /* by index */
	struct reader_settings reader[READERS_MAX]; /* by number - 1 */
};

void settings_default(struct settings *settings);

/* The demo: doors 0 and 1, readers 1 and 2 enter them, 3 and 4 leave them. */
void settings_demo(struct settings *settings);

struct settings_error {
	char text[512]; /* "posternd.yaml:12:7: unknown key `unlok_ms`; did you mean `unlock_ms`?"
			 */
};

/*
 * Reads a configuration file's text (at most 256 KiB) on top of settings_default. False, with
 * *ret_error filled, for anything doubtful; *settings is then not to be used. Left out, a door's
 * name is its id.
 */
bool settings_parse(struct settings *settings, const char *file_name, struct span yaml,
	struct settings_error *ret_error);

/*
 * "127.0.0.1:8080" or "[::1]:8080", numbers only. Port 0 (any free port) is for --http, a
 * configuration file refuses it. False when it is neither.
 */
bool settings_address_parse(
	struct span text, struct sockaddr_storage *ret_address, socklen_t *ret_len);

/* What the real-time thread needs of them; the zone is the caller's. */
void settings_controller_config(const struct settings *settings, struct controller_config *ret);

/* Prints the settings table as roff rows (posternd.yaml(5)) or as plain text (--help). */
void settings_describe(bool roff, int fd);
