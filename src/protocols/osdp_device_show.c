// SPDX-License-Identifier: Apache-2.0
/*
 * What a panel makes an OSDP reader show: lights, buzzer, text, outputs. Orders are kept with the
 * time they came; what is to be seen is worked out when somebody looks, so that no timer runs.
 *
 * A light has two records that do not know each other: the permanent one and the temporary one,
 * which hides it until its time is over or it is cancelled. An order of several records is judged
 * whole before the first of them is done.
 */
#include "osdp_device_private.h"

#include "base/assert.h"

#define TICK_NS INT64_C(100000000) /* the unit of most timers on the wire */
#define SECOND_NS INT64_C(1000000000)
#define CHARACTER_MIN 0x20
#define CHARACTER_MAX 0x7E

/* Whether a rhythm of on and off, that began at since_ns, is in its on part. off 0: always. */
static bool rhythm_is_on(uint8_t on, uint8_t off, int64_t since_ns, int64_t now_ns)
{
	int64_t period_ns = (on + off) * TICK_NS;

	return off == 0 || (now_ns - since_ns) % period_ns < on * TICK_NS;
}

/* --- lights --- */

static bool blink_is_right(const struct osdp_blink *blink, uint8_t code_max)
{
	return blink->code <= code_max &&
	       (blink->code != code_max || blink->on_100ms != 0 || blink->off_100ms != 0);
}

static bool led_is_right(const struct osdp_device *device, const struct osdp_led *led)
{
	return led->reader == 0 && led->led < device->config.leds &&
	       blink_is_right(&led->temporary, OSDP_LED_TEMPORARY_SET) &&
	       blink_is_right(&led->permanent, OSDP_LED_PERMANENT_SET);
}

static void led_set(struct osdp_device_led *shown, const struct osdp_led *led, int64_t now_ns)
{
	if (led->temporary.code == OSDP_LED_TEMPORARY_CANCEL)
		shown->temporary.until_ns = now_ns;
	else if (led->temporary.code == OSDP_LED_TEMPORARY_SET)
		shown->temporary = (struct osdp_device_light){.blink = led->temporary,
			.since_ns = now_ns,
			.until_ns = now_ns + led->timer_100ms * TICK_NS};
	if (led->permanent.code == OSDP_LED_PERMANENT_SET)
		shown->permanent =
			(struct osdp_device_light){.blink = led->permanent, .since_ns = now_ns};
}

uint8_t device_show_led(struct osdp_device *device, struct span data, int64_t now_ns)
{
	struct osdp_led led;

	for (struct span rest = data; osdp_led_next(&rest, &led);) {
		if (!led_is_right(device, &led))
			return OSDP_NAK_RECORD;
	}
	while (osdp_led_next(&data, &led))
		led_set(&device->shown.led[led.led], &led, now_ns);
	return 0;
}

static uint8_t light_colour(const struct osdp_device_light *light, int64_t now_ns)
{
	const struct osdp_blink *blink = &light->blink;
	bool on = rhythm_is_on(blink->on_100ms, blink->off_100ms, light->since_ns, now_ns);

	return on ? blink->on_colour : blink->off_colour;
}

uint8_t osdp_device_led(const struct osdp_device *device, uint8_t led, int64_t now_ns)
{
	ASSERT(led < OSDP_DEVICE_LEDS_MAX);
	const struct osdp_device_led *shown = &device->shown.led[led];

	return light_colour(
		now_ns < shown->temporary.until_ns ? &shown->temporary : &shown->permanent, now_ns);
}

/* --- outputs --- */

static void output_set(
	struct osdp_device_output *shown, const struct osdp_out *output, int64_t now_ns)
{
	switch ((enum osdp_out_code)output->code) {
	case OSDP_OUT_NOP:
		break;
	case OSDP_OUT_OFF:
	case OSDP_OUT_ON:
		shown->permanent = output->code == OSDP_OUT_ON;
		shown->until_ns = now_ns;
		break;
	case OSDP_OUT_OFF_AFTER_TIMER:
	case OSDP_OUT_ON_AFTER_TIMER:
		shown->permanent = output->code == OSDP_OUT_ON_AFTER_TIMER;
		break;
	case OSDP_OUT_ON_FOR_TIMER:
	case OSDP_OUT_OFF_FOR_TIMER:
		shown->temporary = output->code == OSDP_OUT_ON_FOR_TIMER;
		shown->until_ns = now_ns + output->timer_100ms * TICK_NS;
		break;
	}
}

