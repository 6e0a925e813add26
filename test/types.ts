// Checked by `tsc`, never run: each line below must keep its meaning, or compile stops.

import { open } from "node:fs/promises";
import { createServer, Socket } from "node:net";
import { createSocket } from "node:dgram";
import {
  epoll,
  type Epoll,
  EPOLLET,
  type Event,
  type KeyError,
  type OSError,
  poll,
  Poll,
  POLLIN,
  type Ready,
  select,
  type Timeout,
  type Waitable,
} from "../bindings/node/select.ts";
import { openSync } from "./support/files.ts";

// Constants have literal types.
export const bit: 1 = POLLIN;
export const edge: 0x80000000 = EPOLLET;

// select() returns the values that it was given.
const socket = new Socket();
export const ready: [number[], Socket[], never[]] = select([1], [socket], []);
export const mixed: Ready<number | Socket, number, never> = select(
  [1, socket],
  new Set([2]),
  [],
  null,
);
export const generated: number[] = select(
  (function* () {
    yield 1;
  })(),
  [],
  [],
  0.5,
)[0];
export const typed: number[] = select(new Int32Array(1), [], [])[0];
// @ts-expect-error an entry is a descriptor or has one
select(["1"], [], []);
// @ts-expect-error fileno() returns a number
select([{ fileno: () => "1" }], [], []);
// @ts-expect-error bigints are no descriptors
select([1n], [], []);
// @ts-expect-error a list is iterable
select(1, [], []);
// @ts-expect-error there are three lists
select([], []);
// @ts-expect-error a timeout is a number or null
select([], [], [], "1");
// @ts-expect-error there are no keywords
select([], [], [], { timeout: 1 });

// Poll objects.
const p: Poll = poll();
export const events: Event[] = p.poll();
export const [[fd, event] = [0, 0]]: Array<[fd: number, event: number]> = p.poll(null);
export const pairs: number = p.pollInto(new Int32Array(2), undefined);
p.register(1);
p.register(openSync("/dev/null", "r"), POLLIN);
p.register(await open("/dev/null"), POLLIN);
p.register(socket);
p.register(createServer());
p.register(createSocket("udp4"));
p.register(process.stdin);
p.register(epoll());
p.register({ fd: 1 });
// @ts-expect-error modify needs a mask
p.modify(1);
// @ts-expect-error a mask is a number
p.register(1, "1");
// @ts-expect-error a poll object is not a descriptor
p.register(p);
// @ts-expect-error made by poll() only
export const made = new Poll();
// @ts-expect-error there is nothing to close
p.close();
// @ts-expect-error an Int32Array
p.pollInto([]);
// @ts-expect-error no arguments
poll(1);

// Epoll objects.
export const ep: Epoll = epoll({ sizehint: 1 });
export const polled: Event[] = ep.poll({ timeout: 1, maxevents: 2 });
// @ts-expect-error closed is read-only
ep.closed = true;

// Names of types.
export const timeouts: Timeout[] = [1, null, undefined];
export const waitables: Waitable[] = [1, { fileno: () => 1 }, { fd: 1 }];
export const codeOf = (error: OSError): string | undefined => error.code;
export const errnoOf = (error: OSError): number | undefined => error.errno;
export const keyOf = (error: KeyError): unknown => error.key;
