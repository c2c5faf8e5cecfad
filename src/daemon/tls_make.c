// SPDX-License-Identifier: Apache-2.0
/*
 * The self-made certificate: ECDSA P-256, for this device's names and addresses, without an end and
 * with a beginning long ago (RFC 5280, 4.1.2.5), because a device that was never told the time must
 * be reachable too. Clients trust it by its fingerprint, so that its dates protect nobody.
 */
#include "tls.h"

#include "crypto/random.h"

#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <ifaddrs.h>
#include <net/if.h>

#define VALID_FROM INT64_C(1704067200) /* 2024-01-01 UTC */
#define VALID_TO INT64_C(253402300799) /* the end of year 9999: none */
#define ADDRESSES_MAX 32

static int name_add(gnutls_x509_crt_t certificate, struct span name)
{
	return gnutls_x509_crt_set_subject_alt_name(
		certificate, GNUTLS_SAN_DNSNAME, name.data, (unsigned)name.len, GNUTLS_FSAN_APPEND);
}

static int address_add(gnutls_x509_crt_t certificate, const struct sockaddr *address)
{
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;

	if (address->sa_family == AF_INET)
		return gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_IPADDRESS,
			&v4->sin_addr, sizeof(v4->sin_addr), GNUTLS_FSAN_APPEND);
	if (address->sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
		return gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_IPADDRESS,
			&v6->sin6_addr, sizeof(v6->sin6_addr), GNUTLS_FSAN_APPEND);
	return 0;
}

/* What the device is reached by today: its interfaces' addresses, loopback among them. */
static int addresses_add(gnutls_x509_crt_t certificate)
{
	struct ifaddrs *all = NULL;
	int error = 0;
	int count = 0;

	if (getifaddrs(&all) != 0)
		return 0; /* names are left; a new one can be made at any time */
	for (const struct ifaddrs *at = all; at != NULL && error == 0 && count < ADDRESSES_MAX;
		at = at->ifa_next) {
		if (at->ifa_addr == NULL || (at->ifa_flags & IFF_UP) == 0)
			continue;
		error = address_add(certificate, at->ifa_addr);
		count++;
	}
	freeifaddrs(all);
	return error;
}

static int names_add(
	gnutls_x509_crt_t certificate, const struct settings *settings, struct span serial)
{
	int error = name_add(certificate, SPAN_LIT("localhost"));

	if (error == 0)
		error = name_add(certificate, serial);
	for (unsigned i = 0; i < settings->http_name_count && error == 0; i++)
		error = name_add(certificate, text_span(&settings->http_name[i]));
	return error == 0 ? addresses_add(certificate) : error;
}

static int certificate_fill(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key,
	const struct settings *settings, struct span serial)
{
	char name[64];
	uint8_t number[16];
	uint8_t id[20];
	size_t id_len = sizeof(id);
	struct buf common = buf_over(name, sizeof(name));

	buf_add_string(&common, "postern ");
	buf_add(&common, serial);
	random_bytes(number, sizeof(number));
	number[0] = (uint8_t)((number[0] & 0x3f) | 0x40); /* positive and of full length */
	const int results[] = {
		gnutls_x509_crt_set_version(certificate, 3),
		gnutls_x509_crt_set_key(certificate, key),
		gnutls_x509_crt_set_serial(certificate, number, sizeof(number)),
		gnutls_x509_crt_set_activation_time(certificate, VALID_FROM),
		gnutls_x509_crt_set_expiration_time(certificate, VALID_TO),
		gnutls_x509_crt_set_dn_by_oid(
			certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)common.len),
		names_add(certificate, settings, serial),
		gnutls_x509_crt_set_basic_constraints(certificate, 0, -1),
		gnutls_x509_crt_set_key_usage(certificate, GNUTLS_KEY_DIGITAL_SIGNATURE),
		gnutls_x509_crt_set_key_purpose_oid(certificate, GNUTLS_KP_TLS_WWW_SERVER, 0),
		gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA1, id, &id_len),
		gnutls_x509_crt_set_subject_key_id(certificate, id, id_len),
	};

	for (size_t i = 0; i < ARRAY_COUNT(results); i++) {
		if (results[i] < 0)
			return results[i];
	}
	return gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0);
}

/* The PEM with a NUL behind it. */
static int pem_take(int error, gnutls_datum_t *pem, char *memory, size_t size, uint32_t *ret_len)
{
	if (error < 0)
		return error;
	bool fits = pem->size < size;

	if (fits) {
		memcpy(memory, pem->data, pem->size);
		memory[pem->size] = '\0';
		*ret_len = pem->size + 1;
	}
	gnutls_memset(pem->data, 0, pem->size);
	gnutls_free(pem->data);
	return fits ? 0 : GNUTLS_E_SHORT_MEMORY_BUFFER;
}

static int key_ready(gnutls_x509_privkey_t key, struct tls_keys *keys)
{
	gnutls_datum_t pem = {.data = (void *)keys->key, .size = keys->key_len};

	if (keys->key_len > 0) {
		pem.size--;
		return gnutls_x509_privkey_import(key, &pem, GNUTLS_X509_FMT_PEM);
	}
	int error = gnutls_x509_privkey_generate(
		key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);

	if (error < 0)
		return error;
	return pem_take(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem), &pem,
		keys->key, sizeof(keys->key), &keys->key_len);
}

int tls_make(const struct settings *settings, struct span serial, struct tls_keys *keys)
{
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crt_t certificate = NULL;
	gnutls_datum_t pem = {0};
	int error = gnutls_x509_privkey_init(&key);

	if (error >= 0)
		error = gnutls_x509_crt_init(&certificate);
	if (error >= 0)
		error = key_ready(key, keys);
	if (error >= 0)
		error = certificate_fill(certificate, key, settings, serial);
	if (error >= 0)
		error = pem_take(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &pem),
			&pem, keys->certificate, sizeof(keys->certificate), &keys->certificate_len);
	if (certificate != NULL)
		gnutls_x509_crt_deinit(certificate);
	if (key != NULL)
		gnutls_x509_privkey_deinit(key);
	return error;
}
