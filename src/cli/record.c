// SPDX-License-Identifier: Apache-2.0
/* postern records pull: every record of a period, once each, by the integration paper's procedure.
 */
#include "base/civil.h"
#include "base/number.h"
#include "cli.h"
#include "protocols/keyvalue.h"

#include <stdio.h>
#include <time.h>

static int take_record(void *user UNUSED, const struct postern_record *record)
{
	char when[32] = "-";
	char number[16];
	const char *method = method_name(record->method);
	time_t utc = (time_t)record->create_time;
	struct tm tm;

	if (output_is_json()) {
		print_json(json_from_fields(record->fields, record->field_count));
		return 0;
	}
	if (gmtime_r(&utc, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (method == NULL) {
		(void)snprintf(number, sizeof(number), "%d", record->method);
		method = number;
	}
	printf("%llu %s %s %s door %d card %s user %s%s%s method %s%s%s\n",
		(unsigned long long)record->rec_no, when, record->status == 0 ? "refused" : "ok",
		record->type[0] == 0 ? "-" : record->type, record->door + 1,
		record->card_no[0] == 0 ? "-" : record->card_no,
		record->user_id[0] == 0 ? "-" : record->user_id,
		record->card_name[0] == 0 ? "" : " ", record->card_name, method,
		record->reason[0] == 0 ? "" : " ", record->reason);
	return 0;
}

/* Seconds since 1970, or a UTC date and time: 2026-08-11, 2026-08-11 11:48:28,
 * 2026-08-11T11:48:28Z. */
static bool parse_utc(const char *what, const char *text, int64_t *ret)
{
	char copy[32];
	struct civil civil;
	size_t len = strlen(text);

	if (number_parse_i64(span_from_string(text), 0, INT64_C(4102444800), ret))
		return true;
	if (len > 0 && text[len - 1] == 'Z')
		len--;
	if (len < 20) {
		memcpy(copy, text, len);
		memcpy(copy + len, " 00:00:00", len == 10 ? 10 : 1);
		copy[len == 10 ? 19 : len] = 0;
		if (len == 19 && copy[10] == 'T')
			copy[10] = ' ';
		if (keyvalue_parse_time(span_from_string(copy), &civil)) {
			*ret = civil_to_seconds(&civil);
			return true;
		}
	}
	usage_error("%s: `%s` is not a UTC time: write 2026-08-11, 2026-08-11T11:48:28Z or seconds "
		    "since 1970",
		what, text);
	return false;
}

static bool query_from(const struct arguments *arguments, struct postern_record_query *query)
{
	const char *from = option_value(arguments, "from");
	const char *to = option_value(arguments, "to");
	const char *count = option_value(arguments, "count");
	const char *after = option_value(arguments, "after");
	const char *door = option_value(arguments, "door");
	int64_t number;

	if ((from != NULL && !parse_utc("--from", from, &query->from)) ||
		(to != NULL && !parse_utc("--to", to, &query->to)))
		return false;
	if (count != NULL) {
		if (!parse_number("--count", count, 1, 1024, &number))
			return false;
		query->count = (unsigned)number;
	}
	if (after != NULL) {
		if (!parse_number("--after", after, 0, INT64_MAX, &number))
			return false;
		query->after_rec_no = (uint64_t)number;
	}
	if (door != NULL) {
		if (!parse_number("--door", door, 1, 64, &number))
			return false;
		query->door = (int)number - 1;
	}
	query->card_no = option_value(arguments, "card");
	query->user_id = option_value(arguments, "user-id");
	return true;
}

static int records_pull(struct postern_device *device, const struct arguments *arguments)
{
	struct postern_record_query query = POSTERN_RECORD_QUERY_INIT;
	struct postern_pull_report pulled = POSTERN_PULL_REPORT_INIT;

	if (!query_from(arguments, &query))
		return EXIT_USAGE;
	int error = postern_records_pull(device, &query, take_record, NULL, &pulled);

	fprintf(stderr, "postern: %llu records in %llu pages, %llu overlapping rows dropped: %s\n",
		(unsigned long long)pulled.kept, (unsigned long long)pulled.pages,
		(unsigned long long)pulled.overlaps, pulled.complete ? "complete" : "not complete");
	if (error != POSTERN_OK)
		return report(device, error);
	return pulled.complete ? EXIT_DONE : EXIT_REFUSED;
}

const struct command record_commands[] = {
	{"records", "pull", 0, 0, "from= to= card= user-id= door= count= after= json",
		"[--from TIME] [--to TIME] [--card NUMBER] [--user-id ID]\n"
		"        [--door DOOR] [--count ROWS-A-PAGE] [--after RECNO]",
		"Prints every access record of a period once; times are UTC.", true, records_pull},
	{0},
};
