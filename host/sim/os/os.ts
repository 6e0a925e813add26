// omnipoll/os of a simulated kernel: the calls on any descriptor, pipe2 and eventfd.

import { EBADF, EINVAL, EPIPE, EVENT_IN } from "../../../asm/abi.ts";
import type { AioHost, OsHost } from "../../os.ts";
import { EFAULT, O_CLOEXEC, O_NONBLOCK } from "../kernel/constants.ts";
import { EFD_SEMAPHORE, EventFile } from "../fs/eventfd.ts";
import type { SimHost } from "../waist/host.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { aioCalls } from "../fs/aio.ts";
import { processCalls } from "./processes.ts";
import { socketCalls } from "./sockets.ts";
import { createPipe } from "../fs/pipe.ts";

type DescriptorCalls = Pick<
  OsHost,
  | "close"
  | "read"
  | "write"
  | "dup"
  | "get_blocking"
  | "set_blocking"
  | "get_inheritable"
  | "set_inheritable"
>;

const SIGPIPE = 13;

function descriptorCalls(kernel: Kernel, host: SimHost): DescriptorCalls {
  const { faults, trace } = kernel;
  return {
    close(fd) {
      host.announceClose(fd);
      return host.close(fd);
    },
    read(fd, buffer, size) {
      const file = kernel.descriptors.usable(fd);
      if (file === undefined) return -EBADF;
      if (size > buffer.length) return -EFAULT;
      const wanted = faults.readSize(size);
      const result = kernel.retry(fd, file, EVENT_IN, "read", () => file.read(buffer, wanted));
      trace.add("read", [fd, size], result);
      return result;
    },
    write(fd, bytes) {
      const file = kernel.descriptors.usable(fd);
      if (file === undefined) return -EBADF;
      const wanted = bytes.subarray(0, faults.writeSize(bytes.length));
      const attempt = (done: number): number => file.write(wanted.subarray(done));
      const result = kernel.writeAll(fd, file, "write", wanted.length, attempt);
      trace.add("write", [fd, bytes.length], result);
      if (result === -EPIPE) kernel.raise(SIGPIPE);
      return result;
    },
    dup(fd) {
      const file = kernel.descriptors.get(fd);
      const result = file === undefined ? -EBADF : kernel.open(file);
      trace.add("dup", [fd], result);
      return result;
    },
    get_blocking(fd) {
      const file = kernel.descriptors.get(fd);
      return file === undefined ? -EBADF : Number(file.isBlocking);
    },
    set_blocking(fd, on) {
      const file = kernel.descriptors.get(fd);
      if (file === undefined) return -EBADF;
      file.flags = on === 0 ? file.flags | O_NONBLOCK : file.flags & ~O_NONBLOCK;
      return 0;
    },
    get_inheritable(fd) {
      return kernel.descriptors.get(fd) === undefined
        ? -EBADF
        : Number(kernel.descriptors.isInheritable(fd));
    },
    set_inheritable(fd, on) {
      if (kernel.descriptors.get(fd) === undefined) return -EBADF;
      kernel.descriptors.setInheritable(fd, on !== 0);
      return 0;
    },
  };
}

type PipeCalls = Pick<OsHost, "pipe2" | "eventfd">;

function pipeCalls(kernel: Kernel): PipeCalls {
  const { trace } = kernel;
  return {
    pipe2(fds, flags) {
      if ((flags & ~(O_NONBLOCK | O_CLOEXEC)) !== 0) return -EINVAL;
      const result = kernel.openPair(createPipe(kernel, flags & O_NONBLOCK), fds);
      trace.add("pipe2", [flags], result < 0 ? result : fds[0]);
      return result;
    },
    eventfd(initval, flags) {
      if ((flags & ~(EFD_SEMAPHORE | O_NONBLOCK | O_CLOEXEC)) !== 0) return -EINVAL;
      const isSemaphore = (flags & EFD_SEMAPHORE) !== 0;
      const file = new EventFile(kernel, initval, flags & O_NONBLOCK, isSemaphore);
      const fd = kernel.open(file);
      trace.add("eventfd", [initval, flags], fd);
      return fd;
    },
  };
}

/** The calls of omnipoll/os on a simulated kernel. */
export type SimOs = OsHost & AioHost & Pick<SimHost, "describe" | "takeFailure">;

/** The calls of omnipoll/os on the kernel of `host`. */
export function createSimOs(host: SimHost): SimOs {
  const { kernel } = host;
  return {
    describe: host.describe,
    takeFailure: host.takeFailure,
    ...descriptorCalls(kernel, host),
    ...pipeCalls(kernel),
    ...socketCalls(kernel),
    ...processCalls(kernel),
    ...aioCalls(kernel, host.owner),
  };
}
