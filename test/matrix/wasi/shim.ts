// @bjorn3/browser_wasi_shim with our calls, in Node and in a browser.

import {
  type BrowserWasiShim,
  forBrowserWasiShim,
} from "../../../wasi/adapters/browser-wasi-shim.ts";
import { type Runtime, withOurs } from "../../wasi/probe/runtime.ts";

/** The parts of the package that are used: its types would need its installation. */
export interface Shim {
  readonly WASI: new (
    args: readonly string[],
    env: readonly string[],
    fds: readonly unknown[],
  ) => BrowserWasiShim & { start(instance: WebAssembly.Instance): number };
  readonly ConsoleStdout: new (write: (bytes: Uint8Array) => void) => unknown;
}

/** The shim with our calls. */
export function shimWithOurs(load: () => Promise<Shim>): Runtime {
  return withOurs("browser_wasi_shim + omnipoll", async ({ args }, { options, instantiate }) => {
    const { WASI } = await load();
    const wasi = new WASI(args, [], []);
    wasi.start(await instantiate(forBrowserWasiShim(wasi, options)));
  });
}
