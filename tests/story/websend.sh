#!/bin/sh
# SPDX-License-Identifier: MIT
# POST /send: mail from programs by HTTP, of every size, from who may, and
# what was answered 202 is in the queue whatever happens to the server.
. "${0%/*}/lib.sh"
cd "$TMP" || exit 1
for tool in curl python3; do
	command -v $tool >/dev/null || {
		skip 'POST /send' "no $tool"
		exit 0
	}
done

# shellcheck disable=SC2119 # none of our options is the sandbox's
start_sandbox
TOKEN=0123456789abcdef0123456789abcdef
echo $TOKEN >token
hash=$(echo pass | "$P" relay --hash-password)
cat >users <<-END
	nas:$hash:from=nas@example.com,@lab.example.com to=@ok.example
	slow:$hash:rate=2/h
	as:$hash:rewrite=sender@example.com
	one:$hash:account=other
END
chmod 600 token users
cat >>"$CONFIG" <<-END
	[account other]
	from = other@example.com
	[relay]
	auth_file = $TMP/users
	web_token_file = $TMP/token
END

# start_web: sets WEB (its number, or that of its bound) and URL.
bound='timeout --foreground 250'
start_web() {
	: >web.out
	# shellcheck disable=SC2086 # it is three words, or none
	$bound "$SERVER" -C "$CONFIG" web \
	    --listen 127.0.0.1:0 >web.out 2>>web.err &
	WEB=$!
	tries=0
	until grep -q Ctrl-C web.out; do
		tries=$((tries + 1))
		if [ $tries -gt 200 ]; then
			not_ok 'the server starts' "$(tail -n 3 web.err)"
			finish
		fi
		sleep 0.05
	done
	URL=$(sed -n 's|^open \(http://[^/]*\)/.*|\1|p' web.out)
}
stop_web() {
	kill "$WEB" 2>/dev/null
	wait "$WEB" 2>/dev/null
}
trap 'stop_web; stop_sandbox' EXIT
: >web.err
SERVER=$SAN
start_web

# post TYPE FILE [CURL OPTION...]: the answer is in answer, its status in CODE.
post() {
	type=$1 body=$2
	shift 2
	# shellcheck disable=SC2034 # of the story
	CODE=$(curl -sS -m 60 -o answer -D fields -w '%{http_code}' \
	    -H "Content-Type: $type" --data-binary "@$body" "$@" 2>curl.err)
}
auth="Authorization: Bearer $TOKEN"
json() { # TEXT [CURL OPTION...]
	printf '%s' "$1" >body
	shift
	post application/json body "${@:-$URL/send}"
}
by_token() { json "$1" -H "$auth" "$URL/send${2:-}"; }
by_user() { json "$2" -u "$1:pass" "$URL/send${3:-}"; }

queued() { "$P" -C "$CONFIG" queue count; }
# go: sends all that is due.
go() { "$P" -C "$CONFIG" queue run >/dev/null 2>go.err; }
id_of() { sed -n 's/.*"id":"\([0-9A-F]*\)".*/\1/p' answer; }

# --- every size, as JSON and as a message, to the bit

