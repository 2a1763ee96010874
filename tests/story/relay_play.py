# SPDX-License-Identifier: MIT
"""relay_play.py EXECUTABLE SANDBOX [ROW...]: one row for each situation that
src/doc/relay.md names, over real sockets. Prints ok, not ok or skip lines.
Everything is bounded: sockets by a timeout, relays by their end in `with`."""
import base64
import email
import glob
import os
import re
import resource
import select
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

PROGRAM, SANDBOX = sys.argv[1], sys.argv[2]
WANTED = sys.argv[3:]
TMP = os.getcwd()
CERT = os.path.exists("cert.pem")
ROWS = []


class Skip(Exception):
    pass


def row(f):
    ROWS.append(f)
    return f


def same(got, want, what=""):
    if got != want:
        raise AssertionError("%s: %r, not %r" % (what or "got", got, want))


def starts(got, want, what=""):
    if not got.startswith(want):
        raise AssertionError("%s: %r, not %r" % (what or "reply", got, want))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def hash_of(password, *how):
    if how:
        return subprocess.run(list(how), check=True, capture_output=True,
                              text=True).stdout.strip()
    return subprocess.run([PROGRAM, "relay", "--hash-password"], check=True,
                          input=password, capture_output=True,
                          text=True).stdout.strip()


class Relay:
    """A relay with these lines in [relay]; PORT in them is a free port, and
    the first one is self.port."""

    def __init__(self, lines="", top="", run=True, prefix=(), env=None,
                 listen="listen = 127.0.0.1:PORT\n"):
        self.dir = tempfile.mkdtemp(prefix="relay", dir=TMP)
        self.ports = []
        text = listen + lines

        def port(_):
            self.ports.append(free_port())
            return str(self.ports[-1])
        text = re.sub("PORT", port, text)
        self.port = self.ports[0] if self.ports else 0
        with open(SANDBOX + "/config") as f:
            base = f.read()
        self.config = self.dir + "/config"
        self.spool = self.dir + "/spool"
        if "socket =" not in text:
            text += "\nsocket = %s/sock\n" % self.dir
        self.base = base + "\nspool_dir = " + self.spool + "\n" + top
        self.write(text)
        self.log = self.dir + "/log"
        self.prefix = list(prefix)
        self.env = env
        self.process = None
        if run:
            self.start()

    def write(self, text):
        self.text = text
        with open(self.config, "w") as f:
            f.write(self.base + "\n[relay]\n" + text)
        os.chmod(self.config, 0o600)

    def command(self, *words):
        return self.prefix + [PROGRAM, "relay", "-C", self.config] + list(words)

    def start(self, **more):
        self.out = open(self.log, "ab")
        self.process = subprocess.Popen(self.command("-v"), stdout=self.out,
                                        stderr=self.out, env=self.env,
                                        stdin=subprocess.DEVNULL, **more)
        self.await_port()

    def await_port(self):
        for _ in range(200):
            if self.process.poll() is not None:
                raise AssertionError("the relay ended: " + self.said()[-300:])
            try:
                if self.port:
                    Client(self.port).close()
                    return
                if os.path.exists(self.dir + "/sock"):
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError("no relay after 10 s: " + self.said()[-300:])

    def said(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def says(self, pattern):
        """A reply is on its way before its line is in the log."""
        for _ in range(100):
            if re.search(pattern, self.said()):
                return True
            time.sleep(0.1)
        return False

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            status = self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
            raise AssertionError("it does not end")
        self.process = None
        self.out.close()
        if "Sanitizer" in self.said() or "runtime error" in self.said():
            raise AssertionError(self.said()[-2000:])
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def files(self, folder="*"):
        return [f for f in glob.glob(self.spool + "/" + folder + "/*")
                if re.fullmatch("[0-9A-F]+", os.path.basename(f))]

    def children(self):
        with open("/proc/%d/task/%d/children" % (self.process.pid,
                                                 self.process.pid)) as f:
            return [int(p) for p in f.read().split()]

    def manager(self):
        for _ in range(100):
            for p in self.children():
                with open("/proc/%d/cmdline" % p, "rb") as f:
                    if b"--reception" not in f.read():
                        return p
            time.sleep(0.05)
        raise AssertionError("no manager")

    def reception(self):
        for p in self.children():
            with open("/proc/%d/cmdline" % p, "rb") as f:
                if b"--reception" in f.read():
                    return p
        raise AssertionError("no reception")


class Client:
    def __init__(self, to, greet=True, source=None, timeout=10):
        if isinstance(to, str):
            self.s = socket.socket(socket.AF_UNIX)
            self.s.settimeout(timeout)
            self.s.connect(to)
        else:
            self.s = socket.create_connection(
                ("127.0.0.1", to), timeout,
                source_address=(source, 0) if source else None)
        self.have = b""
        self.greeting = self.reply() if greet else ""

    def line(self):
        while b"\n" not in self.have:
            more = self.s.recv(65536)
            if not more:
                line, self.have = self.have, b""
                return line.decode("latin-1")
            self.have += more
        line, self.have = self.have.split(b"\n", 1)
        return line.decode("latin-1").rstrip("\r")

    def reply(self):
        """The last line of a reply; "" at the end."""
        try:
            self.all = []
            while True:
                line = self.line()
                self.all.append(line)
                if line[3:4] != "-":
                    return line
        except ConnectionResetError:
            return ""

    def send(self, what):
        if isinstance(what, str):
            what = what.encode()
        self.s.sendall(what)

    def say(self, what):
        self.send(what + ("\r\n" if isinstance(what, str) else b"\r\n"))
        return self.reply()

    def hello(self, name="client.example"):
        starts(self.say("EHLO " + name), "250")
        return self.all

    def mail(self, sender="sender@example.com", to=("to@example.com",),
             more=""):
        starts(self.say("MAIL FROM:<%s>%s" % (sender, more)), "250", "MAIL")
        for a in to:
            starts(self.say("RCPT TO:<%s>" % a), "250", "RCPT")

    def data(self, text):
        starts(self.say("DATA"), "354")
        self.send(text)
        self.send("\r\n.\r\n")
        return self.reply()

    def message(self, subject, sender="sender@example.com",
                to=("to@example.com",), head="", body="text"):
        self.mail(sender, to)
        return self.data("From: %s\r\nTo: %s\r\nSubject: %s\r\n%s\r\n%s"
                         % (sender, ", ".join(to), subject, head, body))

    def tls(self, **more):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        for k, v in more.items():
            getattr(context, k)(v) if callable(getattr(context, k)) else \
                setattr(context, k, v)
        self.s = context.wrap_socket(self.s)
        self.have = b""
        return self

    def starttls(self):
        starts(self.say("STARTTLS"), "220")
        return self.tls()

    def is_over(self):
        try:
            return self.line() == ""
        except ConnectionResetError:
            return True

    def close(self):
        self.s.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def sign(text):
    return base64.b64encode(text.encode("latin-1")).decode()


def plain(user, password, identity=""):
    return "AUTH PLAIN " + sign("%s\0%s\0%s" % (identity, user, password))


def arrived(subject, count=1, wait=15):
    """Messages of that subject that came to the sandbox: (email, raw)."""
    end = time.time() + wait
    while True:
        found = []
        # The .meta is written last: who sees it finds the others.
        for f in sorted(glob.glob(SANDBOX + "/mail/*.meta")):
            try:
                with open(f[:-4] + "eml", "rb") as file:
                    raw = file.read()
            except FileNotFoundError:
                continue  # one that came as JSON
            m = email.message_from_bytes(raw)
            words = email.header.decode_header(m["Subject"] or "")
            text = "".join(w if isinstance(w, str) else
                           w.decode(c or "latin-1") for w, c in words)
            if text == subject:
                with open(f, errors="replace") as file:
                    found.append((m, raw, file.read()))
        if len(found) >= count or time.time() > end:
            same(len(found), count, "arrived of " + subject)
            return found[0] if count == 1 else found
        time.sleep(0.1)


def body_of(message):
    for part in message.walk():
        if part.get_content_maintype() == "text":
            return part.get_payload(decode=True)
    raise AssertionError("no text")


def recipients_of(message):
    return sorted(a for _, a in email.utils.getaddresses(
        message.get_all("To", []) + message.get_all("Cc", []) +
        message.get_all("Bcc", [])))


# --- the end of a message

@row
def one_message_whatever_ends_like_one(r=None):
    endings = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r\r\n",
               b"\r\n\0.\r\n", b"\n\n.\r\n"]
    with Relay() as r:
        for n, ending in enumerate(endings):
            with Client(r.port) as c:
                c.hello()
                c.mail()
                starts(c.say("DATA"), "354")
                c.send(b"Subject: ending %d\r\n\r\nfirst" % n + ending +
                       b"MAIL FROM:<evil@x.example>\r\nRCPT TO:<v@x.example>"
                       b"\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n")
                starts(c.reply(), "250 2.0.0 Ok: queued as ", str(n))
                starts(c.say("QUIT"), "221", str(n))
                same(c.is_over(), True)
        for n in range(len(endings)):
            arrived("ending %d" % n)
        arrived("smuggled", 0, 0.5)


@row
def dots_and_bare_newlines():
    with Relay() as r, Client(r.port) as c:
        c.hello()
        c.mail()
        starts(c.data("Subject: dots\r\n\r\n..one\r\n...two\r\nx.\r\n"
                      "bare\nlf\r\nbare\rcr"), "250")
        m, raw, _ = arrived("dots")
        same(body_of(m).replace(b"\r\n", b"\n").rstrip(b"\n"),
             b".one\n..two\nx.\nbare\nlf\nbare\ncr")
    with Relay("bare_newline = reject\n") as r, Client(r.port) as c:
        c.hello()
        c.mail()
        starts(c.data("Subject: bare\r\n\r\na\nb"), "550 5.5.2")
        starts(c.say("NOOP"), "250")


# --- who talks, and how

