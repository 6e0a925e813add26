// The core: core.wasm, instantiated on a host.

import { ABI_VERSION, ERROR_BAD_HANDLE } from "../asm/abi.ts";
import { importsOf } from "../host/calls.ts";
import type { Host } from "../host/host.ts";
import { osError, type OSError } from "./errors.ts";

/** The exports of asm/index.ts; i32, u32, usize and f64 are all numbers here. */
export interface CoreExports {
  readonly memory: WebAssembly.Memory;
  capabilities(): number;
  devpollClose(handle: number): number;
  devpollCreate(): number;
  devpollFileno(handle: number): number;
  devpollInspect(handle: number, place: number): number;
  devpollReady(handle: number): number;
  devpollWait(handle: number, capacity: number, timeoutMs: number): number;
  devpollWrite(handle: number, fd: number, want: number): number;
  epollAdopt(epfd: number): number;
  epollClose(handle: number): number;
  epollControl(handle: number, op: number, fd: number, mask: number): number;
  epollCreate(flags: number): number;
  epollFileno(handle: number): number;
  epollForget(handle: number): number;
  epollInspect(handle: number, list: number, place: number): number;
  epollWait(handle: number, capacity: number, timeoutMs: number): number;
  forgetClosed(fd: number): void;
  inspectRecord(): number;
  kqueueAdopt(fd: number): number;
  kqueueChanges(): number;
  kqueueClose(handle: number): number;
  kqueueControl(handle: number, changes: number, capacity: number, timeoutMs: number): number;
  kqueueCreate(): number;
  kqueueEvents(): number;
  kqueueFileno(handle: number): number;
  kqueueInspect(handle: number, list: number, place: number): number;
  kqueuePost(fd: number, change: number): number;
  kqueuePosts(handle: number): number;
  kqueueReserve(handle: number, changes: number, capacity: number): number;
  pollCreate(): number;
  pollDestroy(handle: number): number;
  pollInspect(handle: number, place: number): number;
  pollModify(handle: number, fd: number, want: number): number;
  pollReady(handle: number): number;
  pollRegister(handle: number, fd: number, want: number): number;
  pollUnregister(handle: number, fd: number): number;
  pollWait(handle: number, timeoutMs: number): number;
  selectBegin(readers: number, writers: number, exceptional: number): number;
  selectClosed(): number;
  selectReady(list: number): number;
  selectWait(timeoutMs: number): number;
  transferred(fd: number, isRead: number, bytes: number): void;
}

/** Exports that only this file calls, because it caches their results. */
interface OwnExports extends CoreExports {
  readyStart(): number;
  reserveReady(capacity: number): number;
}

/** One instance of the core, and its host. */
export class Core {
  readonly host: Host;
  readonly calls: CoreExports;
  readonly #own: OwnExports;
  #words: Int32Array;
  #readyRoom = 0;
  #readyStart = 0;

  /**
   * Instantiates the core on a host; synchronous, because `select.poll()` is synchronous.
   *
   * @throws {Error} if the core was built from another asm/abi.ts than these bindings
   */
  constructor(module: WebAssembly.Module, host: Host) {
    let calls: OwnExports | undefined;
    const memoryOf = (): WebAssembly.Memory => (calls as OwnExports).memory;
    const imports = host.core?.importsOf(host, memoryOf) ?? importsOf(host, memoryOf);
    const { exports } = new WebAssembly.Instance(module, imports);
    const version = (exports["ABI_VERSION"] as WebAssembly.Global).value as number;
    if (version !== ABI_VERSION) {
      throw new Error(`core.wasm has ABI ${version}, the bindings have ${ABI_VERSION}: rebuild`);
    }
    calls = exports as unknown as OwnExports;
    host.core?.begin(exports);
    this.host = host;
    this.calls = calls;
    this.#own = calls;
    this.#words = new Int32Array(calls.memory.buffer);
  }

  /** The memory in 32-bit words. Callers must not keep the array: growing memory detaches it. */
  words(): Int32Array {
    if (this.#words.length === 0) this.#words = new Int32Array(this.calls.memory.buffer);
    return this.#words;
  }

  /** Address of the ready records of an epoll wait. */
  get readyStart(): number {
    return this.#readyStart;
  }

  /** Makes room for `count` ready records, which may move. Returns 0 or -ENOMEM. */
  reserveReady(count: number): number {
    if (count <= this.#readyRoom) return 0;
    const result = this.#own.reserveReady(count);
    if (result < 0) return result;
    this.#readyRoom = count;
    this.#readyStart = this.#own.readyStart();
    return 0;
  }

  /** The memory with fields of any size. Callers must not keep the view. */
  view(): DataView {
    return new DataView(this.calls.memory.buffer);
  }

  /** Makes the error of a call that returned `result` < 0, or takes the error that a host kept. */
  error(result: number, syscall: string, detail?: string): OSError | Error {
    if (result === ERROR_BAD_HANDLE)
      return new Error(
        `${syscall}: another object with this descriptor was closed, which closed this one`,
      );
    const failure = this.host.takeFailure?.();
    if (failure !== undefined) return failure;
    return osError((errno) => this.host.describe(errno), -result, syscall, detail);
  }
}
