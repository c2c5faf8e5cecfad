// SPDX-License-Identifier: Apache-2.0
/* What each CGI action asks of core, and the bytes it answers with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "with_gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UPDATER "/cgi-bin/recordUpdater.cgi?action="
#define FINDER "/cgi-bin/recordFinder.cgi?action="
#define CARDS "&name=AccessControlCard"
#define RECORDS "&name=AccessControlCardRec"
#define CONFIG "/cgi-bin/configManager.cgi?action="
#define DOOR "/cgi-bin/accessControl.cgi?action="
#define BOX "/cgi-bin/magicBox.cgi?action="

static char answer[4 * 1024 * 1024];
static const char *body;

static int get(const char *target)
{
	return rig_get(rig, target, answer, sizeof(answer), &body);
}

static void assert_answer(const char *target, int status, const char *expected)
{
	int got = get(target);

	if (got != status || strcmp(body, expected) != 0)
		fail_msg("%s: %d\n%s", target, got, body);
}

static void assert_refused(const char *target, const char *detail)
{
	int got = get(target);

	if (got != 400 || strncmp(body, "Error\r\nBad Request!\r\nDetail=", 28) != 0 ||
		strstr(body, detail) == NULL || strcmp(body + strlen(body) - 2, "\r\n") != 0)
		fail_msg("%s: %d\n%s", target, got, body);
}

static void the_insert_of_the_paper_reaches_core_whole(void **state UNUSED)
{
	rig->model.result.no = 12345;
	assert_answer(UPDATER "insert" CARDS "&CardName=ZhangSan&CardNo=0012345&UserID=102"
			      "&CardStatus=0&CardType=0&Password=123456&Doors[0]=1&Doors[1]=3"
			      "&Doors[2]=5&VTOPosition=01018001&ValidDateStart=20151022%20093811"
			      "&ValidDateEnd=20151222%20093811",
		200, "RecNo=12345\r\n");
	const struct message_person_write *m = &rig->model.person_write;
	const struct person *p = &m->person;

	assert_int_equal(m->header.type, MESSAGE_PERSON_INSERT);
	assert_int_equal(m->fields, PERSON_FIELDS_ALL);
	assert_int_equal(m->handle.bytes[15], 0x5a);
	assert_true(text_is(&p->name, SPAN_LIT("ZhangSan")));
	assert_true(text_is(&p->card_no, SPAN_LIT("0012345")));
	assert_true(text_is(&p->user_id, SPAN_LIT("102")));
	assert_true(text_is(&p->password, SPAN_LIT("123456")));
	assert_true(text_is(&p->vto_position, SPAN_LIT("01018001")));
	assert_true(p->has_password && p->is_valid && !p->first_enter);
	assert_int_equal(p->uses_left, USES_UNLIMITED);
	assert_int_equal(p->repeat_enter_timeout, UINT32_MAX);
	assert_int_equal(p->valid_from_s, 1445506691); /* the rig's zone is UTC */
	assert_int_equal(p->valid_to_s, 1450777091);
	assert_true(p->doors[2].has_door && !p->doors[2].has_schedule && !p->doors[3].has_door);
	assert_int_equal(p->doors[2].door, 5);
}

static void what_an_insert_leaves_out_has_its_default(void **state UNUSED)
{
	assert_int_equal(get(UPDATER "insert" CARDS "&CardNo=&UserID=7&Doors=[0,1]"
				     "&TimeSections=[255]&UseTime=3&isvalid=false"),
		200);
	const struct person *p = &rig->model.person_write.person;

	assert_int_equal(p->card_no.len, 0);
	assert_false(p->is_valid);
	assert_false(p->has_password);
	assert_int_equal(p->uses_left, 3);
	assert_true(p->valid_from_s == VALID_FROM_ALWAYS && p->valid_to_s == VALID_TO_ALWAYS);
	assert_true(p->doors[1].has_door && !p->doors[1].has_schedule);
	assert_true(p->doors[0].has_schedule);
	assert_int_equal(p->doors[0].schedule, 255);
}

