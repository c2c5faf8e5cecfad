/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSDP frames as they are on a line, without the mark byte, with what they say. Some were taken
 * from readers in the field, some from the examples of the standard (annex E), the others were
 * computed and for the most part exchanged with another implementation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct osdp_vector {
	const char *name;
	const char *frame; /* hex */
	uint8_t address;
	bool reply;
	uint8_t sequence;
	bool use_crc;
	uint8_t code;
	const char *data; /* hex */
};

/* Without security block. */
static const struct osdp_vector osdp_plain[] = {
	{"ID seq0", "53 05 09 00 04 61 00 C1 25", 5, false, 0, true, 0x61, "00"},
	{"PDID", "53 85 14 00 04 45 3C 2B 1A 01 02 78 56 34 12 01 02 03 54 BB", 5, true, 0, true,
		0x45, "3C 2B 1A 01 02 78 56 34 12 01 02 03"},
	{"CAP seq1", "53 05 09 00 05 62 00 A2 47", 5, false, 1, true, 0x62, "00"},
	{"PDCAP",
		"53 85 26 00 05 46 01 01 02 02 01 01 03 01 00 04 04 01 05 02 01 08 01 00 09 01 00 "
		"0A 00 01 0D 00 01 10 02 00 37 00",
		5, true, 1, true, 0x46,
		"01 01 02 02 01 01 03 01 00 04 04 01 05 02 01 08 01 00 09 01 00 0A 00 01 0D 00 01 "
		"10 02 00"},
	{"POLL seq0", "53 05 08 00 04 60 BC 89", 5, false, 0, true, 0x60, ""},
	{"ACK seq0", "53 85 08 00 04 40 0E 8F", 5, true, 0, true, 0x40, ""},
	{"POLL seq1", "53 05 08 00 05 60 8D BA", 5, false, 1, true, 0x60, ""},
	{"ACK seq1", "53 85 08 00 05 40 3F BC", 5, true, 1, true, 0x40, ""},
	{"POLL seq2", "53 05 08 00 06 60 DE EF", 5, false, 2, true, 0x60, ""},
	{"ACK seq2", "53 85 08 00 06 40 6C E9", 5, true, 2, true, 0x40, ""},
	{"POLL seq3", "53 05 08 00 07 60 EF DC", 5, false, 3, true, 0x60, ""},
	{"ACK seq3", "53 85 08 00 07 40 5D DA", 5, true, 3, true, 0x40, ""},
	{"POLL seq3 checksum form", "53 05 07 00 03 60 3E", 5, false, 3, false, 0x60, ""},
	{"ACK seq3 checksum form", "53 85 07 00 03 40 DE", 5, true, 3, false, 0x40, ""},
	{"POLL address 0 seq 0 (CRC)", "53 00 08 00 04 60 EB AA", 0, false, 0, true, 0x60, ""},
	{"POLL address 0x7E seq 1", "53 7E 08 00 05 60 F4 4B", 126, false, 1, true, 0x60, ""},
	{"ID to config address 7F seq0", "53 7F 09 00 04 61 00 5F E6", 127, false, 0, true, 0x61,
		"00"},
	{"PDID from FF", "53 FF 14 00 04 45 3C 2B 1A 01 02 78 56 34 12 01 02 03 87 47", 127, true,
		0, true, 0x45, "3C 2B 1A 01 02 78 56 34 12 01 02 03"},
	{"NAK 04 seq2 (PD got wrong seq)", "53 85 09 00 06 41 04 E3 D9", 5, true, 2, true, 0x41,
		"04"},
	{"NAK 03 seq2 (unknown command)", "53 85 09 00 06 41 03 04 A9", 5, true, 2, true, 0x41,
		"03"},
	{"BUSY (seq 0, plain, no data)", "53 85 08 00 04 79 74 28", 5, true, 0, true, 0x79, ""},
	{"LED seq2: temp blink green 2/2 3.0 s, perm red",
		"53 05 16 00 06 69 00 00 02 02 02 02 00 1E 00 01 01 00 01 00 C8 D9", 5, false, 2,
		true, 0x69, "00 00 02 02 02 02 00 1E 00 01 01 00 01 00"},
	{"BUZ seq3: default tone 0.2/0.2 s x3", "53 05 0D 00 07 6A 00 02 02 02 03 0A C8", 5, false,
		3, true, 0x6A, "00 02 02 02 03"},
	{"OUT seq1: output 0, temp ON 3.0 s (code 5)", "53 05 0C 00 05 68 00 05 1E 00 BD 26", 5,
		false, 1, true, 0x68, "00 05 1E 00"},
	{"TEXT seq2: perm no wrap row1 col1 'Hello'",
		"53 05 13 00 06 6B 00 01 00 01 01 05 48 65 6C 6C 6F 87 5B", 5, false, 2, true, 0x6B,
		"00 01 00 01 01 05 48 65 6C 6C 6F"},
	{"LSTAT seq3", "53 05 08 00 07 64 6B 9C", 5, false, 3, true, 0x64, ""},
	{"LSTATR tamper=1 power=0", "53 85 0A 00 07 48 01 00 64 60", 5, true, 3, true, 0x48,
		"01 00"},
	{"ISTAT seq1", "53 05 08 00 05 65 28 EA", 5, false, 1, true, 0x65, ""},
	{"ISTATR 2 inputs: inactive, active", "53 85 0A 00 05 49 00 01 2C 99", 5, true, 1, true,
		0x49, "00 01"},
	{"OSTAT seq2", "53 05 08 00 06 66 18 8F", 5, false, 2, true, 0x66, ""},
	{"OSTATR 1 output: active", "53 85 09 00 06 4A 01 BC 55", 5, true, 2, true, 0x4A, "01"},
	{"RSTAT seq3", "53 05 08 00 07 67 08 AC", 5, false, 3, true, 0x67, ""},
	{"RSTATR reader tamper (2)", "53 85 09 00 07 4B 02 DE 61", 5, true, 3, true, 0x4B, "02"},
	{"COMSET seq1: address 5, 115200", "53 05 0D 00 05 6E 05 00 C2 01 00 B0 23", 5, false, 1,
		true, 0x6E, "05 00 C2 01 00"},
	{"COM", "53 85 0D 00 05 54 05 00 C2 01 00 0A 6E", 5, true, 1, true, 0x54, "05 00 C2 01 00"},
	{"COMSET to 7F, checksum, addr 0, 9600, annex E", "53 7F 0C 00 00 6E 00 80 25 00 00 0F",
		127, false, 0, false, 0x6E, "00 80 25 00 00"},
	{"COMSET to 7F, CRC, addr 0, 9600, annex E", "53 7F 0D 00 04 6E 00 80 25 00 00 6E 38", 127,
		false, 0, true, 0x6E, "00 80 25 00 00"},
	{"RAW seq2: 26 bit P/data/P fc=123 cn=45678",
		"53 85 10 00 06 50 00 01 1A 00 BD D9 37 40 34 74", 5, true, 2, true, 0x50,
		"00 01 1A 00 BD D9 37 40"},
	{"RAW seq3: 37 bit H10304 fc=1000 cn=123456",
		"53 85 11 00 07 50 00 01 25 00 01 F4 1E 24 08 31 B1", 5, true, 3, true, 0x50,
		"00 01 25 00 01 F4 1E 24 08"},
	{"KEYPAD seq1 '12*#'", "53 85 0E 00 05 53 00 04 31 32 7F 0D 4A B4", 5, true, 1, true, 0x53,
		"00 04 31 32 7F 0D"},
	{"ACURXSIZE seq2 1440", "53 05 0A 00 06 7B A0 05 36 5F", 5, false, 2, true, 0x7B, "A0 05"},
	{"KEEPACTIVE seq3 5000 ms", "53 05 0A 00 07 A7 88 13 CF C4", 5, false, 3, true, 0xA7,
		"88 13"},
	{"ABORT seq1", "53 05 08 00 05 A2 83 43", 5, false, 1, true, 0xA2, ""},
	{"MFG seq2 OUI 0A 00 17, data 01 02", "53 05 0D 00 06 80 0A 00 17 01 02 76 3B", 5, false, 2,
		true, 0x80, "0A 00 17 01 02"},
	{"MFGREP OUI 0A 00 17, data 55", "53 85 0C 00 06 90 0A 00 17 55 07 59", 5, true, 2, true,
		0x90, "0A 00 17 55"},
	{"FILETRANSFER seq3 type1 total 300 off 0 len 16",
		"53 05 23 00 07 7C 01 2C 01 00 00 00 00 00 00 10 00 00 01 02 03 04 05 06 07 08 09 "
		"0A 0B 0C 0D 0E 0F 9B 88",
		5, false, 3, true, 0x7C,
		"01 2C 01 00 00 00 00 00 00 10 00 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F"},
	{"FTSTAT interleave, no delay, ok, max 0", "53 85 0F 00 07 7A 01 00 00 00 00 00 00 8B CA",
		5, true, 3, true, 0x7A, "01 00 00 00 00 00 00"},
	{"FTSTAT abort (-1)", "53 85 0F 00 07 7A 00 00 00 FF FF 00 00 2A F6", 5, true, 3, true,
		0x7A, "00 00 00 FF FF 00 00"},
	{"BIOREAD seq1 rdr0 type0 fmt0 q 0x80", "53 05 0C 00 05 73 00 00 00 80 1C 94", 5, false, 1,
		true, 0x73, "00 00 00 80"},
	{"PIVDATA seq2 CHUID 5FC102 el 0 off 0 (6 B)", "53 05 0E 00 06 A3 5F C1 02 00 00 00 4F AA",
		5, false, 2, true, 0xA3, "5F C1 02 00 00 00"},
	{"XWR seq3 mode-get", "53 05 0A 00 07 A1 00 01 2D D6", 5, false, 3, true, 0xA1, "00 01"},
	{"XWR seq1 mode-set 1, cfg 0", "53 05 0C 00 05 A1 00 02 01 00 A4 2B", 5, false, 1, true,
		0xA1, "00 02 01 00"},
};

