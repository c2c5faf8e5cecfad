// SPDX-License-Identifier: Apache-2.0
/* HTTP Digest: the vectors of the RFCs and of a device, what headers look like, and replays. */
#include "protocols/digest.h"

#include "base/compiler.h"
#include "nettle_hash.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* --- responses --- */

static const struct vector {
	const char *name;
	const char *password;
	const char *user;
	const char *realm;
	const char *method;
	const char *header;
} vectors[] = {
	{"RFC 7616 MD5", "Circle of Life", "Mufasa", "http-auth@example.org", "GET",
		"Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "
		"uri=\"/dir/index.html\", algorithm=MD5, "
		"nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, "
		"cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, "
		"response=\"8ca523f5e9506fed4657c9700eebdbec\", "
		"opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""},
	{"RFC 7616 SHA-256", "Circle of Life", "Mufasa", "http-auth@example.org", "GET",
		"Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "
		"uri=\"/dir/index.html\", algorithm=SHA-256, "
		"nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, "
		"cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, "
		"response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\", "
		"opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""},
	{"RFC 2617", "Circle Of Life", "Mufasa", "testrealm@host.com", "GET",
		"Digest username=\"Mufasa\",\trealm=\"testrealm@host.com\", "
		"nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", qop=auth, "
		"nc=00000001, cnonce=\"0a4f113b\", response=\"6629fae49393a05397450978507c4ef1\", "
		"opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""},
	{"RFC 2069 with its erratum", "CircleOfLife", "Mufasa", "testrealm@host.com", "GET",
		"Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
		"nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", "
		"response=\"1949323746fe6a43ef61f9606e7febea\", "
		"opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""},
	{"device, first", "admin123", "admin", "Login to 7J0A8D6PAJ00001", "GET",
		"Digest username=\"admin\", realm=\"Login to 7J0A8D6PAJ00001\", "
		"nonce=\"211955164\", uri=\"/cgi-bin/magicBox.cgi?action=getDeviceType\", "
		"qop=auth, "
		"nc=00000001, cnonce=\"0a4f113b\", response=\"f0fb1db9c6737d7f1e6b04bff7c30fe5\", "
		"opaque=\"9a206a55e922ee7900769ec61ae49bf0c1f30242\""},
	{"device, second use", "admin123", "admin", "Login to 7J0A8D6PAJ00001", "GET",
		"Digest username=\"admin\", realm=\"Login to 7J0A8D6PAJ00001\", "
		"nonce=\"211955164\", uri=\"/cgi-bin/magicBox.cgi?action=getDeviceType\", "
		"qop=auth, "
		"nc=00000002, cnonce=\"0a4f113b\", response=\"3f4e692228974b7bfa2844ba69b0872b\", "
		"opaque=\"9a206a55e922ee7900769ec61ae49bf0c1f30242\""},
};

static void vector_ha1(const struct vector *v, enum digest_algorithm algorithm,
	const char *password, char ha1[2 * DIGEST_HASH_MAX])
{
	digest_ha1(algorithm, hash, span_from_string(v->user), span_from_string(v->realm),
		span_from_string(password), ha1);
}

static void known_responses_match(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct digest_response r;
		char ha1[2 * DIGEST_HASH_MAX];

		assert_int_equal(
			digest_response_parse(span_from_string(v->header), &r), DIGEST_PARSE_OK);
		assert_true(span_equal(r.username, span_from_string(v->user)));
		assert_true(span_equal(r.realm, span_from_string(v->realm)));
		vector_ha1(v, r.algorithm, v->password, ha1);
		if (!digest_response_matches(&r, hash, ha1, span_from_string(v->method)))
			fail_msg("refused: %s", v->name);
	}
}

static void any_change_makes_a_response_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct span get = span_from_string(v->method);
		struct digest_response r;
		struct digest_response changed;
		char ha1[2 * DIGEST_HASH_MAX];
		char wrong[2 * DIGEST_HASH_MAX];

		assert_int_equal(
			digest_response_parse(span_from_string(v->header), &r), DIGEST_PARSE_OK);
		vector_ha1(v, r.algorithm, v->password, ha1);
		vector_ha1(v, r.algorithm, "admin124", wrong);
		assert_false(digest_response_matches(&r, hash, wrong, get));
		assert_false(digest_response_matches(&r, hash, ha1, SPAN_LIT("POST")));
		changed = r;
		changed.uri = SPAN_LIT("/cgi-bin/accessControl.cgi?action=openDoor&channel=1");
		assert_false(digest_response_matches(&changed, hash, ha1, get));
		changed = r;
		changed.nonce = SPAN_LIT("211955165");
		assert_false(digest_response_matches(&changed, hash, ha1, get));
		changed = r;
		changed.has_qop = !r.has_qop;
		assert_false(digest_response_matches(&changed, hash, ha1, get));
		changed = r;
		changed.nc = SPAN_LIT("00000003");
		assert_int_equal(digest_response_matches(&changed, hash, ha1, get), !r.has_qop);
		changed = r;
		changed.response = span_slice(r.response, 1, r.response.len);
		assert_false(digest_response_matches(&changed, hash, ha1, get));
	}
}

static void ha1_is_the_known_one(void **state)
{
	(void)state;
	char ha1[2 * DIGEST_HASH_MAX];

	vector_ha1(&vectors[4], DIGEST_MD5, "admin123", ha1);
	assert_memory_equal(ha1, "db909f78efbd3139328de89ef6b06ad7", 32);
	assert_int_equal(digest_hash_size(DIGEST_MD5), 16);
	assert_int_equal(digest_hash_size(DIGEST_SHA256), 32);
}

#define USER "username=\"u\""
#define REST ",realm=\"r\",nonce=\"n\",uri=\"/x\",response=\"00112233445566778899aabbccddeeff\""
#define PLAIN USER REST
#define QOP ",nc=00000001,cnonce=\"c\""

static void headers_are_taken_in_every_variety(void **state)
{
	(void)state;
	static const struct {
		const char *header;
		enum digest_parse want;
	} cases[] = {
		{"Digest " PLAIN, DIGEST_PARSE_OK},
		{"dIGEST\t " PLAIN "  ", DIGEST_PARSE_OK},
		{"  Digest " PLAIN ",", DIGEST_PARSE_OK},
		{"Digest ,, " PLAIN " , ,", DIGEST_PARSE_OK},
		{"Digest " PLAIN QOP ",qop=auth", DIGEST_PARSE_OK},
		{"Digest qop=\"auth\"" QOP "," PLAIN, DIGEST_PARSE_OK},
		{"Digest " PLAIN ", QOP = auth , NC = \"00000001\" , cnonce=c", DIGEST_PARSE_OK},
		{"Digest " PLAIN ",algorithm=MD5", DIGEST_PARSE_OK},
		{"Digest " PLAIN ",algorithm=\"md5\"", DIGEST_PARSE_OK},
		{"Digest " PLAIN ",opaque=\"\"", DIGEST_PARSE_OK},
		{"Digest " PLAIN ",charset=UTF-8,userhash=false,x-other=\"a,b\\\"=c\"",
			DIGEST_PARSE_OK},
		{"Digest username=\"\"" REST, DIGEST_PARSE_OK},
		{"Digest username=\"D\xc3\xbcrer, A\"" REST, DIGEST_PARSE_OK},
		{"", DIGEST_PARSE_OTHER_SCHEME},
		{"Basic YWRtaW46YWRtaW4=", DIGEST_PARSE_OTHER_SCHEME},
		{"Bearer x", DIGEST_PARSE_OTHER_SCHEME},
		{"Digestive " PLAIN, DIGEST_PARSE_OTHER_SCHEME},
		{"Digest", DIGEST_PARSE_BAD},
		{"Digest ,", DIGEST_PARSE_BAD},
		{"Digest " USER, DIGEST_PARSE_BAD},
		{"Digest realm=\"r\"" REST, DIGEST_PARSE_BAD},
		{"Digest username=u\"" REST, DIGEST_PARSE_BAD},
		{"Digest username=\"u" REST, DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",x=\"u", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",x=\"u\\", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",x=\"u\\\"", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",x", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",x=", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",=x", DIGEST_PARSE_BAD},
		{"Digest " PLAIN " x=y", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",x=\"y\"z=1", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",x=\"a\nb\"", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",x=\"a\\\nb\"", DIGEST_PARSE_BAD},
		{"Digest " PLAIN "," USER, DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",opaque=a,opaque=a", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",URI=\"/x\"", DIGEST_PARSE_BAD},
		{"Digest " PLAIN QOP ",qop=auth,qop=auth", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",algorithm=MD5,algorithm=MD5", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",algorithm=MD5-sess", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",algorithm=SHA-512-256", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",algorithm=\"\"", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",algorithm=SHA-256", DIGEST_PARSE_BAD}, /* 32 digits only */
		{"Digest " PLAIN QOP ",qop=auth-int", DIGEST_PARSE_BAD},
		{"Digest " PLAIN QOP ",qop=\"auth,auth-int\"", DIGEST_PARSE_BAD},
		{"Digest " PLAIN QOP ",qop=\"\"", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",qop=auth", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",qop=auth,nc=00000001", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",qop=auth,cnonce=c", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",qop=auth,cnonce=c,nc=1", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",qop=auth,cnonce=c,nc=0000000g", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",qop=auth,cnonce=\"c\\c\",nc=00000001", DIGEST_PARSE_BAD},
		{"Digest " PLAIN ",userhash=true", DIGEST_PARSE_BAD},
		{"Digest " USER ",realm=\"r\",nonce=\"n\",uri=\"/x\",response=\"00\"",
			DIGEST_PARSE_BAD},
	};

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct digest_response r;

		if (digest_response_parse(span_from_string(cases[i].header), &r) != cases[i].want)
			fail_msg("wrong answer to: %s", cases[i].header);
	}
}

