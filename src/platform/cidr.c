// SPDX-License-Identifier: Apache-2.0
/*
 * Networks. IPv4 is kept mapped into IPv6, so that one comparison of leading bits serves both; the
 * family stays with it, because ::/0 is not meant to hold 10.0.0.1.
 */
#include "platform/cidr.h"

#include "base/number.h"

#include <arpa/inet.h>

#define MAPPED_BITS 96

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool is_v4(const uint8_t address[16])
{
	return memcmp(address, mapped, sizeof(mapped)) == 0;
}

static bool address_parse(struct span text, struct cidr *ret)
{
	char string[INET6_ADDRSTRLEN];

	if (text.len == 0 || text.len >= sizeof(string) || span_find(text, '\0') < text.len)
		return false;
	memcpy(string, text.data, text.len);
	string[text.len] = '\0';
	memcpy(ret->address, mapped, sizeof(mapped));
	ret->v4 = inet_pton(AF_INET, string, ret->address + sizeof(mapped)) == 1;
	/* ::ffff:10.0.0.1 would never be compared with what it looks like */
	return ret->v4 || (inet_pton(AF_INET6, string, ret->address) == 1 && !is_v4(ret->address));
}

/* Clears what lies behind the prefix; false when nothing was there. */
static bool clear_host_bits(struct cidr *cidr)
{
	bool any = false;

	for (unsigned bit = cidr->bits; bit < 128; bit++) {
		uint8_t mask = (uint8_t)(0x80u >> bit % 8);

		any = any || (cidr->address[bit / 8] & mask) != 0;
		cidr->address[bit / 8] &= (uint8_t)~mask;
	}
	return any;
}

enum cidr_result cidr_parse(struct span text, struct cidr *ret)
{
	size_t slash = span_find(text, '/');
	struct span digits = span_slice(text, slash + 1, text.len);

	*ret = (struct cidr){0};
	if (!address_parse(span_slice(text, 0, slash), ret))
		return CIDR_BAD;
	uint64_t bits = ret->v4 ? 32 : 128;

	if (slash < text.len && ((digits.len > 1 && digits.data[0] == '0') ||
					!number_parse_u64(digits, bits, &bits)))
		return CIDR_BAD;
	ret->bits = (uint8_t)(bits + (ret->v4 ? MAPPED_BITS : 0));
	return clear_host_bits(ret) ? CIDR_HOST_BITS : CIDR_OK;
}

void cidr_print(const struct cidr *cidr, struct buf *out)
{
	char string[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(cidr->v4 ? AF_INET : AF_INET6,
		cidr->address + (cidr->v4 ? sizeof(mapped) : 0), string, sizeof(string));
	buf_add_string(out, string);
	buf_add_byte(out, '/');
	buf_add_u64(out, cidr->bits - (cidr->v4 ? MAPPED_BITS : 0u));
}

bool cidr_holds(const struct cidr *cidr, const uint8_t address[16])
{
	unsigned whole = cidr->bits / 8u;
	unsigned rest = cidr->bits % 8u;

	if (is_v4(address) != cidr->v4 || memcmp(cidr->address, address, whole) != 0)
		return false;
	return rest == 0 || (cidr->address[whole] ^ address[whole]) >> (8 - rest) == 0;
}

bool address_is_own(const uint8_t address[16])
{
	static const uint8_t loopback[16] = {[15] = 1};

	return memcmp(address, loopback, sizeof(loopback)) == 0 ||
	       (is_v4(address) && address[12] == 127);
}
