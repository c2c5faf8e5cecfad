// SPDX-License-Identifier: Apache-2.0
/*
 * The store of the simulated world: a queue in memory, a writer that takes all of it as one batch,
 * and what is on disk. A batch takes as long as the disk's mood says, or fails. After 2 s without a
 * commit, and after an error, the controller is told that the store is failed; entries then wait in
 * the queue until a write succeeds. Only what is on disk survives a crash.
 */
#include "simulation.h"

#define FAILED_AFTER_NS (2 * NS_PER_S)
#define RETRY_NS NS_PER_S

static int64_t write_ns(struct sim *sim)
{
	switch (sim->disk.mode) {
	case DISK_FAST:
		return NS_PER_MS / 4 + (int64_t)sim_below(sim, 3 * (uint64_t)NS_PER_MS);
	case DISK_SLOW:
		return 20 * NS_PER_MS + (int64_t)sim_below(sim, 300 * (uint64_t)NS_PER_MS);
	case DISK_VERY_SLOW:
		return NS_PER_S + (int64_t)sim_below(sim, 3 * (uint64_t)NS_PER_S);
	case DISK_BROKEN:
	case DISK_MODES:
		break;
	}
	return 10 * NS_PER_MS;
}

static void batch_start(struct sim *sim)
{
	struct disk *disk = &sim->disk;

	if (disk->batch > 0 || disk->count == 0)
		return;
	disk->batch = disk->count;
	disk->done_ns = sim->now.boot_ns + write_ns(sim);
	if (disk->failed && disk->mode == DISK_BROKEN)
		disk->done_ns = sim->now.boot_ns + RETRY_NS;
	disk->fail_ns = disk->failed ? INT64_MAX : sim->now.boot_ns + FAILED_AFTER_NS;
}

static struct item *item_new(struct sim *sim, enum item_kind kind)
{
	struct disk *disk = &sim->disk;

	if (disk->count == QUEUE_MAX)
		violation(sim, "more than %u entries wait for the disk", QUEUE_MAX);
	struct item *item = &disk->queue[disk->count++];

	item->kind = kind;
	batch_start(sim);
	return item;
}

void disk_push(struct sim *sim, const struct commit_entry *entry)
{
	item_new(sim, ITEM_ENTRY)->entry = *entry;
}

void disk_push_person(struct sim *sim, const struct credential *person)
{
	struct item *item = item_new(sim, ITEM_PUT);

	item->person = *person;
	item->person_no = person->person_no;
}

void disk_push_removal(struct sim *sim, uint64_t person_no)
{
	item_new(sim, ITEM_REMOVE)->person_no = person_no;
}

static void outcome_write(struct sim *sim, uint64_t ticket)
{
	struct disk *disk = &sim->disk;

	for (uint32_t i = 0; i < disk->open_count; i++) {
		if (disk->open[i] != ticket)
			continue;
		disk->open[i] = disk->open[--disk->open_count];
		return;
	}
	violation(sim, "the outcome of ticket %llu is on disk without its record, or twice",
		(unsigned long long)ticket);
}

static void entry_write(struct sim *sim, const struct commit_entry *entry)
{
	struct disk *disk = &sim->disk;

	disk->seq++;
	disk->newest_utc_ms = entry->at.utc_ms;
	if (entry->ticket != 0) {
		if (entry->ticket <= disk->ticket)
			violation(sim, "ticket %llu is on disk after %llu",
				(unsigned long long)entry->ticket,
				(unsigned long long)disk->ticket);
		disk->ticket = entry->ticket;
	}
	if (entry->wants_outcome && disk->open_count < OPEN_MAX)
		disk->open[disk->open_count++] = entry->ticket;
	if (journal_kind_is_outcome(entry->kind))
		outcome_write(sim, entry->outcome_of);
	if (entry->counts_pin) {
		disk->reader_failures[entry->reader] = entry->reader_failures;
		disk->person_failures[entry->person_no] = entry->person_failures;
	}
	if (!entry->takes_use)
		return;
	struct person_model *person = &disk->person[entry->person_no];

	if (person->there && person->row.uses_left != USES_UNLIMITED && person->row.uses_left > 0)
		person->row.uses_left--;
}

static void item_write(struct sim *sim, const struct item *item)
{
	switch (item->kind) {
	case ITEM_ENTRY:
		entry_write(sim, &item->entry);
		return;
	case ITEM_PUT:
		sim->disk.person[item->person_no] =
			(struct person_model){.there = true, .row = item->person};
		return;
	case ITEM_REMOVE:
		sim->disk.person[item->person_no].there = false;
		return;
	}
}

