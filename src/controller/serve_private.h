/* SPDX-License-Identifier: Apache-2.0 */
/* The serving thread's state, and what its files show each other. */
#pragma once

#include "peer.h"
#include "serve.h"

#define OUT_SLOTS (REQUEST_SLOTS + 2) /* every open request's answer, and the one being made */
#define OUT_BYTES 4736 /* of the longest, ACCOUNT_ROWS */

struct open_request {
	bool used;
	uint32_t request_id;
	uint64_t link; /* of which link; an answer for an older one is dropped */
};

struct open_stream {
	uint64_t id;
	bool ended; /* its account was changed: gate is to be told, and gets nothing more */
	struct text32 account;
};

/* The one change of an account that is on its way to the disk. */
struct account_pending {
	bool pending;
	uint32_t slot;
	enum message_type type;
	uint8_t change; /* enum account_change */
	uint8_t role;
	struct text32 name;
};

struct out_message {
	size_t len; /* bytes */
	_Alignas(8) uint8_t bytes[OUT_BYTES];
};

struct serve {
	struct core *core;
	int epoll;
	struct peer *peer; /* the link to gate, or NULL */
	uint64_t link; /* counts links */
	bool greeted; /* gate's HELLO has come */
	bool wants_room; /* epoll watches for room instead of messages */
	uint64_t told_seq; /* of COMMITTED */
	struct open_request open[REQUEST_SLOTS];
	struct open_stream *stream; /* settings->streams_max places */
	uint32_t stream_count;
	uint64_t stream_next;
	struct command_limit command_limit;
	struct command_limit password_limit;
	struct account_pending account;
	int64_t file_part_ns; /* CLOCK_BOOTTIME of the latest part of core->reader_file */
	struct text32 file_account; /* who sends it */
	uint32_t out_count;
	uint32_t out_first;
	struct out_message out[OUT_SLOTS];
	_Alignas(8) uint8_t memory[MESSAGE_MAX]; /* the message being read */
};

/* Sends a message or puts it behind those that wait for room. */
void serve_send(struct serve *serve, const void *message);

/* The header of the answer to a request. */
struct message_header serve_header(const struct message_header *request, enum message_type type);

/* A place for the request; answers RESULT_BUSY and gives false when all are taken. */
MUST_CHECK bool serve_slot(
	struct serve *serve, const struct message_header *request, uint32_t *ret_slot);

/* --- serve_claim.c --- */

/* Judges a claim; the right one goes to the store. */
void serve_claim(struct serve *serve, const struct message_claim *request);
/* Sees every answer before it is sent: the claim's decides about the account. */
void serve_claim_ended(struct serve *serve, const struct answer *answer);

/* --- serve_accounts.c --- */

/* A change of an account: judged here, carried out by the store. */
void serve_account_put(struct serve *serve, const struct handle_entry *entry,
	const struct message_account_put *request);
void serve_account_remove(struct serve *serve, const struct handle_entry *entry,
	const struct message_account_name *request);
void serve_account_list(struct serve *serve, const struct message_account_name *request);
/* Sees every answer before it is sent: what is on disk now holds for the log-in too. */
void serve_account_ended(struct serve *serve, const struct answer *answer);

/* --- serve_readers.c --- */

/* What is to be done to a reader's key; the bus thread answers. */
void serve_reader_order(struct serve *serve, const struct handle_entry *entry,
	const struct message_reader_order *request);

/* --- serve_files.c --- */

/* A file for a reader: begin, part, state, cancel, as the handle says. */
void serve_file(struct serve *serve, const struct handle_entry *entry,
	const struct message_reader_file *request);
/* Gives back the memory of a file that is done, or whose parts stay away. */
void serve_file_turn(struct serve *serve);
/* How long the loop may wait for the next part: ms, -1 for ever. */
int serve_file_timeout_ms(const struct serve *serve);

/* --- serve_requests.c --- */

/* Ends the streams of an account; gate is told by serve_streams_tell. */
void serve_streams_end(struct serve *serve, struct span account);
/* Tells gate of ended streams as far as there is room. */
void serve_streams_tell(struct serve *serve);
void serve_result(struct serve *serve, const struct message_header *request, enum result result);

/* Serves one judged message of gate. */
void serve_request(struct serve *serve, const void *message);

/* Ends an open request. */
void serve_answer(struct serve *serve, const struct answer *answer);

/* Takes what rt, store and query have answered. */
void serve_answers(struct serve *serve);
