/* SPDX-License-Identifier: Apache-2.0 */
/* What the SDK's own files share. Nothing here is installed. */
#pragma once

#include "base/buf.h"
#include "base/compiler.h"
#include "core.h"

#define URL_MAX 8192 /* what devices take of a request line */
#define ROWS_MAX 65536 /* rows of one answer */

/* --- request targets --- */

struct target {
	struct buf text;
	char memory[URL_MAX];
};

/* "/cgi-bin/NAME.cgi?action=ACTION" */
void target_begin(struct target *target, const char *cgi, const char *action);
void target_text(struct target *target, const char *name, const char *value); /* NULL: left out */
void target_number(struct target *target, const char *name, int64_t value);
void target_indexed(struct target *target, const char *name, size_t index, int64_t value);

/* NUL-terminated, or NULL with the device's detail set when it does not fit a request line. */
const char *target_end(struct target *target, struct postern_device *device);

/* --- answers made of table[row].field=value --- */

struct row {
	size_t field_count;
	struct postern_field *fields;
};

struct table {
	char *text; /* owned: names and values point into it */
	struct postern_field *fields; /* owned: sorted by row */
	struct row *rows; /* owned */
	size_t row_count;
	int64_t total; /* totalCount, or POSTERN_NOT_GIVEN */
	int64_t found; /* found, or POSTERN_NOT_GIVEN */
};

/*
 * Sorts an answer's lines into rows, whatever their order and case; takes answer->text over. Lines
 * that name no row of table_name are left out. POSTERN_E_PROTOCOL for row numbers that cannot be,
 * and for an answer that was cut off.
 */
MUST_CHECK int table_parse(struct answer *answer, const char *table_name, struct table *ret);
void table_drop(struct table *table);

/* The value of a field by name without case, or NULL. */
const char *fields_find(const struct postern_field *fields, size_t count, const char *name);
/* The same as a number within int64_t, or POSTERN_NOT_GIVEN. */
int64_t fields_number(const struct postern_field *fields, size_t count, const char *name);

/* The number behind "key=" in a plain answer ("RecNo=12"); false when it is not there. */
bool answer_number(const struct answer *answer, const char *key, int64_t *ret);
/* The text behind "key=" copied into memory, cut at capacity; "" when it is not there. */
void answer_value(const struct answer *answer, const char *key, char *memory, size_t capacity);

/* True when text is UTF-8 without control characters of at most so many characters and bytes. */
bool text_acceptable(const char *text, size_t characters_max, size_t bytes_max);

/* "08:00-12:00" as the device's `1 08:00:00-12:00:00`; false when it is none. */
#define SEGMENT_TEXT_MAX 48
bool segment_text(struct span interval, char ret_value[SEGMENT_TEXT_MAX]);

/* One part of an event stream: text of either CGI, split into events. 0, or what the callback or a
 * fault returned. */
int events_deliver(struct span part, postern_event_fn *each, void *user);

/*
 * An answer of the raw view of a reader: its state (NULL: not wanted), then each frame. Takes
 * answer->text over unless it is no such answer. 0, POSTERN_E_STOPPED or what is wrong with it.
 */
int reader_frames_deliver(struct answer *answer, postern_reader_frame_fn *each, void *user,
	struct postern_reader_state *state);

/* As reader_frames_deliver, of getOsdpFrames; state: filled before the first frame. */
int osdp_frames_deliver(struct answer *answer, postern_osdp_frame_fn *each, void *user,
	struct postern_osdp_state *state);

/*
 * An answer of getReaders, for postern_readers_free. Takes answer->text over. 0, or what is wrong
 * with it: *ret is then as it was.
 */
MUST_CHECK int readers_from(struct answer *answer, struct postern_readers **ret);

/*
 * An answer of getControllerStatus; NULL with *ret_error when it is none, or memory is short.
 * answer->text stays.
 */
struct postern_controller_status *controller_status_read(
	const struct answer *answer, int *ret_error);

/* --- pages of records (record.c), for what asks for many --- */

/* Takes a query of this or an earlier version; false when its size is not set. */
bool record_query_copy(const struct postern_record_query *query, struct postern_record_query *ret);
/* The request for one page; NULL with the device's detail set when it does not fit. */
const char *records_target(struct postern_device *device, const struct postern_record_query *query,
	struct target *target);
/*
 * A page's answer; an error sets the call's detail. *records: freed by postern_records_free.
 * *ret_found (NULL: not wanted): how many rows it says to have, or POSTERN_NOT_GIVEN.
 */
int records_from_answer(struct postern_call *call, struct answer *answer,
	struct postern_records **records, int64_t *ret_found);
