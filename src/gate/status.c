// SPDX-License-Identifier: Apache-2.0
/*
 * How the controller does, as rows of the CGI. Core sends everything in one message; what is judged
 * of it, the alarms, is judged here, so that status and metrics say the same. An alarm stands while
 * its cause does; what happens in an instant (a role that ended, a late record) stands for
 * ALARM_RECENT_S.
 */
#include "status.h"

#include "base/assert.h"
#include "protocols/keyvalue.h"

#define READERS_ASKED_NS (5 * NS_PER_S) /* until then an OSDP reader need not be online */
#define LINES_BYTES 2048 /* of one row, with an id of 32 bytes and a name of each key */

void status_begin(struct request *request)
{
	struct message_with_handle query = {
		.header = {.type = MESSAGE_STATUS_QUERY},
		.handle = request->handle, /* of zeros for who needs no account */
	};

	core_ask(request, &query);
}

uint64_t status_records_kept(const struct message_status *status)
{
	return status->last_rec_no + 1 > status->oldest_rec_no
		       ? status->last_rec_no + 1 - status->oldest_rec_no
		       : 0;
}

uint64_t status_reader_faults(const struct status_reader *reader)
{
	uint64_t faults = 0;

	if (reader->is_osdp)
		return reader->osdp.reader.counters.check_errors +
		       reader->osdp.reader.counters.mac_errors +
		       reader->osdp.reader.counters.unreadable;
	for (unsigned i = 0; i < WIEGAND_FAULTS; i++)
		faults += wiegand_fault_count(&reader->counters, i);
	return faults;
}

uint64_t status_reader_frames(const struct status_reader *reader)
{
	return reader->is_osdp ? reader->osdp.reader.counters.exchanges : reader->counters.frames;
}

bool status_reader_online(const struct status_reader *reader)
{
	return reader->is_osdp && reader->osdp.reader.state == OSDP_STATE_ONLINE;
}

/* The secure channel was tried and is not there, or somebody else answers. */
static bool is_insecure(const struct status_reader *reader)
{
	switch ((enum osdp_why)reader->osdp.reader.why) {
	case OSDP_WHY_NO_SECURE_CHANNEL:
	case OSDP_WHY_KEY:
	case OSDP_WHY_MAC:
	case OSDP_WHY_IDENTITY:
		return reader->osdp.reader.state != OSDP_STATE_ONLINE;
	default:
		return false;
	}
}

uint64_t status_late_records(const struct message_status *status)
{
	return status->entries[JOURNAL_UNLOCKED_BEFORE_RECORD] +
	       status->decisions[REASON_STORAGE_SLOW];
}

/* --- alarms --- */

struct alarms {
	const struct gate *gate;
	const struct message_status *status;
	status_alarm_fn *each;
	void *user;
	unsigned count;
};

/* about: named in front of the sentence; may be empty. */
static void alarm_raise(struct alarms *alarms, const char *name, const char *kind,
	struct span about, const char *sentence)
{
	char memory[256];
	struct buf text = buf_over(memory, sizeof(memory));

	alarms->count++;
	if (alarms->each == NULL)
		return;
	buf_add_string(&text, kind);
	if (about.len > 0)
		buf_add_byte(&text, ' ');
	buf_add(&text, about);
	buf_add_string(&text, sentence);
	ASSERT(!text.overflow);
	alarms->each(alarms->user, name, buf_span(&text));
}

static bool is_recent(const struct message_status *status, int64_t at_ns)
{
	return at_ns > 0 && status->boot_ns - at_ns < ALARM_RECENT_S * NS_PER_S;
}

static void alarms_of_core(struct alarms *alarms)
{
	const struct message_status *status = alarms->status;
	const struct span nothing = {NULL, 0};

	if (!status->clock_trusted)
		alarm_raise(alarms, "ClockUntrusted", "the clock", nothing,
			" is not trusted: see to NTP or a real-time clock");
	if (status->store_failed)
		alarm_raise(alarms, "StoreFailed", "the store", nothing,
			" failed, records wait in memory: look at the disk of STATE");
	if (is_recent(status, status->slow_ns))
		alarm_raise(alarms, "StorageSlow", "the disk", nothing,
			" was too slow for a door within the last 10 minutes");
	if (status->persons >= alarms->gate->settings->persons_max)
		alarm_raise(alarms, "PersonsFull", "limits.persons", nothing,
			" is reached: nobody can be enrolled any more");
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		if (is_recent(status, status->role[i].latest_ns))
			alarm_raise(alarms, "RoleRestarted", "role",
				span_from_string(role_name((enum role)i)),
				" ended and was started again within the last 10 minutes: see the "
				"log");
	}
}

static void alarms_of_doors(struct alarms *alarms)
{
	for (unsigned i = 0; i < alarms->status->door_count; i++) {
		const struct status_door *door = &alarms->status->door[i];
		struct span id = text_span(&alarms->gate->settings->door[door->index].id);

		if (door->state.forced)
			alarm_raise(alarms, "DoorForced", "door", id, " was opened by force");
		if (door->state.held)
			alarm_raise(alarms, "DoorHeldOpen", "door", id, " is held open");
		if (door->state.tamper)
			alarm_raise(alarms, "DoorTamper", "door", id,
				" has a reader that is tampered with");
	}
}