uint8_t device_show_output(struct osdp_device *device, struct span data, int64_t now_ns)
{
	struct osdp_out output;

	for (struct span rest = data; osdp_out_next(&rest, &output);) {
		if (output.output >= device->config.outputs || output.code > OSDP_OUT_OFF_FOR_TIMER)
			return OSDP_NAK_RECORD;
	}
	while (osdp_out_next(&data, &output))
		output_set(&device->shown.output[output.output], &output, now_ns);
	return 0;
}

bool osdp_device_output(const struct osdp_device *device, uint8_t output, int64_t now_ns)
{
	ASSERT(output < OSDP_DEVICE_OUTPUTS_MAX);
	const struct osdp_device_output *shown = &device->shown.output[output];

	return now_ns < shown->until_ns ? shown->temporary : shown->permanent;
}

/* --- buzzer --- */

uint8_t device_show_buzzer(struct osdp_device *device, struct span data, int64_t now_ns)
{
	struct osdp_buz buz;

	if (!osdp_buz_decode(data, &buz))
		return OSDP_NAK_LENGTH;
	if (buz.reader != 0 || buz.tone > OSDP_TONE_DEFAULT ||
		(buz.tone != OSDP_TONE_OFF && buz.on_100ms == 0))
		return OSDP_NAK_RECORD;
	device->shown.buzzer = buz;
	device->shown.buzzer_since_ns = now_ns;
	if (buz.tone == OSDP_TONE_DEFAULT)
		device->shown.buzzer_count++;
	return 0;
}

bool osdp_device_buzzer_sounds(const struct osdp_device *device, int64_t now_ns)
{
	const struct osdp_buz *buz = &device->shown.buzzer;
	int64_t since_ns = device->shown.buzzer_since_ns;
	int64_t all_ns = (int64_t)buz->count * (buz->on_100ms + buz->off_100ms) * TICK_NS;

	return buz->tone == OSDP_TONE_DEFAULT && (buz->count == 0 || now_ns - since_ns < all_ns) &&
	       rhythm_is_on(buz->on_100ms, buz->off_100ms, since_ns, now_ns);
}

/* --- text --- */

static bool text_is_right(const struct osdp_text *text)
{
	if (text->reader != 0 || text->row == 0 || text->column == 0 ||
		text->command < OSDP_TEXT_PERMANENT || text->command > OSDP_TEXT_TEMPORARY_WRAP ||
		text->text.len > OSDP_DEVICE_TEXT_MAX)
		return false;
	for (size_t i = 0; i < text->text.len; i++) {
		uint8_t character = (uint8_t)text->text.data[i];

		if (character < CHARACTER_MIN || character > CHARACTER_MAX)
			return false;
	}
	return true;
}

uint8_t device_show_text(struct osdp_device *device, struct span data, int64_t now_ns)
{
	struct osdp_text text;

	if (!osdp_text_decode(data, &text))
		return OSDP_NAK_LENGTH;
	if (!text_is_right(&text))
		return OSDP_NAK_RECORD;
	bool temporary = text.command >= OSDP_TEXT_TEMPORARY;
	struct osdp_device_text *shown =
		temporary ? &device->shown.text_temporary : &device->shown.text_permanent;

	*shown = (struct osdp_device_text){
		.row = text.row,
		.column = text.column,
		.wrap = text.command == OSDP_TEXT_PERMANENT_WRAP ||
			text.command == OSDP_TEXT_TEMPORARY_WRAP,
		.len = (uint8_t)text.text.len,
		.until_ns = now_ns + text.temporary_s * SECOND_NS,
	};
	if (text.text.len > 0)
		memcpy(shown->bytes, text.text.data, text.text.len);
	return 0;
}

struct span osdp_device_text(const struct osdp_device *device, int64_t now_ns)
{
	const struct osdp_device_text *temporary = &device->shown.text_temporary;
	const struct osdp_device_text *shown =
		now_ns < temporary->until_ns ? temporary : &device->shown.text_permanent;

	return span_of(shown->bytes, shown->len);
}
