// SPDX-License-Identifier: Apache-2.0
/*
 * `when: read` sends a frame at once, before anything is decided about it. `when: granted` waits
 * for the outcome of a grant: the door was unlocked, with the record on disk or by the exception to
 * that. Grants are followed by their tickets; the bits of the card are kept with the ticket for a
 * panel that wants them as they were received.
 *
 * A panel with a format gets the card's number in it, whatever format the reader read; a number
 * that has more bits than the panel's format is not sent at all, because what is left of it would
 * be another person's card. What is not sent is told: the first at once, the rest of that minute
 * together at its end.
 */
#include "rt_panels.h"

#include "base/assert.h"
#include "base/compiler.h"

#define SKIP_WINDOW_NS (60 * NS_PER_S)

void rt_panels_init(struct rt_panels *panels, const struct settings *settings, rt_panel_send *send,
	rt_panel_skipped *skipped, void *user)
{
	*panels = (struct rt_panels){.send = send, .skipped = skipped, .user = user};
	for (size_t i = 0; i < PANELS_MAX; i++) {
		const struct panel_settings *from = &settings->panel[i];
		struct rt_panel *panel = &panels->panel[i];

		panel->configured = from->configured;
		panel->reader = from->reader;
		panel->when = from->when;
		panel->quiet_until_ns = INT64_MIN;
		if (!from->configured || from->format.len == 0)
			continue;
		panel->format = settings_format_find(settings, text_span(&from->format));
		ASSERT(panel->format != NULL); /* the settings' parser knows the names */
	}
}

static void skip_tell(struct rt_panels *panels, size_t at, int64_t now_ns)
{
	struct rt_panel *panel = &panels->panel[at];

	if (panel->skip.count == 0 || now_ns < panel->quiet_until_ns)
		return;
	panel->quiet_until_ns = now_ns + SKIP_WINDOW_NS;
	panels->skipped(panels->user, (uint8_t)at, &panel->skip);
	panel->skip = (struct panel_skip){0};
}

static void skip(struct rt_panels *panels, size_t at, enum reason reason,
	const struct rt_panel_card *card, int64_t now_ns)
{
	struct panel_skip *skip = &panels->panel[at].skip;

	if (skip->count == 0)
		*skip = (struct panel_skip){
			.reader = panels->panel[at].reader,
			.reason = (uint8_t)reason,
			.has_card = card->has_number,
			.card_number = card->number,
			.card_bits = card->bits.count,
		};
	if (skip->count < UINT32_MAX)
		skip->count++;
	skip_tell(panels, at, now_ns);
}

static bool encode(const struct card_format *format, uint64_t number, struct card_bits *ret_bits)
{
	struct card_fields fields;

	return card_format_fields_of_number(format, number, &fields) &&
	       card_format_encode(format, &fields, ret_bits) == CARD_FORMAT_OK;
}

static void panel_send(
	struct rt_panels *panels, size_t at, const struct rt_panel_card *card, int64_t now_ns)
{
	const struct card_format *format = panels->panel[at].format;
	struct card_bits bits = card->bits;

	if (format != NULL && !card->has_number)
		return; /* no card: there is nothing to put into the format */
	if (format != NULL && !encode(format, card->number, &bits))
		skip(panels, at, REASON_PANEL_FORMAT, card, now_ns);
	else if (!panels->send(panels->user, (uint8_t)at, &bits))
		skip(panels, at, REASON_PANEL_BUSY, card, now_ns);
}

static void reader_send(struct rt_panels *panels, uint8_t reader, enum panel_when when,
	const struct rt_panel_card *card, int64_t now_ns)
{
	for (size_t i = 0; i < PANELS_MAX; i++) {
		const struct rt_panel *panel = &panels->panel[i];

		if (panel->configured && panel->reader == reader && panel->when == when)
			panel_send(panels, i, card, now_ns);
	}
}

void rt_panels_frame(struct rt_panels *panels, uint8_t reader, const struct card_bits *bits,
	const uint64_t *number, int64_t now_ns)
{
	struct rt_panel_card card = {.bits = *bits, .has_number = number != NULL};

	ASSERT(reader >= 1 && reader <= READERS_MAX && bits->count > 0);
	if (number != NULL) {
		card.number = *number;
		panels->latest[reader - 1] = card;
	}
	reader_send(panels, reader, PANEL_READ, &card, now_ns);
}

static bool grants_wanted(const struct rt_panels *panels, uint8_t reader)
{
	for (size_t i = 0; i < PANELS_MAX; i++) {
		const struct rt_panel *panel = &panels->panel[i];

		if (panel->configured && panel->reader == reader && panel->when == PANEL_GRANTED)
			return true;
	}
	return false;
}

/* A grant that found no free place takes that of the oldest: its outcome is long overdue. */
static struct rt_panel_grant *grant_place(struct rt_panels *panels)
{
	for (size_t i = 0; i < PANEL_GRANTS_MAX; i++) {
		if (panels->grant[i].ticket == 0)
			return &panels->grant[i];
	}
	panels->grant_next = (panels->grant_next + 1) % PANEL_GRANTS_MAX;
	return &panels->grant[panels->grant_next];
}

/* The bits are those of the reader's latest card: a grant is for the card that was just shown. */
static void grant_note(struct rt_panels *panels, const struct commit_entry *entry)
{
	const struct rt_panel_card *latest = &panels->latest[entry->reader - 1];

	if (!latest->has_number || latest->number != entry->card_number ||
		latest->bits.count != entry->card_bits)
		return;
	*grant_place(panels) = (struct rt_panel_grant){
		.ticket = entry->ticket, .reader = entry->reader, .card = *latest};
}

static void grant_end(struct rt_panels *panels, uint64_t ticket, bool unlocked, int64_t now_ns)
{
	for (size_t i = 0; i < PANEL_GRANTS_MAX; i++) {
		struct rt_panel_grant *grant = &panels->grant[i];

		if (grant->ticket != ticket)
			continue;
		if (unlocked)
			reader_send(panels, grant->reader, PANEL_GRANTED, &grant->card, now_ns);
		grant->ticket = 0;
		return;
	}
}

void rt_panels_entry(struct rt_panels *panels, const struct commit_entry *entry, int64_t now_ns)
{
	if (entry->kind == JOURNAL_ACCESS && entry->wants_outcome && entry->has_card &&
		entry->ticket != 0 && grants_wanted(panels, entry->reader))
		grant_note(panels, entry);
	else if (entry->outcome_of != 0 && journal_kind_is_outcome(entry->kind))
		grant_end(panels, entry->outcome_of,
			entry->kind == JOURNAL_DOOR_UNLOCKED ||
				entry->kind == JOURNAL_UNLOCKED_BEFORE_RECORD,
			now_ns);
}

void rt_panels_time(struct rt_panels *panels, int64_t now_ns)
{
	for (size_t i = 0; i < PANELS_MAX; i++)
		skip_tell(panels, i, now_ns);
}
