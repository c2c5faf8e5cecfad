// SPDX-License-Identifier: Apache-2.0
/*
 * pcap files (draft-ietf-opsawg-pcap) with frames of a serial line. Written little-endian; read as
 * either machine writes them. Every length of a file is checked against what is there.
 */
#include "protocols/osdp_pcap.h"

#include "base/assert.h"

#define MAGIC_US 0xA1B2C3D4U
#define MAGIC_NS 0xA1B23C4DU
#define LINK_SERIAL 250
#define LINK_USER_FIRST 147
#define LINK_USER_LAST 162
#define RECORD_HEAD 16
#define SERIAL_HEAD 12
#define SNAP_LENGTH 65535
#define NS_PER_S INT64_C(1000000000)

enum serial_event {
	EVENT_COMMAND = 1,
	EVENT_REPLY = 2,
	EVENT_COMMAND_END = 3,
	EVENT_REPLY_END = 4
};

/* --- writing --- */

static void put_le32(struct buf *out, uint32_t value)
{
	for (int shift = 0; shift < 32; shift += 8)
		buf_add_byte(out, (char)(value >> shift));
}

static void put_be32(struct buf *out, uint32_t value)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_add_byte(out, (char)(value >> shift));
}

void osdp_pcap_begin(struct buf *out)
{
	put_le32(out, MAGIC_NS);
	put_le32(out, 2 | 4 << 16); /* version 2.4, two halves */
	put_le32(out, 0);
	put_le32(out, 0);
	put_le32(out, SNAP_LENGTH);
	put_le32(out, LINK_SERIAL);
}

void osdp_pcap_write(struct buf *out, int64_t utc_ns, bool reply, struct span bytes)
{
	uint32_t s = (uint32_t)(utc_ns / NS_PER_S);
	uint32_t ns = (uint32_t)(utc_ns % NS_PER_S);
	uint32_t len = (uint32_t)bytes.len + SERIAL_HEAD;

	ASSERT(bytes.len <= OSDP_FRAME_MAX && utc_ns >= 0 && utc_ns / NS_PER_S <= UINT32_MAX);
	put_le32(out, s);
	put_le32(out, ns);
	put_le32(out, len);
	put_le32(out, len);
	put_be32(out, s);
	put_be32(out, ns / 1000);
	buf_add_byte(out, reply ? EVENT_REPLY : EVENT_COMMAND);
	buf_add_byte(out, 0); /* no control line is told */
	buf_add_byte(out, 0);
	buf_add_byte(out, 0);
	buf_add(out, bytes);
}

/* --- reading --- */

static uint32_t get32(const struct osdp_pcap *pcap, const char *at)
{
	const uint8_t *b = (const uint8_t *)at;

	return pcap->swapped
		       ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]
		       : (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

enum osdp_pcap_result osdp_pcap_open(struct span *file, struct osdp_pcap *ret)
{
	*ret = (struct osdp_pcap){.swapped = false};
	if (file->len < sizeof(uint32_t))
		return OSDP_PCAP_NO_PCAP;
	uint32_t magic = get32(ret, file->data);

	ret->swapped = magic != MAGIC_US && magic != MAGIC_NS;
	magic = get32(ret, file->data);
	ret->nanoseconds = magic == MAGIC_NS;
	if (magic != MAGIC_US && magic != MAGIC_NS)
		return OSDP_PCAP_NO_PCAP;
	if (file->len < OSDP_PCAP_FILE_HEAD)
		return OSDP_PCAP_CUT;
	/* Above the link type may stand how long a check sequence is. */
	uint32_t link = get32(ret, file->data + 20) & 0xFFFF;

	ret->serial = link == LINK_SERIAL;
	*file = span_slice(*file, OSDP_PCAP_FILE_HEAD, file->len);
	return ret->serial || (link >= LINK_USER_FIRST && link <= LINK_USER_LAST) ? OSDP_PCAP_END
										  : OSDP_PCAP_LINK;
}

/* False: a record without bytes of the line. */
static bool read_payload(
	const struct osdp_pcap *pcap, struct span payload, struct osdp_pcap_record *ret)
{
	ret->reply = false;
	if (pcap->serial) {
		if (payload.len <= SERIAL_HEAD)
			return false;
		ret->reply = payload.data[8] == EVENT_REPLY || payload.data[8] == EVENT_REPLY_END;
		payload = span_slice(payload, SERIAL_HEAD, payload.len);
	}
	while (payload.len > 0 && (uint8_t)payload.data[0] == OSDP_MARK)
		payload = span_slice(payload, 1, payload.len);
	if (!pcap->serial)
		ret->reply = payload.len > 1 && ((uint8_t)payload.data[1] & 0x80) != 0;
	ret->bytes = payload;
	return payload.len > 0;
}

enum osdp_pcap_result osdp_pcap_next(
	const struct osdp_pcap *pcap, struct span *file, struct osdp_pcap_record *ret)
{
	while (file->len > 0) {
		if (file->len < RECORD_HEAD)
			return OSDP_PCAP_CUT;
		int64_t part = get32(pcap, file->data + 4);
		uint32_t len = get32(pcap, file->data + 8);

		ret->utc_ns = (int64_t)get32(pcap, file->data) * NS_PER_S +
			      (pcap->nanoseconds ? part : part * 1000);
		if (len > file->len - RECORD_HEAD)
			return OSDP_PCAP_CUT;
		struct span payload = span_slice(*file, RECORD_HEAD, len);

		*file = span_slice(*file, RECORD_HEAD + len, file->len);
		if (read_payload(pcap, payload, ret))
			return OSDP_PCAP_RECORD;
	}
	return OSDP_PCAP_END;
}
