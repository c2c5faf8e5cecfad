// SPDX-License-Identifier: Apache-2.0
/*
 * The program whose power is cut: workload FOLDER [normal]. Carries out all steps of the script and
 * writes to the file `ack` what it was promised: "serial" once the store stood, then a step's
 * number plus 1 each time one was committed. With `normal` it runs with synchronous=NORMAL, which
 * is wrong and must be found out.
 */
#include "internal.h"
#include "log.h"
#include "script.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct store *open_store(int dir_fd, bool normal)
{
	struct store_options options = script_options();
	struct store *store = NULL;
	char detail[256];

	if (store_open(dir_fd, &options, &store, detail) != 0) {
		(void)fprintf(stderr, "workload: %s\n", detail);
		return NULL;
	}
	store->block_records = 4; /* all levels of blocks, and a clear of many slices */
	store->block_fold = 2;
	store->slice_persons = 2;
	if (normal && sql_run(store->connection.db, "PRAGMA synchronous = NORMAL") != 0)
		return store_close(store);
	return store;
}

static bool promise(int ack_fd, const char *text, size_t len)
{
	return write(ack_fd, text, len) == (ssize_t)len;
}

static bool promise_serial(int ack_fd, struct store *store)
{
	struct store_state state;

	store_state(store, &state);
	return promise(ack_fd, state.serial.bytes, state.serial.len);
}

int main(int argc, char **argv)
{
	bool normal = argc == 3 && strcmp(argv[2], "normal") == 0;
	int dir_fd = argc >= 2 ? open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	int ack_fd = dir_fd >= 0 ? openat(dir_fd, POWER_CUT_ACK,
					   O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)
				 : -1;
	struct store *store = ack_fd >= 0 ? open_store(dir_fd, normal) : NULL;

	if (store == NULL || !promise_serial(ack_fd, store))
		return 1;
	for (uint32_t step = 0; step < SCRIPT_STEPS; step++) {
		char text[16];

		if (step > 0 && step % SCRIPT_REOPEN_EVERY == 0) {
			(void)store_close(store);
			store = open_store(dir_fd, normal);
			if (store == NULL)
				return 1;
		}
		bool more = false;

		if (step % 7 == 6)
			store_idle(store);
		if (step % 2 == 1 && store_tidy(store, &more) != 0)
			return 1;
		int error = script_step(store, step);
		int len = snprintf(text, sizeof(text), "%u", step + 1);

		if (error != 0 || !promise(ack_fd, text, (size_t)len)) {
			(void)fprintf(
				stderr, "workload: step %u: %s\n", step, store_error_text(error));
			return 1;
		}
	}
	(void)store_close(store);
	return 0;
}
