// SPDX-License-Identifier: Apache-2.0
/* postern device ...: what a device says about itself. */
#include "cli.h"

#include <stdio.h>

static int device_info(struct postern_device *device, const struct arguments *arguments UNUSED)
{
	struct postern_device_info *info;
	int error = postern_device_info(device, &info);

	if (error != POSTERN_OK)
		return report(device, error);
	const struct postern_field fields[] = {{"type", info->type}, {"serial", info->serial},
		{"software", info->software}, {"vendor", info->vendor}, {"name", info->name},
		{"time", info->time}};

	if (output_is_json()) {
		print_json(json_from_fields(fields, ARRAY_COUNT(fields)));
	} else {
		for (size_t i = 0; i < ARRAY_COUNT(fields); i++)
			printf("%-10s %s\n", fields[i].name, fields[i].value);
	}
	postern_device_info_free(info);
	return EXIT_DONE;
}

const struct command device_commands[] = {
	{"device", "info", 0, 0, "json", "", "Prints type, serial, versions, name and clock.", true,
		device_info},
	{0},
};
