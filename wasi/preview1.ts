// Layouts and numbers of wasi_snapshot_preview1, which asm/standalone/preview1.ts has, and what writes them.

import {
  EVENT_BYTES,
  EVENT_ERROR,
  EVENT_FLAGS,
  EVENT_USERDATA,
} from "../asm/standalone/preview1.ts";

export * from "../asm/standalone/preview1.ts";

/** The fields of an event besides the user data and the type. */
export interface Answer {
  readonly error: number;
  readonly bytes: number;
  readonly flags: number;
}

/** Writes an event of 32 bytes, all of them. */
export function writeEvent(
  view: DataView,
  at: number,
  userdata: bigint,
  type: number,
  { error, bytes, flags }: Answer,
): void {
  view.setBigUint64(at + EVENT_USERDATA, userdata, true);
  // The error, the type, and the unused bytes behind them.
  view.setUint32(at + EVENT_ERROR, error | (type << 16), true);
  view.setUint32(at + EVENT_ERROR + 4, 0, true);
  view.setUint32(at + EVENT_BYTES, bytes % 2 ** 32, true);
  view.setUint32(at + EVENT_BYTES + 4, Math.floor(bytes / 2 ** 32), true);
  view.setUint32(at + EVENT_FLAGS, flags, true);
  view.setUint32(at + EVENT_FLAGS + 4, 0, true);
}
