#!/bin/sh
# SPDX-License-Identifier: MIT
# The settings as a person makes them: asked for on a terminal, given by a
# pipe, changed one by one; and that nothing is left behind when it ends early.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"
cd "$TMP" || exit 1
HERE=$TOP/tests/story
T=11111111-2222-4333-8444-555555555555
C=66666666-7777-4888-9999-aaaaaaaaaaaa
ID=99999999-7777-4888-9999-aaaaaaaaaaaa
SECRET='Vq8~half.of.nothing.B7x'

# run_in FILE COMMAND...: run, with that on standard input
run_in() {
	from=$1
	shift
	run "$@" <"$from"
}
# yes NAME COMMAND..., no NAME COMMAND...: what it says
yes() {
	name=$1
	shift
	if "$@" >/dev/null 2>&1; then ok "$name"; else not_ok "$name" "$*"; fi
}
no() {
	name=$1
	shift
	if "$@" >/dev/null 2>&1; then not_ok "$name" "$*"; else ok "$name"; fi
}
# keys FILE: the lines that count.
keys() { grep -v '^#' "$1" | grep .; }

# --- by a pipe

printf '%s\nsecond line\n' "$SECRET" >secret
check 'pipe: exit' 0 run_in "$TMP/secret" "$P" -C a/b/config config init \
    --tenant "$T" --client "$C" --from 'Backup <b@contoso.com>'
same 'pipe: mode' 600 "$(stat -c %a a/b/config)"
same 'pipe: what it writes' "tenant_id = $T
client_id = $C
client_secret = $SECRET
from = Backup <b@contoso.com>" "$(keys a/b/config)"
check 'pipe: it loads' 0 run "$P" -C a/b/config config show
lacks 'pipe: no secret on the screen' "$ERR" "$SECRET"
check 'pipe: never twice' 73 run_in "$TMP/secret" "$P" -C a/b/config config init \
    --tenant "$T" --client "$C" --from b@contoso.com
says 'pipe: what to do instead' "$ERR" 'post365 config set KEY VALUE'

check 'pipe: what lacks' 64 run_in "$TMP/secret" "$P" -C n/config config init \
    --client "$C"
says 'pipe: all that lacks' "$ERR" 'config init needs --tenant --from'
# FILE OPTIONS... WORDS: refused with these words, and nothing left behind
refused() {
	name=$1 words=$2
	shift 2
	run_in "$TMP/in" "$P" -C n/config config init "$@"
	same "$name: exit" 78 "$STATUS"
	says "$name" "$ERR" "$words"
	no "$name: nothing left" [ -e n ]
}
echo "$SECRET" >in
refused 'swapped' 'were the two swapped' --tenant "$T" --client contoso.com \
    --from b@contoso.com
refused 'twice the same' "that is the tenant's ID again" --tenant "$T" \
    --client "$T" --from b@contoso.com
refused 'placeholder' 'is an example, not an ID' --client "$C" \
    --tenant 00000000-0000-0000-0000-000000000000 --from b@contoso.com
refused 'quoted' 'quotation marks' --tenant "\"$T\"" --client "$C" \
    --from b@contoso.com
refused 'comment' 'a comment needs a line' --tenant "$T # ours" --client "$C" \
    --from b@contoso.com
refused 'no domain' 'no @ in it' --tenant "$T" --client "$C" --from backup
for bad in "$ID:that is the Secret ID" "'$SECRET':quotation marks" \
    "the-value-not-the-id:is the example" "$SECRET # new:comment needs" \
    "$C:that is one of the two IDs" ':its first line is empty'; do
	printf '%s\n' "${bad%%:*}" >in
	refused "secret: ${bad#*:}" "${bad#*:}" --tenant "$T" --client "$C" \
	    --from b@contoso.com
done
check 'a domain for a tenant' 0 run_in "$TMP/secret" "$P" -C d/config config init \
    --tenant contoso.com --client "$C" --from b@contoso.com
says 'a domain for a tenant: said' "$ERR" 'A domain names the tenant, too'
check 'managed' 0 run "$P" -q -C m/config config init --managed \
    --from b@contoso.com
same 'quiet' '' "$(cat "$OUT" "$ERR")"
same 'managed: no ids' 'managed_identity = system
from = b@contoso.com' "$(keys m/config)"

# --- one key after the other

cp a/b/config set.conf
cat >hand.conf <<'END'
# mine
max_age=1d

client_secret = x
# the end

