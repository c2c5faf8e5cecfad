// SPDX-License-Identifier: Apache-2.0
/*
 * postern user add --from FILE. The file is checked to its end first; only a whole one is sent.
 * Then so many lanes, each a connection with one request under way, take the rows in their order;
 * their answers come in any order. Until the first answer there is one lane: a wrong password is
 * one try.
 *
 * There is no state file. A row whose UserID or card is there already is looked up, and counts as
 * done when the device's row says the same: so a run that was cut off is begun again with the same
 * words, and a request whose answer was lost is asked again without harm.
 */
#include "user.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LANES_MAX 64
#define LANES_DEFAULT 16
#define TRIES_MAX 7 /* of one row: some 16 s together */
#define RETRY_FIRST_MS 250
#define TOLD_MAX 20 /* wrong rows that are told one by one */
#define BAR_MS 100
#define LINE_MS 10000
#define BAR_CELLS 30

enum lane_state {
	LANE_FREE,
	LANE_BUSY,
	LANE_SLEEPING,
};

struct import;

struct lane {
	struct import *import;
	struct postern_device *device;
	enum lane_state state;
	unsigned tries;
	int64_t again_ms;
	int refusal; /* what the insert met, while the row that is there is looked at */
	struct user_row row;
};

struct import {
	struct user_file file;
	uint32_t rows;
	uint32_t done;
	uint32_t existing;
	uint32_t refused;
	bool proven; /* the device has taken the log-in */
	bool read_to_end;
	bool quiet;
	int failure; /* no row can be sent any more */
	char failure_text[USER_WHY_MAX];
	bool bar; /* is drawn: standard error is a terminal */
	bool bar_shown;
	int64_t began_ms;
	int64_t told_ms;
	unsigned lane_count;
	struct lane lane[LANES_MAX];
};

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- the check --- */

/*
 * Keeps a text that may stand in the file once only, with its line. 0; or the line that had it
 * before; or UINT32_MAX: memory is out.
 */
static uint32_t once_add(struct lh_table *table, const char *text, uint32_t line)
{
	struct lh_entry *before = lh_table_lookup_entry(table, text);

	if (before != NULL)
		return (uint32_t)(uintptr_t)before->v;
	char *copy = strdup(text);

	if (copy == NULL || lh_table_insert(table, copy, (void *)(uintptr_t)line) != 0) {
		free(copy);
		return UINT32_MAX;
	}
	return 0;
}

static void once_free(struct lh_entry *entry)
{
	free(lh_entry_k(entry));
}

static void tell_place(const struct user_file *file, struct csv_place at, const char *why)
{
	fprintf(stderr, "postern: %s:%u:%u: %s\n", file->name, at.line, at.column, why);
}

/* False when the user or card stands in the file twice; it was told. */
static bool check_once(const struct user_file *file, const struct user_row *row,
	struct lh_table *users, struct lh_table *cards)
{
	const char *card = row->person.card_no;

	while (card[0] == '0' && card[1] != 0)
		card++; /* a card by its number, as readers give it */
	uint32_t user_line = once_add(users, row->person.user_id, row->at.line);
	uint32_t card_line = card[0] == 0 ? 0 : once_add(cards, card, row->at.line);
	char why[USER_WHY_MAX];

	if (user_line == 0 && card_line == 0)
		return true;
	if (user_line == UINT32_MAX || card_line == UINT32_MAX)
		(void)snprintf(why, sizeof(why), "out of memory");
	else if (user_line != 0)
		(void)snprintf(why, sizeof(why), "user `%s` stands in line %u already",
			row->person.user_id, user_line);
	else
		(void)snprintf(why, sizeof(why),
			"card `%s` belongs to the person of line %u already", row->person.card_no,
			card_line);
	tell_place(file, row->at, why);
	return false;
}

