// SPDX-License-Identifier: Apache-2.0
/* What devices answer, as the integration paper prints it and as captures show it, into rows and
 * events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sdk.h"

#include <stdlib.h>

static struct answer answer_from(const char *text)
{
	struct answer answer = {.text = strdup(text), .len = strlen(text), .status = 200};

	assert_non_null(answer.text);
	return answer;
}

static const char *value_of(const struct table *table, size_t row, const char *name)
{
	return fields_find(table->rows[row].fields, table->rows[row].field_count, name);
}

/* The paper's printed reply to recordFinder find. */
static const char paper_reply[] = "totalCount=1000\r\n"
				  "found=100\r\n"
				  "records[0].RecNo=12345\r\n"
				  "records[0].CreateTime=123456789\r\n"
				  "records[0].CardNo=12001\r\n"
				  "records[0].CardName=ZhangSan\r\n"
				  "records[0].UserID=ZhangSan\r\n"
				  "records[0].Type=Entry\r\n"
				  "records[0].Method=1\r\n"
				  "records[1].RecNo=13579\r\n"
				  "records[1].CreateTime=123456799\r\n"
				  "records[1].CardNo=12001\r\n"
				  "records[1].CardName=ZhangSan\r\n"
				  "records[1].UserID=ZhangSan\r\n"
				  "records[1].Type=Exit\r\n"
				  "records[1].Method=1\r\n";

static void check_paper_rows(const struct table *table)
{
	assert_int_equal(table->row_count, 2);
	assert_string_equal(value_of(table, 0, "RecNo"), "12345");
	assert_string_equal(value_of(table, 0, "Type"), "Entry");
	assert_string_equal(value_of(table, 1, "RecNo"), "13579");
	assert_string_equal(value_of(table, 1, "CreateTime"), "123456799");
	assert_string_equal(value_of(table, 1, "Type"), "Exit");
	assert_int_equal(table->rows[0].field_count, 7);
	assert_int_equal(table->rows[1].field_count, 7);
}

static void the_papers_reply_is_read(void **state UNUSED)
{
	struct answer answer = answer_from(paper_reply);
	struct table table;

	assert_int_equal(table_parse(&answer, "records", &table), POSTERN_OK);
	check_paper_rows(&table);
	assert_int_equal(table.total, 1000);
	assert_int_equal(table.found, 100);
	table_drop(&table);
}

static void lines_in_any_order_and_case_make_the_same_rows(void **state UNUSED)
{
	char shuffled[sizeof(paper_reply)] = "";
	const char *lines[32];
	size_t count = 0;
	char *copy = strdup(paper_reply);

	for (char *line = strtok(copy, "\r\n"); line != NULL; line = strtok(NULL, "\r\n"))
		lines[count++] = line;
	for (size_t i = 0; i < count; i++) {
		strcat(shuffled, lines[(i * 7 + 3) % count]); /* 16 lines: 7 visits each once */
		strcat(shuffled, "\n");
	}
	for (char *c = shuffled; *c != 0; c++) {
		if (strncmp(c, "records", 7) == 0)
			*c = 'R';
		if (strncmp(c, "RecNo", 5) == 0)
			memcpy(c, "recno", 5);
	}
	struct answer answer = answer_from(shuffled);
	struct table table;

	assert_int_equal(table_parse(&answer, "records", &table), POSTERN_OK);
	check_paper_rows(&table);
	assert_int_equal(table.total, 1000);
	table_drop(&table);
	free(copy);
}

static int parse_cut(size_t len, bool open_end, size_t *ret_rows)
{
	static const char whole[] =
		"found=2\r\nrecords[0].RecNo=550478\r\nrecords[0].UserID=108\r\n"
		"records[1].RecNo=550479\r\nrecords[1].UserID=102\r\n";
	struct answer answer = answer_from(whole);
	struct table table;

	len = len < answer.len ? len : answer.len;
	answer.text[len] = 0;
	answer.len = len;
	answer.open_end = open_end;
	int error = table_parse(&answer, "records", &table);

	if (error != POSTERN_OK)
		return error;
	*ret_rows = table.row_count;
	table_drop(&table);
	return POSTERN_OK;
}

/* "found=2" and "records[1].RecNo=55" are lines like others; only their end tells. */
static void an_answer_that_only_the_connection_ended_is_whole_or_refused(void **state UNUSED)
{
	size_t rows = 0;

	assert_int_equal(parse_cut(SIZE_MAX, true, &rows), POSTERN_OK);
	assert_int_equal(rows, 2);
	assert_int_equal(parse_cut(0, true, &rows), POSTERN_E_PROTOCOL);
	for (size_t len = 1; len < strlen("found=2\r\nrecords[0].RecNo=550478\r\n"); len++)
		assert_int_equal(parse_cut(len, true, &rows), POSTERN_E_PROTOCOL);
	/* With a length in the head, the device meant it so. */
	assert_int_equal(parse_cut(40, false, &rows), POSTERN_OK);
	assert_int_equal(rows, 1);
	assert_int_equal(parse_cut(0, false, &rows), POSTERN_OK);
	assert_int_equal(rows, 0);
}

