#!/bin/sh
# SPDX-License-Identifier: MIT
#
# build.sh: the one entry point. "./build.sh help" lists the verbs.
#
# Everything that is made goes to build/. vendor/lock says which archives of
# others are built, vendor/roots.list which root certificates go inside.
set -eu
LC_ALL=C
export LC_ALL
umask 022

TOP=$(cd "$(dirname "$0")" && pwd)
cd "$TOP"
SELF=$TOP/build.sh
CC=${CC:-gcc}
O=build CROSS='' # where objects go; what precedes ar's name (verb_cross)
EX_USAGE=64

# What deps installs: kind, package (alternatives after "|"), what for.
# apt: installed; unpack: downloaded and unpacked into build/deps/NAME, for
# programs that exclude each other; npm: into build/npm. One that cannot be had
# is named, and the tests that want it skip with a word.
deps_table() {
	cat <<-'EOF'
	apt gcc - builds everything; its libasan runs the tests
	apt libc6-dev - the test build's C library
	apt make - builds everything
	apt bzip2 - unpacks mbedTLS
	apt binutils - readelf and size: what check looks at
	apt ca-certificates - the roots inside the executable
	apt openssl - the other side of TLS in stories
	apt curl - stories, and the measure in bench
	apt python3 - fake servers of stories
	apt python3-cryptography - makes certificate cases
	apt nginx-light|nginx - TLS and proxy in stories
	apt tinyproxy-bin|tinyproxy - CONNECT proxy in stories
	apt sslsplit - a proxy that opens TLS
	apt swaks - an SMTP client that nobody here wrote
	apt strace - fails and kills at the n-th system call
	apt e2fsprogs - a file system whose power is cut
	apt valgrind - memory of the release executable
	apt clang - fuzz, and a second opinion on warnings
	apt libclang-rt-dev|libclang-rt-14-dev - libFuzzer
	apt clang-format-14|clang-format - fmt and check
	apt shellcheck - check
	apt hyperfine - bench
	apt gcc-s390x-linux-gnu - another machine, with the bytes in another order
	apt linux-libc-dev-s390x-cross - its kernel's headers
	apt qemu-user - runs its programs
	apt nodejs - Prism and the OAuth server
	apt npm - fetches them
	apt msmtp - the measure in bench
	apt s-nail - sends by sendmail, as do those that follow
	apt mutt - the same
	apt neomutt - the same
	apt git-email - the same
	apt php-cli - mail()
	apt libmailtools-perl - Mail::Mailer
	apt libproc-waitstat-perl - mime-construct
	apt libipc-signal-perl - mime-construct
	apt libmime-types-perl - mime-construct
	unpack postfix - smtp-source and smtp-sink; the measure in bench
	unpack nullmailer - the measure in bench
	unpack bsd-mailx - mail(1): wants a mail server
	unpack liblockfile1 - bsd-mailx
	unpack logwatch - wants a mail server
	unpack mime-construct - wants a mail server
	unpack cron - would start a daemon
	unpack cron-daemon-common - cron
	unpack fail2ban - would start a daemon
	unpack mdadm - would change how the machine starts
	unpack smartmontools - would start a daemon
	unpack unattended-upgrades - would change the machine
	unpack python3-distro-info - unattended-upgrades
	unpack monitoring-plugins-common - check_mailq
	unpack monitoring-plugins-basic - check_mailq
	unpack monitoring-plugins-standard - check_mailq
	npm @stoplight/prism-cli@5.16.0 - Microsoft's API description as a server
	npm oauth2-mock-server@7.2.1 - an OAuth server that nobody here wrote
	npm oidc-provider@8.8.1 - the same, for client assertions
	EOF
}

say() { printf '%s\n' "$*"; }
die() {
	printf 'build.sh: %s\n' "$*" >&2
	exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }
jobs_n() { nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2; }

# Runs a command that changes build/, one process at a time.
alone() {
	mkdir -p build
	if have flock; then
		(flock 9 && "$@" 9>&-) 9>build/.lock
	else
		"$@"
	fi
}

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

need_compiler() {
	if [ "$CC" = gcc ]; then
		need gcc gcc
	else
		have "${CC%% *}" || die "CC=$CC is not a program here"
	fi
	need make make
	if [ ! -e /usr/include/linux/types.h ] ||
	    [ ! -e /usr/include/stdio.h ]; then
		can_apt || die "the C library's and kernel's headers are missing:
    apt-get install -y --no-install-recommends libc6-dev"
		say "build.sh: /usr/include is bare, installing libc6-dev"
		apt_get libc6-dev || die "could not install libc6-dev"
	fi
}

# probe FLAG...: does the compiler take them, warnings counted, and link?
# A cross compiler may have no C library, so that none is linked.
probe() { probe_libc -nostdlib -Wl,-e,main "$@"; }
probe_libc() {
	echo 'int main(void) { return 0; }' |
	    $CC -Werror "$@" -x c - -o "$O/probe.out" 2>/dev/null
}

