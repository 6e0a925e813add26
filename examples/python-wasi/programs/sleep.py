"""time.sleep(), which is poll_oneoff with an absolute time of the monotonic clock."""

import time

start = time.monotonic()
time.sleep(0.2)
print("slept", 0.2 <= time.monotonic() - start)
