// SPDX-License-Identifier: Apache-2.0
/*
 * What a frame says, in words. A row per code names the function that tells its data; a code
 * without one is told as hex. Data in a secure channel is told by its length alone.
 *
 * Hidden bytes are written over in the frame itself, so that neither a text nor a capture made of
 * it can tell them.
 */
#include "protocols/osdp_trace.h"

#include "base/compiler.h"
#include "protocols/osdp_message.h"
#include "protocols/osdp_secure.h"

#define HEX_MAX 64 /* bytes shown */
#define LIST_MAX 8 /* records of a list that are told */
#define PDCAP_SIZE 3 /* bytes of a record */

/* False: the data are not what the code has. */
typedef bool tell_fn(struct buf *out, const struct osdp_frame *frame);
typedef bool tell_secret_fn(struct buf *out, const struct osdp_frame *frame, bool secrets);

/* --- parts --- */

static void add_hex(struct buf *out, struct span bytes)
{
	struct span shown = span_slice(bytes, 0, HEX_MAX);

	buf_add_hex(out, shown.data, shown.len);
	if (shown.len < bytes.len) {
		buf_add_string(out, ".. of ");
		buf_add_u64(out, bytes.len);
		buf_add_string(out, " bytes");
	}
}

static void add_number(struct buf *out, const char *before, uint64_t number, const char *behind)
{
	buf_add_string(out, before);
	buf_add_u64(out, number);
	buf_add_string(out, behind);
}

/* Behind the told ones of a list, rest: the others. False: not all of it are whole records. */
static bool end_list(
	struct buf *out, const struct osdp_frame *frame, struct span rest, size_t record_size)
{
	if (rest.len > 0)
		buf_add_string(out, ", ..");
	return frame->data.len > 0 && frame->data.len % record_size == 0;
}

/* Units of 100 ms as seconds: "0.2 s". */
static void add_tenths(struct buf *out, const char *before, unsigned tenths)
{
	add_number(out, before, tenths / 10, ".");
	buf_add_u64(out, tenths % 10);
	buf_add_string(out, " s");
}

/* Behind the first of a list: ", ". */
static void add_comma(struct buf *out, size_t begin)
{
	if (out->len > begin)
		buf_add_string(out, ", ");
}

static void add_secret(struct buf *out, const char *what, struct span bytes, bool secrets)
{
	if (secrets) {
		add_hex(out, bytes);
		return;
	}
	add_number(out, "", bytes.len, what);
	buf_add_string(out, ", hidden");
}

/* Other signs than printable ones as dots. */
static void add_quoted(struct buf *out, struct span text)
{
	buf_add_byte(out, '"');
	for (size_t i = 0; i < text.len; i++)
		buf_add_byte(out, text.data[i] >= 0x20 && text.data[i] < 0x7F ? text.data[i] : '.');
	buf_add_byte(out, '"');
}

static void add_word(struct buf *out, const char *const *words, size_t count, unsigned value)
{
	if (value < count)
		buf_add_string(out, words[value]);
	else
		add_number(out, "value ", value, "");
}

/* --- commands --- */

static bool tell_ask(struct buf *out, const struct osdp_frame *frame)
{
	struct osdp_ask ask;

	if (!osdp_ask_decode(frame->data, &ask))
		return false;
	if (ask.form != 0)
		add_number(out, "form ", ask.form, "");
	return true;
}

static bool tell_out(struct buf *out, const struct osdp_frame *frame)
{
	static const char *const words[] = {"stays", "off", "on", "off behind its timer",
		"on behind its timer", "on for", "off for"};
	struct span rest = frame->data;
	size_t begin = out->len;
	struct osdp_out output;

	for (unsigned i = 0; i < LIST_MAX && osdp_out_next(&rest, &output); i++) {
		add_comma(out, begin);
		add_number(out, "output ", output.output, " ");
		add_word(out, words, ARRAY_COUNT(words), output.code);
		if (output.code == OSDP_OUT_ON_FOR_TIMER || output.code == OSDP_OUT_OFF_FOR_TIMER)
			add_tenths(out, " ", output.timer_100ms);
	}
	return end_list(out, frame, rest, OSDP_OUT_SIZE);
}