file() { # SIZE
	[ -e "file.$1" ] || python3 -c 'import random, sys
n = int(sys.argv[1])
sys.stdout.buffer.write(random.Random(n).randbytes(n))' "$1" >"file.$1"
}
# make KIND FILE: body.json (escaped as PHP does it, or not) or body.eml
make() {
	python3 - "$@" <<'END'
import base64, json, sys
kind, path = sys.argv[1:]
data = open(path, 'rb').read()
if kind == 'eml':
    from email.message import EmailMessage
    m = EmailMessage()
    m['To'] = 'a@example.org'
    m['Subject'] = 'file'
    m.set_content('text\n')
    m.add_attachment(data, maintype='application', subtype='octet-stream',
                     filename=path)
    open('body.eml', 'wb').write(m.as_bytes())
else:
    text = json.dumps({'to': 'a@example.org', 'subject': 'file',
        'text': 'text\n', 'attachments': [{'name': path,
        'content': base64.b64encode(data).decode()}]})
    if kind == 'php':
        text = text.replace('/', '\\/')
    if kind == 'net':
        text = text.replace('+', '\\u002B')
    open('body.json', 'w').write(text)
END
}
sums() {
	python3 - "$(last_mail)" <<'END'
import email, glob, hashlib, os, re, sys
stem = sys.argv[1]
for path in glob.glob(stem + '.att*'):
    name = re.sub(r'^att\d+-', '', path[len(stem) + 1:])
    print(name, hashlib.sha256(open(path, 'rb').read()).hexdigest())
if os.path.exists(stem + '.eml'):
    for part in email.message_from_binary_file(
            open(stem + '.eml', 'rb')).walk():
        if part.get_filename():
            print(part.get_filename(), hashlib.sha256(
                part.get_payload(decode=True)).hexdigest())
END
}
arrives() { # NAME FILE
	same "$1: 202" 202 "$CODE"
	go
	same "$1: one mail" 1 "$(count_mail)"
	sha256sum "$2" | awk '{ print $2, $1 }' >want.sums
	sums >got.sums
	same_file "$1: the file to the bit" want.sums got.sums
	forget_mail
}
for size in 0 1 1000000; do
	file $size
	make json file.$size
	post application/json body.json -H "$auth" "$URL/send"
	arrives "JSON, $size bytes" file.$size
	make eml file.$size
	post message/rfc822 body.eml -H "$auth" "$URL/send"
	arrives "message, $size bytes" file.$size
done
file 35000000
make php file.35000000
post 'application/json; charset=utf-8' body.json -H "$auth" "$URL/send"
arrives '35 MB, with escapes as PHP writes them' file.35000000
make eml file.35000000
post message/rfc822 body.eml -H "$auth" "$URL/send"
arrives 'a message of 35 MB' file.35000000
make net file.1000000
post application/json body.json -H "$auth" "$URL/send"
arrives 'escapes as .NET writes them' file.1000000
make json file.1000000
post application/json body.json -H "$auth" -H 'Transfer-Encoding: chunked' \
    "$URL/send"
arrives 'chunked' file.1000000
post application/json body.json -H "$auth" -H 'Expect: 100-continue' -v \
    "$URL/send"
says 'Expect: 100 Continue' curl.err '^< HTTP/1.1 100'
arrives 'Expect: 100-continue' file.1000000

# --- who may not is told so before the body is read

post application/json body.json "$URL/send" -w '%{http_code} %{size_upload}' \
    -H 'Expect: 100-continue'
same 'without credentials: 401, nothing is sent' '401 0' "$CODE"
says 'which ones are taken' fields '^WWW-Authenticate: Basic.*Bearer'
says 'as JSON' answer '"status":"failed".*"error":\{'
same 'nothing is queued' 0 "$(queued)"

printf '{}' >body
post application/json body -H "$auth" -H 'Host: evil.example' "$URL/send"
same 'another name: 403' 403 "$CODE"
says 'as JSON, too' answer '"status":"failed".*web_hosts'

# --- the fields

cat >body <<-'END'
	{"from":"sender@example.com","to":["a@example.org","B <b@example.org>"],
	"cc":"c@example.org","bcc":["d@example.org"],"reply_to":"r@example.org",
	"subject":"h\u00e9llo","text":"plain\n","html":"<b>b</b><img src=cid:x>",
	"headers":{"X-One":"1"},"importance":"high","read_receipt":true,
	"delivery_receipt":false,"save":true,"account":null,
	"attachments":[{"name":"a;b.txt","type":"text/plain","content":"aGk=\n"},
	{"name":"x.png","type":"image/png","cid":"x","content":"aQ"}]}
