// SPDX-License-Identifier: Apache-2.0
/*
 * One door: its lock, its exit button and its contact. Doors know nothing of each other.
 *
 * Lock. It is open while held open by command or while a pulse runs; held locked keeps cards and
 * commands out, not the exit button, whose pulse opens it all the same. A pulse always ends at the
 * latest end anyone was promised. A button that stays pressed renews its pulse at half time, well
 * before the time given to whoever watches the output is over; after release the last pulse runs
 * out. A command that locks ends the pulse, also under a pressed button: the next press opens
 * again.
 *
 * Contact. Levels come in raw; a change counts when it has stood for contact_debounce_ms. Whether
 * an opening is a break-in is judged at its edges and again when it settles: any moment with leave
 * (unlocked, just locked, exit button) is leave. The first level after the start is taken as it is,
 * without an entry or an alarm for being open; its time as a door held open starts then.
 */
#include "base/assert.h"
#include "controller_state.h"

static int64_t after_ms(int64_t from_ns, uint32_t ms)
{
	return from_ns + (int64_t)ms * NS_PER_MS;
}

/* --- lock --- */

/* Commands the output that hold and pulse ask for, also when it is there already. */
void door_drive(struct step *step, struct door *door)
{
	bool held_open = door->hold == DOOR_COMMAND_HOLD_OPEN;
	bool unlocked = held_open || door->pulsing;
	int64_t until_ns = 0;

	if (door->unlocked && !unlocked)
		door->locked_ns = step->at.boot_ns;
	door->unlocked = unlocked;
	if (held_open)
		until_ns = OUTPUT_FOREVER;
	else if (door->pulsing)
		until_ns = door->pulse_until_ns;
	step_output(step, door, until_ns);
}

void door_pulse(struct step *step, struct door *door)
{
	int64_t until_ns = step_after_ms(step, door->config.unlock_ms);

	if (!door->pulsing || until_ns > door->pulse_until_ns)
		door->pulse_until_ns = until_ns;
	door->pulsing = true;
	door_drive(step, door);
}

static bool pulse_is_renewed(const struct door *door)
{
	return door->exit_active && door->config.rex == REX_UNLOCK;
}

static int64_t pulse_due_ns(const struct door *door)
{
	if (!door->pulsing)
		return NEVER;
	if (pulse_is_renewed(door))
		return door->pulse_until_ns - (int64_t)door->config.unlock_ms * NS_PER_MS / 2;
	return door->pulse_until_ns;
}

static void pulse_run(struct step *step, struct door *door)
{
	if (pulse_is_renewed(door)) {
		door_pulse(step, door);
		return;
	}
	door->pulsing = false;
	if (door->hold == DOOR_COMMAND_HOLD_OPEN)
		return;
	door_drive(step, door);
	(void)step_commit_door(step, JOURNAL_DOOR_LOCKED, door);
}

/* --- exit button --- */

static void exit_record(struct step *step, const struct door *door)
{
	struct controller *controller = step->controller;
	struct commit_entry *entry = step_commit_door(step, JOURNAL_EXIT_BUTTON, door);

	entry->ticket = ++controller->ticket;
	entry->side = SIDE_EXIT;
	entry->method = METHOD_EXIT_BUTTON;
	entry->reason = REASON_EXIT_BUTTON;
	if (door->config.rex == REX_SHUNT)
		return;
	entry->wants_outcome = true;
	step_commit_door(step, JOURNAL_DOOR_UNLOCKED, door)->outcome_of = controller->ticket;
}

/* An edge soon after the last one is the same press, bouncing: it opens, and is recorded once. */
void door_exit_button(struct step *step, struct door *door, bool active)
{
	bool covered = door->pulsing || door->config.rex == REX_SHUNT;
	bool bounce = covered && step->at.boot_ns < after_ms(door->exit_edge_ns,
							    door->config.contact_debounce_ms);

	if (active == door->exit_active)
		return;
	door->exit_active = active;
	door->exit_edge_ns = step->at.boot_ns;
	if (door->config.rex == REX_SHUNT)
		door->shunt_until_ns = step_after_ms(step, door->config.unlock_ms);
	else if (active)
		door_pulse(step, door);
	if (active && !bounce)
		exit_record(step, door);
}

/* --- contact --- */

static bool passage_allowed(const struct door *door, int64_t now_ns)
{
	bool shunted = door->config.rex == REX_SHUNT &&
		       (door->exit_active || now_ns < door->shunt_until_ns);

	return door->unlocked || shunted ||
	       now_ns < after_ms(door->locked_ns, door->config.forced_grace_ms);
}

