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
