// SPDX-License-Identifier: Apache-2.0
/*
 * The panels of a file, and what they need of its other sections, which may stand before them or
 * behind: the reader whose cards they get, and the card format they are sent in.
 */
#include "settings_table.h"

bool setting_panel_put(struct settings *settings, const struct panel_draft *draft, struct buf *why)
{
	struct panel_settings *panel = &settings->panel[draft->number - 1];

	if (panel->configured) {
		buf_add_string(why, "two panels have number ");
		buf_add_u64(why, draft->number);
		buf_add_string(why, "; each panel needs a number of its own, from 1 to 16");
		return false;
	}
	*panel = draft->panel;
	panel->configured = true;
	return true;
}

static bool check_reader(const struct settings *settings, unsigned at, struct buf *why)
{
	uint8_t reader = settings->panel[at].reader;

	if (settings->reader[reader - 1].config.configured)
		return true;
	buf_add_string(why, "panel ");
	buf_add_u64(why, at + 1);
	buf_add_string(why, " gets the cards of reader ");
	buf_add_u64(why, reader);
	buf_add_string(why, ", which is not given; allowed: a number given under `readers`");
	return false;
}

static bool check_format(const struct settings *settings, unsigned at, struct buf *why)
{
	struct span name = text_span(&settings->panel[at].format);

	return name.len == 0 ||
	       (setting_format_known(settings, SECTION_PANELS, SPAN_LIT("format"), name, why) &&
		       (settings->panel[at].osdp.configured ||
			       setting_format_short(settings, name, why)));
}

bool setting_panels_check(const struct settings *settings, const struct setting_panels *panels,
	struct place *ret_place, struct buf *why)
{
	for (unsigned i = 0; i < PANELS_MAX; i++) {
		if (!settings->panel[i].configured)
			continue;
		*ret_place = panels->reader[i];
		if (!check_reader(settings, i, why))
			return false;
		*ret_place = panels->format[i];
		if (!check_format(settings, i, why))
			return false;
	}
	return true;
}
