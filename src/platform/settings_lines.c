// SPDX-License-Identifier: Apache-2.0
/*
 * Lines of GPIO chips in the settings: one value (`gpiochip0:17 active-low pull-up`), and what all
 * of them must hold together, which is known only when the whole file was read: what `lines: gpio`
 * needs is wired, both data lines of a reader are on one chip, no line is used twice, and `lines:
 * simulated` has none. A chip is compared by its text: the same chip by name here and by label
 * there is found by the kernel, which gives no line twice.
 */
#include "settings_table.h"

#include "base/assert.h"
#include "base/compiler.h"
#include "base/number.h"
#include "base/utf8.h"

#define OFFSET_MAX 65535
#define CHIP_MAX 31 /* the kernel's names and labels have 32 bytes with the NUL */

static const struct {
	const char *word;
	uint8_t flag;
	bool input;
	bool output;
} words[] = {
	{"active-low", GPIO_ACTIVE_LOW, true, true},
	{"pull-up", GPIO_PULL_UP, true, false},
	{"pull-down", GPIO_PULL_DOWN, true, false},
	{"open-drain", GPIO_OPEN_DRAIN, false, true},
};

static bool is_output(const struct setting *setting)
{
	return (setting->flags & SETTING_FLAG_OUTPUT) != 0;
}

void setting_line_add_allowed(const struct setting *setting, struct buf *out)
{
	buf_add_string(out, "a line of a GPIO chip, such as gpiochip0:17, then ");
	buf_add_string(out,
		is_output(setting) ? "active-low, open-drain" : "active-low, pull-up, pull-down");
	buf_add_string(out, " as it is wired");
}

static bool refuse(struct buf *why, const struct setting *setting, struct span value,
	struct span word, const char *what)
{
	setting_add_quoted(why, value);
	buf_add_string(why, " is no value for `");
	buf_add_string(why, setting->key);
	buf_add_string(why, "`: ");
	if (word.len > 0) {
		setting_add_quoted(why, word);
		buf_add_byte(why, ' ');
	}
	buf_add_string(why, what);
	buf_add_string(why, "; allowed: ");
	setting_add_allowed(setting, why);
	return false;
}

/* The chip is what stands before the last colon: labels may have colons of their own. */
static bool line_place(struct span word, struct gpio_line *line)
{
	size_t colon = word.len;
	uint64_t offset;

	while (colon > 0 && word.data[colon - 1] != ':')
		colon--;
	if (colon == 0)
		return false;
	struct span chip = span_slice(word, 0, colon - 1);
	struct span digits = span_slice(word, colon, word.len);

	if (chip.len == 0 || chip.len > CHIP_MAX || !utf8_printable(chip, NULL) ||
		(digits.len > 1 && digits.data[0] == '0') ||
		!number_parse_u64(digits, OFFSET_MAX, &offset))
		return false;
	line->offset = (uint32_t)offset;
	return text_set(&line->chip, chip);
}

static const char *flag_problem(const struct setting *setting, uint8_t flags, struct span word)
{
	for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
		if (!span_equal(word, span_from_string(words[i].word)))
			continue;
		if (!(is_output(setting) ? words[i].output : words[i].input))
			return is_output(setting) ? "is for inputs" : "is for outputs";
		if ((flags & words[i].flag) != 0)
			return "stands twice";
		if (((flags | words[i].flag) & (GPIO_PULL_UP | GPIO_PULL_DOWN)) ==
			(GPIO_PULL_UP | GPIO_PULL_DOWN))
			return "does not go with the other pull";
		return NULL;
	}
	return "is not known";
}

static uint8_t flag_of(struct span word)
{
	for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
		if (span_equal(word, span_from_string(words[i].word)))
			return words[i].flag;
	}
	return 0;
}

bool setting_line_store(
	const struct setting *setting, void *base, struct span value, struct buf *why)
{
	struct gpio_line *line = (struct gpio_line *)(void *)((char *)base + setting->offset);
	struct span rest = value;
	struct span word;
	bool first = true;

	*line = (struct gpio_line){0};
	while (span_next(&rest, ' ', &word)) {
		if (word.len == 0 && !first)
			continue;
		if (first && span_starts_with(word, SPAN_LIT("/dev/")))
			return refuse(why, setting, value, (struct span){0},
				"write the chip without /dev/");
		if (first && !line_place(word, line))
			return refuse(why, setting, value, (struct span){0},
				"the chip's name or label, a colon and the line's number");
		const char *problem = first ? NULL : flag_problem(setting, line->flags, word);

		if (problem != NULL)
			return refuse(why, setting, value, word, problem);
		if (!first)
			line->flags |= flag_of(word);
		first = false;
	}
	return !first || refuse(why, setting, value, (struct span){0}, "it names no line");
}

/* --- the whole file --- */

static bool line_used(const struct gpio_line *line)
{
	return line->chip.len > 0;
}

/* "`lock` of door `front`", "`data0` of reader 3" */
static void add_use(const struct settings *settings, const struct line_use *use, struct buf *why)
{
	buf_add_byte(why, '`');
	buf_add_string(why, use->row->key);
	if (use->row->section == SECTION_DOORS) {
		buf_add_string(why, "` of door ");
		setting_add_quoted(why, text_span(&settings->door[use->at].id));
		return;
	}
	buf_add_string(why, use->row->section == SECTION_READERS ? "` of reader " : "` of panel ");
	buf_add_u64(why, use->at + 1u);
}

