// Descriptors of a guest over web streams, ports, sockets and fixed bytes.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EAGAIN, EBADF, EPIPE, EVENT_ERR, EVENT_HUP, EVENT_IN, EVENT_OUT } from "../../asm/abi.ts";
import { fromBytes } from "../../wasi/sources/bytes.ts";
import { fromPort } from "../../wasi/sources/port.ts";
import { fromReadable } from "../../wasi/sources/readable.ts";
import { fromWebSocket } from "../../wasi/sources/websocket.ts";
import { fromWritable } from "../../wasi/sources/writable.ts";
import { bytes, read, readAll, until } from "./reading.ts";

const EPROTO = 71;
const ECONNRESET = 104;
const ECONNREFUSED = 111;
const IN_END = EVENT_IN | EVENT_HUP;
const text = new TextDecoder();

test("fixed bytes are read in parts, and then end", () => {
  const source = fromBytes("héllo");
  assert.is(source.ready(), IN_END);
  assert.is(source.readable(), 6);
  assert.is(read(source, 3), "hé");
  assert.is(source.readable(), 3);
  assert.is(read(source), "llo");
  assert.is(read(source), "");
  assert.is(source.write(bytes("x")), -EBADF);
  const own = bytes("abc");
  const copy = fromBytes(own);
  own.fill(0);
  assert.is(read(copy), "abc");
  assert.throws(() => fromBytes(5 as never), /content must be .* got number/);
});

test("a ReadableStream is read, and its end is that of a pipe", async () => {
  const chunks = ["one", "two", "three"];
  const stream = new ReadableStream<Uint8Array | string>({
    start(controller) {
      for (const [i, chunk] of chunks.entries()) {
        controller.enqueue(i % 2 === 0 ? bytes(chunk) : chunk);
      }
      controller.close();
    },
  });
  const source = fromReadable(stream);
  assert.is(await readAll(source), "onetwothree");
  assert.is(source.ready(), IN_END);
  assert.is(source.write(bytes("x")), -EBADF);
});

test("a WritableStream that is full is not ready, and its error breaks it", async () => {
  const taken: string[] = [];
  let proceed: (() => void) | undefined;
  const sink = {
    write: (chunk: Uint8Array) => {
      taken.push(text.decode(chunk));
      if (taken.length === 2) throw Object.assign(new Error("gone"), { code: "ECONNRESET" });
      return new Promise<void>((resolve) => (proceed = resolve));
    },
  };
  const source = fromWritable(new WritableStream(sink));
  await until(source, EVENT_OUT);
  assert.is(source.write(bytes("first")), 5);
  assert.is(source.ready(), 0);
  assert.is(source.write(bytes("x")), -EAGAIN);
  await new Promise((resolve) => setTimeout(resolve, 0));
  proceed?.();
  await until(source, EVENT_OUT);
  source.write(bytes("second"));
  await until(source, EVENT_ERR);
  assert.equal(taken, ["first", "second"]);
  assert.is(source.write(bytes("x")), -ECONNRESET);
  assert.is(source.write(bytes("x")), -EPIPE);
});

test("two ports are a stream of bytes in both directions", async () => {
  const { port1, port2 } = new MessageChannel();
  const [a, b] = [fromPort(port1, undefined), fromPort(port2, undefined)];
  const data = bytes("abc");
  assert.is(a.write(data), 3);
  data.fill(0);
  port1.postMessage("déf");
  await until(b, EVENT_IN);
  while (b.readable() < 7) await new Promise((resolve) => setTimeout(resolve, 0));
  assert.is(read(b, 2), "ab");
  assert.is(read(b), "cdéf");
  assert.is(read(b), -EAGAIN);
  b.shutdown(1);
  await until(a, EVENT_HUP);
  assert.is(read(a), "");
  assert.is(b.write(bytes("x")), -EPIPE);
  port1.postMessage({ odd: true });
  await until(b, EVENT_ERR);
  assert.is(read(b), -EPROTO);
  a.close();
  b.close();
  assert.throws(() => fromPort({} as never, undefined), TypeError);
});

/** The interface of WebSocket, without a network. */
class FakeWebSocket extends EventTarget {
  readyState = 0;
  bufferedAmount = 0;
  binaryType = "blob";
  readonly sent: string[] = [];
  listeners = 0;

  override addEventListener(...given: Parameters<EventTarget["addEventListener"]>): void {
    this.listeners++;
    super.addEventListener(...given);
  }

  override removeEventListener(...given: Parameters<EventTarget["removeEventListener"]>): void {
    this.listeners--;
    super.removeEventListener(...given);
  }

  send(data: Uint8Array): void {
    this.sent.push(text.decode(data));
  }

  close(code = 1000): void {
    this.readyState = 3;
    this.emit("close", { code });
  }

  open(): void {
    this.readyState = 1;
    this.emit("open", {});
  }

  emit(type: string, members: object): void {
    this.dispatchEvent(Object.assign(new Event(type), members));
  }
}

test("a WebSocket is a stream of bytes: text and binary messages, its end, its backlog", async () => {
  const socket = new FakeWebSocket();
  const source = fromWebSocket(socket);
  assert.is(source.ready(), 0);
  assert.is(source.write(bytes("x")), -EAGAIN);
  socket.open();
  assert.is(source.ready(), EVENT_OUT);
  assert.is(socket.binaryType, "arraybuffer");
  socket.emit("message", { data: "añ" });
  socket.emit("message", { data: bytes("bc").buffer });
  assert.is(source.readable(), 5);
  assert.is(read(source), "añbc");
  assert.is(source.write(bytes("out")), 3);
  assert.equal(socket.sent, ["out"]);
  socket.bufferedAmount = 1e6;
  assert.is(source.ready(), 0);
  assert.is(source.write(bytes("x")), -EAGAIN);
  setTimeout(() => (socket.bufferedAmount = 0), 1);
  await until(source, EVENT_OUT);
  socket.close();
  assert.is(source.ready(), IN_END | EVENT_OUT);
  assert.is(read(source), "");
  assert.is(source.write(bytes("x")), -EPIPE);
  source.close();
  assert.is(socket.listeners, 0);
});

test("a WebSocket with datagrams keeps the borders of its messages", () => {
  const socket = new FakeWebSocket();
  socket.open();
  const source = fromWebSocket(socket, { datagrams: true });
  assert.is(source.filetype, 5);
  for (const data of ["first", "", "last"]) socket.emit("message", { data });
  assert.is(source.readable(), 5);
  assert.is(read(source, 2), "fi");
  assert.is(read(source), "");
  assert.is(source.readable(), 4);
  assert.is(read(source), "last");
  assert.is(read(source), -EAGAIN);
  assert.throws(
    () => fromWebSocket(socket, { datagram: true } as never),
    /unknown option datagram/,
  );
});

test("a WebSocket that breaks is ECONNRESET, one that never opens ECONNREFUSED", () => {
  const [broken, refused] = [new FakeWebSocket(), new FakeWebSocket()];
  broken.open();
  for (const [socket, errno] of [
    [broken, ECONNRESET],
    [refused, ECONNREFUSED],
  ] as const) {
    const source = fromWebSocket(socket);
    socket.close(1006);
    assert.is(source.pendingError?.(), errno);
    assert.is(read(source), -errno);
    assert.is(read(source), "");
  }
});

test.run();

test.run();
