// SPDX-License-Identifier: Apache-2.0
/*
 * OSDP readers within the real-time thread. What the bus thread hands over goes the way of what
 * comes over lines: cards through the reader's formats, keys and tamper into the controller. What a
 * reader does is believed or not before it comes here.
 *
 * Fingers are compared by the reader. One that reads fingerprints gives the number of whom it knew,
 * and tells of one that it did not know; one that reads cards first gives the card, which waits
 * here for what its finger comes to, FINGER_NS at most, and is never used without it.
 *
 * Whether a reader is there goes to the journal: a change at once, further ones of the next
 * QUIET_NS together, so that a loose wire fills no journal. One that is there at the start is no
 * news. A tamper is told at once unless another one ended just before, its end always at once. A
 * reader that goes leaves its door as it is: a pulse ends by its time, what waited for a second
 * card or PIN runs out, and a tamper stands until the reader itself says otherwise.
 */
#include "platform/clock.h"
#include "platform/log.h"
#include "rt_private.h"

#include "base/assert.h"

#define QUIET_NS (10 * NS_PER_S)
#define FINGER_NS (10 * NS_PER_S)

bool rt_bus_is(const struct rt *rt, uint8_t reader)
{
	return reader >= 1 && reader <= READERS_MAX &&
	       rt->core->settings->reader[reader - 1].osdp.configured;
}

void rt_bus_start(struct rt *rt)
{
	for (size_t i = 0; i < READERS_MAX; i++)
		rt->bus_watch[i] = (struct bus_watch){.reason = REASON_COUNT,
			.told = REASON_COUNT,
			.quiet_until_ns = INT64_MIN,
			.tamper_quiet_ns = INT64_MIN};
}

void rt_bus_feedback(struct rt *rt, uint8_t reader, uint8_t feedback)
{
	struct bus_feedback order = {reader, feedback};

	if (!rt_bus_is(rt, reader))
		return;
	/* A light that finds no room is lost: the next one says how things stand. */
	(void)spsc_push(&rt->core->bus_feedbacks, &order);
	core_wake(rt->core->bus_wake);
}

static void journal(struct rt *rt, enum journal_kind kind, uint8_t reader, uint8_t reason)
{
	const struct reader_config *config = &rt->core->config.reader[reader - 1];
	struct commit_entry entry = {
		.kind = kind,
		.at = rt_moment(rt),
		.door = config->door,
		.reader = reader,
		.side = config->side,
		.reason = reason,
	};

	rt_commit(rt, &entry);
}

static void state_journal(struct rt *rt, uint8_t at, int64_t now_ns)
{
	struct bus_watch *watch = &rt->bus_watch[at];
	uint8_t reader = (uint8_t)(at + 1);

	if (watch->reason == watch->told || now_ns < watch->quiet_until_ns)
		return;
	if (watch->reason == REASON_NONE)
		log_info("OSDP reader %u is online", reader);
	else
		log_error("ALARM: OSDP reader %u is offline: %s", reader,
			reason_sentence((enum reason)watch->reason));
	if (watch->reason != REASON_NONE)
		journal(rt, JOURNAL_READER_OFFLINE, reader, watch->reason);
	else if (watch->told != REASON_COUNT)
		journal(rt, JOURNAL_READER_ONLINE, reader, REASON_NONE);
	watch->quiet_until_ns = watch->told == REASON_COUNT ? now_ns : now_ns + QUIET_NS;
	watch->told = watch->reason;
}

/* --- cards and fingers --- */

static void card_give(struct rt *rt, uint8_t reader, const struct card_bits *bits, int64_t at_ns,
	bool fingerprint, enum reason refused)
{
	const struct rt_given given = {fingerprint, (uint8_t)refused};

	rt_readers_bits(&rt->readers, reader, bits, at_ns, &given, rt_emit, rt);
}

/* The card that waits for its finger gets no other end than this one. */
static void card_end(struct rt *rt, uint8_t reader, int64_t at_ns, enum reason refused)
{
	struct bus_watch *watch = &rt->bus_watch[reader - 1];
	struct card_bits card = watch->card;

	watch->card.count = 0;
	if (card.count > 0)
		card_give(rt, reader, &card, at_ns, true, refused);
}

