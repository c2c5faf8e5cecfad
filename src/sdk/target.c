// SPDX-License-Identifier: Apache-2.0
/* Request targets, piece by piece. Brackets stay literal: many devices refuse them encoded. */
#include "protocols/query.h"
#include "sdk.h"

void target_begin(struct target *target, const char *cgi, const char *action)
{
	target->text = buf_over(target->memory, sizeof(target->memory) - 1);
	buf_add_string(&target->text, "/cgi-bin/");
	buf_add_string(&target->text, cgi);
	buf_add_string(&target->text, "?action=");
	buf_add_string(&target->text, action);
}

static void add_name(struct target *target, const char *name)
{
	buf_add_byte(&target->text, '&');
	buf_add_string(&target->text, name);
}

void target_text(struct target *target, const char *name, const char *value)
{
	if (value == NULL)
		return;
	add_name(target, name);
	buf_add_byte(&target->text, '=');
	query_encode(&target->text, span_from_string(value));
}

void target_number(struct target *target, const char *name, int64_t value)
{
	add_name(target, name);
	buf_add_byte(&target->text, '=');
	buf_add_i64(&target->text, value);
}

void target_indexed(struct target *target, const char *name, size_t index, int64_t value)
{
	add_name(target, name);
	buf_add_byte(&target->text, '[');
	buf_add_u64(&target->text, index);
	buf_add_string(&target->text, "]=");
	buf_add_i64(&target->text, value);
}

const char *target_end(struct target *target, struct postern_device *device)
{
	if (target->text.overflow) {
		device_fail(device, POSTERN_E_ARGUMENT,
			"the values are longer together than a request line (%d bytes)", URL_MAX);
		return NULL;
	}
	target->memory[target->text.len] = 0;
	return target->memory;
}
