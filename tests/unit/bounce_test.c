/* SPDX-License-Identifier: MIT */
#include "deliver/bounce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "mail/dsn.h"
#include "queue.h"
#include "t.h"

enum { MOST = 32 * 1024 * 1024 };

static struct str two[] = { STR_INIT("sent@example.com"),
	STR_INIT("failed@example.com") };
static struct str to_ops[] = { STR_INIT("Ops@Contoso.com") };
static const struct log silent = { 0 };
static struct source body; /* an empty message */

/* aliases of the test: a path that config borrows */
static char aliases[256];

static void
make_aliases(void)
{
	(void)snprintf(aliases, sizeof(aliases), "%s",
	    command_file("aliases",
		STR("root: relay@contoso.com\nadmin: a@example.com, "
		    "b@example.com\nmixed: relay@contoso.com, a@example.com\n"
		    "loop: pool\npool: loop\n"),
		0600));
}

/* clang-format off */
static const struct {
	const char *name, *sender, *postmaster;
	bool off, to_postmaster;
	enum bounce_whom whom;
	const char *to; /* who is told; NULL: nobody */
} rows[] = {
	{ "a stranger", "app@contoso.com", "ops@contoso.com", false, false,
	  BOUNCE_SENDER, "app@contoso.com" },
	{ "no postmaster", "app@contoso.com", "", false, false,
	  BOUNCE_SENDER, "app@contoso.com" },
	{ "bounces = no", "app@contoso.com", "ops@contoso.com", true, false,
	  BOUNCE_NOBODY, NULL },
	{ "the mailbox", "Relay@Contoso.com", "ops@contoso.com", false, false,
	  BOUNCE_POSTMASTER, "ops@contoso.com" },
	{ "the from address", "noreply@contoso.com", "ops@contoso.com", false,
	  false, BOUNCE_POSTMASTER, "ops@contoso.com" },
	{ "the mailbox alone", "relay@contoso.com", "", false, false,
	  BOUNCE_SENDER, "relay@contoso.com" },
	{ "from alone", "noreply@contoso.com", "", false, false,
	  BOUNCE_SENDER, "relay@contoso.com" },
	{ "an alias of it", "root", "ops@contoso.com", false, false,
	  BOUNCE_POSTMASTER, "ops@contoso.com" },
	{ "alias, with host", "root@localhost", "ops@contoso.com", false, false,
	  BOUNCE_POSTMASTER, "ops@contoso.com" },
	{ "an alias of others", "admin", "ops@contoso.com", false, false,
	  BOUNCE_SENDER, "a@example.com b@example.com" },
	{ "an alias of both", "mixed", "ops@contoso.com", false, false,
	  BOUNCE_SENDER, "relay@contoso.com a@example.com" },
	{ "a name of nobody", "www-data", "ops@contoso.com", false, false,
	  BOUNCE_POSTMASTER, "ops@contoso.com" },
	{ "a circle", "loop", "ops@contoso.com", false, false,
	  BOUNCE_POSTMASTER, "ops@contoso.com" },
	{ "a circle alone", "loop", "", false, false, BOUNCE_NOBODY, NULL },
	{ "no address", "a@b@c", "", false, false, BOUNCE_NOBODY, NULL },
	{ "null sender", "", "ops@contoso.com", false, false,
	  BOUNCE_POSTMASTER, "ops@contoso.com" },
	{ "null sender alone", "", "", false, false, BOUNCE_NOBODY, NULL },
	{ "report on a report", "", "ops@contoso.com", false, true,
	  BOUNCE_NOBODY, NULL },
	{ "postmaster writes", "ops@contoso.com", "ops@contoso.com", false,
	  false, BOUNCE_SENDER, "ops@contoso.com" },
	{ "to postmaster, from the mailbox", "relay@contoso.com",
	  "ops@contoso.com", false, true, BOUNCE_SENDER, "relay@contoso.com" },
};
/* clang-format on */

