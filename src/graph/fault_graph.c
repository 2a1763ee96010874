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
    "it by New-MgServicePrincipalAppRoleAssignment.";
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
	{ ERR_AUTH, 0, "accessDenied\0"
	  "The app has no permission for this.", permission },
	{ ERR_RETRY, 0, "activityLimitReached\0"
	  "The app or the mailbox is throttled.", wait },
	{ ERR_RETRY, 0, "ApplicationThrottled\0"
	  "More than four requests at once for one mailbox.", parallel },
	{ ERR_AUTH, 0, "Authorization_RequestDenied\0"
	  "The app may not read the directory, which sending does not need.",
	  permission },
	{ ERR_REFUSED, 0, "BadRequest\0"
	  "Graph cannot use the request; it may be larger than 4 MB.",
	  smaller },
	{ ERR_RETRY, 0, "CommandConcurrencyLimitReached\0"
	  "Too many requests at once for one mailbox.", parallel },
	{ ERR_AUTH, 0, "ErrorAccessDenied\0"
	  "The app may not send from this mailbox.", permission },
	{ ERR_AUTH, 0, "ErrorAccountDisabled\0"
	  "The mailbox's account is disabled.", account },
	{ ERR_AUTH, 0, "ErrorAccountSuspend\0"
	  "The mailbox's account is suspended.", account },
	{ ERR_RETRY, 0, "ErrorADOperation\0"
	  "Exchange's directory failed for now.", wait },
	{ ERR_RETRY, 0, "ErrorADUnavailable\0"
	  "Exchange's directory is not available.", wait },
	{ ERR_REFUSED, 0, "ErrorAttachmentSizeLimitExceeded\0"
	  "An attachment is too large.", smaller },
	{ ERR_REFUSED, 0, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize\0"
	  "The file is too small for an upload session (under 3 MB).", bug },
	{ ERR_RETRY, 0, "ErrorBatchProcessingStopped\0"
	  "Exchange stopped before it came to this.", wait },
	{ ERR_RETRY, 0, "ErrorConnectionFailed\0"
	  "Exchange could not reach the mailbox.", wait },
	{ ERR_REFUSED, 0, "ErrorContentConversionFailed\0"
	  "Exchange cannot convert the message.", content },
	{ ERR_REFUSED, 0, "ErrorDataSizeLimitExceeded\0"
	  "The message is too large.", smaller },
	{ ERR_RETRY, 0, "ErrorExceededHourlyMessageLimit\0"
	  "The mailbox's messages of this hour are used up.", quota },
	{ ERR_REFUSED, 0, "ErrorExceededMaxRecipientLimit\0"
	  "The message has more recipients than the mailbox may address.",
	  "Send it to fewer at once, or: Exchange Online PowerShell, "
	  "Set-Mailbox MAILBOX -RecipientLimits 1000." },
	{ ERR_RETRY, 0, "ErrorExceededMessageLimit\0"
	  "The mailbox's messages of this day are used up.", quota },
	{ ERR_REFUSED, EX_NOUSER, "ErrorIncorrectRecipient\0"
	  "A recipient's address is not valid.", recipients },
	{ ERR_UNSURE, 0, "ErrorInternalServerError\0"
	  "Exchange failed, perhaps after it took the message.", look },
	{ ERR_UNSURE, 0, "ErrorInternalServerTransientError\0"
	  "Exchange failed for now, perhaps after it took the message.",
	  look },
	{ ERR_REFUSED, 0, "ErrorInvalidArgument\0"
	  "Exchange cannot use a part of the message.", content },
	{ ERR_REFUSED, 0, "ErrorInvalidId\0"
	  "The message's id is not valid.", bug },
	{ ERR_REFUSED, 0, "ErrorInvalidIdMalformed\0"
	  "The message's id is malformed (capitals matter).", bug },
	{ ERR_REFUSED, 0, "ErrorInvalidItemForOperationSendItem\0"
	  "The message is no draft any more.", look },
	{ ERR_REFUSED, 0, "ErrorInvalidParameter\0"
	  "Exchange cannot use a part of the message.", content },
	{ ERR_REFUSED, 0, "ErrorInvalidProperty\0"
	  "Exchange cannot use a part of the message.", content },
	{ ERR_REFUSED, 0, "ErrorInvalidPropertySet\0"
	  "A part of the message cannot be set.", content },
	{ ERR_REFUSED, EX_NOUSER, "ErrorInvalidRecipients\0"
	  "There is no recipient, or one has an address that is not valid.",
	  recipients },
	{ ERR_REFUSED, 0, "ErrorInvalidRequest\0"
	  "Exchange cannot use the request.", content },
	{ ERR_CONFIG, 0, "ErrorInvalidUser\0"
	  "The sender is no mailbox of this tenant.", mailbox },
	{ ERR_RETRY, 0, "ErrorIrresolvableConflict\0"
	  "Somebody else changed the message at the same time.", wait },
	{ ERR_UNSURE, 0, "ErrorItemNotFound\0"
	  "The draft is gone: it was sent, moved or deleted.", look },
	{ ERR_RETRY, 0, "ErrorItemSave\0"
	  "Exchange could not save the message.", wait },
	{ ERR_AUTH, 0, "ErrorMailboxLogonFailed\0"
	  "The mailbox cannot be opened.", account },
	{ ERR_RETRY, 0, "ErrorMailboxMoveInProgress\0"
	  "The mailbox is being moved, which may last hours.", move },
	{ ERR_RETRY, 0, "ErrorMailboxStoreUnavailable\0"
	  "The mailbox is not available for now.", wait },
	{ ERR_REFUSED, EX_NOUSER, "ErrorMailRecipientNotFound\0"
	  "A recipient was not found.", recipients },
	{ ERR_REFUSED, 0, "ErrorMessageBlocked\0"
	  "Exchange blocks the message for its content.", blocked },
	{ ERR_REFUSED, 0, "ErrorMessageSizeExceeded\0"
	  "The message is larger than the mailbox may send.",
	  mailbox_limit },
	{ ERR_AUTH, 0, "ErrorMessageSubmissionBlocked\0"
	  "The mailbox is blocked from sending, as a source of spam.",
	  restricted },
	{ ERR_REFUSED, 0, "ErrorMimeContentConversionFailed\0"
	  "Exchange cannot convert the message.", content },
	{ ERR_REFUSED, 0, "ErrorMimeContentInvalid\0"
	  "Exchange cannot read the message as MIME.", content },
	{ ERR_BUG, 0, "ErrorMimeContentInvalidBase64String\0"
	  "The request's body is not valid base64.", bug },
	{ ERR_REFUSED, EX_NOUSER, "ErrorMissingEmailAddress\0"
	  "A recipient has no address.", recipients },
	{ ERR_REFUSED, EX_NOUSER, "ErrorMissingRecipients\0"
	  "The message has no recipient.", recipients },
	{ ERR_CONFIG, 0, "ErrorNonExistentMailbox\0"
	  "There is no such mailbox.", mailbox },
	{ ERR_RETRY, 0, "ErrorNotEnoughMemory\0"
	  "Exchange ran out of memory.", wait },
	{ ERR_CONFIG, 0, "ErrorQuotaExceeded\0"
	  "The sender's mailbox is full.", full },
	{ ERR_REFUSED, 0, "ErrorRequestStreamTooBig\0"
	  "The request is too large.", smaller },
	{ ERR_REFUSED, 0, "ErrorSchemaValidation\0"
	  "Exchange cannot use the request.", content },
	{ ERR_REFUSED, 0, "ErrorSendAsDenied\0"
	  "The mailbox may not send as this From address.", send_as },
	{ ERR_RETRY, 0, "ErrorServerBusy\0" "Exchange is busy.", wait },
	{ ERR_RETRY, 0, "ErrorServerTemporaryUnavailable\0"
	  "Exchange is not available for now.", wait },
	{ ERR_RETRY, 0, "ErrorSubmissionQuotaExceeded\0"
	  "The mailbox's recipients of 24 hours are used up.", quota },
	{ ERR_UNSURE, 0, "ErrorTimeoutExpired\0"
	  "Exchange was too slow; it may have taken the message.", look },
	{ ERR_RETRY, 0, "ErrorTooManyObjectsOpened\0"
	  "Too much is open in the mailbox at once.", parallel },
	{ ERR_RETRY, 0, "ErrorTooManyRequests\0" "Too many requests.",
	  wait },
	{ ERR_REFUSED, 0, "ErrorUnsupportedMimeConversion\0"
	  "Exchange cannot convert the message.", content },
	{ ERR_REFUSED, 0, "ErrorVirusDetected\0"
	  "Exchange found a virus in the message.", blocked },
	{ ERR_CONFIG, 0, "extensionError\0"
	  "The mailbox is on premises, or a policy keeps the app from it.",
	  licence },
	{ ERR_RETRY, 0, "fragmentLengthMismatch\0"
	  "A piece of an upload has another length than announced.",
	  session },
	{ ERR_RETRY, 0, "fragmentOutOfOrder\0"
	  "A piece of an upload came out of order.", session },
	{ ERR_RETRY, 0, "fragmentOverlap\0"
	  "A piece of an upload came twice.", session },
	{ ERR_UNSURE, 0, "GatewayTimeout\0"
	  "Exchange did not answer Graph; it may have taken the message.",
	  look },
	{ ERR_UNSURE, 0, "generalException\0"
	  "Graph failed, perhaps after it took the message.", look },
	{ ERR_AUTH, 0, "insufficient_claims\0"
	  "The token was revoked (continuous access evaluation).",
	  "entra.microsoft.com > Entra ID > Sign-in logs > Service principal "
	  "sign-ins tells why: app disabled, at risk, or its location." },
	{ ERR_AUTH, 0, "InvalidAuthenticationToken\0"
	  "Graph does not accept the token.", token },
	{ ERR_BUG, 0, "InvalidInternetMessageHeader\0"
	  "A field of one's own must have a name that begins with X-.",
	  headers },
	{ ERR_BUG, 0, "InvalidInternetMessageHeaderCollection\0"
	  "There are more than five fields of one's own.", headers },
	{ ERR_REFUSED, 0, "invalidRange\0"
	  "The range of bytes is not valid.", bug },
	{ ERR_REFUSED, 0, "invalidRequest\0"
	  "Graph cannot use the request.", content },
	{ ERR_UNSURE, 0, "itemNotFound\0"
	  "The message is gone: it was sent, moved or deleted.", look },
	{ ERR_RETRY, 0, "MailboxConcurrency\0"
	  "More than four requests at once for one mailbox.", parallel },
	{ ERR_CONFIG, 0, "MailboxNotEnabledForRESTAPI\0"
	  "The mailbox is inactive, deleted, without licence or on premises.",
	  licence },
	{ ERR_CONFIG, 0, "MailboxNotHostedInExchangeOnline\0"
	  "The mailbox is on premises.", licence },
	{ ERR_REFUSED, 0, "malwareDetected\0"
	  "Malware was found in the message.", blocked },
	{ ERR_AUTH, 0, "NoPermissionsInAccessToken\0"
	  "The app has no permission at all, neither in Entra nor in Exchange.",
	  no_permission },
	{ ERR_AUTH, 0, "notAllowed\0" "The tenant does not allow this.",
	  permission },
	{ ERR_BUG, 0, "notSupported\0" "Graph does not know this request.",
	  bug },
	{ ERR_CONFIG, 0, "quotaLimitReached\0"
	  "The sender's mailbox is full.", full },
	{ ERR_CONFIG, 0, "Request_ResourceNotFound\0"
	  "The user in the setting mailbox was not found.", mailbox },
	{ ERR_BUG, 0, "RequestBodyRead\0"
	  "Graph cannot read the request; its words name the property.",
	  bug },
	{ ERR_REFUSED, 0, "RequestEntityTooLarge\0"
	  "The request is larger than 4 MB.", smaller },
	{ ERR_RETRY, 0, "resourceModified\0"
	  "Somebody else changed the message at the same time.", wait },
	{ ERR_CONFIG, 0, "ResourceNotFound\0"
	  "The user in the setting mailbox was not found.", mailbox },
	{ ERR_RETRY, 0, "serviceNotAvailable\0"
	  "The service is not available.", wait },
	{ ERR_RETRY, 0, "ServiceUnavailable\0"
	  "The service is not available.", wait },
	{ ERR_RETRY, 0, "TooManyRequests\0" "Too many requests.", wait },
	{ ERR_BUG, 0, "UnableToDeserializePostBody\0"
	  "Graph cannot read the request.", bug },
	{ ERR_AUTH, 0, "unauthenticated\0"
	  "Graph does not accept the token.", token },
	{ ERR_UNSURE, 0, "UnknownError\0"
	  "Graph failed, perhaps after it took the message.", look },
	{ ERR_RETRY, 0, "uploadSessionFailed\0" "The upload failed.",
	  session },
	{ ERR_RETRY, 0, "uploadSessionIncomplete\0"
	  "The upload is not complete.", session },
	{ ERR_RETRY, 0, "uploadSessionNotFound\0"
	  "The upload's session is over.", session },
	{ ERR_NONE, 0, NULL, NULL }
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
	{ ERR_UNSURE, 0, "200\0"
	  "A success, but not the documented one (202): Graph once answered "
	  "so without sending.", look },
	{ ERR_CONFIG, 0, "301\0" "A redirect, which Graph does not use.",
	  address },
	{ ERR_CONFIG, 0, "302\0"
	  "A redirect: a sign-in page of the network, perhaps.", address },
	{ ERR_CONFIG, 0, "303\0" "A redirect, which Graph does not use.",
	  address },
	{ ERR_CONFIG, 0, "307\0" "A redirect, which Graph does not use.",
	  address },
	{ ERR_CONFIG, 0, "308\0" "A redirect, which Graph does not use.",
	  address },
	{ ERR_RETRY, 0, "400\0" "The request is refused on the way.", gateway },
	{ ERR_AUTH, 0, "401\0" "The token is missing or not accepted.",
	  token },
	{ ERR_CONFIG, 0, "402\0" "The service wants to be paid.",
	  "Check the tenant's licences: admin.microsoft.com > Billing." },
	{ ERR_AUTH, 0, "403\0" "Not allowed.", permission },
	{ ERR_CONFIG, 0, "404\0" "There is no such address or mailbox.",
	  "Check the settings mailbox and graph_url (which ends in /v1.0)." },
	{ ERR_RETRY, 0, "405\0" "The request came with the wrong verb.",
	  gateway },
	{ ERR_RETRY, 0, "406\0" "The answer's form is not on offer.", gateway },
	{ ERR_CONFIG, 0, "407\0" "The proxy wants a password.",
	  "Give it user and password in its address, or let it through "
	  "without." },
	{ ERR_RETRY, 0, "408\0" "The request came too slowly.", wait },
	{ ERR_RETRY, 0, "409\0" "Somebody else was quicker.", wait },
	{ ERR_CONFIG, 0, "410\0" "The address is gone.", address },
	{ ERR_RETRY, 0, "411\0" "The request's length is missing.", gateway },
	{ ERR_RETRY, 0, "412\0" "Somebody else was quicker.", wait },
	{ ERR_CONFIG, 0, "413\0"
	  "The request is too large for something on the way.", proxy_limit },
	{ ERR_RETRY, 0, "415\0" "The request's media type is not known.",
	  gateway },
	{ ERR_RETRY, 0, "416\0" "The range of bytes is not valid.", gateway },
	{ ERR_RETRY, 0, "422\0" "The request is refused on the way.", gateway },
	{ ERR_RETRY, 0, "423\0" "The mailbox is locked for now.", wait },
	{ ERR_UNSURE, 0, "424\0" "Something that it depends on failed.",
	  look },
	{ ERR_RETRY, 0, "425\0" "The request came too early.", wait },
	{ ERR_RETRY, 0, "429\0" "Too many requests.", wait },
	{ ERR_RETRY, 0, "431\0" "The request's head is too large.", gateway },
	{ ERR_CONFIG, 0, "451\0" "A law forbids it.", address },
	{ ERR_UNSURE, 0, "500\0"
	  "The service failed, perhaps after it took the message.", look },
	{ ERR_RETRY, 0, "501\0" "The service does not know this request.",
	  gateway },
	{ ERR_UNSURE, 0, "502\0"
	  "A gateway failed, perhaps after the message went through.",
	  look },
	{ ERR_RETRY, 0, "503\0" "The service is not available.", wait },
	{ ERR_UNSURE, 0, "504\0"
	  "A gateway gave up waiting; the message may be sent.", look },
	{ ERR_RETRY, 0, "507\0" "The service has no room.", wait },
	{ ERR_RETRY, 0, "509\0" "The bandwidth is used up.", wait },
	{ ERR_CONFIG, 0, "511\0" "The network wants a sign-in of its own.",
	  address },
	{ ERR_NONE, 0, NULL, NULL }
	/* clang-format on */
};