@row
def who_is_allowed_may_talk_blindly():
    with Relay() as r, Client(r.port, greet=False) as c:
        c.send("HELO x\nMAIL FROM:<sender@example.com>\n"
               "RCPT TO:<to@example.com>\nDATA\nSubject: blind\n\nb\n"
               ".\r\n")
        same([c.reply()[:3] for _ in range(5)],
             ["220", "250", "250", "250", "354"])
        c.send("\r\n.\r\n")
        starts(c.reply(), "250")
        arrived("blind")


STRANGERS = ("listen = 0.0.0.0:PORT\nlisten = 0.0.0.0:PORT plain\n"
             "allow = 127.0.0.5\nallow = 10.0.0.0/8\n")


@row
def strangers_are_kept_short():
    with Relay(STRANGERS + "login_timeout = 2s\n", listen="") as r:
        with Client(r.port) as c:
            c.hello()
            starts(c.say("MAIL FROM:<a@x.example>"), "250")
            starts(c.say("RCPT TO:<b@y.example>"),
                   "554 5.7.1 <b@y.example>: Relay access denied; 127.0.0.1")
            starts(c.say("DATA"), "554 5.5.1")
        with Client(r.port, source="127.0.0.5") as c:
            c.hello()
            starts(c.message("neighbour"), "250")
        with Client(r.port) as c:  # the login deadline
            began = time.time()
            c.hello()
            starts(c.reply(), "421 4.4.2")
            assert 1 < time.time() - began < 6, time.time() - began
        with Client(r.port) as c:
            c.hello()
            for _ in range(20):
                c.say("NOOP")
            start = time.time()
            replies = [c.say("NOOP") for _ in range(1)]
            assert time.time() - start < 8
            assert replies, replies
        arrived("neighbour")


@row
def early_talk_of_a_stranger_ends():
    with Relay(STRANGERS, listen="") as r:
        os.kill(r.reception(), signal.SIGSTOP)
        try:
            c = Client(r.port, greet=False)
            c.send("EHLO too-early\r\n")
            time.sleep(0.2)
        finally:
            os.kill(r.reception(), signal.SIGCONT)
        starts(c.reply(), "554 5.5.0 Talking before the greeting")
        same(c.is_over(), True)
        c.close()
        os.kill(r.reception(), signal.SIGSTOP)
        try:
            c = Client(r.port, greet=False, source="127.0.0.5")
            c.send("EHLO early-but-known\r\n")
            time.sleep(0.2)
        finally:
            os.kill(r.reception(), signal.SIGCONT)
        starts(c.reply(), "220")
        starts(c.reply(), "250")
        c.close()


@row
def who_is_sent_away_hears_why():
    """Also who has sent much already: no reset overtakes the reply."""
    with Relay(STRANGERS + "clients_per_address = 2\n"
               "allow = 127.0.0.6 clients=1\n"
               "listen = 0.0.0.0:PORT clients=3\n", listen="") as r:
        own, _, narrow = r.ports
        for port, source, most, setting in (
                (own, "127.0.0.9", 2, "clients_per_address"),
                (own, "127.0.0.6", 1, "clients="),
                (narrow, "127.0.0.9", 3, "clients="),
                (narrow, "127.0.0.6", 1, "clients=")):
            some = [Client(port, source=source) for _ in range(most)]
            os.kill(r.reception(), signal.SIGSTOP)
            try:
                late = [Client(port, False, source) for _ in range(40)]
                for c in late:
                    c.send("EHLO hasty.example\r\n" * 1000)
            finally:
                os.kill(r.reception(), signal.SIGCONT)
            for c in late[-30:]:
                time.sleep(0.01)
                c.send("NOOP\r\n")
                reply = c.line()
                starts(reply, "421 4.7.0 ")
                assert reply.endswith("too many connections from %s (%s)" %
                                      (source, setting)), reply
                same(c.s.recv(1), b"", "a reset")
                c.send("QUIT\r\n")
            for c in late + some:
                c.close()
            await_that(lambda: Client(port, source=source).greeting
                       .startswith("220"), "they are gone")
        assert "too many connections from 127.0.0.9" in r.said()


@row
def other_protocols_are_sent_away():
    with Relay() as r:
        with Client(r.port) as c:
            c.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
            starts(c.reply(), "421 4.7.0 TLS does not begin here")
            same(c.is_over(), True)
        for first in ("GET / HTTP/1.1", "POST /x HTTP/1.1", "Host: x",
                      "CONNECT a:25 HTTP/1.1", "PROXY TCP4 1 2 3 4"):
            with Client(r.port) as c:
                starts(c.say(first), "421 4.7.0", first)
                same(c.is_over(), True)
        same(r.files(), [])


@row
def endless_lines_cost_no_memory():
    with Relay() as r, Client(r.port) as c:
        c.hello()

        def memory():
            with open("/proc/%d/status" % r.reception()) as f:
                return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))
        before = memory()
        for _ in range(400):
            c.send(b"x" * 65536)
        assert memory() < before + 1024, (before, memory())
        starts(c.say(""), "500 5.5.2")
        starts(c.say("NOOP"), "250")


@row
def twenty_errors_end_it():
    with Relay() as r, Client(r.port) as c:
        c.hello()
        replies = []
        for _ in range(25):
            replies.append(c.say("WHAT"))
            if replies[-1].startswith("421"):
                break
        assert len(replies) in (20, 21), replies
        starts(replies[-1], "421 4.7.0 Too many errors")


@row
def hello_in_many_forms():
    with Relay() as r:
        for hello in ("HELO", "HELO ", "HELO x y", "EHLO", "EHLO [192.168.1.2]",
                      "ehlo FE80::1", "EHLO ESP-CAM_MJPEG", "EHLO " + "x" * 250):
            with Client(r.port) as c:
                starts(c.say(hello), "250", hello)
        with Client(r.port) as c:
            starts(c.say(b"EHLO dr\xfcck\xe9r"), "250")
            starts(c.message("umlaut"), "250")
        with Client(r.port) as c:
            starts(c.say("EHLO a\tb\x01c"), "501 5.5.4")
            c.hello()
            c.mail()
            c.hello()  # it resets
            starts(c.say("DATA"), "503")
        m, raw, _ = arrived("umlaut")
        assert b"from dr?ck?r ([127.0.0.1])" in raw, raw[:500]


@row
def mail_and_its_parameters():
    table = (
        ("MAIL FROM:sender@example.com", "250"),
        ("MAIL FROM: <sender@example.com>", "250"),
        ("mail from:<sender@example.com> size=10", "250"),
        ("MAIL FROM:<sender@example.com> SIZE=10 SIZE=10", "250"),
        ("MAIL FROM:<sender@example.com> SIZE=10 SIZE=11", "501 5.5.4"),
        ("MAIL FROM:<sender@example.com> BODY=8BITMIME RET=FULL ENVID=x", "250"),
        ("MAIL FROM:<sender@example.com> AUTH=<>", "250"),
        ("MAIL FROM:<>", "250"),
        ("MAIL FROM:<sender@example.com> SIZE=-1", "501 5.5.4"),
        ("MAIL FROM:<sender@example.com> SIZE=", "501 5.5.4"),
        ("MAIL FROM:<sender@example.com> SIZE=99999999999999999999",
         "552 5.3.4"),
        ("MAIL FROM:<sender@example.com> SIZE=40000000", "552 5.3.4"),
        ("MAIL FROM:<sender@example.com> BODY=BINARYMIME", "555 5.5.4"),
        ("MAIL FROM:<sender@example.com> FOO=1", "555 5.5.4"),
        ("MAIL FROM:<sender@example.com", "501"),
        ("MAIL FROM:<a b@example.com>", "501"),
        (b"MAIL FROM:<s\xc3\xa9nder@example.com>", "553 5.6.7"),
        (b"MAIL FROM:<s\xc3\xa9nder@example.com> SMTPUTF8", "250"),
        (b"MAIL FROM:<s\xe9nder@example.com> SMTPUTF8", "500 5.5.2"),
    )
    with Relay() as r:
        for command, want in table:
            with Client(r.port) as c:
                c.hello()
                starts(c.say(command), want, command)
        with Client(r.port) as c:
            c.hello()
            c.mail()
            starts(c.say("MAIL FROM:<a@b.example>"), "503 5.5.1")
        with Client(r.port) as c:  # old firmware says no hello
            starts(c.message("no hello"), "250")
        arrived("no hello")


@row
def recipients():
    table = (
        ("RCPT TO:to@example.com", "250 2.1.5"),
        ("RCPT TO: <to@example.com>", "250 2.1.5"),
        ("RCPT TO:<@a.example,@b.example:to@example.com>", "250 2.1.5"),
        ("RCPT TO:<Postmaster>", "250 2.1.5"),
        ("RCPT TO:<postmaster>", "250 2.1.5"),
        ("RCPT TO:<root@localhost>", "250 2.1.5"),
        ("RCPT TO:<to@example.com> NOTIFY=SUCCESS,FAILURE "
         "ORCPT=rfc822;to@example.com", "250 2.1.5"),
        ("RCPT TO:<>", "501 5.1.3"),
        ("RCPT TO:<a@b.example,c@d.example>", "501 5.1.3"),
        ("RCPT TO:Name <a@b.example>", "501 5.1.3"),
        ("RCPT TO:<a@b.example> FOO=1", "555 5.5.4"),
        (b"RCPT TO:<t\xc3\xb6@example.com>", "553 5.6.7"),
    )
    with Relay() as r:
        with Client(r.port) as c:
            c.hello()
            starts(c.say("RCPT TO:<a@b.example>"), "503 5.5.1")
        for command, want in table:
            with Client(r.port) as c:
                c.hello()
                starts(c.say("MAIL FROM:<sender@example.com>"), "250")
                starts(c.say(command), want, command)
        with Client(r.port) as c:
            c.hello()
            c.mail(to=("POSTMASTER", "a@b.example", "A@B.example",
                       "a@b.example"))
            starts(c.data("Subject: local\r\nTo: root\r\n\r\nx"), "250")
        m, raw, _ = arrived("local")
        same(recipients_of(m), ["a@b.example", "sender@example.com"])


