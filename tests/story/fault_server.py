# SPDX-License-Identifier: MIT
"""The token endpoint and as much of Graph as sending needs, on loopback, and
everything that can go wrong with them: fault_server.py FOLDER CERT KEY.

Standard input has lines "NAME KIND". Each gets a port of its own, which plays
that kind for the token endpoint and for Graph alike. FOLDER/ports has lines
"NAME PORT", then "ready" is printed. FOLDER/log has "NAME WHAT": connect,
token, send (requests), and "taken SUBJECT" for each mail that is out. Kinds
that begin with "crowd" name the Message-ID in place of the subject. crowd
takes 20 ms for each mail and says "together N" of N at a time. Of five mails
crowd-close and crowd-reset take the last and end the connection without an
answer, crowd-504 says so; crowd-stale answers and ends it.
"""
import base64
import collections
import os
import re
import select
import socket
import ssl
import struct
import sys
import threading
import time

FOLDER, CERT, KEY = sys.argv[1:4]
HELD = 20  # seconds that a silent peer stays
LOCK = threading.Lock()
LOG = open(FOLDER + '/log', 'w')
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERT, KEY)


def b64(text):
    return base64.urlsafe_b64encode(text.encode()).rstrip(b'=').decode()


# It may not search Sent Items.
TOKEN = '.'.join(b64(text) for text in (
    '{"typ":"JWT","alg":"RS256"}', '{"roles":["Mail.Send"]}', 'x' * 256))


class Over(Exception):
    """Nothing more is said on this connection."""


def error(graph, token):
    """The same refusal as Graph says it and as the token endpoint does."""
    return ('{"error":{"code":"%s","message":"As you wish."}}' % graph,
            '{"error":"%s","error_description":"%s: As you wish."}' % token)


PAGE = ('<html><body>Busy</body></html>',) * 2
NOTHING = ('', '')
STATUSES = {
    'early-429': ('429', error('ApplicationThrottled',
                               ('temporarily_unavailable', 'AADSTS90055'))),
    '429-no-retry-after': ('429', error('ApplicationThrottled', (
        'temporarily_unavailable', 'AADSTS90055'))),
    '429-then-good': ('429', error('ApplicationThrottled', (
        'temporarily_unavailable', 'AADSTS90055'))),
    '429-retry-after-year': ('429', error('ApplicationThrottled', (
        'temporarily_unavailable', 'AADSTS90055'))),
    '503-html': ('503', PAGE),
    '500-empty': ('500', NOTHING),
    '504-after-accept': ('504', NOTHING),
    '401-once': ('401', error('InvalidAuthenticationToken',
                              ('invalid_client', 'AADSTS7000215'))),
    '401-forever': ('401', error('InvalidAuthenticationToken',
                                 ('invalid_client', 'AADSTS7000215'))),
    '403-denied': ('403', error('ErrorAccessDenied',
                                ('access_denied', 'AADSTS53003'))),
    '404-mailbox': ('404', error('ErrorInvalidUser',
                                 ('invalid_request', 'AADSTS90002'))),
    '400-mime': ('400', error('ErrorMimeContentInvalid',
                              ('invalid_request', 'AADSTS900144'))),
    '400-page': ('400', PAGE),
    '413': ('413', PAGE),
    'redirect': ('307', NOTHING),
    '200-html': ('200', PAGE),
    '200-json-error': ('200', error('ErrorInternalServerError',
                                    ('server_error', 'AADSTS90033'))),
    'token-error': ('400', error('BadRequest', ('unauthorized_client',
                                                'AADSTS700016'))),
}
FIELDS = {
    '429-then-good': 'Retry-After: 1\r\n',
    '429-retry-after-year': 'Retry-After: 31536000\r\n',
    'redirect': 'Location: https://127.0.0.1:1/steal\r\n',
    'early-429': 'Retry-After: 400\r\nConnection: close\r\n',
}
ONCE = ('429-then-good', '401-once')
TAKEN = ('504-after-accept',)  # of the statuses


