// SPDX-License-Identifier: Apache-2.0
/* OSDP lines and readers in posternd.yaml: what is read, and what is refused with its place. */
#include "platform/settings.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define DOOR "lines: simulated\ndoors: [{index: 0, id: a, contact: no}]\n"
#define LINE "osdp:\n- {id: east, port: /dev/ttyUSB0}\n" /* lines 3 and 4 */
#define READERS DOOR LINE "readers:\n" /* entries from line 6 on */

static void parse(struct settings *settings, const char *yaml)
{
	struct settings_error error;

	if (!settings_parse(settings, "f.yaml", span_from_string(yaml), &error))
		fail_msg("%s", error.text);
}

static void no_line_is_there_by_itself(void **state UNUSED)
{
	struct settings settings;

	parse(&settings, DOOR "readers: [{number: 1, door: a}]\n");
	assert_int_equal(settings.osdp_line_count, 0);
	assert_false(settings.reader[0].osdp.configured);
}

static void a_line_and_its_reader_have_the_standards(void **state UNUSED)
{
	struct settings settings;

	parse(&settings, READERS "- {number: 9, door: a, osdp: {line: east, address: 0}}\n");
	const struct reader_settings *reader = &settings.reader[8];

	assert_int_equal(settings.osdp_line_count, 1);
	assert_true(text_is(&settings.osdp_line[0].id, SPAN_LIT("east")));
	assert_true(text_is(&settings.osdp_line[0].port, SPAN_LIT("/dev/ttyUSB0")));
	assert_int_equal(settings_osdp_baud(&settings.osdp_line[0]), 9600);
	assert_false(settings_osdp_simulated(&settings.osdp_line[0]));
	assert_true(reader->config.configured && reader->osdp.configured);
	assert_int_equal(reader->osdp.line, 0);
	assert_int_equal(reader->osdp.address, 0);
	assert_int_equal(reader->osdp.secure_channel, SECURE_CHANNEL_REQUIRED);
	assert_int_equal(reader->format_count, 1);
}

static void every_key_lands_in_its_field(void **state UNUSED)
{
	struct settings settings;

	/* Lines may stand behind their readers; a reader on wires stands beside them. */
	parse(&settings,
		"readers:\n"
		"- {number: 1, door: a, osdp: {line: west, address: 126, secure_channel: off}}\n"
		"- {number: 2, door: a, formats: [W26, W66], osdp: {line: east, address: 126}}\n"
		"- {number: 3, door: a, side: exit, osdp: {line: west, address: 3, "
		"secure_channel: required}}\n"
		"- {number: 4, door: a, side: exit, gap: 30ms, data0: 'c:5', data1: 'c:6'}\n"
		"lines: gpio\ndoors: [{index: 0, id: a, contact: no, lock: 'c:17'}]\n"
		"osdp:\n- {id: east, port: /dev/serial/by-id/usb-A-if00, baud: 230400}\n"
		"- id: west\n  port: /dev/ttyAMA0\n  baud: 38400\n");
	assert_int_equal(settings.osdp_line_count, 2);
	assert_int_equal(settings_osdp_baud(&settings.osdp_line[0]), 230400);
	assert_int_equal(settings_osdp_baud(&settings.osdp_line[1]), 38400);
	assert_int_equal(settings.reader[0].osdp.line, 1);
	assert_int_equal(settings.reader[0].osdp.address, 126);
	assert_int_equal(settings.reader[0].osdp.secure_channel, SECURE_CHANNEL_OFF);
	assert_int_equal(settings.reader[1].osdp.line, 0);
	assert_int_equal(settings.reader[1].format_count, 2);
	assert_int_equal(settings.reader[2].osdp.line, 1);
	assert_int_equal(settings.reader[2].osdp.secure_channel, SECURE_CHANNEL_REQUIRED);
	assert_int_equal(settings.reader[2].config.side, 1);
	assert_false(settings.reader[3].osdp.configured);
	assert_int_equal(settings.reader[3].limits.gap_ns, 30000000);
}