@row
def an_alias_that_is_an_error_is_refused():
    with Relay("hostname = here.example\n", run=False) as r:
        aliases = r.dir + "/aliases"

        def write(text):
            with open(aliases, "w") as f:
                f.write(text)
        write("good: to@example.com\npipe: |/bin/cat\nfile: /var/mail/x\n"
              "more: :include:/etc/list\nchain: good, pipe\nempty:\n"
              "loop: back\nback: loop\n")
        with open(r.dir + "/map", "w") as f:
            f.write("sales@example.com pipe\n")
        r.base += "aliases = %s\nlocal_names = Box.example\n" % aliases
        r.write(r.text + "recipient_map = %s/map\n" % r.dir)
        r.start()
        assert aliases + ':2: "|/bin/cat" is a command' in r.said(), r.said()

        def say(*to):
            with Client(r.port) as c:
                c.hello()
                starts(c.say("MAIL FROM:<sender@example.com>"), "250")
                return [c.say("RCPT TO:<%s>" % a) for a in to]
        for to, why in (("pipe", "is a command"), ("FILE", "is a file"),
                        ("more@localhost", "is an include"),
                        ("chain@box.EXAMPLE", "is a command"),
                        ("empty", "no address"),
                        ("sales@example.com", "is a command")):
            reply, = say(to)
            starts(reply, "550 5.1.1 <%s>: " % to)
            assert why in reply and r.dir not in reply, reply
        # a circle waits until it is mended, as a wrong setting does
        for reply in say("good", "other", "loop", "pipe@example.com"):
            starts(reply, "250 2.1.5")
        with Client(r.port) as c:
            c.hello()
            starts(c.message("to a good one", to=("good",)), "250")
        arrived("to a good one")
        write("*: |/bin/cat\ngood: to@example.com\n")
        reload(r, "after.example")
        for to, want in (("good", "250"), ("other", "550 5.1.1"),
                         ("pipe", "550 5.1.1"), ("x@example.com", "250")):
            starts(say(to)[0], want, to)


@row
def a_thousand_recipients():
    with Relay("max_recipients = 100\n") as r, Client(r.port) as c:
        c.hello()
        assert any("LIMITS RCPTMAX=100" in l for l in c.all), c.all
        c.mail(to=["r%d@example.com" % i for i in range(100)])
        starts(c.say("RCPT TO:<more@example.com>"), "452 4.5.3")
        starts(c.data("Subject: hundred\r\n\r\nx"), "250")
        m, raw, _ = arrived("hundred")
        same(len(recipients_of(m)), 100)


@row
def nobody_left_to_send_to():
    with Relay() as r, Client(r.port) as c:
        c.hello()
        c.send("MAIL FROM:<sender@example.com>\r\nRCPT TO:<bad\r\nDATA\r\n"
               "RSET\r\n")
        same([c.reply()[:3] for _ in range(4)], ["250", "501", "554", "250"])


@row
def loops_are_stopped():
    hop = "Received: from a by b.example; Mon, 30 Nov 2026 10:00:00 +0000\r\n"
    own = ("Received: from x by here.example with ESMTP id 1; "
           "Mon, 30 Nov 2026 10:00:00 +0000\r\n")
    with Relay("hostname = here.example\n") as r, Client(r.port) as c:
        starts(c.greeting, "220 here.example ESMTP")
        c.hello()
        starts(c.message("many hops", head=hop * 51), "554 5.4.6 Mail loop")
        starts(c.message("own loop", head=own * 5), "554 5.4.6 Mail loop")
        starts(c.message("few hops", head=hop * 20 + own * 2), "250")
        arrived("few hops")
        same(r.files("tmp"), [])


@row
def too_large_in_the_end():
    with Relay("max_size = 100k\n") as r, Client(r.port) as c:
        c.hello()
        c.mail()
        starts(c.data("Subject: large\r\n\r\n" + "x" * 120000), "552 5.3.4")
        starts(c.message("small"), "250")
        same(r.files("tmp"), [])
        c.mail()
        starts(c.say("DATA"), "354")
        try:
            for _ in range(50):
                c.send("x" * 8000 + "\r\n")
        except OSError:
            pass
        starts(c.reply(), "552 5.3.4")
        arrived("small")


@row
def pipelined_and_byte_by_byte():
    text = ("EHLO x\r\nMAIL FROM:<sender@example.com>\r\n"
            "RCPT TO:<to@example.com>\r\nDATA\r\nSubject: %s\r\n\r\nx\r\n"
            ".\r\nQUIT\r\n")
    with Relay() as r:
        with Client(r.port) as c:
            c.send(text % "pipelined")
            same([c.reply()[:3] for _ in range(6)],
                 ["250", "250", "250", "354", "250", "221"])
        with Client(r.port) as c:
            c.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for b in (text % "bytes").encode():
                c.send(bytes([b]))
            same([c.reply()[:3] for _ in range(6)],
                 ["250", "250", "250", "354", "250", "221"])
        arrived("pipelined")
        arrived("bytes")


@row
def who_goes_leaves_nothing():
    steps = ["EHLO x\r\n", "MAIL FROM:<sender@example.com>\r\n",
             "RCPT TO:<to@example.com>\r\n", "DATA\r\n",
             "Subject: gone\r\n\r\n" + "x" * 200000]
    with Relay() as r:
        for n in range(len(steps) + 1):
            c = Client(r.port)
            for s in steps[:n]:
                c.send(s)
                if not s.startswith("Subject"):
                    c.reply()
            c.close()
        time.sleep(0.5)
        same(r.files(), [])
        arrived("gone", 0, 0.3)


@row
def slow_clients_go():
    with Relay("command_timeout = 1s\ndata_timeout = 2s\n") as r:
        with Client(r.port) as c:
            starts(c.reply(), "421 4.4.2")
            same(c.is_over(), True)
        with Client(r.port) as c:  # a line in drops is no life
            began = time.time()
            reply = ""
            for b in b"NOOP xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx":
                if select.select([c.s], [], [], 0.2)[0]:
                    reply = c.reply()
                    break
                c.send(bytes([b]))
            starts(reply, "421 4.4.2")
            assert time.time() - began < 4
        with Client(r.port) as c:
            c.hello()
            c.mail()
            starts(c.say("DATA"), "354")
            starts(c.reply(), "421 4.4.2")
        same(r.files(), [])


@row
def chunks():
    with Relay() as r, Client(r.port) as c:
        c.hello()
        c.mail()
        c.send("BDAT 20\r\nSubject: chunks\r\n\r\nx")
        starts(c.reply(), "250")
        c.send("BDAT 5 LAST\r\nyz\r\n.")
        starts(c.reply(), "250 2.0.0 Ok: queued as")
        starts(c.say("BDAT 0 LAST"), "503")
        c.hello()
        c.send("BDAT 3\r\nabc")  # out of order: read and refused
        starts(c.reply(), "503")
        starts(c.say("NOOP"), "250")
        c.mail()
        starts(c.say("BDAT 0x10"), "521 5.5.4")
        same(c.is_over(), True)
        m, raw, _ = arrived("chunks")
        assert b"xyz" in body_of(m).replace(b"\r\n", b"").replace(b"\n", b"")


# --- TLS

def with_certificate(lines=""):
    if not CERT:
        raise Skip("no openssl")
    return ("tls_certificate = %s/cert.pem\ntls_key = %s/key.pem\n" %
            (TMP, TMP)) + lines


@row
def starttls_and_tls():
    lines = with_certificate("listen = 127.0.0.1:PORT tls\n"
                             "listen = 127.0.0.1:PORT plain\n"
                             "listen = 127.0.0.1:PORT tls1.3\n")
    with Relay(lines) as r:
        with Client(r.port) as c:
            assert any("STARTTLS" in l for l in c.hello())
            starts(c.say("STARTTLS now"), "501 5.5.4")
            c.starttls()
            assert not any("STARTTLS" in l for l in c.hello())
            starts(c.say("STARTTLS"), "503")
            starts(c.message("by starttls"), "250")
        with Client(r.port) as c:  # the transaction is not over
            c.hello()
            c.mail()
            starts(c.say("STARTTLS"), "503")
        with Client(r.port) as c:  # what came in clear behind it is void
            c.hello()
            c.send("STARTTLS\r\nMAIL FROM:<evil@x.example>\r\n")
            starts(c.reply(), "220")
            c.tls()
            starts(c.say("RCPT TO:<to@example.com>"), "503")
        with Client(r.ports[1], greet=False) as c:
            c.tls()
            starts(c.reply(), "220")
            c.hello()
            starts(c.message("by tls"), "250")
        with Client(r.ports[1], greet=False) as c:
            c.send("EHLO x\r\n")
            starts(c.reply(), "421 4.7.0 TLS begins at once here")
            same(c.is_over(), True)
        with Client(r.ports[2]) as c:
            assert not any("STARTTLS" in l for l in c.hello())
            starts(c.say("STARTTLS"), "502")
        with Client(r.ports[3]) as c:
            c.hello()
            starts(c.say("STARTTLS"), "220")
            try:
                c.tls(maximum_version=ssl.TLSVersion.TLSv1_2)
                raise AssertionError("TLS 1.2 was taken")
            except ssl.SSLError:
                pass
        for name, s in (("by starttls", b"with ESMTPS id"),
                        ("by tls", b"with ESMTPS id")):
            m, raw, _ = arrived(name)
            assert s in raw, raw[:400]


