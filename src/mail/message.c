/* SPDX-License-Identifier: MIT */
#include "mail/message.h"

#include "codec/utf8.h"
#include "mail/field.h"
#include "mail/head.h"

/*
 * Sorted by extension. Source: IANA's registry of media types, and for what
 * is not registered the types that browsers send.
 */
static const struct {
	const char *extension, *type;
} types[] = {
	/* clang-format off */
	{ "7z", "application/x-7z-compressed" },
	{ "aac", "audio/aac" },
	{ "ai", "application/postscript" },
	{ "apk", "application/vnd.android.package-archive" },
	{ "asc", "application/pgp-signature" },
	{ "avi", "video/x-msvideo" },
	{ "avif", "image/avif" },
	{ "bmp", "image/bmp" },
	{ "bz2", "application/x-bzip2" },
	{ "cer", "application/pkix-cert" },
	{ "cfg", "text/plain" },
	{ "conf", "text/plain" },
	{ "crl", "application/pkix-crl" },
	{ "crt", "application/x-x509-ca-cert" },
	{ "css", "text/css" },
	{ "csv", "text/csv" },
	{ "deb", "application/vnd.debian.binary-package" },
	{ "diff", "text/x-diff" },
	{ "doc", "application/msword" },
	{ "docm", "application/vnd.ms-word.document.macroEnabled.12" },
	{ "docx", "application/vnd.openxmlformats-officedocument"
	    ".wordprocessingml.document" },
	{ "dot", "application/msword" },
	{ "dotx", "application/vnd.openxmlformats-officedocument"
	    ".wordprocessingml.template" },
	{ "eml", "message/rfc822" },
	{ "eps", "application/postscript" },
	{ "epub", "application/epub+zip" },
	{ "flac", "audio/flac" },
	{ "gif", "image/gif" },
	{ "gz", "application/gzip" },
	{ "heic", "image/heic" },
	{ "htm", "text/html" },
	{ "html", "text/html" },
	{ "ico", "image/vnd.microsoft.icon" },
	{ "ics", "text/calendar" },
	{ "ini", "text/plain" },
	{ "iso", "application/x-iso9660-image" },
	{ "jar", "application/java-archive" },
	{ "jpeg", "image/jpeg" },
	{ "jpg", "image/jpeg" },
	{ "js", "text/javascript" },
	{ "json", "application/json" },
	{ "jsonl", "application/jsonl" },
	{ "log", "text/plain" },
	{ "m4a", "audio/mp4" },
	{ "md", "text/markdown" },
	{ "mid", "audio/midi" },
	{ "mkv", "video/matroska" },
	{ "mov", "video/quicktime" },
	{ "mp3", "audio/mpeg" },
	{ "mp4", "video/mp4" },
	{ "mpeg", "video/mpeg" },
	{ "msg", "application/vnd.ms-outlook" },
	{ "numbers", "application/vnd.apple.numbers" },
	{ "odp", "application/vnd.oasis.opendocument.presentation" },
	{ "ods", "application/vnd.oasis.opendocument.spreadsheet" },
	{ "odt", "application/vnd.oasis.opendocument.text" },
	{ "ogg", "audio/ogg" },
	{ "opus", "audio/ogg" },
	{ "otf", "font/otf" },
	{ "p7m", "application/pkcs7-mime" },
	{ "p7s", "application/pkcs7-signature" },
	{ "pages", "application/vnd.apple.pages" },
	{ "patch", "text/x-diff" },
	{ "pcap", "application/vnd.tcpdump.pcap" },
	{ "pdf", "application/pdf" },
	{ "pem", "application/x-pem-file" },
	{ "pgp", "application/pgp-encrypted" },
	{ "png", "image/png" },
	{ "pps", "application/vnd.ms-powerpoint" },
	{ "ppt", "application/vnd.ms-powerpoint" },
	{ "pptx", "application/vnd.openxmlformats-officedocument"
	    ".presentationml.presentation" },
	{ "ps", "application/postscript" },
	{ "rar", "application/vnd.rar" },
	{ "rpm", "application/x-rpm" },
	{ "rtf", "application/rtf" },
	{ "sh", "application/x-sh" },
	{ "sig", "application/pgp-signature" },
	{ "sql", "application/sql" },
	{ "svg", "image/svg+xml" },
	{ "tar", "application/x-tar" },
	{ "tgz", "application/gzip" },
	{ "tif", "image/tiff" },
	{ "tiff", "image/tiff" },
	{ "toml", "application/toml" },
	{ "ttf", "font/ttf" },
	{ "txt", "text/plain" },
	{ "vcf", "text/vcard" },
	{ "vsdx", "application/vnd.ms-visio.drawing.main+xml" },
	{ "wav", "audio/wav" },
	{ "webm", "video/webm" },
	{ "webp", "image/webp" },
	{ "wma", "audio/x-ms-wma" },
	{ "wmv", "video/x-ms-wmv" },
	{ "woff2", "font/woff2" },
	{ "xhtml", "application/xhtml+xml" },
	{ "xls", "application/vnd.ms-excel" },
	{ "xlsb", "application/vnd.ms-excel.sheet.binary.macroEnabled.12" },
	{ "xlsm", "application/vnd.ms-excel.sheet.macroEnabled.12" },
	{ "xlsx", "application/vnd.openxmlformats-officedocument"
	    ".spreadsheetml.sheet" },
	{ "xml", "application/xml" },
	{ "xz", "application/x-xz" },
	{ "yaml", "application/yaml" },
	{ "yml", "application/yaml" },
	{ "zip", "application/zip" },
	{ "zst", "application/zstd" },
	/* clang-format on */
};

