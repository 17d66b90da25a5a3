import { fundingIntervalWords, nextFundingDigest } from "../../protocol/funding-interval.ts";
import { fundingIntervalFromWire, type WireFundingInterval, wireDigest } from "../../protocol/funding-wire.ts";
import { fundingOf } from "../../risk/funding-rate.ts";

/** What became of recomputing one interval of one market. */
export interface FundingVerdict {
  readonly samples: number;
  /** Ppm of the price in eight hours, recomputed; null when the interval has no such market. */
  readonly rate8hPpm: number | null;
  /** Nothing is wrong when this is empty. */
  readonly faults: readonly string[];
}

/**
 * Computes an interval's rate of a market and its digest from the samples that are served, by the functions that the matcher uses.
 * @param listed what the market's list says of the interval
 */
export function checkFunding(
  served: WireFundingInterval,
  market: number,
  listed: { readonly rate8hPpm: number; readonly digest: string },
): FundingVerdict {
  const faults: string[] = [];
  try {
    const interval = fundingIntervalFromWire(served);
    const digest = wireDigest(nextFundingDigest(BigInt(served.previousDigest), fundingIntervalWords(interval)));
    if (digest !== served.digest) faults.push("The samples do not have the digest that is served with them.");
    if (served.digest !== listed.digest) faults.push("The list names another digest.");
    const rate = fundingOf(interval).find((one) => one.market === market)?.rate8hPpm ?? null;
    if (rate === null) faults.push("The samples know nothing of this market.");
    else if (rate !== listed.rate8hPpm) faults.push("The samples lead to another rate than the list has.");
    return { samples: interval.samples.length, rate8hPpm: rate, faults };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { samples: 0, rate8hPpm: null, faults: [...faults, `The samples cannot be computed with: ${text}.`] };
  }
}
