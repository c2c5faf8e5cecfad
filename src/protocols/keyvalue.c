// SPDX-License-Identifier: Apache-2.0
/*
 * key=value lines. The writer puts bytes into its caller's buf and looks at no limit of its own;
 * the reader hands out spans into its caller's text and keeps nothing. Both forms of a device's
 * local time are read here, one is written.
 */
#include "protocols/keyvalue.h"

#include "base/number.h"

/* Adds a value that came from outside once: nothing in it may end its line. */
static void add_value(struct buf *out, struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		uint8_t byte = (uint8_t)value.data[i];

		buf_add_byte(out, byte < 0x20 || byte == 0x7f ? '?' : value.data[i]);
	}
}

void keyvalue_row_text(struct buf *out, struct span prefix, const char *key, struct span value)
{
	buf_add(out, prefix);
	buf_add_string(out, key);
	buf_add_byte(out, '=');
	add_value(out, value);
	buf_add(out, SPAN_LIT("\r\n"));
}

void keyvalue_text(struct buf *out, const char *key, struct span value)
{
	keyvalue_row_text(out, (struct span){NULL, 0}, key, value);
}

void keyvalue_u64(struct buf *out, const char *key, uint64_t value)
{
	buf_add_string(out, key);
	buf_add_byte(out, '=');
	buf_add_u64(out, value);
	buf_add(out, SPAN_LIT("\r\n"));
}

void keyvalue_i64(struct buf *out, const char *key, int64_t value)
{
	buf_add_string(out, key);
	buf_add_byte(out, '=');
	buf_add_i64(out, value);
	buf_add(out, SPAN_LIT("\r\n"));
}

void keyvalue_bool(struct buf *out, const char *key, bool value)
{
	keyvalue_text(out, key, value ? SPAN_LIT("true") : SPAN_LIT("false"));
}

