import { constants } from "node:os";
import { join } from "node:path";
import { suite } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  DATA_BACKLOG,
  DATA_COUNTER,
  DATA_ERROR,
  DATA_FD,
  DATA_FILE,
  DATA_OPEN,
  DATA_PIPE_ROOM,
  DATA_READABLE,
  DATA_SENDABLE,
  DATA_SIZE,
  DATA_STATE_SHUT_WRITE,
  DATA_STATE_UNCONNECTED,
  DATA_VALUE,
  DATA_WHAT,
  DATA_WITH_STATE,
  EBADF,
  EINVAL,
  EVENT_ERR,
  EVENT_RDHUP,
} from "../../asm/abi.ts";
import * as os from "../../bindings/node/os.ts";
import { apart, canBeRoot, dataOf, host, memory, outside, PAGE, readyOf, view } from "./support.ts";
import {
  closeSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
  tmpdir,
} from "../support/files.ts";

const { ECONNREFUSED, ECONNRESET, EFAULT, EHOSTUNREACH, ENOTSOCK, ENOTTY } = constants.errno;
const { EPIPE, ETIMEDOUT } = constants.errno;
const LOCALHOST = "127.0.0.1";

/** Value of an answer that must have no error. */
function valueOf(fd: number, what: number): number {
  const { value, error } = dataOf(fd, what);
  assert.is(error, 0);
  return value;
}

const amounts = suite("fd_data: how much");

amounts("whether a descriptor is open", () => {
  const [r, w] = os.pipe();
  assert.equal(dataOf(r, DATA_OPEN), { value: 0, error: 0, state: 0 });
  os.close(r);
  assert.equal(dataOf(r, DATA_OPEN), { value: 0, error: -EBADF, state: 0 });
  assert.equal(dataOf(-1, DATA_OPEN), { value: 0, error: -EBADF, state: 0 });
  os.close(w);
});

amounts("bytes to read from and room in a pipe", () => {
  const [r, w] = os.pipe();
  assert.is(valueOf(r, DATA_READABLE), 0);
  assert.is(valueOf(w, DATA_PIPE_ROOM), 65536);
  os.write(w, "12345");
  assert.is(valueOf(r, DATA_READABLE), 5);
  assert.is(valueOf(w, DATA_PIPE_ROOM), 65531);
  assert.is(valueOf(r, DATA_PIPE_ROOM), 65531, "of either end");
  os.close(r);
  os.close(w);
});

amounts("bytes to read from sockets: all of a stream, the first of datagrams", () => {
  const stream = os.socketpair();
  os.write(stream[1], "123");
  os.write(stream[1], "45");
  assert.is(valueOf(stream[0], DATA_READABLE), 5);
  const datagrams = os.socketpair(os.AF_UNIX, os.SOCK_DGRAM);
  os.write(datagrams[1], "123");
  os.write(datagrams[1], "45");
  assert.is(valueOf(datagrams[0], DATA_READABLE), 3);
  for (const fd of [...stream, ...datagrams]) os.close(fd);
});

amounts("free send buffer", () => {
  const [a, b] = os.socketpair();
  const size = os.getsockopt(a, os.SOL_SOCKET, os.SO_SNDBUF);
  assert.is(valueOf(a, DATA_SENDABLE), size);
  os.write(a, "x".repeat(1000));
  const less = valueOf(a, DATA_SENDABLE);
  assert.ok(less <= size - 1000, `${less} of ${size}`);
  os.set_blocking(a, false);
  try {
    for (;;) os.write(a, "x".repeat(4096));
  } catch {
    assert.ok(valueOf(a, DATA_SENDABLE) < 4096 * 2);
  }
  os.close(a);
  os.close(b);
});

