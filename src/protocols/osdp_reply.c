// SPDX-License-Identifier: Apache-2.0
/*
 * Data of OSDP replies. Readers in the field send more than they should; what stands behind the
 * fields of a reply is left out. Too little is refused.
 */
#include "protocols/osdp_reply.h"

#include "osdp_fields.h"

bool osdp_nak_decode(struct span data, struct osdp_nak_reply *ret)
{
	struct fields fields = fields_of(data);

	ret->code = fields_u8(&fields);
	ret->detail = fields_rest(&fields);
	return fields.good;
}

void osdp_nak_encode(struct buf *out, const struct osdp_nak_reply *nak)
{
	add_number(out, nak->code, 1);
	buf_add(out, nak->detail);
}

bool osdp_pdid_decode(struct span data, struct osdp_pdid *ret)
{
	struct fields fields = fields_of(data);

	fields_copy(&fields, ret->vendor, sizeof(ret->vendor));
	ret->model = fields_u8(&fields);
	ret->version = fields_u8(&fields);
	ret->serial = fields_number(&fields, 4);
	fields_copy(&fields, ret->firmware, sizeof(ret->firmware));
	return fields.good;
}

void osdp_pdid_encode(struct buf *out, const struct osdp_pdid *pdid)
{
	buf_add(out, span_of(pdid->vendor, sizeof(pdid->vendor)));
	add_number(out, pdid->model, 1);
	add_number(out, pdid->version, 1);
	add_number(out, pdid->serial, 4);
	buf_add(out, span_of(pdid->firmware, sizeof(pdid->firmware)));
}

bool osdp_pdcap_next(struct span *rest, struct osdp_pdcap *ret)
{
	struct fields fields = fields_of(*rest);

	ret->function = fields_u8(&fields);
	ret->compliance = fields_u8(&fields);
	ret->number = fields_u8(&fields);
	*rest = fields.rest;
	return fields.good;
}

void osdp_pdcap_encode(struct buf *out, const struct osdp_pdcap *pdcap)
{
	add_number(out, pdcap->function, 1);
	add_number(out, pdcap->compliance, 1);
	add_number(out, pdcap->number, 1);
}

bool osdp_lstatr_decode(struct span data, struct osdp_lstatr *ret)
{
	struct fields fields = fields_of(data);

	ret->tamper = fields_u8(&fields) != 0;
	ret->power = fields_u8(&fields) != 0;
	return fields.good;
}

void osdp_lstatr_encode(struct buf *out, const struct osdp_lstatr *lstatr)
{
	add_number(out, lstatr->tamper, 1);
	add_number(out, lstatr->power, 1);
}

static size_t bytes_of_bits(size_t count)
{
	return (count + 7) / 8;
}

/* What of the last byte belongs to so many bits. */
static uint8_t last_mask(size_t count)
{
	return (uint8_t)(0xFF << (7 - (count + 7) % 8));
}

bool osdp_raw_decode(struct span data, struct osdp_raw *ret)
{
	struct fields fields = fields_of(data);

	ret->reader = fields_u8(&fields);
	ret->format = fields_u8(&fields);
	ret->bit_count = fields_u16(&fields);
	ret->bytes = fields_bytes(&fields, bytes_of_bits(ret->bit_count));
	return fields.good;
}

void osdp_raw_encode(struct buf *out, const struct osdp_raw *raw)
{
	size_t len = bytes_of_bits(raw->bit_count);

	add_number(out, raw->reader, 1);
	add_number(out, raw->format, 1);
	add_number(out, raw->bit_count, 2);
	if (raw->bytes.len != len) {
		out->overflow = true;
	} else if (len > 0) {
		buf_add(out, span_slice(raw->bytes, 0, len - 1));
		add_number(out, (uint8_t)raw->bytes.data[len - 1] & last_mask(raw->bit_count), 1);
	}
}

bool osdp_raw_bits(const struct osdp_raw *raw, struct card_bits *ret)
{
	size_t len = bytes_of_bits(raw->bit_count);

	*ret = (struct card_bits){0};
	if (raw->bit_count == 0 || raw->bit_count > CARD_BITS_MAX)
		return false;
	ret->count = raw->bit_count;
	memcpy(ret->bytes, raw->bytes.data, len);
	ret->bytes[len - 1] &= last_mask(raw->bit_count);
	return true;
}

bool osdp_fmt_decode(struct span data, struct osdp_fmt *ret)
{
	struct fields fields = fields_of(data);

	ret->reader = fields_u8(&fields);
	ret->direction = fields_u8(&fields);
	ret->characters = fields_bytes(&fields, fields_u8(&fields));
	return fields.good;
}

void osdp_fmt_encode(struct buf *out, const struct osdp_fmt *fmt)
{
	add_number(out, fmt->reader, 1);
	add_number(out, fmt->direction, 1);
	add_counted(out, fmt->characters, 1);
}

bool osdp_keypad_decode(struct span data, struct osdp_keypad *ret)
{
	struct fields fields = fields_of(data);

	ret->reader = fields_u8(&fields);
	ret->keys = fields_bytes(&fields, fields_u8(&fields));
	return fields.good;
}

void osdp_keypad_encode(struct buf *out, const struct osdp_keypad *keypad)
{
	add_number(out, keypad->reader, 1);
	add_counted(out, keypad->keys, 1);
}

bool osdp_identity_next(struct span *rest, struct osdp_identity *ret)
{
	struct fields fields = fields_of(*rest);

	ret->tag = fields_u8(&fields);
	ret->value = fields_bytes(&fields, fields_u16(&fields));
	*rest = fields.rest;
	return fields.good;
}

void osdp_identity_encode(struct buf *out, const struct osdp_identity *identity)
{
	add_number(out, identity->tag, 1);
	add_counted(out, identity->value, 2);
}

bool osdp_ftstat_decode(struct span data, struct osdp_ftstat *ret)
{
	struct fields fields = fields_of(data);

	ret->flags = fields_u8(&fields);
	ret->delay_ms = fields_u16(&fields);
	ret->status = (int16_t)fields_u16(&fields);
	ret->frame_max = fields_u16(&fields);
	return fields.good;
}

void osdp_ftstat_encode(struct buf *out, const struct osdp_ftstat *ftstat)
{
	add_number(out, ftstat->flags, 1);
	add_number(out, ftstat->delay_ms, 2);
	add_number(out, (uint16_t)ftstat->status, 2);
	add_number(out, ftstat->frame_max, 2);
}
