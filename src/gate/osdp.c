// SPDX-License-Identifier: Apache-2.0
/*
 * OSDP readers: how they do, and what an admin does to their keys. What needs no other thread's
 * knowledge is refused here; a key is taken from a body only, and goes into no log and no answer.
 */
#include "status.h"

#include "base/assert.h"
#include "base/number.h"
#include "messages/readers.h"
#include "protocols/cgi_methods.h"
#include "protocols/keyvalue.h"

#define ROW_BYTES 4096

#define AT(FIELD) offsetof(struct osdp_reader_counters, FIELD)

const struct status_osdp_name status_osdp_counters[STATUS_OSDP_COUNTERS] = {
	{"Exchanges", "exchange"},
	{"Frames", "frame"},
	{"Repeats", "repeat"},
	{"Timeouts", "timeout"},
	{"CheckErrors", "check_error"},
	{"MACErrors", "mac_error"},
	{"Busy", "busy"},
	{"NAKs", "nak"},
	{"Late", "late"},
	{"Handshakes", "handshake"},
	{"SessionsLost", "session_lost"},
	{"Stale", "stale"},
	{"Unreadable", "unreadable"},
	{"Refused", "refused"},
};

uint64_t status_osdp_counter(const struct status_osdp *osdp, unsigned at)
{
	static const size_t offsets[STATUS_OSDP_COUNTERS] = {AT(exchanges), AT(frames), AT(repeats),
		AT(timeouts), AT(check_errors), AT(mac_errors), AT(busy), AT(naks), AT(late),
		AT(handshakes), AT(sessions_lost), AT(stale), AT(unreadable), AT(refused)};
	uint64_t value;

	_Static_assert(
		STATUS_OSDP_COUNTERS * sizeof(uint64_t) == sizeof(struct osdp_reader_counters),
		"every counter has a name");
	ASSERT(at < STATUS_OSDP_COUNTERS);
	memcpy(&value, (const char *)&osdp->reader.counters + offsets[at], sizeof(value));
	return value;
}

/* --- a row --- */

struct printer {
	struct buf *out;
	struct span prefix; /* "readers[3]." */
};

static void print_text(const struct printer *to, const char *key, struct span value)
{
	keyvalue_row_text(to->out, to->prefix, key, value);
}

static void print_string(const struct printer *to, const char *key, const char *value)
{
	print_text(to, key, span_from_string(value));
}

static void print_number(const struct printer *to, const char *key, uint64_t value)
{
	char text[24];
	struct buf digits = buf_over(text, sizeof(text));

	buf_add_u64(&digits, value);
	print_text(to, key, buf_span(&digits));
}

static void print_bool(const struct printer *to, const char *key, bool value)
{
	print_string(to, key, value ? "true" : "false");
}

static void print_ago(
	const struct printer *to, const char *key, const struct message_status *status, int64_t ns)
{
	if (ns > 0 && ns <= status->boot_ns)
		print_number(to, key, (uint64_t)((status->boot_ns - ns) / NS_PER_S));
}

/* Who it says it is; Firmware is "1.2.3", Vendor its three bytes in hexadecimal. */
static void identity_print(const struct printer *to, const struct osdp_pdid *identity)
{
	static const char hex[] = "0123456789abcdef";
	char vendor[2 * sizeof(identity->vendor)];
	char memory[16];
	struct buf firmware = buf_over(memory, sizeof(memory));

	for (unsigned i = 0; i < sizeof(identity->vendor); i++) {
		vendor[2 * i] = hex[identity->vendor[i] >> 4];
		vendor[2 * i + 1] = hex[identity->vendor[i] & 15];
	}
	for (unsigned i = 0; i < sizeof(identity->firmware); i++) {
		if (i > 0)
			buf_add_byte(&firmware, '.');
		buf_add_u64(&firmware, identity->firmware[i]);
	}
	print_text(to, "Vendor", span_of(vendor, sizeof(vendor)));
	print_number(to, "Model", identity->model);
	print_number(to, "HardwareVersion", identity->version);
	print_number(to, "Serial", identity->serial);
	print_text(to, "Firmware", buf_span(&firmware));
}

static void capabilities_print(const struct printer *to, const struct osdp_capabilities *can)
{
	print_number(to, "LEDs", can->leds);
	print_number(to, "LEDLevel", can->led_level);
	print_number(to, "Audible", can->audible);
	print_number(to, "Texts", can->texts);
	print_number(to, "Inputs", can->inputs);
	print_number(to, "Outputs", can->outputs);
	print_number(to, "Heads", can->heads);
	print_number(to, "Biometrics", can->biometrics);
	print_number(to, "Version", can->version);
	print_bool(to, "AES", can->aes);
	print_bool(to, "DefaultKey", can->default_key);
	print_number(to, "ReceiveSize", can->receive_size);
}

static void pairing_print(const struct printer *to, const struct message_status *status,
	const struct status_osdp *osdp)
{
	static const char *const names[PAIRING_STATE_COUNT] = {
		[PAIRING_NONE] = "none",
		[PAIRING_SAVING] = "saving",
		[PAIRING_OPEN] = "open",
		[PAIRING_FINISHING] = "finishing",
	};
	int64_t left_ns = osdp->window_until_ns - status->boot_ns;

	print_bool(to, "HasKey", osdp->has_key);
	print_string(to, "Pairing", names[osdp->pairing]);
	if (osdp->window_until_ns > 0)
		print_number(to, "WindowLeft",
			left_ns > 0 ? (uint64_t)((left_ns + NS_PER_S - 1) / NS_PER_S) : 0);
	if (osdp->pair_failed != OSDP_WHY_NONE)
		print_string(to, "PairFailed", osdp_why_name(osdp->pair_failed));
}

