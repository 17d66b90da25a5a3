import { intervalStartSeconds } from "../protocol/funding-schedule.ts";
import { type WireFundingRate, type WireOpenFunding, wireDigest } from "../protocol/funding-wire.ts";
import type { SealedInterval } from "../sequencer/funding-meter.ts";
import { chargedRate8hPpm, openFundingView } from "../sequencer/funding-view.ts";
import type { ExchangeAccess } from "./exchange-access.ts";

/** The contract's bound, ppm of the price per hour; null while it is not known. */
export function rateMaxPpmPerHourOf({ options }: ExchangeAccess): number | null {
  const rateMax = options.fundingRateMaxPpmPerHour?.() ?? 0;
  return rateMax === 0 ? null : rateMax;
}

/** An interval as one market sees it; null when the market was not live in it. */
export function fundingRateOf(
  access: ExchangeAccess,
  sealed: Omit<SealedInterval, "words">,
  market: number,
): WireFundingRate | null {
  const { interval, digest, sampleCount } = sealed;
  const found = sealed.funding.find((candidate) => candidate.market === market);
  const terms = sealed.terms.find((candidate) => candidate.market === market);
  if (found === undefined || terms === undefined) return null;
  const { mediansPpm, premiumPpm, rate8hPpm } = found;
  const { interest8hPpm, rateMax8hPpm } = terms;
  const rateMaxPpmPerHour = rateMaxPpmPerHourOf(access);
  const charged = rateMaxPpmPerHour === null ? rate8hPpm : chargedRate8hPpm(rate8hPpm, rateMaxPpmPerHour);
  return {
    interval,
    ...boundsOf(access, interval),
    samples: sampleCount,
    mediansPpm,
    premiumPpm,
    interest8hPpm,
    rateMax8hPpm,
    rate8hPpm,
    chargedRate8hPpm: charged,
    digest: wireDigest(digest),
  };
}

/** The interval that takes samples now; null before the first epoch. */
export function openFundingOf(access: ExchangeAccess, market: number): WireOpenFunding | null {
  const view = openFundingView(access.sequencer.state, market);
  return view === null ? null : { ...view, ...boundsOf(access, view.interval) };
}

function boundsOf({ sequencer }: ExchangeAccess, interval: number): { startSeconds: number; endSeconds: number } {
  const { schedule } = sequencer.state.funding.terms;
  return {
    startSeconds: intervalStartSeconds(schedule, interval),
    endSeconds: intervalStartSeconds(schedule, interval + 1),
  };
}
