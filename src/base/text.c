// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

bool text_set_bytes(uint16_t *len, char *bytes, size_t capacity, struct span s)
{
	if (s.len > capacity)
		return false;
	if (s.len > 0)
		memmove(bytes, s.data, s.len);
	memset(bytes + s.len, 0, capacity - s.len);
	*len = (uint16_t)s.len;
	return true;
}
