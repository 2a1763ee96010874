#!/bin/sh
# SPDX-License-Identifier: MIT
# badinput: what a user can get wrong. Each has its exit status and says what
# is wrong; nothing arrives, and nothing that is wrong here is asked of the
# network.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"
P=$SAN

cd "$TMP" || exit 1
echo 'a message' >body
printf 'caf\351\n' >latin1.txt
head -c 3000001 /dev/zero >huge.bin
mkdir folder
CR=$(printf 'a\rBcc: evil@example.net')
LF=$(printf 'a\nBcc: evil@example.net')
NOT_UTF8=$(printf 'caf\351')

start_sandbox
setting timeout 10s

# bad NAME STATUS WORDS OPTION...: send fails, and says WORDS.
bad() {
	name=$1 want=$2 words=$3
	shift 3
	send "$@"
	if ! echo "$STATUS" | grep -qxE "$want"; then
		not_ok "$name" "exit $STATUS, not $want: $(head -n 1 "$ERR")"
	elif ! grep -qiE -e "$words" "$ERR"; then
		not_ok "$name" "no \"$words\" in: $(tr '\n' ' ' <"$ERR")"
	elif [ -s "$OUT" ]; then
		not_ok "$name" "standard output has: $(head -n 1 "$OUT")"
	else
		ok "$name"
	fi
}
B='--text body'

# --- the command line
# shellcheck disable=SC2086
{
bad 'no recipient' 64 'nobody to send it to' $B -s x
bad 'unknown option' 64 'subjekt.*|did you mean.*subject' $B --subjekt x a@b.org
bad 'option without value' 64 '--subject|-s' a@b.org -s
bad 'importance' 64 'urgent' $B --importance urgent a@b.org
bad 'via' 64 'pigeon' $B --via pigeon a@b.org

# --- addresses
bad 'no domain' 65 'ann@' $B ann@
bad 'no local part' 65 '@example' $B @example.org
bad 'two ats' 65 'a@b@c' $B a@b@c.org
bad 'blank in address' 65 'an n@example' $B 'an n@example.org'
bad 'open bracket' 65 'ann@example' $B 'Ann <ann@example.org'
bad 'one of several' 65 'x@' $B a@b.org,x@ c@d.org
bad 'cc' 65 'x y' $B -c 'x y' a@b.org
bad 'bcc' 65 'x y' $B -b 'x y' a@b.org
bad 'reply-to' 65 'x y' $B --reply-to 'x y' a@b.org
bad 'from' '6[45]|78' 'x y' $B -f 'x y' a@b.org
bad 'line end in address' 65 'control|line|CR|LF' $B "$LF@example.org"

# --- subject and header fields
bad 'CR in subject' 65 'subject' $B -s "$CR" a@b.org
bad 'LF in subject' 65 'subject' $B -s "$LF" a@b.org
bad 'LF in header' 65 'X-A' $B -H "X-A: $LF" a@b.org
bad 'CR in header' 65 'X-A' $B -H "X-A: $CR" a@b.org
bad 'header without colon' '6[45]' 'X-A' $B -H 'X-A' a@b.org
bad 'header name' 65 'X A' $B -H 'X A: b' a@b.org
bad 'header without x-' 64 'X-' $B --via json -H 'List-Id: b' a@b.org
bad 'header with an option' 65 '--subject|-s' $B -H 'Subject: b' a@b.org
bad 'six headers' 64 'five|5' $B --via json -H X-1:1 -H X-2:2 -H X-3:3 -H X-4:4 \
    -H X-5:5 -H X-6:6 a@b.org

# --- files
bad 'text missing' 66 'missing\.txt' --text missing.txt a@b.org
bad 'text is a folder' 66 'folder' --text folder a@b.org
bad 'attachment missing' 66 'missing\.pdf' $B -a missing.pdf a@b.org
bad 'attachment is a folder' 66 'folder' $B -a folder a@b.org
bad 'attachment too large' 64 '3 MB' $B --via json -a huge.bin a@b.org
bad 'attachment type' 65 'type' $B -a 'body;type=no type' a@b.org
bad 'standard input twice' '6[45]' 'standard input' --text - -a - a@b.org
bad 'endless file' 65 '/dev/zero' --text /dev/zero a@b.org
}
same 'all of that was found here' 0 "$(requests .)"

