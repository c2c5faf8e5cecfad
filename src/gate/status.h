/* SPDX-License-Identifier: Apache-2.0 */
/* What status and metrics share: which alarms stand, judged from what core and gate know. */
#pragma once

#include "messages/status.h"
#include "operations.h"
#include "platform/heartbeat.h"
#include "protocols/wiegand_trace.h"

#define ALARM_RECENT_S 600 /* what happened once stands this long */
#define CERTIFICATE_WARN_S (14 * 24 * 3600)

/* name: stable, one word; text: a sentence for people, living until the callback returns. */
typedef void status_alarm_fn(void *user, const char *name, struct span text);

/* Calls each for every alarm that stands; returns how many. each may be NULL. */
unsigned status_alarms(const struct gate *gate, const struct message_status *status,
	status_alarm_fn *each, void *user);

/* Access records that are kept. */
uint64_t status_records_kept(const struct message_status *status);

/* Of all kinds but good frames. */
uint64_t status_reader_faults(const struct status_reader *reader);

/* Frames that came whole: cards of a wired reader, replies of an OSDP one. */
uint64_t status_reader_frames(const struct status_reader *reader);

/* An OSDP reader that answers, and proved itself where it must. */
bool status_reader_online(const struct status_reader *reader);

#define STATUS_OSDP_COUNTERS 14

/* The counters of an OSDP reader: name of the CGI, and label of metrics. */
extern const struct status_osdp_name {
	const char *key; /* "MACErrors" */
	const char *label; /* "mac_error" */
} status_osdp_counters[STATUS_OSDP_COUNTERS];

uint64_t status_osdp_counter(const struct status_osdp *osdp, unsigned at);

/* Records that were late for their door, by whichever rule of it. */
uint64_t status_late_records(const struct message_status *status);
