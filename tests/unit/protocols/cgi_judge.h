/* SPDX-License-Identifier: Apache-2.0 */
/* A target on its way through the method table, for the tests of it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "protocols/cgi_methods.h"

static char storage_memory[64 * 1024];
static struct query query;
static char sentence[CGI_ERROR_MAX + 1];

static inline const char *parse(const char *target)
{
	struct buf storage = buf_over(storage_memory, sizeof(storage_memory));

	if (query_parse_target(span_from_string(target), &storage, &query) != QUERY_OK)
		fail_msg("%s is not a query", target);
	return target;
}

/* NULL when the query passes, else the sentence. */
static inline const char *check(const struct cgi_method *method)
{
	struct buf error = buf_over(sentence, CGI_ERROR_MAX);
	bool good = cgi_method_check(method, &query, &error);

	assert_false(error.overflow);
	assert_true(utf8_printable(buf_span(&error), NULL));
	assert_true(good == (error.len == 0));
	sentence[error.len] = '\0';
	return good ? NULL : sentence;
}

/* Parses, finds the row, checks. */
static inline const char *judge(const char *target)
{
	const struct cgi_method *method;

	parse(target);
	if (cgi_method_find_query(&query, &method) != CGI_FOUND)
		fail_msg("no row for %s", target);
	return check(method);
}

static inline void assert_good(const char *target)
{
	const char *error = judge(target);

	if (error != NULL)
		fail_msg("%s: %s", target, error);
}

static inline void assert_refused(const char *target, const char *wanted)
{
	const char *error = judge(target);

	if (error == NULL)
		fail_msg("%s passes", target);
	assert_string_equal(error, wanted);
}

#define INSERT "/cgi-bin/recordUpdater.cgi?action=insert&name=AccessControlCard&CardNo=1&UserID=2"
#define RECORDS "/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCardRec"
#define OPEN "/cgi-bin/accessControl.cgi?action=openDoor"
#define SNAP "/cgi-bin/snapManager.cgi?action=attachFileProc&Flags[0]=Event"
#define CONFIG "/cgi-bin/configManager.cgi?action=setConfig"
#define THIRTY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
