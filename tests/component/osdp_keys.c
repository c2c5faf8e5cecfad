// SPDX-License-Identifier: Apache-2.0
/*
 * Keys of OSDP readers for the Python tests, as an earlier pairing left them: `osdp_keys STATE
 * VENDOR READER KEY SERIAL [READER KEY SERIAL ...]` writes into a state folder that no posternd
 * uses. VENDOR is 6 and KEY 32 hexadecimal digits; SERIAL is what the reader says in PDID.
 */
#include "base/number.h"
#include "store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static int key_put(struct store *store, const uint8_t vendor[3], char **words)
{
	struct reader_identity identity = {.model = 1};
	uint8_t key[READER_KEY_SIZE];
	uint64_t reader;
	uint64_t serial;

	if (!number_parse_u64(span_from_string(words[0]), READERS_MAX, &reader) ||
		!hex_decode(span_from_string(words[1]), key, sizeof(key)) ||
		!number_parse_u64(span_from_string(words[2]), UINT32_MAX, &serial))
		return -1;
	memcpy(identity.vendor, vendor, sizeof(identity.vendor));
	identity.serial = (uint32_t)serial;
	int error = store_reader_key_pend(store, (uint8_t)reader, key);

	return error != 0 ? error : store_reader_key_promote(store, (uint8_t)reader, &identity);
}

static int keys_put(struct store *store, const uint8_t vendor[3], int count, char **words)
{
	int error = store_begin(store);

	for (int i = 0; i + 2 < count && error == 0; i += 3)
		error = key_put(store, vendor, words + i);
	return error != 0 ? error : store_commit(store);
}

int main(int argc, char **argv)
{
	static const struct store_options options = {
		.records_max = 1000000, .journal_max = 1000000, .persons_max = 100000};
	struct store *store;
	uint8_t vendor[3];
	int folder = argc < 6 ? -1 : open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0 || !hex_decode(span_from_string(argv[2]), vendor, sizeof(vendor))) {
		(void)fputs("usage: osdp_keys STATE VENDOR READER KEY SERIAL [...]\n", stderr);
		return 2;
	}
	int error = store_open(folder, &options, &store, NULL);

	if (error != 0) {
		(void)fprintf(stderr, "osdp_keys: %s: %s\n", argv[1], store_error_text(error));
		return 1;
	}
	error = keys_put(store, vendor, argc - 3, argv + 3);
	(void)store_close(store);
	if (error != 0)
		(void)fprintf(stderr, "osdp_keys: the keys were not written: %d\n", error);
	return error != 0;
}
