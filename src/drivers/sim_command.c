// SPDX-License-Identifier: Apache-2.0
/*
 * The text of the sim protocol (docs/sim-protocol.md), read from a client that may send anything. A
 * table of verbs names each one's reader of arguments; a command is complete or refused with a
 * sentence. The sentences never repeat the client's bytes.
 */
#include "sim_command.h"

#include "base/compiler.h"
#include "base/number.h"
#include "domain/card_format.h"
#include "protocols/capture.h"
#include "protocols/keypad.h"

#define WORDS_MAX 4

struct words {
	unsigned count; /* WORDS_MAX + 1: more than any verb takes */
	struct span word[WORDS_MAX];
};

typedef bool arguments_fn(const struct words *words, const struct settings *settings,
	struct sim_command *ret, struct buf *ret_error);

static bool refuse(struct buf *ret_error, const char *sentence)
{
	buf_add_string(ret_error, sentence);
	return false;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct words words_of(struct span line)
{
	struct words words = {0};
	size_t at = 0;

	while (words.count <= WORDS_MAX) {
		while (at < line.len && blank(line.data[at]))
			at++;
		size_t begin = at;

		while (at < line.len && !blank(line.data[at]))
			at++;
		if (at == begin)
			break;
		if (words.count < WORDS_MAX)
			words.word[words.count] = span_slice(line, begin, at - begin);
		words.count++;
	}
	return words;
}

static bool reader_of(struct span word, const struct settings *settings, struct sim_command *ret,
	struct buf *ret_error)
{
	uint64_t number;

	if (!number_parse_u64(word, READERS_MAX, &number) || number == 0)
		return refuse(ret_error, "a reader's number is 1 to 128");
	if (!settings->reader[number - 1].config.configured) {
		buf_add_string(ret_error, "reader ");
		buf_add_u64(ret_error, number);
		return refuse(ret_error, " is not configured");
	}
	ret->reader = (uint8_t)number;
	return true;
}

static bool door_of(struct span word, const struct settings *settings, struct sim_command *ret,
	struct buf *ret_error)
{
	uint64_t number;

	if (!number_parse_u64(word, DOORS_MAX, &number) || number == 0)
		return refuse(ret_error, "a door's number is 1 to 64: door index + 1");
	if (!settings->door[number - 1].config.configured) {
		buf_add_string(ret_error, "door ");
		buf_add_u64(ret_error, number);
		return refuse(ret_error, " is not configured");
	}
	ret->door = (uint8_t)(number - 1);
	return true;
}

static bool encode(const struct card_format *format, uint64_t number, struct card_bits *ret)
{
	struct card_fields fields;

	return card_format_fields_of_number(format, number, &fields) &&
	       card_format_encode(format, &fields, ret) == CARD_FORMAT_OK;
}

static bool card_arguments(const struct words *words, const struct settings *settings,
	struct sim_command *ret, struct buf *ret_error)
{
	uint64_t number;

	if (!reader_of(words->word[1], settings, ret, ret_error))
		return false;
	if (!number_parse_u64(words->word[2], UINT64_MAX, &number))
		return refuse(
			ret_error, "a card's number is decimal, at most 18446744073709551615");
	const struct reader_settings *reader = &settings->reader[ret->reader - 1];
	struct span name = SPAN_LIT("W34");

	if (words->count == 4)
		name = words->word[3];
	else if (reader->format_count > 0)
		name = text_span(&reader->format[0]);
	const struct card_format *format = settings_format_find(settings, name);

	if (format == NULL)
		return refuse(ret_error, "no such card format; see `postern format list`");
	if (!encode(format, number, &ret->bits)) {
		buf_add_string(ret_error, "the card's number does not fit into format ");
		buf_add(ret_error, text_span(&format->name));
		return false;
	}
	return true;
}

static bool bits_arguments(const struct words *words, const struct settings *settings,
	struct sim_command *ret, struct buf *ret_error)
{
	struct span bits = words->word[2];

	if (!reader_of(words->word[1], settings, ret, ret_error))
		return false;
	if (bits.len > CARD_BITS_MAX)
		return refuse(ret_error, "at most 128 bits");
	for (unsigned i = 0; i < bits.len; i++) {
		if (bits.data[i] != '0' && bits.data[i] != '1')
			return refuse(ret_error, "bits are written as 0 and 1, without blanks");
		card_bits_put(&ret->bits, i, bits.data[i] == '1');
	}
	ret->bits.count = (uint16_t)bits.len;
	return true;
}

static bool is_key(char c)
{
	return (c >= '0' && c <= '9') || c == '*' || c == '#';
}

/* The words are never repeated: they may be a PIN that somebody uses. */
static bool keys_arguments(const struct words *words, const struct settings *settings,
	struct sim_command *ret, struct buf *ret_error)
{
	struct span keys = words->word[2];
	uint64_t bits = 4;

	if (!reader_of(words->word[1], settings, ret, ret_error))
		return false;
	if (!text_set(&ret->keys, keys))
		return refuse(ret_error, "at most 64 keys");
	for (size_t i = 0; i < keys.len; i++) {
		if (!is_key(keys.data[i]))
			return refuse(ret_error, "keys are 0 to 9, * and #, without blanks");
	}
	if (words->count == 4 &&
		(!number_parse_u64(words->word[3], 8, &bits) || bits < 4 || bits % 2 != 0))
		return refuse(ret_error, "a keypad sends a key as 4, 6 or 8 bits");
	ret->key_bits = (uint8_t)bits;
	return true;
}

void sim_key_frame(char key, uint8_t key_bits, struct card_bits *ret)
{
	uint8_t value = key == '*' ? KEYPAD_STAR : key == '#' ? KEYPAD_HASH : (uint8_t)(key - '0');

	keypad_encode(value, key_bits, KEYPAD_SIX_PARITY, ret);
}

static bool reader_argument(const struct words *words, const struct settings *settings,
	struct sim_command *ret, struct buf *ret_error)
{
	return reader_of(words->word[1], settings, ret, ret_error);
}

static bool door_argument(const struct words *words, const struct settings *settings,
	struct sim_command *ret, struct buf *ret_error)
{
	return door_of(words->word[1], settings, ret, ret_error);
}

static bool panel_argument(const struct words *words, const struct settings *settings,
	struct sim_command *ret, struct buf *ret_error)
{
	uint64_t number;

	if (!number_parse_u64(words->word[1], PANELS_MAX, &number) || number == 0)
		return refuse(ret_error, "a panel's number is 1 to 16");
	if (!settings->panel[number - 1].configured) {
		buf_add_string(ret_error, "panel ");
		buf_add_u64(ret_error, number);
		return refuse(ret_error, " is not configured");
	}
	ret->panel = (uint8_t)(number - 1);
	return true;
}

static bool contact_arguments(const struct words *words, const struct settings *settings,
	struct sim_command *ret, struct buf *ret_error)
{
	ret->level = span_equal(words->word[2], SPAN_LIT("open"));
	if (!ret->level && !span_equal(words->word[2], SPAN_LIT("closed")))
		return refuse(ret_error, "a contact is `open` or `closed`");
	return door_of(words->word[1], settings, ret, ret_error);
}

static bool tamper_arguments(const struct words *words, const struct settings *settings,
	struct sim_command *ret, struct buf *ret_error)
{
	ret->level = words->count == 2 || span_equal(words->word[2], SPAN_LIT("on"));
	if (!ret->level && !span_equal(words->word[2], SPAN_LIT("off")))
		return refuse(ret_error, "tamper is `on` or `off`");
	return reader_of(words->word[1], settings, ret, ret_error);
}

static bool install_arguments(const struct words *words, const struct settings *settings,
	struct sim_command *ret, struct buf *ret_error)
{
	ret->level = words->count == 2 || span_equal(words->word[2], SPAN_LIT("on"));
	if (!ret->level && !span_equal(words->word[2], SPAN_LIT("off")))
		return refuse(ret_error, "install mode is `on` or `off`");
	if (!reader_of(words->word[1], settings, ret, ret_error))
		return false;
	if (!settings->reader[ret->reader - 1].osdp.configured)
		return refuse(ret_error, "only OSDP readers have an install mode");
	return true;
}

/* Data lines are what Wiegand readers have. */
static bool edges_arguments(const struct words *words, const struct settings *settings,
	struct sim_command *ret, struct buf *ret_error)
{
	if (!reader_of(words->word[1], settings, ret, ret_error))
		return false;
	if (settings->reader[ret->reader - 1].osdp.configured)
		return refuse(
			ret_error, "an OSDP reader has no data lines; use card, bits or keys");
	return true;
}

static const struct {
	struct span name;
	unsigned words_min, words_max; /* the verb is one of them */
	arguments_fn *arguments;
	const char *usage;
} verbs[SIM_VERB_COUNT] = {
	[SIM_CARD] = {{"card", 4}, 3, 4, card_arguments, "card READER NUMBER [FORMAT]"},
	[SIM_BITS] = {{"bits", 4}, 3, 3, bits_arguments, "bits READER 0101..."},
	[SIM_EDGES] = {{"edges", 5}, 2, 2, edges_arguments, "edges READER"},
	[SIM_REX] = {{"rex", 3}, 2, 2, door_argument, "rex DOOR"},
	[SIM_CONTACT] = {{"contact", 7}, 3, 3, contact_arguments, "contact DOOR open|closed"},
	[SIM_TAMPER] = {{"tamper", 6}, 2, 3, tamper_arguments, "tamper READER [on|off]"},
	[SIM_LOCK] = {{"lock", 4}, 2, 2, door_argument, "lock DOOR"},
	[SIM_READER] = {{"reader", 6}, 2, 2, reader_argument, "reader READER"},
	[SIM_KEYS] = {{"keys", 4}, 3, 4, keys_arguments, "keys READER 1234# [4|6|8]"},
	[SIM_PANEL] = {{"panel", 5}, 2, 2, panel_argument, "panel PANEL"},
	[SIM_INSTALL] = {{"install", 7}, 2, 3, install_arguments, "install READER [on|off]"},
};

bool sim_command_parse(struct span line, const struct settings *settings, struct sim_command *ret,
	struct buf *ret_error)
{
	struct words words = words_of(line);

	*ret = (struct sim_command){0};
	for (unsigned verb = 0; verb < SIM_VERB_COUNT && words.count > 0; verb++) {
		if (!span_equal(words.word[0], verbs[verb].name))
			continue;
		if (words.count < verbs[verb].words_min || words.count > verbs[verb].words_max) {
			buf_add_string(ret_error, "usage: ");
			return refuse(ret_error, verbs[verb].usage);
		}
		ret->verb = (enum sim_verb)verb;
		return verbs[verb].arguments(&words, settings, ret, ret_error);
	}
	return refuse(ret_error,
		"unknown request; known are card, bits, edges, rex, contact, tamper, lock, reader, "
		"keys, panel, install");
}

static bool capture_time(
	int64_t ns, int64_t *first_ns, int64_t previous_ns, int64_t *ret, struct buf *ret_error)
{
	if (*first_ns == INT64_MIN)
		*first_ns = ns;
	if (ns < *first_ns || ns - *first_ns < previous_ns)
		return refuse(ret_error, "the time goes back");
	if (ns - *first_ns > SIM_CAPTURE_NS)
		return refuse(ret_error, "a capture has at most 60 s");
	*ret = ns - *first_ns;
	return true;
}

enum sim_capture_line sim_capture_parse(struct span line, uint8_t reader, int64_t *first_ns,
	int64_t previous_ns, struct line_event *ret, struct buf *ret_error)
{
	struct capture_line got;

	if (span_equal(span_trim(line), SPAN_LIT("end")))
		return SIM_CAPTURE_END;
	if (capture_line_parse(line, &got, ret_error) == CAPTURE_WRONG)
		return SIM_CAPTURE_WRONG;
	if (got.kind != CAPTURE_EDGE)
		return SIM_CAPTURE_BLANK;
	*ret = (struct line_event){.at = reader,
		.kind = got.edge.line == 0 ? LINE_DATA0 : LINE_DATA1,
		.level = got.edge.level};
	if (!capture_time(got.edge.at_ns, first_ns, previous_ns, &ret->at_ns, ret_error))
		return SIM_CAPTURE_WRONG;
	return SIM_CAPTURE_EDGE;
}
