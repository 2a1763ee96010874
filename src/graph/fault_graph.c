/* SPDX-License-Identifier: MIT */
/*
 * Codes of Graph and Exchange Online, and HTTP's statuses. Source: facts.md
 * 3.1, 3.2 and 5.4.
 *
 * Its classes: P (permanent) is ERR_REFUSED, C (configuration) is ERR_AUTH
 * where a permission lacks and else ERR_CONFIG, T (transient) is ERR_RETRY,
 * "ambiguous" is ERR_UNSURE, "our bug" is ERR_BUG.
 */
#include <sysexits.h>

#include "graph/fault_table.h"

#define PERMISSION                                                             \
	"entra.microsoft.com > Entra ID > App registrations > (your app) > "   \
	"API permissions > Add a permission > Microsoft Graph > Application "  \
	"permissions > Mail.Send, then Grant admin consent."

static const char permission[] = PERMISSION
    " Where RBAC for Applications limits the app, ask Exchange Online "
    "PowerShell: Test-ServicePrincipalAuthorization CLIENT_ID -Resource "
    "MAILBOX. Changes take 30 minutes to 2 hours. A managed identity gets "
    "Mail.Send by PowerShell only, see README.";
static const char no_permission[] =
    "Give the app the right to send, in one of two ways: in Entra, " PERMISSION
    " Or in Exchange, for some mailboxes only: the role Application Mail.Send "
    "(RBAC for Applications). Either takes up to 2 hours to arrive.";
static const char token[] =
    "post365 has asked with a new token already. Are graph_url and login_url "
    "of one cloud? " PERMISSION;
static const char send_as[] =
    "Send from the mailbox itself, or let it send as the other address: "
    "admin.exchange.microsoft.com > Recipients > Mailboxes > (the other) > "
    "Delegation > Send as.";
static const char mailbox[] =
    "Check the setting mailbox: it must be a user principal name or id of "
    "this tenant, not an alias or a group.";
static const char licence[] =
    "The mailbox must be in Exchange Online: admin.microsoft.com > Users > "
    "Active users > (user) > Licenses and apps, or use a shared mailbox.";
static const char recipients[] = "Correct the address and send it again.";
static const char smaller[] =
    "Send less: Graph takes 4 MB in a request and 3 MB in a file. Put large "
    "files where they can be linked.";
static const char mailbox_limit[] =
    "Send less, or raise the mailbox's limit: Exchange Online PowerShell, "
    "Set-Mailbox MAILBOX -MaxSendSize 150MB.";
static const char content[] =
    "Look at what the message is made of; the service's words name the part.";
static const char bug[] =
    "Report this as a bug of post365, with the ids above. A proxy that "
    "alters requests can be the reason, too.";
static const char headers[] =
    "Give at most five fields with -H, with names that begin with X-.";
static const char wait[] =
    "Nothing: it can be sent again later, which a queue does by itself.";
static const char quota[] =
    "The mailbox sent its share (10,000 recipients in 24 hours, 30 messages "
    "a minute). Wait, or spread the mail over several mailboxes.";
static const char parallel[] =
    "Let fewer programs send from this mailbox at once: Graph allows four "
    "requests at a time.";
static const char look[] =
    "It may have been sent: look into the mailbox's Sent Items before you "
    "send it again.";
static const char full[] =
    "Free space in the sender's mailbox, its deleted items included.";
static const char restricted[] =
    "security.microsoft.com > Email & collaboration > Review > Restricted "
    "entities: release the mailbox, and find out what it sent.";
static const char blocked[] =
    "The content was taken for malware or spam. Check the attachments.";
static const char account[] =
    "admin.microsoft.com > Users > Active users > (user): is it blocked or "
    "suspended?";
static const char address[] =
    "Check graph_url and whatever proxy stands between here and Microsoft.";
static const char gateway[] =
    "Nothing, if it passes: it is tried again. If it lasts, look for a proxy "
    "or gateway on the way that answers in Graph's place.";
static const char proxy_limit[] =
    "A proxy or gateway on the way takes no request of this size: raise its "
    "limit to 4 MB, or set mime_limit lower than that limit.";
static const char move[] =
    "Nothing: a move may last hours and ends by itself. Queued mail waits, "
    "and such tries are not counted.";
static const char session[] =
    "Nothing: the upload begins anew with the next attempt.";

