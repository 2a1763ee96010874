/* SPDX-License-Identifier: MIT */
#include "command/send/send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "codec/base64.h"
#include "command.h"
#include "compose/compose.h"
#include "deliver/attempt.h"
#include "deliver/report.h"
#include "t.h"

static const struct cli_command command = { "send", send_main, "[RECIPIENT...]",
	"Sends one message.", send_options, TEXT_HELP_SEND, NULL };

static const struct log silent = { 0 };

/* Settings for which nothing listens: what gets that far says so. */
static const char config_text[] =
    "tenant_id = contoso.com\n"
    "client_id = 66666666-7777-8888-9999-aaaaaaaaaaaa\n"
    "client_secret = s\n"
    "from = me@contoso.com\n"
    "login_url = http://127.0.0.1:1\n"
    "graph_url = http://127.0.0.1:1/v1.0\n"
    "token_cache = no\n"
    "state_dir = state\n"
    "aliases = aliases\n"
    "[account off]\n"
    "enabled = no\n"
    "[account box]\n"
    "mailbox = box@contoso.com\n"
    "[account exact]\n"
    "delivery = exact\n"
    "[account locked]\n"
    "client_id = 66666666-7777-8888-9999-aaaaaaaaaaaa\n"
    "client_secret_command = echo locked out >&2; exit 3\n";

/* Larger than mime_limit, and small enough for JSON. */
static void
make_text(void)
{
	struct buf text;

	buf_init(&text, 4000000);
	for (int i = 0; i < 30000; i++)
		buf_addz(&text,
		    "0123456789012345678901234567890123456789012345678901234"
		    "567890123456789012345678901234567890123456789012345678\n");
	(void)command_file("3m", buf_view(&text), 0600);
	buf_release(&text);
}

/* Larger than mime_limit, and not to be taken apart. */
static void
make_signed(void)
{
	struct buf text;

	buf_init(&text, 4000000);
	buf_addz(&text,
	    "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n"
	    "Content-Type: application/pdf; name=a\r\n\r\n");
	for (int i = 0; i < 50000; i++)
		buf_addz(&text,
		    "0123456789012345678901234567890123456789"
		    "01234567\r\n");
	buf_addz(&text, "--b\r\n\r\nsignature\r\n--b--\r\n");
	(void)command_file("signed", buf_view(&text), 0600);
	buf_release(&text);
}

/* Everything that the rows below name, in a folder that is also $PWD. */
static void
make_files(void)
{
	char path[128];

	command_clear_environment();
	(void)command_file("c", STR(""), 0600); /* makes the folder */
	T_CHECK(chdir(command_folder()) == 0, "chdir");
	(void)setenv("POST365_CONFIG", "c", 1);
	(void)command_file("c", str_of(config_text), 0600);
	(void)command_file("world", str_of(config_text), 0644);
	(void)command_file("typo", STR("frmo = a@b.example\n"), 0600);
	(void)command_file("bad", STR("timeout = soon\n"), 0600);
	(void)command_file("none", STR("\n"), 0600);
	(void)command_file("a.txt", STR("attached\n"), 0600);
	(void)command_file("b;c.pdf", STR("%PDF"), 0600);
	(void)command_file("aliases", STR("ops: o@x.example, p@x.example\n"),
	    0600);
	(void)command_file("body", STR("hello\n"), 0600);
	(void)command_file("html", STR("<p>hello</p>\n"), 0600);
	(void)command_file("latin1", STR("caf\351\n"), 0600);
	(void)command_file("nul", STR("a\0b"), 0600);
	(void)command_file("caf\351", STR("x"), 0600);
	(void)command_file("eml", STR("To: c@d.example\n\nhi\n"), 0600);
	make_signed();
	make_text();
	(void)truncate(command_file("2m", STR(""), 0600), 2000000);
	(void)truncate(command_file("5m", STR(""), 0600), 5000000);
	(void)truncate(command_file("huge", STR(""), 0600), 157286401);
	(void)truncate(command_file("most", STR(""), 0600), 157286400);
	(void)snprintf(path, sizeof(path), "%s/folder", command_folder());
	T_CHECK(mkdir(path, 0700) == 0, "mkdir");
	(void)snprintf(path, sizeof(path), "%s/fifo", command_folder());
	T_CHECK(mkfifo(path, 0600) == 0, "mkfifo");
}

static void
remove_files(const char *back)
{
	T_CHECK(chdir(back) == 0, "chdir back");
	command_folder_remove();
}