/* Taken from readers in the field. */
static const struct osdp_vector osdp_field[] = {
	{"HID RPK40 mode-set cmd", "53 18 0C 00 06 A1 00 02 01 00 89 E8", 24, false, 2, true, 0xA1,
		"00 02 01 00"},
	{"its ACK", "53 98 08 00 06 40 4C CC", 24, true, 2, true, 0x40, ""},
	{"XWR card-scan cmd", "53 18 0B 00 06 A1 01 04 00 9E 37", 24, false, 2, true, 0xA1,
		"01 04 00"},
	{"NAK 01 answer", "53 98 09 00 06 41 01 81 DD", 24, true, 2, true, 0x41, "01"},
	{"LSTATR 0/0", "53 98 0A 00 07 48 00 00 24 8E", 24, true, 3, true, 0x48, "00 00"},
	{"HID PDID", "53 80 14 00 04 45 00 06 8E 01 01 1D 59 00 7A 05 3E 00 B6 C9", 0, true, 0,
		true, 0x45, "00 06 8E 01 01 1D 59 00 7A 05 3E 00"},
	{"HID PDCAP",
		"53 80 35 00 05 46 01 00 00 02 00 00 03 01 00 04 04 01 05 02 01 06 00 00 07 00 00 "
		"08 01 00 09 01 01 0A 92 03 0B 92 03 0C 00 00 0E 00 00 0F 00 00 10 01 00 4D 8F",
		0, true, 1, true, 0x46,
		"01 00 00 02 00 00 03 01 00 04 04 01 05 02 01 06 00 00 07 00 00 08 01 00 09 01 01 "
		"0A 92 03 0B 92 03 0C 00 00 0E 00 00 0F 00 00 10 01 00"},
	{"FTSTAT rebooting", "53 81 0F 00 06 7A 00 00 00 02 00 00 00 75 79", 1, true, 2, true, 0x7A,
		"00 00 00 02 00 00 00"},
	{"OSM-1000 NAK 06", "53 80 09 00 06 41 06 A0 BA", 0, true, 2, true, 0x41, "06"},
	{"HID ID cmd", "53 7E 09 00 05 61 00 CF 94", 126, false, 1, true, 0x61, "00"},
	{"poll/ack", "53 01 08 00 06 60 D8 66", 1, false, 2, true, 0x60, ""},
	{"ack", "53 81 08 00 06 40 6A 60", 1, true, 2, true, 0x40, ""},
};

