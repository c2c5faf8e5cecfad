// SPDX-License-Identifier: Apache-2.0
/* Role core as its neighbours see it: enrol, swipe, open, crash, full disk, end. */
#include "core.h"
#include "messages/roles.h"
#include "messages/status.h"
#include "rig.h"

#include "platform/clock.h"
#include "platform/link.h"
#include "platform/role.h"
#include "platform/sandbox.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

static int setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	rig_new(rig);
	rig_start(rig);
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	rig_free(*state);
	free(*state);
	return 0;
}

static void core_stands_behind_its_fences(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(rig->fences & (FENCE_NO_NEW_PRIVS | FENCE_SECCOMP),
		FENCE_NO_NEW_PRIVS | FENCE_SECCOMP);
	assert_true(atomic_load(&rig->page->beat_ns) != 0);
}

static uint32_t latencies(const _Atomic uint32_t *histogram)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < LATENCY_BUCKETS; i++)
		count += atomic_load(&histogram[i]);
	return count;
}

static void an_enrolled_card_opens_and_one_number_names_it_everywhere(void **state)
{
	struct rig *rig = *state;
	uint64_t no;

	assert_int_equal(rig_insert(rig, "101", "0123456", &no), RESULT_OK);
	assert_int_equal(no, 1);
	rig_card(rig, 1, 123456);
	assert_true(rig_wait_lock(rig, 0, true));
	assert_true(atomic_load(&rig->page->unlocked_until_ns[0]) > clock_boot_ns() - NS_PER_S);
	struct journal_entry record = rig_wait_entry(rig, 0, JOURNAL_ACCESS);

	assert_int_equal(record.rec_no, 1);
	assert_int_equal(record.reason, REASON_GRANTED);
	assert_int_equal(record.card_number, 123456);
	assert_true(text_is(&record.who.user_id, SPAN_LIT("101")));
	struct journal_entry outcome = rig_wait_entry(rig, 0, JOURNAL_DOOR_UNLOCKED);

	assert_int_equal(outcome.ref_rec_no, record.rec_no);
	rig_wait_committed(rig, outcome.seq);
	assert_int_equal(latencies(rig->page->decision_us), 1);
	assert_int_equal(latencies(rig->page->record_us), 2); /* access, unlocked */
	assert_int_equal(latencies(rig->page->unlock_us), 1);
	struct message_record_query query = {
		.header = {.type = MESSAGE_RECORD_QUERY},
		.handle = rig_handle(
			rig, "/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCardRec"),
		.limit = 10,
	};
	const struct message_record_rows *rows = rig_ask(rig, &query);

	assert_int_equal(rows->header.type, MESSAGE_RECORD_ROWS);
	assert_int_equal(rows->total, 1);
	assert_int_equal(rows->count, 1);
	assert_true(rows->last);
	assert_int_equal(rows->row[0].rec_no, record.rec_no);
	assert_int_equal(rows->row[0].seq, record.seq);
	assert_true(rig_wait_lock(rig, 0, false));
	assert_int_equal(board_lock_count(rig->board, 0), 1);
	assert_int_equal(atomic_load(&rig->page->unlocked_until_ns[0]), 0);
}

#define FRAMES_OF "/cgi-bin/accessControl.cgi?action=getReaderFrames&reader="

/* Asks until the newest frame is number last: rt may not be through with it. */
static const struct message_reader_frames *frames_ask(
	struct rig *rig, uint8_t reader, uint64_t after_no, uint32_t limit, uint64_t last)
{
	int64_t until_ns = clock_boot_ns() + 5 * NS_PER_S;

	for (;;) {
		struct message_reader_query query = {
			.header = {.type = MESSAGE_READER_QUERY},
			.handle = rig_handle(rig, FRAMES_OF "1"),
			.after_no = after_no,
			.limit = limit,
			.reader = reader,
		};
		const struct message_reader_frames *frames = rig_ask(rig, &query);

		assert_int_equal(frames->header.type, MESSAGE_READER_FRAMES);
		if (frames->last_no == last)
			return frames;
		while (!frames->last)
			frames = rig_receive(rig);
		assert_true(clock_boot_ns() < until_ns);
	}
}

