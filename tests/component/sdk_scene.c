// SPDX-License-Identifier: Apache-2.0
/* The device of the environment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sdk_scene.h"

struct postern *context;
struct postern_device *device;

int device_at(const char *url, const char *password, struct postern_device **ret)
{
	struct postern_device_options options = POSTERN_DEVICE_OPTIONS_INIT;

	options.url = url;
	options.user = "admin";
	options.password = password;
	options.connect_timeout_ms = 5000;
	options.timeout_ms = 20000;
	return postern_device_new(context, &options, ret);
}

int set_up(void **state)
{
	(void)state;
	context = postern_new();
	return context == NULL || device_at(getenv("SDK_TEST_URL"), getenv("SDK_TEST_PASSWORD"),
					  &device) != POSTERN_OK;
}

int tear_down(void **state)
{
	(void)state;
	context = postern_free(context);
	return context != NULL;
}

void assert_detail(const char *words)
{
	const char *detail = postern_device_detail(device);

	if (strstr(detail, words) == NULL)
		fail_msg("the detail \"%s\" does not say \"%s\"", detail, words);
}

void assert_refused(int error, const char *words)
{
	assert_int_equal(error, POSTERN_E_REFUSED);
	assert_detail(words);
}
