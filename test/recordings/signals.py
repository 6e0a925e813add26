#!/usr/bin/env python3
"""Writes down what Linux says of blocked signals and a signalfd; test/sim/signals-recorded.test.ts
compares the simulated kernel with it.

    python3 test/recordings/signals.py > test/recordings/signals.recorded.json

The signals are blocked all the time: they are pending until somebody takes them.
"""
import ctypes, json, os, random, select, signal

SIGNALS = [10, 12, 17, 28, 40, 41]
PROGRAMS = 100
STEPS = 40
SIZE = 128
libc = ctypes.CDLL(None, use_errno=True)


def mask_of(signals):
    return ctypes.byref(ctypes.c_uint64(sum(1 << (one - 1) for one in signals)))


def random_step(chance):
    some = lambda: [one for one in SIGNALS if chance.random() < 0.5]
    kind = chance.choice(["kill"] * 6 + ["ignore", "default", "mask", "pending", "wait", "poll"]
                         + ["read", "epoll"] * 2)
    if kind in ("kill", "ignore", "default"):
        return [kind, chance.choice(SIGNALS)]
    if kind == "mask":
        return [kind, *some()]
    if kind == "wait":
        return [kind, 10, *some()]
    return [kind, chance.randint(1, 3)] if kind == "read" else [kind]


def run(steps):
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    while signal.sigtimedwait(SIGNALS, 0) is not None:
        pass
    for one in SIGNALS:
        signal.signal(one, signal.SIG_DFL)
    fd = libc.signalfd(-1, mask_of([10]), os.O_NONBLOCK)
    epoll, poll = select.epoll(), select.poll()
    epoll.register(fd, select.EPOLLIN | select.EPOLLET)
    poll.register(fd, 0x7FFF)

    def answer(kind, *given):
        if kind == "kill":
            os.kill(os.getpid(), *given)
        elif kind == "ignore":
            signal.signal(*given, signal.SIG_IGN)
        elif kind == "default":
            signal.signal(*given, signal.SIG_DFL)
        elif kind == "mask":
            libc.signalfd(fd, mask_of(given), 0)
        elif kind == "pending":
            return sorted(int(one) for one in signal.sigpending())
        elif kind == "wait":
            taken = signal.sigtimedwait(given, 0)
            return [] if taken is None else [taken.si_signo]
        elif kind == "read":
            try:
                read = os.read(fd, SIZE * given[0])
            except BlockingIOError:
                return ["EAGAIN"]
            return [int.from_bytes(read[at:at + 4], "little") for at in range(0, len(read), SIZE)]
        else:
            return [event for _, event in (epoll if kind == "epoll" else poll).poll(0)]
        return []

    try:
        return [[step, answer(*step)] for step in steps]
    finally:
        epoll.close()
        os.close(fd)


chance = random.Random(1)
programs = [run([random_step(chance) for _ in range(STEPS)]) for _ in range(PROGRAMS)]
print("[\n" + ",\n".join(json.dumps(one, separators=(",", ":")) for one in programs) + "\n]")
