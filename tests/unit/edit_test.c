/* SPDX-License-Identifier: MIT */
#include "mail/edit.h"

#include <stdio.h>
#include <string.h>

#include "codec/qp.h"
#include "t.h"

enum { LIMIT = 64 * 1024 * 1024, QP_LONG = 1024 * 1024 };

struct job {
	struct arena a;
	struct mime m;
	struct source source;
	struct reconciled r;
	struct edit edit;
	struct buf out;
};

static struct addr *
list_of(struct job *j, const char *text)
{
	struct addr *list = NULL;
	struct err e;

	T_CHECK(addr_parse_list(&j->a, str_of(text), true, &list, &e), "%s",
	    e.msg);
	return list;
}

/* The addresses of a field of the message. */
static struct addr *
field_list(struct job *j, struct str name)
{
	struct head_field *f = head_find(j->edit.root->head.first, name);
	struct addr *list = NULL;
	struct buf text;
	struct err ignored;

	if (f == NULL)
		return NULL;
	buf_init(&text, 65536);
	head_unfold(&text, f->value);
	if (!addr_parse_list(&j->a, arena_str(&j->a, buf_view(&text)), true,
		&list, &ignored))
		list = NULL;
	buf_release(&text);
	return list;
}

/* All that To and Cc name, as a client without Bcc would say it. */
static struct addr *
field_recipients(struct job *j)
{
	struct addr *list = field_list(j, STR("To")), **tail = &list;

	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = field_list(j, STR("Cc"));
	return list;
}

/* Reads a message; its envelope is rcpt, or with NULL what its fields say. */
static bool
begin(struct job *j, struct str in, const char *rcpt, struct err *e)
{
	struct mime_part *root;

	*j = (struct job){ 0 };
	arena_init(&j->a, LIMIT);
	buf_init(&j->out, LIMIT);
	mime_init(&j->m, &j->a);
	mime_feed(&j->m, in);
	if (!mime_finish(&j->m, &root, e))
		return false;
	j->source = source_of(in);
	j->edit = (struct edit){ .message = &j->source,
		.root = root,
		.recipients = &j->r };
	return reconcile(&j->a,
	    rcpt != NULL ? list_of(j, rcpt) : field_recipients(j),
	    field_list(j, STR("To")), field_list(j, STR("Cc")), &j->r, e);
}

static bool
run(struct job *j, struct err *e)
{
	struct source s;
	struct rope rope;
	char *to;

	rope_init(&rope, &j->a);
	if (!edit_message(&j->edit, &rope, e))
		return false;
	s = rope_source(&rope);
	to = buf_room(&j->out, (size_t)s.size);
	if (to == NULL || !source_read(&s, 0, to, (size_t)s.size, e))
		return false;
	buf_commit(&j->out, (size_t)s.size);
	return true;
}

static void
end(struct job *j)
{
	mime_release(&j->m);
	buf_release(&j->out);
	arena_release(&j->a);
}

#define UTF8_TEXT                                                              \
	"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"

