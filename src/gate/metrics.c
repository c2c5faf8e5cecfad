// SPDX-License-Identifier: Apache-2.0
/*
 * The same as metrics: Prometheus' text format 0.0.4. One table of families gives names, help and
 * types; docs/metrics.md says the same and a test compares them. Units are seconds and bytes;
 * counters end in _total. Labels are bounded by the configuration (doors, readers, roles) or by
 * closed lists of ours (reasons, kinds, faults, statuses): no client makes a label.
 *
 * Counters of doors and disk count from the supervisor's start, those of HTTP from gate's, those of
 * readers from core's: a restart is a reset, which rate() knows.
 */
#include "status.h"

#include "base/assert.h"
#include "platform/process.h"

#define LINE_BYTES 512

struct metrics {
	struct request *request;
	const struct gate *gate;
	const struct message_status *status;
	const char *family; /* whose samples are written */
};

static void family_begin(struct metrics *m, const char *name, const char *type, const char *help)
{
	char memory[LINE_BYTES];
	struct buf out = buf_over(memory, sizeof(memory));

	m->family = name;
	buf_add_string(&out, "# HELP ");
	buf_add_string(&out, name);
	buf_add_byte(&out, ' ');
	buf_add_string(&out, help);
	buf_add_string(&out, "\n# TYPE ");
	buf_add_string(&out, name);
	buf_add_byte(&out, ' ');
	buf_add_string(&out, type);
	buf_add_byte(&out, '\n');
	ASSERT(!out.overflow);
	(void)reply_add(&m->request->reply, buf_span(&out));
}

/* Up to three labels; those without name are left out. */
struct label {
	const char *name;
	struct span value;
};

#define LABELS_MAX 3

struct labels {
	struct label label[LABELS_MAX];
};

static void label_value_add(struct buf *out, struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];

		if (c == '\\' || c == '"')
			buf_add_byte(out, '\\');
		if (c == '\n')
			buf_add_string(out, "\\n");
		else
			buf_add_byte(out, c);
	}
}

static void sample_text(
	struct metrics *m, const char *suffix, const struct labels *labels, struct span value)
{
	char memory[LINE_BYTES];
	struct buf out = buf_over(memory, sizeof(memory));
	char before = '{';

	buf_add_string(&out, m->family);
	buf_add_string(&out, suffix);
	for (unsigned i = 0; labels != NULL && i < LABELS_MAX; i++) {
		if (labels->label[i].name == NULL)
			continue;
		buf_add_byte(&out, before);
		buf_add_string(&out, labels->label[i].name);
		buf_add_string(&out, "=\"");
		label_value_add(&out, labels->label[i].value);
		buf_add_byte(&out, '"');
		before = ',';
	}
	if (before == ',')
		buf_add_byte(&out, '}');
	buf_add_byte(&out, ' ');
	buf_add(&out, value);
	buf_add_byte(&out, '\n');
	ASSERT(!out.overflow);
	(void)reply_add(&m->request->reply, buf_span(&out));
}

static void sample_with(struct metrics *m, const struct labels *labels, uint64_t value)
{
	char memory[24];
	struct buf digits = buf_over(memory, sizeof(memory));

	buf_add_u64(&digits, value);
	sample_text(m, "", labels, buf_span(&digits));
}

/* Seconds as a decimal number of microseconds. */
static void seconds_add(struct buf *out, uint64_t us)
{
	uint64_t rest = us % 1000000;

	buf_add_u64(out, us / 1000000);
	buf_add_byte(out, '.');
	for (uint64_t digit = 100000; digit > 0; digit /= 10)
		buf_add_byte(out, (char)('0' + rest / digit % 10));
}

static void seconds_with(
	struct metrics *m, const char *suffix, const struct labels *labels, uint64_t us)
{
	char memory[32];
	struct buf out = buf_over(memory, sizeof(memory));

	seconds_add(&out, us);
	sample_text(m, suffix, labels, buf_span(&out));
}

static void gauge(struct metrics *m, const char *name, const char *help, uint64_t value)
{
	family_begin(m, name, "gauge", help);
	sample_with(m, NULL, value);
}

static void counter(struct metrics *m, const char *name, const char *help, uint64_t value)
{
	family_begin(m, name, "counter", help);
	sample_with(m, NULL, value);
}

static uint64_t not_below_0(int64_t value)
{
	return value < 0 ? 0 : (uint64_t)value;
}

/* --- the controller --- */

