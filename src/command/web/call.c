/* SPDX-License-Identifier: MIT */
#include "command/web/call.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/child.h"
#include "base/fds.h"
#include "base/os.h"
#include "base/scratch.h"
#include "mail/dsn.h"

enum { CALL_PIECE = 65536 };

/* In the order of enum visit_type. */
const char *const call_types[] = { "text/html; charset=utf-8",
	"application/json", "text/plain; charset=utf-8",
	"application/x-pem-file", "text/plain; version=0.0.4; charset=utf-8" };

void
call_refuse(struct serve_answer *a, enum err_kind kind, int status,
    const char *why)
{
	struct err e = { 0 };

	a->status = status;
	a->type = call_types[kind == ERR_NONE ? VISIT_TEXT : VISIT_JSON];
	if (kind == ERR_NONE) {
		buf_addf(&a->body, "%s\n", why);
		return;
	}
	err_set(&e, kind, "%s", why);
	if (status == 413)
		err_code(&e, STR(DSN_TOO_LARGE));
	web_send_failed(&e, &a->body);
}

/* --- the child --- */

/* What the parent reads first; header fields and the body follow. Both are one
   program: it goes as it is. */
struct call_head {
	int status;
	enum visit_type type;
	size_t fields; /* bytes */
};

static void __attribute__((noreturn)) call_write(struct visit *v, int fd)
{
	const struct call_head head = { v->status, v->type, v->fields.n };
	const struct str first = { (const char *)&head, sizeof(head) };
	struct err e;
	/* a page with a hole in it is none */
	bool ok = buf_ok(&v->fields, &e) && buf_ok(&v->body_out, &e) &&
	    arena_ok(&v->mem, &e) && os_write_fd(fd, "answer", first, &e) &&
	    os_write_fd(fd, "answer", buf_view(&v->fields), &e) &&
	    os_write_fd(fd, "answer", buf_view(&v->body_out), &e);

	_exit(ok ? EX_OK : EX_SOFTWARE);
}

static void __attribute__((noreturn))
call_run(const struct call_how *how, int fd)
{
	struct visit *v = how->visit;
	const int keep[] = { fd, v->file != NULL ? v->file->fd : -1,
		v->cli->log.fd };

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)sigprocmask(SIG_SETMASK, how->mask, NULL);
	fds_close_but(keep, sizeof(keep) / sizeof(*keep));
	v->status = 200;
	buf_init(&v->fields, HTTP1_HEAD_MAX);
	buf_init_secret(&v->body_out, SERVE_ANSWER_MAX);
	v->html.out = &v->body_out;
	how->page(v);
	call_write(v, fd);
}

/* --- the parent --- */

/* A free place; NULL: none for one like that. */
static struct call *
calls_place(struct calls *all, bool stranger)
{
	struct call *place = NULL;
	int strangers = 0;

	for (size_t i = 0; i < CALL_MOST; i++)
		if (all->one[i].pid == 0)
			place = &all->one[i];
		else
			strangers += all->one[i].stranger;
	return stranger && strangers >= CALL_STRANGERS ? NULL : place;
}

bool
calls_begin(struct calls *all, const struct call_how *how, int64_t now,
    const char **why)
{
	struct call *c = calls_place(all, how->stranger);
	int fd[2];

	*why = "too much at once; try again";
	if (c == NULL || pipe2(fd, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	*c = (struct call){ .fd = fd[0],
		.id = how->id,
		.is_look = !how->visit->post,
		.program = how->program,
		.stranger = how->stranger,
		.until = now + CALL_MS,
		.pid = fork() };
	if (c->pid == 0)
		call_run(how, fd[1]);
	os_close(&fd[1]);
	if (c->pid < 0) {
		*why = "no process can be started";
		os_close(&c->fd);
		c->pid = 0;
		return false;
	}
	buf_init_secret(&c->out, SERVE_ANSWER_MAX + HTTP1_HEAD_MAX);
	return true;
}

void
calls_wants(const struct calls *all, struct pollfd at[CALL_MOST],
    int64_t *until)
{
	for (size_t i = 0; i < CALL_MOST; i++) {
		const struct call *c = &all->one[i];

		at[i] = (struct pollfd){ c->pid > 0 ? c->fd : -1, POLLIN, 0 };
		if (c->pid > 0 && c->until < *until)
			*until = c->until;
	}
}

static bool
call_read_answer(struct str out, struct serve_answer *a)
{
	struct call_head head;

	if (out.n < sizeof(head))
		return false;
	memcpy(&head, out.p, sizeof(head));
	out = str_from(out, sizeof(head));
	if (head.type > VISIT_STATS || head.fields > out.n)
		return false;
	a->status = head.status;
	a->type = call_types[head.type];
	buf_adds(&a->fields, str_first(out, head.fields));
	buf_adds(&a->body, str_from(out, head.fields));
	return true;
}

static void
call_end(struct call *c, struct serve_answer *a, bool late)
{
	int status = child_kill(c->pid);

	if (late || !WIFEXITED(status) || WEXITSTATUS(status) != EX_OK ||
	    !call_read_answer(buf_view(&c->out), a)) {
		enum err_kind kind = late ? ERR_UNSURE : ERR_BUG;

		call_refuse(a, c->program ? kind : ERR_NONE, late ? 504 : 500,
		    late ? "the answer was not made in time" :
			   "the answer could not be made");
	}
	os_close(&c->fd);
	buf_release(&c->out);
	*c = (struct call){ 0 };
}

/* True: it says no more. */
static bool
call_hear(struct call *c)
{
	SCRATCH char piece[CALL_PIECE];
	ssize_t n = read(c->fd, piece, sizeof(piece));

	if (n > 0)
		buf_add(&c->out, piece, (size_t)n);
	return n == 0 || (n < 0 && errno != EAGAIN);
}

void
calls_step(struct calls *all, const struct pollfd at[CALL_MOST],
    struct serve *serve, int64_t now)
{
	for (size_t i = 0; i < CALL_MOST; i++) {
		struct call *c = &all->one[i];
		struct serve_answer a;
		uint64_t id = c->id;
		bool late;

		if (c->pid <= 0)
			continue;
		late = now >= c->until ||
		    (c->is_look && !serve_is_waiting(serve, id));
		if (!late && !(at[i].revents != 0 && call_hear(c)))
			continue;
		serve_answer_init(&a);
		call_end(c, &a, late);
		(void)serve_reply(serve, id, &a);
		serve_answer_release(&a);
	}
}

void
calls_close(struct calls *all)
{
	struct serve_answer unsaid = { 0 };

	for (size_t i = 0; i < CALL_MOST; i++)
		if (all->one[i].pid > 0)
			call_end(&all->one[i], &unsaid, true);
	serve_answer_release(&unsaid);
}
