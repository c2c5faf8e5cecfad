// SPDX-License-Identifier: Apache-2.0
/* Good settings: standards, the demo, every key, units, the shipped example, the description. */
#include "platform/settings.h"

#include "base/compiler.h"
#include "protocols/digest.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define DOOR "lines: simulated\ndoors: [{index: 0, id: front}]\n"

static void assert_text(struct span got, const char *wanted)
{
	assert_int_equal(got.len, strlen(wanted));
	assert_memory_equal(got.data, wanted, got.len);
}

static void parse(struct settings *settings, const char *yaml)
{
	struct settings_error error;

	if (!settings_parse(settings, "test.yaml", span_from_string(yaml), &error))
		fail_msg("%s", error.text);
	assert_string_equal(error.text, "");
}

static void test_defaults_are_the_documented_ones(void **state UNUSED)
{
	struct settings settings;

	settings_default(&settings);
	assert_false(settings.demo);
	assert_false(settings.clock_trust);
	assert_false(settings.simulated_lines);
	assert_int_equal(settings.digest_count, 2);
	assert_int_equal(settings.digest[0], DIGEST_MD5);
	assert_int_equal(settings.digest[1], DIGEST_SHA256);
	assert_int_equal(settings.http_name_count, 0);
	assert_text(text_span(&settings.http_address), "127.0.0.1:8080");
	assert_int_equal(settings.http_compat_count, 0);
	assert_false(settings.http_open_door);
	assert_int_equal(settings.https_address.len, 0);
	assert_text(text_span(&settings.machine_name), "postern");
	assert_text(text_span(&settings.state_dir), "/var/lib/postern");
	assert_int_equal(settings.commit_wait_ms, 100);
	assert_int_equal(settings.untrusted_clock, UNTRUSTED_CLOCK_ALLOW);
	assert_int_equal(settings.persons_max, 20000);
	assert_int_equal(settings.records_max, 1000000);
	assert_int_equal(settings.journal_max, 2000000);
	assert_int_equal(settings.streams_max, 64);
	assert_int_equal(settings.connections_max, 256);
	assert_int_equal(settings.connections_per_source_max, 64);
	assert_int_equal(settings.audit_max, 100000);
	assert_int_equal(settings.pin_digits, 0);
	assert_int_equal(settings.pin_key_gap_ms, 5000);
	assert_int_equal(settings.pin_second_ms, 10000);
	assert_int_equal(settings.pin_rule, PIN_RULE_REFUSE);
	assert_int_equal(settings.pin_alone_digits, 6);
	for (unsigned i = 0; i < DOORS_MAX; i++)
		assert_false(settings.door[i].config.configured);
	for (unsigned i = 0; i < READERS_MAX; i++)
		assert_false(settings.reader[i].config.configured);
}

static void test_a_door_has_the_standards(void **state UNUSED)
{
	struct settings settings;

	parse(&settings, DOOR);
	const struct door_settings *door = &settings.door[0];

	assert_text(text_span(&door->id), "front");
	assert_text(text_span(&door->name), "front");
	assert_true(door->config.configured);
	assert_int_equal(door->config.unlock_ms, 3000);
	assert_int_equal(door->config.held_open_ms, 30000);
	assert_int_equal(door->config.held_open_warning_ms, 5000);
	assert_int_equal(door->config.contact_debounce_ms, 50);
	assert_int_equal(door->config.forced_grace_ms, 500);
	assert_true(door->config.has_contact);
	assert_int_equal(door->config.slow_disk, SLOW_DISK_UNLOCK);
	assert_int_equal(door->config.rex, REX_UNLOCK);
	assert_int_equal(door->config.fail, FAIL_SECURE);
	assert_int_equal(door->config.open_by, OPEN_BY_CARD);
	assert_int_equal(door->config.open_by_schedule, SCHEDULE_ALWAYS);
	assert_true(settings.simulated_lines);
	assert_false(settings.clock_trust);
}

