/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A person with one card: the row of the Dahua table AccessControlCard, and what the index needs of
 * it. The domain's index keeps ids and rights only; names and texts stay in the store.
 */
#pragma once

#include "base/text.h"
#include "domain/limits.h"

/* CardStatus: bits that combine (the integration paper, CGI insert). */
enum card_status {
	CARD_STATUS_LOST = 1 << 0,
	CARD_STATUS_CANCELLED = 1 << 1,
	CARD_STATUS_FROZEN = 1 << 2,
	CARD_STATUS_ARREARS = 1 << 3,
	CARD_STATUS_OVERDUE = 1 << 4,
	CARD_STATUS_PRE_ARREARS = 1 << 5, /* opens, and says so */
};
#define CARD_STATUS_REFUSING                                                                       \
	(CARD_STATUS_LOST | CARD_STATUS_CANCELLED | CARD_STATUS_FROZEN | CARD_STATUS_ARREARS |     \
		CARD_STATUS_OVERDUE)
#define CARD_STATUS_ALL (CARD_STATUS_REFUSING | CARD_STATUS_PRE_ARREARS)

/* CardType: counts only when a card is used (the integration paper, CGI insert). */
enum card_type {
	CARD_TYPE_ORDINARY = 0,
	CARD_TYPE_VIP = 1,
	CARD_TYPE_GUEST = 2, /* opens while uses are left */
	CARD_TYPE_PATROL = 3, /* recorded, opens nothing */
	CARD_TYPE_BLOCKLIST = 4, /* refused and alarmed */
	CARD_TYPE_DURESS = 5, /* opens with a silent alarm */
	CARD_TYPE_MOTHER = 255, /* opens nothing */
};

#define VALID_FROM_ALWAYS INT64_MIN
#define VALID_TO_ALWAYS INT64_MAX
#define USES_UNLIMITED UINT32_MAX

/*
 * One subscript of Doors[] and TimeSections[]. A door value that names no configured door is kept
 * and grants nothing. A door without TimeSections element has schedule SCHEDULE_ALWAYS.
 */
/* What becomes of a PIN that may not open alone: one that is taken, short, or one too many. */
enum pin_rule {
	PIN_RULE_REFUSE = 0, /* the person is refused, with words */
	PIN_RULE_WITH_CARD = 1, /* kept; the PIN opens together with its card only */
};

struct person_door {
	uint16_t door; /* door index as given: 0 to 65534 */
	uint16_t schedule; /* schedule number as given: 0 to 255 */
	bool has_door;
	bool has_schedule;
};

struct person {
	uint64_t no; /* RecNo of the row; 0 where not assigned yet */
	struct text64 user_id;
	struct text32 card_no; /* as given; empty when the person has no card */
	struct text128 name; /* CardName, at most NAME_CHARACTERS_MAX code points */
	uint8_t card_status; /* enum card_status bits */
	uint8_t card_type; /* enum card_type */
	uint8_t user_type; /* UserType 0 to 5: kept and echoed */
	bool is_valid; /* IsValid as stored; the view also looks at dates and uses */
	bool first_enter; /* kept; only false is accepted yet */
	bool handicap; /* kept and echoed */
	bool has_password; /* a password is stored (in: password holds a new one) */
	uint32_t uses_left; /* UseTime; USES_UNLIMITED when not given */
	uint32_t repeat_enter_timeout; /* kept; only 4294967295 (none) is accepted yet */
	int64_t valid_from_s; /* UTC seconds, inclusive, or VALID_FROM_ALWAYS */
	int64_t valid_to_s; /* UTC seconds, inclusive, or VALID_TO_ALWAYS */
	bool has_duress_password; /* as has_password, for duress_password */
	bool pin_alone; /* out: the password opens doors that take a PIN alone */
	struct text64 password; /* only on the way in: never read back */
	struct text64 duress_password; /* the same; opens with a silent alarm */
	struct text32 vto_position;
	struct text32 dynamic_check_code;
	struct text32 citizen_id_no;
	struct person_door doors[PERSON_DOORS_MAX];
};

/*
 * The number a reader must send for card_no to match. A card number is text, decimal, leading zeros
 * mean the same card. False when the text is empty, is not decimal or does not fit 64 bits: such a
 * card never matches.
 */
bool card_no_number(struct span card_no, uint64_t *ret_number);

/* The key two equal cards share: a decimal text without leading zeros, any other text as it is. */
struct span card_no_key(struct span card_no);

/*
 * What `find` shows as IsValid now: false by itself once valid_to has passed or a guest's uses are
 * gone. Uses count down on every card that has them and keep out guests only.
 */
bool person_is_valid_at(const struct person *person, int64_t utc_s);

bool card_type_check(uint8_t card_type); /* it is one of enum card_type */
bool person_door_check(const struct person_door *door); /* numbers and flags are in range */

/* True when all numbers and texts are within their ranges, for rows from another process. */
bool person_check(const struct person *person);
