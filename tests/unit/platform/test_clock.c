// SPDX-License-Identifier: Apache-2.0
/* Clocks against the kernel's own answers, zones against localtime_r at many instants. */
#include "platform/clock.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define INSTANTS 20000
#define END_S INT64_C(4102444800) /* 2100-01-01 */

static uint64_t random_state = 1;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static int32_t libc_offset_s(int64_t utc_s)
{
	time_t at = (time_t)utc_s;
	struct tm local;

	assert_non_null(localtime_r(&at, &local));
	return (int32_t)local.tm_gmtoff;
}

static bool zone_installed(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
	return access(path, R_OK) == 0;
}

/* Loads the zone and compares it; transitions: how many it must have at least. */
static void check_zone(const char *name, uint32_t transitions)
{
	static struct zone zone;

	if (!zone_installed(name)) {
		print_message(
			"skipped: %s: no such file below /usr/share/zoneinfo (tzdata)\n", name);
		skip();
	}
	setenv("TZ", name, 1);
	memset(&zone, 0xa5, sizeof(zone));
	zone_load(&zone);
	assert_in_range(zone.count, transitions, ZONE_TRANSITIONS_MAX);
	for (uint32_t i = 0; i < zone.count; i++) {
		int64_t at = zone.transition[i].utc_s;

		assert_true(i == 0 || at > zone.transition[i - 1].utc_s);
		assert_int_equal(zone_offset_s(&zone, at), libc_offset_s(at));
		assert_int_equal(zone_offset_s(&zone, at - 1), libc_offset_s(at - 1));
		assert_int_not_equal(libc_offset_s(at), libc_offset_s(at - 1));
	}
	for (unsigned i = 0; i < INSTANTS; i++) {
		int64_t at = (int64_t)(random_next() % (uint64_t)END_S);

		if (zone_offset_s(&zone, at) != libc_offset_s(at))
			fail_msg("%s at %lld", name, (long long)at);
	}
	assert_int_equal(zone_offset_s(&zone, 0), libc_offset_s(0));
	assert_int_equal(zone_offset_s(&zone, END_S), libc_offset_s(END_S));
}

static void test_zone_berlin(void **state UNUSED)
{
	check_zone("Europe/Berlin", 240); /* two a year from 1980 on */
}

static void test_zone_new_york(void **state UNUSED)
{
	check_zone("America/New_York", 250);
}

static void test_zone_kolkata(void **state UNUSED)
{
	check_zone("Asia/Kolkata", 0);
	assert_int_equal(libc_offset_s(0), 19800);
}

static void test_zone_lord_howe_moves_by_half_an_hour(void **state UNUSED)
{
	check_zone("Australia/Lord_Howe", 230);
}

static void test_zone_casablanca_with_its_ramadan_months(void **state UNUSED)
{
	check_zone("Africa/Casablanca", 100);
}

static void test_zone_apia_that_skipped_a_day(void **state UNUSED)
{
	check_zone("Pacific/Apia", 3);
}

static void test_zone_utc_has_no_transition(void **state UNUSED)
{
	static struct zone zone;

	setenv("TZ", "UTC", 1);
	zone_load(&zone);
	assert_int_equal(zone.first_offset_s, 0);
	assert_int_equal(zone.count, 0);
}

static void test_zone_from_a_rule_needs_no_files(void **state UNUSED)
{
	static struct zone zone;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	zone_load(&zone);
	assert_int_equal(zone.first_offset_s, 3600);
	assert_int_equal(zone.count, 2 * (2101 - 1970));
	assert_int_equal(zone_offset_s(&zone, 1750000000), 7200); /* 2025-06-15 */
	assert_int_equal(zone_offset_s(&zone, 1743296399), 3600); /* 2025-03-30 00:59:59Z */
	assert_int_equal(zone_offset_s(&zone, 1743296400), 7200);
}

static int64_t kernel_ns(clockid_t id)
{
	struct timespec now;

	assert_int_equal(clock_gettime(id, &now), 0);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void test_now_reads_the_kernels_clocks(void **state UNUSED)
{
	int64_t boot = kernel_ns(CLOCK_BOOTTIME);
	int64_t utc_ms = kernel_ns(CLOCK_REALTIME) / NS_PER_MS;
	struct moment now = clock_now(true);

	assert_in_range(now.boot_ns - boot, 0, 5 * NS_PER_S);
	assert_in_range(
		now.utc_ms - utc_ms + 1000, 0, 6000); /* the wall clock may be set meanwhile */
	assert_true(now.trusted);
	assert_in_range(clock_boot_ns() - boot, 0, 5 * NS_PER_S);
	assert_in_range(
		clock_monotonic_ns() - kernel_ns(CLOCK_MONOTONIC) + NS_PER_S, 0, 2 * NS_PER_S);
	assert_true(clock_boot_ns() >= now.boot_ns);
}

static bool file_says_one(const char *path)
{
	FILE *file = fopen(path, "r");
	int c = file != NULL ? fgetc(file) : EOF;

	if (file != NULL)
		fclose(file);
	return c == '1';
}

static void test_trust_is_what_ntp_and_rtc_say(void **state UNUSED)
{
	struct timex timex = {0};
	int result = adjtimex(&timex);
	bool ntp = result != TIME_ERROR && result >= 0 && (timex.status & STA_UNSYNC) == 0;
	bool rtc = false;

	for (unsigned i = 0; i < 8; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/sys/class/rtc/rtc%u/hctosys", i);
		rtc = rtc || file_says_one(path);
	}
	assert_int_equal(clock_is_trusted(), ntp || rtc);
	assert_int_equal(clock_now(false).trusted, ntp || rtc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zone_berlin),
		cmocka_unit_test(test_zone_new_york),
		cmocka_unit_test(test_zone_kolkata),
		cmocka_unit_test(test_zone_lord_howe_moves_by_half_an_hour),
		cmocka_unit_test(test_zone_casablanca_with_its_ramadan_months),
		cmocka_unit_test(test_zone_apia_that_skipped_a_day),
		cmocka_unit_test(test_zone_utc_has_no_transition),
		cmocka_unit_test(test_zone_from_a_rule_needs_no_files),
		cmocka_unit_test(test_now_reads_the_kernels_clocks),
		cmocka_unit_test(test_trust_is_what_ntp_and_rtc_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
