// SPDX-License-Identifier: Apache-2.0
/* Bad posternd.yaml: each document with the place and the words of its error. */
#include "platform/settings.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define L "lines: simulated\n"
#define D L "doors:\n- {index: 0, id: front}\n" /* good; the next line is 4 */
#define IN_DOOR(text) L "doors:\n- index: 0\n  id: front\n  " text "\n" /* line 5, column 3 */
#define IN_READER(text) D "readers:\n- number: 1\n  door: front\n  " text "\n" /* line 7 */

struct bad {
	const char *yaml;
	const char *place; /* "line:column" */
	const char *words; /* in the error */
};

static const struct bad yaml_form[] = {
	{"", "1:1", "the file is empty; posternd.yaml(5) says what it needs"},
	{"# nothing\n", "1:1", "the file is empty"},
	{"---\n...\n", "2:1", "the file must hold keys and values, such as `lines: simulated`"},
	{"- a\n", "1:1", "the file must hold keys and values"},
	{"lines\n", "1:1", "the file must hold keys and values"},
	{"{}", "1:1", "`lines` is missing; allowed: gpio, simulated"},
	{L, "1:1", "no door is given; `doors` needs at least one entry"},
	{L "doors: []\n", "1:1", "no door is given"},
	{D "---\n" D, "4:1", "a second document; a file holds one"},
	{D "...\n---\nx\n", "5:1", "a second document"},
	{"%YAML 1.1\n---\n" D, "1:1", "directives (%YAML, %TAG) are not allowed"},
	{"%TAG ! tag:x,2000:\n---\n" D, "1:1", "directives"},
	{"lines: &a simulated\n", "1:8", "anchors (&name) are not allowed; write the value out"},
	{L "doors: &d\n- {index: 0, id: a}\n", "2:8", "anchors (&name)"},
	{L "doors:\n- &d {index: 0, id: a}\n", "3:3", "anchors (&name)"},
	{"&a lines: simulated\n", "1:1", "anchors (&name)"},
	{L "doors: *d\n", "2:8", "aliases (*name) are not allowed; write the value out"},
	{"lines: !!str simulated\n", "1:8", "tags (!name) are not allowed; write the plain value"},
	{"lines: ! simulated\n", "1:8", "tags (!name)"},
	{L "doors: !!seq\n- {index: 0, id: a}\n", "2:8", "tags (!name)"},
	{L "http: !!map {listen: '1.2.3.4:5'}\n", "2:7", "tags (!name)"},
	{L "http:\n  <<: {listen: '127.0.0.1:1'}\n", "3:3", "merge keys (<<) are not allowed"},
	{L "\tclock: trust\n", "2:1", "indent with blanks, not with tabs"},
	{L "http: {names: [a\n", "3:1", "this is no YAML: did not find expected ',' or ']'"},
	{L "http: {}\n clock: trust\n", "3:2", "this is no YAML: did not find expected key"},
	{L "machine_name: 'x\n", "3:1", "this is no YAML: found unexpected end of stream"},
	{L "machine_name: \"\\q\"\n", "2:16", "this is no YAML: found unknown escape character"},
	{L "machine_name: \xff\n", "2:15", "this is no YAML: invalid leading UTF-8 octet"},
	{L "machine_name: a\x01\n", "2:16", "this is no YAML: control characters are not allowed"},
	{"? [a]\n: b\n", "1:3", "a key must be one word, followed by a colon"},
	{"? {a: b}\n: b\n", "1:3", "a key must be one word"},
	{L "machine_name: |\n  text\n", "2:15", "a value over several lines; write it on one line"},
	{L "machine_name: a\n  b\n", "2:15", "a value over several lines"},
	{L "'machine_\n  name': b\n", "3:8", "this is no YAML"},
};

