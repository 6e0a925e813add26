// Values that can be waited on: numbers, objects with a descriptor, Node's own; and values that cannot,
// with the error that says why.

import { spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createReadStream, createWriteStream, fstatSync, opendirSync } from "node:fs";
import { open } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type AddressInfo, Socket } from "node:net";
import { Duplex, PassThrough } from "node:stream";
import { TLSSocket } from "node:tls";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  epoll,
  OverflowError,
  poll,
  POLLIN,
  select,
  ValueError,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { closeAll, newPipe } from "../support/probes.ts";
import { throws } from "../support/expect.ts";

/** Descriptor that `value` stands for: the one that poll then reports. */
function descriptorOf(value: unknown): number {
  const p = poll();
  p.register(value as number, 0xffff);
  const found: number[] = [];
  for (let fd = 0; fd < 200; fd++) {
    try {
      p.modify(fd, 0);
      found.push(fd);
    } catch {
      // not this one
    }
  }
  assert.is(found.length, 1);
  return found[0] as number;
}

/** Message of the TypeError that refuses `value`, the same in all calls. */
function refusal(value: unknown): string {
  const p = poll();
  const ep = epoll();
  const { message } = throws(() => p.register(value as number), TypeError);
  assert.is(throws(() => ep.register(value as number), TypeError).message, message);
  const named = throws(() => select([], [value as number], [], 0), TypeError).message;
  assert.is(named, message.replace("fd", "wlist[0]"));
  ep.close();
  return message;
}

test("numbers, booleans, fileno() and fd", () => {
  assert.is(descriptorOf(0), 0);
  assert.is(descriptorOf(-0), 0);
  assert.is(descriptorOf(true), 1);
  assert.is(descriptorOf({ fileno: () => 5 }), 5);
  assert.is(descriptorOf({ fileno: () => true }), 1);
  assert.is(descriptorOf({ fd: 6 }), 6);
  assert.is(
    descriptorOf(
      new (class {
        #fd = 7;
        fileno(): number {
          return this.#fd;
        }
      })(),
    ),
    7,
  );
  assert.is(
    descriptorOf(
      new (class {
        get fd(): number {
          return 8;
        }
      })(),
    ),
    8,
  );
  assert.is(descriptorOf(Object.assign(Object.create(null), { fd: 9 })), 9);
  assert.is(descriptorOf(new Proxy({ fd: 10 }, {})), 10);
  assert.is(descriptorOf(Object.assign(() => 0, { fileno: () => 11 })), 11);
});

test("fileno() goes before fd", () => {
  assert.is(descriptorOf({ fd: 6, fileno: () => 5 }), 5);
});

test("a value without a descriptor is a TypeError that shows the value", () => {
  assert.match(refusal("1"), '"1"');
  assert.match(refusal(1n), "1n");
  assert.match(refusal(1.5), "1.5");
  assert.match(refusal(NaN), "NaN");
  assert.match(refusal(Infinity), "Infinity");
  assert.match(refusal(null), "null");
  assert.match(refusal(undefined), "undefined");
  assert.match(refusal(Symbol("fd")), "Symbol(fd)");
  assert.match(refusal([1]), "an array of 1");
  assert.match(refusal(new Map()), "Map");
  assert.match(
    refusal(() => 1),
    "function",
  );
  assert.match(refusal({ valueOf: () => 1 }), "Object");
  assert.match(refusal({ fileno: 1 }), "Object");
  assert.match(refusal(new Number(1)), "Number");
  assert.match(refusal(poll()), "Poll");
  assert.match(refusal({ fileno: () => "1" }), '"1"');
  assert.match(refusal({ fileno: () => 1n }), "1n");
  for (const fd of ["1", 1n, 1.5, {}, NaN]) refusal({ fd });
  refusal(new Proxy(() => 1, {}));
});

