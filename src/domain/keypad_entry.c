// SPDX-License-Identifier: Apache-2.0
/*
 * What is typed at a reader, until it is a PIN. Digits are kept in the reader's state alone; they
 * are overwritten when the PIN is taken, cleared or given up, and only their keyed hash goes on
 * from here. Every key that is taken shows FEEDBACK_KEY and nothing else tells one from another.
 *
 * A run of more than PIN_DIGITS_MAX digits is kept as "too many": it is a wrong PIN when it ends,
 * however it began. `#` ends a PIN, also with a fixed length, where the last digit does so too; on
 * an empty keypad it means nothing. `*`, a pause and a card clear what was typed.
 */
#include "base/assert.h"
#include "controller_state.h"

void keypad_clear(struct keypad *keypad)
{
	memset(keypad->digit, 0, sizeof(keypad->digit));
	keypad->typed = 0;
}

/* The hash of what was typed; 0, which is nobody's, when it is too long for a PIN. */
uint64_t keypad_take(struct step *step, struct keypad *keypad)
{
	const struct controller *controller = step->controller;
	uint64_t pin = 0;

	if (keypad->typed <= PIN_DIGITS_MAX)
		pin = controller->pin_hash(
			controller->pin_hash_user, span_of(keypad->digit, keypad->typed));
	keypad_clear(keypad);
	return pin;
}

int64_t keypad_due_ns(const struct keypad *keypad)
{
	return keypad->typed > 0 ? keypad->clear_ns : NEVER;
}

static void digit_take(struct step *step, struct keypad *keypad, uint8_t digit)
{
	if (keypad->typed < PIN_DIGITS_MAX)
		keypad->digit[keypad->typed] = (char)('0' + digit);
	if (keypad->typed <= PIN_DIGITS_MAX)
		keypad->typed++;
	keypad->clear_ns = step_after_ms(step, step->controller->pin_key_gap_ms) + 1;
}

void keypad_key(struct step *step, struct door *door, const struct controller_input *input)
{
	const struct controller *controller = step->controller;
	struct keypad *keypad = &step_reader(step, input->key.reader)->keypad;
	uint8_t key = input->key.key;

	ASSERT(key <= KEY_HASH);
	if (controller->pin_hash == NULL)
		return;
	step_feedback(step, input->key.reader, FEEDBACK_KEY);
	if (key == KEY_STAR) {
		keypad_clear(keypad);
		return;
	}
	if (key != KEY_HASH) {
		digit_take(step, keypad, key);
		if (keypad->typed != controller->pin_digits)
			return;
	}
	if (keypad->typed > 0)
		factor_pin(step, door, input->key.reader);
}
