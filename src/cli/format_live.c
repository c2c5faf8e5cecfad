// SPDX-License-Identifier: Apache-2.0
/*
 * postern format learn --reader: cards that are shown at a reader are the samples, the person who
 * shows them types what is printed on each. The reader is looked at from the moment on at which a
 * card is asked for, so that frames which came while somebody typed are no card's.
 */
#include "domain/card_format_learn.h"
#include "format.h"
#include "reader.h"

#define COUNT_DEFAULT 3
#define SECONDS_DEFAULT 60
#define SECONDS_MAX 3600

struct shown {
	struct card_bits bits;
	bool came;
};

static void bits_take(struct shown *shown, const struct postern_reader_frame *frame)
{
	*shown = (struct shown){.came = true};
	shown->bits.count = (uint16_t)frame->bit_count;
	for (int i = 0; frame->bits[i] != 0; i++)
		card_bits_put(&shown->bits, (unsigned)i, frame->bits[i] == '1');
}

/* Stops at the first frame that may be a card's; says why others are not. */
static int take_shown(void *user, const struct postern_reader_frame *frame)
{
	int bits = frame->bit_count;

	if (frame->kind == POSTERN_FRAME_CARD && bits >= CARD_FORMAT_BITS_MIN &&
		bits <= LEARN_BITS_MAX) {
		bits_take(user, frame);
		fprintf(stderr, "  it came: %d bits\n", bits);
		return 1;
	}
	if (frame->kind == POSTERN_FRAME_CARD)
		fprintf(stderr, "  %d bits came; a card has %d to %d. Show it again\n", bits,
			CARD_FORMAT_BITS_MIN, LEARN_BITS_MAX);
	else if (frame->kind == POSTERN_FRAME_DROPPED)
		fputs("  a frame came with a fault in it. Show the card again\n", stderr);
	return 0;
}

/* A number that cannot be read is asked for again. False at the end of the input. */
static bool number_take(const struct shown *shown)
{
	char line[TYPED_LINE_MAX];
	struct span printed;

	while (read_typed(
		"  printed on it (123/45678 or 12345678; empty leaves it out): ", line, &printed)) {
		if (learn_sample_add(&shown->bits, printed, "this card")) {
			learn_note_progress();
			return true;
		}
	}
	return feof(stdin) == 0;
}

static int card_take(
	struct postern_device *device, const struct reader_look *look, struct shown *shown)
{
	struct postern_reader_state state;
	int error = reader_look_on(device, look, &state);

	if (error != POSTERN_OK && error != POSTERN_E_STOPPED)
		return report(device, error);
	if (shown->came)
		return EXIT_DONE;
	fprintf(stderr,
		"postern: no card came within %lld s; `postern reader test %d` looks for what is "
		"wrong\n",
		(long long)look->seconds, look->reader);
	return EXIT_REFUSED;
}

int learn_from_reader(struct postern_device *device, const struct arguments *arguments)
{
	const char *count_text = option_value(arguments, "count");
	const char *seconds_text = option_value(arguments, "seconds");
	struct reader_look look = {.each = take_shown, .seconds = SECONDS_DEFAULT};
	int64_t count = COUNT_DEFAULT;
	unsigned before = learn_sample_count();

	if (!parse_reader("--reader", option_value(arguments, "reader"), &look.reader) ||
		(count_text != NULL &&
			!parse_number("--count", count_text, 1, LEARN_SAMPLES_MAX, &count)) ||
		(seconds_text != NULL &&
			!parse_number("--seconds", seconds_text, 1, SECONDS_MAX, &look.seconds)))
		return EXIT_USAGE;
	if (before + count > LEARN_SAMPLES_MAX)
		return usage_error("at most %d cards, those that are named too", LEARN_SAMPLES_MAX);
	while (learn_sample_count() - before < (unsigned)count) {
		char words[96];
		struct shown shown = {.came = false};

		(void)snprintf(words, sizeof(words), "show card %u of %d at reader %d",
			learn_sample_count() - before + 1, (int)count, look.reader);
		look.begun = words;
		look.user = &shown;
		int status = card_take(device, &look, &shown);

		if (status != EXIT_DONE)
			return status;
		if (!number_take(&shown))
			break;
	}
	return EXIT_DONE;
}
