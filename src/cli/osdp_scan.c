// SPDX-License-Identifier: Apache-2.0
/*
 * postern osdp scan: asks every address at every baud rate who it is (ID) and what it can (CAP), in
 * clear, with sequence number 0, which every reader answers. Nothing that could change a reader is
 * sent. Before it speaks at a baud rate it listens: where another panel is at work it stays silent.
 *
 * What a reader answers is a claim: it is shown, and nothing is decided by it.
 */
#include "base/number.h"
#include "osdp.h"
#include "protocols/osdp_code.h"
#include "serial/serial.h"

#include <stdlib.h>
#include <unistd.h>

#define BAUDS_MAX 6
#define LISTEN_NS INT64_C(400000000) /* a panel polls more often than that */
#define WAIT_MS 200 /* a reader begins its answer within that time */
#define WAIT_MS_MAX 5000
#define UNREADABLE_TRIES 3
#define FUNCTIONS_MAX 32
#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

enum answer {
	ANSWER_NONE = 0, /* silence */
	ANSWER_FRAME,
	ANSWER_UNREADABLE, /* bytes, but no frame */
	ANSWER_FOREIGN, /* a command of another panel */
	ANSWER_PORT, /* the port is gone; words were said */
};

struct scan {
	struct osdp_port port;
	int baud[BAUDS_MAX];
	size_t baud_count;
	uint8_t first; /* address */
	uint8_t last;
	int64_t wait_ns;
	bool echo; /* the adapter hears itself */
	unsigned found;
	unsigned unreadable;
	struct osdp_frame reply; /* of the latest ANSWER_FRAME, until the next question */
	uint8_t bytes[OSDP_FRAME_MAX];
};

struct found {
	uint8_t address;
	uint32_t baud;
	bool has_id;
	struct osdp_pdid id;
	uint8_t refusal; /* NAK of ID; 0: none */
	size_t function_count;
	struct osdp_pdcap function[FUNCTIONS_MAX];
};

/* --- asking --- */

static int64_t wire_ns(const struct scan *scan, size_t len)
{
	return (int64_t)len * 10 * NS_PER_S / scan->port.baud;
}

/* A frame that came: true when it answers the question, or says that another panel is there. */
static bool take_frame(struct scan *scan, uint8_t address, struct span question,
	const struct osdp_frame *frame, enum answer *ret)
{
	if (!frame->reply) {
		if (span_equal(frame->bytes, question)) {
			scan->echo = true;
			return false;
		}
		*ret = ANSWER_FOREIGN;
		return true;
	}
	if (frame->address != address)
		return false;
	memcpy(scan->bytes, frame->bytes.data, frame->bytes.len);
	*ret = osdp_frame_parse(span_of(scan->bytes, frame->bytes.len), &scan->reply) ==
			       OSDP_FRAME_OK
		       ? ANSWER_FRAME
		       : ANSWER_UNREADABLE;
	return true;
}

/* Bytes of the line; marks of an idle line are no answer. */
static bool take_bytes(struct scan *scan, uint8_t address, struct span question, struct span bytes,
	enum answer *answer)
{
	struct osdp_frame frame;
	enum osdp_receiver_result got;

	while ((got = osdp_receiver_take(&scan->port.receiver, &bytes, &frame)) !=
		OSDP_RECEIVER_MORE) {
		if (got == OSDP_RECEIVER_FRAME &&
			take_frame(scan, address, question, &frame, answer))
			return true;
	}
	return false;
}

/* Hears what comes until then, or within a frame until it is silent. question: what was sent. */
static enum answer hear(struct scan *scan, uint8_t address, struct span question, int64_t until_ns)
{
	enum answer answer = ANSWER_NONE;
	uint64_t skipped = scan->port.receiver.skipped;
	char bytes[OSDP_FRAME_MAX];

	for (;;) {
		ssize_t len = osdp_port_read(&scan->port, until_ns, bytes, sizeof(bytes));

		if (len < 0)
			return ANSWER_PORT;
		if (len == 0)
			break;
		if (take_bytes(scan, address, question, span_of(bytes, (size_t)len), &answer))
			return answer;
		if (osdp_receiver_pending(&scan->port.receiver) &&
			until_ns < osdp_now_ns() + OSDP_GAP_NS)
			until_ns = osdp_now_ns() + OSDP_GAP_NS;
	}
	osdp_receiver_silence(&scan->port.receiver);
	if (take_bytes(scan, address, question, (struct span){NULL, 0}, &answer))
		return answer;
	return scan->port.receiver.skipped > skipped ? ANSWER_UNREADABLE : ANSWER_NONE;
}

