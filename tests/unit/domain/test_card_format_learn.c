// SPDX-License-Identifier: Apache-2.0
/* Learning card formats: what is proposed, how printed numbers are read, and what is said. */
#include "base/compiler.h"
#include "learn_cards.h"

static struct learning learning;

/* --- samples by hand --- */

static struct card_bits bits_of(const char *text)
{
	struct card_bits bits = {.count = (uint16_t)strlen(text)};

	for (unsigned i = 0; i < bits.count; i++)
		card_bits_put(&bits, i, text[i] == '1');
	return bits;
}

static struct card_format format_of(const char *description)
{
	struct card_format format;
	char text[512];
	struct buf why = buf_over(text, sizeof(text));

	if (!card_format_parse(&format, span_from_string(description), &why))
		fail_msg("%s: %.*s", description, (int)why.len, why.data);
	return format;
}

static struct card_format built_in(const char *name)
{
	const struct card_format *format = card_format_find(span_from_string(name));

	assert_non_null(format);
	return *format;
}

static void samples_begin(void)
{
	memset(&learning, 0, sizeof(learning));
}

static void add_bits(const char *bits, const char *printed)
{
	struct learn_sample *sample = &learning.sample[learning.sample_count++];
	char text[128];
	struct buf why = buf_over(text, sizeof(text));

	sample->bits = bits_of(bits);
	assert_true(printed_number_parse(span_from_string(printed), &sample->printed, &why));
}

/* A card of the format, with what is printed on it. */
static void add_card(
	const struct card_format *format, uint64_t facility, uint64_t card, const char *printed)
{
	const struct card_fields fields = {.card = card, .facility = facility};
	struct learn_sample *sample = &learning.sample[learning.sample_count++];
	char text[128];
	struct buf why = buf_over(text, sizeof(text));

	sample->bits = frame_make(format, &fields);
	assert_true(printed_number_parse(span_from_string(printed), &sample->printed, &why));
}

static void expect_description(unsigned at, const char *want)
{
	char text[2048];
	struct buf line = buf_over(text, sizeof(text) - 1);

	assert_true(at < learning.proposal_count);
	card_format_print_line(&learning.proposal[at].format, &line);
	assert_false(line.overflow);
	text[line.len] = '\0';
	assert_string_equal(text, want);
}

static const char *explanation(unsigned at)
{
	static char text[4096];
	struct buf out = buf_over(text, sizeof(text) - 1);

	learning_explain(&learning, at, &out);
	assert_false(out.overflow);
	text[out.len] = '\0';
	return text;
}

static const char *telling(unsigned a, unsigned b)
{
	static char text[1024];
	struct buf out = buf_over(text, sizeof(text) - 1);

	learning_tell(&learning, a, b, &out);
	assert_false(out.overflow);
	text[out.len] = '\0';
	return text;
}

static void expect_within(const char *text, const char *want)
{
	if (strstr(text, want) == NULL)
		fail_msg("`%s` is not in:\n%s", want, text);
}

/* --- how printed numbers are read --- */

static void printed_numbers_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool good;
		struct printed_number want;
	} rows[] = {
		{"123/45678", true, {123, 45678, true}},
		{" 123-045678 ", true, {123, 45678, true}},
		{"212,07041", true, {212, 7041, true}},
		{"4294967295/18446744073709551615", true, {UINT32_MAX, UINT64_MAX, true}},
		{"0012345678", true, {0, 12345678, false}},
		{"18446744073709551615", true, {0, UINT64_MAX, false}},
		{"0/0", true, {0, 0, true}},
		{"", false, {0}},
		{"/", false, {0}},
		{"123/", false, {0}},
		{"/45678", false, {0}},
		{"1/2/3", false, {0}},
		{"4294967296/1", false, {0}},
		{"18446744073709551616", false, {0}},
		{"12 34", false, {0}},
		{"1A2B", false, {0}},
		{"-5", false, {0}},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct printed_number got = {7, 7, true};
		char text[128];
		struct buf why = buf_over(text, sizeof(text));

		assert_int_equal(printed_number_parse(span_from_string(rows[i].text), &got, &why),
			rows[i].good);
		assert_int_equal(why.len == 0, rows[i].good);
		if (!rows[i].good)
			continue;
		assert_int_equal(got.facility, rows[i].want.facility);
		assert_int_equal(got.number, rows[i].want.number);
		assert_int_equal(got.has_facility, rows[i].want.has_facility);
	}
}

