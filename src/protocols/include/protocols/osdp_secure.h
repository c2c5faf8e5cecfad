/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSDP secure channel 1 (AES-128), for both sides: handshake, MAC chain, encryption.
 *
 * One struct holds a session. Nothing in it moves unless what came is right; frames are repeated
 * from their kept bytes, never wrapped twice. The caller judges address, sequence and repeats
 * first.
 *
 *   panel                              device
 *   chlng_write  -- CHLNG, sequence 0 -->  chlng_read
 *   ccrypt_read  <--     CCRYPT       --   ccrypt_write
 *   scrypt_write --      SCRYPT       -->  scrypt_read
 *   rmac_read    <--     RMAC_I       --   rmac_write
 *   wrap         --  SCS_15, SCS_17   -->  unwrap
 *   unwrap       <-- SCS_16, SCS_18   --   wrap
 *
 * The *_write functions of the handshake fill block and data of a frame whose address, reply and
 * sequence the caller set; they set use_crc, for a secure channel never goes with a checksum. Their
 * spans point into the session: build the frame before its next call.
 */
#pragma once

#include "protocols/osdp_frame.h"

#define OSDP_KEY_SIZE 16
#define OSDP_RANDOM_SIZE 8
#define OSDP_CUID_SIZE 8
#define OSDP_BLOCK_SIZE 16 /* of AES: MACs, cryptograms, padding */

/* AES-128 of one block; in and out may be the same memory. Both functions leave no key behind. */
struct osdp_aes {
	void (*encrypt)(void *user, const uint8_t key[OSDP_KEY_SIZE],
		const uint8_t in[OSDP_BLOCK_SIZE], uint8_t out[OSDP_BLOCK_SIZE]);
	void (*decrypt)(void *user, const uint8_t key[OSDP_KEY_SIZE],
		const uint8_t in[OSDP_BLOCK_SIZE], uint8_t out[OSDP_BLOCK_SIZE]);
	void *user;
};

/* SCBK-D, 30 31 .. 3F: what every device in install mode knows. */
extern const uint8_t osdp_key_default[OSDP_KEY_SIZE];

enum osdp_selector { OSDP_SELECTOR_DEFAULT = 0, OSDP_SELECTOR_OWN = 1 }; /* SCBK-D, SCBK */

enum osdp_secure_phase {
	OSDP_SECURE_IDLE = 0, /* no keys in memory */
	OSDP_SECURE_CHALLENGED, /* session keys are there; CHLNG is on its way, or came */
	OSDP_SECURE_ANSWERED, /* panel: CCRYPT was right; device: SCRYPT was right */
	OSDP_SECURE_ESTABLISHED,
};

struct osdp_secure {
	struct osdp_aes aes;
	bool device; /* the side: of a reader; else of a panel */
	uint8_t phase; /* enum osdp_secure_phase */
	uint8_t selector; /* enum osdp_selector */
	uint8_t status; /* private: data of SCS_14 to be sent */
	uint8_t s_enc[OSDP_KEY_SIZE];
	uint8_t s_mac1[OSDP_KEY_SIZE];
	uint8_t s_mac2[OSDP_KEY_SIZE];
	uint8_t nonce[2][OSDP_RANDOM_SIZE]; /* RND.A of the panel, RND.B of the device */
	uint8_t c_mac[OSDP_BLOCK_SIZE]; /* of the latest command: chains the next reply */
	uint8_t r_mac[OSDP_BLOCK_SIZE]; /* of the latest reply: chains the next command */
	uint8_t message[OSDP_CUID_SIZE + OSDP_RANDOM_SIZE +
			OSDP_BLOCK_SIZE]; /* private: data sent */
};

enum osdp_secure_result {
	OSDP_SECURE_OK = 0,
	OSDP_SECURE_PHASE, /* no session, or not this step's turn */
	OSDP_SECURE_FORM, /* not the security block or the lengths that belong here */
	OSDP_SECURE_SELECTOR, /* the other side names the other key */
	OSDP_SECURE_CRYPTOGRAM, /* the other side has not the key */
	OSDP_SECURE_STATUS, /* RMAC_I: the device refuses */
	OSDP_SECURE_MAC, /* MAC (or R-MAC-I) wrong: damage, replay or forgery */
	OSDP_SECURE_PADDING, /* the MAC is right, the plain text is not: the other side is broken */
};

/* No session. aes is copied. */
void osdp_secure_init(struct osdp_secure *secure, const struct osdp_aes *aes, bool device);

/* Ends the session: keys and chain are overwritten, aes and side stay. */
void osdp_secure_wipe(struct osdp_secure *secure);

static inline bool osdp_secure_established(const struct osdp_secure *secure)
{
	return secure->phase == OSDP_SECURE_ESTABLISHED;
}

