/* SPDX-License-Identifier: MIT */
#include "sandbox/json.h"

#include "codec/base64.h"
#include "codec/date.h"
#include "codec/json.h"
#include "codec/utf8.h"

enum {
	SUBJECT_MAX = 255,    /* characters, facts.md 4.4 */
	FILE_MAX = 3000000,   /* "under 3 MB", the smaller reading */
	HEADERS_MAX = 5,      /* facts.md 4.2 */
	FILES_MAX = 250,      /* of a message, facts.md 4.4 */
	HEADER_NAME_MAX = 127 /* a line of 998 leaves room */
};

enum shape_kind {
	LINE, /* a string without line ends */
	TEXT, /* a string */
	YES_NO,
	NUMBER, /* of bytes */
	WORD,   /* one of a list, in any case of letters */
	OBJECT,
	OBJECTS, /* a list of them */
	LINES,   /* a list of strings */
	READ_ONLY
};

struct type {
	const char *name;
	const struct property *property; /* ends with a nameless one */
};

struct property {
	const char *name;
	enum shape_kind kind;
	bool required;
	const struct type *type; /* of OBJECT and OBJECTS */
	const char *const *word; /* of WORD */
};

static const char *const importances[] = { "low", "normal", "high", NULL };
static const char *const body_types[] = { "text", "html", NULL };
static const char *const flags[] = { "notFlagged", "flagged", "complete",
	NULL };
static const char *const inferences[] = { "focused", "other", NULL };
static const char *const file_types[] = { "#microsoft.graph.fileAttachment",
	"#microsoft.graph.itemAttachment", NULL };
static const char *const item_types[] = { "file", NULL };

static const struct property email_address_p[] = {
	{ "name", LINE, false, NULL, NULL },
	{ "address", LINE, false, NULL, NULL },
	{ 0 },
};
static const struct type email_address = { "emailAddress", email_address_p };

static const struct property recipient_p[] = {
	{ "emailAddress", OBJECT, false, &email_address, NULL },
	{ 0 },
};
static const struct type recipient = { "recipient", recipient_p };

static const struct property body_p[] = {
	{ "contentType", WORD, false, NULL, body_types },
	{ "content", TEXT, false, NULL, NULL },
	{ 0 },
};
static const struct type item_body = { "itemBody", body_p };

static const struct property header_p[] = {
	{ "name", LINE, true, NULL, NULL },
	{ "value", LINE, true, NULL, NULL },
	{ 0 },
};
static const struct type internet_header = { "internetMessageHeader",
	header_p };

static const struct type message;

/* Or an itemAttachment, which has an item instead of bytes. */
static const struct property file_p[] = {
	{ "@odata.type", WORD, true, NULL, file_types },
	{ "name", LINE, true, NULL, NULL },
	{ "contentType", LINE, false, NULL, NULL },
	{ "contentBytes", LINE, false, NULL, NULL },
	{ "item", OBJECT, false, &message, NULL },
	{ "contentId", LINE, false, NULL, NULL },
	{ "isInline", YES_NO, false, NULL, NULL },
	{ "id", READ_ONLY, false, NULL, NULL },
	{ "size", READ_ONLY, false, NULL, NULL },
	{ "lastModifiedDateTime", READ_ONLY, false, NULL, NULL },
	{ 0 },
};
static const struct type file_attachment = { "fileAttachment", file_p };

static const struct property item_p[] = {
	{ "attachmentType", WORD, true, NULL, item_types },
	{ "name", LINE, true, NULL, NULL },
	{ "size", NUMBER, true, NULL, NULL },
	{ "contentType", LINE, false, NULL, NULL },
	{ "contentId", LINE, false, NULL, NULL },
	{ "isInline", YES_NO, false, NULL, NULL },
	{ 0 },
};
static const struct type attachment_item = { "attachmentItem", item_p };

static const struct property session_p[] = {
	{ "AttachmentItem", OBJECT, true, &attachment_item, NULL },
	{ 0 },
};
static const struct type upload_session = { "createUploadSession", session_p };

