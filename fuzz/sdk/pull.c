// SPDX-License-Identifier: Apache-2.0
/*
 * A device made of bytes, pulled page by page: no record twice, in order, an end within bounds, and
 * "complete" only when everything that the device held at first was handed out.
 */
#include "base/assert.h"
#include "pull_plan.h"

#include <string.h>

enum { ROWS_MAX = 400, DESCENDING = 1, JUMBLED = 2, TOTAL = 4, CONSTANT = 8, DEAF = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct device {
	struct pull_row row[ROWS_MAX];
	bool withheld[ROWS_MAX], given[ROWS_MAX];
	size_t oldest, count, held_at_first; /* row[oldest .. count) are there */
	unsigned flags, cap, ring;
};

static void device_make(struct device *device, const uint8_t *data, size_t size)
{
	int64_t time = 1000;
	uint64_t rec_no = 0;

	for (size_t i = 8; i < size && device->count < ROWS_MAX / 2; i++) {
		time += (data[i] >> 4) * (data[i] >> 4);
		time += (device->flags & TOTAL) == 0; /* so that no second fills a capped page */
		if ((data[i] & 15) == 14 && data[i] >> 4 != 0 && device->ring == 0)
			rec_no = 0; /* the device was reset */
		for (unsigned n = data[i] & 3; n < 4 && device->count < ROWS_MAX / 2; n++) {
			size_t at = device->count++;

			device->withheld[at] = (data[i] & 15) == 15 && device->ring == 0;
			device->row[at] = (struct pull_row){time, ++rec_no, NULL};
		}
	}
	device->held_at_first = device->count;
}

/* The ring takes the oldest and brings as many new ones. */
static void device_go_on(struct device *device)
{
	for (unsigned i = 0; i < device->ring && device->count < ROWS_MAX; i++) {
		struct pull_row row = device->row[device->count - 1];

		device->row[device->count++] =
			(struct pull_row){row.create_time + i % 2, row.rec_no + 1, NULL};
		device->oldest++;
	}
}

static size_t device_page(
	struct device *device, const struct pull_ask *ask, struct pull_row *page, int64_t *total)
{
	size_t limit = ask->count < device->cap ? ask->count : device->cap;
	size_t found = 0;
	size_t matches = 0;

	for (size_t i = device->oldest; i < device->count; i++) {
		size_t at = (device->flags & DESCENDING) != 0
				    ? device->count - 1 - (i - device->oldest)
				    : i;
		const struct pull_row *row = &device->row[at];

		if ((device->flags & DEAF) == 0 &&
			(row->create_time < ask->from ||
				(ask->to >= 0 && row->create_time > ask->to)))
			continue;
		matches++;
		if (!device->withheld[at] && found < limit) {
			page[found] = *row;
			page[found++].record = (const void *)row;
		}
	}
	for (size_t i = 0; (device->flags & JUMBLED) != 0 && i + 2 < found; i += 3) {
		struct pull_row row = page[i];

		page[i] = page[i + 2];
		page[i + 2] = row;
	}
	if ((device->flags & CONSTANT) != 0)
		matches = device->count - device->oldest;
	*total = (device->flags & TOTAL) != 0 ? (int64_t)matches : POSTERN_NOT_GIVEN;
	return found;
}

static void take(struct device *device, const struct pull_rows *out, struct pull_row *last)
{
	for (size_t i = 0; i < out->count; i++) {
		const struct pull_row *row = &out->row[i];
		size_t at =
			(size_t)((const struct pull_row *)(const void *)row->record - device->row);

		ASSERT(!device->given[at]);
		device->given[at] = true;
		ASSERT(row->create_time > last->create_time ||
			(row->create_time == last->create_time && row->rec_no > last->rec_no));
		*last = *row;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct device device;
	struct postern_record_query query = POSTERN_RECORD_QUERY_INIT;
	struct pull_row page[ROWS_MAX];
	struct pull_row last = {-1, 0, NULL};
	struct pull_plan plan;
	enum pull_next next;
	int64_t total;

	if (size < 9)
		return 0;
	memset(&device, 0, sizeof(device));
	device.flags = data[0] & ((data[0] & JUMBLED) != 0 ? ~(unsigned)DESCENDING : ~0u);
	device.cap = data[3] == 0 ? ROWS_MAX : data[3];
	if ((data[0] & TOTAL) == 0 && device.cap < 8)
		device.cap = 8;
	device.ring = (data[0] & (DESCENDING | JUMBLED)) == 0 ? data[5] % 8u : 0;
	device_make(&device, data, size);
	query.count = 1u + data[2] % 64;
	query.from = (data[1] & 1) != 0 ? 1000 + data[6] : POSTERN_NOT_GIVEN;
	query.to = (data[1] & 2) != 0 ? 1000 + data[6] + data[7] * 32 : POSTERN_NOT_GIVEN;
	/* What is overwritten before its period is asked for was never counted. */
	query.period_s = (data[1] & 4) != 0 && device.ring == 0 ? 200u + data[4] * 8u : 0;
	pull_plan_init(&plan, &query);
	do {
		size_t count = device_page(&device, &plan.ask, page, &total);

		next = pull_plan_take(&plan, page, count, total, (int64_t)count);
		take(&device, &plan.out, &last);
		device_go_on(&device);
		ASSERT(plan.report.pages < 600 + 200 * device.count);
	} while (next == PULL_ASK);
	pull_plan_judge(&plan, true);
	for (size_t i = 0; plan.report.complete && i < device.held_at_first; i++) {
		const struct pull_row *row = &device.row[i];

		ASSERT(device.given[i] || row->create_time < query.from ||
			(query.to >= 0 && row->create_time > query.to) ||
			(device.withheld[i] && (device.flags & TOTAL) == 0));
	}
	pull_plan_drop(&plan);
	return 0;
}
