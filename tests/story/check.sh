#!/bin/sh
# SPDX-License-Identifier: MIT
# check and test: each prerequisite in order, each with its cure.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"
cd "$TMP" || exit 1

COLUMNS=9000 # no line is broken where a pattern stands in it
export COLUMNS

# screen NAME COLUMNS: check as it looks, with settings whose paths are always
# as long. What this machine has of other programs is left out.
screen() {
	box=$(mktemp -d /tmp/post365.XXXXXX)
	ln -s "$SB_DIR" "$box/box"
	sed "s|$SB_DIR|$box/box|" "$CONFIG" >"$box/config"
	chmod 600 "$box/config"
	run env COLUMNS="$2" "$P" -C "$box/config" check
	rm -r "$box"
	sed -E "s|$box|/tmp/post365.screen|g
	    s/localhost:[0-9]{5}/localhost:PORTN/g
	    s/[0-9]+ ms/N ms/; s/within [0-9]+/within N/
	    s/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/ID/g
	    s/20[0-9]{2}-[0-9]{2}-[0-9]{2}/YYYY-MM-DD/g
	    s/[0-9]{2}:[0-9]{2}:[0-9]{2}/hh:mm:ss/g
	    s/(29|30)( days|$)/NN\\2/; s/(59|60)( minutes|$)/NN\\2/" "$OUT" |
	    awk '/^All is well/ { exit }
		/^[a-zA-Z-]/ { other = /^[a-z]+ +(sendmail|queue run)/ }
		!other' >"$TMP/screen"
	want=$TOP/tests/golden/check/$1.want
	[ -z "${T_BLESS:-}" ] || cp "$TMP/screen" "$want"
	same_file "screen $1" "$want" "$TMP/screen"
}

# with COMMAND...: with the settings of the sandbox
with() { run "$P" -C "$CONFIG" "$@"; }

start_sandbox
setting timeout 20s
with check
same 'check: exit' 0 "$STATUS"
says 'check: token' "$OUT" '^ok    token '
says 'check: permission' "$OUT" 'Mail.Send'
says 'check: mailbox' "$OUT" '^ok    mailbox .*sender@example.com'
same 'check sends nothing' 0 "$(count_mail)"

# a system's store that cannot be asked is named, where it was needed
ours=$(setting_of ca)
setting ca auto
export SSL_CERT_FILE="$TMP/no-store"
with check
same 'no store: exit' 75 "$STATUS"
says 'no store: named' "$OUT" "could not be asked: $TMP/no-store: cannot open"
unset SSL_CERT_FILE
setting ca "$ours"

# without a from there is no mailbox that could be named
(umask 077 && echo 'tenant_id = contoso.com' >bare)
run "$P" -C bare check --no-probe
same 'no from: exit' 78 "$STATUS"
says 'no from: mail for root' "$OUT" '^ok    aliases .* goes to the mailbox$'

with test you@example.org
same 'test: exit' 0 "$STATUS"
says 'test: accepted' "$OUT" '^ok    test message .*request-id '
same 'test: one mail' 1 "$(count_mail)"
with test
same 'test: to whom?' 64 "$STATUS"
with test a@b c@d
same 'test: one address' 64 "$STATUS"
with check extra
same 'check: no operand' 64 "$STATUS"
with test 'not an address@'
same 'test: a bad address' 65 "$STATUS"
same 'test: nothing more was sent' 1 "$(count_mail)"
run "$P" -C "$CONFIG" log --json
same 'test: the log has it, once' 1 "$(grep -c '"client":"test".*"verdict":"sent"' "$OUT")"

# --- the first thing that is wrong ends it, with its remedy
setting client_secret wrong
with check
same 'wrong secret: exit' 77 "$STATUS"
says 'wrong secret: told' "$OUT" '^FAIL  token .*AADSTS7000215'
says 'wrong secret: remedy' "$OUT" 'do: .*Certificates & secrets'
says 'wrong secret: the rest was not tried' "$OUT" \
    '^-     mailbox +not tried without a token'
lacks 'wrong secret: no word of the mailbox' "$OUT" 'may be sent from'

start_sandbox --fault 'send status 403 code=ErrorAccessDenied'
setting timeout 20s
with check
same 'no permission: exit' 77 "$STATUS"
says 'no permission: told' "$OUT" '^FAIL  mailbox .*ErrorAccessDenied'

# --- an app that Exchange limits: its token has no roles
says 'no permission: policies are named' "$OUT" 'ApplicationAccessPolicy'

# --- what is wrong here hides nothing of what is wrong there
start_sandbox
echo 'root: |/bin/true' >"$SB_DIR/aliases"
setting timeout 20s
setting aliases "$SB_DIR/aliases"
setting client_secret wrong
with check
same 'two failures: exit of the first' 67 "$STATUS"
says 'two failures: aliases' "$OUT" '^FAIL  aliases .*is a command'
says 'two failures: token' "$OUT" '^FAIL  token .*AADSTS7000215'
says 'two failures: the end' "$OUT" '^2 of these have to be mended'
same 'check makes no folder' '' "$(ls "$SB_DIR/state" 2>/dev/null)"
with check --json
same 'json: exit' 67 "$STATUS"
same 'json: the last line' '{"exit":67}' "$(tail -n 1 "$OUT")"
says 'json: a step' "$OUT" \
    '^\{"step":"token","state":"fail","text":".*","code":"AADSTS7000215","remedy":'
