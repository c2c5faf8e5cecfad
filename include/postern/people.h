/* SPDX-License-Identifier: Apache-2.0 */
/* People: the part of libpostern's header that postern/postern.h includes. */
#ifndef POSTERN_PEOPLE_H
#define POSTERN_PEOPLE_H

#ifndef POSTERN_POSTERN_H
#error "include <postern/postern.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* --- people: rows of AccessControlCard (one person with one card) --- */

#define POSTERN_NOT_GIVEN (-1)

struct postern_person {
	size_t size;
	uint64_t rec_no; /* the row; 0 when enrolling */
	const char *user_id; /* required to enrol; at most 64 bytes */
	const char *card_no; /* required to enrol, may be ""; decimal text by default */
	const char *name; /* CardName: at most 32 characters; NULL: not given */
	int card_status; /* bits 1 lost 2 cancelled 4 frozen 8 arrears 16 overdue 32 pre-arrears */
	int card_type; /* 0 ordinary 1 VIP 2 guest 3 patrol 4 blocklist 5 duress 255 mother */
	int user_type;
	int is_valid; /* 0, 1 or POSTERN_NOT_GIVEN */
	int64_t uses_left; /* UseTime; POSTERN_NOT_GIVEN */
	const char *password; /* PIN: 4 to 12 digits for a keypad; never comes back */
	const char *vto_position; /* text, zeros kept */
	const char *valid_from; /* device local time, yyyy-MM-dd hh:mm:ss or yyyyMMdd hhmmss */
	const char *valid_to;
	const char *citizen_id_no;
	size_t door_count; /* Doors[0..]: at most 128 */
	const int *doors; /* door index (channel - 1), or POSTERN_NOT_GIVEN for a gap; NULL: not
			     given; not NULL with door_count 0: an update takes every door
			     away (postern's own) */
	size_t schedule_count; /* TimeSections[0..]: at most 128 */
	const int *schedules; /* schedule number; 255 is always; the rest as for doors */
	size_t field_count; /* from the device: every field as it came */
	const struct postern_field *fields;
	const char *duress_password; /* postern's own: a second PIN that opens with a silent alarm;
					4 to 12 digits; never comes back */
};
#define POSTERN_PERSON_INIT                                                                        \
	{                                                                                          \
		sizeof(struct postern_person), 0, NULL, NULL, NULL, POSTERN_NOT_GIVEN,             \
			POSTERN_NOT_GIVEN, POSTERN_NOT_GIVEN, POSTERN_NOT_GIVEN,                   \
			POSTERN_NOT_GIVEN, NULL, NULL, NULL, NULL, NULL, 0, NULL, 0, NULL, 0,      \
			NULL, NULL                                                                 \
	}

/* recordUpdater insert. *rec_no gets the new row's number. */
POSTERN_API int postern_person_add(
	struct postern_device *device, const struct postern_person *person, uint64_t *rec_no);
/* The number is the new row's. */
POSTERN_API int postern_person_add_start(struct postern_device *device,
	const struct postern_person *person, postern_number_fn *done, void *user,
	struct postern_call **call);

/* recordUpdater update of row person->rec_no: only what is given changes. */
POSTERN_API int postern_person_update(
	struct postern_device *device, const struct postern_person *person);
POSTERN_API int postern_person_update_start(struct postern_device *device,
	const struct postern_person *person, postern_done_fn *done, void *user,
	struct postern_call **call);

/* recordUpdater remove; a row that is not there counts as removed. */
POSTERN_API int postern_person_remove(struct postern_device *device, uint64_t rec_no);
POSTERN_API int postern_person_remove_start(struct postern_device *device, uint64_t rec_no,
	postern_done_fn *done, void *user, struct postern_call **call);

/* recordUpdater clear: every row of the device. */
POSTERN_API int postern_person_clear(struct postern_device *device);
POSTERN_API int postern_person_clear_start(struct postern_device *device, postern_done_fn *done,
	void *user, struct postern_call **call);

struct postern_people {
	size_t count;
	struct postern_person *person;
};

/* recordFinder find by UserID or CardNo (NULL: not a condition), all pages. */
POSTERN_API int postern_people_find(struct postern_device *device, const char *user_id,
	const char *card_no, struct postern_people **people);
/* people: NULL with an error; else the callback's to free. */
typedef void postern_people_fn(
	void *user, struct postern_call *call, int error, struct postern_people *people);
POSTERN_API int postern_people_find_start(struct postern_device *device, const char *user_id,
	const char *card_no, postern_people_fn *done, void *user, struct postern_call **call);
POSTERN_API struct postern_people *postern_people_free(struct postern_people *people);

/* recordFinder getQuerySize; takes Size= and count=. */
POSTERN_API int postern_people_count(struct postern_device *device, uint64_t *count);
POSTERN_API int postern_people_count_start(struct postern_device *device, postern_number_fn *done,
	void *user, struct postern_call **call);

#ifdef __cplusplus
}
#endif

#endif
