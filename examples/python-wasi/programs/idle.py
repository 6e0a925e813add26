"""Standard input is open and has no bytes, standard output has room."""

import select
import selectors
import time

start = time.monotonic()
print("select times out", select.select([0], [], [], 0.1) == ([], [], []))
poller = select.poll()
poller.register(0, select.POLLIN)
print("poll times out", poller.poll(100) == [])
print("both waited", 0.2 <= time.monotonic() - start)
print("select reports stdout", select.select([0], [1], []) == ([], [1], []))
poller.register(1, select.POLLOUT)
print("poll reports stdout", poller.poll() == [(1, select.POLLOUT)])
with selectors.DefaultSelector() as selector:
    selector.register(0, selectors.EVENT_READ, "stdin")
    selector.register(1, selectors.EVENT_WRITE, "stdout")
    print("selectors report", [key.data for key, _ in selector.select()])
