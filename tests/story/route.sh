#!/bin/sh
# SPDX-License-Identifier: MIT
# route: by which call a message leaves, and that it arrives whole by each.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"

start_sandbox
setting timeout 60s
cd "$TMP" || exit 1
printf 'hello\n' >text.txt
printf '<p>hello <img src="cid:dot@x"></p>\n' >page.html
printf 'dot' >dot.png

# arrived NAME FILE: the last mail has that file, to the bit.
arrived() {
	found=$(last_mail)
	for file in "$found".att*; do
		if cmp -s "$file" "$2"; then
			ok "$1: the same bytes"
			return
		fi
	done
	# small ones are in the MIME text
	if [ -f "$found.eml" ] && python3 -c '
import email, sys
message = email.message_from_binary_file(open(sys.argv[1], "rb"))
files = [p.get_payload(decode=True) for p in message.walk() if p.get_filename()]
sys.exit(open(sys.argv[2], "rb").read() not in files)' "$found.eml" "$2"; then
		ok "$1: the same bytes"
	else
		not_ok "$1: the same bytes" "$(echo "$found".*)"
	fi
}
# Those that were neither sent nor removed.
drafts() {
	for draft in "$SB_DIR"/drafts/*/info; do
		if [ -e "$draft" ]; then
			echo "${draft%/info}"
		fi
	done
}

send --json -s one --text text.txt a@example.org
same 'default: exit' 0 "$STATUS"
says 'default: mime' "$OUT" '"via":"mime"'
says 'default: as MIME' "$(last_mail).eml" '^Subject: one'

send --json -s two --text text.txt --html page.html \
    --inline 'dot.png;cid=dot@x' -H 'List-Id: <l.example.org>' \
    -b blind@example.org a@example.org
same 'text, HTML, inline: exit' 0 "$STATUS"
M=$(last_mail)
says 'text, HTML, inline: alternative' "$M.eml" 'multipart/alternative'
says 'text, HTML, inline: related' "$M.eml" 'multipart/related'
says 'text, HTML, inline: content id' "$M.eml" 'Content-ID: <dot@x>'
says 'text, HTML, inline: field' "$M.eml" '^List-Id: <l.example.org>'
says 'text, HTML, inline: blind one' "$M.meta" 'bcc: blind@example.org'

# --- a field that MIME loses and JSON has as a property
U='<mailto:off@example.org>, <https://example.org/off>'
send --json -s list --text text.txt -H "List-Unsubscribe: $U" a@example.org
same 'List-Unsubscribe: exit' 0 "$STATUS"
says 'List-Unsubscribe: json' "$OUT" '"via":"json"'
has 'List-Unsubscribe: property' "$(last_mail).meta" \
    "property: String 0x1045: $U"
{
	printf 'From: sender@example.com\nTo: a@example.org\nSubject: l\n'
	printf 'List-Unsubscribe: %s\nList-Id: <l.example.org>\n\nhello\n' "$U"
} >list.eml
send --json --eml list.eml
says 'List-Unsubscribe, --eml: json' "$OUT" '"via":"json"'
has 'List-Unsubscribe, --eml: property' "$(last_mail).meta" \
    "property: String 0x1045: $U"
send --eml list.eml --via mime --dry-run
says 'List-Unsubscribe, mime: said' "$ERR" \
    'List-Unsubscribe: is removed.*--via json'
send --json --text text.txt --html page.html -H "List-Unsubscribe: $U" \
    a@example.org
says 'List-Unsubscribe, two texts: mime' "$OUT" '"via":"mime"'

# --- exactly once is proved by the copy in Sent Items
forget_mail
printf 'delivery = exact\n' >>"$CONFIG"
send --no-save --text text.txt a@example.org
same 'exact without a copy: exit' 78 "$STATUS"
says 'exact without a copy: why' "$ERR" 'delivery = exact and save_to_sent = no'
same 'exact without a copy: nothing is sent' 0 "$(count_mail)"
send --no-save --via json --text text.txt a@example.org
same 'exact without a copy, asked for: exit' 0 "$STATUS"
says 'exact without a copy, asked for: said' "$ERR" 'certainty of delivery'
sed -i '/^delivery = exact$/d' "$CONFIG"

# --- files of every size, to the bit
for size in 0 1 2999999 3000000 3145728 4194304 35000000; do
	head -c "$size" /dev/urandom >"file.$size"
	forget_mail
	send --json -s "$size" --text text.txt -a "file.$size" a@example.org
	same "$size bytes: exit" 0 "$STATUS"
	same "$size bytes: one mail" 1 "$(count_mail)"
	arrived "$size bytes" "file.$size"
done
same 'no draft stays' '' "$(drafts)"

# --- an upload that goes wrong, and the mail still arrives once and whole
for fault in 'range range-lost x1' 'range session-gone x1' \
    'range status 503 x1' 'range close x2' 'session status 503 x1' \
    'submit taken-close x1'; do
	forget_mail
	faults "$fault"
	send --json -s upload --text text.txt -a file.35000000 a@example.org
	same "$fault: exit" 0 "$STATUS"
	same "$fault: one mail" 1 "$(count_mail)"
	arrived "$fault" file.35000000
	same "$fault: no draft stays" '' "$(drafts)"
done

# --- it cannot be done: nothing is sent, and no draft stays
forget_mail
for fault in 'draft status 403 code=ErrorAccessDenied:77' \
    'attach status 400:69' 'range status 400:69' 'submit status 400:69'; do
	faults "${fault%:*}"
	size=35000000
	case $fault in attach*) size=2999999 ;; esac
	send -s no --via draft --text text.txt -a "file.$size" a@example.org
	same "${fault%:*}: exit" "${fault##*:}" "$STATUS"
	same "${fault%:*}: nothing was sent" 0 "$(count_mail)"
	same "${fault%:*}: no draft stays" '' "$(drafts)"
done
faults

# --- killed in the middle and started again: no half mail
forget_mail
"$P" -C "$CONFIG" send -s first --text text.txt -a file.35000000 \
    a@example.org &
pid=$!
sleep 0.1
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
n=$(count_mail)
send -s second --text text.txt -a file.35000000 a@example.org
same 'killed and again: exit' 0 "$STATUS"
same 'killed and again: whole mails only' "$((n + 1))" "$(count_mail)"
arrived 'killed and again' file.35000000

# --- who may read mail may not write drafts: JSON carries what it can
start_sandbox --role Mail.Send --role Mail.Read
head -c 2500000 /dev/urandom >file.2500000
send --json -s read --text text.txt --html page.html \
    --inline 'dot.png;cid=dot@x' -a file.2500000 a@example.org
same 'Mail.Read: exit' 0 "$STATUS"
says 'Mail.Read: json' "$OUT" '"via":"json"'
finish
