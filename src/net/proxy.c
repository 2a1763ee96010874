/* SPDX-License-Identifier: MIT */
#include "net/proxy.h"

#include <stdio.h>
#include <string.h>

#include "codec/base64.h"
#include "net/hostname.h"

enum { TEXT_MAX = URL_MAX + 16 };

/* Schemes that others have and we refuse, with the reason. */
static const struct {
	struct str scheme;
	const char *why;
} refused[] = {
	{ STR_INIT("https://"), "TLS to the proxy itself is not supported" },
	{ STR_INIT("socks"), "SOCKS is not supported" },
};

/* --- the setting --- */

/* Bytes before the host: scheme, user, password. All may hold '@'. */
static size_t
host_at(struct str text)
{
	size_t at = text.n;

	while (at > 0 && text.p[at - 1] != '@')
		at--;
	return at;
}

/* "http://"; empty if there is none. */
static struct str
scheme_of(struct str text)
{
	size_t at = str_chr(text, ':');
	struct str scheme = str_first(text, at + 3);

	if (!str_ends(scheme, STR("://")) || str_chr(scheme, '@') < scheme.n)
		return STR("");
	return scheme;
}

bool
proxy_has_secret(struct str text)
{
	return host_at(text) > 0;
}

void
proxy_mask(struct str text, struct buf *out)
{
	size_t at = host_at(text);
	struct str scheme = scheme_of(text);

	if (at > 0)
		buf_addf(out, "%.*s***@", STR_ARG(scheme));
	buf_adds(out, str_from(text, at));
}

static bool
check_scheme(struct str scheme, struct err *e)
{
	if (scheme.n == 0 || str_ieq(scheme, STR("http://")))
		return true;
	err_set(e, ERR_CONFIG, "this is no http:// address");
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (str_istarts(scheme, refused[i].scheme))
			err_set(e, ERR_CONFIG, "%s", refused[i].why);
	return err_remedy(e,
	    "Give a proxy that takes CONNECT over plain HTTP, as "
	    "http://host:3128: what goes through it is encrypted all the "
	    "same.");
}

/* Appends a part of "user:password", decoded. */
static bool
add_part(struct buf *out, struct str part, struct err *e)
{
	size_t start = out->n;

	if (!url_decode(out, part, false, e)) {
		e->kind = e->kind == ERR_INPUT ? ERR_CONFIG : e->kind;
		return err_wrap(e, "user name or password");
	}
	for (size_t i = start; i < out->n; i++)
		if ((unsigned char)out->p[i] < ' ' || out->p[i] == 0x7f)
			return err_set(e, ERR_CONFIG,
			    "a control character in user name or password");
	return true;
}

/* RFC 7617 2: the first colon ends the name, so none can be in it. */
static bool
make_basic(struct str info, struct secret *basic, struct err *e)
{
	size_t colon = str_chr(info, ':');
	struct buf plain, coded;
	bool ok;

	if (info.n > PROXY_USER_MAX)
		return err_set(e, ERR_CONFIG,
		    "user name and password have more than %d bytes",
		    PROXY_USER_MAX);
	buf_init_secret(&plain, PROXY_USER_MAX + 1);
	buf_init_secret(&coded, BASE64_SIZE(PROXY_USER_MAX + 1));
	ok = add_part(&plain, str_first(info, colon), e);
	if (ok && str_chr(buf_view(&plain), ':') < plain.n)
		ok = err_set(e, ERR_CONFIG, "a colon in the user name");
	buf_addc(&plain, ':');
	ok = ok && add_part(&plain, str_from(info, colon + 1), e);
	base64_encode(&coded, buf_view(&plain));
	ok = ok && buf_ok(&coded, e) && secret_set(basic, buf_view(&coded), e);
	buf_release(&plain);
	buf_release(&coded);
	return ok;
}

/* Programs disagree on the port that is meant by none: 80, or 1080. */
static bool
has_port(const struct url *u)
{
	struct str end = str_from(u->origin, 7 + u->host.n + 2 * u->ip6);

	return end.n > 1;
}

static bool
parse_host(struct str text, struct proxy *p, struct err *e)
{
	buf_init(&p->text, TEXT_MAX);
	buf_addz(&p->text, "http://");
	buf_adds(&p->text, text);
	if (!buf_ok(&p->text, e) ||
	    !url_parse(buf_view(&p->text), &p->url, e)) {
		e->kind = e->kind == ERR_INPUT ? ERR_CONFIG : e->kind;
		return false;
	}
	if (!has_port(&p->url))
		return err_set(e, ERR_CONFIG,
		    "the port is missing, as in http://host:3128");
	if (p->url.target.n > 0 && !str_eq(p->url.target, STR("/")))
		return err_set(e, ERR_CONFIG,
		    "a path has no meaning in a proxy's address (PAC files "
		    "are not read)");
	(void)snprintf(p->name, sizeof(p->name),
	    p->url.ip6 ? "[%.*s]:%u" : "%.*s:%u", STR_ARG(p->url.host),
	    p->url.port);
	return true;
}