static enum answer ask_once(struct scan *scan, uint8_t address, uint8_t code)
{
	static const char standard[1] = {0};
	const struct osdp_frame command = {
		.address = address, .use_crc = true, .code = code, .data = span_of(standard, 1)};
	uint8_t bytes[1 + OSDP_FRAME_SAFE] = {OSDP_MARK};
	size_t len = osdp_frame_build(&command, bytes + 1, sizeof(bytes) - 1);

	serial_drop_input(scan->port.fd);
	osdp_receiver_reset(&scan->port.receiver);
	if (!osdp_port_write(&scan->port, span_of(bytes, len + 1)))
		return ANSWER_PORT;
	return hear(scan, address, span_of(bytes + 1, len),
		osdp_now_ns() + wire_ns(scan, len + 1) + scan->wait_ns);
}

static enum answer ask(struct scan *scan, uint8_t address, uint8_t code)
{
	enum answer answer = ANSWER_NONE;

	for (int try = 0; try < UNREADABLE_TRIES; try++) {
		answer = ask_once(scan, address, code);
		if (answer != ANSWER_UNREADABLE)
			break;
	}
	return answer;
}

/* --- what was found --- */

static const struct osdp_pdcap *function_of(const struct found *found, uint8_t function)
{
	for (size_t i = 0; i < found->function_count; i++) {
		if (found->function[i].function == function)
			return &found->function[i];
	}
	return NULL;
}

static bool can(const struct found *found, uint8_t function)
{
	const struct osdp_pdcap *cap = function_of(found, function);

	return cap != NULL && (cap->compliance & 1);
}

static bool has_default_key(const struct found *found)
{
	const struct osdp_pdcap *cap = function_of(found, OSDP_FUNCTION_SECURITY);

	return cap != NULL && (cap->number & 1);
}

static unsigned receive_size(const struct found *found)
{
	const struct osdp_pdcap *cap = function_of(found, OSDP_FUNCTION_RECEIVE_SIZE);

	return cap == NULL ? 0 : osdp_pdcap_size(cap);
}

enum { WARNINGS_MAX = 4 };

static size_t warnings_of(const struct found *found, const char *ret[WARNINGS_MAX])
{
	size_t count = 0;

	if (!found->has_id) {
		ret[count++] = "it answers, but does not say who it is";
		return count;
	}
	if (!can(found, OSDP_FUNCTION_SECURITY))
		ret[count++] = "it has no secure channel: whoever gets at its wires can read and "
			       "forge cards; it works with `secure_channel: off` only, and its "
			       "door is of low assurance";
	else if (has_default_key(found))
		ret[count++] = "it takes the default key, which everybody knows: pair it before "
			       "its door is used";
	if (!can(found, OSDP_FUNCTION_CHECK))
		ret[count++] = "it does not say that it has CRC, which a secure channel needs";
	if (found->address == OSDP_ADDRESS_CONFIG)
		ret[count++] = "its own address is not known by this: scan 0-126 at this baud rate";
	return count;
}

static void print_words(const struct found *found)
{
	const struct osdp_pdid *id = &found->id;
	const char *warning[WARNINGS_MAX];
	size_t count = warnings_of(found, warning);

	printf("address %u, %u baud", found->address, found->baud);
	if (found->has_id)
		printf(": vendor %02x:%02x:%02x, model %u, version %u, serial %u, firmware "
		       "%u.%u.%u",
			id->vendor[0], id->vendor[1], id->vendor[2], id->model, id->version,
			id->serial, id->firmware[0], id->firmware[1], id->firmware[2]);
	else if (found->refusal != 0)
		printf(": refuses to say who it is (%s)", osdp_nak_text(found->refusal));
	printf("\n    secure channel %s, frames of ",
		can(found, OSDP_FUNCTION_SECURITY) ? "yes" : "no");
	if (receive_size(found) == 0)
		puts("128 bytes (it says nothing)");
	else
		printf("%u bytes\n", receive_size(found));
	for (size_t i = 0; i < count; i++)
		printf("    warning: %s\n", warning[i]);
	fflush(stdout);
}

static json_object *json_functions(const struct found *found)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < found->function_count; i++) {
		json_object *object = json_object_new_object();

		json_object_object_add(
			object, "function", json_object_new_int(found->function[i].function));
		json_object_object_add(
			object, "compliance", json_object_new_int(found->function[i].compliance));
		json_object_object_add(
			object, "number", json_object_new_int(found->function[i].number));
		json_object_array_add(list, object);
	}
	return list;
}