static const struct bad keys[] = {
	{L "clok: system\n", "2:1", "unknown key `clok`; did you mean `clock`?"},
	{L "Clock: system\n", "2:1", "unknown key `Clock`; did you mean `clock`?"},
	{L "door: []\n", "2:1", "unknown key `door`; did you mean `doors`?"},
	{L "xyzzy: 1\n", "2:1",
		"unknown key `xyzzy`; allowed: lines, machine_name, state, clock, untrusted_clock, "
		"commit_wait, http, https, limits, pin, doors, readers, formats, panels"},
	{L "persons: 5\n", "2:1", "unknown key `persons`; it belongs under `limits`"},
	{L "unlock: 5s\n", "2:1", "unknown key `unlock`; it belongs under `doors`"},
	{IN_DOOR("commit_wait: 1s"), "5:3",
		"unknown key `commit_wait` in `doors`; it belongs at the top of the file"},
	{IN_DOOR("unlok: 3s"), "5:3", "unknown key `unlok` in `doors`; did you mean `unlock`?"},
	{IN_DOOR("unlock_ms: 3s"), "5:3",
		"unknown key `unlock_ms` in `doors`; did you mean `unlock`?"},
	{IN_READER("format: [W34]"), "7:3",
		"unknown key `format` in `readers`; did you mean `formats`?"},
	{L "http: {lissen: a}\n", "2:8", "unknown key `lissen` in `http`; did you mean `listen`?"},
	{L "limits: {person: 1}\n", "2:10",
		"unknown key `person` in `limits`; did you mean `persons`?"},
	{L "clock: trust\nclock: trust\n", "3:1", "`clock` is given twice; the first is on line 2"},
	{D "doors: []\n", "4:1", "`doors` is given twice; the first is on line 2"},
	{L "http: {}\nhttp: {}\n", "3:1", "`http` is given twice; the first is on line 2"},
	{IN_DOOR("id: back"), "5:3", "`id` is given twice; the first is on line 4"},
	{IN_DOOR("\"id\": back"), "5:3", "`id` is given twice"},
	{L "a\x7f"
	   "b: 1\n",
		"2:2", "this is no YAML: control characters"},
	{L "\"a\\nb\": 1\n", "2:1", "unknown key `a?b`"},
	{L "\"\": 1\n", "2:1", "unknown key ``; allowed: lines"},
	{L "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: 1\n", "2:1",
		"unknown key `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...`; allowed:"},
	{"clock: trust\n", "1:1", "`lines` is missing; allowed: gpio, simulated"},
	{L "doors:\n- id: a\n", "3:3",
		"`index` is missing in this entry of `doors`; allowed: a whole number from 0 to "
		"63"},
	{L "doors:\n- index: 1\n", "3:3",
		"`id` is missing in this entry of `doors`; allowed: 1 to 32 of a-z, 0-9, _ and -"},
	{D "readers:\n- door: front\n", "5:3",
		"`number` is missing in this entry of `readers`; allowed: a whole number from 1 to "
		"128"},
	{D "readers:\n- number: 1\n", "5:3", "`door` is missing in this entry of `readers`"},
};

static const struct bad shapes[] = {
	{L "doors: 5\n", "2:8", "`doors` takes a list; begin each entry with `- `"},
	{L "doors:\n", "2:7", "`doors` takes a list"},
	{L "doors: {index: 0, id: a}\n", "2:8", "`doors` takes a list"},
	{L "doors: [front]\n", "2:9",
		"`doors` takes entries of keys and values, such as `- {index: 0, id: front}`"},
	{L "doors: [[]]\n", "2:9", "`doors` takes entries of keys and values"},
	{L "http: 80\n", "2:7", "`http` takes keys and values, indented on the lines below it"},
	{L "http: []\n", "2:7", "`http` takes keys and values"},
	{"lines: [simulated]\n", "1:8", "`lines` takes one value; allowed: gpio, simulated"},
	{"lines: {a: b}\n", "1:8", "`lines` takes one value"},
	{"lines:\n", "1:7", "`lines` has no value; allowed: gpio, simulated"},
	{"lines: ~\n", "1:8", "`lines` has no value"},
	{L "machine_name: null\n", "2:15", "`machine_name` has no value"},
	{L "machine_name: ''\n", "2:15", "`` is no value for `machine_name`; allowed: text"},
	{IN_DOOR("unlock: {a: 1}"), "5:11", "`unlock` takes one value; allowed: a time from"},
	{IN_READER("formats: W34"), "7:12",
		"`formats` takes a list; allowed: a list of 1 to 8 names of formats"},
	{IN_READER("formats: [[W34]]"), "7:13", "`formats` takes a list"},
	{IN_READER("formats: []"), "7:12",
		"an empty list for `formats`; allowed: a list of 1 to 8"},
	{IN_READER("formats: [W34,,]"), "7:17", "this is no YAML"},
	{L "http: {digest: []}\n", "2:16", "an empty list for `digest`; allowed: a list of md5"},
};

