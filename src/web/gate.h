/* SPDX-License-Identifier: MIT */
/*
 * gate: is this request meant for us, and made by our own pages?
 *
 * A page of another site may make a browser send requests to any address that
 * the browser reaches, and by a name of its own that leads here (DNS
 * rebinding) read the answers as well. So Host has to be an address or a name
 * that is known to be ours, and a form has to come from our own origin.
 *
 * Source: RFC 9110 7.2 (Host), RFC 6454 7 (Origin), W3C Fetch Metadata
 * (Sec-Fetch-Site).
 */
#ifndef WEB_GATE_H
#define WEB_GATE_H

#include <stdbool.h>

#include "base/str.h"

/*
 * Without its port: an IP literal, which no name server can turn, "localhost",
 * or one of names, which are parted by blanks.
 */
bool gate_host(struct str host, struct str names);

/*
 * May a form with these fields change something? origin: scheme and authority
 * that are this Host; where a browser sends none, it has to say same-origin.
 * What came by TLS is from a page that came so, too: others can be forged on
 * their way. What came plain may be from a proxy that does TLS.
 */
struct gate_from {
	struct str origin, fetch_site, host;
	bool tls;
};
bool gate_origin(const struct gate_from *f);

/*
 * The value of the next cookie of this name, taken off *cookies; p is NULL:
 * there is none. A browser may send several: of other paths, or set by another
 * host of the same domain (RFC 6265 8.6). Lends from *cookies.
 */
struct str gate_cookie(struct str *cookies, struct str name);

#endif
