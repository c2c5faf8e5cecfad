// SPDX-License-Identifier: Apache-2.0
/* Every frame of 4, 6 and 8 bits against the manuals' tables, written out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "protocols/keypad.h"

#define NO_KEY 99

static struct card_bits bits_of(const char *text)
{
	struct card_bits bits = {0};

	for (; *text != 0; text++)
		card_bits_put(&bits, bits.count++, *text == '1');
	return bits;
}

static struct card_bits bits_number(unsigned number, unsigned count)
{
	struct card_bits bits = {.count = (uint16_t)count};

	for (unsigned i = 0; i < count; i++)
		card_bits_put(&bits, i, number >> (count - 1 - i) & 1);
	return bits;
}

/* The key of a frame at a keypad whose table is known; NO_KEY when refused, and nothing changed. */
static unsigned key_of(const struct card_bits *bits, enum keypad_six six)
{
	enum keypad_six after = six;
	uint8_t key = NO_KEY;

	if (keypad_decode(bits, &after, &key)) {
		assert_in_range(key, 0, KEYPAD_HASH);
		return key;
	}
	assert_int_equal(key, NO_KEY);
	assert_int_equal(after, six);
	return NO_KEY;
}

/* In the order 0 to 9, *, #. */
static const char *const tables[][KEYPAD_KEYS] = {
	{"0000", "0001", "0010", "0011", "0100", "0101", "0110", "0111", "1000", "1001", "1010",
		"1011"},
	{"11110000", "11100001", "11010010", "11000011", "10110100", "10100101", "10010110",
		"10000111", "01111000", "01101001", "01011010", "01001011"},
	{"000001", "000010", "000100", "000111", "101001", "101010", "101100", "101111", "110001",
		"110010", "110100", "110111"},
	{"110100", "000010", "000100", "000111", "101001", "101010", "101100", "101111", "110001",
		"110010", "110111", "011001"},
};

/* What a frame means by a written table. */
static unsigned expected(const char *const *table, unsigned frame, unsigned count)
{
	for (unsigned key = 0; key < KEYPAD_KEYS; key++) {
		struct card_bits bits = bits_of(table[key]);
		struct card_bits given = bits_number(frame, count);

		if (memcmp(&bits, &given, sizeof(bits)) == 0)
			return key;
	}
	return NO_KEY;
}

static void every_frame_of_4_and_8_bits_is_its_key_or_refused(void **state)
{
	(void)state;
	for (unsigned frame = 0; frame < 256; frame++) {
		struct card_bits four = bits_number(frame, 4);
		struct card_bits eight = bits_number(frame, 8);

		if (frame < 16)
			assert_int_equal(
				key_of(&four, KEYPAD_SIX_PARITY), expected(tables[0], frame, 4));
		assert_int_equal(key_of(&eight, KEYPAD_SIX_PARITY), expected(tables[1], frame, 8));
		assert_int_equal(
			key_of(&eight, KEYPAD_SIX_ROSSLARE), expected(tables[1], frame, 8));
	}
}

static void every_frame_of_6_bits_is_its_key_by_the_keypads_table(void **state)
{
	(void)state;
	for (unsigned frame = 0; frame < 64; frame++) {
		struct card_bits bits = bits_number(frame, 6);
		unsigned plain = expected(tables[2], frame, 6);
		unsigned own = expected(tables[3], frame, 6);

		/* Either table's own code is that key whatever was known. */
		assert_int_equal(key_of(&bits, KEYPAD_SIX_PARITY), plain != NO_KEY ? plain : own);
		assert_int_equal(key_of(&bits, KEYPAD_SIX_ROSSLARE), own != NO_KEY ? own : plain);
	}
}

