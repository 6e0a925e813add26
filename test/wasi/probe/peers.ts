// The cases of peers: sockets, ends, errors, and bytes that come during the wait.

import * as os from "../../../bindings/node/os.ts";
import { POLLIN, POLLOUT } from "../../../bindings/node/select.ts";
import { fill, type Scope, settle, settleBytes } from "../../support/descriptors.ts";
import { inThread } from "../../support/world.ts";
import { after, type Case, clock, CONNREFUSED, events, HANGUP, PIPE, read, write } from "./case.ts";

const POLL = "Linux poll(2), measured";
const FLAG = "witx: eventrwflags fd_readwrite_hangup";
const LATER = "c1:20000000";

/** A socket whose peer has done something. */
function peerThat(peer: (b: number, s: Scope) => void): (s: Scope) => readonly number[] {
  return (s) => {
    const [a, b] = s.socketpair();
    peer(b, s);
    return [a];
  };
}

function refused(s: Scope): readonly number[] {
  const listener = s.listener();
  const address = os.getsockname(listener);
  s.close(listener);
  const fd = s.socket();
  try {
    os.connect(fd, address);
  } catch {
    // EINPROGRESS
  }
  settle(fd, POLLIN);
  return [fd];
}

/** The end of a TCP connection whose peer has reset it. */
function reset(s: Scope): readonly number[] {
  const [a, b] = s.tcp();
  // Bytes that nobody has read make a close a reset (tcp_close).
  os.write(a, "unread");
  settleBytes(b, 6);
  s.close(b);
  settle(a, POLLIN);
  return [a];
}

