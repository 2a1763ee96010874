#!/bin/sh
# bench growth: processor time that `sendmail -odq` takes for headers that are
# easy to make slow, at n and at 4n, without what an empty message takes. A
# ratio of 4 is linear, one of 16 is not. At 4n the header is below the 1 MB
# that accept takes.
# shellcheck source=/dev/null
. "$TOP/tests/story/lib.sh"

command -v python3 >/dev/null || {
	echo "skip bench growth: python3 is not installed"
	exit 0
}
start_sandbox

cat >"$TMP/growth.py" <<'END'
import os, resource, subprocess, sys

exe, config, tmp = sys.argv[1:4]
head = "From: sender@example.com\nSubject: x\n"
mime = head + "MIME-Version: 1.0\nContent-Type: "
rows = [
    ("To fields", 10000, lambda n: head + "To: u@example.org\n" * n),
    ("addresses in To", 12000,
     lambda n: head + "To: " + "u@example.org,\n " * n + "v@example.org\n"),
    ("malformed parameters", 100000,
     lambda n: mime + "text/plain" + ";a" * n + "\n"),
    ("parameters", 40000,
     lambda n: mime + "text/plain" + ';a="b"' * n + "\n"),
    ("Content-Type fields", 5000,
     lambda n: head + "Content-Type: multipart/mixed; boundary=b\n" * n),
    ("beginnings of words, To", 30000,
     lambda n: head + 'To: "' + "=?a?q? " * n + '" <a@example.org>\n'),
    ("beginnings of words, From", 15000,
     lambda n: 'Subject: x\nFrom: "' + "=?a?q? " * n + '" <a@example.org>\n'),
    ("encoded words", 12000,
     lambda n: head + "X: " + "=?utf-8?q?=C3=A4?= " * n + "y\n"),
    ("words that cannot be read", 12000,
     lambda n: head + "X: " + "=?x-none?q?=C3=A4?= " * n + "y\n"),
    ("@ in the From name", 50000,
     lambda n: 'Subject: x\nFrom: "' + "a@" * n + '" <a@example.org>\n'),
    ("fields of X-", 12000,
     lambda n: head + "".join("X-%d: y\n" % i for i in range(n))),
    ("blanks in a row", 100000, lambda n: head + "X: y" + " " * n + "z\n"),
    ("comments", 75000,
     lambda n: head + "To: " + "(a)" * n + " a@example.org\n"),
    ("parts", 2500,
     lambda n: mime + "multipart/mixed; boundary=b\n\n" +
     "--b\n\nx\n" * n + "--b--\n"),
]

def cpu(text):
    path = os.path.join(tmp, "growth.eml")
    with open(path, "w") as f:
        f.write(text + ("" if "\n\n" in text else "\nx\n"))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(path) as f:
        done = subprocess.run(["sendmail", "-i", "-odq", "-C", config,
            "a@example.org"], executable=exe, stdin=f, capture_output=True,
            timeout=600)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit("exit %d: %s" % (done.returncode, done.stderr[:200]))
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

def best(text):
    return min(cpu(text) for _ in range(3))

none = best(head)
for name, n, make in rows:
    one = max(best(make(n)) - none, 0.001)
    four = max(best(make(4 * n)) - none, 0.001)
    print("%-26s %7d %7.3f s   %8d %7.3f s   ratio %4.1f" %
        (name, n, one, 4 * n, four, four / one), flush=True)
END
python3 "$TMP/growth.py" "$POST365" "$CONFIG" "$TMP" || exit 1
"$POST365" -C "$CONFIG" -q queue drop --all >/dev/null 2>&1
