// SPDX-License-Identifier: Apache-2.0
/* A frame as a line for people, and frames as a capture that can be played again. */
#include "reader.h"

#include "base/number.h"
#include "protocols/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#define SILENCE_NS INT64_C(500000000) /* between the frames of a capture, however long it was */

/* --- what was counted --- */

void frame_faults(const struct postern_reader_frame *frame, struct wiegand_counters *ret)
{
	struct span rest = span_from_string(frame->faults);
	bool any = rest.len > 0;
	struct span word;

	*ret = (struct wiegand_counters){0};
	while (any && span_next(&rest, ',', &word)) {
		size_t colon = span_find(word, ':');
		uint64_t count;

		if (!number_parse_u64(span_slice(word, colon + 1, word.len), UINT32_MAX, &count))
			continue;
		for (unsigned i = 0; i < WIEGAND_FAULTS; i++) {
			if (span_equal(span_slice(word, 0, colon),
				    span_from_string(wiegand_fault_name(i))))
				*wiegand_fault_counter(ret, i) = count;
		}
	}
}

static void print_faults(const struct postern_reader_frame *frame)
{
	struct wiegand_counters counters;

	frame_faults(frame, &counters);
	for (unsigned i = 0; i < WIEGAND_FAULTS; i++) {
		unsigned long long count = wiegand_fault_count(&counters, i);

		if (count == 1)
			printf("; %s", wiegand_fault_sentence(i));
		else if (count > 1)
			printf("; %s (%llu times)", wiegand_fault_sentence(i), count);
	}
	for (int line = 0; line < 2; line++) {
		if (frame->held[line])
			printf("; DATA%d was low at the end", line);
	}
}

/* --- the line --- */

static void print_time(int64_t utc_ms)
{
	time_t utc = (time_t)(utc_ms / 1000);
	struct tm tm;
	char when[32] = "-";

	if (gmtime_r(&utc, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	printf("%s.%03dZ", when, (int)(utc_ms % 1000));
}

/* Groups of four: as long a number as this is counted wrong otherwise. */
static void print_bits(const struct postern_reader_frame *frame)
{
	for (int i = 0; frame->bits[i] != 0; i++)
		printf("%s%c", i % 4 == 0 ? " " : "", frame->bits[i]);
}

static void print_kind(const struct postern_reader_frame *frame)
{
	switch (frame->kind) {
	case POSTERN_FRAME_CARD:
		printf(" frame, %d bits", frame->bit_count);
		break;
	case POSTERN_FRAME_KEY:
		printf(" key of %d bits; which one is never shown", frame->bit_count);
		break;
	case POSTERN_FRAME_DROPPED:
		printf(" dropped, %d bits", frame->bit_count);
		break;
	case POSTERN_FRAME_GLITCHES:
		fputs(" glitches, no bits", stdout);
		break;
	}
	print_bits(frame);
}

/* "W26: the frame fits the format": the one that reads the frame says as what. */
static void print_verdict(const struct postern_reader_frame *frame, const char *verdict)
{
	size_t len = strlen(frame->format);

	if (len > 0 && strncmp(verdict, frame->format, len) == 0 && verdict[len] == ':')
		printf("; %s: card number %s", frame->format, frame->number);
	else
		printf("; %s", verdict);
}

static void print_verdicts(const struct postern_reader_frame *frame)
{
	for (size_t i = 0; i < frame->field_count; i++) {
		if (strncasecmp(frame->fields[i].name, "Verdict[", 8) == 0)
			print_verdict(frame, frame->fields[i].value);
	}
	if (frame->fit == POSTERN_FIT_TURNED)
		fputs("; with DATA0 and DATA1 exchanged it would fit", stdout);
}

static void print_lengths(const char *what, const struct postern_lengths *lengths)
{
	bool ms = lengths->mean_ns >= 1000000;
	double unit = ms ? 1e6 : 1e3;

	if (lengths->count == 0)
		return;
	printf("; %s %.*f %s (%.*f to %.*f)", what, ms ? 2 : 0, lengths->mean_ns / unit,
		ms ? "ms" : "us", ms ? 2 : 0, lengths->min_ns / unit, ms ? 2 : 0,
		lengths->max_ns / unit);
}

void frame_print(const struct postern_reader_frame *frame)
{
	if (output_is_json()) {
		print_json(json_from_fields(frame->fields, frame->field_count));
		return;
	}
	print_time(frame->utc_ms);
	print_kind(frame);
	print_faults(frame);
	print_verdicts(frame);
	print_lengths("DATA0", &frame->pulse[0]);
	print_lengths("DATA1", &frame->pulse[1]);
	print_lengths("interval", &frame->interval);
	putchar('\n');
	fflush(stdout);
}

/* --- captures --- */

bool capture_begin(struct capture_file *capture, const char *name, int reader)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);

	*capture = (struct capture_file){.file = fd < 0 ? NULL : fdopen(fd, "w")};
	if (capture->file == NULL) {
		usage_error("cannot write %s: %s", name, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	fprintf(capture->file, "# what a reader sent; silences are cut to 0.5 s\n# reader %d\n",
		reader);
	return true;
}

/* Keys have no edges, so they are not in it. */
void capture_frame(struct capture_file *capture, const struct postern_reader_frame *frame)
{
	const char *edges = postern_reader_frame_field(frame, "Edges");
	int64_t begin_ns = capture->end_ns;
	uint64_t all;

	if (capture->file == NULL || frame->edge_count == 0)
		return;
	fputc('\n', capture->file);
	if (edges != NULL && number_parse_u64(span_from_string(edges), UINT64_MAX, &all) &&
		all > frame->edge_count)
		fprintf(capture->file, "# the first %zu edges of %s\n", frame->edge_count, edges);
	for (size_t i = 0; i < frame->edge_count; i++) {
		char memory[64];
		struct buf line = buf_over(memory, sizeof(memory));
		const struct wiegand_edge edge = {
			.at_ns = begin_ns + frame->edges[i].at_ns,
			.line = (uint8_t)frame->edges[i].line,
			.level = (uint8_t)frame->edges[i].level,
		};

		capture_write_edge(&line, &edge);
		fwrite(line.data, 1, line.len, capture->file);
		capture->end_ns = edge.at_ns + SILENCE_NS;
	}
	fflush(capture->file);
}

bool capture_end(struct capture_file *capture, const char *name)
{
	if (capture->file == NULL)
		return true;
	bool written = ferror(capture->file) == 0;

	written = fclose(capture->file) == 0 && written;
	capture->file = NULL;
	if (!written)
		usage_error("cannot write %s: %s", name, strerror(errno));
	return written;
}