/* What is refused, why, and with which exit status. Nothing is sent. */
/* clang-format off */
static const struct {
	const char *name;
	const char *argv[8];
	struct str in;
	int code;
	const char *err;
} refused[] = {
	{ "nobody", { "-s", "x" }, { 0 }, 64, "nobody to send it to" },
	{ "empty list", { "-t", "" }, { 0 }, 64, "nobody to send it to" },
	{ "unknown option", { "--atach", "f", "a@b.example" }, { 0 }, 64,
	  "unknown option --atach\n  do: did you mean --attach?" },
	{ "no value", { "a@b.example", "-s" }, { 0 }, 64, "needs TEXT" },
	{ "importance", { "--importance", "urgent", "a@b.example" }, { 0 },
	  64, "--importance is low, normal or high" },
	{ "settings and body", { "-C", "-", "a@b.example" }, { 0 }, 64,
	  "--config and the body both want it" },
	{ "settings and text", { "-C", "-", "--text", "-", "a@b.example" },
	  { 0 }, 64, "--text and --config both want it" },
	{ "bare name", { "root" }, { 0 }, 64,
	  "\"root\" has no domain, and is no alias" },
	{ "bare name, that of a file", { "-a", "a.txt", "a.txt",
	  "a@b.example" }, { 0 }, 64, "say -a for each file" },
	{ "bare name, in a copy", { "-c", "root", "a@b.example" }, { 0 }, 64,
	  "\"root\" has no domain" },
	{ "via", { "--via", "pigeon", "a@b.example" }, { 0 }, 64,
	  "--via is auto, mime, json or draft, not \"pigeon\"" },
	{ "via mime, not saved", { "--via", "mime", "--no-save",
	  "a@b.example" }, { 0 }, 64, "MIME cannot say that no copy" },
	{ "inline without HTML", { "--inline", "a.txt", "a@b.example" },
	  { 0 }, 64, "--inline is for files that --html shows" },
	{ "inline without a file", { "--inline", ";cid=x", "a@b.example" },
	  { 0 }, 64, "--inline wants FILE" },
	{ "empty cid", { "--inline", "a.txt;cid=", "a@b.example" }, { 0 }, 64,
	  "--inline: nothing behind ;cid=" },
	{ "eml and subject", { "--eml", "eml", "-s", "x" }, { 0 }, 64,
	  "--eml brings a whole message: leave out --subject" },
	{ "eml and HTML", { "--html", "html", "--eml", "eml" }, { 0 }, 64,
	  "leave out --html" },
	{ "eml for nobody", { "--eml", "-" }, STR_INIT("To: x:;\n\nhi\n"), 64,
	  "nobody to send it to" },
	{ "empty eml for nobody", { "--eml", "-" }, { 0 }, 64,
	  "nobody to send it to" },
	{ "eml and text", { "--eml", "-", "-a", "-" }, { 0 }, 64,
	  "--eml and --attach both want it" },
	{ "json and dry", { "-n", "--json", "a@b.example" }, { 0 }, 64,
	  "choose one" },
	{ "two times stdin", { "--text", "-", "-a", "-", "a@b.example" },
	  { 0 }, 64, "--text and --attach both want it" },
	{ "config and text", { "-C", "-", "--text", "-", "a@b.example" },
	  { 0 }, 64, "--text and --config both want it" },
	{ "header without colon", { "-H", "X-A", "a@b.example" }, { 0 }, 64,
	  "--header wants 'Name: value'" },
	{ "nothing to attach", { "-a", ";type=text/plain", "a@b.example" },
	  { 0 }, 64, "--attach wants FILE" },
	{ "empty type", { "-a", "a.txt;type=", "a@b.example" }, { 0 }, 64,
	  "nothing behind ;type=" },

	{ "malformed", { "a@b@c" }, { 0 }, 65, "recipient: " },
	{ "malformed, --cc", { "-c", "a@", "a@b.example" }, { 0 }, 65,
	  "--cc: " },
	{ "one of many malformed", { "a@b.example", "-b", "c@d.example, <" },
	  { 0 }, 65, "--bcc: " },
	{ "malformed, --from", { "-f", "a@b@c", "a@b.example" }, { 0 }, 65,
	  "--from" },
	{ "LF in subject", { "-s", "a\nBcc: x@y.example", "a@b.example" },
	  { 0 }, 65, "the subject has a line end at byte 2" },
	{ "CR in subject", { "-s", "a\rb", "a@b.example" }, { 0 }, 65,
	  "the subject has a line end at byte 2" },
	{ "LF in header", { "-H", "X-A: b\nBcc: x@y.example",
	  "a@b.example" }, { 0 }, 65, "line end" },
	{ "LF in recipient", { "a@b.example\n", "-n" }, { 0 }, 65, "" },
	{ "charset", { "--charset", "x-none", "a@b.example" },
	  STR_INIT("caf\351"), 64, "--charset: \"x-none\" is not known" },
	{ "eml and charset", { "--charset", "utf-8", "--eml", "eml" }, { 0 },
	  64, "leave out --charset" },
	{ "field of an option", { "-H", "Subject: x", "a@b.example" }, { 0 },
	  65, "--subject" },
	{ "type", { "-a", "a.txt;type=text", "a@b.example" }, { 0 }, 65,
	  "no media type" },
	{ "huge attachment", { "-a", "huge", "a@b.example" }, { 0 }, 65,
	  "huge: larger than 157286400 bytes" },
	{ "attachments too large together", { "-a", "most", "-a", "a.txt",
	  "a@b.example" }, { 0 }, 65,
	  "157286409 bytes, max_message_size allows 157286400" },
	{ "endless attachment", { "-a", "/dev/zero", "a@b.example" }, { 0 },
	  65, "/dev/zero: larger than 157286400 bytes" },
	{ "same content id", { "--html", "html", "--inline", "a.txt",
	  "--inline", "body;cid=a.txt", "a@b.example" }, { 0 }, 65,
	  "two inline files have the content id \"a.txt\"" },
	{ "eml, bad recipient", { "--eml", "-" },
	  STR_INIT("To: a@b@c\n\nhi\n"), 65, "To: " },
	{ "eml, signed and too large", { "--eml", "signed", "a@b.example" },
	  { 0 }, 65, "it is signed or encrypted" },
	{ "endless body", { "--text", "/dev/zero", "a@b.example" }, { 0 },
	  65, "/dev/zero: larger than" },

	{ "missing attachment", { "-a", "nowhere", "a@b.example" }, { 0 },
	  66, "nowhere: No such file" },
	{ "folder attached", { "-a", "folder", "a@b.example" }, { 0 }, 66,
	  "folder: is a directory" },
	{ "missing eml", { "--eml", "nowhere", "a@b.example" }, { 0 }, 66,
	  "--eml: nowhere: cannot open" },
	{ "folder as eml", { "--eml", "folder", "a@b.example" }, { 0 }, 66,
	  "--eml: folder: is a directory" },
	{ "words for a file", { "--text", "two words", "a@b.example" }, { 0 },
	  66, "pipe the words: echo words | post365 send" },
	{ "missing body", { "--text", "nowhere", "a@b.example" }, { 0 }, 66,
	  "nowhere: cannot open" },
	{ "folder as body", { "--html", "folder", "a@b.example" }, { 0 }, 66,
	  "folder: cannot read" },

	{ "no such config", { "-C", "nowhere", "a@b.example" }, { 0 }, 78,
	  "nowhere: No such file" },
	{ "folder as config", { "-C", "folder", "a@b.example" }, { 0 }, 78,
	  "folder: is a directory" },
	{ "pipe as config", { "-C", "fifo", "a@b.example" }, { 0 }, 78,
	  "fifo: not a regular file" },
	{ "unknown key", { "-C", "typo", "a@b.example" }, { 0 }, 78,
	  "typo:1: unknown key \"frmo\"; did you mean from?" },
	{ "bad value", { "-C", "bad", "a@b.example" }, { 0 }, 78,
	  "bad:1: timeout: \"soon\" is not a time" },
	{ "secret for all", { "-C", "world", "a@b.example" }, { 0 }, 78,
	  "  do: chmod o-rwx world" },
	{ "no settings", { "-C", "none", "a@b.example" }, { 0 }, 78,
	  "not set: tenant_id, client_id, client_secret (or " },
	{ "no sender", { "-n", "-C", "none", "a@b.example" }, { 0 }, 78,
	  "not set: from" },
	{ "no such account", { "-A", "x", "a@b.example" }, { 0 }, 78,
	  "no [account x]" },
	{ "switched off", { "-A", "off", "a@b.example" }, { 0 }, 78,
	  "enabled = no (from c:11)" },
};
/* clang-format on */