static void parameters_arrive_as_sent(void **state)
{
	(void)state;
	struct digest_response r;

	assert_int_equal(digest_response_parse(
				 SPAN_LIT("Digest response=\"00112233445566778899AABBCCDDEEFF\""
					  ",uri=\"/c?a=\xff%5B\",nonce=\"q==\",opaque=\"\","
					  "realm=\"a \\\"b\\\", c\",username=\"x\\\\y\\\"\","
					  "cnonce=\"\",qop=auth,nc=0000000a"),
				 &r),
		DIGEST_PARSE_OK);
	assert_true(span_equal(r.uri, SPAN_LIT("/c?a=\xff%5B")));
	assert_true(span_equal(r.nonce, SPAN_LIT("q==")));
	assert_true(span_equal(r.realm, SPAN_LIT("a \\\"b\\\", c")));
	assert_true(span_equal(r.nc, SPAN_LIT("0000000a")));
	assert_int_equal(r.cnonce.len, 0);
	assert_int_equal(r.opaque.len, 0);
	assert_true(r.has_qop);
	assert_int_equal(r.algorithm, DIGEST_MD5);

	char text[16];
	struct buf plain = buf_over(text, sizeof(text));

	digest_unquote(&plain, r.username);
	assert_true(span_equal(buf_span(&plain), SPAN_LIT("x\\y\"")));
}

