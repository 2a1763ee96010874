/* SPDX-License-Identifier: MIT */
/* x509 and der: extensions, name constraints, and their DER. */
#include "codec/x509.h"

#include "codec/der.h"
#include "t.h"

static const struct {
	const char *name;
	struct str constraints;
	unsigned char tag;
	struct str value;
	enum x509_verdict want;
} names[] = {
	{ "permitted itself",
	    STR_INIT("0\x0c\xa0\x0a"
		     "0\x08\x82\x06"
		     "a.test"),
	    X509_DNS, STR_INIT("a.test"), X509_ALLOWED },
	{ "permitted below, any case",
	    STR_INIT("0\x0c\xa0\x0a"
		     "0\x08\x82\x06"
		     "a.test"),
	    X509_DNS, STR_INIT("x.y.A.TEST"), X509_ALLOWED },
	{ "not permitted",
	    STR_INIT("0\x0c\xa0\x0a"
		     "0\x08\x82\x06"
		     "a.test"),
	    X509_DNS, STR_INIT("b.test"), X509_FORBIDDEN },
	{ "a label is whole",
	    STR_INIT("0\x0c\xa0\x0a"
		     "0\x08\x82\x06"
		     "a.test"),
	    X509_DNS, STR_INIT("xa.test"), X509_FORBIDDEN },
	{ "permitted second",
	    STR_INIT("0\x16\xa0\x14"
		     "0\x08\x82\x06"
		     "b.test0\x08\x82\x06"
		     "a.test"),
	    X509_DNS, STR_INIT("a.test"), X509_ALLOWED },
	{ "permitted all",
	    STR_INIT("0\x06\xa0\x04"
		     "0\x02\x82\x00"),
	    X509_DNS, STR_INIT("a.test"), X509_ALLOWED },
	{ "excluded all",
	    STR_INIT("0\x06\xa1\x04"
		     "0\x02\x82\x00"),
	    X509_DNS, STR_INIT("a.test"), X509_FORBIDDEN },
	{ "excluded",
	    STR_INIT("0\x0c\xa1\x0a"
		     "0\x08\x82\x06"
		     "a.test"),
	    X509_DNS, STR_INIT("x.a.test"), X509_FORBIDDEN },
	{ "both",
	    STR_INIT("0\x16\xa0\x08"
		     "0\x06\x82\x04test\xa1\x0a"
		     "0\x08\x82\x06"
		     "a.test"),
	    X509_DNS, STR_INIT("a.test"), X509_FORBIDDEN },
	{ "both, not excluded",
	    STR_INIT("0\x16\xa0\x08"
		     "0\x06\x82\x04test\xa1\x0a"
		     "0\x08\x82\x06"
		     "a.test"),
	    X509_DNS, STR_INIT("b.test"), X509_ALLOWED },
	{ "wildcard permitted",
	    STR_INIT("0\x0c\xa0\x0a"
		     "0\x08\x82\x06"
		     "a.test"),
	    X509_DNS, STR_INIT("*.a.test"), X509_ALLOWED },
	{ "wildcard too wide",
	    STR_INIT("0\x0e\xa0\x0c"
		     "0\x0a\x82\x08"
		     "b.a.test"),
	    X509_DNS, STR_INIT("*.a.test"), X509_FORBIDDEN },
	{ "wildcard over an excluded",
	    STR_INIT("0\x0e\xa1\x0c"
		     "0\x0a\x82\x08"
		     "b.a.test"),
	    X509_DNS, STR_INIT("*.a.test"), X509_FORBIDDEN },
	{ "wildcard beside it",
	    STR_INIT("0\x10\xa1\x0e"
		     "0\x0c\x82\x0a"
		     "c.b.a.test"),
	    X509_DNS, STR_INIT("*.a.test"), X509_ALLOWED },
	{ "leading full stop",
	    STR_INIT("0\x0d\xa0\x0b"
		     "0\x09\x82\x07.a.test"),
	    X509_DNS, STR_INIT("x.a.test"), X509_UNREADABLE },
	{ "wildcard as base",
	    STR_INIT("0\x0e\xa0\x0c"
		     "0\x0a\x82\x08*.a.test"),
	    X509_DNS, STR_INIT("x.a.test"), X509_UNREADABLE },
	{ "empty label",
	    STR_INIT("0\x0d\xa0\x0b"
		     "0\x09\x82\x07"
		     "a..test"),
	    X509_DNS, STR_INIT("a.test"), X509_UNREADABLE },
	{ "address permitted",
	    STR_INIT("0\x0e\xa0\x0c"
		     "0\x0a\x87\x08\xc0\x00\x02\x00\xff\xff\xff\x00"),
	    X509_IP, STR_INIT("\xc0\x00\x02\x09"), X509_ALLOWED },
	{ "address not permitted",
	    STR_INIT("0\x0e\xa0\x0c"
		     "0\x0a\x87\x08\xc0\x00\x02\x00\xff\xff\xff\x00"),
	    X509_IP, STR_INIT("\xc0\x00\x03\x09"), X509_FORBIDDEN },
	{ "address excluded",
	    STR_INIT("0\x0e\xa1\x0c"
		     "0\x0a\x87\x08\xc0\x00\x02\x00\xff\xff\xff\x00"),
	    X509_IP, STR_INIT("\xc0\x00\x02\x09"), X509_FORBIDDEN },
	{ "other family",
	    STR_INIT("0\x0e\xa0\x0c"
		     "0\x0a\x87\x08\xc0\x00\x02\x00\xff\xff\xff\x00"),
	    X509_IP,
	    STR_INIT("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		     "\x00\x01"),
	    X509_FORBIDDEN },
	{ "mask with a hole",
	    STR_INIT("0\x0e\xa0\x0c"
		     "0\x0a\x87\x08\xc0\x00\x02\x00\xff\x00\xff\x00"),
	    X509_IP, STR_INIT("\xc0\x00\x02\x09"), X509_UNREADABLE },
	{ "no mask",
	    STR_INIT("0\x0a\xa0\x08"
		     "0\x06\x87\x04\xc0\x00\x02\x00"),
	    X509_IP, STR_INIT("\xc0\x00\x02\x00"), X509_UNREADABLE },
	{ "all IPv6 excluded",
	    STR_INIT("0&\xa1$"
		     "0\x22\x87\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		     "\x00\x00\x00\x00\x00\x00\x00"),
	    X509_IP,
	    STR_INIT("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		     "\x00\x01"),
	    X509_FORBIDDEN },
	{ "address, host constrained",
	    STR_INIT("0\x0c\xa0\x0a"
		     "0\x08\x82\x06"
		     "a.test"),
	    X509_IP, STR_INIT("\xc0\x00\x02\x09"), X509_ALLOWED },
	{ "subject permitted",
	    STR_INIT("0\x16\xa0\x14"
		     "0\x12\xa4\x10"
		     "0\x0e"
		     "1\x0c"
		     "0\x0a\x06\x03U\x04\x0a\x0c\x03Org"),
	    X509_DIRECTORY,
	    STR_INIT("0\x1a"
		     "1\x0c"
		     "0\x0a\x06\x03U\x04\x0a\x0c\x03ORG1\x0a"
		     "0\x08\x06\x03U\x04\x03\x0c\x01x"),
	    X509_ALLOWED },
	{ "subject not permitted",
	    STR_INIT("0\x16\xa0\x14"
		     "0\x12\xa4\x10"
		     "0\x0e"
		     "1\x0c"
		     "0\x0a\x06\x03U\x04\x0a\x0c\x03Org"),
	    X509_DIRECTORY,
	    STR_INIT("0\x1c"
		     "1\x0e"
		     "0\x0c\x06\x03U\x04\x0a\x0c\x05Other1\x0a"
		     "0\x08\x06\x03U\x04\x03\x0c\x01x"),
	    X509_FORBIDDEN },
	{ "subject, other attribute",
	    STR_INIT("0\x16\xa0\x14"
		     "0\x12\xa4\x10"
		     "0\x0e"
		     "1\x0c"
		     "0\x0a\x06\x03U\x04\x0a\x0c\x03Org"),
	    X509_DIRECTORY,
	    STR_INIT("0\x0e"
		     "1\x0c"
		     "0\x0a\x06\x03U\x04\x03\x0c\x03Org"),
	    X509_FORBIDDEN },
	{ "subject too short",
	    STR_INIT("0\x22\xa0\x20"
		     "0\x1e\xa4\x1c"
		     "0\x1a"
		     "1\x0c"
		     "0\x0a\x06\x03U\x04\x0a\x0c\x03Org1\x0a"
		     "0\x08\x06\x03U\x04\x03\x0c\x01x"),
	    X509_DIRECTORY,
	    STR_INIT("0\x0e"
		     "1\x0c"
		     "0\x0a\x06\x03U\x04\x0a\x0c\x03Org"),
	    X509_FORBIDDEN },
	{ "subject excluded",
	    STR_INIT("0\x16\xa1\x14"
		     "0\x12\xa4\x10"
		     "0\x0e"
		     "1\x0c"
		     "0\x0a\x06\x03U\x04\x0a\x0c\x03Org"),
	    X509_DIRECTORY,
	    STR_INIT("0\x1a"
		     "1\x0c"
		     "0\x0a\x06\x03U\x04\x0a\x0c\x03Org1\x0a"
		     "0\x08\x06\x03U\x04\x03\x0c\x01x"),
	    X509_FORBIDDEN },
	{ "no subject",
	    STR_INIT("0\x16\xa0\x14"
		     "0\x12\xa4\x10"
		     "0\x0e"
		     "1\x0c"
		     "0\x0a\x06\x03U\x04\x0a\x0c\x03Org"),
	    X509_DIRECTORY, STR_INIT("0\x00"), X509_ALLOWED },
	{ "a base that is no name",
	    STR_INIT("0\x07\xa0\x05"
		     "0\x03\xa4\x01x"),
	    X509_DIRECTORY,
	    STR_INIT("0\x0c"
		     "1\x0a"
		     "0\x08\x06\x03U\x04\x03\x0c\x01x"),
	    X509_UNREADABLE },
	{ "mail, not understood",
	    STR_INIT("0\x0c\xa0\x0a"
		     "0\x08\x81\x06"
		     "a.test"),
	    X509_EMAIL, STR_INIT("x@a.test"), X509_FORBIDDEN },
	{ "mail excluded",
	    STR_INIT("0\x0c\xa1\x0a"
		     "0\x08\x81\x06"
		     "b.test"),
	    X509_EMAIL, STR_INIT("x@a.test"), X509_FORBIDDEN },
	{ "host, mail constrained",
	    STR_INIT("0\x0c\xa0\x0a"
		     "0\x08\x81\x06"
		     "a.test"),
	    X509_DNS, STR_INIT("b.test"), X509_ALLOWED },
	{ "neither list", STR_INIT("0\x00"), X509_DNS, STR_INIT("a.test"),
	    X509_UNREADABLE },
	{ "empty list", STR_INIT("0\x02\xa0\x00"), X509_DNS, STR_INIT("a.test"),
	    X509_UNREADABLE },
	{ "a minimum",
	    STR_INIT("0\x0f\xa0\x0d"
		     "0\x0b\x82\x06"
		     "a.test\x80\x01\x00"),
	    X509_DNS, STR_INIT("a.test"), X509_UNREADABLE },
	{ "lists in the wrong order",
	    STR_INIT("0\x0e\xa1\x05"
		     "0\x03\x82\x01"
		     "b\xa0\x05"
		     "0\x03\x82\x01"
		     "a"),
	    X509_DNS, STR_INIT("a"), X509_UNREADABLE },
	{ "bytes behind it",
	    STR_INIT("0\x07\xa0\x05"
		     "0\x03\x82\x01"
		     "ax"),
	    X509_DNS, STR_INIT("a"), X509_UNREADABLE },
	{ "nothing", STR_INIT(""), X509_DNS, STR_INIT("a"), X509_UNREADABLE },
};

static const struct {
	const char *name;
	struct str exts;
	enum x509_found constraints;
	bool unknown;
	const char *url;
} extensions[] = {
	{ "none", STR_INIT(""), X509_ABSENT, false, "" },
	{ "empty", STR_INIT("0\x00"), X509_ABSENT, false, "" },
	{ "constraints",
	    STR_INIT("0\x0d"
		     "0\x0b\x06\x03U\x1d\x1e\x01\x01\xff\x04\x01x"),
	    X509_THERE, false, "" },
	{ "twice",
	    STR_INIT("0\x14"
		     "0\x08\x06\x03U\x1d\x1e\x04\x01x0\x08\x06\x03U\x1d\x1e\x04"
		     "\x01y"),
	    X509_BROKEN, false, "" },
	{ "cut",
	    STR_INIT("0\x0a"
		     "0\x08\x06\x03U\x1d\x1e\x04\x01"),
	    X509_BROKEN, true, "" },
	{ "no sequence", STR_INIT("\x04\x00"), X509_BROKEN, true, "" },
	{ "unknown",
	    STR_INIT("0\x09"
		     "0\x07\x06\x02*\x03\x04\x01x"),
	    X509_ABSENT, false, "" },
	{ "unknown, critical",
	    STR_INIT("0\x0c"
		     "0\x0a\x06\x02*\x03\x01\x01\xff\x04\x01x"),
	    X509_ABSENT, true, "" },
	{ "unknown, said not to be critical",
	    STR_INIT("0\x0c"
		     "0\x0a\x06\x02*\x03\x01\x01\x00\x04\x01x"),
	    X509_ABSENT, false, "" },
	{ "issuer",
	    STR_INIT("0200\x06\x08+\x06\x01\x05\x05\x07\x01\x01\x04$0\x22"
		     "0\x20\x06\x08+\x06\x01\x05\x05\x07"
		     "0\x02\x86\x14http://a.test/ca.crt"),
	    X509_ABSENT, false, "http://a.test/ca.crt" },
	{ "issuer after others",
	    STR_INIT(
		"0r0p\x06\x08+\x06\x01\x05\x05\x07\x01\x01\x04"
		"d0b0\x19\x06\x08+\x06\x01\x05\x05\x07"
		"0\x01\x86\x0dhttp://o.test0\x12\x06\x08+\x06\x01\x05\x05\x07"
		"0\x02\x82\x06x.test0\x14\x06\x08+\x06\x01\x05\x05\x07"
		"0\x02\x86\x08ldap://a0\x1b\x06\x08+\x06\x01\x05\x05\x07"
		"0\x02\x86\x0fhttp://a.test/b"),
	    X509_ABSENT, false, "http://a.test/b" },
	{ "a URL with a blank",
	    STR_INIT("0+0)\x06\x08+\x06\x01\x05\x05\x07\x01\x01\x04\x1d"
		     "0\x1b"
		     "0\x19\x06\x08+\x06\x01\x05\x05\x07"
		     "0\x02\x86\x0dhttp://a\x20test"),
	    X509_ABSENT, false, "" },
	{ "access that is no sequence",
	    STR_INIT("0\x1b"
		     "0\x19\x06\x08+\x06\x01\x05\x05\x07\x01\x01\x04\x0dhttp://"
		     "a.test"),
	    X509_ABSENT, false, "" },
};

static const struct {
	const char *name;
	struct str in;
	bool ok;
	size_t value; /* bytes in it */
} elements[] = {
	{ "empty", STR_INIT(""), false, 0 },
	{ "a tag alone", STR_INIT("\x04"), false, 0 },
	{ "nothing in it", STR_INIT("\x04\x00"), true, 0 },
	{ "one byte", STR_INIT("\x04\x01x"), true, 1 },
	{ "one byte of two", STR_INIT("\x04\x02x"), false, 0 },
	{ "no end given", STR_INIT("\x04\x80x\x00\x00"), false, 0 },
	{ "long form, short", STR_INIT("\x04\x81\x01x"), false, 0 },
	{ "long form, cut", STR_INIT("\x04\x82\x01"), false, 0 },
	{ "two bytes for one", STR_INIT("\x04\x82\x00\x80"), false, 0 },
	{ "more than there is", STR_INIT("\x04\x83\xff\xff\xff"), false, 0 },
	{ "far more", STR_INIT("\x04\x88\xff\xff\xff\xff\xff\xff\xff\xff"),
	    false, 0 },
	{ "a tag of two bytes", STR_INIT("\x1f\x81\x01x"), false, 0 },
};

static void
test_names(void)
{
	enum x509_verdict v;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		v = x509_allows(names[i].constraints, names[i].tag,
		    names[i].value);
		T_CHECK(v == names[i].want, "%s: %d", names[i].name, v);
	}
}

/* Cut anywhere, they are not constraints any more. */
static void
test_names_cut(void)
{
	enum x509_verdict v;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		for (size_t n = 0; n < names[i].constraints.n; n++) {
			if (names[i].want == X509_UNREADABLE)
				continue;
			v = x509_allows(str_first(names[i].constraints, n),
			    names[i].tag, names[i].value);
			T_CHECK(v == X509_UNREADABLE, "%s, %zu bytes",
			    names[i].name, n);
		}
}

static void
test_extensions(void)
{
	struct str value, url;
	enum x509_found found;

	for (size_t i = 0; i < sizeof(extensions) / sizeof(*extensions); i++) {
		found = x509_constraints(extensions[i].exts, &value);
		T_CHECK(found == extensions[i].constraints, "%s: found %d",
		    extensions[i].name, found);
		T_CHECK(x509_has_unknown_critical(extensions[i].exts) ==
			extensions[i].unknown,
		    "%s: unknown", extensions[i].name);
		url = x509_issuer_url(extensions[i].exts);
		T_CHECK(str_eq(url, str_of(extensions[i].url)), "%s: %.*s",
		    extensions[i].name, STR_ARG(url));
	}
}

static void
test_elements(void)
{
	struct str rest, value = { 0 };
	unsigned char tag;
	bool ok;

	for (size_t i = 0; i < sizeof(elements) / sizeof(*elements); i++) {
		rest = elements[i].in;
		ok = der_next(&rest, &tag, &value);
		T_CHECK(ok == elements[i].ok, "%s", elements[i].name);
		T_CHECK(!ok || value.n == elements[i].value, "%s: %zu bytes",
		    elements[i].name, value.n);
		T_CHECK(ok || rest.n == elements[i].in.n, "%s: taken",
		    elements[i].name);
	}
}

static void
test_email(void)
{
	T_CHECK(x509_name_has_email(STR("x\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"
					"y")),
	    "not seen");
	T_CHECK(!x509_name_has_email(STR("x\x2a\x86\x48\x86")), "seen");
}

static const struct t_test tests[] = {
	{ "names", test_names },
	{ "names_cut", test_names_cut },
	{ "extensions", test_extensions },
	{ "elements", test_elements },
	{ "email", test_email },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
