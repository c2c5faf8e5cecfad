// SPDX-License-Identifier: Apache-2.0
/*
 * postern osdp status, pair, rotate, unpair, key: OSDP readers of a controller, and their keys. A
 * key comes from a file, never from the command line, and is never printed. pair and rotate look
 * on until the reader has its key or has failed.
 */
#include "base/number.h"
#include "osdp.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#define READER_MAX 128
#define WINDOW_MAX_S 600
#define ROTATION_MAX_S 90 /* longer than the controller tries */
#define LOOK_MS 300
#define KEY_SIZE 16

static bool reader_of(const struct arguments *arguments, int *ret)
{
	int64_t number;

	if (!parse_number("READER", arguments->positional[0], 1, READER_MAX, &number))
		return false;
	*ret = (int)number;
	return true;
}

/* --- status --- */

static bool is_osdp(const struct postern_reader *reader)
{
	return strcmp(reader->kind, "OSDP") == 0;
}

static const char *field_of(const struct postern_reader *reader, const char *name)
{
	for (size_t i = 0; i < reader->field_count; i++) {
		if (strcmp(reader->fields[i].name, name) == 0)
			return reader->fields[i].value;
	}
	return "-";
}

static void print_osdp(const struct postern_reader *reader)
{
	printf("  line %s, address %d, %" PRId64 " baud\n", reader->line, reader->address,
		reader->baud);
	if (reader->online == 1)
		printf("  online%s\n", reader->secure == 1 ? ", secure" : ", in clear");
	else
		printf("  OFFLINE: %s%s\n", reader->why,
			reader->has_key == 1 ? "" : " (it has no key: postern osdp pair)");
	if (strcmp(reader->pairing, "none") != 0)
		printf("  pairing: %s\n", reader->pairing);
	if (reader->window_left_s >= 0)
		printf("  the pairing window is open for %" PRId64 " s\n", reader->window_left_s);
	if (reader->pair_failed[0] != 0)
		printf("  the latest pairing failed: %s\n", reader->pair_failed);
	if (reader->vendor[0] != 0)
		printf("  vendor %s, model %" PRId64 ", serial %" PRId64 ", firmware %s\n",
			reader->vendor, reader->model, reader->serial, reader->firmware);
	printf("  replies begin after %.1f ms (%.1f to %.1f), waited for up to %.1f ms\n",
		(double)reader->reply_mean_us / 1000, (double)reader->reply_min_us / 1000,
		(double)reader->reply_max_us / 1000, (double)reader->timeout_us / 1000);
	printf("  exchanges %s, repeats %s, timeouts %s, check errors %s, MAC errors %s, "
	       "sessions lost %s\n",
		field_of(reader, "Exchanges"), field_of(reader, "Repeats"),
		field_of(reader, "Timeouts"), field_of(reader, "CheckErrors"),
		field_of(reader, "MACErrors"), field_of(reader, "SessionsLost"));
}

static void print_reader(const struct postern_reader *reader)
{
	if (output_is_json()) {
		print_json(json_from_fields(reader->fields, reader->field_count));
		return;
	}
	printf("reader %d at %s: %s%s\n", reader->number, reader->door, reader->kind,
		strcmp(reader->assurance, "low") == 0
			? ", low assurance: cards can be copied from its wires"
			: "");
	if (is_osdp(reader))
		print_osdp(reader);
}

int osdp_status(struct postern_device *device, const struct arguments *arguments)
{
	struct postern_readers *readers;
	int number = 0;

	if (arguments->positional_count > 0 && !reader_of(arguments, &number))
		return EXIT_USAGE;
	int error = postern_readers_list(device, number, &readers);

	if (error != POSTERN_OK)
		return report(device, error);
	for (size_t i = 0; i < readers->count; i++) {
		if (number > 0 || is_osdp(&readers->reader[i]))
			print_reader(&readers->reader[i]);
	}
	(void)postern_readers_free(readers);
	return EXIT_DONE;
}

/* --- keys --- */

static void nap(void)
{
	struct timespec some = {0, LOOK_MS * 1000000L};

	(void)nanosleep(&some, NULL);
}

enum look { LOOK_GOES_ON, LOOK_DONE, LOOK_FAILED };

