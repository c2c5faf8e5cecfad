// SPDX-License-Identifier: Apache-2.0
/* Panels in posternd.yaml: what is read, and what is refused with its place. */
#include "platform/settings.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define HOUSE                                                                                      \
	"lines: simulated\ndoors: [{index: 0, id: a}]\n"                                           \
	"readers: [{number: 7, door: a}]\n"
#define PANEL(text) HOUSE "panels:\n- number: 2\n  reader: 7\n  " text "\n" /* line 7 */
#define GPIO                                                                                       \
	"lines: gpio\ndoors: [{index: 0, id: a, contact: no, lock: 'c:17'}]\n"                     \
	"readers: [{number: 7, door: a, data0: 'c:5', data1: 'c:6'}]\npanels:\n"

static void parse(struct settings *settings, const char *yaml)
{
	struct settings_error error;

	if (!settings_parse(settings, "f.yaml", span_from_string(yaml), &error))
		fail_msg("%s", error.text);
}

static void no_panel_is_there_by_itself(void **state UNUSED)
{
	struct settings settings;

	parse(&settings, HOUSE);
	for (unsigned i = 0; i < PANELS_MAX; i++)
		assert_false(settings.panel[i].configured);
	settings_demo(&settings);
	for (unsigned i = 0; i < PANELS_MAX; i++)
		assert_false(settings.panel[i].configured);
}

static void a_panel_has_the_standards(void **state UNUSED)
{
	struct settings settings;

	parse(&settings, HOUSE "panels: [{number: 16, reader: 7}]\n");
	const struct panel_settings *panel = &settings.panel[15];

	assert_true(panel->configured);
	assert_int_equal(panel->reader, 7);
	assert_int_equal(panel->when, PANEL_GRANTED);
	assert_int_equal(panel->format.len, 0);
	assert_int_equal(panel->pulse_us, 50);
	assert_int_equal(panel->interval_us, 2000);
	assert_int_equal(panel->data0.chip.len, 0);
	assert_false(settings.panel[0].configured);
}

static void every_key_lands_in_its_field(void **state UNUSED)
{
	struct settings settings;

	/* Panels may stand before what they name. */
	parse(&settings,
		"panels:\n- {number: 1, reader: 128, when: read, format: h10302, pulse: 100us, "
		"interval: 20ms, data0: 'gpiochip0:20 active-low', data1: gpiochip0:21}\n"
		"- {number: 2, reader: 128, when: granted, pulse: 20us, interval: 200us, data0: "
		"'x:1', data1: 'x:2'}\n"
		"readers: [{number: 128, door: a, data0: 'c:5', data1: 'c:6'}]\n"
		"lines: gpio\ndoors: [{index: 0, id: a, contact: no, lock: 'c:17'}]\n");
	const struct panel_settings *panel = settings.panel;

	assert_int_equal(panel[0].reader, 128);
	assert_int_equal(panel[0].when, PANEL_READ);
	assert_true(text_is(&panel[0].format, SPAN_LIT("h10302")));
	assert_int_equal(panel[0].pulse_us, 100);
	assert_int_equal(panel[0].interval_us, 20000);
	assert_true(text_is(&panel[0].data0.chip, SPAN_LIT("gpiochip0")));
	assert_int_equal(panel[0].data0.offset, 20);
	assert_int_equal(panel[0].data0.flags, GPIO_ACTIVE_LOW);
	assert_int_equal(panel[0].data1.offset, 21);
	assert_int_equal(panel[0].data1.flags, 0);
	assert_int_equal(panel[1].when, PANEL_GRANTED);
	assert_int_equal(panel[1].pulse_us, 20);
	assert_int_equal(panel[1].interval_us, 200);
}

