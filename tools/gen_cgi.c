// SPDX-License-Identifier: Apache-2.0
/*
 * Prints docs/cgi.md and fuzz/cgi.dict from the method table, so that the page and the dictionary
 * cannot say anything else than the program does.
 *
 *	gen_cgi                  the page on standard output
 *	gen_cgi --dictionary     the dictionary on standard output
 *	gen_cgi --write ROOT     both files below the source root
 *	gen_cgi --check ROOT     TAP: the files below the source root are what the table prints
 *
 * A build-time tool: it may use the C library as it likes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/cgi_methods.h"

#define PAGE "docs/cgi.md"
#define DICTIONARY "fuzz/cgi.dict"

static const char intro[] =
	"# The CGI\n"
	"\n"
	"Printed from the method table (`src/protocols/cgi_table.c`) by `tools/gen_cgi.c`; do not "
	"edit\n"
	"this page. After a change of the table: `ninja -C build update-cgi-docs`.\n"
	"\n"
	"## What holds for every request\n"
	"\n"
	"- GET or POST to `https://<server>/cgi-bin/<name>.cgi`, or `http://` from the device "
	"itself "
	"and where\n"
	"  `http.compat_http` allows it, authenticated by HTTP digest. The role is what an account "
	"needs;\n"
	"  viewer < operator < admin.\n"
	"- Parameters are `key=value` pairs in the URL, or in the body of a POST as\n"
	"  `application/x-www-form-urlencoded`. Their names match without case, `action` and "
	"`name` have\n"
	"  exact values, the order does not matter.\n"
	"- `[` and `]` may be written as they are or as `%5B` and `%5D` (with curl use `-g`). A "
	"blank is\n"
	"  `%20`; a `+` in a URL is a plus sign. Text is UTF-8; control characters are refused.\n"
	"- Dates are device local time, `20151022 093811` or `2015-10-22 09:38:11`. Seconds since "
	"1970\n"
	"  are UTC.\n"
	"- A parameter of the table may be given once. What a value may not be is refused: 400, "
	"`Error`,\n"
	"  `Bad Request!`, and a sentence that names the parameter, what is wrong and what is "
	"allowed.\n"
	"  Nothing was changed then.\n"
	"- An unknown table answers 400 with `{\"code\":285278242,\"message\":\"\"}`, an unknown "
	"action of\n"
	"  a known CGI 501.\n"
	"- A parameter marked *ours* is an extension that no other device knows.\n";

static const char *stray_text(const struct cgi_method *method)
{
	switch (method->stray) {
	case CGI_STRAY_TOLERATED:
		return "Other parameters are left alone.";
	case CGI_STRAY_FILTERS_REFUSED:
		return "Other filters (`condition.*`, `StartTime`, `EndTime`, `AfterRecNo`) are "
		       "refused; other parameters are left alone.";
	case CGI_STRAY_REFUSED:
		if (method->operation == CGI_CARD_INSERT)
			return "Other parameters are refused, but for `RecNo`, `_`, `t`, `rnd` and "
			       "`random`, which are left alone.";
		return "Other parameters are refused, but for `_`, `t`, `rnd` and `random`, which "
		       "are left alone.";
	}
	return "";
}

static void print_parameter(FILE *out, const struct cgi_parameter *parameter)
{
	char memory[256];
	struct buf allowed = buf_over(memory, sizeof(memory));

	cgi_parameter_allowed(parameter, &allowed);
	fprintf(out, "| `%s`%s | %s | %.*s | %s | %s |\n", parameter->name,
		parameter->extension ? " *ours*" : "", parameter->required ? "yes" : "no",
		(int)allowed.len, allowed.data, parameter->fallback, parameter->text);
}

static void print_method(FILE *out, const struct cgi_method *method)
{
	fprintf(out, "\n### %s %s%s%s\n\n%s\n\n", method->cgi, method->action,
		method->table == NULL ? "" : ", ", method->table == NULL ? "" : method->table,
		method->text);
	fprintf(out, "Role: %s. %s\n", account_role_name(method->role),
		method->changes_state ? "Changes state: refused when a page of another site asks."
				      : "Changes nothing.");
	if (method->parameter_count > 0)
		fputs("\n| Parameter | Required | Value | When left out | Meaning |\n"
		      "|---|---|---|---|---|\n",
			out);
	for (uint16_t i = 0; i < method->parameter_count; i++)
		print_parameter(out, &method->parameters[i]);
	fprintf(out, "\n%s\n\nAnswer: %s.\n\n```\n%s\n```\n", stray_text(method), method->answer,
		method->example);
}

static void print_page(FILE *out)
{
	const char *cgi = "";

	fputs(intro, out);
	for (int i = 0; i < CGI_OPERATION_COUNT; i++) {
		const struct cgi_method *method = cgi_method_at((enum cgi_operation)i);

		if (strcmp(cgi, method->cgi) != 0)
			fprintf(out, "\n## %s\n", method->cgi);
		cgi = method->cgi;
		print_method(out, method);
	}
}

/* Words already printed, so that each comes once. */
struct words {
	FILE *out;
	size_t count;
	const char *seen[1024];
};

