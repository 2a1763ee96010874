#!/bin/sh
# SPDX-License-Identifier: MIT
# trace: whether mail was delivered, by Exchange's message trace and by our own
# log: pages, a busy service, no permission, no service principal, other clouds.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"

all='--role Mail.Send --role Mail.ReadWrite --role ExchangeMessageTrace.Read.All'
# shellcheck disable=SC2086
start_sandbox $all
cd "$TMP" || exit 1
TZ=UTC
export TZ

trace() { run "$P" -C "$CONFIG" trace "$@"; }
# by_json KEY: its values in the answer, in one line.
by_json() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$OUT" | xargs; }
fresh() { rm -f "$SB_DIR"/state/spool/trace-* "$SB_DIR"/state/spool/details-*; }

# --- of the queue: a line a recipient

echo hello | send --queue -s 'to all' a@x.example failed@x.example \
    quarantined@x.example pending@x.example spam@x.example group@x.example \
    getting@x.example untraced@x.example
run "$P" -C "$CONFIG" queue list --json
id=$(by_json id)
check 'waiting: exit' 65 trace "$id"
says 'waiting: where it is' "$ERR" "post365 queue show $id"
run "$P" -C "$CONFIG" queue run
check 'queue: exit' 0 trace "$id"
says 'queue: head' "$OUT" "^<.*> \($id\)\$"
says 'queue: sender and time' "$OUT" '^  from sender@example.com, ... '
has 'queue: delivered' "$OUT" '    a@x.example  delivered'
has 'queue: failed' "$OUT" '    failed@x.example  failed: it was not delivered'
has 'queue: quarantined' "$OUT" '    quarantined@x.example  in quarantine'
has 'queue: pending' "$OUT" '    pending@x.example  on its way'
has 'queue: spam' "$OUT" '    spam@x.example  delivered into Junk Email'
has 'queue: group' "$OUT" '    group@x.example  a group: its members got it'
has 'queue: getting' "$OUT" '    getting@x.example  not known yet'
says 'queue: too young' "$OUT" '^      ... .*; no trace of it yet'
says 'queue: what to do' "$OUT" 'do: release it: security.microsoft.com'
same 'queue: 80 columns' '' "$(grep -E '.{81}' "$OUT")"
same 'queue: one question' 1 "$(requests '/tracing/messageTraces"')"
check 'prefix: exit' 0 trace "$(echo "$id" | cut -c 1-10)"
says 'prefix' "$OUT" '    a@x.example  delivered'

# --- JSON, Message-ID, details

check 'JSON: exit' 0 trace --json "$id"
same 'JSON: statuses' "delivered failed quarantined pending filteredAsSpam \
expanded gettingStatus accepted" "$(by_json status)"
same 'JSON: the id of the queue' 8 "$(grep -c "\"id\":\"$id\"" "$OUT")"
says 'JSON: what to do' "$OUT" \
    '"status":"quarantined","remedy":"release it: security.microsoft.com > Email & collaboration > Review > Quarantine"'