@row
def old_devices_by_legacy():
    lines = with_certificate("listen = 127.0.0.1:PORT legacy\n")

    def ciphers(c, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(name + ":@SECLEVEL=0")
        starts(c.say("STARTTLS"), "220")
        c.s = context.wrap_socket(c.s)
        return c.s.cipher()[0]
    with Relay(lines) as r:
        for name in ("AES128-SHA", "AES256-SHA", "AES128-SHA256",
                     "AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA"):
            with Client(r.ports[1]) as c:
                c.hello()
                same(ciphers(c, name), name)
                c.hello()
                starts(c.message("by " + name), "250")
            with Client(r.port) as c:
                c.hello()
                try:
                    ciphers(c, name)
                    raise AssertionError(name + " is taken without legacy")
                except (ssl.SSLError, OSError):
                    pass
        with Client(r.ports[1]) as c:
            c.hello()
            c.starttls()  # a modern one is served there, too
            starts(c.message("modern at legacy"), "250")
        arrived("by AES128-SHA")
        arrived("modern at legacy")


@row
def large_mail_by_tls():
    with Relay(with_certificate(), top="mime_limit = 2200000\n") as r:
        with Client(r.port) as c:
            c.hello()
            c.starttls()
            c.hello()
            body = "\r\n".join("%070d" % i for i in range(20000))
            starts(c.message("large by tls", body=body), "250")
        m, raw, _ = arrived("large by tls")
        same(body_of(m).replace(b"\r\n", b"\n").rstrip(b"\n"),
             body.replace("\r\n", "\n").encode())


# --- sign-in

def users(text):
    name = tempfile.mktemp(prefix="users", dir=TMP)
    with open(name, "w") as f:
        f.write(text)
    os.chmod(name, 0o600)
    return "auth_file = %s\n" % name


@row
def sign_in():
    lines = users("# people\nprinter:%s\n" % hash_of("pa ss:wörd\n"))
    with Relay(lines, listen="listen = 127.0.0.1:PORT auth\n") as r:
        ok = plain("printer", "pa ss:w\u00f6rd".encode().decode("latin-1"))
        with Client(r.port) as c:
            assert any("AUTH PLAIN LOGIN" in l for l in c.hello()), c.all
            starts(c.say("MAIL FROM:<sender@example.com>"), "530 5.7.0")
            starts(c.say(ok), "235 2.7.0")
            assert not any("AUTH" in l for l in c.hello())
            starts(c.say(ok), "503 5.5.1")
            starts(c.message("signed in"), "250")
        with Client(r.port) as c:  # the LOGIN of devices
            c.hello()
            same(c.say("AUTH LOGIN"), "334 VXNlcm5hbWU6")
            same(c.say(sign("printer")), "334 UGFzc3dvcmQ6")
            starts(c.say(base64.b64encode("pa ss:wörd".encode()).decode()),
                   "235")
        with Client(r.port) as c:  # the user in the line, a host behind it
            c.hello()
            same(c.say("AUTH LOGIN " + sign("printer@nas.example")),
                 "334 UGFzc3dvcmQ6")
            starts(c.say(base64.b64encode("pa ss:wörd".encode()).decode()),
                   "235")
        with Client(r.port) as c:
            starts(c.say("HELO x"), "250")
            same(c.say("AUTH PLAIN"), "334 ")
            starts(c.say(ok.split()[2]), "235")
        with Client(r.port) as c:
            starts(c.say(ok), "503 5.5.1")
            c.hello()
            starts(c.say("AUTH"), "501 5.5.4")
            starts(c.say("AUTH CRAM-MD5"), "504 5.5.4")
            starts(c.say("AUTH PLAIN"), "334")
            starts(c.say("*"), "501 5.7.0")
            starts(c.say("AUTH PLAIN ="), "501 5.5.2")
        m, raw, _ = arrived("signed in")
        assert b"with ESMTPA id" in raw
        said = r.said()
        for secret in ("wörd", ok.split()[2], sign("printer")):
            assert secret not in said, secret


@row
def a_password_in_clear():
    lines = users("u:%s\n" % hash_of("p")) + "auth_without_tls = no\n"
    with Relay(lines) as r, Client(r.port) as c:
        assert not any("AUTH" in l for l in c.hello())
        starts(c.say(plain("u", "p")), "538 5.7.11")
        starts(c.message("unsigned"), "250")


@row
def who_fails_waits_and_is_shut_out():
    lines = users("u:%s\n" % hash_of("p")) + STRANGERS + \
        "auth_failures = 4/12s\n"
    with Relay(lines, listen="") as r:
        began = time.time()
        with Client(r.port) as c:
            c.hello()
            starts(c.say(plain("u", "x")), "535 5.7.8")
            assert time.time() - began > 0.8
            starts(c.say(plain("nobody", "x")), "535 5.7.8")
            starts(c.say(plain("u", "y")), "535")
            starts(c.reply(), "421 4.7.0")
        with Client(r.port) as c:
            c.hello()
            c.send(plain("u", "z") + "\r\n")
            time.sleep(0.3)
            with Client(r.port) as d:
                starts(d.greeting, "421 4.7.0")
            with Client(r.port, source="127.0.0.5") as d:
                starts(d.greeting, "220")
        time.sleep(max(0, began + 13 - time.time()))
        with Client(r.port) as c:
            starts(c.greeting, "220")
            c.hello()
            starts(c.say(plain("u", "p")), "235")
            starts(c.message("after all"), "250")


@row
def every_form_of_hash():
    import shutil
    forms = {"six": hash_of("pw")}
    if shutil.which("openssl"):
        forms["five"] = hash_of("", "openssl", "passwd", "-5", "pw")
        forms["six2"] = hash_of("", "openssl", "passwd", "-6", "pw")
    forms["bcrypt"] = ("$2y$04$abcdefghijklmnopqrstuu"
                       "MXhy1T8vHPMUsy4ukGFTTWpdvF3.nae")
    lines = users("".join("%s:%s\n" % x for x in forms.items()
                          if x[0] != "bcrypt"))
    with Relay(lines) as r:
        for user in forms:
            if user == "bcrypt":
                continue
            with Client(r.port) as c:
                c.hello()
                starts(c.say(plain(user, "pw")), "235", user)
    for bad in ("$apr1$x$yyyyyyyyyyyyyyyyyyyyyy", "$y$j9T$abc$def", "{SHA}x",
                "plain", "$1$abc$xyzxyzxyzxyzxyzxyzxyzx", "*"):
        r = Relay(users("u:%s\n" % bad), run=False)
        p = subprocess.run(r.command(), capture_output=True, text=True,
                           timeout=20)
        same(p.returncode, 78, bad)
        assert ":1:" in p.stderr and "htpasswd" in p.stderr, p.stderr


@row
def a_hundred_sign_ins_are_one_hash():
    slow = hash_of("", "openssl", "passwd", "-6", "-salt",
                   "rounds=400000$abcdefgh", "pw")
    if "rounds=400000" not in slow:
        slow = None
    if slow is None:
        raise Skip("openssl passwd makes no slow hash")
    with Relay(users("u:%s\n" % slow)) as r:
        def once():
            began = time.time()
            with Client(r.port) as c:
                c.hello()
                starts(c.say(plain("u", "pw")), "235")
            return time.time() - began
        first = once()
        rest = sum(once() for _ in range(50))
        assert rest < 25 * first, (first, rest)


# --- rules

@row
def who_may_send_as_whom():
    lines = users("u:%s:from=ok@example.com,@sub.example\n" % hash_of("p"))
    with Relay(lines, listen="listen = 127.0.0.1:PORT auth\n") as r:
        with Client(r.port) as c:
            c.hello()
            c.say(plain("u", "p"))
            starts(c.say("MAIL FROM:<no@example.com>"),
                   "550 5.7.1 u may not send as <no@example.com>")
            for head, want in (("From: ok@example.com", "250"),
                               ("From: any@sub.example", "250"),
                               ("From: no@example.com", "550 5.7.1 From"),
                               ("From: ok@example.com\r\nSender: x@y.example",
                                "550 5.7.1 Sender"),
                               ("From: ok@example.com, no@example.com",
                                "550 5.7.1 From"),
                               ("From: ok@example.com\r\nFrom: x@y.example",
                                "550 5.7.1 From")):
                c.mail("ok@example.com")
                starts(c.data(head + "\r\nSubject: rule\r\n\r\nx"), want, head)
            c.mail("")
            starts(c.data("From: no@example.com\r\n\r\nx"), "550 5.7.1 From")
        arrived("rule", 2)
    with Relay(lines + "sender_check = envelope\n",
               listen="listen = 127.0.0.1:PORT auth\n") as r:
        with Client(r.port) as c:
            c.hello()
            c.say(plain("u", "p"))
            c.mail("ok@example.com")
            starts(c.data("From: no@example.com\r\n\r\nx"), "250")


@row
def recipients_by_rule():
    with Relay(listen="listen = 127.0.0.1:PORT to=@example.com\n") as r:
        with Client(r.port) as c:
            c.hello()
            c.mail(to=("a@example.com",))
            starts(c.say("RCPT TO:<a@other.example>"), "550 5.7.1")


@row
def rewriting():
    name = TMP + "/map"
    with open(name, "w") as f:
        f.write("# old to new\nold@example.com new@example.com\n"
                "@dead.example one@example.com, two@example.com\n")
    with Relay("recipient_map = %s\n" % name,
               listen="listen = 127.0.0.1:PORT rewrite=sender@example.com\n") \
            as r, Client(r.port) as c:
        c.hello()
        c.mail("nas@local.example",
               ("old@example.com", "x@dead.example", "kept@example.com"))
        starts(c.data("From: NAS <nas@local.example>\r\nTo: Old <old@example"
                      ".com>, x@dead.example\r\nSubject: mapped\r\n\r\nx"),
               "250")
        m, raw, _ = arrived("mapped")
        for new, old in (("new@", "old@"), ("one@", "x@dead."),
                         ("two@", "x@dead.")):
            await_that(lambda: re.search("to=<%s[a-z.]*>, orig_to=<%s" %
                                         (new, old), r.said()), r.said())
        assert re.search("to=<kept@example.com>, relay=", r.said())
        same(recipients_of(m), ["kept@example.com", "new@example.com",
                                "one@example.com", "two@example.com"])
        assert "sender@example.com" in m["From"] and "NAS" in m["From"], \
            m["From"]
        assert "nas@local.example" in m["Reply-To"], m["Reply-To"]


@row
def accounts_by_user_network_listener_sender():
    top = "".join("[account %s]\nfrom = %s@example.com\n" % (n, n)
                  for n in ("one", "two", "three", "four"))
    lines = users("u:%s:account=one\n" % hash_of("p"))
    with Relay(lines + "allow = 127.0.0.5 account=two\n", top=top,
               listen="listen = 127.0.0.1:PORT account=three\n"
               "listen = 127.0.0.1:PORT\n") as r:
        def box(port, subject, source=None, auth=False,
                sender="sender@example.com"):
            with Client(port, source=source) as c:
                c.hello()
                if auth:
                    starts(c.say(plain("u", "p")), "235")
                starts(c.message(subject, sender=sender), "250")
                f = None
                for f in r.files():
                    with open(f, errors="replace") as file:
                        head = file.read()
                    if "Subject: " + subject in head:
                        return re.search("(?m)^Account: *(.*)$", head).group(1)
            return "?"
        os.kill(r.manager(), signal.SIGSTOP)
        try:
            same(box(r.port, "by user", "127.0.0.5", True), "one")
            same(box(r.port, "by network", "127.0.0.5"), "two")
            same(box(r.port, "by listener"), "three")
            same(box(r.ports[1], "by sender", sender="four@example.com"),
                 "four")
        finally:
            os.kill(r.manager(), signal.SIGCONT)


@row
def rates():
    with Relay("client_rate = 3/min\n") as r:
        with Client(r.port) as c:
            c.hello()
            for n in range(3):
                starts(c.message("rate"), "250")
            starts(c.say("MAIL FROM:<sender@example.com>"), "450 4.7.1")
        with Client(r.port, source="127.0.0.9") as c:
            c.hello()
            starts(c.message("rate"), "250")
    with Relay(listen="listen = 127.0.0.1:PORT rate=1/min\n") as r:
        with Client(r.port) as c:
            c.hello()
            starts(c.message("rate"), "250")
            starts(c.say("MAIL FROM:<sender@example.com>"), "450 4.7.1")
    with Relay("connect_rate = 4/min\n") as r:
        got = []
        for _ in range(5):
            with Client(r.port) as c:
                got.append(c.greeting[:3])
        assert "421" in got, got


@row
def full_queue_and_recovery():
    top = "max_queue = 2\n"
    with Relay(top=top, lines="") as r:
        manager = r.manager()
        os.kill(manager, signal.SIGSTOP)
        try:
            with Client(r.port) as c:
                c.hello()
                replies = [c.say("MAIL FROM:<sender@example.com>")]
                c.say("RSET")
                for n in range(4):
                    reply = c.say("MAIL FROM:<sender@example.com>")
                    replies.append(reply)
                    if reply.startswith("452"):
                        break
                    c.say("RCPT TO:<to@example.com>")
                    starts(c.data("Subject: fills\r\n\r\nx"), "250")
                starts(replies[-1], "452 4.3.1")
                assert r.spool not in replies[-1], replies[-1]
            assert r.says("452 to .*" + r.spool + ".*max_queue is 2"), \
                r.said()[-300:]
            with Client(r.dir + "/sock") as c:
                c.hello()
                reply = c.say("MAIL FROM:<sender@example.com>")
                assert reply.startswith("452 4.3.1") and \
                    "max_queue is 2" in reply, reply
        finally:
            os.kill(manager, signal.SIGCONT)
        arrived("fills", 2)
        with Client(r.port) as c:
            c.hello()
            starts(c.message("has room"), "250")
        arrived("has room")


@row
def a_message_over_the_free_room():
    with Relay(top="min_free = 900g\n") as r, Client(r.port) as c:
        c.hello()
        reply = c.say("MAIL FROM:<sender@example.com>")
        # a tenth of a disk is always enough
        assert reply[:3] in ("250", "452"), reply


# --- settings

@row
def settings_that_would_be_an_open_relay():
    table = (
        ("listen = 0.0.0.0:PORT", "nobody may send from there"),
        ("listen = [::]:PORT", "nobody may send from there"),
        ("listen = 0.0.0.0:PORT\nallow = 0.0.0.0/0", "let the world"),
        ("listen = 0.0.0.0:PORT\nallow = ::/0\nallow = 10.0.0.0/8",
         "let the world"),
        ("listen = 0.0.0.0:PORT\nallow = 8.0.0.0/8", "let the world"),
        ("listen = 0.0.0.0:PORT auth", "no auth_file"),
        ("listen = 0.0.0.0:PORT auth\n" + users("u:" + hash_of("p")),
         "in clear"),
        ("listen = 127.0.0.1:PORT tls", "no certificate"),
        ("listen = 127.0.0.1:PORT\nlisten = 127.0.0.1:PORT account=x",
         "there is no [account x]"),
        ("listen = 127.0.0.1:99999", "listen"),
        ("listen = 127.0.0.1:PORT foo", "foo"),
        ("listne = 127.0.0.1:PORT", "did you mean listen"),
        ("allow = 10.0.0.1/8", "bits behind its prefix"),
        ("tls_certificate = /nowhere.pem\ntls_key = /nowhere.key", "/nowhere"),
        ("tls_certificate = /nowhere.pem", "tls_key"),
        ("max_size = 10k\nmax_size = 11k", "already"),
        ("timeout = 5s", "above [relay]"),
        ("auth_failures = x", "10/10m"),
        ("received = maybe", "full, short, no"),
    )
    for lines, words in table:
        r = Relay(lines + "\n", run=False, listen="")
        p = subprocess.run(r.command(), capture_output=True, text=True,
                           timeout=20)
        same(p.returncode, 78, lines)
        assert words in p.stderr, (lines, p.stderr)
        p = subprocess.run(r.command("--check"), capture_output=True,
                           text=True, timeout=20)
        same(p.returncode, 78, lines)


@row
def a_port_in_use():
    with Relay() as r:
        other = Relay(listen="listen = 127.0.0.1:%d\n" % r.port, run=False)
        p = subprocess.run(other.command(), capture_output=True, text=True,
                           timeout=20)
        same(p.returncode, 78)
        assert "in use" in p.stderr and "ss -ltnp" in p.stderr, p.stderr
        p = subprocess.run(r.command("--check"), capture_output=True,
                           text=True, timeout=20)
        same(p.returncode, 0, p.stdout + p.stderr)
        r.stop()
        p = subprocess.run(r.command("--check"), capture_output=True,
                           text=True, timeout=20)
        same(p.returncode, 69, p.stdout)


@row
def it_says_that_it_serves():
    with Relay(users("u:%s\n" % hash_of("p")) + "allow = 10.0.0.0/8\n",
               listen="listen = 127.0.0.1:PORT\nlisten = 127.0.0.1:PORT "
               "auth\n") as r:
        told = ("listening on 127.0.0.1:%d, 127.0.0.1:%d auth, %s/sock for "
                "this machine, 1 of allow, 1 of auth_file; 0 in the queue; "
                "sent by sender@example.com" % (*r.ports, r.dir))
        await_that(lambda: "/master[%d]: ready: %s\n" % (r.process.pid, told)
                   in r.said(), r.said())
        reload(r, "anew.example")
        await_that(lambda: "/master[%d]: settings read anew: %s\n" %
                   (r.process.pid, told) in r.said(), r.said())
        before = len(r.said())
        r.write(r.text + "log_format = json\n")
        reload(r, "json.example")
        await_that(lambda: '"event":"reload","text":"settings read anew: '
                   in r.said()[before:], r.said()[before:])
    with Relay("log_format = json\n") as r:
        await_that(lambda: '"level":"info","service":"master"' in r.said() and
                   '"event":"start","text":"ready: listening on 127.0.0.1:'
                   in r.said(), r.said())


@row
def a_check_of_the_relay_leaves_no_trace():
    if not CERT:
        raise Skip("no openssl")
    listen = ("listen = 127.0.0.1:PORT tls\nlisten = 127.0.0.1:PORT\n"
              "metrics = 127.0.0.1:PORT\n")
    with Relay(with_certificate(), listen=listen, run=False) as r:
        r.port = r.ports[1]
        r.start()
        before = r.said()
        p = subprocess.run(r.command("--check"), capture_output=True,
                           text=True, timeout=20)
        same(p.returncode, 0, p.stdout + p.stderr)
        assert "ok    127.0.0.1:%d\n" % r.ports[0] in p.stdout, p.stdout
        # nor does a look by TCP alone
        socket.create_connection(("127.0.0.1", r.ports[0])).close()
        with Client(r.ports[0], greet=False) as c:
            c.tls()
            starts(c.reply(), "220")
            starts(c.say("QUIT"), "221")
        time.sleep(0.5)
        new = [line for line in r.said()[len(before):].splitlines()
               if "smtpd" in line and "walls" not in line]
        same([line for line in new if "SSL_accept" in line], [])
        same(len([line for line in new if " connect from" in line]), 1)
        with Client(r.ports[2], greet=False) as c:
            c.send("GET /metrics HTTP/1.0\r\n\r\n")
            text = b""
            while more := c.s.recv(65536):
                text += more
        assert b'handshakes_total{version="",result="failed"}' not in text
        # one that is there, but hangs, is none that answers
        os.kill(r.reception(), signal.SIGSTOP)
        try:
            p = subprocess.run(r.command("--check"), capture_output=True,
                               text=True, timeout=20)
        finally:
            os.kill(r.reception(), signal.SIGCONT)
        same(p.returncode, 69, p.stdout)
        same(p.stdout.count("no relay answers"), 2, p.stdout)


@row
def a_check_by_root_thinks_of_the_relays_user():
    if os.getuid() != 0:
        raise Skip("not root")
    with Relay("user = nobody\n" + users("u:%s\n" % hash_of("p")),
               run=False) as r:
        users_ = re.search("auth_file = (.*)", r.text).group(1)
        for path in (TMP, r.dir):
            os.chmod(path, 0o755)
        os.makedirs(r.spool)
        os.chmod(r.spool, 0o700)
        p = subprocess.run(r.command("--check"), capture_output=True,
                           text=True, timeout=20)
        same(p.returncode, 78)
        for path in (r.config, users_):
            assert re.search("FAIL  user nobody must read %s: Permission "
                             "denied; do: chgrp nobody" % path, p.stdout), \
                p.stdout
        assert "FAIL  user nobody must write into %s: Permission denied; do: " \
            "chown -R nobody" % r.spool in p.stdout, p.stdout
        os.chown(r.config, 0, 65534)
        os.chmod(r.config, 0o640)
        os.chown(r.spool, 65534, 65534)
        os.chmod(users_, 0o644)
        p = subprocess.run(r.command("--check"), capture_output=True,
                           text=True, timeout=20)
        assert "ok    user nobody may read and write" in p.stdout, p.stdout
        assert re.search("users.*chmod", p.stderr), p.stderr
        os.unlink(users_)
        p = subprocess.run(r.command("--check"), capture_output=True,
                           text=True, timeout=20)
        same(p.returncode, 78)
        assert "auth_file" in p.stderr and "--hash-password" in p.stderr, \
            p.stderr


@row
def a_new_manager_looks_again_soon():
    """What was rung for before it was there does not wait a minute."""
    with Relay() as r:
        await_that(lambda: os.path.exists(r.spool + "/bell"), "no bell")
        time.sleep(0.5)
        os.rename(r.spool + "/bell", r.spool + "/bell.away")
        began = time.time()
        subprocess.run([PROGRAM, "-C", r.config, "send", "--queue", "-s",
                        "not rung for", "to@example.com"], check=True,
                       input=b"x", timeout=20, capture_output=True)
        arrived("not rung for", wait=30)
        assert time.time() - began > 2, "it was rung for"


@row
def from_the_environment():
    r = Relay(run=False, listen="", lines="listen = 127.0.0.1:1\n")
    port = free_port()
    r.port = port
    r.env = dict(os.environ, POST365_RELAY_LISTEN="127.0.0.1:%d; 127.0.0.1:%d"
                 % (port, free_port()), POST365_RELAY_HOSTNAME="env.example")
    r.start()
    with r, Client(port) as c:
        starts(c.greeting, "220 env.example")


# --- processes

@row
def the_unix_socket():
    with Relay() as r:
        path = r.dir + "/sock"
        same(os.stat(path).st_mode & 0o777, 0o666)
        with Client(path) as c:
            c.hello()
            starts(c.message("by socket"), "250")
        m, raw, _ = arrived("by socket")
        assert b"(uid %d)" % os.getuid() in raw, raw[:400]


@row
def reception_has_no_secret():
    with Relay() as r:
        pid = r.reception()
        with open("/proc/%d/environ" % pid, "rb") as f:
            environ = f.read()
        assert b"SECRET" not in environ and b"POST365" not in environ, environ
        with open(SANDBOX + "/config") as f:
            secret = re.search("client_secret *= *(.*)", f.read()).group(1)
        found = False
        with open("/proc/%d/maps" % pid) as maps, \
                open("/proc/%d/mem" % pid, "rb", 0) as mem:
            for line in maps:
                a, b = (int(x, 16) for x in line.split()[0].split("-"))
                if "r" not in line.split()[1] or "[v" in line:
                    continue
                try:
                    mem.seek(a)
                    found = found or secret.encode() in mem.read(b - a)
                except OSError:
                    pass
        same(found, False, "the secret in reception")


@row
def it_ends_in_order():
    with Relay("drain = 3s\n") as r:
        idle = Client(r.port)
        busy = Client(r.port)
        busy.hello()
        busy.mail()
        starts(busy.say("DATA"), "354")
        busy.send("Subject: drained\r\n\r\nx")
        r.process.send_signal(signal.SIGTERM)
        starts(idle.reply(), "421 4.3.2")
        same(idle.is_over(), True)
        busy.send("\r\n.\r\n")
        starts(busy.reply(), "250")
        began = time.time()
        same(r.stop(), 0)
        assert time.time() - began < 8
        try:
            Client(r.port)
            raise AssertionError("it still listens")
        except OSError:
            pass
        r.start()
        arrived("drained")


@row
def reload_keeps_connections():
    with Relay(with_certificate() if CERT else "") as r:
        old = Client(r.port)
        old.hello()
        old.mail()
        r.write(re.sub("hostname.*", "", r.text) + "hostname = new.example\n"
                "listen = 127.0.0.1:%d\n" % free_port())
        before = r.reception()
        r.process.send_signal(signal.SIGHUP)
        for _ in range(100):
            with Client(r.port) as c:
                if "new.example" in c.greeting:
                    break
            time.sleep(0.05)
        with Client(r.port) as c:
            starts(c.greeting, "220 new.example")
            c.hello()
            starts(c.message("new one"), "250")
        starts(old.data("Subject: old one\r\n\r\nx"), "250")
        starts(old.say("QUIT"), "221")
        arrived("old one")
        arrived("new one")
        for _ in range(100):
            if not os.path.exists("/proc/%d" % before):
                break
            time.sleep(0.05)
        assert not os.path.exists("/proc/%d/exe" % before), "the old one stays"
        # wrong ones are not followed
        r.write(r.text + "nonsense = 1\n")
        r.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        with Client(r.port) as c:
            starts(c.greeting, "220 new.example")
        assert "nonsense" in r.said() and "stay as they were" in r.said()


@row
def who_dies_is_started_again():
    with Relay() as r:
        for who in ("reception", "manager"):
            pid = r.reception()
            if who == "manager":
                pid = r.manager()
            os.kill(pid, signal.SIGKILL)
            for _ in range(100):
                time.sleep(0.1)
                try:
                    with Client(r.port) as c:
                        if c.greeting.startswith("220") and \
                                len(r.children()) >= 2:
                            break
                except (OSError, AssertionError):
                    pass
            with Client(r.port) as c:
                c.hello()
                starts(c.message("after the " + who), "250")
            arrived("after the " + who)


@row
def reception_killed_before_it_serves_is_started_again():
    r = Relay(run=False)
    r.out = open(r.log, "ab")
    r.process = subprocess.Popen([PROGRAM, "relay", "-C", r.config],
                                 stderr=r.out, stdin=subprocess.DEVNULL)
    with r:
        for _ in range(2000):
            try:
                os.kill(r.reception(), signal.SIGSTOP)
                break
            except (AssertionError, OSError):
                time.sleep(0.001)
        os.kill(r.reception(), signal.SIGKILL)
        time.sleep(1)
        r.await_port()
        with Client(r.port) as c:
            starts(c.greeting, "220")
        assert "started again" in r.said(), r.said()


@row
def systemd_passes_sockets_and_is_told():
    s = socket.socket(socket.AF_INET6)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.bind(("::", 0))
    s.listen(10)
    port = s.getsockname()[1]
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    path = tempfile.mktemp(dir=TMP)
    told.bind(path)
    told.settimeout(10)
    r = Relay("allow = 127.0.0.1\n", listen="listen = fd:smtp\n", run=False)
    r.out = open(r.log, "ab")

    def in_child():
        os.dup2(s.fileno(), 3)
        os.set_inheritable(3, True)
    shell = ("LISTEN_PID=$$ exec '%s' relay -C '%s'" % (PROGRAM, r.config))
    r.process = subprocess.Popen(
        ["sh", "-c", shell], stderr=r.out, stdout=r.out,
        preexec_fn=in_child, close_fds=False, stdin=subprocess.DEVNULL,
        env=dict(os.environ, LISTEN_FDS="1", LISTEN_FDNAMES="smtp",
                 NOTIFY_SOCKET=path, WATCHDOG_USEC="400000"))
    with r:
        same(told.recv(100), b"READY=1")
        same(told.recv(100), b"WATCHDOG=1")
        with Client(port) as c:
            c.hello()
            starts(c.message("passed"), "250")  # ::ffff:127.0.0.1 is allowed
        pid = r.reception()
        os.kill(pid, signal.SIGSTOP)
        time.sleep(1)
        while select.select([told], [], [], 0)[0]:
            told.recv(100)
        time.sleep(1)
        same(bool(select.select([told], [], [], 0)[0]), False,
             "the watchdog is fed while reception stands still")
        os.kill(pid, signal.SIGCONT)
    arrived("passed")


@row
def as_another_user():
    if os.getuid() != 0:
        raise Skip("not root")
    r = Relay("user = nobody\n", run=False)
    os.chmod(TMP, 0o755)
    os.chmod(r.dir, 0o755)
    with open(r.config) as f:
        text = f.read()
    text = re.sub("state_dir.*", "state_dir = %s/state" % r.dir, text)
    with open(r.config, "w") as f:
        f.write(text)
    p = subprocess.run(r.command(), capture_output=True, text=True, timeout=20)
    same(p.returncode, 78)
    assert "nobody must read" in p.stderr, p.stderr
    os.chown(r.config, 0, 65534)
    os.chmod(r.config, 0o640)
    os.chmod(SANDBOX, 0o755)
    try:
        r.start()
    except AssertionError as e:
        if "cannot search" in str(e):
            raise Skip(str(e))
        raise
    with r, Client(r.port) as c:
        for pid in r.children() + [r.process.pid]:
            same(os.stat("/proc/%d" % pid).st_uid in (0, 65534), True)
            with open("/proc/%d/status" % pid) as f:
                status = f.read()
            same(re.search(r"Uid:\s+(\d+)", status).group(1), "65534")
            same(int(re.search(r"CapEff:\s+(\w+)", status).group(1), 16), 0)
        c.hello()
        starts(c.message("as nobody"), "250")


@row
def another_user_reads_the_settings_again():
    if os.getuid() != 0:
        raise Skip("not root")
    mounts = ("mount -t tmpfs none /var/spool && mount -t tmpfs none /var/lib"
              ' && exec "$@"')
    prefix = ["unshare", "-m", "sh", "-c", mounts, "sh"]
    if subprocess.run(prefix + ["true"], capture_output=True).returncode != 0:
        raise Skip("no mounts of its own")
    r = Relay("user = nobody\nauth_file = %s/users\n" % TMP, run=False,
              prefix=prefix, env=dict(os.environ, HOME="/root"))
    r.base = re.sub("(?m)^(state|spool)_dir.*\n", "", r.base)
    r.write(r.text)
    for path in (TMP, r.dir, SANDBOX):
        os.chmod(path, 0o755)
    os.chown(r.config, 0, 65534)
    os.chmod(r.config, 0o640)
    with open(TMP + "/users", "w") as f:
        f.write("")
    os.chmod(TMP + "/users", 0o600)
    p = subprocess.run(r.command(), capture_output=True, text=True, timeout=20)
    same(p.returncode, 78)
    assert "nobody must read %s/users" % TMP in p.stderr, p.stderr
    os.chmod(TMP + "/users", 0o644)
    try:
        r.start()
    except AssertionError as e:
        if "cannot search" in str(e):
            raise Skip(str(e))
        raise
    with r:
        old = r.reception()
        r.process.send_signal(signal.SIGHUP)
        for _ in range(100):
            if old not in r.children():
                break
            time.sleep(0.05)
        with Client(r.port) as c:
            c.hello()
            starts(c.message("read again"), "250")
        assert "cannot make folder" not in r.said(), r.said()[-500:]


# --- many

@row
def a_thousand_idle_or_slow_and_fifty_random():
    greeting = b"EHLO slow.example\r\n"
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with Relay("max_clients = 2000\n") as r:
        quiet = [Client(r.port) for _ in range(1000)]
        slow = quiet[500:]
        noise = [Client(r.port) for _ in range(50)]

        def rain():
            for n, c in enumerate(noise):
                try:
                    c.s.settimeout(0.005)
                    c.s.send(os.urandom(4000))
                    if c.s.recv(65536) == b"":
                        raise OSError
                except socket.timeout:
                    pass
                except OSError:  # it was sent away, and comes again
                    c.close()
                    noise[n] = Client(r.port)

        def resident():
            with open("/proc/%d/status" % r.reception()) as f:
                return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))
        before = resident()
        for n in range(len(greeting)):
            for c in slow:
                c.s.send(greeting[n:n + 1])
            rain()
            began = time.time()
            with Client(r.port) as c:
                c.hello()
                starts(c.message("good client"), "250")
            assert time.time() - began < 5, time.time() - began
        for c in slow:
            starts(c.reply(), "250")
        after = resident()
        assert after < 16 * 1024 and after < before + 4096, (before, after)
        for c in quiet + noise:
            c.close()
        arrived("good client", len(greeting))