/* Formats that send the same bits are told apart by what is printed. */
static void the_printed_form_decides_between_formats_of_the_same_bits(void **state)
{
	(void)state;
	static const struct {
		const char *format;
		enum learn_reading reading;
		const char *printed[3];
	} rows[] = {
		{"W34", LEARN_CARD, {"305419896", "2312379265", "2018915346"}},
		{"H10306", LEARN_FACILITY_AND_CARD, {"4660/22136", "35284/7041", "30806/13330"}},
		{"W34-BQT", LEARN_FACILITY_AND_CARD, {"18/3430008", "137/13900673", "120/5649426"}},
	};
	struct card_format w34 = built_in("W34");

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		samples_begin();
		add_card(&w34, 0, 305419896, rows[i].printed[0]);
		add_card(&w34, 0, 2312379265, rows[i].printed[1]);
		add_card(&w34, 0, 2018915346, rows[i].printed[2]);
		assert_int_equal(learning_run(&learning), LEARN_OK);
		assert_true(learning.proposal[0].built_in);
		assert_true(text_is(
			&learning.proposal[0].format.name, span_from_string(rows[i].format)));
		assert_int_equal(learning.proposal[0].reading, rows[i].reading);
		assert_int_equal(learning.proposal[0].fits, 7);
		assert_int_equal(learning.proposal[0].check_bits, 2);
		assert_int_equal(learning.proposal[0].percent, 99);
	}
}

static void one_number_may_be_the_card_or_both_codes(void **state)
{
	(void)state;
	struct card_format w26 = built_in("W26");
	static const struct {
		enum learn_reading reading;
		const char *printed[3];
		const char *first;
		const char *said;
	} rows[] = {
		{LEARN_CARD, {"45678", "1", "60001"}, "W26",
			"card 45678 is of facility 123 and is enrolled as 8106606\n"},
		{LEARN_DIGITS, {"12345678", "12300001", "12360001"}, "W26",
			"facility code and five digits of card number are printed as one\n"},
		/* The same card either way: the plain number is the simpler word for it. */
		{LEARN_CARD, {"8106606", "8060929", "8120929"}, "W26-24",
			"the printed number is the card number\n"},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		samples_begin();
		add_card(&w26, 123, 45678, rows[i].printed[0]);
		add_card(&w26, 123, 1, rows[i].printed[1]);
		add_card(&w26, 123, 60001, rows[i].printed[2]);
		assert_int_equal(learning_run(&learning), LEARN_OK);
		assert_true(text_is(
			&learning.proposal[0].format.name, span_from_string(rows[i].first)));
		assert_int_equal(learning.proposal[0].reading, rows[i].reading);
		expect_within(explanation(0), rows[i].said);
	}
	assert_true(text_is(&learning.proposal[1].format.name, SPAN_LIT("W26")));
	assert_int_equal(learning.proposal[1].reading, LEARN_ENROLLED);
	assert_int_equal(learning.proposal[1].percent, learning.proposal[0].percent);
	assert_string_equal(telling(0, 1), "proposal 1 and proposal 2 read every card alike\n");
}

/* --- formats made from the bits --- */

static void a_split_format_is_described_with_its_checks(void **state)
{
	(void)state;
	struct card_format format = format_of(
		"bits=47 card=9-24,30-40 facility=1-8 parity=\"0 even 1-23; 46 odd 23-45\" "
		"ignore=25-29,41-45");

	samples_begin();
	random_state = 5;
	add_card(&format, 200, 93481217, "200/93481217");
	add_card(&format, 17, 130277001, "17/130277001");
	add_card(&format, 131, 41529770, "131/41529770");
	add_card(&format, 90, 77191500, "90/77191500");
	add_card(&format, 255, 5540861, "255/5540861");
	assert_int_equal(learning_run(&learning), LEARN_OK);
	expect_description(0, "name=learned-47 bits=47 card=9-24,30-40 facility=1-8 "
			      "parity=\"0 even 1-23; 46 odd 23-45\" ignore=25-29,41-45");
	assert_false(learning.proposal[0].built_in);
	expect_within(explanation(0), "2 check bits are right in 5 samples\n");
	expect_within(explanation(0), "bits 25-29 are ignored: they were different from card to "
				      "card\n");
}

