/* SPDX-License-Identifier: MIT */
#include "compose/prepare.h"
#include "deliver/submit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/base64.h"
#include "command.h"
#include "compose/entry.h"
#include "compose/names.h"
#include "mail/head.h"
#include "t.h"

enum { LIMIT = 64 * 1024 * 1024, HOST = 256 };

static const struct log silent = { 0 };

/* Settings of a row: "key=value", blanks between; none of it from a file. */
static void
set(struct config *c, const char *text)
{
	static const struct {
		const char *name;
		size_t at;
	} texts[] = {
		{ "policy", offsetof(struct config, from_policy) },
		{ "map", offsetof(struct config, from_map) },
		{ "from", offsetof(struct config, from) },
		{ "aliases", offsetof(struct config, aliases) },
		{ "domain", offsetof(struct config, default_domain) },
	};
	struct str rest = str_of(text), pair, name, value;
	char *base = (char *)c;
	uint64_t n;

	while (rest.n > 0 && str_next(&rest, ';', &pair)) {
		name = str_first(pair, str_chr(pair, '='));
		value = str_from(pair, name.n + 1);
		for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
			if (str_eq(name, str_of(texts[i].name)))
				*(struct str *)(void *)(base + texts[i].at) =
				    value;
		if (str_eq(name, STR("limit")) && str_u64(value, LIMIT, &n))
			c->mime_limit = n;
		if (str_eq(name, STR("max")) && str_u64(value, LIMIT, &n))
			c->max_message_size = n;
		if (str_eq(name, STR("save")))
			c->save_to_sent = str_eq(value, STR("yes"));
	}
}

static struct config
config_of(const char *text)
{
	struct config c = {
		.from = STR("me@contoso.com"),
		.mailbox = STR("me@contoso.com"),
		.from_policy = STR("rewrite"),
		.aliases = STR("/dev/null"),
		.delivery = STR("auto"),
		.save_to_sent = true,
		.mime_limit = 2200000,
		.max_message_size = 150 << 20,
	};

	set(&c, text);
	return c;
}

static void
read_all(const struct source *s, struct buf *out)
{
	struct err e;
	char *to;

	buf_init(out, LIMIT);
	to = buf_room(out, (size_t)s->size + 1);
	T_CHECK(to != NULL && source_read(s, 0, to, (size_t)s->size, &e),
	    "read");
	buf_commit(out, (size_t)s->size);
}

/* Replaces the host's own name by HOST. */
static void
hide_host(struct buf *text)
{
	char host[HOST] = "", own[HOST + 8];
	struct buf out;
	struct str rest = buf_view(text);
	size_t at;

	(void)gethostname(host, sizeof(host) - 1);
	(void)snprintf(own, sizeof(own), " at %s", host);
	buf_init(&out, LIMIT);
	for (; host[0] != '\0'; rest = str_from(rest, at + strlen(own))) {
		at = str_find(rest, str_of(own));
		buf_adds(&out, str_first(rest, at));
		if (at == rest.n)
			break;
		buf_addz(&out, " at HOST");
	}
	buf_reset(text);
	buf_adds(text, buf_view(&out));
	buf_release(&out);
}

#define STAMPS "Date: then\r\nMessage-ID: <1@x>\r\n"
#define BODY   "\r\nhi\r\n"
#define RESENT_STAMPS                                                          \
	"Resent-From: q@x.example\r\nResent-Date: now\r\n"                     \
	"Resent-Message-ID: <2@x>\r\n"