static void header_length_is_bounded(void **state)
{
	(void)state;
	static const char end[] = "\"";
	static char text[DIGEST_HEADER_MAX + 8];
	struct buf header = buf_over(text, sizeof(text));
	struct digest_response r;

	buf_add_string(&header, "Digest " PLAIN ",opaque=\"");
	while (header.len < DIGEST_HEADER_MAX - 1)
		buf_add_byte(&header, 'o');
	buf_add_string(&header, end);
	assert_int_equal(digest_response_parse(buf_span(&header), &r), DIGEST_PARSE_OK);
	header.len--;
	buf_add_byte(&header, 'o');
	buf_add_string(&header, end);
	assert_int_equal(digest_response_parse(buf_span(&header), &r), DIGEST_PARSE_BAD);
}

static void uri_names_the_request_after_decoding(void **state)
{
	(void)state;
	static const struct {
		const char *header_uri;
		const char *target;
		bool want;
	} cases[] = {
		{"/e.cgi?codes=[All]", "/e.cgi?codes=%5BAll%5D", true},
		{"/e.cgi?codes=%5ball%5d", "/e.cgi?codes=[all]", true},
		{"/e.cgi?codes=[All]", "/e.cgi?codes=[all]", false},
		{"/e.cgi?t=08%3A00%20x", "/e.cgi?t=08:00%20x", true},
		{"/e.cgi?a=1", "/e.cgi?a=1", true},
		{"/e.cgi?a=1", "/e.cgi", false},
		{"/e.cgi", "/e.cgi?a=1", false},
		{"/e.cgi?a=100%", "/e.cgi?a=100%", true},
		{"/e.cgi?a=100%", "/e.cgi?a=100%25", false},
		{"/e.cgi?a=100%2", "/e.cgi?a=100%252", false},
		{"/e.cgi?a=%zz[", "/e.cgi?a=%zz%5b", false},
		/* Signed data must not become structure, nor the other way. */
		{"/e.cgi?name=A%26b=1", "/e.cgi?name=A&b=1", false},
		{"/e.cgi?name=A&b=1", "/e.cgi?name=A%26b=1", false},
		{"/e.cgi?a=1&end=2", "/e.cgi?a=1&end%3D2", false},
		{"/e.cgi%3Fa=1", "/e.cgi?a=1", false},
		{"/a%2Fe.cgi", "/a/e.cgi", false},
		{"/e.cgi?a=1%23x", "/e.cgi?a=1#x", false},
		{"/e.cgi?token=ab==&p=/x?y", "/e.cgi?token=ab%3D%3D&p=%2Fx%3Fy", true},
		{"http://h/e.cgi?a=1", "http://h/e.cgi?a=1", false},
		{"http://h/e.cgi?a=1", "/e.cgi?a=1", false},
		{"/e.cgi?a=1", "http://h/e.cgi?a=1", false},
		{"*", "*", false},
		{"", "", false},
		{"%2Fe.cgi", "/e.cgi", false},
	};

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		if (digest_uri_matches(span_from_string(cases[i].header_uri),
			    span_from_string(cases[i].target)) != cases[i].want)
			fail_msg("wrong answer: uri %s target %s", cases[i].header_uri,
				cases[i].target);
	}
}

