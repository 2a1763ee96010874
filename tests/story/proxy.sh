#!/bin/sh
# SPDX-License-Identifier: MIT
#
# proxy.sh: through proxies that nobody here wrote: tinyproxy, with and
# without a password and with rules, and sslsplit behind it, which opens TLS
# with an authority of its own as a company's proxy does.
#
# The services are login.test and graph.test: names that only the proxy can
# look up, in a hosts file of its own (a mount namespace). nginx has their
# certificate and stands before the sandbox.
set -u
. "${TOP:?}/tests/story/lib.sh"
COLUMNS=9000 # check breaks no line
export COLUMNS
PATH=$PATH:/usr/sbin:/sbin
D=$TMP/proxy
PIDS=''

have() { command -v "$1" >/dev/null 2>&1; }
for tool in tinyproxy nginx openssl unshare; do
	have $tool || {
		skip proxy "no $tool here"
		exit 0
	}
done
mkdir -p "$D" && cd "$D" || exit 1
printf '127.0.0.1 localhost login.test graph.test\n' >hosts

# Runs a command that sees our hosts file.
cat >with_hosts <<-EOF
	#!/bin/sh
	mount --bind $D/hosts /etc/hosts && exec "\$@"
EOF
chmod 755 with_hosts
if unshare -m ./with_hosts true 2>/dev/null; then
	NS='unshare -m'
elif unshare -rm ./with_hosts true 2>/dev/null; then
	NS='unshare -rm'
else
	skip proxy 'no mount namespace here'
	exit 0
fi

stop_all() {
	for pid in $PIDS; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	PIDS=''
	stop_sandbox
}

# --- certificates: one authority that is trusted, one that intercepts

authority() { # NAME
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" \
	    -subj "/CN=$1 authority" -days 30 -out "$1.pem" \
	    -addext 'keyUsage = critical,keyCertSign,cRLSign'
}
certificates() {
	authority right && authority nosy &&
	    openssl req -newkey rsa:2048 -nodes -keyout leaf.key \
	        -subj /CN=graph.test -out leaf.csr &&
	    printf '%s\n' 'subjectAltName = DNS:graph.test,DNS:login.test' \
	        'extendedKeyUsage = serverAuth' >leaf.ext &&
	    openssl x509 -req -in leaf.csr -CA right.pem -CAkey right.key \
	        -set_serial 7 -days 30 -extfile leaf.ext -out leaf.pem
}
if ! certificates >log 2>&1; then
	not_ok certificates "$(tail -n 2 log | tr '\n' ' ')"
	exit 1
fi

# --- servers

# listens PORT: somebody does, before long.
listens() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		curl -s -o /dev/null "http://127.0.0.1:$1/" >/dev/null 2>&1
		[ $? = 7 ] || return 0 # 7: refused
		sleep 0.1
	done
	return 1
}
# A port for each server; who finds it taken ends, which the test then says.
next_port=$((21000 + $$ % 9000))
new_port() {
	next_port=$((next_port + 1))
	while curl -s -o /dev/null "http://127.0.0.1:$next_port/" ||
	    [ $? != 7 ]; do
		next_port=$((next_port + 1))
	done
}

start_nginx() {
	new_port
	NGINX=$next_port
	nginx_conf "$D" >nginx.conf <<-EOF
	access_log off;
	server {
	listen 127.0.0.1:$NGINX ssl;
	ssl_certificate $D/leaf.pem;
	ssl_certificate_key $D/leaf.key;
	location / { proxy_pass $1; proxy_http_version 1.1; }
	}
	EOF
	timeout 200 nginx -c "$D/nginx.conf" -e "$D/nginx.error" \
	    >nginx.out 2>&1 &
	PIDS="$PIDS $!"
	listens "$NGINX"
}

