// Sockets of AF_UNIX and their names.

import { join } from "node:path";
import { suite } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { FileNotFoundError, OSError, ValueError } from "../../bindings/errors.ts";
import * as os from "../../bindings/node/os.ts";
import { throws } from "../support/expect.ts";
import { mkdtempSync, rmSync, statSync, shortPath, tmpdir } from "../support/files.ts";
import { closeAll } from "../support/probes.ts";

const realFolder = mkdtempSync(join(tmpdir(), "omnipoll-os-"));
const { path: folder } = shortPath(realFolder);
process.on("exit", () => rmSync(realFolder, { recursive: true, force: true }));

const local = suite("os: AF_UNIX");

local("a listener on a path accepts, and its client has no name", () => {
  const path = join(folder, "sö");
  const fd = os.socket(os.AF_UNIX, os.SOCK_STREAM);
  os.bind(fd, path);
  os.listen(fd);
  assert.ok(statSync(path).isSocket());
  const client = os.socket(os.AF_UNIX, os.SOCK_STREAM);
  os.connect(client, path);
  const [server, address] = os.accept(fd);
  assert.is(address, "");
  assert.is(os.getsockname(server), path);
  assert.is(os.getpeername(client), path);
  assert.is(os.getsockname(client), "");
  assert.not.ok(os.get_inheritable(server));
  assert.ok(os.get_blocking(server));
  os.send(client, "x");
  assert.is(os.recv(server, 1).toString(), "x");
  closeAll(fd, client, server);
});

local("names in the abstract namespace come back as they were given", () => {
  for (const name of [`\0omnipoll ${process.pid}`, `\0${process.pid}${"x".repeat(90)}`]) {
    const fd = os.socket(os.AF_UNIX, os.SOCK_DGRAM);
    os.bind(fd, name);
    assert.is(os.getsockname(fd), name);
    os.close(fd);
  }
});

local("a name whose bytes are no UTF-8 comes back as Python has it, and goes in again", () => {
  const name = `\0${process.pid}\udcff\udce2\udc82€\ufeff\udc80`;
  const bytes = [0, ...Buffer.from(String(process.pid)), 0xff, 0xe2, 0x82];
  const fd = os.socket(os.AF_UNIX, os.SOCK_DGRAM);
  os.bind(fd, Uint8Array.from([...bytes, ...Buffer.from("€\ufeff"), 0x80]));
  assert.is(os.getsockname(fd), name);
  const client = os.socket(os.AF_UNIX, os.SOCK_DGRAM);
  os.connect(client, name);
  assert.is(os.getpeername(client), name);
  closeAll(fd, client);
});

local("an empty name lets the kernel choose one", () => {
  const fd = os.socket(os.AF_UNIX, os.SOCK_STREAM);
  os.bind(fd, "");
  assert.match(os.getsockname(fd) as string, /^\0[0-9a-f]{5}$/);
  os.close(fd);
});

local("a path of 107 bytes fits, one more does not", () => {
  const path = join(folder, "x").padEnd(107, "x");
  const fd = os.socket(os.AF_UNIX, os.SOCK_STREAM);
  const error = throws(() => os.bind(fd, `${path}x`), OSError, "ENAMETOOLONG");
  assert.ok(error.message.includes("AF_UNIX path too long"), error.message);
  throws(() => os.bind(fd, `\0${"x".repeat(108)}`), OSError, "ENAMETOOLONG");
  os.bind(fd, path);
  assert.is(os.getsockname(fd), path);
  os.close(fd);
});

local("errors of a path name it", () => {
  const fd = os.socket(os.AF_UNIX, os.SOCK_STREAM);
  const error = throws(() => os.connect(fd, "/nonexistent/x"), FileNotFoundError, "ENOENT");
  assert.ok(error.message.includes("/nonexistent/x"));
  throws(() => os.bind(fd, "a\0b"), ValueError);
  throws(() => os.getpeername(fd), OSError, "ENOTCONN");
  os.close(fd);
});

local.run();
