/* SPDX-License-Identifier: MIT */
#include "site.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/os.h"
#include "base/replace.h"

static void
must(bool ok, const struct err *e)
{
	if (ok)
		return;
	printf("not ok site: %s\n", e->msg);
	exit(1);
}

void
site_trusts(struct site *s, struct str pem)
{
	struct replace_how how = { .mode = 0600 };
	struct err e;

	trust_release(&s->trust);
	must(replace_file(s->ca, pem, how, &e), &e);
	must(trust_open(&s->trust, str_of(s->ca), STR(""), &e), &e);
}

void
site_make(struct site *s, struct str name)
{
	struct buf pem;
	struct err e;

	*s = (struct site){ 0 };
	folder_make(s->folder);
	(void)snprintf(s->ca, sizeof(s->ca), "%s/ca.pem", s->folder);
	buf_init(&pem, 1 << 16);
	must(cert_make(&s->cert, &name, 1, &pem, &e), &e);
	site_trusts(s, buf_view(&pem));
	buf_release(&pem);
}

void
site_end(struct site *s)
{
	trust_release(&s->trust);
	cert_release(&s->cert);
	folder_end(s->folder);
}