static void frames_of_a_reader_are_looked_at_from_outside(void **state)
{
	struct rig *rig = *state;

	rig_card(rig, 1, 77);
	rig_card(rig, 2, 78);
	const struct message_reader_frames *frames = frames_ask(rig, 1, 0, 64, 2);

	assert_true(frames->last);
	assert_int_equal(frames->oldest_no, 1);
	assert_int_equal(frames->count, 1);
	assert_int_equal(frames->row[0].reader, 1);
	assert_int_equal(frames->row[0].verdict.reads, 1);
	assert_int_equal(frames->row[0].verdict.number, 77);
	assert_int_equal(frames->row[0].trace.edges_kept, 68);
	assert_true(frames->since_utc_ms > 0);
	assert_true(llabs(frames->row[0].utc_ms - frames->since_utc_ms) < 10000);
	uint64_t no = frames->row[0].no;

	assert_int_equal(frames_ask(rig, 1, no, 64, 2)->count, 0);
	/* More than one message holds: nothing is left out, nothing comes twice. */
	for (unsigned i = 0; i < MESSAGE_READER_FRAMES_MAX + 2; i++)
		rig_card(rig, 3, 100 + i);
	frames = frames_ask(rig, 3, 0, MESSAGE_READER_FRAMES_MAX + 1, 24);
	assert_int_equal(frames->count, MESSAGE_READER_FRAMES_MAX);
	assert_false(frames->last);
	uint64_t number = frames->row[frames->count - 1].verdict.number;

	assert_int_equal(number, 100 + MESSAGE_READER_FRAMES_MAX - 1);
	frames = rig_receive(rig);
	assert_int_equal(frames->count, 1);
	assert_true(frames->last);
	assert_int_equal(frames->row[0].verdict.number, number + 1);
}

static void frames_are_given_to_who_may_and_of_readers_there_are(void **state)
{
	struct rig *rig = *state;
	struct message_reader_query query = {
		.header = {.type = MESSAGE_READER_QUERY},
		.handle = rig_handle(
			rig, "/cgi-bin/accessControl.cgi?action=getDoorStatus&channel=1"),
		.limit = 64,
		.reader = 1,
	};
	const struct message_result *result = rig_ask(rig, &query);

	assert_int_equal(result->header.type, MESSAGE_RESULT);
	assert_int_equal(result->result, RESULT_BAD_HANDLE);
	query.handle = rig_handle(rig, FRAMES_OF "9");
	query.reader = 9;
	result = rig_ask(rig, &query);
	assert_int_equal(result->header.type, MESSAGE_RESULT);
	assert_int_equal(result->result, RESULT_NOT_FOUND);
}

static const struct message_status *status_ask(struct rig *rig, struct message_handle handle)
{
	struct message_with_handle query = {
		.header = {.type = MESSAGE_STATUS_QUERY},
		.handle = handle,
	};

	return rig_ask(rig, &query);
}

static void the_status_is_what_happened(void **state)
{
	struct rig *rig = *state;
	const char *target = "/cgi-bin/accessControl.cgi?action=getControllerStatus";
	uint64_t no;

	assert_int_equal(rig_insert(rig, "101", "77", &no), RESULT_OK);
	rig_card(rig, 1, 77);
	rig_card(rig, 1, 78);
	struct journal_entry first = rig_wait_entry(rig, 0, JOURNAL_ACCESS);
	struct journal_entry unlocked = rig_wait_entry(rig, 0, JOURNAL_DOOR_UNLOCKED);

	rig_wait_committed(rig, unlocked.seq);
	rig_wait_entry(rig, first.seq, JOURNAL_ACCESS);
	frames_ask(rig, 1, 0, 64, 2);
	atomic_store(&rig->page->role[ROLE_GATE].count, 5);
	const struct message_status *status = status_ask(rig, rig_handle(rig, target));

	assert_int_equal(status->header.type, MESSAGE_STATUS);
	assert_int_equal(status->persons, 1);
	assert_int_equal(status->last_rec_no, 2);
	assert_int_equal(status->oldest_rec_no, 1);
	assert_int_equal(status->decisions[REASON_GRANTED], 1);
	assert_int_equal(status->decisions[REASON_UNKNOWN_CARD], 1);
	assert_int_equal(status->entries[JOURNAL_ACCESS], 2);
	assert_int_equal(status->role[ROLE_GATE].ends, 5);
	assert_false(status->store_failed);
	assert_false(status->has_backup);
	assert_true(status->core_resident_bytes > 1 << 20);
	assert_true(status->latency[LATENCY_SYNC].sum_us > 0);
	assert_true(status->door[0].state.unlocked);
	assert_int_equal(status->reader[0].number, 1);
	/* A handle of zeros is for those whom http.metrics names, and here it names nobody. */
	const struct message_result *result =
		(const void *)status_ask(rig, (struct message_handle){{0}});

	assert_int_equal(result->header.type, MESSAGE_RESULT);
	assert_int_equal(result->result, RESULT_BAD_HANDLE);
}

