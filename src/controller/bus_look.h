/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an OSDP reader shows: the domain's feedback as lights and tones. The permanent light says
 * how the door is held, the temporary one what just happened. No I/O, no clock.
 */
#pragma once

#include "domain/controller.h"
#include "protocols/osdp_bus.h"

/* One reader's. All zero: nothing is known of its door yet, nothing is waited for. */
struct bus_look {
	uint8_t hold; /* of its door: DOOR_COMMAND_NORMAL, _HOLD_OPEN, _HOLD_LOCKED */
	bool held; /* the door's warning goes on behind what is shown meanwhile */
	int64_t waiting_until_ns; /* so does the wait for the second of card and PIN; 0: none */
};

/* A feedback (enum feedback). second_ms: how long the second of card and PIN is waited for. */
void bus_look_feedback(struct bus_look *look, uint8_t feedback, uint32_t second_ms, int64_t now_ns,
	struct osdp_look *ret);

/* The door is held otherwise (enum door_command). */
void bus_look_hold(struct bus_look *look, uint8_t hold, int64_t now_ns, struct osdp_look *ret);