static void add_blink(struct buf *out, const struct osdp_blink *blink)
{
	static const char *const colours[] = {
		"dark", "red", "green", "amber", "blue", "magenta", "cyan", "white"};

	add_word(out, colours, ARRAY_COUNT(colours), blink->on_colour);
	if (blink->off_100ms == 0)
		return;
	add_tenths(out, " ", blink->on_100ms);
	buf_add_string(out, " and ");
	add_word(out, colours, ARRAY_COUNT(colours), blink->off_colour);
	add_tenths(out, " ", blink->off_100ms);
}

static bool tell_led(struct buf *out, const struct osdp_frame *frame)
{
	struct span rest = frame->data;
	size_t begin = out->len;
	struct osdp_led led;

	for (unsigned i = 0; i < LIST_MAX && osdp_led_next(&rest, &led); i++) {
		add_comma(out, begin);
		add_number(out, "light ", led.led, ":");
		if (led.temporary.code == OSDP_LED_TEMPORARY_CANCEL)
			buf_add_string(out, " end of the temporary one");
		if (led.temporary.code == OSDP_LED_TEMPORARY_SET) {
			add_tenths(out, " for ", led.timer_100ms);
			buf_add_byte(out, ' ');
			add_blink(out, &led.temporary);
		}
		if (led.permanent.code == OSDP_LED_PERMANENT_SET) {
			buf_add_string(out, led.temporary.code == 0 ? " " : ", then ");
			add_blink(out, &led.permanent);
		}
	}
	return end_list(out, frame, rest, OSDP_LED_SIZE);
}

static bool tell_buz(struct buf *out, const struct osdp_frame *frame)
{
	struct osdp_buz buz;

	if (!osdp_buz_decode(frame->data, &buz))
		return false;
	if (buz.tone <= OSDP_TONE_OFF) {
		buf_add_string(out, "off");
		return true;
	}
	add_tenths(out, "on ", buz.on_100ms);
	add_tenths(out, ", off ", buz.off_100ms);
	if (buz.count == 0)
		buf_add_string(out, ", until it is told otherwise");
	else
		add_number(out, ", ", buz.count, buz.count == 1 ? " time" : " times");
	return true;
}

static bool tell_text(struct buf *out, const struct osdp_frame *frame)
{
	struct osdp_text text;

	if (!osdp_text_decode(frame->data, &text))
		return false;
	add_quoted(out, text.text);
	add_number(out, " row ", text.row, "");
	add_number(out, " column ", text.column, "");
	if (text.command == OSDP_TEXT_TEMPORARY || text.command == OSDP_TEXT_TEMPORARY_WRAP)
		add_number(out, " for ", text.temporary_s, " s");
	return true;
}

static bool tell_com(struct buf *out, const struct osdp_frame *frame)
{
	struct osdp_com com;

	if (!osdp_com_decode(frame->data, &com))
		return false;
	add_number(out, "address ", com.address, "");
	add_number(out, ", ", com.baud, " baud");
	return true;
}

static bool tell_keyset(struct buf *out, const struct osdp_frame *frame, bool secrets)
{
	struct osdp_keyset keyset;

	if (!osdp_keyset_decode(frame->data, &keyset))
		return false;
	add_number(out, "key of type ", keyset.type, ": ");
	add_secret(out, " bytes", keyset.key, secrets);
	return true;
}

static bool tell_u16(struct buf *out, const struct osdp_frame *frame)
{
	uint16_t value;

	if (!osdp_u16_decode(frame->data, &value))
		return false;
	add_number(out, "", value, frame->code == OSDP_KEEPACTIVE ? " ms" : " bytes");
	return true;
}

