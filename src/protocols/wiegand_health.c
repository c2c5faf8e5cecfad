// SPDX-License-Identifier: Apache-2.0
/*
 * The wiring test: sums over frames, and a table of faults, each with the rule that sees it. Rules
 * are kept from blaming two causes for one symptom: a dead line also makes short frames, which are
 * not noise then.
 *
 * Measured is not sent: an edge is stamped some microseconds late, more or less. So limits have a
 * tenth to spare and hold for the mean of a frame; a spread counts only beyond what stamps do, and
 * jitter must be in a third of the frames.
 */
#include "protocols/wiegand_health.h"

#include "base/assert.h"

#define US UINT32_C(1000) /* ns */
#define PULSE_MIN_NS (20 * US / 10 * 9)
#define PULSE_MAX_NS (100 * US / 10 * 11)
#define INTERVAL_MIN_NS (200 * US / 10 * 9)
#define INTERVAL_MAX_NS (20000 * US / 10 * 11)
#define SPREAD_MAX_PERCENT 25 /* longest - shortest, of the mean */
#define STAMP_ERROR_NS (20 * US) /* of the two edges that a length is made of, together */
#define CARD_BITS_MIN 24
#define SWAPPED_FRAMES_MIN 3 /* chance turns two checks round in one frame of four */
#define NOISE_FRAMES_MIN 3

void wiegand_health_init(struct wiegand_health *health)
{
	*health = (struct wiegand_health){0};
}

static void figures_join(struct wiegand_figures *to, const struct wiegand_figures *from)
{
	if (from->count == 0)
		return;
	if (to->count == 0 || from->min_ns < to->min_ns)
		to->min_ns = from->min_ns;
	if (from->max_ns > to->max_ns)
		to->max_ns = from->max_ns;
	to->sum_ns += from->sum_ns;
	to->count = to->count > UINT32_MAX - from->count ? UINT32_MAX : to->count + from->count;
}

static bool figures_differ(const struct wiegand_figures *figures)
{
	uint64_t mean_ns = wiegand_figures_mean_ns(figures);
	uint64_t spread_ns = figures->max_ns - figures->min_ns;

	return figures->count > 1 && spread_ns > STAMP_ERROR_NS &&
	       (spread_ns - STAMP_ERROR_NS) * 100 > mean_ns * SPREAD_MAX_PERCENT;
}

static bool frame_is_key(const struct wiegand_trace *trace)
{
	unsigned count = trace->bits.count;

	return trace->result == WIEGAND_FRAME && (count == 4 || count == 6 || count == 8);
}

static bool frame_is_noise(const struct wiegand_trace *trace)
{
	return trace->bits.count < CARD_BITS_MIN || trace->moved.long_frames > 0;
}

/* A line that hangs makes one endless pulse, which says nothing about the others. */
static void frame_measure(struct wiegand_health *health, const struct wiegand_trace *trace)
{
	bool differ = figures_differ(&trace->interval);

	if (trace->secret || trace->moved.long_frames > 0 || trace->held[0] || trace->held[1])
		return;
	for (unsigned line = 0; line < 2; line++) {
		const struct wiegand_figures *pulse = &trace->pulse[line];

		if (pulse->count == 0)
			continue;
		wiegand_figures_take(&health->pulse_mean, wiegand_figures_mean_ns(pulse));
		differ = differ || figures_differ(pulse);
	}
	if (trace->interval.count > 0)
		wiegand_figures_take(
			&health->interval_mean, wiegand_figures_mean_ns(&trace->interval));
	health->measured++;
	health->jittery += differ ? 1 : 0;
}

void wiegand_health_frame(
	struct wiegand_health *health, const struct wiegand_trace *trace, enum wiegand_fit fit)
{
	ASSERT(fit < WIEGAND_FIT_COUNT);
	health->frames++;
	if (frame_is_key(trace)) {
		health->keys++;
	} else if (frame_is_noise(trace)) {
		health->noise++;
	} else if (trace->result == WIEGAND_FRAME) {
		health->cards++;
		health->fit[fit]++;
	} else {
		health->dropped++;
	}
	/* A pulse whose end was lost stays low over the next one: that is no crosstalk. */
	health->with_overlaps += trace->moved.overlaps > 0 && trace->moved.lost_edges == 0 ? 1 : 0;
	health->with_lost_edges += trace->moved.lost_edges > 0 ? 1 : 0;
	health->with_glitches += trace->moved.glitches > 0 ? 1 : 0;
	for (unsigned line = 0; line < 2; line++)
		figures_join(&health->pulse[line], &trace->pulse[line]);
	wiegand_health_lines(health, trace->held);
	frame_measure(health, trace);
}

