// SPDX-License-Identifier: Apache-2.0
/*
 * The settings table for people: mdoc rows for posternd.yaml(5), or plain text of 80 columns for
 * --help. Rows come in the table's order under their sections.
 */
#include "settings_table.h"

#include "base/assert.h"

#include <stdio.h>
#include <unistd.h>

#define COLUMNS_MAX 80
#define WORDS_MAX 1024 /* bytes of what is said about one setting */

static void words_about(const struct setting *row, struct buf *out)
{
	buf_add_string(out, row->text);
	if (row->kind == SETTING_SECTION) {
		buf_add_string(out, " Allowed: keys and values, as below.");
		return;
	}
	buf_add_string(out, " Allowed: ");
	setting_add_allowed(row, out);
	if (row->flags & SETTING_FLAG_REQUIRED) {
		buf_add_string(out, ". Required.");
	} else if (row->standard[0] != '\0') {
		buf_add_string(out, setting_is_list(row) ? ". Default: [" : ". Default: ");
		buf_add_string(out, row->standard);
		buf_add_string(out, setting_is_list(row) ? "]." : ".");
	} else {
		buf_add_byte(out, '.');
	}
	ASSERT(!out->overflow);
}

/* Breaks words at blanks; every line begins with indent blanks. */
static void print_wrapped(int fd, struct span words, unsigned indent)
{
	size_t column = 0;
	struct span word;

	while (span_next(&words, ' ', &word)) {
		if (column > 0 && column + 1 + word.len > COLUMNS_MAX) {
			dprintf(fd, "\n");
			column = 0;
		}
		if (column == 0)
			dprintf(fd, "%*s", (int)indent, "");
		else
			dprintf(fd, " ");
		column += column == 0 ? indent : 1;
		dprintf(fd, "%.*s", (int)word.len, word.data);
		column += word.len;
	}
	dprintf(fd, "\n");
}

/* A text line of roff: no line of ours may begin as a request does, and \ begins an escape. */
static void print_roff(int fd, struct span words)
{
	char memory[2 * WORDS_MAX];
	struct buf out = buf_over(memory, sizeof(memory));

	if (words.len > 0 && (words.data[0] == '.' || words.data[0] == '\''))
		buf_add_string(&out, "\\&");
	for (size_t i = 0; i < words.len; i++) {
		if (words.data[i] == '\\')
			buf_add_string(&out, "\\e");
		else if (words.data[i] == '-')
			buf_add_string(&out, "\\-");
		else
			buf_add_byte(&out, words.data[i]);
		if (words.data[i] == '.' && i > 0 && words.data[i - 1] != '.' &&
			i + 1 < words.len && words.data[i + 1] == ' ') {
			buf_add_byte(&out, '\n'); /* a sentence begins on a line of its own */
			i++;
		}
	}
	ASSERT(!out.overflow);
	dprintf(fd, "%.*s\n", (int)out.len, out.data);
}

static void print_section(enum setting_section section, bool roff, int fd)
{
	const char *name = setting_section_name(section);
	struct span text = span_from_string(setting_section_text(section));

	if (roff) {
		if (section != SECTION_TOP)
			dprintf(fd, ".Ss %s\n", name);
		print_roff(fd, text);
		dprintf(fd, ".Bl -tag -width Ds\n");
		return;
	}
	if (section != SECTION_TOP)
		dprintf(fd, "\n%s:\n", name);
	print_wrapped(fd, text, 2);
}

static void print_row(const struct setting *row, bool roff, int fd)
{
	char memory[WORDS_MAX];
	struct buf words = buf_over(memory, sizeof(memory));

	words_about(row, &words);
	if (roff) {
		dprintf(fd, ".It Cm %s\n", row->key);
		print_roff(fd, buf_span(&words));
		return;
	}
	dprintf(fd, "  %s:\n", row->key);
	print_wrapped(fd, buf_span(&words), 6);
}

void settings_describe(bool roff, int fd)
{
	size_t count;
	const struct setting *table = settings_table(&count);

	for (unsigned section = 0; section < SECTION_COUNT; section++) {
		print_section(section, roff, fd);
		for (size_t i = 0; i < count; i++) {
			if (table[i].section == section)
				print_row(&table[i], roff, fd);
		}
		if (roff)
			dprintf(fd, ".El\n");
	}
}
