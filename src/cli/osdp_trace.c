// SPDX-License-Identifier: Apache-2.0
/*
 * postern osdp trace: the frames of a line as lines of text, and as a pcap file. It listens and
 * never sends; two readers and a panel do not know that it is there. What is secret is overwritten
 * before a frame is printed or written.
 */
#include "protocols/osdp_trace.h"

#include "osdp.h"
#include "protocols/osdp_code.h"
#include "protocols/osdp_pcap.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)

/* --- a frame as a line --- */

static void print_time(char *out, size_t size, int64_t utc_ns)
{
	time_t utc = (time_t)(utc_ns / NS_PER_S);
	struct tm tm;
	char when[32] = "-";

	if (gmtime_r(&utc, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(out, size, "%s.%06dZ", when, (int)(utc_ns % NS_PER_S / 1000));
}

static void print_object(const char *when, bool reply, enum osdp_frame_result result,
	const struct osdp_frame *frame, struct span bytes, const char *text)
{
	json_object *object = json_object_new_object();
	char memory[2 * OSDP_FRAME_MAX];
	struct buf hex = buf_over(memory, sizeof(memory));

	buf_add_hex(&hex, bytes.data, bytes.len);
	json_object_object_add(object, "time", json_object_new_string(when));
	json_object_object_add(
		object, "direction", json_object_new_string(reply ? "reply" : "command"));
	json_object_object_add(
		object, "result", json_object_new_string(osdp_frame_result_text(result)));
	if (result == OSDP_FRAME_OK) {
		json_object_object_add(object, "address", json_object_new_int(frame->address));
		json_object_object_add(object, "sequence", json_object_new_int(frame->sequence));
		json_object_object_add(object, "check",
			json_object_new_string(frame->use_crc ? "crc" : "checksum"));
		json_object_object_add(
			object, "block", json_object_new_string(osdp_block_name(frame)));
		json_object_object_add(object, "code", json_object_new_int(frame->code));
		json_object_object_add(object, "name",
			json_object_new_string(osdp_code_name(frame->reply, frame->code)));
		json_object_object_add(object, "text", json_object_new_string(text));
	}
	json_object_object_add(object, "bytes", json_object_new_string_len(memory, (int)hex.len));
	print_json(object);
}

static void print_line(const char *when, bool reply, enum osdp_frame_result result,
	const struct osdp_frame *frame, struct span bytes, const char *text)
{
	if (result != OSDP_FRAME_OK)
		printf("%s  %s no frame: %s, %zu bytes\n", when, reply ? "from" : "to",
			osdp_frame_result_text(result), bytes.len);
	else
		printf("%s  %s %3u  %u %-8s  %-6s  %02X %s%s%s\n", when, reply ? "from" : "to  ",
			frame->address, frame->sequence, frame->use_crc ? "crc" : "checksum",
			osdp_block_name(frame), frame->code,
			osdp_code_name(frame->reply, frame->code), text[0] == 0 ? "" : "  ", text);
	fflush(stdout);
}

static void print_frame(
	const struct osdp_lines *lines, int64_t utc_ns, bool reply, struct span bytes)
{
	char memory[OSDP_TRACE_TEXT_MAX + 1];
	struct buf text = buf_over(memory, sizeof(memory) - 1);
	struct osdp_frame frame;
	enum osdp_frame_result result = osdp_frame_parse(bytes, &frame);
	char when[64];

	if (result == OSDP_FRAME_OK)
		osdp_trace_text(&text, &frame, lines->secrets);
	memory[text.len] = 0;
	print_time(when, sizeof(when), utc_ns);
	if (output_is_json())
		print_object(when, reply, result, &frame, bytes, memory);
	else
		print_line(when, reply, result, &frame, bytes, memory);
}

/* --- the file --- */

/* Words when it could not be written. */
static bool pcap_write(struct osdp_lines *lines, const struct buf *record)
{
	if (fwrite(record->data, 1, record->len, lines->pcap) == record->len &&
		fflush(lines->pcap) == 0)
		return true;
	usage_error("cannot write %s: %s", lines->pcap_name, strerror(errno));
	return false;
}

/* Only its owner may read the file: cards are in it. */
static bool pcap_begin(struct osdp_lines *lines, const char *name)
{
	char head[OSDP_PCAP_FILE_HEAD];
	struct buf out = buf_over(head, sizeof(head));

	lines->pcap_name = name;
	lines->quiet = strcmp(name, "-") == 0;
	if (lines->quiet) {
		lines->pcap = stdout;
	} else {
		int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);

		lines->pcap = fd < 0 ? NULL : fdopen(fd, "w");
		if (lines->pcap == NULL) {
			usage_error("cannot write %s: %s", name, strerror(errno));
			if (fd >= 0)
				(void)close(fd);
			return false;
		}
	}
	osdp_pcap_begin(&out);
	return pcap_write(lines, &out);
}

static bool pcap_end(struct osdp_lines *lines)
{
	if (lines->pcap == NULL || lines->quiet || fclose(lines->pcap) == 0)
		return true;
	usage_error("cannot write %s: %s", lines->pcap_name, strerror(errno));
	return false;
}

bool osdp_lines_frame(struct osdp_lines *lines, int64_t utc_ns, bool reply, struct span bytes)
{
	uint8_t copy[OSDP_FRAME_MAX];
	char memory[OSDP_PCAP_RECORD_MAX];
	struct buf record = buf_over(memory, sizeof(memory));
	struct osdp_frame frame;

	memcpy(copy, bytes.data, bytes.len);
	if (!lines->secrets)
		(void)osdp_trace_hide(copy, bytes.len);
	bytes = span_of(copy, bytes.len);
	lines->frames++;
	if (osdp_frame_parse(bytes, &frame) != OSDP_FRAME_OK)
		lines->bad++;
	if (!lines->quiet)
		print_frame(lines, utc_ns, reply, bytes);
	osdp_pcap_write(&record, utc_ns, reply, bytes);
	if (lines->pcap != NULL && !pcap_write(lines, &record)) {
		lines->left = 0;
		return false;
	}
	if (lines->left > 0)
		lines->left--;
	return lines->left != 0;
}

/* --- from a port --- */

static int64_t utc_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* False: enough. */
static bool take_bytes(struct osdp_lines *lines, struct osdp_port *port, struct span bytes)
{
	struct osdp_frame frame;

	while (osdp_receiver_take(&port->receiver, &bytes, &frame) != OSDP_RECEIVER_MORE) {
		if (frame.bytes.len > 0 &&
			!osdp_lines_frame(lines, utc_now_ns(), frame.reply, frame.bytes))
			return false;
	}
	return true;
}

static int trace_port(struct osdp_lines *lines, const char *path, uint32_t baud)
{
	struct osdp_port port;
	int status = osdp_port_open(&port, path, baud);
	char bytes[OSDP_FRAME_MAX];
	bool more = status == EXIT_DONE;

	if (!more)
		return status;
	while (more) {
		bool pending = osdp_receiver_pending(&port.receiver);
		ssize_t len = osdp_port_read(&port,
			pending ? osdp_now_ns() + OSDP_GAP_NS : INT64_MAX, bytes, sizeof(bytes));

		if (len < 0)
			status = EXIT_REFUSED;
		if (len == 0)
			osdp_receiver_silence(&port.receiver);
		more = len >= 0 && take_bytes(lines, &port, span_of(bytes, (size_t)len));
	}
	if (port.receiver.skipped > 0)
		fprintf(stderr,
			"postern: %llu bytes were no part of a good frame; is %u the line's baud "
			"rate?\n",
			(unsigned long long)port.receiver.skipped, baud);
	osdp_port_close(&port);
	return status;
}

/* --- from a file --- */

static int refuse_file(const char *name, enum osdp_pcap_result result)
{
	static const char *const words[] = {
		[OSDP_PCAP_CUT] = "the file ends within a frame",
		[OSDP_PCAP_NO_PCAP] =
			"this is no pcap file; Wireshark saves pcapng files as pcap (Save As)",
		[OSDP_PCAP_LINK] = "this capture is not of a serial line (link type RTAC serial)",
	};

	return usage_error("%s: %s", name, words[result]);
}

static int trace_records(struct osdp_lines *lines, const char *name, struct span file)
{
	struct osdp_pcap pcap;
	struct osdp_pcap_record record;
	enum osdp_pcap_result result = osdp_pcap_open(&file, &pcap);

	if (result != OSDP_PCAP_END)
		return refuse_file(name, result);
	while ((result = osdp_pcap_next(&pcap, &file, &record)) == OSDP_PCAP_RECORD) {
		if (!osdp_lines_frame(lines, record.utc_ns, record.reply,
			    span_slice(record.bytes, 0, OSDP_FRAME_MAX)))
			return EXIT_DONE;
	}
	return result == OSDP_PCAP_END ? EXIT_DONE : refuse_file(name, result);
}

static int trace_file(struct osdp_lines *lines, const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct stat about = {.st_size = 0};
	void *memory = MAP_FAILED;

	if (fd >= 0 && fstat(fd, &about) == 0 && about.st_size > 0)
		memory = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	int error = errno;

	if (fd >= 0)
		(void)close(fd);
	if (fd < 0 || (memory == MAP_FAILED && about.st_size > 0))
		return usage_error("cannot read %s: %s", name, strerror(error));
	if (memory == MAP_FAILED)
		return refuse_file(name, OSDP_PCAP_NO_PCAP);
	int status = trace_records(lines, name, span_of(memory, (size_t)about.st_size));

	(void)munmap(memory, (size_t)about.st_size);
	return status;
}

/* --- from a controller --- */

#define LOOK_NS 200000000 /* between two looks */
#define AWAY_LOOKS_MAX 50 /* of a controller that starts again */
#define QUIET_LOOKS 25 /* 5 s */
#define NO_FRAMES ((uint64_t)INT64_MAX)

struct line_look {
	struct osdp_lines *lines;
	struct postern_osdp_query query;
	unsigned away;
};

static int take_frame(void *user, const struct postern_osdp_frame *frame)
{
	struct line_look *look = user;

	look->query.after = frame->no;
	return !osdp_lines_frame(look->lines, frame->time_us * 1000, frame->reply != 0,
		span_of(frame->bytes, frame->len));
}

/* The frames since the look before. POSTERN_OK: go on. */
static int look_once(struct postern_device *device, struct line_look *look)
{
	struct postern_osdp_state state = POSTERN_OSDP_STATE_INIT;
	uint64_t after = look->query.after;
	int error = postern_osdp_frames(device, &look->query, take_frame, look, &state);

	if ((error == POSTERN_E_CONNECT || error == POSTERN_E_TIMEOUT ||
		    error == POSTERN_E_DEVICE) &&
		++look->away < AWAY_LOOKS_MAX)
		return POSTERN_OK;
	if (error != POSTERN_OK)
		return error;
	look->away = 0;
	if (state.last < after) /* started again: numbers begin anew */
		look->query.after = 0;
	else if (state.oldest > after + 1)
		fprintf(stderr, "postern: up to %llu frames went by unseen\n",
			(unsigned long long)(state.oldest - after - 1));
	return POSTERN_OK;
}

static int trace_line(struct osdp_lines *lines, struct postern_device *device, const char *line)
{
	struct line_look look = {.lines = lines, .query = POSTERN_OSDP_QUERY_INIT};
	struct postern_osdp_state state = POSTERN_OSDP_STATE_INIT;
	const struct timespec pause = {.tv_nsec = LOOK_NS};

	/* From now on: what was remembered for somebody else is old. */
	look.query.line = line;
	look.query.after = NO_FRAMES;
	int error = postern_osdp_frames(device, &look.query, take_frame, &look, &state);

	look.query.after = state.last;
	for (unsigned looks = 0; error == POSTERN_OK; looks++) {
		if (looks == QUIET_LOOKS && lines->frames == 0)
			fprintf(stderr,
				"postern: nothing was heard on %s so far; has posternd its port, "
				"and does the line have readers?\n",
				line);
		(void)nanosleep(&pause, NULL);
		error = look_once(device, &look);
	}
	return error == POSTERN_E_STOPPED ? EXIT_DONE : report(device, error);
}

/* --- its words --- */

static int trace_from(
	struct osdp_lines *lines, struct postern_device *device, const struct arguments *arguments)
{
	const char *port = arguments->positional_count > 0 ? arguments->positional[0] : NULL;
	const char *file = option_value(arguments, "read");
	const char *line = option_value(arguments, "line");
	const char *baud_text = option_value(arguments, "baud");
	uint32_t baud;

	if ((port != NULL) + (file != NULL) + (line != NULL) != 1)
		return usage_error("name a serial port, --line LINE or --read FILE, one of them");
	if (line != NULL && lines->secrets)
		return usage_error("--show-secrets: a controller gives no secrets away");
	if (line != NULL)
		return trace_line(lines, device, line);
	if (file != NULL)
		return trace_file(lines, file);
	if (baud_text == NULL)
		return usage_error("%s: say the line's baud rate: --baud N", port);
	return parse_baud(baud_text, &baud) ? trace_port(lines, port, baud) : EXIT_USAGE;
}

int osdp_trace(struct postern_device *device, const struct arguments *arguments)
{
	const char *pcap = option_value(arguments, "pcap");
	const char *count = option_value(arguments, "count");
	struct osdp_lines lines = {
		.left = -1, .secrets = option_value(arguments, "show-secrets") != NULL};

	if (pcap != NULL && option_value(arguments, "read") != NULL &&
		strcmp(pcap, option_value(arguments, "read")) == 0)
		return usage_error("--pcap %s would overwrite what is to be read", pcap);
	if ((count != NULL && !parse_number("--count", count, 1, INT64_MAX, &lines.left)) ||
		(pcap != NULL && !pcap_begin(&lines, pcap)))
		return EXIT_USAGE;
	int status = trace_from(&lines, device, arguments);

	return pcap_end(&lines) ? status : EXIT_USAGE;
}
