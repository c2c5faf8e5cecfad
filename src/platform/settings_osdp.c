// SPDX-License-Identifier: Apache-2.0
/*
 * Lines of OSDP readers, and what the readers on them must hold together. Lines may stand in the
 * file before the readers or behind; a reader finds its line when all of the file was read.
 */
#include "settings_table.h"

#include "base/assert.h"
#include "base/compiler.h"
#include "base/utf8.h"

static const uint32_t bauds[] = {9600, 19200, 38400, 57600, 115200, 230400};

uint32_t settings_osdp_baud(const struct osdp_line_settings *line)
{
	ASSERT(line->baud < ARRAY_COUNT(bauds));
	return bauds[line->baud];
}

bool settings_osdp_simulated(const struct osdp_line_settings *line)
{
	return line->port.len == 0;
}

bool settings_reader_low(const struct settings *settings, unsigned number)
{
	const struct reader_osdp *osdp = &settings->reader[number - 1].osdp;

	return !osdp->configured || osdp->secure_channel == SECURE_CHANNEL_OFF;
}

bool settings_door_low(const struct settings *settings, unsigned door)
{
	for (unsigned i = 0; i < READERS_MAX; i++) {
		const struct reader_config *config = &settings->reader[i].config;

		if (config->configured && config->door == door &&
			settings_reader_low(settings, i + 1))
			return true;
	}
	return false;
}

void setting_port_add_allowed(struct buf *out)
{
	buf_add_string(out, "the path of a serial port, such as /dev/serial/by-id/usb-...-if00, or "
			    "simulated");
}

static bool path_is_plain(struct span path)
{
	struct span rest = path;
	struct span part;

	if (path.len < 2 || path.data[0] != '/' || !utf8_printable(path, NULL))
		return false;
	while (span_next(&rest, '/', &part)) {
		if (span_equal(part, SPAN_LIT("..")))
			return false;
	}
	return true;
}

bool setting_port_store(
	const struct setting *setting, void *base, struct span value, struct buf *why)
{
	struct text256 *port = (struct text256 *)(void *)((char *)base + setting->offset);

	if (span_equal(value, SPAN_LIT("simulated"))) {
		*port = (struct text256){0};
		return true;
	}
	if (path_is_plain(value) && text_set(port, value))
		return true;
	setting_add_quoted(why, value);
	buf_add_string(why, " is no value for `port`; allowed: ");
	setting_port_add_allowed(why);
	return false;
}

bool setting_osdp_put(struct settings *settings, const struct osdp_line_settings *line,
	const char **ret_key, struct buf *why)
{
	*ret_key = NULL;
	if (settings->osdp_line_count == OSDP_LINES_MAX) {
		buf_add_string(why, "too many in `osdp`; allowed: at most 16 lines");
		return false;
	}
	for (unsigned i = 0; i < settings->osdp_line_count; i++) {
		const struct osdp_line_settings *other = &settings->osdp_line[i];

		if (text_is(&other->id, text_span(&line->id))) {
			*ret_key = "id";
			setting_add_quoted(why, text_span(&line->id));
			buf_add_string(why, " is the id of two OSDP lines; each needs its own");
			return false;
		}
		if (line->port.len > 0 && text_is(&other->port, text_span(&line->port))) {
			*ret_key = "port";
			setting_add_quoted(why, text_span(&line->port));
			buf_add_string(why, " is the port of two OSDP lines; all readers on one "
					    "port are on one line");
			return false;
		}
	}
	settings->osdp_line[settings->osdp_line_count++] = *line;
	return true;
}

static bool line_find(
	const struct settings *settings, struct span id, uint8_t *ret_line, struct buf *why)
{
	struct span nearest = {0};
	unsigned best = 99;

	for (uint8_t i = 0; i < settings->osdp_line_count; i++) {
		struct span known = text_span(&settings->osdp_line[i].id);
		unsigned distance = setting_distance(id, known);

		if (distance == 0) {
			*ret_line = i;
			return true;
		}
		if (distance < best && setting_resembles(id, known)) {
			nearest = known;
			best = distance;
		}
	}
	setting_add_quoted(why, id);
	buf_add_string(why, " is the id of no OSDP line; allowed: an id given under `osdp` at the "
			    "top of the file");
	if (nearest.len > 0) {
		buf_add_string(why, "; did you mean `");
		buf_add(why, nearest);
		buf_add_string(why, "`?");
	}
	return false;
}

