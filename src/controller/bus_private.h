/* SPDX-License-Identifier: Apache-2.0 */
/* The bus thread's state, and what its files show each other. */
#pragma once

#include "bus.h"
#include "bus_guess.h"
#include "bus_look.h"
#include "bus_wait.h"

#define BUS_LINE_NONE 255

struct bus_reader {
	uint8_t line; /* BUS_LINE_NONE: no OSDP reader */
	uint8_t index; /* in the line's bus */
	bool has_key;
	uint8_t pairing; /* enum bus_pairing */
	uint8_t order; /* enum bus_order_kind that the pairing is about */
	uint8_t pair_failed; /* enum osdp_why */
	bool answered; /* the asker has heard */
	bool worked; /* the pending key of before has, while the disk hears of a new pairing */
	uint32_t slot; /* of the asker */
	uint16_t window_s;
	int64_t window_until_ns;
	int64_t again_ns; /* a job that failed goes to the disk again; 0: none did */
	struct key_job job; /* under way or to be sent again */
	struct bus_look look;
	struct bus_guess guess; /* of its replies to polls */
};

struct bus_line {
	struct bus *bus;
	uint8_t at; /* in settings.osdp_line */
	int fd; /* -1: the port is gone */
	bool watched; /* epoll tells of its bytes */
	bool awaits; /* a command was sent, its reply is not whole yet */
	bool gone_untold; /* the supervisor has not heard that it is gone */
	int64_t look_ns; /* read then at the latest; INT64_MAX: when bytes come */
	uint32_t baud;
	struct bus_wait wait;
	int64_t sent_ns; /* the last byte of the latest command is through */
	struct bus_guess *polled; /* whose reply to a poll is awaited; NULL: no such reply */
	struct osdp_bus *osdp; /* NULL: nobody is on this line, or output */
	struct bus_output *output; /* we are the reader of a panel there; else NULL */
	void *memory;
	size_t size; /* of memory */
	uint8_t count;
	uint8_t number[OSDP_BUS_READERS_MAX]; /* of its readers, by index */
};

struct bus {
	struct core *core;
	int epoll;
	int timer;
	int64_t timer_ns; /* what it is set to; INT64_MAX: nothing */
	int64_t again_ns; /* when bus_keys_results has a job to send again; INT64_MAX: never */
	int64_t status_ns; /* when states are published next */
	uint64_t events_lost; /* rt had no room for them */
	uint64_t lost_told;
	struct bus_output *output[PANELS_MAX]; /* by number - 1; NULL: none, or by pulses */
	uint8_t file_reader; /* that takes a file now; 0: none does */
	bool file_cancelled; /* before it went to the reader */
	uint8_t line_count;
	struct bus_line line[OSDP_LINES_MAX];
	struct bus_reader reader[READERS_MAX]; /* by number - 1 */
};

/* The reader, or NULL when number is no OSDP reader. */
struct bus_reader *bus_reader_of(struct bus *bus, uint8_t number);

/* Makes what is known of a reader visible at once. */
void bus_status_publish(struct bus *bus, uint8_t number);

/* Tells rt; at_ns and reader are set. */
void bus_tell(struct bus *bus, const struct bus_event *event);

/* --- bus_output.c: lines on which we are the reader of another maker's panel --- */

/* Makes the devices of all such lines, with their keys. 0 or -errno. */
MUST_CHECK int bus_outputs_new(struct bus *bus);
void bus_outputs_free(struct bus *bus);

/* Takes what rt has for the panels. */
void bus_outputs_frames(struct bus *bus, int64_t now_ns);

/* Tells what changed. */
void bus_outputs_turn(struct bus *bus, int64_t now_ns);

/* What the store has done. */
void bus_output_result(struct bus *bus, const struct key_job *result);

/* As those of osdp_bus.h, of a line of either kind. */
void bus_line_receive(struct bus_line *line, struct span bytes, int64_t now_ns);
void bus_line_time(struct bus_line *line, int64_t now_ns);
bool bus_line_transmit(struct bus_line *line, int64_t now_ns, struct span *ret_bytes);
int64_t bus_line_deadline_ns(const struct bus_line *line);
void bus_line_port(struct bus_line *line, bool there, int64_t now_ns);

/* --- bus_trace.c --- */

/* Memory for the frames that are remembered. 0 or -errno. */
MUST_CHECK int bus_trace_new(struct core *core);

/* Sees each frame of a line; user: the struct bus_line. */
void bus_trace_frame(void *user, int64_t now_ns, bool from_reader, struct span frame);

/* --- bus_events.c --- */

/* Takes all events of a line. */
void bus_events_take(struct bus *bus, struct bus_line *line);

/* --- bus_files.c: the file that goes to a reader --- */

/* BUS_ORDER_FILE and BUS_ORDER_FILE_CANCEL. */
void bus_file_order(struct bus *bus, const struct bus_order *order, int64_t now_ns);

/* The audit has it, or has not: KEY_JOB_FILE. */
void bus_file_result(struct bus *bus, const struct key_job *result, int64_t now_ns);

/* OSDP_EVENT_FILE */
void bus_file_event(struct bus *bus, uint8_t number, const struct osdp_event *event);

/* --- bus_keys.c: keys, from their birth to the disk and to the reader --- */

/* Fills *ret with what is known of a reader's keys at the start. 0 or -errno. */
MUST_CHECK int bus_keys_load(
	struct bus *bus, bool restarted, struct osdp_bus_reader readers[READERS_MAX]);

/* An order of serve about keys. */
void bus_keys_order(struct bus *bus, const struct bus_order *order, int64_t now_ns);

/* What the line says about keys: KEY_WANTED, PAIRED, PAIR_FAILED, PENDING_WORKS. */
void bus_keys_event(struct bus *bus, uint8_t number, const struct osdp_event *event);

/* Takes what the store has done. */
void bus_keys_results(struct bus *bus, int64_t now_ns);

/* Sends again what failed. */
void bus_keys_again(struct bus *bus, int64_t now_ns);
