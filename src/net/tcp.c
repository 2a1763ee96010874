/* SPDX-License-Identifier: MIT */
#include "net/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/os.h"
#include "codec/url.h"
#include "net/hostname.h"

enum {
	HOST_SIZE = 256,         /* RFC 1035 2.3.4, with a NUL */
	HOSTS_MAX = 1024 * 1024, /* of /etc/hosts; lists of ads have more */
	TOLD_MOST = 4            /* addresses that a message names */
};

_Static_assert(sizeof(struct tcp_found) <= 4096, "a pipe takes it at once");

union any_addr {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static const struct {
	int code;
	const char *text, *remedy;
} lookup_fails[] = {
	{ EAI_NONAME, "the name is not known",
	    "check the host name in the configuration (login_url, graph_url) "
	    "and this machine's DNS" },
#ifdef EAI_NODATA
	{ EAI_NODATA, "the name has no address",
	    "check the host name in the configuration (login_url, graph_url) "
	    "and this machine's DNS" },
#endif
	{ EAI_AGAIN, "the name server does not answer",
	    "check the nameserver lines of /etc/resolv.conf, and that a "
	    "firewall lets port 53 through" },
	{ EAI_FAIL, "the name server refuses to answer",
	    "check the nameserver lines of /etc/resolv.conf" },
	{ EAI_MEMORY, "the name look-up ran out of memory", "" },
	{ EAI_SYSTEM, "the name look-up failed", "" },
};

/* --- looking up, in the child --- */

static bool
addr_of(const struct sockaddr *sa, struct tcp_addr *out)
{
	const union any_addr *any = (const void *)sa;

	*out = (struct tcp_addr){ 0 };
	if (sa->sa_family == AF_INET) {
		out->size = 4;
		memcpy(out->ip, &any->v4.sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		out->size = 16;
		out->scope = any->v6.sin6_scope_id;
		memcpy(out->ip, &any->v6.sin6_addr, 16);
	}
	return out->size > 0;
}

static void
look_up(const char *host, struct tcp_found *out)
{
	/*
	 * AI_ADDRCONFIG: no AAAA question where there is no IPv6, for some
	 * name servers answer it with a failure that spoils the rest. The
	 * second try is for those that do so all the same.
	 */
	static const struct addrinfo hints[] = {
		{ .ai_family = AF_UNSPEC,
		    .ai_socktype = SOCK_STREAM,
		    .ai_flags = AI_ADDRCONFIG },
		{ .ai_family = AF_INET, .ai_socktype = SOCK_STREAM },
	};
	struct addrinfo *list = NULL;

	*out = (struct tcp_found){ .code = EAI_FAIL };
	for (size_t i = 0; i < sizeof(hints) / sizeof(*hints); i++) {
		out->code = getaddrinfo(host, NULL, &hints[i], &list);
		out->sys = errno;
		if (out->code == 0)
			break;
	}
	for (; list != NULL && out->n < TCP_ADDRS; list = list->ai_next)
		if (addr_of(list->ai_addr, &out->addr[out->n]))
			out->n++;
	if (out->code == 0 && out->n == 0)
		out->code = EAI_NONAME;
}

/*
 * May /etc/hosts have this name? What it has below a longer name, or in a
 * comment, counts as well: then the name is looked up as it stands.
 */
static bool
lookup_in_hosts(struct str host)
{
	struct buf file;
	struct err ignored;
	bool found;

	buf_init(&file, HOSTS_MAX);
	found = (!os_read_file("/etc/hosts", &file, &ignored) && file.full) ||
	    str_ifind(buf_view(&file), host) < file.n;
	buf_release(&file);
	return found;
}

/*
 * A name with a dot is complete. With one at its end, too, musl asks for it
 * alone, and for none below the search domains, where a failure or a wildcard
 * would hide it (RFC 1535 6); but musl finds no such name in /etc/hosts.
 */
static void
lookup_complete(char host[HOST_SIZE])
{
	struct str name = str_of(host);

	if (name.n < HOST_SIZE - 1 && str_chr(name, '.') < name.n &&
	    !str_ends(name, STR(".")) && !lookup_in_hosts(name))
		memcpy(host + name.n, ".", 2);
}

__attribute__((noreturn)) static void
child_main(const struct tcp *t, char host[HOST_SIZE], int out, pid_t parent)
{
	struct tcp_found found;
	ssize_t ignored;

	/* nobody waits for an answer once the parent is gone, or was before */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	if (t->complete)
		lookup_complete(host);
	look_up(host, &found);
	ignored = write(out, &found, sizeof(found));
	(void)ignored;
	_exit(0);
}

static bool
start_child(struct tcp *t, struct err *e)
{
	pid_t self = getpid();
	char host[HOST_SIZE];
	int ends[2];

	if (t->host.n == 0 || t->host.n >= sizeof(host) ||
	    str_chr(t->host, '\0') < t->host.n) {
		err_set(e, ERR_RETRY, "the name cannot exist");
		return err_remedy(e, "%s", lookup_fails[0].remedy);
	}
	memcpy(host, t->host.p, t->host.n);
	host[t->host.n] = '\0';
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(e, ERR_RETRY, "cannot make a pipe");
	t->child = fork();
	if (t->child == 0)
		child_main(t, host, ends[1], self);
	os_close(&ends[1]);
	t->pipe = ends[0];
	if (t->child > 0)
		return true;
	err_sys(e, ERR_RETRY, "cannot start the name look-up");
	os_close(&t->pipe);
	t->child = 0;
	return false;
}

/* Leaves no zombie and never signals a pid that is not our child's. */
static void
end_child(struct tcp *t)
{
	if (t->child > 0 && waitpid(t->child, NULL, WNOHANG) == 0)
		(void)child_kill(t->child);
	if (t->child > 0)
		os_close(&t->pipe);
	t->child = 0;
}

static bool
lookup_failed(const struct tcp_found *f, struct err *e)
{
	size_t n = sizeof(lookup_fails) / sizeof(*lookup_fails);

	if (f->code != EAI_MEMORY && access("/etc/resolv.conf", R_OK) < 0) {
		err_set(e, ERR_RETRY,
		    "the name cannot be looked up: there is "
		    "no readable /etc/resolv.conf");
		return err_remedy(e,
		    "write \"nameserver ADDRESS\" into "
		    "/etc/resolv.conf, or the host into /etc/hosts");
	}
	for (size_t i = 0; i < n; i++) {
		if (lookup_fails[i].code != f->code)
			continue;
		errno = f->sys;
		if (f->code == EAI_SYSTEM)
			return err_sys(e, ERR_RETRY, "%s",
			    lookup_fails[i].text);
		err_set(e, ERR_RETRY, "%s", lookup_fails[i].text);
		return err_remedy(e, "%s", lookup_fails[i].remedy);
	}
	return err_set(e, ERR_RETRY, "the name look-up failed (code %d)",
	    f->code);
}

/* RFC 8305 4: the families take turns, the resolver's first one begins. */
static void
take_turns(struct tcp_found *f)
{
	struct tcp_found in = *f;
	uint8_t turn = in.addr[0].size;
	size_t at[2] = { 0, 0 }, which;

	for (size_t out = 0; out < in.n; out++) {
		which = turn == in.addr[0].size ? 0 : 1;
		while (at[which] < in.n && in.addr[at[which]].size != turn)
			at[which]++;
		if (at[which] == in.n) { /* this family is used up */
			turn = turn == 4 ? 16 : 4;
			which = 1 - which;
			while (in.addr[at[which]].size != turn)
				at[which]++;
		}
		f->addr[out] = in.addr[at[which]++];
		turn = turn == 4 ? 16 : 4;
	}
}

static enum tcp_state
step_lookup(struct tcp *t, struct err *e)
{
	char *to = (char *)&t->found;
	ssize_t n;

	while (t->got < sizeof(t->found)) {
		n = read(t->pipe, to + t->got, sizeof(t->found) - t->got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return TCP_OPENING;
		if (n <= 0)
			break;
		t->got += (size_t)n;
	}
	end_child(t);
	if (t->got < sizeof(t->found) || t->found.n > TCP_ADDRS) {
		err_set(e, ERR_RETRY, "the name look-up ended without answer");
		return TCP_FAILED;
	}
	if (t->found.code != 0) {
		(void)lookup_failed(&t->found, e);
		return TCP_FAILED;
	}
	take_turns(&t->found);
	return TCP_OPEN;
}

/* --- connecting --- */

void
tcp_tune(int fd)
{
	int on = 1;

	/* they fail for UNIX sockets, which need neither */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

static socklen_t
fill_addr(const struct tcp_addr *a, uint16_t port, union any_addr *out)
{
	*out = (union any_addr){ 0 };
	if (a->size == 4) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(port);
		memcpy(&out->v4.sin_addr, a->ip, 4);
		return sizeof(out->v4);
	}
	out->v6.sin6_family = AF_INET6;
	out->v6.sin6_port = htons(port);
	out->v6.sin6_scope_id = a->scope;
	memcpy(&out->v6.sin6_addr, a->ip, 16);
	return sizeof(out->v6);
}

static void
lose(struct tcp *t, size_t i, int error)
{
	os_close(&t->attempt[i].fd);
	t->attempt[i].error = error;
	t->open--;
	t->next_at = 0; /* RFC 8305 5: the next begins at once */
}

static void
win(struct tcp *t, size_t i)
{
	t->fd = t->attempt[i].fd;
	t->winner = i;
	t->attempt[i].fd = -1;
	t->open--;
}

static void
begin_attempt(struct tcp *t)
{
	size_t i = t->begun++;
	union any_addr to;
	socklen_t size = fill_addr(&t->found.addr[i], t->port, &to);
	int fd = socket(to.sa.sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	t->attempt[i].fd = fd;
	t->attempt[i].error = 0;
	t->open++;
	t->next_at = os_mono_ms() + TCP_STAGGER_MS;
	if (fd < 0) {
		lose(t, i, errno);
		return;
	}
	tcp_tune(fd);
	if (connect(fd, &to.sa, size) == 0)
		win(t, i);
	else if (errno != EINPROGRESS && errno != EINTR)
		lose(t, i, errno);
}

/* Decides attempt i if the kernel has. */
static void
check_attempt(struct tcp *t, size_t i)
{
	struct pollfd p = { .fd = t->attempt[i].fd, .events = POLLOUT };
	socklen_t size = sizeof(int);
	int error = 0;

	if (p.fd < 0 || t->fd >= 0 || os_poll(&p, 1, 0) <= 0)
		return;
	if (getsockopt(p.fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (error != 0)
		lose(t, i, error);
	else
		win(t, i);
}

static void
addr_text(const struct tcp_addr *a, char out[INET6_ADDRSTRLEN])
{
	int family = a->size == 4 ? AF_INET : AF_INET6;

	if (inet_ntop(family, a->ip, out, INET6_ADDRSTRLEN) == NULL)
		out[0] = '\0';
}

/* Says of each address what it did. */
static bool
all_failed(const struct tcp *t, struct err *e)
{
	char text[TOLD_MOST * (INET6_ADDRSTRLEN + 80) + 32];
	char addr[INET6_ADDRSTRLEN];
	size_t told = t->begun < TOLD_MOST ? t->begun : TOLD_MOST, at = 0;
	int n;

	text[0] = '\0';
	for (size_t i = 0; i < told; i++) {
		addr_text(&t->found.addr[i], addr);
		n = snprintf(text + at, sizeof(text) - at, "%s%s: %.72s",
		    i > 0 ? "; " : "", addr,
		    t->attempt[i].error != 0 ? strerror(t->attempt[i].error) :
					       "no answer in time");
		at += n > 0 ? (size_t)n : 0;
	}
	if (t->begun > told)
		(void)snprintf(text + at, sizeof(text) - at, "; and %zu more",
		    t->begun - told);
	err_set(e, ERR_RETRY, "%s", text);
	return err_remedy(e,
	    "check that this machine is online and that a "
	    "firewall lets outgoing TCP to port %u through",
	    (unsigned)t->port);
}

static enum tcp_state
step_race(struct tcp *t, struct err *e)
{
	for (size_t i = 0; i < t->begun; i++)
		check_attempt(t, i);
	while (t->fd < 0 && t->begun < t->found.n &&
	    (t->open == 0 || os_mono_ms() >= t->next_at))
		begin_attempt(t);
	if (t->fd >= 0)
		return TCP_OPEN;
	if (t->open > 0)
		return TCP_OPENING;
	(void)all_failed(t, e);
	return TCP_FAILED;
}

/* --- the whole --- */

bool
tcp_start(struct tcp *t, struct str host, uint16_t port, bool complete,
    struct err *e)
{
	static const struct tcp_addr loopback[] = {
		{ .size = 4, .ip = { 127, 0, 0, 1 } },
		{ .size = 16, .ip = { [15] = 1 } },
	};
	size_t size;

	*t = (struct tcp){ .started = true,
		.host = host,
		.port = port,
		.complete = complete };
	t->pipe = -1;
	t->fd = -1;
	/* RFC 6761 6.3: no name server is asked, and none may say otherwise */
	if (url_is_localhost(host)) {
		memcpy(t->found.addr, loopback, sizeof(loopback));
		t->found.n = sizeof(loopback) / sizeof(*loopback);
		return true;
	}
	size = hostname_ip(host, t->found.addr[0].ip);
	if (size == 0)
		return start_child(t, e);
	t->found.addr[0].size = (uint8_t)size;
	t->found.n = 1;
	return true;
}

enum tcp_state
tcp_step(struct tcp *t, struct err *e)
{
	enum tcp_state s = t->child > 0 ? step_lookup(t, e) : TCP_OPEN;

	return s == TCP_OPEN ? step_race(t, e) : s;
}

size_t
tcp_wants(const struct tcp *t, struct pollfd fds[TCP_ADDRS], int64_t *wake)
{
	size_t n = 0;

	if (t->child > 0) {
		fds[0] = (struct pollfd){ .fd = t->pipe, .events = POLLIN };
		return 1;
	}
	for (size_t i = 0; i < t->begun; i++)
		if (t->attempt[i].fd >= 0)
			fds[n++] = (struct pollfd){ .fd = t->attempt[i].fd,
				.events = POLLOUT };
	if (t->begun < t->found.n && t->next_at < *wake)
		*wake = t->next_at;
	return n;
}

bool
tcp_give_up(struct tcp *t, struct err *e)
{
	if (t->child == 0)
		return all_failed(t, e);
	err_set(e, ERR_RETRY, "the name look-up got no answer in time");
	return err_remedy(e,
	    "check the nameserver lines of /etc/resolv.conf, "
	    "and that a firewall lets port 53 through");
}

struct str
tcp_winner(const struct tcp *t, struct arena *mem)
{
	char text[INET6_ADDRSTRLEN];

	addr_text(&t->found.addr[t->winner], text);
	return arena_str(mem, str_of(text));
}

int
tcp_take(struct tcp *t)
{
	int fd = t->fd;

	t->fd = -1;
	return fd;
}

void
tcp_release(struct tcp *t)
{
	if (t->started) {
		end_child(t);
		for (size_t i = 0; i < t->begun; i++)
			os_close(&t->attempt[i].fd);
		os_close(&t->fd);
	}
	*t = (struct tcp){ 0 };
}
