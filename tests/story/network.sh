#!/bin/sh
# SPDX-License-Identifier: MIT
# network: the executable behind nginx (versions, keys, curves, resumption),
# behind somebody who decrypts, and on networks that do not work.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"
COLUMNS=9000 # check breaks no line
export COLUMNS
HERE=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin
have() { command -v "$1" >/dev/null 2>&1; }

for tool in nginx openssl python3; do
	have $tool || {
		skip network "no $tool"
		exit 0
	}
done
cd "$TMP" || exit 1

# --- helpers of both halves

# took NAME MOST: the last run took no more than so many ms.
took() {
	if [ "$MS" -le "$2" ]; then
		ok "$1"
	else
		not_ok "$1" "$MS ms"
	fi
}
timed() {
	start=$(now_ms)
	run "$@"
	MS=$(($(now_ms) - start))
}

# certificate NAME KEY-OPTIONS NAMES: by the story's own authority
certificate() {
	printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$3" >names
	# shellcheck disable=SC2086
	openssl req -newkey $2 -nodes -keyout "$1.key" -out request \
	    -subj "/CN=$1" &&
	    openssl x509 -req -in request -CA ca.pem -CAkey ca.key \
	        -CAcreateserial -days 2 -extfile names -out "$1.pem"
}

EC='ec -pkeyopt ec_paramgen_curve:P-256'
MICROSOFT=DNS:login.microsoftonline.com,DNS:graph.microsoft.com
make_certificates() {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem \
	    -subj '/O=Story Ltd/CN=Story Inspection' -days 2 &&
	    certificate rsa rsa:2048 DNS:localhost &&
	    certificate ec "$EC" DNS:localhost &&
	    certificate theirs "$EC" $MICROSOFT &&
	    certificate portal "$EC" DNS:portal.lan
}

# Each line: what it is, the certificate, protocols, curves, ciphers.
servers() {
	cat <<-'END'
	rsa12 rsa TLSv1.2 auto HIGH
	ec12 ec TLSv1.2 auto HIGH
	rsa13 rsa TLSv1.3 auto HIGH
	ec13 ec TLSv1.3 auto HIGH
	p256 ec TLSv1.3 prime256v1 HIGH
	p384 ec TLSv1.3 secp384r1 HIGH
	x25519 ec TLSv1.3 X25519 HIGH
	p384-12 rsa TLSv1.2 secp384r1 HIGH
	x25519-12 ec TLSv1.2 X25519 HIGH
	cbc rsa TLSv1.2 auto ECDHE-RSA-AES128-SHA:AES128-SHA:@SECLEVEL=0
	old rsa TLSv1.1 auto ALL:@SECLEVEL=0
	theirs theirs TLSv1.3 auto HIGH
	portal portal TLSv1.3 auto HIGH
	END
}

# in_http FIRST-PORT: the servers, each before the sandbox.
in_http() {
	port=$1
	cat <<-EOF
	log_format tls '\$server_port \$ssl_protocol \$ssl_curve '
	    '\$ssl_session_reused \$request';
	access_log $TMP/nginx.log tls;
	EOF
	servers | while read -r _ key protocols curves ciphers; do
		cat <<-EOF
		server {
		listen 127.0.0.1:$port ssl;
		ssl_certificate $TMP/$key.pem;
		ssl_certificate_key $TMP/$key.key;
		ssl_protocols $protocols;
		ssl_ecdh_curve $curves;
		ssl_ciphers "$ciphers";
		ssl_session_cache builtin;
		proxy_http_version 1.1;
		location / { proxy_pass $BACKEND; }
		location ~ /token\$ {
		proxy_set_body "$FORM";
		proxy_pass $BACKEND;
		}
		}
		EOF
		port=$((port + 1))
	done
}

NGINX=''
stop_nginx() {
	[ -n "$NGINX" ] || return 0
	kill "$NGINX" 2>/dev/null
	wait "$NGINX" 2>/dev/null
	NGINX=''
}

