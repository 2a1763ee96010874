#!/bin/sh
# SPDX-License-Identifier: MIT
# Pages of the dashboard by curl: further accounts, a certificate from making to
# using it, older lines of the log, and that each text of a page has its French.
. "${0%/*}/lib.sh"
if ! command -v curl >/dev/null 2>&1; then
	skip 'pages of the dashboard' 'no curl'
	exit 0
fi
cd "$TMP" || exit 1

cat >config <<'END'
tenant_id = 11111111-2222-4333-8444-555555555555
client_id = 66666666-7777-4888-9999-aaaaaaaaaaaa
client_secret = Abc8Q~recognisable-secret-of-this-test1
from = first@example.com
spool_dir = spool
state_dir = state
# kept
[account second]
from = second@example.com
END
sed -i "s,_dir = ,&$TMP/," config
chmod 600 config
mkdir -p state
i=0
while [ $i -lt 130 ]; do
	i=$((i + 1))
	printf '{"time":"2026-11-29T10:%02d:%02dZ","id":"%04X","account":"","from":"first@example.com","to":["p%d@example.org"],"size":100,"status":202,"ms":5,"attempt":1,"verdict":"sent"}\n' \
	    $((i / 60)) $((i % 60)) $i $i
done >state/log

"$POST365" web -C config --listen 127.0.0.1:0 >said 2>said.err &
web=$!
trap 'kill $web 2>/dev/null' EXIT
i=0
until grep -q '^open' said || [ $((i += 1)) -gt 100 ]; do sleep 0.1; done
base=$(sed -n 's,^open \(http://[^/]*\)/.*,\1,p' said)
page() { curl -s -m 30 -b jar "$@"; }
post() { page -H "Origin: $base" --data-urlencode "csrf=$csrf" "$@"; }
curl -s -m 30 -c jar "$(sed -n 's/^open //p' said)" >/dev/null
csrf=$(page "$base/" | grep -o 'csrf" value="[0-9a-f]*' | head -n 1)
csrf=${csrf##*\"}

# --- accounts
page "$base/" >provider
at_least 'the first account is shown' 1 \
    "$(grep -c 'name="from" value="first@example.com"' provider)"
at_least 'with a link to the other' 1 \
    "$(grep -c 'href="/?account=second"' provider)"
page "$base/?account=second" >second
at_least 'which shows its sender' 1 \
    "$(grep -c 'name="from" value="second@example.com"' second)"
tag=$(grep -o 'name="tag" value="[0-9a-f]*' second)
same 'Save of it leads back to it' '/?saved=1&account=second' \
    "$(post -o /dev/null -w '%header{location}' --data account=second \
	--data "tag=${tag##*\"}" --data enabled=yes \
	--data-urlencode from=other@example.com "$base/" |
	sed "s,^$base,,")"
same 'and changes its section only' \
    'from = first@example.com from = other@example.com' \
    "$(grep '^from' config | tr '\n' ' ' | sed 's/ $//')"
tag=$(page "$base/?account=second" | grep -o 'name="tag" value="[0-9a-f]*')
same 'Save of the same says so' '/?same=1&account=second' \
    "$(post -o /dev/null -w '%header{location}' --data account=second \
	--data "tag=${tag##*\"}" --data enabled=yes \
	--data-urlencode from=other@example.com "$base/" |
	sed "s,^$base,,")"
at_least 'in words' 1 "$(page "$base/?same=1" | grep -c 'Nothing was changed')"
at_least 'comments stay' 1 "$(grep -c '^# kept' config)"
at_least 'what it inherits is shown behind' 1 "$(grep -c \
    'name="tenant_id" value="" placeholder="11111111-' second)"

# --- a certificate
post --data do=make "$base/certificate" >made
link=$(grep -o '/certificate?made=[0-9]*' made)
file=$(grep -o 'name="file" value="[^"]*' made)
file=${file##*\"}
page "$base$link" >public
at_least 'its public part is there to download' 1 \
    "$(grep -c 'BEGIN CERTIFICATE' public)"
same 'and nothing of its key' 0 "$(grep -c 'PRIVATE KEY' public)"
same 'the key is for nobody else' 600 "$(stat -c %a "$file")"
same 'another name leads nowhere' '404 404 404' "$(for name in ../config \
    0 1%2F..%2Fconfig; do
	page -o /dev/null -w '%{http_code} ' "$base/certificate?made=$name"
done | sed 's/ $//')"
same 'Use it: done' 303 "$(post -o answer -w '%{http_code}' --data do=use \
    --data-urlencode "file=$file" "$base/certificate")"
same 'in place of the secret' "client_certificate = $file" \
    "$(grep -E '^client_(certificate|secret)' config)"
same 'a line end in the name of one changes nothing' 422 \
    "$(post -o answer -w '%{http_code}' --data do=use --data-urlencode \
	"file=$file
from = evil@example.com" "$base/certificate")"
same 'no secret came out' 0 "$(cat provider second made public answer |
	grep -c 'recognisable')"