void door_contact(struct step *step, struct door *door, bool is_open)
{
	int64_t now_ns = step->at.boot_ns;

	if (!door->config.has_contact)
		return;
	if (!door->contact_known) {
		door->contact_known = true;
		door->contact_raw = is_open;
		door->is_open = is_open;
		door->held_from_ns = now_ns;
		return;
	}
	if (is_open == door->contact_raw)
		return;
	door->contact_raw = is_open;
	door->settling = is_open != door->is_open; /* else it bounced back */
	door->settle_ns = step_after_ms(step, door->config.contact_debounce_ms);
	if (!is_open)
		return;
	/* Bounce keeps the leave that its first edge had. */
	bool allowed = passage_allowed(door, now_ns);

	door->passage = allowed || now_ns < door->passage_until_ns;
	if (allowed)
		door->passage_until_ns = door->settle_ns;
}

static void readers_feedback(struct step *step, const struct door *door, enum feedback feedback)
{
	for (unsigned i = 0; i < door->reader_count; i++)
		step_feedback(step, door->reader[i], feedback);
}

/* The door does not stand open too long any more, or it may. */
void door_held_end(struct step *step, struct door *door)
{
	if (door->held)
		(void)step_commit_door(step, JOURNAL_DOOR_HELD_END, door);
	if (door->warned || door->held)
		readers_feedback(step, door, FEEDBACK_IDLE);
	door->held = false;
	door->warned = false;
}

static void contact_run(struct step *step, struct door *door)
{
	door->settling = false;
	door->is_open = door->contact_raw;
	if (door->is_open) {
		door->held_from_ns = door->settle_ns;
		(void)step_commit_door(step, JOURNAL_DOOR_OPENED, door);
		if (door->passage || passage_allowed(door, step->at.boot_ns))
			return;
		door->forced = true;
		(void)step_commit_door(step, JOURNAL_DOOR_FORCED, door);
		return;
	}
	(void)step_commit_door(step, JOURNAL_DOOR_CLOSED, door);
	if (door->forced)
		(void)step_commit_door(step, JOURNAL_DOOR_FORCED_END, door);
	door->forced = false;
	door_held_end(step, door);
}

static bool held_is_timed(const struct door *door)
{
	return door->is_open && !door->held && door->config.held_open_ms > 0 &&
	       door->hold != DOOR_COMMAND_HOLD_OPEN;
}

static int64_t held_due_ns(const struct door *door)
{
	if (!held_is_timed(door))
		return NEVER;
	return after_ms(door->held_from_ns, door->config.held_open_ms);
}

static int64_t warning_due_ns(const struct door *door)
{
	uint32_t before_ms = door->config.held_open_warning_ms;

	if (!held_is_timed(door) || door->warned || before_ms == 0 ||
		before_ms >= door->config.held_open_ms)
		return NEVER;
	return after_ms(door->held_from_ns, door->config.held_open_ms - before_ms);
}

static void warning_run(struct step *step, struct door *door)
{
	door->warned = true;
	(void)step_commit_door(step, JOURNAL_DOOR_HELD_WARNING, door);
	readers_feedback(step, door, FEEDBACK_HELD_WARNING);
}

static void held_run(struct step *step, struct door *door)
{
	door->held = true;
	(void)step_commit_door(step, JOURNAL_DOOR_HELD, door);
}

/* --- work, in order of time; at equal times in the order of this table --- */

static int64_t contact_due_ns(const struct door *door)
{
	return door->settling ? door->settle_ns : NEVER;
}

static const struct door_work {
	int64_t (*due_ns)(const struct door *door);
	void (*run)(struct step *step, struct door *door);
} works[] = {
	{contact_due_ns, contact_run}, /* an opening at the pulse's last instant is no break-in */
	{waiting_due_ns, waiting_run}, /* a grant at that instant keeps the lock from clicking */
	{pulse_due_ns, pulse_run},
	{warning_due_ns, warning_run},
	{held_due_ns, held_run},
};
#define WORKS (sizeof(works) / sizeof(works[0]))

int64_t door_due_ns(const struct door *door)
{
	int64_t due_ns = NEVER;

	for (unsigned i = 0; i < WORKS; i++) {
		int64_t work_ns = works[i].due_ns(door);

		due_ns = work_ns < due_ns ? work_ns : due_ns;
	}
	return due_ns;
}

void door_run(struct step *step, struct door *door)
{
	int64_t due_ns = door_due_ns(door);

	for (unsigned i = 0; i < WORKS; i++) {
		if (works[i].due_ns(door) == due_ns) {
			works[i].run(step, door);
			return;
		}
	}
}
