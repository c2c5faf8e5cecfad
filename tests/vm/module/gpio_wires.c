// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two GPIO chips whose lines are wired to each other: line i of `controller` is one wire with line
 * i of `world`. postern runs on the one, a test plays doors and readers on the other; both see
 * nothing but the kernel's character device. For the emulator only.
 *
 * The level of a wire, in this order:
 *   both sides drive it differently   low wins, as where one transistor pulls to ground
 *   one side drives it                that side's level
 *   nobody does                       the bias of either side; of two that differ pull-down wins;
 *                                     of none it is low
 * Open drain and open source are made by gpiolib from the above.
 *
 * What a line does when its last user lets go is the chip's affair, and boards differ. Lines of
 * `world` are no longer driven then. Those of `controller` stay driven, as on the worst of common
 * boards, unless the parameter release_controller is set
 * (/sys/module/gpio_wires/parameters/release_controller). The bias goes with its user in any case.
 *
 * Interrupts: a change of level marks the edge on both sides, and an irq_work hands the marks out
 * in hard interrupt context, at once, as a real chip would; so the kernel itself stamps the edges.
 * Two edges of one line before it runs are one, as in the latch of a real chip.
 *
 * wires_lock guards all of struct wires; it is taken with interrupts off and never while an
 * interrupt is handed out.
 */
#include <linux/bitops.h>
#include <linux/gpio/driver.h>
#include <linux/irq.h>
#include <linux/irq_work.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/pinctrl/pinconf-generic.h>
#include <linux/spinlock.h>

#define WIRE_COUNT 32

enum side { CONTROLLER, WORLD, SIDE_COUNT };

/* One end of all wires: bit i is line i. */
struct wires_end {
	struct gpio_chip chip;
	struct irq_domain *domain;
	enum side side;
	u32 driven;
	u32 value; /* of the driven lines */
	u32 pull_up;
	u32 pull_down;
	u32 irq_enabled;
	u32 irq_rising;
	u32 irq_falling;
	u32 pending; /* edges to hand out */
};

static struct wires_end wires_end[SIDE_COUNT];
static u32 wires_level;
static DEFINE_RAW_SPINLOCK(wires_lock);

static bool release_controller;
module_param(release_controller, bool, 0644);
MODULE_PARM_DESC(release_controller, "lines of `controller` are not driven without a user");

/* --- levels --- */

static u32 wires_resolve(void)
{
	const struct wires_end *a = &wires_end[CONTROLLER];
	const struct wires_end *b = &wires_end[WORLD];
	u32 driven = a->driven | b->driven;
	u32 high = (a->value | ~a->driven) & (b->value | ~b->driven);
	u32 pulled = (a->pull_up | b->pull_up) & ~(a->pull_down | b->pull_down);

	return (driven & high) | (~driven & pulled);
}

static void wires_fire(struct irq_work *work)
{
	for (int side = 0; side < SIDE_COUNT; side++) {
		struct wires_end *end = &wires_end[side];
		unsigned long pending;
		unsigned int offset;

		raw_spin_lock(&wires_lock);
		pending = end->pending;
		end->pending = 0;
		raw_spin_unlock(&wires_lock);
		for_each_set_bit(offset, &pending, WIRE_COUNT)
			generic_handle_domain_irq(end->domain, offset);
	}
}

static struct irq_work wires_work = IRQ_WORK_INIT_HARD(wires_fire);

/* Under wires_lock, after any change. */
static void wires_settle(void)
{
	u32 level = wires_resolve();
	u32 rose = level & ~wires_level;
	u32 fell = ~level & wires_level;
	bool fire = false;

	wires_level = level;
	for (int side = 0; side < SIDE_COUNT; side++) {
		struct wires_end *end = &wires_end[side];

		end->pending |=
			((rose & end->irq_rising) | (fell & end->irq_falling)) & end->irq_enabled;
		fire |= end->pending != 0;
	}
	if (fire)
		irq_work_queue(&wires_work);
}

static void bits_set(u32 *word, u32 mask, bool on)
{
	*word = on ? *word | mask : *word & ~mask;
}

/* --- the chip --- */

