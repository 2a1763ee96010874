/* SPDX-License-Identifier: MIT */
#include "relay/reception.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "base/record.h"
#include "relay/away.h"
#include "relay/bundle.h"
#include "relay/house.h"

enum {
	RECEPTION_BESIDE = 4,      /* signals, control, commits, sign-ins */
	RECEPTION_POLLS = 1 << 20, /* bytes: 100,000 clients */
	RECEPTION_LAST_MS = 1000,  /* for the last goodbyes */
	RECEPTION_REST_MS = 1000,  /* without a free descriptor */
	RECEPTION_STRESS = 80,     /* percent of the places */
	RECEPTION_ROUND = 64,      /* new clients between two looks */
	RECEPTION_FDS = 64         /* descriptors that are not clients' */
};

struct reception {
	struct house house;
	struct log log;
	size_t n_visits;
	uint64_t places;
	int signals, spare; /* spare: a descriptor, to give it up */
	bool draining;
	bool retired;  /* draining, however long it takes */
	int64_t until; /* draining: then it is over */
	int64_t rest;  /* until then nobody is let in */
	struct away away;
	struct buf polls;
	size_t polled; /* bytes of it, before those of metrics */
};

static void
reception_peer(int fd, const struct sockaddr_storage *from,
    struct listen_peer *out)
{
	struct ucred who;
	socklen_t n = sizeof(who);

	*out = (struct listen_peer){ .local = from->ss_family == AF_UNIX };
	if (!out->local) {
		(void)range_ip_of((const struct sockaddr *)from, &out->ip);
		return;
	}
	out->uid = (uid_t)-1;
	out->gid = (gid_t)-1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0) {
		out->uid = who.uid;
		out->gid = who.gid;
	}
}

/* Clients of the same address; of IPv6 of the same /64. */
static size_t
reception_same(const struct reception *r, const struct listen_peer *peer)
{
	struct tally_key key = tally_address(TALLY_CONNECTIONS, &peer->ip), at;
	size_t n = 0;

	for (const struct visit *v = r->house.visit.visits; v != NULL;
	     v = v->next) {
		at = tally_address(TALLY_CONNECTIONS, &v->peer.ip);
		n += !v->peer.local && memcmp(&at, &key, sizeof(key)) == 0;
	}
	return n;
}

static const struct visit_away reception_busy = { NULL, NULL };

/* NULL: there is a place for it. */
static const struct visit_away *
reception_is_full(struct reception *r, const struct listen *l,
    const struct listen_peer *peer, const struct allow *a)
{
	static const struct visit_away many = { "connections",
		"clients_per_address" };
	static const struct visit_away rule = { "connections", "clients=" };
	/* a tenth of the places is theirs who are known */
	uint64_t most = a != NULL ? r->places : r->places - r->places / 10;
	uint64_t own = a != NULL && a->rule.clients > 0 ? a->rule.clients :
							  l->rule.clients;
	uint64_t each = own > 0 ? own :
	    a != NULL           ? UINT64_MAX :
				  r->house.conf.clients_per_address;

	if (r->n_visits >= most)
		return &reception_busy;
	if (!peer->local && each < UINT64_MAX &&
	    reception_same(r, peer) >= each)
		return own > 0 ? &rule : &many;
	return visit_refuse(&r->house.visit, l, peer, a);
}

static void
reception_put_away(const struct reception *r, const struct visit_away *away,
    const struct listen_peer *peer, struct buf *out)
{
	struct str host = r->house.conf.hostname;
	char ip[RANGE_TEXT_SIZE];

	if (away->what == NULL) {
		buf_addf(out, "421 4.3.2 %.*s is busy, try again later",
		    STR_ARG(host));
		return;
	}
	range_ip_print(&peer->ip, ip);
	buf_addf(out, "421 4.7.0 %.*s: too many %s from %s (%s)", STR_ARG(host),
	    away->what, ip, away->setting);
}

