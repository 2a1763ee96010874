/* SPDX-License-Identifier: MIT */
#include "store/envelope.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/crypt.h"
#include "codec/date.h"
#include "codec/utf8.h"

static const struct str magic = STR_INIT("Post365-Spool: ");

enum { CHECK_SIZE = sizeof("Check: 0123456789abcdef\n") - 1 };

/* Keys of one text each, in the order of writing. */
struct text_key {
	const char *name;
	size_t at;
};
static const struct text_key head_texts[] = {
	{ "Id", offsetof(struct envelope, id) },
	{ "Account", offsetof(struct envelope, account) },
	{ "Mailbox", offsetof(struct envelope, mailbox) },
	{ "Client-Id", offsetof(struct envelope, client_id) },
	{ "Settings", offsetof(struct envelope, settings) },
	{ "Sender", offsetof(struct envelope, sender) },
	{ "Message-ID", offsetof(struct envelope, message_id) },
	{ "Client", offsetof(struct envelope, client) },
	{ "Options", offsetof(struct envelope, options) },
	{ "User", offsetof(struct envelope, user) },
	{ "Address", offsetof(struct envelope, address) },
	{ "Listener", offsetof(struct envelope, listener) },
	{ "TLS", offsetof(struct envelope, tls) },
	{ "Envelope-Id", offsetof(struct envelope, envelope_id) },
	{ "Return", offsetof(struct envelope, ret) },
	{ "Subject", offsetof(struct envelope, subject) },
};
enum { HEAD_ALWAYS = 9 /* so many are written though they are empty */ };

static const struct state_text {
	const char *name;
	size_t at, most;
} state_texts[] = {
	{ "Draft", offsetof(struct envelope_state, draft),
	    ENVELOPE_DRAFT_MOST },
	{ "Settled", offsetof(struct envelope_state, settled),
	    (ENVELOPE_SETTLED_MOST + 3) / 4 },
	{ "Request", offsetof(struct envelope_state, request), 64 },
	{ "Code", offsetof(struct envelope_state, code), ERR_CODE_SIZE },
	{ "Reason", offsetof(struct envelope_state, reason),
	    ENVELOPE_REASON_MOST },
};

static const struct text_key state_numbers[] = {
	{ "Sequence", offsetof(struct envelope_state, sequence) },
	{ "Attempts", offsetof(struct envelope_state, attempts) },
	{ "Done", offsetof(struct envelope_state, done) },
	{ "Part", offsetof(struct envelope_state, part) },
	{ "Unsure-times", offsetof(struct envelope_state, unsure_times) },
	{ "Hours", offsetof(struct envelope_state, hours) },
	{ "Wait", offsetof(struct envelope_state, wait) },
};

static const struct text_key state_times[] = {
	{ "Next", offsetof(struct envelope_state, next) },
	{ "Unsure-since", offsetof(struct envelope_state, unsure_since) },
	{ "Since", offsetof(struct envelope_state, since) },
	{ "Tried", offsetof(struct envelope_state, tried) },
	{ "Asked", offsetof(struct envelope_state, asked) },
};

#define EACH(i, table)                                                         \
	for (size_t i = 0; i < sizeof(table) / sizeof(*(table)); i++)
/* The member of *base that a row of a table means. */
#define MEMBER(type, base, row) ((type *)(void *)((char *)(base) + (row).at))
#define MEMBER_OF(type, base, row)                                             \
	((const type *)(const void *)((const char *)(base) + (row).at))

bool
envelope_is_id(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_digit(s.p[i]) && (s.p[i] < 'A' || s.p[i] > 'F'))
			return false;
	return s.n == ENVELOPE_ID_SIZE - 1;
}

bool
envelope_is_settled(const struct envelope_state *s, size_t i)
{
	unsigned char c;

	if (i < s->done)
		return true;
	i -= (size_t)s->done;
	if (i / 4 >= s->settled.n)
		return false;
	c = (unsigned char)s->settled.p[i / 4];
	c = (unsigned char)(ascii_is_digit((char)c) ? c - '0' : c - 'a' + 10);
	return (c >> i % 4 & 1) != 0;
}

static bool
is_line(struct str s)
{
	bool ascii = true;

	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
		ascii = ascii && (unsigned char)s.p[i] < 0x80;
	}
	return ascii || utf8_is_valid(s);
}

