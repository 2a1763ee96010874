/* SPDX-License-Identifier: MIT */
#include "net/tls_why.h"

#include "net/mbed.h"

static const struct {
	int number; /* RFC 8446 6.2 */
	const char *text, *remedy;
} tls_alerts[] = {
	{ MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION,
	    "protocol_version: the server speaks only an older TLS than 1.2",
	    "the server, or a proxy in between, has to allow TLS 1.2 or 1.3" },
	{ MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE,
	    "handshake_failure: no common cipher, curve or signature",
	    "the server has to allow ECDHE with AES-GCM (or ChaCha20) and "
	    "P-256, P-384 or X25519" },
	{ MBEDTLS_SSL_ALERT_MSG_INSUFFICIENT_SECURITY,
	    "insufficient_security: it wants stronger ciphers", "" },
	{ MBEDTLS_SSL_ALERT_MSG_UNRECOGNIZED_NAME,
	    "unrecognized_name: the server does not serve this host name",
	    "check the host name in login_url and graph_url" },
	{ MBEDTLS_SSL_ALERT_MSG_NO_APPLICATION_PROTOCOL,
	    "no_application_protocol: the server does not speak HTTP/1.1",
	    "check host and port in login_url and graph_url" },
	{ MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA,
	    "unknown_ca: the peer does not know the certificate's issuer", "" },
	{ MBEDTLS_SSL_ALERT_MSG_BAD_CERT,
	    "bad_certificate: the peer refuses the certificate", "" },
	{ MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED,
	    "certificate_expired: the peer refuses the certificate", "" },
	{ MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN,
	    "certificate_unknown: the peer refuses the certificate", "" },
	{ MBEDTLS_SSL_ALERT_MSG_CERT_REQUIRED,
	    "certificate_required: the server wants a client certificate",
	    "this program has none to show: a proxy that asks for one must "
	    "let it pass without" },
	{ MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED, "access_denied", "" },
	{ MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR,
	    "internal_error: the server is in trouble", "try again later" },
	{ MBEDTLS_SSL_ALERT_MSG_DECODE_ERROR, "decode_error", "" },
	{ MBEDTLS_SSL_ALERT_MSG_DECRYPT_ERROR, "decrypt_error", "" },
	{ MBEDTLS_SSL_ALERT_MSG_ILLEGAL_PARAMETER, "illegal_parameter", "" },
	{ MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE, "unexpected_message", "" },
	{ MBEDTLS_SSL_ALERT_MSG_BAD_RECORD_MAC, "bad_record_mac", "" },
};

static const struct {
	int code;
	const char *text, *remedy;
} tls_codes[] = {
	{ MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION,
	    "the server speaks only an older TLS than 1.2",
	    "the server, or a proxy in between, has to allow TLS 1.2 or 1.3" },
	{ MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE,
	    "no common cipher, curve or signature", "" },
	{ MBEDTLS_ERR_SSL_BAD_CERTIFICATE,
	    "its certificate cannot be used for TLS (its key usage or curve)",
	    "the server's administrator has to replace its certificate" },
	{ MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL,
	    "its handshake is larger than 16 KB",
	    "the server's certificates have to become smaller" },
	{ MBEDTLS_ERR_SSL_BAD_INPUT_DATA, "its handshake is larger than 16 KB",
	    "the server's certificates have to become smaller" },
	{ MBEDTLS_ERR_SSL_INVALID_RECORD, "it sent a malformed record", "" },
	{ MBEDTLS_ERR_SSL_INVALID_MAC, "bytes were changed on the way", "" },
	{ MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE, "it sent an unexpected message",
	    "" },
	{ MBEDTLS_ERR_SSL_DECODE_ERROR, "it sent a malformed message", "" },
	{ MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER,
	    "it sent a parameter that is not allowed", "" },
	{ MBEDTLS_ERR_SSL_UNSUPPORTED_EXTENSION,
	    "it sent an extension that nobody asked for", "" },
	{ MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL,
	    "no common application protocol", "" },
};

/* True: it was an error of X.509, and is explained. */
static bool
tls_why_parse(int r, struct err *e)
{
	int high = -(-r & ~0x7f);

	if (high <= MBEDTLS_ERR_X509_BAD_INPUT_DATA ||
	    high > MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE)
		return false;
	err_set(e, ERR_RETRY, "its certificates cannot be read (-0x%04x): %s",
	    (unsigned)-r,
	    high == MBEDTLS_ERR_X509_INVALID_EXTENSIONS ?
		"a critical extension is not supported here" :
		"malformed, or an algorithm not supported here (Ed25519?)");
	err_remedy(e,
	    "the server's administrator has to replace its "
	    "certificate");
	return true;
}

bool
tls_why_alert(int number, struct err *e)
{
	for (size_t i = 0; i < sizeof(tls_alerts) / sizeof(*tls_alerts); i++) {
		if (tls_alerts[i].number != number)
			continue;
		err_set(e, ERR_RETRY, "it sent the TLS alert %s",
		    tls_alerts[i].text);
		return err_remedy(e, "%s", tls_alerts[i].remedy);
	}
	return err_set(e, ERR_RETRY, "it sent the TLS alert %d", number);
}

bool
tls_why(int r, struct err *e)
{
	for (size_t i = 0; i < sizeof(tls_codes) / sizeof(*tls_codes); i++) {
		if (tls_codes[i].code != r)
			continue;
		err_set(e, ERR_RETRY, "%s", tls_codes[i].text);
		return err_remedy(e, "%s", tls_codes[i].remedy);
	}
	if (tls_why_parse(r, e))
		return false;
	return err_set(e, ERR_RETRY, "TLS error -0x%04x", (unsigned)-r);
}
