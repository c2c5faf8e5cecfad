// SPDX-License-Identifier: Apache-2.0
/* Rows of both tables, byte for byte as devices send them, with our own keys beside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "fields.h"

#include <string.h>

static char memory[16384];

/* Berlin in 2026 and 2027: +1 h, +2 h from end of March to end of October. */
static const struct zone berlin = {
	.first_offset_s = 3600,
	.count = 4,
	.transition = {{1774746000, 7200}, {1792890000, 3600}, {1806195600, 7200},
		{1824944400, 3600}},
};

static const char *record_text(const struct journal_entry *entry)
{
	struct buf out = buf_over(memory, sizeof(memory) - 1);
	struct field_list list;

	record_fields(entry, &list);
	field_print_lines(&out, SPAN_LIT("records[0]."), &list);
	assert_false(out.overflow);
	memory[out.len] = '\0';
	return memory;
}

static struct journal_entry card_read(void)
{
	struct journal_entry entry = {
		.seq = 9,
		.rec_no = 550478,
		.kind = JOURNAL_ACCESS,
		.utc_ms = INT64_C(1789554842999),
		.trusted = true,
		.reader = 1,
		.method = METHOD_CARD,
		.reason = REASON_GRANTED,
		.has_card = true,
		.card_number = 12001,
	};

	(void)text_set(&entry.who.name, SPAN_LIT("Ivanova A"));
	(void)text_set(&entry.who.card_no, SPAN_LIT("0012001"));
	(void)text_set(&entry.who.user_id, SPAN_LIT("108"));
	entry.who.has_card_type = true;
	return entry;
}

static void a_grant_prints_as_a_device_does(void **state UNUSED)
{
	struct journal_entry entry = card_read();

	assert_string_equal(record_text(&entry), "records[0].AttendanceState=0\r\n"
						 "records[0].CardName=Ivanova A\r\n"
						 "records[0].CardNo=0012001\r\n"
						 "records[0].CardType=0\r\n"
						 "records[0].CreateTime=1789554842\r\n"
						 "records[0].Door=0\r\n"
						 "records[0].ErrorCode=0\r\n"
						 "records[0].Method=1\r\n"
						 "records[0].ReaderID=1\r\n"
						 "records[0].Reason=granted\r\n"
						 "records[0].RecNo=550478\r\n"
						 "records[0].Status=1\r\n"
						 "records[0].Type=Entry\r\n"
						 "records[0].UserID=108\r\n");
}

static void an_unknown_card_shows_its_number_and_why(void **state UNUSED)
{
	struct journal_entry entry = card_read();

	entry.who = (struct record_person){0};
	entry.reason = REASON_UNKNOWN_CARD;
	entry.side = SIDE_EXIT;
	entry.trusted = false;
	entry.card_number = UINT64_MAX;
	assert_string_equal(record_text(&entry), "records[0].AttendanceState=0\r\n"
						 "records[0].CardNo=18446744073709551615\r\n"
						 "records[0].ClockTrusted=false\r\n"
						 "records[0].CreateTime=1789554842\r\n"
						 "records[0].Door=0\r\n"
						 "records[0].ErrorCode=16\r\n"
						 "records[0].Method=1\r\n"
						 "records[0].ReaderID=1\r\n"
						 "records[0].Reason=unknown_card\r\n"
						 "records[0].RecNo=550478\r\n"
						 "records[0].Status=0\r\n"
						 "records[0].Type=Exit\r\n"
						 "records[0].UserID=\r\n");
}

static void an_erased_command_keeps_what_a_row_always_has(void **state UNUSED)
{
	struct journal_entry entry = {
		.rec_no = 1,
		.kind = JOURNAL_COMMAND,
		.utc_ms = -1,
		.trusted = true,
		.door = DOOR_NONE,
		.method = METHOD_REMOTE,
		.reason = REASON_COMMAND,
		.command = DOOR_COMMAND_CLOSE,
	};

	(void)text_set(&entry.command_type, SPAN_LIT("Remote"));
	assert_string_equal(record_text(&entry), "records[0].AttendanceState=0\r\n"
						 "records[0].CardNo=\r\n"
						 "records[0].Command=closeDoor\r\n"
						 "records[0].CommandType=Remote\r\n"
						 "records[0].CreateTime=-1\r\n"
						 "records[0].ErrorCode=0\r\n"
						 "records[0].Method=4\r\n"
						 "records[0].Reason=command\r\n"
						 "records[0].RecNo=1\r\n"
						 "records[0].Status=1\r\n"
						 "records[0].Type=Entry\r\n"
						 "records[0].UserID=\r\n");
}

static void every_field_of_the_paper_has_its_key(void **state UNUSED)
{
	static const char *const keys[] = {"CurrentTemperature=36.8", "IsOverTemperature=true",
		"TemperatureUnit=1", "URL=/a.jpg", "RecordURL=/b.mp4", "CitizenIDResult=true",
		"CitizenIDName=Zhang San", "CitizenIDNo=342000000000000000", "CitizenIDSex=1",
		"CitizenIDEthnicity=2", "CitizenIDBirth=1980-01-01", "CitizenIDAddress=No.1199",
		"CitizenIDAuthority=Hangzhou", "CitizenIDStart=1996-01-01", "CitizenIDEnd=Endless"};
	struct journal_entry entry = card_read();
	struct record_person *who = &entry.who;

	who->has_temperature = who->over_temperature = true;
	who->temperature_unit = 1;
	who->temperature_milli = 36800;
	who->has_citizen_id = who->citizen_id_result = true;
	who->citizen_id_sex = 1;
	who->citizen_id_ethnicity = 2;
	(void)text_set(&who->url, SPAN_LIT("/a.jpg"));
	(void)text_set(&who->record_url, SPAN_LIT("/b.mp4"));
	(void)text_set(&who->citizen_id_name, SPAN_LIT("Zhang San"));
	(void)text_set(&who->citizen_id_no, SPAN_LIT("342000000000000000"));
	(void)text_set(&who->citizen_id_birth, SPAN_LIT("1980-01-01"));
	(void)text_set(&who->citizen_id_address, SPAN_LIT("No.1199"));
	(void)text_set(&who->citizen_id_authority, SPAN_LIT("Hangzhou"));
	(void)text_set(&who->citizen_id_start, SPAN_LIT("1996-01-01"));
	(void)text_set(&who->citizen_id_end, SPAN_LIT("Endless"));
	const char *text = record_text(&entry);

	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		char line[128] = "records[0].";

		strcat(strcat(line, keys[i]), "\r\n");
		if (strstr(text, line) == NULL)
			fail_msg("no %s in\n%s", line, text);
	}
}

