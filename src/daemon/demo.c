// SPDX-License-Identifier: Apache-2.0
/*
 * The demo's folder and its welcome. The commands shown are complete: real paths, real port, quoted
 * for a shell, so that they work when they are pasted.
 */
#include "demo.h"

#include "base/buf.h"
#include "complain.h"
#include "state.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool demo_state_path(char *ret, size_t size)
{
	const char *base = getenv("XDG_STATE_HOME");
	const char *rest = "postern-demo";

	if (base == NULL || base[0] != '/') {
		base = getenv("HOME");
		rest = ".local/state/postern-demo";
	}
	if (base == NULL || base[0] != '/') {
		complain("there is no home folder (HOME is not set): name a folder with --state");
		return false;
	}
	int len = snprintf(ret, size, "%s/%s", base, rest);

	if (len < 0 || (size_t)len >= size) {
		complain("the path of the home folder is too long: name a folder with --state");
		return false;
	}
	return state_make_parents(ret);
}

/* Words of these bytes need no quotes in any shell. */
static bool plain(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
			strchr("/._-", c) == NULL)
			return false;
	}
	return s.len > 0;
}

static void add_quoted(struct buf *out, struct span s)
{
	if (plain(s)) {
		buf_add(out, s);
		return;
	}
	buf_add_byte(out, '\'');
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] == '\'')
			buf_add_string(out, "'\\''");
		else
			buf_add_byte(out, s.data[i]);
	}
	buf_add_byte(out, '\'');
}

/* `postern` beside this program by its path; else the one that the shell finds. */
static void add_postern(struct buf *out)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - sizeof("postern"));

	while (len > 0 && path[len - 1] != '/')
		len--;
	if (len > 0) {
		memcpy(path + len, "postern", sizeof("postern"));
		if (access(path, X_OK) == 0) {
			add_quoted(out, span_from_string(path));
			return;
		}
	}
	buf_add_string(out, "postern");
}

static void add_curl(struct buf *out, const struct settings *settings, const char *target)
{
	buf_add_string(out, "  curl -g --digest -u \"admin:$(cat ");
	add_quoted(out, text_span(&settings->state_dir));
	buf_add_string(out, "/" ADMIN_PASSWORD_FILE ")\" 'http://");
	buf_add(out, text_span(&settings->http_address));
	buf_add_string(out, target);
	buf_add_string(out, "'\n");
}

static void add_sim(struct buf *out, const struct settings *settings, const char *command)
{
	buf_add_string(out, "  ");
	add_postern(out);
	buf_add_string(out, " sim --state ");
	add_quoted(out, text_span(&settings->state_dir));
	buf_add_byte(out, ' ');
	buf_add_string(out, command);
	buf_add_byte(out, '\n');
}

static void add_https(
	struct buf *out, const struct settings *settings, const struct tls_fingerprints *prints)
{
	char pin[TLS_PIN_TEXT];
	char hex[TLS_HEX_TEXT];

	buf_add_string(out, "\nand at https://");
	buf_add(out, text_span(&settings->https_address));
	buf_add_string(out, ", public key ");
	buf_add_string(out, tls_pin_text(prints->public_key, pin));
	buf_add_string(out, "\ncertificate SHA-256 ");
	buf_add_string(out, tls_hex_text(prints->certificate, hex));
}

const char *demo_banner(const struct settings *settings, enum account_outcome outcome,
	const struct tls_fingerprints *fingerprints, char *memory, size_t size)
{
	struct buf out = buf_over(memory, size - 1);
	char file[sizeof(settings->state_dir.bytes) + sizeof("/" ADMIN_PASSWORD_FILE)];

	(void)snprintf(file, sizeof(file), "%.*s/" ADMIN_PASSWORD_FILE, settings->state_dir.len,
		settings->state_dir.bytes);
	bool kept = outcome == ACCOUNT_OUTCOME_MADE || access(file, R_OK) == 0;

	buf_add_string(&out, "\npostern demo: two virtual doors at http://");
	buf_add(&out, text_span(&settings->http_address));
	if (settings->https_address.len > 0)
		add_https(&out, settings, fingerprints);
	buf_add_string(&out, "\nkept in ");
	buf_add(&out, text_span(&settings->state_dir));
	buf_add_string(&out, "\nlog in as `admin`; the password is in ");
	buf_add_string(&out, kept ? file : "nobody's file: it is the one you chose");
	buf_add_string(&out, "\n");
	if (kept) {
		buf_add_string(&out,
			"\nEnrol Ann, show her card at door 1, look at the lock, read the "
			"record:\n\n");
		add_curl(&out, settings,
			"/cgi-bin/recordUpdater.cgi?action=insert&name=AccessControlCard"
			"&CardNo=12345678&UserID=1001&CardName=Ann&Doors[0]=0&Doors[1]=1");
		add_sim(&out, settings, "card 1 12345678");
		add_sim(&out, settings, "lock 1");
		add_curl(&out, settings,
			"/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCardRec");
	}
	buf_add_string(&out, "\nCtrl-C ends the demo.\n\n");
	memory[out.len] = '\0';
	return memory;
}
