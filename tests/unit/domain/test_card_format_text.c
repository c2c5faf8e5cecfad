// SPDX-License-Identifier: Apache-2.0
/* Descriptions of card formats: what is read, what is refused and how, what is printed, remarks. */
#include "base/compiler.h"
#include "domain/card_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* What 47 bits of a third party may look like: split fields, four of them. */
#define W47                                                                                        \
	"name=W47 bits=47 card=9-24,30-40 facility=1-8 issue=41-45 oem=25-29 "                     \
	"parity=\"0 even 1-23; 46 odd 24-45\""

static struct card_format parsed(const char *text)
{
	char memory[512];
	struct buf why = buf_over(memory, sizeof(memory));
	struct card_format format;

	if (!card_format_parse(&format, span_from_string(text), &why))
		fail_msg("%s: %.*s", text, (int)why.len, why.data);
	assert_int_equal(why.len, 0);
	return format;
}

static void assert_prints(const struct card_format *format, const char *want)
{
	char memory[2048];
	struct buf out = buf_over(memory, sizeof(memory));

	card_format_print_line(format, &out);
	buf_add_byte(&out, '\0');
	assert_false(out.overflow);
	assert_string_equal(memory, want);
}

static void assert_bits(const struct card_bits *bits, const char *want)
{
	char text[CARD_BITS_MAX + 1] = "";

	for (unsigned i = 0; i < bits->count; i++)
		text[i] = card_bits_get(bits, i) ? '1' : '0';
	assert_string_equal(text, want);
}

/* --- good ones --- */

/* The bits were written down by another program. */
static void a_format_with_split_fields_reads_and_writes(void **state UNUSED)
{
	static const struct {
		struct card_fields fields; /* card, facility, issue, oem */
		const char *bits;
	} cases[] = {
		{{98765432, 165, 3, 21}, "11010010110111100011000011010101001111000000110"},
		{{0, 0, 0, 0}, "00000000000000000000000000000000000000000000001"},
		{{134217727, 255, 31, 31}, "11111111111111111111111111111111111111111111111"},
		{{1, 1, 0, 0}, "10000000100000000000000000000000000000001000000"},
	};
	struct card_format format = parsed(W47);

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct card_bits bits;
		struct card_fields fields;

		assert_int_equal(
			card_format_encode(&format, &cases[i].fields, &bits), CARD_FORMAT_OK);
		assert_bits(&bits, cases[i].bits);
		assert_int_equal(card_format_decode(&format, &bits, &fields), CARD_FORMAT_OK);
		assert_memory_equal(&fields, &cases[i].fields, sizeof(fields));
		assert_true(card_format_number(&format, &fields) ==
			    (fields.facility << 27 | fields.card));
	}
	assert_prints(&format, W47);
}

static void every_built_in_format_is_printed_and_read_back(void **state UNUSED)
{
	const struct card_format *format;

	for (unsigned i = 0; (format = card_format_at(i)) != NULL; i++) {
		char memory[1024];
		struct buf line = buf_over(memory, sizeof(memory));

		card_format_print_line(format, &line);
		buf_add_byte(&line, '\0');
		assert_false(line.overflow);
		struct card_format again = parsed(memory);

		assert_memory_equal(&again, format, sizeof(again));
	}
}

static void lines_are_printed_in_one_form(void **state UNUSED)
{
	static const struct {
		const char *written;
		const char *printed;
	} cases[] = {
		{"card=1-24 bits=26", "name=described bits=26 card=1-24"},
		{"  bits=26\tcard=\"1-24\"  ", "name=described bits=26 card=1-24"},
		{"bits=24 card=0-23 byte_order=lsb bit_order=msb",
			"name=described bits=24 card=0-23 byte_order=lsb"},
		{"bits=24 card=0-23 byte_order=msb bit_order=lsb priority=0",
			"name=described bits=24 card=0-23 bit_order=lsb"},
		{"bits=26 card=9-24 facility=1-8 standard_parity=yes facilities=7,200 priority=255",
			"name=described bits=26 card=9-24 facility=1-8 "
			"parity=\"0 even 1-12; 25 odd 13-24\" facilities=7,200 priority=255"},
		{"bits=26 card=1-24 parity=\"25 odd 13-24 ;0   even  3,1-2 , 4-12\"",
			"name=described bits=26 card=1-24 parity=\"25 odd 13-24; 0 even 1-12\""},
		{"bits=40 card=4-31 xor=\"32-39 over 0-31\" constant=0-1=11;2-3=01",
			"name=described bits=40 card=4-31 xor=\"32-39 over 0-31\" "
			"constant=\"0-3=1101\""},
		{"bits=40 card=4-30 ignore=31,39,38 constant=\"1=0; 3=1\"",
			"name=described bits=40 card=4-30 constant=\"1=0; 3=1\" ignore=31,38-39"},
		{"bits=26 card=1-24 standard_parity=no", "name=described bits=26 card=1-24"},
	};

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct card_format format = parsed(cases[i].written);
		struct card_format again = parsed(cases[i].printed);

		assert_prints(&format, cases[i].printed);
		assert_memory_equal(&again, &format, sizeof(again));
	}
}

