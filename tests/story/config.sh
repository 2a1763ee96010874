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
# sum FILE [FILE]: their tag
sum() { { cat "$1"; printf '\0'; cat "${2:-/dev/null}"; } | sha256sum | cut -c 1-32; }
sum=$(sum json.conf)
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
json 'both files' "\"tag\":\"$(sum jhalf/config jhalf/secret)\""
if [ "$(id -u)" = 0 ]; then
	chmod 755 . && mkdir -m 755 mine && chown 1234 mine
	cp json.conf mine/root && chmod 644 mine/root
	cp json.conf shut && chown 1234 shut
	as='setpriv --reuid 1234 --clear-groups'
	run $as "$P" -C mine/root config show --json
	json "root's file" '"writable":false,"why_not":"'"$TMP"'/mine/root: belongs to user 0'
	run $as "$P" -C shut config show --json
	json 'a folder of root' '"writable":false,"why_not":"'"$TMP"': Permission denied'
	json 'and what to do' '"remedy":"change settings as root or the owner'
	json 'though usable' '"usable":true'
else
	skip 'json: of somebody else' 'not root'
fi

# --- many keys at once

# lines NAME STATUS FILE OPTIONS... <LINES: post365 config set --lines --json
lines() {
	name=$1 want=$2 file=$3
	shift 3
	cat >in
	check "lines: $name" "$want" run_in in "$P" -C "$file" config set --lines \
	    --json "$@"
	lacks "lines: $name: no secret" "$OUT" "$SECRET"
	lacks "lines: $name: none in words" "$ERR" "$SECRET"
}
umask 022
lines 'a new file' 0 new/er/config <<END
tenant_id = $T

# ours
client_id=$C
  client_secret =$SECRET
from = A <a@b.example>
mailbox =
END
json 'made' "{\"file\":\"$TMP/new/er/config\",\"tag\":\"$(sum new/er/config)\",\
\"changed\":[\"tenant_id\",\"client_id\",\"client_secret\",\"from\"]}"
same 'lines: its mode' 600 "$(stat -c %a new/er/config)"
same 'lines: what it has' "tenant_id = $T
client_id = $C
client_secret = $SECRET
from = A <a@b.example>" "$(keys new/er/config)"
yes 'lines: with comments' grep -q '^#max_age = 5d' new/er/config

printf '# mine\r\n  x_key=1\r\nmax_age=1d\r\nclient_secret = x\r\n# end\r\n\r\n[relay]\r\nlisten = 127.0.0.1:25\r\n' |
    sed '/x_key/d' >crlf.conf
chmod 640 crlf.conf
lines 'CRLF' 0 crlf.conf --if "$(sum crlf.conf)" <<END
max_age = 3d
ca = builtin
END
printf '# mine\r\nmax_age = 3d\r\nclient_secret = x\r\nca = builtin\r\n# end\r\n\r\n[relay]\r\nlisten = 127.0.0.1:25\r\n' >want
yes 'lines: byte for byte' cmp want crlf.conf
same 'lines: the mode stays' 640 "$(stat -c %a crlf.conf)"
lines 'the same again' 0 crlf.conf <<END
max_age = 3d
proxy =
END
json 'nothing changed' '"changed":[]}'
yes 'lines: nor the file' cmp want crlf.conf
lines 'another proof' 0 crlf.conf <<END
client_certificate = $TMP/x.pem
client_certificate_key = $TMP/x.key
END
json 'takes the place' \
    '"changed":["client_secret","client_certificate","client_certificate_key"]}'
lines 'another certificate' 0 crlf.conf <<END
client_certificate = $TMP/y.pem
END
yes 'lines: its key stays' grep -q '^client_certificate_key' crlf.conf
lines 'a secret again' 0 crlf.conf <<END
client_secret = $SECRET
END
no 'lines: and all of the certificate goes' grep -q certificate crlf.conf
lines 'a secret, and its end' 0 crlf.conf <<END
client_secret = $SECRET-1
secret_expires = 2027-03-31
END
yes 'lines: its end' grep -q '^secret_expires' crlf.conf
lines 'the next secret' 0 crlf.conf <<END
client_secret = $SECRET-2
END
json 'the old end' '"changed":["client_secret","secret_expires"]}'
lines 'two proofs named' 78 crlf.conf <<END
client_secret = $SECRET
client_secret_file = /run/x
END
lines 'in an account' 0 crlf.conf -A x <<END
from = x@b.example
rate = 5/h
END
yes 'lines: its section' grep -q '^.account x' crlf.conf

