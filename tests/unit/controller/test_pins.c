// SPDX-License-Identifier: Apache-2.0
/* PINs through role core: enrolled over the API, typed as frames, read back from the journal. */
#include "core.h"
#include "rig.h"

#include "protocols/keypad.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int setup_rule(void **state, enum pin_rule rule)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	rig_new(rig);
	rig->settings.pin_rule = (uint8_t)rule;
	rig_start(rig);
	*state = rig;
	return 0;
}

static int setup(void **state)
{
	return setup_rule(state, PIN_RULE_REFUSE);
}

static int setup_lenient(void **state)
{
	return setup_rule(state, PIN_RULE_WITH_CARD);
}

static int teardown(void **state)
{
	rig_free(*state);
	free(*state);
	return 0;
}

static struct message_person_write write_of(const char *user, const char *pin, const char *duress)
{
	struct message_person_write message = {
		.header = {.type = MESSAGE_PERSON_INSERT},
		.fields = PERSON_FIELDS_ALL,
		.person = {.is_valid = true,
			.uses_left = USES_UNLIMITED,
			.repeat_enter_timeout = UINT32_MAX,
			.valid_from_s = VALID_FROM_ALWAYS,
			.valid_to_s = VALID_TO_ALWAYS},
	};
	struct person *person = &message.person;

	assert_true(text_set(&person->user_id, span_from_string(user)));
	assert_true(text_set(&person->password, span_from_string(pin)));
	assert_true(text_set(&person->duress_password, span_from_string(duress)));
	person->has_password = pin[0] != 0;
	person->has_duress_password = duress[0] != 0;
	person->doors[0].has_door = true;
	return message;
}

static struct message_result insert(
	struct rig *rig, const char *user, const char *pin, const char *duress)
{
	struct message_person_write message = write_of(user, pin, duress);

	message.handle = rig_handle(rig,
		"/cgi-bin/recordUpdater.cgi?action=insert&name=AccessControlCard&CardNo=&UserID=1");
	const struct message_result *result = rig_ask(rig, &message);

	assert_int_equal(result->header.type, MESSAGE_RESULT);
	return *result;
}

static uint32_t update_pin(struct rig *rig, uint64_t no, const char *pin)
{
	struct message_person_write message = write_of("", pin, "");

	message.header.type = MESSAGE_PERSON_UPDATE;
	message.fields = PERSON_PASSWORD;
	message.person.no = no;
	message.handle = rig_handle(
		rig, "/cgi-bin/recordUpdater.cgi?action=update&name=AccessControlCard&recno=1");
	const struct message_result *result = rig_ask(rig, &message);

	return result->result;
}

static void type(struct rig *rig, uint8_t reader, const char *keys, unsigned bits)
{
	for (; *keys != 0; keys++) {
		uint8_t key = *keys == '#' ? KEYPAD_HASH : (uint8_t)(*keys - '0');
		struct card_bits frame;

		keypad_encode(key, bits, KEYPAD_SIX_PARITY, &frame);
		rig_edges(rig, reader, &frame);
	}
}

/* Types and gives the record that comes of it; seq: of the record before. */
static struct journal_entry typed(
	struct rig *rig, uint8_t reader, const char *keys, unsigned bits, uint64_t *seq)
{
	type(rig, reader, keys, bits);
	struct journal_entry record = rig_wait_entry(rig, *seq, JOURNAL_ACCESS);

	*seq = record.seq;
	return record;
}

static void a_pin_opens_from_its_answer_on(void **state)
{
	struct rig *rig = *state;
	uint64_t seq = 0;
	struct message_result added = insert(rig, "7", "135790", "");

	assert_int_equal(added.result, RESULT_OK);
	struct journal_entry record = typed(rig, 1, "135790#", 4, &seq);

	assert_int_equal(record.reason, REASON_GRANTED);
	assert_int_equal(record.method, METHOD_PASSWORD);
	assert_int_equal(record.side, SIDE_ENTRY);
	assert_int_equal(record.reader, 1);
	assert_true(text_is(&record.who.user_id, SPAN_LIT("7")));
	assert_true(rig_wait_lock(rig, 0, true));
	record = typed(rig, 3, "135790#", 8, &seq);
	assert_int_equal(record.reason, REASON_GRANTED);
	assert_int_equal(record.side, SIDE_EXIT);
	assert_int_equal(update_pin(rig, added.no, "246802"), RESULT_OK);
	assert_int_equal(typed(rig, 1, "135790#", 6, &seq).reason, REASON_WRONG_PIN);
	assert_int_equal(typed(rig, 1, "246802#", 6, &seq).reason, REASON_GRANTED);
	assert_int_equal(update_pin(rig, added.no, ""), RESULT_OK);
	assert_int_equal(typed(rig, 1, "246802#", 4, &seq).reason, REASON_WRONG_PIN);
}

