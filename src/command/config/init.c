/* SPDX-License-Identifier: MIT */
#include "command/config/init.h"

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "command/check/check.h"
#include "command/config/apply.h"
#include "command/config/ask.h"
#include "command/config/certificate.h"
#include "config/access.h"
#include "config/file.h"
#include "config/oddity.h"
#include "config/show.h"

enum { INIT_TEXT_MAX = 256 * 1024 };

struct init {
	const struct settings *s;
	struct apply apply; /* its text is the file as it is to be */
	struct str tenant, client, from, certificate; /* in apply.mem */
	struct secret secret;
	bool terminal, printed;
};

/* One thing to know, by question or by option. */
struct init_item {
	enum config_key key;
	const char *option;
	const char *question;
};

/* clang-format off */
static const struct init_item
    init_tenant = { CONFIG_TENANT_ID, "--tenant",
	"\nDirectory (tenant) ID\n"
	"  entra.microsoft.com > Entra ID > App registrations > the app >\n"
	"  Overview. No app yet? New registration, single tenant, no\n"
	"  redirect URI. Or by a script: post365 print entra-setup\n"
	"tenant: " },
    init_client = { CONFIG_CLIENT_ID, "--client",
	"\nApplication (client) ID\n"
	"  on the same page, the line above the tenant's\n"
	"client: " },
    init_secret = { CONFIG_CLIENT_SECRET, "standard input",
	"\nClient secret\n"
	"  the app's Certificates & secrets > New client secret: the Value,\n"
	"  which is shown only once, not the Secret ID. It is not shown here.\n"
	"  Empty: a certificate is made instead.\n"
	"secret: " },
    init_from = { CONFIG_FROM, "--from",
	"\nSender\n"
	"  the address of the mailbox that sends, as\n"
	"  admin.exchange.microsoft.com > Recipients > Mailboxes lists it. A\n"
	"  name may stand before it:\n"
	"  Backup <backup@your.domain>\n"
	"from: " };
/* clang-format on */

static bool
init_judge(struct init *in, enum config_key key, struct str text, struct err *e)
{
	const struct config_row *row = &config_rows[key];
	const char *odd = oddity_of(row, text, true);

	*e = (struct err){ 0 };
	if (odd == NULL)
		odd = oddity_mixed_up(key, text, in->tenant, in->client);
	if (odd != NULL)
		return err_set(e, ERR_CONFIG, "%s", odd);
	if (!oddity_try(row, text, &in->apply.mem, e))
		return false;
	if (key == CONFIG_TENANT_ID && config_is_domain(text))
		ask_say("  (A domain names the tenant, too; its ID is the same "
			"for good.)\n");
	return true;
}

/* Asks until it can be taken. may_be_empty: then out is. */
static bool
init_ask(struct init *in, const struct init_item *item, bool may_be_empty,
    struct buf *out, struct err *e)
{
	bool hidden = config_rows[item->key].type->secret != NULL;
	const char *question = item->question;
	struct err why;

	for (;;) {
		if (!ask_line(question, hidden, out, e))
			return false;
		if (out->n == 0 && may_be_empty)
			return true;
		if (out->n > 0 &&
		    init_judge(in, item->key, buf_view(out), &why))
			return true;
		if (out->n > 0)
			ask_say("  Not taken: %s\n%s%s%s", why.msg,
			    why.remedy[0] != '\0' ? "  " : "", why.remedy,
			    why.remedy[0] != '\0' ? "\n" : "");
		question = strrchr(item->question, '\n') + 1;
	}
}

/* By its option, else by a question. */
static bool
init_text(struct init *in, const struct init_item *item, const char *given,
    struct str *to, struct err *e)
{
	struct str text = str_trim(str_of(given));
	struct buf answer;
	bool ok = true;

	buf_init(&answer, CONFIG_LINE_MAX);
	if (given != NULL)
		ok = init_judge(in, item->key, text, e) ||
		    err_wrap(e, "%s", item->option);
	else if (in->terminal)
		ok = init_ask(in, item, false, &answer, e);
	*to =
	    arena_str(&in->apply.mem, given != NULL ? text : buf_view(&answer));
	buf_release(&answer);
	return ok && arena_ok(&in->apply.mem, e);
}