/* Core has just begun to ask its readers. */
static bool is_fresh(const struct message_status *status)
{
	return status->boot_ns - status->core_started_ns < READERS_ASKED_NS;
}

static void alarms_of_readers(struct alarms *alarms)
{
	for (unsigned i = 0; i < alarms->status->reader_count; i++) {
		const struct status_reader *reader = &alarms->status->reader[i];
		char memory[8];
		struct buf number = buf_over(memory, sizeof(memory));

		buf_add_u64(&number, reader->number);
		if (reader->is_osdp && is_insecure(reader))
			alarm_raise(alarms, "ReaderInsecure", "reader", buf_span(&number),
				" is offline: it has another key, is another reader, or somebody "
				"is "
				"on its wires: `postern osdp status` says more");
		else if (reader->is_osdp && !status_reader_online(reader) &&
			 !is_fresh(alarms->status))
			alarm_raise(alarms, "ReaderOffline", "reader", buf_span(&number),
				" is offline: `postern osdp status` says why");
		if (!reader->held[0] && !reader->held[1])
			continue;
		alarm_raise(alarms, "ReaderLineHeld", "reader", buf_span(&number),
			" has a data line that stands low: `postern reader test` says more");
	}
}

static void alarms_of_certificate(struct alarms *alarms)
{
	int64_t end_s = alarms->gate->certificate_not_after_s;
	int64_t now_s = alarms->status->utc_ms / MS_PER_S;
	const struct span nothing = {NULL, 0};

	if (end_s <= now_s)
		alarm_raise(alarms, "CertificateExpired", "the certificate of https", nothing,
			" has ended: renew it and restart posternd");
	else if (end_s - now_s < CERTIFICATE_WARN_S)
		alarm_raise(alarms, "CertificateEnds", "the certificate of https", nothing,
			" ends within 14 days: renew it and restart posternd");
}

unsigned status_alarms(const struct gate *gate, const struct message_status *status,
	status_alarm_fn *each, void *user)
{
	struct alarms alarms = {gate, status, each, user, 0};

	alarms_of_core(&alarms);
	alarms_of_doors(&alarms);
	alarms_of_readers(&alarms);
	alarms_of_certificate(&alarms);
	return alarms.count;
}

/* --- rows --- */

/* The lines of one row, "doors[3]." in front of each. */
struct lines {
	struct request *request;
	struct buf out;
	struct span prefix;
	char prefix_memory[24];
	char memory[LINES_BYTES];
};

static void lines_begin(
	struct lines *lines, struct request *request, const char *table, unsigned row)
{
	struct buf prefix = buf_over(lines->prefix_memory, sizeof(lines->prefix_memory));

	lines->request = request;
	lines->out = buf_over(lines->memory, sizeof(lines->memory));
	if (table != NULL) {
		buf_add_string(&prefix, table);
		buf_add_byte(&prefix, '[');
		buf_add_u64(&prefix, row);
		buf_add_string(&prefix, "].");
	}
	lines->prefix = buf_span(&prefix);
}

static void lines_end(struct lines *lines)
{
	ASSERT(!lines->out.overflow);
	(void)reply_add(&lines->request->reply, buf_span(&lines->out));
}

static void line_text(struct lines *lines, const char *key, struct span value)
{
	keyvalue_row_text(&lines->out, lines->prefix, key, value);
}

static void line_number(struct lines *lines, const char *key, uint64_t value)
{
	char memory[24];
	struct buf digits = buf_over(memory, sizeof(memory));

	buf_add_u64(&digits, value);
	line_text(lines, key, buf_span(&digits));
}

static void line_bool(struct lines *lines, const char *key, bool value)
{
	line_text(lines, key, value ? SPAN_LIT("true") : SPAN_LIT("false"));
}

/* 0 for what lies in the future: another clock's. */
static uint64_t seconds_since(const struct message_status *status, int64_t at_ns)
{
	return status->boot_ns > at_ns ? (uint64_t)((status->boot_ns - at_ns) / NS_PER_S) : 0;
}

static void sync_lines(struct lines *lines, const struct message_status *status)
{
	const uint32_t *bucket = status->latency[LATENCY_SYNC].bucket;
	uint64_t count = 0;

	for (unsigned i = 0; i < STATUS_BUCKETS; i++)
		count += bucket[i];
	line_number(lines, "sync.Count", count);
	line_number(lines, "sync.P50US", latency_percentile_us(LATENCY_SYNC, bucket, 50));
	line_number(lines, "sync.P99US", latency_percentile_us(LATENCY_SYNC, bucket, 99));
	line_number(lines, "sync.Late", status_late_records(status));
}

