/* SPDX-License-Identifier: MIT */
#include <sysexits.h>

#include "base/os.h"
#include "codec/date.h"
#include "command/check/step.h"
#include "deliver/direct.h"
#include "deliver/tracing.h"
#include "graph/send.h"

enum {
	TEST_WAIT_MS = 600000, /* for the trace to be final */
	TEST_OUT = 4096
};

/* Lives in r->mem. */
static struct message *
test_make(struct step_run *r, struct err *e)
{
	struct message *m = arena_alloc(&r->mem, sizeof(*m));
	bool managed = r->client.graph.source.who.kind == IDENTITY_MANAGED;
	struct str id = managed ? r->access.proof_text : r->access.client_id;
	struct str mailbox = r->config.mailbox;
	unsigned char random[16];
	char date[DATE_MAIL_SIZE];

	if (m == NULL) {
		err_set(e, ERR_RETRY, "out of memory");
		return NULL;
	}
	if (!addr_parse_list(&r->mem, str_of(r->address), false, &m->to, e))
		return NULL;
	os_random(random, sizeof(random));
	m->message_id = message_make_id(&r->mem, random,
	    str_from(mailbox, str_chr(mailbox, '@') + 1));
	date_mail(os_wall(), 0, date);
	m->subject = STR("post365 test");
	m->text = arena_fmt(&r->mem,
	    "This is the test message of post365, sent at %s.\n\n"
	    "From %.*s, by %s %.*s.\n",
	    date, STR_ARG(mailbox), managed ? "managed identity:" : "the app",
	    STR_ARG(id));
	return arena_ok(&r->mem, e) ? m : NULL;
}

/* It is looked up in the log as any other mail is. */
static void
test_note(struct step_run *r, const struct message *m,
    const struct send_result *result, const struct err *why)
{
	static const struct syslog syslog = SYSLOG_AS("post365/test");
	const struct direct d = { .config = &r->config,
		.log = &r->log,
		.syslog = &syslog,
		.program = "test",
		.sender = r->config.mailbox,
		.started = r->sending };
	const struct prepared p = { .message_id = m->message_id,
		.subject = r->config.log_subject ? m->subject : STR(""),
		.rcpt = m->to,
		.n_rcpt = 1 };

	direct_end(&d, &p, result, why);
}

void
step_send(struct step_run *r)
{
	struct send_options o = {
		.mailbox = r->config.mailbox,
		.save_to_sent = r->config.save_to_sent,
	};
	struct err e;
	const struct message *m = test_make(r, &e);
	struct send_result result = { 0 };
	bool ok;

	r->sent = os_wall();
	r->sending = os_mono_ms();
	ok = m != NULL && send_message(&r->client.graph, m, &o, &result, &e);
	if (m != NULL)
		test_note(r, m, &result, ok ? NULL : &e);
	if (!ok) {
		step_fail(r, &e);
		return;
	}
	r->message_id = m->message_id;
	r->have |= STEP_SENT;
	step_ok(r, "accepted in %lld ms; Message-ID %.*s, request-id %s",
	    (long long)(os_mono_ms() - r->sending), STR_ARG(m->message_id),
	    result.request_id);
}

/* --- what became of it */

static void
test_tell(void *arg, const struct trace_item *item)
{
	struct step_run *r = arg;
	int64_t after = os_wall() - r->sent;
	struct err e = { 0 };

	if (str_eq(item->status, STR("delivered")) ||
	    !trace_is_final(item->status)) {
		step_ok(r, "%.*s: %.*s, after %lld s", STR_ARG(item->to),
		    STR_ARG(item->status), (long long)after);
		return;
	}
	err_set(&e, ERR_REFUSED, "%.*s: %.*s, after %lld s", STR_ARG(item->to),
	    STR_ARG(item->status), (long long)after);
	err_remedy(&e,
	    "post365 trace --details %.*s says what was done with it and why.",
	    STR_ARG(r->message_id));
	if (str_eq(item->status, STR("failed")))
		step_fail(r, &e);
	else
		step_hint(r, &e);
}

void
step_follow(struct step_run *r)
{
	const struct tracing_watch watch = { .message_id = r->message_id,
		.recipients = 1,
		.since = r->sent,
		.tell = test_tell,
		.arg = r };
	struct tracing t;
	struct err e;
	bool done;

	if (!r->wait)
		return;
	tracing_open(&t, &r->client, &r->config, r->access.tenant_id,
	    os_mono_ms() + TEST_WAIT_MS);
	if (!tracing_watch(&t, &watch, &done, &e)) {
		err_wrap(&e, "whether it was delivered cannot be asked");
		step_fail(r, &e);
	} else if (!done) {
		step_note(r,
		    "not final after 10 minutes: traces may come later "
		    "(post365 trace %.*s)",
		    STR_ARG(r->message_id));
	}
}
