// What the functions for C guests share: the modules, the table of descriptors, the memory, the waits.

import type { Clock } from "../clocks.ts";
import type { Waiter } from "../wait.ts";
import type { GuestFiles } from "./files.ts";
import type { Registrations } from "./limits.ts";
import type { GuestMemory } from "./memory.ts";
import type { OsObject, SelectObject } from "./module.ts";

/** The surroundings of one guest. */
export interface GuestContext {
  readonly select: SelectObject;
  readonly os: OsObject;
  readonly files: GuestFiles;
  readonly memory: GuestMemory;
  readonly waiter: Waiter;
  readonly registrations: Registrations;
  /** The guest's clocks, by WASI's numbers. */
  readonly clocks: readonly [realtime: Clock, monotonic: Clock];
}