cp new/er/config new/before
# refuses NAME STATUS KEY WORDS LINE...: nothing is written, as the JSON says
refuses() {
	name=$1 want=$2 key=$3 words=$4
	shift 4
	printf '%s\n' 'max_age = 4d' "$@" | lines "$name" "$want" new/er/config
	json "$name: the key" "{\"error\":{\"key\":\"$key\",\"message\":\""
	json "$name: why" "$words"
	yes "lines: $name: nothing written" cmp new/before new/er/config
}
refuses 'no tenant' 78 tenant_id 'neither a tenant ID' 'tenant_id = 1 2'
refuses 'swapped' 78 client_id 'were the two swapped' 'client_id = contoso.com'
refuses 'twice the same' 78 client_id "the tenant's ID again" "client_id = $T"
refuses "a secret's ID" 78 client_secret 'that is the Secret ID' \
    "client_secret = $ID"
refuses 'an ID for a secret' 78 client_secret 'one of the two IDs' \
    "client_secret = $C"
refuses 'a secret elsewhere' 78 client_id 'is not an application ID' \
    "client_id = $SECRET"
refuses 'a placeholder' 78 client_secret 'is the example' \
    'client_secret = the-value-not-the-id'
refuses 'quoted' 64 from 'quotation marks' 'from = "a@b.example"'
refuses 'masked' 64 client_secret 'not shown' 'client_secret = ***'
refuses 'masked, of a proxy' 64 proxy 'not shown' 'proxy = http://***@h:1'
refuses 'no key' 78 '' 'did you mean max_age' 'max_aeg = 1d'
refuses 'a key of the relay' 78 '' 'unknown key' 'metrics = 127.0.0.1:1'
refuses 'a secret for a key' 78 '' 'line 2: unknown key' "$SECRET = x"
refuses 'no line' 64 '' 'line 2: not of the form' "$SECRET"
refuses 'twice' 64 max_age 'given twice' 'max_age = 1d'
refuses 'a control character' 78 from 'control character' "from = a$(printf '\001')"
refuses 'not UTF-8' 78 from 'not UTF-8' "from = a$(printf '\377')"
lines 'changed meanwhile' 75 new/er/config --if "$sum" <<END
max_age = 4d
END
json 'whose change' 'changed meanwhile by somebody else'
lines 'there is one now' 75 new/er/config --if '' <<END
max_age = 4d
END
yes 'lines: neither wrote' cmp new/before new/er/config
lines 'there is one no longer' 75 new/none --if "$sum" <<END
max_age = 4d
END
no 'lines: not made' [ -e new/none ]
lines 'no folder is left' 78 left/over/config <<END
max_age = x
END
no 'lines: no folder is left behind' [ -e left ]
check 'lines: no words' 64 run_in in "$P" -C new/er/config config set --lines from x

# two halves: each key where it belongs, both files or none
printf 'from = a@b.example\n' >jhalf/config
printf '# s\ntenant_id = %s\nclient_secret = x\n' "$T" >jhalf/secret
lines 'two files' 0 jhalf/config --if "$(sum jhalf/config jhalf/secret)" <<END
max_age = 2d
client_id = $C
client_certificate = $TMP/x.pem
END
json 'two files' "\"tag\":\"$(sum jhalf/config jhalf/secret)\",\"changed\":[\
\"client_id\",\"client_secret\",\"client_certificate\",\"max_age\"]"
same 'lines: the public half' 'from = a@b.example
max_age = 2d' "$(cat jhalf/config)"
same 'lines: the other' "# s
tenant_id = $T
client_id = $C
client_certificate = $TMP/x.pem" "$(cat jhalf/secret)"
cp -r jhalf jbefore
lines 'half of it wrong' 78 jhalf/config <<END
max_age = 3d
secret_expires = soon
END
yes 'lines: neither half' diff -r jbefore jhalf
if [ "$(id -u)" = 0 ]; then
	mkdir theirs
	cp new/before theirs/config
	chown -R 1234 theirs
	chmod 555 theirs
	printf 'max_age = 4d\n' >in
	run $as "$P" -C theirs/config config set --lines --json <in
	same 'lines: a folder without leave' 78 "$STATUS"
	json 'which' "$TMP/theirs: Permission denied"
	json 'what to do' '"remedy":"change settings as root or the owner'
	chmod 755 theirs
	run $as "$P" -C theirs/config config set --lines --json <in
	same 'lines: his own' 0 "$STATUS"
	same 'lines: his it stays' 1234 "$(stat -c %u theirs/config)"
	chown 0 theirs/config && chmod 644 theirs/config
	sed -i '/^client_secret/d' theirs/config
	printf 'max_age = 3d\n' >in
	run $as "$P" -C theirs/config config set --lines --json <in
	same "lines: root's file" 78 "$STATUS"
	json 'whose' 'config: belongs to user 0'