void wiegand_health_lines(struct wiegand_health *health, const bool held[2])
{
	health->held[0] = held[0];
	health->held[1] = held[1];
}

/* --- the rules --- */

typedef bool rule_fn(const struct wiegand_health *h);

static bool any_held(const struct wiegand_health *h)
{
	return h->held[0] || h->held[1];
}

static bool is_silent(const struct wiegand_health *h)
{
	return h->frames == 0 && !any_held(h);
}

static bool holds_data0(const struct wiegand_health *h)
{
	return h->held[0];
}

static bool holds_data1(const struct wiegand_health *h)
{
	return h->held[1];
}

static bool is_dead(const struct wiegand_health *h, unsigned line)
{
	return !any_held(h) && h->pulse[line].count == 0 && h->pulse[1 - line].count > 0;
}

static bool is_dead_data0(const struct wiegand_health *h)
{
	return is_dead(h, 0);
}

static bool is_dead_data1(const struct wiegand_health *h)
{
	return is_dead(h, 1);
}

static bool is_swapped(const struct wiegand_health *h)
{
	return h->cards >= SWAPPED_FRAMES_MIN && h->fit[WIEGAND_FIT_INVERTED] == h->cards;
}

/* Both lines live: a line that is dead or hangs explains its short frames. */
static bool floats(const struct wiegand_health *h)
{
	return !any_held(h) && !is_dead(h, 0) && !is_dead(h, 1) && h->noise >= NOISE_FRAMES_MIN &&
	       h->noise > h->cards;
}

static bool has_crosstalk(const struct wiegand_health *h)
{
	return !any_held(h) && h->with_overlaps > 0;
}

static bool is_torn(const struct wiegand_health *h)
{
	return !any_held(h) && !floats(h) && h->with_lost_edges > 0;
}

static bool has_spikes(const struct wiegand_health *h)
{
	return !floats(h) && h->with_glitches > 0;
}

static bool has_short_pulses(const struct wiegand_health *h)
{
	return h->pulse_mean.count > 0 && h->pulse_mean.min_ns < PULSE_MIN_NS;
}

static bool has_long_pulses(const struct wiegand_health *h)
{
	return h->pulse_mean.max_ns > PULSE_MAX_NS;
}

/* Where bits are missing or too many, the intervals are wrong as well. */
static bool intervals_count(const struct wiegand_health *h)
{
	return h->interval_mean.count > 0 && !is_dead(h, 0) && !is_dead(h, 1) && !floats(h);
}

static bool is_fast(const struct wiegand_health *h)
{
	return intervals_count(h) && h->interval_mean.min_ns < INTERVAL_MIN_NS;
}

static bool is_slow(const struct wiegand_health *h)
{
	return intervals_count(h) && h->interval_mean.max_ns > INTERVAL_MAX_NS;
}

static bool has_jitter(const struct wiegand_health *h)
{
	return intervals_count(h) && h->with_overlaps == 0 && !is_torn(h) && h->jittery > 0 &&
	       h->jittery * UINT64_C(3) >= h->measured;
}

static bool has_wrong_bits(const struct wiegand_health *h)
{
	return !is_swapped(h) && h->fit[WIEGAND_FIT_NO_CHECK] + h->fit[WIEGAND_FIT_INVERTED] > 0;
}

static bool has_unknown_format(const struct wiegand_health *h)
{
	return h->fit[WIEGAND_FIT_NO_LENGTH] > 0;
}

/* Cards that were not read for no other reason of the table. */
static bool drops_unexplained(const struct wiegand_health *h);

