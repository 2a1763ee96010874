#!/usr/bin/env python3
"""A small Graph, by http:// on the loopback: tokens, and sendMail.

graph.py ANSWER_MS [MAILBOX=MS...]

Answers each sendMail with 202 ANSWER_MS after its last byte, or after the time
of its mailbox; connections are kept. Prints "ready PORT" when it listens,
"first TIME" (seconds since 1970) at the first sendMail, "mail MAILBOX TIME" at
the first of each mailbox that was not named, and "sent N busy SECONDS" when it is told to end
(SIGTERM): how long requests were under way, all added up.
"""
import signal
import socketserver
import sys
import threading
import time
from urllib.parse import unquote

ANSWER_S = int(sys.argv[1]) / 1000.0
SLOW = {name.lower(): int(ms) / 1000.0
        for name, _, ms in (arg.rpartition("=") for arg in sys.argv[2:])}
TOKEN = (b'{"token_type":"Bearer","expires_in":3599,"access_token":'
         b'"eyJhbGciOiJub25lIn0.eyJyb2xlcyI6WyJNYWlsLlNlbmQiXX0.e30"}')
began, took = [], []  # of each sendMail
seen = set()


def send_mail(path):
    start = time.time()
    mailbox = unquote(path.split("/")[-2]).lower()
    began.append(start)
    if len(began) == 1:
        print("first", start, flush=True)
    if mailbox not in seen and mailbox not in SLOW:
        seen.add(mailbox)
        print("mail", mailbox, start, flush=True)
    time.sleep(SLOW.get(mailbox, ANSWER_S))
    took.append(time.time() - start)
    return b"HTTP/1.1 202 Accepted\r\nrequest-id: bench\r\n", b""


def give_token():
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n", TOKEN


class Client(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        while True:
            request = self.rfile.readline().split()
            if not request:
                break
            size = 0
            while (line := self.rfile.readline().rstrip()):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    size = int(value)
            self.rfile.read(size)
            path = request[1].decode()
            is_mail = path.endswith("/sendMail")
            head, body = send_mail(path) if is_mail else give_token()
            self.wfile.write(head + b"Content-Length: %d\r\n\r\n" % len(body)
                             + body)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a client that was killed


def end(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("sent", len(took), "busy", round(sum(took), 3), flush=True)
    threading.Thread(target=server.shutdown).start()


with Server(("127.0.0.1", 0), Client) as server:
    signal.signal(signal.SIGTERM, end)
    print("ready", server.server_address[1], flush=True)
    server.serve_forever()
