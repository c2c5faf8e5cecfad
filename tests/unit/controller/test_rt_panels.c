// SPDX-License-Identifier: Apache-2.0
/* Which frames go to which panel, in which form, and what is said of those that do not. */
#include "rt_panels.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SENT_MAX 256
#define MINUTE_NS (60 * NS_PER_S)

struct fixture {
	struct settings settings;
	struct rt_panels panels;
	struct {
		uint8_t panel;
		struct card_bits bits;
	} sent[SENT_MAX];
	unsigned sent_count;
	bool full; /* every queue is */
	uint8_t skip_panel;
	struct panel_skip skip;
	unsigned skip_count;
	int64_t now_ns;
};

static struct fixture fixture;

static bool sent(void *user, uint8_t panel, const struct card_bits *bits)
{
	struct fixture *f = user;

	if (f->full)
		return false;
	assert_true(f->sent_count < SENT_MAX);
	f->sent[f->sent_count].panel = panel;
	f->sent[f->sent_count++].bits = *bits;
	return true;
}

static void skipped(void *user, uint8_t panel, const struct panel_skip *skip)
{
	struct fixture *f = user;

	f->skip_panel = panel;
	f->skip = *skip;
	f->skip_count++;
}

static void panel_put(
	struct fixture *f, uint8_t number, uint8_t reader, enum panel_when when, const char *format)
{
	struct panel_settings *panel = &f->settings.panel[number - 1];

	*panel = (struct panel_settings){
		.configured = true, .reader = reader, .when = (uint8_t)when};
	assert_true(text_set(&panel->format, span_from_string(format)));
}

static struct fixture *fixture_new(void)
{
	struct fixture *f = &fixture;

	memset(f, 0, sizeof(*f));
	f->now_ns = 5;
	return f;
}

static void fixture_begin(struct fixture *f)
{
	rt_panels_init(&f->panels, &f->settings, sent, skipped, f);
}

static struct card_bits bits_of(const char *text)
{
	struct card_bits bits = {.count = (uint16_t)strlen(text)};

	for (uint16_t i = 0; i < bits.count; i++)
		card_bits_put(&bits, i, text[i] == '1');
	return bits;
}

static void frame(struct fixture *f, uint8_t reader, const char *text, uint64_t number)
{
	struct card_bits bits = bits_of(text);

	rt_panels_frame(&f->panels, reader, &bits, number != 0 ? &number : NULL, f->now_ns);
}

static void assert_sent(const struct fixture *f, unsigned at, uint8_t number, const char *text)
{
	struct card_bits bits = bits_of(text);

	assert_true(at < f->sent_count);
	assert_int_equal(f->sent[at].panel, number - 1);
	assert_int_equal(f->sent[at].bits.count, bits.count);
	assert_memory_equal(f->sent[at].bits.bytes, bits.bytes, sizeof(bits.bytes));
}

/* Of the reference: H10301 123/45678, whose number is 8106606. */
#define W26_CARD "10111101110110010011011101"
#define W26_NUMBER 8106606
/* The same number in W34: 0x007bb26e between its two parity bits. */
#define W34_CARD "0000000000111101110110010011011100"

static void grant(
	struct fixture *f, uint8_t reader, uint64_t number, uint16_t count, uint64_t ticket)
{
	struct commit_entry entry = {
		.kind = JOURNAL_ACCESS,
		.reason = REASON_GRANTED,
		.ticket = ticket,
		.wants_outcome = true,
		.has_card = true,
		.card_number = number,
		.card_bits = count,
		.reader = reader,
	};

	rt_panels_entry(&f->panels, &entry, f->now_ns);
}

static void outcome(struct fixture *f, enum journal_kind kind, uint64_t ticket)
{
	struct commit_entry entry = {.kind = kind, .outcome_of = ticket};

	rt_panels_entry(&f->panels, &entry, f->now_ns);
}

static void what_is_read_is_sent_as_it_was_received(void **state UNUSED)
{
	struct fixture *f = fixture_new();

	panel_put(f, 1, 3, PANEL_READ, "");
	fixture_begin(f);
	frame(f, 3, W26_CARD, W26_NUMBER);
	frame(f, 3, "0101", 0); /* a key */
	frame(f, 3, "11110000", 0);
	frame(f, 3, "110000000000000000000000000", 0); /* no format fits */
	frame(f, 4, W26_CARD, W26_NUMBER); /* not its reader */
	assert_int_equal(f->sent_count, 4);
	assert_sent(f, 0, 1, W26_CARD);
	assert_sent(f, 1, 1, "0101");
	assert_sent(f, 2, 1, "11110000");
	assert_sent(f, 3, 1, "110000000000000000000000000");
}

