// SPDX-License-Identifier: Apache-2.0
/*
 * The guess is the middle of the last four to eight begins that were seen. It need not be the
 * latest: seen is a begin a little after it was, and the silence behind a reply that is waited for
 * anyway leaves room for two characters more. A reader is steady when these, without the earliest
 * and the latest, lie within a thirty-second of an exchange. After a reply that came at an odd time
 * the next one is watched, and so on until they are no longer odd: a reader that became slower or
 * quicker is watched until it is steady again. What came later than guessed does not itself count
 * as a sample: one of such a few would weigh as much as sixteen that were on time.
 *
 * Watched is one exchange in sixteen in any case: that a reader has become quicker shows nowhere
 * else.
 */
#include "bus_guess.h"

#include "base/assert.h"

#define NS_PER_US INT64_C(1000)
#define SAMPLES_MIN 4u
#define WIDTH_PART 32 /* of an exchange: what it may cost not to watch */
#define LEN_MIN 8 /* mark, the shortest frame */
#define BEGIN_MAX_NS (200 * 1000 * NS_PER_US) /* the standard's limit */

static void learn(struct bus_guess *guess)
{
	uint32_t sorted[BUS_GUESS_SAMPLES] = {0};

	ASSERT(guess->count >= SAMPLES_MIN);
	for (unsigned i = 0; i < guess->count; i++) {
		unsigned at = i;

		for (; at > 0 && sorted[at - 1] > guess->begin_us[i]; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = guess->begin_us[i];
	}
	guess->middle_us = sorted[guess->count / 2];
	guess->spread_us = sorted[guess->count - 2] - sorted[1];
}

bool bus_guess_plan(struct bus_guess *guess, size_t command_len, int64_t byte_ns,
	int64_t *ret_begin_ns, uint32_t *ret_len)
{
	int64_t begin_ns = guess->middle_us * NS_PER_US;
	int64_t exchange_ns = begin_ns + (int64_t)(command_len + guess->len) * byte_ns;

	guess->width_us = (uint32_t)(exchange_ns / WIDTH_PART / NS_PER_US);
	guess->guessed = guess->count >= SAMPLES_MIN && guess->blind < BUS_GUESS_BLIND &&
			 guess->len >= LEN_MIN && guess->spread_us <= guess->width_us;
	if (!guess->guessed)
		return false;
	guess->blind++;
	*ret_begin_ns = begin_ns;
	*ret_len = guess->len;
	return true;
}

static bool is_as_before(const struct bus_guess *guess, uint32_t begin_us)
{
	if (guess->count < SAMPLES_MIN)
		return true;
	return begin_us <= guess->middle_us + guess->width_us &&
	       begin_us + guess->width_us >= guess->middle_us;
}

static void sample(struct bus_guess *guess, int64_t begin_ns)
{
	int64_t part_ns = begin_ns < 0 ? 0 : begin_ns < BEGIN_MAX_NS ? begin_ns : BEGIN_MAX_NS;
	uint32_t begin_us = (uint32_t)(part_ns / NS_PER_US);

	guess->blind = is_as_before(guess, begin_us) ? 0 : BUS_GUESS_BLIND;
	guess->begin_us[guess->next] = begin_us;
	guess->next = (uint8_t)((guess->next + 1u) % BUS_GUESS_SAMPLES);
	if (guess->count < BUS_GUESS_SAMPLES)
		guess->count++;
	if (guess->count >= SAMPLES_MIN)
		learn(guess);
}

void bus_guess_came(struct bus_guess *guess, bool seen, int64_t begin_ns, uint32_t len)
{
	uint16_t latest = len < UINT16_MAX ? (uint16_t)len : UINT16_MAX;

	guess->len = latest < guess->len_latest ? latest : guess->len_latest;
	guess->len_latest = latest;
	if (seen && guess->guessed)
		guess->blind = BUS_GUESS_BLIND; /* the next one tells whether it is slower now */
	else if (seen)
		sample(guess, begin_ns);
}

void bus_guess_lost(struct bus_guess *guess)
{
	*guess = (struct bus_guess){0};
}
