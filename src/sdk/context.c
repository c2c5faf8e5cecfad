// SPDX-License-Identifier: Apache-2.0
/* Contexts and devices: who owns what, options, and what the library says about errors. */
#include "base/assert.h"
#include "base/number.h"
#include "base/utf8.h"
#include "sdk.h"

#include <stdlib.h>

#define CONNECT_TIMEOUT_DEFAULT_MS 5000
#define TIMEOUT_DEFAULT_MS 30000

const char *postern_strerror(int error)
{
	static const char *const sentences[] = {
		[POSTERN_OK] = "done",
		[POSTERN_E_ARGUMENT] = "a value is not one that a device could take",
		[POSTERN_E_CONNECT] = "the device cannot be reached",
		[POSTERN_E_TIMEOUT] = "the device did not answer in time",
		[POSTERN_E_AUTH] = "user or password is wrong",
		[POSTERN_E_LOCKED] = "too many wrong log-ins: wait before the next",
		[POSTERN_E_RIGHT] = "this account may not do that",
		[POSTERN_E_REFUSED] = "the device refused",
		[POSTERN_E_NOT_FOUND] = "there is no such row or door",
		[POSTERN_E_USER_EXISTS] = "this UserID is enrolled already",
		[POSTERN_E_CARD_EXISTS] = "this card belongs to somebody else",
		[POSTERN_E_UNSUPPORTED] = "the device does not have this function",
		[POSTERN_E_DEVICE] = "the device has a fault",
		[POSTERN_E_PROTOCOL] = "the answer is not one of such a device",
		[POSTERN_E_MEMORY] = "out of memory",
		[POSTERN_E_STOPPED] = "stopped by the caller",
		[POSTERN_E_INCOMPLETE] =
			"one second holds more records than the device hands out at once",
		[POSTERN_E_CLOSED] = "the event stream ended",
		[POSTERN_E_STATE] =
			"not possible now: inside a callback, or the device is being freed",
		[POSTERN_E_IDENTITY] = "the device does not prove that it is the one that is meant",
	};

	if (error < 0 || (size_t)error >= ARRAY_COUNT(sentences))
		return "unknown error";
	return sentences[error];
}

const char *postern_version(void)
{
	return POSTERN_VERSION;
}

struct postern *postern_new(void)
{
	struct postern_options options = POSTERN_OPTIONS_INIT;

	return postern_new_with(&options);
}

