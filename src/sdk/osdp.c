// SPDX-License-Identifier: Apache-2.0
/*
 * Readers of a postern controller, and the keys of OSDP readers. A key stands in the body of a
 * POST, never in a URL, and is wiped here when it was sent.
 */
#include "base/buf.h"
#include "protocols/query.h"
#include "sdk.h"

#include <stdlib.h>

#define CGI "accessControl.cgi"
#define KEY_SIZE 16
#define READER_MAX 128
#define WINDOW_MAX_S 600
#define FORM_MAX 96

struct readers_owner {
	struct postern_readers readers; /* first: what the user holds */
	struct table table;
};

struct readers_call {
	struct postern_call call;
	struct postern_readers *readers;
	postern_readers_fn *done;
	void *user;
};

static const char *text_of(const struct row *row, const char *name)
{
	const char *value = fields_find(row->fields, row->field_count, name);

	return value == NULL ? "" : value;
}

static int64_t number_of(const struct row *row, const char *name)
{
	return fields_number(row->fields, row->field_count, name);
}

static int int_of(const struct row *row, const char *name)
{
	int64_t number = number_of(row, name);

	return number >= 0 && number <= INT32_MAX ? (int)number : POSTERN_NOT_GIVEN;
}

static int flag_of(const struct row *row, const char *name)
{
	struct span text = span_from_string(text_of(row, name));

	if (span_equal_nocase(text, SPAN_LIT("true")))
		return 1;
	return span_equal_nocase(text, SPAN_LIT("false")) ? 0 : POSTERN_NOT_GIVEN;
}

static struct postern_reader reader_of(const struct row *row)
{
	return (struct postern_reader){
		.size = sizeof(struct postern_reader),
		.number = int_of(row, "Number"),
		.door = text_of(row, "Door"),
		.kind = text_of(row, "Kind"),
		.assurance = text_of(row, "Assurance"),
		.line = text_of(row, "Line"),
		.address = int_of(row, "Address"),
		.baud = number_of(row, "Baud"),
		.port = flag_of(row, "Port"),
		.online = flag_of(row, "Online"),
		.secure = flag_of(row, "Secure"),
		.has_key = flag_of(row, "HasKey"),
		.state = text_of(row, "State"),
		.why = text_of(row, "Why"),
		.pairing = text_of(row, "Pairing"),
		.pair_failed = text_of(row, "PairFailed"),
		.window_left_s = number_of(row, "WindowLeft"),
		.since_s = number_of(row, "Since"),
		.heard_s = number_of(row, "Heard"),
		.vendor = text_of(row, "Vendor"),
		.model = number_of(row, "Model"),
		.serial = number_of(row, "Serial"),
		.firmware = text_of(row, "Firmware"),
		.timeout_us = number_of(row, "TimeoutUS"),
		.reply_min_us = number_of(row, "ReplyMinUS"),
		.reply_mean_us = number_of(row, "ReplyMeanUS"),
		.reply_max_us = number_of(row, "ReplyMaxUS"),
		.field_count = row->field_count,
		.fields = row->fields,
	};
}

int readers_from(struct answer *answer, struct postern_readers **ret)
{
	struct readers_owner *owner = calloc(1, sizeof(*owner));

	if (owner == NULL)
		return POSTERN_E_MEMORY;
	int error = table_parse(answer, "readers", &owner->table);
	size_t count = error == POSTERN_OK ? owner->table.row_count : 0;

	owner->readers.reader = calloc(count + 1, sizeof(*owner->readers.reader));
	if (error == POSTERN_OK && owner->readers.reader == NULL)
		error = POSTERN_E_MEMORY;
	for (size_t i = 0; i < count && error == POSTERN_OK; i++) {
		owner->readers.reader[i] = reader_of(&owner->table.rows[i]);
		owner->readers.count++;
		if (owner->readers.reader[i].number < 1)
			error = POSTERN_E_PROTOCOL;
	}
	if (error != POSTERN_OK)
		(void)postern_readers_free(&owner->readers);
	else
		*ret = &owner->readers;
	return error;
}

