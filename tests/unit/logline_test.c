/* SPDX-License-Identifier: MIT */
/* Events of the relay as lines of text and of JSON. */
#include "command/relay/logline.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/record.h"
#include "t.h"

static const struct {
	const char *name, *record, *text, *json; /* behind the event's name */
} rows[] = {
	/* clang-format off */
	{ "connect", "6 smtpd 7 connect\nhost=unknown\nclient=10.1.2.7\n",
	  "post365/smtpd[7]: connect from unknown[10.1.2.7]\n",
	  "{\"time\":\"1970-01-01T00:00:01Z\",\"level\":\"info\","
	  "\"service\":\"smtpd\",\"pid\":7,\"event\":\"connect\","
	  "\"host\":\"unknown\",\"client\":\"10.1.2.7\"}\n" },
	{ "accept, signed in",
	  "6 smtpd 7 accept\nid=A1\nhost=unknown\nclient=::1\nmethod=LOGIN\n"
	  "user=printer\nmessage_id=<1@x>\nfrom=a@x\nsize#2048\nnrcpt#2\n",
	  "post365/smtpd[7]: A1: client=unknown[::1], sasl_method=LOGIN, "
	  "sasl_username=printer\n"
	  "post365/cleanup[7]: A1: message-id=<1@x>\n"
	  "post365/qmgr[7]: A1: from=<a@x>, size=2048, nrcpt=2 "
	  "(queue active)\n",
	  "{\"time\":\"1970-01-01T00:00:01Z\",\"level\":\"info\","
	  "\"service\":\"smtpd\",\"pid\":7,\"event\":\"accept\",\"id\":\"A1\","
	  "\"host\":\"unknown\",\"client\":\"::1\",\"method\":\"LOGIN\","
	  "\"user\":\"printer\",\"message_id\":\"<1@x>\",\"from\":\"a@x\","
	  "\"size\":2048,\"nrcpt\":2}\n" },
	{ "accept, from this machine",
	  "6 smtpd 7 accept\nid=A1\nuid#33\nmessage_id=<1@x>\nfrom=\n"
	  "size#1\nnrcpt#1\n",
	  "post365/pickup[7]: A1: uid=33 from=<>\n"
	  "post365/cleanup[7]: A1: message-id=<1@x>\n"
	  "post365/qmgr[7]: A1: from=<>, size=1, nrcpt=1 (queue active)\n",
	  NULL },
	{ "reject",
	  "6 smtpd 7 reject\nhost=unknown\nclient=9.9.9.9\ncommand=RCPT\n"
	  "reply=554 5.7.1 <b@y>: Relay access denied\nfrom=a@x\nto=b@y\n"
	  "proto=ESMTP\nhelo=h\n",
	  "post365/smtpd[7]: NOQUEUE: reject: RCPT from unknown[9.9.9.9]: 554 "
	  "5.7.1 <b@y>: Relay access denied; from=<a@x> to=<b@y> proto=ESMTP "
	  "helo=<h>\n", NULL },
	{ "reject before MAIL",
	  "6 smtpd 7 reject\nhost=unknown\nclient=9.9.9.9\ncommand=CONNECT\n"
	  "reply=421 4.7.0 x: too many\nproto=SMTP\n",
	  "post365/smtpd[7]: NOQUEUE: reject: CONNECT from unknown[9.9.9.9]: "
	  "421 4.7.0 x: too many; proto=SMTP\n", NULL },
	{ "deferred, of an alias",
	  "6 smtp 7 defer\nid=A1\nto=b@y\norig_to=root\nrelay=g\ndelay=2.50\n"
	  "delays=0/2/0/0.5\ndsn=4.4.1\nstatus=deferred\nreason=why\n",
	  "post365/smtp[7]: A1: to=<b@y>, orig_to=<root>, relay=g, delay=2.50, "
	  "delays=0/2/0/0.5, dsn=4.4.1, status=deferred (why)\n", NULL },
	{ "sign-in fails",
	  "4 smtpd 7 auth\nhost=unknown\nclient=9.9.9.9\nmethod=LOGIN\n"
	  "reason=no\nuser=bob\n",
	  "post365/smtpd[7]: warning: unknown[9.9.9.9]: SASL LOGIN "
	  "authentication failed: no, sasl_username=bob\n", NULL },
	{ "sign-in succeeds: no line of text",
	  "6 smtpd 7 auth\nhost=unknown\nclient=9.9.9.9\nmethod=LOGIN\n"
	  "user=bob\n",
	  "", NULL },
	{ "a stranger's bytes",
	  "6 smtpd 7 lost\ncommand=DATA\nhost=\n"
	  "client=\033[1m\xff\xe2\x80\xae\"x\n",
	  "post365/smtpd[7]: lost connection after DATA from [?[1m??\"x]\n",
	  "{\"time\":\"1970-01-01T00:00:01Z\",\"level\":\"info\","
	  "\"service\":\"smtpd\",\"pid\":7,\"event\":\"lost\","
	  "\"command\":\"DATA\",\"host\":\"\",\"client\":\"?[1m??\\\"x\"}\n" },
	{ "warning", "4 master 7 message\ntext=it broke\n",
	  "post365/master[7]: warning: it broke\n", NULL },
	{ "step", "7 smtpd 7 message\ntext=C: EHLO x\n",
	  "post365/smtpd[7]: C: EHLO x\n", NULL },
	{ "reload", "6 master 7 reload\ntext=read anew\n",
	  "post365/master[7]: read anew\n", NULL },
	{ "an event that nobody knows", "6 smtpd 7 what\na=b\n", "", NULL },
	/* clang-format on */
};

