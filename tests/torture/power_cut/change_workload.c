// SPDX-License-Identifier: Apache-2.0
/*
 * The program whose power is cut in the middle of a change: change_workload NAME STATE OTHER. When
 * the change is over it says so to the file `ack` of the folder in which power is cut.
 */
#include "change.h"
#include "log.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct change *change = argc == 4 ? change_find(argv[1]) : NULL;
	char ack[256];

	if (change == NULL)
		return 2;
	(void)snprintf(
		ack, sizeof(ack), "%s/" POWER_CUT_ACK, argv[change_cuts_other(change) ? 3 : 2]);
	int fd = open(ack, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0 || !change_run(change, argv[2], argv[3]))
		return 1;
	return write(fd, "over", 4) == 4 ? 0 : 1;
}