static void
test_refused(void)
{
	struct command_run run = { .command = &command };
	struct command_result r;
	char *back = getcwd(NULL, 0);

	make_files();
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		memcpy(run.argv, refused[i].argv, sizeof(refused[i].argv));
		run.in = refused[i].in;
		command_run(&run, &r);
		T_CHECK(r.code == refused[i].code, "%s: %d, %s",
		    refused[i].name, r.code, r.err.p);
		T_CHECK(str_starts(buf_view(&r.err), STR("post365 send: ")) &&
			strstr(r.err.p, refused[i].err) != NULL,
		    "%s: %s", refused[i].name, r.err.p);
		T_CHECK(r.out.n == 0 || strstr(r.out.p, "\"failed\"") != NULL,
		    "%s: %s", refused[i].name, r.out.p);
		command_release(&r);
	}
	remove_files(back);
	free(back);
}

/*
 * want: pieces of the request, `|` between, of MIME what it is in base64 of;
 * "!x": x is not there. via: the route it has to take, asked for with '='.
 */
/* clang-format off */
static const struct {
	const char *name, *via;
	const char *argv[12];
	struct str in;
	const char *want;
} requests[] = {
	{ "plain", "=json", { "a@b.example", "-s", "Hi" }, STR_INIT("hello\n"),
	  "POST http://127.0.0.1:1/v1.0/users/me%40contoso.com/sendMail\n|"
	  "\nAuthorization: Bearer ***\n|\nContent-Type: application/json\n|"
	  "\"subject\":\"Hi\"|\"content\":\"hello\\n\"|"
	  "\"toRecipients\":[{\"emailAddress\":{|\"address\":\"a@b.example\"|"
	  "@contoso.com>|!saveToSentItems|!\"from\"" },
	{ "lists", "=json",
	  { "-t", "A <a@b.example>, c@d.example", "--cc=e@f.example",
	  "-b", "g@h.example", "i@j.example", "--reply-to", "k@l.example" },
	  { 0 }, "\"name\":\"A\"|c@d.example|i@j.example|\"ccRecipients\"|"
	  "e@f.example|\"bccRecipients\"|g@h.example|\"replyTo\"|k@l.example"
	},
	{ "HTML", "=json", { "--html", "html", "a@b.example" }, { 0 },
	  "<p>hello|!hello\\n\"" },
	{ "text file", "=json", { "--text", "body", "a@b.example" },
	  STR_INIT("not read"), "\"hello\\n\"|!not read" },
	{ "mark is not text", "=json", { "a@b.example" },
	  STR_INIT("\357\273\277x"),
	  "\"content\":\"x\"" },
	{ "empty", "=json", { "a@b.example" }, { 0 }, "\"content\":\"\"" },
	{ "Latin 1", "=json", { "a@b.example" }, STR_INIT("caf\351 \200\n"),
	  "\"caf\303\251 \342\202\254\\n\"" },
	{ "Latin 1 file", "=json", { "--text", "latin1", "a@b.example" },
	  { 0 }, "\"caf\303\251\\n\"" },
	{ "Latin 1 HTML", "=json", { "--html", "latin1", "a@b.example" },
	  { 0 }, "\"contentType\":\"html\"|\"caf\303\251\\n\"" },
	{ "charset", "=json", { "--charset", "ISO-8859-15", "a@b.example" },
	  STR_INIT("\244\n"), "\"\342\202\254\\n\"" },
	{ "charset of UTF-8", "=json", { "--charset", "windows-1252",
	  "a@b.example" }, STR_INIT("\303\251\n"),
	  "\"\303\203\302\251\\n\"" },
	{ "UTF-16", "=json", { "a@b.example" },
	  STR_INIT("\377\376B\0\344\0\75\330\347\334"),
	  "\"B\303\244\360\237\223\247\"" },
	{ "UTF-16, the other order", "=json", { "a@b.example" },
	  STR_INIT("\376\377\0B\0\344"), "\"B\303\244\"" },
	{ "UTF-16, said", "=json", { "--charset", "UTF-16", "a@b.example" },
	  STR_INIT("B\0a\0"), "\"content\":\"Ba\"" },
	{ "NUL", "=json", { "--text", "nul", "a@b.example" }, { 0 },
	  "\"content\":\"ab\"" },
	{ "Latin 1 words", "=json", { "-s", "caf\351", "-H", "X-A: \351",
	  "-t", "Andr\351 <a@b.example>" }, { 0 },
	  "\"subject\":\"caf\303\251\"|\"value\":\"\303\251\"|"
	  "\"name\":\"Andr\303\251\"" },
	{ "Latin 1 file name", "=json", { "-a", "caf\351", "-a",
	  "a.txt;name=\351", "a@b.example" }, { 0 },
	  "\"name\":\"caf\303\251\"|\"name\":\"\303\251\"" },
	{ "attachments", "=json", { "-a", "a.txt", "-a", "b;c.pdf;name=d.pdf",
	  "-a",
	  "body;type=text/csv;name=e f.csv", "a@b.example" }, { 0 },
	  "\"name\":\"a.txt\"|\"contentType\":\"text/plain\"|"
	  "\"contentBytes\":\"YXR0YWNoZWQK\"|\"name\":\"d.pdf\"|"
	  "application/pdf|\"contentBytes\":\"JVBERg==\"|"
	  "\"name\":\"e f.csv\"|text/csv" },
	{ "attached from stdin", "=json", { "-a", "-;name=x.log",
	  "a@b.example" },
	  STR_INIT("log"), "\"content\":\"\"|\"name\":\"x.log\"|"
	  "\"contentBytes\":\"bG9n\"" },
	{ "field", "=json", { "-H", "X-A:  b ", "a@b.example" }, { 0 },
	  "\"internetMessageHeaders\":[{\"name\":\"X-A\"" },
	{ "marks", "=json", { "--importance", "high", "--read-receipt",
	  "--delivery-receipt", "--no-save", "a@b.example" }, { 0 },
	  "\"high\"|\"isReadReceiptRequested\":true|"
	  "\"isDeliveryReceiptRequested\":true|\"saveToSentItems\":false" },
	{ "sender", "=json", { "-f", "You <you@contoso.com>", "a@b.example" },
	  { 0 },
	  "/users/you%40contoso.com/sendMail|@contoso.com>\"" },
	{ "sender and mailbox", "=json", { "-A", "box", "-f",
	  "You <you@contoso.com>",
	  "a@b.example" }, { 0 }, "/users/box%40contoso.com/sendMail|"
	  "\"from\":{\"emailAddress\":{\"name\":\"You\","
	  "\"address\":\"you@contoso.com\"" },
	{ "account of the sender", "=json", { "-f", "BOX@contoso.com",
	  "a@b.example" },
	  { 0 }, "/users/box%40contoso.com/sendMail|!\"from\"" },
	{ "account of the author", "=mime", { "--eml", "-", "a@b.example" },
	  STR_INIT("Subject: x\nFrom: Box <BOX@contoso.com>\n\nx\n"),
	  "/users/box%40contoso.com/sendMail" },
	{ "account of the one who sent for them", "=mime", { "--eml", "-",
	  "a@b.example" }, STR_INIT("From: a@b.c, d@e.f\n"
	  "Sender: box@contoso.com\n\nx\n"),
	  "/users/box%40contoso.com/sendMail" },
	{ "author of nobody's account", "=mime", { "--eml", "-",
	  "a@b.example" }, STR_INIT("From: z@contoso.com\n\nx\n"),
	  "/users/me%40contoso.com/sendMail" },
	{ "account before the author", "=mime", { "-f", "me@contoso.com",
	  "--eml", "-", "a@b.example" },
	  STR_INIT("From: box@contoso.com\n\nx\n"),
	  "/users/me%40contoso.com/sendMail" },
	{ "switched off", "=json", { "-A", "off", "a@b.example" }, { 0 },
	  "me%40contoso.com" },
	{ "alias", "=json", { "ops" }, { 0 }, "\"address\":\"o@x.example\"|"
	  "\"address\":\"p@x.example\"" },
	{ "UTF-8", "=json", { "-s", "caf\303\251 \342\202\254",
	  "a@b.example" }, { 0 },
	  "caf\303\251 \342\202\254" },
	{ "MIME", "mime", { "a@b.example", "-s", "Hi" }, STR_INIT("hello\n"),
	  "POST http://127.0.0.1:1/v1.0/users/me%40contoso.com/sendMail\n|"
	  "\nAuthorization: Bearer ***\n|\nContent-Type: text/plain\n|"
	  "From: me@contoso.com\r\n|To: a@b.example\r\n|Subject: Hi\r\n|"
	  "Date: |Message-ID: <|\r\n\r\nhello\r\n|!Bcc|!X-Original-From" },
	{ "MIME, all of it", "mime", { "--text", "body", "--html", "html",
	  "-a", "b;c.pdf", "-b", "x@y.example", "--importance", "high",
	  "a@b.example" }, { 0 }, "multipart/mixed|multipart/alternative|"
	  "text/plain|text/html|application/pdf|Bcc: x@y.example|"
	  "Importance: high" },
	{ "MIME, inline", "mime", { "--html", "html", "--inline",
	  "a.txt;cid=b@c", "--inline", "b;c.pdf;name=l g.png", "a@b.example" },
	  { 0 }, "multipart/related|Content-ID: <b@c>|Content-ID: <l_g.png>|"
	  "inline;|image/png|!multipart/mixed" },
	{ "cid of an attachment", "mime", { "-a", "a.txt;name=x;cid=y",
	  "a@b.example" }, { 0 }, "filename=\"x;cid=y\"|!Content-ID" },
	{ "x- field", "json", { "-H", "X-A: b", "a@b.example" }, { 0 },
	  "internetMessageHeaders" },
	{ "other field", "mime", { "-H", "List-Id: <a.b>", "a@b.example" },
	  { 0 }, "List-Id: <a.b>\r\n" },
	{ "not saved", "json", { "--no-save", "a@b.example" }, { 0 },
	  "\"saveToSentItems\":false" },
	{ "a file over the limit", "json", { "-a", "2m", "a@b.example" },
	  { 0 }, "\"name\":\"2m\"" },
	{ "a file too large for JSON", "draft", { "-a", "5m", "-a", "a.txt",
	  "a@b.example" }, { 0 }, "/users/me%40contoso.com/messages\n|"
	  "filename=\"a.txt\"|!filename=\"5m\"" },
	{ "a text too large for a body", "draft", { "--text", "5m",
	  "a@b.example" }, { 0 }, "The text of this message is in the attached "
	  "file message.txt.\r\n|!filename=" },
	{ "a text and a file too large together", "draft", { "--text", "3m",
	  "-a", "5m", "a@b.example" }, { 0 }, "The text of this message is in "
	  "the attached file message.txt.\r\n|!filename=" },
	{ "a text and an HTML text", "json", { "--text", "3m", "--html", "3m",
	  "a@b.example" }, { 0 }, "\"contentType\":\"html\"" },
	{ "two texts and a file", "draft", { "--text", "3m", "--html", "3m",
	  "-a", "2m", "a@b.example" }, { 0 }, "attached file message.txt.\r\n|"
	  "attached file message.html.</p>\r\n|!filename=" },
	{ "an HTML text too large for a body", "draft", { "--html", "most",
	  "--text", "body", "a@b.example" }, { 0 }, "hello\r\n|<p>The text of "
	  "this message is in the attached file message.html.</p>\r\n" },
	{ "the largest file", "draft", { "-a", "most", "a@b.example" }, { 0 },
	  "To: a@b.example" },
	{ "draft of a small one", "=draft", { "-a", "a.txt", "a@b.example" },
	  { 0 }, "/users/me%40contoso.com/messages\n|filename=\"a.txt\"" },
	{ "exact", "draft", { "-A", "exact", "a@b.example" }, { 0 },
	  "/messages\n|To: a@b.example" },
	{ "eml", "mime", { "--eml", "eml" }, { 0 },
	  "To: c@d.example|From: me@contoso.com|Date: |Message-ID: <|"
	  "\r\n\r\nhi\r\n" },
	{ "eml for others", "mime", { "--eml", "eml", "a@b.example", "-b",
	  "x@y.example" }, { 0 },
	  "!\nTo:|X-Post365-To: c@d.example|"
	  "Bcc: a@b.example, x@y.example" },
	{ "eml as JSON", "=json", { "--eml", "-" },
	  STR_INIT("To: A <c@d.example>\nBcc: e@f.example\nX-B: c\n"
	  "Subject: =?utf-8?q?=C3=A4?=\n\nhi\n"),
	  "\"subject\":\"\303\244\"|\"content\":\"hi\\r\\n\"|"
	  "\"name\":\"A\"|c@d.example|bccRecipients|e@f.example|X-B" },
	{ "eml, not saved", "json", { "--eml", "eml", "--no-save" }, { 0 },
	  "\"saveToSentItems\":false" },
};
/* clang-format on */

