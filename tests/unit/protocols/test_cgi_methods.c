// SPDX-License-Identifier: Apache-2.0
/*
 * The method table: every row is found, its example passes, every parameter of every row is held to
 * its range at both ends.
 */
#include "cgi_judge.h"

#include <stdio.h>

static const struct {
	enum cgi_operation operation;
	const char *cgi;
	const char *action;
	const char *table;
	enum account_role role;
	bool changes_state;
} operations[] = {
	{CGI_CARD_INSERT, "recordUpdater", "insert", "AccessControlCard", ACCOUNT_ADMIN, true},
	{CGI_CARD_UPDATE, "recordUpdater", "update", "AccessControlCard", ACCOUNT_ADMIN, true},
	{CGI_CARD_GET, "recordUpdater", "get", "AccessControlCard", ACCOUNT_VIEWER, false},
	{CGI_CARD_REMOVE, "recordUpdater", "remove", "AccessControlCard", ACCOUNT_ADMIN, true},
	{CGI_CARD_CLEAR, "recordUpdater", "clear", "AccessControlCard", ACCOUNT_ADMIN, true},
	{CGI_CARD_FIND, "recordFinder", "find", "AccessControlCard", ACCOUNT_VIEWER, false},
	{CGI_CARD_SEEK, "recordFinder", "doSeekFind", "AccessControlCard", ACCOUNT_VIEWER, false},
	{CGI_CARD_SIZE, "recordFinder", "getQuerySize", "AccessControlCard", ACCOUNT_VIEWER, false},
	{CGI_RECORD_FIND, "recordFinder", "find", "AccessControlCardRec", ACCOUNT_VIEWER, false},
	{CGI_RECORD_SEEK, "recordFinder", "doSeekFind", "AccessControlCardRec", ACCOUNT_VIEWER,
		false},
	{CGI_RECORD_SIZE, "recordFinder", "getQuerySize", "AccessControlCardRec", ACCOUNT_VIEWER,
		false},
	{CGI_DOOR_OPEN, "accessControl", "openDoor", "", ACCOUNT_OPERATOR, true},
	{CGI_DOOR_CLOSE, "accessControl", "closeDoor", "", ACCOUNT_OPERATOR, true},
	{CGI_DOOR_STATUS, "accessControl", "getDoorStatus", "", ACCOUNT_VIEWER, false},
	{CGI_SNAP_ATTACH, "snapManager", "attachFileProc", "", ACCOUNT_VIEWER, false},
	{CGI_EVENT_ATTACH, "eventManager", "attach", "", ACCOUNT_VIEWER, false},
	{CGI_EVENT_INDEXES, "eventManager", "getEventIndexes", "", ACCOUNT_VIEWER, false},
	{CGI_EVENT_CAPS, "eventManager", "getCaps", "", ACCOUNT_VIEWER, false},
	{CGI_DEVICE_TYPE, "magicBox", "getDeviceType", "", ACCOUNT_VIEWER, false},
	{CGI_SERIAL_NO, "magicBox", "getSerialNo", "", ACCOUNT_VIEWER, false},
	{CGI_SOFTWARE_VERSION, "magicBox", "getSoftwareVersion", "", ACCOUNT_VIEWER, false},
	{CGI_HARDWARE_VERSION, "magicBox", "getHardwareVersion", "", ACCOUNT_VIEWER, false},
	{CGI_MACHINE_NAME, "magicBox", "getMachineName", "", ACCOUNT_VIEWER, false},
	{CGI_VENDOR, "magicBox", "getVendor", "", ACCOUNT_VIEWER, false},
	{CGI_DEVICE_CLASS, "magicBox", "getDeviceClass", "", ACCOUNT_VIEWER, false},
	{CGI_SYSTEM_INFO, "magicBox", "getSystemInfo", "", ACCOUNT_VIEWER, false},
	{CGI_PRODUCT_DEFINITION, "magicBox", "getProductDefinition", "MaxExtraStream",
		ACCOUNT_VIEWER, false},
	{CGI_TIME_GET, "global", "getCurrentTime", "", ACCOUNT_VIEWER, false},
	{CGI_TIME_SET, "global", "setCurrentTime", "", ACCOUNT_ADMIN, true},
	{CGI_CONFIG_GET, "configManager", "getConfig", "AccessControl", ACCOUNT_VIEWER, false},
	{CGI_CONFIG_SET, "configManager", "setConfig", "", ACCOUNT_ADMIN, true},
	{CGI_READER_FRAMES, "accessControl", "getReaderFrames", "", ACCOUNT_ADMIN, false},
	{CGI_CLAIM, "global", "claim", "", ACCOUNT_NOBODY, true},
	{CGI_STATUS, "accessControl", "getControllerStatus", "", ACCOUNT_VIEWER, false},
	{CGI_METRICS, "accessControl", "getMetrics", "", ACCOUNT_VIEWER, false},
	{CGI_ACCOUNT_LIST, "userManager", "getUserInfoAll", "", ACCOUNT_ADMIN, false},
	{CGI_ACCOUNT_GET, "userManager", "getUserInfo", "", ACCOUNT_ADMIN, false},
	{CGI_ACCOUNT_ADD, "userManager", "addUser", "", ACCOUNT_ADMIN, true},
	{CGI_ACCOUNT_PASSWORD, "userManager", "modifyPassword", "", ACCOUNT_VIEWER, true},
	{CGI_ACCOUNT_ROLE, "userManager", "modifyUser", "", ACCOUNT_ADMIN, true},
	{CGI_ACCOUNT_REMOVE, "userManager", "deleteUser", "", ACCOUNT_ADMIN, true},
	{CGI_AUDIT_FIND, "recordFinder", "find", "PosternAudit", ACCOUNT_ADMIN, false},
	{CGI_OSDP_FRAMES, "accessControl", "getOsdpFrames", "", ACCOUNT_ADMIN, false},
	{CGI_READERS, "accessControl", "getReaders", "", ACCOUNT_VIEWER, false},
	{CGI_READER_PAIR, "accessControl", "pairReader", "", ACCOUNT_ADMIN, true},
	{CGI_READER_PAIR_CANCEL, "accessControl", "cancelPairing", "", ACCOUNT_ADMIN, true},
	{CGI_READER_ROTATE, "accessControl", "rotateReaderKey", "", ACCOUNT_ADMIN, true},
	{CGI_READER_UNPAIR, "accessControl", "unpairReader", "", ACCOUNT_ADMIN, true},
	{CGI_READER_KEY, "accessControl", "setReaderKey", "", ACCOUNT_ADMIN, true},
	{CGI_READER_FILE_BEGIN, "accessControl", "beginReaderFile", "", ACCOUNT_ADMIN, true},
	{CGI_READER_FILE_PART, "accessControl", "addReaderFile", "", ACCOUNT_ADMIN, true},
	{CGI_READER_FILE_GET, "accessControl", "getReaderFile", "", ACCOUNT_ADMIN, false},
	{CGI_READER_FILE_CANCEL, "accessControl", "cancelReaderFile", "", ACCOUNT_ADMIN, true},
};

