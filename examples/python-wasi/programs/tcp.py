"""asyncio's streams over a TCP connection that the host has made: its descriptor 5."""

import omnipoll_socket  # first: it replaces socket.socketpair

import asyncio

HANDED_IN = 100


async def main():
    sock = omnipoll_socket.handed_in(HANDED_IN)
    reader, writer = await asyncio.open_connection(sock=sock)
    writer.write(b"hello\n")
    await writer.drain()
    print("the server says", await reader.readline())
    try:
        async with asyncio.timeout(0.1):
            await reader.readline()
    except TimeoutError:
        print("nothing more for a while")
    writer.write(b"x" * 1_000_000 + b"\n")
    writer.write_eof()
    rest = await reader.read()
    print("a long line comes back", rest == b"X" * 1_000_000 + b"\n")
    writer.close()
    await writer.wait_closed()


asyncio.run(main())
