/* SPDX-License-Identifier: MIT */
#include "command/explain_table.h"

#include <sysexits.h>

static const char itself[] = "Nothing: it is tried again.";
static const char message[] =
    "The error names the option, field, address or file: correct it and send "
    "again.";
static const char check[] =
    "Run post365 check: it goes through the settings step by step and says "
    "what to do.";
static const char address[] =
    "Correct the address, or take it off the list. An old entry of an "
    "address book can be wrong, too: type it anew.";
static const char spam[] =
    "Find out what was sent, and stop it. Then security.microsoft.com > Email "
    "& collaboration > Review > Restricted entities; for a whole tenant only "
    "Microsoft's support lifts it.";
static const char theirs[] =
    "Their administrator has to allow this sender; nothing here can.";
static const char send_as[] =
    "Send from the mailbox itself, or let it send as the other address: "
    "admin.exchange.microsoft.com > Recipients > Mailboxes > (the other) > "
    "Delegation > Send as.";
static const char basic[] =
    "Some program still signs in by SMTP with a password: let it mail by "
    "post365 instead.";
static const char smaller[] =
    "Send less, or raise the limits (Set-Mailbox MAILBOX -MaxSendSize 150MB); "
    "the recipient's side has limits of its own.";
static const char quota[] =
    "Wait until the 24 hours have moved on, and spread the mail over more "
    "time or mailboxes.";

const struct fault explain_exits[] = {
	/* clang-format off */
	{ "0", ERR_NONE, EX_OK, "Done.", "Nothing." },
	{ "64", ERR_USAGE, EX_USAGE, "The command line is wrong.",
	  "See post365 help COMMAND." },
	{ "65", ERR_INPUT, EX_DATAERR, "The message or an address is wrong.",
	  message },
	{ "66", ERR_INPUT, EX_NOINPUT, "A file cannot be read.", message },
	{ "67", ERR_REFUSED, EX_NOUSER,
	  "A recipient or the mailbox does not exist.", message },
	{ "69", ERR_REFUSED, EX_UNAVAILABLE,
	  "The service refuses this message for good.", message },
	{ "70", ERR_BUG, EX_SOFTWARE, "A mistake of post365's.",
	  "Report it, with the command and what it printed." },
	{ "73", ERR_CONFIG, EX_CANTCREAT, "A file or folder cannot be made.",
	  "Look at its place: rights, free space, read-only mounts." },
	{ "74", ERR_RETRY, EX_IOERR, "Reading or writing failed.",
	  "Look at the disk and at the other end of a pipe." },
	{ "75", ERR_RETRY, EX_TEMPFAIL,
	  "Not now: network, service or a limit.", itself },
	{ "76", ERR_UNSURE, EX_PROTOCOL,
	  "Perhaps sent: the answer was lost or is not the documented one.",
	  "Look into the mailbox's Sent Items before you send it again." },
	{ "77", ERR_AUTH, EX_NOPERM,
	  "Not signed in, or no permission to send.", check },
	{ "78", ERR_CONFIG, EX_CONFIG, "A setting is wrong.", check },
	{ NULL, ERR_NONE, 0, NULL, NULL }
	/* clang-format on */
};

const struct fault explain_reports[] = {
	/* clang-format off */
	{ "4.4.7", ERR_REFUSED, 0,
	  "The other side could not be reached for a day.", address },
	{ "5.1.1", ERR_REFUSED, 0, "There is no such recipient.", address },
	{ "5.1.8", ERR_REFUSED, 0,
	  "The sender is blocked as a source of spam.", spam },
	{ "5.1.10", ERR_REFUSED, 0, "There is no such recipient.", address },
	{ "5.1.90", ERR_RETRY, 0,
	  "The mailbox's recipients of 24 hours are used up.", quota },
	{ "5.2.2", ERR_REFUSED, 0, "The recipient's mailbox is full.",
	  "The recipient has to make room." },
	{ "5.2.3", ERR_REFUSED, 0, "The message is too large.", smaller },
	{ "5.2.252", ERR_REFUSED, 0,
	  "The mailbox may not send as this From address.", send_as },
	{ "5.3.4", ERR_REFUSED, 0, "The message is too large.", smaller },
	{ "5.4.1", ERR_REFUSED, 0,
	  "The other side does not take mail for this address or domain.",
	  address },
	{ "5.4.14", ERR_REFUSED, 0, "The mail goes round in a circle.",
	  "Look at forwarding rules, connectors and the domain's MX." },
	{ "5.4.300", ERR_REFUSED, 0,
	  "The message could not be delivered in time.", address },
	{ "5.7.1", ERR_REFUSED, 0,
	  "The recipient's side does not allow this sender.", theirs },
	{ "5.7.30", ERR_AUTH, 0,
	  "Signing in with a password is over for SMTP.", basic },
	{ "5.7.57", ERR_AUTH, 0, "Mail by SMTP without signing in.", basic },
	{ "5.7.60", ERR_REFUSED, 0,
	  "The mailbox may not send as this From address.", send_as },
	{ "5.7.124", ERR_REFUSED, 0,
	  "The group does not take mail from this sender.", theirs },
	{ "5.7.139", ERR_AUTH, 0,
	  "Signing in with a password is not allowed.", basic },
	{ "5.7.233", ERR_RETRY, 0,
	  "The tenant's external recipients of 24 hours are used up.", quota },
	{ "5.7.236", ERR_RETRY, 0,
	  "An onmicrosoft.com address wrote to more than 100 outside.",
	  "Send from a domain of your own." },
	{ "5.7.501", ERR_REFUSED, 0,
	  "The sender is blocked as a source of spam.", spam },
	{ "5.7.509", ERR_REFUSED, 0,
	  "The From domain's DMARC policy wants it refused.",
	  "Set up SPF and DKIM of that domain for Microsoft 365." },
	{ "5.7.705", ERR_REFUSED, 0,
	  "The tenant is blocked for what it sent.", spam },
	{ "5.7.708", ERR_REFUSED, 0,
	  "The tenant's mail leaves by addresses of bad reputation: a new or "
	  "trial tenant, or a source of spam.", spam },
	{ "5.7.750", ERR_REFUSED, 0,
	  "The From domain is not registered in the tenant.",
	  "Add it: admin.microsoft.com > Settings > Domains." },
	{ NULL, ERR_NONE, 0, NULL, NULL }
	/* clang-format on */
};