/* in: without STAMPS, which stand in front of it, and without the BODY. */
/* clang-format off */
static const struct {
	const char *name, *config, *sender, *rcpt; /* rcpt NULL: the header's */
	const char *in, *want;
	int exit;
} rows[] = {
	/* who gets it */
	{ "plain", "", NULL, "a@x.example",
	  "From: me@contoso.com\r\nTo: a@x.example\r\n",
	  "From: me@contoso.com\r\nTo: a@x.example\r\n", 0 },
	{ "subset", "", NULL, "b@x.example",
	  "From: me@contoso.com\r\nTo: a@x.example, B <b@x.example>\r\n",
	  "From: me@contoso.com\r\nTo: B <b@x.example>\r\n"
	  "X-Post365-To: a@x.example\r\n", 0 },
	{ "more than the header", "", NULL, "a@x.example, c@x.example",
	  "From: me@contoso.com\r\nTo: a@x.example\r\n",
	  "From: me@contoso.com\r\nTo: a@x.example\r\n"
	  "Bcc: c@x.example\r\n", 0 },
	{ "Bcc is not told", "", NULL, "a@x.example",
	  "From: me@contoso.com\r\nTo: a@x.example\r\nBcc: b@x.example\r\n",
	  "From: me@contoso.com\r\nTo: a@x.example\r\n", 0 },
	{ "header's", "", NULL, NULL,
	  "From: me@contoso.com\r\nTo: a@x.example\r\nCc: c@x.example\r\n"
	  "Bcc: b@x.example, A@X.example\r\n",
	  "From: me@contoso.com\r\nTo: a@x.example\r\nCc: c@x.example\r\n"
	  "Bcc: b@x.example\r\n", 0 },
	{ "header's and others", "", NULL, "+d@x.example, a@x.example",
	  "From: me@contoso.com\r\nTo: a@x.example\r\n",
	  "From: me@contoso.com\r\nTo: a@x.example\r\nBcc: d@x.example\r\n",
	  0 },
	{ "several To", "", NULL, NULL,
	  "From: me@contoso.com\r\nTo: a@x.example\r\nTo: b@x.example\r\n",
	  "From: me@contoso.com\r\nTo: a@x.example, b@x.example\r\n", 0 },
	{ "resent", "", NULL, NULL, RESENT_STAMPS "Resent-To: r@x.example\r\n"
	  "Resent-Bcc: s@x.example\r\nFrom: me@contoso.com\r\n"
	  "To: a@x.example\r\n", RESENT_STAMPS
	  "Resent-To: r@x.example\r\nFrom: me@contoso.com\r\n"
	  "Bcc: r@x.example, s@x.example\r\nX-Post365-To: a@x.example\r\n",
	  0 },
	{ "resent twice", "", NULL, NULL, "Resent-To: r@x.example\r\n"
	  RESENT_STAMPS "Resent-To: old@x.example\r\n"
	  "From: me@contoso.com\r\n",
	  "Resent-To: r@x.example\r\n" RESENT_STAMPS
	  "Resent-To: old@x.example\r\nFrom: me@contoso.com\r\n"
	  "Bcc: r@x.example\r\n", 0 },
	{ "resent, and an older block behind Received", "", NULL, NULL,
	  RESENT_STAMPS "Resent-To: r@x.example\r\nReceived: x\r\n"
	  "Resent-Cc: old@x.example\r\nFrom: me@contoso.com\r\n",
	  RESENT_STAMPS "Resent-To: r@x.example\r\nReceived: x\r\n"
	  "Resent-Cc: old@x.example\r\nFrom: me@contoso.com\r\n"
	  "Bcc: r@x.example\r\n", 0 },
	{ "an empty Reply-To", "", NULL, "a@x.example",
	  "From: j@b.example\r\nReply-To: \r\nTo: a@x.example\r\n",
	  "From: \"j at b.example\" <me@contoso.com>\r\nTo: a@x.example\r\n"
	  "Reply-To: j@b.example\r\nX-Original-From: j@b.example\r\n", 0 },
	{ "two authors", "", NULL, "a@x.example",
	  "From: J <j@b.example>, k@b.example\r\nTo: a@x.example\r\n",
	  "From: \"J (j at b.example)\" <me@contoso.com>\r\nTo: a@x.example\r\n"
	  "Reply-To: J <j@b.example>, k@b.example\r\n"
	  "X-Original-From: J <j@b.example>, k@b.example\r\n", 0 },
	{ "undisclosed", "", NULL, "a@x.example",
	  "From: me@contoso.com\r\nTo: undisclosed-recipients:;\r\n",
	  "From: me@contoso.com\r\nBcc: a@x.example\r\n", 0 },
	{ "undisclosed alone", "", NULL, NULL,
	  "To: undisclosed-recipients:;\r\n", "nobody to send it to", 64 },
	{ "nobody", "", NULL, "", "To: a@x.example\r\n",
	  "nobody to send it to", 64 },
	{ "To is no list", "", NULL, "a@x.example",
	  "From: me@contoso.com\r\nTo: All <of you\r\n",
	  "From: me@contoso.com\r\nBcc: a@x.example\r\n"
	  "X-Post365-To: All <of you\r\n", 0 },
	{ "To is no list, and wanted", "", NULL, NULL,
	  "To: All <of you\r\n", "To: ", 65 },

	{ "8-bit names, no UTF-8", "", NULL, NULL,
	  "From: \xc4 <me@contoso.com>\r\nTo: J\xfcrgen <a@x.example>\r\n",
	  "From: =?utf-8?B?w4Q=?= <me@contoso.com>\r\n"
	  "To: =?utf-8?B?SsO8cmdlbg==?= <a@x.example>\r\n", 0 },
	{ "an author whose name cannot be read", "", NULL, "a@x.example",
	  "From: =?gb18030?B?1dQ=?= <z@b.example>\r\nTo: a@x.example\r\n",
	  "From: =?gb18030?B?1dQ=?= =?utf-8?B?ICh6IGF0IGIuZXhhbXBsZSk=?= "
	  "<me@contoso.com>\r\nTo: a@x.example\r\n"
	  "Reply-To: =?gb18030?B?1dQ=?= <z@b.example>\r\n"
	  "X-Original-From: =?gb18030?B?1dQ=?= <z@b.example>\r\n", 0 },

	/* names of this machine */
	{ "name", "", NULL, "root", "From: me@contoso.com\r\nTo: root\r\n",
	  "From: me@contoso.com\r\nTo: me@contoso.com\r\n", 0 },
	{ "name at a domain", "domain=d.example", NULL, "root, a@x.example",
	  "From: me@contoso.com\r\nTo: R <root>\r\nCc: bin@localhost\r\n",
	  "From: me@contoso.com\r\nTo: R <root@d.example>\r\n"
	  "Bcc: a@x.example\r\nX-Post365-Cc: bin@d.example\r\n", 0 },
	{ "alias", "aliases=aliases", NULL, "root",
	  "From: me@contoso.com\r\nTo: root, other\r\n",
	  "From: me@contoso.com\r\nTo: ops@x.example, o2@x.example\r\n"
	  "X-Post365-To: me@contoso.com\r\n", 0 },
	{ "alias in a circle", "aliases=aliases", NULL, "loop", "",
	  "leads back to itself", 78 },
	{ "no such aliases", "aliases=nowhere", NULL, "root", "",
	  "aliases (", 78 },
	{ "broken alias", "aliases=broken", NULL, "b", "",
	  "broken:2: \"|cat\" is a command", 67 },
	{ "beside a broken alias", "aliases=broken", NULL, "a, root", "",
	  "Bcc: b@x.example, me@contoso.com\r\nFrom: me@contoso.com\r\n",
	  0 },
	{ "map: root at a name of ours", "policy=map;map=root > W "
	  "<w@x.example>", NULL, "a@x.example", "From: root@localhost\r\n",
	  "From: W <w@x.example>\r\nBcc: a@x.example\r\n"
	  "X-Original-From: root@localhost\r\n", 0 },
	{ "Reply-To", "", NULL, "a@x.example",
	  "From: me@contoso.com\r\nReply-To: root, b@x.example\r\n"
	  "Disposition-Notification-To: root@localhost\r\n",
	  "From: me@contoso.com\r\nReply-To: me@contoso.com, b@x.example\r\n"
	  "Disposition-Notification-To: me@contoso.com\r\n"
	  "Bcc: a@x.example\r\n", 0 },

	/* the From policy */
	{ "cron", "from=Alerts <me@contoso.com>", NULL, "a@x.example",
	  "From: root (Cron Daemon)\r\nTo: a@x.example\r\n",
	  "From: \"Cron Daemon (root at HOST)\" <me@contoso.com>\r\n"
	  "To: a@x.example\r\nX-Original-From: Cron Daemon <root>\r\n", 0 },
	{ "rewrite", "", NULL, "a@x.example",
	  "From: =?utf-8?q?J=C3=B6?= <jo@old.example>\r\nTo: a@x.example\r\n",
	  "From: =?utf-8?B?SsO2IChqbyBhdCBvbGQuZXhhbXBsZSk=?= "
	  "<me@contoso.com>\r\nTo: a@x.example\r\n"
	  "Reply-To: =?utf-8?B?SsO2?= <jo@old.example>\r\n"
	  "X-Original-From: =?utf-8?B?SsO2?= <jo@old.example>\r\n", 0 },
	{ "rewrite, Reply-To is there", "", NULL, "a@x.example",
	  "From: jo@old.example\r\nTo: a@x.example\r\n"
	  "Reply-To: r@x.example\r\n",
	  "From: \"jo at old.example\" <me@contoso.com>\r\nTo: a@x.example\r\n"
	  "Reply-To: r@x.example\r\nX-Original-From: jo@old.example\r\n", 0 },
	{ "rewrite, name is the address", "", NULL, "a@x.example",
	  "From: \"jo@old.local\" <jo@old.local>\r\nTo: a@x.example\r\n",
	  "From: \"jo at old.local\" <me@contoso.com>\r\nTo: a@x.example\r\n"
	  "X-Original-From: \"jo@old.local\" <jo@old.local>\r\n", 0 },
	{ "rewrite, known already", "", NULL, "a@x.example",
	  "From: b@old.local\r\nTo: a@x.example\r\nX-Original-From: c\r\n",
	  "From: \"b at old.local\" <me@contoso.com>\r\nTo: a@x.example\r\n"
	  "X-Original-From: c\r\n", 0 },
	{ "several From", "", NULL, "a@x.example",
	  "From: A <b@old.local>, c@old.local\r\nTo: a@x.example\r\n",
	  "From: \"A (b at old.local)\" <me@contoso.com>\r\n"
	  "To: a@x.example\r\n"
	  "X-Original-From: A <b@old.local>, c@old.local\r\n", 0 },
	{ "two From fields", "", NULL, "a@x.example",
	  "From: b@old.local\r\nFrom: me@contoso.com\r\nTo: a@x.example\r\n",
	  "From: \"b at old.local\" <me@contoso.com>\r\nTo: a@x.example\r\n"
	  "X-Original-From: b@old.local, me@contoso.com\r\n", 0 },
	{ "From is none", "", NULL, "a@x.example",
	  "From: the <printer\r\nTo: a@x.example\r\n",
	  "From: me@contoso.com\r\nTo: a@x.example\r\n"
	  "X-Original-From: the <printer\r\n", 0 },
	{ "From is none, keep", "policy=keep", NULL, "a@x.example",
	  "From: the <printer\r\nTo: a@x.example\r\n", "From: ", 65 },
	{ "no From", "from=Alerts <me@contoso.com>", NULL, "a@x.example",
	  "To: a@x.example\r\n",
	  "To: a@x.example\r\nFrom: Alerts <me@contoso.com>\r\n", 0 },
	{ "no From, but a sender", "", "S <s@old.local>", "a@x.example",
	  "To: a@x.example\r\n",
	  "To: a@x.example\r\n"
	  "From: \"S (s at old.local)\" <me@contoso.com>\r\n"
	  "X-Original-From: S <s@old.local>\r\n", 0 },
	{ "no From, the mailbox as sender", "", "me@contoso.com",
	  "a@x.example", "To: a@x.example\r\n",
	  "To: a@x.example\r\nFrom: me@contoso.com\r\n", 0 },
	{ "From is the mailbox, @ in its name", "", NULL, "a@x.example",
	  "From: \"me@home\" <ME@contoso.com>\r\nTo: a@x.example\r\n",
	  "From: me at home <ME@contoso.com>\r\nTo: a@x.example\r\n", 0 },
	{ "From is the account's", "from=Sales <s@contoso.com>", NULL,
	  "a@x.example", "From: Jo <S@contoso.com>\r\nTo: a@x.example\r\n",
	  "From: Jo <S@contoso.com>\r\nTo: a@x.example\r\n", 0 },
	{ "keep", "policy=keep", NULL, "a@x.example",
	  "From: Jo <jo@old.example>\r\nTo: a@x.example\r\n",
	  "From: Jo <jo@old.example>\r\nTo: a@x.example\r\n", 0 },
	{ "keep, @ in its name", "policy=keep", NULL, "a@x.example",
	  "From: \"a@b c\" <jo@old.example>\r\nTo: a@x.example\r\n",
	  "From: a at b c <jo@old.example>\r\nTo: a@x.example\r\n", 0 },
	{ "keep, several", "policy=keep", NULL, "a@x.example",
	  "From: b@old.example, c@old.example\r\nTo: a@x.example\r\n",
	  "From has several addresses", 65 },
	{ "keep, a name", "policy=keep;domain=d.example", NULL, "a@x.example",
	  "From: root\r\nTo: a@x.example\r\n",
	  "From: root@d.example\r\nTo: a@x.example\r\n", 0 },
	{ "map", "policy=map;map=root > Web <w@contoso.com>, "
	  "@old.local > o@contoso.com", NULL, "a@x.example",
	  "From: Jo <jo@OLD.local>\r\nTo: a@x.example\r\n",
	  "From: Jo <o@contoso.com>\r\nTo: a@x.example\r\n"
	  "X-Original-From: Jo <jo@OLD.local>\r\n", 0 },
	/* no Reply-To: the old address is to be gone */
	{ "map, a public address", "policy=map;map=jo@example.net > "
	  "o@contoso.com", NULL, "a@x.example",
	  "From: Jo <jo@example.net>\r\nTo: a@x.example\r\n",
	  "From: Jo <o@contoso.com>\r\nTo: a@x.example\r\n"
	  "X-Original-From: Jo <jo@example.net>\r\n", 0 },
	{ "map, name of its own", "policy=map;map=root > Web <w@contoso.com>",
	  NULL, "a@x.example", "From: R <root>\r\nTo: a@x.example\r\n",
	  "From: Web <w@contoso.com>\r\nTo: a@x.example\r\n"
	  "X-Original-From: R <root>\r\n", 0 },
	{ "map, first rule", "policy=map;map=jo@old.local > 1@c.example, * > "
	  "2@c.example", NULL, "a@x.example",
	  "From: jo@old.local\r\nTo: a@x.example\r\n",
	  "From: 1@c.example\r\nTo: a@x.example\r\n"
	  "X-Original-From: jo@old.local\r\n", 0 },
	{ "map, no rule", "policy=map;map=root > w@contoso.com", NULL,
	  "a@x.example", "From: jo@old.local\r\nTo: a@x.example\r\n",
	  "From: \"jo at old.local\" <me@contoso.com>\r\nTo: a@x.example\r\n"
	  "X-Original-From: jo@old.local\r\n", 0 },

	/* fields */
	{ "taken out", "", NULL, "a@x.example",
	  "From: me@contoso.com\r\nTo: a@x.example\r\nSender: root\r\n"
	  "Return-Path: <x@y>\r\nSubject: 1\r\nSubject: 2\r\n"
	  "Message-ID: <2@x>\r\nContent-Length: 9\r\n" RESENT_STAMPS
	  "Resent-Bcc: b@x\r\n",
	  "From: me@contoso.com\r\nTo: a@x.example\r\nSubject: 1\r\n"
	  RESENT_STAMPS, 0 },
	{ "8-bit", "", NULL, "a@x.example",
	  "From: me@contoso.com\r\nTo: \xc3\xa4 <a@x.example>\r\n"
	  "Subject: \xe4\r\nX-Y: \xc3\xa4\r\n",
	  "From: me@contoso.com\r\nTo: =?utf-8?B?w6Q=?= <a@x.example>\r\n"
	  "Subject: =?utf-8?B?w6Q=?=\r\nX-Y: =?utf-8?B?w6Q=?=\r\n", 0 },
};
/* clang-format on */

