/* SPDX-License-Identifier: Apache-2.0 */
/* The rows, by operation. */
#pragma once

#include "protocols/cgi_methods.h"

extern const struct cgi_method cgi_methods[CGI_OPERATION_COUNT];
