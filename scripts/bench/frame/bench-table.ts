import { type BenchRow, meetsGoal, ratioOf } from "./bench-row.ts";

const HEADINGS = ["figure", "value", "unit", "peer", "ratio", "goal", "met"];
/** Columns of numbers stand at the right. */
const RIGHT = [1, 4, 5];

/** Rows as a table of text. */
export function benchTable(rows: readonly BenchRow[]): string {
  const table = [HEADINGS, ...rows.map(cells)];
  const widths = HEADINGS.map((_, column) => Math.max(...table.map((row) => (row[column] as string).length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => padded(cell, column, widths))
      .join("  ")
      .trimEnd(),
  );
  const rule = "─".repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

function padded(cell: string, column: number, widths: readonly number[]): string {
  const width = widths[column] as number;
  return RIGHT.includes(column) ? cell.padStart(width) : cell.padEnd(width);
}

function cells(row: BenchRow): string[] {
  const { figure, value, unit, better, peer, goal } = row;
  const ratio = ratioOf(row);
  const met = meetsGoal(row);
  return [
    figure,
    number(value),
    unit,
    peer === undefined ? "" : `${peer.name}: ${number(peer.value)}`,
    ratio === undefined ? "" : `${number(ratio)} ×`,
    goal === undefined ? "" : `${better === "higher" ? "≥" : "≤"} ${number(goal)}`,
    met === undefined ? "" : met ? "✔" : "✘",
  ];
}

/** Three digits at least where there are that many. */
function number(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}
