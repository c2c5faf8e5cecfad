// SPDX-License-Identifier: Apache-2.0
/*
 * Role core from its first instruction to its last. Everything is opened and built before the
 * sandbox: zone, board and lines, store, accounts, index, controller, rings, descriptors; then the
 * sandbox, then the threads, then READY. The journal's entry of the start is durable before a card
 * is read, and grants that a crash left without an outcome have got theirs.
 *
 * The process ends when the supervisor's socket ends. Order: rt drives every pulsed lock to its
 * fail state, frames to panels are ended, then the store thread commits what waits, for
 * STORE_END_MS at most: a disk that hangs does not keep the process.
 */
#include "core.h"

#include "base/assert.h"
#include "bus.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "platform/process.h"
#include "platform/sandbox.h"
#include "query_thread.h"
#include "rt.h"
#include "serve.h"
#include "store_thread.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define STACK_BYTES (512 * 1024) /* locked memory: no 8 MB stacks */
#define STORE_END_MS 1000
#define SAY_EVERY_S 5
#define PUTS_FOR_A_SIGN 4096
#define MEGABYTE 1000000

struct threads {
	pthread_t rt;
	pthread_t store;
	pthread_t query;
	pthread_t panels; /* where one is configured */
	pthread_t bus; /* where an OSDP line is configured */
};

/*
 * The supervisor decides how long a role lives: its socket's end ends us, signals do not. A limit
 * on file size is a full disk like any other.
 */
static void signals_ignore(void)
{
	const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ};

	for (size_t i = 0; i < ARRAY_COUNT(ignored); i++)
		(void)signal(ignored[i], SIG_IGN);
}

/* The supervisor opened the plan's requests, in its order. */
static bool lines_gpio_start(struct core *core, struct panel_output *ret_panels)
{
	int fds[ROLE_LINES_MAX];

	for (int i = 0; i < ROLE_LINES_MAX; i++)
		fds[i] = ROLE_FD_LINES + i;
	core->lines = lines_gpio_new(core->settings, fds);
	if (core->lines == NULL) {
		log_error("cannot use the GPIO lines: %m");
		return false;
	}
	panel_gpio_init(&core->panel_gpio, core->settings, fds, ret_panels);
	return true;
}

static bool lines_simulated_start(struct core *core, struct panel_output *ret_panels)
{
	core->board = board_map(ROLE_FD_BOARD);
	if (core->board == NULL) {
		log_error("the board file sim.board in the state directory cannot be used: %m; "
			  "move it away and start again");
		return false;
	}
	panel_board_init(&core->panel_board, core->board, ret_panels);
	core->lines = lines_simulated_new(core->board);
	return core->lines != NULL;
}

static bool panels_start(struct core *core, const struct panel_output *output)
{
	bool any = false;

	for (size_t i = 0; i < PANELS_MAX; i++)
		any = any || (core->settings->panel[i].configured &&
				     !core->settings->panel[i].osdp.configured);
	if (!any)
		return true;
	core->panels = panel_sender_new(core->settings, output);
	core->lines->panels = core->panels;
	if (core->panels == NULL)
		log_error("cannot make the sender of the panels: %m");
	return core->panels != NULL;
}

static bool lines_start(struct core *core)
{
	struct panel_output panels;

	return (core->settings->simulated_lines ? lines_simulated_start(core, &panels)
						: lines_gpio_start(core, &panels)) &&
	       panels_start(core, &panels);
}

/* A start that takes long says that it goes on: to the supervisor, and now and then in the log. */
static void start_goes_on(const struct core *core)
{
	atomic_store(&core->context->heartbeat->starting_ns, clock_boot_ns());
}

static void store_goes_on(void *user, const char *what, uint64_t done, uint64_t of)
{
	struct core *core = user;
	int64_t now_ns = clock_boot_ns();

	start_goes_on(core);
	if (now_ns < core->said_ns + SAY_EVERY_S * NS_PER_S)
		return;
	core->said_ns = now_ns;
	if (of > 0)
		log_info("%s: %llu of %llu MB", what, (unsigned long long)(done / MEGABYTE),
			(unsigned long long)(of / MEGABYTE));
	else
		log_info("%s", what);
}

