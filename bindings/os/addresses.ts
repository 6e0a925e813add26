// Socket addresses in Python's form: [host, port] or a path, by the family of the socket.

import { decodePath, NAME_SIZE, RESOLVER_ERROR } from "../../host/os.ts";
import { integerOf } from "../arguments.ts";
import { osError, OSError, OverflowError, show, ValueError } from "../errors.ts";
import { encodePath, isBytes } from "./arguments.ts";
import type { DescribedOsHost } from "./calls.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "./constants.ts";

/**
 * `[host, port]` for AF_INET and AF_INET6, a path for AF_UNIX.
 *
 * A host is an address, which may end with an IPv6 scope as in "fe80::1%eth0", a name to look up, or
 * "" for the wildcard. A path that begins with "\0" is in Linux's abstract namespace; "" is the path
 * of a socket without a name.
 */
export type Address = readonly [host: string, port: number] | string;

/** An address as hosts take it: text in UTF-8, and a port, or 0. */
interface EncodedAddress {
  readonly text: Uint8Array;
  readonly port: number;
}

const FAMILIES: Record<number, string> = {
  [AF_UNIX]: "AF_UNIX",
  [AF_INET]: "AF_INET",
  [AF_INET6]: "AF_INET6",
};

/** The errors of getaddrinfo(3), with glibc's texts. */
const RESOLVER_ERRORS: Record<number, readonly [code: string, message: string]> = {
  [-1]: ["EAI_BADFLAGS", "Bad value for ai_flags"],
  [-2]: ["EAI_NONAME", "Name or service not known"],
  [-3]: ["EAI_AGAIN", "Temporary failure in name resolution"],
  [-4]: ["EAI_FAIL", "Non-recoverable failure in name resolution"],
  [-5]: ["EAI_NODATA", "No address associated with hostname"],
  [-6]: ["EAI_FAMILY", "ai_family not supported"],
  [-7]: ["EAI_SOCKTYPE", "ai_socktype not supported"],
  [-8]: ["EAI_SERVICE", "Servname not supported for ai_socktype"],
  [-9]: ["EAI_ADDRFAMILY", "Address family for hostname not supported"],
  [-10]: ["EAI_MEMORY", "Memory allocation failure"],
  [-12]: ["EAI_OVERFLOW", "Argument buffer overflow"],
};

/** Makes the error of a call with an address, from its negative result: a system's or a resolver's. */
export function addressError(
  host: DescribedOsHost,
  result: number,
  syscall: string,
  detail: string,
): OSError {
  if (result > RESOLVER_ERROR) return osError(host.describe, -result, syscall, detail);
  const error = result - RESOLVER_ERROR;
  const [code, text] = RESOLVER_ERRORS[error] ?? [`EAI_${-error}`, "Name resolution failed"];
  // There is no errno, because EAI_* are not errnos.
  return new OSError(`[${code}] ${text} (${syscall}, ${detail})`, undefined, code, syscall);
}

/** Checks that a value is an address of any family. */
export function checkAddress(call: string, address: unknown): void {
  if (Array.isArray(address) || typeof address === "string" || isBytes(address)) return;
  throw new TypeError(`${call}: address must be [host, port] or a path, got ${show(address)}`);
}

function encodeInternet(call: string, family: string, address: unknown): EncodedAddress {
  if (!Array.isArray(address) || address.length !== 2) {
    throw new TypeError(`${call}: ${family} address must be [host, port], got ${show(address)}`);
  }
  const [host, port] = address as [unknown, unknown];
  if (typeof host !== "string") {
    throw new TypeError(`${call}: host must be a string, got ${show(host)}`);
  }
  if (host.includes("\0")) {
    throw new TypeError(`${call}: host must not contain a null character, got ${show(host)}`);
  }
  const number = integerOf(port, "port");
  if (number < 0 || number > 0xffff) {
    throw new OverflowError(`${call}: port must be 0-65535, got ${show(port)}`);
  }
  return { text: encodePath(host), port: Number(number) };
}

function encodeLocal(call: string, address: unknown): EncodedAddress {
  if (typeof address !== "string" && !isBytes(address)) {
    throw new TypeError(`${call}: AF_UNIX address must be a path, got ${show(address)}`);
  }
  const text = typeof address === "string" ? encodePath(address) : address;
  if (text.indexOf(0) > 0 && text[0] !== 0) {
    throw new ValueError(`${call}: path must not contain a null byte, got ${show(address)}`);
  }
  return { text, port: 0 };
}

/**
 * Checks an address for a socket of `family`, and encodes the address for the host.
 *
 * @throws {TypeError} if the family has addresses of another form
 */
export function encodeAddress(call: string, family: number, address: unknown): EncodedAddress {
  if (family === AF_UNIX) return encodeLocal(call, address);
  return encodeInternet(call, FAMILIES[family] ?? `family ${family}`, address);
}

/** Formats an address for a message. */
export function showAddress(address: Address | Uint8Array): string {
  return Array.isArray(address) ? `${show(address[0])} port ${address[1]}` : show(address);
}

/** Makes the arrays that a host writes an address into; see OsHost.accept. */
export function makeName(): { text: Uint8Array; parts: Int32Array } {
  return { text: new Uint8Array(NAME_SIZE), parts: new Int32Array(3) };
}

/** Reads the address that a host wrote. */
export function decodeAddress({ text, parts }: ReturnType<typeof makeName>): Address {
  const [family = 0, port = 0, length = 0] = parts;
  const decoded = decodePath(text.subarray(0, length));
  return family === AF_UNIX ? decoded : [decoded, port];
}
