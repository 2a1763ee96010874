/* SPDX-License-Identifier: MIT */
#include "command/queue/own.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/scratch.h"
#include "cli/cli.h"
#include "config/relay.h"
#include "relay/listen.h"

enum {
	OWN_MEMORY = 4 << 20, /* bytes: the lines of [relay] */
	OWN_PIECE = 65536,
	OWN_SECONDS = 60 /* without a byte */
};

bool
queue_own_path(const char *socket, char out[QUEUE_OWN_PATH])
{
	int n = snprintf(out, QUEUE_OWN_PATH, "%s.queue", socket);

	return n > 0 && n < QUEUE_OWN_PATH;
}

static int
own_connect(const struct config *c)
{
	const struct timeval most = { .tv_sec = OWN_SECONDS };
	static const struct config none = { 0 };
	struct listen l = { .kind = LISTEN_UNIX };
	struct config_relay_places places;
	char path[QUEUE_OWN_PATH];
	struct arena mem;
	int fd = -1;

	arena_init(&mem, OWN_MEMORY);
	/* of a file that is closed only the environment counts */
	config_relay_find(config_is_closed(c) ? &none : c, &mem, &places);
	if (places.socket != NULL && queue_own_path(places.socket, path)) {
		l.name = str_of(path);
		fd = listen_connect(&l);
	}
	arena_release(&mem);
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most,
		    sizeof(most));
	return fd;
}

bool
queue_own_ask(const struct config *c)
{
	SCRATCH char piece[OWN_PIECE];
	int fd = own_connect(c);
	struct err unsaid;
	ssize_t n = -1;
	bool some = false;

	while (fd >= 0 && (n = recv(fd, piece, sizeof(piece), 0)) > 0) {
		some = true;
		if (!cli_out((struct str){ piece, (size_t)n }, &unsaid))
			break;
	}
	if (fd >= 0)
		(void)close(fd);
	return some;
}

bool
queue_own_is(struct str client, uid_t uid)
{
	struct str who;
	uint64_t n;

	/* "sendmail uid=33 drop", "relay uid=33 listener=PATH" */
	client = str_from(client, str_chr(client, ' ') + 1);
	return str_next(&client, ' ', &who) && str_starts(who, STR("uid=")) &&
	    str_u64(str_from(who, 4), UINT32_MAX, &n) && n == uid;
}