static const struct {
	const char *name, *rcpt;
	struct str in;
	const char *want;
} rows[] = {
	/* clang-format off */
	{ "as it is", "a@x",
	  STR_INIT("From: m@x\r\nTo: a@x\r\nSubject:  two\r\n\tfolds\r\n\r\n"
	  "body\r\n"),
	  "From: m@x\r\nTo: a@x\r\nSubject:  two\r\n\tfolds\r\n\r\nbody\r\n" },
	{ "Bcc goes", "a@x",
	  STR_INIT("Bcc: s@x,\r\n t@x\r\nTo: a@x\r\nReturn-Path: <q@x>\r\n"
	  "Content-Length: 4\r\n\r\nbody"), "To: a@x\r\n\r\nbody" },
	{ "envelope only", "a@x, s@x", STR_INIT("To: a@x\r\n\r\nbody"),
	  "To: a@x\r\nBcc: s@x\r\n\r\nbody" },
	{ "not in the envelope", "b@x",
	  STR_INIT("To: a@x, b@x\r\nCc: c@x\r\n\r\nbody"),
	  "To: b@x\r\nX-Post365-To: a@x\r\nX-Post365-Cc: c@x\r\n\r\nbody" },
	{ "no recipient field", "a@x", STR_INIT("Subject: s\r\n\r\nbody"),
	  "Subject: s\r\nBcc: a@x\r\n\r\nbody" },
	{ "no empty line", "a@x", STR_INIT("To: a@x\r\nbody text\r\n"),
	  "To: a@x\r\n\r\nbody text\r\n" },
	{ "no header", "a@x", STR_INIT("body text\r\n"),
	  "Bcc: a@x\r\n\r\nbody text\r\n" },
	{ "8-bit subject", "a@x",
	  STR_INIT("To: a@x\r\nSubject: \xc3\xa4\r\n\r\nb"),
	  "To: a@x\r\nSubject: =?utf-8?B?w6Q=?=\r\n\r\nb" },
	{ "Latin 1 subject", "a@x",
	  STR_INIT("To: a@x\r\nSubject: \xe4\r\n\r\nb"),
	  "To: a@x\r\nSubject: =?utf-8?B?w6Q=?=\r\n\r\nb" },
	{ "8-bit name", "a@x",
	  STR_INIT("To: a@x\r\nReply-To: \xc3\xa4 <r@x>\r\n\r\nb"),
	  "To: a@x\r\nReply-To: =?utf-8?B?w6Q=?= <r@x>\r\n\r\nb" },
	{ "words beside 8-bit text", "a@x",
	  STR_INIT("To: a@x\r\nSubject: =?utf-8?Q?Gr=C3=BC?= aus K\xc3\xb6\r\n"
	  "\r\nb"),
	  "To: a@x\r\nSubject: =?utf-8?B?R3LDvCBhdXMgS8O2?=\r\n\r\nb" },
	{ "a word that cannot be read beside it", "a@x",
	  STR_INIT("To: a@x\r\nSubject: =?gb18030?B?1dQ=?= K\xc3\xb6\r\n\r\nb"),
	  "To: a@x\r\nSubject: =?gb18030?B?1dQ=?= =?utf-8?B?IEvDtg==?=\r\n"
	  "\r\nb" },
	{ "names in several sets", "a@x, b@x, c@x, d@x",
	  STR_INIT("To: =?ISO-2022-JP?B?GyRCOzNFRBsoQg==?= <a@x>, "
	  "=?koi8-r?B?68k=?= <b@x>, =?iso-8859-2?Q?Pawe=B3?= <c@x>, "
	  "\"=?gb18030?B?1dQ=?= b. c\" <d@x>\r\n\r\nb"),
	  "To: =?ISO-2022-JP?B?GyRCOzNFRBsoQg==?= <a@x>, "
	  "=?utf-8?B?0JrQuA==?= <b@x>,\r\n =?utf-8?B?UGF3ZcWC?= <c@x>, "
	  "=?gb18030?B?1dQ=?= =?utf-8?B?IGIuIGM=?= <d@x>\r\n\r\nb" },
	{ "Latin 1 name", "a@x",
	  STR_INIT("To: a@x\r\nReply-To: J\xfcrgen <r@x>\r\n\r\nb"),
	  "To: a@x\r\nReply-To: =?utf-8?B?SsO8cmdlbg==?= <r@x>\r\n\r\nb" },
	{ "Latin 2, as the body has it", "a@x",
	  STR_INIT("To: a@x\r\nSubject: \xb3\r\n"
	  "Content-Type: text/plain; charset=iso-8859-2\r\n\r\nb"),
	  "To: a@x\r\nSubject: =?utf-8?B?xYI=?=\r\n"
	  "Content-Type: text/plain; charset=iso-8859-2\r\n\r\nb" },
	{ "a CR alone", "a@x",
	  STR_INIT("To: a@x\r\nSubject: x\rBcc: v@x\r\n\r\nb"),
	  "To: a@x\r\nSubject: x Bcc: v@x\r\n\r\nb" },
	{ "LF in a field", "a@x", STR_INIT("To: a@x\r\nX: a\n b\n\r\nb"),
	  "To: a@x\r\nX: a b\r\n\r\nb" },
	{ "quoted-printable", "a@x",
	  STR_INIT("To: a@x\r\nContent-Transfer-Encoding: quoted-printable"
	  "\r\n\r\na=3Db"),
	  "To: a@x\r\n" UTF8_TEXT
	  "Content-Transfer-Encoding: base64\r\n\r\nYT1i\r\n" },
	{ "8-bit text", "a@x", STR_INIT("To: a@x\r\n\r\n\xc3\xa4"),
	  "To: a@x\r\n" UTF8_TEXT
	  "Content-Transfer-Encoding: base64\r\n\r\nw6Q=\r\n" },
	{ "8-bit text, no UTF-8", "a@x", STR_INIT("To: a@x\r\n\r\n\xe4\n"),
	  "To: a@x\r\nMIME-Version: 1.0\r\n"
	  "Content-Type: text/plain; charset=windows-1252\r\n"
	  "Content-Transfer-Encoding: base64\r\n\r\n5Ao=\r\n" },
	{ "8-bit text of a known type", "a@x",
	  STR_INIT("To: a@x\r\nMIME-Version: 1.0\r\n"
	  "Content-Type: text/html; charset=latin1\r\n\r\n\xe4\n"),
	  "To: a@x\r\nMIME-Version: 1.0\r\n"
	  "Content-Type: text/html; charset=latin1\r\n"
	  "Content-Transfer-Encoding: base64\r\n\r\n5Ao=\r\n" },
	{ "8-bit, but no text", "a@x",
	  STR_INIT("To: a@x\r\nMIME-Version: 1.0\r\nContent-Type: a/b\r\n"
	  "\r\n\xc3\xa4"),
	  "To: a@x\r\nMIME-Version: 1.0\r\nContent-Type: a/b\r\n"
	  "Content-Transfer-Encoding: base64\r\n\r\nw6Q=\r\n" },
	{ "quoted-printable, but no text", "a@x",
	  STR_INIT("To: a@x\r\nContent-Type: multipart/mixed; boundary=b\r\n"
	  "\r\n--b\r\nContent-Type: application/xml; name=a.xml\r\n"
	  "Content-Transfer-Encoding: quoted-printable\r\n\r\n<a>=C3=A9\r\n"
	  "--b--\r\n"),
	  "To: a@x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	  "Content-Type: application/xml; name=a.xml\r\n"
	  "Content-Transfer-Encoding: base64\r\n\r\nPGE+w6k=\r\n\r\n"
	  "--b--\r\n" },
	{ "8-bit status of a delivery", "a@x",
	  STR_INIT("To: a@x\r\nContent-Type: message/delivery-status\r\n\r\n"
	  "A: \xc3\xa4"),
	  "To: a@x\r\nContent-Type: message/delivery-status\r\n\r\n"
	  "A: \xc3\xa4" },
	{ "a multipart without a boundary", "a@x",
	  STR_INIT("To: a@x\r\nContent-Type: multipart/mixed\r\n\r\n"
	  "\xc3\xa4"),
	  "To: a@x\r\nContent-Type: multipart/mixed\r\n\r\n\xc3\xa4" },
	{ "HTML without a charset", "a@x",
	  STR_INIT("To: a@x\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n"
	  "X: y\r\n\r\n\xc3\xa4"),
	  "To: a@x\r\nMIME-Version: 1.0\r\n"
	  "Content-Type: text/html; charset=utf-8\r\nX: y\r\n"
	  "Content-Transfer-Encoding: base64\r\n\r\nw6Q=\r\n" },
	{ "text that is no ASCII", "a@x",
	  STR_INIT("To: a@x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain;"
	  " charset=us-ascii; format=flowed\r\n\r\n\xe4"),
	  "To: a@x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; "
	  "charset=windows-1252; format=\"flowed\"\r\n"
	  "Content-Transfer-Encoding: base64\r\n\r\n5A==\r\n" },
	{ "quoted-printable without a charset", "a@x",
	  STR_INIT("To: a@x\r\nMIME-Version: 1.0\r\n"
	  "Content-Type: text/plain\r\n"
	  "Content-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A4"),
	  "To: a@x\r\nMIME-Version: 1.0\r\n"
	  "Content-Type: text/plain; charset=utf-8\r\n"
	  "Content-Transfer-Encoding: base64\r\n\r\nw6Q=\r\n" },
	{ "8bits", "a@x",
	  STR_INIT("To: a@x\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n"
	  "Content-Transfer-Encoding: 8bits\r\n\r\nx"),
	  "To: a@x\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n"
	  "Content-Transfer-Encoding: base64\r\n\r\neA==\r\n" },
	{ "base-64", "a@x",
	  STR_INIT("To: a@x\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n"
	  "Content-Transfer-Encoding: base-64\r\n\r\nw6Q="),
	  "To: a@x\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n"
	  "Content-Transfer-Encoding: base64\r\n\r\nw6Q=" },
	{ "two types", "a@x",
	  STR_INIT("To: a@x\r\nContent-Type: text/plain\r\n"
	  "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n"
	  "--b--"),
	  "To: a@x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	  "\r\nx\r\n--b--" },
	{ "a long name of a field", "a@x",
	  STR_INIT("To: a@x\r\nX-nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
	  "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn: \xc3\xa4\r\nBcc: h@x\r\n\r\nb"),
	  "To: a@x\r\nX-nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
	  "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn: =?utf-8?B?w6Q=?=\r\n\r\nb" },
	{ "a part", "a@x",
	  STR_INIT("To: a@x\r\nContent-Type: multipart/mixed; boundary=b\r\n"
	  "\r\n--b\r\nContent-Type: text/html\r\n"
	  "Content-Transfer-Encoding: quoted-printable\r\n\r\na=3Db\r\n"
	  "--b\r\n\r\nplain\r\n--b--\r\n"),
	  "To: a@x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	  "Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n"
	  "\r\nYT1i\r\n\r\n--b\r\n\r\nplain\r\n--b--\r\n" },
	{ "signed", "a@x",
	  STR_INIT("To: a@x\r\nContent-Type: multipart/signed; boundary=b\r\n"
	  "\r\n--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
	  "a=3Db\r\n--b--"),
	  "To: a@x\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n--b"
	  "\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3Db\r\n"
	  "--b--" },
	{ "attached message", "a@x",
	  STR_INIT("To: a@x\r\nContent-Type: multipart/mixed; boundary=b\r\n"
	  "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nBcc: q@x\r\n\r\n"
	  "\xc3\xa4\r\n--b--"),
	  "To: a@x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	  "Content-Type: message/rfc822\r\n\r\nBcc: q@x\r\n\r\n\xc3\xa4\r\n"
	  "--b--" },
	{ "8-bit file name", "a@x",
	  STR_INIT("To: a@x\r\nContent-Type: text/plain; name=\"\xc3\xa4\"\r\n"
	  "\r\nb"),
	  "To: a@x\r\nContent-Type: text/plain; name*=utf-8''%C3%A4\r\n\r\n"
	  "b" },
	/* clang-format on */
};

/* As the program does it, in memory. */
static bool
decode_qp(void *arg, const struct mime_part *p, struct source *out,
    struct err *e)
{
	struct job *j = arg;
	char text[4096];
	size_t n = (size_t)(p->end - p->body);
	struct qp qp = { 0 };
	struct buf plain;

	buf_init(&plain, LIMIT);
	if (n > sizeof(text) || !source_read(&j->source, p->body, text, n, e))
		return false;
	qp_feed(&qp, (struct str){ text, n }, &plain);
	qp_finish(&qp, &plain);
	*out = source_of(arena_str(&j->a, buf_view(&plain)));
	buf_release(&plain);
	return true;
}

/* A line that no blank can fold, or that is blanks, is no reason to refuse. */
static void
test_long_lines(void)
{
	static const char filler[] = " x\t";
	struct err e = { 0 };
	struct buf in;
	struct job j;

	for (size_t i = 0; i < 3; i++) {
		buf_init(&in, LIMIT);
		buf_addz(&in, "To: a@x\r\nSubject: a");
		for (size_t n = 0; n < 3000; n++)
			buf_addc(&in, filler[i]);
		buf_addz(&in, "b\r\n\r\nb");
		T_CHECK(begin(&j, buf_view(&in), "a@x", &e) && run(&j, &e),
		    "%zu: %s", i, e.msg);
		end(&j);
		buf_release(&in);
	}
}

static void
test_rows(void)
{
	struct err e = { 0 };
	struct job j;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		T_CHECK(begin(&j, rows[i].in, rows[i].rcpt, &e), "%s: %s",
		    rows[i].name, e.msg);
		j.edit.decode = decode_qp;
		j.edit.decode_arg = &j;
		T_CHECK(run(&j, &e), "%s: %s", rows[i].name, e.msg);
		T_CHECK(str_eq(buf_view(&j.out), str_of(rows[i].want)),
		    "%s: got %.*s", rows[i].name, STR_ARG(buf_view(&j.out)));
		end(&j);
	}
}

