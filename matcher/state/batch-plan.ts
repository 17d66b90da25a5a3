import type { OpenAccount, OpenRow } from "./batch-parts.ts";
import type { PlacedLiquidation } from "./open-liquidations.ts";
import type { PlacedRow } from "./open-rows.ts";
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
