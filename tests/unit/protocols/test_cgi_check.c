// SPDX-License-Identifier: Apache-2.0
/*
 * The check and the getters behind it: what the sentences say, strays, doubles, lists, patterns,
 * and the typed values that handlers read.
 */
#include "cgi_judge.h"

static void test_sentences_name_what_is_wrong_and_what_is_allowed(void **state)
{
	(void)state;
	assert_refused(INSERT "&CardName=" THIRTY "aaa",
		"CardName has 33 characters, at most 32 are allowed");
	assert_refused("/cgi-bin/recordUpdater.cgi?action=insert&name=AccessControlCard&UserID=2",
		"CardNo is missing; it must be text of 0 to 32 bytes");
	assert_refused("/cgi-bin/recordUpdater.cgi?action=insert&name=AccessControlCard&CardNo=2"
		       "&UserID=",
		"UserID is empty; it must be text of 1 to 64 bytes");
	assert_refused(OPEN "&Channel=0", "Channel is \"0\"; it must be a whole number, 1 to 64");
	assert_refused(SNAP "&Events=All&heartbeat=61",
		"heartbeat is \"61\"; it must be a whole number, 1 to 60");
	assert_refused(INSERT "&CardType=7",
		"CardType is \"7\"; it must be a whole number, 0 to 5, or 255");
	assert_refused(RECORDS "&count=0", "count is \"0\"; it must be a whole number, 1 or more");
	assert_refused(INSERT "&FirstEnter=true", "FirstEnter is \"true\"; it must be false");
	assert_refused(INSERT "&Doors[128]=1",
		"Doors[128] has no good subscript; allowed is Doors[0] to [127]");
	assert_refused(INSERT "&Doors[3]=x",
		"Doors[3] is \"x\"; it must be whole numbers, 0 to 65534, as Doors[0]=1 or "
		"Doors=[1,2]");
	assert_refused(INSERT "&ValidDateEnd=20150230%20000000",
		"ValidDateEnd is \"20150230 000000\"; it must be a date as 20151022 093811 or "
		"2015-10-22 09:38:11, or empty");
	assert_refused(RECORDS "&condition.Colour=1",
		"condition.Colour is not a filter of AccessControlCardRec; known here are "
		"StartTime, "
		"EndTime, condition.CardNo, condition.UserID, condition.Door, condition.Status, "
		"condition.Method, AfterRecNo");
	assert_refused(INSERT "&Colour=red", "Colour is not a field of AccessControlCard");
	assert_refused(OPEN "&channel=1&CHANNEL=2", "channel is given twice; give it once");
	assert_refused(SNAP "&Flags[0]=Event&Events=All", "Flags[0] is given twice; give it once");
	assert_refused("/cgi-bin/snapManager.cgi?action=attachFileProc&Flags[0]=Picture&Events=All",
		"Flags[0] is \"Picture\"; it must be Event");
	assert_refused(CONFIG "&AccessTimeSchedule[128].Name=x",
		"AccessTimeSchedule[128].Name has no good subscript; allowed is "
		"AccessTimeSchedule[0..127].Name");
}

static void test_a_sentence_keeps_its_bound_and_whole_characters(void **state)
{
	static char target[8192];
	struct buf out = buf_over(target, sizeof(target) - 1);

	(void)state;
	buf_add_string(&out, RECORDS "&condition.");
	for (int i = 0; i < 500; i++)
		buf_add_string(&out, "%E5%BC%A0");
	buf_add_string(&out, "=1");
	target[out.len] = '\0';
	assert_non_null(judge(target)); /* check() looks at bound and characters */
	assert_non_null(strstr(sentence, "... is not a filter of AccessControlCardRec"));

	out = buf_over(target, sizeof(target) - 1);
	buf_add_string(&out, RECORDS "&count=a");
	for (int i = 0; i < 500; i++)
		buf_add_string(&out, "%E5%BC%A0");
	target[out.len] = '\0';
	assert_non_null(judge(target));
	assert_non_null(strstr(sentence, "...\"; it must be a whole number, 1 or more"));
}

static void test_a_secret_is_not_repeated(void **state)
{
	(void)state;
	assert_refused(INSERT "&Password=" THIRTY THIRTY "secret",
		"Password has 66 bytes, at most 64 are allowed");
}

