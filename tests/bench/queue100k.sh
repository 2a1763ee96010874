#!/bin/sh
# SPDX-License-Identifier: MIT
# bench queue100k: with 100,000 messages in the queue, how long it takes until
# the first message of a run is sent, warm and with nothing of the disk in
# memory; then time and memory of what looks at the queue, and of a message
# more; at last a run that finds 20 mailboxes held up, with 50,000 messages.
# shellcheck source=/dev/null
. "$TOP/tests/bench/lib.sh"

rounds=${ROUNDS:-5} count=${COUNT:-100000} held=20
mailbox=queue-$$@example.com # slots are the machine's: nobody else's mailbox
cd "$TMP" || exit 1
measure=$TMP/measure
${CC:-cc} -O1 -static -o "$measure" "$TOP/tests/bench/measure.c" || exit 1

start=$(now_ms)
"$TOP/build/bench/spool" fill "$TMP/state/spool" "$count" "$mailbox" || exit 1
echo "$(($(now_ms) - start))" "$count" | awk '{
	printf "queue, %d messages: stored in %.1f s\n", $2, $1 / 1000 }'

# first_send [WHAT_TO_DROP]: prints the ms from a run's start to its sendMail.
first_send() {
	start_server "$mailbox" 0
	[ -z "${1:-}" ] || echo "$1" >/proc/sys/vm/drop_caches
	start=$(now_ms)
	timeout 20 "$POST365" -q -C config queue run &
	run=$!
	tries=0
	until grep -q '^first' server.out; do
		tries=$((tries + 1))
		[ $tries -lt 400 ] || exit 1
		sleep 0.05
	done
	kill "$run"
	wait "$run" 2>/dev/null
	stop_server
	awk -v start="$start" '$1 == "first" { print $2 * 1000 - start }' \
	    server.out
}
# first NAME [WHAT_TO_DROP]
first() {
	r=0
	while [ "$r" -lt "$rounds" ]; do
		first_send "${2:-}" || exit 1
		r=$((r + 1))
	done | sort -n | awk '{ v[NR] = $1 } END {
		printf "%.0f\n", v[int((NR + 1) / 2)] }' >ms
	aim "queue, $1: to the first request" "$(cat ms)" ' ms' most 300
}
first run
if [ -w /proc/sys/vm/drop_caches ]; then
	rounds=1 first 'run, nothing in memory' 3
fi

start_server "$mailbox" 0
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
    to@example.com >/dev/null" \
    "open, fstat, read, close of each='$TOP/build/bench/spool' look \
    state/spool" |
    awk '{
	kb = $NF; cpu = $(NF - 1); wall = $(NF - 2)
	sub(/ [0-9.]+ [0-9.]+ [0-9]+$/, "")
	printf "queue, %s: %.0f ms, %.0f ms CPU, %d kB\n", $0, wall, cpu, kb
    }' | tee looks
aim 'queue, queue list' "$(sed -n 's/^queue, queue list: \([0-9]*\).*/\1/p' \
    looks)" ' ms' most 1000
awk '$3 == "list:" { list = $6 } $3 == "fstat," { least = $10 } END {
	printf "queue, queue list / these four calls: %.2f in CPU\n",
	    list / least }' looks

# Sends for some seconds. The largest process counts.
"$measure" 1 "run=timeout 5 '$POST365' -q -C config queue run; true" |
    awk '{ printf "%.1f\n", $4 / 1024 }' >mb
aim 'queue, run: memory' "$(cat mb)" ' MB' most 12
stop_server
sed -n 's/^sent \([0-9]*\) .*/queue, run: sent \1 in that time/p' server.out

# Each mailbox is told once to come back in an hour.
rm -rf state
start_server "$mailbox" busy
i=0
while [ "$i" -lt "$held" ]; do
	i=$((i + 1))
	printf '[account %d]\nfrom = %s\nmailbox = %s\n' "$i" "$i-$mailbox" \
	    "$i-$mailbox" >>config
	"$TOP/build/bench/spool" fill "$TMP/state/spool" \
	    $((count / 2 / held)) "$i-$mailbox" "$i" || exit 1
done
timeout 100 "$POST365" -q -C config queue run
"$measure" 3 "run='$POST365' -q -C config queue run || [ \$? = 75 ]" |
    awk '{ print $3 }' >cpu
aim "queue, run, $((count / 2)) of $held mailboxes wait: CPU" "$(cat cpu)" \
    ' ms' most 1000
stop_server
sed -n 's/^sent \([0-9]*\) .*/queue, run: asked \1 times/p' server.out
