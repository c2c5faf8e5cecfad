// SPDX-License-Identifier: Apache-2.0
/*
 * libpostern over https: how a device proves who it is, and the first claim. test_tls.py starts an
 * unclaimed device and names it in the environment: SDK_TEST_URL, _PLAIN (its http address), _CODE
 * (of its log), _PIN, _CA (its certificate), _KNOWN (a file that is not there yet).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <postern/postern.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PASSWORD "the first password"
#define OTHER_PIN "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define MANY 40

static struct postern *context;
static struct postern_device *device;

static struct postern_device_options options_at(const char *url)
{
	struct postern_device_options options = POSTERN_DEVICE_OPTIONS_INIT;

	options.url = url;
	options.user = "admin";
	options.password = PASSWORD;
	return options;
}

static int open_with(const struct postern_device_options *options)
{
	device = postern_device_free(device);
	return postern_device_new(context, options, &device);
}

static int info(void)
{
	struct postern_device_info *info;
	int error = postern_device_info(device, &info);

	if (error == POSTERN_OK)
		postern_device_info_free(info);
	return error;
}

static enum postern_identity identity(const char *wanted)
{
	const char *fingerprint = NULL;
	enum postern_identity identity = postern_device_identity(device, &fingerprint);

	assert_string_equal(fingerprint, wanted);
	assert_int_equal(postern_device_identity(device, NULL), identity);
	return identity;
}

static int ended = -1;

static void done(void *user, struct postern_call *call, int error)
{
	(void)user;
	(void)call;
	ended = error;
}

static void the_device_is_claimed_once(void **state)
{
	struct postern_device_options options = options_at(getenv("SDK_TEST_URL"));

	(void)state;
	options.pin = getenv("SDK_TEST_PIN");
	assert_int_equal(open_with(&options), POSTERN_OK);
	assert_int_equal(identity(""), POSTERN_IDENTITY_NONE);
	assert_int_equal(info(), POSTERN_E_AUTH);
	assert_int_equal(postern_device_claim(device, "AAAAA-AAAAA"), POSTERN_E_RIGHT);
	assert_non_null(strstr(postern_device_detail(device), "not the claim code"));
	assert_int_equal(postern_device_claim(device, NULL), POSTERN_E_ARGUMENT);
	assert_int_equal(
		postern_device_claim_start(device, "x", NULL, NULL, NULL), POSTERN_E_ARGUMENT);
	assert_int_equal(
		postern_device_claim_start(device, getenv("SDK_TEST_CODE"), done, NULL, NULL),
		POSTERN_OK);
	while (ended < 0)
		(void)postern_wait(context, -1);
	assert_int_equal(ended, POSTERN_OK);
	assert_int_equal(info(), POSTERN_OK);
	assert_int_equal(identity(options.pin), POSTERN_IDENTITY_CHECKED);
	assert_int_equal(postern_device_claim(device, getenv("SDK_TEST_CODE")), POSTERN_E_RIGHT);
	options.user = "root";
	assert_int_equal(open_with(&options), POSTERN_OK);
	assert_int_equal(postern_device_claim(device, getenv("SDK_TEST_CODE")), POSTERN_E_ARGUMENT);
	options.user = "admin";
	options.password = "short";
	assert_int_equal(open_with(&options), POSTERN_OK);
	assert_int_equal(postern_device_claim(device, getenv("SDK_TEST_CODE")), POSTERN_E_ARGUMENT);
}

static void options_are_judged(void **state)
{
	struct postern_device_options options = options_at(getenv("SDK_TEST_URL"));

	(void)state;
	options.pin = "sha256//no";
	assert_int_equal(open_with(&options), POSTERN_E_ARGUMENT);
	options.pin = OTHER_PIN;
	options.url = getenv("SDK_TEST_PLAIN");
	assert_int_equal(open_with(&options), POSTERN_E_ARGUMENT);
	options.pin = NULL;
	options.ca_file = getenv("SDK_TEST_CA");
	assert_int_equal(open_with(&options), POSTERN_E_ARGUMENT);
	options.ca_file = NULL;
	options.known_devices = getenv("SDK_TEST_KNOWN"); /* has no meaning there */
	assert_int_equal(open_with(&options), POSTERN_OK);
	assert_int_equal(info(), POSTERN_OK);
	assert_int_equal(identity(""), POSTERN_IDENTITY_NONE);
	assert_int_equal(postern_device_forget_identity(device), POSTERN_E_ARGUMENT);
	/* a program of the first version: what it does not know counts as left out */
	options.size = offsetof(struct postern_device_options, ca_file);
	options.ca_file = "/nowhere";
	options.pin = "no pin";
	assert_int_equal(open_with(&options), POSTERN_OK);
	options.size--;
	assert_int_equal(open_with(&options), POSTERN_E_ARGUMENT);
}