static void test_each_row_stands_at_its_operation_and_is_found(void **state)
{
	(void)state;
	assert_int_equal(sizeof(operations) / sizeof(operations[0]), CGI_OPERATION_COUNT);
	for (size_t i = 0; i < CGI_OPERATION_COUNT; i++) {
		char path[64];
		const struct cgi_method *method = NULL;

		snprintf(path, sizeof(path), "/cgi-bin/%s.cgi", operations[i].cgi);
		assert_int_equal(operations[i].operation, i);
		assert_int_equal(cgi_method_find(span_from_string(path),
					 span_from_string(operations[i].action),
					 span_from_string(operations[i].table), &method),
			CGI_FOUND);
		assert_ptr_equal(method, cgi_method_at(operations[i].operation));
		assert_int_equal(method->operation, operations[i].operation);
		assert_int_equal(method->role, operations[i].role);
		assert_int_equal(method->changes_state, operations[i].changes_state);
	}
}

static void test_each_example_leads_to_its_row_and_passes(void **state)
{
	(void)state;
	for (int i = 0; i < CGI_OPERATION_COUNT; i++) {
		const struct cgi_method *method = cgi_method_at((enum cgi_operation)i);
		const struct cgi_method *found;

		parse(method->example);
		assert_int_equal(cgi_method_find_query(&query, &found), CGI_FOUND);
		assert_ptr_equal(found, method);
		if (check(method) != NULL)
			fail_msg("%s: %s", method->example, sentence);
	}
}

