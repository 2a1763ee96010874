#!/usr/bin/env python3
"""A TCP proxy that makes loopback as slow as a long line.

delay.py PORT ONE_WAY_MS

Listens on [::1]:PORT and leads to 127.0.0.1:PORT, so that the same
server has a quick address and a slow one.

Every byte arrives ONE_WAY_MS later. A connection that the kernel completes at
once would have cost a round trip on a real line, so what a client writes
first is held back for one more. Prints "ready" when it listens.
"""
import asyncio
import sys

port, one_way = (int(a) for a in sys.argv[1:3])
one_way /= 1000.0


async def pump(reader, writer, first_extra):
    """Keeps order and spacing; what is due later does not block reading."""
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue()
    offset = first_extra

    async def out():
        while True:
            due, data = await queue.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if data is None:
                break
            writer.write(data)
        if writer.can_write_eof():
            writer.write_eof()

    task = asyncio.create_task(out())
    try:
        while True:
            data = await reader.read(65536)
            await queue.put((loop.time() + one_way + offset, data or None))
            offset = 0.0
            if not data:
                break
    except OSError:
        await queue.put((loop.time(), None))
    try:
        await task
    except OSError:
        pass


async def serve(reader, writer):
    up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.gather(pump(reader, up_writer, 2 * one_way),
                         pump(up_reader, writer, 0.0))
    for w in (writer, up_writer):
        w.close()


async def main():
    server = await asyncio.start_server(serve, "::1", port)
    print("ready", flush=True)
    await server.serve_forever()

asyncio.run(main())
