/* SPDX-License-Identifier: MIT */
#include "mail/addr.h"

#include "codec/utf8.h"
#include "mail/literal.h"
#include "mail/scan.h"

/* The state of one parse. */
struct parser {
	struct scan s;
	struct arena *a;
	bool bare;
	struct buf domain, text; /* of the present address; text is scratch */
	bool grouped;            /* in a group */
	size_t group_start;
	struct addr *head, **tail;
	char room[2][SCAN_SHORT]; /* of domain, text */
};

/* RFC 5321 4.1.2 Let-dig and '-', RFC 6531 3.3 U-labels, and '_'. */
static bool
is_label(int c)
{
	return c >= 0x80 || c == '-' || c == '_' || ascii_is_alpha((char)c) ||
	    ascii_is_digit((char)c);
}

/* UTF-8 without the controls U+0080 to U+009F, which terminals obey. */
static bool
addr_is_text(struct str s)
{
	for (size_t i = 1; i < s.n; i++)
		if (s.p[i - 1] == '\xc2' && (unsigned char)s.p[i] < 0xa0)
			return false;
	return utf8_is_valid(s);
}

static bool
label(struct parser *p, struct str text)
{
	if (utf8_count(text) > ADDR_LABEL_MAX)
		return scan_wrong(&p->s,
		    "a part of the domain is longer than 63");
	if (text.p[0] == '-' || text.p[text.n - 1] == '-')
		return scan_wrong(&p->s,
		    "a hyphen at the edge of a part of the domain");
	if (!addr_is_text(text))
		return scan_wrong(&p->s, "the domain is not UTF-8 text");
	if (p->domain.n > 0)
		buf_addc(&p->domain, '.');
	buf_adds(&p->domain, text);
	return true;
}

/* RFC 5321 4.1.3 */
static bool
domain_literal(struct parser *p)
{
	struct str rest = str_from(p->s.in, p->s.at + 1), inner;
	size_t n = str_chr(rest, ']');

	if (n == rest.n)
		return scan_wrong(&p->s, "a [ is not closed");
	inner = str_trim(str_first(rest, n));
	if (!literal_is_valid(inner))
		return scan_wrong(&p->s, "no IP address between [ and ]");
	buf_addc(&p->domain, '[');
	buf_adds(&p->domain, inner);
	buf_addc(&p->domain, ']');
	p->s.at += n + 2;
	p->s.remarks = 0;
	return scan_skip(&p->s);
}

/* No label where one is due: a final dot is fine, all else is not. */
static bool
no_label(struct parser *p)
{
	int c = scan_peek(&p->s);

	if (c == '.')
		return scan_wrong(&p->s,
		    p->domain.n > 0 ? "two dots in the domain" :
				      "the domain begins with a dot");
	if (p->domain.n > 0)
		return true;
	if (c == SCAN_END || c == '>' || c == ',' || c == ';')
		return scan_wrong(&p->s, "nothing behind the @");
	return scan_wrong_here(&p->s);
}

/* Behind an '@'. RFC 5321 4.1.2; blanks between the labels: RFC 5322 4.4. */
static bool
domain(struct parser *p)
{
	struct str text;
	size_t from;

	buf_reset(&p->domain);
	p->s.at++;
	if (!scan_skip(&p->s))
		return false;
	if (scan_peek(&p->s) == '[')
		return domain_literal(p);
	for (;;) {
		from = p->s.at;
		while (is_label(scan_peek(&p->s)))
			p->s.at++;
		if (p->s.at == from)
			return no_label(p);
		text = str_first(str_from(p->s.in, from), p->s.at - from);
		p->s.remarks = 0;
		if (!label(p, text) || !scan_skip(&p->s))
			return false;
		if (scan_peek(&p->s) != '.')
			return true;
		p->s.at++;
		if (!scan_skip(&p->s))
			return false;
	}
}

/* The words that were read are a local part. */
static bool
check_local(struct parser *p)
{
	struct str local = buf_view(&p->s.local);

	if (p->s.not_local != NULL)
		return scan_wrong(&p->s, p->s.not_local);
	if (str_chr(local, '\t') < local.n)
		return scan_wrong(&p->s, "a tab in the local part");
	if (!addr_is_text(local))
		return scan_wrong(&p->s, "the local part is not UTF-8 text");
	return true;
}

/* From the '@' on. */
static bool
at_domain(struct parser *p)
{
	if (p->s.last == SCAN_NOTHING)
		return scan_wrong(&p->s, "nothing before the @");
	return check_local(p) && domain(p);
}

static struct str
take_name(struct parser *p, struct str text)
{
	buf_reset(&p->text);
	utf8_add_mended(&p->text, text);
	for (size_t i = 0; i < p->text.n; i++)
		if (p->text.p[i] == '\t')
			p->text.p[i] = ' ';
	return arena_str(p->a, buf_view(&p->text));
}

