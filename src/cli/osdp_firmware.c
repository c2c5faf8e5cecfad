// SPDX-License-Identifier: Apache-2.0
/*
 * postern osdp firmware --port: a file for a reader at a serial port of this machine. The line is
 * run as posternd runs it (protocols/osdp_bus), with this one reader: with its key in a secure
 * channel, without one in clear. ^C ends the transfer between two fragments. A reader that restarts
 * with the new firmware is waited for, and says its version.
 *
 * The key comes from a file, never from the command line, and is wiped at the end.
 */
#include "base/number.h"
#include "crypto/osdp_aes.h"
#include "crypto/random.h"
#include "osdp.h"
#include "protocols/osdp_bus.h"
#include "protocols/osdp_code.h"
#include "protocols/osdp_trace.h"
#include "protocols/osdp_transfer.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)
#define ONLINE_S 15 /* for the reader to answer; a secure channel is made by then */
#define RESTART_PAUSE_S 3 /* nothing is asked while it goes down */
#define RESTART_S 120 /* for it to come back with the new firmware */
#define FILE_BYTES_MAX (64 << 20)

struct firmware {
	struct osdp_port port;
	struct osdp_bus *bus;
	struct span file;
	uint8_t type;
	bool started; /* the reader was online, the file is on its way */
	bool restarting; /* the file is taken: it is waited for */
	bool ended; /* this run of the line */
	int status; /* exit status once ended */
	int64_t until_ns; /* when waiting is over */
	unsigned percent; /* told last */
	uint8_t why; /* enum osdp_why: of the latest OFFLINE */
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* --- what the bus needs --- */

static void fill_random(void *user, void *out, size_t len)
{
	(void)user;
	random_bytes(out, len);
}

/* --- what the reader says --- */

static void end(struct firmware *firmware, int status)
{
	firmware->ended = true;
	firmware->status = status;
}

static void progress_end(const struct firmware *firmware)
{
	osdp_progress_end(firmware->percent);
}

static void progress(struct firmware *firmware, uint32_t sent)
{
	osdp_progress(&firmware->percent, sent, firmware->file.len);
}

static void print_result(const struct firmware *firmware, const char *result, const char *words)
{
	osdp_file_result(result, firmware->file.len, words);
}

static void wait_restart(struct firmware *firmware)
{
	fputs("postern: the reader restarts; this waits for it\n", stderr);
	firmware->restarting = true;
	end(firmware, EXIT_DONE);
}

static void file_refused(struct firmware *firmware, const struct osdp_event *event)
{
	int nak = OSDP_BUS_FILE_NAK - event->file.status;

	if (event->file.status <= OSDP_BUS_FILE_NAK)
		fprintf(stderr, "postern: the reader refused the file (%s) after %u of %u bytes\n",
			osdp_nak_text((uint8_t)nak), event->file.sent, event->file.total);
	else
		fprintf(stderr, "postern: %s; status %d after %u of %u bytes\n",
			osdp_ftstat_text(event->file.status), event->file.status, event->file.sent,
			event->file.total);
	end(firmware, EXIT_REFUSED);
}

static void file_broken(struct firmware *firmware, const struct osdp_event *event)
{
	if (interrupted) {
		fprintf(stderr,
			"postern: ended after %u of %u bytes; the reader keeps what it had, or "
			"waits "
			"for the whole file again\n",
			event->file.sent, event->file.total);
		end(firmware, EXIT_REFUSED);
	} else if (event->file.total - event->file.sent <= OSDP_FRAME_MAX) {
		wait_restart(
			firmware); /* silent at the last part: it may run the new one already */
	} else {
		fprintf(stderr, "postern: the reader fell silent after %u of %u bytes (%s)\n",
			event->file.sent, event->file.total, osdp_why_name(firmware->why));
		end(firmware, EXIT_REFUSED);
	}
}

static void file_event(struct firmware *firmware, const struct osdp_event *event)
{
	switch ((enum osdp_bus_file_state)event->file.state) {
	case OSDP_BUS_FILE_SENDING:
	case OSDP_BUS_FILE_FINISHING:
		progress(firmware, event->file.sent);
		return;
	case OSDP_BUS_FILE_DONE:
		progress(firmware, event->file.total);
		progress_end(firmware);
		if (event->file.status == OSDP_FTSTAT_REBOOTING) {
			wait_restart(firmware);
			return;
		}
		print_result(firmware, "processed", osdp_ftstat_text(event->file.status));
		end(firmware, EXIT_DONE);
		return;
	case OSDP_BUS_FILE_REFUSED:
		progress_end(firmware);
		file_refused(firmware, event);
		return;
	case OSDP_BUS_FILE_BROKEN:
		progress_end(firmware);
		file_broken(firmware, event);
		return;
	}
}

static void online(struct firmware *firmware, const struct osdp_event *event)
{
	const struct osdp_pdid *id = &event->online.identity;
	struct osdp_order order = {
		.kind = OSDP_ORDER_FILE, .file = {.type = firmware->type, .data = firmware->file}};
	char words[96];

	(void)snprintf(words, sizeof(words),
		"vendor %02x:%02x:%02x, model %u, serial %u, firmware %u.%u.%u", id->vendor[0],
		id->vendor[1], id->vendor[2], id->model, id->serial, id->firmware[0],
		id->firmware[1], id->firmware[2]);
	if (firmware->restarting) {
		print_result(firmware, "restarted", words);
		end(firmware, EXIT_DONE);
		return;
	}
	if (firmware->started)
		return;
	fprintf(stderr, "postern: %s, %s\n", words,
		event->secure ? "in a secure channel" : "in clear");
	firmware->started = true;
	if (osdp_bus_order(firmware->bus, 0, &order, osdp_now_ns()) != OSDP_TAKEN) {
		fputs("postern: the reader cannot take a file now\n", stderr);
		end(firmware, EXIT_REFUSED);
	}
}

static void events_take(struct firmware *firmware)
{
	struct osdp_event event;

	while (!firmware->ended && osdp_bus_event(firmware->bus, &event)) {
		if (event.kind == OSDP_EVENT_ONLINE)
			online(firmware, &event);
		else if (event.kind == OSDP_EVENT_OFFLINE)
			firmware->why = event.why;
		else if (event.kind == OSDP_EVENT_FILE && !firmware->restarting)
			file_event(firmware, &event);
	}
}

/* --- the line --- */

static void time_over(struct firmware *firmware)
{
	if (firmware->restarting)
		fprintf(stderr,
			"postern: the file is sent, but the reader did not come back within %d s: "
			"look "
			"for it with `postern osdp scan %s`\n",
			RESTART_S, firmware->port.path);
	else
		fprintf(stderr, "postern: no reader to send to within %d s: %s\n", ONLINE_S,
			osdp_why_name(firmware->why));
	end(firmware, EXIT_REFUSED);
}

static void cancel(struct firmware *firmware)
{
	const struct osdp_order order = {.kind = OSDP_ORDER_FILE_CANCEL};

	(void)osdp_bus_order(firmware->bus, 0, &order, osdp_now_ns());
	events_take(firmware);
	if (!firmware->ended)
		end(firmware, EXIT_REFUSED);
}

static int run_line(struct firmware *firmware)
{
	char bytes[OSDP_FRAME_MAX];
	struct span out;

	while (!firmware->ended) {
		int64_t due_ns = osdp_bus_deadline_ns(firmware->bus);
		ssize_t len = osdp_port_read(&firmware->port, due_ns, bytes, sizeof(bytes));

		if (len < 0)
			return EXIT_REFUSED;
		if (len > 0)
			osdp_bus_receive(firmware->bus, span_of(bytes, (size_t)len), osdp_now_ns());
		else
			osdp_bus_time(firmware->bus, osdp_now_ns());
		events_take(firmware);
		if (!firmware->ended && interrupted)
			cancel(firmware);
		if (!firmware->ended && osdp_bus_transmit(firmware->bus, osdp_now_ns(), &out) &&
			!osdp_port_write(&firmware->port, out))
			return EXIT_REFUSED;
		if (!firmware->ended && (!firmware->started || firmware->restarting) &&
			osdp_now_ns() > firmware->until_ns)
			time_over(firmware);
	}
	return firmware->status;
}

/* The line from its beginning, for so many seconds until the reader is online. */
static int run_for(struct firmware *firmware, const struct osdp_bus_reader *reader, int64_t seconds)
{
	struct osdp_bus_config config = {.baud = firmware->port.baud,
		.reader_count = 1,
		.readers = reader,
		.aes = &osdp_aes_nettle,
		.fill_random = fill_random};
	void *memory = malloc(osdp_bus_size(1));

	if (memory == NULL)
		return usage_error("no memory");
	firmware->ended = false;
	firmware->until_ns = osdp_now_ns() + seconds * NS_PER_S;
	firmware->bus = osdp_bus_init(memory, &config, osdp_now_ns());
	int status = run_line(firmware);

	osdp_bus_wipe(firmware->bus);
	free(memory);
	return status;
}

static int send_file(struct firmware *firmware, const struct osdp_bus_reader *reader)
{
	struct sigaction action = {.sa_handler = interrupt};
	const struct timespec pause = {RESTART_PAUSE_S, 0};

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	int status = run_for(firmware, reader, ONLINE_S);

	if (!firmware->restarting || status != EXIT_DONE)
		return status;
	(void)nanosleep(&pause, NULL);
	return run_for(firmware, reader, RESTART_S);
}

/* --- its words --- */

/* 32 hexadecimal digits in the file's first line. */
static bool read_key(const char *name, uint8_t key[OSDP_KEY_SIZE])
{
	char line[64] = "";
	FILE *file = fopen(name, "re");

	if (file == NULL) {
		usage_error("cannot read %s: %s", name, strerror(errno));
		return false;
	}
	bool read = fgets(line, sizeof(line), file) != NULL;

	fclose(file);
	line[strcspn(line, "\r\n")] = 0;
	bool good = read && hex_decode(span_from_string(line), key, OSDP_KEY_SIZE);

	explicit_bzero(line, sizeof(line));
	if (!good)
		usage_error("%s: the first line is to be the reader's key, 32 hexadecimal digits",
			name);
	else if (osdp_key_is_weak(key))
		usage_error("%s: this key is a known or a simple one, and never used", name);
	return good && !osdp_key_is_weak(key);
}

static bool parse_firmware(const struct arguments *arguments, struct firmware *firmware,
	struct osdp_bus_reader *reader, uint32_t *ret_baud)
{
	const char *address = option_value(arguments, "address");
	const char *baud = option_value(arguments, "baud");
	const char *type = option_value(arguments, "type");
	const char *key = option_value(arguments, "key-file");
	int64_t number = 0;
	int64_t type_number = OSDP_FILE_OPAQUE;