/* Replaces the base64 of a message by what it is of. */
static void
decode_body(size_t i, struct buf *out)
{
	size_t at = str_find(buf_view(out), STR("\n\n")) + 2;
	struct str body = str_from(buf_view(out), at);
	struct buf text;
	struct err e;

	buf_init(&text, 4000000);
	body = str_first(body, str_chr(body, '\n'));
	T_CHECK(base64_decode(&text, body, &e), "%s: %s", requests[i].name,
	    e.msg);
	buf_rewind(out, at);
	buf_adds(out, buf_view(&text));
	buf_release(&text);
}

/* The message stands above the request. */
static void
skip_message(struct buf *out)
{
	size_t at = str_find(buf_view(out), STR("\nPOST ")) + 1;
	struct buf rest;

	buf_init(&rest, 4000000);
	buf_adds(&rest, str_from(buf_view(out), at));
	buf_rewind(out, 0);
	buf_adds(out, buf_view(&rest));
	buf_release(&rest);
}

static void
check_request(size_t i, struct command_result *r)
{
	struct str rest = str_of(requests[i].want), want;
	const char *length = strstr(r->out.p, "Content-Length: ");
	struct str body = buf_view(&r->out);
	bool there, no;

	body = str_from(body, str_find(body, STR("\n\n")) + 2);
	body = str_first(body, str_chr(body, '\n'));
	T_CHECK(length != NULL && strtoul(length + 16, NULL, 10) == body.n,
	    "%s: length", requests[i].name);
	if (strstr(r->out.p, "\nContent-Type: text/plain\n") != NULL)
		decode_body(i, &r->out);
	while (str_next(&rest, '|', &want)) {
		no = str_starts(want, STR("!"));
		want = str_from(want, no);
		there = str_find(buf_view(&r->out), want) < r->out.n;
		T_CHECK(there != no, "%s: %s\"%.*s\" in %s", requests[i].name,
		    no ? "" : "no ", STR_ARG(want), r->out.p);
	}
}

