// SPDX-License-Identifier: Apache-2.0
/* What is read off the latency histograms of the heartbeat page. */
#include "platform/heartbeat.h"

#include "base/assert.h"

_Atomic uint32_t *latency_histogram(struct heartbeat_page *page, enum latency latency)
{
	switch (latency) {
	case LATENCY_DECISION:
		return page->decision_us;
	case LATENCY_RECORD:
		return page->record_us;
	case LATENCY_UNLOCK:
		return page->unlock_us;
	case LATENCY_SYNC:
		return page->sync_16us;
	case LATENCY_COUNT:
		break;
	}
	ASSERT(false);
	return page->sync_16us;
}

uint32_t latency_percentile_us(
	enum latency latency, const uint32_t bucket[LATENCY_BUCKETS], unsigned percent)
{
	uint64_t total = 0;
	uint64_t seen = 0;

	for (uint32_t i = 0; i < LATENCY_BUCKETS; i++)
		total += bucket[i];
	for (uint32_t i = 0; i < LATENCY_BUCKETS; i++) {
		seen += bucket[i];
		if (total > 0 && seen * 100 >= total * percent)
			return latency_bucket_us(i + 1) * latency_unit_us(latency);
	}
	return 0;
}
