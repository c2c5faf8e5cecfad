// SPDX-License-Identifier: Apache-2.0
/*
 * Secure channel keys of OSDP readers, in this order and no other:
 *
 *   made here -> on disk as pending -> to the reader (KEYSET) -> a handshake with it worked
 *   -> on disk as the key in use
 *
 * Whoever dies in between, the reader's key is one of the two on disk. A reader has one pairing at
 * a time. The job that marks a key as working is sent until the disk takes it; until then the old
 * key and the pending one are both there, and the next start tries both.
 *
 * A pending key of before gives way to no other while the reader may hold it, for the answer to its
 * KEYSET may have been lost. So a pairing begins without a key: in its window the pending one is
 * tried, and another is made and written over it when the reader waits for a key under the known
 * one (KEY_WANTED). A rotation is refused while KEYSET is on its way.
 *
 * Virtual readers have the key that the supervisor made for them at its start, unless this posternd
 * has set another since.
 */
#include "bus_private.h"

#include "base/assert.h"
#include "crypto/random.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "protocols/osdp_secure.h"

#include <string.h>

#define AGAIN_NS NS_PER_S

static struct osdp_bus *osdp_of(struct bus *bus, const struct bus_reader *reader)
{
	for (unsigned i = 0; i < bus->line_count; i++) {
		if (bus->line[i].at == reader->line)
			return bus->line[i].osdp;
	}
	ASSERT(false); /* every reader is on a line */
	return NULL;
}

static bool is_virtual(const struct core *core, unsigned at)
{
	const struct reader_osdp *osdp = &core->settings->reader[at].osdp;

	return osdp->configured && settings_osdp_simulated(&core->settings->osdp_line[osdp->line]);
}

/* --- the start --- */

struct loading {
	const struct core *core;
	bool restarted;
	struct osdp_bus_reader *readers;
};

static int key_take(void *user, const struct reader_key *key)
{
	const struct loading *loading = user;
	struct osdp_bus_reader *reader;

	if (key->reader > READERS_MAX)
		return 0; /* bus_output.c */
	reader = &loading->readers[key->reader - 1];
	if (is_virtual(loading->core, key->reader - 1u) && !loading->restarted)
		return 0; /* of a virtual reader that is no more */
	if (key->pending) {
		reader->has_pending = true;
		memcpy(reader->pending, key->key, sizeof(reader->pending));
		return 0;
	}
	reader->has_key = true;
	memcpy(reader->key, key->key, sizeof(reader->key));
	reader->has_identity = key->has_identity;
	memcpy(reader->identity.vendor, key->identity.vendor, sizeof(reader->identity.vendor));
	reader->identity.model = key->identity.model;
	reader->identity.serial = key->identity.serial;
	return 0;
}

static void virtual_keys_take(
	const struct core *core, bool restarted, struct osdp_bus_reader readers[READERS_MAX])
{
	const struct sim_keys *keys = role_sim_keys();

	for (unsigned i = 0; i < READERS_MAX && keys != NULL; i++) {
		if (!is_virtual(core, i) || readers[i].has_key)
			continue;
		readers[i].has_key = true;
		memcpy(readers[i].key, keys->key[i], sizeof(readers[i].key));
	}
	if (keys == NULL && !restarted)
		log_debug("no virtual OSDP readers");
}

int bus_keys_load(struct bus *bus, bool restarted, struct osdp_bus_reader readers[READERS_MAX])
{
	const struct core *core = bus->core;
	struct loading loading = {core, restarted, readers};
	int error = store_reader_keys(core->store, key_take, &loading);

	if (error != 0) /* doors on other readers open all the same */
		log_error("ALARM: cannot read the keys of OSDP readers: %s; those that are not "
			  "read have to be paired again",
			store_error_text(error));
	virtual_keys_take(core, restarted, readers);
	for (unsigned i = 0; i < READERS_MAX; i++) {
		const struct reader_osdp *osdp = &core->settings->reader[i].osdp;

		readers[i].address = osdp->address;
		readers[i].policy = osdp->secure_channel == SECURE_CHANNEL_OFF
					    ? OSDP_SECURE_OFF
					    : OSDP_SECURE_REQUIRED;
		if (readers[i].policy == OSDP_SECURE_OFF) {
			readers[i].has_key = false;
			readers[i].has_pending = false;
			readers[i].has_identity = false;
		}
	}
	return 0;
}

/* --- jobs for the disk --- */

static void job_again(struct bus *bus, struct bus_reader *reader, int64_t now_ns)
{
	reader->again_ns = now_ns + AGAIN_NS;
	if (reader->again_ns < bus->again_ns)
		bus->again_ns = reader->again_ns;
}

