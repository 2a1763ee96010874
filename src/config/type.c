/* SPDX-License-Identifier: MIT */
#include "config/type.h"

#include "base/secret.h"
#include "codec/date.h"
#include "mail/addr.h"
#include "mail/from_map.h"
#include "net/proxy.h"

enum {
	DAY_SIZE = 10,           /* YYYY-MM-DD */
	TIME_MAX = 24 * 3600,    /* seconds; longer waits are mistakes */
	AGE_MAX = 30 * TIME_MAX, /* of a mail that nobody waits for any more */
	SIZE_LEAST = 1024,
	SPACE_MOST = 100000,     /* GB */
	COUNT_MOST = 1000000000, /* messages */
	MIME_MOST = 3 * 1024 * 1024,
	RATE_MOST = 1000000, /* messages; Exchange takes 10,000 a day */
	GUID_SIZE = 36,      /* 8-4-4-4-12 hex digits */
	LABEL_MAX = 63,      /* RFC 1035 2.3.4 */
	DOMAIN_MAX = 253     /* the same in text form */
};

/* Exchange takes 150 MB (facts.md 4.4); what stands for more is a mistake. */
#define SIZE_UNIT (1024ULL * 1024 * 1024)

/* clang-format off */
static const struct {
	const char *name;
	unsigned seconds;
} units[] = { { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };

static const struct {
	char name;
	unsigned shift;
} sizes[] = { { 'g', 30 }, { 'm', 20 }, { 'k', 10 } };

static const struct {
	const char *name;
	int64_t seconds;
} rates[] = { { "/min", 60 }, { "/h", 3600 }, { "/day", TIME_MAX } };
/* clang-format on */

bool
config_is_guid(struct str s)
{
	if (s.n != GUID_SIZE)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (s.p[i] != '-')
				return false;
		} else if (ascii_hex(s.p[i]) < 0) {
			return false;
		}
	}
	return true;
}

/* Letters, digits and '-' within. */
static bool
type_is_label(struct str s)
{
	if (s.n == 0 || s.n > LABEL_MAX || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) &&
		    s.p[i] != '-')
			return false;
	return true;
}

bool
config_is_domain(struct str s)
{
	struct str label;
	size_t labels = 0;

	if (s.n > DOMAIN_MAX)
		return false;
	for (; str_next(&s, '.', &label); labels++)
		if (!type_is_label(label))
			return false;
	return labels >= 2;
}

/* Texts */

bool
config_keep(struct str text, const struct config_value *to, struct err *e)
{
	*(struct str *)to->at = arena_str(to->mem, text);
	return arena_ok(to->mem, e);
}

void
config_print_text(const void *at, struct buf *out)
{
	buf_adds(out, *(const struct str *)at);
}

bool
config_is_no_path(struct str text)
{
	return str_eq(text, STR("auto")) || str_eq(text, STR("builtin")) ||
	    str_eq(text, STR("system"));
}

static bool
type_parse_path(struct str text, const struct config_value *to, struct err *e)
{
	if (str_starts(text, STR("~")))
		return err_set(e, ERR_CONFIG,
		    "\"~\" has no meaning here; "
		    "give the whole path");
	if (str_starts(text, STR("$")))
		return err_set(e, ERR_CONFIG,
		    "variables like $HOME have no meaning here; "
		    "give the whole path");
	return config_keep(text, to, e);
}

static bool
type_parse_word(struct str text, const struct config_value *to, struct err *e)
{
	const char *const *w = to->type->words;

	for (size_t i = 0; w[i] != NULL; i++)
		if (str_eq(text, str_of(w[i])))
			return config_keep(text, to, e);
	if (w[2] == NULL)
		return err_set(e, ERR_CONFIG, "\"%.*s\" is neither %s nor %s",
		    STR_ARG(text), w[0], w[1]);
	return err_set(e, ERR_CONFIG, "\"%.*s\" is not one of %s, %s, %s",
	    STR_ARG(text), w[0], w[1], w[2]);
}

