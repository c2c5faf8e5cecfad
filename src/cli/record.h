/* SPDX-License-Identifier: Apache-2.0 */
/* What the subcommands of `postern records` share. */
#pragma once

#include "cli.h"

#define RETRIES 5 /* of a page, while the device is away */

void record_print(const struct postern_record *record);

/* Seconds since 1970, or a UTC date and time; else a usage error naming what. */
MUST_CHECK bool record_parse_utc(const char *what, const char *text, int64_t *ret);

int records_follow(struct postern_device *device, const struct arguments *arguments);
/* records pull --state-file. */
int records_resume(struct postern_device *device, const struct arguments *arguments);