/* --- handshake, panel --- */

/* Begins a session (an older one is wiped). random_a: of a CSPRNG, fresh each time. */
void osdp_secure_chlng_write(struct osdp_secure *secure, const uint8_t key[OSDP_KEY_SIZE],
	enum osdp_selector selector, const uint8_t random_a[OSDP_RANDOM_SIZE],
	struct osdp_frame *frame);

/*
 * CCRYPT came: form, that the key is the one asked for, cryptogram. ret_cuid (NULL: not wanted) is
 * for display only, for makers do not agree about it. Unless OK nothing has moved; the caller gives
 * the handshake up with osdp_secure_wipe.
 */
enum osdp_secure_result osdp_secure_ccrypt_read(struct osdp_secure *secure,
	const struct osdp_frame *reply, uint8_t ret_cuid[OSDP_CUID_SIZE]);

/* After ccrypt_read was OK (asserted). */
void osdp_secure_scrypt_write(struct osdp_secure *secure, struct osdp_frame *frame);

/* RMAC_I came: form, status 01 and value. OK: the session is established. */
enum osdp_secure_result osdp_secure_rmac_read(
	struct osdp_secure *secure, const struct osdp_frame *reply);

/* --- handshake, device --- */

/*
 * Which key a CHLNG asks for, before chlng_read. OSDP_SECURE_FORM when it is none: NAK 05.
 */
enum osdp_secure_result osdp_secure_chlng_selector(
	const struct osdp_frame *command, enum osdp_selector *ret_selector);

/* Begins a session (an older one is wiped) from a CHLNG, with the key it asks for; else FORM. */
enum osdp_secure_result osdp_secure_chlng_read(struct osdp_secure *secure,
	const struct osdp_frame *command, const uint8_t key[OSDP_KEY_SIZE],
	const uint8_t random_b[OSDP_RANDOM_SIZE]);

/* After chlng_read was OK (asserted). */
void osdp_secure_ccrypt_write(
	struct osdp_secure *secure, const uint8_t cuid[OSDP_CUID_SIZE], struct osdp_frame *frame);

/* SCRYPT came. Unless OK nothing has moved: the answer is NAK 05, or RMAC_I with status FF. */
enum osdp_secure_result osdp_secure_scrypt_read(
	struct osdp_secure *secure, const struct osdp_frame *command);

/*
 * RMAC_I. After scrypt_read was OK: status 01, and the session is established. Else status FF with
 * no value (zeros).
 */
void osdp_secure_rmac_write(struct osdp_secure *secure, struct osdp_frame *frame);

/* --- traffic --- */

/*
 * Builds the whole frame (no mark byte) of an established session (asserted, with the side's
 * direction) from address, reply, sequence, code and clear data; the block is SCS_15 to SCS_18 and
 * the check a CRC whatever the frame says. The chain moves. Returns its length, or 0 when it does
 * not fit in capacity or OSDP_FRAME_MAX; nothing has moved then.
 */
size_t osdp_secure_wrap(
	struct osdp_secure *secure, const struct osdp_frame *clear, uint8_t *out, size_t capacity);

/*
 * Checks a frame from the other side and decrypts its data into plain, which lies apart from the
 * frame; *ret_data lies in there (wipe it after a KEYSET). Unless OK nothing has moved, plain holds
 * nothing and *ret_data is empty. SCS_15 and SCS_16 with data are refused (FORM); empty SCS_17 and
 * SCS_18 are taken.
 *
 * A frame is chained to the latest one of the other direction, so that the very same frame is right
 * again until this side has sent its next one. Repeats are to be told by sequence and bytes first.
 */
enum osdp_secure_result osdp_secure_unwrap(struct osdp_secure *secure,
	const struct osdp_frame *frame, uint8_t plain[OSDP_FRAME_MAX], struct span *ret_data);

/* --- parts, for tests and tools --- */

/* Whole MAC of a message: AES-CBC from icv, S-MAC1 but for the last block, S-MAC2 there. */
void osdp_secure_mac(const struct osdp_secure *secure, const uint8_t icv[OSDP_BLOCK_SIZE],
	struct span message, uint8_t ret_mac[OSDP_BLOCK_SIZE]);

/*
 * Keys nobody may rely on: SCBK-D, equal or counting bytes (any step), at most 8 different bytes
 * (patterns that repeat), nibbles counting up or down, printable text. A random key is one with a
 * chance of less than one in a million. Takes the same time for every key.
 */
bool osdp_key_is_weak(const uint8_t key[OSDP_KEY_SIZE]);

/* Overwrites memory in a way that the compiler does not leave out. */
void osdp_wipe(void *memory, size_t len);
