#!/bin/sh
# SPDX-License-Identifier: MIT
# eml: messages that come ready, from a file or a pipe: they reach whom the
# command line says and nobody else, and arrive as they were meant.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"

start_sandbox
setting timeout 60s
cd "$TMP" || exit 1
: >none
setting aliases "$TMP/none" # whatever this machine has in /etc

# eml OPTION...: sends what is on standard input.
eml() {
	cat >in.eml
	forget_mail
	send --eml in.eml "$@"
}
# arrives NAME OPTION...: the same, and it is one mail.
arrives() {
	name=$1
	shift
	eml "$@"
	same "$name: exit" 0 "$STATUS"
	same "$name: one mail" 1 "$(count_mail)"
	[ "$STATUS" = 0 ] || sed 's/^/    /' "$ERR"
	M=$(last_mail)
}
# refused NAME STATUS PATTERN OPTION...: nothing is sent, and it says why.
refused() {
	name=$1 want=$2 pattern=$3
	shift 3
	before=$(requests .)
	eml "$@"
	same "$name: exit" "$want" "$STATUS"
	says "$name: why" "$ERR" "$pattern"
	same "$name: nothing was sent" "$before" "$(requests .)"
}
rcpts() { grep -E '^(to|cc|bcc): ' "$M.meta" | sort | tr '\n' ' '; }
body() { # of a message in one part, decoded
	python3 -c '
import email, sys
m = email.message_from_bytes(open(sys.argv[1], "rb").read())
sys.stdout.buffer.write(m.get_payload(decode=True))' "$M.eml"
}
subject() {
	python3 -c '
import email, email.policy, sys
m = email.message_from_binary_file(open(sys.argv[1], "rb"),
    policy=email.policy.default)
sys.stdout.buffer.write((m["Subject"] + "\n").encode())' "$M.eml"
}
# The functions keep M: what they read is a file, not a pipe into them.
text() { printf '%b' "$1" >text.eml; }

if ! command -v python3 >/dev/null 2>&1; then
	skip 'eml' 'no python3 here'
	finish
fi

# --- from a file, from a pipe; recipients of the header or of the options
text 'From: sender@example.com\nTo: A <a@example.org>\nCc: c@example.org
Bcc: b@example.org\nSubject: one\nX-Own: kept  as it is\n\nhello\n'
cp text.eml one.eml
arrives 'file' <one.eml
same 'file: the header says who' \
    'bcc: b@example.org cc: c@example.org to: a@example.org ' "$(rcpts)"
has 'file: fields stay' "$M.eml" "$(printf 'X-Own: kept  as it is\r')"
says 'file: Date' "$M.meta" '^date: [A-Z][a-z][a-z], '
says 'file: Message-ID' "$M.meta" '^message-id: <[^<>@ ]+@example.com>'
printf 'hello\r\n' >want
body >got
same_file 'file: text' want got

forget_mail
run sh -c '"$0" -C "$1" send --eml - --json x@example.org <one.eml' "$P" \
    "$CONFIG"
same 'pipe: exit' 0 "$STATUS"
M=$(last_mail)
same 'pipe: only the envelope' 'bcc: x@example.org ' "$(rcpts)"
lacks 'pipe: its Bcc is not told' "$M.eml" 'b@example.org'
has 'pipe: its To can be read' "$M.eml" \
    "$(printf 'X-Post365-To: A <a@example.org>\r')"
says 'pipe: via' "$OUT" '"via":"mime","via_reason":"[^"]'
ID=$(sed -n 's/.*"message_id":"\([^"]*\)".*/\1/p' "$OUT")
has 'pipe: message_id' "$M.meta" "message-id: $ID"

# --- two transactions of one message reach each person once
arrives 'first half' a@example.org <one.eml
same 'first half: one person' 'to: a@example.org ' "$(rcpts)"
lacks 'first half: Bcc' "$M.eml" 'b@example.org'
arrives 'second half' -t c@example.org -b b@example.org <one.eml
same 'second half: the others' 'bcc: b@example.org cc: c@example.org ' \
    "$(rcpts)"
arrives 'one person twice' A@example.org -c a@EXAMPLE.org <one.eml
same 'one person twice: once' 'to: a@example.org ' "$(rcpts)"

# --- what programs write
text 'From: sender@example.com\nSubject: Gr\0303\0274\0303\0237e
To: J\0366rg <a@example.org>\n\nhi\n'
arrives '8-bit header' a@example.org <text.eml
printf 'Gr\303\274\303\237e\n' >want
subject >got
same_file '8-bit header: subject' want got
same '8-bit header: ASCII now' 0 \
    "$(LC_ALL=C tr -d '\0-\177' <"$M.eml" | wc -c | tr -d ' ')"

text 'To: a@example.org\n\nGr\0303\0274\0303\0237e\n'
arrives '8-bit text' <text.eml
printf 'Gr\303\274\303\237e\r\n' >want
body >got
same_file '8-bit text: text' want got
says '8-bit text: type' "$M.eml" '^Content-Type: text/plain; charset=utf-8'