static void latencies_are_counted(void **state)
{
	struct rig *rig = *state;
	uint32_t decisions = 0, unlocks = 0;
	uint64_t no;

	assert_int_equal(rig_insert(rig, "101", "77", &no), RESULT_OK);
	rig_card(rig, 1, 77);
	assert_true(rig_wait_lock(rig, 0, true));
	rig_wait_entry(rig, 0, JOURNAL_DOOR_UNLOCKED);
	for (uint32_t i = 0; i < LATENCY_BUCKETS; i++) {
		decisions += atomic_load(&rig->page->decision_us[i]);
		unlocks += atomic_load(&rig->page->unlock_us[i]);
	}
	assert_int_equal(decisions, 1);
	assert_int_equal(unlocks, 1);
}

static void a_removed_card_is_denied_from_the_answer_on(void **state)
{
	struct rig *rig = *state;
	uint64_t no;

	assert_int_equal(rig_insert(rig, "101", "4711", &no), RESULT_OK);
	assert_int_equal(rig_remove(rig, no), RESULT_OK);
	rig_card(rig, 1, 4711);
	struct journal_entry record = rig_wait_entry(rig, 0, JOURNAL_ACCESS);

	assert_int_equal(record.reason, REASON_UNKNOWN_CARD);
	assert_int_equal(board_lock_count(rig->board, 0), 0);
}

/* A row that the store reads while a use is being spent may not give it back. */
static void a_guest_opens_as_often_as_allowed_also_across_updates(void **state)
{
	struct rig *rig = *state;
	struct message_person_write update = {
		.header = {.type = MESSAGE_PERSON_UPDATE},
		.fields = PERSON_CARD_TYPE | PERSON_USES,
		.person = {.card_type = CARD_TYPE_GUEST,
			.uses_left = 2,
			.repeat_enter_timeout = UINT32_MAX},
	};
	static const char target[] =
		"/cgi-bin/recordUpdater.cgi?action=update&name=AccessControlCard&recno=1";
	static const uint8_t reasons[] = {REASON_GRANTED, REASON_GRANTED, REASON_USES_SPENT};
	uint64_t seq = 0;

	assert_int_equal(rig_insert(rig, "101", "4711", &update.person.no), RESULT_OK);
	for (size_t i = 0; i < ARRAY_COUNT(reasons); i++) {
		update.handle = rig_handle(rig, target);
		const struct message_result *result = rig_ask(rig, &update);

		assert_int_equal(result->result, RESULT_OK);
		update.fields = PERSON_NAME;
		rig_card(rig, (uint8_t)(i == 1 ? 3 : 1), 4711);
		struct journal_entry record = rig_wait_entry(rig, seq, JOURNAL_ACCESS);

		assert_int_equal(record.reason, reasons[i]);
		seq = record.seq;
	}
}

static void second_user_and_second_card_are_refused_by_name(void **state)
{
	struct rig *rig = *state;
	uint64_t no;

	assert_int_equal(rig_insert(rig, "101", "1", &no), RESULT_OK);
	assert_int_equal(rig_insert(rig, "101", "2", &no), RESULT_USER_EXISTS);
	assert_int_equal(rig_insert(rig, "102", "0001", &no), RESULT_CARD_EXISTS);
	assert_int_equal(rig_insert(rig, "102", "2", &no), RESULT_OK);
	assert_int_equal(no, 2);
}

