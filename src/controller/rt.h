/* SPDX-License-Identifier: Apache-2.0 */
/* The real-time thread: lines and rings in, controller_step, effects out. */
#pragma once

#include "core.h"

struct rt;

/*
 * Before the sandbox: makes the thread's descriptors and memory, puts the locks into their state at
 * rest, and steps the levels that stand at the inputs. NULL with errno.
 */
struct rt *rt_new(struct core *core);

/* The thread. Ends when core->stopping is set, after every pulsed lock was driven to its fail
 * state. */
void *rt_run(void *user);

/* A step by the caller before the thread runs: schedules and special days of the start. */
void rt_schedule_put(struct rt *rt, const struct schedule *schedule);
void rt_special_group_put(struct rt *rt, const struct special_day_group *group);
void rt_special_schedule_put(struct rt *rt, const struct special_schedule *special);
