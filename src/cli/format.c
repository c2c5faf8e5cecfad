// SPDX-License-Identifier: Apache-2.0
/*
 * postern format ...: card formats on this machine; no device is asked. `list` names the built-in
 * ones, `test` reads a frame or makes one and says what each check of the format thinks of it.
 *
 * Each check is judged by the decoder itself, over a copy of the format that has this check alone.
 */
#include "format.h"

#include "base/number.h"

#include <inttypes.h>
#include <stdio.h>

/* --- list --- */

/* The description behind its name and number of bits. */
static struct span layout_of(const struct card_format *format, struct buf *line)
{
	card_format_print_line(format, line);
	struct span text = buf_span(line);

	for (unsigned i = 0; i < 2; i++)
		text = span_slice(text, span_find(text, ' ') + 1, text.len);
	return text;
}

static void list_one(const struct card_format *format)
{
	char memory[FORMAT_TEXT_MAX];
	struct buf line = buf_over(memory, sizeof(memory));
	struct span layout = layout_of(format, &line);
	const char *alias;

	printf("%-16.*s %2u bits  %.*s", format->name.len, format->name.bytes, format->bits,
		(int)layout.len, layout.data);
	for (unsigned i = 0; (alias = card_format_alias(format, i)) != NULL; i++)
		printf("%s%s", i == 0 ? "  also " : ", ", alias);
	puts("");
}

static void add_field(json_object *object, const char *key, const struct card_field *field)
{
	char memory[128];
	struct buf text = buf_over(memory, sizeof(memory));

	if (field->range_count == 0)
		return;
	field_print(field, &text);
	json_object_object_add(object, key, json_from_buf(&text));
}

static void list_one_json(const struct card_format *format)
{
	char memory[FORMAT_TEXT_MAX];
	struct buf line = buf_over(memory, sizeof(memory));
	json_object *object = json_object_new_object();
	json_object *aliases = json_object_new_array();
	const char *alias;

	card_format_print_line(format, &line);
	for (unsigned i = 0; (alias = card_format_alias(format, i)) != NULL; i++)
		json_object_array_add(aliases, json_object_new_string(alias));
	json_object_object_add(
		object, "name", json_object_new_string_len(format->name.bytes, format->name.len));
	json_object_object_add(object, "aliases", aliases);
	json_object_object_add(object, "bits", json_object_new_int(format->bits));
	add_field(object, "card", &format->card);
	add_field(object, "facility", &format->facility);
	add_field(object, "issue", &format->issue);
	add_field(object, "oem", &format->oem);
	json_object_object_add(object, "description", json_from_buf(&line));
	print_json(object);
}

static int format_list(
	struct postern_device *device UNUSED, const struct arguments *arguments UNUSED)
{
	const struct card_format *format;

	for (unsigned i = 0; (format = card_format_at(i)) != NULL; i++) {
		if (output_is_json())
			list_one_json(format);
		else
			list_one(format);
	}
	return EXIT_DONE;
}

/* --- test: what is reported, as lines or as one JSON object --- */

struct report {
	json_object *object; /* NULL: lines */
	json_object *checks;
};

static void report_text(const struct report *report, const char *key, const char *text)
{
	if (report->object != NULL)
		json_object_object_add(report->object, key, json_object_new_string(text));
	else
		printf("%-9s %s\n", key, text);
}

static void report_number(const struct report *report, const char *key, uint64_t number)
{
	if (report->object != NULL)
		json_object_object_add(report->object, key, json_object_new_uint64(number));
	else
		printf("%-9s %" PRIu64 "\n", key, number);
}

static void report_fields(const struct report *report, const struct card_format *format,
	const struct card_fields *fields)
{
	if (format->facility.range_count > 0)
		report_number(report, "facility", fields->facility);
	report_number(report, "card", fields->card);
	if (format->issue.range_count > 0)
		report_number(report, "issue", fields->issue);
	if (format->oem.range_count > 0)
		report_number(report, "oem", fields->oem);
	report_number(report, "enrolled", card_format_number(format, fields));
}

/* kind: "parity"; words: "bit 0, even over 1-12". */
static void report_check(
	const struct report *report, const char *kind, const char *words, bool right)
{
	if (report->object == NULL) {
		printf("%-9s %s: %s\n", kind, words, right ? "right" : "WRONG");
		return;
	}
	json_object *check = json_object_new_object();

	json_object_object_add(check, "kind", json_object_new_string(kind));
	json_object_object_add(check, "text", json_object_new_string(words));
	json_object_object_add(check, "right", json_object_new_boolean(right));
	json_object_array_add(report->checks, check);
}

/* --- test: the checks one by one --- */

/* The format without what could refuse a frame of its length. */
static struct card_format without_checks(const struct card_format *format)
{
	struct card_format bare = *format;