	if (address == NULL || baud == NULL) {
		usage_error(
			"say where the reader is: --port PORT --baud N --address A, as `postern "
			"osdp scan PORT` shows them");
		return false;
	}
	if (!parse_baud(baud, ret_baud) ||
		!parse_number("--address", address, 0, OSDP_ADDRESS_MAX, &number) ||
		(type != NULL && !parse_number("--type", type, 1, 255, &type_number)) ||
		(key != NULL && !read_key(key, reader->key)))
		return false;
	reader->address = (uint8_t)number;
	reader->has_key = key != NULL;
	reader->policy = key != NULL ? OSDP_SECURE_REQUIRED : OSDP_SECURE_OFF;
	firmware->type = (uint8_t)type_number;
	return true;
}

int osdp_firmware(struct postern_device *device, const struct arguments *arguments)
{
	struct firmware firmware = {.percent = UINT32_MAX};
	struct osdp_bus_reader reader = {.address = 0};
	uint32_t baud;

	if (option_value(arguments, "port") == NULL)
		return osdp_firmware_send(device, arguments);
	if (arguments->positional_count != 1 || option_value(arguments, "cancel") != NULL)
		return usage_error("usage: postern osdp firmware FILE --port PORT --baud N "
				   "--address A; without --port: postern osdp firmware READER "
				   "FILE");
	if (!parse_firmware(arguments, &firmware, &reader, &baud) ||
		!osdp_file_map(arguments->positional[0], FILE_BYTES_MAX, &firmware.file)) {
		explicit_bzero(&reader, sizeof(reader));
		return EXIT_USAGE;
	}
	int status = osdp_port_open(&firmware.port, option_value(arguments, "port"), baud);

	if (status == EXIT_DONE) {
		status = send_file(&firmware, &reader);
		osdp_port_close(&firmware.port);
	}
	explicit_bzero(&reader, sizeof(reader));
	(void)munmap((void *)(uintptr_t)firmware.file.data, firmware.file.len);
	return status;
}
