/* SPDX-License-Identifier: Apache-2.0 */
/* What the `osdp` commands share: a serial port with frames on it, and frames as lines. */
#pragma once

#include "cli.h"
#include "protocols/osdp_frame.h"
#include "protocols/osdp_reply.h"

#include <stdio.h>

#define OSDP_GAP_NS INT64_C(150000000) /* silence that ends a frame; adapters on USB make gaps */

/* --- commands, each in its own file --- */

int osdp_scan(struct postern_device *device, const struct arguments *arguments);
int osdp_trace(struct postern_device *device, const struct arguments *arguments);
int osdp_firmware(struct postern_device *device, const struct arguments *arguments);
int osdp_firmware_send(struct postern_device *device, const struct arguments *arguments);
int osdp_status(struct postern_device *device, const struct arguments *arguments);
int osdp_pair(struct postern_device *device, const struct arguments *arguments);
int osdp_rotate(struct postern_device *device, const struct arguments *arguments);
int osdp_unpair(struct postern_device *device, const struct arguments *arguments);
int osdp_key(struct postern_device *device, const struct arguments *arguments);
int osdp_dissector(struct postern_device *device, const struct arguments *arguments);

/* --- a port of this machine --- */

struct osdp_port {
	int fd;
	const char *path; /* the caller's */
	uint32_t baud;
	struct osdp_receiver receiver;
};

/* Opens it alone. EXIT_DONE, or an exit status after words. */
MUST_CHECK int osdp_port_open(struct osdp_port *port, const char *path, uint32_t baud);
void osdp_port_close(struct osdp_port *port);

/* CLOCK_BOOTTIME */
int64_t osdp_now_ns(void);

/*
 * Waits for bytes until then (osdp_now_ns; INT64_MAX: for ever) and reads them. Their number, 0
 * when the time is over, or -1 after words: the port is gone.
 */
MUST_CHECK ssize_t osdp_port_read(
	struct osdp_port *port, int64_t until_ns, void *bytes, size_t size);

/* All of them, or false after words. */
MUST_CHECK bool osdp_port_write(struct osdp_port *port, struct span bytes);

/* --- a file for a reader --- */

/* Maps the file, of 1 to size_max bytes; false after words. Unmapped with munmap. */
MUST_CHECK bool osdp_file_map(const char *name, size_t size_max, struct span *ret);

/* A bar, or a line for each tenth. *percent: told last; UINT32_MAX at first. */
void osdp_progress(unsigned *percent, uint64_t sent, size_t total);
void osdp_progress_end(unsigned percent);

/* What the command prints at its good end. */
void osdp_file_result(const char *result, size_t bytes, const char *words);

/* The value of --baud, or a usage error. */
MUST_CHECK bool parse_baud(const char *text, uint32_t *ret);

/* --- frames as lines, and in a file --- */

struct osdp_lines {
	bool secrets; /* show what is hidden otherwise */
	FILE *pcap; /* NULL: none is written */
	const char *pcap_name;
	bool quiet; /* the file is standard output: no lines */
	int64_t left; /* frames until the end; -1: no end */
	uint64_t frames;
	uint64_t bad;
};

/* A frame, good or not, of at most OSDP_FRAME_MAX bytes. False: that was the last one, or the file
 * cannot be written (pcap is NULL then, after words). */
MUST_CHECK bool osdp_lines_frame(
	struct osdp_lines *lines, int64_t utc_ns, bool reply, struct span bytes);
