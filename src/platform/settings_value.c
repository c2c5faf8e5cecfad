// SPDX-License-Identifier: Apache-2.0
/*
 * One value of the settings: from its text into its field, and back into words about what may stand
 * there. Strict: decimal digits without zeros in front, times with a unit and without fraction,
 * words from a closed list. Every refusal says what was found and what is allowed, and for a word
 * which known one is near.
 */
#include "settings_table.h"

#include "base/assert.h"
#include "base/civil.h"
#include "base/compiler.h"
#include "base/number.h"
#include "base/utf8.h"
#include "platform/settings.h"
#include "protocols/digest.h"

#include <arpa/inet.h>

#define YES_NO_WORDS "no|yes"

static const char *const digest_words[DIGEST_ALGORITHM_COUNT] = {"md5", "sha-256"};

static const struct {
	const char *name;
	int64_t ns;
} units[] = {
	{"h", 3600 * NS_PER_S},
	{"min", 60 * NS_PER_S},
	{"s", NS_PER_S},
	{"ms", NS_PER_MS},
	{"us", NS_PER_MS / 1000},
};

/* --- words --- */

/* The word of a "a|b|c" list that written may have meant, or an empty span. */
static struct span nearest_word(struct span words, struct span written)
{
	struct span nearest = {0};
	unsigned best = 99;
	struct span word;

	while (span_next(&words, '|', &word)) {
		unsigned distance = setting_distance(written, word);

		if (distance < best && setting_resembles(written, word)) {
			best = distance;
			nearest = word;
		}
	}
	return nearest;
}

static void add_words(struct buf *out, struct span words)
{
	struct span word;
	bool first = true;

	while (span_next(&words, '|', &word)) {
		buf_add_string(out, first ? "" : ", ");
		buf_add(out, word);
		first = false;
	}
}

static void add_time(struct buf *out, uint64_t value, uint32_t unit_ns)
{
	uint64_t ns = value * unit_ns;

	for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
		if (ns != 0 && ns % (uint64_t)units[i].ns == 0) {
			buf_add_u64(out, ns / (uint64_t)units[i].ns);
			buf_add_string(out, units[i].name);
			return;
		}
	}
	buf_add_string(out, "0s");
}

/* What may stand there, of the kinds for which it is always the same. */
static const char *const allowed_text[] = {
	[SETTING_YES_NO] = "yes, no",
	[SETTING_ID] = "1 to 32 of a-z, 0-9, _ and -",
	[SETTING_NAME] = "text of 1 to 64 bytes without control characters",
	[SETTING_PATH] = "an absolute path of at most 256 bytes, no .. in it",
	[SETTING_ADDRESS] = "an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080",
	[SETTING_HOSTS] = "a list of at most 8 host names, such as [door.example.org]",
	[SETTING_NETWORKS] = "a list of at most 16 networks, such as [192.168.1.0/24, fd00::/8]",
	[SETTING_FORMATS] =
		"a list of 1 to 8 names of formats, built in (W34, W26, W66 and the others of "
		"`postern format list`) or described under `formats` at the top of the file",
	[SETTING_FORMAT] =
		"the name of a format, built in (W34 and the others of `postern format list`) or "
		"described under `formats` at the top of the file",
	[SETTING_DIGESTS] = "a list of md5 and sha-256, each at most once",
	[SETTING_SECTION] = "keys and values, such as {line: line1, address: 0}",
};

void setting_add_allowed(const struct setting *setting, struct buf *out)
{
	switch ((enum setting_kind)setting->kind) {
	case SETTING_NUMBER:
		buf_add_string(out, setting->flags & SETTING_FLAG_OR_0
					    ? "0, or a whole number from "
					    : "a whole number from ");
		buf_add_u64(out, setting->min);
		buf_add_string(out, " to ");
		buf_add_u64(out, setting->max);
		return;
	case SETTING_TIME:
		buf_add_string(out, "a time from ");
		add_time(out, setting->min, setting->unit_ns);
		buf_add_string(out, " to ");
		add_time(out, setting->max, setting->unit_ns);
		buf_add_string(out, ", such as ");
		buf_add_string(out, setting->standard);
		return;
	case SETTING_CHOICE:
		add_words(out, span_from_string(setting->choices));
		return;
	case SETTING_FORMAT_WORD:
	case SETTING_FORMAT_RANGES:
	case SETTING_FORMAT_ITEMS:
		buf_add_string(out, setting->choices);
		return;
	case SETTING_LINE:
		setting_line_add_allowed(setting, out);
		return;
	case SETTING_PORT:
		setting_port_add_allowed(out);
		return;
	case SETTING_YES_NO:
	case SETTING_ID:
	case SETTING_NAME:
	case SETTING_PATH:
	case SETTING_ADDRESS:
	case SETTING_HOSTS:
	case SETTING_NETWORKS:
	case SETTING_FORMATS:
	case SETTING_FORMAT:
	case SETTING_DIGESTS:
	case SETTING_SECTION:
		buf_add_string(out, allowed_text[setting->kind]);
		return;
	}
}

