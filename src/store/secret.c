// SPDX-License-Identifier: Apache-2.0
/*
 * The device key: 32 random bytes in STATE/device.key, readable by its owner only, made once, when
 * the database is made. It is complete and on disk before its name exists (temporary file, sync,
 * rename, sync of the folder), and before the database says which key belongs to it: a power cut
 * leaves either no key and no database, or a key.
 *
 * One key a purpose is derived from it, so that no use tells about another. What they
 * protect is a copied database or backup; a thief of the whole disk has the key as well
 * (docs: LUKS or a TPM help there).
 */
#include "internal.h"

#include "crypto/random.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/gcm.h>
#include <nettle/hmac.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char key_name_new[] = SECRET_KEY_NAME ".new";

static void derive(const uint8_t *key, const char *purpose, uint8_t *ret, size_t len)
{
	struct hmac_sha256_ctx hmac;

	hmac_sha256_set_key(&hmac, SECRET_KEY_SIZE, key);
	hmac_sha256_update(&hmac, strlen(purpose), (const uint8_t *)purpose);
	hmac_sha256_digest(&hmac, len, ret);
	explicit_bzero(&hmac, sizeof(hmac));
}

static void derive_all(struct secret *secret, const uint8_t *key)
{
	derive(key, "postern 1 seal account passwords", secret->seal_key, SECRET_KEY_SIZE);
	derive(key, "postern 1 hash pins", secret->pin_key, SECRET_KEY_SIZE);
	derive(key, "postern 1 seal reader keys", secret->reader_key, SECRET_KEY_SIZE);
	derive(key, "postern 1 check the key", secret->check, SECRET_CHECK_SIZE);
}

int secret_load(struct secret *secret, int dir_fd)
{
	uint8_t key[SECRET_KEY_SIZE + 1]; /* one more, to see a file that is too long */
	int fd = openat(dir_fd, SECRET_KEY_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	ssize_t len = read(fd, key, sizeof(key));
	int error = len < 0 ? -errno : 0;

	if (error == 0 && len != SECRET_KEY_SIZE)
		error = -EKEYREJECTED;
	if (error == 0)
		derive_all(secret, key);
	explicit_bzero(key, sizeof(key));
	(void)close(fd);
	return error;
}

static int write_key(int dir_fd, const uint8_t *key)
{
	/* Left over by a power cut: it never had the real name, so nothing depends on it. */
	if (unlinkat(dir_fd, key_name_new, 0) != 0 && errno != ENOENT)
		return -errno;
	int fd = openat(
		dir_fd, key_name_new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);

	if (fd < 0)
		return -errno;
	ssize_t len = write(fd, key, SECRET_KEY_SIZE);
	int error = len < 0 ? -errno : len != SECRET_KEY_SIZE ? -ENOSPC : 0;

	if (error == 0 && fsync(fd) != 0)
		error = -errno;
	if (close(fd) != 0 && error == 0)
		error = -errno;
	return error;
}

int secret_make(struct secret *secret, int dir_fd)
{
	uint8_t key[SECRET_KEY_SIZE];

	random_bytes(key, sizeof(key));
	int error = write_key(dir_fd, key);

	if (error == 0 &&
		renameat2(dir_fd, key_name_new, dir_fd, SECRET_KEY_NAME, RENAME_NOREPLACE) != 0)
		error = -errno;
	if (error == 0)
		error = folder_sync(dir_fd);
	if (error == 0)
		derive_all(secret, key);
	explicit_bzero(key, sizeof(key));
	return error;
}

void secret_wipe(struct secret *secret)
{
	explicit_bzero(secret, sizeof(*secret));
}

/* no and name: what belongs to the sealed text. */
static void gcm_begin(const uint8_t *key, uint64_t no, struct span name, const uint8_t *nonce,
	struct gcm_aes256_ctx *ret)
{
	uint8_t about[sizeof(no) + 64];
	size_t len = sizeof(no);

	for (size_t i = 0; i < len; i++)
		about[i] = (uint8_t)(no >> (8 * (len - 1 - i)));
	name = span_slice(name, 0, sizeof(about) - len);
	memcpy(about + len, name.data, name.len);
	gcm_aes256_set_key(ret, key);
	gcm_aes256_set_iv(ret, SECRET_NONCE_SIZE, nonce);
	gcm_aes256_update(ret, len + name.len, about);
}

static void seal(const uint8_t *key, uint64_t no, struct span name, const uint8_t *nonce,
	struct span plain, uint8_t *ret_sealed)
{
	struct gcm_aes256_ctx gcm;

	gcm_begin(key, no, name, nonce, &gcm);
	gcm_aes256_encrypt(&gcm, plain.len, ret_sealed, (const uint8_t *)plain.data);
	gcm_aes256_digest(&gcm, SECRET_TAG_SIZE, ret_sealed + plain.len);
	explicit_bzero(&gcm, sizeof(gcm));
}

static bool unseal(const uint8_t *key, uint64_t no, struct span name, struct span nonce,
	struct span sealed, uint8_t *ret_plain)
{
	struct gcm_aes256_ctx gcm;
	uint8_t tag[SECRET_TAG_SIZE];

	if (nonce.len != SECRET_NONCE_SIZE || sealed.len < SECRET_TAG_SIZE)
		return false;
	size_t len = sealed.len - SECRET_TAG_SIZE;

	gcm_begin(key, no, name, (const uint8_t *)nonce.data, &gcm);
	gcm_aes256_decrypt(&gcm, len, ret_plain, (const uint8_t *)sealed.data);
	gcm_aes256_digest(&gcm, SECRET_TAG_SIZE, tag);
	explicit_bzero(&gcm, sizeof(gcm));
	if (bytes_equal_secret(tag, sealed.data + len, SECRET_TAG_SIZE))
		return true;
	explicit_bzero(ret_plain, len);
	return false;
}

void secret_seal(const struct secret *secret, uint64_t account_no, struct span name,
	const uint8_t *nonce, struct span plain, uint8_t *ret_sealed)
{
	seal(secret->seal_key, account_no, name, nonce, plain, ret_sealed);
}

bool secret_open(const struct secret *secret, uint64_t account_no, struct span name,
	struct span nonce, struct span sealed, uint8_t *ret_plain)
{
	return unseal(secret->seal_key, account_no, name, nonce, sealed, ret_plain);
}

void secret_seal_reader(const struct secret *secret, uint8_t reader, struct span about,
	const uint8_t *nonce, struct span plain, uint8_t *ret_sealed)
{
	seal(secret->reader_key, reader, about, nonce, plain, ret_sealed);
}

bool secret_open_reader(const struct secret *secret, uint8_t reader, struct span about,
	struct span nonce, struct span sealed, uint8_t *ret_plain)
{
	return unseal(secret->reader_key, reader, about, nonce, sealed, ret_plain);
}

void secret_hash_pin(const uint8_t *pin_key, struct span pin, uint8_t *ret_hash)
{
	struct hmac_sha256_ctx hmac;

	hmac_sha256_set_key(&hmac, SECRET_KEY_SIZE, pin_key);
	hmac_sha256_update(&hmac, pin.len, (const uint8_t *)pin.data);
	hmac_sha256_digest(&hmac, SECRET_HASH_SIZE, ret_hash);
	explicit_bzero(&hmac, sizeof(hmac));
}