# Writes what the compiler can into cc.mk, once for each compiler.
cc_setup() {
	key="$CC: $($CC --version 2>/dev/null | head -n 1), rules 7"
	if [ -e "$O/cc.mk" ]; then
		read -r _ old <"$O/cc.mk" || true
		[ "${old:-}" = "$key" ] && return
	fi
	zero='' lto='' fat='' one='' relr='' libasan='' aesni='' cast=''
	# gcc copies code for a jump less, at -Os and -Oz too: 11 kB.
	small=-Os
	probe -Oz && small=-Oz
	lean='-fno-tree-pre -fno-thread-jumps -fno-tree-dominator-opts'
	# shellcheck disable=SC2086 # words
	probe $lean && small="$small $lean"
	probe -ftrivial-auto-var-init=zero &&
		zero=-ftrivial-auto-var-init=zero
	probe -flto=auto && lto=-flto=auto
	probe -flto=auto -ffat-lto-objects &&
		fat='-flto=auto -ffat-lto-objects'
	probe -flto=auto -flto-partition=one && one=-flto-partition=one
	case $($CC -dumpmachine) in
	x86_64* | i?86*) probe -maes -mpclmul && aesni='-maes -mpclmul' ;;
	esac
	probe -static-pie -Wl,--fatal-warnings,-z,pack-relative-relocs &&
		relr=-Wl,-z,pack-relative-relocs
	probe -Wcast-align=strict && cast=-Wcast-align=strict
	probe_libc -fsanitize=address,undefined && libasan=yes
	inc=$($CC -print-file-name=include)
	case $inc in
	/*) ;;
	*) inc=$($CC -print-resource-dir)/include ;;
	esac
	{
		say "# $key"
		say "CC := $CC"
		say "CROSS := $CROSS"
		say "CC_INCLUDE := $inc"
		say "LIBGCC := $($CC -print-libgcc-file-name)"
		say "OS := $small"
		say "ZERO := $zero"
		say "LTO := $lto"
		say "LTO_FAT := $fat"
		say "LTO_ONE := $one"
		say "RELR := $relr"
		say "AESNI := $aesni"
		say "CAST := $cast"
		say "LIBASAN := $libasan"
	} >"$O/cc.mk"
	rm -f "$O/probe.out"
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
		need sha256sum coreutils
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

unpack() { # NAME
	dir=build/vendor/src/$1-$(lock "$1" 2)
	[ -e "$dir/.$(lock "$1" 3)" ] && return
	archive "$1"
	rm -rf "$dir"
	mkdir -p build/vendor/src
	case $archive in *.bz2) need bzip2 bzip2 ;; esac
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
	if [ -n "$(roots_missing needed)" ] && can_apt &&
	    [ -z "${ROOTS:-}" ] &&
	    [ ! -e /usr/share/ca-certificates/mozilla ]; then
		say "build.sh: no root certificates, installing ca-certificates"
		apt_get ca-certificates || true
		root_index >build/gen/index
	fi
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

# --- make -----------------------------------------------------------------

# Everything that make takes for granted.
prepare() {
	mkdir -p "$O"
	if [ -z "$CROSS" ]; then need_compiler; else need make make; fi
	cc_setup
	unpack mbedtls
	unpack musl
	kernel_include
	roots
	vendor_rules | changed build/vendor.mk
	our_rules | changed build/rules.mk
	# A file that comes or goes links anew.
	find src -name '*.c' | sort | changed build/list
}

# Standard input becomes the file, unless it is the same.
changed() {
	cat >"$1.new"
	if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv "$1.new" "$1"; fi
}

prepare_and_make() {
	prepare
	make_quiet "$@"
}

make_quiet() {
	MAKEFLAGS='' make -s --no-print-directory -f build/rules.mk O="$O" \
	    -j "$(jobs_n)" "$@"
}

#: build                   build/post365, static, optimised (also: no verb)
verb_build() {
	[ -e src/main.c ] || die "there is no src/main.c"
	alone prepare_and_make build/post365 || exit 1
	say "build/post365: $(wc -c <build/post365) bytes"
}

#: demo                    builds, then shows what it does, offline
verb_demo() {
	[ -e tests/demo.sh ] || die "there is no tests/demo.sh"
	verb_build
	test_env
	sh tests/demo.sh "$@"
}

# --- test -----------------------------------------------------------------

# What tests and stories find in their environment.
test_env() {
	POST365=$TOP/build/post365
	POST365_SAN=$TOP/build/san/post365
	SHARED=${POST365_SHARED:-${TOP%/*}/shared}
	[ -d "$SHARED/corpora" ] || SHARED=''
	ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1}
	UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
	PATH=$TOP/build/npm/node_modules/.bin:$PATH
	export TOP POST365 POST365_SAN PATH ASAN_OPTIONS UBSAN_OPTIONS
	if [ -n "$SHARED" ]; then export SHARED; else unset SHARED; fi
}

units() {
	for f in tests/unit/*_test.c; do
		[ -e "$f" ] || continue
		f=${f##*/}
		say "unit ${f%_test.c}"
	done
}

stories() {
	for f in tests/story/*.sh; do
		[ -e "$f" ] || continue
		f=${f##*/}
		case $f in lib*) continue ;; esac
		say "story ${f%.sh}"
	done
}

#: test [--fail-alloc] [--bless] [NAME...]
#:                         unit programs under sanitizers, then stories
verb_test() {
	while [ $# -gt 0 ]; do
		case $1 in
		--fail-alloc) T_FAIL_ALLOC=1 && export T_FAIL_ALLOC ;;
		--bless) T_BLESS=1 && export T_BLESS ;;
		-*) usage "test: unknown option $1" ;;
		*) break ;;
		esac
		shift
	done
	test_start "$@"
	test_build
	test_env
	if grep -q '^story machines$' "$run/list"; then
		# what fails here is told by the story
		sh tests/story/machines.sh build >build/machines.log 2>&1 || true
	fi
	test_run
}

