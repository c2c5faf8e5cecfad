// SPDX-License-Identifier: Apache-2.0
/*
 * Pairings one after the other: the answer to a KEYSET is lost, and the next pairing or rotation is
 * asked for at once. The reader's key is never one that the panel has thrown away.
 */
#include "osdp_bus_rig.h"

static struct rig rig;

static const uint8_t other_key[OSDP_KEY_SIZE] = {0x5c, 0x02, 0xe7, 0x39, 0x90, 0x4b, 0xd1, 0x76,
	0xaf, 0x18, 0xc3, 0x6d, 0xf4, 0x21, 0x8a, 0x07};

static struct osdp_order order_of(enum osdp_order_kind kind, const uint8_t *key, int64_t window_ns)
{
	struct osdp_order order = {.kind = (uint8_t)kind};

	order.pair.later = kind == OSDP_ORDER_PAIR;
	if (key != NULL)
		memcpy(order.pair.key, key, OSDP_KEY_SIZE);
	order.pair.until_ns = rig.now_ns + window_ns;
	return order;
}

static void assert_order(enum osdp_order_kind kind, const uint8_t *key, enum osdp_taken taken)
{
	assert_int_equal(rig_order(&rig, order_of(kind, key, 60 * S)), taken);
}

static void begin_unpaired(void)
{
	struct osdp_bus_reader reader = {.address = RIG_ADDRESS};
	struct osdp_device_config device = rig_device();

	device.has_key = false;
	device.install_mode = true;
	rig_init(&rig, &reader, &device);
	rig_run(&rig, 3 * S);
}

static void begin_paired(void)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();

	rig_init(&rig, &reader, &device);
	rig_run(&rig, 2 * S);
	assert_true(rig_is_online(&rig));
}

static void wait_wanted(unsigned count)
{
	for (int64_t until_ns = rig.now_ns + 20 * S;
		rig.count[OSDP_EVENT_KEY_WANTED] < count && rig.now_ns < until_ns;)
		rig_run(&rig, 10 * MS);
	assert_int_equal(rig.count[OSDP_EVENT_KEY_WANTED], count);
}

static void assert_paired_with(const uint8_t *key)
{
	assert_true(rig_is_online(&rig));
	assert_true(rig_status(&rig).secure);
	assert_false(rig_status(&rig).keyset_open);
	assert_true(rig.device.config.has_key);
	assert_memory_equal(rig.device.config.key, key, OSDP_KEY_SIZE);
	assert_int_equal(rig.in_clear[OSDP_KEYSET], 0);
	assert_false(rig.secret_seen);
	/* It is the key, not the pending one: also for a reader that was without power. */
	osdp_device_power_cycle(&rig.device, rig.now_ns);
	rig_run(&rig, 5 * S);
	assert_true(rig_is_online(&rig));
}

static void drop_answer(
	struct rig *self, const struct osdp_frame *frame UNUSED, uint8_t *bytes UNUSED, size_t *len)
{
	if (self->commands[OSDP_KEYSET] > 0)
		*len = 0;
}

static void drop_keyset(
	struct rig *self, const struct osdp_frame *frame, uint8_t *bytes UNUSED, size_t *len)
{
	(void)self;
	if (frame->code == OSDP_KEYSET)
		*len = 0;
}

static void test_key_is_asked_for(void **state UNUSED)
{
	begin_unpaired();
	assert_order(OSDP_ORDER_PAIR_KEY, rig_secret, OSDP_TAKEN_NOT_FULL);
	assert_order(OSDP_ORDER_PAIR, NULL, OSDP_TAKEN);
	assert_order(OSDP_ORDER_PAIR_KEY, rig_secret, OSDP_TAKEN_NOT_FULL);
	wait_wanted(1);
	rig_run(&rig, 2 * S);
	assert_int_equal(rig.commands[OSDP_KEYSET], 0);
	assert_int_equal(rig.commands[OSDP_POLL], 0);
	assert_int_equal(rig.count[OSDP_EVENT_KEY_WANTED], 1);
	assert_order(OSDP_ORDER_PAIR_KEY, osdp_key_default, OSDP_TAKEN_NOT_WEAK);
	assert_order(OSDP_ORDER_PAIR_KEY, rig_secret, OSDP_TAKEN);
	assert_order(OSDP_ORDER_PAIR_KEY, other_key, OSDP_TAKEN_NOT_FULL);
	rig_run(&rig, 200 * MS);
	assert_int_equal(rig.count[OSDP_EVENT_PAIRED], 1);
	assert_int_equal(rig.commands[OSDP_KEYSET], 1);
	assert_int_equal(rig.default_key, 1);
	assert_paired_with(rig_secret);
}

