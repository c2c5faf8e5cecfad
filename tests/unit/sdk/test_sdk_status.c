// SPDX-License-Identifier: Apache-2.0
/* How a controller does, read from what it answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sdk.h"

#include <stdlib.h>
#include <string.h>

#define HEAD                                                                                       \
	"good=false\r\nclock.Trusted=true\r\nclock.UTC=1786441708\r\nclock.UTCMS=42\r\n"           \
	"uptime=90\r\nstore.Failed=false\r\nstore.Waiting=2\r\nsync.Count=100\r\nsync.P50US=640\r" \
	"\nsync.P99US=1040\r\nsync.Late=1\r\nrecords.First=12\r\nrecords.Last=41\r\n"              \
	"records.Kept=30\r\nrecords.Max=1000\r\nrecords.DaysLeft=7\r\npersons.Count=3\r\npersons." \
	"Max=20\r\n"
#define ROWS                                                                                       \
	"roles[0].Name=core\r\nroles[0].Restarts=2\r\nroles[0].LatestAgo=7\r\nroles[1].Name=gate"  \
	"\r\nroles[1].Restarts=0\r\ndoors[0].Index=4\r\ndoors[0].ID=front\r\n"                     \
	"doors[0].Unlocked=true\r\ndoors[0].Forced=false\r\ndoors[0].HeldOpen=true\r\n"            \
	"doors[0].Tamper=false\r\nreaders[0].Number=3\r\nreaders[0].Door=front\r\n"                \
	"readers[0].Frames=9\r\nreaders[0].Faults=7\r\nreaders[0].Held0=false\r\n"                 \
	"readers[0].Held1=true\r\nalarms[0].Name=DoorHeldOpen\r\nalarms[0].Text=door front is "    \
	"held open\r\n"

static struct postern_controller_status *read_text(const char *text, int *ret_error)
{
	struct answer answer = {.text = strdup(text), .len = strlen(text), .status = 200};

	assert_non_null(answer.text);
	struct postern_controller_status *status = controller_status_read(&answer, ret_error);

	answer_drop(&answer);
	return status;
}

static void a_status_is_read_whole(void **state)
{
	int error;
	struct postern_controller_status *s =
		read_text(HEAD "backup.UTC=1786440000\r\nbackup.RecNo=40\r\n" ROWS, &error);

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->size, sizeof(*s));
	assert_int_equal(s->good, 0);
	assert_int_equal(s->clock_trusted, 1);
	assert_true(s->clock_utc_ms == INT64_C(1786441708042));
	const int64_t numbers[] = {s->uptime_s, s->store_waiting, s->sync_count, s->sync_p50_us,
		s->sync_p99_us, s->sync_late, s->records_first, s->records_last, s->records_kept,
		s->records_max, s->records_days_left, s->persons, s->persons_max, s->backup_utc_s,
		s->backup_rec_no, s->certificate_not_after_s};
	const int64_t wanted[] = {90, 2, 100, 640, 1040, 1, 12, 41, 30, 1000, 7, 3, 20, 1786440000,
		40, POSTERN_NOT_GIVEN};

	for (size_t i = 0; i < ARRAY_COUNT(wanted); i++)
		assert_true(numbers[i] == wanted[i]);
	assert_int_equal(s->role_count, 2);
	assert_string_equal(s->roles[0].name, "core");
	assert_true(s->roles[0].restarts == 2 && s->roles[0].latest_ago_s == 7);
	assert_true(s->roles[1].latest_ago_s == POSTERN_NOT_GIVEN);
	assert_int_equal(s->door_count, 1);
	assert_int_equal(s->doors[0].channel, 5);
	assert_string_equal(s->doors[0].id, "front");
	assert_true(s->doors[0].unlocked == 1 && s->doors[0].open == POSTERN_NOT_GIVEN &&
		    s->doors[0].forced == 0 && s->doors[0].held_open == 1);
	assert_int_equal(s->reader_count, 1);
	assert_true(s->readers[0].number == 3 && s->readers[0].frames == 9 &&
		    s->readers[0].faults == 7 && s->readers[0].held[0] == 0 &&
		    s->readers[0].held[1] == 1);
	assert_int_equal(s->alarm_count, 1);
	assert_string_equal(s->alarms[0].text, "door front is held open");
	assert_null(postern_controller_status_free(s));
}

static void what_is_no_status_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"OK\r\n",
		"good=perhaps\r\nclock.UTC=1\r\nclock.UTCMS=0\r\n",
		"good=true\r\nclock.UTC=1\r\n",
		"good=true\r\nclock.UTC=-1\r\nclock.UTCMS=0\r\n",
		"good=true\r\nclock.UTC=1\r\nclock.UTCMS=1000\r\n",
		"good=true\r\nclock.UTC=9223372036854775807\r\nclock.UTCMS=0\r\n",
		HEAD "doors[70000].Index=1\r\n",
		HEAD "alarms[5].Name=x\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		int error = POSTERN_OK;

		if (read_text(texts[i], &error) != NULL || error != POSTERN_E_PROTOCOL)
			fail_msg("taken: %s", texts[i]);
	}
	assert_null(postern_controller_status_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_is_read_whole),
		cmocka_unit_test(what_is_no_status_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