static void a_terminal_sends_no_total_and_rows_may_lack_keys(void **state UNUSED)
{
	struct answer answer =
		answer_from("found=2\r\nrecords[0].RecNo=550478\r\nrecords[0].CardName="
			    "Ivanova A\r\nrecords[1].RecNo=550479\r\nrecords[1].UserID=");
	struct table table;

	assert_int_equal(table_parse(&answer, "records", &table), POSTERN_OK);
	assert_int_equal(table.total, POSTERN_NOT_GIVEN);
	assert_int_equal(table.row_count, 2);
	assert_string_equal(value_of(&table, 0, "CardName"), "Ivanova A");
	assert_null(value_of(&table, 1, "CardName"));
	assert_string_equal(value_of(&table, 1, "UserID"), "");
	table_drop(&table);
}

static void values_keep_what_stands_behind_the_first_equals_sign(void **state UNUSED)
{
	struct answer answer =
		answer_from("records[0].URL=/a?b=c;d\nrecords[0].PTS= 42949485818.0\n");
	struct table table;

	assert_int_equal(table_parse(&answer, "records", &table), POSTERN_OK);
	assert_string_equal(value_of(&table, 0, "url"), "/a?b=c;d");
	assert_string_equal(value_of(&table, 0, "PTS"), "42949485818.0");
	table_drop(&table);
}

static void row_numbers_that_cannot_be_are_refused(void **state UNUSED)
{
	static const char *const texts[] = {"records[65536].A=1\n", "records[4].A=1\n"};
	struct table table;

	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		struct answer answer = answer_from(texts[i]);

		assert_int_equal(table_parse(&answer, "records", &table), POSTERN_E_PROTOCOL);
		assert_null(answer.text);
	}
}

static void plain_answers_give_their_numbers(void **state UNUSED)
{
	static const struct {
		const char *text;
		bool good;
		int64_t number;
	} rows[] = {
		{"RecNo=12345\r\n", true, 12345},
		{"recno=7\n", true, 7},
		{"RecNo= 7", true, 7},
		{"RecNo=-1\r\n", false, 0},
		{"OK\r\n", false, 0},
		{"", false, 0},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct answer answer = answer_from(rows[i].text);
		int64_t number = -7;

		assert_int_equal(answer_number(&answer, "RecNo", &number), rows[i].good);
		if (rows[i].good)
			assert_int_equal(number, rows[i].number);
		answer_drop(&answer);
	}
}

struct taken {
	size_t count;
	char code[4][32];
	char extra[4][64];
	uint64_t rec_no[4];
	uint64_t seq[4];
	int64_t utc[4];
	size_t stop_after;
};

static int take(void *user, const struct postern_event *event)
{
	struct taken *taken = user;
	const char *plate = postern_event_field(event, "TrafficCar.PlateNumber");
	const char *name = postern_event_field(event, "CardName");

	assert_true(taken->count < 4);
	strcpy(taken->code[taken->count], event->code);
	strcpy(taken->extra[taken->count], plate != NULL ? plate : name != NULL ? name : "");
	taken->rec_no[taken->count] = event->rec_no;
	taken->seq[taken->count] = event->seq;
	taken->utc[taken->count] = event->utc;
	taken->count++;
	return taken->stop_after != 0 && taken->count == taken->stop_after;
}

static void the_papers_event_part_holds_two_events(void **state UNUSED)
{
	struct taken taken = {0};

	assert_int_equal(events_deliver(SPAN_LIT("Events[0].Code=TrafficJunction\r\n"
						 "Events[0].CountInGroup=1\r\n"
						 "Events[0].IndexInGroup=1\r\n"
						 "Events[0].Lane=1\r\n"
						 "Events[0].Data.PTS= 42949485818.0\r\n"
						 "Events[0].TrafficCar.PlateNumber=Z A12345\r\n"
						 "Events[0].TrafficCar.DeviceAddress=Hangzhou\r\n"
						 "Events[1].Code=TrafficJunction\r\n"),
				 take, &taken),
		POSTERN_OK);
	assert_int_equal(taken.count, 2);
	assert_string_equal(taken.code[0], "TrafficJunction");
	assert_string_equal(taken.extra[0], "Z A12345");
	assert_string_equal(taken.code[1], "TrafficJunction");
	assert_int_equal(taken.utc[0], POSTERN_NOT_GIVEN);
}