static struct config config;
static struct envelope of;
static struct err why;
static struct bounce_about about;

static void
set_up(size_t i)
{
	config = (struct config){
		.mailbox = STR("relay@contoso.com"),
		.from = STR("Relay <noreply@contoso.com>"),
		.postmaster = str_of(rows[i].postmaster),
		.aliases = str_of(aliases),
		.bounces = !rows[i].off,
	};
	of = (struct envelope){
		.id = STR("6742F3A05C81B7E0"),
		.account = STR("shop"),
		.sender = str_of(rows[i].sender),
		.recipient = rows[i].to_postmaster ? to_ops : two,
		.recipients = rows[i].to_postmaster ? 1 : 2,
		.message_id = STR("<1@contoso.com>"),
		.arrived = QUEUE_NOW - 100,
	};
	body = source_of(STR(""));
	why = (struct err){ 0 };
	err_set(&why, ERR_REFUSED, "graph.microsoft.com answered 400");
	(void)snprintf(why.code, sizeof(why.code), "ErrorInvalidRecipients");
	about = (struct bounce_about){
		.config = &config,
		.envelope = &of,
		.recipient = of.recipient + !rows[i].to_postmaster,
		.recipients = 1,
		.body = &body,
		.why = &why,
		.now = QUEUE_NOW,
		.log = &silent,
	};
}

static void
check_told(const struct bounce *b, const char *name, const char *want)
{
	struct buf got, to;

	buf_init(&got, 1000);
	buf_init(&to, 1000);
	buf_addz(&to, "To: ");
	for (size_t i = 0; i < b->envelope.recipients; i++) {
		buf_addz(&got, i > 0 ? " " : "");
		buf_adds(&got, b->envelope.recipient[i]);
		buf_addz(&to, i > 0 ? ", " : "");
		buf_adds(&to, b->envelope.recipient[i]);
	}
	T_CHECK(str_eq(buf_view(&got), str_of(want)), "%s: %.*s", name,
	    STR_ARG(buf_view(&got)));
	T_CHECK(b->envelope.sender.n == 0, "%s: it has a sender", name);
	T_CHECK(str_eq(b->envelope.account, of.account), "%s: account", name);
	T_CHECK(str_find(buf_view(&b->text), buf_view(&to)) < b->text.n,
	    "%s: no %.*s", name, STR_ARG(buf_view(&to)));
	T_CHECK(str_find(buf_view(&b->text), STR("Status: 5.1.1")) < b->text.n,
	    "%s: status", name);
	T_CHECK(str_find(buf_view(&b->text), two[0]) == b->text.n,
	    "%s: reports who got it", name);
	buf_release(&got);
	buf_release(&to);
}

static void
test_whom(void)
{
	struct bounce b;
	struct arena a;
	struct err e;

	make_aliases();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		set_up(i);
		arena_init(&a, MOST);
		T_CHECK(bounce_make(&about, &a, &b, &e), "%s: %s", rows[i].name,
		    e.msg);
		T_CHECK(b.whom == rows[i].whom, "%s: %d, %s", rows[i].name,
		    b.whom, b.note);
		if (rows[i].to != NULL)
			check_told(&b, rows[i].name, rows[i].to);
		else
			T_CHECK(b.text.n == 0, "%s: a text", rows[i].name);
		bounce_release(&b);
		arena_release(&a);
	}
}

