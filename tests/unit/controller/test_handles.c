// SPDX-License-Identifier: Apache-2.0
/* Handles: known, young, for the right operation, one state change; and the limit on commands. */
#include "handles.h"
#include "throttle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW_MS 5000000

static struct message_handle handle_of(uint32_t number)
{
	struct message_handle handle = {{0xab}};

	memcpy(handle.bytes + 4, &number, sizeof(number));
	return handle;
}

static const struct handle_entry *take(struct handles *handles, uint32_t number,
	enum message_type type, enum door_command command, int64_t now_ms)
{
	struct message_handle handle = handle_of(number);

	return handles_take(handles, &handle, type, (uint8_t)command, now_ms);
}

static void add(struct handles *handles, uint32_t number, enum cgi_operation operation)
{
	struct message_handle handle = handle_of(number);

	handles_add(handles, &handle, cgi_method_at(operation), SPAN_LIT("anna"), (uint8_t[16]){7},
		NOW_MS);
}

static void unknown_handle_is_refused(void **state)
{
	static struct handles handles;

	(void)state;
	assert_null(take(&handles, 1, MESSAGE_PERSON_CLEAR, 0, NOW_MS));
	assert_null(take(&handles, 0, MESSAGE_PERSON_CLEAR, 0, NOW_MS));
	add(&handles, 1, CGI_CARD_CLEAR);
	assert_null(take(&handles, 2, MESSAGE_PERSON_CLEAR, 0, NOW_MS));
	const struct handle_entry *entry = take(&handles, 1, MESSAGE_PERSON_CLEAR, 0, NOW_MS);

	assert_non_null(entry);
	assert_true(text_is(&entry->account, SPAN_LIT("anna")));
}

static void an_all_zero_handle_never_matches_a_free_place(void **state)
{
	static struct handles handles;
	struct message_handle zero = {{0}};

	(void)state;
	assert_null(handles_take(&handles, &zero, MESSAGE_PERSON_INSERT, 0, NOW_MS));
}

static void one_handle_changes_state_once_but_reads_again(void **state)
{
	static struct handles handles;

	(void)state;
	add(&handles, 1, CGI_CARD_INSERT);
	assert_non_null(take(&handles, 1, MESSAGE_PERSON_INSERT, 0, NOW_MS));
	assert_null(take(&handles, 1, MESSAGE_PERSON_INSERT, 0, NOW_MS));
	add(&handles, 2, CGI_RECORD_FIND);
	assert_non_null(take(&handles, 2, MESSAGE_RECORD_QUERY, 0, NOW_MS));
	assert_non_null(take(&handles, 2, MESSAGE_RECORD_QUERY, 0, NOW_MS));
	add(&handles, 3, CGI_CONFIG_SET);
	assert_non_null(take(&handles, 3, MESSAGE_SCHEDULE_GET, 0, NOW_MS));
	assert_non_null(take(&handles, 3, MESSAGE_SCHEDULE_PUT, 0, NOW_MS));
	assert_null(take(&handles, 3, MESSAGE_SCHEDULE_PUT, 0, NOW_MS));
}

static void a_handle_dies_after_its_time(void **state)
{
	static struct handles handles;
	int64_t end_ms = NOW_MS + HANDLE_LIFE_S * 1000;

	(void)state;
	add(&handles, 1, CGI_DOOR_STATUS);
	assert_non_null(take(&handles, 1, MESSAGE_DOOR_STATUS, 0, end_ms));
	assert_null(take(&handles, 1, MESSAGE_DOOR_STATUS, 0, end_ms + 1));
	assert_null(take(&handles, 1, MESSAGE_DOOR_STATUS, 0, NOW_MS));
}

static void the_handles_of_one_account_end_together(void **state)
{
	static struct handles handles;
	struct message_handle other = handle_of(3);

	(void)state;
	add(&handles, 1, CGI_DOOR_STATUS);
	add(&handles, 2, CGI_ACCOUNT_PASSWORD);
	handles_add(&handles, &other, cgi_method_at(CGI_DOOR_STATUS), SPAN_LIT("anna2"),
		(uint8_t[16]){9}, NOW_MS);
	handles_end(&handles, SPAN_LIT("anna"));
	assert_null(take(&handles, 1, MESSAGE_DOOR_STATUS, 0, NOW_MS));
	assert_null(take(&handles, 2, MESSAGE_ACCOUNT_PUT, 0, NOW_MS));
	const struct handle_entry *entry = take(&handles, 3, MESSAGE_DOOR_STATUS, 0, NOW_MS);

	assert_non_null(entry);
	assert_int_equal(entry->address[0], 9);
}