fi

if unshare -m true 2>/dev/null; then
	mkdir alone
	cp new/before alone/config
	printf 'max_age = 4d\n' >in
	# shellcheck disable=SC2016 # the inner shell's
	run_in in unshare -m --propagation private sh -c 'mount --bind "$2" "$2" &&
	    "$1" -C "$2" config show --json && "$1" -C "$2" config set --lines' \
	    sh "$P" alone/config
	json 'a mounted file' '"writable":false,"why_not":"'"$TMP"'/alone/config: is mounted'
	says 'lines: a mounted file' "$ERR" 'do: mount its folder'
	: >alone/x
	# shellcheck disable=SC2016
	run_in in unshare -m --propagation private sh -c 'mount --bind "$2" "$3" &&
	    "$1" -C "$2" config set --lines' sh "$P" alone/config alone/x
	same 'lines: one that is mounted elsewhere' 0 "$STATUS"
else
	skip 'lines: a mounted file' 'no mounts'
fi
# who reads command lines sees no secret
mkfifo pipe
"$P" -C new/er/config config set --lines <pipe >/dev/null 2>&1 &
exec 9>pipe
tries=0
until tr '\0' ' ' <"/proc/$!/cmdline" | grep -q 'set --lines' || [ $tries -gt 50 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
printf 'client_secret = %sx\n' "$SECRET" >&9
tr '\0' '\n' <"/proc/$!/cmdline" >cmdline
exec 9>&-
wait "$!"
says 'lines: by a pipe' new/er/config "^client_secret = ${SECRET}x\$"
yes 'lines: its command line' grep -q -- --lines cmdline
lacks 'lines: has no secret' cmdline "$SECRET"

# --- [relay], a line for each value

sed '/^client_secret/d' new/before >rel.conf
printf '[account x]\nfrom = x@b.example\n' >>rel.conf
cp rel.conf rel.was
check 'relay: set' 0 run "$P" -C rel.conf config set relay.listen \
    '127.0.0.1:2525 plain; [::1]:2525 plain'
has 'relay: set, told' "$OUT" 'set relay.listen in rel.conf'
check 'relay: allow' 0 run "$P" -C rel.conf config set relay.allow \
    '10.1.0.0/16;10.2.0.9' --json
json 'relay: what was changed' '"changed":["relay.allow"]}'
check 'relay: again' 0 run "$P" -C rel.conf config set relay.allow 10.3.0.0/16
same 'relay: at the end, all of a key anew' "$(cat rel.was)

[relay]
listen = 127.0.0.1:2525 plain
listen = [::1]:2525 plain
allow = 10.3.0.0/16" "$(cat rel.conf)"
check 'relay: get' 0 run "$P" -C rel.conf config get relay.listen
same 'relay: get, a line each' '127.0.0.1:2525 plain
[::1]:2525 plain' "$(cat "$OUT")"
check 'relay: show' 0 run "$P" -C rel.conf config show
same 'relay: show, its lines' "$(sed -n '/^\[relay\]/,$p' rel.conf)" \
    "$(sed -n '/^\[relay\]/,$p' "$OUT")"
check 'relay: show --json' 0 run "$P" -C rel.conf config show --json
json 'lines of the relay' '],"relay":[{"name":"listen","value":"127.0.0.1:2525 plain"},{"name":"listen","value":"[::1]:2525 plain"},{"name":"allow","value":"10.3.0.0/16"}]}'
cp rel.conf rel.was
check 'relay: an open one' 78 run "$P" -C rel.conf config set relay.allow \
    0.0.0.0/0
says 'relay: an open one, why' "$ERR" 'would let the world send mail'
check 'relay: no such key' 78 run "$P" -C rel.conf config set relay.lisen x
says 'relay: no such key, which' "$ERR" 'did you mean listen'
check 'relay: a key that has one value' 78 run "$P" -C rel.conf config set \
    relay.hostname 'a;b'
check 'relay: no value' 64 run "$P" -C rel.conf config set relay.listen
check 'relay: nothing between ";"' 64 run "$P" -C rel.conf config set \
    relay.listen '; ;'
for key in 'listen ' '#drain' 'drain = 9s
[account y]
from'; do
	check "relay: no key: ${key%%
*}" 64 run "$P" -C rel.conf config set "relay.$key" y@b.example
done
check 'relay: not without its section' 64 run "$P" -C rel.conf config set \
    listen x
