/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters of the rows of cgi_table.c, which alone includes this: names, ranges, sentences.
 */
#pragma once

#include "cgi_table.h"

// clang-format off
#define REQUIRED true
#define OPTIONAL false
#define PARAMETER(NAME, KIND, NEED, MIN, MAX, FALLBACK, TEXT)                                      \
	{.name = NAME, .kind = KIND, .required = NEED, .min = MIN, .max = MAX,                     \
	 .fallback = FALLBACK, .text = TEXT}
#define EXTENSION(NAME, FALLBACK, TEXT)                                                            \
	{.name = NAME, .kind = CGI_INTEGER, .extension = true, .max = CGI_NO_MAX,                  \
	 .fallback = FALLBACK, .text = TEXT}
#define ONLY(NAME, VALUE, TEXT)                                                                    \
	{.name = NAME, .kind = CGI_BYTES, .required = true, .min = 1, .max = 64, .only = VALUE,    \
	 .fallback = "", .text = TEXT}

#define SECONDS_MAX INT64_C(253402300799) /* the end of year 9999 */
#define NOT_COUNTED 4294967295

/* The fields of a row of cards. NEED: CardNo and UserID must be there. ELSE(x): default. */
#define CARD_FIELDS(NEED, ELSE)                                                                    \
	PARAMETER("CardNo", CGI_BYTES, NEED, 0, 32, ELSE(""),                                      \
		"Card number: text, decimal for a reader to match it; leading zeros are kept and " \
		"mean the same card; empty for a person without card."),                           \
	PARAMETER("UserID", CGI_BYTES, NEED, 1, 64, ELSE(""),                                      \
		"Who the row belongs to; one row for each UserID."),                               \
	PARAMETER("CardName", CGI_TEXT, OPTIONAL, 0, 32, ELSE("empty"),                            \
		"Name of the person; never cut, a longer one is refused."),                        \
	PARAMETER("CardStatus", CGI_INTEGER, OPTIONAL, 0, 63, ELSE("0"),                           \
		"Bits that add up: 0 normal, 1 lost, 2 cancelled, 4 frozen, 8 arrears, 16 "        \
		"overdue (each refuses the card), 32 pre-arrears (opens and says so)."),           \
	{.name = "CardType", .kind = CGI_INTEGER, .max = 5, .also = 255, .fallback = ELSE("0"),    \
	 .text = "Counts when a card is used: 0 ordinary, 1 VIP, 2 guest (opens while uses are "   \
		"left), 3 patrol (recorded, opens nothing), 4 blocklist (refused, alarm), 5 "      \
		"duress (opens, silent alarm), 255 mother (opens nothing)."},                      \
	PARAMETER("Password", CGI_BYTES, OPTIONAL, 0, 64, ELSE("none"),                            \
		"The PIN: 4 to 12 digits; any other text is kept, and no keypad can type it. Kept "  \
		"as a keyed hash and never sent back; empty takes it away. Where a door takes "    \
		"PINs alone, one that is too short, somebody else's, or one of too many of its "   \
		"length is refused or opens with its card only (posternd.yaml: pin: rule)."),      \
	{.name = "DuressPassword", .kind = CGI_BYTES, .extension = true, .max = 12,                \
	 .fallback = ELSE("none"),                                                                 \
	 .text = "A second PIN, 4 to 12 digits, that opens like the first and raises a silent "    \
		"alarm; nobody's other PIN, and kept like Password. Taking the Password away "     \
		"takes it away."},                                                                 \
	PARAMETER("Doors", CGI_INDEXED_INTEGER, OPTIONAL, 0, 65534, ELSE("no doors"),              \
		"Doors this person may open, by door index from 0; a value that names no "         \
		"configured door is kept and grants nothing."),                                    \
	PARAMETER("TimeSections", CGI_INDEXED_INTEGER, OPTIONAL, 0, 255, ELSE("255"),              \
		"Schedule of the door with the same subscript: a number of AccessTimeSchedule, "   \
		"or 255 for always."),                                                             \
	PARAMETER("VTOPosition", CGI_BYTES, OPTIONAL, 0, 32, ELSE("empty"),                        \
		"Door number linked with an indoor monitor: text that is kept and given back."),   \
	PARAMETER("ValidDateStart", CGI_TIME, OPTIONAL, 0, 0, ELSE("no limit"),                    \
		"First second of validity, device local time; empty means no limit."),             \
	PARAMETER("ValidDateEnd", CGI_TIME, OPTIONAL, 0, 0, ELSE("no limit"),                      \
		"Last second of validity, device local time; empty means no limit."),              \
	PARAMETER("IsValid", CGI_BOOL, OPTIONAL, 0, 1, ELSE("true"),                               \
		"False keeps the person out; find also shows false once ValidDateEnd has passed "  \
		"or the uses are gone."),                                                          \
	PARAMETER("UserType", CGI_INTEGER, OPTIONAL, 0, 5, ELSE("0"),                              \
		"0 normal, 4 VIP, 5 handicap: kept and given back. 1 to 3 restrict and are "       \
		"refused yet: what a card may do is said by CardStatus and CardType."),            \
	PARAMETER("UseTime", CGI_INTEGER, OPTIONAL, 0, NOT_COUNTED, ELSE("4294967295"),            \
		"Uses left to a guest card; 4294967295 is not counted."),                          \
	PARAMETER("FirstEnter", CGI_BOOL, OPTIONAL, 0, 0, ELSE("false"),                           \
		"Whether this person must enter first; only false is supported."),                 \
	PARAMETER("Handicap", CGI_BOOL, OPTIONAL, 0, 1, ELSE("false"), "Kept and given back."),    \
	PARAMETER("RepeatEnterRouteTimeout", CGI_INTEGER, OPTIONAL, NOT_COUNTED, NOT_COUNTED,      \
		ELSE("4294967295"),                                                                \
		"Time-out of the anti-passback route; only 4294967295, none, is supported."),      \
	PARAMETER("DynamicCheckCode", CGI_BYTES, OPTIONAL, 0, 32, ELSE("empty"),                   \
		"Kept and given back."),                                                           \
	PARAMETER("CitizenIDNo", CGI_BYTES, OPTIONAL, 0, 32, ELSE("empty"),                        \
		"Number of the identity card: kept and given back.")