/* As it is kept, before it is prepared; release out in any case. */
static bool
enter(struct arena *a, struct entry_ask *ask, struct str in, struct entry *v,
    struct buf *out, struct err *e)
{
	size_t n = head_size(in, false);

	buf_init(out, LIMIT);
	if (!entry_read(a, str_first(in, n), ask, out, v, e))
		return false;
	buf_adds(out, str_from(in, n));
	return buf_ok(out, e);
}

static void
make_files(void)
{
	(void)command_file("aliases",
	    STR("root: ops@x.example, o2@x.example\nloop: pool\npool: loop\n"),
	    0600);
	(void)command_file("broken", STR("a: b@x.example\nb: |cat\n"), 0600);
	T_CHECK(chdir(command_folder()) == 0, "chdir");
}

static void
check_row(size_t i)
{
	struct config c = config_of(rows[i].config);
	const char *rcpt = rows[i].rcpt;
	struct entry_ask ask = { .config = &c,
		.rcpt_from_header = rcpt == NULL || rcpt[0] == '+' };
	struct prepare_envelope envelope = { 0 };
	struct addr *list = NULL, *sender = NULL;
	struct buf in, kept, want, got;
	struct prepared p = { 0 };
	struct entry entry;
	struct source raw;
	struct arena a;
	struct err e = { 0 };
	bool ok;

	arena_init(&a, LIMIT);
	buf_init(&in, LIMIT);
	buf_init(&want, LIMIT);
	buf_addf(&in, STAMPS "%s" BODY, rows[i].in);
	buf_addf(&want, STAMPS "%s" BODY, rows[i].want);
	T_CHECK(rcpt == NULL ||
		addr_parse_list(&a, str_of(rcpt + (rcpt[0] == '+')), true,
		    &list, &e),
	    "%s: %s", rows[i].name, e.msg);
	T_CHECK(rows[i].sender == NULL ||
		addr_parse(&a, str_of(rows[i].sender), true, &sender, &e),
	    "%s: %s", rows[i].name, e.msg);
	ask.rcpt = list;
	ask.sender = envelope.sender = sender;
	ok = enter(&a, &ask, buf_view(&in), &entry, &kept, &e);
	raw = source_of(buf_view(&kept));
	envelope.rcpt = entry.rcpt;
	ok = ok && prepare_raw(&p, &c, &raw, &envelope, &silent, &e);
	T_CHECK(ok == (rows[i].exit == 0), "%s: %s", rows[i].name,
	    ok ? "accepted" : e.msg);
	if (ok) {
		read_all(&p.out.mime, &got);
		hide_host(&got);
		T_CHECK(str_eq(buf_view(&got), buf_view(&want)),
		    "%s: %s\nnot %s", rows[i].name, got.p, want.p);
		T_CHECK(str_eq(p.message_id, STR("<1@x>")), "%s: id",
		    rows[i].name);
		buf_release(&got);
	} else {
		T_CHECK(err_exit(&e) == rows[i].exit &&
			strstr(e.msg, rows[i].want) != NULL,
		    "%s: %d %s", rows[i].name, err_exit(&e), e.msg);
	}
	prepare_release(&p);
	buf_release(&in);
	buf_release(&kept);
	buf_release(&want);
	arena_release(&a);
}

