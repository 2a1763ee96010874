# SPDX-License-Identifier: MIT
"""webwalls.py EXECUTABLE [ROW...]: what a dashboard is asked by those who
mean no good, over real sockets. Prints ok, not ok or skip lines."""
import base64
import concurrent.futures
import json
import os
import re
import resource
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

from webwalls_house import (ANSWERS, NEW, PASSWORD, SECRET, TMP, TOKEN, House,
                            Reader, Server, form, free_port, hash_of, holds,
                            policy_of, same, wait_for)

PROGRAM = sys.argv[1]
WANTED = sys.argv[2:]
HERE = os.path.dirname(os.path.abspath(__file__))
SANITIZED = "/san/" in PROGRAM
ROWS = []


class Skip(Exception):
    pass


def row(f):
    ROWS.append(f)
    return f


def fast(f):
    """A row that measures: not with sanitizers."""
    if not SANITIZED:
        ROWS.append(f)
    return f


def statuses(got):
    return [a.status for a in got]


def still_well(h, before):
    """Nothing was changed, and it serves."""
    same(h.settings(), before, "the settings file")
    same(h.get("/", h.who[0]).status, 200, "a good page after")


# --- 1. requests

def shapes(h):
    """name, bytes, what the first answer may be (0: none)"""
    own = b"Host: " + h.host.encode() + b"\r\n"
    cookie = b"Cookie: " + h.who[0].encode() + b"\r\n"
    get = b"GET / HTTP/1.1\r\n" + own + cookie
    post = (b"POST / HTTP/1.1\r\n" + own + cookie + b"Origin: http://" +
            h.host.encode() + b"\r\n")
    evil = b"GET /queue HTTP/1.1\r\n" + own + cookie + b"\r\n"
    big = form([("csrf", h.who[1]), ("from", "x" * 262144)])
    chunked = b"Transfer-Encoding: chunked\r\n"
    yield "head too large", get + b"X: " + b"a" * 70000 + b"\r\n\r\n", [431]
    yield "many fields", get + b"X: a\r\n" * 200 + b"\r\n", [400, 431]
    yield "target too long", b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\n" + \
        own + b"\r\n", [400, 414, 431]
    yield "a long target", b"GET /" + b"a" * 8000 + b" HTTP/1.1\r\n" + \
        own + b"\r\n", [404]
    yield "form too large", post + b"Content-Length: %d\r\n\r\n" % len(big) + \
        big, [413]
    yield "form too large, in chunks", post + chunked + \
        b"\r\n%x\r\n" % len(big) + big + b"\r\n0\r\n\r\n", [413]
    yield "length beyond all", post + b"Content-Length: " + b"9" * 30 + \
        b"\r\n\r\n", [400, 413]
    yield "a body with GET", get + b"Content-Length: 20\r\n\r\n" + \
        b"x" * 20, [413]
    yield "length and chunks", post + b"Content-Length: 5\r\n" + chunked + \
        b"\r\n0\r\n\r\n" + evil, [400]
    yield "chunks and length", post + chunked + b"Content-Length: 5\r\n" + \
        b"\r\n0\r\n\r\n" + evil, [400]
    yield "two lengths", post + b"Content-Length: 0\r\nContent-Length: 70" \
        b"\r\n\r\n" + evil, [400]
    yield "lengths with a comma", post + b"Content-Length: 0, 0\r\n\r\n" + \
        evil, [400]
    yield "signed length", post + b"Content-Length: +0\r\n\r\n" + evil, [400]
    yield "hexadecimal length", post + b"Content-Length: 0x0\r\n\r\n" + \
        evil, [400]
    yield "empty length", post + b"Content-Length: \r\n\r\n" + evil, [400]
    for coding in (b"xchunked", b"chunked, identity", b"identity", b"gzip",
                   b"chunked\r\nTransfer-Encoding: identity",
                   b"\x0bchunked", b"chunked;q=1", b"\"chunked\""):
        yield "coding %r" % coding, post + b"Transfer-Encoding: " + coding + \
            b"\r\n\r\n0\r\n\r\n" + evil, [400, 501]
    yield "blank before colon", post + b"Transfer-Encoding : chunked" \
        b"\r\n\r\n0\r\n\r\n" + evil, [400]
    yield "folded", post + b"X: a\r\n Transfer-Encoding: chunked\r\n\r\n" + \
        evil, [400]
    yield "coding in 1.0", post.replace(b"1.1", b"1.0") + chunked + \
        b"\r\n0\r\n\r\n" + evil, [400]
    yield "bad chunk size", post + chunked + b"\r\n-1\r\n\r\n" + evil, [400]
    yield "chunk size beyond all", post + chunked + b"\r\n" + b"f" * 17 + \
        b"\r\n\r\n" + evil, [400, 413]
    yield "chunk without its end", post + chunked + b"\r\n1\r\nab\r\n0" \
        b"\r\n\r\n" + evil, [400]
    yield "NUL in a field", get + b"X: a\0b\r\n\r\n", [400]
    yield "NUL in the target", b"GET /\0 HTTP/1.1\r\n" + own + b"\r\n", [400]
    yield "blank in the target", b"GET / a HTTP/1.1\r\n" + own + b"\r\n", [400]
    yield "CR alone", b"GET / HTTP/1.1\r\n" + own + b"X: a\rEvil: b\r\n\r\n", \
        [400]
    yield "no target", b"GET HTTP/1.1\r\n" + own + b"\r\n", [400]
    yield "0.9", b"GET /\r\n\r\n", [400]
    yield "2.0", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400, 505]
    yield "1.7", b"GET / HTTP/1.7\r\n" + own + b"\r\n", [303, 400, 505]
    yield "TLS to a plain port", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" + \
        b"\x03\x03" * 200, [0, 400]
    yield "no Host", b"GET / HTTP/1.1\r\n" + cookie + b"\r\n", [400]
    yield "no Host in 1.0", b"GET / HTTP/1.0\r\n" + cookie + b"\r\n", [403]
    yield "two Hosts", get + b"Host: evil.example\r\n\r\n", [400]
    yield "the same Host twice", get + own + b"\r\n", [400]
    yield "Host in a list", b"GET / HTTP/1.1\r\nHost: 127.0.0.1, evil" \
        b"\r\n" + cookie + b"\r\n", [400, 403]
    for target in (b"http://" + h.host.encode() + b"/",
                   b"http://evil.example/", b"//evil.example/",
                   b"http://127.0.0.1@evil.example/", b"evil.example:80"):
        yield "target %r" % target, b"GET " + target + b" HTTP/1.1\r\n" + \
            own + cookie + b"\r\n", [400, 403, 404]
    for method in (b"TRACE", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"get",
                   b"POST\t", b"G\x80T"):
        yield "method %r" % method, get.replace(b"GET", method) + b"\r\n", \
            [400, 405]
    yield "OPTIONS *", b"OPTIONS * HTTP/1.1\r\n" + own + b"\r\n", [404, 405]
    yield "CONNECT", b"CONNECT evil.example:443 HTTP/1.1\r\n" + own + \
        b"\r\n", [404, 405]
    for path in (b"/../", b"//", b"/./", b"/%2e%2e/", b"/%2f", b"/log/",
                 b"/LOG", b"/log%00", b"/log;a", b"/log\\", b"/%6cog",
                 b"/..%2fetc/passwd", b"/certificate/../config",
                 b"/certificate.pem", b"/queue/", b"/favicon.ico", b"*"):
        yield "path %r" % path, b"GET " + path + b" HTTP/1.1\r\n" + own + \
            cookie + b"\r\n", [400, 404]
    yield "a fragment", b"GET /log#a HTTP/1.1\r\n" + own + cookie + b"\r\n", \
        [400, 404]
    for query in (b"%", b"a=%zz", b"a=%00", b"a=b&" * 65,
                  b"a=" + b"x" * 65000):
        yield "query %r" % query[:9], b"GET /log?" + query + \
            b" HTTP/1.1\r\n" + own + cookie + b"\r\n", [400, 431]


