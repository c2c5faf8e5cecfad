// SPDX-License-Identifier: Apache-2.0
/*
 * Where https gets its key from: the files of the settings, or STATE/tls.key (0400) and
 * STATE/tls.crt, made when they are not there. All of it happens in a child process that hands the
 * result over in sealed memory.
 *
 * The key is on disk before its certificate, and a new pair begins with the old certificate's end:
 * whenever the power fails, there is a pair, or a key whose certificate is made again, with the
 * same fingerprint. A certificate without its key is left for a person to judge.
 */
#include "tls.h"

#include "complain.h"
#include "database.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHAIN_MAX 8

/* --- files --- */

/* The file's text with a NUL behind it. 0, -ENOENT, or another -errno; -EFBIG: size or more. */
static int file_take(int folder, const char *path, char *memory, size_t size, uint32_t *ret_len)
{
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = 0;
	ssize_t got = 1;

	if (fd < 0)
		return -errno;
	while (got > 0 && len < size) {
		got = read(fd, memory + len, size - len);
		len += got > 0 ? (size_t)got : 0;
	}
	int error = got < 0 ? -errno : len == size ? -EFBIG : 0;

	(void)close(fd);
	if (error != 0)
		return error;
	memory[len] = '\0';
	*ret_len = (uint32_t)len + 1;
	return 0;
}

static int file_put(int folder, const char *name, const char *text, size_t len, mode_t mode)
{
	char fresh[32];

	(void)snprintf(fresh, sizeof(fresh), "%s.new", name);
	(void)unlinkat(folder, fresh, 0);
	int fd = openat(folder, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0)
		return -errno;
	bool good = write(fd, text, len) == (ssize_t)len && fchmod(fd, mode) == 0 &&
		    fsync(fd) == 0 && renameat(folder, fresh, folder, name) == 0 &&
		    fsync(folder) == 0;
	int error = good ? 0 : -errno;

	(void)close(fd);
	return error;
}

/* --- the self-made pair --- */

static bool pair_write(
	int state_fd, const struct settings *settings, struct store *store, struct tls_keys *keys)
{
	struct store_state state;
	bool key_new = keys->key_len == 0;

	store_state(store, &state);
	int error = tls_make(settings, text_span(&state.serial), keys);

	if (error < 0) {
		complain("cannot make the certificate for https: %s", gnutls_strerror(error));
		return false;
	}
	error = unlinkat(state_fd, TLS_CERTIFICATE_FILE, 0) == 0 || errno == ENOENT ? 0 : -errno;
	if (error == 0 && key_new)
		error = file_put(state_fd, TLS_KEY_FILE, keys->key, keys->key_len - 1, 0400);
	if (error == 0)
		error = file_put(state_fd, TLS_CERTIFICATE_FILE, keys->certificate,
			keys->certificate_len - 1, 0644);
	if (error != 0)
		complain("cannot write STATE/" TLS_KEY_FILE " and STATE/" TLS_CERTIFICATE_FILE
			 ": %s",
			strerror(-error));
	return error == 0;
}

static bool renewal_audit(struct store *store)
{
	int error = store_begin(store);

	if (error == 0)
		error = database_audit(
			store, AUDIT_CERTIFICATE_RENEW, SPAN_LIT(TLS_CERTIFICATE_FILE));
	if (error == 0)
		error = store_commit(store);
	if (error != 0)
		complain("the certificate is renewed, but the audit cannot be told of it: %s",
			store_error_text(error));
	return error == 0;
}

static bool pair_make(
	int state_fd, const struct settings *settings, enum tls_wish wish, struct tls_keys *keys)
{
	struct store *store = database_open(state_fd, settings, DATABASE_DOORS_COMPARED);

	if (store == NULL)
		return false;
	bool good = pair_write(state_fd, settings, store, keys) &&
		    (wish != TLS_WISH_RENEW || renewal_audit(store));

	store_close(store);
	return good;
}

static bool pair_read(
	int state_fd, const struct settings *settings, enum tls_wish wish, struct tls_keys *keys)
{
	if (wish == TLS_WISH_RENEW)
		return pair_make(state_fd, settings, wish, keys);
	int key = file_take(state_fd, TLS_KEY_FILE, keys->key, sizeof(keys->key), &keys->key_len);
	int certificate = file_take(state_fd, TLS_CERTIFICATE_FILE, keys->certificate,
		sizeof(keys->certificate), &keys->certificate_len);

	if (certificate == -ENOENT && (key == 0 || key == -ENOENT))
		return pair_make(state_fd, settings, wish, keys);
	if (key == 0 && certificate == 0)
		return true;
	complain("cannot read STATE/%s: %s; put it back, or make a new pair with `posternd "
		 "certificate --renew`",
		key != 0 ? TLS_KEY_FILE : TLS_CERTIFICATE_FILE,
		strerror(key != 0 ? -key : -certificate));
	return false;
}

/* --- the settings' files --- */

static bool given_read(const struct text256 *name, char *memory, size_t size, uint32_t *ret_len)
{
	char path[sizeof(name->bytes) + 1];

	(void)snprintf(path, sizeof(path), "%.*s", name->len, name->bytes);
	int error = file_take(AT_FDCWD, path, memory, size, ret_len);

	if (error == 0)
		return true;
	complain("cannot read %s: %s", path,
		error == -EFBIG ? "the file is too long for what it should hold"
				: strerror(-error));
	return false;
}

