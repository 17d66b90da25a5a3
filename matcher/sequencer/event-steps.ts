import type { ExitFillStep } from "../state/step.ts";
import type { ExchangeEvent } from "./exchange-event.ts";
import type { FillStep, LiquidationStep, NumberedStep } from "./outcome.ts";

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
  "request-waits",
]);

/** A fill of the book as the ledger has it, with the number of the step that it is, or is a part of. */
export interface NumberedTrade {
  readonly number: number;
  readonly trade: FillStep | LiquidationStep | ExitFillStep;
}

/** All of a command's, in the order of its fill events. */
export function tradesIn(steps: readonly NumberedStep[]): NumberedTrade[] {
  return steps.flatMap(({ number, step }): NumberedTrade[] => {
    if (step.kind === "fill" || step.kind === "liquidation") return [{ number, trade: step }];
    if (step.kind !== "request") return [];
    return step.parts.flatMap((part) => {
      return part.kind === "exitFill" || part.kind === "liquidation" ? [{ number, trade: part }] : [];
    });
  });
}

/** Numbers of the steps that are something, or have it as a part, as often as they do. */
function numbersOf(steps: readonly NumberedStep[], kind: "deleveraging" | "forcedClose"): number[] {
  return steps.flatMap(({ number, step }) => {
    if (step.kind === "request") return step.parts.filter((part) => part.kind === kind).map(() => number);
    return step.kind === kind ? [number] : [];
  });
}

/**
 * The step that proves each event of a command, or null. Fills meet the steps of fills and liquidations in order, and what sums up a
 * liquidation has the last of them; each deleveraging and forced close has two events in a row, each settled position its account's
 * touch; entries of the queue meet theirs in order, and what an exit pays is part of its request's; all else is proven by the first step.
 */
export function provingSteps(events: readonly ExchangeEvent[], steps: readonly NumberedStep[]): (number | null)[] {
  const trades = tradesIn(steps);
  const sides = { deleveraged: numbersOf(steps, "deleveraging"), "forced-closed": numbersOf(steps, "forcedClose") };
  const next = { fill: 0, deleveraged: 0, "forced-closed": 0, registered: 0, deposit: 0, "request-served": 0 };
  const entries = (kind: "registration" | "deposit") => steps.filter(({ step }) => step.kind === kind);
  const ended = steps.filter(({ step }) => step.kind === "request" && step.outcome !== "advanced");
  return events.map((event): number | null => {
    if (BOOK_ONLY.has(event.type)) return null;
    switch (event.type) {
      case "fill":
        return trades[next.fill++]?.number ?? null;
      case "liquidated":
        return trades[next.fill - 1]?.number ?? null;
      case "deleveraged":
      case "forced-closed":
        return sides[event.type][Math.floor(next[event.type]++ / 2)] ?? null;
      case "position-settled":
        return steps.find(({ step }) => step.kind === "touch" && step.account === event.account)?.number ?? null;
      case "registered":
        return entries("registration")[next.registered++]?.number ?? null;
      case "deposit":
        return entries("deposit")[next.deposit++]?.number ?? null;
      case "exit-paid":
        return ended[next["request-served"]]?.number ?? null;
      case "request-served":
        return ended[next["request-served"]++]?.number ?? null;
      default:
        return steps[0]?.number ?? null;
    }
  });
}
