"""Sockets for CPython on WASI, over the descriptors that createGuest gives a guest.

CPython's build for WASI has a socket type and no way to make a socket: socket() and socketpair() fail in
wasi-libc, without a question to the host. Import this module before asyncio:

    import omnipoll_socket
    left, right = socket.socketpair()         # two ends of a pair
    connection = omnipoll_socket.handed_in(100)  # the descriptor 100 of createGuest's `fds`

The module replaces socket.socket, socketpair, fromfd and dup, and os.pipe and os.dup.

wasi-vfs, which is linked into the build, has a table of descriptors of its own between the program and
the host. It knows the descriptors that it opened by a path, and so this module opens everything by a path.
It does not translate the numbers of sock_recv, sock_send, sock_shutdown and sock_accept. Plain transfers
are therefore read() and write(), and the calls that only sockets have take the host's number, which
fstat() tells.
"""

import os
import select
import socket
import time
from errno import ENOTSUP
from itertools import count

_FOLDER = "/dev/omnipoll"
# The device of all descriptors of createGuest.
_DEVICE = int.from_bytes(b"omnipoll")
_Socket = socket.socket
_names = count(1)


def _open(path):
    """Opens a path of createGuest to read and write."""
    return os.open(f"{_FOLDER}/{path}", os.O_RDWR)


def _dup(fd):
    """os.dup(), which wasi-libc lacks, of a descriptor that createGuest gave."""
    return _open(f"fd/{_host_number(fd)}")


def _host_number(fd):
    """The number of a descriptor at the host: createGuest tells it as the number of the inode."""
    stat = os.fstat(fd)
    if stat.st_dev != _DEVICE:
        raise OSError(ENOTSUP, f"descriptor {fd} is not one of createGuest")
    return stat.st_ino


class Socket(_Socket):
    """socket.socket, for a descriptor that exists.

    The arguments are those of socket.socket; without `fileno` the error is that of wasi-libc, ENOTSUP.
    """

    def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
        if fileno is not None:
            # wasi-libc cannot tell them of a descriptor.
            family = socket.AF_INET if family == -1 else family
            type = socket.SOCK_STREAM if type == -1 else type
            proto = 0 if proto == -1 else proto
        super().__init__(family, type, proto, fileno)

    def _when_ready(self, event, transfer, deadline=None):
        """Waits as the timeout says until a transfer does not fail with EAGAIN."""
        timeout = self.gettimeout()
        if timeout is not None and timeout > 0 and deadline is None:
            deadline = time.monotonic() + timeout
        while True:
            try:
                return transfer()
            except BlockingIOError:
                if timeout == 0:
                    raise
            poller = select.poll()
            poller.register(self.fileno(), event)
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0 or not poller.poll(left and left * 1000):
                raise TimeoutError("timed out")

    def _at_host(self, call):
        """Makes a call that wasi-vfs does not translate, on a socket with the host's number."""
        raw = _Socket(self.family, self.type, self.proto, _host_number(self.fileno()))
        try:
            return call(raw)
        finally:
            raw.detach()

    def recv(self, bufsize, flags=0):
        if bufsize < 0:
            raise ValueError("negative buffersize in recv")
        if flags:
            return self._when_ready(
                select.POLLIN, lambda: self._at_host(lambda raw: raw.recv(bufsize, flags))
            )
        return self._when_ready(select.POLLIN, lambda: os.read(self.fileno(), bufsize))

    def recv_into(self, buffer, nbytes=0, flags=0):
        with memoryview(buffer).cast("B") as view:
            if nbytes < 0:
                raise ValueError("negative buffersize in recv_into")
            if nbytes > len(view):
                raise ValueError("buffer too small for requested bytes")
            data = self.recv(nbytes or len(view), flags)
            view[: len(data)] = data
            return len(data)

    def _write(self, data, flags, deadline=None):
        if flags:
            raise OSError(ENOTSUP, f"send() with flags {flags:#x}: sock_send has none")
        return self._when_ready(
            select.POLLOUT, lambda: os.write(self.fileno(), data), deadline
        )

    def send(self, data, flags=0):
        return self._write(data, flags)

    def sendall(self, data, flags=0):
        timeout = self.gettimeout()
        # The timeout of sendall() is one for all bytes.
        deadline = time.monotonic() + timeout if timeout else None
        with memoryview(data).cast("B") as view:
            sent = 0
            while sent < len(view):
                sent += self._write(view[sent:], flags, deadline)

    def shutdown(self, how):
        self._at_host(lambda raw: raw.shutdown(how))

    def getsockname(self):
        raise OSError(ENOTSUP, "WASI has no call that tells the address of a socket")

    getpeername = getsockname

    def dup(self):
        return self._like(_dup(self.fileno()))

    def _like(self, fd):
        made = self.__class__(self.family, self.type, self.proto, fileno=fd)
        made.settimeout(self.gettimeout())
        return made


def socketpair(family=socket.AF_INET, type=socket.SOCK_STREAM, proto=0):
    """Two connected stream sockets, `/dev/omnipoll/pair/NAME/a` and `b`."""
    if family not in (socket.AF_INET, socket.AF_INET6, socket.AF_UNSPEC):
        raise ValueError(f"socketpair: the family must be AF_INET or AF_INET6, got {family}")
    if type != socket.SOCK_STREAM:
        raise ValueError(f"socketpair: the type must be SOCK_STREAM, got {type}")
    if proto != 0:
        raise ValueError(f"socketpair: the protocol must be 0, got {proto}")
    name = f"python-{next(_names)}"
    left = Socket(family, type, proto, _open(f"pair/{name}/a"))
    try:
        return left, Socket(family, type, proto, _open(f"pair/{name}/b"))
    except BaseException:
        left.close()
        raise


def pipe():
    """os.pipe(), which the build lacks: two ends of a pair, the first to read from."""
    reader, writer = socketpair()
    return reader.detach(), writer.detach()


def handed_in(number, family=socket.AF_INET, type=socket.SOCK_STREAM, proto=0):
    """A socket of the descriptor `number` that the host gave createGuest in `fds`."""
    return Socket(family, type, proto, _open(f"fd/{number}"))


def fromfd(fd, family, type, proto=0):
    """A socket of a duplicate of `fd`, as socket.fromfd."""
    return Socket(family, type, proto, _dup(fd))


socket.socket = Socket
socket.socketpair = socketpair
socket.fromfd = fromfd
socket.dup = os.dup = _dup
os.pipe = pipe