@row
def a_burst_and_kills():
    total, sent = 120, 0
    with Relay() as r:
        begin = time.time()
        n = 0
        while n < total and time.time() < begin + 60:
            try:
                with Client(r.port, timeout=5) as c:
                    c.hello()
                    for _ in range(10):
                        if n % 30 == 15:
                            os.kill(r.reception(), signal.SIGKILL)
                        n += 1
                        if c.message("burst").startswith("250"):
                            sent += 1
            except (OSError, AssertionError):
                time.sleep(0.1)
        assert sent > total / 2, sent
        found = arrived("burst", sent, 30)
        ids = set(m["Message-ID"] for m, _, _ in found)
        same(len(ids), sent, "different ones")


@row
def kills_in_a_burst_of_many():
    """FULL=1: 500 messages and 20 kills of each process."""
    import threading
    full = bool(os.environ.get("FULL"))
    total, kills = (500, 40) if full else (200, 6)
    mark = "burst %d " % os.getpid()
    acked, lock = set(), threading.Lock()
    todo = list(range(total))
    with Relay() as r:
        def client():
            while True:
                with lock:
                    if not todo:
                        return
                    mine = [todo.pop() for _ in range(min(5, len(todo)))]
                for _ in range(200):  # as a client that tries again
                    if not mine:
                        break
                    try:
                        with Client(r.port, timeout=5) as c:
                            c.hello()
                            while mine:
                                if c.message(mark + str(mine[-1])) \
                                        .startswith("250"):
                                    with lock:
                                        acked.add(mine.pop())
                    except (OSError, AssertionError):
                        time.sleep(0.05)
        threads = [threading.Thread(target=client) for _ in range(10)]
        for t in threads:
            t.start()
        for n in range(kills):
            time.sleep(0.3)
            try:
                os.kill(r.reception() if n % 2 else r.manager(),
                        signal.SIGKILL)
            except (AssertionError, ProcessLookupError):
                pass
        for t in threads:
            t.join(120)
        same(len(acked), total, "accepted")
        end = time.time() + 120
        while True:
            got = {}
            for f in glob.glob(SANDBOX + "/mail/*.eml"):
                with open(f, "rb") as file:
                    m = re.search((mark + r"(\d+)\r?\n").encode(), file.read())
                if m:
                    n = int(m.group(1))
                    got[n] = got.get(n, 0) + 1
            if len(got) >= total or time.time() > end:
                break
            time.sleep(0.5)
        same(sorted(acked - set(got)), [], "accepted and lost")
        # a reply that was cut is sent again by its client, a request that
        # was cut by the queue: at most those under way at a kill
        twice = sum(got.values()) - len(got)
        assert twice <= kills * 10, twice


