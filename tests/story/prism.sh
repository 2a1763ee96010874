#!/bin/sh
# SPDX-License-Identifier: MIT
# prism: Microsoft's own description of the API, played by a program that
# nobody here wrote, finds no fault with what is sent. The sandbox signs in.
# shellcheck disable=SC2119,SC2317
. "$(dirname "$0")/lib.sh"

NPM=${NPM:-${TOP:-.}/build/npm}/node_modules
prism=$NPM/.bin/prism
if [ ! -x "$prism" ]; then
	skip prism 'not installed: ./build.sh deps'
	exit 0
fi
if [ ! -e "${SHARED:-/nonexistent}/openapi-mail.yaml" ]; then
	skip prism 'no openapi-mail.yaml at hand'
	exit 0
fi

start_sandbox
SERVER_PID=''
stop_all() {
	[ -z "$SERVER_PID" ] || kill "$SERVER_PID" 2>/dev/null
	SERVER_PID=''
	stop_sandbox
}
trap stop_all EXIT

# start_prism PORT: it takes no port 0. False if the port is taken.
start_prism() {
	timeout 250 "$prism" mock -h 127.0.0.1 -p "$1" --errors \
	    "$SHARED/openapi-mail.yaml" >"$TMP/prism.log" 2>&1 &
	SERVER_PID=$!
	n=0
	until grep -q 'listening on' "$TMP/prism.log"; do
		n=$((n + 1))
		if [ $n -gt 300 ] || ! kill -0 "$SERVER_PID" 2>/dev/null; then
			kill "$SERVER_PID" 2>/dev/null
			return 1
		fi
		sleep 0.1
	done
}
port=$((20000 + $$ % 20000))
tries=0
until start_prism $port; do
	tries=$((tries + 1))
	port=$((port + 1))
	if [ $tries = 3 ]; then
		not_ok 'prism starts' "$(tail -n 1 "$TMP/prism.log")"
		exit 1
	fi
done
setting graph_url "http://127.0.0.1:$port"
setting timeout 30s

# accepted NAME OPTION...: 202, and no complaint of Prism's validation.
accepted() {
	name=$1
	shift
	: >"$TMP/prism.log"
	send "$@"
	if [ "$STATUS" != 0 ]; then
		not_ok "$name" "exit $STATUS: $(head -n 1 "$ERR")"
	elif grep -qiE 'violation|error' "$TMP/prism.log"; then
		not_ok "$name" "$(grep -iE 'violation|error' \
		    "$TMP/prism.log" | head -n 1)"
	elif ! grep -q 202 "$TMP/prism.log"; then
		not_ok "$name" 'Prism was not asked'
	else
		ok "$name"
	fi
}

cd "$TMP" || exit 1
printf 'Gr\303\274\303\237e\n' >text
printf '<p>Gr\303\274\303\237e</p>\n' >page
head -c 70000 /dev/urandom >file.bin
: >empty
accepted 'least' --text empty x@example.org
accepted 'text' -s "$(cat text)" --text text x@example.org
accepted 'html' -s x --html page x@example.org
accepted 'all recipients' -s x --text text -t 'A <a@example.org>' \
    -c c@example.org -b b@example.org --reply-to 'R <r@example.org>' \
    x@example.org
accepted 'blind only' -s x --text text -b b@example.org
accepted 'from' -f 'Sender <sender@example.com>' --text text x@example.org
accepted 'headers' --text text -H 'X-A: 1' -H 'x-b: 2' -H 'X-C: 3' \
    -H 'X-D: 4' -H 'X-E: 5' x@example.org
accepted 'importance low' --text text --importance low x@example.org
accepted 'importance high' --text text --importance high x@example.org
accepted 'receipts' --text text --read-receipt --delivery-receipt \
    x@example.org
accepted 'not saved' --text text --no-save x@example.org
accepted 'attachments' --text text -a file.bin \
    -a 'text;type=text/plain;name=Gruss.txt' -a empty x@example.org
accepted '1 MB file' --text text -a "$(head -c 1000000 /dev/urandom \
    >large.bin && echo large.bin)" x@example.org

# Prism would have said so: it is strict about the words of importance.
REQUEST=$("$P" -C "$CONFIG" send -n --via json --text text x@example.org | sed -n '$p')
if command -v curl >/dev/null 2>&1; then
	got=$(printf %s "$REQUEST" | sed 's/"message":{/&"importance":"urgent",/' |
	    curl -s -o /dev/null -w '%{http_code}' --max-time 30 \
	    -H 'Authorization: Bearer x' -H 'Content-Type: application/json' \
	    --data-binary @- "http://127.0.0.1:$port/users/a@example.com/sendMail")
	same 'a fault is found' 422 "$got"
else
	skip 'a fault is found' 'no curl'
fi
finish
