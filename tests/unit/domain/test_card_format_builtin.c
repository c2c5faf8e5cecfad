// SPDX-License-Identifier: Apache-2.0
/*
 * Every built-in format against a second reader and writer that knows nothing of the first: it
 * works on strings of 0 and 1, and its layouts are drawn bit by bit from the makers' tables, as HID
 * prints them. c card, f facility, i issue, o oem, p parity or XOR, 0 and 1 constant, _ ignored. A
 * row draws one check: E or O is the bit that makes the parity of it and of the x even or odd. A
 * XOR is a row for each of its bits. Rows are written from the first to the last.
 */
#include "base/compiler.h"
#include "domain/card_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROWS_MAX 8
#define ROUNDS 200

struct layout {
	const char *name;
	const char *bits;
	const char *row[ROWS_MAX];
};

static const struct layout layouts[] = {
	{"W34", "pccccccccccccccccccccccccccccccccp",
		{"Exxxxxxxxxxxxxxxx.................", ".................xxxxxxxxxxxxxxxxO"}},
	{"W26", "pffffffffccccccccccccccccp",
		{"Exxxxxxxxxxxx.............", ".............xxxxxxxxxxxxO"}},
	{"W66", "pccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccp",
		{"Exxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.................................",
			".................................xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxO"}},
	{"W24", "ffffffffcccccccccccccccc", {NULL}},
	{"W26-24", "pccccccccccccccccccccccccp",
		{"Exxxxxxxxxxxx.............", ".............xxxxxxxxxxxxO"}},
	{"Indala26", "pffffffffffffccccccccccccp",
		{"Exxxxxxxxxxxx.............", ".............xxxxxxxxxxxxO"}},
	{"W30-ATS", "pffffffffffffccccccccccccccccp",
		{"Exxxxxxxxxxxx.................", ".............xxxxxxxxxxxxxxxxO"}},
	{"W30-CDVI", "pccccccccccccccccccccccccccccp",
		{"Exxxxxxxxxxxxxx...............", "...............xxxxxxxxxxxxxxO"}},
	{"W32-raw", "cccccccccccccccccccccccccccccccc", {NULL}},
	{"W32-parity", "pccccccccccccccccccccccccccccccp",
		{"Exxxxxxxxxxxxxxx................", "................xxxxxxxxxxxxxxxO"}},
	{"Kastle32", "p1iiiiiffffffffccccccccccccccccp",
		{"Exxxxxxxxxxxxxxxx...............", "..............xxxxxxxxxxxxxxxxxO"}},
	{"Kantech32", "_______ffffffffcccccccccccccccc_", {NULL}},
	{"D10202", "pfffffffccccccccccccccccccccccccp",
		{"Exxxxxxxxxxxxxxxx................", "................xxxxxxxxxxxxxxxxO"}},
	{"H10306", "pffffffffffffffffccccccccccccccccp",
		{"Exxxxxxxxxxxxxxxx.................", ".................xxxxxxxxxxxxxxxxO"}},
	{"W34-BQT", "pffffffffccccccccccccccccccccccccp",
		{"Exxxxxxxxxxxxxxxx.................", ".................xxxxxxxxxxxxxxxxO"}},
	{"C1000-35", "ppffffffffffffccccccccccccccccccccp",
		{".Exx.xx.xx.xx.xx.xx.xx.xx.xx.xx.xx.", ".xx.xx.xx.xx.xx.xx.xx.xx.xx.xx.xx.O",
			"Oxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}},
	{"C15001", "pooooooooooffffffffccccccccccccccccp",
		{"Exxxxxxxxxxxxxxxxx..................", "..................xxxxxxxxxxxxxxxxxO"}},
	{"S12906", "pffffffffiiccccccccccccccccccccccccp",
		{"Oxxxxxxxxxxxxxxxxx..................", ".................xxxxxxxxxxxxxxxxxxO"}},
	{"H10302", "pcccccccccccccccccccccccccccccccccccp",
		{"Exxxxxxxxxxxxxxxxxx..................", "..................xxxxxxxxxxxxxxxxxxO"}},
	{"H10304", "pffffffffffffffffcccccccccccccccccccp",
		{"Exxxxxxxxxxxxxxxxxx..................", "..................xxxxxxxxxxxxxxxxxxO"}},
	{"ZK37-interleaved", "pooooffffffffffffcccccccccccccccccccp",
		{"O.xx.xx.xx.xx.xx.xx.xx.xx.xx.xx.xx.x.", ".x.xx.xx.xx.xx.xx.xx.xx.xx.xx.xx.xx.E"}},
	{"ZK37-halves", "poooffffffffffffffffccccccccccccccccp",
		{"Exxxxxxxxxxxxxxxxx...................", "..................xxxxxxxxxxxxxxxxxxO"}},
	{"P10001", "1111ffffffffffffccccccccccccccccpppppppp",
		{"x.......x.......x.......x.......E.......",
			".x.......x.......x.......x.......E......",
			"..x.......x.......x.......x.......E.....",
			"...x.......x.......x.......x.......E....",
			"....x.......x.......x.......x.......E...",
			".....x.......x.......x.......x.......E..",
			"......x.......x.......x.......x.......E.",
			".......x.......x.......x.......x.......E"}},
	{"W40-raw", "cccccccccccccccccccccccccccccccccccccccc", {NULL}},
	{"Casi-Rusco", "_cccccccccccccccccccccccccccccccccccccc_", {NULL}},
	{"W42", "pccccccccccccccccccccccccccccccccccccccccp",
		{"Exxxxxxxxxxxxxxxxxxxx.....................",
			".....................xxxxxxxxxxxxxxxxxxxxO"}},
	{"W44-xor", "ooooooooccccccccccccccccccccccccccccccccpppp",
		{"x...x...x...x...x...x...x...x...x...x...E...",
			".x...x...x...x...x...x...x...x...x...x...E..",
			"..x...x...x...x...x...x...x...x...x...x...E.",
			"...x...x...x...x...x...x...x...x...x...x...E"}},
	{"C1000-48", "ppffffffffffffffffffffffcccccccccccccccccccccccp",
		{".E.xx.xx.xx.xx.xx.xx.xx.xx.xx.xx.xx.xx.xx.xx.xx.",
			"..xx.xx.xx.xx.xx.xx.xx.xx.xx.xx.xx.xx.xx.xx.xx.O",
			"Oxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}},
	{"W50", "pffffffffffffffffccccccccccccccccccccccccccccccccp",
		{"Exxxxxxxxxxxxxxxxxxxxxxxx.........................",
			".........................xxxxxxxxxxxxxxxxxxxxxxxxO"}},
	{"W56-raw", "cccccccccccccccccccccccccccccccccccccccccccccccccccccccc", {NULL}},
	{"W58", "pccccccccccccccccccccccccccccccccccccccccccccccccccccccccp",
		{"Exxxxxxxxxxxxxxxxxxxxxxxxxxxx.............................",
			".............................xxxxxxxxxxxxxxxxxxxxxxxxxxxxO"}},
	{"W64-raw", "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc", {NULL}},
};

/* --- the second reader and writer --- */

static unsigned row_ones(const char *row, const char *text)
{
	unsigned ones = 0;

	for (size_t i = 0; row[i] != '\0'; i++)
		ones += row[i] != '.' && text[i] == '1';
	return ones;
}

static unsigned row_at(const char *row)
{
	return (unsigned)strcspn(row, "EO");
}

static unsigned letters(const char *bits, char letter)
{
	unsigned count = 0;

	for (size_t i = 0; bits[i] != '\0'; i++)
		count += bits[i] == letter;
	return count;
}

static void text_put(char *text, const char *bits, char letter, uint64_t value)
{
	for (size_t i = strlen(bits); i-- > 0;) {
		if (bits[i] != letter)
			continue;
		text[i] = value % 2 != 0 ? '1' : '0';
		value /= 2;
	}
}

static void layout_write(const struct layout *layout, const struct card_fields *fields, char *text)
{
	size_t len = strlen(layout->bits);

	for (size_t i = 0; i < len; i++)
		text[i] = layout->bits[i] == '1' ? '1' : '0';
	text[len] = '\0';
	text_put(text, layout->bits, 'c', fields->card);
	text_put(text, layout->bits, 'f', fields->facility);
	text_put(text, layout->bits, 'i', fields->issue);
	text_put(text, layout->bits, 'o', fields->oem);
	for (unsigned r = 0; r < ROWS_MAX && layout->row[r] != NULL; r++) {
		const char *row = layout->row[r];
		unsigned at = row_at(row);

		if (row_ones(row, text) % 2 != (row[at] == 'O' ? 1 : 0))
			text[at] = '1';
	}
}

static bool layout_fits(const struct layout *layout, const char *text)
{
	for (size_t i = 0; text[i] != '\0'; i++) {
		if ((layout->bits[i] == '0' || layout->bits[i] == '1') &&
			layout->bits[i] != text[i])
			return false;
	}
	for (unsigned r = 0; r < ROWS_MAX && layout->row[r] != NULL; r++) {
		const char *row = layout->row[r];

		if (row_ones(row, text) % 2 != (row[row_at(row)] == 'O' ? 1 : 0))
			return false;
	}
	return true;
}

/* --- against the first --- */

static const struct card_format *format_of(const struct layout *layout)
{
	const struct card_format *format = card_format_find(span_from_string(layout->name));

	assert_non_null(format);
	assert_int_equal(format->bits, strlen(layout->bits));
	return format;
}

static struct card_bits bits_of(const char *text)
{
	struct card_bits bits = {.count = (uint16_t)strlen(text)};

	for (unsigned i = 0; i < bits.count; i++)
		card_bits_put(&bits, i, text[i] == '1');
	return bits;
}

static uint64_t random_value(unsigned width)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return width == 0 ? 0 : state >> (64 - width);
}

static struct card_fields random_fields(const struct layout *layout)
{
	return (struct card_fields){
		.card = random_value(letters(layout->bits, 'c')),
		.facility = random_value(letters(layout->bits, 'f')),
		.issue = random_value(letters(layout->bits, 'i')),
		.oem = random_value(letters(layout->bits, 'o')),
	};
}

static void check_flip(const struct layout *layout, char *text, unsigned at, bool *ret_noticed)
{
	struct card_fields fields;
	struct card_bits bits;

	text[at] ^= 1;
	bits = bits_of(text);
	*ret_noticed = !layout_fits(layout, text);
	assert_int_equal(card_format_decode(format_of(layout), &bits, &fields) != CARD_FORMAT_OK,
		*ret_noticed);
	text[at] ^= 1;
}

static void every_built_in_format_reads_and_writes_as_it_is_drawn(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(layouts); i++) {
		const struct layout *layout = &layouts[i];
		const struct card_format *format = format_of(layout);

		for (unsigned round = 0; round < ROUNDS; round++) {
			char text[CARD_BITS_MAX + 1];
			struct card_fields fields = random_fields(layout);
			struct card_fields got;
			struct card_bits bits;
			struct card_bits want;

			layout_write(layout, &fields, text);
			want = bits_of(text);
			assert_true(layout_fits(layout, text));
			assert_int_equal(
				card_format_encode(format, &fields, &bits), CARD_FORMAT_OK);
			assert_int_equal(bits.count, want.count);
			assert_memory_equal(bits.bytes, want.bytes, sizeof(bits.bytes));
			assert_int_equal(card_format_decode(format, &bits, &got), CARD_FORMAT_OK);
			assert_memory_equal(&got, &fields, sizeof(got));
		}
	}
	assert_null(card_format_at(ARRAY_COUNT(layouts))); /* none is left out */
}

/* Exactly the bits that no check covers and that are not constant. */
static void exactly_the_uncovered_bits_are_not_noticed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(layouts); i++) {
		const struct layout *layout = &layouts[i];
		struct card_fields fields = random_fields(layout);
		char text[CARD_BITS_MAX + 1];
		struct bit_set claimed;

		layout_write(layout, &fields, text);
		card_format_noticed(format_of(layout), &claimed);
		for (unsigned at = 0; at < strlen(text); at++) {
			bool covered = layout->bits[at] == '0' || layout->bits[at] == '1';
			bool noticed;

			for (unsigned r = 0; r < ROWS_MAX && layout->row[r] != NULL; r++)
				covered = covered || layout->row[r][at] != '.';
			check_flip(layout, text, at, &noticed);
			assert_int_equal(noticed, covered);
			assert_int_equal(noticed, bit_set_has(&claimed, at));
		}
	}
}