/* None of these is a record, and none does harm. */
static const char *const broken[] = { "", "\n", "6 smtpd 7\n", "9 s 7 e\n",
	"x s 7 e\n", "6 s x e\n", "6 s 7 e\nno field\n", "6 s 7 e\n=x\n",
	"6 s 7 e\na#1.5\n", "6 s 7 e\na\"b=c\n" };

static void
test_rows(void)
{
	char text[RECORD_MOST + 1];
	struct logline l;
	struct buf out;
	size_t n, at;

	buf_init(&out, 65536);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *want = rows[i].text;

		n = str_of(rows[i].record).n;
		memcpy(text, rows[i].record, n + 1);
		T_CHECK(logline_parse(text, n, &l), "%s", rows[i].name);
		buf_reset(&out);
		for (at = 0; logline_text(&l, STR("post365"), &at, &out);)
			buf_addc(&out, '\n');
		T_CHECK(str_eq(buf_view(&out), str_of(want)), "%s: %.*s",
		    rows[i].name, STR_ARG(buf_view(&out)));
		buf_reset(&out);
		logline_json(&l, 1, &out);
		T_CHECK(rows[i].json == NULL ||
			str_eq(buf_view(&out), str_of(rows[i].json)),
		    "%s: %.*s", rows[i].name, STR_ARG(buf_view(&out)));
		T_CHECK(out.n > 0, "%s: no JSON", rows[i].name);
	}
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		n = str_of(broken[i]).n;
		memcpy(text, broken[i], n + 1);
		T_CHECK(!logline_parse(text, n, &l), "\"%s\"", broken[i]);
	}
	buf_release(&out);
}

/* What was written comes out again, cut, and never as another line. */
static void
test_way(void)
{
	char text[RECORD_MOST + 1], big[3000];
	static struct stats stats;
	const unsigned long *lost = &stats.series[0].n[0];
	struct record_way way = { .service = "smtpd", .stats = &stats };
	const struct log log = { .level = LOG_WARN, .way = &way };
	struct record r;
	struct logline l;
	ssize_t n;
	int pair[2];

	T_CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) ==
		0,
	    "socketpair");
	way.fd = pair[0];
	memset(big, 'x', sizeof(big));
	record_begin(&r, &way, SYSLOG_INFO, "connect");
	record_str(&r, "client", STR("a\nto=b"));
	record_num(&r, "size", UINT32_MAX);
	record_str(&r, "helo", (struct str){ big, sizeof(big) });
	record_fmt(&r, "delay", "%d.%02d", 1, 5);
	for (int i = 0; i < 8; i++)
		record_reason(&r, "reason", (struct str){ big, sizeof(big) });
	record_send(&r);
	n = recv(pair[1], text, RECORD_MOST, MSG_DONTWAIT);
	T_CHECK(n > 0 && logline_parse(text, (size_t)n, &l), "%d", (int)n);
	T_CHECK(l.fields >= 4 && str_eq(l.field[0].value, STR("a?to=b")) &&
		l.pid == (uint64_t)getpid() && l.field[1].number &&
		l.field[2].value.n == RECORD_VALUE &&
		str_eq(l.field[3].value, STR("1.05")),
	    "%zu fields", l.fields);
	log_warn(&log, "%s", "hello");
	log_trace(&log, "%s", "nobody asked");
	n = recv(pair[1], text, RECORD_MOST, MSG_DONTWAIT);
	T_CHECK(n > 0 && logline_parse(text, (size_t)n, &l) &&
		str_eq(l.event, STR("message")) && l.level == SYSLOG_WARNING,
	    "%d", (int)n);
	T_CHECK(recv(pair[1], text, RECORD_MOST, MSG_DONTWAIT) < 0, "a trace");
	for (int i = 0; i < 10000 && *lost == 0; i++)
		log_warn(&log, "%s", "nobody reads");
	T_CHECK(*lost == 1, "%lu", *lost);
	(void)close(pair[1]);
	log_warn(&log, "%s", "nobody is there");
	T_CHECK(*lost == 2, "%lu", *lost);
	(void)close(pair[0]);
}

static const struct t_test tests[] = {
	{ "events become lines", test_rows },
	{ "the way is never waited for", test_way },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