static void the_oldest_makes_room(void **state)
{
	static struct handles handles;

	(void)state;
	for (uint32_t i = 1; i <= HANDLES_MAX + 1; i++)
		add(&handles, i, CGI_DOOR_STATUS);
	assert_null(take(&handles, 1, MESSAGE_DOOR_STATUS, 0, NOW_MS));
	assert_non_null(take(&handles, 2, MESSAGE_DOOR_STATUS, 0, NOW_MS));
	assert_non_null(take(&handles, HANDLES_MAX + 1, MESSAGE_DOOR_STATUS, 0, NOW_MS));
}

/* What each operation may be used for, written out apart from the table it checks. */
static bool may(enum cgi_operation operation, enum message_type type)
{
	switch (type) {
	case MESSAGE_PERSON_INSERT:
		return operation == CGI_CARD_INSERT;
	case MESSAGE_PERSON_UPDATE:
		return operation == CGI_CARD_UPDATE;
	case MESSAGE_PERSON_REMOVE:
		return operation == CGI_CARD_REMOVE;
	case MESSAGE_PERSON_CLEAR:
		return operation == CGI_CARD_CLEAR;
	case MESSAGE_PERSON_QUERY:
		return operation == CGI_CARD_GET ||
		       (operation >= CGI_CARD_FIND && operation <= CGI_CARD_SIZE);
	case MESSAGE_RECORD_QUERY:
		return operation >= CGI_RECORD_FIND && operation <= CGI_RECORD_SIZE;
	case MESSAGE_DOOR_COMMAND:
		return operation == CGI_DOOR_OPEN;
	case MESSAGE_DOOR_STATUS:
		return operation == CGI_DOOR_STATUS || operation == CGI_EVENT_INDEXES;
	case MESSAGE_SCHEDULE_GET:
	case MESSAGE_SPECIAL_GROUP_GET:
	case MESSAGE_SPECIAL_SCHEDULE_GET:
		return operation == CGI_CONFIG_GET || operation == CGI_CONFIG_SET;
	case MESSAGE_SCHEDULE_PUT:
	case MESSAGE_SPECIAL_GROUP_PUT:
	case MESSAGE_SPECIAL_SCHEDULE_PUT:
		return operation == CGI_CONFIG_SET;
	case MESSAGE_STREAM_OPEN:
		return operation == CGI_SNAP_ATTACH || operation == CGI_EVENT_ATTACH;
	case MESSAGE_READER_QUERY:
		return operation == CGI_READER_FRAMES;
	case MESSAGE_STATUS_QUERY:
		return operation == CGI_STATUS || operation == CGI_METRICS ||
		       operation == CGI_READERS;
	case MESSAGE_READER_ORDER:
		return operation >= CGI_READER_PAIR && operation <= CGI_READER_KEY;
	case MESSAGE_READER_FILE:
		return operation >= CGI_READER_FILE_BEGIN && operation <= CGI_READER_FILE_CANCEL;
	case MESSAGE_ACCOUNT_QUERY:
		return operation == CGI_ACCOUNT_LIST || operation == CGI_ACCOUNT_GET;
	case MESSAGE_ACCOUNT_PUT:
		return operation == CGI_ACCOUNT_ADD || operation == CGI_ACCOUNT_PASSWORD ||
		       operation == CGI_ACCOUNT_ROLE;
	case MESSAGE_ACCOUNT_REMOVE:
		return operation == CGI_ACCOUNT_REMOVE;
	case MESSAGE_AUDIT_QUERY:
		return operation == CGI_AUDIT_FIND;
	case MESSAGE_OSDP_TRACE:
		return operation == CGI_OSDP_FRAMES;
	default:
		return false;
	}
}

static void a_handle_serves_its_own_operation_only(void **state)
{
	static struct handles handles;
	unsigned served = 0;

	(void)state;
	for (int operation = 0; operation < CGI_OPERATION_COUNT; operation++) {
		for (int type = 0; type < MESSAGE_TYPE_COUNT; type++) {
			add(&handles, 9, (enum cgi_operation)operation);
			bool got = take(&handles, 9, (enum message_type)type, DOOR_COMMAND_OPEN,
					   NOW_MS) != NULL;

			assert_int_equal(
				got, may((enum cgi_operation)operation, (enum message_type)type));
			served += got;
			handles = (struct handles){0};
		}
	}
	assert_int_equal(served, 46);
}

static void open_and_close_cannot_be_swapped_and_holds_have_no_handle(void **state)
{
	static struct handles handles;

	(void)state;
	for (int command = 0; command < DOOR_COMMAND_COUNT; command++) {
		add(&handles, 1, CGI_DOOR_OPEN);
		assert_int_equal(take(&handles, 1, MESSAGE_DOOR_COMMAND, (enum door_command)command,
					 NOW_MS) != NULL,
			command == DOOR_COMMAND_OPEN);
		handles = (struct handles){0};
		add(&handles, 1, CGI_DOOR_CLOSE);
		assert_int_equal(take(&handles, 1, MESSAGE_DOOR_COMMAND, (enum door_command)command,
					 NOW_MS) != NULL,
			command == DOOR_COMMAND_CLOSE);
		handles = (struct handles){0};
	}
}

