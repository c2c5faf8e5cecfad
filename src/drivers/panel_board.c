// SPDX-License-Identifier: Apache-2.0
/*
 * Virtual panels. Levels go to the board, edges with the sender's own times to a decoder: a wrong
 * schedule shows as a frame that does not come out. All calls from the sending thread.
 */
#include "drivers/panel_board.h"

/* The longest that a panel may wait: a busy machine sends a pulse late, and that ends no frame. */
#define DECODER_GAP_NS (100 * NS_PER_MS)

static void frame_note(struct panel_board *panels, uint8_t panel, enum wiegand_result result,
	const struct card_bits *bits)
{
	if (result == WIEGAND_FRAME)
		board_panel_frame(panels->board, panel, bits);
}

static bool panel_board_set(void *user, uint8_t panel, uint8_t line, bool low, int64_t now_ns)
{
	struct panel_board *panels = user;
	struct wiegand_decoder *decoder = &panels->decoder[panel];
	struct wiegand_edge edge = {.at_ns = now_ns, .line = line, .level = low ? 0 : 1};
	struct card_bits bits = {0};
	bool was_low = (atomic_load(&panels->board->panel[panel].low) >> line & 1) != 0;

	board_set_panel(panels->board, panel, line, low);
	if (was_low != low)
		frame_note(panels, panel, wiegand_decoder_edge(decoder, &edge, &bits), &bits);
	return true;
}

static void panel_board_quiet(void *user, uint8_t panel, int64_t now_ns)
{
	struct panel_board *panels = user;
	struct card_bits bits = {0};

	frame_note(
		panels, panel, wiegand_decoder_time(&panels->decoder[panel], now_ns, &bits), &bits);
}

void panel_board_init(
	struct panel_board *panels, struct board *board, struct panel_output *ret_output)
{
	struct wiegand_limits limits;

	wiegand_limits_default(&limits);
	limits.gap_ns = DECODER_GAP_NS;
	panels->board = board;
	board_panels_rest(board); /* no decoder has seen those pulses begin */
	for (size_t i = 0; i < PANELS_MAX; i++)
		wiegand_decoder_init(&panels->decoder[i], &limits);
	*ret_output = (struct panel_output){
		.set = panel_board_set, .quiet = panel_board_quiet, .user = panels};
}
