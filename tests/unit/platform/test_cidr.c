// SPDX-License-Identifier: Apache-2.0
/* Networks: what is one, what lies in it, and that IPv4 and IPv6 do not mix. */
#include "platform/cidr.h"

#include "base/compiler.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct cidr network(const char *text, enum cidr_result result, const char *printed)
{
	char memory[CIDR_TEXT_MAX];
	struct buf out = buf_over(memory, sizeof(memory));
	struct cidr cidr;

	assert_int_equal(cidr_parse(span_from_string(text), &cidr), result);
	if (result == CIDR_BAD)
		return cidr;
	cidr_print(&cidr, &out);
	assert_false(out.overflow);
	assert_int_equal(out.len, strlen(printed));
	assert_memory_equal(out.data, printed, out.len);
	return cidr;
}

static bool holds(const char *text, const char *address)
{
	uint8_t bytes[16] = {[10] = 0xff, [11] = 0xff};
	struct cidr cidr;

	assert_int_equal(cidr_parse(span_from_string(text), &cidr), CIDR_OK);
	if (inet_pton(AF_INET, address, bytes + 12) != 1)
		assert_int_equal(inet_pton(AF_INET6, address, bytes), 1);
	return cidr_holds(&cidr, bytes);
}

static void test_what_is_a_network(void **state UNUSED)
{
	static const char *const bad[] = {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08",
		"10.0.0.0/-1", "10.0.0.0/ 8", "10.0.0/8", "10.0.0.0/8/8", "010.0.0.0/8", "::/129",
		"::g/8", "[::1]/128", "fe80::1%eth0/64", "home/8", "::ffff:10.0.0.1/104",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999/8", "10.0.0.0/99999999999999999999"};

	for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
		(void)network(bad[i], CIDR_BAD, "");
	(void)network("0.0.0.0/0", CIDR_OK, "0.0.0.0/0");
	(void)network("192.168.1.0/24", CIDR_OK, "192.168.1.0/24");
	(void)network("192.168.1.7", CIDR_OK, "192.168.1.7/32");
	(void)network("192.168.1.7/24", CIDR_HOST_BITS, "192.168.1.0/24");
	(void)network("10.0.0.128/25", CIDR_OK, "10.0.0.128/25");
	(void)network("10.0.0.128/24", CIDR_HOST_BITS, "10.0.0.0/24");
	(void)network("::/0", CIDR_OK, "::/0");
	(void)network("FD00::/8", CIDR_OK, "fd00::/8");
	(void)network("fd00::1", CIDR_OK, "fd00::1/128");
	(void)network("fd00::1/127", CIDR_HOST_BITS, "fd00::/127");
	(void)network("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", CIDR_OK,
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
	struct cidr cidr;

	assert_int_equal(cidr_parse(span_of("10.0.0.0\0/8", 11), &cidr), CIDR_BAD);
}

static void test_what_lies_in_it(void **state UNUSED)
{
	assert_true(holds("192.168.1.0/24", "192.168.1.0"));
	assert_true(holds("192.168.1.0/24", "192.168.1.255"));
	assert_false(holds("192.168.1.0/24", "192.168.2.0"));
	assert_false(holds("192.168.1.0/24", "192.168.0.255"));
	assert_true(holds("10.128.0.0/9", "10.255.255.255"));
	assert_false(holds("10.128.0.0/9", "10.127.255.255"));
	assert_true(holds("10.0.0.1", "10.0.0.1"));
	assert_false(holds("10.0.0.1", "10.0.0.0"));
	assert_true(holds("fd00::/63", "fd00:0:0:1::9"));
	assert_false(holds("fd00::/63", "fd00:0:0:2::"));
	assert_true(holds("::1", "::1"));
	/* the whole of one family is nothing of the other */
	assert_true(holds("0.0.0.0/0", "203.0.113.9"));
	assert_false(holds("0.0.0.0/0", "2001:db8::1"));
	assert_true(holds("::/0", "2001:db8::1"));
	assert_false(holds("::/0", "203.0.113.9"));
}

static void test_this_machine(void **state UNUSED)
{
	static const uint8_t own6[16] = {[15] = 1};
	static const uint8_t none[16];
	static const uint8_t compatible[16] = {[12] = 127, [15] = 1}; /* ::127.0.0.1 */
	uint8_t v4[16] = {[10] = 0xff, [11] = 0xff, [12] = 127, [13] = 9};

	assert_true(address_is_own(own6));
	assert_true(address_is_own(v4));
	v4[12] = 128;
	assert_false(address_is_own(v4));
	assert_false(address_is_own(none));
	assert_false(address_is_own(compatible));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_a_network),
		cmocka_unit_test(test_what_lies_in_it),
		cmocka_unit_test(test_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