static void a_bad_insert_changes_nothing(void **state UNUSED)
{
	static const struct {
		const char *rest;
		const char *detail;
	} cases[] = {
		{"&UserID=1", "CardNo"},
		{"&CardNo=1", "UserID"},
		{"&CardNo=1&UserID=", "UserID"},
		{"&CardNo=1&UserID=1&CardName=AAAAAAAAAABBBBBBBBBBCCCCCCCCCCDDD", "CardName"},
		{"&CardNo=1&UserID=1&Doors[128]=1", "Doors"},
		{"&CardNo=1&UserID=1&ValidDateEnd=20150230%20000000", "ValidDateEnd"},
		{"&CardNo=1&UserID=1&ValidDateStart=20160101%20000000"
		 "&ValidDateEnd=2015-12-31%2023:59:59",
			"lies before"},
		{"&CardNo=1&UserID=1&CardStatus=64", "CardStatus"},
		{"&CardNo=1&UserID=1&CardType=6", "CardType"},
		{"&CardNo=1&UserID=1&FirstEnter=true", "FirstEnter"},
		{"&CardNo=1&UserID=1&Nonsense=1", "Nonsense"},
		{"&CardNo=1&CardNo=2&UserID=1", "CardNo"},
	};
	char target[512];

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		snprintf(target, sizeof(target), UPDATER "insert" CARDS "%s", cases[i].rest);
		assert_refused(target, cases[i].detail);
	}
	assert_int_equal(rig_count(rig, MESSAGE_PERSON_INSERT), 0);
	/* A control byte is refused before the table sees it. */
	assert_int_equal(get(UPDATER "insert" CARDS "&CardNo=1&UserID=a%0D%0Ab"), 400);
	assert_int_equal(rig_count(rig, MESSAGE_AUTHENTICATE), ARRAY_COUNT(cases));
}

static void an_update_names_only_what_it_changes(void **state UNUSED)
{
	assert_answer(UPDATER "update" CARDS "&recno=13012&CardStatus=4", 200, "OK\r\n");
	const struct message_person_write *m = &rig->model.person_write;

	assert_int_equal(m->header.type, MESSAGE_PERSON_UPDATE);
	assert_int_equal(m->fields, PERSON_CARD_STATUS);
	assert_int_equal(m->person.no, 13012);
	assert_int_equal(m->person.card_status, 4);
	assert_int_equal(
		get(UPDATER "update" CARDS "&recno=1&ValidDateEnd=&TimeSections[3]=7"), 200);
	assert_int_equal(m->fields, PERSON_VALID_TO | PERSON_SCHEDULES);
	assert_true(m->person.valid_to_s == VALID_TO_ALWAYS);
	assert_int_equal(m->person.doors[3].schedule, 7);
	assert_refused(UPDATER "update" CARDS "&recno=1", "no field");
	assert_refused(UPDATER "update" CARDS "&CardStatus=4", "recno");
}

static void remove_is_ok_twice_and_clear_too(void **state UNUSED)
{
	assert_answer(UPDATER "remove" CARDS "&recno=13012", 200, "OK\r\n");
	rig->model.result.result = RESULT_NOT_FOUND;
	assert_answer(UPDATER "remove" CARDS "&recno=13012", 200, "OK\r\n");
	rig->model.result.result = RESULT_OK;
	assert_answer(UPDATER "clear" CARDS, 200, "OK\r\n");
	assert_int_equal(rig_count(rig, MESSAGE_PERSON_CLEAR), 1);
}