static void fractions_keep_their_sign_and_lose_their_zeros(void **state UNUSED)
{
	static const struct {
		int32_t milli;
		const char *text;
	} rows[] = {
		{36800, "36.8"},
		{37000, "37.0"},
		{36005, "36.005"},
		{-500, "-0.5"},
		{0, "0.0"},
		{INT32_MIN, "-2147483.648"},
	};
	struct journal_entry entry = card_read();
	char line[64];

	entry.who.has_temperature = true;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		entry.who.temperature_milli = rows[i].milli;
		strcpy(line, ".CurrentTemperature=");
		strcat(strcat(line, rows[i].text), "\r\n");
		assert_non_null(strstr(record_text(&entry), line));
	}
}

static void control_bytes_never_begin_a_line(void **state UNUSED)
{
	struct journal_entry entry = card_read();

	(void)text_set(&entry.who.name, SPAN_LIT("a\r\n--myboundary\x7f"));
	assert_non_null(strstr(record_text(&entry), "CardName=a  --myboundary \r\n"));
}

static const char *card_text(const struct person *person, int64_t now_s)
{
	struct buf out = buf_over(memory, sizeof(memory) - 1);

	card_print_lines(&out, SPAN_LIT("records[0]."), person, &berlin, now_s);
	assert_false(out.overflow);
	memory[out.len] = '\0';
	return memory;
}

static void a_person_prints_as_a_device_does(void **state UNUSED)
{
	struct person person = {
		.no = 13012,
		.is_valid = true,
		.has_password = true,
		.uses_left = 200,
		.repeat_enter_timeout = UINT32_MAX,
		.valid_from_s = 1786399200, /* 2026-08-10T22:00Z */
		.valid_to_s = 1818021599, /* 2027-08-11T21:59:59Z */
		.doors = {[0] = {.has_door = true, .has_schedule = true}},
	};

	(void)text_set(&person.name, SPAN_LIT("WRITETEST"));
	(void)text_set(&person.card_no, SPAN_LIT("TEST0001"));
	(void)text_set(&person.user_id, SPAN_LIT("TEST0001"));
	(void)text_set(&person.password, SPAN_LIT("86420951"));
	assert_string_equal(card_text(&person, 1790000000),
		"records[0].CardName=WRITETEST\r\n"
		"records[0].CardNo=TEST0001\r\n"
		"records[0].CardStatus=0\r\n"
		"records[0].CardType=0\r\n"
		"records[0].CitizenIDNo=\r\n"
		"records[0].Doors[0]=0\r\n"
		"records[0].DynamicCheckCode=\r\n"
		"records[0].FirstEnter=false\r\n"
		"records[0].Handicap=false\r\n"
		"records[0].IsValid=true\r\n"
		"records[0].RecNo=13012\r\n"
		"records[0].RepeatEnterRouteTimeout=4294967295\r\n"
		"records[0].TimeSections[0]=0\r\n"
		"records[0].UseTime=200\r\n"
		"records[0].UserID=TEST0001\r\n"
		"records[0].UserType=0\r\n"
		"records[0].VTOPosition=\r\n"
		"records[0].ValidDateEnd=2027-08-11 23:59:59\r\n"
		"records[0].ValidDateStart=2026-08-11 00:00:00\r\n");
}

static void validity_shows_what_holds_now(void **state UNUSED)
{
	struct person person = {
		.is_valid = true,
		.uses_left = USES_UNLIMITED,
		.valid_from_s = VALID_FROM_ALWAYS,
		.valid_to_s = 1790000000,
		.doors = {[127] = {.door = 65534, .has_door = true}},
	};

	assert_non_null(strstr(card_text(&person, 1790000000), ".IsValid=true\r\n"));
	assert_non_null(strstr(memory, ".ValidDateStart=\r\n"));
	assert_non_null(strstr(memory, ".Doors[127]=65534\r\n"));
	assert_null(strstr(memory, "UseTime"));
	assert_null(strstr(memory, "TimeSections"));
	assert_non_null(strstr(card_text(&person, 1790000001), ".IsValid=false\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_grant_prints_as_a_device_does),
		cmocka_unit_test(an_unknown_card_shows_its_number_and_why),
		cmocka_unit_test(an_erased_command_keeps_what_a_row_always_has),
		cmocka_unit_test(every_field_of_the_paper_has_its_key),
		cmocka_unit_test(fractions_keep_their_sign_and_lose_their_zeros),
		cmocka_unit_test(control_bytes_never_begin_a_line),
		cmocka_unit_test(a_person_prints_as_a_device_does),
		cmocka_unit_test(validity_shows_what_holds_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
