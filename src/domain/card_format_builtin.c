// SPDX-License-Identifier: Apache-2.0
/*
 * The built-in formats; docs/card-formats.md lists them with their sources. The first is the
 * default. Names never change and are never given to another layout: configuration files hold them.
 */
#include "domain/card_format.h"

#include "base/compiler.h"

/* clang-format off */
/* Byte i of a mask with the bits first to last, but those that leave rest when divided by 3. */
#define MASK_BIT(first, last, rest, bit)                                                           \
	((bit) >= (first) && (bit) <= (last) && (bit) % 3 != (rest) ? 0x80 >> (bit) % 8 : 0)
#define MASK_BYTE(first, last, rest, i)                                                            \
	(MASK_BIT(first, last, rest, 8 * (i)) | MASK_BIT(first, last, rest, 8 * (i) + 1) |         \
		MASK_BIT(first, last, rest, 8 * (i) + 2) |                                         \
		MASK_BIT(first, last, rest, 8 * (i) + 3) |                                         \
		MASK_BIT(first, last, rest, 8 * (i) + 4) |                                         \
		MASK_BIT(first, last, rest, 8 * (i) + 5) |                                         \
		MASK_BIT(first, last, rest, 8 * (i) + 6) |                                         \
		MASK_BIT(first, last, rest, 8 * (i) + 7))
#define MASK(first, last, rest)                                                                    \
	{{MASK_BYTE(first, last, rest, 0), MASK_BYTE(first, last, rest, 1),                        \
		MASK_BYTE(first, last, rest, 2), MASK_BYTE(first, last, rest, 3),                  \
		MASK_BYTE(first, last, rest, 4), MASK_BYTE(first, last, rest, 5),                  \
		MASK_BYTE(first, last, rest, 6), MASK_BYTE(first, last, rest, 7),                  \
		MASK_BYTE(first, last, rest, 8)}}

/* MASK fills nine bytes: no built-in format has more than 72 bits. */

#define EVEN(bit, first, last) {bit, false, MASK(first, last, 3)}
#define ODD(bit, first, last) {bit, true, MASK(first, last, 3)}
/* Two bits of three: all but those that leave rest when divided by 3. */
#define EVEN_2_OF_3(bit, first, last, rest) {bit, false, MASK(first, last, rest)}
#define ODD_2_OF_3(bit, first, last, rest) {bit, true, MASK(first, last, rest)}

#define PARITY(...) .parity_count = 2, .parity = {__VA_ARGS__}
#define PARITY_3(...) .parity_count = 3, .parity = {__VA_ARGS__}
/* Even over the first half of the data, odd over the second. */
#define PARITY_HALVES(bits, half) PARITY(EVEN(0, 1, half), ODD(bits - 1, half + 1, 2 * half))
#define XOR(at, width, over) .xor_count = 1, .xor_check = {{at, width, {0, over}}}
#define FIELD(start, len) {1, {{start, len}}}
#define NAME(text) .name = {.len = sizeof(text) - 1, .bytes = text}

