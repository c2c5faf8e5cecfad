// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes that seed the chunk lengths, then a stream. Oracle: read in chunks, byte by byte and as a
 * whole the parts and the end are the same; and what the writer makes of a body is read as it was.
 */
#include "protocols/multipart.h"
#include "base/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CAPACITY 600

/* FNV-1a over everything a user of the reader sees. */
static uint64_t mix(uint64_t sum, struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		sum = (sum ^ (uint8_t)s.data[i]) * UINT64_C(1099511628211);
	return (sum ^ s.len ^ UINT64_C(0x100)) * UINT64_C(1099511628211);
}

/* seed 0: all at once; 1: single bytes; else: lengths drawn from it. */
static uint64_t stream_sum(struct span stream, uint32_t seed)
{
	char memory[CAPACITY];
	struct multipart_reader reader;
	enum multipart_result result = MULTIPART_MORE;
	uint64_t sum = UINT64_C(14695981039346656037);

	ASSERT(multipart_reader_init(&reader, SPAN_LIT("b"), memory, sizeof(memory)));
	while (stream.len > 0 && result != MULTIPART_BAD) {
		seed = seed < 2 ? seed : seed * 1664525 + 1013904223;
		size_t len = seed == 0 ? stream.len : seed == 1 ? 1 : (seed >> 24) % 40;
		struct span input = span_slice(stream, 0, len);

		stream = span_slice(stream, len, stream.len);
		do {
			result = multipart_reader_take(&reader, &input);
			ASSERT(reader.part.len <= CAPACITY);
			if (result == MULTIPART_PART) {
				sum = mix(sum, buf_span(&reader.part));
				sum = mix(
					sum, span_of(reader.content_type, reader.content_type_len));
			}
		} while (result == MULTIPART_PART);
		ASSERT(result == MULTIPART_BAD || input.len == 0);
	}
	return mix(sum, result == MULTIPART_BAD ? SPAN_LIT("bad") : SPAN_LIT("more"));
}

static void check_round_trip(struct span body)
{
	char stream[CAPACITY + 100];
	char memory[CAPACITY];
	struct buf out = buf_over(stream, sizeof(stream));
	struct multipart_reader reader;
	struct span input;

	multipart_write_part(&out, SPAN_LIT("b"), "text/plain", body);
	ASSERT(!out.overflow);
	input = buf_span(&out);
	ASSERT(multipart_reader_init(&reader, SPAN_LIT("b"), memory, sizeof(memory)));
	ASSERT(multipart_reader_take(&reader, &input) == MULTIPART_PART);
	ASSERT(span_equal(buf_span(&reader.part), body));
	ASSERT(multipart_reader_take(&reader, &input) == MULTIPART_MORE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span boundary;

	if (size < 2)
		return 0;
	struct span stream = span_of(data + 2, size - 2);
	uint32_t seed = 2 + (uint32_t)(data[0] << 8 | data[1]);
	uint64_t whole = stream_sum(stream, 0);

	ASSERT(stream_sum(stream, 1) == whole);
	ASSERT(stream_sum(stream, seed) == whole);
	check_round_trip(span_slice(stream, 0, CAPACITY));
	if (multipart_boundary(stream, &boundary))
		ASSERT(boundary.len >= 1 && boundary.len <= 70);
	return 0;
}