static bool store_start(struct core *core)
{
	const struct settings *settings = core->settings;
	struct store_options *options = &core->store_options;
	char detail[256] = "";

	options->progress = store_goes_on;
	options->progress_user = core;
	options->records_max = settings->records_max;
	options->journal_max = settings->journal_max;
	options->audit_max = settings->audit_max;
	options->persons_max = settings->persons_max;
	options->pin_opens_alone = settings_pin_opens_alone(settings);
	options->pin_rule = settings->pin_rule;
	options->pin_alone_digits = settings->pin_alone_digits;
	for (uint32_t i = 0; i < DOORS_MAX; i++) {
		options->door[i].configured = settings->door[i].config.configured;
		options->door[i].id = settings->door[i].id;
	}
	int error = store_open(ROLE_FD_STATE, options, &core->store, detail);

	if (error == 0)
		error = store_reader_open(core->store, &core->reader);
	if (error != 0)
		log_error("cannot open postern.db in the state directory: %s%s%s",
			store_error_text(error), detail[0] != 0 ? ": " : "", detail);
	return error == 0;
}

/* A clock that is not trusted never shows a time before the newest entry. */
static struct moment start_moment(struct core *core)
{
	struct moment now = clock_now(core->settings->clock_trust);
	struct store_state state;

	store_state(core->store, &state);
	if (!now.trusted && now.utc_ms < state.newest_utc_ms)
		now.utc_ms = state.newest_utc_ms;
	return now;
}

/* The heartbeat page outlives us: a beat in it is from a core that died. */
static int start_entries(struct core *core, bool restarted, uint32_t *ret_unknown)
{
	struct moment now = start_moment(core);
	struct commit_entry entry = {
		.kind = restarted ? JOURNAL_CORE_RESTARTED : JOURNAL_STARTED,
		.at = now,
		.door = DOOR_NONE,
	};
	int error = store_begin(core->store);

	if (error == 0)
		error = store_close_outcomes(core->store, &now, ret_unknown);
	if (error == 0)
		error = store_append(core->store, &entry, NULL);
	if (error == 0)
		error = store_audit_configuration(core->store, core->settings->file_hash, &now);
	if (error == 0)
		error = store_audit_backup(core->store, &now);
	return error == 0 ? store_commit(core->store) : error;
}

static bool journal_start(struct core *core)
{
	bool restarted = atomic_load(&core->context->heartbeat->beat_ns) != 0;
	uint32_t unknown = 0;
	int error = start_entries(core, restarted, &unknown);

	if (error != 0) {
		log_error("cannot write to postern.db in the state directory: %s",
			store_error_text(error));
		return false;
	}
	if (unknown > 0)
		log_warning("%u granted records have no known outcome", unknown);
	return true;
}

static int account_add(void *user, const struct account *account)
{
	return authentication_add(user, account);
}

/* The one place where the code is shown. */
static void claim_tell(struct core *core)
{
	char code[CLAIM_CODE_TEXT];

	claim_open(authentication_claim(core->authentication), code);
	log_warning("nobody has claimed this device yet: claim code %s (until the next start); "
		    "choose admin's password with `postern --device URL device claim --code %s "
		    "--password-file FILE`",
		code, code);
	explicit_bzero(code, sizeof(code));
}

static bool accounts_start(struct core *core, const struct store_state *state)
{
	core->authentication = authentication_new(core->settings, text_span(&state->serial));
	int error = core->authentication != NULL
			    ? store_accounts(core->store, account_add, core->authentication)
			    : -ENOMEM;

	if (error != 0)
		log_error("cannot read the accounts: %s", store_error_text(error));
	else if (!authentication_has_accounts(core->authentication))
		claim_tell(core);
	return error == 0;
}

struct index_build {
	const struct core *core;
	struct credential_index *index;
};

static int index_put(void *user, const struct credential *credential)
{
	const struct index_build *build = user;

	if (credential_index_count(build->index) % PUTS_FOR_A_SIGN == 0)
		start_goes_on(build->core);
	return credential_index_put(build->index, credential) == CREDENTIAL_INDEX_OK ? 0 : -ENOSPC;
}

