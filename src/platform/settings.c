// SPDX-License-Identifier: Apache-2.0
/*
 * The one settings table. A new setting is a row here and a field in settings.h: the parser, the
 * standards, posternd.yaml(5), --help and every error read this table. Rows stand in the order of
 * the documentation. Standards are text and go through the same parser as a person's values.
 */
#include "settings_table.h"

#include "base/assert.h"
#include "base/civil.h"
#include "base/compiler.h"
#include "platform/settings.h"
#include "protocols/digest.h"

#include <stddef.h>

#define US 1000u
#define MS 1000000u

/* Where a value lives. */
#define FIELD(section_, type, field)                                                               \
	.section = (section_), .offset = offsetof(type, field), .size = sizeof(((type *)0)->field)
#define TOP(field) FIELD(SECTION_TOP, struct settings, field)
#define HTTP(field) FIELD(SECTION_HTTP, struct settings, field)
#define HTTPS(field) FIELD(SECTION_HTTPS, struct settings, field)
#define LIMIT(field) FIELD(SECTION_LIMITS, struct settings, field)
#define PIN(field) FIELD(SECTION_PIN, struct settings, field)
#define DOOR(field) FIELD(SECTION_DOORS, struct door_draft, field)
#define READER(field) FIELD(SECTION_READERS, struct reader_draft, field)
#define FORMAT(field) FIELD(SECTION_FORMATS, struct format_draft, field)
#define PANEL(field) FIELD(SECTION_PANELS, struct panel_draft, field)
#define OSDP(field) FIELD(SECTION_OSDP, struct osdp_line_settings, field)
#define PANEL_OSDP(field) FIELD(SECTION_PANEL_OSDP, struct panel_draft, field)
#define READER_OSDP(field) FIELD(SECTION_READER_OSDP, struct reader_draft, field)

#define NUMBER(key_, place, min_, max_, standard_, text_)                                          \
	{                                                                                          \
		.key = (key_), place, .kind = SETTING_NUMBER, .min = (min_), .max = (max_),        \
		.standard = (standard_), .text = (text_)                                           \
	}
#define TIME(key_, place, flags_, unit, min_, max_, standard_, text_)                              \
	{                                                                                          \
		.key = (key_), place, .kind = SETTING_TIME, .flags = (flags_), .unit_ns = (unit),  \
		.min = (min_), .max = (max_), .standard = (standard_), .text = (text_)             \
	}
#define CHOICE(key_, place, choices_, standard_, text_)                                            \
	{                                                                                          \
		.key = (key_), place, .kind = SETTING_CHOICE, .choices = (choices_),               \
		.standard = (standard_), .text = (text_)                                           \
	}
#define OTHER(key_, place, kind_, standard_, text_)                                                \
	{                                                                                          \
		.key = (key_), place, .kind = (kind_), .standard = (standard_), .text = (text_)    \
	}
#define LINE(key_, place, flags_, text_)                                                           \
	{                                                                                          \
		.key = (key_), place, .kind = SETTING_LINE, .flags = (flags_), .standard = "",     \
		.text = (text_)                                                                    \
	}
#define NUMBER_OR_0(key_, place, min_, max_, standard_, text_)                                     \
	{                                                                                          \
		.key = (key_), place, .kind = SETTING_NUMBER, .flags = SETTING_FLAG_OR_0,          \
		.min = (min_), .max = (max_), .standard = (standard_), .text = (text_)             \
	}
#define REQUIRED(key_, place, kind_, min_, max_, choices_, text_)                                  \
	{                                                                                          \
		.key = (key_), place, .kind = (kind_), .flags = SETTING_FLAG_REQUIRED,             \
		.min = (min_), .max = (max_), .choices = (choices_), .text = (text_)               \
	}
#define NESTED(key_, section_, section_in_, text_)                                                 \
	{                                                                                          \
		.key = (key_), .section = (section_), .kind = SETTING_SECTION,                     \
		.min = (section_in_), .text = (text_)                                              \
	}
#define DESCRIBES(key_, place, kind_, choices_, standard_, text_)                                  \
	{                                                                                          \
		.key = (key_), place, .kind = (kind_), .choices = (choices_),                      \
		.standard = (standard_), .text = (text_)                                           \
	}