static bool
type_parse_map(struct str text, const struct config_value *to, struct err *e)
{
	const struct from_map *list;

	return from_map_parse(to->mem, text, &list, e) &&
	    config_keep(text, to, e);
}

static bool
type_parse_domain(struct str text, const struct config_value *to, struct err *e)
{
	if (!config_is_domain(text))
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\" is not a domain name like %s", STR_ARG(text),
		    to->example);
	return config_keep(text, to, e);
}

/* Host names with commas between, of one label or more. */
static bool
type_parse_names(struct str text, const struct config_value *to, struct err *e)
{
	struct str rest = text, name;

	while (str_next(&rest, ',', &name)) {
		name = str_trim(name);
		if (!type_is_label(name) && !config_is_domain(name))
			return err_set(e, ERR_CONFIG,
			    "\"%.*s\" is not a host name; give names like %s",
			    STR_ARG(name), to->example);
	}
	return config_keep(text, to, e);
}

/* Addresses */

static bool
type_parse_addr(struct str text, const struct config_value *to, struct addr **a,
    struct err *e)
{
	if (addr_parse(to->mem, text, false, a, e))
		return true;
	e->kind = e->kind == ERR_INPUT ? ERR_CONFIG : e->kind;
	return false;
}

static bool
type_parse_sender(struct str text, const struct config_value *to, struct err *e)
{
	struct addr *a;

	return type_parse_addr(text, to, &a, e) && config_keep(text, to, e);
}

static bool
type_parse_mailbox(struct str text, const struct config_value *to,
    struct err *e)
{
	struct addr *a;

	return type_parse_addr(text, to, &a, e) && config_keep(a->text, to, e);
}

/* Secrets */

static bool
type_parse_secret(struct str text, const struct config_value *to, struct err *e)
{
	return secret_set(to->at, text, e);
}

static bool
type_parse_hidden(struct str text, const struct config_value *to, struct err *e)
{
	if (str_eq(text, str_of(to->example)))
		return err_set(e, ERR_CONFIG,
		    "\"%s\" is the example, not a value", to->example);
	return type_parse_secret(text, to, e);
}

/* "none", or a proxy; "" cannot be said in a file. */
static bool
type_parse_proxy(struct str text, const struct config_value *to, struct err *e)
{
	struct proxy p;

	if (!str_eq(text, STR("none"))) {
		if (!proxy_parse(text, &p, e))
			return false;
		proxy_release(&p);
	}
	return type_parse_secret(text, to, e);
}

static bool
type_is_secret(struct str text)
{
	return text.n > 0;
}

static void
type_print_secret(const void *at, struct buf *out)
{
	(void)at;
	buf_addz(out, "***");
}

static void
type_print_proxy(const void *at, struct buf *out)
{
	proxy_mask(secret_view(at), out);
}

/* Numbers */

static bool
type_parse_yes_no(struct str text, const struct config_value *to, struct err *e)
{
	bool *flag = to->at;

	if (!str_eq(text, STR("yes")) && !str_eq(text, STR("no")))
		return err_set(e, ERR_CONFIG, "\"%.*s\" is neither yes nor no",
		    STR_ARG(text));
	*flag = str_eq(text, STR("yes"));
	return true;
}

static void
type_print_yes_no(const void *at, struct buf *out)
{
	buf_addz(out, *(const bool *)at ? "yes" : "no");
}

/* "2027-03-31": the end of that day is the last moment. */
static bool
type_parse_day(struct str text, const struct config_value *to, struct err *e)
{
	char iso[] = "2000-01-01T23:59:59Z";

	for (size_t i = 0; i < DAY_SIZE && text.n == DAY_SIZE; i++)
		iso[i] = text.p[i];
	if (text.n != DAY_SIZE || !date_parse_iso(str_of(iso), to->at))
		return err_set(e, ERR_CONFIG, "\"%.*s\" is not a date like %s",
		    STR_ARG(text), to->example);
	return true;
}