# --- the log
page "$base/log" >log
same '100 lines' 100 "$(grep -o '<tr><td class="t">' log | wc -l)"
at_least 'and a link to older ones' 1 "$(grep -c 'href="/log?skip=100"' log)"
page "$base/log?skip=100" >log
same 'which are 30' 30 "$(grep -o '<tr><td class="t">' log | wc -l)"
page "$base/log?person=p7%40example.org" >log
same 'a person' 1 "$(grep -o '<tr><td class="t">' log | wc -l)"
page "$base/log?code=AADSTS7000215" >log
at_least 'a code is explained' 1 "$(grep -c 'secret' log)"

page "$base/log?subject=nothing" >log
at_least 'a subject that is not kept' 1 "$(grep -c 'only with log_subject' log)"

# --- the queue: who sends what is due
echo hello | "$POST365" send -C config --queue you@example.org >/dev/null
same 'Try all now' '/queue?due=1' "$(post -o /dev/null \
    -w '%header{location}' --data do=all "$base/queue" | sed "s,^$base,,")"
at_least 'says who sends it' 1 \
    "$(page "$base/queue?due=1" | grep -c 'post365 queue run sends it')"

# --- an address that is none
run "$POST365" web -C config --listen 8365
says '--listen with a port only' "$ERR" 'write 127.0.0.1:8365'

# --- settings that Save will make are not missed
run timeout 1 env POST365_CONFIG="$TMP/none/config" "$POST365" web \
    --listen 127.0.0.1:0
same 'a named file that is not there yet: no word of it' '' "$(cat "$ERR")"

# --- a relay's dashboard may not write root's settings
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null 2>&1; then
	mkdir -m 755 root && cp config root/config && chmod 755 .
	sed -i '/^client_certificate/d' root/config
	chmod 644 root/config
	mkdir his && chown 1234 his
	POST365_STATE_DIR="$TMP/his" POST365_SPOOL_DIR="$TMP/his" \
	    setpriv --reuid 1234 --clear-groups "$POST365" web \
	    -C root/config --listen 127.0.0.1:0 >his.said 2>his.err &
	his=$!
	trap 'kill $web $his 2>/dev/null' EXIT
	i=0
	until grep -q '^open' his.said || [ $((i += 1)) -gt 100 ]; do
		sleep 0.1
	done
	his_url=$(sed -n 's/^open //p' his.said)
	curl -s -m 30 -c his.jar "$his_url" >/dev/null
	curl -s -m 30 -b his.jar "${his_url%/enter*}/" >shut
	at_least 'why it cannot save' 1 "$(grep -c 'root: Permission denied' shut)"
	at_least 'and what to do' 1 "$(grep -c 'sudo post365 web' shut)"
else
	skip "root's settings" 'not root, or no setpriv'
fi

# --- texts
cat >texts.py <<'END'
"""English texts between @ in the pages' markup that have no French."""
import glob
import re
import sys
known = open(sys.argv[1] + "/src/web/text.c").read()
known = "".join(re.sub(r'"\s*\n\s*"', "", known))
keys = set(re.findall(r'TEXT\("((?:[^"\\]|\\.)*)"', known))
for name in sorted(glob.glob(sys.argv[1] + "/src/command/web/*.c")):
    text = re.sub(r'"\s*\n\s*"', "", open(name).read())
    for literal in re.findall(r'"((?:[^"\\\n]|\\.)*)"', text):
        if "<" not in literal and "@" not in literal[1:]:
            continue
        for word in literal.split("@")[1::2]:
            if word not in keys:
                print(name.rsplit("/", 1)[1], word)
    for word in re.findall(r'(?:html_word\(h|visit_tell\(v|visit_head\(v), '
                           r'"((?:[^"\\]|\\.)*)"', text):
        if word not in keys:
            print(name.rsplit("/", 1)[1], word)
END
if command -v python3 >/dev/null 2>&1; then
	same 'each text has its French' '' "$(python3 texts.py "$TOP")"
else
	skip 'each text has its French' 'no python3'
fi
finish
