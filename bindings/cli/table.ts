// A table for a terminal, with columns of the width of their cells, and colours.

/** One row of cells; `rule` leaves an empty line above the row. */
export interface Row {
  readonly cells: readonly string[];
  readonly rule?: boolean;
}

const SGR: Record<string, number> = { bold: 1, dim: 2, red: 31, green: 32 };

/** Returns `text` in a colour if `on`. */
export function coloured(text: string, colour: keyof typeof SGR, on: boolean): string {
  return on ? `\u001B[${SGR[colour]}m${text}\u001B[0m` : text;
}

/** Returns the width of a cell on the terminal, without its colours. */
function widthOf(cell: string): number {
  // oxlint-disable-next-line no-control-regex
  return cell.replace(/\u001B\[\d+m/g, "").length;
}

/** Formats the rows, with two blanks between the columns. */
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
