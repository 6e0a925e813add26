// Markdown for the generated parts of the documentation.

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** A table; oxfmt aligns its columns. */
export function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const BLOCK = /(<!-- generated: (\S+) -->\n)[^]*?(<!-- end of \2 -->)/g;

/** A page with the text that `make` returns for the name of each generated block. */
export function withBlocks(page: string, make: (name: string) => string): string {
  return page.replaceAll(
    BLOCK,
    (_all, start: string, name: string, end: string) => `${start}\n${make(name).trim()}\n\n${end}`,
  );
}

/** Names of the generated blocks of a page. */
export function blocksOf(page: string): string[] {
  return [...page.matchAll(BLOCK)].map(([, , name]) => name as string);
}

/** A page without the widths of the columns, which oxfmt decides. */
export function unaligned(page: string): string {
  return page.replaceAll(/^\|.*\|$/gm, (row) =>
    row.replaceAll(/ {2,}/g, " ").replaceAll(/-{3,}/g, "---"),
  );
}
