// SPDX-License-Identifier: Apache-2.0
/* `formats` of posternd.yaml: what is read, who finds it, what is refused where, what is remarked.
 */
#include "platform/settings.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define HEAD "lines: simulated\ndoors: [{index: 0, id: front}]\n"
#define READER(formats) "readers:\n- {number: 1, door: front, formats: " formats "}\n"
#define W40 "{name: w40, bits: 40, card: 8-39, facility: 0-7}"

static struct settings settings; /* of the test that runs */

static void parse(const char *yaml)
{
	struct settings_error error;

	if (!settings_parse(&settings, "f.yaml", span_from_string(yaml), &error))
		fail_msg("%s", error.text);
}

static void assert_reader_has(const char *const *names, size_t count)
{
	assert_int_equal(settings.reader[0].format_count, count);
	for (size_t i = 0; i < count; i++)
		assert_true(text_is(&settings.reader[0].format[i], span_from_string(names[i])));
}

/* --- good files --- */

static void test_lists_and_single_values_mean_the_same(void **state UNUSED)
{
	static const char *const same[] = {
		"formats:\n"
		"- name: x\n"
		"  bits: 40\n"
		"  card: 9-24,30-35\n"
		"  facility: 1-8\n"
		"  parity: 0 even 1-8,10; 36 odd 9\n"
		"  constant: 37=1; 38-39=01\n"
		"  facilities: 7,200\n"
		"  priority: 3\n",
		"formats:\n"
		"- priority: 3\n"
		"  facilities: [7, 200]\n"
		"  constant: [37=1, '38-39=01']\n"
		"  parity: ['0 even 1-8,10', 36 odd 9]\n"
		"  facility: [1-8]\n"
		"  card: [9-24, 30-35]\n"
		"  bits: '40'\n"
		"  name: x\n",
		"formats:\n"
		"- name: \"x\"\n"
		"  bits: 40\n"
		"  card:\n"
		"  - 9-24\n"
		"  - 30-35\n"
		"  facility: 1-8\n"
		"  parity:\n"
		"  - 0 even 1-8,10\n"
		"  - 36 odd 9\n"
		"  constant: 37-39=101\n"
		"  facilities:\n"
		"  - 7\n"
		"  - 200\n"
		"  priority: 3\n",
	};
	struct card_format first;

	for (size_t i = 0; i < ARRAY_COUNT(same); i++) {
		char yaml[1024];

		(void)snprintf(yaml, sizeof(yaml), "%s%s", HEAD, same[i]);
		parse(yaml);
		assert_int_equal(settings.format_count, 1);
		if (i == 0)
			first = settings.format[0];
		assert_memory_equal(&settings.format[0], &first, sizeof(first));
	}
	assert_int_equal(first.parity_count, 2);
	assert_true(first.parity[1].odd);
	assert_int_equal(first.facility_only[1], 200);
}

static void test_standard_parity_does_not_ask_for_an_order_of_keys(void **state UNUSED)
{
	parse(HEAD "formats: [{standard_parity: yes, card: 1-24, name: x, bits: 26}]\n");
	assert_memory_equal(settings.format[0].parity, card_format_find(SPAN_LIT("W26"))->parity,
		sizeof(settings.format[0].parity));
}

/* Every built-in format, printed as an item under another name, is read back as it is. */
static void test_printed_items_are_read_back(void **state UNUSED)
{
	const struct card_format *format;

	for (unsigned i = 0; (format = card_format_at(i)) != NULL; i++) {
		char memory[4096];
		struct buf yaml = buf_over(memory, sizeof(memory));
		struct card_format own = *format;

		assert_true(text_set(&own.name, SPAN_LIT("Own.name_1-a")));
		own.priority = (uint8_t)i;
		buf_add_string(&yaml, HEAD "formats:\n");
		card_format_print_yaml(&own, &yaml);
		buf_add_byte(&yaml, '\0');
		assert_false(yaml.overflow);
		parse(memory);
		assert_int_equal(settings.format_count, 1);
		assert_memory_equal(&settings.format[0], &own, sizeof(own));
	}
}

