// SPDX-License-Identifier: Apache-2.0
/*
 * An OSDP reader on its line: frames, sequence, secure channel. What commands do is
 * osdp_device_command.c.
 *
 * Order of judgement: check, address, sequence, secure channel, length, command. What does not pass
 * moves nothing: no sequence number, no MAC, no light. The reply of a command is kept with
 * the command's bytes; the same bytes again are answered with the same bytes. BUSY undoes the
 * unwrapping, because the panel will send the same MAC again.
 *
 * A command with sequence 0 ends the session and forgets the kept reply. A wrong MAC ends the
 * session. A plain command that needs the session does not: anybody can send one.
 */
#include "osdp_device_private.h"

#include "base/assert.h"

#define NS_PER_MS INT64_C(1000000)

/* --- replies --- */

static void reply_start(
	struct osdp_device *device, const uint8_t *bytes, size_t len, int64_t now_ns)
{
	ASSERT(len > 0);
	device->reply = bytes;
	device->reply_len = (uint16_t)len;
	device->reply_ns = now_ns + device->config.reply_delay_ns;
}

static struct osdp_frame reply_to(const struct osdp_frame *command)
{
	return (struct osdp_frame){
		.address = command->address,
		.reply = true,
		.sequence = command->sequence,
		.use_crc = command->use_crc,
	};
}

/* A reply that nobody keeps: the command moved nothing. */
static void small_send(struct osdp_device *device, const struct osdp_frame *reply, int64_t now_ns)
{
	size_t len = osdp_frame_build(reply, device->small, sizeof(device->small));

	reply_start(device, device->small, len, now_ns);
}

static void nak_small(struct osdp_device *device, const struct osdp_frame *command,
	uint8_t sequence, uint8_t nak, int64_t now_ns)
{
	struct osdp_frame reply = reply_to(command);

	reply.sequence = sequence;
	reply.code = OSDP_NAK;
	reply.data = span_of(&nak, 1);
	device->counters.naks++;
	small_send(device, &reply, now_ns);
}

static void busy_small(struct osdp_device *device, const struct osdp_frame *command, int64_t now_ns)
{
	struct osdp_frame reply = reply_to(command);

	reply.sequence = 0;
	reply.code = OSDP_BUSY;
	small_send(device, &reply, now_ns);
}

/* The command was done, kept[0..len) answers it. */
static void command_keep(
	struct osdp_device *device, const struct osdp_frame *command, size_t len, int64_t now_ns)
{
	memcpy(device->command, command->bytes.data, command->bytes.len);
	device->command_len = (uint16_t)command->bytes.len;
	device->kept_len = (uint16_t)len;
	device->expected = (uint8_t)(command->sequence % 3 + 1);
	device->counters.commands++;
	reply_start(device, device->kept, len, now_ns);
}

static void clear_send(struct osdp_device *device, const struct osdp_frame *command, int64_t now_ns,
	struct osdp_frame *reply)
{
	size_t len = osdp_frame_build(reply, device->kept, sizeof(device->kept));

	if (reply->code == OSDP_NAK)
		device->counters.naks++;
	command_keep(device, command, len, now_ns);
}

static bool session_stands(const struct osdp_device *device)
{
	return osdp_secure_established(&device->secure);
}

/* In clear. A session that stands is not moved by it: anybody can send what is refused. */
static void refuse(
	struct osdp_device *device, const struct osdp_frame *command, uint8_t nak, int64_t now_ns)
{
	struct osdp_frame reply = reply_to(command);

	if (session_stands(device)) {
		nak_small(device, command, command->sequence, nak, now_ns);
		return;
	}
	reply.code = OSDP_NAK;
	reply.data = span_of(&nak, 1);
	clear_send(device, command, now_ns, &reply);
}

/* --- secure channel --- */

/* The key a handshake may use, or NULL. */
static const uint8_t *key_of(const struct osdp_device *device, enum osdp_selector selector)
{
	const struct osdp_device_config *config = &device->config;

	if (selector == OSDP_SELECTOR_OWN)
		return config->has_key ? config->key : NULL;
	return !config->has_key || config->install_mode ? osdp_key_default : NULL;
}