enum { SHOWN = 60 }; /* bytes of a bad name that an error quotes */

static bool
is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool
check_utf8(struct str s, const char *what, struct err *e)
{
	if (utf8_is_valid(s))
		return true;
	err_set(e, ERR_INPUT, "%s is not UTF-8 from byte %zu on", what,
	    utf8_bad_at(s) + 1);
	return err_remedy(e,
	    "Convert it first, for instance: iconv -f "
	    "WINDOWS-1252 -t UTF-8");
}

/* Text that becomes one line of a header. */
static bool
check_line(struct str s, const char *what, struct err *e)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\r' || s.p[i] == '\n')
			return err_set(e, ERR_INPUT,
			    "%s has a line end at byte %zu", what, i + 1);
		if (s.p[i] == '\0')
			return err_set(e, ERR_INPUT, "%s has a NUL at byte %zu",
			    what, i + 1);
	}
	return check_utf8(s, what, e);
}

/* Text of any number of lines. RFC 5322 2.3: no NUL. */
static bool
check_body(struct str s, const char *what, struct err *e)
{
	size_t nul = str_chr(s, '\0');

	if (nul < s.n) {
		err_set(e, ERR_INPUT, "%s has a NUL at byte %zu", what,
		    nul + 1);
		return err_remedy(e,
		    "Is it a file of some program? Use --attach.");
	}
	return check_utf8(s, what, e);
}

static bool
check_addresses(const struct addr *list, const char *what, struct err *e)
{
	for (; list != NULL; list = list->next) {
		if (list->domain.n == 0)
			return err_set(e, ERR_INPUT,
			    "%s: \"%.*s\" has no domain", what,
			    STR_ARG(str_first(list->text, SHOWN)));
		if (!check_line(list->name, what, e) ||
		    !check_line(list->text, what, e))
			return false;
	}
	return true;
}

static bool
check_envelope(const struct message *m, struct err *e)
{
	if (m->to == NULL && m->cc == NULL && m->bcc == NULL)
		return err_set(e, ERR_INPUT, "the message has no recipient");
	return check_addresses(m->from, "the sender", e) &&
	    check_addresses(m->reply_to, "Reply-To", e) &&
	    check_addresses(m->to, "To", e) &&
	    check_addresses(m->cc, "Cc", e) &&
	    check_addresses(m->bcc, "Bcc", e);
}

static bool
check_field(const struct message_field *f, struct err *e)
{
	struct str shown = str_first(f->name, SHOWN);
	const char *instead = field_of(f->name)->option;

	if (!head_is_name(f->name))
		return err_set(e, ERR_INPUT,
		    "\"%.*s\" is no name of a header field", STR_ARG(shown));
	if (instead != NULL)
		return err_set(e, ERR_INPUT,
		    "the field %.*s cannot be given: %s", STR_ARG(shown),
		    instead);
	if (!check_line(f->value, "the value", e))
		return err_wrap(e, "field %.*s", STR_ARG(shown));
	return true;
}

/* RFC 2045 5.1: printable ASCII without blanks and tspecials. */
static size_t
token_size(struct str s)
{
	struct str specials = STR("()<>@,;:\\\"/[]?=");
	size_t n = 0;

	while (n < s.n && s.p[n] > ' ' && s.p[n] <= '~' &&
	    str_chr(specials, s.p[n]) == specials.n)
		n++;
	return n;
}

/* "type/subtype", and parameters behind a semicolon. */
static bool
is_media_type(struct str s)
{
	size_t type = token_size(s);
	struct str rest = str_from(s, type + 1);
	size_t subtype = token_size(rest);

	if (type == 0 || type >= s.n || s.p[type] != '/' || subtype == 0)
		return false;
	rest = str_trim(str_from(rest, subtype));
	for (size_t i = 0; i < rest.n; i++)
		if (is_control(rest.p[i]) || (unsigned char)rest.p[i] > '~')
			return false;
	return rest.n == 0 || rest.p[0] == ';';
}