@row
def as_pid_1_of_a_container():
    if os.getuid() != 0 or subprocess.run(
            ["unshare", "-p", "-f", "--mount-proc", "true"],
            capture_output=True).returncode:
        raise Skip("no process namespaces here")
    r = Relay("drain = 2s\n", run=False)
    uid = 1000640000  # as OpenShift has it, with group 0
    for f in (TMP, r.dir, SANDBOX):
        os.chmod(f, 0o755)
    os.chown(r.dir, uid, 0)
    with open(r.config) as f:
        text = re.sub("state_dir.*", "state_dir = %s/state" % r.dir, f.read())
    with open(r.config, "w") as f:
        f.write(text)
    os.chown(r.config, 0, 0)
    os.chmod(r.config, 0o640)
    r.prefix = ["unshare", "-p", "-f", "--mount-proc", "--kill-child=KILL",
                "setpriv", "--reuid", str(uid), "--regid", "0",
                "--clear-groups"]
    try:
        r.start()
    except AssertionError as e:
        raise Skip("not here: " + str(e)[:100])
    with r:
        with Client(r.port) as c:
            c.hello()
            starts(c.message("as PID 1"), "250")
        inside = [p for p in r.children()][0]
        # an orphan is taken in, and no zombie stays
        began = time.time()
        os.kill(inside, signal.SIGTERM)
        same(r.process.wait(15), 0, "status of PID 1")
        assert time.time() - began < 10
        for f in r.files():
            same(os.stat(f).st_uid, uid, "owner")