static void cuid_of(const struct osdp_device_config *config, uint8_t ret[OSDP_CUID_SIZE])
{
	static const uint8_t none[OSDP_CUID_SIZE];
	const struct osdp_pdid *pdid = &config->identity;

	memcpy(ret, config->cuid, OSDP_CUID_SIZE);
	if (memcmp(ret, none, sizeof(none)) != 0)
		return;
	memcpy(ret, pdid->vendor, sizeof(pdid->vendor));
	for (unsigned i = 0; i < sizeof(pdid->serial); i++)
		ret[sizeof(pdid->vendor) + i] = (uint8_t)(pdid->serial >> (8 * i));
}

static void chlng_run(struct osdp_device *device, const struct osdp_frame *command, int64_t now_ns)
{
	struct osdp_frame reply = reply_to(command);
	enum osdp_selector selector;
	uint8_t nonce[OSDP_RANDOM_SIZE];
	uint8_t cuid[OSDP_CUID_SIZE];

	if (osdp_secure_chlng_selector(command, &selector) != OSDP_SECURE_OK ||
		key_of(device, selector) == NULL) {
		refuse(device, command, OSDP_NAK_SECURITY_BLOCK, now_ns);
		return;
	}
	device->config.fill_random(device->config.random_user, nonce, sizeof(nonce));
	cuid_of(&device->config, cuid);
	enum osdp_secure_result result =
		osdp_secure_chlng_read(&device->secure, command, key_of(device, selector), nonce);

	ASSERT(result == OSDP_SECURE_OK);
	osdp_secure_ccrypt_write(&device->secure, cuid, &reply);
	device->rested = false;
	clear_send(device, command, now_ns, &reply);
}

static void scrypt_run(struct osdp_device *device, const struct osdp_frame *command, int64_t now_ns)
{
	struct osdp_frame reply = reply_to(command);

	if (osdp_secure_scrypt_read(&device->secure, command) != OSDP_SECURE_OK) {
		if (!session_stands(device))
			osdp_secure_wipe(&device->secure);
		refuse(device, command, OSDP_NAK_SECURITY_BLOCK, now_ns);
		return;
	}
	osdp_secure_rmac_write(&device->secure, &reply);
	device->counters.sessions++;
	clear_send(device, command, now_ns, &reply);
}

/* --- commands --- */

static void command_do(struct osdp_device *device, const struct osdp_frame *frame,
	const struct device_command *command, struct device_answer *answer)
{
	if (device->refusals > 0) {
		device->refusals--;
		device_nak(answer, device->refusal);
	} else if (frame->bytes.len > device->config.receive_max) {
		device_nak(answer, OSDP_NAK_LENGTH);
	} else {
		device_command_do(device, command, answer);
	}
}

static void secured_done(struct osdp_device *device, const struct osdp_frame *command,
	const struct device_answer *answer, int64_t now_ns)
{
	struct osdp_frame reply = reply_to(command);

	reply.code = answer->code;
	reply.data = buf_span(&answer->data);
	size_t len = osdp_secure_wrap(&device->secure, &reply, device->kept, sizeof(device->kept));

	if (answer->code == OSDP_NAK)
		device->counters.naks++;
	command_keep(device, command, len, now_ns);
}

/* A command that has come through the session, in plain. */
static void secured_do(struct osdp_device *device, const struct osdp_frame *frame,
	const struct osdp_secure *before, struct span plain, int64_t now_ns)
{
	uint8_t bytes[OSDP_FRAME_MAX];
	struct device_answer answer = {.data = buf_over(bytes, sizeof(bytes))};
	struct device_command command = {
		.code = frame->code, .data = plain, .secured = true, .now_ns = now_ns};

	command_do(device, frame, &command, &answer);
	ASSERT(!answer.data.overflow);
	if (answer.code == OSDP_BUSY) {
		device->secure = *before;
		busy_small(device, frame, now_ns);
	} else {
		secured_done(device, frame, &answer, now_ns);
	}
	osdp_wipe(bytes, answer.data.len);
}

