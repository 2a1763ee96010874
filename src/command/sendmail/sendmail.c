/* SPDX-License-Identifier: MIT */
#include "command/sendmail/sendmail.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "codec/utf8.h"
#include "codec/xtext.h"
#include "command/queue/mailq.h"
#include "command/sendmail/option.h"
#include "command/sendmail/post.h"
#include "command/sendmail/queue.h"
#include "command/sendmail/smtp.h"
#include "compose/names.h"

enum {
	MEMORY_MAX = 32 * 1024 * 1024, /* a command line has 2 MB at most */
	NAME_MAX_SIZE = 512,    /* a display name; mail programs show some 60 */
	ENVELOPE_ID_MOST = 100, /* bytes; RFC 3461 4.4 */
	HELP_MAX = 16 * 1024,
	LINE_MAX = ERR_MSG_SIZE + ERR_REMEDY_SIZE + 256
};

struct sendmail {
	const char *prefix; /* "sendmail: " */
	struct sendmail_ask ask;
	struct log log;
	struct syslog syslog;
	struct arena mem;
	struct addr *sender, *rcpt;
	struct str name; /* of the sender */
	int traffic;     /* descriptor of -X, or -1 */
};

/* Who calls */

/* By passwd, else by the environment; containers have neither at times. */
static const char *
login_name(const struct passwd *pw)
{
	const char *name = pw != NULL ? pw->pw_name : getenv("LOGNAME");

	if (name == NULL || name[0] == '\0')
		name = getenv("USER");
	return name != NULL && name[0] != '\0' ? name : "nobody";
}

/* A name that fits on a line: no control characters, valid UTF-8. */
static struct str
clean(struct arena *a, struct str text)
{
	struct buf plain, whole;
	struct str out;

	buf_init(&plain, NAME_MAX_SIZE);
	buf_init(&whole, 3 * NAME_MAX_SIZE);
	text = str_first(text, NAME_MAX_SIZE);
	for (size_t i = 0; i < text.n; i++)
		buf_addc(&plain,
		    (unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f ?
			' ' :
			text.p[i]);
	utf8_add_mended(&whole, buf_view(&plain));
	out = arena_str(a, str_trim(buf_view(&whole)));
	buf_release(&whole);
	buf_release(&plain);
	return out;
}

/* passwd(5): the full name ends at a comma, '&' is the login name. */
static struct str
gecos_name(struct arena *a, const struct passwd *pw)
{
	struct str text = str_of(pw->pw_gecos), login = str_of(pw->pw_name);
	struct buf name;
	struct str out;

	text = str_first(text, str_chr(text, ','));
	buf_init(&name, NAME_MAX_SIZE);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '&') {
			buf_addc(&name, text.p[i]);
			continue;
		}
		if (login.n > 0 && ascii_is_alpha(login.p[0]))
			buf_addc(&name, (char)(login.p[0] & ~0x20));
		buf_adds(&name, str_from(login, 1));
	}
	out = clean(a, buf_view(&name));
	buf_release(&name);
	/* "root" of root says nothing that its address does not */
	return str_eq(out, login) ? (struct str){ 0 } : out;
}

static struct str
sender_name(struct sendmail *s, const struct passwd *pw)
{
	const char *name = s->ask.name;

	if (name == NULL)
		name = getenv("NAME");
	if (name != NULL && name[0] != '\0')
		return clean(&s->mem, str_of(name));
	/* the full name of who calls is not that of -f */
	if (pw == NULL || s->ask.sender != NULL)
		return (struct str){ 0 };
	return gecos_name(&s->mem, pw);
}

static bool
read_sender(struct sendmail *s, struct err *e)
{
	const struct passwd *pw = getpwuid(getuid());
	const char *text = s->ask.sender;
	struct err ignored;

	s->name = sender_name(s, pw);
	if (text == NULL) {
		text = login_name(pw);
		if (!addr_parse(&s->mem, str_of(text), true, &s->sender,
			&ignored))
			s->sender = NULL;
		return arena_ok(&s->mem, e);
	}
	if (text[0] == '\0' || strcmp(text, "<>") == 0)
		return arena_ok(&s->mem, e);
	return addr_parse(&s->mem, str_of(text), true, &s->sender, e) ||
	    err_wrap(e, "-f");
}

static bool
read_recipients(struct sendmail *s, struct err *e)
{
	struct addr **tail = &s->rcpt;

	for (int i = 0; i < s->ask.operands; i++) {
		if (!addr_parse_list(&s->mem, str_of(s->ask.operand[i]), true,
			tail, e))
			return err_wrap(e, "recipient");
		while (*tail != NULL)
			tail = &(*tail)->next;
	}
	if (s->rcpt != NULL || s->ask.from_header)
		return true;
	err_set(e, ERR_USAGE, "nobody to send it to");
	return err_remedy(e,
	    "name recipients, or take those of the message with -t");
}

/* Modes */

