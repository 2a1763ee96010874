#!/bin/sh
# SPDX-License-Identifier: MIT
# direct: mail that is sent without the queue: it is in the journal, and what
# Graph told one program about the mailbox holds for all of them.
. "$(dirname "$0")/lib.sh"

start_sandbox --mailbox '*'
cd "$TMP" || exit 1
SPOOL=$SB_DIR/state/spool
echo hello >text
queue() { run "$SAN" -C "$CONFIG" queue "$@"; }
log_of() { run "$SAN" -C "$CONFIG" log --json "$@"; }
posts() { requests '"path":"[^"]*/sendMail"'; }

# --- did the backup mail go out last night?

check 'sent' 0 send -s backup --text text -t a@example.org b@example.org
log_of
says 'sent: it is in the journal' "$OUT" '"client":"send".*"from":"sender@example.com","to":\["a@example.org","b@example.org"\].*"status":202.*"verdict":"sent"'
lacks 'sent: no id of a queue' "$OUT" '"id":'
check 'sent: for people' 0 run "$SAN" -C "$CONFIG" log
says 'sent: so' "$OUT" '^[-0-9]* [:0-9]* - sent sender@example.com -> a@example.org \+1 mime'
faults 'send status 400 code=ErrorMimeContentInvalid x1' \
    'send silent x1'
check 'refused' 69 send --text text c@example.org
log_of --to c@
says 'refused: with its code' "$OUT" '"code":"ErrorMimeContentInvalid".*"verdict":"failed".*"reason":'
setting timeout 2s
check 'no answer' 76 send --text text d@example.org
log_of --to d@
says 'no answer: perhaps sent' "$OUT" '"verdict":"unknown"'
setting timeout 20s
faults
cp "$CONFIG" whole
setting ca /nonexistent
check 'a setting is wrong' 78 send --text text e@example.org
log_of --to e@
says 'a setting is wrong: that, too' "$OUT" '"verdict":"failed","reason":.*nonexistent'
cp whole "$CONFIG"
same 'nothing is in the queue' 0 "$(find "$SPOOL"/new "$SPOOL"/work -type f 2>/dev/null | wc -l | tr -d ' ')"

# --- a worker was told when: send waits for it, or says so

check 'stored' 0 send --queue --text text q@example.org
faults 'send status 429 retry-after=600 x1'
check 'throttled' 75 queue run
n=$(posts)
check 'send, then' 75 send --text text f@example.org
same 'send, then: nobody is asked' "$n" "$(posts)"
says 'send, then: until when' "$ERR" 'may not send before 20..-..-..T..:..:..Z, as another message was told: .*429'
says 'send, then: what to do' "$ERR" 'send --queue'
log_of --to f@
says 'send, then: noted' "$OUT" '"verdict":"failed"'
check 'another mailbox' 0 run env POST365_MAILBOX=other@example.com \
    "$SAN" -C "$CONFIG" send --via json -f other@example.com --text text \
    g@example.org
rm "$SPOOL"/mailbox-*
faults 'send status 429 retry-after=4 x1'
check 'stored, once more' 0 send --queue --text text r@example.org
check 'a short time' 75 queue run
then=$(now_ms)
check 'a short time: it is waited for' 0 send --text text h@example.org
took=$(($(now_ms) - then))
if [ $took -ge 2000 ]; then
	ok 'a short time: to the letter'
else
	not_ok 'a short time: to the letter' "sent after $took ms"
fi

# --- send was told: workers obey

rm -f "$SPOOL"/mailbox-*
check 'all go' 0 queue retry --all
check 'all go: they are sent' 0 queue run
faults 'send status 429 retry-after=600 x1'
check 'send is told' 75 send --text text i@example.org
check 'stored, to wait' 0 send --queue --text text s@example.org
n=$(posts)
queue run
same 'a worker obeys' "$n" "$(posts)"
same 'a worker obeys: it waits' 1 "$(find "$SPOOL/new" -type f | wc -l | tr -d ' ')"

# --- why it waits, until when, and what sends it now

