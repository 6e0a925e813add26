"""Runs the steps of a scenario with CPython. test/fuzz/machine.ts does the same with omnipoll.

A step is a line of words, its outcome a line of text: what the call returned, or the class of
the exception and the name of its errno. Descriptors have names; numbers are never written down.
All descriptors are non-blocking, so that no step can hang.
"""
import errno, os, select, shutil, socket, stat, tempfile, time

BITS = {
    "IN": 1, "PRI": 2, "OUT": 4, "ERR": 8, "HUP": 16, "NVAL": 32, "RDNORM": 64, "RDBAND": 128,
    "WRNORM": 256, "WRBAND": 512, "MSG": 1024, "RDHUP": 0x2000, "EXCLUSIVE": 1 << 28,
    "WAKEUP": 1 << 29, "ONESHOT": 1 << 30, "ET": 1 << 31,
}
EVERY_BIT = 0x27FF
TYPES = {"stream": socket.SOCK_STREAM, "dgram": socket.SOCK_DGRAM, "seqpacket": socket.SOCK_SEQPACKET}
FAMILIES = {"inet": socket.AF_INET, "unix": socket.AF_UNIX}
HOW = {"rd": socket.SHUT_RD, "wr": socket.SHUT_WR, "rdwr": socket.SHUT_RDWR}
MESSAGE = {"none": 0, "oob": socket.MSG_OOB, "peek": socket.MSG_PEEK}
OPTIONS = {"rcvlowat": socket.SO_RCVLOWAT, "oobinline": socket.SO_OOBINLINE}
OPENING = {"r": os.O_RDONLY, "w": os.O_WRONLY, "rw": os.O_RDWR}
LOOPBACK = "127.0.0.1"
#: Loopback TCP arrives at once as a rule, and always within this time.
ARRIVAL_S = 0.004
#: The answer to a FIN wakes edge-triggered waiters, and may be delayed by 40 ms.
FIN_ANSWERED_S = 0.06


def mask_of(text):
    return 0 if text == "0" else sum(BITS[name] for name in text.split("|"))


def names_of(mask):
    names = [name for name, bit in BITS.items() if mask & bit]
    rest = mask & ~sum(BITS.values())
    return "|".join(names + ([hex(rest)] if rest else [])) or "0"


def error_of(error):
    code = errno.errorcode.get(getattr(error, "errno", None))
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def plug_holes():
    """Opens what is free below the highest open number, so that numbers are given out in order."""
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))
    plugs = []
    while not plugs or plugs[-1] <= highest:
        plugs.append(os.dup(0))
    os.close(plugs.pop())
    return plugs


