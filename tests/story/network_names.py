#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""network_names: a name server on 127.0.0.2 with good and bad names below
"test", and a black hole on 127.0.0.3: it listens and takes nobody.

usage: network_names.py FIRST-PORT
"""
import socket
import struct
import sys

A, AAAA = 1, 28
LIVE = socket.inet_aton('127.0.0.1')
NOWHERE = socket.inet_pton(socket.AF_INET6, '2001:db8::1')
PORTS = 16
# name: code of the answer, and its addresses; None: no answer
NAMES = {
    'six': (0, {AAAA: [NOWHERE], A: [LIVE]}),
    'hole': (0, {A: [socket.inet_aton('127.0.0.3'), LIVE]}),
    'empty': (0, {}),
    'fail': (2, {}),
    'mute': None,
}
NXDOMAIN = (3, {})
SEARCHED = (2, {})  # what a search domain says that is not looked after


def question(packet):
    """First and last label, where the question ends, and its type."""
    at, labels = 12, []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    kind, = struct.unpack('!H', packet[at + 1:at + 3])
    return labels[0].lower(), labels[-1].lower(), at + 5, kind


def answer(packet):
    name, last, end, kind = question(packet)
    known = NAMES.get(name, NXDOMAIN) if last == 'test' else SEARCHED
    if known is None:
        return None
    code, records = known
    found = records.get(kind, [])
    head = packet[:2] + struct.pack('!HHHHH', 0x8180 | code, 1, len(found),
                                    0, 0)
    return head + packet[12:end] + b''.join(
        b'\xc0\x0c' + struct.pack('!HHIH', kind, 1, 60, len(a)) + a
        for a in found)


def hole(port):
    """A listener whose queue is full: the kernel drops who comes next."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(('127.0.0.3', port))
    s.listen(0)
    waiting = []
    for _ in range(4):
        c = socket.socket()
        c.setblocking(False)
        c.connect_ex(('127.0.0.3', port))
        waiting.append(c)
    return s, waiting


def main():
    first = int(sys.argv[1])
    holes = [hole(first + i) for i in range(PORTS)]
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(('127.0.0.2', 53))
    print('ready', len(holes), flush=True)
    while True:
        packet, who = s.recvfrom(1500)
        reply = answer(packet)
        if reply is not None:
            s.sendto(reply, who)


main()