export const PEERS: readonly Case[] = [
  {
    name: "a pipe without a writer, empty",
    source: `${FLAG}; ${POLL}: POLLHUP alone`,
    given: "r0",
    open: (s) => {
      const [r, w] = s.pipe();
      s.close(w);
      return [r];
    },
    answers: events(read(0, 0, HANGUP)),
  },
  {
    name: "a pipe without a writer, with what it left",
    source: `${FLAG}; ${POLL}`,
    given: "r0 c0:60000000000",
    open: (s) => {
      const [r, w] = s.pipe();
      os.write(w, "left");
      s.close(w);
      return [r];
    },
    answers: events(read(0, 4, HANGUP)),
  },
  {
    name: "a pipe without a reader",
    source: `wasi-libc poll.c: PIPE is POLLHUP; ${POLL}: POLLERR`,
    given: "w0",
    open: (s) => {
      const [r, w] = s.pipe();
      s.close(r);
      return [w];
    },
    answers: events(write(0, 0, 0, PIPE)),
  },
  {
    name: "a socket whose peer is gone, to be read from",
    source: `${FLAG}; ${POLL}`,
    given: "r0",
    open: peerThat((b, s) => s.close(b)),
    answers: events(read(0, 0, HANGUP)),
  },
  {
    name: "a socket whose peer is gone, both ways",
    source: `${FLAG}; ${POLL}`,
    given: "r0 w0",
    open: peerThat((b, s) => s.close(b)),
    answers: events(read(0, 0, HANGUP), write(1, "any", HANGUP)),
  },
  {
    name: "a socket whose peer is gone, with what it left",
    source: `${FLAG}; ${POLL}`,
    given: "r0",
    open: peerThat((b, s) => {
      os.write(b, "bye");
      s.close(b);
    }),
    answers: events(read(0, 3, HANGUP)),
  },
  {
    name: "a half-closed socket is readable, and not hung up",
    source: `${POLL}: POLLIN, without POLLHUP`,
    given: "r0 w0",
    open: peerThat((b) => os.shutdown(b, os.SHUT_WR)),
    answers: events(read(0, 0), write(1)),
  },
  {
    name: "a half-closed TCP connection with bytes",
    source: `${POLL}: POLLIN, without POLLHUP`,
    given: "r0",
    open: (s) => {
      const [a, b] = s.tcp();
      os.write(b, "last");
      os.shutdown(b, os.SHUT_WR);
      settleBytes(a, 4);
      return [a];
    },
    answers: events(read(0, 4)),
  },
  {
    name: "both directions of a TCP connection shut down",
    source: `${FLAG}; ${POLL}: POLLHUP`,
    given: "r0",
    open: (s) => {
      const [a, b] = s.tcp();
      os.shutdown(b, os.SHUT_WR);
      settle(a, POLLIN);
      os.shutdown(a, os.SHUT_WR);
      return [a];
    },
    answers: events(read(0, 0, HANGUP)),
  },
  {
    name: "a connection that was refused",
    source: `${POLL}: POLLERR, SO_ERROR ECONNREFUSED`,
    given: "w0",
    open: refused,
    answers: events(write(0, 0, HANGUP, CONNREFUSED)),
  },
  {
    name: "a connection that was refused, to be read from",
    source: `${POLL}: POLLERR, SO_ERROR ECONNREFUSED`,
    given: "r0",
    open: refused,
    answers: events(read(0, 0, HANGUP, CONNREFUSED)),
  },
  {
    name: "a connection that was reset",
    source: `${POLL}: POLLERR, SO_ERROR ECONNRESET`,
    given: "r0",
    open: reset,
    answers: events(read(0, 0, HANGUP, 15)),
  },
  {
    name: "a listening socket without a connection",
    source: POLL,
    given: `r0 ${LATER}`,
    open: (s) => [s.listener()],
    answers: after(20, clock(1)),
  },
  {
    name: "a listening socket with a connection",
    source: `${POLL}; FIONREAD of a listening socket: EINVAL, so 1`,
    given: "r0",
    open: (s) => {
      const listener = s.listener();
      s.client(listener);
      settle(listener, POLLIN);
      return [listener];
    },
    answers: events(read(0, "some")),
  },
  {
    name: "a TCP connection that is being used",
    source: POLL,
    given: "r0 w0",
    open: (s) => {
      const [a, b] = s.tcp();
      os.write(b, "twelve bytes");
      settleBytes(a, 12);
      settle(a, POLLOUT);
      return [a];
    },
    answers: events(read(0, 12), write(1)),
  },
  {
    name: "datagrams count the first of them",
    source: "unix(7), udp(7): FIONREAD is the size of the next datagram",
    given: "r0",
    open: (s) => {
      const [a, b] = s.socketpair(os.SOCK_DGRAM);
      os.write(b, "first");
      os.write(b, "second one");
      return [a];
    },
    answers: events(read(0, 5)),
  },
  {
    name: "bytes that come during the wait",
    source: "witx: poll_oneoff",
    given: "r0",
    open: async (s) => {
      const [r, w] = s.pipe();
      await inThread(30, "os.write(data, 'late');", w);
      return [r];
    },
    answers: events(read(0, 4)),
  },
  {
    name: "bytes that come during the wait, to the last of five",
    source: "wazero#2481, mio#1662: more than standard input at once",
    given: "r0 r2 r5 r6 r7 c0:60000000000",
    open: async (s) => {
      const list = [0, 1, 2, 3].map(() => s.pipe()[0]);
      const [r, w] = s.pipe();
      await inThread(30, "os.write(data, 'x');", w);
      return [...list, r];
    },
    answers: events(read(4, 1)),
  },
  {
    name: "an eventfd that is written during the wait, beside idle ones",
    source: "mio#1662: a waker",
    given: "r0 r2 r5 c0:60000000000",
    open: async (s) => {
      const waker = s.eventfd();
      await inThread(30, "os.eventfd_write(data, 1);", waker);
      return [s.pipe()[0], s.socketpair()[0], waker];
    },
    answers: events(read(2, "some")),
  },
  {
    name: "a pipe that gets room during the wait",
    source: `${POLL}: POLLOUT once a page is free`,
    given: "w0 c0:60000000000",
    open: async (s) => {
      const [r, w] = s.pipe();
      fill(w);
      await inThread(30, "os.read(data, 65536);", r);
      return [w];
    },
    answers: events(write(0)),
  },
  {
    name: "a connection that is made during the wait",
    source: `${POLL}: POLLIN of a listening socket`,
    given: "r0 c0:60000000000",
    open: async (s) => {
      const listener = s.listener();
      const address = os.getsockname(listener);
      const client = s.socket();
      const connect = "try { os.connect(data[0], data[1]); } catch {}";
      await inThread(30, connect, [client, address]);
      return [listener];
    },
    answers: events(read(0, "some")),
  },
  {
    name: "a peer that leaves during the wait",
    source: FLAG,
    given: "r0",
    open: async (s) => {
      const [r, w] = s.pipe();
      // The thread closes it.
      s.disown(w);
      await inThread(30, "os.close(data);", w);
      return [r];
    },
    answers: events(read(0, 0, HANGUP)),
  },
];
