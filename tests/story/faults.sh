#!/bin/sh
# SPDX-License-Identifier: MIT
# faults: whatever the services do wrong, the exit status is the right one,
# nothing is sent twice, and it ends in time.
# shellcheck disable=SC2030,SC2031,SC2119,SC2317
. "$(dirname "$0")/lib.sh"
P=$SAN # error paths are where memory errors hide

# A row: rule | exit | copies that arrive | words of the message, or -.
# 0 sent, 67 69 refused, 75 nothing was taken, 76 perhaps sent, 77 sign-in or
# permission, 78 a setting. What is 76 must have been asked once only.
rows() {
	grep -v '^#' <<-'END'
	# --- statuses of sendMail
	send status 400|69|0|BadRequest
	send status 400 code=ErrorInvalidRecipients|67|0|ErrorInvalidRecipients
	send status 401 x1|0|1|-
	send status 401|77|0|InvalidAuthenticationToken
	send status 403|77|0|ErrorAccessDenied
	send status 403 code=ErrorSendAsDenied|69|0|ErrorSendAsDenied
	send status 404|78|0|ErrorInvalidUser
	send status 404 code=MailboxNotEnabledForRESTAPI|78|0|MailboxNotEnabled
	send status 413|69|0|RequestEntityTooLarge
	send status 418 code=ErrorNobodyKnows body=json|69|0|ErrorNobodyKnows
	send status 429 retry-after=1 x1|0|1|-
	send status 429 retry-after=0.2 x2|0|1|-
	send status 429|75|0|ApplicationThrottled
	send status 429 retry-after=31536000|75|0|ApplicationThrottled
	send status 429 retry-after=-5 x1|0|1|-
	send status 429 retry-after=soon x1|0|1|-
	send status 429 retry-after="Thu, 01 Jan 1970 00:00:00 GMT" x1|0|1|-
	send status 500|76|0|ErrorInternalServerError
	send status 500 body=empty|76|0|HTTP 500
	send status 502 body=html|76|0|HTTP 502
	send status 503 x1|0|1|-
	send status 503 body=html x1|0|1|-
	send status 504 body=empty|76|0|HTTP 504
	send status 200 body=json|76|0|200
	send status 202 retry-after=100|0|0|-
	send early 413|69|0|RequestEntityTooLarge
	send early 503 retry-after=1 x1|0|1|-
	# --- answers that are none
	send html-200|76|0|200
	send ok-200|76|0|200
	send redirect https://127.0.0.1:1/steal|78|0|307
	send garbage|76|0|-
	send http2|76|0|HTTP/2
	send close|76|0|-
	send silent|76|0|-
	send no-read|76|0|-
	send reset|76|0|-
	# --- the right answer, in an unusual form
	send chunked|0|1|-
	send interim|0|1|-
	send late ms=50|0|1|-
	send slow ms=1|0|1|-
	send slow-head ms=1|0|1|-
	send until-close|0|1|-
	send date-skew -172800|0|1|-
	send stale|0|1|-
	# --- taken, and then something went wrong
	send cut|76|1|-
	send cut at=0|76|1|-
	send cut at=12|76|1|-
	send bad-chunk|0|1|-
	send long-length|0|1|-
	send no-goodbye|0|1|-
	send endless-body|0|1|-
	send endless-head|76|1|-
	send late ms=9000|76|1|-
	send slow ms=300|76|1|-
	send reset-after|76|1|-
	send taken-close|76|1|-
	send taken-no-answer|76|1|-
	# --- the token endpoint: asking again does no harm
	token status 400 code=AADSTS90002|78|0|AADSTS90002
	token status 401|77|0|AADSTS7000215
	token status 429 retry-after=1 x1|0|1|-
	token status 429 retry-after=3600|75|0|AADSTS90055
	token status 503 body=html x1|0|1|-
	token html-200|75|0|-
	token ok-200|75|0|-
	token redirect https://127.0.0.1:1/steal|78|0|307
	token garbage x1|0|1|-
	token close x1|0|1|-
	token reset x1|0|1|-
	token cut x1|0|1|-
	token bad-chunk x1|0|1|-
	token long-length x1|0|1|-
	token reset-after x1|0|1|-
	token endless-body x1|0|1|-
	token endless-head x1|0|1|-
	token silent x1|0|1|-
	token chunked|0|1|-
	token interim|0|1|-
	token slow ms=1|0|1|-
	token stale|0|1|-
	token until-close|0|1|-
	token date-skew 172800|0|1|-
	token token-expires 60|0|1|-
	# --- before a word is said
	any tls-garbage x1|0|1|-
	any tls-alert x1|0|1|-
	any tls-half x1|0|1|-
	any tls-stall x1|0|1|-
	any tls-close x1|0|1|-
	any tls-alert|75|0|-
	END
}

