// SPDX-License-Identifier: Apache-2.0
/*
 * postern records pull, verify: every record of a period, once each, by the integration paper's
 * procedure, and what of it is missing.
 */
#include "record.h"
#include "base/civil.h"
#include "base/number.h"
#include "cli.h"
#include "protocols/keyvalue.h"

#include <stdio.h>
#include <time.h>

void record_print(const struct postern_record *record)
{
	char when[32] = "-";
	char number[16] = "-";
	char door[16] = "-";
	const char *method = method_name(record->method);
	const char *status = record->status == 0 ? "refused" : "ok";
	time_t utc = (time_t)record->create_time;
	struct tm tm;

	if (output_is_json()) {
		print_json(json_from_fields(record->fields, record->field_count));
		return;
	}
	if (record->create_time != POSTERN_NOT_GIVEN && gmtime_r(&utc, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (record->method != POSTERN_NOT_GIVEN)
		(void)snprintf(number, sizeof(number), "%d", record->method);
	if (record->door != POSTERN_NOT_GIVEN)
		(void)snprintf(door, sizeof(door), "%d", record->door + 1);
	if (record->status == POSTERN_NOT_GIVEN)
		status = "-";
	printf("%llu %s %s %s door %s card %s user %s%s%s method %s%s%s\n",
		(unsigned long long)record->rec_no, when, status,
		record->type[0] == 0 ? "-" : record->type, door,
		record->card_no[0] == 0 ? "-" : record->card_no,
		record->user_id[0] == 0 ? "-" : record->user_id,
		record->card_name[0] == 0 ? "" : " ", record->card_name,
		method == NULL ? number : method, record->reason[0] == 0 ? "" : " ",
		record->reason);
}

static int take_record(void *user UNUSED, const struct postern_record *record)
{
	record_print(record);
	return ferror(stdout) != 0; /* the end says so */
}

/* Seconds since 1970, or a UTC date and time: 2026-08-11, 2026-08-11 11:48:28,
 * 2026-08-11T11:48:28Z. */
bool record_parse_utc(const char *what, const char *text, int64_t *ret)
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

	if ((from != NULL && !record_parse_utc("--from", from, &query->from)) ||
		(to != NULL && !record_parse_utc("--to", to, &query->to)))
		return false;
	if (from != NULL && to != NULL && query->from > query->to) {
		usage_error("--to: `%s` lies before --from `%s`", to, from);
		return false;
	}
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

/* What a report says against the period, a line each. */
static void print_findings(FILE *file, const char *begin, const struct postern_pull_report *pulled)
{
	size_t named = pulled->gaps < POSTERN_GAPS_MAX ? (size_t)pulled->gaps : POSTERN_GAPS_MAX;

	for (size_t i = 0; i < named; i++)
		fprintf(file, "%smissing: RecNo %llu to %llu\n", begin,
			(unsigned long long)pulled->gap[i].first,
			(unsigned long long)pulled->gap[i].last);
	if (pulled->gaps > named)
		fprintf(file, "%smissing: %llu RecNos in %llu ranges in all\n", begin,
			(unsigned long long)pulled->gap_rec_nos, (unsigned long long)pulled->gaps);
	if (pulled->overwritten > 0)
		fprintf(file,
			"%sthe device overwrote %llu records meanwhile, from RecNo %llu to %llu\n",
			begin, (unsigned long long)pulled->overwritten,
			(unsigned long long)pulled->overwritten_first,
			(unsigned long long)pulled->overwritten_last);
	if (pulled->missing > pulled->overwritten)
		fprintf(file, "%sthe device counted %llu records more than it handed out\n", begin,
			(unsigned long long)pulled->missing);
	if (pulled->crowded_seconds > 0)
		fprintf(file,
			"%s%llu seconds hold more records than a page of 1024, the first is %lld\n",
			begin, (unsigned long long)pulled->crowded_seconds,
			(long long)pulled->crowded_second);
	if (pulled->restarts > 0)
		fprintf(file, "%sRecNo began anew %llu times: the device was reset\n", begin,
			(unsigned long long)pulled->restarts);
	if (pulled->unproven)
		fprintf(file,
			"%sthe device's answers do not prove that these are all: it does not obey "
			"StartTime, its clock was set back, or records came and went meanwhile; "
			"try "
			"a shorter period\n",
			begin);
}

static const char *plural(uint64_t count, const char *one, const char *many)
{
	return count == 1 ? one : many;
}

static int records_pull(struct postern_device *device, const struct arguments *arguments)
{
	struct postern_record_query query = POSTERN_RECORD_QUERY_INIT;
	struct postern_pull_report pulled = POSTERN_PULL_REPORT_INIT;

	if (option_value(arguments, "state-file") != NULL)
		return records_resume(device, arguments);
	if (!query_from(arguments, &query))
		return EXIT_USAGE;
	query.retries = RETRIES;
	int error = postern_records_pull(device, &query, take_record, NULL, &pulled);

	if (fflush(stdout) != 0 || ferror(stdout) != 0)
		return EXIT_REFUSED; /* the end says why */
	fprintf(stderr, "postern: %llu %s in %llu %s, %llu overlapping %s dropped: %s\n",
		(unsigned long long)pulled.kept, plural(pulled.kept, "record", "records"),
		(unsigned long long)pulled.pages, plural(pulled.pages, "page", "pages"),
		(unsigned long long)pulled.overlaps, plural(pulled.overlaps, "row", "rows"),
		pulled.complete ? "complete" : "not complete");
	/* Without totalCount gaps may be records behind a clock that was set back. */
	if (!pulled.complete || (pulled.gaps > 0 && pulled.total == POSTERN_NOT_GIVEN))
		print_findings(stderr, "postern: ", &pulled);
	if (error != POSTERN_OK)
		return report(device, error);
	return pulled.complete ? EXIT_DONE : EXIT_REFUSED;
}

struct proof {
	struct postern_pull_report pulled;
	uint64_t first;
	uint64_t last;
};

static int weigh_record(void *user, const struct postern_record *record)
{
	struct proof *proof = user;

	if (proof->first == 0 || record->rec_no < proof->first)
		proof->first = record->rec_no;
	if (record->rec_no > proof->last)
		proof->last = record->rec_no;
	return 0;
}

static void print_verdict(const struct proof *proof, bool good)
{
	const struct postern_pull_report *pulled = &proof->pulled;

	if (output_is_json()) {
		json_object *object = json_object_new_object();
		json_object *gaps = json_object_new_array();

		for (size_t i = 0; i < pulled->gaps && i < POSTERN_GAPS_MAX; i++) {
			json_object *gap = json_object_new_array();

			json_object_array_add(gap, json_object_new_uint64(pulled->gap[i].first));
			json_object_array_add(gap, json_object_new_uint64(pulled->gap[i].last));
			json_object_array_add(gaps, gap);
		}
		json_object_object_add(object, "complete", json_object_new_boolean(good));
		json_object_object_add(object, "records", json_object_new_uint64(pulled->kept));
		json_object_object_add(object, "totalCount", json_object_new_int64(pulled->total));
		json_object_object_add(object, "firstRecNo", json_object_new_uint64(proof->first));
		json_object_object_add(object, "lastRecNo", json_object_new_uint64(proof->last));
		json_object_object_add(object, "gaps", gaps);
		print_json(object);
		return;
	}
	print_findings(stdout, "", pulled);
	printf("%s: %llu %s", good ? "complete" : "not complete", (unsigned long long)pulled->kept,
		plural(pulled->kept, "record", "records"));
	if (pulled->kept > 0)
		printf(", RecNo %llu to %llu%s", (unsigned long long)proof->first,
			(unsigned long long)proof->last,
			pulled->dense && pulled->gaps == 0 ? " without a gap" : "");
	if (pulled->total == POSTERN_NOT_GIVEN)
		printf(", no totalCount\n");
	else
		printf(", totalCount %lld\n", (long long)pulled->total);
}

static int records_verify(struct postern_device *device, const struct arguments *arguments)
{
	struct postern_record_query query = POSTERN_RECORD_QUERY_INIT;
	struct proof proof = {.pulled = POSTERN_PULL_REPORT_INIT};

	if (!query_from(arguments, &query))
		return EXIT_USAGE;
	query.retries = RETRIES;
	int error = postern_records_pull(device, &query, weigh_record, &proof, &proof.pulled);
	/* Without totalCount only numbers without a gap prove anything. */
	bool proven = proof.pulled.total != POSTERN_NOT_GIVEN || proof.pulled.dense ||
		      proof.pulled.kept == 0;
	bool good =
		error == POSTERN_OK && proof.pulled.complete && proof.pulled.gaps == 0 && proven;

	if (error == POSTERN_OK || error == POSTERN_E_INCOMPLETE)
		print_verdict(&proof, good);
	if (error != POSTERN_OK)
		return report(device, error);
	if (!good && proof.pulled.complete && !proven)
		fprintf(stderr, "postern: this device sends no totalCount and its RecNos have "
				"gaps: nothing proves that these are all\n");
	return good ? EXIT_DONE : EXIT_REFUSED;
}

const struct command record_commands[] = {
	{"records", "pull", 0, 0, "from= to= card= user-id= door= count= after= state-file= json",
		"[--from TIME] [--to TIME] [--card NUMBER] [--user-id ID]\n"
		"        [--door DOOR] [--count ROWS-A-PAGE] [--after RECNO]\n"
		"        or [--from TIME] --state-file FILE",
		"Prints every access record of a period once; times are UTC. With a state file:\n"
		"what came since the last time.",
		true, records_pull},
	{"records", "follow", 0, 0,
		"from= count= heartbeat= retry-ms= state-file= event-manager json",
		"[--from TIME] [--state-file FILE] [--count N]\n"
		"        [--heartbeat SECONDS] [--retry-ms MS] [--event-manager]",
		"Prints every access record once as it comes, also over broken connections.", true,
		records_follow},
	{"records", "verify", 0, 0, "from= to= count= json",
		"[--from TIME] [--to TIME] [--count ROWS-A-PAGE]",
		"Proves that a period's records are all there, or names those that are missing.",
		true, records_verify},
	{0},
};
