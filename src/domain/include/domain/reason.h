/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a door opened or stayed shut: a closed list. Each reason has a stable name, a sentence a
 * guard understands, and the ErrorCode of the Dahua records.
 */
#pragma once

#include "base/span.h"

/*      identifier            name                    ErrorCode  granted  sentence */
#define REASONS(X)                                                                                 \
	X(REASON_NONE, "none", 0x00, false, "nothing was decided")                                 \
	X(REASON_GRANTED, "granted", 0x00, true, "card and right are valid")                       \
	X(REASON_GRANTED_PRE_ARREARS, "granted_pre_arrears", 0x00, true,                           \
		"opened; payment for this card is nearly due")                                     \
	X(REASON_GRANTED_DURESS, "granted_duress", 0x00, true,                                     \
		"opened under duress: silent alarm")                                               \
	X(REASON_COMMAND, "command", 0x00, true, "opened or locked by an operator")                \
	X(REASON_EXIT_BUTTON, "exit_button", 0x00, true, "opened by the exit button")              \
	X(REASON_UNKNOWN_CARD, "unknown_card", 0x10, false, "this card is not enrolled")           \
	X(REASON_UNREADABLE, "unreadable", 0x10, false,                                            \
		"the reader sent no card this door can read")                                      \
	X(REASON_CARD_LOST, "card_lost", 0x11, false, "the card is reported lost")                 \
	X(REASON_CARD_CANCELLED, "card_cancelled", 0x11, false, "the card is cancelled")           \
	X(REASON_CARD_FROZEN, "card_frozen", 0x11, false, "the card is frozen")                    \
	X(REASON_CARD_ARREARS, "card_arrears", 0x11, false, "payment for this card is in arrears") \
	X(REASON_CARD_OVERDUE, "card_overdue", 0x11, false, "payment for this card is overdue")    \
	X(REASON_NO_RIGHT, "no_right", 0x12, false, "the person has no right at this door")        \
	X(REASON_NOT_VALID, "not_valid", 0x14, false, "the person is switched off")                \
	X(REASON_NOT_YET_VALID, "not_yet_valid", 0x14, false, "the validity has not begun")        \
	X(REASON_EXPIRED, "expired", 0x14, false, "the validity is over")                          \
	X(REASON_USES_SPENT, "uses_spent", 0x14, false, "a guest's uses are spent")                \
	X(REASON_CLOCK_UNTRUSTED, "clock_untrusted", 0x14, false,                                  \
		"the right has dates and the clock is not trusted")                                \
	X(REASON_HELD_LOCKED, "held_locked", 0x17, false, "the door is held locked by command")    \
	X(REASON_PATROL, "patrol", 0x19, false, "a patrol card is recorded and opens nothing")     \
	X(REASON_BLOCKLIST, "blocklist", 0x10, false, "the card is on the blocklist: alarm")       \
	X(REASON_MOTHER_CARD, "mother_card", 0x13, false, "a mother card opens nothing")           \
	X(REASON_OUTSIDE_SCHEDULE, "outside_schedule", 0x20, false,                                \
		"the person has this door, but not at this time")                                  \
	X(REASON_BUSY, "busy", 0x64, false, "too many grants wait at this door")                   \
	X(REASON_STORAGE_SLOW, "storage_slow", 0x64, false,                                        \
		"the record was not on disk in time, so the door stayed locked")                   \
	X(REASON_REPEATED, "repeated", 0x10, false,                                                \
		"the same denial again and again: counted once")                                   \
	X(REASON_WRONG_PIN, "wrong_pin", 0x40, false, "the PIN is wrong")                          \
	X(REASON_PIN_MISSING, "pin_missing", 0x41, false, "this door wants a PIN as well")         \
	X(REASON_CARD_MISSING, "card_missing", 0x13, false, "this door wants a card as well")      \
	X(REASON_WRONG_ORDER, "wrong_order", 0x13, false,                                          \
		"card and PIN came in the wrong order for this door")                              \
	X(REASON_PIN_REFUSED, "pin_refused", 0x13, false, "this door does not open by PIN")        \
	X(REASON_CARD_REFUSED, "card_refused", 0x13, false, "this door does not open by card")     \
	X(REASON_NO_PIN, "no_pin", 0x13, false, "the person has no PIN")                           \
	X(REASON_PIN_LOCKED, "pin_locked", 0x40, false,                                            \
		"too many wrong PINs: PINs are not looked at for a while")                         \
	X(REASON_PANEL_FORMAT, "panel_format", 0x64, false,                                        \
		"the card's number does not fit into the panel's format")                          \
	X(REASON_PANEL_BUSY, "panel_busy", 0x64, false,                                            \
		"too many cards wait to be sent to the panel")                                     \
	X(REASON_SPECIAL_DAY, "special_day", 0x21, false,                                          \
		"the person has this door, but not at this time of a special day")                 \
	/* why an OSDP reader is offline */                                                        \
	X(REASON_READER_SILENT, "reader_silent", 0x64, false, "the reader does not answer")        \
	X(REASON_READER_PORT, "reader_port", 0x64, false, "the serial port of its line is gone")   \
	X(REASON_READER_RESTARTED, "reader_restarted", 0x64, false,                                \
		"the reader started anew or lost its session")                                     \
	X(REASON_READER_NOT_PAIRED, "reader_not_paired", 0x64, false,                              \
		"the reader has no key yet: pair it")                                              \
	X(REASON_READER_NO_SECURE_CHANNEL, "reader_no_secure_channel", 0x64, false,                \
		"the reader refuses the secure channel that is required")                          \
	X(REASON_READER_KEY, "reader_key", 0x64, false, "the reader has another key")              \
	X(REASON_READER_MAC, "reader_mac", 0x64, false, "frames of the reader were altered")       \
	X(REASON_READER_IDENTITY, "reader_identity", 0x64, false,                                  \
		"another reader stands in the place of the one that was paired")                   \
	X(REASON_READER_PROTOCOL, "reader_protocol", 0x64, false,                                  \
		"the reader refuses what every reader must take")                                  \
	/* what was tried at an OSDP line */                                                       \
	X(REASON_OSDP_NO_SECURE_CHANNEL, "osdp_no_secure_channel", 0x64, false,                    \
		"the secure channel was refused")                                                  \
	X(REASON_OSDP_DOWNGRADE, "osdp_downgrade", 0x64, false,                                    \
		"a reader that was secure claims that it cannot be, or spoke in clear")            \
	X(REASON_OSDP_DEFAULT_KEY, "osdp_default_key", 0x64, false,                                \
		"the key that everybody knows was offered")                                        \
	X(REASON_OSDP_CRYPTOGRAM, "osdp_cryptogram", 0x64, false,                                  \
		"the reader did not prove that it knows the key")                                  \
	X(REASON_OSDP_MAC, "osdp_mac", 0x64, false, "frames with a wrong MAC came")                \
	X(REASON_OSDP_REPLAY, "osdp_replay", 0x64, false, "old frames came again")                 \
	X(REASON_OSDP_KEYSET, "osdp_keyset", 0x64, false, "somebody asks for a key to be set")     \
	X(REASON_OSDP_IDENTITY, "osdp_identity", 0x64, false,                                      \
		"the reader says that it is another one")                                          \
	X(REASON_OSDP_FOREIGN_PANEL, "osdp_foreign_panel", 0x64, false,                            \
		"another panel talks on this line")                                                \
	X(REASON_FINGERPRINT, "fingerprint", 0x42, false,                                          \
		"the finger is none that the reader knows")                                        \
	X(REASON_FINGERPRINT_MISSING, "fingerprint_missing", 0x43, false,                          \
		"no finger followed the card in time")

#define REASON_ENUM(id, name, code, granted, sentence) id,
enum reason { REASONS(REASON_ENUM) REASON_COUNT };
#undef REASON_ENUM

const char *reason_name(enum reason reason); /* "unknown_card" */
const char *reason_sentence(enum reason reason); /* "this card is not enrolled" */
uint8_t reason_error_code(enum reason reason); /* 0x10; shown in decimal on the wire */
bool reason_grants(enum reason reason);
