#!/bin/sh
# SPDX-License-Identifier: MIT
# certificate: client assertions, held against openssl, Python's cryptography
# and an OAuth server that nobody here wrote; keys in all forms that openssl
# writes; what cannot be used, and what is said about it.
# shellcheck disable=SC2317,SC2119
. "$(dirname "$0")/lib.sh"
COLUMNS=9000 # check breaks no line
export COLUMNS

HERE=$(cd "$(dirname "$0")" && pwd)
NPM=${NPM:-${TOP:-.}/build/npm}/node_modules
TENANT=11111111-1111-1111-1111-111111111111
CLIENT=22222222-2222-2222-2222-222222222222
for tool in openssl python3; do
	command -v $tool >/dev/null 2>&1 || {
		skip certificate "no $tool"
		exit 0
	}
done
if ! python3 -c 'import cryptography' 2>/dev/null; then
	skip certificate 'no python3-cryptography'
	exit 0
fi
cd "$TMP" || exit 1
umask 077

# --- keys
quiet() { "$@" >>openssl.log 2>&1; }
quiet openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem
quiet openssl req -x509 -new -key key.pem -subj /CN=post365 -days 365 \
    -out cert.pem
quiet openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
    -out other.key
quiet openssl req -x509 -new -key other.key -subj /CN=other -days 365 \
    -out other.pem
[ -s other.pem ] || {
	not_ok 'keys' "$(tail -n 1 openssl.log)"
	exit 1
}

# --- a recorder of forms
SERVER_PID='' PROVIDER_PID=''
stop() {
	for pid in $SERVER_PID $PROVIDER_PID; do kill "$pid" 2>/dev/null; done
	stop_sandbox
}
trap stop EXIT
trap 'exit 1' HUP INT TERM

timeout 250 python3 "$HERE/assertion.py" serve form >recorder 2>&1 &
SERVER_PID=$!
await recorder $SERVER_PID
RECORDER=$READY

# config URL LINE...: a new one, and post it.
config() {
	CONFIG=$TMP/config
	url=$1
	shift
	{
		cat <<-END
		tenant_id = $TENANT
		client_id = $CLIENT
		login_url = $url
		state_dir = $TMP/state
		graph_url = $url/v1.0
		from = sender@example.com
		token_cache = no
		END
		printf '%s\n' "$@"
	} >"$CONFIG"
}
echo hello >body
post() { send -s one --text body x@example.org; }