#define OPEN_BY_WORDS "card|pin|card_or_pin|card_then_pin|pin_then_card|card_and_pin"

/* clang-format off */
static const struct setting table[] = {
	REQUIRED("lines", TOP(simulated_lines), SETTING_CHOICE, 0, 0, "gpio|simulated",
		"Where the wires of readers, contacts and locks end: at GPIO chips of this machine, "
		"or nowhere: virtual lines that `postern sim` moves."),
	OTHER("machine_name", TOP(machine_name), SETTING_NAME, "postern",
		"The name the device gives of itself."),
	OTHER("state", TOP(state_dir), SETTING_PATH, "/var/lib/postern",
		"The folder for the database and its keys. --state goes first."),
	CHOICE("clock", TOP(clock_trust), "system|trust", "system",
		"system: the wall clock is believed while NTP keeps it, or when a real-time clock "
		"set it at boot. trust: it is always believed."),
	CHOICE("untrusted_clock", TOP(untrusted_clock), "allow|deny_dated", "allow",
		"While the clock is not believed: allow decides as ever and marks the records; "
		"deny_dated refuses people whose right has a first or last day or hours."),
	TIME("commit_wait", TOP(commit_wait_ms), 0, MS, 10, 2000, "100ms",
		"How long a granted door waits for its record to be on disk before slow_disk of "
		"the door decides."),

	OTHER("listen", HTTP(http_address), SETTING_ADDRESS, "127.0.0.1:8080",
		"Where plain HTTP is served. Clients on this machine are answered, others only "
		"when compat_http names their network; its wires show every request."),
	OTHER("names", HTTP(http_name), SETTING_HOSTS, "",
		"Names the device answers to, beside its own addresses; at most 8."),
	OTHER("digest", HTTP(digest), SETTING_DIGESTS, "md5,sha-256",
		"Digest algorithms offered to clients, in this order; others are not taken. Many "
		"clients read the first only, and know only md5."),
	OTHER("compat_http", HTTP(http_compat), SETTING_NETWORKS, "",
		"Networks whose clients get answers over plain HTTP; everybody else is told to use "
		"https."),
	OTHER("open_door", HTTP(http_open_door), SETTING_YES_NO, "no",
		"Whether the networks of compat_http may move doors (openDoor, closeDoor) over "
		"plain HTTP as well."),
	OTHER("metrics", HTTP(http_metrics), SETTING_NETWORKS, "",
		"Networks whose clients read the metrics at /metrics without an account, over "
		"https or where plain HTTP is answered; [127.0.0.1] for this machine. Without it "
		"only accounts read them."),

	OTHER("listen", HTTPS(https_address), SETTING_ADDRESS, "",
		"Where HTTPS is served; nowhere when left out."),
	OTHER("certificate", HTTPS(https_certificate), SETTING_PATH, "",
		"A PEM file: the server's certificate, then those that lead to its CA. Without it "
		"posternd makes one at the first start and keeps it in STATE."),
	OTHER("key", HTTPS(https_key), SETTING_PATH, "",
		"The PEM file of the certificate's private key; the two go together."),

	NUMBER("persons", LIMIT(persons_max), 1, 10000000, "20000",
		"Persons at most. Memory is taken for all of them at the start."),
	NUMBER("records", LIMIT(records_max), 1000, 1000000000, "1000000",
		"Access records kept; the oldest go first."),
	NUMBER("journal", LIMIT(journal_max), 1000, 10000000000, "2000000",
		"Entries kept of everything that happened; at least as many as records."),
	NUMBER("streams", LIMIT(streams_max), 1, 16384, "64",
		"Event subscribers at once; fewer than connections."),
	NUMBER("connections", LIMIT(connections_max), 8, 16896, "256", "HTTP connections at once."),
	NUMBER("connections_per_source", LIMIT(connections_per_source_max), 1, 16896, "64",
		"HTTP connections at once from one address, or one /64 of IPv6; at most "
		"connections."),
	NUMBER("audit", LIMIT(audit_max), 1000, 100000000, "100000",
		"Administrative acts kept in the audit; the oldest go first."),

	NUMBER_OR_0("digits", PIN(pin_digits), PIN_DIGITS_MIN, PIN_DIGITS_MAX, "0",
		"How many digits a PIN has at the keypads; 0: it ends with #, whatever its length."),
	TIME("key_gap", PIN(pin_key_gap_ms), 0, MS, 500, 60000, "5s",
		"A longer pause between two keys clears what was typed."),
	TIME("second_factor", PIN(pin_second_ms), 0, MS, 1000, 60000, "10s",
		"Where a door wants card and PIN: how long the first waits for the second."),
	CHOICE("rule", PIN(pin_rule), "refuse|with_card", "refuse",
		"What becomes of a PIN that may not open alone, because it is too short, somebody "
		"else has it, or fewer than 1000 possible PINs would stay for each one given out: "
		"refuse it at the enrolment, or keep it to open with_card only. Counts where some "
		"door takes a PIN alone."),
	NUMBER("alone_digits", PIN(pin_alone_digits), PIN_DIGITS_MIN, PIN_DIGITS_MAX, "6",
		"Digits that a PIN must have to open a door alone. A reader hears about 100 wrong "
		"PINs a day: those with 4 digits do not hold long."),

	REQUIRED("index", DOOR(index), SETTING_NUMBER, 0, DOORS_MAX - 1, NULL,
		"The door's number in Doors[] and records; channel is one more. Never give it to "
		"another door later: records and rights name it."),
	REQUIRED("id", DOOR(door.id), SETTING_ID, 0, 0, NULL,
		"The door's id, used by readers below."),
	OTHER("name", DOOR(door.name), SETTING_NAME, "",
		"The name people see; the id when left out."),
	CHOICE("open_by", DOOR(door.config.open_by), OPEN_BY_WORDS, "card",
		"What the door asks for. card_and_pin takes them in either order."),
	NUMBER("open_by_schedule", DOOR(door.config.open_by_schedule), 0, SCHEDULES_MAX - 1, "",
		"While this schedule is on, open_by_scheduled counts instead of open_by. A schedule "
		"that is not defined is never on."),
	CHOICE("open_by_scheduled", DOOR(door.config.open_by_scheduled), OPEN_BY_WORDS, "",
		"What the door asks for while open_by_schedule is on; the two go together."),
	TIME("unlock", DOOR(door.config.unlock_ms), 0, MS, 100, 600000, "3s",
		"How long a grant unlocks."),
	TIME("held_open", DOOR(door.config.held_open_ms), SETTING_FLAG_CONTACT, MS, 0, 86400000,
		"30s", "Open longer than this is an alarm; 0s: never."),
	TIME("held_open_warning", DOOR(door.config.held_open_warning_ms), SETTING_FLAG_CONTACT, MS,
		0, 86400000, "5s", "The reader warns this long before that alarm; 0s: not at all."),
	OTHER("contact", DOOR(door.config.has_contact), SETTING_YES_NO, "yes",
		"Whether a door contact is wired."),
	TIME("contact_debounce", DOOR(door.config.contact_debounce_ms), SETTING_FLAG_CONTACT, MS,
		0, 399, "50ms", "The contact must be steady this long to count."),
	TIME("forced_grace", DOOR(door.config.forced_grace_ms), SETTING_FLAG_CONTACT, MS, 0, 10000,
		"500ms", "Opened within this time after locking is not forced."),
	CHOICE("rex", DOOR(door.config.rex), "unlock|shunt", "unlock",
		"What the exit button does: unlock the door, or only shunt the forced alarm."),
	CHOICE("fail", DOOR(door.config.fail), "secure|safe", "secure",
		"The lock output when the controller fails: secure locks, safe unlocks."),
	CHOICE("slow_disk", DOOR(door.config.slow_disk), "unlock|deny", "unlock",
		"When a grant's record is not on disk within commit_wait: unlock with an alarm, "
		"or deny."),
	LINE("lock", DOOR(door.lines.lock), SETTING_FLAG_OUTPUT,
		"The output that drives the lock; active: unlocked. Required with lines: gpio."),
	LINE("contact_line", DOOR(door.lines.contact), 0,
		"The input of the door contact; active: open. Required with lines: gpio, but not "
		"with contact: no."),
	LINE("rex_line", DOOR(door.lines.rex), 0,
		"The input of the exit button; active: pressed. A button to ground is active-low "
		"pull-up."),

	REQUIRED("number", READER(number), SETTING_NUMBER, 1, READERS_MAX, NULL,
		"The reader's number, in records as ReaderID."),
	REQUIRED("door", READER(door_id), SETTING_ID, 0, 0, NULL,
		"The id of the door it stands at."),
	CHOICE("side", READER(reader.config.side), "entry|exit", "entry",
		"Which way it lets people through. A door has at most 4 readers."),
	OTHER("formats", READER(reader.format), SETTING_FORMATS, "W34",
		"Card formats it may send. The first that fits a frame reads it: the one of the "
		"highest priority, equal ones in this order."),
	TIME("gap", READER(reader.limits.gap_ns), SETTING_FLAG_WIEGAND, 1, 10000000, 100000000, "25ms",
		"Silence that ends a Wiegand frame."),
	TIME("pulse_min", READER(reader.limits.pulse_min_ns), SETTING_FLAG_WIEGAND, 1, 1000, 100000, "10us",
		"A shorter pulse is a glitch."),
	TIME("pulse_max", READER(reader.limits.pulse_max_ns), SETTING_FLAG_WIEGAND, 1, 100000, 10000000, "1ms",
		"A longer pulse is a fault."),
	TIME("interval_min", READER(reader.limits.interval_min_ns), SETTING_FLAG_WIEGAND, 1, 20000, 5000000, "150us",
		"Pulses that begin closer than this are a fault."),
	LINE("data0", READER(reader.lines.data0), 0,
		"The input of DATA0; at rest active, inactive while a pulse lasts. active-low where "
		"the level shifter inverts. Required with lines: gpio."),
	LINE("data1", READER(reader.lines.data1), 0,
		"The input of DATA1, on the chip of data0."),
	LINE("tamper", READER(reader.lines.tamper), 0,
		"The input of the reader's tamper contact; active: opened."),
	LINE("led", READER(reader.lines.led), SETTING_FLAG_OUTPUT,
		"The output of the reader's green light; active: on."),
	LINE("beeper", READER(reader.lines.beeper), SETTING_FLAG_OUTPUT,
		"The output of the reader's beeper; active: on."),
	NESTED("osdp", SECTION_READERS, SECTION_READER_OSDP,
		"A reader on an OSDP line has this instead of wires of its own."),

	REQUIRED("name", FORMAT(name), SETTING_FORMAT_WORD, 0, 0,
		"1 to 32 of A-Z, a-z, 0-9, -, _ and ., a letter first, no built-in format's name",
		"What readers call it by."),
	REQUIRED("bits", FORMAT(bits), SETTING_FORMAT_WORD, 0, 0, "a whole number from 24 to 128",
		"How many bits a frame has. The first is bit 0. More than 66 come over OSDP only."),
	REQUIRED("card", FORMAT(card), SETTING_FORMAT_RANGES, 0, 0,
		"up to 4 ranges of bits, such as 9-24 or 9-24,30-40",
		"The bits of the card number; the first range is its most significant part."),
	DESCRIBES("facility", FORMAT(facility), SETTING_FORMAT_RANGES, "ranges as for card", "",
		"The bits of the site's code. A card is enrolled by it and the card number, side "
		"by side."),
	DESCRIBES("issue", FORMAT(issue), SETTING_FORMAT_RANGES, "ranges as for card", "",
		"The bits of the card's issue."),
	DESCRIBES("oem", FORMAT(oem), SETTING_FORMAT_RANGES, "ranges as for card", "",
		"The bits of the maker's or customer's code."),
	DESCRIBES("bit_order", FORMAT(bit_order), SETTING_FORMAT_WORD, "msb, lsb", "msb",
		"Of the card number; lsb: its last bit is the most significant."),
	DESCRIBES("byte_order", FORMAT(byte_order), SETTING_FORMAT_WORD, "msb, lsb", "msb",
		"Of the card number; lsb: its last byte is the most significant."),
	DESCRIBES("standard_parity", FORMAT(standard_parity), SETTING_FORMAT_WORD, "yes, no", "no",
		"yes: bit 0 is even parity over the first half of the data, the last bit odd "
		"parity over the second half."),
	DESCRIBES("parity", FORMAT(parity), SETTING_FORMAT_ITEMS,
		"up to 4 parity bits, such as [0 even 1-12, 25 odd 13-24]",
		"", "Each is its bit, even or odd, and what it covers. They are computed in this "
		"order; one may cover another before it."),
	DESCRIBES("xor", FORMAT(xor_check), SETTING_FORMAT_ITEMS,
		"up to 2 checks, such as 40-43 over 0-39", "",
		"The bits in front are the XOR of the groups of as many bits behind over."),
	DESCRIBES("constant", FORMAT(constant), SETTING_FORMAT_ITEMS,
		"bits and their values, such as 0-3=1111", "",
		"A frame with other values is not this format."),
	DESCRIBES("ignore", FORMAT(ignore), SETTING_FORMAT_RANGES, "ranges of bits, such as 0-6,31",
		"", "Bits that mean nothing."),
	DESCRIBES("facilities", FORMAT(facilities), SETTING_FORMAT_RANGES,
		"up to 8 facility codes, such as [57, 58]", "",
		"Cards with another facility code are not read."),
	DESCRIBES("priority", FORMAT(priority), SETTING_FORMAT_WORD,
		"a whole number from 0 to 255", "0",
		"Among a reader's formats the highest is tried first."),

	REQUIRED("number", PANEL(number), SETTING_NUMBER, 1, PANELS_MAX, NULL,
		"The panel's number."),
	REQUIRED("reader", PANEL(panel.reader), SETTING_NUMBER, 1, READERS_MAX, NULL,
		"The number of the reader whose cards are sent on."),
	CHOICE("when", PANEL(panel.when), "granted|read", "granted",
		"granted: a card is sent when it has opened the door. read: everything the reader "
		"reads is sent at once, whoever may enter."),
	OTHER("format", PANEL(panel.format), SETTING_FORMAT, "",
		"The card format the panel is set to: the card's number is sent in it. Left out, "
		"the bits are sent as the reader gave them, keypads included."),
	TIME("pulse", PANEL(panel.pulse_us), 0, US, 20, 100, "50us", "How long a pulse lasts."),
	TIME("interval", PANEL(panel.interval_us), 0, US, 200, 20000, "2ms",
		"From the begin of one pulse to the begin of the next."),
	LINE("data0", PANEL(panel.data0), SETTING_FLAG_OUTPUT,
		"The output of DATA0; active: the panel's line is pulled low. Required with lines: "
		"gpio."),
	LINE("data1", PANEL(panel.data1), SETTING_FLAG_OUTPUT,
		"The output of DATA1, on the chip of data0."),
	NESTED("osdp", SECTION_PANELS, SECTION_PANEL_OSDP,
		"A panel that we are an OSDP reader of has this instead of data lines."),

	REQUIRED("id", OSDP(id), SETTING_ID, 0, 0, NULL, "The line's id, used by readers above."),
	REQUIRED("port", OSDP(port), SETTING_PORT, 0, 0, NULL,
		"The serial port, by a path that stays when ports are plugged in another order; or "
		"simulated, for virtual readers that `postern sim` moves."),
	CHOICE("baud", OSDP(baud), "9600|19200|38400|57600|115200|230400", "9600",
		"Bits a second. All readers of a line have the same."),

	REQUIRED("line", READER_OSDP(osdp_line), SETTING_ID, 0, 0, NULL,
		"The id of its line."),
	REQUIRED("address", READER_OSDP(reader.osdp.address), SETTING_NUMBER, 0, 126, NULL,
		"The reader's address, which no other reader of the line has."),
	CHOICE("secure_channel", READER_OSDP(reader.osdp.secure_channel), "required|off",
		"required",
		"required: the reader is believed in a secure channel only, with a key that it "
		"gets when it is paired. off: what it says can be read and forged on the wires."),
	CHOICE("reads", READER_OSDP(reader.osdp.reads),
		"card|fingerprint|card-then-fingerprint", "card",
		"What its numbers are. fingerprint: it compares fingers itself, and gives the "
		"number of whom it knew. card-then-fingerprint: a card counts when a finger that "
		"fits it follows within 10 s."),

	REQUIRED("line", PANEL_OSDP(osdp_line), SETTING_ID, 0, 0, NULL,
		"The id of the panel's line, on which we have no reader of our own."),
	REQUIRED("address", PANEL_OSDP(panel.osdp.address), SETTING_NUMBER, 0, 126, NULL,
		"The address that the panel calls us by."),
	CHOICE("secure_channel", PANEL_OSDP(panel.osdp.secure_channel), "required|off", "required",
		"required: cards go to the panel in a secure channel only, under a key that the "
		"panel sets when it pairs us. off: in clear too, for panels that cannot do it."),
	CHOICE("install", PANEL_OSDP(panel.osdp.install_open), "once|open", "once",
		"once: the panel sets our key once, and nobody else does after that. open: it may "
		"be set anew under the key that everybody knows; for a new pairing only."),
};
/* clang-format on */

