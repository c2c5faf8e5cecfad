// SPDX-License-Identifier: Apache-2.0
/*
 * The first account of a postern controller: the device's own user and password become it. The one
 * request with a body, sent without a log-in.
 */
#include "base/buf.h"
#include "protocols/query.h"
#include "sdk.h"

#include <stdlib.h>

#define PASSWORD_BYTES_MIN 8
#define PASSWORD_BYTES_MAX 128
#define CODE_BYTES_MAX 32
#define FORM_MAX (3 * (PASSWORD_BYTES_MAX + CODE_BYTES_MAX) + 32)

static char *form_of(const char *code, const char *password)
{
	char *memory = malloc(FORM_MAX);
	struct buf form = buf_over(memory, FORM_MAX);

	if (memory == NULL)
		return NULL;
	buf_add_string(&form, "code=");
	query_encode(&form, span_from_string(code));
	buf_add_string(&form, "&password=");
	query_encode(&form, span_from_string(password));
	buf_add_byte(&form, '\0');
	return memory;
}

int postern_device_claim_start(struct postern_device *device, const char *code,
	postern_done_fn *done, void *user, struct postern_call **call)
{
	size_t len = strlen(device->password);

	if (strcmp(device->user, "admin") != 0)
		return device_fail(device, POSTERN_E_ARGUMENT,
			"the first account is called admin, not %s", device->user);
	if (code == NULL || !text_acceptable(code, CODE_BYTES_MAX, CODE_BYTES_MAX))
		return device_fail(device, POSTERN_E_ARGUMENT,
			"the claim code is the one of posternd's log, such as ABCDE-FGHIJ");
	if (len < PASSWORD_BYTES_MIN ||
		!text_acceptable(device->password, PASSWORD_BYTES_MAX, PASSWORD_BYTES_MAX))
		return device_fail(device, POSTERN_E_ARGUMENT,
			"the password must have 8 to 128 bytes of text");
	char *form = form_of(code, device->password);

	if (form == NULL)
		return device_fail(device, POSTERN_E_MEMORY, "out of memory");
	return command_start_form(
		device, "/cgi-bin/global.cgi?action=claim", form, done, user, call);
}

int postern_device_claim(struct postern_device *device, const char *code)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK ? error
				   : sync_wait(&sync, postern_device_claim_start(device, code,
							      sync_done, &sync, NULL));
}