const struct fault fault_codes[] = {
	/* clang-format off */
	{ "accessDenied", ERR_AUTH, 0,
	  "The app has no permission for this.", permission },
	{ "activityLimitReached", ERR_RETRY, 0,
	  "The app or the mailbox is throttled.", wait },
	{ "ApplicationThrottled", ERR_RETRY, 0,
	  "More than four requests at once for one mailbox.", parallel },
	{ "Authorization_RequestDenied", ERR_AUTH, 0,
	  "The app may not read the directory, which sending does not need.",
	  permission },
	{ "BadRequest", ERR_REFUSED, 0,
	  "Graph cannot use the request; it may be larger than 4 MB.",
	  smaller },
	{ "CommandConcurrencyLimitReached", ERR_RETRY, 0,
	  "Too many requests at once for one mailbox.", parallel },
	{ "ErrorAccessDenied", ERR_AUTH, 0,
	  "The app may not send from this mailbox.", permission },
	{ "ErrorAccountDisabled", ERR_AUTH, 0,
	  "The mailbox's account is disabled.", account },
	{ "ErrorAccountSuspend", ERR_AUTH, 0,
	  "The mailbox's account is suspended.", account },
	{ "ErrorADOperation", ERR_RETRY, 0,
	  "Exchange's directory failed for now.", wait },
	{ "ErrorADUnavailable", ERR_RETRY, 0,
	  "Exchange's directory is not available.", wait },
	{ "ErrorAttachmentSizeLimitExceeded", ERR_REFUSED, 0,
	  "An attachment is too large.", smaller },
	{ "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize", ERR_REFUSED, 0,
	  "The file is too small for an upload session (under 3 MB).", bug },
	{ "ErrorBatchProcessingStopped", ERR_RETRY, 0,
	  "Exchange stopped before it came to this.", wait },
	{ "ErrorConnectionFailed", ERR_RETRY, 0,
	  "Exchange could not reach the mailbox.", wait },
	{ "ErrorContentConversionFailed", ERR_REFUSED, 0,
	  "Exchange cannot convert the message.", content },
	{ "ErrorDataSizeLimitExceeded", ERR_REFUSED, 0,
	  "The message is too large.", smaller },
	{ "ErrorExceededHourlyMessageLimit", ERR_RETRY, 0,
	  "The mailbox's messages of this hour are used up.", quota },
	{ "ErrorExceededMaxRecipientLimit", ERR_REFUSED, 0,
	  "The message has more recipients than the mailbox may address.",
	  "Send it to fewer at once, or: Exchange Online PowerShell, "
	  "Set-Mailbox MAILBOX -RecipientLimits 1000." },
	{ "ErrorExceededMessageLimit", ERR_RETRY, 0,
	  "The mailbox's messages of this day are used up.", quota },
	{ "ErrorIncorrectRecipient", ERR_REFUSED, EX_NOUSER,
	  "A recipient's address is not valid.", recipients },
	{ "ErrorInternalServerError", ERR_UNSURE, 0,
	  "Exchange failed, perhaps after it took the message.", look },
	{ "ErrorInternalServerTransientError", ERR_UNSURE, 0,
	  "Exchange failed for now, perhaps after it took the message.",
	  look },
	{ "ErrorInvalidArgument", ERR_REFUSED, 0,
	  "Exchange cannot use a part of the message.", content },
	{ "ErrorInvalidId", ERR_REFUSED, 0,
	  "The message's id is not valid.", bug },
	{ "ErrorInvalidIdMalformed", ERR_REFUSED, 0,
	  "The message's id is malformed (capitals matter).", bug },
	{ "ErrorInvalidItemForOperationSendItem", ERR_REFUSED, 0,
	  "The message is no draft any more.", look },
	{ "ErrorInvalidParameter", ERR_REFUSED, 0,
	  "Exchange cannot use a part of the message.", content },
	{ "ErrorInvalidProperty", ERR_REFUSED, 0,
	  "Exchange cannot use a part of the message.", content },
	{ "ErrorInvalidPropertySet", ERR_REFUSED, 0,
	  "A part of the message cannot be set.", content },
	{ "ErrorInvalidRecipients", ERR_REFUSED, EX_NOUSER,
	  "There is no recipient, or one has an address that is not valid.",
	  recipients },
	{ "ErrorInvalidRequest", ERR_REFUSED, 0,
	  "Exchange cannot use the request.", content },
	{ "ErrorInvalidUser", ERR_CONFIG, 0,
	  "The sender is no mailbox of this tenant.", mailbox },
	{ "ErrorIrresolvableConflict", ERR_RETRY, 0,
	  "Somebody else changed the message at the same time.", wait },
	{ "ErrorItemNotFound", ERR_UNSURE, 0,
	  "The draft is gone: it was sent, moved or deleted.", look },
	{ "ErrorItemSave", ERR_RETRY, 0,
	  "Exchange could not save the message.", wait },
	{ "ErrorMailboxLogonFailed", ERR_AUTH, 0,
	  "The mailbox cannot be opened.", account },
	{ "ErrorMailboxMoveInProgress", ERR_RETRY, 0,
	  "The mailbox is being moved, which may last hours.", move },
	{ "ErrorMailboxStoreUnavailable", ERR_RETRY, 0,
	  "The mailbox is not available for now.", wait },
	{ "ErrorMailRecipientNotFound", ERR_REFUSED, EX_NOUSER,
	  "A recipient was not found.", recipients },
	{ "ErrorMessageBlocked", ERR_REFUSED, 0,
	  "Exchange blocks the message for its content.", blocked },
	{ "ErrorMessageSizeExceeded", ERR_REFUSED, 0,
	  "The message is larger than the mailbox may send.",
	  mailbox_limit },
	{ "ErrorMessageSubmissionBlocked", ERR_AUTH, 0,
	  "The mailbox is blocked from sending, as a source of spam.",
	  restricted },
	{ "ErrorMimeContentConversionFailed", ERR_REFUSED, 0,
	  "Exchange cannot convert the message.", content },
	{ "ErrorMimeContentInvalid", ERR_REFUSED, 0,
	  "Exchange cannot read the message as MIME.", content },
	{ "ErrorMimeContentInvalidBase64String", ERR_BUG, 0,
	  "The request's body is not valid base64.", bug },
	{ "ErrorMissingEmailAddress", ERR_REFUSED, EX_NOUSER,
	  "A recipient has no address.", recipients },
	{ "ErrorMissingRecipients", ERR_REFUSED, EX_NOUSER,
	  "The message has no recipient.", recipients },
	{ "ErrorNonExistentMailbox", ERR_CONFIG, 0,
	  "There is no such mailbox.", mailbox },
	{ "ErrorNotEnoughMemory", ERR_RETRY, 0,
	  "Exchange ran out of memory.", wait },
	{ "ErrorQuotaExceeded", ERR_CONFIG, 0,
	  "The sender's mailbox is full.", full },
	{ "ErrorRequestStreamTooBig", ERR_REFUSED, 0,
	  "The request is too large.", smaller },
	{ "ErrorSchemaValidation", ERR_REFUSED, 0,
	  "Exchange cannot use the request.", content },
	{ "ErrorSendAsDenied", ERR_REFUSED, 0,
	  "The mailbox may not send as this From address.", send_as },
	{ "ErrorServerBusy", ERR_RETRY, 0, "Exchange is busy.", wait },
	{ "ErrorServerTemporaryUnavailable", ERR_RETRY, 0,
	  "Exchange is not available for now.", wait },
	{ "ErrorSubmissionQuotaExceeded", ERR_RETRY, 0,
	  "The mailbox's recipients of 24 hours are used up.", quota },
	{ "ErrorTimeoutExpired", ERR_UNSURE, 0,
	  "Exchange was too slow; it may have taken the message.", look },
	{ "ErrorTooManyObjectsOpened", ERR_RETRY, 0,
	  "Too much is open in the mailbox at once.", parallel },
	{ "ErrorTooManyRequests", ERR_RETRY, 0, "Too many requests.",
	  wait },
	{ "ErrorUnsupportedMimeConversion", ERR_REFUSED, 0,
	  "Exchange cannot convert the message.", content },
	{ "ErrorVirusDetected", ERR_REFUSED, 0,
	  "Exchange found a virus in the message.", blocked },
	{ "extensionError", ERR_CONFIG, 0,
	  "The mailbox is on premises, or a policy keeps the app from it.",
	  licence },
	{ "fragmentLengthMismatch", ERR_RETRY, 0,
	  "A piece of an upload has another length than announced.",
	  session },
	{ "fragmentOutOfOrder", ERR_RETRY, 0,
	  "A piece of an upload came out of order.", session },
	{ "fragmentOverlap", ERR_RETRY, 0,
	  "A piece of an upload came twice.", session },
	{ "GatewayTimeout", ERR_UNSURE, 0,
	  "Exchange did not answer Graph; it may have taken the message.",
	  look },
	{ "generalException", ERR_UNSURE, 0,
	  "Graph failed, perhaps after it took the message.", look },
	{ "insufficient_claims", ERR_AUTH, 0,
	  "The token was revoked (continuous access evaluation).",
	  "entra.microsoft.com > Entra ID > Sign-in logs > Service principal "
	  "sign-ins tells why: app disabled, at risk, or its location." },
	{ "InvalidAuthenticationToken", ERR_AUTH, 0,
	  "Graph does not accept the token.", token },
	{ "InvalidInternetMessageHeader", ERR_BUG, 0,
	  "A field of one's own must have a name that begins with X-.",
	  headers },
	{ "InvalidInternetMessageHeaderCollection", ERR_BUG, 0,
	  "There are more than five fields of one's own.", headers },
	{ "invalidRange", ERR_REFUSED, 0,
	  "The range of bytes is not valid.", bug },
	{ "invalidRequest", ERR_REFUSED, 0,
	  "Graph cannot use the request.", content },
	{ "itemNotFound", ERR_UNSURE, 0,
	  "The message is gone: it was sent, moved or deleted.", look },
	{ "MailboxConcurrency", ERR_RETRY, 0,
	  "More than four requests at once for one mailbox.", parallel },
	{ "MailboxNotEnabledForRESTAPI", ERR_CONFIG, 0,
	  "The mailbox is inactive, deleted, without licence or on premises.",
	  licence },
	{ "MailboxNotHostedInExchangeOnline", ERR_CONFIG, 0,
	  "The mailbox is on premises.", licence },
	{ "malwareDetected", ERR_REFUSED, 0,
	  "Malware was found in the message.", blocked },
	{ "NoPermissionsInAccessToken", ERR_AUTH, 0,
	  "The app has no permission at all, neither in Entra nor in Exchange.",
	  no_permission },
	{ "notAllowed", ERR_AUTH, 0, "The tenant does not allow this.",
	  permission },
	{ "notSupported", ERR_BUG, 0, "Graph does not know this request.",
	  bug },
	{ "quotaLimitReached", ERR_CONFIG, 0,
	  "The sender's mailbox is full.", full },
	{ "Request_ResourceNotFound", ERR_CONFIG, 0,
	  "The user in the setting mailbox was not found.", mailbox },
	{ "RequestBodyRead", ERR_BUG, 0,
	  "Graph cannot read the request; its words name the property.",
	  bug },
	{ "RequestEntityTooLarge", ERR_REFUSED, 0,
	  "The request is larger than 4 MB.", smaller },
	{ "resourceModified", ERR_RETRY, 0,
	  "Somebody else changed the message at the same time.", wait },
	{ "ResourceNotFound", ERR_CONFIG, 0,
	  "The user in the setting mailbox was not found.", mailbox },
	{ "serviceNotAvailable", ERR_RETRY, 0,
	  "The service is not available.", wait },
	{ "ServiceUnavailable", ERR_RETRY, 0,
	  "The service is not available.", wait },
	{ "TooManyRequests", ERR_RETRY, 0, "Too many requests.", wait },
	{ "UnableToDeserializePostBody", ERR_BUG, 0,
	  "Graph cannot read the request.", bug },
	{ "unauthenticated", ERR_AUTH, 0,
	  "Graph does not accept the token.", token },
	{ "UnknownError", ERR_UNSURE, 0,
	  "Graph failed, perhaps after it took the message.", look },
	{ "uploadSessionFailed", ERR_RETRY, 0, "The upload failed.",
	  session },
	{ "uploadSessionIncomplete", ERR_RETRY, 0,
	  "The upload is not complete.", session },
	{ "uploadSessionNotFound", ERR_RETRY, 0,
	  "The upload's session is over.", session },
	{ NULL, ERR_NONE, 0, NULL, NULL }
	/* clang-format on */
};

