/* SPDX-License-Identifier: Apache-2.0 */
/* Every bound of the domain, in one place. */
#pragma once

#define DOORS_MAX 64 /* door index 0 to 63 */
#define READERS_MAX 128 /* reader number 1 to 128, stored at number - 1 */
#define DOOR_READERS_MAX 4 /* on both sides together */
#define DOOR_WAITING_MAX 8 /* grants of one door that wait for their record */
#define PERSON_DOORS_MAX 128 /* subscripts of Doors[] and TimeSections[] */
#define SCHEDULES_MAX 128 /* schedule number 0 to 127 */
#define SCHEDULE_ALWAYS 255 /* a schedule that is always on and cannot be changed */
#define SCHEDULE_INTERVALS_MAX 12 /* a weekday */
#define SPECIAL_DAY_GROUPS_MAX 128 /* group number 0 to 127 */
#define SPECIAL_DAYS_MAX 64 /* of a group, each a date or a range */
#define SPECIAL_SCHEDULES_MAX 128 /* special schedule number 0 to 127 */
#define NAME_CHARACTERS_MAX 32 /* CardName: code points (the integration paper, CGI insert) */
#define EFFECTS_MAX 64 /* what one step may ask for: an input at a door with all its work due */
#define COMMANDS_WAITING_MAX 64 /* operator commands whose record is not durable yet */
#define DENIALS_PER_MINUTE_MAX                                                                     \
	10 /* identical denials at a reader before they are counted together */
#define PIN_DIGITS_MIN 4
#define PIN_DIGITS_MAX 12 /* a longer run of keys is no PIN */
#define PIN_WRONG_FREE 5 /* the so many-th wrong PIN is the first to lock */
#define PIN_LOCKOUT_FIRST_S 60 /* then each wrong one doubles it ... */
#define PIN_LOCKOUT_LAST_S 900 /* ... up to this; grants take one off in this time at most */
#define PIN_PERSONS_MAX 256 /* whose wrong PINs are counted at one time */
#define UNDURABLE_RECORDS_MAX 10000 /* kept in memory while the store is failed */
