/* SPDX-License-Identifier: MIT */
#include "base/stats.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/os.h"

enum { STATS_FREE, STATS_BUSY, STATS_READY }; /* state of a series */

enum { STATS_SECOND = 40 /* bytes that the second label may have */ };

enum { STATS_SPIN = 10000 /* looks at one that is being made */ };

enum stats_kind { STATS_COUNTER, STATS_GAUGE, STATS_HISTOGRAM };

/* In the order of enum stats_what. */
static const struct stats_row {
	const char *name;
	unsigned kind;
	const char *a, *b; /* labels */
	const char *help;
} stats_rows[] = {
	/* clang-format off */
	{ "build_info", STATS_GAUGE, "version", "", "what runs" },
	{ "relay_connections", STATS_GAUGE, "", "", "open now" },
	{ "relay_connections_total", STATS_COUNTER, "listener", "result",
	  "accepted, or refused at once" },
	{ "relay_tls_handshakes_total", STATS_COUNTER, "version", "result",
	  "by protocol" },
	{ "relay_auth_total", STATS_COUNTER, "mechanism", "result",
	  "sign-ins" },
	{ "relay_messages_total", STATS_COUNTER, "listener", "", "accepted" },
	{ "relay_message_bytes_total", STATS_COUNTER, "", "", "of those" },
	{ "relay_recipients_total", STATS_COUNTER, "", "", "of those" },
	{ "relay_rejects_total", STATS_COUNTER, "command", "code",
	  "refused commands" },
	{ "relay_accept_seconds", STATS_HISTOGRAM, "", "",
	  "from DATA to its reply" },
	{ "relay_commit_seconds", STATS_HISTOGRAM, "", "",
	  "of the disk, for all that share it" },
	{ "relay_commit_messages", STATS_HISTOGRAM, "", "", "that share it" },
	{ "deliveries_total", STATS_COUNTER, "account", "result",
	  "attempts, by recipient" },
	{ "delivery_delay_seconds", STATS_HISTOGRAM, "", "",
	  "from accepted to sent" },
	{ "graph_request_seconds", STATS_HISTOGRAM, "route", "",
	  "an attempt with all its requests" },
	{ "graph_responses_total", STATS_COUNTER, "code", "",
	  "status of the last answer of an attempt" },
	{ "queue_messages", STATS_GAUGE, "state", "", "in the queue" },
	{ "queue_oldest_seconds", STATS_GAUGE, "state", "", "age" },
	{ "account_waiting", STATS_GAUGE, "account", "reason",
	  "1: its mail waits for a person" },
	{ "throttled_until_timestamp_seconds", STATS_GAUGE, "account", "",
	  "as Microsoft asked" },
	{ "token_expires_timestamp_seconds", STATS_GAUGE, "account", "",
	  "of Microsoft's; renewed by itself" },
	{ "secret_expires_timestamp_seconds", STATS_GAUGE, "account", "",
	  "the setting secret_expires" },
	{ "certificate_expires_timestamp_seconds", STATS_GAUGE, "account", "",
	  "of the sign-in certificate" },
	{ "spool_free_bytes", STATS_GAUGE, "", "", "on its disk" },
	{ "spool_free_inodes", STATS_GAUGE, "", "", "on its disk" },
	{ "process_restarts_total", STATS_COUNTER, "process", "",
	  "that ended by themselves" },
	{ "log_lines_dropped_total", STATS_COUNTER, "", "",
	  "nobody kept up with" },
	{ "config_reload_timestamp_seconds", STATS_GAUGE, "", "",
	  "the settings are those of then" },
	/* clang-format on */
};

static const char *const stats_kinds[] = { "counter", "gauge", "histogram" };

/* In thousandths. */
static const unsigned stats_bounds[STATS_BUCKETS] = { 1, 5, 10, 25, 50, 100,
	250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 3600000 };

struct stats *
stats_map(int fd)
{
	void *p = mmap(NULL, sizeof(struct stats), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);

	return p != MAP_FAILED ? p : NULL;
}

struct stats *
stats_open(int *fd)
{
	struct stats *m = NULL;

	*fd = memfd_create("numbers", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd >= 0 && ftruncate(*fd, sizeof(*m)) == 0 &&
	    fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0)
		m = stats_map(*fd);
	if (m == NULL)
		os_close(fd);
	return m;
}

/* Series */

/* most: bytes of all labels, with this one. */
static void
stats_name(char out[STATS_LABELS], size_t most, const char *label,
    struct str value)
{
	size_t n = strlen(out);

	if (label[0] == '\0')
		return;
	n += (size_t)snprintf(out + n, STATS_LABELS - n, "%s%s=\"",
	    n > 0 ? "," : "", label);
	for (size_t i = 0; i < value.n && n < most - 2; i++)
		out[n++] = value.p[i] < ' ' || value.p[i] == '"' ||
			value.p[i] == '\\' ?
		    '_' :
		    value.p[i];
	out[n++] = '"';
	out[n] = '\0';
}

static bool
stats_is_ready(const struct stats_series *s)
{
	int state = STATS_BUSY;

	for (int i = 0; i < STATS_SPIN && state == STATS_BUSY; i++)
		state = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);
	return state == STATS_READY;
}