_Static_assert(ARRAY_COUNT(table) <= SETTINGS_ROWS_MAX, "the reader of the file has room for them");

const struct setting *settings_table(size_t *ret_count)
{
	*ret_count = ARRAY_COUNT(table);
	return table;
}

static const struct {
	const char *name;
	bool is_list;
	const char *text;
} sections[SECTION_COUNT] = {
	[SECTION_TOP] = {"", false, "At the top of the file:"},
	[SECTION_HTTP] = {"http", false, "The HTTP interface:"},
	[SECTION_HTTPS] = {"https", false, "HTTP over TLS:"},
	[SECTION_LIMITS] = {"limits", false, "How much is kept and served:"},
	[SECTION_PIN] = {"pin", false, "PINs and keypads:"},
	[SECTION_DOORS] = {"doors", true, "A list with an entry for each door, at least one:"},
	[SECTION_READERS] = {"readers", true, "A list with an entry for each reader:"},
	[SECTION_FORMATS] = {"formats", true,
		"A list of card formats that are not built in, at most 16:"},
	[SECTION_PANELS] = {"panels", true,
		"A list with an entry for each panel of another maker whose reader we are:"},
	[SECTION_OSDP] = {"osdp", true,
		"A list of serial lines with OSDP readers, or of panels whose OSDP reader we are, "
		"at "
		"most 16:"},
	[SECTION_READER_OSDP] = {"osdp of a reader", false, "In an entry of readers, below osdp:"},
	[SECTION_PANEL_OSDP] = {"osdp of a panel", false, "In an entry of panels, below osdp:"},
};

