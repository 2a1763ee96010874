/* SPDX-License-Identifier: MIT */
/*
 * enqueue: what is stored leaves later as it would have left at once, and
 * each person is in one part.
 */
#include "deliver/enqueue.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue.h"
#include "store/claim.h"
#include "t.h"

#define N(a) (sizeof(a) / sizeof(*(a)))

enum { LIMIT = 4 << 20, STRIDE = 13 /* not all: searching takes time */ };

static const struct log silent = { 0 };

static struct config
config_of(const char *policy)
{
	return (struct config){
		.account = STR("box"),
		.from = STR("Me <me@contoso.com>"),
		.mailbox = STR("me@contoso.com"),
		.from_policy = str_of(policy),
		.from_map = STR("root@localhost > Ops <ops@contoso.com>"),
		.aliases = STR("/dev/null"),
		.delivery = STR("auto"),
		.save_to_sent = true,
		.mime_limit = 2200000,
		.max_message_size = 150 << 20,
	};
}

static const struct {
	const char *name;
	struct enqueue_options o;
	const char *words;
} options[] = {
	{ "none", { 0 }, "" },
	{ "route", { .via = ROUTE_JSON }, "via=json" },
	{ "no copy", { .no_save = true }, "no-save" },
	{ "sender", { .from = STR_INIT("\"a b\"@x.example") },
	    "from=\"a b\"@x.example" },
	{ "no report",
	    { .no_report = true, .envelope_id = STR_INIT("QQ+2031") },
	    "no-report envid=QQ+2031" },
	{ "all",
	    { .via = ROUTE_DRAFT,
		.no_save = true,
		.no_report = true,
		.envelope_id = STR_INIT("1"),
		.from = STR_INIT("a@b") },
	    "via=draft no-save no-report envid=1 from=a@b" },
};