static void
check_route(size_t i, const struct command_result *r)
{
	const char *via = requests[i].via;
	char line[64];

	(void)snprintf(line, sizeof(line), "route: %s, as ",
	    via + (via[0] == '='));
	T_CHECK(strstr(r->err.p, line) != NULL, "%s: %s", requests[i].name,
	    r->err.p);
}

static void
test_dry_run(void)
{
	struct command_run run = { .command = &command };
	struct command_result r;
	char *back = getcwd(NULL, 0);
	size_t n;

	make_files();
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		n = 0;
		run.argv[n++] = "-nv";
		if (requests[i].via[0] == '=') {
			run.argv[n++] = "--via";
			run.argv[n++] = requests[i].via + 1;
		}
		memcpy(run.argv + n, requests[i].argv,
		    sizeof(requests[i].argv));
		run.in = requests[i].in;
		command_run(&run, &r);
		T_CHECK(r.code == 0, "%s: %d, %s", requests[i].name, r.code,
		    r.err.p);
		skip_message(&r.out);
		check_request(i, &r);
		check_route(i, &r);
		command_release(&r);
	}
	remove_files(back);
	free(back);
}

/* What a script gets to see of a failure. */
static void
test_json(void)
{
	struct command_run run = { .command = &command,
		.argv = { "--json", "-A", "locked", "a@b.example" } };
	struct command_result r;
	char *back = getcwd(NULL, 0);

	make_files();
	command_run(&run, &r);
	T_CHECK(r.code == 78, "%d: %s", r.code, r.err.p);
	T_CHECK(str_starts(buf_view(&r.out),
		    STR("{\"status\":\"failed\",\"message_id\":\"<")),
	    "%s", r.out.p);
	T_CHECK(strstr(r.out.p,
		    "\"attempts\":0,\"error\":{\"code\":"
		    "\"config\",\"message\":"
		    "\"client_secret_command: ended with ") != NULL,
	    "%s", r.out.p);
	T_CHECK(str_ends(buf_view(&r.out), STR("\"retryable\":false}}\n")),
	    "%s", r.out.p);
	T_CHECK(strstr(r.err.p, "locked out\npost365 send: client_") != NULL,
	    "%s", r.err.p);
	command_release(&r);
	run.argv[0] = "--quiet";
	command_run(&run, &r);
	T_CHECK(r.code == 78 && r.out.n == 0 &&
		str_eq(buf_view(&r.err), STR("locked out\n")),
	    "%d: %s", r.code, r.err.p);
	command_release(&r);
	remove_files(back);
	free(back);
}