/* Uses that the controller granted and that no row on disk counts yet. */
static uint32_t uses_on_their_way(const struct sim *sim, uint64_t person_no)
{
	uint32_t uses = 0;

	for (uint32_t i = 0; i < sim->disk.count; i++) {
		const struct item *item = &sim->disk.queue[i];

		uses += item->kind == ITEM_ENTRY && item->entry.takes_use &&
			item->entry.person_no == person_no;
	}
	return uses;
}

/* Tells the controller of a row as it stands on disk now; from then on it is acknowledged. */
static void person_tell(struct sim *sim, uint64_t person_no)
{
	const struct person_model *on_disk = &sim->disk.person[person_no];
	struct person_model *acknowledged = &sim->person[person_no];
	struct controller_input input = {.kind = INPUT_PERSON_REMOVED, .person_no = person_no};
	uint32_t uses = uses_on_their_way(sim, person_no);

	if (on_disk->there)
		input = (struct controller_input){.kind = INPUT_PERSON_PUT, .person = on_disk->row};
	sim_step(sim, &input);
	*acknowledged = *on_disk;
	if (acknowledged->row.uses_left != USES_UNLIMITED)
		acknowledged->row.uses_left -=
			uses < acknowledged->row.uses_left ? uses : acknowledged->row.uses_left;
	for (uint32_t i = 0; i < sim->open_count; i++) {
		struct open_ticket *open = &sim->open[i];

		if (!open->access || open->person_no != person_no)
			continue;
		const struct credential *row = &on_disk->row;
		bool card_gone =
			open->has_card && (!row->has_card || row->card_number != open->card_number);
		bool pin_gone =
			open->pin != 0 && row->pin != open->pin && row->pin_duress != open->pin;

		pin_gone |= open->pin != 0 && !open->has_card && !row->pin_alone;
		if (!on_disk->there || card_gone || pin_gone ||
			!checks_may_open(sim, &on_disk->row, open->door, sim->wall_ms / MS_PER_S))
			open->revoked = true;
	}
}

static void batch_done(struct sim *sim)
{
	struct disk *disk = &sim->disk;
	uint64_t changed[QUEUE_MAX / 64];
	uint32_t changes = 0;
	bool was_failed = disk->failed;

	for (uint32_t i = 0; i < disk->batch; i++) {
		item_write(sim, &disk->queue[i]);
		if (disk->queue[i].kind != ITEM_ENTRY && changes < ARRAY_COUNT(changed))
			changed[changes++] = disk->queue[i].person_no;
	}
	disk->count -= disk->batch;
	memmove(disk->queue, disk->queue + disk->batch, disk->count * sizeof(disk->queue[0]));
	disk->batch = 0;
	sim_step(sim, &(struct controller_input){
			      .kind = INPUT_RECORD_DURABLE, .durable_ticket = disk->ticket});
	for (uint32_t i = 0; i < changes; i++)
		person_tell(sim, changed[i]);
	disk->failed = false;
	if (was_failed)
		sim_step(sim, &(struct controller_input){.kind = INPUT_STORE_RECOVERED});
	batch_start(sim);
}

static void batch_failed(struct sim *sim)
{
	struct disk *disk = &sim->disk;
	bool was_failed = disk->failed;

	disk->failed = true;
	disk->fail_ns = INT64_MAX;
	if (was_failed)
		return;
	sim->stats.failures++;
	sim_step(sim, &(struct controller_input){.kind = INPUT_STORE_FAILED});
}

int64_t disk_due_ns(const struct sim *sim)
{
	const struct disk *disk = &sim->disk;

	if (disk->batch == 0)
		return INT64_MAX;
	return disk->done_ns < disk->fail_ns ? disk->done_ns : disk->fail_ns;
}

void disk_run(struct sim *sim)
{
	struct disk *disk = &sim->disk;

	if (disk->done_ns > sim->now.boot_ns) {
		batch_failed(sim);
		return;
	}
	if (disk->mode != DISK_BROKEN) {
		batch_done(sim);
		return;
	}
	disk->batch = 0;
	batch_failed(sim);
	batch_start(sim);
}

/* Power is gone: the batch under way may have made it, what waited behind it has not. */
void disk_crash(struct sim *sim)
{
	struct disk *disk = &sim->disk;

	if (disk->mode != DISK_BROKEN && sim_chance(sim, 2)) {
		for (uint32_t i = 0; i < disk->batch; i++)
			item_write(sim, &disk->queue[i]);
	}
	disk->count = 0;
	disk->batch = 0;
	disk->failed = false;
	sim->stats.unknown += disk->open_count;
	disk->seq += disk->open_count; /* each gets its `outcome unknown` */
	disk->open_count = 0;
}
