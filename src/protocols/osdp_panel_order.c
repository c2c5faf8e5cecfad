// SPDX-License-Identifier: Apache-2.0
/*
 * What the owner wants of a reader, made into commands. How it looks is not queued: the newest look
 * wins, and what of it was only for a moment is left out when the moment is over. Everything else
 * waits in a short queue, in order. A file goes fragment by fragment between polls, in pieces that
 * take a tenth of a second of the line at most, so that the other readers are not kept waiting.
 */
#include "osdp_panel.h"

#include "base/assert.h"

#define STATES_ROUNDS 24
#define MOMENT_NS (2 * NS_PER_S)
#define FRAGMENT_MIN 64u
#define ORDER_DATA_MAX OSDP_BUS_RAW_MAX

/* --- looks --- */

static struct osdp_blink blink_of(const struct osdp_light *light, uint8_t code)
{
	return (struct osdp_blink){
		.code = code,
		.on_100ms = light->on_100ms || light->off_100ms ? light->on_100ms : 1,
		.off_100ms = light->off_100ms,
		.on_colour = light->on_colour,
		.off_colour = light->off_colour,
	};
}

/* Of the temporary light what is left of its time. */
static void led_encode(struct osdp_panel *panel, struct buf *out, int64_t now_ns)
{
	const struct osdp_look *look = &panel->look;
	int64_t passed_100ms = (now_ns - panel->look_ns) / (100 * NS_PER_MS);
	struct osdp_led led = {.reader = look->head};

	if (panel->has_permanent)
		led.permanent = blink_of(&panel->permanent, OSDP_LED_PERMANENT_SET);
	led.temporary.code = OSDP_LED_TEMPORARY_CANCEL;
	if (look->temporary_100ms > passed_100ms) {
		led.temporary = blink_of(&look->temporary, OSDP_LED_TEMPORARY_SET);
		led.timer_100ms = (uint16_t)(look->temporary_100ms - passed_100ms);
	}
	osdp_led_encode(out, &led);
}

static void sound_encode(struct osdp_panel *panel, struct buf *out, int64_t now_ns)
{
	const struct osdp_look *look = &panel->look;
	struct osdp_buz buz = {.reader = look->head, .tone = OSDP_TONE_OFF};
	int64_t once_100ms = look->beep_on_100ms + look->beep_off_100ms;

	if (look->beeps > 0) {
		buz.tone = OSDP_TONE_DEFAULT;
		buz.on_100ms = look->beep_on_100ms ? look->beep_on_100ms : 1;
		buz.off_100ms = look->beep_off_100ms;
		buz.count = look->beeps;
	}
	panel->sounds_until_ns = now_ns + look->beeps * (once_100ms + 1) * 100 * NS_PER_MS;
	osdp_buz_encode(out, &buz);
}

static void text_encode(const struct osdp_panel *panel, struct buf *out)
{
	const struct osdp_look *look = &panel->look;
	struct osdp_text text = {
		.reader = look->head,
		.command = look->text_s ? OSDP_TEXT_TEMPORARY : OSDP_TEXT_PERMANENT,
		.temporary_s = look->text_s,
		.row = 1,
		.column = 1,
		.text = span_of(look->text, look->text_len),
	};

	osdp_text_encode(out, &text);
}

static bool look_next(struct osdp_panel *panel, int64_t now_ns)
{
	uint8_t memory[ORDER_DATA_MAX];
	struct buf out = buf_over(memory, sizeof(memory));
	bool over = now_ns - panel->look_ns > MOMENT_NS;
	uint8_t todo = panel->look_todo;
	uint8_t command = OSDP_TEXT;

	if (todo & LOOK_LED) {
		panel->look_todo = todo & (uint8_t)~LOOK_LED;
		command = OSDP_LED;
		led_encode(panel, &out, now_ns);
	} else if (todo & LOOK_SOUND) {
		panel->look_todo = todo & (uint8_t)~LOOK_SOUND;
		if (over || (panel->look.beeps == 0 && now_ns > panel->sounds_until_ns))
			return false;
		command = OSDP_BUZ;
		sound_encode(panel, &out, now_ns);
	} else {
		panel->look_todo = 0;
		if ((over && panel->look.text_s) || panel->capabilities.texts == 0)
			return false;
		text_encode(panel, &out);
	}
	return !out.overflow && !panel_command_refused(panel, command) &&
	       panel_frame_command(panel, command, buf_span(&out));
}