amounts("connections that wait, of TCP and of Unix sockets", () => {
  const tcp = os.socket(os.AF_INET, os.SOCK_STREAM);
  os.bind(tcp, [LOCALHOST, 0]);
  const unix = os.socket(os.AF_UNIX, os.SOCK_STREAM);
  os.bind(unix, `\0omnipoll-data-${process.pid}`);
  for (const listener of [tcp, unix]) {
    os.listen(listener, 10);
    assert.is(valueOf(listener, DATA_BACKLOG), 1, "at least 1 is assumed");
    const clients = [1, 2, 3].map(() => {
      const client = os.socket(listener === tcp ? os.AF_INET : os.AF_UNIX, os.SOCK_STREAM);
      os.connect(client, os.getsockname(listener));
      return client;
    });
    assert.is(valueOf(listener, DATA_BACKLOG), 3);
    os.close(os.accept(listener)[0]);
    assert.is(valueOf(listener, DATA_BACKLOG), 2);
    assert.is(dataOf(clients[0] ?? -1, DATA_BACKLOG).error, -EINVAL, "does not listen");
    for (const fd of [listener, ...clients]) os.close(fd);
  }
  const [r, w] = os.pipe();
  assert.is(dataOf(r, DATA_BACKLOG).error, -ENOTSOCK);
  os.close(r);
  os.close(w);
});

amounts("the rest of a file, or less than nothing", () => {
  const path = join(tmpdir(), `omnipoll-data-${process.pid}`);
  const fd = openSync(path, "w+");
  assert.is(valueOf(fd, DATA_FILE), 0);
  writeSync(fd, "0123456789", 0);
  assert.is(valueOf(fd, DATA_FILE), 10);
  readSync(fd, Buffer.alloc(8), 0, 8, null);
  assert.is(valueOf(fd, DATA_FILE), 2);
  ftruncateSync(fd, 3);
  assert.is(valueOf(fd, DATA_FILE), -5);
  ftruncateSync(fd, 2 ** 40);
  assert.is(valueOf(fd, DATA_FILE), 2 ** 40 - 8);
  closeSync(fd);
  rmSync(path);
  const [r, w] = os.pipe();
  assert.is(dataOf(r, DATA_FILE).error, -constants.errno.ESPIPE);
  os.close(r);
  os.close(w);
});

amounts("the counter of an eventfd, which stays as it is", () => {
  const fd = os.eventfd(0x1a);
  assert.is(valueOf(fd, DATA_COUNTER), 0x1a);
  assert.is(valueOf(fd, DATA_COUNTER), 0x1a);
  os.eventfd_write(fd, 2 ** 52);
  assert.is(valueOf(fd, DATA_COUNTER), 2 ** 52 + 0x1a);
  os.eventfd_read(fd);
  os.eventfd_write(fd, 0xffff_ffff_ffff_fffen);
  assert.is(valueOf(fd, DATA_COUNTER), -2, "all 64 bits, of 2^64 - 2 here");
  os.close(fd);
  assert.is(dataOf(fd, DATA_COUNTER).error, -EBADF);
  const epoll = host.epoll_create1(0);
  assert.is(dataOf(epoll, DATA_COUNTER).error, -EINVAL, "no eventfd");
  host.close(epoll);
});

amounts("a batch is answered one by one, each with its own error", () => {
  const [r, w] = os.pipe();
  os.write(w, "abc");
  const asked = [
    [r, DATA_READABLE],
    [-1, DATA_READABLE],
    [w, DATA_PIPE_ROOM],
    [r, 99],
    [r, DATA_SENDABLE],
  ] as const;
  const start = 4097;
  for (const [index, [fd, what]] of asked.entries()) {
    view.setInt32(start + index * DATA_SIZE + DATA_FD, fd, true);
    view.setUint32(start + index * DATA_SIZE + DATA_WHAT, what, true);
  }
  assert.is(host.fd_data(memory, start, asked.length), 0);
  const answers = asked.map((_, index) => [
    Number(view.getBigInt64(start + index * DATA_SIZE + DATA_VALUE, true)),
    view.getInt32(start + index * DATA_SIZE + DATA_ERROR, true),
  ]);
  assert.equal(answers, [
    [3, 0],
    [0, -EBADF],
    [65533, 0],
    [0, -EINVAL],
    [0, -ENOTSOCK],
  ]);
  assert.is(dataOf(openSync("/dev/null", "r"), DATA_READABLE).error, -ENOTTY);
  os.close(r);
  os.close(w);
});

amounts("stay inside the memory", () => {
  for (const [address, count] of outside(DATA_SIZE)) {
    assert.is(host.fd_data(memory, address, count), -EFAULT, `${address}, ${count}`);
  }
  assert.is(host.fd_data(memory, PAGE, 0), 0);
});

amounts.run();

const states = suite("fd_data: the state of sockets");

const stateOf = (fd: number) => dataOf(fd, DATA_OPEN | DATA_WITH_STATE).state;
const errorOf = (fd: number) => os.getsockopt(fd, os.SOL_SOCKET, os.SO_ERROR);

