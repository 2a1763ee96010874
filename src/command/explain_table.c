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
static const char full_access[] =
    "Exchange Online PowerShell: Add-MailboxPermission -Identity MAILBOX -User "
    "APP -AccessRights FullAccess, or by RBAC for Applications the role "
    "Application SMTP.SendAsApp. Neither matters for mail by Graph.";
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
static const char proof[] =
    "Set up SPF, DKIM and DMARC of the From domain for Microsoft 365: "
    "security.microsoft.com > Email & collaboration > Policies & rules > "
    "Threat policies > Email authentication settings.";
static const char later[] = "Nothing: it is tried again. If it lasts, see "
			    "admin.microsoft.com > Health > Service health.";
static const char size_or_rule[] =
    "Ask the recipient's side; the text behind the code is theirs.";
static const char domain[] =
    "Look for a mistake in the domain's spelling; else its owner has to mend "
    "its MX record or mail server.";
static const char quota[] =
    "Wait until the 24 hours have moved on, and spread the mail over more "
    "time or mailboxes.";

const struct fault explain_exits[] = {
	/* clang-format off */
	{ ERR_NONE, EX_OK, "0\0" "Done.", "Nothing." },
	{ ERR_USAGE, EX_USAGE, "64\0" "The command line is wrong.",
	  "See post365 help COMMAND." },
	{ ERR_INPUT, EX_DATAERR, "65\0" "The message or an address is wrong.",
	  message },
	{ ERR_INPUT, EX_NOINPUT, "66\0" "A file cannot be read.", message },
	{ ERR_REFUSED, EX_NOUSER, "67\0"
	  "A recipient or the mailbox does not exist.", message },
	{ ERR_REFUSED, EX_UNAVAILABLE, "69\0"
	  "The service refuses this message for good.", message },
	{ ERR_BUG, EX_SOFTWARE, "70\0" "A mistake of post365's.",
	  "Report it, with the command and what it printed." },
	{ ERR_CONFIG, EX_CANTCREAT, "73\0" "A file or folder cannot be made.",
	  "Look at its place: rights, free space, read-only mounts." },
	{ ERR_RETRY, EX_IOERR, "74\0" "Reading or writing failed.",
	  "Look at the disk and at the other end of a pipe." },
	{ ERR_RETRY, EX_TEMPFAIL, "75\0"
	  "Not now: network, service or a limit.", itself },
	{ ERR_UNSURE, EX_PROTOCOL, "76\0"
	  "Perhaps sent: the answer was lost or is not the documented one.",
	  "Look into the mailbox's Sent Items before you send it again." },
	{ ERR_AUTH, EX_NOPERM, "77\0"
	  "Not signed in, or no permission to send.", check },
	{ ERR_CONFIG, EX_CONFIG, "78\0" "A setting is wrong.", check },
	{ ERR_NONE, 0, NULL, NULL }
	/* clang-format on */
};

