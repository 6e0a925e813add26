// Makes the C header of asm/abi.ts, which build.mjs writes beside the addon. The names get a prefix
// in C, where the headers of the system have some of them already.

import * as abi from "../../asm/abi.ts";

/** The text of the header. */
export function abiHeader(): string {
  const lines = Object.entries(abi).map(([name, value]) => {
    const literal = value < 0 ? `(${value})` : `0x${value.toString(16)}`;
    return `#define ${name.startsWith("ABI_") ? name : `ABI_${name}`} ${literal}`;
  });
  return `/* Generated from asm/abi.ts by make-abi-header.ts. Do not edit. */\n\n${lines.join("\n")}\n`;
}
