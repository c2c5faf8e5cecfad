// SPDX-License-Identifier: Apache-2.0
/* Ports over real pseudo terminals: settings as the kernel has them, locks, the end of the other
 * side. */
#include "serial/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

struct wire {
	int fd;
	char path[64]; /* of the port's end */
};

static int set_up(void **state)
{
	struct wire *wire = calloc(1, sizeof(*wire));

	assert_non_null(wire);
	wire->fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	assert_true(wire->fd >= 0);
	assert_int_equal(grantpt(wire->fd), 0);
	assert_int_equal(unlockpt(wire->fd), 0);
	assert_int_equal(ptsname_r(wire->fd, wire->path, sizeof(wire->path)), 0);
	*state = wire;
	return 0;
}

static int tear_down(void **state)
{
	struct wire *wire = *state;

	if (wire->fd >= 0)
		close(wire->fd);
	free(wire);
	return 0;
}

static bool readable(int fd)
{
	struct pollfd polled = {.fd = fd, .events = POLLIN};

	return poll(&polled, 1, 5000) == 1;
}

static void a_port_is_raw_and_has_its_rate(void **state)
{
	struct wire *wire = *state;
	struct termios got;
	uint32_t features = 99;
	int fd = serial_open(wire->path, 38400, true, &features);

	assert_true(fd >= 0);
	assert_int_equal(tcgetattr(fd, &got), 0);
	assert_int_equal(cfgetospeed(&got), B38400);
	assert_int_equal(cfgetispeed(&got), B38400);
	assert_int_equal(got.c_cflag & CSIZE, CS8);
	assert_int_equal(got.c_cflag & (PARENB | CSTOPB | CRTSCTS), 0);
	assert_int_not_equal(got.c_cflag & CLOCAL, 0);
	assert_int_equal(got.c_lflag & (ICANON | ECHO | ISIG), 0);
	assert_int_equal(got.c_iflag & (IXON | ICRNL | ISTRIP), 0);
	assert_int_equal(got.c_oflag & OPOST, 0);
	assert_int_equal(features, 0); /* a pseudo terminal has neither */
	assert_int_not_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	assert_int_not_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	assert_int_equal(serial_set_baud(fd, 9600), 0);
	assert_int_equal(tcgetattr(fd, &got), 0);
	assert_int_equal(cfgetospeed(&got), B9600);
	assert_int_equal(serial_set_baud(fd, 9601), -EINVAL);
	close(fd);
}

static void every_byte_passes_both_ways(void **state)
{
	struct wire *wire = *state;
	uint8_t sent[256];
	uint8_t got[256];
	size_t len = 0;
	int fd = serial_open(wire->path, 115200, false, NULL);

	assert_true(fd >= 0);
	for (unsigned i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)i;
	assert_int_equal(serial_read(fd, got, sizeof(got)), 0); /* nothing yet */
	assert_int_equal(write(wire->fd, sent, sizeof(sent)), sizeof(sent));
	while (len < sizeof(sent)) {
		assert_true(readable(fd));
		ssize_t part = serial_read(fd, got + len, sizeof(got) - len);

		assert_true(part >= 0);
		len += (size_t)part;
	}
	assert_memory_equal(got, sent, sizeof(sent));
	assert_int_equal(serial_write(fd, sent, sizeof(sent)), sizeof(sent));
	memset(got, 0, sizeof(got));
	for (len = 0; len < sizeof(sent);) {
		assert_true(readable(wire->fd));
		ssize_t part = read(wire->fd, got + len, sizeof(got) - len);

		assert_true(part > 0);
		len += (size_t)part;
	}
	assert_memory_equal(got, sent, sizeof(sent)); /* no echo, no newline made of a return */
	close(fd);
}

static void who_has_a_port_has_it_alone(void **state)
{
	struct wire *wire = *state;
	int first = serial_open(wire->path, 9600, false, NULL);

	assert_true(first >= 0);
	assert_int_equal(serial_open(wire->path, 9600, false, NULL), -EBUSY);
	int copy = fcntl(first, F_DUPFD_CLOEXEC, 0);

	close(first);
	assert_int_equal(serial_open(wire->path, 9600, false, NULL), -EBUSY);
	close(copy);
	int second = serial_open(wire->path, 9600, false, NULL);

	assert_true(second >= 0);
	close(second);
}

