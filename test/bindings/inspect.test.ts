// inspect(): the registrations of an object as plain values, by name, changing nothing.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { CAPABILITY_EPOLL, CAPABILITY_KQUEUE } from "../../asm/abi.ts";
import {
  devpoll,
  epoll,
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
  host,
  kevent,
  KQ_EV_ADD,
  KQ_EV_CLEAR,
  KQ_EV_DELETE,
  KQ_EV_DISABLE,
  KQ_EV_ONESHOT,
  KQ_FILTER_READ,
  KQ_FILTER_TIMER,
  KQ_FILTER_USER,
  KQ_NOTE_SECONDS,
  KQ_NOTE_TRIGGER,
  kqueue,
  OSError,
  poll,
  POLLIN,
  POLLOUT,
  POLLPRI,
  type QueueView,
  type RegistrationView,
  ValueError,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { scoped } from "../support/descriptors.ts";

const hasEpoll = (host.capabilities() & CAPABILITY_EPOLL) !== 0;
const hasKqueue = (host.capabilities() & CAPABILITY_KQUEUE) !== 0;

/** The registrations in short, by descriptor: "3 IN|OUT". */
function shortOf({ registrations }: QueueView): string[] {
  return registrations
    .toSorted((a, b) => Number(a.ident) - Number(b.ident))
    .map(({ ident, flagNames }) => `${ident} ${flagNames.join("|")}`);
}

test("poll: the registrations in order, with their masks by name", () => {
  const polling = poll();
  polling.register(7, POLLIN | POLLOUT);
  polling.register(3, 0);
  polling.register(5, POLLPRI | 0x800);
  polling.register(4);
  polling.unregister(3);
  polling.modify(7, POLLIN);
  assert.equal(polling.inspect(), {
    api: "poll",
    fd: undefined,
    keptBy: "core",
    registrations: [
      { ident: 7, flags: POLLIN, flagNames: ["IN"], disabled: false },
      { ident: 5, flags: POLLPRI | 0x800, flagNames: ["PRI", "0x800"], disabled: false },
      {
        ident: 4,
        flags: POLLIN | POLLPRI | POLLOUT,
        flagNames: ["IN", "PRI", "OUT"],
        disabled: false,
      },
    ],
    ready: undefined,
    sources: [],
  } satisfies QueueView);
});

test("poll: an object without registrations", () => {
  assert.equal(poll().inspect().registrations, []);
});

test("poll: ten thousand registrations, with gaps between them", () => {
  const polling = poll();
  for (let fd = 0; fd < 10_000; fd++) polling.register(fd, POLLIN);
  for (let fd = 0; fd < 10_000; fd += 7) polling.unregister(fd);
  const idents = polling.inspect().registrations.map(({ ident }) => ident);
  const left = Array.from({ length: 10_000 }, (_, fd) => fd).filter((fd) => fd % 7 !== 0);
  assert.equal(idents, left);
});

test(
  "devpoll: the masks add up, and the descriptor of the object is among the values",
  scoped((scope) => {
    const object = devpoll();
    scope.onEnd(() => object.close());
    object.register(9, POLLIN);
    object.register(9, POLLOUT);
    object.register(8, POLLIN);
    object.unregister(8);
    assert.equal(object.inspect(), {
      api: "devpoll",
      fd: object.fileno(),
      keptBy: "core",
      registrations: [
        { ident: 9, flags: POLLIN | POLLOUT, flagNames: ["IN", "OUT"], disabled: false },
      ],
      ready: undefined,
      sources: [],
    } satisfies QueueView);
  }),
);

test("the arguments and closed objects are those of every other call", () => {
  const objects = [devpoll(), epoll(), kqueue()];
  for (const object of objects) {
    assert.throws(
      () => (object.inspect as (...given: unknown[]) => unknown)(1),
      (error: unknown) => error instanceof TypeError,
    );
    object.close();
    assert.throws(
      () => object.inspect(),
      (error: unknown) => error instanceof ValueError && error.message.includes("closed"),
    );
  }
  assert.throws(
    () => (poll().inspect as (...given: unknown[]) => unknown)(1),
    (error: unknown) => error instanceof TypeError,
  );
});

test(
  "views are plain values: they can be cloned and written as JSON",
  scoped((scope) => {
    const polling = poll();
    polling.register(0);
    const object = epoll();
    scope.onEnd(() => object.close());
    const [r] = scope.pipe();
    object.register(r);
    for (const view of [polling.inspect(), object.inspect()]) {
      assert.equal(structuredClone(view), view);
      const { registrations } = JSON.parse(JSON.stringify(view)) as QueueView;
      assert.equal(registrations, view.registrations);
    }
  }),
);

/** The bits that Linux adds to every mask (do_epoll_ctl), which a core that translates does not show. */
const ADDED = hasEpoll ? "|ERR|HUP" : "";

test(
  "kqueue: knotes with flags and notes by name, and the active list",
  scoped((scope) => {
    const queue = kqueue();
    scope.onEnd(() => queue.close());
    const [r, w] = scope.pipe();
    queue.control(
      [
        kevent(r, KQ_FILTER_READ, KQ_EV_ADD | KQ_EV_CLEAR, 0, 0, 7),
        kevent(1, KQ_FILTER_USER, KQ_EV_ADD | KQ_EV_CLEAR, 0x5),
        kevent(2, KQ_FILTER_USER, KQ_EV_ADD | KQ_EV_DISABLE),
        kevent(3, KQ_FILTER_TIMER, KQ_EV_ADD | KQ_EV_ONESHOT, KQ_NOTE_SECONDS, 1000),
      ],
      0,
    );
    queue.control([kevent(1, KQ_FILTER_USER, 0, KQ_NOTE_TRIGGER)], 0);
    const view = queue.inspect();
    assert.is(view.api, "kqueue");
    assert.is(view.fd, queue.fileno());
    assert.is(view.keptBy, hasKqueue ? "kernel" : "core");
    const knoteOf = (filter: string, ident: number): RegistrationView =>
      view.registrations.find(
        (each) => each.filter === filter && each.ident === ident,
      ) as RegistrationView;
    assert.is(view.registrations.length, 4);
    assert.ok(knoteOf("READ", r).flagNames.includes("CLEAR"));
    assert.is(knoteOf("READ", r).knote?.udata, 7);
    assert.not(knoteOf("READ", r).knote?.active);
    assert.ok(knoteOf("USER", 1).knote?.active);
    assert.ok(knoteOf("USER", 2).disabled);
    assert.not(knoteOf("USER", 1).disabled);
    assert.ok(knoteOf("TIMER", 3).flagNames.includes("ONESHOT"));
    assert.ok(knoteOf("TIMER", 3).knote?.asked.noteNames.includes("SECONDS"));
    assert.equal(
      view.ready?.map((index) => view.registrations[index]?.ident),
      [1],
    );
    assert.equal(queue.inspect(), view);
    assert.equal(
      queue.control(null, 8, 0).map(({ ident }) => ident),
      [1],
    );
    os.write(w, "x");
    queue.inspect();
    assert.equal(
      queue.control(null, 8, 0).map(({ ident }) => ident),
      [r],
    );
  }),
);

test(
  "kqueue: the sources are descriptors of the core's own",
  scoped((scope) => {
    const queue = kqueue();
    scope.onEnd(() => queue.close());
    const [r] = scope.pipe();
    queue.control([kevent(3, KQ_FILTER_TIMER, KQ_EV_ADD, 0, 1000), kevent(r)], 0);
    const { sources } = queue.inspect();
    if (hasEpoll) assert.ok(sources.some(({ name }) => name === "timerfd"));
    if (hasKqueue) assert.equal(sources, []);
    for (const { fd } of sources) assert.ok(fd !== r && fd !== queue.fileno());
    assert.is(new Set(sources.map(({ fd }) => fd)).size, sources.length);
  }),
);

test(
  "kqueue: a thousand knotes, each once",
  scoped((scope) => {
    const queue = kqueue();
    scope.onEnd(() => queue.close());
    const changes = Array.from({ length: 1000 }, (_, i) => kevent(i, KQ_FILTER_USER));
    queue.control(changes, 0);
    for (let i = 0; i < 1000; i += 3) {
      queue.control([kevent(i, KQ_FILTER_USER, KQ_EV_DELETE)], 0);
    }
    const idents = queue.inspect().registrations.map(({ ident }) => Number(ident));
    assert.equal(
      idents.toSorted((a, b) => a - b),
      Array.from({ length: 1000 }, (_, i) => i).filter((i) => i % 3 !== 0),
    );
  }),
);

test(
  "epoll: the keeper of the object, and the masks by name",
  scoped((scope) => {
    const object = epoll();
    scope.onEnd(() => object.close());
    const [r, w] = scope.pipe();
    object.register(r, EPOLLIN | EPOLLET);
    object.register(w, EPOLLOUT | EPOLLONESHOT);
    const view = object.inspect();
    assert.is(view.api, "epoll");
    assert.is(view.fd, object.fileno());
    assert.is(view.keptBy, hasEpoll ? "kernel" : "core");
    assert.equal(view.sources, hasKqueue ? [{ name: "kqueue", fd: object.fileno() }] : []);
    assert.equal(shortOf(view), [`${r} IN${ADDED}|ET`, `${w} OUT${ADDED}|ONESHOT`]);
  }),
);

test(
  "epoll: a one-shot registration is disabled by its event, and enabled by modify",
  scoped((scope) => {
    const object = epoll();
    scope.onEnd(() => object.close());
    const [, w] = scope.pipe();
    object.register(w, EPOLLOUT | EPOLLONESHOT);
    const only = (): RegistrationView => object.inspect().registrations[0] as RegistrationView;
    assert.not(only().disabled);
    assert.equal(object.poll(0), [[w, EPOLLOUT]]);
    assert.ok(only().disabled);
    assert.ok(only().flagNames.includes("ONESHOT"));
    object.modify(w, EPOLLOUT | EPOLLONESHOT);
    assert.not(only().disabled);
  }),
);

test(
  "epoll: registrations of one file under two numbers, and of a nested epoll",
  scoped((scope) => {
    const [outer, inner] = [epoll(), epoll()];
    scope.onEnd(() => outer.close());
    scope.onEnd(() => inner.close());
    const [r] = scope.pipe();
    const twin = os.dup(r);
    scope.onEnd(() => os.close(twin));
    outer.register(inner, EPOLLIN);
    outer.register(r, EPOLLIN);
    outer.register(twin, EPOLLIN);
    const expected = [inner.fileno(), r, twin].toSorted((a, b) => a - b);
    assert.equal(
      shortOf(outer.inspect()),
      expected.map((fd) => `${fd} IN${ADDED}`),
    );
    outer.unregister(r);
    assert.is(outer.inspect().registrations.length, 2);
    assert.equal(inner.inspect().registrations, []);
  }),
);

test(
  "epoll: inspecting between two waits takes no event",
  scoped((scope) => {
    const object = epoll();
    scope.onEnd(() => object.close());
    const [r, w] = scope.pipe();
    object.register(r, EPOLLIN | EPOLLET);
    os.write(w, "x");
    const before = object.inspect();
    assert.equal(object.inspect(), before);
    assert.equal(object.poll(0), [[r, EPOLLIN]]);
    object.inspect();
    assert.equal(object.poll(0), []);
    os.write(w, "y");
    object.inspect();
    assert.equal(object.poll(0), [[r, EPOLLIN]]);
  }),
);

test(
  "epoll: the ready list names registrations, each once",
  scoped((scope) => {
    const object = epoll();
    scope.onEnd(() => object.close());
    const pipes = [scope.pipe(), scope.pipe(), scope.pipe()] as const;
    for (const [r] of pipes) object.register(r, EPOLLIN);
    for (const [, w] of pipes.slice(1)) os.write(w, "x");
    object.poll(0, 1);
    const { ready, registrations } = object.inspect();
    assert.is(ready === undefined, host.name === "linux");
    const idents = (ready ?? []).map((index) => registrations[index]?.ident);
    assert.is(new Set(idents).size, idents.length);
    for (const ident of idents)
      assert.ok(
        pipes.slice(1).some(([r]) => r === ident),
        `${ident}`,
      );
    // Level-triggered entries stay on the list (ep_send_events).
    if (host.name === "sim:linux") assert.is(idents.length, 2);
  }),
);

if (hasEpoll) {
  test(
    "epoll: the bits that the kernel adds are among the flags",
    scoped((scope) => {
      const object = epoll();
      scope.onEnd(() => object.close());
      const [r] = scope.pipe();
      object.register(r, EPOLLIN | EPOLLET);
      const flags = (EPOLLIN | EPOLLET | EPOLLERR | EPOLLHUP) >>> 0;
      assert.is(object.inspect().registrations[0]?.flags, flags);
    }),
  );

  test(
    "epoll: a descriptor that was closed elsewhere, or names another file",
    scoped((scope) => {
      const object = epoll();
      const fd = object.fileno();
      os.close(fd);
      const codeOf = (): unknown => {
        try {
          return object.inspect();
        } catch (error) {
          return error instanceof OSError ? error.code : error;
        }
      };
      assert.is(codeOf(), "EBADF");
      const [r] = scope.pipe();
      if (r === fd) assert.is(codeOf(), "EINVAL");
      else object.close();
    }),
  );
}

test.run();
