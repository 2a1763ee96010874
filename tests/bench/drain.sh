#!/bin/sh
# SPDX-License-Identifier: MIT
# bench drain: how fast a queue empties against a service that answers each
# sendMail after 50 ms and takes 4 at a time for a mailbox: 80 a second is what
# there is. First a small server by http:// that is not ours, which also tells
# how many requests were under way at a time; then the sandbox, with TLS.
# shellcheck source=/dev/null
. "$TOP/tests/story/lib.sh"

# shellcheck disable=SC2034 # lib.sh's: the sandbox without sanitizers
SAN=$POST365
rounds=${ROUNDS:-5} count=${COUNT:-400} answer_ms=50
# Slots are the machine's: nobody else sends for this mailbox.
mailbox=drain-$$@example.com
cd "$TMP" || exit 1

run_queue() { timeout 120 "$POST365" -C "$1" queue run || exit 1; }

# drain CONFIG: prints messages a second, the median; "elapsed" has all times.
drain() {
	spool=$(sed -n 's/^state_dir = //p' "$1")/spool
	r=0
	while [ "$r" -lt "$rounds" ]; do
		"$TOP/build/bench/spool" fill "$spool" "$count" "$mailbox" ||
		    exit 1
		start=$(now_ms)
		run_queue "$1"
		end=$(now_ms)
		[ -z "$(ls "$spool/new")$(ls "$spool/work")" ] || exit 1
		echo "$((end - start))"
		r=$((r + 1))
	done >elapsed
	sort -n elapsed | awk -v n="$count" '{ v[NR] = $1 }
	END { print n * 1000 / v[int((NR + 1) / 2)] }'
}

# report NAME RATE
report() {
	awk -v name="$1" -v rate="$2" -v most=$((4 * 1000 / answer_ms)) 'BEGIN {
		printf "drain, %s: %.1f/s of %d/s; ratio %.3f\n", name, rate,
		    most, rate / most
	}'
}

if command -v python3 >/dev/null; then
	: >graph.out
	timeout 500 python3 "$TOP/tests/bench/graph.py" "$answer_ms" \
	    >graph.out 2>graph.err &
	server=$!
	trap 'kill $server 2>/dev/null' EXIT
	await graph.out "$server"
	plain_config "http://127.0.0.1:$READY" "$mailbox"
	report 'http, a server that is not ours' "$(drain config)"
	kill "$server"
	wait "$server" 2>/dev/null
	awk '$1 == "sent" { busy = $4 * 1000 }
	NF == 1 { elapsed += $1 }
	END {
		printf "drain: of 4 requests %.2f were under way; share %.3f\n",
		    busy / elapsed, busy / elapsed / 4
	}' graph.out elapsed
fi

start_sandbox --mailbox "$mailbox" --fault "send late ms=$answer_ms"
setting from "$mailbox"
report 'https, the sandbox' "$(drain "$CONFIG")"
stop_sandbox
