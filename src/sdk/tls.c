// SPDX-License-Identifier: Apache-2.0
/*
 * Identity over TLS. Devices make their own keys, so that no CA knows them: the first key that a
 * device showed is kept, but only when it took the password too, and every later one is compared
 * with it by libcurl, before anything is sent. The one look that libcurl has no function for, which
 * key was shown, is taken from the certificate it hands out.
 *
 * A handle whose first connection was made without a pin gets it at once: libcurl reuses no
 * connection that was made under another.
 */
#include "core.h"

#include "base/span.h"

#include <ctype.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>

#define HTTPS "https://"
#define CERTIFICATE "Cert:"

static char *host_of(const char *base_url)
{
	const char *host = base_url + strlen(HTTPS);
	const char *behind = strrchr(host, ']');
	bool port = strchr(behind == NULL ? host : behind, ':') != NULL;
	char *text;

	if (asprintf(&text, "%s%s", host, port ? "" : ":443") < 0)
		return NULL;
	for (char *at = text; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	return text;
}

/* NULL stays NULL; false when memory is out. */
static bool copy(const char *text, char **ret)
{
	*ret = text == NULL ? NULL : strdup(text);
	return text == NULL || *ret != NULL;
}

int tls_take(struct postern_device *device, const struct postern_device_options *options)
{
	struct device_tls *tls = &device->tls;

	tls->https = span_starts_with_nocase(span_from_string(device->base_url), SPAN_LIT(HTTPS));
	if (!tls->https)
		return options->pin != NULL || options->ca_file != NULL ? POSTERN_E_ARGUMENT
									: POSTERN_OK;
	if (options->pin != NULL && !pin_valid(options->pin))
		return POSTERN_E_ARGUMENT;
	tls->host = host_of(device->base_url);
	bool known = options->pin == NULL && options->ca_file == NULL;

	if (tls->host == NULL || !copy(options->ca_file, &tls->ca_file) ||
		!copy(known ? options->known_devices : NULL, &tls->known_file))
		return POSTERN_E_MEMORY;
	if (options->pin != NULL) {
		memcpy(tls->pin, options->pin, sizeof(tls->pin));
		return POSTERN_OK;
	}
	if (tls->known_file == NULL)
		return POSTERN_OK;
	int error = known_find(tls->known_file, tls->host, tls->pin);

	return error == 0 || error == -ENOENT ? POSTERN_OK : POSTERN_E_IDENTITY;
}

void tls_drop(struct postern_device *device)
{
	free(device->tls.ca_file);
	free(device->tls.known_file);
	free(device->tls.host);
}

/* Whether certificates are judged by CAs; a key that is known needs none. */
static bool by_ca(const struct device_tls *tls)
{
	return tls->ca_file != NULL || (tls->pin[0] == '\0' && tls->known_file == NULL);
}

bool tls_prepare(const struct postern_device *device, CURL *curl)
{
	const struct device_tls *tls = &device->tls;

	if (!tls->https)
		return true;
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, by_ca(tls) ? 1L : 0L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, by_ca(tls) ? 2L : 0L);
	return (tls->ca_file == NULL ||
		       curl_easy_setopt(curl, CURLOPT_CAINFO, tls->ca_file) == CURLE_OK) &&
	       (tls->pin[0] == '\0' ||
		       curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, tls->pin) == CURLE_OK);
}

void tls_begin(const struct postern_device *device, CURL *curl)
{
	const struct device_tls *tls = &device->tls;
	bool first = tls->https && tls->known_file != NULL && tls->pin[0] == '\0';

	curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, first ? 1L : 0L);
	curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, first ? 1L : 0L); /* nobody could use it */
}

/* The pin of a certificate's key. */
static bool pin_of_certificate(const char *pem, char ret[PIN_TEXT])
{
	gnutls_datum_t text = {.data = (void *)(uintptr_t)pem, .size = (unsigned)strlen(pem)};
	gnutls_datum_t base64 = {0};
	unsigned char digest[32];
	gnutls_datum_t bytes = {.data = digest, .size = sizeof(digest)};
	gnutls_x509_crt_t certificate;
	size_t len = sizeof(digest);

	if (gnutls_x509_crt_init(&certificate) < 0)
		return false;
	bool good = gnutls_x509_crt_import(certificate, &text, GNUTLS_X509_FMT_PEM) >= 0 &&
		    gnutls_x509_crt_get_key_id(
			    certificate, GNUTLS_KEYID_USE_SHA256, digest, &len) >= 0 &&
		    gnutls_base64_encode2(&bytes, &base64) >= 0;

	gnutls_x509_crt_deinit(certificate);
	if (good)
		(void)snprintf(ret, PIN_TEXT, "sha256//%.*s", (int)base64.size, base64.data);
	gnutls_free(base64.data);
	return good && pin_valid(ret);
}

