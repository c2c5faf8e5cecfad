// SPDX-License-Identifier: Apache-2.0
/* Card numbers as text, validity as shown, range checks, and what the index takes of a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "domain/credential_index.h"

static struct person person_make(void)
{
	struct person p = {
		.no = 7,
		.is_valid = true,
		.uses_left = USES_UNLIMITED,
		.repeat_enter_timeout = UINT32_MAX,
		.valid_from_s = VALID_FROM_ALWAYS,
		.valid_to_s = VALID_TO_ALWAYS,
	};

	(void)text_set(&p.user_id, SPAN_LIT("102"));
	(void)text_set(&p.card_no, SPAN_LIT("0045678"));
	(void)text_set(&p.name, SPAN_LIT("Zo\xc3\xab"));
	return p;
}

static void card_numbers_are_decimal_and_zeros_in_front_mean_nothing(void **state)
{
	static const struct {
		const char *text;
		bool number;
		uint64_t value;
		const char *key;
	} rows[] = {
		{"0", true, 0, "0"},
		{"000", true, 0, "0"},
		{"45678", true, 45678, "45678"},
		{"0000045678", true, 45678, "45678"},
		{"18446744073709551615", true, UINT64_MAX, "18446744073709551615"},
		{"00000000000018446744073709551615", true, UINT64_MAX, "18446744073709551615"},
		{"18446744073709551616", false, 0, "18446744073709551616"},
		{"0099999999999999999999999999999", false, 0, "99999999999999999999999999999"},
		{"", false, 0, ""},
		{"0A1", false, 0, "0A1"},
		{"-1", false, 0, "-1"},
		{" 1", false, 0, " 1"},
		{"0x10", false, 0, "0x10"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct span text = span_from_string(rows[i].text);
		uint64_t value = 0;

		assert_int_equal(card_no_number(text, &value), rows[i].number);
		assert_int_equal(value, rows[i].value);
		assert_true(span_equal(card_no_key(text), span_from_string(rows[i].key)));
	}
}

static void validity_is_shown_false_by_itself_when_it_ends(void **state)
{
	struct person p = person_make();

	(void)state;
	assert_true(person_is_valid_at(&p, INT64_MAX));
	p.valid_to_s = 1000;
	assert_true(person_is_valid_at(&p, 1000));
	assert_false(person_is_valid_at(&p, 1001));
	p.valid_from_s = 500; /* not begun is not over */
	assert_true(person_is_valid_at(&p, 499));
	p.is_valid = false;
	assert_false(person_is_valid_at(&p, 700));
	p = person_make();
	p.card_type = CARD_TYPE_GUEST;
	p.uses_left = 1;
	assert_true(person_is_valid_at(&p, 0));
	p.uses_left = 0;
	assert_false(person_is_valid_at(&p, 0));
	p.card_type = CARD_TYPE_ORDINARY; /* uses stop guests only */
	assert_true(person_is_valid_at(&p, 0));
}

static void a_row_in_range_passes_and_each_field_out_of_range_fails(void **state)
{
	struct person good = person_make();
	struct person p = good;

	(void)state;
	assert_true(person_check(&good));
	good.card_status = CARD_STATUS_ALL;
	good.card_type = CARD_TYPE_MOTHER;
	good.user_type = 5;
	good.doors[127] = (struct person_door){65534, 255, true, true};
	assert_true(person_check(&good));
#define REFUSED(change)                                                                            \
	do {                                                                                       \
		p = good;                                                                          \
		change;                                                                            \
		assert_false(person_check(&p));                                                    \
	} while (0)
	REFUSED(p.card_status = 64);
	REFUSED(p.card_status = 255);
	REFUSED(p.card_type = 6);
	REFUSED(p.card_type = 254);
	REFUSED(p.user_type = 6);
	REFUSED(p.doors[127].door = 65535);
	REFUSED(p.doors[0].schedule = 256);
	REFUSED(p.user_id.len = 65);
	REFUSED(p.card_no.len = 33);
	REFUSED(p.name.len = 129);
	REFUSED(p.password.len = 65);
	REFUSED(p.duress_password.len = 65);
	REFUSED(p.vto_position.len = 33);
	REFUSED(p.dynamic_check_code.len = 33);
	REFUSED(p.citizen_id_no.len = 33);
	REFUSED((void)text_set(&p.name, SPAN_LIT("\xff")));
	REFUSED((void)text_set(&p.name, SPAN_LIT("123456789012345678901234567890123")));
	REFUSED(memset(&p.is_valid, 2, 1));
	REFUSED(memset(&p.first_enter, 2, 1));
	REFUSED(memset(&p.handicap, 2, 1));
	REFUSED(memset(&p.has_password, 2, 1));
	REFUSED(memset(&p.has_duress_password, 2, 1));
	REFUSED(memset(&p.pin_alone, 2, 1));
	REFUSED(memset(&p.doors[64].has_door, 2, 1));
	REFUSED(memset(&p.doors[64].has_schedule, 2, 1));
#undef REFUSED
}