static struct config_ask
settings_of(const struct sendmail *s)
{
	return (struct config_ask){ .path = s->ask.config,
		.sender = s->ask.sender };
}

/* -odq, -odd */
static bool
stores_only(const struct sendmail *s)
{
	return s->ask.delivery == 'q' || s->ask.delivery == 'd';
}

/* Who waits learns how it went, and gets no report beside. */
static bool
hand_on(struct sendmail *s, struct sendmail_post *post, struct err *e)
{
	if (stores_only(s))
		return true;
	if (s->ask.delivery == 'i' || s->ask.verbose)
		return sendmail_post_wait(post, e);
	sendmail_post_background(post);
	return true;
}

/* -V, as a report repeats it. */
static struct str
envelope_id(struct sendmail *s)
{
	struct buf id;
	struct str out;

	if (s->ask.envelope == NULL)
		return (struct str){ 0 };
	buf_init(&id, NAME_MAX_SIZE);
	xtext_write(&id, str_first(str_of(s->ask.envelope), ENVELOPE_ID_MOST));
	out = arena_str(&s->mem, buf_view(&id));
	buf_release(&id);
	return out;
}

/* The message is read even if the settings are found to be wrong. */
static bool
deliver(struct sendmail *s, struct err *e)
{
	const struct config_ask ask = settings_of(s);
	const struct accept_input in = { STDIN_FILENO, "standard input",
		!s->ask.ignore_dots };
	struct sendmail_post post = { 0 };
	struct accept_ask want = { 0 };
	bool ok;

	if (!read_recipients(s, e) || !read_sender(s, e))
		return false;
	/* what is none of RFC 3461's words asks for nothing */
	if (s->ask.notify != NULL)
		(void)notify_parse(str_of(s->ask.notify), &want.notify);
	want.envelope_id = envelope_id(s);
	want.ret = str_of(s->ask.ret != NULL ? s->ask.ret : "");
	want.entry = (struct entry_ask){ .sender = s->sender,
		.sender_name = s->name,
		.rcpt = s->rcpt,
		.rcpt_from_header = s->ask.from_header,
		.some_will_do = true };
	ok = sendmail_post_open(&post, &ask, &s->log, &s->syslog, e);
	if (stores_only(s))
		config_forget_secrets();
	sendmail_post_begin(&post, &want);
	ok = accept_read(&post.in, &in, e);
	if (ok && sendmail_post_store(&post, e))
		ok = hand_on(s, &post, e);
	else if (ok)
		ok = post.unstored && !stores_only(s) &&
		    sendmail_post_unstored(&post, e);
	sendmail_post_close(&post);
	return ok;
}

static bool
serve(struct sendmail *s, struct err *e)
{
	const struct sendmail_smtp streams = { STDIN_FILENO, STDOUT_FILENO,
		!stores_only(s) };
	const struct config_ask ask = settings_of(s);
	struct sendmail_post post = { 0 };
	bool ok = sendmail_post_open(&post, &ask, &s->log, &s->syslog, e) &&
	    (post.guest ||
		config_check(&post.config, NULL, CONFIG_TO_COMPOSE, e));

	if (stores_only(s))
		config_forget_secrets();
	if (ok)
		ok = sendmail_smtp_serve(&streams, &post, e);
	else
		sendmail_smtp_apologize(&streams);
	sendmail_post_close(&post);
	return ok;
}

/* "root -> ops@contoso.com": what becomes of each name. */
static bool
show(struct sendmail *s, const struct prepare_names *names, struct buf *out,
    struct err *e)
{
	struct addr one, *to;

	for (const struct addr *a = s->rcpt; a != NULL; a = a->next) {
		one = *a;
		one.next = NULL;
		if (!alias_expand(&s->mem, &names->rules, &one, &to, e))
			return false;
		buf_addf(out, "%.*s ->", STR_ARG(a->text));
		for (; to != NULL; to = to->next)
			buf_addf(out, " %.*s%s", STR_ARG(to->text),
			    to->next != NULL ? "," : "");
		buf_addc(out, '\n');
	}
	return buf_ok(out, e) && cli_out(buf_view(out), e);
}

static bool
verify(struct sendmail *s, struct err *e)
{
	const struct config_ask ask = settings_of(s);
	struct config config = { 0 };
	struct prepare_names names;
	struct buf out;
	bool ok;

	buf_init(&out, MEMORY_MAX);
	ok = read_recipients(s, e) && config_load(&config, &ask, &s->log, e) &&
	    prepare_names_load(&names, &s->mem, &config, &s->log, e) &&
	    show(s, &names, &out, e);
	buf_release(&out);
	config_release(&config);
	return ok;
}

/* There is no database to build: what can be done is to read the file. */
static bool
check_aliases(struct sendmail *s, struct err *e)
{
	const struct config_ask ask = settings_of(s);
	struct config config = { 0 };
	struct prepare_names names;
	bool ok = config_load(&config, &ask, &s->log, e) &&
	    prepare_names_load(&names, &s->mem, &config, &s->log, e);

	if (ok)
		prepare_names_check(&names, &s->log);
	config_release(&config);
	return ok;
}

