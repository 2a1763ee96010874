# SPDX-License-Identifier: MIT
"""webwalls_house: what webwalls.py stands on: a dashboard that runs, requests
of any shape over sockets, and all answers kept. Every wait has an end."""
import base64
import glob
import hashlib
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import time

TMP = os.getcwd()
WAIT = 20
# Letters and digits: nothing writes them in another way.
SECRET = "Xq8servingholdsnoneB7x"
NEW = "A7newsecretofthestoryZ9"
TOKEN = "bearer4e1c9d0a77ofnobody"
PASSWORD = "Geheim4711undmehr"
ANSWERS = []  # of all requests


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def same(got, want, what=""):
    if got != want:
        raise AssertionError("%s: %r, not %r" % (what or "got", got, want))


def holds(is_so, what):
    if not is_so:
        raise AssertionError(what)


def wait_for(ask, seconds=WAIT):
    """What ask gives as soon as it is true; None: not in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        got = ask()
        if got:
            return got
        time.sleep(0.05)
    return None


class Answer:
    """One answer; None in place of it: the connection just ended."""

    def __init__(self, head, body, of):
        lines = head.decode("latin1").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.fields = [line.split(": ", 1) for line in lines[1:] if line]
        self.head, self.body, self.of = head, body, of
        ANSWERS.append(self)

    def field(self, name):
        got = [v for n, v in self.fields if n.lower() == name.lower()]
        return got[0] if got else None

    def text(self):
        return self.body.decode("utf-8", "replace")


class Reader:
    """Answers that come over a socket, one after the other."""

    def __init__(self, sock, of):
        self.sock, self.of, self.left = sock, of, b""

    def more(self):
        try:
            piece = self.sock.recv(65536)
        except (ConnectionError, ssl.SSLError):
            piece = b""
        self.left += piece
        return bool(piece)

    def next(self, bare=False):
        while b"\r\n\r\n" not in self.left:
            if not self.more():
                return None
        head, self.left = self.left.split(b"\r\n\r\n", 1)
        m = re.search(rb"(?i)\ncontent-length: *(\d+)", head)
        n = int(m[1]) if m and not bare else 0
        while len(self.left) < n:
            holds(self.more(), "half an answer: %r" % head[:60])
        body, self.left = self.left[:n], self.left[n:]
        return Answer(head, body, self.of)

    def rest(self):
        while self.more():
            pass
        return self.left


def form(fields):
    """Values may be bytes; what is coded already is a str behind a name that
    ends with "!"."""
    out = []
    for name, value in fields:
        if name.endswith("!"):
            out.append(name[:-1] + "=" + value)
            continue
        if isinstance(value, str):
            value = value.encode()
        out.append(name + "=" + "".join(
            chr(c) if chr(c).isalnum() and c < 128 else "%%%02X" % c
            for c in value))
    return "&".join(out).encode()


class Server:
    """A process of the program that serves the dashboard at port."""
    tls = None

    def start(self, words, env=None):
        self.log = self.config + ".log"
        self.out = open(self.log, "ab")
        self.process = subprocess.Popen(words, stdout=self.out,
                                        stderr=self.out, env=env,
                                        stdin=subprocess.DEVNULL)

    def said(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def await_line(self, pattern):
        m = wait_for(lambda: re.search(pattern, self.said()) or
                     self.process.poll() is not None)
        if m is None:
            self.stop()
        holds(m and m is not True, "it did not start: " + self.said()[-300:])
        return m

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            status = self.process.wait(WAIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
            raise AssertionError("it does not end")
        self.out.close()
        bad = re.search(".*(Sanitizer|runtime error).*", self.said())
        holds(not bad, bad and bad[0])
        return status

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            self.stop()
        except AssertionError:
            if kind is None:
                raise

    # --- requests

    def connect(self, timeout=WAIT):
        s = socket.create_connection(("127.0.0.1", self.port), timeout)
        return self.tls.wrap_socket(s, server_hostname="localhost") \
            if self.tls else s

    def raw(self, data, n=1, end=False):
        """Up to n answers to these bytes; end: nothing more is said."""
        with self.connect() as s:
            try:
                s.sendall(data)
                if end:
                    s.shutdown(socket.SHUT_WR)
            except (ConnectionError, ssl.SSLError):
                pass
            r = Reader(s, data[:80])
            got = []
            while len(got) < n:
                a = r.next(data[:5] == b"HEAD ")
                if a is None:
                    break
                got.append(a)
            return got

    def one(self, data):
        got = self.raw(data)
        return got[0] if got else None

    def ask(self, method, target, fields=(), body=b"", host=None):
        head = ["%s %s HTTP/1.1" % (method, target),
                "Host: " + (host or self.host), "Connection: close"]
        if body or method == "POST":
            head.append("Content-Length: %d" % len(body))
        head += ["%s: %s" % f for f in fields]
        a = self.one(("\r\n".join(head) + "\r\n\r\n").encode("latin1") + body)
        holds(a is not None, "%s %s: no answer" % (method, target))
        return a

    def get(self, target, cookie=None, **more):
        return self.ask("GET", target, self.cookie_fields(cookie), **more)

    def cookie_fields(self, cookie):
        return [("Cookie", cookie)] if cookie else []

    def origin_fields(self):
        return [("Origin", ("https://" if self.tls else "http://") +
                 self.host)]

    def post(self, target, fields, who=None, origin=True):
        """who: (cookie, csrf)"""
        head = self.origin_fields() if origin else []
        if who:
            head += self.cookie_fields(who[0])
            fields = [("csrf", who[1])] + list(fields)
        return self.ask("POST", target, head, form(fields))

    def sign_in(self, user, password):
        return self.post("/sign-in", [("user", user), ("password", password)])

    def cookie_of(self, answer):
        value = answer.field("Set-Cookie")
        return value.split(";")[0] if value else None

    def csrf(self, cookie):
        m = re.search('name="csrf" value="([0-9a-f]{64})"',
                      self.get("/", cookie).text())
        holds(m, "there is no form")
        return m[1]

    def who_of(self, answer):
        cookie = self.cookie_of(answer)
        holds(cookie, "no cookie: %d %r" % (answer.status, answer.head))
        return cookie, self.csrf(cookie)


class House(Server):
    """`post365 web` on a free port of the loopback; who: who entered."""

    def __init__(self, program, lines="", relay="", words=(), enter=True,
                 listen="127.0.0.1:0", start=True):
        self.program = program
        self.dir = tempfile.mkdtemp(prefix="house", dir=TMP)
        self.config = self.dir + "/config"
        self.spool = self.dir + "/state/spool"
        self.write(lines, relay)
        if not start:
            return
        self.start([program, "web", "-l", listen, "-C", self.config, *words])
        self.url = self.await_line(r"open (https?://(.*:(\d+))/(\S*))")
        self.port = int(self.url[3])
        self.host = "127.0.0.1:%d" % self.port
        holds(wait_for(lambda: "anon_inode:[signalfd]" in self.fds().values()),
              "it does not begin")
        self.had = self.fds()
        if enter:
            self.who = self.who_of(self.get("/" + self.url[4]))

    def write(self, lines, relay=""):
        with open(self.config, "w") as f:
            f.write("# kept as it is\n"
                    "tenant_id = 11111111-2222-4333-8444-555555555555\n"
                    "client_id = 66666666-7777-4888-9999-aaaaaaaaaaaa\n"
                    "client_secret = %s\n"
                    "login_url = http://127.0.0.1:1\n"
                    "graph_url = http://127.0.0.1:1/v1.0\n"
                    "from = walls@house.example\n"
                    "state_dir = %s/state\n%s%s" % (
                        SECRET, self.dir, lines,
                        relay and "[relay]\n" + relay))
        os.chmod(self.config, 0o600)

    def settings(self):
        with open(self.config, "rb") as f:
            return f.read()

    def command(self, *words, **more):
        return subprocess.run([self.program, "-C", self.config, *words],
                              capture_output=True, timeout=WAIT, **more)

    def save(self, *fields, **more):
        """Save with what the page has, but for these fields."""
        page = self.get("/", self.who[0]).text()
        have = re.findall(r'<input [^>]*?name="(\w+)" value="([^"]*)"', page)
        have = dict(have)
        have.pop("csrf")
        have.update(fields)
        return self.post("/", [f for f in have.items() if f[1] is not None],
                         self.who, **more)

    # --- what it costs

    def fds(self, pid=None):
        """What each descriptor of a process is, this one or a child"""
        folder, got = "/proc/%d/fd/" % (pid or self.process.pid), {}
        try:
            for fd in os.listdir(folder):
                got[int(fd)] = os.readlink(folder + fd)
        except OSError: # it closes them, or ends, meanwhile
            pass
        return got

    def nothing_left(self):
        wait_for(lambda: self.fds() == self.had)
        same(self.fds(), self.had, "descriptors")
        same(self.children(), [], "children")

    def children(self):
        """(number, state) of each"""
        got = []
        for name in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(name) as f:
                    pid, _, rest = f.read().partition(" (")
                rest = rest.rpartition(") ")[2].split()
            except OSError:
                continue
            if int(rest[1]) == self.process.pid:
                got.append((int(pid), rest[0]))
        return got

    def cpu_ms(self):
        """Its own so far, without its children's"""
        with open("/proc/%d/stat" % self.process.pid) as f:
            words = f.read().rpartition(") ")[2].split()
        return (int(words[11]) + int(words[12])) * 1000 // \
            os.sysconf("SC_CLK_TCK")

    def rss_kb(self):
        with open("/proc/%d/status" % self.process.pid) as f:
            return int(re.search(r"VmRSS:\s*(\d+)", f.read())[1])


def hash_of(program, password=PASSWORD):
    return subprocess.run([program, "relay", "--hash-password"], check=True,
                          input=password, capture_output=True,
                          text=True).stdout.strip()


def policy_of(page):
    """The Content-Security-Policy that its style and script need."""
    def sums(tag):
        m = re.search("<%s>(.*?)</%s>" % (tag, tag), page, re.S)
        return base64.b64encode(
            hashlib.sha256(m[1].encode()).digest()).decode()
    return ("default-src 'none'; style-src 'sha256-%s'; script-src "
            "'sha256-%s'; connect-src 'self'; form-action 'self'; base-uri "
            "'none'; frame-ancestors 'none'" % (sums("style"), sums("script")))
