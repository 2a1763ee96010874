# SPDX-License-Identifier: MIT
"""dsn.py FILE...: reads delivery reports with Python's email package, which
knows nothing of ours, and prints what it understood, a line for each fact."""
import email
import email.policy
import os
import re
import sys


def address(field):
    """RFC 3464 2.1.2, and RFC 6533 3 for what is not ASCII."""
    kind, text = [s.strip() for s in field.split(";", 1)]
    if kind == "utf-8":
        text = re.sub(r"\\x\{([0-9A-F]+)\}", lambda m: chr(int(m[1], 16)), text)
    return kind + " " + text


def tell(path):
    name = os.path.basename(path)
    with open(path, "rb") as f:
        m = email.message_from_bytes(f.read(), policy=email.policy.default)
    parts = m.get_payload()
    defects = [d for p in m.walk() for d in p.defects]
    print(name, "defects", len(defects), *map(repr, defects))
    print(name, "type", m.get_content_type(), m.get_param("report-type"),
          *(p.get_content_type() for p in parts))
    print(name, "from", m["From"].addresses[0].display_name,
          "to", m["To"], "auto", m["Auto-Submitted"])
    print(name, "words", "nothing" if "\ufffd" in parts[0].get_content()
          else parts[0].get_content().split("\n")[0].strip())
    groups = parts[1].get_payload()
    print(name, "mta", groups[0]["Reporting-MTA"], "groups", len(groups))
    for g in groups[1:4]:
        print(name, "rcpt", address(g["Final-Recipient"]), g["Action"],
              g["Status"])
    print(name, "subject", re.search(
        r"(?m)^Subject: ?(.*)$", parts[2].as_bytes().decode("utf-8", "replace")
        .replace("\r", "") + "\nSubject: none")[1])


sys.stdout.reconfigure(encoding="utf-8")
for file in sys.argv[1:]:
    tell(file)
