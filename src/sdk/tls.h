/* SPDX-License-Identifier: Apache-2.0 */
/* How a device proves who it is over https: by a CA, by a pin, or by the key it had before. */
#pragma once

#include "known.h"
#include "postern/postern.h"

#include <curl/curl.h>

struct postern_call;

struct device_tls {
	bool https;
	char *ca_file; /* NULL: not by a CA (without any of them: the system's) */
	char *known_file; /* NULL: none */
	char *host; /* "host:port" as the known file has it */
	char pin[PIN_TEXT]; /* "": none yet */
	char seen[PIN_TEXT]; /* the key of the last look, for messages */
	enum postern_identity identity;
};

/* Takes options over (device->base_url is set). An error leaves nothing but what tls_drop frees. */
MUST_CHECK int tls_take(
	struct postern_device *device, const struct postern_device_options *options);
void tls_drop(struct postern_device *device);

/* Sets up a fresh handle. False when memory is out. */
MUST_CHECK bool tls_prepare(const struct postern_device *device, CURL *curl);

/*
 * Before each transfer: a device without a known key is looked at on a connection of its own, not
 * one that another of the context's devices has made.
 */
void tls_begin(const struct postern_device *device, CURL *curl);

/* A transfer got this answer: a device whose password was accepted is the one that was meant. */
void tls_learn(struct postern_device *device, CURL *curl, long status);

/* The device did not prove who it is: POSTERN_E_IDENTITY with both fingerprints in the detail. */
int tls_refused(struct postern_call *call, CURLcode code);