/** Two connected TCP sockets: the one that connected, and the one that was accepted. */
function tcpPair(): [connected: number, accepted: number] {
  const listener = os.socket(os.AF_INET, os.SOCK_STREAM);
  os.bind(listener, [LOCALHOST, 0]);
  os.listen(listener);
  const connected = os.socket(os.AF_INET, os.SOCK_STREAM);
  os.connect(connected, os.getsockname(listener));
  const [accepted] = os.accept(listener);
  os.close(listener);
  return [connected, accepted];
}

/** Closes with a reset instead of an end of stream. */
function reset(fd: number): void {
  const linger = new Uint8Array(Int32Array.of(1, 0).buffer);
  os.setsockopt(fd, os.SOL_SOCKET, os.SO_LINGER, linger);
  os.close(fd);
}

/** The address of a port without a listener. */
function deadAddress(type: number) {
  const fd = os.socket(os.AF_INET, type);
  os.bind(fd, [LOCALHOST, 0]);
  const address = os.getsockname(fd);
  os.close(fd);
  return address;
}

/** Connects without waiting for the outcome. */
function startToConnect(fd: number, address: ReturnType<typeof deadAddress>): void {
  os.set_blocking(fd, false);
  try {
    os.connect(fd, address);
  } catch (error) {
    assert.is((error as { code?: string }).code, "EINPROGRESS");
  }
}

states("a fresh, bound or listening socket", () => {
  for (const family of [os.AF_UNIX, os.AF_INET, os.AF_INET6]) {
    const fd = os.socket(family, os.SOCK_STREAM);
    assert.is(stateOf(fd), DATA_STATE_UNCONNECTED);
    const address = family === os.AF_UNIX ? `\0omnipoll-fresh-${process.pid}` : ["", 0];
    os.bind(fd, address as string);
    assert.is(stateOf(fd), DATA_STATE_UNCONNECTED);
    os.listen(fd);
    assert.is(stateOf(fd), 0);
    os.close(fd);
    const datagrams = os.socket(family, os.SOCK_DGRAM);
    assert.is(stateOf(datagrams), 0);
    os.close(datagrams);
  }
  const [r, w] = os.pipe();
  assert.is(stateOf(r), 0, "no socket");
  os.close(r);
  os.close(w);
  assert.is(stateOf(-1), 0);
});

states("connected sockets", () => {
  for (const pair of [tcpPair(), os.socketpair(), os.socketpair(os.AF_UNIX, os.SOCK_SEQPACKET)]) {
    for (const fd of pair) assert.is(stateOf(fd), 0);
    os.shutdown(pair[0], os.SHUT_WR);
    assert.is(stateOf(pair[0]), DATA_STATE_SHUT_WRITE);
    assert.is(stateOf(pair[1]), 0, "its writing half is open");
    assert.is(os.read(pair[1], 10).length, 0, "and nothing was sent to it");
    os.write(pair[1], "answer");
    assert.is(os.read(pair[0], 10).toString(), "answer");
    for (const fd of pair) os.close(fd);
  }
});

states("closed sockets, without an error", () => {
  const [a, b] = tcpPair();
  os.shutdown(a, os.SHUT_WR);
  os.shutdown(b, os.SHUT_WR);
  assert.is(stateOf(a), DATA_STATE_SHUT_WRITE);
  assert.is(stateOf(b), DATA_STATE_SHUT_WRITE);
  os.close(a);
  os.close(b);

  const [c, d] = os.socketpair();
  os.close(d);
  assert.is(stateOf(c), DATA_STATE_SHUT_WRITE);
  os.close(c);
});

states("a refused connection, and the program still gets the error", () => {
  const fd = os.socket(os.AF_INET, os.SOCK_STREAM);
  startToConnect(fd, deadAddress(os.SOCK_STREAM));
  assert.is(readyOf(fd, EVENT_RDHUP, 1000) & EVENT_ERR, EVENT_ERR);
  assert.is(stateOf(fd), ECONNREFUSED | DATA_STATE_SHUT_WRITE);
  assert.is(stateOf(fd), ECONNREFUSED | DATA_STATE_SHUT_WRITE);
  assert.is(errorOf(fd), ECONNREFUSED);
  assert.is(stateOf(fd), DATA_STATE_SHUT_WRITE, "it has been taken, and the socket is no new one");
  os.close(fd);
});

