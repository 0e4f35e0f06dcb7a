# SPDX-License-Identifier: GPL-2.0
"""streams.py serve PORT KEYS | talk ADDRESS PORT KEYS - echoes by asyncio.

The server echoes on PORT, and with TLS on the one above.  The client talks to
both by several connections at once and compares the sums of what it sent and
what came back.
"""

import asyncio
import hashlib
import os
import ssl
import sys

CONNECTIONS = 4
CHUNKS = 20


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
    writer.close()


async def serve(port, keys):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(f"{keys}/tls.pub", f"{keys}/tls")
    secure = await asyncio.start_server(echo, None, port + 1, ssl=context)
    # last, as the client starts once this one listens
    plain = await asyncio.start_server(echo, None, port)
    async with plain, secure:
        await asyncio.gather(plain.serve_forever(), secure.serve_forever())


async def send(writer, chunks):
    for chunk in chunks:
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def talk_one(address, port, context):
    chunks = [os.urandom(1 + int.from_bytes(os.urandom(2), "big") % 20000)
              for _ in range(CHUNKS)]
    sent = b"".join(chunks)
    reader, writer = await asyncio.open_connection(address, port, ssl=context)
    sending = asyncio.create_task(send(writer, chunks))
    back = await reader.readexactly(len(sent))
    await sending
    if not context and await reader.read():
        sys.exit("more came back than was sent")
    writer.close()
    await writer.wait_closed()
    if hashlib.sha256(back).digest() != hashlib.sha256(sent).digest():
        sys.exit("what came back is not what was sent")


async def talk(address, port, keys):
    context = ssl.create_default_context(cafile=f"{keys}/tls.pub")
    await asyncio.gather(*(talk_one(address, port + secure, context if secure else None)
                           for _ in range(CONNECTIONS) for secure in (0, 1)))


if sys.argv[1] == "serve":
    asyncio.run(serve(int(sys.argv[2]), sys.argv[3]))
else:
    asyncio.run(talk(sys.argv[2], int(sys.argv[3]), sys.argv[4]))