static void look_take(struct osdp_panel *panel, const struct osdp_look *look, int64_t now_ns)
{
	panel->look = *look;
	panel->look_ns = now_ns;
	if (look->has_permanent) {
		panel->has_permanent = true;
		panel->permanent = look->permanent;
	}
	panel->look_todo = LOOK_LED | LOOK_SOUND;
	if (look->text_len > 0)
		panel->look_todo |= LOOK_TEXT;
}

bool panel_is_urgent(const struct osdp_panel *panel)
{
	return panel->look_todo != 0 ||
	       (panel->orders_count > 0 &&
		       panel->orders[panel->orders_first].kind == OSDP_ORDER_OUTPUT);
}

/* --- files --- */

static void file_begin(
	const struct osdp_bus *bus, struct osdp_panel *panel, const struct osdp_order *order)
{
	size_t most = panel_data_max(panel) - OSDP_FILETRANSFER_HEAD;
	size_t fair = bus->config.baud / 100; /* bytes in a tenth of a second */

	if (fair < FRAGMENT_MIN)
		fair = FRAGMENT_MIN;
	panel->file.active = true;
	panel->file.polled = true;
	panel->file.data = order->file.data;
	osdp_file_send_init(&panel->file.send, order->file.type, (uint32_t)order->file.data.len,
		(uint16_t)(most < fair ? most : fair));
}

void panel_file_end(struct osdp_bus *bus, struct osdp_panel *panel, enum osdp_bus_file_state state,
	int16_t status, int64_t now_ns)
{
	struct osdp_event *event;

	if (!panel->file.active)
		return;
	event = bus_event(bus, panel, OSDP_EVENT_FILE, now_ns);
	event->file.state = (uint8_t)state;
	event->file.status = status;
	event->file.sent = panel->file.send.offset;
	event->file.total = panel->file.send.total;
	if (state != OSDP_BUS_FILE_SENDING && state != OSDP_BUS_FILE_FINISHING)
		panel->file = (struct panel_file){.active = false};
}

void panel_file_answer(
	struct osdp_bus *bus, struct osdp_panel *panel, struct span data, int64_t now_ns)
{
	struct osdp_ftstat status;

	if (!panel->file.active || panel->command != OSDP_FILETRANSFER)
		return;
	if (!osdp_ftstat_decode(data, &status)) {
		panel->counters.unreadable++;
		panel_file_end(bus, panel, OSDP_BUS_FILE_REFUSED, OSDP_FTSTAT_MALFORMED, now_ns);
		return;
	}
	switch (osdp_file_send_answer(
		&panel->file.send, &status, osdp_secure_established(&panel->secure), now_ns)) {
	case OSDP_FILE_MORE:
		panel_file_end(bus, panel,
			panel->file.send.finishing ? OSDP_BUS_FILE_FINISHING
						   : OSDP_BUS_FILE_SENDING,
			status.status, now_ns);
		break;
	case OSDP_FILE_DONE:
	case OSDP_FILE_REBOOTING:
		panel_file_end(bus, panel, OSDP_BUS_FILE_DONE, status.status, now_ns);
		break;
	case OSDP_FILE_FAILED:
		panel_file_end(bus, panel, OSDP_BUS_FILE_REFUSED, status.status, now_ns);
		break;
	}
}

