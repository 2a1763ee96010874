/* SPDX-License-Identifier: MIT */
/*
 * clock: the time, as an argument, so that expiry and waiting can be tested.
 *
 * Wall clock times ("when") are seconds since 1970-01-01 UTC and may jump;
 * deadlines are monotonic milliseconds of os_mono_ms and may not.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct clock {
	int64_t (*wall)(void *arg);    /* seconds since 1970 */
	int64_t (*wall_us)(void *arg); /* NULL: it has whole seconds only */
	int64_t (*mono_ms)(void *arg);
	void (*sleep_until)(void *arg, int64_t deadline); /* mono_ms */
	void *arg;
};

/* The machine's own clocks. */
extern const struct clock clock_system;

int64_t clock_wall(const struct clock *c);
int64_t clock_wall_us(const struct clock *c); /* microseconds since 1970 */
int64_t clock_mono_ms(const struct clock *c);
void clock_sleep_until(const struct clock *c, int64_t deadline);

#endif