#define ROW_NUMBER                                                                                 \
	PARAMETER("recno", CGI_INTEGER, REQUIRED, 1, CGI_NO_MAX, "",                               \
		"The row's number, as insert and find tell it.")
#define DEFAULT_OF_INSERT(x) x
#define DEFAULT_OF_UPDATE(x) "unchanged"

static const struct cgi_parameter insert_parameters[] = {
	CARD_FIELDS(REQUIRED, DEFAULT_OF_INSERT),
};
static const struct cgi_parameter update_parameters[] = {
	ROW_NUMBER,
	CARD_FIELDS(OPTIONAL, DEFAULT_OF_UPDATE),
};
static const struct cgi_parameter row_parameters[] = {ROW_NUMBER};

#define COUNT                                                                                      \
	PARAMETER("count", CGI_INTEGER, OPTIONAL, 1, CGI_NO_MAX, "1024",                           \
		"Rows to answer at most; above 1024 gives 1024.")
#define OFFSET                                                                                     \
	PARAMETER("offset", CGI_INTEGER, OPTIONAL, 0, UINT32_MAX, "0",                             \
		"Rows to leave out first, counted from the oldest that matches.")
#define CONDITION_CARD                                                                             \
	PARAMETER("condition.CardNo", CGI_BYTES, OPTIONAL, 0, 32, "any",                           \
		"Only this card number; leading zeros do not count; empty is as left out.")
#define CONDITION_USER                                                                             \
	PARAMETER("condition.UserID", CGI_BYTES, OPTIONAL, 0, 64, "any",                           \
		"Only this UserID; empty is as left out.")
#define RECORD_FILTERS                                                                             \
	PARAMETER("StartTime", CGI_EPOCH, OPTIONAL, 0, SECONDS_MAX, "no limit",                    \
		"Oldest CreateTime asked for, this second included."),                             \
	PARAMETER("EndTime", CGI_EPOCH, OPTIONAL, 0, SECONDS_MAX, "no limit",                      \
		"Newest CreateTime asked for, this second included."),                             \
	CONDITION_CARD,                                                                            \
	CONDITION_USER,                                                                            \
	PARAMETER("condition.Door", CGI_INTEGER, OPTIONAL, 0, 63, "any",                           \
		"Only records of this door index."),                                               \
	PARAMETER("condition.Status", CGI_INTEGER, OPTIONAL, 0, 1, "any",                          \
		"0: only tries that failed; 1: only those that succeeded."),                       \
	PARAMETER("condition.Method", CGI_INTEGER, OPTIONAL, 0, 255, "any",                        \
		"Only this unlocking method."),                                                    \
	EXTENSION("AfterRecNo", "0",                                                               \
		"Only records with a greater RecNo: the way to pull without doubles.")