class Port:
    def __init__(self, name, kind):
        self.name, self.kind = name, kind
        self.count = collections.Counter()
        self.busy = {}  # requests under way, each with its plain socket
        self.socket = socket.create_server(('127.0.0.1', 0), backlog=64)

    def log(self, what):
        with LOCK:
            self.count[what] += 1
            LOG.write('%s %s\n' % (self.name, what))
            LOG.flush()
            return self.count[what]

    def serve(self):
        while True:
            peer = self.socket.accept()[0]
            threading.Thread(target=self.talk, args=(peer,),
                             daemon=True).start()

    def talk(self, peer):
        nth = self.log('connect')
        peer.settimeout(HELD)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain = socket.socket(fileno=os.dup(peer.fileno()))
        try:
            before_tls(self.kind, nth, peer)
            peer = context.wrap_socket(peer, server_side=True)
            while True:
                Exchange(self, peer, plain).play()
        except (Over, OSError, ValueError):
            pass
        finally:
            plain.close()
            peer.close()

    def begin(self, exchange):
        """One more is under way; those whose client died are not."""
        with LOCK:
            self.busy = {x: s for x, s in self.busy.items() if is_alive(s)}
            self.busy[exchange] = exchange.plain
            n = len(self.busy)
        self.log('together %d' % n)

    def end(self, exchange):
        with LOCK:
            self.busy.pop(exchange, None)


def hold(peer):
    """Silence, until the other side has enough of it."""
    end = time.monotonic() + HELD
    while time.monotonic() < end:
        if select.select([peer], [], [], 1)[0] and not peer.recv(65536):
            break
    raise Over


def is_alive(plain):
    try:
        return plain.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b''
    except BlockingIOError:
        return True
    except OSError:
        return False


def reset(peer):
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack('ii', 1, 0))
    raise Over


def before_tls(kind, nth, peer):
    if kind == 'conn-per-ip-limit' and nth == 1:
        raise Over
    if not kind.startswith('tls-'):
        return
    peer.recv(65536)
    if kind == 'tls-alert':
        peer.sendall(b'\x15\x03\x03\x00\x02\x02\x28')
        raise Over
    if kind == 'tls-garbage':
        peer.sendall(b'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n')
        raise Over
    if kind == 'tls-half-hello':
        peer.sendall(b'\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03' +
                     b'\x55' * 20)
    hold(peer)