static void a_number_backward_by_bytes_is_found(void **state)
{
	(void)state;
	struct card_format format =
		format_of("bits=34 card=1-32 byte_order=lsb parity=\"0 even 1-16; 33 odd 17-32\"");

	samples_begin();
	add_card(&format, 0, 305419896, "305419896");
	add_card(&format, 0, 2312379265, "2312379265");
	add_card(&format, 0, 2018915347, "2018915347");
	assert_int_equal(learning_run(&learning), LEARN_OK);
	expect_description(0, "name=learned-34 bits=34 card=1-32 byte_order=lsb "
			      "parity=\"0 even 1-16; 33 odd 17-32\"");
}

static void xor_and_three_parities_are_found(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"name=learned-44 bits=44 card=11-39 xor=\"40-43 over 0-39\" "
		"constant=\"0-10=00110101001\"",
		"name=learned-41 bits=41 card=20-39 facility=2-19 "
		"parity=\"1 even 3-4,6-7,9-10,12-13,15-16,18-19,21-22,24-25,27-28,30-31,33-34,"
		"36-37,39; 40 odd 2-3,5-6,8-9,11-12,14-15,17-18,20-21,23-24,26-27,29-30,32-33,"
		"35-36,38-39; 0 odd 1-40\"",
		"name=learned-28 bits=28 card=0-26 parity=\"27 odd 0-26\"",
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct card_format format = format_of(rows[i]);

		samples_begin();
		random_state = 99;
		for (unsigned card = 0; card < 8; card++) {
			struct card_fields fields = random_fields(&format);
			struct learn_sample *sample = &learning.sample[learning.sample_count++];

			sample->bits = frame_make(&format, &fields);
			sample->printed = print_of(&format, &fields);
		}
		assert_int_equal(learning_run(&learning), LEARN_OK);
		expect_description(0, rows[i]);
	}
}

/* One lone parity bit agrees with three samples by chance: it is told, and not taken. */
static void a_check_that_may_be_chance_is_only_told(void **state)
{
	(void)state;
	struct card_format format = format_of("bits=28 card=0-26 parity=\"27 odd 0-26\"");

	samples_begin();
	add_card(&format, 0, 93481217, "93481217");
	add_card(&format, 0, 130277001, "130277001");
	add_card(&format, 0, 41529770, "41529770");
	assert_int_equal(learning_run(&learning), LEARN_OK);
	expect_description(0, "name=learned-28 bits=28 card=0-26 ignore=27");
	assert_true(learning.proposal[0].has_maybe);
	assert_int_equal(learning.proposal[0].maybe.bit, 27);
	assert_int_equal(learning.proposal[0].check_bits, 0);
	expect_within(explanation(0), "bit 27 may be odd parity over 0-26, which is so in every "
				      "sample; more cards would make it certain\n");
}

static void zeros_in_front_are_a_guess_up_to_the_next_known_bit(void **state)
{
	(void)state;
	struct card_format format = format_of(
		"bits=47 card=17-44 facility=1-16 parity=\"0 even 1-23; 46 odd 23-45\" ignore=45");

	samples_begin();
	random_state = 8;
	add_card(&format, 50001, 8191, "50001/8191");
	add_card(&format, 1234, 4711, "1234/4711");
	add_card(&format, 40404, 815, "40404/815");
	assert_int_equal(learning_run(&learning), LEARN_OK);
	expect_description(0, "name=learned-47 bits=47 card=17-44 facility=1-16 "
			      "parity=\"0 even 1-23; 46 odd 23-45\" ignore=45");
	assert_int_equal(learning.proposal[0].card_guessed, 28 - 13);
	assert_int_equal(learning.proposal[0].facility_guessed, 0);
	expect_within(explanation(0),
		"the 15 highest bits of `card` were 0 in every sample: that the field is so wide "
		"is a guess until a number from 8192 on is read\n");
}

static void what_says_no_more_than_chance_is_not_proposed(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 300; seed++) {
		samples_begin();
		random_state = seed;
		for (unsigned i = 0; i < 3; i++) {
			struct learn_sample *sample = &learning.sample[learning.sample_count++];

			sample->bits.count = 37;
			for (unsigned bit = 0; bit < 37; bit++)
				card_bits_put(&sample->bits, bit, (random_next() & 1) != 0);
			sample->printed.number = random_next() >> (seed % 2 == 0 ? 40 : 56);
		}
		assert_int_equal(learning_run(&learning), LEARN_NOTHING);
		assert_int_equal(learning.proposal_count, 0);
	}
}

/* --- samples that are wrong --- */

