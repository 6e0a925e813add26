// The exceptions: classes, fields, messages.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import * as select from "../../bindings/node/select.ts";
import { closedNumber } from "../support/probes.ts";
import { throws } from "../support/expect.ts";

const { KeyError, OSError, OverflowError, poll, ValueError } = select;

test("XC-51: the subclasses of OSError have Python's parents", () => {
  const { ConnectionError } = select;
  const classes = [
    ["BlockingIOError", select.BlockingIOError, OSError],
    ["BrokenPipeError", select.BrokenPipeError, ConnectionError],
    ["ChildProcessError", select.ChildProcessError, OSError],
    ["ConnectionAbortedError", select.ConnectionAbortedError, ConnectionError],
    ["ConnectionError", ConnectionError, OSError],
    ["ConnectionRefusedError", select.ConnectionRefusedError, ConnectionError],
    ["ConnectionResetError", select.ConnectionResetError, ConnectionError],
    ["FileExistsError", select.FileExistsError, OSError],
    ["FileNotFoundError", select.FileNotFoundError, OSError],
    ["InterruptedError", select.InterruptedError, OSError],
    ["IsADirectoryError", select.IsADirectoryError, OSError],
    ["NotADirectoryError", select.NotADirectoryError, OSError],
    ["PermissionError", select.PermissionError, OSError],
    ["ProcessLookupError", select.ProcessLookupError, OSError],
    ["TimeoutError", select.TimeoutError, OSError],
  ] as const;
  for (const [name, Class, parent] of classes) {
    const made = new Class("message", 1, "EX", "call");
    assert.is(Object.getPrototypeOf(Class), parent, name);
    assert.instance(made, OSError);
    assert.instance(made, Error);
    assert.is(made.name, name);
    assert.is(Class.name, name);
    assert.equal([made.message, made.errno, made.code, made.syscall], ["message", 1, "EX", "call"]);
    assert.match(made.stack as string, `${name}: message`);
  }
});

test("OSError, KeyError, ValueError and OverflowError", () => {
  assert.is(Object.getPrototypeOf(OSError), Error);
  assert.is(Object.getPrototypeOf(KeyError), Error);
  assert.is(Object.getPrototypeOf(ValueError), RangeError);
  assert.is(Object.getPrototypeOf(OverflowError), RangeError);
  for (const Class of [OSError, KeyError, ValueError, OverflowError]) {
    assert.is(new Class("x").name, Class.name);
    assert.match(String(new Class("x")), Class.name);
    assert.match(new Class("x").stack as string, Class.name);
  }
  assert.not.ok(new ValueError("x") instanceof OverflowError);
  assert.equal(Object.keys(new ValueError("x")), []);
});

test("an error made without a system call has no errno, as in Python", () => {
  const made = new OSError("message");
  assert.equal([made.errno, made.code, made.syscall], [undefined, undefined, undefined]);
});

test("XC-52: a message has the errno first, as in Python, then the code and the call", () => {
  const fd = closedNumber();
  const { message } = throws(() => select.select([fd], [], [], 0), OSError);
  assert.match(message, "[Errno 9] EBADF: Bad file descriptor (select");
  const { message: modified } = throws(() => poll().modify(5, 1), select.FileNotFoundError);
  assert.match(modified, "[Errno 2] ENOENT: No such file or directory (poll.modify");
  assert.match(modified, "fd 5");
});

test("a call of select() with a closed descriptor names the descriptor", () => {
  const fd = closedNumber();
  const { message } = throws(() => select.select([], [1, fd], [], 0), OSError);
  assert.match(message, `fd ${fd} `);
});

test("a KeyError has the key", () => {
  const thrown = throws(() => poll().unregister(7), KeyError) as InstanceType<typeof KeyError>;
  assert.is(thrown.key, 7);
  assert.match(thrown.message, "7");
});

test("XC-54: a call that fails changes nothing", () => {
  const p = poll();
  p.register(1, 0);
  const fd = closedNumber();
  p.register(fd, 0);
  throws(() => p.register(1, -1), ValueError);
  throws(() => p.modify(fd, 65536), OverflowError);
  throws(() => p.modify(2, 1), select.FileNotFoundError);
  throws(() => p.unregister(2), KeyError);
  throws(() => p.poll(NaN), ValueError);
  assert.equal(p.poll(0), [[fd, select.POLLNVAL]]);
  const ep = select.epoll();
  throws(() => ep.register(fd), OSError, "EBADF");
  throws(() => ep.modify(ep.fileno(), 1), OSError, "EINVAL");
  assert.equal(ep.poll(0), []);
  ep.close();
});

/** Message of the refusal of `value`. */
function refusal(value: unknown): string {
  return throws(() => poll().register(value as number), TypeError).message;
}

test("a value in a message is short and of recognisable type", () => {
  assert.match(refusal("x".repeat(1000)), `"${"x".repeat(40)}…"`);
  assert.match(refusal(5n), "5n");
  assert.match(refusal([1, 2]), "an array of 2");
  assert.match(refusal(new Map()), "an object of Map");
  assert.match(refusal(Object.create(null)), "an object of no class");
  assert.match(refusal({ constructor: 5 }), "an object of");
  assert.match(refusal(Symbol("s")), "Symbol(s)");
  assert.match(refusal(null), "null");
  assert.match(refusal(undefined), "undefined");
  assert.match(refusal(-0.5), "-0.5");
});

test.run();