static void osdp_print(const struct printer *to, const struct settings *settings,
	const struct message_status *status, const struct status_reader *row)
{
	const struct reader_osdp *place = &settings->reader[row->number - 1].osdp;
	const struct osdp_line_settings *line = &settings->osdp_line[place->line];
	const struct osdp_reader_status *reader = &row->osdp.reader;
	bool online = status_reader_online(row);

	print_text(to, "Line", text_span(&line->id));
	print_number(to, "Address", place->address);
	print_number(to, "Baud", settings_osdp_baud(line));
	print_bool(to, "Port", row->osdp.port);
	print_string(to, "State", osdp_state_name(reader->state));
	print_bool(to, "Online", online);
	if (!online)
		print_string(to, "Why", osdp_why_name(reader->why));
	print_ago(to, "Since", status, reader->since_ns);
	print_ago(to, "Heard", status, reader->heard_ns);
	print_bool(to, "Secure", reader->secure);
	pairing_print(to, status, &row->osdp);
	if (reader->has_identity) {
		identity_print(to, &reader->identity);
		capabilities_print(to, &reader->capabilities);
	}
	print_number(to, "TimeoutUS", reader->timeout_us);
	print_number(to, "ReplyMinUS", reader->reply_min_us);
	print_number(to, "ReplyMeanUS", reader->reply_mean_us);
	print_number(to, "ReplyMaxUS", reader->reply_max_us);
	for (unsigned i = 0; i < STATUS_OSDP_COUNTERS; i++)
		print_number(to, status_osdp_counters[i].key, status_osdp_counter(&row->osdp, i));
}

/* request->step counts the rows printed. */
static void row_print(struct request *request, const struct message_status *status,
	const struct status_reader *row)
{
	const struct settings *settings = request->gate->settings;
	const struct reader_settings *reader = &settings->reader[row->number - 1];
	char memory[ROW_BYTES];
	char text[24];
	struct buf out = buf_over(memory, sizeof(memory));
	struct buf prefix = buf_over(text, sizeof(text));

	buf_add_string(&prefix, "readers[");
	buf_add_u64(&prefix, request->step++);
	buf_add_string(&prefix, "].");
	const struct printer to = {&out, buf_span(&prefix)};

	print_number(&to, "Number", row->number);
	print_text(&to, "Door", text_span(&settings->door[reader->config.door].id));
	print_string(&to, "Kind", row->is_osdp ? "OSDP" : "Wiegand");
	print_string(
		&to, "Assurance", settings_reader_low(settings, row->number) ? "low" : "secure");
	if (row->is_osdp)
		osdp_print(&to, settings, status, row);
	ASSERT(!out.overflow);
	(void)reply_add(&request->reply, buf_span(&out));
}

/* --- getReaders --- */

void readers_begin(struct request *request)
{
	int64_t number = 0;

	if (cgi_integer(request->query, "reader", &number) &&
		!request->gate->settings->reader[number - 1].config.configured)
		request_fail(request, 400, "reader names no reader of this device");
	else
		status_begin(request);
}

void readers_answer(struct request *request, const void *message)
{
	const struct message_status *status = message;
	int64_t number = 0;

	if (message_type_of(message) != MESSAGE_STATUS) {
		operation_unexpected(request, message);
		return;
	}
	(void)cgi_integer(request->query, "reader", &number);
	for (unsigned i = 0; i < status->reader_count; i++) {
		if (number == 0 || status->reader[i].number == number)
			row_print(request, status, &status->reader[i]);
	}
	request->reply.status = 200;
	request_finish(request);
}

/* --- acts --- */

/* False after 400. */
static bool key_read(struct request *request, uint8_t key[READER_ORDER_KEY_SIZE])
{
	struct span text = {NULL, 0};

	if (!operation_in_body(request, "key")) {
		request_fail(request, 400,
			"a key stands in the body of a POST; one that stood in a URL is known: "
			"load another one into the reader");
		return false;
	}
	(void)cgi_text(request->query, "key", &text);
	if (text.len == 2 * READER_ORDER_KEY_SIZE && hex_decode(text, key, READER_ORDER_KEY_SIZE))
		return true;
	request_fail(request, 400, "key is 32 hexadecimal digits, which are 16 bytes");
	return false;
}

void reader_order_begin(struct request *request)
{
	struct message_reader_order message = {
		.header = {.type = MESSAGE_READER_ORDER},
		.handle = request->handle,
	};
	int64_t number = 0;

	(void)cgi_integer(request->query, "reader", &number);
	message.reader = (uint8_t)number;
	if (request->operation == CGI_READER_PAIR) {
		number = READER_WINDOW_MAX_S;
		(void)cgi_integer(request->query, "window", &number);
		message.window_s = (uint16_t)number;
	}
	if (!request->gate->settings->reader[message.reader - 1].config.configured)
		request_fail(request, 400, "reader names no reader of this device");
	else if (request->operation != CGI_READER_KEY || key_read(request, message.key))
		core_ask(request, &message);
	explicit_bzero(&message, sizeof(message));
}
