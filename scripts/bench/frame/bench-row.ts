import { benchTable } from "./bench-table.ts";

/** One figure of a benchmark. */
export interface BenchRow {
  /** What was measured, in a few words. */
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  readonly better: "higher" | "lower";
  /** Somebody else's way to the same end, measured in the same run. */
  readonly peer?: { readonly name: string; readonly value: number };
  /** The bound that the figure must keep, itself included. */
  readonly goal?: number;
}

/** What a benchmark tells whoever runs it: its rows, or the sentence why it could not run. */
export type BenchReport =
  | { readonly type: "bench-rows"; readonly rows: readonly BenchRow[] }
  | { readonly type: "bench-skipped"; readonly sentence: string };

/** How many times better than the peer the figure is; undefined without a peer. */
export function ratioOf({ value, better, peer }: BenchRow): number | undefined {
  if (peer === undefined) return undefined;
  return better === "higher" ? value / peer.value : peer.value / value;
}

/** Whether the figure keeps its goal; undefined without one. */
export function meetsGoal({ value, better, goal }: BenchRow): boolean | undefined {
  if (goal === undefined) return undefined;
  return better === "higher" ? value >= goal : value <= goal;
}

/** To be called once by every benchmark, at its end: prints the rows, or hands them to `npm run bench`. */
export function reportRows(rows: readonly BenchRow[]): void {
  if (!told({ type: "bench-rows", rows })) console.log(`\n${benchTable(rows)}`);
}

/** Instead of {@link reportRows} when something is missing; the sentence says what to do about it. */
export function reportSkipped(sentence: string): void {
  if (!told({ type: "bench-skipped", sentence })) console.log(sentence);
}

function told(report: BenchReport): boolean {
  return process.send?.(report) ?? false;
}