static const struct {
	rule_fn *holds;
	const char *name;
	const char *sentence;
	const char *advice;
} rules[WIEGAND_FINDING_COUNT] = {
	[WIEGAND_SILENT] = {is_silent, "silent", "nothing came: no edge on DATA0 or DATA1",
		"present a card while the test runs; see that the reader has power and shares its "
		"ground with the controller, and that its wires are on the lines the configuration "
		"names"},
	[WIEGAND_HELD_DATA0] = {holds_data0, "data0_held", "DATA0 (green) stands low in silence",
		"take the wire off: when the line is still low, it has no pull-up or the input is "
		"broken; when not, the cable is shorted to ground or the reader is broken"},
	[WIEGAND_HELD_DATA1] = {holds_data1, "data1_held", "DATA1 (white) stands low in silence",
		"take the wire off: when the line is still low, it has no pull-up or the input is "
		"broken; when not, the cable is shorted to ground or the reader is broken"},
	[WIEGAND_DEAD_DATA0] = {is_dead_data0, "data0_dead", "DATA0 (green) never pulses",
		"look for a broken or loose DATA0 wire, and whether the configuration names its "
		"line"},
	[WIEGAND_DEAD_DATA1] = {is_dead_data1, "data1_dead", "DATA1 (white) never pulses",
		"look for a broken or loose DATA1 wire, and whether the configuration names its "
		"line"},
	[WIEGAND_SWAPPED] = {is_swapped, "swapped",
		"DATA0 and DATA1 are swapped: every frame fits with its bits turned round",
		"exchange the two data wires at one end"},
	[WIEGAND_FLOATING] = {floats, "floating",
		"the lines pulse by themselves, and no card comes of it",
		"see that reader and controller share one ground wire, that both lines have their "
		"pull-up, and that the cable does not lie beside mains or a lock's supply"},
	[WIEGAND_CROSSTALK] = {has_crosstalk, "crosstalk",
		"both lines were low at one time: a pulse on one reaches the other",
		"do not twist DATA0 and DATA1 together: pair each with ground; use shielded cable, "
		"and see that the two wires do not touch"},
	[WIEGAND_TORN] = {is_torn, "torn", "edges are missing within frames",
		"look for a loose contact; when the log tells of lost edges, the controller is too "
		"busy"},
	[WIEGAND_SPIKES] = {has_spikes, "spikes",
		"there are pulses too short for any reader: interference",
		"use shielded cable with its shield grounded at one end, away from mains and "
		"motors"},
	[WIEGAND_SHORT_PULSES] = {has_short_pulses, "short_pulses", "pulses are shorter than 20 us",
		"set the reader to 50 us; a cable that is too long or a pull-up that is too strong "
		"shortens them as well"},
	[WIEGAND_LONG_PULSES] = {has_long_pulses, "long_pulses", "pulses are longer than 100 us",
		"set the reader to 50 us; a pull-up that is too weak for the cable makes them long "
		"as well (1 to 10 kOhm)"},
	[WIEGAND_FAST] = {is_fast, "fast", "bits follow each other within 200 us",
		"set the reader to 1 or 2 ms between bits"},
	[WIEGAND_SLOW] = {is_slow, "slow", "there are more than 20 ms between bits",
		"set the reader to 1 or 2 ms between bits"},
	[WIEGAND_JITTER] = {has_jitter, "jitter",
		"pulses or intervals of one frame differ by more than a quarter",
		"the cable is too long (150 m at most), too thin, or a pull-up is missing"},
	[WIEGAND_WRONG_BITS] = {has_wrong_bits, "wrong_bits",
		"frames have the length of a format of this reader, and a check bit is wrong",
		"show the card again: when the same bit is always wrong, the card has another "
		"format (`postern format learn`); else bits change on the way"},
	[WIEGAND_UNKNOWN_FORMAT] = {has_unknown_format, "unknown_format",
		"whole frames came, and no format of this reader has their length",
		"name the card's format at the reader in the configuration; `postern format learn` "
		"finds it"},
	[WIEGAND_DROPPED] = {drops_unexplained, "dropped", "frames were dropped",
		"look at each with `postern reader watch`, which says why it was dropped"},
};

static bool drops_unexplained(const struct wiegand_health *h)
{
	for (unsigned i = 0; i < WIEGAND_DROPPED; i++) {
		if (rules[i].holds(h))
			return false;
	}
	return h->dropped > 0;
}

bool wiegand_health_has(const struct wiegand_health *health, enum wiegand_finding finding)
{
	ASSERT(finding < WIEGAND_FINDING_COUNT);
	return rules[finding].holds(health);
}

const char *wiegand_finding_name(enum wiegand_finding finding)
{
	ASSERT(finding < WIEGAND_FINDING_COUNT);
	return rules[finding].name;
}

const char *wiegand_finding_sentence(enum wiegand_finding finding)
{
	ASSERT(finding < WIEGAND_FINDING_COUNT);
	return rules[finding].sentence;
}

const char *wiegand_finding_advice(enum wiegand_finding finding)
{
	ASSERT(finding < WIEGAND_FINDING_COUNT);
	return rules[finding].advice;
}