static void test_strays(void **state)
{
	static const char *const good[] = {
		"/cgi-bin/magicBox.cgi?action=getSerialNo&foo=bar&foo=bar&condition.x=1",
		OPEN "&channel=1&Time=5&Time=6", RECORDS "&foo=bar&offset=3&_=123",
		INSERT "&_=1&rnd=0.5&t=2&random=3&RecNo=17",
		"/cgi-bin/recordUpdater.cgi?action=remove&name=AccessControlCard&recno=1&UserID=2",
		"/cgi-bin/recordUpdater.cgi?action=clear&name=AccessControlCard&_=1"};
	static const char *const bad[] = {INSERT "&foo=bar", INSERT "&condition.UserID=1",
		INSERT "&Doors.x=1", INSERT "&Doorsx=1", INSERT "&=1",
		"/cgi-bin/recordUpdater.cgi?action=update&name=AccessControlCard&recno=1&foo=1",
		"/cgi-bin/recordUpdater.cgi?action=remove&name=AccessControlCard&recno=1"
		"&condition.UserID=2",
		"/cgi-bin/recordUpdater.cgi?action=get&name=AccessControlCard&recno=1"
		"&condition.UserID=2",
		/* Meant for one row, it would empty the table. */
		"/cgi-bin/recordUpdater.cgi?action=clear&name=AccessControlCard&condition.UserID=2",
		"/cgi-bin/recordUpdater.cgi?action=clear&name=AccessControlCard&recno=2",
		"/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCard&StartTime=1",
		"/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCard&AfterRecNo=1",
		"/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCard&condition.Door=1",
		"/cgi-bin/recordFinder.cgi?action=getQuerySize&name=AccessControlCardRec"
		"&CONDITION.createtime=1",
		CONFIG "&Network.eth0.IPAddress=10.0.0.1", CONFIG "&AccessTimeSchedule[1].Colour=1",
		CONFIG "&AccessTimeSchedule[1].NameX=1"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_good(good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (judge(bad[i]) == NULL)
			fail_msg("%s passes", bad[i]);
	}
}

static void test_doubles_are_refused(void **state)
{
	static const char *const bad[] = {INSERT "&CardNo=1", INSERT "&cardno=1",
		INSERT "&Doors[1]=1&doors[1]=2", INSERT "&Doors=[1]&Doors=[2]",
		INSERT "&Doors=[1]&Doors[5]=2", INSERT "&Doors[5]=2&Doors=[1]",
		INSERT "&action=clear", INSERT "&name=AccessControlCard",
		"/cgi-bin/magicBox.cgi?action=getSerialNo&ACTION=reboot",
		CONFIG "&AccessTimeSchedule[1].Name=a&accesstimeschedule[1].name=b"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (judge(bad[i]) == NULL)
			fail_msg("%s passes", bad[i]);
		assert_true(
			strstr(sentence, "twice") != NULL || strstr(sentence, "a list") != NULL);
	}
	assert_good(INSERT "&Doors[0]=1&Doors[1]=1&TimeSections=[1,2]");
}

static void test_a_list_has_at_most_128_values_and_64_codes(void **state)
{
	static char target[2048];

	(void)state;
	for (int count = 127; count <= 129; count++) {
		struct buf out = buf_over(target, sizeof(target) - 1);

		buf_add_string(&out, INSERT "&Doors=[1");
		for (int i = 1; i < count; i++)
			buf_add_string(&out, ",1");
		buf_add_string(&out, "]");
		target[out.len] = '\0';
		assert_int_equal(judge(target) == NULL, count <= 128);
	}
	for (int count = 63; count <= 65; count++) {
		struct buf out = buf_over(target, sizeof(target) - 1);

		buf_add_string(&out, SNAP "&Events=[A");
		for (int i = 1; i < count; i++)
			buf_add_string(&out, ",A");
		buf_add_string(&out, "]");
		target[out.len] = '\0';
		assert_int_equal(judge(target) == NULL, count <= 64);
	}
}

static void test_names_and_patterns(void **state)
{
	static const char pattern[] = "AccessTimeSchedule[0..127].TimeSchedule[0..6][0..11]";
	uint32_t at[CGI_PATTERN_SUBSCRIPTS] = {9, 9, 9};
	bool too_high = true;

	(void)state;
	assert_true(cgi_name_matches(
		pattern, SPAN_LIT("accesstimeschedule[127].timeSchedule[6][11]"), at, &too_high));
	assert_false(too_high);
	assert_int_equal(at[0], 127);
	assert_int_equal(at[1], 6);
	assert_int_equal(at[2], 11);
	assert_false(cgi_name_matches(
		pattern, SPAN_LIT("AccessTimeSchedule[1].TimeSchedule[7][0]"), at, &too_high));
	assert_true(too_high);

	static const char *const other[] = {"", "AccessTimeSchedule", "AccessTimeSchedule[",
		"AccessTimeSchedule[1]", "AccessTimeSchedule[1].TimeSchedule[1]",
		"AccessTimeSchedule[1].TimeSchedule[1][", "AccessTimeSchedule[1].TimeSchedule[1][]",
		"AccessTimeSchedule[1].TimeSchedule[1][1]x",
		"AccessTimeSchedule[01].TimeSchedule[1][1]",
		"AccessTimeSchedule[x].TimeSchedule[1][1]",
		"AccessTimeSchedule].TimeSchedule[1][1]"};

	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		if (cgi_name_matches(pattern, span_from_string(other[i]), at, &too_high) ||
			too_high)
			fail_msg("%s matches", other[i]);
	}
	assert_true(cgi_name_matches("Flags[0]", SPAN_LIT("flags[0]"), at, NULL));
	assert_false(cgi_name_matches("Flags[0]", SPAN_LIT("flags[1]"), at, NULL));
}