/* Authors are added where they are missing, and only there. */
static void
test_authors(void)
{
	struct err e = { 0 };
	struct job j;

	T_CHECK(begin(&j, STR("To: a@x\r\n\r\nb"), "a@x", &e), "%s", e.msg);
	j.edit.from = list_of(&j, "M <m@x>");
	j.edit.reply_to = list_of(&j, "old@x");
	T_CHECK(run(&j, &e) &&
		str_eq(buf_view(&j.out),
		    STR("To: a@x\r\nFrom: M <m@x>\r\nReply-To: old@x\r\n"
			"\r\nb")),
	    "added: %.*s", STR_ARG(buf_view(&j.out)));
	end(&j);
	T_CHECK(begin(&j,
		    STR("From: o@x\r\nMessage-Id: <2@x>\r\nTo: a@x\r\n"
			"date: then\r\nReply-To: r@x\r\n\r\nb"),
		    "a@x", &e),
	    "%s", e.msg);
	j.edit.from = list_of(&j, "m@x");
	j.edit.reply_to = list_of(&j, "old@x");
	T_CHECK(run(&j, &e) &&
		str_eq(buf_view(&j.out),
		    STR("From: m@x\r\nMessage-Id: <2@x>\r\nTo: a@x\r\ndate: "
			"then\r\n"
			"Reply-To: r@x\r\n\r\nb")),
	    "kept: %.*s", STR_ARG(buf_view(&j.out)));
	end(&j);
}