static void challenge_has_the_device_form(void **state)
{
	(void)state;
	char text[256];
	struct buf out = buf_over(text, sizeof(text));

	digest_challenge_write(&out, DIGEST_MD5, SPAN_LIT("Login to 7J0A"), SPAN_LIT("0a1b"),
		SPAN_LIT("9a20"), false);
	assert_true(span_equal(buf_span(&out),
		SPAN_LIT("Digest realm=\"Login to 7J0A\", qop=\"auth\", nonce=\"0a1b\", "
			 "opaque=\"9a20\", algorithm=MD5")));
	out = buf_over(text, sizeof(text));
	digest_challenge_write(
		&out, DIGEST_SHA256, SPAN_LIT("a\"b\\c"), SPAN_LIT("0a1b"), SPAN_LIT(""), true);
	assert_true(span_equal(buf_span(&out),
		SPAN_LIT("Digest realm=\"a\\\"b\\\\c\", qop=\"auth\", nonce=\"0a1b\", opaque=\"\", "
			 "algorithm=SHA-256, stale=true")));
}

/* --- nonces --- */

#define NONCE_HEX (2 * DIGEST_NONCE_BYTES)

static struct digest_nonces nonces;

static void nonces_begin(uint8_t seed)
{
	uint8_t key[32];

	memset(key, seed, sizeof(key));
	digest_nonces_init(&nonces, key);
}

static struct digest_response answer(const char nonce[NONCE_HEX], const char *nc)
{
	return (struct digest_response){.nonce = {nonce, NONCE_HEX},
		.has_qop = nc != NULL,
		.nc = nc == NULL ? (struct span){NULL, 0} : span_from_string(nc)};
}

