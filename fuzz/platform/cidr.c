// SPDX-License-Identifier: Apache-2.0
/*
 * A network from any bytes. What is accepted prints to a text that gives the same network, holds
 * its own address, and does not hold that address with a bit of the prefix turned.
 */
#include "platform/cidr.h"

#include "base/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char memory[CIDR_TEXT_MAX];
	struct buf out = buf_over(memory, sizeof(memory));
	struct cidr cidr;
	struct cidr again;
	enum cidr_result result = cidr_parse(span_of((const char *)data, size), &cidr);

	if (result == CIDR_BAD)
		return 0;
	cidr_print(&cidr, &out);
	ASSERT(!out.overflow && cidr.bits <= 128 && (!cidr.v4 || cidr.bits >= 96));
	ASSERT(cidr_parse(buf_span(&out), &again) == CIDR_OK);
	ASSERT(memcmp(&cidr, &again, sizeof(cidr)) == 0);
	ASSERT(cidr_holds(&cidr, cidr.address));
	for (unsigned bit = 0; bit < 128; bit++) {
		uint8_t other[16];

		memcpy(other, cidr.address, sizeof(other));
		other[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		if (cidr.v4 || bit < cidr.bits) /* of ::/n a turned bit could lead to IPv4 */
			ASSERT(cidr_holds(&cidr, other) == (bit >= cidr.bits));
	}
	return 0;
}