static void test_a_reader_has_the_standards_of_the_decoder(void **state UNUSED)
{
	struct settings settings;
	struct wiegand_limits limits;

	parse(&settings, DOOR "readers: [{number: 128, door: front}]\n");
	wiegand_limits_default(&limits);
	const struct reader_settings *reader = &settings.reader[127];

	assert_true(reader->config.configured);
	assert_int_equal(reader->config.door, 0);
	assert_int_equal(reader->config.side, SIDE_ENTRY);
	assert_int_equal(reader->format_count, 1);
	assert_text(text_span(&reader->format[0]), "W34");
	assert_int_equal(reader->limits.pulse_min_ns, limits.pulse_min_ns);
	assert_int_equal(reader->limits.pulse_max_ns, limits.pulse_max_ns);
	assert_int_equal(reader->limits.interval_min_ns, limits.interval_min_ns);
	assert_int_equal(reader->limits.gap_ns, limits.gap_ns);
	assert_false(settings.reader[0].config.configured);
}

static void test_the_demo_has_two_doors_and_six_readers(void **state UNUSED)
{
	static const struct {
		uint8_t door;
		uint8_t side;
	} wanted[] = {{0, SIDE_ENTRY}, {1, SIDE_ENTRY}, {0, SIDE_EXIT}, {1, SIDE_EXIT},
		{0, SIDE_ENTRY}, {1, SIDE_ENTRY}};
	struct settings settings;

	settings_demo(&settings);
	assert_true(settings.demo && settings.clock_trust && settings.simulated_lines);
	assert_int_equal(settings.state_dir.len, 0);
	assert_text(text_span(&settings.door[0].id), "door1");
	assert_text(text_span(&settings.door[1].id), "door2");
	for (unsigned i = 0; i < 2; i++) {
		assert_true(settings.door[i].config.configured);
		assert_true(settings.door[i].config.has_contact);
		assert_int_equal(settings.door[i].config.unlock_ms, 3000);
		assert_int_equal(settings.door[i].config.open_by, OPEN_BY_CARD_OR_PIN);
		assert_int_equal(settings.door[i].config.open_by_schedule, 100);
		assert_int_equal(settings.door[i].config.open_by_scheduled, OPEN_BY_CARD_AND_PIN);
	}
	assert_int_equal(settings.pin_rule, PIN_RULE_WITH_CARD);
	assert_int_equal(settings.pin_digits, 0);
	for (unsigned i = 0; i < READERS_MAX; i++) {
		const struct reader_settings *reader = &settings.reader[i];

		assert_int_equal(reader->config.configured, i < ARRAY_COUNT(wanted));
		if (i >= ARRAY_COUNT(wanted))
			continue;
		assert_int_equal(reader->config.door, wanted[i].door);
		assert_int_equal(reader->config.side, wanted[i].side);
		assert_int_equal(reader->format_count, 3);
		assert_text(text_span(&reader->format[0]), "W34");
		assert_text(text_span(&reader->format[1]), "W26");
		assert_text(text_span(&reader->format[2]), "W66");
		assert_int_equal(reader->limits.gap_ns, 25000000);
		assert_int_equal(reader->osdp.configured, i >= 4);
		assert_int_equal(reader->osdp.secure_channel, SECURE_CHANNEL_REQUIRED);
		assert_int_equal(reader->osdp.address, i >= 4 ? i - 4 : 0);
	}
	assert_int_equal(settings.osdp_line_count, 1);
	assert_true(settings_osdp_simulated(&settings.osdp_line[0]));
	assert_int_equal(settings_osdp_baud(&settings.osdp_line[0]), 115200);
	assert_false(settings.door[2].config.configured);
}