static bool tell_filetransfer(struct buf *out, const struct osdp_frame *frame)
{
	struct osdp_filetransfer part;

	if (!osdp_filetransfer_decode(frame->data, &part))
		return false;
	add_number(out, "file of type ", part.type, ": ");
	add_number(out, "", part.fragment.len, " bytes from ");
	add_number(out, "", part.offset, " of ");
	buf_add_u64(out, part.total);
	return true;
}

static bool tell_mfg(struct buf *out, const struct osdp_frame *frame)
{
	struct osdp_mfg mfg;

	if (!osdp_mfg_decode(frame->data, &mfg))
		return false;
	buf_add_string(out, "vendor ");
	buf_add_hex(out, mfg.vendor, sizeof(mfg.vendor));
	buf_add_string(out, ": ");
	add_hex(out, mfg.data);
	return true;
}

static bool tell_biomatch(struct buf *out, const struct osdp_frame *frame, bool secrets)
{
	struct osdp_biomatch match;

	if (!osdp_biomatch_decode(frame->data, &match))
		return false;
	add_number(out, "type ", match.type, ": template of ");
	add_secret(out, " bytes", match.pattern, secrets);
	return true;
}

/* The key that a handshake is about stands in the security block. */
static bool tell_handshake(struct buf *out, const struct osdp_frame *frame)
{
	if (frame->block.len != 1)
		return false;
	if (frame->block_type == OSDP_SCS_14)
		buf_add_string(out, frame->block.data[0] == 1 ? "accepted" : "refused");
	else
		buf_add_string(out, frame->block.data[0] == 0 ? "default key" : "own key");
	if (frame->block_type == OSDP_SCS_12 && frame->data.len >= OSDP_CUID_SIZE) {
		buf_add_string(out, ", reader ");
		buf_add_hex(out, frame->data.data, OSDP_CUID_SIZE);
	}
	return true;
}

/* --- replies --- */

static bool tell_nak(struct buf *out, const struct osdp_frame *frame)
{
	struct osdp_nak_reply nak;

	if (!osdp_nak_decode(frame->data, &nak))
		return false;
	add_number(out, "", nak.code, ": ");
	buf_add_string(out, osdp_nak_text(nak.code));
	if (nak.detail.len > 0) {
		buf_add_string(out, ", ");
		add_hex(out, nak.detail);
	}
	return true;
}

static bool tell_pdid(struct buf *out, const struct osdp_frame *frame)
{
	struct osdp_pdid id;

	if (!osdp_pdid_decode(frame->data, &id))
		return false;
	buf_add_string(out, "vendor ");
	buf_add_hex(out, id.vendor, sizeof(id.vendor));
	add_number(out, ", model ", id.model, "");
	add_number(out, ", version ", id.version, "");
	add_number(out, ", serial ", id.serial, "");
	add_number(out, ", firmware ", id.firmware[0], ".");
	add_number(out, "", id.firmware[1], ".");
	buf_add_u64(out, id.firmware[2]);
	return true;
}

static bool tell_pdcap(struct buf *out, const struct osdp_frame *frame)
{
	struct span rest = frame->data;
	size_t begin = out->len;
	struct osdp_pdcap cap;

	/* A reader has 17 functions; more are more than a line can tell. */
	for (unsigned i = 0; i < 32 && osdp_pdcap_next(&rest, &cap); i++) {
		add_comma(out, begin);
		add_number(out, "", cap.function, ":");
		add_number(out, "", cap.compliance, "/");
		buf_add_u64(out, cap.number);
	}
	return end_list(out, frame, rest, PDCAP_SIZE);
}

static bool tell_lstatr(struct buf *out, const struct osdp_frame *frame)
{
	struct osdp_lstatr local;

	if (!osdp_lstatr_decode(frame->data, &local))
		return false;
	buf_add_string(out, local.tamper ? "tampered with" : "no tamper");
	buf_add_string(out, local.power ? ", power failed or was away" : ", power good");
	return true;
}

