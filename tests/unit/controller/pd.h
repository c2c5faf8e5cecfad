/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An OSDP reader at the other end of a pseudo terminal, in a thread of its own. Its functions may
 * be called by any other thread.
 */
#pragma once

#include "protocols/osdp_device.h"

#include <pthread.h>

struct pd {
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	struct osdp_device device;
	int wire; /* -1: unplugged */
	int wake; /* eventfd: something changed */
	bool stopping;
	bool mute; /* it hears and does, and none of its answers comes */
	uint32_t keysets; /* keys that came */
	uint8_t latest[OSDP_KEY_SIZE]; /* the last of them */
	uint32_t file_len; /* bytes of a file that came in order */
	uint32_t file_sum; /* of them, each times its place from 1 */
	int16_t file_last; /* status that answers the last part: of FTSTAT */
	void (*on_key)(void *user); /* before the reader takes a key */
	void *on_key_user;
};

/*
 * Begins at wire, which becomes the reader's; -1: unplugged. key NULL: none. secure: it answers
 * nothing of substance without a session.
 */
void pd_start(struct pd *pd, int wire, uint8_t address, const uint8_t *key, bool secure);
void pd_stop(struct pd *pd);

/* Another wire; the old one is closed. -1: unplugged. */
void pd_plug(struct pd *pd, int wire);

bool pd_card(struct pd *pd, const struct card_bits *bits);
bool pd_keys(struct pd *pd, const char *keys);
void pd_tamper(struct pd *pd, bool on);
void pd_power_cycle(struct pd *pd);
/* Takes files of so many bytes (0: none), and answers their last part with this status. */
void pd_file(struct pd *pd, uint32_t max, int16_t last);
void pd_file_taken(struct pd *pd, uint32_t *ret_len, uint32_t *ret_sum);
void pd_install(struct pd *pd, bool open);
void pd_set_key(struct pd *pd, const uint8_t *key);
void pd_mute(struct pd *pd, bool mute);
/* The key that it has. False: none. */
bool pd_key(struct pd *pd, uint8_t ret[OSDP_KEY_SIZE]);
uint8_t pd_led(struct pd *pd);
uint32_t pd_beeps(struct pd *pd); /* orders to sound, so far */
uint64_t pd_commands(struct pd *pd); /* that it did, so far */
enum osdp_device_link pd_link(struct pd *pd);
uint32_t pd_keysets(struct pd *pd);
/* Another device takes its place, with its key; it was powered up just now. */
void pd_swap(struct pd *pd, uint32_t serial);
/* A finger was compared: status 0 when it worked, score 0 when it was none of those known. */
bool pd_match(struct pd *pd, uint8_t status, uint8_t score);