static void errors_of_core_have_the_form_of_the_devices(void **state UNUSED)
{
	static const struct {
		enum result result;
		int status;
		const char *body;
	} cases[] = {
		{RESULT_USER_EXISTS, 400, "{\"code\":286064929,\"message\":\"\"}"},
		{RESULT_CARD_EXISTS, 400, "{\"code\":286064930,\"message\":\"\"}"},
		{RESULT_NOT_FOUND, 400, "Error\r\nBad Request!\r\nDetail="},
		{RESULT_FULL, 400, "Error\r\nBad Request!\r\nDetail="},
		{RESULT_REFUSED, 400,
			"Error\r\nBad Request!\r\nDetail=the door is held locked by command\r\n"},
		{RESULT_NOT_DURABLE, 500, "Error\r\nInternal Error\r\nDetail="},
		{RESULT_STORE_FAILED, 500, "Error\r\nInternal Error\r\nDetail="},
		{RESULT_BUSY, 503, "Error\r\nService Unavailable!\r\nDetail="},
		{RESULT_BAD_HANDLE, 503, "Error\r\nService Unavailable!\r\nDetail="},
		{RESULT_BAD_VALUE, 400, "Error\r\nBad Request!\r\nDetail=too much\r\n"},
	};

	rig->model.result.reason = REASON_HELD_LOCKED;
	(void)text_set(&rig->model.result.text, SPAN_LIT("too much"));
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		rig->model.result.result = cases[i].result;
		int got = get(DOOR "openDoor&channel=1");

		if (got != cases[i].status ||
			strncmp(body, cases[i].body, strlen(cases[i].body)) != 0)
			fail_msg("result %d: %d\n%s", cases[i].result, got, body);
	}
}

static void doors_are_commanded_by_channel(void **state UNUSED)
{
	const struct message_door_command *m = &rig->model.door_command;

	assert_answer(DOOR "openDoor&channel=1&UserID=101&Type=Remote", 200, "OK\r\n");
	assert_int_equal(m->door, 0);
	assert_int_equal(m->command, DOOR_COMMAND_OPEN);
	assert_true(text_is(&m->user_id, SPAN_LIT("101")));
	assert_answer(DOOR "closeDoor&UserID=nobody%20here&channel=2", 200, "OK\r\n");
	assert_int_equal(m->door, 1);
	assert_int_equal(m->command, DOOR_COMMAND_CLOSE);
	assert_true(text_is(&m->type, SPAN_LIT("Remote")));
	assert_true(text_is(&m->user_id, SPAN_LIT("nobody here")));
	assert_refused(DOOR "openDoor", "channel");
	assert_refused(DOOR "openDoor&channel=0", "channel");
	assert_refused(DOOR "openDoor&channel=3", "channel"); /* not configured */
	assert_refused(DOOR "openDoor&channel=65", "channel");
	assert_int_equal(rig_count(rig, MESSAGE_DOOR_COMMAND), 2);
}

static void door_status_and_standing_alarms(void **state UNUSED)
{
	assert_answer(DOOR "getDoorStatus&channel=1", 200, "Info.status=Close\r\n");
	rig->model.door[1].open = true;
	assert_answer(DOOR "getDoorStatus&channel=2", 200, "Info.status=Open\r\n");
	assert_answer("/cgi-bin/eventManager.cgi?action=getEventIndexes&code=BreakIn", 200,
		"Error: No Events\r\n");
	rig->model.door[1].forced = true;
	assert_answer(DOOR "getDoorStatus&channel=2", 200, "Info.status=Break\r\n");
	assert_answer("/cgi-bin/eventManager.cgi?action=getEventIndexes&code=BreakIn", 200,
		"channels[0]=1\r\n");
	assert_answer("/cgi-bin/eventManager.cgi?action=getEventIndexes&code=DoorNotClosed", 200,
		"Error: No Events\r\n");
}

