/* SPDX-License-Identifier: MIT */
#include "graph/route.h"

#include <string.h>

#include "mail/dsn.h"

static const char *const names[] = {
	[ROUTE_AUTO] = "auto",
	[ROUTE_MIME] = "mime",
	[ROUTE_JSON] = "json",
	[ROUTE_DRAFT] = "draft",
};

enum { ROUTES = sizeof(names) / sizeof(*names) };

const char *
route_name(enum route route)
{
	return names[route];
}

bool
route_parse(const char *name, enum route *out)
{
	for (int i = 0; i < ROUTES; i++)
		if (strcmp(names[i], name) == 0) {
			*out = (enum route)i;
			return true;
		}
	return false;
}

/* Whether a draft can be made of it: its files go by themselves. */
static const char *
draft_cannot(const struct route_facts *f)
{
	if (f->mime_size <= f->mime_limit || f->rest_size <= f->mime_limit)
		return NULL;
	return f->sealed != NULL ? f->sealed :
				   "it has no attachments that could be "
				   "uploaded by themselves";
}

static const char *
mime_cannot(const struct route_facts *f)
{
	if (f->no_save)
		return "MIME cannot say that no copy is to be kept in Sent "
		       "Items";
	return f->mime_size > f->mime_limit ? "it is larger than mime_limit" :
					      NULL;
}

static bool
choose(struct route_choice *out, enum route route, const char *why,
    const char *loses)
{
	*out = (struct route_choice){ route, why, loses };
	return true;
}

static bool
choose_wanted(const struct route_facts *f, enum route want,
    struct route_choice *out, struct err *e)
{
	const char *cannot = want == ROUTE_MIME ? mime_cannot(f) :
	    want == ROUTE_JSON                  ? f->json_cannot :
						  draft_cannot(f);

	if (want == ROUTE_DRAFT && f->no_save)
		cannot = "a draft cannot say that no copy is to be kept in "
			 "Sent Items";
	if (cannot != NULL)
		return err_set(e, ERR_USAGE,
		    "the message cannot go by the route %s: %s", names[want],
		    cannot);
	return choose(out, want, "it was asked for",
	    want == ROUTE_JSON      ? f->json_loses :
		want == ROUTE_DRAFT ? f->rest_loses :
				      NULL);
}

bool
route_too_large(uint64_t size, uint64_t most, struct err *e)
{
	err_set(e, ERR_INPUT,
	    "the message has %llu bytes, max_message_size allows %llu",
	    (unsigned long long)size, (unsigned long long)most);
	err_code(e, STR(DSN_TOO_LARGE));
	return err_remedy(e,
	    "put large files where they can be linked, or raise "
	    "max_message_size: Exchange's own limit is the mailbox's "
	    "MaxSendSize, 35 MB unless set (up to 150 MB)");
}

static bool
refuse(const struct route_facts *f, const char *why, struct err *e)
{
	err_set(e, ERR_INPUT,
	    "no route can carry the message: by MIME not, for %s; as JSON "
	    "not, for %s%s%s",
	    mime_cannot(f) != NULL ? mime_cannot(f) : "no reason",
	    f->json_cannot, why != NULL ? "; as a draft not, for " : "",
	    why != NULL ? why : "");
	if (f->no_save)
		return err_remedy(e, "Leave out --no-save.");
	return err_remedy(e, "Put what is large where it can be linked.");
}

/*
 * What tells afterwards whether a draft was sent is that it is in Sent Items:
 * to remove it there, at once, is to remove the proof, or the mail itself.
 */
static bool
contradiction(struct err *e)
{
	err_set(e, ERR_CONFIG,
	    "delivery = exact and save_to_sent = no (--no-save) exclude each "
	    "other: the copy in Sent Items is what tells that it was sent");
	e->alone = true;
	return err_remedy(e,
	    "Leave one of them out, or give up exact for this message: --via "
	    "json.");
}

static bool choose_best(const struct route_facts *f, struct route_choice *out,
    struct err *e);

/* A setting about Sent Items must not cost a mail. */
static bool
choose_copy(const struct route_facts *f, struct route_choice *out,
    struct err *e)
{
	struct route_facts saved = *f;

	saved.no_save = false;
	if (!choose_best(&saved, out, e))
		return false;
	out->loses = out->loses != NULL ?
	    out->loses :
	    "what save_to_sent = no asks for: a copy stays in Sent Items";
	return true;
}

static bool
choose_best(const struct route_facts *f, struct route_choice *out,
    struct err *e)
{
	bool json = f->json_cannot == NULL;
	bool clean = json && f->json_loses == NULL;

	if (f->exact && f->no_save)
		return contradiction(e);
	if (f->exact && draft_cannot(f) == NULL)
		return choose(out, ROUTE_DRAFT, "delivery = exact",
		    f->rest_loses);
	if (f->no_save && !json)
		return f->no_save_asked ? refuse(f, NULL, e) :
					  choose_copy(f, out, e);
	if (f->no_save)
		return choose(out, ROUTE_JSON,
		    "only JSON can say that no copy is to be kept",
		    f->json_loses);
	if (f->json_fields && clean)
		return choose(out, ROUTE_JSON,
		    "only JSON surely delivers its x- fields or "
		    "List-Unsubscribe",
		    NULL);
	if (mime_cannot(f) == NULL)
		return choose(out, ROUTE_MIME, "it is up to mime_limit", NULL);
	if (clean)
		return choose(out, ROUTE_JSON,
		    "it is larger than mime_limit, and JSON carries all of it",
		    NULL);
	if (json && f->read_write == ROUTE_MAY_NOT)
		return choose(out, ROUTE_JSON,
		    "it is larger than mime_limit, and the app has no "
		    "Mail.ReadWrite for a draft",
		    f->json_loses);
	if (json && f->rest_loses != NULL)
		return choose(out, ROUTE_JSON,
		    "it is larger than mime_limit, and so is its text",
		    f->json_loses);
	if (draft_cannot(f) == NULL)
		return choose(out, ROUTE_DRAFT, "it is larger than mime_limit",
		    f->rest_loses);
	if (json)
		return choose(out, ROUTE_JSON,
		    "it is larger than mime_limit, and cannot be taken apart",
		    f->json_loses);
	return refuse(f, draft_cannot(f), e);
}

bool
route_choose(const struct route_facts *f, enum route want,
    struct route_choice *out, struct err *e)
{
	if (f->mime_size > f->max_message_size)
		return route_too_large(f->mime_size, f->max_message_size, e);
	if (!(want != ROUTE_AUTO ? choose_wanted(f, want, out, e) :
				   choose_best(f, out, e)))
		return false;
	if (f->exact && out->route != ROUTE_DRAFT && out->loses == NULL)
		out->loses = "the certainty of delivery = exact";
	return true;
}
