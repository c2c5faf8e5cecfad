/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes of the kernel. */
#pragma once

#include <stddef.h>

/* Fills bytes from the kernel's CSPRNG (getrandom); never fails: a system without it is a bug. */
void random_bytes(void *bytes, size_t len);
