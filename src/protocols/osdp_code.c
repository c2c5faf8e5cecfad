// SPDX-License-Identifier: Apache-2.0
/*
 * The table of OSDP 2.2's commands and replies. What a code may carry is the length of its
 * decrypted data; what stands inside is judged by the decoders of osdp_message.h.
 */
#include "protocols/osdp_code.h"

#include "base/compiler.h"
#include "protocols/osdp_frame.h"

#define ANY (OSDP_FRAME_MAX - 8) /* as much as a frame with a CRC carries */
#define ALWAYS OSDP_CLEAR_ALWAYS
#define UNSECURED OSDP_CLEAR_UNSECURED
#define NEVER OSDP_CLEAR_NEVER

static const struct osdp_code codes[] = {
	/* code, reply, name, data from, to, step, in clear, config address, deprecated */
	{OSDP_POLL, false, "POLL", 0, 0, 1, UNSECURED, false, false},
	{OSDP_ID, false, "ID", 0, 1, 1, ALWAYS, true, false},
	{OSDP_CAP, false, "CAP", 0, 1, 1, ALWAYS, true, false},
	{OSDP_DIAG, false, "DIAG", 0, ANY, 1, UNSECURED, false, true},
	{OSDP_LSTAT, false, "LSTAT", 0, 0, 1, UNSECURED, false, false},
	{OSDP_ISTAT, false, "ISTAT", 0, 0, 1, UNSECURED, false, false},
	{OSDP_OSTAT, false, "OSTAT", 0, 0, 1, UNSECURED, false, false},
	{OSDP_RSTAT, false, "RSTAT", 0, 0, 1, UNSECURED, false, false},
	{OSDP_OUT, false, "OUT", 4, ANY, 4, UNSECURED, false, false},
	{OSDP_LED, false, "LED", 14, ANY, 14, UNSECURED, false, false},
	{OSDP_BUZ, false, "BUZ", 5, 5, 1, UNSECURED, false, false},
	{OSDP_TEXT, false, "TEXT", 6, 6 + 255, 1, UNSECURED, false, false},
	{OSDP_RMODE, false, "RMODE", 0, ANY, 1, UNSECURED, false, true},
	{OSDP_TDSET, false, "TDSET", 7, 7, 1, UNSECURED, false, true},
	{OSDP_COMSET, false, "COMSET", 5, 5, 1, ALWAYS, true, false},
	{OSDP_DATA, false, "DATA", 0, ANY, 1, UNSECURED, false, true},
	{OSDP_BIOREAD, false, "BIOREAD", 4, 4, 1, UNSECURED, false, false},
	{OSDP_BIOMATCH, false, "BIOMATCH", 6, ANY, 1, UNSECURED, false, false},
	{OSDP_KEYSET, false, "KEYSET", 2, 2 + 255, 1, NEVER, false, false},
	{OSDP_CHLNG, false, "CHLNG", 8, 8, 1, ALWAYS, false, false},
	{OSDP_SCRYPT, false, "SCRYPT", 16, 16, 1, ALWAYS, false, false},
	{OSDP_ACURXSIZE, false, "ACURXSIZE", 2, 2, 1, UNSECURED, false, false},
	{OSDP_FILETRANSFER, false, "FILETRANSFER", 11, ANY, 1, UNSECURED, false, false},
	{OSDP_MFG, false, "MFG", 3, ANY, 1, UNSECURED, false, false},
	{OSDP_XWR, false, "XWR", 2, ANY, 1, UNSECURED, false, false},
	{OSDP_ABORT, false, "ABORT", 0, 0, 1, UNSECURED, false, false},
	{OSDP_PIVDATA, false, "PIVDATA", 5, 6, 1, UNSECURED, false, false},
	{OSDP_GENAUTH, false, "GENAUTH", 6, ANY, 1, UNSECURED, false, false},
	{OSDP_CRAUTH, false, "CRAUTH", 6, ANY, 1, UNSECURED, false, false},
	{OSDP_KEEPACTIVE, false, "KEEPACTIVE", 2, 2, 1, UNSECURED, false, false},
	{OSDP_ACK, true, "ACK", 0, 0, 1, UNSECURED, false, false},
	{OSDP_NAK, true, "NAK", 1, ANY, 1, ALWAYS, true, false},
	{OSDP_PDID, true, "PDID", 12, 12, 1, ALWAYS, true, false},
	{OSDP_PDCAP, true, "PDCAP", 0, ANY, 3, ALWAYS, true, false},
	{OSDP_LSTATR, true, "LSTATR", 2, 2, 1, UNSECURED, false, false},
	{OSDP_ISTATR, true, "ISTATR", 0, ANY, 1, UNSECURED, false, false},
	{OSDP_OSTATR, true, "OSTATR", 0, ANY, 1, UNSECURED, false, false},
	{OSDP_RSTATR, true, "RSTATR", 0, ANY, 1, UNSECURED, false, false},
	{OSDP_RAW, true, "RAW", 4, ANY, 1, UNSECURED, false, false},
	{OSDP_FMT, true, "FMT", 3, 3 + 255, 1, UNSECURED, false, true},
	{OSDP_KEYPAD, true, "KEYPAD", 2, 2 + 255, 1, UNSECURED, false, false},
	{OSDP_COM, true, "COM", 5, 5, 1, ALWAYS, true, false},
	{OSDP_BIOREADR, true, "BIOREADR", 4, ANY, 1, UNSECURED, false, false},
	{OSDP_BIOMATCHR, true, "BIOMATCHR", 3, 3, 1, UNSECURED, false, false},
	{OSDP_EXT_PDID, true, "EXT_PDID", 6, ANY, 1, ALWAYS, true, false},
	{OSDP_CCRYPT, true, "CCRYPT", 32, 32, 1, ALWAYS, false, false},
	{OSDP_RMAC_I, true, "RMAC_I", 16, 16, 1, ALWAYS, false, false},
	{OSDP_BUSY, true, "BUSY", 0, 0, 1, ALWAYS, true, false},
	{OSDP_FTSTAT, true, "FTSTAT", 7, 7, 1, UNSECURED, false, false},
	{OSDP_PIVDATAR, true, "PIVDATAR", 6, ANY, 1, UNSECURED, false, false},
	{OSDP_GENAUTHR, true, "GENAUTHR", 6, ANY, 1, UNSECURED, false, false},
	{OSDP_CRAUTHR, true, "CRAUTHR", 6, ANY, 1, UNSECURED, false, false},
	{OSDP_MFGSTATR, true, "MFGSTATR", 0, ANY, 1, UNSECURED, false, true},
	{OSDP_MFGERRR, true, "MFGERRR", 0, ANY, 1, UNSECURED, false, true},
	{OSDP_MFGREP, true, "MFGREP", 3, ANY, 1, UNSECURED, false, false},
	{OSDP_XRD, true, "XRD", 2, ANY, 1, UNSECURED, false, false},
};