static const struct bad values[] = {
	{"lines: serial\n", "1:8", "`serial` is no value for `lines`; allowed: gpio, simulated"},
	{"lines: simulatd\n", "1:8",
		"`simulatd` is no value for `lines`; allowed: gpio, simulated; did you mean "
		"`simulated`?"},
	{"lines: 'simulated'\n", "1:8", "`simulated` is no value for `lines` in quotes"},
	{L "clock: ntp\n", "2:8", "`ntp` is no value for `clock`; allowed: system, trust"},
	{L "untrusted_clock: deny\n", "2:18",
		"`deny` is no value for `untrusted_clock`; allowed: allow, deny_dated"},
	{L "commit_wait: 9ms\n", "2:14",
		"`9ms` is no value for `commit_wait`; allowed: a time from 10ms to 2s, such as "
		"100ms"},
	{L "commit_wait: 2001ms\n", "2:14", "`2001ms` is no value for `commit_wait`"},
	{L "commit_wait: 100\n", "2:14",
		"`100` is no value for `commit_wait`: its unit is missing (us, ms, s, min, h); "
		"allowed:"},
	{L "commit_wait: 0.1s\n", "2:14", "whole numbers of us, ms, s, min or h only"},
	{L "commit_wait: 100 ms\n", "2:14", "whole numbers of us, ms, s, min or h only"},
	{L "commit_wait: 1S\n", "2:14", "whole numbers of us, ms, s, min or h only"},
	{L "commit_wait: 100500us\n", "2:14", "`100500us` is no value for `commit_wait`: too fine"},
	{L "commit_wait: 0100ms\n", "2:14",
		"`0100ms` is no value for `commit_wait`: no zeros in front"},
	{L "commit_wait: -1s\n", "2:14", "`-1s` is no value for `commit_wait`; allowed: a time"},
	{L "commit_wait: ms\n", "2:14", "`ms` is no value for `commit_wait`; allowed: a time"},
	{L "commit_wait: 99999999999999999999s\n", "2:14",
		"is no value for `commit_wait`; allowed"},
	{L "commit_wait: 18446744073710s\n", "2:14", "is no value for `commit_wait`; allowed"},
	{L "commit_wait: '100ms'\n", "2:14", "`100ms` is no value for `commit_wait` in quotes"},
	{L "state: var/lib\n", "2:8",
		"`var/lib` is no value for `state`; allowed: an absolute path of at most 256 "
		"bytes"},
	{L "state: /var/../etc\n", "2:8", "`/var/../etc` is no value for `state`"},
	{L "state: \"/a\\0b\"\n", "2:8", "`/a?b` is no value for `state`"},
	{L "machine_name: \"a\\nb\"\n", "2:15", "`a?b` is no value for `machine_name`"},
	{L "machine_name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
		"2:15",
		"aaaaaaaaaa...` is no value for `machine_name`; allowed: text of 1 to 64 bytes"},
	{L "http: {listen: 8080}\n", "2:16",
		"`8080` is no value for `listen`; allowed: an IP address and a port, such as "
		"127.0.0.1:8080 or [::1]:8080"},
	{L "http: {listen: 'localhost:80'}\n", "2:16", "`localhost:80` is no value for `listen`"},
	{L "http: {listen: '127.0.0.1:0'}\n", "2:16", "`127.0.0.1:0` is no value for `listen`"},
	{L "http: {names: [a_b]}\n", "2:16",
		"`a_b` is no value for `names`; allowed: a list of at most 8"},
	{L "http: {names: [a, b, A]}\n", "2:22", "`A` stands twice in `names`"},
	{L "http: {names: [a, b, c, d, e, f, g, h, i]}\n", "2:40", "too many in `names`; allowed"},
	{L "http: {digest: [sha256]}\n", "2:17",
		"`sha256` is no value for `digest`; allowed: a list of md5 and sha-256, each at "
		"most "
		"once; did you mean `sha-256`?"},
	{L "http: {digest: [md5, md5]}\n", "2:22", "`md5` stands twice in `digest`"},
	{L "http: {compat_http: [10.0.0.0/33]}\n", "2:22",
		"`10.0.0.0/33` is no value for `compat_http`; allowed: a list of at most 16 "
		"networks"},
	{L "http: {compat_http: [192.168.1.77/24]}\n", "2:22", "did you mean `192.168.1.0/24`?"},
	{L "http: {compat_http: [10.0.0.1/32, 10.0.0.1]}\n", "2:35",
		"`10.0.0.1` stands twice in `compat_http`"},
	{L "http: {compat_http: [home]}\n", "2:22", "`home` is no value for `compat_http`"},
	{L "http: {open_door: maybe}\n", "2:19", "`maybe` is no value for `open_door`"},
	{L "https: {listen: '0.0.0.0'}\n", "2:17", "`0.0.0.0` is no value for `listen`"},
	{L "https: {listen: '0.0.0.0:443', certificate: c.pem}\n", "2:45",
		"`c.pem` is no value for `certificate`; allowed: an absolute path"},
	{L "pin: {digits: 3}\n", "2:15",
		"`3` is no value for `digits`; allowed: 0, or a whole number from 4 to 12"},
	{L "pin: {digits: 13}\n", "2:15", "`13` is no value for `digits`"},
	{L "pin: {alone_digits: 0}\n", "2:21",
		"`0` is no value for `alone_digits`; allowed: a whole number from 4 to 12"},
	{L "pin: {key_gap: 499ms}\n", "2:16",
		"`499ms` is no value for `key_gap`; allowed: a time from 500ms to 1min, such as "
		"5s"},
	{L "pin: {second_factor: 61s}\n", "2:22", "allowed: a time from 1s to 1min, such as 10s"},
	{L "pin: {rule: refused}\n", "2:13", "allowed: refuse, with_card; did you mean `refuse`?"},
	{L "limits: {persons: 0}\n", "2:19",
		"`0` is no value for `persons`; allowed: a whole number from 1 to 10000000"},
	{L "limits: {persons: 10000001}\n", "2:19", "`10000001` is no value for `persons`"},
	{L "limits: {persons: 0x10}\n", "2:19", "`0x10` is no value for `persons`"},
	{L "limits: {persons: 010}\n", "2:19",
		"`010` is no value for `persons`: no zeros in front"},
	{L "limits: {persons: 1e3}\n", "2:19", "`1e3` is no value for `persons`"},
	{L "limits: {persons: 1_000}\n", "2:19", "`1_000` is no value for `persons`"},
	{L "limits: {persons: +5}\n", "2:19", "`+5` is no value for `persons`"},
	{L "limits: {persons: '5'}\n", "2:19", "`5` is no value for `persons` in quotes"},
	{L "limits: {persons: 99999999999999999999999}\n", "2:19", "is no value for `persons`"},
	{D "https: {}\n", "4:8", "`https` needs `listen`"},
	{D "https: {listen: '0.0.0.0:443', certificate: /c.pem}\n", "4:45",
		"`certificate` and `key` go together"},
	{D "https: {listen: '0.0.0.0:443', key: /k.pem}\n", "4:37",
		"`certificate` and `key` go together"},
	{L "limits: {records: 5000, journal: 4999}\n"
	   "doors: [{index: 0, id: a}]\n",
		"2:34", "`journal` must be at least `records`, as every record is an entry of it"},
	{L "limits: {records: 2000001}\n"
	   "doors: [{index: 0, id: a}]\n",
		"2:9", "entry of it; left out it is 2000000"},
	{L "limits: {connections: 63}\n"
	   "doors: [{index: 0, id: a}]\n",
		"2:9", "`connections_per_source` must be at most `connections`; left out it is 64"},
	{L "limits: {streams: 256}\n"
	   "doors: [{index: 0, id: a}]\n",
		"2:19", "`streams` must be fewer than `connections`"},
};

