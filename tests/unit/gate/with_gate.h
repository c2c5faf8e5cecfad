/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For test programs against a running gate: each test has a gate of its own, started by the
 * program's function `setup` and ended here. Comes after cmocka.h.
 */
#pragma once

#include "base/compiler.h"
#include "rig.h"

static struct rig *rig;

static int teardown(void **state UNUSED)
{
	rig_free(rig);
	return 0;
}

#define WITH_GATE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
