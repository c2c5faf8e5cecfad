// SPDX-License-Identifier: Apache-2.0
/* Contexts and devices: who owns what, options, and what the library says about errors. */
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
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return NULL;
	struct postern *context = calloc(1, sizeof(*context));

	if (context == NULL)
		curl_global_cleanup();
	return context;
}

static void device_drop(struct postern_device *device)
{
	curl_easy_cleanup(device->curl);
	free(device->base_url);
	free(device);
}

struct postern *postern_free(struct postern *context)
{
	if (context == NULL)
		return NULL;
	for (struct postern_device *next, *device = context->devices; device != NULL;
		device = next) {
		next = device->next;
		device_drop(device);
	}
	free(context);
	curl_global_cleanup();
	return NULL;
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
		span_find(host, '?') != host.len || !utf8_printable(text, NULL))
		return NULL;
	return strndup(text.data, text.len);
}

static bool device_set_up(
	struct postern_device *device, const struct postern_device_options *options)
{
	unsigned connect_ms = options->connect_timeout_ms;

	device->timeout_ms = options->timeout_ms == 0 ? TIMEOUT_DEFAULT_MS : options->timeout_ms;
	device->curl = curl_easy_init();
	if (device->curl == NULL)
		return false;
	curl_easy_setopt(device->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(device->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(device->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(device->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_DIGEST);
	curl_easy_setopt(device->curl, CURLOPT_USERAGENT, "postern/" POSTERN_VERSION);
	curl_easy_setopt(device->curl, CURLOPT_CONNECTTIMEOUT_MS,
		(long)(connect_ms == 0 ? CONNECT_TIMEOUT_DEFAULT_MS : connect_ms));
	return curl_easy_setopt(device->curl, CURLOPT_USERNAME, options->user) == CURLE_OK &&
	       curl_easy_setopt(device->curl, CURLOPT_PASSWORD, options->password) == CURLE_OK;
}

int postern_device_new(struct postern *context, const struct postern_device_options *options,
	struct postern_device **device)
{
	if (context == NULL || options == NULL || options->size < sizeof(*options) ||
		options->url == NULL || options->user == NULL || options->password == NULL)
		return POSTERN_E_ARGUMENT;
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
	made->next = context->devices;
	context->devices = made;
	if (!device_set_up(made, options)) {
		postern_device_free(made);
		return POSTERN_E_MEMORY;
	}
	*device = made;
	return POSTERN_OK;
}

struct postern_device *postern_device_free(struct postern_device *device)
{
	if (device == NULL)
		return NULL;
	struct postern_device **at = &device->context->devices;

	while (*at != device)
		at = &(*at)->next;
	*at = device->next;
	device_drop(device);
	return NULL;
}

const char *postern_device_detail(const struct postern_device *device)
{
	return device->detail;
}

bool text_acceptable(const char *text, size_t characters_max, size_t bytes_max)
{
	struct span s = span_from_string(text);
	size_t characters;

	return s.len <= bytes_max && utf8_printable(s, &characters) && characters <= characters_max;
}
