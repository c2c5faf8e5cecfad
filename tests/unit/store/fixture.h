/* SPDX-License-Identifier: Apache-2.0 */
/* A store in a folder of its own taken away at the end. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/store.h"

#define FIXTURE_T0_MS INT64_C(1700000000000)

struct fixture {
	char path[64]; /* of the folder */
	int dir_fd; /* O_PATH, as core gets it */
	struct store *store;
	struct store_options options;
	char detail[256];
};

int fixture_setup(void **state); /* folder and open store */
int fixture_teardown(void **state); /* both gone */

int fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);
void fixture_reopen(struct fixture *f);

/* The bytes of one file into another, by path. */
void fixture_copy_file(const char *from, const char *to);

/* Changes the file behind the store's back; the store is closed. */
void fixture_sql(struct fixture *f, const char *sql);
int64_t fixture_number(struct fixture *f, const char *sql);

struct person fixture_person(const char *user_id, const char *card_no, const char *name);
uint64_t fixture_insert(struct fixture *f, const struct person *person);
void fixture_remove(struct fixture *f, uint64_t no);

/* A card shown at door 0, granted, at FIXTURE_T0_MS. */
struct commit_entry fixture_card(uint64_t person_no, uint64_t card_number);
struct journal_entry fixture_append(struct fixture *f, const struct commit_entry *entry);

/* One row of each, for tests that look at one; fails when there is none. */
struct person fixture_get_person(struct fixture *f, uint64_t no);
struct journal_entry fixture_get_entry(struct fixture *f, uint64_t seq);

#define assert_text(text, string) assert_text_is(text_span(text), (string))
void assert_text_is(struct span text, const char *string);

/* A small generator that gives the same numbers everywhere. */
uint64_t fixture_random(uint64_t *state);
