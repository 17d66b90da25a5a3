import { INSURANCE_ACCOUNT } from "../protocol/spec.ts";
import { DeleveragingRanking, type RankedHolder } from "../risk/deleveraging-rank.ts";
import type { Ledger } from "../state/ledger.ts";

/** Which side of a market holds: longs are deleveraged against bankrupt shorts. */
export type HeldSide = "long" | "short";

/** The side on which a position is, or null without one. */
export function heldSide(lots: number): HeldSide | null {
  return lots === 0 ? null : lots > 0 ? "long" : "short";
}

/**
 * The rankings of all sides of all markets, each worked out when it is first asked for. It does not see what changes in the ledger by
 * itself: {@link update} tells it.
 */
export class DeleveragingBoard {
  private readonly ledger: Ledger;
  private readonly rankings = new Map<string, { market: number; side: HeldSide; ranking: DeleveragingRanking }>();

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  /** Holders of a side, those who are deleveraged first in front. */
  ranking(market: number, side: HeldSide): DeleveragingRanking {
    const key = `${market} ${side}`;
    let entry = this.rankings.get(key);
    if (entry === undefined) {
      const holders = this.ledger.holdersOf(market).map((account) => this.holder(account, market, side));
      entry = { market, side, ranking: new DeleveragingRanking(holders) };
      this.rankings.set(key, entry);
    }
    return entry.ranking;
  }

  /** Takes note that an account's value or positions have changed. */
  update(account: number): void {
    if (account === INSURANCE_ACCOUNT) return;
    for (const { market, side, ranking } of this.rankings.values()) ranking.update(this.holder(account, market, side));
  }

  private holder(account: number, market: number, side: HeldSide): RankedHolder {
    const record = this.ledger.settledRecord(account);
    const size = record.sizesLots[market] as bigint;
    const held = side === "long" ? size : -size;
    const { valuePicoUsd } = this.ledger.marginOf(account);
    return { account, lots: held > 0n ? held : 0n, valuePicoUsd };
  }
}