const char *setting_section_name(enum setting_section section)
{
	return sections[section].name;
}

bool setting_section_is_list(enum setting_section section)
{
	return sections[section].is_list;
}

bool setting_section_is_nested(enum setting_section section)
{
	return section == SECTION_READER_OSDP || section == SECTION_PANEL_OSDP;
}

const char *setting_section_text(enum setting_section section)
{
	return sections[section].text;
}

static void standard_put(const struct setting *row, void *base)
{
	char memory[256];
	struct buf why = buf_over(memory, sizeof(memory));
	struct span rest = span_from_string(row->standard);
	struct span item;

	if (!setting_is_list(row)) {
		ASSERT(setting_store(row, base, rest, false, &why));
		return;
	}
	setting_list_clear(row, base);
	while (span_next(&rest, ',', &item))
		ASSERT(setting_list_add(row, base, item, &why));
}

void setting_section_standards(enum setting_section section, void *base)
{
	for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
		const struct setting *row = &table[i];

		if (row->section == section && row->standard != NULL && row->standard[0] != '\0')
			standard_put(row, base);
	}
}

void settings_default(struct settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	setting_section_standards(SECTION_TOP, settings);
	setting_section_standards(SECTION_HTTP, settings);
	setting_section_standards(SECTION_HTTPS, settings);
	setting_section_standards(SECTION_LIMITS, settings);
	setting_section_standards(SECTION_PIN, settings);
}

