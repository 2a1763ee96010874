/* SPDX-License-Identifier: MIT */
#include "smtp_play.h"

#include <stdlib.h>

enum { ALL_MAX = 64 * 1024 * 1024 };

void
smtp_play_init(struct smtp_play *p, const struct session_conf *conf)
{
	*p = (struct smtp_play){ 0 };
	session_init(&p->session, conf);
	buf_init(&p->said, ALL_MAX);
	buf_init(&p->mail, ALL_MAX);
	buf_init(&p->text, ALL_MAX);
	smtp_play_feed(p, STR(""));
}

void
smtp_play_release(struct smtp_play *p)
{
	session_release(&p->session);
	buf_release(&p->said);
	buf_release(&p->mail);
	buf_release(&p->text);
}

static struct str
refuse_at(const struct addr *a)
{
	return a != NULL && str_ieq(a->domain, STR("refused.test")) ?
	    STR("550 5.1.1 Not that one") :
	    (struct str){ 0 };
}

static struct str
begin(struct smtp_play *p)
{
	const struct addr *from = p->session.mail.from;

	if (p->open)
		abort(); /* the end of the last one was not told */
	if (from != NULL && str_eq(from->local, STR("full")))
		return STR("452 4.3.1 No room");
	p->open = true;
	buf_reset(&p->text);
	return (struct str){ 0 };
}

static struct str
finish(struct smtp_play *p)
{
	const struct addr *from = p->session.mail.from;
	struct str text = buf_view(&p->text);

	if (!p->open)
		abort(); /* what never began cannot end */
	p->open = false;
	if (str_find(text, STR("REFUSE")) < text.n)
		return STR("554 5.6.0 Not this");
	p->messages++;
	buf_addf(&p->mail, "FROM<%.*s>",
	    STR_ARG(from != NULL ? from->text : STR("")));
	for (const struct addr *a = p->session.rcpt.list; a != NULL;
	     a = a->next)
		buf_addf(&p->mail, " TO<%.*s>", STR_ARG(a->text));
	buf_addc(&p->mail, '\n');
	buf_adds(&p->mail, text);
	buf_addz(&p->mail, "=\n");
	return STR("250 2.0.0 Ok: taken");
}

static void
forget(struct smtp_play *p)
{
	if (!p->open)
		abort();
	p->open = false;
	p->forgotten++;
}

static struct str
judge(struct smtp_play *p)
{
	const struct auth *a = &p->session.auth;

	if (str_eq(buf_view(&a->user), STR("jo")) &&
	    str_eq(buf_view(&a->password), STR("pass")))
		return (struct str){ 0 };
	return STR("535 5.7.8 Not so");
}

static void
say(struct smtp_play *p)
{
	buf_adds(&p->said, buf_view(&p->session.replies));
	buf_reset(&p->session.replies);
}

void
smtp_play_feed(struct smtp_play *p, struct str in)
{
	struct session *s = &p->session;

	for (;;) {
		switch (session_next(s, &in)) {
		case SESSION_MORE:
			say(p);
			if (in.n == 0)
				return;
			break;
		case SESSION_MAIL:
			session_answer(s, refuse_at(s->mail.from));
			break;
		case SESSION_RCPT:
			session_answer(s, refuse_at(s->rcpt.latest.to));
			break;
		case SESSION_DATA:
			session_answer(s, begin(p));
			break;
		case SESSION_TEXT:
			buf_adds(&p->text, s->piece);
			break;
		case SESSION_MESSAGE:
			session_answer(s, finish(p));
			break;
		case SESSION_FORGET:
			forget(p);
			break;
		case SESSION_AUTH:
			session_answer(s, judge(p));
			break;
		case SESSION_STARTTLS:
			say(p);
			session_secured(s);
			break;
		case SESSION_CLOSE:
			say(p);
			p->closed = true;
			return;
		}
	}
}

void
smtp_play_codes(const struct smtp_play *p, bool enhanced, struct buf *out)
{
	struct str rest = buf_view(&p->said), line, code;

	while (str_next(&rest, '\n', &line)) {
		if (line.n < 4 || line.p[3] == '-')
			continue;
		code = str_from(line, 4);
		code = str_first(code, str_chr(code, ' '));
		if (out->n > 0)
			buf_addc(out, ' ');
		buf_adds(out, str_first(line, 3));
		if (enhanced && code.n > 1 && str_chr(code, '.') == 1)
			buf_addf(out, "-%.*s", STR_ARG(code));
	}
}