static void test_readers_find_them_wherever_the_section_stands(void **state UNUSED)
{
	static const char *const files[] = {
		HEAD READER("[w40, W26]") "formats: [" W40 "]\n",
		"formats: [" W40 "]\n" HEAD READER("[w40, W26]"),
		HEAD "formats: [" W40 "]\n" READER("[w40, W26]"),
	};
	static const char *const names[] = {"w40", "W26"};

	for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
		parse(files[i]);
		assert_reader_has(names, ARRAY_COUNT(names));
		assert_ptr_equal(
			settings_format_find(&settings, SPAN_LIT("W40")), &settings.format[0]);
	}
	assert_ptr_equal(settings_format_find(&settings, SPAN_LIT("h10301")),
		card_format_find(SPAN_LIT("W26")));
	assert_null(settings_format_find(&settings, SPAN_LIT("W41")));
	assert_null(settings_format_find(&settings, (struct span){NULL, 0}));
}

static void test_the_highest_priority_is_first_and_equal_ones_keep_their_order(void **state UNUSED)
{
	static const char *const names[] = {"c", "a", "b", "W34", "H10301", "d", "W66", "e"};

	parse(HEAD READER(
		"[W34, H10301, a, d, c, W66, b, e]") "formats:\n"
						     "- {name: a, bits: 40, card: 0-39, priority: "
						     "5}\n"
						     "- {name: b, bits: 41, card: 0-39, priority: "
						     "5}\n"
						     "- {name: c, bits: 42, card: 0-39, priority: "
						     "255}\n"
						     "- {name: d, bits: 43, card: 0-39, priority: "
						     "0}\n"
						     "- {name: e, bits: 44, card: 0-39}\n");
	assert_reader_has(names, ARRAY_COUNT(names));
}

static void test_sixteen_formats_and_no_more(void **state UNUSED)
{
	char yaml[4096] = HEAD "formats:\n";
	struct settings_error error;

	for (unsigned i = 0; i < FORMATS_MAX; i++) {
		size_t len = strlen(yaml);

		(void)snprintf(yaml + len, sizeof(yaml) - len,
			"- {name: f%u, bits: %u, card: 0-23}\n", i, 24 + i);
	}
	parse(yaml);
	assert_int_equal(settings.format_count, FORMATS_MAX);
	assert_int_equal(settings.format[15].bits, 39);
	(void)strcat(yaml, "- {name: g, bits: 24, card: 0-23}\n");
	assert_false(settings_parse(&settings, "f.yaml", span_from_string(yaml), &error));
	assert_string_equal(error.text, "f.yaml:20:3: too many in `formats`; allowed: at most 16");
}

/* --- bad files --- */

static const struct {
	const char *yaml; /* behind HEAD: from line 3 */
	const char *error;
} wrong_formats[] = {
	{"formats: 5\n", "3:10: `formats` takes a list; begin each entry with `- `"},
	{"formats: [W26]\n",
		"3:11: `formats` takes entries of keys and values, such as `- {name: site, "
		"bits: 26, card: 1-24}`"},
	{"formats:\n- {bits: 26, card: 1-24}\n",
		"4:3: `name` is missing in this entry of `formats`; allowed: 1 to 32 of"},
	{"formats:\n- {name: x, card: 1-24}\n",
		"4:3: `bits` is missing in this entry of `formats`; allowed: a whole "
		"number from 24 to 128"},
	{"formats:\n- {name: x, bits: 26}\n",
		"4:3: `card` is missing in this entry of `formats`; allowed: up to 4"},
	{"formats:\n- {name: x, bits: 23, card: 0-7}\n",
		"4:19: `23` in `bits` is no length of a frame; allowed: a whole number "
		"from 24 to 128"},
	{"formats:\n- {name: x, bits: 129, card: 0-7}\n", "4:19: `129` in `bits` is no"},
	{"formats:\n- {name: x, bits: 26, card: 24-1}\n", "4:29: `24-1` in `card` goes backward"},
	{"formats:\n- {name: x, bits: 26, card: 1-24, parity: [0 even 0-12]}\n",
		"4:3: the parity bit 0 covers itself"},
	{"formats:\n- {name: x, bits: 26, card: 1-24, parity: [1 even 2,3]}\n",
		"4:43: `3` in `parity` is no parity; write its bit, even or odd"},
	{"formats:\n- {name: x, bits: 26, card: 1-24, facility: 24}\n",
		"4:3: bit 24 is in `card` and in `facility`; a bit has one meaning"},
	{"formats:\n- {name: x, bits: 26, card: 1-24, parities: 3}\n",
		"4:35: unknown key `parities` in `formats`; did you mean `parity`?"},
	{"formats:\n- {name: x, bits: 26, card: 1-24, bits: 26}\n",
		"4:35: `bits` is given twice; the first is on line 4"},
	{"formats:\n- {name: x, bits: 26, card: }\n",
		"4:29: `card` has no value; allowed: up to 4 ranges of bits"},
	{"formats:\n- {name: x, bits: [26], card: 1-24}\n",
		"4:19: `bits` takes one value; allowed: a whole number"},
	{"formats:\n- {name: x, bits: 26, card: {a: b}}\n",
		"4:29: `card` takes one value; allowed: up to 4"},
	{"formats:\n- {name: x, bits: 26, card: []}\n",
		"4:29: an empty list for `card`; allowed: up to 4"},
	{"formats:\n- {name: W34, bits: 34, card: 1-32}\n",
		"4:10: `W34` is a built-in format; give yours a name of its own"},
	{"formats:\n- {name: h10301, bits: 34, card: 1-32}\n",
		"4:10: `h10301` is a built-in format"},
	{"formats:\n- {name: x, bits: 34, card: 1-32}\n- {name: X, bits: 26, card: 1}\n",
		"5:10: `X` is the name of two formats; each format needs a name of its "
		"own"},
	{"formats:\n- {name: x y, bits: 26, card: 1}\n", "4:10: `x y` in `name` is no name"},
	{"formats: []\nformats: []\n", "4:1: `formats` is given twice"},
	{"card: 1-24\n", "3:1: unknown key `card`; it belongs under `formats`"},
	{READER("[w40x]") "formats: [" W40 "]\n",
		"4:38: `w40x` is no value for `formats`; allowed: a list of 1 to 8 names "
		"of formats, built in (W34, W26, W66 and the others of `postern format "
		"list`) or described under `formats` at the top of the file; did you "
		"mean `w40`?"},
	{READER("[W34, N10003]"), "; did you mean `N10002`?"},
	{READER("[w40, W40]") "formats: [" W40 "]\n", "4:43: `W40` stands twice in `formats`"},
};

