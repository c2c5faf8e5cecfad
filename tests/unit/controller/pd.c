// SPDX-License-Identifier: Apache-2.0
/* The reader of pd.h: protocols/osdp_device between a pseudo terminal and a lock. */
#include "pd.h"

#include "base/assert.h"
#include "crypto/osdp_aes.h"
#include "crypto/random.h"
#include "platform/clock.h"
#include "serial/serial.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define REPLY_DELAY_NS NS_PER_MS

static void fill_random(void *user, void *out, size_t len)
{
	(void)user;
	random_bytes(out, len);
}

static enum osdp_device_keep key_keep(void *user, const uint8_t key[OSDP_KEY_SIZE])
{
	struct pd *pd = user;

	if (pd->on_key != NULL)
		pd->on_key(pd->on_key_user);
	memcpy(pd->latest, key, OSDP_KEY_SIZE);
	pd->keysets++;
	return OSDP_DEVICE_KEY_KEPT;
}

static int16_t file_take(void *user, const struct osdp_filetransfer *part)
{
	struct pd *pd = user;

	if (part->offset == 0)
		pd->file_len = pd->file_sum = 0;
	for (size_t i = 0; i < part->fragment.len; i++)
		pd->file_sum += ++pd->file_len * (uint8_t)part->fragment.data[i];
	return pd->file_len == part->total ? pd->file_last : OSDP_FTSTAT_PROCEED;
}

static void wire_read(struct pd *pd)
{
	char bytes[2048];
	ssize_t len = pd->wire < 0 ? 0 : serial_read(pd->wire, bytes, sizeof(bytes));

	if (len > 0)
		osdp_device_receive(&pd->device, span_of(bytes, (size_t)len), clock_boot_ns());
}

static void wire_write(struct pd *pd)
{
	struct osdp_device_reply reply;

	while (osdp_device_transmit(&pd->device, clock_boot_ns(), &reply)) {
		if (pd->wire >= 0 && !pd->mute)
			(void)!serial_write(pd->wire, reply.bytes.data, reply.bytes.len);
	}
}

static int wait_ms(const struct pd *pd, int64_t now_ns)
{
	int64_t due_ns = osdp_device_deadline_ns(&pd->device);

	if (due_ns == INT64_MAX)
		return -1;
	return due_ns <= now_ns ? 0 : (int)((due_ns - now_ns) / NS_PER_MS) + 1;
}

static void *run(void *user)
{
	struct pd *pd = user;
	uint64_t count;

	(void)pthread_mutex_lock(&pd->lock);
	while (!pd->stopping) {
		struct pollfd polled[] = {
			{.fd = pd->wire, .events = POLLIN}, {.fd = pd->wake, .events = POLLIN}};
		int timeout_ms = wait_ms(pd, clock_boot_ns());

		(void)pthread_mutex_unlock(&pd->lock);
		(void)poll(polled, 2, timeout_ms);
		(void)pthread_mutex_lock(&pd->lock);
		(void)!read(pd->wake, &count, sizeof(count));
		wire_read(pd);
		osdp_device_time(&pd->device, clock_boot_ns());
		wire_write(pd);
		if ((polled[0].revents & (POLLIN | POLLHUP)) == POLLHUP) {
			/* Nobody has the port open: a closed line says nothing. */
			(void)pthread_mutex_unlock(&pd->lock);
			(void)poll(NULL, 0, 5);
			(void)pthread_mutex_lock(&pd->lock);
		}
	}
	(void)pthread_mutex_unlock(&pd->lock);
	return NULL;
}

