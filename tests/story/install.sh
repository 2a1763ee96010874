#!/bin/sh
# SPDX-License-Identifier: MIT
# install and uninstall, in folders that stand for a machine and for a user's
# home: what is there afterwards, twice the same, and all as it was at the end.
. "$(dirname "$0")/lib.sh"
own_mounts
cd "$TMP" || exit 1
unset XDG_RUNTIME_DIR # no systemd of ours is told anything

# listing FOLDER: all that a file is but its time.
listing() {
	(cd "$1" && find . -path ./proc -prune -o \
	    -printf '%p %y %m %U:%G %l\n' | sort
	find . -path ./proc -prune -o -type f -exec cksum {} + | sort)
}
# A machine with a mail server, settings, and a bit of a queue.
machine() { # FOLDER
	mkdir -p "$1/usr/sbin" "$1/usr/lib" "$1/usr/bin" "$1/etc/post365" \
	    "$1/var/lib" "$1/sbin"
	echo 'post365:x:985:986::/:/bin/false' >"$1/etc/passwd"
	echo 'an MTA' >"$1/usr/sbin/sendmail"
	chmod 2711 "$1/usr/sbin/sendmail"
	ln -s ../sbin/sendmail "$1/usr/lib/sendmail"
	ln -s ../sbin/sendmail "$1/usr/bin/mailq"
	echo 'from = a@contoso.com' >"$1/etc/post365/config"
	chmod 600 "$1/etc/post365/config"
}
# shellcheck disable=SC2317
inst() { run "$P" install --destdir "$@"; }
# shellcheck disable=SC2317
uninst() { run "$P" uninstall --destdir "$@"; }
rights() { stat -c '%a %u:%g' "m$1"; }
is() { # NAME PATH MODE OWNER, which only root sets
	[ "$(id -u)" = 0 ] && want="$3 $4" || want="$3 $(id -u):$(id -g)"
	same "$1" "$want" "$(rights "$2")"
}

machine m
listing m >before
check 'a dry run' 0 inst m --sendmail -n
says 'a dry run: what it would do' "$OUT" \
    '^would do: linked /usr/sbin/sendmail to /usr/local/bin/post365$'
listing m >dry
same_file 'a dry run: changes nothing' before dry

check 'install' 0 inst m --sendmail
same_file 'the executable' "$P" m/usr/local/bin/post365
is 'the executable: rights' /usr/local/bin/post365 755 0:0
for f in usr/sbin/sendmail usr/lib/sendmail usr/bin/mailq usr/bin/newaliases; do
	same "$f: a link" /usr/local/bin/post365 "$(readlink m/$f)"
done
same 'what was sendmail' 'an MTA' "$(cat m/usr/sbin/sendmail.before-post365)"
is 'the folder of settings' /etc/post365 750 0:986
is 'the settings' /etc/post365/config 640 0:986
is 'the queue' /var/spool/post365 711 985:986
is 'its drop folder' /var/spool/post365/drop 1733 985:986
is 'the journal' /var/lib/post365 700 985:986
"$P" print man >page
same_file 'the manual' page m/usr/local/share/man/man1/post365.1
"$P" print completion fish >complete
same_file 'and what a shell completes by' complete \
    m/usr/local/share/fish/vendor_completions.d/post365.fish
UNITS=m/etc/systemd/system
has 'the timer: as whom' $UNITS/post365-queue.service 'User=post365'
has 'the timer: by which executable' $UNITS/post365-queue.service \
    'ExecStart=/usr/local/bin/post365 -q queue run'
has 'the timer: not before there are settings' $UNITS/post365-queue.service \
    'ConditionPathExists=/etc/post365/config'