static void a_terminals_event_has_its_code_in_the_base_info(void **state UNUSED)
{
	struct taken taken = {0};

	assert_int_equal(events_deliver(SPAN_LIT("Events[0].CardName=Ivanova A\n"
						 "Events[0].EventBaseInfo.Code=AccessControl\n"
						 "Events[0].CreateTime=1786431765\n"
						 "Events[0].RecNo=12\nEvents[0].Seq=99\n"),
				 take, &taken),
		POSTERN_OK);
	assert_int_equal(taken.count, 1);
	assert_string_equal(taken.code[0], "AccessControl");
	assert_string_equal(taken.extra[0], "Ivanova A");
	assert_int_equal(taken.rec_no[0], 12);
	assert_int_equal(taken.seq[0], 99);
	assert_int_equal(taken.utc[0], 1786431765);
}

static void the_event_managers_form_is_read(void **state UNUSED)
{
	struct taken taken = {0};

	assert_int_equal(
		events_deliver(SPAN_LIT("Code=AccessControl;action=Pulse;index=0;data={\n"
					"   \"CardName\" : \"Ivanova A\",\n"
					"   \"CreateTime\" : 1786431765,\n   \"Door\" : 0\n}\r\n"),
			take, &taken),
		POSTERN_OK);
	assert_int_equal(taken.count, 1);
	assert_string_equal(taken.code[0], "AccessControl");
	assert_string_equal(taken.extra[0], "Ivanova A");
	assert_int_equal(taken.utc[0], 1786431765);
}

static void a_part_may_hold_more_events_and_other_lines(void **state UNUSED)
{
	static const char *const parts[] = {
		/* all as row 0, behind a blank line */
		"\r\nEvents[0].EventBaseInfo.Code=A\r\nEvents[0].CardName=x\r\n"
		"Events[0].EventBaseInfo.Code=B\r\nEvents[0].CardName=y\r\n",
		"Version=1\r\nEvents[0].Code=A\r\nEvents[0].CardName=x\r\n"
		"Events[1].Code=B\r\nEvents[1].CardName=y\r\n",
		"\r\nCode=A;action=Pulse;index=0;data={\n   \"CardName\" : \"x\"\n}\r\n\r\n"
		"Code=B;action=Pulse;index=0;data={ \"CardName\" : \"y\"}",
		"code=A;action=Start;index=0;CardName=x\r\n"
		"Code=B;action=Pulse;index=0;data={\"CardName\":\"y\"}\n",
		"Code=A;action=Pulse;index=0;CardName=x;data={ \"broken\" :,\n}\n"
		"Code=B;action=Pulse;index=0;data={\"CardName\":\"y\"}\n",
	};

	for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
		struct taken taken = {0};

		assert_int_equal(
			events_deliver(span_from_string(parts[i]), take, &taken), POSTERN_OK);
		assert_int_equal(taken.count, 2);
		assert_string_equal(taken.code[0], "A");
		assert_string_equal(taken.extra[0], "x");
		assert_string_equal(taken.code[1], "B");
		assert_string_equal(taken.extra[1], "y");
	}
}

static void a_callback_that_stops_gets_no_further_event(void **state UNUSED)
{
	struct taken taken = {.stop_after = 1};

	assert_int_equal(
		events_deliver(SPAN_LIT("Events[0].Code=A\nEvents[1].Code=B\n"), take, &taken),
		POSTERN_E_STOPPED);
	assert_int_equal(taken.count, 1);
}

static void every_error_has_a_sentence_of_its_own(void **state UNUSED)
{
	for (int a = POSTERN_OK; a <= POSTERN_E_IDENTITY; a++) {
		assert_string_not_equal(postern_strerror(a), "unknown error");
		for (int b = POSTERN_OK; b < a; b++)
			assert_string_not_equal(postern_strerror(a), postern_strerror(b));
	}
	assert_string_equal(postern_strerror(-1), "unknown error");
	assert_string_equal(postern_strerror(POSTERN_E_IDENTITY + 1), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_papers_reply_is_read),
		cmocka_unit_test(lines_in_any_order_and_case_make_the_same_rows),
		cmocka_unit_test(an_answer_that_only_the_connection_ended_is_whole_or_refused),
		cmocka_unit_test(a_terminal_sends_no_total_and_rows_may_lack_keys),
		cmocka_unit_test(values_keep_what_stands_behind_the_first_equals_sign),
		cmocka_unit_test(row_numbers_that_cannot_be_are_refused),
		cmocka_unit_test(plain_answers_give_their_numbers),
		cmocka_unit_test(the_papers_event_part_holds_two_events),
		cmocka_unit_test(a_terminals_event_has_its_code_in_the_base_info),
		cmocka_unit_test(the_event_managers_form_is_read),
		cmocka_unit_test(a_part_may_hold_more_events_and_other_lines),
		cmocka_unit_test(a_callback_that_stops_gets_no_further_event),
		cmocka_unit_test(every_error_has_a_sentence_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
