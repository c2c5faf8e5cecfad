// SPDX-License-Identifier: Apache-2.0
/* The link to core: away, lost in the middle, back again, lying, slow; and too many requests at
 * once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "platform/link.h"
#include "platform/sandbox.h"
#include "with_gate.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STATUS "/cgi-bin/accessControl.cgi?action=getDoorStatus&channel=1"
#define REQUEST "GET " STATUS " HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD "\r\n"
#define ATTACH "/cgi-bin/eventManager.cgi?action=attach&codes=All"
#define WAIT_MS 5000
#define FENCES_NEEDED (FENCE_NO_NEW_PRIVS | FENCE_NOT_DUMPABLE | FENCE_SECCOMP)

static char answer[8192];

static int get(const char *target)
{
	const char *body;

	return rig_get(rig, target, answer, sizeof(answer), &body);
}

static void without_core_requests_are_told_to_come_back(void **state UNUSED)
{
	assert_int_equal(get(STATUS), 503);
	assert_non_null(strstr(answer, "Retry-After: 1\r\n"));
	assert_non_null(strstr(answer, "Error\r\nService Unavailable!\r\nDetail="));
	rig_link(rig);
	assert_int_equal(get(STATUS), 200);
}

static void a_request_that_core_dies_under_is_answered(void **state UNUSED)
{
	int fd = rig_connect(rig, 0);

	rig_link(rig);
	rig->model.silent = true;
	rig_send(rig, fd, REQUEST, strlen(REQUEST));
	rig_wait_count(rig, MESSAGE_AUTHENTICATE, 1);
	rig_unlink(rig);
	ssize_t len = rig_receive(fd, answer, sizeof(answer) - 1, WAIT_MS);

	assert_true(len > 0);
	answer[len] = '\0';
	assert_int_equal(rig_status(answer), 503);
	rig->model.silent = false;
	rig_link(rig);
	/* The same connection goes on. */
	rig_send(rig, fd, REQUEST, strlen(REQUEST));
	len = rig_receive(fd, answer, sizeof(answer) - 1, WAIT_MS);
	assert_true(len > 0);
	answer[len] = '\0';
	assert_int_equal(rig_status(answer), 200);
	close(fd);
}

static void streams_end_with_core_and_can_be_opened_again(void **state UNUSED)
{
	struct journal_entry entry = rig_access("1", "1");

	rig_link(rig);
	int fd = rig_stream(rig, ATTACH);

	rig_unlink(rig);
	assert_int_equal(rig_receive(fd, answer, sizeof(answer), WAIT_MS), 0);
	close(fd);
	rig_commit(rig, &entry, 1); /* while nobody listened */
	rig_link(rig);
	fd = rig_stream(rig, ATTACH "&afterSeq=0");
	ssize_t len = rig_receive(fd, answer, sizeof(answer) - 1, WAIT_MS);

	assert_true(len > 0);
	answer[len] = '\0';
	assert_non_null(strstr(answer, "\"Seq\" : 1,\n"));
	close(fd);
}

static void a_new_link_replaces_one_that_has_not_ended(void **state UNUSED)
{
	rig_link(rig);
	assert_int_equal(get(STATUS), 200);
	int old = dup(rig->core); /* stays open: a core that hangs */

	assert_true(old >= 0);
	rig_link(rig);
	assert_int_equal(get(STATUS), 200);
	close(old);
}

static void a_message_that_cannot_be_ends_the_link(void **state UNUSED)
{
	struct message_committed bad = {.header = {.type = MESSAGE_COMMITTED, .reserved = 1}};

	rig_link(rig);
	assert_int_equal(get(STATUS), 200);
	pthread_mutex_lock(&rig->lock);
	assert_int_equal(link_send(rig->core, &bad, sizeof(bad)), 0);
	pthread_mutex_unlock(&rig->lock);
	struct pollfd wait = {.fd = rig->core, .events = POLLRDHUP};

	assert_int_equal(poll(&wait, 1, WAIT_MS), 1); /* the gate has let go */
	assert_int_equal(get(STATUS), 503);
	rig_link(rig);
	assert_int_equal(get(STATUS), 200);
}

static void answers_nobody_asked_for_do_no_harm(void **state UNUSED)
{
	struct message_authenticated proof = {
		.header = {.type = MESSAGE_AUTHENTICATED, .request_id = 77}};
	struct message_record_rows rows = {
		.header = {.type = MESSAGE_RECORD_ROWS, .request_id = 78}, .last = true};
	struct message_stream stream = {
		.header = {.type = MESSAGE_STREAM, .request_id = 79}, .stream_id = 5};

	rig_link(rig);
	pthread_mutex_lock(&rig->lock);
	assert_int_equal(link_send(rig->core, &proof, message_size(&proof)), 0);
	assert_int_equal(link_send(rig->core, &rows, message_size(&rows)), 0);
	assert_int_equal(link_send(rig->core, &stream, message_size(&stream)), 0);
	pthread_mutex_unlock(&rig->lock);
	rig_wait_count(rig, MESSAGE_STREAM_CLOSE, 1); /* an unwanted stream is given back */
	assert_int_equal(get(STATUS), 200);
}

