// SPDX-License-Identifier: Apache-2.0
/*
 * postern format learn: samples in, proposals out.
 *
 * A source of samples (words of the command line, capture files, a person at the terminal, cards at
 * a reader in format_live.c) hands each frame with the text of its printed number to
 * learn_sample_add and knows nothing of learning; what learning says is printed without knowing the
 * source. The proposals are YAML for posternd.yaml:
 * the best one as it is, all that is said about it and the others as remarks.
 */
#include "format.h"

#include "domain/card_format_learn.h"
#include "protocols/capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CAPTURE_LINE_MAX 256

static struct learning learning;

/* False after a usage error. */
static bool length_is_good(const struct card_bits *bits, const char *where)
{
	if (bits->count >= CARD_FORMAT_BITS_MIN && bits->count <= LEARN_BITS_MAX)
		return true;
	usage_error("%s: a card's frame has %d to %d bits, this one %u", where,
		CARD_FORMAT_BITS_MIN, LEARN_BITS_MAX, bits->count);
	return false;
}

unsigned learn_sample_count(void)
{
	return learning.sample_count;
}

bool learn_sample_add(const struct card_bits *bits, struct span printed, const char *where)
{
	char memory[256];
	struct buf why = buf_over(memory, sizeof(memory) - 1);
	struct learn_sample *sample = &learning.sample[learning.sample_count];

	if (learning.sample_count == LEARN_SAMPLES_MAX) {
		usage_error("%s: at most %d cards", where, LEARN_SAMPLES_MAX);
		return false;
	}
	if (!length_is_good(bits, where))
		return false;
	if (!printed_number_parse(printed, &sample->printed, &why)) {
		usage_error("%s: `%.*s`: %s", where, (int)printed.len, printed.data, text_of(&why));
		return false;
	}
	sample->bits = *bits;
	learning.sample_count++;
	return true;
}

/* "BITS=NUMBER" */
static bool take_pair(struct span word, size_t equals, const char *where)
{
	struct card_bits bits;

	return parse_bits(span_trim(span_slice(word, 0, equals)), &bits) &&
	       learn_sample_add(&bits, span_slice(word, equals + 1, word.len), where);
}

/* --- source: capture files --- */

/* A frame's number that could not be used is told: it must not be missed. */
static void note_lost(
	const char *name, const struct capture_frame *frame, enum capture_result result)
{
	if (frame->number.len == 0)
		return;
	fprintf(stderr, "postern: %s:%u: the card %.*s is left out: %s\n", name, frame->line_no,
		frame->number.len, frame->number.bytes,
		result == CAPTURE_SPOILED ? "its frame is spoiled (a pulse lost, torn, too long or "
					    "too close, or hardly any); show it again"
					  : "no frame stands behind its number");
}

static bool take_outcome(
	const char *name, const struct capture_frame *frame, enum capture_result result)
{
	char where[TYPED_LINE_MAX];

	if (result == CAPTURE_SPOILED || result == CAPTURE_NO_FRAME)
		note_lost(name, frame, result);
	if (result != CAPTURE_FRAME || frame->number.len == 0)
		return true;
	(void)snprintf(where, sizeof(where), "%s:%u", name, frame->line_no);
	return learn_sample_add(&frame->bits, text_span(&frame->number), where);
}

/* The lines of a file. False after a usage error. */
static bool take_lines(const char *name, FILE *file)
{
	char line[CAPTURE_LINE_MAX];
	struct capture_reader reader;
	struct capture_frame frame;
	enum capture_result result;
	char memory[256];

	capture_reader_init(&reader, NULL);
	while (fgets(line, sizeof(line), file) != NULL) {
		struct buf why = buf_over(memory, sizeof(memory) - 1);
		size_t len = strcspn(line, "\n");

		if (line[len] != '\n' && !feof(file)) {
			usage_error("%s:%u: a line has at most %d characters", name,
				reader.line_no + 1, CAPTURE_LINE_MAX - 2);
			return false;
		}
		result = capture_reader_line(&reader, span_of(line, len), &frame, &why);
		if (result == CAPTURE_REFUSED) {
			usage_error("%s:%u: %s", name, reader.line_no, text_of(&why));
			return false;
		}
		if (!take_outcome(name, &frame, result))
			return false;
	}
	while ((result = capture_reader_end(&reader, &frame)) != CAPTURE_NOTHING) {
		if (!take_outcome(name, &frame, result))
			return false;
	}
	return true;
}

