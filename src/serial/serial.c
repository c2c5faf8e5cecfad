// SPDX-License-Identifier: Apache-2.0
/*
 * Serial ports. A port is locked twice: flock keeps those away that ask as we do, TIOCEXCL those
 * that do not ask. Both end with the last copy of the descriptor, so that a port handed to another
 * process stays locked while either lives.
 *
 * Settings are read back: a driver may leave out what it cannot do without a word. What is missing
 * without harm (turning the transceiver, low latency) is told as a feature that is not there.
 */
#include "serial/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static const struct {
	uint32_t baud;
	speed_t speed;
} bauds[] = {
	{9600, B9600},
	{19200, B19200},
	{38400, B38400},
	{57600, B57600},
	{115200, B115200},
	{230400, B230400},
};

uint32_t serial_baud_at(unsigned index)
{
	return index < ARRAY_COUNT(bauds) ? bauds[index].baud : 0;
}

static bool speed_of(uint32_t baud, speed_t *ret)
{
	for (size_t i = 0; i < ARRAY_COUNT(bauds); i++) {
		if (bauds[i].baud == baud) {
			*ret = bauds[i].speed;
			return true;
		}
	}
	return false;
}

bool serial_baud_valid(uint32_t baud)
{
	speed_t speed;

	return speed_of(baud, &speed);
}

/* With bytes to read read() gives them; without any EAGAIN, so that 0 means the end. */
static int configure(int fd, speed_t speed)
{
	struct termios wanted;
	struct termios got;

	if (tcgetattr(fd, &wanted) != 0)
		return -errno;
	cfmakeraw(&wanted);
	wanted.c_cflag &= ~(tcflag_t)(CSTOPB | PARENB | CRTSCTS | HUPCL);
	wanted.c_cflag |= CS8 | CREAD | CLOCAL;
	wanted.c_cc[VMIN] = 1;
	wanted.c_cc[VTIME] = 0;
	if (cfsetispeed(&wanted, speed) != 0 || cfsetospeed(&wanted, speed) != 0 ||
		tcsetattr(fd, TCSANOW, &wanted) != 0 || tcgetattr(fd, &got) != 0)
		return -errno;
	if (cfgetospeed(&got) != speed || (got.c_cflag & CSIZE) != CS8)
		return -ENOTSUP;
	return tcflush(fd, TCIOFLUSH) == 0 ? 0 : -errno;
}

static uint32_t rs485_begin(int fd)
{
	struct serial_rs485 wanted = {.flags = SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND};
	struct serial_rs485 got = {0};

	if (ioctl(fd, TIOCSRS485, &wanted) != 0 || ioctl(fd, TIOCGRS485, &got) != 0)
		return 0;
	return got.flags & SER_RS485_ENABLED ? SERIAL_RS485 : 0;
}

static uint32_t low_latency_begin(int fd)
{
	struct serial_struct port = {0};

	if (ioctl(fd, TIOCGSERIAL, &port) != 0)
		return 0;
	port.flags = (int)((unsigned)port.flags | ASYNC_LOW_LATENCY);
	return ioctl(fd, TIOCSSERIAL, &port) == 0 ? SERIAL_LOW_LATENCY : 0;
}

static int port_lock(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return ioctl(fd, TIOCEXCL) == 0 ? 0 : -errno;
}

static int port_begin(int fd, speed_t speed, bool rs485, uint32_t *ret_features)
{
	struct termios now;
	int error = tcgetattr(fd, &now) == 0 ? port_lock(fd) : -ENOTTY;

	if (error == 0)
		error = configure(fd, speed);
	*ret_features = 0;
	if (error == 0 && rs485)
		*ret_features |= rs485_begin(fd);
	if (error == 0)
		*ret_features |= low_latency_begin(fd);
	return error;
}

int serial_open(const char *path, uint32_t baud, bool rs485, uint32_t *ret_features)
{
	uint32_t features;
	speed_t speed;

	if (!speed_of(baud, &speed))
		return -EINVAL;
	int fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int error = port_begin(fd, speed, rs485, &features);

	if (error != 0) {
		(void)close(fd);
		return error;
	}
	if (ret_features != NULL)
		*ret_features = features;
	return fd;
}

int serial_set_baud(int fd, uint32_t baud)
{
	speed_t speed;

	return speed_of(baud, &speed) ? configure(fd, speed) : -EINVAL;
}

static ssize_t transfer_error(void)
{
	switch (errno) {
	case EAGAIN:
	case EINTR:
		return 0;
	case EIO:
	case ENXIO:
	case ENODEV:
	case EPIPE:
		return -ENODEV;
	default:
		return -errno;
	}
}

ssize_t serial_read(int fd, void *bytes, size_t size)
{
	ssize_t len = read(fd, bytes, size);

	if (len == 0)
		return -ENODEV;
	return len > 0 ? len : transfer_error();
}

ssize_t serial_write(int fd, const void *bytes, size_t len)
{
	ssize_t wrote = write(fd, bytes, len);

	return wrote >= 0 ? wrote : transfer_error();
}

void serial_drop_input(int fd)
{
	(void)tcflush(fd, TCIFLUSH);
}

const char *serial_error_text(int error)
{
	switch (-error) {
	case EBUSY:
		return "another program uses it; end that one first";
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return "there is no such port; is it plugged in? `ls -l /dev/serial/by-id` lists "
		       "those of USB";
	case EACCES:
	case EPERM:
		return "no permission; its group (often dialout) may use it";
	case ENOTTY:
		return "it is no serial port";
	case EINVAL:
		return "baud rates are 9600, 19200, 38400, 57600, 115200 and 230400";
	case ENOTSUP:
		return "it cannot do this baud rate";
	default:
		return strerror(-error);
	}
}

static int wire_begin(int wire, char *path, size_t size)
{
	struct termios raw;

	if (grantpt(wire) != 0 || unlockpt(wire) != 0)
		return -errno;
	if (ptsname_r(wire, path, size) != 0 || tcgetattr(wire, &raw) != 0)
		return -errno;
	cfmakeraw(&raw);
	return tcsetattr(wire, TCSANOW, &raw) == 0 ? 0 : -errno;
}

int serial_pair(int *ret_wire, int *ret_port)
{
	char path[64];
	uint32_t features;
	int wire = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (wire < 0)
		return -errno;
	int error = wire_begin(wire, path, sizeof(path));
	int port = -1;

	if (error == 0) {
		port = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		error = port >= 0 ? port_begin(port, B230400, false, &features) : -errno;
	}
	if (error != 0) {
		if (port >= 0)
			(void)close(port);
		(void)close(wire);
		return error;
	}
	*ret_wire = wire;
	*ret_port = port;
	return 0;
}