static const struct cgi_parameter card_find_parameters[] = {COUNT, CONDITION_CARD, CONDITION_USER};
static const struct cgi_parameter card_seek_parameters[] = {
	COUNT, OFFSET, CONDITION_CARD, CONDITION_USER};
static const struct cgi_parameter card_size_parameters[] = {CONDITION_CARD, CONDITION_USER};
static const struct cgi_parameter record_find_parameters[] = {COUNT, RECORD_FILTERS};
static const struct cgi_parameter record_seek_parameters[] = {COUNT, OFFSET, RECORD_FILTERS};
static const struct cgi_parameter record_size_parameters[] = {RECORD_FILTERS};

#define DOOR_CHANNEL                                                                               \
	PARAMETER("channel", CGI_INTEGER, REQUIRED, 1, 64, "",                                     \
		"The door: its index + 1; a door that is not configured is refused.")

static const struct cgi_parameter door_parameters[] = {
	DOOR_CHANNEL,
	PARAMETER("UserID", CGI_BYTES, OPTIONAL, 0, 64, "empty",
		"On whose behalf: any text, enrolled or not; kept in record and event."),
	PARAMETER("Type", CGI_BYTES, OPTIONAL, 0, 32, "Remote",
		"How the door is operated, kept in the record; empty is as left out."),
};
static const struct cgi_parameter door_status_parameters[] = {
	DOOR_CHANNEL,
	PARAMETER("assurance", CGI_BOOL, OPTIONAL, 0, 1, "false",
		"Ours: adds how sure the door's readers are."),
};

static const struct cgi_parameter reader_frames_parameters[] = {
	PARAMETER("reader", CGI_INTEGER, REQUIRED, 1, 128, "",
		"The reader's number; one that is not configured is refused."),
	PARAMETER("afterFrame", CGI_INTEGER, OPTIONAL, 0, CGI_NO_MAX, "0",
		"Only frames with a greater No: the way to look on without doubles."),
	PARAMETER("count", CGI_INTEGER, OPTIONAL, 1, 64, "64",
		"Frames to answer at most, the oldest first."),
	PARAMETER("edges", CGI_BOOL, OPTIONAL, 0, 1, "false",
		"Adds EdgeList: each edge as line, L (low) or H (high), and nanoseconds since the "
		"edge before."),
};

static const struct cgi_parameter osdp_frames_parameters[] = {
	PARAMETER("line", CGI_BYTES, REQUIRED, 1, 32, "", "The OSDP line's id in posternd.yaml."),
	PARAMETER("afterFrame", CGI_INTEGER, OPTIONAL, 0, CGI_NO_MAX, "0",
		"Only frames with a greater No: the way to look on without doubles."),
	PARAMETER("count", CGI_INTEGER, OPTIONAL, 1, 256, "256",
		"Frames to answer at most, the oldest first."),
};

#define OSDP_READER                                                                                \
	PARAMETER("reader", CGI_INTEGER, REQUIRED, 1, 128, "",                                     \
		"The reader's number; one that is no OSDP reader is refused.")

static const struct cgi_parameter readers_parameters[] = {
	PARAMETER("reader", CGI_INTEGER, OPTIONAL, 1, 128, "all",
		"The reader's number; one that is not configured is refused."),
};
static const struct cgi_parameter reader_key_act_parameters[] = {OSDP_READER};
static const struct cgi_parameter reader_pair_parameters[] = {
	OSDP_READER,
	PARAMETER("window", CGI_INTEGER, OPTIONAL, 1, 600, "600",
		"Seconds that the reader may take until it answers in install mode."),
};
static const struct cgi_parameter reader_key_parameters[] = {
	OSDP_READER,
	PARAMETER("key", CGI_BYTES, REQUIRED, 32, 32, "",
		"The key as 32 hexadecimal digits: in the body of a POST."),
};
static const struct cgi_parameter reader_file_begin_parameters[] = {
	OSDP_READER,
	PARAMETER("type", CGI_INTEGER, OPTIONAL, 1, 255, "1",
		"What osdp_FILETRANSFER says it is: 1 opaque (firmware as a rule), 2 template, 3 "
		"display; 128 and above are the vendor's."),
	PARAMETER("size", CGI_INTEGER, REQUIRED, 1, 1048576, "", "Bytes of the whole file."),
};
static const struct cgi_parameter reader_file_part_parameters[] = {
	OSDP_READER,
	PARAMETER("offset", CGI_INTEGER, REQUIRED, 0, 1048575, "",
		"Where the part begins: the number of bytes that came before it."),
	PARAMETER("data", CGI_BYTES, REQUIRED, 2, 32768, "",
		"1 to 16384 bytes as hexadecimal digits: in the body of a POST."),
};