static bool take_file(const char *name)
{
	FILE *file = fopen(name, "re");

	if (file == NULL) {
		usage_error("cannot read %s: %s; a card is given as BITS=NUMBER, or in a capture "
			    "file",
			name, strerror(errno));
		return false;
	}
	bool good = take_lines(name, file);

	if (good && ferror(file) != 0) {
		usage_error("cannot read %s: %s", name, strerror(errno));
		good = false;
	}
	fclose(file);
	return good;
}

/* --- source: words of the command line --- */

static bool take_words(const struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->positional_count; i++) {
		const char *word = arguments->positional[i];
		struct span span = span_from_string(word);
		size_t equals = span_find(span, '=');

		if (equals < span.len ? !take_pair(span, equals, word) : !take_file(word))
			return false;
	}
	return true;
}

/* --- source: a person, or lines of `BITS NUMBER` --- */

bool read_typed(const char *question, char line[TYPED_LINE_MAX], struct span *ret)
{
	if (isatty(STDIN_FILENO) == 1)
		fputs(question, stderr);
	if (fgets(line, TYPED_LINE_MAX, stdin) == NULL)
		return false;
	*ret = span_trim(span_of(line, strcspn(line, "\r\n")));
	return ret->len > 0;
}

/* "BITS NUMBER", "BITS=NUMBER", or BITS and the number in the next line. */
static bool take_typed(struct span line)
{
	char number[TYPED_LINE_MAX];
	struct span printed;
	struct card_bits bits;
	size_t cut = 0;

	while (cut < line.len && line.data[cut] != '=' && line.data[cut] != ' ' &&
		line.data[cut] != '\t')
		cut++;
	if (cut < line.len)
		return take_pair(line, cut, "this card");
	if (!parse_bits(line, &bits) || !length_is_good(&bits, "this card"))
		return false;
	if (!read_typed("  printed on it: ", number, &printed)) {
		usage_error("this card: no printed number follows its bits");
		return false;
	}
	return learn_sample_add(&bits, printed, "this card");
}

void learn_note_progress(void)
{
	if (learning_run(&learning) != LEARN_OK) {
		fputs("  no format fits yet\n", stderr);
		return;
	}
	const struct learn_proposal *best = &learning.proposal[0];

	fprintf(stderr, "  %u format%s, the best %.*s (%u %%)\n", learning.proposal_count,
		learning.proposal_count == 1 ? " fits" : "s fit", best->format.name.len,
		best->format.name.bytes, best->percent);
}

static bool take_standard_input(void)
{
	bool person = isatty(STDIN_FILENO) == 1;
	char line[TYPED_LINE_MAX];
	char question[64];
	struct span typed;

	if (person)
		fputs("Each card: its frame's bits (0101... or HEX:BITS), then its printed number "
		      "(123/45678 or 12345678).\nAn empty line ends.\n",
			stderr);
	while (learning.sample_count < LEARN_SAMPLES_MAX) {
		(void)snprintf(question, sizeof(question),
			"bits of card %u: ", learning.sample_count + 1u);
		if (!read_typed(question, line, &typed))
			break;
		bool taken = take_typed(typed);

		if (!taken && !person)
			return false;
		if (taken && person)
			learn_note_progress();
	}
	return true;
}

/* --- what was learned --- */

static void print_lines(const char *before, struct span text)
{
	struct span line;

	while (span_next(&text, '\n', &line) && line.len > 0)
		printf("%s%.*s\n", before, (int)line.len, line.data);
}

static void print_proposal(unsigned at)
{
	const struct learn_proposal *proposal = &learning.proposal[at];
	const struct card_format *format = &proposal->format;
	char memory[FORMAT_TEXT_MAX];
	struct buf text = buf_over(memory, sizeof(memory));

	printf("# proposal %u of %u, %u %%: ", at + 1, learning.proposal_count, proposal->percent);
	if (proposal->built_in)
		printf("built in, to be named at the reader: formats: [%.*s]\n", format->name.len,
			format->name.bytes);
	else
		puts("described here");
	learning_explain(&learning, at, &text);
	card_format_remarks(format, &text);
	if (!text.overflow)
		print_lines("#   ", buf_span(&text));
	if (proposal->built_in)
		return;
	text = buf_over(memory, sizeof(memory));
	card_format_print_yaml(format, &text);
	puts(at == 0 ? "formats:" : "# formats:");
	print_lines(at == 0 ? "" : "# ", buf_span(&text));
}

