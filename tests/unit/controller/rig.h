/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Role core in a child process, with the test as its supervisor, its gate and its sim: real
 * sockets, shared pages and a state directory below /tmp.
 */
#pragma once

#include "digest_client.h"
#include "drivers/board.h"
#include "messages/lines.h"
#include "platform/heartbeat.h"
#include "platform/settings.h"

#include <sys/types.h>

#define RIG_TIMEOUT_MS 5000

struct rig {
	struct settings settings;
	char state_dir[64];
	int state_fd;
	int settings_fd;
	int heartbeat_fd;
	int board_fd;
	int wake_fd;
	int control; /* our ends */
	int gate;
	int sim;
	pid_t pid;
	uint32_t fences; /* of READY */
	struct heartbeat_page *page;
	struct board *board;
	struct digest_client client;
	uint32_t request_id;
	int64_t edge_end_ns[READERS_MAX + 1]; /* of the latest frame */
	uint64_t committed_seq; /* the latest COMMITTED */
	_Alignas(8) uint8_t memory[MESSAGE_MAX]; /* the latest message */
};

/* A fresh state directory with one admin account; no process yet. */
void rig_new(struct rig *rig);
void rig_free(struct rig *rig);

/* Starts core and waits for READY, with links for gate and sim. */
void rig_start(struct rig *rig);
void rig_kill(struct rig *rig);
/* A fresh link to gate; the one before is closed. */
void rig_link_gate(struct rig *rig);

/* Waits for the next message to gate other than COMMITTED, which is taken on the way. */
const void *rig_receive(struct rig *rig);
/* Waits until COMMITTED names seq or more. */
void rig_wait_committed(struct rig *rig, uint64_t seq);

/* Sends a message with a request id of its own and gives the answer. */
const void *rig_ask(struct rig *rig, void *message);

/* Proves itself for a target and gives the handle. */
struct message_handle rig_handle(struct rig *rig, const char *target);

/* RESULT of an insert of a person with one door, always valid. */
uint32_t rig_insert(struct rig *rig, const char *user, const char *card, uint64_t *ret_no);
uint32_t rig_remove(struct rig *rig, uint64_t no);
uint32_t rig_open_door(struct rig *rig, uint8_t door);

/* The journal from after_seq on: up to 1024 entries, none while the store is failed; the caller
 * frees. */
struct journal_entry *rig_journal(struct rig *rig, uint64_t after_seq, uint32_t *ret_count);

/* Waits for an entry of that kind behind after_seq and gives it. */
struct journal_entry rig_wait_entry(struct rig *rig, uint64_t after_seq, enum journal_kind kind);

/* A card of format W34 at a reader, edges just past. */
void rig_card(struct rig *rig, uint8_t reader, uint64_t number);
void rig_edges(struct rig *rig, uint8_t reader, const struct card_bits *bits);
void rig_level(struct rig *rig, enum line_kind kind, uint8_t at, bool level);

/* Waits until the lock stands so; false after RIG_TIMEOUT_MS. */
bool rig_wait_lock(struct rig *rig, uint8_t door, bool open);