/* What Exchange does not take at a time goes in parts. */
static void
test_split(void)
{
	struct command_run run = { .command = &command,
		.argv = { "-nv", "--eml", "-" } };
	struct command_result r;
	char *back = getcwd(NULL, 0);
	const char *second;
	struct buf in;

	make_files();
	buf_init(&in, 100000);
	buf_addz(&in, "To: x@y.example");
	for (int i = 0; i < 1000; i++)
		buf_addf(&in, ",\n r%d@x.example", i);
	buf_addz(&in, "\n\nhi\n");
	run.in = buf_view(&in);
	command_run(&run, &r);
	T_CHECK(r.code == 0, "%s", r.err.p);
	second = r.out.p;
	for (int i = 0; i < 3; i++, second++) {
		second = strstr(second, "POST http");
		T_CHECK(second != NULL, "request %d", i);
		if (second == NULL)
			break;
	}
	T_CHECK(second == NULL || strstr(second, "POST http") == NULL,
	    "a fourth request");
	command_release(&r);
	buf_release(&in);
	remove_files(back);
	free(back);
}

/* A file that shrinks while it is sent must not become a shorter one. */
static void
test_file_shrinks(void)
{
	static struct compose c;
	const char *path = command_file("f", STR("0123456789"), 0600);
	const struct source *s;
	char got[10];
	struct err e;

	c = (struct compose){ 0 };
	compose_init(&c, &silent);
	T_CHECK(compose_attach(&c, path, &e), "%s", e.msg);
	s = &c.message.file[0].content;
	T_CHECK(s->size == 10 && source_read(s, 4, got, 3, &e) &&
		memcmp(got, "456", 3) == 0,
	    "read");
	T_CHECK(truncate(path, 5) == 0, "truncate");
	T_CHECK(!source_read(s, 0, got, 10, &e) && err_exit(&e) == 66 &&
		strstr(e.msg, "became shorter") != NULL,
	    "%s", e.msg);
	compose_release(&c);
	command_folder_remove();
}