/* A range of subscripts in the word, "[0..127]", is printed as one subscript of it. */
static void print_word(struct words *words, const char *before, const char *word, const char *after)
{
	for (size_t i = 0; i < words->count; i++) {
		if (strcmp(words->seen[i], word) == 0)
			return;
	}
	if (words->count == sizeof(words->seen) / sizeof(words->seen[0])) {
		fputs("gen_cgi: too many words for the dictionary; raise struct words\n", stderr);
		exit(1);
	}
	words->seen[words->count++] = word;
	fprintf(words->out, "\"%s", before);
	while (*word != '\0') {
		const char *range = strstr(word, "[0..");
		size_t plain = range == NULL ? strlen(word) : (size_t)(range - word);

		fprintf(words->out, "%.*s%s", (int)plain, word, range == NULL ? "" : "[1]");
		word += plain;
		if (range != NULL)
			word = strchr(word, ']') + 1;
	}
	fprintf(words->out, "%s\"\n", after);
}

static void print_dictionary(FILE *out)
{
	static const char *const forms[] = {"?", "&", "=", "%20", "%5B", "%5D", "%2C", "%00", "[0]",
		"[127]", "[128]", "[]", "[1,2]", "[All]", "condition.", "true", "false", "255",
		"4294967295", "20151022%20093811", "2015-10-22%2009:38:11"};
	struct words words = {.out = out};

	fputs("# Printed from the method table by tools/gen_cgi.c; do not edit.\n", out);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		print_word(&words, "", forms[i], "");
	for (int i = 0; i < CGI_OPERATION_COUNT; i++) {
		const struct cgi_method *method = cgi_method_at((enum cgi_operation)i);

		print_word(&words, "/cgi-bin/", method->cgi, "?");
		print_word(&words, "action=", method->action, "");
		if (method->table != NULL)
			print_word(&words, "name=", method->table, "");
		for (uint16_t p = 0; p < method->parameter_count; p++) {
			const struct cgi_parameter *parameter = &method->parameters[p];

			print_word(&words, "&", parameter->name, "=");
			if (parameter->only != NULL)
				print_word(&words, "", parameter->only, "");
		}
	}
}

static bool write_file(const char *root, const char *path, void (*print)(FILE *))
{
	char name[4096];

	snprintf(name, sizeof(name), "%s/%s", root, path);
	FILE *out = fopen(name, "w");

	if (out == NULL) {
		perror(name);
		return false;
	}
	print(out);
	if (fclose(out) != 0) {
		perror(name);
		return false;
	}
	return true;
}

static char *read_file(const char *name)
{
	char *text = NULL;
	size_t len = 0;
	FILE *in = fopen(name, "r");

	if (in == NULL)
		return NULL;
	if (getdelim(&text, &len, '\0', in) < 0) {
		free(text);
		text = NULL;
	}
	fclose(in);
	return text;
}

/* One TAP line; says the first line that differs. */
static bool check_file(int number, const char *root, const char *path, void (*print)(FILE *))
{
	char name[4096];
	char *wanted = NULL;
	size_t len;
	FILE *memory = open_memstream(&wanted, &len);

	if (memory == NULL)
		return false;
	print(memory);
	fclose(memory);
	snprintf(name, sizeof(name), "%s/%s", root, path);
	char *found = read_file(name);
	bool same = found != NULL && strcmp(found, wanted) == 0;

	printf("%sok %d - %s is what the method table prints\n", same ? "" : "not ", number, path);
	if (!same) {
		unsigned line = 1;

		for (size_t i = 0; found != NULL && found[i] == wanted[i]; i++)
			line += found[i] == '\n';
		printf("# %s:%u differs; run: ninja -C build update-cgi-docs\n", path, line);
	}
	free(found);
	free(wanted);
	return same;
}

int main(int argc, char **argv)
{
	if (argc == 1) {
		print_page(stdout);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "--dictionary") == 0) {
		print_dictionary(stdout);
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "--write") == 0) {
		bool good = write_file(argv[2], PAGE, print_page) &&
			    write_file(argv[2], DICTIONARY, print_dictionary);

		return good ? 0 : 1;
	}
	if (argc == 3 && strcmp(argv[1], "--check") == 0) {
		puts("1..2");
		bool page = check_file(1, argv[2], PAGE, print_page);
		bool dictionary = check_file(2, argv[2], DICTIONARY, print_dictionary);

		return page && dictionary ? 0 : 1;
	}
	fputs("usage: gen_cgi [--dictionary | --write ROOT | --check ROOT]\n", stderr);
	return 2;
}