static void clear_empties_the_index(void **state)
{
	struct rig *rig = *state;
	uint64_t no;

	assert_int_equal(rig_insert(rig, "101", "4711", &no), RESULT_OK);
	struct message_with_handle clear = {
		.header = {.type = MESSAGE_PERSON_CLEAR},
		.handle = rig_handle(
			rig, "/cgi-bin/recordUpdater.cgi?action=clear&name=AccessControlCard"),
	};
	const struct message_result *result = rig_ask(rig, &clear);

	assert_int_equal(result->result, RESULT_OK);
	assert_int_equal(rig_insert(rig, "102", "4712", &no), RESULT_OK);
	assert_int_equal(no, 2);
	rig_card(rig, 1, 4711);
	struct journal_entry record = rig_wait_entry(rig, 0, JOURNAL_ACCESS);

	assert_int_equal(record.reason, REASON_UNKNOWN_CARD);
	rig_card(rig, 3, 4712); /* another reader: its edges begin before the first card's end */
	record = rig_wait_entry(rig, record.seq, JOURNAL_ACCESS);
	assert_int_equal(record.reason, REASON_GRANTED);
}

static void open_door_is_answered_with_its_record_durable_and_the_line_moved(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(rig_open_door(rig, 0), RESULT_OK);
	assert_true(board_lock_is_open(rig->board, 0));
	rig_kill(rig);
	rig_start(rig);
	struct journal_entry record = rig_wait_entry(rig, 0, JOURNAL_COMMAND);

	assert_int_equal(record.rec_no, 1);
	assert_true(text_is(&record.account, SPAN_LIT("admin")));
	assert_true(text_is(&record.who.user_id, SPAN_LIT("101")));
	assert_int_equal(rig_open_door(rig, 40), RESULT_NOT_FOUND);
}

static void door_status_follows_lock_and_contact(void **state)
{
	struct rig *rig = *state;
	struct message_door_query query = {.header = {.type = MESSAGE_DOOR_STATUS}};
	static const char target[] = "/cgi-bin/accessControl.cgi?action=getDoorStatus&channel=1";

	query.handle = rig_handle(rig, target);
	const struct message_door_state *status = rig_ask(rig, &query);

	assert_int_equal(status->header.type, MESSAGE_DOOR_STATE);
	assert_false(status->state.unlocked);
	assert_int_equal(rig_open_door(rig, 0), RESULT_OK);
	query.handle = rig_handle(rig, target);
	status = rig_ask(rig, &query);
	assert_true(status->state.unlocked);
	rig_level(rig, LINE_CONTACT, 0, true);
	rig_wait_entry(rig, 0, JOURNAL_DOOR_OPENED);
	query.handle = rig_handle(rig, target);
	status = rig_ask(rig, &query);
	assert_true(status->state.open);
	query.handle = rig_handle(rig, target);
	query.door = 63;
	const struct message_result *result = rig_ask(rig, &query);

	assert_int_equal(result->result, RESULT_NOT_FOUND);
}

static void kill_and_restart_lose_nothing_and_leave_no_grant_without_outcome(void **state)
{
	struct rig *rig = *state;
	uint64_t no, records = 0;
	uint32_t count;

	assert_int_equal(rig_insert(rig, "101", "4711", &no), RESULT_OK);
	for (int round = 0; round < 6; round++) {
		rig_card(rig, 1, 4711);
		assert_true(rig_wait_lock(rig, 0, true));
		rig_kill(rig);
		assert_true(board_lock_is_open(rig->board, 0));
		rig_start(rig);
		assert_false(board_lock_is_open(rig->board, 0));
		assert_int_equal(board_lock_count(rig->board, 0), round + 1);
	}
	struct journal_entry *entries = rig_journal(rig, 0, &count);
	uint32_t granted = 0, outcomes = 0, restarts = 0;

	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(entries[i].seq, i + 1);
		if (entries[i].rec_no != 0)
			assert_int_equal(entries[i].rec_no, ++records);
		granted += entries[i].kind == JOURNAL_ACCESS;
		outcomes += entries[i].kind == JOURNAL_DOOR_UNLOCKED ||
			    entries[i].kind == JOURNAL_OUTCOME_UNKNOWN;
		restarts += entries[i].kind == JOURNAL_CORE_RESTARTED;
	}
	free(entries);
	assert_int_equal(granted, 6);
	assert_int_equal(outcomes, 6);
	assert_int_equal(restarts, 6);
}