static int end_get_direction(struct gpio_chip *chip, unsigned int offset)
{
	struct wires_end *end = gpiochip_get_data(chip);

	return READ_ONCE(end->driven) & BIT(offset) ? GPIO_LINE_DIRECTION_OUT
						    : GPIO_LINE_DIRECTION_IN;
}

static int end_direction_input(struct gpio_chip *chip, unsigned int offset)
{
	struct wires_end *end = gpiochip_get_data(chip);
	unsigned long flags;

	raw_spin_lock_irqsave(&wires_lock, flags);
	bits_set(&end->driven, BIT(offset), false);
	wires_settle();
	raw_spin_unlock_irqrestore(&wires_lock, flags);
	return 0;
}

static int end_direction_output(struct gpio_chip *chip, unsigned int offset, int value)
{
	struct wires_end *end = gpiochip_get_data(chip);
	unsigned long flags;

	raw_spin_lock_irqsave(&wires_lock, flags);
	bits_set(&end->value, BIT(offset), value);
	bits_set(&end->driven, BIT(offset), true);
	wires_settle();
	raw_spin_unlock_irqrestore(&wires_lock, flags);
	return 0;
}

static int end_get(struct gpio_chip *chip, unsigned int offset)
{
	return !!(READ_ONCE(wires_level) & BIT(offset));
}

static int end_get_multiple(struct gpio_chip *chip, unsigned long *mask, unsigned long *bits)
{
	*bits = (*bits & ~*mask) | (READ_ONCE(wires_level) & *mask);
	return 0;
}

static void end_set_multiple(struct gpio_chip *chip, unsigned long *mask, unsigned long *bits)
{
	struct wires_end *end = gpiochip_get_data(chip);
	unsigned long flags;

	raw_spin_lock_irqsave(&wires_lock, flags);
	end->value = (end->value & ~(u32)*mask) | ((u32)*bits & (u32)*mask);
	wires_settle();
	raw_spin_unlock_irqrestore(&wires_lock, flags);
}

static void end_set(struct gpio_chip *chip, unsigned int offset, int value)
{
	unsigned long mask = BIT(offset);
	unsigned long bits = value ? mask : 0;

	end_set_multiple(chip, &mask, &bits);
}

static int end_set_config(struct gpio_chip *chip, unsigned int offset, unsigned long config)
{
	struct wires_end *end = gpiochip_get_data(chip);
	unsigned int what = pinconf_to_config_param(config);
	unsigned long flags;

	switch (what) {
	case PIN_CONFIG_BIAS_DISABLE:
	case PIN_CONFIG_BIAS_PULL_UP:
	case PIN_CONFIG_BIAS_PULL_DOWN:
		break;
	default:
		return -ENOTSUPP; /* gpiolib debounces and makes open drain by itself */
	}
	raw_spin_lock_irqsave(&wires_lock, flags);
	bits_set(&end->pull_up, BIT(offset), what == PIN_CONFIG_BIAS_PULL_UP);
	bits_set(&end->pull_down, BIT(offset), what == PIN_CONFIG_BIAS_PULL_DOWN);
	wires_settle();
	raw_spin_unlock_irqrestore(&wires_lock, flags);
	return 0;
}

static void end_free(struct gpio_chip *chip, unsigned int offset)
{
	struct wires_end *end = gpiochip_get_data(chip);
	unsigned long flags;

	raw_spin_lock_irqsave(&wires_lock, flags);
	bits_set(&end->pull_up, BIT(offset), false);
	bits_set(&end->pull_down, BIT(offset), false);
	if (end->side == WORLD || release_controller)
		bits_set(&end->driven, BIT(offset), false);
	wires_settle();
	raw_spin_unlock_irqrestore(&wires_lock, flags);
}

static int end_to_irq(struct gpio_chip *chip, unsigned int offset)
{
	struct wires_end *end = gpiochip_get_data(chip);
	unsigned int irq = irq_create_mapping(end->domain, offset);

	return irq ? (int)irq : -ENXIO;
}

/* --- its interrupts --- */

