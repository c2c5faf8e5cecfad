// SPDX-License-Identifier: Apache-2.0
/* Log lines: prefix, one line whatever the text, cutting, debug; and random bytes. */
#include "platform/log.h"

#include "base/compiler.h"
#include "crypto/random.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int pipe_fd[2];
static int saved_stderr;

static int capture_begin(void **state UNUSED)
{
	saved_stderr = dup(STDERR_FILENO);
	return pipe(pipe_fd) == 0 && dup2(pipe_fd[1], STDERR_FILENO) >= 0 ? 0 : -1;
}

static int capture_end(void **state UNUSED)
{
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	return 0;
}

/* What was logged since the last call; one write is one line. */
static const char *logged(void)
{
	static char text[4096];

	(void)!write(STDERR_FILENO, "|", 1);
	ssize_t len = read(pipe_fd[0], text, sizeof(text) - 1);

	assert_true(len > 0 && text[len - 1] == '|');
	text[len - 1] = '\0';
	return text;
}

static void test_each_level_has_its_prefix(void **state UNUSED)
{
	log_set_name("core");
	log_error("door %d", 1);
	assert_string_equal(logged(), "<3>core: door 1\n");
	log_warning("%s", "slow");
	assert_string_equal(logged(), "<4>core: slow\n");
	log_info("up");
	assert_string_equal(logged(), "<6>core: up\n");
}

static void test_a_text_from_outside_cannot_begin_a_line(void **state UNUSED)
{
	log_set_name("gate");
	log_info("name %s", "a\n<3>core: forged\r\x1b[31m\x7f");
	assert_string_equal(logged(), "<6>gate: name a?<3>core: forged??[31m?\n");
}

static void test_a_long_line_is_cut(void **state UNUSED)
{
	char text[3000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_set_name("sim");
	log_error("%s", text);
	const char *line = logged();

	assert_int_equal(strlen(line), 1024);
	assert_string_equal(line + 1024 - 5, "x...\n");
}

static void test_debug_lines_come_on_request_only(void **state UNUSED)
{
	log_set_name("core");
	unsetenv("POSTERN_DEBUG");
	log_debug("x");
	assert_string_equal(logged(), "");
	setenv("POSTERN_DEBUG", "0", 1);
	log_debug("x");
	assert_string_equal(logged(), "");
	setenv("POSTERN_DEBUG", "1", 1);
	log_debug("x %d", 2);
	assert_string_equal(logged(), "<7>core: x 2\n");
	unsetenv("POSTERN_DEBUG");
}

static void test_errno_is_kept_and_can_be_shown(void **state UNUSED)
{
	log_set_name("core");
	errno = ENOENT;
	log_error("open: %m");
	assert_int_equal(errno, ENOENT);
	assert_string_equal(logged(), "<3>core: open: No such file or directory\n");
}

static void test_random_bytes_do_not_repeat_and_fill_exactly(void **state UNUSED)
{
	uint8_t first[64];
	uint8_t second[64];
	uint8_t guarded[300];
	unsigned ones = 0;

	random_bytes(first, sizeof(first));
	random_bytes(second, sizeof(second));
	assert_memory_not_equal(first, second, sizeof(first));
	memset(guarded, 0x5a, sizeof(guarded));
	random_bytes(guarded + 10, 280);
	random_bytes(guarded, 0);
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(guarded[i], 0x5a);
		assert_int_equal(guarded[290 + i], 0x5a);
	}
	for (unsigned i = 10; i < 290; i++)
		ones += (unsigned)__builtin_popcount(guarded[i]);
	assert_in_range(ones, 840, 1400); /* 1120 +- 11 standard deviations */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_each_level_has_its_prefix, capture_begin, capture_end),
		cmocka_unit_test_setup_teardown(
			test_a_text_from_outside_cannot_begin_a_line, capture_begin, capture_end),
		cmocka_unit_test_setup_teardown(
			test_a_long_line_is_cut, capture_begin, capture_end),
		cmocka_unit_test_setup_teardown(
			test_debug_lines_come_on_request_only, capture_begin, capture_end),
		cmocka_unit_test_setup_teardown(
			test_errno_is_kept_and_can_be_shown, capture_begin, capture_end),
		cmocka_unit_test(test_random_bytes_do_not_repeat_and_fill_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
