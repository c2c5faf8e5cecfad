// SPDX-License-Identifier: Apache-2.0
/*
 * An established OSDP session: a message of any data, with any of its bytes changed and its check
 * made right again. Oracle: the changed one is refused and moves nothing; so is any other frame
 * that the input makes; the true one gives its data, and is refused once it was answered.
 */
#include "base/assert.h"
#include "crypto/osdp_aes.h"
#include "protocols/osdp_code.h"

/* The chain begins with a MAC of the input, so that none holds a frame that is right for itself. */
static struct osdp_secure session_of(bool device, struct span input)
{
	struct osdp_secure secure;

	osdp_secure_init(&secure, &osdp_aes_nettle, device);
	secure.phase = OSDP_SECURE_ESTABLISHED;
	memset(secure.s_enc, 1, sizeof(secure.s_enc));
	memset(secure.s_mac1, 2, sizeof(secure.s_mac1));
	memset(secure.s_mac2, 3, sizeof(secure.s_mac2));
	osdp_secure_mac(&secure, secure.c_mac, input, secure.c_mac);
	memcpy(secure.r_mac, secure.c_mac, sizeof(secure.r_mac));
	return secure;
}

static enum osdp_secure_result unwrap(
	struct osdp_secure *secure, struct span bytes, struct span *ret_data)
{
	static uint8_t plain[OSDP_FRAME_MAX];
	struct osdp_secure before = *secure;
	struct osdp_frame frame;
	enum osdp_secure_result result = OSDP_SECURE_FORM;

	if (osdp_frame_parse(bytes, &frame) == OSDP_FRAME_OK)
		result = osdp_secure_unwrap(secure, &frame, plain, ret_data);
	ASSERT((memcmp(&before, secure, sizeof(before)) == 0) == (result != OSDP_SECURE_OK));
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool reply = size > 0 && (data[0] & 1);
	size_t len = size > 1 ? data[1] : 0;
	struct span input = span_of(data, size), got;
	struct osdp_secure from = session_of(reply, input), to = session_of(!reply, input);
	struct span clear = span_slice(input, 2, len), changes = span_slice(input, 2 + len, size);
	struct osdp_frame frame = {.address = 5, .reply = reply, .code = OSDP_MFG, .data = clear};
	uint8_t sent[OSDP_FRAME_MAX], bytes[OSDP_FRAME_MAX];
	size_t total = osdp_secure_wrap(&from, &frame, sent, sizeof(sent));

	ASSERT(total > 0 && unwrap(&to, changes, &got) != OSDP_SECURE_OK);
	memcpy(bytes, sent, total);
	for (size_t i = 0; i + 1 < changes.len; i += 2) /* where, what */
		bytes[(uint8_t)changes.data[i] % (total - 2)] ^= (uint8_t)changes.data[i + 1];
	uint16_t crc = osdp_crc(span_of(bytes, total - 2));

	bytes[total - 2] = (uint8_t)crc;
	bytes[total - 1] = (uint8_t)(crc >> 8);
	if (memcmp(bytes, sent, total) != 0)
		ASSERT(unwrap(&to, span_of(bytes, total), &got) != OSDP_SECURE_OK);
	ASSERT(unwrap(&to, span_of(sent, total), &got) == OSDP_SECURE_OK && span_equal(got, clear));
	frame = (struct osdp_frame){.address = 5, .reply = !reply, .code = OSDP_ACK};
	ASSERT(unwrap(&from, span_of(bytes, osdp_secure_wrap(&to, &frame, bytes, 14)), &got) ==
		OSDP_SECURE_OK);
	ASSERT(unwrap(&to, span_of(sent, total), &got) == OSDP_SECURE_MAC); /* a replay */
	return 0;
}