static const struct cgi_parameter claim_parameters[] = {
	PARAMETER("code", CGI_BYTES, REQUIRED, 8, 32, "",
		"The one-time code of posternd's log; blanks, dashes and case do not count."),
	PARAMETER("password", CGI_BYTES, REQUIRED, 8, 128, "",
		"The password that the account `admin` is to have."),
};

#define ACCOUNT_NAME(NAME)                                                                         \
	PARAMETER(NAME, CGI_BYTES, REQUIRED, 1, 32, "", "The account's name.")
#define ACCOUNT_GROUP                                                                              \
	PARAMETER("user.Group", CGI_BYTES, REQUIRED, 1, 16, "",                                    \
		"The role: `admin` (everything), `operator` (reads and moves doors) or `viewer` "  \
		"(reads).")

static const struct cgi_parameter account_parameters[] = {ACCOUNT_NAME("name")};
static const struct cgi_parameter account_add_parameters[] = {
	PARAMETER("user.Name", CGI_BYTES, REQUIRED, 1, 32, "",
		"The new account's name: letters, digits, `.`, `_`, `-` and `@`."),
	PARAMETER("user.Password", CGI_BYTES, REQUIRED, 8, 128, "",
		"Its password: in the body of a POST; not the name."),
	ACCOUNT_GROUP,
};
static const struct cgi_parameter account_role_parameters[] = {
	ACCOUNT_NAME("name"),
	ACCOUNT_GROUP,
};
static const struct cgi_parameter account_password_parameters[] = {
	ACCOUNT_NAME("name"),
	PARAMETER("pwd", CGI_BYTES, REQUIRED, 8, 128, "",
		"The new password: in the body of a POST; not the name."),
	PARAMETER("pwdOld", CGI_BYTES, OPTIONAL, 0, 128, "not looked at",
		"The password until now; one's own is changed with it only."),
};
static const struct cgi_parameter audit_parameters[] = {
	COUNT,
	PARAMETER("StartTime", CGI_EPOCH, OPTIONAL, 0, SECONDS_MAX, "no limit",
		"Oldest act asked for, this second included."),
	PARAMETER("EndTime", CGI_EPOCH, OPTIONAL, 0, SECONDS_MAX, "no limit",
		"Newest act asked for, this second included."),
	EXTENSION("AfterNo", "0", "Only acts with a greater No: the way from page to page."),
};

#define EVENT_CODES(NAME)                                                                          \
	PARAMETER(NAME, CGI_CODES, REQUIRED, 1, CGI_CODES_MAX, "",                                 \
		"Event codes to send; codes that never occur here are accepted. Beside the codes " \
		"of devices there are PosternPinLockout (wrong PINs locked a reader or a person; " \
		"Count: seconds) and PosternSystem (whatever no device reports: Kind says what; "    \
		"retention, DaysLeft: the oldest access records go in so many days).")
#define STREAM_PARAMETERS                                                                          \
	PARAMETER("channel", CGI_INTEGER, OPTIONAL, 1, 64, "1",                                    \
		"Camera whose pictures are wanted; one that does not exist is refused. Access "    \
		"events of every door come whatever it is."),                                      \
	PARAMETER("heartbeat", CGI_INTEGER, OPTIONAL, 1, 60, "no heartbeat",                       \
		"Seconds between Heartbeat parts."),                                               \
	EXTENSION("afterSeq", "from now on",                                                       \
		"First send what was kept behind this Seq, then go on live."),                     \
	EXTENSION("afterRecNo", "from now on",                                                     \
		"First send what was kept behind the record with this RecNo, then go on live.")