# One row, in a shell of its own with a sandbox of its own.
row() { # NAME|EXIT|COPIES|WORDS
	IFS='|' read -r rule want copies words <<-END
	$1
	END
	set -- "$rule" "$want" "$copies" "$words"
	start_sandbox --fault "$1"
	setting connect_timeout 2s
	setting timeout 3s
	t0=$(now_ms)
	send --json -s fault --text "$TMP/body" x@example.org
	ms=$(($(now_ms) - t0))
	stop_sandbox
	why="$(head -n 1 "$ERR")"
	copies=$(count_mail)
	asked=$(requests '"path":"[^"]*sendMail"')
	if [ "$STATUS" != "$2" ]; then
		not_ok "$1" "exit $STATUS, not $2 ($why)"
	elif [ "$copies" != "$3" ]; then
		not_ok "$1" "$copies arrived, not $3"
	elif [ "$2" = 76 ] && [ "$asked" != 1 ]; then
		not_ok "$1" "perhaps sent, and yet asked $asked times"
	elif [ "$4" != - ] && ! grep -qF -e "$4" "$ERR"; then
		not_ok "$1" "\"$4\" is not in: $why"
	elif ! expected_status "$2"; then
		not_ok "$1" "exit $2 with $(cat "$OUT")"
	elif [ "$ms" -gt 25000 ]; then
		not_ok "$1" "took $ms ms"
	else
		ok "$1"
	fi
}

# The object of --json agrees with the exit status.
expected_status() {
	case $1 in
	0) grep -q '"status":"sent"' "$OUT" ;;
	75) grep -q '"status":"failed".*"retryable":true' "$OUT" ;;
	76) grep -q '"status":"unknown".*"retryable":false' "$OUT" ;;
	*) grep -q '"status":"failed".*"retryable":false' "$OUT" ;;
	esac
}

# limited KB OPTION...: send with so much address space.
limited() {
	kb=$1
	shift
	(
		# shellcheck disable=SC3045 # dash, bash and busybox have it
		ulimit -v "$kb"
		exec "$P" -C "$CONFIG" send "$@"
	) >"$OUT" 2>"$ERR"
	STATUS=$?
}

echo 'a message' >"$TMP/body"
rows >"$TMP/rows"
rows_at_once 4 "$TMP/rows" row

# --- every kind of fault that there is was played
run "$P" help sandbox
# but those of uploads, which route.sh plays
sed -n '/^  status /,$s/^  \([a-z][a-z0-9-]*\) .*/\1/p' "$OUT" |
    grep -vx -e range-lost -e session-gone | sort -u >"$TMP/kinds"
cut -d ' ' -f 2 "$TMP/rows" | cut -d '|' -f 1 | sort -u >"$TMP/played"
same 'every kind is played' '' \
    "$(comm -23 "$TMP/kinds" "$TMP/played" | tr '\n' ' ')"
same 'there are kinds' yes "$([ "$(wc -l <"$TMP/kinds")" -gt 30 ] && echo yes)"

# --- a large body: what is not fully written was not taken
head -c 2900000 /dev/zero >"$TMP/large"
start_sandbox --fault 'send early 413'
check 'early 413, large' 69 send -s x --text "$TMP/body" -a "$TMP/large" \
    x@example.org
says 'early 413, large: the answer was read' "$ERR" RequestEntityTooLarge
start_sandbox --fault 'send reset x1'
check 'reset, large: tried again' 0 send -s x --text "$TMP/body" \
    -a "$TMP/large" x@example.org
same 'reset, large: one arrived' 1 "$(count_mail)"

# --- Retry-After to the letter, measured by the server
start_sandbox --fault 'send status 429 retry-after=2 x1'
check 'Retry-After: 2' 0 send -s x --text "$TMP/body" x@example.org
gap=$(awk -F '"' '/sendMail/ { split($4, t, /[-:TZ]/)
    s = t[4] * 3600 + t[5] * 60 + t[6]
    if (last) { d = s - last; if (d < 0) d += 86400
    printf "%d", d * 1000 } last = s }' "$SB_DIR/requests.log")
