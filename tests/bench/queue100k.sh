#!/bin/sh
# SPDX-License-Identifier: MIT
# bench queue100k: with 100,000 messages in the queue, how long it takes until
# the first message of a run is sent, warm and with nothing of the disk in
# memory; then time and memory of what looks at the queue, and of a message
# more.
# shellcheck source=/dev/null
. "$TOP/tests/story/lib.sh"

command -v python3 >/dev/null || {
	echo 'skip bench queue100k: python3 is not installed'
	exit 0
}
rounds=${ROUNDS:-5} count=${COUNT:-100000}
mailbox=queue-$$@example.com # slots are the machine's: nobody else's mailbox
cd "$TMP" || exit 1
measure=$TMP/measure
${CC:-cc} -O1 -static -o "$measure" "$TOP/tests/bench/measure.c" || exit 1

start=$(now_ms)
"$TOP/build/bench/spool" fill "$TMP/state/spool" "$count" "$mailbox" || exit 1
echo "$(($(now_ms) - start))" "$count" | awk '{
	printf "queue, %d messages: stored in %.1f s\n", $2, $1 / 1000 }'

# serve: starts a server, and writes the settings for it.
serve() {
	: >graph.out
	timeout 60 python3 "$TOP/tests/bench/graph.py" 0 >graph.out \
	    2>graph.err &
	server=$!
	await graph.out "$server"
	plain_config "http://127.0.0.1:$READY" "$mailbox"
}

# first_send [WHAT_TO_DROP]: prints the ms from a run's start to its sendMail.
first_send() {
	serve
	[ -z "${1:-}" ] || echo "$1" >/proc/sys/vm/drop_caches
	start=$(now_ms)
	timeout 20 "$POST365" -q -C config queue run &
	run=$!
	tries=0
	until grep -q '^first' graph.out; do
		tries=$((tries + 1))
		[ $tries -lt 400 ] || exit 1
		sleep 0.05
	done
	kill "$run" "$server"
	wait "$run" "$server" 2>/dev/null
	awk -v start="$start" '$1 == "first" { print $2 * 1000 - start }' \
	    graph.out
}
# first NAME [WHAT_TO_DROP]
first() {
	r=0
	while [ "$r" -lt "$rounds" ]; do
		first_send "${2:-}" || exit 1
		r=$((r + 1))
	done | sort -n | awk -v name="$1" '{ v[NR] = $1 } END {
		printf "queue, %s: %.0f ms to the first request\n", name,
		    v[int((NR + 1) / 2)] }'
}
first 'run'

cp config waits.config
echo 'enabled = no' >>waits.config
printf 'From: %s\nTo: to@example.com\n\nx\n' "$mailbox" >mail
ln -s "$POST365" mailq
"$measure" 3 \
    "queue list='$POST365' -C config queue list >/dev/null" \
    "queue list --json='$POST365' -C config queue list --json >/dev/null" \
    "mailq=POST365_CONFIG=config ./mailq >/dev/null" \
    "queue run, all wait='$POST365' -q -C waits.config queue run" \
    "send --queue='$POST365' -C config send --queue --eml mail \
    to@example.com >/dev/null" |
    awk '{
	kb = $NF; cpu = $(NF - 1); wall = $(NF - 2)
	sub(/ [0-9.]+ [0-9.]+ [0-9]+$/, "")
	printf "queue, %s: %.0f ms, %.0f ms CPU, %d kB\n", $0, wall, cpu, kb
    }'
if [ -w /proc/sys/vm/drop_caches ]; then
	rounds=1 first 'run, nothing in memory' 3
fi
# Sends for some seconds. The largest process counts.
serve
"$measure" 1 "run=timeout 5 '$POST365' -q -C config queue run; true" |
    awk '{ printf "queue, run: %d kB\n", $4 }'
kill "$server"
wait "$server" 2>/dev/null
sed -n 's/^sent \([0-9]*\) .*/queue, run: sent \1 in that time/p' graph.out