@row
def the_gateway_of_a_container_is_nobody():
    if not os.environ.get("RELAY_PLAY_ALONE"):  # in a network of its own
        if os.getuid() != 0 or subprocess.run(
                ["unshare", "-n", "ip", "link", "set", "lo", "up"],
                capture_output=True).returncode:
            raise Skip("no network namespaces here")
        p = subprocess.run(
            ["unshare", "-n", sys.executable, __file__, PROGRAM, SANDBOX,
             "the_gateway_of_a_container_is_nobody"], capture_output=True,
            text=True, timeout=60, env=dict(os.environ, RELAY_PLAY_ALONE="1"))
        starts(p.stdout, "ok ", p.stdout + p.stderr)
        return
    for words in ("link set lo up", "addr add 10.77.0.1/32 dev lo",
                  "route add default via 10.77.0.2 dev lo onlink",
                  "addr add 10.77.0.2/32 dev lo",
                  "addr add 10.77.0.3/32 dev lo"):
        p = subprocess.run(["ip"] + words.split(), capture_output=True,
                           text=True)
        same(p.returncode, 0, words + ": " + p.stderr)
    env = dict(os.environ, KUBERNETES_SERVICE_HOST="10.96.0.1")
    lines = "listen = 0.0.0.0:PORT\nallow = 10.77.0.0/24\n"
    for more, code in (("", "554"), ("allow = 10.77.0.2\n", "250")):
        with Relay(lines + more, listen="", env=env) as r:
            for source, want in (("10.77.0.3", "250"), ("10.77.0.2", code)):
                with socket.create_connection(("10.77.0.1", r.port), 10,
                                              (source, 0)) as s:
                    c = Client.__new__(Client)
                    c.s, c.have = s, b""
                    starts(c.reply(), "220")
                    c.hello()
                    starts(c.say("MAIL FROM:<sender@example.com>"), "250")
                    starts(c.say("RCPT TO:<to@example.com>"), want, source)


# --- what breaks it

def cpu_ticks(pid):
    with open("/proc/%d/stat" % pid) as f:
        words = f.read().rsplit(")", 1)[1].split()
    return int(words[11]) + int(words[12])


def is_there(pid):
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def await_that(fact, what, seconds=10):
    end = time.time() + seconds
    while not fact():
        if time.time() > end:
            raise AssertionError(what)
        time.sleep(0.05)


def reload(r, name):
    """With a new name, by which the new reception is known."""
    r.write(re.sub("hostname.*\n", "", r.text) + "hostname = %s\n" % name)
    r.process.send_signal(signal.SIGHUP)

    def new():
        with Client(r.port) as c:
            return name in c.greeting
    await_that(new, "no new reception")


@row
def who_was_replaced_rests_and_ends_with_the_relay():
    with Relay("drain = 2s\n") as r:
        c, first = Client(r.port), r.reception()
        c.hello()
        reload(r, "second.example")
        d = Client(r.port)
        reload(r, "third.example")
        assert is_there(first), "it left its client"
        before = cpu_ticks(first)
        time.sleep(1)
        assert cpu_ticks(first) - before < 20, "it spins"
        starts(c.say("NOOP"), "250")
        began = time.time()
        same(r.stop(), 0)
        assert time.time() - began < 5
        starts(c.reply(), "421 4.3.2")
        starts(d.reply(), "421 4.3.2")
        assert not is_there(first), "it outlives the relay"


@row
def all_end_with_a_killed_parent():
    with Relay("drain = 2s\n") as r:
        c = Client(r.port)
        first = r.reception()
        reload(r, "second.example")
        all_ = [first, r.manager(), r.reception()]
        r.process.kill()
        r.process.wait(5)
        r.process = None
        starts(c.reply(), "421 4.3.2")
        await_that(lambda: not any(is_there(p) for p in all_),
                   "some of its processes stay")


@row
def few_descriptors_and_many_listeners():
    limit = ["sh", "-c", "ulimit -%sn %s; exec \"$@\"", "sh"]
    for kind, n, listeners in (("S", "80", 1), ("S", "160", 60),
                               ("H", "80", 1)):
        how = limit[:]
        how[2] = how[2] % (kind, n)
        ports = range(20001, 20000 + listeners)
        with Relay("".join("listen = 127.0.0.1:%d\n" % p for p in ports),
                   prefix=how) as r:
            for port in ports:
                with Client(port) as c:
                    c.hello()
            with Client(ports[-1] if ports else r.port) as c:
                c.hello()
                starts(c.message("few descriptors " + kind + n), "250")
            arrived("few descriptors " + kind + n)


