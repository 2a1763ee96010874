#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tls.sh: our TLS client against servers that nobody here wrote: openssl
# s_server and nginx. The client is "tls_test probe" (tests/unit/tls_test.c):
# no setting of the executable is needed for this.
. "${TOP:?}/tests/story/lib.sh"
PROBE=$TOP/build/san/tls_test
D=$TMP/tls
SERVER=''

have() { command -v "$1" >/dev/null 2>&1; }

stop() {
	[ -z "$SERVER" ] && return
	kill "$SERVER" 2>/dev/null
	wait "$SERVER" 2>/dev/null
	SERVER=''
}
trap stop EXIT
trap 'exit 1' HUP INT TERM

have openssl || {
	skip tls 'no openssl here'
	exit 0
}
[ -x "$PROBE" ] || {
	skip tls 'build/san/tls_test is not built'
	exit 0
}
mkdir -p "$D" && cd "$D" || exit 1

# --- certificates

# new_key KIND FILE
new_key() {
	case $1 in
	rsa) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 ;;
	ec) openssl genpkey -algorithm EC \
	    -pkeyopt ec_paramgen_curve:P-256 ;;
	ec384) openssl genpkey -algorithm EC \
	    -pkeyopt ec_paramgen_curve:P-384 ;;
	esac >"$2" 2>/dev/null
}

# days N: that many days from now, as openssl ca wants it.
days() { date -u -d "@$(($(date +%s) + $1 * 86400))" +%Y%m%d%H%M%SZ; }

# sign NAME ISSUER EXTENSION FROM TO: NAME.key exists, ISSUER.key and .pem.
sign() {
	mkdir -p ca && : >ca/index && echo "1$(date +%s%N)" |
	    cut -c 1-16 >ca/serial
	cat >ca/config <<-EOF
	[ca]
	default_ca = d
	[d]
	database = ca/index
	serial = ca/serial
	new_certs_dir = ca
	policy = p
	unique_subject = no
	default_md = sha256
	[p]
	commonName = supplied
	[x]
	$3
	EOF
	openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr" &&
	    openssl ca -batch -notext -config ca/config -extensions x \
	        -startdate "$(days "$4")" -enddate "$(days "$5")" \
	        -in "$1.csr" -cert "$2.pem" -keyfile "$2.key" -out "$1.pem"
}

AUTHORITY='basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign'
LEAF='extendedKeyUsage = serverAuth
keyUsage = critical,digitalSignature
subjectAltName = DNS:graph.test'

# A chain of four: root, cross, issuing, leaf; all keys of one kind.
chain() {
	kind=$1
	for name in root cross issuing leaf; do
		new_key "$2" "$kind-$name.key" || return
	done
	openssl req -x509 -key "$kind-root.key" -subj "/CN=$kind-root" \
	    -days 30 -addext 'keyUsage = critical,keyCertSign' \
	    -out "$kind-root.pem" &&
	    sign "$kind-cross" "$kind-root" "$AUTHORITY" -2 20 &&
	    sign "$kind-issuing" "$kind-cross" "$AUTHORITY" -2 20 &&
	    sign "$kind-leaf" "$kind-issuing" "$LEAF" -2 10 &&
	    cat "$kind-leaf.pem" "$kind-issuing.pem" "$kind-cross.pem" \
	        >"$kind-chain.pem"
}

make_all() {
	chain rsa rsa && chain ec ec384 || return
	for name in old new other; do
		new_key ec "$name.key" || return
	done
	for name in lone inside-root inside outside; do
		new_key ec "$name.key" || return
	done
	sign lone rsa-issuing "$LEAF
authorityInfoAccess = caIssuers;URI:http://a.test/ca.crt" -2 10 || return
	openssl req -x509 -key inside-root.key -subj /CN=inside-root \
	    -days 30 -addext 'keyUsage = critical,keyCertSign' -addext \
	    'nameConstraints = critical,permitted;DNS:graph.test' \
	    -out inside-root.pem &&
	    sign inside inside-root "$LEAF" -2 10 &&
	    sign outside inside-root "$LEAF,DNS:x.test" -2 10 || return
	sign old rsa-issuing "$LEAF" -10 -1 &&
	    sign new rsa-issuing "$LEAF" 1 10 &&
	    sign other rsa-issuing 'subjectAltName = DNS:other.test' -2 10 &&
	    for name in old new other; do
		cat rsa-issuing.pem rsa-cross.pem >>"$name.pem"
	    done
}

if ! make_all >log 2>&1; then
	not_ok 'certificates' "$(tail -n 2 log | tr '\n' ' ')"
	exit 1
fi

# --- servers

# serve CHAIN KEY [OPTION...]: openssl s_server; sets PORT.
serve() {
	stop
	chain=$1 key=$2
	shift 2
	timeout 120 openssl s_server -accept 127.0.0.1:0 -www -cert "$chain" \
	    -cert_chain "$chain" -key "$key" "$@" >server.out 2>server.err \
	    </dev/null &
	SERVER=$!
	tries=0
	PORT=''
	while [ -z "$PORT" ] && [ $tries -lt 200 ]; do
		sleep 0.05
		PORT=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' server.out)
		tries=$((tries + 1))
	done
	[ -n "$PORT" ] || not_ok 'openssl s_server starts' \
	    "$(head -n 2 server.err | tr '\n' ' ')"
}

# told NAME WORD... : the last probe's output contains each of them.
told() {
	what=$1
	shift
	for word in "$@"; do
		case $SAID in
		*"$word"*) ;;
		*)
			not_ok "$what" "no \"$word\" in: $SAID"
			return
			;;
		esac
	done
	ok "$what"
}

probe() { SAID=$("$PROBE" probe 127.0.0.1 "$PORT" "$@" 2>&1 | tr '\n' ' '); }

