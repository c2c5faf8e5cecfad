// SPDX-License-Identifier: Apache-2.0
/*
 * posternd.yaml from any bytes. Whatever is accepted must hold what the roles rely on, whatever is
 * refused must say where, and the same bytes must give the same settings again.
 */
#include "platform/settings.h"
#include "base/assert.h"
#include "domain/card_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_door(const struct settings *s, unsigned at)
{
	const struct door_settings *door = &s->door[at];

	ASSERT(door->id.len >= 1 && door->name.len >= 1 && door->config.contact_debounce_ms <= 399);
	ASSERT(door->config.unlock_ms >= 100 && door->config.unlock_ms <= 600000);
	ASSERT(door->config.slow_disk <= 1 && door->config.rex <= 1 && door->config.fail <= 1);
	ASSERT(door->config.open_by < OPEN_BY_COUNT);
	ASSERT(door->config.open_by_scheduled < OPEN_BY_COUNT &&
		(door->config.open_by_schedule < SCHEDULES_MAX ||
			door->config.open_by_schedule == SCHEDULE_ALWAYS));
	for (unsigned i = 0; i < at; i++)
		ASSERT(!s->door[i].config.configured ||
			!text_is(&s->door[i].id, text_span(&door->id)));
}

static void check_reader(const struct settings *s, unsigned at)
{
	const struct reader_settings *reader = &s->reader[at];

	ASSERT(s->door[reader->config.door].config.configured && reader->format_count >= 1);
	ASSERT(reader->limits.pulse_min_ns < reader->limits.pulse_max_ns);
	for (unsigned i = 0, priority = UINT8_MAX; i < reader->format_count; i++) {
		const struct card_format *format =
			settings_format_find(s, text_span(&reader->format[i]));

		ASSERT(format != NULL && format->priority <= priority);
		priority = format->priority;
	}
	for (unsigned i = 0; i < at; i++)
		ASSERT(!s->reader[i].config.configured ||
			s->reader[i].config.door != reader->config.door ||
			s->reader[i].config.side != reader->config.side);
}

static void check_format(const struct settings *s, unsigned at)
{
	char memory[2048];
	struct buf out = buf_over(memory, sizeof(memory));
	const struct card_format *format = &s->format[at];

	ASSERT(card_format_check(format, &out) &&
		card_format_find(text_span(&format->name)) == NULL);
	ASSERT(settings_format_find(s, text_span(&format->name)) == format);
	card_format_print_line(format, &out);
	ASSERT(!out.overflow);
}

/* With GPIO lines a door has its lock, a reader its data lines on one chip; without, none. */
static void check_lines(const struct settings *s)
{
	for (unsigned i = 0; i < DOORS_MAX; i++) {
		const struct door_lines *lines = &s->door[i].lines;

		ASSERT((lines->lock.chip.len > 0) ==
			(s->door[i].config.configured && !s->simulated_lines));
		ASSERT((lines->contact.chip.len > 0) ==
			(lines->lock.chip.len > 0 && s->door[i].config.has_contact));
	}
	for (unsigned i = 0; i < READERS_MAX; i++) {
		const struct reader_lines *lines = &s->reader[i].lines;

		ASSERT((lines->data0.chip.len > 0) ==
			(s->reader[i].config.configured && !s->simulated_lines));
		ASSERT(text_is(&lines->data0.chip, text_span(&lines->data1.chip)));
		ASSERT(lines->data0.chip.len == 0 || lines->data0.offset != lines->data1.offset);
	}
}

static void check_panel(const struct settings *s, unsigned at)
{
	const struct panel_settings *panel = &s->panel[at];

	ASSERT(s->reader[panel->reader - 1].config.configured && panel->when <= PANEL_READ);
	ASSERT(panel->pulse_us >= 20 && panel->pulse_us <= 100);
	ASSERT(panel->interval_us >= 200 && panel->interval_us <= 20000);
	ASSERT(panel->format.len == 0 ||
		settings_format_find(s, text_span(&panel->format)) != NULL);
	ASSERT((panel->data0.chip.len > 0) == !s->simulated_lines);
	ASSERT(text_is(&panel->data0.chip, text_span(&panel->data1.chip)));
}

static void check(const struct settings *s)
{
	unsigned doors = 0;

	for (unsigned i = 0; i < s->format_count; i++)
		check_format(s, i);

	for (unsigned i = 0; i < DOORS_MAX; doors += s->door[i++].config.configured) {
		if (s->door[i].config.configured)
			check_door(s, i);
	}
	for (unsigned i = 0; i < READERS_MAX; i++) {
		if (s->reader[i].config.configured)
			check_reader(s, i);
	}
	for (unsigned i = 0; i < PANELS_MAX; i++) {
		if (s->panel[i].configured)
			check_panel(s, i);
	}
	check_lines(s);
	ASSERT(doors >= 1 && !s->demo && s->state_dir.bytes[0] == '/');
	ASSERT(s->persons_max >= 1 && s->journal_max >= s->records_max && s->digest_count >= 1);
	ASSERT(s->streams_max < s->connections_max);
	ASSERT(s->pin_digits == 0 || (s->pin_digits >= PIN_DIGITS_MIN && s->pin_digits <= 12));
	ASSERT(s->pin_alone_digits >= 4 && s->pin_alone_digits <= 12 && s->pin_rule <= 1);
	ASSERT(s->connections_per_source_max <= s->connections_max);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct settings settings, again;
	struct settings_error error, error_again;
	bool good = settings_parse(&settings, "f.yaml", span_of(data, size), &error);

	ASSERT(settings_parse(&again, "f.yaml", span_of(data, size), &error_again) == good);
	ASSERT(strcmp(error.text, error_again.text) == 0 && good == (error.text[0] == '\0'));
	if (good) {
		ASSERT(memcmp(&settings, &again, sizeof(settings)) == 0);
		check(&settings);
	} else {
		ASSERT(strncmp(error.text, "f.yaml:", 7) == 0 && strchr(error.text, '\n') == NULL);
	}
	return 0;
}
