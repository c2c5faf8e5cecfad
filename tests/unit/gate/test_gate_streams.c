// SPDX-License-Identifier: Apache-2.0
/* Event streams over real sockets: head, one part a read, resuming, dropping, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "with_gate.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ATTACH "/cgi-bin/eventManager.cgi?action=attach&codes=[AccessControl]"
#define SNAP "/cgi-bin/snapManager.cgi?action=attachFileProc&Flags[0]=Event&Events="
#define WAIT_MS 5000

static char part[65536];

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const char part_head[] = "--myboundary\r\nContent-Type: text/plain\r\nContent-Length:";

/* Bytes that came behind the part in hand. */
static char pending[65536];
static size_t pending_len;
static int pending_fd = -1;
static unsigned shared_reads; /* reads that did not hold exactly one part */

/* Length of the whole part at the front of pending, or 0. */
static size_t part_complete(void)
{
	pending[pending_len] = '\0';
	const char *body = strstr(pending, "\r\n\r\n");

	if (body == NULL)
		return 0;
	assert_memory_equal(pending, part_head, sizeof(part_head) - 1);
	size_t len = (size_t)(body + 4 - pending) +
		     strtoul(pending + sizeof(part_head) - 1, NULL, 10) + 4;

	return len <= pending_len ? len : 0;
}

/* The next part of this stream, whole, into part. */
static void part_read(int fd)
{
	if (fd != pending_fd)
		pending_len = 0; /* what is left of the other stream is not wanted */
	pending_fd = fd;
	size_t len = part_complete();

	while (len == 0) {
		ssize_t got = rig_receive(
			fd, pending + pending_len, sizeof(pending) - 1 - pending_len, WAIT_MS);

		assert_true(got > 0);
		pending_len += (size_t)got;
		len = part_complete();
		shared_reads += len != pending_len;
	}
	memcpy(part, pending, len);
	part[len] = '\0';
	pending_len -= len;
	memmove(pending, pending + len, pending_len);
	assert_memory_equal(part + len - 4, "\r\n\r\n", 4);
	assert_null(strstr(part + 1, "--myboundary"));
}

static void assert_body_begins(const char *begin)
{
	assert_true(strncmp(strstr(part, "\r\n\r\n") + 4, begin, strlen(begin)) == 0);
}

static void the_head_is_that_of_a_device(void **state UNUSED)
{
	static const char request[] =
		"GET " ATTACH " HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD "\r\n";
	int fd = rig_connect(rig, 0);
	int64_t begun = now_ms();

	rig_send(rig, fd, request, sizeof(request) - 1);
	ssize_t len = rig_receive(fd, part, sizeof(part) - 1, WAIT_MS);

	assert_true(len > 0);
	part[len] = '\0';
	assert_true(now_ms() - begun < 2000); /* at once, not with the first event */
	assert_int_equal(rig_status(part), 200);
	assert_non_null(
		strstr(part, "Content-Type: multipart/x-mixed-replace; boundary=myboundary\r\n"));
	assert_non_null(strstr(part, "Cache-Control: no-cache\r\n"));
	assert_null(strstr(part, "Content-Length"));
	assert_null(strstr(part, "Transfer-Encoding"));
	assert_memory_equal(part + strlen(part) - 4, "\r\n\r\n", 4);
	close(fd);
}

/*
 * On a busy machine this reader may come too late for one of the gaps, so one round of several must
 * be free of shared reads; without gaps none is.
 */
static void events_committed_at_once_come_one_a_read_in_order(void **state UNUSED)
{
	struct journal_entry entries[5];
	int fd = rig_stream(rig, ATTACH);
	char expected[32];
	unsigned clean_rounds = 0;

	for (unsigned i = 0; i < ARRAY_COUNT(entries); i++)
		entries[i] = rig_access("108", "12345");
	for (unsigned round = 0; round < 10; round++) {
		shared_reads = 0;
		rig_commit(rig, entries, ARRAY_COUNT(entries));
		for (unsigned i = 1; i <= ARRAY_COUNT(entries); i++) {
			part_read(fd);
			assert_body_begins("Code=AccessControl;action=Pulse;index=0;data={\n");
			snprintf(expected, sizeof(expected), "\"Seq\" : %u,\n", round * 5 + i);
			assert_non_null(strstr(part, expected));
			snprintf(expected, sizeof(expected), "\"RecNo\" : %u,\n",
				100 + round * 5 + i);
			assert_non_null(strstr(part, expected));
		}
		clean_rounds += shared_reads == 0;
	}
	assert_true(clean_rounds >= 1);
	assert_int_equal(rig_receive(fd, part, sizeof(part), 300), -1); /* no heartbeat asked */
	close(fd);
}

