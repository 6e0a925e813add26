import { networkInterfaces } from "node:os";
import { suite } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { BlockingIOError, BrokenPipeError, ConnectionRefusedError } from "../../bindings/errors.ts";
import { ConnectionResetError, OSError } from "../../bindings/errors.ts";
import { OverflowError, ValueError } from "../../bindings/errors.ts";
import * as os from "../../bindings/node/os.ts";
import { throws } from "../support/expect.ts";
import { closeAll, listenOn } from "../support/probes.ts";

const LOCAL = "127.0.0.1";

/** Two ends of a TCP connection. */
function tcpPair(): [client: number, server: number] {
  const { fd, address } = listenOn(LOCAL);
  const client = os.socket(os.AF_INET, os.SOCK_STREAM);
  os.connect(client, address);
  const [server] = os.accept(fd);
  os.close(fd);
  return [client, server];
}

const pairs = suite("os: socketpair, send and recv");

pairs("a pair carries bytes both ways", () => {
  const [a, b] = os.socketpair();
  assert.is(os.send(a, "héllo"), 6);
  const bytes = os.recv(b, 100);
  assert.ok(Buffer.isBuffer(bytes));
  assert.is(bytes.toString(), "héllo");
  assert.is(os.send(b, Uint8Array.of(1)), 1);
  assert.equal([...os.recv(a, 1)], [1]);
  closeAll(a, b);
});

pairs("datagrams and records keep their bounds", () => {
  for (const type of [os.SOCK_DGRAM, os.SOCK_SEQPACKET]) {
    const [a, b] = os.socketpair(os.AF_UNIX, type);
    os.send(a, "one");
    os.send(a, "two");
    assert.is(os.recv(b, 100).toString(), "one");
    assert.is(os.recv(b, 2).toString(), "tw");
    assert.is(os.getsockopt(b, os.SOL_SOCKET, os.SO_TYPE), type);
    closeAll(a, b);
  }
});

pairs("MSG_PEEK leaves the data, MSG_DONTWAIT does not block", () => {
  const [a, b] = os.socketpair();
  throws(() => os.recv(b, 1, os.MSG_DONTWAIT), BlockingIOError, "EAGAIN");
  os.send(a, "x", os.MSG_DONTWAIT);
  assert.is(os.recv(b, 1, os.MSG_PEEK).toString(), "x");
  assert.is(os.recv(b, 1).toString(), "x");
  closeAll(a, b);
});

pairs("a full socket takes a part, then would block", () => {
  const [a, b] = os.socketpair(os.AF_UNIX, os.SOCK_STREAM | os.SOCK_NONBLOCK);
  const taken = os.send(a, new Uint8Array(1 << 22));
  assert.ok(taken > 0 && taken < 1 << 22);
  throws(() => os.send(a, "x"), BlockingIOError, "EAGAIN");
  assert.is(os.recv(b, 1 << 22).length > 0x10000, true);
  closeAll(a, b);
});

pairs("shutdown of writing is the end for the peer", () => {
  const [a, b] = os.socketpair();
  os.shutdown(a, os.SHUT_WR);
  assert.is(os.recv(b, 1).length, 0);
  throws(() => os.send(a, "x"), BrokenPipeError, "EPIPE");
  os.send(b, "x");
  assert.is(os.recv(a, 1).toString(), "x");
  throws(() => os.shutdown(a, 5), OSError, "EINVAL");
  closeAll(a, b);
});

pairs("a peer that is gone throws BrokenPipeError", () => {
  const [a, b] = os.socketpair();
  os.close(b);
  throws(() => os.send(a, "x"), BrokenPipeError, "EPIPE");
  os.close(a);
});