END
post application/json body -H "$auth" "$URL/send"
same 'all fields: 202' 202 "$CODE"
go
python3 - "$(last_mail)" >got <<'END'
import email, email.policy, json, sys
m = email.message_from_binary_file(open(sys.argv[1] + '.eml', 'rb'),
    policy=email.policy.default)
for name in 'From To Cc Reply-To Subject X-One Importance'.split():
    print(name, m[name])
print(m['Disposition-Notification-To'] is not None,
    m['Return-Receipt-To'] is not None)
for p in m.walk():
    if p.get_filename() or not p.is_multipart():
        print(p.get_content_type(), p.get_filename(), p['Content-ID'],
            p.get_content())
END
cat >want <<-'END'
	From sender@example.com
	To a@example.org, B <b@example.org>
	Cc c@example.org
	Reply-To r@example.org
	Subject héllo
	X-One 1
	Importance high
	True False
	text/plain None None plain

	text/html None None <b>b</b><img src=cid:x>
	image/png x.png <x> b'i'
	text/plain a;b.txt None hi
END
same_file 'all fields arrive' want got
forget_mail
by_token '{"to":"a@example.org","save":false}'
go
says 'save: no copy is kept' "$(last_mail).json" '"saveToSentItems":false'
forget_mail

# refused NAME STATUS PATTERN: the last answer
refused() {
	same "$1: $2" "$2" "$CODE"
	says "$1: why" answer "\"status\":\"failed\".*\"error\":\{.*$3"
}
while IFS='|' read -r name code want body; do
	by_token "$body"
	refused "$name" "$code" "$want"
