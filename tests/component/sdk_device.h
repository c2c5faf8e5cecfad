/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of sdk_device, in the files that hold them. They run in the order of sdk_device.c. */
#pragma once

#include <postern/postern.h>

/* The one person that has both; NULL is no condition. Freed by the caller. */
struct postern_people *find_one(const char *user_id, const char *card_no);

/* sdk_device_records.c */
void records_are_found_by_every_condition(void **state);
void every_record_is_pulled_once(void **state);
void records_are_followed_and_resumed(void **state);
void events_come_from_either_stream_behind_a_place(void **state);
void records_are_those_of_the_environment(void **state);

/* sdk_device_readers.c */
void a_reader_shows_what_it_sends(void **state);
void a_line_that_is_not_there_has_no_frames(void **state);

/* sdk_device_started.c */
void people_change_without_waiting(void **state);
void the_rest_answers_without_waiting_too(void **state);
