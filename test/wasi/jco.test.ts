// forJco without jco: its interfaces, beside those of a runtime. test/matrix/wasi/jco.ts has the real packages.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import * as os from "../../bindings/node/os.ts";
import * as select from "../../bindings/node/select.ts";
import { forJco, type JcoImports, type JcoOptions } from "../../wasi/adapters/jco.ts";
import { scoped } from "../support/descriptors.ts";
import { componentOf } from "./component.ts";

class TheirStream {
  subscribe(): object {
    return {};
  }
}
class TheirError extends Error {}
class TheirTerminal {
  readonly fd = 0;
}

const theirs = {
  "wasi:cli/environment": { getArguments: () => ["program"] },
  "wasi:cli/stdin": { getStdin: () => new TheirStream() },
  "wasi:cli/terminal-input": { TerminalInput: TheirTerminal },
  "wasi:cli/terminal-stdin": { getTerminalStdin: () => new TheirTerminal() },
  "wasi:filesystem/types": { filesystemErrorCode: () => "no-entry" },
  "wasi:io/error": { Error: TheirError },
  "wasi:io/streams": { InputStream: TheirStream, OutputStream: TheirTerminal },
};

test(
  "all interfaces have one set of classes, which the runtime's objects belong to",
  scoped((s) => {
    const [stdin] = s.pipe();
    const [, stdout] = s.pipe();
    const { interfaces, imports } = componentOf({ stdin, stdout }, theirs);
    const { InputStream, OutputStream } = interfaces["wasi:io/streams"];
    const input = interfaces["wasi:cli/stdin"].getStdin();
    const output = interfaces["wasi:cli/stdout"].getStdout();
    assert.instance(input, InputStream);
    assert.instance(output, OutputStream);
    assert.not.instance(input, OutputStream);
    assert.instance(input.subscribe(), interfaces["wasi:io/poll"].Pollable);
    const due = interfaces["wasi:clocks/monotonic-clock"].subscribeDuration(0n);
    assert.instance(due, interfaces["wasi:io/poll"].Pollable);
    assert.instance(new TheirStream(), InputStream);
    assert.not.instance(new TheirStream(), OutputStream);
    assert.instance(new TheirError(), interfaces["wasi:io/error"].Error);
    assert.is(imports["wasi:cli/environment"], theirs["wasi:cli/environment"]);
  }),
);

test("a stream that the options lack is the runtime's, with its terminal", () => {
  const { interfaces, guest } = componentOf({}, theirs);
  assert.instance(interfaces["wasi:cli/stdin"].getStdin(), TheirStream);
  const { TerminalInput } = interfaces["wasi:cli/terminal-input"];
  assert.instance(interfaces["wasi:cli/terminal-stdin"].getTerminalStdin(), TerminalInput);
  assert.throws(
    () => interfaces["wasi:cli/stdout"].getStdout(),
    "wasi:cli/stdout: neither the guest nor the imports have getStdout",
  );
  const [r, w] = os.pipe();
  guest.set(0, { fd: r, owned: true });
  assert.not.instance(interfaces["wasi:cli/stdin"].getStdin(), TheirStream);
  assert.is(interfaces["wasi:cli/terminal-stdin"].getTerminalStdin(), undefined);
  guest.dispose();
  assert.throws(() => os.read(r, 1), /EBADF/);
  assert.throws(
    () => interfaces["wasi:cli/stdin"].getStdin(),
    "wasi:cli/stdin: neither the guest nor the imports have getStdin",
    "the runtime's is out of reach once the number was the guest's",
  );
  os.close(w);
});

test(
  "errors of our streams have codes of wasi:filesystem, and the runtime's keep theirs",
  scoped((s) => {
    const [, stdin] = s.pipe();
    const { interfaces } = componentOf({ stdin }, theirs);
    const { filesystemErrorCode } = interfaces["wasi:filesystem/types"];
    try {
      interfaces["wasi:cli/stdin"].getStdin().read(1n);
      assert.unreachable();
    } catch (error) {
      const { val } = (error as { payload: { val: { toDebugString(): string } } }).payload;
      assert.instance(val, interfaces["wasi:io/error"].Error);
      assert.is(filesystemErrorCode(val), "bad-descriptor");
      assert.match(val.toDebugString(), /^EBADF: /);
    }
    assert.is(filesystemErrorCode(new TheirError()), "no-entry");
    assert.is(
      componentOf({}).interfaces["wasi:filesystem/types"].filesystemErrorCode(new TheirError()),
      undefined,
    );
  }),
);

/** The names of wasi:io/poll among the imports. */
function names(imports: JcoImports): string[] {
  return Object.keys(forJco(imports, { select, os })).filter((name) => name.includes("io/poll"));
}

test("the names keep the versions that the runtime's have", () => {
  assert.equal(names({}), ["wasi:io/poll"]);
  assert.equal(names({ "wasi:cli/exit@0.2.3": {} }), ["wasi:io/poll@0.2.3"]);
  assert.equal(names({ "wasi:cli/exit@0.2.3": {}, "wasi:cli/exit": {}, other: {} }), [
    "wasi:io/poll@0.2.3",
    "wasi:io/poll",
  ]);
});

/** Checks that forJco throws a TypeError with `message`. */
function refuses(imports: unknown, options: object, message: string): void {
  const call = (): unknown =>
    forJco(imports as JcoImports, { select, os, ...options } as unknown as JcoOptions);
  const isExpected = (error: unknown): boolean =>
    error instanceof TypeError && error.message === message;
  assert.throws(call, isExpected);
}

test("arguments that a component cannot have are refused by name", () => {
  const needed = "imports: the result of getImportObject() is needed, not";
  refuses(undefined, {}, `${needed} undefined`);
  refuses(null, {}, `${needed} null`);
  refuses({ getImportObject: () => ({}) }, {}, `${needed} the WASIShim itself`);
  refuses({}, { fds: [] }, "options.fds: a component of jco has stdin, stdout and stderr alone");
  refuses({}, { stdin: 4000 }, "descriptor 0 of the guest: descriptor 4000 is not open");
  const { guest } = componentOf({});
  assert.throws(() => guest.set(3, 0), "fd: a component has the descriptors 0, 1 and 2, not 3");
});

test.run();
