/* SPDX-License-Identifier: MIT */
#include "mail/fidelity.h"

#include "mail/field.h"

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
#define PERHAPS "is set as a property, which may have no effect"

/* A NULL text: it is delivered. */
static const struct {
	const char *mime, *json, *mime_instead, *json_instead;
	bool reported;
} notes[] = {
	/* clang-format off */
	[FIELD_KEPT_FROM] = { "may be shown with the mailbox's own name",
	  "may be shown with the mailbox's own name", NULL, NULL, true },
	[FIELD_KEPT_SENDER] = { SET, SET, NULL, NULL, false },
	[FIELD_KEPT_RETURN] = { SET ": bounces go to the mailbox",
	  SET ": bounces go to the mailbox", NULL, NULL, true },
	[FIELD_KEPT_DATE] = { "may be replaced by the time of sending",
	  SET ": the time of sending", NULL, NULL, false },
	[FIELD_KEPT_ID] = { NULL, PERHAPS, NULL, BY_MIME, true },
	[FIELD_KEPT_THREAD] = { NULL, PERHAPS, NULL, BY_MIME, true },
	[FIELD_KEPT_MIME] = { NULL, LOST, NULL, BY_MIME, false },
	[FIELD_KEPT_HOP] = { NULL, LOST, NULL, NULL, false },
	[FIELD_KEPT_AUTO] = { "is removed", other_json, NULL, NULL, true },
	[FIELD_KEPT_UNSUBSCRIBE] = {
	  "is removed; Graph has it as the property 0x1045 only",
	  "is set as the property 0x1045", "--via json does that", NULL,
	  true },
	[FIELD_REMOVED] = { "is removed", other_json, NULL, NULL, false },
	[FIELD_BROKEN] = { "does not verify any more", other_json, NULL, NULL,
	  false },
	[FIELD_KEPT_X] = { x_mime, NULL,
	  "--via json delivers up to five of them", NULL, true },
	[FIELD_KEPT_OTHER] = { other_mime, other_json, NULL, NULL, true },
	/* clang-format on */
};

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
	size_t i = field_of(name)->kept;

	return notes[i].mime != NULL && notes[i].json != NULL &&
	    notes[i].mime_instead == NULL && notes[i].json_instead == NULL;
}

size_t
fidelity_notes(const struct str *name, size_t n, enum fidelity_form form,
    struct fidelity_note *out, size_t max)
{
	struct fidelity_note note;
	size_t found = 0, x = 0, kept;

	for (size_t i = 0; i < n && found < max; i++) {
		kept = field_of(name[i])->kept;
		x += str_istarts(name[i], STR("X-"));
		note = (struct fidelity_note){ name[i], notes[kept].mime,
			notes[kept].mime_instead, notes[kept].reported };
		if (form == FIDELITY_JSON) {
			note.what = notes[kept].json;
			note.instead = notes[kept].json_instead;
			if (str_istarts(name[i], STR("X-")) &&
			    x > FIDELITY_X_FIELDS)
				note.what = x_json;
		}
		if (note.what != NULL && !was_named(name, i))
			out[found++] = note;
	}
	return found;
}
