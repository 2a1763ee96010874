#!/bin/sh
# SPDX-License-Identifier: MIT
# walls: unit/relay_walls_test.c again, with the C library of the executable:
# which system calls reception makes is a matter of that.
: "${TOP:?is the folder of build.sh}"
[ -x "$TOP/build/unit/relay_walls_test" ] || {
	echo 'not ok walls: build/unit/relay_walls_test does not build'
	exit 1
}
"$TOP/build/unit/relay_walls_test"