# Sets $run, a folder for this run, with the list of what was asked for.
test_start() {
	mkdir -p build/test build/tmp
	for run in build/test/* build/test/$$; do # of runs that failed
		kill -0 "${run##*/}" 2>/dev/null || rm -rf "$run"
	done
	rm -rf "$run"
	mkdir "$run"
	choose "$@" >"$run/list"
	[ -s "$run/list" ] || usage "no test is named: $*"
}

test_run() {
	RUN=$run
	export RUN
	grep '^unit' "$run/list" | xargs -r -n 2 -P "$(jobs_n)" sh "$SELF" _one || true
	grep '^story' "$run/list" | xargs -r -n 2 -P 2 sh "$SELF" _one || true
	test_close
}

# The lines of units and stories that were asked for.
choose() {
	{ units && stories; } | if [ $# -eq 0 ]; then
		cat
	else
		awk -v want="$*" 'BEGIN { n = split(want, w, " ") }
		    { for (i = 1; i <= n; i++)
			if (w[i] == $2 || w[i] == $1 ":" $2) print }'
	fi
}

# Builds what the list needs. A program that does not build is a failed test;
# the others run.
test_build() {
	targets=$(awk '$1 == "unit" { print "build/san/" $2 "_test" }' \
	    "$run/list")
	if grep -q '^story' "$run/list"; then
		targets="$targets build/san/post365 build/post365"
	fi
	if grep -qE '^story (powercut|cutsweep)$' "$run/list"; then
		targets="$targets build/san/crash_test"
	fi
	if grep -q '^story tls$' "$run/list"; then # it is the client
		targets="$targets build/san/tls_test"
	fi
	alone prepare
	grep -q '^LIBASAN := yes' build/cc.mk ||
		die "$CC has no sanitizer runtime. On Debian and Ubuntu it comes with gcc:
    apt-get install -y --no-install-recommends gcc libc6-dev"
	rm -f build/san/broken
	# shellcheck disable=SC2086
	alone make_quiet -k $targets && return
	# Again, with nothing in the place of what does not compile: the tests
	# of the rest can run.
	# shellcheck disable=SC2086
	alone make_quiet -k PARTIAL=1 $targets >/dev/null 2>&1 || true
	for t in $targets; do
		make_quiet -q PARTIAL=1 "$t" >/dev/null 2>&1 || rm -f "$t"
	done
	[ -e build/san/broken ] || return 0
	sort -u build/san/broken | while read -r src object; do
		rm -f "$object"
		say "    not ok build: $src does not compile" | tee -a "$run/broken"
	done
	say "0 $(wc -l <"$run/broken") 0" >"$run/broken.sum"
}

# One program, in a process of its own: run, count, show.
verb__one() {
	out=$RUN/$1-$2
	t0=$(date +%s)
	status=0
	case $1 in
	unit) one_unit "$2" >"$out.out" 2>&1 </dev/null || status=$? ;;
	story) one_story "$2" >"$out.out" 2>&1 </dev/null || status=$? ;;
	esac
	awk -v what="$1 $2" -v status="$status" -v sum="$out.sum" \
	    -v seconds=$(($(date +%s) - t0)) -f tests/check/count.awk \
	    "$out.out" >"$out.txt"
	cat "$out.txt"
}

one_unit() {
	unit=${UNITS:-build/san}/$1_test # verb_cross has others
	[ -x "$unit" ] || {
		say "not ok $1: does not build"
		return 1
	}
	# shellcheck disable=SC2086
	timeout -k 5 $((120 * ${T_SLOW:-1})) ${RUNNER:-} "$unit"
}

one_story() {
	if [ ! -x "$POST365" ] || [ ! -x "$POST365_SAN" ]; then
		say "not ok $1: build/post365 does not build"
		return 1
	fi
	for old in "build/tmp/$1-"*; do
		if [ -d "$old" ] && ! kill -0 "${old##*-}" 2>/dev/null; then
			rm -rf "$old"
		fi
	done
	TMP=$TOP/build/tmp/$1-$$
	mkdir -p "$TMP"
	export TMP
	story=0 limit=$((900 * ${T_SLOW:-1}))
	if [ -x "tests/story/$1.sh" ]; then
		timeout -k 5 "$limit" "tests/story/$1.sh" || story=$?
	else
		timeout -k 5 "$limit" sh "tests/story/$1.sh" || story=$?
	fi
	if [ "$story" = 0 ]; then
		rm -rf "$TMP"
	else
		say "left for you to look at: build/tmp/$1-$$"
	fi
	return "$story"
}

