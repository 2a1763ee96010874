/* SPDX-License-Identifier: MIT */
#include "command/config/certificate.h"

#include <limits.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "codec/date.h"
#include "codec/jsonw.h"
#include "command/config/apply.h"
#include "command/config/ask.h"
#include "command/config/json.h"
#include "net/issue.h"

enum {
	CERTIFICATE_DAY_S = 24 * 3600,
	CERTIFICATE_NAME = 96,
	CERTIFICATE_PRINTED = 64 * 1024
};

struct str
certificate_place(struct arena *a, const char *path)
{
	char here[PATH_MAX];

	if (path[0] == '/' || getcwd(here, sizeof(here)) == NULL)
		return arena_str(a, str_of(path));
	return arena_fmt(a, "%s/%s", here, path);
}

/* The certificate alone. */
static bool
certificate_public(const struct certificate_made *m, char out[PATH_MAX],
    struct err *e)
{
	int n = snprintf(out, PATH_MAX, "%s.crt", m->path);

	return (n > 0 && n < PATH_MAX) ||
	    err_set(e, ERR_CONFIG, "%s: path too long", m->path);
}

static bool
certificate_write(const struct certificate_made *m, const struct issue *i,
    struct err *e)
{
	char path[PATH_MAX];
	struct buf both;
	bool ok;

	buf_init_secret(&both, 2 * i->key.limit);
	buf_adds(&both, buf_view(&i->key));
	buf_adds(&both, buf_view(&i->certificate));
	ok = buf_ok(&both, e) && certificate_public(m, path, e) &&
	    apply_make(m->path, buf_view(&both), e);
	if (ok && !apply_make(path, buf_view(&i->certificate), e)) {
		os_remove(m->path);
		ok = false;
	}
	buf_release(&both);
	return ok;
}

static bool
certificate_is_free(const char *path, struct err *e)
{
	return apply_is_free(path,
	    "name another file: the old certificate signs in until the new one "
	    "is uploaded",
	    e);
}

bool
certificate_make(struct certificate_made *m, unsigned days, struct err *e)
{
	char name[CERTIFICATE_NAME] = "post365 ", path[PATH_MAX];
	struct issue i = { .name = name, .from = os_wall() - 3600 };
	bool ok;

	i.until = os_wall() + (int64_t)days * CERTIFICATE_DAY_S;
	if (gethostname(name + 8, sizeof(name) - 9) < 0)
		name[7] = '\0';
	ok = certificate_is_free(m->path, e) &&
	    certificate_public(m, path, e) && certificate_is_free(path, e) &&
	    issue_make(&i, e) && certificate_write(m, &i, e);
	m->until = i.until;
	for (size_t n = 0; n < sizeof(i.sha1); n++)
		(void)snprintf(m->thumbprint + 2 * n, 3, "%02X", i.sha1[n]);
	issue_release(&i);
	return ok;
}

void
certificate_unmake(const struct certificate_made *m)
{
	char path[PATH_MAX];
	struct err too_long;

	os_remove(m->path);
	if (certificate_public(m, path, &too_long))
		os_remove(path);
}

void
certificate_tell(const struct certificate_made *m)
{
	char iso[DATE_ISO_SIZE];

	date_iso(m->until, iso);
	ask_say("made %s, which is closed to other users, and %s.crt\n"
		"  thumbprint %s, valid until %.10s\n"
		"Upload %s.crt: entra.microsoft.com > Entra ID > App\n"
		"registrations > the app > Certificates & secrets > "
		"Certificates >\nUpload certificate.\n",
	    m->path, m->path, m->thumbprint, iso, m->path);
}

/* For programs, with what is to be uploaded. */
static bool
certificate_print(const struct certificate_made *m, struct apply *a, bool set,
    struct err *e)
{
	char path[PATH_MAX], iso[DATE_ISO_SIZE], tag[APPLY_TAG];
	struct buf text, pem;
	struct jsonw w;
	bool ok;

