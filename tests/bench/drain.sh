#!/bin/sh
# SPDX-License-Identifier: MIT
# bench drain: how fast a queue empties against a service that answers each
# sendMail after 50 ms and takes 4 at a time for a mailbox: 80 a second is what
# there is. By http, by TLS, and the same messages of 50 accounts by TLS, for
# which there is as much again for each. The server (tests/bench/server.c)
# takes hardly any time of the cores that we share with it. So many messages
# that the beginning, when a mailbox of which nothing is known gets one message
# alone (0.09 s), weighs no more than in a queue that fell behind.
# shellcheck source=/dev/null
. "$TOP/tests/bench/lib.sh"

rounds=${ROUNDS:-5} count=${COUNT:-1600} answer_ms=50 accounts=50
# Slots are the machine's: nobody else sends for this mailbox.
mailbox=drain-$$@example.com
cd "$TMP" || exit 1

fill_one() {
	"$TOP/build/bench/spool" fill state/spool "$count" "$mailbox" || exit 1
}
fill_all() {
	i=0
	while [ "$i" -lt "$accounts" ]; do
		i=$((i + 1))
		"$TOP/build/bench/spool" fill state/spool \
		    $((count / accounts)) "$i-$mailbox" "$i" || exit 1
	done
}

# drain FILL: prints messages a second, the median; "elapsed" has all times.
drain() {
	r=0
	while [ "$r" -lt "$rounds" ]; do
		"$1"
		start=$(now_ms)
		timeout 120 "$POST365" -C config queue run || exit 1
		end=$(now_ms)
		[ -z "$(ls state/spool/new)$(ls state/spool/work)" ] || exit 1
		echo "$((end - start))"
		r=$((r + 1))
	done >elapsed
	sort -n elapsed | awk -v n="$count" '{ v[NR] = $1 }
	END { printf "%.1f\n", n * 1000 / v[int((NR + 1) / 2)] }'
}

# report NAME RATE OF AIM
report() {
	aim "drain, $1: $2/s of $3/s, share" \
	    "$(echo "$2 $3" | awk '{ printf "%.3f", $1 / $2 }')" '' least "$4"
}

# one NAME [-t]: and how much of the time the service was asked.
one() {
	name=$1
	shift
	start_server "$@" "$mailbox" "$answer_ms"
	rate=$(drain fill_one) || exit 1
	report "$name" "$rate" $((4 * 1000 / answer_ms)) 0.95
	stop_server
	awk '$1 == "sent" { busy = $4 * 1000 }
	NF == 1 { elapsed += $1 }
	END { printf "drain: of 4 requests %.2f were under way\n",
		busy / elapsed }' server.out elapsed
}

one http
one https -t
start_server -t "$mailbox" "$answer_ms"
i=0
while [ "$i" -lt "$accounts" ]; do
	i=$((i + 1))
	printf '[account %d]\nfrom = %s\nmailbox = %s\n' "$i" "$i-$mailbox" \
	    "$i-$mailbox"
done >>config
all=$(drain fill_all) || exit 1
report "https, $accounts accounts, against one" "$all" "$rate" 0.8
stop_server