static bool file_next(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns)
{
	struct osdp_filetransfer part = {
		.type = panel->file.send.type, .total = panel->file.send.total};
	struct buf out = buf_over(bus->kept, sizeof(bus->kept));
	uint16_t len;

	if (!panel->file.send.exclusive && !panel->file.polled) {
		panel->file.polled = true; /* a poll between two fragments */
		return false;
	}
	if (!osdp_file_send_next(&panel->file.send, now_ns, &part.offset, &len))
		return false;
	panel->file.polled = false;
	part.fragment = span_slice(panel->file.data, part.offset, len);
	osdp_filetransfer_encode(&out, &part);
	return !out.overflow && panel_frame_command(panel, OSDP_FILETRANSFER, buf_span(&out));
}

/* --- the queue --- */

/* Encodes the order; 0: it has no command of its own. */
static uint8_t order_encode(const struct osdp_order *order, struct buf *out)
{
	switch ((enum osdp_order_kind)order->kind) {
	case OSDP_ORDER_OUTPUT:
		osdp_out_encode(out, &(struct osdp_out){.output = order->output.number,
					     .code = order->output.code,
					     .timer_100ms = order->output.time_100ms});
		return OSDP_OUT;
	case OSDP_ORDER_COMSET:
		osdp_com_encode(out,
			&(struct osdp_com){.address = order->com.address, .baud = order->com.baud});
		return OSDP_COMSET;
	case OSDP_ORDER_MFG:
		buf_add(out, span_of(order->mfg.bytes, order->mfg.len));
		return OSDP_MFG;
	case OSDP_ORDER_BIOREAD:
		osdp_bioread_encode(out, &(struct osdp_bioread){.reader = order->biometric.head,
						 .type = order->biometric.type,
						 .format = order->biometric.format,
						 .quality = order->biometric.quality});
		return OSDP_BIOREAD;
	case OSDP_ORDER_KEEPACTIVE:
		osdp_u16_encode(out, order->active_ms);
		return OSDP_KEEPACTIVE;
	default:
		return 0;
	}
}

static bool queue_next(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns)
{
	uint8_t memory[ORDER_DATA_MAX];
	struct buf out = buf_over(memory, sizeof(memory));
	struct osdp_order *order = &panel->orders[panel->orders_first];
	uint8_t command = order_encode(order, &out);

	ASSERT(command != 0 && !out.overflow);
	panel->orders_first = (uint8_t)((panel->orders_first + 1) % OSDP_BUS_ORDERS_MAX);
	panel->orders_count--;
	if (panel_frame_command(panel, command, buf_span(&out)))
		return true;

	/* Too long for this reader, as it would say itself. */
	struct osdp_event *event = bus_event(bus, panel, OSDP_EVENT_NAK, now_ns);

	event->nak.command = command;
	event->nak.code = OSDP_NAK_LENGTH;
	return false;
}

void panel_orders_drop(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns)
{
	panel->orders_count = 0;
	if (panel->file.active)
		panel_file_end(bus, panel, OSDP_BUS_FILE_BROKEN, 0, now_ns);
}

/* --- states --- */

void panel_ask_states(struct osdp_panel *panel)
{
	for (unsigned i = 0; i < STATES; i++) {
		panel->asked_ns[i] = LONG_AGO_NS;
		panel->state_count[i] = UINT8_MAX; /* whatever comes is news */
	}
	if (panel->has_permanent)
		panel->look_todo |= LOOK_LED;
}

/*
 * Readers tell of changes themselves when they are polled; those that do not are asked now and
 * then, the more seldom the longer a round takes.
 */
