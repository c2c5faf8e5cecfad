// SPDX-License-Identifier: Apache-2.0
/* GPIO chips that are not there: see fake_gpio.h. What the real uAPI refuses is refused here. */
#include "fake_gpio.h"

#include "base/assert.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_LEN 256

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
ssize_t __real_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size);

static const uint32_t chip_lines[FAKE_CHIPS] = {32, 8};

static struct fake_gpio *state_map(const char *folder, int flags)
{
	char path[PATH_LEN];

	(void)snprintf(path, sizeof(path), "%s/state", folder);
	int fd = __real_open64(path, O_RDWR | O_CLOEXEC | flags, 0600);

	if (fd < 0 || (flags != 0 && ftruncate(fd, sizeof(struct fake_gpio)) != 0))
		return NULL;
	void *map = mmap(NULL, sizeof(struct fake_gpio), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	(void)close(fd);
	return map == MAP_FAILED ? NULL : map;
}

/* A process of posternd maps the state when it first needs it. */
static struct fake_gpio *state(void)
{
	static struct fake_gpio *mapped;
	static char mapped_folder[PATH_LEN];
	const char *folder = getenv("FAKE_GPIO");

	if (folder == NULL)
		return NULL;
	if (mapped == NULL || strcmp(folder, mapped_folder) != 0) {
		(void)snprintf(mapped_folder, sizeof(mapped_folder), "%s", folder);
		mapped = state_map(folder, 0);
	}
	return mapped;
}

static uint64_t inode_of(int fd)
{
	struct stat info;

	return fstat(fd, &info) == 0 ? info.st_ino : 0;
}

/* --- the folder /dev --- */

int __wrap_open64(const char *path, int flags, ...)
{
	char own[PATH_LEN];
	const char *folder = getenv("FAKE_GPIO");
	va_list arguments;

	va_start(arguments, flags);
	unsigned mode = (flags & O_CREAT) != 0 ? va_arg(arguments, unsigned) : 0;

	va_end(arguments);
	if (folder == NULL || strncmp(path, "/dev/gpiochip", 13) != 0)
		return __real_open64(path, flags, mode);
	if (state() != NULL && state()->open_error != 0) {
		errno = state()->open_error;
		return -1;
	}
	(void)snprintf(own, sizeof(own), "%s/%s", folder, path + 5);
	return __real_open64(own, flags, mode);
}

DIR *__wrap_opendir(const char *path)
{
	const char *folder = getenv("FAKE_GPIO");

	return __real_opendir(folder != NULL && strcmp(path, "/dev") == 0 ? folder : path);
}

/* The chip behind a descriptor, or FAKE_CHIPS. */
static uint32_t chip_of(int fd)
{
	const char *folder = getenv("FAKE_GPIO");
	uint32_t chip = 0;

	for (; chip < FAKE_CHIPS; chip++) {
		char path[PATH_LEN];
		struct stat info;

		(void)snprintf(path, sizeof(path), "%s/gpiochip%u", folder, chip);
		if (stat(path, &info) == 0 && info.st_ino == inode_of(fd))
			break;
	}
	return chip;
}

/* --- requests --- */

static void request_path(uint32_t number, char path[PATH_LEN])
{
	(void)snprintf(path, PATH_LEN, "%s/request-%u", getenv("FAKE_GPIO"), number);
}

static bool request_lives(uint32_t number)
{
	char path[PATH_LEN];

	request_path(number, path);
	int fd = number == 0 ? -1 : __real_open64(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return false; /* nobody holds its reading end */
	(void)close(fd);
	return true;
}

static uint64_t flags_of(const struct gpio_v2_line_config *config, uint32_t position)
{
	for (uint32_t i = 0; i < config->num_attrs; i++) {
		if (config->attrs[i].attr.id == GPIO_V2_LINE_ATTR_ID_FLAGS &&
			(config->attrs[i].mask >> position & 1) != 0)
			return config->attrs[i].attr.flags;
	}
	return config->flags;
}

static bool value_of(const struct gpio_v2_line_config *config, uint32_t position)
{
	for (uint32_t i = 0; i < config->num_attrs; i++) {
		if (config->attrs[i].attr.id == GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES &&
			(config->attrs[i].mask >> position & 1) != 0)
			return (config->attrs[i].attr.values >> position & 1) != 0;
	}
	return false;
}

static bool flags_are_good(uint64_t flags)
{
	bool input = (flags & GPIO_V2_LINE_FLAG_INPUT) != 0;
	bool output = (flags & GPIO_V2_LINE_FLAG_OUTPUT) != 0;
	bool edges =
		(flags & (GPIO_V2_LINE_FLAG_EDGE_RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING)) != 0;
	uint64_t pulls =
		flags & (GPIO_V2_LINE_FLAG_BIAS_PULL_UP | GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN);

	return input != output && !(edges && output) &&
	       !((flags & GPIO_V2_LINE_FLAG_OPEN_DRAIN) != 0 && input) &&
	       (pulls & (pulls - 1)) == 0;
}

static void line_write(struct fake_line *line, bool active)
{
	bool physical = active != ((line->flags & GPIO_V2_LINE_FLAG_ACTIVE_LOW) != 0);
	struct timespec now;

	line->writes++;
	if (physical == (line->physical != 0))
		return;
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	line->physical = physical;
	line->moved_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
	line->moves++;
}

/* A line with a consumer that never was requested. */
static bool held_by_kernel(const struct fake_line *line)
{
	return line->request == 0 && line->consumer[0] != '\0';
}

/* An errno, or 0. */
static int request_check(
	const struct fake_gpio *gpio, uint32_t chip, const struct gpio_v2_line_request *raw)
{
	if (gpio->request_error != 0)
		return gpio->request_error;
	if (raw->num_lines == 0 || raw->num_lines > GPIO_V2_LINES_MAX ||
		raw->config.num_attrs > GPIO_V2_LINE_NUM_ATTRS_MAX)
		return EINVAL;
	for (uint32_t i = 0; i < raw->num_lines; i++) {
		if (raw->offsets[i] >= chip_lines[chip] ||
			!flags_are_good(flags_of(&raw->config, i)))
			return EINVAL;
		const struct fake_line *line = &gpio->line[chip][raw->offsets[i]];

		if (request_lives(line->request) || held_by_kernel(line))
			return EBUSY;
	}
	return 0;
}

static int request_make(struct fake_gpio *gpio, uint32_t chip, struct gpio_v2_line_request *raw)
{
	char path[PATH_LEN];
	int error = request_check(gpio, chip, raw);

	ASSERT(error != 0 || gpio->request_count < FAKE_REQUESTS);
	if (error != 0) {
		errno = error;
		return -1;
	}
	struct fake_request *request = &gpio->request[gpio->request_count++];

	request_path(gpio->request_count, path);
	ASSERT(mkfifo(path, 0600) == 0);
	raw->fd = __real_open64(path, O_RDWR | O_CLOEXEC);
	*request = (struct fake_request){.inode = inode_of(raw->fd),
		.chip = chip,
		.count = raw->num_lines,
		.event_buffer_size = raw->event_buffer_size};
	for (uint32_t i = 0; i < raw->num_lines; i++) {
		struct fake_line *line = &gpio->line[chip][raw->offsets[i]];

		request->offset[i] = raw->offsets[i];
		line->request = gpio->request_count;
		line->flags = flags_of(&raw->config, i);
		memcpy(line->consumer, raw->consumer, sizeof(line->consumer));
		if ((line->flags & GPIO_V2_LINE_FLAG_OUTPUT) != 0)
			line_write(line, value_of(&raw->config, i));
	}
	return 0;
}

static int line_info(const struct fake_gpio *gpio, uint32_t chip, struct gpio_v2_line_info *info)
{
	const struct fake_line *line = &gpio->line[chip][info->offset];

	if (request_lives(line->request) || held_by_kernel(line)) {
		info->flags = line->flags | GPIO_V2_LINE_FLAG_USED;
		memcpy(info->consumer, line->consumer, sizeof(info->consumer));
	}
	return 0;
}

/* --- values --- */

static struct fake_request *request_of(struct fake_gpio *gpio, int fd)
{
	uint64_t inode = inode_of(fd);

	for (uint32_t i = 0; i < gpio->request_count; i++) {
		if (gpio->request[i].inode == inode)
			return &gpio->request[i];
	}
	return NULL;
}

static bool is_gone(struct fake_gpio *gpio, int fd)
{
	return gpio != NULL && gpio->gone != 0 &&
	       request_of(gpio, fd) == &gpio->request[gpio->gone - 1];
}

static int values(struct fake_gpio *gpio, int fd, struct gpio_v2_line_values *io, bool set)
{
	struct fake_request *request = request_of(gpio, fd);
	uint64_t lines = request == NULL ? 0 : ~UINT64_C(0) >> (64 - request->count);

	errno = request == NULL ? ENOTTY : EINVAL;
	if (gpio->value_error != 0)
		errno = gpio->value_error;
	if (is_gone(gpio, fd)) {
		errno = ENODEV;
		return -1;
	}
	if (request == NULL || (io->mask & ~lines) != 0 || io->mask == 0 || gpio->value_error != 0)
		return -1;
	io->bits &= set ? io->mask : 0;
	for (uint32_t i = 0; i < request->count; i++) {
		struct fake_line *line = &gpio->line[request->chip][request->offset[i]];
		bool low = (line->flags & GPIO_V2_LINE_FLAG_ACTIVE_LOW) != 0;

		if ((io->mask >> i & 1) == 0)
			continue;
		if (!set && gpio->read_back_error != 0 &&
			(line->flags & GPIO_V2_LINE_FLAG_OUTPUT) != 0) {
			errno = gpio->read_back_error;
			return -1;
		}
		if (set && (line->flags & GPIO_V2_LINE_FLAG_OUTPUT) == 0) {
			errno = EPERM;
			return -1;
		}
		if (set)
			line_write(line, (io->bits >> i & 1) != 0);
		else if ((line->physical != 0) != low)
			io->bits |= UINT64_C(1) << i;
	}
	return 0;
}

ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
	if (!is_gone(state(), fd))
		return __real_read(fd, bytes, size);
	errno = ENODEV;
	return -1;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	struct fake_gpio *gpio = state();
	va_list arguments;

	va_start(arguments, request);
	void *argument = va_arg(arguments, void *);

	va_end(arguments);
	if (gpio == NULL)
		return __real_ioctl(fd, request, argument);
	if (request == GPIO_V2_LINE_GET_VALUES_IOCTL)
		return values(gpio, fd, argument, false);
	if (request == GPIO_V2_LINE_SET_VALUES_IOCTL)
		return values(gpio, fd, argument, true);
	uint32_t chip = chip_of(fd);

	errno = ENOTTY;
	if (chip == FAKE_CHIPS)
		return __real_ioctl(fd, request, argument);
	if (request == GPIO_V2_GET_LINE_IOCTL)
		return request_make(gpio, chip, argument);
	if (request == GPIO_V2_GET_LINEINFO_IOCTL)
		return line_info(gpio, chip, argument);
	if (request != GPIO_GET_CHIPINFO_IOCTL)
		return -1;
	struct gpiochip_info *info = argument;

	(void)snprintf(info->name, sizeof(info->name), "gpiochip%u", chip);
	(void)snprintf(info->label, sizeof(info->label), "fake-%c",
		gpio->same_labels ? 'a' : (char)('a' + chip));
	info->lines = chip_lines[chip];
	return 0;
}

/* --- for tests --- */

static void file_make(const char *folder, const char *name)
{
	char path[PATH_LEN];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = __real_open64(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	ASSERT(fd >= 0);
	(void)close(fd);
}

struct fake_gpio *fake_gpio_new(const char *folder)
{
	struct fake_gpio *gpio = state_map(folder, O_CREAT);

	ASSERT(gpio != NULL && setenv("FAKE_GPIO", folder, 1) == 0);
	memset(gpio, 0, sizeof(*gpio));
	file_make(folder, "gpiochip0");
	file_make(folder, "gpiochip1");
	return gpio;
}

void fake_gpio_free(struct fake_gpio *gpio, const char *folder)
{
	static const char *const names[] = {"state", "gpiochip0", "gpiochip1"};
	char path[PATH_LEN];

	for (uint32_t i = 1; i <= gpio->request_count; i++) {
		request_path(i, path);
		(void)unlink(path);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	(void)unsetenv("FAKE_GPIO");
	(void)munmap(gpio, sizeof(*gpio));
}

/* Numbers an edge and queues its event. */
static void edge(struct fake_gpio *gpio, uint32_t chip, uint32_t offset, bool physical,
	int64_t at_ns, bool lost)
{
	struct fake_line *line = &gpio->line[chip][offset];
	struct gpio_v2_line_event event = {.timestamp_ns = (uint64_t)at_ns, .offset = offset};
	bool active = physical != ((line->flags & GPIO_V2_LINE_FLAG_ACTIVE_LOW) != 0);
	char path[PATH_LEN];

	line->physical = physical;
	if (line->request == 0 || (line->flags & GPIO_V2_LINE_FLAG_EDGE_RISING) == 0)
		return;
	struct fake_request *request = &gpio->request[line->request - 1];
	uint32_t position = 0;

	while (request->offset[position] != offset)
		position++;
	event.id = active ? GPIO_V2_LINE_EVENT_RISING_EDGE : GPIO_V2_LINE_EVENT_FALLING_EDGE;
	event.line_seqno = ++request->line_seqno[position];
	event.seqno = ++request->seqno;
	if (lost)
		return;
	request_path(line->request, path);
	int fd = __real_open64(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	ASSERT(fd >= 0 && write(fd, &event, sizeof(event)) == (ssize_t)sizeof(event));
	(void)close(fd);
}

void fake_edge(struct fake_gpio *gpio, uint32_t chip, uint32_t offset, bool physical, int64_t at_ns)
{
	edge(gpio, chip, offset, physical, at_ns, false);
}

void fake_edge_lost(struct fake_gpio *gpio, uint32_t chip, uint32_t offset, bool physical)
{
	edge(gpio, chip, offset, physical, 0, true);
}
