/* SPDX-License-Identifier: Apache-2.0 */
/* Names of a query against the names of a table row. */
#pragma once

#include "protocols/cgi_methods.h"

enum cgi_match { CGI_MATCH_NONE = 0, CGI_MATCH_YES, CGI_MATCH_BAD_SUBSCRIPT };

/* The listed parameter that name stands for, or NULL; *ret_match says whether its subscript is bad.
 */
const struct cgi_parameter *cgi_find_listed(
	const struct cgi_method *method, struct span name, enum cgi_match *ret_match);
