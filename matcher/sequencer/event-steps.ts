import type { ExchangeEvent } from "./exchange-event.ts";
import type { NumberedStep } from "./outcome.ts";

/** Events that no step proves. */
const BOOK_ONLY: ReadonlySet<ExchangeEvent["type"]> = new Set([
  "accepted",
  "resumed",
  "booked",
  "decremented",
  "removed",
  "cancel-remembered",
  "liquidation-ended",
  "fee-tier",
  "dead-mans-switch",
  "conditional",
  "cancel-time",
  "margin-mode",
  "funding-sample",
  "funding-interval",
]);

/**
 * The step that proves each event of a command, or null. Fills meet the steps of fills and liquidations in order, and what sums up a
 * liquidation has the last of them; each deleveraging has two events in a row, each settled position its account's touch; all else is
 * proven by the first step.
 */
export function provingSteps(events: readonly ExchangeEvent[], steps: readonly NumberedStep[]): (number | null)[] {
  const trades = steps.filter(({ step }) => step.kind === "fill" || step.kind === "liquidation");
  const deleveragings = steps.filter(({ step }) => step.kind === "deleveraging");
  let trade = 0;
  let sides = 0;
  return events.map((event): number | null => {
    if (BOOK_ONLY.has(event.type)) return null;
    switch (event.type) {
      case "fill":
        return trades[trade++]?.number ?? null;
      case "liquidated":
        return trades[trade - 1]?.number ?? null;
      case "deleveraged":
        return deleveragings[Math.floor(sides++ / 2)]?.number ?? null;
      case "position-settled":
        return steps.find(({ step }) => step.kind === "touch" && step.account === event.account)?.number ?? null;
      default:
        return steps[0]?.number ?? null;
    }
  });
}
