#!/bin/sh
# SPDX-License-Identifier: MIT
# What `post365 print` prints, as those read it that it is for.
. "$(dirname "$0")/lib.sh"

DEPS=$TOP/build/deps
PATH=$PATH:$DEPS/prometheus/usr/bin:$DEPS/postfix/usr/sbin

cat >"$TMP/settings" <<END
from = a@contoso.com
spool_dir = $TMP/spool
state_dir = $TMP/state
[relay]
user = mail
END

# print FILE NAME [OPTION...]
print() {
	file=$TMP/$1
	shift
	run "$P" print -C "$TMP/settings" "$@"
	cp "$OUT" "$file"
}

check 'an unknown name' 64 run "$P" print tmier
print post365-queue.service service
print post365-queue.timer timer
print post365.service relay-service
print post365.socket relay-socket
print cron cron
says 'cron: five times, a user and a command' "$TMP/cron" \
    "^(\* ){5}root /[^ ]+ -C $TMP/settings -q queue run\$"
says 'the settings in force are named' "$TMP/post365.service" \
    "^ExecStart=/[^ ]+ -C $TMP/settings relay\$"
says 'and their folders' "$TMP/post365.service" \
    "^ReadWritePaths=$TMP/spool $TMP/state "
says 'and the user' "$TMP/post365.service" '^User=mail$'
says 'who is made' "$TMP/post365.service" '^# useradd .* mail$'
check 'a strange user' 78 run env POST365_RELAY_USER='a b' "$P" print \
    -C "$TMP/settings" relay-service
print openrc openrc
check 'a shell reads the script of OpenRC' 0 run sh -n "$TMP/openrc"

if command -v systemd-analyze >/dev/null; then
	check 'systemd reads the units' 0 run systemd-analyze verify --man=no \
	    "$TMP/post365-queue.service" "$TMP/post365-queue.timer" \
	    "$TMP/post365.service" "$TMP/post365.socket"
	same 'and has no word about them' '' "$(grep post365 "$ERR")"
	mkdir "$TMP/own"
	for unit in service:post365-queue.service timer:post365-queue.timer \
	    relay-service:post365.service relay-socket:post365.socket; do
		print "own/${unit#*:}" --user "${unit%:*}"
	done
	check 'a user'\''s own as well' 0 run env HOME="$TMP" \
	    XDG_RUNTIME_DIR="$TMP" systemd-analyze verify --user --man=no \
	    "$TMP/own/post365-queue.service" "$TMP/own/post365-queue.timer" \
	    "$TMP/own/post365.service" "$TMP/own/post365.socket"
	same 'without a word' '' "$(grep post365 "$ERR")"
else
	skip 'systemd reads the units' 'no systemd-analyze'
fi

for name in compose kubernetes sidecar prometheus alerts dockerfile; do
	print $name $name
done
if python3 -c 'import yaml' 2>/dev/null; then
	check 'what refers to what, in YAML' 0 \
	    run python3 "$(dirname "$0")/print.py" "$TMP"
	same 'and all is there' '' "$(cat "$OUT")"
else
	skip 'YAML' 'no python3 with yaml'
fi
cp "$TMP/alerts" "$TMP/post365.rules.yml"
PATH=$PATH:$TOP/build/deps/prometheus/usr/bin
if command -v promtool >/dev/null; then
	check 'Prometheus reads its files' 0 \
	    run promtool check config "$TMP/prometheus"
else
	skip 'Prometheus reads its files' 'no promtool'
fi
if command -v logrotate >/dev/null; then
	print logrotate logrotate
	sed -i "s/su mail root/su $(id -un) $(id -gn)/" "$TMP/logrotate"
	check 'logrotate reads its file' 0 run logrotate -d \
	    -s "$TMP/state" "$TMP/logrotate"
else
	skip 'logrotate reads its file' 'no logrotate'
fi
if command -v postconf >/dev/null; then
	print main.cf postfix
	check 'Postfix reads its lines' 0 run env \
	    LD_LIBRARY_PATH="$DEPS/postfix/usr/lib/postfix" \
	    postconf -c "$TMP" -n
	says 'none is unknown' "$OUT" '^relayhost = \[127.0.0.1\]:2525$'
else
	skip 'Postfix reads its lines' 'no postconf'
fi
# --- who sets up Entra ID, by an az that notes what it is told

cat >"$TMP/az" <<'END'
#!/bin/sh
echo "$*" >>"$AZ_CALLS"
case $* in
'account show '*) echo 11111111-1111-1111-1111-111111111111 ;;
'ad app list '*) echo "${AZ_HAS:-}" ;;
'ad app create '*) echo 22222222-2222-2222-2222-222222222222 ;;
'ad sp list '*) echo "${AZ_HAS:+o-1}" ;;
'ad sp create '*) echo o-1 ;;
*--query' 'password*) echo s-1 ;;
esac
END
chmod +x "$TMP/az"
print entra-setup entra-setup
if command -v shellcheck >/dev/null; then
	check 'shellcheck reads it' 0 run shellcheck "$TMP/entra-setup"
else
	skip 'shellcheck reads it' 'no shellcheck'
fi
# entra [NAME=VALUE...]: runs it
# shellcheck disable=SC2317 # check calls it
entra() {
	: >"$TMP/calls"
	run env PATH="$TMP:$PATH" AZ_CALLS="$TMP/calls" PAUSE=0 "$@" \
	    sh "$TMP/entra-setup"
}
check 'an app, a secret' 0 entra A=b
same 'its settings' 'tenant_id = 11111111-1111-1111-1111-111111111111
client_id = 22222222-2222-2222-2222-222222222222
client_secret = s-1
from = a@contoso.com' "$(cat "$OUT")"
says 'Exchange lets it send' "$ERR" \
    "^  New-ManagementScope .* -eq 'a@contoso.com'\"\$"
lacks 'and Entra ID nothing' "$TMP/calls" permission
cp "$OUT" "$TMP/entra.conf"
chmod 600 "$TMP/entra.conf"
check 'they are settings' 0 run "$P" config show -C "$TMP/entra.conf"
check 'the same app again' 0 entra AZ_HAS=c-0
says 'is used' "$OUT" '^client_id = c-0$'
lacks 'and not made' "$TMP/calls" create
check 'for all, by a certificate' 0 entra WHOLE_TENANT=yes \
    CERTIFICATE=/x/app.crt KEY=/x/app.pem
says 'it is uploaded' "$TMP/calls" '--append --cert @/x/app.crt$'
says 'the key is named' "$OUT" '^client_certificate = /x/app.pem$'
says 'consent is given' "$TMP/calls" '^ad app permission admin-consent'
print entra-setup.ps1 entra-setup.ps1
says 'PowerShell: the mailbox' "$TMP/entra-setup.ps1" \
    "Mailbox = 'a@contoso.com'"

finish