static const char every_key[] = "lines: simulated\n"
				"machine_name: 'Tür 1: \"Süd\"'\n"
				"state: /srv/postern\n"
				"clock: trust\n"
				"untrusted_clock: deny_dated\n"
				"commit_wait: 2s\n"
				"http:\n"
				"  listen: '[::1]:443'\n"
				"  names: [a.example.org, B]\n"
				"  digest: [sha-256]\n"
				"  compat_http: [10.0.0.0/8, 'fd00::/8']\n"
				"  open_door: yes\n"
				"  metrics: [127.0.0.1, 10.0.0.0/8]\n"
				"https:\n"
				"  listen: 0.0.0.0:8443\n"
				"  certificate: /etc/postern/a.crt\n"
				"  key: /etc/postern/a.key\n"
				"limits:\n"
				"  persons: 10000000\n"
				"  records: 1000\n"
				"  journal: 10000000000\n"
				"  streams: 7\n"
				"  connections: 8\n"
				"  connections_per_source: 8\n"
				"  audit: 1000\n"
				"pin:\n"
				"  digits: 12\n"
				"  key_gap: 500ms\n"
				"  second_factor: 1min\n"
				"  rule: with_card\n"
				"  alone_digits: 4\n"
				"readers:\n"
				"- number: 7\n"
				"  door: d-9_\n"
				"  side: exit\n"
				"  formats: [W66, W26, H10306]\n"
				"  gap: 100ms\n"
				"  pulse_min: 1us\n"
				"  pulse_max: 10ms\n"
				"  interval_min: 5ms\n"
				"doors:\n"
				"- index: 63\n"
				"  id: d-9_\n"
				"  name: yes\n"
				"  open_by: pin_then_card\n"
				"  open_by_schedule: 127\n"
				"  open_by_scheduled: card_and_pin\n"
				"  unlock: 10min\n"
				"  held_open: 24h\n"
				"  held_open_warning: 1h\n"
				"  contact: yes\n"
				"  contact_debounce: 399ms\n"
				"  forced_grace: 0s\n"
				"  rex: shunt\n"
				"  fail: safe\n"
				"  slow_disk: deny\n"
				"formats:\n"
				"- name: W47\n"
				"  bits: 47\n"
				"  card: 9-24,30-39\n"
				"  facility: [1-6, 7-8]\n"
				"  issue: 41-45\n"
				"  oem: 25-26\n"
				"  bit_order: lsb\n"
				"  byte_order: msb\n"
				"  standard_parity: no\n"
				"  parity: [0 even 1-23, 46 odd 24-45]\n"
				"  xor: 27-28 over 1-24\n"
				"  constant: 40=1\n"
				"  ignore: 29\n"
				"  facilities: [57, 58]\n"
				"  priority: 255\n";

static void test_every_key_lands_in_its_field(void **state UNUSED)
{
	struct settings settings;

	parse(&settings, every_key);
	assert_text(text_span(&settings.machine_name), "Tür 1: \"Süd\"");
	assert_text(text_span(&settings.state_dir), "/srv/postern");
	assert_true(settings.clock_trust);
	assert_int_equal(settings.untrusted_clock, UNTRUSTED_CLOCK_DENY_DATED);
	assert_int_equal(settings.commit_wait_ms, 2000);
	assert_text(text_span(&settings.http_address), "[::1]:443");
	assert_int_equal(settings.http_name_count, 2);
	assert_text(text_span(&settings.http_name[0]), "a.example.org");
	assert_text(text_span(&settings.http_name[1]), "B");
	assert_int_equal(settings.digest_count, 1);
	assert_int_equal(settings.digest[0], DIGEST_SHA256);
	assert_int_equal(settings.http_compat_count, 2);
	assert_true(settings.http_compat[0].v4 && settings.http_compat[0].bits == 104);
	assert_true(!settings.http_compat[1].v4 && settings.http_compat[1].address[0] == 0xfd);
	assert_true(settings.http_open_door);
	assert_int_equal(settings.http_metrics_count, 2);
	assert_true(settings.http_metrics[0].v4 && settings.http_metrics[0].bits == 128);
	assert_true(settings.http_metrics[1].v4 && settings.http_metrics[1].bits == 104);
	assert_text(text_span(&settings.https_address), "0.0.0.0:8443");
	assert_text(text_span(&settings.https_certificate), "/etc/postern/a.crt");
	assert_text(text_span(&settings.https_key), "/etc/postern/a.key");
	assert_int_equal(settings.persons_max, 10000000);
	assert_int_equal(settings.records_max, 1000);
	assert_true(settings.journal_max == 10000000000);
	assert_int_equal(settings.streams_max, 7);
	assert_int_equal(settings.connections_max, 8);
	assert_int_equal(settings.connections_per_source_max, 8);
	assert_int_equal(settings.audit_max, 1000);
	assert_int_equal(settings.pin_digits, 12);
	assert_int_equal(settings.pin_key_gap_ms, 500);
	assert_int_equal(settings.pin_second_ms, 60000);
	assert_int_equal(settings.pin_rule, PIN_RULE_WITH_CARD);
	assert_int_equal(settings.pin_alone_digits, 4);
}

