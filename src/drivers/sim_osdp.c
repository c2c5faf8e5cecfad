// SPDX-License-Identifier: Apache-2.0
/*
 * Virtual OSDP readers on virtual lines. A pseudo terminal carries bytes at once; a wire does not,
 * and whoever measures time would be told a lie. So a command is heard when its last byte would be
 * through, at the line's baud rate, and a reply is written when its own last byte would be. One
 * frame at a time is on the wire in each direction, as on two wires.
 *
 * One receiver a line, whose frames go to the device with that address. A device that was set to
 * another speed than the line's hears nothing. What the terminal does not take is lost, as on a
 * real line: the panel asks again.
 */
#include "sim_osdp.h"

#include "base/assert.h"
#include "crypto/osdp_aes.h"
#include "crypto/random.h"
#include "serial/serial.h"

#define BITS_PER_BYTE 10
#define NS_PER_SECOND INT64_C(1000000000)
#define READ_BYTES 4096
#define FILE_MAX (64u << 20)

static int64_t wire_ns(const struct sim_osdp_line *line, size_t bytes)
{
	return (int64_t)bytes * BITS_PER_BYTE * NS_PER_SECOND / line->baud;
}

static void random_fill(void *user UNUSED, void *out, size_t len)
{
	random_bytes(out, len);
}

static void device_make(struct sim_osdp *osdp, uint8_t at, const struct settings *settings,
	const struct sim_keys *keys, int64_t now_ns)
{
	const struct reader_osdp *reader = &settings->reader[at].osdp;
	struct osdp_device_config config;

	osdp_device_config_default(&config);
	config.address = reader->address;
	config.baud = osdp->line[reader->line].baud;
	/* A locally administered vendor: nobody's. */
	config.identity = (struct osdp_pdid){.vendor = {0x02, 0x50, 0x53},
		.model = 1,
		.version = 1,
		.serial = at + 1u,
		.firmware = {2, 2, 0}};
	config.secure_required = reader->secure_channel == SECURE_CHANNEL_REQUIRED;
	config.has_key = true;
	memcpy(config.key, keys->key[at], sizeof(config.key));
	config.text = true;
	config.extended_identity = true;
	ASSERT(text_set(&config.maker, SPAN_LIT("postern")));
	ASSERT(text_set(&config.product, SPAN_LIT("virtual reader")));
	config.file_max = FILE_MAX;
	config.aes = osdp_aes_nettle;
	config.fill_random = random_fill;
	osdp_device_init(&osdp->device[at], &config, now_ns);
	osdp_wipe(&config, sizeof(config));
	osdp->present[at] = true;
}

void sim_osdp_init(struct sim_osdp *osdp, const struct settings *settings,
	const int fds[OSDP_LINES_MAX], const struct sim_keys *keys, int64_t now_ns)
{
	for (unsigned i = 0; i < OSDP_LINES_MAX; i++) {
		struct sim_osdp_line *line = &osdp->line[i];

		line->fd = i < settings->osdp_line_count ? fds[i] : -1;
		if (line->fd < 0)
			continue;
		line->baud = settings_osdp_baud(&settings->osdp_line[i]);
		osdp_receiver_init(&line->receiver);
	}
	for (uint8_t i = 0; i < READERS_MAX; i++) {
		const struct reader_osdp *reader = &settings->reader[i].osdp;
		struct sim_osdp_line *line = &osdp->line[reader->line];

		if (!reader->configured || line->fd < 0 || line->count == SIM_OSDP_READERS_MAX)
			continue;
		line->reader[line->count++] = i;
		device_make(osdp, i, settings, keys, now_ns);
	}
}

struct osdp_device *sim_osdp_device(struct sim_osdp *osdp, uint8_t reader)
{
	ASSERT(reader >= 1 && reader <= READERS_MAX);
	return osdp->present[reader - 1] ? &osdp->device[reader - 1] : NULL;
}

static void frame_give(struct sim_osdp *osdp, const struct sim_osdp_line *line,
	enum osdp_frame_result result, const struct osdp_frame *frame)
{
	for (unsigned i = 0; i < line->count; i++) {
		struct osdp_device *device = &osdp->device[line->reader[i]];

		if (osdp_device_baud(device) == line->baud)
			osdp_device_frame(device, result, frame, line->heard_until_ns);
	}
}

