// SPDX-License-Identifier: Apache-2.0
/*
 * Data of the OSDP commands and replies that are about smart cards and biometrics: transparent
 * mode, PIV objects, authentication, templates.
 */
#include "protocols/osdp_reply.h"

#include "osdp_fields.h"

bool osdp_bioread_decode(struct span data, struct osdp_bioread *ret)
{
	struct fields fields = fields_of(data);

	ret->reader = fields_u8(&fields);
	ret->type = fields_u8(&fields);
	ret->format = fields_u8(&fields);
	ret->quality = fields_u8(&fields);
	return fields_end(&fields);
}

void osdp_bioread_encode(struct buf *out, const struct osdp_bioread *bioread)
{
	add_number(out, bioread->reader, 1);
	add_number(out, bioread->type, 1);
	add_number(out, bioread->format, 1);
	add_number(out, bioread->quality, 1);
}

bool osdp_biomatch_decode(struct span data, struct osdp_biomatch *ret)
{
	struct fields fields = fields_of(data);

	ret->reader = fields_u8(&fields);
	ret->type = fields_u8(&fields);
	ret->format = fields_u8(&fields);
	ret->threshold = fields_u8(&fields);
	ret->pattern = fields_bytes(&fields, fields_u16(&fields));
	return fields_end(&fields);
}

void osdp_biomatch_encode(struct buf *out, const struct osdp_biomatch *biomatch)
{
	add_number(out, biomatch->reader, 1);
	add_number(out, biomatch->type, 1);
	add_number(out, biomatch->format, 1);
	add_number(out, biomatch->threshold, 1);
	add_counted(out, biomatch->pattern, 2);
}

bool osdp_bioreadr_decode(struct span data, struct osdp_bioreadr *ret)
{
	struct fields fields = fields_of(data);

	ret->reader = fields_u8(&fields);
	ret->status = fields_u8(&fields);
	ret->type = fields_u8(&fields);
	ret->quality = fields_u8(&fields);

	struct fields counted = fields;

	ret->data = fields_bytes(&counted, fields_u16(&counted));
	if (!fields_end(&counted))
		ret->data = fields.rest; /* without a length: all of it is the template */
	return fields.good;
}

void osdp_bioreadr_encode(struct buf *out, const struct osdp_bioreadr *bioreadr)
{
	add_number(out, bioreadr->reader, 1);
	add_number(out, bioreadr->status, 1);
	add_number(out, bioreadr->type, 1);
	add_number(out, bioreadr->quality, 1);
	add_counted(out, bioreadr->data, 2);
}

bool osdp_biomatchr_decode(struct span data, struct osdp_biomatchr *ret)
{
	struct fields fields = fields_of(data);

	ret->reader = fields_u8(&fields);
	ret->status = fields_u8(&fields);
	ret->score = fields_u8(&fields);
	return fields.good;
}

void osdp_biomatchr_encode(struct buf *out, const struct osdp_biomatchr *biomatchr)
{
	add_number(out, biomatchr->reader, 1);
	add_number(out, biomatchr->status, 1);
	add_number(out, biomatchr->score, 1);
}

bool osdp_x_decode(struct span data, struct osdp_x *ret)
{
	struct fields fields = fields_of(data);
	unsigned mode = fields_u8(&fields);

	ret->code = (uint16_t)(mode << 8 | fields_u8(&fields));
	ret->data = fields_rest(&fields);
	return fields.good;
}

void osdp_x_encode(struct buf *out, const struct osdp_x *x)
{
	add_number(out, x->code >> 8, 1);
	add_number(out, x->code, 1);
	buf_add(out, x->data);
}

bool osdp_xrd_card_decode(struct span data, struct osdp_xrd_card *ret)
{
	struct fields fields = fields_of(data);

	ret->reader = fields_u8(&fields);
	ret->protocol = fields_u8(&fields);

	size_t csn_len = fields_u8(&fields);
	size_t data_len = fields_u8(&fields);

	ret->csn = fields_bytes(&fields, csn_len);
	ret->data = fields_bytes(&fields, data_len);
	return fields.good;
}

void osdp_xrd_card_encode(struct buf *out, const struct osdp_xrd_card *card)
{
	add_number(out, card->reader, 1);
	add_number(out, card->protocol, 1);
	add_number(out, (uint32_t)card->csn.len, 1);
	add_number(out, (uint32_t)card->data.len, 1);
	if (card->csn.len > UINT8_MAX || card->data.len > UINT8_MAX)
		out->overflow = true;
	buf_add(out, card->csn);
	buf_add(out, card->data);
}

bool osdp_pivdata_decode(struct span data, struct osdp_pivdata *ret)
{
	struct fields fields = fields_of(data);

	fields_copy(&fields, ret->object, sizeof(ret->object));
	ret->element = fields_u8(&fields);
	ret->offset_wide = fields.rest.len > 1;
	ret->offset = (uint16_t)fields_number(&fields, ret->offset_wide ? 2 : 1);
	return fields_end(&fields);
}

void osdp_pivdata_encode(struct buf *out, const struct osdp_pivdata *pivdata)
{
	bool wide = pivdata->offset_wide || pivdata->offset > UINT8_MAX;

	buf_add(out, span_of(pivdata->object, sizeof(pivdata->object)));
	add_number(out, pivdata->element, 1);
	add_number(out, pivdata->offset, wide ? 2 : 1);
}

bool osdp_auth_decode(struct span message, struct osdp_auth *ret)
{
	struct fields fields = fields_of(message);

	ret->algorithm = fields_u8(&fields);
	ret->key = fields_u8(&fields);
	ret->challenge = fields_rest(&fields);
	return fields.good;
}

void osdp_auth_encode(struct buf *out, const struct osdp_auth *auth)
{
	add_number(out, auth->algorithm, 1);
	add_number(out, auth->key, 1);
	buf_add(out, auth->challenge);
}