static void one_wrong_number_does_not_hide_what_the_others_say(void **state)
{
	(void)state;
	struct card_format w26 = built_in("W26");

	samples_begin();
	add_card(&w26, 123, 45678, "123/45678");
	add_card(&w26, 7, 1, "7/1");
	add_card(&w26, 200, 60001, "200/60010"); /* digits changed places */
	add_card(&w26, 99, 31000, "99/31000");
	assert_int_equal(learning_run(&learning), LEARN_OK);
	assert_true(text_is(&learning.proposal[0].format.name, SPAN_LIT("W26")));
	assert_int_equal(learning.proposal[0].fits, 0xb);
	expect_within(explanation(0), "sample 3 is not read as printed: look at its number "
				      "again");
	expect_within(explanation(0), "2 check bits are right in 3 samples\n");
}

static void samples_that_cannot_be_learned_from_are_refused(void **state)
{
	(void)state;
	struct card_format w26 = built_in("W26");
	struct card_format w34 = built_in("W34");

	samples_begin();
	assert_int_equal(learning_run(&learning), LEARN_NO_SAMPLE);
	add_card(&w26, 1, 2, "1/2");
	add_card(&w34, 0, 3, "1/3");
	assert_int_equal(learning_run(&learning), LEARN_LENGTHS);
	samples_begin();
	add_card(&w26, 1, 2, "1/2");
	add_card(&w26, 1, 3, "65539");
	assert_int_equal(learning_run(&learning), LEARN_PRINTS);
	samples_begin();
	add_card(&w26, 1, 2, "1/2");
	add_card(&w26, 1, 2, "1/3");
	assert_int_equal(learning_run(&learning), LEARN_CONTRADICTION);
	assert_int_equal(learning.proposal_count, 0);
	for (unsigned bits = 22; bits <= 68; bits++) {
		samples_begin();
		learning.sample_count = 1;
		learning.sample[0].bits.count = (uint16_t)bits;
		learning.sample[0].printed.number = 5;
		assert_int_equal(learning_run(&learning) == LEARN_BITS, bits < 24 || bits > 66);
	}
	for (unsigned i = 0; i < LEARN_RESULT_COUNT; i++)
		assert_true(strlen(learn_result_sentence((enum learn_result)i)) > 10);
}

/* The same card twice says nothing twice, and hides no second format. */
static void a_card_shown_twice_counts_once(void **state)
{
	(void)state;
	struct card_format w26 = built_in("W26");
	int32_t score;

	samples_begin();
	add_card(&w26, 123, 45678, "123/45678");
	add_card(&w26, 7, 1, "7/1");
	assert_int_equal(learning_run(&learning), LEARN_OK);
	score = learning.proposal[0].score;
	add_card(&w26, 7, 1, "7/1");
	assert_int_equal(learning_run(&learning), LEARN_OK);
	assert_int_equal(learning.proposal[0].score, score);
	assert_int_equal(learning.proposal[0].fits, 7);
}

/* Nothing is known, and everything fits: the search must end, and say that it was cut short. */
static void samples_without_content_end_the_search(void **state)
{
	(void)state;
	for (unsigned count = 1; count <= LEARN_SAMPLES_MAX; count += 5) {
		samples_begin();
		learning.sample_count = (uint8_t)count;
		for (unsigned i = 0; i < count; i++) {
			learning.sample[i].bits.count = 66;
			learning.sample[i].printed.has_facility = true;
		}
		(void)learning_run(&learning);
		assert_true(learning.cut_short);
	}
}

/* --- what tells proposals apart --- */

/* Two proposals over samples that both read. */
static void two_proposals(const struct card_format *one, enum learn_reading one_reading,
	const struct card_format *other, enum learn_reading other_reading)
{
	learning.proposal_count = 2;
	learning.proposal[0] =
		(struct learn_proposal){.format = *one, .reading = one_reading, .fits = 1};
	learning.proposal[1] =
		(struct learn_proposal){.format = *other, .reading = other_reading, .fits = 1};
}

static void a_longer_number_tells_fields_of_different_width_apart(void **state)
{
	(void)state;
	struct card_format wide = format_of("bits=34 card=9-32 facility=1-8 ignore=0,33");
	struct card_format narrow = format_of("bits=34 card=17-32 facility=1-8 ignore=0,9-16,33");
	struct learn_difference difference;

	samples_begin();
	add_card(&wide, 12, 45678, "12/45678");
	two_proposals(&narrow, LEARN_FACILITY_AND_CARD, &wide, LEARN_FACILITY_AND_CARD);
	learning_difference(&learning, 0, 1, &difference);
	assert_int_equal(difference.kind, LEARN_CARD_TELLS);
	assert_int_equal(difference.from, 1);
	assert_int_equal(difference.above, 65536);
	assert_false(difference.by_facility);
	assert_int_equal(difference.example.card, 65536 + 45678);
	assert_int_equal(difference.other.card, 45678);
	assert_string_equal(telling(0, 1),
		"a card with a number from 65536 on tells: the frame that proposal 2 reads as "
		"12/111214 is read as 12/45678 by proposal 1\n");
}