void door_draft_init(struct door_draft *draft)
{
	*draft = (struct door_draft){.door.config.open_by_schedule = SCHEDULE_ALWAYS};
	setting_section_standards(SECTION_DOORS, draft);
}

#define DEMO_SCHEDULE 100

static void demo_door(struct settings *settings, uint8_t index, struct span id, struct span name)
{
	struct door_draft draft;

	door_draft_init(&draft);
	draft.door.config.open_by = OPEN_BY_CARD_OR_PIN;
	draft.door.config.open_by_schedule = DEMO_SCHEDULE;
	draft.door.config.open_by_scheduled = OPEN_BY_CARD_AND_PIN;
	ASSERT(text_set(&draft.door.id, id) && text_set(&draft.door.name, name));
	draft.door.config.configured = true;
	settings->door[index] = draft.door;
}

/* The lengths tell these formats apart, so the demo's readers take a card in each of them. */
static struct reader_settings *demo_reader(
	struct settings *settings, uint8_t number, uint8_t door, uint8_t side)
{
	static const char *const formats[] = {"W34", "W26", "W66"};
	struct reader_draft draft = {.number = number};

	_Static_assert(ARRAY_COUNT(formats) <= READER_FORMATS_MAX, "there is room for them");
	setting_section_standards(SECTION_READERS, &draft);
	draft.reader.config =
		(struct reader_config){.configured = true, .door = door, .side = side};
	draft.reader.format_count = ARRAY_COUNT(formats);
	for (size_t i = 0; i < ARRAY_COUNT(formats); i++)
		ASSERT(text_set(&draft.reader.format[i], span_from_string(formats[i])));
	settings->reader[number - 1] = draft.reader;
	return &settings->reader[number - 1];
}

