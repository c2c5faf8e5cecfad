// SPDX-License-Identifier: Apache-2.0
/*
 * Keys are those of the devices and of the paper; Command, CommandType, Count, ClockTrusted, Kind,
 * Reason, RefRecNo and Seq are ours. A row always has CardNo, CreateTime, Method, RecNo and UserID;
 * the others appear when they have a value.
 *
 * Texts were judged when they came in. They are cleaned once more here: a control byte becomes a
 * blank, so that no text can begin a line or a part of its own.
 */
#include "fields.h"

#include "base/assert.h"
#include "protocols/keyvalue.h"

static struct field *field_new(struct field_list *list, const char *key, enum field_kind kind)
{
	ASSERT(list->count < FIELDS_MAX);
	struct field *field = &list->field[list->count++];

	*field = (struct field){.key = key, .kind = kind};
	return field;
}

void field_text(struct field_list *list, const char *key, struct span text)
{
	field_new(list, key, FIELD_TEXT)->text = text;
}

void field_number(struct field_list *list, const char *key, uint64_t number)
{
	field_new(list, key, FIELD_NUMBER)->number = number;
}

void field_signed(struct field_list *list, const char *key, int64_t value)
{
	field_new(list, key, FIELD_SIGNED)->value = value;
}

void field_bool(struct field_list *list, const char *key, bool value)
{
	field_new(list, key, FIELD_BOOL)->number = value;
}

static void field_text_if(struct field_list *list, const char *key, struct span text)
{
	if (text.len > 0)
		field_text(list, key, text);
}

void field_sort(struct field_list *list)
{
	for (uint32_t i = 1; i < list->count; i++) {
		struct field field = list->field[i];
		uint32_t at = i;

		while (at > 0 && strcmp(list->field[at - 1].key, field.key) > 0) {
			list->field[at] = list->field[at - 1];
			at--;
		}
		list->field[at] = field;
	}
}

/* The enrolled number as it was given, else the number that was read. */
static struct span card_no(const struct journal_entry *entry, struct field_list *list)
{
	if (entry->who.card_no.len > 0 || !entry->has_card)
		return text_span(&entry->who.card_no);
	struct buf digits = buf_over(list->digits, sizeof(list->digits));

	buf_add_u64(&digits, entry->card_number);
	return buf_span(&digits);
}

static void reader_field(const struct journal_entry *entry, struct field_list *list)
{
	if (entry->reader == READER_NONE)
		return;
	struct buf digits = buf_over(list->reader, sizeof(list->reader));

	buf_add_u64(&digits, entry->reader);
	field_text(list, "ReaderID", buf_span(&digits));
}

static const char *command_name(enum door_command command)
{
	switch (command) {
	case DOOR_COMMAND_OPEN:
		return "openDoor";
	case DOOR_COMMAND_CLOSE:
		return "closeDoor";
	case DOOR_COMMAND_HOLD_OPEN:
		return "holdOpen";
	case DOOR_COMMAND_HOLD_LOCKED:
		return "holdLocked";
	case DOOR_COMMAND_NORMAL:
		return "normal";
	case DOOR_COMMAND_COUNT:
		break;
	}
	return "";
}

static void temperature_fields(const struct record_person *who, struct field_list *list)
{
	if (!who->has_temperature)
		return;
	field_new(list, "CurrentTemperature", FIELD_MILLI)->value = who->temperature_milli;
	field_bool(list, "IsOverTemperature", who->over_temperature);
	field_number(list, "TemperatureUnit", who->temperature_unit);
}

static void citizen_fields(const struct record_person *who, struct field_list *list)
{
	if (!who->has_citizen_id)
		return;
	field_text(list, "CitizenIDAddress", text_span(&who->citizen_id_address));
	field_text(list, "CitizenIDAuthority", text_span(&who->citizen_id_authority));
	field_text(list, "CitizenIDBirth", text_span(&who->citizen_id_birth));
	field_text(list, "CitizenIDEnd", text_span(&who->citizen_id_end));
	field_number(list, "CitizenIDEthnicity", who->citizen_id_ethnicity);
	field_text(list, "CitizenIDName", text_span(&who->citizen_id_name));
	field_text(list, "CitizenIDNo", text_span(&who->citizen_id_no));
	field_bool(list, "CitizenIDResult", who->citizen_id_result);
	field_number(list, "CitizenIDSex", who->citizen_id_sex);
	field_text(list, "CitizenIDStart", text_span(&who->citizen_id_start));
}

static int64_t seconds(int64_t ms)
{
	return ms / MS_PER_S - (ms % MS_PER_S < 0);
}

/* What every entry may have. */
static void entry_fields(const struct journal_entry *entry, struct field_list *list)
{
	field_text_if(list, "CardName", text_span(&entry->who.name));
	field_signed(list, "CreateTime", seconds(entry->utc_ms));
	if (entry->count > 0)
		field_number(list, "Count", entry->count);
	if (entry->door != DOOR_NONE)
		field_number(list, "Door", entry->door);
	reader_field(entry, list);
	if (entry->reason != REASON_NONE)
		field_text(
			list, "Reason", span_from_string(reason_name((enum reason)entry->reason)));
	if (!entry->trusted)
		field_bool(list, "ClockTrusted", false);
}