	buf_init(&text, CERTIFICATE_PRINTED);
	buf_init(&pem, CERTIFICATE_PRINTED / 2);
	date_iso(m->until, iso);
	w = jsonw_begin(&text);
	jsonw_open(&w, '{');
	ok = certificate_public(m, path, e) && os_read_file(path, &pem, e);
	jsonw_member(&w, STR("file"), str_of(m->path));
	jsonw_member(&w, STR("certificate"), str_of(path));
	jsonw_member(&w, STR("thumbprint"), str_of(m->thumbprint));
	jsonw_member(&w, STR("not_after"), str_of(iso));
	jsonw_member(&w, STR("pem"), buf_view(&pem));
	if (set) {
		apply_tag(a->file->path, apply_apart(&a->mem, a->file->path),
		    tag);
		jsonw_member(&w, STR("tag"), str_of(tag));
	}
	jsonw_close(&w, '}');
	ok = ok && jsonw_end_line(&w, e) && cli_out(buf_view(&text), e);
	buf_release(&pem);
	buf_release(&text);
	return ok;
}

/* By the certificate, and by nothing else. */
static bool
certificate_set(struct apply *a, struct str place, struct err *e)
{
	const struct config_row *row = &config_rows[CONFIG_CLIENT_CERTIFICATE];

	for (size_t i = CONFIG_CLIENT_SECRET; i < CONFIG_SECRET_EXPIRES; i++)
		if (i != CONFIG_CLIENT_CERTIFICATE &&
		    i != CONFIG_CLIENT_ASSERTION_ALG &&
		    !apply_unset(a, &config_rows[i], e))
			return false;
	return apply_set(a, row, place, e) && apply_check(a, true, e);
}

/* Beside the settings, where none is named. */
static struct str
certificate_default(struct apply *a, struct err *e)
{
	char folder[PATH_MAX];

	if (!os_folder_of(a->file->path, folder, PATH_MAX, e))
		return (struct str){ 0 };
	return certificate_place(&a->mem,
	    arena_fmt(&a->mem, "%s/certificate.pem", folder).p);
}

static bool
certificate_days(const char *text, unsigned *days, struct err *e)
{
	uint64_t n = CERTIFICATE_DAYS;

	if (text != NULL &&
	    (!str_u64(str_of(text), CERTIFICATE_DAYS_MAX, &n) || n == 0))
		return err_set(e, ERR_USAGE, "--days takes 1 to %d",
		    CERTIFICATE_DAYS_MAX);
	*days = (unsigned)n;
	return true;
}

static bool
certificate_run(const struct settings *s, struct apply *a, struct err *e)
{
	const struct config_row *row = &config_rows[CONFIG_CLIENT_CERTIFICATE];
	struct certificate_made made = { 0 };
	bool known = s->word[1] == NULL || s->set;
	struct str place;
	unsigned days = 0; /* gcc does not see that it is set */

	if (!certificate_days(s->days, &days, e) ||
	    (known && !apply_open(a, false, s->tag, e)))
		return false;
	place = s->word[1] != NULL ? certificate_place(&a->mem, s->word[1]) :
				     certificate_default(a, e);
	made.path = place.p;
	if (place.n == 0 || !arena_ok(&a->mem, e) ||
	    (s->set && !certificate_set(a, place, e)) ||
	    !certificate_make(&made, days, e))
		return false;
	if (s->set && !apply_close(a, e)) {
		certificate_unmake(&made);
		return false;
	}
	if (s->json)
		return certificate_print(&made, a, s->set, e);
	if (s->cli.common.quiet)
		return true;
	certificate_tell(&made);
	if (s->set)
		ask_say("set client_certificate in %s\n", apply_path(a, row));
	else
		ask_say("Then sign in by it: post365 config unset "
			"client_secret, if that is set,\n"
			"and post365 config set client_certificate %s\n",
		    made.path);
	return true;
}

int
settings_certificate(const struct settings *s)
{
	struct apply a;
	struct err e;
	int code;

	apply_init(&a, &s->cli);
	code =
	    certificate_run(s, &a, &e) ? EX_OK : settings_end(s, &a, &e, NULL);
	apply_release(&a);
	return code;
}
