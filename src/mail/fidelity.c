/* SPDX-License-Identifier: MIT */
#include "mail/fidelity.h"

/* What becomes of a field; a NULL text: it is delivered. */
struct rule {
	struct str name; /* "List-" ends in '-': all that begin so */
	const char *mime, *json;
	const char *mime_instead, *json_instead;
	bool reported;
};

static const char other_mime[] = "is not delivered: it is no field of mail "
				 "that Exchange keeps, and has no X-";
static const char other_json[] = "cannot be carried: JSON takes names that "
				 "begin with X-";
static const char x_mime[] = "is delivered only if the mailbox knows the "
			     "name, from a message that came as JSON";
static const char x_json[] = "is one too many: JSON delivers five";

#define LOST    "is not carried by JSON"
#define SET     "is replaced by the service"
#define BY_MIME "--via mime keeps it"

/* The first that fits. */
static const struct rule rules[] = {
	/* clang-format off */
	{ STR_INIT("From"), "may be shown with the mailbox's own name",
	  "may be shown with the mailbox's own name", NULL, NULL, true },
	{ STR_INIT("Sender"), SET, SET, NULL, NULL, false },
	{ STR_INIT("Return-Path"), SET ": bounces go to the mailbox",
	  SET ": bounces go to the mailbox", NULL, NULL, true },
	{ STR_INIT("Date"), "may be replaced by the time of sending",
	  SET ": the time of sending", NULL, NULL, false },
	{ STR_INIT("Message-ID"), NULL,
	  "is set as a property, which may have no effect", NULL, BY_MIME,
	  true },
	{ STR_INIT("In-Reply-To"), NULL, LOST, NULL, BY_MIME, false },
	{ STR_INIT("References"), NULL, LOST, NULL, BY_MIME, false },
	{ STR_INIT("Received"), NULL, LOST, NULL, NULL, false },
	{ STR_INIT("Auto-Submitted"), "is removed", other_json, NULL, NULL,
	  true },
	{ STR_INIT("List-Unsubscribe"),
	  "is removed; Graph has it as the property 0x1045 only",
	  "is set as the property 0x1045", "--via json does that", NULL,
	  true },
	{ STR_INIT("List-"), "is removed", other_json, NULL, NULL, false },
	{ STR_INIT("Precedence"), "is removed", other_json, NULL, NULL, false },
	{ STR_INIT("DKIM-Signature"), "does not verify any more",
	  other_json, NULL, NULL, false },
	{ STR_INIT("ARC-"), "does not verify any more", other_json, NULL,
	  NULL, false },
	{ STR_INIT("X-Priority"), NULL, NULL, NULL, NULL, false },
	/* what every message has, and what each form has its own place for */
	{ STR_INIT("To"), NULL, NULL, NULL, NULL, false },
	{ STR_INIT("Cc"), NULL, NULL, NULL, NULL, false },
	{ STR_INIT("Bcc"), NULL, NULL, NULL, NULL, false },
	{ STR_INIT("Subject"), NULL, NULL, NULL, NULL, false },
	{ STR_INIT("Reply-To"), NULL, NULL, NULL, NULL, false },
	{ STR_INIT("Importance"), NULL, NULL, NULL, NULL, false },
	{ STR_INIT("Disposition-Notification-To"), NULL, NULL, NULL, NULL,
	  false },
	{ STR_INIT("Return-Receipt-To"), NULL, NULL, NULL, NULL, false },
	{ STR_INIT("MIME-Version"), NULL, NULL, NULL, NULL, false },
	{ STR_INIT("Content-"), NULL, NULL, NULL, NULL, false },
	{ STR_INIT("Lines"), NULL, NULL, NULL, NULL, false },
	{ STR_INIT("Resent-"), NULL, LOST, NULL, BY_MIME, false },
	{ STR_INIT("Sensitivity"), NULL, LOST, NULL, BY_MIME, false },
	{ STR_INIT("Priority"), NULL, LOST, NULL, BY_MIME, false },
	{ STR_INIT("Keywords"), NULL, LOST, NULL, BY_MIME, false },
	{ STR_INIT("Comments"), NULL, LOST, NULL, BY_MIME, false },
	{ STR_INIT("Thread-"), NULL, LOST, NULL, BY_MIME, false },
	{ STR_INIT("X-"), x_mime, NULL,
	  "--via json delivers up to five of them", NULL, true },
	{ STR_INIT(""), other_mime, other_json, NULL, NULL, true },
	/* clang-format on */
};

static const struct rule *
rule_of(struct str name)
{
	const struct rule *r = rules;

	while (r->name.n > 0 &&
	    !(str_ends(r->name, STR("-")) ? str_istarts(name, r->name) :
					    str_ieq(name, r->name)))
		r++;
	return r;
}

static bool
was_named(const struct str *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_ieq(name[i], name[n]))
			return true;
	return false;
}

bool
fidelity_is_lost(struct str name)
{
	const struct rule *r = rule_of(name);

	return r->mime != NULL && r->json != NULL && r->mime_instead == NULL &&
	    r->json_instead == NULL;
}

size_t
fidelity_notes(const struct str *name, size_t n, enum fidelity_form form,
    struct fidelity_note *out, size_t max)
{
	struct fidelity_note note;
	const struct rule *r;
	size_t found = 0, x = 0;

	for (size_t i = 0; i < n && found < max; i++) {
		r = rule_of(name[i]);
		x += str_istarts(name[i], STR("X-"));
		note = (struct fidelity_note){ name[i], r->mime,
			r->mime_instead, r->reported };
		if (form == FIDELITY_JSON) {
			note.what = r->json;
			note.instead = r->json_instead;
			if (str_istarts(name[i], STR("X-")) &&
			    x > FIDELITY_X_FIELDS)
				note.what = x_json;
		}
		if (note.what != NULL && !was_named(name, i))
			out[found++] = note;
	}
	return found;
}
