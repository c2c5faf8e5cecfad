// SPDX-License-Identifier: Apache-2.0
/*
 * Words in errors about settings: a person's text repeated safely, how near two words are, and
 * which key of the table somebody may have meant.
 */
#include "settings_table.h"

#include "base/utf8.h"

#define SHOWN_MAX 48 /* bytes of a person's text that an error repeats */
#define DISTANCE_MAX 40 /* longer words are not compared */

void setting_add_quoted(struct buf *out, struct span text)
{
	struct span shown = span_slice(text, 0, SHOWN_MAX);
	bool printable = utf8_printable(text, NULL);

	while (printable && shown.len < text.len &&
		((unsigned char)text.data[shown.len] & 0xc0) == 0x80)
		shown.len--; /* do not cut inside a character */
	buf_add_byte(out, '`');
	for (size_t i = 0; i < shown.len; i++) {
		unsigned char c = (unsigned char)shown.data[i];

		buf_add_byte(
			out, c < ' ' || c == 0x7f || (c >= 0x80 && !printable) ? '?' : (char)c);
	}
	buf_add_string(out, shown.len < text.len ? "...`" : "`");
}

unsigned setting_distance(struct span a, struct span b)
{
	unsigned row[DISTANCE_MAX + 1];

	if (a.len > DISTANCE_MAX || b.len > DISTANCE_MAX)
		return 99;
	for (unsigned j = 0; j <= b.len; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			unsigned best = diagonal + (a.data[i - 1] != b.data[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b.len];
}

bool setting_resembles(struct span written, struct span known)
{
	size_t longer = written.len > known.len ? written.len : known.len;

	if (span_equal_nocase(written, known))
		return true;
	return setting_distance(written, known) <= (longer <= 3		 ? 1
							   : longer <= 6 ? 2
									 : 3) &&
	       written.len > 1;
}

/* --- keys of the table --- */

size_t setting_row(enum setting_section section, struct span key)
{
	size_t count;
	const struct setting *table = settings_table(&count);
	size_t i = 0;

	while (i < count &&
		!(table[i].section == section && span_equal(key, span_from_string(table[i].key))))
		i++;
	return i;
}

enum setting_section setting_section_find(struct span name)
{
	for (unsigned i = SECTION_TOP + 1; i < SECTION_COUNT; i++) {
		if (!setting_section_is_nested(i) &&
			span_equal(name, span_from_string(setting_section_name(i))))
			return i;
	}
	return SECTION_TOP;
}

static void candidate(struct span written, const char *known, const char **nearest, unsigned *best)
{
	unsigned distance = setting_distance(written, span_from_string(known));

	if (distance < *best && setting_resembles(written, span_from_string(known))) {
		*nearest = known;
		*best = distance;
	}
}

const char *setting_nearest_key(
	enum setting_section section, struct span written, unsigned *ret_distance)
{
	const char *nearest = NULL;
	size_t count;
	const struct setting *table = settings_table(&count);

	*ret_distance = 99;
	for (size_t i = 0; i < count; i++) {
		if (table[i].section == section)
			candidate(written, table[i].key, &nearest, ret_distance);
	}
	for (unsigned i = SECTION_TOP + 1; section == SECTION_TOP && i < SECTION_COUNT; i++)
		if (!setting_section_is_nested(i))
			candidate(written, setting_section_name(i), &nearest, ret_distance);
	return nearest;
}

const struct setting *setting_other_home(enum setting_section section, struct span key)
{
	size_t count;
	const struct setting *table = settings_table(&count);

	for (size_t i = 0; i < count; i++) {
		if (table[i].section != section && span_equal(key, span_from_string(table[i].key)))
			return &table[i];
	}
	return NULL;
}

void setting_add_keys(struct buf *out, enum setting_section section)
{
	size_t count;
	const struct setting *table = settings_table(&count);
	const char *separator = "; allowed: ";

	for (size_t i = 0; i < count; i++) {
		if (table[i].section != section)
			continue;
		buf_add_string(out, separator);
		buf_add_string(out, table[i].key);
		separator = ", ";
	}
	for (unsigned i = SECTION_TOP + 1; section == SECTION_TOP && i < SECTION_COUNT; i++) {
		if (setting_section_is_nested(i))
			continue;
		buf_add_string(out, separator);
		buf_add_string(out, setting_section_name(i));
	}
}