static void every_rate_is_read(void **state UNUSED)
{
	static const uint32_t rates[] = {9600, 19200, 38400, 57600, 115200, 230400};

	for (size_t i = 0; i < ARRAY_COUNT(rates); i++) {
		struct settings settings;
		char yaml[256];

		(void)snprintf(yaml, sizeof(yaml), "%sosdp: [{id: x, port: simulated, baud: %u}]\n",
			DOOR, rates[i]);
		parse(&settings, yaml);
		assert_int_equal(settings_osdp_baud(&settings.osdp_line[0]), rates[i]);
		assert_true(settings_osdp_simulated(&settings.osdp_line[0]));
	}
}

static const struct bad {
	const char *yaml;
	const char *place;
	const char *words;
} bad[] = {
	{READERS "- {number: 1, door: a, osdp: {line: eats, address: 0}}\n", "6:37",
		"`eats` is the id of no OSDP line; allowed: an id given under `osdp` at the top "
		"of the file; did you mean `east`?"},
	{DOOR "readers: [{number: 1, door: a, osdp: {line: x, address: 0}}]\n", "3:45",
		"`x` is the id of no OSDP line"},
	{READERS "- {number: 1, door: a, osdp: {line: east, address: 5}}\n"
		 "- {number: 7, door: a, osdp: {line: east, address: 5}}\n",
		"7:52",
		"readers 1 and 7 have the same address on OSDP line `east`; each reader of a line "
		"needs its own"},
	{READERS "- {number: 1, door: a, osdp: {line: east, address: 127}}\n", "6:52",
		"`127` is no value for `address`; allowed: a whole number from 0 to 126"},
	{READERS "- {number: 1, door: a, osdp: {line: east}}\n", "6:30",
		"`address` is missing in this entry of `osdp of a reader`"},
	{READERS "- {number: 1, door: a, osdp: {address: 1}}\n", "6:30", "`line` is missing"},
	{READERS "- {number: 1, door: a, osdp: east}\n", "6:30", "`osdp` takes keys and values"},
	{READERS "- {number: 1, door: a, osdp: [east]}\n", "6:30", "`osdp` takes keys and values"},
	{READERS "- {number: 1, door: a, osdp: {line: east, address: 1, secure: off}}\n", "6:55",
		"unknown key `secure` in `osdp of a reader`"},
	{READERS "- {number: 1, door: a, osdp: {line: east, address: 1, secure_channel: on}}\n",
		"6:71", "`on` is no value for `secure_channel`; allowed: required, off"},
	{READERS "- {number: 1, door: a, address: 1}\n", "6:24",
		"unknown key `address` in `readers`; it belongs under `osdp of a reader`"},
	{READERS "- {number: 1, door: a, osdp: {line: east, address: 1}, data0: 'c:1'}\n", "6:63",
		"`data0` is of a reader with wires of its own, but this one has `osdp`; leave one "
		"of them out"},
	{READERS "- {number: 1, door: a, gap: 25ms, osdp: {line: east, address: 1}}\n", "6:29",
		"`gap` is of a reader with wires of its own"},
	{READERS "- {number: 1, door: a, osdp: {line: east, address: 1}, osdp: {line: east, "
		 "address: 2}}\n",
		"6:56", "`osdp` is given twice"},
	{DOOR "osdp: [{id: x, port: simulated, baud: 9601}]\n", "3:39",
		"`9601` is no value for `baud`; allowed: 9600, 19200"},
	{DOOR "osdp: [{id: x, port: ttyUSB0}]\n", "3:22",
		"`ttyUSB0` is no value for `port`; allowed: the path of a serial port, such as "
		"/dev/serial/by-id/"},
	{DOOR "osdp: [{id: x, port: /dev/../ttyUSB0}]\n", "3:22", "is no value for `port`"},
	{DOOR "osdp: [{id: x, port: simulate}]\n", "3:22", "is no value for `port`"},
	{DOOR "osdp: [{id: x}]\n", "3:8", "`port` is missing in this entry of `osdp`"},
	{DOOR "osdp: [{id: x, port: /dev/a}, {id: x, port: /dev/b}]\n", "3:36",
		"`x` is the id of two OSDP lines; each needs its own"},
	{DOOR "osdp: [{id: x, port: /dev/a}, {id: y, port: /dev/a}]\n", "3:45",
		"`/dev/a` is the port of two OSDP lines"},
	{DOOR "osdp: {id: x, port: /dev/a}\n", "3:7", "`osdp` takes a list"},
	{"lines: gpio\ndoors: [{index: 0, id: a, contact: no, lock: 'c:17'}]\n"
	 "osdp: [{id: x, port: /dev/a}, {id: y, port: simulated}]\n",
		"3:45", "`port: simulated` goes with `lines: simulated`"},
};

