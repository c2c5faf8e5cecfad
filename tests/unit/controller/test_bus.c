// SPDX-License-Identifier: Apache-2.0
/*
 * The bus thread with the real store thread and a real reader behind a pseudo terminal; the test is
 * rt, serve and the supervisor. What reaches rt, when keys are on disk, and what becomes of a port.
 */
#include "bus.h"
#include "messages/roles.h"
#include "pd.h"
#include "store_thread.h"

#include "platform/clock.h"
#include "platform/link.h"
#include "serial/serial.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define READER 7
#define ADDRESS 3
#define WAIT_NS (10 * NS_PER_S)

static const uint8_t key_a[READER_KEY_SIZE] = "\x9e\x11\x6c\xf0\x23\x7a\xd5\x48\xb1\x02\xee\x3d\x94"
					      "\x5f\x80\xc7";

struct fixture {
	struct settings settings;
	struct core core;
	struct role_context context;
	struct heartbeat_page page;
	char folder[64];
	int dir_fd;
	int control; /* the supervisor's end */
	pthread_t store_thread;
	pthread_t bus_thread;
	struct pd pd;
	bool pd_runs;
	int pending_at_keyset; /* rows on disk when the reader got its key */
	uint8_t reason; /* of the latest answer */
	const uint8_t *key; /* of orders that bring one */
};

/* --- the disk --- */

static int number_of(const char *folder, const char *sql)
{
	char path[128];
	sqlite3 *db;
	sqlite3_stmt *statement;

	(void)snprintf(path, sizeof(path), "%s/postern.db", folder);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_busy_timeout(db, 5000), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	int number = sqlite3_column_int(statement, 0);

	sqlite3_finalize(statement);
	sqlite3_close(db);
	return number;
}