# start_tinyproxy LINE...: its further settings. Sets PROXY and PROXY_PID.
start_tinyproxy() {
	new_port
	PROXY=127.0.0.1:$next_port
	printf '%s\n' "Port $next_port" 'Listen 127.0.0.1' 'MaxClients 20' \
	    'Timeout 60' "LogFile \"$D/tinyproxy.log\"" 'LogLevel Connect' \
	    "$@" >tinyproxy.conf
	: >tinyproxy.log
	# shellcheck disable=SC2086
	timeout 200 $NS ./with_hosts tinyproxy -d -c tinyproxy.conf \
	    >tinyproxy.out 2>&1 &
	PROXY_PID=$!
	PIDS="$PIDS $PROXY_PID"
	listens "$next_port"
}
stop_tinyproxy() {
	kill "$PROXY_PID" 2>/dev/null
	wait "$PROXY_PID" 2>/dev/null
}
# The proxy has seen CONNECT for this host.
connects() {
	grep -c "CONNECT $1" tinyproxy.log
}

start_sandbox --plain
trap stop_all EXIT
if ! start_nginx "$(setting_of login_url)"; then
	skip proxy "nginx does not start: $(tail -n 1 nginx.error)"
	exit 0
fi
setting login_url "https://login.test:$NGINX"
setting graph_url "https://graph.test:$NGINX/v1.0"
setting ca "$D/right.pem"
setting state_dir "$D/state"
mail() {
	forget_mail
	rm -rf "$D/state"
	send -s proxy somebody@example.com "$@" </dev/null
}

# --- through one, and around it

start_tinyproxy
check 'without it the name is unknown' 75 mail
export HTTPS_PROXY="http://$PROXY"
check 'HTTPS_PROXY' 0 mail
same 'it arrives' 1 "$(count_mail)"
says 'CONNECT to the sign-in' tinyproxy.log "CONNECT login.test:$NGINX"
says 'CONNECT to Graph' tinyproxy.log "CONNECT graph.test:$NGINX"
same 'one tunnel for each' 2 "$(connects '[a-z]*.test')"
check '-v' 0 mail -v
says '-v names the proxy' "$ERR" "graph.test:$NGINX: through the proxy $PROXY"
says '-v tells its answer' "$ERR" 'the proxy says 200'
unset HTTPS_PROXY

around() { # NAME STATUS VARIABLE=VALUE...
	name=$1 status=$2
	shift 2
	forget_mail
	rm -rf "$D/state"
	check "$name" "$status" run env "$@" "$P" -C "$CONFIG" send -v \
	    -s proxy somebody@example.com
}
exec </dev/null
around 'all_proxy' 0 all_proxy="$PROXY" HTTPS_PROXY=
around 'HTTP_PROXY is not for https' 75 HTTP_PROXY="http://$PROXY"
around 'NO_PROXY' 75 HTTPS_PROXY="$PROXY" NO_PROXY='x,.test'
says 'and -v says so' "$ERR" 'login.test: not through the proxy: .test'
around 'NO_PROXY for another port' 0 HTTPS_PROXY="$PROXY" \
    no_proxy='.test:1 10.0.0.0/8'
around 'SOCKS' 78 ALL_PROXY="socks5h://me:hush@$PROXY"
says 'SOCKS is named' "$ERR" 'environment ALL_PROXY\): SOCKS is not supported'
lacks 'SOCKS, no password' "$ERR" hush
setting proxy "http://$PROXY"
around 'the setting goes first' 0 HTTPS_PROXY=http://127.0.0.1:1
check 'check' 0 run "$P" -C "$CONFIG" check
says 'check names it' "$OUT" "proxy = http://$PROXY, from $CONFIG:"
check 'check, excepted' 75 run env NO_PROXY=login.test "$P" -C "$CONFIG" check
says 'check tells who is excepted' "$OUT" \
    'login.test without it: login.test in no_proxy, from environment NO_PROXY'
