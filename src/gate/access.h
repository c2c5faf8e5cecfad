/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the way of a request allows, before anybody is asked who sent it. TLS: everything. Plain
 * HTTP from this machine: everything, its bytes are on no wire. Plain HTTP from a network of
 * http.compat_http: everything but moving doors (unless http.open_door says so), claiming the
 * device and setting passwords of accounts. Plain HTTP from elsewhere: nothing.
 */
#pragma once

#include "gate.h"

/* Whether plain HTTP from this address is answered at all. */
bool access_plain(const struct settings *settings, const uint8_t address[16]);

/* Whether http.metrics names a network of this address: it reads metrics without an account. */
bool access_metrics(const struct settings *settings, const uint8_t address[16]);

/* 403 with a sentence that names https; the connection ends behind it. */
void access_refuse_plain(const struct settings *settings, struct reply *reply);

/* Why the operation of the request may not come this way, as a sentence; NULL: it may. */
const char *access_operation(const struct request *request);