[account x]
from = x@contoso.com
END
chmod 640 hand.conf
check 'set' 0 run "$P" -C hand.conf config set max_age 3d
yes 'set: with a word' grep -q 'set max_age in hand.conf' "$OUT"
check 'set: a secret by a pipe' 0 run_in "$TMP/secret" "$P" -C hand.conf config set \
    client_secret
check 'set: in an account' 0 run "$P" -C hand.conf -A x config set rate 5/h
check 'unset' 0 run "$P" -C hand.conf config unset max_age
same 'all else stays' "# mine
#max_age = 5d

client_secret = $SECRET
# the end

[account x]
from = x@contoso.com
rate = 5/h" "$(cat hand.conf)"
same 'its mode, too' 640 "$(stat -c %a hand.conf)"
cp hand.conf before
check 'set: no value for it' 78 run "$P" -C hand.conf config set max_age 2y
check 'set: no key' 64 run "$P" -C hand.conf config set max_aeg 2d
says 'set: which key' "$ERR" 'did you mean max_age'
check 'set: secret in sight' 64 run "$P" -C hand.conf config set \
    client_secret hunter2
says 'set: what to do' "$ERR" 'asks for it, or takes it from standard'
lacks 'set: and it is not repeated' "$ERR" hunter2
check 'set: proxy with password' 64 run "$P" -C hand.conf config set proxy \
    http://u:hunter2@p.example:1
check 'set: two lines' 78 run "$P" -C hand.conf config set mailbox \
    'a@b.example
ca = /tmp/x'
check 'set: quoted' 64 run "$P" -C hand.conf config set max_age '"2d"'
check 'set: a proof beside another' 78 run "$P" -C hand.conf config set \
    client_secret_file /run/x
check 'unset: not there' 78 run "$P" -C hand.conf config unset proxy
yes 'none of it changed the file' cmp before hand.conf
printf 'from = a@b.example\n' >open.conf
chmod 644 open.conf
check 'set: a secret where all may read it' 78 run_in "$TMP/secret" "$P" \
    -C open.conf config set client_secret
says 'set: what closes it' "$ERR" 'do: chmod .*open.conf'
no 'set: and it is not there' grep -q client_secret open.conf
check 'set: what is no secret there' 0 run "$P" -C open.conf config set max_age 2d
check 'set: in force?' 0 run env POST365_MAX_AGE=4d "$P" -C hand.conf \
    config set max_age 3d
