// SPDX-License-Identifier: Apache-2.0
/*
 * The list that the kernel walks when a thread ends has one entry, and lies in the thread's own
 * memory; only the word is shared, so that neither side follows a pointer that the other could have
 * changed. The word holds the thread's number, as the kernel wants it before it touches the word,
 * and FUTEX_WAITERS, so that it wakes the waiter.
 *
 * The C library keeps such a list for robust mutexes; a thread that calls life_hold has none.
 */
#include "platform/life.h"

#include "base/assert.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(sizeof(_Atomic uint32_t) == sizeof(uint32_t), "the kernel writes the word itself");

static _Thread_local struct robust_list node;
static _Thread_local struct robust_list_head head;

static void list_set(_Atomic uint32_t *word)
{
	node.next = &head.list;
	head.list.next = word == NULL ? &head.list : &node;
	head.futex_offset = word == NULL ? 0 : (long)((uintptr_t)word - (uintptr_t)&node);
	long error = syscall(SYS_set_robust_list, &head, sizeof(head));

	ASSERT(error == 0);
}

void life_hold(_Atomic uint32_t *word)
{
	atomic_store(word, (uint32_t)gettid() | FUTEX_WAITERS);
	list_set(word);
	/* Who waits saw the word of the thread before. */
	(void)syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void life_release(_Atomic uint32_t *word)
{
	list_set(NULL);
	atomic_store(word, 0);
}

bool life_has_ended(uint32_t word)
{
	return (word & FUTEX_OWNER_DIED) != 0;
}

uint32_t life_wait(const _Atomic uint32_t *word, uint32_t seen)
{
	(void)syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
	return atomic_load(word);
}
