import type { EpochTerms } from "../risk/epoch-terms.ts";
import type { BatchRefusal, OpenAccount, OpenRow } from "./batch-parts.ts";
import type { OpenLiquidations, PlacedLiquidation } from "./open-liquidations.ts";
import type { PlacedRow } from "./open-rows.ts";
import type { FillLeg, FillStep } from "./step.ts";
import type { QueueEntry } from "./trace.ts";

/** What a step would change. Nothing is written before all of it is known to be valid. */
export interface Plan {
  accounts: OpenAccount[];
  rows: PlacedRow[];
  /** A withdrawal or transfer. */
  payment: OpenRow | undefined;
  entry: QueueEntry | undefined;
  liquidation: PlacedLiquidation | undefined;
  feePicoUsd: bigint;
  market: number;
  grossDeltaLots: bigint;
}

/** The open batch, as who plans for it sees it. */
export interface BatchView {
  readonly terms: EpochTerms;
  readonly liquidations: () => OpenLiquidations;
  readonly feePicoUsd: () => bigint;
  readonly account: (account: number) => OpenAccount | undefined;
  /** An account that a row may name which nobody signed: without a row of its own. */
  readonly named: (account: number) => OpenAccount | BatchRefusal;
  readonly finalRefusal: (account: OpenAccount) => BatchRefusal | undefined;
  /** Adds an order's side of a fill. */
  readonly planLeg: (
    plan: Plan,
    fill: Pick<FillStep, "quantityLots" | "quoteMicroUsd">,
    leg: FillLeg,
  ) => BatchRefusal | undefined;
}

/** A plan that changes nothing. */
export function emptyPlan(): Plan {
  return {
    accounts: [],
    rows: [],
    payment: undefined,
    entry: undefined,
    liquidation: undefined,
    feePicoUsd: 0n,
    market: 0,
    grossDeltaLots: 0n,
  };
}