static void
type_print_day(const void *at, struct buf *out)
{
	char iso[DATE_ISO_SIZE];

	date_iso(*(const int64_t *)at, iso);
	buf_add(out, iso, DAY_SIZE);
}

bool
config_time(struct str text, uint64_t most, int64_t *seconds)
{
	struct str digits = text;
	uint64_t n, unit = 1;

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (str_ends(text, str_of(units[i].name))) {
			unit = units[i].seconds;
			digits = str_trim(str_first(text, text.n - 1));
		}
	if (!str_u64(digits, most, &n) || n == 0 || n * unit > most)
		return false;
	*seconds = (int64_t)(n * unit);
	return true;
}

static bool
type_read_time(struct str text, const struct config_value *to, uint64_t most,
    struct err *e)
{
	int64_t *ms = to->at, seconds;

	if (!config_time(text, most, &seconds))
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\" is not a time from 1s to %ud, like %s",
		    STR_ARG(text), (unsigned)(most / TIME_MAX), to->example);
	*ms = seconds * 1000;
	return true;
}

static bool
type_parse_time(struct str text, const struct config_value *to, struct err *e)
{
	return type_read_time(text, to, TIME_MAX, e);
}

static bool
type_parse_age(struct str text, const struct config_value *to, struct err *e)
{
	return type_read_time(text, to, AGE_MAX, e);
}

static void
type_print_time(const void *at, struct buf *out)
{
	long long seconds = *(const int64_t *)at / 1000;
	size_t i = sizeof(units) / sizeof(*units) - 1;

	while (seconds % units[i].seconds != 0)
		i--;
	buf_addf(out, "%lld%s", seconds / units[i].seconds, units[i].name);
}

/* Gigabytes are the most. */
static bool
type_read_size(struct str text, const struct config_value *to, unsigned most,
    struct err *e)
{
	uint64_t *bytes = to->at, n;
	struct str digits = text;
	unsigned shift = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		if (text.n > 0 &&
		    ascii_lower(text.p[text.n - 1]) == sizes[i].name) {
			shift = sizes[i].shift;
			digits = str_trim(str_first(text, text.n - 1));
		}
	if (!str_u64(digits, SIZE_UNIT * most >> shift, &n) ||
	    n << shift < SIZE_LEAST)
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\" is not a size from 1k to %ug, like %s",
		    STR_ARG(text), most, to->example);
	*bytes = n << shift;
	return true;
}

static bool
type_parse_size(struct str text, const struct config_value *to, struct err *e)
{
	return type_read_size(text, to, 1, e);
}

static void
type_print_size(const void *at, struct buf *out)
{
	unsigned long long bytes = *(const uint64_t *)at;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		if (bytes % (1ULL << sizes[i].shift) == 0) {
			buf_addf(out, "%llu%c", bytes >> sizes[i].shift,
			    sizes[i].name);
			return;
		}
	buf_addf(out, "%llu", bytes);
}

/* Of a disk; none is 0. */
static bool
type_parse_space(struct str text, const struct config_value *to, struct err *e)
{
	if (str_eq(text, STR("none"))) {
		*(uint64_t *)to->at = 0;
		return true;
	}
	return type_read_size(text, to, SPACE_MOST, e);
}

static bool
type_parse_count(struct str text, const struct config_value *to, struct err *e)
{
	uint64_t n;

	if (!str_u64(text, COUNT_MOST, &n) || n == 0)
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\" is not a number from 1 to %d, like %s",
		    STR_ARG(text), COUNT_MOST, to->example);
	*(uint64_t *)to->at = n;
	return true;
}

static void
type_print_space(const void *at, struct buf *out)
{
	if (*(const uint64_t *)at == 0)
		buf_addz(out, "none");
	else
		type_print_size(at, out);
}

static void
type_print_count(const void *at, struct buf *out)
{
	buf_addf(out, "%llu", (unsigned long long)*(const uint64_t *)at);
}

