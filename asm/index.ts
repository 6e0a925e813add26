// All exports of the core.

export { ABI_VERSION } from "./abi";
export { capabilities } from "./capabilities";
export {
  devpollClose,
  devpollCreate,
  devpollFileno,
  devpollInspect,
  devpollReady,
  devpollWait,
  devpollWrite,
} from "./devpoll";
export {
  epollAdopt,
  epollClose,
  epollControl,
  epollCreate,
  epollFileno,
  epollForget,
  epollInspect,
  epollWait,
} from "./epoll";
export { inspectRecord } from "./inspect";
export {
  forgetClosed,
  kqueueAdopt,
  kqueueChanges,
  kqueueClose,
  kqueueControl,
  kqueueCreate,
  kqueueEvents,
  kqueueFileno,
  kqueueInspect,
  kqueuePost,
  kqueuePosts,
  kqueueReserve,
} from "./kqueue";
export {
  pollCreate,
  pollDestroy,
  pollInspect,
  pollModify,
  pollReady,
  pollRegister,
  pollUnregister,
  pollWait,
} from "./poll";
export { readyStart, reserveReady } from "./ready";
export { transferred } from "./epoll/readable";
export { selectBegin, selectClosed, selectReady, selectWait } from "./select";