bool keyvalue_next(struct span *rest, struct keyvalue_line *ret)
{
	struct span line;

	while (span_next(rest, '\n', &line)) {
		while (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		size_t equals = span_find(line, '=');
		struct span key = span_trim(span_slice(line, 0, equals));

		if (line.len == 0)
			continue;
		*ret = (struct keyvalue_line){.value = line};
		if (equals == line.len || key.len == 0)
			return true;
		ret->key = key;
		ret->value = span_slice(line, equals + 1, line.len);
		while (ret->value.len > 0 &&
			(ret->value.data[0] == ' ' || ret->value.data[0] == '\t'))
			ret->value = span_slice(ret->value, 1, ret->value.len);
		return true;
	}
	return false;
}

bool keyvalue_row_key(
	struct span key, struct span *ret_table, uint32_t *ret_row, struct span *ret_field)
{
	size_t left = span_find(key, '[');
	size_t right = span_find(key, ']');
	uint64_t row;

	if (left == 0 || right >= key.len || left >= right || key.len - right < 3 ||
		key.data[right + 1] != '.')
		return false;
	if (!number_parse_u64(span_slice(key, left + 1, right - left - 1), UINT32_MAX, &row))
		return false;
	*ret_table = span_slice(key, 0, left);
	*ret_row = (uint32_t)row;
	*ret_field = span_slice(key, right + 2, key.len);
	return true;
}

/* Takes least to most digits off the front of *s. */
static bool take_number(struct span *s, size_t least, size_t most, uint32_t *ret)
{
	size_t digits = 0;
	uint32_t value = 0;

	for (; digits < most && digits < s->len; digits++) {
		char c = s->data[digits];

		if (c < '0' || c > '9')
			break;
		value = value * 10 + (uint32_t)(c - '0');
	}
	if (digits < least)
		return false;
	*ret = value;
	*s = span_slice(*s, digits, s->len);
	return true;
}

static bool take_byte(struct span *s, char wanted)
{
	if (s->len == 0 || s->data[0] != wanted)
		return false;
	*s = span_slice(*s, 1, s->len);
	return true;
}

static bool parse_compact(struct span s, uint32_t part[6])
{
	return take_number(&s, 4, 4, &part[0]) && take_number(&s, 2, 2, &part[1]) &&
	       take_number(&s, 2, 2, &part[2]) && take_byte(&s, ' ') &&
	       take_number(&s, 2, 2, &part[3]) && take_number(&s, 2, 2, &part[4]) &&
	       take_number(&s, 2, 2, &part[5]) && s.len == 0;
}

static bool take_clock(struct span *s, uint32_t part[3])
{
	return take_number(s, 1, 2, &part[0]) && take_byte(s, ':') &&
	       take_number(s, 1, 2, &part[1]) && take_byte(s, ':') &&
	       take_number(s, 1, 2, &part[2]);
}

static bool parse_dashed(struct span s, uint32_t part[6])
{
	return take_number(&s, 4, 4, &part[0]) && take_byte(&s, '-') &&
	       take_number(&s, 1, 2, &part[1]) && take_byte(&s, '-') &&
	       take_number(&s, 1, 2, &part[2]) && take_byte(&s, ' ') && take_clock(&s, part + 3) &&
	       s.len == 0;
}

bool keyvalue_parse_time(struct span text, struct civil *ret)
{
	uint32_t part[6];

	if (!parse_compact(text, part) && !parse_dashed(text, part))
		return false;
	/* Each part but the year has two digits at most: the narrow types hold them. */
	struct civil local = {
		.year = (int32_t)part[0],
		.month = (uint8_t)part[1],
		.day = (uint8_t)part[2],
		.hour = (uint8_t)part[3],
		.minute = (uint8_t)part[4],
		.second = (uint8_t)part[5],
	};

	if (!civil_valid(&local))
		return false;
	*ret = local;
	return true;
}

static void add_clock(struct buf *out, uint32_t hour, uint32_t minute, uint32_t second)
{
	buf_add_padded(out, hour, 2);
	buf_add_byte(out, ':');
	buf_add_padded(out, minute, 2);
	buf_add_byte(out, ':');
	buf_add_padded(out, second, 2);
}

void keyvalue_add_time(struct buf *out, const struct civil *local)
{
	buf_add_padded(out, (uint64_t)local->year, 4);
	buf_add_byte(out, '-');
	buf_add_padded(out, local->month, 2);
	buf_add_byte(out, '-');
	buf_add_padded(out, local->day, 2);
	buf_add_byte(out, ' ');
	add_clock(out, local->hour, local->minute, local->second);
}

bool keyvalue_parse_bool(struct span text, bool *ret)
{
	bool yes = span_equal_nocase(text, SPAN_LIT("true")) || span_equal(text, SPAN_LIT("1"));
	bool no = span_equal_nocase(text, SPAN_LIT("false")) || span_equal(text, SPAN_LIT("0"));

	if (!yes && !no)
		return false;
	*ret = yes;
	return true;
}

/* hh:mm:ss of a day whose end is 24:00:00. */
static bool take_second_of_day(struct span *s, uint32_t *ret)
{
	uint32_t part[3];

	if (!take_clock(s, part) || part[1] > 59 || part[2] > 59)
		return false;
	*ret = part[0] * 3600 + part[1] * 60 + part[2];
	return *ret <= S_PER_DAY;
}

bool keyvalue_parse_period(struct span text, struct keyvalue_period *ret)
{
	struct keyvalue_period period;

	if (!take_number(&text, 1, 3, &period.mask) || !take_byte(&text, ' ') ||
		!take_second_of_day(&text, &period.from_s) || !take_byte(&text, '-') ||
		!take_second_of_day(&text, &period.to_s) || text.len > 0 ||
		period.to_s < period.from_s || period.mask > UINT8_MAX)
		return false;
	*ret = period;
	return true;
}

void keyvalue_add_period(struct buf *out, const struct keyvalue_period *period)
{
	buf_add_u64(out, period->mask);
	buf_add_byte(out, ' ');
	add_clock(out, period->from_s / 3600, period->from_s / 60 % 60, period->from_s % 60);
	buf_add_byte(out, '-');
	add_clock(out, period->to_s / 3600, period->to_s / 60 % 60, period->to_s % 60);
}
