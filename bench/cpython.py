"""The cases of the benchmarks with CPython's select, over the protocol of baseline.c.

A second thread sleeps, as in baseline.c, unless `--threads 1` is given.
"""

import fcntl
import os
import platform
import resource
import select
import sys
import threading
from time import perf_counter_ns as now

POOL = 64
WRITERS = 1100

readers = []
writers = []


def make_pipes(count):
    for _ in range(count):
        reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        readers.append(reader)
        writers.append(fcntl.fcntl(writer, fcntl.F_DUPFD_CLOEXEC, WRITERS))
        os.close(writer)


def make_ready(ready, count):
    for i in range(ready):
        os.write(writers[count // 2 if ready == 1 else i], b"x")


def timed(loop):
    """Times a function that makes `calls` calls."""

    def run(calls):
        start = now()
        loop(calls)
        return now() - start

    return run


def repeat(call, *args):
    def loop(calls):
        for _ in range(calls):
            call(*args)

    return timed(loop)


def epoll_of(descriptors):
    ep = select.epoll()
    for fd in descriptors:
        ep.register(fd, select.EPOLLIN)
    return ep


def poll_of(descriptors):
    p = select.poll()
    for fd in descriptors:
        p.register(fd, select.POLLIN)
    return p


def epoll(ready, registered):
    make_pipes(registered)
    make_ready(ready, registered)
    return repeat(epoll_of(readers).poll, 0)


def poll(ready, registered):
    make_pipes(registered)
    make_ready(ready, registered)
    return repeat(poll_of(readers).poll, 0)


def select_(ready, registered):
    make_pipes(registered)
    make_ready(ready, registered)
    return repeat(select.select, readers, [], [], 0)


def modify(make, one, other):
    def case(registered):
        make_pipes(registered)
        modify = make(readers).modify
        fd = readers[registered // 2]

        def loop(calls):
            for call in range(calls):
                modify(fd, one if call & 1 else other)

        return timed(loop)

    return case


def pool(make, mask, adding):
    """Times the registrations or the removals of POOL descriptors among others."""

    def case(registered):
        make_pipes(registered + POOL)
        registry = make(readers[:registered])
        extra = readers[registered:]

        def run(calls):
            spent = 0
            register = registry.register
            unregister = registry.unregister
            for _ in range(0, calls, POOL):
                start = now()
                for fd in extra:
                    register(fd, mask)
                middle = now()
                for fd in extra:
                    unregister(fd)
                spent += middle - start if adding else now() - middle
            return spent

        return run

    return case


def libevent(pipes, active, writes, set_up, dispatch):
    """libevent's test/bench.c without libevent; see baseline.c."""
    make_pipes(pipes)
    after = {fd: writers[(i + 1) % pipes] for i, fd in enumerate(readers)}
    starters = [writers[i * (pipes // active)] for i in range(active)]
    read = os.read
    write = os.write

    def loop(calls):
        for _ in range(calls):
            set_up()
            dispatch()
            for fd in starters:
                write(fd, b"e")
            fired = active
            taken = 0
            written = writes
            while taken != fired:
                for fd in dispatch():
                    read(fd, 1)
                    taken += 1
                    if written:
                        written -= 1
                        fired += 1
                        write(after[fd], b"e")

    return timed(loop)


def libevent_registry(make, mask):
    def case(pipes, active, writes):
        registry = make([])

        def set_up():
            register = registry.register
            unregister = registry.unregister
            for fd in readers:
                try:
                    unregister(fd)
                except (KeyError, FileNotFoundError):
                    pass
                register(fd, mask)

        poll = registry.poll
        return libevent(pipes, active, writes, set_up, lambda: [fd for fd, _ in poll(0)])

    return case


def libevent_select(pipes, active, writes):
    wanted = []

    def set_up():
        wanted[:] = readers

    return libevent(
        pipes, active, writes, set_up, lambda: select.select(wanted, [], [], 0)[0]
    )


EPOLL = select.EPOLLIN
POLL = select.POLLIN
CASES = {
    "epoll": epoll,
    "epoll-modify": modify(epoll_of, EPOLL, EPOLL | select.EPOLLPRI),
    "epoll-register": pool(epoll_of, EPOLL, True),
    "epoll-unregister": pool(epoll_of, EPOLL, False),
    "poll": poll,
    "poll-modify": modify(poll_of, POLL, POLL | select.POLLPRI),
    "poll-register": pool(poll_of, POLL, True),
    "poll-unregister": pool(poll_of, POLL, False),
    "select": select_,
    "libevent-epoll": libevent_registry(epoll_of, EPOLL),
    "libevent-poll": libevent_registry(poll_of, POLL),
    "libevent-select": libevent_select,
}


def finish():
    for fd in readers + writers:
        os.close(fd)
    readers.clear()
    writers.clear()


def main():
    if sys.argv[1:] != ["--threads", "1"]:
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    soft = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    print(platform.python_implementation(), platform.python_version(), flush=True)

    run = None
    for line in sys.stdin:
        command, *words = line.split()
        if command == "prepare":
            try:
                run = CASES[words[0]](*map(int, words[1:]))
                run(1)
                print("ok", flush=True)
            except (OSError, ValueError) as failure:
                finish()
                print("skip", failure, flush=True)
        elif command == "run":
            print(run(int(words[0])), flush=True)
        else:
            run = None
            finish()
            print("ok", flush=True)


main()
