# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# fetch.sh: what a build takes from elsewhere: tools and headers (packages),
# the archives of vendor/lock, the certificates of vendor/roots.list. build.sh
# reads it.

# --- tools ----------------------------------------------------------------

can_apt() { [ "$(id -u)" = 0 ] && have apt-get; }

apt_try() {
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
	    --no-install-recommends "$@" >build/apt.log 2>&1
}

apt_update_once() {
	[ -e build/.apt-updated ] && return 1
	say "build.sh: apt-get update"
	apt-get update -q >build/apt.log 2>&1 || true
	: >build/.apt-updated
}

apt_lists_empty() {
	[ -z "$(find /var/lib/apt/lists -name '*_Packages*' 2>/dev/null |
	    head -n 1)" ]
}

# apt_get PACKAGE...: installs, with one update if that is what is missing.
apt_get() {
	mkdir -p build
	if apt_lists_empty; then apt_update_once || true; fi
	apt_try "$@" || { apt_update_once && apt_try "$@"; }
}

# need TOOL PACKAGE: the tool is there afterwards, or we stop.
need() {
	have "$1" && return
	can_apt || die "$1 is missing. Install it, on Debian and Ubuntu with:
    apt-get install -y --no-install-recommends $2"
	say "build.sh: $1 is missing, installing $2"
	apt_get "$2" || die "could not install $2:
$(tail -n 5 build/apt.log)"
	have "$1" || die "$2 is installed and brings no $1"
}

# One line "PACKAGE WHAT" for each thing that a build wants and does not find.
lacking() {
	build_tools | while read -r package tool; do
		have "$tool" || say "$package $tool"
	done
	if [ ! -e /usr/include/stdio.h ] ||
	    { [ -z "$CROSS" ] && [ ! -e /usr/include/linux/types.h ]; }; then
		say "libc6-dev headers of the C library and the kernel"
	fi
	if [ ! -e build/gen/roots.c ] && [ -z "${ROOTS:-}$(root_files)" ]; then
		say "ca-certificates root certificates"
	fi
}

build_tools() {
	if [ "$HOST_CC" = gcc ]; then say gcc gcc; fi
	say make make
	say binutils ar
	say coreutils sha256sum
	say diffutils cmp
	unpacked mbedtls || say bzip2 bzip2
	unpacked musl || say gzip gzip
	unpacked mbedtls || say tar tar
}

# What fetches archives: apt-get can (from_debian), but who installs other
# things by hand installs this with them, and has upstream's.
lacking_fetcher() {
	if unpacked mbedtls && unpacked musl; then return; fi
	if have curl || have wget || can_apt; then return; fi
	if [ -n "$1" ] || ! have apt-get; then say "curl curl, or wget"; fi
}

# All that is missing is named at once, or installed at once.
need_tools() {
	[ "$CC" = gcc ] || have "${CC%% *}" || die "CC=$CC is not a program here"
	lacks=$(lacking)
	lacks="$lacks
$(lacking_fetcher "$lacks")"
	lacks=$(say "$lacks" | sed '/^$/d' | sort -u)
	[ -n "$lacks" ] || return 0
	# shellcheck disable=SC2046 # words
	set -- $(say "$lacks" | cut -d ' ' -f 1 | uniq)
	if can_apt; then
		say "build.sh: installing $*"
		apt_get "$@" || die "could not install $*:
$(tail -n 5 build/apt.log)"
		lacks=$(lacking)
		[ -n "$lacks" ] || return 0
	fi
	die "this machine lacks, to build:
$(say "$lacks" | sed 's/^[^ ]* /    /')
Install it, on Debian and Ubuntu with:
    apt-get install -y --no-install-recommends $*"
}

# --- vendor ---------------------------------------------------------------

sha256() { sha256sum "$1" | cut -d ' ' -f 1; }

# lock NAME FIELD (2 version, 3 hash, 4 address)
lock() { awk -v n="$1" -v f="$2" '$1 == n { print $f }' vendor/lock; }

# check_hash FILE NAME: the last word on every archive.
check_hash() {
	[ "$(sha256 "$1")" = "$(lock "$2" 3)" ] || die "$1 is not $2 $(lock \
	    "$2" 2): its SHA-256 is
    $(sha256 "$1"), vendor/lock says
    $(lock "$2" 3)"
}

