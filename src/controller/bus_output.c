// SPDX-License-Identifier: Apache-2.0
/*
 * Lines on which we are the reader of another maker's panel. Cards come from rt, already in the
 * panel's format, and wait in the device until the panel polls; after three seconds they are
 * dropped, because a card must not open that panel's door when the person is gone.
 *
 * The panel sets our key when it pairs us. It is told BUSY until the key is on disk, as pending and
 * then as the key in use: what the panel takes for agreed survives our restart. Without a key of
 * its own such a line gives nothing, unless the settings say that it may go in clear. Address and
 * baud rate are those of the settings, whatever the panel asks for.
 */
#include "bus_private.h"

#include "base/assert.h"
#include "crypto/osdp_aes.h"
#include "crypto/random.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "protocols/osdp_device.h"

#include <errno.h>
#include <string.h>

#define TELL_NS (60 * NS_PER_S)

_Static_assert(READER_KEYS_MAX == READERS_MAX + PANELS_MAX, "a key for each panel");

struct bus_output {
	struct bus *bus;
	uint8_t panel; /* number */
	bool asked; /* the panel has set a key that no job was sent for yet */
	bool under_way; /* a job is at the store */
	uint8_t link; /* enum osdp_device_link, as it was told */
	uint64_t lost_told;
	int64_t tell_ns; /* not before */
	struct osdp_device device;
	uint8_t out[1 + OSDP_FRAME_MAX]; /* a mark, a frame */
};

/* --- the line --- */

void bus_line_receive(struct bus_line *line, struct span bytes, int64_t now_ns)
{
	if (line->output != NULL)
		osdp_device_receive(&line->output->device, bytes, now_ns);
	else
		osdp_bus_receive(line->osdp, bytes, now_ns);
}

void bus_line_time(struct bus_line *line, int64_t now_ns)
{
	if (line->output != NULL)
		osdp_device_time(&line->output->device, now_ns);
	else
		osdp_bus_time(line->osdp, now_ns);
}

bool bus_line_transmit(struct bus_line *line, int64_t now_ns, struct span *ret_bytes)
{
	struct bus_output *output = line->output;
	struct osdp_device_reply reply;

	if (output == NULL)
		return osdp_bus_transmit(line->osdp, now_ns, ret_bytes);
	if (!osdp_device_transmit(&output->device, now_ns, &reply))
		return false;
	output->out[0] = OSDP_MARK;
	memcpy(output->out + 1, reply.bytes.data, reply.bytes.len);
	*ret_bytes = span_of(output->out, 1 + reply.bytes.len);
	return true;
}

int64_t bus_line_deadline_ns(const struct bus_line *line)
{
	return line->output != NULL ? osdp_device_deadline_ns(&line->output->device)
				    : osdp_bus_deadline_ns(line->osdp);
}

/* What the panel's line is doing is no concern of the device: it is offline after eight seconds. */
void bus_line_port(struct bus_line *line, bool there, int64_t now_ns)
{
	if (line->output == NULL)
		osdp_bus_port(line->osdp, there, now_ns);
}

/* --- keys --- */

static void job_send(struct bus_output *output, enum key_job_kind kind)
{
	struct core *core = output->bus->core;
	struct key_job job = {
		.kind = (uint8_t)kind, .reader = (uint8_t)(READERS_MAX + output->panel)};

	output->under_way = spsc_push(&core->key_jobs, &job);
	if (!output->under_way) /* no room: the panel asks again */
		osdp_device_key_kept(&output->device, false);
	core_wake(core->store_wake);
}

/* Called within the device, which may not be called: the job goes out in the next turn. */
static enum osdp_device_keep key_set(void *user, const uint8_t key[OSDP_KEY_SIZE])
{
	struct bus_output *output = user;

	if (output->under_way)
		return OSDP_DEVICE_KEY_REFUSED;
	memcpy(output->bus->core->reader_keys->pending[READERS_MAX + output->panel - 1], key,
		OSDP_KEY_SIZE);
	output->asked = true;
	return OSDP_DEVICE_KEY_LATER;
}

void bus_output_result(struct bus *bus, const struct key_job *result)
{
	struct bus_output *output = bus->output[result->reader - READERS_MAX - 1];

	ASSERT(output != NULL && output->under_way);
	output->under_way = false;
	if (result->done && result->kind == KEY_JOB_PEND) {
		job_send(output, KEY_JOB_PROMOTE);
		return;
	}
	osdp_device_key_kept(&output->device, result->done);
	explicit_bzero(bus->core->reader_keys->pending[result->reader - 1], READER_KEY_SIZE);
	if (result->done)
		log_info("panel %u has set our OSDP key", output->panel);
	else
		log_warning("panel %u wants to set an OSDP key that cannot be kept: it is one that "
			    "everybody may know, or the disk does not take it",
			output->panel);
}

/* --- the start --- */

