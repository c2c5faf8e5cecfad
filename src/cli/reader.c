// SPDX-License-Identifier: Apache-2.0
/*
 * postern reader ...: why a card is not read. `watch` shows every frame that ends at a reader, with
 * its bits, verdicts and lengths; `test` collects them while cards are shown and names what is
 * wrong with the wires (protocols/wiegand_health).
 */
#include "reader.h"

#include "protocols/wiegand_health.h"

#define TEST_SECONDS 30
#define SECONDS_MAX 86400

/* Frames that were looked for: stops when so many have come. */
struct counted {
	int64_t left; /* -1: no end */
};

static int count_one(struct counted *counted)
{
	if (counted->left > 0)
		counted->left--;
	return counted->left == 0;
}

/* --count and --seconds; left out, a count is endless. */
static bool parse_bounds(
	const struct arguments *arguments, struct reader_look *look, struct counted *counted)
{
	const char *count = option_value(arguments, "count");
	const char *seconds = option_value(arguments, "seconds");

	counted->left = -1;
	return parse_reader("READER", arguments->positional[0], &look->reader) &&
	       (count == NULL || parse_number("--count", count, 1, INT64_MAX, &counted->left)) &&
	       (seconds == NULL ||
		       parse_number("--seconds", seconds, 1, SECONDS_MAX, &look->seconds));
}

/* --- watch --- */

struct watch {
	struct counted counted;
	struct capture_file capture;
};

static int watch_frame(void *user, const struct postern_reader_frame *frame)
{
	struct watch *watch = user;

	frame_print(frame);
	capture_frame(&watch->capture, frame);
	return count_one(&watch->counted);
}

static int reader_watch(struct postern_device *device, const struct arguments *arguments)
{
	const char *file = option_value(arguments, "capture");
	struct watch watch = {.counted = {.left = -1}};
	struct reader_look look = {.each = watch_frame, .user = &watch};
	struct postern_reader_state state;

	look.past = option_value(arguments, "past") != NULL;
	look.edges = file != NULL || option_value(arguments, "edges") != NULL;
	if (!parse_bounds(arguments, &look, &watch.counted) ||
		(file != NULL && !capture_begin(&watch.capture, file, look.reader)))
		return EXIT_USAGE;
	int error = reader_look_on(device, &look, &state);
	bool written = capture_end(&watch.capture, file);

	if (error != POSTERN_OK && error != POSTERN_E_STOPPED)
		return report(device, error);
	/* Fewer than asked for, when the time was over first. */
	return !written || watch.counted.left > 0 ? EXIT_REFUSED : EXIT_DONE;
}

/* --- test --- */

struct test {
	struct counted counted;
	struct wiegand_health health;
};

static struct wiegand_figures figures_of(const struct postern_lengths *lengths)
{
	return (struct wiegand_figures){
		.count = lengths->count,
		.min_ns = lengths->min_ns,
		.max_ns = lengths->max_ns,
		.sum_ns = (uint64_t)lengths->mean_ns * lengths->count,
	};
}

/* What the test looks at of a trace; the bits and edges themselves are not among it. */
static struct wiegand_trace trace_of(const struct postern_reader_frame *frame)
{
	static const uint8_t results[] = {
		[POSTERN_FRAME_CARD] = WIEGAND_FRAME,
		[POSTERN_FRAME_KEY] = WIEGAND_FRAME,
		[POSTERN_FRAME_DROPPED] = WIEGAND_NOISE,
		[POSTERN_FRAME_GLITCHES] = WIEGAND_NOTHING,
	};
	struct wiegand_trace trace = {
		.result = results[frame->kind],
		.secret = frame->bits[0] == 0,
		.held = {frame->held[0] != 0, frame->held[1] != 0},
		.pulse = {figures_of(&frame->pulse[0]), figures_of(&frame->pulse[1])},
		.interval = figures_of(&frame->interval),
	};

	trace.bits.count = (uint16_t)frame->bit_count;
	frame_faults(frame, &trace.moved);
	return trace;
}

static int test_frame(void *user, const struct postern_reader_frame *frame)
{
	static const enum wiegand_fit fits[] = {
		[POSTERN_FIT_NO_LENGTH] = WIEGAND_FIT_NO_LENGTH,
		[POSTERN_FIT_WRONG_CHECK] = WIEGAND_FIT_NO_CHECK,
		[POSTERN_FIT_TURNED] = WIEGAND_FIT_INVERTED,
		[POSTERN_FIT_YES] = WIEGAND_FIT_YES,
	};
	struct test *test = user;
	struct wiegand_trace trace = trace_of(frame);

	wiegand_health_frame(&test->health, &trace, fits[frame->fit]);
	if (!output_is_json())
		frame_print(frame);
	return count_one(&test->counted);
}

