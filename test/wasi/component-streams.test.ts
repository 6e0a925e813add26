// wasi:io/streams of components, on the descriptors of this host.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EAGAIN, EVENT_OUT } from "../../asm/abi.ts";
import * as os from "../../bindings/node/os.ts";
import { fill, scoped } from "../support/descriptors.ts";
import { inThread } from "../support/expect.ts";
import { bytesOf, componentOf, failure, text } from "./component.ts";
import { FakeSource } from "./fake-source.ts";

const dispose = Symbol.dispose ?? Symbol.for("dispose");

test(
  "read takes the bytes that are there, and none without waiting",
  scoped((s) => {
    const [stdin, into] = s.pipe();
    const stream = componentOf({ stdin }).stdin();
    assert.is(text(stream.read(9n)), "");
    os.write(into, "hello");
    assert.is(text(stream.read(0n)), "");
    assert.is(text(stream.read(3n)), "hel");
    assert.is(stream.skip(2n ** 64n - 1n), 2n);
    assert.is(stream.skip(1n), 0n);
  }),
);

test(
  "the blocking calls wait for a byte, and the end of the stream is closed for good",
  scoped(async (s) => {
    const [stdin, into] = s.pipe();
    const stream = componentOf({ stdin }).stdin();
    const { done } = await inThread(20, "os.write(data.into, 'abc');", { into });
    assert.is(text(stream.blockingRead(2n)), "ab");
    await done;
    assert.is(stream.blockingSkip(9n), 1n);
    s.close(into);
    assert.is(
      failure(() => stream.blockingRead(1n)),
      "closed",
    );
    assert.is(
      failure(() => stream.read(0n)),
      "closed",
    );
    assert.is(
      failure(() => stream.skip(1n)),
      "closed",
    );
    assert.is(
      failure(() => stream.blockingSkip(1n)),
      "closed",
    );
  }),
);

test(
  "an operation that fails says why, once; then the stream is closed",
  scoped((s) => {
    const [stdout, stdin] = s.pipe();
    os.write(stdin, "x");
    const on = componentOf({ stdin, stdout });
    const input = on.stdin();
    assert.is(
      failure(() => input.read(1n)),
      "bad-descriptor",
      "the end for writing",
    );
    assert.is(
      failure(() => input.blockingRead(1n)),
      "closed",
    );
    assert.is(
      failure(() => on.stdin().blockingRead(1n)),
      "bad-descriptor",
    );
    const output = on.stdout();
    assert.is(
      failure(() => output.blockingWriteAndFlush(bytesOf("x"))),
      "bad-descriptor",
    );
    on.guest.close(0);
    assert.throws(() => on.stdin(), /wasi:cli\/stdin: neither the guest nor the imports/);
  }),
);

test(
  "a stream whose descriptor the host's program closes has failed",
  scoped((s) => {
    const [stdin] = s.pipe();
    const on = componentOf({ stdin });
    const stream = on.stdin();
    assert.is(text(stream.read(1n)), "");
    on.guest.dispose();
    assert.is(
      failure(() => stream.read(1n)),
      "bad-descriptor",
    );
    assert.is(
      failure(() => stream.read(1n)),
      "closed",
    );
  }),
);

test(
  "a write needs a permit, which holds for one write",
  scoped((s) => {
    const [from, stdout] = s.pipe();
    const stream = componentOf({ stdout }).stdout();
    stream.write(new Uint8Array(0));
    assert.throws(() => stream.write(bytesOf("x")), /write of 1 bytes, 0 are permitted/);
    assert.ok(stream.checkWrite() >= 4096n);
    stream.write(bytesOf("abc"));
    assert.throws(() => stream.write(bytesOf("d")), /write of 1 bytes, 0 are permitted/);
    const permit = stream.checkWrite();
    assert.throws(() => stream.write(new Uint8Array(Number(permit) + 1)), /are permitted/);
    stream.flush();
    stream.blockingFlush();
    assert.is(os.read(from, 99).toString(), "abc");
    fill(stdout);
    assert.is(stream.checkWrite(), 0n);
  }),
);

test(
  "bytes that the descriptor does not take at once are written in order, when it can",
  scoped((s) => {
    const [from, stdout] = s.pipe();
    const on = componentOf({ stdout });
    const stream = on.stdout();
    const room = fill(stdout);
    os.read(from, 4096);
    const permit = Number(stream.checkWrite());
    assert.ok(permit > 4096);
    const sent = bytesOf("y".repeat(permit));
    stream.write(sent);
    sent.fill(0);
    assert.is(stream.checkWrite(), 0n);
    const pollable = stream.subscribe();
    assert.is(pollable.ready(), false);
    let all = "";
    while (all.length < room - 4096 + permit) {
      all += os.read(from, 65_536).toString();
      pollable.ready();
    }
    assert.is(all.replaceAll("x", ""), "y".repeat(permit));
    pollable.block();
    assert.ok(stream.checkWrite() > 0n);
  }),
);

