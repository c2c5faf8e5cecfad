// SPDX-License-Identifier: Apache-2.0
/*
 * Data of any OSDP command or reply; the first byte says of which. Oracle: what was understood,
 * written, is understood again, and written again is the same bytes.
 */
#include "protocols/osdp_message.h"
#include "base/assert.h"
#include "base/compiler.h"

#define AGAIN_AS(type, decode, encode)                                                             \
	static bool type##_again(struct span data, struct buf *out)                                \
	{                                                                                          \
		struct osdp_##type value = {0};                                                    \
                                                                                                   \
		if (!decode)                                                                       \
			return false;                                                              \
		osdp_##encode(out, &value);                                                        \
		return true;                                                                       \
	}
#define AGAIN(type) AGAIN_AS(type, osdp_##type##_decode(data, &value), type##_encode)
#define AGAIN_NEXT(type) AGAIN_AS(type, osdp_##type##_next(&data, &value), type##_encode)

AGAIN(ask)
AGAIN_NEXT(out)
AGAIN_NEXT(led)
AGAIN(buz)
AGAIN(text)
AGAIN(tdset)
AGAIN(com)
AGAIN(bioread)
AGAIN(biomatch)
AGAIN(keyset)
AGAIN(mfg)
AGAIN(x)
AGAIN(xrd_card)
AGAIN(pivdata)
AGAIN(auth)
AGAIN(filetransfer)
AGAIN_AS(nak_reply, osdp_nak_decode(data, &value), nak_encode)
AGAIN(pdid)
AGAIN_NEXT(pdcap)
AGAIN(lstatr)
AGAIN(raw)
AGAIN(fmt)
AGAIN(keypad)
AGAIN(bioreadr)
AGAIN(biomatchr)
AGAIN_NEXT(identity)
AGAIN(ftstat)
AGAIN(part)

static bool (*const kinds[])(struct span data, struct buf *out) = {ask_again, out_again, led_again,
	buz_again, text_again, tdset_again, com_again, bioread_again, biomatch_again, keyset_again,
	mfg_again, x_again, xrd_card_again, pivdata_again, auth_again, filetransfer_again,
	nak_reply_again, pdid_again, pdcap_again, lstatr_again, raw_again, fmt_again, keypad_again,
	bioreadr_again, biomatchr_again, identity_again, ftstat_again, part_again};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char first[1 << 17], second[1 << 17];
	struct buf once = buf_over(first, sizeof(first)), twice = buf_over(second, sizeof(second));

	if (size == 0 || size > 1 << 16)
		return 0;
	unsigned kind = data[0] % ARRAY_COUNT(kinds);

	if (!kinds[kind](span_of(data + 1, size - 1), &once))
		return 0;
	if (once.overflow) /* a template whose length was left out, too long to have one */
		return 0;
	ASSERT(kinds[kind](buf_span(&once), &twice));
	ASSERT(span_equal(buf_span(&once), buf_span(&twice)));
	return 0;
}
