// SPDX-License-Identifier: Apache-2.0
/*
 * What the threads of core stand on: rings, eventfds, index memory, and a door's state packed into
 * one word so that serve may read it while rt runs.
 */
#include "core.h"

#include "base/assert.h"
#include "crypto/random.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#define SECRET_PAGE 4096
#define PAGE 4096u
#define INDEX_PIECE (2u << 20) /* a huge page; made in about a millisecond */

static int ring_new(struct spsc *ring, uint32_t slots, size_t slot_size)
{
	void *memory = calloc(slots, slot_size);

	if (memory == NULL)
		return -ENOMEM;
	(void)mlock(memory, slots * slot_size); /* where not all of the process can be locked */
	spsc_init(ring, memory, slots, slot_size);
	return 0;
}

static int frames_new(struct latest *frames)
{
	size_t size = latest_size(READER_FRAMES_MAX, sizeof(struct reader_frame));
	void *memory = calloc(1, size);

	if (memory == NULL)
		return -ENOMEM;
	(void)mlock(memory, size);
	latest_init(frames, memory, READER_FRAMES_MAX, sizeof(struct reader_frame));
	return 0;
}

int core_rings_new(struct core *core)
{
	const struct {
		struct spsc *ring;
		uint32_t slots;
		size_t slot_size;
	} rings[] = {
		{&core->commits, COMMIT_SLOTS, sizeof(struct commit_entry)},
		{&core->changes, CHANGE_SLOTS, sizeof(struct change)},
		{&core->orders, 2 * REQUEST_SLOTS, sizeof(struct order)},
		{&core->command_answers, 2 * REQUEST_SLOTS, sizeof(struct answer)},
		{&core->writes, REQUEST_SLOTS, sizeof(struct write_request)},
		{&core->write_answers, REQUEST_SLOTS, sizeof(struct answer)},
		{&core->audits, AUDIT_SLOTS, sizeof(struct audit_entry)},
		{&core->queries, REQUEST_SLOTS, sizeof(struct query_request)},
		{&core->query_answers, REQUEST_SLOTS, sizeof(struct answer)},
		{&core->bus_events, BUS_EVENT_SLOTS, sizeof(struct bus_event)},
		{&core->bus_feedbacks, BUS_FEEDBACK_SLOTS, sizeof(struct bus_feedback)},
		{&core->bus_frames, BUS_FRAME_SLOTS, sizeof(struct bus_frame)},
		{&core->bus_orders, 2 * REQUEST_SLOTS, sizeof(struct bus_order)},
		{&core->bus_answers, REQUEST_SLOTS, sizeof(struct answer)},
		{&core->key_jobs, KEY_JOB_SLOTS, sizeof(struct key_job)},
		{&core->key_results, KEY_JOB_SLOTS, sizeof(struct key_job)},
	};
	int *const wakes[] = {&core->rt_wake, &core->store_wake, &core->serve_wake,
		&core->query_wake, &core->applied_wake, &core->bus_wake};

	for (size_t i = 0; i < ARRAY_COUNT(rings); i++) {
		int error = ring_new(rings[i].ring, rings[i].slots, rings[i].slot_size);

		if (error != 0)
			return error;
	}
	if (frames_new(&core->frames) != 0)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_COUNT(wakes); i++) {
		*wakes[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (*wakes[i] < 0)
			return -errno;
	}
	return 0;
}

void *core_secret_new_of(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	(void)mlock(memory, size);
	(void)madvise(memory, size, MADV_DONTDUMP);
	return memory;
}

void core_secret_free_of(void *secret, size_t size)
{
	if (secret == NULL)
		return;
	explicit_bzero(secret, size);
	(void)munmap(secret, size);
}

void *core_secret_new(void)
{
	return core_secret_new_of(SECRET_PAGE);
}

void core_secret_free(void *secret)
{
	core_secret_free_of(secret, SECRET_PAGE);
}

void core_wake(int eventfd)
{
	uint64_t one = 1;

	/* EAGAIN means that it is awake already. */
	if (write(eventfd, &one, sizeof(one)) < 0)
		return;
}

void core_wake_clear(int eventfd)
{
	uint64_t count;

	if (read(eventfd, &count, sizeof(count)) < 0)
		return;
}