static void what_does_not_fit_is_refused_with_its_place(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		struct settings settings;
		struct settings_error error;
		char prefix[64];

		if (settings_parse(&settings, "f.yaml", span_from_string(bad[i].yaml), &error))
			fail_msg("accepted:\n%s", bad[i].yaml);
		(void)snprintf(prefix, sizeof(prefix), "f.yaml:%s: ", bad[i].place);
		if (strncmp(error.text, prefix, strlen(prefix)) != 0 ||
			strstr(error.text, bad[i].words) == NULL)
			fail_msg("row %zu\n%s\nsaid:   %s\nwanted: %s%s", i, bad[i].yaml,
				error.text, prefix, bad[i].words);
	}
}

static void a_reader_in_clear_is_remarked(void **state UNUSED)
{
	struct settings settings;
	char text[512] = "";
	FILE *file = tmpfile();

	assert_non_null(file);
	parse(&settings, READERS "- {number: 1, door: a, osdp: {line: east, address: 0}}\n"
				 "- {number: 9, door: a, osdp: {line: east, address: 1, "
				 "secure_channel: off}}\n");
	settings_remarks(&settings, fileno(file));
	rewind(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	assert_string_equal(text,
		"reader 9: secure_channel is off: whoever reaches the wires of line east can read "
		"its cards and PINs, and forge them\n");
}

#define LONG "formats: [{name: long, bits: 128, card: 64-127}]\n"

/* Two data lines carry frames of 66 bits at most; OSDP carries all that a card may have. */
static void long_formats_are_for_osdp_readers(void **state UNUSED)
{
	struct settings settings;
	struct settings_error error;

	parse(&settings, LONG READERS
		"- {number: 1, door: a, formats: [long, W34], osdp: {line: east, address: 0}}\n");
	assert_int_equal(settings.format[0].bits, 128);
	assert_int_equal(settings.reader[0].format_count, 2);
	assert_false(settings_parse(&settings, "f.yaml",
		SPAN_LIT(LONG DOOR "readers: [{number: 1, door: a, formats: [W34, long]}]\n"),
		&error));
	assert_non_null(strstr(error.text, "f.yaml:4:47: `long` has more than 66 bits, which come "
					   "over OSDP only"));
	assert_false(settings_parse(&settings, "f.yaml",
		SPAN_LIT(LONG DOOR "readers: [{number: 1, door: a}]\n"
				   "panels: [{number: 1, reader: 1, format: long}]\n"),
		&error));
	assert_non_null(strstr(error.text, "f.yaml:5:41: `long` has more than 66 bits"));
}

static void seventeen_lines_are_one_too_many(void **state UNUSED)
{
	struct settings settings;
	struct settings_error error;
	char yaml[2048] = DOOR "osdp:\n";
	size_t len = strlen(yaml);

	for (unsigned i = 0; i <= OSDP_LINES_MAX; i++) {
		len += (size_t)snprintf(
			yaml + len, sizeof(yaml) - len, "- {id: l%u, port: simulated}\n", i);
		bool good = settings_parse(&settings, "f.yaml", span_of(yaml, len), &error);

		assert_int_equal(good, i < OSDP_LINES_MAX);
	}
	assert_non_null(strstr(error.text, "f.yaml:20:3: too many in `osdp`"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_line_is_there_by_itself),
		cmocka_unit_test(a_line_and_its_reader_have_the_standards),
		cmocka_unit_test(every_key_lands_in_its_field),
		cmocka_unit_test(every_rate_is_read),
		cmocka_unit_test(what_does_not_fit_is_refused_with_its_place),
		cmocka_unit_test(a_reader_in_clear_is_remarked),
		cmocka_unit_test(long_formats_are_for_osdp_readers),
		cmocka_unit_test(seventeen_lines_are_one_too_many),
	};

	return cmocka_run_group_tests_name("settings_osdp", tests, NULL, NULL);
}
