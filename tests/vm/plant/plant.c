// SPDX-License-Identifier: GPL-2.0
/*
 * Faults on request, for the rig's own test: "insmod plant.ko fault=NAME" does
 * one thing that the rig has to notice.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *fault = "none";
module_param(fault, charp, 0444);
MODULE_PARM_DESC(fault, "none, warn, inversion, atomic, mutex, overrun, stale, leak, panic or hang");

static DEFINE_SPINLOCK(first);
static DEFINE_SPINLOCK(second);
static DEFINE_MUTEX(heavy);

/* Not inlined, so that a report names the fault. */
static noinline void plant_none(void)
{
}

static noinline void plant_warn(void)
{
	WARN(1, "planted\n");
}

static noinline void plant_inversion(void)
{
	spin_lock(&first);
	spin_lock(&second);
	spin_unlock(&second);
	spin_unlock(&first);

	spin_lock(&second);
	spin_lock(&first);
	spin_unlock(&first);
	spin_unlock(&second);
}

static noinline void plant_atomic(void)
{
	spin_lock(&first);
	/* Long: a slow processor would find a short time over before it can sleep. */
	msleep(50);
	spin_unlock(&first);
}

/* Nobody holds it, so this does not sleep; it might. */
static noinline void plant_mutex(void)
{
	spin_lock(&first);
	mutex_lock(&heavy);
	mutex_unlock(&heavy);
	spin_unlock(&first);
}

static noinline void plant_overrun(void)
{
	char *p = kmalloc(24, GFP_KERNEL);

	if (!p)
		return;
	/* Hidden, or the compiler would see it. */
	OPTIMIZER_HIDE_VAR(p);
	p[24] = 1;
	kfree(p);
}

static noinline void plant_stale(void)
{
	char *p = kmalloc(24, GFP_KERNEL);

	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	p[8] = 1;
}

static noinline void plant_leak(void)
{
	char *p;
	int i;

	/* Several, since the last one's address may still lie on a stack. */
	for (i = 0; i < 10; i++) {
		p = kmalloc(1000, GFP_KERNEL);
		OPTIMIZER_HIDE_VAR(p);
	}
}

static noinline void plant_panic(void)
{
	panic("planted");
}

/* Nobody ever completes it: what a lost wakeup looks like. */
static noinline void plant_hang(void)
{
	static DECLARE_COMPLETION(never);

	wait_for_completion(&never);
}

static const struct {
	const char *name;
	void (*commit)(void);
} faults[] = {
	{ "none",	plant_none },
	{ "warn",	plant_warn },
	{ "inversion",	plant_inversion },
	{ "atomic",	plant_atomic },
	{ "mutex",	plant_mutex },
	{ "overrun",	plant_overrun },
	{ "stale",	plant_stale },
	{ "leak",	plant_leak },
	{ "panic",	plant_panic },
	{ "hang",	plant_hang },
};

static int __init plant_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (strcmp(fault, faults[i].name))
			continue;
		faults[i].commit();
		return 0;
	}
	pr_err("plant: %s: no such fault\n", fault);
	return -EINVAL;
}

static void __exit plant_exit(void)
{
}

module_init(plant_init);
module_exit(plant_exit);

MODULE_DESCRIPTION("Faults on request, to test the test rig");
MODULE_LICENSE("GPL");
