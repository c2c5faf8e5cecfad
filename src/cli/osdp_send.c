// SPDX-License-Identifier: Apache-2.0
/*
 * postern osdp firmware READER FILE: a file for a reader of a controller, which alone has the
 * reader's key. The parts go to the controller, then this looks on until the reader has taken or
 * refused it. ^C cancels what is under way, at the controller too.
 */
#include "base/number.h"
#include "osdp.h"
#include "protocols/osdp_frame.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define READER_MAX 128
#define LOOK_MS 250
#define RESTART_PAUSE_S 3 /* nothing is asked while it goes down */
#define RESTART_S 120 /* for it to come back with the new firmware */

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

struct sending {
	struct postern_device *device;
	struct span file;
	int reader;
	unsigned percent; /* told last */
};

static void nap(unsigned ms)
{
	struct timespec some = {ms / 1000, (long)(ms % 1000) * 1000000L};

	(void)nanosleep(&some, NULL);
}

/* Words for what ends here by ^C. */
static int give_up(struct sending *sending, int64_t sent)
{
	osdp_progress_end(sending->percent);
	int error = postern_reader_file_cancel(sending->device, sending->reader);

	fprintf(stderr,
		"postern: ended after %" PRId64 " of %zu bytes; the reader keeps what it had, or "
		"waits for the whole file again\n",
		sent, sending->file.len);
	return error == POSTERN_OK || error == POSTERN_E_REFUSED ? EXIT_REFUSED
								 : report(sending->device, error);
}

static int parts_send(struct sending *sending, int type)
{
	size_t at = 0;
	int error = postern_reader_file_begin(
		sending->device, sending->reader, type, sending->file.len);

	while (error == POSTERN_OK && at < sending->file.len) {
		struct span part = span_slice(sending->file, at, sending->file.len - at);

		if (part.len > POSTERN_READER_FILE_PART_MAX)
			part.len = POSTERN_READER_FILE_PART_MAX;
		if (interrupted)
			return give_up(sending, 0);
		error = postern_reader_file_add(
			sending->device, sending->reader, at, part.data, part.len);
		at += part.len;
	}
	return error == POSTERN_OK ? EXIT_DONE : report(sending->device, error);
}

/* --- a reader that restarts --- */

static int restart_wait(struct sending *sending)
{
	int64_t until_ns = osdp_now_ns() + RESTART_S * INT64_C(1000000000);
	char words[128];
	bool online = false;

	fputs("postern: the reader restarts; this waits for it\n", stderr);
	nap(RESTART_PAUSE_S * 1000);
	while (!online && !interrupted && osdp_now_ns() < until_ns) {
		struct postern_readers *readers;
		int error = postern_readers_list(sending->device, sending->reader, &readers);

		if (error != POSTERN_OK)
			return report(sending->device, error);
		if (readers->count == 1 && readers->reader[0].online == 1) {
			const struct postern_reader *reader = &readers->reader[0];

			online = true;
			(void)snprintf(words, sizeof(words),
				"vendor %s, model %" PRId64 ", serial %" PRId64 ", firmware %s",
				reader->vendor, reader->model, reader->serial, reader->firmware);
		}
		(void)postern_readers_free(readers);
		if (!online)
			nap(LOOK_MS);
	}
	if (online) {
		osdp_file_result("restarted", sending->file.len, words);
		return EXIT_DONE;
	}
	fprintf(stderr,
		"postern: the file is sent, but the reader did not come back: see postern osdp "
		"status %d\n",
		sending->reader);
	return EXIT_REFUSED;
}

/* --- looking on --- */

static int broken(struct sending *sending, const struct postern_reader_file *file)
{
	/* Silent at the last part: it may run the new one already. */
	if (file->bytes - file->sent <= OSDP_FRAME_MAX && file->sent > 0)
		return restart_wait(sending);
	fprintf(stderr,
		"postern: the file got no further than %" PRId64 " of %" PRId64
		" bytes: the reader went offline, or somebody cancelled it; see postern osdp "
		"status %d\n",
		file->sent, file->bytes, sending->reader);
	return EXIT_REFUSED;
}

/* True: it is over, *ret is the exit status. */
static bool judge(struct sending *sending, const struct postern_reader_file *file, int *ret)
{
	switch (file->state) {
	case POSTERN_READER_FILE_STARTING:
		return false;
	case POSTERN_READER_FILE_SENDING:
	case POSTERN_READER_FILE_FINISHING:
		osdp_progress(&sending->percent, (uint64_t)file->sent, sending->file.len);
		return false;
	case POSTERN_READER_FILE_DONE:
		osdp_progress(&sending->percent, sending->file.len, sending->file.len);
		osdp_progress_end(sending->percent);
		*ret = EXIT_DONE;
		if (file->status == OSDP_FTSTAT_REBOOTING)
			*ret = restart_wait(sending);
		else
			osdp_file_result("processed", sending->file.len, file->text);
		return true;
	case POSTERN_READER_FILE_REFUSED:
		osdp_progress_end(sending->percent);
		fprintf(stderr,
			"postern: the reader refused the file: %s; status %d after %" PRId64
			" of %" PRId64 " bytes\n",
			file->text, file->status, file->sent, file->bytes);
		*ret = EXIT_REFUSED;
		return true;
	case POSTERN_READER_FILE_BROKEN:
		osdp_progress_end(sending->percent);
		*ret = broken(sending, file);
		return true;
	case POSTERN_READER_FILE_NONE:
	case POSTERN_READER_FILE_RECEIVING:
		break;
	}
	fputs("postern: the controller was started again: send the file once more\n", stderr);
	*ret = EXIT_REFUSED;
	return true;
}

static int look_on(struct sending *sending)
{
	struct postern_reader_file file = POSTERN_READER_FILE_INIT;
	int status = EXIT_DONE;

	for (;;) {
		int error = postern_reader_file_get(sending->device, sending->reader, &file);

		if (error != POSTERN_OK)
			return report(sending->device, error);
		if (judge(sending, &file, &status))
			return status;
		if (interrupted)
			return give_up(sending, file.sent);
		nap(LOOK_MS);
	}
}

int osdp_firmware_send(struct postern_device *device, const struct arguments *arguments)
{
	struct sigaction action = {.sa_handler = interrupt};
	struct sending sending = {.device = device, .percent = UINT32_MAX};
	const char *type = option_value(arguments, "type");
	bool cancel = option_value(arguments, "cancel") != NULL;
	int64_t number;
	int64_t type_number = 1;

	if (arguments->positional_count != (cancel ? 1 : 2))
		return usage_error("usage: postern osdp firmware READER FILE | READER --cancel | "
				   "FILE --port PORT --baud N --address A");
	if (!parse_number("READER", arguments->positional[0], 1, READER_MAX, &number) ||
		(type != NULL && !parse_number("--type", type, 1, 255, &type_number)))
		return EXIT_USAGE;
	sending.reader = (int)number;
	if (cancel)
		return report(device, postern_reader_file_cancel(device, sending.reader));
	if (!osdp_file_map(arguments->positional[1], POSTERN_READER_FILE_MAX, &sending.file))
		return EXIT_USAGE;
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	int status = parts_send(&sending, (int)type_number);

	if (status == EXIT_DONE)
		status = look_on(&sending);
	(void)munmap((void *)(uintptr_t)sending.file.data, sending.file.len);
	return status;
}