static void a_name_may_have_32_characters_of_four_bytes(void **state)
{
	struct person p = person_make();
	char name[128];

	(void)state;
	for (unsigned i = 0; i < 32; i++)
		memcpy(name + 4 * i, "\xf0\x9f\x9a\xaa", 4);
	assert_true(text_set(&p.name, span_of(name, sizeof(name))));
	assert_true(person_check(&p));
}

static void the_index_takes_ids_rights_and_doors_that_exist(void **state)
{
	struct person p = person_make();
	struct credential c;

	(void)state;
	p.card_status = CARD_STATUS_PRE_ARREARS;
	p.card_type = CARD_TYPE_GUEST;
	p.uses_left = 3;
	p.valid_from_s = 10;
	p.valid_to_s = 20;
	p.doors[0] = (struct person_door){.door = 1, .has_door = true};
	p.doors[1] = (struct person_door){.door = 64, .has_door = true}; /* names no door */
	p.doors[2] = (struct person_door){.schedule = 9, .has_schedule = true}; /* no door */
	p.doors[127] = (struct person_door){63, 4, true, true};
	assert_true(credential_from_person(&p, &c));
	assert_int_equal(c.person_no, 7);
	assert_true(c.has_card);
	assert_int_equal(c.card_number, 45678);
	assert_false(c.pin_alone);
	assert_int_equal(c.valid_from_s, 10);
	assert_int_equal(c.valid_to_s, 20);
	assert_int_equal(c.uses_left, 3);
	assert_int_equal(c.card_status, CARD_STATUS_PRE_ARREARS);
	assert_int_equal(c.card_type, CARD_TYPE_GUEST);
	assert_true(c.is_valid);
	assert_int_equal(c.rule_count, 2);
	assert_int_equal(c.rule[0].door, 1);
	assert_int_equal(c.rule[0].schedule, SCHEDULE_ALWAYS);
	assert_int_equal(c.rule[1].door, 63);
	assert_int_equal(c.rule[1].schedule, 4);
}

static void a_person_without_a_number_that_can_match_stays_out_of_the_index(void **state)
{
	struct person p = person_make();
	struct credential c;

	(void)state;
	(void)text_set(&p.card_no, SPAN_LIT(""));
	assert_false(credential_from_person(&p, &c));
	(void)text_set(&p.card_no, SPAN_LIT("AB12"));
	assert_false(credential_from_person(&p, &c));
}

static void a_person_with_a_pin_is_in_the_index_without_a_card(void **state)
{
	struct person p = person_make();
	struct credential c;

	(void)state;
	(void)text_set(&p.card_no, SPAN_LIT("AB12"));
	p.has_password = true;
	p.pin_alone = true;
	assert_true(credential_from_person(&p, &c));
	assert_int_equal(c.person_no, 7);
	assert_false(c.has_card);
	assert_int_equal(c.card_number, 0);
	assert_true(c.pin_alone);
	assert_int_equal(c.pin, 0); /* the store's to fill in */
	assert_int_equal(c.pin_duress, 0);
	p.has_password = false;
	p.has_duress_password = true;
	assert_true(credential_from_person(&p, &c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(card_numbers_are_decimal_and_zeros_in_front_mean_nothing),
		cmocka_unit_test(validity_is_shown_false_by_itself_when_it_ends),
		cmocka_unit_test(a_row_in_range_passes_and_each_field_out_of_range_fails),
		cmocka_unit_test(a_name_may_have_32_characters_of_four_bytes),
		cmocka_unit_test(the_index_takes_ids_rights_and_doors_that_exist),
		cmocka_unit_test(a_person_with_a_pin_is_in_the_index_without_a_card),
		cmocka_unit_test(a_person_without_a_number_that_can_match_stays_out_of_the_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