static bool tell_states(struct buf *out, const struct osdp_frame *frame)
{
	static const char *const inputs[] = {
		"inactive", "active", "short", "open", "fault", "unknown"};
	static const char *const readers[] = {"normal", "not connected", "tampered with"};
	bool heads = frame->code == OSDP_RSTATR;
	struct span shown = span_slice(frame->data, 0, 32);
	size_t begin = out->len;

	for (size_t i = 0; i < shown.len; i++) {
		add_comma(out, begin);
		add_number(out, "", i, " ");
		add_word(out, heads ? readers : inputs,
			heads ? ARRAY_COUNT(readers) : ARRAY_COUNT(inputs), (uint8_t)shown.data[i]);
	}
	if (shown.len < frame->data.len)
		buf_add_string(out, ", ..");
	return true;
}

static bool tell_raw(struct buf *out, const struct osdp_frame *frame)
{
	struct osdp_raw raw;
	struct card_bits bits;

	if (!osdp_raw_decode(frame->data, &raw))
		return false;
	add_number(out, "head ", raw.reader, raw.format == 1 ? ", Wiegand, " : ", ");
	add_number(out, "", raw.bit_count, " bits ");
	if (!osdp_raw_bits(&raw, &bits)) {
		add_hex(out, raw.bytes);
		return true;
	}
	for (unsigned i = 0; i < bits.count; i++)
		buf_add_byte(out, card_bits_get(&bits, i) ? '1' : '0');
	return true;
}

static bool tell_fmt(struct buf *out, const struct osdp_frame *frame)
{
	struct osdp_fmt fmt;

	if (!osdp_fmt_decode(frame->data, &fmt))
		return false;
	add_number(out, "head ", fmt.reader, ", characters ");
	add_quoted(out, fmt.characters);
	return true;
}

static bool tell_keypad(struct buf *out, const struct osdp_frame *frame, bool secrets)
{
	struct osdp_keypad keypad;

	if (!osdp_keypad_decode(frame->data, &keypad))
		return false;
	add_number(out, "head ", keypad.reader, ", ");
	if (!secrets) {
		add_secret(out, keypad.keys.len == 1 ? " key" : " keys", keypad.keys, false);
		return true;
	}
	for (size_t i = 0; i < keypad.keys.len; i++) {
		char key = keypad.keys.data[i];

		buf_add_byte(out, key == OSDP_KEY_ENTER	       ? '#'
				  : key == OSDP_KEY_CLEAR      ? '*'
				  : (key >= '0' && key <= 'D') ? key
							       : '?');
	}
	return true;
}

static bool tell_bioreadr(struct buf *out, const struct osdp_frame *frame, bool secrets)
{
	struct osdp_bioreadr read;

	if (!osdp_bioreadr_decode(frame->data, &read))
		return false;
	add_number(out, "status ", read.status, "");
	add_number(out, ", type ", read.type, "");
	add_number(out, ", quality ", read.quality, ", template of ");
	add_secret(out, " bytes", read.data, secrets);
	return true;
}

static bool tell_biomatchr(struct buf *out, const struct osdp_frame *frame)
{
	struct osdp_biomatchr match;

	if (!osdp_biomatchr_decode(frame->data, &match))
		return false;
	add_number(out, "status ", match.status, "");
	add_number(out, ", score ", match.score, "");
	return true;
}

