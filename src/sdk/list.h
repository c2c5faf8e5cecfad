/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doubly linked lists whose links lie in their members. A list is a ring through its own head; a
 * link that is in no list points at itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct link {
	struct link *next;
	struct link *previous;
};

#define LINK_OWNER(link_pointer, type, member)                                                     \
	((type *)(void *)((char *)(link_pointer)-offsetof(type, member)))

static inline void link_init(struct link *link)
{
	link->next = link;
	link->previous = link;
}

/* For a list and for a link: nothing else is in the ring. */
static inline bool link_alone(const struct link *link)
{
	return link->next == link;
}

/* Takes a link out of the list it is in, if any. */
static inline void link_remove(struct link *link)
{
	link->previous->next = link->next;
	link->next->previous = link->previous;
	link_init(link);
}

/* Puts a link at the list's end, taking it out of the one it was in. */
static inline void link_append(struct link *list, struct link *link)
{
	link_remove(link);
	link->next = list;
	link->previous = list->previous;
	list->previous->next = link;
	list->previous = link;
}
