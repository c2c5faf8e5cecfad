/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Role gate in a child process, with the test as its supervisor and its core: real sockets on
 * loopback, and a thread that answers messages as core would, from tables the test fills.
 */
#pragma once

#include "messages/doors.h"
#include "messages/messages.h"
#include "messages/persons.h"
#include "messages/readers.h"
#include "messages/records.h"
#include "messages/requests.h"
#include "messages/status.h"
#include "platform/settings.h"

#include <pthread.h>
#include <sys/types.h>

#define RIG_SERIAL "7J0A8D6PAJ00001"
#define RIG_GOOD "Authorization: Digest realm=\"Login to " RIG_SERIAL "\", proof=\"good\"\r\n"
#define RIG_JOURNAL_MAX 8192

/* What the core of the test does with AUTHENTICATE and with commands. */
struct rig_core {
	bool silent; /* takes messages and answers none */
	bool lies_operation; /* proves every request as openDoor */
	uint32_t refusal; /* enum refusal for a request without the good proof */
	uint32_t retry_after_s;
	struct message_result result; /* the answer to every command */
	struct door_state door[DOORS_MAX];
	struct schedule schedule[SCHEDULES_MAX];
	struct special_day_group special_group[SPECIAL_DAY_GROUPS_MAX];
	struct special_schedule special_schedule[SPECIAL_SCHEDULES_MAX];
	uint32_t person_count;
	struct person person[1100];
	struct message_reader_frames
		frames; /* the answer: the last of several in a message of its own */
	struct message_status status; /* the answer */
	bool streams_refused; /* JOURNAL_FETCH is answered RESULT_BAD_HANDLE */
	/* told back to the test */
	uint32_t count[MESSAGE_TYPE_COUNT]; /* messages received */
	struct message_authenticate authenticate; /* the latest of each kind */
	struct message_person_write person_write;
	struct message_person_query person_query;
	struct message_record_query record_query;
	struct message_door_command door_command;
	struct message_schedule_put schedule_put;
	struct message_special_group_put special_group_put;
	struct message_special_schedule_put special_schedule_put;
	struct message_reader_query reader_query;
	uint32_t streams_open;
	uint64_t next_stream_id;
	uint64_t last_seq;
	uint64_t oldest_seq;
	struct journal_entry journal[RIG_JOURNAL_MAX]; /* journal[seq - 1] */
};

struct rig {
	struct settings settings;
	uint16_t port;
	pid_t pid;
	int control;
	int core; /* our end of the link; -1 while it is down */
	uint32_t fences; /* from READY */
	bool ready; /* READY has come */
	pthread_t thread;
	bool thread_runs;
	int stop_fd; /* eventfd: the core thread ends */
	pthread_mutex_t lock; /* over core and the sending on its socket */
	struct rig_core model;
};

/* Starts the child and waits for READY; no link to core yet. */
struct rig *rig_start(void (*adjust)(struct settings *settings));
void rig_link(struct rig *rig); /* a fresh link, HELLO exchanged */
void rig_unlink(struct rig *rig); /* core dies */
void rig_free(struct rig *rig); /* ends the child, which must leave with status 0 */

/* Entries of the journal, committed and told at once. */
void rig_commit(struct rig *rig, const struct journal_entry *entry, uint32_t count);
struct journal_entry rig_access(const char *user, const char *card);

/* Copies under the lock. */
uint32_t rig_count(struct rig *rig, enum message_type type);
/* Waits up to 5 s until that many messages of the type have come. */
void rig_wait_count(struct rig *rig, enum message_type type, uint32_t count);

/* A connection to the gate; receive_buffer: 0 for the system's own. */
int rig_connect(struct rig *rig, int receive_buffer);
void rig_send(struct rig *rig, int fd, const char *bytes, size_t len);

/* Sends and reads up to the end of the connection, or 5 s. The text ends in NUL. */
size_t rig_exchange(struct rig *rig, const char *bytes, size_t len, char *answer, size_t max);

/* GET target with the good proof, "Connection: close"; returns the status, body points into answer.
 */
int rig_get(struct rig *rig, const char *target, char *answer, size_t max, const char **ret_body);
int rig_status(const char *answer);

/* Reads what one recv gives within timeout_ms; 0 at the end, -1 when nothing came. */
ssize_t rig_receive(int fd, char *memory, size_t max, int timeout_ms);

/* Opens a stream and reads its head. */
int rig_stream(struct rig *rig, const char *target);
