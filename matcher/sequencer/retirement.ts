import type { Epoch } from "../protocol/epoch.ts";
import type { Ledger } from "../state/ledger.ts";
import type { PositionSettledEvent } from "./exchange-event.ts";

/** Positions that an epoch to come settles, because their markets have retired; by market, then by account. */
export function retiredPositions(ledger: Ledger, { markets }: Epoch): PositionSettledEvent[] {
  return markets.flatMap(({ retired, priceTicks }, market) => {
    if (!retired) return [];
    return ledger.holdersOf(market).map((account): PositionSettledEvent => {
      const sizeLots = ledger.positionLots(account, market);
      return { type: "position-settled", account, market, sizeLots, priceTicks };
    });
  });
}

/** Of those, what the epoch has settled: an account that nothing can touch keeps its position. */
export function settledEvents(ledger: Ledger, positions: readonly PositionSettledEvent[]): PositionSettledEvent[] {
  return positions.filter(({ account, market }) => ledger.positionLots(account, market) === 0);
}