static void job_send(struct bus *bus, struct bus_reader *reader, int64_t now_ns)
{
	reader->again_ns = 0;
	if (!spsc_push(&bus->core->key_jobs, &reader->job))
		job_again(bus, reader, now_ns);
	core_wake(bus->core->store_wake);
}

/* reason: enum reader_refusal of RESULT_READER. Whoever hears it finds the state to match. */
static void answer(
	struct bus *bus, struct bus_reader *reader, enum result result, enum reader_refusal reason)
{
	struct answer answer = {
		.slot = reader->slot, .result = (uint8_t)result, .reason = (uint8_t)reason};

	if (reader->answered)
		return;
	reader->answered = true;
	bus_status_publish(bus, reader->job.reader);
	bool pushed = spsc_push(&bus->core->bus_answers, &answer);

	ASSERT(pushed); /* as many places as open requests */
	core_wake(bus->core->serve_wake);
}

static void pairing_end(struct bus *bus, struct bus_reader *reader)
{
	uint8_t number = reader->job.reader;

	reader->pairing = BUS_PAIRING_NONE;
	reader->window_until_ns = 0;
	explicit_bzero(bus->core->reader_keys->pending[number - 1], READER_KEY_SIZE);
}

/* --- orders --- */

static void key_make(uint8_t *key)
{
	do
		random_bytes(key, READER_KEY_SIZE);
	while (osdp_key_is_weak(key));
}

/* A job by order of somebody, with what the audit says of it. */
static void job_order(struct bus *bus, struct bus_reader *reader, enum key_job_kind kind,
	const struct bus_order *order, int64_t now_ns)
{
	static const uint8_t acts[] = {
		[BUS_ORDER_PAIR] = AUDIT_READER_PAIR,
		[BUS_ORDER_PAIR_CANCEL] = AUDIT_READER_PAIR_CANCEL,
		[BUS_ORDER_ROTATE] = AUDIT_READER_ROTATE,
		[BUS_ORDER_UNPAIR] = AUDIT_READER_UNPAIR,
		[BUS_ORDER_KEY] = AUDIT_READER_KEY,
	};

	reader->job = (struct key_job){
		.kind = (uint8_t)kind,
		.reader = order->reader,
		.audited = true,
		.act = acts[order->kind],
		.count = order->kind == BUS_ORDER_PAIR ? order->window_s : 0,
		.asker = order->asker,
	};
	job_send(bus, reader, now_ns);
}

static void pairing_begin(
	struct bus *bus, struct bus_reader *reader, const struct bus_order *order, int64_t now_ns)
{
	uint8_t *pending = bus->core->reader_keys->pending[order->reader - 1];
	bool opens = order->kind == BUS_ORDER_PAIR;

	if (order->kind == BUS_ORDER_KEY)
		memcpy(pending, order->key, READER_KEY_SIZE);
	else if (!opens)
		key_make(pending);
	reader->pairing = BUS_PAIRING_PEND;
	reader->pair_failed = OSDP_WHY_NONE;
	reader->worked = false;
	job_order(bus, reader, opens ? KEY_JOB_OPEN : KEY_JOB_PEND, order, now_ns);
}

static void unpair(
	struct bus *bus, struct bus_reader *reader, const struct bus_order *order, int64_t now_ns)
{
	reader->pairing = BUS_PAIRING_DROP;
	reader->pair_failed = OSDP_WHY_NONE;
	job_order(bus, reader, KEY_JOB_DROP, order, now_ns);
}

static void end_order(struct bus *bus, const struct bus_order *order, enum result result,
	enum reader_refusal reason)
{
	struct answer answer = {
		.slot = order->slot, .result = (uint8_t)result, .reason = (uint8_t)reason};
	bool pushed = spsc_push(&bus->core->bus_answers, &answer);

	ASSERT(pushed);
	core_wake(bus->core->serve_wake);
}

static void window_close(struct bus *bus, const struct bus_reader *reader, int64_t now_ns)
{
	struct osdp_order order = {.kind = OSDP_ORDER_PAIR_CANCEL};

	(void)osdp_bus_order(osdp_of(bus, reader), reader->index, &order, now_ns);
	for (unsigned i = 0; i < bus->line_count; i++)
		bus_events_take(bus, &bus->line[i]);
}

static void cancel(
	struct bus *bus, struct bus_reader *reader, const struct bus_order *order, int64_t now_ns)
{
	struct key_job job = {.kind = KEY_JOB_CANCEL,
		.reader = order->reader,
		.audited = true,
		.act = AUDIT_READER_PAIR_CANCEL,
		.slot = order->slot,
		.asker = order->asker};

