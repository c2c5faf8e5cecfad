// SPDX-License-Identifier: Apache-2.0
/*
 * What an OSDP reader does with each command, once frame, sequence and secure channel have let it
 * pass: one table. A command whose data is of the wrong length, or that is not in the table, does
 * nothing. Nothing is answered here that does not fit into what the panel takes.
 */
#include "osdp_device_private.h"

#include "base/assert.h"
#include "base/compiler.h"

#define IDENTITY_MAX 256 /* bytes of an extended identity */
#define KEY_TYPE_SCBK 1

typedef void command_fn(struct osdp_device *device, const struct device_command *command,
	struct device_answer *answer);

void device_nak(struct device_answer *answer, uint8_t nak)
{
	answer->code = OSDP_NAK;
	answer->data.len = 0;
	osdp_nak_encode(&answer->data, &(struct osdp_nak_reply){.code = nak});
}

/* --- who it is --- */

static void identity_text(struct osdp_device *device, struct buf *message)
{
	const struct osdp_pdid *pdid = &device->config.identity;
	char text[32];
	struct buf value = buf_over(text, sizeof(text));

	osdp_identity_encode(message,
		&(struct osdp_identity){OSDP_IDENTITY_MAKER, text_span(&device->config.maker)});
	osdp_identity_encode(message,
		&(struct osdp_identity){OSDP_IDENTITY_PRODUCT, text_span(&device->config.product)});
	buf_add_u64(&value, pdid->serial);
	osdp_identity_encode(
		message, &(struct osdp_identity){OSDP_IDENTITY_SERIAL, buf_span(&value)});
	value.len = 0;
	for (size_t i = 0; i < ARRAY_COUNT(pdid->firmware); i++) {
		buf_add_string(&value, i == 0 ? "" : ".");
		buf_add_u64(&value, pdid->firmware[i]);
	}
	osdp_identity_encode(
		message, &(struct osdp_identity){OSDP_IDENTITY_FIRMWARE, buf_span(&value)});
}

/* The part that begins at identity_at; the others are for the next polls. */
static void identity_part(struct osdp_device *device, bool secured, struct device_answer *answer)
{
	char text[IDENTITY_MAX];
	struct buf message = buf_over(text, sizeof(text));
	size_t part_max = osdp_frame_data_max(device->panel_max, secured) - OSDP_PART_HEAD;
	struct osdp_part part;

	identity_text(device, &message);
	ASSERT(!message.overflow);
	bool cut = osdp_part_cut(buf_span(&message), device->identity_at, part_max, &part);

	ASSERT(cut);
	answer->code = OSDP_EXT_PDID;
	osdp_part_encode(&answer->data, &part);
	size_t end = device->identity_at + part.fragment.len;

	device->identity_at = (uint16_t)(end < message.len ? end : 0);
}

static void do_id(struct osdp_device *device, const struct device_command *command,
	struct device_answer *answer)
{
	struct osdp_ask ask;

	if (!osdp_ask_decode(command->data, &ask)) {
		device_nak(answer, OSDP_NAK_LENGTH);
		return;
	}
	device->identity_at = 0;
	if (ask.form == 1 && device->config.extended_identity) {
		identity_part(device, command->secured, answer);
		return;
	}
	answer->code = OSDP_PDID;
	osdp_pdid_encode(&answer->data, &device->config.identity);
}

static void capability(
	struct device_answer *answer, uint8_t function, uint8_t compliance, uint8_t number)
{
	struct osdp_pdcap pdcap = {function, compliance, number};

	osdp_pdcap_encode(&answer->data, &pdcap);
}

static void do_cap(struct osdp_device *device, const struct device_command *command UNUSED,
	struct device_answer *answer)
{
	const struct osdp_device_config *config = &device->config;
	bool default_key = !config->has_key || config->install_mode;
	uint16_t max = config->receive_max;

