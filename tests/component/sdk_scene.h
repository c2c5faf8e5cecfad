/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of libpostern against one real device have in common: the device that a Python
 * test started and named in the environment (SDK_TEST_URL, SDK_TEST_PASSWORD), with account admin.
 */
#pragma once

#include <postern/postern.h>

extern struct postern *context;
extern struct postern_device *device;

/* Of the context; nothing is sent yet. 0 or enum postern_error. */
int device_at(const char *url, const char *password, struct postern_device **ret);

/* For cmocka_run_group_tests: context and device. */
int set_up(void **state);
int tear_down(void **state);

#define assert_ok(call) assert_int_equal((call), POSTERN_OK)

/* The device's latest call failed, and says so with these words. */
void assert_detail(const char *words);

/* As above, and error is POSTERN_E_REFUSED. */
void assert_refused(int error, const char *words);