static void
test_rows(void)
{
	char *back = getcwd(NULL, 0);

	make_files();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check_row(i);
	T_CHECK(chdir(back) == 0, "chdir back");
	command_folder_remove();
	free(back);
}

/* A message as text, prepared for one recipient. */
struct job {
	struct config config;
	struct buf in, kept;
	struct source raw;
	struct arena mem;
	struct prepared p;
};

static bool
begin(struct job *j, const char *config, enum route want, struct err *e)
{
	struct prepare_envelope envelope = { .want = want };
	struct entry_ask ask = { .config = &j->config };
	struct entry entry;
	struct addr *list;

	j->config = config_of(config);
	arena_init(&j->mem, LIMIT);
	j->p = (struct prepared){ 0 };
	buf_init(&j->kept, 0);
	if (!addr_parse_list(&j->mem, STR("a@x.example"), false, &list, e))
		return false;
	ask.rcpt = list;
	if (!enter(&j->mem, &ask, buf_view(&j->in), &entry, &j->kept, e))
		return false;
	j->raw = source_of(buf_view(&j->kept));
	envelope.rcpt = entry.rcpt;
	return prepare_raw(&j->p, &j->config, &j->raw, &envelope, &silent, e);
}

static void
end(struct job *j)
{
	prepare_release(&j->p);
	arena_release(&j->mem);
	buf_release(&j->in);
	buf_release(&j->kept);
}

static bool
is(const char *got, const char *want)
{
	return got == want ||
	    (got != NULL && want != NULL && strcmp(got, want) == 0);
}

/* What a block of Resent- fields lacks stands in front of it. */
static void
test_resent(void)
{
	struct str from = STR("Resent-From: =?utf-8?B?w6Q=?= <me@contoso.com>"
			      "\r\nResent-Message-ID: <"),
		   id = STR("@contoso.com>\r\nResent-To: r@x.example\r\n"
			    "Resent-Date: d\r\nResent-To: old@x.example\r\n");
	struct err e = { 0 };
	struct buf got;
	struct job j;

	buf_init(&j.in, LIMIT);
	buf_addz(&j.in,
	    "From: me@contoso.com\r\nResent-To: r@x.example\r\n"
	    "Resent-Date: d\r\nResent-To: old@x.example\r\n\r\nhi\r\n");
	T_CHECK(begin(&j, "from=\xc3\xa4 <me@contoso.com>", ROUTE_AUTO, &e),
	    "%s", e.msg);
	read_all(&j.p.out.mime, &got);
	T_CHECK(str_find(buf_view(&got), from) < got.n &&
		str_find(buf_view(&got), id) < got.n,
	    "%s", got.p);
	T_CHECK(str_find(buf_view(&got), STR("Resent-Date: ")) ==
		str_find(buf_view(&got), STR("Resent-Date: d\r\n")),
	    "one date: %s", got.p);
	buf_release(&got);
	end(&j);
}

/*
 * List-Unsubscribe is a reason to go as JSON, if nothing else is lost, and if
 * there is no thread, which JSON may not keep.
 */
static void
test_unsubscribe(void)
{
	static const struct {
		const char *fields, *loses;
		size_t n; /* fields of the message */
		bool reason;
	} cases[] = {
		{ "X-A: b\r\nList-Id: c\r\nPrecedence: bulk\r\n"
		  "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
		    NULL, 2, true },
		{ "Keywords: x\r\n", "the field Keywords", 1, true },
		{ "List-Unsubscribe: <http://y>\r\n", NULL, 1, true },
		{ "References: <1@x>\r\n", NULL, 2, false },
		{ "In-Reply-To: <1@x>\r\nReferences: <1@x>\r\n", NULL, 3,
		    false },
	};
	const struct message *m;
	struct err e = { 0 };
	struct job j;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_init(&j.in, LIMIT);
		buf_addf(&j.in,
		    "From: me@contoso.com\r\nTo: a@x.example\r\n"
		    "List-Unsubscribe:\r\n <http://x>\r\n%s\r\nhi\r\n",
		    cases[i].fields);
		T_CHECK(begin(&j, "", ROUTE_AUTO, &e), "%s", e.msg);
		m = j.p.out.message;
		T_CHECK(m != NULL &&
			j.p.out.facts.json_fields == cases[i].reason &&
			is(j.p.out.facts.json_loses, cases[i].loses),
		    "%s: loses %s", cases[i].fields, j.p.out.facts.json_loses);
		T_CHECK(m != NULL && m->n_fields == cases[i].n &&
			str_eq(m->field[0].value, STR("<http://x>")),
		    "%s", cases[i].fields);
		end(&j);
	}
}