@row
def hostile_requests():
    with House(PROGRAM) as h:
        before = h.settings()
        bad = []
        for name, data, want in shapes(h):
            got = statuses(h.raw(data, 2, True)) or [0]
            if got[0] not in want or len(got) > 1:
                bad.append((name, got))
        same(bad, [], "answers")
        still_well(h, before)
        a = h.ask("HEAD", "/", h.cookie_fields(h.who[0]))
        same((a.status, a.body), (200, b""), "HEAD")
        holds(int(a.field("Content-Length")) > 5000, "HEAD has the length")
        for path, allow in (("/", "GET, POST"), ("/log", "GET"),
                            ("/sign-out", "POST"), ("/nowhere", None)):
            a = h.ask("PUT", path)
            same((a.status, a.field("Allow")), (405 if allow else 404, allow),
                 "PUT " + path)
        two = "GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n" % h.host * 20
        got = h.raw(two.encode(), 20)
        same(statuses(got), [200] * 20, "20 at once, one after the other")
        got = h.raw(("POST /test HTTP/1.1\r\nHost: %s\r\nContent-Length: 30"
                     "\r\n\r\n" % h.host).encode() + b"GET /healthz HTTP/1.1"
                    b"\r\n\r\n" * 3, 2)
        same(statuses(got), [403], "what is behind a refused body")


def programs(h):
    """name, bytes to /send, the status and what the JSON says of it"""
    own = b"Host: " + h.host.encode() + b"\r\n"
    post = b"POST /send HTTP/1.1\r\n" + own
    signed = post + b"Authorization: Bearer " + TOKEN.encode() + b"\r\n"
    chunked = b"Transfer-Encoding: chunked\r\n\r\n"
    yield "two Hosts", post + own + b"\r\n", 400, "input"
    yield "a query, no Host", b"POST /send?to=a HTTP/1.1\r\n\r\n", 400, "input"
    yield "half a head", post + b"Host : a\r\n\r\n", 400, "input"
    yield "head too large", post + b"X: " + b"a" * 70000 + b"\r\n\r\n", \
        431, "input"
    yield "bad chunk", signed + chunked + b"-1\r\n\r\n", 400, "input"
    yield "body too large", signed + b"Content-Length: 999999999\r\n\r\n", \
        413, "MessageTooLarge"
    yield "GET", signed.replace(b"POST", b"GET") + b"\r\n", 405, "input"
    yield "nobody", post + b"\r\n", 401, "auth"
    yield "another name", signed.replace(own, b"Host: evil.example\r\n") + \
        b"\r\n", 403, "auth"


@row
def programs_are_refused_in_json():
    """Also by what has not even read the whole head."""
    with open(TMP + "/token", "w") as f:
        f.write(TOKEN)
    os.chmod(TMP + "/token", 0o600)
    with House(PROGRAM, relay="listen = 127.0.0.1:1\nweb_token_file = "
               "%s/token\n" % TMP) as h:
        def check(name, a, status, code):
            same((a.status, a.field("Content-Type")),
                 (status, "application/json"), name)
            said = json.loads(a.body)
            same((said["status"], said["error"]["code"],
                  said["error"]["retryable"]),
                 ("failed", code, code == "retry"), name)
            holds(said["error"]["message"], name)
        for name, data, status, code in programs(h):
            check(name, h.raw(data, 1, True)[0], status, code)
        for path in (b"/test", b"/sendx", b"/", b"/send/"):
            a = h.one(b"POST " + path + b" HTTP/1.1\r\nA b\r\n\r\n")
            same((a.status, a.field("Content-Type").split(";")[0]),
                 (400, "text/plain"), path)
        head = ("POST /send HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s"
                "\r\nContent-Type: application/json\r\nContent-Length: %%d"
                "\r\n\r\n" % (h.host, TOKEN)).encode()
        with h.connect() as s: # its child is killed
            body = b'{"to":"a@b.example","text":"%s"}' % (b"a" * 20000000)
            s.sendall(head % len(body) + body)
            while not h.children():
                pass
            os.kill(h.children()[0][0], signal.SIGKILL)
            a = Reader(s, b"").next()
            ANSWERS.remove(a) # elsewhere no answer may say so
            check("no child", a, 500, "bug")
        with h.connect() as s: # there is no room for its body
            resource.prlimit(h.process.pid, resource.RLIMIT_FSIZE, (99, 99))
            s.sendall(head % 9999 + b" " * 9999)
            a = Reader(s, b"").next()
            check("no room", a, 503, "retry")
            same(a.field("Retry-After"), "30", "Retry-After")


