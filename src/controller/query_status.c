// SPDX-License-Identifier: Apache-2.0
/*
 * A look at everything at about one instant: what other threads publish in atomics, the figures of
 * the heartbeat page, which outlive core, and the mark of the latest backup, which outlives both.
 * Of the disk only that mark is asked, and when the ring's records of a week ago were made.
 */
#include "query_status.h"

#include "bus.h"

#include "platform/clock.h"
#include "platform/process.h"
#include "store/backup.h"

_Static_assert(STATUS_BUCKETS == LATENCY_BUCKETS && STATUS_LATENCIES == LATENCY_COUNT,
	"messages name what the page holds");

static void page_look(struct heartbeat_page *page, struct message_status *ret)
{
	ret->started_ns = atomic_load(&page->started_ns);
	ret->slow_ns = atomic_load(&page->slow_ns);
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		ret->role[i].ends = atomic_load(&page->role[i].count);
		ret->role[i].latest_ns = atomic_load(&page->role[i].latest_ns);
	}
	for (unsigned l = 0; l < LATENCY_COUNT; l++) {
		const _Atomic uint32_t *bucket = latency_histogram(page, (enum latency)l);

		for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
			ret->latency[l].bucket[i] = atomic_load(&bucket[i]);
		ret->latency[l].sum_us = atomic_load(&page->latency_sum_us[l]);
	}
	for (unsigned i = 0; i < JOURNAL_KIND_COUNT; i++)
		ret->entries[i] = atomic_load(&page->entries[i]);
	for (unsigned i = 0; i < REASON_COUNT; i++)
		ret->decisions[i] = atomic_load(&page->decisions[i]);
}

static void doors_look(struct core *core, struct message_status *ret)
{
	for (unsigned i = 0; i < DOORS_MAX; i++) {
		if (core->config.door[i].configured)
			ret->door[ret->door_count++] = (struct status_door){
				(uint8_t)i, door_state_unpack(atomic_load_explicit(
						    &core->door_state[i], memory_order_acquire))};
	}
}

static void osdp_look(struct core *core, struct status_reader *row)
{
	static const uint8_t pairings[] = {
		[BUS_PAIRING_NONE] = PAIRING_NONE,
		[BUS_PAIRING_PEND] = PAIRING_SAVING,
		[BUS_PAIRING_WIRE] = PAIRING_OPEN,
		[BUS_PAIRING_PROMOTE] = PAIRING_FINISHING,
		[BUS_PAIRING_DROP] = PAIRING_FINISHING,
	};
	struct bus_status status = {.reader = {.why = OSDP_WHY_SILENT}};

	(void)bus_status_get(core, row->number, &status); /* none yet: nothing was heard */
	row->osdp = (struct status_osdp){
		.pairing = pairings[status.pairing],
		.pair_failed = status.pair_failed,
		.port = status.port,
		.has_key = status.has_key,
		.window_until_ns = status.window_until_ns,
		.reader = status.reader,
	};
}

static void readers_look(struct core *core, struct message_status *ret)
{
	for (unsigned i = 0; i < READERS_MAX; i++) {
		struct status_reader *row = &ret->reader[ret->reader_count];
		uint64_t counter[WIEGAND_FAULTS + 1];

		if (!core->config.reader[i].configured)
			continue;
		ret->reader_count++;
		row->number = (uint8_t)(i + 1);
		row->is_osdp = core->settings->reader[i].osdp.configured;
		if (row->is_osdp) {
			osdp_look(core, row);
			continue;
		}
		for (unsigned line = 0; line < 2; line++)
			row->held[line] = atomic_load(&core->reader_state[i].held[line]);
		for (unsigned c = 0; c < ARRAY_COUNT(counter); c++)
			counter[c] = atomic_load(&core->reader_state[i].counter[c]);
		memcpy(&row->counters, counter, sizeof(counter));
	}
}

/* Not while the store is closed. */
static void retention_look(struct core *core, struct message_status *ret)
{
	struct retention retention;

	(void)pthread_mutex_lock(&core->reader_lock);
	bool good = core->reader != NULL &&
		    store_reader_retention(core->reader, ret->utc_ms, &retention) == 0;

	(void)pthread_mutex_unlock(&core->reader_lock);
	ret->has_records_days_left = good;
	ret->records_days_left = good ? retention.days_left : 0;
}

void query_status(struct core *core, struct message_status *ret)
{
	struct moment now = clock_now(core->settings->clock_trust);
	struct process_use use;

	process_use_read(core->use_fd, &use);
	ret->utc_ms = now.utc_ms;
	ret->boot_ns = now.boot_ns;
	ret->clock_trusted = now.trusted;
	ret->core_started_ns = core->started_ns;
	ret->store_failed = atomic_load(&core->store_failed);
	ret->has_backup =
		store_backup_latest(ROLE_FD_STATE, &ret->backup_utc_s, &ret->backup_rec_no) == 0;
	ret->last_rec_no = atomic_load(&core->last_rec_no);
	ret->oldest_rec_no = atomic_load(&core->oldest_rec_no);
	ret->last_seq = atomic_load(&core->last_seq);
	ret->oldest_seq = atomic_load(&core->oldest_seq);
	ret->entries_waiting = spsc_count(&core->commits);
	ret->persons = atomic_load(&core->persons);
	ret->core_resident_bytes = use.resident_bytes;
	ret->core_cpu_us = use.cpu_us;
	retention_look(core, ret);
	page_look(core->context->heartbeat, ret);
	doors_look(core, ret);
	readers_look(core, ret);
}
