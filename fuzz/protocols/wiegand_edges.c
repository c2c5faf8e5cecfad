// SPDX-License-Identifier: Apache-2.0
/*
 * Edges as text. Oracle: what is read is printed again no longer than it was (zeros in front go),
 * and read again the same.
 */
#include "base/assert.h"
#include "protocols/wiegand_trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char memory[WIEGAND_EDGES_TEXT_MAX];
	struct wiegand_trace trace = {.edges_kept = 0};
	struct wiegand_trace again = {.edges_kept = 0};
	struct buf printed = buf_over(memory, sizeof(memory));

	if (!wiegand_trace_parse_edges(
		    span_of(data, size), trace.edge, WIEGAND_TRACE_EDGES_MAX, &trace.edges_kept))
		return 0;
	wiegand_trace_print_edges(&trace, &printed);
	ASSERT(!printed.overflow && printed.len <= size);
	ASSERT(wiegand_trace_parse_edges(
		buf_span(&printed), again.edge, trace.edges_kept, &again.edges_kept));
	ASSERT(again.edges_kept == trace.edges_kept);
	for (uint32_t i = 0; i < trace.edges_kept; i++)
		ASSERT(again.edge[i].after_ns == trace.edge[i].after_ns &&
			again.edge[i].line == trace.edge[i].line &&
			again.edge[i].level == trace.edge[i].level);
	return 0;
}
