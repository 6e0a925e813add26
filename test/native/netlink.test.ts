import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { suite } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EAGAIN, EBADF, EINVAL, ENODEV, EOPNOTSUPP, EPERM, EVENT_IN } from "../../asm/abi.ts";
import * as os from "../../bindings/node/os.ts";
import { apart, canBeRoot, host, memory, outside, readyOf, view } from "./support.ts";

const EFAULT = 14;
const ENOBUFS = 105;
const AT = 4096;
const ROOM = 16384;

const PROC_EVENT_FORK = 0x1;
const PROC_EVENT_EXEC = 0x2;
const PROC_EVENT_EXIT = 0x80000000;
const RTM_NEWLINK = 16;
const IFF_UP = 0x1;
const IFF_LOWER_UP = 0x10000;

const processes = suite("sources: proc_listen");

/** The events that wait, as [kind, pid of the process, pid of the child or status]. */
function processEvents(fd: number): Array<[what: number, pid: number, detail: number]> {
  const events: Array<[number, number, number]> = [];
  while (host.netlink_read(memory, fd, AT, ROOM) > 0) {
    const event = AT + 16 + 20;
    const what = view.getUint32(event, true);
    const detail = view.getUint32(event + 24, true);
    events.push([what, view.getUint32(event + 16, true), detail]);
  }
  return events;
}

processes("reports forks, execs and exits", () => {
  const fd = host.proc_listen();
  if (fd < 0) return console.log(`\nskip: proc_listen says ${fd}`);
  assert.is(os.get_blocking(fd), false);
  assert.is(os.get_inheritable(fd), false);
  const { pid } = spawnSync("sh", ["-c", "exit 3"]);
  assert.is(readyOf(fd, EVENT_IN, 1000), EVENT_IN);
  const events = processEvents(fd);
  assert.ok(
    events.some(([what, , child]) => what === PROC_EVENT_FORK && child === pid),
    "fork",
  );
  assert.ok(
    events.some(([what, one]) => what === PROC_EVENT_EXEC && one === pid),
    "exec",
  );
  const exit = events.find(([what, one]) => what === PROC_EVENT_EXIT && one === pid);
  assert.is(exit?.[2], 3 << 8);
  assert.is(host.netlink_read(memory, fd, AT, ROOM), -EAGAIN);
  host.close(fd);
});

processes("says -EOPNOTSUPP or -EPERM where no events would come", () => {
  if (!canBeRoot("proc_listen in namespaces", "unshare")) return;
  const script = "console.log(host.proc_listen())";
  assert.is(apart(["unshare", "-n"], script), String(-EOPNOTSUPP), "another network namespace");
  assert.is(apart(["unshare", "-p", "-f"], script), String(-EPERM), "another pid namespace");
  assert.is(apart(["unshare", "-U", "-r"], script), String(-EPERM), "another user namespace");
});

processes("an overrun is -ENOBUFS, once", () => {
  const fd = host.proc_listen();
  if (fd < 0) return console.log(`\nskip: proc_listen says ${fd}`);
  const size = new Uint8Array(Int32Array.of(1).buffer);
  os.setsockopt(fd, os.SOL_SOCKET, os.SO_RCVBUF, size);
  spawnSync("sh", ["-c", "for i in 1 2 3 4 5 6 7 8 9 10; do (true); done"]);
  const results = new Set<number>();
  for (let result = 1; result !== -EAGAIN && results.size < 100;) {
    result = host.netlink_read(memory, fd, AT, ROOM);
    assert.not(result === -ENOBUFS && results.has(result));
    results.add(result);
  }
  assert.ok(results.has(-ENOBUFS));
  host.close(fd);
});

processes.run();

const links = suite("sources: link_listen and link_flags");

links("flags are those of the system, by index", () => {
  for (const name of readdirSync("/sys/class/net")) {
    const read = (file: string) => Number(readFileSync(`/sys/class/net/${name}/${file}`, "utf8"));
    assert.is(host.link_flags(read("ifindex")) & 0xff3f, read("flags") & 0xff3f, name);
  }
  for (const index of [0, -1, 0x7fffffff]) assert.is(host.link_flags(index), -ENODEV);
});

links("reports a link that goes up and down, and link_flags has the same state", () => {
  if (!canBeRoot("links", "ip", "unshare")) return;
  const script = `
    execSync("ip link add one type veth peer name two");
    const index = Number(execSync("ip -o link show one | cut -d: -f1", { encoding: "utf8" }));
    const fd = host.link_listen();
    const report = [];
    for (const state of ["up", "down"]) {
      execSync("ip link set one up; ip link set two " + state);
      const seen = [];
      for (let length; (length = host.netlink_read(memory, fd, 0, 65536)) > 0; ) {
        for (let at = 0; at < length; at += view.getUint32(at, true)) {
          seen.push([view.getUint16(at + 4, true), view.getInt32(at + 20, true), view.getUint32(at + 24, true)]);
        }
      }
      const last = seen.filter(([, one]) => one === index).at(-1);
      report.push([last[0], last[2] & 0x10001, host.link_flags(index) & 0x10001]);
    }
    execSync("ip link del one");
    report.push(host.link_flags(index));
    console.log(JSON.stringify(report));`;
  // /sys shows the interfaces of the namespace that mounted it, so the index comes from ip there.
  const report = JSON.parse(apart(["unshare", "-n"], script)) as unknown;
  const up = IFF_UP | IFF_LOWER_UP;
  assert.equal(report, [[RTM_NEWLINK, up, up], [RTM_NEWLINK, IFF_UP, IFF_UP], -ENODEV]);
});

links("descriptors are close-on-exec and do not block", () => {
  const fd = host.link_listen();
  assert.is(os.get_blocking(fd), false);
  assert.is(os.get_inheritable(fd), false);
  assert.is(host.netlink_read(memory, fd, AT, ROOM), -EAGAIN);
  host.close(fd);
  assert.is(host.netlink_read(memory, fd, AT, ROOM), -EBADF);
});

links("leaves out messages that are not the kernel's", () => {
  const fd = host.link_listen();
  const [r, w] = os.socketpair(os.AF_UNIX, os.SOCK_DGRAM);
  os.write(w, "from somebody else");
  assert.is(host.netlink_read(memory, r, AT, ROOM), -EAGAIN);
  for (const one of [fd, r, w]) os.close(one);
});

links("stays inside the memory", () => {
  const fd = host.link_listen();
  for (const [address, length] of outside(1)) {
    assert.is(host.netlink_read(memory, fd, address, length), -EFAULT);
  }
  host.close(fd);
  assert.is(host.link_flags(Number.NaN), -EINVAL);
  assert.is((host.link_flags as (index: unknown) => number)("x"), -EINVAL);
});

links.run();