static const struct property extended_p[] = {
	{ "id", LINE, true, NULL, NULL },
	{ "value", LINE, true, NULL, NULL },
	{ 0 },
};
static const struct type extended_property = {
	"singleValueLegacyExtendedProperty", extended_p
};

static const struct property time_p[] = {
	{ "dateTime", LINE, true, NULL, NULL },
	{ "timeZone", LINE, true, NULL, NULL },
	{ 0 },
};
static const struct type date_time_zone = { "dateTimeTimeZone", time_p };

static const struct property flag_p[] = {
	{ "flagStatus", WORD, false, NULL, flags },
	{ "startDateTime", OBJECT, false, &date_time_zone, NULL },
	{ "dueDateTime", OBJECT, false, &date_time_zone, NULL },
	{ "completedDateTime", OBJECT, false, &date_time_zone, NULL },
	{ 0 },
};
static const struct type followup_flag = { "followupFlag", flag_p };

static const struct property message_p[] = {
	{ "@odata.type", LINE, false, NULL, NULL },
	{ "subject", LINE, false, NULL, NULL },
	{ "body", OBJECT, false, &item_body, NULL },
	{ "toRecipients", OBJECTS, false, &recipient, NULL },
	{ "ccRecipients", OBJECTS, false, &recipient, NULL },
	{ "bccRecipients", OBJECTS, false, &recipient, NULL },
	{ "replyTo", OBJECTS, false, &recipient, NULL },
	{ "from", OBJECT, false, &recipient, NULL },
	{ "sender", OBJECT, false, &recipient, NULL },
	{ "importance", WORD, false, NULL, importances },
	{ "isReadReceiptRequested", YES_NO, false, NULL, NULL },
	{ "isDeliveryReceiptRequested", YES_NO, false, NULL, NULL },
	{ "internetMessageId", LINE, false, NULL, NULL },
	{ "internetMessageHeaders", OBJECTS, false, &internet_header, NULL },
	{ "attachments", OBJECTS, false, &file_attachment, NULL },
	{ "categories", LINES, false, NULL, NULL },
	{ "flag", OBJECT, false, &followup_flag, NULL },
	{ "inferenceClassification", WORD, false, NULL, inferences },
	{ "singleValueExtendedProperties", OBJECTS, false, &extended_property,
	    NULL },
	{ "id", READ_ONLY, false, NULL, NULL },
	{ "conversationId", READ_ONLY, false, NULL, NULL },
	{ "conversationIndex", READ_ONLY, false, NULL, NULL },
	{ "parentFolderId", READ_ONLY, false, NULL, NULL },
	{ "receivedDateTime", READ_ONLY, false, NULL, NULL },
	{ "sentDateTime", READ_ONLY, false, NULL, NULL },
	{ "changeKey", READ_ONLY, false, NULL, NULL },
	{ "isDraft", READ_ONLY, false, NULL, NULL },
	{ "hasAttachments", READ_ONLY, false, NULL, NULL },
	{ "webLink", READ_ONLY, false, NULL, NULL },
	{ "uniqueBody", READ_ONLY, false, NULL, NULL },
	{ "bodyPreview", READ_ONLY, false, NULL, NULL },
	{ 0 },
};
static const struct type message = { "message", message_p };

/* Parameters of the action: the service takes any case (facts.md 4.2). */
static const struct property action_p[] = {
	{ "message", OBJECT, true, &message, NULL },
	{ "saveToSentItems", YES_NO, false, NULL, NULL },
	{ 0 },
};
static const struct type send_mail = { "sendMail", action_p };

static bool check_object(const struct type *t, const struct json *v,
    struct err *e);

static bool
wrong_type(const struct property *p, const char *wanted, struct err *e)
{
	return mail_flaw(e, "RequestBodyRead",
	    "Cannot convert the value of the property '%s': %s is expected.",
	    p->name, wanted);
}

/* One line: nothing that would end a header field or a C string. */
static bool
is_line(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' && s.p[i] != '\t')
			return false;
	return true;
}

