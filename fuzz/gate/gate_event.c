// SPDX-License-Identifier: Apache-2.0
/*
 * Events out and back in. Input: three bytes for kind, reason and style, then texts separated by
 * bytes 0xff. Oracle: the multipart reader gets exactly one part with the body that was written,
 * and no text makes a line of its own: the body has as many lines as it has fields.
 */
#include "base/assert.h"
#include "events.h"
#include "fields.h"
#include "protocols/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void entry_fill(struct journal_entry *entry, struct span rest)
{
	struct span part[4] = {{NULL, 0}};

	entry->seq = 1;
	entry->rec_no = journal_kind_is_record(entry->kind);
	for (int i = 0; i < 4 && span_next(&rest, '\xff', &part[i]); i++)
		;
	(void)text_set(&entry->who.name, part[0]);
	(void)text_set(&entry->who.user_id, part[1]);
	(void)text_set(&entry->who.card_no, part[2]);
	(void)text_set(&entry->command_type, part[3]);
}

static void check_body(struct span body, enum event_style style, uint32_t fields)
{
	uint32_t lines = 0;

	for (size_t i = 0; i < body.len; i++)
		lines += body.data[i] == (style == EVENT_STYLE_SNAP ? '\r' : '\n');
	/* snapManager adds eight fields, eventManager the line of the code and the last brace */
	ASSERT(lines == fields + (style == EVENT_STYLE_SNAP ? 8 : 2));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char scratch[EVENT_BODY_MAX], wire[EVENT_PART_MAX], part[EVENT_PART_MAX];
	static struct multipart_reader reader;
	struct journal_entry entry = {0};
	struct field_list list;
	struct buf out = buf_over(wire, sizeof(wire));

	if (size < 3)
		return 0;
	entry.kind = (enum journal_kind)(data[0] % JOURNAL_KIND_COUNT);
	entry.reason = (uint8_t)(data[1] % REASON_COUNT);
	enum event_style style = data[2] % 2 == 0 ? EVENT_STYLE_CODE : EVENT_STYLE_SNAP;

	entry_fill(&entry, span_of(data + 3, size - 3));
	event_part(&out, style, &entry, scratch);
	event_fields(&entry, &list);
	ASSERT(!out.overflow);
	ASSERT(multipart_reader_init(&reader, SPAN_LIT(EVENT_BOUNDARY), part, sizeof(part)));
	struct span input = buf_span(&out);

	ASSERT(multipart_reader_take(&reader, &input) == MULTIPART_PART);
	check_body(buf_span(&reader.part), style, list.count);
	ASSERT(multipart_reader_take(&reader, &input) == MULTIPART_MORE && input.len == 0);
	return 0;
}