static void only_what_was_asked_for_is_sent(void **state UNUSED)
{
	struct journal_entry entries[3] = {
		rig_access("1", "1"), rig_access("2", "2"), rig_access("3", "3")};
	int doors = rig_stream(rig, SNAP "DoorStatus,NoSuchCode&channel=1");
	int all = rig_stream(rig, SNAP "%5BAll%5D");

	entries[1].kind = JOURNAL_DOOR_OPENED;
	entries[2].kind = JOURNAL_STORAGE_SLOW;
	rig_commit(rig, entries, 3);
	part_read(doors);
	assert_body_begins("Events[0].CardName=");
	assert_non_null(strstr(part, "\r\nEvents[0].Code=DoorStatus\r\n"));
	assert_non_null(strstr(part, "\r\nEvents[0].Status=Open\r\n"));
	assert_int_equal(rig_receive(doors, part, sizeof(part), 200), -1);
	part_read(all);
	assert_non_null(strstr(part, "Events[0].Code=AccessControl\r\n"));
	part_read(all);
	assert_non_null(strstr(part, "Events[0].Code=DoorStatus\r\n"));
	part_read(all);
	assert_non_null(strstr(part, "Events[0].Code=PosternSystem\r\n"));
	close(doors);
	close(all);
}

static void heartbeats_come_in_their_interval(void **state UNUSED)
{
	int64_t begun = now_ms();
	int fd = rig_stream(rig, ATTACH "&heartbeat=1");

	for (int i = 1; i <= 2; i++) {
		part_read(fd);
		assert_body_begins("Heartbeat");
		assert_in_range(now_ms() - begun, 1000 * i - 100, 1000 * i + 900);
	}
	close(fd);
}

static void values_out_of_range_are_refused(void **state UNUSED)
{
	static const char *const targets[] = {
		ATTACH "&heartbeat=0",
		ATTACH "&heartbeat=61",
		ATTACH "&heartbeat=",
		ATTACH "&channel=0",
		ATTACH "&channel=2",
		ATTACH "&afterSeq=1", /* nothing has happened yet */
		"/cgi-bin/eventManager.cgi?action=attach",
		"/cgi-bin/snapManager.cgi?action=attachFileProc&Events=All",
		"/cgi-bin/snapManager.cgi?action=attachFileProc&Flags[0]=Picture&Events=All",
	};
	const char *body;

	for (size_t i = 0; i < ARRAY_COUNT(targets); i++) {
		int status = rig_get(rig, targets[i], part, sizeof(part), &body);

		if (status != 400 || strncmp(body, "Error\r\nBad Request!\r\nDetail=", 28) != 0)
			fail_msg("%s: %s", targets[i], part);
	}
	rig_wait_count(rig, MESSAGE_STREAM_CLOSE, 1); /* of afterSeq: core had opened it */
	assert_int_equal(rig->model.streams_open, 0);
}

static void commit_many(uint32_t count)
{
	struct journal_entry entry = rig_access("9", "9");

	for (uint32_t i = 0; i < count; i++)
		rig_commit(rig, &entry, 1);
}

static void assert_next_seq(int fd, uint64_t seq)
{
	char expected[32];

	part_read(fd);
	snprintf(expected, sizeof(expected), "\"Seq\" : %llu,\n", (unsigned long long)seq);
	if (strstr(part, expected) == NULL)
		fail_msg("no %s in %s", expected, part);
}

static void a_stream_resumes_behind_a_seq_and_goes_on_live(void **state UNUSED)
{
	commit_many(50); /* more than two pages, from before anybody listened */
	int fd = rig_stream(rig, ATTACH "&afterSeq=5");

	for (uint64_t seq = 6; seq <= 50; seq++)
		assert_next_seq(fd, seq);
	commit_many(2);
	assert_next_seq(fd, 51);
	assert_next_seq(fd, 52);
	close(fd);
}