/* n bytes of every value, as the lines of base64. */
static void
add_base64(struct buf *out, const struct buf *bytes)
{
	struct str rest = buf_view(bytes), line;

	for (; rest.n > 0; rest = str_from(rest, line.n)) {
		line = str_first(rest, 57);
		base64_encode(out, line);
		buf_addz(out, "\r\n");
	}
}

static void
fill(struct buf *out, size_t n, unsigned seed)
{
	buf_init(out, n);
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1103515245 + 12345;
		buf_addc(out, (char)(seed >> 16));
	}
}

#define MIXED                                                                  \
	"From: me@contoso.com\r\nTo: a@x.example\r\nSubject: s\r\n" STAMPS     \
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
#define TEXT "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
#define FILE1                                                                  \
	"--b\r\nContent-Type: application/pdf; name=one.pdf\r\n"               \
	"Content-Transfer-Encoding: base64\r\n\r\n"
#define FILE2                                                                  \
	"--b\r\nContent-Type: image/png\r\nContent-ID: <i@d>\r\n"              \
	"Content-Transfer-Encoding: base64\r\n\r\n"

static void
make_mixed(struct job *j, struct buf *one, struct buf *two)
{
	fill(one, 30000, 1);
	fill(two, 20001, 2);
	buf_init(&j->in, LIMIT);
	buf_addz(&j->in, MIXED TEXT FILE1);
	add_base64(&j->in, one);
	buf_addz(&j->in, FILE2);
	add_base64(&j->in, two);
	buf_addz(&j->in, "--b--\r\n");
}

static void
same_bytes(const struct source *s, const struct buf *want, const char *name)
{
	struct buf got;

	read_all(s, &got);
	T_CHECK(str_eq(buf_view(&got), buf_view(want)), "%s differs", name);
	buf_release(&got);
}

/* Only as much as must be is set apart: the largest first. */
static void
test_set_apart(void)
{
	struct err e = { 0 };
	struct buf one, two, rest;
	struct job j;

	make_mixed(&j, &one, &two);
	T_CHECK(begin(&j, "limit=40000", ROUTE_AUTO, &e), "%s", e.msg);
	T_CHECK(j.p.out.n_files == 1, "%zu files", j.p.out.n_files);
	T_CHECK(str_eq(j.p.out.file[0].name, STR("one.pdf")) &&
		str_eq(j.p.out.file[0].type, STR("application/pdf")) &&
		j.p.out.file[0].cid.p == NULL,
	    "name and type");
	same_bytes(&j.p.out.file[0].content, &one, "one.pdf");
	read_all(&j.p.out.rest, &rest);
	T_CHECK(strstr(rest.p, "image/png") != NULL &&
		strstr(rest.p, "one.pdf") == NULL,
	    "rest");
	T_CHECK(j.p.out.facts.rest_size == rest.n && rest.n < 40000, "size");
	buf_release(&rest);
	prepare_release(&j.p);
	arena_release(&j.mem);
	buf_release(&j.kept);
	T_CHECK(begin(&j, "limit=1000", ROUTE_AUTO, &e), "%s", e.msg);
	T_CHECK(j.p.out.n_files == 2 && str_eq(j.p.out.file[1].cid, STR("i@d")),
	    "two files");
	same_bytes(&j.p.out.file[1].content, &two, "two");
	T_CHECK(j.p.out.message != NULL, "no JSON: %s",
	    j.p.out.facts.json_cannot);
	end(&j);
	buf_release(&one);
	buf_release(&two);
}

/* As many as there may be pictures in a report, each written anew. */
static void
test_many_parts(void)
{
	struct err e = { 0 };
	struct job j;

	buf_init(&j.in, LIMIT);
	buf_addz(&j.in, MIXED);
	for (int i = 0; i < 10000; i++)
		buf_addz(&j.in,
		    "--b\r\nContent-Transfer-Encoding: quoted-printable\r\n"
		    "\r\n=C3=A4\r\n");
	buf_addz(&j.in, "--b--\r\n");
	T_CHECK(begin(&j, "", ROUTE_AUTO, &e), "%s", e.msg);
	T_CHECK(j.p.out.mime.size < 2200000, "by MIME");
	end(&j);
}

#define STOOD "The text of this message is in the attached file "

/* A text that no request carries becomes a file, with a line in its place. */
static void
test_text_apart(void)
{
	struct err e = { 0 };
	struct buf rest;
	struct job j;

	buf_init(&j.in, LIMIT);
	buf_addz(&j.in,
	    "From: me@contoso.com\r\nTo: a@x.example\r\n" STAMPS
	    "Content-Type: text/plain; charset=iso-8859-2\r\n\r\n");
	for (int i = 0; i < 5000; i++)
		buf_addz(&j.in, "abc\r\n");
	T_CHECK(begin(&j, "limit=1024", ROUTE_AUTO, &e), "%s", e.msg);
	T_CHECK(j.p.out.n_files == 1 &&
		str_eq(j.p.out.file[0].name, STR("message.txt")) &&
		str_eq(j.p.out.file[0].type,
		    STR("text/plain; charset=\"iso-8859-2\"")) &&
		j.p.out.file[0].content.size == 25000,
	    "%zu files", j.p.out.n_files);
	T_CHECK(j.p.out.facts.rest_loses != NULL, "it is said");
	read_all(&j.p.out.rest, &rest);
	T_CHECK(str_eq(buf_view(&rest),
		    STR("From: me@contoso.com\r\nTo: a@x.example\r\n" STAMPS
			"Content-Type: text/plain\r\n\r\n" STOOD
			"message.txt.\r\n")),
	    "%s", rest.p);
	buf_release(&rest);
	end(&j);
}

