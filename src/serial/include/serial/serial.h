/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serial ports for RS-485: 8 data bits, no parity, one stop bit, raw, not blocking. Who has a port
 * open has it alone. Nothing here allocates.
 */
#pragma once

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* 9600, 19200, 38400, 57600, 115200 and 230400; 0 behind the last. */
uint32_t serial_baud_at(unsigned index);
bool serial_baud_valid(uint32_t baud);

enum serial_feature {
	SERIAL_RS485 = 1 << 0, /* the driver turns the transceiver by itself (TIOCSRS485) */
	SERIAL_LOW_LATENCY = 1 << 1, /* the driver hands over bytes at once */
};

/*
 * Opens the port at path and empties its queues. rs485: asks the driver to turn the transceiver
 * around; a port that has no such setting does that by itself, or needs no turning, and is opened
 * all the same. *ret_features, where not NULL, gets enum serial_feature bits. The descriptor, or:
 * -EBUSY: another program has the port; -ENOTTY: no serial port; -EINVAL: a baud rate that is none
 * of ours; -ENOTSUP: the port cannot do this baud rate; another -errno of open(2).
 */
MUST_CHECK int serial_open(const char *path, uint32_t baud, bool rs485, uint32_t *ret_features);

/* Changes the rate of an open port; what was not read yet is dropped. 0, or as serial_open. */
MUST_CHECK int serial_set_baud(int fd, uint32_t baud);

/*
 * Bytes read (at least 1), 0 when there are none now, or -errno: -ENODEV when the port is gone
 * (unplugged, or the other end of a pseudo terminal was closed).
 */
MUST_CHECK ssize_t serial_read(int fd, void *bytes, size_t size);

/* Bytes taken by the port, 0 when it has no room now, or -errno as serial_read. */
MUST_CHECK ssize_t serial_write(int fd, const void *bytes, size_t len);

/* Drops what was received and not read. */
void serial_drop_input(int fd);

/* What a person reads about an error of these functions: "another program uses it; ...". */
const char *serial_error_text(int error);

/*
 * A pseudo terminal: both ends raw, not blocking, closed on exec. *ret_port is the end that is read
 * and written like a port, *ret_wire the one of whoever plays the other side. 0 or -errno.
 */
MUST_CHECK int serial_pair(int *ret_wire, int *ret_port);
