// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as a capture file. Oracle: every record lies within the file; what it says, hidden, has
 * no secret left and stays as it is when it is hidden again; written and read again it is the same.
 */
#include "protocols/osdp_pcap.h"
#include "base/assert.h"
#include "protocols/osdp_trace.h"

static void again(int64_t utc_ns, bool reply, struct span bytes)
{
	char memory[OSDP_PCAP_FILE_HEAD + OSDP_PCAP_RECORD_MAX];
	struct buf out = buf_over(memory, sizeof(memory));
	struct osdp_pcap_record record;
	struct osdp_pcap pcap;

	osdp_pcap_begin(&out);
	osdp_pcap_write(&out, utc_ns, reply, bytes);
	struct span file = buf_span(&out);

	ASSERT(!out.overflow && osdp_pcap_open(&file, &pcap) == OSDP_PCAP_END && pcap.nanoseconds);
	ASSERT(osdp_pcap_next(&pcap, &file, &record) == OSDP_PCAP_RECORD && file.len == 0);
	ASSERT(record.utc_ns == utc_ns && record.reply == reply);
	ASSERT(span_equal(record.bytes, bytes));
}

static void frame_shown(struct span bytes)
{
	uint8_t hidden[OSDP_FRAME_MAX], twice[OSDP_FRAME_MAX];
	char text[OSDP_TRACE_TEXT_MAX];
	struct osdp_frame frame;

	memcpy(hidden, bytes.data, bytes.len);
	(void)osdp_trace_hide(hidden, bytes.len);
	memcpy(twice, hidden, bytes.len);
	(void)osdp_trace_hide(twice, bytes.len);
	ASSERT(memcmp(hidden, twice, bytes.len) == 0);
	if (osdp_frame_parse(bytes, &frame) != OSDP_FRAME_OK)
		return;
	for (int secrets = 0; secrets < 2; secrets++) {
		struct buf out = buf_over(text, sizeof(text));

		osdp_trace_text(&out, &frame, secrets != 0);
		ASSERT(!out.overflow && span_find(buf_span(&out), '\n') == out.len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span file = span_of(data, size);
	struct osdp_pcap_record record;
	struct osdp_pcap pcap;

	if (osdp_pcap_open(&file, &pcap) != OSDP_PCAP_END)
		return 0;
	while (osdp_pcap_next(&pcap, &file, &record) == OSDP_PCAP_RECORD) {
		struct span bytes = span_slice(record.bytes, 0, OSDP_FRAME_MAX);

		ASSERT(record.bytes.len > 0 && (uint8_t)bytes.data[0] != OSDP_MARK);
		ASSERT(record.bytes.data + record.bytes.len <= (const char *)data + size);
		frame_shown(bytes);
		if (record.utc_ns / 1000000000 <= UINT32_MAX)
			again(record.utc_ns, record.reply, bytes);
	}
	return 0;
}