static void
reception_send_away(struct reception *r, int fd, const struct listen *l,
    const struct listen_peer *peer, const struct visit_away *away)
{
	struct buf text;

	buf_init(&text, SESSION_REPLY_MAX);
	reception_put_away(r, away, peer, &text);
	visit_say_away(&r->house.visit, l, peer, buf_view(&text));
	buf_addz(&text, "\r\n");
	away_send(&r->away, fd, buf_view(&text), os_mono_ms());
	buf_release(&text);
}

/* No descriptor is left: who comes is told so, by the spare one. */
static void
reception_is_out(struct reception *r, int listener)
{
	struct buf text;
	int fd;

	os_close(&r->spare);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		buf_init(&text, SESSION_REPLY_MAX);
		reception_put_away(r, &reception_busy, NULL, &text);
		buf_addz(&text, "\r\n");
		away_send_last(fd, buf_view(&text));
		buf_release(&text);
	}
	r->spare = dup(STDERR_FILENO);
	r->rest = os_mono_ms() + RECEPTION_REST_MS;
}

/* False: nobody waits. */
static bool
reception_welcome(struct reception *r, const struct house_door *door)
{
	struct sockaddr_storage from = { 0 };
	socklen_t n = sizeof(from);
	struct listen_peer peer;
	const struct allow *allow;
	const struct visit_away *away;
	struct visit *v;
	int fd = accept4(door->fd, (struct sockaddr *)&from, &n,
	    SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0 && (errno == ECONNABORTED || errno == EINTR))
		return true;
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE)
			reception_is_out(r, door->fd);
		else if (errno != EAGAIN)
			r->rest = os_mono_ms() + RECEPTION_REST_MS;
		return false;
	}
	reception_peer(fd, &from, &peer);
	allow = visit_allow(&r->house.visit, door->listen, &peer);
	away = reception_is_full(r, door->listen, &peer, allow);
	stats_add(r->log.way->stats, STATS_CONNECTIONS_TOTAL, 1,
	    door->listen->text,
	    away == NULL ? STR("accepted") : STR("refused"));
	if (away != NULL) {
		reception_send_away(r, fd, door->listen, &peer, away);
		return true;
	}
	v = visit_begin(&r->house.visit, door->listen, fd, &peer, allow);
	if (v == NULL)
		return true;
	v->next = r->house.visit.visits;
	r->house.visit.visits = v;
	r->n_visits++;
	/* its greeting goes at once */
	guest_serve(&v->guest, 0, os_mono_ms());
	return true;
}

/* Those that are over go. */
static void
reception_clear(struct reception *r)
{
	struct visit **at = &r->house.visit.visits, *v;

	while ((v = *at) != NULL) {
		if (!visit_is_over(v)) {
			at = &v->next;
			continue;
		}
		*at = v->next;
		visit_end(v);
		r->n_visits--;
	}
	r->house.visit.host.stress =
	    r->n_visits * 100 > r->places * RECEPTION_STRESS;
}

/* The end */

static void
reception_drain(struct reception *r, bool retire, int64_t now)
{
	if (r->draining && (retire || !r->retired))
		return;
	for (size_t i = 0; i < r->house.doors; i++)
		os_close(&r->house.door[i].fd);
	if (retire) {
		/* another one answers there */
		metrics_close(r->house.metrics);
		r->house.metrics = NULL;
	}
	r->draining = true;
	r->retired = retire;
	r->until = retire ? INT64_MAX : now + r->house.conf.drain_ms;
}

static void
reception_say_bye(struct reception *r, int64_t now)
{
	struct buf text;

	buf_init(&text, SESSION_REPLY_MAX);
	buf_addf(&text, "421 4.3.2 %.*s is shutting down",
	    STR_ARG(r->house.conf.hostname));
	for (struct visit *v = r->house.visit.visits; v != NULL; v = v->next)
		if (!v->guest.session.in_transaction || now >= r->until)
			guest_bye(&v->guest, buf_view(&text), now);
	buf_release(&text);
}

