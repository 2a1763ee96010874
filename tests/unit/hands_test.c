/* SPDX-License-Identifier: MIT */
#include "deliver/hands.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "command.h"
#include "t.h"

enum { PATIENCE_MS = 20000 };

static const struct log silent = { 0 };
static const struct syslog nobody = { 0 };

static struct {
	struct config config;
	struct outbox outbox;
	struct hands hands;
} m;

static void
begin(void)
{
	struct config_ask ask = { 0 };
	struct hands_ask h = { .outbox = &m.outbox,
		.config = &m.config,
		.log = &silent,
		.syslog = &nobody };
	struct err e = { 0 };
	char text[600];

	(void)snprintf(text, sizeof(text),
	    "tenant_id = contoso.com\nclient_id = c\nclient_secret = s\n"
	    "from = me@contoso.com\nstate_dir = %s/state\n",
	    command_folder());
	ask.path = command_file("config", str_of(text), 0600);
	h.path = ask.path;
	T_CHECK(config_load(&m.config, &ask, &silent, &e) &&
		outbox_open(&m.outbox, &m.config, &e),
	    "%s", e.msg);
	hands_open(&m.hands, &h);
}

static void
end(void)
{
	hands_close(&m.hands);
	outbox_close(&m.outbox);
	config_release(&m.config);
}

/* The answer about the message that was given last: of one that is gone. */
static bool
answers(uint64_t id)
{
	struct hands_answer a = { .died = true };
	struct pollfd at[HANDS_MOST];
	size_t n = hands_poll(&m.hands, at);

	if (os_poll(at, n, os_mono_ms() + PATIENCE_MS) <= 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (at[i].revents != 0 && hands_take(&m.hands, at[i].fd, &a))
			break;
	return !a.died && a.ok && a.item.id == id &&
	    a.result.message == VERDICT_NONE;
}

/* What was handed to a worker that died while it was idle is not forgotten. */
static void
test_idle_dies(void)
{
	struct index_item one = { .id = 1 }, two = { .id = 2 };
	siginfo_t info;

	begin();
	T_CHECK(hands_give(&m.hands, &one) == HANDS_GIVEN && answers(1), "one");
	T_CHECK(m.hands.n == 1 && hands_busy(&m.hands) == 0, "it is idle");
	(void)kill(m.hands.hand[0].pid, SIGKILL);
	(void)waitid(P_PID, (id_t)m.hands.hand[0].pid, &info,
	    WEXITED | WNOWAIT);
	T_CHECK(hands_give(&m.hands, &two) == HANDS_GIVEN, "it is given");
	T_CHECK(hands_has(&m.hands, 2) && answers(2), "to one that lives");
	end();
}

int
main(void)
{
	static const struct t_test tests[] = {
		{ "an idle one dies", test_idle_dies },
	};
	int code;

	command_clear_environment();
	code = t_main(tests, sizeof(tests) / sizeof(*tests));
	command_folder_remove();
	return code;
}
