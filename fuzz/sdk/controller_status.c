// SPDX-License-Identifier: Apache-2.0
/*
 * A device's answer of how it does. Oracle: what is handed out keeps the ranges that the header
 * tells, and every text ends within the answer.
 */
#include "base/assert.h"
#include "sdk.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void flag_check(int flag)
{
	ASSERT(flag == 0 || flag == 1 || flag == POSTERN_NOT_GIVEN);
}

static void look(const struct postern_controller_status *s, size_t size)
{
	ASSERT(s->good == 0 || s->good == 1);
	ASSERT(s->clock_utc_ms >= 0 && s->records_kept >= POSTERN_NOT_GIVEN);
	flag_check(s->clock_trusted);
	for (size_t i = 0; i < s->role_count; i++)
		ASSERT(strlen(s->roles[i].name) <= size);
	for (size_t i = 0; i < s->door_count; i++) {
		ASSERT(s->doors[i].channel >= 0 && strlen(s->doors[i].id) <= size);
		flag_check(s->doors[i].open);
	}
	for (size_t i = 0; i < s->reader_count; i++)
		ASSERT(s->readers[i].number >= 0 && strlen(s->readers[i].door) <= size);
	for (size_t i = 0; i < s->alarm_count; i++)
		ASSERT(strlen(s->alarms[i].name) + strlen(s->alarms[i].text) <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer answer = {.text = malloc(size + 1), .len = size};
	int error = POSTERN_OK;

	memcpy(answer.text, data, size);
	answer.text[size] = 0;
	struct postern_controller_status *status = controller_status_read(&answer, &error);

	ASSERT((status == NULL) == (error != POSTERN_OK));
	if (status != NULL)
		look(status, size);
	(void)postern_controller_status_free(status);
	answer_drop(&answer);
	return 0;
}