/* Who of two is told of, by what was asked for each. */
static const struct {
	const char *name;
	unsigned first, second; /* NOTIFY; 0: not said */
	bool sent, old;         /* old: the option no-report of a file */
	const char *sender, *tells, *tells_not; /* NULL: no report */
} asked[] = {
	{ "nothing said", 0, 0, false, false, "app@x", "sent@", NULL },
	{ "nothing said, sent", 0, 0, true, false, "app@x", NULL, NULL },
	{ "an option of old", 0, 0, false, true, "app@x", NULL, NULL },
	{ "never", NOTIFY_NEVER, NOTIFY_NEVER, false, false, "app@x", NULL,
	    NULL },
	{ "one never", NOTIFY_NEVER, 0, false, false, "app@x", "failed@",
	    "sent@" },
	{ "one success only", NOTIFY_FAILURE, NOTIFY_SUCCESS, false, false,
	    "app@x", "sent@", "failed@" },
	{ "delay only", NOTIFY_DELAY, NOTIFY_DELAY, false, false, "app@x", NULL,
	    NULL },
	{ "success, sent", NOTIFY_SUCCESS, NOTIFY_FAILURE, true, false, "app@x",
	    "sent@", "failed@" },
	{ "success, to the mailbox", NOTIFY_SUCCESS, NOTIFY_FAILURE, true,
	    false, "relay@contoso.com", "sent@", "failed@" },
	{ "success, from nobody", NOTIFY_SUCCESS, 0, true, false, "", NULL,
	    NULL },
};

static void
test_asked(void)
{
	struct notify notify[2];
	struct bounce b;
	struct arena a;
	struct err e;
	struct str text;

	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		set_up(0);
		of.sender = str_of(asked[i].sender);
		notify[0] = (struct notify){ asked[i].first,
			STR("rfc822;First+2Bx@example.com") };
		notify[1] = (struct notify){ .when = asked[i].second };
		of.notify = notify;
		of.envelope_id = STR("E+2B1");
		if (asked[i].old)
			of.options = STR("no-report");
		if (asked[i].sent)
			why = (struct err){ 0 };
		about.recipient = of.recipient;
		about.recipients = 2;
		arena_init(&a, MOST);
		T_CHECK(bounce_make(&about, &a, &b, &e), "%s: %s",
		    asked[i].name, e.msg);
		text = buf_view(&b.text);
		T_CHECK((b.whom != BOUNCE_NOBODY) == (asked[i].tells != NULL),
		    "%s: %d, %s", asked[i].name, b.whom, b.note);
		T_CHECK(asked[i].tells == NULL ||
			(str_find(text, str_of(asked[i].tells)) < text.n &&
			    str_find(text, STR("Envelope-Id: E+1")) < text.n &&
			    (str_find(text, STR("t: rfc822;First+x@")) <
				text.n) == (asked[i].tells[0] == 's') &&
			    (str_find(text, STR("Action: relayed")) < text.n) ==
				asked[i].sent),
		    "%s: %.*s", asked[i].name, STR_ARG(text));
		T_CHECK(asked[i].tells_not == NULL ||
			str_find(text, str_of(asked[i].tells_not)) == text.n,
		    "%s: %.*s", asked[i].name, STR_ARG(text));
		bounce_release(&b);
		arena_release(&a);
	}
}

/* RET=FULL: all of it comes back, where it is not too much. */
static void
test_full(void)
{
	static const struct str small = STR_INIT("A: b\r\n\r\nhello\r\n");
	static char large[DSN_FULL_MOST + 1];
	struct bounce b;
	struct arena a;
	struct err e;

	for (int i = 0; i < 2; i++) {
		set_up(0);
		of.ret = STR("full");
		memset(large, 'x', sizeof(large));
		memcpy(large, small.p, small.n);
		body = source_of(
		    (struct str){ large, i == 0 ? 18 : sizeof(large) });
		arena_init(&a, MOST);
		T_CHECK(bounce_make(&about, &a, &b, &e), "%s", e.msg);
		T_CHECK((str_find(buf_view(&b.text), STR("hello")) <
			    b.text.n) == (i == 0),
		    "%d: the body", i);
		bounce_release(&b);
		arena_release(&a);
	}
}