static void json_identity(json_object *object, const struct osdp_pdid *id)
{
	char text[16];

	(void)snprintf(
		text, sizeof(text), "%02x%02x%02x", id->vendor[0], id->vendor[1], id->vendor[2]);
	json_object_object_add(object, "vendor", json_object_new_string(text));
	json_object_object_add(object, "model", json_object_new_int(id->model));
	json_object_object_add(object, "version", json_object_new_int(id->version));
	json_object_object_add(object, "serial", json_object_new_int64(id->serial));
	(void)snprintf(
		text, sizeof(text), "%u.%u.%u", id->firmware[0], id->firmware[1], id->firmware[2]);
	json_object_object_add(object, "firmware", json_object_new_string(text));
}

static void print_object(const struct found *found)
{
	json_object *object = json_object_new_object();
	json_object *list = json_object_new_array();
	const char *warning[WARNINGS_MAX];
	size_t count = warnings_of(found, warning);

	json_object_object_add(object, "address", json_object_new_int(found->address));
	json_object_object_add(object, "baud", json_object_new_int64(found->baud));
	if (found->has_id)
		json_identity(object, &found->id);
	else if (found->refusal != 0)
		json_object_object_add(object, "refusal", json_object_new_int(found->refusal));
	json_object_object_add(object, "secure_channel",
		json_object_new_boolean(can(found, OSDP_FUNCTION_SECURITY)));
	json_object_object_add(
		object, "default_key", json_object_new_boolean(has_default_key(found)));
	json_object_object_add(object, "receive_size", json_object_new_int64(receive_size(found)));
	json_object_object_add(object, "capabilities", json_functions(found));
	for (size_t i = 0; i < count; i++)
		json_object_array_add(list, json_object_new_string(warning[i]));
	json_object_object_add(object, "warnings", list);
	print_json(object);
}

/* --- the walk --- */

static void progress(const struct scan *scan, unsigned address)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%6u baud, address %3u; %u found ", scan->port.baud, address,
			scan->found);
}

/* The line of progress makes room for others. */
static void progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static bool take_identity(const struct scan *scan, struct found *found)
{
	const struct osdp_frame *reply = &scan->reply;
	struct osdp_nak_reply nak;

	if (reply->code == OSDP_PDID && !reply->has_security_block)
		found->has_id = osdp_pdid_decode(reply->data, &found->id);
	if (reply->code == OSDP_NAK && osdp_nak_decode(reply->data, &nak))
		found->refusal = nak.code;
	return found->has_id;
}

static void take_functions(const struct scan *scan, struct found *found)
{
	struct span rest = scan->reply.data;

	if (scan->reply.code != OSDP_PDCAP || scan->reply.has_security_block)
		return;
	while (found->function_count < FUNCTIONS_MAX &&
		osdp_pdcap_next(&rest, &found->function[found->function_count]))
		found->function_count++;
}

/* One that answered ID: NONE, or why the scan is to end. */
static enum answer look_at(struct scan *scan, uint8_t address)
{
	struct found found = {.address = address, .baud = scan->port.baud};
	enum answer answer = ANSWER_NONE;

	if (take_identity(scan, &found))
		answer = ask(scan, address, OSDP_CAP);
	if (answer == ANSWER_FRAME)
		take_functions(scan, &found);
	scan->found++;
	progress_end();
	if (output_is_json())
		print_object(&found);
	else
		print_words(&found);
	return answer == ANSWER_PORT || answer == ANSWER_FOREIGN ? answer : ANSWER_NONE;
}

static void tell_unreadable(struct scan *scan, unsigned address)
{
	scan->unreadable++;
	progress_end();
	fprintf(stderr,
		"postern: address %u at %u baud: bytes come, but no frame: two readers with this "
		"address, another baud rate, or a line that is disturbed (termination, ground, A "
		"and "
		"B)\n",
		address, scan->port.baud);
}

static enum answer scan_baud(struct scan *scan)
{
	enum answer answer;

	osdp_receiver_reset(&scan->port.receiver);
	answer = hear(scan, OSDP_ADDRESS_CONFIG, (struct span){NULL, 0}, osdp_now_ns() + LISTEN_NS);
	if (answer == ANSWER_FOREIGN || answer == ANSWER_PORT)
		return answer;
	for (unsigned address = scan->first; address <= scan->last; address++) {
		progress(scan, address);
		answer = ask(scan, (uint8_t)address, OSDP_ID);
		if (answer == ANSWER_FRAME)
			answer = look_at(scan, (uint8_t)address);
		else if (answer == ANSWER_UNREADABLE)
			tell_unreadable(scan, address);
		if (answer == ANSWER_PORT || answer == ANSWER_FOREIGN)
			return answer;
	}
	return ANSWER_NONE;
}