test_close() {
	cat "$run"/*.sum 2>/dev/null | awk '
		{ ok += $1; bad += $2; skip += $3 }
		END {
			printf "%d passed, %d failed", ok, bad
			if (skip) printf ", %d skipped", skip
			print ""
			exit bad > 0 || ok + skip == 0
		}' || exit 1
	rm -rf "$run"
}

# --- other machines -------------------------------------------------------

# ARCH, the triple of Debian's compiler for it, Debian's name of it (for the
# kernel's headers), qemu's name, flags. Where there are none, Debian's choice
# of instructions is taken: ARMv7 with VFPv3-D16; armel is ARMv5TE without a
# floating point unit; MIPS32r2.
cross_table() {
	cat <<-'EOF'
	x86_64 x86_64-linux-gnu amd64 x86_64
	aarch64 aarch64-linux-gnu arm64 aarch64
	armv7 arm-linux-gnueabihf armhf arm
	armv6 arm-linux-gnueabi armel arm -march=armv6
	armel arm-linux-gnueabi armel arm
	riscv64 riscv64-linux-gnu riscv64 riscv64
	i686 i686-linux-gnu i386 i386
	mipsel mipsel-linux-gnu mipsel mipsel
	ppc64le powerpc64le-linux-gnu ppc64el ppc64le -mlong-double-64
	s390x s390x-linux-gnu s390x s390x
	EOF
}

# cross_is ARCH: from here on that machine's compiler builds. CC of the
# environment is another's.
cross_is() {
	cross_table | grep -q "^$1 " || usage "cross: there is no machine $1"
	read -r _ triple debian qemu flags <<-EOF
	$(cross_table | grep "^$1 ")
	EOF
	O=build/cross/$1 CROSS=$triple- CC=$triple-gcc
	cross_has || {
		set -- "gcc-$(say "$triple" | tr _ -)" \
		    "linux-libc-dev-$debian-cross"
		can_apt || die "its compiler is missing. Install it, on Debian with:
    apt-get install -y --no-install-recommends $*"
		say "build.sh: installing $*"
		apt_get "$@" || die "could not install $*:
$(tail -n 5 build/apt.log)"
		cross_has || die "$* are installed and bring no $CC"
	}
	CC="$CC${flags:+ $flags}"
}

cross_has() {
	have "$CC" && { [ -e "/usr/$triple/include/linux/types.h" ] ||
	    [ -e "/usr/include/$triple/asm/types.h" ]; }
}

cross_build() { # ARCH
	cross_is "$1"
	alone prepare_and_make "$O/post365" || exit 1
	# What is linked otherwise may well run here and fail there.
	"${CROSS}readelf" -hldrW "$O/post365" >"$O/elf"
	awk '/INTERP|\(NEEDED\)/ || ($3 ~ /^R_/ && NF > 4) { print; bad = 1 }
	    /Type: *DYN/ { pie = 1 }
	    END { exit bad || !pie }' "$O/elf" ||
		die "$O/post365 is no static PIE, or has relocations by name"
	say "$O/post365: $(wc -c <"$O/post365") bytes"
}

# All units and one story, both ends of it that machine's; or what is named.
# The executable does not start itself, so that a script can take its place.
cross_test() { # ARCH [NAME...]
	cross_is "$1"
	shift
	need "qemu-$qemu" qemu-user
	# shellcheck disable=SC2046
	[ $# -gt 0 ] || set -- $(units | tr ' ' :) story:send
	test_start "$@"
	alone prepare
	# shellcheck disable=SC2046
	alone make_quiet -k "$O/post365" $(awk -v o="$O" \
	    '$1 == "unit" { print o "/unit/" $2 "_test" }' "$run/list") || true
	test_env
	POST365=$TOP/$O/run POST365_SAN=$TOP/$O/run
	UNITS=$O/unit RUNNER=qemu-$qemu T_SLOW=4
	export UNITS RUNNER T_SLOW
	# shellcheck disable=SC2016
	printf '#!/bin/sh\nexec %s -0 "$0" "%s" "$@"\n' "$RUNNER" \
	    "$TOP/$O/post365" >"$O/run"
	chmod +x "$O/run"
	test_run
}

#: cross ARCH [test [NAME...]]
#:                         build/cross/ARCH/post365; tests of it under qemu
verb_cross() {
	if [ $# = 0 ]; then
		say 'ARCH is one of:'
		cross_table | while read -r arch triple _; do
			say "    $arch ($triple)"
		done
		return
	fi
	arch=$1
	shift
	case ${1:-} in
	'') cross_build "$arch" ;;
	test)
		shift
		cross_test "$arch" "$@"
		;;
	*) usage "cross ARCH [test [NAME...]]" ;;
	esac
}

#: release                 build/release/: the executables of all machines
verb_release() {
	version=$(sed -n 's/^#define VERSION  *"\(.*\)"/\1/p' \
	    src/base/version.h)
	rm -rf build/release
	mkdir -p build/release
	for arch in $(cross_table | cut -d ' ' -f 1); do
		"$SELF" cross "$arch"
		cp "build/cross/$arch/post365" \
		    "build/release/post365-$version-$arch"
	done
	(cd build/release && sha256sum post365-* >SHA256SUMS && wc -c post365-*)
}

# --- fuzz, bench, check ---------------------------------------------------

#: fuzz MODULE SECONDS     libFuzzer on one parser (MODULE "all": each)
verb_fuzz() {
	[ $# -eq 2 ] || usage "fuzz MODULE SECONDS"
	FUZZ_CC=${FUZZ_CC:-}
	for c in clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14; do
		if [ -z "$FUZZ_CC" ] && have "$c"; then FUZZ_CC=$c; fi
	done
	[ -n "$FUZZ_CC" ] || {
		need clang clang
		FUZZ_CC=clang
	}
	mkdir -p build/fuzz
	if ! echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
	    "$FUZZ_CC" -fsanitize=fuzzer,address -x c - -o build/fuzz/probe \
	    2>/dev/null; then
		can_apt || die "$FUZZ_CC has no libFuzzer; on Debian:
    apt-get install -y --no-install-recommends libclang-rt-dev"
		say "build.sh: no libFuzzer, installing libclang-rt-dev"
		apt_get libclang-rt-dev || die "could not install libclang-rt-dev"
	fi
	case $1 in
	all) set -- "$2" tests/fuzz/*_fuzz.c ;;
	*) set -- "$2" "tests/fuzz/$1_fuzz.c" ;;
	esac
	seconds=$1
	shift
	for f; do
		[ -e "$f" ] || die "there is no $f"
		f=${f##*/}
		fuzz_one "${f%_fuzz.c}" "$seconds"
	done
}

