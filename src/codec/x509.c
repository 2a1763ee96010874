/* SPDX-License-Identifier: MIT */
#include "codec/x509.h"

#include "codec/der.h"

enum {
	URL_LIMIT = 200, /* in a message; real ones have 50 to 80 bytes */
	PERMITTED = 0xa0,
	EXCLUDED = 0xa1
};

#define CE "\x55\x1d" /* 2.5.29 */
static const struct str constraints_oid = STR_INIT(CE "\x1e");
static const struct str access_oid = STR_INIT("\x2b\x06\x01\x05\x05\x07\x01"
					      "\x01");
static const struct str issuers_oid = STR_INIT("\x2b\x06\x01\x05\x05\x07\x30"
					       "\x02");
static const struct str email_oid = STR_INIT("\x2a\x86\x48\x86\xf7\x0d\x01"
					     "\x09\x01");

/* What mbedTLS reads, and the constraints: these may be critical. */
static const struct str known[] = {
	STR_INIT(CE "\x0e"), /* subjectKeyIdentifier */
	STR_INIT(CE "\x0f"), /* keyUsage */
	STR_INIT(CE "\x11"), /* subjectAltName */
	STR_INIT(CE "\x13"), /* basicConstraints */
	STR_INIT(CE "\x1e"), /* nameConstraints */
	STR_INIT(CE "\x20"), /* certificatePolicies */
	STR_INIT(CE "\x23"), /* authorityKeyIdentifier */
	STR_INIT(CE "\x25"), /* extKeyUsage */
	STR_INIT("\x60\x86\x48\x01\x86\xf8\x42\x01\x01"), /* nsCertType */
};

/* --- extensions --- */

struct extension {
	struct str oid, value;
	bool critical;
};

static bool
next_extension(struct str *rest, struct extension *x)
{
	struct str one, flag;

	if (!der_take(rest, DER_SEQUENCE, &one) ||
	    !der_take(&one, DER_OID, &x->oid))
		return false;
	x->critical = der_take(&one, DER_BOOLEAN, &flag) && flag.n == 1 &&
	    flag.p[0] != '\0';
	return der_take(&one, DER_OCTETS, &x->value) && one.n == 0;
}

static enum x509_found
find(struct str exts, struct str oid, struct str *out)
{
	enum x509_found found = X509_ABSENT;
	struct extension x;
	struct str rest;

	if (exts.n == 0)
		return X509_ABSENT;
	if (!der_take(&exts, DER_SEQUENCE, &rest))
		return X509_BROKEN;
	while (rest.n > 0) {
		if (!next_extension(&rest, &x))
			return X509_BROKEN;
		if (!str_eq(x.oid, oid))
			continue;
		if (found == X509_THERE)
			return X509_BROKEN;
		found = X509_THERE;
		*out = x.value;
	}
	return found;
}

enum x509_found
x509_constraints(struct str exts, struct str *out)
{
	return find(exts, constraints_oid, out);
}

static bool
is_known(struct str oid)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (str_eq(oid, known[i]))
			return true;
	return false;
}

bool
x509_has_unknown_critical(struct str exts)
{
	struct extension x;
	struct str rest;

	if (exts.n == 0)
		return false;
	if (!der_take(&exts, DER_SEQUENCE, &rest))
		return true;
	while (rest.n > 0)
		if (!next_extension(&rest, &x) ||
		    (x.critical && !is_known(x.oid)))
			return true;
	return false;
}

static bool
is_url(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.n <= URL_LIMIT && str_istarts(s, STR("http"));
}

struct str
x509_issuer_url(struct str exts)
{
	struct str value, rest, one, oid, url;
	unsigned char tag;

	if (find(exts, access_oid, &value) != X509_THERE ||
	    !der_take(&value, DER_SEQUENCE, &rest))
		return STR("");
	while (der_take(&rest, DER_SEQUENCE, &one))
		if (der_take(&one, DER_OID, &oid) && str_eq(oid, issuers_oid) &&
		    der_next(&one, &tag, &url) && tag == X509_URI &&
		    is_url(url))
			return url;
	return STR("");
}

/* --- name constraints --- */

/* A name against the base of a subtree. */
enum match { MATCH_NO, MATCH_YES, MATCH_BAD };

/* Letters, digits, hyphens and low lines in labels that are not empty. */
static bool
is_dns_base(struct str s)
{
	struct str label;

	if (s.n == 0)
		return true;
	while (str_next(&s, '.', &label)) {
		if (label.n == 0)
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!ascii_is_alpha(label.p[i]) &&
			    !ascii_is_digit(label.p[i]) && label.p[i] != '-' &&
			    label.p[i] != '_')
				return false;
	}
	return true;
}

/* Is name the base, or the base with labels before it? */
static bool
is_below(struct str name, struct str base)
{
	if (base.n == 0)
		return true;
	return str_iends(name, base) &&
	    (name.n == base.n || name.p[name.n - base.n - 1] == '.');
}

/*
 * A wildcard falls under an exclusion that one of its names falls under:
 * "*.a.test" is none where "b.a.test" is excluded.
 */
static enum match
match_dns(struct str base, struct str name, bool excluded)
{
	struct str parent = str_from(base, str_chr(base, '.') + 1);

	if (!is_dns_base(base))
		return MATCH_BAD;
	if (is_below(name, base))
		return MATCH_YES;
	return excluded && str_starts(name, STR("*.")) &&
		str_ieq(str_from(name, 2), parent) ?
	    MATCH_YES :
	    MATCH_NO;
}

