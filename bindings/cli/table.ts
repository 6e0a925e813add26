// A table for a terminal: columns as wide as they need be, and colours where they are wanted.

/** One row of cells; a `rule` above separates it from the last. */
export interface Row {
  readonly cells: readonly string[];
  readonly rule?: boolean;
}

const SGR: Record<string, number> = { bold: 1, dim: 2, red: 31, green: 32 };

/** `text` in a colour, if `on`. */
export function coloured(text: string, colour: keyof typeof SGR, on: boolean): string {
  return on ? `\u001B[${SGR[colour]}m${text}\u001B[0m` : text;
}

/** Width of a cell on the terminal: without its colours. */
function widthOf(cell: string): number {
  // oxlint-disable-next-line no-control-regex
  return cell.replace(/\u001B\[\d+m/g, "").length;
}

/** The rows, in columns two blanks apart. */
export function tableOf(rows: readonly Row[]): string {
  const widths: number[] = [];
  for (const { cells } of rows) {
    cells.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, widthOf(cell))));
  }
  const lines = rows.map(({ cells, rule }) => {
    const padded = cells.map((cell, i) => cell + " ".repeat((widths[i] ?? 0) - widthOf(cell)));
    return `${rule === true ? "\n" : ""}${padded.join("  ").trimEnd()}\n`;
  });
  return lines.join("");
}
