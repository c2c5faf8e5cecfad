// SPDX-License-Identifier: Apache-2.0
/*
 * Data of OSDP commands, as the tables of the standard lay it out. A decoder takes what is there to
 * the last byte or refuses it; no field is looked at before its bytes are known to be there.
 */
#include "protocols/osdp_command.h"

#include "osdp_fields.h"

bool osdp_ask_decode(struct span data, struct osdp_ask *ret)
{
	struct fields fields = fields_of(data);

	ret->form = data.len == 0 ? 0 : fields_u8(&fields);
	return fields_end(&fields);
}

void osdp_ask_encode(struct buf *out, const struct osdp_ask *ask)
{
	add_number(out, ask->form, 1);
}

bool osdp_out_next(struct span *rest, struct osdp_out *ret)
{
	struct fields fields = fields_of(*rest);

	ret->output = fields_u8(&fields);
	ret->code = fields_u8(&fields);
	ret->timer_100ms = fields_u16(&fields);
	*rest = fields.rest;
	return fields.good;
}

void osdp_out_encode(struct buf *out, const struct osdp_out *output)
{
	add_number(out, output->output, 1);
	add_number(out, output->code, 1);
	add_number(out, output->timer_100ms, 2);
}

static void blink_read(struct fields *fields, struct osdp_blink *ret)
{
	ret->code = fields_u8(fields);
	ret->on_100ms = fields_u8(fields);
	ret->off_100ms = fields_u8(fields);
	ret->on_colour = fields_u8(fields);
	ret->off_colour = fields_u8(fields);
}

bool osdp_led_next(struct span *rest, struct osdp_led *ret)
{
	struct fields fields = fields_of(*rest);

	ret->reader = fields_u8(&fields);
	ret->led = fields_u8(&fields);
	blink_read(&fields, &ret->temporary);
	ret->timer_100ms = fields_u16(&fields);
	blink_read(&fields, &ret->permanent);
	*rest = fields.rest;
	return fields.good;
}

static void blink_add(struct buf *out, const struct osdp_blink *blink)
{
	add_number(out, blink->code, 1);
	add_number(out, blink->on_100ms, 1);
	add_number(out, blink->off_100ms, 1);
	add_number(out, blink->on_colour, 1);
	add_number(out, blink->off_colour, 1);
}

void osdp_led_encode(struct buf *out, const struct osdp_led *led)
{
	add_number(out, led->reader, 1);
	add_number(out, led->led, 1);
	blink_add(out, &led->temporary);
	add_number(out, led->timer_100ms, 2);
	blink_add(out, &led->permanent);
}

bool osdp_buz_decode(struct span data, struct osdp_buz *ret)
{
	struct fields fields = fields_of(data);

	ret->reader = fields_u8(&fields);
	ret->tone = fields_u8(&fields);
	ret->on_100ms = fields_u8(&fields);
	ret->off_100ms = fields_u8(&fields);
	ret->count = fields_u8(&fields);
	return fields_end(&fields);
}

void osdp_buz_encode(struct buf *out, const struct osdp_buz *buz)
{
	add_number(out, buz->reader, 1);
	add_number(out, buz->tone, 1);
	add_number(out, buz->on_100ms, 1);
	add_number(out, buz->off_100ms, 1);
	add_number(out, buz->count, 1);
}

bool osdp_text_decode(struct span data, struct osdp_text *ret)
{
	struct fields fields = fields_of(data);

	ret->reader = fields_u8(&fields);
	ret->command = fields_u8(&fields);
	ret->temporary_s = fields_u8(&fields);
	ret->row = fields_u8(&fields);
	ret->column = fields_u8(&fields);
	ret->text = fields_bytes(&fields, fields_u8(&fields));
	return fields_end(&fields);
}

void osdp_text_encode(struct buf *out, const struct osdp_text *text)
{
	add_number(out, text->reader, 1);
	add_number(out, text->command, 1);
	add_number(out, text->temporary_s, 1);
	add_number(out, text->row, 1);
	add_number(out, text->column, 1);
	add_counted(out, text->text, 1);
}

bool osdp_tdset_decode(struct span data, struct osdp_tdset *ret)
{
	struct fields fields = fields_of(data);

	ret->year = fields_u16(&fields);
	ret->month = fields_u8(&fields);
	ret->day = fields_u8(&fields);
	ret->hour = fields_u8(&fields);
	ret->minute = fields_u8(&fields);
	ret->second = fields_u8(&fields);
	return fields_end(&fields);
}

void osdp_tdset_encode(struct buf *out, const struct osdp_tdset *tdset)
{
	add_number(out, tdset->year, 2);
	add_number(out, tdset->month, 1);
	add_number(out, tdset->day, 1);
	add_number(out, tdset->hour, 1);
	add_number(out, tdset->minute, 1);
	add_number(out, tdset->second, 1);
}

bool osdp_com_decode(struct span data, struct osdp_com *ret)
{
	struct fields fields = fields_of(data);

	ret->address = fields_u8(&fields);
	ret->baud = fields_number(&fields, 4);
	return fields_end(&fields);
}

void osdp_com_encode(struct buf *out, const struct osdp_com *com)
{
	add_number(out, com->address, 1);
	add_number(out, com->baud, 4);
}

bool osdp_keyset_decode(struct span data, struct osdp_keyset *ret)
{
	struct fields fields = fields_of(data);

	ret->type = fields_u8(&fields);
	ret->key = fields_bytes(&fields, fields_u8(&fields));
	return fields_end(&fields);
}

void osdp_keyset_encode(struct buf *out, const struct osdp_keyset *keyset)
{
	add_number(out, keyset->type, 1);
	add_counted(out, keyset->key, 1);
}

bool osdp_u16_decode(struct span data, uint16_t *ret)
{
	struct fields fields = fields_of(data);

	*ret = fields_u16(&fields);
	return fields_end(&fields);
}

void osdp_u16_encode(struct buf *out, uint16_t value)
{
	add_number(out, value, 2);
}

bool osdp_mfg_decode(struct span data, struct osdp_mfg *ret)
{
	struct fields fields = fields_of(data);

	fields_copy(&fields, ret->vendor, sizeof(ret->vendor));
	ret->data = fields_rest(&fields);
	return fields.good;
}

void osdp_mfg_encode(struct buf *out, const struct osdp_mfg *mfg)
{
	buf_add(out, span_of(mfg->vendor, sizeof(mfg->vendor)));
	buf_add(out, mfg->data);
}

bool osdp_filetransfer_decode(struct span data, struct osdp_filetransfer *ret)
{
	struct fields fields = fields_of(data);

	ret->type = fields_u8(&fields);
	ret->total = fields_number(&fields, 4);
	ret->offset = fields_number(&fields, 4);
	ret->fragment = fields_bytes(&fields, fields_u16(&fields));
	return fields_end(&fields);
}

void osdp_filetransfer_encode(struct buf *out, const struct osdp_filetransfer *filetransfer)
{
	add_number(out, filetransfer->type, 1);
	add_number(out, filetransfer->total, 4);
	add_number(out, filetransfer->offset, 4);
	add_counted(out, filetransfer->fragment, 2);
}
