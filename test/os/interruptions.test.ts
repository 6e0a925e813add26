// Signals during the socket calls of omnipoll/os.

import { suite } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { BlockingIOError } from "../../bindings/errors.ts";
import * as os from "../../bindings/node/os.ts";
import { inThread, signalled, throws } from "../support/expect.ts";
import { closeAll, listenOn } from "../support/probes.ts";
import { ignoreAgain, listenTo } from "../support/world.ts";

const SO_RCVTIMEO = 20;
const SO_SNDTIMEO = 21;
const LOCAL = "127.0.0.1";

const interruptions = suite("os: signals during a socket call (PEP 475)");

// Node installs its handlers with SA_RESTART, and then only calls with a timeout end with EINTR.
const aMinute = new Uint8Array(BigInt64Array.of(60n, 0n).buffer);
const onSignal = (): void => {};
interruptions.before(() => void listenTo("SIGWINCH", onSignal));
interruptions.after(() => void ignoreAgain("SIGWINCH", onSignal));

interruptions("recv goes on until there is data", async () => {
  const [a, b] = os.socketpair();
  os.setsockopt(b, os.SOL_SOCKET, SO_RCVTIMEO, aMinute);
  const { done } = await inThread(300, "os.send(data, 'x')", a);
  const child = signalled("WINCH", 50, 3);
  assert.is(os.recv(b, 1).toString(), "x");
  await done;
  child.kill();
  closeAll(a, b);
});

interruptions("read of a socket goes on until there is data", async () => {
  const [a, b] = os.socketpair();
  os.setsockopt(b, os.SOL_SOCKET, SO_RCVTIMEO, aMinute);
  const { done } = await inThread(300, "os.write(data, 'x')", a);
  const child = signalled("WINCH", 50, 3);
  assert.is(os.read(b, 1).toString(), "x");
  await done;
  child.kill();
  closeAll(a, b);
});

for (const call of [os.send, os.write]) {
  interruptions(`${call.name} goes on until there is room`, async () => {
    const [a, b] = os.socketpair();
    os.setsockopt(a, os.SOL_SOCKET, SO_SNDTIMEO, aMinute);
    throws(() => {
      for (;;) os.send(a, new Uint8Array(4096), os.MSG_DONTWAIT);
    }, BlockingIOError);
    const { done } = await inThread(300, "os.recv(data, 1 << 22).length", b);
    const child = signalled("WINCH", 50, 3);
    assert.is(call(a, "x"), 1);
    await done;
    child.kill();
    closeAll(a, b);
  });
}

interruptions("accept goes on until a client connects", async () => {
  const { fd, address } = listenOn(LOCAL);
  os.setsockopt(fd, os.SOL_SOCKET, SO_RCVTIMEO, aMinute);
  const client = os.socket();
  const { done } = await inThread(300, "os.connect(...data)", [client, address]);
  const child = signalled("WINCH", 50, 3);
  const [server, peer] = os.accept(fd);
  assert.is(peer[0], LOCAL);
  await done;
  child.kill();
  closeAll(fd, client, server);
});

interruptions("connect waits for the connection it began", async () => {
  const { fd, address } = listenOn(LOCAL, 0);
  const clients = [os.socket(), os.socket()];
  const [first = -1, second = -1] = clients;
  os.connect(first, address);
  os.setsockopt(second, os.SOL_SOCKET, SO_SNDTIMEO, aMinute);
  const { done } = await inThread(300, "return os.accept(data)[0]", fd);
  const child = signalled("WINCH", 50, 3);
  os.connect(second, address); // no room until the thread accepts, then the second SYN
  assert.equal(os.getpeername(second), address);
  child.kill();
  closeAll(...clients, fd, (await done) as number);
});

interruptions("connect of AF_UNIX is tried again until there is room", async () => {
  const fd = os.socket(os.AF_UNIX, os.SOCK_STREAM);
  const name = `\0omnipoll connect ${process.pid}`;
  os.bind(fd, name);
  os.listen(fd, 0);
  const clients = [0, 1].map(() => os.socket(os.AF_UNIX, os.SOCK_STREAM));
  const [first = -1, second = -1] = clients;
  os.connect(first, name);
  os.setsockopt(second, os.SOL_SOCKET, SO_SNDTIMEO, aMinute);
  const { done } = await inThread(300, "return os.accept(data)[0]", fd);
  const child = signalled("WINCH", 50, 3);
  os.connect(second, name);
  assert.is(os.getpeername(second), name);
  child.kill();
  closeAll(...clients, fd, (await done) as number);
});

interruptions.run();