setting proxy none
around 'none' 75 HTTPS_PROXY="http://$PROXY"
setting proxy http://127.0.0.1:1
around 'nobody there' 75
says 'nobody there: told' "$ERR" "through the proxy 127.0.0.1:1 \(from"
stop_tinyproxy

# --- with a password

start_tinyproxy 'BasicAuth someone hu.sh'
setting proxy "http://$PROXY"
around 'no password' 78
says 'no password: told' "$ERR" \
    "the proxy $PROXY wants a user name and a password \(Basic\)"
says 'no password: what to do' "$ERR" "proxy = http://user:password@$PROXY"
setting proxy "http://someone:wrong@$PROXY"
around 'wrong password' 78
says 'wrong password: told' "$ERR" 'does not accept the user name and password'
lacks 'wrong password: not shown' "$ERR" wrong
lacks 'nor the user' "$ERR" someone
setting proxy "http://someone:hu%2esh@$PROXY"
around 'right password' 0
same 'it arrives by password' 1 "$(count_mail)"
lacks 'the password is not in -v' "$ERR" hu.sh
lacks 'nor in base64' "$ERR" "$(printf %s someone:hu.sh | base64)"
check 'config show' 0 run "$P" -C "$CONFIG" config show
has 'it is masked' "$OUT" "proxy = http://***@$PROXY"
chmod 644 "$CONFIG"
check 'a file of everybody' 78 run "$P" -C "$CONFIG" config show
stop_tinyproxy

# --- with rules

start_tinyproxy 'ConnectPort 443'
setting proxy "http://$PROXY"
around 'a port it forbids' 78
says "the proxy's own words" "$ERR" \
    "the proxy $PROXY refused to connect to login.test:$NGINX: 403 "
stop_tinyproxy
printf 'graph[.]test\n' >filter
start_tinyproxy "Filter \"$D/filter\""
setting proxy "http://$PROXY"
around 'a host it filters' 78
says 'the page has a title' "$ERR" 'graph.test:[0-9]*: 403 Filtered \("'
stop_tinyproxy
start_tinyproxy
setting proxy "http://$PROXY"
setting login_url "https://nowhere.test:$NGINX"
around 'a host it does not find' 75
says 'not found: told' "$ERR" 'refused to connect to nowhere.test:[0-9]*: 5'
setting login_url "https://login.test:1"
around 'a server that is down' 75
says 'down: told' "$ERR" 'refused to connect to login.test:1: 5'
setting login_url "https://login.test:$NGINX"
setting proxy "http://127.0.0.1:$NGINX"
around 'a web server is no proxy' 78

# --- one that opens TLS

intercept() {
	new_port
	nosy=$next_port
	timeout 200 sslsplit -D -u "$(id -un)" -k nosy.key -c nosy.pem \
	    https 127.0.0.1 "$nosy" 127.0.0.1 "$NGINX" >sslsplit.out 2>&1 &
	PIDS="$PIDS $!"
	listens "$nosy" || {
		skip 'interception' "sslsplit does not start: $(tail -n 1 \
		    sslsplit.out)"
		return
	}
	setting proxy "http://$PROXY"
	setting login_url "https://login.test:$nosy"
	setting graph_url "https://graph.test:$nosy/v1.0"
	around 'interception is refused' 75
	says 'the issuer is named' "$ERR" 'nosy authority'
	says 'and the setting' "$ERR" 'ca = '
	setting ca auto
	around 'interception is refused by auto' 75
	setting ca "$D/nosy.pem"
	around 'its authority is trusted by ca = FILE' 0
	same 'it arrives though opened' 1 "$(count_mail)"
	setting ca auto
	around 'and by SSL_CERT_FILE' 0 SSL_CERT_FILE="$D/nosy.pem"
}
if have sslsplit; then
	intercept
else
	skip 'interception' 'no sslsplit here'
fi
stop_tinyproxy

# --- squid, with a password, and opening TLS if it can. It is no part of deps:
# --- its package starts a server on the machine (apt: squid-openssl)

