// SPDX-License-Identifier: Apache-2.0
/*
 * Card formats of the settings: entries of `formats` become formats, names of a reader's `formats`
 * are judged when the whole file is known, and what two formats of a reader do to each other is
 * said. A name means one format in upper and lower case, and never one that is built in.
 */
#include "settings_table.h"

#include "base/compiler.h"

#include <stdio.h>
#include <string.h>

#define NAMES_MAX 2048 /* of all formats, and separators */
#define REMARKS_MAX 1024 /* on one format */

const struct card_format *settings_format_find(const struct settings *settings, struct span name)
{
	for (unsigned i = 0; i < settings->format_count; i++) {
		if (span_equal_nocase(text_span(&settings->format[i].name), name))
			return &settings->format[i];
	}
	return card_format_find(name);
}

/* --- an entry of `formats` --- */

static bool refuse_name(struct span name, const char *sentence, struct buf *why)
{
	setting_add_quoted(why, name);
	buf_add_string(why, sentence);
	return false;
}

bool setting_format_make(const struct settings *settings, const struct format_draft *draft,
	struct card_format *ret, size_t *ret_row, struct buf *why)
{
	size_t count;
	const struct setting *table = settings_table(&count);
	struct span name = text_span(&draft->name);

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < count; i++) {
		const struct text1024 *text;

		if (table[i].section != SECTION_FORMATS)
			continue;
		text = (const void *)((const char *)draft + table[i].offset);
		*ret_row = i;
		if (text->len > 0 &&
			!card_format_set(ret, span_from_string(table[i].key), text_span(text), why))
			return false;
	}
	*ret_row = setting_row(SECTION_FORMATS, SPAN_LIT("name"));
	if (card_format_find(name) != NULL)
		return refuse_name(
			name, " is a built-in format; give yours a name of its own", why);
	if (settings_format_find(settings, name) != NULL)
		return refuse_name(name,
			" is the name of two formats; each format needs a name of its own", why);
	*ret_row = count;
	return card_format_check(ret, why);
}

/* --- a reader's list --- */

static void add_names(const struct settings *settings, struct buf *out)
{
	const struct card_format *format;
	const char *alias;

	for (unsigned i = 0; i < settings->format_count; i++) {
		buf_add(out, text_span(&settings->format[i].name));
		buf_add_byte(out, '|');
	}
	for (unsigned i = 0; (format = card_format_at(i)) != NULL; i++) {
		buf_add(out, text_span(&format->name));
		for (unsigned other = 0; (alias = card_format_alias(format, other)) != NULL;
			other++) {
			buf_add_byte(out, '|');
			buf_add_string(out, alias);
		}
		buf_add_byte(out, '|');
	}
}

static bool refuse_unknown(const struct settings *settings, enum setting_section section,
	struct span key, struct span name, struct buf *why)
{
	size_t count;
	const struct setting *table = settings_table(&count);
	const struct setting *row = &table[setting_row(section, key)];
	char memory[NAMES_MAX];
	struct buf names = buf_over(memory, sizeof(memory));

	add_names(settings, &names);
	return setting_refuse_word(why, row, name, buf_span(&names));
}

bool setting_format_known(const struct settings *settings, enum setting_section section,
	struct span key, struct span name, struct buf *why)
{
	return settings_format_find(settings, name) != NULL ||
	       refuse_unknown(settings, section, key, name, why);
}

/* Few and nearly sorted: each moves in front of those with a lower priority. */
static void sort_formats(const struct settings *settings, struct reader_settings *reader)
{
	for (unsigned i = 1; i < reader->format_count; i++) {
		struct text32 name = reader->format[i];
		uint8_t priority = settings_format_find(settings, text_span(&name))->priority;
		unsigned at = i;

		while (at > 0 && settings_format_find(settings, text_span(&reader->format[at - 1]))
						 ->priority < priority) {
			reader->format[at] = reader->format[at - 1];
			at--;
		}
		reader->format[at] = name;
	}
}

static bool refuse_long(struct span name, struct buf *why)
{
	_Static_assert(WIEGAND_FRAME_BITS_MAX == 66, "as the words say");
	return refuse_name(name,
		" has more than 66 bits, which come over OSDP only; give another format", why);
}

bool setting_format_short(const struct settings *settings, struct span name, struct buf *why)
{
	const struct card_format *format = settings_format_find(settings, name);

	return format == NULL || format->bits <= WIEGAND_FRAME_BITS_MAX || refuse_long(name, why);
}

bool setting_formats_place(const struct settings *settings, struct reader_settings *reader,
	unsigned *ret_at, struct buf *why)
{
	const struct card_format *format[READER_FORMATS_MAX];

	for (unsigned i = 0; i < reader->format_count; i++) {
		struct span name = text_span(&reader->format[i]);

		*ret_at = i;
		format[i] = settings_format_find(settings, name);
		if (format[i] == NULL)
			return refuse_unknown(
				settings, SECTION_READERS, SPAN_LIT("formats"), name, why);
		for (unsigned other = 0; other < i; other++) {
			if (format[other] == format[i])
				return refuse_name(name, " stands twice in `formats`", why);
		}
		if (!reader->osdp.configured && format[i]->bits > WIEGAND_FRAME_BITS_MAX)
			return refuse_long(name, why);
	}
	sort_formats(settings, reader);
	return true;
}