	bare.parity_count = 0;
	bare.xor_count = 0;
	bare.facility_count = 0;
	memset(&bare.constant, 0, sizeof(bare.constant));
	memset(&bare.constant_value, 0, sizeof(bare.constant_value));
	return bare;
}

static bool takes(const struct card_format *format, const struct card_bits *bits)
{
	struct card_fields fields;

	return card_format_decode(format, bits, &fields) == CARD_FORMAT_OK;
}

static void report_parity(
	const struct report *report, const struct card_format *format, const struct card_bits *bits)
{
	for (unsigned i = 0; i < format->parity_count; i++) {
		const struct card_parity *parity = &format->parity[i];
		struct card_format one = without_checks(format);
		char memory[512];
		struct buf words = buf_over(memory, sizeof(memory));

		one.parity_count = 1;
		one.parity[0] = *parity;
		buf_add_string(&words, "bit ");
		buf_add_u64(&words, parity->bit);
		buf_add_string(&words, parity->odd ? ", odd over " : ", even over ");
		bit_set_print(&parity->cover, &words);
		report_check(report, "parity", text_of(&words), takes(&one, bits));
	}
}

static void report_xor(
	const struct report *report, const struct card_format *format, const struct card_bits *bits)
{
	for (unsigned i = 0; i < format->xor_count; i++) {
		const struct card_xor *check = &format->xor_check[i];
		const struct card_field at = {1, {{check->at, check->width}}};
		const struct card_field over = {1, {check->over}};
		struct card_format one = without_checks(format);
		char memory[128];
		struct buf words = buf_over(memory, sizeof(memory));

		one.xor_count = 1;
		one.xor_check[0] = *check;
		buf_add_string(&words, "bits ");
		field_print(&at, &words);
		buf_add_string(&words, " over ");
		field_print(&over, &words);
		report_check(report, "xor", text_of(&words), takes(&one, bits));
	}
}

static void report_constants(
	const struct report *report, const struct card_format *format, const struct card_bits *bits)
{
	for (unsigned bit = 0; bit < format->bits; bit++) {
		bool must = bit_set_has(&format->constant_value, bit);
		char words[64];

		if (!bit_set_has(&format->constant, bit))
			continue;
		(void)snprintf(words, sizeof(words), "bit %u must be %d", bit, must);
		report_check(report, "constant", words, card_bits_get(bits, bit) == must);
	}
}

static void report_filter(
	const struct report *report, const struct card_format *format, const struct card_bits *bits)
{
	struct card_format one = without_checks(format);

	if (format->facility_count == 0)
		return;
	one.facility_count = format->facility_count;
	report_check(
		report, "filter", "the facility code is one of `facilities`", takes(&one, bits));
}

static void report_remarks(const struct report *report, const struct card_format *format)
{
	char memory[FORMAT_TEXT_MAX];
	struct buf remarks = buf_over(memory, sizeof(memory));
	struct span rest, line;

	card_format_remarks(format, &remarks);
	rest = buf_span(&remarks);
	if (report->object != NULL)
		json_object_object_add(report->object, "remarks", json_from_lines(rest));
	while (report->object == NULL && span_next(&rest, '\n', &line) && line.len > 0)
		printf("%-9s %.*s\n", "remark", (int)line.len, line.data);
}

static struct report report_begin(const struct card_format *format)
{
	struct report report = {0};
	char name[64];

	if (output_is_json()) {
		report.object = json_object_new_object();
		report.checks = json_object_new_array();
	}
	(void)snprintf(name, sizeof(name), "%.*s", format->name.len, format->name.bytes);
	report_text(&report, "format", name);
	return report;
}

static int test_frame(const struct card_format *format, const char *word)
{
	struct card_format bare = without_checks(format);
	struct card_fields fields;
	struct card_bits bits;

	if (!parse_bits(span_from_string(word), &bits))
		return EXIT_USAGE;
	enum card_format_result result = card_format_decode(format, &bits, &fields);

	if (result == CARD_FORMAT_WRONG_LENGTH) {
		fprintf(stderr, "postern: the frame has %u bits, the format %u\n", bits.count,
			format->bits);
		return EXIT_REFUSED;
	}
	struct report report = report_begin(format);

	/* What the fields would be is of use where a check is wrong, too. */
	(void)card_format_decode(&bare, &bits, &fields);
	report_fields(&report, format, &fields);
	report_parity(&report, format, &bits);
	report_xor(&report, format, &bits);
	report_constants(&report, format, &bits);
	report_filter(&report, format, &bits);
	if (report.object != NULL) {
		json_object_object_add(report.object, "checks", report.checks);
		json_object_object_add(
			report.object, "fits", json_object_new_boolean(result == CARD_FORMAT_OK));
	}
	report_remarks(&report, format);
	if (report.object != NULL)
		print_json(report.object);
	if (result == CARD_FORMAT_OK)
		return EXIT_DONE;
	fflush(stdout);
	fprintf(stderr, "postern: the frame does not fit %.*s: %s\n", format->name.len,
		format->name.bytes, card_format_result_sentence(result));
	return EXIT_REFUSED;
}

