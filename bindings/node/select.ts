// The package on Node: the select module on the host of this thread.

import { chooseHost } from "../../host/index.ts";
import { createSelectModule } from "./host.ts";

const module = createSelectModule(chooseHost());

// An editor shows these comments at an import, and those of the call signatures at a call.

/**
 * Waits until a descriptor of one of three lists is ready: `select(rlist, wlist, xlist, timeout?)`.
 * The timeout is in seconds; `null` (the default) waits for ever, 0 does not wait. Returns three
 * lists with the entries that are ready.
 *
 * @throws {OSError} EBADF if a descriptor is not open
 * @see https://docs.python.org/3/library/select.html#select.select
 */
export const select = module.select;
/**
 * Makes a polling object, which waits for descriptors with poll(2): `poll()`. Its timeouts are in
 * milliseconds.
 *
 * @see https://docs.python.org/3/library/select.html#polling-objects
 */
export const poll = module.poll;
/**
 * Makes an epoll object, edge or level triggered: `epoll(sizehint?, flags?)`, or
 * `epoll.fromfd(fd)`. Its timeouts are in seconds. Both arguments are without effect, as in Python.
 *
 * @throws {OSError} EMFILE if too many descriptors are open
 * @see https://docs.python.org/3/library/select.html#edge-and-level-trigger-polling-epoll-objects
 */
export const epoll = module.epoll;
/**
 * Makes a kqueue object with FreeBSD's semantics: `kqueue()`, or `kqueue.fromfd(fd)`. Its timeouts
 * are in seconds.
 *
 * @throws {OSError} EMFILE if too many descriptors are open
 * @see https://docs.python.org/3/library/select.html#kqueue-objects
 */
export const kqueue = module.kqueue;
/**
 * Makes a kevent, a change for `control()` of a queue:
 * `kevent(ident, filter?, flags?, fflags?, data?, udata?)`. The defaults are KQ_FILTER_READ,
 * KQ_EV_ADD and 0.
 *
 * @throws {OverflowError} if `ident`, `filter` or `data` is out of range
 * @see https://docs.python.org/3/library/select.html#kevent-objects
 */
export const kevent = module.kevent;
/**
 * Makes a /dev/poll object with the semantics of illumos: `devpoll()`. Its timeouts are in
 * milliseconds.
 *
 * @see https://docs.python.org/3/library/select.html#dev-poll-polling-objects
 */
export const devpoll = module.devpoll;
/** The host of this thread: the best one for the platform, or the one OMNIPOLL_HOST names. */
export const host = module.host;

export * from "../exports.ts";
