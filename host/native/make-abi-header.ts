// Prints host/native/abi.h from asm/abi.ts: node dist/host/native/make-abi-header.js > …
// The names get a prefix in C, where the system's headers have some of them already.

import * as abi from "../../asm/abi.ts";

/** The header's text. test/package/abi.test.ts compares it with the committed file. */
export function abiHeader(): string {
  const lines = Object.entries(abi).map(([name, value]) => {
    const literal = value < 0 ? `(${value})` : `0x${value.toString(16)}`;
    return `#define ${name.startsWith("ABI_") ? name : `ABI_${name}`} ${literal}`;
  });
  return `/* Generated from asm/abi.ts by make-abi-header.ts. Do not edit. */\n\n${lines.join("\n")}\n`;
}

if (process.argv[1]?.endsWith("make-abi-header.js")) process.stdout.write(abiHeader());