static void random_fill(void *user UNUSED, void *out, size_t len)
{
	random_bytes(out, len);
}

static int key_take(void *user, const struct reader_key *key)
{
	struct bus *bus = user;

	if (key->reader > READERS_MAX && !key->pending &&
		bus->output[key->reader - READERS_MAX - 1] != NULL)
		osdp_device_set_key(&bus->output[key->reader - READERS_MAX - 1]->device, key->key);
	return 0;
}

static int output_new(struct bus *bus, uint8_t at)
{
	const struct reader_osdp *osdp = &bus->core->settings->panel[at].osdp;
	struct bus_output *output = core_secret_new_of(sizeof(*output));
	struct bus_line *line = &bus->line[bus->line_count];
	struct osdp_device_config config;

	if (output == NULL)
		return -ENOMEM;
	*line = (struct bus_line){
		.at = osdp->line, .fd = -1, .look_ns = INT64_MAX, .output = output};
	osdp_device_config_default(&config);
	config.address = osdp->address;
	config.baud = settings_osdp_baud(&bus->core->settings->osdp_line[osdp->line]);
	config.com_fixed = true;
	/* A locally administered vendor: nobody's. */
	config.identity = (struct osdp_pdid){.vendor = {0x02, 0x50, 0x53},
		.model = 2,
		.version = 1,
		.serial = at + 1u,
		.firmware = {2, 2, 0}};
	config.secure_required = osdp->secure_channel == SECURE_CHANNEL_REQUIRED;
	config.install_mode = osdp->install_open;
	config.inputs = 0;
	config.outputs = 0;
	config.aes = osdp_aes_nettle;
	config.fill_random = random_fill;
	config.owner = (struct osdp_device_owner){.key = key_set, .user = output};
	output->bus = bus;
	output->panel = (uint8_t)(at + 1);
	osdp_device_init(&output->device, &config, clock_boot_ns());
	line->baud = config.baud;
	bus->output[at] = output;
	bus->line_count++;
	return 0;
}

int bus_outputs_new(struct bus *bus)
{
	int error = 0;

	for (uint8_t i = 0; i < PANELS_MAX && error == 0; i++) {
		if (bus->core->settings->panel[i].osdp.configured)
			error = output_new(bus, i);
	}
	if (error != 0)
		return error;
	error = store_reader_keys(bus->core->store, key_take, bus);
	if (error != 0)
		log_error("ALARM: cannot read the OSDP keys that panels have set: %s; those that "
			  "are not read have to be set anew",
			store_error_text(error));
	return 0;
}

void bus_outputs_free(struct bus *bus)
{
	for (unsigned i = 0; i < PANELS_MAX; i++) {
		if (bus->output[i] == NULL)
			continue;
		osdp_device_wipe(&bus->output[i]->device);
		core_secret_free_of(bus->output[i], sizeof(*bus->output[i]));
	}
}

/* --- turns --- */

static const char *link_words(enum osdp_device_link link)
{
	switch (link) {
	case OSDP_DEVICE_OFFLINE:
		return "does not poll us any more";
	case OSDP_DEVICE_CLEAR:
		return "talks to us, without a secure channel";
	case OSDP_DEVICE_INSTALL:
		return "talks to us under the key that everybody knows, to set one";
	case OSDP_DEVICE_SECURE:
		return "talks to us in a secure channel";
	}
	return "?";
}

static void output_tell(struct bus_output *output, int64_t now_ns)
{
	enum osdp_device_link link = osdp_device_link(&output->device, now_ns);
	uint64_t lost = output->device.counters.events_lost;

	if (now_ns < output->tell_ns || (output->link == link && output->lost_told == lost))
		return;
	if (output->link != link) {
		log_info("panel %u %s", output->panel, link_words(link));
		output->tell_ns = now_ns + NS_PER_S;
	}
	if (output->lost_told != lost) {
		log_warning("panel %u did not poll %llu frames in time: they were dropped",
			output->panel, (unsigned long long)(lost - output->lost_told));
		output->tell_ns = now_ns + TELL_NS;
	}
	output->link = (uint8_t)link;
	output->lost_told = lost;
}

void bus_outputs_frames(struct bus *bus, int64_t now_ns)
{
	struct bus_frame frame;

	while (spsc_pop(&bus->core->bus_frames, &frame)) {
		struct bus_output *output = bus->output[frame.panel];

		/* What it has no room for, it counts. */
		if (output != NULL && osdp_device_card(&output->device, &frame.bits, now_ns))
			continue;
	}
}

void bus_outputs_turn(struct bus *bus, int64_t now_ns)
{
	for (unsigned i = 0; i < PANELS_MAX; i++) {
		struct bus_output *output = bus->output[i];

		if (output == NULL)
			continue;
		if (output->asked) {
			output->asked = false;
			job_send(output, KEY_JOB_PEND);
		}
		output_tell(output, now_ns);
	}
}
