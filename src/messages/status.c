// SPDX-License-Identifier: Apache-2.0
/* How the controller does. */
#include "messages/status.h"

#include "judge.h"

size_t cut_status(const void *message)
{
	const struct message_status *m = message;

	return offsetof(struct message_status, reader) +
	       (m->reader_count > READERS_MAX ? READERS_MAX : m->reader_count) *
		       sizeof(m->reader[0]);
}

_Static_assert(sizeof(struct message_status) <= MESSAGE_MAX, "all readers fit one message");

static bool status_osdp_check(const struct status_osdp *row)
{
	const struct osdp_reader_status *reader = &row->reader;

	return row->pairing < PAIRING_STATE_COUNT && row->pair_failed < OSDP_WHY_COUNT &&
	       bool_valid(&row->port) && bool_valid(&row->has_key) &&
	       reader->state < OSDP_STATE_COUNT && reader->why < OSDP_WHY_COUNT &&
	       bool_valid(&reader->secure) && bool_valid(&reader->has_identity) &&
	       bool_valid(&reader->capabilities.aes) &&
	       bool_valid(&reader->capabilities.default_key) &&
	       bool_valid(&reader->capabilities.crc);
}

bool judge_status(const void *message)
{
	const struct message_status *m = message;

	if (m->door_count > DOORS_MAX || m->reader_count > READERS_MAX ||
		!bool_valid(&m->clock_trusted) || !bool_valid(&m->store_failed) ||
		!bool_valid(&m->has_backup) || !bool_valid(&m->has_records_days_left))
		return false;
	for (uint32_t i = 0; i < m->door_count; i++) {
		if (m->door[i].index >= DOORS_MAX || !door_state_check(&m->door[i].state))
			return false;
	}
	for (uint32_t i = 0; i < m->reader_count; i++) {
		const struct status_reader *row = &m->reader[i];

		if (row->number < 1 || row->number > READERS_MAX || !bool_valid(&row->held[0]) ||
			!bool_valid(&row->held[1]) || !bool_valid(&row->is_osdp) ||
			(row->is_osdp && !status_osdp_check(&row->osdp)))
			return false;
	}
	return true;
}