@row
def hosts_and_origins():
    with House(PROGRAM, relay="listen = 127.0.0.1:1\n"
               "web_hosts = nas.example other.example\n") as h:
        before, cookie, p = h.settings(), h.who[0], h.port
        bad = []
        for host, want in (
                ("127.0.0.1:%d" % p, 200), ("localhost:%d" % p, 200),
                ("[::1]:%d" % p, 200), ("nas.example", 200),
                ("Nas.Example:%d" % p, 200), ("other.example:443", 200),
                # a tunnel of ssh has another port
                ("127.0.0.1:9000", 200),
                ("evil.example", 403), ("evil.example:%d" % p, 403),
                ("nas.example.evil.example", 403), ("anas.example", 403),
                ("127.0.0.1.evil.example", 403), ("localhost.evil", 403),
                ("127.0.0.1@evil.example", 403), ("127.0.0.1:@evil", 403),
                ("127.0.0.1:80@evil.example", 403), ("a@127.0.0.1", 403),
                ("[::1]evil.example", 403), ("[evil.example]", 403),
                ("[]", 403), ("[::1", 403), ("127.1", 403), ("0x7f.0.0.1", 403),
                ("2130706433", 403), ("127.0.0.1.", 403), ("127.0.0.1:", 403),
                ("127.0.0.1:x", 403), ("127.0.0.1:99999", 403),
                ("127.0.0.256", 403), (":%d" % p, 403), (".", 403)):
            got = h.get("/", cookie, host=host).status
            if got != want:
                bad.append((host, got))
        same(bad, [], "Hosts")
        own, fetch = "http://" + h.host, "Sec-Fetch-Site"
        for fields, want in (
                ([("Origin", own)], 422),
                ([("Origin", own), (fetch, "same-origin")], 422),
                ([(fetch, "same-origin")], 422),
                # a proxy that does TLS stands before
                ([("Origin", "https://" + h.host)], 422),
                ([], 403), ([("Origin", "null")], 403), ([("Origin", "")], 403),
                ([("Origin", own), (fetch, "cross-site")], 403),
                ([("Origin", own), (fetch, "same-site")], 403),
                ([("Origin", "http://evil.example")], 403),
                ([("Origin", "http://127.0.0.1:%d" % (p - 1))], 403),
                ([("Origin", "http://127.0.0.1")], 403),
                ([("Origin", own + ".evil.example")], 403),
                ([("Origin", own + "/")], 403),
                ([("Origin", "http://evil.example@" + h.host)], 403),
                ([("Origin", own + " " + own)], 403),
                ([("Origin", "ftp://" + h.host)], 403),
                ([("Origin", "null"), (fetch, "same-origin")], 403),
                ([(fetch, "cross-site")], 403), ([(fetch, "same-site")], 403),
                ([(fetch, "none")], 403)):
            got = h.ask("POST", "/", h.cookie_fields(cookie) + fields,
                        form([("csrf", h.who[1]), ("tenant_id", "x")])).status
            if got != want:
                bad.append((fields, got))
        same(bad, [], "Origins")
        still_well(h, before)


FORMS = ("/", "/certificate", "/test", "/queue", "/sign-out")
PAGES = ("/", "/certificate", "/test", "/queue", "/log", "/trace?id=a",
         "/delivery")


@row
def without_a_session():
    with House(PROGRAM, "enabled = no\n") as h:
        h.command("send", "--queue", "-s", "wait", "a@x.example", input=b"a")
        queue = h.command("queue", "list", "--json").stdout
        holds(b"walls@house.example" in queue, "nothing waits")
        before = h.settings()
        other = h.who[0].replace(str(h.port), str(h.port + 1))
        longer = h.who[0] + "0"
        for cookie in (None, "a=b", other, longer, h.who[0][:-1],
                       "post365-%d=" % h.port, "post365-%d" % h.port):
            for page in PAGES:
                a = h.get(page, cookie)
                same((a.status, a.field("Location"), a.body),
                     (303, "/sign-in", b""), page)
                same(a.field("Set-Cookie"), None, "a cookie that was given")
            for page in FORMS:
                fields = h.origin_fields() + h.cookie_fields(cookie)
                a = h.ask("POST", page, fields, form(
                    [("csrf", h.who[1]), ("from", "evil@evil.example"),
                     ("do", "make"), ("id", "1"), ("to", "a@b.example")]))
                same(a.status, 403, "POST " + page)
                holds("nothing was changed" in a.text(), a.text())
        # the right session, and no token, or another's
        again = h.get("/" + h.url[4], h.who[0])
        same(again.status, 303, "to enter once more, signed in")
        same(h.get("/" + h.url[4]).field("Location"), "/sign-in?lost=1",
             "the printed token is used")
        for csrf in ("", "0" * 64, h.who[1][:-1], h.who[1] + "0",
                     h.who[0].split("=")[1]):
            for page in FORMS:
                a = h.post(page, [("from", "evil@evil.example")],
                           (h.who[0], csrf))
                same(a.status, 403, "POST %s with %s" % (page, csrf))
            a = h.ask("POST", "/", h.origin_fields() +
                      h.cookie_fields(h.who[0]), b"from=evil%40evil.example")
            same(a.status, 403, "POST without a token")
        same(os.path.exists(h.dir + "/certificate.pem"), False, "certificate")
        same(h.command("queue", "list", "--json").stdout, queue, "the queue")
        still_well(h, before)


@row
def a_look_changes_nothing():
    with House(PROGRAM, "enabled = no\n") as h:
        h.command("send", "--queue", "-s", "wait", "a@x.example", input=b"a")
        queue = h.command("queue", "list", "--json").stdout
        ident = re.search(rb'"id":"([^"]+)"', queue)[1].decode()
        before = h.settings()
        token = "&csrf=" + h.who[1]
        for target, want in (
                ("/queue?do=drop&sure=yes&id=" + ident + token, 200),
                ("/queue?do=all" + token, 200),
                ("/?from=evil%40evil.example&save=" + token, 200),
                ("/certificate?do=make" + token, 404),
                ("/certificate?do=use&file=/etc/passwd" + token, 404),
                ("/test?to=a%40b.example" + token, 200),
                ("/sign-out?" + token[1:], 405),
                ("/send?to=a", 405), ("/delivery?do=x", 200)):
            same(h.get(target, h.who[0]).status, want, target)
        holds("steps" not in h.get("/test", h.who[0]).text().split(
            "</style>")[1], "a test runs")
        same(h.command("queue", "list", "--json").stdout, queue, "the queue")
        same(sorted(os.listdir(h.dir)), ["config", "config.log", "state"],
             "files")
        still_well(h, before)


def silent_ones(h):
    began = time.monotonic()
    silent = [h.connect(30) for _ in range(20)]
    for s in silent[1:]:
        s.sendall(b"GET / HTTP/1.1\r\nHost: x")
    for s in silent: # nothing else wakes the server
        same(s.recv(100), b"", "a silent one ends")
    took = time.monotonic() - began
    holds(9 < took < 12, "silent: %.1f s" % took)


def dripping_one(h):
    began = time.monotonic()
    body = h.connect(30)
    body.sendall(("POST / HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\n"
                  "Cookie: %s\r\nContent-Length: 999\r\n\r\ncsrf=" % (
                      h.host, h.host, h.who[0])).encode())
    drip = h.connect(30)
    ended = None
    while ended is None and time.monotonic() < began + 15:
        try:
            drip.sendall(b"G")
            drip.settimeout(0.25)
            if not drip.recv(100):
                ended = time.monotonic() - began
        except socket.timeout:
            pass
        except ConnectionError:
            ended = time.monotonic() - began
    holds(ended is not None and 9 < ended < 12, "dripping: %r s" % ended)
    same(h.get("/", h.who[0]).status, 200, "meanwhile")
    body.settimeout(0.1)
    try:
        same(body.recv(100), "nothing", "a body has longer")
    except socket.timeout:
        pass


@fast
def slow_ones():
    """A head has 10 s; who sends byte after byte has no more."""
    with House(PROGRAM) as h, House(PROGRAM) as other, \
            concurrent.futures.ThreadPoolExecutor() as pool:
        dripping = pool.submit(dripping_one, other)
        silent_ones(h)
        dripping.result()


