/* SPDX-License-Identifier: MIT */
/*
 * What administrators write for the relay, and what its processes hand over:
 * one byte that chooses, then a text. Oracles: what was read and written is
 * read the same; a range has what its bits say; a user is found by its name;
 * a map that has nothing for a header leaves it bit by bit; a refusal says
 * why.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "relay/bundle.h"
#include "relay/conf.h"
#include "relay/rewrite.h"
#include "relay/users.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MEMORY = 16 << 20, OUT = 4 << 20 };

static void
must(bool fact)
{
	if (!fact)
		abort();
}

static bool
refused(const struct err *e)
{
	return e->kind == ERR_CONFIG && e->msg[0] != '\0';
}

/* --- [relay] */

static void
same_rule(const struct rule *a, const struct rule *b)
{
	must(str_eq(a->from, b->from) && str_eq(a->to, b->to));
	must(str_eq(a->account, b->account));
	must(str_eq(a->rewrite, b->rewrite));
	must(a->rate == b->rate && a->seconds == b->seconds);
	must(a->clients == b->clients && a->has_net == b->has_net);
}

static void
same_conf(const struct conf *a, const struct conf *b)
{
	const struct listen *l = a->listen, *m = b->listen;
	const struct allow *x = a->allow, *y = b->allow;
	struct err e, f;

	for (; l != NULL && m != NULL; l = l->next, m = m->next) {
		must(str_eq(l->text, m->text) && l->kind == m->kind);
		must(l->port == m->port && l->tls == m->tls);
		same_rule(&l->rule, &m->rule);
	}
	for (; x != NULL && y != NULL; x = x->next, y = y->next) {
		must(x->kind == y->kind && x->id == y->id);
		same_rule(&x->rule, &y->rule);
	}
	must(l == NULL && m == NULL && x == NULL && y == NULL);
	must(a->max_size == b->max_size && a->hop_limit == b->hop_limit);
	must(conf_check(a, &e) == conf_check(b, &f));
}

static void
lines(struct arena *a, const struct config_pair *first)
{
	struct config_pair *again;
	struct conf c, d;
	struct buf out, back;
	struct err e;

	if (!conf_read(a, first, &c, &e)) {
		must(refused(&e));
		return;
	}
	buf_init(&out, OUT);
	buf_init(&back, OUT);
	conf_print(first, &out);
	must(conf_scan(a, buf_view(&out), &again, &e));
	conf_print(again, &back);
	must(str_eq(buf_view(&out), buf_view(&back)));
	must(conf_read(a, again, &d, &e));
	same_conf(&c, &d);
	buf_release(&back);
	buf_release(&out);
}

static void
file(struct arena *a, struct str text)
{
	struct config_section *first = NULL;
	struct buf all;
	struct err e;

	buf_init(&all, OUT);
	buf_addz(&all, "[relay]\n");
	buf_adds(&all, text);
	if (config_file_parse(a, "f", buf_view(&all), &first, &e))
		lines(a, first->relay);
	else
		must(refused(&e));
	buf_release(&all);
}

/* Of the environment: one byte that says the key, and any value. */
static void
variable(struct arena *a, struct str text)
{
	struct config_pair p = { .file = "POST365_RELAY_X" };
	size_t keys = 0;

	while (conf_key(keys) != NULL)
		keys++;
	if (text.n < 2)
		return;
	p.key = str_of(conf_key((unsigned char)text.p[0] % keys));
	p.value = str_from(text, 1);
	lines(a, &p);
}

/* What its parent hands to reception: never from a stranger, yet no crash. */
static void
handed(struct arena *a, struct str text)
{
	struct config_pair *p;
	struct conf c;
	struct err e;

	if (conf_scan(a, text, &p, &e))
		must(conf_read(a, p, &c, &e) || refused(&e));
}

/* --- addresses */

static bool
agrees(const struct range *r, const struct range_ip *ip)
{
	for (unsigned i = 0; i < r->bits; i++)
		if (((r->ip.b[i / 8] ^ ip->b[i / 8]) >> (7 - i % 8) & 1) != 0)
			return false;
	return true;
}

static void
range(struct arena *a, struct str text)
{
	char z[RANGE_TEXT_SIZE];
	struct range r, again;
	struct range_ip ip;
	struct str wide;
	struct err e;

	if (!range_parse(text, &r, &e)) {
		must(refused(&e));
		return;
	}
	must(r.bits <= 128 && range_has(&r, &r.ip));
	range_ip_print(&r.ip, z);
	must(range_ip_parse(str_of(z), &ip));
	must(memcmp(&ip, &r.ip, sizeof(ip)) == 0);
	for (unsigned i = 0; i < 128; i++) {
		ip = r.ip;
		ip.b[i / 8] ^= (unsigned char)(0x80 >> i % 8);
		must(range_has(&r, &ip) == agrees(&r, &ip));
		must(range_has(&r, &ip) == (i >= r.bits));
	}
	wide = arena_fmt(a, "%s/%u", z,
	    range_ip_is_v4(&r.ip) && r.bits >= 96 ? r.bits - 96 : r.bits);
	if (range_ip_is_v4(&r.ip) && r.bits < 96)
		return; /* an IPv6 range that has IPv4, too */
	must(range_parse(wide, &again, &e));
	must(again.bits == r.bits &&
	    memcmp(&again.ip, &r.ip, sizeof(r.ip)) == 0);
}

