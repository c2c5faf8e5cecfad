/* SPDX-License-Identifier: Apache-2.0 */
/* How the controller does. */
#pragma once

#include "domain/controller.h"
#include "domain/reason.h"
#include "domain/record.h"
#include "messages/requests.h"
#include "protocols/osdp_bus.h"
#include "protocols/wiegand_trace.h"

#define STATUS_BUCKETS 64 /* LATENCY_BUCKETS of platform/heartbeat.h */
#define STATUS_LATENCIES 4 /* LATENCY_COUNT */

struct status_latency {
	uint32_t bucket[STATUS_BUCKETS];
	uint64_t sum_us;
};

struct status_role {
	uint64_t ends; /* that nobody asked for, since the supervisor's start */
	int64_t latest_ns; /* CLOCK_BOOTTIME; 0: never */
};

struct status_door {
	uint8_t index;
	struct door_state state;
};

/* How far the pairing of an OSDP reader is. */
enum pairing_state {
	PAIRING_NONE = 0,
	PAIRING_SAVING, /* the new key is on its way to the disk */
	PAIRING_OPEN, /* and then on its way to the reader */
	PAIRING_FINISHING, /* it works; or the keys are to be forgotten: on the way to the disk */
	PAIRING_STATE_COUNT
};

struct status_osdp {
	uint8_t pairing; /* enum pairing_state */
	uint8_t pair_failed; /* enum osdp_why: how the latest pairing failed; 0: it did not */
	bool port; /* the line's port is there */
	bool has_key;
	int64_t window_until_ns; /* CLOCK_BOOTTIME; 0: no pairing window */
	struct osdp_reader_status reader;
};

struct status_reader {
	uint8_t number;
	bool is_osdp; /* which of the union */
	bool held[2]; /* the line stands low in silence; never of an OSDP reader */
	union {
		struct wiegand_counters counters; /* since core's start */
		struct status_osdp osdp;
	};
};

/*
 * All of it at about one instant. MESSAGE_STATUS_QUERY with a handle of zeros is answered where the
 * settings let some network read metrics without an account.
 */
struct message_status {
	struct message_header header;
	int64_t utc_ms;
	int64_t boot_ns; /* CLOCK_BOOTTIME, with which the other ones compare */
	int64_t started_ns; /* of the supervisor */
	int64_t core_started_ns;
	bool clock_trusted;
	bool store_failed;
	bool has_backup; /* the two below */
	int64_t backup_utc_s; /* of the latest `posternd backup` */
	uint64_t backup_rec_no; /* the newest record in it */
	bool has_records_days_left; /* false: the store is closed */
	uint32_t records_days_left; /* until the oldest record is overwritten; at most 36500 */
	uint64_t last_rec_no; /* of the newest record, kept or not */
	uint64_t oldest_rec_no; /* kept; last_rec_no + 1: none is */
	uint64_t last_seq;
	uint64_t oldest_seq;
	uint64_t entries_waiting; /* for the disk */
	uint32_t persons;
	int64_t slow_ns; /* CLOCK_BOOTTIME when a record was late the last time; 0: never */
	uint64_t core_resident_bytes;
	uint64_t core_cpu_us;
	struct status_role role[ROLE_COUNT];
	struct status_latency latency[STATUS_LATENCIES]; /* by enum latency */
	uint64_t entries[JOURNAL_KIND_COUNT]; /* since the supervisor's start, by kind */
	uint64_t decisions[REASON_COUNT]; /* cards and PINs, by reason */
	uint32_t door_count;
	uint32_t reader_count;
	struct status_door door[DOORS_MAX]; /* configured ones, by index */
	struct status_reader reader[READERS_MAX]; /* configured ones, by number */
};
