import type { BuiltCircuit } from "./build-circuit.ts";

/** A table of what each circuit costs, for a terminal or a Markdown page. */
export function constraintReport(circuits: readonly BuiltCircuit[]): string {
  const number = (value: number) => value.toLocaleString("en-US");
  const rows = circuits.map(({ name, header, nonLinearConstraints, linearConstraints }) => [
    name,
    number(header.constraintCount),
    number(nonLinearConstraints),
    number(linearConstraints),
    number(header.wireCount),
    number(header.publicInputCount + header.publicOutputCount),
  ]);
  const head = ["circuit", "constraints", "non-linear", "linear", "wires", "public"];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(" | ")} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}
