#!/bin/sh
# SPDX-License-Identifier: MIT
# The dashboard in a real browser (web_browser.js says what is done there).
# Screenshots of each page are left in build/web.
. "${0%/*}/lib.sh"

HERE=$(cd "${0%/*}" && pwd)
CHROMIUM=$(command -v chromium || command -v chromium-browser)
NPM=${NPM:-${TOP:-.}/build/npm}
if ! "$P" help web >/dev/null 2>&1; then
	skip 'the dashboard in a browser' 'this post365 has none'
	exit 0
fi
if [ -z "$CHROMIUM" ] || ! command -v node >/dev/null; then
	skip 'the dashboard in a browser' 'no chromium and node: ./build.sh deps'
	exit 0
fi
for package in playwright-core axe-core; do
	if [ ! -e "$NPM/node_modules/$package/package.json" ]; then
		skip 'the dashboard in a browser' \
		    "$package is not installed: ./build.sh deps"
		exit 0
	fi
done
export CHROMIUM NPM POST365_SAN="$SAN"
timeout -k 5 900 node "$HERE/web_browser.js"
