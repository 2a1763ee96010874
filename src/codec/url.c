/* SPDX-License-Identifier: MIT */
#include "codec/url.h"

/* RFC 1035 2.3.4 allows 255 bytes on the wire, which is 253 as text. */
enum { HOST_MAX = 253 };

/* What a character may be part of (RFC 3986 2.2, 2.3, 3.2.2). */
enum { UNRESERVED = 1, HOST = 2, IP6 = 4 };

static int
class_of(char c)
{
	if (ascii_hex(c) >= 0)
		return UNRESERVED | HOST | IP6;
	if (ascii_is_alpha(c) || ascii_is_digit(c))
		return UNRESERVED | HOST;
	switch (c) {
	case '-':
	case '_':
	case '~':
		return UNRESERVED | HOST;
	case '.':
		return UNRESERVED | HOST | IP6;
	case ':':
		return IP6;
	case '!': /* sub-delims */
	case '$':
	case '&':
	case '\'':
	case '(':
	case ')':
	case '*':
	case '+':
	case ',':
	case ';':
	case '=':
		return HOST;
	default:
		return 0;
	}
}

static bool
all_are(struct str s, int wanted)
{
	for (size_t i = 0; i < s.n; i++)
		if ((class_of(s.p[i]) & wanted) == 0)
			return false;
	return true;
}

/* Reads "%XX" at the start of s. */
static bool
read_triplet(struct str s, char *c)
{
	int high, low;

	if (s.n < 3 || s.p[0] != '%')
		return false;
	high = ascii_hex(s.p[1]);
	low = ascii_hex(s.p[2]);
	if (high < 0 || low < 0)
		return false;
	*c = (char)(high << 4 | low);
	return true;
}

/*
 * The characters that are refused wherever they stand. Those that RFC 3986
 * has no place for but that harm nothing, as '|', pass: an address that a
 * server gave us goes back as it came.
 */
static bool
check_characters(struct str s, struct err *e)
{
	unsigned char u;
	char byte;

	if (s.n > URL_MAX)
		return err_set(e, ERR_CONFIG, "URL: longer than %d bytes",
		    URL_MAX);
	for (size_t i = 0; i < s.n; i++) {
		u = (unsigned char)s.p[i];
		if (u <= ' ' || u >= 0x7f || u == '\\')
			return err_set(e, ERR_CONFIG,
			    "URL: byte %zu (0x%02x) may not stand there", i, u);
		if (u == '#')
			return err_set(e, ERR_CONFIG,
			    "URL: a fragment (#...) has no meaning here");
		if (u == '%' && !read_triplet(str_from(s, i), &byte))
			return err_set(e, ERR_CONFIG,
			    "URL: bad %%XX at byte %zu", i);
	}
	return true;
}

/* RFC 3986 3.2.3; an empty port is the scheme's own. */
static bool
parse_port(struct str s, struct url *u, struct err *e)
{
	uint64_t port = u->tls ? 443 : 80;

	if (s.n > 0 && s.p[0] != ':')
		return err_set(e, ERR_CONFIG, "URL: no ':' after the host");
	if (s.n > 1 &&
	    (!str_u64(str_from(s, 1), UINT16_MAX, &port) || port == 0))
		return err_set(e, ERR_CONFIG, "URL: port is not 1 to 65535");
	u->port = (uint16_t)port;
	return true;
}

/*
 * An IPv6 literal by its shape; whether it is one, connecting will tell.
 * Zones (RFC 6874) would name an interface of this machine: not here.
 */
static bool
is_ip6(struct str s)
{
	return all_are(s, IP6) && str_find(s, STR(":")) < s.n;
}

/* RFC 3986 3.2.2; what percent-encoding in a name would mean is unclear. */
static bool
is_name(struct str s)
{
	return s.n > 0 && s.n <= HOST_MAX && all_are(s, HOST);
}

static bool
parse_authority(struct str s, struct url *u, struct err *e)
{
	size_t end;

	if (str_chr(s, '@') < s.n)
		return err_set(e, ERR_CONFIG,
		    "URL: a user name or password has no place here");
	u->ip6 = str_starts(s, STR("["));
	end = str_chr(s, u->ip6 ? ']' : ':');
	u->host = str_from(str_first(s, end), u->ip6);
	if (u->ip6 ? end == s.n || !is_ip6(u->host) : !is_name(u->host))
		return err_set(e, ERR_CONFIG, "URL: \"%.*s\" is no host",
		    STR_ARG(u->host));
	return parse_port(str_from(s, end + u->ip6), u, e);
}