from_upstream() { # NAME FILE
	url=$(lock "$1" 4)
	if have curl; then
		curl -fsSL --connect-timeout 4 --max-time 300 -o "$2" "$url" \
		    2>/dev/null
	elif have wget; then
		wget -q -T 4 -t 1 -O "$2" "$url" 2>/dev/null
	else
		return 1
	fi
}

# The addresses of Debian's main archive as this machine's apt is set up.
# Machines whose lists are empty get lists of their own in build/apt.
mirrors() {
	for state in '' "$TOP/build/apt/machine"; do
		if [ -n "$state" ]; then
			mkdir -p "$state/partial"
			set -- -o "Dir::State::lists=$state" \
			    -o APT::Sandbox::User=root
			apt-get "$@" update >/dev/null 2>&1 || true
		fi
		# shellcheck disable=SC2016
		apt-get "$@" indextargets --format '$(REPO_URI)' \
		    'Created-By: Packages' 2>/dev/null |
		    grep -v security | sort -u | grep . && return
	done
}

# The source package of Debian, by the machine's mirror: a private list of
# sources, so that the machine's own setup is neither needed nor touched.
# Debian signs its lists; what counts is the hash in vendor/lock.
from_debian() { # NAME FILE
	have apt-get || return 1
	apt=$TOP/build/apt
	keyring=''
	for k in /usr/share/keyrings/debian-archive-keyring.*; do
		[ -e "$k" ] && keyring="[signed-by=$k] "
	done
	for mirror in $(mirrors); do
		for suite in sid forky; do
			from_suite "$1" "$2" && return
		done
	done
	return 1
}

from_suite() { # NAME FILE, of $suite on $mirror
	mkdir -p "$apt/$suite/partial" "$apt/get" "$apt/cache/archives/partial"
	say "deb-src $keyring$mirror $suite main" >"$apt/$suite.list"
	set -- "$1" "$2" -o "Dir::Etc::sourcelist=$apt/$suite.list" \
	    -o Dir::Etc::sourceparts=/dev/null \
	    -o "Dir::State::lists=$apt/$suite" -o "Dir::Cache=$apt/cache" \
	    -o APT::Sandbox::User=root -o Acquire::Languages=none
	name=$1 file=$2
	shift 2
	if [ ! -e "$apt/$suite.done" ]; then
		apt-get "$@" update >build/apt.log 2>&1 || return 1
		# a list that could not be had is no failure to apt-get
		[ -n "$(find "$apt/$suite" -name '*Sources*')" ] || return 1
		: >"$apt/$suite.done"
	fi
	# Which revision of Debian's has upstream's very archive?
	version=$(apt-cache "$@" showsrc "$name" 2>/dev/null |
	    awk -v h="$(lock "$name" 3)" '
		$1 == "Version:" { v = $2 }
		$1 == h && v != "" { print v; exit }')
	[ -n "$version" ] || return 1
	rm -f "$apt/get/${name}_"*
	(cd "$apt/get" && apt-get "$@" source --download-only --tar-only \
	    "$name=$version") >build/apt.log 2>&1 || return 1
	for f in "$apt/get/${name}_"*.orig.tar.*; do
		case $f in *.asc) continue ;; esac
		mv "$f" "$file"
	done
	say "$name: from Debian's source package $version"
}

# archive NAME: sets $archive to a file with the locked hash.
archive() {
	url=$(lock "$1" 4)
	for archive in "vendor/${url##*/}" vendor/*.tar.*; do
		[ -e "$archive" ] || continue
		[ "$(sha256 "$archive")" = "$(lock "$1" 3)" ] && return
	done
	if [ -e "vendor/${url##*/}" ]; then
		check_hash "vendor/${url##*/}" "$1"
	fi
	archive=build/dl/${url##*/}
	mkdir -p build/dl
	if [ ! -e "$archive" ]; then
		say "$1 $(lock "$1" 2): fetching"
		tmp=build/dl/$1.part
		from_upstream "$1" "$tmp" || from_debian "$1" "$tmp" ||
			die "cannot fetch $1 $(lock "$1" 2). Put the file of
    $url
into vendor/ and build again."
		check_hash "$tmp" "$1"
		mv "$tmp" "$archive"
	fi
	check_hash "$archive" "$1"
}

unpacked() { # NAME
	[ -e "build/vendor/src/$1-$(lock "$1" 2)/.$(lock "$1" 3)" ]
}

