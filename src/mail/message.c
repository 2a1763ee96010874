/* SPDX-License-Identifier: MIT */
#include "mail/message.h"

#include "codec/utf8.h"
#include "mail/field.h"
#include "mail/head.h"

/*
 * A line each: the type and the extensions that mean it. Source: IANA's
 * registry of media types, and for what is not registered the types that
 * browsers send. A text, since a table of pointers is 2 kB larger.
 */
static const char types[] =
    /* clang-format off */
    "application/epub+zip epub\n"
    "application/gzip gz tgz\n"
    "application/java-archive jar\n"
    "application/json json\n"
    "application/jsonl jsonl\n"
    "application/msword doc dot\n"
    "application/pdf pdf\n"
    "application/pgp-encrypted pgp\n"
    "application/pgp-signature asc sig\n"
    "application/pkcs7-mime p7m\n"
    "application/pkcs7-signature p7s\n"
    "application/pkix-cert cer\n"
    "application/pkix-crl crl\n"
    "application/postscript ai eps ps\n"
    "application/rtf rtf\n"
    "application/sql sql\n"
    "application/toml toml\n"
    "application/vnd.android.package-archive apk\n"
    "application/vnd.apple.numbers numbers\n"
    "application/vnd.apple.pages pages\n"
    "application/vnd.debian.binary-package deb\n"
    "application/vnd.ms-excel xls\n"
    "application/vnd.ms-excel.sheet.binary.macroEnabled.12 xlsb\n"
    "application/vnd.ms-excel.sheet.macroEnabled.12 xlsm\n"
    "application/vnd.ms-outlook msg\n"
    "application/vnd.ms-powerpoint pps ppt\n"
    "application/vnd.ms-visio.drawing.main+xml vsdx\n"
    "application/vnd.ms-word.document.macroEnabled.12 docm\n"
    "application/vnd.oasis.opendocument.presentation odp\n"
    "application/vnd.oasis.opendocument.spreadsheet ods\n"
    "application/vnd.oasis.opendocument.text odt\n"
    "application/vnd.openxmlformats-officedocument.presentationml.presentation "
	"pptx\n"
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx\n"
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document "
	"docx\n"
    "application/vnd.openxmlformats-officedocument.wordprocessingml.template "
	"dotx\n"
    "application/vnd.rar rar\n"
    "application/vnd.tcpdump.pcap pcap\n"
    "application/x-7z-compressed 7z\n"
    "application/x-bzip2 bz2\n"
    "application/x-iso9660-image iso\n"
    "application/x-pem-file pem\n"
    "application/x-rpm rpm\n"
    "application/x-sh sh\n"
    "application/x-tar tar\n"
    "application/x-x509-ca-cert crt\n"
    "application/x-xz xz\n"
    "application/xhtml+xml xhtml\n"
    "application/xml xml\n"
    "application/yaml yaml yml\n"
    "application/zip zip\n"
    "application/zstd zst\n"
    "audio/aac aac\n"
    "audio/flac flac\n"
    "audio/midi mid\n"
    "audio/mp4 m4a\n"
    "audio/mpeg mp3\n"
    "audio/ogg ogg opus\n"
    "audio/wav wav\n"
    "audio/x-ms-wma wma\n"
    "font/otf otf\n"
    "font/ttf ttf\n"
    "font/woff2 woff2\n"
    "image/avif avif\n"
    "image/bmp bmp\n"
    "image/gif gif\n"
    "image/heic heic\n"
    "image/jpeg jpeg jpg\n"
    "image/png png\n"
    "image/svg+xml svg\n"
    "image/tiff tif tiff\n"
    "image/vnd.microsoft.icon ico\n"
    "image/webp webp\n"
    "message/rfc822 eml\n"
    "text/calendar ics\n"
    "text/css css\n"
    "text/csv csv\n"
    "text/html htm html\n"
    "text/javascript js\n"
    "text/markdown md\n"
    "text/plain cfg conf ini log txt\n"
    "text/vcard vcf\n"
    "text/x-diff diff patch\n"
    "video/matroska mkv\n"
    "video/mp4 mp4\n"
    "video/mpeg mpeg\n"
    "video/quicktime mov\n"
    "video/webm webm\n"
    "video/x-ms-wmv wmv\n"
    "video/x-msvideo avi\n";
/* clang-format on */

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

struct str
message_guess_type(struct str name)
{
	struct str rest = str_of(types), line, type, extension, have;
	size_t point = name.n;

	while (point > 0 && name.p[point - 1] != '.')
		point--;
	extension = str_from(name, point);
	while (point > 1 && str_next(&rest, '\n', &line)) {
		(void)str_next(&line, ' ', &type);
		while (str_next(&line, ' ', &have))
			if (str_ieq(have, extension))
				return type;
	}
	return STR("application/octet-stream");
}