# Tries ports until nginx gets them all; sets FIRST.
start_nginx() {
	FIRST=$((12000 + $$ % 17000))
	for _ in 1 2 3 4 5; do
		in_http "$FIRST" | nginx_conf "$TMP" >nginx.conf
		timeout 200 nginx -c "$TMP/nginx.conf" -e "$TMP/nginx.error" \
		    >nginx.out 2>&1 &
		NGINX=$!
		n=0
		while kill -0 $NGINX 2>/dev/null && [ $n -lt 60 ]; do
			[ -s nginx.pid ] && return
			sleep 0.05
			n=$((n + 1))
		done
		stop_nginx
		FIRST=$((FIRST + 40))
	done
	not_ok 'nginx starts' "$(tail -n 2 nginx.error)"
	finish
}
trap 'stop_nginx; stop_sandbox' EXIT

# through NAME HOST: sets the URLs to that server of nginx; sets PORT.
through() {
	PORT=$((FIRST + $(servers | cut -d ' ' -f 1 | grep -nx "$1" |
	    cut -d : -f 1) - 1))
	rm -rf "${SB_DIR:?}/state"
	setting login_url "https://$2:$PORT"
	setting graph_url "https://$2:$PORT/v1.0"
}
deliver() { send -s "$1" a@example.com </dev/null; }

prepare() {
	make_certificates >openssl.log 2>&1 || {
		not_ok certificates "$(tail -n 1 openssl.log)"
		finish
	}
	start_sandbox --plain
	trap 'stop_nginx; stop_sandbox' EXIT
	BACKEND=$(setting_of login_url | sed 's/localhost/127.0.0.1/')
	# tokens for the port of nginx would be none for the sandbox's
	FORM=$(python3 -c 'import sys, urllib.parse
print(urllib.parse.urlencode({
    "grant_type": "client_credentials", "client_id": sys.argv[1],
    "client_secret": sys.argv[2],
    "scope": "https://graph.microsoft.com/.default"}))' \
	    "$(setting_of client_id)" "$(setting_of client_secret)")
	setting ca "$TMP/ca.pem"
	setting timeout 10s
	: >nginx.log
	start_nginx
}

# --- the half that needs a network of its own

bind() { mount --bind "$1" "$2"; }

# look_up NAME HOST MOST PATTERN...: what check says, and within which time.
look_up() {
	what=$1 most=$3
	setting login_url "https://$2:$PORT"
	timed "$P" -C "$CONFIG" -v check
	took "$what: in time" "$most"
	shift 3
	for pattern in "$@"; do
		cat "$OUT" "$ERR" >both
		says "$what: $pattern" both "$pattern"
	done
}

inside() {
	ip link set lo up || return
	printf '127.0.0.1 localhost\n::1 localhost\n%s\n' \
	    '127.0.0.1 login.microsoftonline.com graph.microsoft.com' >hosts
	# as in a container of Kubernetes: no name here may suffer from it
	printf 'nameserver 127.0.0.2\nsearch corp.example\noptions ndots:5\n' \
	    >resolv
	bind hosts /etc/hosts && bind resolv /etc/resolv.conf || return
	prepare

	# somebody decrypts, with an authority that this machine trusts
	through theirs login.microsoftonline.com
	setting graph_url "https://graph.microsoft.com:$PORT/v1.0"
	setting ca auto
	SSL_CERT_FILE=$TMP/ca.pem
	export SSL_CERT_FILE
	run "$P" -C "$CONFIG" check
	same 'decrypted: check' 0 "$STATUS"
	says 'decrypted: who' "$OUT" '^note .*CN=Story Inspection'
	same 'decrypted: told once' 1 "$(grep -c decrypts "$OUT")"
	run "$P" -C "$CONFIG" -v send -s x a@example.com </dev/null
	says 'decrypted: -v' "$ERR" "by the system's store: .*Story Inspection"
	setting ca "$TMP/ca.pem"
	run "$P" -C "$CONFIG" check
	same 'decrypted, allowed by ca = FILE' 0 "$STATUS"
	lacks 'decrypted, allowed by ca = FILE: no word' "$OUT" decrypts
	setting ca builtin
	run "$P" -C "$CONFIG" check
	same 'decrypted, ca = builtin' 75 "$STATUS"
	says 'decrypted, ca = builtin: who' "$OUT" 'CN=Story Inspection'
	says 'decrypted, ca = builtin: cure' "$OUT" 'ca = auto'
	unset SSL_CERT_FILE

	# a captive portal with a certificate of its own
	through portal login.microsoftonline.com
	run "$P" -C "$CONFIG" check
	same 'portal: exit' 75 "$STATUS"
	says 'portal: whose' "$OUT" 'it is for portal.lan'
	says 'portal: cure' "$OUT" 'captive portal'

	# names
	setting timeout 5s
	setting connect_timeout 3s
	timeout 200 python3 "$HERE/network_names.py" "$FIRST" >names.out 2>&1 &
	NAMES=$!
	n=0
	until grep -q ready names.out || [ $n -gt 100 ]; do
		sleep 0.05
		n=$((n + 1))
	done
	through ec13 localhost
	look_up 'a dead IPv6 address' six.test 3000 \
	    'connected to 127.0.0.1' 'it is for localhost'
	look_up 'a hole first' hole.test 4000 'connected to 127.0.0.1'
	look_up 'no such name' gone.test 6000 'the name is not known'
	look_up 'a name without address' empty.test 6000 'the name (is not|has no)'
	look_up 'a server that fails' fail.test 6500 'name server|in time' \
	    '/etc/resolv.conf'
	look_up 'a server that says nothing' mute.test 6500 \
	    'got no answer in time|does not answer' 'port 53'
	printf 'nameserver 127.0.0.9\nnameserver 192.0.2.1\nnameserver 127.0.0.2\n' \
	    >resolv
	look_up 'two dead servers of three' six.test 4000 \
	    'connected to 127.0.0.1'
	printf 'nameserver 127.0.0.9\nnameserver 192.0.2.1\n' >resolv
	look_up 'all dead' six.test 6500 'in time|does not answer' \
	    '/etc/resolv.conf'
	: >resolv
	look_up 'no server named' six.test 6500 'resolv.conf'
	kill $NAMES
	wait $NAMES 2>/dev/null
	finish
}

if [ "${1:-}" = inside ]; then
	inside || skip 'networks that do not work' 'no names of its own here'
	finish
fi

# --- nginx

prepare
for server in rsa12 ec12 rsa13 ec13 p256 p384 x25519 p384-12 x25519-12; do
	through $server localhost
	forget_mail
	: >nginx.log
	check "nginx, $server" 0 deliver one
	check "nginx, $server, again" 0 deliver two
	same "nginx, $server: kept" 2 "$(count_mail)"
	case $server in
	*12) version=TLSv1.2 ;;
	*) version=TLSv1.3 ;;
	esac
	# the token and the message, then the message alone
	same "nginx, $server: resumed" "$PORT $version . r" \
	    "$(cut -d ' ' -f 1,2,4 nginx.log | uniq | tr '\n' ' ' |
	        sed "s/ $PORT $version r $/ r/")"