static int exit_status(struct rig *rig)
{
	int status = -1;
	int64_t until_ns = clock_boot_ns() + RIG_TIMEOUT_MS * NS_PER_MS;

	while (waitpid(rig->pid, &status, WNOHANG) == 0 && clock_boot_ns() < until_ns)
		(void)poll(NULL, 0, 1);
	rig->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void the_end_of_the_supervisor_locks_pulsed_doors_and_ends_core(void **state)
{
	struct rig *rig = *state;
	uint64_t no;

	assert_int_equal(rig_insert(rig, "101", "4711", &no), RESULT_OK);
	rig_card(rig, 1, 4711);
	assert_true(rig_wait_lock(rig, 0, true));
	int64_t before_ns = clock_boot_ns();

	close(rig->control);
	rig->control = -1;
	assert_true(rig_wait_lock(rig, 0, false));
	assert_true(clock_boot_ns() - before_ns < 100 * NS_PER_MS);
	assert_int_equal(exit_status(rig), 0);
	assert_int_equal(atomic_load(&rig->page->unlocked_until_ns[0]), 0);
}

static void a_message_that_does_not_hold_ends_the_link_and_a_fresh_one_works(void **state)
{
	struct rig *rig = *state;
	struct message_header bad = {.type = MESSAGE_COMMITTED};
	struct pollfd fd = {.fd = rig->gate, .events = POLLIN};

	assert_int_equal(link_send(rig->gate, &bad, sizeof(bad)), 0);
	assert_int_equal(poll(&fd, 1, RIG_TIMEOUT_MS), 1);
	assert_int_equal(link_receive(rig->gate, rig->memory, NULL), 0);
	rig_link_gate(rig);
	assert_int_equal(rig_open_door(rig, 0), RESULT_OK);
}

static void nothing_is_served_before_a_matching_hello(void **state)
{
	struct rig *rig = *state;
	struct message_link message = {.header = {.type = MESSAGE_LINK}, .peer = ROLE_GATE};
	struct message_hello hello = {.header = {.type = MESSAGE_HELLO}, .role = ROLE_GATE};
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	assert_int_equal(link_send_fd(rig->control, &message, sizeof(message), ends[1]), 0);
	close(ends[1]);
	/* The right role of another build. */
	assert_int_equal(link_send(ends[0], &hello, sizeof(hello)), 0);
	struct pollfd fd = {.fd = ends[0], .events = POLLIN};

	assert_int_equal(poll(&fd, 1, RIG_TIMEOUT_MS), 1);
	assert_true(link_receive(ends[0], rig->memory, NULL) > 0); /* core's own hello */
	assert_int_equal(poll(&fd, 1, RIG_TIMEOUT_MS), 1);
	assert_int_equal(link_receive(ends[0], rig->memory, NULL), 0);
	close(ends[0]);
}

static void a_command_without_its_handle_is_refused_and_changes_nothing(void **state)
{
	struct rig *rig = *state;
	struct message_door_command command = {
		.header = {.type = MESSAGE_DOOR_COMMAND},
		.handle = {{1, 2, 3}},
		.command = DOOR_COMMAND_OPEN,
	};
	struct message_journal_fetch fetch = {
		.header = {.type = MESSAGE_JOURNAL_FETCH}, .stream_id = 1, .limit = 10};
	const struct message_result *result = rig_ask(rig, &command);

	assert_int_equal(result->result, RESULT_BAD_HANDLE);
	command.handle =
		rig_handle(rig, "/cgi-bin/accessControl.cgi?action=getDoorStatus&channel=1");
	result = rig_ask(rig, &command);
	assert_int_equal(result->result, RESULT_BAD_HANDLE);
	result = rig_ask(rig, &fetch);
	assert_int_equal(result->result, RESULT_BAD_HANDLE);
	assert_int_equal(board_lock_count(rig->board, 0), 0);
}

static void more_open_requests_than_allowed_are_answered_busy(void **state)
{
	struct rig *rig = *state;
	uint32_t answered = 0, busy = 0, rows = 0;
	struct message_with_handle open = {
		.header = {.type = MESSAGE_STREAM_OPEN},
		.handle = rig_handle(rig, "/cgi-bin/eventManager.cgi?action=attach&codes=[All]"),
	};
	const struct message_stream *stream = rig_ask(rig, &open);
	struct message_journal_fetch fetch = {
		.header = {.type = MESSAGE_JOURNAL_FETCH},
		.stream_id = stream->stream_id,
		.limit = 1024,
	};
	const uint32_t asked = 3 * MESSAGE_REQUESTS_MAX;

	for (uint32_t i = 0; i < 200; i++) /* an answer of several messages */
		rig_level(rig, LINE_TAMPER, 1, i % 2 == 0);
	rig_wait_committed(rig, 200);
	for (uint32_t i = 0; i < asked; i++) {
		fetch.header.request_id = 1000 + i;
		assert_int_equal(link_send(rig->gate, &fetch, sizeof(fetch)), 0);
	}
	while (answered < asked) {
		const struct message_header *header = rig_receive(rig);
		const struct message_result *result = (const void *)header;
		const struct message_record_rows *batch = (const void *)header;

		if (header->type == MESSAGE_RESULT) {
			assert_int_equal(result->result, RESULT_BUSY);
			busy++;
			answered++;
		} else {
			assert_int_equal(header->type, MESSAGE_RECORD_ROWS);
			rows += batch->last;
			answered += batch->last;
		}
	}
	assert_true(busy > 0);
	assert_true(rows >= MESSAGE_REQUESTS_MAX);
	assert_int_equal(rig_open_door(rig, 0), RESULT_OK);
}

static void noise_and_unreadable_frames_are_recorded_once(void **state)
{
	struct rig *rig = *state;
	struct card_bits frame = {.count = 26, .bytes = {0x80}}; /* W34 is expected here */
	struct card_bits noise = {.count = 2, .bytes = {0x80}};
	struct card_bits key = {.count = 4, .bytes = {0x50}};

	rig_edges(rig, 1, &frame);
	struct journal_entry record = rig_wait_entry(rig, 0, JOURNAL_ACCESS);

	assert_int_equal(record.reason, REASON_UNREADABLE);
	rig_edges(rig, 2, &noise);
	struct journal_entry entry = rig_wait_entry(rig, 0, JOURNAL_READER_NOISE);

	assert_int_equal(entry.reader, 2);
	assert_int_equal(entry.count, 1);
	rig_edges(rig, 4, &key); /* a keypad: no PIN yet */
	rig_card(rig, 3, 5);
	struct journal_entry next = rig_wait_entry(rig, entry.seq, JOURNAL_ACCESS);

	assert_int_equal(next.card_number, 5);
	assert_int_equal(next.rec_no, record.rec_no + 1);
}

static void sim_may_come_back_with_a_fresh_link(void **state)
{
	struct rig *rig = *state;
	struct message_link message = {.header = {.type = MESSAGE_LINK}, .peer = ROLE_SIM};
	uint64_t no;
	int ends[2];

	assert_int_equal(rig_insert(rig, "101", "4711", &no), RESULT_OK);
	close(rig->sim);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	rig->sim = ends[0];
	assert_int_equal(link_send_fd(rig->control, &message, sizeof(message), ends[1]), 0);
	close(ends[1]);
	assert_int_equal(link_hello(rig->sim, ROLE_SIM), 0);
	rig_card(rig, 1, 4711);
	assert_true(rig_wait_lock(rig, 0, true));
}

/* Another connection holds the database's write lock: commits wait, none fails. */
static void a_store_that_is_silent_for_two_seconds_counts_as_failed(void **state)
{
	struct rig *rig = *state;
	char path[128];
	sqlite3 *other;
	uint64_t no;

	assert_int_equal(rig_insert(rig, "101", "4711", &no), RESULT_OK);
	snprintf(path, sizeof(path), "%s/postern.db", rig->state_dir);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	rig_card(rig, 1, 4711);
	assert_true(rig_wait_lock(rig, 0, true)); /* slow_disk: unlock */
	assert_true(rig_wait_lock(rig, 0, false));
	(void)poll(NULL, 0, STORE_SILENCE_MS + 500);
	assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	struct journal_entry failed = rig_wait_entry(rig, 0, JOURNAL_STORE_FAILED);
	struct journal_entry back = rig_wait_entry(rig, failed.seq, JOURNAL_STORE_RECOVERED);

	assert_true(back.utc_ms - failed.utc_ms < 1500);
	rig_card(rig, 1, 4711);
	assert_true(rig_wait_lock(rig, 0, true));
}

/* A file size limit: every write of the database fails as on a full disk. */
static void disk_full(struct rig *rig, bool full)
{
	struct rlimit limit = {full ? 1 : RLIM_INFINITY, RLIM_INFINITY};

	assert_int_equal(prlimit(rig->pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

static void a_full_disk_keeps_doors_working_and_no_record_is_lost(void **state)
{
	struct rig *rig = *state;
	uint64_t no;
	uint32_t count;

	assert_int_equal(rig_insert(rig, "101", "4711", &no), RESULT_OK);
	disk_full(rig, true);
	rig_card(rig, 1, 4711);
	assert_true(rig_wait_lock(rig, 0, true));
	assert_true(rig_wait_lock(rig, 0, false));
	assert_int_equal(rig_insert(rig, "102", "4712", &no), RESULT_STORE_FAILED);
	rig_card(rig, 1, 4711);
	assert_true(rig_wait_lock(rig, 0, true));
	disk_full(rig, false);
	rig_wait_entry(rig, 0, JOURNAL_STORE_RECOVERED);
	struct journal_entry *entries = rig_journal(rig, 0, &count);
	uint32_t access = 0, failed = 0;

	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(entries[i].seq, i + 1);
		access += entries[i].kind == JOURNAL_ACCESS && entries[i].reason == REASON_GRANTED;
		failed += entries[i].kind == JOURNAL_STORE_FAILED;
	}
	free(entries);
	assert_int_equal(access, 2);
	assert_int_equal(failed, 1);
	assert_int_equal(rig_insert(rig, "102", "4712", &no), RESULT_OK);
	rig_card(rig, 1, 4712);
	struct journal_entry record = rig_wait_entry(rig, count, JOURNAL_ACCESS);

	assert_int_equal(record.reason, REASON_GRANTED);
	assert_int_equal(record.rec_no, 3);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(core_stands_behind_its_fences),
		CASE(an_enrolled_card_opens_and_one_number_names_it_everywhere),
		CASE(frames_of_a_reader_are_looked_at_from_outside),
		CASE(frames_are_given_to_who_may_and_of_readers_there_are),
		CASE(the_status_is_what_happened),
		CASE(latencies_are_counted),
		CASE(a_removed_card_is_denied_from_the_answer_on),
		CASE(a_guest_opens_as_often_as_allowed_also_across_updates),
		CASE(second_user_and_second_card_are_refused_by_name),
		CASE(clear_empties_the_index),
		CASE(open_door_is_answered_with_its_record_durable_and_the_line_moved),
		CASE(door_status_follows_lock_and_contact),
		CASE(kill_and_restart_lose_nothing_and_leave_no_grant_without_outcome),
		CASE(the_end_of_the_supervisor_locks_pulsed_doors_and_ends_core),
		CASE(a_message_that_does_not_hold_ends_the_link_and_a_fresh_one_works),
		CASE(nothing_is_served_before_a_matching_hello),
		CASE(a_command_without_its_handle_is_refused_and_changes_nothing),
		CASE(more_open_requests_than_allowed_are_answered_busy),
		CASE(noise_and_unreadable_frames_are_recorded_once),
		CASE(sim_may_come_back_with_a_fresh_link),
		CASE(a_store_that_is_silent_for_two_seconds_counts_as_failed),
		CASE(a_full_disk_keeps_doors_working_and_no_record_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