static void yaml_is_an_item_of_the_list(void **state UNUSED)
{
	struct card_format format =
		parsed("name=Gate.7 bits=40 card=16-31 facility=4-15 xor=\"32-39 over 0-31\" "
		       "constant=0-3=1111 facilities=5,6");
	char memory[1024];
	struct buf out = buf_over(memory, sizeof(memory));

	card_format_print_yaml(&format, &out);
	buf_add_byte(&out, '\0');
	assert_string_equal(memory, "  - name: Gate.7\n"
				    "    bits: 40\n"
				    "    card: 16-31\n"
				    "    facility: 4-15\n"
				    "    xor:\n"
				    "      - 32-39 over 0-31\n"
				    "    constant:\n"
				    "      - 0-3=1111\n"
				    "    facilities:\n"
				    "      - 5\n"
				    "      - 6\n");
}

/* 26, 34, 42, 50, 58 and 66 bits by the rule that the built-in ones wrote out. */
static void standard_parity_halves_the_data(void **state UNUSED)
{
	static const char *const names[] = {"W26", "W34", "W42", "W50", "W58", "W66", "W32-parity"};

	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		const struct card_format *format = card_format_find(span_from_string(names[i]));
		char line[128];

		(void)snprintf(
			line, sizeof(line), "standard_parity=yes card=1-20 bits=%u", format->bits);
		struct card_format got = parsed(line);

		assert_int_equal(got.parity_count, 2);
		assert_memory_equal(got.parity, format->parity, sizeof(got.parity));
	}
}

/* --- refused ones --- */

struct bad {
	const char *text;
	const char *words;
};

static void check_refused(const struct bad *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char memory[512];
		struct buf why = buf_over(memory, sizeof(memory));
		struct card_format format;
		bool good = card_format_parse(&format, span_from_string(cases[i].text), &why);

		buf_add_byte(&why, '\0');
		assert_false(why.overflow);
		if (good || strstr(memory, cases[i].words) == NULL || memory[0] == '\0')
			fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].text,
				good ? "(good)" : memory, cases[i].words);
	}
}