static bool
put_line(struct buf *out, const char *name, struct str value, struct err *e)
{
	if (!is_line(value) || str_trim(value).n != value.n)
		return err_set(e, ERR_INPUT,
		    "%s: \"%.*s\" cannot be kept in the queue", name,
		    STR_ARG(str_first(value, 80)));
	buf_addf(out, "%s: %.*s\n", name, STR_ARG(value));
	return true;
}

static bool
is_sound(const struct envelope *v, struct err *e)
{
	if (!envelope_is_id(v->id))
		return err_set(e, ERR_INPUT, "it has no id");
	if (v->recipients == 0)
		return err_set(e, ERR_INPUT, "it has no recipient");
	if (v->recipients > ENVELOPE_RECIPIENTS_MOST)
		return err_set(e, ERR_INPUT,
		    "it has more than the %d recipients allowed in the queue",
		    ENVELOPE_RECIPIENTS_MOST);
	for (size_t i = 0; i < v->recipients; i++)
		if (v->recipient[i].n == 0)
			return err_set(e, ERR_INPUT, "a recipient is empty");
	return true;
}

/* What is asked for the i-th recipient, behind its line. */
static bool
put_notify(struct buf *out, const struct notify *n, struct err *e)
{
	if (n->when != 0) {
		buf_addz(out, "Notify: ");
		notify_write(n->when, out);
		buf_addc(out, '\n');
	}
	return n->original.n == 0 || put_line(out, "Original", n->original, e);
}

unsigned
envelope_version(const struct envelope *v)
{
	return v->version == ENVELOPE_SHA256 ? ENVELOPE_SHA256 :
					       ENVELOPE_VERSION;
}

bool
envelope_write(struct buf *out, const struct envelope *v, struct err *e)
{
	size_t start = out->n;
	char when[DATE_ISO_SIZE];
	struct str value;
	bool ok = is_sound(v, e);

	date_iso(v->arrived, when);
	buf_addf(out, "%s%u\n", magic.p, envelope_version(v));
	buf_addf(out, "Arrived: %s\n", when);
	EACH(i, head_texts)
	{
		value = *MEMBER_OF(struct str, v, head_texts[i]);
		if (ok && (i < HEAD_ALWAYS || value.n > 0))
			ok = put_line(out, head_texts[i].name, value, e);
	}
	for (size_t i = 0; ok && i < v->recipients; i++)
		ok = put_line(out, "Recipient", v->recipient[i], e) &&
		    (v->notify == NULL || put_notify(out, &v->notify[i], e));
	buf_addc(out, '\n');
	ok = ok && buf_ok(out, e);
	if (ok && out->n - start > ENVELOPE_HEAD_MOST)
		ok = err_set(e, ERR_INPUT,
		    "its envelope is larger than the %d bytes allowed",
		    ENVELOPE_HEAD_MOST);
	if (!ok)
		buf_rewind(out, start);
	return ok;
}

/* Takes a line "Name: value\n" off *in. */
static bool
take_line(struct str *in, struct str *name, struct str *value)
{
	size_t end = str_chr(*in, '\n'), colon;
	struct str line = str_first(*in, end);

	if (end == in->n)
		return false;
	*in = str_from(*in, end + 1);
	colon = str_chr(line, ':'); /* no name has one */
	if (!str_starts(str_from(line, colon), STR(": ")) || !is_line(line))
		return false;
	*name = str_first(line, colon);
	*value = str_from(line, colon + 2);
	return true;
}

/* Nearly all differ in the first letter: no length is looked for. */
static bool
is_name(struct str name, const char *z)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] != z[i])
			return false;
	return z[name.n] == '\0';
}

/* A line behind that of a recipient. */
static bool
take_notify(struct str name, struct str value, struct envelope *v)
{
	struct notify *n =
	    v->recipients > 0 ? &v->notify[v->recipients - 1] : NULL;

	if (n == NULL)
		return false;
	if (is_name(name, "Notify"))
		return notify_parse(value, &n->when);
	n->original = value;
	return notify_is_original(value);
}

static bool
take_head_line(struct str name, struct str value, struct envelope *v)
{
	if (is_name(name, "Notify") || is_name(name, "Original"))
		return take_notify(name, value, v);
	if (is_name(name, "Recipient")) {
		if (v->recipients == ENVELOPE_RECIPIENTS_MOST)
			return false;
		v->recipient[v->recipients++] = value;
		return true;
	}
	if (is_name(name, "Arrived"))
		return date_parse_iso(value, &v->arrived);
	EACH(i, head_texts)
	if (is_name(name, head_texts[i].name))
		*MEMBER(struct str, v, head_texts[i]) = value;
	return true;
}

