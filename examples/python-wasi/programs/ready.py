"""Standard input has a line and may have its end: a pipe or a file."""

import select
import selectors
import sys

print("select without a timeout", select.select([0], [], []) == ([0], [], []))
print("select with timeout 0", select.select([0], [], [], 0) == ([0], [], []))
poller = select.poll()
poller.register(0, select.POLLIN)
print("poll with timeout 0", [(fd, event & select.POLLIN) for fd, event in poller.poll(0)])
with selectors.DefaultSelector() as selector:
    selector.register(0, selectors.EVENT_READ, "stdin")
    print("selectors report", [key.data for key, _ in selector.select(0)])
print("the line is", repr(sys.stdin.readline()))
