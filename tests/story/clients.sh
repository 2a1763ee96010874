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
	for d in $DEPS; do cp -a "$d"/. "$ROOT/"; done
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
	clients() { # FOLDER NAME...
		work=$1
		shift
		chroot "$ROOT" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		    W="$work" CHECK="$TMP/arrived" SLOW=1 \
		    FROM=sender@example.com bash "$TOOL" run "$@" || true
	}
	# cron waits for the next minute: meanwhile the others
	clients "$TMP/job/cron" s_cron >"$TMP/said.cron" &
	clients "$TMP/job" $NAMES >"$TMP/said"
	wait
	cat "$TMP/said.cron" >>"$TMP/said"
EOF2

DEPS=$(find "$TOP/build/deps" -mindepth 1 -maxdepth 1 -type d \
    ! -name postfix 2>/dev/null | tr '\n' ' ')
NAMES=$(bash "$TOOL" list | grep '^s_' | grep -vx s_cron | tr '\n' ' ')
export ROOT DEPS NAMES CONFIG TMP SHARED TOOL POST365
timeout -k 5 270 unshare -m --propagation private sh "$TMP/inside" \
    >"$TMP/said" 2>"$TMP/err"
[ "$(grep -c '^ok=' "$TMP/said")" = 2 ] || not_ok clients "they did not run: $(tail -n 3 \
    "$TMP/err" "$TMP/said" | tr '\n' ' ')"

while read -r how name what; do
	name=${name%:}
	case $how in
	ok) ok "$name" ;;
	SKIP) skip "$name" "${what:-not asked for}" ;;
	FAIL) not_ok "$name" "$what" ;;
	esac
done <"$TMP/said"

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