@row
def a_crowd():
    """1,000 connections that say nothing, or half of it."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most < 1200:
        raise Skip("no 1,200 descriptors here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with House(PROGRAM) as h:
        crowd = []
        for i in range(1000):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(("127.0.0.1", h.port))
            crowd.append(s)
        began = time.monotonic()
        same(h.get("/", h.who[0]).status, 200, "a good client")
        took = time.monotonic() - began
        holds(took < 8, "it waited %.1f s" % took)
        for s in crowd:
            s.close()
        h.nothing_left()
        same(h.get("/", h.who[0]).status, 200, "after them")


@row
def without_descriptors():
    """It waits for one, and does not spin meanwhile."""
    with House(PROGRAM) as h:
        most = len(h.fds()) + 4
        resource.prlimit(h.process.pid, resource.RLIMIT_NOFILE, (most, most))
        crowd = [h.connect() for _ in range(12)]
        holds(wait_for(lambda: len(h.fds()) == most), "it has one left")
        before = h.cpu_ms()
        time.sleep(2)
        used = h.cpu_ms() - before
        holds(used < 300, "%d ms of 2,000" % used)
        for s in crowd:
            s.close()
        same(h.get("/", h.who[0]).status, 200, "after them")
        h.nothing_left()


@row
def twenty_at_once():
    """They are made, or told when to ask again."""
    with House(PROGRAM) as h, \
            concurrent.futures.ThreadPoolExecutor(20) as pool:
        got = list(pool.map(lambda _: h.get("/delivery", h.who[0]), range(20)))
        same(set(statuses(got)) - {200, 503}, set(), "statuses")
        holds(statuses(got).count(200) >= 8, statuses(got))
        for a in got:
            same(a.field("Retry-After"), "1" if a.status == 503 else None,
                 "Retry-After of %d" % a.status)
        for _ in range(3):
            same(h.get("/delivery", h.who[0]).status, 200, "then")
        h.nothing_left()


@row
def strangers_leave_places():
    """They ask for /sign-in all at once, and who is signed in is served."""
    with House(PROGRAM) as h:
        def asks(path, cookie=""):
            s = h.connect()
            s.sendall(("GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n\r\n" % (
                path, h.host, cookie)).encode())
            return s
        h.process.send_signal(signal.SIGSTOP)
        crowd = [asks("/sign-in") for _ in range(50)]
        good = [asks("/queue", h.who[0]) for _ in range(5)]
        h.process.send_signal(signal.SIGCONT)
        same(statuses([Reader(s, b"good").next() for s in good]), [200] * 5,
             "who is signed in")
        got = [Reader(s, b"crowd").next() for s in crowd]
        said = statuses(got)
        same((said.count(200), said.count(503)), (16, 34), "strangers")
        for a in got:
            same(a.field("Retry-After"), "1" if a.status == 503 else None,
                 "Retry-After of %d" % a.status)
        for s in crowd + good:
            s.close()
        same(h.get("/sign-in").status, 200, "then")
        h.nothing_left()


@row
def who_goes_away():
    """Nobody waits for a page any more: its place is free at once."""
    with House(PROGRAM) as h, socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)
        with open(h.config) as f:
            text = f.read()
        with open(h.config, "w") as f:
            f.write(text.replace("127.0.0.1:1",
                                 "127.0.0.1:%d" % silent.getsockname()[1]))
        gone = []
        for _ in range(8):
            s = h.connect()
            s.sendall(("GET /delivery?trace=1 HTTP/1.1\r\nHost: %s\r\nCookie:"
                       " %s\r\n\r\n" % (h.host, h.who[0])).encode())
            gone.append(s)
        holds(wait_for(lambda: len(h.children()) == 8), "eight wait")
        holds(h.get("/", h.who[0]).status in (200, 503), "a ninth")
        for s in gone:
            s.close()
        holds(wait_for(lambda: not h.children(), 5), "they are there: %r" %
              h.children())
        same(h.get("/", h.who[0]).status, 200, "then")
        # and one that goes while it sends
        for data in (b"G", b"POST / HTTP/1.1\r\nHost: %b\r\nContent-Length: "
                     b"500\r\nCookie: %b\r\n\r\nabc" % (
                         h.host.encode(), h.who[0].encode())):
            with h.connect() as s:
                s.sendall(data)
        with h.connect() as s: # a reset in the middle of the answer
            s.sendall(("GET / HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n\r\n" % (
                h.host, h.who[0])).encode())
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         b"\1\0\0\0\0\0\0\0")
        same(h.get("/", h.who[0]).status, 200, "at last")
        h.nothing_left()


@row
def ends_with_its_children():
    for how in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        with House(PROGRAM) as h, socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen(50)
            with open(h.config) as f:
                text = f.read()
            with open(h.config, "w") as f:
                f.write(text.replace(
                    "127.0.0.1:1", "127.0.0.1:%d" % silent.getsockname()[1]))
            s = h.connect()
            s.sendall(("GET /delivery?trace=1 HTTP/1.1\r\nHost: %s\r\nCookie:"
                       " %s\r\n\r\n" % (h.host, h.who[0])).encode())
            same(h.post("/test", [("to", "a@b.example")], h.who).status, 303,
                 "a test begins")
            holds(wait_for(lambda: len(h.children()) == 2), "two at work")

            def ours():
                got = []
                for pid in os.listdir("/proc"):
                    try:
                        with open("/proc/%s/cmdline" % pid, "rb") as f:
                            if h.config.encode() in f.read():
                                got.append(pid)
                    except OSError:
                        pass
                return got
            holds(wait_for(lambda: len(ours()) >= 4), "with theirs")
            # who only waits for the test holds nothing of others
            for pid, _ in h.children():
                ends = list(h.fds(pid).values())
                holds(not any("socket" in e or "signalfd" in e for e in ends),
                      "descriptors of a child: %r" % ends)
            same(h.stop(how), -9 if how == signal.SIGKILL else 0, "its end")
            holds(wait_for(lambda: not ours(), 5), "left behind: %r" % ours())
            s.close()


@fast
def five_thousand_requests():
    """It needs no more memory, descriptors or processes than before."""
    with House(PROGRAM) as h:
        for page in PAGES:
            h.get(page, h.who[0])
        before = h.rss_kb()
        head = "Host: %s\r\n" % h.host
        signed = head + "Cookie: %s\r\n" % h.who[0]
        kinds = [("GET /healthz", head, 200, 2500), ("GET /x", head, 404, 500),
                 ("GET /", head, 303, 1000), ("GET /sign-in", head, 200, 500),
                 ("GET /test", signed, 200, 300), ("GET /", signed, 200, 150),
                 ("GET /log", signed, 200, 50)]
        for what, fields, want, n in kinds:
            left = n
            while left > 0:
                with h.connect() as s:
                    r = Reader(s, what)
                    a = True
                    while left > 0 and a:
                        s.sendall(("%s HTTP/1.1\r\n%s\r\n" % (
                            what, fields)).encode())
                        a = r.next()
                        same(a.status, want, what)
                        left -= 1
                        if a.field("Connection") == "close":
                            a = None
        after = h.rss_kb()
        print("# %d kB before 5,000 requests, %d kB after" % (before, after))
        holds(after < 6000 and after < before + 500,
              "%d kB before, %d kB after" % (before, after))
        h.nothing_left()


# --- 2. sessions

@row
def sessions():
    with House(PROGRAM, enter=False) as h:
        fixed = "post365-%d=%s" % (h.port, "a" * 64)
        same(h.get("/enter?token=" + "0" * 64).field("Location"),
             "/sign-in?lost=1", "another token")
        same(h.get("/enter").field("Location"), "/sign-in?lost=1", "no token")
        a = h.get("/" + h.url[4], fixed)
        same(a.status, 200, "the printed one")
        m = re.fullmatch(r"post365-%d=([0-9a-f]{64}); Path=/; HttpOnly; "
                         r"SameSite=Strict" % h.port, a.field("Set-Cookie"))
        holds(m, "Set-Cookie: " + a.field("Set-Cookie"))
        holds(m[1] != "a" * 64, "the given cookie was adopted")
        same(h.get("/", fixed).status, 303, "the given cookie")
        who = h.who_of(a)
        b = h.get("/" + h.url[4])
        same((b.status, b.field("Location"), b.field("Set-Cookie")),
             (303, "/sign-in?lost=1", None), "a second use")
        holds("post365 web" in h.get("/sign-in?lost=1").text(),
              "/sign-in says what to do")
        same(h.post("/sign-in", [("user", ""), ("password", "")]).field(
            "Location"), "/sign-in?wrong=1", "nobody may sign in")
        # of several cookies, the one that is a session's, wherever it stands
        ended = fixed.replace("a", "b")
        for cookies, want in ((fixed + "; " + who[0], 200),
                              (who[0] + "; " + fixed, 200),
                              (fixed + "; " + who[0] + ";" + ended, 200),
                              (fixed + "; " + ended, 303)):
            same(h.get("/", cookies).status, want, cookies)
            same(h.post("/", [("tenant_id", "x")], (cookies, who[1])).status,
                 422 if want == 200 else 403, "a form: " + cookies)
        a = h.post("/sign-out", [], who)
        same((a.status, a.field("Location")), (303, "/sign-in"), "signed out")
        holds("Max-Age=0" in a.field("Set-Cookie"), a.field("Set-Cookie"))
        same(h.get("/", who[0]).status, 303, "the session is over")
        same(h.post("/", [("from", "a@b.example")], who).status, 403,
             "and its forms")


def users(folder, lines):
    with open(folder + "/users", "w") as f:
        f.write("".join(lines))
    os.chmod(folder + "/users", 0o600)
    return "auth_file = %s/users\n" % folder


HASH = hash_of(PROGRAM)
PEOPLE = ["boss:%s:role=admin\n" % HASH, "printer:%s:rate=60/min\n" % HASH]


@row
def no_admin_any_more():
    """Who is taken out of auth_file is out, whatever cookie he has."""
    with House(PROGRAM, relay="listen = 127.0.0.1:1\n" +
               users(TMP, PEOPLE), enter=False) as h:
        owner = h.who_of(h.get("/" + h.url[4]))[0]
        cookie = h.who_of(h.sign_in("boss", PASSWORD))[0]
        same(h.get("/", cookie).status, 200, "signed in")
        users(TMP, [PEOPLE[0].replace(":role=admin", ""), PEOPLE[1]])
        same(h.get("/", cookie).status, 303, "the role is gone")
        users(TMP, PEOPLE)
        same(h.get("/", cookie).status, 303, "the session has ended")
        same(h.get("/", owner).status, 200, "that of the printed token stays")


@row
def sixteen_sessions():
    """The one that was not used for longest makes room."""
    with House(PROGRAM, relay="listen = 127.0.0.1:1\n" +
               users(TMP, PEOPLE), enter=False) as h:
        who = []
        for _ in range(20):
            who.append(h.who_of(h.sign_in("boss", PASSWORD)))
            h.get("/sign-in", who[0][0])
            if len(who) > 1:
                h.get("/test", who[0][0])
        same([h.get("/test", w[0]).status for w in who],
             [200] + [303] * 4 + [200] * 15, "who is signed in")
        holds(len({w[0] for w in who} | {w[1] for w in who}) == 40,
              "cookies and tokens differ")
        same(h.post("/", [], (who[0][0], who[19][1])).status, 403,
             "the token of another session")
        holds("boss" in h.get("/test", who[0][0]).text(), "who it is")


# --- 3. signing in

@row
def signing_in():
    blank = "blank:%s:role=admin\n" % hash_of(PROGRAM, " a b ")
    with House(PROGRAM, relay="listen = 127.0.0.1:1\n" +
               users(TMP, PEOPLE + [blank]), enter=False) as h:
        a = h.get("/sign-in")
        holds('name="password"' in a.text(), "a form to sign in")
        holds(h.who_of(h.get("/" + h.url[4])), "the printed token as well")
        holds(h.who_of(h.sign_in("boss", PASSWORD)), "who is an admin")
        holds(h.who_of(h.sign_in(" blank", " a b ")), "blanks at its ends")
        a = h.sign_in("printer", PASSWORD)
        same((a.field("Location"), a.field("Set-Cookie")),
             ("/sign-in?wrong=1", None), "who is none")
        holds(wait_for(lambda: re.search(
            r'"printer" from 127.0.0.1.*role=admin', h.said()), 2),
              "a user without the role is logged: " + h.said())
        same(h.get("/sign-in?wrong=1").status, 401, "its page")
        same(h.post("/sign-in", [("user", "boss"), ("password", PASSWORD)],
                    origin=False).status, 403, "from another site")
        time.sleep(1.1)
        wrong = "wrong-%s\r\nx" % PASSWORD
        a = h.sign_in("bo\x1b]0;x\x07ss\r\nfake", wrong)
        same((a.field("Location"), a.field("Set-Cookie")),
             ("/sign-in?wrong=1", None), "a wrong password")
        a = h.sign_in("boss", PASSWORD)
        same((a.field("Location"), a.field("Set-Cookie")),
             ("/sign-in?slow=1", None), "the right one, too soon")
        same(h.get("/sign-in?slow=1").status, 429, "its page")
        time.sleep(1.1)
        holds(h.who_of(h.sign_in("boss", PASSWORD)), "a second later")
        said = h.said()
        holds(re.search(r'sign-in failed for "bo.*fake" from 127.0.0.1',
                        said), "it is logged: " + said)
        holds("\x1b" not in said and "\r" not in said, "raw bytes in the log")
        holds(PASSWORD not in said and HASH not in said, "secrets in the log")
        for name in ("", "boss\0", "x" * 300, "boss@evil.example" * 9, "-C"):
            h.sign_in(name, "x" * 5000)
        # what a user is called by others is not a file, nor a new session
        holds(wait_for(lambda: h.get("/healthz").status == 200, 2), "it lives")


def certificate(name, host="localhost"):
    """A certificate of its own, as name.pem and name.key"""
    pem, key = TMP + "/%s.pem" % name, TMP + "/%s.key" % name
    if not os.path.exists(pem):
        if subprocess.run(["openssl", "req", "-x509", "-newkey", "ec",
                           "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                           "-keyout", key, "-out", pem, "-days", "2",
                           "-subj", "/CN=" + host, "-addext",
                           "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                          capture_output=True).returncode != 0:
            raise Skip("openssl makes no certificate")
        os.chmod(key, 0o600)
    return "tls_certificate = %s\ntls_key = %s\n" % (pem, key)


@row
def addresses_that_others_reach():
    h = House(PROGRAM, start=False)

    def refused(relay, listen="0.0.0.0:0"):
        h.write("", relay and "listen = 127.0.0.1:1\n" + relay)
        run = h.command("web", "-l", listen)
        same((run.returncode, run.stdout), (78, b""), "refused")
        return run.stderr.decode()
    h.write("", "listen = 127.0.0.1:1\nweb = 0.0.0.0:1\n")
    run = h.command("relay")
    same(run.returncode, 78, "the relay")
    holds(b"tls_certificate" in run.stderr, run.stderr)
    bare = refused("")
    holds("tls_certificate" in bare and "in clear" in bare, bare)
    holds("tls_certificate" in refused("", "[::]:0"), "of IPv6")
    holds("tls_certificate" in refused(users(h.dir, PEOPLE)), "with users")
    tls = certificate("own")
    none = refused(tls)
    holds("auth_file" in none and "role=admin" in none, none)
    none = refused(tls + users(h.dir, PEOPLE[1:]))
    holds("role=admin" in none, none)
    for bad in ("here", "127.0.0.1", "127.0.0.1:99999", "/tmp/socket",
                "localhost:1x", ""):
        h.write("")
        run = h.command("web", "-l", bad)
        holds(run.returncode in (64, 65, 78) and run.stderr, bad)


def client_tls():
    return ssl.create_default_context(cafile=TMP + "/own.pem")


@row
def over_tls():
    relay = "listen = 127.0.0.1:1\n" + certificate("own") + users(TMP, PEOPLE)
    with House(PROGRAM, relay=relay, listen="0.0.0.0:0", enter=False) as h:
        same(h.url[4], "", "no token is printed")
        holds(h.url[1].startswith("https://"), h.url[1])
        plain = h.raw(b"GET /sign-in HTTP/1.1\r\nHost: x\r\n\r\n", 1, True)
        same(plain, [], "an answer without TLS")
        h.tls = client_tls()
        a = h.sign_in("boss", PASSWORD)
        same(a.field("Set-Cookie").split("; ")[1:],
             ["Path=/", "HttpOnly", "SameSite=Strict", "Secure"], "the cookie")
        who = h.who_of(a)
        bad = form([("csrf", who[1]), ("tenant_id", "x")])
        for scheme, want in (("https", 422), ("http", 403)):
            a = h.ask("POST", "/", h.cookie_fields(who[0]) +
                      [("Origin", "%s://%s" % (scheme, h.host))], bad)
            same(a.status, want, "a form of " + scheme)
        same(h.get("/metrics").status, 401, "numbers, for strangers")
        a = h.ask("POST", "/send", [], b"{}")
        same(a.status, 401, "mail of strangers")
        same(h.get("/enter?token=" + "0" * 64).field("Location"),
             "/sign-in?lost=1", "an empty token is none")
        same(h.get("/enter?token=").field("Location"),
             "/sign-in?lost=1", "an empty token is none")
        run = subprocess.run(["curl", "-s", "--cacert", TMP + "/own.pem",
                              "https://localhost:%d/healthz" % h.port],
                             capture_output=True, timeout=20)
        same(run.stdout, b"ok\n", "curl")


class Relay(House):
    """`post365 relay` with `web`."""

    def __init__(self, relay, tls=False):
        super().__init__(PROGRAM, start=False)
        if tls:
            self.tls = client_tls()
        self.lines = "listen = %s/smtp\nsocket = off\n" % self.dir + relay
        self.move()
        self.start([PROGRAM, "relay", "-C", self.config])
        if not wait_for(self.serves):
            self.stop()
            raise AssertionError("no dashboard: " + self.said()[-400:])

    def move(self):
        self.port = free_port()
        self.host = "127.0.0.1:%d" % self.port
        self.write("", self.lines + "web = %s\n" % self.host)

    def serves(self):
        if self.process.poll() is not None:
            return False
        try:
            return self.get("/healthz").status == 200
        except (OSError, AssertionError):
            return False

    def house(self):
        """The process that listens there"""
        with open("/proc/net/tcp") as f:
            rows = [line.split() for line in f]
        inode = ["socket:[%s]" % r[9] for r in rows
                 if r[1] == "0100007F:%04X" % self.port and r[3] == "0A"]
        for pid, _ in self.children():
            if any(end in inode for end in self.fds(pid).values()):
                return pid
        return None


@row
def of_the_relay():
    with Relay(users(TMP, PEOPLE)) as h:
        where = "; dashboard at http://" + h.host
        holds(wait_for(lambda: where in h.said()), h.said()[-300:])
        who = h.who_of(h.sign_in("boss", PASSWORD))
        same(h.get("/enter?token=").field("Location"), "/sign-in?lost=1",
             "there is no token")
        wait_for(lambda: "queue_messages{" in h.get("/metrics").text(), 3)
        a = h.get("/metrics")
        holds('post365_queue_messages{state="queued"} 0' in a.text(), a.text())
        with open(TMP + "/metrics.relay", "wb") as f:
            f.write(a.body)
        pid = h.house()
        holds(pid, "which process is it?")
        os.kill(pid, signal.SIGKILL)
        holds(wait_for(lambda: h.serves() and h.house() != pid),
              "it is not started again")
        same(h.get("/", who[0]).status, 303, "sessions have ended")
        before = h.port
        h.move()
        h.process.send_signal(signal.SIGHUP)
        holds(wait_for(h.serves), "not at the new address")

        def closed():
            try:
                socket.create_connection(("127.0.0.1", before), 1).close()
            except OSError:
                return True
        holds(wait_for(closed), "still at the old address")
        # an address that it must not have: it goes on as it was
        h.write("", h.lines + "web = 0.0.0.0:%d\n" % free_port())
        h.process.send_signal(signal.SIGHUP)
        holds(wait_for(lambda: "passwords would go in clear" in h.said()),
              "it is refused, and said: " + h.said()[-300:])
        same(h.get("/healthz").status, 200, "as before")
        # who takes the line out has none
        h.write("", h.lines)
        h.process.send_signal(signal.SIGHUP)
        before = h.port
        holds(wait_for(closed), "still there")
        h.move()
        h.process.send_signal(signal.SIGHUP)
        holds(wait_for(h.serves), "back again")
        pid = h.house()
        same(h.stop(), 0, "its end")
        same(os.path.exists("/proc/%d" % pid), False, "the dashboard is gone")


@row
def of_a_relay_as_another_user():
    """What that user must read of the dashboard is told at the start."""
    if os.getuid() != 0:
        raise Skip("not root")
    h = House(PROGRAM, start=False)
    with open(h.dir + "/token", "w") as f:
        f.write(TOKEN)
    os.chmod(h.dir + "/token", 0o600)
    h.write("", "listen = 127.0.0.1:%d\nsocket = off\nuser = nobody\n"
            "web_token_file = %s/token\n" % (free_port(), h.dir))
    os.chown(h.config, 0, 65534)
    os.chmod(h.config, 0o640)
    for folder in (os.path.dirname(TMP), TMP, h.dir):
        os.chmod(folder, 0o755)
    run = h.command("relay")
    same(run.returncode, 78, "the relay")
    if b"cannot search" in run.stderr or b"/config: Perm" in run.stderr:
        raise Skip("the folder above is closed to others")
    holds(b"nobody must read %b/token" % h.dir.encode() in run.stderr,
          run.stderr)


@row
def of_the_relay_over_tls():
    with Relay(certificate("own") + users(TMP, PEOPLE), tls=True) as h:
        cookie = h.sign_in("boss", PASSWORD).field("Set-Cookie")
        holds(cookie and cookie.endswith("; Secure"), cookie)
        holds("; dashboard at https://" + h.host in h.said(), h.said())


# --- 5. Save

@row
def saving():
    with House(PROGRAM) as h:
        before = h.settings()
        bad = []
        many = [("a%d" % i, "b") for i in range(70)]
        line = "a@b.example%sclient_secret = evil"
        raw = "x%0a[relay]%0alisten%20=%200.0.0.0:25"
        tries = [
            ("a new line", [("from", line % "\n")], 422),
            ("CR", [("from", line % "\r")], 422),
            ("CR LF", [("from", line % "\r\n")], 422),
            ("in the secret", [("client_secret", "x\nca = evil")], 422),
            ("in the tag", [("tag", "x\nca = evil"),
                            ("from", "n@b.example")], 422),
            ("a section", [("mailbox", None), ("mailbox!", raw)], 422),
            ("NUL", [("from", "a@b.example\0c")], 400),
            ("70 fields", many, 400),
            ("no UTF-8", [("from", b"\xff\xfe@b.example")], 422),
            ("no UTF-8 in the secret", [("client_secret", b"\xff\xfe")], 422),
            ("half of a character", [("proxy", b"http://\xc3")], 422),
            ("200 kB", [("from", "x" * 200000)], 400),
            ("60 kB", [("from", "x" * 60000)], 422),
            ("64 kB but for the name", [("from", "x" * 65531)], 422),
            ("all of them long", [(k, "x" * 40000) for k in (
                "from", "tenant_id", "client_id", "proxy", "mailbox")], 422),
            ("a long one and then a secret",
             [("from", "x" * 65000), ("client_secret", "y" * 2000)], 422),
            ("a good one, and a long one", [("from", "n@b.example"),
                                            ("proxy", "x" * 65530)], 422),
            ("bad escape", [("from", None), ("from!", "%zz")], 400),
            ("a tag that is an option", [("tag", "--help"),
                                         ("from", "n@b.example")], 422),
            ("a tag of another file", [("tag", "0" * 16),
                                       ("from", "n@b.example")], 422),
            ("swapped", [("tenant_id", "x")], 422),
        ]
        for name, fields, want in tries:
            a = h.save(*fields)
            if a.status != want or h.settings() != before:
                bad.append((name, a.status, h.settings() != before))
                with open(h.config, "wb") as f:
                    f.write(before)
        same(bad, [], "what was saved")
        for fields in ([("do", "use")], [("do", "use"), ("file", "")],
                       [("do", "use"), ("file", "a\nclient_secret = x")],
                       [("do", "use"), ("file", "a\rclient_secret = x")]):
            a = h.post("/certificate", fields, h.who)
            if a.status != 422 or h.settings() != before:
                bad.append((fields, a.status, h.settings() != before))
                with open(h.config, "wb") as f:
                    f.write(before)
        same(bad, [], "certificates that were used")
        still_well(h, before)
        a = h.save(("from", "new@house.example"), ("client_secret", NEW))
        same((a.status, a.field("Location")), (303, "/?saved=1"), a.text())
        same(h.settings(), before.replace(
            b"walls@house.example", b"new@house.example").replace(
                SECRET.encode(), NEW.encode()), "a good one")


@row
def words_for_commands():
    """What is typed is never an option of the command that gets it."""
    with House(PROGRAM, "enabled = no\n") as h:
        h.command("send", "--queue", "-s", "wait", "a@x.example", input=b"a")
        queue = h.command("queue", "list", "--json").stdout
        before = h.settings()
        for value in ("-C/etc/passwd", "--all", "--config=/x", "-h", "--help",
                      "--", "-", "a b", "$(id)", "`id`", "*", "%s%n", "'\"<>",
                      "\u202e", "all", "*"):
            for verb in ("drop", "hold", "retry", "release"):
                a = h.post("/queue", [("do", verb), ("id", value),
                                      ("sure", "yes")], h.who)
                same(a.status, 422, "%s %r" % (verb, value))
            q = form([("person", value), ("id", value), ("code", value),
                      ("subject", value), ("day", value)]).decode()
            holds(h.get("/log?" + q, h.who[0]).status == 200, value)
            a = h.get("/trace?" + form([("id", value)]).decode(), h.who[0])
            holds(a.status == 200 and "Usage" not in a.text(), value)
            same(h.post("/test", [("to", value)], h.who).status, 303, value)
            a = h.post("/test", [("to", "a@b.example"), ("account", value)],
                       h.who)
            holds(re.fullmatch(r"/test\?job=\d+&account=[\w.~%-]*",
                               a.field("Location")), a.field("Location"))
            q = form([("account", value)]).decode()
            for page in PAGES[:3]:
                holds(h.get(page + "?" + q, h.who[0]).status in (200, 404),
                      "%s?%s" % (page, q))
        for deed in ("list", "run", "flush", "export", "import", "", "--all"):
            same(h.post("/queue", [("do", deed), ("id", "1")], h.who).status,
                 422, deed)
        same(h.command("queue", "list", "--json").stdout, queue, "the queue")
        still_well(h, before)


@row
def markup():
    """What comes from without is text."""
    evil = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>$1@x@"
    with House(PROGRAM, "enabled = no\nlog_subject = yes\n") as h:
        run = h.command("send", "--queue", "-s", evil, "--", "a@x.example",
                        input=b"a")
        same(run.returncode, 0, run.stderr)
        q = form([(n, evil) for n in ("person", "id", "code", "subject",
                                      "day", "job", "token")]).decode()
        pages = [h.get(p.split("?")[0] + "?" + q, h.who[0]) for p in PAGES]
        pages += [h.post("/queue", [("do", "drop"), ("id", evil)], h.who),
                  h.post("/queue", [("do", "hold"), ("id", evil)], h.who),
                  h.save(("from", evil), ("proxy", evil)),
                  h.save(("tag", evil)),
                  h.post("/certificate", [("do", "use"), ("file", evil)],
                         h.who)]
        h.post("/test", [("to", evil)], h.who)
        pages.append(h.get("/test", h.who[0]))
        for a in pages:
            if a.field("Content-Type") != "text/html; charset=utf-8":
                continue
            text = re.sub("<script>[^<]*?use strict.*?</script>", "",
                          a.text(), flags=re.S)
            text = re.sub(r'="[^"]*"', "", text) # values of attributes
            holds("<script" not in text and "<img" not in text,
                  "%r has it" % a.of)
            for tag in re.findall(r"<[^>]*>", text):
                holds("on" not in re.findall(r"\s(on)\w", tag), tag)
        holds(sum("&lt;img" in a.text() for a in pages) > 5, "it is shown")


# --- what is in the memory of the process that serves

@fast
def memory():
    if os.getuid() != 0:
        raise Skip("only root looks into such a process")
    tried = "Wrong0815undweniger"
    with open(TMP + "/token", "w") as f:
        f.write(TOKEN)
    os.chmod(TMP + "/token", 0o600)
    relay = "listen = 127.0.0.1:1\nweb_token_file = %s/token\n" % TMP + \
        users(TMP, PEOPLE)
    for tls in ("", certificate("own")):
        with House(PROGRAM, relay=relay + tls, enter=False) as h:
            if tls:
                h.tls = client_tls()

            def found(what, *texts):
                run = subprocess.run(
                    [sys.executable, HERE + "/memory.py",
                     str(h.process.pid), "walls@house.example", *texts],
                    capture_output=True, text=True, timeout=60)
                got = run.stdout.split()
                holds(got and got[0] != "0", "memory.py: " + run.stderr)
                same(got[1:], ["0"] * len(texts), "%s%s: how often %r are "
                     "in it" % (what, tls and " over TLS" or "", texts))
            found("before", SECRET, PASSWORD, TOKEN)
            h.sign_in("boss", tried)
            time.sleep(1.1)
            h.who = h.who_of(h.sign_in("boss", PASSWORD))
            found("signed in", SECRET, PASSWORD, tried, TOKEN)
            basic = base64.b64encode(("boss:" + PASSWORD).encode()).decode()
            for value in ("Bearer " + TOKEN, "Basic " + basic):
                h.ask("POST", "/send", [("Authorization", value)], b"{}")
                h.ask("GET", "/metrics", [("Authorization", value)])
            found("programs", TOKEN, PASSWORD, basic[5:-5])
            same(h.save(("client_secret", NEW)).status, 303, "Save")
            found("saved", SECRET, NEW, PASSWORD)
            same(h.save(("client_secret", NEW + "2"), ("tenant_id", "x")
                        ).status, 422, "Save of what is wrong")
            found("not saved", NEW, PASSWORD)
            holds(("client_secret = %s\n" % NEW).encode() in h.settings(),
                  "it was saved")


# --- 6. numbers

@row
def numbers():
    with House(PROGRAM, "enabled = no\n") as h:
        for _ in range(2):
            h.command("send", "--queue", "-s", "wait", "a@x.example",
                      input=b"a")
        a = h.get("/metrics")
        same((a.status, a.field("Content-Type")),
             (200, "text/plain; version=0.0.4; charset=utf-8"), "/metrics")
        holds('post365_queue_messages{state="queued"} 2\n' in a.text(),
              "the queue: " + a.text()[:3000])
        with open(TMP + "/metrics", "wb") as f:
            f.write(a.body)
        same(h.get("/healthz").text(), "ok\n", "/healthz")
        same(h.get("/metrics", host="evil.example").status, 403, "by a name")


# --- 4. what all answers have, and what none has

def check_answers():
    page = next((a for a in ANSWERS if "</script>" in a.text()), None)
    if page is None:
        raise Skip("no page was asked for")
    policy = policy_of(page.text())
    want = {"Content-Security-Policy": policy, "X-Frame-Options": "DENY",
            "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
            "Referrer-Policy": "same-origin", "Server": None,
            "X-Powered-By": None, "Access-Control-Allow-Origin": None}
    secrets = [SECRET, NEW, TOKEN, PASSWORD, HASH]
    for name in os.listdir(TMP):
        if name.endswith(".key"):
            with open(TMP + "/" + name) as f:
                secrets += f.read().split("\n")[1:3]
    secrets = [s.encode() for s in secrets]
    cookies = re.findall(rb"\nSet-Cookie: post365-\d+=(\w{64})",
                         b"".join(a.head for a in ANSWERS))
    bad = []
    for a in ANSWERS:
        bad += ["%s of %r (%d): %s" % (name, a.of, a.status, a.field(name))
                for name, value in want.items() if a.field(name) != value]
        cookie = (a.field("Set-Cookie") or "").encode()
        bad += ["%r in %r" % (s, a.of) for s in secrets + cookies
                if s in a.head.replace(cookie, b"") or s in a.body]
        names = [n.lower() for n, _ in a.fields]
        bad += ["twice in %r: %s" % (a.of, n) for n in set(names)
                if names.count(n) > 1]
        bad += ["%r says %s" % (a.of, m) for m in re.findall(
            "Sanitizer|runtime error|Assertion|could not be made", a.text())]
    bad = list(dict.fromkeys(bad))
    print("# %d answers" % len(ANSWERS))
    holds(not bad, "%d: %s" % (len(bad), "; ".join(bad[:4])))


def main():
    failed = False
    rows = [r for r in ROWS if not WANTED or r.__name__ in WANTED]
    for r in rows + [check_answers]:
        name = r.__name__.replace("_", " ")
        began = time.monotonic()
        try:
            r()
            print("ok", name, flush=True)
        except Skip as e:
            print("skip %s: %s" % (name, e), flush=True)
        except Exception as e: # pylint: disable=broad-except
            failed = True
            kind = "" if isinstance(e, AssertionError) else repr(e)
            at = e.__traceback__
            while at.tb_next:
                at = at.tb_next
            print("not ok %s: %s" % (name, " ".join(
                ("%s%s (line %d)" % (e, kind, at.tb_lineno)).split())[:900]),
                  flush=True)
        if os.environ.get("T_TIMES"):
            print("# %.1f s" % (time.monotonic() - began))
    sys.exit(failed)


main()
