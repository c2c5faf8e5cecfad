// SPDX-License-Identifier: Apache-2.0
/*
 * Files for OSDP readers of a postern controller: begin, parts as forms, and how far it is. A part
 * is copied into its form, so the caller's bytes may go as soon as the call has begun.
 */
#include "base/buf.h"
#include "base/number.h"
#include "sdk.h"

#include <stdlib.h>

#define CGI "accessControl.cgi"
#define READER_MAX 128
#define FORM_REST 64 /* bytes of a form beside its hexadecimal digits */

static int number_check(struct postern_device *device, int number)
{
	if (number >= 1 && number <= READER_MAX)
		return POSTERN_OK;
	return device_fail(device, POSTERN_E_ARGUMENT, "a reader's number is 1 to %d", READER_MAX);
}

/* --- begin, parts, cancel --- */

int postern_reader_file_begin_start(struct postern_device *device, int number, int type,
	size_t bytes, postern_done_fn *done, void *user, struct postern_call **call)
{
	struct target target;
	int error = number_check(device, number);

	if (error != POSTERN_OK)
		return error;
	if (type < 1 || type > 255)
		return device_fail(device, POSTERN_E_ARGUMENT, "the type of a file is 1 to 255");
	if (bytes < 1 || bytes > POSTERN_READER_FILE_MAX)
		return device_fail(device, POSTERN_E_ARGUMENT,
			"a file for a reader has 1 to %d bytes", POSTERN_READER_FILE_MAX);
	target_begin(&target, CGI, "beginReaderFile");
	target_number(&target, "reader", number);
	target_number(&target, "type", type);
	target_number(&target, "size", (int64_t)bytes);
	return command_start(device, target_end(&target, device), done, user, call);
}

int postern_reader_file_begin(struct postern_device *device, int number, int type, size_t bytes)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK
		       ? error
		       : sync_wait(&sync, postern_reader_file_begin_start(device, number, type,
						  bytes, sync_done, &sync, NULL));
}

int postern_reader_file_add_start(struct postern_device *device, int number, size_t offset,
	const void *data, size_t len, postern_done_fn *done, void *user, struct postern_call **call)
{
	int error = number_check(device, number);

	if (error != POSTERN_OK)
		return error;
	if (data == NULL || len < 1 || len > POSTERN_READER_FILE_PART_MAX ||
		offset >= POSTERN_READER_FILE_MAX)
		return device_fail(device, POSTERN_E_ARGUMENT,
			"a part has 1 to %d bytes and begins below %d",
			POSTERN_READER_FILE_PART_MAX, POSTERN_READER_FILE_MAX);
	size_t size = 2 * len + FORM_REST;
	char *memory = calloc(1, size);

	if (memory == NULL)
		return device_fail(device, POSTERN_E_MEMORY, "out of memory");
	struct buf form = buf_over(memory, size - 1);

	buf_add_string(&form, "reader=");
	buf_add_u64(&form, (uint64_t)number);
	buf_add_string(&form, "&offset=");
	buf_add_u64(&form, offset);
	buf_add_string(&form, "&data=");
	buf_add_hex(&form, data, len);
	return command_start_post(
		device, "/cgi-bin/" CGI "?action=addReaderFile", memory, done, user, call);
}

int postern_reader_file_add(
	struct postern_device *device, int number, size_t offset, const void *data, size_t len)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK
		       ? error
		       : sync_wait(&sync, postern_reader_file_add_start(device, number, offset,
						  data, len, sync_done, &sync, NULL));
}

int postern_reader_file_cancel_start(struct postern_device *device, int number,
	postern_done_fn *done, void *user, struct postern_call **call)
{
	struct target target;
	int error = number_check(device, number);

	if (error != POSTERN_OK)
		return error;
	target_begin(&target, CGI, "cancelReaderFile");
	target_number(&target, "reader", number);
	return command_start(device, target_end(&target, device), done, user, call);
}

int postern_reader_file_cancel(struct postern_device *device, int number)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK ? error
				   : sync_wait(&sync, postern_reader_file_cancel_start(device,
							      number, sync_done, &sync, NULL));
}

