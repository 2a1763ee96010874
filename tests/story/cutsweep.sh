#!/bin/sh
# SPDX-License-Identifier: MIT
# cutsweep: the sweep of killsweep, and with the process goes the power: the
# queue is on a file system of its own, to which nothing more gets.
CUT=yes
# shellcheck source=killsweep.sh
. "$TOP/tests/story/killsweep.sh"
