// SPDX-License-Identifier: Apache-2.0
/*
 * Sealed memory of certificate and key, and fingerprints as text. Only the size, the seals and the
 * ends of the texts are judged here: what they say is the TLS library's matter.
 */
#include "platform/tls.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

int tls_keys_new(void)
{
	return memfd_create("tls", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

int tls_keys_seal(int fd, const struct tls_keys *keys)
{
	const char *bytes = (const char *)keys;

	for (size_t at = 0; at < sizeof(*keys);) {
		ssize_t written = write(fd, bytes + at, sizeof(*keys) - at);

		if (written <= 0)
			return written < 0 ? -errno : -EIO;
		at += (size_t)written;
	}
	return fcntl(fd, F_ADD_SEALS, SEALS) == 0 ? 0 : -errno;
}

static bool is_sealed(int fd)
{
	struct stat info;
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS && fstat(fd, &info) == 0 &&
	       info.st_size == (off_t)sizeof(struct tls_keys);
}

int tls_fingerprints_read(int fd, struct tls_fingerprints *ret)
{
	return is_sealed(fd) && pread(fd, ret, sizeof(*ret), 0) == (ssize_t)sizeof(*ret) ? 0
											 : -EPROTO;
}

const struct tls_keys *tls_keys_map(int fd)
{
	if (!is_sealed(fd))
		return NULL;
	const struct tls_keys *keys = mmap(NULL, sizeof(*keys), PROT_READ, MAP_SHARED, fd, 0);

	if (keys == MAP_FAILED)
		return NULL;
	if (keys->key_len > 0 && keys->key_len <= sizeof(keys->key) &&
		keys->key[keys->key_len - 1] == '\0' && keys->certificate_len > 0 &&
		keys->certificate_len <= sizeof(keys->certificate) &&
		keys->certificate[keys->certificate_len - 1] == '\0')
		return keys;
	tls_keys_unmap(keys);
	return NULL;
}

void tls_keys_unmap(const struct tls_keys *keys)
{
	if (keys != NULL)
		(void)munmap((void *)(uintptr_t)keys, sizeof(*keys));
}

const char *tls_pin_text(const uint8_t digest[32], char ret[TLS_PIN_TEXT])
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct buf out = buf_over(ret, TLS_PIN_TEXT);

	buf_add_string(&out, "sha256//");
	for (size_t i = 0; i < 32; i += 3) {
		uint32_t three = (uint32_t)digest[i] << 16 | (uint32_t)digest[i + 1] << 8 |
				 (i + 2 < 32 ? digest[i + 2] : 0u);

		for (int shift = 18; shift >= 0; shift -= 6)
			buf_add_byte(&out, letters[three >> shift & 63]);
	}
	ret[out.len - 1] = '='; /* 32 bytes are 43 characters and one to fill up */
	buf_add_byte(&out, '\0');
	return ret;
}

const char *tls_hex_text(const uint8_t digest[32], char ret[TLS_HEX_TEXT])
{
	static const char digits[] = "0123456789ABCDEF";
	struct buf out = buf_over(ret, TLS_HEX_TEXT);

	for (size_t i = 0; i < 32; i++) {
		buf_add_byte(&out, digits[digest[i] >> 4]);
		buf_add_byte(&out, digits[digest[i] & 15]);
		buf_add_byte(&out, i == 31 ? '\0' : ':');
	}
	return ret;
}