static const struct cgi_parameter snap_parameters[] = {
	ONLY("Flags[0]", "Event", "What is attached to: events."),
	EVENT_CODES("Events"),
	STREAM_PARAMETERS,
};
static const struct cgi_parameter attach_parameters[] = {EVENT_CODES("codes"), STREAM_PARAMETERS};
static const struct cgi_parameter indexes_parameters[] = {
	PARAMETER("code", CGI_BYTES, REQUIRED, 1, 64, "", "The event code asked about."),
};
static const struct cgi_parameter product_parameters[] = {
	ONLY("name", "MaxExtraStream", "The one definition there is: the number of sub streams."),
};
static const struct cgi_parameter time_parameters[] = {
	PARAMETER("time", CGI_TIME, REQUIRED, 1, 1, "", "Device local time to set."),
};
static const struct cgi_parameter config_get_parameters[] = {
	PARAMETER("name", CGI_BYTES, REQUIRED, 1, 64, "",
		"AccessControl, AccessTimeSchedule, General, SpecialDayGroup or "
		"SpecialDaysSchedule, or one element such as AccessControl[0]."),
};
static const struct cgi_parameter config_set_parameters[] = {
	PARAMETER("AccessTimeSchedule[0..127].Name", CGI_TEXT, OPTIONAL, 0, 32, "unchanged",
		"Name of the schedule."),
	PARAMETER("AccessTimeSchedule[0..127].Enable", CGI_BOOL, OPTIONAL, 0, 1, "unchanged",
		"A schedule that is not enabled is never on."),
	PARAMETER("AccessTimeSchedule[0..127].TimeSchedule[0..6][0..11]", CGI_PERIOD, OPTIONAL,
		0, 0, "unchanged",
		"One period of a day (0 is Sunday): 0 for off or a mask, then from-to; the end is "
		"24:00:00 at most."),
	PARAMETER("SpecialDayGroup[0..127].Name", CGI_TEXT, OPTIONAL, 0, 32, "unchanged",
		"Name of a group of special days. A group that says nothing any more (no Name, "
		"no Enable, no day) is gone."),
	PARAMETER("SpecialDayGroup[0..127].Enable", CGI_BOOL, OPTIONAL, 0, 1, "unchanged",
		"The days of a group that is not enabled are ordinary days."),
	PARAMETER("SpecialDayGroup[0..127].Days[0..63].SpecialDayName", CGI_BYTES, OPTIONAL, 0, 64,
		"unchanged", "Name of a day, or of a range of days."),
	PARAMETER("SpecialDayGroup[0..127].Days[0..63].StartTime", CGI_TIME, OPTIONAL, 0, 0,
		"unchanged",
		"Its first day, device local time, at 00:00:00: special days are whole days; empty "
		"takes the day out of the group."),
	PARAMETER("SpecialDayGroup[0..127].Days[0..63].EndTime", CGI_TIME, OPTIONAL, 0, 0,
		"unchanged", "Its last day, this day included, at 23:59:59."),
	{.name = "SpecialDayGroup[0..127].Days[0..63].Yearly", .kind = CGI_BOOL, .extension = true,
	 .max = 1, .fallback = "unchanged",
	 .text = "Each year: the years of StartTime and EndTime do not count, and there is less "
		"than a year between them; it may go over the new year, and 02-29 is a day of "
		"leap years only."},
	PARAMETER("SpecialDaysSchedule[0..127].Name", CGI_TEXT, OPTIONAL, 0, 32, "unchanged",
		"Name of what holds on special days. One that says nothing any more is gone."),
	PARAMETER("SpecialDaysSchedule[0..127].Enable", CGI_BOOL, OPTIONAL, 0, 1, "unchanged",
		"One that is not enabled changes nothing."),
	PARAMETER("SpecialDaysSchedule[0..127].GroupNo", CGI_INTEGER, OPTIONAL, 0, 127,
		"unchanged", "The SpecialDayGroup on whose days it holds."),
	PARAMETER("SpecialDaysSchedule[0..127].TimeSection[0..11]", CGI_PERIOD, OPTIONAL, 0, 0,
		"unchanged",
		"One period that holds on these days in place of the weekday's, in the form of "
		"TimeSchedule; without any the schedule is off all day. Where several special "
		"schedules hold on one day, their periods add up."),
	{.name = "SpecialDaysSchedule[0..127].AccessTimeSchedule[0..127]", .kind = CGI_BOOL,
	 .extension = true, .max = 1, .fallback = "unchanged",
	 .text = "True: in place of this weekly schedule; on other devices persons name special "
		"schedules instead."},
};

#define TABLE_CARDS "AccessControlCard"
#define TABLE_RECORDS "AccessControlCardRec"
#define USERS "/cgi-bin/userManager.cgi?action="
#define TAKES(LIST) .parameters = LIST, .parameter_count = ARRAY_COUNT(LIST)
#define IDENTITY(OPERATION, ACTION, KEY, TEXT)                                                     \
	[OPERATION] = {                                                                            \
		.operation = OPERATION,                                                            \
		.cgi = "magicBox.cgi",                                                             \
		.action = ACTION,                                                                  \
		.role = ACCOUNT_VIEWER,                                                            \
		.text = TEXT,                                                                      \
		.answer = "`" KEY "=...`",                                                         \
		.example = "/cgi-bin/magicBox.cgi?action=" ACTION,                                 \
	}
// clang-format on
