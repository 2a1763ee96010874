#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does our MIME reader see what Python's email package sees?

mime_compare.py MIME_TEST FOLDER...

Compares structure, types and decoded bodies of every message below the
folders; prints "ok NAME" or "not ok NAME: reason" for each.
"""
import email
import email.policy
import hashlib
import os
import subprocess
import sys

# Messages that are read otherwise, by the beginning of their name.
OPEN = "no closing boundary: ours keeps the last line end in the part"
STRICT = "Python finds no boundary where blanks follow it, or it is repeated"
OTHERWISE = {
    "012-cr-only": "CRs are no line ends to us (mail/intake makes them so)",
    "013-crcrlf": "two CRs are no line end (mail/intake makes them one)",
    "026-cpython": STRICT,
    "037-gt-from": "a quoted mbox line in front is not the message's",
    "050-space-before": "RFC 5322 4.5: a blank before the colon is allowed",
    "065-mp-no-close": OPEN,
    "081-mime4j": OPEN,
    "082-mime4j": STRICT,
    "099-mime4j": "RFC 5322 4.5: a blank before the colon is allowed",
    "102-mime4j": "a boundary of more than MIME_BOUNDARY_MAX characters",
    "104-mimekit": OPEN,
    "106-mimekit": "not a message; the type is a list, folded",
    "109-mimekit": "not a message; the type is a list, folded",
    "110-mimekit": "an mbox; one boundary at two levels, inner first",
    "209-rubymail": OPEN,
    "255-stalwart": "x-uuencode is not decoded",
    "258-stalwart": "an empty part between two boundaries is a part to us",
    "259-stalwart": OPEN,
    "261-stalwart": OPEN,
    "263-stalwart": "RFC 5322 4.5: a blank before the colon is allowed",
    "270-stalwart": "an attached message in base64 is not looked into",
    "273-stalwart": "Python does not take blanks behind an encoding",
    "275-stalwart": OPEN,
    "289-zbateson": STRICT,
}
# Python takes these apart, and decodes what is inside; to us they are leaves.
LEAVES = ("message/delivery-status", "message/external-body",
          "message/partial")


def python_tree(data):
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    lines = []

    def walk(part, depth):
        kind = part.get_content_type()
        if kind in LEAVES:
            lines.append(f"{depth} {kind} leaf")
            return
        if part.is_multipart():
            lines.append(f"{depth} {kind} -")
            for child in part.get_payload():
                walk(child, depth + 1)
            return
        body = part.get_payload(decode=True)
        if body is None:
            body = str(part.get_payload()).encode("ascii", "surrogateescape")
        lines.append(f"{depth} {kind} {hashlib.sha256(body).hexdigest()}")

    walk(message, 0)
    return lines


def our_trees(program, paths):
    text = subprocess.run([program, "tree", *paths], check=True, timeout=120,
                          stdout=subprocess.PIPE).stdout.decode()
    trees, now = {}, None
    for line in text.splitlines():
        if line.startswith("= "):
            now = trees.setdefault(line[2:], [])
        elif line.split(" ")[1] in LEAVES:
            now.append(line.rsplit(" ", 1)[0] + " leaf")
        else:
            now.append(line)
    return trees


def main():
    program, folders = sys.argv[1], sys.argv[2:]
    paths = sorted(os.path.join(d, f) for top in folders
                   for d, _, fs in os.walk(top) for f in fs
                   if f.endswith(".eml"))
    ours = our_trees(program, paths)
    for path in paths:
        name = os.path.basename(path)
        with open(path, "rb") as f:
            theirs = python_tree(f.read())
        reason = next((r for k, r in OTHERWISE.items() if name.startswith(k)),
                      None)
        if ours[path] == theirs:
            if reason is None:
                print(f"ok {name}")
            else:
                print(f"not ok {name}: read alike now; take it out of the "
                      "table")
        elif reason is not None:
            print(f"ok {name} (otherwise: {reason})")
        else:
            first = next((i for i, (a, b) in
                          enumerate(zip(ours[path], theirs)) if a != b),
                         min(len(ours[path]), len(theirs)))
            print(f"not ok {name}: part {first}: "
                  f"{ours[path][first:first + 1]} is not "
                  f"{theirs[first:first + 1]} "
                  f"({len(ours[path])} and {len(theirs)} parts)")


main()