static void end_irq_enable(struct irq_data *data, bool on)
{
	struct wires_end *end = irq_data_get_irq_chip_data(data);
	unsigned long flags;

	raw_spin_lock_irqsave(&wires_lock, flags);
	bits_set(&end->irq_enabled, BIT(data->hwirq), on);
	if (!on)
		bits_set(&end->pending, BIT(data->hwirq), false);
	raw_spin_unlock_irqrestore(&wires_lock, flags);
}

static void end_irq_mask(struct irq_data *data)
{
	end_irq_enable(data, false);
}

static void end_irq_unmask(struct irq_data *data)
{
	end_irq_enable(data, true);
}

static int end_irq_set_type(struct irq_data *data, unsigned int type)
{
	struct wires_end *end = irq_data_get_irq_chip_data(data);
	unsigned long flags;

	if (type & ~IRQ_TYPE_EDGE_BOTH)
		return -EINVAL;
	raw_spin_lock_irqsave(&wires_lock, flags);
	bits_set(&end->irq_rising, BIT(data->hwirq), type & IRQ_TYPE_EDGE_RISING);
	bits_set(&end->irq_falling, BIT(data->hwirq), type & IRQ_TYPE_EDGE_FALLING);
	raw_spin_unlock_irqrestore(&wires_lock, flags);
	return 0;
}

static int end_irq_request(struct irq_data *data)
{
	struct wires_end *end = irq_data_get_irq_chip_data(data);

	return gpiochip_lock_as_irq(&end->chip, (unsigned int)data->hwirq);
}

static void end_irq_release(struct irq_data *data)
{
	struct wires_end *end = irq_data_get_irq_chip_data(data);

	gpiochip_unlock_as_irq(&end->chip, (unsigned int)data->hwirq);
}

static struct irq_chip wires_irq_chip = {
	.name = "gpio_wires",
	.irq_mask = end_irq_mask,
	.irq_unmask = end_irq_unmask,
	.irq_set_type = end_irq_set_type,
	.irq_request_resources = end_irq_request,
	.irq_release_resources = end_irq_release,
};

static int wires_irq_map(struct irq_domain *domain, unsigned int irq, irq_hw_number_t hwirq)
{
	irq_set_chip_data(irq, domain->host_data);
	irq_set_chip_and_handler(irq, &wires_irq_chip, handle_simple_irq);
	return 0;
}

static const struct irq_domain_ops wires_domain_ops = {.map = wires_irq_map};

/* --- start and end --- */

static void end_remove(struct wires_end *end)
{
	if (end->chip.gpiodev)
		gpiochip_remove(&end->chip);
	for (unsigned int offset = 0; end->domain && offset < WIRE_COUNT; offset++)
		irq_dispose_mapping(irq_find_mapping(end->domain, offset));
	if (end->domain)
		irq_domain_remove(end->domain);
}

static int end_add(struct wires_end *end, enum side side, const char *label)
{
	end->side = side;
	end->chip = (struct gpio_chip){
		.label = label,
		.owner = THIS_MODULE,
		.base = -1,
		.ngpio = WIRE_COUNT,
		.get_direction = end_get_direction,
		.direction_input = end_direction_input,
		.direction_output = end_direction_output,
		.get = end_get,
		.get_multiple = end_get_multiple,
		.set = end_set,
		.set_multiple = end_set_multiple,
		.set_config = end_set_config,
		.free = end_free,
		.to_irq = end_to_irq,
	};
	end->domain = irq_domain_create_linear(NULL, WIRE_COUNT, &wires_domain_ops, end);
	return end->domain ? gpiochip_add_data(&end->chip, end) : -ENOMEM;
}

static void wires_exit(void)
{
	end_remove(&wires_end[WORLD]);
	end_remove(&wires_end[CONTROLLER]);
	irq_work_sync(&wires_work);
}

static int __init wires_init(void)
{
	int error = end_add(&wires_end[CONTROLLER], CONTROLLER, "controller");

	if (!error)
		error = end_add(&wires_end[WORLD], WORLD, "world");
	if (error)
		wires_exit();
	return error;
}

module_init(wires_init);
module_exit(wires_exit);
MODULE_DESCRIPTION("two GPIO chips wired to each other, for postern's tests");
MODULE_LICENSE("GPL");