bool
proxy_parse(struct str text, struct proxy *out, struct err *e)
{
	struct str scheme = scheme_of(text), info;
	size_t at = host_at(text);

	*out = (struct proxy){ 0 };
	info = str_from(str_first(text, at > 0 ? at - 1 : 0), scheme.n);
	at = at > 0 ? at : scheme.n;
	if (check_scheme(scheme, e) && parse_host(str_from(text, at), out, e) &&
	    (info.n == 0 || make_basic(info, &out->basic, e)))
		return true;
	proxy_release(out);
	return false;
}

void
proxy_release(struct proxy *p)
{
	secret_release(&p->basic);
	buf_release(&p->text);
	*p = (struct proxy){ 0 };
}

/* --- who is reached without it --- */

/* Takes "host", "host:port", "[v6]:port", "v6" apart. False: a bad port. */
static bool
split(struct str entry, struct str *host, uint64_t *port)
{
	size_t end = str_chr(entry, ':');
	struct str rest;

	*port = 0;
	if (str_starts(entry, STR("["))) {
		end = str_chr(entry, ']');
		*host = str_from(str_first(entry, end), 1);
		rest = str_from(entry, end + 1);
	} else if (str_chr(str_from(entry, end + 1), ':') + end + 1 < entry.n) {
		*host = entry; /* two colons: IPv6 */
		return true;
	} else {
		*host = str_first(entry, end);
		rest = str_from(entry, end);
	}
	return rest.n == 0 ||
	    (rest.p[0] == ':' && str_u64(str_from(rest, 1), UINT16_MAX, port));
}

static bool
same_bits(const unsigned char *a, const unsigned char *b, size_t bits)
{
	size_t bytes = bits / 8;
	unsigned mask = 0xff00u >> bits % 8 & 0xff;

	return memcmp(a, b, bytes) == 0 &&
	    (mask == 0 || ((a[bytes] ^ b[bytes]) & mask) == 0);
}

/* host is one, of n bytes; all: of an address without a /length. */
static bool
covers_ip(struct str entry, const unsigned char *ip, size_t n)
{
	unsigned char net[HOSTNAME_IP_MAX];
	size_t slash = str_chr(entry, '/');
	uint64_t bits = n * 8;

	if (hostname_ip(str_first(entry, slash), net) != n ||
	    (slash < entry.n &&
		!str_u64(str_from(entry, slash + 1), n * 8, &bits)))
		return false;
	return same_bits(ip, net, (size_t)bits);
}

static bool
covers_name(struct str entry, struct str host)
{
	if (str_starts(entry, STR("*.")))
		entry = str_from(entry, 1);
	if (str_starts(entry, STR(".")))
		entry = str_from(entry, 1);
	entry = hostname_trim(entry);
	host = hostname_trim(host);
	if (entry.n == 0 || !str_iends(host, entry))
		return false;
	return host.n == entry.n || host.p[host.n - entry.n - 1] == '.';
}

static bool
covers(struct str entry, struct str host, uint16_t port)
{
	unsigned char ip[HOSTNAME_IP_MAX];
	struct str name;
	uint64_t only;
	size_t n;

	if (!split(entry, &name, &only) || (only != 0 && only != port))
		return false;
	if (str_eq(name, STR("*")))
		return true;
	n = hostname_ip(host, ip);
	return n > 0 ? covers_ip(name, ip, n) : covers_name(name, host);
}

/* Takes the next entry off *list; one may be empty. */
static bool
next_entry(struct str *list, struct str *entry)
{
	size_t n = 0;

	if (list->n == 0)
		return false;
	while (n < list->n && list->p[n] != ',' && !ascii_is_blank(list->p[n]))
		n++;
	*entry = str_first(*list, n);
	*list = str_from(*list, n + 1);
	return true;
}

struct str
proxy_entry(struct str list, struct str host, uint16_t port)
{
	struct str entry;

	while (next_entry(&list, &entry))
		if (entry.n > 0 && covers(entry, host, port))
			return entry;
	return (struct str){ 0 };
}

const struct proxy *
proxy_for(const struct proxy *p, const struct url *u, struct str *why)
{
	if (p == NULL || p->url.host.n == 0)
		return NULL;
	*why = url_is_loopback(u) ? STR("loopback") :
				    proxy_entry(p->direct, u->host, u->port);
	return why->p == NULL ? p : NULL;
}