text 'hello without a header\nsecond line'
arrives 'no header' a@example.org <text.eml
printf 'hello without a header\r\nsecond line\r\n' >want
body >got
same_file 'no header: text' want got
same 'no header: recipient' 'bcc: a@example.org ' "$(rcpts)"

text 'To: undisclosed-recipients:;\n\nhi\n'
arrives 'undisclosed' a@example.org <text.eml
same 'undisclosed: recipient' 'bcc: a@example.org ' "$(rcpts)"
refused 'undisclosed alone' 64 'nobody to send it to' <text.eml

text 'From: sender@example.com\rTo: a@example.org\r\rone\rtwo'
arrives 'lone CR' <text.eml
same 'lone CR: recipient' 'to: a@example.org ' "$(rcpts)"
printf 'one\r\ntwo\r\n' >want
body >got
same_file 'lone CR: text' want got

text 'From: sender@example.com\nTo: a@example.org\nSubject: x\rBcc: v@example.net\n\nx\n'
arrives 'a CR in a field' <text.eml
same 'a CR in a field: recipient' 'to: a@example.org ' "$(rcpts)"

printf 'Subject: a\0b\nTo: a@example.org\n\none\0two\n' >text.eml
arrives 'NUL' <text.eml
printf 'one\0two\r\n' >want
body >got
same_file 'NUL: text' want got

head -c 100000 /dev/urandom | tr '\r\n' '  ' >binary
{ echo && cat binary; } >text.eml
arrives 'binary' a@example.org <text.eml
{ cat binary && printf '\r\n'; } >want
body >got
same_file 'binary: the same bytes' want got
head -c 100000 /dev/urandom >text.eml
arrives 'binary without a header' a@example.org <text.eml
: >text.eml
arrives 'empty' a@example.org <text.eml
same 'empty: recipient' 'bcc: a@example.org ' "$(rcpts)"

# --- limits
awk 'BEGIN {
	print "Subject: x\nTo: a@example.org"
	for (i = 0; i < 18000; i++)
		printf "X-%d: %s\n", i, "01234567890123456789012345678901234567890"
	print "\nhi"
}' >text.eml
arrives 'header of 1 MB' <text.eml
same 'header of 1 MB: all of it' 18000 "$(grep -c '^X-' "$M.eml")"
people() { # N
	awk -v n="$1" 'BEGIN {
		printf "To: 0@example.org"
		for (i = 1; i < n; i++) printf ",\n %d@example.org", i
		print "\n\nhi"
	}'
}
people 1000 >text.eml
eml <text.eml
same '1,000 recipients: exit' 0 "$STATUS"
same '1,000 recipients: two parts' 2 "$(count_mail)"
same '1,000 recipients: each' 500 "$(grep -c '^to: ' "$(last_mail).meta")"
{
	awk 'BEGIN { for (i = 0; i < 51; i++) print "Received: by x" }'
	printf '\nhi\n'
} >text.eml
refused 'mail loop' 65 'goes round in a circle' a@example.org <text.eml

# --- From
text 'From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@w> x\n\nhi\n'
arrives 'cron' a@example.org <text.eml
says 'cron: From' "$M.eml" \
    '^From: "Cron Daemon \(root at [^@]*\)" <sender@example.com>'
says 'cron: X-Original-From' "$M.eml" '^X-Original-From: Cron Daemon <root>'
lacks 'cron: no answer to root' "$M.eml" 'Reply-To'
text 'From: "Jo@home" <jo@example.net>\nTo: a@example.org\n\nhi\n'
arrives 'rewrite' <text.eml
says 'rewrite: From' "$M.meta" '^from: sender@example.com'
says 'rewrite: Reply-To' "$M.eml" '^Reply-To: Jo at home <jo@example.net>'
setting from_policy keep
eml <text.eml
same 'keep: the service decides' 69 "$STATUS"
says 'keep: why' "$ERR" 'ErrorSendAsDenied'
setting from_policy map
setting from_map 'jo@example.net > Sales <sender@example.com>'
arrives 'map' <text.eml
says 'map: From' "$M.eml" '^From: Sales <sender@example.com>'
lacks 'map: no Reply-To' "$M.eml" Reply-To
setting from_policy rewrite

# --- names of this machine
printf 'root: ops@example.org, second@example.org\n*: rest@example.org\n' \
    >aliases
setting aliases "$TMP/aliases"
text 'To: root, nobody\n\nhi\n'
arrives 'aliases' <text.eml
same 'aliases: where they lead' \
    'to: ops@example.org to: rest@example.org to: second@example.org ' \
    "$(rcpts)"
forget_mail
send -s x --text text.eml root
M=$(last_mail)
same 'aliases: of parts, too' 'to: ops@example.org to: second@example.org ' \
    "$(rcpts)"