static void add_line(const struct gpio_line *line, struct buf *why)
{
	buf_add_byte(why, '`');
	buf_add(why, text_span(&line->chip));
	buf_add_byte(why, ':');
	buf_add_u64(why, line->offset);
	buf_add_byte(why, '`');
}

static bool same_line(const struct gpio_line *one, const struct gpio_line *other)
{
	return one->offset == other->offset && text_is(&one->chip, text_span(&other->chip));
}

static bool check_unused(const struct settings *settings, const struct setting_lines *lines,
	struct place *ret_place, struct buf *why)
{
	if (lines->count == 0)
		return true;
	*ret_place = lines->use[0].place;
	add_use(settings, &lines->use[0], why);
	buf_add_string(why, " names a line of a GPIO chip, but `lines: simulated` has none; write "
			    "`lines: gpio`, or leave it out");
	return false;
}

static bool check_once(const struct settings *settings, const struct setting_lines *lines,
	struct place *ret_place, struct buf *why)
{
	for (uint32_t i = 0; i < lines->count; i++) {
		for (uint32_t j = 0; j < i; j++) {
			if (!same_line(&lines->use[i].line, &lines->use[j].line))
				continue;
			*ret_place = lines->use[i].place;
			add_line(&lines->use[i].line, why);
			buf_add_string(why, " is used twice: as ");
			add_use(settings, &lines->use[j], why);
			buf_add_string(why, " and as ");
			add_use(settings, &lines->use[i], why);
			return false;
		}
	}
	return true;
}

static bool check_door(const struct door_settings *door, struct buf *why)
{
	const char *missing = NULL;

	if (!line_used(&door->lines.lock))
		missing = " has no `lock`: with `lines: gpio` it names the output that unlocks it, "
			  "such as `lock: gpiochip0:17`";
	else if (door->config.has_contact && !line_used(&door->lines.contact))
		missing = " has no `contact_line`: name the input of its door contact, or write "
			  "`contact: no`";
	else if (!door->config.has_contact && line_used(&door->lines.contact))
		missing = " has a `contact_line` and `contact: no`: leave one of them out";
	if (missing == NULL)
		return true;
	buf_add_string(why, "door ");
	setting_add_quoted(why, text_span(&door->id));
	buf_add_string(why, missing);
	return false;
}

static bool check_reader(const struct reader_lines *reader, unsigned number, struct buf *why)
{
	const char *missing = NULL;

	if (!line_used(&reader->data0) || !line_used(&reader->data1))
		missing = " needs `data0` and `data1`: with `lines: gpio` they name the inputs of "
			  "its two data lines, such as `data0: gpiochip0:5`";
	else if (!text_is(&reader->data0.chip, text_span(&reader->data1.chip)))
		missing = " has its data lines on two chips: edges of one reader are put in order "
			  "by one chip, so that `data0` and `data1` must be on the same";
	if (missing == NULL)
		return true;
	buf_add_string(why, "reader ");
	buf_add_u64(why, number);
	buf_add_string(why, missing);
	return false;
}

/* Both lines of a panel are one request of one chip: they are let rise together. */
static bool check_panel(const struct panel_settings *panel, unsigned number, struct buf *why)
{
	const char *missing = NULL;

	if (!line_used(&panel->data0) || !line_used(&panel->data1))
		missing = " needs `data0` and `data1`: with `lines: gpio` they name the outputs "
			  "that pull its two data lines low, such as `data0: gpiochip0:20`";
	else if (!text_is(&panel->data0.chip, text_span(&panel->data1.chip)))
		missing = " has its data lines on two chips; `data0` and `data1` must be on the "
			  "same";
	if (missing == NULL)
		return true;
	buf_add_string(why, "panel ");
	buf_add_u64(why, number);
	buf_add_string(why, missing);
	return false;
}

bool setting_lines_check(const struct settings *settings, const struct setting_lines *lines,
	struct place *ret_place, struct buf *why)
{
	if (settings->simulated_lines)
		return check_unused(settings, lines, ret_place, why);
	for (unsigned i = 0; i < DOORS_MAX; i++) {
		*ret_place = lines->door[i];
		if (settings->door[i].config.configured && !check_door(&settings->door[i], why))
			return false;
	}
	for (unsigned i = 0; i < READERS_MAX; i++) {
		*ret_place = lines->reader[i];
		if (settings->reader[i].config.configured && !settings->reader[i].osdp.configured &&
			!check_reader(&settings->reader[i].lines, i + 1, why))
			return false;
	}
	for (unsigned i = 0; i < PANELS_MAX; i++) {
		*ret_place = lines->panel[i];
		if (settings->panel[i].configured && !settings->panel[i].osdp.configured &&
			!check_panel(&settings->panel[i], i + 1, why))
			return false;
	}
	return check_once(settings, lines, ret_place, why);
}

void setting_lines_note(struct setting_lines *lines, const struct setting *row, const void *base,
	uint8_t at, struct place place)
{
	ASSERT(row->kind == SETTING_LINE && lines->count < ARRAY_COUNT(lines->use));
	lines->use[lines->count++] = (struct line_use){
		.line = *(const struct gpio_line *)(const void *)((const char *)base + row->offset),
		.row = row,
		.place = place,
		.at = at,
	};
}
