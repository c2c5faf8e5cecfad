/* SPDX-License-Identifier: Apache-2.0 */
/* A pull, for what begins pulls itself. */
#pragma once

#include "pull_plan.h"
#include "sdk.h"

/* What came before of the second that a pull begins with. */
struct pull_resume {
	int64_t create_time;
	const uint64_t *rec_nos; /* in rising order */
	size_t count;
	size_t page_max; /* pull_page_max of an earlier pull of this device; 0: none */
};

/* As postern_records_pull_start. resume: NULL, or copied. */
int pull_start(struct postern_device *device, const struct postern_record_query *query,
	const struct pull_resume *resume, postern_record_fn *each, postern_pull_fn *done,
	void *user, struct postern_call **call);

/* In its callback: are all these among the records that it hands out next? */
bool pull_brings(const struct postern_call *call, struct postern_rec_nos rec_nos);

/* Rows of the largest page that a pull has got. */
size_t pull_page_max(const struct postern_call *call);

/* 0.5 s, 1 s, 2 s ... 30 s; failures counts from 1. */
unsigned retry_delay_ms(unsigned failures);
/* The device is away, slow, broken for now, or its answer was cut off. */
bool error_may_pass(int error);
