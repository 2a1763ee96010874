#!/bin/sh
# SPDX-License-Identifier: MIT
# bench fair: one message of a mailbox while 600 of another wait, whose
# requests take 4 s each: how long until it leaves, in a run of the queue and
# with the process in the background that `sendmail` starts. And a small one
# behind ten of 100 MB of its own mailbox, which are on their way.
# shellcheck source=/dev/null
. "$TOP/tests/bench/lib.sh"

# Slots are the machine's: nobody else sends for these mailboxes.
slow=slow-$$@example.com quick=quick-$$@example.com large_mb=${LARGE_MB:-100}
cd "$TMP" || exit 1

# begin: a server, settings of two accounts, and the messages that wait.
begin() {
	rm -rf state
	start_server "$slow" 20 "$slow=4000"
	printf '[account quick]\nfrom = %s\nmailbox = %s\n' "$quick" "$quick" \
	    >>config
	"$TOP/build/bench/spool" fill state/spool 600 "$slow"
	echo hello >body
}

# arrives PATTERN FILE: until a line of it is there.
arrives() {
	tries=0
	until grep -qs "$1" "$2" || [ $tries -gt 2000 ]; do
		tries=$((tries + 1))
		sleep 0.01
	done
}
# ms_since MS: of the request for the quick mailbox.
ms_since() {
	arrives "^mail $quick" server.out
	awk -v start="$1" '$1 == "mail" { print int($3 * 1000 - start) }' \
	    server.out | grep . || echo 1000000
}

begin
timeout 100 "$POST365" -C config queue run 2>run.err &
run=$!
sleep 3
start=$(now_ms)
"$POST365" -C config -A quick send --queue -s quick --text body \
    x@example.org >/dev/null
aim 'fair, behind 600 slow ones, a run of the queue' "$(ms_since "$start")" \
    ' ms' most 1000
kill "$run"
stop_server
wait "$run" 2>/dev/null

begin
printf 'Subject: slow\n\nhello\n' | "$POST365" -C config sendmail \
    -f "$slow" x@example.org
sleep 3
start=$(now_ms)
printf 'Subject: quick\n\nhello\n' | "$POST365" -C config sendmail \
    -f "$quick" x@example.org
aim 'fair, behind 600 slow ones, in the background' "$(ms_since "$start")" \
    ' ms' most 1000
end_background state/spool
stop_server

# The first large one is through, so the mailbox is known to work. Two of the
# others are under way at a time, and two slots are free.
start_sandbox --mailbox "$slow"
setting from "$slow"
{
	printf 'From: %s\nSubject: large\nMIME-Version: 1.0\n' "$slow"
	printf 'Content-Type: application/octet-stream; name=large\n'
	printf 'Content-Transfer-Encoding: base64\n\n'
	head -c $((large_mb * 1000000)) /dev/zero | base64
} >large
for i in 1 2 3 4 5 6 7 8 9 10; do
	"$POST365" -C "$CONFIG" sendmail -odq -f "$slow" "$i@example.org" \
	    <large || exit 1
done
timeout 100 "$POST365" -C "$CONFIG" queue run 2>run.err &
run=$!
arrives '/send"' "$SB_DIR/requests.log"
start=$(now_ms)
"$POST365" -C "$CONFIG" send --queue -s alarm --text body x@example.org \
    >/dev/null
arrives '/sendMail' "$SB_DIR/requests.log"
aim "fair, an alarm behind ten of $large_mb MB" "$(($(now_ms) - start))" \
    ' ms' most 2000
manager=$(cat "$SB_DIR/state/spool/worker")
workers=$(children "$manager")
# shellcheck disable=SC2086 # words
kill -9 "$manager" $workers
wait "$run" 2>/dev/null
stop_sandbox