/* RFC 2392 2, as loosely as it is used: "logo" has no '@'. */
static bool
is_content_id(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '<' ||
		    s.p[i] == '>' || s.p[i] == '"')
			return false;
	return s.n > 0;
}

static bool
check_file(const struct message_file *f, struct err *e)
{
	struct str name = str_first(f->name, SHOWN);

	if (f->name.n == 0)
		return err_set(e, ERR_INPUT, "an attachment has no name");
	if (!check_line(f->name, "the name of an attachment", e))
		return false;
	if (!is_media_type(f->type))
		return err_set(e, ERR_INPUT,
		    "attachment \"%.*s\": \"%.*s\" is no media type such as "
		    "application/pdf",
		    STR_ARG(name), STR_ARG(str_first(f->type, SHOWN)));
	if (f->cid.p != NULL && !is_content_id(f->cid))
		return err_set(e, ERR_INPUT,
		    "attachment \"%.*s\": \"%.*s\" is no content id: letters, "
		    "digits and marks, without blanks and brackets",
		    STR_ARG(name), STR_ARG(str_first(f->cid, SHOWN)));
	return true;
}

/* An HTML text could not tell two pictures of one id apart. */
static bool
check_cids(const struct message *m, struct err *e)
{
	for (size_t i = 0; i < m->n_files; i++)
		for (size_t j = 0; j < i; j++)
			if (m->file[i].cid.p != NULL &&
			    m->file[j].cid.p != NULL &&
			    str_eq(m->file[i].cid, m->file[j].cid))
				return err_set(e, ERR_INPUT,
				    "two inline files have the content id "
				    "\"%.*s\"",
				    STR_ARG(str_first(m->file[i].cid, SHOWN)));
	return true;
}

static bool
check_id(struct str id, struct err *e)
{
	struct str inner;

	if (id.n == 0)
		return true;
	inner = str_first(str_from(id, 1), id.n - 2);
	if (id.n < 3 || id.p[0] != '<' || id.p[id.n - 1] != '>' ||
	    !is_content_id(inner))
		return err_set(e, ERR_INPUT, "\"%.*s\" is no Message-ID",
		    STR_ARG(str_first(id, SHOWN)));
	return true;
}

bool
message_check(const struct message *m, struct err *e)
{
	if (!check_envelope(m, e) ||
	    !check_line(m->subject, "the subject", e) ||
	    !check_id(m->message_id, e) ||
	    !check_body(m->text, "the text", e) ||
	    !check_body(m->html, "the HTML text", e))
		return false;
	for (size_t i = 0; i < m->n_fields; i++)
		if (!check_field(&m->field[i], e))
			return false;
	for (size_t i = 0; i < m->n_files; i++)
		if (!check_file(&m->file[i], e))
			return false;
	return check_cids(m, e);
}

/* A right side that every mail program takes (RFC 5322 3.6.4 dot-atom). */
static bool
is_plain_domain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) &&
		    s.p[i] != '-' && s.p[i] != '.')
			return false;
	return s.n > 0;
}

struct str
message_make_id(struct arena *a, const unsigned char random[16],
    struct str domain)
{
	char hex[32];

	(void)str_hex(hex, random, sizeof(hex) / 2);
	/* RFC 6761 6.4: nobody's domain. */
	if (!is_plain_domain(domain))
		domain = STR("post365.invalid");
	return arena_fmt(a, "<%.*s@%.*s>", (int)sizeof(hex), hex,
	    STR_ARG(domain));
}

#define ATTACHED "The text of this message is in the attached file "

static const struct message_stand_in stand_ins[] = {
	{ STR_INIT("message.txt"), STR_INIT("text/plain"),
	    STR_INIT(ATTACHED "message.txt.\r\n") },
	{ STR_INIT("message.html"), STR_INIT("text/html"),
	    STR_INIT("<p>" ATTACHED "message.html.</p>\r\n") },
};

const struct message_stand_in *
message_stand_in(bool html)
{
	return &stand_ins[html];
}

/* As str_cmp, letters of a in any case, those of b small. */
static int
compare_lower(struct str a, struct str b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++) {
		int c =
		    (unsigned char)ascii_lower(a.p[i]) - (unsigned char)b.p[i];

		if (c != 0)
			return c;
	}
	return (a.n > b.n) - (a.n < b.n);
}

struct str
message_guess_type(struct str name)
{
	size_t low = 0, high = sizeof(types) / sizeof(*types), middle;
	size_t point = name.n;
	struct str extension;
	int c;

	while (point > 0 && name.p[point - 1] != '.')
		point--;
	extension = str_from(name, point);
	while (point > 1 && low < high) {
		middle = low + (high - low) / 2;
		c = compare_lower(extension, str_of(types[middle].extension));
		if (c == 0)
			return str_of(types[middle].type);
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return STR("application/octet-stream");
}
