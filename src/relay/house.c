/* SPDX-License-Identifier: MIT */
#include "relay/house.h"

#include "base/os.h"
#include "config/share.h"
#include "relay/bundle.h"

enum { HOUSE_MEMORY = 64 << 20, HOUSE_ACCOUNTS = 256 };

/* What is being read. */
struct house_reader {
	struct house *house;
	struct cert_pem pem[CERT_PAIRS];
	size_t pems;
};

typedef bool house_take(struct house_reader *r, struct str bytes,
    struct err *e);

static bool
house_take_relay(struct house_reader *r, struct str bytes, struct err *e)
{
	struct house *h = r->house;
	struct config_pair *lines;

	return conf_scan(&h->mem, bytes, &lines, e) &&
	    conf_read(&h->mem, lines, &h->conf, e);
}

static bool
house_take_host(struct house_reader *r, struct str bytes, struct err *e)
{
	(void)e;
	r->house->conf.hostname = arena_str(&r->house->mem, bytes);
	return true;
}

static bool
house_take_gateway(struct house_reader *r, struct str bytes, struct err *e)
{
	struct house *h = r->house;

	(void)e;
	if (range_ip_parse(bytes, &h->gateway))
		h->visit.gateway = &h->gateway;
	return true;
}

static bool
house_take_socket(struct house_reader *r, struct str bytes, struct err *e)
{
	struct house *h = r->house;

	(void)e;
	h->has_socket = true;
	h->socket = (struct listen){ .kind = LISTEN_UNIX,
		.text = arena_str(&h->mem, bytes),
		.tls = LISTEN_PLAIN };
	return true;
}

/* Its address, without a name. */
static const struct addr *
house_address(struct house *h, struct str text)
{
	struct addr *a = NULL;
	struct err unsaid;

	if (text.n == 0 || !addr_parse(&h->mem, text, false, &a, &unsaid))
		return NULL;
	return a;
}

static bool
house_take_account(struct house_reader *r, struct str bytes, struct err *e)
{
	struct house *h = r->house;
	struct visit_account *a = &h->visit.account[h->visit.accounts];

	if (h->visit.accounts == HOUSE_ACCOUNTS)
		return err_set(e, ERR_CONFIG, "more than %d accounts",
		    HOUSE_ACCOUNTS);
	h->visit.accounts++;
	if (!config_receive(&a->config, bytes, e))
		return false;
	a->from = house_address(h, a->config.from);
	a->mailbox = house_address(h, a->config.mailbox);
	return true;
}

/* Of the account before it. */
static bool
house_take_barred(struct house_reader *r, struct str bytes, struct err *e)
{
	struct visit_house *v = &r->house->visit;

	if (v->accounts == 0)
		return err_set(e, ERR_BUG, "bundle: names of no account");
	v->account[v->accounts - 1].barred = arena_str(&r->house->mem, bytes);
	return true;
}

static bool
house_take_users(struct house_reader *r, struct str bytes, struct err *e)
{
	struct house *h = r->house;
	struct user *users = NULL;
	bool ok = users_parse(&h->mem, h->conf.auth_file,
	    arena_str(&h->mem, bytes), &users, e);

	h->visit.users = users;
	return ok;
}

static bool
house_take_map(struct house_reader *r, struct str bytes, struct err *e)
{
	struct house *h = r->house;
	struct rewrite_line *map = NULL;
	bool ok = rewrite_parse(&h->mem, h->conf.recipient_map.p,
	    arena_str(&h->mem, bytes), &map, e);

	h->visit.map = map;
	return ok;
}

static bool
house_take_chain(struct house_reader *r, struct str bytes, struct err *e)
{
	struct cert_pem *p = &r->pem[r->pems];

	(void)e;
	if (r->pems < CERT_PAIRS) {
		p->chain_name = "tls_certificate";
		p->key_name = "tls_key";
		buf_init(&p->chain, bytes.n);
		buf_adds(&p->chain, bytes);
	}
	return true;
}

static bool
house_take_key(struct house_reader *r, struct str bytes, struct err *e)
{
	struct cert_pem *p = &r->pem[r->pems];

	(void)e;
	if (r->pems < CERT_PAIRS) {
		buf_init_secret(&p->key, bytes.n);
		buf_adds(&p->key, bytes);
		r->pems++;
	}
	return true;
}

static const struct {
	struct str name;
	house_take *take;
} house_parts[] = {
	{ STR_INIT(BUNDLE_RELAY), house_take_relay },
	{ STR_INIT(BUNDLE_HOST), house_take_host },
	{ STR_INIT(BUNDLE_GATEWAY), house_take_gateway },
	{ STR_INIT(BUNDLE_SOCKET), house_take_socket },
	{ STR_INIT(BUNDLE_ACCOUNT), house_take_account },
	{ STR_INIT(BUNDLE_BARRED), house_take_barred },
	{ STR_INIT(BUNDLE_USERS), house_take_users },
	{ STR_INIT(BUNDLE_MAP), house_take_map },
	{ STR_INIT(BUNDLE_CHAIN), house_take_chain },
	{ STR_INIT(BUNDLE_KEY), house_take_key },
};

