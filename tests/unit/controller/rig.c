// SPDX-License-Identifier: Apache-2.0
/* The harness of rig.h. Every wait has an end: a core that does not answer is a failed test. */
#include "rig.h"

#include "domain/card_format.h"
#include "messages/doors.h"
#include "messages/roles.h"
#include "platform/clock.h"
#include "platform/link.h"
#include "platform/role.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define FRAME_GAP_MS 30 /* more than the silence that ends a frame */
#define FD_FLOOR 100 /* our own descriptors stay clear of the roles' numbers */

static int high(int fd)
{
	assert_true(fd >= 0);
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, FD_FLOOR);

	assert_true(moved >= 0);
	close(fd);
	return moved;
}

static int shared_memory(const char *name, size_t size)
{
	int fd = high(memfd_create(name, MFD_CLOEXEC));

	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	return fd;
}

static void *map(int fd, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

static void store_options_of(const struct settings *settings, struct store_options *ret)
{
	*ret = (struct store_options){
		.records_max = settings->records_max,
		.journal_max = settings->journal_max,
		.audit_max = settings->audit_max,
		.persons_max = settings->persons_max,
	};
	for (unsigned i = 0; i < DOORS_MAX; i++) {
		ret->door[i].configured = settings->door[i].config.configured;
		ret->door[i].id = settings->door[i].id;
	}
}

static void account_make(struct rig *rig)
{
	static char realm[64];
	struct account account = {.role = ACCOUNT_ADMIN};
	struct store_options options;
	struct store_state state;
	struct store *store;

	store_options_of(&rig->settings, &options);
	assert_int_equal(store_open(rig->state_fd, &options, &store, NULL), 0);
	text_set(&account.name, SPAN_LIT("admin"));
	text_set(&account.password, SPAN_LIT("right horse"));
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_account_put(store, &account), 0);
	assert_int_equal(store_commit(store), 0);
	store_state(store, &state);
	store_close(store);
	snprintf(realm, sizeof(realm), "Login to %.*s", state.serial.len, state.serial.bytes);
	rig->client =
		(struct digest_client){.user = "admin", .password = "right horse", .realm = realm};
}