class Machine:
    def __init__(self):
        self.folder = tempfile.mkdtemp()
        self.numbers = {}  # of descriptors, by name
        self.names = {}  # of descriptors, by number
        self.open = []  # names, in order of creation
        self.objects = {}
        self.addresses = {}
        self.slow = set()  # names of TCP and UDP sockets
        self.plugs = plug_holes()

    def finish(self):
        for item in self.objects.values():
            if hasattr(item, "close"):
                item.close()
        for fd in [*(self.numbers[name] for name in self.open), *self.plugs]:
            os.close(fd)
        shutil.rmtree(self.folder)

    def run(self, step):
        word, *words = step.split(" ")
        try:
            outcome = getattr(self, "do_" + word)(*words)
        except Exception as error:
            outcome = error_of(error)
        if any(name in self.slow for name in words):
            time.sleep(FIN_ANSWERED_S if word == "shutdown" else ARRIVAL_S)
        return "ok" if outcome is None else str(outcome)

    def named(self, name, fd):
        os.set_blocking(fd, False)
        self.numbers[name] = fd
        self.names[fd] = name
        self.open.append(name)

    def is_pipe(self, name):
        return stat.S_ISFIFO(os.fstat(self.numbers[name]).st_mode)

    def file(self, name):
        return self.objects[name] if name in self.objects else self.numbers[name]

    def socket(self, name):
        return socket.socket(fileno=self.numbers[name])

    def with_socket(self, name, call):
        sock = self.socket(name)
        try:
            return call(sock)
        finally:
            sock.detach()

    # Descriptors

    def do_pipe(self, r, w):
        for name, fd in zip((r, w), os.pipe()):
            self.named(name, fd)

    def do_socketpair(self, a, b, kind="stream"):
        for name, sock in zip((a, b), socket.socketpair(socket.AF_UNIX, TYPES[kind])):
            self.named(name, sock.detach())

    def do_socket(self, name, family, kind):
        self.named(name, socket.socket(FAMILIES[family], TYPES[kind]).detach())
        if family == "inet":
            self.slow.add(name)

    def do_tcp(self, a, b):
        with socket.socket() as listener:
            listener.bind((LOOPBACK, 0))
            listener.listen(1)
            client = socket.socket()
            client.connect(listener.getsockname())
            server, _ = listener.accept()
        self.named(a, client.detach())
        self.named(b, server.detach())
        self.slow.update((a, b))

    def do_udp(self, a, b):
        socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for sock in socks:
            sock.bind((LOOPBACK, 0))
        socks[0].connect(socks[1].getsockname())
        socks[1].connect(socks[0].getsockname())
        for name, sock in zip((a, b), socks):
            self.named(name, sock.detach())
        self.slow.update((a, b))

    def do_bind(self, name, family):
        address = (LOOPBACK, 0) if family == "inet" else f"{self.folder}/{name}"
        self.with_socket(name, lambda sock: sock.bind(address))
        self.addresses[name] = self.with_socket(name, lambda sock: sock.getsockname())

    def do_listen(self, name, backlog):
        self.with_socket(name, lambda sock: sock.listen(int(backlog)))

    def do_connect(self, name, to):
        self.with_socket(name, lambda sock: sock.connect(self.addresses[to]))

    def do_accept(self, name, listener):
        accepted, _ = self.with_socket(listener, lambda sock: sock.accept())
        self.named(name, accepted.detach())
        if listener in self.slow:
            self.slow.add(name)

    def do_dup(self, name, of):
        self.named(name, os.dup(self.numbers[of]))
        if of in self.slow:
            self.slow.add(name)

    def do_reopen(self, name, of):
        """Like dup2() onto a closed name."""
        wanted = self.numbers[name]
        spare = [os.dup(self.numbers[of])]
        while spare[-1] != wanted:
            spare.append(os.dup(self.numbers[of]))
        for fd in spare[:-1]:
            os.close(fd)
        self.named(name, wanted)

    def do_eventfd(self, name, value, semaphore=""):
        flags = os.EFD_CLOEXEC | (os.EFD_SEMAPHORE if semaphore else 0)
        self.named(name, os.eventfd(int(value), flags))

    def do_mkfifo(self, path):
        os.mkfifo(f"{self.folder}/{path}")

    def do_file(self, path, size):
        with open(f"{self.folder}/{path}", "wb") as file:
            file.write(b"x" * int(size))

    def do_open(self, name, path, how):
        full = path if path.startswith("/") else f"{self.folder}/{path}"
        self.named(name, os.open(full, OPENING[how] | os.O_NONBLOCK))

    def do_close(self, name):
        self.open.remove(name)
        os.close(self.numbers[name])

    def do_blocking(self, name, on):
        os.set_blocking(self.numbers[name], on == "on")

    # Data

    def do_write(self, name, size):
        return os.write(self.numbers[name], b"x" * int(size))

    def do_read(self, name, size):
        return len(os.read(self.numbers[name], int(size)))

    def do_fill(self, name, chunk="65536"):
        """Writes until nothing more is taken. How much a socket takes is not written down."""
        total, size = 0, int(chunk)
        while size >= 1:
            try:
                total += os.write(self.numbers[name], b"x" * size)
            except BlockingIOError:
                size //= 2
        return total if self.is_pipe(name) else "full"

    def do_drain(self, name):
        total = 0
        try:
            while data := os.read(self.numbers[name], 65536):
                total += len(data)
        except BlockingIOError:
            pass
        return total if self.is_pipe(name) else "empty"

    def do_send(self, name, size, flags="none"):
        return self.with_socket(name, lambda sock: sock.send(b"x" * int(size), MESSAGE[flags]))

    def do_recv(self, name, size, flags="none"):
        return len(self.with_socket(name, lambda sock: sock.recv(int(size), MESSAGE[flags])))

    def do_shutdown(self, name, how):
        self.with_socket(name, lambda sock: sock.shutdown(HOW[how]))

    def do_so_error(self, name):
        number = self.with_socket(name, lambda sock: sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        return errno.errorcode.get(number, number)

    def do_option(self, name, option, value):
        self.with_socket(name, lambda sock: sock.setsockopt(socket.SOL_SOCKET, OPTIONS[option], int(value)))

    def do_eventfd_write(self, name, value):
        os.eventfd_write(self.numbers[name], int(value))

    def do_eventfd_read(self, name):
        return os.eventfd_read(self.numbers[name])

    # The module under test

    def do_epoll(self, name):
        self.objects[name] = made = select.epoll()
        self.names[made.fileno()] = name

    def do_fromfd(self, name, of):
        """Takes the descriptor over: closing the object closes it."""
        if of in self.open:
            self.open.remove(of)
        self.objects[name] = select.epoll.fromfd(self.numbers[of])

    def do_dupepoll(self, name, of):
        self.named(name, os.dup(self.objects[of].fileno()))

    def do_polling(self, name):
        self.objects[name] = select.poll()

    def do_closing(self, name):
        self.objects[name].close()

    def do_closed(self, name):
        return str(self.objects[name].closed).lower()

    def do_register(self, on, name, mask=None):
        masks = () if mask is None else (mask_of(mask),)
        return self.objects[on].register(self.file(name), *masks)

    def do_modify(self, on, name, mask):
        return self.objects[on].modify(self.file(name), mask_of(mask))

    def do_unregister(self, on, name):
        return self.objects[on].unregister(self.file(name))

    def do_poll(self, on, timeout="0", *maxevents):
        events = self.objects[on].poll(float(timeout), *map(int, maxevents))
        return " ".join(f"{self.names[fd]}:{names_of(mask)}" for fd, mask in events) or "-"

    def do_select(self, r, w, x, timeout="0"):
        lists = [[] if names == "-" else names.split(",") for names in (r, w, x)]
        ready = select.select(*([self.file(name) for name in names] for names in lists), float(timeout))
        text = lambda item: self.names[item if isinstance(item, int) else item.fileno()]
        return " ".join(",".join(map(text, one)) or "-" for one in ready)

    def do_state(self, name):
        """What poll, select and epoll say of a descriptor if asked for everything."""
        poll = select.poll()
        poll.register(self.file(name), EVERY_BIT)
        polled = " ".join(names_of(mask) for _, mask in poll.poll(0)) or "-"
        selected = self.attempt(lambda: "".join(str(len(ready)) for ready in select.select(*[[self.file(name)]] * 3, 0)))
        return f"{polled} / {selected} / {self.attempt(lambda: self.epolled(name))}"

    def epolled(self, name):
        with select.epoll() as epoll:
            epoll.register(self.file(name), EVERY_BIT)
            return " ".join(names_of(mask) for _, mask in epoll.poll(0)) or "-"

    def attempt(self, call):
        try:
            return call()
        except OSError as error:
            return error_of(error)

    def do_poll_all(self, epoll, poll):
        """The same descriptors through the three calls."""
        files = ",".join(self.open) or "-"
        return f"{self.do_poll(epoll)} / {self.do_poll(poll)} / {self.attempt(lambda: self.do_select(files, files, files))}"