# As root it becomes another user, who has to reach its files: they are in Q.
own() {
	[ "$(id -u)" != 0 ] || chown -R proxy "$Q"
}

# start_squid LINE...: its further settings; sets PROXY. False: it did not.
start_squid() {
	new_port
	PROXY=127.0.0.1:$next_port
	printf '%s\n' "http_port $PROXY $SQUID_PORT" 'pid_filename none' \
	    'cache_log stdio:/dev/stderr' 'access_log none' 'cache deny all' \
	    "hosts_file $Q/hosts" 'shutdown_lifetime 0 seconds' \
	    'memory_cache_shared off' 'pinger_enable off' \
	    "coredump_dir $Q" "$@" >squid.conf
	timeout 200 squid -N -n "p$$" -f squid.conf >squid.out 2>&1 &
	SQUID=$!
	PIDS="$PIDS $SQUID"
	listens "$next_port"
}
stop_squid() {
	kill "$SQUID" 2>/dev/null
	wait "$SQUID" 2>/dev/null
}

squid_password() {
	SQUID_PORT=''
	printf 'someone:%s\n' "$(openssl passwd -apr1 hush)" >"$Q/passwords"
	start_squid "auth_param basic program $1 $Q/passwords" \
	    'acl known proxy_auth REQUIRED' 'acl login dstdomain login.test' \
	    'http_access deny !known' 'http_access allow login' \
	    'http_access deny all' || {
		skip squid "it does not start: $(tail -n 1 squid.out)"
		return
	}
	setting ca "$D/right.pem"
	setting login_url "https://login.test:$NGINX"
	setting graph_url "https://graph.test:$NGINX/v1.0"
	setting proxy "http://$PROXY"
	around 'squid, no password' 78
	says 'squid, no password: told' "$ERR" 'wants a user name and a password'
	setting proxy "http://someone:hus%68@$PROXY"
	around 'squid, a host it denies' 78
	says 'squid, its page' "$ERR" \
	    'graph.test:[0-9]*: 403 Forbidden \("ERROR: The requested URL'
	stop_squid
}

squid_opens() { # the program that makes certificates
	SQUID_PORT="ssl-bump tls-cert=$Q/nosy.pem tls-key=$Q/nosy.key \
generate-host-certificates=on"
	"$1" -c -s "$Q/ssl_db" -M 4MB >squid.out 2>&1
	own
	start_squid "sslcrtd_program $1 -s $Q/ssl_db -M 4MB" \
	    "tls_outgoing_options cafile=$Q/right.pem" 'acl one at_step SslBump1' \
	    'ssl_bump peek one' 'ssl_bump bump all' 'http_access allow all' || {
		skip 'squid opens TLS' "it does not start: $(tail -n 1 squid.out)"
		return
	}
	setting proxy "http://$PROXY"
	setting ca auto
	around 'squid opens TLS: refused' 75
	says 'squid opens TLS: the issuer' "$ERR" 'nosy authority'
	setting ca "$D/nosy.pem"
	around 'squid opens TLS: trusted' 0
	same 'it arrives through squid' 1 "$(count_mail)"
	stop_squid
}

basic=''
for f in /usr/lib/squid/basic_ncsa_auth /usr/lib64/squid/basic_ncsa_auth; do
	[ -x "$f" ] && basic=$f
done
certgen=${basic%/*}/security_file_certgen
if have squid && [ -n "$basic" ]; then
	Q=$(mktemp -d)
	cp hosts nosy.pem nosy.key right.pem "$Q"
	own
	squid_password "$basic"
	if [ -x "$certgen" ]; then
		squid_opens "$certgen"
	else
		skip 'squid opens TLS' 'built without openssl'
	fi
	rm -rf "$Q" "/dev/shm/p$$"-* # squid's -n
else
	skip squid 'it is not installed'
fi
stop_all
[ "$failures" = 0 ]
