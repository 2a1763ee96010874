#!/bin/sh
# SPDX-License-Identifier: MIT
# crowd: four processes with their workers empty one queue of 1,000 messages,
# and six times one of them or all workers of one are killed. Each message
# arrives once, never more than four requests are under way at a time, and what was in
# flight is told "perhaps sent" and is the only mail that may come twice. The
# server counts by Message-ID. Then 150 messages to servers that take each
# fifth and do not say so.
# shellcheck disable=SC2317
. "$(dirname "$0")/lib.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
MESSAGES=1000 LANES=4 KILLS=6

for tool in python3 openssl; do
	command -v $tool >/dev/null || {
		skip crowd "no $tool"
		finish
	}
done
cd "$TMP" || exit 1
for kind in crowd crowd-close crowd-reset crowd-504 crowd-stale; do
	echo "$kind $kind"
done >names
trap 'kill $SERVER_PID $(cat lane.? 2>/dev/null) 2>/dev/null' EXIT
trap 'exit 1' HUP INT TERM
start_faults 500 names

# queued KIND N: N messages for that server, by four at a time.
queued() {
	CONFIG=$TMP/$1.conf STATE=$TMP/$1.state SPOOL=$TMP/$1.state/spool
	url=$(faults_url "$1")
	faults_config "$url" "$url" <<-END
	from = $1@example.com
	state_dir = $STATE
	END
	i=0
	while [ $i -lt "$2" ]; do
		i=$((i + 1))
		echo "m$i"
	done | xargs -P 4 -I '{}' "$P" -C "$CONFIG" send --queue -s '{}' \
	    --text body x@example.org >"$1.queued" 2>"$1.err"
	same "$1: all are queued" "$2" "$(find "$SPOOL/new" -type f | wc -l)"
	same "$1: each is told" "$2" "$(sort -u "$1.queued" |
	    grep -c '^queued ')"
}
queue() { run "$P" -C "$CONFIG" queue "$@"; }
ids() { sed -n "s/^$1 taken //p" log | sort; }
arrived() { grep -c "^$1 taken " log; }

echo hello >body
queued crowd $MESSAGES

# --- and sent

# workers_of PID: its children.
workers_of() {
	for s in /proc/[0-9]*/stat; do
		read -r pid _ _ parent _ 2>/dev/null <"$s" || continue
		[ "$parent" != "$1" ] || echo "$pid"
	done
}
# lane N: a queue run; one that was killed is followed by another.
lane() {
	again=yes
	while [ $again = yes ]; do
		again=no
		"$P" -C "$CONFIG" queue run >"lane.$1.out" 2>&1 &
		echo $! >"lane.$1"
		wait $! || {
			echo "$?" >>"ends.$1"
			again=yes
		}
		rm "lane.$1"
	done
}
w=0
lanes=''
while [ $w -lt $LANES ]; do
	w=$((w + 1))
	(trap - EXIT && lane $w) 2>/dev/null &
	lanes="$lanes $!"
done
k=0
while [ $k -lt $KILLS ]; do
	k=$((k + 1))
	tries=0
	until [ "$(arrived crowd)" -ge $((k * MESSAGES / (KILLS + 2))) ]; do
		tries=$((tries + 1))
		[ $tries -lt 2000 ] || break
		sleep 0.05
	done
	# in turn: workers of who hands out, a run, who hands out
	case $((k % 4)) in
	0) victim=$(cat "$SPOOL/worker") ;;
	2) victim=$(cat "lane.$((k % LANES + 1))") ;;
	*) victim=$(workers_of "$(cat "$SPOOL/worker")") ;;
	esac
	# shellcheck disable=SC2086
	kill -KILL $victim || not_ok "kill $k" 'there is nobody'
done
for p in $lanes; do wait "$p"; done
# workers whose process died finish what they have
tries=0
until queue list --json && ! grep -q '"state":"active"' "$OUT"; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || break
	sleep 0.1
