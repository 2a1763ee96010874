/* SPDX-License-Identifier: MIT */
/* notify: tells systemd how a service is. Source: sd_notify(3). */
#ifndef COMMAND_RELAY_NOTIFY_H
#define COMMAND_RELAY_NOTIFY_H

#include <stdint.h>

/* "READY=1", to who started us; where nobody wants to know, nothing happens. */
void notify_send(const char *state);
/* How often WATCHDOG=1 is due, in milliseconds; 0: never. */
int64_t notify_watchdog_ms(void);

#endif
