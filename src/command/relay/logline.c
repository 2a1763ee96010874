/* SPDX-License-Identifier: MIT */
#include "command/relay/logline.h"

#include "base/err.h"
#include "base/syslog.h"
#include "codec/date.h"
#include "codec/jsonw.h"

enum { LOGLINE_HEAD = 4 /* words of a record's first line */ };

/*
 * The lines of each event; service: who seems to speak, NULL: who does. needs:
 * only where this field is there. In a form, {key} is a field and {who} is
 * "host[client]"; |...| goes where one of its fields is missing; '!' at the
 * beginning is "warning: " where it is one. An event without a row has no line
 * of text.
 */
static const struct logline_row {
	const char *event, *service, *needs, *form;
} logline_rows[] = {
	/* clang-format off */
	{ "connect", NULL, NULL, "connect from {who}" },
	{ "disconnect", NULL, NULL, "disconnect from {who} {did}" },
	{ "tls", NULL, "tls", "Anonymous TLS connection established from "
	  "{who}: {tls} with cipher {cipher}" },
	{ "tls", NULL, "reason", "SSL_accept error from {who}: {reason}" },
	{ "auth", NULL, "reason", "!{who}: SASL {method} authentication "
	  "failed: {reason}, sasl_username={user}" },
	{ "accept", NULL, "client", "{id}: client={who}"
	  "|, sasl_method={method}||, sasl_username={user}|" },
	{ "accept", "pickup", "uid", "{id}: uid={uid} from=<{from}>" },
	{ "accept", "cleanup", NULL, "{id}: message-id={message_id}" },
	{ "accept", "qmgr", NULL, "{id}: from=<{from}>, size={size}, "
	  "nrcpt={nrcpt} (queue active)" },
	{ "reject", NULL, NULL, "NOQUEUE: reject: {command} from {who}: "
	  "{reply};| from=<{from}>|| to=<{to}>| proto={proto}"
	  "| helo=<{helo}>|" },
	{ "deliver", NULL, NULL, "{id}: to=<{to}>|, orig_to=<{orig_to}>|, "
	  "relay={relay}, delay={delay}, delays={delays}, dsn={dsn}, "
	  "status={status} ({reason})" },
	{ "expire", "qmgr", NULL, "{id}: from=<{from}>, status=expired, "
	  "returned to sender" },
	{ "bounce", "bounce", "report",
	  "{id}: sender non-delivery notification: {report}" },
	{ "bounce", "bounce", "success",
	  "{id}: sender delivery status notification: {success}" },
	{ "remove", "qmgr", NULL, "{id}: removed" },
	{ "lost", NULL, NULL, "lost connection after {command} from {who}" },
	{ "timeout", NULL, NULL, "timeout after {command} from {who}" },
	{ "errors", NULL, NULL, "too many errors after {command} from "
	  "{who}" },
	{ "disk", NULL, NULL, "!{code} to {who}: {reason}" },
	{ "message", NULL, NULL, "!{text}" },
	/* clang-format on */
};

enum { LOGLINE_ROWS = sizeof(logline_rows) / sizeof(*logline_rows) };

/* Events that are told in the same way. */
static struct str
logline_kind(struct str event)
{
	static const struct str same[] = { STR_INIT("defer"), STR_INIT("fail"),
		STR_INIT("wait"), STR_INIT("hold") };
	static const struct str message[] = { STR_INIT("start"),
		STR_INIT("reload"), STR_INIT("restart"), STR_INIT("drain"),
		STR_INIT("throttle") };

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		if (str_eq(event, same[i]))
			return STR("deliver");
	for (size_t i = 0; i < sizeof(message) / sizeof(*message); i++)
		if (str_eq(event, message[i]))
			return STR("message");
	return event;
}

/* Taking it apart */

static bool
logline_head(struct str line, struct logline *out)
{
	struct str word[LOGLINE_HEAD];

	for (size_t i = 0; i < LOGLINE_HEAD; i++)
		if (!str_next(&line, ' ', &word[i]) || word[i].n == 0)
			return false;
	out->service = word[1];
	out->event = word[3];
	return str_u64(word[0], SYSLOG_DEBUG, &out->level) &&
	    str_u64(word[2], INT32_MAX, &out->pid);
}

/* Of a line with a NUL behind it: "KEY=VALUE", "KEY#NUMBER". */
static bool
logline_field(char *line, struct logline_field *out)
{
	char *is = line;
	uint64_t n;

	while (*is == '_' || ascii_is_alpha(*is))
		is++;
	out->key = (struct str){ line, (size_t)(is - line) };
	out->number = *is == '#';
	if (out->key.n == 0 || (*is != '=' && *is != '#'))
		return false;
	err_clean(is + 1);
	out->value = str_of(is + 1);
	return !out->number || str_u64(out->value, INT64_MAX, &n);
}