static void test_scalar_getters(void **state)
{
	struct span text;
	int64_t integer = -1;
	bool yes = false;
	struct civil local = {0};

	(void)state;
	parse("/a?UserID=7&count=100&IsValid=1&ValidDateEnd=20151222%20093811&ValidDateStart=");
	assert_true(cgi_text(&query, "userid", &text));
	assert_true(span_equal(text, SPAN_LIT("7")));
	assert_true(cgi_integer(&query, "Count", &integer));
	assert_int_equal(integer, 100);
	assert_true(cgi_bool(&query, "IsValid", &yes));
	assert_true(yes);
	assert_true(cgi_time(&query, "ValidDateEnd", &local));
	assert_int_equal(local.month, 12);
	assert_int_equal(local.second, 11);
	/* An empty date: given, but no date. */
	assert_false(cgi_time(&query, "ValidDateStart", &local));
	assert_int_equal(local.month, 12);
	assert_true(cgi_text(&query, "ValidDateStart", &text));
	assert_int_equal(text.len, 0);

	assert_false(cgi_text(&query, "CardNo", &text));
	assert_false(cgi_integer(&query, "offset", &integer));
	assert_false(cgi_integer(&query, "ValidDateEnd", &integer));
	assert_int_equal(integer, 100);
	assert_false(cgi_bool(&query, "Handicap", &yes));
	assert_false(cgi_time(&query, "time", &local));
}

static void test_indexed_getter_reads_both_forms(void **state)
{
	static struct cgi_indexed got;

	(void)state;
	parse("/a?Doors[0]=1&doors[127]=65534&TimeSections=[5,%206]&Empty=[]&Doors[128]=9&Bad=1");
	assert_true(cgi_indexed(&query, "Doors", &got));
	assert_int_equal(got.count, 2);
	assert_true(got.present[0] && got.present[127] && !got.present[1]);
	assert_int_equal(got.value[0], 1);
	assert_int_equal(got.value[127], 65534);
	assert_true(cgi_indexed(&query, "timesections", &got));
	assert_int_equal(got.count, 2);
	assert_true(got.present[0] && got.present[1] && !got.present[127]);
	assert_int_equal(got.value[0], 5);
	assert_int_equal(got.value[1], 6);
	assert_true(cgi_indexed(&query, "Empty", &got));
	assert_int_equal(got.count, 0);
	assert_true(cgi_indexed(&query, "Bad", &got));
	assert_int_equal(got.count, 0);
	got.count = 77;
	assert_false(cgi_indexed(&query, "Door", &got));
	assert_int_equal(got.count, 77);
}

static void test_codes(void **state)
{
	static const char *const forms[] = {"[A,B]", "A,B", " [ A , B ] ", "A, B"};
	struct span rest;
	struct span code;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		rest = span_from_string(forms[i]);
		assert_true(cgi_codes_next(&rest, &code));
		assert_true(span_equal(code, SPAN_LIT("A")));
		assert_true(cgi_codes_next(&rest, &code));
		assert_true(span_equal(code, SPAN_LIT("B")));
		assert_false(cgi_codes_next(&rest, &code));
		assert_true(cgi_codes_include(span_from_string(forms[i]), SPAN_LIT("b")));
		assert_false(cgi_codes_include(span_from_string(forms[i]), SPAN_LIT("C")));
	}
	assert_true(cgi_codes_include(SPAN_LIT("[All]"), SPAN_LIT("AccessControl")));
	assert_true(cgi_codes_include(SPAN_LIT("X,all"), SPAN_LIT("AccessControl")));
	assert_false(cgi_codes_include(SPAN_LIT("Alls"), SPAN_LIT("AccessControl")));
	assert_true(cgi_codes_include(SPAN_LIT("AccessControl"), SPAN_LIT("AccessControl")));
	assert_false(cgi_codes_include(SPAN_LIT("AccessControlX"), SPAN_LIT("AccessControl")));
}

static void test_roles_have_names(void **state)
{
	(void)state;
	assert_string_equal(account_role_name(ACCOUNT_NOBODY), "nobody");
	assert_string_equal(account_role_name(ACCOUNT_VIEWER), "viewer");
	assert_string_equal(account_role_name(ACCOUNT_OPERATOR), "operator");
	assert_string_equal(account_role_name(ACCOUNT_ADMIN), "admin");
	assert_string_equal(account_role_name(ACCOUNT_ROLE_COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sentences_name_what_is_wrong_and_what_is_allowed),
		cmocka_unit_test(test_a_sentence_keeps_its_bound_and_whole_characters),
		cmocka_unit_test(test_a_secret_is_not_repeated),
		cmocka_unit_test(test_strays),
		cmocka_unit_test(test_doubles_are_refused),
		cmocka_unit_test(test_a_list_has_at_most_128_values_and_64_codes),
		cmocka_unit_test(test_names_and_patterns),
		cmocka_unit_test(test_scalar_getters),
		cmocka_unit_test(test_indexed_getter_reads_both_forms),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_roles_have_names),
	};

	return cmocka_run_group_tests_name("cgi_check", tests, NULL, NULL);
}
