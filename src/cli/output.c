// SPDX-License-Identifier: Apache-2.0
/* Words in, words out: numbers from the command line, JSON lines, errors with their exit status. */
#include "base/number.h"
#include "base/utf8.h"
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static bool json_output;

bool output_is_json(void)
{
	return json_output;
}

void output_set_json(bool json)
{
	json_output = json;
}

const char *option_value(const struct arguments *arguments, const char *name)
{
	for (size_t i = 0; i < arguments->option_count; i++) {
		if (strcmp(arguments->option[i].name, name) == 0)
			return arguments->option[i].value;
	}
	return NULL;
}

int usage_error(const char *format, ...)
{
	va_list words;

	fputs("postern: ", stderr);
	va_start(words, format);
	vfprintf(stderr, format, words);
	va_end(words);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

int report(struct postern_device *device, int error)
{
	return report_detail(error, device == NULL ? "" : postern_device_detail(device));
}

int report_detail(int error, const char *detail)
{
	if (error == POSTERN_OK)
		return EXIT_DONE;
	fprintf(stderr, "postern: %s%s%s\n", postern_strerror(error), detail[0] == 0 ? "" : ": ",
		detail);
	switch (error) {
	case POSTERN_E_CONNECT:
	case POSTERN_E_TIMEOUT:
	case POSTERN_E_CLOSED:
		return EXIT_UNREACHABLE;
	case POSTERN_E_AUTH:
	case POSTERN_E_LOCKED:
	case POSTERN_E_IDENTITY:
		return EXIT_NOT_AUTHENTICATED;
	case POSTERN_E_ARGUMENT:
		return EXIT_USAGE;
	default:
		return EXIT_REFUSED;
	}
}

void print_json(json_object *object)
{
	puts(json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	fflush(stdout);
	json_object_put(object);
}

/* Devices give names in encodings of their own; a line that is no UTF-8 would be no JSON. */
static json_object *json_from_text(const char *text)
{
	struct span rest = span_from_string(text);
	char *memory = malloc(3 * rest.len + 1); /* U+FFFD has three bytes */
	size_t len = 0;

	if (memory == NULL)
		return NULL;
	while (rest.len > 0) {
		size_t bytes = utf8_character(rest);

		memcpy(memory + len, bytes > 0 ? rest.data : "\xef\xbf\xbd", bytes > 0 ? bytes : 3);
		len += bytes > 0 ? bytes : 3;
		rest = span_slice(rest, bytes > 0 ? bytes : 1, rest.len);
	}
	json_object *object = json_object_new_string_len(memory, (int)len);

	free(memory);
	return object;
}

json_object *json_from_fields(const struct postern_field *fields, size_t count)
{
	json_object *object = json_object_new_object();

	for (size_t i = 0; i < count; i++)
		json_object_object_add(object, fields[i].name, json_from_text(fields[i].value));
	return object;
}

const char *method_name(int64_t method)
{
	static const char *const names[] = {
		"pin", "card", "card+pin", "pin+card", "remote", "button", "fingerprint"};

	if (method == 15)
		return "face";
	return method >= 0 && method < (int64_t)ARRAY_COUNT(names) ? names[method] : NULL;
}

bool parse_number(const char *what, const char *text, int64_t min, int64_t max, int64_t *ret)
{
	if (number_parse_i64(span_from_string(text), min, max, ret))
		return true;
	usage_error("%s: `%s` is not a whole number from %lld to %lld", what, text, (long long)min,
		(long long)max);
	return false;
}

bool parse_numbers(const char *what, const char *text, int min, int max, int *ret_numbers,
	size_t numbers_max, size_t *ret_count)
{
	struct span rest = span_from_string(text);
	struct span word;
	bool any = rest.len > 0;
	size_t count = 0;

	while (any && span_next(&rest, ',', &word)) {
		int64_t number;

		if (count == numbers_max || !number_parse_i64(span_trim(word), min, max, &number)) {
			usage_error(
				"%s: `%s` is not a list like 1,2 of at most %zu numbers from %d "
				"to %d",
				what, text, numbers_max, min, max);
			return false;
		}
		ret_numbers[count++] = (int)number;
	}
	*ret_count = count;
	return true;
}

bool demo_state_folder(char *memory, size_t size)
{
	const char *base = getenv("XDG_STATE_HOME");
	const char *rest = "postern-demo";

	if (base == NULL || base[0] != '/') {
		base = getenv("HOME");
		rest = ".local/state/postern-demo";
	}
	if (base == NULL || base[0] != '/')
		return false;
	int len = snprintf(memory, size, "%s/%s", base, rest);

	return len > 0 && (size_t)len < size;
}

/* Makes every folder above the last part. */
static bool make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		bool made = mkdir(path, 0700) == 0 || errno == EEXIST;

		*slash = '/';
		if (!made)
			return false;
	}
	return true;
}

bool known_devices_file(char *memory, size_t size)
{
	const char *named = getenv("POSTERN_KNOWN_DEVICES");
	const char *base = getenv("XDG_CONFIG_HOME");
	const char *rest = "/postern/known_devices";

	if (named != NULL && named[0] != 0) {
		base = named;
		rest = "";
	} else if (base == NULL || base[0] != '/') {
		base = getenv("HOME");
		rest = "/.config/postern/known_devices";
	}
	if (base == NULL || (rest[0] != 0 && base[0] != '/'))
		return false;
	int len = snprintf(memory, size, "%s%s", base, rest);

	return len > 0 && (size_t)len < size && (rest[0] == 0 || make_folders(memory));
}
