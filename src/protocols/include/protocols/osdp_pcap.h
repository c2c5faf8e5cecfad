/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSDP frames as a file that Wireshark opens: pcap with nanoseconds and the link type of serial
 * lines (LINKTYPE_RTAC_SERIAL, 250: 12 bytes of head with time, event, control lines). Event 1
 * (DATA_TX_START) is a command, 2 (DATA_RX_START) a reply; the payload is the frame without mark.
 */
#pragma once

#include "base/buf.h"
#include "protocols/osdp_frame.h"

#define OSDP_PCAP_FILE_HEAD 24 /* bytes */
#define OSDP_PCAP_RECORD_MAX (16 + 12 + OSDP_FRAME_MAX) /* bytes of one that is written */

void osdp_pcap_begin(struct buf *out);

/* bytes: a frame, good or not, of at most OSDP_FRAME_MAX bytes (asserted). utc_ns: 0 to 2106. */
void osdp_pcap_write(struct buf *out, int64_t utc_ns, bool reply, struct span bytes);

struct osdp_pcap {
	bool swapped; /* the file is big-endian */
	bool nanoseconds; /* else microseconds */
	bool serial; /* link type 250; else the payload is told to be bare (147 to 162, USER) */
};

struct osdp_pcap_record {
	int64_t utc_ns;
	bool reply; /* as the record says; a bare one: as its second byte says */
	struct span bytes; /* without mark; may be no frame at all */
};

enum osdp_pcap_result {
	OSDP_PCAP_END = 0,
	OSDP_PCAP_RECORD,
	OSDP_PCAP_CUT, /* the file ends within a record */
	OSDP_PCAP_NO_PCAP, /* no pcap file (pcapng is not one) */
	OSDP_PCAP_LINK, /* not the link type of a serial line */
};

/* Reads the head of a file and moves *file behind it: END, CUT, NO_PCAP or LINK. */
enum osdp_pcap_result osdp_pcap_open(struct span *file, struct osdp_pcap *ret);

/* The next record with bytes; others (states of control lines) are skipped. END, RECORD or CUT. */
enum osdp_pcap_result osdp_pcap_next(
	const struct osdp_pcap *pcap, struct span *file, struct osdp_pcap_record *ret);
