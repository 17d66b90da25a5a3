import { INSURANCE_ACCOUNT } from "../protocol/spec.ts";
import { exitPayoutMicroUsdFloor, outcomeHolds } from "../risk/request-rules.ts";
import * as records from "./account-record.ts";
import type { BatchRefusal, OpenAccount } from "./batch-parts.ts";
import { type BatchView, emptyPlan, type Plan } from "./batch-plan.ts";
import { afterForced, afterMirrored } from "./liquidation-check.ts";
import type { PlacedLiquidation } from "./open-liquidations.ts";
import type { DeleveragingStep, ExitFillStep, LiquidationStep, RequestStep } from "./step.ts";

/** The maker's row is an order's like any other; the account's is judged by docs/protocol.md §5a. */
export function planLiquidation(batch: BatchView, step: LiquidationStep): Plan | BatchRefusal {
  return planClosing(batch, step, batch.liquidations().ofFill(step));
}

/** Outside the pool: two accounts that nobody asked. */
export function planDeleveraging(batch: BatchView, step: DeleveragingStep): Plan | BatchRefusal {
  if (step.account === step.counterparty) return "self-trade";
  return planMirrored(batch, batch.liquidations().ofDeleveraging(step));
}

/** One of the rows of a request. */
export function planPart(
  batch: BatchView,
  { entry }: RequestStep,
  part: RequestStep["parts"][number],
): Plan | BatchRefusal {
  const { kind, account } = entry;
  if (part.account !== account || (kind !== "forcedExit" && kind !== "liquidationRequest")) return "request-outcome";
  switch (part.kind) {
    case "liquidation":
      return planLiquidation(batch, part);
    case "deleveraging":
      return planDeleveraging(batch, part);
    case "exitFill":
      if (kind !== "forcedExit") return "request-outcome";
      return planClosing(batch, part, batch.liquidations().ofExitFill(part));
    case "forcedClose":
      if (part.counterparty === account) return "self-trade";
      return planMirrored(batch, batch.liquidations().ofForcedClose(part, kind));
  }
}

/** What a request does to its account beside what is closed for it, and whether it may end so (docs/protocol.md §5b). */
export function planRequest(
  batch: BatchView,
  { entry, outcome, parts, payoutMicroUsd }: RequestStep,
): Plan | BatchRefusal {
  const { kind } = entry;
  if (kind === "registration" || kind === "deposit") return "request-outcome";
  const old = batch.named(entry.account);
  if (typeof old === "string") return old;
  // What another row gave an account must not leave with an exit before that row's own rules have measured it.
  const namedOtherwise = batch
    .liquidations()
    .rows()
    .some((row) => row.request === undefined && (row.account === entry.account || row.counterparty === entry.account));
  if (kind === "forcedExit" && namedOtherwise) return "row-beside-liquidation";
  const final = records.afterRequest(old.now, entry);
  const end = { request: kind, final, closed: parts.length > 0 };
  if (!outcomeHolds(batch.terms, end, outcome)) return "request-outcome";
  const pays = kind === "forcedExit" && outcome === "done";
  if (payoutMicroUsd !== (pays ? exitPayoutMicroUsdFloor(final) : 0n)) return "request-payout";
  const account = { ...old, now: records.paidOut(final, payoutMicroUsd) };
  return batch.finalRefusal(account) ?? { ...emptyPlan(), accounts: [account] };
}

/** A row of the pool, with an order on the other side. */
function planClosing(
  batch: BatchView,
  step: LiquidationStep | ExitFillStep,
  placed: PlacedLiquidation | BatchRefusal,
): Plan | BatchRefusal {
  const { account, market, quantityLots, maker } = step;
  if (maker.order.account === account) return "self-trade";
  const { feePicoUsd } = maker;
  if (batch.feePicoUsd() + feePicoUsd < 0n) return "fees-negative";
  if (typeof placed === "string") return placed;
  const liquidation = placed;
  const plan: Plan = { ...emptyPlan(), liquidation, feePicoUsd, market, grossDeltaLots: -BigInt(quantityLots) };
  return batch.planLeg(plan, step, maker) ?? planForced(batch, plan, placed) ?? plan;
}

/** Both accounts give up as much. */
function planMirrored(batch: BatchView, placed: PlacedLiquidation | BatchRefusal): Plan | BatchRefusal {
  if (typeof placed === "string") return placed;
  const { market, quantityLots } = placed.part;
  const plan: Plan = { ...emptyPlan(), liquidation: placed, market, grossDeltaLots: -2n * quantityLots };
  return planForced(batch, plan, placed) ?? plan;
}

/** The accounts that the row names, and the fund's, which is in the batch whatever it pays. */
function planForced(batch: BatchView, plan: Plan, placed: PlacedLiquidation): BatchRefusal | undefined {
  const { part } = placed;
  const old = batch.named(part.account);
  if (typeof old === "string") return old;
  const account = { ...old, now: afterForced(old.now, part) };
  plan.accounts.push(account);
  let counterparty: OpenAccount | undefined;
  if (part.counterparty !== undefined) {
    const other = batch.named(part.counterparty);
    if (typeof other === "string") return other;
    counterparty = { ...other, now: afterMirrored(other.now, part) };
    plan.accounts.push(counterparty);
  }
  const fund = batch.account(INSURANCE_ACCOUNT);
  if (fund === undefined) return "no-insurance-account";
  const collateralPicoUsd = fund.now.collateralPicoUsd + batch.liquidations().fundDeltaPicoUsd(placed);
  plan.accounts.push({ ...fund, now: { ...fund.now, collateralPicoUsd } });
  if (!plan.accounts.every(({ now }) => records.collateralInRange(now))) return "collateral-range";
  const transitionOf = ({ start, now: final }: OpenAccount) => ({ start, final });
  return batch
    .liquidations()
    .refusal(
      placed,
      transitionOf(account),
      counterparty === undefined ? undefined : transitionOf(counterparty),
      fund.start.collateralPicoUsd,
    );
}
