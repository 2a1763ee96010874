/* SPDX-License-Identifier: MIT */
#include "command/print.h"

#include <string.h>
#include <unistd.h>

enum { OUT_MAX = 16 * 1024, PATH_SIZE = 4096 };

/* What a unit or crontab takes without quotes. */
static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
			    "XYZ0123456789/._-+";
static const char usual[] = "/usr/local/bin/post365";

/* '@' stands for the program. */
static const struct {
	const char *name, *text;
} files[] = {
	{ "timer",
	    "# /etc/systemd/system/post365-queue.timer\n"
	    "[Unit]\n"
	    "Description=Send queued mail\n"
	    "\n"
	    "[Timer]\n"
	    "OnCalendar=minutely\n"
	    "AccuracySec=10s\n"
	    "\n"
	    "[Install]\n"
	    "WantedBy=timers.target\n" },
	{ "service",
	    "# /etc/systemd/system/post365-queue.service\n"
	    "[Unit]\n"
	    "Description=Send queued mail\n"
	    "Wants=network-online.target\n"
	    "After=network-online.target\n"
	    "ConditionPathIsDirectory=/var/spool/post365\n"
	    "\n"
	    "[Service]\n"
	    "Type=oneshot\n"
	    "ExecStart=@ -q queue run\n"
	    "SuccessExitStatus=75\n"
	    "StateDirectory=post365\n"
	    "StateDirectoryMode=0700\n"
	    "ReadWritePaths=/var/spool/post365 -/run/lock\n"
	    "# what an alert_command needs beyond this, add with systemctl "
	    "edit\n"
	    "CapabilityBoundingSet=CAP_DAC_OVERRIDE\n"
	    "NoNewPrivileges=yes\n"
	    "ProtectSystem=strict\n"
	    "ProtectHome=read-only\n"
	    "ProtectClock=yes\n"
	    "ProtectControlGroups=yes\n"
	    "ProtectHostname=yes\n"
	    "ProtectKernelLogs=yes\n"
	    "ProtectKernelModules=yes\n"
	    "ProtectKernelTunables=yes\n"
	    "PrivateDevices=yes\n"
	    "PrivateTmp=yes\n"
	    "LockPersonality=yes\n"
	    "MemoryDenyWriteExecute=yes\n"
	    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6\n"
	    "RestrictNamespaces=yes\n"
	    "RestrictRealtime=yes\n"
	    "RestrictSUIDSGID=yes\n"
	    "SystemCallArchitectures=native\n"
	    "SystemCallFilter=@@system-service\n" },
	{ "cron",
	    "# /etc/cron.d/post365 (a user's own crontab has no \"root\")\n"
	    "MAILTO=\"\"\n"
	    "* * * * * root @ -q queue run\n" },
};

enum { FILES = sizeof(files) / sizeof(*files) };

const char print_more[] =
    "Who sends queued mail where no relay runs, each minute:\n"
    "\n"
    "  timer    a systemd timer, and\n"
    "  service  the unit that it starts\n"
    "  cron     or a line for cron\n"
    "\n"
    "  post365 print service >/etc/systemd/system/post365-queue.service\n"
    "  post365 print timer >/etc/systemd/system/post365-queue.timer\n"
    "  systemctl enable --now post365-queue.timer\n";

/* "@" is the program, "@@" is "@". */
static void
fill_in(const char *text, const char *program, struct buf *out)
{
	for (; *text != '\0'; text++) {
		if (*text != '@')
			buf_addc(out, *text);
		else if (text[1] == '@')
			buf_addc(out, *++text);
		else
			buf_addz(out, program);
	}
}

bool
print_file(const char *name, const char *program, struct buf *out)
{
	for (size_t i = 0; i < FILES; i++) {
		if (strcmp(files[i].name, name) != 0)
			continue;
		fill_in(files[i].text,
		    program[strspn(program, plain)] == '\0' ? program : usual,
		    out);
		return true;
	}
	return false;
}

static int
unknown(const struct cli *c, const char *name)
{
	const char *names[FILES + 1] = { NULL }, *near;
	struct err e;

	for (size_t i = 0; i < FILES; i++)
		names[i] = files[i].name;
	near = cli_nearest(str_of(name), names);
	err_set(&e, ERR_USAGE, "there is no \"%.60s\" to print", name);
	if (near != NULL)
		err_remedy(&e, "did you mean %s?", near);
	else
		err_remedy(&e, "timer, service or cron");
	return cli_fail(c, &e);
}

static bool
read_name(struct cli *c, const char **name, struct err *e)
{
	if (!cli_operand(c, name, e))
		return false;
	if (*name != NULL || c->common.help)
		return true;
	err_set(e, ERR_USAGE, "print what?");
	return err_remedy(e, "timer, service or cron");
}

int
print_main(const struct cli_command *self, int argc, char **argv)
{
	char program[PATH_SIZE];
	const char *name = NULL;
	struct buf out;
	struct err e;
	struct cli c;
	ssize_t n;
	int code;

	cli_init(&c, self, argc, argv);
	if (!read_name(&c, &name, &e))
		return cli_fail(&c, &e);
	if (c.common.help)
		return cli_help(self);
	n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	program[n > 0 ? n : 0] = '\0';
	buf_init(&out, OUT_MAX);
	if (print_file(name, n > 0 ? program : usual, &out))
		code = cli_print(&c, &out);
	else
		code = unknown(&c, name);
	buf_release(&out);
	return code;
}