static void controller_write(struct metrics *m)
{
	const struct message_status *s = m->status;
	struct labels labels = {{{"version", SPAN_LIT(POSTERN_VERSION)}}};

	family_begin(m, "postern_info", "gauge", "1, with the version of posternd.");
	sample_with(m, &labels, 1);
	gauge(m, "postern_alarms", "Alarms that stand; 0: all is well.",
		status_alarms(m->gate, s, NULL, NULL));
	family_begin(m, "postern_uptime_seconds", "gauge", "Since posternd started.");
	seconds_with(m, "", NULL, not_below_0((s->boot_ns - s->started_ns) / 1000));
	family_begin(m, "postern_clock_time_seconds", "gauge", "The device's clock, UTC.");
	seconds_with(m, "", NULL, not_below_0(s->utc_ms) * 1000);
	gauge(m, "postern_clock_trusted", "1 while the clock is believed.", s->clock_trusted);
	gauge(m, "postern_store_failed", "1 while records cannot be written to the disk.",
		s->store_failed);
	gauge(m, "postern_store_waiting_entries", "Entries that wait for the disk.",
		s->entries_waiting);
	counter(m, "postern_late_records_total", "Records that were late for their door.",
		status_late_records(s));
}

static void content_write(struct metrics *m)
{
	const struct message_status *s = m->status;

	gauge(m, "postern_records_kept", "Access records that are kept.", status_records_kept(s));
	gauge(m, "postern_records_max", "Access records kept at most.",
		m->gate->settings->records_max);
	if (s->has_records_days_left)
		gauge(m, "postern_records_days_left",
			"Days until the oldest record is overwritten, at the rate of the latest "
			"week; at most 36500.",
			s->records_days_left);
	counter(m, "postern_records_total", "RecNo of the newest access record.", s->last_rec_no);
	counter(m, "postern_journal_entries_total", "Seq of the newest journal entry.",
		s->last_seq);
	gauge(m, "postern_persons", "Persons that are enrolled.", s->persons);
	gauge(m, "postern_persons_max", "Persons at most.", m->gate->settings->persons_max);
	if (s->has_backup)
		gauge(m, "postern_backup_time_seconds",
			"When the latest backup was made, UTC; absent before the first.",
			not_below_0(s->backup_utc_s));
	if (m->gate->certificate_not_after_s != INT64_MAX)
		gauge(m, "postern_certificate_not_after_seconds",
			"When the certificate of https ends, UTC; absent without an end.",
			not_below_0(m->gate->certificate_not_after_s));
}

/* --- latencies: one bucket an octave, which is what the page keeps in quarters --- */

static void latency_write(
	struct metrics *m, enum latency latency, const char *name, const char *help)
{
	const struct status_latency *from = &m->status->latency[latency];
	uint64_t count = 0;

	family_begin(m, name, "histogram", help);
	for (unsigned i = 0; i + 1 < STATUS_BUCKETS; i++) {
		char memory[32];
		struct buf le = buf_over(memory, sizeof(memory));

		count += from->bucket[i];
		if (i % LATENCY_PER_OCTAVE != LATENCY_PER_OCTAVE - 1)
			continue;
		seconds_add(&le, (uint64_t)latency_bucket_us(i + 1) * latency_unit_us(latency));
		struct labels labels = {{{"le", buf_span(&le)}}};
		char digits_memory[24];
		struct buf digits = buf_over(digits_memory, sizeof(digits_memory));

		buf_add_u64(&digits, count);
		sample_text(m, "_bucket", &labels, buf_span(&digits));
	}
	count += from->bucket[STATUS_BUCKETS - 1];
	struct labels all = {{{"le", SPAN_LIT("+Inf")}}};
	char memory[24];
	struct buf digits = buf_over(memory, sizeof(memory));

	buf_add_u64(&digits, count);
	sample_text(m, "_bucket", &all, buf_span(&digits));
	seconds_with(m, "_sum", NULL, from->sum_us);
	sample_text(m, "_count", NULL, buf_span(&digits));
}

static void latencies_write(struct metrics *m)
{
	latency_write(m, LATENCY_DECISION, "postern_decision_seconds",
		"From the end of what a reader sent to the decision.");
	latency_write(m, LATENCY_RECORD, "postern_record_seconds",
		"From a decision to its record being on disk.");
	latency_write(m, LATENCY_UNLOCK, "postern_unlock_seconds",
		"From a record being on disk to the lock line.");
	latency_write(m, LATENCY_SYNC, "postern_disk_sync_seconds",
		"What a transaction takes to be on disk.");
}

/* --- what happened --- */

static void decisions_write(struct metrics *m)
{
	family_begin(m, "postern_decisions_total", "counter",
		"Cards and PINs that were decided on, by reason; granted: yes or no.");
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		enum reason reason = (enum reason)i;
		const struct labels labels = {{{"reason", span_from_string(reason_name(reason))},
			{"granted", reason_grants(reason) ? SPAN_LIT("yes") : SPAN_LIT("no")}}};

		sample_with(m, &labels, m->status->decisions[i]);
	}
	family_begin(m, "postern_entries_total", "counter", "What happened, by kind.");
	for (unsigned i = 0; i < JOURNAL_KIND_COUNT; i++) {
		const struct labels labels = {
			{{"kind", span_from_string(journal_kind_name((enum journal_kind)i))}}};

		sample_with(m, &labels, m->status->entries[i]);
	}
}