static void test_descriptions_are_refused_where_they_are_wrong(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_COUNT(wrong_formats); i++) {
		char yaml[1024];
		struct settings_error error;

		(void)snprintf(yaml, sizeof(yaml), "%s%s", HEAD, wrong_formats[i].yaml);
		if (settings_parse(&settings, "f", span_from_string(yaml), &error))
			fail_msg("accepted: %s", wrong_formats[i].yaml);
		if (strstr(error.text, wrong_formats[i].error) == NULL)
			fail_msg("%s\nsaid:   %s\nwanted: %s", wrong_formats[i].yaml, error.text,
				wrong_formats[i].error);
	}
}

/* --- remarks --- */

static const char *remarks(void)
{
	static char text[8192];
	FILE *file = tmpfile();

	assert_non_null(file);
	settings_remarks(&settings, fileno(file));
	assert_int_equal(lseek(fileno(file), 0, SEEK_SET), 0);
	ssize_t len = read(fileno(file), text, sizeof(text) - 1);

	assert_true(len >= 0);
	text[len] = '\0';
	(void)fclose(file);
	return text;
}

static void test_remarks_name_formats_and_readers(void **state UNUSED)
{
	parse(HEAD READER("[W34, W26, W66]"));
	assert_string_equal(remarks(), "");
	parse(HEAD READER("[W34, H10306, w40]") "formats: [" W40 "]\n");
	assert_string_equal(remarks(),
		"format w40: bits 0-39: one wrong bit is not noticed and gives another number\n"
		"format w40: no parity and no XOR: every frame of 40 bits is taken for a card; "
		"give the codes of your site under `facilities`\n"
		"reader 1: H10306 is never read: every frame that fits it fits W34, which is tried "
		"first\n");
	parse(HEAD "formats: [{name: x, bits: 26, card: 1-24, standard_parity: yes}]\n");
	assert_string_equal(remarks(), "format x: no reader has it\n");
}

static void test_remarks_tell_of_pins_that_open_nothing(void **state UNUSED)
{
#define BY(open_by, pin)                                                                           \
	"lines: simulated\n"                                                                       \
	"doors: [{index: 0, id: a, contact: no, slow_disk: deny, open_by: " open_by "}]\n"         \
	"pin: " pin "\n"
	static const struct {
		const char *yaml;
		bool said;
	} cases[] = {
		{BY("pin", "{digits: 4}"), true},
		{BY("card_or_pin", "{digits: 6, alone_digits: 7}"), true},
		{BY("pin", "{digits: 4, alone_digits: 4}"), false},
		{BY("pin", "{digits: 0}"), false},
		{BY("pin", "{digits: 8}"), false},
		{BY("card_then_pin", "{digits: 4}"), false},
	};
#undef BY

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		parse(cases[i].yaml);
		assert_int_equal(
			strstr(remarks(), "no PIN opens a door alone") != NULL, cases[i].said);
		assert_int_equal(remarks()[0] != '\0', cases[i].said);
	}
}