/* What has become of a pairing. The controller itself may have been started again. */
static enum look reader_judge(const struct postern_reader *reader)
{
	if (strcmp(reader->pairing, "none") != 0)
		return LOOK_GOES_ON;
	if (reader->pair_failed[0] != 0) {
		fprintf(stderr, "postern: reader %d got no key: %s\n", reader->number,
			reader->pair_failed);
		return LOOK_FAILED;
	}
	if (reader->has_key == 1)
		return LOOK_DONE;
	fprintf(stderr,
		"postern: reader %d got no key: the controller was started again; pair it once "
		"more\n",
		reader->number);
	return LOOK_FAILED;
}

static int look_on(struct postern_device *device, int number, int64_t seconds, bool online)
{
	int64_t until_ns = osdp_now_ns() + seconds * INT64_C(1000000000);
	enum look look = LOOK_GOES_ON;

	while (look == LOOK_GOES_ON && osdp_now_ns() < until_ns) {
		struct postern_readers *readers;
		int error = postern_readers_list(device, number, &readers);

		if (error != POSTERN_OK && error != POSTERN_E_DEVICE)
			return report(device, error);
		if (error == POSTERN_OK && readers->count == 1) {
			const struct postern_reader *reader = &readers->reader[0];

			look = reader_judge(reader);
			if (look == LOOK_DONE && online && reader->online != 1)
				look = LOOK_GOES_ON;
			if (look == LOOK_DONE)
				print_reader(reader);
		}
		if (error == POSTERN_OK)
			(void)postern_readers_free(readers);
		if (look == LOOK_GOES_ON)
			nap();
	}
	if (look == LOOK_GOES_ON)
		fprintf(stderr,
			"postern: reader %d has no new key yet: see postern osdp status %d\n",
			number, number);
	return look == LOOK_DONE ? EXIT_DONE : EXIT_REFUSED;
}

int osdp_pair(struct postern_device *device, const struct arguments *arguments)
{
	const char *window = option_value(arguments, "window");
	int64_t window_s = WINDOW_MAX_S;
	int number;

	if (!reader_of(arguments, &number) ||
		(window != NULL && !parse_number("--window", window, 1, WINDOW_MAX_S, &window_s)))
		return EXIT_USAGE;
	if (option_value(arguments, "cancel") != NULL)
		return report(device, postern_reader_pair_cancel(device, number));
	int error = postern_reader_pair(device, number, (int)window_s);

	if (error != POSTERN_OK || option_value(arguments, "no-wait") != NULL)
		return report(device, error);
	if (!output_is_json())
		printf("reader %d may be paired for %" PRId64 " s: put it into install mode\n",
			number, window_s);
	(void)fflush(stdout);
	return look_on(device, number, window_s + 15, true);
}

int osdp_rotate(struct postern_device *device, const struct arguments *arguments)
{
	int number;

	if (!reader_of(arguments, &number))
		return EXIT_USAGE;
	int error = postern_reader_rotate(device, number);

	if (error != POSTERN_OK || option_value(arguments, "no-wait") != NULL)
		return report(device, error);
	return look_on(device, number, ROTATION_MAX_S, true);
}

int osdp_unpair(struct postern_device *device, const struct arguments *arguments)
{
	int number;

	if (!reader_of(arguments, &number))
		return EXIT_USAGE;
	return report(device, postern_reader_unpair(device, number));
}

static bool key_read(const char *file_name, uint8_t key[KEY_SIZE])
{
	char line[2 * KEY_SIZE + 8] = "";
	FILE *file = fopen(file_name, "re");

	if (file == NULL) {
		usage_error("cannot read %s: %s", file_name, strerror(errno));
		return false;
	}
	setvbuf(file, NULL, _IONBF, 0);
	bool read = fgets(line, sizeof(line), file) != NULL;

	(void)fclose(file);
	line[strcspn(line, "\r\n")] = 0;
	bool good = read && strlen(line) == 2 * KEY_SIZE &&
		    hex_decode(span_of(line, 2 * KEY_SIZE), key, KEY_SIZE);

	explicit_bzero(line, sizeof(line));
	if (!good)
		usage_error("%s does not hold 32 hexadecimal digits in its first line", file_name);
	return good;
}

int osdp_key(struct postern_device *device, const struct arguments *arguments)
{
	const char *file = option_value(arguments, "key-file");
	uint8_t key[KEY_SIZE];
	int number;

	if (!reader_of(arguments, &number))
		return EXIT_USAGE;
	if (file == NULL)
		return usage_error("usage: postern osdp key READER --key-file FILE");
	if (!key_read(file, key))
		return EXIT_USAGE;
	int status = report(device, postern_reader_set_key(device, number, key));

	explicit_bzero(key, sizeof(key));
	return status;
}
