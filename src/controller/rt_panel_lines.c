// SPDX-License-Identifier: Apache-2.0
/*
 * Third-party panels within the real-time thread: frames go to the sender's queues, cards that were
 * not sent to the journal, and what the sender had to count to the log, once a minute at most.
 */
#include "platform/clock.h"
#include "platform/log.h"
#include "rt_private.h"

#define WATCH_NS (60 * NS_PER_S)

static bool panel_send(void *user, uint8_t panel, const struct card_bits *bits)
{
	const struct rt *rt = user;
	struct lines *lines = rt->core->lines;
	struct bus_frame frame = {.panel = panel, .bits = *bits};

	if (rt->core->settings->panel[panel].osdp.configured) {
		bool pushed = spsc_push(&rt->core->bus_frames, &frame);

		core_wake(rt->core->bus_wake);
		return pushed;
	}
	return lines->driver->send(lines, panel, bits);
}

static void panel_skipped(void *user, uint8_t panel, const struct panel_skip *skip)
{
	struct rt *rt = user;
	const struct reader_config *reader = &rt->core->config.reader[skip->reader - 1];
	struct commit_entry entry = {
		.kind = JOURNAL_PANEL_SKIPPED,
		.at = rt_moment(rt),
		.card_number = skip->card_number,
		.count = skip->count,
		.card_bits = skip->card_bits,
		.door = reader->door,
		.reader = skip->reader,
		.side = reader->side,
		.reason = skip->reason,
		.has_card = skip->has_card,
	};

	log_warning("panel %u did not get %u of the frames of reader %u: %s", panel + 1u,
		skip->count, skip->reader, reason_sentence((enum reason)skip->reason));
	rt_commit(rt, &entry);
}

static void frame_taken(
	void *user, uint8_t reader, const struct card_bits *bits, const uint64_t *card_number)
{
	struct rt *rt = user;

	rt_panels_frame(&rt->panels, reader, bits, card_number, clock_boot_ns());
}

static bool any_panel(const struct settings *settings)
{
	for (size_t i = 0; i < PANELS_MAX; i++) {
		if (settings->panel[i].configured)
			return true;
	}
	return false;
}

void rt_panels_start(struct rt *rt)
{
	rt_panels_init(&rt->panels, rt->core->settings, panel_send, panel_skipped, rt);
	if (!any_panel(rt->core->settings))
		return;
	rt->readers.frame = frame_taken;
	rt->readers.frame_user = rt;
}

static void pulses_tell(
	uint8_t panel, const struct panel_counters *now, const struct panel_counters *told)
{
	uint64_t bad =
		now->long_pulses - told->long_pulses + now->late_intervals - told->late_intervals;

	if (bad > 0)
		log_warning("panel %u: %llu of the last %llu pulses were longer or later than the "
			    "panel may take",
			panel + 1u, (unsigned long long)bad,
			(unsigned long long)(now->pulses - told->pulses));
	if (now->cut_frames != told->cut_frames)
		log_warning("panel %u: %llu frames were torn by a stall and sent again", panel + 1u,
			(unsigned long long)(now->cut_frames - told->cut_frames));
	if (now->faults != told->faults)
		log_error("panel %u: its data lines cannot be set; is the GPIO chip still there?",
			panel + 1u);
}

void rt_panels_beat(struct rt *rt)
{
	struct panel_watch *watch = &rt->panel_watch;
	int64_t now_ns = clock_boot_ns();

	rt_panels_time(&rt->panels, now_ns);
	if (rt->core->panels == NULL || now_ns < watch->due_ns)
		return;
	watch->due_ns = now_ns + WATCH_NS;
	for (uint8_t i = 0; i < PANELS_MAX; i++) {
		struct panel_counters now;

		panel_sender_counters(rt->core->panels, i, &now);
		pulses_tell(i, &now, &watch->told[i]);
		watch->told[i] = now;
	}
}
