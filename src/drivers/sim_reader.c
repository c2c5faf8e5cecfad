// SPDX-License-Identifier: Apache-2.0
/*
 * People at virtual OSDP readers. A reader that no panel listens to says so at once; otherwise the
 * client is answered when the panel has polled what was done, or when it was dropped because nobody
 * did. Events of a reader leave in the order they came, so that counting them is enough.
 */
#include "platform/clock.h"
#include "sim.h"

#define KEYS_AT_ONCE 8 /* in one reply */

static uint64_t events_gone(const struct osdp_device *device)
{
	return device->counters.events + device->counters.events_lost;
}

/* False, with the client answered, when nobody would take it. */
static bool reader_listens(const struct osdp_device *device, struct client *client)
{
	enum osdp_device_link link = osdp_device_link(device, clock_monotonic_ns());

	if (link != OSDP_DEVICE_OFFLINE && osdp_device_at_rest(device))
		return true;
	client_reply(client,
		link == OSDP_DEVICE_OFFLINE || link == OSDP_DEVICE_SECURE ||
				!device->config.secure_required
			? SPAN_LIT("error the reader is offline: the controller does not poll it; "
				   "try again")
			: SPAN_LIT("error the reader has no secure channel with the controller: it "
				   "gives nothing; try again, or pair it anew"));
	return false;
}

static void client_await(struct client *client, const struct sim_command *command,
	const struct osdp_device *device, uint64_t losses)
{
	client->reader = command->reader;
	client->event_losses = losses;
	client->event_last = events_gone(device) + device->event_count;
	client->phase = CLIENT_POLLED;
}

static void reader_full(struct client *client)
{
	client_reply(client, SPAN_LIT("error too much waits at this reader already; try again"));
}

void reader_card(struct sim *sim, struct client *client, const struct sim_command *command)
{
	struct osdp_device *device = sim_osdp_device(&sim->osdp, command->reader);

	if (!reader_listens(device, client))
		return;
	if (command->bits.count == 0) {
		client_reply(client, SPAN_LIT("error an OSDP reader sends 1 to 128 bits"));
		return;
	}
	uint64_t losses = device->counters.events_lost;

	if (osdp_device_card(device, &command->bits, clock_monotonic_ns()))
		client_await(client, command, device, losses);
	else
		reader_full(client);
}

void reader_keys(struct sim *sim, struct client *client, const struct sim_command *command)
{
	struct osdp_device *device = sim_osdp_device(&sim->osdp, command->reader);
	struct span rest = text_span(&command->keys);
	size_t replies = (rest.len + KEYS_AT_ONCE - 1) / KEYS_AT_ONCE;

	if (!reader_listens(device, client))
		return;
	if (device->event_count + replies > OSDP_DEVICE_EVENTS_MAX) {
		reader_full(client);
		return;
	}
	uint64_t losses = device->counters.events_lost;

	while (rest.len > 0) {
		if (!osdp_device_keys(
			    device, span_slice(rest, 0, KEYS_AT_ONCE), clock_monotonic_ns()))
			break; /* there was room */
		rest = span_slice(rest, KEYS_AT_ONCE, rest.len);
	}
	client_await(client, command, device, losses);
}

bool reader_polled(struct sim *sim, struct client *client)
{
	struct osdp_device *device = sim_osdp_device(&sim->osdp, client->reader);

	if (events_gone(device) < client->event_last)
		return false;
	client->phase = CLIENT_TALKING;
	client_reply(client, device->counters.events_lost == client->event_losses
				     ? SPAN_LIT("ok")
				     : SPAN_LIT("error the controller did not poll it in time; try "
						"again"));
	return client->phase == CLIENT_TALKING;
}

void reader_install(struct sim *sim, struct client *client, const struct sim_command *command)
{
	osdp_device_set_install(sim_osdp_device(&sim->osdp, command->reader), command->level);
	client_reply(client, SPAN_LIT("ok"));
}

static const char *link_name(enum osdp_device_link link)
{
	switch (link) {
	case OSDP_DEVICE_OFFLINE:
		return "offline";
	case OSDP_DEVICE_CLEAR:
		return "clear";
	case OSDP_DEVICE_INSTALL:
		return "install";
	case OSDP_DEVICE_SECURE:
		return "secure";
	}
	return "unknown";
}

static const char *colour_name(uint8_t colour)
{
	static const char *const names[] = {
		"off", "red", "green", "amber", "blue", "magenta", "cyan", "white"};

	return colour < ARRAY_COUNT(names) ? names[colour] : "unknown";
}

void reader_shown(struct sim *sim, struct client *client, uint8_t reader)
{
	const struct osdp_device *device = sim_osdp_device(&sim->osdp, reader);
	int64_t now_ns = clock_monotonic_ns();
	struct span text = osdp_device_text(device, now_ns);
	char bytes[SIM_REPLY_MAX];
	struct buf reply = buf_over(bytes, sizeof(bytes));

	buf_add_string(&reply, "ok ");
	buf_add_string(&reply, link_name(osdp_device_link(device, now_ns)));
	buf_add_byte(&reply, ' ');
	buf_add_string(&reply, colour_name(osdp_device_led(device, 0, now_ns)));
	buf_add_byte(&reply, ' ');
	buf_add_u64(&reply, device->shown.buzzer_count);
	buf_add_string(&reply, text.len > 0 ? " " : "");
	buf_add(&reply, text);
	client_reply(client, buf_span(&reply));
}
