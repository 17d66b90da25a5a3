import type { Epoch, EpochMarket } from "../../matcher/protocol/epoch.ts";
import type { FundingInterval, FundingSample } from "../../matcher/protocol/funding-interval.ts";
import { fundingIntervalAt } from "../../matcher/protocol/funding-schedule.ts";
import { rateMax8hPpm } from "../../matcher/risk/funding-rate.ts";
import { premiumMaxPpm } from "../../matcher/risk/premium.ts";

type EpochOf = (number: number) => Epoch | undefined;

function isLive({ priceTicks, priceMinTicks, priceMaxTicks }: EpochMarket): boolean {
  return priceTicks > 0 && priceMinTicks <= priceMaxTicks;
}

function liveMarkets({ markets }: Epoch): number[] {
  return markets.flatMap((market, index) => (isLive(market) ? [index] : []));
}

function sameMarkets(found: readonly { market: number }[], expected: readonly number[]): boolean {
  return found.length === expected.length && found.every(({ market }, i) => market === expected[i]);
}

function epochFaults(sample: FundingSample, epochOf: EpochOf): string[] {
  const at = `the sample at ${sample.timeSeconds} s`;
  const epoch = epochOf(sample.epochNumber);
  if (epoch === undefined) return [`${at} names epoch ${sample.epochNumber}, which was never opened`];
  if (!sameMarkets(sample.markets, liveMarkets(epoch))) return [`${at} does not have the markets of its epoch`];
  return sample.markets.flatMap(({ market, indexTicks, premiumMaxPpm: max }) => {
    const { priceTicks, imfPpm, mmfPpm } = epoch.markets[market] as EpochMarket;
    const faults: string[] = [];
    if (indexTicks !== priceTicks)
      faults.push(`${at} has another index in market ${market} than epoch ${epoch.number}`);
    if (max !== premiumMaxPpm(imfPpm, mmfPpm))
      faults.push(`${at} has another bound of the premium in market ${market}`);
    return faults;
  });
}

/** What is wrong with an interval's samples and terms, given the epochs on L1. */
export function sampleFaults(content: FundingInterval, epochOf: EpochOf): string[] {
  const { interval, schedule, epochNumber, terms, samples } = content;
  const faults: string[] = [];
  let [lastSeconds, lastEpoch] = [-1, 0];
  for (const sample of samples) {
    const { timeSeconds } = sample;
    const at = `the sample at ${timeSeconds} s`;
    if (timeSeconds % schedule.sampleSeconds !== 0) faults.push(`${at} is not on the schedule`);
    if (timeSeconds <= lastSeconds) faults.push(`${at} is not after the one before`);
    if (fundingIntervalAt(schedule, timeSeconds) !== interval) faults.push(`${at} is not in the interval`);
    if (sample.epochNumber < lastEpoch) faults.push(`${at} goes back to epoch ${sample.epochNumber}`);
    faults.push(...epochFaults(sample, epochOf));
    lastSeconds = timeSeconds;
    lastEpoch = sample.epochNumber;
  }
  const sealing = epochOf(epochNumber);
  if (sealing === undefined) return [...faults, `it was sealed in epoch ${epochNumber}, which was never opened`];
  if (epochNumber < lastEpoch) faults.push(`it was sealed in epoch ${epochNumber}, before its last sample`);
  if (!sameMarkets(terms, liveMarkets(sealing)))
    faults.push("it does not have the markets of the epoch that sealed it");
  for (const { market, rateMax8hPpm: max } of terms) {
    const { imfPpm = 0, mmfPpm = 0 } = sealing.markets[market] ?? {};
    if (max !== rateMax8hPpm(imfPpm, mmfPpm)) faults.push(`it has another bound of the rate in market ${market}`);
  }
  return faults;
}
