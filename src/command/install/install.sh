# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# shellcheck disable=SC2154 # what begins with in_ comes from install.c
#
# install.sh: what `post365 install` and `post365 uninstall` do. It is inside
# the executable, which runs it by /bin/sh -c. It is a script because most of
# what it does are the machine's own tools: dpkg-divert, useradd, systemctl.
#
# install.c gives, in the environment: in_verb; in_self, the executable;
# in_prefix, in_dest (DESTDIR, or empty); in_user; in_config, in_spool,
# in_state, in_units, which are folders; in_own (for an ordinary user), in_mail
# (--sendmail), in_dry, in_purge: "yes" or empty; in_version; and the texts
# in_service, in_timer, in_relay, in_socket, in_openrc, in_cron.
#
# The record is a line for each thing that was done, written before it is done:
# what was cut short is undone as well. Fields end with a tab:
#
#	dir PATH		made
#	file PATH SUM		written; its SHA-256; once more for other bytes
#	link PATH TARGET	made
#	backup PATH		what was there has another name
#	divert PATH		the same, and dpkg knows it
#	was PATH MODE OWNER	of what was there
#	user NAME		made
#	config, spool, state PATH	where the data are
set -u
umask 022
LC_ALL=C
PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH

D=$in_dest
bin=$in_prefix/bin/post365
record=$in_prefix/share/post365/installed
kept=.before-post365
tab=$(printf '\t')
changed=0 early='' made='' units_changed='' left='' uid='' gid=''
nl='
'

