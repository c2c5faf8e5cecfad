// SPDX-License-Identifier: Apache-2.0
/*
 * Frames that the panel sends to one reader. The one gate of the policy on the way out: where
 * secure channel is required, a command that may not go in clear is never built without a session.
 */
#include "osdp_panel.h"

#include "base/assert.h"

size_t panel_data_max(const struct osdp_panel *panel)
{
	uint16_t size = panel->capabilities.receive_size;

	if (size < FRAME_UNKNOWN)
		size = FRAME_UNKNOWN;
	return osdp_frame_data_max(size < OSDP_FRAME_MAX ? size : OSDP_FRAME_MAX,
		osdp_secure_established(&panel->secure));
}

static bool frame_done(struct osdp_panel *panel, uint8_t command, bool secure, size_t len)
{
	panel->command = command;
	panel->frame_secure = secure;
	panel->frame[0] = OSDP_MARK;
	panel->frame_len = (uint16_t)(len + 1);
	return len > 0;
}

static struct osdp_frame frame_head(const struct osdp_panel *panel, uint8_t command)
{
	return (struct osdp_frame){
		.address = panel->config.address,
		.sequence = panel->sequence,
		.use_crc = !panel->checksum,
		.code = command,
	};
}

bool panel_frame_command(struct osdp_panel *panel, uint8_t command, struct span data)
{
	struct osdp_frame frame = frame_head(panel, command);
	bool secure = osdp_secure_established(&panel->secure);

	ASSERT(secure || !panel_required(panel) || command == OSDP_ID || command == OSDP_CAP);
	if (data.len > panel_data_max(panel))
		return false;
	frame.data = data;

	size_t len =
		secure ? osdp_secure_wrap(&panel->secure, &frame, panel->frame + 1, OSDP_FRAME_MAX)
		       : osdp_frame_build(&frame, panel->frame + 1, OSDP_FRAME_MAX);

	return frame_done(panel, command, secure, len);
}

void panel_frame_chlng(struct osdp_bus *bus, struct osdp_panel *panel)
{
	struct osdp_frame frame = frame_head(panel, OSDP_CHLNG);
	uint8_t random_a[OSDP_RANDOM_SIZE];
	const uint8_t *key = panel->key_used == KEY_OWN	      ? panel->config.key
			     : panel->key_used == KEY_PENDING ? panel->config.pending
							      : osdp_key_default;

	ASSERT(panel->key_used != KEY_DEFAULT ||
		(panel->pairing.active && !panel->pairing.rotation));
	bus->config.fill_random(bus->config.user, random_a, sizeof(random_a));
	osdp_secure_chlng_write(&panel->secure, key,
		panel->key_used == KEY_DEFAULT ? OSDP_SELECTOR_DEFAULT : OSDP_SELECTOR_OWN,
		random_a, &frame);
	(void)frame_done(panel, OSDP_CHLNG, false,
		osdp_frame_build(&frame, panel->frame + 1, OSDP_FRAME_MAX));
}

void panel_frame_scrypt(struct osdp_panel *panel)
{
	struct osdp_frame frame = frame_head(panel, OSDP_SCRYPT);

	osdp_secure_scrypt_write(&panel->secure, &frame);
	(void)frame_done(panel, OSDP_SCRYPT, false,
		osdp_frame_build(&frame, panel->frame + 1, OSDP_FRAME_MAX));
}
