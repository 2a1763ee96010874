/* SPDX-License-Identifier: MIT */
#include "web/session.h"

#include <string.h>

#include "base/os.h"
#include "base/secret.h"

void
web_session_random(char out[WEB_SESSION_TEXT])
{
	unsigned char bytes[WEB_SESSION_BYTES];

	os_random(bytes, sizeof(bytes));
	*str_hex(out, bytes, sizeof(bytes)) = '\0';
	secret_wipe(bytes, sizeof(bytes));
}

bool
web_session_same(const char id[WEB_SESSION_TEXT], struct str given)
{
	unsigned differ = 0;

	if (id[0] == '\0' || given.n != WEB_SESSION_TEXT - 1)
		return false;
	for (size_t i = 0; i < given.n; i++)
		differ |= (unsigned)(unsigned char)(id[i] ^ given.p[i]);
	return differ == 0;
}

void
web_session_end(struct web_session *s)
{
	secret_wipe(s, sizeof(*s));
}

static bool
web_session_is_over(const struct web_session *s, int64_t now)
{
	return now - s->used >= WEB_SESSION_IDLE_MS ||
	    now - s->began >= WEB_SESSION_LIFE_MS;
}

struct web_session *
web_sessions_begin(struct web_sessions *s, struct str user, int64_t now)
{
	struct web_session *place = s->one;

	for (size_t i = 0; i < WEB_SESSION_MOST; i++) {
		if (s->one[i].id[0] == '\0') {
			place = &s->one[i];
			break;
		}
		if (s->one[i].used < place->used)
			place = &s->one[i];
	}
	*place = (struct web_session){ .began = now, .used = now };
	web_session_random(place->id);
	web_session_random(place->token);
	user = str_cut(user, WEB_SESSION_USER - 1);
	if (user.n > 0)
		memcpy(place->user, user.p, user.n);
	return place;
}

struct web_session *
web_sessions_find(struct web_sessions *s, struct str id, int64_t now)
{
	for (size_t i = 0; i < WEB_SESSION_MOST; i++) {
		struct web_session *one = &s->one[i];

		if (!web_session_same(one->id, id))
			continue;
		if (web_session_is_over(one, now)) {
			web_session_end(one);
			return NULL;
		}
		one->used = now;
		return one;
	}
	return NULL;
}
