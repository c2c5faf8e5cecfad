// SPDX-License-Identifier: Apache-2.0
/* The sim protocol's text: every request, every refusal, and captures. */
#include "sim_command.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct settings settings;

static int set_up(void **state)
{
	(void)state;
	memset(&settings, 0, sizeof(settings));
	settings.door[0].config.configured = true;
	settings.door[1].config.configured = true;
	for (int i = 0; i < 4; i++)
		settings.reader[i].config.configured = true;
	for (int i = 4; i < 6; i++) {
		settings.reader[i].config.configured = true;
		settings.reader[i].osdp.configured = true;
	}
	settings.panel[15].configured = true;
	settings.reader[1].format_count = 1;
	assert_true(text_set(&settings.reader[1].format[0], SPAN_LIT("W26")));
	char memory[256];
	struct buf why = buf_over(memory, sizeof(memory));

	settings.format_count = 1;
	assert_true(card_format_parse(&settings.format[0],
		SPAN_LIT("name=own bits=24 facility=20-23 card=4-11 constant=0-3=1010"), &why));
	settings.reader[3].format_count = 1;
	assert_true(text_set(&settings.reader[3].format[0], SPAN_LIT("own")));
	return 0;
}

static bool parse(const char *line, struct sim_command *ret, char *ret_error, size_t size)
{
	struct buf error = buf_over(ret_error, size - 1);
	bool good = sim_command_parse(span_from_string(line), &settings, ret, &error);

	assert_false(error.overflow);
	ret_error[error.len] = '\0';
	assert_int_equal(good, error.len == 0);
	return good;
}

static const char *bits_text(const struct card_bits *bits)
{
	static char text[CARD_BITS_MAX + 1];

	for (unsigned i = 0; i < bits->count; i++)
		text[i] = card_bits_get(bits, i) ? '1' : '0';
	text[bits->count] = '\0';
	return text;
}

static void requests_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		struct sim_command want; /* without bits */
	} rows[] = {
		{"rex 1", {.verb = SIM_REX, .door = 0}},
		{"  rex \t 2  ", {.verb = SIM_REX, .door = 1}},
		{"contact 2 open", {.verb = SIM_CONTACT, .door = 1, .level = true}},
		{"contact 1 closed", {.verb = SIM_CONTACT, .door = 0, .level = false}},
		{"tamper 4", {.verb = SIM_TAMPER, .reader = 4, .level = true}},
		{"tamper 4 on", {.verb = SIM_TAMPER, .reader = 4, .level = true}},
		{"tamper 4 off", {.verb = SIM_TAMPER, .reader = 4, .level = false}},
		{"lock 2", {.verb = SIM_LOCK, .door = 1}},
		{"reader 3", {.verb = SIM_READER, .reader = 3}},
		{"edges 001", {.verb = SIM_EDGES, .reader = 1}},
		{"install 5", {.verb = SIM_INSTALL, .reader = 5, .level = true}},
		{"install 6 off", {.verb = SIM_INSTALL, .reader = 6, .level = false}},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct sim_command got;
		char error[256];

		assert_true(parse(rows[i].line, &got, error, sizeof(error)));
		assert_int_equal(got.verb, rows[i].want.verb);
		assert_int_equal(got.reader, rows[i].want.reader);
		assert_int_equal(got.door, rows[i].want.door);
		assert_int_equal(got.level, rows[i].want.level);
		assert_int_equal(got.bits.count, 0);
	}
}

/* Frames from the Wiegand reference, section 6. */
static void cards_become_frames(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		const char *bits;
	} rows[] = {
		{"card 1 305419896", "1000100100011010001010110011110001"},
		{"card 1 000305419896 W34", "1000100100011010001010110011110001"},
		{"card 2 8106606",
			"10111101110110010011011101"}, /* its own format: H10301 123/45678 */
		{"card 1 65537 W26", "10000000100000000000000010"},
		{"card 3 2312379265 W34", "1100010011101010000011011100000011"},
		{"card 4 4095", "101011111111000000001111"}, /* a format of the file */
		{"card 1 257 OWN", "101000000001000000000001"},
		{"bits 1 01", "01"},
		{"bits 4 1", "1"},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct sim_command got;
		char error[256];

		assert_true(parse(rows[i].line, &got, error, sizeof(error)));
		assert_string_equal(bits_text(&got.bits), rows[i].bits);
	}
}

static void keys_are_read(void **state)
{
	(void)state;
	struct sim_command got;
	char error[256];

	assert_true(parse("keys 3 0123456789*#", &got, error, sizeof(error)));
	assert_int_equal(got.verb, SIM_KEYS);
	assert_int_equal(got.reader, 3);
	assert_int_equal(got.key_bits, 4);
	assert_true(text_is(&got.keys, SPAN_LIT("0123456789*#")));
	assert_true(parse("keys 1 # 8", &got, error, sizeof(error)));
	assert_int_equal(got.key_bits, 8);
}