static const struct span admin = {"admin", 5};
static const uint8_t source1[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1};
static const uint8_t source2[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 2};

static void commands_have_a_burst_then_one_a_second_per_account_and_door(void **state)
{
	static struct command_limit limit;
	struct text32 anna = {4, "anna"}, bert = {4, "bert"};

	(void)state;
	for (int i = 0; i < COMMAND_BURST; i++)
		assert_true(command_limit_take(&limit, &anna, 0, NOW_MS));
	assert_false(command_limit_take(&limit, &anna, 0, NOW_MS + 999));
	assert_true(command_limit_take(&limit, &anna, 1, NOW_MS));
	assert_true(command_limit_take(&limit, &bert, 0, NOW_MS));
	assert_true(command_limit_take(&limit, &anna, 0, NOW_MS + 1000));
	assert_false(command_limit_take(&limit, &anna, 0, NOW_MS + 1001));
	for (int i = 0; i < COMMAND_BURST; i++)
		assert_true(command_limit_take(&limit, &anna, 0, NOW_MS + 1000000));
	assert_false(command_limit_take(&limit, &anna, 0, NOW_MS + 1000000));
}

static void old_passwords_have_a_burst_then_one_a_minute_per_account(void **state)
{
	static struct command_limit limit;
	struct text32 anna = {4, "anna"}, bert = {4, "bert"};

	(void)state;
	for (int i = 0; i < PASSWORD_BURST; i++)
		assert_int_equal(password_limit_wait_ms(&limit, &anna, NOW_MS), 0);
	assert_int_equal(password_limit_wait_ms(&limit, &anna, NOW_MS), PASSWORD_EVERY_MS);
	assert_int_equal(password_limit_wait_ms(&limit, &bert, NOW_MS), 0);
	for (int ms = 0; ms < PASSWORD_EVERY_MS;
		ms += 7) /* asking on shortens and lengthens nothing */
		assert_true(password_limit_wait_ms(&limit, &anna, NOW_MS + ms) > 0);
	assert_int_equal(password_limit_wait_ms(&limit, &anna, NOW_MS + PASSWORD_EVERY_MS), 0);
	assert_true(password_limit_wait_ms(&limit, &anna, NOW_MS + PASSWORD_EVERY_MS) > 0);
}

static void a_right_log_in_forgives_its_own_name_only(void **state)
{
	static struct throttle throttle;
	struct span anna = SPAN_LIT("anna");

	(void)state;
	for (int i = 0; i < THROTTLE_FREE_TRIES; i++) {
		assert_int_equal(throttle_wait_ms(&throttle, source1, admin, NOW_MS), 0);
		throttle_wrong(&throttle, source1, admin, NOW_MS);
		throttle_right(&throttle, source1, anna);
		throttle_right(&throttle, source2, admin);
	}
	assert_int_equal(throttle_wait_ms(&throttle, source1, admin, NOW_MS), 1000);
	assert_int_equal(throttle_wait_ms(&throttle, source1, anna, NOW_MS), 0);
	throttle_right(&throttle, source1, admin);
	assert_int_equal(throttle_wait_ms(&throttle, source1, admin, NOW_MS), 0);
}

static void many_names_of_one_source_share_a_place(void **state)
{
	static struct throttle throttle;
	char letter[] = "a";
	struct span name = {letter, 1};

	(void)state;
	/* Four names have a place each; the fifth wrong try behind them stops all others. */
	for (int i = 0; i < THROTTLE_NAMES_MAX + THROTTLE_FREE_TRIES; i++, letter[0]++) {
		assert_int_equal(throttle_wait_ms(&throttle, source1, name, NOW_MS), 0);
		throttle_wrong(&throttle, source1, name, NOW_MS);
	}
	assert_int_equal(throttle_wait_ms(&throttle, source1, name, NOW_MS), 1000);
	assert_int_equal(throttle_wait_ms(&throttle, source1, admin, NOW_MS), 1000);
	assert_int_equal(throttle_wait_ms(&throttle, source1, SPAN_LIT("a"), NOW_MS), 0);
	assert_int_equal(throttle_wait_ms(&throttle, source2, admin, NOW_MS), 0);
	throttle_right(&throttle, source1, admin); /* it has no place of its own to clear */
	assert_int_equal(throttle_wait_ms(&throttle, source1, admin, NOW_MS), 1000);
	/* When the four are forgotten, a name has its own place again. */
	assert_int_equal(
		throttle_wait_ms(&throttle, source1, admin, NOW_MS + THROTTLE_FORGET_MS + 1), 0);
}