static void secured_run(struct osdp_device *device, const struct osdp_frame *frame, int64_t now_ns)
{
	struct osdp_secure before = device->secure;
	uint8_t plain[OSDP_FRAME_MAX];
	struct span data;

	switch (osdp_secure_unwrap(&device->secure, frame, plain, &data)) {
	case OSDP_SECURE_OK:
		secured_do(device, frame, &before, data, now_ns);
		break;
	case OSDP_SECURE_MAC:
		device->counters.bad_macs++;
		osdp_secure_wipe(&device->secure);
		refuse(device, frame, OSDP_NAK_SECURE_CHANNEL, now_ns);
		break;
	case OSDP_SECURE_PHASE:
		refuse(device, frame, OSDP_NAK_SECURE_CHANNEL, now_ns);
		break;
	default:
		osdp_secure_wipe(&device->secure);
		refuse(device, frame, OSDP_NAK_SECURITY_BLOCK, now_ns);
	}
	osdp_wipe(plain, data.len);
	osdp_wipe(&before, sizeof(before));
}

static void clear_do(struct osdp_device *device, const struct osdp_frame *frame, int64_t now_ns)
{
	uint8_t bytes[OSDP_FRAME_MAX];
	struct device_answer answer = {.data = buf_over(bytes, sizeof(bytes))};
	struct device_command command = {
		.code = frame->code, .data = frame->data, .now_ns = now_ns};
	struct osdp_frame reply = reply_to(frame);

	command_do(device, frame, &command, &answer);
	ASSERT(!answer.data.overflow && answer.code != OSDP_BUSY);
	reply.code = answer.code;
	reply.data = buf_span(&answer.data);
	clear_send(device, frame, now_ns, &reply);
}

static void clear_run(struct osdp_device *device, const struct osdp_frame *frame, int64_t now_ns)
{
	const struct osdp_code *code = osdp_code_find(false, frame->code);
	bool always = code != NULL && code->clear == OSDP_CLEAR_ALWAYS;

	bool needs = session_stands(device) || device->config.secure_required;

	if (needs && !always)
		refuse(device, frame, OSDP_NAK_SECURE_CHANNEL, now_ns);
	else if (frame->code == OSDP_CHLNG || frame->code == OSDP_SCRYPT)
		refuse(device, frame, OSDP_NAK_SECURITY_BLOCK, now_ns);
	else
		clear_do(device, frame, now_ns);
}

/* A command whose turn it is. */
static void command_run(struct osdp_device *device, const struct osdp_frame *frame, int64_t now_ns)
{
	if (!frame->has_security_block) {
		clear_run(device, frame, now_ns);
		return;
	}
	bool handshake = frame->block_type == OSDP_SCS_11 || frame->block_type == OSDP_SCS_13;

	if (handshake && device->refusals > 0) {
		device->refusals--;
		refuse(device, frame, device->refusal, now_ns);
		return;
	}
	switch (frame->block_type) {
	case OSDP_SCS_11:
		chlng_run(device, frame, now_ns);
		break;
	case OSDP_SCS_13:
		scrypt_run(device, frame, now_ns);
		break;
	case OSDP_SCS_15:
	case OSDP_SCS_17:
		secured_run(device, frame, now_ns);
		break;
	default:
		refuse(device, frame, OSDP_NAK_SECURITY_BLOCK, now_ns);
	}
}

/* --- sequence --- */

static void sequence_reset(struct osdp_device *device)
{
	osdp_secure_wipe(&device->secure);
	device->command_len = 0;
	device->expected = 0;
	device->identity_at = 0;
	device->rested = false;
}

static bool is_offline(const struct osdp_device *device, int64_t now_ns)
{
	return device->heard_ns == INT64_MIN || now_ns - device->heard_ns >= OSDP_DEVICE_OFFLINE_NS;
}

/* Gives up a panel that is gone, and events that nobody polled. */
static void presence_time(struct osdp_device *device, int64_t now_ns)
{
	if (device->heard_ns != INT64_MIN && is_offline(device, now_ns)) {
		device->heard_ns = INT64_MIN;
		sequence_reset(device);
	}
	device_events_age(device, now_ns);
}

static bool is_repeat(const struct osdp_device *device, const struct osdp_frame *frame)
{
	return frame->sequence != 0 && device->command_len > 0 &&
	       span_equal(frame->bytes, span_of(device->command, device->command_len));
}