/* --- test --encode --- */

/* --NAME N: 0 where it is left out. False after a usage error. */
static bool field_option(const struct arguments *arguments, const char *name,
	const struct card_field *field, uint64_t *ret)
{
	const char *text = option_value(arguments, name);
	unsigned width = card_field_width(field);
	uint64_t top = width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;

	*ret = 0;
	if (text == NULL)
		return true;
	if (width == 0) {
		usage_error("--%s: the format has no such field", name);
		return false;
	}
	if (!number_parse_u64(span_from_string(text), top, ret)) {
		usage_error("--%s: `%s` is not a whole number from 0 to %" PRIu64
			    ": the field has %u bits",
			name, text, top, width);
		return false;
	}
	return true;
}

static int test_encode(const struct card_format *format, const struct arguments *arguments)
{
	struct card_fields fields;
	struct card_bits bits;
	char memory[3][CARD_BITS_MAX + 32];
	struct buf text[3];

	if (option_value(arguments, "card") == NULL)
		return usage_error("--encode needs --card N: the card number");
	if (!field_option(arguments, "card", &format->card, &fields.card) ||
		!field_option(arguments, "facility", &format->facility, &fields.facility) ||
		!field_option(arguments, "issue", &format->issue, &fields.issue) ||
		!field_option(arguments, "oem", &format->oem, &fields.oem))
		return EXIT_USAGE;
	enum card_format_result result = card_format_encode(format, &fields, &bits);

	if (result != CARD_FORMAT_OK)
		return usage_error("%s", card_format_result_sentence(result));
	for (unsigned i = 0; i < 3; i++)
		text[i] = buf_over(memory[i], sizeof(memory[i]));
	bits_print(&bits, &text[0]);
	bits_print_hex(&bits, false, &text[1]);
	bits_print_hex(&bits, true, &text[2]);
	for (unsigned i = 1; i < 3; i++) {
		buf_add_byte(&text[i], ':');
		buf_add_u64(&text[i], bits.count);
	}
	buf_add_string(&text[2], ":left");

	struct report report = report_begin(format);

	report_text(&report, "bits", text_of(&text[0]));
	report_text(&report, "hex", text_of(&text[1]));
	report_text(&report, "osdp", text_of(&text[2]));
	report_number(&report, "enrolled", card_format_number(format, &fields));
	if (report.object != NULL) {
		json_object_put(report.checks);
		print_json(report.object);
	}
	return EXIT_DONE;
}

static int format_test(struct postern_device *device UNUSED, const struct arguments *arguments)
{
	static const char *const encoding[] = {"card", "facility", "issue", "oem"};
	bool encode = option_value(arguments, "encode") != NULL;
	struct card_format format;

	if (encode == (arguments->positional_count == 2))
		return usage_error(encode ? "--encode makes the bits: leave BITS out"
					  : "give the frame's BITS, or --encode with --card N");
	for (size_t i = 0; i < ARRAY_COUNT(encoding) && !encode; i++) {
		if (option_value(arguments, encoding[i]) != NULL)
			return usage_error("--%s is for --encode", encoding[i]);
	}
	if (!parse_format(arguments->positional[0], &format))
		return EXIT_USAGE;
	return encode ? test_encode(&format, arguments)
		      : test_frame(&format, arguments->positional[1]);
}

const struct command format_commands[] = {
	{"format", "list", 0, 0, "json", "", "Names the built-in card formats.", false,
		format_list},
	{"format", "test", 1, 2, "encode card= facility= issue= oem= json",
		"FORMAT BITS | FORMAT --encode --card N [--facility N] [--issue N] [--oem N]",
		"Reads a frame (0101... or HEX:BITS) by a format, check by check, or makes one. "
		"FORMAT: a name, 'bits=26 card=1-24', or @FILE.",
		false, format_test},
	{"format", "learn", 0, POSITIONALS_MAX, "reader= count= seconds= json",
		"[BITS=NUMBER | FILE]... [--reader N [--count 3] [--seconds 60]]",
		"Finds the formats that read frames as the numbers printed on their cards; FILE: a "
		"capture with `# number`; without: asks, or reads lines of BITS NUMBER. With "
		"--reader: cards are shown at it, their numbers typed.",
		false, format_learn, .device_option = "reader"},
	{0},
};