/* Reads to the end. The number of wrong rows; those that are told are few. */
static uint32_t check_rows(struct import *import, struct lh_table *users, struct lh_table *cards)
{
	struct user_file *file = &import->file;
	struct user_row *row = &import->lane[0].row;
	enum user_file_result result = user_file_rewind(file);
	uint32_t wrong = 0;

	while (result == USER_FILE_ROW || result == USER_FILE_BAD) {
		if (wrong == TOLD_MAX)
			return wrong;
		result = user_file_next(file, row);
		if (result == USER_FILE_BAD) {
			tell_place(file, file->fault, file->why);
			wrong++;
		} else if (result == USER_FILE_ROW) {
			import->rows = row->number;
			wrong += !check_once(file, row, users, cards);
		}
	}
	if (result != USER_FILE_BROKEN)
		return wrong;
	tell_place(file, file->fault, file->why);
	return wrong + 1;
}

static int check_file(struct import *import)
{
	struct lh_table *users = lh_kchar_table_new(1024, once_free);
	struct lh_table *cards = lh_kchar_table_new(1024, once_free);
	uint32_t wrong = 1;

	if (users != NULL && cards != NULL)
		wrong = check_rows(import, users, cards);
	if (users != NULL)
		lh_table_free(users);
	if (cards != NULL)
		lh_table_free(cards);
	if (wrong > 0)
		fprintf(stderr,
			"postern: %s: nothing was sent%s: mend what is named above and repeat the "
			"command\n",
			import->file.name, wrong >= TOLD_MAX ? "; there may be more" : "");
	return wrong > 0 ? EXIT_REFUSED : EXIT_DONE;
}

/* --- what is told --- */

static uint32_t ended(const struct import *import)
{
	return import->done + import->existing + import->refused;
}

static void bar_draw(const struct import *import, int64_t now)
{
	uint32_t over = ended(import);
	int64_t took_ms = now - import->began_ms;
	uint64_t rate = took_ms <= 0 ? 0 : (uint64_t)over * 1000 / (uint64_t)took_ms;
	int full = import->rows == 0 ? BAR_CELLS : (int)((uint64_t)over * BAR_CELLS / import->rows);

	fprintf(stderr, "\r\033[K[%.*s%.*s] %u of %u", full, "##############################",
		BAR_CELLS - full, "..............................", over, import->rows);
	if (rate > 0)
		fprintf(stderr, ", %llu a second, %llu s left", (unsigned long long)rate,
			(unsigned long long)((import->rows - over) / rate));
	fflush(stderr);
}

static void bar_clear(struct import *import)
{
	if (import->bar_shown)
		fputs("\r\033[K", stderr);
	import->bar_shown = false;
}

static void tell_progress(struct import *import)
{
	int64_t now = now_ms();

	if (import->quiet || now - import->told_ms < (import->bar ? BAR_MS : LINE_MS))
		return;
	import->told_ms = now;
	if (import->bar) {
		bar_draw(import, now);
		import->bar_shown = true;
	} else {
		fprintf(stderr, "postern: %u of %u rows\n", ended(import), import->rows);
	}
}

static void print_json_row(
	const struct user_row *row, const char *result, uint64_t rec_no, const char *why)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "row", json_object_new_int64(row->number));
	json_object_object_add(object, "line", json_object_new_int64(row->at.line));
	json_object_object_add(object, "UserID", json_object_new_string(row->person.user_id));
	json_object_object_add(object, "result", json_object_new_string(result));
	if (rec_no > 0)
		json_object_object_add(object, "RecNo", json_object_new_uint64(rec_no));
	if (why != NULL)
		json_object_object_add(object, "why", json_object_new_string(why));
	print_json(object);
}

/* The row is over; why: it was refused. */
static void row_over(struct lane *lane, const char *result, uint64_t rec_no, const char *why)
{
	struct import *import = lane->import;
	struct user_row *row = &lane->row;

	lane->state = LANE_FREE;
	if (output_is_json()) {
		print_json_row(row, result, rec_no, why);
	} else if (why != NULL) {
		bar_clear(import);
		printf("%-8u %-16s refused: %s:%u:%u: %s\n", row->number, row->person.user_id,
			import->file.name, row->at.line, row->at.column, why);
		fflush(stdout);
	} else if (!import->quiet && !import->bar) {
		printf("%-8u %-16s %s RecNo %llu\n", row->number, row->person.user_id, result,
			(unsigned long long)rec_no);
	}
	user_row_wipe(row);
}

