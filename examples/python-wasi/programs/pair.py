"""asyncio's streams over a socket pair: lines, more bytes than the pair has room for, and the end."""

import omnipoll_socket  # noqa: F401, first: it replaces socket.socketpair

import asyncio
import hashlib
import socket

SIZE = 3_000_000


async def echo_lines(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()
    await writer.wait_closed()


async def main():
    left, right = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=left)
    peer_reader, peer_writer = await asyncio.open_connection(sock=right)
    echo = asyncio.create_task(echo_lines(peer_reader, peer_writer))
    for line in (b"one\n", b"two\n"):
        writer.write(line)
        await writer.drain()
        print("echoed", await reader.readline())
    writer.write_eof()
    print("the end", await reader.read())
    await echo
    writer.close()
    await writer.wait_closed()

    left, right = socket.socketpair()
    _, writer = await asyncio.open_connection(sock=left)
    reader, peer_writer = await asyncio.open_connection(sock=right)

    async def send():
        writer.write(bytes(range(250)) * (SIZE // 250))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    task = asyncio.create_task(send())
    received = await reader.read()
    await task
    expected = hashlib.sha256(bytes(range(250)) * (SIZE // 250)).digest()
    print("three megabytes", hashlib.sha256(received).digest() == expected)
    peer_writer.close()


asyncio.run(main())