/* The reader leaves its session while the key is being written: the same key, asked for once. */
static void test_reader_does_not_wait(void **state UNUSED)
{
	begin_unpaired();
	assert_order(OSDP_ORDER_PAIR, NULL, OSDP_TAKEN);
	wait_wanted(1);
	osdp_device_power_cycle(&rig.device, rig.now_ns);
	rig_run(&rig, 10 * S);
	assert_order(OSDP_ORDER_PAIR_KEY, rig_secret, OSDP_TAKEN);
	rig_run(&rig, 10 * S);
	assert_int_equal(rig.count[OSDP_EVENT_KEY_WANTED], 1);
	assert_int_equal(rig.count[OSDP_EVENT_PAIRED], 1);
	assert_paired_with(rig_secret);
}

/* The disk takes longer than the window is open: nothing goes out any more. */
static void test_window_ends_before_the_key(void **state UNUSED)
{
	unsigned tries;

	begin_unpaired();
	assert_int_equal(rig_order(&rig, order_of(OSDP_ORDER_PAIR, NULL, 5 * S)), OSDP_TAKEN);
	wait_wanted(1);
	rig_run(&rig, 5 * S);
	assert_int_equal(rig.count[OSDP_EVENT_PAIR_FAILED], 1);
	assert_order(OSDP_ORDER_PAIR_KEY, rig_secret, OSDP_TAKEN_NOT_FULL);
	tries = rig.default_key;
	rig_run(&rig, 20 * S);
	assert_int_equal(rig.commands[OSDP_KEYSET], 0);
	assert_int_equal(rig.default_key, tries);
	assert_int_equal(rig_status(&rig).state, OSDP_STATE_NOT_PAIRED);
}

/* A first pairing up to its KEYSET, which is then called off. */
static void pairing_cut(rig_between *on_command, rig_between *on_reply)
{
	begin_unpaired();
	assert_order(OSDP_ORDER_PAIR, NULL, OSDP_TAKEN);
	wait_wanted(1);
	rig.on_command = on_command;
	rig.on_reply = on_reply;
	assert_order(OSDP_ORDER_PAIR_KEY, rig_secret, OSDP_TAKEN);
	while (rig.commands[OSDP_KEYSET] == 0)
		rig_run(&rig, MS);
	assert_order(OSDP_ORDER_PAIR_CANCEL, NULL, OSDP_TAKEN);
	rig_events(&rig);
	assert_int_equal(rig.count[OSDP_EVENT_PAIR_FAILED], 1);
	assert_order(OSDP_ORDER_PAIR, NULL, OSDP_TAKEN);
	rig.on_command = NULL;
	rig.on_reply = NULL;
}

/* The reader took the key and its answer was lost: the next pairing finds that key, asks for none.
 */
static void test_again_after_a_lost_answer(void **state UNUSED)
{
	unsigned tries;

	pairing_cut(NULL, drop_answer);
	tries = rig.default_key;
	rig_run(&rig, 10 * S);
	assert_int_equal(rig.count[OSDP_EVENT_PAIRED], 1);
	assert_int_equal(rig.count[OSDP_EVENT_KEY_WANTED], 1);
	assert_int_equal(rig.commands[OSDP_KEYSET], 1);
	assert_int_equal(rig.default_key, tries);
	assert_paired_with(rig_secret);
}

/* KEYSET never came to it: it is asked under SCBK-D, so the old key is nobody's, and a new one
 * goes. */