static void a_ca_or_a_pin_decides(void **state)
{
	struct postern_device_options options = options_at(getenv("SDK_TEST_URL"));

	(void)state;
	assert_int_equal(open_with(&options), POSTERN_OK);
	assert_int_equal(info(), POSTERN_E_IDENTITY); /* no CA of the system knows it */
	options.ca_file = getenv("SDK_TEST_CA");
	assert_int_equal(open_with(&options), POSTERN_OK);
	assert_int_equal(info(), POSTERN_OK);
	assert_int_equal(identity(getenv("SDK_TEST_PIN")), POSTERN_IDENTITY_CHECKED);
	options.pin = OTHER_PIN;
	assert_int_equal(open_with(&options), POSTERN_OK);
	assert_int_equal(info(), POSTERN_E_IDENTITY);
	assert_non_null(strstr(postern_device_detail(device), OTHER_PIN));
	assert_non_null(strstr(postern_device_detail(device), getenv("SDK_TEST_PIN")));
}

static int stop(void *user, const struct postern_event *event)
{
	(void)user;
	(void)event;
	return 1;
}

static int stop_beat(void *user)
{
	(void)user;
	return 1;
}

static void the_first_key_is_kept_and_compared(void **state)
{
	struct postern_device_options options = options_at(getenv("SDK_TEST_URL"));
	struct postern_watch_options watch = POSTERN_WATCH_OPTIONS_INIT;

	(void)state;
	options.known_devices = getenv("SDK_TEST_KNOWN");
	options.password = "not the password";
	assert_int_equal(open_with(&options), POSTERN_OK);
	assert_int_equal(info(), POSTERN_E_AUTH);
	assert_int_equal(access(options.known_devices, F_OK), -1);
	options.password = PASSWORD;
	assert_int_equal(open_with(&options), POSTERN_OK);
	watch.heartbeat_s = 1;
	watch.heartbeat = stop_beat;
	assert_int_equal(postern_events_watch(device, &watch, stop, NULL), POSTERN_E_STOPPED);
	assert_int_equal(identity(getenv("SDK_TEST_PIN")), POSTERN_IDENTITY_FIRST_USE);
	assert_int_equal(access(options.known_devices, F_OK), 0);
	assert_int_equal(info(), POSTERN_OK);
	assert_int_equal(open_with(&options), POSTERN_OK);
	assert_int_equal(info(), POSTERN_OK);
	assert_int_equal(identity(getenv("SDK_TEST_PIN")), POSTERN_IDENTITY_CHECKED);
	assert_int_equal(postern_device_forget_identity(device), POSTERN_OK);
	assert_int_equal(identity(""), POSTERN_IDENTITY_NONE);
	assert_int_equal(info(), POSTERN_OK);
	assert_int_equal(identity(getenv("SDK_TEST_PIN")), POSTERN_IDENTITY_FIRST_USE);
}

static unsigned answered;

static void count_info(
	void *user, struct postern_call *call, int error, struct postern_device_info *info)
{
	(void)user;
	(void)call;
	assert_int_equal(error, POSTERN_OK);
	postern_device_info_free(info);
	answered++;
}

static void many_first_contacts_at_once_agree(void **state)
{
	struct postern_device_options options = options_at(getenv("SDK_TEST_URL"));
	struct postern_device *many[MANY];

	(void)state;
	options.known_devices = getenv("SDK_TEST_KNOWN");
	options.connect_timeout_ms = 60000; /* so many handshakes on a busy machine */
	assert_int_equal(unlink(options.known_devices), 0);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(postern_device_new(context, &options, &many[i]), POSTERN_OK);
		assert_int_equal(
			postern_device_info_start(many[i], count_info, NULL, NULL), POSTERN_OK);
	}
	while (answered < MANY)
		(void)postern_wait(context, -1);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(
			postern_device_identity(many[i], NULL), POSTERN_IDENTITY_FIRST_USE);
	FILE *file = fopen(options.known_devices, "re");
	char line[256];

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_non_null(strstr(line, getenv("SDK_TEST_PIN")));
	assert_null(fgets(line, sizeof(line), file));
	(void)fclose(file);
}

static int set_up(void **state)
{
	(void)state;
	context = postern_new();
	return context == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	context = postern_free(context);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_device_is_claimed_once),
		cmocka_unit_test(options_are_judged),
		cmocka_unit_test(a_ca_or_a_pin_decides),
		cmocka_unit_test(the_first_key_is_kept_and_compared),
		cmocka_unit_test(many_first_contacts_at_once_agree),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
