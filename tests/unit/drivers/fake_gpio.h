/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GPIO chips that are not there, for programs linked with `fake_gpio_args` (--wrap of open,
 * opendir, read and ioctl): /dev is the folder of the environment's FAKE_GPIO. The state of the
 * chips lies in a shared file of that folder, so that a test and the processes of posternd see the
 * same lines; a request is a FIFO there, so that it lives as long as somebody holds it. Two chips:
 * gpiochip0 [fake-a] with 32 lines, gpiochip1 [fake-b] with 8.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define FAKE_CHIPS 2
#define FAKE_LINES 32
#define FAKE_REQUESTS 64

struct fake_line {
	uint32_t request; /* the latest; 0: none yet */
	uint32_t moves; /* changes of the physical level by writing */
	uint32_t writes;
	uint8_t physical;
	uint8_t pad[3];
	uint64_t flags; /* GPIO_V2_LINE_FLAG_... as requested */
	char consumer[32];
	int64_t moved_ns; /* CLOCK_BOOTTIME of the latest move */
};

struct fake_gpio {
	struct fake_line line[FAKE_CHIPS][FAKE_LINES];
	struct fake_request {
		uint64_t inode; /* of its FIFO */
		uint32_t chip;
		uint32_t count;
		uint32_t offset[64];
		uint32_t seqno;
		uint32_t event_buffer_size;
		uint32_t line_seqno[64];
	} request[FAKE_REQUESTS]; /* number n at n - 1 */
	uint32_t request_count;
	int32_t open_error; /* opening a chip answers this errno */
	int32_t request_error; /* GET_LINE answers this errno */
	int32_t value_error; /* GET_VALUES and SET_VALUES answer this errno */
	int32_t same_labels;
	uint32_t gone; /* request whose chip went away: ENODEV */
	int32_t read_back_error; /* GET_VALUES of outputs answers this errno */
};

/* Makes the folder's content and sets FAKE_GPIO; the state is all zero but the chips. */
struct fake_gpio *fake_gpio_new(const char *folder);
/* Removes what fake_gpio_new and the requests made in the folder. */
void fake_gpio_free(struct fake_gpio *gpio, const char *folder);

/*
 * Moves an input, as a wire would, and queues the kernel's event when the line is requested with
 * edges. at_ns: CLOCK_MONOTONIC.
 */
void fake_edge(
	struct fake_gpio *gpio, uint32_t chip, uint32_t offset, bool physical, int64_t at_ns);

/* As fake_edge, but the kernel's queue has lost it: only the numbers go on. */
void fake_edge_lost(struct fake_gpio *gpio, uint32_t chip, uint32_t offset, bool physical);