when='20..-..-..T..:..:..Z'
check 'list' 0 queue list
id=$(sed -n 's/^\([0-9A-F]\{16\}\) .*/\1/p' "$OUT")
says 'list: it was not tried' "$OUT" "^$id .* 0 in [0-9]+[sm] .* waits with its mailbox$"
says 'list: its mailbox' "$OUT" '^sender@example.com waits until [0-9: -]*, ApplicationThrottled; post365 queue retry --all --force tries it now$'
check 'show: waits' 0 queue show "$id"
says 'show: until when' "$OUT" "^Waits-until: $when"
says 'show: why' "$OUT" '^Waits-for: .*429'
has 'show: what tries it now' "$OUT" 'Now: post365 queue retry --all --force'
check 'list: JSON' 0 queue list --json
says 'list: JSON, so' "$OUT" "\"next\":\"$when\",\"reason\":\".*429.*\"command\":\"post365 queue retry --all --force\""
ln -s "$SAN" mailq
check 'mailq' 0 run env POST365_CONFIG="$CONFIG" ./mailq
says 'mailq: so' "$OUT" "^ *.waits until $when: .*429.*--force tries it now.$"
check 'retry: a time of Microsoft stands' 0 queue retry --all
says 'retry: says so' "$OUT" '^[0-9A-F]{16} waits until [0-9: -]*, which Microsoft named; --force tries it before$'
written() { stat -c '%n %z' "$SPOOL"/new/* "$SPOOL"/mailbox-*; }
was=$(written)
check 'retry: the same once more' 0 queue retry --all
same 'retry: what stands is not written again' "$was" "$(written)"
check 'retry: so nothing is tried' 0 queue run
same 'retry: nobody is asked' "$n" "$(posts)"
check 'retry --force' 0 queue retry --all --force
says 'retry --force: says so' "$OUT" '^[0-9A-F]{16} is due$'
check 'retry --force: sent' 0 queue run
same 'retry --force: gone' 0 "$(find "$SPOOL/new" -type f | wc -l | tr -d ' ')"

# A disk that was full may leave the time of a file, and no state in it.
send --queue --text text t@example.org
touch -d '1 hour' "$SPOOL"/new/*
check 'a time of its file: not due' 0 queue run
same 'a time of its file: it waits' 1 "$(find "$SPOOL/new" -type f | wc -l | tr -d ' ')"
check 'a time of its file: retry' 0 queue retry --all
check 'a time of its file: run' 0 queue run
same 'a time of its file: gone' 0 "$(find "$SPOOL/new" -type f | wc -l | tr -d ' ')"

# fails EXIT FAULT: a run that ends with EXIT, of a new message.
fails() {
	send --queue --text text t@example.org
	faults "send $2"
	check "run: $2" "$1" queue run
	same "run: $2: a timer hears nothing" '' "$(cat "$OUT")"
	queue list
}
send --queue --text text t@example.org
faults 'send status 503 x1'
check 'run -v: 503' 75 queue run -v
says 'run -v: when it is next' "$OUT" '^1 later .next [0-9: -]*.$'
queue drop --all
rm -f "$SPOOL"/mailbox-*
fails 75 'status 503 x1'
id=$(sed -n 's/^\([0-9A-F]\{16\}\) .*/\1/p' "$OUT")
says 'run: 503, by itself' "$OUT" "^$id .* 1 in [0-9]+[sm] .*503"
lacks 'run: 503, no ids of requests' "$OUT" 'request-id'
check 'show: 503' 0 queue show "$id"
has 'show: 503, what tries it now' "$OUT" "Now: post365 queue retry $id"
says 'show: 503, its request' "$OUT" 'request-id'
check 'run: nothing is due' 0 queue run -v
says 'run: it is later' "$OUT" '^1 later .next [0-9: -]*.$'
send --queue --text text v@example.org
check 'run --json' 0 queue run --json
says 'run --json: so' "$OUT" '^\{"tried":1,"sent":1,"later":1,"waiting":0,"hold":0,"dead":0,"next":"20..-..-..T..:..:..Z"\}$'
check 'flush' 0 queue flush -v
says 'flush: it is sent' "$OUT" '^1 sent$'
queue drop --all
fails 77 'status 403 code=ErrorAccessDenied'
says 'run: 403, with its mailbox' "$OUT" ' 0 in .* waits with its mailbox$'
says 'run: 403, what to do' "$OUT" '^sender@example.com waits until [0-9: -]*, ErrorAccessDenied; post365 queue retry --all tries it now; post365 queue show [0-9A-F]{16} says what to do$'
check 'run: 403, once more' 77 queue run
queue list
id=$(sed -n 's/^\([0-9A-F]\{16\}\) .*/\1/p' "$OUT")
check 'show' 0 queue show "$id"
says 'show: what to do' "$OUT" '^Remedy: .*Mail.Send'
has 'show: which mailbox' "$OUT" 'Mailbox: sender@example.com'
queue drop --all
rm -f "$SPOOL"/mailbox-*
fails 78 'status 413 body=html'
id=$(sed -n 's/^\([0-9A-F]\{16\}\) .*/\1/p' "$OUT")
says 'run: 413, alone' "$OUT" "^$id .* in [0-9]+[mh] .*413"
check 'show: alone' 0 queue show "$id"
has 'show: alone, what tries it now' "$OUT" "Now: post365 queue retry $id"
says 'show: alone, what to do' "$OUT" '^Remedy: .'
queue drop --all
fails 0 'status 400 code=ErrorMimeContentInvalid x1'
setting enabled no
send --queue --text text u@example.org
check 'run: switched off on purpose' 0 queue run
finish