struct osdp_exchange {
	const char *name;
	const char *command; /* hex, the whole frame */
	const char *command_data; /* decrypted */
	const char *c_mac; /* all of it */
	const char *reply;
	const char *reply_data;
	const char *r_mac;
};

struct osdp_session {
	const char *name;
	uint8_t selector;
	const char *key;
	const char *random_a;
	const char *random_b;
	const char *cuid;
	const char *s_enc;
	const char *s_mac1;
	const char *s_mac2;
	const char *client; /* cryptogram */
	const char *server;
	const char *rmac_initial;
	const char *chlng; /* frames; NULL in an example that has none */
	const char *ccrypt;
	const char *scrypt;
	const char *rmac_i;
	struct osdp_exchange exchange[8];
};

/* Whole sessions: handshake, then exchanges in their order. */
static const struct osdp_session osdp_sessions[] = {
	{"own key", 1, "00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF", "A1 A2 A3 A4 A5 A6 A7 A8",
		"B1 B2 B3 B4 B5 B6 B7 B8", "3C 2B 01 00 78 56 34 12",
		"46 71 67 9F 81 8A 6E DD 36 14 E7 2E D1 3F 24 2B",
		"F5 82 D9 1A 52 DC 9B 88 E4 E4 B7 79 67 FE 91 4D",
		"AE 6E 36 CE 8A 2C E1 A3 3F 3C 60 2D ED 61 7A AC",
		"8F A6 AF A8 B7 B5 FC 13 08 D3 70 68 8C 26 D0 9A",
		"47 3B 40 3F 31 A5 C1 9A 30 25 5F 1D 24 A9 9F 2B",
		"9E 14 C2 CB 9A 5D E9 EB C3 A6 19 45 C1 83 8A 55",
		"53 05 13 00 0C 03 11 01 76 A1 A2 A3 A4 A5 A6 A7 A8 69 78",
		"53 85 2B 00 0C 03 12 01 76 3C 2B 01 00 78 56 34 12 B1 B2 B3 B4 B5 B6 B7 B8 8F A6 "
		"AF A8 B7 B5 FC 13 08 D3 70 68 8C 26 D0 9A AA C8",
		"53 05 1B 00 0D 03 13 01 77 47 3B 40 3F 31 A5 C1 9A 30 25 5F 1D 24 A9 9F 2B E7 BD",
		"53 85 1B 00 0D 03 14 01 78 9E 14 C2 CB 9A 5D E9 EB C3 A6 19 45 C1 83 8A 55 31 99",
		{
			{"POLL SCS_15 seq2", "53 05 0E 00 0E 02 15 60 57 5A 4F B9 AD DE", "",
				"57 5A 4F B9 E5 CF B5 CC 74 26 B1 A7 A7 98 56 3E",
				"53 85 0E 00 0E 02 16 40 22 FD 64 E2 ED 66", "",
				"22 FD 64 E2 DC 48 C6 96 EA 3E 88 9B 51 4E 24 06"},
			{"LED SCS_17 seq3",
				"53 05 1E 00 0F 02 17 69 FB 0E 21 18 E5 B6 49 16 61 37 4A 4A 8F B3 "
				"69 FC DF 17 4C "
				"6D 71 3A",
				"00 00 02 02 02 02 00 1E 00 01 01 00 01 00",
				"DF 17 4C 6D DA 81 DB 1B EB 29 49 61 BB BB 4E A7",
				"53 85 0E 00 0F 02 16 40 5E 40 D4 CE 34 6B", "",
				"5E 40 D4 CE 3B 08 42 9E 69 EC 37 0B CF 07 10 F4"},
			{"POLL -> RAW SCS_18 seq1", "53 05 0E 00 0D 02 15 60 A2 B7 0C 8E 9B C9", "",
				"A2 B7 0C 8E 32 46 6D 29 AD B7 0C 23 20 90 5A A3",
				"53 85 1E 00 0D 02 18 50 6F 05 BB F9 9C 18 15 7F 61 77 69 D7 7D 22 "
				"CE 88 BD CE BA "
				"77 69 DF",
				"00 01 1A 00 BD D9 37 40",
				"BD CE BA 77 61 6B 18 6C DD 6A 3A 38 F0 06 98 ED"},
			{"BUZ seq2",
				"53 05 1E 00 0E 02 17 6A B8 64 DF D6 94 20 F2 A3 CF 83 9D 3C DD 77 "
				"E3 CB DB BB 06 "
				"8C 99 68",
				"00 02 02 02 03", "DB BB 06 8C 2A B1 4F 2D 06 D5 F1 CD 53 AC 99 A7",
				"53 85 0E 00 0E 02 16 40 34 7F 26 BA BA BF", "",
				"34 7F 26 BA 2D FE 9A FE 16 77 D7 3B 07 FC 57 9A"},
			{"POLL -> KEYPAD seq3", "53 05 0E 00 0F 02 15 60 4B 60 C6 8B 9E 78", "",
				"4B 60 C6 8B 27 D5 C9 18 B9 5C F5 50 DB 58 41 E8",
				"53 85 1E 00 0F 02 18 53 E4 06 BF D9 59 3E 30 A0 12 96 43 2F 29 3B "
				"BF 0D 6C 41 D3 "
				"60 AF 41",
				"00 04 31 32 7F 0D",
				"6C 41 D3 60 DD C4 68 40 81 40 B2 CA 60 ED D8 7B"},
			{"OUT seq1",
				"53 05 1E 00 0D 02 17 68 07 57 DF BA 90 1D 9B 3D C6 E1 34 FC DE 54 "
				"A6 C7 C3 97 04 "
				"13 CF 61",
				"00 05 1E 00", "C3 97 04 13 25 15 41 65 8A F9 84 73 3B F1 F3 1F",
				"53 85 0E 00 0D 02 16 40 2C F8 17 0D F9 B6", "",
				"2C F8 17 0D EC E8 C1 99 3F 98 14 08 A9 52 96 BE"},
			{"COMSET -> COM seq2",
				"53 05 1E 00 0E 02 17 6E 62 91 19 B7 0C 9B 8C CA EE 58 5E 13 4E 7F "
				"57 14 FE 6A 73 "
				"1C 11 C6",
				"05 00 C2 01 00", "FE 6A 73 1C 2E 85 89 03 6A EC CF 15 96 CD 13 E2",
				"53 85 1E 00 0E 02 18 54 14 7E B9 D2 4C 5A ED 51 6B 37 A1 F1 09 73 "
				"3F FF 77 05 F9 "
				"40 CC 86",
				"05 00 C2 01 00",
				"77 05 F9 40 E6 CC FD 19 72 4F 45 64 54 9E BF 2D"},
			{"KEYSET 000102..0F seq3",
				"53 05 2E 00 0F 02 17 75 7A 5F A0 DC 2D 61 FC B6 4D E7 53 3D A9 CE "
				"C1 15 6A 5B DF "
				"29 52 A4 47 A9 B1 33 3B F3 5E 07 35 A9 29 FE 65 E5 50 CB",
				"01 10 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F",
				"29 FE 65 E5 D9 75 0A E0 9C CB C4 62 37 4B 38 6F",
				"53 85 0E 00 0F 02 16 40 14 9B 71 95 73 F1", "",
				"14 9B 71 95 6F 80 88 D1 FF 6D 40 CD 72 E7 E5 DE"},
		}},
	{"own key, cUID of another form", 1, "00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF",
		"A1 A2 A3 A4 A5 A6 A7 A8", "B1 B2 B3 B4 B5 B6 B7 B8", "3C 2B 1A 78 56 34 12 00",
		"46 71 67 9F 81 8A 6E DD 36 14 E7 2E D1 3F 24 2B",
		"F5 82 D9 1A 52 DC 9B 88 E4 E4 B7 79 67 FE 91 4D",
		"AE 6E 36 CE 8A 2C E1 A3 3F 3C 60 2D ED 61 7A AC",
		"8F A6 AF A8 B7 B5 FC 13 08 D3 70 68 8C 26 D0 9A",
		"47 3B 40 3F 31 A5 C1 9A 30 25 5F 1D 24 A9 9F 2B",
		"9E 14 C2 CB 9A 5D E9 EB C3 A6 19 45 C1 83 8A 55",
		"53 05 13 00 0C 03 11 01 76 A1 A2 A3 A4 A5 A6 A7 A8 69 78",
		"53 85 2B 00 0C 03 12 01 76 3C 2B 1A 78 56 34 12 00 B1 B2 B3 B4 B5 B6 B7 B8 8F A6 "
		"AF A8 B7 B5 FC 13 08 D3 70 68 8C 26 D0 9A 10 36",
		"53 05 1B 00 0D 03 13 01 77 47 3B 40 3F 31 A5 C1 9A 30 25 5F 1D 24 A9 9F 2B E7 BD",
		"53 85 1B 00 0D 03 14 01 78 9E 14 C2 CB 9A 5D E9 EB C3 A6 19 45 C1 83 8A 55 31 99",
		{
			{"LED SCS_17 seq2",
				"53 05 1E 00 0E 02 17 69 EA 13 A2 63 B2 A9 0D F1 BB D9 51 BE 52 F9 "
				"EC FC 78 23 04 "
				"85 25 6B",
				"00 00 02 02 02 02 00 1E 00 01 01 00 01 00",
				"78 23 04 85 3B 2F C3 43 B7 5C 10 BB 5B 18 A3 40",
				"53 85 0E 00 0E 02 16 40 A8 89 55 12 0D 0E", "",
				"A8 89 55 12 47 33 06 CA 3E 5B B7 7E 21 C0 76 BF"},
			{"POLL seq3", "53 05 0E 00 0F 02 15 60 20 9F AE F1 6E AD", "",
				"20 9F AE F1 58 F6 68 D8 80 E1 E0 0A 72 32 E8 AF",
				"53 85 0E 00 0F 02 16 40 40 B5 60 C7 8B 99", "",
				"40 B5 60 C7 A9 59 28 34 DB DF 66 CE E0 39 75 BD"},
			{"POLL seq1", "53 05 0E 00 0D 02 15 60 58 D8 90 4E ED 0D", "",
				"58 D8 90 4E 2A E7 F3 78 1C 9B 67 46 96 05 D9 C8",
				"53 85 0E 00 0D 02 16 40 DD DE 9B D5 E6 7F", "",
				"DD DE 9B D5 BD C8 A7 DA E5 35 78 F2 2E CC 5F 27"},
			{"POLL -> RAW seq2", "53 05 0E 00 0E 02 15 60 E9 6C 98 9A 92 62", "",
				"E9 6C 98 9A 5D 9A 63 3D 1C AC 89 F9 41 AE 2C 8B",
				"53 85 1E 00 0E 02 18 50 37 D2 3B A6 14 47 B9 70 55 1A 23 5C 44 E8 "
				"E2 74 6D F4 FA "
				"03 41 BA",
				"00 01 1A 00 BD D9 37 40",
				"6D F4 FA 03 4C 45 46 DE C1 4B 05 7D A0 D3 13 B1"},
		}},
	{"default key, KEYSET", 0, "30 31 32 33 34 35 36 37 38 39 3A 3B 3C 3D 3E 3F",
		"A1 A2 A3 A4 A5 A6 A7 A8", "B1 B2 B3 B4 B5 B6 B7 B8", "3C 2B 1A 78 56 34 12 00",
		"BE 73 D2 00 0C 3F 6B 4D 05 93 97 9F 35 DD 7C FA",
		"C6 4F 92 6B 6F 2E 2F E1 7C 5C 82 CE 90 F9 30 97",
		"E0 B1 05 12 27 1D 0E 45 16 FF 0B 15 5A 8F 4A C4",
		"48 7C 2F 27 E3 FF 1D 5D 90 DA C9 5B 48 80 5B 5D",
		"50 45 82 F4 39 E3 79 26 AE AD A1 A1 3F CB 60 F2",
		"53 07 F0 5B 87 B4 33 E9 6D FD 2B B9 F3 54 06 EE",
		"53 05 13 00 0C 03 11 00 76 A1 A2 A3 A4 A5 A6 A7 A8 2C 17",
		"53 85 2B 00 0C 03 12 00 76 3C 2B 1A 78 56 34 12 00 B1 B2 B3 B4 B5 B6 B7 B8 48 7C "
		"2F 27 E3 FF 1D 5D 90 DA C9 5B 48 80 5B 5D 67 CE",
		"53 05 1B 00 0D 03 13 00 77 50 45 82 F4 39 E3 79 26 AE AD A1 A1 3F CB 60 F2 D9 87",
		"53 85 1B 00 0D 03 14 01 78 53 07 F0 5B 87 B4 33 E9 6D FD 2B B9 F3 54 06 EE EE 28",
		{
			{"KEYSET (site SCBK) seq2",
				"53 05 2E 00 0E 02 17 75 BA 36 17 8B A2 71 C7 42 E6 DE CA 7C 89 C3 "
				"96 88 A3 3B 1E "
				"45 B6 72 29 C7 B5 B6 48 F4 5E 89 CB B7 AB 51 83 A0 74 BF",
				"01 10 00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF",
				"AB 51 83 A0 58 D2 08 A6 38 E0 8B 82 03 7A AE D5",
				"53 85 0E 00 0E 02 16 40 18 CA 2F D1 9C B5", "",
				"18 CA 2F D1 56 46 5F 9A 8A 5B 29 E7 39 75 CF 67"},
		}},
	{"annex E", 0, "30 31 32 33 34 35 36 37 38 39 3A 3B 3C 3D 3E 3F", "B0 B1 B2 B3 B4 B5 B6 B7",
		"A0 A1 A2 A3 A4 A5 A6 A7", "00 00 00 00 00 00 00 00",
		"BF 8D C2 A8 32 9A CB 8C 67 C6 D0 CD 9A 45 16 82",
		"5E 86 C6 76 60 3B DE E2 D8 BE AF E1 78 63 73 32",
		"6F DA 86 E8 57 77 7E 81 13 20 35 75 82 39 17 2E",
		"FD E5 D2 F4 28 EC 16 31 24 71 EA 3C 02 BD 77 96",
		"26 D3 35 6E 07 76 2D 26 28 01 FC 8E 66 65 A8 91",
		"B2 A3 00 57 EB 98 BA 22 29 EC 1F 87 56 62 B5 24", NULL, NULL, NULL, NULL,
		{{NULL}}},
};

