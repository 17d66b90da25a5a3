/** What a cell holds. null is empty. */
export type Cell = string | number | boolean | null;

/** Characters that spreadsheet programs take for the beginning of a formula, and the one that guards against it. */
const FORMULA_START = /^[=+\-@\t\r']/;

/**
 * Text that somebody else chose, as a cell: with a leading ' when a spreadsheet program would run it, or when it begins with one. Whoever
 * reads it back takes one ' away. Numbers need no guard, and a negative one would be none with it.
 */
export function guardedText(text: string): string {
  return FORMULA_START.test(text) ? `'${text}` : text;
}

/** A line of RFC 4180, with its end. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(cellText).join(",")}\r\n`;
}

function cellText(cell: Cell): string {
  const text = cell === null ? "" : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** UTC, to the millisecond. */
export function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
