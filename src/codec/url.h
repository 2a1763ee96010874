/* SPDX-License-Identifier: MIT */
/*
 * url: http and https URLs, percent-encoding, forms.
 *
 * Source: RFC 3986; application/x-www-form-urlencoded as OAuth uses it
 * (RFC 6749 appendix B).
 */
#ifndef CODEC_URL_H
#define CODEC_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { URL_MAX = 8192 }; /* uploadUrl of Graph has about 1,500 bytes */

/* Slices of the text that was parsed. */
struct url {
	bool tls;          /* https */
	struct str host;   /* a name, or an IP literal without brackets */
	bool ip6;          /* the host stood in brackets */
	uint16_t port;     /* 443, 80, or as given */
	struct str origin; /* "https://host:port" as written */
	struct str path;   /* may be empty */
	struct str query;  /* without '?' */
	struct str target; /* path and '?' query as written; may be empty */
};

/*
 * Absolute http(s) URLs only; user info, fragment, spaces, control and
 * non-ASCII characters are refused. ERR_CONFIG, with the reason.
 */
bool url_parse(struct str s, struct url *out, struct err *e)
    __attribute__((warn_unused_result));

/* The name of this machine for itself, with a final dot or not. */
bool url_is_localhost(struct str host);
/* localhost, 127.0.0.0/8, [::1]: where plain http is allowed. */
bool url_is_loopback(const struct url *u);

/* Appends s with all but RFC 3986's unreserved characters as %XX. */
void url_encode(struct buf *out, struct str s);
/* Appends "name=value", after a '&' unless out is empty; blanks as '+'. */
void url_form_add(struct buf *out, struct str name, struct str value);

/*
 * Appends s decoded; plus: '+' means a blank (forms). ERR_INPUT, ERR_RETRY as
 * buf_ok; out is then as it was.
 */
bool url_decode(struct buf *out, struct str s, bool plus, struct err *e)
    __attribute__((warn_unused_result));
/*
 * Finds a field of a form body or a query and appends its value, decoded.
 * *found tells; a field that stands twice is ERR_INPUT.
 */
bool url_form_get(struct str form, struct str name, struct buf *out,
    bool *found, struct err *e) __attribute__((warn_unused_result));

#endif
