import { expect } from "chai";
import { checkFunding } from "../../matcher/page/status/funding-check.ts";
import type { FundingInterval } from "../../matcher/protocol/funding-interval.ts";
import { fundingIntervalWords, nextFundingDigest } from "../../matcher/protocol/funding-interval.ts";
import { type WireFundingInterval, wireDigest } from "../../matcher/protocol/funding-wire.ts";
import { fundingOf } from "../../matcher/risk/funding-rate.ts";

const INTERVAL: FundingInterval = {
  interval: 3,
  schedule: { intervalSeconds: 60, slotSeconds: 30, sampleSeconds: 10 },
  epochNumber: 2,
  terms: [{ market: 0, impactNotionalMicroUsd: 1_000_000n, interest8hPpm: 100, rateMax8hPpm: 60_000 }],
  samples: [180, 190, 200, 210, 220, 230].map((timeSeconds) => ({
    timeSeconds,
    epochNumber: 2,
    markets: [
      {
        market: 0,
        indexTicks: 650_000,
        premiumMaxPpm: 600_000,
        impactBidTicksQ20: 651_000 * 2 ** 20,
        impactAskTicksQ20: 652_000 * 2 ** 20,
      },
    ],
  })),
};

function served(interval = INTERVAL): WireFundingInterval {
  const previous = 5n;
  return {
    ...interval,
    terms: interval.terms.map((terms) => ({
      ...terms,
      symbol: "BTC-USD",
      impactNotionalMicroUsd: Number(terms.impactNotionalMicroUsd),
    })),
    samples: interval.samples.map((sample) => ({ ...sample, markets: [...sample.markets] })),
    funding: fundingOf(interval).map((funding) => ({ ...funding })),
    previousDigest: wireDigest(previous),
    digest: wireDigest(nextFundingDigest(previous, fundingIntervalWords(interval))),
  };
}

describe("funding recomputed in the page", () => {
  const right = served();
  const listed = { rate8hPpm: fundingOf(INTERVAL)[0]?.rate8hPpm as number, digest: right.digest };

  it("agrees with what was sealed", () => {
    expect(checkFunding(right, 0, listed)).to.deep.equal({ samples: 6, rate8hPpm: 1_638, faults: [] });
  });

  it("notices a sample, a digest, a rate and a market that are others", () => {
    const [first, ...others] = right.samples;
    const bent = { ...first, markets: [{ ...first!.markets[0]!, impactBidTicksQ20: 660_000 * 2 ** 20 }] };
    const changed = { ...right, samples: [bent as (typeof right.samples)[number], ...others] };
    expect(checkFunding(changed, 0, listed).faults).to.deep.equal([
      "The samples do not have the digest that is served with them.",
    ]);
    expect(checkFunding(right, 0, { ...listed, rate8hPpm: 1_639 }).faults).to.have.length(1);
    expect(checkFunding(right, 0, { ...listed, digest: wireDigest(1n) }).faults).to.have.length(1);
    expect(checkFunding(right, 1, listed)).to.deep.include({ rate8hPpm: null });
  });

  it("says so when there is nothing to compute with", () => {
    for (const broken of [{}, { ...right, samples: "x" }, { ...right, previousDigest: "y" }]) {
      const { faults, rate8hPpm } = checkFunding(broken as WireFundingInterval, 0, listed);
      expect(rate8hPpm).to.equal(null);
      expect(faults.at(-1)).to.match(/^The samples cannot be computed with/);
    }
  });
});