/* --- refusals: each adds one sentence and returns false --- */

static bool refuse(
	struct buf *why, const struct setting *setting, struct span value, const char *what)
{
	setting_add_quoted(why, value);
	buf_add_string(why, " is no value for `");
	buf_add_string(why, setting->key);
	buf_add_string(why, what);
	buf_add_string(why, "; allowed: ");
	setting_add_allowed(setting, why);
	return false;
}

bool setting_refuse_word(
	struct buf *why, const struct setting *setting, struct span value, struct span words)
{
	struct span near = nearest_word(words, value);

	(void)refuse(why, setting, value, "`");
	if (near.len > 0) {
		buf_add_string(why, "; did you mean `");
		buf_add(why, near);
		buf_add_string(why, "`?");
	}
	return false;
}

/* --- values --- */

static void put_number(const struct setting *setting, void *base, uint64_t value)
{
	char *at = (char *)base + setting->offset;

	switch (setting->size) {
	case 1:
		*(uint8_t *)at = (uint8_t)value;
		return;
	case 4:
		*(uint32_t *)(void *)at = (uint32_t)value;
		return;
	case 8:
		*(uint64_t *)(void *)at = value;
		return;
	}
	ASSERT(false); /* a field of another size */
}

static bool has_leading_zero(struct span digits)
{
	return digits.len > 1 && digits.data[0] == '0';
}

static bool store_number(
	const struct setting *setting, void *base, struct span value, bool quoted, struct buf *why)
{
	uint64_t number;

	if (quoted)
		return refuse(why, setting, value, "` in quotes");
	if (has_leading_zero(value))
		return refuse(why, setting, value, "`: no zeros in front");
	bool zero = (setting->flags & SETTING_FLAG_OR_0) != 0;

	if (!number_parse_u64(value, setting->max, &number) ||
		(number < setting->min && !(zero && number == 0)))
		return refuse(why, setting, value, "`");
	put_number(setting, base, number);
	return true;
}

/* Nanoseconds a unit has, or 0 when there is none such. */
static int64_t unit_find(struct span name)
{
	for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
		if (span_equal(name, span_from_string(units[i].name)))
			return units[i].ns;
	}
	return 0;
}

static bool store_time(
	const struct setting *setting, void *base, struct span value, bool quoted, struct buf *why)
{
	size_t digits = 0;
	uint64_t number;

	while (digits < value.len && value.data[digits] >= '0' && value.data[digits] <= '9')
		digits++;
	struct span unit = span_slice(value, digits, value.len);
	int64_t unit_ns = unit_find(unit);

	if (quoted)
		return refuse(why, setting, value, "` in quotes");
	if (has_leading_zero(span_slice(value, 0, digits)))
		return refuse(why, setting, value, "`: no zeros in front");
	if (digits > 0 && unit.len == 0)
		return refuse(why, setting, value, "`: its unit is missing (us, ms, s, min, h)");
	if (digits > 0 && unit_ns == 0)
		return refuse(why, setting, value, "`: whole numbers of us, ms, s, min or h only");
	if (!number_parse_u64(span_slice(value, 0, digits), UINT64_MAX, &number) ||
		__builtin_mul_overflow(number, (uint64_t)unit_ns, &number))
		return refuse(why, setting, value, "`");
	if (number % setting->unit_ns != 0)
		return refuse(why, setting, value, "`: too fine");
	number /= setting->unit_ns;
	if (number < setting->min || number > setting->max)
		return refuse(why, setting, value, "`");
	put_number(setting, base, number);
	return true;
}

static bool store_word(const struct setting *setting, void *base, struct span value,
	const char *words, bool quoted, struct buf *why)
{
	struct span rest = span_from_string(words);
	struct span word;

	if (quoted)
		return refuse(why, setting, value, "` in quotes");
	for (uint64_t i = 0; span_next(&rest, '|', &word); i++) {
		if (span_equal(word, value)) {
			put_number(setting, base, i + setting->min);
			return true;
		}
	}
	return setting_refuse_word(why, setting, value, span_from_string(words));
}

static bool is_id(struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-')
			return false;
	}
	return value.len > 0;
}

static bool is_path(struct span value)
{
	struct span rest = value;
	struct span part;

	if (value.len == 0 || value.data[0] != '/' || !utf8_printable(value, NULL))
		return false;
	while (span_next(&rest, '/', &part)) {
		if (span_equal(part, SPAN_LIT("..")))
			return false;
	}
	return true;
}

static bool is_host(struct span value)
{
	if (value.len == 0 || value.data[0] == '-' || value.data[0] == '.')
		return false;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];

		if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') &&
			c != '.' && c != '-')
			return false;
	}
	return true;
}

