// SPDX-License-Identifier: Apache-2.0
/*
 * GPIO chips through the kernel's character device, uAPI v2 (linux/gpio.h): the one file that knows
 * its ioctls. A chip is found by its name below /dev or by its label, which unlike the name does
 * not change with the order of drivers. A request's descriptor stays good without the chip's, which
 * is closed again.
 *
 * event_buffer_size is the most that the kernel gives, 16 * GPIO_V2_LINES_MAX = 1024 edges: at the
 * fastest pulses of a reader (an interval of 200 us, two edges each) that is 100 ms of a reader's
 * flood before one is lost, and seven frames of 66 bits. The standard would be 32 edges: 16 bits.
 *
 * Errors are sentences for a person: which line, what is wrong, what to do.
 */
#include "drivers/gpio_chip.h"

#include "base/assert.h"
#include "base/number.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/gpio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONSUMER "posternd"
#define EVENTS_MAX (16 * GPIO_V2_LINES_MAX)
#define CHIP_PATH_MAX 320 /* "/dev/" and the longest name of a folder's entry */

_Static_assert(GPIO_REQUEST_LINES_MAX == GPIO_V2_LINES_MAX, "a plan's request is the kernel's");

/* --- values --- */

int gpio_values_get(int fd, uint64_t mask, uint64_t *ret_bits)
{
	struct gpio_v2_line_values values = {.mask = mask};

	if (ioctl(fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &values) != 0)
		return -errno;
	*ret_bits = values.bits & mask;
	return 0;
}

int gpio_values_set(int fd, uint64_t mask, uint64_t bits)
{
	struct gpio_v2_line_values values = {.mask = mask, .bits = bits};

	return ioctl(fd, GPIO_V2_LINE_SET_VALUES_IOCTL, &values) == 0 ? 0 : -errno;
}

/* --- chips --- */

struct chip {
	int fd;
	struct gpiochip_info info;
};

static int chip_open_path(const char *path, struct chip *ret)
{
	ret->fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (ret->fd < 0)
		return -errno;
	memset(&ret->info, 0, sizeof(ret->info));
	if (ioctl(ret->fd, GPIO_GET_CHIPINFO_IOCTL, &ret->info) == 0)
		return 0;
	int error = -errno;

	(void)close(ret->fd);
	ret->fd = -1;
	return error;
}

static bool is_chip_name(struct span name)
{
	uint64_t number;

	return span_starts_with(name, SPAN_LIT("gpiochip")) &&
	       number_parse_u64(span_slice(name, 8, name.len), UINT32_MAX, &number);
}

/* Kernel strings end with a NUL or with their array. */
static struct span kernel_text(const char *bytes)
{
	return span_of(bytes, strnlen(bytes, GPIO_MAX_NAME_SIZE));
}

/* Calls visit for each /dev/gpiochipN; one that cannot be opened has fd -1 and its error. */
static void chips_visit(
	void (*visit)(void *user, const char *name, struct chip *chip, int error), void *user)
{
	DIR *folder = opendir("/dev");

	if (folder == NULL)
		return;
	for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		char path[CHIP_PATH_MAX];
		struct chip chip;

		if (!is_chip_name(span_from_string(entry->d_name)))
			continue;
		(void)snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		int error = chip_open_path(path, &chip);

		visit(user, entry->d_name, &chip, error);
		if (chip.fd >= 0)
			(void)close(chip.fd);
	}
	(void)closedir(folder);
}

struct search {
	struct span label;
	struct chip found;
	uint32_t count; /* of chips with the label */
	int error; /* of a chip that could not be asked */
};

static void search_visit(void *user, const char *name, struct chip *chip, int error)
{
	struct search *search = user;

	(void)name;
	if (error != 0)
		search->error = error;
	if (error != 0 || !span_equal(kernel_text(chip->info.label), search->label))
		return;
	search->count++;
	if (search->found.fd >= 0)
		return;
	search->found = *chip;
	chip->fd = -1; /* ours now */
}

static void list_visit(void *user, const char *name, struct chip *chip, int error)
{
	struct buf *why = user;

	if (why->capacity - why->len < 100)
		return; /* a sentence, no catalogue */
	buf_add_string(why, why->data[why->len - 1] == ':' ? " " : ", ");
	buf_add_string(why, name);
	if (error != 0)
		return;
	buf_add_string(why, " [");
	buf_add(why, kernel_text(chip->info.label));
	buf_add_string(why, "]");
}

static void chips_list(struct buf *why)
{
	size_t before;

	buf_add_string(why, "; the chips of this machine:");
	before = why->len;
	chips_visit(list_visit, why);
	if (why->len == before)
		buf_add_string(why, " none");
}