static void pins_that_may_not_be_had_are_refused_in_words(void **state)
{
	struct rig *rig = *state;
	static const struct {
		const char *pin;
		const char *duress;
		uint32_t result;
		uint32_t reason;
		const char *words;
	} rows[] = {
		{"135790", "", RESULT_PIN_RULE, 0, "this PIN is taken"},
		{"246802", "135790", RESULT_PIN_RULE, 0, "this PIN is taken"},
		{"24680", "", RESULT_PIN_RULE, 1, "has at least 6 digits"},
		{"", "246802", RESULT_BAD_VALUE, 1, "DuressPassword is 4 to 12 digits"},
		{"246802", "24680x", RESULT_BAD_VALUE, 1, "DuressPassword is 4 to 12 digits"},
	};

	assert_int_equal(insert(rig, "7", "135790", "").result, RESULT_OK);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct message_result result = insert(rig, "8", rows[i].pin, rows[i].duress);
		char text[sizeof(result.text.bytes) + 1] = "";

		memcpy(text, result.text.bytes, result.text.len);
		assert_int_equal(result.result, rows[i].result);
		assert_int_equal(result.reason, rows[i].reason);
		assert_non_null(strstr(text, rows[i].words));
	}
	assert_int_equal(insert(rig, "8", "246802", "").result, RESULT_OK);
}

/* As the demo does: what may not open alone is kept, and opens nothing by itself. */
static void a_lenient_rule_keeps_every_password(void **state)
{
	struct rig *rig = *state;
	uint64_t seq = 0;

	assert_int_equal(insert(rig, "7", "135790", "").result, RESULT_OK);
	assert_int_equal(insert(rig, "8", "135790", "").result, RESULT_OK);
	assert_int_equal(insert(rig, "9", "2468", "").result, RESULT_OK);
	assert_int_equal(insert(rig, "10", "any text", "").result, RESULT_OK);
	struct journal_entry record = typed(rig, 1, "135790#", 4, &seq);

	assert_int_equal(record.reason, REASON_GRANTED);
	assert_true(text_is(&record.who.user_id, SPAN_LIT("7")));
	assert_int_equal(typed(rig, 1, "2468#", 4, &seq).reason, REASON_WRONG_PIN);
}

static void a_duress_pin_opens_and_alarms(void **state)
{
	struct rig *rig = *state;
	uint64_t seq = 0;

	assert_int_equal(insert(rig, "7", "135790", "246802").result, RESULT_OK);
	struct journal_entry record = typed(rig, 1, "246802#", 4, &seq);

	assert_int_equal(record.reason, REASON_GRANTED_DURESS);
	assert_int_equal(record.method, METHOD_PASSWORD);
	assert_true(rig_wait_lock(rig, 0, true));
	struct journal_entry alarm = rig_wait_entry(rig, 0, JOURNAL_DURESS);

	assert_int_equal(alarm.ref_rec_no, record.rec_no);
}

static void wrong_pins_lock_over_a_kill(void **state)
{
	struct rig *rig = *state;
	uint64_t seq = 0;

	assert_int_equal(insert(rig, "7", "135790", "").result, RESULT_OK);
	for (int i = 0; i < PIN_WRONG_FREE; i++)
		assert_int_equal(typed(rig, 1, "111111#", 4, &seq).reason, REASON_WRONG_PIN);
	struct journal_entry alarm = rig_wait_entry(rig, 0, JOURNAL_PIN_LOCKOUT);

	assert_int_equal(alarm.reader, 1);
	assert_int_equal(alarm.count, PIN_LOCKOUT_FIRST_S);
	assert_int_equal(typed(rig, 1, "135790#", 4, &seq).reason, REASON_PIN_LOCKED);
	rig_kill(rig);
	rig_start(rig);
	assert_int_equal(typed(rig, 1, "135790#", 4, &seq).reason, REASON_PIN_LOCKED);
	assert_int_equal(
		typed(rig, 3, "135790#", 4, &seq).reason, REASON_GRANTED); /* another reader */
}

static void frames_that_are_no_key_are_noise(void **state)
{
	struct rig *rig = *state;
	static const struct card_bits frames[] = {
		{.count = 4, .bytes = {0xc0}}, /* 12 */
		{.count = 6, .bytes = {0xff}}, /* parity */
		{.count = 8, .bytes = {0x11}}, /* no complement */
	};

	for (size_t i = 0; i < ARRAY_COUNT(frames); i++)
		rig_edges(rig, 2, &frames[i]);
	struct journal_entry entry = rig_wait_entry(rig, 0, JOURNAL_READER_NOISE);

	assert_int_equal(entry.reader, 2);
	assert_true(entry.count >= 1 && entry.count <= 3); /* told at each beat */
}

#define TEST(name, set_up) cmocka_unit_test_setup_teardown(name, set_up, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_pin_opens_from_its_answer_on, setup),
		TEST(pins_that_may_not_be_had_are_refused_in_words, setup),
		TEST(a_lenient_rule_keeps_every_password, setup_lenient),
		TEST(a_duress_pin_opens_and_alarms, setup),
		TEST(wrong_pins_lock_over_a_kill, setup),
		TEST(frames_that_are_no_key_are_noise, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
