/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <stddef.h>

#include "base/os.h"

static int64_t
system_wall(void *arg)
{
	(void)arg;
	return os_wall();
}

static int64_t
system_wall_us(void *arg)
{
	(void)arg;
	return os_wall_us();
}

static int64_t
system_mono_ms(void *arg)
{
	(void)arg;
	return os_mono_ms();
}

static void
system_sleep_until(void *arg, int64_t deadline)
{
	(void)arg;
	while (os_mono_ms() < deadline)
		(void)os_poll(NULL, 0, deadline);
}

const struct clock clock_system = {
	.wall = system_wall,
	.wall_us = system_wall_us,
	.mono_ms = system_mono_ms,
	.sleep_until = system_sleep_until,
};

int64_t
clock_wall(const struct clock *c)
{
	return c->wall(c->arg);
}

int64_t
clock_wall_us(const struct clock *c)
{
	return c->wall_us != NULL ? c->wall_us(c->arg) :
				    clock_wall(c) * 1000000;
}

int64_t
clock_mono_ms(const struct clock *c)
{
	return c->mono_ms(c->arg);
}

void
clock_sleep_until(const struct clock *c, int64_t deadline)
{
	c->sleep_until(c->arg, deadline);
}