static void test_every_key_of_doors_and_readers_lands_in_its_field(void **state UNUSED)
{
	struct settings settings;

	parse(&settings, every_key);
	const struct door_settings *door = &settings.door[63];
	const struct reader_settings *reader = &settings.reader[6];

	assert_text(text_span(&door->name), "yes");
	assert_int_equal(door->config.open_by, OPEN_BY_PIN_THEN_CARD);
	assert_int_equal(door->config.open_by_schedule, 127);
	assert_int_equal(door->config.open_by_scheduled, OPEN_BY_CARD_AND_PIN);
	assert_int_equal(door->config.unlock_ms, 600000);
	assert_int_equal(door->config.held_open_ms, 86400000);
	assert_int_equal(door->config.held_open_warning_ms, 3600000);
	assert_int_equal(door->config.contact_debounce_ms, 399);
	assert_int_equal(door->config.forced_grace_ms, 0);
	assert_int_equal(door->config.rex, REX_SHUNT);
	assert_int_equal(door->config.fail, FAIL_SAFE);
	assert_int_equal(door->config.slow_disk, SLOW_DISK_DENY);
	assert_int_equal(reader->config.door, 63);
	assert_int_equal(reader->config.side, SIDE_EXIT);
	assert_int_equal(reader->format_count, 3);
	assert_text(text_span(&reader->format[0]), "W66");
	assert_text(text_span(&reader->format[2]), "H10306");
	assert_int_equal(reader->limits.gap_ns, 100000000);
	assert_int_equal(reader->limits.pulse_min_ns, 1000);
	assert_int_equal(reader->limits.pulse_max_ns, 10000000);
	assert_int_equal(reader->limits.interval_min_ns, 5000000);
}

static void test_every_key_of_formats_lands_in_its_field(void **state UNUSED)
{
	struct settings settings;
	char memory[512];
	struct buf line = buf_over(memory, sizeof(memory));

	parse(&settings, every_key);
	assert_int_equal(settings.format_count, 1);
	card_format_print_line(&settings.format[0], &line);
	assert_text(buf_span(&line),
		"name=W47 bits=47 card=9-24,30-39 facility=1-6,7-8 issue=41-45 oem=25-26 "
		"bit_order=lsb parity=\"0 even 1-23; 46 odd 24-45\" xor=\"27-28 over 1-24\" "
		"constant=\"40=1\" ignore=29 facilities=57,58 priority=255");
}

static void test_units_are_exact(void **state UNUSED)
{
	static const struct {
		const char *text;
		uint32_t unlock_ms;
	} rows[] = {{"100ms", 100}, {"100000us", 100}, {"1s", 1000}, {"90s", 90000},
		{"10min", 600000}, {"599999ms", 599999}};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct settings settings;
		char yaml[128];

		snprintf(yaml, sizeof(yaml),
			"lines: simulated\ndoors: [{index: 0, id: a, unlock: %s}]\n", rows[i].text);
		parse(&settings, yaml);
		assert_int_equal(settings.door[0].config.unlock_ms, rows[i].unlock_ms);
	}
}

static void test_a_short_held_open_has_no_warning_by_itself(void **state UNUSED)
{
	struct settings settings;

	parse(&settings, "lines: simulated\ndoors: [{index: 0, id: a, held_open: 5s}]\n");
	assert_int_equal(settings.door[0].config.held_open_ms, 5000);
	assert_int_equal(settings.door[0].config.held_open_warning_ms, 0);
	parse(&settings, "lines: simulated\ndoors: [{index: 0, id: a, held_open: 0s}]\n");
	assert_int_equal(settings.door[0].config.held_open_ms, 0);
	assert_int_equal(settings.door[0].config.held_open_warning_ms, 0);
}