void pd_start(struct pd *pd, int wire, uint8_t address, const uint8_t *key, bool secure)
{
	struct osdp_device_config config;

	*pd = (struct pd){.wire = wire, .wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	ASSERT(pd->wake >= 0 && pthread_mutex_init(&pd->lock, NULL) == 0);
	osdp_device_config_default(&config);
	config.address = address;
	config.baud = 115200;
	config.identity = (struct osdp_pdid){.vendor = {0xca, 0x44, 0x6c},
		.model = 1,
		.version = 2,
		.serial = 0x0badcafe + address,
		.firmware = {1, 2, 3}};
	config.secure_required = secure;
	config.has_key = key != NULL;
	if (key != NULL)
		memcpy(config.key, key, sizeof(config.key));
	config.reply_delay_ns = REPLY_DELAY_NS;
	config.aes = osdp_aes_nettle;
	config.fill_random = fill_random;
	config.owner.key = key_keep;
	config.owner.file = file_take;
	config.owner.user = pd;
	osdp_device_init(&pd->device, &config, clock_boot_ns());
	ASSERT(pthread_create(&pd->thread, NULL, run, pd) == 0);
}

static void changed(struct pd *pd)
{
	uint64_t one = 1;

	(void)!write(pd->wake, &one, sizeof(one));
	(void)pthread_mutex_unlock(&pd->lock);
}

void pd_stop(struct pd *pd)
{
	(void)pthread_mutex_lock(&pd->lock);
	pd->stopping = true;
	changed(pd);
	(void)pthread_join(pd->thread, NULL);
	if (pd->wire >= 0)
		(void)close(pd->wire);
	(void)close(pd->wake);
	(void)pthread_mutex_destroy(&pd->lock);
	osdp_device_wipe(&pd->device);
}

void pd_plug(struct pd *pd, int wire)
{
	(void)pthread_mutex_lock(&pd->lock);
	if (pd->wire >= 0)
		(void)close(pd->wire);
	pd->wire = wire;
	changed(pd);
}

bool pd_card(struct pd *pd, const struct card_bits *bits)
{
	(void)pthread_mutex_lock(&pd->lock);
	bool taken = osdp_device_card(&pd->device, bits, clock_boot_ns());

	changed(pd);
	return taken;
}

bool pd_keys(struct pd *pd, const char *keys)
{
	(void)pthread_mutex_lock(&pd->lock);
	bool taken = osdp_device_keys(&pd->device, span_from_string(keys), clock_boot_ns());

	changed(pd);
	return taken;
}

void pd_tamper(struct pd *pd, bool on)
{
	(void)pthread_mutex_lock(&pd->lock);
	osdp_device_set_tamper(&pd->device, on);
	changed(pd);
}

void pd_power_cycle(struct pd *pd)
{
	(void)pthread_mutex_lock(&pd->lock);
	osdp_device_power_cycle(&pd->device, clock_boot_ns());
	changed(pd);
}

void pd_file(struct pd *pd, uint32_t max, int16_t last)
{
	(void)pthread_mutex_lock(&pd->lock);
	pd->device.config.file_max = max;
	osdp_file_receive_init(&pd->device.file, max > 0 ? max : 1);
	pd->file_last = last;
	changed(pd);
}

void pd_file_taken(struct pd *pd, uint32_t *ret_len, uint32_t *ret_sum)
{
	(void)pthread_mutex_lock(&pd->lock);
	*ret_len = pd->file_len;
	*ret_sum = pd->file_sum;
	(void)pthread_mutex_unlock(&pd->lock);
}

void pd_install(struct pd *pd, bool open)
{
	(void)pthread_mutex_lock(&pd->lock);
	osdp_device_set_install(&pd->device, open);
	changed(pd);
}

void pd_set_key(struct pd *pd, const uint8_t *key)
{
	(void)pthread_mutex_lock(&pd->lock);
	osdp_device_set_key(&pd->device, key);
	changed(pd);
}

void pd_mute(struct pd *pd, bool mute)
{
	(void)pthread_mutex_lock(&pd->lock);
	pd->mute = mute;
	changed(pd);
}

bool pd_key(struct pd *pd, uint8_t ret[OSDP_KEY_SIZE])
{
	(void)pthread_mutex_lock(&pd->lock);
	bool has = pd->device.config.has_key;

	memcpy(ret, pd->device.config.key, OSDP_KEY_SIZE);
	(void)pthread_mutex_unlock(&pd->lock);
	return has;
}

uint8_t pd_led(struct pd *pd)
{
	(void)pthread_mutex_lock(&pd->lock);
	uint8_t colour = osdp_device_led(&pd->device, 0, clock_boot_ns());

	(void)pthread_mutex_unlock(&pd->lock);
	return colour;
}

uint32_t pd_beeps(struct pd *pd)
{
	(void)pthread_mutex_lock(&pd->lock);
	uint32_t count = pd->device.shown.buzzer_count;

	(void)pthread_mutex_unlock(&pd->lock);
	return count;
}

uint64_t pd_commands(struct pd *pd)
{
	(void)pthread_mutex_lock(&pd->lock);
	uint64_t count = pd->device.counters.commands;

	(void)pthread_mutex_unlock(&pd->lock);
	return count;
}

enum osdp_device_link pd_link(struct pd *pd)
{
	(void)pthread_mutex_lock(&pd->lock);
	enum osdp_device_link link = osdp_device_link(&pd->device, clock_boot_ns());

	(void)pthread_mutex_unlock(&pd->lock);
	return link;
}

uint32_t pd_keysets(struct pd *pd)
{
	(void)pthread_mutex_lock(&pd->lock);
	uint32_t count = pd->keysets;

	(void)pthread_mutex_unlock(&pd->lock);
	return count;
}

void pd_swap(struct pd *pd, uint32_t serial)
{
	(void)pthread_mutex_lock(&pd->lock);
	pd->device.config.identity.serial = serial;
	osdp_device_power_cycle(&pd->device, clock_boot_ns());
	changed(pd);
}

bool pd_match(struct pd *pd, uint8_t status, uint8_t score)
{
	(void)pthread_mutex_lock(&pd->lock);
	bool taken = osdp_device_bio_match(&pd->device, status, score, clock_boot_ns());

	changed(pd);
	return taken;
}
