// SPDX-License-Identifier: Apache-2.0
/*
 * An OSDP reader for the Python tests: `osdp_pd LINK ADDRESS [KEY]` makes a pseudo terminal, a
 * symbolic link LINK to its port, and is the reader at its other end. Orders come as lines on
 * standard input, each is answered by one line:
 *
 *   card 0101...    keys 1234#    tamper on|off    led (its colour)
 *   beeps (how many tones so far)    commands (how many so far)    link
 *   file MAX STATUS (files of MAX bytes; STATUS of FTSTAT for the last part)
 *   taken (bytes of a file so far, and their sum, each times its place from 1)
 *   unplug          plug          (LINK goes and comes)     power (fails and is back)
 *   install on|off  key KEY|none  keysets (how many keys came so far)    held (its key)
 *   swap SERIAL (another reader in its place)    match STATUS SCORE (of a finger)
 *
 * KEY is 32 hexadecimal digits, or `none`: the reader then wants a secure channel. It ends with its
 * input.
 */
#include "base/number.h"
#include "pd.h"
#include "serial/serial.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static int plug(const char *link)
{
	char path[64];
	struct termios raw;
	int wire = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (wire < 0 || grantpt(wire) != 0 || unlockpt(wire) != 0 ||
		ptsname_r(wire, path, sizeof(path)) != 0 || tcgetattr(wire, &raw) != 0) {
		perror("osdp_pd");
		exit(1);
	}
	cfmakeraw(&raw);
	(void)tcsetattr(wire, TCSANOW, &raw);
	(void)unlink(link);
	if (symlink(path, link) != 0) {
		perror("osdp_pd");
		exit(1);
	}
	return wire;
}

static struct card_bits bits_of(const char *text)
{
	struct card_bits bits = {0};

	while (bits.count < CARD_BITS_MAX && (*text == '0' || *text == '1')) {
		card_bits_put(&bits, bits.count, *text++ == '1');
		bits.count++;
	}
	return bits;
}

static bool file_order(struct pd *pd, const char *line)
{
	unsigned max;
	int status;

	if (sscanf(line, "file %u %d", &max, &status) != 2)
		return false;
	pd_file(pd, max, (int16_t)status);
	return true;
}

/* Orders about its key and its place. False: none of them. */
static bool order_key(struct pd *pd, const char *word, const char *rest, bool *ret_good)
{
	uint8_t key[OSDP_KEY_SIZE];
	unsigned status = 0;
	unsigned score = 0;

	if (strcmp(word, "install") == 0) {
		pd_install(pd, strcmp(rest, "on") == 0);
	} else if (strcmp(word, "key") == 0 && strcmp(rest, "none") == 0) {
		pd_set_key(pd, NULL);
	} else if (strcmp(word, "key") == 0) {
		*ret_good = hex_decode(span_from_string(rest), key, sizeof(key));
		if (*ret_good)
			pd_set_key(pd, key);
	} else if (strcmp(word, "swap") == 0) {
		pd_swap(pd, (uint32_t)strtoul(rest, NULL, 10));
	} else if (strcmp(word, "match") == 0) {
		*ret_good = sscanf(rest, "%u %u", &status, &score) == 2 &&
			    pd_match(pd, (uint8_t)status, (uint8_t)score);
	} else {
		return false;
	}
	return true;
}

static void held(struct pd *pd)
{
	uint8_t key[OSDP_KEY_SIZE];
	bool has = pd_key(pd, key);

	for (unsigned i = 0; has && i < sizeof(key); i++)
		(void)printf("%02x", key[i]);
	(void)puts(has ? "" : "none");
}

static void order(struct pd *pd, const char *link, const char *line)
{
	static const char *const links[] = {"offline", "clear", "install", "secure"};
	char word[32] = "";
	char rest[200] = "";
	struct card_bits bits;
	bool good = true;

	(void)sscanf(line, "%31s %199[^\n]", word, rest);
	if (strcmp(word, "card") == 0) {
		bits = bits_of(rest);
		good = pd_card(pd, &bits);
	} else if (strcmp(word, "keys") == 0) {
		good = pd_keys(pd, rest);
	} else if (strcmp(word, "tamper") == 0) {
		pd_tamper(pd, strcmp(rest, "on") == 0);
	} else if (strcmp(word, "power") == 0) {
		pd_power_cycle(pd);
	} else if (strcmp(word, "unplug") == 0) {
		(void)unlink(link);
		pd_plug(pd, -1);
	} else if (strcmp(word, "plug") == 0) {
		pd_plug(pd, plug(link));
	} else if (strcmp(word, "file") == 0) {
		good = file_order(pd, line);
	} else if (strcmp(word, "taken") == 0) {
		uint32_t len;
		uint32_t sum;

		pd_file_taken(pd, &len, &sum);
		(void)printf("%u %u\n", len, sum);
		return;
	} else if (strcmp(word, "led") == 0) {
		(void)printf("%u\n", pd_led(pd));
		return;
	} else if (strcmp(word, "beeps") == 0) {
		(void)printf("%u\n", pd_beeps(pd));
		return;
	} else if (strcmp(word, "commands") == 0) {
		(void)printf("%llu\n", (unsigned long long)pd_commands(pd));
		return;
	} else if (strcmp(word, "link") == 0) {
		(void)printf("%s\n", links[pd_link(pd)]);
		return;
	} else if (strcmp(word, "keysets") == 0) {
		(void)printf("%u\n", pd_keysets(pd));
		return;
	} else if (strcmp(word, "held") == 0) {
		held(pd);
		return;
	} else if (order_key(pd, word, rest, &good)) {
		;
	} else {
		good = false;
	}
	(void)puts(good ? "ok" : "no");
}

int main(int argc, char **argv)
{
	static struct pd pd;
	uint8_t key[OSDP_KEY_SIZE];
	uint64_t address;
	char line[256];
	bool secure = argc == 4;

	if (argc < 3 || !number_parse_u64(span_from_string(argv[2]), 126, &address) ||
		(secure && strcmp(argv[3], "none") != 0 &&
			!hex_decode(span_from_string(argv[3]), key, sizeof(key)))) {
		(void)fputs("usage: osdp_pd LINK ADDRESS [KEY]\n", stderr);
		return 2;
	}
	pd_start(&pd, plug(argv[1]), (uint8_t)address,
		secure && strcmp(argv[3], "none") != 0 ? key : NULL, secure);
	(void)puts("ready");
	(void)fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		order(&pd, argv[1], line);
		(void)fflush(stdout);
	}
	pd_stop(&pd);
	(void)unlink(argv[1]);
	return 0;
}