/* --- fingerprints --- */

static int fingerprints_of(gnutls_x509_crt_t certificate, struct tls_fingerprints *ret)
{
	size_t len = sizeof(ret->public_key);
	int error = gnutls_x509_crt_get_key_id(
		certificate, GNUTLS_KEYID_USE_SHA256, ret->public_key, &len);

	if (error < 0)
		return error;
	/* 99991231235959Z, which says that there is no end, comes as one of two values. */
	time_t not_after = gnutls_x509_crt_get_expiration_time(certificate);

	ret->not_after_s = not_after >= GNUTLS_X509_NO_WELL_DEFINED_EXPIRATION ? INT64_MAX
									       : (int64_t)not_after;
	len = sizeof(ret->certificate);
	return gnutls_x509_crt_get_fingerprint(
		certificate, GNUTLS_DIG_SHA256, ret->certificate, &len);
}

static int certificate_read(const char *pem, size_t len, struct tls_fingerprints *ret)
{
	gnutls_datum_t text = {.data = (void *)(uintptr_t)pem, .size = (unsigned)len};
	gnutls_x509_crt_t chain[CHAIN_MAX];
	unsigned count = CHAIN_MAX;
	int error = gnutls_x509_crt_list_import(chain, &count, &text, GNUTLS_X509_FMT_PEM, 0);

	if (error < 0)
		return error;
	error = fingerprints_of(chain[0], ret);
	for (unsigned i = 0; i < count; i++)
		gnutls_x509_crt_deinit(chain[i]);
	return error;
}

/* Also that key and certificate belong together, which the library judges. */
static int keys_judge(struct tls_keys *keys)
{
	gnutls_datum_t key = {.data = (void *)keys->key, .size = keys->key_len - 1};
	gnutls_datum_t certificate = {
		.data = (void *)keys->certificate, .size = keys->certificate_len - 1};
	gnutls_certificate_credentials_t credentials;
	int error = gnutls_certificate_allocate_credentials(&credentials);

	if (error < 0)
		return error;
	error = gnutls_certificate_set_x509_key_mem(
		credentials, &certificate, &key, GNUTLS_X509_FMT_PEM);
	gnutls_certificate_free_credentials(credentials);
	if (error < 0)
		return error;
	return certificate_read(keys->certificate, keys->certificate_len - 1, &keys->fingerprints);
}

/* --- the child --- */

static bool keys_fill(
	int state_fd, const struct settings *settings, enum tls_wish wish, struct tls_keys *keys)
{
	bool given = settings->https_key.len > 0;

	if (given ? !given_read(
			    &settings->https_key, keys->key, sizeof(keys->key), &keys->key_len) ||
				!given_read(&settings->https_certificate, keys->certificate,
					sizeof(keys->certificate), &keys->certificate_len)
		  : !pair_read(state_fd, settings, wish, keys))
		return false;
	int error = keys_judge(keys);

	if (error >= 0)
		return true;
	if (given)
		complain(
			"https: certificate and key of the configuration cannot be used for https, "
			"%.*s with %.*s: %s",
			settings->https_certificate.len, settings->https_certificate.bytes,
			settings->https_key.len, settings->https_key.bytes, gnutls_strerror(error));
	else
		complain("STATE/" TLS_CERTIFICATE_FILE " with STATE/" TLS_KEY_FILE
			 " cannot be used for https: %s",
			gnutls_strerror(error));
	return false;
}

static bool keys_work(int fd, int state_fd, const struct settings *settings, enum tls_wish wish)
{
	static struct tls_keys keys; /* this process ends at once */

	if (!keys_fill(state_fd, settings, wish, &keys))
		return false;
	int error = tls_keys_seal(fd, &keys);

	explicit_bzero(&keys, sizeof(keys));
	if (error != 0)
		complain("cannot hand the key of https over: %s", strerror(-error));
	return error == 0;
}

int tls_prepare(int state_fd, const struct settings *settings, enum tls_wish wish,
	struct tls_fingerprints *ret)
{
	int fd = tls_keys_new();
	int status = 0;
	pid_t pid = fd < 0 ? -1 : fork();

	if (pid == 0) {
		bool good = keys_work(fd, state_fd, settings, wish);

		(void)fflush(stderr);
		_exit(good ? 0 : 1);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			pid = -1;
	}
	if (pid < 0)
		complain("cannot start the process that reads the key of https: %s",
			strerror(errno));
	else if (!WIFEXITED(status))
		complain("the process that reads the key of https ended unexpectedly");
	else if (WEXITSTATUS(status) == 0 && tls_fingerprints_read(fd, ret) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

bool tls_certificate_show(const char *path, struct tls_fingerprints *ret)
{
	static char text[TLS_CERTIFICATE_MAX];
	uint32_t len = 0;
	int error = file_take(AT_FDCWD, path, text, sizeof(text), &len);

	if (error != 0) {
		complain("cannot read %s: %s", path, strerror(-error));
		return false;
	}
	error = certificate_read(text, len - 1, ret);
	if (error < 0)
		complain("%s holds no certificate: %s", path, gnutls_strerror(error));
	return error >= 0;
}