/* RFC 3986 3: scheme "://" authority path [ "?" query ] */
bool
url_parse(struct str s, struct url *out, struct err *e)
{
	struct url u = { .tls = str_istarts(s, STR("https://")) };
	size_t scheme = u.tls ? 8 : 7, end;
	struct str rest = str_from(s, scheme);

	if (!check_characters(s, e))
		return false;
	if (!u.tls && !str_istarts(s, STR("http://")))
		return err_set(e, ERR_CONFIG,
		    "URL: does not begin with https://");
	end = str_chr(str_first(rest, str_chr(rest, '?')), '/');
	if (!parse_authority(str_first(rest, end), &u, e))
		return false;
	u.origin = str_first(s, scheme + end);
	u.target = str_from(rest, end);
	u.path = str_first(u.target, str_chr(u.target, '?'));
	u.query = str_from(u.target, u.path.n + 1);
	*out = u;
	return true;
}

/* 127.0.0.0/8, four decimal numbers and none of inet_aton's other forms. */
static bool
is_loopback4(struct str s)
{
	struct str part;
	uint64_t v;
	size_t n = 0;

	while (str_next(&s, '.', &part)) {
		if (!str_u64(part, 255, &v) || part.n > 3 ||
		    (part.n > 1 && part.p[0] == '0') || (n == 0 && v != 127))
			return false;
		n++;
	}
	return n == 4;
}

bool
url_is_localhost(struct str host)
{
	return str_ieq(host, STR("localhost")) ||
	    str_ieq(host, STR("localhost."));
}

bool
url_is_loopback(const struct url *u)
{
	if (u->ip6)
		return str_eq(u->host, STR("::1"));
	return url_is_localhost(u->host) || is_loopback4(u->host);
}

/* blank: what a space becomes, '+' in forms; '\0': "%20". */
static void
encode(struct buf *out, struct str s, char blank)
{
	static const char hex[] = "0123456789ABCDEF"; /* RFC 3986 2.1 */
	unsigned char u;

	for (size_t i = 0; i < s.n; i++) {
		u = (unsigned char)s.p[i];
		if ((class_of(s.p[i]) & UNRESERVED) != 0) {
			buf_addc(out, s.p[i]);
		} else if (u == ' ' && blank != '\0') {
			buf_addc(out, blank);
		} else {
			buf_addc(out, '%');
			buf_addc(out, hex[u >> 4]);
			buf_addc(out, hex[u & 15]);
		}
	}
}

void
url_encode(struct buf *out, struct str s)
{
	encode(out, s, '\0');
}

/* RFC 6749 appendix B writes a blank as '+'. */
void
url_form_add(struct buf *out, struct str name, struct str value)
{
	if (out->n > 0)
		buf_addc(out, '&');
	encode(out, name, '+');
	buf_addc(out, '=');
	encode(out, value, '+');
}

/* Takes one character off s, decoded. False: a '%' without its digits. */
static bool
take(struct str *s, bool plus, char *c)
{
	size_t n = s->p[0] == '%' ? 3 : 1;

	if (n == 3 && !read_triplet(*s, c))
		return false;
	if (n == 1)
		*c = plus && s->p[0] == '+' ? ' ' : s->p[0];
	*s = str_from(*s, n);
	return true;
}

bool
url_decode(struct buf *out, struct str s, bool plus, struct err *e)
{
	size_t start = out->n, size = s.n;
	char c;

	if (!buf_ok(out, e))
		return err_wrap(e, "URL");
	while (s.n > 0) {
		if (!take(&s, plus, &c)) {
			buf_rewind(out, start);
			return err_set(e, ERR_INPUT,
			    "URL: bad %%XX at byte %zu", size - s.n);
		}
		buf_addc(out, c);
	}
	if (buf_ok(out, e))
		return true;
	buf_rewind(out, start);
	return err_wrap(e, "URL");
}

/* A name as it stands in a form against the decoded one. */
static bool
is_same_name(struct str raw, struct str name)
{
	size_t i = 0;
	char c;

	while (raw.n > 0) {
		if (!take(&raw, true, &c) || i == name.n || c != name.p[i])
			return false;
		i++;
	}
	return i == name.n;
}

bool
url_form_get(struct str form, struct str name, struct buf *out, bool *found,
    struct err *e)
{
	struct str field, value = { 0 };
	bool seen = false;
	size_t end;

	while (str_next(&form, '&', &field)) {
		end = str_chr(field, '=');
		if (field.n == 0 || !is_same_name(str_first(field, end), name))
			continue;
		if (seen)
			return err_set(e, ERR_INPUT,
			    "form: \"%.*s\" stands there twice", STR_ARG(name));
		seen = true;
		value = str_from(field, end + 1);
	}
	if (seen && !url_decode(out, value, true, e))
		return err_wrap(e, "form: \"%.*s\"", STR_ARG(name));
	*found = seen;
	return true;
}
