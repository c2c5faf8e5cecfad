// SPDX-License-Identifier: Apache-2.0
/*
 * The table itself. Rows are constant data: names, ranges and sentences stand here once and nowhere
 * else. What depends on the device (which doors and cameras exist, what a local date is in UTC, a
 * count above 1024) is for the handlers to narrow.
 *
 * A row's example passes cgi_method_check and leads back to the row; tests hold the table to that.
 */
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
static const struct cgi_parameter door_status_parameters[] = {DOOR_CHANNEL};

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
#define FINDER "/cgi-bin/recordFinder.cgi?action="
#define UPDATER "/cgi-bin/recordUpdater.cgi?action="
#define ROWS_ANSWER                                                                                \
	"`found=n`, `totalCount=n` (rows that match), then the rows as `records[i].Key=value`"
#define SIZE_ANSWER "`Size=n`, `count=n`"

const struct cgi_method cgi_methods[CGI_OPERATION_COUNT] = {
	[CGI_CARD_INSERT] = {
		.operation = CGI_CARD_INSERT,
		.cgi = "recordUpdater.cgi",
		.action = "insert",
		.table = TABLE_CARDS,
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		.stray = CGI_STRAY_REFUSED,
		TAKES(insert_parameters),
		.text = "Enrols a person with a card.",
		.answer = "`RecNo=n`; JSON code 286064929 when the UserID has a row, "
			"286064930 when the card is somebody else's",
		.example = UPDATER
			"insert&name=AccessControlCard&CardName=ZhangSan&CardNo=12345"
			"&UserID=102&CardStatus=0&CardType=0&Password=123456&Doors[0]=1"
			"&Doors[1]=3&Doors[2]=5&VTOPosition=01018001"
			"&ValidDateStart=20151022%20093811"
			"&ValidDateEnd=20151222%20093811",
	},
	[CGI_CARD_UPDATE] = {
		.operation = CGI_CARD_UPDATE,
		.cgi = "recordUpdater.cgi",
		.action = "update",
		.table = TABLE_CARDS,
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		.stray = CGI_STRAY_REFUSED,
		TAKES(update_parameters),
		.text = "Changes the fields that are given, and leaves the others; "
			"Doors and TimeSections are replaced as a whole.",
		.answer = "`OK`",
		.example = UPDATER "update&name=AccessControlCard&recno=12345&CardStatus=4",
	},
	[CGI_CARD_GET] = {
		.operation = CGI_CARD_GET,
		.cgi = "recordUpdater.cgi",
		.action = "get",
		.table = TABLE_CARDS,
		.role = ACCOUNT_VIEWER,
		.stray = CGI_STRAY_FILTERS_REFUSED,
		TAKES(row_parameters),
		.text = "Reads one row.",
		.answer = "the fields as `Key=value`, without Password",
		.example = UPDATER "get&name=AccessControlCard&recno=12345",
	},
	[CGI_CARD_REMOVE] = {
		.operation = CGI_CARD_REMOVE,
		.cgi = "recordUpdater.cgi",
		.action = "remove",
		.table = TABLE_CARDS,
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		.stray = CGI_STRAY_FILTERS_REFUSED,
		TAKES(row_parameters),
		.text = "Removes one row; the card opens nothing from the answer on.",
		.answer = "`OK`, also when there is no such row",
		.example = UPDATER "remove&name=AccessControlCard&recno=12345",
	},
	[CGI_CARD_CLEAR] = {
		.operation = CGI_CARD_CLEAR,
		.cgi = "recordUpdater.cgi",
		.action = "clear",
		.table = TABLE_CARDS,
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		.stray = CGI_STRAY_REFUSED,
		.text = "Removes every row of the table.",
		.answer = "`OK`",
		.example = UPDATER "clear&name=AccessControlCard",
	},
	[CGI_CARD_FIND] = {
		.operation = CGI_CARD_FIND,
		.cgi = "recordFinder.cgi",
		.action = "find",
		.table = TABLE_CARDS,
		.role = ACCOUNT_VIEWER,
		.stray = CGI_STRAY_FILTERS_REFUSED,
		TAKES(card_find_parameters),
		.text = "Lists persons by RecNo.",
		.answer = ROWS_ANSWER,
		.example = FINDER "find&name=AccessControlCard&condition.UserID=102",
	},
	[CGI_CARD_SEEK] = {
		.operation = CGI_CARD_SEEK,
		.cgi = "recordFinder.cgi",
		.action = "doSeekFind",
		.table = TABLE_CARDS,
		.role = ACCOUNT_VIEWER,
		.stray = CGI_STRAY_FILTERS_REFUSED,
		TAKES(card_seek_parameters),
		.text = "Lists persons by RecNo, from an offset on.",
		.answer = ROWS_ANSWER,
		.example = FINDER "doSeekFind&name=AccessControlCard&offset=100&count=100",
	},
	[CGI_CARD_SIZE] = {
		.operation = CGI_CARD_SIZE,
		.cgi = "recordFinder.cgi",
		.action = "getQuerySize",
		.table = TABLE_CARDS,
		.role = ACCOUNT_VIEWER,
		.stray = CGI_STRAY_FILTERS_REFUSED,
		TAKES(card_size_parameters),
		.text = "Counts persons.",
		.answer = SIZE_ANSWER,
		.example = FINDER "getQuerySize&name=AccessControlCard",
	},
	[CGI_RECORD_FIND] = {
		.operation = CGI_RECORD_FIND,
		.cgi = "recordFinder.cgi",
		.action = "find",
		.table = TABLE_RECORDS,
		.role = ACCOUNT_VIEWER,
		.stray = CGI_STRAY_FILTERS_REFUSED,
		TAKES(record_find_parameters),
		.text = "Lists access records, oldest first by CreateTime and RecNo.",
		.answer = ROWS_ANSWER,
		.example = FINDER "find&name=AccessControlCardRec&StartTime=123456700"
			"&EndTime=123456800&condition.CardNo=12001&count=100",
	},
	[CGI_RECORD_SEEK] = {
		.operation = CGI_RECORD_SEEK,
		.cgi = "recordFinder.cgi",
		.action = "doSeekFind",
		.table = TABLE_RECORDS,
		.role = ACCOUNT_VIEWER,
		.stray = CGI_STRAY_FILTERS_REFUSED,
		TAKES(record_seek_parameters),
		.text = "Lists access records from an offset on.",
		.answer = ROWS_ANSWER,
		.example = FINDER "doSeekFind&name=AccessControlCardRec&offset=99999&count=1",
	},
	[CGI_RECORD_SIZE] = {
		.operation = CGI_RECORD_SIZE,
		.cgi = "recordFinder.cgi",
		.action = "getQuerySize",
		.table = TABLE_RECORDS,
		.role = ACCOUNT_VIEWER,
		.stray = CGI_STRAY_FILTERS_REFUSED,
		TAKES(record_size_parameters),
		.text = "Counts access records.",
		.answer = SIZE_ANSWER,
		.example = FINDER "getQuerySize&name=AccessControlCardRec&condition.Status=0",
	},
	[CGI_DOOR_OPEN] = {
		.operation = CGI_DOOR_OPEN,
		.cgi = "accessControl.cgi",
		.action = "openDoor",
		.role = ACCOUNT_OPERATOR,
		.changes_state = true,
		TAKES(door_parameters),
		.text = "Unlocks a door for its unlock time.",
		.answer = "`OK` once the record is on disk and the lock was commanded",
		.example = "/cgi-bin/accessControl.cgi?action=openDoor&channel=1"
			"&UserID=101&Type=Remote",
	},
	[CGI_DOOR_CLOSE] = {
		.operation = CGI_DOOR_CLOSE,
		.cgi = "accessControl.cgi",
		.action = "closeDoor",
		.role = ACCOUNT_OPERATOR,
		.changes_state = true,
		TAKES(door_parameters),
		.text = "Locks a door at once, also before its unlock time is over.",
		.answer = "`OK` once the record is on disk and the lock was commanded",
		.example = "/cgi-bin/accessControl.cgi?action=closeDoor&channel=1"
			"&UserID=101&Type=Remote",
	},
	[CGI_DOOR_STATUS] = {
		.operation = CGI_DOOR_STATUS,
		.cgi = "accessControl.cgi",
		.action = "getDoorStatus",
		.role = ACCOUNT_VIEWER,
		TAKES(door_status_parameters),
		.text = "Tells whether a door stands open.",
		.answer = "`Info.status=Open`, `Close` or `Break`; ours: `Info.assurance=low` when "
			"cards can be copied from the wires of one of its readers (Wiegand, or "
			"OSDP without secure channel), else `secure`",
		.example = "/cgi-bin/accessControl.cgi?action=getDoorStatus&channel=1",
	},
	[CGI_SNAP_ATTACH] = {
		.operation = CGI_SNAP_ATTACH,
		.cgi = "snapManager.cgi",
		.action = "attachFileProc",
		.role = ACCOUNT_VIEWER,
		TAKES(snap_parameters),
		.text = "Streams events as lines of key=value.",
		.answer = "a multipart/x-mixed-replace stream that stays open; each "
			"event has `Events[0].Code`, `EventBaseInfo.Code`, `GroupID`, "
			"`CountInGroup`, `IndexInGroup`, `Data.PTS`, `Seq` and "
			"`RecNo` where there is a record",
		.example = "/cgi-bin/snapManager.cgi?action=attachFileProc&Flags[0]=Event"
			"&Events=[AccessControl]&heartbeat=5",
	},
	[CGI_EVENT_ATTACH] = {
		.operation = CGI_EVENT_ATTACH,
		.cgi = "eventManager.cgi",
		.action = "attach",
		.role = ACCOUNT_VIEWER,
		TAKES(attach_parameters),
		.text = "Streams events as Code=...;action=...;index=...;data={...}.",
		.answer = "a multipart/x-mixed-replace stream that stays open",
		.example = "/cgi-bin/eventManager.cgi?action=attach"
			"&codes=[AccessControl,DoorStatus]&heartbeat=5",
	},
	[CGI_EVENT_INDEXES] = {
		.operation = CGI_EVENT_INDEXES,
		.cgi = "eventManager.cgi",
		.action = "getEventIndexes",
		.role = ACCOUNT_VIEWER,
		TAKES(indexes_parameters),
		.text = "Tells where an event is active now.",
		.answer = "`channels[i]=n`, or `Error: No Events`",
		.example = "/cgi-bin/eventManager.cgi?action=getEventIndexes"
			"&code=DoorNotClosed",
	},
	[CGI_EVENT_CAPS] = {
		.operation = CGI_EVENT_CAPS,
		.cgi = "eventManager.cgi",
		.action = "getCaps",
		.role = ACCOUNT_VIEWER,
		.text = "Tells what the event manager can do.",
		.answer = "`caps.Key=value`",
		.example = "/cgi-bin/eventManager.cgi?action=getCaps",
	},
	IDENTITY(CGI_DEVICE_TYPE, "getDeviceType", "type", "Model of the device."),
	IDENTITY(CGI_SERIAL_NO, "getSerialNo", "sn", "Serial number."),
	IDENTITY(CGI_SOFTWARE_VERSION, "getSoftwareVersion", "version", "Version of the software."),
	IDENTITY(CGI_HARDWARE_VERSION, "getHardwareVersion", "version", "Version of the hardware."),
	IDENTITY(CGI_MACHINE_NAME, "getMachineName", "name", "Name the device was given."),
	IDENTITY(CGI_VENDOR, "getVendor", "vendor", "Vendor."),
	IDENTITY(CGI_DEVICE_CLASS, "getDeviceClass", "class", "Class of the device."),
	[CGI_SYSTEM_INFO] = {
		.operation = CGI_SYSTEM_INFO,
		.cgi = "magicBox.cgi",
		.action = "getSystemInfo",
		.role = ACCOUNT_VIEWER,
		.text = "Model, serial number and more in one answer.",
		.answer = "`deviceType=...`, `serialNumber=...` and others",
		.example = "/cgi-bin/magicBox.cgi?action=getSystemInfo",
	},
	[CGI_PRODUCT_DEFINITION] = {
		.operation = CGI_PRODUCT_DEFINITION,
		.cgi = "magicBox.cgi",
		.action = "getProductDefinition",
		.role = ACCOUNT_VIEWER,
		TAKES(product_parameters),
		.text = "Tells the number of sub streams of the camera.",
		.answer = "`table.MaxExtraStream=n`",
		.example = "/cgi-bin/magicBox.cgi?action=getProductDefinition"
			"&name=MaxExtraStream",
	},
	[CGI_TIME_GET] = {
		.operation = CGI_TIME_GET,
		.cgi = "global.cgi",
		.action = "getCurrentTime",
		.role = ACCOUNT_VIEWER,
		.text = "Tells the device's local time.",
		.answer = "`result=2015-10-22 09:38:11`",
		.example = "/cgi-bin/global.cgi?action=getCurrentTime",
	},
	[CGI_TIME_SET] = {
		.operation = CGI_TIME_SET,
		.cgi = "global.cgi",
		.action = "setCurrentTime",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(time_parameters),
		.text = "Sets the clock; refused unless the device may manage its "
			"host.",
		.answer = "`OK`",
		.example = "/cgi-bin/global.cgi?action=setCurrentTime"
			"&time=2026-08-11%2011:47:40",
	},
	[CGI_CONFIG_GET] = {
		.operation = CGI_CONFIG_GET,
		.cgi = "configManager.cgi",
		.action = "getConfig",
		.role = ACCOUNT_VIEWER,
		TAKES(config_get_parameters),
		.text = "Reads settings.",
		.answer = "`table.Name[i].Key=value`",
		.example = "/cgi-bin/configManager.cgi?action=getConfig&name=AccessControl",
	},
	[CGI_CONFIG_SET] = {
		.operation = CGI_CONFIG_SET,
		.cgi = "configManager.cgi",
		.action = "setConfig",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		.stray = CGI_STRAY_REFUSED,
		TAKES(config_set_parameters),
		.text = "Changes a weekly schedule, a group of special days, or what holds on "
			"them: one row of one table a request.",
		.answer = "`OK`",
		.example = "/cgi-bin/configManager.cgi?action=setConfig"
			"&AccessTimeSchedule[1].Name=Office"
			"&AccessTimeSchedule[1].Enable=true"
			"&AccessTimeSchedule[1].TimeSchedule[1][0]=1%2008:00:00-18:00:00",
	},
	[CGI_READER_FRAMES] = {
		.operation = CGI_READER_FRAMES,
		.cgi = "accessControl.cgi",
		.action = "getReaderFrames",
		.role = ACCOUNT_ADMIN,
		TAKES(reader_frames_parameters),
		.text = "Ours: tells what a reader sent, good or dropped, for who looks for a "
			"fault in its wires; frames are credentials, keys of a PIN are never "
			"told.",
		.answer = "`since=ms` (core's start, from which frames count), `oldestFrame=n`, "
			"`lastFrame=n`, `reader.Held0=`, `reader.Held1=`, `reader.Frames=` and "
			"the other counters, then the latest frames as `frames[i].Key=value`: "
			"No, Reader, UTC, UTCMS, Kind (Card, Key, Dropped, Glitches), Fit (Yes, "
			"WrongCheck, Turned, NoLength), Bits, Data, Format, Number, "
			"Verdict[k], Faults, Held0, Held1, Edges, and for Pulse0, Pulse1 and "
			"Interval Count, MinNs, MeanNs and MaxNs; docs/reader-trouble.md "
			"explains them",
		.example = "/cgi-bin/accessControl.cgi?action=getReaderFrames&reader=1"
			"&afterFrame=17&count=10&edges=true",
	},
	[CGI_CLAIM] = {
		.operation = CGI_CLAIM,
		.cgi = "global.cgi",
		.action = "claim",
		.role = ACCOUNT_NOBODY,
		.changes_state = true,
		.stray = CGI_STRAY_REFUSED,
		TAKES(claim_parameters),
		.text = "Ours: makes the account `admin` of a device that has none. Needs no "
			"log-in; only POST with the parameters in the body, over https or on the "
			"device itself; works once.",
		.answer = "`OK`; 403 when the code is wrong or the device has an account, 429 "
			"after five wrong codes",
		.example = "/cgi-bin/global.cgi?action=claim&code=ABCDE-FGHIJ"
			"&password=correct%20horse",
	},
	[CGI_STATUS] = {
		.operation = CGI_STATUS,
		.cgi = "accessControl.cgi",
		.action = "getControllerStatus",
		.role = ACCOUNT_VIEWER,
		.text = "Ours: tells how the controller does: clock, disk, records, persons, "
			"backup, certificate, roles, doors, readers, and the alarms that stand.",
		.answer = "`good=true` while no alarm stands, then `clock.Trusted=`, `clock.UTC=`, "
			"`clock.UTCMS=`, `uptime=s`, `store.Failed=`, `store.Waiting=n`, "
			"`sync.Count=`, `sync.P50US=`, `sync.P99US=`, `sync.Late=` (records that "
			"were late for their door), `records.First=`, `records.Last=`, "
			"`records.Kept=`, `records.Max=`, `records.DaysLeft=` (until the oldest "
			"is overwritten, at the rate of the latest week; at most 36500), "
			"`persons.Count=`, `persons.Max=`, "
			"`backup.UTC=` and `backup.RecNo=` (left out before the first backup), "
			"`certificate.NotAfter=` (UTC seconds; left out without https or without "
			"an end), `roles[i].Name=`, `.Restarts=`, `.LatestAgo=s`, `doors[i].Index=`, "
			"`.ID=`, `.Unlocked=`, `.Open=`, `.Forced=`, `.HeldOpen=`, `.Tamper=`, "
			"`.Assurance=` (secure, low), "
			"`readers[i].Number=`, `.Door=`, `.Frames=`, `.Faults=`, `.Held0=`, "
			"`.Held1=`, `.Assurance=`, `.Online=` and `.Secure=` (of OSDP readers), "
			"`alarms[i].Name=`, `.Text=`",
		.example = "/cgi-bin/accessControl.cgi?action=getControllerStatus",
	},
	[CGI_METRICS] = {
		.operation = CGI_METRICS,
		.cgi = "accessControl.cgi",
		.action = "getMetrics",
		.role = ACCOUNT_VIEWER,
		.text = "Ours: the same and more as metrics for Prometheus. `GET /metrics` gives "
			"them without an account to the networks of `http.metrics`, and to nobody "
			"when there are none.",
		.answer = "text format 0.0.4; docs/metrics.md lists every name",
		.example = "/cgi-bin/accessControl.cgi?action=getMetrics",
	},
	[CGI_ACCOUNT_LIST] = {
		.operation = CGI_ACCOUNT_LIST,
		.cgi = "userManager.cgi",
		.action = "getUserInfoAll",
		.role = ACCOUNT_ADMIN,
		.text = "Lists the accounts of the API.",
		.answer = "`users[i].Group=` (the role), `users[i].Id=`, `users[i].Name=`",
		.example = USERS "getUserInfoAll",
	},
	[CGI_ACCOUNT_GET] = {
		.operation = CGI_ACCOUNT_GET,
		.cgi = "userManager.cgi",
		.action = "getUserInfo",
		.role = ACCOUNT_ADMIN,
		TAKES(account_parameters),
		.text = "Reads one account.",
		.answer = "`user.Group=`, `user.Name=`",
		.example = USERS "getUserInfo&name=anna",
	},
	[CGI_ACCOUNT_ADD] = {
		.operation = CGI_ACCOUNT_ADD,
		.cgi = "userManager.cgi",
		.action = "addUser",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(account_add_parameters),
		.text = "Makes an account. Only POST with the password in the body, over https or "
			"on the device itself; at most 128 accounts.",
		.answer = "`OK`; 400 when there is an account of this name",
		.example = USERS "addUser&user.Name=anna&user.Password=correct%20horse"
			"&user.Group=operator",
	},
	[CGI_ACCOUNT_PASSWORD] = {
		.operation = CGI_ACCOUNT_PASSWORD,
		.cgi = "userManager.cgi",
		.action = "modifyPassword",
		.role = ACCOUNT_VIEWER,
		.changes_state = true,
		TAKES(account_password_parameters),
		.text = "Gives an account another password, which ends its event streams: one's "
			"own with the old one, that of others as admin. Only POST with both in "
			"the body, over https or on the device itself.",
		.answer = "`OK`; 403 when pwdOld is wrong or left out, 429 after five wrong ones",
		.example = USERS "modifyPassword&name=anna&pwd=battery%20staple"
			"&pwdOld=correct%20horse",
	},
	[CGI_ACCOUNT_ROLE] = {
		.operation = CGI_ACCOUNT_ROLE,
		.cgi = "userManager.cgi",
		.action = "modifyUser",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(account_role_parameters),
		.text = "Gives an account another role, which ends its event streams; the last "
			"admin keeps its own.",
		.answer = "`OK`",
		.example = USERS "modifyUser&name=anna&user.Group=viewer",
	},
	[CGI_ACCOUNT_REMOVE] = {
		.operation = CGI_ACCOUNT_REMOVE,
		.cgi = "userManager.cgi",
		.action = "deleteUser",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(account_parameters),
		.text = "Removes an account and ends its event streams; the last admin stays.",
		.answer = "`OK`",
		.example = USERS "deleteUser&name=anna",
	},
	[CGI_AUDIT_FIND] = {
		.operation = CGI_AUDIT_FIND,
		.cgi = "recordFinder.cgi",
		.action = "find",
		.table = "PosternAudit",
		.role = ACCOUNT_ADMIN,
		.stray = CGI_STRAY_FILTERS_REFUSED,
		TAKES(audit_parameters),
		.text = "Ours: lists what was done to people, schedules and accounts, and by whom, "
			"oldest first.",
		.answer = "`found=n`, `totalCount=n` (rows that match), then "
			"`records[i].Key=value`: No, Act, Result (done, nothing_to_change, "
			"refused), Time (UTC seconds), TimeMS, Trusted (the clock was), Account, "
			"Address (empty: on the device itself), Target, Count",
		.example = FINDER "find&name=PosternAudit&StartTime=123456700&AfterNo=17&count=100",
	},
	[CGI_OSDP_FRAMES] = {
		.operation = CGI_OSDP_FRAMES,
		.cgi = "accessControl.cgi",
		.action = "getOsdpFrames",
		.role = ACCOUNT_ADMIN,
		TAKES(osdp_frames_parameters),
		.text = "Ours: tells the frames on an OSDP line, for who looks for a fault in it. "
			"They are remembered for 10 s behind each such request; keys, digits of a "
			"PIN and templates are overwritten.",
		.answer = "`oldestFrame=n` and `lastFrame=n` of all lines, then "
			"`frames[i].Key=value`: No, TimeUS (microseconds since 1970), Reply, Bytes "
			"(hexadecimal)",
		.example = "/cgi-bin/accessControl.cgi?action=getOsdpFrames&line=east"
			"&afterFrame=17&count=100",
	},
	[CGI_READERS] = {
		.operation = CGI_READERS,
		.cgi = "accessControl.cgi",
		.action = "getReaders",
		.role = ACCOUNT_VIEWER,
		TAKES(readers_parameters),
		.text = "Ours: tells how the readers do: what they are, whether OSDP readers are "
			"online and secure, and how far their pairing is. No key is told.",
		.answer = "`readers[i].Key=value`: Number, Door, Kind (Wiegand, OSDP), Assurance "
			"(secure; low: cards can be copied from the wires), and of OSDP readers "
			"Line, Address, Baud, Port, State, Online, Why (of an offline one), Since "
			"and Heard (seconds ago), Secure, HasKey, Pairing (none, saving, open, "
			"finishing), WindowLeft (s), PairFailed, Vendor, Model, HardwareVersion, "
			"Serial, Firmware, LEDs, LEDLevel, Audible, Texts, Inputs, Outputs, "
			"Heads, Biometrics, Version, AES, DefaultKey, ReceiveSize, TimeoutUS, "
			"ReplyMinUS, ReplyMeanUS, ReplyMaxUS, and counters since core's start: "
			"Exchanges, Frames, Repeats, Timeouts, CheckErrors, MACErrors, Busy, "
			"NAKs, Late, Handshakes, SessionsLost, Stale, Unreadable, Refused",
		.example = "/cgi-bin/accessControl.cgi?action=getReaders&reader=5",
	},
	[CGI_READER_PAIR] = {
		.operation = CGI_READER_PAIR,
		.cgi = "accessControl.cgi",
		.action = "pairReader",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(reader_pair_parameters),
		.text = "Ours: opens a window in which one OSDP reader that stands in install mode "
			"gets its first key; getReaders tells what came of it.",
		.answer = "`OK` when the new key is on disk and the window is open",
		.example = "/cgi-bin/accessControl.cgi?action=pairReader&reader=5&window=300",
	},
	[CGI_READER_PAIR_CANCEL] = {
		.operation = CGI_READER_PAIR_CANCEL,
		.cgi = "accessControl.cgi",
		.action = "cancelPairing",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(reader_key_act_parameters),
		.text = "Ours: closes the window of pairReader.",
		.answer = "`OK`",
		.example = "/cgi-bin/accessControl.cgi?action=cancelPairing&reader=5",
	},
	[CGI_READER_ROTATE] = {
		.operation = CGI_READER_ROTATE,
		.cgi = "accessControl.cgi",
		.action = "rotateReaderKey",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(reader_key_act_parameters),
		.text = "Ours: gives an OSDP reader another key, within its secure channel.",
		.answer = "`OK` when the new key is on disk and on its way; getReaders tells what "
			"came of it",
		.example = "/cgi-bin/accessControl.cgi?action=rotateReaderKey&reader=5",
	},
	[CGI_READER_UNPAIR] = {
		.operation = CGI_READER_UNPAIR,
		.cgi = "accessControl.cgi",
		.action = "unpairReader",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(reader_key_act_parameters),
		.text = "Ours: forgets the keys of an OSDP reader and who it is; it gives nothing "
			"until it is paired again.",
		.answer = "`OK`",
		.example = "/cgi-bin/accessControl.cgi?action=unpairReader&reader=5",
	},
	[CGI_READER_KEY] = {
		.operation = CGI_READER_KEY,
		.cgi = "accessControl.cgi",
		.action = "setReaderKey",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(reader_key_parameters),
		.text = "Ours: tells the key that another tool has loaded into an OSDP reader. It is "
			"used when the one until now fails. Only POST with the key in the body, "
			"over https or on the device itself.",
		.answer = "`OK` when it is on disk; 400 when it is a well-known or simple one",
		.example = "/cgi-bin/accessControl.cgi?action=setReaderKey&reader=5"
			"&key=9e116cf0237ad548b102ee3d945f80c7",
	},
};
// clang-format on
