/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that configManager reads from core and changes there, one row at a time. */
#pragma once

#include "base/buf.h"
#include "gate.h"

struct config_table {
	const char *name;
	enum message_type get; /* struct message_schedule_get */
	enum message_type row; /* its answer */
	/* Does a parameter of setConfig belong to the table? *ret_no: its row. */
	bool (*key)(struct span name, uint32_t *ret_no);
	bool (*defined)(const void *row);
	void (*lines)(struct buf *out, const void *row);
	/* Applies the request's parameters to the row and sends it back, or fails the request. */
	void (*change)(struct request *request, const void *row);
};

/* config_special.c */
extern const struct config_table config_special_groups;
extern const struct config_table config_special_schedules;
