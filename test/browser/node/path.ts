// The part of node:path that tests use, in a browser.

/** Joins and normalizes. */
export function join(...parts: readonly string[]): string {
  const names: string[] = [];
  for (const name of parts.join("/").split("/")) {
    if (name === ".." && names.length > 0 && names.at(-1) !== "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return (parts[0]?.startsWith("/") ? "/" : "") + names.join("/");
}