static int readers_answered(struct postern_call *call, int error, struct answer *answer)
{
	struct readers_call *list = (struct readers_call *)call;

	if (error != POSTERN_OK)
		return error;
	error = readers_from(answer, &list->readers);
	return error == POSTERN_OK ? error : call_fail(call, error, "%s", postern_strerror(error));
}

static void readers_end(struct postern_call *call, int error)
{
	struct readers_call *list = (struct readers_call *)call;
	struct postern_readers *readers = list->readers;

	list->readers = NULL;
	list->done(list->user, call, error, readers);
}

static void readers_drop(struct postern_call *call)
{
	(void)postern_readers_free(((struct readers_call *)call)->readers);
}

/* lowest: 0 where all readers may be meant. */
static int number_check(struct postern_device *device, int number, int lowest)
{
	if (number >= lowest && number <= READER_MAX)
		return POSTERN_OK;
	return device_fail(device, POSTERN_E_ARGUMENT, "a reader's number is 1 to %d", READER_MAX);
}

int postern_readers_list_start(struct postern_device *device, int number, postern_readers_fn *done,
	void *user, struct postern_call **call)
{
	static const struct call_class class = {.end = readers_end, .drop = readers_drop};
	struct target target;
	int error = number_check(device, number, 0);

	if (error != POSTERN_OK)
		return error;
	struct readers_call *list = call_new(device, sizeof(*list), &class, done != NULL, &error);

	if (list == NULL)
		return error;
	list->done = done;
	list->user = user;
	target_begin(&target, CGI, "getReaders");
	if (number > 0)
		target_number(&target, "reader", number);
	return call_begin(&list->call,
		http_start(&list->call, target_end(&target, device), readers_answered), call);
}

static void sync_readers(
	void *user, struct postern_call *call, int error, struct postern_readers *readers)
{
	((struct sync *)user)->result = readers;
	sync_done(user, call, error);
}

int postern_readers_list(
	struct postern_device *device, int number, struct postern_readers **readers)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	if (error == POSTERN_OK)
		error = sync_wait(&sync,
			postern_readers_list_start(device, number, sync_readers, &sync, NULL));
	if (error == POSTERN_OK)
		*readers = sync.result;
	return error;
}

struct postern_readers *postern_readers_free(struct postern_readers *readers)
{
	struct readers_owner *owner = (struct readers_owner *)readers;

	if (owner == NULL)
		return NULL;
	table_drop(&owner->table);
	free(owner->readers.reader);
	free(owner);
	return NULL;
}

/* --- keys --- */

static int act_start(struct postern_device *device, const char *action, int number, int window_s,
	postern_done_fn *done, void *user, struct postern_call **call)
{
	struct target target;
	int error = number_check(device, number, 1);

	if (error != POSTERN_OK)
		return error;
	target_begin(&target, CGI, action);
	target_number(&target, "reader", number);
	if (window_s > 0)
		target_number(&target, "window", window_s);
	return command_start(device, target_end(&target, device), done, user, call);
}

int postern_reader_pair_start(struct postern_device *device, int number, int window_s,
	postern_done_fn *done, void *user, struct postern_call **call)
{
	if (window_s < 0 || window_s > WINDOW_MAX_S)
		return device_fail(device, POSTERN_E_ARGUMENT,
			"a pairing window has 1 to %d seconds", WINDOW_MAX_S);
	return act_start(device, "pairReader", number, window_s, done, user, call);
}

int postern_reader_pair_cancel_start(struct postern_device *device, int number,
	postern_done_fn *done, void *user, struct postern_call **call)
{
	return act_start(device, "cancelPairing", number, 0, done, user, call);
}

int postern_reader_rotate_start(struct postern_device *device, int number, postern_done_fn *done,
	void *user, struct postern_call **call)
{
	return act_start(device, "rotateReaderKey", number, 0, done, user, call);
}

int postern_reader_unpair_start(struct postern_device *device, int number, postern_done_fn *done,
	void *user, struct postern_call **call)
{
	return act_start(device, "unpairReader", number, 0, done, user, call);
}

