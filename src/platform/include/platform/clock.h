/* SPDX-License-Identifier: Apache-2.0 */
/* The system's clocks and zone; everybody else is handed a struct moment. */
#pragma once

#include "base/civil.h"
#include "base/compiler.h"

/* trust: `clock: trust`, which believes the wall clock whatever the kernel says. */
struct moment clock_now(bool trust);

int64_t clock_boot_ns(void);
int64_t clock_monotonic_ns(void);

/* True when NTP keeps the kernel's clock in step (adjtimex), or a real-time clock set it at boot.
 */
bool clock_is_trusted(void);

/* Fills *ret with the transitions 1970 to 2100 of the zone of TZ or /etc/localtime. Call before the
 * sandbox. */
void zone_load(struct zone *ret);
