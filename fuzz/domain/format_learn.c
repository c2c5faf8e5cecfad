// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes -> samples: frames with any bits, or cards of a built-in format. Oracle: every proposal may
 * be used, reads the samples that it says it does (all, or all but one) as printed, and stands in
 * its order; what is said fits its room. Time is bounded by libFuzzer.
 */
#include "base/assert.h"
#include "domain/card_format_learn.h"

#define SAMPLE_BYTES 20 /* 9 of the frame, 8 of the number, 3 of the facility code */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void sample_make(const uint8_t *data, unsigned bits, const struct card_format *format,
	struct learn_sample *ret)
{
	struct card_fields fields = {0};

	for (unsigned i = 0; i < 8; i++)
		ret->printed.number = ret->printed.number << 8 | data[9 + i];
	ret->printed.number >>= data[8] % 64;
	for (unsigned i = 0; i < 3; i++)
		ret->printed.facility = ret->printed.facility << 8 | data[17 + i];
	ret->bits.count = (uint16_t)bits;
	for (unsigned i = 0; i < bits; i++)
		card_bits_put(&ret->bits, i, (data[i / 8] >> (7 - i % 8) & 1) != 0);
	fields.card = ret->printed.number;
	fields.facility = ret->printed.facility;
	if (format != NULL)
		(void)card_format_encode(format, &fields, &ret->bits);
}

static void check(const struct learning *learning)
{
	uint16_t all = (uint16_t)((1U << learning->sample_count) - 1);

	for (unsigned i = 0; i < learning->proposal_count; i++) {
		const struct learn_proposal *p = &learning->proposal[i];
		char text[4096];
		struct buf out = buf_over(text, sizeof(text));

		ASSERT(card_format_check(&p->format, &out) && p->percent <= 99);
		ASSERT(__builtin_popcount((unsigned)(p->fits ^ all)) <= 1);
		ASSERT(i == 0 || p->score <= learning->proposal[i - 1].score);
		for (unsigned s = 0; s < learning->sample_count; s++) {
			const struct learn_sample *sample = &learning->sample[s];
			struct card_fields f;

			ASSERT((p->fits >> s & 1) ==
				(card_format_decode(&p->format, &sample->bits, &f) ==
						CARD_FORMAT_OK &&
					learn_reads_as_printed(
						&p->format, p->reading, &f, &sample->printed)));
		}
		learning_explain(learning, i, &out);
		learning_tell(learning, i, 0, &out);
		ASSERT(!out.overflow && out.data[out.len - 1] == '\n');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct learning learning;
	const struct card_format *format = NULL;
	unsigned count = (unsigned)(size < 4 ? 0 : (size - 4) / SAMPLE_BYTES);

	memset(&learning, 0, sizeof(learning));
	if (count > 0 && data[0] >= 128)
		format = card_format_at(data[1] % 40);
	learning.sample_count = (uint8_t)(count < LEARN_SAMPLES_MAX ? count : LEARN_SAMPLES_MAX);
	for (unsigned i = 0; i < learning.sample_count; i++) {
		sample_make(data + 4 + (size_t)i * SAMPLE_BYTES, 20 + data[1] % 50, format,
			&learning.sample[i]);
		learning.sample[i].printed.has_facility = (data[2] & 1) != 0;
	}
	enum learn_result result = learning_run(&learning);

	ASSERT((result == LEARN_OK) == (learning.proposal_count > 0));
	ASSERT(learn_result_sentence(result) != NULL);
	check(&learning);
	return 0;
}