static void a_proof_for_another_row_than_was_read_is_not_used(void **state UNUSED)
{
	/* This core believes every request to be openDoor: the gate judged it as a reading one. */
	rig_link(rig);
	rig->model.lies_operation = true;
	assert_int_equal(get(STATUS), 400);
	assert_int_equal(rig_count(rig, MESSAGE_DOOR_COMMAND), 0);
}

static void requests_fill(int *fd, uint32_t count)
{
	rig_link(rig);
	rig->model.silent = true;
	for (uint32_t i = 0; i < count; i++) {
		fd[i] = rig_connect(rig, 0);
		rig_send(rig, fd[i], REQUEST, strlen(REQUEST));
	}
	rig_wait_count(rig, MESSAGE_AUTHENTICATE, count);
}

static void a_request_too_many_has_its_turn_when_another_is_answered(void **state UNUSED)
{
	int fd[57];
	struct message_result result = {
		.header = {.type = MESSAGE_RESULT, .request_id = 1}, /* a gate counts from 1 */
		.result = RESULT_STORE_FAILED,
	};

	requests_fill(fd, 56);
	fd[56] = rig_connect(rig, 0);
	rig_send(rig, fd[56], REQUEST, strlen(REQUEST));
	struct pollfd wait = {.fd = fd[56], .events = POLLIN};

	assert_int_equal(poll(&wait, 1, 100), 0); /* neither asked for nor answered */
	assert_int_equal(rig_count(rig, MESSAGE_AUTHENTICATE), 56);
	pthread_mutex_lock(&rig->lock);
	rig->model.silent = false;
	assert_int_equal(link_send(rig->core, &result, message_size(&result)), 0);
	pthread_mutex_unlock(&rig->lock);
	ssize_t len = rig_receive(fd[56], answer, sizeof(answer) - 1, WAIT_MS);

	assert_true(len > 0);
	answer[len] = '\0';
	assert_int_equal(rig_status(answer), 200);
	for (size_t i = 0; i < ARRAY_COUNT(fd); i++)
		close(fd[i]);
}

static void too_many_requests_at_once_are_refused_and_the_rest_served(void **state UNUSED)
{
	int fd[56];

	requests_fill(fd, ARRAY_COUNT(fd));
	assert_int_equal(get(STATUS), 503);
	assert_non_null(strstr(answer, "too many requests at once"));
	assert_int_equal(rig_count(rig, MESSAGE_AUTHENTICATE), ARRAY_COUNT(fd));
	rig_unlink(rig);
	for (size_t i = 0; i < ARRAY_COUNT(fd); i++) {
		assert_true(rig_receive(fd[i], answer, sizeof(answer), WAIT_MS) > 0);
		close(fd[i]);
	}
	rig->model.silent = false;
	rig_link(rig);
	assert_int_equal(get(STATUS), 200);
}

static void the_gate_ends_while_requests_and_streams_are_open(void **state UNUSED)
{
	rig_link(rig);
	int stream = rig_stream(rig, ATTACH);
	int waiting = rig_connect(rig, 0);

	rig->model.silent = true;
	rig_send(rig, waiting, REQUEST, strlen(REQUEST));
	rig_wait_count(rig, MESSAGE_AUTHENTICATE, 2);
	rig_free(rig); /* looks at the exit status */
	rig = rig_start(NULL);
	assert_int_equal(rig_receive(stream, answer, sizeof(answer), WAIT_MS), 0);
	close(stream);
	close(waiting);
}

static void the_role_is_fenced(void **state UNUSED)
{
	rig_link(rig);
	assert_true((rig->fences & FENCES_NEEDED) == FENCES_NEEDED);
}

static int setup(void **state UNUSED)
{
	rig = rig_start(NULL);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_GATE(without_core_requests_are_told_to_come_back),
		WITH_GATE(a_request_that_core_dies_under_is_answered),
		WITH_GATE(streams_end_with_core_and_can_be_opened_again),
		WITH_GATE(a_new_link_replaces_one_that_has_not_ended),
		WITH_GATE(a_message_that_cannot_be_ends_the_link),
		WITH_GATE(answers_nobody_asked_for_do_no_harm),
		WITH_GATE(a_proof_for_another_row_than_was_read_is_not_used),
		WITH_GATE(a_request_too_many_has_its_turn_when_another_is_answered),
		WITH_GATE(too_many_requests_at_once_are_refused_and_the_rest_served),
		WITH_GATE(the_gate_ends_while_requests_and_streams_are_open),
		WITH_GATE(the_role_is_fenced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
