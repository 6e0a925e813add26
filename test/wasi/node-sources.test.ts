// Descriptors of a guest over Node's own streams and ports.

import { PassThrough, Readable, Writable } from "node:stream";
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EAGAIN, EBADF, EPIPE, EVENT_ERR, EVENT_HUP, EVENT_IN, EVENT_OUT } from "../../asm/abi.ts";
import { host } from "../../bindings/node/select.ts";
import {
  createPollOneoff,
  fromMessagePort,
  fromReadable,
  fromWritable,
} from "../../bindings/node/wasi.ts";
import { bytes, read, readAll, until } from "./reading.ts";
import { oneoff } from "./subscriptions.ts";

const EIO = 5;
const ECONNRESET = 104;
const IN_END = EVENT_IN | EVENT_HUP;
const text = new TextDecoder();

test("a Readable of Node is read, and its end is that of a pipe", async () => {
  const chunks = ["one", "two", "three"].map(bytes);
  const source = fromReadable(Readable.from(chunks, { objectMode: false }));
  assert.is(await readAll(source), "onetwothree");
  assert.is(source.ready(), IN_END);
  assert.is(source.write(bytes("x")), -EBADF);
});

test("a stream that has nothing yet is EAGAIN, and bytes left unread stay in it", async () => {
  const stream = new PassThrough();
  const source = fromReadable(stream);
  assert.is(source.ready(), 0);
  assert.is(read(source), -EAGAIN);
  stream.write("abcdef");
  await until(source, EVENT_IN);
  assert.is(source.readable(), 6);
  assert.is(read(source, 2), "ab");
  assert.is(stream.readableLength, 4);
  stream.end();
  assert.is(read(source), "cdef");
  await until(source, IN_END);
  assert.is(read(source), "");
});

test("the error of a stream is the errno of its code, once; a stream cut short is EIO", async () => {
  for (const [reason, errno] of [
    [Object.assign(new Error("reset"), { code: "ECONNRESET" }), ECONNRESET],
    [new Error("odd"), EIO],
    [undefined, EIO],
  ] as const) {
    const stream = new PassThrough();
    const source = fromReadable(stream);
    stream.destroy(reason);
    await until(source, EVENT_ERR);
    assert.is(source.pendingError?.(), errno);
    assert.is(read(source), -errno);
    assert.is(read(source), "");
  }
  const web = fromReadable(
    new ReadableStream({ pull: (controller) => controller.error({ code: "EPIPE" }) }),
  );
  await until(web, EVENT_ERR);
  assert.is(read(web), -EPIPE);
});

test("closing a source of a stream releases its listeners", async () => {
  const stream = new PassThrough();
  const before = stream.listenerCount("readable") + stream.listenerCount("end");
  const source = fromReadable(stream);
  source.close();
  assert.is(stream.listenerCount("readable") + stream.listenerCount("end"), before);
  assert.ok(stream.destroyed);
  assert.is(read(source), "");
});

test("streams of objects and of text, and other values, are refused", () => {
  assert.throws(() => fromReadable(Readable.from(["x"])), TypeError);
  assert.throws(() => fromReadable(new PassThrough({ encoding: "utf8" })), TypeError);
  assert.throws(() => fromReadable({} as never), TypeError);
  assert.throws(() => fromWritable(new PassThrough({ objectMode: true })), TypeError);
  assert.throws(() => fromWritable(null as never), TypeError);
});

test("a Writable that is full is not ready, and is again once it has drained", async () => {
  const taken: string[] = [];
  let proceed: (() => void) | undefined;
  const stream = new Writable({
    highWaterMark: 4,
    write(chunk: Uint8Array, _encoding, done) {
      taken.push(text.decode(chunk));
      proceed = done;
    },
  });
  const source = fromWritable(stream);
  assert.is(source.ready(), EVENT_OUT);
  assert.is(source.writable(), 4);
  const data = bytes("abcdef");
  assert.is(source.write(data), 4);
  data.fill(0);
  assert.is(source.ready(), 0);
  assert.is(source.write(bytes("x")), -EAGAIN);
  proceed?.();
  await until(source, EVENT_OUT);
  assert.is(source.write(bytes("gh")), 2);
  assert.equal(taken, ["abcd", "gh"]);
  assert.is(read(source), -EBADF);
  source.close();
  assert.is(stream.listenerCount("drain"), 0);
  assert.ok(stream.writableEnded);
  assert.is(source.write(bytes("x")), -EPIPE);
});

test("a guest that blocks its thread sees the messages of a port", () => {
  const { port1, port2 } = new MessageChannel();
  const memory = new WebAssembly.Memory({ initial: 1 });
  const source = fromMessagePort(port2);
  const call = createPollOneoff({ select: { host }, memory, fds: new Map([[0, source]]) });
  port1.postMessage("12345");
  const found = oneoff(memory, call, { read: 0 });
  assert.ok(Array.isArray(found));
  assert.is(found[0]?.bytes, 5n);
  assert.is(read(source), "12345");
  source.close();
  assert.is(receiveMessageOnPort(port1)?.message, null);
  port1.close();
});

test.run();
