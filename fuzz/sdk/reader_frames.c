// SPDX-License-Identifier: Apache-2.0
/*
 * A device's answer of frames. Oracle: what is handed out keeps the bounds that the header tells,
 * edges go forward, and bits are bits.
 */
#include "base/assert.h"
#include "sdk.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *user, const struct postern_reader_frame *frame)
{
	size_t bits = strlen(frame->bits);

	ASSERT(frame->bit_count >= 0 && frame->bit_count <= 128);
	ASSERT(bits == 0 || bits == (size_t)frame->bit_count);
	ASSERT(strspn(frame->bits, "01") == bits);
	ASSERT(frame->edge_count <= 160 && frame->reader <= 128 && frame->utc_ms >= 0);
	for (size_t i = 1; i < frame->edge_count; i++)
		ASSERT(frame->edges[i].at_ns >= frame->edges[i - 1].at_ns);
	ASSERT(frame->format != NULL && frame->number != NULL && frame->faults != NULL);
	return ++*(unsigned *)user == 3;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer answer = {.text = malloc(size + 1), .len = size};
	struct postern_reader_state state = POSTERN_READER_STATE_INIT;
	unsigned count = 0;

	memcpy(answer.text, data, size);
	answer.text[size] = 0;
	int error = reader_frames_deliver(&answer, take, &count, &state);

	ASSERT(error == POSTERN_OK || error == POSTERN_E_PROTOCOL || error == POSTERN_E_STOPPED);
	ASSERT(error != POSTERN_E_STOPPED || count == 3);
	ASSERT(state.since_ms >= 0);
	answer_drop(&answer);
	return 0;
}