/* RFC 4632 3.1: ones, then zeros. */
static bool
is_mask(struct str mask)
{
	bool ended = false;

	for (size_t i = 0; i < mask.n * 8; i++) {
		bool bit = ((unsigned char)mask.p[i / 8] >> (7 - i % 8)) & 1;

		if (bit && ended)
			return false;
		ended = !bit;
	}
	return true;
}

static enum match
match_ip(struct str base, struct str name, bool excluded)
{
	struct str net = str_first(base, base.n / 2);
	struct str mask = str_from(base, base.n / 2);

	(void)excluded;
	if ((base.n != 8 && base.n != 32) || !is_mask(mask))
		return MATCH_BAD;
	if (name.n != net.n)
		return name.n == 4 || name.n == 16 ? MATCH_NO : MATCH_BAD;
	for (size_t i = 0; i < net.n; i++)
		if (((name.p[i] ^ net.p[i]) & mask.p[i]) != 0)
			return MATCH_NO;
	return MATCH_YES;
}

/* Two sets of one attribute or more (RFC 5280 7.1, shortened). */
static bool
same_rdn(struct str a, struct str b)
{
	struct str one[2], type[2], value[2];
	unsigned char tag;

	while (a.n > 0 && b.n > 0)
		if (!der_take(&a, DER_SEQUENCE, &one[0]) ||
		    !der_take(&b, DER_SEQUENCE, &one[1]) ||
		    !der_take(&one[0], DER_OID, &type[0]) ||
		    !der_take(&one[1], DER_OID, &type[1]) ||
		    !der_next(&one[0], &tag, &value[0]) ||
		    !der_next(&one[1], &tag, &value[1]) ||
		    !str_eq(type[0], type[1]) || !str_ieq(value[0], value[1]))
			return false;
	return a.n == 0 && b.n == 0;
}

/* Does name begin as base does? *more: what comes behind that. */
static enum match
match_names(struct str base, struct str name, struct str *more)
{
	struct str of_base, want, got;

	if (!der_take(&base, DER_SEQUENCE, &of_base) || base.n > 0 ||
	    !der_take(&name, DER_SEQUENCE, more))
		return MATCH_BAD;
	while (of_base.n > 0) {
		if (!der_take(&of_base, DER_SET, &want))
			return MATCH_BAD;
		if (!der_take(more, DER_SET, &got) || !same_rdn(want, got))
			return MATCH_NO;
	}
	return MATCH_YES;
}

static enum match
match_directory(struct str base, struct str name, bool excluded)
{
	struct str more;

	(void)excluded;
	return match_names(base, name, &more);
}

bool
x509_same_name(struct str a, struct str b)
{
	struct str more;

	return match_names(a, b, &more) == MATCH_YES && more.n == 0;
}

static const struct {
	unsigned char tag;
	enum match (*match)(struct str base, struct str name, bool excluded);
} kinds[] = {
	{ X509_DNS, match_dns },
	{ X509_IP, match_ip },
	{ X509_DIRECTORY, match_directory },
};

static enum match
match(unsigned char tag, struct str base, struct str name, bool excluded)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].tag == tag)
			return kinds[i].match(base, name, excluded);
	return excluded ? MATCH_YES : MATCH_NO; /* not understood: forbidden */
}

struct name {
	unsigned char tag;
	struct str value;
};

/*
 * Walks one list of subtrees. *any: one is for this kind of name; *hit: one
 * holds it. False: it cannot be read. minimum and maximum must not be there.
 */
static bool
walk(struct str list, const struct name *n, bool excluded, bool *any, bool *hit)
{
	struct str one, base;
	unsigned char tag;

	if (list.n == 0)
		return false;
	while (list.n > 0) {
		enum match m = MATCH_NO;

		if (!der_take(&list, DER_SEQUENCE, &one) ||
		    !der_next(&one, &tag, &base) || one.n > 0)
			return false;
		if (tag == n->tag)
			m = match(tag, base, n->value, excluded);
		*any = *any || tag == n->tag;
		*hit = *hit || m == MATCH_YES;
		if (m == MATCH_BAD)
			return false;
	}
	return true;
}

static bool
is_empty_name(const struct name *n)
{
	struct str rest = n->value, inside;

	return n->tag == X509_DIRECTORY &&
	    der_take(&rest, DER_SEQUENCE, &inside) && inside.n == 0;
}

enum x509_verdict
x509_allows(struct str constraints, unsigned char tag, struct str name)
{
	bool permits = false, permitted = false, excludes = false;
	bool excluded = false, ok = true;
	const struct name n = { tag, name };
	struct str rest, list[2];
	bool has[2];

	if (!der_take(&constraints, DER_SEQUENCE, &rest) || constraints.n > 0)
		return X509_UNREADABLE;
	has[0] = der_take(&rest, PERMITTED, &list[0]);
	has[1] = der_take(&rest, EXCLUDED, &list[1]);
	if (rest.n > 0 || (!has[0] && !has[1]))
		return X509_UNREADABLE;
	if (has[0])
		ok = walk(list[0], &n, false, &permits, &permitted);
	if (ok && has[1])
		ok = walk(list[1], &n, true, &excludes, &excluded);
	if (!ok)
		return X509_UNREADABLE;
	if (is_empty_name(&n))
		return X509_ALLOWED;
	return excluded || (permits && !permitted) ? X509_FORBIDDEN :
						     X509_ALLOWED;
}

bool
x509_name_has_email(struct str name)
{
	return str_find(name, email_oid) < name.n;
}