class Exchange:
    """One request and what becomes of it."""

    def __init__(self, port, peer, plain):
        self.port, self.peer, self.kind = port, peer, port.kind
        self.plain = plain

    def read_until(self, data, end):
        while end not in data:
            more = self.peer.recv(65536)
            if not more:
                raise Over
            data += more
        return data.split(end, 1)

    def read_head(self):
        head, self.rest = self.read_until(b'', b'\r\n\r\n')
        self.token = b'/oauth2/' in head.split(b'\r\n')[0]
        self.length = int(re.search(rb'(?i)\r\ncontent-length: *(\d+)',
                                    head).group(1))
        self.nth = self.port.log('token' if self.token else 'send')

    def read_body(self):
        while len(self.rest) < self.length:
            more = self.peer.recv(65536)
            if not more:
                raise Over
            self.rest += more

    def take(self):
        if self.token:
            return
        mail = base64.b64decode(self.rest)
        name = b'message-id' if 'crowd' in self.kind else b'subject'
        text = re.search(rb'(?im)^' + name + rb': *(.*?)\r?$', mail).group(1)
        self.port.log('taken ' + text.decode())

    def good(self, fields=''):
        """The right answer: its head without the empty line, its body."""
        if not self.token:
            return 'HTTP/1.1 202 Accepted\r\n' + fields, ''
        life = 0 if self.kind == 'token-expires-0' else 3599
        return ('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n' +
                fields, '{"token_type":"Bearer","expires_in":%d,'
                '"access_token":"%s"}' % (life, TOKEN))

    def say(self, head, body):
        self.peer.sendall((head + 'Content-Length: %d\r\n\r\n' % len(body) +
                           body).encode())

    def fields(self):
        fields = FIELDS.get(self.kind, '')
        # `send` waits for it; in the queue it may not be due again at once
        if self.kind in ONCE and '.queue' in self.port.name:
            fields = fields.replace('Retry-After: 1\r', 'Retry-After: 60\r')
        return fields

    def refuse(self):
        status, bodies = STATUSES[self.kind]
        kind = 'text/html' if bodies is PAGE else 'application/json'
        self.say('HTTP/1.1 %s As you wish\r\nContent-Type: %s\r\n%s' %
                 (status, kind, self.fields()),
                 bodies[1 if self.token else 0])

    def play(self):
        if self.kind == 'no-read':
            time.sleep(HELD)
            raise Over
        self.read_head()
        if self.kind == 'early-429':
            self.refuse()
            hold(self.peer)
        self.read_body()
        if self.kind == 'silent':
            hold(self.peer)
        if self.kind in STATUSES and not (self.kind in ONCE and self.nth > 1):
            if self.kind in TAKEN:
                self.take()
            return self.refuse()
        if self.kind != 'http2-answer':
            self.take()
        getattr(self, 'play_' + self.kind.replace('-', '_'), self.play_good)()

    def play_good(self):
        self.say(*self.good())

    def play_crowd(self):
        if not self.token:
            self.port.begin(self)
            time.sleep(0.02)
            self.port.end(self)  # before the client can know
        self.play_good()

    def play_each_fifth(self, play):
        if self.token or self.nth % 5 != 0:
            return self.play_good()
        return play()

    def play_crowd_close(self):
        self.play_each_fifth(self.play_accept_then_close)

    def play_crowd_reset(self):
        self.play_each_fifth(self.play_accept_then_rst)

    def play_crowd_stale(self):
        self.play_each_fifth(self.play_keepalive_stale)

    def play_crowd_504(self):
        self.play_each_fifth(
            lambda: self.say('HTTP/1.1 504 As you wish\r\n', ''))

    def play_accept_then_close(self):
        raise Over

    def play_accept_then_rst(self):
        reset(self.peer)

    def play_reply_half(self):
        self.peer.sendall(self.good()[0][:14].encode())
        raise Over

    def play_slow_drip(self):
        head, body = self.good()
        for c in head + '\r\n' + body:
            self.peer.sendall(c.encode())
            time.sleep(0.3)
        raise Over

    def play_slow_headers_forever(self):
        self.peer.sendall(self.good()[0].encode())
        for i in range(10 * HELD):
            self.peer.sendall(b'X-%d: y\r\n' % i)
            time.sleep(0.1)
        raise Over

    def play_bad_chunk(self):
        head = self.good('Transfer-Encoding: chunked\r\n')[0]
        self.peer.sendall((head + '\r\n0x5\r\nhello\r\n0\r\n\r\n').encode())
        raise Over

    def play_cl_too_long(self):
        head, body = self.good()
        self.peer.sendall((head + 'Content-Length: %d\r\n\r\n%s' %
                           (len(body) + 100, body)).encode())
        raise Over

    def play_endless_body(self):
        head = self.good('Transfer-Encoding: chunked\r\n')[0]
        self.peer.sendall((head + '\r\n').encode())
        while True:
            self.peer.sendall(b'4000\r\n' + b' ' * 0x4000 + b'\r\n')

    def play_keepalive_stale(self):
        self.play_good()
        raise Over

    def play_date_skew(self):
        self.say(*self.good('Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n'))

    def play_http2_answer(self):
        self.peer.sendall(b'\x00\x00\x12\x04\x00\x00\x00\x00\x00' +
                          b'\x00' * 18)
        raise Over

    def play_close_notify_missing(self):
        head, body = self.good('Connection: close\r\n')
        self.peer.sendall((head + '\r\n' + body).encode())
        raise Over


def main():
    with open(FOLDER + '/ports', 'w') as ports:
        for line in sys.stdin:
            port = Port(*line.split())
            ports.write('%s %d\n' % (port.name, port.socket.getsockname()[1]))
            threading.Thread(target=port.serve, daemon=True).start()
    print('ready', flush=True)
    time.sleep(900)


main()