test("a number that cannot be a descriptor is a ValueError or an OverflowError", () => {
  for (const wrap of [(fd: number) => fd, (fd: number) => ({ fileno: () => fd })]) {
    const register = (fd: number) => (): void => poll().register(wrap(fd));
    assert.match(throws(register(-1), ValueError).message, "-1");
    assert.match(throws(register(-(2 ** 31)), ValueError).message, "-2147483648");
    assert.match(throws(register(2 ** 31), OverflowError).message, "2147483648");
    assert.match(throws(register(-(2 ** 31) - 1), OverflowError).message, "-2147483649");
  }
  throws(() => poll().register({ fd: -1 }), ValueError);
  throws(() => poll().register({ fd: 2 ** 40 }), OverflowError);
});

test("getters that throw pass through", () => {
  const boom = new Error("boom");
  const values = [
    {
      get fd(): number {
        throw boom;
      },
    },
    {
      get fileno(): () => number {
        throw boom;
      },
    },
    new Proxy(
      {},
      {
        get: () => {
          throw boom;
        },
      },
    ),
  ];
  for (const value of values) {
    try {
      poll().register(value as { fd: number });
      assert.unreachable();
    } catch (thrown) {
      assert.is(thrown, boom);
    }
  }
});

test("a net.Socket: before, while and after it is connected", async () => {
  const server = createServer((peer) => void peer.on("error", () => {}).write("x")).listen(
    0,
    "127.0.0.1",
  );
  await once(server, "listening");
  const socket = new Socket();
  assert.match(refusal(socket), /Socket.*not open/);
  socket.connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.pause();
  assert.match(refusal(socket), /Socket.*not open/);
  await new Promise((resolve) => process.nextTick(resolve));
  assert.ok(socket.connecting);
  assert.equal(select([], [socket], [], 5), [[], [socket], []]);
  await once(socket, "connect");
  assert.ok(fstatSync(descriptorOf(socket)).isSocket());
  assert.equal(select([socket], [], [], 5), [[socket], [], []]);
  socket.destroy();
  assert.match(refusal(socket), /Socket.*closed/);
  await once(socket, "close");
  assert.match(refusal(socket), /Socket.*closed/);
  server.close();
});

test("a net.Server and an http.Server: listening and not", async () => {
  for (const server of [createServer(), createHttpServer()]) {
    assert.match(refusal(server), /Server.*not open/);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    assert.equal(select([server], [server], [], 0), [[], [], []]);
    const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
    client.on("error", () => {});
    await new Promise((resolve) => process.nextTick(resolve));
    assert.equal(select([server], [], [], 5), [[server], [], []]);
    client.destroy();
    server.close();
    assert.match(refusal(server), /Server.*(closed|not open)/);
    await once(server, "close");
  }
});

test("a dgram socket: before it is bound, bound, closed", async () => {
  const socket = createSocket("udp4");
  assert.match(refusal(socket), /Socket.*not open/);
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  assert.equal(select([socket], [socket], [], 0), [[], [socket], []]);
  socket.close();
  assert.match(refusal(socket), /Socket.*closed/);
});

test("an fs stream: before it is open, open, closed", async () => {
  const makers = [() => createReadStream("/dev/zero"), () => createWriteStream("/dev/null")];
  for (const make of makers) {
    const stream = make();
    assert.match(refusal(stream), /Stream.*not open/);
    await once(stream, "open");
    assert.is(descriptorOf(stream), (stream as unknown as { fd: number }).fd);
    stream.destroy();
    await once(stream, "close");
    assert.match(refusal(stream), /Stream.*closed/);
  }
});

test("a FileHandle: open and closed", async () => {
  const file = await open("/dev/null", "r+");
  assert.is(descriptorOf(file), file.fd);
  assert.equal(select([file], [file], [], 0), [[file], [file], []]);
  await file.close();
  assert.match(refusal(file), /FileHandle.*closed/);
});

