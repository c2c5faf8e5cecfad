/* SPDX-License-Identifier: Apache-2.0 */
/* What both sides of a multipart stream share. */
#pragma once

#include "protocols/multipart.h"

#define MULTIPART_BOUNDARY_MAX 70

/* 1 to 70 printable bytes without quote, not beginning with a dash. */
bool multipart_boundary_valid(struct span boundary);