static void
test_bad_settings(void)
{
	struct bounce b;
	struct arena a;
	struct err e;

	set_up(0);
	config.mailbox = STR("");
	arena_init(&a, MOST);
	T_CHECK(!bounce_make(&about, &a, &b, &e) && e.kind == ERR_CONFIG, "%s",
	    e.msg);
	bounce_release(&b);
	set_up(0);
	config.aliases = STR("/nonexistent/aliases");
	T_CHECK(!bounce_make(&about, &a, &b, &e) && e.kind == ERR_CONFIG, "%s",
	    e.msg);
	bounce_release(&b);
	arena_release(&a);
}

/* A body that cannot be read leaves the message where it is. */
static bool
no_read(const struct source *self, uint64_t at, char *p, size_t n,
    struct err *e)
{
	(void)self;
	(void)at;
	(void)p;
	(void)n;
	return err_set(e, ERR_RETRY, "input/output error");
}

static void
test_bad_body(void)
{
	const struct source bad = { .size = 1 << 20, .read = no_read };
	struct bounce b;
	struct arena a;
	struct err e;

	set_up(0);
	about.body = &bad;
	arena_init(&a, MOST);
	T_CHECK(!bounce_make(&about, &a, &b, &e) && e.kind == ERR_RETRY, "%s",
	    e.msg);
	bounce_release(&b);
	arena_release(&a);
}

/* Through the spool and back; then the report fails, and so does its own. */
static void
test_spool(void)
{
	const struct source mail = source_of(STR("Subject: s\r\n\r\nx\r\n"));
	char id[ENVELOPE_ID_SIZE];
	struct bounce b;
	struct queue q;
	struct claim c;
	struct arena a;
	struct err e;

	set_up(3);
	about.body = &mail;
	arena_init(&a, MOST);
	queue_new(&q);
	T_CHECK(bounce_make(&about, &a, &b, &e) &&
		bounce_add(&q.spool, &b, id, &e),
	    "%s", e.msg);
	T_CHECK(claim_take(&c, &q.spool, id, SPOOL_QUEUED, &q.arena, &e) &&
		c.spool != NULL,
	    "%s", e.msg);
	T_CHECK(queue_has(&c, buf_view(&b.text)), "the body differs");
	T_CHECK(c.envelope.sender.n == 0 && c.envelope.recipients == 1 &&
		str_eq(c.envelope.recipient[0], STR("ops@contoso.com")),
	    "envelope");
	bounce_release(&b);
	about.envelope = &c.envelope;
	about.body = &c.body;
	about.recipient = c.envelope.recipient;
	about.recipients = c.envelope.recipients;
	T_CHECK(bounce_make(&about, &a, &b, &e) && b.whom == BOUNCE_NOBODY,
	    "a circle");
	bounce_release(&b);
	claim_leave(&c);
	queue_end(&q);
	arena_release(&a);
}

static void
make_once(void)
{
	const struct source mail = source_of(STR("Subject: s\r\n\r\nx\r\n"));
	struct bounce b;
	struct arena a;
	struct err e;

	set_up(7);
	about.body = &mail;
	arena_init(&a, MOST);
	if (bounce_make(&about, &a, &b, &e))
		T_CHECK(b.whom == rows[7].whom && b.text.n > 1000 &&
			b.envelope.recipients == 1 &&
			str_eq(b.envelope.recipient[0], str_of(rows[7].to)),
		    "%s, %zu bytes", b.note, b.text.n);
	else
		T_CHECK(e.kind == ERR_RETRY, "%s", e.msg);
	bounce_release(&b);
	arena_release(&a);
}

static void
test_no_memory(void)
{
	make_aliases();
	t_each_allocation_fails(make_once);
	command_folder_remove();
}

static const struct t_test tests[] = {
	{ "whom", test_whom },
	{ "what was asked", test_asked },
	{ "all of it back", test_full },
	{ "bad settings", test_bad_settings },
	{ "bad body", test_bad_body },
	{ "spool", test_spool },
	{ "no memory", test_no_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