static bool
house_read_part(struct house_reader *r, struct str name, struct str bytes,
    struct err *e)
{
	for (size_t i = 0; i < sizeof(house_parts) / sizeof(*house_parts); i++)
		if (str_eq(name, house_parts[i].name))
			return house_parts[i].take(r, bytes, e);
	return err_set(e, ERR_BUG, "bundle: \"%.*s\"", STR_ARG(name));
}

static bool
house_read(struct house *h, struct str text, struct err *e)
{
	struct house_reader r = { .house = h };
	struct str name, bytes;
	bool ok = true;

	while (ok && bundle_next(&text, &name, &bytes))
		ok = house_read_part(&r, name, bytes, e);
	if (ok && (text.n > 0 || h->visit.accounts == 0))
		ok = err_set(e, ERR_BUG, "the bundle is cut");
	if (ok && r.pems > 0) {
		ok = cert_parse(&h->cert, r.pem, r.pems, e);
		h->visit.host.cert = ok ? &h->cert : NULL;
	}
	cert_pem_release(r.pem, CERT_PAIRS);
	return ok && arena_ok(&h->mem, e);
}

/* At BUNDLE_DOORS and behind it. False: no memory. */
static bool
house_find_doors(struct house *h)
{
	const struct listen *l = h->conf.listen;

	for (; l != NULL && h->doors < HOUSE_DOORS - 1; l = l->next) {
		h->door[h->doors] =
		    (struct house_door){ .fd = BUNDLE_DOORS + (int)h->doors,
			    .listen = l };
		h->doors++;
	}
	if (h->has_socket) {
		h->door[h->doors] =
		    (struct house_door){ .fd = BUNDLE_DOORS + (int)h->doors,
			    .listen = &h->socket };
		h->doors++;
	}
	if (h->conf.metrics != NULL)
		h->metrics = metrics_open(&h->mem, BUNDLE_DOORS + (int)h->doors,
		    &h->visit);
	return h->metrics != NULL || h->conf.metrics == NULL;
}

/* Before the threads, and after the last file is open. */
static bool
house_begin_walls(struct house *h, struct err *e)
{
	const struct spool *s = &h->outbox.spool;
	const struct walls_ask ask = { .tmp = s->dir[SPOOL_TMP].fd,
		.new = s->dir[SPOOL_NEW].fd,
		.list = s->path, /* spool_room counts the queue */
		.strict = h->conf.walls == CONF_WALLS_STRICT };

	return walls_begin(&ask, &h->walls, e);
}

bool
house_open(struct house *h, const struct log *log, struct err *e)
{
	struct os_stat st;
	struct buf text;
	char *to;
	bool ok;

	*h = (struct house){ .visit = { .conf = &h->conf,
				 .log = log,
				 .outbox = &h->outbox,
				 .inlet = BUNDLE_INLET } };
	arena_init(&h->mem, HOUSE_MEMORY);
	buf_init_secret(&text, BUNDLE_MOST);
	h->visit.account =
	    arena_array(&h->mem, HOUSE_ACCOUNTS, sizeof(*h->visit.account));
	h->visit.host.input = arena_array(&h->mem, GUEST_INPUT, 1);
	ok = arena_ok(&h->mem, e) &&
	    os_stat_fd(BUNDLE_SETTINGS, "bundle", &st, e);
	to = ok ? buf_room(&text, (size_t)st.size) : NULL;
	ok = ok && (to != NULL || buf_ok(&text, e)) &&
	    os_read_at((struct os_at){ .name = "bundle",
			   .fd = BUNDLE_SETTINGS },
		to, (size_t)st.size, e);
	if (ok)
		buf_commit(&text, (size_t)st.size);
	ok = ok && house_read(h, buf_view(&text), e);
	buf_release(&text);
	if (!ok ||
	    !outbox_open_spool(&h->outbox, &h->visit.account[0].config, e))
		return false;
	if (!house_find_doors(h))
		return arena_ok(&h->mem, e);
	return house_begin_walls(h, e) && visit_house_open(&h->visit, e);
}

void
house_close(struct house *h)
{
	visit_house_close(&h->visit);
	metrics_close(h->metrics);
	for (size_t i = 0; i < h->visit.accounts; i++)
		config_release(&h->visit.account[i].config);
	outbox_close(&h->outbox);
	cert_release(&h->cert);
	arena_release(&h->mem);
}
