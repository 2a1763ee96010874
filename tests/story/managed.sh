#!/bin/sh
# SPDX-License-Identifier: MIT
# managed: managed identities, against a stand-in of each source in Python.
# Called with MANAGED_ARC set it plays Arc's part, where /var/opt is its own.
# shellcheck disable=SC2317
. "$(dirname "$0")/lib.sh"
COLUMNS=9000 # check breaks no line
export COLUMNS

HERE=$(cd "$(dirname "$0")" && pwd)
USER_ID=11111111-2222-3333-4444-555555555555
NO_ID=22222222-2222-3333-4444-555555555555
HEADER=header-secret-41
unset IDENTITY_ENDPOINT IDENTITY_HEADER IDENTITY_SERVER_THUMBPRINT \
    MSI_ENDPOINT MSI_SECRET IMDS_ENDPOINT 2>/dev/null

for tool in python3 openssl; do
	command -v $tool >/dev/null 2>&1 || {
		skip managed "no $tool"
		exit 0
	}
done
[ -z "${MANAGED_ARC:-}" ] || TMP=$TMP/arc
mkdir -p "$TMP"
OUT=$TMP/out ERR=$TMP/err
cd "$TMP" || exit 1

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem \
    -subj '/CN=ServiceFabric' -days 2 >openssl.log 2>&1 || {
	not_ok 'certificate' "$(tail -n 1 openssl.log)"
	exit 1
}
THUMB=$(openssl x509 -in cert.pem -noout -fingerprint -sha1 |
    sed 's/.*=//' | tr -d :)

timeout 280 python3 "$HERE/managed_server.py" "$TMP" cert.pem key.pem \
    >server.out 2>server.err &
SERVER_PID=$!
trap 'kill $SERVER_PID 2>/dev/null' EXIT
trap 'exit 1' HUP INT TERM
await server.out $SERVER_PID
read -r _ PORT TLS_PORT <server.out
BASE=http://127.0.0.1:$PORT

# settings IDENTITY [LINE]: nothing but what a managed identity needs.
settings() {
	rm -rf state
	(
		umask 077
		cat >config <<-END
		managed_identity = $1
		graph_url = $BASE/v1.0
		from = sender@example.com
		state_dir = $TMP/state
		timeout = 60s
		${2:-}
		END
	)
}
CONFIG=$TMP/config

# at VARIABLE=VALUE... -- COMMAND...: runs it there.
at() {
	(
		while [ "$1" != -- ]; do
			# shellcheck disable=SC2163
			export "$1"
			shift
		done
		shift
		run "$@"
		echo "$STATUS" >status
	)
	read -r STATUS <status
}
mail() { at "$@" -- "$P" -v -C "$CONFIG" send -s Hello x@example.org </dev/null; }
# tells NAME PATTERN: in what went wrong and what to do, as one line.
tells() {
	tr '\n' ' ' <"$ERR" >"$ERR.line"
	says "$1" "$ERR.line" "$2"
}
asked() {
	: >>log
	grep -c "^$1 $2" log
}
forget() {
	rm -f log fault
	rm -rf state
}

# --- Arc, called below