struct postern *postern_new_with(const struct postern_options *options)
{
	if (options == NULL || options->size < sizeof(*options) ||
		curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return NULL;
	struct postern *context = calloc(1, sizeof(*context));

	if (context == NULL) {
		curl_global_cleanup();
		return NULL;
	}
	link_init(&context->devices);
	link_init(&context->ready);
	link_init(&context->fed);
	link_init(&context->ending);
	link_init(&context->kept);
	context->running_max =
		options->transfers_max == 0 ? TRANSFERS_DEFAULT : options->transfers_max;
	context->kept_max =
		options->connections_kept == 0 ? KEPT_DEFAULT : options->connections_kept;
	if (!loop_init(context))
		return postern_free(context);
	return context;
}

static void device_drop(struct postern_device *device)
{
	device_forget_handle(device);
	free(device->base_url);
	tls_drop(device);
	free(device->user);
	if (device->password != NULL)
		explicit_bzero(device->password, strlen(device->password));
	free(device->password);
	free(device->detail);
	free(device);
}

void device_release(struct postern_device *device)
{
	if (--device->busy == 0 && device->dying && link_alone(&device->calls))
		device_drop(device);
}

struct postern *postern_free(struct postern *context)
{
	if (context == NULL)
		return NULL;
	ASSERT(context->depth == 0);
	context->closing = true;
	while (!link_alone(&context->devices))
		postern_device_free(LINK_OWNER(context->devices.next, struct postern_device, link));
	loop_drop(context);
	free(context);
	curl_global_cleanup();
	return NULL;
}

/* Nothing behind the host, or ":1" to ":65535". An IPv6 address stands in brackets. */
static bool port_is_good(struct span host)
{
	size_t name = host.data[0] == '[' ? span_find(host, ']') : 0;
	struct span rest = span_slice(host, name, host.len);
	size_t colon = span_find(rest, ':');
	int64_t port;

	return colon == rest.len ||
	       number_parse_i64(span_slice(rest, colon + 1, rest.len), 1, UINT16_MAX, &port);
}

/* "http://host[:port]" or https, without path; a trailing '/' is dropped. */
static char *copy_base_url(const char *url)
{
	struct span text = span_from_string(url);
	struct span scheme = span_starts_with_nocase(text, SPAN_LIT("https://"))
				     ? SPAN_LIT("https://")
				     : SPAN_LIT("http://");

	while (text.len > 0 && text.data[text.len - 1] == '/')
		text.len--;
	struct span host = span_slice(text, scheme.len, text.len);

	if (!span_starts_with_nocase(text, scheme) || host.len == 0 || host.len > 255 ||
		span_find(host, '/') != host.len || span_find(host, '@') != host.len ||
		span_find(host, '?') != host.len || !port_is_good(host) ||
		!utf8_printable(text, NULL))
		return NULL;
	return strndup(text.data, text.len);
}

static bool device_set_up(
	struct postern_device *device, const struct postern_device_options *options)
{
	link_init(&device->link);
	link_init(&device->ready);
	link_init(&device->kept);
	link_init(&device->calls);
	link_init(&device->waiting);
	device->timeout_ms = options->timeout_ms == 0 ? TIMEOUT_DEFAULT_MS : options->timeout_ms;
	device->connect_timeout_ms = options->connect_timeout_ms == 0 ? CONNECT_TIMEOUT_DEFAULT_MS
								      : options->connect_timeout_ms;
	device->user = strdup(options->user);
	device->password = strdup(options->password);
	return device->user != NULL && device->password != NULL;
}

int postern_device_new(struct postern *context, const struct postern_device_options *options,
	struct postern_device **device)
{
	struct postern_device_options own = {0};

	/* Of a program that knows fewer fields the rest is as if left out. */
	if (context == NULL || options == NULL ||
		options->size < offsetof(struct postern_device_options, ca_file) ||
		options->url == NULL || options->user == NULL || options->password == NULL)
		return POSTERN_E_ARGUMENT;
	if (context->closing)
		return POSTERN_E_STATE;
	char *base_url = copy_base_url(options->url);

	if (base_url == NULL)
		return POSTERN_E_ARGUMENT;
	struct postern_device *made = calloc(1, sizeof(*made));

	if (made == NULL) {
		free(base_url);
		return POSTERN_E_MEMORY;
	}
	made->base_url = base_url;
	made->context = context;
	memcpy(&own, options, options->size < sizeof(own) ? options->size : sizeof(own));

	int error = device_set_up(made, &own) ? tls_take(made, &own) : POSTERN_E_MEMORY;

	if (error != POSTERN_OK) {
		device_drop(made);
		return error;
	}
	link_append(&context->devices, &made->link);
	*device = made;
	return POSTERN_OK;
}

/* A call of the device that is not in a step, or NULL; those in a step are marked to end. */
static struct postern_call *next_to_end(struct postern_device *device)
{
	for (struct link *at = device->calls.next; at != &device->calls; at = at->next) {
		struct postern_call *call = LINK_OWNER(at, struct postern_call, link);

		if (!call->in_step)
			return call;
		call->stopped = true;
	}
	return NULL;
}

struct postern_device *postern_device_free(struct postern_device *device)
{
	struct postern_call *call;

	/* The analyzer does not see that a device which was freed has left its context's list. */
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	if (device == NULL || device->dying)
		return NULL;
	device->dying = true;
	device->busy++;
	link_remove(&device->link);
	while ((call = next_to_end(device)) != NULL)
		call_end(call, call_fail(call, POSTERN_E_STOPPED, "the device was freed"));
	device_release(device);
	return NULL;
}

const char *postern_device_detail(const struct postern_device *device)
{
	return device->detail == NULL ? "" : device->detail;
}

bool text_acceptable(const char *text, size_t characters_max, size_t bytes_max)
{
	struct span s = span_from_string(text);
	size_t characters;

	return s.len <= bytes_max && utf8_printable(s, &characters) && characters <= characters_max;
}