say() { printf '%s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" = 0 ]; }
# fail TEXT [WHAT TO DO]
fail() {
	printf 'post365 %s: %s\n' "$in_verb" "$1" >&2
	[ $# -lt 2 ] || printf '  do: %s\n' "$2" >&2
	exit 73
}

# act TEXT COMMAND...: does it and says so; with --dry-run it only says so.
act() {
	text_said=$1
	shift
	changed=$((changed + 1))
	if [ -z "$in_dry" ]; then
		"$@" || fail "could not do this: $text_said" \
		    "mend what is named above, then the same command again"
	fi
	say "${in_dry:+would do: }$text_said"
}

# --- the record

# note KIND PATH [MORE]: what is noted before there is a folder for it waits.
note() {
	[ -z "$in_dry" ] || return 0
	line=$1$tab$2${3:+$tab$3}
	if [ ! -d "$D${record%/*}" ]; then
		early=$early$line$nl
		return 0
	fi
	if [ -n "$early" ]; then
		printf '%s' "$early" >>"$D$record" || exit 73
		early=''
	fi
	grep -qxF -e "$line" "$D$record" 2>/dev/null ||
	    printf '%s\n' "$line" >>"$D$record" || exit 73
}
# noted KIND PATH: the rest of its last line; false: there is none.
noted() {
	rest=''
	[ -r "$D$record" ] || return 1
	while IFS=$tab read -r k p more; do
		[ "$k" != "$1" ] || [ "$p" != "$2" ] || rest=${more:-yes}
	done <"$D$record"
	[ -n "$rest" ] && printf '%s\n' "$rest"
}

# --- install: files

# inside PATH: a link that begins with / would lead out of DESTDIR.
inside() {
	[ -n "$D" ] || return 0
	case $(readlink -f "$D$1")/ in
	"$(readlink -f "$D")"/*) ;;
	*)
		fail "$D$1 leads out of $D" \
		    "make the link in it a relative one"
		;;
	esac
}
folder() { # PATH
	[ -n "$1" ] || return 0
	if [ -d "$D$1" ]; then
		inside "$1"
		return 0
	fi
	case "$nl$made" in *"$nl$1$nl"*) return 0 ;; esac # in a dry run
	folder "${1%/*}"
	note dir "$1"
	made=$made$1$nl
	act "made the folder $1" mkdir "$D$1"
}

owner_of() { stat -c %u:%g "$1"; }
# rights PATH MODE OWNER: of a file or folder; OWNER empty: as it is.
rights() {
	[ -e "$D$1" ] && [ ! -L "$D$1" ] || return 0
	now=$(stat -c '%a %u:%g' "$D$1")
	want="$2 ${3:-${now#* }}"
	[ "$now" != "$want" ] || return 0
	noted dir "$1" >/dev/null || noted was "$1" >/dev/null ||
	    note was "$1" "${now% *}$tab${now#* }"
	case $3 in
	'') who='' ;;
	0:*) who=", owner root, group $in_user" ;;
	*) who=", owner $in_user" ;;
	esac
	act "$1: mode $2$who" rights_set "$1" "$2" "$3"
}
rights_set() {
	if [ -n "$3" ] && [ "$(owner_of "$D$1")" != "$3" ]; then
		chown -h "$3" "$D$1" || return
	fi
	chmod "$2" "$D$1"
}

# Keeps what is there under another name.
keep() { # PATH
	[ -e "$D$1" ] || [ -L "$D$1" ] || return 0
	[ ! -e "$D$1$kept" ] ||
	    fail "$1 would be kept as $1$kept, which is there already" \
		"move one of them away"
	note backup "$1"
	act "kept what was $1 as $1$kept" mv "$D$1" "$D$1$kept"
}

sum_of() { sha256sum | cut -c 1-64; }

# Is it what was written, now or by an earlier install?
is_as_written() { # PATH
	grep -qxF -e "file$tab$1$tab$(sum_of <"$D$1")" "$D$record"
}

# put PATH MODE FILE [TEXT]: FILE's bytes, or TEXT where FILE is empty. Who
# runs the old file keeps it. Leaves a file of ours that somebody changed.
put() {
	folder "${1%/*}"
	if [ -n "$3" ]; then
		cmp -s "$3" "$D$1" && return
	else
		printf '%s' "$4" | cmp -s - "$D$1" && return
	fi
	if [ -e "$D$1" ] && noted file "$1" >/dev/null; then
		if [ -z "$3" ] && ! is_as_written "$1"; then
			say "left $1 as it is: it was changed by hand"
			return 0
		fi
	else
		keep "$1"
	fi
	note file "$1" "$(put_bytes "$3" "${4:-}" | sum_of)"
	units_changed=yes
	act "wrote $1" put_file "$@"
}
put_bytes() { if [ -n "$1" ]; then cat "$1"; else printf '%s' "$2"; fi; }
put_file() {
	put_bytes "$3" "${4:-}" >"$D$1.new" && chmod "$2" "$D$1.new" &&
	    { sync "$D$1.new" 2>/dev/null || sync; } &&
	    mv -f "$D$1.new" "$D$1" && return
	rm -f "$D$1.new"
	return 1
}

# --- install: who, where

find_user() {
	if [ -z "$D" ]; then
		uid=$(id -u "$in_user" 2>/dev/null) &&
		    gid=$(id -g "$in_user" 2>/dev/null)
		return
	fi
	set -- "$(grep "^$in_user:" "$D/etc/passwd" 2>/dev/null)"
	uid=$(printf '%s' "$1" | cut -d : -f 3)
	gid=$(printf '%s' "$1" | cut -d : -f 4)
	[ -n "$uid" ]
}

user() {
	find_user && return
	if [ -n "$D" ]; then
		say "no user $in_user in $D: run post365 install once more" \
		    "where it will run"
		return
	fi
	shell=/bin/false
	for f in /sbin/nologin /usr/sbin/nologin; do
		[ ! -x "$f" ] || shell=$f
	done
	group=-U # of that name: made, or there
	! grep -q "^$in_user:" /etc/group || group="-g $in_user"
	note user "$in_user"
	if have useradd; then
		# shellcheck disable=SC2086 # two words
		act "made the system user $in_user" useradd -r $group -d / \
		    -s "$shell" "$in_user"
	elif have adduser; then
		[ "$group" != -U ] ||
		    act "made the system group $in_user" addgroup -S "$in_user"
		act "made the system user $in_user" adduser -S -D -H -h / \
		    -s "$shell" -G "$in_user" "$in_user"
	else
		fail "there is no useradd and no adduser to make $in_user" \
		    "add \"$in_user:x:985:985::/:$shell\" to /etc/passwd and \
\"$in_user:x:985:\" to /etc/group, then the same command again"
	fi
	[ -n "$in_dry" ] || find_user
}

# A folder with nothing of others in it: made here, or named after us.
is_own() { # FOLDER
	case $1 in *post365*) return 0 ;; esac
	noted dir "$1" >/dev/null
}

# A queue belongs to one user, whoever made it.
give() { # FOLDER
	[ -n "$uid" ] && [ -d "$D$1" ] && is_root || return 0
	from=$(owner_of "$D$1")
	[ "$from" != "$uid:$gid" ] || return 0
	is_own "$1" || [ -d "$D$1/new" ] || [ -f "$D$1/log" ] ||
	    [ -z "$(ls -A "$D$1")" ] ||
	    fail "$1 has files of others, and would be given to $in_user" \
		"name a folder of its own in spool_dir or state_dir"
	noted dir "$1" >/dev/null || noted was "$1" >/dev/null ||
	    note was "$1" "$(stat -c %a "$D$1")$tab$from"
	act "gave $1 to $in_user" chown -Rh "$uid:$gid" "$D$1"
}

# Where a folder is that is a link to another disk.
real() { # PATH
	{ [ -z "$D" ] && [ -L "$1" ] && readlink -f "$1"; } || say "$1"
}
folders() {
	root='' ours=''
	in_config=$(real "$in_config")
	in_spool=$(real "$in_spool")
	in_state=$(real "$in_state")
	if is_root && [ -n "$uid" ]; then root=0:$gid ours=$uid:$gid; fi
	folder "$in_config"
	rights "$in_config" 750 "$root"
	for f in config secret; do
		[ ! -f "$D$in_config/$f" ] ||
		    rights "$in_config/$f" 640 "$root"
	done
	folder "$in_spool"
	folder "$in_state"
	give "$in_spool"
	give "$in_state"
	# it stands in a folder of $in_user, who could make it a link
	[ ! -L "$D$in_spool/drop" ] ||
	    fail "$in_spool/drop is a link" "remove it"
	folder "$in_spool/drop"
	rights "$in_spool" 711 "$ours"
	rights "$in_spool/drop" 1733 "$ours"
	rights "$in_state" 700 "$ours"
}

# --- install: for other programs

mail_link() { # PATH
	[ "$(readlink "$D$1")" != "$bin" ] || return 0
	folder "${1%/*}"
	# Also where nothing is: a mail server that comes later stays beside.
	if have dpkg-divert && [ -e "$D/var/lib/dpkg/status" ]; then
		note divert "$1"
		act "had dpkg move what is or comes as $1 to $1.distrib" \
		    divert "$1" --add
	else
		keep "$1"
	fi
	note link "$1" "$bin"
	act "linked $1 to $bin" ln -s "$bin" "$D$1"
}
divert() { # PATH --add or --remove
	set -- "$2" "$1" --quiet --local --rename --divert "$1.distrib"
	[ -z "$D" ] || set -- "$@" --root "$D"
	action=$1 path=$2
	shift 2
	dpkg-divert "$@" "$action" "$path"
}

# The executable prints them itself.
manuals() {
	while read -r name path; do
		text=$("$in_self" print "$name" && echo .) ||
		    fail "could not do this: print $name"
		put "$in_prefix/share/$path" 644 '' "${text%.}"
	done <<-END
		man man/man1/post365.1
		man-conf man/man5/post365.conf.5
		man-sendmail man/man8/post365-sendmail.8
		completion-bash bash-completion/completions/post365
		completion-zsh zsh/site-functions/_post365
		completion-fish fish/vendor_completions.d/post365.fish
	END
}

sd() { if [ -n "$in_own" ]; then systemctl --user "$@"; else systemctl "$@"; fi; }
sd_runs() {
	[ -z "$D" ] && have systemctl || return 1
	if [ -z "$in_own" ]; then
		[ -d /run/systemd/system ]
	else
		[ -d "${XDG_RUNTIME_DIR:-/nowhere}/systemd" ]
	fi
}
rc_is_here() { [ -z "$in_own" ] && [ -x "$D/sbin/openrc-run" ]; }

units() {
	if rc_is_here && ! sd_runs; then
		put /etc/init.d/post365 755 '' "$in_openrc"
		return
	fi
	put "$in_units/post365-queue.service" 644 '' "$in_service"
	put "$in_units/post365-queue.timer" 644 '' "$in_timer"
	if [ -z "$in_own" ]; then
		put "$in_units/post365.service" 644 '' "$in_relay"
		put "$in_units/post365.socket" 644 '' "$in_socket"
	fi
	if sd_runs; then
		start_units
	elif [ -z "$D$in_own" ] && [ -d /etc/cron.d ]; then
		put /etc/cron.d/post365 644 '' "$in_cron"
	fi
}

start_units() {
	[ -z "$units_changed" ] || act "told systemd of them" sd daemon-reload
	t=post365-queue.timer
	if ! sd is-enabled -q $t 2>/dev/null || ! sd is-active -q $t; then
		act "enabled and started $t" sd enable -q --now $t
	fi
	if [ -n "$new_binary" ] && sd is-active -q post365.service; then
		act "restarted the relay" sd try-restart post365.service
	fi
}

next() {
	say
	say "$1. Next:"
	[ -e "$D$in_config/config" ] || say "  $bin config init"
	say "  $bin check"
	if [ -n "$in_own" ]; then
		sd_runs ||
		    say "  systemctl --user enable --now post365-queue.timer"
		say "  loginctl enable-linger    # queued mail also goes when" \
		    "you are logged out"
	elif rc_is_here; then
		say "  rc-update add post365 && rc-service post365 start"
	elif ! sd_runs && [ ! -d "$D/etc/cron.d" ]; then
		say "  systemctl enable --now post365-queue.timer"
	fi
	[ -n "$in_own" ] || rc_is_here ||
	    say "  systemctl enable --now post365    # the SMTP relay, if wanted"
	[ -n "$in_mail$in_own" ] || [ "$(readlink "$D/usr/sbin/sendmail")" = \
	    "$bin" ] || say "  $bin install --sendmail    # if cron, PHP and" \
	    "others are to mail by it"
}

# --- install

of_a_package() {
	[ -z "$D" ] && have dpkg-query && dpkg-query -S "$in_self" >/dev/null 2>&1
}

install() {
	[ -z "$D" ] || mkdir -p "$D" || exit 73
	new_binary=''
	folder "${record%/*}"
	cmp -s "$in_self" "$D$bin" || new_binary=yes
	put "$bin" 755 "$in_self"
	if [ -z "$in_own" ]; then
		rights "$bin" 755 '' # also what was copied there by hand
		user
		folders
	fi
	note config "$in_config"
	note spool "$in_spool"
	note state "$in_state"
	if [ -n "$in_mail" ]; then
		for f in /usr/sbin/sendmail /usr/lib/sendmail /usr/bin/mailq \
		    /usr/bin/newaliases; do
			mail_link "$f"
		done
	fi
	manuals
	units
	if [ -n "$in_dry" ]; then
		say "$changed things to do"
	elif [ "$changed" = 0 ]; then
		say "nothing to do: post365 $in_version is installed as $bin"
	else
		next "installed post365 $in_version as $bin"
	fi
}

# --- uninstall: a function for each kind; false: it stays in the record

undo_file() { # PATH
	[ -n "$in_dry" ] || rm -f "$D$1.new" # of one that was cut short
	[ -e "$D$1" ] || return 0
	if [ "$1" != "$bin" ] && ! is_as_written "$1"; then
		say "left $1: it was changed by hand"
		return 1
	fi
	act "removed $1" rm -f "$D$1"
}

undo_link() { # PATH TARGET
	[ "$(readlink "$D$1")" != "$2" ] || act "removed $1" rm -f "$D$1"
}

undo_backup() { # PATH
	[ -e "$D$1$kept" ] || [ -L "$D$1$kept" ] || return 0
	if [ -z "$in_dry" ] && { [ -e "$D$1" ] || [ -L "$D$1" ]; }; then
		say "left $1$kept: there is another $1 now"
		return 1
	fi
	act "brought back $1" mv "$D$1$kept" "$D$1"
}

undo_divert() { # PATH
	if [ -z "$in_dry" ] && { [ -e "$D$1" ] || [ -L "$D$1" ]; }; then
		say "left $1.distrib: there is another $1 now"
		return 1
	fi
	act "had dpkg bring back $1" divert "$1" --remove
}

undo_was() { # PATH MODE OWNER
	[ -e "$D$1" ] && [ ! -L "$D$1" ] || return 0
	[ "$(stat -c "%a$tab%u:%g" "$D$1")" != "$2$tab$3" ] || return 0
	act "$1: mode $2, owner $3, as it was" was_set "$1" "$2" "$3"
}
was_set() {
	case $1 in
	"$in_config"*) all='' ;;
	*) all=-R ;;
	esac
	# shellcheck disable=SC2086 # an option or nothing
	! is_root || chown -h $all "$3" "$D$1" || return
	chmod "$2" "$D$1"
}

undo_user() { # NAME
	if [ -n "$left" ]; then
		say "left the user $1: what is left is its"
		return 1
	fi
	[ -z "$D" ] && id "$1" >/dev/null 2>&1 || return 0
	if have userdel; then
		act "removed the user $1" userdel "$1"
	else
		act "removed the user $1" deluser "$1"
	fi
}

# Folders without a file in them go; others go with --purge, but no mail does.
undo_data() { # KIND PATH
	[ -d "$D$2" ] && [ ! -L "$D$2" ] || return 0
	mails=0
	case $1 in config) ;; *) mails=$(count_mail) ;; esac
	if [ -z "$(find "$D$2" ! -type d)" ]; then
		if [ -n "$in_purge" ] || noted dir "$2" >/dev/null; then
			act "removed $2" find "$D$2" -depth -type d \
			    -exec rmdir {} ';'
		fi
	elif [ "$mails" != 0 ]; then
		say "left $2: the queue has $mails messages"
		return 1
	elif [ -n "$in_purge" ] && ! is_own "$2"; then
		say "left $2: it was there before, for others as well"
	elif [ -n "$in_purge" ]; then
		act "removed $2" rm -rf "$D$2"
	else
		say "left $2: $(data_is "$1"). uninstall --purge removes it"
		! noted dir "$2" >/dev/null
	fi
}
data_is() {
	case $1 in
	config) say 'the settings' ;;
	spool) say 'the queue, with no mail in it' ;;
	state) say 'the journal' ;;
	esac
}
count_mail() {
	for f in new work hold dead drop tmp; do
		[ ! -d "$D$in_spool/$f" ] || find "$D$in_spool/$f" -type f
	done | wc -l | tr -d ' '
}

undo() { # KIND PATH MORE
	case $1 in
	file) undo_file "$2" ;;
	link) undo_link "$2" "$3" ;;
	backup) undo_backup "$2" ;;
	divert) undo_divert "$2" ;;
	was) undo_was "$2" "${3%"$tab"*}" "${3#*"$tab"}" ;;
	user) undo_user "$2" ;;
	config | spool | state) undo_data "$1" "$2" ;;
	esac
}

stop_units() {
	if sd_runs; then
		for u in post365.socket post365.service post365-queue.timer; do
			if sd is-active -q $u || sd is-enabled -q $u 2>/dev/null
			then
				act "stopped $u" sd disable -q --now $u
			fi
		done
	elif rc_is_here && [ -z "$D" ] && have rc-service; then
		! rc-service -q post365 status >/dev/null 2>&1 ||
		    act "stopped the relay" rc-service -q post365 stop
		[ -n "$in_dry" ] || rc-update -q del post365 2>/dev/null
	fi
}

# Newest first, as they have to go; folders last.
uninstall() {
	if [ ! -r "$D$record" ]; then
		say "nothing to undo: there is no $D$record" \
		    "(--prefix names another place)"
		return
	fi
	for k in spool state config; do # where they were then
		while IFS=$tab read -r kind path more; do
			[ "$kind" != $k ] || eval "in_$k=\$path"
		done <"$D$record"
	done
	stop_units
	dirs=''
	while IFS=$tab read -r kind path more; do
		if [ "$kind" = dir ]; then
			dirs=$dirs$path$nl
		elif ! undo "$kind" "$path" "${more:-}"; then
			left=$kind$tab$path${more:+$tab$more}$nl$left
		fi
	done <<-END
	$(sed -n '1!G;h;$p' "$D$record")
	END
	if [ -n "$left" ]; then
		[ -n "$in_dry" ] || keep_record
	else
		act "removed $record" rm -f "$D$record"
		printf '%s' "$dirs" | while read -r path; do
			[ -n "$in_dry" ] || ! rmdir "$D$path" 2>/dev/null ||
			    say "removed the folder $path"
		done
	fi
	! sd_runs || sd daemon-reload
	[ "$changed" != 0 ] || say "nothing more to undo"
}
keep_record() {
	{
		printf '%s' "$dirs" | sed -n '1!G;h;$p' | sed "s/^/dir$tab/"
		printf '%s' "$left"
	} >"$D$record.new" && mv "$D$record.new" "$D$record"
}

if of_a_package; then
	fail "$in_self is of a Debian package, which apt looks after" \
	    "apt-get install or apt-get remove post365"
fi
"$in_verb"