#define TWO_FILES                                                              \
	"To: a@x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"         \
	"--b\r\n\r\ntext\r\n--b\r\nContent-Type: a/b\r\n\r\none\r\n"           \
	"--b\r\nContent-Type: a/c\r\n\r\ntwo\r\n--b--\r\n"

static void
test_left_out(void)
{
	struct err e = { 0 };
	struct job j;

	T_CHECK(begin(&j, STR(TWO_FILES), "a@x", &e), "%s", e.msg);
	j.edit.left_out[j.edit.n_left_out++] = j.edit.root->child->next;
	T_CHECK(run(&j, &e) &&
		str_eq(buf_view(&j.out),
		    STR("To: a@x\r\nContent-Type: multipart/mixed; "
			"boundary=b\r\n\r\n"
			"--b\r\n\r\ntext\r\n--b\r\nContent-Type: "
			"a/c\r\n\r\ntwo\r\n"
			"--b--\r\n")),
	    "%.*s", STR_ARG(buf_view(&j.out)));
	end(&j);
	T_CHECK(begin(&j, STR(TWO_FILES), "a@x", &e), "%s", e.msg);
	j.edit.left_out[j.edit.n_left_out++] = j.edit.root->child->next;
	j.edit.left_out[j.edit.n_left_out++] = j.edit.root->child->next->next;
	T_CHECK(run(&j, &e) &&
		str_eq(buf_view(&j.out),
		    STR("To: a@x\r\nContent-Type: multipart/mixed; "
			"boundary=b\r\n\r\n"
			"--b\r\n\r\ntext\r\n--b--\r\n")),
	    "%.*s", STR_ARG(buf_view(&j.out)));
	end(&j);
}

