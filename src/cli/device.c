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

/* The account that the options name becomes the device's first. */
static int device_claim(struct postern_device *device, const struct arguments *arguments)
{
	const char *code = option_value(arguments, "code");

	if (code == NULL || option_value(arguments, "password-file") == NULL)
		return usage_error("usage: postern device claim --code CODE --password-file FILE");
	int status = report(device, postern_device_claim(device, code));

	if (status == EXIT_DONE && output_is_json())
		print_json(json_from_fields(&(struct postern_field){"account", "admin"}, 1));
	else if (status == EXIT_DONE)
		puts("claimed: log in as admin with this password");
	return status;
}

static int device_trust(struct postern_device *device, const struct arguments *arguments)
{
	const char *fingerprint;
	int status = report(device, postern_device_forget_identity(device));

	if (status != EXIT_DONE)
		return status;
	status = device_info(device, arguments);
	(void)postern_device_identity(device, &fingerprint);
	if (status == EXIT_DONE && output_is_json()) {
		const struct postern_field field = {"key", fingerprint};

		print_json(json_from_fields(&field, 1));
	} else if (status == EXIT_DONE) {
		printf("%-10s %s\n", "key", fingerprint);
	}
	return status;
}

const struct command device_commands[] = {
	{"device", "info", 0, 0, "json", "", "Prints type, serial, versions, name and clock.", true,
		device_info},
	{"device", "claim", 0, 0, "code= password-file= json", "--code CODE --password-file FILE",
		"Makes the first account, admin, of a postern controller: CODE stands in its log, "
		"the password in FILE.",
		true, device_claim},
	{"device", "trust", 0, 0, "json", "",
		"Takes the key that the device shows now for its own, after it got a new one.",
		true, device_trust},
	{0},
};
