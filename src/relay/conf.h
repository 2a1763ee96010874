/* SPDX-License-Identifier: MIT */
/*
 * conf: the settings of [relay]. One table in conf.c holds every key.
 *
 * Source: relay.md 1.
 */
#ifndef RELAY_CONF_H
#define RELAY_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "config/file.h"
#include "config/type.h"
#include "net/cert.h"
#include "relay/listen.h"

enum conf_check { CONF_CHECK_BOTH, CONF_CHECK_ENVELOPE, CONF_CHECK_OFF };
enum conf_clear { CONF_CLEAR_NO, CONF_CLEAR_LOOPBACK, CONF_CLEAR_ALLOW };
enum conf_received {
	CONF_RECEIVED_FULL,
	CONF_RECEIVED_SHORT,
	CONF_RECEIVED_NO
};
enum conf_bare { CONF_BARE_NORMALIZE, CONF_BARE_REJECT };
enum conf_walls { CONF_WALLS_AUTO, CONF_WALLS_STRICT };
enum conf_log { CONF_LOG_STDERR, CONF_LOG_SYSLOG, CONF_LOG_NONE };
enum conf_format { CONF_FORMAT_POSTFIX, CONF_FORMAT_JSON };

enum { CONF_PAIRS = 2 /* certificate and key: RSA, and ECDSA */ };

/* How many in how long. */
struct conf_share {
	uint64_t n;
	int64_t seconds;
};

struct conf {
	struct listen *listen; /* in the order of the file */
	struct allow *allow;
	/* texts have a NUL behind them; an empty one is not set */
	struct str auth_file, recipient_map, drop, user, hostname;
	struct str socket;      /* empty: none */
	bool socket_asked;      /* it was set */
	struct listen *metrics; /* NULL: none */
	struct listen *web;     /* the dashboard; NULL: none */
	struct str web_hosts;   /* further names of it, parted by blanks */
	struct str web_token_file;
	struct str certificate[CONF_PAIRS], key[CONF_PAIRS];
	size_t certificates, keys;
	struct str log_file, syslog_name;
	/* of the enums above */
	int sender_check, auth_without_tls, received, bare_newline, walls;
	int log, log_format;
	bool log_probes;
	uint64_t max_size, max_recipients, max_clients, clients_per_address;
	uint64_t errors, hop_limit, data_rate;
	struct config_rate client_rate, connect_rate, tls_rate;
	struct conf_share auth_failures;
	int64_t command_timeout_ms, data_timeout_ms, login_timeout_ms;
	int64_t tls_timeout_ms, drain_ms;
};

/*
 * Reads the lines of the section. All texts live in a. ERR_CONFIG names file,
 * line and key, and what to do.
 */
bool conf_read(struct arena *a, const struct config_pair *lines,
    struct conf *out, struct err *e) __attribute__((warn_unused_result));

/*
 * What must not be or could never work: open relays (relay.md 1), "auth"
 * without users. ERR_CONFIG.
 */
bool conf_check(const struct conf *c, struct err *e)
    __attribute__((warn_unused_result));

/* `metrics` at an address that strangers may reach: ERR_CONFIG. */
bool conf_check_metrics(const struct conf *c, bool contained, struct err *e)
    __attribute__((warn_unused_result));

/*
 * `web` where nobody could sign in, or where strangers could read a password:
 * an address beyond loopback needs a certificate, each an auth_file with a
 * user of role=admin. Reads auth_file. ERR_CONFIG says what would allow it.
 */
bool conf_check_web(const struct conf *c, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Reads the pairs of tls_certificate and tls_key, and makes a certificate of
 * them; none where none is named. ERR_CONFIG names the file. Release cert, and
 * pem, zeroed before, in any case.
 */
bool conf_read_cert(const struct conf *c, struct cert_pem pem[CONF_PAIRS],
    struct cert *cert, struct err *e) __attribute__((warn_unused_result));

/*
 * In a container, outsiders seem to come from its gateway (NULL: it is none):
 * there a range does not count, only an entry for that one address.
 */
bool conf_is_trap(const struct allow *a, const struct range_ip *gateway);

/* The lines as a text, and back: for a process that must not read the file. */
void conf_print(const struct config_pair *lines, struct buf *out);
bool conf_scan(struct arena *a, struct str text, struct config_pair **out,
    struct err *e) __attribute__((warn_unused_result));

/* The name of the n-th key; NULL: there are no more. */
const char *conf_key(size_t n);

#endif