/* A message that is one large file: its header stays. */
static void
test_root_left_out(void)
{
	struct err e = { 0 };
	struct job j;

	T_CHECK(begin(&j,
		    STR("To: a@x\r\nContent-Type: a/b; name=c\r\nSubject: s\r\n"
			"Content-Transfer-Encoding: base64\r\n\r\nQUJD\r\n"),
		    "a@x", &e),
	    "%s", e.msg);
	j.edit.left_out[j.edit.n_left_out++] = j.edit.root;
	T_CHECK(run(&j, &e) &&
		str_eq(buf_view(&j.out), STR("To: a@x\r\nSubject: s\r\n\r\n")),
	    "%.*s", STR_ARG(buf_view(&j.out)));
	end(&j);
}

/* Fields that are replaced, taken out and added. */
static void
test_fields(void)
{
	struct edit_change change[] = { { EDIT_DROP, NULL },
		{ EDIT_REPLACE, NULL }, { EDIT_KEEP, NULL },
		{ EDIT_KEEP, NULL }, { EDIT_DROP, NULL }, { EDIT_KEEP, NULL } };
	struct edit_field added[] = { { .name = STR("X-Y"),
	    .text = STR("\xc3\xa4") } };
	struct err e = { 0 };
	struct job j;

	T_CHECK(begin(&j,
		    STR("Subject: s\r\nReply-To: root\r\nX: 1\r\nX: 2\r\n"
			"Date:\r\nTo: a@x\r\n\r\nb"),
		    "a@x", &e),
	    "%s", e.msg);
	change[1].list = list_of(&j, "r@x");
	j.edit.change = change;
	j.edit.added = added;
	j.edit.n_added = 1;
	j.edit.reply_to = list_of(&j, "old@x");
	T_CHECK(run(&j, &e) &&
		str_eq(buf_view(&j.out),
		    STR("Reply-To: r@x\r\nX: 1\r\nX: 2\r\nTo: a@x\r\n"
			"X-Y: =?utf-8?B?w6Q=?=\r\n\r\nb")),
	    "%.*s", STR_ARG(buf_view(&j.out)));
	end(&j);
}

