// SPDX-License-Identifier: Apache-2.0
/*
 * The command renumber. The configuration says which door has which index now; the database
 * remembers which it had. A door is known by its id, or by the new id that --renamed gives it, and
 * takes its rights and records along. A door that the file does not have any more keeps its index;
 * when another door has that now, it gets the highest index that is nobody's, so that nothing of it
 * comes to mean the other door.
 *
 * Order: STATE is locked as a running posternd locks it; the plan is made and shown; then a copy of
 * the database is made, then the change in one transaction. Who keeps only the first index in his
 * head can go back: the copy is a backup.
 */
#include "renumber.h"

#include "complain.h"
#include "database.h"
#include "platform/clock.h"
#include "state.h"
#include "store/backup.h"
#include "store/renumber.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COPY_FILE "postern.db.before-renumber" /* in STATE */
#define DETAIL_SIZE 256

struct plan {
	const struct settings *settings;
	const struct renumber_wish *wish;
	struct store_door door[DOORS_MAX];
	struct store_door_move move[DOORS_MAX];
	bool renamed[DOORS_MAX];
	bool taken[DOORS_MAX]; /* by a door that was placed */
};

static struct span configured_id(const struct plan *plan, uint32_t index)
{
	return plan->settings->door[index].config.configured
		       ? text_span(&plan->settings->door[index].id)
		       : (struct span){NULL, 0};
}

/* The configured index of an id, or DOORS_MAX. */
static uint32_t configured_index(const struct plan *plan, struct span id)
{
	uint32_t index = 0;

	while (index < DOORS_MAX && !span_equal(configured_id(plan, index), id))
		index++;
	return index;
}

/* The index that the database remembers for an id, or DOORS_MAX. */
static uint32_t known_index(const struct plan *plan, struct span id)
{
	uint32_t index = 0;

	while (index < DOORS_MAX &&
		!(plan->door[index].known && text_is(&plan->door[index].id, id)))
		index++;
	return index;
}

/* --- --renamed --- */

static bool rename_take(struct plan *plan, struct span word)
{
	struct span rest = word;
	struct span was = {NULL, 0};
	const char *why = NULL;

	(void)span_next(&rest, '=', &was);
	uint32_t index = known_index(plan, was);

	if (was.len == 0 || rest.len == 0)
		why = "write OLD=NEW, two ids of doors";
	else if (index == DOORS_MAX)
		why = "the database knows no door of the first id";
	else if (configured_index(plan, was) != DOORS_MAX)
		why = "the configuration has a door of the first id still";
	else if (configured_index(plan, rest) == DOORS_MAX)
		why = "the configuration has no door of the second id";
	else if (known_index(plan, rest) != DOORS_MAX)
		why = "the database knows a door of the second id already";
	else if (plan->renamed[index] || !text_set(&plan->move[index].id, rest))
		why = "a door gets one id";
	for (uint32_t i = 0; i < DOORS_MAX && why == NULL; i++) {
		if (plan->renamed[i] && text_is(&plan->move[i].id, rest))
			why = "two doors get the second id";
	}
	if (why != NULL) {
		complain("--renamed %.*s: %s", (int)word.len, word.data, why);
		return false;
	}
	plan->renamed[index] = true;
	return true;
}

static bool renames_take(struct plan *plan)
{
	struct span rest = span_from_string(plan->wish->renamed == NULL ? "" : plan->wish->renamed);
	struct span word;

	for (uint32_t i = 0; i < DOORS_MAX; i++)
		plan->move[i] = (struct store_door_move){(uint8_t)i, plan->door[i].id};
	while (rest.len > 0 && span_next(&rest, ',', &word)) {
		if (!rename_take(plan, word))
			return false;
	}
	return true;
}

/* --- the plan --- */

/* Nobody's: no door, right or record has it. DOORS_MAX when there is none. */
static uint32_t free_index(const struct plan *plan)
{
	for (uint32_t i = DOORS_MAX; i-- > 0;) {
		const struct store_door *door = &plan->door[i];

		if (!plan->taken[i] && !door->known && door->rights == 0 && door->records == 0 &&
			configured_id(plan, i).len == 0)
			return i;
	}
	return DOORS_MAX;
}

static bool is_left_out(const struct plan *plan, uint32_t index)
{
	return configured_index(plan, text_span(&plan->move[index].id)) == DOORS_MAX;
}

static bool plan_make(struct plan *plan)
{
	if (!renames_take(plan))
		return false;
	for (uint32_t i = 0; i < DOORS_MAX; i++) {
		uint32_t to = configured_index(plan, text_span(&plan->move[i].id));

		if (!plan->door[i].known || (to == DOORS_MAX && configured_id(plan, i).len > 0))
			continue;
		plan->move[i].to = (uint8_t)(to == DOORS_MAX ? i : to);
		plan->taken[plan->move[i].to] = true;
	}
	for (uint32_t i = 0; i < DOORS_MAX; i++) {
		if (!plan->door[i].known || !is_left_out(plan, i) ||
			configured_id(plan, i).len == 0)
			continue;
		uint32_t to = free_index(plan);

		if (to == DOORS_MAX) {
			complain("door `%.*s` is not in %s and its index %" PRIu32
				 " is another door's: no index is free to keep its rights and "
				 "records at",
				plan->door[i].id.len, plan->door[i].id.bytes, plan->wish->config,
				i);
			return false;
		}
		plan->move[i].to = (uint8_t)to;
		plan->taken[to] = true;
	}
	return true;
}