static void command_take(struct osdp_device *device, const struct osdp_frame *frame, int64_t now_ns)
{
	device->heard_ns = now_ns;
	if (is_repeat(device, frame)) {
		device->counters.repeats++;
		reply_start(device, device->kept, device->kept_len, now_ns);
		return;
	}
	if (frame->sequence != 0 && frame->sequence != device->expected) {
		nak_small(device, frame, device->expected, OSDP_NAK_SEQUENCE, now_ns);
		return;
	}
	if (frame->sequence == 0)
		sequence_reset(device);
	device->com_waits = false;
	if (device->busy > 0) {
		device->busy--;
		busy_small(device, frame, now_ns);
	} else {
		command_run(device, frame, now_ns);
	}
}

/* Whoever is alone on the line answers here too; neither session nor sequence take part. */
static void config_take(struct osdp_device *device, const struct osdp_frame *frame, int64_t now_ns)
{
	const struct osdp_code *code = osdp_code_find(false, frame->code);
	uint8_t expected = device->expected;

	if (code == NULL || !code->config || frame->has_security_block)
		return;
	device->heard_ns = now_ns;
	device->com_waits = false;
	clear_do(device, frame, now_ns);
	device->identity_at = 0;
	device->command_len = 0; /* its reply is overwritten */
	device->expected = expected;
}

static void bad_take(struct osdp_device *device, enum osdp_frame_result result,
	const struct osdp_frame *frame, int64_t now_ns)
{
	if (frame->reply || frame->address != device->config.address)
		return;
	device->counters.bad_frames++;
	nak_small(device, frame, frame->sequence,
		result == OSDP_FRAME_CHECK ? OSDP_NAK_CHECK : OSDP_NAK_SECURITY_BLOCK, now_ns);
}

void osdp_device_frame(struct osdp_device *device, enum osdp_frame_result result,
	const struct osdp_frame *frame, int64_t now_ns)
{
	presence_time(device, now_ns);
	if (result == OSDP_FRAME_CHECK || result == OSDP_FRAME_BLOCK)
		bad_take(device, result, frame, now_ns);
	else if (result != OSDP_FRAME_OK || frame->reply)
		return;
	else if (frame->address == OSDP_ADDRESS_CONFIG)
		config_take(device, frame, now_ns);
	else if (frame->address == device->config.address)
		command_take(device, frame, now_ns);
}

/* --- the line --- */

static void frames_take(struct osdp_device *device, struct span bytes, int64_t now_ns)
{
	struct osdp_frame frame;

	for (;;) {
		switch (osdp_receiver_take(&device->receiver, &bytes, &frame)) {
		case OSDP_RECEIVER_MORE:
			return;
		case OSDP_RECEIVER_FRAME:
			osdp_device_frame(device, OSDP_FRAME_OK, &frame, now_ns);
			break;
		case OSDP_RECEIVER_BAD:
			osdp_device_frame(device, device->receiver.error, &frame, now_ns);
			break;
		}
	}
}

/* When half a frame is given up. */
static int64_t gap_ns(const struct osdp_device *device)
{
	return osdp_receiver_pending(&device->receiver)
		       ? device->bytes_ns + device->config.character_gap_ns
		       : INT64_MAX;
}

void osdp_device_receive(struct osdp_device *device, struct span bytes, int64_t now_ns)
{
	osdp_device_time(device, now_ns);
	device->bytes_ns = now_ns;
	frames_take(device, bytes, now_ns);
}

void osdp_device_time(struct osdp_device *device, int64_t now_ns)
{
	presence_time(device, now_ns);
	if (now_ns < gap_ns(device))
		return;
	device->bytes_ns = now_ns;
	osdp_receiver_silence(&device->receiver);
	frames_take(device, span_of(NULL, 0), now_ns);
}

bool osdp_device_transmit(
	struct osdp_device *device, int64_t now_ns, struct osdp_device_reply *ret_reply)
{
	if (device->reply_len == 0 || now_ns < device->reply_ns)
		return false;
	*ret_reply = (struct osdp_device_reply){
		.bytes = span_of(device->reply, device->reply_len), .baud = device->config.baud};
	device->reply_len = 0;
	if (device->com_waits && device->reply == device->kept) {
		device->config.address = device->com.address;
		device->config.baud = device->com.baud;
		device->com_waits = false;
	}
	return true;
}

