// The exports of the package that are bound to no host, and so the same on every platform.

export * from "./constants.ts";
export { Devpoll, type DevpollFunction } from "./devpoll.ts";
export { Epoll, type EpollFunction } from "./epoll.ts";
export {
  BlockingIOError,
  BrokenPipeError,
  ChildProcessError,
  ConnectionAbortedError,
  ConnectionError,
  ConnectionRefusedError,
  ConnectionResetError,
  FileExistsError,
  FileNotFoundError,
  InterruptedError,
  IsADirectoryError,
  KeyError,
  NotADirectoryError,
  OSError,
  OverflowError,
  PermissionError,
  ProcessLookupError,
  TimeoutError,
  ValueError,
} from "./errors.ts";
export { OSError as error } from "./errors.ts";
export type { Event } from "./events.ts";
export type {
  KnoteView,
  NotesView,
  QueueView,
  RegistrationsView,
  RegistrationView,
  SourceView,
} from "./inspect.ts";
export { Kevent, type KeventFunction, type KeventKeywords, type Whole } from "./kevent.ts";
export { Kqueue, type KqueueFunction } from "./kqueue.ts";
export { Poll, type PollFunction } from "./poll.ts";
export type { Ready, SelectFunction } from "./select.ts";
export type { Timeout } from "./timeout.ts";
export type { Waitable } from "./waitable.ts";