static void what_is_read_is_sent_in_the_panels_format(void **state UNUSED)
{
	struct fixture *f = fixture_new();

	panel_put(f, 16, 3, PANEL_READ, "w34");
	panel_put(f, 2, 3, PANEL_READ, "H10301");
	fixture_begin(f);
	frame(f, 3, W26_CARD, W26_NUMBER);
	frame(f, 3, "0101", 0); /* keys and what cannot be read have no number */
	frame(f, 3, "110000000000000000000000000", 0);
	assert_int_equal(f->sent_count, 2);
	assert_sent(f, 0, 2, W26_CARD);
	assert_sent(f, 1, 16, W34_CARD);
	assert_int_equal(f->skip_count, 0);
	frame(f, 3, W34_CARD, W26_NUMBER);
	assert_sent(f, 2, 2, W26_CARD);
	assert_sent(f, 3, 16, W34_CARD);
}

static void a_grant_is_sent_when_its_door_unlocks(void **state UNUSED)
{
	static const enum journal_kind unlocked[] = {
		JOURNAL_DOOR_UNLOCKED, JOURNAL_UNLOCKED_BEFORE_RECORD};

	for (size_t i = 0; i < ARRAY_COUNT(unlocked); i++) {
		struct fixture *f = fixture_new();

		panel_put(f, 1, 3, PANEL_GRANTED, "W34");
		panel_put(f, 2, 3, PANEL_GRANTED, "");
		fixture_begin(f);
		frame(f, 3, W26_CARD, W26_NUMBER);
		grant(f, 3, W26_NUMBER, 26, 70);
		assert_int_equal(f->sent_count, 0);
		outcome(f, unlocked[i], 69); /* of something else: an exit button */
		assert_int_equal(f->sent_count, 0);
		outcome(f, unlocked[i], 70);
		assert_int_equal(f->sent_count, 2);
		assert_sent(f, 0, 1, W34_CARD);
		assert_sent(f, 1, 2, W26_CARD);
		outcome(f, unlocked[i], 70); /* once is all */
		assert_int_equal(f->sent_count, 2);
	}
}

static void what_did_not_open_is_not_sent(void **state UNUSED)
{
	struct fixture *f = fixture_new();
	struct commit_entry denied = {.kind = JOURNAL_ACCESS,
		.reason = REASON_UNKNOWN_CARD,
		.has_card = true,
		.card_number = W26_NUMBER,
		.card_bits = 26,
		.reader = 3};

	panel_put(f, 1, 3, PANEL_GRANTED, "");
	fixture_begin(f);
	frame(f, 3, W26_CARD, W26_NUMBER);
	rt_panels_entry(&f->panels, &denied, 5);
	outcome(f, JOURNAL_DOOR_UNLOCKED, 0); /* a command's entry has no outcome_of */
	grant(f, 3, W26_NUMBER, 26, 70);
	outcome(f, JOURNAL_GRANT_CANCELLED, 70);
	outcome(f, JOURNAL_DOOR_UNLOCKED, 70);
	frame(f, 3, "0101", 0); /* keys open nothing by themselves */
	grant(f, 4, W26_NUMBER, 26, 71); /* at another reader */
	outcome(f, JOURNAL_DOOR_UNLOCKED, 71);
	grant(f, 3, W26_NUMBER + 1, 26, 72); /* of a card whose bits are not known any more */
	outcome(f, JOURNAL_DOOR_UNLOCKED, 72);
	assert_int_equal(f->sent_count, 0);
}

/* A keypad between card and grant does not take the card's place, another card does not either. */
static void grants_of_several_cards_keep_their_own_bits(void **state UNUSED)
{
	struct fixture *f = fixture_new();

	panel_put(f, 1, 3, PANEL_GRANTED, "");
	fixture_begin(f);
	frame(f, 3, W26_CARD, W26_NUMBER);
	frame(f, 3, "0001", 0);
	grant(f, 3, W26_NUMBER, 26, 70);
	frame(f, 3, "10000000100000000000000010", 65537);
	grant(f, 3, 65537, 26, 71);
	frame(f, 3, W34_CARD, W26_NUMBER); /* the same number in another frame */
	grant(f, 3, W26_NUMBER, 34, 72);
	outcome(f, JOURNAL_DOOR_UNLOCKED, 72);
	outcome(f, JOURNAL_DOOR_UNLOCKED, 70);
	outcome(f, JOURNAL_DOOR_UNLOCKED, 71);
	assert_int_equal(f->sent_count, 3);
	assert_sent(f, 0, 1, W34_CARD);
	assert_sent(f, 1, 1, W26_CARD);
	assert_sent(f, 2, 1, "10000000100000000000000010");
}

