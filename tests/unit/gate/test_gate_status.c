// SPDX-License-Identifier: Apache-2.0
/* Status and metrics as they are printed: alarms and their causes, labels that need quoting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "with_gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS "/cgi-bin/accessControl.cgi?action=getControllerStatus"
#define METRICS "/cgi-bin/accessControl.cgi?action=getMetrics"
#define UP_NS (INT64_C(5000) * NS_PER_S)

static char answer[256 * 1024];
static const char *body;

static void adjust(struct settings *settings)
{
	settings_demo(settings);
	settings->http_metrics_count = 1;
	assert_int_equal(cidr_parse(SPAN_LIT("127.0.0.0/8"), &settings->http_metrics[0]), CIDR_OK);
	assert_true(text_set(&settings->door[1].id, SPAN_LIT("a\"b\\c\nd")));
}

static void well(struct message_status *status)
{
	*status = (struct message_status){
		.utc_ms = INT64_C(1786441708042),
		.boot_ns = UP_NS,
		.started_ns = UP_NS - 90 * NS_PER_S,
		.clock_trusted = true,
		.last_rec_no = 41,
		.oldest_rec_no = 12,
		.persons = 3,
		.door_count = 2,
		.reader_count = 1,
	};
	status->door[0].state = (struct door_state){.configured = true};
	status->door[1] = (struct status_door){1, {.configured = true, .has_contact = true}};
	status->reader[0].number = 2;
	status->reader[0].counters = (struct wiegand_counters){
		.frames = 9, .short_frames = 1, .lost_edges = 2, .backward_edges = 4};
	status->latency[3].bucket[20] = 99; /* 32 units of 16 us and above */
	status->latency[3].bucket[63] = 1;
}

static int setup(void **state UNUSED)
{
	rig = rig_start(adjust);
	rig_link(rig);
	well(&rig->model.status);
	return 0;
}

static void get(const char *target)
{
	assert_int_equal(rig_get(rig, target, answer, sizeof(answer), &body), 200);
}

static void assert_line(const char *line, const char *end)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), "%s%s", line, end);
	if (strstr(body, text) == NULL)
		fail_msg("no line %s in:\n%s", line, body);
}

static void a_sound_controller_is_good(void **state UNUSED)
{
	get(STATUS);
	assert_true(strncmp(body, "good=true\r\n", 11) == 0);
	assert_line("clock.UTC=1786441708", "\r\nclock.UTCMS=42\r\n");
	assert_line("uptime=90", "\r\n");
	assert_line("sync.Count=100", "\r\nsync.P50US=640\r\nsync.P99US=640\r\n");
	assert_line("records.First=12", "\r\nrecords.Last=41\r\nrecords.Kept=30\r\n");
	assert_line("readers[0].Faults=7", "\r\n");
	assert_line("doors[1].Open=false", "\r\n");
	assert_null(strstr(body, "doors[0].Open")); /* it has no contact */
	assert_null(strstr(body, "backup."));
	assert_null(strstr(body, "DaysLeft"));
	assert_null(strstr(body, "certificate."));
	assert_null(strstr(body, "alarms["));
}

static void assert_alarm(const char *name)
{
	char line[128];

	get(STATUS);
	assert_true(strncmp(body, "good=false\r\n", 12) == 0);
	(void)snprintf(line, sizeof(line), "alarms[0].Name=%s", name);
	assert_line(line, "\r\n");
	assert_null(strstr(body, "alarms[1]"));
	get(METRICS);
	assert_line("\npostern_alarms 1", "\n");
	well(&rig->model.status);
}

static void each_cause_is_an_alarm_of_its_own(void **state UNUSED)
{
	struct message_status *status = &rig->model.status;

	status->clock_trusted = false;
	assert_alarm("ClockUntrusted");
	status->store_failed = true;
	assert_alarm("StoreFailed");
	status->slow_ns = UP_NS - 599 * NS_PER_S;
	assert_alarm("StorageSlow");
	status->persons = 20000;
	assert_alarm("PersonsFull");
	status->role[ROLE_GATE] = (struct status_role){3, UP_NS - 599 * NS_PER_S};
	assert_alarm("RoleRestarted");
	status->door[1].state.forced = true;
	assert_alarm("DoorForced");
	status->door[1].state.held = true;
	assert_alarm("DoorHeldOpen");
	status->door[0].state.tamper = true;
	assert_alarm("DoorTamper");
	status->reader[0].held[1] = true;
	assert_alarm("ReaderLineHeld");
	status->slow_ns = UP_NS - 600 * NS_PER_S; /* long ago */
	status->role[ROLE_CORE] = (struct status_role){1, UP_NS - 600 * NS_PER_S};
	get(STATUS);
	assert_true(strncmp(body, "good=true\r\n", 11) == 0);
	assert_line("roles[0].Restarts=1", "\r\nroles[0].LatestAgo=600\r\n");
}

static void labels_are_quoted_and_histograms_add_up(void **state UNUSED)
{
	rig->model.status.latency[3].sum_us = 1234567;
	get(METRICS);
	assert_line("postern_door_forced{door=\"a\\\"b\\\\c\\nd\"} 0", "\n");
	assert_line("postern_reader_faults_total{reader=\"2\",door=\"a\\\"b\\\\c\\nd\","
		    "fault=\"LostEdges\"} 2",
		"\n");
	assert_line("postern_disk_sync_seconds_bucket{le=\"0.000512\"} 0", "\n");
	assert_line("postern_disk_sync_seconds_bucket{le=\"0.001024\"} 99", "\n");
	assert_line("postern_disk_sync_seconds_bucket{le=\"0.524288\"} 99", "\n");
	assert_line("postern_disk_sync_seconds_bucket{le=\"+Inf\"} 100", "\n");
	assert_line("postern_disk_sync_seconds_sum 1.234567", "\n");
	assert_line("postern_disk_sync_seconds_count 100", "\n");
	assert_line("postern_uptime_seconds 90.000000", "\n");
}

/* Without the proof of an account: core must not be asked for one. */
static void metrics_alone_need_no_account(void **state UNUSED)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n"
				      "Connection: close\r\n\r\n";
	uint32_t proofs = rig_count(rig, MESSAGE_AUTHENTICATE);

	(void)rig_exchange(rig, request, strlen(request), answer, sizeof(answer));
	assert_int_equal(rig_status(answer), 200);
	assert_non_null(strstr(answer, "text/plain; version=0.0.4; charset=utf-8\r\n"));
	assert_non_null(strstr(answer, "\npostern_persons 3\n"));
	assert_int_equal(rig_count(rig, MESSAGE_AUTHENTICATE), proofs);
	assert_int_equal(rig_count(rig, MESSAGE_STATUS_QUERY), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_sound_controller_is_good, setup, teardown),
		cmocka_unit_test_setup_teardown(each_cause_is_an_alarm_of_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(
			labels_are_quoted_and_histograms_add_up, setup, teardown),
		cmocka_unit_test_setup_teardown(metrics_alone_need_no_account, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
