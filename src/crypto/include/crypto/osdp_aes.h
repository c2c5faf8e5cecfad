/* SPDX-License-Identifier: Apache-2.0 */
/* The AES that protocols/osdp_secure.h asks for, by nettle. */
#pragma once

#include "protocols/osdp_secure.h"

/* Stateless: for any number of sessions and threads. */
extern const struct osdp_aes osdp_aes_nettle;