static void test_a_parse_forgets_the_settings_before(void **state UNUSED)
{
	struct settings settings;
	struct settings fresh;

	parse(&settings, every_key);
	parse(&settings, DOOR);
	memset(&fresh, 0xa5, sizeof(fresh));
	parse(&fresh, DOOR);
	assert_memory_equal(&settings, &fresh, sizeof(fresh));
}

static void test_the_shipped_example_is_read(void **state UNUSED)
{
	char path[4096];
	char yaml[16384];
	struct settings settings;
	struct settings_error error;
	const char *source = getenv("POSTERN_SOURCE");

	assert_non_null(source);
	snprintf(path, sizeof(path), "%s/packaging/posternd.yaml", source);
	FILE *file = fopen(path, "rb");

	assert_non_null(file);
	size_t len = fread(yaml, 1, sizeof(yaml), file);

	fclose(file);
	assert_true(len > 0 && len < sizeof(yaml));
	if (!settings_parse(&settings, path, span_of(yaml, len), &error))
		fail_msg("%s", error.text);
	assert_text(text_span(&settings.door[0].name), "Front door");
	assert_false(settings.door[1].config.has_contact);
	assert_int_equal(settings.door[1].config.slow_disk, SLOW_DISK_DENY);
	assert_int_equal(settings.reader[1].config.side, SIDE_EXIT);
	assert_int_equal(settings.panel[0].reader, 1);
	assert_int_equal(settings.reader[2].config.door, 1);
	assert_int_equal(settings.reader[0].format_count, 2);
}

static void test_the_controller_gets_doors_and_readers(void **state UNUSED)
{
	struct settings settings;
	static struct controller_config config;

	parse(&settings, every_key);
	memset(&config, 0, sizeof(config));
	config.zone.count = 3;
	settings_controller_config(&settings, &config);
	assert_memory_equal(&config.door[63], &settings.door[63].config, sizeof(config.door[63]));
	assert_false(config.door[0].configured);
	assert_int_equal(config.reader[6].door, 63);
	assert_int_equal(config.reader[6].side, SIDE_EXIT);
	assert_int_equal(config.commit_wait_ms, 2000);
	assert_int_equal(config.pin_digits, 12);
	assert_int_equal(config.pin_key_gap_ms, 500);
	assert_int_equal(config.pin_second_ms, 60000);
	assert_int_equal(config.untrusted_clock, UNTRUSTED_CLOCK_DENY_DATED);
	assert_int_equal(config.zone.count, 3);
}

static void test_doors_that_take_a_pin_alone_are_known(void **state UNUSED)
{
	static const struct {
		const char *door;
		bool alone;
	} rows[] = {
		{"open_by: card", false},
		{"open_by: pin", true},
		{"open_by: card_or_pin", true},
		{"open_by: card_then_pin", false},
		{"open_by: pin_then_card", false},
		{"open_by: card_and_pin", false},
		{"open_by_schedule: 0, open_by_scheduled: pin", true},
		{"open_by: pin, open_by_schedule: 7, open_by_scheduled: card", true},
		{"open_by_schedule: 7, open_by_scheduled: card_and_pin", false},
	};
	struct settings settings;
	char yaml[256];

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		snprintf(yaml, sizeof(yaml),
			"lines: simulated\ndoors:\n- {index: 0, id: a}\n- {index: 9, id: b, %s}\n",
			rows[i].door);
		parse(&settings, yaml);
		assert_int_equal(settings_pin_opens_alone(&settings), rows[i].alone);
	}
	settings_demo(&settings);
	assert_true(settings_pin_opens_alone(&settings));
	settings_default(&settings);
	settings.door[3].config.open_by = OPEN_BY_PIN; /* not configured */
	assert_false(settings_pin_opens_alone(&settings));
}

