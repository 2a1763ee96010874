#!/bin/sh
# SPDX-License-Identifier: MIT
# token: as few token requests as possible, and never a stale token.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"

cache_files() { find "$SB_DIR/state" -type f -name "$1" 2>/dev/null; }

# --- one for many
start_sandbox
setting timeout 20s
for i in 1 2 3; do
	send -s "mail $i" --text /dev/null x@example.org
	same "send $i" 0 "$STATUS"
done
same 'three sends, one token' 1 "$(token_requests)"
same 'three mails' 3 "$(count_mail)"

# --- the cache is private
loose=$(find "$SB_DIR/state" -type f -perm /077 2>/dev/null)
same 'cache: only for its owner' '' "$loose"
with_token=$(grep -rl eyJ "$SB_DIR/state" | wc -l | tr -d ' ')
same 'cache: one file has the token' 1 "$with_token"
cache=$(grep -rl eyJ "$SB_DIR/state")
case $cache in
*11111111* | *66666666* | *localhost*)
	not_ok 'cache: its name tells nothing' "$cache" ;;
*) ok 'cache: its name tells nothing' ;;
esac

# --- a broken cache is as good as none
for bad in '' '{' 'not a token at all' '{"expires":99999999999}'; do
	printf '%s' "$bad" >"$cache"
	send -s x --text /dev/null x@example.org
	same "broken cache \"$bad\"" 0 "$STATUS"
done
same 'a token for each broken cache' 5 "$(token_requests)"

# --- a token that Graph refuses is dropped once, and only once
forget_mail
faults 'send status 401 x1'
send -s x --text /dev/null x@example.org
same '401 once: sent' 0 "$STATUS"
same '401 once: one mail' 1 "$(count_mail)"
same '401 once: one new token' 6 "$(token_requests)"
faults 'send status 401'
before=$(requests sendMail)
send -s x --text /dev/null x@example.org
same '401 always: exit' 77 "$STATUS"
same '401 always: asked twice' 2 "$(($(requests sendMail) - before))"
same '401 always: one new token' 7 "$(token_requests)"
same '401 always: nothing more arrived' 1 "$(count_mail)"
faults

# --- an expired token, and one that is near its end, are renewed
faults 'token token-expires 200 x1'
rm -rf "$SB_DIR/state"
send -s x --text /dev/null x@example.org
same 'short life: sent' 0 "$STATUS"
before=$(token_requests)
send -s x --text /dev/null x@example.org
same 'short life: sent again' 0 "$STATUS"
same 'short life: with a new token' 1 "$(($(token_requests) - before))"
send -s x --text /dev/null x@example.org
same 'long life: with the same' 1 "$(($(token_requests) - before))"

# --- no cache: one each
setting token_cache no
rm -rf "$SB_DIR/state"
before=$(token_requests)
for i in 1 2; do send -s x --text /dev/null x@example.org; done
same 'token_cache = no: one each' 2 "$(($(token_requests) - before))"
same 'token_cache = no: nothing on disk' '' \
    "$(grep -rl eyJ "$SB_DIR/state" 2>/dev/null)"
setting token_cache yes

# --- a state folder that cannot be used is no reason not to send
rm -rf "$SB_DIR/state"
: >"$SB_DIR/state"
send -s x --text /dev/null x@example.org
same 'no state folder: sent' 0 "$STATUS"
rm -f "$SB_DIR/state"

# --- ten first sends at once ask for one token
start_sandbox --fault 'token slow ms=1'
setting timeout 20s
i=0
pids=''
while [ $i -lt 10 ]; do
	i=$((i + 1))
	timeout 60 "$P" -C "$CONFIG" send -s "mail $i" --text /dev/null \
	    x@example.org 2>"$TMP/parallel.$i" &
	pids="$pids $!"
done
bad=0
for pid in $pids; do wait "$pid" || bad=$((bad + 1)); done
same 'ten at once: all sent' 0 "$bad"
same 'ten at once: ten mails' 10 "$(count_mail)"
same 'ten at once: one token' 1 "$(token_requests)"
same 'ten at once: one file has it' 1 \
    "$(grep -rl eyJ "$SB_DIR/state" | wc -l | tr -d ' ')"
same 'no leftovers of the cache' '' \
    "$(cache_files '*.????????????????')"

finish