static bool
check_text(const struct property *p, const struct json *v, struct err *e)
{
	if (v->type != JSON_STRING)
		return wrong_type(p, "a string", e);
	if (p->kind == LINE || p->kind == LINES ?
		is_line(v->text) :
		str_chr(v->text, '\0') == v->text.n)
		return true;
	return mail_flaw(e, "ErrorInvalidProperty",
	    "The property '%s' has a control character in it.", p->name);
}

static bool
check_word(const struct property *p, const struct json *v, struct err *e)
{
	if (v->type != JSON_STRING)
		return wrong_type(p, "a string", e);
	for (size_t i = 0; p->word[i] != NULL; i++)
		if (str_ieq(v->text, str_of(p->word[i])))
			return true;
	return mail_flaw(e, "RequestBodyRead",
	    "Requested value '%.*s' was not found for the property '%s'.",
	    STR_ARG(v->text), p->name);
}

static bool
check_yes_no(const struct property *p, const struct json *v, struct err *e)
{
	return v->type == JSON_BOOL || wrong_type(p, "true or false", e);
}

static bool
check_number(const struct property *p, const struct json *v, struct err *e)
{
	int64_t n;

	if (v->type != JSON_NUMBER || !json_i64(v, &n) || n < 0)
		return wrong_type(p, "a number of bytes", e);
	return true;
}

static bool
check_one_object(const struct property *p, const struct json *v, struct err *e)
{
	if (v->type != JSON_OBJECT)
		return wrong_type(p, "an object", e);
	return check_object(p->type, v, e);
}

static bool
check_list(const struct property *p, const struct json *v, struct err *e)
{
	bool ok = true;

	if (v->type != JSON_ARRAY)
		return wrong_type(p, "an array", e);
	for (const struct json *i = v->child; i != NULL && ok; i = i->next)
		ok = p->kind == LINES ? check_text(p, i, e) :
					check_one_object(p, i, e);
	return ok;
}

static bool
ignore_read_only(const struct property *p, const struct json *v, struct err *e)
{
	(void)p;
	(void)v;
	(void)e;
	return true;
}

static bool (*const checks[])(const struct property *, const struct json *,
    struct err *) = {
	[LINE] = check_text,
	[TEXT] = check_text,
	[YES_NO] = check_yes_no,
	[NUMBER] = check_number,
	[WORD] = check_word,
	[OBJECT] = check_one_object,
	[OBJECTS] = check_list,
	[LINES] = check_list,
	[READ_ONLY] = ignore_read_only,
};

/* The index of a property, or that of the nameless one. */
static size_t
find_property(const struct type *t, struct str name)
{
	const struct property *p = t->property;
	size_t i = 0;

	for (; p[i].name != NULL; i++)
		if (t == &send_mail || t == &upload_session ?
			str_ieq(name, str_of(p[i].name)) :
			str_eq(name, str_of(p[i].name)))
			break;
	return i;
}

static bool
check_required(const struct type *t, uint64_t seen, struct err *e)
{
	for (size_t i = 0; t->property[i].name != NULL; i++)
		if (t->property[i].required && (seen >> i & 1) == 0)
			return mail_flaw(e, "RequestBodyRead",
			    "The property '%s' of type 'microsoft.graph.%s' is "
			    "missing.",
			    t->property[i].name, t->name);
	return true;
}

/*
 * OData: what need not be there may be null. How deep it goes is json.h's
 * bound: an item can have attachments again.
 */
static bool
check_object(const struct type *t, const struct json *v, struct err *e)
{
	uint64_t seen = 0; /* no type has more than 64 properties */
	size_t i;

	for (const struct json *m = v->child; m != NULL; m = m->next) {
		i = find_property(t, m->name);
		if (t->property[i].name == NULL)
			return mail_flaw(e, "RequestBodyRead",
			    "The property '%.*s' does not exist on type "
			    "'microsoft.graph.%s'. Make sure to only use "
			    "property names that are defined by the type.",
			    STR_ARG(m->name), t->name);
		if ((seen >> i & 1) != 0)
			return mail_flaw(e, "RequestBodyRead",
			    "The property '%.*s' stands twice.",
			    STR_ARG(m->name));
		seen |= UINT64_C(1) << i;
		if (m->type == JSON_NULL && !t->property[i].required)
			continue;
		if (!checks[t->property[i].kind](&t->property[i], m, e))
			return false;
	}
	return check_required(t, seen, e);
}

