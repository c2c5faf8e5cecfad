// SPDX-License-Identifier: Apache-2.0
/* Lines of the sim protocol: a command or a sentence, frames that are read, edges in order. */
#include "sim_command.h"

#include "base/assert.h"
#include "domain/card_format.h"

static void check_card(const struct card_bits *bits)
{
	const struct card_format *format;
	struct card_fields fields;
	bool read = false;

	for (unsigned i = 0; (format = card_format_at(i)) != NULL; i++)
		read = read || card_format_decode(format, bits, &fields) == CARD_FORMAT_OK;
	ASSERT(read);
}

static void check_command(const struct settings *settings, struct span line)
{
	char text[256];
	struct buf error = buf_over(text, sizeof(text));
	struct sim_command command;
	bool good = sim_command_parse(line, settings, &command, &error);

	ASSERT(good == (error.len == 0) && !error.overflow);
	ASSERT(memchr(text, '\n', error.len) == NULL);
	if (!good)
		return;
	ASSERT(command.verb < SIM_VERB_COUNT && command.door < DOORS_MAX);
	ASSERT(settings->door[command.door].config.configured);
	ASSERT(command.reader <= READERS_MAX);
	ASSERT(command.reader == 0 || settings->reader[command.reader - 1].config.configured);
	ASSERT((command.bits.count > 0) == (command.verb == SIM_CARD || command.verb == SIM_BITS));
	ASSERT((command.keys.len > 0) == (command.verb == SIM_KEYS));
	for (uint16_t i = 0; i < command.keys.len; i++)
		ASSERT(memchr("0123456789*#", command.keys.bytes[i], 12) != NULL);
	if (command.verb == SIM_CARD)
		check_card(&command.bits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct settings settings;
	struct span rest = span_of(data, size);
	struct span line;
	int64_t first_ns = INT64_MIN;
	int64_t previous_ns = 0;

	for (unsigned i = 0; i < 4; i++)
		settings.reader[i].config.configured = settings.door[i / 2].config.configured =
			true;
	while (span_next(&rest, '\n', &line)) {
		char text[256];
		struct buf error = buf_over(text, sizeof(text));
		struct line_event edge;

		check_command(&settings, line);
		enum sim_capture_line got =
			sim_capture_parse(line, 3, &first_ns, previous_ns, &edge, &error);

		ASSERT((got == SIM_CAPTURE_WRONG) == (error.len > 0) && !error.overflow);
		if (got != SIM_CAPTURE_EDGE)
			continue;
		ASSERT(edge.at_ns >= previous_ns && edge.at_ns <= SIM_CAPTURE_NS);
		ASSERT(edge.at == 3 && edge.kind <= LINE_DATA1 && edge.level <= 1);
		previous_ns = edge.at_ns;
	}
	return 0;
}
