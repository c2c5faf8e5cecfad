/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in the data of OSDP commands and replies, typed. Decrypted data in, decrypted data
 * out: frames are osdp_frame.h, the secure channel is osdp_secure.h.
 *
 * x_decode: false when data is too short, or a length in it is wrong; *ret is then unspecified.
 * Values are not judged (a colour of 9 is given as it came). Spans in *ret point into data.
 * x_encode appends to a buf; a span too long for its length field sets out->overflow.
 * x_next cuts one record of several from *rest; false when a whole one is not there.
 */
#pragma once

#include "protocols/osdp_code.h"
#include "protocols/osdp_command.h"
#include "protocols/osdp_part.h"
#include "protocols/osdp_reply.h"
#include "protocols/osdp_transfer.h"