/* The tables of the Wiegand reference, section 3. */
static void keys_become_frames(void **state)
{
	(void)state;
	static const struct {
		char key;
		const char *bits[3];
	} rows[] = {
		{'0', {"0000", "000001", "11110000"}},
		{'1', {"0001", "000010", "11100001"}},
		{'2', {"0010", "000100", "11010010"}},
		{'3', {"0011", "000111", "11000011"}},
		{'4', {"0100", "101001", "10110100"}},
		{'5', {"0101", "101010", "10100101"}},
		{'6', {"0110", "101100", "10010110"}},
		{'7', {"0111", "101111", "10000111"}},
		{'8', {"1000", "110001", "01111000"}},
		{'9', {"1001", "110010", "01101001"}},
		{'*', {"1010", "110100", "01011010"}},
		{'#', {"1011", "110111", "01001011"}},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		for (unsigned width = 0; width < 3; width++) {
			struct card_bits bits;

			sim_key_frame(rows[i].key, (uint8_t)(4 + 2 * width), &bits);
			assert_string_equal(bits_text(&bits), rows[i].bits[width]);
		}
	}
}

static void bits_go_up_to_128(void **state)
{
	(void)state;
	struct sim_command got;
	char line[7 + CARD_BITS_MAX + 2] = "bits 1 ";
	char error[256];

	memset(line + 7, '1', CARD_BITS_MAX);
	assert_true(parse(line, &got, error, sizeof(error)));
	assert_int_equal(got.bits.count, 128);
	assert_int_equal(got.bits.bytes[15], 0xff);
	line[7 + CARD_BITS_MAX] = '0';
	assert_false(parse(line, &got, error, sizeof(error)));
	assert_string_equal(error, "at most 128 bits");
}

static void refusals_say_why(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		const char *error;
	} rows[] = {
		{"", "unknown request; known are card, bits, edges, rex, contact, tamper, lock, "
		     "reader, keys, panel, install"},
		{"open 1", "unknown request; known are card, bits, edges, rex, contact, tamper, "
			   "lock, reader, keys, panel, install"},
		{"LOCK 1", "unknown request; known are card, bits, edges, rex, contact, tamper, "
			   "lock, reader, keys, panel, install"},
		{"install", "usage: install READER [on|off]"},
		{"install 5 maybe", "install mode is `on` or `off`"},
		{"install 1", "only OSDP readers have an install mode"},
		{"install 9", "reader 9 is not configured"},
		{"edges 5", "an OSDP reader has no data lines; use card, bits or keys"},
		{"panel", "usage: panel PANEL"},
		{"panel 0", "a panel's number is 1 to 16"},
		{"panel 17", "a panel's number is 1 to 16"},
		{"panel 2", "panel 2 is not configured"},
		{"lock", "usage: lock DOOR"},
		{"lock 1 2", "usage: lock DOOR"},
		{"card 1", "usage: card READER NUMBER [FORMAT]"},
		{"card 1 2 W34 4", "usage: card READER NUMBER [FORMAT]"},
		{"card 1 2 W34 4 5 6 7", "usage: card READER NUMBER [FORMAT]"},
		{"lock 0", "a door's number is 1 to 64: door index + 1"},
		{"lock 65", "a door's number is 1 to 64: door index + 1"},
		{"lock -1", "a door's number is 1 to 64: door index + 1"},
		{"lock 3", "door 3 is not configured"},
		{"reader 0", "a reader's number is 1 to 128"},
		{"reader 129", "a reader's number is 1 to 128"},
		{"reader 1x", "a reader's number is 1 to 128"},
		{"reader 7", "reader 7 is not configured"},
		{"card 7 1", "reader 7 is not configured"},
		{"card 1 12a", "a card's number is decimal, at most 18446744073709551615"},
		{"card 1 18446744073709551616",
			"a card's number is decimal, at most 18446744073709551615"},
		{"card 1 1 W35", "no such card format; see `postern format list`"},
		{"card 1 4294967296", "the card's number does not fit into format W34"},
		{"card 2 16777216", "the card's number does not fit into format W26"},
		{"card 4 4096", "the card's number does not fit into format own"},
		{"bits 1 012", "bits are written as 0 and 1, without blanks"},
		{"keys 1", "usage: keys READER 1234# [4|6|8]"},
		{"keys 1 1 4 4", "usage: keys READER 1234# [4|6|8]"},
		{"keys 7 1", "reader 7 is not configured"},
		{"keys 1 12a", "keys are 0 to 9, * and #, without blanks"},
		{"keys 1 12345678901234567890123456789012345678901234567890123456789012345",
			"at most 64 keys"},
		{"keys 1 1 5", "a keypad sends a key as 4, 6 or 8 bits"},
		{"keys 1 1 2", "a keypad sends a key as 4, 6 or 8 bits"},
		{"keys 1 1 10", "a keypad sends a key as 4, 6 or 8 bits"},
		{"contact 1 ajar", "a contact is `open` or `closed`"},
		{"tamper 1 maybe", "tamper is `on` or `off`"},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct sim_command got;
		char error[256];

		assert_false(parse(rows[i].line, &got, error, sizeof(error)));
		assert_string_equal(error, rows[i].error);
	}
}

