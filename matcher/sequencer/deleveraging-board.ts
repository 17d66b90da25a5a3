import { INSURANCE_ACCOUNT } from "../protocol/spec.ts";
import { DeleveragingRanking, type RankedHolder } from "../risk/deleveraging-rank.ts";
import type { EpochTerms } from "../risk/epoch-terms.ts";
import type { Ledger } from "../state/ledger.ts";

/** Which side of a market holds: longs are deleveraged against bankrupt shorts. */
export type HeldSide = "long" | "short";

interface SideRanking {
  market: number;
  side: HeldSide;
  ranking: DeleveragingRanking;
}

/**
 * The rankings of all sides of all markets, each worked out when it is first asked for in an epoch and kept up from there, as long as it is
 * told which accounts were written. Derived from the ledger alone.
 */
export class DeleveragingBoard {
  private readonly ledger: Ledger;
  private readonly rankings = new Map<string, SideRanking>();
  private readonly written = new Set<number>();
  /** Of the epoch that the rankings are of. */
  private terms: EpochTerms | undefined;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  /** Tells that an account may have changed. */
  noteWritten(account: number): void {
    if (this.rankings.size > 0 && account !== INSURANCE_ACCOUNT) this.written.add(account);
  }

  /** Holders of a side, those who are deleveraged first in front; as of now, and not to be kept beyond the next change. */
  ranking(market: number, side: HeldSide): DeleveragingRanking {
    this.catchUp();
    const key = `${market} ${side}`;
    let entry = this.rankings.get(key);
    if (entry === undefined) {
      const holders = this.ledger.holdersOf(market).map((account) => this.holder(account, market, side));
      entry = { market, side, ranking: new DeleveragingRanking(holders) };
      this.rankings.set(key, entry);
    }
    return entry.ranking;
  }

  private catchUp(): void {
    const { terms } = this.ledger;
    if (this.terms !== terms) this.rankings.clear();
    this.terms = terms;
    for (const { market, side, ranking } of this.rankings.values()) {
      for (const account of this.written) ranking.update(this.holder(account, market, side));
    }
    this.written.clear();
  }

  private holder(account: number, market: number, side: HeldSide): RankedHolder {
    const size = this.ledger.settledRecord(account).sizesLots[market] as bigint;
    const lots = side === "long" ? size : -size;
    if (lots <= 0n) return { account, lots: 0n, valuePicoUsd: 0n };
    return { account, lots, valuePicoUsd: this.ledger.marginOf(account).valuePicoUsd };
  }
}