if command -v systemd-analyze >/dev/null; then
	cp -R $UNITS units
	sed -i "s|=/usr/local/bin/post365 |=$P |; s/^User=.*/User=root/" units/*
	check 'systemd reads the units' 0 run systemd-analyze verify --man=no \
	    units/post365-queue.service units/post365-queue.timer \
	    units/post365.service units/post365.socket
	same 'and has no word about them' '' "$(grep post365 "$ERR")"
else
	skip 'systemd reads the units' 'no systemd-analyze'
fi

listing m >once
check 'again' 0 inst m --sendmail
says 'again: nothing to do' "$OUT" '^nothing to do: post365 .* is installed'
same 'again: one line' 1 "$(wc -l <"$OUT")"
listing m >twice
same_file 'again: changes nothing' once twice

# A newer executable takes the place of one that runs; units that somebody
# changed stay.
cp "$P" m/usr/local/bin/post365.other
printf x >>m/usr/local/bin/post365.other
mv m/usr/local/bin/post365.other m/usr/local/bin/post365
timeout 20 m/usr/local/bin/post365 sandbox --dir "$TMP/sb" >sb.out 2>&1 &
SB=$!
tries=0
until grep -q ready sb.out || [ $tries -gt 100 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
echo '# mine' >>$UNITS/post365.service
check 'upgrade' 0 inst m
same_file 'upgrade: the new one' "$P" m/usr/local/bin/post365
has 'upgrade: a unit that was changed stays' "$OUT" \
    'left /etc/systemd/system/post365.service as it is: it was changed by hand'
check 'upgrade: who runs goes on' 0 run kill $SB
wait $SB 2>/dev/null
sed -i '$d' $UNITS/post365.service

check 'uninstall, dry' 0 uninst m -n
listing m >dry
check 'upgrade, twice' 0 inst m
check 'uninstall' 0 uninst m
listing m >after
same_file 'uninstall: all is as it was' before after
check 'uninstall, twice' 0 uninst m
says 'uninstall, twice: nothing' "$OUT" '^nothing to undo: there is no '

# --- by hand as the service's user, whose home is /

cat >service.sh <<'EOF'
mount -t tmpfs tmpfs /var/lib && mount -t tmpfs tmpfs /var/spool || exit 77
cp "$1" /var/lib/post
printf 'from = a@contoso.com\n' >/var/lib/config
mkdir /var/lib/post365 /var/spool/post365
chown 64999 /var/lib/post365 /var/spool/post365 /var/lib/config
for uid in 64999 64998; do
	setpriv --reuid "$uid" --regid "$uid" --clear-groups env HOME=/ \
	    /var/lib/post -C /var/lib/config queue run
	echo "$uid $?"
done
ls /var/lib/post365 /var/spool/post365
EOF
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null &&
    unshare -m sh service.sh "$POST365" >"$OUT" 2>"$ERR"; then
	has 'by hand: the service'\''s user' "$OUT" '64999 0'
	has 'by hand: in its folders' "$OUT" worker
	lacks 'by hand: nobody else' "$OUT" '64998 0'
else
	skip 'by hand' 'not root, or no mounts'
fi

# --- a queue with mail in it stays, whatever is asked

rm -rf m
mkdir m
check 'an empty machine' 0 inst m --prefix /usr --user mail
if [ "$(id -u)" = 0 ]; then
	chgrp 986 m/etc/post365 # there is no user yet in this folder
	check 'config init' 0 run "$P" -C m/etc/post365/config config init
	is 'config init: the timer may read it' /etc/post365/config 640 0:986
	chgrp 0 m/etc/post365
	rm m/etc/post365/config
fi
has 'another prefix' m/etc/systemd/system/post365.service \
    'ExecStart=/usr/bin/post365 relay'
has 'another user' m/etc/systemd/system/post365.service 'User=mail'
echo 'from = a@contoso.com' >m/etc/post365/config
mkdir m/var/spool/post365/new
letter m/var/spool/post365/new/0123456789ABCDEF 0123456789ABCDEF \
    a@contoso.com b@example.org
cp m/var/spool/post365/new/0123456789ABCDEF kept
echo journal >m/var/lib/post365/journal
check 'uninstall beside mail' 0 uninst m --prefix /usr
says 'it says that mail is there' "$OUT" \
    '^left /var/spool/post365: the queue has 1 messages$'
says 'and the settings' "$OUT" '^left /etc/post365: the settings'
check 'purge beside mail' 0 uninst m --prefix /usr --purge
same_file 'mail stays' kept m/var/spool/post365/new/0123456789ABCDEF
same 'settings go' no "$([ -e m/etc/post365 ] && echo yes || echo no)"
rm m/var/spool/post365/new/0123456789ABCDEF
check 'purge' 0 uninst m --prefix /usr --purge
same 'nothing stays' '' "$(find m -mindepth 1)"

# --- clumsy, and cut short

check 'an empty DESTDIR' 64 inst ''
machine x
mkdir -p x/usr/local/bin
cp "$P" x/usr/local/bin/post365
chmod 700 x/usr/local/bin/post365
listing x >before
check 'copied by hand before' 0 inst x/ --user mail
is 'then the timer can run it' /../x/usr/local/bin/post365 755 0:0
check 'of another user' 0 inst x --prefix /usr/local/
check 'and of the first again' 0 inst x --user mail --sendmail
echo half >x/etc/systemd/system/post365.socket.new # as kill -9 leaves it
check 'uninstall of all that' 0 uninst x --prefix /usr/local/
listing x >after
same_file 'all is as it was, again' before after
mkdir -p x/var/spool x/data outside
ln -s "$TMP/outside" x/var/spool/post365
check 'a link that leads out' 73 inst x
says 'it says which' "$ERR" '/x/var/spool/post365 leads out of .*/x$'
same 'nothing went there' '' "$(ls outside)"
rm x/var/spool/post365
ln -s ../../data x/var/spool/post365
check 'a link within' 0 inst x
mkdir tidy
rmdir x/data/drop
ln -s "$TMP/tidy" x/data/drop
check 'a drop folder that is a link' 73 inst x
same 'where it leads stays closed' 755 "$(stat -c %a tidy)"
rm -rf x

# --- a machine of busybox and OpenRC; its adduser is a stand-in