says 'json: not tried' "$OUT" '^\{"step":"mailbox","state":"skip"'
screen failing80 80
screen failing40 40

start_sandbox
setting timeout 20s
screen good80 80
screen good40 40
asked=$(requests sendMail)
with check --no-probe
says 'no probe' "$OUT" '^-     mailbox +not tried: --no-probe'
same 'no probe: nothing was asked' "$asked" "$(requests sendMail)"

# --- warnings are notes, and stand in no line between
with -q check
same 'quiet: exit' 0 "$STATUS"
setting client_secret 0f8fad5b-d9cb-469f-a165-70867728950e
with check
says "a secret's ID: a note" "$OUT" "^note  .*looks like the secret's ID"
same "a secret's ID: nothing beside" '' "$(cat "$ERR")"

# --- the other accounts, with the sign-in of the first where it is the same
start_sandbox --mailbox sender@example.com --mailbox two@example.com
setting timeout 20s
printf '%s\n' '[account two]' 'from = two@example.com' '[account three]' \
    'from = three@example.com' 'enabled = no' >>"$CONFIG"
with check
same 'accounts: exit' 78 "$STATUS"
says 'accounts: a good one' "$OUT" \
    '^ok    accounts +account two: two@example.com, the same sign-in'
says 'accounts: a bad one' "$OUT" \
    '^FAIL  accounts +account three: .*ErrorInvalidUser'
same 'accounts: one token' 1 "$(token_requests)"

# --- the queue: what waits, and who sends it
start_sandbox
setting timeout 20s
run "$P" -C "$CONFIG" send --queue -s x you@example.org </dev/null
with check
says 'queue: one waits' "$OUT" '^ok    queue +.*/spool: 1 waits'
with queue hold "$(ls "$SB_DIR/state/spool/new")"
with check
says 'queue: on hold' "$OUT" '^note  queue +1 on hold'
run "$P" -C "$CONFIG" send --queue -s x you@example.org </dev/null
faults 'send status 429 retry-after=900 code=ErrorServerBusy message=busy'
with queue run
faults
# no other process asks the mailbox
with check --no-probe
same 'queue: throttled: exit' 0 "$STATUS"
says 'queue: throttled' "$OUT" \
    '^note  queue +sender@example.com waits until [-0-9 ]*[0-9:]{5}: .*busy'
says 'queue: throttled: what tries it' "$OUT" \
    'do: post365 queue retry --all --force tries it now'
with check --no-probe --json
says 'queue: throttled, for programs' "$OUT" '"step":"queue","state":"note","text":"sender@example.com waits until .*","code":"ErrorServerBusy","remedy":"post365 queue retry --all --force tries it now'
rm -f "$SB_DIR"/state/spool/mailbox-* "$SB_DIR"/state/spool/new/*
printf '[relay]\nlisten = %s plain\nsocket = off\ndrop = off\n' \
    "$SB_DIR/relay.sock" >>"$CONFIG"
with check
same 'no relay: exit' 69 "$STATUS"
says 'no relay: told' "$OUT" '^FAIL  relay +.*no relay answers there'
timeout 60 "$P" -C "$CONFIG" relay 2>relay.err &
RELAY=$!
if await_relay "$CONFIG"; then
	with check
	same 'a relay: exit' 0 "$STATUS"
	says 'a relay: it sends' "$OUT" '^ok    queue run +post365 relay \(proc'
	says 'a relay: answers' "$OUT" '^ok    relay +.*relay.sock'
else
	not_ok 'relay starts' "$(tail -n 1 relay.err)"
fi
kill $RELAY
wait $RELAY

# --- test follows the trace
with test --wait you@example.org
same 'wait, not allowed: exit' 77 "$STATUS"
says 'wait, not allowed: told' "$OUT" '^FAIL  delivery +.*cannot be asked'
says 'wait, not allowed: sent' "$OUT" 'The message was sent.$'
start_sandbox --role Mail.Send --role ExchangeMessageTrace.Read.All
setting timeout 20s
with test --wait slow@example.org
same 'wait: exit' 0 "$STATUS"
says 'wait: pending' "$OUT" '^ok    delivery +slow@example.org: pending,'
says 'wait: delivered' "$OUT" '^ok    delivery +slow@example.org: delivered,'
with test --wait failed@example.org
same 'wait, failed: exit' 69 "$STATUS"
says 'wait, failed: what next' "$OUT" 'do: post365 trace --details <'

# --- a sandbox leaves settings alone that are not its own
mkdir "$TMP/own"
echo 'client_secret = the only copy' >"$TMP/own/config"
run timeout 5 "$P" sandbox --dir "$TMP/own"
same 'sandbox, foreign config: refused' 73 "$STATUS"
says 'sandbox, foreign config: told' "$ERR" 'own/config is there'
same 'sandbox, foreign config: kept' 'client_secret = the only copy' \
    "$(cat "$TMP/own/config")"
same 'sandbox, foreign config: nothing else made' config "$(ls "$TMP/own")"

start_sandbox
setting from nobody@example.com
setting timeout 20s
with check
same 'unknown mailbox: exit' 78 "$STATUS"
says 'unknown mailbox: told' "$OUT" '^FAIL  mailbox '
finish