static const struct bad doors_and_readers[] = {
	{L "doors:\n- {index: 64, id: a}\n", "3:11",
		"`64` is no value for `index`; allowed: a whole number from 0 to 63"},
	{L "doors:\n- {index: 00, id: a}\n", "3:11",
		"`00` is no value for `index`: no zeros in front"},
	{L "doors:\n- {index: 0, id: Front}\n", "3:18",
		"`Front` is no value for `id`; allowed: 1 to 32 of a-z, 0-9, _ and -"},
	{L "doors:\n- {index: 0, id: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}\n", "3:18",
		"`aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` is no value for `id`"},
	{D "- {index: 0, id: back}\n", "4:11",
		"two doors have index 0; each door needs an index of its own, from 0 to 63"},
	{D "- {index: 1, id: front}\n", "4:18", "`front` is the id of two doors"},
	{IN_DOOR("unlock: 99ms"), "5:11",
		"`99ms` is no value for `unlock`; allowed: a time from 100ms to 10min"},
	{IN_DOOR("unlock: 11min"), "5:11", "`11min` is no value for `unlock`"},
	{IN_DOOR("contact: true"), "5:12", "`true` is no value for `contact`; allowed: yes, no"},
	{IN_DOOR("contact: Yes"), "5:12", "allowed: yes, no; did you mean `yes`?"},
	{IN_DOOR("contact_debounce: 400ms"), "5:21", "allowed: a time from 0s to 399ms"},
	{IN_DOOR("rex: open"), "5:8", "`open` is no value for `rex`; allowed: unlock, shunt"},
	{IN_DOOR("fail: save"), "5:9", "allowed: secure, safe; did you mean `safe`?"},
	{IN_DOOR("slow_disk: unlok"), "5:14", "allowed: unlock, deny; did you mean `unlock`?"},
	{IN_DOOR("open_by: cards"), "5:12",
		"`cards` is no value for `open_by`; allowed: card, pin, card_or_pin, "
		"card_then_pin, pin_then_card, card_and_pin; did you mean `card`?"},
	{IN_DOOR("open_by_schedule: 128\n  open_by_scheduled: pin"), "5:21",
		"`128` is no value for `open_by_schedule`; allowed: a whole number from 0 to 127"},
	{IN_DOOR("open_by_schedule: 3"), "5:21", "`open_by_schedule` without `open_by_scheduled`"},
	{IN_DOOR("open_by_scheduled: pin"), "5:22",
		"`open_by_scheduled` without `open_by_schedule`: say which schedule"},
	{IN_DOOR("contact: no\n  held_open: 5s"), "6:14",
		"`held_open` needs a door contact, but this door has `contact: no`"},
	{IN_DOOR("forced_grace: 1s\n  contact: no"), "5:17", "`forced_grace` needs a door contact"},
	{IN_DOOR("held_open: 10s\n  held_open_warning: 10s"), "6:22",
		"`held_open_warning` must be shorter than `held_open`"},
	{D "readers: [{number: 0, door: front}]\n", "4:20",
		"`0` is no value for `number`; allowed: a whole number from 1 to 128"},
	{D "readers: [{number: 129, door: front}]\n", "4:20", "`129` is no value for `number`"},
	{D "readers:\n- {number: 1, door: front}\n- {number: 1, door: front, side: exit}\n", "6:12",
		"two readers have number 1; each reader needs a number of its own, from 1 to 128"},
	{D "readers: [{number: 1, door: frnt}]\n", "4:29",
		"`frnt` is the id of no door; allowed: an id given under `doors`; did you mean "
		"`front`?"},
	{D "readers: [{number: 1, door: back}]\n", "4:29",
		"`back` is the id of no door; allowed: an id given under `doors`"},
	{"readers: [{number: 1, door: b}]\n" L "doors: [{index: 0, id: a}]\n", "1:29",
		"`b` is the id of no door"},
	{D "readers:\n- {number: 5, door: front}\n- {number: 2, door: front}\n- {number: 3, door: "
	   "front}\n- {number: 4, door: front}\n- {number: 1, side: exit, door: front}\n",
		"5:21", "door `front` has more than 4 readers; leave one of them out"},
	{IN_READER("side: inside"), "7:9", "`inside` is no value for `side`; allowed: entry, exit"},
	{IN_READER("formats: [W35x]"), "7:13",
		"`W35x` is no value for `formats`; allowed: a list of"},
	{IN_READER("formats: [H10303]"), "7:13", "; did you mean `H1030"},
	{IN_READER("formats: [W34, W34]"), "7:18", "`W34` stands twice in `formats`"},
	{IN_READER("formats: [W34, W26]\n  side: exit\n- {number: 2, door: front, formats: [W2]}"),
		"9:38", "`W2` is no value for `formats`"},
	{IN_READER("formats: [W34, w34-32]"), "7:18", "`w34-32` stands twice in `formats`"},
	{IN_READER("formats: [W24, W26, W42, W50, W58, W66, H10302, C15001, W34]"), "7:59",
		"too many in `formats`; allowed: a list of 1 to 8"},
	{IN_READER("gap: 9ms"), "7:8",
		"`9ms` is no value for `gap`; allowed: a time from 10ms to 100ms"},
	{IN_READER("gap: 101ms"), "7:8", "`101ms` is no value for `gap`"},
	{IN_READER("pulse_min: 100us\n  pulse_max: 100us"), "7:14",
		"`pulse_min` must be shorter than `pulse_max`"},
};