printf 'root: |cat\n' >aliases
refused 'alias for a command' 67 'a command' <text.eml
setting aliases "$TMP/none"
setting default_domain example.net
text 'To: root\n\nhi\n'
arrives 'default_domain' <text.eml
same 'default_domain: where' 'to: root@example.net ' "$(rcpts)"

# --- larger than one request
head -c 4000000 /dev/urandom >large.bin
head -c 3000 /dev/urandom >small.bin
python3 -c '
import email.message, sys
m = email.message.EmailMessage()
m["From"] = "sender@example.com"
m["To"] = "a@example.org"
m["Subject"] = "large"
m.set_content("text")
for name in "large.bin", "small.bin":
    m.add_attachment(open(name, "rb").read(), maintype="application",
        subtype="octet-stream", filename=name)
sys.stdout.buffer.write(m.as_bytes())' >large.eml
arrives 'large' <large.eml
same_file 'large: the file' large.bin "$(echo "$M".att*large.bin)"
says 'large: the rest stays as it was' "$M.eml" 'small.bin'
lacks 'large: once' "$M.eml" 'large.bin'
{
	printf 'To: a@example.org\nContent-Type: multipart/signed; boundary=b\n'
	printf '\n--b\nContent-Type: application/pdf; name=a\n'
	printf 'Content-Transfer-Encoding: base64\n\n'
	base64 large.bin
	printf -- '--b\nContent-Type: application/pkcs7-signature\n\nx\n--b--\n'
} >text.eml
refused 'signed and large' 65 'it is signed or encrypted' <text.eml
setting max_message_size 3m
refused 'over max_message_size' 65 'which is max_message_size' <large.eml
setting max_message_size 150m

# --- not to be kept in Sent Items: only JSON can say that
arrives 'no-save' --no-save <one.eml
has 'no-save: is said' "$M.meta" 'save-to-sent: no'
printf 'hello\r\n' >want
same_file 'no-save: text' want "$M.text"

# --- --dry-run tells what becomes of the message
text 'To: a@example.org\nAuto-Submitted: auto-generated\nX-Own: a\n\nhi\n'
refused '--dry-run' 0 'route: mime' -n <text.eml
says '--dry-run: Auto-Submitted' "$ERR" 'Auto-Submitted: is removed'
says '--dry-run: X-Own' "$ERR" 'X-Own: .*--via json delivers'

# --- memory does not grow with the message
head -c 35000000 /dev/zero >huge.bin
{
	printf 'To: a@example.org\nContent-Type: application/zip; name=z\n'
	printf 'Content-Transfer-Encoding: base64\n\n'
	base64 huge.bin
} >huge.eml
# Its own peak: that of wait4 has the shell's part in it.
memory='
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
peak = 0
while child.poll() is None:
    try:
        for line in open("/proc/%d/status" % child.pid):
            if line.startswith("VmHWM") and child.poll() is None:
                peak = int(line.split()[1])
    except OSError:
        pass
print("exit", child.returncode,
    "under 8 MB" if 0 < peak < 8192 else "kB: %d" % peak)'
same 'memory: --eml' 'exit 0 under 8 MB' \
    "$(python3 -c "$memory" "$POST365" -C "$CONFIG" send --eml huge.eml)"
same 'memory: --attach' 'exit 0 under 8 MB' "$(python3 -c "$memory" \
    "$POST365" -C "$CONFIG" send -a huge.bin a@example.org)"
same_file 'memory: the same bytes' huge.bin \
    "$(echo "$(last_mail)".att*huge.bin)"

# --- a large quoted-printable text leaves in base64, too
awk 'BEGIN { for (i = 0; i < 90000; i++) print i " ä and so on" }' >text
{
	printf 'To: a@example.org\nContent-Type: text/plain; charset=utf-8\n'
	printf 'Content-Transfer-Encoding: quoted-printable\n\n'
	sed 's/ä/=C3=\n=A4/' text
} >text.eml
setting mime_limit 3m
same 'large quoted-printable: memory' 'exit 0 under 8 MB' \
    "$(python3 -c "$memory" "$POST365" -C "$CONFIG" send --eml text.eml)"
M=$(last_mail)
lacks 'large quoted-printable: in base64' "$M.eml" '=C3'
tr -d '\r' <"$M.eml" | sed '1,/^$/d' | base64 -d | tr -d '\r' >got
same_file 'large quoted-printable: the text' text got
awk 'BEGIN {
	print "To: a@example.org\nContent-Type: multipart/mixed; boundary=b\n"
	for (p = 0; p < 20; p++) {
		print "--b\nContent-Type: text/plain; name=p" p ".txt"
		print "Content-Transfer-Encoding: quoted-printable\n"
		for (i = 0; i < 9000; i++)
			print "a line of a log =3D that is written again"
	}
	print "--b--" }' >text.eml
same 'many quoted-printable parts: memory' 'exit 0 under 8 MB' \
    "$(python3 -c "$memory" "$POST365" -C "$CONFIG" send --eml text.eml)"
finish