fuzz_one() { # MODULE SECONDS
	alone prepare_and_make FUZZ_CC="$FUZZ_CC" "build/fuzz/$1_fuzz" || exit 1
	mkdir -p "build/fuzz/$1" "build/fuzz/artifacts/$1"
	set -- "$1" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 \
	    -artifact_prefix="build/fuzz/artifacts/$1/" -print_final_stats=1 \
	    "build/fuzz/$1"
	if [ -d "tests/corpus/$1" ]; then set -- "$@" "tests/corpus/$1"; fi
	if [ -e "tests/fuzz/$1.dict" ]; then
		set -- "$@" -dict="tests/fuzz/$1.dict"
	fi
	module=$1
	shift
	if "build/fuzz/${module}_fuzz" "$@" >"build/fuzz/$module.log" 2>&1; then
		say "fuzz $module: $(awk '
			/number_of_executed_units/ { runs = $2 }
			/ cov: / { for (i = 1; i < NF; i++)
				if ($i == "cov:") cov = $(i + 1) }
			END { print runs " runs, coverage " cov }' \
		    "build/fuzz/$module.log"), nothing found"
	else
		tail -n 60 "build/fuzz/$module.log"
		die "fuzz $module: found something (above, and
build/fuzz/artifacts/$module/; run build/fuzz/${module}_fuzz FILE)"
	fi
}

#: bench [NAME...]         figures against other programs, a line each
verb_bench() {
	verb_build >/dev/null
	test_env
	[ $# -gt 0 ] || set -- tests/bench/*.sh
	for f; do
		case ${f##*/} in lib*) continue ;; esac
		[ -e "$f" ] || f=tests/bench/$f.sh
		[ -e "$f" ] || die "there is no $f"
		if grep -q build/bench/spool "$f"; then
			alone make_quiet build/bench/spool
		fi
		TMP=$TOP/build/tmp/bench-$$
		mkdir -p "$TMP"
		export TMP
		sh "$f" || die "$f failed"
		rm -rf "$TMP"
	done
}

#: check                   what a tool can hold of the house style
verb_check() {
	alone prepare
	need readelf binutils
	objects=yes
	alone make_quiet -k chk >build/chk.log 2>&1 || objects=no
	if [ -e src/main.c ] && [ "$objects" = yes ]; then
		alone make_quiet build/post365 >>build/chk.log 2>&1 ||
			rm -f build/post365
	fi
	CC=$CC OBJECTS=$objects sh tests/check/check.sh
}

#: repro [ARCH]            two builds in two folders: are the bytes the same?
verb_repro() {
	file=build${1:+/cross/$1}/post365
	rm -rf build/repro
	mkdir -p build/repro/a/build
	{
		git ls-files -co --exclude-standard 2>/dev/null ||
			find . -path ./build -prune -o -type f -print
		find vendor -type f
	} | sort -u | while IFS= read -r f; do
		if [ -f "$f" ]; then printf '%s\n' "$f"; fi
	done | tar -cf - -T - | tar -xf - -C build/repro/a
	[ ! -d build/dl ] || cp -R build/dl build/repro/a/build/dl
	cp -R build/repro/a build/repro/some-longer-b
	for d in a some-longer-b; do
		(cd "build/repro/$d" && ./build.sh ${1:+cross} "${1:-build}") || exit 1
	done
	a=$(sha256 "build/repro/a/$file")
	b=$(sha256 "build/repro/some-longer-b/$file")
	[ "$a" = "$b" ] || die "the two builds differ: $a $b
(build/repro/a and build/repro/some-longer-b are left to compare)"
	rm -rf build/repro
	say "same bytes twice: $a"
}

# --- deps -----------------------------------------------------------------

#: deps                    installs what the tests use (Debian, as root)
verb_deps() {
	mkdir -p build
	rm -f build/.apt-updated
	if ! can_apt; then
		say "build.sh: not root, or no apt-get here. What tests use:"
		deps_table | sed 's/^/    /'
		return
	fi
	missing=0
	deps_table >build/deps.list
	deps_at_once
	while read -r kind package _ why; do
		"deps_$kind" "$package" ||
			{
				say "cannot be had: $package ($why)"
				missing=$((missing + 1))
			}
	done <build/deps.list
	say "deps: $(wc -l <build/deps.list) looked at, $missing missing"
}

installed() {
	dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q ' installed$'
}

# One transaction is quicker than twenty; it may fail as a whole, then each
# is tried for itself.
deps_at_once() {
	set --
	while read -r kind package _; do
		[ "$kind" = apt ] && deps_apt_missing "$package" &&
			set -- "$@" "${package%%|*}"
	done <build/deps.list
	[ $# -eq 0 ] && return
	say "build.sh: installing $*"
	apt_get "$@" || true
}

# A program that is there by other means (a newer node, say) is enough.
deps_apt_missing() {
	case $1 in
	nodejs) have node && return 1 ;;
	npm) have npm && return 1 ;;
	clang-format*) have clang-format && return 1 ;;
	esac
	for p in $(say "$1" | tr '|' ' '); do
		installed "$p" && return 1
	done
	return 0
}