done
# 75: what was perhaps sent stays for later
same 'killed' "$((KILLS / 2)) times 137" "$(cat ends.* | grep -vx 75 | sort |
    uniq -c | awk '{ print $1, "times", $2 }')"

# --- what came of it

ids crowd >first
left=$(find "$SPOOL/new" "$SPOOL/work" -type f | wc -l)
same 'until now none came twice' '' "$(uniq -d first)"
# of every other kill: the six in the workers' hands (deliver/index.h), of
# which some were answered already, and that is not written down yet
same 'no more is left than was in hands' yes \
    "$([ "$left" -le $((KILLS * 6 / 2)) ] && echo yes || echo "$left")"
same 'at a time' 'together 4' "$(sed -n 's/.* \(together\)/\1/p' log | sort -u |
    tail -n 1)"

check 'one more run' 0 queue run
check 'what is left' 0 queue list --json
cp "$OUT" left.json
same 'all of that was perhaps sent' "$(wc -l <left.json)" \
    "$(grep -c '"reason":"perhaps sent; once more' left.json)"
same 'nothing was asked for it' "$(wc -l <first)" "$(arrived crowd)"
sed -n 's/.*"message_id":"\([^"]*\)".*/\1/p' left.json | sort >perhaps
queue retry --all
check 'and the last' 0 queue run
same 'the queue is empty' 0 "$(find "$SPOOL" -type f -name '*[0-9A-F]' | wc -l)"
same 'each arrived' $MESSAGES "$(ids crowd | sort -u | wc -l)"
same 'nothing else came twice' '' "$(ids crowd | uniq -d | comm -23 - perhaps)"
same 'none three times' '' "$(ids crowd | uniq -c | awk '$1 > 2')"
same 'sent, in the journal' $MESSAGES "$(grep '"verdict":"sent"' "$STATE"/log* |
    sed 's/.*"message_id":"\([^"]*\)".*/\1/' | sort -u | wc -l)"
same 'a line each' $MESSAGES "$(cat "$STATE"/log* | grep -c '"verdict":"sent"')"
ok "perhaps sent: $(wc -l <perhaps), twice: $(ids crowd | uniq -d | wc -l)"

# --- each fifth is taken, and the answer is lost

# lossy KIND: tried until each has arrived or a person has to decide. After
# many failures the account rests: `queue retry` ends that.
lossy() {
	queued "$1" 150
	rounds=0
	while [ "$(find "$SPOOL/new" "$SPOOL/work" -type f | wc -l)" != 0 ] &&
	    [ $rounds -lt 50 ]; do
		rounds=$((rounds + 1))
		queue run
		queue retry --all
	done
	same "$1: each arrived" 150 "$(ids "$1" | sort -u | wc -l)"
	grep '"reason":"perhaps sent' "$STATE"/log* |
	    sed 's/.*"message_id":"\([^"]*\)".*/\1/' | sort -u >perhaps
	same "$1: twice is what was perhaps sent" '' \
	    "$(ids "$1" | uniq -d | comm -3 - perhaps)"
	same "$1: that was a fifth" yes \
	    "$([ "$(wc -l <perhaps)" -ge 25 ] && echo yes)"
	same "$1: none three times" '' "$(ids "$1" | uniq -c | awk '$1 > 2')"
	same "$1: lost twice, on hold" yes \
	    "$([ "$(find "$SPOOL/hold" -type f | wc -l)" -ge 1 ] && echo yes)"
}
lossy crowd-close
lossy crowd-reset
lossy crowd-504

# --- a kept connection is closed after each fifth answer

# Who writes before that is seen cannot know, so a few may wait.
queued crowd-stale 150
queue run
left=$(find "$SPOOL/new" -type f | wc -l)
same 'stale: hardly one has to wait' yes \
    "$([ "$left" -le 5 ] && echo yes || echo "$left")"
queue retry --all
queue run
same 'stale: each arrived, none twice' '150 150' \
    "$(arrived crowd-stale) $(ids crowd-stale | sort -u | wc -l)"
finish
