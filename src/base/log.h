/* SPDX-License-Identifier: MIT */
/*
 * log: what a person sees on standard error.
 *
 * Only front ends log. Lower floors get a struct log for tracing the wire
 * (-v); its lines are made harmless like error texts. A zeroed log is silent.
 * A log that cannot be written never changes what the program does.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/str.h"

enum log_level {
	LOG_NONE, /* -q: nothing */
	LOG_WARN, /* the default: warnings and errors */
	LOG_TRACE /* -v: each step and the wire */
};

struct record_way;

/* Who takes warnings in place of the descriptor: a line each, lent. */
struct log_ear {
	void (*hear)(void *arg, struct str line);
	void *arg;
};

struct log {
	enum log_level level;
	int fd;
	const char *name; /* printed before each line, "post365: " */
	/* lines go there instead, as events "message"; or NULL. Borrowed */
	const struct record_way *way;
	const struct log_ear *ear; /* of warnings; or NULL. Borrowed */
};

void log_warn(const struct log *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void log_trace(const struct log *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
bool log_traces(const struct log *l);

#endif
