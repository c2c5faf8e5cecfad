/* SPDX-License-Identifier: Apache-2.0 */
/* What a query for records must find, by a plain loop over the rows: the oracle of tests and
 * fuzzing. */
#pragma once

#include "messages/records.h"

/*
 * Fills ret (room for count) with pointers to the rows that match, in the order of pages. Rows with
 * a RecNo below oldest_rec_no are out of the ring.
 */
uint32_t reference_records(const struct journal_entry *rows, uint32_t count,
	const struct record_filter *filter, uint64_t oldest_rec_no,
	const struct journal_entry **ret);
