// SPDX-License-Identifier: Apache-2.0
/*
 * The letters are those of RFC 4648's base32 (no 0, 1, 8, 9 to take for O, I, B, g). While a claim
 * is pending every other one is told that somebody was faster: the store decides, and a claim that
 * it could not write leaves everything open again.
 */
#include "claim.h"

#include "base/assert.h"
#include "base/civil.h"
#include "crypto/random.h"

static const struct span nameless = {NULL, 0}; /* there are no accounts yet */
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

_Static_assert(sizeof(letters) - 1 == 32, "a random byte chooses evenly");

void claim_open(struct claim *claim, char memory[CLAIM_CODE_TEXT])
{
	uint8_t bytes[CLAIM_CODE_LETTERS];
	size_t out = 0;

	random_bytes(bytes, sizeof(bytes));
	*claim = (struct claim){.open = true};
	for (size_t i = 0; i < CLAIM_CODE_LETTERS; i++) {
		claim->code[i] = letters[bytes[i] % 32];
		if (i == CLAIM_CODE_LETTERS / 2)
			memory[out++] = '-';
		memory[out++] = claim->code[i];
	}
	memory[out] = '\0';
	explicit_bzero(bytes, sizeof(bytes));
}

/* False when it is no code whatever the letters are. */
static bool code_read(struct span typed, char ret[CLAIM_CODE_LETTERS])
{
	size_t count = 0;

	for (size_t i = 0; i < typed.len; i++) {
		char c = typed.data[i];

		if (c == ' ' || c == '-')
			continue;
		if (count == CLAIM_CODE_LETTERS)
			return false;
		ret[count++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
	}
	return count == CLAIM_CODE_LETTERS;
}

enum claim_verdict claim_judge(struct claim *claim, struct throttle *throttle, struct span code,
	const uint8_t address[16], int64_t now_ms, uint32_t *ret_wait_s)
{
	char typed[CLAIM_CODE_LETTERS] = {0};

	*ret_wait_s = 0;
	if (!claim->open || claim->pending)
		return CLAIM_CLOSED;
	if (claim->wrong >= CLAIM_GUESSES_MAX)
		return CLAIM_WORN;
	int64_t wait_ms = throttle_wait_ms(throttle, address, nameless, now_ms);

	if (wait_ms > 0) {
		*ret_wait_s = (uint32_t)((wait_ms + MS_PER_S - 1) / MS_PER_S);
		return CLAIM_WAIT;
	}
	if (!code_read(code, typed) || !bytes_equal_secret(typed, claim->code, sizeof(typed))) {
		claim->wrong++;
		throttle_wrong(throttle, address, nameless, now_ms);
		return CLAIM_WRONG;
	}
	throttle_right(throttle, address, nameless);
	claim->pending = true;
	return CLAIM_RIGHT;
}

void claim_end(struct claim *claim, bool made)
{
	ASSERT(claim->open && claim->pending);
	explicit_bzero(&claim->password, sizeof(claim->password));
	claim->pending = false;
	if (made)
		explicit_bzero(claim, sizeof(*claim));
}