says 'relay: not without its section, what then' "$ERR" \
    'did you mean relay.listen'
yes 'relay: the file is as it was' cmp rel.was rel.conf
check 'relay: unset' 0 run "$P" -C rel.conf config unset relay.listen
no 'relay: unset: all lines of it' grep listen rel.conf
check 'relay: unset: not there' 78 run "$P" -C rel.conf config unset \
    relay.listen
check 'relay: get: not there' 78 run "$P" -C rel.conf config get relay.listen

# who changes them at once, takes turns
cp new/before turns.conf
jobs=''
for key in rate:5/h timeout:60s max_age:3d max_queue:7 min_free:9m \
    connect_timeout:7s mime_limit:1m max_message_size:9m max_spool:3g \
    delivery:once; do
	"$P" -C turns.conf config set "${key%:*}" "${key#*:}" >>turns 2>&1 &
	jobs="$jobs $!"
	echo "mailbox = ${key%:*}@b.example" |
	    "$P" -C turns.conf config set --lines >>turns 2>&1 &
	jobs="$jobs $!"
done
# shellcheck disable=SC2086 # numbers
wait $jobs
same 'turns: no change is lost' 10 "$(keys turns.conf |
    grep -cE '^(rate|timeout|max_age|max_queue|min_free|connect_timeout|mime_limit|max_message_size|max_spool|delivery) = ')"
same 'turns: all went well' 20 "$(grep -c '^set ' turns)"
jobs=''
for key in rate:5/h timeout:60s max_age:3d max_queue:7 min_free:9m; do
	echo "${key%:*} = ${key#*:}" |
	    "$P" -C fresh/a/config config set --lines >>turns 2>&1 &
	jobs="$jobs $!"
done
# shellcheck disable=SC2086
wait $jobs
same 'turns: of a new file' 5 "$(keys fresh/a/config | grep -c .)"
if command -v flock >/dev/null 2>&1; then
	mkdir turn
	exec 9<turn
	flock 9
	echo "$SECRET" | "$P" -C turn/config config init --tenant "$T" \
	    --client "$C" --from b@contoso.com >turns 2>&1 9<&- &
	init=$!
	# it has opened the folder, and waits
	while kill -0 "$init" 2>/dev/null &&
	    ! stat -c %N "/proc/$init/fd/"* 2>/dev/null | grep -q "/turn'"; do
		sleep 0.05
	done
	cp new/before turn/config
	exec 9<&-
	wait "$init"
	same 'turns: init, too' 73 "$?"
	yes 'turns: and leaves what is there' cmp new/before turn/config
	says 'turns: it says why' turns 'turn/config: is there already'
else
	skip 'turns: init' 'no flock here'
fi
# killed anywhere: the file is the old one or the new one
cp new/before kill.conf
sed 's/^#max_age = .*/max_age = 4d/' new/before >kill.new
printf 'max_age = 4d\n' >in
odd=0
for try in 1 2 3 4 5 6 7 8 9 10 11 12; do
	cp new/before kill.conf
	"$P" -C kill.conf config set --lines <in >/dev/null 2>&1 &
	killed=$!
	sleep "0.00$try"
	kill -9 "$killed" 2>/dev/null
	wait "$killed" 2>/dev/null
	cmp -s new/before kill.conf || cmp -s kill.new kill.conf || odd=1
done
same 'kill -9: the old file or the new' 0 "$odd"
check 'kill -9: the next sweeps' 0 run "$P" -C kill.conf config set max_age 2d
no 'kill -9: nothing left' ls kill.conf.*.tmp

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
check 'certificate: for programs' 73 run "$P" -C cert.conf config \
    certificate --json
json 'it is there' '{"error":{"key":"","message":"'
check 'certificate: --json' 0 run "$P" -C cert.conf config certificate --json \
    --set "$TMP/new.pem"
json 'the certificate' "{\"file\":\"$TMP/new.pem\",\"certificate\":\"$TMP/new.pem.crt\",\"thumbprint\":\""
json 'what to upload' '"pem":"-----BEGIN CERTIFICATE-----\n'
json 'what was set' "\"tag\":\"$(sum cert.conf)\"}"
lacks 'certificate: no key in it' "$OUT" PRIVATE
yes 'certificate: set in the file' grep -q "^client_certificate = $TMP/new.pem" cert.conf
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
