/* SPDX-License-Identifier: Apache-2.0 */
/* The forms of one value, shared by the check and the getters. */
#pragma once

#include "protocols/cgi_methods.h"

/* Takes the brackets off "[1,2]", in place. False when there are none. */
bool cgi_list_open(struct span *value);