static const struct {
	const char *yaml;
	const char *place;
	const char *words;
} bad[] = {
	{HOUSE "panels: [{reader: 7}]\n", "4:10",
		"`number` is missing in this entry of `panels`; allowed: a whole number from 1 to "
		"16"},
	{HOUSE "panels: [{number: 1}]\n", "4:10", "`reader` is missing in this entry of `panels`"},
	{HOUSE "panels: [{number: 0, reader: 7}]\n", "4:19", "`0` is no value for `number`"},
	{HOUSE "panels: [{number: 17, reader: 7}]\n", "4:19", "`17` is no value for `number`"},
	{HOUSE "panels: [{number: 1, reader: 129}]\n", "4:30", "`129` is no value for `reader`"},
	{HOUSE "panels: [{number: 1, reader: 8}]\n", "4:30",
		"panel 1 gets the cards of reader 8, which is not given; allowed: a number given "
		"under `readers`"},
	{"panels: [{number: 1, reader: 8}]\n" HOUSE, "1:30", "reader 8, which is not given"},
	{HOUSE "panels:\n- {number: 3, reader: 7}\n- {reader: 7, number: 3}\n", "6:23",
		"two panels have number 3; each panel needs a number of its own, from 1 to 16"},
	{PANEL("when: always"), "7:9", "`always` is no value for `when`; allowed: granted, read"},
	{PANEL("when: grant"), "7:9", "did you mean `granted`?"},
	{PANEL("format: W35x"), "7:11",
		"`W35x` is no value for `format`; allowed: the name of a format, built in (W34 "
		"and the others of `postern format list`)"},
	{PANEL("format: H10312"), "7:11", "; did you mean `H1030"},
	{PANEL("format: ''"), "7:11", "`` is no value for `format`"},
	{PANEL("format: [W26]"), "7:11", "`format` takes one value"},
	{PANEL("formats: [W26]"), "7:3",
		"unknown key `formats` in `panels`; did you mean `format`?"},
	{PANEL("pulse: 19us"), "7:10",
		"`19us` is no value for `pulse`; allowed: a time from 20us to 100us, such as 50us"},
	{PANEL("pulse: 101us"), "7:10", "`101us` is no value for `pulse`"},
	{PANEL("pulse: 50"), "7:10", "its unit is missing"},
	{PANEL("interval: 199us"), "7:13",
		"`199us` is no value for `interval`; allowed: a time from 200us to 20ms, such as "
		"2ms"},
	{PANEL("interval: 21ms"), "7:13", "`21ms` is no value for `interval`"},
	{PANEL("data0: gpiochip0:4"), "7:10",
		"`data0` of panel 2 names a line of a GPIO chip, but `lines: simulated` has none"},
	{HOUSE "panels: 5\n", "4:9", "`panels` takes a list; begin each entry with `- `"},
	{HOUSE "panel: []\n", "4:1", "unknown key `panel`; did you mean `panels`?"},
	{GPIO "- {number: 1, reader: 7}\n", "5:3",
		"panel 1 needs `data0` and `data1`: with `lines: gpio` they name the outputs that "
		"pull its two data lines low, such as `data0: gpiochip0:20`"},
	{GPIO "- {number: 1, reader: 7, data0: 'c:8'}\n", "5:3", "panel 1 needs `data0`"},
	{GPIO "- {number: 1, reader: 7, data0: 'c:8', data1: 'd:9'}\n", "5:3",
		"panel 1 has its data lines on two chips; `data0` and `data1` must be on the same"},
	{GPIO "- {number: 1, reader: 7, data0: 'c:8', data1: 'c:8'}\n", "5:47",
		"`c:8` is used twice: as `data0` of panel 1 and as `data1` of panel 1"},
	{GPIO "- {number: 1, reader: 7, data0: 'c:5', data1: 'c:8'}\n", "5:33",
		"`c:5` is used twice: as `data0` of reader 7 and as `data0` of panel 1"},
	{GPIO "- {number: 1, reader: 7, data0: 'c:8 pull-up', data1: 'c:9'}\n", "5:33",
		"`pull-up` is for inputs"},
};

static void bad_panels_are_refused_with_their_place(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		struct settings settings;
		struct settings_error error;
		char prefix[64];

		if (settings_parse(&settings, "f.yaml", span_from_string(bad[i].yaml), &error))
			fail_msg("accepted:\n%s", bad[i].yaml);
		snprintf(prefix, sizeof(prefix), "f.yaml:%s: ", bad[i].place);
		if (strncmp(error.text, prefix, strlen(prefix)) != 0 ||
			strstr(error.text, bad[i].words) == NULL)
			fail_msg("row %zu\n%s\nsaid:   %s\nwanted: %s%s", i, bad[i].yaml,
				error.text, prefix, bad[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_panel_is_there_by_itself),
		cmocka_unit_test(a_panel_has_the_standards),
		cmocka_unit_test(every_key_lands_in_its_field),
		cmocka_unit_test(bad_panels_are_refused_with_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