# --- settings
good=$CONFIG
# with NAME STATUS WORDS SED: send with a changed configuration.
with() {
	CONFIG=$TMP/changed
	(umask 077 && sed "$4" "$good" >"$CONFIG")
	bad "$1" "$2" "$3" --text body -s x a@b.org
	CONFIG=$good
}
CONFIG=$TMP/nowhere
bad 'configuration missing' '78|66' 'nowhere' --text body a@b.org
CONFIG=$TMP/folder
bad 'configuration is a folder' '78|66' 'folder' --text body a@b.org
CONFIG=$good
cp "$good" "$TMP/open"
chmod 644 "$TMP/open"
CONFIG=$TMP/open
bad 'configuration open to all' 78 'chmod' --text body a@b.org
CONFIG=$good
if [ "$(id -u)" != 0 ]; then
	(umask 077 && cp "$good" "$TMP/closed" && chmod 000 "$TMP/closed")
	CONFIG=$TMP/closed
	bad 'configuration unreadable' '78|66' 'closed' --text body a@b.org
	CONFIG=$good
else
	skip 'configuration unreadable' 'root reads everything'
fi
with 'unknown key' 78 'changed:.*tenant_id' 's/^tenant_id/tennant_id/'
with 'no client_id' 78 'client_id' '/^client_id/d'
with 'no secret' 78 'client_secret' '/^client_secret/d'
with 'no sender' 78 'mailbox|from' '/^from/d'
with 'key twice' 78 'changed:' '/^client_id/p'
with 'no http elsewhere' 78 'http' \
    's,^graph_url.*,graph_url = http://graph.example.com/v1.0,'
with 'no such ca file' 78 'nowhere\.pem' 's,^ca = .*,ca = /nowhere.pem,'
with 'ca without certificate' 78 'body' "s,^ca = .*,ca = $TMP/body,"
same 'all of that was found here, too' 0 "$(requests .)"

# --- what is not UTF-8 goes, and a word says how it was read

# shellcheck disable=SC2086
{
bad 'not UTF-8 in address' 0 'recipient.*windows-1252' $B \
    "$NOT_UTF8 <a@example.org>"
bad 'subject not UTF-8' 0 'subject.*windows-1252' $B -s "$NOT_UTF8" a@b.org
bad 'header not UTF-8' 0 'header.*windows-1252' $B -H "X-A: $NOT_UTF8" a@b.org
bad 'text not UTF-8' 0 'latin1.*windows-1252' --text latin1.txt a@b.org
bad 'html not UTF-8' 0 'latin1.*windows-1252' --html latin1.txt a@b.org
}

# --- what the services say
with 'wrong secret' 77 'AADSTS7000215' \
    's/^client_secret = ./client_secret = ?/'
says 'wrong secret: where to mend it' "$ERR" 'Certificates & secrets'
with 'wrong tenant' '7[78]' 'AADSTS90002' 's/^tenant_id = ./tenant_id = 2/'
with 'wrong client' '7[78]' 'AADSTS700016' 's/^client_id = ./client_id = 2/'
with 'unknown mailbox' 78 'ErrorInvalidUser' 's/^from = ./from = un/'
bad 'from of another' 78 'ErrorInvalidUser' --text body \
    -f other@example.com a@b.org
faults 'send status 403 code=ErrorAccessDenied'
bad 'no permission' 77 'ErrorAccessDenied' --text body a@b.org
says 'no permission: which one' "$ERR" 'Mail\.Send'
faults

# --- the way there
with 'wrong authority' 75 'certificate' 's,^ca = .*,ca = builtin,'
closed=$(setting_of login_url)
with 'name not found' 75 'no-such-host\.invalid' \
    's,//localhost:,//no-such-host.invalid:,'
start_sandbox
good=$CONFIG
with 'connection refused' 75 'refused' "s,^login_url = .*,login_url = $closed,"
same 'nothing arrived' 0 "$(count_mail)"

# --- a bare name that is no alias is more likely a file
check 'bare name' 64 send --text body root
says 'bare name: said' "$ERR" '"root" has no domain, and is no alias'

# --- -q
check 'quiet' 65 send -q --text body ann@
same 'quiet: no word' '' "$(cat "$OUT" "$ERR")"

finish