/* The same in a multipart, in quoted-printable; what is small enough stays. */
static void
test_texts_apart(void)
{
	struct err e = { 0 };
	struct buf rest;
	struct job j;

	buf_init(&j.in, LIMIT);
	buf_addz(&j.in, MIXED "--b\r\n\r\nsmall\r\n--b\r\n\r\n");
	for (int i = 0; i < 1000; i++)
		buf_addz(&j.in, "abc\r\n");
	buf_addz(&j.in,
	    "--b\r\nContent-Type: text/html; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
	for (int i = 0; i < 1000; i++)
		buf_addz(&j.in, "=C3=A4\r\n");
	buf_addz(&j.in, "--b--\r\n");
	T_CHECK(begin(&j, "limit=1024", ROUTE_AUTO, &e), "%s", e.msg);
	T_CHECK(j.p.out.n_files == 2 &&
		str_eq(j.p.out.file[0].name, STR("message.html")) &&
		j.p.out.file[0].content.size == 3998 &&
		str_eq(j.p.out.file[1].type, STR("text/plain")),
	    "%zu files", j.p.out.n_files);
	read_all(&j.p.out.rest, &rest);
	T_CHECK(strstr(rest.p,
		    "--b\r\n\r\nsmall\r\n--b\r\nContent-Type: text/plain\r\n"
		    "\r\n" STOOD "message.txt.\r\n\r\n--b\r\nContent-Type: "
		    "text/html\r\n\r\n<p>" STOOD
		    "message.html.</p>\r\n\r\n--b--") != NULL,
	    "%s", rest.p);
	buf_release(&rest);
	end(&j);
}

/* Of a message that is nothing but files the header makes the draft. */
static void
test_only_files(void)
{
	struct err e = { 0 };
	struct buf bytes, rest;
	struct job j;

	fill(&bytes, 5000, 3);
	buf_init(&j.in, LIMIT);
	buf_addz(&j.in,
	    "From: me@contoso.com\r\nTo: a@x.example\r\n" STAMPS
	    "Content-Type: application/zip\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n");
	add_base64(&j.in, &bytes);
	T_CHECK(begin(&j, "limit=1024", ROUTE_AUTO, &e), "%s", e.msg);
	T_CHECK(j.p.out.n_files == 1 &&
		str_eq(j.p.out.file[0].name, STR("attachment")),
	    "%zu files", j.p.out.n_files);
	same_bytes(&j.p.out.file[0].content, &bytes, "the file");
	read_all(&j.p.out.rest, &rest);
	T_CHECK(str_eq(buf_view(&rest),
		    STR("From: me@contoso.com\r\nTo: a@x.example\r\n" STAMPS
			"\r\n")),
	    "%s", rest.p);
	buf_release(&rest);
	end(&j);
	buf_release(&bytes);
}

/* The same where the files stand in a multipart. */
static void
test_files_in_mixed(void)
{
	struct err e = { 0 };
	struct buf bytes, rest;
	struct job j;

	fill(&bytes, 5000, 4);
	buf_init(&j.in, LIMIT);
	buf_addz(&j.in, MIXED FILE1);
	add_base64(&j.in, &bytes);
	buf_addz(&j.in, FILE2);
	add_base64(&j.in, &bytes);
	buf_addz(&j.in, "--b--\r\n");
	T_CHECK(begin(&j, "limit=1024", ROUTE_AUTO, &e), "%s", e.msg);
	T_CHECK(j.p.out.n_files == 2, "%zu files", j.p.out.n_files);
	read_all(&j.p.out.rest, &rest);
	T_CHECK(str_eq(buf_view(&rest),
		    STR("From: me@contoso.com\r\nTo: a@x.example\r\n"
			"Subject: s\r\n" STAMPS "\r\n")),
	    "%s", rest.p);
	buf_release(&rest);
	end(&j);
	buf_release(&bytes);
}

/* Of a file in base64 the size that counts is its own. */
static void
test_max_of_files(void)
{
	struct err e = { 0 };
	struct buf one, two;
	struct job j;

	make_mixed(&j, &one, &two);
	T_CHECK(begin(&j, "limit=1024;max=50001", ROUTE_AUTO, &e), "%s", e.msg);
	T_CHECK(j.p.out.facts.max_message_size >= j.p.out.facts.mime_size,
	    "the route would refuse it");
	prepare_release(&j.p);
	arena_release(&j.mem);
	buf_release(&j.kept);
	T_CHECK(!begin(&j, "limit=1024;max=50000", ROUTE_AUTO, &e) &&
		err_exit(&e) == 65,
	    "%s", e.msg);
	prepare_release(&j.p);
	arena_release(&j.mem);
	buf_release(&j.kept);
	T_CHECK(!begin(&j, "limit=1024;max=40000", ROUTE_AUTO, &e) &&
		j.p.out.n_files == 0,
	    "nothing is decoded for it");
	end(&j);
	buf_release(&one);
	buf_release(&two);
}

/* What cannot be taken apart, and why JSON cannot carry it. */
/* clang-format off */
static const struct {
	const char *name, *in, *sealed, *cannot, *loses;
} forms[] = {
	{ "text", "\r\nhi\r\n", NULL, NULL, NULL },
	{ "fields", "Comments: x\r\nX-A: b\r\nList-Id: c\r\n\r\nhi\r\n",
	  NULL, NULL, "the field Comments" },
	{ "fields, many", "Comments: x\r\nKeywords: b\r\nThread-Topic: "
	  "c\r\nPriority: d\r\n\r\nhi\r\n", NULL, NULL,
	  "the fields Comments, Keywords, Thread-Topic and others" },
	{ "a thread", "References: <1@x>\r\nIn-Reply-To: <1@x>\r\n\r\nhi\r\n",
	  NULL, NULL, NULL },
	{ "six x- fields", "X-1: a\r\nX-2: a\r\nX-3: a\r\nX-4: a\r\nX-5: a\r\n"
	  "X-6: a\r\n\r\nhi\r\n", NULL, NULL, "the field X-6" },
	{ "alternative",
	  "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n"
	  "1\r\n--b\r\nContent-Type: text/html\r\n\r\n2\r\n--b--\r\n", NULL,
	  NULL, "the plain text beside the HTML (Exchange makes another)" },
	{ "two texts",
	  "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
	  "1\r\n--b\r\n\r\n2\r\n--b--\r\n", NULL, "it has several texts",
	  NULL },
	{ "calendar", "Content-Type: text/calendar\r\n\r\nx\r\n", NULL,
	  "it has a part that is neither text, HTML nor a file", NULL },
	{ "charset", "Content-Type: text/plain; charset=gb18030\r\n\r\nx\r\n",
	  NULL, "its text is in an encoding that cannot be converted", NULL },
	{ "signed",
	  "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n"
	  "1\r\n--b\r\nContent-Type: a/b; name=c\r\n\r\n2\r\n--b--\r\n",
	  "it is signed or encrypted", "it is signed or encrypted", NULL },
	{ "subject", "Subject: =?x-none?B?5OTk?=\r\n\r\nhi\r\n", NULL,
	  "its subject is in a charset that is not known here", NULL },
	{ "8-bit subject", "Subject: \344\r\n\r\nhi\r\n", NULL, NULL, NULL },
	{ "name", "Reply-To: =?x-none?Q?=E4?= <r@x.org>\r\n\r\nhi\r\n", NULL,
	  "a name in it is in a charset that is not known here", NULL },
	{ "name of a file",
	  "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	  "Content-Type: a/b; name*=x-none''%E4\r\n\r\nx\r\n--b--\r\n",
	  NULL, "the name of an attachment is in a charset that is not known "
	  "here", NULL },
	{ "a message itself", "Content-Type: message/rfc822\r\n\r\nA: b\r\n"
	  "\r\nx\r\n", NULL, "it is a message in a message", NULL },
	{ "report",
	  "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\n"
	  "1\r\n--b--\r\n", NULL, "it is a report for programs", NULL },
	{ "message",
	  "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
	  "1\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nA: b\r\n\r\n2\r\n"
	  "--b--\r\n", NULL, NULL, NULL },
	{ "damaged base64",
	  "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	  "Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	  "QUJDR\r\n--b--\r\n", NULL,
	  "the encoding of an attachment is damaged", NULL },
};
/* clang-format on */

static void
test_forms(void)
{
	const struct route_facts *f;
	struct err e = { 0 };
	struct job j;

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		buf_init(&j.in, LIMIT);
		buf_addf(&j.in, "From: me@contoso.com\r\nTo: a@x.example\r\n%s",
		    forms[i].in);
		T_CHECK(begin(&j, "", ROUTE_JSON, &e), "%s: %s", forms[i].name,
		    e.msg);
		f = &j.p.out.facts;
		T_CHECK(is(f->json_cannot, forms[i].cannot) &&
			is(f->json_loses, forms[i].loses) &&
			is(f->sealed, forms[i].sealed) && !f->json_fields,
		    "%s: cannot %s, loses %s, sealed %s", forms[i].name,
		    f->json_cannot, f->json_loses, f->sealed);
		T_CHECK((j.p.out.message != NULL) == (f->json_cannot == NULL),
		    "%s", forms[i].name);
		end(&j);
	}
}