static void
reception_take_signal(struct reception *r, int64_t now)
{
	struct signalfd_siginfo info;

	while (read(r->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		reception_drain(r, info.ssi_signo == SIGHUP, now);
}

/* The parent's word, or its end. A ping is answered. */
static void
reception_take_control(struct reception *r, int64_t now)
{
	char word;

	if (recv(BUNDLE_CONTROL, &word, 1, MSG_DONTWAIT) == 1)
		(void)!send(BUNDLE_CONTROL, &word, 1,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
	else if (!r->draining)
		reception_drain(r, false, now);
}

/* The loop */

static void
reception_add(struct reception *r, int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	buf_add(&r->polls, &p, sizeof(p));
}

/* What to poll for, in this order: signals, jobs, doors, visits, those that
   were sent away. */
static int64_t
reception_gather(struct reception *r, int64_t now)
{
	int64_t until = r->draining ? r->until : INT64_MAX;
	bool open = !r->draining && now >= r->rest;
	struct pollfd http[SERVE_FDS], away[AWAY_MOST];
	short events;
	size_t n;

	if (!r->draining && now < r->rest && r->rest < until)
		until = r->rest;
	buf_reset(&r->polls);
	reception_add(r, r->signals, POLLIN);
	reception_add(r, r->draining ? -1 : BUNDLE_CONTROL, POLLIN);
	reception_add(r, r->house.visit.commits.fd, POLLIN);
	reception_add(r, r->house.visit.sign_ins.fd, POLLIN);
	for (size_t i = 0; i < r->house.doors; i++)
		reception_add(r, open ? r->house.door[i].fd : -1, POLLIN);
	for (const struct visit *v = r->house.visit.visits; v != NULL;
	     v = v->next) {
		events = guest_wants(&v->guest, now, &until);
		reception_add(r, events != 0 ? v->guest.stream.fd : -1, events);
	}
	n = away_wants(&r->away, away, &until);
	buf_add(&r->polls, away, n * sizeof(*away));
	r->polled = r->polls.n;
	if (r->house.metrics != NULL) {
		n = metrics_wants(r->house.metrics, http, &until);
		buf_add(&r->polls, http, n * sizeof(*http));
	}
	return until;
}

static void
reception_serve(struct reception *r, int64_t now)
{
	const struct pollfd *p = (const struct pollfd *)(void *)r->polls.p;
	struct visit *v = r->house.visit.visits;
	size_t i, n;

	if (p[0].revents != 0)
		reception_take_signal(r, now);
	if (p[1].revents != 0)
		reception_take_control(r, now);
	if (p[2].revents != 0)
		visit_take_back(beside_done(&r->house.visit.commits), now);
	if (p[3].revents != 0)
		visit_take_back(beside_done(&r->house.visit.sign_ins), now);
	p += RECEPTION_BESIDE;
	for (i = r->house.doors; v != NULL; v = v->next, i++)
		guest_serve(&v->guest, p[i].revents, now);
	away_serve(&r->away, p + i, now);
	/* last: it changes the list */
	for (i = 0; !r->draining && i < r->house.doors; i++)
		for (n = 0; p[i].revents != 0 && n < RECEPTION_ROUND; n++)
			if (!reception_welcome(r, &r->house.door[i]))
				break;
	if (r->draining && !r->retired)
		reception_say_bye(r, now);
	reception_clear(r);
}

static void
reception_show(const struct reception *r, int64_t now)
{
	struct metrics *m = r->house.metrics;
	const struct pollfd *at =
	    (const struct pollfd *)(void *)(r->polls.p + r->polled);

	if (m == NULL)
		return;
	m->connections = r->n_visits;
	m->draining = r->draining;
	metrics_step(m, at, (r->polls.n - r->polled) / sizeof(*at), now);
}

static bool
reception_is_over(const struct reception *r, int64_t now)
{
	return r->draining &&
	    (r->n_visits == 0 ||
		(!r->retired && now >= r->until + RECEPTION_LAST_MS));
}

static bool
reception_loop(struct reception *r, struct err *e)
{
	struct err unsaid;
	int64_t until, now = os_mono_ms();

	while (!reception_is_over(r, now)) {
		until = reception_gather(r, now);
		if (!buf_ok(&r->polls, &unsaid))
			return err_set(e, ERR_RETRY, "out of memory");
		if (r->draining && !r->retired && now >= r->until)
			until = r->until + RECEPTION_LAST_MS;
		if (os_poll((struct pollfd *)(void *)r->polls.p,
			r->polls.n / sizeof(struct pollfd),
			until == INT64_MAX ? OS_FOREVER : until) < 0)
			return err_sys(e, ERR_RETRY, "cannot poll");
		now = os_mono_ms();
		reception_serve(r, now);
		reception_show(r, now);
	}
	return true;
}

/* As many descriptors as may be had; a client with a message has two. */
static uint64_t
reception_places(uint64_t want, const struct log *log)
{
	struct rlimit l = { 0 };
	uint64_t have;

	(void)getrlimit(RLIMIT_NOFILE, &l);
	l.rlim_cur = l.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &l);
	(void)getrlimit(RLIMIT_NOFILE, &l);
	have = l.rlim_cur > RECEPTION_FDS + 2 ?
	    (l.rlim_cur - RECEPTION_FDS) / 2 :
	    1;
	if (have >= want)
		return want;
	log_warn(log,
	    "max_clients: %llu are served, for this process may have only "
	    "%llu open files",
	    (unsigned long long)have, (unsigned long long)l.rlim_cur);
	return have;
}

/* From here on it can do little else. */
static bool
reception_end_walls(struct reception *r, struct err *e)
{
	struct walls *w = &r->house.walls;

	if (!walls_end(w, e))
		return false;
	if (walls_has_gap(w))
		log_warn(&r->log, "%s", walls_text(w));
	else
		log_trace(&r->log, "%s", walls_text(w));
	return true;
}

static bool
reception_open(struct reception *r, struct err *e)
{
	sigset_t ends;

	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);
	r->signals = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r->signals < 0)
		return err_sys(e, ERR_RETRY, "cannot take signals");
	r->spare = dup(STDERR_FILENO);
	buf_init(&r->polls, RECEPTION_POLLS);
	if (!house_open(&r->house, &r->log, e))
		return false;
	r->places = reception_places(r->house.conf.max_clients, &r->log);
	return reception_end_walls(r, e);
}

static void
reception_shut(struct reception *r)
{
	struct visit *v;

	for (v = r->house.visit.visits; v != NULL; v = v->next)
		visit_say_end(v);
	house_close(&r->house); /* its threads end first */
	while ((v = r->house.visit.visits) != NULL) {
		r->house.visit.visits = v->next;
		visit_end(v);
	}
	away_close(&r->away);
	buf_release(&r->polls);
	os_close(&r->signals);
	os_close(&r->spare);
}

int
reception_main(int log_level)
{
	static const char ready = 'r';
	const struct record_way way = { .fd = BUNDLE_LOG,
		.service = "smtpd",
		.stats = stats_map(BUNDLE_STATS) };
	struct reception r = { .log = { .level = (enum log_level)log_level,
				   .way = &way },
		.signals = -1 };
	struct err e = { 0 };
	bool ok = reception_open(&r, &e);

	if (ok) {
		(void)!send(BUNDLE_CONTROL, &ready, 1, MSG_NOSIGNAL);
		ok = reception_loop(&r, &e);
	}
	if (!ok)
		log_warn(&r.log, "%s", e.msg);
	reception_shut(&r);
	return ok ? EX_OK : err_exit(&e);
}