static bool
list(struct sendmail *s, struct err *e)
{
	const struct config_ask ask = settings_of(s);

	return queue_mailq(&ask, &s->log, e);
}

/* Hooks of networks that come up call this: silence, and all is well. */
static bool
run_queue(struct sendmail *s, struct err *e)
{
	const struct config_ask ask = settings_of(s);
	struct sendmail_post post = { 0 };
	bool ok = sendmail_post_open(&post, &ask, &s->log, &s->syslog, e) &&
	    sendmail_queue_run(&post, &s->ask, e);

	sendmail_post_close(&post);
	return ok;
}

static bool
refuse_daemon(struct sendmail *s, struct err *e)
{
	(void)s;
	err_set(e, ERR_USAGE, "-bd, -bD, -bl: sendmail is no daemon here");
	return err_remedy(e, "post365 relay takes mail by SMTP");
}

static bool
help(struct sendmail *s, struct err *e)
{
	struct buf out;
	bool ok;

	(void)s;
	buf_init(&out, HELP_MAX);
	packed_add(TEXT_HELP_SENDMAIL, &out);
	ok = cli_flush(&out, 0, e);
	buf_release(&out);
	return ok;
}

static bool (*const modes[])(struct sendmail *s, struct err *e) = {
	[SENDMAIL_DELIVER] = deliver,
	[SENDMAIL_SMTP] = serve,
	[SENDMAIL_LIST] = list,
	[SENDMAIL_ALIASES] = check_aliases,
	[SENDMAIL_VERIFY] = verify,
	[SENDMAIL_RUN] = run_queue,
	[SENDMAIL_DAEMON] = refuse_daemon,
	[SENDMAIL_HELP] = help,
};

/* The program */

/* A log that cannot be written is no reason to lose a mail. */
static void
open_logs(struct sendmail *s)
{
	if (s->ask.tag != NULL)
		s->syslog.tag = s->ask.tag;
	if (s->ask.verbose)
		s->log.level = LOG_TRACE;
	if (s->ask.traffic == NULL)
		return;
	s->traffic = open(s->ask.traffic,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (s->traffic < 0) {
		log_warn(&s->log, "-X %s: cannot be written: %s",
		    s->ask.traffic, strerror(errno));
		return;
	}
	s->log.fd = s->traffic;
	s->log.level = LOG_TRACE;
}

/* -oeq: the exit status only. The machine's log is told in any case. */
static int
fail(const struct sendmail *s, const struct err *e)
{
	struct buf text;
	struct err unsaid;
	bool said;

	sendmail_post_note(&s->syslog, s->sender, e);
	if (s->ask.errors == 'q')
		return err_exit(e);
	buf_init(&text, LINE_MAX);
	buf_addf(&text, "%s%s\n", s->prefix, e->msg);
	if (e->remedy[0] != '\0')
		buf_addf(&text, "  do: %s\n", e->remedy);
	else if (e->kind == ERR_USAGE)
		buf_addz(&text, "  do: see post365 help sendmail\n");
	said = os_write_fd(STDERR_FILENO, "standard error", buf_view(&text),
	    &unsaid);
	(void)said; /* nobody is left to tell */
	buf_release(&text);
	return err_exit(e);
}

static int
run(enum sendmail_mode mode, const char *prefix, int argc, char **argv)
{
	struct sendmail s = {
		.prefix = prefix,
		.log = { .level = LOG_WARN,
		    .fd = STDERR_FILENO,
		    .name = prefix },
		.syslog = SYSLOG_AS("post365/sendmail"),
		.traffic = -1,
	};
	struct err e;
	int code = EX_OK;
	bool ok;

	arena_init(&s.mem, MEMORY_MAX);
	ok = sendmail_option_read(&s.ask, mode, argc, argv, &e);
	open_logs(&s);
	if (!ok || !modes[s.ask.mode](&s, &e))
		code = fail(&s, &e);
	os_close(&s.traffic);
	arena_release(&s.mem);
	return code;
}

int
sendmail_main(const struct cli_command *self, int argc, char **argv)
{
	(void)self;
	return run(SENDMAIL_DELIVER, "sendmail: ", argc, argv);
}

int
mailq_main(const struct cli_command *self, int argc, char **argv)
{
	(void)self;
	return run(SENDMAIL_LIST, "mailq: ", argc, argv);
}

int
newaliases_main(const struct cli_command *self, int argc, char **argv)
{
	(void)self;
	return run(SENDMAIL_ALIASES, "newaliases: ", argc, argv);
}

int
sendmail_help(void)
{
	char name[] = "sendmail", option[] = "--help";
	char *argv[] = { name, option, NULL };

	return run(SENDMAIL_DELIVER, "sendmail: ", 2, argv);
}
