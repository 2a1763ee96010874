#!/bin/sh
# SPDX-License-Identifier: MIT
# clients: real programs that mail through sendmail(8) by its path, with the
# executable installed under the names that they look for.
#
# It is installed in a copy of the machine that nobody else sees (an overlay in
# a mount namespace of its own), so this needs root. Programs that are absent
# are skipped, each with a word.
. "$(dirname "$0")/lib.sh"

TOOL=${SHARED:-/nonexistent}/tools/real-clients.sh
if [ ! -r "$TOOL" ]; then
	skip clients 'real-clients.sh is not here'
	exit 0
fi
if [ "$(id -u)" != 0 ] || ! unshare -m true 2>/dev/null; then
	skip clients 'needs root and mount namespaces'
	exit 0
fi

# shellcheck disable=SC2119
start_sandbox
ROOT=$TMP/over/root
mkdir -p "$TMP/over" "$TMP/job/cron"

# arrived TOKEN: in the text, or in a word of the header that is encoded.
cat >"$TMP/arrived" <<-EOF2
	#!/bin/sh
	grep -qsF -e "\$1" "$SB_DIR"/mail/*.eml && exit
	grep -hso '=[?]utf-8[?]B[?][^?]*' "$SB_DIR"/mail/*.eml |
	    while IFS='?' read -r _ _ _ word; do
		echo "\$word" | base64 -d
	done | grep -qF -e "\$1"
EOF2
chmod 755 "$TMP/arrived"

# What is done inside: a root file system that looks like this machine's, with
# our names in it. DEPS are packages that were unpacked only, because they
# would have brought another mailer.
cat >"$TMP/inside" <<-'EOF2'
	set -eu
	mount -t tmpfs none "$TMP/over"
	mkdir "$TMP/over/up" "$TMP/over/work" "$ROOT"
	mount -t overlay none -o "lowerdir=/,upperdir=$TMP/over/up" \
	    -o "workdir=$TMP/over/work" "$ROOT"
	mount --rbind /dev "$ROOT/dev"
	mount -t proc none "$ROOT/proc"
	mkdir -p "$ROOT$TMP" "$ROOT$SHARED"
	mount --bind "$TMP" "$ROOT$TMP"
	mount --bind "$SHARED" "$ROOT$SHARED"
	# /lib is a link on this machine, and a folder in a package
	for d in $DEPS; do
		tar -C "$d" -cf - . | tar -C "$ROOT" -xf - --keep-directory-symlink
	done
	rm -rf "$ROOT/.done" "$ROOT"/etc/cron.*/* "$ROOT"/var/spool/cron/*
	install -m 755 "$POST365" "$ROOT/usr/bin/post365"
	for n in sbin/sendmail lib/sendmail bin/mailq bin/newaliases; do
		rm -f "$ROOT/usr/$n"
		ln -s /usr/bin/post365 "$ROOT/usr/$n"
	done
	[ ! -e "$ROOT/usr/bin/bsd-mailx" ] || [ -e "$ROOT/usr/bin/mail" ] ||
		ln -s bsd-mailx "$ROOT/usr/bin/mail"
	mkdir -p "$ROOT/etc/post365"
	install -m 600 "$CONFIG" "$ROOT/etc/post365/config"
	inside() { # FOLDER COMMAND...
		work=$1
		shift
		chroot "$ROOT" env -i PATH="$work/bin:/usr/sbin:/usr/bin" \
		    LC_ALL=C.UTF-8 W="$work" CHECK="$TMP/arrived" SLOW=1 \
		    FROM=sender@example.com "$@" || true
	}
	clients() { # FOLDER NAME...
		work=$1
		shift
		inside "$work" bash "$TOOL" run "$@"
	}
	# cron waits for the next minute, and is given 70 s whatever it does:
	# once its mail is there, it may go.
	grep -q ^crontab: "$ROOT/etc/group" || echo crontab:x:987: >>"$ROOT/etc/group"
	mkdir -p "$ROOT/var/spool/cron/crontabs" "$ROOT/run"
	rm -f "$ROOT/run/crond.pid"
	cron_goes() {
		for _ in $(seq 140); do
			if "$TMP/arrived" t-s-cron-; then
				kill "$(cat "$ROOT/run/crond.pid")"
				return 0
			fi
			sleep 0.5
		done
	}
	clients "$TMP/job/cron" s_cron >"$TMP/said.cron" &
	cron_goes &
	[ ! -e "$ROOT/usr/bin/fail2ban-server" ] ||
		inside "$TMP/job" sh "$TMP/fail2ban" >"$TMP/said.fail2ban" 2>&1 &
	clients "$TMP/job" $NAMES >"$TMP/said"
	# neomutt has the options of mutt
	if [ -e "$ROOT/usr/bin/neomutt" ]; then
		mkdir -p "$TMP/job/neo/bin"
		ln -s /usr/bin/neomutt "$TMP/job/neo/bin/mutt"
		clients "$TMP/job/neo" s_mutt s_mutt_8bit |
		    sed 's/ s_mutt/ neomutt_mutt/' >>"$TMP/said"
	fi
	wait
	cat "$TMP/said.cron" >>"$TMP/said"
EOF2

# fail2ban itself, with the action that mails: a jail that starts, bans and
# stops.
cat >"$TMP/fail2ban" <<-'EOF2'
	cd "$W"
	mkdir -p /run/fail2ban /var/lib/fail2ban
	rm -f /etc/fail2ban/jail.d/*
	: >log
	cat >/etc/fail2ban/jail.local <<-EOF3
		[DEFAULT]
		dbfile = None
		[cell]
		enabled = true
		backend = polling
		filter = sshd
		logpath = $W/log
		action = sendmail[name=cell, dest=root, sender=fail2ban]
	EOF3
	client() { fail2ban-client -s "$W/f2b.sock" -p "$W/f2b.pid" "$@"; }
	timeout 60 fail2ban-server -xf -s "$W/f2b.sock" -p "$W/f2b.pid" \
	    --loglevel ERROR --logtarget STDERR start &
	for _ in $(seq 100); do
		client status cell >/dev/null 2>&1 && break
		sleep 0.1
	done
	client set cell banip 192.0.2.1
	for _ in $(seq 100); do
		"$CHECK" 'banned 192.0.2.1' && break
		sleep 0.1
	done
	client stop
	wait
EOF2

DEPS=$(find "$TOP/build/deps" -mindepth 1 -maxdepth 1 -type d \
    ! -name postfix 2>/dev/null | tr '\n' ' ')
NAMES=$(bash "$TOOL" list | grep '^s_' | grep -vx s_cron | tr '\n' ' ')
export ROOT DEPS NAMES CONFIG TMP SHARED TOOL POST365
timeout -k 5 270 unshare -m --propagation private sh "$TMP/inside" \
    >"$TMP/said" 2>"$TMP/err"
[ "$(grep -c '^ok=' "$TMP/said")" -ge 2 ] || not_ok clients "they did not run: $(tail -n 3 \
    "$TMP/err" "$TMP/said" | tr '\n' ' ')"

while read -r how name what; do
	name=${name%:}
	case $how in
	ok) ok "$name" ;;
	SKIP) skip "$name" "${what:-not asked for}" ;;
	FAIL) not_ok "$name" "$what" ;;
	esac
done <"$TMP/said"

# What arrived of each, by its subject: who gets it, and a line of the text.
arrived() { # NAME SUBJECT RECIPIENTS TEXT
	set -- "$1" "^subject: $2" "$3" "$4" "$(grep -lE -e "^subject: $2" \
	    "$SB_DIR"/mail/*.meta)"
	[ -n "$5" ] || skip "$1: what arrived" 'nothing'
	for f in $5; do
		same "$1: for" "$3" "$(sed -nE \
		    's/^(to|cc|bcc): /\1 /p' "$f" | tr '\n' ' ')"
		text_of "${f%.meta}.eml" >"$TMP/text"
		says "$1: text" "$TMP/text" "$4"
	done
}
text_of() {
	tr -d '\r' <"$1" | sed '1,/^$/d' >"$TMP/raw"
	if grep -qi '^Content-Transfer-Encoding: base64' "$1"; then
		base64 -d "$TMP/raw" | tr -d '\r'
	else
		cat "$TMP/raw"
	fi
}
T='to rcpt@example.com '
CC='cc cc@example.com '
BCC='bcc bcc@example.com '
ME='to sender@example.com '
arrived sendmail_t t-s-sendmail-t- "$T$CC$BCC" '^body$'
arrived sendmail_argv t-s-sendmail-argv- "$T$BCC" '^line2$'
arrived compat_flags t-s-sendmail-compat- "$T" '^x$'
arrived bsd_mailx t-s-bsd-mailx-[0-9]+- "$T$CC$BCC" '^body$'
arrived bsd_mailx_no_from t-s-bsd-mailx-no- "$T" '^body$'
arrived sendmail_bs t-s-sendmail-bs- 'bcc rcpt@example.com ' '^x$'
arrived snail t-s-snail- "$T$CC$BCC" '^body$'
arrived mutt t-s-mutt-[0-9]+- "$T$CC$BCC" '^body$'
arrived mutt_8bit t-s-mutt-8bit- "$T" '^T.+st$'
arrived git '.PATCH. t-s-git-' "$T$CC$BCC" '^\+2$'
arrived cron 'Cron <root@' "$T" '^after-dot$'
arrived php '=.utf-8.B.' "$T$BCC" '^l2$'
arrived perl t-s-perl- "$T" '^hi$'
arrived logwatch t-s-logwatch- "$T" 'Logwatch End'
arrived unattended t-s-unattended- "$T" '^body$'
arrived smartd 'SMART error' "$T" '^t-s-smartd-'
arrived mdadm t-s-mdadm- "$T" '^This is an automatically'
arrived mime_construct t-s-mime-construct- "$T" '^hi$'
arrived nagios t-s-nagios- "$T" '^State: DOWN$'
arrived fail2ban '.Fail2Ban. cell: banned' "$ME" '^The IP 192.0.2.1 has just'

# What each of them must keep to, whoever made it.
for f in "$SB_DIR"/mail/*.eml; do
	[ -e "$f" ] || continue
	case $(tr -d '\r' <"$f" | sed '/^$/q' | grep -ciE \
	    '^(from|date|message-id):') in
	3) ;;
	*) not_ok "header of ${f##*/}" 'From, Date or Message-ID is not once' ;;
	esac
	grep -qi '^Return-Path:' "$f" && not_ok "header of ${f##*/}" Return-Path
done
ok 'headers are whole'

finish
