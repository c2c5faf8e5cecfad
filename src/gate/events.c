// SPDX-License-Identifier: Apache-2.0
/*
 * Two styles of one event. eventManager: `Code=..;action=..;index=..;data={JSON}`, LF inside.
 * snapManager: `Events[0].key=value` lines, CRLF, in alphabetical order, with the code both where
 * the integration paper has it (Code) and where devices have it (EventBaseInfo.Code).
 *
 * The index is the door's. A group of ours is one event: its GroupID is its Seq.
 */
#include "events.h"

#include "fields.h"
#include "protocols/multipart.h"

static const char *const code_names[EVENT_CODE_COUNT] = {
	[EVENT_ACCESS_CONTROL] = "AccessControl",
	[EVENT_DOOR_STATUS] = "DoorStatus",
	[EVENT_BREAK_IN] = "BreakIn",
	[EVENT_DOOR_NOT_CLOSED] = "DoorNotClosed",
	[EVENT_DURESS] = "Duress",
	[EVENT_CHASSIS_INTRUDED] = "ChassisIntruded",
	[EVENT_ALARM_LOCAL] = "AlarmLocal",
	[EVENT_PIN_LOCKOUT] = "PosternPinLockout",
	[EVENT_SYSTEM] = "PosternSystem",
};

const char *event_code_name(enum event_code code)
{
	return code_names[code];
}

enum event_code event_code_of(enum journal_kind kind)
{
	switch (kind) {
	case JOURNAL_ACCESS:
	case JOURNAL_COMMAND:
	case JOURNAL_EXIT_BUTTON:
	case JOURNAL_DENIALS_REPEATED:
		return EVENT_ACCESS_CONTROL;
	case JOURNAL_DOOR_OPENED:
	case JOURNAL_DOOR_CLOSED:
		return EVENT_DOOR_STATUS;
	case JOURNAL_DOOR_FORCED:
	case JOURNAL_DOOR_FORCED_END:
		return EVENT_BREAK_IN;
	case JOURNAL_DOOR_HELD:
	case JOURNAL_DOOR_HELD_END:
		return EVENT_DOOR_NOT_CLOSED;
	case JOURNAL_DURESS:
		return EVENT_DURESS;
	case JOURNAL_TAMPER:
	case JOURNAL_TAMPER_END:
		return EVENT_CHASSIS_INTRUDED;
	case JOURNAL_BLOCKLIST:
		return EVENT_ALARM_LOCAL;
	case JOURNAL_PIN_LOCKOUT:
		return EVENT_PIN_LOCKOUT;
	case JOURNAL_DOOR_UNLOCKED:
	case JOURNAL_DOOR_LOCKED:
	case JOURNAL_DOOR_HELD_WARNING:
	case JOURNAL_GRANT_CANCELLED:
	case JOURNAL_UNLOCKED_BEFORE_RECORD:
	case JOURNAL_OUTCOME_UNKNOWN:
	case JOURNAL_STORAGE_SLOW:
	case JOURNAL_STORE_FAILED:
	case JOURNAL_STORE_RECOVERED:
	case JOURNAL_RECORDS_LOST:
	case JOURNAL_CLOCK_UNTRUSTED:
	case JOURNAL_CLOCK_TRUSTED:
	case JOURNAL_READER_NOISE:
	case JOURNAL_STARTED:
	case JOURNAL_CORE_RESTARTED:
	case JOURNAL_PANEL_SKIPPED:
	case JOURNAL_RETENTION:
	case JOURNAL_READER_OFFLINE:
	case JOURNAL_READER_ONLINE:
	case JOURNAL_READER_INSECURE:
	case JOURNAL_READER_PAIRED:
	case JOURNAL_KIND_COUNT:
		break;
	}
	return EVENT_SYSTEM;
}

const char *event_action_of(enum journal_kind kind)
{
	if (kind == JOURNAL_DOOR_FORCED || kind == JOURNAL_DOOR_HELD || kind == JOURNAL_TAMPER)
		return "Start";
	if (kind == JOURNAL_DOOR_FORCED_END || kind == JOURNAL_DOOR_HELD_END ||
		kind == JOURNAL_TAMPER_END)
		return "Stop";
	return "Pulse";
}

uint32_t event_code_bits(struct span name)
{
	if (span_equal_nocase(name, SPAN_LIT("All")))
		return EVENT_CODES_ALL;
	for (unsigned i = 0; i < EVENT_CODE_COUNT; i++) {
		if (span_equal(name, span_from_string(code_names[i])))
			return 1u << i;
	}
	return 0;
}

static unsigned event_index(const struct journal_entry *entry)
{
	return entry->door == DOOR_NONE ? 0 : entry->door;
}

static void body_code(struct buf *body, const struct journal_entry *entry)
{
	struct field_list list;

	event_fields(entry, &list);
	buf_add_string(body, "Code=");
	buf_add_string(body, event_code_name(event_code_of(entry->kind)));
	buf_add_string(body, ";action=");
	buf_add_string(body, event_action_of(entry->kind));
	buf_add_string(body, ";index=");
	buf_add_u64(body, event_index(entry));
	buf_add_string(body, ";data=");
	field_print_json(body, &list);
}

static void body_snap(struct buf *body, const struct journal_entry *entry)
{
	struct field_list list;
	struct span code = span_from_string(event_code_name(event_code_of(entry->kind)));
	char digits[24];
	struct buf pts = buf_over(digits, sizeof(digits));

	buf_add_i64(&pts, entry->utc_ms);
	buf_add_string(&pts, ".0");
	event_fields(entry, &list);
	field_text(&list, "Code", code);
	field_number(&list, "CountInGroup", 1);
	field_text(&list, "Data.PTS", buf_span(&pts));
	field_text(&list, "EventBaseInfo.Action", span_from_string(event_action_of(entry->kind)));
	field_text(&list, "EventBaseInfo.Code", code);
	field_number(&list, "EventBaseInfo.Index", event_index(entry));
	field_number(&list, "GroupID", entry->seq);
	field_number(&list, "IndexInGroup", 1);
	field_sort(&list);
	field_print_lines(body, SPAN_LIT("Events[0]."), &list);
}

void event_part(
	struct buf *out, enum event_style style, const struct journal_entry *entry, char *scratch)
{
	struct buf body = buf_over(scratch, EVENT_BODY_MAX);

	switch (style) {
	case EVENT_STYLE_CODE:
		body_code(&body, entry);
		break;
	case EVENT_STYLE_SNAP:
		body_snap(&body, entry);
		break;
	}
	if (body.overflow) {
		out->overflow = true;
		return;
	}
	multipart_write_part(out, SPAN_LIT(EVENT_BOUNDARY), "text/plain", buf_span(&body));
}

void event_heartbeat_part(struct buf *out)
{
	multipart_write_part(out, SPAN_LIT(EVENT_BOUNDARY), "text/plain", SPAN_LIT("Heartbeat"));
}
