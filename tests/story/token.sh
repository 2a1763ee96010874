#!/bin/sh
# SPDX-License-Identifier: MIT
# token: as few token requests as possible, and never a stale token.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"
COLUMNS=9000 # check breaks no line
export COLUMNS

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

# --- a token that is revoked in the middle costs one request, no failure
start_sandbox
setting timeout 20s
send -s 'before' --text /dev/null x@example.org
faults 'send status 401 code=InvalidAuthenticationToken x1'
before=$(token_requests)
for i in 1 2 3; do
	send -s "mail $i" --text /dev/null x@example.org
	same "revoked: mail $i" 0 "$STATUS"
done
same 'revoked: one token more' 1 "$(($(token_requests) - before))"
same 'revoked: all arrived, once' 4 "$(count_mail)"
faults 'send status 403 code=ErrorAccessDenied x1'
send -s 'granted now' --text /dev/null x@example.org
same 'granted now: sent, with a new token' 0 "$STATUS"
same 'granted now: one token more' 2 "$(($(token_requests) - before))"

# --- the command token: as send has it
run "$P" -C "$CONFIG" token
same 'token: exit' 0 "$STATUS"
has 'token: the one that is kept' "$OUT" \
    "$(sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p' \
	"$(grep -rl eyJ "$SB_DIR/state")")"
same 'token: from the cache' 2 "$(($(token_requests) - before))"
run "$P" -C "$CONFIG" token --decode
says 'token: its roles' "$OUT" '^  "roles":\["Mail.Send"'
if command -v python3 >/dev/null 2>&1; then
	python3 -c 'import json, sys; json.load(sys.stdin)' <"$OUT"
	same 'token: JSON' 0 $?
else
	skip 'token: JSON' 'no python3 here'
fi
grep -v '^from = ' "$CONFIG" >"$CONFIG.new"
chmod 600 "$CONFIG.new"
mv "$CONFIG.new" "$CONFIG"
run "$P" -C "$CONFIG" token
same 'token: needs no sender' 0 "$STATUS"
run "$P" -C "$CONFIG" token extra
same 'token: no operand' 64 "$STATUS"

# --- the service wants to be left alone: nobody asks before its time
start_sandbox
setting timeout 20s
faults 'token status 429 retry-after=3600 x1'
for i in 1 2; do
	send -s x --text /dev/null x@example.org
	same "left alone: exit $i" 75 "$STATUS"
done
says 'left alone: told' "$ERR" \
    'may not send before .* the service asks to wait for 3600 s'
same 'left alone: asked once' 1 "$(requests oauth2)"

# --- a command that knows the secret is asked when a token is
start_sandbox
setting timeout 20s
secret=$(setting_of client_secret)
cat >"$TMP/vault" <<EOF2
#!/bin/sh
echo asked >>"$TMP/asked"
echo '$secret'
EOF2
chmod 700 "$TMP/vault"
grep -v '^client_secret' "$CONFIG" >"$CONFIG.new"
echo "client_secret_command = $TMP/vault" >>"$CONFIG.new"
chmod 600 "$CONFIG.new"
mv "$CONFIG.new" "$CONFIG"
for i in 1 2 3; do
	send -s "mail $i" --text /dev/null x@example.org
	same "vault: mail $i" 0 "$STATUS"
done
same 'vault: asked once' 1 "$(wc -l <"$TMP/asked" | tr -d ' ')"
# Some who start programs have their system forget children, and it is passed
# on: without an end to wait for, no command would have a status.
if env --ignore-signal=CHLD true 2>/dev/null; then
	rm -f "$SB_DIR"/state/token-*
	check 'vault: children ignored' 0 run env --ignore-signal=CHLD \
	    "$P" -C "$CONFIG" token
else
	skip 'vault: children ignored' 'env cannot'
fi

# --- a secret that ends soon is told by every command, and no reason to fail
ends() { date -u -d "@$(($(date +%s) + $1 * 86400))" +%Y-%m-%d; }
if ends 1 >/dev/null 2>&1; then
	setting secret_expires "$(ends 20)"
	send -s x --text /dev/null x@example.org
	same 'ends soon: sent' 0 "$STATUS"
	says 'ends soon: told' "$ERR" "secret ends on $(ends 20)"
	send -s x --text /dev/null x@example.org
	same 'ends soon: told once' '' "$(cat "$ERR")"
	echo | run "$P" -C "$CONFIG" check
	says 'ends soon: told by check' "$OUT" "until $(ends 20)"
	setting secret_expires "$(ends 2)"
	send -q -s x --text /dev/null x@example.org
	same 'ends in two days: not told under -q' '' "$(cat "$ERR")"
	setting secret_expires "$(ends -2)"
	send -s x --text /dev/null x@example.org
	says 'ended: told' "$ERR" "secret ended on $(ends -2)"
	setting secret_expires "$(ends 40)"
	send -s x --text /dev/null x@example.org
	same 'ends later: silent' '' "$(cat "$ERR")"
else
	skip 'secret_expires' 'this date cannot add days'
fi

# --- mail that waits for a secret goes with a new one, wherever it comes from
# renewed NAME COMMAND: the command puts $place where the secret is looked for
renewed() {
	name=$1
	shift
	send --queue -s x --text /dev/null x@example.org
	place=wrong && "$@"
	run "$P" -C "$CONFIG" queue run
	run "$P" -C "$CONFIG" queue run
	same "$name: not tried with the same one" 1 "$(requests oauth2)"
	place=$secret && "$@"
	run "$P" -C "$CONFIG" queue run
	waiting "$name: sent with another" 0
	unset POST365_CLIENT_SECRET
	: >"$SB_DIR/requests.log"
}
waiting() {
	run "$P" -C "$CONFIG" queue list --json
	same "$1" "$2" "$(wc -l <"$OUT" | tr -d ' ')"
}
# shellcheck disable=SC2317 # run by renewed
by_environment() { export POST365_CLIENT_SECRET="$place"; }
by_file() { printf '%s\n' "$place" >"$TMP/proof"; }
cp "$CONFIG" "$TMP/before"
start_sandbox
secret=$(setting_of client_secret)
grep -v '^client_secret' "$CONFIG" >"$TMP/none"
cat "$TMP/none" >"$CONFIG"
renewed 'by environment' by_environment
(umask 077 && : >"$TMP/proof")
setting client_secret_file "$TMP/proof"
place=wrong && by_file
renewed 'by file' by_file
cat "$TMP/none" >"$CONFIG"
setting client_secret_command "cat $TMP/proof"
renewed 'by command' by_file

# --- a command that fails for now is no reason to wait for a person
setting client_secret_command "test -e $TMP/up && cat $TMP/proof || exit 75"
rm -f "$SB_DIR"/state/token-*
send --queue -s x --text /dev/null x@example.org
run "$P" -C "$CONFIG" queue run
waiting 'vault away: it waits' 1
lacks 'vault away: nobody has to act' "$ERR" 'waits'
touch "$TMP/up"
run "$P" -C "$CONFIG" queue retry --all
run "$P" -C "$CONFIG" queue run
waiting 'vault back: sent' 0
cp "$TMP/before" "$CONFIG"

# --- several proofs: which one won, and why
printf 'x\n' >"$TMP/jwt"
AZURE_CLIENT_SECRET=$secret AZURE_FEDERATED_TOKEN_FILE=$TMP/jwt \
    run "$P" -C "$CONFIG" check
says 'two proofs: which one' "$OUT" \
    'client secret \(from .*\); not used, though set: AZURE_CLIENT_SECRET, AZURE_FEDERATED_TOKEN_FILE;'

finish
