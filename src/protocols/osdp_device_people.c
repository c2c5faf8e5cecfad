// SPDX-License-Identifier: Apache-2.0
/*
 * What people do at an OSDP reader: cards, keys, fingers wait in a ring until a poll takes them,
 * oldest first; tamper, power and inputs are levels, of which the panel is told the latest. An
 * event that nobody polled in time is dropped: a card must not open a door long after the person
 * has gone. One that is in a reply is gone from the ring, so that it never goes out twice; a reply
 * that was lost is repeated by the sequence rules.
 */
#include "osdp_device_private.h"

#include "base/assert.h"

#define FORMAT_WIEGAND 1 /* of RAW: bits as on Wiegand lines */

void device_events_age(struct osdp_device *device, int64_t now_ns)
{
	while (device->event_count > 0 &&
		now_ns - device->event[device->event_first].at_ns > device->config.event_keep_ns) {
		device->event[device->event_first] = (struct osdp_device_event){0};
		device->event_first = (device->event_first + 1u) % OSDP_DEVICE_EVENTS_MAX;
		device->event_count--;
		device->counters.events_lost++;
	}
}

int64_t device_events_deadline_ns(const struct osdp_device *device)
{
	if (device->event_count == 0)
		return INT64_MAX;
	return device->event[device->event_first].at_ns + device->config.event_keep_ns + 1;
}

bool device_event_add(
	struct osdp_device *device, uint8_t code, const struct buf *data, int64_t now_ns)
{
	device_events_age(device, now_ns);
	if (device->event_count == OSDP_DEVICE_EVENTS_MAX) {
		device->counters.events_lost++;
		return false;
	}
	unsigned at = (device->event_first + device->event_count) % OSDP_DEVICE_EVENTS_MAX;
	struct osdp_device_event *event = &device->event[at];

	ASSERT(!data->overflow && data->len > 0 && data->len <= sizeof(event->data));
	*event = (struct osdp_device_event){
		.code = code, .len = (uint8_t)data->len, .at_ns = now_ns};
	memcpy(event->data, data->data, data->len);
	device->event_count++;
	return true;
}

static bool event_pop(struct osdp_device *device, int64_t now_ns, struct device_answer *answer)
{
	struct osdp_device_event *event;

	device_events_age(device, now_ns);
	if (device->event_count == 0)
		return false;
	event = &device->event[device->event_first];
	answer->code = event->code;
	buf_add(&answer->data, span_of(event->data, event->len));
	osdp_wipe(event, sizeof(*event)); /* it may be a PIN */
	device->event_first = (device->event_first + 1u) % OSDP_DEVICE_EVENTS_MAX;
	device->event_count--;
	device->counters.events++;
	return true;
}

/* That power failed is told once; then it is back. */
static void local_told(struct osdp_device *device)
{
	device->local_due = device->restarted;
	device->restarted = false;
}

void device_local_status(struct osdp_device *device, struct device_answer *answer)
{
	struct osdp_lstatr lstatr = {
		.tamper = device->tamper, .power = device->power || device->restarted};

	answer->code = OSDP_LSTATR;
	osdp_lstatr_encode(&answer->data, &lstatr);
	local_told(device);
}

void device_input_status(struct osdp_device *device, struct device_answer *answer)
{
	answer->code = OSDP_ISTATR;
	buf_add(&answer->data, span_of(device->input, device->config.inputs));
	device->inputs_due = false;
}

bool device_event_take(struct osdp_device *device, int64_t now_ns, struct device_answer *answer)
{
	if (device->local_due) {
		device_local_status(device, answer);
		return true;
	}
	if (device->inputs_due) {
		device_input_status(device, answer);
		return true;
	}
	return event_pop(device, now_ns, answer);
}

bool osdp_device_card(struct osdp_device *device, const struct card_bits *bits, int64_t now_ns)
{
	uint8_t bytes[4 + CARD_BITS_MAX / 8];
	struct buf data = buf_over(bytes, sizeof(bytes));
	struct osdp_raw raw = {.format = FORMAT_WIEGAND,
		.bit_count = bits->count,
		.bytes = span_of(bits->bytes, (bits->count + 7u) / 8)};

	ASSERT(bits->count > 0 && bits->count <= CARD_BITS_MAX);
	osdp_raw_encode(&data, &raw);
	return device_event_add(device, OSDP_RAW, &data, now_ns);
}

bool osdp_device_keys(struct osdp_device *device, struct span keys, int64_t now_ns)
{
	uint8_t bytes[2 + OSDP_DEVICE_KEYS_MAX];
	char codes[OSDP_DEVICE_KEYS_MAX];
	struct buf data = buf_over(bytes, sizeof(bytes));
	struct osdp_keypad keypad = {.keys = span_of(codes, keys.len)};

	ASSERT(keys.len > 0 && keys.len <= OSDP_DEVICE_KEYS_MAX);
	for (size_t i = 0; i < keys.len; i++) {
		char key = keys.data[i];

		codes[i] = (char)(key == '#' ? OSDP_KEY_ENTER : key == '*' ? OSDP_KEY_CLEAR : key);
	}
	osdp_keypad_encode(&data, &keypad);
	bool added = device_event_add(device, OSDP_KEYPAD, &data, now_ns);

	osdp_wipe(codes, sizeof(codes));
	osdp_wipe(bytes, sizeof(bytes));
	return added;
}

bool osdp_device_bio_match(
	struct osdp_device *device, uint8_t status, uint8_t score, int64_t now_ns)
{
	uint8_t bytes[3];
	struct buf data = buf_over(bytes, sizeof(bytes));
	struct osdp_biomatchr match = {.status = status, .score = score};

	osdp_biomatchr_encode(&data, &match);
	return device_event_add(device, OSDP_BIOMATCHR, &data, now_ns);
}

void osdp_device_set_tamper(struct osdp_device *device, bool tampered)
{
	device->local_due = device->local_due || device->tamper != tampered;
	device->tamper = tampered;
}

void osdp_device_set_power(struct osdp_device *device, bool failed)
{
	device->local_due = device->local_due || device->power != failed;
	device->power = failed;
}

void osdp_device_set_input(struct osdp_device *device, uint8_t input, uint8_t state)
{
	ASSERT(input < device->config.inputs);
	device->inputs_due = device->inputs_due || device->input[input] != state;
	device->input[input] = state;
}