static void
test_options(void)
{
	struct enqueue_options o;
	struct buf words;

	for (size_t i = 0; i < N(options); i++) {
		buf_init(&words, LIMIT);
		enqueue_options_write(&options[i].o, &words);
		T_CHECK(str_eq(buf_view(&words), str_of(options[i].words)),
		    "%s: \"%.*s\"", options[i].name, STR_ARG(buf_view(&words)));
		o = enqueue_options_read(buf_view(&words));
		T_CHECK(o.via == options[i].o.via &&
			o.no_save == options[i].o.no_save &&
			o.no_report == options[i].o.no_report &&
			str_eq(o.envelope_id, options[i].o.envelope_id) &&
			str_eq(o.from, options[i].o.from),
		    "%s: read", options[i].name);
		buf_release(&words);
	}
	o = enqueue_options_read(STR("new=1 via=pigeon no-save later"));
	T_CHECK(o.via == ROUTE_AUTO && o.no_save && o.from.n == 0,
	    "words of a later version");
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

static struct addr *
addresses(struct arena *a, const struct str *text, size_t n)
{
	struct addr *list = NULL, **tail = &list;
	struct err e;

	for (size_t i = 0; i < n; i++) {
		T_CHECK(addr_parse(a, text[i], true, tail, &e), "%s", e.msg);
		tail = &(*tail)->next;
	}
	return list;
}

static struct outbox
outbox_of(const struct queue *q)
{
	return (struct outbox){ .spool = q->spool };
}

static bool
store(struct queue *q, const struct prepared *p, const struct config *c,
    char id[ENVELOPE_ID_SIZE], struct err *e)
{
	struct outbox o = outbox_of(q);
	const struct enqueue in = { .config = c,
		.prepared = p,
		.sender = STR("me@contoso.com"),
		.client = "test" };
	struct enqueue_ids ids;
	bool ok = enqueue_message(&o, &in, &ids, e);

	if (ok)
		memcpy(id, ids.id[0], sizeof(ids.id[0]));
	T_CHECK(!ok ||
		ids.n ==
		    (p->n_rcpt + ENQUEUE_RECIPIENTS - 1) / ENQUEUE_RECIPIENTS,
	    "%zu parts", ids.n);
	return ok;
}

/* As worker_job.c prepares it. */
static void
prepare_again(struct prepared *p, const struct claim *claim, struct arena *a)
{
	struct config c = config_of("keep");
	struct prepare_envelope v = { .again = true };
	struct err e = { 0 };

	v.rcpt =
	    addresses(a, claim->envelope.recipient, claim->envelope.recipients);
	T_CHECK(prepare_raw(p, &c, &claim->body, &v, &silent, &e), "%s", e.msg);
}

/* To a@x.example and b@x.example unless the header says it. */
static const struct {
	const char *name, *policy, *raw;
	bool from_header;
} rows[] = {
	{ "plain", "rewrite",
	    "From: me@contoso.com\r\nTo: a@x.example\r\n\r\nhi\r\n", false },
	{ "unseen", "rewrite",
	    "To: a@x.example\r\nBcc: b@x.example\r\n\r\nh\r\n", true },
	{ "nobody in it", "rewrite", "Subject: x\r\n\r\nhi\r\n", false },
	{ "outsiders", "rewrite",
	    "From: Cron <root@web1>\r\nTo: z@x.example\r\nCc: y@x.example, "
	    "a@x.example\r\n\r\nhi\r\n",
	    false },
	{ "kept", "keep", "From: Other <o@contoso.com>\r\n\r\nhi\r\n", false },
	{ "mapped", "map", "From: root@localhost\r\n\r\nhi\r\n", false },
	{ "several authors", "rewrite",
	    "From: a@y.example, b@y.example\r\nSender: "
	    "s@y.example\r\n\r\nh\r\n",
	    false },
	{ "sent again", "rewrite",
	    "Resent-To: a@x.example\r\nFrom: o@y.example\r\n"
	    "To: me@contoso.com\r\nDate: Wed, 25 Nov 2026 20:10:00 +0000\r\n"
	    "\r\nhi\r\n",
	    false },
	{ "8-bit", "rewrite", "Subject: caf\303\251\r\n\r\ncaf\303\251\r\n",
	    false },
	{ "quoted-printable", "rewrite",
	    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\ncaf=C3=A9\r\n",
	    false },
};

/* The header's order may differ. */
static bool
same_lines(const struct buf *a, const struct buf *b)
{
	struct str rest = buf_view(a), line;
	bool same = true;

	while (str_next(&rest, '\n', &line))
		same = same && str_find(buf_view(b), line) + line.n <= b->n;
	return same;
}

/* Date and Message-ID are decided once; the rest by the same rules. */
static void
check_row(size_t i)
{
	static const struct str rcpt[] = { STR_INIT("a@x.example"),
		STR_INIT("b@x.example") };
	struct source raw = source_of(str_of(rows[i].raw));
	struct config c = config_of(rows[i].policy);
	struct prepare_envelope v = { .rcpt_from_header = rows[i].from_header };
	struct prepared before = { 0 }, after = { 0 };
	char id[ENVELOPE_ID_SIZE];
	struct buf was, is;
	struct claim claim;
	struct queue q;
	struct err e = { 0 };

	queue_new(&q);
	if (!v.rcpt_from_header)
		v.rcpt = addresses(&q.arena, rcpt, N(rcpt));
	T_CHECK(prepare_raw(&before, &c, &raw, &v, &silent, &e) &&
		store(&q, &before, &c, id, &e) &&
		claim_look(&claim, &q.spool, id, SPOOL_ALL, &q.arena, &e) &&
		claim.spool != NULL,
	    "%s: %s", rows[i].name, e.msg);
	T_CHECK(claim.envelope.recipients == N(rcpt) &&
		str_eq(claim.envelope.account, STR("box")) &&
		str_eq(claim.envelope.message_id, before.message_id),
	    "%s: envelope", rows[i].name);
	prepare_again(&after, &claim, &q.arena);
	read_all(&before.out.mime, &was);
	read_all(&after.out.mime, &is);
	T_CHECK(was.n == is.n && same_lines(&was, &is), "%s: was\n%.*sis\n%.*s",
	    rows[i].name, STR_ARG(buf_view(&was)), STR_ARG(buf_view(&is)));
	claim_leave(&claim);
	prepare_release(&before);
	prepare_release(&after);
	buf_release(&was);
	buf_release(&is);
	queue_end(&q);
}

static void
test_same(void)
{
	for (size_t i = 0; i < N(rows); i++)
		check_row(i);
}

/* One To: with n people, and one who is not to be seen. */
static void
make_many(struct buf *in, size_t n)
{
	buf_init(in, LIMIT);
	buf_addz(in, "From: me@contoso.com\r\nBcc: hidden@x.example\r\nTo: 0");
	for (size_t i = 1; i < n; i++)
		buf_addf(in, "@x.example,\r\n %zu", i);
	buf_addz(in, "@x.example\r\n\r\nhi\r\n");
}

/* Counts the people of one part, and that it shows them and no others. */
static size_t
check_part(struct queue *q, const char *id, struct buf *all)
{
	struct prepared p = { 0 };
	struct claim c;
	struct err e = { 0 };
	struct buf text;
	bool hidden, shown;
	size_t n;

	T_CHECK(claim_look(&c, &q->spool, id, SPOOL_ALL, &q->arena, &e) &&
		c.spool != NULL,
	    "%s", e.msg);
	n = c.envelope.recipients;
	T_CHECK(n > 0 && n <= ENQUEUE_RECIPIENTS, "%zu people", n);
	for (size_t i = 0; i < n; i++)
		buf_addf(all, " %.*s ", STR_ARG(c.envelope.recipient[i]));
	prepare_again(&p, &c, &q->arena);
	T_CHECK(p.n_rcpt == n, "it goes to %zu", p.n_rcpt);
	read_all(&p.out.mime, &text);
	hidden = str_eq(c.envelope.recipient[n - 1], STR("hidden@x.example"));
	shown = str_find(buf_view(&text), STR("Bcc: hidden")) < text.n;
	T_CHECK(hidden == shown, "who is hidden is in one part only");
	buf_release(&text);
	prepare_release(&p);
	claim_leave(&c);
	return n;
}

static const struct {
	size_t people, parts;
} many[] = { { 499, 1 }, { 500, 2 }, { 1200, 3 }, { 2500, 6 } };

static void
check_many(size_t i)
{
	struct prepare_envelope v = { .rcpt_from_header = true };
	struct config c = config_of("rewrite");
	char id[ENVELOPE_ID_SIZE], word[40];
	struct spool_list list = { 0 };
	struct prepared p = { 0 };
	struct buf in, all;
	struct queue q;
	struct err e = { 0 };
	struct source raw;
	size_t n = 0, once = 0, at;

	queue_new(&q);
	buf_init(&all, LIMIT);
	make_many(&in, many[i].people);
	raw = source_of(buf_view(&in));
	T_CHECK(prepare_raw(&p, &c, &raw, &v, &silent, &e) &&
		store(&q, &p, &c, id, &e) &&
		spool_list(&q.spool, SPOOL_ALL, &list, &e) &&
		list.n == many[i].parts,
	    "%zu people: %zu parts, %s", many[i].people, list.n, e.msg);
	for (size_t k = 0; k < list.n; k++)
		n += check_part(&q, list.item[k].id, &all);
	T_CHECK(n == many[i].people + 1, "%zu in all", n);
	for (size_t k = 0; k < many[i].people; k += STRIDE) {
		(void)snprintf(word, sizeof(word), " %zu@x.example ", k);
		at = str_find(buf_view(&all), str_of(word));
		once += at < all.n &&
		    str_find(str_from(buf_view(&all), at + 1), str_of(word)) ==
			all.n - at - 1;
	}
	T_CHECK(once == (many[i].people + STRIDE - 1) / STRIDE, "%zu once",
	    once);
	spool_list_release(&list);
	prepare_release(&p);
	buf_release(&in);
	buf_release(&all);
	queue_end(&q);
}

static void
test_many(void)
{
	for (size_t i = 0; i < N(many); i++)
		check_many(i);
}

/* The first part is written, not the second. */
static bool
fails_late(const struct source *self, uint64_t at, char *p, size_t n,
    struct err *e)
{
	static unsigned reads;

	(void)self;
	(void)at;
	memset(p, 'x', n);
	return ++reads < 4 || err_set(e, ERR_RETRY, "the disk is gone");
}

/* More than fit, and a disk that fails in the middle: nothing is stored. */
static void
test_none(void)
{
	struct prepare_envelope v = { .rcpt_from_header = true };
	struct config c = config_of("rewrite");
	char id[ENVELOPE_ID_SIZE];
	struct prepared p = { 0 };
	struct queue q;
	struct err e = { 0 };
	struct source raw;
	struct buf in;

	queue_new(&q);
	make_many(&in, ENVELOPE_RECIPIENTS_MOST - 1);
	raw = source_of(buf_view(&in));
	T_CHECK(prepare_raw(&p, &c, &raw, &v, &silent, &e) &&
		p.n_rcpt == ENVELOPE_RECIPIENTS_MOST &&
		store(&q, &p, &c, id, &e) &&
		queue_count(&q, SPOOL_NEW) == ENQUEUE_PARTS,
	    "just as many as may be: %s", e.msg);
	prepare_release(&p);
	buf_release(&in);
	queue_end(&q);
	queue_new(&q);
	make_many(&in, ENVELOPE_RECIPIENTS_MOST);
	raw = source_of(buf_view(&in));
	T_CHECK(prepare_raw(&p, &c, &raw, &v, &silent, &e) &&
		!store(&q, &p, &c, id, &e) && e.kind == ERR_INPUT,
	    "too many: %s", e.msg);
	prepare_release(&p);
	buf_release(&in);
	make_many(&in, 1200);
	raw = source_of(buf_view(&in));
	T_CHECK(prepare_raw(&p, &c, &raw, &v, &silent, &e), "%s", e.msg);
	p.out.mime = (struct source){ .size = 100000, .read = fails_late };
	T_CHECK(!store(&q, &p, &c, id, &e) && e.kind == ERR_RETRY, "%s", e.msg);
	T_CHECK(queue_count(&q, SPOOL_NEW) == 0 &&
		queue_count(&q, SPOOL_TMP) == 0,
	    "nothing is left behind");
	prepare_release(&p);
	buf_release(&in);
	queue_end(&q);
}

/*
 * The disk fills up between the first message and the first run: what the run
 * sends can be noted, so it may send.
 */
static void
test_full(void)
{
	enum { JUNK = 16 << 10 };
	const struct journal_options how = { .most = 1 << 20, .keep = 1 };
	const struct journal_line line = { .time = 1, .verdict = STR("sent") };
	const struct enqueue_options none = { .via = ROUTE_AUTO };
	struct prepare_envelope v = { .rcpt_from_header = true };
	struct config c = config_of("rewrite");
	static const char junk[JUNK];
	struct outbox o = { 0 };
	struct prepared p = { 0 };
	struct enqueue in = { .config = &c,
		.prepared = &p,
		.client = "test",
		.options = none };
	char path[300];
	struct enqueue_ids ids;
	struct queue q;
	struct err e = { 0 };
	struct source raw;
	struct buf text;
	int fd;

	queue_new(&q);
	(void)snprintf(path, sizeof(path), "%s/disk", q.path);
	if (mkdir(path, 0700) < 0 ||
	    mount("none", path, "tmpfs", 0, "size=400k,mode=700") < 0) {
		(void)rmdir(path);
		queue_end(&q);
		t_skip("only root can make a small disk");
		return;
	}
	o.spool = q.spool;
	make_many(&text, 2);
	raw = source_of(buf_view(&text));
	T_CHECK(journal_open(&o.journal, path, "log", how, &e) &&
		prepare_raw(&p, &c, &raw, &v, &silent, &e) &&
		enqueue_message(&o, &in, &ids, &e),
	    "%s", e.msg);
	fd = openat(o.journal.dir.fd, "junk", O_CREAT | O_WRONLY, 0600);
	while (write(fd, junk, sizeof(junk)) > 0)
		continue;
	(void)close(fd);
	T_CHECK(journal_reserve(&o.journal, &e) &&
		journal_add(&o.journal, &line, &e),
	    "%s", e.msg);
	journal_close(&o.journal);
	T_CHECK(umount(path) == 0 && rmdir(path) == 0, "umount");
	prepare_release(&p);
	buf_release(&text);
	queue_end(&q);
}

static const struct t_test tests[] = {
	{ "full", test_full },
	{ "options", test_options },
	{ "same", test_same },
	{ "many", test_many },
	{ "none", test_none },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