static void test_each_row_and_parameter_is_described(void **state)
{
	(void)state;
	for (int i = 0; i < CGI_OPERATION_COUNT; i++) {
		const struct cgi_method *method = cgi_method_at((enum cgi_operation)i);

		assert_true(strlen(method->text) > 5 && strlen(method->answer) > 3);
		for (uint16_t p = 0; p < method->parameter_count; p++) {
			const struct cgi_parameter *parameter = &method->parameters[p];
			size_t len = strlen(parameter->text);

			assert_true(len > 10 && parameter->text[len - 1] == '.');
			/* What is required has no default; all else says what its absence means. */
			assert_int_equal(parameter->required, parameter->fallback[0] == '\0');
		}
	}
}

static void test_what_is_not_there_is_told_apart(void **state)
{
	static const struct {
		const char *target;
		enum cgi_lookup wanted;
	} cases[] = {
		{"/cgi-bin/zzzNotExist.cgi?action=x", CGI_UNKNOWN_PATH},
		{"/cgi-bin/FaceInfoManager.cgi?action=add", CGI_UNKNOWN_PATH},
		{"/cgi-bin/recordfinder.cgi?action=find&name=AccessControlCard", CGI_UNKNOWN_PATH},
		{"/CGI-BIN/recordFinder.cgi?action=find&name=AccessControlCard", CGI_UNKNOWN_PATH},
		{"/cgi-bin//recordFinder.cgi?action=find&name=AccessControlCard", CGI_UNKNOWN_PATH},
		{"/cgi-bin/recordFinder.cgi/?action=find&name=AccessControlCard", CGI_UNKNOWN_PATH},
		{"/cgi-bin/../cgi-bin/recordFinder.cgi?action=find&name=AccessControlCard",
			CGI_UNKNOWN_PATH},
		{"/recordFinder.cgi?action=find&name=AccessControlCard", CGI_UNKNOWN_PATH},
		{"/cgi-bin/", CGI_UNKNOWN_PATH},
		{"/", CGI_UNKNOWN_PATH},
		{"/cgi-bin/recordFinder.cgi", CGI_UNKNOWN_ACTION},
		{"/cgi-bin/recordFinder.cgi?action=", CGI_UNKNOWN_ACTION},
		{"/cgi-bin/recordFinder.cgi?action=startFind&name=AccessControlCard",
			CGI_UNKNOWN_ACTION},
		{"/cgi-bin/recordFinder.cgi?action=Find&name=AccessControlCard",
			CGI_UNKNOWN_ACTION},
		{"/cgi-bin/recordUpdater.cgi?action=find&name=AccessControlCard",
			CGI_UNKNOWN_ACTION},
		{"/cgi-bin/accessControl.cgi?action=getRecordList", CGI_UNKNOWN_ACTION},
		{"/cgi-bin/recordFinder.cgi?action=find", CGI_UNKNOWN_TABLE},
		{"/cgi-bin/recordFinder.cgi?action=find&name=", CGI_UNKNOWN_TABLE},
		{"/cgi-bin/recordFinder.cgi?action=find&name=AccessFace", CGI_UNKNOWN_TABLE},
		{"/cgi-bin/recordFinder.cgi?action=getQuerySize&name=AccessControlCardRecs",
			CGI_UNKNOWN_TABLE},
		{"/cgi-bin/recordUpdater.cgi?action=clear&name=AccessControlCardRec",
			CGI_UNKNOWN_TABLE},
		{"/cgi-bin/recordUpdater.cgi?action=insert&name=AccessControlCardRec",
			CGI_UNKNOWN_TABLE},
		{"/cgi-bin/recordUpdater.cgi?Action=insert&NAME=AccessControlCard", CGI_FOUND},
		{"/cgi-bin/magicBox.cgi?action=getSerialNo&name=whatever", CGI_FOUND},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct cgi_method *method = (const struct cgi_method *)&query;

		parse(cases[i].target);
		enum cgi_lookup got = cgi_method_find_query(&query, &method);

		if (got != cases[i].wanted)
			fail_msg("%s gives %d", cases[i].target, got);
		assert_int_equal(method == NULL, got != CGI_FOUND);
	}
}

