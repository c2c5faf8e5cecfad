/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The method table: one row a CGI action. It drives dispatch and parameter checks in gate, the
 * right check in core, docs/cgi.md and the fuzz dictionary. Behind the table: the one check that
 * every query passes before a handler sees it, and typed getters over a query that has passed.
 */
#pragma once

#include "base/buf.h"
#include "base/civil.h"
#include "protocols/query.h"

/* What an account may do; a role includes those below it. */
enum account_role {
	ACCOUNT_NOBODY = 0,
	ACCOUNT_VIEWER = 1,
	ACCOUNT_OPERATOR = 2,
	ACCOUNT_ADMIN = 3,
	ACCOUNT_ROLE_COUNT
};

const char *account_role_name(enum account_role role); /* "admin" */

enum cgi_parameter_kind {
	CGI_TEXT = 0, /* UTF-8 without control characters, min to max characters */
	CGI_BYTES, /* the same, min to max bytes: what is kept in a field of fixed size */
	CGI_INTEGER, /* min to max, or also */
	CGI_BOOL, /* true, false, 1, 0; max 0: only false */
	CGI_TIME, /* local date and time, either form; min 0: may be empty, which means no limit */
	CGI_EPOCH, /* seconds since 1970 UTC, min to max */
	CGI_CODES, /* [A,B], A,B or All; at most CGI_CODES_MAX of at most 64 bytes each */
	CGI_INDEXED_INTEGER, /* Name[0] .. Name[127], or Name=[1,2]; min to max, or also */
	CGI_PERIOD, /* `1 08:00:00-18:00:00` (keyvalue_parse_period) */
};

#define CGI_SUBSCRIPTS 128 /* of a CGI_INDEXED_INTEGER: 0 to 127 */
#define CGI_PATTERN_SUBSCRIPTS 3 /* in one parameter name of the table */
#define CGI_CODES_MAX 64
#define CGI_ERROR_MAX 256 /* bytes of an error sentence of cgi_method_check */
#define CGI_NO_MAX INT64_MAX /* a number without upper limit of its own */

struct cgi_parameter {
	/*
	 * As documented; matched without case. "[0..127]" in it stands for a subscript of that
	 * range: such a parameter may occur once for each.
	 */
	const char *name;
	enum cgi_parameter_kind kind;
	bool required; /* must be present; it may be empty only where min is 0 */
	bool extension; /* ours: no device knows it */
	int64_t min;
	int64_t max;
	int64_t also; /* one more number that is allowed beside min to max; 0: none */
	const char *only; /* the one text that is allowed, without case; NULL: any */
	const char *fallback; /* what its absence means, in words or as a value; "" for nothing */
	const char *text; /* one sentence for docs/cgi.md */
};

/* Every action we answer. The order is the table's; numbers stay inside one build. */
enum cgi_operation {
	CGI_CARD_INSERT = 0, /* recordUpdater insert, name=AccessControlCard */
	CGI_CARD_UPDATE,
	CGI_CARD_GET,
	CGI_CARD_REMOVE,
	CGI_CARD_CLEAR,
	CGI_CARD_FIND, /* recordFinder find, name=AccessControlCard */
	CGI_CARD_SEEK, /* doSeekFind */
	CGI_CARD_SIZE, /* getQuerySize */
	CGI_RECORD_FIND, /* recordFinder find, name=AccessControlCardRec */
	CGI_RECORD_SEEK,
	CGI_RECORD_SIZE,
	CGI_DOOR_OPEN,
	CGI_DOOR_CLOSE,
	CGI_DOOR_STATUS,
	CGI_SNAP_ATTACH, /* snapManager attachFileProc */
	CGI_EVENT_ATTACH, /* eventManager attach */
	CGI_EVENT_INDEXES, /* eventManager getEventIndexes */
	CGI_EVENT_CAPS, /* eventManager getCaps */
	CGI_DEVICE_TYPE, /* magicBox ... */
	CGI_SERIAL_NO,
	CGI_SOFTWARE_VERSION,
	CGI_HARDWARE_VERSION,
	CGI_MACHINE_NAME,
	CGI_VENDOR,
	CGI_DEVICE_CLASS,
	CGI_SYSTEM_INFO,
	CGI_PRODUCT_DEFINITION,
	CGI_TIME_GET, /* global getCurrentTime */
	CGI_TIME_SET, /* global setCurrentTime: refused without role host */
	CGI_CONFIG_GET, /* configManager getConfig: AccessControl, AccessTimeSchedule, General */
	CGI_CONFIG_SET, /* configManager setConfig: AccessTimeSchedule */
	CGI_READER_FRAMES, /* accessControl getReaderFrames: ours */
	CGI_CLAIM, /* global claim: ours; the one that needs no account */
	CGI_STATUS, /* accessControl getControllerStatus: ours */
	CGI_METRICS, /* accessControl getMetrics: ours; also GET /metrics */
	CGI_ACCOUNT_LIST, /* userManager getUserInfoAll */
	CGI_ACCOUNT_GET,
	CGI_ACCOUNT_ADD,
	CGI_ACCOUNT_PASSWORD, /* modifyPassword */
	CGI_ACCOUNT_ROLE, /* modifyUser */
	CGI_ACCOUNT_REMOVE,
	CGI_AUDIT_FIND, /* recordFinder find, name=PosternAudit: ours */
	CGI_OSDP_FRAMES, /* accessControl getOsdpFrames: ours */
	CGI_READERS, /* accessControl getReaders: ours */
	CGI_READER_PAIR, /* accessControl pairReader ...: ours, keys of OSDP readers */
	CGI_READER_PAIR_CANCEL,
	CGI_READER_ROTATE,
	CGI_READER_UNPAIR,
	CGI_READER_KEY,
	CGI_READER_FILE_BEGIN, /* accessControl beginReaderFile ...: ours, a file for a reader */
	CGI_READER_FILE_PART,
	CGI_READER_FILE_GET,
	CGI_READER_FILE_CANCEL,
	CGI_OPERATION_COUNT
};

