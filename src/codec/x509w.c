/* SPDX-License-Identifier: MIT */
#include "codec/x509w.h"

#include "codec/base64.h"
#include "codec/date.h"
#include "codec/der.h"

enum {
	DER_UTF8 = 0x0c,
	DER_UTC = 0x17,
	DER_TIME = 0x18,
	PEM_LINE = 48 /* bytes: 64 characters (RFC 7468 2) */
};

#define COMMON_NAME "\x06\x03\x55\x04\x03"

void
x509w_name(struct derw *w, const char *cn)
{
	size_t since = derw_n(w);

	derw_put(w, str_of(cn));
	derw_head(w, DER_UTF8, since);
	derw_put(w, STR(COMMON_NAME));
	derw_head(w, DER_SEQUENCE, since);
	derw_head(w, DER_SET, since);
	derw_head(w, DER_SEQUENCE, since);
}

/* RFC 5280 4.1.2.5: two digits of the year up to 2049. */
static void
x509w_time(struct derw *w, int64_t when)
{
	size_t since = derw_n(w), skip = date_split(when).year < 2050 ? 2 : 0;
	char iso[DATE_ISO_SIZE], text[DATE_ISO_SIZE];
	size_t n = 0;

	date_iso(when, iso);
	for (size_t i = 0; iso[i] != '\0'; i++)
		if (ascii_is_digit(iso[i]) || iso[i] == 'Z')
			text[n++] = iso[i];
	derw_put(w, (struct str){ text + skip, n - skip });
	derw_head(w, skip > 0 ? DER_UTC : DER_TIME, since);
}

void
x509w_validity(struct derw *w, int64_t from, int64_t until)
{
	size_t since = derw_n(w);

	x509w_time(w, until);
	x509w_time(w, from);
	derw_head(w, DER_SEQUENCE, since);
}

void
x509w_integer(struct derw *w, struct str bytes)
{
	size_t since = derw_n(w);

	derw_put(w, bytes);
	if (bytes.n == 0 || (bytes.p[0] & 0x80) != 0)
		derw_put(w, STR("\0"));
	derw_head(w, DER_INTEGER, since);
}

void
x509w_pem(struct buf *out, const char *label, struct str der)
{
	buf_addf(out, "-----BEGIN %s-----\n", label);
	for (; der.n > 0; der = str_from(der, PEM_LINE)) {
		base64_encode(out, str_first(der, PEM_LINE));
		buf_addc(out, '\n');
	}
	buf_addf(out, "-----END %s-----\n", label);
}