@row
def without_descriptors_it_waits_for_one():
    with Relay("metrics = 127.0.0.1:PORT\n") as r:
        pid, crowd = r.reception(), []
        folder = "/proc/%d/fd" % pid
        most = len(os.listdir(folder)) + 4
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, most))
        for port in [r.ports[1]] * 6 + [r.port] * 6:
            crowd.append(socket.create_connection(("127.0.0.1", port), 10))
        await_that(lambda: len(os.listdir(folder)) == most, "some are left")
        before = cpu_ticks(pid)
        time.sleep(2)
        used = cpu_ticks(pid) - before
        assert used < 20, "it spins: %d of 200 ticks" % used
        for s in crowd:
            s.close()

        def served():
            with Client(r.port) as c:
                return c.greeting.startswith("220")
        await_that(served, "nobody is served")
        with Client(r.ports[1], greet=False) as c:
            c.send("GET /healthz HTTP/1.0\r\n\r\n")
            starts(c.line(), "HTTP/1.1 200")


def rests(pid, path, kind, n, limited):
    """Does it wait while n connect there? Without a descriptor, if limited."""
    fds = {int(name) for name in os.listdir("/proc/%d/fd" % pid)}
    had = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    if limited:
        free = min(set(range(len(fds) + 1)) - fds)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (free, had[1]))
    crowd = [socket.socket(socket.AF_UNIX, kind) for _ in range(n)]
    for s in crowd:
        s.settimeout(10)
        s.connect(path)
    before = cpu_ticks(pid)
    time.sleep(1.5)
    used = cpu_ticks(pid) - before
    assert used < 15, "it spins: %d of 150 ticks" % used
    resource.prlimit(pid, resource.RLIMIT_NOFILE, had)
    return crowd


@row
def manager_and_parent_wait_for_a_descriptor():
    with Relay() as r:
        bell, run = r.spool + "/bell", [PROGRAM, "queue", "run", "-C", r.config]
        await_that(lambda: os.path.exists(bell), "no bell")
        for n, limited in ((1, True), (20, False)):  # 16 may ask at a time
            for s in rests(r.manager(), bell, socket.SOCK_SEQPACKET, n,
                           limited):
                s.close()
            subprocess.run(run, check=True, timeout=10)
        asks, = rests(r.process.pid, r.dir + "/sock.queue",
                      socket.SOCK_STREAM, 1, True)
        assert asks.recv(100) != b"", "nobody is answered"
        asks.close()


@row
def the_old_one_serves_while_no_new_one_can():
    with Relay() as r:
        c, first = Client(r.port), r.reception()
        c.hello()
        os.rename(r.spool, r.spool + ".away")
        with open(r.spool, "w"):
            pass
        r.write(r.text + "hostname = second.example\n")
        r.process.send_signal(signal.SIGHUP)
        await_that(lambda: "the new reception ended" in r.said(), "no word")
        os.unlink(r.spool)
        os.rename(r.spool + ".away", r.spool)
        starts(c.say("NOOP"), "250")

        def new():
            with Client(r.port) as d:
                return "second" in d.greeting
        await_that(new, "no new reception")
        starts(c.say("NOOP"), "250")
        starts(c.message("through both"), "250")
        starts(c.say("QUIT"), "221")
        await_that(lambda: not is_there(first), "the old one stays")
        arrived("through both")


@row
def each_reload_counts():
    with Relay() as r:
        for n in range(2):
            r.write(re.sub("hostname.*\n", "", r.text) +
                    "hostname = n%d.example\n" % n)
            r.process.send_signal(signal.SIGHUP)
            time.sleep(0.005)

        def last():
            with Client(r.port) as c:
                return "n1.example" in c.greeting
        await_that(last, "the last reload was forgotten", 5)


@row
def handshakes_have_a_rate():
    if not CERT:
        raise Skip("no openssl")
    with Relay(with_certificate("tls_rate = 2/min\n"),
               listen="listen = 127.0.0.1:PORT starttls\n"
               "listen = 127.0.0.1:PORT tls\n") as r:
        for n in range(2):
            with Client(r.port) as c:
                c.hello()
                c.starttls()
                starts(c.say("EHLO x"), "250")
        with Client(r.port) as c:
            c.hello()
            starts(c.say("STARTTLS"), "454 4.7.0")
            starts(c.message("in clear, then"), "250")
        with Client(r.ports[1]) as c:
            starts(c.greeting, "421 4.7.0")
        arrived("in clear, then")


@row
def a_user_has_so_many_clients():
    users_ = users("one:%s:clients=2\n" % hash_of("secret"))
    with Relay(users_, listen="listen = 127.0.0.1:PORT auth\n") as r:
        some = []
        for _ in range(2):
            c = Client(r.port)
            c.hello()
            starts(c.say(plain("one", "secret")), "235")
            some.append(c)
        with Client(r.port) as c:
            c.hello()
            starts(c.say(plain("one", "secret")), "454 4.7.0")
            starts(c.say("MAIL FROM:<a@x.example>"), "530")
            some.pop().close()
            time.sleep(0.2)
            starts(c.say(plain("one", "secret")), "235")


@row
def no_more_is_offered_than_is_taken():
    with Relay(top="max_message_size = 100k\n") as r:
        with Client(r.port) as c:
            c.hello()
            size = [int(line.split()[1]) for line in c.all
                    if line[4:].startswith("SIZE")]
            assert size and size[0] < 200000, size
            starts(c.say("MAIL FROM:<a@x.example> SIZE=%d" % (size[0] + 1)),
                   "552 5.3.4")
            c.mail()
            starts(c.data("Subject: large\r\n\r\n" +
                          ("x" * 70 + "\r\n") * (size[0] // 72 + 10)),
                   "552 5.3.4")
        same(r.files(), [])


def strace(r, *how):
    """Reception under strace, with faults; to be ended by the caller."""
    if not any(os.access(d + "/strace", os.X_OK)
               for d in os.environ["PATH"].split(":")):
        raise Skip("no strace")
    pid = r.reception()
    p = subprocess.Popen(["strace", "-f", "-qq", "-o", "/dev/null", "-p",
                          str(pid)] + list(how), stderr=subprocess.DEVNULL)

    def held():
        if p.poll() is not None:
            raise Skip("strace may not attach")
        with open("/proc/%d/status" % pid) as f:
            return "TracerPid:\t0\n" not in f.read()
    await_that(held, "strace does not attach")
    time.sleep(0.2)  # to the threads, too
    return p


@row
def a_failing_disk_is_never_a_250():
    faults = [("fdatasync", "EIO", "451 4.3.0"), ("fsync", "EIO", "451 4.3.0"),
              ("renameat2", "EIO", "451 4.3.0"),
              ("openat", "EIO", "451 4.3.0"),
              ("openat", "EROFS", "452 4.3.1"),
              ("openat", "ENOSPC", "452 4.3.1"),
              ("write", "ENOSPC", "452 4.3.1")]
    with Relay() as r:
        for call, error, want in faults:
            p = strace(r, "-e", "trace=" + call, "-e",
                       "inject=%s:error=%s" % (call, error))
            try:
                with Client(r.port) as c:
                    c.hello()
                    starts(c.message("failing disk"), want, call + error)
                same(r.files(), [])
            finally:
                p.terminate()
                p.wait(5)
        with Client(r.port) as c:
            c.hello()
            starts(c.message("mended disk"), "250")
        arrived("mended disk")
        arrived("failing disk", 0, 0.1)


@row
def one_failing_file_is_one_451():
    """While each thread waits for its first commit the others wait for it,
    and share the next: of those the first file of each fails, alone."""
    with Relay() as r:
        p = strace(r, "-e", "trace=fdatasync,fsync", "-e",
                   "inject=fsync:delay_enter=1000000:when=1", "-e",
                   "inject=fdatasync:error=EIO:when=2")
        try:
            some = [Client(r.port) for _ in range(32)]
            for n, c in enumerate(some):
                c.hello()
                c.mail()
                starts(c.say("DATA"), "354")
            for n, c in enumerate(some):
                c.send("Subject: one of many\r\n\r\n%d\r\n.\r\n" % n)
            replies = [c.reply()[:9] for c in some]
        finally:
            p.terminate()
            p.wait(5)
        refused = replies.count("451 4.3.0")
        assert 0 < refused <= 8, replies
        same(replies.count("250 2.0.0"), 32 - refused, "taken")
        arrived("one of many", 32 - refused)
        for c in some:
            c.close()


@row
def a_slow_commit_holds_nobody_up():
    with Relay() as r:
        p = strace(r, "-e", "trace=fdatasync", "-e",
                   "inject=fdatasync:delay_enter=2000000")
        try:
            slow = Client(r.port)
            slow.hello()
            slow.mail()
            starts(slow.say("DATA"), "354")
            began = time.time()
            slow.send("Subject: slow commit\r\n\r\nx\r\n.\r\n")
            worst = []
            while time.time() < began + 1.5:
                at = time.time()
                with Client(r.port) as c:
                    c.hello()
                worst.append(time.time() - at)
            starts(slow.reply(), "250")
            assert time.time() - began > 1.9, "it was not slow"
            assert sorted(worst)[len(worst) // 2] < 0.05, max(worst)
            assert max(worst) < 1, max(worst)
        finally:
            p.terminate()
            p.wait(5)
        arrived("slow commit")


def main():
    for f in ROWS:
        name = f.__name__.replace("_", " ")
        if WANTED and f.__name__ not in WANTED:
            continue
        try:
            f()
            print("ok relay:", name)
        except Skip as e:
            print("skip relay: %s: %s" % (name, e))
        except Exception as e:
            frame = e.__traceback__
            while frame.tb_next:
                frame = frame.tb_next
            lines = []
            t = e.__traceback__
            while t:
                lines.append(str(t.tb_lineno))
                t = t.tb_next
            print("not ok relay: %s: %s (lines %s)" %
                  (name, " ".join(str(e).split())[:600] or type(e).__name__,
                   ", ".join(lines)))
        sys.stdout.flush()


main()
