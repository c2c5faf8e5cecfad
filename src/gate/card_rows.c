// SPDX-License-Identifier: Apache-2.0
/*
 * The row of AccessControlCard. Dates are printed in the device's local time, dashed, and are empty
 * where there is no limit; IsValid is what holds now, not what was stored. UseTime is left out for
 * a person whose uses are not counted, and Password for everybody.
 */
#include "fields.h"

#include "protocols/keyvalue.h"

static void key_begin(struct buf *out, struct span prefix, const char *key)
{
	buf_add(out, prefix);
	buf_add_string(out, key);
	buf_add_byte(out, '=');
}

static void line_text(struct buf *out, struct span prefix, const char *key, struct span value)
{
	struct field_list list = {0};

	field_text(&list, key, value);
	field_print_lines(out, prefix, &list);
}

static void line_number(struct buf *out, struct span prefix, const char *key, uint64_t value)
{
	key_begin(out, prefix, key);
	buf_add_u64(out, value);
	buf_add_string(out, "\r\n");
}

static void line_bool(struct buf *out, struct span prefix, const char *key, bool value)
{
	key_begin(out, prefix, key);
	buf_add_string(out, value ? "true\r\n" : "false\r\n");
}

static void line_time(struct buf *out, struct span prefix, const char *key, int64_t utc_s,
	int64_t no_limit, const struct zone *zone)
{
	key_begin(out, prefix, key);
	if (utc_s != no_limit) {
		struct civil local = zone_local(zone, utc_s);

		keyvalue_add_time(out, &local);
	}
	buf_add_string(out, "\r\n");
}

static void line_element(
	struct buf *out, struct span prefix, const char *key, unsigned subscript, uint64_t value)
{
	buf_add(out, prefix);
	buf_add_string(out, key);
	buf_add_byte(out, '[');
	buf_add_u64(out, subscript);
	buf_add_string(out, "]=");
	buf_add_u64(out, value);
	buf_add_string(out, "\r\n");
}

static void lines_doors(struct buf *out, struct span prefix, const struct person *person)
{
	for (unsigned i = 0; i < PERSON_DOORS_MAX; i++) {
		if (person->doors[i].has_door)
			line_element(out, prefix, "Doors", i, person->doors[i].door);
	}
}

static void lines_schedules(struct buf *out, struct span prefix, const struct person *person)
{
	for (unsigned i = 0; i < PERSON_DOORS_MAX; i++) {
		if (person->doors[i].has_schedule)
			line_element(out, prefix, "TimeSections", i, person->doors[i].schedule);
	}
}

void card_print_lines(struct buf *out, struct span prefix, const struct person *person,
	const struct zone *zone, int64_t now_s)
{
	line_text(out, prefix, "CardName", text_span(&person->name));
	line_text(out, prefix, "CardNo", text_span(&person->card_no));
	line_number(out, prefix, "CardStatus", person->card_status);
	line_number(out, prefix, "CardType", person->card_type);
	line_text(out, prefix, "CitizenIDNo", text_span(&person->citizen_id_no));
	lines_doors(out, prefix, person);
	line_text(out, prefix, "DynamicCheckCode", text_span(&person->dynamic_check_code));
	line_bool(out, prefix, "FirstEnter", person->first_enter);
	line_bool(out, prefix, "Handicap", person->handicap);
	line_bool(out, prefix, "IsValid", person_is_valid_at(person, now_s));
	line_number(out, prefix, "RecNo", person->no);
	line_number(out, prefix, "RepeatEnterRouteTimeout", person->repeat_enter_timeout);
	lines_schedules(out, prefix, person);
	if (person->uses_left != USES_UNLIMITED)
		line_number(out, prefix, "UseTime", person->uses_left);
	line_text(out, prefix, "UserID", text_span(&person->user_id));
	line_number(out, prefix, "UserType", person->user_type);
	line_text(out, prefix, "VTOPosition", text_span(&person->vto_position));
	line_time(out, prefix, "ValidDateEnd", person->valid_to_s, VALID_TO_ALWAYS, zone);
	line_time(out, prefix, "ValidDateStart", person->valid_from_s, VALID_FROM_ALWAYS, zone);
}
