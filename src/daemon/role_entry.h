/* SPDX-License-Identifier: Apache-2.0 */
/* The first steps of `posternd --role NAME`. */
#pragma once

/* Exit status: the role's, or 2 when the supervisor did not start this process. */
int role_enter(const char *name);