static enum sim_capture_line capture(const char *line, int64_t *first_ns, int64_t previous_ns,
	struct line_event *ret, char *ret_error, size_t size)
{
	struct buf error = buf_over(ret_error, size - 1);
	enum sim_capture_line got =
		sim_capture_parse(span_from_string(line), 7, first_ns, previous_ns, ret, &error);

	assert_false(error.overflow);
	ret_error[error.len] = '\0';
	assert_int_equal(got == SIM_CAPTURE_WRONG, error.len != 0);
	return got;
}

static void captures_count_from_their_first_edge(void **state)
{
	(void)state;
	int64_t first_ns = INT64_MIN;
	struct line_event edge;
	char error[256];

	assert_int_equal(
		capture("1000 1 0", &first_ns, 0, &edge, error, sizeof(error)), SIM_CAPTURE_EDGE);
	assert_int_equal(first_ns, 1000);
	assert_int_equal(edge.at_ns, 0);
	assert_int_equal(edge.kind, LINE_DATA1);
	assert_int_equal(edge.at, 7);
	assert_int_equal(edge.level, 0);
	assert_int_equal(capture(" 51000, 0,1 ", &first_ns, 0, &edge, error, sizeof(error)),
		SIM_CAPTURE_EDGE);
	assert_int_equal(edge.at_ns, 50000);
	assert_int_equal(edge.kind, LINE_DATA0);
	assert_int_equal(edge.level, 1);
	assert_int_equal(capture("51000\t0 0", &first_ns, 50000, &edge, error, sizeof(error)),
		SIM_CAPTURE_EDGE);
	assert_int_equal(capture("60000001000 0 0", &first_ns, 50000, &edge, error, sizeof(error)),
		SIM_CAPTURE_EDGE);
	assert_int_equal(edge.at_ns, 60 * NS_PER_S);
}

static void capture_lines_are_judged(void **state)
{
	(void)state;
	static const char form[] = "an edge is `NS LINE LEVEL`, LINE and LEVEL 0 or 1";
	static const struct {
		const char *line;
		enum sim_capture_line want;
		const char *error;
	} rows[] = {
		{"", SIM_CAPTURE_BLANK, ""},
		{"  ", SIM_CAPTURE_BLANK, ""},
		{"# ns, line, level", SIM_CAPTURE_BLANK, ""},
		{"end", SIM_CAPTURE_END, ""},
		{" end ", SIM_CAPTURE_END, ""},
		{"end 1", SIM_CAPTURE_WRONG, form},
		{"2000 1", SIM_CAPTURE_WRONG, form},
		{"2000 1 0 0", SIM_CAPTURE_WRONG, form},
		{"2000,,1,0", SIM_CAPTURE_WRONG, form},
		{"2000,1,0,", SIM_CAPTURE_WRONG, form},
		{",2000,1,0", SIM_CAPTURE_WRONG, form},
		{"2000 2 0", SIM_CAPTURE_WRONG, form},
		{"2000 1 2", SIM_CAPTURE_WRONG, form},
		{"-2000 1 1", SIM_CAPTURE_WRONG, form},
		{"9223372036854775808 1 1", SIM_CAPTURE_WRONG, form},
		{"9223372036854775807 1 1", SIM_CAPTURE_WRONG, "a capture has at most 60 s"},
		{"60000001001 1 1", SIM_CAPTURE_WRONG, "a capture has at most 60 s"},
		{"1499 1 1", SIM_CAPTURE_WRONG, "the time goes back"},
		{"999 1 1", SIM_CAPTURE_WRONG, "the time goes back"},
		{"1500 1 1", SIM_CAPTURE_EDGE, ""},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		int64_t first_ns = 1000;
		struct line_event edge;
		char error[256];

		assert_int_equal(capture(rows[i].line, &first_ns, 500, &edge, error, sizeof(error)),
			rows[i].want);
		assert_string_equal(error, rows[i].error);
		assert_int_equal(first_ns, 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_read),
		cmocka_unit_test(cards_become_frames),
		cmocka_unit_test(bits_go_up_to_128),
		cmocka_unit_test(keys_are_read),
		cmocka_unit_test(keys_become_frames),
		cmocka_unit_test(refusals_say_why),
		cmocka_unit_test(captures_count_from_their_first_edge),
		cmocka_unit_test(capture_lines_are_judged),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