bool settings_address_parse(
	struct span text, struct sockaddr_storage *ret_address, socklen_t *ret_len)
{
	struct sockaddr_in *v4 = (void *)ret_address;
	struct sockaddr_in6 *v6 = (void *)ret_address;
	bool bracket = text.len > 0 && text.data[0] == '[';
	size_t host_len = text.len;
	char host[INET6_ADDRSTRLEN] = "";
	uint64_t port;

	while (host_len > 0 && text.data[host_len - 1] != ':')
		host_len--;
	struct span digits = span_slice(text, host_len, text.len);

	if (host_len == 0 || has_leading_zero(digits) ||
		!number_parse_u64(digits, UINT16_MAX, &port))
		return false;
	struct span name = span_slice(text, 0, host_len - 1);

	if (bracket && (name.len < 2 || name.data[name.len - 1] != ']'))
		return false;
	if (bracket)
		name = span_slice(name, 1, name.len - 2);
	if (name.len >= sizeof(host) || span_find(name, '\0') < name.len)
		return false;
	memcpy(host, name.data, name.len);
	memset(ret_address, 0, sizeof(*ret_address));
	if (bracket) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		*ret_len = sizeof(*v6);
		return inet_pton(AF_INET6, host, &v6->sin6_addr) == 1;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons((uint16_t)port);
	*ret_len = sizeof(*v4);
	return inet_pton(AF_INET, host, &v4->sin_addr) == 1;
}

static bool is_address(struct span value)
{
	struct sockaddr_storage address;
	socklen_t len;

	/* port 0 would be another port at every start */
	return settings_address_parse(value, &address, &len) &&
	       !(value.len > 1 && value.data[value.len - 1] == '0' &&
		       value.data[value.len - 2] == ':');
}

bool setting_store(
	const struct setting *setting, void *base, struct span value, bool quoted, struct buf *why)
{
	void *at = (char *)base + setting->offset;
	bool good = false;

	switch ((enum setting_kind)setting->kind) {
	case SETTING_NUMBER:
		return store_number(setting, base, value, quoted, why);
	case SETTING_TIME:
		return store_time(setting, base, value, quoted, why);
	case SETTING_YES_NO:
		return store_word(setting, base, value, YES_NO_WORDS, quoted, why);
	case SETTING_CHOICE:
		return store_word(setting, base, value, setting->choices, quoted, why);
	case SETTING_ID:
		good = is_id(value) && text_set((struct text32 *)at, value);
		break;
	case SETTING_NAME:
		good = value.len > 0 && utf8_printable(value, NULL) &&
		       text_set((struct text64 *)at, value);
		break;
	case SETTING_PATH:
		good = is_path(value) && text_set((struct text256 *)at, value);
		break;
	case SETTING_ADDRESS:
		good = is_address(value) && text_set((struct text64 *)at, value);
		break;
	case SETTING_FORMAT_WORD:
	case SETTING_FORMAT_RANGES:
	case SETTING_FORMAT_ITEMS:
		good = text_set((struct text1024 *)at, value);
		break;
	case SETTING_FORMAT:
		good = value.len > 0 && utf8_printable(value, NULL) &&
		       text_set((struct text32 *)at, value);
		break;
	case SETTING_LINE:
		return setting_line_store(setting, base, value, why);
	case SETTING_PORT:
		return setting_port_store(setting, base, value, why);
	case SETTING_SECTION:
	case SETTING_HOSTS:
	case SETTING_NETWORKS:
	case SETTING_FORMATS:
	case SETTING_DIGESTS:
		ASSERT(false); /* lists are filled by setting_list_add */
	}
	return good || refuse(why, setting, value, "`");
}

/* --- lists --- */

bool setting_is_list(const struct setting *setting)
{
	return setting->kind == SETTING_HOSTS || setting->kind == SETTING_FORMATS ||
	       setting->kind == SETTING_DIGESTS || setting->kind == SETTING_NETWORKS;
}

bool setting_may_be_list(const struct setting *setting)
{
	return setting_is_list(setting) || setting->kind == SETTING_FORMAT_RANGES ||
	       setting->kind == SETTING_FORMAT_ITEMS;
}

/* Two settings are lists of networks. */
struct networks {
	struct cidr *network;
	uint8_t *count; /* at most HTTP_NETWORKS_MAX */
};

static struct networks networks_of(const struct setting *setting, struct settings *settings)
{
	if (setting->offset == offsetof(struct settings, http_metrics))
		return (struct networks){settings->http_metrics, &settings->http_metrics_count};
	return (struct networks){settings->http_compat, &settings->http_compat_count};
}

