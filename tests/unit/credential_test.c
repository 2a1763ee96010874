/* SPDX-License-Identifier: MIT */
/* What proves who signs in, while a process runs for weeks. */
#include "config/credential.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "command.h"
#include "sign_keys.h"
#include "t.h"

struct world {
	struct config config;
	struct access access;
	struct credential credential;
	struct identity who;
	struct log log;
	char told[4096]; /* by the log, so far */
};

/* With that line of configuration; %s in it stands for the folder. */
static void
begin(struct world *w, const char *line, struct err *e)
{
	struct config_ask ask = { 0 };
	char text[512];

	*w = (struct world){
		.log = { .level = LOG_WARN, .fd = -1, .name = "" }
	};
	w->log.fd = memfd_create("log", MFD_CLOEXEC);
	command_clear_environment();
	(void)snprintf(text, sizeof(text),
	    "tenant_id = contoso.example\nfrom = a@b.example\n"
	    "client_id = 01234567-89ab-cdef-0123-456789abcdef\n%s%s/proof\n",
	    line, command_folder());
	ask.path = command_file("config", str_of(text), 0600);
	T_CHECK(config_load(&w->config, &ask, &w->log, e) &&
		access_load(&w->access, &w->config, &w->log, e),
	    "%s", e->msg);
	w->credential = (struct credential){ .config = &w->config,
		.access = &w->access,
		.log = &w->log };
}

static bool
wanted(struct world *w, struct err *e)
{
	return w->who.prepare(w->who.arg, e);
}

/* How often the log has that, from its beginning. */
static unsigned
told(struct world *w, const char *text)
{
	ssize_t n = pread(w->log.fd, w->told, sizeof(w->told) - 1, 0);
	unsigned times = 0;

	w->told[n > 0 ? n : 0] = '\0';
	for (const char *p = w->told; (p = strstr(p, text)) != NULL; p++)
		times++;
	return times;
}

static void
end(struct world *w)
{
	credential_close(&w->credential);
	access_release(&w->access);
	config_release(&w->config);
	(void)close(w->log.fd);
	command_folder_remove();
}

/* Certificate and key in one file. */
static void
put_pair(const char *certificate, const char *key)
{
	struct buf b;

	buf_init(&b, 1 << 16);
	buf_addz(&b, certificate);
	buf_addz(&b, key);
	(void)command_file("proof", buf_view(&b), 0600);
	buf_release(&b);
}

static void
test_certificate_again(void)
{
	struct err e = { 0 };
	struct world w;

	begin(&w, "client_certificate = ", &e);
	T_CHECK(credential_open(&w.credential, &w.who, &e),
	    "looked at before it is wanted: %s", e.msg);
	T_CHECK(!wanted(&w, &e) && e.kind == ERR_CONFIG, "there is none");
	put_pair(keys_cert, keys_pkcs8);
	T_CHECK(secret_set(&w.access.client_certificate_password, STR("hush"),
		    &e),
	    "%s", e.msg);
	T_CHECK(wanted(&w, &e) && w.who.sign->bits == 2048, "%s", e.msg);
	T_CHECK(!secret_is_set(&w.credential.password), "a copy is kept");
	T_CHECK(wanted(&w, &e) && w.who.sign->bits == 2048, "%s", e.msg);
	put_pair(keys_other_cert, keys_pkcs8);
	T_CHECK(!wanted(&w, &e) && e.kind == ERR_CONFIG &&
		strstr(e.msg, "client_certificate") != NULL,
	    "another's was not noticed: %s", e.msg);
	put_pair(keys_cert, keys_pkcs1);
	T_CHECK(wanted(&w, &e) && w.who.sign->bits == 2048, "%s", e.msg);
	end(&w);
}

static void
test_secret_again(void)
{
	struct err e = { 0 };
	struct world w;

	begin(&w, "client_secret_file = ", &e);
	(void)command_file("proof", STR("one\n"), 0600);
	T_CHECK(credential_open(&w.credential, &w.who, &e) &&
		secret_eq(w.who.secret, STR("one")),
	    "%s", e.msg);
	(void)command_file("proof", STR("another\n"), 0600);
	T_CHECK(wanted(&w, &e) && secret_eq(w.who.secret, STR("another")), "%s",
	    e.msg);
	(void)command_file("proof", STR("\n"), 0600);
	T_CHECK(!wanted(&w, &e) && e.kind == ERR_CONFIG &&
		strstr(e.msg, "client_secret_file") != NULL,
	    "%s", e.msg);
	(void)command_file("proof", STR("third"), 0600);
	T_CHECK(wanted(&w, &e) && secret_eq(w.who.secret, STR("third")), "%s",
	    e.msg);
	end(&w);
}

