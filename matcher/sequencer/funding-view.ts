import { fundingOf } from "../risk/funding-rate.ts";
import { premiumPpmTowardZero } from "../risk/premium.ts";
import type { ExchangeState } from "./exchange-state.ts";

export { chargedRate8hPpm } from "../risk/funding-delta.ts";

/** The interval that takes samples now, as one market sees it. */
export interface OpenFundingView {
  interval: number;
  samples: number;
  /** Of the last sample; null without one. */
  premiumPpm: number | null;
  /** Its rate if no sample more were taken. */
  rate8hPpm: number;
}

/** null before the first epoch, and for a market that is not live. */
export function openFundingView(state: ExchangeState, market: number): OpenFundingView | null {
  const open = state.funding.openInterval(state.ledger.shared.epoch);
  const funding = open === null ? undefined : fundingOf(open).find((candidate) => candidate.market === market);
  if (open === null || funding === undefined) return null;
  const last = open.samples.at(-1)?.markets.find((candidate) => candidate.market === market);
  return {
    interval: open.interval,
    samples: open.samples.length,
    premiumPpm: last === undefined ? null : premiumPpmTowardZero(last.indexTicks, last, last.premiumMaxPpm),
    rate8hPpm: funding.rate8hPpm,
  };
}
