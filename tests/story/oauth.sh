#!/bin/sh
# SPDX-License-Identifier: MIT
# oauth: an OAuth server and a TLS stack that nobody here wrote.
# shellcheck disable=SC2317
. "$(dirname "$0")/lib.sh"

HERE=$(cd "$(dirname "$0")" && pwd)
NPM=${NPM:-${TOP:-.}/build/npm}/node_modules
for tool in node openssl; do
	command -v $tool >/dev/null 2>&1 || {
		skip oauth "no $tool"
		exit 0
	}
done
if [ ! -e "$NPM/oauth2-mock-server/package.json" ]; then
	skip oauth 'oauth2-mock-server is not installed: ./build.sh deps'
	exit 0
fi
cd "$TMP" || exit 1

# An authority and a server certificate, by openssl.
{
	openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem \
	    -subj '/CN=Story CA' -days 2
	openssl req -newkey rsa:2048 -nodes -keyout key.pem -out request \
	    -subj '/CN=127.0.0.1'
	printf 'subjectAltName=IP:127.0.0.1\n' >names
	openssl x509 -req -in request -CA ca.pem -CAkey ca.key \
	    -CAcreateserial -days 2 -extfile names -out cert.pem
} >openssl.log 2>&1 || {
	not_ok 'certificate' "$(tail -n 1 openssl.log)"
	exit 1
}

timeout 250 node "$HERE/oauth_server.js" "$NPM" cert.pem key.pem log \
    >server.out 2>server.err &
SERVER_PID=$!
trap 'kill $SERVER_PID 2>/dev/null' EXIT
trap 'exit 1' HUP INT TERM
await server.out $SERVER_PID
read -r _ LOGIN GRAPH <server.out

SECRET='a+b c/d=e&f%41~g.h-i_j"k'
CONFIG=$TMP/config
(
	umask 077
	cat >"$CONFIG" <<-END
	tenant_id = the-tenant.example
	client_id = 66666666-7777-4888-9999-aaaaaaaaaaaa
	client_secret = $SECRET
	login_url = https://127.0.0.1:$LOGIN
	graph_url = https://127.0.0.1:$GRAPH/v1.0/
	ca = $TMP/ca.pem
	from = sender@example.com
	state_dir = $TMP/state
	END
)

echo hello >body
check 'send' 0 send --via json -s one --text body x@example.org
has 'the form has four fields' log \
    'form client_id client_secret grant_type scope'
has 'the grant' log 'grant client_credentials'
has 'the scope is the root of graph_url' log \
    "scope https://127.0.0.1:$GRAPH/.default"
has 'the client' log 'client 66666666-7777-4888-9999-aaaaaaaaaaaa'
has 'the secret arrives as it is' log "secret $SECRET"
says 'the type of the form' log '^type application/x-www-form-urlencoded'
has 'Graph takes the token' log \
    'graph POST /v1.0/users/sender%40example.com/sendMail 202'
has 'the message' log 'subject one'
check 'send again' 0 send --via json -s two --text body x@example.org
same 'with the same token' 1 "$(grep -c '^grant' log)"
has 'the second message' log 'subject two'

# The name in the certificate counts: it has the address and no name.
sed -i "s,^graph_url = .*,graph_url = https://localhost:$GRAPH/v1.0," "$CONFIG"
check 'another name' 75 send --via json -s three --text body x@example.org
says 'another name: says why' "$ERR" 'certificate'
lacks 'another name: nothing arrives' log 'subject three'
finish
