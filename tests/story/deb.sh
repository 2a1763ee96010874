#!/bin/sh
# SPDX-License-Identifier: MIT
# The Debian package in a bare Debian (build/debian.tar, which deps makes): by
# apt, with cron's mail, an upgrade, removal; and post365 install beside the
# mail server of another package. Nothing here touches this machine's own /.
. "$(dirname "$0")/lib.sh"
own_mounts
cd "$TMP" || exit 1
R=$TMP/root

for tool in dpkg-deb chroot unshare; do
	command -v $tool >/dev/null && continue
	skip 'the Debian package' "no $tool"
	finish
done
check 'it is made' 0 run "$TOP/build.sh" deb
DEB=$(echo "$TOP"/build/post365_*_"$(dpkg --print-architecture)".deb)
if command -v lintian >/dev/null; then
	run lintian --allow-root --fail-on error,warning "$DEB"
	same 'lintian has no word about it' '' "$(cat "$OUT" "$ERR")"
else
	skip 'lintian' 'not installed'
fi
if [ ! -s "$TOP/build/debian.tar" ] || [ "$(id -u)" != 0 ] ||
    [ -z "${OWN_MOUNTS:-}" ]; then
	skip 'in a bare Debian' 'no build/debian.tar (deps), not root, or no mounts'
	finish
fi
mkdir root
tar -xf "$TOP/build/debian.tar" -C root
mount -t proc proc root/proc
echo '127.0.0.1 localhost' >root/etc/hosts
trap 'stop_all' EXIT
CRON=''
stop_all() {
	[ -z "$CRON" ] || kill "$CRON" 2>/dev/null
	stop_sandbox
	for p in /proc/[0-9]*/root; do # what sendmail left in there
		[ "$(readlink "$p")" != "$R" ] || {
			p=${p%/root}
			kill "${p#/proc/}" 2>/dev/null
		}
	done
	umount -l "$R/proc" 2>/dev/null
}
trap 'exit 1' HUP INT TERM
PATHS=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
inside() { run timeout 120 env -i PATH=$PATHS DEBIAN_FRONTEND=noninteractive \
	chroot "$R" "$@"; }
# listing: what is on that machine, but for what tools note for themselves
listing() {
	(cd root && find . -path ./proc -prune -o -path './var/lib/dpkg*' \
	    -prune -o -path './var/cache*' -prune -o -path './var/log*' -prune \
	    -o -path './etc/*-' -prune -o -path './tmp*' -prune -o \
	    -path ./etc/.pwd.lock -prune -o ! -type d -printf '%p %m %U:%G %l\n' \
	    -o -printf '%p %m %U:%G\n' | sort)
	cksum root/etc/passwd root/etc/group
}

# --- post365 install, beside a mail server of dpkg's

mkdir -p mta/DEBIAN mta/usr/sbin mta/usr/lib
printf '%s\n' 'Package: some-mta' 'Version: 1' 'Architecture: all' \
    'Maintainer: nobody <nobody@localhost>' \
    'Provides: mail-transport-agent' 'Description: a mail server' \
    >mta/DEBIAN/control
echo '#!/bin/sh' >mta/usr/sbin/sendmail
chmod 2755 mta/usr/sbin/sendmail
ln -s ../sbin/sendmail mta/usr/lib/sendmail
dpkg-deb --root-owner-group -b mta root/tmp/some-mta.deb >/dev/null
inside dpkg -i /tmp/some-mta.deb
cp "$POST365" root/tmp/post365
listing >before
check 'install: beside another' 0 inside /tmp/post365 install --sendmail
same 'install: a link' /usr/local/bin/post365 "$(readlink root/usr/sbin/sendmail)"
same 'install: the other is kept' '#!/bin/sh' \
    "$(cat root/usr/sbin/sendmail.distrib)"
check 'install: the user' 0 inside id post365
says 'install: whose the queue is' "$OUT" 'uid=[0-9]*\(post365\)'
same 'install: its folder' 'post365 711' \
    "$(chroot root stat -c '%U %a' /var/spool/post365)"
check 'install: the other is upgraded beside it' 0 inside dpkg -i \
    /tmp/some-mta.deb
same 'install: still a link' /usr/local/bin/post365 \
    "$(readlink root/usr/sbin/sendmail)"
check 'install: twice' 0 inside post365 install --sendmail
says 'install: nothing to do' "$OUT" '^nothing to do'
check 'uninstall' 0 inside post365 uninstall
listing >after
same 'uninstall: all is as it was' '' "$(diff before after)"
inside dpkg -P some-mta

# --- the package, older, with mail in its queue

mkdir old
dpkg-deb -R "$DEB" old
sed -i 's/^Version: .*/Version: 0.0.1/' old/DEBIAN/control
dpkg-deb --root-owner-group -b old root/tmp/old.deb >/dev/null
cp "$DEB" root/tmp/new.deb
apt() { inside apt-get -o APT::Sandbox::User=root -y -q "$@"; }
check 'apt installs it' 0 apt install /tmp/old.deb
for f in etc/post365:750:root:post365 var/spool/post365:711:post365:post365 \
    var/spool/post365/drop:1733:post365:post365 \
    var/lib/post365:700:post365:post365; do
	same "/${f%%:*}" "${f#*:}" "$(chroot root stat -c %a:%U:%G "/${f%%:*}")"