static void add_group(const char *path, struct buf *why)
{
	struct stat info;
	const struct group *group = stat(path, &info) == 0 ? getgrgid(info.st_gid) : NULL;

	buf_add_string(why, ": start posternd as root, or as a member of the group ");
	buf_add_string(why, group == NULL || info.st_gid == 0 ? "gpio (and give it the device)"
							      : group->gr_name);
}

static int chip_refuse(struct span chip, const char *path, int error, struct buf *why)
{
	buf_add_string(why, "cannot open GPIO chip `");
	buf_add(why, chip);
	buf_add_string(why, "`: ");
	if (error == -ENOENT || error == -ENODEV) {
		buf_add_string(why, "there is none of that name or label");
		chips_list(why);
	} else if (error == -EACCES || error == -EPERM) {
		buf_add_string(why, "no permission");
		add_group(path, why);
	} else if (error == -ENOTTY || error == -EINVAL) {
		buf_add_string(why, "it is no GPIO chip");
	} else if (error == -EEXIST) {
		buf_add_string(why, "several chips have this label: name one as gpiochipN");
		chips_list(why);
	} else {
		buf_add_string(why, strerror(-error));
	}
	return error;
}

static int chip_open(struct span name, struct chip *ret, struct buf *why)
{
	struct search search = {.label = name, .found = {.fd = -1}};
	char path[CHIP_PATH_MAX];

	(void)snprintf(path, sizeof(path), "/dev/%.*s", (int)name.len, name.data);
	if (is_chip_name(name)) {
		int error = chip_open_path(path, ret);

		return error == 0 ? 0 : chip_refuse(name, path, error, why);
	}
	chips_visit(search_visit, &search);
	*ret = search.found;
	if (search.count == 1)
		return 0;
	if (ret->fd >= 0)
		(void)close(ret->fd);
	if (search.count > 1)
		return chip_refuse(name, path, -EEXIST, why);
	return chip_refuse(
		name, "/dev/gpiochip0", search.error == -EACCES ? -EACCES : -ENOENT, why);
}

/* --- requests --- */

static uint64_t line_flags(const struct gpio_plan_request *request, const struct gpio_plan_line *at)
{
	uint64_t flags = GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_RISING |
			 GPIO_V2_LINE_FLAG_EDGE_FALLING;

	if (gpio_use_is_output((enum gpio_use)request->use))
		flags = GPIO_V2_LINE_FLAG_OUTPUT;
	if ((at->flags & GPIO_ACTIVE_LOW) != 0)
		flags |= GPIO_V2_LINE_FLAG_ACTIVE_LOW;
	if ((at->flags & GPIO_PULL_UP) != 0)
		flags |= GPIO_V2_LINE_FLAG_BIAS_PULL_UP;
	if ((at->flags & GPIO_PULL_DOWN) != 0)
		flags |= GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN;
	if ((at->flags & GPIO_OPEN_DRAIN) != 0)
		flags |= GPIO_V2_LINE_FLAG_OPEN_DRAIN;
	return flags;
}

/*
 * One attribute for each combination of flags: at most 6 of inputs (active-low or not, times no
 * pull, up, down) and 4 of outputs, of the kernel's 10; the first is the standard of the request.
 */
static void config_flags(struct gpio_v2_line_config *config,
	const struct gpio_plan_request *request, uint32_t position)
{
	uint64_t flags = line_flags(request, &request->line[position]);

	if (position == 0)
		config->flags = flags;
	if (flags == config->flags)
		return;
	for (uint32_t i = 0; i < config->num_attrs; i++) {
		if (config->attrs[i].attr.flags != flags)
			continue;
		config->attrs[i].mask |= UINT64_C(1) << position;
		return;
	}
	ASSERT(config->num_attrs < GPIO_V2_LINE_NUM_ATTRS_MAX - 1);
	config->attrs[config->num_attrs++] = (struct gpio_v2_line_config_attribute){
		.attr = {.id = GPIO_V2_LINE_ATTR_ID_FLAGS, .flags = flags},
		.mask = UINT64_C(1) << position,
	};
}

static void request_fill(const struct gpio_plan_request *request, struct gpio_v2_line_request *ret)
{
	bool output = gpio_use_is_output((enum gpio_use)request->use);
	uint64_t values = 0;

	ASSERT(request->count >= 1 && request->count <= GPIO_V2_LINES_MAX);
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->consumer, CONSUMER, sizeof(CONSUMER));
	ret->num_lines = request->count;
	ret->event_buffer_size = output ? 0 : EVENTS_MAX;
	for (uint32_t i = 0; i < request->count; i++) {
		ret->offsets[i] = request->line[i].offset;
		config_flags(&ret->config, request, i);
		if (request->line[i].active)
			values |= UINT64_C(1) << i;
	}
	if (output)
		ret->config.attrs[ret->config.num_attrs++] = (struct gpio_v2_line_config_attribute){
			.attr = {.id = GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES, .values = values},
			.mask = ~UINT64_C(0) >> (GPIO_V2_LINES_MAX - request->count),
		};
}