	if (reader->pairing != BUS_PAIRING_PEND && reader->pairing != BUS_PAIRING_WIRE) {
		end_order(bus, order, RESULT_READER, READER_NO_PAIRING);
		return;
	}
	if (!spsc_push(&bus->core->key_jobs, &job)) {
		end_order(bus, order, RESULT_BUSY, 0);
		return;
	}
	core_wake(bus->core->store_wake);
	if (reader->pairing == BUS_PAIRING_PEND)
		reader->order = BUS_ORDER_PAIR_CANCEL;
	window_close(bus, reader, now_ns);
	bus_status_publish(bus, order->reader);
}

/* Somebody on the line gets a key: the known one may be heard on it, but for one reader only. */
static bool line_pairs(const struct bus *bus, const struct bus_reader *reader)
{
	for (unsigned i = 0; i < READERS_MAX; i++) {
		if (bus->reader[i].line == reader->line && &bus->reader[i] != reader &&
			bus->reader[i].pairing != BUS_PAIRING_NONE)
			return true;
	}
	return false;
}

static bool order_refuse(enum reader_refusal *ret, enum reader_refusal why)
{
	*ret = why;
	return false;
}

/* False: *ret says why not. */
static bool order_is_good(struct bus *bus, const struct bus_reader *reader,
	const struct bus_order *order, enum reader_refusal *ret)
{
	struct osdp_reader_status status;

	osdp_bus_status(osdp_of(bus, reader), reader->index, &status);
	/* A session outlives its forgotten key by a moment. */
	bool online = status.state == OSDP_STATE_ONLINE && status.secure && reader->has_key;

	if (reader->pairing != BUS_PAIRING_NONE)
		return order_refuse(ret, READER_PAIRING);
	if (order->kind != BUS_ORDER_UNPAIR && line_pairs(bus, reader))
		return order_refuse(ret, READER_LINE_PAIRING);
	if (order->kind == BUS_ORDER_ROTATE && !online)
		return order_refuse(ret, READER_NOT_SECURE);
	if (order->kind == BUS_ORDER_ROTATE && status.keyset_open)
		return order_refuse(ret, READER_PAIRING);
	if (order->kind == BUS_ORDER_PAIR && online)
		return order_refuse(ret, READER_HAS_KEY);
	if (order->kind == BUS_ORDER_KEY && osdp_key_is_weak(order->key))
		return order_refuse(ret, READER_KEY_WEAK);
	return true;
}

void bus_keys_order(struct bus *bus, const struct bus_order *order, int64_t now_ns)
{
	struct bus_reader *reader = bus_reader_of(bus, order->reader);
	const struct reader_osdp *osdp =
		reader != NULL ? &bus->core->settings->reader[order->reader - 1].osdp : NULL;

	enum reader_refusal refusal;

	if (reader == NULL || osdp->secure_channel == SECURE_CHANNEL_OFF) {
		end_order(bus, order, RESULT_READER,
			reader == NULL ? READER_NOT_OSDP : READER_IN_CLEAR);
		return;
	}
	if (order->kind == BUS_ORDER_PAIR_CANCEL) {
		cancel(bus, reader, order, now_ns);
		return;
	}
	if (!order_is_good(bus, reader, order, &refusal)) {
		end_order(bus, order, RESULT_READER, refusal);
		return;
	}
	reader->order = order->kind;
	reader->slot = order->slot;
	reader->window_s = order->window_s;
	reader->answered = false;
	if (order->kind == BUS_ORDER_UNPAIR)
		unpair(bus, reader, order, now_ns);
	else
		pairing_begin(bus, reader, order, now_ns);
}

/* --- what came of them --- */

/* The pending key never left this machine: it is dropped. */
static void never_sent(
	struct bus *bus, struct bus_reader *reader, enum reader_refusal refusal, int64_t now_ns)
{
	answer(bus, reader, RESULT_READER, refusal);
	reader->pairing = BUS_PAIRING_DROP;
	reader->job = (struct key_job){.kind = KEY_JOB_DROP_PENDING, .reader = reader->job.reader};
	job_send(bus, reader, now_ns);
}

/* The pending key works: that goes to the disk. */
static void works(struct bus *bus, struct bus_reader *reader, uint8_t number,
	const struct osdp_pdid *identity, int64_t now_ns)
{
	reader->pairing = BUS_PAIRING_PROMOTE;
	reader->answered = true;
	reader->window_until_ns = 0;
	reader->job = (struct key_job){.kind = KEY_JOB_PROMOTE, .reader = number};
	memcpy(reader->job.identity.vendor, identity->vendor, sizeof(identity->vendor));
	reader->job.identity.model = identity->model;
	reader->job.identity.serial = identity->serial;
	job_send(bus, reader, now_ns);
}