static void test_again_after_a_lost_keyset(void **state UNUSED)
{
	pairing_cut(drop_keyset, NULL);
	wait_wanted(2);
	assert_order(OSDP_ORDER_PAIR_KEY, other_key, OSDP_TAKEN);
	rig_run(&rig, 10 * S);
	assert_int_equal(rig.count[OSDP_EVENT_PAIRED], 1);
	assert_paired_with(other_key);
}

/* The same, with the pending key from the disk of a panel that has been started anew. */
static void test_again_after_a_restart(void **state UNUSED)
{
	struct osdp_bus_reader reader = {.address = RIG_ADDRESS, .has_pending = true};
	struct osdp_device_config device = rig_device();

	memcpy(reader.pending, rig_secret, OSDP_KEY_SIZE);
	memcpy(device.key, rig_secret, OSDP_KEY_SIZE);
	device.install_mode = true; /* it would take SCBK-D as well */
	rig_init(&rig, &reader, &device);
	assert_order(OSDP_ORDER_PAIR, NULL, OSDP_TAKEN);
	rig_run(&rig, 5 * S);
	assert_int_equal(rig.count[OSDP_EVENT_PAIRED], 1);
	assert_int_equal(rig.count[OSDP_EVENT_KEY_WANTED], 0);
	assert_int_equal(rig.default_key, 0);
	assert_paired_with(rig_secret);
}

/* A rotation is called off while KEYSET is on its way: no other begins before the reader has
 * spoken. */
static void test_rotation_waits_for_the_one_before(void **state UNUSED)
{
	begin_paired();
	rig.on_reply = drop_answer;
	assert_order(OSDP_ORDER_ROTATE, rig_secret, OSDP_TAKEN);
	while (rig.commands[OSDP_KEYSET] == 0)
		rig_run(&rig, MS);
	assert_true(rig_status(&rig).keyset_open);
	assert_order(OSDP_ORDER_PAIR_CANCEL, NULL, OSDP_TAKEN);
	assert_true(rig_is_online(&rig));
	assert_order(OSDP_ORDER_ROTATE, other_key, OSDP_TAKEN_NOT_FULL);
	rig.on_reply = NULL;
	rig_run(&rig, 10 * S);
	assert_int_equal(rig.count[OSDP_EVENT_PENDING_WORKS], 1);
	assert_paired_with(rig_secret);
	assert_order(OSDP_ORDER_ROTATE, other_key, OSDP_TAKEN);
	rig_run(&rig, 5 * S);
	assert_int_equal(rig.count[OSDP_EVENT_PAIRED], 1);
	assert_paired_with(other_key);
}

static enum osdp_device_keep refuse(void *user UNUSED, const uint8_t key[OSDP_KEY_SIZE] UNUSED)
{
	return OSDP_DEVICE_KEY_REFUSED;
}

/* A refusal within the session is the reader's own word: the next rotation may begin. */
static void test_rotation_after_a_refusal(void **state UNUSED)
{
	uint64_t handshakes;

	begin_paired();
	handshakes = rig_status(&rig).counters.handshakes;
	rig.device.config.owner.key = refuse;
	assert_order(OSDP_ORDER_ROTATE, rig_secret, OSDP_TAKEN);
	rig_run(&rig, S);
	assert_int_equal(rig.commands[OSDP_KEYSET], 1);
	assert_int_equal(rig.last[OSDP_EVENT_PAIR_FAILED].why, OSDP_WHY_REFUSED);
	assert_int_equal(rig_status(&rig).counters.handshakes, handshakes);
	assert_false(rig_status(&rig).keyset_open);
	rig.device.config.owner.key = NULL;
	assert_order(OSDP_ORDER_ROTATE, other_key, OSDP_TAKEN);
	rig_run(&rig, 5 * S);
	assert_int_equal(rig.count[OSDP_EVENT_PAIRED], 1);
	assert_paired_with(other_key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_is_asked_for),
		cmocka_unit_test(test_reader_does_not_wait),
		cmocka_unit_test(test_window_ends_before_the_key),
		cmocka_unit_test(test_again_after_a_lost_answer),
		cmocka_unit_test(test_again_after_a_lost_keyset),
		cmocka_unit_test(test_again_after_a_restart),
		cmocka_unit_test(test_rotation_waits_for_the_one_before),
		cmocka_unit_test(test_rotation_after_a_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