/* A local part that needs no quotes. */
static bool
is_dot_atom(struct str s)
{
	bool after_dot = true;

	for (size_t i = 0; i < s.n; i++) {
		bool is_dot = s.p[i] == '.';

		if (is_dot ? after_dot : !scan_is_atext((unsigned char)s.p[i]))
			return false;
		after_dot = is_dot;
	}
	return !after_dot;
}

static void
add_quoted(struct buf *out, struct str s)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, s.p[i]);
	}
	buf_addc(out, '"');
}

/* Puts the address into p->text; *local_n is the size of its local part. */
static bool
join(struct parser *p, size_t *local_n)
{
	struct str local = buf_view(&p->s.local);

	buf_reset(&p->text);
	if (is_dot_atom(local))
		buf_adds(&p->text, local);
	else
		add_quoted(&p->text, local);
	*local_n = p->text.n;
	if (*local_n > ADDR_LOCAL_MAX)
		return scan_wrong(&p->s,
		    "the local part is longer than 64 bytes");
	if (p->domain.n > ADDR_DOMAIN_MAX)
		return scan_wrong(&p->s, "the domain is longer than 255 bytes");
	if (p->domain.n > 0) {
		buf_addc(&p->text, '@');
		buf_adds(&p->text, buf_view(&p->domain));
	}
	if (p->text.n > ADDR_MAX)
		return scan_wrong(&p->s, "longer than 254 bytes");
	return true;
}

static bool
append(struct parser *p, struct str name)
{
	struct addr *x;
	size_t local_n;

	if (name.n == 0 && p->s.remarks == 1)
		name = take_name(p, str_trim(buf_view(&p->s.remark)));
	/* the next address would forget what failed for this one */
	if (!join(p, &local_n) || !buf_ok(&p->domain, p->s.e) ||
	    !buf_ok(&p->text, p->s.e))
		return false;
	x = arena_alloc(p->a, sizeof(*x));
	if (x == NULL)
		return arena_ok(p->a, p->s.e);
	x->name = name;
	x->text = arena_str(p->a, buf_view(&p->text));
	x->domain = str_from(x->text, local_n + (p->domain.n > 0));
	x->local = str_first(x->text, local_n);
	if (str_starts(x->local, STR("\"")))
		x->local = arena_str(p->a, buf_view(&p->s.local));
	x->grouped = p->grouped;
	*p->tail = x;
	p->tail = &x->next;
	return true;
}

static bool
is_over(const struct parser *p)
{
	int c = scan_peek(&p->s);

	return c == ',' || c == ';' || c == SCAN_END;
}

static bool
separator(struct parser *p)
{
	if (!is_over(p))
		return scan_wrong_here(&p->s);
	if (scan_peek(&p->s) == ';')
		p->grouped = false;
	p->s.at += scan_peek(&p->s) != SCAN_END;
	return true;
}

static bool
finish(struct parser *p, struct str name)
{
	if (!is_over(p))
		return scan_wrong_here(&p->s);
	return append(p, name) && separator(p);
}

/* RFC 5322 4.4 obs-route: to be ignored (RFC 5321 appendix C). */
static bool
route(struct parser *p)
{
	while (scan_peek(&p->s) == '@' || scan_peek(&p->s) == ',') {
		if (scan_peek(&p->s) == ',')
			p->s.at++;
		else if (!domain(p))
			return false;
		if (!scan_skip(&p->s))
			return false;
	}
	if (scan_peek(&p->s) != ':')
		return scan_wrong(&p->s, "nothing before the @");
	p->s.at++;
	buf_reset(&p->domain);
	return true;
}

/* A word without '@'. */
static bool
check_bare(struct parser *p)
{
	if (p->s.last == SCAN_NOTHING)
		return scan_wrong(&p->s, "an empty address");
	if (!p->bare || p->s.not_local != NULL || p->s.local.n == 0) {
		scan_wrong(&p->s, "no @ in it");
		if (scan_peek(&p->s) != ',')
			return false;
		return err_remedy(p->s.e,
		    "A name with a comma must stand in "
		    "quotes: \"Doe, John\" <john@example.com>");
	}
	buf_reset(&p->domain);
	return check_local(p);
}

static bool
inside_angle(struct parser *p)
{
	if (!scan_skip(&p->s))
		return false;
	if ((scan_peek(&p->s) == '@' || scan_peek(&p->s) == ',') && !route(p))
		return false;
	if (!scan_words(&p->s))
		return false;
	if (scan_peek(&p->s) == '@')
		return at_domain(p);
	return scan_peek(&p->s) == '>' ? check_bare(p) : scan_wrong_here(&p->s);
}

/* From the '<' on. RFC 5322 3.4 angle-addr. */
static bool
angle(struct parser *p, struct str name)
{
	p->s.at++;
	if (!inside_angle(p))
		return false;
	if (scan_peek(&p->s) == SCAN_END)
		return scan_wrong(&p->s, "no > at its end");
	if (scan_peek(&p->s) != '>')
		return scan_wrong_here(&p->s);
	p->s.at++;
	p->s.remarks = 0;
	return scan_skip(&p->s) && finish(p, name);
}