same 'Retry-After: waited 2 to 4.5 s' yes \
    "$([ "${gap:-0}" -ge 2000 ] && [ "$gap" -le 4500 ] && echo yes ||
	echo "$gap ms")"
start_sandbox --fault 'send status 429 retry-after=31536000'
t0=$(now_ms)
check 'Retry-After: a year' 75 send -s x --text "$TMP/body" x@example.org
same 'Retry-After: a year is not waited for' yes \
    "$([ $(($(now_ms) - t0)) -lt 5000 ] && echo yes)"
same 'Retry-After: a year: asked once' 1 "$(requests sendMail)"

# --- an endless answer costs no memory
start_sandbox --fault 'send endless-body'
setting timeout 3s
P=$POST365
check 'endless-body within 64 MB of memory' 0 limited 65536 -s x \
    --text "$TMP/body" x@example.org

# --- faults come and go while the sandbox runs
start_sandbox
faults 'send status 403 x1' 'send status 404'
check 'file of faults: first' 77 send -s x --text "$TMP/body" x@example.org
check 'file of faults: second' 78 send -s x --text "$TMP/body" x@example.org
faults
check 'file of faults: gone' 0 send -s x --text "$TMP/body" x@example.org
same 'file of faults: one arrived' 1 "$(count_mail)"

# --- what the sandbox itself refuses
for bad in 'send explode' 'graph close' 'send status' 'send tls-alert'; do
	check "--fault '$bad'" 64 run "$SAN" sandbox --dir "$TMP/none" \
	    --fault "$bad"
done
for bad in 0.0.0.0:0 192.0.2.1:0 '[::]:0' 127.0.0.1 127.0.0.1:65536; do
	check "--listen $bad" 64 run "$SAN" sandbox --dir "$TMP/none" \
	    --listen "$bad"
done
check 'a folder in use' 75 run "$SAN" sandbox --dir "$SB_DIR"

# --- how it ends: by itself, by a signal, and by force
# ready FILE: waits until the sandbox that writes to it listens.
ready() {
	tries=0
	until grep -q '^ready' "$1"; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || return
		sleep 0.05
	done
}
: >"$TMP/end.out"
timeout 60 "$SAN" sandbox --dir "$TMP/end" --exit-after 2 \
    --fault 'send status 503 x1' >"$TMP/end.out" 2>&1 &
pid=$!
ready "$TMP/end.out"
CONFIG=$TMP/end/config
check 'exit-after: first' 0 send -s x --text "$TMP/body" x@example.org
check 'exit-after: second' 0 send -s x --text "$TMP/body" x@example.org
STATUS=0
wait $pid || STATUS=$?
same 'exit-after: ends by itself' 0 "$STATUS"

: >"$TMP/end.out"
"$SAN" sandbox --dir "$TMP/end" --fault 'send silent' >"$TMP/end.out" 2>&1 &
pid=$!
ready "$TMP/end.out"
setting timeout 50s
t0=$(now_ms)
timeout 60 "$P" -C "$CONFIG" send -s x --text "$TMP/body" x@example.org \
    >"$OUT" 2>"$ERR" &
client=$!
tries=0
while [ "$(grep -c silent "$TMP/end/requests.log")" = 0 ] &&
    [ $tries -lt 200 ]; do
	tries=$((tries + 1))
	sleep 0.05
done
kill -KILL $pid
STATUS=0
wait $client || STATUS=$?
same 'killed: its connections end' 76 "$STATUS"
same 'killed: at once' yes "$([ $(($(now_ms) - t0)) -lt 20000 ] && echo yes)"

: >"$TMP/end.out"
"$SAN" sandbox --dir "$TMP/end" >"$TMP/end.out" 2>&1 &
pid=$!
ready "$TMP/end.out"
check 'the folder serves again' 0 send -s x --text "$TMP/body" x@example.org
same 'and numbers go on' 3 "$(find "$TMP/end/mail" -name '00000?.meta' |
    wc -l | tr -d ' ')"
kill -TERM $pid
STATUS=0
wait $pid || STATUS=$?
same 'SIGTERM: ends in order' 0 "$STATUS"

finish