for kind in rsa ec; do
	serve $kind-chain.pem $kind-leaf.key
	probe $kind-root.pem graph.test
	told "$kind chain of four, TLS 1.3" 'ok TLSv1.3'
	serve $kind-chain.pem $kind-leaf.key -tls1_2
	probe $kind-root.pem graph.test
	told "$kind chain of four, TLS 1.2" 'ok TLSv1.2'
	serve $kind-chain.pem $kind-leaf.key -tls1_3
	probe $kind-root.pem graph.test
	told "$kind, TLS 1.3 only" 'ok TLSv1.3'
done

serve rsa-chain.pem rsa-leaf.key
probe ec-root.pem graph.test
told 'unknown root' 'CN=rsa-root' 'set ca = FILE' 'ca = ec-root.pem'
probe builtin graph.test
told 'unknown root, built-in' 'CN=rsa-root' 'ca = auto'
SSL_CERT_FILE=rsa-root.pem
export SSL_CERT_FILE
probe auto graph.test
told 'root in the system store' 'ok TLSv1.3'
unset SSL_CERT_FILE
probe rsa-root.pem wrong.test
told 'wrong name' 'it is for graph.test' 'login_url'
probe rsa-root.pem 127.0.0.1
told 'address instead of name' 'it is for graph.test'

serve old.pem old.key
probe rsa-root.pem graph.test
told 'expired, or a clock that is a day ahead' 'it expired on' 'clock says'
serve new.pem new.key
probe rsa-root.pem graph.test
told 'not yet valid, or a clock that is behind' 'not valid before' \
    'clock says'
serve other.pem other.key
probe rsa-root.pem graph.test
told 'issued for another name' 'it is for other.test'

serve rsa-leaf.pem rsa-leaf.key
probe rsa-root.pem graph.test
told 'intermediates missing' 'CN=rsa-issuing'
serve lone.pem lone.key
probe rsa-root.pem graph.test
told 'an intermediate that the server forgot' 'incomplete chain' \
    'CN=rsa-issuing (it is at http://a.test/ca.crt)' 'full chain'
serve inside.pem inside.key
probe inside-root.pem graph.test
told 'name constraints of a company'"'"'s authority' 'ok TLSv1.3'
serve outside.pem outside.key
probe inside-root.pem graph.test
told 'outside of them' 'name constraints'

serve rsa-chain.pem rsa-leaf.key -tls1_1 -cipher ALL:@SECLEVEL=0
probe rsa-root.pem graph.test
told 'TLS 1.1 only' 'older TLS than 1.2'
serve rsa-chain.pem rsa-leaf.key -tls1_2 -cipher AES128-SHA256
probe rsa-root.pem graph.test
told 'no common cipher' 'no common cipher'
serve rsa-chain.pem rsa-leaf.key -groups P-384
probe rsa-root.pem graph.test
told 'HelloRetryRequest for P-384' 'ok TLSv1.3'
serve rsa-chain.pem rsa-leaf.key -Verify 1
probe rsa-root.pem graph.test
told 'a client certificate is asked for' 'ok TLSv1.3'

for version in 1_2 1_3; do
	serve rsa-chain.pem rsa-leaf.key "-tls$version"
	rm -rf sessions
	probe rsa-root.pem graph.test sessions
	first=$SAID
	probe rsa-root.pem graph.test sessions
	case $first in
	*resumed*) not_ok "resumption, $version" "the first: $first" ;;
	*) told "resumption, $version" 'ok TLSv1' ', resumed' ;;
	esac
	# the server was restarted, with another ticket key: same name and
	# port do not matter to the probe, which names the file by the port
	stop
done

# A session of TLS 1.3, and a server that speaks 1.2 only by now.
serve rsa-chain.pem rsa-leaf.key -tls1_3
rm -rf sessions
probe rsa-root.pem graph.test sessions
old=$(echo sessions/*)
serve rsa-chain.pem rsa-leaf.key -tls1_2
probe rsa-root.pem graph.test sessions
for f in sessions/*; do
	[ "$f" = "$old" ] || mv "$old" "$f"
done
probe rsa-root.pem graph.test sessions
probe rsa-root.pem graph.test sessions
told 'a session the server has outlived' 'ok TLSv1.2'
stop

# --- nginx

nginx_story() {
	port=$((20000 + $$ % 10000))
	tries=0
	while [ $tries -lt 10 ]; do
		port=$((port + 1))
		nginx_conf "$D" >nginx.conf <<-EOF
		access_log off;
		server {
		listen 127.0.0.1:$port ssl;
		ssl_certificate $D/$1-chain.pem;
		ssl_certificate_key $D/$1-leaf.key;
		ssl_protocols $2;
		ssl_session_tickets on;
		location / { return 200 "ok"; }
		}
		EOF
		stop
		timeout 60 nginx -c "$D/nginx.conf" -e "$D/nginx.error" \
		    >nginx.out 2>&1 &
		SERVER=$!
		PORT=$port
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			sleep 0.1
			probe "$1-root.pem" graph.test
			case $SAID in *refused*) ;; *) break 2 ;; esac
			kill -0 "$SERVER" 2>/dev/null || break
		done
		tries=$((tries + 1))
	done
	told "nginx, $1, $2" "ok $3"
	rm -rf sessions
	probe "$1-root.pem" graph.test sessions
	probe "$1-root.pem" graph.test sessions
	told "nginx, $1, $2, again" ', resumed'
}

PATH=$PATH:/usr/sbin
if have nginx; then
	nginx_story rsa TLSv1.2 TLSv1.2
	nginx_story ec TLSv1.3 TLSv1.3
	stop
else
	skip nginx 'it is not installed'
fi
[ "$failures" = 0 ]
