// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes between any two roles. First byte: sender and receiver. What message_check lets through
 * must say its own length, keep every row count and text within bounds, and be let through again.
 */
#include "messages/messages.h"
#include "base/assert.h"
#include "messages/readers.h"
#include "messages/records.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use_rows(const void *message)
{
	const struct message_record_rows *rows = message;
	size_t bytes = 0;

	for (uint32_t i = 0; i < rows->count; i++)
		bytes += text_span(&rows->row[i].who.name).len + rows->row[i].who.url.len +
			 strlen(reason_sentence((enum reason)rows->row[i].reason));
	ASSERT(bytes < MESSAGE_MAX * 2);
}

static void use_frames(const void *message)
{
	const struct message_reader_frames *frames = message;
	char memory[WIEGAND_EDGES_TEXT_MAX];

	for (uint32_t i = 0; i < frames->count; i++) {
		const struct reader_frame *row = &frames->row[i];
		struct buf text = buf_over(memory, sizeof(memory));

		wiegand_trace_print_edges(&row->trace, &text);
		ASSERT(!text.overflow && row->verdict.reads <= FRAME_FORMATS_MAX);
		for (unsigned bit = 0; bit < row->trace.bits.count; bit++)
			(void)card_bits_get(&row->trace.bits, bit);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size - 1 > MESSAGE_MAX)
		return 0;
	enum role from = (enum role)(data[0] % ROLE_COUNT);
	enum role to = (enum role)(data[0] / ROLE_COUNT % ROLE_COUNT);
	void *message = aligned_alloc(8, MESSAGE_MAX);

	memset(message, 0xa5, MESSAGE_MAX);
	memcpy(message, data + 1, size - 1);
	if (message_check(message, size - 1, from, to) == MESSAGE_OK) {
		const struct message_header *header = message;

		ASSERT(message_size(message) == size - 1);
		ASSERT(strlen(message_name((enum message_type)header->type)) > 0);
		if (header->type == MESSAGE_RECORD_ROWS)
			use_rows(message);
		if (header->type == MESSAGE_READER_FRAMES)
			use_frames(message);
		ASSERT(message_check(message, size - 1, from, to) == MESSAGE_OK);
	}
	free(message);
	return 0;
}