static void card_take(struct rt *rt, const struct bus_event *event)
{
	const struct reader_osdp *osdp = &rt->core->settings->reader[event->reader - 1].osdp;
	struct bus_watch *watch = &rt->bus_watch[event->reader - 1];

	if (osdp->reads != READS_CARD_THEN_FINGERPRINT || keypad_is_frame(event->bits.count)) {
		card_give(rt, event->reader, &event->bits, event->at_ns,
			osdp->reads == READS_FINGERPRINT, REASON_NONE);
		return;
	}
	card_end(rt, event->reader, event->at_ns, REASON_FINGERPRINT_MISSING);
	watch->card = event->bits;
	watch->head = event->head;
	watch->card_until_ns = event->at_ns + FINGER_NS;
	rt_bus_feedback(rt, event->reader, FEEDBACK_WAITING);
}

static void match_take(struct rt *rt, const struct bus_event *event)
{
	const struct reader_osdp *osdp = &rt->core->settings->reader[event->reader - 1].osdp;
	struct bus_watch *watch = &rt->bus_watch[event->reader - 1];
	struct controller_input nobody = {.kind = INPUT_CREDENTIAL,
		.credential = {.reader = event->reader,
			.fingerprint = true,
			.refused = REASON_FINGERPRINT}};

	if (osdp->reads == READS_FINGERPRINT && !event->on) {
		rt_emit(rt, &nobody, event->at_ns);
		return;
	}
	if (watch->card.count == 0 || watch->head != event->head)
		return;
	if (event->at_ns >= watch->card_until_ns)
		card_end(rt, event->reader, event->at_ns, REASON_FINGERPRINT_MISSING);
	else
		card_end(rt, event->reader, event->at_ns,
			event->on ? REASON_NONE : REASON_FINGERPRINT);
}

/* --- tamper --- */

static void tamper_tell(struct rt *rt, uint8_t at, int64_t now_ns)
{
	struct bus_watch *watch = &rt->bus_watch[at];

	if (watch->tamper && now_ns < watch->tamper_quiet_ns)
		return;
	if (watch->tamper_told && !watch->tamper)
		watch->tamper_quiet_ns = now_ns + QUIET_NS;
	watch->tamper_told = watch->tamper;
	rt_tamper(rt, (uint8_t)(at + 1), watch->tamper);
}

static void event_take(struct rt *rt, const struct bus_event *event)
{
	struct controller_input input = {.kind = INPUT_KEY};

	ASSERT(rt_bus_is(rt, event->reader));
	switch ((enum bus_event_kind)event->kind) {
	case BUS_EVENT_CARD:
		card_take(rt, event);
		return;
	case BUS_EVENT_MATCH:
		match_take(rt, event);
		return;
	case BUS_EVENT_KEY:
		input.key.reader = event->reader;
		input.key.key = event->key;
		rt_emit(rt, &input, event->at_ns);
		explicit_bzero(&input, sizeof(input));
		return;
	case BUS_EVENT_TAMPER:
		rt->bus_watch[event->reader - 1].tamper = event->on;
		tamper_tell(rt, (uint8_t)(event->reader - 1), clock_boot_ns());
		return;
	case BUS_EVENT_STATE:
		rt->bus_watch[event->reader - 1].reason = event->reason;
		card_end(rt, event->reader, clock_boot_ns(), REASON_FINGERPRINT_MISSING);
		state_journal(rt, (uint8_t)(event->reader - 1), clock_boot_ns());
		return;
	case BUS_EVENT_ALARM:
		journal(rt, JOURNAL_READER_INSECURE, event->reader, event->reason);
		return;
	case BUS_EVENT_PAIRED:
		journal(rt, JOURNAL_READER_PAIRED, event->reader, REASON_NONE);
		return;
	}
}

void rt_bus(struct rt *rt)
{
	struct bus_event event;

	if (rt->core->settings->osdp_line_count == 0)
		return;
	while (spsc_pop(&rt->core->bus_events, &event)) {
		event_take(rt, &event);
		explicit_bzero(&event, sizeof(event)); /* it may be a key of a PIN */
	}
}

void rt_bus_beat(struct rt *rt)
{
	int64_t now_ns = clock_boot_ns();

	if (rt->core->settings->osdp_line_count == 0)
		return;
	for (uint8_t i = 0; i < READERS_MAX; i++) {
		if (rt->bus_watch[i].card.count > 0 && now_ns >= rt->bus_watch[i].card_until_ns)
			card_end(rt, (uint8_t)(i + 1), now_ns, REASON_FINGERPRINT_MISSING);
		if (rt->bus_watch[i].reason != rt->bus_watch[i].told)
			state_journal(rt, i, now_ns);
		if (rt->bus_watch[i].tamper != rt->bus_watch[i].tamper_told)
			tamper_tell(rt, i, now_ns);
	}
}
