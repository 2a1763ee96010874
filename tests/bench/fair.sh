#!/bin/sh
# SPDX-License-Identifier: MIT
# bench fair: one message of a mailbox while 600 of another wait, whose
# requests take 4 s each: how long until it leaves, in a run of the queue and
# with the process in the background that `sendmail` starts.
# shellcheck source=/dev/null
. "$TOP/tests/story/lib.sh"

# Slots are the machine's: nobody else sends for these mailboxes.
slow=slow-$$@example.com quick=quick-$$@example.com
cd "$TMP" || exit 1
command -v python3 >/dev/null || exit 0

# begin: a server, settings of two accounts, and the messages that wait.
begin() {
	timeout 120 python3 "$TOP/tests/bench/graph.py" 20 "$slow=4000" \
	    >graph.out 2>graph.err &
	server=$!
	trap 'kill $server 2>/dev/null' EXIT
	await graph.out "$server"
	rm -rf state
	plain_config "http://127.0.0.1:$READY" "$slow"
	printf '[account quick]\nfrom = %s\nmailbox = %s\n' "$quick" "$quick" \
	    >>config
	"$TOP/build/bench/spool" fill state/spool 600 "$slow"
	echo hello >body
}

# arrives: prints ms from START (ms) to the request for the quick mailbox.
arrives() {
	tries=0
	until grep -q "^mail $quick" graph.out || [ $tries -gt 2000 ]; do
		tries=$((tries + 1))
		sleep 0.01
	done
	awk -v start="$1" '$1 == "mail" { print int($3 * 1000 - start) }' \
	    graph.out | grep . || echo 1000000
}

# report NAME MS
report() {
	awk -v name="$1" -v ms="$2" 'BEGIN {
		printf "fair, %s: %d ms behind 600 slow ones; share of 1 s " \
		    "%.2f\n", name, ms, ms / 1000 }'
}

begin
timeout 100 "$POST365" -C config queue run 2>run.err &
run=$!
sleep 3
start=$(now_ms)
"$POST365" -C config -A quick send --queue -s quick --text body \
    x@example.org >/dev/null
report 'a run of the queue' "$(arrives "$start")"
kill "$run"
wait "$run" 2>/dev/null
kill "$server"
wait "$server" 2>/dev/null

begin
printf 'Subject: slow\n\nhello\n' | "$POST365" -C config sendmail \
    -f "$slow" x@example.org
sleep 3
start=$(now_ms)
printf 'Subject: quick\n\nhello\n' | "$POST365" -C config sendmail \
    -f "$quick" x@example.org
report 'in the background' "$(arrives "$start")"
kill "$(cat state/spool/worker)" "$server"
wait "$server" 2>/dev/null
exit 0