/* A command may ask a person: once for a process. */
static void
test_command_once(void)
{
	struct err e = { 0 };
	struct world w;

	begin(&w, "client_secret_command = cat ", &e);
	(void)command_file("proof", STR("one\n"), 0600);
	T_CHECK(credential_open(&w.credential, &w.who, &e) && wanted(&w, &e) &&
		secret_eq(w.who.secret, STR("one")),
	    "%s", e.msg);
	(void)command_file("proof", STR("another\n"), 0600);
	T_CHECK(wanted(&w, &e) && secret_eq(w.who.secret, STR("one")), "%s",
	    e.msg);
	end(&w);
}

/* A secret that was refused is asked for anew, if it is not of just now. */
static void
test_command_renewed(void)
{
	struct err e = { 0 };
	struct world w;

	begin(&w, "client_secret_command = cat ", &e);
	(void)command_file("proof", STR("one\n"), 0600);
	T_CHECK(credential_open(&w.credential, &w.who, &e) && wanted(&w, &e),
	    "%s", e.msg);
	T_CHECK(!w.who.renew(w.who.arg), "it was asked just now");
	(void)command_file("proof", STR("another\n"), 0600);
	T_CHECK(wanted(&w, &e) && secret_eq(w.who.secret, STR("one")), "%s",
	    e.msg);
	T_CHECK(w.who.renew(w.who.arg) && wanted(&w, &e) &&
		secret_eq(w.who.secret, STR("another")),
	    "%s", e.msg);
	T_CHECK(!w.who.renew(w.who.arg), "it was asked just now, again");
	end(&w);
	begin(&w, "client_secret_file = ", &e);
	(void)command_file("proof", STR("one\n"), 0600);
	T_CHECK(credential_open(&w.credential, &w.who, &e) && wanted(&w, &e) &&
		wanted(&w, &e) && !w.who.renew(w.who.arg),
	    "a file is read each time");
	end(&w);
}

/* What is read each hour is not warned of each hour. */
static void
test_warns_daily(void)
{
	static const char warning[] = "a secret that all users may read";
	struct err e = { 0 };
	struct world w;

	begin(&w, "client_secret_file = ", &e);
	(void)command_file("proof", STR("one\n"), 0644);
	(void)setenv("CREDENTIALS_DIRECTORY", command_folder(), 1);
	T_CHECK(credential_open(&w.credential, &w.who, &e), "%s", e.msg);
	for (int i = 0; i < 3; i++)
		T_CHECK(wanted(&w, &e), "%s", e.msg);
	T_CHECK(told(&w, warning) == 1, "told: %s", w.told);
	w.credential.warned -= 24 * 3600;
	for (int i = 0; i < 3; i++)
		T_CHECK(wanted(&w, &e), "%s", e.msg);
	T_CHECK(told(&w, warning) == 2, "the next day: %s", w.told);
	(void)unsetenv("CREDENTIALS_DIRECTORY");
	end(&w);
}

/* A kept token of "system" is no other machine's, though the file is. */
static void
test_managed_machine(void)
{
	static const char user[] = "01234567-89ab-cdef-0123-456789abcdef";
	struct err e = { 0 };
	char host[256] = "";
	struct world w;

	T_CHECK(gethostname(host, sizeof(host) - 1) == 0, "no name");
	for (int i = 0; i < 2; i++) {
		begin(&w, "managed_identity = system\nca = ", &e);
		if (i > 0)
			w.access.proof_text = str_of(user);
		T_CHECK(credential_open(&w.credential, &w.who, &e), "%s",
		    e.msg);
		T_CHECK((str_find(w.who.proof_id, str_of(host)) <
			    w.who.proof_id.n) == (i == 0),
		    "%.*s", STR_ARG(w.who.proof_id));
		end(&w);
	}
}

static const struct t_test tests[] = {
	{ "a certificate that is replaced", test_certificate_again },
	{ "a secret's file that is replaced", test_secret_again },
	{ "a command is run once", test_command_once },
	{ "a command's secret is renewed", test_command_renewed },
	{ "warnings once a day", test_warns_daily },
	{ "the machine of a managed identity", test_managed_machine },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