int64_t osdp_device_deadline_ns(const struct osdp_device *device)
{
	int64_t deadline_ns = gap_ns(device);
	int64_t event_ns = device_events_deadline_ns(device);

	deadline_ns = event_ns < deadline_ns ? event_ns : deadline_ns;
	if (device->reply_len > 0 && device->reply_ns < deadline_ns)
		deadline_ns = device->reply_ns;
	if (device->heard_ns != INT64_MIN &&
		device->heard_ns + OSDP_DEVICE_OFFLINE_NS < deadline_ns)
		deadline_ns = device->heard_ns + OSDP_DEVICE_OFFLINE_NS;
	return deadline_ns;
}

/* --- life --- */

void osdp_device_config_default(struct osdp_device_config *config)
{
	*config = (struct osdp_device_config){
		.baud = 9600,
		.secure_required = true,
		.leds = 1,
		.inputs = 2,
		.outputs = 1,
		.receive_max = 256,
		.character_gap_ns = 20 * NS_PER_MS,
		.reply_delay_ns = 3 * NS_PER_MS,
		.event_keep_ns = 3000 * NS_PER_MS,
	};
}

void osdp_device_init(
	struct osdp_device *device, const struct osdp_device_config *config, int64_t now_ns)
{
	ASSERT(config->address <= OSDP_ADDRESS_MAX && config->leds <= OSDP_DEVICE_LEDS_MAX);
	ASSERT(config->inputs <= OSDP_DEVICE_INPUTS_MAX &&
		config->outputs <= OSDP_DEVICE_OUTPUTS_MAX);
	ASSERT(config->receive_max >= OSDP_FRAME_SAFE && config->receive_max <= OSDP_FRAME_MAX);
	memset(device, 0, sizeof(*device));
	device->config = *config;
	device->heard_ns = INT64_MIN;
	device->bytes_ns = now_ns;
	device->panel_max = OSDP_FRAME_SAFE;
	osdp_receiver_init(&device->receiver);
	osdp_secure_init(&device->secure, &config->aes, true);
	if (config->file_max > 0)
		osdp_file_receive_init(&device->file, config->file_max);
}

void osdp_device_power_cycle(struct osdp_device *device, int64_t now_ns)
{
	struct osdp_device_config config = device->config;
	struct osdp_device_counters counters = device->counters;
	bool tamper = device->tamper;

	osdp_device_wipe(device);
	osdp_device_init(device, &config, now_ns);
	osdp_wipe(&config, sizeof(config));
	device->counters = counters;
	device->tamper = tamper;
	device->restarted = true;
	device->local_due = true;
}

void osdp_device_wipe(struct osdp_device *device)
{
	osdp_wipe(device, sizeof(*device));
}

uint8_t osdp_device_address(const struct osdp_device *device)
{
	return device->config.address;
}

uint32_t osdp_device_baud(const struct osdp_device *device)
{
	return device->config.baud;
}

void osdp_device_set_install(struct osdp_device *device, bool open)
{
	device->config.install_mode = open;
}

void osdp_device_set_key(struct osdp_device *device, const uint8_t *key)
{
	device->config.has_key = key != NULL;
	if (key != NULL)
		memcpy(device->config.key, key, OSDP_KEY_SIZE);
	else
		osdp_wipe(device->config.key, OSDP_KEY_SIZE);
}

void osdp_device_key_kept(struct osdp_device *device, bool kept)
{
	if (device->asked == OSDP_DEVICE_ASKED)
		device->asked = kept ? OSDP_DEVICE_ASKED_KEPT : OSDP_DEVICE_ASKED_REFUSED;
}

bool osdp_device_at_rest(const struct osdp_device *device)
{
	return device->rested;
}

enum osdp_device_link osdp_device_link(const struct osdp_device *device, int64_t now_ns)
{
	if (is_offline(device, now_ns))
		return OSDP_DEVICE_OFFLINE;
	if (!session_stands(device))
		return OSDP_DEVICE_CLEAR;
	return device->secure.selector == OSDP_SELECTOR_OWN ? OSDP_DEVICE_SECURE
							    : OSDP_DEVICE_INSTALL;
}

void osdp_device_be_busy(struct osdp_device *device, uint32_t commands)
{
	device->busy = commands;
}

void osdp_device_refuse(struct osdp_device *device, uint8_t nak, uint32_t commands)
{
	device->refusal = nak;
	device->refusals = commands;
}
