#!/bin/sh
# SPDX-License-Identifier: MIT
# The relay and SMTP clients that nobody here wrote: swaks, curl, msmtp, s-nail,
# mutt, git, Python, Perl, smtp-source and others, in clear, by TLS and with a
# password. What each sends has to come to the sandbox.
. "${0%/*}/lib.sh"

TOOL=${SHARED:-/nonexistent}/tools/real-clients.sh
[ -e "$TOOL" ] || {
	skip 'real SMTP clients' 'their driver is not here'
	finish
}
for tool in python3 openssl bash; do
	command -v $tool >/dev/null || {
		skip 'real SMTP clients' "no $tool"
		finish
	}
done
# shellcheck disable=SC2119 # no faults
start_sandbox
cd "$TMP" || exit 1
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem \
    -subj /CN=localhost -days 30 \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>openssl.err
echo "relay:$(echo secret | "$POST365" relay --hash-password)" >users
chmod 600 users
free_ports 3 >ports
read -r plain tls auth <ports
cp "$CONFIG" relay.config
cat >>relay.config <<END
spool_dir = $TMP/spool
[relay]
listen = 127.0.0.1:$plain
listen = 127.0.0.1:$tls tls
listen = 127.0.0.1:$auth auth
auth_file = $TMP/users
tls_certificate = $TMP/cert.pem
tls_key = $TMP/key.pem
socket = off
END
chmod 600 relay.config
timeout 400 "$P" relay -C relay.config 2>relay.err &
relay=$!
trap 'kill $relay 2>/dev/null; stop_sandbox' EXIT
await_relay relay.config || {
	not_ok 'the relay starts' "$(head -n 2 relay.err)"
	finish
}

# arrived TOKEN: in a message's bytes, or its decoded subject.
cat >arrived.py <<'END'
import email, email.policy, glob, sys, time
for _ in range(80):
    for f in glob.glob(sys.argv[1] + "/mail/*.eml"):
        raw = open(f, "rb").read()
        m = email.message_from_bytes(raw, policy=email.policy.default)
        if sys.argv[2].encode() in raw or sys.argv[2] in str(m["subject"]):
            sys.exit(0)
    time.sleep(0.25)
sys.exit(1)
END
export H=localhost P="$plain" PS="$tls" PA="$auth" CA="$TMP/cert.pem" W="$TMP/clients" \
    FROM=sender@example.com CHECK="python3 $TMP/arrived.py $SB_DIR"
mkdir -p clients
ln -s "${NPM:-$TOP/build/npm}" clients/npm
[ -e "$TOP/build/deps/postfix/.done" ] &&
    export PATH="$PATH:$TOP/build/deps/postfix/usr/sbin" \
        LD_LIBRARY_PATH="$TOP/build/deps/postfix/usr/lib/postfix"
# check_smtp sends no mail, and only one in the system's folder is looked for
names=$(bash "$TOOL" list | grep '^c_' | grep -v check_smtp)
# curl is told an address in place of the name, and git wants Authen::SASL
perl -MAuthen::SASL -e 1 2>/dev/null || names=$(echo "$names" | grep -v git_tls)
# shellcheck disable=SC2046 # names
timeout 350 bash "$TOOL" run $(echo "$names" | grep -v '^c_curl_s') \
    >clients.out 2>&1
# shellcheck disable=SC2046
H=127.0.0.1 timeout 60 bash "$TOOL" run $(echo "$names" | grep '^c_curl_s') \
    >>clients.out 2>&1
while read -r word name rest; do
	case $word in
	ok) ok "client $name" ;;
	FAIL) not_ok "client ${name%:}" "$rest" ;;
	SKIP | skip) skip "client ${name%:}" "${rest:-is not here}" ;;
	esac
done <clients.out
kill $relay
wait $relay
[ "$(grep -c '^ok' clients.out)" -gt 0 ] ||
    not_ok 'some client ran' "$(tail -n 3 clients.out)"
finish
