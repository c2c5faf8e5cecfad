/* SPDX-License-Identifier: Apache-2.0 */
/* Readers and their keys: the part of libpostern's header that postern/postern.h includes. */
#ifndef POSTERN_OSDP_H
#define POSTERN_OSDP_H

#ifndef POSTERN_POSTERN_H
#error "include <postern/postern.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* --- readers of a postern controller, and the keys of OSDP readers (accessControl) --- */

/*
 * A reader. Texts that the controller does not give are "", numbers POSTERN_NOT_GIVEN; those behind
 * assurance are of OSDP readers only. The counters, and what the reader says it can do, are fields.
 */
struct postern_reader {
	size_t size;
	int number;
	const char *door; /* id */
	const char *kind; /* "Wiegand", "OSDP" */
	const char *assurance; /* "secure"; "low": cards can be copied from its wires */
	const char *line; /* id */
	int address;
	int64_t baud;
	int port; /* 1: the line's port is there; 0 or 1, as the next ones */
	int online;
	int secure; /* it stands in a secure channel with its own key */
	int has_key;
	const char *state; /* "probing", "not paired", "connecting", "pairing", "online" */
	const char *why; /* of one that is offline: "silent", "key", "identity" ... */
	const char *pairing; /* "none", "saving", "open", "finishing" */
	const char *pair_failed; /* why the latest pairing failed; "": it did not */
	int64_t window_left_s; /* of an open pairing */
	int64_t since_s; /* how long the state has been */
	int64_t heard_s; /* since its latest reply */
	const char *vendor; /* OUI, six hexadecimal digits */
	int64_t model;
	int64_t serial;
	const char *firmware; /* "1.2.3" */
	int64_t timeout_us; /* now waited for a reply */
	int64_t reply_min_us; /* how long it takes to begin one */
	int64_t reply_mean_us;
	int64_t reply_max_us;
	size_t field_count;
	const struct postern_field *fields; /* all, as they came */
};

struct postern_readers {
	size_t count;
	struct postern_reader *reader;
};

/*
 * number: 0 for all. The result is freed with postern_readers_free. Accounts of role viewer and
 * above. POSTERN_E_UNSUPPORTED or POSTERN_E_REFUSED from devices of other makers.
 */
POSTERN_API int postern_readers_list(
	struct postern_device *device, int number, struct postern_readers **readers);
/* readers: NULL with an error; else the callback's to free. */
typedef void postern_readers_fn(
	void *user, struct postern_call *call, int error, struct postern_readers *readers);
POSTERN_API int postern_readers_list_start(struct postern_device *device, int number,
	postern_readers_fn *done, void *user, struct postern_call **call);
POSTERN_API struct postern_readers *postern_readers_free(struct postern_readers *readers);

/*
 * Keys, for admins. Each is done when it is on the controller's disk; what the reader makes of it
 * is told by postern_readers_list. POSTERN_E_REFUSED with words when it cannot be: no OSDP reader,
 * secure_channel: off, another pairing on the line.
 *
 * pair: the reader stands in install mode and gets its first key, within window_s seconds (1 to
 * 600; 0: 600). rotate: another key, within the secure channel that stands. unpair: the controller
 * forgets its keys and who it is.
 */
POSTERN_API int postern_reader_pair(struct postern_device *device, int number, int window_s);
POSTERN_API int postern_reader_pair_start(struct postern_device *device, int number, int window_s,
	postern_done_fn *done, void *user, struct postern_call **call);
POSTERN_API int postern_reader_pair_cancel(struct postern_device *device, int number);
POSTERN_API int postern_reader_pair_cancel_start(struct postern_device *device, int number,
	postern_done_fn *done, void *user, struct postern_call **call);
POSTERN_API int postern_reader_rotate(struct postern_device *device, int number);
POSTERN_API int postern_reader_rotate_start(struct postern_device *device, int number,
	postern_done_fn *done, void *user, struct postern_call **call);
POSTERN_API int postern_reader_unpair(struct postern_device *device, int number);
POSTERN_API int postern_reader_unpair_start(struct postern_device *device, int number,
	postern_done_fn *done, void *user, struct postern_call **call);

/*
 * The key that another tool has loaded into the reader; it is used when the one until now fails.
 * Over https:// or on the device itself. POSTERN_E_REFUSED: a well-known or simple key. The library
 * keeps no copy.
 */