test("the pipes of a child process have descriptors, the child itself has no descriptor", async () => {
  const child = spawn("cat", { stdio: ["pipe", "pipe", "ignore"] });
  child.stdout.pause();
  assert.equal(select([child.stdout], [child.stdin], [], 0), [[], [child.stdin], []]);
  child.stdin.write("x");
  assert.equal(select([child.stdout], [], [], 5), [[child.stdout], [], []]);
  assert.match(refusal(child), "ChildProcess");
  child.stdin.destroy();
  assert.match(refusal(child.stdin), "closed");
  child.stdout.destroy();
  assert.match(refusal(child.stdout), "closed");
  await once(child, "exit");
});

test("a TLS socket is refused: the state of its descriptor leaves out decrypted data", async () => {
  const over = new PassThrough();
  const secured = new TLSSocket(over as never);
  assert.match(refusal(secured), "TLS");
  secured.destroy();
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await once(socket, "connect");
  const tls = new TLSSocket(socket);
  tls.on("error", () => {});
  assert.match(refusal(tls), "TLS");
  assert.ok(descriptorOf(socket) > 2);
  tls.destroy();
  assert.match(refusal(tls), "TLS");
  socket.destroy();
  server.close();
});

test("streams and folders without a descriptor are refused", () => {
  assert.match(refusal(new PassThrough()), "PassThrough");
  assert.match(refusal(Duplex.from([1])), "Duplex");
  const folder = opendirSync("/");
  assert.match(refusal(folder), "Dir");
  folder.closeSync();
});

test("an epoll, which is closed", () => {
  const ep = epoll();
  const [r, w] = newPipe();
  os.write(w, "x");
  ep.register(r, POLLIN);
  assert.equal(select([ep], [], [], 0), [[ep], [], []]);
  ep.close();
  throws(() => select([ep], [], [], 0), ValueError);
  throws(() => poll().register(ep), ValueError);
  closeAll(r, w);
});

/** The output of a child process that waits on its own stdin. */
function stdinIn(shell: string, input?: string): string {
  const node = JSON.stringify(new URL("../../bindings/node/select.js", import.meta.url).href);
  const code = `import { poll, select } from ${node};
    const p = poll();
    p.register(process.stdin, 1);
    const [r] = select([process.stdin], [], [], 5);
    console.log(String(r[0] === process.stdin), JSON.stringify(p.poll(0)));
    process.stdin.destroy();
    try { p.register(process.stdin); } catch (error) { console.log(error.name); }
    process.exit();`;
  const { stdout, stderr } = spawnSync("sh", ["-c", shell], {
    encoding: "utf8",
    input,
    env: { ...process.env, NODE: process.execPath, CODE: code },
  });
  assert.is(stderr, "");
  return stdout.replaceAll("\r", "");
}

const RUN = `"$NODE" --input-type=module -e "$CODE"`;

test("process.stdin: a pipe, a file, /dev/null, closed", () => {
  assert.match(stdinIn(RUN, "x"), /^true \[\[0,1\]\]\nTypeError\n$/);
  assert.match(stdinIn(`echo x | ${RUN}`), /^true \[\[0,(1|17)\]\]\nTypeError\n$/);
  assert.match(stdinIn(`${RUN} < /etc/passwd`), /^true \[\[0,1\]\]\n/);
  assert.match(stdinIn(`${RUN} < /dev/null`), /^true \[\[0,1\]\]\n/);
  assert.match(stdinIn(`${RUN} <&-`), /^true \[\[0,1\]\]\n/);
});

const hasScript = spawnSync("sh", ["-c", "command -v script"]).status === 0;
if (!hasScript) console.log("skip: process.stdin as a terminal, there is no script(1)");
const terminal = hasScript ? test : test.skip;

terminal("process.stdin: a terminal", () => {
  assert.match(
    stdinIn(`(sleep 0.3; echo) | script -qec '${RUN}' /dev/null`),
    /true \[\[0,1\]\]\nTypeError\n/,
  );
});

test("process.stdout and process.stderr", () => {
  for (const stream of [process.stdout, process.stderr]) {
    assert.is(descriptorOf(stream), stream.fd);
  }
});

test.run();