static bool states_next(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns)
{
	static const int64_t every_ns[STATES] = {
		10 * NS_PER_S, 10 * NS_PER_S, 60 * NS_PER_S, 60 * NS_PER_S};
	int64_t rounds_ns = STATES_ROUNDS * ROUND_CHARS * bus->char_ns * bus->config.reader_count;

	if (now_ns >= panel->refused_until_ns) {
		panel->refused_until_ns = NEVER_NS;
		memset(panel->refused, 0, sizeof(panel->refused));
	}
	/* Not all readers in one round, which would be a long one. */
	if (now_ns - bus->asked_ns < rounds_ns / (STATES_ROUNDS * 2))
		return false;
	for (unsigned i = 0; i < STATES; i++) {
		uint8_t command = (uint8_t)(OSDP_LSTAT + i);
		bool has = i == 0 || (i == 1 && panel->capabilities.inputs > 0) ||
			   (i == 2 && panel->capabilities.outputs > 0) ||
			   (i == 3 && panel->capabilities.heads > 0);

		if (!has || panel_command_refused(panel, command) ||
			now_ns - panel->asked_ns[i] < every_ns[i] ||
			now_ns - panel->asked_ns[i] < rounds_ns)
			continue;
		panel->asked_ns[i] = now_ns;
		bus->asked_ns = now_ns;
		return panel_frame_command(panel, command, (struct span){NULL, 0});
	}
	return false;
}

/* What every session begins with. */
static bool session_next(struct osdp_panel *panel)
{
	uint8_t todo = panel->session_todo;

	panel->session_todo = 0;
	if (todo & SESSION_CAP) {
		panel->session_todo = todo & (uint8_t)~SESSION_CAP;
		return panel_frame_command(
			panel, OSDP_CAP, panel->bare_ask ? (struct span){NULL, 0} : SPAN_LIT("\0"));
	}
	return todo & SESSION_SIZE && panel->capabilities.receive_size > 0 &&
	       !panel_command_refused(panel, OSDP_ACURXSIZE) &&
	       panel_frame_command(panel, OSDP_ACURXSIZE, SPAN_LIT("\xa0\x05"));
}

bool panel_order_next(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns)
{
	bool exclusive = panel->file.active && panel->file.send.exclusive;

	while (!exclusive && panel->look_todo != 0)
		if (look_next(panel, now_ns))
			return true;
	while (!exclusive && panel->orders_count > 0)
		if (queue_next(bus, panel, now_ns))
			return true;
	if (panel->file.active && file_next(bus, panel, now_ns))
		return true;
	/* A card waits for a poll: what is not urgent never keeps two in a row from it. */
	if (exclusive || panel->command != OSDP_POLL)
		return false;
	return session_next(panel) || states_next(bus, panel, now_ns);
}

/* --- from outside --- */

static bool look_is_valid(const struct osdp_look *look)
{
	bool valid = look->text_len <= OSDP_BUS_TEXT_MAX && look->permanent.on_colour <= 7 &&
		     look->permanent.off_colour <= 7 && look->temporary.on_colour <= 7 &&
		     look->temporary.off_colour <= 7;

	for (unsigned i = 0; valid && i < look->text_len; i++)
		valid = look->text[i] >= 0x20 && look->text[i] <= 0x7e;
	return valid;
}

static bool order_is_valid(
	const struct osdp_bus *bus, const struct osdp_panel *panel, const struct osdp_order *order)
{
	switch ((enum osdp_order_kind)order->kind) {
	case OSDP_ORDER_LOOK:
		return look_is_valid(&order->look);
	case OSDP_ORDER_OUTPUT:
		return order->output.code >= OSDP_OUT_OFF &&
		       order->output.code <= OSDP_OUT_OFF_FOR_TIMER &&
		       (order->output.code < OSDP_OUT_ON_FOR_TIMER || order->output.time_100ms > 0);
	case OSDP_ORDER_COMSET:
		for (unsigned i = 0; i < bus->config.reader_count; i++)
			if (&bus->panels[i] != panel &&
				bus->panels[i].config.address == order->com.address)
				return false;
		return order->com.address <= OSDP_ADDRESS_MAX && order->com.baud >= 9600 &&
		       order->com.baud <= 230400;
	case OSDP_ORDER_FILE:
		return order->file.data.len > 0 && order->file.data.len <= UINT32_MAX;
	case OSDP_ORDER_MFG:
		return order->mfg.len >= OSDP_VENDOR_SIZE && order->mfg.len <= OSDP_BUS_RAW_MAX;
	default:
		return order->kind < OSDP_ORDER_COUNT;
	}
}

