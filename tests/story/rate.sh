#!/bin/sh
# SPDX-License-Identifier: MIT
# rate: no more messages than the setting allows, whoever sends, and no more
# bytes than Exchange takes; what has to wait is told when, and not counted.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"

queue() { run "$P" -C "$CONFIG" queue "$@"; }
waits() { find "$SPOOL/new" -type f | wc -l | tr -d ' '; }

# counted WHAT LENGTH AGE N: N were taken AGE parts of LENGTH seconds ago.
counted() {
	set -- "$1" "$2" "$3" "$4" "$(ls "$SPOOL/$1"-*)"
	{
		printf '%012d %012d' "$(($2 * 30))" "$(($(date +%s) / $2))"
		i=0
		while [ $i -le 30 ]; do
			n=0
			[ $i != "$3" ] || n=$4
			printf ' %012d' "$n"
			i=$((i + 1))
		done
		echo
	} >"$5"
}

echo hello >"$TMP/body"
start_sandbox --mailbox sender@example.com --mailbox two@example.com
SPOOL=$SB_DIR/state/spool
setting rate 3/min
one() { send -s one --text "$TMP/body" x@example.org; }

# --- send

check 'one' 0 one
check 'two' 0 one
check 'three' 0 one
before=$(now_ms)
check 'four: exit' 75 one
same 'four: at once' yes "$([ $(($(now_ms) - before)) -lt 8000 ] && echo yes)"
says 'four: says when' "$ERR" 'rate. allows; the next may go at 20..-..-..T'
same 'four: not sent' 3 "$(count_mail)"
run "$P" -C "$CONFIG" send --json -s x --text "$TMP/body" x@example.org
says 'four: retryable' "$OUT" '"retryable":true'
counted rate 2 29 3
before=$(now_ms)
check 'a turn that comes soon' 0 one
took=$(($(now_ms) - before))
same 'a turn that comes soon: waited for' yes \
    "$([ $took -ge 2000 ] && [ $took -lt 9000 ] && echo yes)"
printf '[account two]\nfrom = two@example.com\n' >>"$CONFIG"
check 'another mailbox' 0 run "$P" -C "$CONFIG" -A two send -s x \
    --text "$TMP/body" x@example.org

# --- the queue, by many, with a crash and nonsense in the file

start_sandbox
SPOOL=$SB_DIR/state/spool
setting rate 5/min
i=0
while [ $i -lt 12 ]; do
	send --queue -s "m$i" --text "$TMP/body" x@example.org
	i=$((i + 1))
done
pids=''
for w in 1 2 3 4; do
	timeout 60 "$P" -C "$CONFIG" queue run >"$TMP/w$w" 2>&1 &
	pids="$pids $!"
done
for p in $pids; do wait "$p" || not_ok 'a worker' "ended with $?"; done
same 'four workers: five of twelve' '5 7' "$(count_mail) $(waits)"
same 'four workers: nobody complains' '' "$(cat "$TMP"/w?)"
queue list --json
same 'the others: no attempt' 7 "$(grep -c '"attempts":0' "$OUT")"
queue run
same 'again: none' '5 7' "$(count_mail) $(waits)"
check 'send: the same count' 75 one
counted rate 2 31 5
queue run
same 'a minute later: five more' '10 2' "$(count_mail) $(waits)"
echo nonsense >"$(ls "$SPOOL"/rate-*)"
queue run
same 'nonsense in the file' '12 0' "$(count_mail) $(waits)"
i=0
while [ $i -lt 4 ]; do
	one
	i=$((i + 1))
done
same 'and it counts again' '75 15' "$STATUS $(count_mail)"

# --- uploads: 150 MB in 5 minutes

start_sandbox
SPOOL=$SB_DIR/state/spool
head -c 2000000 /dev/urandom >"$TMP/large"
large() {
	send "$@" -s large --text "$TMP/body" -a "$TMP/large" x@example.org
}
check 'large' 0 large
check 'its bytes are counted' 0 run grep -q ' 000002667' "$SPOOL"/upload-*
counted upload 10 30 149000000
check 'one too many' 0 large
says 'one too many: waits' "$ERR" '150 MB in 5 minutes.*waiting for [0-9]* s'
counted upload 10 0 149000000
check 'a small one' 0 one
large --queue
queue run
same 'in the queue: it waits' '3 1' "$(count_mail) $(waits)"
queue list --json
says 'in the queue: no attempt' "$OUT" '"attempts":0,"next":"20'
counted upload 10 31 149000000
queue retry --all
queue run
same 'five minutes later' '4 0' "$(count_mail) $(waits)"

# --- where nothing can be counted

setting rate 3/min
setting state_dir /dev/null/x
setting spool_dir /dev/null/x
check 'no folder: rate' 73 one
says 'no folder: why' "$ERR" 'rate: /dev/null: cannot make folder'
setting rate none
check 'no folder: without rate' 0 one
check 'no folder: large' 0 large
finish