static bool
init_proof(struct init *in, struct err *e)
{
	struct buf answer;
	bool ok;

	if (in->s->managed || in->s->certificate != NULL)
		return true;
	if (!in->terminal)
		return ask_secret(init_secret.option, &in->secret, e) &&
		    (init_judge(in, CONFIG_CLIENT_SECRET,
			 secret_view(&in->secret), e) ||
			err_wrap(e, "%s", init_secret.option));
	buf_init_secret(&answer, CONFIG_LINE_MAX);
	ok = init_ask(in, &init_secret, true, &answer, e) &&
	    (answer.n == 0 || secret_set(&in->secret, buf_view(&answer), e));
	buf_release(&answer);
	return ok;
}

/* Without somebody to ask: all that lacks, at once. */
static bool
init_is_whole(const struct settings *s, struct err *e)
{
	bool ids = !s->managed;

	if (s->from != NULL && (!ids || (s->tenant && s->client)))
		return true;
	err_set(e, ERR_USAGE, "config init needs%s%s%s",
	    ids && s->tenant == NULL ? " --tenant" : "",
	    ids && s->client == NULL ? " --client" : "",
	    s->from == NULL ? " --from" : "");
	return err_remedy(e,
	    "post365 config init --tenant ID --client ID --from ADDRESS "
	    "<SECRET, whose first line is the secret; or with --certificate "
	    "FILE, or --managed");
}

static bool
init_gather(struct init *in, struct err *e)
{
	const struct settings *s = in->s;

	if (!in->terminal && !init_is_whole(s, e))
		return false;
	if (in->terminal)
		ask_say("This writes %s. Ctrl-C ends it, and leaves nothing "
			"behind.\n",
		    in->apply.file->path);
	if (!s->managed || s->tenant != NULL)
		if (!init_text(in, &init_tenant, s->tenant, &in->tenant, e))
			return false;
	if (!s->managed || s->client != NULL)
		if (!init_text(in, &init_client, s->client, &in->client, e))
			return false;
	return init_proof(in, e) &&
	    init_text(in, &init_from, s->from, &in->from, e);
}

static bool
init_set(struct init *in, enum config_key key, struct str value, struct err *e)
{
	return value.n == 0 ||
	    apply_set(&in->apply, &config_rows[key], value, e);
}

/* What proves who signs in: that alone, whatever the environment has. */
static bool
init_set_proof(struct init *in, struct err *e)
{
	struct str client = in->client;

	for (size_t i = CONFIG_CLIENT_SECRET; i <= CONFIG_MANAGED_IDENTITY; i++)
		if (!apply_unset(&in->apply, &config_rows[i], e))
			return false;
	if (in->s->managed)
		return init_set(in, CONFIG_MANAGED_IDENTITY,
		    client.n > 0 ? client : STR("system"), e);
	return init_set(in, CONFIG_CLIENT_ID, client, e) &&
	    init_set(in, CONFIG_CLIENT_SECRET, secret_view(&in->secret), e) &&
	    init_set(in, CONFIG_CLIENT_CERTIFICATE, in->certificate, e);
}

static bool
init_fill_in(struct init *in, struct err *e)
{
	char folder[4096];

	if (in->s->certificate != NULL)
		in->certificate =
		    certificate_place(&in->apply.mem, in->s->certificate);
	else if (!in->s->managed && !secret_is_set(&in->secret)) {
		if (!os_folder_of(in->apply.file->path, folder, sizeof(folder),
			e))
			return false;
		in->certificate = certificate_place(&in->apply.mem,
		    arena_fmt(&in->apply.mem, "%s/certificate.pem", folder).p);
	}
	return arena_ok(&in->apply.mem, e) &&
	    init_set(in, CONFIG_TENANT_ID, in->tenant, e) &&
	    init_set_proof(in, e) && init_set(in, CONFIG_FROM, in->from, e) &&
	    apply_check(&in->apply, false, e);
}

static bool
init_is_free(const char *path, struct err *e)
{
	return apply_is_free(path,
	    "post365 config set KEY VALUE changes it; --config names another "
	    "place",
	    e);
}

/* Nobody changes settings there meanwhile, and nobody has made the file. */
static bool
init_take_turn(struct init *in, struct err *e)
{
	return apply_lock(&in->apply, e) &&
	    init_is_free(in->apply.file->path, e);
}

/* All files or none. */
static bool
init_write(struct init *in, struct err *e)
{
	struct certificate_made made = { .path = in->certificate.p };
	struct os_stat st;
	struct err absent;
	bool make = in->certificate.n > 0 &&
	    !os_stat_path(in->certificate.p, &st, &absent);

	if (!init_take_turn(in, e))
		return false;
	if (make && in->terminal)
		ask_say("\nMaking a key, which may take a few seconds ...\n");
	if (make && !certificate_make(&made, CERTIFICATE_DAYS, e))
		return false;
	if (apply_make(in->apply.file->path, buf_view(&in->apply.file->text),
		e)) {
		os_close(&in->apply.lock);
		if (in->s->cli.common.quiet)
			return true;
		ask_say("%swrote %s, which is closed to other users\n",
		    in->terminal ? "\n" : "", in->apply.file->path);
		if (make)
			certificate_tell(&made);
		return true;
	}
	if (make)
		certificate_unmake(&made);
	return false;
}

