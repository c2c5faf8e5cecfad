// SPDX-License-Identifier: Apache-2.0
/* Lines of GPIO chips in posternd.yaml: what is read, and what does not fit together. */
#include "platform/settings.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define DOOR "lines: gpio\ndoors:\n- {index: 3, id: a, contact: no, lock: gpiochip0:17}\n"
#define IN_DOOR(text) "lines: gpio\ndoors:\n- index: 0\n  id: a\n  " text "\n" /* line 5 */
#define IN_READER(text) DOOR "readers:\n- number: 7\n  door: a\n  " text "\n" /* line 7 */

static void assert_line(
	const struct gpio_line *line, const char *chip, uint32_t offset, uint8_t flags)
{
	assert_int_equal(line->chip.len, strlen(chip));
	assert_memory_equal(line->chip.bytes, chip, strlen(chip));
	assert_int_equal(line->offset, offset);
	assert_int_equal(line->flags, flags);
}

static void parse(struct settings *settings, const char *yaml)
{
	struct settings_error error;

	if (!settings_parse(settings, "test.yaml", span_from_string(yaml), &error))
		fail_msg("%s", error.text);
}

static void every_line_lands_in_its_field(void **state UNUSED)
{
	struct settings settings;

	parse(&settings,
		"doors:\n- index: 63\n  id: a\n  lock: gpiochip0:0 open-drain active-low\n"
		"  contact_line: 'INT33FC:00:65535 pull-down'\n"
		"  rex_line: gpiochip12:3  active-low   pull-up\n"
		"readers:\n- {number: 128, door: a, data0: pinctrl-bcm2711:5 active-low, "
		"data1: pinctrl-bcm2711:6, tamper: gpiochip0:9, led: gpiochip0:10 active-low, "
		"beeper: \"gpiochip0:11\"}\nlines: gpio\n");
	const struct door_lines *door = &settings.door[63].lines;
	const struct reader_lines *reader = &settings.reader[127].lines;

	assert_false(settings.simulated_lines);
	assert_line(&door->lock, "gpiochip0", 0, GPIO_OPEN_DRAIN | GPIO_ACTIVE_LOW);
	assert_line(&door->contact, "INT33FC:00", 65535, GPIO_PULL_DOWN);
	assert_line(&door->rex, "gpiochip12", 3, GPIO_ACTIVE_LOW | GPIO_PULL_UP);
	assert_line(&reader->data0, "pinctrl-bcm2711", 5, GPIO_ACTIVE_LOW);
	assert_line(&reader->data1, "pinctrl-bcm2711", 6, 0);
	assert_line(&reader->tamper, "gpiochip0", 9, 0);
	assert_line(&reader->led, "gpiochip0", 10, GPIO_ACTIVE_LOW);
	assert_line(&reader->beeper, "gpiochip0", 11, 0);
}

static void what_is_not_wired_is_empty(void **state UNUSED)
{
	struct settings settings;

	parse(&settings, DOOR "readers: [{number: 7, door: a, data0: x:1, data1: x:2}]\n");
	assert_line(&settings.door[3].lines.lock, "gpiochip0", 17, 0);
	assert_line(&settings.door[3].lines.contact, "", 0, 0);
	assert_line(&settings.door[3].lines.rex, "", 0, 0);
	assert_line(&settings.reader[6].lines.led, "", 0, 0);
	assert_line(&settings.reader[6].lines.tamper, "", 0, 0);
}

struct bad {
	const char *yaml;
	const char *place;
	const char *words;
};