/* Which key this handle's latest handshake showed. */
static bool pin_seen(CURL *curl, char ret[PIN_TEXT])
{
	struct curl_certinfo *chain = NULL;

	if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == NULL ||
		chain->num_of_certs < 1)
		return false;
	for (const struct curl_slist *at = chain->certinfo[0]; at != NULL; at = at->next) {
		if (strncmp(at->data, CERTIFICATE, strlen(CERTIFICATE)) == 0)
			return pin_of_certificate(at->data + strlen(CERTIFICATE), ret);
	}
	return false;
}

void tls_learn(struct postern_device *device, CURL *curl, long status)
{
	struct device_tls *tls = &device->tls;

	if (!tls->https)
		return;
	/* Nothing new is told of a connection that was used before: then it is the same key. */
	if (!pin_seen(curl, tls->seen) && tls->pin[0] != '\0')
		memcpy(tls->seen, tls->pin, sizeof(tls->seen));
	if (status < 200 || status > 299)
		return;
	if (tls->identity == POSTERN_IDENTITY_NONE)
		tls->identity = POSTERN_IDENTITY_CHECKED;
	if (tls->known_file == NULL || tls->pin[0] != '\0' || !pin_valid(tls->seen))
		return;
	memcpy(tls->pin, tls->seen, sizeof(tls->pin));
	curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, tls->pin);
	tls->identity = known_put(tls->known_file, tls->host, tls->pin) == 0
				? POSTERN_IDENTITY_FIRST_USE
				: POSTERN_IDENTITY_NOT_KEPT;
}

int tls_refused(struct postern_call *call, CURLcode code)
{
	struct device_tls *tls = &call->device->tls;
	const char *why = curl_easy_strerror(code);

	if (code == CURLE_SSL_CACERT_BADFILE)
		return call_fail(call, POSTERN_E_ARGUMENT, "the file of CAs cannot be used: %s",
			tls->ca_file == NULL ? "the system's" : tls->ca_file);
	if (code != CURLE_SSL_PINNEDPUBKEYNOTMATCH)
		return call_fail(call, POSTERN_E_IDENTITY,
			"%s: its certificate is none of %s, or is for another name (%s)", tls->host,
			tls->ca_file == NULL ? "the system's CAs" : tls->ca_file, why);
	if (call->curl == NULL || !pin_seen(call->curl, tls->seen))
		(void)snprintf(tls->seen, sizeof(tls->seen), "another one");
	return call_fail(call, POSTERN_E_IDENTITY,
		"%s was known by the key %s and now shows %s. Somebody may be in between; or the "
		"device got a new key: if it did (`posternd certificate` says so on it), %s%s",
		tls->host, tls->pin, tls->seen,
		tls->known_file == NULL ? "pin the new one"
					: "accept it with `postern device trust`, or remove its "
					  "line from ",
		tls->known_file == NULL ? "" : tls->known_file);
}

enum postern_identity postern_device_identity(
	const struct postern_device *device, const char **fingerprint)
{
	if (fingerprint != NULL)
		*fingerprint = device->tls.seen;
	return device->tls.identity;
}

int postern_device_forget_identity(struct postern_device *device)
{
	struct device_tls *tls = &device->tls;

	if (tls->known_file == NULL || tls->host == NULL)
		return device_fail(device, POSTERN_E_ARGUMENT,
			"only devices with https:// and a file of known devices are remembered");
	int error = known_put(tls->known_file, tls->host, NULL);

	if (error != 0)
		return device_fail(device, POSTERN_E_ARGUMENT, "cannot write %s: %s",
			tls->known_file, strerror(-error));
	device_forget_handle(device);
	tls->pin[0] = '\0';
	tls->seen[0] = '\0';
	tls->identity = POSTERN_IDENTITY_NONE;
	return POSTERN_OK;
}