pairs("sizes and flags that recv cannot take are refused", () => {
  const [a, b] = os.socketpair();
  const error = throws(() => os.recv(a, -1), ValueError);
  assert.ok(error.message.includes("n must not be negative, got "));
  throws(() => os.recv(a, 2 ** 63), OverflowError);
  throws(() => os.recv(a, 2 ** 62), OSError, "ENOMEM");
  throws(() => os.recv(a, 1, 2 ** 31), OverflowError);
  throws(() => os.send(a, 5 as unknown as string), TypeError);
  closeAll(a, b);
});

pairs("a pipe throws ENOTSOCK, and a descriptor that is not open EBADF", () => {
  const [r, w] = os.pipe();
  throws(() => os.recv(r, 1), OSError, "ENOTSOCK");
  throws(() => os.send(w, "x"), OSError, "ENOTSOCK");
  throws(() => os.listen(r), OSError, "ENOTSOCK");
  throws(() => os.accept(r), OSError, "ENOTSOCK");
  throws(() => os.bind(r, "x"), OSError, "ENOTSOCK");
  throws(() => os.getsockname(r), OSError, "ENOTSOCK");
  closeAll(r, w);
  throws(() => os.connect(-1, "x"), OSError, "EBADF");
  throws(() => os.getpeername(-1), OSError, "EBADF");
  throws(() => os.shutdown(-1, 0), OSError, "EBADF");
});

pairs("kinds of socket that the system lacks are refused", () => {
  throws(() => os.socketpair(os.AF_INET), OSError, "EOPNOTSUPP");
  throws(() => os.socket(999, os.SOCK_STREAM), OSError, "EAFNOSUPPORT");
  throws(() => os.socket(os.AF_INET, 999), OSError, "EINVAL");
  throws(() => os.socket("inet" as unknown as number), TypeError);
});

const tcp = suite("os: AF_INET and AF_INET6");

for (const host of [LOCAL, "::1"]) {
  tcp(`a connection over ${host}`, () => {
    const { fd, address } = listenOn(host);
    const client = os.socket(host === LOCAL ? os.AF_INET : os.AF_INET6, os.SOCK_STREAM);
    os.connect(client, address);
    const [server, peer] = os.accept(fd);
    assert.is(address[0], host);
    assert.equal(peer, os.getsockname(client));
    assert.equal(os.getpeername(client), address);
    os.send(client, "x");
    assert.is(os.recv(server, 10).toString(), "x");
    assert.not.ok(os.get_inheritable(server));
    assert.ok(os.get_blocking(server));
    closeAll(fd, client, server);
  });

  tcp(`datagrams over ${host}`, () => {
    const family = host === LOCAL ? os.AF_INET : os.AF_INET6;
    const fd = os.socket(family, os.SOCK_DGRAM);
    os.bind(fd, [host, 0]);
    const client = os.socket(family, os.SOCK_DGRAM);
    os.connect(client, os.getsockname(fd));
    os.send(client, "one");
    assert.is(os.recv(fd, 100).toString(), "one");
    closeAll(fd, client);
  });
}

tcp("an empty host is the wildcard, and names are looked up", () => {
  const fd = os.socket(os.AF_INET, os.SOCK_STREAM);
  assert.equal(os.getsockname(fd), ["0.0.0.0", 0]);
  os.bind(fd, ["", 0]);
  os.listen(fd);
  const [host, port] = os.getsockname(fd) as [string, number];
  assert.is(host, "0.0.0.0");
  const client = os.socket();
  os.connect(client, ["localhost", port]);
  assert.equal(os.getpeername(client), [LOCAL, port]);
  const six = os.socket(os.AF_INET6, os.SOCK_STREAM);
  os.bind(six, ["", 0]);
  assert.is(os.getsockname(six)[0], "::");
  closeAll(fd, client, six);
});

tcp("a name that is not known is an OSError with the resolver's code", () => {
  const fd = os.socket();
  const error = throws(() => os.bind(fd, ["x".repeat(2000), 0]), OSError, "EAI_NONAME") as OSError;
  assert.is(error.errno, undefined);
  assert.is(error.syscall, "bind");
  assert.ok(error.message.includes("Name or service not known"), error.message);
  throws(() => os.connect(fd, ["::1", 1]), OSError, "EAI_ADDRFAMILY");
  os.close(fd);
});

