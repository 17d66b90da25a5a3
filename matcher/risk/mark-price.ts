/** What a mark price is made of. Ticks; null where there is nothing. */
export interface MarkInputs {
  /** The epoch's price. */
  readonly indexTicks: number;
  readonly bidTicks: number | null;
  readonly askTicks: number | null;
  readonly lastTradeTicks: number | null;
  /** The epoch's band. */
  readonly priceMinTicks: number;
  readonly priceMaxTicks: number;
}

/** Half way between the best prices, to a whole tick toward the index; null without both sides. */
export function midTicksTowardIndex({ indexTicks, bidTicks, askTicks }: MarkInputs): number | null {
  if (bidTicks === null || askTicks === null) return null;
  const sum = bidTicks + askTicks;
  return 2 * indexTicks > sum ? Math.ceil(sum / 2) : Math.floor(sum / 2);
}

/**
 * What the market says now: the median of the index, the middle of the book and the last trade, the latter two within the band. Where
 * one of them is missing the index stands in for it, so that no single order or trade moves the mark: it leaves the index only as far
 * as book and trades agree, and never leaves the band.
 *
 * For looking at, and for what a position would have gained. Margin, liquidation and settlement use the index and nothing else.
 */
export function markPriceTicks(inputs: MarkInputs): number {
  const { indexTicks, lastTradeTicks, priceMinTicks, priceMaxTicks } = inputs;
  const within = (ticks: number | null) =>
    ticks === null ? indexTicks : Math.min(priceMaxTicks, Math.max(priceMinTicks, ticks));
  const prices = [indexTicks, within(midTicksTowardIndex(inputs)), within(lastTradeTicks)];
  return prices.sort((a, b) => a - b)[1] as number;
}