static inline unsigned osdp_nibble(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'A' + 10);
}

/* "53 05 .." to bytes; returns how many. */
static inline size_t osdp_hex(const char *hex, uint8_t *ret)
{
	size_t count = 0;

	for (; *hex != '\0'; hex += hex[2] == ' ' ? 3 : 2)
		ret[count++] = (uint8_t)(osdp_nibble(hex[0]) << 4 | osdp_nibble(hex[1]));
	return count;
}

/* MACs over the bytes 00, 01 .. of so many, in the first session, chained to its first R-MAC-I. */
static const struct {
	uint8_t len;
	const char *mac;
} osdp_macs[] = {
	{1, "1E 0D DE E7 D7 0C 1A 33 EB E2 60 5E 31 B7 94 AF"},
	{8, "A0 78 08 CB 95 75 E8 91 24 9C 51 3F B0 92 91 B0"},
	{15, "3C 87 94 45 3F 8F 5A 87 A5 62 66 3F 30 FC 51 33"},
	{16, "0C 89 A1 EC 9E D3 12 2D 32 38 3B FC 5A F2 4B 4A"},
	{17, "BC 62 8A 4B 30 65 BC AA 34 17 7E 86 F0 E4 36 A3"},
	{24, "B2 94 D7 AE 44 8A 24 F4 B3 48 DD C0 E8 B6 D2 17"},
	{31, "E4 36 EC 52 45 DB 7F 37 D0 70 06 B1 97 86 A2 F7"},
	{32, "74 8A 75 DB C2 6C D9 E4 E8 87 3C 0D EF 6F DC E4"},
	{33, "80 98 2C A8 7F C3 FC 47 6A 62 FE 5B 5A AF B3 2A"},
};

