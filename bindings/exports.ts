// What the package exports besides the functions that are bound to a host: the same everywhere.

export * from "./constants.ts";
export { Devpoll } from "./devpoll.ts";
export { Epoll } from "./epoll.ts";
export * from "./errors.ts";
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
export { Kevent, type KeventKeywords, type Whole } from "./kevent.ts";
export { Kqueue } from "./kqueue.ts";
export { Poll } from "./poll.ts";
export type { Ready } from "./select.ts";
export type { Timeout } from "./timeout.ts";
export type { Waitable } from "./waitable.ts";
