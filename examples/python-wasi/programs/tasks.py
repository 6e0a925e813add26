"""asyncio's timers, tasks, queues and timeouts. The loop wakes itself through a socket pair."""

import omnipoll_socket  # noqa: F401, first: it replaces socket.socketpair

import asyncio
import time


async def worker(name, queue, done):
    while (item := await queue.get()) is not None:
        await asyncio.sleep(0.01)
        done.append(f"{name}{item}")


async def main():
    start = time.monotonic()
    order = []

    async def after(seconds):
        await asyncio.sleep(seconds)
        order.append(seconds)

    await asyncio.gather(after(0.15), after(0.05), after(0.1))
    print("timers in order", order == [0.05, 0.1, 0.15])
    print("they waited at once", 0.15 <= time.monotonic() - start)

    queue = asyncio.Queue()
    done = []
    async with asyncio.TaskGroup() as group:
        for name in "ab":
            group.create_task(worker(name, queue, done))
        for item in [1, 2, 3, 4, None, None]:
            await queue.put(item)
    print("a queue", sorted(name[1] for name in done))

    try:
        async with asyncio.timeout(0.05):
            await asyncio.Event().wait()
    except TimeoutError:
        print("a timeout")

    loop = asyncio.get_running_loop()
    called = asyncio.Event()
    # Wakes the loop through its pair.
    loop.call_later(0.01, lambda: loop.call_soon_threadsafe(called.set))
    await called.wait()
    print("a wake-up")


asyncio.run(main())