done
check 'it is of a package: post365 install' 73 inside post365 install
says 'who looks after it' "$ERR" 'do: apt-get install or apt-get remove'
# shellcheck disable=SC2119
start_sandbox
trap stop_all EXIT
{
	grep -vE '^(state_dir|spool_dir|ca) ' "$CONFIG"
	echo 'ca = /etc/post365/ca.pem'
} >root/etc/post365/config
cp "$SB_DIR/ca.pem" root/etc/post365/ca.pem
chroot root chown root:post365 /etc/post365/config
chmod 640 root/etc/post365/config
chmod 644 root/etc/post365/ca.pem

mkdir -p root/var/spool/post365/new
ID=0123456789ABCDEF ACCOUNT=''
letter root/var/spool/post365/new/$ID $ID "$(setting_of from)" b@example.org
chroot root chown -R post365:post365 /var/spool/post365/new
chmod 700 root/var/spool/post365/new
cp root/var/spool/post365/new/$ID kept
check 'an upgrade' 0 apt install /tmp/new.deb
same_file 'its queue is there' kept root/var/spool/post365/new/$ID
same 'and the settings' 640 "$(stat -c %a root/etc/post365/config)"

# What the timer runs, as its user, with nothing in the environment but what
# the unit says. A queue file of the first version is read.
UNIT=root/lib/systemd/system/post365-queue.service
USER=$(sed -n 's/^User=//p' $UNIT)
# shellcheck disable=SC2046 # words
set -- $(sed -n 's/^Environment=//p' $UNIT) $(sed -n 's/^ExecStart=//p' $UNIT)
check 'the timer: exit' 0 run timeout 60 env -i \
    "$(command -v chroot)" --userspec="$USER:$USER" root /usr/bin/env "$@"
same 'the timer: the queue is empty' '' "$(find root/var/spool/post365/new \
    -type f)"
says 'the timer: sent' "$(last_mail).meta" 'b@example.org'

# A user to whom /etc/post365 is closed: it is the machine's queue that he uses.
echo hello >hello
# shellcheck disable=SC2317 # check calls it
as_user() {
	run timeout 60 "$(command -v chroot)" --userspec=65534:65534 root \
	    /usr/bin/env -i HOME=/tmp "$@" <hello
}
mail_of() { # in the drop folder
	find root/var/spool/post365/drop -type f | wc -l
}
check 'another user: sendmail' 0 as_user /usr/sbin/sendmail c@example.org
check 'another user: send --queue' 0 as_user post365 send --queue c@example.org
same 'another user: both are left for the timer' 2 "$(mail_of)"
check 'another user: his own queue is none' 78 as_user post365 queue
says 'another user: whose it is' "$ERR" 'do: only root and .* sudo post365 queue'
check 'another user: config path' 78 as_user post365 config path
check 'another user: units of his own' 0 as_user post365 print --user timer
run timeout 60 env -i "$(command -v chroot)" --userspec="$USER:$USER" root \
    /usr/bin/env "$@"
same 'another user: the timer takes them' '0 0' \
    "$STATUS $(mail_of)"
says 'another user: sent' "$(last_mail).meta" 'c@example.org'

# Not before: its sender would take the queue's message along.
echo '* * * * * root echo a word of cron' >root/etc/cron.d/word
chroot root cron -f >cron.out 2>&1 &
CRON=$!
apt install -s --install-recommends mdadm
says 'mdadm comes' "$OUT" '^Inst mdadm '
same 'and brings no other mail server' '' \
    "$(grep -E '^Inst (exim|postfix|nullmailer|msmtp|dma)|^Remv' "$OUT")"

tries=0
until grep -qs 'a word of cron' "$SB_DIR"/mail/*.eml || [ $tries -gt 140 ]; do
	tries=$((tries + 1))
	sleep 0.5
done
says "cron's mail arrives" "$(grep -ls 'a word of cron' "$SB_DIR"/mail/*.eml |
    head -n 1)" '^Subject: .*Cron'
kill $CRON
wait $CRON 2>/dev/null
CRON=''
rm root/etc/cron.d/word
settle root/var/spool/post365

# --- removal

end_background root/var/spool/post365
cp kept root/var/spool/post365/new/$ID
check 'removal' 0 apt remove post365
same 'removal: no sendmail' no "$([ -e root/usr/sbin/sendmail ] && echo yes ||
    echo no)"
same_file 'removal: the queue stays' kept root/var/spool/post365/new/$ID
same 'removal: so do the settings' 640 "$(stat -c %a root/etc/post365/config)"
check 'purge' 0 apt purge post365
says 'purge: says that mail stays' "$ERR" 'stays: the queue has 1 messages'
same_file 'purge: and it does' kept root/var/spool/post365/new/$ID
same 'purge: settings go' no "$([ -e root/etc/post365 ] && echo yes || echo no)"
rm root/var/spool/post365/new/$ID
check 'apt installs it again' 0 apt install /tmp/new.deb
check 'and purges' 0 apt purge post365
same 'nothing of it is left' '' "$(find root/etc root/var/spool root/var/lib \
    root/usr root/lib/systemd -name '*post365*' ! -path '*/dpkg/*' \
    ! -path '*/deb-systemd-helper-*')"
stop_all
trap - EXIT
finish
