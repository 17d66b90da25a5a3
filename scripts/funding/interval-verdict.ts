import type { Epoch } from "../../matcher/protocol/epoch.ts";
import { fundingIntervalWords, nextFundingDigest } from "../../matcher/protocol/funding-interval.ts";
import type { FundingSchedule } from "../../matcher/protocol/funding-schedule.ts";
import { fundingOf, type MarketFunding } from "../../matcher/risk/funding-rate.ts";
import { sampleFaults } from "./sample-faults.ts";
import type { ServedInterval } from "./served-funding.ts";

/** What became of one interval. */
export interface IntervalVerdict {
  readonly interval: number;
  readonly samples: number;
  /** Recomputed. */
  readonly funding: readonly MarketFunding[];
  /** Recomputed. */
  readonly digest: bigint;
  /** Batches that carry its digest, as they should. */
  readonly batches: number[];
  /** Epochs of the interval after it whose indices are right. */
  readonly epochs: number[];
  /** Nothing is wrong when this is empty. */
  readonly faults: string[];
}

function same(found: MarketFunding, told: Partial<MarketFunding> | undefined): boolean {
  const { market, mediansPpm, premiumPpm, rate8hPpm } = found;
  if (told === undefined || !Array.isArray(told.mediansPpm)) return false;
  const medians =
    told.mediansPpm.length === mediansPpm.length && mediansPpm.every((m, i) => m === told.mediansPpm?.[i]);
  return medians && told.market === market && told.premiumPpm === premiumPpm && told.rate8hPpm === rate8hPpm;
}

/** Hash, chain, samples, and what is served as their result. @param before the interval served before it, if any */
export function intervalVerdict(
  served: ServedInterval,
  before: ServedInterval | undefined,
  schedule: FundingSchedule,
  epochOf: (number: number) => Epoch | undefined,
): IntervalVerdict {
  const { content, previousDigest } = served;
  const { interval } = content;
  const faults: string[] = [];
  const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
  // 1. The hash, and that it continues the chain.
  if (JSON.stringify(content.schedule) !== JSON.stringify(schedule)) faults.push("it was measured on another schedule");
  if (before !== undefined) {
    if (interval !== before.content.interval + 1) faults.push(`it follows interval ${before.content.interval}`);
    if (previousDigest !== before.digest) faults.push("it does not continue the hash chain");
  }
  let digest = 0n;
  try {
    digest = nextFundingDigest(previousDigest, fundingIntervalWords(content));
  } catch (error) {
    faults.push(`it cannot be hashed: ${textOf(error)}`);
  }
  if (digest !== served.digest) faults.push("its samples do not have the digest that is served");
  // 2. The samples, against the epochs that they name.
  faults.push(...sampleFaults(content, epochOf));
  // 3. What they lead to.
  let funding: MarketFunding[] = [];
  try {
    funding = fundingOf(content);
  } catch (error) {
    faults.push(`its samples have no rate: ${textOf(error)}`);
  }
  if (funding.length !== served.funding.length || !funding.every((found, i) => same(found, served.funding[i]))) {
    faults.push("its samples lead to other rates than are served with them");
  }
  for (const found of funding) {
    const listed = served.rates.get(found.market);
    const isSame = listed !== undefined && same(found, { ...listed, market: found.market });
    if (!isSame || BigInt(listed.digest) !== served.digest) faults.push(`market ${found.market}'s list says otherwise`);
  }
  return { interval, samples: content.samples.length, funding, digest, batches: [], epochs: [], faults };
}