states("a reset at either end, with data left or without", () => {
  for (const end of [0, 1]) {
    for (const left of ["", "unread"]) {
      const pair = tcpPair();
      const fd = pair[end] ?? -1;
      const peer = pair[1 - end] ?? -1;
      if (left !== "") os.write(peer, left);
      reset(peer);
      assert.is(stateOf(fd), ECONNRESET | DATA_STATE_SHUT_WRITE);
      assert.is(errorOf(fd), ECONNRESET);
      assert.is(stateOf(fd), DATA_STATE_SHUT_WRITE);
      os.close(fd);
    }
  }
});

states("a reset after the peer's end of stream is FreeBSD's ECONNRESET", () => {
  const [fd, peer] = tcpPair();
  os.close(peer);
  assert.is(stateOf(fd), 0);
  os.write(fd, "x");
  assert.is(readyOf(fd, EVENT_RDHUP, 1000) & EVENT_ERR, EVENT_ERR);
  assert.is(stateOf(fd), ECONNRESET | DATA_STATE_SHUT_WRITE);
  assert.is(errorOf(fd), EPIPE, "Linux's own word for it");
  os.close(fd);
});

states("a Unix peer that closes without reading", () => {
  for (const type of [os.SOCK_STREAM, os.SOCK_SEQPACKET]) {
    const [a, b] = os.socketpair(os.AF_UNIX, type);
    os.write(a, "unread");
    os.close(b);
    assert.is(stateOf(a), ECONNRESET | DATA_STATE_SHUT_WRITE);
    assert.is(errorOf(a), ECONNRESET);
    assert.is(stateOf(a), DATA_STATE_SHUT_WRITE);
    os.close(a);
  }
});

states("a datagram to a port without a socket", () => {
  const fd = os.socket(os.AF_INET, os.SOCK_DGRAM);
  os.connect(fd, deadAddress(os.SOCK_DGRAM));
  assert.is(stateOf(fd), 0);
  os.send(fd, "x");
  assert.is(stateOf(fd), ECONNREFUSED);
  assert.is(errorOf(fd), ECONNREFUSED);
  assert.is(stateOf(fd), 0);
  os.close(fd);
});

states("a peer that does not answer, and an address without a host", () => {
  if (!canBeRoot("peers that do not answer", "ip", "unshare")) return;
  const script = `
    execSync("ip link set lo up; ip link add one type veth peer name two");
    execSync("ip link set one up; ip link set two up");
    execSync("ip addr add 10.9.0.1/24 dev one");
    execSync("ip neigh add 10.9.0.2 lladdr 02:02:02:02:02:02 dev one");
    const start = (address, option, value) => {
      const fd = os.socket(os.AF_INET, os.SOCK_STREAM | os.SOCK_NONBLOCK);
      if (option) os.setsockopt(fd, 6, option, new Uint8Array(Int32Array.of(value).buffer));
      try { os.connect(fd, [address, 80]); } catch {}
      return fd;
    };
    const TCP_SYNCNT = 7, TCP_USER_TIMEOUT = 18;
    const fds = [start("10.9.0.2", TCP_SYNCNT, 1), start("10.9.0.2", TCP_USER_TIMEOUT, 500)];
    const report = [...fds, start("10.9.0.3")].map((fd) => {
      support.readyOf(fd, ${EVENT_RDHUP}, 20000);
      const state = support.dataOf(fd, ${DATA_WITH_STATE}).state;
      return [state, os.getsockopt(fd, os.SOL_SOCKET, os.SO_ERROR)];
    });
    console.log(JSON.stringify(report));`;
  const expected = [ETIMEDOUT, ETIMEDOUT, EHOSTUNREACH].map((errno) => [
    errno | DATA_STATE_SHUT_WRITE,
    errno,
  ]);
  assert.equal(JSON.parse(apart(["unshare", "-n"], script)), expected);
});

states("comes with any other question", () => {
  const [a, b] = tcpPair();
  os.write(b, "left");
  reset(b);
  assert.equal(dataOf(a, DATA_READABLE | DATA_WITH_STATE), {
    value: 4,
    error: 0,
    state: ECONNRESET | DATA_STATE_SHUT_WRITE,
  });
  os.close(a);
});

states.run();