/* From is a field as others; To and Cc are the envelope's. */
static const struct {
	const char *name;
	enum edit_what from, to;
	const char *want;
} addressed[] = {
	/* clang-format off */
	{ "kept", EDIT_KEEP, EDIT_KEEP, "From: m@x\r\nTo: a@x\r\n" },
	{ "another From", EDIT_REPLACE, EDIT_KEEP,
	  "From: r@x\r\nTo: a@x\r\n" },
	{ "From is dropped, and made", EDIT_DROP, EDIT_KEEP,
	  "To: a@x\r\nFrom: m@x\r\n" },
	{ "another To", EDIT_KEEP, EDIT_REPLACE, "From: m@x\r\nTo: a@x\r\n" },
	{ "To is dropped, and made", EDIT_KEEP, EDIT_DROP,
	  "From: m@x\r\nTo: a@x\r\n" },
	/* clang-format on */
};

static void
test_addressed(void)
{
	struct edit_change change[2];
	struct str head;
	struct err e = { 0 };
	struct job j;

	for (size_t i = 0; i < sizeof(addressed) / sizeof(*addressed); i++) {
		T_CHECK(begin(&j, STR("From: o@x\r\nTo: a@x\r\n\r\nb"), "a@x",
			    &e),
		    "%s", e.msg);
		change[0] = (struct edit_change){ addressed[i].from,
			list_of(&j, "r@x") };
		change[1] =
		    (struct edit_change){ addressed[i].to, list_of(&j, "r@x") };
		j.edit.change = change;
		j.edit.from = list_of(&j, "m@x");
		T_CHECK(run(&j, &e), "%s", e.msg);
		head = str_first(buf_view(&j.out), j.out.n - 3);
		T_CHECK(str_eq(head, str_of(addressed[i].want)), "%s: %.*s",
		    addressed[i].name, STR_ARG(head));
		end(&j);
	}
}

static bool
decode_all(void *arg, const struct mime_part *p, struct source *out,
    struct err *e)
{
	(void)p;
	*out = source_of(STR("decoded"));
	return *(const bool *)arg || err_set(e, ERR_RETRY, "no space");
}

