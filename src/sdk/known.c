// SPDX-License-Identifier: Apache-2.0
/*
 * Known devices on disk. A writer holds FILE.lock, writes FILE.new and renames it, so that a reader
 * sees the old file or the new one; the file is private, because it says whom somebody trusts.
 */
#include "known.h"

#include "base/span.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX (16 * 1024 * 1024)
#define PREFIX "sha256//"

bool pin_valid(const char *pin)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(pin);

	return len == PIN_TEXT - 1 && strncmp(pin, PREFIX, strlen(PREFIX)) == 0 &&
	       strspn(pin + strlen(PREFIX), letters) == 43 && pin[len - 1] == '=';
}

/* The whole text with a NUL behind it; *ret NULL with -ENOENT when there is no file. */
static int file_read(const char *file, char **ret, size_t *ret_len)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct stat info;
	char *text = NULL;
	size_t len = 0;
	ssize_t got = 1;

	*ret = NULL;
	*ret_len = 0;
	if (fd < 0)
		return -errno;
	int error = fstat(fd, &info) != 0 ? -errno : info.st_size > FILE_BYTES_MAX ? -EFBIG : 0;

	if (error == 0)
		text = malloc((size_t)info.st_size + 1);
	if (error == 0 && text == NULL)
		error = -ENOMEM;
	while (error == 0 && got > 0 && len < (size_t)info.st_size) {
		got = read(fd, text + len, (size_t)info.st_size - len);
		if (got < 0)
			error = -errno;
		else
			len += (size_t)got;
	}
	(void)close(fd);
	if (error != 0) {
		free(text);
		return error;
	}
	text[len] = '\0';
	*ret = text;
	*ret_len = len;
	return 0;
}

/* Without blanks around it; a file that was edited elsewhere may have CR LF. */
static struct span line_trim(struct span line)
{
	line = span_trim(line);
	while (line.len > 0 && line.data[line.len - 1] == '\r')
		line = span_trim(span_slice(line, 0, line.len - 1));
	return line;
}

/* True when the line is about host; *ret_pin is what stands behind it. */
static bool line_is_of(struct span line, const char *host, struct span *ret_pin)
{
	size_t blank = span_find(line, ' ');
	size_t tab = span_find(line, '\t');
	struct span name = span_slice(line, 0, blank < tab ? blank : tab);

	*ret_pin = span_trim(span_slice(line, name.len, line.len));
	return span_equal_nocase(name, span_from_string(host));
}

static bool find_in(struct span text, const char *host, struct span *ret_pin)
{
	struct span line;

	while (text.len > 0 && span_next(&text, '\n', &line)) {
		if (line_is_of(line_trim(line), host, ret_pin))
			return true;
	}
	return false;
}

int known_find(const char *file, const char *host, char ret[PIN_TEXT])
{
	char *text;
	size_t len;
	struct span pin;
	int error = file_read(file, &text, &len);

	if (error != 0)
		return error;
	if (!find_in(span_of(text, len), host, &pin)) {
		error = -ENOENT;
	} else {
		(void)snprintf(ret, PIN_TEXT, "%.*s", (int)pin.len, pin.data);
		/* a line that was damaged must not make a stranger of a known device */
		error = pin.len == PIN_TEXT - 1 && pin_valid(ret) ? 0 : -EBADMSG;
	}
	free(text);
	return error;
}

static int copy_without(FILE *out, struct span text, const char *host)
{
	struct span line;
	struct span pin;

	while (text.len > 0 && span_next(&text, '\n', &line)) {
		if (!line_is_of(line_trim(line), host, &pin) &&
			fprintf(out, "%.*s\n", (int)line.len, line.data) < 0)
			return -EIO;
	}
	return 0;
}

static int file_replace(const char *file, struct span text, const char *host, const char *pin)
{
	char fresh[PATH_MAX];
	int len = snprintf(fresh, sizeof(fresh), "%s.new", file);

	if (len < 0 || (size_t)len >= sizeof(fresh))
		return -ENAMETOOLONG;
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (out == NULL)
		return -errno;
	int error = copy_without(out, text, host);

	if (error == 0 && pin != NULL && fprintf(out, "%s %s\n", host, pin) < 0)
		error = -EIO;
	if (error == 0 && (fflush(out) != 0 || fsync(fd) != 0))
		error = -errno;
	if (fclose(out) != 0 && error == 0)
		error = -errno;
	if (error == 0 && rename(fresh, file) != 0)
		error = -errno;
	if (error != 0)
		(void)unlink(fresh);
	return error;
}

static int put_locked(const char *file, const char *host, const char *pin)
{
	char *text;
	size_t len;
	struct span known;
	int error = file_read(file, &text, &len);

	if (error != 0 && error != -ENOENT)
		return error;
	bool found = find_in(span_of(text, len), host, &known);

	if (found && pin != NULL)
		error = span_equal(known, span_from_string(pin)) ? 0 : -EEXIST;
	else if (!found && pin == NULL)
		error = 0;
	else
		error = file_replace(file, span_of(text, len), host, pin);
	free(text);
	return error;
}

int known_put(const char *file, const char *host, const char *pin)
{
	char lock[PATH_MAX];
	int len = snprintf(lock, sizeof(lock), "%s.lock", file);

	if (len < 0 || (size_t)len >= sizeof(lock))
		return -ENAMETOOLONG;
	int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	int error = flock(fd, LOCK_EX) == 0 ? put_locked(file, host, pin) : -errno;

	(void)close(fd);
	return error;
}