static void persons_make(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct person *p = &rig->model.person[i];
		char text[16];

		*p = (struct person){
			.no = i + 1,
			.is_valid = true,
			.uses_left = USES_UNLIMITED,
			.repeat_enter_timeout = UINT32_MAX,
			.valid_from_s = VALID_FROM_ALWAYS,
			.valid_to_s = VALID_TO_ALWAYS,
			.has_password = true,
		};
		snprintf(text, sizeof(text), "u%u", i + 1);
		(void)text_set(&p->user_id, span_from_string(text));
		(void)text_set(&p->password, SPAN_LIT("86420951"));
	}
	rig->model.person_count = count;
}

static void find_begins_with_found_and_total(void **state UNUSED)
{
	persons_make(1030);
	assert_int_equal(get(FINDER "find" CARDS), 200);
	assert_int_equal(
		strncmp(body, "found=1024\r\ntotalCount=1030\r\nrecords[0].CardName=", 48), 0);
	assert_non_null(strstr(body, "records[1023].RecNo=1024\r\n"));
	assert_null(strstr(body, "records[1024]"));
	assert_null(strstr(body, "Password"));
	assert_null(strstr(body, "86420951"));
	assert_int_equal(get(FINDER "find" CARDS "&count=5000"), 200);
	assert_int_equal(rig->model.person_query.limit, 1024);
	assert_int_equal(get(FINDER "doSeekFind" CARDS "&offset=1028&count=10"), 200);
	assert_int_equal(strncmp(body, "found=2\r\ntotalCount=1030\r\n", 26), 0);
	assert_non_null(strstr(body, "records[0].RecNo=1029\r\n"));
	assert_answer(FINDER "getQuerySize" CARDS, 200, "Size=1030\r\ncount=1030\r\n");
	assert_answer(
		FINDER "find" CARDS "&condition.UserID=NOBODY", 200, "found=0\r\ntotalCount=0\r\n");
	assert_refused(FINDER "find" CARDS "&count=0", "count");
	assert_refused(FINDER "find" CARDS "&condition.CardName=x", "condition.CardName");
}

/* 1,024 persons with 128 doors each would need 9 MB: the answer ends after a whole row. */
static void an_answer_at_its_limit_holds_whole_rows(void **state UNUSED)
{
	persons_make(1024);
	for (uint32_t i = 0; i < 1024; i++) {
		for (unsigned d = 0; d < PERSON_DOORS_MAX; d++)
			rig->model.person[i].doors[d] = (struct person_door){.door = 65534,
				.schedule = 255,
				.has_door = true,
				.has_schedule = true};
	}
	assert_int_equal(get(FINDER "find" CARDS), 200);
	unsigned found = (unsigned)strtoul(body + 6, NULL, 10);
	char last[64];

	assert_in_range(found, 200, 1000);
	assert_non_null(strstr(body, "\r\ntotalCount=1024\r\n"));
	snprintf(last, sizeof(last), "records[%u].ValidDateStart=\r\n", found - 1);
	assert_string_equal(body + strlen(body) - strlen(last), last);
}

static void get_prints_one_row_without_prefix(void **state UNUSED)
{
	persons_make(2);
	assert_int_equal(get(UPDATER "get" CARDS "&recno=2"), 200);
	assert_non_null(strstr(body, "\r\nRecNo=2\r\n"));
	assert_non_null(strstr(body, "\r\nUserID=u2\r\n"));
	assert_refused(UPDATER "get" CARDS "&recno=3", "recno");
}