tcp("an address of another shape is a TypeError that names the family", () => {
  const sockets = [os.AF_UNIX, os.AF_INET, os.AF_INET6].map((family) =>
    os.socket(family, os.SOCK_STREAM),
  );
  const [unix = -1, inet = -1, inet6 = -1] = sockets;
  for (const [fd, address, message] of [
    [unix, ["x", 1], "AF_UNIX address must be a path, got an array of 2"],
    [inet, "x", 'AF_INET address must be [host, port], got "x"'],
    [inet6, "x", 'AF_INET6 address must be [host, port], got "x"'],
    [inet, [LOCAL], "AF_INET address must be [host, port], got an array of 1"],
    [inet, [LOCAL, 1, 2], "got an array of 3"],
    [inet, [5, 1], "host must be a string, got 5"],
    [inet, ["a\0b", 1], "host must not contain a null character"],
    [inet, [LOCAL, "1"], 'port must be an integer, got "1"'],
    [inet, 5, "address must be [host, port] or a path, got 5"],
    [-1, undefined, "address must be [host, port] or a path, got undefined"],
  ] as const) {
    for (const call of [os.bind, os.connect]) {
      const error = throws(() => call(fd, address as unknown as os.Address), TypeError);
      assert.ok(error.message.includes(message), error.message);
    }
  }
  for (const port of [-1, 65536, 2 ** 40]) {
    const error = throws(() => os.bind(inet, [LOCAL, port]), OverflowError);
    assert.ok(error.message.includes("port must be 0-65535"), error.message);
  }
  closeAll(...sockets);
});

tcp("a family without addresses here throws EAFNOSUPPORT", () => {
  const netlink = os.socket(16, os.SOCK_DGRAM);
  throws(() => os.bind(netlink, "x"), OSError, "EAFNOSUPPORT");
  throws(() => os.getsockname(netlink), OSError, "EAFNOSUPPORT");
  os.close(netlink);
});

tcp("the scope of an IPv6 address is kept in its text", () => {
  const found = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? [])
      .filter(({ address }) => address.startsWith("fe80:"))
      .map(({ address }) => `${address}%${name}`),
  );
  const [host] = found;
  if (host === undefined) {
    process.stdout.write("skip: no interface has a link-local address\n");
    return;
  }
  const fd = os.socket(os.AF_INET6, os.SOCK_DGRAM);
  os.bind(fd, [host, 0]);
  assert.is(os.getsockname(fd)[0], host);
  os.close(fd);
});

tcp("a scope that no interface has is refused", () => {
  const fd = os.socket(os.AF_INET6, os.SOCK_DGRAM);
  throws(() => os.bind(fd, ["fe80::1%nosuch", 0]), OSError, "EAI_NONAME");
  os.close(fd);
});

tcp("urgent data goes by the stream", () => {
  const [client, server] = tcpPair();
  os.send(client, "a");
  os.send(client, "!", os.MSG_OOB);
  os.send(client, "b");
  assert.is(os.recv(server, 1, os.MSG_OOB).toString(), "!");
  assert.is(os.recv(server, 10).toString(), "a");
  assert.is(os.recv(server, 10).toString(), "b");
  closeAll(client, server);
});

tcp("a connection that does not block is in progress, then made", () => {
  const { fd, address } = listenOn(LOCAL);
  const client = os.socket(os.AF_INET, os.SOCK_STREAM | os.SOCK_NONBLOCK);
  throws(() => os.connect(client, address), BlockingIOError, "EINPROGRESS");
  const [server] = os.accept(fd);
  assert.is(os.getsockopt(client, os.SOL_SOCKET, os.SO_ERROR), 0);
  assert.equal(os.getpeername(client), address);
  os.connect(client, address); // Linux says once that it is done, and only then EISCONN
  throws(() => os.connect(client, address), OSError, "EISCONN");
  closeAll(fd, client, server);
});

