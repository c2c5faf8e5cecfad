/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of an OSDP reader share: commands are done here, frames and sequence there. */
#pragma once

#include "protocols/osdp_device.h"

/* What a command is answered with: a reply's code and data, or BUSY. */
struct device_answer {
	uint8_t code; /* enum osdp_reply */
	struct buf data;
};

/* How a command came. */
struct device_command {
	uint8_t code;
	struct span data; /* decrypted */
	bool secured; /* within a session */
	int64_t now_ns;
};

/* OSDP_NAK with this reason, whatever was answered before. */
void device_nak(struct device_answer *answer, uint8_t nak);

/* --- osdp_device_command.c --- */

/* Does a command that may be done. OSDP_BUSY in *answer: it was not done. */
void device_command_do(struct osdp_device *device, const struct device_command *command,
	struct device_answer *answer);

/* --- osdp_device_show.c: 0, or the enum osdp_nak that refuses all of it --- */

uint8_t device_show_led(struct osdp_device *device, struct span data, int64_t now_ns);
uint8_t device_show_output(struct osdp_device *device, struct span data, int64_t now_ns);
uint8_t device_show_buzzer(struct osdp_device *device, struct span data, int64_t now_ns);
uint8_t device_show_text(struct osdp_device *device, struct span data, int64_t now_ns);

/* --- osdp_device_people.c --- */

/* False: no room. */
bool device_event_add(
	struct osdp_device *device, uint8_t code, const struct buf *data, int64_t now_ns);

/* Drops what is too old. */
void device_events_age(struct osdp_device *device, int64_t now_ns);

/* When the oldest is too old, or INT64_MAX. */
int64_t device_events_deadline_ns(const struct osdp_device *device);

/* Takes the oldest event as the answer of a poll. False: none waits. */
bool device_event_take(struct osdp_device *device, int64_t now_ns, struct device_answer *answer);

/* LSTATR and ISTATR as things are. */
void device_local_status(struct osdp_device *device, struct device_answer *answer);
void device_input_status(struct osdp_device *device, struct device_answer *answer);