POSTERN_API int postern_reader_set_key(
	struct postern_device *device, int number, const unsigned char key[16]);
POSTERN_API int postern_reader_set_key_start(struct postern_device *device, int number,
	const unsigned char key[16], postern_done_fn *done, void *user, struct postern_call **call);

/*
 * Files for OSDP readers, firmware as a rule; for admins. One file at a time, of all readers:
 * begin, add its parts in order until the last one, which sends it to the reader; from then on the
 * controller needs nobody, and get tells how far it is. One whose parts stay away for 60 s is
 * dropped. POSTERN_E_REFUSED with words: no OSDP reader, not online, another file under way, a part
 * out of order.
 */
#define POSTERN_READER_FILE_MAX 1048576 /* bytes of a file */
#define POSTERN_READER_FILE_PART_MAX 16384 /* bytes of a part */

enum postern_reader_file_state {
	POSTERN_READER_FILE_NONE = 0, /* none since the controller's start */
	POSTERN_READER_FILE_RECEIVING, /* the controller waits for parts */
	POSTERN_READER_FILE_STARTING,
	POSTERN_READER_FILE_SENDING,
	POSTERN_READER_FILE_FINISHING, /* the reader has all of it and works on it */
	POSTERN_READER_FILE_DONE,
	POSTERN_READER_FILE_REFUSED, /* by the reader: status and text say why */
	POSTERN_READER_FILE_BROKEN /* cancelled, or the reader went offline */
};

struct postern_reader_file {
	size_t size; /* of this struct */
	enum postern_reader_file_state state;
	int type;
	int64_t bytes; /* of the file */
	int64_t received; /* bytes, by the controller */
	int64_t sent; /* bytes that the reader has taken */
	int status; /* DONE, REFUSED: of osdp_FTSTAT, or -32000 less the code of a NAK; else 0 */
	char text[96]; /* the same in words */
};
#define POSTERN_READER_FILE_INIT                                                                   \
	{                                                                                          \
		sizeof(struct postern_reader_file)                                                 \
	}

/*
 * type: what osdp_FILETRANSFER (OSDP 2.2, 6.26) says it is, 1 to 255: 1 opaque, 2 template, 3
 * display, 128 and above the vendor's. bytes: 1 to POSTERN_READER_FILE_MAX.
 */
POSTERN_API int postern_reader_file_begin(
	struct postern_device *device, int number, int type, size_t bytes);
POSTERN_API int postern_reader_file_begin_start(struct postern_device *device, int number, int type,
	size_t bytes, postern_done_fn *done, void *user, struct postern_call **call);
/* offset: how many bytes came before; len: 1 to POSTERN_READER_FILE_PART_MAX. data is copied. */
POSTERN_API int postern_reader_file_add(
	struct postern_device *device, int number, size_t offset, const void *data, size_t len);
POSTERN_API int postern_reader_file_add_start(struct postern_device *device, int number,
	size_t offset, const void *data, size_t len, postern_done_fn *done, void *user,
	struct postern_call **call);
/* file: of the caller, with its size set (POSTERN_READER_FILE_INIT). */
POSTERN_API int postern_reader_file_get(
	struct postern_device *device, int number, struct postern_reader_file *file);
/* file: zeros with an error; good during the callback. */
typedef void postern_reader_file_fn(
	void *user, struct postern_call *call, int error, const struct postern_reader_file *file);
POSTERN_API int postern_reader_file_get_start(struct postern_device *device, int number,
	postern_reader_file_fn *done, void *user, struct postern_call **call);
/* Ends it, also one that is at the reader, which then keeps what it had or waits for all of it. */
POSTERN_API int postern_reader_file_cancel(struct postern_device *device, int number);
POSTERN_API int postern_reader_file_cancel_start(struct postern_device *device, int number,
	postern_done_fn *done, void *user, struct postern_call **call);

/*
 * *low is 1 when cards can be copied from the wires of one of the door's readers (Wiegand, or OSDP
 * without secure channel), 0 when not, POSTERN_NOT_GIVEN when the device does not say.
 */
POSTERN_API int postern_door_low_assurance(struct postern_device *device, int channel, int *low);
typedef void postern_door_assurance_fn(void *user, struct postern_call *call, int error, int low);
POSTERN_API int postern_door_low_assurance_start(struct postern_device *device, int channel,
	postern_door_assurance_fn *done, void *user, struct postern_call **call);

#ifdef __cplusplus
}
#endif

#endif
