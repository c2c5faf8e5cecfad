/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A site in the emulator: posternd with its state in memory, and what a test asks of it over the
 * SDK. One at a time. A call that fails fails the test it is made in. posternd's own log is
 * /run/posternd.log; init shows its end when a program fails.
 */
#pragma once

#include <postern/postern.h>

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SITE_URL "http://127.0.0.1:8080"
#define SITE_STATE "/run/state"
#define SITE_CONFIG "/tests/site.yaml"

/* An entry of the journal, as the event stream shows it. Texts are cut, numbers 0, when absent. */
struct site_event {
	char kind[32]; /* "access", "door_forced" */
	char reason[32];
	char card_no[24];
	char user_id[24];
	char type[8]; /* "Entry", "Exit" */
	uint64_t seq;
	uint64_t rec_no;
	int64_t door; /* index */
	int64_t reader;
	int64_t method;
	int64_t status;
	int64_t count;
};

#define SITE_EVENTS_MAX 512

struct site_events {
	unsigned count;
	struct site_event event[SITE_EVENTS_MAX];
};

/* Starts posternd on a configuration file; with an account of its own when the state is new. */
void site_start(const char *config);
/* SIGTERM, and waits for its end. Its exit status. */
int site_stop(void);
/* Stops when it runs, and forgets all state. */
void site_clear(void);

pid_t site_supervisor(void);
/* "core", "gate"; 0 when there is none now. */
pid_t site_role(const char *role);
/* Waits until a role runs again under another number than `before`, and the site answers. */
pid_t site_wait_role(const char *role, pid_t before);
/* Reaps the supervisor after it was killed. */
void site_lost(void);

/* Enrols a person with a card, and a PIN unless NULL, for the doors 0 .. door_count - 1, always. */
void site_enrol(const char *user_id, const char *card_no, const char *pin, int door_count);

/* Begins the news anew: forgets what the journal holds by now. */
void site_forget(void);
/*
 * The news: what the journal got since site_forget. Waits until `wanted` entries of a kind are
 * among them; fails when they are not there within 10 s.
 */
const struct site_events *site_await(const char *kind, unsigned wanted);
/* The news as they are after so long a wait. */
const struct site_events *site_news_after(int64_t ms);
unsigned site_count(const struct site_events *events, const char *kind);
/* The only entry of a kind; fails when there is none or are several. */
const struct site_event *site_only(const struct site_events *events, const char *kind);

/* Records by the finder, of a card or (NULL) all: how many there are, and the last of them. */
uint64_t site_records(const char *card_no, struct site_event *ret_last);

/* Whether posternd's log holds these words; what it says is appended, also by site_spawn. */
bool site_log_has(const char *words);
void site_log_clear(void);

/* Another run of posternd beside or instead of the site; NULL ends the arguments after its name. */
pid_t site_spawn(const char *const arguments[]);
/* Its exit status; 128 + the signal that ended it. */
int site_spawned_end(pid_t pid);