/* A text that JSON has no room for is said to be that, and never cut. */
static void
test_large_text(void)
{
	static const struct {
		const char *charset;
		int byte;
		size_t n;
	} cases[] = {
		{ "us-ascii", 'a', 5000000 },
		{ "iso-8859-1", 0xe4, 3000000 }, /* twice that in UTF-8 */
	};
	struct err e = { 0 };
	struct job j;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_init(&j.in, LIMIT);
		buf_addf(&j.in,
		    "From: me@contoso.com\r\nTo: a@x.example\r\n"
		    "Content-Type: text/plain; charset=%s\r\n\r\n",
		    cases[i].charset);
		for (size_t k = 0; k < cases[i].n; k++)
			buf_addc(&j.in, (char)cases[i].byte);
		buf_addz(&j.in, "\r\n");
		T_CHECK(begin(&j, "", ROUTE_JSON, &e), "%s", e.msg);
		T_CHECK(is(j.p.out.facts.json_cannot,
			    "the request would have more than 4 MB") &&
			j.p.out.message == NULL,
		    "%s: %s", cases[i].charset, j.p.out.facts.json_cannot);
		end(&j);
	}
}

static void
test_json(void)
{
	const struct message *m;
	struct err e = { 0 };
	struct job j;

	buf_init(&j.in, LIMIT);
	buf_addz(&j.in,
	    "From: =?utf-8?q?=C3=A4?= <me@contoso.com>\r\n"
	    "To: A <a@x.example>\r\nSubject: =?utf-8?q?=C3=B6?=\r\n"
	    "Reply-To: r@x.example\r\nImportance: High\r\nX-A: b\r\n"
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	    "Content-Type: text/plain; charset=iso-8859-1\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n=E4=\r\nb\r\n"
	    "--b\r\nContent-Type: a/b; name=n\r\n\r\nfile\r\n--b--\r\n");
	T_CHECK(begin(&j, "save=no", ROUTE_AUTO, &e), "%s", e.msg);
	m = j.p.out.message;
	T_CHECK(m != NULL, "%s", j.p.out.facts.json_cannot);
	if (m != NULL) {
		T_CHECK(str_eq(m->subject, STR("\xc3\xb6")), "subject");
		T_CHECK(str_eq(m->text,
			    STR("\xc3\xa4"
				"b")),
		    "text %.*s", STR_ARG(m->text));
		T_CHECK(m->html.p == NULL && m->n_files == 1 &&
			m->file[0].content.size == 4 &&
			str_eq(m->file[0].name, STR("n")),
		    "files");
		T_CHECK(m->to != NULL && str_eq(m->to->name, STR("A")) &&
			m->reply_to != NULL && m->importance == MESSAGE_HIGH &&
			m->n_fields == 1,
		    "fields");
		T_CHECK(str_eq(m->message_id, j.p.message_id), "id");
	}
	T_CHECK(!j.p.out.save_to_sent && j.p.out.facts.no_save, "saved");
	end(&j);
}

static void
test_limits(void)
{
	struct err e = { 0 };
	struct job j;

	buf_init(&j.in, LIMIT);
	for (int i = 0; i < 51; i++)
		buf_addz(&j.in, "Received: x\r\n");
	buf_addz(&j.in, "\r\nhi\r\n");
	T_CHECK(!begin(&j, "", ROUTE_AUTO, &e) && err_exit(&e) == 65 &&
		strstr(e.msg, "goes round in a circle") != NULL,
	    "%s", e.msg);
	end(&j);
	buf_init(&j.in, LIMIT);
	for (int i = 0; i < 50; i++)
		buf_addz(&j.in, "Received: x\r\n");
	buf_addz(&j.in, "\r\nhi\r\n");
	T_CHECK(begin(&j, "max=1024", ROUTE_AUTO, &e), "50 hops: %s", e.msg);
	end(&j);
	buf_init(&j.in, LIMIT);
	buf_addz(&j.in, "Subject: x\r\n\r\n");
	for (int i = 0; i < 100; i++)
		buf_addz(&j.in, "0123456789\r\n");
	T_CHECK(!begin(&j, "max=1024", ROUTE_AUTO, &e) && err_exit(&e) == 65 &&
		strstr(e.msg, "max_message_size allows 1024") != NULL &&
		strcmp(e.code, "MessageTooLarge") == 0,
	    "%s", e.msg);
	end(&j);
}

static void
test_recipients(void)
{
	struct prepare_envelope envelope = { 0 };
	struct config c = config_of("");
	struct entry_ask ask = { .config = &c, .rcpt_from_header = true };
	struct route_choice choice;
	struct prepared p;
	struct entry entry;
	struct source raw;
	struct arena a;
	struct err e = { 0 };
	struct buf in, kept;

	for (size_t n = 1000; n <= 10000; n += 9000) {
		buf_init(&in, LIMIT);
		buf_addz(&in, "To: x");
		for (size_t i = 0; i < n; i++)
			buf_addf(&in, "@x.example,\r\n %zu", i);
		buf_addz(&in, "@x.example\r\n\r\nhi\r\n");
		arena_init(&a, LIMIT);
		T_CHECK(enter(&a, &ask, buf_view(&in), &entry, &kept, &e), "%s",
		    e.msg);
		raw = source_of(buf_view(&kept));
		envelope.rcpt = entry.rcpt;
		T_CHECK(prepare_raw(&p, &c, &raw, &envelope, &silent, &e) &&
			!submit_route(NULL, &p, ROUTE_AUTO, &choice, &e) &&
			err_exit(&e) == 65 &&
			strstr(e.msg, "Exchange takes at most 1000") != NULL,
		    "%zu: %s", n, e.msg);
		T_CHECK(p.n_rcpt == n + 1 && entry.n_rcpt == n + 1,
		    "%zu counted", p.n_rcpt);
		prepare_release(&p);
		buf_release(&in);
		buf_release(&kept);
		arena_release(&a);
	}
}