/* Looking first must give the same answer as using. NULL: without qop. */
static enum digest_nonce_result use(const char nonce[NONCE_HEX], const char *nc, int64_t now_ms)
{
	struct digest_response r = answer(nonce, nc);
	enum digest_nonce_result looked = digest_nonce_check(&nonces, hmac, &r, now_ms);
	enum digest_nonce_result used = digest_nonce_use(&nonces, hmac, &r, now_ms);

	assert_int_equal(looked, used);
	return used;
}

static enum digest_nonce_result use_nc(const char nonce[NONCE_HEX], uint32_t nc, int64_t now_ms)
{
	char text[9] = {0};
	struct buf out = buf_over(text, 8);
	uint8_t bytes[4] = {
		(uint8_t)(nc >> 24), (uint8_t)(nc >> 16), (uint8_t)(nc >> 8), (uint8_t)nc};

	buf_add_hex(&out, bytes, sizeof(bytes));
	return use(nonce, text, now_ms);
}

static void nonce_is_proven_by_its_hash(void **state)
{
	(void)state;
	char nonce[NONCE_HEX];
	char other[NONCE_HEX];

	nonces_begin(1);
	digest_nonce_make(&nonces, hmac, 1000, nonce);
	digest_nonce_make(&nonces, hmac, 1000, other);
	assert_memory_not_equal(nonce, other, NONCE_HEX);
	assert_memory_equal(nonce, "00000000000003e80000000000000001", 32);
	for (size_t i = 0; i < NONCE_HEX; i++) {
		char forged[NONCE_HEX];

		memcpy(forged, nonce, NONCE_HEX);
		forged[i] = forged[i] == '0' ? '1' : '0';
		assert_int_equal(use_nc(forged, 1, 1000), DIGEST_NONCE_FOREIGN);
		forged[i] = 'x';
		assert_int_equal(use_nc(forged, 1, 1000), DIGEST_NONCE_FOREIGN);
	}
	struct digest_response r = answer(nonce, "00000001");

	r.nonce.len--;
	assert_int_equal(digest_nonce_use(&nonces, hmac, &r, 1000), DIGEST_NONCE_FOREIGN);
	r.nonce = SPAN_LIT("211955164");
	assert_int_equal(digest_nonce_use(&nonces, hmac, &r, 1000), DIGEST_NONCE_FOREIGN);
	assert_int_equal(use_nc(nonce, 1, 1000), DIGEST_NONCE_FRESH);
	nonces_begin(2);
	assert_int_equal(use_nc(nonce, 2, 1000), DIGEST_NONCE_FOREIGN);
}

static void each_nc_is_good_once(void **state)
{
	(void)state;
	static const struct {
		uint32_t nc;
		enum digest_nonce_result want;
	} steps[] = {
		{2, DIGEST_NONCE_FRESH}, /* clients with several connections come out of order */
		{1, DIGEST_NONCE_FRESH},
		{1, DIGEST_NONCE_REPEATED},
		{2, DIGEST_NONCE_REPEATED},
		{5, DIGEST_NONCE_FRESH},
		{2, DIGEST_NONCE_REPEATED},
		{3, DIGEST_NONCE_FRESH},
		{4, DIGEST_NONCE_FRESH},
		{3, DIGEST_NONCE_REPEATED},
		{68, DIGEST_NONCE_FRESH},
		{5, DIGEST_NONCE_REPEATED}, /* 63 behind: the window's last */
		{4, DIGEST_NONCE_STALE}, /* behind the window: not known any more */
		{6, DIGEST_NONCE_FRESH},
		{6, DIGEST_NONCE_REPEATED},
		{132, DIGEST_NONCE_FRESH}, /* 64 further: nothing old is in the window */
		{69, DIGEST_NONCE_FRESH},
		{68, DIGEST_NONCE_STALE},
		{132, DIGEST_NONCE_REPEATED},
		{UINT32_MAX, DIGEST_NONCE_FRESH},
		{UINT32_MAX, DIGEST_NONCE_REPEATED},
		{UINT32_MAX - 63, DIGEST_NONCE_FRESH},
		{UINT32_MAX - 63, DIGEST_NONCE_REPEATED},
		{0, DIGEST_NONCE_STALE},
	};
	char nonce[NONCE_HEX];

	nonces_begin(1);
	digest_nonce_make(&nonces, hmac, 0, nonce);
	for (size_t i = 0; i < ARRAY_COUNT(steps); i++)
		assert_int_equal(use_nc(nonce, steps[i].nc, 10), steps[i].want);
	/* Upper-case digits are the same number and the same nonce. */
	digest_nonce_make(&nonces, hmac, 0, nonce);
	assert_int_equal(use(nonce, "0000000a", 20), DIGEST_NONCE_FRESH);
	assert_int_equal(use(nonce, "0000000A", 20), DIGEST_NONCE_REPEATED);
	for (size_t i = 0; i < NONCE_HEX; i++)
		nonce[i] = nonce[i] >= 'a' ? (char)(nonce[i] - 'a' + 'A') : nonce[i];
	assert_int_equal(use(nonce, "0000000a", 20), DIGEST_NONCE_REPEATED);
}