static void head_print(struct request *request, const struct message_status *status)
{
	const struct gate *gate = request->gate;
	uint64_t utc_ms = status->utc_ms < 0 ? 0 : (uint64_t)status->utc_ms;
	struct lines lines;

	lines_begin(&lines, request, NULL, 0);
	line_bool(&lines, "good", status_alarms(gate, status, NULL, NULL) == 0);
	line_bool(&lines, "clock.Trusted", status->clock_trusted);
	line_number(&lines, "clock.UTC", utc_ms / MS_PER_S);
	line_number(&lines, "clock.UTCMS", utc_ms % MS_PER_S);
	line_number(&lines, "uptime", seconds_since(status, status->started_ns));
	line_bool(&lines, "store.Failed", status->store_failed);
	line_number(&lines, "store.Waiting", status->entries_waiting);
	sync_lines(&lines, status);
	line_number(&lines, "records.First", status->oldest_rec_no);
	line_number(&lines, "records.Last", status->last_rec_no);
	line_number(&lines, "records.Kept", status_records_kept(status));
	line_number(&lines, "records.Max", gate->settings->records_max);
	if (status->has_records_days_left)
		line_number(&lines, "records.DaysLeft", status->records_days_left);
	line_number(&lines, "persons.Count", status->persons);
	line_number(&lines, "persons.Max", gate->settings->persons_max);
	if (status->has_backup) {
		line_number(&lines, "backup.UTC",
			status->backup_utc_s < 0 ? 0 : (uint64_t)status->backup_utc_s);
		line_number(&lines, "backup.RecNo", status->backup_rec_no);
	}
	if (gate->certificate_not_after_s != INT64_MAX)
		line_number(&lines, "certificate.NotAfter",
			gate->certificate_not_after_s < 0
				? 0
				: (uint64_t)gate->certificate_not_after_s);
	lines_end(&lines);
}

static void roles_print(struct request *request, const struct message_status *status)
{
	struct lines lines;
	unsigned row = 0;

	for (unsigned i = ROLE_CORE; i < ROLE_COUNT; i++) {
		if (i == ROLE_SIM && !request->gate->settings->simulated_lines)
			continue;
		lines_begin(&lines, request, "roles", row++);
		line_text(&lines, "Name", span_from_string(role_name((enum role)i)));
		line_number(&lines, "Restarts", status->role[i].ends);
		if (status->role[i].latest_ns > 0)
			line_number(&lines, "LatestAgo",
				seconds_since(status, status->role[i].latest_ns));
		lines_end(&lines);
	}
}

static void doors_print(struct request *request, const struct message_status *status)
{
	for (unsigned i = 0; i < status->door_count; i++) {
		const struct status_door *door = &status->door[i];
		struct lines lines;

		lines_begin(&lines, request, "doors", i);
		line_number(&lines, "Index", door->index);
		line_text(&lines, "ID", text_span(&request->gate->settings->door[door->index].id));
		line_bool(&lines, "Unlocked", door->state.unlocked);
		if (door->state.has_contact)
			line_bool(&lines, "Open", door->state.open);
		line_bool(&lines, "Forced", door->state.forced);
		line_bool(&lines, "HeldOpen", door->state.held);
		line_bool(&lines, "Tamper", door->state.tamper);
		line_text(&lines, "Assurance",
			settings_door_low(request->gate->settings, door->index)
				? SPAN_LIT("low")
				: SPAN_LIT("secure"));
		lines_end(&lines);
	}
}

static void readers_print(struct request *request, const struct message_status *status)
{
	const struct settings *settings = request->gate->settings;

	for (unsigned i = 0; i < status->reader_count; i++) {
		const struct status_reader *reader = &status->reader[i];
		uint8_t door = settings->reader[reader->number - 1].config.door;
		struct lines lines;

		lines_begin(&lines, request, "readers", i);
		line_number(&lines, "Number", reader->number);
		line_text(&lines, "Door", text_span(&settings->door[door].id));
		line_number(&lines, "Frames", status_reader_frames(reader));
		line_number(&lines, "Faults", status_reader_faults(reader));
		line_bool(&lines, "Held0", reader->held[0]);
		line_bool(&lines, "Held1", reader->held[1]);
		line_text(&lines, "Assurance",
			settings_reader_low(settings, reader->number) ? SPAN_LIT("low")
								      : SPAN_LIT("secure"));
		if (reader->is_osdp) {
			line_bool(&lines, "Online", status_reader_online(reader));
			line_bool(&lines, "Secure", reader->osdp.reader.secure);
		}
		lines_end(&lines);
	}
}

static void alarm_print(void *user, const char *name, struct span text)
{
	struct request *request = user;
	struct lines lines;

	lines_begin(&lines, request, "alarms", request->step++);
	line_text(&lines, "Name", span_from_string(name));
	line_text(&lines, "Text", text);
	lines_end(&lines);
}

void status_answer(struct request *request, const void *message)
{
	const struct message_status *status = message;

	if (message_type_of(message) != MESSAGE_STATUS) {
		operation_unexpected(request, message);
		return;
	}
	head_print(request, status);
	roles_print(request, status);
	doors_print(request, status);
	readers_print(request, status);
	(void)status_alarms(request->gate, status, alarm_print, request);
	request->reply.status = 200;
	request_finish(request);
}
