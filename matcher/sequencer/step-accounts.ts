import { INSURANCE_ACCOUNT } from "../protocol/spec.ts";
import type { RequestStep, Step } from "../state/step.ts";

/** Accounts whose collateral or positions a step changed, funding apart. */
export function accountsOf(step: Step | RequestStep["parts"][number]): number[] {
  switch (step.kind) {
    case "registration":
    case "deposit":
      return [step.entry.account];
    case "fill":
      return [step.maker.order.account, step.taker.order.account];
    case "liquidation":
      return [step.account, step.maker.order.account, INSURANCE_ACCOUNT];
    case "deleveraging":
      return [step.account, step.counterparty, INSURANCE_ACCOUNT];
    case "exitFill":
      return [step.account, step.maker.order.account];
    case "forcedClose":
      return [step.account, step.counterparty];
    case "request":
      return [...new Set([step.entry.account, ...step.parts.flatMap(accountsOf)])];
    case "touch":
      return [step.account];
    case "withdrawal":
      return [step.message.account];
    case "transfer":
      return [step.message.account, step.message.to];
    case "epoch":
    case "cancel":
    case "cancelAll":
      return [];
  }
}