/* A part too large for memory is decoded by who can, or stays. */
static void
test_large_qp(void)
{
	struct str head = STR("To: a@x\r\nContent-Transfer-Encoding: "
			      "quoted-printable\r\n\r\n");
	struct str base64 = STR("\r\nContent-Transfer-Encoding: base64\r\n\r\n"
				"ZGVjb2RlZA==\r\n");
	struct err e = { 0 };
	bool can = true;
	struct buf in;
	struct job j;

	buf_init(&in, LIMIT);
	buf_adds(&in, head);
	while (in.n <= QP_LONG + head.n)
		buf_addz(&in, "=41=\r\n");
	T_CHECK(begin(&j, buf_view(&in), "a@x", &e) && run(&j, &e), "%s",
	    e.msg);
	T_CHECK(str_eq(buf_view(&j.out), buf_view(&in)), "stays");
	end(&j);
	T_CHECK(begin(&j, buf_view(&in), "a@x", &e), "%s", e.msg);
	j.edit.decode = decode_all;
	j.edit.decode_arg = &can;
	T_CHECK(run(&j, &e) && str_ends(buf_view(&j.out), base64), "%.*s",
	    STR_ARG(str_first(buf_view(&j.out), 200)));
	end(&j);
	can = false;
	T_CHECK(begin(&j, buf_view(&in), "a@x", &e), "%s", e.msg);
	j.edit.decode = decode_all;
	j.edit.decode_arg = &can;
	T_CHECK(!run(&j, &e) && e.kind == ERR_RETRY, "no space");
	end(&j);
	buf_release(&in);
}

/* Which charset a long text is given, wherever its pieces are cut. */
static void
test_charset(void)
{
	struct err e = { 0 };
	struct buf in;
	struct job j;

	for (unsigned shift = 0; shift < 8; shift++) {
		buf_init(&in, LIMIT);
		buf_addz(&in, "To: a@x\r\n\r\n");
		for (unsigned i = 0; i < (shift & 3); i++)
			buf_addc(&in, 'x');
		if (shift >= 4) /* one bad byte, far from the end */
			buf_addz(&in, "\xff ");
		for (int i = 0; i < 20000; i++)
			buf_addz(&in, i % 20 == 0 ? "\r\n" : "\xe2\x82\xac");
		T_CHECK(begin(&j, buf_view(&in), "a@x", &e) && run(&j, &e),
		    "%s", e.msg);
		T_CHECK(str_find(buf_view(&j.out),
			    shift < 4 ?
				STR("charset=utf-8\r\n") :
				STR("charset=windows-1252\r\n")) < j.out.n,
		    "shift %u: %.200s", shift, j.out.p);
		end(&j);
		buf_release(&in);
	}
}

/* A message of the corpora: edited again, it does not change any more. */
static void
edit_file(const char *path, void *arg)
{
	struct buf in, first;
	struct err e = { 0 };
	struct job j;

	(void)arg;
	buf_init(&in, LIMIT);
	buf_init(&first, LIMIT);
	t_read_file(path, &in);
	if (begin(&j, buf_view(&in), NULL, &e) && run(&j, &e)) {
		buf_adds(&first, buf_view(&j.out));
		end(&j);
		T_CHECK(begin(&j, buf_view(&first), NULL, &e) && run(&j, &e),
		    "%s: %s", path, e.msg);
		T_CHECK(str_eq(buf_view(&first), buf_view(&j.out)),
		    "%s: changes again", path);
	} else {
		T_CHECK(false, "%s: %s", path, e.msg);
	}
	end(&j);
	buf_release(&in);
	buf_release(&first);
}

static void
test_corpora(void)
{
	char path[4096];

	if (t_shared() == NULL) {
		t_skip("no shared corpora");
		return;
	}
	(void)snprintf(path, sizeof(path), "%s/corpora/mime", t_shared());
	T_CHECK(t_each_file(path, edit_file, NULL) > 100, "mime");
	(void)snprintf(path, sizeof(path), "%s/corpora/mime-edge", t_shared());
	T_CHECK(t_each_file(path, edit_file, NULL) > 50, "mime-edge");
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "long lines", test_long_lines },
	{ "stamps", test_authors },
	{ "parts left out", test_left_out },
	{ "the root left out", test_root_left_out },
	{ "fields", test_fields },
	{ "From and To are asked for", test_addressed },
	{ "large quoted-printable", test_large_qp },
	{ "charset", test_charset },
	{ "corpora", test_corpora },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