tcp("a refused connection throws, or is left in SO_ERROR once", () => {
  const { fd, address } = listenOn(LOCAL);
  os.close(fd);
  const blocking = os.socket();
  throws(() => os.connect(blocking, address), ConnectionRefusedError, "ECONNREFUSED");
  const client = os.socket(os.AF_INET, os.SOCK_STREAM | os.SOCK_NONBLOCK);
  throws(() => os.connect(client, address), BlockingIOError, "EINPROGRESS");
  assert.is(os.getsockopt(client, os.SOL_SOCKET, os.SO_ERROR), 111);
  assert.is(os.getsockopt(client, os.SOL_SOCKET, os.SO_ERROR), 0);
  closeAll(blocking, client);
});

tcp("accept without a connection would block", () => {
  const { fd } = listenOn(LOCAL, -5);
  os.set_blocking(fd, false);
  throws(() => os.accept(fd), BlockingIOError, "EAGAIN");
  throws(() => os.listen(fd, 2 ** 31), OverflowError);
  os.close(fd);
});

tcp("an address in use throws EADDRINUSE", () => {
  const { fd, address } = listenOn(LOCAL);
  const other = os.socket();
  const error = throws(() => os.bind(other, address), OSError, "EADDRINUSE");
  assert.ok(error.message.includes(`"127.0.0.1" port ${address[1]}`), error.message);
  closeAll(fd, other);
});

tcp("a connection that is reset throws ConnectionResetError", () => {
  const [client, server] = tcpPair();
  const linger = new Uint8Array(Int32Array.of(1, 0).buffer);
  os.setsockopt(client, os.SOL_SOCKET, os.SO_LINGER, linger);
  os.close(client);
  throws(() => os.recv(server, 1), ConnectionResetError, "ECONNRESET");
  os.close(server);
});

const options = suite("os: options");

options("an option comes back as it was set", () => {
  const fd = os.socket();
  for (const [level, option] of [
    [os.SOL_SOCKET, os.SO_REUSEADDR],
    [os.SOL_SOCKET, os.SO_REUSEPORT],
    [os.SOL_SOCKET, os.SO_OOBINLINE],
    [os.IPPROTO_TCP, os.TCP_NODELAY],
  ] as const) {
    assert.is(os.getsockopt(fd, level, option), 0);
    os.setsockopt(fd, level, option, true);
    assert.ok(os.getsockopt(fd, level, option) !== 0);
  }
  os.setsockopt(fd, os.SOL_SOCKET, os.SO_RCVLOWAT, 7);
  assert.is(os.getsockopt(fd, os.SOL_SOCKET, os.SO_RCVLOWAT), 7);
  os.setsockopt(fd, os.SOL_SOCKET, os.SO_RCVBUF, 8192);
  assert.is(os.getsockopt(fd, os.SOL_SOCKET, os.SO_RCVBUF), 16384);
  assert.is(os.getsockopt(fd, os.SOL_SOCKET, os.SO_DOMAIN), os.AF_INET);
  os.close(fd);
});

options("unknown options and impossible values are refused", () => {
  const fd = os.socket();
  throws(() => os.getsockopt(fd, os.SOL_SOCKET, 9999), OSError, "ENOPROTOOPT");
  throws(() => os.setsockopt(fd, os.SOL_SOCKET, 9999, 1), OSError, "ENOPROTOOPT");
  throws(() => os.setsockopt(fd, 1, 2, new Uint8Array(0)), OSError, "EINVAL");
  throws(() => os.setsockopt(fd, 1, 2, 2 ** 31), OverflowError);
  throws(() => os.setsockopt(fd, 1, 2, "1" as unknown as number), TypeError);
  throws(() => os.getsockopt(fd, "1" as unknown as number, 2), TypeError);
  os.close(fd);
});

pairs.run();
tcp.run();
options.run();