void setting_list_clear(const struct setting *setting, void *base)
{
	if (!setting_is_list(setting))
		((struct text1024 *)(void *)((char *)base + setting->offset))->len = 0;
	else if (setting->kind == SETTING_FORMATS)
		((struct reader_draft *)base)->reader.format_count = 0;
	else if (setting->kind == SETTING_DIGESTS)
		((struct settings *)base)->digest_count = 0;
	else if (setting->kind == SETTING_NETWORKS)
		*networks_of(setting, base).count = 0;
	else
		((struct settings *)base)->http_name_count = 0;
}

static bool refuse_twice(struct buf *why, const struct setting *setting, struct span item)
{
	setting_add_quoted(why, item);
	buf_add_string(why, " stands twice in `");
	buf_add_string(why, setting->key);
	buf_add_string(why, "`");
	return false;
}

static bool refuse_many(struct buf *why, const struct setting *setting)
{
	buf_add_string(why, "too many in `");
	buf_add_string(why, setting->key);
	buf_add_string(why, "`; allowed: ");
	setting_add_allowed(setting, why);
	return false;
}

static bool host_add(
	const struct setting *setting, struct settings *settings, struct span item, struct buf *why)
{
	if (!is_host(item) || item.len > sizeof(settings->http_name[0].bytes))
		return refuse(why, setting, item, "`");
	for (unsigned i = 0; i < settings->http_name_count; i++) {
		if (span_equal_nocase(text_span(&settings->http_name[i]), item))
			return refuse_twice(why, setting, item);
	}
	if (settings->http_name_count == HTTP_NAMES_MAX)
		return refuse_many(why, setting);
	settings->http_name_count++;
	return text_set(&settings->http_name[settings->http_name_count - 1], item);
}

static bool network_add(
	const struct setting *setting, struct settings *settings, struct span item, struct buf *why)
{
	const struct networks list = networks_of(setting, settings);
	struct cidr network;
	enum cidr_result result = cidr_parse(item, &network);

	if (result == CIDR_BAD)
		return refuse(why, setting, item, "`");
	if (result == CIDR_HOST_BITS) {
		(void)refuse(why, setting, item, "`");
		buf_add_string(why, "; did you mean `");
		cidr_print(&network, why);
		buf_add_string(why, "`?");
		return false;
	}
	for (unsigned i = 0; i < *list.count; i++) {
		if (memcmp(&list.network[i], &network, sizeof(network)) == 0)
			return refuse_twice(why, setting, item);
	}
	if (*list.count == HTTP_NETWORKS_MAX)
		return refuse_many(why, setting);
	list.network[(*list.count)++] = network;
	return true;
}

/* setting_formats_place judges the names: `formats` may stand below the readers. */
static bool format_add(const struct setting *setting, struct reader_settings *reader,
	struct span item, struct buf *why)
{
	if (reader->format_count == READER_FORMATS_MAX)
		return refuse_many(why, setting);
	if (!text_set(&reader->format[reader->format_count], item))
		return refuse(why, setting, item, "`");
	reader->format_count++;
	return true;
}

/* Joins the items of a key of a card format to the one text that card_format_set reads. */
static bool part_add(
	const struct setting *setting, struct text1024 *text, struct span item, struct buf *why)
{
	char memory[sizeof(text->bytes)];
	struct buf joined = buf_over(memory, sizeof(memory));

	buf_add(&joined, text_span(text));
	if (text->len > 0)
		buf_add_string(&joined, setting->kind == SETTING_FORMAT_ITEMS ? "; " : ",");
	buf_add(&joined, item);
	if (joined.overflow)
		return refuse_many(why, setting);
	return text_set(text, buf_span(&joined));
}

static bool digest_add(
	const struct setting *setting, struct settings *settings, struct span item, struct buf *why)
{
	uint8_t algorithm = 0;

	while (algorithm < DIGEST_ALGORITHM_COUNT &&
		!span_equal(item, span_from_string(digest_words[algorithm])))
		algorithm++;
	if (algorithm == DIGEST_ALGORITHM_COUNT)
		return setting_refuse_word(why, setting, item, SPAN_LIT("md5|sha-256"));
	for (unsigned i = 0; i < settings->digest_count; i++) {
		if (settings->digest[i] == algorithm)
			return refuse_twice(why, setting, item);
	}
	settings->digest[settings->digest_count++] = algorithm;
	return true;
}

bool setting_list_add(const struct setting *setting, void *base, struct span item, struct buf *why)
{
	if (!setting_is_list(setting))
		return part_add(setting, (void *)((char *)base + setting->offset), item, why);
	if (setting->kind == SETTING_FORMATS)
		return format_add(setting, &((struct reader_draft *)base)->reader, item, why);
	if (setting->kind == SETTING_DIGESTS)
		return digest_add(setting, base, item, why);
	if (setting->kind == SETTING_NETWORKS)
		return network_add(setting, base, item, why);
	return host_add(setting, base, item, why);
}
