/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The panels at the ends of virtual lines: what stands on their data lines is seen by our own
 * decoder, as a panel would see it, and what comes out is noted on the board.
 */
#pragma once

#include "drivers/board.h"
#include "drivers/panel_sender.h"
#include "protocols/wiegand.h"

struct panel_board {
	struct board *board;
	struct wiegand_decoder decoder[PANELS_MAX];
};

/* *ret_output is for panel_sender_new; both point to panels and board, which must live as long. */
void panel_board_init(
	struct panel_board *panels, struct board *board, struct panel_output *ret_output);