static const struct bad rows[] = {
	{IN_DOOR("lock: gpiochip0"), "5:9",
		"`gpiochip0` is no value for `lock`: the chip's name or label, a colon and the "
		"line's number; allowed: a line of a GPIO chip, such as gpiochip0:17, then "
		"active-low, open-drain as it is wired"},
	{IN_DOOR("lock: 17"), "5:9", "the chip's name or label, a colon"},
	{IN_DOOR("lock: ':17'"), "5:9", "the chip's name or label, a colon"},
	{IN_DOOR("lock: gpiochip0:017"), "5:9", "the chip's name or label, a colon"},
	{IN_DOOR("lock: gpiochip0:65536"), "5:9", "the chip's name or label, a colon"},
	{IN_DOOR("lock: 'gpiochip0:'"), "5:9", "the chip's name or label, a colon"},
	{IN_DOOR("lock: ''"), "5:9", "the chip's name or label, a colon"},
	{IN_DOOR("lock: ' gpiochip0:1'"), "5:9", "the chip's name or label, a colon"},
	{IN_DOOR("lock: abcdefghijklmnopqrstuvwxyz012345:1"), "5:9",
		"the chip's name or label, a colon"},
	{IN_DOOR("lock: /dev/gpiochip0:17"), "5:9", "`lock`: write the chip without /dev/"},
	{IN_DOOR("lock: gpiochip0:17 pull-up"), "5:9",
		"`gpiochip0:17 pull-up` is no value for `lock`: `pull-up` is for inputs"},
	{IN_DOOR("rex_line: gpiochip0:17 open-drain"), "5:13", "`open-drain` is for outputs"},
	{IN_DOOR("lock: gpiochip0:17 active_low"), "5:9", "`active_low` is not known"},
	{IN_DOOR("lock: gpiochip0:17 active-low active-low"), "5:9", "`active-low` stands twice"},
	{IN_DOOR("rex_line: gpiochip0:17 pull-up pull-down"), "5:13",
		"`pull-down` does not go with the other pull; allowed: a line of a GPIO chip, "
		"such as gpiochip0:17, then active-low, pull-up, pull-down as it is wired"},
	{IN_DOOR("lock: [gpiochip0:17]"), "5:9", "`lock` takes one value"},
	{IN_DOOR("contact: no"), "3:3",
		"door `a` has no `lock`: with `lines: gpio` it names the output that unlocks it"},
	{IN_DOOR("lock: gpiochip0:17"), "3:3",
		"door `a` has no `contact_line`: name the input of its door contact, or write "
		"`contact: no`"},
	{IN_DOOR("lock: gpiochip0:17\n  contact: no\n  contact_line: gpiochip0:18"), "3:3",
		"door `a` has a `contact_line` and `contact: no`"},
	{IN_READER("data0: gpiochip0:5"), "5:3", "reader 7 needs `data0` and `data1`"},
	{IN_READER("data1: gpiochip0:5"), "5:3", "reader 7 needs `data0` and `data1`"},
	{IN_READER("side: exit"), "5:3", "reader 7 needs `data0` and `data1`"},
	{IN_READER("data0: gpiochip0:5\n  data1: gpiochip1:5"), "5:3",
		"reader 7 has its data lines on two chips"},
	{IN_READER("data0: gpiochip0:5\n  data1: gpiochip0:17"), "8:10",
		"`gpiochip0:17` is used twice: as `lock` of door `a` and as `data1` of reader 7"},
	{IN_READER("data0: gpiochip0:5\n  data1: gpiochip0:6\n  led: gpiochip0:8\n"
		   "  beeper: gpiochip0:8 active-low"),
		"10:11",
		"`gpiochip0:8` is used twice: as `led` of reader 7 and as `beeper` of "
		"reader 7"},
	{"doors: [{index: 0, id: a, lock: gpiochip0:17}]\nlines: simulated\n", "1:33",
		"`lock` of door `a` names a line of a GPIO chip, but `lines: simulated` has "
		"none; write `lines: gpio`, or leave it out"},
	{"lines: simulated\ndoors: [{index: 0, id: a}]\n"
	 "readers: [{number: 9, door: a, tamper: gpiochip0:17}]\n",
		"3:40", "`tamper` of reader 9 names a line"},
};

static void lines_that_do_not_fit_are_refused(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct settings settings;
		struct settings_error error;
		char prefix[64];

		if (settings_parse(&settings, "f.yaml", span_from_string(rows[i].yaml), &error))
			fail_msg("accepted:\n%s", rows[i].yaml);
		snprintf(prefix, sizeof(prefix), "f.yaml:%s: ", rows[i].place);
		if (strncmp(error.text, prefix, strlen(prefix)) != 0 ||
			strstr(error.text, rows[i].words) == NULL)
			fail_msg("row %zu\n%s\nsaid:   %s\nwanted: %s%s", i, rows[i].yaml,
				error.text, prefix, rows[i].words);
	}
}

static void one_number_on_two_chips_is_two_lines(void **state UNUSED)
{
	struct settings settings;

	parse(&settings, DOOR "readers: [{number: 7, door: a, data0: gpiochip1:17, data1: "
			      "gpiochip1:1}]\n");
	assert_line(&settings.reader[6].lines.data0, "gpiochip1", 17, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_lands_in_its_field),
		cmocka_unit_test(what_is_not_wired_is_empty),
		cmocka_unit_test(lines_that_do_not_fit_are_refused),
		cmocka_unit_test(one_number_on_two_chips_is_two_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
