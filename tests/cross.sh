# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# cross.sh: other machines: their executables, and their tests under qemu.
# build.sh reads it for "cross" and "release".

# shellcheck source=run.sh
. tests/run.sh

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
	export POST365 POST365_SAN UNITS RUNNER T_SLOW
	# shellcheck disable=SC2016
	printf '#!/bin/sh\nexec %s -0 "$0" "%s" "$@"\n' "$RUNNER" \
	    "$TOP/$O/post365" >"$O/run"
	chmod +x "$O/run"
	test_run
}

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
