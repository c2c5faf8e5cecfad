// SPDX-License-Identifier: Apache-2.0
/*
 * Role sim's link to core. It comes from the supervisor, anew after each of core's starts, and
 * begins with the levels of all configured inputs, because what moved while there was no link was
 * told to nobody. Nothing waits for core: what it does not take is counted.
 */
#include "platform/clock.h"
#include "platform/link.h"
#include "sim.h"

#include <errno.h>
#include <unistd.h>

static void core_drop(struct sim *sim)
{
	if (sim->core >= 0)
		(void)close(sim->core);
	sim->core = -1;
	sim->core_greeted = false;
}

bool events_send(struct sim *sim, const struct line_event *events, uint32_t count)
{
	while (count > 0) {
		uint32_t part = count < MESSAGE_LINE_EVENTS_MAX ? count : MESSAGE_LINE_EVENTS_MAX;

		sim->message.header = (struct message_header){.type = MESSAGE_LINE_EVENTS};
		sim->message.count = part;
		sim->message.lost = sim->lost;
		memcpy(sim->message.event, events, part * sizeof(*events));
		int sent = sim->core < 0 ? -EPIPE
					 : link_send(sim->core, &sim->message,
						   message_size(&sim->message));

		if (sent != 0) {
			if (sent != -EAGAIN)
				core_drop(sim);
			sim->lost += count;
			return false;
		}
		sim->lost = 0;
		events += part;
		count -= part;
	}
	return true;
}

bool level_send(struct sim *sim, enum line_kind kind, uint8_t at, bool level)
{
	struct line_event event = {
		.at_ns = clock_monotonic_ns(), .kind = (uint8_t)kind, .at = at, .level = level};

	return events_send(sim, &event, 1);
}

static void levels_send(struct sim *sim)
{
	struct line_event events[2 * DOORS_MAX + READERS_MAX];
	uint32_t count = 0;
	int64_t now_ns = clock_monotonic_ns();

	for (uint8_t i = 0; i < DOORS_MAX; i++) {
		struct board_door *door = &sim->board->door[i];

		if (!sim->settings->door[i].config.configured)
			continue;
		events[count++] = (struct line_event){
			now_ns, LINE_CONTACT, i, atomic_load(&door->contact) != 0};
		events[count++] =
			(struct line_event){now_ns, LINE_REX, i, atomic_load(&door->rex) != 0};
	}
	for (uint8_t i = 0; i < READERS_MAX; i++) {
		if (sim->settings->reader[i].config.configured && !sim->osdp.present[i])
			events[count++] = (struct line_event){now_ns, LINE_TAMPER, (uint8_t)(i + 1),
				atomic_load(&sim->board->reader[i].tamper) != 0};
	}
	(void)events_send(sim, events, count);
}

void core_link(struct sim *sim, int fd)
{
	core_drop(sim);
	sim->core = fd;
	sim->lost = 0; /* core reads all levels at its start */
	if (link_hello(fd, ROLE_SIM) != 0)
		core_drop(sim);
	else
		levels_send(sim);
}

/* Core says HELLO and nothing else. */
void core_read(struct sim *sim)
{
	ssize_t len = link_receive(sim->core, sim->received, NULL);

	if (len == -EAGAIN || len == -EINTR)
		return;
	if (len <= 0 || sim->core_greeted ||
		!link_hello_matches(sim->received, (size_t)len, ROLE_CORE))
		core_drop(sim);
	else
		sim->core_greeted = true;
}