static void grants_without_outcome_cannot_fill_the_table(void **state UNUSED)
{
	struct fixture *f = fixture_new();

	panel_put(f, 1, 3, PANEL_GRANTED, "");
	fixture_begin(f);
	frame(f, 3, W26_CARD, W26_NUMBER);
	for (uint64_t ticket = 1; ticket <= 3 * PANEL_GRANTS_MAX; ticket++)
		grant(f, 3, W26_NUMBER, 26, ticket);
	outcome(f, JOURNAL_DOOR_UNLOCKED, 3 * PANEL_GRANTS_MAX);
	assert_int_equal(f->sent_count, 1);
	for (uint64_t ticket = 1; ticket <= 3 * PANEL_GRANTS_MAX; ticket++)
		outcome(f, JOURNAL_DOOR_UNLOCKED, ticket);
	assert_int_equal(f->sent_count, PANEL_GRANTS_MAX);
}

static void a_number_that_does_not_fit_is_told_and_never_cut(void **state UNUSED)
{
	struct fixture *f = fixture_new();

	panel_put(f, 1, 3, PANEL_READ, "W26");
	panel_put(f, 2, 3, PANEL_READ, "W34");
	fixture_begin(f);
	/* 2^24 is the first number that 8 + 16 bits do not hold. */
	frame(f, 3, "1000000001000000000000000000000001", 0x1000000);
	assert_int_equal(f->sent_count, 1);
	assert_int_equal(f->sent[0].panel, 1);
	assert_int_equal(f->skip_count, 1);
	assert_int_equal(f->skip_panel, 0);
	assert_int_equal(f->skip.reader, 3);
	assert_int_equal(f->skip.reason, REASON_PANEL_FORMAT);
	assert_int_equal(f->skip.count, 1);
	assert_true(f->skip.has_card);
	assert_int_equal(f->skip.card_number, 0x1000000);
	assert_int_equal(f->skip.card_bits, 34);
	frame(f, 3, W34_CARD, 0xffffff);
	assert_int_equal(f->sent_count, 3);
	assert_sent(f, 1, 1, "01111111111111111111111111");
}

static void what_is_not_sent_is_told_once_a_minute(void **state UNUSED)
{
	struct fixture *f = fixture_new();

	panel_put(f, 1, 3, PANEL_READ, "W26");
	panel_put(f, 2, 4, PANEL_READ, "W26");
	fixture_begin(f);
	frame(f, 3, W34_CARD, 0x1000001);
	assert_int_equal(f->skip_count, 1);
	for (uint64_t i = 2; i <= 6; i++)
		frame(f, 3, W34_CARD, 0x1000000 + i);
	f->now_ns += MINUTE_NS - 1;
	rt_panels_time(&f->panels, f->now_ns);
	assert_int_equal(f->skip_count, 1);
	frame(f, 4, W34_CARD, 0x2000000); /* another panel has a minute of its own */
	assert_int_equal(f->skip_count, 2);
	assert_int_equal(f->skip_panel, 1);
	f->now_ns++;
	rt_panels_time(&f->panels, f->now_ns);
	assert_int_equal(f->skip_count, 3);
	assert_int_equal(f->skip_panel, 0);
	assert_int_equal(f->skip.count, 5);
	assert_int_equal(f->skip.card_number, 0x1000002); /* the first of them */
	f->now_ns += 10 * MINUTE_NS;
	rt_panels_time(&f->panels, f->now_ns);
	assert_int_equal(f->skip_count, 3); /* nothing happened since */
	frame(f, 3, W34_CARD, 0x1000009);
	assert_int_equal(f->skip_count, 4);
	assert_int_equal(f->skip.count, 1);
}

static void a_full_queue_is_told_too(void **state UNUSED)
{
	struct fixture *f = fixture_new();

	panel_put(f, 1, 3, PANEL_READ, "");
	fixture_begin(f);
	f->full = true;
	frame(f, 3, "0101", 0);
	assert_int_equal(f->skip_count, 1);
	assert_int_equal(f->skip.reason, REASON_PANEL_BUSY);
	assert_false(f->skip.has_card);
	assert_int_equal(f->skip.card_bits, 4);
	assert_int_equal(f->skip.card_number, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read_is_sent_as_it_was_received),
		cmocka_unit_test(what_is_read_is_sent_in_the_panels_format),
		cmocka_unit_test(a_grant_is_sent_when_its_door_unlocks),
		cmocka_unit_test(what_did_not_open_is_not_sent),
		cmocka_unit_test(grants_of_several_cards_keep_their_own_bits),
		cmocka_unit_test(grants_without_outcome_cannot_fill_the_table),
		cmocka_unit_test(a_number_that_does_not_fit_is_told_and_never_cut),
		cmocka_unit_test(what_is_not_sent_is_told_once_a_minute),
		cmocka_unit_test(a_full_queue_is_told_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
