// SPDX-License-Identifier: Apache-2.0
/*
 * A role begins: its descriptors lie at the fixed numbers, the supervisor put them there. Settings
 * are taken only from sealed memory of the right size, so that they cannot change under the role.
 */
#include "role_entry.h"

#include "complain.h"
#include "platform/log.h"
#include "platform/role.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

static bool control_is_socket(void)
{
	int type;
	socklen_t len = sizeof(type);

	return getsockopt(ROLE_FD_CONTROL, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type == SOCK_SEQPACKET;
}

static const struct settings *settings_map(void)
{
	struct stat info;
	int seals = fcntl(ROLE_FD_SETTINGS, F_GET_SEALS);

	if (seals < 0 || (seals & F_SEAL_WRITE) == 0 || fstat(ROLE_FD_SETTINGS, &info) != 0 ||
		info.st_size != (off_t)sizeof(struct settings))
		return NULL;
	void *map = mmap(NULL, sizeof(struct settings), PROT_READ, MAP_SHARED, ROLE_FD_SETTINGS, 0);

	return map == MAP_FAILED ? NULL : map;
}

static struct heartbeat_page *heartbeat_map(void)
{
	void *map = mmap(NULL, sizeof(struct heartbeat_page), PROT_READ | PROT_WRITE, MAP_SHARED,
		ROLE_FD_HEARTBEAT, 0);

	return map == MAP_FAILED ? NULL : map;
}

static int role_run(enum role role)
{
	char name[16];
	struct role_context context = {.role = role, .control = ROLE_FD_CONTROL};

	context.settings = control_is_socket() ? settings_map() : NULL;
	if (context.settings == NULL) {
		complain("--role is for posternd's own processes; see posternd --help");
		return 2;
	}
	(void)snprintf(name, sizeof(name), "postern-%s", role_name(role));
	(void)prctl(PR_SET_NAME, name);
	log_set_name(role_name(role));
	switch (role) {
	case ROLE_CORE:
		context.heartbeat = heartbeat_map();
		if (context.heartbeat == NULL)
			return 2;
		return core_main(&context);
	case ROLE_GATE:
		return gate_main(&context);
	case ROLE_SIM:
		return sim_main(&context);
	case ROLE_SUPERVISOR:
	case ROLE_COUNT:
		break;
	}
	return 2;
}

int role_enter(const char *name)
{
	for (int role = ROLE_CORE; role < ROLE_COUNT; role++) {
		if (strcmp(name, role_name((enum role)role)) == 0)
			return role_run((enum role)role);
	}
	complain("there is no role `%s`", name);
	return 2;
}