static struct str
address_of(const struct json *recipient_v, struct str *name)
{
	const struct json *email = json_get(recipient_v, STR("emailAddress"));

	*name = json_str(json_get(email, STR("name")));
	return json_str(json_get(email, STR("address")));
}

static const struct {
	struct str property, key;
	bool delivers; /* Reply-To gets nothing */
} lists[] = {
	{ STR_INIT("toRecipients"), STR_INIT("to"), true },
	{ STR_INIT("ccRecipients"), STR_INIT("cc"), true },
	{ STR_INIT("bccRecipients"), STR_INIT("bcc"), true },
	{ STR_INIT("replyTo"), STR_INIT("reply-to"), false },
};

enum { N_LISTS = sizeof(lists) / sizeof(lists[0]) };

static bool
read_recipients(struct sandbox_mail *m, const struct json *v, struct err *e)
{
	const struct json *r;
	struct str address, name;

	for (size_t i = 0; i < N_LISTS; i++) {
		r = json_get(v, lists[i].property);
		for (r = r == NULL ? NULL : r->child; r != NULL; r = r->next) {
			address = address_of(r, &name);
			if (!mail_add_recipient(m, lists[i].key, address, name,
				e))
				return false;
			m->recipients -= !lists[i].delivers;
		}
	}
	return mail_has_recipients(m, e);
}

static bool
read_from(struct sandbox_mail *m, const struct json *v, struct err *e)
{
	const struct json *from = json_get(v, STR("from"));
	struct str name, address = address_of(from, &name);

	return from == NULL || from->type == JSON_NULL ||
	    mail_set_from(m, address, name, e);
}

/* Without an offset: the zone says it. Names as Windows or IANA has them. */
static bool
check_time(const struct json *v, struct err *e)
{
	struct str when = json_str(json_get(v, STR("dateTime")));
	struct str zone = json_str(json_get(v, STR("timeZone")));
	char text[DATE_ISO_SIZE] = "";
	int64_t ignored;

	for (size_t i = 0; i < 19 && i < when.n; i++)
		text[i] = when.p[i];
	text[19] = 'Z';
	if (when.n < 19 || !date_parse_iso(str_of(text), &ignored))
		return mail_flaw(e, "ErrorInvalidProperty",
		    "'%.*s' is no date with a time.", STR_ARG(when));
	if (str_istarts(zone, STR("UTC")) || str_iends(zone, STR(" Time")) ||
	    str_chr(zone, '/') < zone.n)
		return true;
	return mail_flaw(e, "ErrorInvalidProperty",
	    "The time zone '%.*s' is not known.", STR_ARG(zone));
}

/* facts.md 4.2: an end needs a beginning. */
static bool
read_flag(struct sandbox_mail *m, const struct json *v, struct err *e)
{
	static const struct str times[] = { STR_INIT("startDateTime"),
		STR_INIT("dueDateTime"), STR_INIT("completedDateTime") };
	const struct json *flag = json_get(v, STR("flag")), *at[3];

	(void)m;
	for (size_t i = 0; i < 3; i++) {
		at[i] = json_get(flag, times[i]);
		if (at[i] != NULL && at[i]->type == JSON_NULL)
			at[i] = NULL;
		if (at[i] != NULL && !check_time(at[i], e))
			return false;
	}
	return at[1] == NULL || at[0] != NULL ||
	    mail_flaw(e, "ErrorInvalidProperty",
		"A flag with a dueDateTime has a startDateTime.");
}

static bool
read_subject(struct sandbox_mail *m, const struct json *v, struct err *e)
{
	struct str subject = json_str(json_get(v, STR("subject")));
	struct str rest = subject;
	size_t n = 0;

	for (; rest.n > 0; n++)
		rest = str_from(rest, str_utf8(rest));
	if (n > SUBJECT_MAX)
		return mail_flaw(e, "ErrorInvalidProperty",
		    "The subject is longer than %d characters.", SUBJECT_MAX);
	mail_note(m, STR("subject"), subject);
	return true;
}