says 'set: what wins' "$ERR" 'not in force here'
check 'get' 0 run env POST365_MAX_AGE=4d "$P" -C hand.conf config get max_age
same 'get: the value alone' 4d "$(cat "$OUT")"
check 'get: a secret' 0 run "$P" -C hand.conf config get client_secret
same 'get: is masked' '***' "$(cat "$OUT")"
check 'get: not set' 78 run "$P" -C hand.conf config get proxy
ln -s hand.conf link.conf
check 'set: by a link' 0 run "$P" -C link.conf config set max_age 2d
yes 'set: it stays a link' [ -L link.conf ]
mkdir apart
printf 'from = a@b.example\n' >apart/config
printf 'tenant_id = %s\nclient_secret = old\n' "$T" >apart/secret
chmod 600 apart/*
check 'set: in the file of access' 0 run_in "$TMP/secret" "$P" -C apart/config \
    config set client_secret
same 'set: where it stood' "client_secret = $SECRET" \
    "$(grep secret apart/secret)"
check 'set: a new key of access' 0 run "$P" -C apart/config config set \
    client_id "$C"
yes 'set: goes there as well' grep -q "^client_id = $C" apart/secret

# --- as JSON

# json NAME WANT: what is printed has that
json() { yes "json: $1" grep -qF -e "$2" "$OUT"; }
check 'json: no file' 0 run "$P" -C "$TMP/none/config" config show --json
json 'where it would be' \
    "{\"file\":\"$TMP/none/config\",\"exists\":false,\"writable\":true,\"tag\":\"\""
json 'no file: not usable' '"usable":false,"error":{"message":"'
no 'json: makes nothing' [ -e none ]
cat >json.conf <<END
tenant_id = $T
client_id = $C
client_secret = $SECRET
from = A <a@b.example>
proxy = http://u:$SECRET@h.example:1

[account x]
from = x@b.example
END
chmod 600 json.conf
touch -d 2026-11-29T12:00:00Z json.conf
sum=$(sha256sum <json.conf | cut -c 1-32)
check 'json: usable' 0 run env POST365_MAX_AGE=4d "$P" -C json.conf config \
    show --json
json 'of the file' "{\"file\":\"$TMP/json.conf\",\"exists\":true,\
\"writable\":true,\"tag\":\"$sum\",\"account\":\"\",\"accounts\":[\"x\"],\
\"usable\":true,\"keys\":["
json 'a key' "{\"name\":\"tenant_id\",\"place\":\"file\",\"secret\":false,\
\"value\":\"$T\",\"origin\":\"from json.conf:1\"}"
json 'a secret' '{"name":"client_secret","place":"file","secret":true,'\
'"value":"***","origin":"from json.conf:3","set_on":"2026-11-29"}'
json 'a part of it' '"value":"http://***@h.example:1"'
json 'by environment' '{"name":"max_age","place":"environment","secret":false,"value":"4d",'
json 'by default' '{"name":"rate","place":"default",'
json 'derived' '"value":"a@b.example","origin":"that of from"}'
json 'not set' '{"name":"postmaster","place":"none","secret":false}'
lacks 'json: no secret' "$OUT" "$SECRET"
lacks 'json: no help unasked' "$OUT" '"help"'
run "$P" -v -C json.conf config show --json
json 'help' '"example":"no","help":"no: nothing is sent."}'
run "$P" -C json.conf -A x config show --json
json 'an account' '"account":"x","accounts":["x"]'
json 'its key' '"place":"account","secret":false,"value":"x@b.example"'
for broken in 'tenant_id = 1 2 3:neither a tenant ID nor' 'frm = a:did you mean from' \
    'client_secret_file = /no/such:such'; do
	sed "s|^tenant_id.*|${broken%%:*}|; /^client_secret =/d" json.conf >bad.conf
	chmod 600 bad.conf
	check "json: ${broken%%:*}" 0 run "$P" -C bad.conf config show --json
	json 'says why' "${broken#*:}"
	json 'not usable' '"usable":false,"error":{"message":"'
done
mkdir jhalf
printf 'from = a@b.example\n' >jhalf/config
printf 'client_secret = x\n' >jhalf/secret
chmod 600 jhalf/*
run "$P" -C jhalf/config config show --json
json 'both files' "\"tag\":\"$({ cat jhalf/config; printf '\0'
	cat jhalf/secret; } | sha256sum | cut -c 1-32)\""
if [ "$(id -u)" = 0 ]; then
	chmod 755 . && mkdir -m 755 mine && chown 1234 mine
	cp json.conf mine/root && chmod 644 mine/root
	cp json.conf shut && chown 1234 shut
	as='setpriv --reuid 1234 --clear-groups'
	run $as "$P" -C mine/root config show --json
	json "root's file" '"writable":false,"why_not":"'"$TMP"'/mine/root: belongs to user 0'
	run $as "$P" -C shut config show --json
	json 'a folder of root' '"writable":false,"why_not":"'"$TMP"': Permission denied'
	json 'though usable' '"usable":true'
else
	skip 'json: of somebody else' 'not root'
fi

# --- what is odd is told once, however many workers there are

start_sandbox
cp "$CONFIG" odd.conf
printf "log_file = '%s/odd log'\n" "$TMP" >>odd.conf
for i in 1 2 3; do
	run "$P" -q -C odd.conf send --queue -s "$i" a@b.example </dev/null
done
run "$P" -C odd.conf queue run
same 'odd: told once' 1 "$(grep -c 'quotation marks count' "$ERR")"

# --- a certificate

sed 's/^client_secret.*/client_secret = x/' "$CONFIG" >cert.conf
chmod 600 cert.conf
check 'certificate' 0 run "$P" -C cert.conf config certificate --days 30 my.pem
says 'certificate: what next' "$ERR" 'Upload certificate'
same 'certificate: mode' 600 "$(stat -c %a my.pem)"
no 'certificate: no key to upload' grep -q PRIVATE my.pem.crt
check 'certificate: set' 0 run "$P" -C cert.conf config certificate --set
no 'certificate: instead of the secret' grep -q '^client_secret' cert.conf
check 'certificate: never over another' 73 run "$P" -C cert.conf config \
    certificate
check 'certificate: by hand' 0 run "$P" -C cert.conf config set \
    client_certificate "$TMP/my.pem"
if command -v openssl >/dev/null 2>&1; then
	openssl x509 -in my.pem.crt -noout -text >text 2>&1
	yes 'certificate: of 2048 bits' grep -q '2048 bit' text
	yes 'certificate: signed by itself' openssl verify -CAfile \
	    my.pem.crt my.pem.crt
	yes 'certificate: the key is sound' openssl rsa -check -noout \
	    -in my.pem
	run "$P" -C cert.conf config certificate other.pem
	same 'certificate: the thumbprint' "$(openssl x509 -in other.pem.crt \
	    -noout -fingerprint -sha1 | sed 's/.*=//; s/://g')" \
	    "$(sed -n 's/.*thumbprint \([0-9A-F]*\),.*/\1/p' "$ERR")"