box() { run env -i PATH=/bin:/sbin chroot "$TMP/box" "$@"; }
mkdir -p box/bin box/sbin box/usr/sbin box/usr/bin box/etc box/proc box/dev
if [ -n "${OWN_MOUNTS:-}" ] && command -v busybox >/dev/null &&
    mount -t proc proc box/proc && mknod box/dev/null c 1 3; then
	cp "$(command -v busybox)" box/bin/busybox
	cp "$POST365" box/post365
	box busybox --install -s
	echo 'root:x:0:0::/:/bin/sh' >box/etc/passwd
	echo 'root:x:0:' >box/etc/group
	echo '#!/bin/sh' >box/sbin/openrc-run
	chmod 755 box/sbin/openrc-run
	rm -f box/bin/adduser box/*/adduser box/usr/*/adduser
	check 'busybox: nobody can make a user' 73 box /post365 install
	says 'busybox: what to write where' "$ERR" \
	    'do: add "post365:x:985:985::/:[a-z/]*" to /etc/passwd and '
	box /post365 uninstall
	for f in adduser deluser addgroup; do
		echo '#!/bin/sh' >box/sbin/$f
		chmod 755 box/sbin/$f
	done
	echo 'echo "post365:x:77:77::/:/bin/false" >>/etc/passwd' \
	    >>box/sbin/adduser
	# shellcheck disable=SC2016
	echo 'sed -i "/^$1:/d" /etc/passwd' >>box/sbin/deluser
	listing box >before
	check 'busybox: install' 0 box /post365 install --sendmail
	has 'busybox: the script of OpenRC' box/etc/init.d/post365 \
	    'command_user=post365'
	same 'busybox: whose the queue is' '711 77:77' \
	    "$(stat -c '%a %u:%g' box/var/spool/post365)"
	check 'busybox: twice' 0 box /post365 install --sendmail
	same 'busybox: nothing to do' 1 "$(grep -c '^nothing to do' "$OUT")"
	check 'busybox: uninstall' 0 box /usr/local/bin/post365 uninstall
	listing box >after
	same 'busybox: all is as it was' '' "$(diff before after)"
	mkdir -p box/etc/post365 box/srv/web box/disk box/var/spool
	echo page >box/srv/web/page
	echo 'state_dir = /srv/web' >box/etc/post365/config
	check 'busybox: a folder of others' 73 box /post365 install
	says 'busybox: is not given away' "$ERR" '/srv/web has files of others'
	same 'busybox: it is as it was' 0:0 "$(stat -c %u:%g box/srv/web/page)"
	echo >box/srv/web/log
	check 'busybox: beside our log' 0 box /post365 install
	check 'busybox: purge' 0 box /usr/local/bin/post365 uninstall --purge
	same 'busybox: the page stays' page "$(cat box/srv/web/page)"
	ln -s /disk box/var/spool/post365
	check 'busybox: a queue on another disk' 0 box /post365 install
	same 'busybox: whose that is' '711 77:77' "$(stat -c '%a %u:%g' box/disk)"
	check 'busybox: that, again' 0 box /post365 install
	says 'busybox: that, nothing to do' "$OUT" '^nothing to do'
	check 'busybox: away with it' 0 box /post365 uninstall
	same 'busybox: as it was' '755 0:0' "$(stat -c '%a %u:%g' box/disk)"
	umount box/proc
else
	skip 'busybox' 'no busybox, or no mounts here'
fi

# --- an ordinary user

mkdir home
USE=''
if [ "$(id -u)" = 0 ]; then
	chmod 755 "$TMP" "$TMP/.."
	cp "$P" post365
	chown 65534:65534 home
	USE="setpriv --reuid 65534 --regid 65534 --clear-groups"
	$USE true 2>/dev/null || USE=''
fi
# shellcheck disable=SC2086 # words
own() { run env HOME="$TMP/home" $USE "${OWN:-$P}" "$@"; }
[ -z "$USE" ] || OWN=$TMP/post365
if [ "$(id -u)" = 0 ] && ! own version || [ "$STATUS" != 0 ]; then
	skip 'as an ordinary user' 'cannot become one here'
	finish
fi
listing home >before
check 'a user: install' 0 own install
same_file 'a user: the executable' "$P" home/.local/bin/post365
has 'a user: the timer' home/.config/systemd/user/post365-queue.service \
    "ExecStart=$TMP/home/.local/bin/post365 -q queue run"
says 'a user: what is next' "$OUT" 'systemctl --user enable --now post365-queue'
check 'a user: twice' 0 own install
says 'a user: nothing to do' "$OUT" '^nothing to do'
check 'a user: no sendmail' 64 own install --sendmail
says 'a user: what to run' "$ERR" 'do: sudo .*/post365 install --sendmail'
check 'a user: where it may not' 73 own install --prefix /nowhere/at/all
says 'a user: what failed' "$ERR" 'could not do this: made the folder /nowhere'
check 'a user: uninstall' 0 own uninstall
listing home >after
same_file 'a user: all is as it was' before after
mkdir home/stage
[ -z "$USE" ] || chown 65534:65534 home/stage
check 'a user: into a folder, as packages are made' 0 own install \
    --destdir "$TMP/home/stage" --prefix /usr --sendmail
same 'with the links' /usr/bin/post365 "$(readlink home/stage/usr/sbin/sendmail)"
check 'a prefix that no unit can name' 64 inst m --prefix '/a b'
finish