done
through p384 localhost
: >nginx.log
deliver one
says 'nginx: P-384 it is' nginx.log 'secp384r1'
through x25519 localhost
: >nginx.log
deliver one
says 'nginx: X25519 it is' nginx.log 'X25519'

through cbc localhost
check 'CBC only' 75 deliver one
says 'CBC only: told' "$ERR" 'no common cipher'
says 'CBC only: cure' "$ERR" 'ECDHE with AES-GCM'
through old localhost
check 'TLS 1.1 only' 75 deliver one
says 'TLS 1.1 only: told' "$ERR" 'older TLS than 1.2'
says 'TLS 1.1 only: cure' "$ERR" 'allow TLS 1.2'
stop_nginx

# --- servers that say nothing, or too slowly: each request has an end, and
# what may be asked again (a token) is, after pauses

start_sandbox
trap 'stop_nginx; stop_sandbox' EXIT
setting timeout 2s
setting connect_timeout 1s
while IFS='|' read -r rule want; do
	rm -rf "${SB_DIR:?}/state"
	faults "$rule"
	timed "$P" -C "$CONFIG" send -s x a@example.com </dev/null
	same "$rule: exit" "$want" "$STATUS"
	took "$rule: in time" 14000
done <<-'END'
	any tls-stall|75
	any tls-half|75
	token silent|75
	token slow ms=1000|75
	send silent|76
	send slow ms=1000|76
	send slow-head ms=1000|76
	send no-read|76
END
stop_sandbox

if unshare -n -m true 2>/dev/null && have ip; then
	mkdir -p "$TMP/inside"
	TMP=$TMP/inside timeout 250 unshare -n -m sh "$HERE/network.sh" inside ||
	    failures=$((failures + 1))
else
	skip 'networks that do not work' 'no network of its own for a process'
fi
finish
