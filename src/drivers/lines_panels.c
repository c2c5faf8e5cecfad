// SPDX-License-Identifier: Apache-2.0
/* Frames for panels go the same way whatever the lines are: to the sender, which knows the lines.
 */
#include "drivers/lines.h"
#include "drivers/panel_sender.h"

bool lines_panels_send(struct lines *lines, uint8_t panel, const struct card_bits *bits)
{
	return lines->panels != NULL && panel_sender_push(lines->panels, panel, bits);
}