/* The one of these labels, which is made if it is new; NULL: no room. */
static struct stats_series *
stats_find(struct stats *m, enum stats_what what, struct str a, struct str b)
{
	const struct stats_row *row = &stats_rows[what];
	char labels[STATS_LABELS] = "";
	struct stats_series *s;

	if (m == NULL)
		return NULL;
	stats_name(labels, STATS_LABELS - STATS_SECOND, row->a, a);
	stats_name(labels, STATS_LABELS, row->b, b);
	for (s = m->series; s < m->series + STATS_SERIES; s++) {
		int none = STATS_FREE;

		if (__atomic_compare_exchange_n(&s->state, &none, STATS_BUSY,
			false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			s->what = what;
			memcpy(s->labels, labels, sizeof(labels));
			__atomic_store_n(&s->state, STATS_READY,
			    __ATOMIC_RELEASE);
			return s;
		}
		if (stats_is_ready(s) && s->what == what &&
		    strncmp(s->labels, labels, STATS_LABELS) == 0)
			return s;
	}
	return NULL;
}

static void
stats_count(unsigned long *n, unsigned long more)
{
	(void)__atomic_fetch_add(n, more, __ATOMIC_RELAXED);
}

void
stats_add(struct stats *m, enum stats_what what, unsigned long n, struct str a,
    struct str b)
{
	struct stats_series *s = stats_find(m, what, a, b);

	if (s != NULL)
		stats_count(&s->n[0], n);
}

void
stats_set(struct stats *m, enum stats_what what, unsigned long n, struct str a,
    struct str b)
{
	struct stats_series *s = stats_find(m, what, a, b);

	if (s != NULL)
		__atomic_store_n(&s->n[0], n, __ATOMIC_RELAXED);
}

void
stats_observe(struct stats *m, enum stats_what what, int64_t thousandths,
    struct str a)
{
	struct stats_series *s = stats_find(m, what, a, STR(""));
	size_t i = 0;

	if (s == NULL || thousandths < 0)
		return;
	while (i < STATS_BUCKETS && thousandths > stats_bounds[i])
		i++;
	stats_count(&s->n[i], 1);
	stats_count(&s->n[STATS_BUCKETS + 1], (unsigned long)thousandths);
}

void
stats_beat(struct stats *m, int64_t now)
{
	if (m != NULL)
		__atomic_store_n(&m->alive, (unsigned long)(now / 1000),
		    __ATOMIC_RELAXED);
}

bool
stats_beats(const struct stats *m, int64_t now, int64_t s)
{
	return m == NULL ||
	    now / 1000 - s <
	    (int64_t)__atomic_load_n(&m->alive, __ATOMIC_RELAXED);
}

/* Text */

static unsigned long
stats_value(const struct stats_series *s, size_t i)
{
	return __atomic_load_n(&s->n[i], __ATOMIC_RELAXED);
}

static void
stats_print_number(const char *part, const struct stats_row *row,
    const char *labels, unsigned long n, struct buf *out)
{
	bool some = labels[0] != '\0';

	buf_addf(out, "post365_%s%s%s%s%s %lu\n", row->name, part,
	    some ? "{" : "", labels, some ? "}" : "", n);
}

static void
stats_print_thousandths(unsigned long n, struct buf *out)
{
	buf_addf(out, "%lu.%03lu", n / 1000, n % 1000);
}

static void
stats_print_histogram(const struct stats_row *row, const char *labels,
    const struct stats_series *s, struct buf *out)
{
	const char *comma = labels[0] != '\0' ? "," : "";
	unsigned long n = 0;

	for (size_t i = 0; i <= STATS_BUCKETS; i++) {
		n += stats_value(s, i);
		buf_addf(out, "post365_%s_bucket{%s%sle=\"", row->name, labels,
		    comma);
		if (i < STATS_BUCKETS)
			stats_print_thousandths(stats_bounds[i], out);
		buf_addf(out, "%s\"} %lu\n", i < STATS_BUCKETS ? "" : "+Inf",
		    n);
	}
	stats_print_number("_count", row, labels, n, out);
	buf_addf(out, "post365_%s_sum%s%s%s ", row->name,
	    comma[0] != '\0' ? "{" : "", labels, comma[0] != '\0' ? "}" : "");
	stats_print_thousandths(stats_value(s, STATS_BUCKETS + 1), out);
	buf_addc(out, '\n');
}

static void
stats_print_row(struct stats *m, unsigned what, struct buf *out)
{
	const struct stats_row *row = &stats_rows[what];
	char labels[STATS_LABELS];
	bool first = true;

	for (size_t i = 0; i < STATS_SERIES; i++) {
		struct stats_series *s = &m->series[i];

		if (!stats_is_ready(s) || s->what != what)
			continue;
		memcpy(labels, s->labels, sizeof(labels));
		labels[STATS_LABELS - 1] = '\0';
		if (first)
			buf_addf(out,
			    "# HELP post365_%s %s\n# TYPE post365_%s %s\n",
			    row->name, row->help, row->name,
			    stats_kinds[row->kind]);
		first = false;
		if (row->kind == STATS_HISTOGRAM)
			stats_print_histogram(row, labels, s, out);
		else
			stats_print_number("", row, labels, stats_value(s, 0),
			    out);
	}
}

void
stats_print(struct stats *m, struct buf *out)
{
	if (m == NULL)
		return;
	for (unsigned i = 0; i < sizeof(stats_rows) / sizeof(*stats_rows); i++)
		stats_print_row(m, i, out);
}