int postern_reader_set_key_start(struct postern_device *device, int number,
	const unsigned char key[16], postern_done_fn *done, void *user, struct postern_call **call)
{
	static const char hex[] = "0123456789abcdef";
	int error = number_check(device, number, 1);

	if (error != POSTERN_OK)
		return error;
	if (key == NULL)
		return device_fail(device, POSTERN_E_ARGUMENT, "key is missing");
	char *memory = calloc(1, FORM_MAX);

	if (memory == NULL)
		return device_fail(device, POSTERN_E_MEMORY, "out of memory");
	struct buf form = buf_over(memory, FORM_MAX);

	buf_add_string(&form, "reader=");
	buf_add_u64(&form, (uint64_t)number);
	buf_add_string(&form, "&key=");
	for (unsigned i = 0; i < KEY_SIZE; i++) {
		buf_add_byte(&form, hex[key[i] >> 4]);
		buf_add_byte(&form, hex[key[i] & 15]);
	}
	return command_start_post(
		device, "/cgi-bin/" CGI "?action=setReaderKey", memory, done, user, call);
}

int postern_reader_pair(struct postern_device *device, int number, int window_s)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK ? error
				   : sync_wait(&sync, postern_reader_pair_start(device, number,
							      window_s, sync_done, &sync, NULL));
}

typedef int act_start_fn(struct postern_device *device, int number, postern_done_fn *done,
	void *user, struct postern_call **call);

static int act(struct postern_device *device, int number, act_start_fn *start)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK
		       ? error
		       : sync_wait(&sync, start(device, number, sync_done, &sync, NULL));
}

int postern_reader_pair_cancel(struct postern_device *device, int number)
{
	return act(device, number, postern_reader_pair_cancel_start);
}

int postern_reader_rotate(struct postern_device *device, int number)
{
	return act(device, number, postern_reader_rotate_start);
}

int postern_reader_unpair(struct postern_device *device, int number)
{
	return act(device, number, postern_reader_unpair_start);
}

int postern_reader_set_key(struct postern_device *device, int number, const unsigned char key[16])
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK ? error
				   : sync_wait(&sync, postern_reader_set_key_start(device, number,
							      key, sync_done, &sync, NULL));
}

/* --- doors --- */

struct assurance_call {
	struct postern_call call;
	int low;
	postern_door_assurance_fn *done;
	void *user;
};

static int assurance_answered(struct postern_call *call, int error, struct answer *answer)
{
	char value[16];

	if (error != POSTERN_OK)
		return error;
	answer_value(answer, "Info.assurance", value, sizeof(value));
	if (value[0] != 0)
		((struct assurance_call *)call)->low =
			!span_equal_nocase(span_from_string(value), SPAN_LIT("secure"));
	return POSTERN_OK;
}

static void assurance_end(struct postern_call *call, int error)
{
	struct assurance_call *assurance = (struct assurance_call *)call;

	assurance->done(assurance->user, call, error, assurance->low);
}

int postern_door_low_assurance_start(struct postern_device *device, int channel,
	postern_door_assurance_fn *done, void *user, struct postern_call **call)
{
	static const struct call_class class = {.end = assurance_end};
	struct target target;
	int error = channel >= 1 ? POSTERN_OK
				 : device_fail(device, POSTERN_E_ARGUMENT,
					   "channel must be 1 or more; it is the door's index + 1");

	if (error != POSTERN_OK)
		return error;
	struct assurance_call *assurance =
		call_new(device, sizeof(*assurance), &class, done != NULL, &error);

	if (assurance == NULL)
		return error;
	assurance->low = POSTERN_NOT_GIVEN;
	assurance->done = done;
	assurance->user = user;
	target_begin(&target, CGI, "getDoorStatus");
	target_number(&target, "channel", channel);
	target_text(&target, "assurance", "true");
	return call_begin(&assurance->call,
		http_start(&assurance->call, target_end(&target, device), assurance_answered),
		call);
}

static void sync_assurance(void *user, struct postern_call *call, int error, int low)
{
	((struct sync *)user)->number = (uint64_t)((int64_t)low + 1); /* POSTERN_NOT_GIVEN is -1 */
	sync_done(user, call, error);
}

int postern_door_low_assurance(struct postern_device *device, int channel, int *low)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	if (error == POSTERN_OK)
		error = sync_wait(&sync, postern_door_low_assurance_start(
						 device, channel, sync_assurance, &sync, NULL));
	if (error == POSTERN_OK)
		*low = (int)sync.number - 1;
	return error;
}