static bool
read_body(struct sandbox_mail *m, const struct json *v, struct err *e)
{
	const struct json *b = json_get(v, STR("body"));
	struct str type = json_str(json_get(b, STR("contentType")));

	(void)e;
	if (b != NULL)
		mail_add_part(m,
		    str_ieq(type, STR("html")) ? STR("html") : STR("text"),
		    STR(""), json_str(json_get(b, STR("content"))));
	return true;
}

static bool
is_header_name(struct str s)
{
	if (s.n > HEADER_NAME_MAX || !str_istarts(s, STR("x-")) || s.n < 3)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == ':')
			return false;
	return true;
}

static bool
read_headers(struct sandbox_mail *m, const struct json *v, struct err *e)
{
	const struct json *h = json_get(v, STR("internetMessageHeaders"));
	struct str name;
	int n = 0;

	for (h = h == NULL ? NULL : h->child; h != NULL; h = h->next) {
		name = json_str(json_get(h, STR("name")));
		if (!is_header_name(name))
			return mail_flaw(e, "InvalidInternetMessageHeader",
			    "The internet message header name '%.*s' should "
			    "start with 'x-' or 'X-'.",
			    STR_ARG(name));
		if (++n > HEADERS_MAX)
			return mail_flaw(e,
			    "InvalidInternetMessageHeaderCollection",
			    "Maximum number of headers in one message should "
			    "be less than or equal to %d.",
			    HEADERS_MAX);
		mail_note(m, arena_fmt(m->mem, "header: %.*s", STR_ARG(name)),
		    json_str(json_get(h, STR("value"))));
	}
	return true;
}

static struct sandbox_item
item_of(const struct json *v)
{
	const struct json *in = json_get(v, STR("isInline"));

	return (struct sandbox_item){
		.name = json_str(json_get(v, STR("name"))),
		.type = json_str(json_get(v, STR("contentType"))),
		.cid = json_str(json_get(v, STR("contentId"))),
		.is_inline = in != NULL && in->is_true,
	};
}

/* A fileAttachment; its bytes go to mem. */
static bool
decode_file(struct arena *mem, const struct json *v, struct sandbox_item *item,
    struct str *bytes, struct err *e)
{
	struct str text = json_str(json_get(v, STR("contentBytes")));
	bool is_item = str_iends(json_str(json_get(v, STR("@odata.type"))),
	    STR("itemAttachment"));
	const struct json *has =
	    json_get(v, is_item ? STR("item") : STR("contentBytes"));
	struct buf b;
	struct err why;

	if (has == NULL || has->type == JSON_NULL)
		return mail_flaw(e, "RequestBodyRead",
		    "The attachment has no '%s'.",
		    is_item ? "item" : "contentBytes");

	buf_init(&b, text.n);
	if (!base64_decode(&b, text, &why)) {
		buf_release(&b);
		return mail_flaw(e, "RequestBodyRead",
		    "Cannot convert 'contentBytes' to Edm.Binary: %s", why.msg);
	}
	*bytes = arena_str(mem, buf_view(&b));
	buf_release(&b);
	*item = item_of(v);
	item->size = bytes->n;
	if (bytes->n >= FILE_MAX)
		return mail_flaw(e, "ErrorAttachmentSizeLimitExceeded",
		    "The attachment '%.*s' has %zu bytes, which is not under "
		    "3 MB.",
		    STR_ARG(item->name), bytes->n);
	return true;
}

static bool
read_files(struct sandbox_mail *m, const struct json *v, struct err *e)
{
	const struct json *f = json_get(v, STR("attachments"));
	struct sandbox_item item;
	struct str bytes, nowhere = { 0 };

	for (f = f == NULL ? NULL : f->child; f != NULL; f = f->next) {
		if (m->files == FILES_MAX)
			return mail_flaw(e, "ErrorInvalidRequest",
			    "The message has more than %d attachments.",
			    FILES_MAX);
		if (!decode_file(m->mem, f, &item, &bytes, e))
			return false;
		mail_add_file(m, &item, bytes, nowhere);
	}
	return true;
}

