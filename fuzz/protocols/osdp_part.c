// SPDX-License-Identifier: Apache-2.0
/*
 * OSDP messages in parts. Oracle: a message put together is the parts in their order, as long as
 * they said; cut again and put together again it is the same.
 */
#include "protocols/osdp_part.h"
#include "base/assert.h"

static char memory[256], again[256], copy[1 << 17];

/* Cuts the next piece of the input: a length byte, then so many. */
static struct span piece_next(struct span *rest)
{
	size_t len = rest->len > 0 ? (uint8_t)rest->data[0] : 0;
	struct span piece = span_slice(*rest, 1, len);

	*rest = span_slice(*rest, 1 + len, rest->len);
	return piece;
}

static void cut_again(struct span message, size_t fragment_max)
{
	enum osdp_assembly_result result = OSDP_ASSEMBLY_MORE;
	struct osdp_assembly assembly;
	struct osdp_part part;

	osdp_assembly_init(&assembly, again, sizeof(again));
	for (size_t at = 0; osdp_part_cut(message, at, fragment_max, &part); at += fragment_max) {
		ASSERT(result == OSDP_ASSEMBLY_MORE);
		result = osdp_assembly_take(&assembly, &part);
	}
	ASSERT(result == OSDP_ASSEMBLY_DONE && span_equal(buf_span(&assembly.message), message));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of(data, size);
	struct osdp_assembly assembly;
	struct osdp_part part;
	struct buf came = buf_over(copy, sizeof(copy));

	if (size > sizeof(copy))
		return 0;
	osdp_assembly_init(&assembly, memory, sizeof(memory));
	while (osdp_part_decode(piece_next(&rest), &part)) {
		enum osdp_assembly_result result = osdp_assembly_take(&assembly, &part);

		if (part.offset == 0)
			came.len = 0;
		buf_add(&came, part.lead);
		buf_add(&came, part.fragment);
		if (result == OSDP_ASSEMBLY_DONE) {
			ASSERT(span_equal(buf_span(&assembly.message), buf_span(&came)));
			ASSERT(assembly.received == part.total);
			cut_again(buf_span(&came), part.fragment.len);
		}
	}
	return 0;
}
