/* SPDX-License-Identifier: Apache-2.0 */
/* Range checks for structs whose bytes another process wrote. */
#pragma once

#include "base/span.h"

/* A bool that holds another byte than 0 or 1 must not be read as a bool. */
static inline bool bool_check(const bool *value)
{
	uint8_t byte;

	memcpy(&byte, value, sizeof(byte));
	return byte <= 1;
}