static void print_yaml(void)
{
	printf("# learned from %u card%s of %u bits\n", learning.sample_count,
		learning.sample_count == 1 ? "" : "s", learning.sample[0].bits.count);
	if (learning.cut_short)
		puts("# so little is known that not everything was tried: give more cards");
	for (unsigned i = 0; i < learning.proposal_count; i++) {
		char memory[FORMAT_TEXT_MAX];
		struct buf text = buf_over(memory, sizeof(memory));

		puts("#");
		print_proposal(i);
		if (i > 0)
			learning_tell(&learning, 0, i, &text);
		print_lines("#   what tells it from proposal 1: ", buf_span(&text));
	}
}

static const char *reading_name(enum learn_reading reading)
{
	static const char *const names[LEARN_READING_COUNT] = {
		[LEARN_FACILITY_AND_CARD] = "facility_and_card",
		[LEARN_CARD] = "card",
		[LEARN_ENROLLED] = "enrolled",
		[LEARN_DIGITS] = "digits",
	};

	return names[reading];
}

static void print_proposal_json(unsigned at)
{
	const struct learn_proposal *proposal = &learning.proposal[at];
	json_object *object = json_object_new_object();
	json_object *fits = json_object_new_array();
	char memory[FORMAT_TEXT_MAX];
	struct buf text = buf_over(memory, sizeof(memory));

	for (unsigned i = 0; i < learning.sample_count; i++) {
		if ((proposal->fits >> i & 1) != 0)
			json_object_array_add(fits, json_object_new_int((int)i + 1));
	}
	json_object_object_add(object, "proposal", json_object_new_int((int)at + 1));
	json_object_object_add(object, "name",
		json_object_new_string_len(proposal->format.name.bytes, proposal->format.name.len));
	json_object_object_add(object, "built_in", json_object_new_boolean(proposal->built_in));
	json_object_object_add(object, "percent", json_object_new_int(proposal->percent));
	json_object_object_add(
		object, "reading", json_object_new_string(reading_name(proposal->reading)));
	json_object_object_add(object, "fits", fits);
	json_object_object_add(object, "check_bits", json_object_new_int(proposal->check_bits));
	card_format_print_line(&proposal->format, &text);
	json_object_object_add(object, "description", json_from_buf(&text));
	text.len = 0;
	learning_explain(&learning, at, &text);
	json_object_object_add(object, "explain", json_from_lines(buf_span(&text)));
	text.len = 0;
	if (at > 0)
		learning_tell(&learning, 0, at, &text);
	json_object_object_add(object, "tell", json_from_lines(buf_span(&text)));
	print_json(object);
}

/* The samples of every source that the command line names; the terminal when it names none. */
static int samples_take(struct postern_device *device, const struct arguments *arguments)
{
	bool reader = option_value(arguments, "reader") != NULL;
	bool words = arguments->positional_count > 0;

	if (!reader && (option_value(arguments, "count") != NULL ||
			       option_value(arguments, "seconds") != NULL))
		return usage_error("--count and --seconds go with --reader");
	if (words && !take_words(arguments))
		return EXIT_USAGE;
	if (reader)
		return learn_from_reader(device, arguments);
	return words || take_standard_input() ? EXIT_DONE : EXIT_USAGE;
}

int format_learn(struct postern_device *device, const struct arguments *arguments)
{
	int status = samples_take(device, arguments);

	if (status != EXIT_DONE)
		return status;
	enum learn_result result = learning_run(&learning);

	if (result != LEARN_OK) {
		(void)usage_error("%s", learn_result_sentence(result));
		return result == LEARN_NOTHING ? EXIT_REFUSED : EXIT_USAGE;
	}
	if (!output_is_json())
		print_yaml();
	for (unsigned i = 0; i < learning.proposal_count && output_is_json(); i++)
		print_proposal_json(i);
	return EXIT_DONE;
}
