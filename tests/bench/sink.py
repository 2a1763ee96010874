#!/usr/bin/env python3
"""An SMTP server with TLS from the first byte that takes all and keeps nothing.

sink.py CERTIFICATE KEY

Listens on 127.0.0.1, prints "ready PORT", and counts nothing but the end of
each message: what a client costs is measured, not this.
"""
import asyncio
import ssl
import sys

WORDS = {b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE\r\n",
         b"DATA": b"354 go\r\n", b"QUIT": b"221 bye\r\n"}


async def take_data(reader):
    while (await reader.readline()).rstrip(b"\r\n") != b".":
        pass


async def serve(reader, writer):
    writer.write(b"220 sink ESMTP\r\n")
    while True:
        line = await reader.readline()
        word = line[:4].upper()
        if not line:
            break
        writer.write(WORDS.get(word, b"250 ok\r\n"))
        await writer.drain()
        if word == b"DATA":
            await take_data(reader)
            writer.write(b"250 taken\r\n")
        if word == b"QUIT":
            break
    writer.close()


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context,
                                        limit=1 << 22)
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
