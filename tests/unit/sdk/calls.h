/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of calls share: a context whose time stands still but for what the test adds, a
 * device at a peer that the test steps by hand, and what the callbacks said. Include cmocka.h
 * first.
 */
#pragma once

#include "peer.h"

struct fixture {
	struct postern *context;
	struct postern_device *device;
	struct peer peer;
};

/* What callbacks said, in their order. */
struct told {
	unsigned count;
	const char *name[32];
	int error[32];
	char detail[32][128];
};

struct waiter {
	const char *name;
	struct postern_call *call;
	unsigned ends;
	void (*then)(struct waiter *waiter); /* inside the callback; NULL: nothing */
};

extern int64_t time_ms;
extern struct told told;

int calls_set_up_with(struct fixture *f, unsigned transfers_max);
int calls_set_up(void **state);
int calls_tear_down(void **state);
struct postern_device *another_device(struct fixture *f);

/* A postern_done_fn; user: a waiter. */
void ended(void *user, struct postern_call *call, int error);
/* Begins a call whose request holds name. waiter->then stays. */
void open_door(struct postern_device *device, struct waiter *waiter, const char *name);
void expect_told(size_t at, const char *name, int error);

#define CASE(name) cmocka_unit_test_setup_teardown(name, calls_set_up, calls_tear_down)
