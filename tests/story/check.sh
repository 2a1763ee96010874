#!/bin/sh
# SPDX-License-Identifier: MIT
# check and test: each prerequisite in order, each with its cure.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"

COLUMNS=9000 # no line is broken where a pattern stands in it
export COLUMNS

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