#define DEMO_BAUD 4 /* 115200 */

/* Virtual OSDP readers at the entries, on one line. */
static void demo_osdp(struct settings *settings)
{
	struct osdp_line_settings *line = &settings->osdp_line[settings->osdp_line_count++];

	ASSERT(text_set(&line->id, SPAN_LIT("osdp1")));
	line->baud = DEMO_BAUD;
	for (uint8_t i = 0; i < 2; i++)
		demo_reader(settings, (uint8_t)(5 + i), i, SIDE_ENTRY)->osdp =
			(struct reader_osdp){.configured = true, .address = i};
}

void settings_demo(struct settings *settings)
{
	settings_default(settings);
	settings->file_hash = 1;
	settings->demo = true;
	settings->clock_trust = true;
	settings->simulated_lines = true;
	settings->pin_rule = PIN_RULE_WITH_CARD; /* people are enrolled with any password */
	memset(&settings->state_dir, 0, sizeof(settings->state_dir));
	ASSERT(text_set(&settings->machine_name, SPAN_LIT("postern demo")));
	demo_door(settings, 0, SPAN_LIT("door1"), SPAN_LIT("Door 1"));
	demo_door(settings, 1, SPAN_LIT("door2"), SPAN_LIT("Door 2"));
	(void)demo_reader(settings, 1, 0, SIDE_ENTRY);
	(void)demo_reader(settings, 2, 1, SIDE_ENTRY);
	(void)demo_reader(settings, 3, 0, SIDE_EXIT);
	(void)demo_reader(settings, 4, 1, SIDE_EXIT);
	demo_osdp(settings);
}

static bool takes_pin_alone(uint8_t open_by)
{
	return open_by == OPEN_BY_PIN || open_by == OPEN_BY_CARD_OR_PIN;
}

bool settings_pin_opens_alone(const struct settings *settings)
{
	for (unsigned i = 0; i < DOORS_MAX; i++) {
		const struct door_config *door = &settings->door[i].config;

		if (!door->configured)
			continue;
		if (takes_pin_alone(door->open_by) ||
			(door->open_by_schedule != SCHEDULE_ALWAYS &&
				takes_pin_alone(door->open_by_scheduled)))
			return true;
	}
	return false;
}

void settings_controller_config(const struct settings *settings, struct controller_config *ret)
{
	for (unsigned i = 0; i < DOORS_MAX; i++)
		ret->door[i] = settings->door[i].config;
	for (unsigned i = 0; i < READERS_MAX; i++)
		ret->reader[i] = settings->reader[i].config;
	ret->commit_wait_ms = settings->commit_wait_ms;
	ret->pin_digits = settings->pin_digits;
	ret->pin_key_gap_ms = settings->pin_key_gap_ms;
	ret->pin_second_ms = settings->pin_second_ms;
	ret->untrusted_clock = settings->untrusted_clock;
}