	answer->code = OSDP_PDCAP;
	capability(answer, OSDP_FUNCTION_INPUTS, config->inputs > 0, config->inputs);
	capability(answer, OSDP_FUNCTION_OUTPUTS, config->outputs > 0, config->outputs);
	capability(answer, OSDP_FUNCTION_CARD_FORMAT, 1, 0);
	capability(answer, OSDP_FUNCTION_LED, 4, config->leds);
	capability(answer, OSDP_FUNCTION_AUDIBLE, 2, 1);
	if (config->text)
		capability(answer, OSDP_FUNCTION_TEXT, 2, 1);
	capability(answer, OSDP_FUNCTION_CHECK, 1, 0);
	capability(answer, OSDP_FUNCTION_SECURITY, 1, default_key);
	capability(answer, OSDP_FUNCTION_RECEIVE_SIZE, (uint8_t)max, (uint8_t)(max >> 8));
	capability(answer, OSDP_FUNCTION_READERS, 0, 1);
	if (config->biometrics)
		capability(answer, OSDP_FUNCTION_BIOMETRICS, 1, 1);
	capability(answer, OSDP_FUNCTION_VERSION, 2, 0);
	if (config->extended_identity)
		capability(answer, OSDP_FUNCTION_17, 1, 0);
}

/* --- states --- */

/* False where it is a secret what people did: the session's key is one that everybody knows. */
static bool events_may_leave(const struct osdp_device *device, const struct device_command *command)
{
	return !device->config.secure_required ||
	       (command->secured && device->secure.selector == OSDP_SELECTOR_OWN);
}

static void do_poll(struct osdp_device *device, const struct device_command *command,
	struct device_answer *answer)
{
	if (device->identity_at != 0)
		identity_part(device, command->secured, answer);
	else if (events_may_leave(device, command) &&
		 !device_event_take(device, command->now_ns, answer))
		device->rested = true;
}

static void do_lstat(struct osdp_device *device, const struct device_command *command UNUSED,
	struct device_answer *answer)
{
	device_local_status(device, answer);
}

static void do_istat(struct osdp_device *device, const struct device_command *command UNUSED,
	struct device_answer *answer)
{
	device_input_status(device, answer);
}

static void do_ostat(struct osdp_device *device, const struct device_command *command,
	struct device_answer *answer)
{
	answer->code = OSDP_OSTATR;
	for (uint8_t i = 0; i < device->config.outputs; i++)
		buf_add_byte(&answer->data, osdp_device_output(device, i, command->now_ns) ? 1 : 0);
}

static void do_rstat(struct osdp_device *device, const struct device_command *command UNUSED,
	struct device_answer *answer)
{
	answer->code = OSDP_RSTATR;
	buf_add_byte(&answer->data, device->tamper ? OSDP_READER_TAMPER : OSDP_READER_NORMAL);
}

/* --- what it shows --- */

static void shown(struct device_answer *answer, uint8_t nak)
{
	if (nak != 0)
		device_nak(answer, nak);
}

static void do_out(struct osdp_device *device, const struct device_command *command,
	struct device_answer *answer)
{
	shown(answer, device_show_output(device, command->data, command->now_ns));
}

static void do_led(struct osdp_device *device, const struct device_command *command,
	struct device_answer *answer)
{
	shown(answer, device_show_led(device, command->data, command->now_ns));
}

static void do_buz(struct osdp_device *device, const struct device_command *command,
	struct device_answer *answer)
{
	shown(answer, device_show_buzzer(device, command->data, command->now_ns));
}

static void do_text(struct osdp_device *device, const struct device_command *command,
	struct device_answer *answer)
{
	shown(answer, device->config.text ? device_show_text(device, command->data, command->now_ns)
					  : OSDP_NAK_COMMAND);
}

/* --- settings --- */

static bool baud_is_right(uint32_t baud)
{
	static const uint32_t bauds[] = {9600, 19200, 38400, 57600, 115200, 230400};

	for (size_t i = 0; i < ARRAY_COUNT(bauds); i++) {
		if (bauds[i] == baud)
			return true;
	}
	return false;
}