static const struct {
	uint8_t nak;
	const char *text;
} reasons[] = {
	{OSDP_NAK_CHECK, "the check of the frame is wrong"},
	{OSDP_NAK_LENGTH, "the length of the command is wrong"},
	{OSDP_NAK_COMMAND, "unknown command"},
	{OSDP_NAK_SEQUENCE, "unexpected sequence number"},
	{OSDP_NAK_SECURITY_BLOCK, "security block not supported, or the key is another one"},
	{OSDP_NAK_SECURE_CHANNEL, "secure channel required"},
	{OSDP_NAK_BIO_TYPE, "biometric type not supported"},
	{OSDP_NAK_BIO_FORMAT, "biometric format not supported"},
	{OSDP_NAK_RECORD, "cannot process the command"},
	{10, "card not found"},
	{11, "transmission failed"},
	{12, "internal error"},
	{OSDP_NAK_GENERIC, "refused without a reason"},
};

const struct osdp_code *osdp_code_table(size_t *ret_count)
{
	*ret_count = ARRAY_COUNT(codes);
	return codes;
}

const struct osdp_code *osdp_code_find(bool reply, uint8_t code)
{
	for (size_t i = 0; i < ARRAY_COUNT(codes); i++)
		if (codes[i].code == code && codes[i].reply == reply)
			return &codes[i];
	return NULL;
}

const char *osdp_code_name(bool reply, uint8_t code)
{
	const struct osdp_code *found = osdp_code_find(reply, code);

	return found == NULL ? "?" : found->name;
}

bool osdp_code_length_fits(const struct osdp_code *code, size_t data_len)
{
	return data_len >= code->data_min && data_len <= code->data_max &&
	       (data_len - code->data_min) % code->data_step == 0;
}

const char *osdp_nak_text(uint8_t nak)
{
	for (size_t i = 0; i < ARRAY_COUNT(reasons); i++)
		if (reasons[i].nak == nak)
			return reasons[i].text;
	return "unknown reason";
}