static void record_conditions_reach_core(void **state UNUSED)
{
	struct journal_entry entries[30];

	for (unsigned i = 0; i < ARRAY_COUNT(entries); i++)
		entries[i] = rig_access("102", "12001");
	rig_commit(rig, entries, ARRAY_COUNT(entries));
	assert_int_equal(get(FINDER "find" RECORDS
				    "&StartTime=123456700&EndTime=123456800&condition.CardNo=12001"
				    "&condition.UserID=102&condition.Door=1&condition.Status=0"
				    "&condition.Method=4&AfterRecNo=110&count=25"),
		200);
	const struct message_record_query *m = &rig->model.record_query;

	assert_true(m->filter.has_from && m->filter.has_to && m->filter.has_door &&
		    m->filter.has_status && m->filter.has_method && m->filter.has_card_no &&
		    m->filter.has_user_id);
	assert_int_equal(m->filter.from_s, 123456700);
	assert_int_equal(m->filter.to_s, 123456800);
	assert_int_equal(m->filter.door, 1);
	assert_int_equal(m->filter.status, 0);
	assert_int_equal(m->filter.method, 4);
	assert_int_equal(m->filter.after_rec_no, 110);
	assert_int_equal(m->limit, 25);
	assert_true(text_is(&m->filter.card_no, SPAN_LIT("12001")));
	assert_int_equal(
		strncmp(body, "found=20\r\ntotalCount=20\r\nrecords[0].AttendanceState=0\r\n", 55),
		0);
	assert_non_null(strstr(body, "records[19].RecNo=130\r\n"));
	assert_int_equal(get(FINDER "find" RECORDS), 200);
	assert_false(m->filter.has_from || m->filter.has_to || m->filter.has_card_no);
	assert_answer(FINDER "getQuerySize" RECORDS, 200, "Size=30\r\ncount=30\r\n");
	assert_refused(FINDER "find" RECORDS "&condition.CardName=x", "condition.CardName");
}

static void a_partial_set_of_a_schedule_keeps_the_rest(void **state UNUSED)
{
	struct schedule *stored = &rig->model.schedule[1];

	schedule_set_always(stored, 1);
	assert_answer(CONFIG "setConfig&AccessTimeSchedule[1].Name=Office"
			     "&AccessTimeSchedule[1].TimeSchedule[1][0]=1%2008:00:00-17:59:59"
			     "&AccessTimeSchedule[1].TimeSchedule[1][1]=1%2020:00:00-24:00:00"
			     "&AccessTimeSchedule[1].TimeSchedule[2][0]=0%2000:00:00-00:00:00",
		200, "OK\r\n");
	const struct schedule *put = &rig->model.schedule_put.schedule;

	assert_int_equal(put->no, 1);
	assert_true(put->defined && put->enabled);
	assert_true(text_is(&put->name, SPAN_LIT("Office")));
	assert_int_equal(put->day[0].count, 1); /* as it was */
	assert_int_equal(put->day[1].count, 2);
	assert_int_equal(put->day[1].interval[0].to_minute, 18 * 60);
	assert_int_equal(put->day[1].interval[1].to_minute, 1440);
	assert_int_equal(put->day[2].count, 0);
	assert_refused(CONFIG
		"setConfig&AccessTimeSchedule[1].TimeSchedule[1][0]=1%2018:00:00-08:00:00",
		"");
	assert_refused(CONFIG
		"setConfig&AccessTimeSchedule[1].TimeSchedule[7][0]=0%2000:00:00-00:00:00",
		"TimeSchedule");
	assert_refused(CONFIG "setConfig&AccessTimeSchedule[1].Enable=true"
			      "&AccessTimeSchedule[2].Enable=true",
		"several");
	assert_refused(CONFIG "setConfig&AccessTimeSchedule[1].Colour=red", "Colour");
	assert_refused(CONFIG "setConfig", "nothing to set");
	assert_int_equal(rig_count(rig, MESSAGE_SCHEDULE_PUT), 1);
}