static void lines_that_are_no_descriptions_are_refused(void **state UNUSED)
{
	static const struct bad cases[] = {
		{"", "`bits` is missing; allowed: a whole number from 24 to 128"},
		{"bits=26", "`card` is missing; write which bits are the card's number, as 9-24"},
		{"card=1-24", "`bits` is missing"},
		{"W26", "`W26` is no key with a value; write bits=26 card=1-24"},
		{"bits =26", "`bits` is no key with a value"},
		{"=26", "`=26` is no key with a value"},
		{"bits=26 card=1-24 bitts=3", "unknown key `bitts`; allowed: name, bits, card, "},
		{"bits=26 bits=26", "`bits` is given twice"},
		{"bits=26 Card=1-24", "unknown key `Card`"},
		{"bits=26 card=", "`card` has no value"},
		{"bits=26 card=\"  \"", "`card` has no value"},
		{"bits=26 parity=\"0 even 1-12", "the quote of `parity` is not closed"},
		{"bits=26 card=1-24 parity=0 even 1-12", "`even` is no key with a value"},
		{"bits=26\ncard=1-24", "`26?card=1-24` in `bits` is no length of a frame"},
		{"bits=26 name=26 card=1-24", "`26` in `name` is no name; allowed: 1 to 32 of A-Z"},
		{"bits=26 name=a/b card=1-24", "`a/b` in `name` is no name"},
		{"bits=26 name=Null card=1-24", "`Null` in `name` is no name"},
		{"bits=26 name=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "in `name` is no name"},
		{"bits=26 priority=256", "`256` in `priority` is no priority; allowed: a whole"},
		{"bits=26 byte_order=big", "`big` in `byte_order` is no order; allowed: msb"},
		{"bits=26 bit_order=LSB", "`LSB` in `bit_order` is no order"},
	};

	check_refused(cases, ARRAY_COUNT(cases));
}

static void numbers_and_ranges_are_strict(void **state UNUSED)
{
	static const struct bad cases[] = {
		{"bits=23 card=0-22", "`23` in `bits` is no length of a frame; allowed: a whole "
				      "number from 24 to 128"},
		{"bits=129 card=0-60", "`129` in `bits` is no length of a frame"},
		{"bits=026", "`026` in `bits` is no length"},
		{"bits=0x20", "`0x20` in `bits`"},
		{"bits=99999999999999999999", "in `bits` is no length"},
		{"bits=26 card=24-9",
			"`24-9` in `card` goes backward; write the lower bit first, as 9-24"},
		{"bits=26 card=9-", "`9-` in `card` is no range of bits; write the first and the "
				    "last bit, as 9-24, or one bit, as 9"},
		{"bits=26 card=-9", "`-9` in `card` is no range"},
		{"bits=26 card=1-2-3", "`1-2-3` in `card` is no range"},
		{"bits=26 card=1..9", "`1..9` in `card` is no range"},
		{"bits=26 card=09-24", "`09-24` in `card` is no range"},
		{"bits=26 card=1-24,", "`` in `card` is no range"},
		{"bits=26 card=1-128", "`1-128` in `card` is outside of a frame; bits are numbered "
				       "from 0, the first received, to at most 127"},
		{"bits=26 card=99999999999999999999", "in `card` is no range"},
		{"bits=26 card=1-26", "`card` 1-26 leaves the frame: `bits` is 26, so that the "
				      "last bit is 25"},
		{"bits=66 card=1,2,3,4,5", "too much in `card`; allowed: at most 4 ranges of bits"},
		{"bits=26 card=1-12,12-24", "bit 12 is in `card` twice; a bit has one meaning"},
		{"bits=26 card=9-24 facility=1-9", "bit 9 is in `card` and in `facility`; a bit"},
		{"bits=26 card=9-24 issue=1-8 oem=8", "bit 8 is in `issue` and in `oem`"},
		{"bits=66 card=0-64", "`card` has more than 64 bits"},
		{"bits=66 card=0-31 oem=1", "bit 1 is in `card` and in `oem`"},
		{"bits=66 card=0-32 facility=33-64",
			"`card` and `facility` have more than 64 bits together"},
		{"bits=26 card=1-23 byte_order=lsb",
			"`byte_order` is lsb, but `card` has 23 bits, which are no whole bytes"},
		{"bits=26 card=9-24 facilities=1", "`facilities` needs `facility`"},
		{"bits=26 card=9-24 facility=1-8 facilities=256",
			"256 in `facilities` does not fit into the 8 bits of `facility`"},
		{"bits=26 card=9-24 facility=1-8 facilities=4,5,4", "4 stands twice in"},
		{"bits=26 card=9-24 facility=1-8 facilities=1,a",
			"`a` in `facilities` is no facility code; allowed: whole numbers"},
		{"bits=26 card=9-24 facility=1-8 facilities=4294967296", "is no facility code"},
		{"bits=26 card=9-24 facility=1-8 facilities=1,2,3,4,5,6,7,8,9",
			"too much in `facilities`; allowed: at most 8 facility codes"},
	};

	check_refused(cases, ARRAY_COUNT(cases));
}

#define D26 "bits=26 card=1-24 "

static void checks_that_cannot_be_made_are_refused(void **state UNUSED)
{
	static const struct bad cases[] = {
		{D26 "parity=\"0 evn 1-12\"",
			"`0 evn 1-12` in `parity` is no parity; write its bit, even or odd, and "
			"the bits it covers: 0 even 1-12"},
		{D26 "parity=even", "`even` in `parity` is no parity"},
		{D26 "parity=\"0-1 even 2-3\"", "in `parity` is no parity"},
		{D26 "parity=\"0 even\"", "`parity` names no bits; write them as 1-12 or 2-3,5-6"},
		{D26 "parity=\"0 even 1-12;\"", "`` in `parity` is no parity"},
		{D26 "parity=\"0 even 1-12,5\"", "`5` in `parity` names a bit for a second time"},
		{D26 "parity=\"0 even 1-26\"", "`parity` 1-26 leaves the frame"},
		{D26 "parity=\"26 even 1-24\"", "`parity` 26 leaves the frame: `bits` is 26"},
		{D26 "parity=\"5 even 6-7\"", "bit 5 is in `card` and in `parity`"},
		{D26 "parity=\"0 even 0-12\"", "the parity bit 0 covers itself"},
		{D26 "parity=\"0 even 1-12; 0 odd 13-24\"", "bit 0 is in `parity` twice"},
		{D26 "parity=\"0 even 1-25; 25 odd 13-24\"",
			"the parity bit 0 covers the parity bit 25, which is written later; give "
			"25 first"},
		{D26 "parity=\"0 even 1; 25 odd 2\" standard_parity=yes",
			"`parity` and `standard_parity` are both given"},
		{D26 "standard_parity=yes parity=\"0 even 1\"", "are both given"},
		{D26 "standard_parity=true", "`true` in `standard_parity` is neither of: yes, no"},
		{"bits=37 card=1-35 standard_parity=yes",
			"`standard_parity` halves the data between the first and the last bit, but "
			"`bits` is odd"},
		{"standard_parity=yes", "`standard_parity` needs `bits`, which is not given"},
		{"bits=30 card=5-29 parity=\"0 odd 5;1 odd 5;2 odd 5;3 odd 5;4 odd 5\"",
			"too much in `parity`; allowed: at most 4 parity bits"},
		{D26 "xor=25", "`25` in `xor` is no XOR check; write its bits and the bits they "
			       "are the XOR of: 40-43 over 0-39"},
		{D26 "xor=\"25 over\"", "`` in `xor` is no range"},
		{D26 "xor=\"24-25 over 0-21\"", "bit 24 is in `card` and in `xor`"},
		{"bits=40 card=0-30 xor=\"31-39 over 0-26\"", "more than 8 check bits"},
		{"bits=40 card=0-30 xor=\"32-39 over 0-30\"",
			"`xor` covers 31 bits, which are no whole groups of its 8 check bits"},
		{"bits=40 card=0-30 xor=\"32-39 over 1-32\"", "`xor` covers its own check bits"},
		{"bits=40 card=0-30 xor=\"38-39 over 30-37; 36-37 over 0-5\"",
			"`xor` covers the check bits of a XOR that is written later"},
		{"bits=40 card=0-30 xor=\"38-39 over 30-37\" parity=\"36 odd 1\"",
			"`xor` covers bit 36, a parity bit: parity bits are written after XORs"},
		{"bits=40 card=0-9 xor=\"10 over 1;11 over 1;12 over 1\"",
			"too much in `xor`; allowed: at most 2 XOR checks"},
		{D26 "constant=0", "`0` in `constant` has no value; write the bits and what they"},
		{D26 "constant=0=11", "`0=11` in `constant` needs as many digits 0 and 1"},
		{D26 "constant=0=2", "`0=2` in `constant` has a digit other than 0 and 1"},
		{D26 "constant=0=1;0=1", "`0=1` in `constant` names a bit for a second time"},
		{D26 "constant=26=1", "`constant` 26 leaves the frame"},
		{D26 "constant=24=1", "bit 24 is in `card` and in `constant`"},
		{D26 "ignore=0,0", "`0` in `ignore` names a bit for a second time"},
		{D26 "ignore=24-25", "bit 24 is in `card` and in `ignore`"},
		{D26 "ignore=65", "`ignore` 65 leaves the frame"},
		{D26 "ignore=0 constant=0=0", "bit 0 is in `constant` and in `ignore`"},
	};

	check_refused(cases, ARRAY_COUNT(cases));
}

static void sentences_repeat_a_persons_text_safely(void **state UNUSED)
{
	static const struct bad cases[] = {
		{"bits=26 card=1\x1b[31m", "`1?[31m` in `card`"},
		{"bits=26 card=\xc3\xa9`", "`???` in `card`"},
		{"bits=26 card="
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			"`aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...` in `card`"},
	};

	check_refused(cases, ARRAY_COUNT(cases));
}

/* What no text says, but a struct from elsewhere might. */
static void structs_from_anywhere_are_judged(void **state UNUSED)
{
	static const struct card_format good = {.name = {1, "a"},
		.bits = 26,
		.card = {1, {{1, 24}}},
		.parity_count = 1,
		.parity = {{0, false, {{0x7f}}}}};
	struct card_format format[] = {good, good, good, good, good, good, good, good, good, good,
		good, good, good, good, good};
	char memory[512];

	format[0].name.len = 33;
	format[1].name.len = 0;
	format[2].bits = 23;
	format[3].bits = 129;
	format[4].bits = 255;
	format[5].card.range_count = 5;
	format[6].card.range[0].len = 0;
	format[7].card.range[0] = (struct bit_range){255, 255};
	format[8].parity_count = 5;
	format[9].parity[0].bit = 255;
	memset(&format[10].parity[0].cover, 0, sizeof(format[10].parity[0].cover));
	memset(&format[11].parity[0].cover, 0xff, sizeof(format[11].parity[0].cover));
	format[12].xor_count = 3;
	format[13].xor_count = 1; /* of no width */
	format[14].constant_value.bytes[15] = 1;
	for (size_t i = 0; i < ARRAY_COUNT(format); i++) {
		struct buf why = buf_over(memory, sizeof(memory));

		assert_false(card_format_check(&format[i], &why));
		assert_in_range(why.len, 10, 200);
	}
	format[0] = good;
	format[0].facility_count = 9;
	format[1] = good;
	format[1].xor_count = 1;
	format[1].xor_check[0] = (struct card_xor){255, 255, {255, 255}};
	for (size_t i = 0; i < 2; i++) {
		struct buf why = buf_over(memory, sizeof(memory));

		assert_false(card_format_check(&format[i], &why));
		assert_in_range(why.len, 10, 200);
	}
	struct buf why = buf_over(memory, sizeof(memory));

	assert_true(card_format_check(&good, &why));
	assert_int_equal(why.len, 0);
}

/* --- remarks --- */

static void remarks_say_what_is_left_open(void **state UNUSED)
{
	static const struct {
		const char *text;
		const char *remarks;
	} cases[] = {
		{"bits=26 card=9-24 facility=1-8 standard_parity=yes", ""},
		{"bits=26 card=9-24 facility=1-8 parity=\"0 even 1-12\" ignore=25",
			"bits 13-24: one wrong bit is not noticed and gives another number\n"},
		{"bits=26 card=9-23 facility=1-8 standard_parity=yes",
			"bit 24: in no field, check or constant; find out what they are, or name "
			"them under `ignore`\n"},
		{"bits=24 card=8-23 facility=0-7",
			"bits 0-23: one wrong bit is not noticed and gives another number\n"
			"no parity and no XOR: every frame of 24 bits is taken for a card; give "
			"the codes of your site under `facilities`\n"},
		{"bits=24 card=8-23 facility=0-7 facilities=9",
			"bits 0-23: one wrong bit is not noticed and gives another number\n"},
		{"bits=40 card=0-39",
			"bits 0-39: one wrong bit is not noticed and gives another number\n"
			"no parity and no XOR: every frame of 40 bits is taken for a card, noise "
			"too\n"},
		{"bits=40 card=8-39 constant=0-6=0000000",
			"bit 7: in no field, check or constant; find out what they are, or name "
			"them under `ignore`\n"
			"bits 8-39: one wrong bit is not noticed and gives another number\n"
			"no parity and no XOR: every frame of 40 bits with these constants is "
			"taken for a card, noise too\n"},
		{"bits=44 oem=0-7 card=8-39 xor=\"40-43 over 0-39\"",
			"`oem` is read but not part of the number a card is enrolled by\n"},
		{W47, "`issue` and `oem` are read but not part of the number a card is enrolled "
		      "by\n"},
		{"bits=26 card=1-5,7 ignore=6,8-24 parity=\"0 even 1-4; 25 odd 8\"",
			"bits 5,7: one wrong bit is not noticed and gives another number\n"},
	};

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct card_format format = parsed(cases[i].text);
		char memory[1024];
		struct buf out = buf_over(memory, sizeof(memory));

		card_format_remarks(&format, &out);
		buf_add_byte(&out, '\0');
		assert_string_equal(memory, cases[i].remarks);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_format_with_split_fields_reads_and_writes),
		cmocka_unit_test(every_built_in_format_is_printed_and_read_back),
		cmocka_unit_test(lines_are_printed_in_one_form),
		cmocka_unit_test(yaml_is_an_item_of_the_list),
		cmocka_unit_test(standard_parity_halves_the_data),
		cmocka_unit_test(lines_that_are_no_descriptions_are_refused),
		cmocka_unit_test(numbers_and_ranges_are_strict),
		cmocka_unit_test(checks_that_cannot_be_made_are_refused),
		cmocka_unit_test(sentences_repeat_a_persons_text_safely),
		cmocka_unit_test(structs_from_anywhere_are_judged),
		cmocka_unit_test(remarks_say_what_is_left_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
