/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the digest share. */
#pragma once

#include "protocols/digest.h"

/* As it is written in headers: MD5, SHA-256. */
struct span digest_algorithm_name(enum digest_algorithm algorithm);