/* --- people */

static void
users(struct arena *a, struct str text)
{
	struct user *list = NULL;
	struct err e;

	if (!users_parse(a, STR("u"), text, &list, &e)) {
		must(refused(&e) && str_starts(str_of(e.msg), STR("u:")));
		return;
	}
	for (const struct user *u = list; u != NULL; u = u->next) {
		must(users_find(list, u->name) == u);
		must(u->name.n > 0 && str_chr(u->name, ':') == u->name.n);
		must(u->hash.n < USERS_HASH_SIZE && u->hash.n > 20);
	}
}

/* --- addresses that change */

static void
write_map(const struct rewrite_line *l, struct buf *out)
{
	for (; l != NULL; l = l->next) {
		if (l->of != NULL)
			buf_adds(out, l->of->text);
		else
			buf_addf(out, "@%.*s", STR_ARG(l->domain));
		for (const struct addr *to = l->to; to != NULL; to = to->next)
			buf_addf(out, " %.*s", STR_ARG(to->text));
		buf_addc(out, '\n');
	}
}

static void
map(struct arena *a, struct str text)
{
	struct rewrite_line *l, *again;
	struct buf out, back;
	struct err e;

	if (!rewrite_parse(a, "m", text, &l, &e)) {
		must(refused(&e) && str_starts(str_of(e.msg), STR("m:")));
		return;
	}
	buf_init(&out, OUT);
	buf_init(&back, OUT);
	write_map(l, &out);
	/* a quoted local part may have the blank that parts words */
	if (rewrite_parse(a, "m", buf_view(&out), &again, &e)) {
		write_map(again, &back);
		must(str_eq(buf_view(&out), buf_view(&back)));
	} else {
		must(str_chr(buf_view(&out), '"') < out.n);
	}
	for (const struct rewrite_line *i = l; i != NULL; i = i->next) {
		const struct addr *to =
		    i->of != NULL ? rewrite_list(a, l, i->of) : i->to;

		must(to != NULL);
	}
	buf_release(&back);
	buf_release(&out);
}

/* With the line ends that a header has when it comes there. */
static void
make_lines(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n')
			buf_addc(out, '\r');
		if (text.p[i] != '\r')
			buf_addc(out, text.p[i]);
		if (str_ends(buf_view(out), STR("\r\n\r\n")))
			return;
	}
}

/* Up to an empty line the map, behind it a header. */
static void
header(struct arena *a, struct str text)
{
	size_t gap = str_find(text, STR("\n\n"));
	struct rewrite r = { 0 };
	struct rewrite_line *l = NULL;
	struct buf head, out;
	struct str fields;
	struct err e;

	buf_init(&head, OUT);
	buf_init(&out, OUT);
	make_lines(str_from(text, gap + 2), &head);
	fields = buf_view(&head);
	/* the line that a file of mail puts in front is no field */
	if (str_starts(fields, STR("From ")) ||
	    str_starts(fields, STR(">From ")))
		fields = str_from(fields, str_chr(fields, '\n') + 1);
	if (rewrite_header(&r, buf_view(&head), &out, &e))
		must(str_starts(fields, buf_view(&out)));
	buf_reset(&out);
	r.from = STR("new@example.com");
	if (rewrite_parse(a, "m", str_first(text, gap), &l, &e)) {
		r.map = l;
		if (rewrite_header(&r, buf_view(&head), &out, &e))
			must(str_starts(buf_view(&out), STR("From: ")));
	}
	buf_release(&out);
	buf_release(&head);
}

/* --- between processes */

static void
bundle(struct arena *a, struct str text)
{
	struct str rest = text, before = text, name, bytes;
	char z[256];
	struct buf out;

	(void)a;
	while (bundle_next(&rest, &name, &bytes)) {
		must(rest.n < before.n && bytes.n < before.n);
		buf_init(&out, OUT);
		if (name.n < sizeof(z) && str_chr(name, '\0') == name.n) {
			memcpy(z, name.p, name.n);
			z[name.n] = '\0';
			bundle_add(&out, z, bytes);
			name = (struct str){ 0 };
			bytes = name;
			before = buf_view(&out);
			must(bundle_next(&before, &name, &bytes));
			must(before.n == 0 && str_eq(name, str_of(z)));
		}
		buf_release(&out);
		before = rest;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static void (*const readers[])(struct arena * a,
	    struct str text) = { file, handed, range, users, map, header,
		bundle, variable };
	struct str text = { (const char *)data, n };
	struct arena a;

	if (n == 0)
		return 0;
	arena_init(&a, MEMORY);
	readers[data[0] % (sizeof(readers) / sizeof(*readers))](&a,
	    str_from(text, 1));
	arena_release(&a);
	return 0;
}