/* The paper's own example requests, without scheme and address. */
static void test_printed_examples_pass(void **state)
{
	static const char *const targets[] = {
		"/cgi-bin/recordUpdater.cgi?action=insert&name=AccessControlCard&CardName=ZhangSan"
		"&CardNo=12345&UserID=102&CardStatus=0&CardType=0&Password=123456&Doors[0]=1"
		"&Doors[1]=3&Doors[2]=5&VTOPosition=01018001&ValidDateStart=20151022%20093811"
		"&ValidDateEnd=20151222%20093811",
		"/cgi-bin/snapManager.cgi?action=attachFileProc&Flags[0]=Event"
		"&Events=[AccessControl]&heartbeat=5",
		"/cgi-bin/accessControl.cgi?action=openDoor&channel=1&UserID=101&Type=Remote",
		"/cgi-bin/accessControl.cgi?action=closeDoor&channel=1&UserID=101&Type=Remote",
		"/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCardRec"
		"&StartTime=123456700&EndTime=123456800&condition.CardNo=12001&count=100",
		"/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCardRec"
		"&StartTime=140556698&EndTime=140586698&condition.CardNo=12001&count=100",
		/* as one device's client sends it */
		"/cgi-bin/recordUpdater.cgi?action=insert&name=AccessControlCard&UserID=TEST0001"
		"&CardName=WRITETEST&CardNo=TEST0001&CardStatus=0&CardType=0&UserType=0&Doors[0]=0"
		"&TimeSections[0]=0&ValidDateStart=2026-08-11%2000:00:00"
		"&ValidDateEnd=2027-08-11%2023:59:59",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		assert_good(targets[i]);
}

/* A target with the row's required parameters, good values, but without the one named. */
static void add_required(struct buf *out, const struct cgi_method *method, const char *without)
{
	buf_add_string(out, "/cgi-bin/");
	buf_add_string(out, method->cgi);
	buf_add_string(out, "?action=");
	buf_add_string(out, method->action);
	if (method->table != NULL) {
		buf_add_string(out, "&name=");
		buf_add_string(out, method->table);
	}
	for (uint16_t i = 0; i < method->parameter_count; i++) {
		const struct cgi_parameter *parameter = &method->parameters[i];

		if (!parameter->required ||
			(without != NULL && strcmp(parameter->name, without) == 0))
			continue;
		buf_add_byte(out, '&');
		buf_add_string(out, parameter->name);
		buf_add_byte(out, '=');
		buf_add_string(out, parameter->only != NULL	  ? parameter->only
				    : parameter->kind == CGI_TIME ? "20151022%20093811"
				    : parameter->kind == CGI_BYTES && parameter->min == 32
					    ? "9e116cf0237ad548b102ee3d945f80c7"
				    : parameter->kind == CGI_BYTES && parameter->min > 1
					    ? "12345678"
					    : "1");
	}
}

/* The check's answer when this parameter has this value. */
static bool passes(const struct cgi_method *method, const struct cgi_parameter *parameter,
	const char *name, const char *value)
{
	static char target[131072];
	struct buf out = buf_over(target, sizeof(target) - 1);

	add_required(&out, method, parameter->name);
	buf_add_byte(&out, '&');
	buf_add_string(&out, name);
	buf_add_byte(&out, '=');
	buf_add_string(&out, value);
	assert_false(out.overflow);
	target[out.len] = '\0';
	parse(target);
	return check(method) == NULL;
}

static void expect(const struct cgi_method *method, const struct cgi_parameter *parameter,
	const char *name, const char *value, bool wanted)
{
	if (passes(method, parameter, name, value) != wanted)
		fail_msg("%s %s: %s=%s %s %s", method->cgi, method->action, name, value,
			wanted ? "is refused:" : "passes", wanted ? sentence : "");
	if (!wanted && strstr(sentence, name) == NULL)
		fail_msg("\"%s\" does not name %s", sentence, name);
}

static const char *number(int64_t value)
{
	static char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	return text;
}

static void probe_number(
	const struct cgi_method *method, const struct cgi_parameter *parameter, const char *name)
{
	static const char *const never[] = {
		"", "x", "1x", "%20", "1.0", "0x1", "+1", "--1", "99999999999999999999"};

	expect(method, parameter, name, number(parameter->min), true);
	expect(method, parameter, name, number(parameter->max), true);
	expect(method, parameter, name, number(parameter->min - 1), false);
	if (parameter->max < CGI_NO_MAX)
		expect(method, parameter, name, number(parameter->max + 1), false);
	if (parameter->also != 0) {
		expect(method, parameter, name, number(parameter->also), true);
		expect(method, parameter, name, number(parameter->also - 1), false);
		expect(method, parameter, name, number(parameter->also + 1), false);
	}
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		expect(method, parameter, name, never[i], false);
}

/* Texts of two-byte characters: a limit in bytes and one in characters differ. */
static const char *text_of(int64_t units, bool characters)
{
	static char text[131072];
	char *at = text;
	int64_t left = units;

	if (!characters && left % 2 == 1) {
		*at++ = 'a';
		left--;
	}
	for (int64_t i = 0; i < (characters ? left : left / 2); i++) {
		memcpy(at, "%C3%A9", 6);
		at += 6;
	}
	*at = '\0';
	return text;
}

static void probe_text(
	const struct cgi_method *method, const struct cgi_parameter *parameter, const char *name)
{
	bool characters = parameter->kind == CGI_TEXT;

	if (parameter->only != NULL) {
		expect(method, parameter, name, parameter->only, true);
		expect(method, parameter, name, "Other", false);
		expect(method, parameter, name, "", false);
		return;
	}
	expect(method, parameter, name, text_of(parameter->max, characters), true);
	expect(method, parameter, name, text_of(parameter->max + 1, characters), false);
	expect(method, parameter, name, text_of(parameter->min, characters), true);
	if (parameter->min > 0)
		expect(method, parameter, name, text_of(parameter->min - 1, characters), false);
}

static void probe_list(const struct cgi_method *method, const struct cgi_parameter *parameter)
{
	char name[64];

	snprintf(name, sizeof(name), "%s[0]", parameter->name);
	probe_number(method, parameter, name);
	snprintf(name, sizeof(name), "%s[127]", parameter->name);
	expect(method, parameter, name, "1", true);
	snprintf(name, sizeof(name), "%s[128]", parameter->name);
	expect(method, parameter, name, "1", false);
	snprintf(name, sizeof(name), "%s[4294967296]", parameter->name);
	expect(method, parameter, name, "1", false);
	snprintf(name, sizeof(name), "%s[]", parameter->name);
	expect(method, parameter, name, "1", false);
	snprintf(name, sizeof(name), "%s[01]", parameter->name);
	expect(method, parameter, name, "1", false);
	expect(method, parameter, parameter->name, "[]", true);
	expect(method, parameter, parameter->name, "[1]", true);
	expect(method, parameter, parameter->name, "[1,%202%20,3]", true);
	expect(method, parameter, parameter->name, "%5B1%2C2%5D", true);
	expect(method, parameter, parameter->name, "1", false);
	expect(method, parameter, parameter->name, "", false);
	expect(method, parameter, parameter->name, "[1,]", false);
	expect(method, parameter, parameter->name, "[,1]", false);
	expect(method, parameter, parameter->name, "[1,,2]", false);
	expect(method, parameter, parameter->name, "[x]", false);
	expect(method, parameter, parameter->name, "[1", false);
}

static void probe_words(const struct cgi_method *method, const struct cgi_parameter *parameter,
	const char *name, const char *const good[], const char *const bad[])
{
	for (size_t i = 0; good[i] != NULL; i++)
		expect(method, parameter, name, good[i], true);
	for (size_t i = 0; bad[i] != NULL; i++)
		expect(method, parameter, name, bad[i], false);
}

/* The name with the highest subscript of each of its ranges. */
static const char *concrete(const char *name)
{
	static char text[128];
	struct buf out = buf_over(text, sizeof(text) - 1);

	for (const char *range = strstr(name, "[0.."); range != NULL;
		range = strstr(name, "[0..")) {
		buf_add(&out, span_of(name, (size_t)(range - name) + 1));
		name = range + strlen("[0..");
	}
	buf_add_string(&out, name);
	assert_false(out.overflow);
	text[out.len] = '\0';
	return text;
}

static void probe(const struct cgi_method *method, const struct cgi_parameter *parameter)
{
	const char *name = concrete(parameter->name);
	static const char *const periods[] = {
		"1%2008:00:00-18:00:00", "0%2000:00:00-00:00:00", "1%200:0:0-24:00:00", NULL};
	static const char *const bad_periods[] = {"", "8-18", "1%2018:00:00-08:00:00", NULL};
	static const char *const times[] = {"20151022%20093811", "2015-10-22%2009:38:11", NULL};
	static const char *const bad_times[] = {
		"20151022", "20151322%20093811", "2015-02-29%2000:00:00", "20151022+093811", NULL};
	static const char *const code_lists[] = {"All", "[All]", "AccessControl",
		"[AccessControl,DoorStatus]", "A%2CB", "%5BA%2CB%5D", "[_DoorFace_,%20B]", NULL};
	static const char *const bad_code_lists[] = {
		"", "[]", "[A,]", "[,A]", "A,,B", "[A", "A%3BB", "[[A]]", "A%20B", NULL};
	static const char *const bools[] = {"false", "0", "FALSE", NULL};
	static const char *const true_bools[] = {"true", "1", NULL};
	static const char *const bad_bools[] = {"", "yes", "2", "tru", NULL};
	static const char *const none[] = {NULL};

	switch (parameter->kind) {
	case CGI_TEXT:
	case CGI_BYTES:
		probe_text(method, parameter, name);
		return;
	case CGI_INTEGER:
	case CGI_EPOCH:
		probe_number(method, parameter, name);
		return;
	case CGI_INDEXED_INTEGER:
		probe_list(method, parameter);
		return;
	case CGI_BOOL:
		probe_words(method, parameter, name, bools, bad_bools);
		probe_words(method, parameter, name, parameter->max > 0 ? true_bools : none,
			parameter->max > 0 ? none : true_bools);
		return;
	case CGI_TIME:
		probe_words(method, parameter, name, times, bad_times);
		expect(method, parameter, name, "", parameter->min == 0);
		return;
	case CGI_CODES:
		probe_words(method, parameter, parameter->name, code_lists, bad_code_lists);
		return;
	case CGI_PERIOD:
		probe_words(method, parameter, name, periods, bad_periods);
		return;
	}
	fail_msg("%s has a kind that no test knows", parameter->name);
}

static void test_each_parameter_of_each_row_is_held_to_its_range(void **state)
{
	unsigned probed = 0;

	(void)state;
	for (int i = 0; i < CGI_OPERATION_COUNT; i++) {
		const struct cgi_method *method = cgi_method_at((enum cgi_operation)i);

		for (uint16_t p = 0; p < method->parameter_count; p++, probed++)
			probe(method, &method->parameters[p]);
	}
	assert_int_equal(probed, 155);
}

static void test_each_required_parameter_is_missed(void **state)
{
	static char target[1024];
	unsigned required = 0;

	(void)state;
	for (int i = 0; i < CGI_OPERATION_COUNT; i++) {
		const struct cgi_method *method = cgi_method_at((enum cgi_operation)i);

		for (uint16_t p = 0; p < method->parameter_count; p++) {
			const struct cgi_parameter *parameter = &method->parameters[p];
			struct buf out = buf_over(target, sizeof(target) - 1);
			char wanted[64];

			if (!parameter->required)
				continue;
			required++;
			add_required(&out, method, parameter->name);
			target[out.len] = '\0';
			parse(target);
			snprintf(wanted, sizeof(wanted), "%s is missing; it must be ",
				parameter->name);
			if (check(method) == NULL || strstr(sentence, wanted) != sentence)
				fail_msg("%s without %s: %s", method->action, parameter->name,
					sentence);
		}
	}
	assert_int_equal(required, 41);
}

static void test_facts_of_the_paper(void **state)
{
	static const char *const good[] = {INSERT "&CardName=" THIRTY "aa", INSERT "&CardStatus=63",
		INSERT "&CardType=255", INSERT "&CardType=5", INSERT "&Doors[127]=65534",
		INSERT "&TimeSections[127]=255", INSERT "&ValidDateStart=&ValidDateEnd=",
		INSERT "&FirstEnter=false&RepeatEnterRouteTimeout=4294967295&UseTime=4294967295",
		"/cgi-bin/recordUpdater.cgi?action=insert&name=AccessControlCard&CardNo=&UserID=7",
		RECORDS, RECORDS "&count=1", RECORDS "&count=100000", RECORDS "&AfterRecNo=0",
		RECORDS
		"&condition.Door=0&condition.Status=1&condition.Method=15&condition.UserID=7",
		OPEN "&UserID=nobody%20enrolled&channel=64",
		OPEN "&channel=1&Type=", SNAP "&Events=All&heartbeat=60",
		SNAP "&Events=[X]&heartbeat=1&afterRecNo=17"};
	static const char *const bad[] = {INSERT "&CardName=" THIRTY "aaa", INSERT "&CardStatus=64",
		INSERT "&CardType=6", INSERT "&CardType=254", INSERT "&Doors[128]=1",
		INSERT "&Doors[0]=65535", INSERT "&TimeSections[0]=256", INSERT "&FirstEnter=true",
		INSERT "&RepeatEnterRouteTimeout=0", INSERT "&UserType=6",
		INSERT "&ValidDateEnd=20150230%20000000", RECORDS "&count=0",
		RECORDS "&StartTime=x", RECORDS "&condition.StartTime=1", OPEN "&channel=0",
		OPEN "&channel=65", OPEN, SNAP "&Events=All&heartbeat=0",
		SNAP "&Events=All&heartbeat=61", SNAP "&Events=All&channel=0", SNAP};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_good(good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (judge(bad[i]) == NULL)
			fail_msg("%s passes", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_row_stands_at_its_operation_and_is_found),
		cmocka_unit_test(test_each_example_leads_to_its_row_and_passes),
		cmocka_unit_test(test_each_row_and_parameter_is_described),
		cmocka_unit_test(test_what_is_not_there_is_told_apart),
		cmocka_unit_test(test_printed_examples_pass),
		cmocka_unit_test(test_each_parameter_of_each_row_is_held_to_its_range),
		cmocka_unit_test(test_each_required_parameter_is_missed),
		cmocka_unit_test(test_facts_of_the_paper),
	};

	return cmocka_run_group_tests_name("cgi_methods", tests, NULL, NULL);
}