static bool tell_ftstat(struct buf *out, const struct osdp_frame *frame)
{
	struct osdp_ftstat ftstat;

	if (!osdp_ftstat_decode(frame->data, &ftstat))
		return false;
	buf_add_string(out, osdp_ftstat_text(ftstat.status));
	if (ftstat.delay_ms > 0)
		add_number(out, ", next one in ", ftstat.delay_ms, " ms");
	if (ftstat.frame_max > 0)
		add_number(out, ", frames of at most ", ftstat.frame_max, " bytes");
	if (!(ftstat.flags & OSDP_FTSTAT_INTERLEAVE))
		buf_add_string(out, ", nothing else meanwhile");
	if (ftstat.flags & OSDP_FTSTAT_LEAVE_SECURE)
		buf_add_string(out, ", asks to leave the secure channel");
	return true;
}

/* --- all --- */

static const struct {
	uint8_t code;
	bool reply;
	tell_fn *tell;
	tell_secret_fn *tell_secret;
} rows[] = {
	{OSDP_ID, false, tell_ask},
	{OSDP_CAP, false, tell_ask},
	{OSDP_OUT, false, tell_out},
	{OSDP_LED, false, tell_led},
	{OSDP_BUZ, false, tell_buz},
	{OSDP_TEXT, false, tell_text},
	{OSDP_COMSET, false, tell_com},
	{OSDP_KEYSET, false, NULL, tell_keyset},
	{OSDP_CHLNG, false, tell_handshake},
	{OSDP_SCRYPT, false, tell_handshake},
	{OSDP_ACURXSIZE, false, tell_u16},
	{OSDP_KEEPACTIVE, false, tell_u16},
	{OSDP_FILETRANSFER, false, tell_filetransfer},
	{OSDP_MFG, false, tell_mfg},
	{OSDP_BIOMATCH, false, NULL, tell_biomatch},
	{OSDP_NAK, true, tell_nak},
	{OSDP_PDID, true, tell_pdid},
	{OSDP_PDCAP, true, tell_pdcap},
	{OSDP_LSTATR, true, tell_lstatr},
	{OSDP_ISTATR, true, tell_states},
	{OSDP_OSTATR, true, tell_states},
	{OSDP_RSTATR, true, tell_states},
	{OSDP_RAW, true, tell_raw},
	{OSDP_FMT, true, tell_fmt},
	{OSDP_KEYPAD, true, NULL, tell_keypad},
	{OSDP_COM, true, tell_com},
	{OSDP_BIOREADR, true, NULL, tell_bioreadr},
	{OSDP_BIOMATCHR, true, tell_biomatchr},
	{OSDP_CCRYPT, true, tell_handshake},
	{OSDP_RMAC_I, true, tell_handshake},
	{OSDP_FTSTAT, true, tell_ftstat},
	{OSDP_MFGREP, true, tell_mfg},
};

/* False: the data are not what the code has. */
static bool tell_data(struct buf *out, const struct osdp_frame *frame, bool secrets)
{
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		if (rows[i].code == frame->code && rows[i].reply == frame->reply)
			return rows[i].tell != NULL ? rows[i].tell(out, frame)
						    : rows[i].tell_secret(out, frame, secrets);
	}
	add_hex(out, frame->data);
	return true;
}

static bool is_encrypted(const struct osdp_frame *frame)
{
	return frame->block_type == OSDP_SCS_17 || frame->block_type == OSDP_SCS_18 ||
	       frame->block_type >= 0x21;
}

/* From which byte of its data on a frame in clear carries secrets; SIZE_MAX: none. */
static size_t secret_from(bool reply, uint8_t code)
{
	if (!reply)
		return code == OSDP_KEYSET ? 2 : code == OSDP_BIOMATCH ? 6 : SIZE_MAX;
	/* Some readers leave out the length in front of a template: one that is there is hidden
	 * with it. */
	return code == OSDP_KEYPAD ? 2 : code == OSDP_BIOREADR ? 4 : SIZE_MAX;
}

/* Data that is not what its code says may hold a secret somewhere else. */
static void tell_wrong(struct buf *out, const struct osdp_frame *frame, bool secrets)
{
	buf_add_string(out, "not what this code has: ");
	if (!secrets && secret_from(frame->reply, frame->code) != SIZE_MAX)
		add_secret(out, " bytes", frame->data, false);
	else
		add_hex(out, frame->data);
}