test(
  "blocking-write-and-flush waits for a reader, and takes at most 4096 bytes",
  scoped(async (s) => {
    const [from, stdout] = s.pipe();
    const stream = componentOf({ stdout }).stdout();
    const count = fill(stdout);
    const script = "let got = 0; while (got < data.most) got += os.read(data.from, 65536).length;";
    const { done } = await inThread(20, script, { from, most: count });
    stream.blockingWriteAndFlush(bytesOf("z".repeat(4096)));
    await done;
    assert.match(os.read(from, 9).toString(), /^z+$/);
    assert.throws(
      () => stream.blockingWriteAndFlush(new Uint8Array(4097)),
      /blocking-write-and-flush of 4097 bytes, at most 4096 are permitted/,
    );
    assert.throws(() => stream.blockingWriteZeroesAndFlush(2n ** 40n), /are permitted/);
  }),
);

test(
  "zeroes are written like other bytes",
  scoped((s) => {
    const [from, stdout] = s.pipe();
    const stream = componentOf({ stdout }).stdout();
    assert.throws(() => stream.writeZeroes(1n), /are permitted/);
    stream.checkWrite();
    stream.writeZeroes(3n);
    stream.blockingWriteZeroesAndFlush(2n);
    assert.equal([...os.read(from, 9)], [0, 0, 0, 0, 0]);
  }),
);

test(
  "a pipe without a reader is closed, and ready",
  scoped((s) => {
    const [from, stdout] = s.pipe();
    const stream = componentOf({ stdout }).stdout();
    s.close(from);
    assert.is(
      failure(() => stream.blockingWriteAndFlush(bytesOf("x"))),
      "closed",
    );
    assert.is(
      failure(() => stream.checkWrite()),
      "closed",
    );
    assert.is(stream.subscribe().ready(), true);
  }),
);

test(
  "splice moves the bytes that are there, with its permit; the blocking one waits",
  scoped(async (s) => {
    const [stdin, into] = s.pipe();
    const [from, stdout] = s.pipe();
    const on = componentOf({ stdin, stdout });
    const [input, output] = [on.stdin(), on.stdout()];
    assert.is(output.splice(input, 9n), 0n);
    os.write(into, "hello");
    assert.is(output.splice(input, 3n), 3n);
    assert.is(output.blockingSplice(input, 2n ** 63n), 2n);
    const { done } = await inThread(20, "os.write(data.into, '!');", { into });
    assert.is(output.blockingSplice(input, 9n), 1n);
    await done;
    assert.is(os.read(from, 99).toString(), "hello!");
    s.close(into);
    assert.is(
      failure(() => output.splice(input, 1n)),
      "closed",
    );
    const other = { read: () => bytesOf("theirs"), subscribe: () => ({ block: () => {} }) };
    assert.is(output.blockingSplice(other, 6n), 6n);
    assert.is(os.read(from, 99).toString(), "theirs");
  }),
);

test(
  "a stream that is dropped leaves its descriptor open, and can be had again",
  scoped((s) => {
    const [from, stdout] = s.pipe();
    const on = componentOf({ stdout });
    const first = on.stdout();
    first.checkWrite();
    first.write(bytesOf("a"));
    (first as unknown as Record<symbol, () => void>)[dispose]?.();
    on.stdout().blockingWriteAndFlush(bytesOf("b"));
    assert.is(os.read(from, 9).toString(), "ab");
  }),
);

/** A source with room for so many bytes at a time. */
class Narrow extends FakeSource {
  taken = "";
  override events = EVENT_OUT;
  override write(bytes?: Uint8Array): number {
    if (bytes === undefined || this.room === 0) return -EAGAIN;
    const count = Math.min(bytes.length, this.room);
    this.room -= count;
    this.taken += text(bytes.subarray(0, count));
    this.events = this.room === 0 ? 0 : EVENT_OUT;
    return count;
  }
}

test("a source takes what it has room for, and the rest later", () => {
  const source = new Narrow();
  source.room = 4;
  const stream = componentOf({ stdout: source }).stdout();
  stream.checkWrite();
  stream.write(bytesOf("abcdefgh"));
  assert.is(source.taken, "abcd");
  assert.is(stream.checkWrite(), 0n);
  source.set(EVENT_OUT, -1, 2);
  stream.flush();
  assert.is(source.taken, "abcdef");
  source.set(EVENT_OUT, -1, 99);
  assert.is(stream.subscribe().ready(), true);
  assert.is(source.taken, "abcdefgh");
});

test.run();