/* The clock of the test: waits take no time. */
struct fake {
	int64_t now, waited;
};

static int64_t
fake_now(void *arg)
{
	return ((struct fake *)arg)->now;
}

static void
fake_sleep(void *arg, int64_t deadline)
{
	struct fake *f = arg;

	f->waited += deadline - f->now;
	f->now = deadline;
}

/* clang-format off */
static const struct {
	const char *name;
	enum err_kind kind;
	int64_t retry_after_ms, takes_ms; /* asked for; each try */
	unsigned tries;
	int64_t least_ms, most_ms;	  /* of waiting */
} policies[] = {
	{ "usual", ERR_RETRY, 0, 10, 3, 3000, 4000 },
	{ "slow", ERR_RETRY, 0, 8000, 2, 1000, 1500 },
	{ "too slow", ERR_RETRY, 0, 9500, 1, 0, 0 },
	{ "told 2 s", ERR_RETRY, 2000, 10, 3, 4000, 5000 },
	{ "told 5 s", ERR_RETRY, 5000, 10, 2, 5000, 5500 },
	{ "told 11 s", ERR_RETRY, 11000, 10, 1, 0, 0 },
	{ "unsure", ERR_UNSURE, 0, 10, 1, 0, 0 },
	{ "unsure, told", ERR_UNSURE, 1000, 10, 1, 0, 0 },
	{ "refused", ERR_REFUSED, 0, 10, 1, 0, 0 },
	{ "not allowed", ERR_AUTH, 0, 10, 1, 0, 0 },
	{ "setting", ERR_CONFIG, 0, 10, 1, 0, 0 },
	{ "input", ERR_INPUT, 0, 10, 1, 0, 0 },
	{ "bug", ERR_BUG, 0, 10, 1, 0, 0 },
};
/* clang-format on */

static void
check_policy(size_t i, uint32_t random)
{
	struct fake fake = { .now = 123456 };
	const struct clock clock = { .wall = fake_now,
		.mono_ms = fake_now,
		.sleep_until = fake_sleep,
		.arg = &fake };
	struct attempt a;
	unsigned tries = 0;
	struct err e;

	err_set(&e, policies[i].kind, "x");
	e.retry_after_ms = policies[i].retry_after_ms;
	attempt_start(&a, &clock, &silent, random);
	do {
		tries++;
		fake.now += policies[i].takes_ms;
	} while (attempt_again(&a, &e) && tries < 10);
	T_CHECK(tries == policies[i].tries, "%s: %u tries", policies[i].name,
	    tries);
	T_CHECK(fake.waited >= policies[i].least_ms &&
		fake.waited <= policies[i].most_ms,
	    "%s: waited %lld", policies[i].name, (long long)fake.waited);
}

