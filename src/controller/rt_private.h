/* SPDX-License-Identifier: Apache-2.0 */
/* The real-time thread's state, and what its files show each other. */
#pragma once

#include "rt.h"
#include "rt_panels.h"
#include "rt_readers.h"

/* What was last said about the pulses of each panel. */
struct panel_watch {
	struct panel_counters told[PANELS_MAX];
	int64_t due_ns;
};

/* How an OSDP reader is, and what of it the journal knows. */
struct bus_watch {
	uint8_t reason; /* why it is offline; REASON_NONE: it is online */
	uint8_t told; /* the same in the journal; REASON_COUNT: nothing yet */
	uint8_t head; /* that read the card below */
	struct card_bits card; /* waits for its finger; count 0: none */
	int64_t card_until_ns;
	int64_t quiet_until_ns;
	bool tamper; /* as the reader said it latest */
	bool tamper_told;
	int64_t tamper_quiet_ns; /* a further one waits until then */
};

struct rt {
	struct core *core;
	struct controller *controller;
	struct heartbeat_page *page;
	struct rt_readers readers;
	struct rt_panels panels;
	struct panel_watch panel_watch;
	struct bus_watch bus_watch[READERS_MAX]; /* by number - 1 */
	int epoll;
	int timer; /* CLOCK_BOOTTIME, at timer_ns */
	int clock_timer; /* CLOCK_REALTIME, for its jumps only */
	int lines_fd; /* as it stands in epoll, or -1 */
	bool lines_over; /* the source is gone until a fresh link comes */
	bool unread; /* the last turn left line events behind */
	bool trusted; /* what the controller knows of the clock */
	int64_t timer_ns;
	int64_t beat_due_ns;
	int64_t now_ns; /* of the latest step: never goes back */

	/* Commit entries, counted since the start. */
	uint64_t pushed;
	uint64_t durable;
	uint32_t lost; /* had no room; told of when there is */
	bool store_failed; /* the store said so */
	bool store_silent; /* entries wait for longer than STORE_SILENCE_MS */

	uint8_t level_next; /* reader whose lines are looked at next, from 0 */
	bool level_low[READERS_MAX][2]; /* as last looked at */

	int64_t decision_due_ns; /* the frame whose decision is being stepped; 0: none */
	int64_t durable_at_ns; /* when the record being told of was on disk; 0: none */
	struct effect_list effects;
};

/* Steps the controller and carries out what it asks for. */
void rt_step(struct rt *rt, const struct controller_input *input);

/* Carries out rt->effects in their order. */
void rt_effects(struct rt *rt);

/* Hands an entry to the store; counts it as lost when there is no room. */
void rt_commit(struct rt *rt, const struct commit_entry *entry);

/* The moment for an entry that the controller did not make. */
struct moment rt_moment(const struct rt *rt);

/* Third-party panels: at the start, and at each beat. */
void rt_panels_start(struct rt *rt);
void rt_panels_beat(struct rt *rt);

/* OSDP readers (rt_bus.c): at the start, what they gave, and at each beat. */
void rt_bus_start(struct rt *rt);
void rt_bus(struct rt *rt);
void rt_bus_beat(struct rt *rt);
void rt_bus_feedback(struct rt *rt, uint8_t reader, uint8_t feedback);
/* True when reader number is on an OSDP line. */
bool rt_bus_is(const struct rt *rt, uint8_t reader);

/* Steps an input of a reader; due_ns as in rt_reader_emit. */
void rt_emit(void *user, const struct controller_input *input, int64_t due_ns);
void rt_tamper(struct rt *rt, uint8_t reader, bool active);

/* Takes what the store and serve have sent. */
void rt_changes(struct rt *rt);
void rt_orders(struct rt *rt);

/* Looks whether the store answers; tells of entries that were lost. */
void rt_store_watch(struct rt *rt);

/* Puts a frame that ended where others may see it: an rt_reader_look. */
void rt_frame_put(void *user, uint8_t reader, const struct wiegand_trace *trace,
	const struct frame_verdict *verdict);

/* Publishes how the readers' lines do; looks at the levels of some. Once a beat. */
void rt_reader_states(struct rt *rt);

/* Steps the present level of every contact and tamper input. */
void rt_levels(struct rt *rt);
