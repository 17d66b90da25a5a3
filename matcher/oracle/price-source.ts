import { MARKETS } from "../protocol/spec.ts";

/** A market's price as a source has it. */
export interface SourcePrice {
  readonly priceTicks: number;
  /** When it was so. */
  readonly timeSeconds: number;
}

/** Why a source has no price for a market: a sentence for the operator. */
export interface NoPrice {
  readonly reason: string;
}

export type SourceAnswer = SourcePrice | NoPrice;

/** Where a signer gets its prices from. Each signer should have one of its own: a median of one source is no median. */
export interface PriceSource {
  /** For logs. */
  readonly name: string;
  /**
   * Prices by market index at a time; undefined for a market that the source was not told about. One market's trouble is its own answer;
   * a source that has nothing at all rejects with a sentence.
   */
  pricesAt(timeSeconds: number): Promise<readonly (SourceAnswer | undefined)[]>;
}

/** What a signer reports, and why it leaves markets out. */
export interface Reportable {
  /** By market, 0 for no price. */
  readonly pricesTicks: readonly number[];
  /** By market, for those that the source was told about. */
  readonly reasons: ReadonlyMap<number, string>;
}

/** A price may be this far ahead of the round that it is reported in: a round's time is the start of its period, and clocks differ. */
const AHEAD_MAX_SECONDS = 5;

/** A price counts while it is fresh: a signer stands for its time, too. @param maxAgeSeconds oldest price that is passed on */
export function reportable(
  answers: readonly (SourceAnswer | undefined)[],
  timeSeconds: number,
  maxAgeSeconds: number,
): Reportable {
  const reasons = new Map<number, string>();
  const pricesTicks = Array.from({ length: MARKETS }, (_, market) => {
    const answer = answers[market];
    if (answer === undefined) return 0;
    if ("reason" in answer) {
      reasons.set(market, answer.reason);
      return 0;
    }
    const age = timeSeconds - answer.timeSeconds;
    if (age <= maxAgeSeconds && age >= -AHEAD_MAX_SECONDS) return answer.priceTicks;
    const fault = age < 0 ? `of a time ${-age} s ahead` : `${age} s old, ${maxAgeSeconds} s are allowed`;
    reasons.set(market, `the price is ${fault}`);
    return 0;
  });
  return { pricesTicks, reasons };
}