/* --- how far it is --- */

struct file_call {
	struct postern_call call;
	struct postern_reader_file file;
	postern_reader_file_fn *done;
	void *user;
};

/* False: a word that this library does not know. */
static bool state_from(struct answer *answer, enum postern_reader_file_state *ret)
{
	static const char *const names[] = {
		[POSTERN_READER_FILE_NONE] = "None",
		[POSTERN_READER_FILE_RECEIVING] = "Receiving",
		[POSTERN_READER_FILE_STARTING] = "Starting",
		[POSTERN_READER_FILE_SENDING] = "Sending",
		[POSTERN_READER_FILE_FINISHING] = "Finishing",
		[POSTERN_READER_FILE_DONE] = "Done",
		[POSTERN_READER_FILE_REFUSED] = "Refused",
		[POSTERN_READER_FILE_BROKEN] = "Broken",
	};
	char value[32];

	answer_value(answer, "Info.State", value, sizeof(value));
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (span_equal_nocase(span_from_string(value), span_from_string(names[i]))) {
			*ret = (enum postern_reader_file_state)i;
			return true;
		}
	}
	return false;
}

static int file_answered(struct postern_call *call, int error, struct answer *answer)
{
	struct postern_reader_file *file = &((struct file_call *)call)->file;
	char value[16];
	int64_t number;

	if (error != POSTERN_OK)
		return error;
	if (!state_from(answer, &file->state) ||
		!answer_number(answer, "Info.Size", &file->bytes) ||
		!answer_number(answer, "Info.Received", &file->received) ||
		!answer_number(answer, "Info.Sent", &file->sent))
		return call_fail(
			call, POSTERN_E_PROTOCOL, "%s", postern_strerror(POSTERN_E_PROTOCOL));
	if (answer_number(answer, "Info.Type", &number) && number <= 255)
		file->type = (int)number;
	answer_value(answer, "Info.Status", value, sizeof(value));
	if (number_parse_i64(span_from_string(value), INT16_MIN, INT16_MAX, &number))
		file->status = (int)number;
	answer_value(answer, "Info.Text", file->text, sizeof(file->text));
	return POSTERN_OK;
}

static void file_end(struct postern_call *call, int error)
{
	struct file_call *get = (struct file_call *)call;
	struct postern_reader_file zeros = POSTERN_READER_FILE_INIT;

	get->done(get->user, call, error, error == POSTERN_OK ? &get->file : &zeros);
}

int postern_reader_file_get_start(struct postern_device *device, int number,
	postern_reader_file_fn *done, void *user, struct postern_call **call)
{
	static const struct call_class class = {.end = file_end};
	struct target target;
	int error = number_check(device, number);

	if (error != POSTERN_OK)
		return error;
	struct file_call *get = call_new(device, sizeof(*get), &class, done != NULL, &error);

	if (get == NULL)
		return error;
	get->file.size = sizeof(get->file);
	get->done = done;
	get->user = user;
	target_begin(&target, CGI, "getReaderFile");
	target_number(&target, "reader", number);
	return call_begin(&get->call,
		http_start(&get->call, target_end(&target, device), file_answered), call);
}

static void sync_file(
	void *user, struct postern_call *call, int error, const struct postern_reader_file *file)
{
	struct sync *sync = user;
	struct postern_reader_file *to = sync->result;
	size_t size = to->size < sizeof(*file) ? to->size : sizeof(*file);

	if (error == POSTERN_OK) {
		memcpy(to, file, size);
		to->size = size;
	}
	sync_done(user, call, error);
}

int postern_reader_file_get(
	struct postern_device *device, int number, struct postern_reader_file *file)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	if (error != POSTERN_OK)
		return error;
	if (file == NULL || file->size < sizeof(file->size))
		return device_fail(
			device, POSTERN_E_ARGUMENT, "file is missing, or its size is not set");
	sync.result = file;
	return sync_wait(
		&sync, postern_reader_file_get_start(device, number, sync_file, &sync, NULL));
}