static void every_built_in_format_is_good_and_leaves_nothing_unsaid(void **state)
{
	(void)state;
	for (unsigned i = 0; card_format_at(i) != NULL; i++) {
		char memory[1024];
		struct buf why = buf_over(memory, sizeof(memory));

		assert_true(card_format_check(card_format_at(i), &why));
		assert_int_equal(why.len, 0);
		card_format_remarks(card_format_at(i), &why);
		buf_add_byte(&why, '\0');
		assert_null(strstr(memory, "in no field"));
	}
}

/* --- docs/card-formats.md --- */

static char *docs_read(void)
{
	const char *source = getenv("POSTERN_SOURCE");
	static char text[65536];
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

/* "| W26, H10301 | `bits=26 ...` | 26 of 26 |" */
static void docs_row(const struct card_format *format, struct buf *out)
{
	struct bit_set noticed;
	unsigned count = 0;
	char memory[1024];
	struct buf line = buf_over(memory, sizeof(memory));

	card_format_noticed(format, &noticed);
	for (unsigned bit = 0; bit < format->bits; bit++)
		count += bit_set_has(&noticed, bit);
	buf_add_string(out, "\n| ");
	buf_add(out, text_span(&format->name));
	for (unsigned i = 0; card_format_alias(format, i) != NULL; i++) {
		buf_add_string(out, ", ");
		buf_add_string(out, card_format_alias(format, i));
	}
	buf_add_string(out, " | `");
	card_format_print_line(format, &line);
	buf_add(out, span_slice(buf_span(&line), sizeof("name=") + format->name.len, line.len));
	buf_add_string(out, "` | ");
	buf_add_u64(out, count);
	buf_add_string(out, " of ");
	buf_add_u64(out, format->bits);
	buf_add_string(out, " |");
	buf_add_byte(out, '\0');
	assert_false(out->overflow);
}

static void the_documents_table_is_the_codes(void **state)
{
	(void)state;
	const char *docs = docs_read();
	unsigned missing = 0;

	for (unsigned i = 0; card_format_at(i) != NULL; i++) {
		char memory[1024];
		struct buf row = buf_over(memory, sizeof(memory));

		docs_row(card_format_at(i), &row);
		if (strstr(docs, memory) == NULL) {
			(void)fprintf(stderr, "# not in docs/card-formats.md:%s\n", memory);
			missing++;
		}
	}
	assert_int_equal(missing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_built_in_format_reads_and_writes_as_it_is_drawn),
		cmocka_unit_test(exactly_the_uncovered_bits_are_not_noticed),
		cmocka_unit_test(every_built_in_format_is_good_and_leaves_nothing_unsaid),
		cmocka_unit_test(the_documents_table_is_the_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