static void check_rows(const struct bad *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
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

static void test_yaml_that_two_people_may_read_differently(void **state UNUSED)
{
	check_rows(yaml_form, ARRAY_COUNT(yaml_form));
}

static void test_unknown_repeated_and_missing_keys(void **state UNUSED)
{
	check_rows(keys, ARRAY_COUNT(keys));
}

static void test_values_of_the_wrong_shape(void **state UNUSED)
{
	check_rows(shapes, ARRAY_COUNT(shapes));
}

static void test_values_out_of_range(void **state UNUSED)
{
	check_rows(values, ARRAY_COUNT(values));
}

static void test_doors_and_readers_that_do_not_fit_together(void **state UNUSED)
{
	check_rows(doors_and_readers, ARRAY_COUNT(doors_and_readers));
}

static void test_nul_bytes_and_size_are_refused(void **state UNUSED)
{
	static char large[256 * 1024 + 1];
	struct settings settings;
	struct settings_error error;

	assert_false(settings_parse(&settings, "f", SPAN_LIT("lines: simu\0lated\n"), &error));
	assert_string_equal(
		error.text, "f:1:12: this is no YAML: control characters are not allowed");
	memset(large, '#', sizeof(large));
	memcpy(large, D, sizeof(D) - 1);
	assert_true(settings_parse(&settings, "f", span_of(large, sizeof(large) - 1), &error));
	assert_false(settings_parse(&settings, "f", span_of(large, sizeof(large)), &error));
	assert_string_equal(error.text, "f:1:1: the file is larger than 262144 bytes");
}

static void test_deep_nesting_ends_at_the_first_level_that_does_not_belong(void **state UNUSED)
{
	static char deep[200 * 1024];
	struct settings settings;
	struct settings_error error;

	memset(deep, '[', sizeof(deep));
	memcpy(deep, L "doors: ", sizeof(L "doors: ") - 1);
	assert_false(settings_parse(&settings, "f", span_of(deep, sizeof(deep)), &error));
	assert_non_null(strstr(error.text, "f:2:"));
}

static void test_a_long_file_name_is_cut_in_front(void **state UNUSED)
{
	char name[600];
	struct settings settings;
	struct settings_error error;

	memset(name, 'd', sizeof(name));
	memcpy(name + sizeof(name) - 12, "/p.yaml\0", 8);
	assert_false(settings_parse(&settings, name, SPAN_LIT("x: 1\n"), &error));
	assert_memory_equal(error.text, "...ddd", 6);
	assert_non_null(strstr(error.text, "/p.yaml:1:1: unknown key `x`"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yaml_that_two_people_may_read_differently),
		cmocka_unit_test(test_unknown_repeated_and_missing_keys),
		cmocka_unit_test(test_values_of_the_wrong_shape),
		cmocka_unit_test(test_values_out_of_range),
		cmocka_unit_test(test_doors_and_readers_that_do_not_fit_together),
		cmocka_unit_test(test_nul_bytes_and_size_are_refused),
		cmocka_unit_test(test_deep_nesting_ends_at_the_first_level_that_does_not_belong),
		cmocka_unit_test(test_a_long_file_name_is_cut_in_front),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