static const struct card_format formats[] = {
	{NAME("W34"), .bits = 34, .card = FIELD(1, 32), PARITY_HALVES(34, 16)},
	{NAME("W26"), .bits = 26, .facility = FIELD(1, 8), .card = FIELD(9, 16),
		PARITY_HALVES(26, 12)},
	{NAME("W66"), .bits = 66, .card = FIELD(1, 64), PARITY_HALVES(66, 32)},
	{NAME("W24"), .bits = 24, .facility = FIELD(0, 8), .card = FIELD(8, 16)},
	{NAME("W26-24"), .bits = 26, .card = FIELD(1, 24), PARITY_HALVES(26, 12)},
	{NAME("Indala26"), .bits = 26, .facility = FIELD(1, 12), .card = FIELD(13, 12),
		PARITY_HALVES(26, 12)},
	{NAME("W30-ATS"), .bits = 30, .facility = FIELD(1, 12), .card = FIELD(13, 16),
		PARITY(EVEN(0, 1, 12), ODD(29, 13, 28))},
	{NAME("W30-CDVI"), .bits = 30, .card = FIELD(1, 28), PARITY_HALVES(30, 14)},
	{NAME("W32-raw"), .bits = 32, .card = FIELD(0, 32)},
	{NAME("W32-parity"), .bits = 32, .card = FIELD(1, 30), PARITY_HALVES(32, 15)},
	{NAME("Kastle32"), .bits = 32, .issue = FIELD(2, 5), .facility = FIELD(7, 8),
		.card = FIELD(15, 16), .constant = {{0x40}}, .constant_value = {{0x40}},
		PARITY(EVEN(0, 1, 16), ODD(31, 14, 30))},
	{NAME("Kantech32"), .bits = 32, .facility = FIELD(7, 8), .card = FIELD(15, 16),
		.ignored = {{0xfe, 0, 0, 0x01}}},
	{NAME("D10202"), .bits = 33, .facility = FIELD(1, 7), .card = FIELD(8, 24),
		PARITY(EVEN(0, 1, 16), ODD(32, 16, 31))},
	{NAME("H10306"), .bits = 34, .facility = FIELD(1, 16), .card = FIELD(17, 16),
		PARITY_HALVES(34, 16)},
	{NAME("W34-BQT"), .bits = 34, .facility = FIELD(1, 8), .card = FIELD(9, 24),
		PARITY_HALVES(34, 16)},
	{NAME("C1000-35"), .bits = 35, .facility = FIELD(2, 12), .card = FIELD(14, 20),
		PARITY_3(EVEN_2_OF_3(1, 2, 33, 1), ODD_2_OF_3(34, 1, 32, 0), ODD(0, 1, 34))},
	{NAME("C15001"), .bits = 36, .oem = FIELD(1, 10), .facility = FIELD(11, 8),
		.card = FIELD(19, 16), PARITY_HALVES(36, 17)},
	{NAME("S12906"), .bits = 36, .facility = FIELD(1, 8), .issue = FIELD(9, 2),
		.card = FIELD(11, 24), PARITY(ODD(0, 1, 17), ODD(35, 17, 34))},
	{NAME("H10302"), .bits = 37, .card = FIELD(1, 35),
		PARITY(EVEN(0, 1, 18), ODD(36, 18, 35))},
	{NAME("H10304"), .bits = 37, .facility = FIELD(1, 16), .card = FIELD(17, 19),
		PARITY(EVEN(0, 1, 18), ODD(36, 18, 35))},
	{NAME("ZK37-interleaved"), .bits = 37, .oem = FIELD(1, 4), .facility = FIELD(5, 12),
		.card = FIELD(17, 19),
		PARITY(ODD_2_OF_3(0, 2, 35, 1), EVEN_2_OF_3(36, 1, 34, 2))},
	{NAME("ZK37-halves"), .bits = 37, .oem = FIELD(1, 3), .facility = FIELD(4, 16),
		.card = FIELD(20, 16), PARITY(EVEN(0, 1, 17), ODD(36, 18, 35))},
	{NAME("P10001"), .bits = 40, .facility = FIELD(4, 12), .card = FIELD(16, 16),
		.constant = {{0xf0}}, .constant_value = {{0xf0}}, XOR(32, 8, 32)},
	{NAME("W40-raw"), .bits = 40, .card = FIELD(0, 40)},
	{NAME("Casi-Rusco"), .bits = 40, .card = FIELD(1, 38),
		.ignored = {{0x80, 0, 0, 0, 0x01}}},
	{NAME("W42"), .bits = 42, .card = FIELD(1, 40), PARITY_HALVES(42, 20)},
	{NAME("W44-xor"), .bits = 44, .oem = FIELD(0, 8), .card = FIELD(8, 32), XOR(40, 4, 40)},
	{NAME("C1000-48"), .bits = 48, .facility = FIELD(2, 22), .card = FIELD(24, 23),
		PARITY_3(EVEN_2_OF_3(1, 3, 46, 2), ODD_2_OF_3(47, 2, 45, 1), ODD(0, 1, 47))},
	{NAME("W50"), .bits = 50, .facility = FIELD(1, 16), .card = FIELD(17, 32),
		PARITY_HALVES(50, 24)},
	{NAME("W56-raw"), .bits = 56, .card = FIELD(0, 56)},
	{NAME("W58"), .bits = 58, .card = FIELD(1, 56), PARITY_HALVES(58, 28)},
	{NAME("W64-raw"), .bits = 64, .card = FIELD(0, 64)},
};
/* clang-format on */

/* A format's other names stand one after the other. */
static const struct {
	const char *alias;
	const char *name;
} aliases[] = {
	{"W34-32", "W34"},
	{"H10301", "W26"},
	{"W32-Civintec", "W32-parity"},
	{"Kastle", "Kastle32"},
	{"KFS", "Kantech32"},
	{"N10002", "H10306"},
	{"ZK37a", "ZK37-interleaved"},
};

const struct card_format *card_format_at(unsigned index)
{
	return index < ARRAY_COUNT(formats) ? &formats[index] : NULL;
}

const char *card_format_alias(const struct card_format *format, unsigned index)
{
	for (size_t i = 0; i < ARRAY_COUNT(aliases); i++) {
		if (span_equal(text_span(&format->name), span_from_string(aliases[i].name)) &&
			index-- == 0)
			return aliases[i].alias;
	}
	return NULL;
}

const struct card_format *card_format_find(struct span name)
{
	for (size_t i = 0; i < ARRAY_COUNT(aliases); i++) {
		if (span_equal_nocase(name, span_from_string(aliases[i].alias)))
			name = span_from_string(aliases[i].name);
	}
	for (size_t i = 0; i < ARRAY_COUNT(formats); i++) {
		if (span_equal_nocase(name, text_span(&formats[i].name)))
			return &formats[i];
	}
	return NULL;
}
