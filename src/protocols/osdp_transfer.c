// SPDX-License-Identifier: Apache-2.0
/*
 * File transfer over OSDP.
 *
 * The panel counts as taken what the device has answered for, and never has more than one fragment
 * on its way. The device takes fragments in order only. A fragment that is repeated because its
 * answer was lost never comes here: the device answers it from its kept reply.
 */
#include "protocols/osdp_transfer.h"

#include "base/assert.h"
#include "protocols/osdp_frame.h"

#define NS_PER_MS INT64_C(1000000)

void osdp_file_send_init(
	struct osdp_file_send *send, uint8_t type, uint32_t total, uint16_t fragment_max)
{
	ASSERT(total > 0 && fragment_max > 0);
	*send = (struct osdp_file_send){.type = type,
		.total = total,
		.fragment_max = fragment_max,
		.not_before_ns = INT64_MIN};
}

bool osdp_file_send_next(
	struct osdp_file_send *send, int64_t now_ns, uint32_t *ret_offset, uint16_t *ret_len)
{
	uint32_t left = send->total - send->offset;

	if (now_ns < send->not_before_ns)
		return false;
	send->in_flight = left < send->fragment_max ? (uint16_t)left : send->fragment_max;
	*ret_offset = send->offset;
	*ret_len = send->in_flight;
	return true;
}

bool osdp_file_send_is_last(const struct osdp_file_send *send)
{
	return send->offset + send->in_flight == send->total;
}

/* The device takes frames of so many bytes from now on. Nonsense is as if it had not been said. */
static void fragment_max_follow(struct osdp_file_send *send, size_t frame_max, bool secure)
{
	size_t data_max = osdp_frame_data_max(
		frame_max > OSDP_FRAME_MAX ? OSDP_FRAME_MAX : frame_max, secure);

	if (data_max > OSDP_FILETRANSFER_HEAD)
		send->fragment_max = (uint16_t)(data_max - OSDP_FILETRANSFER_HEAD);
}

enum osdp_file_result osdp_file_send_answer(
	struct osdp_file_send *send, const struct osdp_ftstat *ftstat, bool secure, int64_t now_ns)
{
	if (ftstat->status < 0)
		return OSDP_FILE_FAILED;
	send->offset += send->in_flight;
	send->in_flight = 0;
	send->exclusive = !(ftstat->flags & OSDP_FTSTAT_INTERLEAVE);
	send->not_before_ns = now_ns + ftstat->delay_ms * NS_PER_MS;
	fragment_max_follow(send, ftstat->frame_max, secure);
	if (send->offset < send->total)
		return OSDP_FILE_MORE;
	send->finishing = ftstat->status == OSDP_FTSTAT_FINISHING;
	if (send->finishing)
		return OSDP_FILE_MORE;
	return ftstat->status == OSDP_FTSTAT_REBOOTING ? OSDP_FILE_REBOOTING : OSDP_FILE_DONE;
}

void osdp_file_receive_init(struct osdp_file_receive *receive, uint32_t total_max)
{
	ASSERT(total_max > 0);
	*receive = (struct osdp_file_receive){.total_max = total_max};
}

static enum osdp_file_step refuse(struct osdp_file_receive *receive, enum osdp_ftstat_status status,
	struct osdp_ftstat *ret_answer)
{
	osdp_file_receive_init(receive, receive->total_max);
	ret_answer->status = (int16_t)status;
	return OSDP_FILE_REFUSED;
}

enum osdp_file_step osdp_file_receive_take(struct osdp_file_receive *receive,
	const struct osdp_filetransfer *filetransfer, struct osdp_ftstat *ret_answer)
{
	size_t len = filetransfer->fragment.len;

	*ret_answer = (struct osdp_ftstat){.flags = OSDP_FTSTAT_INTERLEAVE};
	if (filetransfer->offset == 0 && len > 0) {
		receive->type = filetransfer->type;
		receive->total = filetransfer->total;
		receive->offset = 0;
	}
	if (receive->total == 0 || receive->total > receive->total_max)
		return refuse(receive, OSDP_FTSTAT_ABORT, ret_answer);
	if (filetransfer->type != receive->type || filetransfer->total != receive->total ||
		filetransfer->offset != receive->offset || len > receive->total - receive->offset)
		return refuse(receive, OSDP_FTSTAT_MALFORMED, ret_answer);
	receive->offset += (uint32_t)len;
	if (receive->offset == receive->total)
		ret_answer->status = OSDP_FTSTAT_PROCESSED;
	if (len == 0)
		return OSDP_FILE_ASKED;
	return receive->offset == receive->total ? OSDP_FILE_LAST : OSDP_FILE_TAKEN;
}