void rig_new(struct rig *rig)
{
	*rig = (struct rig){.control = -1, .gate = -1, .sim = -1};
	settings_demo(&rig->settings);
	rig->settings.door[0].config.unlock_ms = 400;
	/* Nobody is at the other end of an OSDP line here: test_bus.c has its own. */
	rig->settings.osdp_line_count = 0;
	rig->settings.reader[4].config.configured = false;
	rig->settings.reader[5].config.configured = false;
	rig->settings.reader[4].osdp.configured = false;
	rig->settings.reader[5].osdp.configured = false;
	strcpy(rig->state_dir, "/tmp/postern-core-XXXXXX");
	assert_non_null(mkdtemp(rig->state_dir));
	rig->state_fd = high(open(rig->state_dir, O_PATH | O_DIRECTORY | O_CLOEXEC));
	rig->settings_fd = shared_memory("settings", sizeof(rig->settings));
	rig->heartbeat_fd = shared_memory("heartbeat", sizeof(*rig->page));
	rig->board_fd = shared_memory("board", 0);
	rig->wake_fd = high(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	rig->page = map(rig->heartbeat_fd, sizeof(*rig->page));
	rig->board = board_map(rig->board_fd);
	assert_non_null(rig->board);
	account_make(rig);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static void rig_links_close(struct rig *rig)
{
	int *const ends[] = {&rig->control, &rig->gate, &rig->sim};

	for (size_t i = 0; i < ARRAY_COUNT(ends); i++) {
		if (*ends[i] >= 0)
			close(*ends[i]);
		*ends[i] = -1;
	}
}

void rig_kill(struct rig *rig)
{
	if (rig->pid > 0) {
		kill(rig->pid, SIGKILL);
		waitpid(rig->pid, NULL, 0);
	}
	rig->pid = 0;
	rig_links_close(rig);
}

void rig_free(struct rig *rig)
{
	const int fds[] = {
		rig->state_fd, rig->settings_fd, rig->heartbeat_fd, rig->board_fd, rig->wake_fd};

	rig_kill(rig);
	munmap(rig->page, sizeof(*rig->page));
	munmap(rig->board, sizeof(*rig->board));
	for (size_t i = 0; i < ARRAY_COUNT(fds); i++)
		close(fds[i]);
	nftw(rig->state_dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void socket_pair(int ends[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	ends[0] = high(ends[0]);
	ends[1] = high(ends[1]);
}

_Noreturn static void child(const struct rig *rig, int control)
{
	const struct {
		int from, to;
	} fds[] = {
		{control, ROLE_FD_CONTROL},
		{rig->settings_fd, ROLE_FD_SETTINGS},
		{rig->heartbeat_fd, ROLE_FD_HEARTBEAT},
		{rig->board_fd, ROLE_FD_BOARD},
		{rig->state_fd, ROLE_FD_STATE},
		{rig->wake_fd, ROLE_FD_WAKE},
	};

	for (size_t i = 0; i < ARRAY_COUNT(fds); i++)
		dup2(fds[i].from, fds[i].to);
	close_range(ROLE_FD_END, ~0u, 0);
	struct role_context context = {
		.role = ROLE_CORE,
		.settings = mmap(
			NULL, sizeof(struct settings), PROT_READ, MAP_SHARED, ROLE_FD_SETTINGS, 0),
		.heartbeat = mmap(NULL, sizeof(struct heartbeat_page), PROT_READ | PROT_WRITE,
			MAP_SHARED, ROLE_FD_HEARTBEAT, 0),
		.control = ROLE_FD_CONTROL,
	};

	_exit(core_main(&context));
}

/* Waits for a message; fails the test when none comes. */
static ssize_t receive_from(struct rig *rig, int socket)
{
	struct pollfd fd = {.fd = socket, .events = POLLIN};

	assert_int_equal(poll(&fd, 1, RIG_TIMEOUT_MS), 1);
	return link_receive(socket, rig->memory, NULL);
}

static int link_new(struct rig *rig, enum role peer)
{
	struct message_link message = {.header = {.type = MESSAGE_LINK}, .peer = peer};
	int ends[2];

	socket_pair(ends);
	assert_int_equal(link_send_fd(rig->control, &message, sizeof(message), ends[1]), 0);
	close(ends[1]);
	assert_int_equal(link_hello(ends[0], peer), 0);
	assert_true(receive_from(rig, ends[0]) > 0);
	assert_true(link_hello_matches(rig->memory, sizeof(struct message_hello), ROLE_CORE));
	return ends[0];
}

void rig_link_gate(struct rig *rig)
{
	if (rig->gate >= 0)
		close(rig->gate);
	rig->gate = link_new(rig, ROLE_GATE);
	rig->client.nonce[0] = 0;
}

void rig_start(struct rig *rig)
{
	int ends[2];

	assert_int_equal(pwrite(rig->settings_fd, &rig->settings, sizeof(rig->settings), 0),
		(ssize_t)sizeof(rig->settings));
	socket_pair(ends);
	rig->pid = fork();
	assert_true(rig->pid >= 0);
	if (rig->pid == 0)
		child(rig, ends[1]);
	close(ends[1]);
	rig->control = ends[0];
	assert_int_equal(receive_from(rig, rig->control), sizeof(struct message_ready));
	const struct message_ready *ready = (const void *)rig->memory;

	assert_int_equal(ready->header.type, MESSAGE_READY);
	rig->fences = ready->fences;
	rig->sim = link_new(rig, ROLE_SIM);
	rig_link_gate(rig);
}

const void *rig_receive(struct rig *rig)
{
	for (;;) {
		ssize_t len = receive_from(rig, rig->gate);
		const struct message_committed *message = (const void *)rig->memory;

		assert_true(len > 0);
		assert_int_equal(
			message_check(rig->memory, (size_t)len, ROLE_CORE, ROLE_GATE), MESSAGE_OK);
		if (message->header.type != MESSAGE_COMMITTED)
			return rig->memory;
		assert_true(message->last_seq > rig->committed_seq);
		rig->committed_seq = message->last_seq;
	}
}

void rig_wait_committed(struct rig *rig, uint64_t seq)
{
	while (rig->committed_seq < seq) {
		assert_true(receive_from(rig, rig->gate) > 0);
		const struct message_committed *message = (const void *)rig->memory;

		assert_int_equal(message->header.type, MESSAGE_COMMITTED);
		rig->committed_seq = message->last_seq;
	}
}

const void *rig_ask(struct rig *rig, void *message)
{
	struct message_header *header = message;

	header->request_id = ++rig->request_id;
	assert_int_equal(link_send(rig->gate, message, message_size(message)), 0);
	const struct message_header *answer = rig_receive(rig);

	assert_int_equal(answer->request_id, rig->request_id);
	return answer;
}

struct message_handle rig_handle(struct rig *rig, const char *target)
{
	static struct message_authenticate request;
	static char header[9000];

	if (rig->client.nonce[0] == 0) {
		client_request(&request, "GET", target, NULL);
		const struct message_unauthenticated *no = rig_ask(rig, &request);

		assert_int_equal(no->header.type, MESSAGE_UNAUTHENTICATED);
		client_challenged(&rig->client, &no->challenge[0]);
	}
	client_header(&rig->client, "GET", target, header, sizeof(header));
	client_request(&request, "GET", target, header);
	const struct message_authenticated *yes = rig_ask(rig, &request);

	assert_int_equal(yes->header.type, MESSAGE_AUTHENTICATED);
	return yes->handle;
}

static uint32_t result_of(const void *answer, uint64_t *ret_no)
{
	const struct message_result *result = answer;

	assert_int_equal(result->header.type, MESSAGE_RESULT);
	if (ret_no != NULL)
		*ret_no = result->no;
	return result->result;
}

uint32_t rig_insert(struct rig *rig, const char *user, const char *card, uint64_t *ret_no)
{
	struct message_person_write message = {
		.header = {.type = MESSAGE_PERSON_INSERT},
		.handle = rig_handle(
			rig, "/cgi-bin/recordUpdater.cgi?action=insert&name=AccessControlCard"),
		.fields = PERSON_FIELDS_ALL,
	};
	struct person *person = &message.person;

	text_set(&person->user_id, span_from_string(user));
	text_set(&person->card_no, span_from_string(card));
	person->is_valid = true;
	person->uses_left = USES_UNLIMITED;
	person->repeat_enter_timeout = UINT32_MAX;
	person->valid_from_s = VALID_FROM_ALWAYS;
	person->valid_to_s = VALID_TO_ALWAYS;
	person->doors[0] = (struct person_door){.door = 0, .has_door = true};
	return result_of(rig_ask(rig, &message), ret_no);
}

uint32_t rig_remove(struct rig *rig, uint64_t no)
{
	struct message_person_remove message = {
		.header = {.type = MESSAGE_PERSON_REMOVE},
		.handle = rig_handle(rig,
			"/cgi-bin/recordUpdater.cgi?action=remove&name=AccessControlCard&recno=1"),
		.no = no,
	};

	return result_of(rig_ask(rig, &message), NULL);
}

uint32_t rig_open_door(struct rig *rig, uint8_t door)
{
	struct message_door_command message = {
		.header = {.type = MESSAGE_DOOR_COMMAND},
		.handle = rig_handle(rig, "/cgi-bin/accessControl.cgi?action=openDoor&channel=1"),
		.door = door,
		.command = DOOR_COMMAND_OPEN,
	};

	text_set(&message.user_id, SPAN_LIT("101"));
	text_set(&message.type, SPAN_LIT("Remote"));
	return result_of(rig_ask(rig, &message), NULL);
}

static uint64_t stream_open(struct rig *rig)
{
	struct message_with_handle message = {
		.header = {.type = MESSAGE_STREAM_OPEN},
		.handle = rig_handle(rig, "/cgi-bin/eventManager.cgi?action=attach&codes=[All]"),
	};
	const struct message_stream *stream = rig_ask(rig, &message);

	assert_int_equal(stream->header.type, MESSAGE_STREAM);
	return stream->stream_id;
}

struct journal_entry *rig_journal(struct rig *rig, uint64_t after_seq, uint32_t *ret_count)
{
	struct message_stream_close end = {.header = {.type = MESSAGE_STREAM_CLOSE}};
	struct message_journal_fetch fetch = {
		.header = {.type = MESSAGE_JOURNAL_FETCH},
		.stream_id = stream_open(rig),
		.after_seq = after_seq,
		.limit = 1024,
	};
	struct journal_entry *entries = calloc(1024, sizeof(*entries));
	const struct message_record_rows *rows = rig_ask(rig, &fetch);
	uint32_t count = 0;

	while (rows->header.type == MESSAGE_RECORD_ROWS) {
		memcpy(entries + count, rows->row, rows->count * sizeof(*entries));
		count += rows->count;
		if (rows->last)
			break;
		rows = rig_receive(rig);
	}
	if (rows->header.type == MESSAGE_RESULT)
		assert_int_equal(result_of(rows, NULL), RESULT_STORE_FAILED);
	end.stream_id = fetch.stream_id;
	assert_int_equal(link_send(rig->gate, &end, sizeof(end)), 0);
	*ret_count = count;
	return entries;
}

struct journal_entry rig_wait_entry(struct rig *rig, uint64_t after_seq, enum journal_kind kind)
{
	struct journal_entry found = {0};

	while (found.seq == 0) {
		uint32_t count;
		struct journal_entry *entries = rig_journal(rig, after_seq, &count);

		for (uint32_t i = 0; i < count && found.seq == 0; i++) {
			if (entries[i].kind == kind)
				found = entries[i];
		}
		if (count > 0)
			after_seq = entries[count - 1].seq;
		free(entries);
		if (found.seq == 0)
			rig_wait_committed(rig, after_seq + 1);
	}
	return found;
}

void rig_edges(struct rig *rig, uint8_t reader, const struct card_bits *bits)
{
	struct message_line_events message = {.header = {.type = MESSAGE_LINE_EVENTS}};
	struct wiegand_edge edges[2 * CARD_BITS_MAX];
	int64_t length_ns = (bits->count + 1) * NS_PER_MS;
	int64_t free_ns = rig->edge_end_ns[reader] + FRAME_GAP_MS * NS_PER_MS;

	/* A reader sends one frame after the other. */
	while (clock_monotonic_ns() - length_ns < free_ns)
		(void)poll(NULL, 0, 5);
	int64_t start_ns = clock_monotonic_ns() - length_ns;
	size_t count = wiegand_edges(bits, start_ns, 50000, 1000000, edges, ARRAY_COUNT(edges));

	assert_int_equal(count, 2 * bits->count);
	for (size_t i = 0; i < count; i++)
		message.event[message.count++] = (struct line_event){
			.at_ns = edges[i].at_ns,
			.kind = edges[i].line == 0 ? LINE_DATA0 : LINE_DATA1,
			.at = reader,
			.level = edges[i].level,
		};
	rig->edge_end_ns[reader] = start_ns + length_ns;
	assert_int_equal(link_send(rig->sim, &message, message_size(&message)), 0);
}

void rig_card(struct rig *rig, uint8_t reader, uint64_t number)
{
	struct card_fields fields = {.card = number};
	struct card_bits bits;

	assert_int_equal(card_format_encode(card_format_find(SPAN_LIT("W34")), &fields, &bits),
		CARD_FORMAT_OK);
	rig_edges(rig, reader, &bits);
}

void rig_level(struct rig *rig, enum line_kind kind, uint8_t at, bool level)
{
	struct message_line_events message = {
		.header = {.type = MESSAGE_LINE_EVENTS},
		.count = 1,
		.event = {{clock_monotonic_ns(), (uint8_t)kind, at, level}},
	};

	assert_int_equal(link_send(rig->sim, &message, message_size(&message)), 0);
}

bool rig_wait_lock(struct rig *rig, uint8_t door, bool open)
{
	int64_t until_ns = clock_boot_ns() + RIG_TIMEOUT_MS * NS_PER_MS;
	struct pollfd wake = {.fd = rig->wake_fd, .events = POLLIN};

	while (board_lock_is_open(rig->board, door) != open && clock_boot_ns() < until_ns) {
		uint64_t count;

		/* Core wakes its supervisor around every move. */
		if (poll(&wake, 1, 10) == 1 && read(rig->wake_fd, &count, sizeof(count)) < 0)
			return false;
	}
	return board_lock_is_open(rig->board, door) == open;
}