const struct fault explain_reports[] = {
	/* clang-format off */
	{ ERR_RETRY, 0, "4.2.0\0"
	  "By SMTP with 430 and MapiExceptionLogonFailed: the app signed in, "
	  "but has no right to the mailbox.", full_access },
	{ ERR_RETRY, 0, "4.3.2\0"
	  "Too many connections or senders at a time, or the service is busy.",
	  later },
	{ ERR_RETRY, 0, "4.4.316\0"
	  "The recipient's mail server refuses connections.", domain },
	{ ERR_RETRY, 0, "4.7.0\0" "Not now.", later },
	{ ERR_REFUSED, 0, "4.4.7\0"
	  "The other side could not be reached for a day.", address },
	{ ERR_REFUSED, 0, "5.0.350\0"
	  "The recipient's side refused it; the text behind says why.",
	  size_or_rule },
	{ ERR_REFUSED, 0, "5.1.1\0" "There is no such recipient.", address },
	{ ERR_REFUSED, 0, "5.1.8\0"
	  "The sender is blocked as a source of spam.", spam },
	{ ERR_REFUSED, 0, "5.1.10\0" "There is no such recipient.", address },
	{ ERR_REFUSED, 0, "5.1.20\0"
	  "The header names more than one From address.",
	  "Send with one address in From." },
	{ ERR_RETRY, 0, "5.1.90\0"
	  "The mailbox's recipients of 24 hours are used up.", quota },
	{ ERR_RETRY, 0, "SubmissionQuotaExceededException\0"
	  "The mailbox's recipients of 24 hours are used up.", quota },
	{ ERR_REFUSED, 0, "OutboundSpamException\0"
	  "What the mailbox sends is taken for spam.", spam },
	{ ERR_REFUSED, 0, "5.2.0\0"
	  "A mailbox's store refused it; the word that ends in Exception says "
	  "why.",
	  "Explain that word. SendAsDenied: it may not send as this From." },
	{ ERR_REFUSED, 0, "5.2.2\0" "The recipient's mailbox is full.",
	  "The recipient has to make room." },
	{ ERR_REFUSED, 0, "5.2.3\0" "The message is too large.", smaller },
	{ ERR_REFUSED, 0, "5.2.252\0"
	  "The mailbox may not send as this From address.", send_as },
	{ ERR_RETRY, 0, "5.2.251-255\0"
	  "By SMTP: the mailbox is shut out for a time after failures (told by "
	  "one source only).",
	  "Wait some hours, and mend what failed before." },
	{ ERR_REFUSED, 0, "5.3.4\0" "The message is too large.", smaller },
	{ ERR_REFUSED, 0, "5.4.1\0"
	  "The other side does not take mail for this address or domain.",
	  address },
	{ ERR_REFUSED, 0, "5.4.14\0" "The mail goes round in a circle.",
	  "Look at forwarding rules, connectors and the domain's MX." },
	{ ERR_REFUSED, 0, "5.4.310\0" "There is no such domain.", domain },
	{ ERR_REFUSED, 0, "5.4.312\0" "The domain's DNS does not answer.",
	  domain },
	{ ERR_REFUSED, 0, "5.4.316\0"
	  "The recipient's mail server refuses connections.", domain },
	{ ERR_REFUSED, 0, "5.4.300\0"
	  "The message could not be delivered in time.", address },
	{ ERR_REFUSED, 0, "5.7.1\0"
	  "The recipient's side does not allow this sender.", theirs },
	{ ERR_AUTH, 0, "5.7.3\0"
	  "By SMTP: this app may not sign in for this mailbox.",
	  "By Graph this cannot come: see which program sends by SMTP. "
	  "Mail.Send does nothing there; it wants Application "
	  "SMTP.SendAsApp, and SMTP AUTH on for the mailbox." },
	{ ERR_REFUSED, 0, "5.7.12\0"
	  "The recipient's side takes mail from inside only.", theirs },
	{ ERR_REFUSED, 0, "5.7.23\0" "SPF of the sender's domain fails.",
	  proof },
	{ ERR_REFUSED, 0, "5.7.26\0"
	  "Neither SPF nor DKIM vouches for the sender.", proof },
	{ ERR_AUTH, 0, "5.7.30\0"
	  "Signing in with a password is over for SMTP.", basic },
	{ ERR_AUTH, 0, "5.7.57\0" "Mail by SMTP without signing in.", basic },
	{ ERR_REFUSED, 0, "5.7.60\0"
	  "The mailbox may not send as this From address.", send_as },
	{ ERR_REFUSED, 0, "5.7.64\0"
	  "Relay denied: no connector of the tenant fits.",
	  "Mail by post365 needs none: see which program sends by SMTP." },
	{ ERR_REFUSED, 0, "5.7.68\0"
	  "Direct Send is off: mail without signing in, from a domain of the "
	  "tenant, is refused.", basic },
	{ ERR_REFUSED, 0, "5.7.124\0"
	  "The group does not take mail from this sender.", theirs },
	{ ERR_REFUSED, 0, "5.7.133\0"
	  "The group takes mail from inside only.", theirs },
	{ ERR_REFUSED, 0, "5.7.134\0"
	  "The mailbox takes mail from inside only.", theirs },
	{ ERR_REFUSED, 0, "5.7.136\0"
	  "The mail user takes mail from inside only.", theirs },
	{ ERR_AUTH, 0, "5.7.139\0"
	  "Signing in with a password is not allowed.", basic },
	{ ERR_RETRY, 0, "5.7.233\0"
	  "The tenant's external recipients of 24 hours are used up.", quota },
	{ ERR_RETRY, 0, "5.7.236\0"
	  "An onmicrosoft.com address wrote to more than 100 outside.",
	  "Send from a domain of your own." },
	{ ERR_REFUSED, 0, "5.7.501\0"
	  "The sender is blocked as a source of spam.", spam },
	{ ERR_REFUSED, 0, "5.7.502\0"
	  "The sender is blocked as a source of spam.", spam },
	{ ERR_REFUSED, 0, "5.7.503\0"
	  "The sender is blocked as a source of spam.", spam },
	{ ERR_RETRY, 0, "5.7.508\0"
	  "The sending IP address has sent too much.", later },
	{ ERR_REFUSED, 0, "5.7.509\0"
	  "The From domain's DMARC policy wants it refused.",
	  "Set up SPF and DKIM of that domain for Microsoft 365." },
	{ ERR_REFUSED, 0, "5.7.511\0"
	  "The sending IP address is blocked for what it sent.", spam },
	{ ERR_REFUSED, 0, "5.7.515\0"
	  "outlook.com wants SPF, DKIM and DMARC of who sends it much.",
	  proof },
	{ ERR_REFUSED, 0, "5.7.520\0"
	  "Forwarding to outside is switched off in the tenant.",
	  "security.microsoft.com > Email & collaboration > Policies & rules > "
	  "Threat policies > Anti-spam > Outbound policy: automatic "
	  "forwarding." },
	{ ERR_REFUSED, 0, "5.7.606-649\0"
	  "The sending IP address is on Microsoft's block list.",
	  "Whoever runs that address asks for it at "
	  "https://sender.office.com. Mail by Graph leaves from Microsoft's "
	  "own." },
	{ ERR_REFUSED, 0, "5.7.705\0"
	  "The tenant is blocked for what it sent.", spam },
	{ ERR_REFUSED, 0, "5.7.708\0"
	  "The tenant's mail leaves by addresses of bad reputation: a new or "
	  "trial tenant, or a source of spam.", spam },
	{ ERR_REFUSED, 0, "5.7.700-749\0"
	  "The tenant is blocked for what it sent.", spam },
	{ ERR_REFUSED, 0, "5.7.750\0"
	  "The From domain is not registered in the tenant.",
	  "Add it: admin.microsoft.com > Settings > Domains." },
	{ ERR_NONE, 0, NULL, NULL }
	/* clang-format on */
};
