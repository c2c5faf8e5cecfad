// SPDX-License-Identifier: Apache-2.0
/* The file of known devices: what is found, kept, taken away, and many writers at once. */
#include "known.h"

#include "base/compiler.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define A "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define B "sha256//BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB8="

static char folder[64];
static char file[128];

static int set_up(void **state UNUSED)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/postern-known-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(file, sizeof(file), "%s/known", folder);
	return 0;
}

static int tear_down(void **state UNUSED)
{
	char lock[160];

	(void)snprintf(lock, sizeof(lock), "%s.lock", file);
	(void)unlink(lock);
	(void)unlink(file);
	return rmdir(folder); /* nothing else was left behind */
}

static void write_file(const char *text)
{
	FILE *out = fopen(file, "we");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static void assert_file(const char *text)
{
	char memory[4096];
	FILE *in = fopen(file, "re");

	assert_non_null(in);
	size_t len = fread(memory, 1, sizeof(memory) - 1, in);

	(void)fclose(in);
	memory[len] = '\0';
	assert_string_equal(memory, text);
}

static int find(const char *host, const char *wanted)
{
	char pin[PIN_TEXT] = "";
	int error = known_find(file, host, pin);

	if (error == 0)
		assert_string_equal(pin, wanted);
	return error;
}

static void test_what_is_a_pin(void **state UNUSED)
{
	static const char *const bad[] = {"", "sha256//",
		"sha256//AAAA=", "sha1//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
		"sha256//AAAAAAAAAAAAAAAAAAAAAA;AAAAAAAAAAAAAAAAAAAA=", (A ";" B), " " A};

	for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
		assert_false(pin_valid(bad[i]));
	assert_true(pin_valid(A));
	assert_true(pin_valid("sha256//+/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
}

static void test_a_device_is_kept_found_and_forgotten(void **state UNUSED)
{
	struct stat info;

	assert_int_equal(find("a:443", NULL), -ENOENT);
	assert_int_equal(known_put(file, "a:443", NULL), 0);
	assert_int_equal(access(file, F_OK), -1); /* nothing to take away makes no file */
	assert_int_equal(known_put(file, "a:443", A), 0);
	assert_int_equal(known_put(file, "aa:443", B), 0);
	assert_file("a:443 " A "\naa:443 " B "\n");
	assert_int_equal(stat(file, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(find("a:443", A), 0);
	assert_int_equal(find("aa:443", B), 0);
	assert_int_equal(find("a:44", NULL), -ENOENT);
	assert_int_equal(find("a", NULL), -ENOENT);
	assert_int_equal(known_put(file, "a:443", A), 0);
	assert_int_equal(known_put(file, "a:443", B), -EEXIST);
	assert_int_equal(find("a:443", A), 0);
	assert_int_equal(known_put(file, "a:443", NULL), 0);
	assert_file("aa:443 " B "\n");
}

static void test_lines_of_people_are_left_alone(void **state UNUSED)
{
	write_file("# front doors\n\nA:443\t" B "\nb:443 " A " \r\nc:443\nd:443 " A "x\ne:443 " A);
	assert_int_equal(find("a:443", B), 0);
	assert_int_equal(find("b:443", A), 0);
	assert_int_equal(find("e:443", A), 0);
	assert_int_equal(find("c:443", NULL), -EBADMSG);
	assert_int_equal(find("d:443", NULL), -EBADMSG);
	assert_int_equal(known_put(file, "f:443", B), 0);
	assert_int_equal(known_put(file, "d:443", NULL), 0);
	assert_file(
		"# front doors\n\nA:443\t" B "\nb:443 " A " \r\nc:443\ne:443 " A "\nf:443 " B "\n");
}

static void test_writers_at_once_lose_nothing(void **state UNUSED)
{
	char host[32];

	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			(void)snprintf(host, sizeof(host), "host%d:443", i);
			_exit(known_put(file, host, A) == 0 ? 0 : 1);
		}
	}
	for (int i = 0; i < 20; i++) {
		int status = -1;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	for (int i = 0; i < 20; i++) {
		(void)snprintf(host, sizeof(host), "host%d:443", i);
		assert_int_equal(find(host, A), 0);
	}
}

static void test_a_folder_that_is_not_there(void **state UNUSED)
{
	char pin[PIN_TEXT];

	assert_int_equal(known_put("/nowhere/at/all", "a:443", A), -ENOENT);
	assert_int_equal(known_find("/nowhere/at/all", "a:443", pin), -ENOENT);
	assert_int_equal(known_find("/", "a:443", pin), -EISDIR);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_a_pin),
		TEST(test_a_device_is_kept_found_and_forgotten),
		TEST(test_lines_of_people_are_left_alone),
		TEST(test_writers_at_once_lose_nothing),
		cmocka_unit_test(test_a_folder_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