/* --- remarks --- */

static bool has_parity(const struct card_format *format, const struct card_parity *parity)
{
	for (unsigned i = 0; i < format->parity_count; i++) {
		if (format->parity[i].bit == parity->bit && format->parity[i].odd == parity->odd &&
			memcmp(&format->parity[i].cover, &parity->cover, sizeof(parity->cover)) ==
				0)
			return true;
	}
	return false;
}

static bool has_xor(const struct card_format *format, const struct card_xor *check)
{
	for (unsigned i = 0; i < format->xor_count; i++) {
		if (memcmp(&format->xor_check[i], check, sizeof(*check)) == 0)
			return true;
	}
	return false;
}

/* True when whatever fits b fits a: a has no check, constant or filter that b has not. */
static bool covers(const struct card_format *a, const struct card_format *b)
{
	for (unsigned i = 0; i < a->parity_count; i++) {
		if (!has_parity(b, &a->parity[i]))
			return false;
	}
	for (unsigned i = 0; i < a->xor_count; i++) {
		if (!has_xor(b, &a->xor_check[i]))
			return false;
	}
	for (size_t i = 0; i < sizeof(a->constant.bytes); i++) {
		if ((a->constant.bytes[i] & ~b->constant.bytes[i]) != 0 ||
			(b->constant_value.bytes[i] & a->constant.bytes[i]) !=
				a->constant_value.bytes[i])
			return false;
	}
	return a->facility_count == 0;
}

static void remark_pair(
	unsigned number, const struct card_format *first, const struct card_format *second, int fd)
{
	if (covers(first, second))
		dprintf(fd,
			"reader %u: %.*s is never read: every frame that fits it fits %.*s, which "
			"is tried first\n",
			number, second->name.len, second->name.bytes, first->name.len,
			first->name.bytes);
	else
		dprintf(fd,
			"reader %u: %.*s and %.*s both have %u bits; a frame that fits both is "
			"read as %.*s\n",
			number, first->name.len, first->name.bytes, second->name.len,
			second->name.bytes, first->bits, first->name.len, first->name.bytes);
}

static void remark_reader(const struct settings *settings, unsigned at, int fd)
{
	const struct reader_settings *reader = &settings->reader[at];

	for (unsigned i = 0; i < reader->format_count; i++) {
		const struct card_format *first =
			settings_format_find(settings, text_span(&reader->format[i]));

		for (unsigned other = i + 1; other < reader->format_count; other++) {
			const struct card_format *second =
				settings_format_find(settings, text_span(&reader->format[other]));

			if (first->bits == second->bits)
				remark_pair(at + 1, first, second, fd);
		}
	}
}

static bool is_used(const struct settings *settings, const struct card_format *format)
{
	for (unsigned i = 0; i < READERS_MAX; i++) {
		const struct reader_settings *reader = &settings->reader[i];

		for (unsigned f = 0; reader->config.configured && f < reader->format_count; f++) {
			if (settings_format_find(settings, text_span(&reader->format[f])) == format)
				return true;
		}
	}
	for (unsigned i = 0; i < PANELS_MAX; i++) {
		if (settings->panel[i].configured &&
			settings_format_find(settings, text_span(&settings->panel[i].format)) ==
				format)
			return true;
	}
	return false;
}

static void remark_format(const struct settings *settings, const struct card_format *format, int fd)
{
	char memory[REMARKS_MAX];
	struct buf out = buf_over(memory, sizeof(memory));
	struct span rest;
	struct span line;

	card_format_remarks(format, &out);
	if (!is_used(settings, format))
		buf_add_string(&out, "no reader has it\n");
	rest = buf_span(&out);
	while (span_next(&rest, '\n', &line)) {
		if (line.len > 0)
			dprintf(fd, "format %.*s: %.*s\n", format->name.len, format->name.bytes,
				(int)line.len, line.data);
	}
}

static void remark_pins(const struct settings *settings, int fd)
{
	if (settings->pin_digits != 0 && settings->pin_digits < settings->pin_alone_digits &&
		settings_pin_opens_alone(settings))
		dprintf(fd,
			"pin: a PIN has %u `digits`, and one that opens alone has %u "
			"(`alone_digits`): no PIN opens a door alone\n",
			settings->pin_digits, settings->pin_alone_digits);
}

static void remark_clear(const struct settings *settings, unsigned at, int fd)
{
	const struct reader_osdp *osdp = &settings->reader[at].osdp;

	if (osdp->configured && osdp->secure_channel == SECURE_CHANNEL_OFF)
		dprintf(fd,
			"reader %u: secure_channel is off: whoever reaches the wires of line %.*s "
			"can read its cards and PINs, and forge them\n",
			at + 1, settings->osdp_line[osdp->line].id.len,
			settings->osdp_line[osdp->line].id.bytes);
}

void settings_remarks(const struct settings *settings, int fd)
{
	remark_pins(settings, fd);
	for (unsigned i = 0; i < settings->format_count; i++)
		remark_format(settings, &settings->format[i], fd);
	for (unsigned i = 0; i < READERS_MAX; i++) {
		if (settings->reader[i].config.configured)
			remark_reader(settings, i, fd);
		remark_clear(settings, i, fd);
	}
}
