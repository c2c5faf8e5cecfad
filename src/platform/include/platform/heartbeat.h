/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page core's real-time thread shares with the supervisor: a heartbeat, and per door the latest
 * time its lock may stay open. When core dies, hangs or passes a deadline, the supervisor writes
 * the fail states. Core writes the deadline first, then wakes the supervisor (ROLE_FD_WAKE), then
 * moves the line.
 */
#pragma once

#include "domain/limits.h"
#include "domain/reason.h"
#include "domain/record.h"

#include <stdatomic.h>
#include <stdint.h>

#define HEARTBEAT_INTERVAL_MS 250
#define HEARTBEAT_TIMEOUT_MS 1000
#define OUTPUT_GRACE_MS 50 /* the supervisor acts this long after a passed deadline */

/*
 * Latency histograms: LATENCY_PER_OCTAVE buckets an octave from 1 us, so that a bucket is at most a
 * quarter wide; the last one (56 ms) takes everything above. Counts only grow.
 */
#define LATENCY_PER_OCTAVE 4
#define LATENCY_BUCKETS 64

enum latency { /* what the sums of microseconds beside the histograms are of */
	LATENCY_DECISION = 0,
	LATENCY_RECORD,
	LATENCY_UNLOCK,
	LATENCY_SYNC,
	LATENCY_COUNT
};

#define HEARTBEAT_ROLES 8 /* at least as many as roles */

/* Ends of a role that the supervisor did not ask for; by the supervisor. */
struct role_ends {
	_Atomic uint64_t count;
	_Atomic int64_t latest_ns; /* CLOCK_BOOTTIME */
};

struct heartbeat_page {
	_Atomic uint32_t life; /* of the real-time thread: platform/life.h */
	_Atomic int64_t beat_ns; /* CLOCK_BOOTTIME of the latest beat; 0 before the first */
	_Atomic int64_t
		unlocked_until_ns[DOORS_MAX]; /* 0: locked; INT64_MAX: held open by command */
	_Atomic uint32_t decision_us[LATENCY_BUCKETS]; /* a frame's end to its commit request */
	_Atomic uint32_t record_us[LATENCY_BUCKETS]; /* a decision to its record being on disk */
	_Atomic uint32_t unlock_us[LATENCY_BUCKETS]; /* a record durable to the lock line */
	_Atomic int64_t
		starting_ns; /* before the first beat: the latest sign of a start going on */
	/* Figures that outlive core, for status and metrics. */
	_Atomic uint32_t
		sync_16us[LATENCY_BUCKETS]; /* a transaction's way to the disk; up to 1 s */
	_Atomic uint64_t latency_sum_us[LATENCY_COUNT];
	_Atomic uint64_t entries[JOURNAL_KIND_COUNT]; /* that core decided on, by kind */
	_Atomic uint64_t decisions[REASON_COUNT]; /* access records, by reason */
	_Atomic int64_t slow_ns; /* CLOCK_BOOTTIME when a record was late the last time; 0: never */
	_Atomic int64_t started_ns; /* CLOCK_BOOTTIME of the supervisor's start */
	struct role_ends role[HEARTBEAT_ROLES]; /* by enum role */
};

/*
 * The unit a latency is counted in, in microseconds: slow disks need more room than the buckets
 * have in microseconds.
 */
static inline uint32_t latency_unit_us(enum latency latency)
{
	return latency == LATENCY_SYNC ? 16 : 1;
}

/* The histogram of a latency, in its unit. */
_Atomic uint32_t *latency_histogram(struct heartbeat_page *page, enum latency latency);

/*
 * Microseconds that so many of a hundred counts are below, rounded up to a bucket; 0 without
 * counts.
 */
uint32_t latency_percentile_us(
	enum latency latency, const uint32_t bucket[LATENCY_BUCKETS], unsigned percent);

static inline uint32_t latency_bucket(int64_t us)
{
	if (us < 1)
		return 0;
	uint32_t octave = 63 - (uint32_t)__builtin_clzll((unsigned long long)us);
	uint64_t in_octave = (uint64_t)us - (UINT64_C(1) << octave);

	if (octave >= LATENCY_BUCKETS / LATENCY_PER_OCTAVE)
		return LATENCY_BUCKETS - 1;
	return octave * LATENCY_PER_OCTAVE + (uint32_t)((in_octave * LATENCY_PER_OCTAVE) >> octave);
}

/* Microseconds from which on a bucket counts. */
static inline uint32_t latency_bucket_us(uint32_t bucket)
{
	uint32_t octave = bucket / LATENCY_PER_OCTAVE;
	uint64_t quarters = LATENCY_PER_OCTAVE + bucket % LATENCY_PER_OCTAVE;

	return (uint32_t)((quarters << octave) / LATENCY_PER_OCTAVE);
}