static void roles_write(struct metrics *m)
{
	const struct message_status *s = m->status;
	struct process_use gate;
	const struct labels of_core = {{{"role", SPAN_LIT("core")}}};
	const struct labels of_gate = {{{"role", SPAN_LIT("gate")}}};

	process_use_read(m->gate->use_fd, &gate);
	family_begin(m, "postern_role_restarts_total", "counter",
		"Ends of a role that nobody asked for.");
	for (unsigned i = ROLE_CORE; i < ROLE_COUNT; i++) {
		const struct labels labels = {
			{{"role", span_from_string(role_name((enum role)i))}}};

		sample_with(m, &labels, s->role[i].ends);
	}
	family_begin(m, "postern_role_resident_bytes", "gauge", "Memory of a role.");
	sample_with(m, &of_core, s->core_resident_bytes);
	sample_with(m, &of_gate, gate.resident_bytes);
	family_begin(m, "postern_role_cpu_seconds_total", "counter", "Processor time of a role.");
	seconds_with(m, "", &of_core, s->core_cpu_us);
	seconds_with(m, "", &of_gate, gate.cpu_us);
}

/* --- doors and readers --- */

static struct span door_id(const struct metrics *m, unsigned index)
{
	return text_span(&m->gate->settings->door[index].id);
}

static void doors_write(struct metrics *m)
{
	static const struct {
		const char *name;
		const char *help;
		size_t at; /* of the bool */
	} rows[] = {
		{"postern_door_unlocked", "1 while the lock is commanded open.",
			offsetof(struct door_state, unlocked)},
		{"postern_door_open", "1 while the contact says open; 0 without a contact.",
			offsetof(struct door_state, open)},
		{"postern_door_forced", "1 while the door stands forced.",
			offsetof(struct door_state, forced)},
		{"postern_door_held_open", "1 while the door is held open too long.",
			offsetof(struct door_state, held)},
		{"postern_door_tamper", "1 while a reader of the door is tampered with.",
			offsetof(struct door_state, tamper)},
	};

	for (unsigned r = 0; r < ARRAY_COUNT(rows); r++) {
		family_begin(m, rows[r].name, "gauge", rows[r].help);
		for (unsigned i = 0; i < m->status->door_count; i++) {
			const struct status_door *door = &m->status->door[i];
			const struct labels labels = {{{"door", door_id(m, door->index)}}};

			sample_with(m, &labels,
				*(const bool *)((const char *)&door->state + rows[r].at));
		}
	}
}

static struct labels reader_labels(const struct metrics *m, unsigned row, struct buf *digits)
{
	uint8_t number = m->status->reader[row].number;

	buf_add_u64(digits, number);
	return (struct labels){{{"reader", buf_span(digits)},
		{"door", door_id(m, m->gate->settings->reader[number - 1].config.door)}}};
}

static void readers_write(struct metrics *m)
{
	char memory[8];

	family_begin(m, "postern_reader_frames_total", "counter", "Good frames of a reader.");
	for (unsigned i = 0; i < m->status->reader_count; i++) {
		struct buf digits = buf_over(memory, sizeof(memory));
		const struct labels labels = reader_labels(m, i, &digits);

		sample_with(m, &labels, status_reader_frames(&m->status->reader[i]));
	}
	family_begin(m, "postern_reader_faults_total", "counter",
		"What was wrong with a reader's signals, by kind.");
	for (unsigned i = 0; i < m->status->reader_count; i++) {
		for (unsigned fault = 0; fault < WIEGAND_FAULTS && !m->status->reader[i].is_osdp;
			fault++) {
			struct buf digits = buf_over(memory, sizeof(memory));
			struct labels labels = reader_labels(m, i, &digits);

			labels.label[2] = (struct label){
				"fault", span_from_string(wiegand_fault_name(fault))};
			sample_with(m, &labels,
				wiegand_fault_count(&m->status->reader[i].counters, fault));
		}
	}
	family_begin(m, "postern_reader_line_held", "gauge",
		"1 while a data line of the reader stands low.");
	for (unsigned i = 0; i < m->status->reader_count; i++) {
		struct buf digits = buf_over(memory, sizeof(memory));
		const struct labels labels = reader_labels(m, i, &digits);

		sample_with(
			m, &labels, m->status->reader[i].held[0] || m->status->reader[i].held[1]);
	}
}

/* --- OSDP readers --- */

static uint64_t is_online(const struct status_reader *reader)
{
	return status_reader_online(reader);
}

static uint64_t is_secure(const struct status_reader *reader)
{
	return reader->osdp.reader.secure;
}