static int keys_in(const struct fixture *f, int slot)
{
	char sql[80];

	(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM reader_key WHERE slot = %d", slot);
	return number_of(f->folder, sql);
}

static void store_begin_test(struct fixture *f)
{
	f->core.store_options =
		(struct store_options){.records_max = 1000, .journal_max = 2000, .persons_max = 10};
	f->core.store_options.door[0].configured = true;
	f->core.store_options.door[0].id = f->settings.door[0].id;
	assert_int_equal(store_open(f->dir_fd, &f->core.store_options, &f->core.store, NULL), 0);
}

/* A key as an earlier run left it. */
static void key_put(struct fixture *f, const uint8_t *key, bool promoted)
{
	static const struct reader_identity identity = {
		{0xca, 0x44, 0x6c}, 1, 0x0badcafe + ADDRESS};

	store_begin_test(f);
	assert_int_equal(store_begin(f->core.store), 0);
	assert_int_equal(store_reader_key_pend(f->core.store, READER, key), 0);
	if (promoted)
		assert_int_equal(store_reader_key_promote(f->core.store, READER, &identity), 0);
	assert_int_equal(store_commit(f->core.store), 0);
	f->core.store = store_close(f->core.store);
}

/* --- core around the bus --- */

static void core_begin(struct fixture *f)
{
	int ends[2];

	store_begin_test(f);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	f->control = ends[0];
	f->context = (struct role_context){.role = ROLE_CORE,
		.settings = &f->settings,
		.heartbeat = &f->page,
		.control = ends[1]};
	f->core.context = &f->context;
	f->core.settings = &f->settings;
	settings_controller_config(&f->settings, &f->core.config);
	atomic_store(&f->core.stopping, false);
	atomic_store(&f->core.rt_ended, false);
	(void)pthread_mutex_init(&f->core.reader_lock, NULL);
	assert_int_equal(core_rings_new(&f->core), 0);
	assert_int_equal(bus_new(&f->core, false, &f->core.bus), 0);
	assert_non_null(f->core.bus);
	assert_int_equal(pthread_create(&f->store_thread, NULL, store_run, &f->core), 0);
	assert_int_equal(pthread_create(&f->bus_thread, NULL, bus_run, f->core.bus), 0);
}

static void core_end(struct fixture *f)
{
	struct core *core = &f->core;
	struct spsc *const rings[] = {&core->commits, &core->changes, &core->orders,
		&core->command_answers, &core->writes, &core->write_answers, &core->audits,
		&core->queries, &core->query_answers, &core->bus_events, &core->bus_feedbacks,
		&core->bus_frames, &core->bus_orders, &core->bus_answers, &core->key_jobs,
		&core->key_results};
	const int fds[] = {core->rt_wake, core->store_wake, core->serve_wake, core->query_wake,
		core->applied_wake, core->bus_wake, f->control, f->context.control};

	atomic_store(&core->stopping, true);
	core_wake(core->bus_wake);
	assert_int_equal(pthread_join(f->bus_thread, NULL), 0);
	atomic_store(&core->rt_ended, true);
	core_wake(core->store_wake);
	assert_int_equal(pthread_join(f->store_thread, NULL), 0);
	core->bus = bus_free(core->bus);
	for (size_t i = 0; i < ARRAY_COUNT(rings); i++)
		free(rings[i]->slots);
	for (size_t i = 0; i < ARRAY_COUNT(fds); i++)
		(void)close(fds[i]);
	free(core->frames.words);
	memset(core, 0, sizeof(*core));
}

static void looked_at_disk(void *user)
{
	struct fixture *f = user;

	f->pending_at_keyset = keys_in(f, 1);
}

/* A fresh wire between bus and reader: the port's end becomes fd `at`, or is given back (-1). */
static int wire_new(int at, int *ret_port)
{
	int wire;
	int port;

	assert_int_equal(serial_pair(&wire, &port), 0);
	if (at >= 0) {
		assert_int_equal(dup3(port, at, O_CLOEXEC), at);
		(void)close(port);
		port = at;
	}
	*ret_port = port;
	return wire;
}

static void reader_begin(struct fixture *f, const uint8_t *key, bool secure)
{
	int port;

	pd_start(&f->pd, wire_new(ROLE_FD_PORTS, &port), ADDRESS, key, secure);
	f->pd.on_key_user = f;
	f->pd.on_key = looked_at_disk;
	f->pd_runs = true;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->folder, sizeof(f->folder), "/tmp/postern-bus-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->dir_fd = open(f->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->dir_fd >= 0);
	settings_demo(&f->settings);
	for (unsigned i = 0; i < READERS_MAX; i++)
		f->settings.reader[i].osdp.configured = false;
	f->settings.reader[READER - 1] = f->settings.reader[0];
	f->settings.reader[READER - 1].osdp =
		(struct reader_osdp){.configured = true, .address = ADDRESS};
	assert_true(text_set(&f->settings.osdp_line[0].port, SPAN_LIT("/dev/ttyTEST")));
	*state = f;
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	if (f->core.bus != NULL)
		core_end(f);
	if (f->pd_runs)
		pd_stop(&f->pd);
	(void)close(f->dir_fd);
	(void)nftw(f->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

/* --- what comes out --- */

/* The next event of that kind; others are passed over. */
static struct bus_event wait_event(struct fixture *f, enum bus_event_kind kind)
{
	int64_t until_ns = clock_boot_ns() + WAIT_NS;
	struct bus_event event;

	for (;;) {
		while (spsc_pop(&f->core.bus_events, &event)) {
			if (event.kind == kind)
				return event;
		}
		if (clock_boot_ns() > until_ns)
			fail_msg("no event of kind %d came", kind);
		core_wait(f->core.rt_wake, 100);
	}
}

static void wait_state(struct fixture *f, enum reason reason)
{
	struct bus_event event = wait_event(f, BUS_EVENT_STATE);

	while (event.reason != reason)
		event = wait_event(f, BUS_EVENT_STATE);
	assert_int_equal(event.reader, READER);
}

/* What waited in the reader before its first empty answer is dropped as old: that is past. */
static void settle(struct fixture *f)
{
	uint64_t from = pd_commands(&f->pd);
	int64_t until_ns = clock_boot_ns() + WAIT_NS;

	while (pd_commands(&f->pd) < from + 10) {
		assert_true(clock_boot_ns() < until_ns);
		(void)poll(NULL, 0, 5);
	}
}

static void wait_online(struct fixture *f)
{
	wait_state(f, REASON_NONE);
	settle(f);
}

static enum result order(struct fixture *f, enum bus_order_kind kind)
{
	static uint32_t slot;
	struct bus_order order = {.kind = (uint8_t)kind,
		.reader = READER,
		.window_s = 30,
		.slot = ++slot % REQUEST_SLOTS};
	struct answer answer;
	int64_t until_ns = clock_boot_ns() + WAIT_NS;

	(void)text_set(&order.asker.account, SPAN_LIT("anna"));
	if (f->key != NULL)
		memcpy(order.key, f->key, sizeof(order.key));
	assert_true(spsc_push(&f->core.bus_orders, &order));
	core_wake(f->core.bus_wake);
	while (!spsc_pop(&f->core.bus_answers, &answer)) {
		assert_true(clock_boot_ns() < until_ns);
		core_wait(f->core.serve_wake, 100);
	}
	assert_int_equal(answer.slot, order.slot);
	f->reason = answer.reason;
	return (enum result)answer.result;
}

static void assert_refused(struct fixture *f, enum bus_order_kind kind, enum reader_refusal refusal)
{
	int rows = number_of(f->folder, "SELECT count(*) FROM audit");

	assert_int_equal(order(f, kind), RESULT_READER);
	assert_int_equal(f->reason, refusal);
	assert_int_equal(number_of(f->folder, "SELECT count(*) FROM audit"), rows);
}

static int acts_in(const struct fixture *f, enum audit_act act)
{
	char sql[160];

	(void)snprintf(sql, sizeof(sql),
		"SELECT count(*) FROM audit WHERE act = %d AND account = 'anna' AND"
		" target = 'reader 7'",
		(int)act);
	return number_of(f->folder, sql);
}

static const struct card_bits card = {.count = 26, .bytes = {0x12, 0x34, 0x56, 0xc0}};

static void assert_card(struct fixture *f)
{
	assert_true(pd_card(&f->pd, &card));
	struct bus_event event = wait_event(f, BUS_EVENT_CARD);

	assert_int_equal(event.reader, READER);
	assert_int_equal(event.bits.count, 26);
	assert_memory_equal(event.bits.bytes, card.bytes, sizeof(card.bytes));
}

/* Nothing that a person did at the reader comes for a while. */
static void assert_silence(struct fixture *f, int64_t ns)
{
	int64_t until_ns = clock_boot_ns() + ns;
	struct bus_event event;

	while (clock_boot_ns() < until_ns) {
		while (spsc_pop(&f->core.bus_events, &event)) {
			assert_int_not_equal(event.kind, BUS_EVENT_CARD);
			assert_int_not_equal(event.kind, BUS_EVENT_KEY);
			assert_int_not_equal(event.kind, BUS_EVENT_TAMPER);
		}
		core_wait(f->core.rt_wake, 20);
	}
}

/* --- the tests --- */

static void in_clear_everything_of_a_reader_comes(void **state)
{
	struct fixture *f = *state;

	f->settings.reader[READER - 1].osdp.secure_channel = SECURE_CHANNEL_OFF;
	reader_begin(f, NULL, false);
	core_begin(f);
	wait_online(f);
	assert_card(f);
	assert_true(pd_keys(&f->pd, "7*#0"));
	assert_int_equal(wait_event(f, BUS_EVENT_KEY).key, 7);
	assert_int_equal(wait_event(f, BUS_EVENT_KEY).key, KEY_STAR);
	assert_int_equal(wait_event(f, BUS_EVENT_KEY).key, KEY_HASH);
	assert_int_equal(wait_event(f, BUS_EVENT_KEY).key, 0);
	pd_tamper(&f->pd, true);
	assert_true(wait_event(f, BUS_EVENT_TAMPER).on);
	pd_tamper(&f->pd, false);
	assert_false(wait_event(f, BUS_EVENT_TAMPER).on);
	struct bus_status status;

	assert_true(bus_status_get(&f->core, READER, &status));
	assert_false(bus_status_get(&f->core, 1, &status));
	assert_refused(f, BUS_ORDER_PAIR, READER_IN_CLEAR);
}

static void without_a_key_nothing_is_believed(void **state)
{
	struct fixture *f = *state;

	reader_begin(f, NULL, false); /* it would tell everything in clear */
	core_begin(f);
	wait_state(f, REASON_READER_NOT_PAIRED);
	assert_true(pd_card(&f->pd, &card));
	assert_true(pd_keys(&f->pd, "1"));
	pd_tamper(&f->pd, true);
	assert_silence(f, NS_PER_S);
}

static void a_key_is_on_disk_before_the_reader_gets_it(void **state)
{
	struct fixture *f = *state;
	struct bus_status status;

	reader_begin(f, NULL, true);
	pd_install(&f->pd, true);
	core_begin(f);
	wait_state(f, REASON_READER_NOT_PAIRED);
	assert_refused(f, BUS_ORDER_ROTATE, READER_NOT_SECURE);
	assert_refused(f, BUS_ORDER_PAIR_CANCEL, READER_NO_PAIRING);
	assert_int_equal(order(f, BUS_ORDER_PAIR), RESULT_OK);
	assert_int_equal(wait_event(f, BUS_EVENT_PAIRED).reader, READER);
	assert_int_equal(pd_keysets(&f->pd), 1);
	assert_int_equal(f->pending_at_keyset, 1);
	assert_int_equal(keys_in(f, 0), 1);
	assert_int_equal(keys_in(f, 1), 0);
	assert_int_equal(acts_in(f, AUDIT_READER_PAIR), 1);
	settle(f);
	assert_card(f);
	assert_int_equal(pd_link(&f->pd), OSDP_DEVICE_SECURE);
	int64_t until_ns = clock_boot_ns() + WAIT_NS;

	do {
		assert_true(clock_boot_ns() < until_ns);
		(void)poll(NULL, 0, 20);
		assert_true(bus_status_get(&f->core, READER, &status));
	} while (status.reader.state != OSDP_STATE_ONLINE || status.pairing != BUS_PAIRING_NONE);
	assert_true(status.has_key && status.reader.secure && status.port);
	assert_int_equal(status.reader.identity.serial, 0x0badcafe + ADDRESS);
	/* The same key after a restart, on both sides. */
	uint8_t held[READER_KEY_SIZE];

	memcpy(held, f->pd.latest, sizeof(held));
	core_end(f);
	int port;

	pd_plug(&f->pd, wire_new(ROLE_FD_PORTS, &port));
	core_begin(f);
	wait_online(f);
	assert_card(f);
	assert_int_equal(pd_keysets(&f->pd), 1);
	assert_memory_equal(held, f->pd.latest, sizeof(held));
}

static void a_key_is_changed_within_the_channel(void **state)
{
	struct fixture *f = *state;

	key_put(f, key_a, true);
	reader_begin(f, key_a, true);
	core_begin(f);
	wait_online(f);
	assert_refused(f, BUS_ORDER_PAIR, READER_HAS_KEY);
	assert_int_equal(order(f, BUS_ORDER_ROTATE), RESULT_OK);
	assert_int_equal(acts_in(f, AUDIT_READER_ROTATE), 1);
	(void)wait_event(f, BUS_EVENT_PAIRED);
	assert_int_equal(pd_keysets(&f->pd), 1);
	assert_int_equal(f->pending_at_keyset, 1);
	assert_int_equal(keys_in(f, 0), 1);
	assert_int_equal(keys_in(f, 1), 0);
	assert_memory_not_equal(f->pd.latest, key_a, READER_KEY_SIZE);
	settle(f);
	assert_card(f);
}

/* Core died between KEYSET and the note that it worked. */
static void a_pending_key_that_the_reader_holds_becomes_the_key(void **state)
{
	struct fixture *f = *state;

	key_put(f, key_a, false);
	reader_begin(f, key_a, true);
	core_begin(f);
	(void)wait_event(f, BUS_EVENT_PAIRED);
	assert_int_equal(keys_in(f, 0), 1);
	assert_int_equal(keys_in(f, 1), 0);
	settle(f);
	assert_card(f);
}

/* The vendor's tool has loaded it; until it has proved itself the old one stays. */
static void a_key_that_was_loaded_elsewhere_takes_over_when_it_works(void **state)
{
	struct fixture *f = *state;
	static const uint8_t known[READER_KEY_SIZE] = "0123456789:;<=>?";
	uint8_t other[READER_KEY_SIZE];

	memcpy(other, key_a, sizeof(other));
	other[5] ^= 0x40;
	key_put(f, key_a, true);
	reader_begin(f, key_a, true);
	core_begin(f);
	wait_online(f);
	f->key = known;
	assert_refused(f, BUS_ORDER_KEY, READER_KEY_WEAK);
	f->key = other;
	assert_int_equal(order(f, BUS_ORDER_KEY), RESULT_OK);
	assert_int_equal(acts_in(f, AUDIT_READER_KEY), 1);
	assert_int_equal(keys_in(f, 0), 1);
	assert_int_equal(keys_in(f, 1), 1);
	settle(f);
	assert_card(f);
	pd_set_key(&f->pd, other);
	pd_swap(&f->pd, 0x0badcafe + ADDRESS);
	(void)wait_event(f, BUS_EVENT_PAIRED);
	assert_int_equal(keys_in(f, 0), 1);
	assert_int_equal(keys_in(f, 1), 0);
	assert_int_equal(pd_keysets(&f->pd), 0);
	settle(f);
	assert_card(f);
}

/* Nobody answers in install mode: the window is closed by order, and that is in the audit. */
static void a_window_is_closed_by_order(void **state)
{
	struct fixture *f = *state;
	struct bus_status status;

	reader_begin(f, key_a, true);
	core_begin(f);
	wait_state(f, REASON_READER_NOT_PAIRED);
	assert_int_equal(order(f, BUS_ORDER_PAIR), RESULT_OK);
	assert_true(bus_status_get(&f->core, READER, &status));
	assert_int_equal(status.pairing, BUS_PAIRING_WIRE);
	assert_true(status.window_until_ns > clock_boot_ns());
	assert_refused(f, BUS_ORDER_PAIR, READER_PAIRING);
	assert_refused(f, BUS_ORDER_UNPAIR, READER_PAIRING);
	assert_int_equal(order(f, BUS_ORDER_PAIR_CANCEL), RESULT_OK);
	assert_true(bus_status_get(&f->core, READER, &status));
	assert_int_equal(status.pairing, BUS_PAIRING_NONE);
	assert_int_equal(status.pair_failed, OSDP_WHY_WINDOW);
	assert_int_equal(order(f, BUS_ORDER_UNPAIR), RESULT_OK); /* behind the cancel's row */
	assert_int_equal(acts_in(f, AUDIT_READER_PAIR_CANCEL), 1);
	assert_int_equal(keys_in(f, 0) + keys_in(f, 1), 0);
	assert_int_equal(pd_keysets(&f->pd), 0);
}

static void answer_lost(void *user)
{
	struct fixture *f = user;

	looked_at_disk(f);
	f->pd.mute = true;
}

/* A first pairing whose KEYSET is taken, and whose answer is lost. */
static void pair_without_answer(struct fixture *f)
{
	int64_t until_ns = clock_boot_ns() + WAIT_NS;

	reader_begin(f, NULL, true);
	f->pd.on_key = answer_lost;
	pd_install(&f->pd, true);
	core_begin(f);
	wait_state(f, REASON_READER_NOT_PAIRED);
	assert_int_equal(order(f, BUS_ORDER_PAIR), RESULT_OK);
	while (pd_keysets(&f->pd) == 0) {
		assert_true(clock_boot_ns() < until_ns);
		(void)poll(NULL, 0, 5);
	}
	assert_int_equal(f->pending_at_keyset, 1);
}

static void assert_first_key_holds(struct fixture *f)
{
	uint8_t held[READER_KEY_SIZE];
	int port;

	(void)wait_event(f, BUS_EVENT_PAIRED);
	assert_int_equal(pd_keysets(&f->pd), 1);
	assert_true(pd_key(&f->pd, held));
	assert_memory_equal(held, f->pd.latest, sizeof(held));
	assert_int_equal(keys_in(f, 0), 1);
	assert_int_equal(keys_in(f, 1), 0);
	pd_power_cycle(&f->pd);
	core_end(f);
	pd_plug(&f->pd, wire_new(ROLE_FD_PORTS, &port));
	core_begin(f);
	wait_online(f);
	assert_card(f);
}

/* Paired again at once: the key that the reader took is still there, and is the one. */
static void a_second_pairing_finds_the_key_of_the_first(void **state)
{
	struct fixture *f = *state;

	pair_without_answer(f);
	assert_int_equal(order(f, BUS_ORDER_PAIR_CANCEL), RESULT_OK);
	assert_int_equal(keys_in(f, 1), 1);
	assert_int_equal(order(f, BUS_ORDER_PAIR), RESULT_OK);
	assert_int_equal(keys_in(f, 1), 1);
	pd_mute(&f->pd, false);
	assert_first_key_holds(f);
	assert_int_equal(acts_in(f, AUDIT_READER_PAIR), 2);
}

/* The same when this posternd was started anew between the two. */
static void a_second_pairing_after_a_start_finds_it_too(void **state)
{
	struct fixture *f = *state;
	int port;

	pair_without_answer(f);
	core_end(f);
	pd_plug(&f->pd, wire_new(ROLE_FD_PORTS, &port));
	core_begin(f);
	assert_int_equal(order(f, BUS_ORDER_PAIR), RESULT_OK);
	assert_int_equal(keys_in(f, 1), 1);
	pd_mute(&f->pd, false);
	assert_first_key_holds(f);
}

/* The reader was reset in between: it gets another key, and the one of before is gone. */
static void a_second_pairing_gives_a_reader_that_was_reset_a_new_key(void **state)
{
	struct fixture *f = *state;
	uint8_t first[READER_KEY_SIZE];

	pair_without_answer(f);
	assert_int_equal(order(f, BUS_ORDER_PAIR_CANCEL), RESULT_OK);
	memcpy(first, f->pd.latest, sizeof(first));
	f->pd.on_key = looked_at_disk;
	f->pending_at_keyset = 0;
	pd_install(&f->pd, true);
	assert_int_equal(order(f, BUS_ORDER_PAIR), RESULT_OK);
	pd_set_key(&f->pd, NULL);
	pd_mute(&f->pd, false);
	(void)wait_event(f, BUS_EVENT_PAIRED);
	assert_int_equal(pd_keysets(&f->pd), 2);
	assert_int_equal(f->pending_at_keyset, 1);
	assert_memory_not_equal(f->pd.latest, first, sizeof(first));
	assert_int_equal(keys_in(f, 0), 1);
	assert_int_equal(keys_in(f, 1), 0);
	settle(f);
	assert_card(f);
}

static void an_unpaired_reader_gives_nothing_any_more(void **state)
{
	struct fixture *f = *state;

	key_put(f, key_a, true);
	reader_begin(f, key_a, true);
	core_begin(f);
	wait_online(f);
	assert_int_equal(order(f, BUS_ORDER_UNPAIR), RESULT_OK);
	wait_state(f, REASON_READER_NOT_PAIRED);
	assert_int_equal(acts_in(f, AUDIT_READER_UNPAIR), 1);
	assert_int_equal(keys_in(f, 0), 0);
	assert_true(pd_card(&f->pd, &card));
	assert_silence(f, NS_PER_S);
}

static void a_reader_with_another_key_stays_offline_and_is_told(void **state)
{
	struct fixture *f = *state;
	uint8_t other[READER_KEY_SIZE];

	memcpy(other, key_a, sizeof(other));
	other[15] ^= 1;
	key_put(f, key_a, true);
	reader_begin(f, other, true);
	core_begin(f);
	assert_int_equal(wait_event(f, BUS_EVENT_ALARM).reason, REASON_OSDP_CRYPTOGRAM);
	assert_true(pd_card(&f->pd, &card));
	assert_silence(f, NS_PER_S);
	assert_int_equal(keys_in(f, 0), 1); /* nothing is forgotten for it */
}

static void another_reader_in_its_place_is_not_believed(void **state)
{
	static const struct reader_identity other = {{0xca, 0x44, 0x6c}, 1, 4711};
	struct fixture *f = *state;

	key_put(f, key_a, false);
	store_begin_test(f);
	assert_int_equal(store_begin(f->core.store), 0);
	assert_int_equal(store_reader_key_promote(f->core.store, READER, &other), 0);
	assert_int_equal(store_commit(f->core.store), 0);
	f->core.store = store_close(f->core.store);
	reader_begin(f, key_a, true); /* it even has the key */
	core_begin(f);
	assert_int_equal(wait_event(f, BUS_EVENT_ALARM).reason, REASON_OSDP_IDENTITY);
	assert_true(pd_card(&f->pd, &card));
	assert_silence(f, NS_PER_S);
}

static void a_port_that_goes_is_told_and_another_is_taken(void **state)
{
	struct fixture *f = *state;
	_Alignas(8) uint8_t memory[MESSAGE_MAX];
	struct pollfd polled;
	int port;

	key_put(f, key_a, true);
	reader_begin(f, key_a, true);
	core_begin(f);
	wait_online(f);
	pd_plug(&f->pd, -1);
	wait_state(f, REASON_READER_PORT);
	polled = (struct pollfd){.fd = f->control, .events = POLLIN};
	assert_int_equal(poll(&polled, 1, 5000), 1);
	ssize_t len = link_receive(f->control, memory, NULL);
	const struct message_port *gone = (const void *)memory;

	assert_true(len > 0);
	assert_int_equal(
		message_check(memory, (size_t)len, ROLE_CORE, ROLE_SUPERVISOR), MESSAGE_OK);
	assert_int_equal(gone->header.type, MESSAGE_PORT_GONE);
	assert_int_equal(gone->line, 0);
	assert_int_equal(fcntl(ROLE_FD_PORTS, F_GETFD), -1); /* closed at once */
	pd_plug(&f->pd, wire_new(-1, &port));
	int64_t back_ns = clock_boot_ns();
	struct bus_order back = {.kind = BUS_ORDER_PORT, .line = 0, .fd = port};

	assert_true(spsc_push(&f->core.bus_orders, &back));
	core_wake(f->core.bus_wake);
	wait_online(f);
	assert_true(clock_boot_ns() - back_ns < 3 * NS_PER_S);
	assert_card(f);
}

static void feedback_is_shown_at_the_reader(void **state)
{
	struct fixture *f = *state;
	struct bus_feedback granted = {READER, FEEDBACK_GRANTED};
	int64_t until_ns;

	key_put(f, key_a, true);
	reader_begin(f, key_a, true);
	core_begin(f);
	wait_online(f);
	uint32_t beeps = pd_beeps(&f->pd);

	assert_true(spsc_push(&f->core.bus_feedbacks, &granted));
	core_wake(f->core.bus_wake);
	until_ns = clock_boot_ns() + WAIT_NS;
	while (pd_led(&f->pd) != OSDP_COLOUR_GREEN || pd_beeps(&f->pd) == beeps) {
		assert_true(clock_boot_ns() < until_ns);
		(void)poll(NULL, 0, 5);
	}
	while (pd_led(&f->pd) != OSDP_COLOUR_RED) { /* as the door rests */
		assert_true(clock_boot_ns() < until_ns);
		(void)poll(NULL, 0, 5);
	}
	/* The door is held open by command. */
	struct door_state held = {.configured = true, .hold = DOOR_COMMAND_HOLD_OPEN};

	atomic_store(&f->core.door_state[0], door_state_pack(&held));
	until_ns = clock_boot_ns() + WAIT_NS;
	while (pd_led(&f->pd) != OSDP_COLOUR_GREEN) {
		assert_true(clock_boot_ns() < until_ns);
		(void)poll(NULL, 0, 5);
	}
}

int main(void)
{
#define WITH_CORE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_CORE(in_clear_everything_of_a_reader_comes),
		WITH_CORE(without_a_key_nothing_is_believed),
		WITH_CORE(a_key_is_on_disk_before_the_reader_gets_it),
		WITH_CORE(a_key_is_changed_within_the_channel),
		WITH_CORE(a_pending_key_that_the_reader_holds_becomes_the_key),
		WITH_CORE(a_key_that_was_loaded_elsewhere_takes_over_when_it_works),
		WITH_CORE(a_window_is_closed_by_order),
		WITH_CORE(a_second_pairing_finds_the_key_of_the_first),
		WITH_CORE(a_second_pairing_after_a_start_finds_it_too),
		WITH_CORE(a_second_pairing_gives_a_reader_that_was_reset_a_new_key),
		WITH_CORE(an_unpaired_reader_gives_nothing_any_more),
		WITH_CORE(a_reader_with_another_key_stays_offline_and_is_told),
		WITH_CORE(another_reader_in_its_place_is_not_believed),
		WITH_CORE(a_port_that_goes_is_told_and_another_is_taken),
		WITH_CORE(feedback_is_shown_at_the_reader),
	};

	return cmocka_run_group_tests_name("bus", tests, NULL, NULL);
}