/* The line that made the kernel say EBUSY, and its consumer; the first one when it is free again.
 */
static uint32_t busy_line(const struct chip *chip, const struct gpio_plan_request *request,
	struct gpio_v2_line_info *ret)
{
	for (uint32_t i = 0; i < request->count; i++) {
		memset(ret, 0, sizeof(*ret));
		ret->offset = request->line[i].offset;
		if (ioctl(chip->fd, GPIO_V2_GET_LINEINFO_IOCTL, ret) == 0 &&
			(ret->flags & GPIO_V2_LINE_FLAG_USED) != 0)
			return i;
	}
	memset(ret, 0, sizeof(*ret));
	return 0;
}

static void add_busy(const struct gpio_v2_line_info *info, struct buf *why)
{
	struct span consumer = kernel_text(info->consumer);

	if (span_equal(consumer, SPAN_LIT(CONSUMER))) {
		buf_add_string(why, "posternd holds the lines: stop it first");
		return;
	}
	buf_add_string(why, "in use");
	if (consumer.len > 0) {
		buf_add_string(why, " by `");
		buf_add(why, consumer);
		buf_add_byte(why, '`');
	}
	buf_add_string(why, ": stop that program, free the line in the kernel's device tree, or "
			    "wire another line");
}

static int request_refuse(const struct settings *settings, const struct chip *chip,
	const struct gpio_plan_request *request, int error, struct buf *why)
{
	struct gpio_v2_line_info info = {0};
	uint32_t at = error == -EBUSY ? busy_line(chip, request, &info) : 0;

	buf_add_string(why, "cannot use ");
	gpio_plan_line_describe(settings, request, &request->line[at], why);
	if (error != -EBUSY && request->count > 1)
		buf_add_string(why, ", or a line requested with it");
	buf_add_string(why, ": ");
	if (error == -EBUSY)
		add_busy(&info, why);
	else if (error == -ENXIO || error == -ENODEV)
		buf_add_string(why, "the chip gives no interrupts for it: wire inputs to a chip "
				    "that does");
	else if (error == -EOPNOTSUPP || error == -EINVAL)
		buf_add_string(why, "the chip cannot do what was asked (direction, pull, drain)");
	else
		buf_add_string(why, strerror(-error));
	return error;
}

static int lines_check(const struct settings *settings, const struct chip *chip,
	const struct gpio_plan_request *request, struct buf *why)
{
	for (uint32_t i = 0; i < request->count; i++) {
		if (request->line[i].offset < chip->info.lines)
			continue;
		buf_add_string(why, "there is no line for ");
		gpio_plan_line_describe(settings, request, &request->line[i], why);
		buf_add_string(why, ": the chip has ");
		buf_add_u64(why, chip->info.lines);
		buf_add_string(why, " lines, counted from 0");
		return -ERANGE;
	}
	return 0;
}

static int request_open(const struct settings *settings, const struct gpio_plan_request *request,
	int *ret_fd, struct buf *why)
{
	struct gpio_v2_line_request raw;
	struct chip chip;
	int error = chip_open(text_span(&request->chip), &chip, why);

	if (error != 0)
		return error;
	error = lines_check(settings, &chip, request, why);
	request_fill(request, &raw);
	if (error == 0 && ioctl(chip.fd, GPIO_V2_GET_LINE_IOCTL, &raw) != 0)
		error = request_refuse(settings, &chip, request, -errno, why);
	(void)close(chip.fd);
	if (error != 0)
		return error;
	if (fcntl(raw.fd, F_SETFL, O_NONBLOCK) != 0) {
		error = -errno;
		(void)close(raw.fd);
		buf_add_string(why, strerror(-error));
		return error;
	}
	*ret_fd = raw.fd;
	return 0;
}

int gpio_plan_open(const struct settings *settings, const struct gpio_plan *plan,
	int fds[GPIO_REQUESTS_MAX], struct buf *why)
{
	for (uint32_t i = 0; i < GPIO_REQUESTS_MAX; i++)
		fds[i] = -1;
	for (uint32_t i = 0; i < plan->count; i++) {
		int error = request_open(settings, &plan->request[i], &fds[i], why);

		if (error == 0)
			continue;
		gpio_plan_close(plan, fds);
		return error;
	}
	return 0;
}

void gpio_plan_close(const struct gpio_plan *plan, int fds[GPIO_REQUESTS_MAX])
{
	for (uint32_t i = 0; i < plan->count; i++) {
		if (fds[i] >= 0)
			(void)close(fds[i]);
		fds[i] = -1;
	}
}
