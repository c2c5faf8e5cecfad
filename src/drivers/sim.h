/* SPDX-License-Identifier: Apache-2.0 */
/* Role sim's state, shared by its three files: its link to core, its clients, its loop. */
#pragma once

#include "drivers/board.h"
#include "messages/lines.h"
#include "platform/role.h"
#include "sim_command.h"
#include "sim_osdp.h"

#include <stdalign.h>

#define SIM_CLIENTS_MAX 16
#define SIM_REPLY_MAX 256

enum client_phase {
	CLIENT_FREE = 0,
	CLIENT_TALKING,
	CLIENT_CAPTURING, /* lines of a capture come */
	CLIENT_PLAYING, /* edges run; nothing is read meanwhile */
	CLIENT_POLLED, /* waits until a panel has taken what was done at an OSDP reader */
};

struct client {
	enum client_phase phase;
	int fd;
	uint8_t reader; /* of the frame or capture */
	bool unseen; /* core missed a part of it */
	uint32_t edge_count;
	uint32_t edge_next;
	uint32_t line_no; /* of the capture, from 1 */
	uint64_t event_last; /* CLIENT_POLLED: its latest event is the so many-th to leave */
	uint64_t event_losses; /* of that reader before */
	int64_t first_ns; /* of the capture's own clock */
	int64_t silence_ns; /* between edges: what came before it is handed over at once */
	size_t refusal_len; /* the capture is wrong: refusal says why */
	size_t input_len;
	struct line_event edges[SIM_EDGES_MAX];
	char refusal[SIM_REPLY_MAX];
	char input[SIM_LINE_MAX + 1];
};

struct sim {
	const struct role_context *context;
	const struct settings *settings;
	struct board *board;
	int core; /* link, or -1 */
	bool core_greeted; /* its HELLO has come */
	uint32_t lost; /* events that core did not get */
	int64_t rex_until_ns[DOORS_MAX]; /* CLOCK_MONOTONIC; 0: not pressed */
	int64_t reader_free_ns[READERS_MAX]; /* when the next frame may begin */
	struct client client[SIM_CLIENTS_MAX];
	struct sim_osdp osdp;
	alignas(8) uint8_t received[MESSAGE_MAX];
	struct message_line_events message;
};

/* --- sim_core.c --- */

/* True when core gets them all; what it does not get is counted and told before the next ones. */
bool events_send(struct sim *sim, const struct line_event *events, uint32_t count);
bool level_send(struct sim *sim, enum line_kind kind, uint8_t at, bool level);

/* Takes a fresh link: says hello and sends the levels of all configured inputs. */
void core_link(struct sim *sim, int fd);
void core_read(struct sim *sim);

/* --- sim_reader.c: what people do at OSDP readers, and what these show --- */

void reader_card(struct sim *sim, struct client *client, const struct sim_command *command);
void reader_keys(struct sim *sim, struct client *client, const struct sim_command *command);
void reader_install(struct sim *sim, struct client *client, const struct sim_command *command);
void reader_shown(struct sim *sim, struct client *client, uint8_t reader);

/* True, with the client answered, when what it did has left the reader. */
bool reader_polled(struct sim *sim, struct client *client);

/* --- sim_client.c --- */

void client_reply(struct client *client, struct span reply);

void client_accept(struct sim *sim);
void client_read(struct sim *sim, struct client *client);

/* Hands over the bursts of playing frames that have come to pass, and answers their clients. */
void clients_tick(struct sim *sim, int64_t now_ns);
int64_t clients_deadline_ns(const struct sim *sim); /* CLOCK_MONOTONIC, or INT64_MAX */