static void special_days_are_set_and_read(void **state UNUSED)
{
	assert_answer(CONFIG "setConfig&SpecialDayGroup[127].Name=Holidays"
			     "&SpecialDayGroup[127].Enable=true"
			     "&SpecialDayGroup[127].Days[63].SpecialDayName=Winter"
			     "&SpecialDayGroup[127].Days[63].StartTime=2026-12-24%2000:00:00"
			     "&SpecialDayGroup[127].Days[63].EndTime=2027-01-06%2023:59:59"
			     "&SpecialDayGroup[127].Days[63].Yearly=true",
		200, "OK\r\n");
	struct special_day_group group = rig->model.special_group_put.group;

	assert_int_equal(group.no, 127);
	assert_true(group.defined && group.enabled && group.day[63].yearly);
	assert_int_equal(group.day[63].to.year, 2027);
	assert_int_equal(group.day[63].to.day, 6);
	rig->model.special_group[127] = group;
	assert_int_equal(get(CONFIG "getConfig&name=SpecialDayGroup"), 200);
	assert_int_equal(
		strncmp(body, "table.SpecialDayGroup[127].Days[63].EndTime=2027-01-06 23:59:59",
			63),
		0);
	assert_int_equal(rig_count(rig, MESSAGE_SPECIAL_GROUP_GET), 1 + 128);
	assert_answer(CONFIG "getConfig&name=SpecialDayGroup[5]", 200,
		"table.SpecialDayGroup[5].Enable=false\r\ntable.SpecialDayGroup[5].Name=\r\n");
	assert_answer(CONFIG "setConfig&SpecialDaysSchedule[2].Enable=true"
			     "&SpecialDaysSchedule[2].GroupNo=127"
			     "&SpecialDaysSchedule[2].AccessTimeSchedule[1]=true"
			     "&SpecialDaysSchedule[2].TimeSection[0]=1%2008:00:00-12:00:00",
		200, "OK\r\n");
	const struct special_schedule *special = &rig->model.special_schedule_put.special;

	assert_int_equal(special->no, 2);
	assert_int_equal(special->group, 127);
	assert_int_equal(special->day.count, 1);
	assert_true(special_schedule_covers(special, 1));
	assert_answer(CONFIG "getConfig&name=SpecialDaysSchedule", 200, "");
	assert_int_equal(get(CONFIG "getConfig&name=SpecialDaysSchedule[128]"), 400);
}

static void special_days_that_are_not_right_are_refused(void **state UNUSED)
{
	assert_refused(CONFIG
		"setConfig&SpecialDayGroup[1].Days[0].StartTime=2026-05-01%2008:00:00",
		"whole day");
	assert_refused(CONFIG
		"setConfig&SpecialDayGroup[1].Days[0].StartTime=2026-05-01%2000:00:00",
		"SpecialDayGroup[1].Days[0] needs StartTime and EndTime");
	assert_refused(CONFIG
		"setConfig&SpecialDayGroup[1].Days[0].StartTime=2026-02-29%2000:00:00",
		"StartTime");
	assert_refused(CONFIG "setConfig&SpecialDayGroup[1].Days[64].StartTime=", "Days[0..63]");
	assert_refused(CONFIG "setConfig&SpecialDayGroup[1].Enable=true"
			      "&SpecialDaysSchedule[1].Enable=true",
		"several");
	assert_refused(CONFIG "setConfig&SpecialDayGroup[1].Enable=true"
			      "&SpecialDayGroup[2].Enable=true",
		"several");
	assert_refused(CONFIG "setConfig&SpecialDaysSchedule[1].Doors[0]=1", "Doors");
	assert_refused(CONFIG "setConfig&SpecialDaysSchedule[1].GroupNo=128", "GroupNo");
	assert_refused(CONFIG
		"setConfig&SpecialDaysSchedule[1].TimeSection[0]=1%2012:00:00-08:00:00",
		"TimeSection[0]");
	assert_int_equal(rig_count(rig, MESSAGE_SPECIAL_GROUP_PUT), 0);
	assert_int_equal(rig_count(rig, MESSAGE_SPECIAL_SCHEDULE_PUT), 0);
}