static void test_remarks_tell_formats_of_one_length_apart(void **state UNUSED)
{
	static const struct {
		const char *formats;
		const char *words;
	} cases[] = {
		{"[C15001, S12906]", "reader 1: C15001 and S12906 both have 36 bits; a frame that "
				     "fits both is read as C15001\n"},
		{"[H10302, ZK37-halves]", "H10302 and ZK37-halves both have 37 bits"},
		{"[Kastle32, W32-raw]", "Kastle32 and W32-raw both have 32 bits"},
		{"[W32-raw, Kastle32]", "Kastle32 is never read: every frame that fits it fits "
					"W32-raw, which is tried first\n"},
		{"[P10001, W40-raw]", "P10001 and W40-raw both have 40 bits"},
		{"[W40-raw, P10001]", "P10001 is never read"},
		{"[site, W26]", "reader 1: site and W26 both have 26 bits; a frame that fits both "
				"is read as site\n"},
		{"[W26, site]", "site is never read"},
	};

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		char yaml[512];

		(void)snprintf(yaml, sizeof(yaml),
			"%sreaders: [{number: 1, door: front, formats: %s}]\nformats: [{name: "
			"site, bits: 26, card: 9-24, facility: 1-8, standard_parity: yes, "
			"facilities: 5}]\n",
			HEAD, cases[i].formats);
		parse(yaml);
		if (strstr(remarks(), cases[i].words) == NULL)
			fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].formats, remarks(),
				cases[i].words);
	}
}

/* --- docs/card-formats.md --- */

static char *docs_read(void)
{
	static char text[65536];
	const char *source = getenv("POSTERN_SOURCE");
	char path[4096];

	assert_non_null(source);
	(void)snprintf(path, sizeof(path), "%s/docs/card-formats.md", source);
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	size_t len = fread(text, 1, sizeof(text) - 1, file);

	(void)fclose(file);
	text[len] = '\0';
	return text;
}

static void test_the_documents_example_reads_its_card(void **state UNUSED)
{
	static const char frame[] = "0001110010000000110011111101111110001011";
	char *docs = docs_read();
	char *yaml = strstr(docs, "```yaml\nformats:");
	struct card_bits bits = {.count = sizeof(frame) - 1};
	struct card_fields fields;

	assert_non_null(yaml);
	yaml += strlen("```yaml\n");
	assert_non_null(strstr(docs, frame));
	assert_non_null(strstr(docs, "60423153"));
	*strstr(yaml, "```") = '\0';
	parse(yaml);
	for (unsigned i = 0; i < bits.count; i++)
		card_bits_put(&bits, i, frame[i] == '1');
	const struct card_format *format = settings_format_find(&settings, SPAN_LIT("acme-40"));

	assert_non_null(format);
	assert_int_equal(card_format_decode(format, &bits, &fields), CARD_FORMAT_OK);
	assert_int_equal(fields.facility, 57);
	assert_int_equal(fields.card, 654321);
	assert_int_equal(fields.issue, 1);
	assert_int_equal(card_format_number(format, &fields), 60423153);
	assert_string_equal(remarks(),
		"format acme-40: `issue` is read but not part of the number a card is enrolled "
		"by\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists_and_single_values_mean_the_same),
		cmocka_unit_test(test_standard_parity_does_not_ask_for_an_order_of_keys),
		cmocka_unit_test(test_printed_items_are_read_back),
		cmocka_unit_test(test_readers_find_them_wherever_the_section_stands),
		cmocka_unit_test(
			test_the_highest_priority_is_first_and_equal_ones_keep_their_order),
		cmocka_unit_test(test_sixteen_formats_and_no_more),
		cmocka_unit_test(test_descriptions_are_refused_where_they_are_wrong),
		cmocka_unit_test(test_remarks_name_formats_and_readers),
		cmocka_unit_test(test_remarks_tell_of_pins_that_open_nothing),
		cmocka_unit_test(test_remarks_tell_formats_of_one_length_apart),
		cmocka_unit_test(test_the_documents_example_reads_its_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