static void print_counts(const struct wiegand_health *health)
{
	printf("%u frames: %u cards, %u of them read; %u keys, %u dropped, %u noise\n",
		health->frames, health->cards, health->fit[WIEGAND_FIT_YES], health->keys,
		health->dropped, health->noise);
}

static json_object *json_counts(const struct wiegand_health *health, int reader)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "reader", json_object_new_int(reader));
	json_object_object_add(object, "frames", json_object_new_int64(health->frames));
	json_object_object_add(object, "cards", json_object_new_int64(health->cards));
	json_object_object_add(object, "read", json_object_new_int64(health->fit[WIEGAND_FIT_YES]));
	json_object_object_add(object, "keys", json_object_new_int64(health->keys));
	json_object_object_add(object, "dropped", json_object_new_int64(health->dropped));
	json_object_object_add(object, "noise", json_object_new_int64(health->noise));
	return object;
}

static json_object *json_finding(enum wiegand_finding finding)
{
	json_object *object = json_object_new_object();

	json_object_object_add(
		object, "name", json_object_new_string(wiegand_finding_name(finding)));
	json_object_object_add(
		object, "sentence", json_object_new_string(wiegand_finding_sentence(finding)));
	json_object_object_add(
		object, "advice", json_object_new_string(wiegand_finding_advice(finding)));
	return object;
}

/* Exit status: refused when something is wrong. */
static int print_findings(const struct wiegand_health *health, int reader)
{
	json_object *list = json_object_new_array();
	unsigned count = 0;

	if (!output_is_json())
		print_counts(health);
	for (unsigned i = 0; i < WIEGAND_FINDING_COUNT; i++) {
		enum wiegand_finding finding = (enum wiegand_finding)i;

		if (!wiegand_health_has(health, finding))
			continue;
		count++;
		json_object_array_add(list, json_finding(finding));
		if (!output_is_json())
			printf("%s: %s\n    %s\n", wiegand_finding_name(finding),
				wiegand_finding_sentence(finding), wiegand_finding_advice(finding));
	}
	if (output_is_json()) {
		json_object *object = json_counts(health, reader);

		json_object_object_add(object, "findings", list);
		print_json(object);
		return count == 0 ? EXIT_DONE : EXIT_REFUSED;
	}
	json_object_put(list);
	if (count == 0)
		puts("no fault found");
	return count == 0 ? EXIT_DONE : EXIT_REFUSED;
}

/* A reader on an OSDP line has no wires of its own to be tested. */
static bool is_on_osdp(struct postern_device *device, int number)
{
	struct postern_controller_status *status;
	bool osdp = false;

	if (postern_controller_status(device, &status) != POSTERN_OK)
		return false; /* the test itself says what is wrong */
	for (size_t i = 0; i < status->reader_count; i++)
		osdp = osdp || (status->readers[i].number == number &&
				       status->readers[i].online != POSTERN_NOT_GIVEN);
	(void)postern_controller_status_free(status);
	return osdp;
}

static int reader_test(struct postern_device *device, const struct arguments *arguments)
{
	struct test test = {.counted = {.left = -1}};
	char words[128];
	struct reader_look look = {.each = test_frame, .user = &test, .seconds = TEST_SECONDS};
	struct postern_reader_state state;

	wiegand_health_init(&test.health);
	if (!parse_bounds(arguments, &look, &test.counted))
		return EXIT_USAGE;
	if (is_on_osdp(device, look.reader)) {
		fprintf(stderr,
			"postern: reader %d is on an OSDP line, and has no DATA0 and DATA1 to "
			"test: `postern osdp status %d` tells how its line does\n",
			look.reader, look.reader);
		return EXIT_REFUSED;
	}
	(void)snprintf(words, sizeof(words),
		"show cards at reader %d now, three or more, some of them twice; this takes %lld s",
		look.reader, (long long)look.seconds);
	look.begun = words;
	int error = reader_look_on(device, &look, &state);

	if (error != POSTERN_OK && error != POSTERN_E_STOPPED)
		return report(device, error);
	const bool held[2] = {state.held[0] != 0, state.held[1] != 0};

	wiegand_health_lines(&test.health, held);
	return print_findings(&test.health, look.reader);
}

const struct command reader_commands[] = {
	{"reader", "watch", 1, 1, "count= seconds= capture= past edges json",
		"READER [--count N] [--seconds S] [--past] [--edges] [--capture FILE]",
		"Prints each frame that a reader sends: bits, what each card format says, lengths.",
		true, reader_watch},
	{"reader", "test", 1, 1, "count= seconds= json", "READER [--seconds 30] [--count N]",
		"Names what is wrong with a reader's wires while cards are shown; exit status 1 "
		"when something is.",
		true, reader_test},
	{0},
};
