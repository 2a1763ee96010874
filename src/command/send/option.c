/* SPDX-License-Identifier: MIT */
#include "command/send/option.h"

#include "command/send/send.h"

/* clang-format off */
const struct cli_option send_options[] = {
	{ OPT_FROM, 'f', "from", "ADDRESS", "sender, instead of the setting" },
	{ OPT_TO, 't', "to", "LIST", "recipients, beside the operands" },
	{ OPT_CC, 'c', "cc", "LIST", "copy to" },
	{ OPT_BCC, 'b', "bcc", "LIST", "copy to, unseen by the others" },
	{ OPT_REPLY_TO, 0, "reply-to", "LIST", "where answers go" },
	{ OPT_SUBJECT, 's', "subject", "TEXT", "subject" },
	{ OPT_TEXT, 0, "text", "FILE", "body, instead of standard input" },
	{ OPT_HTML, 0, "html", "FILE", "body in HTML" },
	{ OPT_CHARSET, 0, "charset", "NAME",
	  "of the body, if it is not UTF-8" },
	{ OPT_ATTACH, 'a', "attach", "FILE[;type=T][;name=N]",
	  "attach a file; its media type and name" },
	{ OPT_INLINE, 0, "inline", "FILE[;cid=ID]",
	  "a file that the HTML shows, as cid:ID" },
	{ OPT_EML, 0, "eml", "FILE", "a whole message, header and body" },
	{ OPT_HEADER, 'H', "header", "'Name: value'", "a header field" },
	{ OPT_IMPORTANCE, 0, "importance", "low|normal|high",
	  "a mark that mail programs show" },
	{ OPT_READ_RECEIPT, 0, "read-receipt", NULL,
	  "ask to be told when read" },
	{ OPT_DELIVERY_RECEIPT, 0, "delivery-receipt", NULL,
	  "ask to be told when delivered" },
	{ OPT_NO_SAVE, 0, "no-save", NULL, "no copy in Sent Items" },
	{ OPT_VIA, 0, "via", "auto|mime|json|draft",
	  "which of Graph's calls (auto chooses)" },
	{ OPT_QUEUE, 0, "queue", NULL, "store it, for post365 queue run" },
	{ OPT_DRY_RUN, 'n', "dry-run", NULL,
	  "show the message and its route, send nothing" },
	{ OPT_JSON, 0, "json", NULL, "print the result as JSON" },
	{ 0, 0, NULL, NULL, NULL }
};
/* clang-format on */

const char send_more[] =
    "  echo done | post365 send -s 'backup of db1' ops@contoso.com\n"
    "  post365 send -s report --html r.html -a r.pdf -t 'A <a@contoso.com>'\n"
    "  post365 send --eml message.eml ops@contoso.com\n"
    "\f"
    "The body is standard input, if no option names it. A FILE of - is\n"
    "standard input. LIST: addresses as in a header, with commas between.\n"
    "With --eml the recipients named here get it and nobody else; without\n"
    "any, those of its To, Cc and Bcc. It is copied into tmp/ of spool_dir,\n"
    "else $TMPDIR or /tmp, else 1 MB of memory. A recipient without a domain\n"
    "has to be an alias.\n"
    "\n"
    "Text that is not UTF-8, nor UTF-16 with its mark, nor named by\n"
    "--charset, is read as windows-1252. Over 4 MB it goes as an attached\n"
    "file, with one line in its place.\n"
    "\n"
    "--dry-run shows the message decoded, and with -v the request.\n"
    "\n"
    "--via: mime sends the message as it is; json delivers what Graph drops\n"
    "from MIME (--dry-run tells what that is); draft uploads large ones, and\n"
    "wants Mail.ReadWrite.\n"
    "\n"
    "With --queue it is stored and not sent: post365 queue run does that.\n"
    "Storing needs neither network nor secret.\n"
    "\n"
    "exit status: 0 accepted by Microsoft 365, or stored; 64 bad command\n"
    "line; 65 bad address, message or file; 66 a file cannot be read; 67 bad\n"
    "recipient; 69 refused for good; 75 try again later; 76 perhaps sent,\n"
    "look before trying again; 77 sign-in or permission; 78 a setting is\n"
    "wrong.\n";
