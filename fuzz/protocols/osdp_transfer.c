// SPDX-License-Identifier: Apache-2.0
/*
 * OSDP file transfer, each side against a peer that says anything. Oracle: what is asked for and
 * stored is in order, without gaps and within the file; what is called whole is so.
 */
#include "base/assert.h"
#include "protocols/osdp_frame.h"
#include "protocols/osdp_message.h"

#define FILE_MAX 3000

/* Cuts the next piece of the input: a length byte, then so many. */
static struct span piece_next(struct span *rest)
{
	size_t len = rest->len > 0 ? (uint8_t)rest->data[0] : 0;
	struct span piece = span_slice(*rest, 1, len);

	*rest = span_slice(*rest, 1 + len, rest->len);
	return piece;
}

static void panel_is_told(struct span rest)
{
	enum osdp_file_result result = OSDP_FILE_MORE;
	struct osdp_file_send send;
	struct osdp_ftstat answer;
	uint32_t at = 0, offset;
	uint16_t len;

	osdp_file_send_init(&send, OSDP_FILE_OPAQUE, FILE_MAX, 100);
	while (result == OSDP_FILE_MORE && osdp_ftstat_decode(piece_next(&rest), &answer)) {
		ASSERT(osdp_file_send_next(&send, send.not_before_ns, &offset, &len));
		ASSERT(offset == at && len <= FILE_MAX - at && (len > 0 || send.finishing));
		ASSERT(len <= OSDP_FRAME_MAX);
		at += len;
		result = osdp_file_send_answer(&send, &answer, answer.flags & 8, 0);
		ASSERT((result == OSDP_FILE_FAILED) == (answer.status < 0));
		ASSERT(send.offset == at || result == OSDP_FILE_FAILED);
	}
	ASSERT((result != OSDP_FILE_DONE && result != OSDP_FILE_REBOOTING) || at == FILE_MAX);
}

static void device_is_sent(struct span rest)
{
	struct osdp_file_receive receive;
	struct osdp_filetransfer sent;
	struct osdp_ftstat answer;
	size_t stored = 0;

	osdp_file_receive_init(&receive, FILE_MAX);
	while (osdp_filetransfer_decode(piece_next(&rest), &sent)) {
		enum osdp_file_step step = osdp_file_receive_take(&receive, &sent, &answer);

		if (sent.offset == 0 && sent.fragment.len > 0)
			stored = 0;
		if (step == OSDP_FILE_TAKEN || step == OSDP_FILE_LAST) {
			ASSERT(sent.offset == stored);
			stored += sent.fragment.len;
			ASSERT(stored <= FILE_MAX && stored <= receive.total);
			ASSERT((step == OSDP_FILE_LAST) == (stored == receive.total));
		}
		ASSERT((step == OSDP_FILE_REFUSED) == (answer.status < 0));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && data[0] == 0)
		panel_is_told(span_of(data + 1, size - 1));
	else if (size > 0)
		device_is_sent(span_of(data + 1, size - 1));
	return 0;
}