static void without_qop_a_nonce_is_good_once(void **state)
{
	(void)state;
	char nonce[NONCE_HEX];

	nonces_begin(1);
	digest_nonce_make(&nonces, hmac, 0, nonce);
	assert_int_equal(use(nonce, NULL, 10), DIGEST_NONCE_FRESH);
	assert_int_equal(use(nonce, NULL, 10), DIGEST_NONCE_REPEATED);
	assert_int_equal(use_nc(nonce, 1, 10), DIGEST_NONCE_REPEATED);
	digest_nonce_make(&nonces, hmac, 0, nonce);
	assert_int_equal(use_nc(nonce, 1, 10), DIGEST_NONCE_FRESH);
	assert_int_equal(use(nonce, NULL, 10), DIGEST_NONCE_REPEATED);
	assert_int_equal(use_nc(nonce, 2, 10), DIGEST_NONCE_FRESH);
}

static void looking_uses_nothing(void **state)
{
	(void)state;
	char nonce[NONCE_HEX];

	nonces_begin(1);
	digest_nonce_make(&nonces, hmac, 0, nonce);
	struct digest_response r = answer(nonce, NULL);

	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(digest_nonce_check(&nonces, hmac, &r, 10), DIGEST_NONCE_FRESH);
	assert_int_equal(digest_nonce_use(&nonces, hmac, &r, 10), DIGEST_NONCE_FRESH);
}

static void nonces_grow_old(void **state)
{
	(void)state;
	char nonce[NONCE_HEX];
	int64_t now_ms = 5000;

	nonces_begin(1);
	/* Never used: idle since it was made. */
	digest_nonce_make(&nonces, hmac, 5000, nonce);
	assert_int_equal(use_nc(nonce, 1, 5000 + 60000), DIGEST_NONCE_STALE);
	assert_int_equal(use_nc(nonce, 1, 4999), DIGEST_NONCE_STALE); /* from the future */
	assert_int_equal(use_nc(nonce, 1, 5000 + 59999), DIGEST_NONCE_FRESH);
	/* Kept in use: 300 s at most. */
	digest_nonce_make(&nonces, hmac, now_ms, nonce);
	for (uint32_t nc = 1; nc <= 6; nc++, now_ms += 59999)
		assert_int_equal(use_nc(nonce, nc, now_ms),
			now_ms < 305000 ? DIGEST_NONCE_FRESH : DIGEST_NONCE_STALE);
	assert_int_equal(use_nc(nonce, 7, 304999), DIGEST_NONCE_FRESH);
	assert_int_equal(use_nc(nonce, 8, 305000), DIGEST_NONCE_STALE);
	/* Idle after use. */
	digest_nonce_make(&nonces, hmac, 400000, nonce);
	assert_int_equal(use_nc(nonce, 1, 410000), DIGEST_NONCE_FRESH);
	assert_int_equal(use_nc(nonce, 2, 470000), DIGEST_NONCE_STALE);
	assert_int_equal(use_nc(nonce, 2, 469999), DIGEST_NONCE_FRESH);
}