/* What cannot be done stays as it is, and COM says so. */
static void do_comset(struct osdp_device *device, const struct device_command *command,
	struct device_answer *answer)
{
	struct osdp_com com;

	if (!osdp_com_decode(command->data, &com)) {
		device_nak(answer, OSDP_NAK_LENGTH);
		return;
	}
	if (device->config.com_fixed)
		com = (struct osdp_com){device->config.address, device->config.baud};
	if (com.address > OSDP_ADDRESS_MAX)
		com.address = device->config.address;
	if (!baud_is_right(com.baud))
		com.baud = device->config.baud;
	device->com = com;
	device->com_waits = true;
	answer->code = OSDP_COM;
	osdp_com_encode(&answer->data, &com);
}

/* Asks the owner of the device, once for a key. */
static void key_ask(struct osdp_device *device, const uint8_t *key)
{
	const struct osdp_device_owner *owner = &device->config.owner;

	if (device->asked != OSDP_DEVICE_ASKED_NOTHING &&
		bytes_equal_secret(device->asked_key, key, OSDP_KEY_SIZE))
		return;
	memcpy(device->asked_key, key, OSDP_KEY_SIZE);
	device->asked = OSDP_DEVICE_ASKED_KEPT;
	if (owner->key == NULL)
		return;
	switch (owner->key(owner->user, key)) {
	case OSDP_DEVICE_KEY_KEPT:
		break;
	case OSDP_DEVICE_KEY_REFUSED:
		device->asked = OSDP_DEVICE_ASKED_REFUSED;
		break;
	case OSDP_DEVICE_KEY_LATER:
		device->asked = OSDP_DEVICE_ASKED;
		break;
	}
}

/* The session goes on under its old keys; the new one counts from the next handshake on. */
static void do_keyset(struct osdp_device *device, const struct device_command *command,
	struct device_answer *answer)
{
	struct osdp_keyset keyset;

	if (!command->secured) {
		device_nak(answer, OSDP_NAK_SECURE_CHANNEL);
		return;
	}
	if (!osdp_keyset_decode(command->data, &keyset)) {
		device_nak(answer, OSDP_NAK_LENGTH);
		return;
	}
	const uint8_t *key = (const uint8_t *)keyset.key.data;

	if (keyset.type != KEY_TYPE_SCBK || keyset.key.len != OSDP_KEY_SIZE ||
		bytes_equal_secret(key, osdp_key_default, OSDP_KEY_SIZE)) {
		device_nak(answer, OSDP_NAK_RECORD);
		return;
	}
	key_ask(device, key);
	if (device->asked == OSDP_DEVICE_ASKED) {
		answer->code = OSDP_BUSY;
		return;
	}
	if (device->asked == OSDP_DEVICE_ASKED_KEPT) {
		osdp_device_set_key(device, key);
		osdp_device_set_install(device, false);
	} else {
		device_nak(answer, OSDP_NAK_RECORD);
	}
	device->asked = OSDP_DEVICE_ASKED_NOTHING;
	osdp_wipe(device->asked_key, sizeof(device->asked_key));
}

static void do_acurxsize(struct osdp_device *device, const struct device_command *command,
	struct device_answer *answer)
{
	uint16_t size;

	if (!osdp_u16_decode(command->data, &size))
		device_nak(answer, OSDP_NAK_LENGTH);
	else
		device->panel_max = size < OSDP_FRAME_SAFE ? OSDP_FRAME_SAFE : size;
}

/* --- the rest --- */

static void do_file(struct osdp_device *device, const struct device_command *command,
	struct device_answer *answer)
{
	const struct osdp_device_owner *owner = &device->config.owner;
	struct osdp_filetransfer part;
	struct osdp_ftstat ftstat;

	if (device->config.file_max == 0) {
		device_nak(answer, OSDP_NAK_COMMAND);
		return;
	}
	if (!osdp_filetransfer_decode(command->data, &part)) {
		device_nak(answer, OSDP_NAK_LENGTH);
		return;
	}
	enum osdp_file_step step = osdp_file_receive_take(&device->file, &part, &ftstat);