/* A version that this program does not know: which, if it is one. */
static bool
right_version(struct str in, unsigned *is, struct err *e)
{
	struct str version;
	uint64_t n;

	if (!str_starts(in, magic))
		return err_set(e, ERR_INPUT, "not a spool file");
	in = str_from(in, magic.n);
	if (!str_next(&in, '\n', &version) || !str_u64(version, 9999, &n))
		return err_set(e, ERR_INPUT, "a spool file of no version");
	*is = (unsigned)n;
	if (n >= 1 && n <= ENVELOPE_VERSION)
		return true;
	err_set(e, ERR_CONFIG,
	    "a spool file of version %d; this post365 reads up to %d", (int)n,
	    ENVELOPE_VERSION);
	return err_remedy(e,
	    "install the post365 that wrote it, or a later "
	    "one");
}

/* Bytes of the head with its empty line; 0: it is not all there. */
static size_t
head_size(struct str in)
{
	size_t end = str_find(str_first(in, ENVELOPE_HEAD_MOST), STR("\n\n"));

	return end < in.n && end < ENVELOPE_HEAD_MOST ? end + 2 : 0;
}

/* *notified: something is asked for a recipient. */
static size_t
count_lines(struct str head, bool *notified)
{
	struct str line;
	size_t n = 0;

	*notified = false;
	for (; str_next(&head, '\n', &line); n++)
		if (str_starts(line, STR("Notify: ")) ||
		    str_starts(line, STR("Original: ")))
			*notified = true;
	return n;
}

static enum parse
bad(struct err *e, const char *why)
{
	err_set(e, ERR_INPUT, "%s", why);
	return PARSE_BAD;
}

enum parse
envelope_read(struct arena *a, struct str in, struct envelope *v, size_t *size,
    struct err *e)
{
	struct envelope got = { 0 };
	struct str rest, name, value;
	size_t n = head_size(in), lines;
	bool notified;

	if (n == 0 && in.n >= ENVELOPE_HEAD_MOST)
		return bad(e, "its head has no end");
	if (n == 0 && str_starts(magic, str_first(in, magic.n)))
		return PARSE_MORE;
	if (!right_version(in, &got.version, e))
		return PARSE_BAD;
	if (n == 0)
		return PARSE_MORE;
	rest = str_first(in, n);
	lines = count_lines(rest, &notified);
	got.recipient = arena_array(a, lines, sizeof(*got.recipient));
	if (notified)
		got.notify = arena_array(a, lines, sizeof(*got.notify));
	if (!arena_ok(a, e))
		return PARSE_BAD;
	rest = str_first(in, n - 1);
	while (rest.n > 0)
		if (!take_line(&rest, &name, &value) ||
		    !take_head_line(name, value, &got))
			return bad(e, "a line of its head makes no sense");
	if (!is_sound(&got, e))
		return PARSE_BAD;
	*v = got;
	*size = n;
	return PARSE_DONE;
}

unsigned
envelope_slot(uint64_t sequence)
{
	return (unsigned)(sequence & 1);
}

/* A value cut to its limit between characters, and harmless. */
static void
put_text(struct buf *out, const char *name, struct str s, size_t most)
{
	size_t start;

	if (s.n == 0)
		return;
	if (s.n > most)
		while (most > 0 && ((unsigned char)s.p[most] & 0xc0) == 0x80)
			most--;
	buf_addf(out, "%s: ", name);
	start = out->n;
	buf_adds(out, str_trim(str_first(s, most)));
	if (!is_line(str_from(buf_view(out), start)))
		for (size_t i = start; i < out->n; i++)
			if (out->p[i] < ' ' || (unsigned char)out->p[i] > 0x7e)
				out->p[i] = '?';
	buf_addc(out, '\n');
}

static void
put_check(char *out, struct str s)
{
	char hex[CRYPT_SHA256_HEX];

	crypt_sha256_hex(s, hex);
	(void)snprintf(out, CHECK_SIZE + 1, "Check: %.16s\n", hex);
}

