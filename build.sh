#!/bin/sh
# SPDX-License-Identifier: MIT
#
# build.sh: the one entry point. "./build.sh help" lists the verbs.
#
# Everything that is made goes to build/. Where to look:
#   src/rules.mk      how ours is compiled and linked
#   src/texts/        help and other long texts; texts() packs them
#   vendor/rules.mk   how mbedTLS and musl are
#   vendor/fetch.sh   tools, archives (vendor/lock), roots (vendor/roots.list)
#   tests/run.sh      test, fuzz, bench, check, repro, demo, deps
#   tests/deps.list   what deps installs
#   tests/cross.sh    other machines
set -eu
LC_ALL=C
export LC_ALL
umask 022

TOP=$(cd "$(dirname "$0")" && pwd)
cd "$TOP"
SELF=$TOP/build.sh
CC=${CC:-gcc}
HOST_CC=$CC # cross.sh changes CC
O=build CROSS='' # where objects go; what precedes ar's name (cross.sh)
EX_USAGE=64

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

# shellcheck source=vendor/fetch.sh
. vendor/fetch.sh

# --- make -----------------------------------------------------------------

# probe FLAG...: does the compiler take them, warnings counted, and link?
# A cross compiler may have no C library, so that none is linked.
probe() { probe_libc -nostdlib -Wl,-e,main "$@"; }
probe_libc() {
	echo 'int main(void) { return 0; }' |
	    $CC -Werror "$@" -x c - -o "$O/probe.out" 2>/dev/null
}

# Writes what the compiler can into cc.mk, once for each compiler.
cc_setup() {
	key="$CC: $($CC --version 2>/dev/null | head -n 1), rules 10"
	if [ -e "$O/cc.mk" ]; then
		read -r _ old <"$O/cc.mk" || true
		[ "${old:-}" = "$key" ] && return
	fi
	zero='' lto='' fat='' one='' relr='' libasan='' aesni='' cast='' guard=''
	layout='' data=''
	# gcc copies code for a jump less, at -Os and -Oz too: 11 kB. It copies
	# functions where it guesses wrong that this is smaller: 4 kB. A jump in
	# place of a last call needs the function's end a second time: 5 kB.
	small=-Os
	probe -Oz && small=-Oz
	lean='-fno-tree-pre -fno-thread-jumps -fno-tree-dominator-opts'
	lean="$lean -fno-inline-small-functions -fno-optimize-sibling-calls"
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
	# x86-64: no tables on 32 bytes for what is no vector: 3 kB.
	probe -malign-data=abi && data=-malign-data=abi
	# musl has the stack's guard in a variable, too, as on other machines:
	# shorter than what x86-64 reads by %fs. link.ld: only where ld keeps
	# code on pages of its own.
	case $($CC -dumpmachine) in
	x86_64*) layout=-Wl,-T,src/link.ld,--no-eh-frame-hdr
		probe -mstack-protector-guard=global &&
		    guard=-mstack-protector-guard=global ;;
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
		say "GUARD := $guard"
		say "DATA := $data"
		say "LAYOUT := $layout"
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

# Everything that make takes for granted.
prepare() {
	mkdir -p "$O"
	need_tools
	cc_setup
	unpack mbedtls
	unpack musl
	kernel_include
	roots
	texts
	# A file that comes or goes links anew.
	find src -name '*.c' | sort | changed build/list
}

# What is long and seldom read is packed (src/base/packed.h), in the order in
# which it is asked for.
texts() {
	mkdir -p build/gen
	install_script
	set -- src/texts/web-script.js src/texts/web-style.css \
	    src/texts/help-*.txt src/texts/man-*.txt src/texts/settings.txt \
	    src/texts/explain.txt src/texts/print-*.txt build/gen/install.sh
	now=$(cat "$@" vendor/pack.c src/base/packed_model.[ch] build.sh |
	    sha256sum)
	[ "$(cat build/gen/texts.key 2>/dev/null)" = "$now$*" ] && return
	mkdir -p build/gen/new
	pack build/gen/new "$@"
	changed build/gen/texts.h <build/gen/new/texts.h
	changed build/gen/texts_packed.h <build/gen/new/texts_packed.h
	say "$now$*" >build/gen/texts.key
}

# vendor/pack.c runs here: CC may be another machine's.
pack() {
	for host in "$HOST_CC" cc gcc; do
		# shellcheck disable=SC2086 # CC may have flags
		if $host -O2 -Isrc -o build/gen/pack vendor/pack.c \
		    src/base/packed_model.c && build/gen/pack "$@"; then
			return
		fi 2>build/gen/pack.log
	done
	die "the texts cannot be packed: no compiler for this machine, of
$HOST_CC, cc and gcc, makes a program. On Debian and Ubuntu that takes:
    apt-get install -y --no-install-recommends gcc libc6-dev
$(tail -n 5 build/gen/pack.log)"
}

# What `post365 install` runs, without comments.
install_script() {
	sed '/^[[:space:]]*#/d; s/^[[:space:]]*//; /^$/d' \
	    src/command/install/install.sh | changed build/gen/install.sh
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
	MAKEFLAGS='' make -s --no-print-directory -f src/rules.mk O="$O" \
	    -j "$(jobs_n)" "$@"
}

# --- verbs ----------------------------------------------------------------

#: build                   build/post365, static, optimised (also: no verb)
verb_build() {
	[ -e src/main.c ] || die "there is no src/main.c"
	alone prepare_and_make build/post365 || exit 1
	say "build/post365: $(wc -c <build/post365) bytes"
}

#: install [OPTION...]     builds, then post365 install (PREFIX, DESTDIR)
#: uninstall [OPTION...]   undoes it
verb_install() {
	case $verb in install) verb_build ;; esac
	build/post365 "$verb" ${PREFIX:+--prefix "$PREFIX"} \
	    ${DESTDIR:+--destdir "$DESTDIR"} "$@"
}
verb_uninstall() { verb_install "$@"; }

#: deb                     build/post365_VERSION_ARCH.deb

#: demo                    builds, then shows what it does, offline
#: test [--fail-alloc] [--bless] [NAME...]
#:                         unit programs under sanitizers, then stories
#: cross ARCH [test [NAME...]]
#:                         build/cross/ARCH/post365; tests of it under qemu
#: release                 build/release/: the executables of all machines
#: fuzz MODULE SECONDS     libFuzzer on one parser (MODULE "all": each)
#: bench [NAME...]         figures against other programs, a line each
#: check                   what a tool can hold of the house style
#: size [ROOM]             what the rooms weigh in the executable, or its files
#: repro [ARCH]            two builds in two folders: are the bytes the same?
#: deps                    installs what the tests use (Debian, as root)
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
		case $f in build/dl | build/npm | build/deps | build/debian.tar) continue ;; esac
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
build | install | uninstall | db | fmt | clean | help | _roots) ;;
-h | --help) verb=help ;;
demo | test | fuzz | bench | check | size | repro | deps | _one)
	# shellcheck source=tests/run.sh
	. tests/run.sh
	;;
deb)
	# shellcheck source=src/deb/deb.sh
	. src/deb/deb.sh
	;;
cross | release)
	# shellcheck source=tests/cross.sh
	. tests/cross.sh
	;;
*) usage "there is no verb $verb" ;;
esac
"verb_$verb" "$@"
