// SPDX-License-Identifier: Apache-2.0
/*
 * OSDP messages in parts. An assembly takes fragments in order only, of one total, into its owner's
 * memory; whatever else comes ends it, and the next part 0 begins anew.
 */
#include "protocols/osdp_part.h"

#include "base/assert.h"
#include "osdp_fields.h"

#define LEAD_SIZE 2

bool osdp_part_decode(struct span data, struct osdp_part *ret)
{
	struct fields fields = fields_of(data);

	ret->total = fields_u16(&fields);
	ret->offset = fields_u16(&fields);

	size_t len = fields_u16(&fields);
	bool lead = ret->offset == 0 && fields.rest.len == len + LEAD_SIZE;

	ret->lead = fields_bytes(&fields, lead ? LEAD_SIZE : 0);
	ret->fragment = fields_bytes(&fields, len);
	return fields_end(&fields);
}

void osdp_part_encode(struct buf *out, const struct osdp_part *part)
{
	add_number(out, part->total, 2);
	add_number(out, part->offset, 2);
	add_number(out, (uint32_t)part->fragment.len, 2);
	if (part->fragment.len > UINT16_MAX)
		out->overflow = true;
	buf_add(out, part->lead);
	buf_add(out, part->fragment);
}

bool osdp_part_cut(struct span message, size_t offset, size_t fragment_max, struct osdp_part *ret)
{
	ASSERT(message.len <= UINT16_MAX && fragment_max > 0);
	if (offset >= message.len)
		return false;
	*ret = (struct osdp_part){
		.total = (uint16_t)message.len,
		.offset = (uint16_t)offset,
		.fragment = span_slice(message, offset, fragment_max),
	};
	return true;
}

void osdp_assembly_init(struct osdp_assembly *assembly, void *memory, size_t capacity)
{
	assembly->message = buf_over(memory, capacity);
	osdp_assembly_reset(assembly);
}

void osdp_assembly_reset(struct osdp_assembly *assembly)
{
	assembly->message.len = 0;
	assembly->message.overflow = false;
	assembly->total = 0;
	assembly->received = 0;
}

enum osdp_assembly_result osdp_assembly_take(
	struct osdp_assembly *assembly, const struct osdp_part *part)
{
	if (part->offset == 0)
		osdp_assembly_reset(assembly);
	if (part->fragment.len == 0) {
		osdp_assembly_reset(assembly);
		return OSDP_ASSEMBLY_STOPPED;
	}
	if (part->offset == 0)
		assembly->total = part->total;
	buf_add(&assembly->message, part->lead);
	buf_add(&assembly->message, part->fragment);
	if (part->total != assembly->total || part->offset != assembly->received ||
		part->fragment.len > (size_t)(assembly->total - assembly->received) ||
		assembly->message.overflow) {
		osdp_assembly_reset(assembly);
		return OSDP_ASSEMBLY_BAD;
	}
	assembly->received = (uint16_t)(assembly->received + part->fragment.len);
	return assembly->received == assembly->total ? OSDP_ASSEMBLY_DONE : OSDP_ASSEMBLY_MORE;
}