static void tell_end(struct import *import)
{
	int64_t took_ms = now_ms() - import->began_ms;

	bar_clear(import);
	fflush(stdout); /* the rows come before what is said of all of them */
	if (import->quiet || output_is_json())
		return;
	fprintf(stderr, "postern: %u rows: %u done, %u there before, %u refused in %.1f s",
		import->rows, import->done, import->existing, import->refused,
		(double)took_ms / 1000);
	fprintf(stderr, took_ms > 0 ? " (%.0f a second)\n" : "\n",
		(double)ended(import) * 1000 / (double)took_ms);
}

/* --- sending --- */

static void fail(struct import *import, int error, const char *detail)
{
	if (import->failure != POSTERN_OK)
		return;
	import->failure = error;
	(void)snprintf(import->failure_text, sizeof(import->failure_text), "%s", detail);
}

static bool passes_by_itself(int error)
{
	return error == POSTERN_E_CONNECT || error == POSTERN_E_TIMEOUT ||
	       error == POSTERN_E_CLOSED || error == POSTERN_E_DEVICE;
}

/* Refuses this row, tries it again, or gives everything up. */
static void lane_failed(struct lane *lane, int error, const char *detail)
{
	struct import *import = lane->import;
	char why[2 * USER_WHY_MAX];

	if (error == POSTERN_E_REFUSED || error == POSTERN_E_ARGUMENT ||
		error == POSTERN_E_NOT_FOUND || error == POSTERN_E_CARD_EXISTS ||
		error == POSTERN_E_USER_EXISTS) {
		(void)snprintf(why, sizeof(why), "%s%s%s", postern_strerror(error),
			detail[0] == 0 ? "" : ": ", detail);
		import->refused++;
		row_over(lane, "refused", 0, why);
		return;
	}
	if (passes_by_itself(error) && ++lane->tries < TRIES_MAX && import->failure == POSTERN_OK) {
		lane->state = LANE_SLEEPING;
		lane->again_ms = now_ms() + (RETRY_FIRST_MS << (lane->tries - 1));
		return;
	}
	lane->state = LANE_FREE;
	fail(import, error, detail);
}

/* The person whom the insert met: the same one counts as done. */
static void lane_found(
	void *user, struct postern_call *call, int error, struct postern_people *people)
{
	struct lane *lane = user;
	struct import *import = lane->import;
	const char *differs = NULL;
	char why[USER_WHY_MAX];

	if (error != POSTERN_OK) {
		lane_failed(lane, error, postern_call_detail(call));
		return;
	}
	if (people->count > 0)
		differs = user_row_differs(&lane->row, &people->person[0]);
	if (people->count == 0) {
		lane_failed(lane, lane->refusal, "");
	} else if (differs == NULL) {
		import->existing++;
		row_over(lane, "exists", people->person[0].rec_no, NULL);
	} else {
		(void)snprintf(why, sizeof(why),
			"with another %s: see `postern user show %s`, and change it by `user "
			"update` or here",
			differs, lane->row.person.user_id);
		lane_failed(lane, POSTERN_E_USER_EXISTS, why);
	}
	postern_people_free(people);
}

static void lane_added(void *user, struct postern_call *call, int error, uint64_t rec_no)
{
	struct lane *lane = user;
	struct import *import = lane->import;

	/* One that answers has taken the log-in. */
	import->proven |= error == POSTERN_OK || error == POSTERN_E_REFUSED ||
			  error == POSTERN_E_USER_EXISTS || error == POSTERN_E_CARD_EXISTS;
	if (error == POSTERN_OK) {
		import->done++;
		row_over(lane, "done", rec_no, NULL);
		return;
	}
	if (error != POSTERN_E_USER_EXISTS && error != POSTERN_E_CARD_EXISTS) {
		lane_failed(lane, error, postern_call_detail(call));
		return;
	}
	lane->refusal = error;
	int begun = postern_people_find_start(
		lane->device, lane->row.person.user_id, NULL, lane_found, lane, NULL);

	if (begun != POSTERN_OK)
		lane_failed(lane, begun, postern_device_detail(lane->device));
}