/* There is no window, and why: the pending key on disk is the one of before. */
static void not_opened(struct bus *bus, struct bus_reader *reader, enum result result,
	enum reader_refusal refusal, int64_t now_ns)
{
	struct osdp_reader_status status;

	answer(bus, reader, result, refusal);
	pairing_end(bus, reader);
	if (!reader->worked)
		return;
	osdp_bus_status(osdp_of(bus, reader), reader->index, &status);
	works(bus, reader, reader->job.reader, &status.identity, now_ns);
}

/* The audit has the pairing: now its window may open. */
static void opened(struct bus *bus, struct bus_reader *reader, int64_t now_ns)
{
	struct osdp_order order = {.kind = OSDP_ORDER_PAIR, .pair = {.later = true}};
	struct osdp_reader_status status;

	osdp_bus_status(osdp_of(bus, reader), reader->index, &status);
	order.pair.until_ns = now_ns + reader->window_s * NS_PER_S;
	if (reader->order == BUS_ORDER_PAIR_CANCEL) {
		not_opened(bus, reader, RESULT_READER, READER_CANCELLED, now_ns);
	} else if (reader->worked) {
		not_opened(bus, reader, RESULT_OK, 0, now_ns);
	} else if (status.state == OSDP_STATE_ONLINE && status.secure && reader->has_key) {
		not_opened(bus, reader, RESULT_READER, READER_HAS_KEY, now_ns);
	} else if (osdp_bus_order(osdp_of(bus, reader), reader->index, &order, now_ns) !=
		   OSDP_TAKEN) {
		not_opened(bus, reader, RESULT_READER, READER_PAIRING, now_ns);
	} else {
		reader->pairing = BUS_PAIRING_WIRE;
		reader->window_until_ns = order.pair.until_ns;
		answer(bus, reader, RESULT_OK, 0);
	}
}

/* The reader waits for a key: the disk gets it first. */
static void wanted(struct bus *bus, struct bus_reader *reader, uint8_t number, int64_t now_ns)
{
	if (reader->pairing != BUS_PAIRING_WIRE)
		return;
	key_make(bus->core->reader_keys->pending[number - 1]);
	reader->pairing = BUS_PAIRING_PEND;
	reader->job = (struct key_job){.kind = KEY_JOB_PEND, .reader = number};
	job_send(bus, reader, now_ns);
}

/* The new key is on disk: now it may go to the reader. */
static void pended(struct bus *bus, struct bus_reader *reader, int64_t now_ns)
{
	struct osdp_order order = {.kind = reader->order == BUS_ORDER_ROTATE ? OSDP_ORDER_ROTATE
					   : reader->order == BUS_ORDER_KEY  ? OSDP_ORDER_PENDING
									     : OSDP_ORDER_PAIR_KEY};

	if (reader->order == BUS_ORDER_PAIR_CANCEL) {
		never_sent(bus, reader, READER_CANCELLED, now_ns);
		return;
	}
	memcpy(order.pair.key, bus->core->reader_keys->pending[reader->job.reader - 1],
		sizeof(order.pair.key));
	enum osdp_taken taken = osdp_bus_order(osdp_of(bus, reader), reader->index, &order, now_ns);

	explicit_bzero(&order, sizeof(order));
	if (taken == OSDP_TAKEN) {
		reader->pairing = BUS_PAIRING_WIRE;
		if (reader->order == BUS_ORDER_KEY) /* it is tried when the reader's own fails */
			pairing_end(bus, reader);
		answer(bus, reader, RESULT_OK, 0);
		return;
	}
	never_sent(bus, reader,
		taken == OSDP_TAKEN_NOT_OFFLINE ? READER_NOT_SECURE : READER_PAIRING, now_ns);
}

static void promoted(struct bus *bus, struct bus_reader *reader, int64_t now_ns)
{
	struct bus_event told = {
		.kind = BUS_EVENT_PAIRED, .reader = reader->job.reader, .at_ns = now_ns};

	log_info("OSDP reader %u has a new key", told.reader);
	reader->has_key = true;
	pairing_end(bus, reader);
	bus_tell(bus, &told);
}