done <<-'END'
	unknown field|400|unknown field ."subjet."; did you mean subject|{"subjet":1}
	unknown field of a file|400|attachments: \[1\]: unknown field ."nam."; did you mean name|{"to":"a@b.example","attachments":[{"content":""},{"nam":""}]}
	a field named as that setting|400|unknown field ."max_message_size."|{"max_message_size":1}
	no recipient|400|nobody to send it to|{"subject":"x"}
	no address|400|to: |{"to":"a@@b"}
	no JSON|400|JSON: expected a closing quote|{"to":"a
	a list|400|object|[1]
	bad base64|400|\[0\]: content: ."!." is no character of base64|{"to":"a@b.example","attachments":[{"content":"aGk!"}]}
	base64 that was cut|400|content: base64 that was cut|{"to":"a@b.example","attachments":[{"content":"aGkaa"}]}
	a number for a text|400|subject: it must be a text|{"to":"a@b.example","subject":1}
	a text for a flag|400|save: it must be true or false|{"to":"a@b.example","save":"no"}
	a NUL|400|subject: there is a NUL|{"to":"a@b.example","subject":"a\u0000b"}
	a line end in the subject|400|subject|{"to":"a@b.example","subject":"a\r\nBcc: x@y.example"}
	a line end in a header|400|X-A|{"to":"a@b.example","headers":{"X-A":"1\r\nBcc: x@y.example"}}
	a field with an option of its own|400|From|{"to":"a@b.example","headers":{"From":"x@y.example"}}
	a mark in a name|400|name: too long, or it has a .";type=|{"to":"a@b.example","attachments":[{"name":"a;type=b","content":""}]}
	no such account|500|nobody|{"to":"a@b.example","account":"nobody"}
	an option as a value|400|no domain|{"to":"--html=/etc/passwd"}
END
by_token '{"to":"a@b.example"}' '?bcc=x'
refused 'unknown in the address' 400 'from, to and account'
post text/plain body -H "$auth" "$URL/send"
refused 'another type' 415 'application/json and message/rfc822'
printf 'Subject: x\n\nx\n' >body
post message/rfc822 body -H "$auth" "$URL/send"
refused 'a message for nobody' 400 'nobody'
printf '' >empty
post application/json empty -H "$auth" "$URL/send"
refused 'no body' 400 JSON
same 'none is queued' 0 "$(queued)"
sed 's/^from = /max_message_size = 1m\n&/' "$CONFIG" >new
cat "$CONFIG" >old
cat new >"$CONFIG"
file 2000000
make json file.2000000
post application/json body.json -H "$auth" "$URL/send"
refused 'too large' 413 '"code":"MessageTooLarge".*max_message_size'
make eml file.2000000
post message/rfc822 body.eml -H "$auth" "$URL/send"
refused 'too large a message' 413 '"code":"MessageTooLarge"'
cat old >"$CONFIG"

# --- users of auth_file, and their words

message() { # HEADER...: a message of them
	printf '%s\n' "$@" '' text >body
	post message/rfc822 body -u nas:pass "$URL/send$QUERY"
}
QUERY=''
by_user nas '{"to":"x@ok.example","from":"q@lab.example.com"}'
same 'from and to that it may: 202' 202 "$CODE"
by_user nas '{"to":"x@ok.example"}'
same 'its first address is its own: 202' 202 "$CODE"
"$P" -C "$CONFIG" queue show "$(id_of)" >shown
says 'that sends it' shown 'nas@example.com'
by_user nas '{"to":"x@ok.example","from":"boss@example.com"}'
refused 'another from' 403 'may not send as boss@example.com'
by_user nas '{"to":"x@ok.example","cc":["y@no.example"]}'
refused 'another to' 403 'may not send to y@no.example'
by_user nas '{"to":"x@ok.example"}' '?to=z@no.example'
refused 'another to in the address' 403 'z@no.example'
by_user nas '{"to":"x@ok.example","account":"other"}'
refused 'another account' 403 'by account other'
message 'From: nas@example.com' 'To: x@ok.example'
same 'a message that it may: 202' 202 "$CODE"
message 'To: x@ok.example'
same 'without From: 202' 202 "$CODE"
message 'From: boss@example.com' 'To: x@ok.example'
refused 'From of another' 403 'as boss@example.com'
message 'From: nas@example.com' 'Sender: boss@example.com' 'To: x@ok.example'
refused 'Sender of another' 403 'as boss@example.com'
message 'From: nas@example.com' 'To: x@ok.example' 'Bcc: y@no.example'
refused 'Bcc to another' 403 'to y@no.example'
message 'From: nas@example.com' 'To: x@ok.example' 'Resent-To: y@no.example'
refused 'Resent-To another' 403 'to y@no.example'
message "$(printf 'From: nas@example.com\rSender: boss@example.com')" \
    'To: x@ok.example'
refused 'a line end that is none' 400 'carriage return alone'
message "$(printf '\357\273\277From: boss@example.com')" 'To: x@ok.example'
refused 'behind a byte order mark' 403 'as boss@example.com'
QUERY='?to=x@ok.example'
message 'From: nas@example.com' 'To: everybody:;'
same 'an envelope of its own: 202' 202 "$CODE"
for QUERY in '?to=' '?to=everybody:;'; do
	message 'From: nas@example.com' 'To: y@no.example'
	refused "an envelope of nobody ($QUERY)" 400 'no address in it'
done
QUERY='?from=boss@example.com'
message 'From: nas@example.com' 'To: x@ok.example'
refused 'and sender' 403 'as boss@example.com'
by_user slow '{"to":"x@ok.example"}'
by_user slow '{"to":"x@ok.example"}'
same 'rate=: two' 202 "$CODE"
by_user slow '{"to":"x@ok.example"}'
same 'rate=: 429' 429 "$CODE"
says 'until when' fields '^Retry-After: 3[0-9]*'
forget_mail
"$P" -C "$CONFIG" queue drop --all >/dev/null 2>&1
by_user as '{"to":"x@ok.example","from":"machine@example.net"}'
QUERY=''
printf '%s\n' 'From: Machine <m@example.net>' 'To: x@ok.example' '' x >body
post message/rfc822 body -u as:pass "$URL/send"
go
cat "$SB_DIR"/mail/*.eml >all.eml
same 'rewrite=: From' 2 "$(grep -c '^From: .*sender@example.com' all.eml)"
says 'rewrite=: Reply-To' all.eml '^Reply-To: machine@example.net'
says 'rewrite=: of a message' all.eml '^Reply-To: .*m@example.net'
forget_mail
json '{}' -u nas:wrong "$URL/send"
same 'a wrong password: 401' 401 "$CODE"
by_user nas '{"to":"x@ok.example"}'
same 'and then a second of waiting: 429' 429 "$CODE"
says 'says how long' fields '^Retry-After: 1'
by_token '{"to":"x@ok.example"}'
same 'not for the token: 202' 202 "$CODE"
says 'it stands in the log' web.err 'sign-in failed for "nas" from 127.0.0.1'
lacks 'without the password' web.err wrong
go
forget_mail

# --- Alertmanager

cat >body <<-'END'
	{"receiver":"mail","status":"firing","alerts":[
	{"status":"resolved","labels":{"alertname":"NodeDown","instance":"web2"},
	"annotations":{},"startsAt":"2026-11-30T11:00:00Z",
	"endsAt":"2026-11-30T12:00:00Z","generatorURL":"","fingerprint":"b"},
	{"status":"firing","labels":{"alertname":"NodeDown","instance":"web1"},
	"annotations":{"summary":"web1 is down","description":"for 5 minutes"},
	"startsAt":"2026-11-30T12:00:00Z","endsAt":"0001-01-01T00:00:00Z",
	"generatorURL":"http://prometheus/graph?a\u0026b","fingerprint":"a"}],
	"groupLabels":{"alertname":"NodeDown"},
	"commonLabels":{"alertname":"NodeDown","job":"node"},
	"commonAnnotations":{},"externalURL":"http://alertmanager:9093",
	"version":"4","groupKey":"{}","truncatedAlerts":0}
END
post application/json body -H "$auth" "$URL/send?to=ops@example.org"
same 'Alertmanager: 202' 202 "$CODE"
go
sed '1,/^\r*$/d' "$(last_mail).eml" | tr -d '\r' >got
says 'its subject' "$(last_mail).eml" '^Subject: \[FIRING:1\] NodeDown \(node\)'
says 'its recipient' "$(last_mail).eml" '^To: ops@example.org'
cat >want <<-'END'
	1 firing, 1 resolved

	FIRING NodeDown
	  web1 is down
	  description: for 5 minutes
	  alertname = NodeDown
	  instance = web1
	  since 2026-11-30T12:00:00Z
	  http://prometheus/graph?a&b

	RESOLVED NodeDown
	  alertname = NodeDown
	  instance = web2
	  since 2026-11-30T11:00:00Z
	  until 2026-11-30T12:00:00Z

	http://alertmanager:9093
END
same_file 'its text' want got
forget_mail

# --- other clients, and many

if command -v node >/dev/null; then
	URL=$URL TOKEN=$TOKEN node - >node.out 2>&1 <<'END'
fetch(process.env.URL + '/send', {
	method: 'POST',
	headers: { Authorization: 'Bearer ' + process.env.TOKEN,
		'Content-Type': 'application/json' },
	body: JSON.stringify({ to: 'a@example.org', subject: 'node',
		attachments: [ { name: 'a.bin', content:
			Buffer.from([ 0, 255 ]).toString('base64') } ] }),
}).then(async (r) => console.log(r.status, (await r.json()).status))
END
	same 'Node: 202' '202 queued' "$(cat node.out)"
	go
	printf '\000\377' >a.bin
	CODE=202
	sha256sum a.bin | awk '{ print $2, $1 }' >want.sums
	sums >got.sums
	same_file 'Node: the file to the bit' want.sums got.sums
	forget_mail
else
	skip 'a client of Node' 'no node'
fi

# each is a process of its own: with sanitizers 64 take many seconds to start,
# and who waits in line is sent away meanwhile
stop_web
lacks 'the server is sound' web.err Sanitizer
lacks 'nothing undefined happens' web.err 'runtime error'
SERVER=$P
start_web
printf '{"to":"a@example.org","subject":"privateword","text":"x"}' >body
: >seen
while [ ! -e seen.done ]; do
	cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n' |
	    grep -c 'privatewor[d]' >>seen
done &
LOOK=$!
URL=$URL TOKEN=$TOKEN python3 - >codes 2>many.err <<'END'
import os, socket, urllib.parse
at = urllib.parse.urlsplit(os.environ['URL'])
body = open('body', 'rb').read()
request = ('POST /send HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n'
    'Content-Type: application/json\r\nContent-Length: %d\r\n'
    'Connection: close\r\n\r\n' % (at.netloc, os.environ['TOKEN'],
    len(body))).encode() + body
all = []
for n in range(100):
    all.append(socket.create_connection((at.hostname, at.port), 60))
    all[n].sendall(request)
for n, s in enumerate(all):
    got = b''
    while piece := s.recv(65536):
        got += piece
    open('p.%d' % n, 'wb').write(got)
    print(got[9:12].decode())
END
: >seen.done
wait $LOOK
same '100 at once: all 202' '100 202' "$(sort codes | uniq -c | xargs)"
same '100 at once: all queued' 100 "$(queued)"
same 'no word of them on a command line' 0 "$(grep -vc '^0' seen)"
cat p.* | tr -d '\r' | grep '^{' >all
"$P" -C "$CONFIG" queue list --json | sed 's/.*"id":"\([^"]*\)".*/\1/' |
    sort >ids
sed 's/.*"id":"\([^"]*\)".*/\1/' all | sort >told
same_file '100 at once: under the ids that were told' told ids

# --- where there is no /proc, /dev/fd/N is read all the same

if [ "$(id -u)" = 0 ]; then
	mkdir -p jail/state
	cp "$P" jail/post365
	{
		grep -vE '^(ca|state_dir|spool_dir|log_file) = ' "$CONFIG" |
		    sed '/^\[/,$d'
		echo 'state_dir = /state'
	} >jail/config
	chmod 600 jail/config
	echo words >text
	check 'without /proc: 0' 0 run chroot jail /post365 -C /config send \
	    --queue --text /dev/fd/3 -a '/dev/fd/4;name=a' a@example.org \
	    3<text 4<a.bin
	cat jail/state/spool/new/* | tr -d '\000' >stored
	says 'the text is there' stored '^words'
	says 'the file, too' stored '^AP8='
else
	skip 'without /proc' 'not root'
fi

# --- a token that the relay's user cannot read

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null 2>&1; then
	chmod 755 . && mkdir -m 755 his
	(umask 077 && echo 0123456789abcdef >his/token)
	cat >his/config <<END
tenant_id = 11111111-2222-4333-8444-555555555555
client_id = 66666666-7777-4888-9999-aaaaaaaaaaaa
client_secret_command = true
from = first@example.com
state_dir = $TMP/none
[relay]
listen = 127.0.0.1:2599
web_token_file = $TMP/his/token
END
	chmod 644 his/config
	check 'a token of root: 78' 78 run setpriv --reuid 1234 --clear-groups \
	    timeout 10 "$P" -C his/config relay
	says 'and what to do' "$ERR" \
	    "chgrp post365 $TMP/his/token && chmod 640"
else
	skip 'a token of root' 'not root, or no setpriv'
fi

# --- killed after each answer

# what is killed is the server itself, not its bound
stop_web
bound=''
start_web
: >told
for _ in $(seq 30); do
	by_token '{"to":"a@example.org","subject":"kept"}'
	id_of >>told
	kill -9 "$WEB"
	wait "$WEB" 2>/dev/null
	start_web
done
"$P" -C "$CONFIG" queue list --json | sed 's/.*"id":"\([^"]*\)".*/\1/' >ids
sort told >told.sorted
same '30 were answered 202' 30 "$(grep -c . told)"
grep -Fxf ids told | sort >kept
same_file 'all are in the queue' told.sorted kept
finish