static void a_port_that_is_locked_by_others_is_busy(void **state)
{
	struct wire *wire = *state;
	int other = open(wire->path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	assert_true(other >= 0);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(serial_open(wire->path, 9600, false, NULL), -EBUSY);
	close(other);
}

static void the_end_of_the_other_side_is_a_port_gone(void **state)
{
	struct wire *wire = *state;
	uint8_t byte;
	int fd = serial_open(wire->path, 9600, false, NULL);

	assert_true(fd >= 0);
	assert_int_equal(serial_read(fd, &byte, 1), 0);
	close(wire->fd);
	wire->fd = -1;
	assert_true(readable(fd));
	assert_int_equal(serial_read(fd, &byte, 1), -ENODEV);
	assert_int_equal(serial_write(fd, "x", 1), -ENODEV);
	close(fd);
	assert_int_equal(serial_open(wire->path, 9600, false, NULL), -ENOENT);
}

static void what_is_no_port_is_refused(void **state)
{
	(void)state;
	char path[] = "/tmp/postern-serial-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(serial_open(path, 9600, false, NULL), -ENOTTY);
	close(fd);
	unlink(path);
	assert_int_equal(serial_open(path, 9600, false, NULL), -ENOENT);
	assert_int_equal(serial_open("/dev/null", 9600, false, NULL), -ENOTTY);
	assert_int_equal(serial_open("/dev/null", 300, false, NULL), -EINVAL);
}

static void input_that_nobody_wants_can_be_dropped(void **state)
{
	struct wire *wire = *state;
	uint8_t byte;
	int fd = serial_open(wire->path, 9600, false, NULL);

	assert_true(fd >= 0);
	assert_int_equal(write(wire->fd, "old", 3), 3);
	assert_true(readable(fd));
	serial_drop_input(fd);
	assert_int_equal(serial_read(fd, &byte, 1), 0);
	assert_int_equal(write(wire->fd, "n", 1), 1);
	assert_true(readable(fd));
	assert_int_equal(serial_read(fd, &byte, 1), 1);
	assert_int_equal(byte, 'n');
	close(fd);
}

static void rates_are_a_list(void **state)
{
	static const uint32_t wanted[] = {9600, 19200, 38400, 57600, 115200, 230400, 0, 0};

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(serial_baud_at(i), wanted[i]);
	assert_true(serial_baud_valid(57600));
	assert_false(serial_baud_valid(0));
	assert_false(serial_baud_valid(4800));
	assert_non_null(strstr(serial_error_text(-EBUSY), "another program"));
	assert_non_null(strstr(serial_error_text(-ENOENT), "plugged in"));
	assert_non_null(strstr(serial_error_text(-EACCES), "dialout"));
	assert_string_equal(serial_error_text(-ENOMEM), strerror(ENOMEM));
}

static void a_pair_carries_bytes_and_ends(void **state)
{
	uint8_t bytes[8];
	int wire;
	int port;

	(void)state;
	assert_int_equal(serial_pair(&wire, &port), 0);
	assert_int_equal(serial_write(port, "\x53\x00\x0d\x0a", 4), 4);
	assert_true(readable(wire));
	assert_int_equal(serial_read(wire, bytes, sizeof(bytes)), 4);
	assert_memory_equal(bytes, "\x53\x00\x0d\x0a", 4);
	assert_int_equal(serial_write(wire, "\x11\x13\x03", 3), 3);
	assert_true(readable(port));
	assert_int_equal(serial_read(port, bytes, sizeof(bytes)), 3);
	assert_memory_equal(bytes, "\x11\x13\x03", 3);
	close(wire);
	assert_true(readable(port));
	assert_int_equal(serial_read(port, bytes, sizeof(bytes)), -ENODEV);
	close(port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_port_is_raw_and_has_its_rate, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_byte_passes_both_ways, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_has_a_port_has_it_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_port_that_is_locked_by_others_is_busy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_end_of_the_other_side_is_a_port_gone, set_up, tear_down),
		cmocka_unit_test(what_is_no_port_is_refused),
		cmocka_unit_test_setup_teardown(
			input_that_nobody_wants_can_be_dropped, set_up, tear_down),
		cmocka_unit_test(rates_are_a_list),
		cmocka_unit_test(a_pair_carries_bytes_and_ends),
	};

	return cmocka_run_group_tests_name("serial", tests, NULL, NULL);
}