static void full_table_evicts_the_least_recently_used_for_good(void **state)
{
	(void)state;
	static char all[DIGEST_NONCES_MAX + 2][NONCE_HEX];
	char unused[NONCE_HEX];

	nonces_begin(1);
	digest_nonce_make(&nonces, hmac, 0, unused);
	for (size_t i = 0; i < ARRAY_COUNT(all); i++)
		digest_nonce_make(&nonces, hmac, 0, all[i]);
	for (size_t i = 0; i < DIGEST_NONCES_MAX; i++)
		assert_int_equal(use_nc(all[i], 1, (int64_t)i), DIGEST_NONCE_FRESH);
	assert_int_equal(use_nc(all[0], 2, 5000), DIGEST_NONCE_FRESH); /* now all[1] is oldest */
	assert_int_equal(use_nc(all[DIGEST_NONCES_MAX], 1, 5001), DIGEST_NONCE_FRESH);

	assert_int_equal(use_nc(all[1], 1, 5002), DIGEST_NONCE_STALE); /* the replay */
	assert_int_equal(use_nc(all[1], 2, 5002), DIGEST_NONCE_STALE);
	assert_int_equal(use(all[1], NULL, 5002), DIGEST_NONCE_STALE);
	assert_int_equal(use_nc(unused, 1, 5002), DIGEST_NONCE_STALE); /* older: not known */
	assert_int_equal(use_nc(all[0], 2, 5002), DIGEST_NONCE_REPEATED);
	assert_int_equal(use_nc(all[0], 3, 5002), DIGEST_NONCE_FRESH);
	assert_int_equal(use_nc(all[2], 2, 5002), DIGEST_NONCE_FRESH);
	assert_int_equal(use_nc(all[DIGEST_NONCES_MAX + 1], 1, 5003), DIGEST_NONCE_FRESH);
	assert_int_equal(use_nc(all[3], 1, 5004), DIGEST_NONCE_STALE);
}

static void slots_of_dead_nonces_are_used_again_without_loss(void **state)
{
	(void)state;
	static char all[DIGEST_NONCES_MAX][NONCE_HEX];
	char young[NONCE_HEX];
	char next[NONCE_HEX];

	nonces_begin(1);
	for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
		digest_nonce_make(&nonces, hmac, 0, all[i]);
		assert_int_equal(use_nc(all[i], 1, 0), DIGEST_NONCE_FRESH);
	}
	digest_nonce_make(&nonces, hmac, 60000, young);
	digest_nonce_make(&nonces, hmac, 60000, next);
	assert_int_equal(use_nc(next, 1, 60000), DIGEST_NONCE_FRESH);
	assert_int_equal(use_nc(young, 1, 60000), DIGEST_NONCE_FRESH); /* no floor was raised */
	for (size_t i = 0; i < ARRAY_COUNT(all); i++)
		assert_int_equal(use_nc(all[i], 1, 60000), DIGEST_NONCE_STALE);
	assert_int_equal(use_nc(young, 1, 60000), DIGEST_NONCE_REPEATED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_responses_match),
		cmocka_unit_test(any_change_makes_a_response_wrong),
		cmocka_unit_test(ha1_is_the_known_one),
		cmocka_unit_test(headers_are_taken_in_every_variety),
		cmocka_unit_test(parameters_arrive_as_sent),
		cmocka_unit_test(header_length_is_bounded),
		cmocka_unit_test(uri_names_the_request_after_decoding),
		cmocka_unit_test(challenge_has_the_device_form),
		cmocka_unit_test(nonce_is_proven_by_its_hash),
		cmocka_unit_test(each_nc_is_good_once),
		cmocka_unit_test(without_qop_a_nonce_is_good_once),
		cmocka_unit_test(looking_uses_nothing),
		cmocka_unit_test(nonces_grow_old),
		cmocka_unit_test(full_table_evicts_the_least_recently_used_for_good),
		cmocka_unit_test(slots_of_dead_nonces_are_used_again_without_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