static void an_ipv6_source_is_its_prefix_and_an_ipv4_source_its_address(void **state)
{
	static struct throttle throttle;
	uint8_t six[16] = {0x20, 1, 0xd, 0xb8, [15] = 1};
	uint8_t four[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1};

	(void)state;
	for (int i = 0; i < THROTTLE_FREE_TRIES; i++) {
		throttle_wrong(&throttle, six, admin, NOW_MS);
		throttle_wrong(&throttle, four, admin, NOW_MS);
	}
	six[15] = 2;
	assert_int_equal(throttle_wait_ms(&throttle, six, admin, NOW_MS), 1000);
	six[7] = 1;
	assert_int_equal(throttle_wait_ms(&throttle, six, admin, NOW_MS), 0);
	assert_int_equal(throttle_wait_ms(&throttle, four, admin, NOW_MS + 400), 600);
	four[15] = 2;
	assert_int_equal(throttle_wait_ms(&throttle, four, admin, NOW_MS), 0);
}

static void many_sources_push_out_the_one_quiet_longest(void **state)
{
	static struct throttle throttle;
	uint8_t source[16] = {[10] = 0xff, [11] = 0xff, 10};

	(void)state;
	for (uint32_t n = 0; n <= THROTTLE_SOURCES_MAX; n++) {
		source[14] = (uint8_t)(n >> 8);
		source[15] = (uint8_t)n;
		for (int i = 0; i < THROTTLE_FREE_TRIES; i++)
			throttle_wrong(&throttle, source, admin, NOW_MS + n);
	}
	assert_true(throttle_wait_ms(&throttle, source, admin, NOW_MS + THROTTLE_SOURCES_MAX) > 0);
	source[14] = source[15] = 0;
	assert_int_equal(throttle_wait_ms(&throttle, source, admin, NOW_MS), 0);
	source[15] = 1;
	assert_true(throttle_wait_ms(&throttle, source, admin, NOW_MS + 1) > 0);
}

static void a_lockout_is_told_once(void **state)
{
	static struct throttle throttle;
	uint8_t source[16] = {0x20, 1};
	uint8_t told[16];
	unsigned count = 0;

	(void)state;
	for (int n = 1; n < THROTTLE_FREE_TRIES; n++)
		throttle_wrong(&throttle, source, admin, NOW_MS);
	assert_false(throttle_lockout_take(&throttle, NOW_MS, told));
	throttle_wrong(&throttle, source, admin, NOW_MS);
	assert_true(throttle_lockout_take(&throttle, NOW_MS, told));
	assert_memory_equal(told, source, sizeof(told));
	throttle_wrong(&throttle, source, admin, NOW_MS + 2000);
	assert_false(throttle_lockout_take(&throttle, NOW_MS + 2000, told));
	for (uint8_t i = 1; i <= 100; i++) { /* many sources: a burst, then one a minute */
		source[7] = i;
		for (int n = 0; n < THROTTLE_FREE_TRIES; n++)
			throttle_wrong(&throttle, source, admin, NOW_MS + 3000);
		count += throttle_lockout_take(&throttle, NOW_MS + 3000, told);
	}
	assert_int_equal(count, THROTTLE_TOLD_BURST - 1);
	source[6] = 1;
	for (int n = 0; n < THROTTLE_FREE_TRIES; n++)
		throttle_wrong(&throttle, source, admin, NOW_MS + 3000 + THROTTLE_TOLD_EVERY_MS);
	assert_true(throttle_lockout_take(&throttle, NOW_MS + 3000 + THROTTLE_TOLD_EVERY_MS, told));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_handle_is_refused),
		cmocka_unit_test(an_all_zero_handle_never_matches_a_free_place),
		cmocka_unit_test(one_handle_changes_state_once_but_reads_again),
		cmocka_unit_test(a_handle_dies_after_its_time),
		cmocka_unit_test(the_handles_of_one_account_end_together),
		cmocka_unit_test(a_lockout_is_told_once),
		cmocka_unit_test(the_oldest_makes_room),
		cmocka_unit_test(a_handle_serves_its_own_operation_only),
		cmocka_unit_test(open_and_close_cannot_be_swapped_and_holds_have_no_handle),
		cmocka_unit_test(commands_have_a_burst_then_one_a_second_per_account_and_door),
		cmocka_unit_test(old_passwords_have_a_burst_then_one_a_minute_per_account),
		cmocka_unit_test(a_right_log_in_forgives_its_own_name_only),
		cmocka_unit_test(many_names_of_one_source_share_a_place),
		cmocka_unit_test(an_ipv6_source_is_its_prefix_and_an_ipv4_source_its_address),
		cmocka_unit_test(many_sources_push_out_the_one_quiet_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
