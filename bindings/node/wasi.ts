// `omnipoll/wasi` on Node: for hosts of WASI guests.

export type { Clock } from "../../wasi/clocks.ts";
export {
  createPollOneoff,
  type GuestPollOneoff,
  type OneoffHost,
  type OneoffOptions,
  type Target,
} from "../../wasi/oneoff.ts";
export type { Source } from "../../wasi/source.ts";