else
	skip 'certificate: as openssl sees it' 'no openssl'
fi

"$P" -C cert.conf config show --json >"$OUT"
json 'a certificate' "\"value\":\"$TMP/my.pem\""
yes 'json: when it ends' grep -q '"set_on":"[-0-9]*","not_after":"20[-0-9T:]*Z"' "$OUT"

# --- on a terminal

if ! command -v python3 >/dev/null 2>&1; then
	skip 'on a terminal' 'no python3'
	finish
fi
# ask NAME WANT COMMAND...: with the steps from standard input
ask() {
	name=$1 want=$2
	shift 2
	timeout 120 python3 "$HERE/ask.py" "$@" >screen 2>&1
	got=$?
	same "$name: exit" "$want" "$got"
	[ "$want" = "$got" ] || sed 's/^/# /' screen
}
# shellcheck disable=SC2317 # not everywhere: what lacks ends the story
shows() {
	if grep -qF -- "$2" screen; then
		ok "$1"
	else
		not_ok "$1" "$(tail -n 12 screen)"
	fi
}
sandbox_value() { sed -n "s/^$1 = //p" "$CONFIG"; }
cp "$CONFIG" sb.conf
for key in login_url graph_url ca; do
	export "POST365_$(echo "$key" | tr '[:lower:]' '[:upper:]')=$(sandbox_value "$key")"
done
export POST365_STATE_DIR="$TMP/state"
ST=$(sandbox_value tenant_id) SC=$(sandbox_value client_id)
ask 'terminal' 0 "$P" -C t/u/config config init <<END
want tenant:
type 00000000-0000-0000-0000-000000000000
want Not taken
want tenant:
type $ST
want client:
type $ST
want tenant's ID again
want client:
type $SC
want secret:
hidden
type $ID
want that is the Secret ID
want secret:
hidden
type $(sandbox_value client_secret)
want from:
shown
type nobody
want no @ in it
want from:
type $(sandbox_value from)
want wrote
want Check it now?
type y
want well
want Send a test mail to
type you@example.org
END
lacks_screen() {
	if grep -qF -- "$2" screen; then not_ok "$1" "$2"; else ok "$1"; fi
}
lacks_screen 'terminal: the secret is not shown' \
    "$(sandbox_value client_secret)"
yes 'terminal: the mail came' grep -q you@example.org "$SB_DIR"/*.meta \
    "$SB_DIR"/*/*.meta
same 'terminal: the file' "$(sandbox_value client_secret)" \
    "$(sed -n 's/^client_secret = //p' t/u/config)"

# ends NAME STATUS STEP: at the question for the secret, and before
ends() {
	ask "$1" "$2" "$P" -C e/f/config config init <<END
want tenant:
type $T
want client:
type $C
want secret:
hidden
$3
shown
END
	no "$1: nothing left" [ -e e ]
}
ends 'Ctrl-C' 130 'key C'
ends 'TERM' 143 'signal TERM'
ends 'Ctrl-D' 64 'key D'
ask 'Ctrl-C at the first question' 130 "$P" -C e/f/config config init <<END
want tenant:
key C
END
no 'Ctrl-C at the first question: nothing left' [ -e e ]

unset POST365_LOGIN_URL POST365_GRAPH_URL POST365_CA
ask 'by a certificate' 0 "$P" -C c/config config init --tenant "$T" \
    --from a@b.example <<END
want client:
type $C
want secret:
type
want Making a key
want thumbprint
want Upload certificate
want Check it now?
type n
want post365 check
END
same 'by a certificate: the file' "client_certificate = $TMP/c/certificate.pem" \
    "$(grep '^client_cert' c/config)"
yes 'by a certificate: both files' [ -s c/certificate.pem.crt ]

ask 'there is a file' 73 "$P" -C c/config config init <<END
want is there already
END
ask 'a secret is asked for' 0 "$P" -C before config set client_secret <<END
want client_secret (it is not shown):
hidden
type typed-secret
want set client_secret
END
yes 'a secret is asked for: and set' grep -q '^client_secret = typed-' before
ask 'nothing is asked to print' 0 "$P" -C - config init <<END
want #max_age = 5d
END

finish