static void dropped(struct bus *bus, struct bus_reader *reader, int64_t now_ns)
{
	struct osdp_order order = {.kind = OSDP_ORDER_KEYS};

	if (reader->job.kind == KEY_JOB_DROP) {
		(void)osdp_bus_order(osdp_of(bus, reader), reader->index, &order, now_ns);
		reader->has_key = false;
	}
	pairing_end(bus, reader);
	answer(bus, reader, RESULT_OK, 0);
}

static void job_done(struct bus *bus, struct bus_reader *reader, int64_t now_ns)
{
	switch ((enum key_job_kind)reader->job.kind) {
	case KEY_JOB_OPEN:
		opened(bus, reader, now_ns);
		return;
	case KEY_JOB_PEND:
		pended(bus, reader, now_ns);
		return;
	case KEY_JOB_PROMOTE:
		promoted(bus, reader, now_ns);
		return;
	case KEY_JOB_DROP:
	case KEY_JOB_DROP_PENDING:
		dropped(bus, reader, now_ns);
		return;
	case KEY_JOB_CANCEL: /* is no pairing's */
	case KEY_JOB_FILE:
		return;
	}
}

/* A key that works is known to the reader: that one is sent until it is on disk. */
static void job_failed(struct bus *bus, struct bus_reader *reader, int64_t now_ns)
{
	if (reader->job.kind == KEY_JOB_PROMOTE) {
		job_again(bus, reader, now_ns);
		return;
	}
	if (reader->job.kind == KEY_JOB_OPEN) {
		not_opened(bus, reader, RESULT_STORE_FAILED, 0, now_ns);
		return;
	}
	pairing_end(bus, reader);
	answer(bus, reader, RESULT_STORE_FAILED, 0);
	if (reader->job.kind == KEY_JOB_PEND)
		window_close(bus, reader, now_ns);
}

/* The window is closed already; now that is in the audit too. */
static void cancelled(struct bus *bus, const struct key_job *job)
{
	struct bus_order order = {.slot = job->slot};

	end_order(bus, &order, job->done ? RESULT_OK : RESULT_NOT_DURABLE, 0);
}

void bus_keys_results(struct bus *bus, int64_t now_ns)
{
	struct key_job result;

	while (spsc_pop(&bus->core->key_results, &result)) {
		struct bus_reader *reader;

		if (result.reader > READERS_MAX) {
			bus_output_result(bus, &result);
			continue;
		}
		if (result.kind == KEY_JOB_CANCEL) {
			cancelled(bus, &result);
			continue;
		}
		if (result.kind == KEY_JOB_FILE) {
			bus_file_result(bus, &result, now_ns);
			continue;
		}
		reader = bus_reader_of(bus, result.reader);
		ASSERT(reader != NULL && reader->job.kind == result.kind);
		if (result.done)
			job_done(bus, reader, now_ns);
		else
			job_failed(bus, reader, now_ns);
	}
}

void bus_keys_again(struct bus *bus, int64_t now_ns)
{
	if (now_ns < bus->again_ns)
		return;
	bus->again_ns = INT64_MAX;
	for (unsigned i = 0; i < READERS_MAX; i++) {
		struct bus_reader *reader = &bus->reader[i];

		if (reader->again_ns != 0 && reader->again_ns <= now_ns)
			job_send(bus, reader, now_ns);
		if (reader->again_ns != 0 && reader->again_ns < bus->again_ns)
			bus->again_ns = reader->again_ns;
	}
}

/* --- what the line says --- */

void bus_keys_event(struct bus *bus, uint8_t number, const struct osdp_event *event)
{
	struct bus_reader *reader = bus_reader_of(bus, number);
	struct osdp_reader_status status;
	int64_t now_ns = clock_boot_ns();

	switch (event->kind) {
	case OSDP_EVENT_PAIRED:
		works(bus, reader, number, &event->paired.identity, now_ns);
		return;
	case OSDP_EVENT_PENDING_WORKS:
		/* Of a pairing that a restart cut short; one that runs tells by PAIRED. */
		osdp_bus_status(osdp_of(bus, reader), reader->index, &status);
		if (reader->pairing == BUS_PAIRING_NONE)
			works(bus, reader, number, &status.identity, now_ns);
		else if (reader->job.kind == KEY_JOB_OPEN)
			reader->worked = true;
		return;
	case OSDP_EVENT_KEY_WANTED:
		wanted(bus, reader, number, now_ns);
		return;
	case OSDP_EVENT_PAIR_FAILED:
		log_warning("OSDP reader %u was not paired: %s", number, osdp_why_name(event->why));
		reader->pair_failed = event->why;
		if (reader->pairing == BUS_PAIRING_WIRE)
			pairing_end(bus, reader);
		return;
	default:
		return;
	}
}
