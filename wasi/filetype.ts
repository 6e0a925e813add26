// The filetype that a WASI runtime tells of a descriptor of the host. Preview 1 has no type for pipes, terminals
// and listeners.

import {
  FD_DATAGRAM,
  FD_DEVICE,
  FD_DIRECTORY,
  FD_FILE,
  FD_LISTENER,
  FD_STREAM,
  FD_TERMINAL,
} from "../asm/abi.ts";
import {
  TYPE_CHARACTER_DEVICE,
  TYPE_DATAGRAM,
  TYPE_DIRECTORY,
  TYPE_REGULAR_FILE,
  TYPE_STREAM,
  TYPE_UNKNOWN,
} from "./preview1.ts";

const TYPES: Record<number, number> = {
  [FD_FILE]: TYPE_REGULAR_FILE,
  [FD_DIRECTORY]: TYPE_DIRECTORY,
  [FD_DEVICE]: TYPE_CHARACTER_DEVICE,
  [FD_TERMINAL]: TYPE_CHARACTER_DEVICE,
  [FD_STREAM]: TYPE_STREAM,
  [FD_LISTENER]: TYPE_STREAM,
  [FD_DATAGRAM]: TYPE_DATAGRAM,
};

/** The filetype of a descriptor of kind FD_*. */
export function filetypeOf(kind: number): number {
  return TYPES[kind] ?? TYPE_UNKNOWN;
}