static void a_stream_resumes_behind_a_record(void **state UNUSED)
{
	commit_many(10);
	int fd = rig_stream(rig, ATTACH "&afterRecNo=108"); /* Seq 8 */

	assert_next_seq(fd, 9);
	assert_next_seq(fd, 10);
	commit_many(1);
	assert_next_seq(fd, 11);
	int newest = rig_stream(rig, ATTACH "&afterRecNo=111");

	commit_many(1);
	assert_next_seq(newest, 12);
	int oldest = rig_stream(rig, ATTACH "&afterRecNo=0");

	assert_next_seq(oldest, 1);
	close(fd);
	close(newest);
	close(oldest);
}

static void what_is_gone_from_the_journal_is_left_out(void **state UNUSED)
{
	commit_many(30);
	rig->model.oldest_seq = 21;
	int fd = rig_stream(rig, ATTACH "&afterSeq=1");

	assert_next_seq(fd, 21);
	close(fd);
}

static void closed_clients_are_noticed_and_core_is_told(void **state UNUSED)
{
	int fd = rig_stream(rig, ATTACH);
	int64_t begun = now_ms();

	close(fd);
	rig_wait_count(rig, MESSAGE_STREAM_CLOSE, 1);
	assert_true(now_ms() - begun < 3000);
}

static void one_stream_too_many_is_refused_and_a_closed_one_makes_room(void **state UNUSED)
{
	int first = rig_stream(rig, ATTACH);
	int second = rig_stream(rig, ATTACH);
	const char *body;

	assert_int_equal(rig_get(rig, ATTACH, part, sizeof(part), &body), 503);
	assert_non_null(strstr(body, "limits.streams"));
	close(first);
	rig_wait_count(rig, MESSAGE_STREAM_CLOSE, 1);
	close(rig_stream(rig, ATTACH));
	close(second);
}

static void a_stream_that_core_ends_is_closed(void **state UNUSED)
{
	int fd = rig_stream(rig, ATTACH);

	rig->model.streams_refused = true;
	commit_many(1);
	assert_int_equal(rig_receive(fd, part, sizeof(part), WAIT_MS), 0);
	close(fd);
}

/* It takes nothing: its socket fills, 3 heartbeats later it is gone, and others never noticed. */
static void a_slow_reader_is_dropped_and_others_go_on(void **state UNUSED)
{
	static const char slowly[] =
		"GET " ATTACH "&heartbeat=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD "\r\n";
	struct journal_entry entries[1000];
	int slow = rig_connect(rig, 2048);

	rig_send(rig, slow, slowly, sizeof(slowly) - 1);
	rig_wait_count(rig, MESSAGE_STREAM_OPEN, 1);
	int quick = rig_stream(rig, ATTACH);

	for (unsigned i = 0; i < ARRAY_COUNT(entries); i++)
		entries[i] = rig_access("108", "12345");
	rig_commit(rig, entries, ARRAY_COUNT(entries));
	for (uint64_t seq = 1; seq <= ARRAY_COUNT(entries); seq++)
		assert_next_seq(quick, seq);
	rig_wait_count(rig, MESSAGE_STREAM_CLOSE, 1);
	commit_many(1);
	assert_next_seq(quick, ARRAY_COUNT(entries) + 1);
	close(slow);
	close(quick);
}

static void few_streams(struct settings *settings)
{
	settings->streams_max = 2;
}

static int setup(void **state UNUSED)
{
	pending_fd = -1;
	rig = rig_start(NULL);
	rig_link(rig);
	return 0;
}

static int setup_few(void **state UNUSED)
{
	pending_fd = -1;
	rig = rig_start(few_streams);
	rig_link(rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_GATE(the_head_is_that_of_a_device),
		WITH_GATE(events_committed_at_once_come_one_a_read_in_order),
		WITH_GATE(only_what_was_asked_for_is_sent),
		WITH_GATE(heartbeats_come_in_their_interval),
		WITH_GATE(values_out_of_range_are_refused),
		WITH_GATE(a_stream_resumes_behind_a_seq_and_goes_on_live),
		WITH_GATE(a_stream_resumes_behind_a_record),
		WITH_GATE(what_is_gone_from_the_journal_is_left_out),
		WITH_GATE(closed_clients_are_noticed_and_core_is_told),
		cmocka_unit_test_setup_teardown(
			one_stream_too_many_is_refused_and_a_closed_one_makes_room, setup_few,
			teardown),
		WITH_GATE(a_stream_that_core_ends_is_closed),
		WITH_GATE(a_slow_reader_is_dropped_and_others_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