static void
put_state(struct buf *b, const struct envelope_state *s)
{
	char when[DATE_ISO_SIZE];
	int64_t at;

	EACH(i, state_numbers)
	buf_addf(b, "%s: %llu\n", state_numbers[i].name,
	    (unsigned long long)*MEMBER_OF(uint64_t, s, state_numbers[i]));
	EACH(i, state_times)
	{
		at = *MEMBER_OF(int64_t, s, state_times[i]);
		date_iso(at, when);
		if (at != 0)
			buf_addf(b, "%s: %s\n", state_times[i].name, when);
	}
	if (s->kind != ERR_NONE)
		buf_addf(b, "Kind: %s\n", err_kind_name(s->kind));
	EACH(i, state_texts)
	put_text(b, state_texts[i].name,
	    *MEMBER_OF(struct str, s, state_texts[i]), state_texts[i].most);
}

void
envelope_state_write(char *out, const struct envelope_state *s)
{
	char room[ENVELOPE_SLOT + 1];
	/* never grows: the texts' limits add up to less than a slot */
	struct buf b = { .p = room,
		.cap = sizeof(room),
		.limit = ENVELOPE_SLOT };
	char check[CHECK_SIZE + 1];

	put_state(&b, s);
	put_check(check, buf_view(&b));
	buf_addz(&b, check);
	memset(out, ' ', ENVELOPE_SLOT);
	memcpy(out, b.p, b.n);
	out[ENVELOPE_SLOT - 1] = '\n';
}

static bool
take_state_line(struct str name, struct str value, struct envelope_state *s)
{
	EACH(i, state_numbers)
	if (is_name(name, state_numbers[i].name))
		return str_u64(value, INT64_MAX,
		    MEMBER(uint64_t, s, state_numbers[i]));
	EACH(i, state_times)
	if (is_name(name, state_times[i].name))
		return date_parse_iso(value,
		    MEMBER(int64_t, s, state_times[i]));
	EACH(i, state_texts)
	if (is_name(name, state_texts[i].name))
		*MEMBER(struct str, s, state_texts[i]) = value;
	for (enum err_kind k = ERR_NONE; k <= ERR_BUG; k++)
		if (is_name(name, "Kind") && is_name(value, err_kind_name(k)))
			s->kind = k;
	return true;
}

/* A slot that is torn, or was never written, gives nothing. */
static bool
read_slot(struct str slot, struct envelope_state *s)
{
	struct envelope_state got = { 0 };
	struct str lines, name, value;
	char check[CHECK_SIZE + 1];
	size_t end;

	if (slot.n == 0 || slot.p[0] == ' ')
		return false;
	end = str_find(slot, STR("\nCheck: ")) + 1;
	if (end > slot.n)
		return false;
	lines = str_first(slot, end);
	put_check(check, lines);
	if (!str_starts(str_from(slot, end), str_of(check)))
		return false;
	while (lines.n > 0)
		if (!take_line(&lines, &name, &value) ||
		    !take_state_line(name, value, &got))
			return false;
	*s = got;
	return got.sequence > 0;
}

void
envelope_state_read(struct str slots, struct envelope_state *s)
{
	struct envelope_state a = { 0 }, b = { 0 };
	bool first = read_slot(str_first(slots, ENVELOPE_SLOT), &a);
	bool second = read_slot(str_from(slots, ENVELOPE_SLOT), &b);

	*s = (struct envelope_state){ 0 };
	if (first && (!second || a.sequence > b.sequence))
		*s = a;
	else if (second)
		*s = b;
}

void
envelope_sum_init(struct envelope_sum *s, unsigned version)
{
	*s = (struct envelope_sum){ .version = version };
	xxh64_init(&s->quick);
	if (version <= ENVELOPE_SHA256)
		crypt_sum_init(&s->sha256);
}

void
envelope_sum_add(struct envelope_sum *s, struct str piece)
{
	s->length += piece.n;
	if (s->version <= ENVELOPE_SHA256)
		crypt_sum_add(&s->sha256, piece);
	else
		xxh64_add(&s->quick, piece);
}

void
envelope_sum_end(struct envelope_sum *s, char *out)
{
	char hex[CRYPT_SHA256_HEX];

	if (s->version <= ENVELOPE_SHA256)
		crypt_sum_hex(&s->sha256, hex);
	else
		(void)snprintf(hex, sizeof(hex), "%016llx",
		    (unsigned long long)xxh64_sum(&s->quick));
	(void)snprintf(out, ENVELOPE_END + 1, "\nEnd: %020llu %-64s\n",
	    (unsigned long long)s->length, hex);
}