/*
 * What becomes of a parameter that its row does not list. action=, name= and the cache busters _,
 * t, rnd and random never count; insert leaves a RecNo alone, so that a row that was read from one
 * device can be written to another.
 */
enum cgi_stray {
	CGI_STRAY_TOLERATED = 0, /* left alone, as devices do */
	CGI_STRAY_FILTERS_REFUSED, /* condition.*, StartTime, EndTime, AfterRecNo are refused */
	CGI_STRAY_REFUSED, /* every one: it would be a field that is not kept */
};

struct cgi_method {
	enum cgi_operation operation;
	const char *cgi; /* "recordUpdater.cgi" */
	const char *action; /* "insert"; matched exactly, as devices do */
	const char *table; /* value name= must have, or NULL */
	enum account_role role;
	bool changes_state; /* needs the cross-site protection; its handle is good for one use */
	enum cgi_stray stray;
	uint16_t parameter_count; /* at most 64 */
	const struct cgi_parameter *parameters;
	const char *text; /* one sentence for docs/cgi.md */
	const char *answer; /* the body of success, in words, for docs/cgi.md */
	const char *example; /* a target that passes the check */
};

const struct cgi_method *cgi_method_at(enum cgi_operation operation);

enum cgi_lookup {
	CGI_FOUND = 0,
	CGI_UNKNOWN_PATH, /* no such CGI: 404 or 400, gate decides */
	CGI_UNKNOWN_ACTION, /* known CGI, unknown action: 501 */
	CGI_UNKNOWN_TABLE, /* known action, name= is missing or no table of ours: 400 with code
			      285278242 */
};

/* Finds the row by "/cgi-bin/X.cgi", action= and name=. *ret_method is NULL unless CGI_FOUND. */
enum cgi_lookup cgi_method_find(struct span path, struct span action, struct span table,
	const struct cgi_method **ret_method);

/* The same with the first action= and name= of the query. */
enum cgi_lookup cgi_method_find_query(
	const struct query *query, const struct cgi_method **ret_method);

/*
 * Judges every parameter of the query by the method's row: presence, kind, range, length,
 * subscripts, a value given twice, strays. False writes one sentence of at most CGI_ERROR_MAX bytes
 * (ret_error is empty and has room for that) that names the parameter, what is wrong and what is
 * allowed. Values of texts are not repeated in it: one may be a password.
 */
bool cgi_method_check(
	const struct cgi_method *method, const struct query *query, struct buf *ret_error);

/* "a whole number from 1 to 64": what a value of this parameter may be. */
void cgi_parameter_allowed(const struct cgi_parameter *parameter, struct buf *out);

/*
 * True when name (of a query) is one that pattern (of a table row) stands for. subscripts gets the
 * numbers in the order of the brackets, ret_too_high (may be NULL) whether one was above its range.
 */
bool cgi_name_matches(const char *pattern, struct span name,
	uint32_t subscripts[CGI_PATTERN_SUBSCRIPTS], bool *ret_too_high);

/*
 * Getters for a query that has passed its check. False and *ret unchanged: the parameter was left
 * out (or, for cgi_time, is empty; cgi_text tells the two apart).
 */
bool cgi_text(const struct query *query, const char *name, struct span *ret);
bool cgi_integer(const struct query *query, const char *name, int64_t *ret); /* CGI_EPOCH too */
bool cgi_bool(const struct query *query, const char *name, bool *ret);
bool cgi_time(const struct query *query, const char *name, struct civil *ret);

struct cgi_indexed {
	uint32_t count; /* subscripts that were given */
	bool present[CGI_SUBSCRIPTS];
	int64_t value[CGI_SUBSCRIPTS];
};

/* True when the parameter was given in either form; an empty list, Name=[], is given with count 0.
 */
bool cgi_indexed(const struct query *query, const char *name, struct cgi_indexed *ret);

/*
 * The next code of the value of a CGI_CODES parameter: [A,B], A,B or one code, blanks around codes
 * left out. *rest starts as that value (cgi_text).
 */
bool cgi_codes_next(struct span *rest, struct span *ret_code);

/* True when the list holds the code, or All. Without case. */
bool cgi_codes_include(struct span codes, struct span code);
