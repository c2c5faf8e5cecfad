// SPDX-License-Identifier: Apache-2.0
/* Events in both styles, as devices send them, and which kind of entry is which code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "events.h"

#include <string.h>

static char scratch[EVENT_BODY_MAX];
static char memory[EVENT_PART_MAX + 1];

static const char *part_text(enum event_style style, const struct journal_entry *entry)
{
	struct buf out = buf_over(memory, EVENT_PART_MAX);

	event_part(&out, style, entry, scratch);
	assert_false(out.overflow);
	memory[out.len] = '\0';
	return memory;
}

static struct journal_entry card_read(void)
{
	struct journal_entry entry = {
		.seq = 7,
		.rec_no = 5,
		.kind = JOURNAL_ACCESS,
		.utc_ms = INT64_C(1786431765250),
		.trusted = true,
		.door = 1,
		.reader = 2,
		.method = METHOD_CARD,
		.reason = REASON_GRANTED,
	};

	(void)text_set(&entry.who.name, SPAN_LIT("A \"B\"; C\\"));
	(void)text_set(&entry.who.card_no, SPAN_LIT("12345"));
	(void)text_set(&entry.who.user_id, SPAN_LIT("108"));
	entry.who.has_card_type = true;
	return entry;
}

static void the_event_manager_form(void **state UNUSED)
{
	struct journal_entry entry = card_read();

	assert_string_equal(part_text(EVENT_STYLE_CODE, &entry),
		"--myboundary\r\n"
		"Content-Type: text/plain\r\n"
		"Content-Length:437\r\n"
		"\r\n"
		"Code=AccessControl;action=Pulse;index=1;data={\n"
		"   \"AttendanceState\" : 0,\n"
		"   \"CardName\" : \"A \\\"B\\\", C\\\\\",\n"
		"   \"CardNo\" : \"12345\",\n"
		"   \"CardType\" : 0,\n"
		"   \"CreateTime\" : 1786431765,\n"
		"   \"Door\" : 1,\n"
		"   \"ErrorCode\" : 0,\n"
		"   \"Kind\" : \"access\",\n"
		"   \"Method\" : 1,\n"
		"   \"ReaderID\" : \"2\",\n"
		"   \"RealUTC\" : 1786431765,\n"
		"   \"Reason\" : \"granted\",\n"
		"   \"RecNo\" : 5,\n"
		"   \"Seq\" : 7,\n"
		"   \"Status\" : 1,\n"
		"   \"Type\" : \"Entry\",\n"
		"   \"UTC\" : 1786431765,\n"
		"   \"UserID\" : \"108\"\n"
		"}\n"
		"\r\n\r\n");
}

static void the_snap_manager_form(void **state UNUSED)
{
	struct journal_entry entry = card_read();

	(void)text_set(&entry.who.name, SPAN_LIT("Ivanova A"));
	assert_string_equal(strstr(part_text(EVENT_STYLE_SNAP, &entry), "\r\n\r\n") + 4,
		"Events[0].AttendanceState=0\r\n"
		"Events[0].CardName=Ivanova A\r\n"
		"Events[0].CardNo=12345\r\n"
		"Events[0].CardType=0\r\n"
		"Events[0].Code=AccessControl\r\n"
		"Events[0].CountInGroup=1\r\n"
		"Events[0].CreateTime=1786431765\r\n"
		"Events[0].Data.PTS=1786431765250.0\r\n"
		"Events[0].Door=1\r\n"
		"Events[0].ErrorCode=0\r\n"
		"Events[0].EventBaseInfo.Action=Pulse\r\n"
		"Events[0].EventBaseInfo.Code=AccessControl\r\n"
		"Events[0].EventBaseInfo.Index=1\r\n"
		"Events[0].GroupID=7\r\n"
		"Events[0].IndexInGroup=1\r\n"
		"Events[0].Kind=access\r\n"
		"Events[0].Method=1\r\n"
		"Events[0].ReaderID=2\r\n"
		"Events[0].RealUTC=1786431765\r\n"
		"Events[0].Reason=granted\r\n"
		"Events[0].RecNo=5\r\n"
		"Events[0].Seq=7\r\n"
		"Events[0].Status=1\r\n"
		"Events[0].Type=Entry\r\n"
		"Events[0].UTC=1786431765\r\n"
		"Events[0].UserID=108\r\n"
		"\r\n\r\n");
}

static void a_door_tells_its_status(void **state UNUSED)
{
	struct journal_entry entry = {
		.seq = 8, .kind = JOURNAL_DOOR_CLOSED, .utc_ms = 1786431765000, .trusted = true};

	assert_string_equal(strstr(part_text(EVENT_STYLE_CODE, &entry), "\r\n\r\n") + 4,
		"Code=DoorStatus;action=Pulse;index=0;data={\n"
		"   \"CreateTime\" : 1786431765,\n"
		"   \"Door\" : 0,\n"
		"   \"Kind\" : \"door_closed\",\n"
		"   \"RealUTC\" : 1786431765,\n"
		"   \"Seq\" : 8,\n"
		"   \"Status\" : \"Close\",\n"
		"   \"UTC\" : 1786431765\n"
		"}\n"
		"\r\n\r\n");
}

static void a_ring_that_fills_tells_its_days_also_none(void **state UNUSED)
{
	struct journal_entry entry = {.seq = 9,
		.kind = JOURNAL_RETENTION,
		.utc_ms = 1786431765000,
		.trusted = true,
		.door = DOOR_NONE};

	assert_string_equal(strstr(part_text(EVENT_STYLE_CODE, &entry), "\r\n\r\n") + 4,
		"Code=PosternSystem;action=Pulse;index=0;data={\n"
		"   \"CreateTime\" : 1786431765,\n"
		"   \"DaysLeft\" : 0,\n"
		"   \"Kind\" : \"retention\",\n"
		"   \"RealUTC\" : 1786431765,\n"
		"   \"Seq\" : 9,\n"
		"   \"UTC\" : 1786431765\n"
		"}\n"
		"\r\n\r\n");
}

static void an_alarm_names_its_record(void **state UNUSED)
{
	struct journal_entry entry = card_read();

	entry.kind = JOURNAL_DURESS;
	entry.rec_no = 0;
	entry.ref_rec_no = 5;
	entry.count = 3;
	const char *text = part_text(EVENT_STYLE_SNAP, &entry);

	assert_non_null(strstr(text, "Events[0].Code=Duress\r\n"));
	assert_non_null(strstr(text, "Events[0].RefRecNo=5\r\n"));
	assert_non_null(strstr(text, "Events[0].UserID=108\r\n"));
	assert_non_null(strstr(text, "Events[0].Count=3\r\n"));
	assert_null(strstr(text, "Events[0].RecNo="));
	assert_null(strstr(text, "Events[0].Status="));
}

static void heartbeats_have_nine_bytes(void **state UNUSED)
{
	struct buf out = buf_over(memory, EVENT_PART_MAX);

	event_heartbeat_part(&out);
	memory[out.len] = '\0';
	assert_string_equal(memory, "--myboundary\r\nContent-Type: text/plain\r\n"
				    "Content-Length:9\r\n\r\nHeartbeat\r\n\r\n");
}

static void codes_and_actions_by_kind(void **state UNUSED)
{
	static const struct {
		enum journal_kind kind;
		const char *code;
		const char *action;
	} rows[] = {
		{JOURNAL_ACCESS, "AccessControl", "Pulse"},
		{JOURNAL_COMMAND, "AccessControl", "Pulse"},
		{JOURNAL_EXIT_BUTTON, "AccessControl", "Pulse"},
		{JOURNAL_DENIALS_REPEATED, "AccessControl", "Pulse"},
		{JOURNAL_DOOR_OPENED, "DoorStatus", "Pulse"},
		{JOURNAL_DOOR_FORCED, "BreakIn", "Start"},
		{JOURNAL_DOOR_FORCED_END, "BreakIn", "Stop"},
		{JOURNAL_DOOR_HELD, "DoorNotClosed", "Start"},
		{JOURNAL_DOOR_HELD_END, "DoorNotClosed", "Stop"},
		{JOURNAL_DURESS, "Duress", "Pulse"},
		{JOURNAL_TAMPER, "ChassisIntruded", "Start"},
		{JOURNAL_TAMPER_END, "ChassisIntruded", "Stop"},
		{JOURNAL_BLOCKLIST, "AlarmLocal", "Pulse"},
		{JOURNAL_STORE_FAILED, "PosternSystem", "Pulse"},
		{JOURNAL_DOOR_HELD_WARNING, "PosternSystem", "Pulse"},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_string_equal(event_code_name(event_code_of(rows[i].kind)), rows[i].code);
		assert_string_equal(event_action_of(rows[i].kind), rows[i].action);
		assert_int_equal(event_code_bits(span_from_string(rows[i].code)),
			1u << event_code_of(rows[i].kind));
	}
	assert_int_equal(event_code_bits(SPAN_LIT("aLL")), EVENT_CODES_ALL);
	assert_int_equal(event_code_bits(SPAN_LIT("CitizenPictureCompare")), 0);
}

static void every_record_is_an_access_event(void **state UNUSED)
{
	for (unsigned kind = 0; kind < JOURNAL_KIND_COUNT; kind++)
		assert_int_equal(journal_kind_is_record((enum journal_kind)kind),
			event_code_of((enum journal_kind)kind) == EVENT_ACCESS_CONTROL);
}

/* Every text as long as it may be and made of what takes two bytes in JSON. */
static void the_longest_entry_fits(void **state UNUSED)
{
	struct journal_entry entry = card_read();
	char quotes[128];

#define FILL(text) assert_true(text_set(&(text), span_of(quotes, sizeof((text).bytes))))
	memset(quotes, '"', sizeof(quotes));
	memset(&entry.card_number, 0xff, sizeof(entry.card_number));
	entry.kind = JOURNAL_COMMAND;
	entry.seq = entry.rec_no = UINT64_MAX;
	entry.trusted = false;
	entry.count = UINT32_MAX;
	entry.who.has_temperature = entry.who.has_citizen_id = true;
	FILL(entry.command_type);
	FILL(entry.who.user_id);
	FILL(entry.who.name);
	FILL(entry.who.card_no);
	FILL(entry.who.url);
	FILL(entry.who.record_url);
	FILL(entry.who.citizen_id_name);
	FILL(entry.who.citizen_id_no);
	FILL(entry.who.citizen_id_birth);
	FILL(entry.who.citizen_id_address);
	FILL(entry.who.citizen_id_authority);
	FILL(entry.who.citizen_id_start);
	FILL(entry.who.citizen_id_end);
	assert_true(strlen(part_text(EVENT_STYLE_CODE, &entry)) > 2000);
	assert_true(strlen(part_text(EVENT_STYLE_SNAP, &entry)) > 1500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_event_manager_form),
		cmocka_unit_test(the_snap_manager_form),
		cmocka_unit_test(a_door_tells_its_status),
		cmocka_unit_test(a_ring_that_fills_tells_its_days_also_none),
		cmocka_unit_test(an_alarm_names_its_record),
		cmocka_unit_test(heartbeats_have_nine_bytes),
		cmocka_unit_test(codes_and_actions_by_kind),
		cmocka_unit_test(every_record_is_an_access_event),
		cmocka_unit_test(the_longest_entry_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