void osdp_trace_text(struct buf *out, const struct osdp_frame *frame, bool secrets)
{
	size_t begin = out->len;

	if (is_encrypted(frame)) {
		add_number(out, "", frame->data.len, " bytes encrypted");
		return;
	}
	if (!tell_data(out, frame, secrets)) {
		out->len = begin;
		tell_wrong(out, frame, secrets);
	}
}

/* --- hiding --- */

#define HEAD 5 /* bytes up to CTRL */

static void renew_check(uint8_t *frame, size_t len, bool use_crc)
{
	if (!use_crc) {
		frame[len - 1] = osdp_checksum(span_of(frame, len - 1));
		return;
	}
	uint16_t crc = osdp_crc(span_of(frame, len - 2));

	frame[len - 2] = (uint8_t)crc;
	frame[len - 1] = (uint8_t)(crc >> 8);
}

/* A damaged frame says nothing of where its code is: any of its bytes may be part of a secret. */
static bool hide_damaged(uint8_t *frame, size_t len)
{
	if (len <= HEAD)
		return false;
	memset(frame + HEAD, 0, len - HEAD);
	return true;
}

bool osdp_trace_hide(uint8_t *frame, size_t len)
{
	struct osdp_frame parsed;

	if (osdp_frame_parse(span_of(frame, len), &parsed) != OSDP_FRAME_OK)
		return hide_damaged(frame, len);
	size_t from = secret_from(parsed.reply, parsed.code);

	if (from != SIZE_MAX && is_encrypted(&parsed))
		from = 0;
	if (parsed.data.len <= from)
		return false;
	size_t at = (size_t)(parsed.data.data - (const char *)frame);

	memset(frame + at + from, 0, parsed.data.len - from);
	renew_check(frame, parsed.bytes.len, parsed.use_crc);
	return true;
}

/* --- names --- */

const char *osdp_block_name(const struct osdp_frame *frame)
{
	static const char *const names[] = {
		"SCS_11", "SCS_12", "SCS_13", "SCS_14", "SCS_15", "SCS_16", "SCS_17", "SCS_18"};

	if (!frame->has_security_block)
		return "-";
	return frame->block_type >= OSDP_SCS_11 && frame->block_type <= OSDP_SCS_18
		       ? names[frame->block_type - OSDP_SCS_11]
		       : "?";
}

const char *osdp_frame_result_text(enum osdp_frame_result result)
{
	switch (result) {
	case OSDP_FRAME_OK:
		return "good";
	case OSDP_FRAME_SHORT:
		return "cut short";
	case OSDP_FRAME_START:
		return "does not begin like a frame";
	case OSDP_FRAME_LENGTH:
		return "wrong length";
	case OSDP_FRAME_CONTROL:
		return "wrong control byte";
	case OSDP_FRAME_CHECK:
		return "wrong check";
	case OSDP_FRAME_BLOCK:
		return "wrong security block";
	}
	return "wrong";
}

const char *osdp_ftstat_text(int16_t status)
{
	switch (status) {
	case OSDP_FTSTAT_PROCEED:
		return "go on";
	case OSDP_FTSTAT_PROCESSED:
		return "taken and processed";
	case OSDP_FTSTAT_REBOOTING:
		return "taken; the reader restarts";
	case OSDP_FTSTAT_FINISHING:
		return "the reader works on it";
	case OSDP_FTSTAT_ABORT:
		return "refused: the reader gives up the transfer";
	case OSDP_FTSTAT_UNRECOGNISED:
		return "refused: the reader does not know this kind of file";
	case OSDP_FTSTAT_MALFORMED:
		return "refused: the file is malformed or not for this reader";
	default:
		return status < 0 ? "refused for a reason of the vendor's own"
				  : "a status that is not known";
	}
}