const struct fault_extra fault_extras[] = {
	/* clang-format off */
	{ "ErrorContentConversionFailed", FAULT_TRIES, 0, false },
	{ "ErrorExceededHourlyMessageLimit", 0, FAULT_REST_MS, false },
	{ "ErrorExceededMessageLimit", 0, FAULT_REST_MS, false },
	{ "ErrorMailboxMoveInProgress", 0, 0, true },
	{ "ErrorMimeContentConversionFailed", FAULT_TRIES, 0, false },
	{ "ErrorSubmissionQuotaExceeded", 0, FAULT_REST_MS, false },
	{ "ErrorVirusDetected", FAULT_TRIES, 0, false },
	{ NULL, 0, 0, false }
	/* clang-format on */
};

/*
 * An answer that has no code: an empty one, a web page, or what is left of an
 * error that was cut. It need not be Graph's, so no message dies of it.
 */
const struct fault fault_status[] = {
	/* clang-format off */
	{ "200", ERR_UNSURE, 0,
	  "A success, but not the documented one (202): Graph once answered "
	  "so without sending.", look },
	{ "301", ERR_CONFIG, 0, "A redirect, which Graph does not use.",
	  address },
	{ "302", ERR_CONFIG, 0,
	  "A redirect: a sign-in page of the network, perhaps.", address },
	{ "303", ERR_CONFIG, 0, "A redirect, which Graph does not use.",
	  address },
	{ "307", ERR_CONFIG, 0, "A redirect, which Graph does not use.",
	  address },
	{ "308", ERR_CONFIG, 0, "A redirect, which Graph does not use.",
	  address },
	{ "400", ERR_RETRY, 0, "The request is refused on the way.", gateway },
	{ "401", ERR_AUTH, 0, "The token is missing or not accepted.",
	  token },
	{ "402", ERR_CONFIG, 0, "The service wants to be paid.",
	  "Check the tenant's licences: admin.microsoft.com > Billing." },
	{ "403", ERR_AUTH, 0, "Not allowed.", permission },
	{ "404", ERR_CONFIG, 0, "There is no such address or mailbox.",
	  "Check the settings mailbox and graph_url (which ends in /v1.0)." },
	{ "405", ERR_RETRY, 0, "The request came with the wrong verb.",
	  gateway },
	{ "406", ERR_RETRY, 0, "The answer's form is not on offer.", gateway },
	{ "407", ERR_CONFIG, 0, "The proxy wants a password.",
	  "Give it user and password in its address, or let it through "
	  "without." },
	{ "408", ERR_RETRY, 0, "The request came too slowly.", wait },
	{ "409", ERR_RETRY, 0, "Somebody else was quicker.", wait },
	{ "410", ERR_CONFIG, 0, "The address is gone.", address },
	{ "411", ERR_RETRY, 0, "The request's length is missing.", gateway },
	{ "412", ERR_RETRY, 0, "Somebody else was quicker.", wait },
	{ "413", ERR_CONFIG, 0,
	  "The request is too large for something on the way.", proxy_limit },
	{ "415", ERR_RETRY, 0, "The request's media type is not known.",
	  gateway },
	{ "416", ERR_RETRY, 0, "The range of bytes is not valid.", gateway },
	{ "422", ERR_RETRY, 0, "The request is refused on the way.", gateway },
	{ "423", ERR_RETRY, 0, "The mailbox is locked for now.", wait },
	{ "424", ERR_UNSURE, 0, "Something that it depends on failed.",
	  look },
	{ "425", ERR_RETRY, 0, "The request came too early.", wait },
	{ "429", ERR_RETRY, 0, "Too many requests.", wait },
	{ "431", ERR_RETRY, 0, "The request's head is too large.", gateway },
	{ "451", ERR_CONFIG, 0, "A law forbids it.", address },
	{ "500", ERR_UNSURE, 0,
	  "The service failed, perhaps after it took the message.", look },
	{ "501", ERR_RETRY, 0, "The service does not know this request.",
	  gateway },
	{ "502", ERR_UNSURE, 0,
	  "A gateway failed, perhaps after the message went through.",
	  look },
	{ "503", ERR_RETRY, 0, "The service is not available.", wait },
	{ "504", ERR_UNSURE, 0,
	  "A gateway gave up waiting; the message may be sent.", look },
	{ "507", ERR_RETRY, 0, "The service has no room.", wait },
	{ "509", ERR_RETRY, 0, "The bandwidth is used up.", wait },
	{ "511", ERR_CONFIG, 0, "The network wants a sign-in of its own.",
	  address },
	{ NULL, ERR_NONE, 0, NULL, NULL }
	/* clang-format on */
};