static void no_single_wrong_bit_of_6_or_8_makes_another_digit_unseen(void **state)
{
	unsigned caught = 0;

	(void)state;
	for (uint8_t key = 0; key < KEYPAD_KEYS; key++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct card_bits bits;

			keypad_encode(key, 8, KEYPAD_SIX_PARITY, &bits);
			card_bits_put(&bits, bit, !card_bits_get(&bits, bit));
			assert_int_equal(key_of(&bits, KEYPAD_SIX_PARITY), NO_KEY);
		}
		for (unsigned bit = 0; bit < 6; bit++) {
			struct card_bits bits;

			keypad_encode(key, 6, KEYPAD_SIX_PARITY, &bits);
			card_bits_put(&bits, bit, !card_bits_get(&bits, bit));
			assert_int_equal(key_of(&bits, KEYPAD_SIX_PARITY), NO_KEY);
			caught++;
		}
	}
	assert_int_equal(caught, 72);
}

static void other_lengths_are_no_keys(void **state)
{
	(void)state;
	for (unsigned count = 0; count <= CARD_BITS_MAX; count++) {
		struct card_bits bits = {.count = (uint16_t)count};

		if (!keypad_is_frame(count))
			assert_int_equal(key_of(&bits, KEYPAD_SIX_PARITY), NO_KEY);
	}
	assert_true(keypad_is_frame(4) && keypad_is_frame(6) && keypad_is_frame(8));
	assert_false(keypad_is_frame(5) || keypad_is_frame(7) || keypad_is_frame(26));
}

static void what_is_encoded_is_the_table_and_decodes(void **state)
{
	static const struct {
		unsigned bits;
		enum keypad_six six;
	} forms[] = {{4, KEYPAD_SIX_PARITY}, {8, KEYPAD_SIX_ROSSLARE}, {6, KEYPAD_SIX_PARITY},
		{6, KEYPAD_SIX_ROSSLARE}};

	(void)state;
	for (unsigned f = 0; f < ARRAY_COUNT(forms); f++) {
		for (uint8_t key = 0; key < KEYPAD_KEYS; key++) {
			struct card_bits written = bits_of(tables[f][key]);
			struct card_bits bits;

			memset(&bits, 0xa5, sizeof(bits));
			keypad_encode(key, forms[f].bits, forms[f].six, &bits);
			assert_memory_equal(&bits, &written, sizeof(bits));
			assert_int_equal(key_of(&bits, forms[f].six), key);
		}
	}
}

static void codes_of_one_table_alone_say_which_a_keypad_uses(void **state)
{
	struct card_bits zero = bits_of("000001"), hash = bits_of("011001");
	struct card_bits star_or_zero = bits_of("110100"), hash_or_star = bits_of("110111");
	enum keypad_six six = KEYPAD_SIX_PARITY;
	uint8_t key;

	(void)state;
	assert_true(keypad_decode(&star_or_zero, &six, &key));
	assert_int_equal(key, KEYPAD_STAR);
	assert_true(keypad_decode(&hash, &six, &key));
	assert_int_equal(key, KEYPAD_HASH);
	assert_int_equal(six, KEYPAD_SIX_ROSSLARE);
	assert_true(keypad_decode(&star_or_zero, &six, &key));
	assert_int_equal(key, 0);
	assert_true(keypad_decode(&hash_or_star, &six, &key));
	assert_int_equal(key, KEYPAD_STAR);
	assert_true(keypad_decode(&zero, &six, &key));
	assert_int_equal(key, 0);
	assert_int_equal(six, KEYPAD_SIX_PARITY);
	assert_true(keypad_decode(&hash_or_star, &six, &key));
	assert_int_equal(key, KEYPAD_HASH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_frame_of_4_and_8_bits_is_its_key_or_refused),
		cmocka_unit_test(every_frame_of_6_bits_is_its_key_by_the_keypads_table),
		cmocka_unit_test(no_single_wrong_bit_of_6_or_8_makes_another_digit_unseen),
		cmocka_unit_test(other_lengths_are_no_keys),
		cmocka_unit_test(what_is_encoded_is_the_table_and_decodes),
		cmocka_unit_test(codes_of_one_table_alone_say_which_a_keypad_uses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