static bool address_check(const struct settings *settings, unsigned at, struct buf *why)
{
	const struct reader_osdp *osdp = &settings->reader[at].osdp;

	for (unsigned i = 0; i < at; i++) {
		const struct reader_osdp *other = &settings->reader[i].osdp;

		if (!other->configured || other->line != osdp->line ||
			other->address != osdp->address)
			continue;
		buf_add_string(why, "readers ");
		buf_add_u64(why, i + 1);
		buf_add_string(why, " and ");
		buf_add_u64(why, at + 1);
		buf_add_string(why, " have the same address on OSDP line ");
		setting_add_quoted(why, text_span(&settings->osdp_line[osdp->line].id));
		buf_add_string(why, "; each reader of a line needs its own");
		return false;
	}
	return true;
}

/* A line has one panel: we, or the one whose reader we are. */
static bool panel_alone(const struct settings *settings, unsigned at, struct buf *why)
{
	uint8_t line = settings->panel[at].osdp.line;
	struct span id = text_span(&settings->osdp_line[line].id);

	for (unsigned i = 0; i < READERS_MAX; i++) {
		const struct reader_osdp *osdp = &settings->reader[i].osdp;

		if (!osdp->configured || osdp->line != line)
			continue;
		setting_add_quoted(why, id);
		buf_add_string(why, " is the line of reader ");
		buf_add_u64(why, i + 1);
		buf_add_string(why, " already; a panel of another maker needs a line of its own");
		return false;
	}
	for (unsigned i = 0; i < at; i++) {
		const struct reader_osdp *osdp = &settings->panel[i].osdp;

		if (!osdp->configured || osdp->line != line)
			continue;
		setting_add_quoted(why, id);
		buf_add_string(why, " is the line of panel ");
		buf_add_u64(why, i + 1);
		buf_add_string(why, " already; each panel needs its own");
		return false;
	}
	return true;
}

static bool panels_check(struct settings *settings, const struct setting_osdp *osdp,
	struct place *ret_place, struct buf *why)
{
	for (unsigned i = 0; i < PANELS_MAX; i++) {
		struct reader_osdp *panel = &settings->panel[i].osdp;

		if (!panel->configured)
			continue;
		*ret_place = osdp->panel_line[i];
		if (!line_find(settings, text_span(&osdp->panel_line_id[i]), &panel->line, why) ||
			!panel_alone(settings, i, why))
			return false;
	}
	return true;
}

static bool ports_check(const struct settings *settings, const struct setting_osdp *osdp,
	struct place *ret_place, struct buf *why)
{
	for (unsigned i = 0; i < settings->osdp_line_count; i++) {
		*ret_place = osdp->port[i];
		if (settings->simulated_lines || !settings_osdp_simulated(&settings->osdp_line[i]))
			continue;
		buf_add_string(why, "`port: simulated` goes with `lines: simulated`; name the "
				    "serial port of this line");
		return false;
	}
	return true;
}

bool setting_osdp_check(struct settings *settings, const struct setting_osdp *osdp,
	struct place *ret_place, struct buf *why)
{
	for (unsigned i = 0; i < READERS_MAX; i++) {
		if (!settings->reader[i].osdp.configured)
			continue;
		*ret_place = osdp->line[i];
		if (!line_find(settings, text_span(&osdp->line_id[i]),
			    &settings->reader[i].osdp.line, why))
			return false;
		*ret_place = osdp->address[i];
		if (!address_check(settings, i, why))
			return false;
	}
	return panels_check(settings, osdp, ret_place, why) &&
	       ports_check(settings, osdp, ret_place, why);
}
