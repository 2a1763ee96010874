#!/bin/sh
# SPDX-License-Identifier: MIT
# groups: while programs hand mail to sendmail, which sends in the background,
# and `queue run` runs beside them, whole process groups are killed at random
# moments: 20, with FULL=1 80. What sendmail answered with 0 arrives; what
# comes twice had a request under way when its worker died, and says "perhaps
# sent" in the journal; nothing comes three times. The server counts by
# Message-ID.
# shellcheck disable=SC2317
. "$(dirname "$0")/lib.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
KILLS=20
[ -z "${FULL:-}" ] || KILLS=80

for tool in python3 openssl setsid; do
	command -v $tool >/dev/null || {
		skip groups "no $tool"
		finish
	}
done
cd "$TMP" || exit 1
echo 'crowd crowd' >names
trap 'touch stop; kill $SERVER_PID 2>/dev/null' EXIT
trap 'exit 1' HUP INT TERM
start_faults 300 names
url=$(faults_url crowd)
CONFIG=$TMP/groups.conf SPOOL=$TMP/state/spool
faults_config "$url" "$url" <<-END
from = crowd@example.com
state_dir = $TMP/state
END
queue() { run "$P" -C "$CONFIG" queue "$@"; }

# ours: the processes of this queue, also those in the background; not grep.
echo "$CONFIG" >name
ours() {
	grep -lFf name /proc/[0-9]*/cmdline 2>/dev/null |
		sed 's,/proc/\([0-9]*\)/.*,\1,'
}
# group_of PID: the fifth word of its stat; no name here has a blank.
group_of() {
	read -r _ _ _ _ group _ 2>/dev/null <"/proc/$1/stat" && echo "$group"
}

# sender N: one message after the other, each in a group of its own.
sender() {
	i=0
	while [ ! -e stop ]; do
		i=$((i + 1))
		printf 'Message-ID: <%s.%s@x>\nSubject: x\n\nhello\n' "$1" $i |
			setsid -w "$P" sendmail -C "$CONFIG" a@example.org &&
			echo "<$1.$i@x>" >>"accepted.$1"
	done
}
runner() {
	while [ ! -e stop ]; do
		setsid -w "$P" -C "$CONFIG" queue run
	done
}
mine=$(group_of $$)
(trap - EXIT && sender 1) >/dev/null 2>&1 &
lanes=$!
(trap - EXIT && sender 2) >/dev/null 2>&1 &
lanes="$lanes $!"
(trap - EXIT && runner) >/dev/null 2>&1 &
lanes="$lanes $!"

# dice N: less than N
dice() { od -An -N2 -tu2 /dev/urandom | awk -v n="$1" '{ print $1 % n }'; }
killed=0 tries=0
while [ $killed -lt $KILLS ] && [ $tries -lt $((KILLS * 20)) ]; do
	tries=$((tries + 1))
	sleep "0.$(dice 5)$(dice 10)"
	# in turn: who hands out, and anybody
	if [ $((tries % 2)) = 0 ]; then
		victim=$(cat "$SPOOL/worker" 2>/dev/null)
	else
		victim=$(ours | shuf -n 1)
	fi
	group=$(group_of "${victim:-none}") || continue
	[ "$group" != "$mine" ] || continue
	kill -KILL "-$group" 2>/dev/null && killed=$((killed + 1))
done
touch stop
for p in $lanes; do wait "$p"; done
same 'groups were killed' $KILLS $killed

# --- what came of it

# who may wait for mail that is due again soon
tries=0
until [ -z "$(ours)" ] || [ $tries -gt 300 ]; do
	for pid in $(ours); do
		kill -TERM "$pid" 2>/dev/null
	done
	tries=$((tries + 1))
	sleep 0.1
done
same 'who works in the background goes home' '' "$(ours)"
rounds=0
while [ "$(find "$SPOOL/new" "$SPOOL/work" -type f | wc -l)" != 0 ] &&
    [ $rounds -lt 20 ]; do
	rounds=$((rounds + 1))
	queue retry --all
	queue run
done
same 'the queue is empty' '0 0' "$(find "$SPOOL/new" "$SPOOL/work" -type f |
    wc -l) $(find "$SPOOL/dead" -type f | wc -l)"
sed -n 's/^crowd taken //p' log | sort >arrived
sort -u arrived >once
cat accepted.? | sort >accepted
n=$(wc -l <accepted)
same 'many were accepted' yes "$([ "$n" -gt $KILLS ] && echo yes || echo "$n")"
same 'none of them is lost' '' "$(comm -23 accepted once)"
cat state/log* | grep '"reason":"perhaps sent' |
    sed 's/.*"message_id":"\([^"]*\)".*/\1/' | sort -u >perhaps
same 'twice is what was under way' '' "$(uniq -d arrived | comm -23 - perhaps)"
same 'none three times' '' "$(uniq -c arrived | awk '$1 > 2')"
# four slots for a mailbox: no kill hits more requests
more=$(($(wc -l <arrived) - $(wc -l <once)))
same 'copies: one for a request at most' yes \
    "$([ $more -le $((4 * KILLS)) ] && echo yes || echo $more)"
ok "accepted $n, perhaps sent $(wc -l <perhaps), twice $(uniq -d arrived |
    wc -l)"
finish