static void lane_send(struct lane *lane)
{
	lane->state = LANE_BUSY;
	int error =
		postern_person_add_start(lane->device, &lane->row.person, lane_added, lane, NULL);

	if (error != POSTERN_OK)
		lane_failed(lane, error, postern_device_detail(lane->device));
}

/* The next row of the file, which was checked. */
static void lane_take(struct lane *lane)
{
	struct import *import = lane->import;

	if (lane->device == NULL)
		lane->device = device_again();
	if (lane->device == NULL) {
		fail(import, POSTERN_E_MEMORY, "");
		return;
	}
	if (user_file_next(&import->file, &lane->row) != USER_FILE_ROW) {
		import->read_to_end = true;
		return;
	}
	lane->tries = 0;
	lane_send(lane);
}

/* Moves every lane on that can move. How many are at work; *ret_wait_ms: until one wakes. */
static unsigned lanes_run(struct import *import, int *ret_wait_ms)
{
	int64_t now = now_ms();
	unsigned at_work = 0;

	*ret_wait_ms = BAR_MS;
	for (unsigned i = 0; i < (import->proven ? import->lane_count : 1); i++) {
		struct lane *lane = &import->lane[i];

		if (lane->state == LANE_SLEEPING && import->failure != POSTERN_OK)
			lane->state = LANE_FREE;
		if (lane->state == LANE_SLEEPING && now >= lane->again_ms)
			lane_send(lane);
		while (lane->state == LANE_FREE && !import->read_to_end &&
			import->failure == POSTERN_OK)
			lane_take(lane);
		if (lane->state == LANE_SLEEPING && lane->again_ms - now < *ret_wait_ms)
			*ret_wait_ms = lane->again_ms > now ? (int)(lane->again_ms - now) : 0;
		at_work += lane->state != LANE_FREE;
	}
	return at_work;
}

static int send_rows(struct import *import)
{
	int wait_ms;
	enum user_file_result result = user_file_rewind(&import->file);

	import->read_to_end = result != USER_FILE_ROW;
	import->began_ms = now_ms();
	import->told_ms = import->began_ms;
	while (lanes_run(import, &wait_ms) > 0) {
		int error = postern_wait(command_context(), wait_ms);

		if (error != POSTERN_OK)
			fail(import, error, "");
		tell_progress(import);
	}
	tell_end(import);
	if (import->failure == POSTERN_OK)
		return import->refused == 0 ? EXIT_DONE : EXIT_REFUSED;
	fprintf(stderr,
		"postern: %u of %u rows were answered; repeat the command to go on: who is "
		"enrolled already counts as done\n",
		ended(import), import->rows);
	return report_detail(import->failure, import->failure_text);
}

static int import_file(
	struct import *import, struct postern_device *device, const struct arguments *arguments)
{
	int64_t lanes = LANES_DEFAULT;
	const char *connections = option_value(arguments, "connections");

	if (connections != NULL &&
		!parse_number("--connections", connections, 1, LANES_MAX, &lanes))
		return EXIT_USAGE;
	import->quiet = output_is_json() || option_value(arguments, "quiet") != NULL;
	import->bar = !import->quiet && isatty(STDERR_FILENO) == 1;
	import->lane_count = (unsigned)lanes;
	for (unsigned i = 0; i < import->lane_count; i++)
		import->lane[i].import = import;
	import->lane[0].device = device;
	int status = user_file_open(&import->file, option_value(arguments, "from"));

	if (status == EXIT_DONE)
		status = check_file(import);
	if (status == EXIT_DONE && device == NULL)
		fprintf(stderr, "postern: %s: %u rows, none is wrong; nothing was sent\n",
			import->file.name, import->rows);
	else if (status == EXIT_DONE)
		status = send_rows(import);
	user_file_close(&import->file);
	return status;
}

int user_import(struct postern_device *device, const struct arguments *arguments)
{
	struct import *import = calloc(1, sizeof(*import));

	if (import == NULL)
		return report(NULL, POSTERN_E_MEMORY);
	int status = import_file(import, device, arguments);

	explicit_bzero(import, sizeof(*import));
	free(import);
	return status;
}
