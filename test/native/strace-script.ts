// The calls whose system calls strace.test.ts counts.

import { EVENT_IN } from "../../asm/abi.ts";
import { epoll, poll, select } from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { createLinuxHost } from "../../host/linux/host.ts";
import { announce, TIMES } from "../support/announced.ts";

const linux = createLinuxHost();
const memory = new WebAssembly.Memory({ initial: 1 });
const ready = os.eventfd(1);
const idle = os.eventfd(0);
const others = Array.from({ length: TIMES }, () => os.eventfd(0));
const ep = epoll();
ep.register(ready, EVENT_IN);
const nothing = epoll();
const p = poll();
p.register(ready, EVENT_IN);
const quiet = poll();
const out = new Int32Array(64);

announce({
  "epoll.poll ready": () => ep.poll(1),
  "epoll.poll for ever": () => ep.poll(),
  "epoll.poll at once": () => nothing.poll(0),
  "epoll.poll timeout": () => nothing.poll(0.0011),
  "epoll.pollInto": () => ep.pollInto(out, 1),
  "epoll.register": (i) => ep.register(others[i] as number, EVENT_IN),
  "epoll.modify": (i) => ep.modify(others[i] as number, 0),
  "epoll.unregister": (i) => ep.unregister(others[i] as number),
  "poll.poll ready": () => p.poll(1000),
  "poll.poll at once": () => quiet.poll(0),
  "poll.poll timeout": () => quiet.poll(1.1),
  "poll.pollInto": () => p.pollInto(out, 1000),
  "poll.register": (i) => p.register(others[i] as number, EVENT_IN),
  "poll.modify": (i) => p.modify(others[i] as number, 0),
  "poll.unregister": (i) => p.unregister(others[i] as number),
  "select ready": () => select([ready, idle], [], [ready], 1),
  "select at once": () => select([idle], [], [], 0),
  "select timeout": () => select([idle], [], [], 0.0011),
  "select rounds up": () => select([idle], [], [], 0.0000011),
  "host.poll rounds up": () => linux.poll(memory, 0, 0, 0.0000011),
  "host.epoll_wait with a fraction": () => linux.epoll_wait(memory, nothing.fileno(), 0, 1, 0.3),
  "host.epoll_wait longer than an int": () => linux.epoll_wait(memory, ep.fileno(), 0, 1, 1e10),
});
