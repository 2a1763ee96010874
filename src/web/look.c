/* SPDX-License-Identifier: MIT */
#include "web/look.h"

#include "base/crypt.h"
#include "codec/base64.h"

static void
look_add_hash(struct buf *out, struct str text)
{
	unsigned char sum[CRYPT_SHA256_SIZE];

	crypt_sha256(text, sum);
	buf_addz(out, "'sha256-");
	base64_encode(out, (struct str){ (const char *)sum, sizeof(sum) });
	buf_addz(out, "'; ");
}

void
look_fields(struct buf *out)
{
	struct packed texts;

	packed_open(&texts, TEXT_WEB_STYLE, out);
	buf_addz(out,
	    "Content-Security-Policy: default-src 'none'; style-src ");
	look_add_hash(out, packed_view(&texts, TEXT_WEB_STYLE));
	buf_addz(out, "script-src ");
	look_add_hash(out, packed_view(&texts, TEXT_WEB_SCRIPT));
	packed_release(&texts);
	buf_addz(out,
	    "connect-src 'self'; form-action 'self'; base-uri 'none'; "
	    "frame-ancestors 'none'\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "X-Frame-Options: DENY\r\n"
	    "Referrer-Policy: same-origin\r\n"
	    "Cross-Origin-Opener-Policy: same-origin\r\n"
	    "Cross-Origin-Resource-Policy: same-origin\r\n"
	    "Cache-Control: no-store\r\n");
}