/* --- what it says --- */

static bool door_moves(const struct plan *plan, uint32_t index)
{
	return plan->door[index].known && (plan->move[index].to != index || plan->renamed[index]);
}

static void door_tell(const struct plan *plan, uint32_t index)
{
	const struct store_door *door = &plan->door[index];
	const struct store_door_move *move = &plan->move[index];

	printf("door `%.*s`", door->id.len, door->id.bytes);
	if (plan->renamed[index])
		printf(", called `%.*s` now", move->id.len, move->id.bytes);
	if (is_left_out(plan, index))
		printf(", not in %s", plan->wish->config);
	if (move->to == index)
		printf(": stays index %" PRIu32, index);
	else
		printf(": index %" PRIu32 " becomes %u", index, move->to);
	printf("; %" PRIu64 " rights and %" PRIu64 " records go with it\n", door->rights,
		door->records);
}

/* Rights at an index that was no door's and gets one of the known. */
static void strays_tell(const struct plan *plan, uint32_t index)
{
	const struct store_door_move *move = &plan->move[index];

	if (!plan->door[move->to].known && plan->door[move->to].rights > 0)
		printf("index %u was no door's: %" PRIu64 " rights that name it are taken away\n",
			move->to, plan->door[move->to].rights);
}

static void new_doors_tell(const struct plan *plan)
{
	for (uint32_t i = 0; i < DOORS_MAX; i++) {
		struct span id = configured_id(plan, i);

		if (id.len == 0 || plan->taken[i])
			continue;
		printf("door `%.*s`: new at index %" PRIu32 "; %" PRIu64
		       " rights that name this index already are its own\n",
			(int)id.len, id.data, i, plan->door[i].known ? 0 : plan->door[i].rights);
	}
}

/* False when there is nothing to do. */
static bool plan_tell(const struct plan *plan)
{
	bool any = false;

	for (uint32_t i = 0; i < DOORS_MAX; i++)
		any = any || door_moves(plan, i);
	if (!any) {
		printf("nothing to do: the doors of %s have the indexes they had\n",
			plan->wish->config);
		return false;
	}
	for (uint32_t i = 0; i < DOORS_MAX; i++) {
		if (!door_moves(plan, i))
			continue;
		door_tell(plan, i);
		strays_tell(plan, i);
	}
	new_doors_tell(plan);
	return true;
}

/* --- the deed --- */

static bool failed(const char *what, int error, const char *detail)
{
	complain(
		"%s: %s%s%s", what, store_error_text(error), detail[0] == '\0' ? "" : ": ", detail);
	return false;
}

static bool doors_read(int state_fd, struct plan *plan)
{
	struct store *store = database_open(state_fd, plan->settings, DATABASE_DOORS_AS_THEY_ARE);

	if (store == NULL)
		return false;
	int error = store_doors(store, plan->door);

	store_close(store);
	return error == 0 || failed("cannot read the doors in STATE", error, "");
}

/* At a terminal a person is asked. */
static bool is_meant(const struct plan *plan)
{
	char line[16] = "";

	if (plan->wish->yes)
		return true;
	if (isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1) {
		printf("change it? Events and records that clients have read keep the old indexes. "
		       "Type yes: ");
		(void)fflush(stdout);
		if (fgets(line, sizeof(line), stdin) != NULL && strcmp(line, "yes\n") == 0)
			return true;
	}
	(void)fflush(stdout);
	complain("nothing was changed; say --yes when it is meant");
	return false;
}

static bool plan_carry_out(int state_fd, const struct plan *plan)
{
	struct store_backup_info info;
	struct moment now = clock_now(false);
	char detail[DETAIL_SIZE];
	int error = store_backup(state_fd, state_fd, COPY_FILE, &info, detail);

	if (error != 0)
		return failed("cannot copy the database to STATE/" COPY_FILE, error, detail);
	struct store *store = database_open(state_fd, plan->settings, DATABASE_DOORS_AS_THEY_ARE);

	if (store == NULL)
		return false;
	error = store_renumber(store, plan->move, &now);
	store_close(store);
	if (error != 0)
		return failed("nothing was changed", error, "");
	printf("done; the database as it was is STATE/" COPY_FILE
	       ", and `posternd restore` takes it back\n");
	return true;
}

bool renumber_run(const struct settings *settings, const struct renumber_wish *wish)
{
	static struct plan plan;
	char path[sizeof(settings->state_dir.bytes) + sizeof("/postern.db")];

	plan = (struct plan){.settings = settings, .wish = wish};
	(void)snprintf(path, sizeof(path), "%.*s/postern.db", settings->state_dir.len,
		settings->state_dir.bytes);
	if (access(path, F_OK) != 0) {
		complain("%s is not there: name the folder of a database with --state", path);
		return false;
	}
	path[settings->state_dir.len] = '\0';
	int state_fd = state_open(path);
	bool good = state_fd >= 0 && doors_read(state_fd, &plan) && plan_make(&plan);

	if (good && plan_tell(&plan))
		good = is_meant(&plan) && plan_carry_out(state_fd, &plan);
	if (state_fd >= 0)
		(void)close(state_fd);
	return good;
}