static void
note_yes(struct sandbox_mail *m, const struct json *v, const char *property,
    const char *key)
{
	const struct json *yes = json_get(v, str_of(property));

	mail_note(m, str_of(key),
	    yes != NULL && yes->is_true ? STR("yes") : STR("no"));
}

static bool
read_details(struct sandbox_mail *m, const struct json *v, struct err *e)
{
	const struct json *x =
	    json_get(v, STR("singleValueExtendedProperties"));
	struct str importance = json_str(json_get(v, STR("importance")));
	struct str id = json_str(json_get(v, STR("internetMessageId")));

	(void)e;
	mail_note(m, STR("importance"),
	    importance.n > 0 ? importance : STR("normal"));
	note_yes(m, v, "isReadReceiptRequested", "read-receipt");
	note_yes(m, v, "isDeliveryReceiptRequested", "delivery-receipt");
	if (id.n > 0)
		mail_note(m, STR("message-id"), id);
	for (x = x == NULL ? NULL : x->child; x != NULL; x = x->next)
		mail_note(m,
		    arena_fmt(m->mem, "property: %.*s",
			STR_ARG(json_str(json_get(x, STR("id"))))),
		    json_str(json_get(x, STR("value"))));
	return true;
}

static bool (*const readers[])(struct sandbox_mail *, const struct json *,
    struct err *) = { read_recipients, read_from, read_subject, read_body,
	read_headers, read_files, read_flag, read_details };

enum { N_READERS = sizeof(readers) / sizeof(readers[0]) };

/* A JSON text that is an object of that type. */
static const struct json *
read_object(struct arena *mem, const struct type *t, struct str body,
    struct err *e)
{
	const struct json *root;
	struct err why;

	if (!json_parse(mem, body, &root, &why)) {
		mail_flaw(e, "BadRequest",
		    "Unable to read JSON request payload. Please ensure "
		    "Content-Type header is set and payload is of valid JSON "
		    "format. (%s)",
		    why.msg);
		return NULL;
	}
	if (root->type != JSON_OBJECT) {
		mail_flaw(e, "BadRequest",
		    "Unable to read JSON request payload: no object.");
		return NULL;
	}
	return check_object(t, root, e) ? root : NULL;
}

static bool
read_message(struct sandbox_mail *m, const struct json *v, struct err *e)
{
	for (size_t i = 0; i < N_READERS; i++)
		if (!readers[i](m, v, e))
			return false;
	return arena_ok(m->mem, e) && buf_ok(&m->meta, e);
}

bool
sandbox_json_read(struct sandbox_mail *m, struct str body, struct err *e)
{
	const struct json *root, *save;

	m->suffix = STR("json");
	m->raw = body;
	root = read_object(m->mem, m->draft ? &message : &send_mail, body, e);
	if (root == NULL)
		return false;
	if (m->draft)
		return read_message(m, root, e);
	save = json_iget(root, STR("saveToSentItems"));
	mail_note(m, STR("save-to-sent"),
	    save == NULL || save->is_true ? STR("yes") : STR("no"));
	return read_message(m, json_iget(root, STR("message")), e);
}

bool
sandbox_json_file(struct arena *mem, struct str body, struct sandbox_item *out,
    struct str *bytes, struct err *e)
{
	const struct json *root = read_object(mem, &file_attachment, body, e);

	return root != NULL && decode_file(mem, root, out, bytes, e) &&
	    arena_ok(mem, e);
}

bool
sandbox_json_item(struct arena *mem, struct str body, struct sandbox_item *out,
    struct err *e)
{
	const struct json *root = read_object(mem, &upload_session, body, e);
	const struct json *v = json_iget(root, STR("AttachmentItem"));
	int64_t size = 0;

	if (root == NULL)
		return false;
	*out = item_of(v);
	(void)json_i64(json_get(v, STR("size")), &size);
	out->size = (uint64_t)size;
	return arena_ok(mem, e);
}
