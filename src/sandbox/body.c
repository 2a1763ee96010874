/* SPDX-License-Identifier: MIT */
#include "sandbox/body.h"

#include "sandbox/json.h"
#include "sandbox/mime.h"

static const struct {
	struct str type;
	bool (*read)(struct sandbox_mail *, struct str body, struct err *);
} forms[] = {
	{ STR_INIT("application/json"), sandbox_json_read },
	{ STR_INIT("text/plain"), sandbox_mime_read },
};

enum { N_FORMS = sizeof(forms) / sizeof(forms[0]) };

bool
sandbox_body_read(struct sandbox_mail *m, struct str content_type,
    struct str body, struct err *e)
{
	struct str type =
	    str_trim(str_first(content_type, str_chr(content_type, ';')));

	for (size_t i = 0; i < N_FORMS; i++) {
		if (!str_ieq(type, forms[i].type))
			continue;
		mail_note(m, STR("content-type"), forms[i].type);
		return forms[i].read(m, body, e);
	}
	return mail_flaw(e, "UnsupportedMediaType",
	    "The content type '%.*s' is none of application/json and "
	    "text/plain.",
	    STR_ARG(type));
}
