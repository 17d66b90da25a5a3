import type { DeleveragingRank } from "../risk/deleveraging-rank.ts";
import type { HeldSide } from "./deleveraging-board.ts";
import type { ExchangeState } from "./exchange-state.ts";

/** An account that will be liquidated as soon as the book allows. */
export interface AtRiskView {
  account: number;
  equityPicoUsd: bigint;
  maintenanceMarginPicoUsd: bigint;
}

/** In the order in which they will be; see Liquidator.atRisk. */
export function atRiskView({ liquidator, ledger }: ExchangeState): AtRiskView[] {
  return liquidator.atRisk().map((account) => {
    const { valuePicoUsd, maintenancePicoUsd } = ledger.marginOf(account);
    return { account, equityPicoUsd: valuePicoUsd, maintenanceMarginPicoUsd: maintenancePicoUsd };
  });
}

/** Where an account stands among those that would be deleveraged if the other side of a market went bankrupt. */
export interface DeleveragingRankView extends DeleveragingRank {
  market: number;
  side: HeldSide;
}

/** By market; none for a market without a position, and none for an account without value. @throws RangeError for an unknown account */
export function deleveragingRanks({ liquidator, ledger }: ExchangeState, account: number): DeleveragingRankView[] {
  return ledger.settledRecord(account).sizesLots.flatMap((size, market): DeleveragingRankView[] => {
    if (size === 0n) return [];
    const side = size > 0n ? "long" : "short";
    const rank = liquidator.board.ranking(market, side).rankOf(account);
    return rank === undefined ? [] : [{ market, side, ...rank }];
  });
}
