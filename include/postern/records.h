/* SPDX-License-Identifier: Apache-2.0 */
/* Access records: the part of libpostern's header that postern/postern.h includes. */
#ifndef POSTERN_RECORDS_H
#define POSTERN_RECORDS_H

#ifndef POSTERN_POSTERN_H
#error "include <postern/postern.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* --- access records: rows of AccessControlCardRec --- */

struct postern_record {
	size_t size;
	uint64_t rec_no;
	int64_t create_time; /* seconds since 1970 UTC */
	const char *card_no; /* texts are "" when the row has none */
	const char *card_name;
	const char *user_id;
	const char *type; /* "Entry" or "Exit" */
	const char *reader_id;
	const char *reason; /* postern's own: why, by name */
	int status; /* 1 succeeded, 0 failed; POSTERN_NOT_GIVEN when absent, as below */
	int method; /* 0 PIN, 1 card, 2 card then PIN, 3 PIN then card, 4 remote, 5 exit button */
	int door; /* index */
	int card_type;
	int error_code;
	size_t field_count;
	const struct postern_field *fields; /* every field of the row as it came, in its order */
};

/* The value of a field by name (without case), or NULL. */
POSTERN_API const char *postern_record_field(const struct postern_record *record, const char *name);

struct postern_record_query {
	size_t size;
	int64_t from; /* CreateTime, UTC seconds, inclusive; POSTERN_NOT_GIVEN: open */
	int64_t to; /* inclusive */
	const char *card_no; /* NULL: not a condition */
	const char *user_id;
	int door; /* POSTERN_NOT_GIVEN: not a condition, as below; only postern knows these three */
	int status;
	int method;
	unsigned count; /* rows a page; 0: 1024. A pull takes 2 to 1024, else 1024 */
	uint64_t after_rec_no; /* postern's own: only rows behind this RecNo; 0: none */
	unsigned period_s; /* a pull only: cut a long span (from and to given) into periods of so
			      many seconds; 0: do not */
	unsigned retries; /* a pull only: how often a page is asked for again when the device is
			     away or has a fault, after 0.5, 1, 2 ... 30 s; 0: not at all */
};
#define POSTERN_RECORD_QUERY_INIT                                                                  \
	{                                                                                          \
		sizeof(struct postern_record_query), POSTERN_NOT_GIVEN, POSTERN_NOT_GIVEN, NULL,   \
			NULL, POSTERN_NOT_GIVEN, POSTERN_NOT_GIVEN, POSTERN_NOT_GIVEN, 0, 0, 0, 0  \
	}

struct postern_records {
	size_t count;
	struct postern_record *record;
	int64_t total; /* totalCount; POSTERN_NOT_GIVEN when the device does not send it */
};

/* One recordFinder find: one page. */
POSTERN_API int postern_records_find(struct postern_device *device,
	const struct postern_record_query *query, struct postern_records **records);
/* records: NULL with an error; else the callback's to free. */
typedef void postern_records_fn(
	void *user, struct postern_call *call, int error, struct postern_records *records);
POSTERN_API int postern_records_find_start(struct postern_device *device,
	const struct postern_record_query *query, postern_records_fn *done, void *user,
	struct postern_call **call);
POSTERN_API struct postern_records *postern_records_free(struct postern_records *records);

/* Non-zero stops. */
typedef int postern_record_fn(void *user, const struct postern_record *record);

/* RecNos, both ends included. */
struct postern_rec_nos {
	uint64_t first;
	uint64_t last;
};

#define POSTERN_GAPS_MAX 16 /* that a report names; it counts all */

struct postern_pull_report {
	size_t size;
	uint64_t kept; /* records handed to the callback */
	uint64_t overlaps; /* rows that came again and were dropped by RecNo */
	uint64_t pages;
	int64_t total; /* the first page's totalCount (of all periods), or POSTERN_NOT_GIVEN */
	int complete; /* 1: all that the device held of the period (with period_s: of each) when it
			 was asked for it first */
	int64_t crowded_second; /* POSTERN_E_INCOMPLETE: this second (the first of them) holds more
				   than a page can bring; POSTERN_NOT_GIVEN: none */
	uint64_t crowded_seconds; /* how many such seconds */
	uint64_t missing; /* records that the device held at first and did not hand out */
	uint64_t overwritten; /* of these: overwritten behind the pull's back, known by RecNo */
	uint64_t overwritten_first; /* the lowest and highest of them; 0: none */
	uint64_t overwritten_last;
	uint64_t strays; /* rows that were not asked for, dropped */
	uint64_t restarts; /* how often RecNo began anew: the device was reset */
	int unproven; /* 1: the device's answers leave open whether all came */
	int dense; /* 1: this device numbers its records without gaps; else there are no gaps */
	uint64_t gap_rec_nos; /* RecNos between the first and the last that did not come */
	uint64_t gaps; /* how many ranges these are */
	struct postern_rec_nos gap[POSTERN_GAPS_MAX]; /* the first of the ranges */
};
#define POSTERN_PULL_REPORT_INIT                                                                   \
	{                                                                                          \
		sizeof(struct postern_pull_report), 0, 0, 0, POSTERN_NOT_GIVEN, 0,                 \
			POSTERN_NOT_GIVEN, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                        \
		{                                                                                  \
			{                                                                          \
				0, 0                                                               \
			}                                                                          \
		}                                                                                  \
	}

/*
 * Every record of the query's period, once each, by (CreateTime, RecNo), by the integration
 * paper's procedure: ask again from the last row's CreateTime, drop what came before by RecNo and
 * CreateTime, until as many are kept as totalCount said (without totalCount: until a page is
 * shorter than count). Over a long span EndTime moves on with it (period_s). A second that holds
 * more than a page of 1024 is named and left behind; the pull ends with POSTERN_E_INCOMPLETE then.
 * A page that was cut off, is no page of records or has a row without RecNo is a fault of the
 * device (POSTERN_E_PROTOCOL), and asked for again as such. The report says whether all came, how
 * many did not, and by RecNo which.
 */
POSTERN_API int postern_records_pull(struct postern_device *device,
	const struct postern_record_query *query, postern_record_fn *each, void *user,
	struct postern_pull_report *report);
/* report: what was pulled, also with an error; lives until the callback returns. */
typedef void postern_pull_fn(
	void *user, struct postern_call *call, int error, const struct postern_pull_report *report);
POSTERN_API int postern_records_pull_start(struct postern_device *device,
	const struct postern_record_query *query, postern_record_fn *each, postern_pull_fn *done,
	void *user, struct postern_call **call);

#ifdef __cplusplus
}
#endif

#endif