/* --- its words --- */

/* "0-126", or one address. */
static bool parse_addresses(const char *text, struct scan *scan)
{
	struct span all = span_from_string(text);
	size_t dash = span_find(all, '-');
	uint64_t first;
	uint64_t last;

	if (number_parse_u64(span_slice(all, 0, dash), OSDP_ADDRESS_CONFIG, &first) &&
		number_parse_u64(dash == all.len ? all : span_slice(all, dash + 1, all.len),
			OSDP_ADDRESS_CONFIG, &last) &&
		first <= last) {
		scan->first = (uint8_t)first;
		scan->last = (uint8_t)last;
		return true;
	}
	usage_error(
		"--addresses: `%s` is not a range like 0-126, nor an address from 0 to 127 (127: "
		"whoever is alone on the line)",
		text);
	return false;
}

static bool parse_scan(const struct arguments *arguments, struct scan *scan)
{
	const char *bauds = option_value(arguments, "baud");
	const char *addresses = option_value(arguments, "addresses");
	const char *wait = option_value(arguments, "wait");
	int64_t wait_ms = WAIT_MS;

	scan->last = OSDP_ADDRESS_MAX;
	for (unsigned i = 0; bauds == NULL && i < BAUDS_MAX; i++)
		scan->baud[scan->baud_count++] = (int)serial_baud_at(i);
	if ((bauds != NULL && !parse_numbers("--baud", bauds, 1, INT32_MAX, scan->baud, BAUDS_MAX,
				      &scan->baud_count)) ||
		(addresses != NULL && !parse_addresses(addresses, scan)) ||
		(wait != NULL && !parse_number("--wait", wait, 1, WAIT_MS_MAX, &wait_ms)))
		return false;
	for (size_t i = 0; i < scan->baud_count; i++) {
		if (!serial_baud_valid((uint32_t)scan->baud[i])) {
			usage_error("--baud: %d is none of 9600, 19200, 38400, 57600, 115200 and "
				    "230400",
				scan->baud[i]);
			return false;
		}
	}
	scan->wait_ns = wait_ms * NS_PER_MS;
	return true;
}

static int tell_foreign(const struct scan *scan)
{
	fprintf(stderr,
		"postern: %s: another panel talks to readers on this line at %u baud; two panels "
		"disturb each other: switch it off or disconnect it, or listen to it with `postern "
		"osdp trace`\n",
		scan->port.path, scan->port.baud);
	return EXIT_REFUSED;
}

static int tell_end(const struct scan *scan)
{
	if (scan->echo)
		fputs("postern: this adapter hears what it sends itself; that does no harm\n",
			stderr);
	if (scan->found > 0)
		return EXIT_DONE;
	fprintf(stderr,
		"postern: %s: no reader answered: is it powered, are A and B the right way round "
		"(try "
		"to exchange them), is its ground connected, is it switched to OSDP?\n",
		scan->port.path);
	return EXIT_REFUSED;
}

/* All baud rates; an exit status. */
static int scan_all(struct scan *scan)
{
	for (size_t i = 0; i < scan->baud_count; i++) {
		int error = serial_set_baud(scan->port.fd, (uint32_t)scan->baud[i]);

		scan->port.baud = (uint32_t)scan->baud[i];
		if (error != 0) {
			fprintf(stderr, "postern: %s, %d baud: %s\n", scan->port.path,
				scan->baud[i], serial_error_text(error));
			continue;
		}
		enum answer answer = scan_baud(scan);

		progress_end();
		if (answer == ANSWER_PORT)
			return EXIT_REFUSED;
		if (answer == ANSWER_FOREIGN)
			return tell_foreign(scan);
	}
	return tell_end(scan);
}

int osdp_scan(struct postern_device *device, const struct arguments *arguments)
{
	struct scan scan = {.found = 0};

	(void)device;
	if (!parse_scan(arguments, &scan))
		return EXIT_USAGE;
	int status = osdp_port_open(&scan.port, arguments->positional[0], (uint32_t)scan.baud[0]);

	if (status != EXIT_DONE)
		return status;
	status = scan_all(&scan);
	osdp_port_close(&scan.port);
	return status;
}