static uint64_t is_pairing(const struct status_reader *reader)
{
	return reader->osdp.pairing != PAIRING_NONE;
}

static void osdp_states_write(struct metrics *m)
{
	static const struct {
		const char *name;
		const char *help;
		uint64_t (*value)(const struct status_reader *reader);
	} rows[] = {
		{"postern_reader_online", "1 while the OSDP reader is online.", is_online},
		{"postern_reader_secure",
			"1 while the OSDP reader stands in a secure channel with its own key.",
			is_secure},
		{"postern_reader_pairing", "1 while the OSDP reader is being given a key.",
			is_pairing},
	};

	for (unsigned r = 0; r < ARRAY_COUNT(rows); r++) {
		family_begin(m, rows[r].name, "gauge", rows[r].help);
		for (unsigned i = 0; i < m->status->reader_count; i++) {
			char memory[8];
			struct buf digits = buf_over(memory, sizeof(memory));
			const struct labels labels = reader_labels(m, i, &digits);

			if (m->status->reader[i].is_osdp)
				sample_with(m, &labels, rows[r].value(&m->status->reader[i]));
		}
	}
}

static void osdp_write(struct metrics *m)
{
	osdp_states_write(m);
	family_begin(m, "postern_reader_reply_seconds", "gauge",
		"How long the OSDP reader takes on the average to begin a reply.");
	for (unsigned i = 0; i < m->status->reader_count; i++) {
		char memory[8];
		struct buf digits = buf_over(memory, sizeof(memory));
		const struct labels labels = reader_labels(m, i, &digits);

		if (m->status->reader[i].is_osdp)
			seconds_with(
				m, "", &labels, m->status->reader[i].osdp.reader.reply_mean_us);
	}
	family_begin(m, "postern_reader_line_events_total", "counter",
		"What happened between panel and OSDP reader, by kind.");
	for (unsigned i = 0; i < m->status->reader_count; i++) {
		for (unsigned c = 0; c < STATUS_OSDP_COUNTERS && m->status->reader[i].is_osdp;
			c++) {
			char memory[8];
			struct buf digits = buf_over(memory, sizeof(memory));
			struct labels labels = reader_labels(m, i, &digits);

			labels.label[2] = (struct label){
				"event", span_from_string(status_osdp_counters[c].label)};
			sample_with(m, &labels, status_osdp_counter(&m->status->reader[i].osdp, c));
		}
	}
}

/* --- HTTP --- */

static void replies_write(struct metrics *m)
{
	family_begin(m, "postern_http_requests_total", "counter",
		"Answered requests, by status; a status is there from its first answer on.");
	for (unsigned i = 100; i < HTTP_STATUS_MAX; i++) {
		uint64_t count = atomic_load(&m->gate->tallies.replies[i]);
		char memory[8];
		struct buf digits = buf_over(memory, sizeof(memory));

		if (count == 0)
			continue;
		buf_add_u64(&digits, i);
		const struct labels labels = {{{"status", buf_span(&digits)}}};

		sample_with(m, &labels, count);
	}
}

static void streams_write(struct metrics *m)
{
	static const char *const causes[STREAM_END_COUNT] = {
		[STREAM_END_CLIENT] = "client",
		[STREAM_END_STALLED] = "stalled",
		[STREAM_END_CLOSED] = "closed",
	};
	const struct tallies *tallies = &m->gate->tallies;
	uint64_t ended = 0;

	family_begin(m, "postern_event_streams_ended_total", "counter",
		"Event streams that ended: the client left, took nothing for too long, or was "
		"closed.");
	for (unsigned i = 0; i < STREAM_END_COUNT; i++) {
		const struct labels labels = {{{"cause", span_from_string(causes[i])}}};
		uint64_t count = atomic_load(&tallies->streams_ended[i]);

		sample_with(m, &labels, count);
		ended += count;
	}
	uint64_t opened = atomic_load(&tallies->streams_opened);

	counter(m, "postern_event_streams_opened_total", "Event streams that were opened.", opened);
	gauge(m, "postern_event_streams", "Event streams that are open.",
		opened > ended ? opened - ended : 0);
	counter(m, "postern_events_sent_total", "Events sent to subscribers.",
		atomic_load(&tallies->events));
}

void metrics_answer(struct request *request, const void *message)
{
	struct metrics m = {.request = request, .gate = request->gate, .status = message};

	if (message_type_of(message) != MESSAGE_STATUS) {
		operation_unexpected(request, message);
		return;
	}
	controller_write(&m);
	content_write(&m);
	latencies_write(&m);
	decisions_write(&m);
	roles_write(&m);
	doors_write(&m);
	readers_write(&m);
	osdp_write(&m);
	replies_write(&m);
	streams_write(&m);
	request->reply.type = REPLY_METRICS;
	request->reply.status = 200;
	request_finish(request);
}
