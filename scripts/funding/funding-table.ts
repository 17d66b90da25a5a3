import { intervalStartSeconds, samplesPerSlot, slotsPerInterval } from "../../matcher/protocol/funding-schedule.ts";
import { renderTable } from "../cli/table.ts";
import type { IntervalVerdict } from "./interval-verdict.ts";
import type { ServedFunding } from "./served-funding.ts";

/** "1 3–5 9" for [1, 3, 4, 5, 9]. */
export function ranges(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < numbers.length; ) {
    let end = i;
    while (numbers[end + 1] === (numbers[end] as number) + 1) end++;
    parts.push(end === i ? `${numbers[i]}` : `${numbers[i]}–${numbers[end]}`);
    i = end + 1;
  }
  return parts.join(" ");
}

function utc(seconds: number): string {
  return `${new Date(seconds * 1_000).toISOString().slice(0, 19)}Z`;
}

/** One line an interval, columns aligned. Rates are ppm of the price in eight hours. */
export function fundingTable({ schedule, symbols }: ServedFunding, verdicts: readonly IntervalVerdict[]): string {
  const expected = slotsPerInterval(schedule) * samplesPerSlot(schedule);
  const markets = [...symbols];
  const head = ["interval", "from", "samples", ...markets.map(([, symbol]) => symbol), "batches", "epochs", ""];
  const lines = verdicts.map(({ interval, samples, funding, batches, epochs, faults }) => [
    `${interval}`,
    utc(intervalStartSeconds(schedule, interval)),
    `${samples}/${expected}`,
    ...markets.map(([market]) => `${funding.find((found) => found.market === market)?.rate8hPpm ?? "–"}`),
    ranges(batches) || "–",
    ranges(epochs) || "–",
    faults.length === 0 ? "✓" : `✗ ${faults.length}`,
  ]);
  return renderTable(head, lines);
}