static void a_facility_code_tells(void **state)
{
	(void)state;
	struct card_format wide = format_of("bits=34 card=17-32 facility=1-16 ignore=0,33");
	struct card_format narrow = format_of("bits=34 card=17-32 facility=9-16 ignore=0-8,33");
	struct card_format split = format_of("bits=34 card=17-32 facility=9-15,8 ignore=0-7,16,33");

	samples_begin();
	add_card(&wide, 12, 45678, "12/45678");
	two_proposals(&wide, LEARN_FACILITY_AND_CARD, &narrow, LEARN_FACILITY_AND_CARD);
	assert_string_equal(telling(0, 1),
		"a card with a facility code from 256 on tells: the frame that proposal 1 reads as "
		"268/45678 is read as 12/45678 by proposal 2\n");
	two_proposals(&narrow, LEARN_FACILITY_AND_CARD, &split, LEARN_FACILITY_AND_CARD);
	assert_string_equal(telling(0, 1),
		"one more card with another facility code tells: the frame that proposal 1 reads "
		"as 13/45678 is read as 12/45678 by proposal 2\n");
}

static void one_more_card_tells_where_a_field_is_cut(void **state)
{
	(void)state;
	struct card_format early = format_of("bits=34 card=1-8,17-32 ignore=0,9-16,33");
	struct card_format late = format_of("bits=34 card=1-9,18-32 ignore=0,10-17,33");

	samples_begin();
	add_bits("0000000001000000010000000000000010", "32769"); /* bits 9 and 17 are alike */
	two_proposals(&early, LEARN_CARD, &late, LEARN_CARD);
	assert_string_equal(telling(0, 1),
		"one more card may tell: the frame that proposal 1 reads as 1 is read as 32769 by "
		"proposal 2\n");
}

static void checks_alone_are_told_as_such(void **state)
{
	(void)state;
	struct card_format w26 = built_in("W26");
	struct card_format bare = format_of("bits=26 card=9-24 facility=1-8 ignore=0,25");
	struct card_format same =
		format_of("bits=26 card=9-24 facility=1-8 parity=\"25 odd 13-24; 0 even 1-12\"");
	struct learn_difference difference;

	samples_begin();
	add_card(&w26, 123, 45678, "123/45678");
	two_proposals(&w26, LEARN_FACILITY_AND_CARD, &bare, LEARN_FACILITY_AND_CARD);
	learning_difference(&learning, 0, 1, &difference);
	assert_int_equal(difference.kind, LEARN_REFUSALS);
	assert_string_equal(telling(0, 1), "proposal 1 and proposal 2 read the same numbers; a "
					   "card that only one of them refuses tells\n");
	two_proposals(&w26, LEARN_FACILITY_AND_CARD, &same, LEARN_FACILITY_AND_CARD);
	learning_difference(&learning, 0, 1, &difference);
	assert_int_equal(difference.kind, LEARN_ALIKE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(printed_numbers_are_read),
		cmocka_unit_test(the_printed_form_decides_between_formats_of_the_same_bits),
		cmocka_unit_test(one_number_may_be_the_card_or_both_codes),
		cmocka_unit_test(a_split_format_is_described_with_its_checks),
		cmocka_unit_test(a_number_backward_by_bytes_is_found),
		cmocka_unit_test(xor_and_three_parities_are_found),
		cmocka_unit_test(a_check_that_may_be_chance_is_only_told),
		cmocka_unit_test(zeros_in_front_are_a_guess_up_to_the_next_known_bit),
		cmocka_unit_test(what_says_no_more_than_chance_is_not_proposed),
		cmocka_unit_test(one_wrong_number_does_not_hide_what_the_others_say),
		cmocka_unit_test(samples_that_cannot_be_learned_from_are_refused),
		cmocka_unit_test(a_card_shown_twice_counts_once),
		cmocka_unit_test(samples_without_content_end_the_search),
		cmocka_unit_test(a_longer_number_tells_fields_of_different_width_apart),
		cmocka_unit_test(a_facility_code_tells),
		cmocka_unit_test(one_more_card_tells_where_a_field_is_cut),
		cmocka_unit_test(checks_alone_are_told_as_such),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