deps_apt() {
	deps_apt_missing "$1" || return 0
	for p in $(say "$1" | tr '|' ' '); do
		apt_get "$p" && return 0
	done
	return 1
}

deps_unpack() {
	dir=build/deps/$1
	[ -e "$dir/.done" ] && return
	rm -rf "$dir"
	mkdir -p "$dir"
	(cd "$dir" && apt-get download -q -o APT::Sandbox::User=root "$1" \
	    >/dev/null 2>&1 && dpkg-deb -x ./*.deb . && rm -f ./*.deb) ||
		return 1
	: >"$dir/.done"
}

deps_npm() {
	name=${1%@*}
	have npm || return 1
	[ "$(sed -n 's/^  "version": "\(.*\)",*$/\1/p' \
	    "build/npm/node_modules/$name/package.json" 2>/dev/null)" = \
	    "${1##*@}" ] && return
	mkdir -p build/npm
	[ -e build/npm/package.json ] || echo '{}' >build/npm/package.json
	npm install --prefix build/npm --no-audit --no-fund --loglevel=error \
	    --ignore-scripts "$1" >build/npm.log 2>&1
}

# --- the rules ------------------------------------------------------------

# What make does, in two files, so that a change of ours does not build the
# vendor's again.
vendor_rules() {
	say "MBEDTLS := build/vendor/src/mbedtls-$(lock mbedtls 2)"
	say "MUSL := build/vendor/src/musl-$(lock musl 2)"
	cat <<'EOF'
V := $(O)/vendor
musl_inc := -nostdinc -isystem $(V)/musl/include -isystem $(CC_INCLUDE) \
  -idirafter $(V)/kernel-include
# No unwind tables: C without exceptions, and they are a tenth of the file.
SMALL := -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables \
  -fno-unwind-tables -ffile-prefix-map=$(CURDIR)=. -fPIE \
  -fvisibility=hidden
HARD := -fstack-protector-strong -fno-strict-overflow

# The vendor's: for size. What the bytes of a mail pass through is for speed
# (ChaCha20 +60 %, AES-GCM +30 % with the intrinsics of aesni.c, which are
# used where the CPU has them; 8 kB in all). Of a handshake's arithmetic -O2
# gains nothing that can be measured.
VEND := -std=c11 -D_GNU_SOURCE -w -DMBEDTLS_CONFIG_FILE='<mbedtls_config.h>' \
  -Ivendor -I$(MBEDTLS)/include -I$(MBEDTLS)/library
vendor_flags := build/vendor.mk $(O)/cc.mk vendor/lock
fast := aes aesni aesce gcm chacha20 poly1305 bignum_core
opt = $(if $(filter $*,$(fast)),-O2,$(OS)) $(if $(filter aesni,$*),$(AESNI))
# The code of TLS reads certificates by net/constraint.c (see there).
own = $(if $(filter ssl_tls ssl_tls13_generic,$*),$(OWN_PARSE))
OWN_PARSE := -Dmbedtls_x509_crt_parse_der=constraint_parse_der
mbed_src := $(wildcard $(MBEDTLS)/library/*.c)
mbed_name := $(notdir $(mbed_src:.c=)) mbedtls_random
vpath %.c $(MBEDTLS)/library vendor

$(V)/mbedtls-rel/%.o: %.c vendor/mbedtls_config.h $(vendor_flags) | $(V)/musl/lib/libc.a
	@mkdir -p $(@D)
	$(CC) $(VEND) $(opt) $(own) $(SMALL) $(HARD) $(LTO_FAT) $(musl_inc) \
	  -c -o $@ $<
$(V)/mbedtls-san/%.o: %.c vendor/mbedtls_config.h $(vendor_flags)
	@mkdir -p $(@D)
	$(CC) $(VEND) -g $(opt) $(own) -c -o $@ $<
$(V)/mbedtls-rel/libmbedtls.a: $(mbed_name:%=$(V)/mbedtls-rel/%.o)
$(V)/mbedtls-san/libmbedtls.a: $(mbed_name:%=$(V)/mbedtls-san/%.o)
$(V)/mbedtls-rel/libmbedtls.a $(V)/mbedtls-san/libmbedtls.a:
	@rm -f $@
	$(CROSS)ar crsD $@ $(filter %.o,$^)
	@echo "built $@"

$(V)/musl/lib/libc.a: $(vendor_flags)
	@echo "building musl"
	@rm -rf $(V)/musl $(V)/musl-obj
	@mkdir -p $(V)/musl-obj
	cd $(V)/musl-obj && CC="$(CC)" CROSS_COMPILE=$(CROSS) \
	  CFLAGS="$(OS) -fPIE -fno-asynchronous-unwind-tables -fno-unwind-tables" \
	  $(CURDIR)/$(MUSL)/configure --disable-shared --disable-wrapper \
	  --enable-optimize=string,malloc --prefix=$(CURDIR)/$(V)/musl \
	  >configure.log 2>&1 || { tail configure.log; exit 1; }
	$(MAKE) -C $(V)/musl-obj install >$(V)/musl-obj/make.log 2>&1 || \
	  { tail $(V)/musl-obj/make.log; rm -f $@; exit 1; }
	@touch $@
EOF
}

our_rules() {
	cat <<'EOF'
O ?= build
comma := ,
include $(O)/cc.mk
include build/vendor.mk
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += -rR

src := $(file <build/list)
part := $(filter-out src/main.c,$(src))
flags := build/rules.mk build/vendor.mk $(O)/cc.mk

# Ours: style.md 41 (warnings) and 42 (release).
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
  -Wcast-qual -Wpointer-arith -Wwrite-strings -Wstrict-prototypes \
  -Wmissing-prototypes -Wold-style-definition -Wvla -Wundef -Wformat=2 \
  -Wswitch-enum -Wimplicit-fallthrough -Wnull-dereference
MBED := -DMBEDTLS_CONFIG_FILE='<mbedtls_config.h>' -isystem vendor \
  -isystem $(MBEDTLS)/include
BASE := -std=c11 -D_GNU_SOURCE -Isrc $(MBED)
# -O2 where bytes of mails are walked through. What waits for people, disks
# and clouds, and the small parts of a header, is for size: 632 kB, not 755.
quick := base/buf base/arena codec/base64 codec/unbase64 codec/qp codec/utf8 \
  codec/http1 mail/mime mail/mimew mail/rope mail/intake
level = $(if $(filter $(quick),$*),-O2,$(OS))
REL := $(BASE) $(WARN) $(SMALL) $(HARD) $(ZERO) $(musl_inc)
SAN := $(BASE) $(WARN) -Wno-null-dereference -Wno-maybe-uninitialized \
  -Werror -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
  -fno-sanitize-recover=all
FUZZ := $(BASE) -O1 -g -fno-omit-frame-pointer \
  -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all

print-db:
	@echo "$(filter-out -fsanitize% -fno-sanitize%,$(SAN)) -Itests/unit"

# --- release: $(O)/post365
rel := $(src:src/%.c=$(O)/rel/%.o) $(O)/rel/roots.o
$(O)/rel/%.o: src/%.c $(flags) | $(V)/musl/lib/libc.a
	@mkdir -p $(@D)
	@echo "cc $<"
	$(CC) $(REL) $(level) $(LTO) -MMD -MP -c -o $@ $<
$(O)/rel/roots.o: build/gen/roots.c $(flags) | $(V)/musl/lib/libc.a
	@mkdir -p $(@D)
	$(CC) $(REL) -O2 $(LTO) -c -o $@ $<
$(O)/post365: build/list $(rel) $(V)/mbedtls-rel/libmbedtls.a
	@echo "link $@"
	$(call link,$@.new,$(rel))
	@mv $@.new $@

# The whole link line: rcrt1.o makes a static PIE, and no crtbegin.o is
# needed by C. No warnings here: "check" has them, and what LTO adds after
# inlining across files was wrong each time. LTO sees the vendor's code too,
# and all in one piece: 17 kB less. The vendor's objects have machine code as
# well (LTO_FAT), for an ar that knows no LTO and for the units.
#
# rcrt1.o knows relocations relative to the program and silently passes over
# others. For s390x ld makes some by name, unless all names are hidden. For Arm
# gcc 12 tells ld not all of what -static-pie is.
musl_lib := $(V)/musl/lib
PIE := -static-pie -Wl,--no-dynamic-linker,-z,text \
  -Wl,--exclude-libs,ALL
link = $(CC) $(REL) -O2 $(LTO) $(LTO_ONE) -w $(PIE) -nostdlib \
  -nostartfiles -o $(1) $(musl_lib)/rcrt1.o $(musl_lib)/crti.o $(2) \
  $(V)/mbedtls-rel/libmbedtls.a $(musl_lib)/libc.a $(LIBGCC) \
  $(musl_lib)/libc.a $(musl_lib)/crtn.o -Wl,--gc-sections,--build-id=none \
  -Wl,-z,relro,-z,now,-z,noexecstack $(RELR) -s

# --- bench: what calls into the program, and is linked as it is
build/bench/%: tests/bench/%.c build/post365
	@mkdir -p $(@D)
	$(CC) $(REL) -O2 -c -o $@.o $<
	$(call link,$@,$@.o $(filter-out %/main.o,$(rel)))

# --- check: the same flags without LTO, and warnings are errors
chk := $(src:src/%.c=$(O)/chk/%.o) $(O)/chk/roots.o
chk: $(chk)
$(O)/chk/%.o: src/%.c $(flags) | $(V)/musl/lib/libc.a
	@mkdir -p $(@D)
	$(CC) $(REL) -O2 -Werror $(CAST) -MMD -MP -c -o $@ $<
$(O)/chk/roots.o: build/gen/roots.c $(flags) | $(V)/musl/lib/libc.a
	@mkdir -p $(@D)
	$(CC) $(REL) -O2 -Werror -c -o $@ $<

# --- tests: build/san
san := $(part:src/%.c=build/san/obj/%.o) build/san/obj/roots.o
help := $(filter-out %_test.c,$(wildcard tests/unit/*.c))
help := $(help:tests/unit/%.c=build/san/unit/%.o)
wrap := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
# What tests/unit/cut.c can fail, and end the program at.
cut := openat write pwrite pread fsync fdatasync ftruncate unlinkat \
  renameat2 futimens flock mkdir close
build/san/crash_test build/san/journal_test build/san/queue_carry_test \
  $(O)/unit/crash_test $(O)/unit/journal_test $(O)/unit/queue_carry_test: \
  wrap += $(addprefix -Wl$(comma)--wrap=,$(cut))
none = { echo $(1) $(2) >>build/san/broken; \
  $(CC) -x c -c -o $(2) /dev/null; }
build/san/obj/%.o: src/%.c $(flags)
	@mkdir -p $(@D)
	@echo "cc $< (tests)"
	$(CC) $(SAN) -MMD -MP -c -o $@ $< || $(if $(PARTIAL),$(call none,$<,$@),false)
build/san/obj/roots.o: build/gen/roots.c $(flags)
	@mkdir -p $(@D)
	$(CC) $(SAN) -c -o $@ $<
build/san/unit/%.o: tests/unit/%.c $(flags)
	@mkdir -p $(@D)
	@echo "cc $<"
	$(CC) $(SAN) -Itests/unit -MMD -MP -c -o $@ $<
build/san/lib.a: build/list $(san)
	@rm -f $@
	$(CROSS)ar crsD $@ $(san)
# An archive, so that a test gets the helpers that it uses: then it may have
# a function of its own in place of one that only other helpers call.
build/san/help.a: $(help)
	@rm -f $@
	$(CROSS)ar crsD $@ $(help)
build/san/%_test: build/san/unit/%_test.o build/san/help.a build/san/lib.a \
  $(V)/mbedtls-san/libmbedtls.a
	$(CC) $(SAN) $(wrap) -o $@ $(filter %.o %.a,$^)
build/san/post365: build/san/obj/main.o build/san/lib.a \
  $(V)/mbedtls-san/libmbedtls.a
	@echo "link $@"
	$(CC) $(SAN) -o $@ $^
.SECONDARY: $(patsubst tests/unit/%.c,build/san/unit/%.o,\
  $(wildcard tests/unit/*.c))

# --- tests on other machines: check's objects, linked as the executable is
unit := $(filter-out $(O)/chk/main.o,$(chk))
unit_help := $(help:build/san/unit/%=$(O)/unit/%)
units: $(patsubst tests/unit/%.c,$(O)/unit/%,$(wildcard tests/unit/*_test.c))
$(O)/unit/%.o: tests/unit/%.c $(flags) | $(V)/musl/lib/libc.a
	@mkdir -p $(@D)
	@echo "cc $<"
	$(CC) $(REL) -O1 -Werror -Itests/unit -MMD -MP -c -o $@ $<
$(O)/unit/lib.a: build/list $(unit)
	@rm -f $@
	$(CROSS)ar crsD $@ $(unit)
$(O)/unit/help.a: $(unit_help)
	@rm -f $@
	$(CROSS)ar crsD $@ $(unit_help)
$(O)/unit/%_test: $(O)/unit/%_test.o $(O)/unit/help.a $(O)/unit/lib.a \
  $(V)/mbedtls-rel/libmbedtls.a
	$(call link,$@,-fno-lto $(wrap) \
	  $(filter-out %/libmbedtls.a,$(filter %.o %.a,$^)))

# --- fuzz: clang
fuzz := $(part:src/%.c=build/fuzz/obj/%.o) build/fuzz/obj/roots.o
build/fuzz/obj/%.o: src/%.c $(flags)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ) -MMD -MP -c -o $@ $<
build/fuzz/obj/roots.o: build/gen/roots.c $(flags)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ) -c -o $@ $<
build/fuzz/lib.a: build/list $(fuzz)
	@rm -f $@
	$(CROSS)ar crsD $@ $(fuzz)
build/fuzz/%_fuzz: tests/fuzz/%_fuzz.c build/fuzz/lib.a \
  $(V)/mbedtls-san/libmbedtls.a
	@echo "cc $< (fuzz)"
	$(FUZZ_CC) $(FUZZ) -Itests/fuzz -fsanitize=fuzzer -MMD -MP \
	  -MF $@.d -o $@ $(filter %.c %.a,$^)

-include $(shell find $(O)/rel $(O)/chk $(O)/unit build/san \
  build/fuzz -name '*.d' 2>/dev/null)
EOF
}

# --- the rest -------------------------------------------------------------

#: db                      compile_commands.json, for editors
verb_db() {
	alone prepare
	flags=$(make_quiet print-db)
	{
		say '['
		sep=''
		for f in $(find src tests/unit tests/fuzz -name '*.c' \
		    2>/dev/null | sort); do
			printf '%s{"directory": "%s", "file": "%s", "command": "%s"}' \
			    "$sep" "$TOP" "$f" "$(say "$CC $flags -c $f" |
				sed 's/[\\"]/\\&/g')"
			sep=',
'
		done
		say ''
		say ']'
	} >compile_commands.json
}

#: fmt                     clang-format in place
verb_fmt() {
	need clang-format clang-format
	find src tests/unit tests/fuzz vendor -name '*.[ch]' 2>/dev/null |
	    sort | xargs -r clang-format -i
}

#: clean                   removes build/ but for what was fetched
verb_clean() {
	for f in build/* build/.[!.]*; do
		case $f in build/dl | build/npm | build/deps) continue ;; esac
		rm -rf "$f"
	done
}

#: help                    this list
verb_help() {
	say 'usage: ./build.sh [VERB [ARGUMENT...]]'
	sed -n 's/^#: /  /p' "$SELF"
	say 'CC chooses the compiler; POST365_SHARED the folder of test data; ROOTS'
	say 'a folder of certificates, in place of those of vendor/ and the machine.'
}

usage() {
	printf 'build.sh: %s\n' "$*" >&2
	verb_help >&2
	exit $EX_USAGE
}

verb=${1:-build}
[ $# -eq 0 ] || shift
case $verb in
build | cross | release | demo | test | fuzz | bench | check | repro | deps | \
    db | fmt | clean | help | _one | _roots)
	"verb_$verb" "$@"
	;;
-h | --help) verb_help ;;
*) usage "there is no verb $verb" ;;
esac