static void
test_attempts(void)
{
	for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++)
		for (uint32_t random = 0; random < 50; random++)
			check_policy(i, random * 85899345u);
}

/* clang-format off */
static const struct {
	const char *name;
	bool sent;
	struct err why;
	const char *want;
} reports[] = {
	{ "sent", true, { .kind = ERR_NONE },
	  "{\"status\":\"sent\",\"message_id\":\"<i@d>\",\"via\":\"json\","
	  "\"via_reason\":\"it fits\","
	  "\"request_id\":\"r\",\"client_request_id\":\"c\",\"attempts\":1,"
	  "\"error\":null}\n" },
	{ "failed", false, { .kind = ERR_REFUSED, .code = "ErrorX",
	  .msg = "say \"no\"", .remedy = "ask" },
	  "{\"status\":\"failed\",\"message_id\":\"<i@d>\",\"via\":\"json\","
	  "\"via_reason\":\"it fits\","
	  "\"request_id\":\"r\",\"client_request_id\":\"c\",\"attempts\":1,"
	  "\"error\":{\"code\":\"ErrorX\",\"message\":\"say \\\"no\\\"\","
	  "\"remedy\":\"ask\",\"retryable\":false}}\n" },
	{ "unknown", false, { .kind = ERR_UNSURE, .msg = "m" },
	  "{\"status\":\"unknown\",\"message_id\":\"<i@d>\",\"via\":\"json\","
	  "\"via_reason\":\"it fits\","
	  "\"request_id\":\"r\",\"client_request_id\":\"c\",\"attempts\":1,"
	  "\"error\":{\"code\":\"unsure\",\"message\":\"m\","
	  "\"remedy\":null,\"retryable\":false}}\n" },
	{ "later", false, { .kind = ERR_RETRY, .msg = "m" },
	  "{\"status\":\"failed\",\"message_id\":\"<i@d>\",\"via\":\"json\","
	  "\"via_reason\":\"it fits\","
	  "\"request_id\":\"r\",\"client_request_id\":\"c\",\"attempts\":1,"
	  "\"error\":{\"code\":\"retry\",\"message\":\"m\","
	  "\"remedy\":null,\"retryable\":true}}\n" },
};
/* clang-format on */

static const struct report a_report = {
	.message_id = STR_INIT("<i@d>"),
	.result = { "json", "r", "c", 1 },
	.why = "it fits",
};

static void
test_report(void)
{
	struct report early = { .message_id = { 0 } };
	struct buf out;
	struct err e;

	buf_init(&out, 4096);
	for (size_t i = 0; i < sizeof(reports) / sizeof(*reports); i++) {
		buf_reset(&out);
		T_CHECK(report_json(&a_report,
			    reports[i].sent ? NULL : &reports[i].why, &out, &e),
		    "%s: %s", reports[i].name, e.msg);
		T_CHECK(str_eq(buf_view(&out), str_of(reports[i].want)),
		    "%s: %s", reports[i].name, out.p);
	}
	buf_reset(&out);
	report_ids(&a_report, &reports[1].why, &out);
	T_CHECK(str_eq(buf_view(&out),
		    STR("  ids: client-request-id c, "
			"request-id r, message <i@d>\n")),
	    "%s", out.p);
	buf_reset(&out);
	err_set(&e, ERR_RETRY, "(client-request-id c)");
	report_ids(&a_report, &e, &out);
	report_ids(&early, &reports[1].why, &out);
	T_CHECK(out.n == 0, "%s", out.p);
	T_CHECK(report_json(&early, &reports[1].why, &out, &e) &&
		strstr(out.p, "\"message_id\":null,\"via\":null,") != NULL,
	    "%s", out.p);
	buf_release(&out);
}

static void
compose_once(void)
{
	static struct compose c;
	struct config config = { .from = STR("A <a@b.example>"),
		.mailbox = STR("m@b.example") };
	struct err e;
	bool ok;

	c = (struct compose){ 0 };
	compose_init(&c, &silent);
	c.text = "/dev/null";
	ok = compose_list(&c, &c.message.to, "--to",
		 "x@y.example, root@localhost, Z <z@y.example>", &e) &&
	    compose_field(&c, "X-A: b", &e) &&
	    compose_attach(&c, "/dev/null;name=n.txt", &e) &&
	    compose_finish(&c, &config, &e);
	T_CHECK(ok ? compose_recipients(&c) == 3 : e.kind == ERR_RETRY,
	    "%s: %s", err_kind_name(e.kind), e.msg);
	compose_release(&c);
}

static void
test_no_memory(void)
{
	t_each_allocation_fails(compose_once);
}

static const struct t_test tests[] = {
	{ "refused", test_refused },
	{ "dry run", test_dry_run },
	{ "JSON", test_json },
	{ "more people than at a time", test_split },
	{ "file shrinks", test_file_shrinks },
	{ "attempts", test_attempts },
	{ "report", test_report },
	{ "no memory", test_no_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