arc_story() {
	arc() { mail IDENTITY_ENDPOINT="$BASE/arc/token" IMDS_ENDPOINT="$BASE"; }
	# refused NAME FAULT EXIT PATTERN
	refused() {
		forget
		echo "$2" >fault
		check "arc, $1: exit" "$3" arc
		tells "arc, $1: says why" "$4"
		same "arc, $1: no mail" 0 "$(asked graph '')"
	}

	mkdir -p /var/opt/azcmagent/tokens
	chmod 755 /var/opt/azcmagent/tokens
	settings system
	check 'arc: sent' 0 arc
	same 'arc: one challenge' 1 "$(asked arc 401)"
	same 'arc: one token' 1 "$(asked arc 200)"
	for key in /var/opt/azcmagent/tokens/*.key; do
		read -r secret <"$key"
		lacks 'arc: -v hides the key' "$ERR" "$secret"
	done
	check 'arc: sent again' 0 arc
	same 'arc: the token was kept' 1 "$(asked arc 200)"
	at IDENTITY_ENDPOINT="$BASE/arc/token" IMDS_ENDPOINT="$BASE" -- \
	    "$P" -C "$CONFIG" check
	same 'arc: check' 0 "$STATUS"
	says 'arc: check names it' "$OUT" "Azure Arc at $BASE/arc/token"

	refused 'a symbolic link' symlink 77 'cannot open.*himds'
	refused 'a FIFO' fifo 77 'not a regular file'
	refused 'too large' large 77 'larger than the 4096 bytes'
	refused 'missing' missing 77 'cannot open.*himds'
	refused 'another folder' elsewhere 78 'which is no key in'
	refused 'no challenge' trusting 77 'instead of a challenge'

	forget
	echo '503 fine deaf' >fault
	check 'arc, key not taken: exit' 77 arc
	tells 'arc, key not taken: says why' 'HTTP 401.*the key is wrong'

	settings $USER_ID
	forget
	check "arc, user's: sent" 0 arc
	says "arc, user's: by its client id" log "^arc 200 .*client_id=$USER_ID"
	forget
	echo 'new old' >fault
	check 'arc, old agent: exit' 78 arc
	tells 'arc, old agent: says why' \
	    'gave a token of 77777777.*update the agent'

	# someone who is not in the group
	settings system
	if setpriv --reuid 65534 --regid 65534 --clear-groups true 2>/dev/null
	then
		: >log
		chmod -R a+rwX . && chmod 644 config && chmod a+w log
		chmod 755 "$TMP" "$TMP/.."
		at IDENTITY_ENDPOINT="$BASE/arc/token" IMDS_ENDPOINT="$BASE" \
		    -- setpriv --reuid 65534 --regid 65534 --clear-groups \
		    "$P" -C "$CONFIG" send -s Hello x@example.org </dev/null
		if grep -q 'setpriv' "$ERR"; then
			skip 'arc, not in the group' 'post365 is out of reach'
		else
			same 'arc, not in the group: exit' 77 "$STATUS"
			tells 'arc, not in the group: says what to do' \
			    'Permission denied.*usermod -aG himds'
		fi
	else
		skip 'arc, not in the group' 'no setpriv'
	fi

	# found by the agent's file
	settings system
	forget
	mkdir -p /var/opt/azcmagent/bin
	: >/var/opt/azcmagent/bin/himds
	check 'arc by its file: sent' 0 mail IDENTITY_ENDPOINT="$BASE/arc/token"
	same 'arc by its file: asked' 1 "$(asked arc 200)"
	forget
	mail
	tells 'arc by its file: the usual address' \
	    'Azure Arc at http://127.0.0.1:40342/metadata/identity/oauth2/token'
	finish
}
[ -z "${MANAGED_ARC:-}" ] || arc_story

# --- IMDS

HOST=AZURE_POD_IDENTITY_AUTHORITY_HOST=$BASE
settings system
check 'imds: sent' 0 mail "$HOST"
same 'imds: one request' 1 "$(asked imds 200)"
same 'imds: Graph took it' 1 "$(asked graph 202)"
lacks 'imds: no selector' log client_id
says 'imds: the resource is the root of graph_url' log \
    'resource=http%3A%2F%2F127.0.0.1%3A[0-9]*$'
lacks 'imds: -v hides the token' "$ERR" eyJ
check 'imds: sent again' 0 mail "$HOST"
same 'imds: the token was kept' 1 "$(asked imds 200)"
at "$HOST" -- "$P" -C "$CONFIG" check
same 'imds: check' 0 "$STATUS"
says 'imds: check names it' "$OUT" "managed identity by IMDS at $BASE/metadata"
says 'imds: check, a day' "$OUT" '/token, a token for 14[34][0-9] minutes'
at "$HOST" -- "$P" -C "$CONFIG" test x@example.org
same 'imds: test' 0 "$STATUS"

forget
echo '410 429:3' >fault
before=$(now_ms)
check 'imds updating: sent' 0 mail "$HOST"
same 'imds updating: asked again' 2 "$(asked imds 4)"
spent=$(($(now_ms) - before))
if [ "$spent" -ge 5000 ]; then
	ok 'imds updating: waited as told' # 2 s, 6 s
else
	not_ok 'imds updating: waited as told' "$spent ms"
fi

settings $USER_ID
forget
check "imds, user's: sent" 0 mail "$HOST"
says "imds, user's: by its client id" log "client_id=$USER_ID"
settings $NO_ID
forget
check 'imds, not assigned: exit' 78 mail "$HOST"
tells 'imds, not assigned: says why' "Identity not found"
tells 'imds, not assigned: what to do' "$NO_ID.*Security > Identity"
same 'imds, not assigned: asked once' 1 "$(asked imds 400)"

settings system 'timeout = 5s'
sed -i '/60s/d' config
forget
echo '410 410 410 410 410 410 410 410 410' >fault
check 'imds beyond the timeout: exit' 75 mail "$HOST"
check 'imds, nobody there: exit' 75 mail \
    AZURE_POD_IDENTITY_AUTHORITY_HOST=http://127.0.0.1:1
tells 'imds, nobody there: what to do' 'not in Azure.*client_secret'

# --- App Service

settings system
forget
APP="IDENTITY_ENDPOINT=$BASE/msi/token"
check 'app service: sent' 0 mail "$APP" IDENTITY_HEADER=$HEADER
same 'app service: one request' 1 "$(asked app_service 200)"
lacks 'app service: -v hides the secret' "$ERR" $HEADER
check 'app service: sent again' 0 mail "$APP" IDENTITY_HEADER=$HEADER
same 'app service: its date is understood' 1 "$(asked app_service 200)"
forget
check 'app service, wrong secret: exit' 77 mail "$APP" IDENTITY_HEADER=x
forget
echo '500 503' >fault
check 'app service, in trouble: sent' 0 mail "$APP" IDENTITY_HEADER=$HEADER
same 'app service, in trouble: asked' 2 "$(asked app_service 50)"
settings $NO_ID
forget
check 'app service, not assigned: exit' 78 mail "$APP" IDENTITY_HEADER=$HEADER
tells 'app service, not assigned: what to do' \
    'No Managed Identity found.*Settings > Identity'

# --- Azure ML

settings $USER_ID
forget
check 'azure ml: sent' 0 mail MSI_ENDPOINT="$BASE/ml/token" MSI_SECRET=$HEADER
says 'azure ml: clientid' log "^machine_learning 200 .*&clientid=$USER_ID"
check 'azure ml: again' 0 mail MSI_ENDPOINT="$BASE/ml/token" MSI_SECRET=$HEADER
same 'azure ml: its date is understood' 1 "$(asked machine_learning 200)"
check 'cloud shell: exit' 78 mail MSI_ENDPOINT="$BASE/ml/token"
tells 'cloud shell: says why' 'Cloud Shell'

# --- Service Fabric

fabric() {
	mail IDENTITY_ENDPOINT="https://127.0.0.1:$TLS_PORT/fabric/token" \
	    IDENTITY_HEADER="$HEADER" IDENTITY_SERVER_THUMBPRINT="$1"
}
settings system
forget
check 'fabric: sent' 0 fabric "$THUMB"
same 'fabric: one request' 1 "$(asked fabric 200)"
forget
check 'fabric, another thumbprint: exit' 75 fabric \
    00112233445566778899AABBCCDDEEFF00112233
tells 'fabric, another thumbprint: says why' 'not the one whose thumbprint'
same 'fabric, another thumbprint: no secret was sent' 0 "$(asked fabric '')"
settings $USER_ID
check "fabric, user's: exit" 78 fabric "$THUMB"
tells "fabric, user's: says why" 'nobody can choose an identity'

# --- Arc, in a mount namespace: its folder has one place

mkdir -p arc
if unshare -m mount -t tmpfs tmpfs /var/opt >/dev/null 2>&1; then
	# shellcheck disable=SC2016
	MANAGED_ARC=1 unshare -m sh -c 'mount -t tmpfs tmpfs /var/opt &&
	    exec sh "$0"' "$HERE/managed.sh" || failures=$((failures + 1))
else
	skip arc 'no mount namespace for /var/opt here'
fi

finish