void core_wait(int eventfd, int timeout_ms)
{
	struct pollfd fd = {.fd = eventfd, .events = POLLIN};

	if (poll(&fd, 1, timeout_ms) > 0)
		core_wake_clear(eventfd);
}

void core_latency_count(
	struct heartbeat_page *page, enum latency latency, int64_t since_ns, int64_t now_ns)
{
	int64_t us = now_ns > since_ns ? (now_ns - since_ns) / 1000 : 0;

	atomic_fetch_add_explicit(
		&latency_histogram(page, latency)[latency_bucket(us / latency_unit_us(latency))], 1,
		memory_order_relaxed);
	atomic_fetch_add_explicit(
		&page->latency_sum_us[latency], (uint64_t)us, memory_order_relaxed);
}

/* A mapping of its own: it can be given back whole when a second index replaced it. */
int core_index_begin(const struct core *core, struct index_making *ret)
{
	*ret = (struct index_making){.size = credential_index_size(core->index_persons)};
	/* Without access: where all memory is locked it would be filled at once otherwise. */
	char *memory =
		mmap(NULL, ret->size + INDEX_PIECE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	/* On huge pages, where there are some, a look-up of a million waits for less memory. */
	size_t before = -(uintptr_t)memory % INDEX_PIECE;
	size_t used = (ret->size + PAGE - 1) / PAGE * PAGE;

	if (before > 0)
		(void)munmap(memory, before);
	if (before + used < ret->size + INDEX_PIECE)
		(void)munmap(memory + before + used, ret->size + INDEX_PIECE - before - used);
	ret->memory = memory + before;
	(void)madvise(ret->memory, used, MADV_HUGEPAGE);
	return 0;
}

int core_index_go_on(struct index_making *making, bool *ret_whole)
{
	size_t left = making->size - making->ready;
	size_t piece = left < INDEX_PIECE ? left : INDEX_PIECE;
	char *from = (char *)making->memory + making->ready;

	ASSERT(making->memory != NULL);
	if (mprotect(from, piece, PROT_READ | PROT_WRITE) != 0)
		return -errno;
	memset(from, 0, piece); /* rt must find every page there */
	(void)mlock(from, piece);
	making->ready += piece;
	*ret_whole = making->ready == making->size;
	return 0;
}

void core_index_drop(struct index_making *making)
{
	if (making->memory != NULL)
		(void)munmap(making->memory, making->size);
	making->memory = NULL;
}

struct credential_index *core_index_end(const struct core *core, struct index_making *making)
{
	uint64_t seed;
	void *memory = making->memory;

	ASSERT(making->ready == making->size);
	making->memory = NULL;
	random_bytes(&seed, sizeof(seed));
	return credential_index_init(memory, making->size, core->index_persons, seed);
}

struct credential_index *core_index_new(const struct core *core)
{
	struct index_making making;
	bool whole = false;
	int error = core_index_begin(core, &making);

	while (error == 0 && !whole)
		error = core_index_go_on(&making, &whole);
	if (error == 0)
		return core_index_end(core, &making);
	core_index_drop(&making);
	errno = -error;
	return NULL;
}

/* credential_index_init keeps its head at the begin of the memory it was given. */
void core_index_free(const struct core *core, struct credential_index *index)
{
	if (index != NULL)
		(void)munmap(index, credential_index_size(core->index_persons));
}

uint64_t door_state_pack(const struct door_state *state)
{
	uint64_t packed = 0;

	packed |= (uint64_t)state->configured << 0;
	packed |= (uint64_t)state->unlocked << 1;
	packed |= (uint64_t)state->open << 2;
	packed |= (uint64_t)state->has_contact << 3;
	packed |= (uint64_t)state->forced << 4;
	packed |= (uint64_t)state->held << 5;
	packed |= (uint64_t)state->tamper << 6;
	packed |= (uint64_t)state->hold << 8;
	packed |= (uint64_t)state->waiting << 16;
	return packed;
}

struct door_state door_state_unpack(uint64_t packed)
{
	return (struct door_state){
		.configured = packed >> 0 & 1,
		.unlocked = packed >> 1 & 1,
		.open = packed >> 2 & 1,
		.has_contact = packed >> 3 & 1,
		.forced = packed >> 4 & 1,
		.held = packed >> 5 & 1,
		.tamper = packed >> 6 & 1,
		.hold = (uint8_t)(packed >> 8),
		.waiting = (uint8_t)(packed >> 16),
	};
}
