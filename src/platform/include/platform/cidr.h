/* SPDX-License-Identifier: Apache-2.0 */
/* Networks as people write them: 192.168.1.0/24, fd00::/8; one address alone is a network too. */
#pragma once

#include "base/buf.h"
#include "base/compiler.h"

#define CIDR_TEXT_MAX 49 /* bytes of the longest one */

struct cidr {
	uint8_t address[16]; /* IPv6, or IPv4 mapped into it; bits behind the prefix are 0 */
	uint8_t bits; /* 0 to 128 of them count; 96 more than written for IPv4 */
	bool v4;
};

enum cidr_result {
	CIDR_OK = 0,
	CIDR_BAD, /* no address, or a prefix that is none (32 at most for IPv4, 128 for IPv6) */
	CIDR_HOST_BITS, /* 192.168.1.5/24: *ret is the network it lies in */
};

/* Numbers only, no zeros in front, nothing around it. */
MUST_CHECK enum cidr_result cidr_parse(struct span text, struct cidr *ret);

/* Adds it as it is written; room for CIDR_TEXT_MAX bytes. */
void cidr_print(const struct cidr *cidr, struct buf *out);

/* address: IPv6, or IPv4 mapped into it. An IPv4 address lies in IPv4 networks only. */
bool cidr_holds(const struct cidr *cidr, const uint8_t address[16]);

/* 127.0.0.0/8 and ::1 */
bool address_is_own(const uint8_t address[16]);