static void configuration_is_read_by_table(void **state UNUSED)
{
	schedule_set_always(&rig->model.schedule[0], 0);
	schedule_set_always(&rig->model.schedule[127], 127);
	assert_int_equal(get(CONFIG "getConfig&name=AccessTimeSchedule"), 200);
	assert_int_equal(strncmp(body, "table.AccessTimeSchedule[0].Enable=true\r\n", 41), 0);
	assert_non_null(strstr(
		body, "table.AccessTimeSchedule[127].TimeSchedule[6][0]=1 00:00:00-23:59:59\r\n"));
	assert_null(strstr(body, "AccessTimeSchedule[1]."));
	assert_int_equal(get(CONFIG "getConfig&name=AccessTimeSchedule[1]"), 200);
	assert_non_null(strstr(body, "AccessTimeSchedule[1].Enable=false\r\n"));
	assert_int_equal(get(CONFIG "getConfig&name=accesscontrol[1]"), 200);
	assert_non_null(strstr(body, "table.AccessControl[1].UnlockHoldInterval="));
	assert_null(strstr(body, "AccessControl[0]"));
	assert_int_equal(get(CONFIG "getConfig&name=General"), 200);
	assert_int_equal(strncmp(body, "table.General.MachineName=", 26), 0);
	assert_refused(CONFIG "getConfig&name=FaceRecognition", "AccessTimeSchedule");
	assert_refused(CONFIG "getConfig&name=AccessTimeSchedule[128]", "");
	assert_refused(CONFIG "getConfig&name=AccessControl[2]", "no such door");
}

static void the_device_says_what_it_is(void **state UNUSED)
{
	assert_answer(BOX "getDeviceType", 200, "type=Postern\r\n");
	assert_answer(BOX "getVendor", 200, "vendor=Postern\r\n");
	assert_answer(BOX "getSerialNo", 200, "sn=" RIG_SERIAL "\r\n");
	assert_int_equal(get(BOX "getSoftwareVersion"), 200);
	assert_int_equal(strncmp(body, "version=" POSTERN_VERSION ",build:20", 17), 0);
	assert_int_equal(get(BOX "getSystemInfo"), 200);
	assert_non_null(strstr(body, "serialNumber=" RIG_SERIAL "\r\n"));
	assert_refused(BOX "getProductDefinition&name=MaxExtraStream", "no camera");
	assert_int_equal(get("/cgi-bin/global.cgi?action=getCurrentTime"), 200);
	assert_int_equal(strlen(body), 28);
	assert_int_equal(strncmp(body, "result=20", 9), 0);
	assert_int_equal(
		get("/cgi-bin/global.cgi?action=setCurrentTime&time=2026-08-11%2011:47:40"), 501);
	assert_memory_equal(body, "Error\r\nNot Implemented!\r\nDetail=", 32);
	assert_int_equal(get("/cgi-bin/eventManager.cgi?action=getCaps"), 200);
	assert_non_null(strstr(body, "caps.EventCodes[0]=AccessControl\r\n"));
}

static int setup(void **state UNUSED)
{
	setenv("TZ", "UTC", 1);
	rig = rig_start(NULL);
	rig_link(rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_GATE(the_insert_of_the_paper_reaches_core_whole),
		WITH_GATE(what_an_insert_leaves_out_has_its_default),
		WITH_GATE(a_bad_insert_changes_nothing),
		WITH_GATE(an_update_names_only_what_it_changes),
		WITH_GATE(remove_is_ok_twice_and_clear_too),
		WITH_GATE(errors_of_core_have_the_form_of_the_devices),
		WITH_GATE(doors_are_commanded_by_channel),
		WITH_GATE(door_status_and_standing_alarms),
		WITH_GATE(find_begins_with_found_and_total),
		WITH_GATE(an_answer_at_its_limit_holds_whole_rows),
		WITH_GATE(get_prints_one_row_without_prefix),
		WITH_GATE(record_conditions_reach_core),
		WITH_GATE(a_partial_set_of_a_schedule_keeps_the_rest),
		WITH_GATE(special_days_are_set_and_read),
		WITH_GATE(special_days_that_are_not_right_are_refused),
		WITH_GATE(configuration_is_read_by_table),
		WITH_GATE(the_device_says_what_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