static int
init_run(const struct settings *s, const char *name, const char *operand,
    int (*run)(const struct cli_command *self, int argc, char **argv))
{
	const struct cli_command self = { .name = name,
		.run = run,
		.operands = "",
		.help = "" };
	const char *argv[] = { name, "-C", s->cli.common.config, operand };
	size_t n = operand != NULL ? 4 : 3;

	return run(&self, (int)n, (char **)(uintptr_t)argv);
}

/* What a person does next anyway. */
static bool
init_offer(const struct init *in, struct err *e)
{
	const char *path = in->apply.file->path;
	struct settings s = *in->s;
	struct buf address;
	bool yes, ok;

	s.cli.common.config = path;
	ask_say("\nThe app needs the permission Mail.Send: API permissions > "
		"Add a permission >\nMicrosoft Graph > Application "
		"permissions > Mail.Send, then Grant admin consent.\n"
		"%s",
	    in->certificate.n > 0 && in->s->certificate == NULL ?
		"Upload the certificate before you check.\n" :
		"");
	if (!ask_yes("Check it now? It signs in and sends nothing. [Y/n] ",
		&yes, e))
		return true;
	if (!yes || init_run(&s, "check", NULL, check_main) != EX_OK) {
		ask_say("Next: post365 check, then post365 test ADDRESS\n");
		return true;
	}
	buf_init(&address, CONFIG_LINE_MAX);
	ok = ask_line("Send a test mail to (an address; empty: none): ", false,
	    &address, e);
	if (ok && address.n > 0)
		(void)init_run(&s, "test", address.p, test_main);
	buf_release(&address);
	return true;
}

static bool
init_tell_sample(const char *path, struct err *e)
{
	struct buf text;
	bool ok;

	buf_init(&text, INIT_TEXT_MAX);
	buf_addf(&text,
	    "wrote %s, which is closed to other users. Next:\n"
	    "1. In entra.microsoft.com > Entra ID > App registrations, make a\n"
	    "   New registration (single tenant, no redirect URI).\n"
	    "2. Its API permissions > Add a permission > Microsoft Graph >\n"
	    "   Application permissions > Mail.Send, then Grant admin "
	    "consent.\n"
	    "3. Its Certificates & secrets > New client secret: copy the "
	    "Value\n"
	    "   at once, it is shown only now.\n"
	    "4. post365 config set tenant_id ID, and so on: client_id,\n"
	    "   client_secret (it asks), from.\n"
	    "5. post365 check, then post365 test YOU@YOUR.DOMAIN\n",
	    path);
	ok = cli_flush(&text, 0, e);
	buf_release(&text);
	return ok;
}

static bool
init_begin(struct init *in, struct err *e)
{
	const struct settings *s = in->s;
	bool asked = s->tenant != NULL || s->client != NULL ||
	    s->from != NULL || s->certificate != NULL || s->managed;
	bool ok;

	in->apply.file->path =
	    apply_place(&in->apply.mem, s->cli.common.config);
	if (!arena_ok(&in->apply.mem, e))
		return false;
	in->printed = strcmp(in->apply.file->path, "-") == 0;
	in->terminal = ask_somebody() && !in->printed;
	if (in->printed)
		return apply_sample(&in->apply, in->printed, e) &&
		    cli_out(buf_view(&in->apply.file->text), e);
	ok = init_is_free(in->apply.file->path, e) &&
	    apply_sample(&in->apply, in->printed, e);
	if (!asked && !in->terminal)
		return ok && init_take_turn(in, e) &&
		    apply_make(in->apply.file->path,
			buf_view(&in->apply.file->text), e) &&
		    init_tell_sample(in->apply.file->path, e);
	return ok && init_gather(in, e) && init_fill_in(in, e) &&
	    init_write(in, e) && (!in->terminal || init_offer(in, e));
}

int
settings_init(const struct settings *s)
{
	struct init in = { .s = s };
	struct err e;
	bool ok;

	apply_init(&in.apply, &s->cli);
	ok = init_begin(&in, &e);
	secret_release(&in.secret);
	apply_release(&in.apply);
	return ok ? EX_OK : cli_fail(&s->cli, &e);
}
