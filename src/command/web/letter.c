/* SPDX-License-Identifier: MIT */
#include "command/web/letter.h"

#include <unistd.h>

#include "mail/head.h"
#include "mail/value.h"

bool
letter_add(struct letter *l, const char *option, struct str value,
    struct err *e)
{
	if (str_chr(value, '\0') < value.n)
		return err_set(e, ERR_INPUT, "there is a NUL in it");
	if (l->n == VISIT_WORDS)
		return err_set(e, ERR_INPUT,
		    "more than %d fields, headers and attachments",
		    VISIT_WORDS);
	l->word[l->n++] =
	    arena_fmt(&l->v->mem, "%s%.*s", option, STR_ARG(value)).p;
	return arena_ok(&l->v->mem, e);
}

struct temp *
letter_temp(struct letter *l, const char *name, struct err *e)
{
	struct temp *t = arena_alloc(&l->v->mem, sizeof(*t));

	if (t == NULL)
		return arena_ok(&l->v->mem, e) ? NULL : t;
	/* it ends with this process */
	return temp_open(t, name,
		   l->v->file != NULL ? l->v->file->spool : STR(""), e) ?
	    t :
	    NULL;
}

bool
letter_add_file(struct letter *l, const char *option, const struct temp *t,
    struct str marks, struct err *e)
{
	struct str name =
	    arena_fmt(&l->v->mem, "/dev/fd/%d%.*s", t->fd, STR_ARG(marks));

	/* who has no /dev/fd reads on where this descriptor stands */
	(void)lseek(t->fd, 0, SEEK_SET);
	return letter_add(l, option, name, e);
}

/* --- what the user may */

static bool
letter_forbids(const struct letter *l, const char *what, struct str who,
    const char *word, struct err *e)
{
	err_set(e, ERR_AUTH, "%.*s may not send %s %.*s", STR_ARG(l->v->user),
	    what, STR_ARG(who));
	return err_remedy(e,
	    "the word %s= behind the user in auth_file says "
	    "who may be it",
	    word);
}

bool
letter_add_to(struct letter *l, const char *option, struct str list,
    struct err *e)
{
	struct addr *to = NULL;

	if (l->rule != NULL && l->rule->to.n > 0 &&
	    !addr_parse_list(&l->v->mem, list, true, &to, e))
		return false;
	/* an empty one would make recipients of those in a header */
	if (to == NULL && l->rule != NULL && l->rule->to.n > 0)
		return err_set(e, ERR_INPUT, "there is no address in it");
	for (; to != NULL; to = to->next)
		if (!rule_allows(l->rule->to, to))
			return letter_forbids(l, "to", to->text, "to", e);
	return letter_add(l, option, list, e);
}

static bool
letter_check_author(struct letter *l, const struct head_field *f, struct err *e)
{
	const struct addr *list = value_addresses(&l->v->mem, f, true);

	if (list == NULL)
		return letter_forbids(l, "as", str_trim(f->value), "from", e);
	for (; list != NULL; list = list->next)
		if (!rule_allows(l->rule->from, list))
			return letter_forbids(l, "as", list->text, "from", e);
	return true;
}

/* Those of the header, where the query names nobody. */
static bool
letter_check_recipients(struct letter *l, const struct head_field *f,
    struct err *e)
{
	struct addr *to;

	if (!addr_parse_list(&l->v->mem,
		value_read(&l->v->mem, f->value, STR("")).text, true, &to, e))
		return err_wrap(e, "%.*s", STR_ARG(f->name));
	for (; to != NULL; to = to->next)
		if (!rule_allows(l->rule->to, to))
			return letter_forbids(l, "to", to->text, "to", e);
	return true;
}

static bool
letter_names_people(struct str field)
{
	if (str_istarts(field, STR("Resent-")))
		field = str_from(field, 7);
	return str_ieq(field, STR("To")) || str_ieq(field, STR("Cc")) ||
	    str_ieq(field, STR("Bcc"));
}

bool
letter_check_head(struct letter *l, struct str header, struct err *e)
{
	bool named = form_get(&l->v->query, "to").p != NULL;
	struct head head;

	if (!head_scan(&l->v->mem, header, &head, e))
		return false;
	for (struct head_field *f = head.first; f != NULL; f = f->next) {
		l->author = l->author || str_ieq(f->name, STR("From"));
		if (l->rule->from.n > 0 &&
		    l->v->conf->sender_check == CONF_CHECK_BOTH &&
		    (str_ieq(f->name, STR("From")) ||
			str_ieq(f->name, STR("Sender"))) &&
		    !letter_check_author(l, f, e))
			return false;
		if (l->rule->to.n > 0 && !named &&
		    letter_names_people(f->name) &&
		    !letter_check_recipients(l, f, e))
			return false;
	}
	return true;
}

/* The first address of from=; a domain is none. */
static struct str
letter_first(struct str list)
{
	struct str one;

	while (str_next(&list, ',', &one))
		if (one.n > 0 && one.p[0] != '@')
			return one;
	return STR("");
}

static bool
letter_check_from(struct letter *l, struct err *e)
{
	struct addr *from;

	if (l->from.n == 0)
		l->from = letter_first(l->rule->from);
	if (l->from.n == 0)
		return err_set(e, ERR_AUTH,
		    "%.*s has to say who sends it: from", STR_ARG(l->v->user));
	if (!addr_parse(&l->v->mem, l->from, false, &from, e))
		return err_wrap(e, "from");
	return rule_allows(l->rule->from, from) ||
	    letter_forbids(l, "as", from->text, "from", e);
}

static bool
letter_check_account(struct letter *l, struct err *e)
{
	struct str own = l->rule->account;

	if (l->account.n > 0 && !str_eq(l->account, own) &&
	    (own.n > 0 || l->rule->from.n > 0))
		return letter_forbids(l, "by account", l->account, "account",
		    e);
	if (own.n > 0)
		l->account = own;
	return true;
}

bool
letter_sender(struct letter *l, struct err *e)
{
	struct str old = l->from;
	bool made = str_ieq(l->v->content_type, STR("message/rfc822"));

	if (l->rule != NULL) {
		/* a message has its own From, unless the query says another */
		if (l->rule->from.n > 0 && !(l->author && old.n == 0) &&
		    !letter_check_from(l, e))
			return false;
		if (!letter_check_account(l, e))
			return false;
		if (l->rule->rewrite.n > 0)
			l->from = l->rule->rewrite;
		if (l->rule->rewrite.n > 0 && old.n > 0 && !made &&
		    !l->replies && !letter_add(l, "--reply-to=", old, e))
			return false;
	}
	return (l->from.n == 0 || letter_add(l, "--from=", l->from, e)) &&
	    (l->account.n == 0 || letter_add(l, "--account=", l->account, e));
}