/* Data of so many zeros, encrypted there. */
static const struct {
	uint8_t len;
	const char *encrypted;
} osdp_paddings[] = {
	{1, "1F 4D 97 27 2B 68 B6 8B 5A E8 71 2F 4F 70 15 B9"},
	{15, "A0 43 D9 C8 B3 5B 46 6A 23 A8 6B 9E 93 24 CA C5"},
	{16, "ED 25 2C 43 57 FE 31 CD 88 B5 25 23 C2 EB 3B 52 AB 40 67 B0 92 C9 9B 91 A2 18 94 "
	     "D6 FF F9 EA B3"},
	{17, "ED 25 2C 43 57 FE 31 CD 88 B5 25 23 C2 EB 3B 52 7B BA 08 50 CA 4C 0D C2 0E 89 62 "
	     "E5 6A DE E1 8C"},
	{32, "ED 25 2C 43 57 FE 31 CD 88 B5 25 23 C2 EB 3B 52 32 B1 70 57 DF 74 5D 77 FC 8B DC "
	     "AD 29 FA 17 41 70 67 B5 DF 0C 1E DC D9 E8 A4 40 DA 1E 3A C7 0C"},
};

/* What must be refused; each test says why. */
static const char osdp_bad_crc_wrong[] = "53 05 08 00 06 60 DE EE";
static const char osdp_bad_mac_wrong[] = "53 05 0E 00 0E 02 15 60 56 5A 4F B9 19 A8";
static const char osdp_bad_led_config[] =
	"53 7F 16 00 04 69 00 00 02 02 02 02 00 1E 00 01 01 00 01 00 13 34";
static const char osdp_bad_no_session[] = "53 05 0E 00 0E 02 15 60 00 00 00 00 B4 48";
static const char osdp_bad_len_5[] = "53 05 05 00 04";
static const char osdp_bad_rmac_refused[] =
	"53 85 1B 00 0D 03 14 FF 78 9E 14 C2 CB 9A 5D E9 EB C3 A6 19 45 C1 83 8A 55 1A 73";
static const char osdp_bad_rmac_zeros[] =
	"53 85 1B 00 0D 03 14 01 78 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 54 FA";