	if (step != OSDP_FILE_REFUSED && owner->file != NULL) {
		int16_t status = owner->file(owner->user, &part);

		if (status != OSDP_FTSTAT_PROCEED)
			ftstat.status = status;
		if (status < 0)
			osdp_file_receive_init(&device->file, device->config.file_max);
	}
	answer->code = OSDP_FTSTAT;
	osdp_ftstat_encode(&answer->data, &ftstat);
}

static void do_abort(struct osdp_device *device, const struct device_command *command UNUSED,
	struct device_answer *answer UNUSED)
{
	if (device->config.file_max > 0)
		osdp_file_receive_init(&device->file, device->config.file_max);
	device->identity_at = 0;
}

static void do_keepactive(struct osdp_device *device UNUSED,
	const struct device_command *command UNUSED, struct device_answer *answer UNUSED)
{
	/* There is no card whose field could be kept up: nothing to do, and no error. */
}

/* A template is never given away: the sensor sees nobody. */
static void do_bioread(struct osdp_device *device, const struct device_command *command,
	struct device_answer *answer)
{
	uint8_t bytes[6];
	struct buf data = buf_over(bytes, sizeof(bytes));
	struct osdp_bioread bioread;

	if (!device->config.biometrics)
		device_nak(answer, OSDP_NAK_COMMAND);
	else if (!osdp_bioread_decode(command->data, &bioread))
		device_nak(answer, OSDP_NAK_LENGTH);
	else if (bioread.reader != 0)
		device_nak(answer, OSDP_NAK_RECORD);
	else {
		struct osdp_bioreadr none = {.status = OSDP_BIO_TIMEOUT, .type = bioread.type};

		osdp_bioreadr_encode(&data, &none);
		(void)device_event_add(device, OSDP_BIOREADR, &data, command->now_ns);
	}
}

/* The answer comes when somebody puts a finger on it: osdp_device_bio_match. */
static void do_biomatch(struct osdp_device *device, const struct device_command *command,
	struct device_answer *answer)
{
	struct osdp_biomatch biomatch;

	if (!device->config.biometrics)
		device_nak(answer, OSDP_NAK_COMMAND);
	else if (!osdp_biomatch_decode(command->data, &biomatch))
		device_nak(answer, OSDP_NAK_LENGTH);
	else if (biomatch.reader != 0)
		device_nak(answer, OSDP_NAK_RECORD);
}

static const struct {
	uint8_t code;
	command_fn *run;
} commands[] = {
	{OSDP_POLL, do_poll},
	{OSDP_ID, do_id},
	{OSDP_CAP, do_cap},
	{OSDP_LSTAT, do_lstat},
	{OSDP_ISTAT, do_istat},
	{OSDP_OSTAT, do_ostat},
	{OSDP_RSTAT, do_rstat},
	{OSDP_OUT, do_out},
	{OSDP_LED, do_led},
	{OSDP_BUZ, do_buz},
	{OSDP_TEXT, do_text},
	{OSDP_COMSET, do_comset},
	{OSDP_BIOREAD, do_bioread},
	{OSDP_BIOMATCH, do_biomatch},
	{OSDP_KEYSET, do_keyset},
	{OSDP_ACURXSIZE, do_acurxsize},
	{OSDP_FILETRANSFER, do_file},
	{OSDP_ABORT, do_abort},
	{OSDP_KEEPACTIVE, do_keepactive},
};

void device_command_do(struct osdp_device *device, const struct device_command *command,
	struct device_answer *answer)
{
	const struct osdp_code *code = osdp_code_find(false, command->code);

	answer->code = OSDP_ACK;
	for (size_t i = 0; i < ARRAY_COUNT(commands); i++) {
		if (commands[i].code != command->code)
			continue;
		if (code == NULL || !osdp_code_length_fits(code, command->data.len))
			device_nak(answer, OSDP_NAK_LENGTH);
		else
			commands[i].run(device, command, answer);
		return;
	}
	device_nak(answer, OSDP_NAK_COMMAND);
}