static void frames_take(struct sim_osdp *osdp, struct sim_osdp_line *line, struct span bytes)
{
	struct osdp_frame frame;

	for (;;) {
		switch (osdp_receiver_take(&line->receiver, &bytes, &frame)) {
		case OSDP_RECEIVER_MORE:
			return;
		case OSDP_RECEIVER_FRAME:
			frame_give(osdp, line, OSDP_FRAME_OK, &frame);
			break;
		case OSDP_RECEIVER_BAD:
			frame_give(osdp, line, line->receiver.error, &frame);
			break;
		}
	}
}

/* When half a frame is given up, or INT64_MAX. */
static int64_t gap_ns(const struct sim_osdp_line *line)
{
	static const int64_t character_gap_ns = NS_PER_SECOND / 50;

	return osdp_receiver_pending(&line->receiver) ? line->heard_until_ns + character_gap_ns
						      : INT64_MAX;
}

static void gap_tick(struct sim_osdp *osdp, struct sim_osdp_line *line, int64_t now_ns)
{
	if (now_ns < gap_ns(line))
		return;
	line->heard_until_ns = now_ns;
	osdp_receiver_silence(&line->receiver);
	frames_take(osdp, line, span_of(NULL, 0));
}

void sim_osdp_read(struct sim_osdp_line *line, struct sim_osdp *osdp, int64_t now_ns)
{
	char bytes[READ_BYTES];
	ssize_t len = serial_read(line->fd, bytes, sizeof(bytes));

	if (len < 0)
		line->fd = -1; /* the supervisor is gone, and we shall be */
	if (len <= 0)
		return;
	gap_tick(osdp, line, now_ns);
	if (line->heard_until_ns < now_ns)
		line->heard_until_ns = now_ns;
	line->heard_until_ns += wire_ns(line, (size_t)len);
	frames_take(osdp, line, span_of(bytes, (size_t)len));
}

/* Takes the reply of one device onto the wire. */
static void reply_take(struct sim_osdp_line *line, struct osdp_device *device, int64_t now_ns)
{
	int64_t due_ns = osdp_device_deadline_ns(device);
	struct osdp_device_reply reply;

	if (!osdp_device_transmit(device, now_ns, &reply))
		return;
	line->out[0] = OSDP_MARK;
	memcpy(line->out + 1, reply.bytes.data, reply.bytes.len);
	line->out_len = 1 + reply.bytes.len;
	line->out_ns = due_ns + wire_ns(line, line->out_len);
}

static void line_tick(struct sim_osdp *osdp, struct sim_osdp_line *line, int64_t now_ns)
{
	gap_tick(osdp, line, now_ns);
	for (unsigned i = 0; i < line->count; i++) {
		struct osdp_device *device = &osdp->device[line->reader[i]];

		osdp_device_time(device, now_ns);
		if (line->out_len == 0)
			reply_take(line, device, now_ns);
	}
	if (line->out_len == 0 || now_ns < line->out_ns)
		return;
	if (serial_write(line->fd, line->out, line->out_len) != (ssize_t)line->out_len)
		line->out_lost++;
	line->out_len = 0;
}

void sim_osdp_tick(struct sim_osdp *osdp, int64_t now_ns)
{
	for (unsigned i = 0; i < OSDP_LINES_MAX; i++) {
		if (osdp->line[i].fd >= 0)
			line_tick(osdp, &osdp->line[i], now_ns);
	}
}

static int64_t line_deadline_ns(const struct sim_osdp *osdp, const struct sim_osdp_line *line)
{
	int64_t deadline_ns = gap_ns(line);

	if (line->out_len > 0)
		return line->out_ns < deadline_ns ? line->out_ns : deadline_ns;
	for (unsigned i = 0; i < line->count; i++) {
		int64_t at_ns = osdp_device_deadline_ns(&osdp->device[line->reader[i]]);

		if (at_ns < deadline_ns)
			deadline_ns = at_ns;
	}
	return deadline_ns;
}

int64_t sim_osdp_deadline_ns(const struct sim_osdp *osdp)
{
	int64_t deadline_ns = INT64_MAX;

	for (unsigned i = 0; i < OSDP_LINES_MAX; i++) {
		int64_t at_ns =
			osdp->line[i].fd < 0 ? INT64_MAX : line_deadline_ns(osdp, &osdp->line[i]);

		if (at_ns < deadline_ns)
			deadline_ns = at_ns;
	}
	return deadline_ns;
}