unpack() { # NAME
	unpacked "$1" && return
	dir=build/vendor/src/$1-$(lock "$1" 2)
	archive "$1"
	rm -rf "$dir"
	mkdir -p build/vendor/src
	tar -xf "$archive" -C build/vendor/src
	[ -d "$dir" ] || die "$archive does not contain $1-$(lock "$1" 2)"
	: >"$dir/.$(lock "$1" 3)"
}

# Kernel headers (seccomp, Landlock) for a build that sees musl's only.
kernel_include() {
	mkdir -p "$O/vendor/kernel-include"
	multi=$($CC -print-multiarch 2>/dev/null || true)
	for h in linux asm asm-generic; do
		for d in /usr/include "/usr/include/$multi" \
		    "/usr/${CROSS%-}/include"; do
			[ -d "$d/$h" ] || continue
			ln -sfn "$d/$h" "$O/vendor/kernel-include/$h"
		done
	done
}

# --- roots ----------------------------------------------------------------

# One line "base64" for each certificate of PEM files.
pem_lines() {
	awk '/^-----BEGIN (TRUSTED )?CERTIFICATE-----/ { on = 1; b = ""; next }
	    /^-----END / { if (on) print b; on = 0 }
	    on { sub(/\r$/, ""); b = b $0 }' "$@"
}

root_files() {
	if [ -n "${ROOTS:-}" ]; then
		set -- "$ROOTS"/*
	else
		set -- vendor/roots/*.pem vendor/roots/*.crt vendor/*.pem \
		    vendor/*.crt /usr/share/ca-certificates/mozilla/*.crt \
		    /etc/ssl/certs/ca-certificates.crt \
		    /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem
	fi
	for f; do
		if [ -f "$f" ]; then printf '%s\n' "$f"; fi
	done
}

# Lines "SHA-256 base64" of all certificates at hand.
root_index() {
	root_files | while IFS= read -r f; do pem_lines "$f"; done | sort -u |
	    while read -r b; do
		h=$(printf %s "$b" | base64 -d 2>/dev/null | sha256sum)
		say "${h%% *} $b"
	done
}

# roots_missing MARK: the names of the roots that are "needed" or "optional" in
# the list, and not in the index.
roots_missing() {
	awk -v mark="$1" 'FILENAME == ARGV[1] { have[$1]; next }
	    $2 == mark && !($1 in have) { sub(/^[^ ]* [^ ]* /, ""); print }' \
	    build/gen/index vendor/roots.list
}

roots() {
	now="$(sha256 vendor/roots.list) $(root_files | sha256sum)"
	if [ -e build/gen/roots.c ] &&
	    [ "$(cat build/gen/roots.key 2>/dev/null)" = "$now" ]; then
		return
	fi
	mkdir -p build/gen
	root_index >build/gen/index
	[ -z "$(roots_missing needed)" ] || die "root certificates are missing:
$(roots_missing needed | sed 's/^/    /')
Install ca-certificates, on Debian and Ubuntu with:
    apt-get install -y --no-install-recommends ca-certificates
or put the missing ones as PEM files into vendor/roots/."
	roots_missing optional | while IFS= read -r name; do
		say "build.sh: $name is not on this machine: built without it"
	done
	roots_c | changed build/gen/roots.c
	say "$now" >build/gen/roots.key
	rm build/gen/index
}

# What the story roots runs.
verb__roots() { roots; }

roots_c() {
	say '/* Made by build.sh from vendor/roots.list. */'
	say '#include "net/roots.h"'
	say 'const unsigned char trust_builtin_der[] = {'
	lens=''
	n=0
	while read -r hash mark name; do
		case $mark in needed | optional) ;; *) continue ;; esac
		awk -v h="$hash" '$1 == h { print $2; exit }' build/gen/index |
		    base64 -d >build/gen/der
		[ -s build/gen/der ] || continue # optional
		say "/* $name */"
		od -An -v -tx1 build/gen/der | sed 's/ \(..\)/0x\1,/g'
		lens="$lens $(wc -c <build/gen/der),"
		n=$((n + 1))
	done <vendor/roots.list
	rm -f build/gen/der
	say '};'
	say "const size_t trust_builtin_len[] = {$lens };"
	say "const size_t trust_builtin_n = $n;"
}

