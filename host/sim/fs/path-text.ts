// Paths as text. In a path that is not UTF-8 each byte becomes one character, as Python's surrogateescape
// does (PEP 383), so that no byte is lost.

/** Added to a byte above 127: the result is a lone surrogate. */
const SURROGATE = 0xdc00;

/** The text of a path. */
export function decodePath(bytes: Uint8Array): string {
  try {
    // A copy, because browsers refuse to decode memory that is shared with another thread.
    return new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(bytes));
  } catch {
    return Array.from(bytes, (byte) =>
      String.fromCharCode(byte < 0x80 ? byte : SURROGATE + byte),
    ).join("");
  }
}
