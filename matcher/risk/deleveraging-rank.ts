/** A holder of a position on the side that stands against a bankrupt one. */
export interface RankedHolder {
  readonly account: number;
  /** |size|, at least 1. */
  readonly lots: bigint;
  /** TV of the account. */
  readonly valuePicoUsd: bigint;
}

/** Where a holder stands: position 1 is deleveraged first. */
export interface DeleveragingRank {
  readonly position: number;
  readonly holders: number;
  /** 5 for the fifth of the holders who are first, 1 for the last. */
  readonly quintile: number;
}

const QUINTILES = 5;

/**
 * Who is deleveraged first: the greater leverage |size| · price / TV, compared by cross multiplication (the market's price is the same for
 * both), then the lower account index. Only for values above zero. Bits: 40 + 109.
 */
export function compareDeleveragingRank(a: RankedHolder, b: RankedHolder): number {
  const difference = b.lots * a.valuePicoUsd - a.lots * b.valuePicoUsd;
  if (difference !== 0n) return difference < 0n ? -1 : 1;
  return a.account - b.account;
}

/**
 * The holders of one side of a market by the order in which they are deleveraged. A holder of no positive value has no place: it is itself
 * to be liquidated, and no deleveraging leaves it at maintenance margin.
 */
export class DeleveragingRanking {
  private readonly ranked: RankedHolder[];
  private readonly byAccount = new Map<number, RankedHolder>();

  constructor(holders: Iterable<RankedHolder>) {
    this.ranked = [...holders].filter(hasPlace).sort(compareDeleveragingRank);
    for (const holder of this.ranked) this.byAccount.set(holder.account, holder);
  }

  get size(): number {
    return this.ranked.length;
  }

  /** The holder at a place, from 0, or undefined beyond the last. */
  at(place: number): RankedHolder | undefined {
    return this.ranked[place];
  }

  /** Gives a holder the place that is now right for it; one without lots or value has none. */
  update(holder: RankedHolder): void {
    const old = this.byAccount.get(holder.account);
    if (old !== undefined) this.ranked.splice(this.placeOf(old), 1);
    if (!hasPlace(holder)) {
      this.byAccount.delete(holder.account);
      return;
    }
    this.byAccount.set(holder.account, holder);
    this.ranked.splice(this.placeOf(holder), 0, holder);
  }

  /** Undefined for an account without a place. */
  rankOf(account: number): DeleveragingRank | undefined {
    const holder = this.byAccount.get(account);
    if (holder === undefined) return undefined;
    const place = this.placeOf(holder);
    const holders = this.ranked.length;
    return { position: place + 1, holders, quintile: QUINTILES - Math.floor((place * QUINTILES) / holders) };
  }

  /** Where a holder is, or would have to be: the number of those that come before it. */
  private placeOf(holder: RankedHolder): number {
    let low = 0;
    let high = this.ranked.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareDeleveragingRank(this.ranked[middle] as RankedHolder, holder) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function hasPlace({ lots, valuePicoUsd }: RankedHolder): boolean {
  return lots > 0n && valuePicoUsd > 0n;
}
