#!/bin/sh
# SPDX-License-Identifier: MIT
# mime: our reader and Python's email package see the same parts, types and
# decoded bodies in every message of the corpora, but for a table of
# exceptions, each with its reason (mime_compare.py).
: "${TOP:?}"
for need in python3 "$TOP/build/san/mime_test"; do
	command -v "$need" >/dev/null || {
		echo "skip mime: no $need"
		exit 0
	}
done
if [ -z "${SHARED:-}" ] || [ ! -d "$SHARED/corpora/mime" ]; then
	echo "skip mime: no shared corpora"
	exit 0
fi
exec python3 "$TOP/tests/story/mime_compare.py" "$TOP/build/san/mime_test" \
    "$SHARED/corpora/mime" "$SHARED/corpora/mime-edge"
