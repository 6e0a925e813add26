// Paths as text. Bytes that are no UTF-8 are kept, each as a character of its own, as Python does
// (PEP 383).

/** First of the characters that stand for bytes above 127. */
const LONE = 0xdc00;

/** The text of a path in bytes. */
export function decodePath(bytes: Uint8Array): string {
  try {
    // A copy: browsers decode no memory that another thread shares.
    return new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(bytes));
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte < 0x80 ? byte : LONE + byte)).join(
      "",
    );
  }
}