/* A limit that was lowered below what is stored keeps nobody out. */
static bool index_start(
	struct core *core, const struct store_state *state, struct credential_index **ret)
{
	core->index_persons = core->settings->persons_max > state->persons
				      ? core->settings->persons_max
				      : state->persons;
	*ret = core_index_new(core);
	struct index_build build = {core, *ret};
	int error = *ret != NULL ? store_credentials(core->store, index_put, &build) : -ENOMEM;

	if (error != 0)
		log_error("cannot build the index of people: %s", store_error_text(error));
	return error == 0;
}

static uint64_t pin_hash(void *user, struct span digits)
{
	return pin_key_hash(user, digits);
}

static bool pin_key_start(struct core *core)
{
	core->pin_key = core_secret_new();
	if (core->pin_key == NULL) {
		log_error("cannot have memory for the key of PINs: %m");
		return false;
	}
	store_pin_key(core->store, core->pin_key);
	core->config.pin_hash = pin_hash;
	core->config.pin_hash_user = core->pin_key;
	return true;
}

/* Wrong PINs that a restart does not forgive. They come most of them first. */
struct failures {
	uint32_t count;
	struct pin_failures row[READERS_MAX + PIN_PERSONS_MAX];
};

static int failures_take(void *user, const struct pin_failures *row)
{
	struct failures *failures = user;

	if (failures->count < ARRAY_COUNT(failures->row))
		failures->row[failures->count++] = *row;
	return 0;
}

static bool failures_start(struct core *core, struct failures *failures)
{
	int error = store_pin_failures(core->store, failures_take, failures);

	if (error != 0)
		log_error(
			"cannot read the wrong PINs that are counted: %s", store_error_text(error));
	return error == 0;
}

static bool controller_start(struct core *core)
{
	struct store_state state;
	struct credential_index *index;
	struct failures failures = {0};

	store_state(core->store, &state);
	atomic_store(&core->last_seq, state.last_seq);
	atomic_store(&core->oldest_seq, state.oldest_seq);
	atomic_store(&core->oldest_rec_no, state.oldest_rec_no);
	atomic_store(&core->last_rec_no, state.last_rec_no);
	atomic_store(&core->persons, state.persons);
	if (!accounts_start(core, &state) || !index_start(core, &state, &index) ||
		!pin_key_start(core) || !failures_start(core, &failures))
		return false;
	core->config.utc_floor_ms = state.newest_utc_ms;
	void *memory = calloc(1, controller_size());

	if (memory == NULL)
		return false;
	core->config.pin_failures = failures.row;
	core->config.pin_failures_count = failures.count;
	core->controller = controller_init(memory, &core->config, index, state.last_ticket);
	core->config.pin_failures = NULL; /* read once */
	core->config.pin_failures_count = 0;
	return true;
}

static int schedule_put(void *user, const struct schedule *schedule)
{
	rt_schedule_put(user, schedule);
	return 0;
}

static int special_group_put(void *user, const struct special_day_group *group)
{
	rt_special_group_put(user, group);
	return 0;
}

static int special_schedule_put(void *user, const struct special_schedule *special)
{
	rt_special_schedule_put(user, special);
	return 0;
}

static bool rt_start(struct core *core)
{
	int error = core_rings_new(core);

	if (error == 0) {
		core->rt = rt_new(core);
		error = core->rt != NULL ? store_schedules(core->store, schedule_put, core->rt)
					 : -ENOMEM;
	}
	if (error == 0)
		error = store_special_groups(core->store, special_group_put, core->rt);
	if (error == 0)
		error = store_special_schedules(core->store, special_schedule_put, core->rt);
	if (error != 0)
		log_error("cannot start the real-time thread: %s", store_error_text(error));
	return error == 0;
}

/* After the journal's entry of the start: the heartbeat page still tells of a core before. */
static bool bus_start(struct core *core)
{
	bool restarted = atomic_load(&core->context->heartbeat->beat_ns) != 0;
	int error = bus_new(core, restarted, &core->bus);

	if (error != 0)
		log_error("cannot prepare the OSDP lines: %s", strerror(-error));
	return error == 0;
}