static void test_addresses(void **state UNUSED)
{
	struct sockaddr_storage address;
	const struct sockaddr_in *v4 = (const void *)&address;
	const struct sockaddr_in6 *v6 = (const void *)&address;
	socklen_t len;

	assert_true(settings_address_parse(SPAN_LIT("192.0.2.7:65535"), &address, &len));
	assert_int_equal(v4->sin_family, AF_INET);
	assert_int_equal(ntohs(v4->sin_port), 65535);
	assert_int_equal(ntohl(v4->sin_addr.s_addr), 0xc0000207);
	assert_int_equal(len, sizeof(*v4));
	assert_true(settings_address_parse(SPAN_LIT("[::1]:0"), &address, &len));
	assert_int_equal(v6->sin6_family, AF_INET6);
	assert_int_equal(v6->sin6_port, 0);
	assert_int_equal(len, sizeof(*v6));
	assert_true(IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr));

	static const char *const bad[] = {"", ":", ":80", "127.0.0.1", "127.0.0.1:", "127.1:80",
		"127.0.0.1:65536", "127.0.0.1:080", "127.0.0.1:-1", "localhost:80", "::1:80",
		"[::1]", "[::1]80", "[127.0.0.1]:80", "[]:80", "[:80", "127.0.0.1:80 ",
		"[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa]:1"};

	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		if (settings_address_parse(span_from_string(bad[i]), &address, &len))
			fail_msg("accepted: %s", bad[i]);
	}
}

static char *described(bool roff)
{
	static char text[32768];
	FILE *file = tmpfile();

	assert_non_null(file);
	settings_describe(roff, fileno(file));
	assert_int_equal(lseek(fileno(file), 0, SEEK_SET), 0);
	ssize_t len = read(fileno(file), text, sizeof(text) - 1);

	assert_true(len > 0 && (size_t)len < sizeof(text) - 1);
	text[len] = '\0';
	fclose(file);
	return text;
}

static void test_the_description_names_every_key_that_the_parser_knows(void **state UNUSED)
{
	struct span rest = span_of(every_key, sizeof(every_key) - 1);
	struct span line;

	while (span_next(&rest, '\n', &line)) {
		while (line.len > 0 && (line.data[0] == ' ' || line.data[0] == '-'))
			line = span_slice(line, 1, line.len);
		int key_len = (int)span_find(line, ':');
		char wanted[64];

		if (key_len == 0)
			continue;
		snprintf(wanted, sizeof(wanted), "%.*s:\n", key_len, line.data);
		assert_non_null(strstr(described(false), wanted));
		snprintf(wanted, sizeof(wanted), ".%s %.*s\n",
			line.len == (size_t)key_len + 1 ? "Ss" : "It Cm", key_len, line.data);
		assert_non_null(strstr(described(true), wanted));
	}
}

static void test_the_description_says_ranges_and_defaults(void **state UNUSED)
{
	char *plain = described(false);

	assert_non_null(strstr(plain,
		"  unlock:\n"
		"      How long a grant unlocks. Allowed: a time from 100ms to 10min, such as 3s.\n"
		"      Default: 3s.\n"));
	for (struct span rest = span_from_string(plain), line; span_next(&rest, '\n', &line);)
		assert_true(line.len <= 80);

	char *roff = described(true);

	assert_non_null(strstr(roff,
		".It Cm unlock\nHow long a grant unlocks.\nAllowed: a time from 100ms to 10min, "
		"such as 3s.\nDefault: 3s.\n"));
	for (struct span rest = span_from_string(roff), line; span_next(&rest, '\n', &line);)
		assert_true(rest.len == 0 || (line.len > 0 && line.data[0] != '\''));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_are_the_documented_ones),
		cmocka_unit_test(test_a_door_has_the_standards),
		cmocka_unit_test(test_a_reader_has_the_standards_of_the_decoder),
		cmocka_unit_test(test_the_demo_has_two_doors_and_six_readers),
		cmocka_unit_test(test_every_key_lands_in_its_field),
		cmocka_unit_test(test_every_key_of_doors_and_readers_lands_in_its_field),
		cmocka_unit_test(test_every_key_of_formats_lands_in_its_field),
		cmocka_unit_test(test_units_are_exact),
		cmocka_unit_test(test_doors_that_take_a_pin_alone_are_known),
		cmocka_unit_test(test_a_short_held_open_has_no_warning_by_itself),
		cmocka_unit_test(test_a_parse_forgets_the_settings_before),
		cmocka_unit_test(test_the_shipped_example_is_read),
		cmocka_unit_test(test_the_controller_gets_doors_and_readers),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_the_description_names_every_key_that_the_parser_knows),
		cmocka_unit_test(test_the_description_says_ranges_and_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