/* Of the header's recipients who can be read gets it, if that will do. */
static void
test_some_will_do(void)
{
	static const struct {
		const char *in;
		size_t good, bad;
	} cases[] = {
		{ "To: a@x.example, b@[300.0.0.1], \"c, d\" <c@x.example>\r\n",
		    2, 1 },
		{ "To: a@x.example\r\nCc: John <john@>\r\nBcc: <, b@x\r\n", 1,
		    2 },
		{ "To: \"open, a@x.example\r\nCc: a@x.example (b, c)\r\n", 1,
		    1 },
		{ "To: a@b@c, <d@\r\n", 0, 2 },
	};
	struct config c = config_of("");
	struct entry_ask ask = { .config = &c,
		.rcpt_from_header = true,
		.some_will_do = true };
	struct entry entry;
	struct arena a;
	struct err e = { 0 };
	struct buf in, kept;
	size_t bad;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_init(&in, LIMIT);
		buf_addf(&in, "%s\r\nhi\r\n", cases[i].in);
		arena_init(&a, LIMIT);
		T_CHECK(enter(&a, &ask, buf_view(&in), &entry, &kept, &e) ==
			(cases[i].good > 0),
		    "%zu: %s", i, e.msg);
		T_CHECK(cases[i].good > 0 || err_exit(&e) == 65, "%zu", i);
		bad = 0;
		for (const struct entry_bad *b = entry.bad; b != NULL;
		     b = b->next)
			bad++;
		if (cases[i].good > 0)
			T_CHECK(entry.n_rcpt == cases[i].good &&
				bad == cases[i].bad,
			    "%zu: %zu and %zu", i, entry.n_rcpt, bad);
		buf_release(&in);
		buf_release(&kept);
		arena_release(&a);
	}
}

/* What in becomes, again as a message; *in is released. */
static void
prepare_again(const char *path, const char *config, enum route want,
    struct buf *in)
{
	struct err e = { 0 };
	struct buf out;
	struct job j;

	j.in = *in;
	buf_init(&out, 0);
	T_CHECK(begin(&j, config, want, &e), "%s: %s", path, e.msg);
	if (j.p.out.mime.size > 0)
		read_all(&j.p.out.mime, &out);
	T_CHECK(j.p.out.rest.size <= j.p.out.mime.size, "%s: rest", path);
	end(&j);
	*in = out;
}

/*
 * Messages of the corpora: whatever stands in them they can be sent, and once
 * they say what their envelope says they do not change any more.
 */
static void
prepare_file(const char *path, void *arg)
{
	struct buf text, before;

	(void)arg;
	buf_init(&text, LIMIT);
	t_read_file(path, &text);
	prepare_again(path, "limit=1024", ROUTE_JSON, &text);
	prepare_again(path, "", ROUTE_AUTO, &text);
	buf_init(&before, LIMIT);
	buf_adds(&before, buf_view(&text));
	prepare_again(path, "", ROUTE_AUTO, &text);
	T_CHECK(str_eq(buf_view(&text), buf_view(&before)), "%s changes again",
	    path);
	buf_release(&before);
	buf_release(&text);
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
	T_CHECK(t_each_file(path, prepare_file, NULL) > 100, "mime");
	(void)snprintf(path, sizeof(path), "%s/corpora/mime-edge", t_shared());
	T_CHECK(t_each_file(path, prepare_file, NULL) > 50, "mime-edge");
}

/* What `send` collected. */
static void
test_message(void)
{
	static struct message m;
	struct config c = config_of("limit=5000");
	struct prepared p;
	struct err e = { 0 };
	struct arena a;
	struct buf bytes, got;

	arena_init(&a, LIMIT);
	fill(&bytes, 4000, 5);
	m = (struct message){ .subject = STR("s"),
		.text = STR("hi"),
		.message_id = STR("<1@x>"),
		.n_files = 3 };
	for (size_t i = 0; i < 3; i++)
		m.file[i] = (struct message_file){ .name = STR("n"),
			.type = STR("a/b"),
			.content = source_of(
			    str_first(buf_view(&bytes), 1000 * (i + 2))) };
	T_CHECK(addr_parse_list(&a, STR("a@x.example, A@x.example"), false,
		    &m.to, &e),
	    "%s", e.msg);
	T_CHECK(prepare_message(&p, &c, &m, &e), "%s", e.msg);
	T_CHECK(p.n_rcpt == 1 && p.out.message != NULL, "recipients");
	T_CHECK(p.out.n_files == 2 && p.out.file[0].content.size == 4000 &&
		p.out.file[1].content.size == 3000,
	    "%zu files", p.out.n_files);
	T_CHECK(p.out.facts.rest_size <= 5000, "rest");
	read_all(&p.out.rest, &got);
	T_CHECK(strstr(got.p, "From: me@contoso.com\r\n") != NULL, "%s", got.p);
	buf_release(&got);
	prepare_release(&p);
	c.max_message_size = 8999;
	T_CHECK(!prepare_message(&p, &c, &m, &e) && err_exit(&e) == 65, "max");
	prepare_release(&p);
	buf_release(&bytes);
	arena_release(&a);
}

static void
prepare_once(void)
{
	static uint64_t whole; /* of the first time, when nothing fails */
	struct err e = { 0 };
	struct buf one, two;
	struct job j;
	bool ok;

	make_mixed(&j, &one, &two);
	ok = begin(&j, "limit=2000;save=no", ROUTE_AUTO, &e);
	t_spare_allocations(true);
	/* the test's own memory may be what lacks */
	if (j.in.no_memory || one.no_memory || two.no_memory) {
		ok = false;
	} else if (ok) {
		if (whole == 0)
			whole = j.p.out.facts.mime_size + j.p.out.n_files;
		T_CHECK(whole == j.p.out.facts.mime_size + j.p.out.n_files &&
			j.p.n_rcpt == 1,
		    "%llu bytes, %zu files",
		    (unsigned long long)j.p.out.facts.mime_size,
		    j.p.out.n_files);
		for (size_t i = 0; i < j.p.out.n_files; i++)
			same_bytes(&j.p.out.file[i].content,
			    j.p.out.file[i].content.size == 30000 ? &one : &two,
			    "a file");
	} else {
		T_CHECK(e.kind == ERR_RETRY, "%s", e.msg);
	}
	t_spare_allocations(false);
	end(&j);
	buf_release(&one);
	buf_release(&two);
}

static void
test_memory(void)
{
	prepare_once();
	t_each_allocation_fails(prepare_once);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "set apart", test_set_apart },
	{ "10,000 parts", test_many_parts },
	{ "a text as a file", test_text_apart },
	{ "texts as files", test_texts_apart },
	{ "only files", test_only_files },
	{ "only files, in a multipart", test_files_in_mixed },
	{ "max_message_size", test_max_of_files },
	{ "forms", test_forms },
	{ "resent", test_resent },
	{ "unsubscribe", test_unsubscribe },
	{ "large text", test_large_text },
	{ "JSON", test_json },
	{ "limits", test_limits },
	{ "recipients", test_recipients },
	{ "recipients, not all of them", test_some_will_do },
	{ "from parts", test_message },
	{ "corpora", test_corpora },
	{ "allocations fail", test_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