void record_fields(const struct journal_entry *entry, struct field_list *list)
{
	list->count = 0;
	entry_fields(entry, list);
	field_number(list, "AttendanceState", 0);
	field_text(list, "CardNo", card_no(entry, list));
	if (entry->who.has_card_type)
		field_number(list, "CardType", entry->who.card_type);
	if (entry->kind == JOURNAL_COMMAND) {
		field_text(list, "Command",
			span_from_string(command_name((enum door_command)entry->command)));
		field_text(list, "CommandType", text_span(&entry->command_type));
	}
	field_number(list, "ErrorCode", reason_error_code((enum reason)entry->reason));
	field_number(list, "Method", entry->method);
	field_number(list, "RecNo", entry->rec_no);
	field_text_if(list, "RecordURL", text_span(&entry->who.record_url));
	field_number(list, "Status", journal_entry_status(entry));
	field_text(list, "Type", entry->side == SIDE_EXIT ? SPAN_LIT("Exit") : SPAN_LIT("Entry"));
	field_text_if(list, "URL", text_span(&entry->who.url));
	field_text(list, "UserID", text_span(&entry->who.user_id));
	temperature_fields(&entry->who, list);
	citizen_fields(&entry->who, list);
	field_sort(list);
}

static void outcome_fields(const struct journal_entry *entry, struct field_list *list)
{
	list->count = 0;
	entry_fields(entry, list);
	if (entry->has_card || entry->who.card_no.len > 0)
		field_text(list, "CardNo", card_no(entry, list));
	field_text_if(list, "UserID", text_span(&entry->who.user_id));
	if (entry->ref_rec_no != 0)
		field_number(list, "RefRecNo", entry->ref_rec_no);
	if (entry->kind == JOURNAL_RETENTION)
		field_number(list, "DaysLeft", entry->count);
	if (entry->kind == JOURNAL_DOOR_OPENED || entry->kind == JOURNAL_DOOR_CLOSED)
		field_text(list, "Status",
			entry->kind == JOURNAL_DOOR_OPENED ? SPAN_LIT("Open") : SPAN_LIT("Close"));
}

void event_fields(const struct journal_entry *entry, struct field_list *list)
{
	if (entry->rec_no != 0)
		record_fields(entry, list);
	else
		outcome_fields(entry, list);
	field_text(list, "Kind", span_from_string(journal_kind_name(entry->kind)));
	field_signed(list, "RealUTC", seconds(entry->utc_ms));
	field_number(list, "Seq", entry->seq);
	field_signed(list, "UTC", seconds(entry->utc_ms));
	field_sort(list);
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static void add_clean(struct buf *out, struct span text)
{
	size_t begin = 0; /* of bytes that go as they are */

	for (size_t i = 0; i < text.len; i++) {
		if (!is_control(text.data[i]))
			continue;
		buf_add(out, span_of(text.data + begin, i - begin));
		buf_add_byte(out, ' ');
		begin = i + 1;
	}
	if (begin < text.len)
		buf_add(out, span_of(text.data + begin, text.len - begin));
}

/* 36800 as "36.8", -500 as "-0.5", 37000 as "37.0". */
static void add_milli(struct buf *out, int64_t value)
{
	uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	uint64_t fraction = size % 1000;
	unsigned digits = 3;

	if (value < 0)
		buf_add_byte(out, '-');
	buf_add_u64(out, size / 1000);
	buf_add_byte(out, '.');
	while (digits > 1 && fraction % 10 == 0) {
		fraction /= 10;
		digits--;
	}
	buf_add_padded(out, fraction, digits);
}

static void add_plain(struct buf *out, const struct field *field)
{
	switch (field->kind) {
	case FIELD_TEXT:
		add_clean(out, field->text);
		break;
	case FIELD_NUMBER:
		buf_add_u64(out, field->number);
		break;
	case FIELD_SIGNED:
		buf_add_i64(out, field->value);
		break;
	case FIELD_BOOL:
		buf_add_string(out, field->number != 0 ? "true" : "false");
		break;
	case FIELD_MILLI:
		add_milli(out, field->value);
		break;
	}
}

void field_print_lines(struct buf *out, struct span prefix, const struct field_list *list)
{
	for (uint32_t i = 0; i < list->count; i++) {
		buf_add(out, prefix);
		buf_add_string(out, list->field[i].key);
		buf_add_byte(out, '=');
		add_plain(out, &list->field[i]);
		buf_add_string(out, "\r\n");
	}
}

static void add_json_text(struct buf *out, struct span text)
{
	buf_add_byte(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (c == '"' || c == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out, is_control(c) ? ' ' : (char)(c == ';' ? ',' : c));
	}
	buf_add_byte(out, '"');
}

void field_print_json(struct buf *out, const struct field_list *list)
{
	buf_add_string(out, "{\n");
	for (uint32_t i = 0; i < list->count; i++) {
		const struct field *field = &list->field[i];

		buf_add_string(out, "   \"");
		buf_add_string(out, field->key);
		buf_add_string(out, "\" : ");
		if (field->kind == FIELD_TEXT)
			add_json_text(out, field->text);
		else
			add_plain(out, field);
		buf_add_string(out, i + 1 < list->count ? ",\n" : "\n");
	}
	buf_add_string(out, "}\n");
}
