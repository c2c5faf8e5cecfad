/* SPDX-License-Identifier: Apache-2.0 */
/* The hashes that protocols/digest.h asks for, by nettle. */
#pragma once

#include "protocols/digest.h"

digest_hash_fn hashes_digest;
digest_hmac_fn hashes_hmac;