bool
logline_parse(char *text, size_t n, struct logline *out)
{
	bool ok = true, head = true;
	size_t at, end;

	*out = (struct logline){ 0 };
	for (at = 0; ok && at < n; at = end + 1, head = false) {
		for (end = at; end < n && text[end] != '\n';)
			end++;
		text[end] = '\0';
		if (head) {
			err_clean(text);
			ok = logline_head(str_of(text), out);
		} else if (out->fields < LOGLINE_FIELDS) {
			ok = logline_field(text + at,
			    &out->field[out->fields++]);
		}
	}
	return ok && n > 0;
}

/* Text */

static const struct logline_field *
logline_find(const struct logline *l, struct str key)
{
	for (size_t i = 0; i < l->fields; i++)
		if (str_eq(l->field[i].key, key))
			return &l->field[i];
	return NULL;
}

/* False: it is missing. */
static bool
logline_put(const struct logline *l, struct str key, struct buf *out)
{
	const struct logline_field *f = logline_find(l, key);

	if (f != NULL)
		buf_adds(out, f->value);
	return f != NULL;
}

/* A piece of a form without |...|. False: a field of it is missing. */
static bool
logline_fill(const struct logline *l, struct str form, struct buf *out)
{
	struct str text, key;
	bool all = true;

	while (str_next(&form, '{', &text)) {
		buf_adds(out, text);
		if (!str_next(&form, '}', &key))
			break;
		if (str_eq(key, STR("who"))) {
			(void)logline_put(l, STR("host"), out);
			buf_addc(out, '[');
			(void)logline_put(l, STR("client"), out);
			buf_addc(out, ']');
		} else if (!logline_put(l, key, out)) {
			all = false;
		}
	}
	return all;
}

static void
logline_form(const struct logline *l, struct str form, struct buf *out)
{
	struct str must, may;
	size_t before;

	if (str_starts(form, STR("!"))) {
		form = str_from(form, 1);
		if (l->level <= SYSLOG_WARNING)
			buf_addz(out, "warning: ");
	}
	while (str_next(&form, '|', &must)) {
		(void)logline_fill(l, must, out);
		before = out->n;
		if (str_next(&form, '|', &may) && !logline_fill(l, may, out))
			buf_rewind(out, before);
	}
}

/* The next row of that kind of event, from *at on; NULL: none. */
static const struct logline_row *
logline_row_of(const struct logline *l, size_t *at)
{
	struct str kind = logline_kind(l->event);

	while (*at < LOGLINE_ROWS) {
		const struct logline_row *row = &logline_rows[(*at)++];

		if (str_eq(kind, str_of(row->event)) &&
		    (row->needs == NULL ||
			logline_find(l, str_of(row->needs)) != NULL))
			return row;
	}
	return NULL;
}

bool
logline_text(const struct logline *l, struct str name, size_t *at,
    struct buf *out)
{
	const struct logline_row *row = logline_row_of(l, at);

	if (row == NULL)
		return false;
	buf_addf(out, "%.*s/%.*s[%d]: ", STR_ARG(name),
	    STR_ARG(row->service != NULL ? str_of(row->service) : l->service),
	    (int)l->pid);
	logline_form(l, str_of(row->form), out);
	return true;
}

/* JSON */

static const char *
logline_level(uint64_t level)
{
	return level <= SYSLOG_ERR  ? "error" :
	    level == SYSLOG_WARNING ? "warning" :
	    level == SYSLOG_DEBUG   ? "debug" :
				      "info";
}

void
logline_json(const struct logline *l, int64_t when, struct buf *out)
{
	struct jsonw w = jsonw_begin(out);
	char time[DATE_ISO_SIZE];
	struct err unsaid;
	uint64_t n;

	date_iso(when, time);
	jsonw_open(&w, '{');
	jsonw_member(&w, STR("time"), str_of(time));
	jsonw_member(&w, STR("level"), str_of(logline_level(l->level)));
	jsonw_member(&w, STR("service"), l->service);
	jsonw_key(&w, STR("pid"));
	jsonw_i64(&w, (int64_t)l->pid);
	jsonw_member(&w, STR("event"), l->event);
	for (size_t i = 0; i < l->fields; i++) {
		const struct logline_field *f = &l->field[i];

		if (f->number && str_u64(f->value, INT64_MAX, &n)) {
			jsonw_key(&w, f->key);
			jsonw_i64(&w, (int64_t)n);
		} else {
			jsonw_member(&w, f->key, f->value);
		}
	}
	jsonw_close(&w, '}');
	if (!jsonw_end_line(&w, &unsaid))
		buf_rewind(out, w.start);
}