/* "local@domain", or that as the name of what follows in brackets. */
static bool
plain(struct parser *p)
{
	if (!at_domain(p))
		return false;
	if (scan_peek(&p->s) != '<')
		return finish(p, (struct str){ 0 });
	buf_addc(&p->s.words, '@');
	buf_adds(&p->s.words, buf_view(&p->domain));
	return angle(p, take_name(p, buf_view(&p->s.words)));
}

static bool
begin_group(struct parser *p)
{
	if (p->grouped)
		return scan_wrong(&p->s, "a group within a group");
	if (p->s.last == SCAN_NOTHING)
		return scan_wrong_here(&p->s);
	p->group_start = p->s.start;
	p->grouped = true;
	p->s.at++;
	return true;
}

/* Reads up to and with the next separator, or the name of a group. */
static bool
element(struct parser *p)
{
	p->s.start = p->s.at;
	if (!scan_words(&p->s))
		return false;
	if (scan_peek(&p->s) == '@')
		return plain(p);
	if (scan_peek(&p->s) == '<')
		return angle(p, take_name(p, buf_view(&p->s.words)));
	if (scan_peek(&p->s) == ':')
		return begin_group(p);
	if (p->s.last == SCAN_NOTHING) /* RFC 5322 4.4 obs-addr-list */
		return separator(p);
	if (!is_over(p))
		return scan_wrong_here(&p->s);
	return check_bare(p) && finish(p, (struct str){ 0 });
}

static bool
list(struct parser *p)
{
	while (p->s.at < p->s.in.n)
		if (!element(p))
			return false;
	if (!p->grouped)
		return true;
	p->s.start = p->s.at = p->group_start;
	return scan_wrong(&p->s, "a group without a ; at its end");
}

bool
addr_parse_list(struct arena *a, struct str in, bool bare, struct addr **out,
    struct err *e)
{
	struct parser p = { .a = a, .bare = bare };
	/* A bad byte mended has three, and all may be of that kind. */
	size_t limit = in.n * 3 + 2;
	bool ok;

	scan_init(&p.s, in, limit, e);
	buf_init_in(&p.domain, p.room[0], SCAN_SHORT, limit);
	buf_init_in(&p.text, p.room[1], SCAN_SHORT, limit);
	p.tail = &p.head;
	ok = list(&p);
	/* Memory that ran out may have made an address look wrong. */
	ok = scan_release(&p.s) && ok;
	ok = (buf_ok(&p.domain, e) && buf_ok(&p.text, e)) && ok;
	ok = arena_ok(a, e) && ok;
	buf_release(&p.domain);
	buf_release(&p.text);
	*out = ok ? p.head : NULL;
	return ok;
}

bool
addr_parse(struct arena *a, struct str in, bool bare, struct addr **out,
    struct err *e)
{
	struct scan whole = { .e = e, .in = in };
	struct addr *list;

	*out = NULL;
	if (!addr_parse_list(a, in, bare, &list, e))
		return false;
	if (list == NULL)
		return scan_wrong(&whole, "no address in it");
	if (list->next != NULL)
		return scan_wrong(&whole,
		    "one address is wanted here, not several");
	*out = list;
	return true;
}

bool
addr_same(const struct addr *a, const struct addr *b)
{
	return str_ieq(a->domain, b->domain) && str_ieq(a->local, b->local);
}

struct addr *
addr_add(struct arena *a, struct addr ***tail, const struct addr *address)
{
	struct addr *copy = arena_alloc(a, sizeof(*copy));

	if (copy == NULL)
		return NULL;
	*copy = *address;
	copy->grouped = false;
	copy->next = NULL;
	**tail = copy;
	*tail = &copy->next;
	return copy;
}

void
addr_add_list(struct arena *a, struct addr ***tail, const struct addr *list)
{
	for (; list != NULL; list = list->next)
		(void)addr_add(a, tail, list);
}

struct addr *
addr_copy(struct arena *a, const struct addr *list)
{
	struct addr *first = NULL, **tail = &first;

	addr_add_list(a, &tail, list);
	return first;
}

/* A name that is atoms with single blanks between them. */
static bool
is_plain_name(struct str s)
{
	bool after_blank = true;

	for (size_t i = 0; i < s.n; i++) {
		bool blank = s.p[i] == ' ';

		if (blank ? after_blank : !scan_is_atext((unsigned char)s.p[i]))
			return false;
		after_blank = blank;
	}
	return !after_blank;
}

void
addr_format(struct buf *out, const struct addr *a)
{
	if (a->name.n == 0) {
		buf_adds(out, a->text);
		return;
	}
	if (is_plain_name(a->name))
		buf_adds(out, a->name);
	else
		add_quoted(out, a->name);
	buf_addz(out, " <");
	buf_adds(out, a->text);
	buf_addc(out, '>');
}