/* A request holds 4 MB, and base64 makes 4 bytes of 3 (facts.md 4.4). */
static bool
type_parse_mime(struct str text, const struct config_value *to, struct err *e)
{
	if (!type_parse_size(text, to, e))
		return false;
	if (*(const uint64_t *)to->at <= MIME_MOST)
		return true;
	return err_set(e, ERR_CONFIG,
	    "\"%.*s\" is more than 3m, and Graph takes no request with that",
	    STR_ARG(text));
}

static bool
type_parse_rate(struct str text, const struct config_value *to, struct err *e)
{
	struct config_rate *rate = to->at;
	size_t slash = str_chr(text, '/');
	uint64_t n = 0;

	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++)
		if (str_eq(str_from(text, slash), str_of(rates[i].name)) &&
		    str_u64(str_first(text, slash), RATE_MOST, &n))
			rate->seconds = rates[i].seconds;
	if (n == 0 && !str_eq(text, STR("none")))
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\" is neither none nor 1 to %d messages /min, /h "
		    "or /day, like %s",
		    STR_ARG(text), RATE_MOST, to->example);
	rate->n = n;
	return true;
}

static void
type_print_rate(const void *at, struct buf *out)
{
	const struct config_rate *rate = at;

	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++)
		if (rate->n > 0 && rate->seconds == rates[i].seconds)
			buf_addf(out, "%llu%s", (unsigned long long)rate->n,
			    rates[i].name);
	if (rate->n == 0)
		buf_addz(out, "none");
}

/* The kinds */

static const char *const policies[] = { "keep", "rewrite", "map", NULL };
static const char *const deliveries[] = { "auto", "exact", "once", NULL };
static const char *const syncs[] = { "full", "file", "none", NULL };
static const char *const algs[] = { "PS256", "RS256", NULL };

#define TEXT(parse)                                                            \
	{                                                                      \
		parse, config_print_text, NULL, sizeof(struct str), false,     \
		    NULL                                                       \
	}
#define WORD(words)                                                            \
	{                                                                      \
		type_parse_word, config_print_text, NULL, sizeof(struct str),  \
		    false, words                                               \
	}
#define NUMBER(parse, print, of)                                               \
	{                                                                      \
		parse, print, NULL, sizeof(of), false, NULL                    \
	}

/* clang-format off */
const struct config_type
    config_type_text = TEXT(config_keep),
    config_type_sender = TEXT(type_parse_sender),
    config_type_mailbox = TEXT(type_parse_mailbox),
    config_type_domain = TEXT(type_parse_domain),
    config_type_names = TEXT(type_parse_names),
    config_type_map = TEXT(type_parse_map),
    config_type_path = { type_parse_path, config_print_text, NULL,
	sizeof(struct str), true, NULL },
    config_type_policy = WORD(policies),
    config_type_delivery = WORD(deliveries),
    config_type_sync = WORD(syncs),
    config_type_alg = WORD(algs),
    config_type_hidden = { type_parse_hidden, type_print_secret, type_is_secret,
	sizeof(struct secret), false, NULL },
    config_type_proxy = { type_parse_proxy, type_print_proxy, proxy_has_secret,
	sizeof(struct secret), false, NULL },
    config_type_yes_no = NUMBER(type_parse_yes_no, type_print_yes_no, bool),
    config_type_day = NUMBER(type_parse_day, type_print_day, int64_t),
    config_type_time = NUMBER(type_parse_time, type_print_time, int64_t),
    config_type_age = NUMBER(type_parse_age, type_print_time, int64_t),
    config_type_size = NUMBER(type_parse_size, type_print_size, uint64_t),
    config_type_space = NUMBER(type_parse_space, type_print_space, uint64_t),
    config_type_count = NUMBER(type_parse_count, type_print_count, uint64_t),
    config_type_mime_limit = NUMBER(type_parse_mime, type_print_size, uint64_t),
    config_type_rate = NUMBER(type_parse_rate, type_print_rate,
	struct config_rate);
/* clang-format on */
