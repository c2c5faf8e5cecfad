/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's decisions, apart from its deeds: when a role is started again, whether core
 * lives. */
#pragma once

#include "drivers/locks.h"
#include "platform/heartbeat.h"
#include "platform/settings.h"

#define RESTART_DELAY_MIN_MS 100
#define RESTART_DELAY_MAX_MS 2000
#define RESTART_SETTLED_MS 1000 /* a role that lived this long starts anew at once */
#define RESTART_HEALTHY_S 10 /* and after this long its next alarm may be told */
#define RESTART_ALARM_COUNT 3
#define RESTART_ALARM_S 10
#define FIRST_BEAT_S 5 /* from core's start, or from its latest sign that it is starting */

struct restart {
	uint32_t failures; /* ends in a row without health */
	uint32_t ends; /* so far */
	bool alarmed; /* since it was healthy */
	int64_t ended_ns[RESTART_ALARM_COUNT]; /* the latest, as a ring */
};

/*
 * A role that was started at started_ns ended now. Returns when to start it again: at once, then,
 * as long as it dies young, after 100 ms doubling to 2 s. *ret_alarm: this is the third end within
 * 10 s, told once until the role was healthy again.
 */
int64_t restart_plan(struct restart *restart, int64_t started_ns, int64_t now_ns, bool *ret_alarm);

#define GATE_SILENCE_S 5 /* without a word from a gate that was ready */
#define GATE_START_S 10 /* from gate's start, or core's READY, to gate's READY */

/* What is known of gate, which has no page: it says ALIVE every ALIVE_INTERVAL_MS. */
struct gate_watch {
	bool running;
	bool ready;
	bool core_ready; /* gate is not before core is */
	int64_t started_ns;
	int64_t heard_ns; /* its latest word; core's, while gate is not ready */
	int64_t pardon_ns; /* silence does not count before this time */
};

/* False when gate was ready and is silent. *ret_next_ns: when to judge again at the latest. */
bool gate_is_heard(const struct gate_watch *gate, int64_t now_ns, int64_t *ret_next_ns);

/* Whether systemd's watchdog may be told that gate answers: it does, or has time to start. */
bool gate_answers(const struct gate_watch *gate, int64_t now_ns);

enum verdict {
	VERDICT_FINE = 0,
	VERDICT_ENDED, /* its real-time thread is no more: nobody moves the locks */
	VERDICT_SILENT, /* no beat for too long */
	VERDICT_OVERDUE, /* a door stands open beyond its time */
};

struct watch {
	int64_t started_ns; /* core's start */
	int64_t pardon_ns; /* silence does not count before this time */
};

/*
 * Judges core by its page, which core may have filled with anything. *ret_next_ns: when to judge
 * again at the latest. *ret_door: the door, for VERDICT_OVERDUE.
 */
enum verdict watch_judge(const struct watch *watch, const struct settings *settings,
	const struct heartbeat_page *page, const struct locks *locks, int64_t now_ns,
	int64_t *ret_next_ns, uint8_t *ret_door);