# --- by openssl
un64() { # base64url, without its padding
	s=$(cat)
	while [ $((${#s} % 4)) != 0 ]; do s=$s=; done
	printf %s "$s" | tr '_-' '/+' | openssl base64 -d -A
}
# by_openssl CERTIFICATE OPTION...: verifies the assertion in form.
by_openssl() {
	assertion=$(tr '&' '\n' <form | sed -n 's/^client_assertion=//p')
	openssl x509 -in "$1" -noout -pubkey >public
	shift
	printf %s "${assertion##*.}" | un64 >signature
	printf %s "${assertion%.*}" >signed
	quiet openssl dgst -sha256 "$@" -verify public -signature signature \
	    signed
	STATUS=$?
}
PSS='-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32'
one=http://127.0.0.1:$RECORDER
config "$one" "client_certificate = $TMP/cert.pem" \
    "client_certificate_key = $TMP/key.pem"
check 'PS256: sent' 0 post
# shellcheck disable=SC2086
check 'PS256: openssl verifies it' 0 by_openssl cert.pem $PSS
# shellcheck disable=SC2086
check 'PS256: openssl tells another key' 1 by_openssl other.pem $PSS
says 'PS256: the type of the assertion' form \
    'client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&'
cp form first
check 'PS256: sent again' 0 post
if cmp -s form first; then
	not_ok 'each assertion is new' 'the same form twice'
else
	ok 'each assertion is new'
fi
config "$one" "client_certificate = $TMP/cert.pem" \
    "client_certificate_key = $TMP/key.pem" 'client_assertion_alg = RS256'
check 'RS256: sent' 0 post
check 'RS256: openssl verifies it' 0 by_openssl cert.pem

# --- by Python, against what another program makes of the same claims
if [ -e "${SHARED:-/nowhere}/tools/gen_assertion.py" ]; then
	mkdir vectors
	(cd vectors && python3 "$SHARED/tools/gen_assertion.py") >gen.log 2>&1
	for bits in 2048 3072 4096; do
		for form in '' -pkcs1 -enc; do
			alg=PS256
			[ "$form" = -pkcs1 ] && alg=RS256
			v=$TMP/vectors
			config "$one" "client_certificate = $v/cert$bits.pem" \
			    "client_certificate_key = $v/key$bits$form.pem" \
			    "client_assertion_alg = $alg" \
			    'client_certificate_password = test'
			check "$bits$form: sent" 0 post
			check "$bits$form: as another program does it" 0 \
			    run python3 "$HERE/assertion.py" compare form \
			    "$v/vectors.json" $bits $alg "$v/cert$bits.pem"
		done
	done
else
	skip 'as another program does it' 'no shared tools'
fi

# --- every encryption that openssl writes and we read
for cipher in aes-128-cbc aes-192-cbc aes-256-cbc; do
	for prf in hmacWithSHA1 hmacWithSHA256 hmacWithSHA512; do
		quiet openssl pkcs8 -topk8 -in key.pem -out enc.key -v2 $cipher \
		    -v2prf $prf -passout pass:pass
		config "$one" "client_certificate = $TMP/cert.pem" \
		    "client_certificate_key = $TMP/enc.key" \
		    'client_certificate_password = pass'
		check "$cipher, $prf" 0 post
	done
done
quiet openssl pkcs12 -export -in cert.pem -inkey key.pem -out app.pfx \
    -passout pass:pass
# the line that the remedy names
quiet openssl pkcs12 -in app.pfx -out NEW.pem -aes256 -passin pass:pass \
    -passout pass:pass
printf 'pass\r\n' >password
config "$one" "client_certificate = $TMP/NEW.pem" \
    "client_certificate_password_file = $TMP/password"
check 'of openssl pkcs12' 0 post
: >nothing
run env AZURE_CLIENT_CERTIFICATE_PATH="$TMP/NEW.pem" \
    AZURE_CLIENT_CERTIFICATE_PASSWORD=pass AZURE_TENANT_ID=$TENANT \
    AZURE_CLIENT_ID=$CLIENT POST365_LOGIN_URL="$one" \
    POST365_GRAPH_URL="$one/v1.0" POST365_FROM=sender@example.com \
    POST365_TOKEN_CACHE=no "$P" -C nothing send -s one --text body \
    x@example.org
same 'by the variables of Azure Identity' 0 "$STATUS"

# --- by an OAuth server that nobody here wrote
provider() {
	quiet openssl req -x509 -newkey rsa:2048 -nodes -keyout server.key \
	    -out server.pem -subj /CN=127.0.0.1 -days 2 \
	    -addext subjectAltName=IP:127.0.0.1
	timeout 250 node "$HERE/assertion_server.js" "$NPM" server.pem \
	    server.key cert.pem $TENANT $CLIENT log >provider 2>provider.err &
	PROVIDER_PID=$!
	await provider $PROVIDER_PID
	two=https://127.0.0.1:$READY
	for alg in PS256 RS256; do
		config "$two" "client_certificate = $TMP/cert.pem" \
		    "client_certificate_key = $TMP/key.pem" \
		    "client_assertion_alg = $alg" "ca = $TMP/server.pem"
		check "oidc-provider takes $alg" 0 post
	done
	same 'oidc-provider granted both' 2 \
	    "$(grep -c "^grant $CLIENT client_credentials" log)"
	same 'Graph took both tokens' 2 "$(grep -c '^graph 202' log)"
	config "$two" "client_certificate = $TMP/other.pem" \
	    "client_certificate_key = $TMP/other.key" "ca = $TMP/server.pem"
	check 'oidc-provider refuses another key' 77 post
	says 'and says what it is' "$ERR" invalid_client
}
if ! command -v node >/dev/null 2>&1; then
	skip 'oidc-provider' 'no node'
elif [ ! -e "$NPM/oidc-provider/package.json" ]; then
	skip 'oidc-provider' 'not installed: ./build.sh deps'
else
	provider
fi

# --- what cannot be used: the message and what to do
start_sandbox
trap stop EXIT # in place of the sandbox's own
cp "$CONFIG" box # the sandbox's
: >empty
mkdir folder
openssl ecparam -name prime256v1 -genkey >ec.key 2>>openssl.log
quiet openssl genpkey -algorithm ed25519 -out ed.key
quiet openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 \
    -out short.key
quiet openssl pkey -in key.pem -outform DER -out key.der
openssl rsa -in key.pem -traditional -aes256 -passout pass:pass \
    >old.key 2>>openssl.log
python3 "$HERE/assertion.py" certificate key.pem expired.pem 2020 2021
python3 "$HERE/assertion.py" certificate key.pem early.pem 2100 2101
quiet openssl req -x509 -new -key key.pem -subj /CN=x -days 20 -out soon.pem
claims() { # AUDIENCE SECONDS: a token of another identity provider
	printf '{"alg":"RS256"}' | openssl base64 -A | tr -d =
	printf .
	printf '{"iss":"https://idp","sub":"s","aud":"%s","exp":%d}' "$1" \
	    $(($(date +%s) + $2)) | openssl base64 -A | tr '/+' '_-' | tr -d =
	printf '.c2lnbmVk\n'
}
claims api://AzureADTokenExchange 600 >good.jwt
claims api://AzureADTokenExchange -10 >old.jwt
claims api://other 600 >aud.jwt

# trouble NAME STATUS PATTERN REMEDY LINE...
trouble() {
	name=$1 want=$2 pattern=$3 remedy=$4
	shift 4
	{
		grep -v '^client_secret' box
		printf '%s\n' "$@"
	} >config
	run "$P" -C config check
	same "$name: exit" "$want" "$STATUS"
	cat "$ERR" >>"$OUT"
	says "$name: what" "$OUT" "$pattern"
	says "$name: what to do" "$OUT" "$remedy"
}
C="client_certificate = $TMP" K="client_certificate_key = $TMP"
F="federated_token_file = $TMP" W='client_certificate_password ='
trouble 'good' 0 'certificate .*/cert.pem, RSA 2048, until' 'All is well' \
    "$C/cert.pem" "$K/key.pem"
trouble 'soon' 0 'client certificate ends on 20' 'Certificates & secrets' \
    "$C/soon.pem" "$K/key.pem"
trouble 'other key' 78 'other.pem: its certificate is not that of the key' \
    'do: Give the certificate' "$C/other.pem" "$K/key.pem"
trouble 'wrong password' 78 'enc.key: the password is not' 'do: Correct' \
    "$C/cert.pem" "$K/enc.key" "$W nix"
trouble 'no password' 78 'enc.key: .* no password is set' 'do: Set client_' \
    "$C/cert.pem" "$K/enc.key"
trouble 'EC' 78 'ec.key: holds an EC key' 'do: openssl req' "$C/cert.pem" \
    "$K/ec.key"
trouble 'Ed25519' 78 'ed.key: holds another kind of key' 'do: openssl req' \
    "$C/cert.pem" "$K/ed.key"
trouble 'short' 78 'short.key: its key has 1024 bits' 'do: Make' \
    "$C/cert.pem" "$K/short.key"
trouble 'PKCS#12' 78 'app.pfx: a PKCS#12 file' 'do: openssl pkcs12' \
    "$C/app.pfx"
trouble 'DER' 78 'key.der: holds binary' 'do: openssl pkey' "$C/cert.pem" \
    "$K/key.der"
trouble 'old encryption' 78 'old.key: .*old way' 'do: openssl pkcs8' \
    "$C/cert.pem" "$K/old.key" "$W pass"
trouble 'expired' 78 'expired.pem: expired on 2021-01-01' "do: This machine's" \
    "$C/expired.pem" "$K/key.pem"
trouble 'too early' 75 'early.pem: is not valid before 2100' 'do: This mach' \
    "$C/early.pem" "$K/key.pem"
trouble 'empty' 78 'empty: holds no' 'do: ' "$C/empty"
trouble 'folder' 78 'folder: is a directory' 'do: ' "$C/folder"
trouble 'missing' 78 'none: No such file' 'do: ' "$C/none"
chmod 644 key.pem
trouble 'open key' 78 'key\.pem: .*all users may read' 'do: chmod o-rwx' "$C/cert.pem" \
    "$K/key.pem"
chmod 600 key.pem

trouble 'federated' 0 'federated token .*/good.jwt' 'All is well' \
    "$F/good.jwt"
trouble 'federated, again' 0 'federated token' 'All is well' "$F/good.jwt"
trouble 'federated, expired' 75 'old.jwt: its token expired on' 'do: What' \
    "$F/old.jwt"
trouble 'federated, audience' 77 AADSTS700212 'api://AzureADTokenExchange' \
    "$F/aud.jwt"
trouble 'federated, empty' 78 'empty: the file is empty' 'do: It has' \
    "$F/empty"
trouble 'federated, no JWT' 78 'body: not a JSON Web Token' 'do: It has' \
    "$F/body"
trouble 'federated, folder' 78 'folder: is a directory' 'do: It has' \
    "$F/folder"
if [ "$(id -u)" != 0 ]; then
	chmod 000 good.jwt
	trouble 'federated, unreadable' 78 'good.jwt: .*denied' 'do: It has' \
	    "$F/good.jwt"
else
	skip 'federated, unreadable' 'root may read everything'
fi

# --- which one won, and why
{
	grep -v '^client_secret' box
	echo "$C/cert.pem"
	echo "$K/key.pem"
} >config
secret=$(sed -n 's/^client_secret = //p' box)
run env AZURE_CLIENT_SECRET="$secret" \
    AZURE_FEDERATED_TOKEN_FILE="$TMP/good.jwt" "$P" -C config check
says 'who won' "$OUT" \
    'certificate .*\(from config:[0-9]+\); not used, though set: AZURE_CLIENT_SECRET, AZURE_FEDERATED_TOKEN_FILE;'
run env POST365_CLIENT_SECRET="$secret" \
    POST365_CLIENT_ID="$(sed -n 's/^client_id = //p' box)" \
    "$P" -C config check
says 'who won by variables' "$OUT" \
    'client secret \(from environment POST365_CLIENT_SECRET\); not used, though set: client_certificate \(from config:[0-9]+\);'
says 'what they change' "$OUT" \
    'from the environment: POST365_CLIENT_ID \(replaces that from config:[0-9]+\), POST365_CLIENT_SECRET$'
run env POST365_CLIENT_SECRET="$secret" "$P" -C config check
same 'half a sign-in: check' 78 "$STATUS"
cat "$OUT" "$ERR" >both
says 'half a sign-in: told' both \
    'client_id \(from config:[0-9]+\) and client_secret \(from environment POST365_CLIENT_SECRET\) come from two places'
mkdir credentials
sed -n 's/^client_secret = //p' box >credentials/post365.client_secret
grep -v '^client_secret' box >config
run env CREDENTIALS_DIRECTORY="$TMP/credentials" "$P" -C config check
same "systemd's credential" 0 "$STATUS"
says "systemd's credential: told" "$OUT" \
    'client secret \(from systemd credential post365.client_secret\)'
finish