lacks 'JSON: nothing to do' "$OUT" '"status":"delivered","remedy"'
mid=$(by_json message_id | cut -d ' ' -f 1)
check 'Message-ID: exit' 0 trace "$mid"
says 'Message-ID' "$OUT" '    a@x.example  delivered'
bare=${mid#<}
check 'without brackets: exit' 0 trace "${bare%>}"
says 'without brackets' "$OUT" '    a@x.example  delivered'
check 'details: exit' 0 trace --details "$id"
says 'details' "$OUT" '^        .* Fail Reason: .*550 5.1.10'
check 'details, JSON: exit' 0 trace --details --json "$id"
says 'details, JSON' "$OUT" '"events":\[\{"time":".*"event":"Fail"'

# --- by address and time

check 'to: exit' 0 trace --to failed@x.example
same 'to: one' 1 "$(grep -c 'failed: it' "$OUT")"
lacks 'to: no other' "$OUT" quarantined
check 'none: exit' 0 trace --to nobody@x.example
says 'none: says so' "$OUT" '^no trace of such mail'
check 'a time that is over' 0 trace --since 2d --until 1d
says 'a time that is over: none' "$OUT" '^no trace'
check 'nothing asked' 64 trace
check 'too long ago' 64 trace --since 2020-01-01T00:00:00Z
check 'unknown id' 65 trace 0123456789ABCDEF
says 'unknown id: what to do' "$ERR" 'post365 log lists what was'

# --- pages: 130 recipients, of which the sandbox gives 100 a page

fresh
# shellcheck disable=SC2046
echo many | send -s many $(seq 1 130 | sed 's/.*/r&@many.example/')
before=$(requests '/tracing/messageTraces"')
check 'pages: exit' 0 trace --json --since 1h
same 'pages: all of them' 130 "$(grep -c many.example "$OUT")"
same 'pages: two questions' 2 \
    "$(($(requests '/tracing/messageTraces"') - before))"
before=$(requests '/tracing/messageTraces"')
check '25 days: exit' 0 trace --json --since 25d
same '25 days: three pieces, the last in two pages' 4 \
    "$(($(requests '/tracing/messageTraces"') - before))"
same '25 days: all of them' 130 "$(grep -c many.example "$OUT")"

# --- sums

check 'usage: exit' 0 trace --usage 3
same 'usage: three days and a head' 4 "$(wc -l <"$OUT")"
says 'usage: delivered' "$OUT" '^20..-..-.. +131 +1 +1 +1 +1 +1 +1 +0$'
check 'usage, JSON: exit' 0 trace --usage 1 --json
says 'usage, JSON' "$OUT" '"delivered":131,"filteredAsSpam":1,'
check 'usage of another: exit' 0 trace --usage 1 --json --from x@y.example
says 'usage of another' "$OUT" '"delivered":0,'
check 'usage: bounds' 64 trace --usage 91

# --- a busy service, and our own count

faults 'trace status 429 retry-after=1 x1'
check 'throttled: asked again' 0 trace --to a@x.example
says 'throttled: the answer' "$OUT" delivered
faults 'trace status 503 x1'
check '503: asked again' 0 trace --to a@x.example
faults
fresh
# the file of the count says that 100 went just now
trace --to a@x.example
file=$(ls "$SB_DIR"/state/spool/trace-*)
sed 's/000000000001/000000000100/' "$file" >count
cat count >"$file"
STATUS=0
timeout 3 "$P" -C "$CONFIG" trace --to a@x.example >"$OUT" 2>"$ERR" || STATUS=$?
same '100 in 5 minutes: waits' 124 "$STATUS"
says '100 in 5 minutes: says so' "$ERR" 'takes 100 questions .*: on in'
fresh

# --- without permission: what the log knows

faults 'trace status 401 code=Unauthorized message="Service principal-less Authentication failed: 8bd644d1-64a1-4d4b-ae52-2e0cbf64e373"'
check 'no principal: exit' 77 trace "$id"
says 'no principal: the log' "$OUT" '    a@x.example  accepted by Microsoft 365'
says 'no principal: the command' "$ERR" \
    'New-MgServicePrincipal -AppId 8bd644d1-64a1-4d4b-ae52-2e0cbf64e373'
says 'no principal: all that is known' "$ERR" 'all that is known'
faults 'trace status 404 code=ResourceNotFound'
check 'no such thing: exit' 78 trace "$id"
says 'no such thing: another way' "$ERR" 'Get-MessageTraceV2'
faults
setting cloud usgov
faults 'trace status 403'
check 'other cloud: exit' 77 trace "$id"
says 'other cloud: says so' "$ERR" 'known of the global cloud only'
faults
check 'other cloud that can: exit' 0 trace "$id"

# --- the program's own sandbox has no such role unless told

start_sandbox
echo hello | send -s one --json a@x.example
mid=$(by_json message_id)
check 'no permission: exit' 77 trace "$mid"
says 'no permission: what to grant' "$ERR" 'ExchangeMessageTrace.Read.All'
says 'no permission: by command' "$ERR" 'az ad app permission add'
says 'no permission: the log' "$OUT" '    a@x.example  accepted by'
check 'no permission, JSON: exit' 77 trace --json "$mid"
same 'no permission, JSON' accepted "$(by_json status)"
says 'no permission, JSON: the error behind it' "$OUT" \
    '^\{"error":\{"code":".*","message":".*","remedy":".*ExchangeMessageTrace.Read.All.*","retryable":false\}\}$'
check 'unknown id, JSON: exit' 65 trace --json 0123456789ABCDEF
says 'unknown id, JSON: nothing else' "$OUT" \
    '^\{"error":\{"code":"input","message":"the log knows no message'
same 'unknown id, JSON: one line' 1 "$(wc -l <"$OUT")"
check 'no mail named, JSON: exit' 64 trace --json
says 'no mail named, JSON' "$OUT" '^\{"error":\{"code":"usage"'
check 'no permission, unknown mail: exit' 77 trace --to a@x.example
same 'no permission, unknown mail: nothing is made up' '' "$(cat "$OUT")"

# --- what did not leave needs no permission

faults 'send status 400 code=ErrorInvalidRecipients x1'
echo hello | send --queue -s two bad@x.example
run "$P" -C "$CONFIG" queue run
run "$P" -C "$CONFIG" log --json --to bad@x.example
id=$(by_json id)
before=$(requests '/tracing/')
check 'dead: exit' 0 trace "$id"
says 'dead: says why' "$OUT" 'bad@x.example  not sent: dead'
same 'dead: nobody was asked' "$before" "$(requests '/tracing/')"

# --- bounces come home

start_sandbox --role Mail.Send --role Mail.Read
setting read_bounces yes
echo hello | send --queue -s three failed@x.example a@x.example
check 'bounces: queue run' 0 run "$P" -C "$CONFIG" queue run
run "$P" -C "$CONFIG" log --failed
says 'bounces: a line of the log' "$OUT" \
    ' bounced .*failed@x.example 5.1.10: 550 5.1.10 RESOLVER'
run "$P" -C "$CONFIG" log --failed --json
same 'bounces: once, and of that one' '1 1' "$(grep -c . "$OUT") \
$(grep -c '"to":\["failed@x.example"\]' "$OUT")"
id=$(by_json id)
before=$(requests 'inbox/messages"')
run "$P" -C "$CONFIG" queue run
same 'bounces: not asked again within 5 minutes' "$before" \
    "$(requests 'inbox/messages"')"
check 'bounces: now' 0 trace --bounces
says 'bounces: nothing twice' "$OUT" '^0 came back'
check 'bounces: without the trace' 77 trace "$id"
says 'bounces: the log knows more' "$OUT" \
    'failed@x.example  came back 5.1.10: 550 5.1.10'
echo hello | send -s four failed@y.example
check 'bounces: of direct mail' 0 trace --bounces --json
has 'bounces: one' "$OUT" '{"bounced":1}'
echo 'ops: failed@alias.example' >aliases
setting aliases "$TMP/aliases"
printf 'Subject: five\n\nhello\n' | "$P" -C "$CONFIG" sendmail -odq ops
run "$P" -C "$CONFIG" queue run
check 'bounces: of an alias' 0 trace --bounces --json
run "$P" -C "$CONFIG" log --failed --to failed@
says 'bounces: says whom it was not sent to' "$OUT" \
    'failed@alias.example 5.1.10: not an address that it was sent to .*: 550'
same 'bounces: nobody else' 1 "$(grep -c 'not an address' "$OUT")"
# of two looks at once the second begins where the first ended
if command -v flock >/dev/null 2>&1; then
	echo hello | send -s five failed@two.example
	sent=$(date +%s)
	far=$(echo "$SB_DIR"/state/spool/returns-*)
	exec 9<"$far"
	flock 9
	"$P" -C "$CONFIG" trace --bounces --json >"$OUT" 2>&1 9<&- &
	second=$!
	while kill -0 "$second" 2>/dev/null &&
	    ! stat -c %N "/proc/$second/fd/"* 2>/dev/null | grep -q "$far"; do
		sleep 0.05
	done
	until [ "$(date +%s)" -gt $((sent + 1)) ]; do sleep 0.1; done
	date -u +%Y-%m-%dT%H:%M:%SZ | tr -d '\n' >"$far"
	exec 9<&-
	wait "$second"
	same 'bounces: two looks at once' '{"bounced":0}' "$(cat "$OUT")"
else
	skip 'bounces: two looks at once' 'no flock here'
fi
far=$(echo "$SB_DIR"/state/spool/returns-*)
rm -f "$far"
mkdir "$far"
check 'bounces: a file that cannot be opened' 73 trace --bounces
says 'bounces: a file that cannot be opened, what to do' "$ERR" \
    'remove it if it is another'
rmdir "$far"
# not ours: another program's mail from the same mailbox
rm -f "$SB_DIR/state/log"
check 'bounces of others' 0 trace --bounces
says 'bounces of others: none' "$OUT" '^0 came back'

start_sandbox --role Mail.Send
setting read_bounces yes
echo hello | send --queue -s five failed@x.example
check 'no Mail.Read: the mail goes' 0 run "$P" -C "$CONFIG" queue run
says 'no Mail.Read: is told' "$ERR" 'bounces to sender@.*Mail.Read'
check 'no Mail.Read, asked' 77 trace --bounces

# --- by a relay, whose process for it ends with it

start_sandbox --role Mail.Send --role Mail.Read
setting read_bounces yes
printf '[relay]\nlisten = 127.0.0.1:%s plain\n' "$(free_ports 1)" >>"$CONFIG"
echo hello | send -s six failed@x.example
timeout 60 "$P" -C "$CONFIG" relay >relay.out 2>relay.err &
relay=$!
tries=0
until run "$P" -C "$CONFIG" log --failed && grep -q ' bounced ' "$OUT"; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || break
	sleep 0.1
done
says 'relay: bounced' "$OUT" ' bounced .*failed@x.example 5.1.10'
kill "$relay"
wait "$relay"
tries=0
while pgrep -f "$CONFIG relay" >/dev/null && [ $tries -lt 50 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
same 'relay: nothing of it stays' '' "$(pgrep -f "$CONFIG relay")"

# --- a service that nobody here plays with the sandbox's code

python3 "$TOP/tests/story/trace_server.py" >mock.out 2>mock.err &
mock=$!
await mock.out $mock
plain_config "$READY" a@x.example
run "$P" -C config trace --json --since 5d
same 'another service: exit' 0 "$STATUS"
same 'another service: all pages' 'b0@x.example b1@x.example b2@x.example' \
    "$(by_json to)"
same 'another service: its words' 'delivered failed unheardOf' \
    "$(by_json status)"
run "$P" -C config trace --since 5d
has 'another service: a status that is new' "$OUT" \
    '    b2@x.example  unheardOf'
kill "$mock"

finish