static enum osdp_taken keys_take(
	struct osdp_panel *panel, const struct osdp_order *order, int64_t now_ns)
{
	const __typeof__(order->keys) *keys = &order->keys;
	struct osdp_bus_reader *config = &panel->config;

	if ((keys->has_key && osdp_key_is_weak(keys->key)) ||
		(keys->has_pending && osdp_key_is_weak(keys->pending)))
		return OSDP_TAKEN_NOT_WEAK;
	if (panel->pairing.active)
		return OSDP_TAKEN_NOT_FULL;
	if (panel->state != OSDP_STATE_ONLINE)
		panel_link_reset(panel, STEP_ID); /* what is under way is of other keys */
	config->has_key = keys->has_key;
	config->has_pending = keys->has_pending;
	config->has_identity = keys->has_identity;
	config->identity = keys->identity;
	memcpy(config->key, keys->key, OSDP_KEY_SIZE);
	memcpy(config->pending, keys->pending, OSDP_KEY_SIZE);
	panel->renew = true;
	panel->key_failures = 0;
	panel->backoff_ns = 0;
	panel->not_before_ns = now_ns;
	return OSDP_TAKEN;
}

static enum osdp_taken pending_take(
	struct osdp_panel *panel, const struct osdp_order *order, int64_t now_ns)
{
	if (osdp_key_is_weak(order->pair.key))
		return OSDP_TAKEN_NOT_WEAK;
	if (panel->pairing.active)
		return OSDP_TAKEN_NOT_FULL;
	memcpy(panel->config.pending, order->pair.key, OSDP_KEY_SIZE);
	panel->config.has_pending = true;
	panel->key_failures = 0;
	panel->backoff_ns = 0;
	if (panel->state != OSDP_STATE_ONLINE)
		panel->not_before_ns = now_ns;
	return OSDP_TAKEN;
}

enum osdp_taken osdp_bus_order(
	struct osdp_bus *bus, unsigned reader, const struct osdp_order *order, int64_t now_ns)
{
	ASSERT(reader < bus->config.reader_count);

	struct osdp_panel *panel = &bus->panels[reader];

	if (!order_is_valid(bus, panel, order))
		return OSDP_TAKEN_NOT_INVALID;
	switch ((enum osdp_order_kind)order->kind) {
	case OSDP_ORDER_LOOK:
		look_take(panel, &order->look, now_ns);
		return OSDP_TAKEN;
	case OSDP_ORDER_PAIR:
	case OSDP_ORDER_ROTATE:
		return panel_pair(bus, panel, order, now_ns);
	case OSDP_ORDER_PAIR_CANCEL:
		if (panel->pairing.active)
			panel_pair_end(bus, panel, OSDP_WHY_WINDOW, now_ns);
		return OSDP_TAKEN;
	case OSDP_ORDER_KEYS:
		return keys_take(panel, order, now_ns);
	case OSDP_ORDER_PAIR_KEY:
		return panel_pair_key(panel, order, now_ns);
	case OSDP_ORDER_PENDING:
		return pending_take(panel, order, now_ns);
	case OSDP_ORDER_FILE_CANCEL:
		panel_file_end(bus, panel, OSDP_BUS_FILE_BROKEN, 0, now_ns);
		return OSDP_TAKEN;
	default:
		break;
	}
	if (panel->state != OSDP_STATE_ONLINE)
		return OSDP_TAKEN_NOT_OFFLINE;
	if (order->kind == OSDP_ORDER_FILE) {
		if (panel->file.active)
			return OSDP_TAKEN_NOT_FULL;
		file_begin(bus, panel, order);
		return OSDP_TAKEN;
	}
	if (panel->orders_count == OSDP_BUS_ORDERS_MAX)
		return OSDP_TAKEN_NOT_FULL;
	panel->orders[(panel->orders_first + panel->orders_count) % OSDP_BUS_ORDERS_MAX] = *order;
	panel->orders_count++;
	return OSDP_TAKEN;
}
