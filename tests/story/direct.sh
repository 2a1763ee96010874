#!/bin/sh
# SPDX-License-Identifier: MIT
# direct: mail that is sent without the queue: it is in the journal, and what
# Graph told one program about the mailbox holds for all of them.
. "$(dirname "$0")/lib.sh"

start_sandbox
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
says 'sent: so' "$OUT" 'Z - sent sender@example.com -> a@example.org .1 via|Z - sent sender@example.com -> a@example.org \+1'
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
check 'another mailbox' 0 env POST365_MAILBOX=other@example.com \
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

finish