static bool fences_start(struct core *core, uint32_t *ret_fences)
{
	char text[128];
	int fences = sandbox_enter(ROLE_CORE, ROLE_FD_STATE);

	if (fences < 0) {
		log_error("cannot enter the sandbox: %s", strerror(-fences));
		return false;
	}
	*ret_fences = (uint32_t)fences;
	log_info("fences: %s; locked memory: %s", sandbox_fences_text(*ret_fences, text),
		(core->realtime_claims & REALTIME_MEMORY) != 0 ? "yes" : "no");
	return true;
}

static void *panels_run(void *user)
{
	struct core *core = user;
	int error = role_pulses_try();

	if (error != 0)
		log_info("sends to panels without real-time priority: %s; pulses may come late",
			strerror(-error));
	panel_sender_run(core->panels);
	return NULL;
}

static bool threads_start(struct core *core, struct threads *ret)
{
	pthread_attr_t attributes;

	if (pthread_attr_init(&attributes) != 0 ||
		pthread_attr_setstacksize(&attributes, STACK_BYTES) != 0)
		return false;
	/* A thread that does not start is no state to go on from: the supervisor tries again. */
	bool started = pthread_create(&ret->rt, &attributes, rt_run, core->rt) == 0 &&
		       pthread_create(&ret->store, &attributes, store_run, core) == 0 &&
		       pthread_create(&ret->query, &attributes, query_run, core) == 0 &&
		       (core->panels == NULL ||
			       pthread_create(&ret->panels, &attributes, panels_run, core) == 0) &&
		       (core->bus == NULL ||
			       pthread_create(&ret->bus, &attributes, bus_run, core->bus) == 0);

	(void)pthread_attr_destroy(&attributes);
	return started;
}

static void threads_end(struct core *core, const struct threads *threads)
{
	struct timespec until;

	atomic_store(&core->stopping, true);
	core_wake(core->rt_wake);
	core_wake(core->query_wake);
	core_wake(core->bus_wake);
	(void)pthread_join(threads->rt, NULL);
	if (core->bus != NULL)
		(void)pthread_join(threads->bus, NULL);
	if (core->panels != NULL) {
		panel_sender_stop(core->panels);
		(void)pthread_join(threads->panels, NULL);
	}
	atomic_store(&core->rt_ended, true);
	core_wake(core->store_wake);
	core_wake(core->applied_wake);
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += (STORE_END_MS % MS_PER_S) * NS_PER_MS;
	until.tv_sec += STORE_END_MS / MS_PER_S;
	if (pthread_timedjoin_np(threads->store, NULL, &until) != 0)
		log_error("the disk does not answer; the last entries may be lost");
	(void)pthread_timedjoin_np(threads->query, NULL, &until);
}

int core_main(const struct role_context *context)
{
	static struct core self; /* one role a process */
	struct core *core = &self;
	struct threads threads;
	uint32_t fences = 0;

	log_set_name("core");
	signals_ignore();
	core->context = context;
	core->settings = context->settings;
	core->started_ns = clock_boot_ns();
	core->use_fd = process_use_open();
	(void)pthread_mutex_init(&core->reader_lock, NULL);
	settings_controller_config(core->settings, &core->config);
	zone_load(&core->config.zone);
	if (!lines_start(core) || !store_start(core) || !journal_start(core) ||
		!controller_start(core) || !rt_start(core) || !bus_start(core))
		return EXIT_FAILURE;
	core->realtime_claims = role_realtime_prepare();
	if (!fences_start(core, &fences) || !threads_start(core, &threads))
		return EXIT_FAILURE;
	int error = role_ready(context, fences);

	if (error == 0)
		error = serve_run(core);
	threads_end(core, &threads);
	authentication_free(core->authentication);
	core->bus = bus_free(core->bus);
	core_secret_free(core->pin_key);
	if (error != 0)
		log_error("ended: %s", strerror(-error));
	return error == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
