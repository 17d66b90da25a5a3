import { expect } from "chai";
import { AbiCoder, keccak256 } from "ethers";
import {
  type FundingInterval,
  fundingIntervalFromWords,
  fundingIntervalWords,
  nextFundingDigest,
} from "../../matcher/protocol/funding-interval.ts";
import {
  checkFundingSchedule,
  fundingIntervalAt,
  fundingSpans,
  HOURLY_FUNDING,
  intervalStartSeconds,
  MINUTE_FUNDING,
  samplesPerSlot,
  slotsPerInterval,
} from "../../matcher/protocol/funding-schedule.ts";
import { layoutBits } from "../../matcher/protocol/packing.ts";
import {
  FUNDING_HEADER_WORD,
  FUNDING_SAMPLE_WORD,
  FUNDING_TERMS_WORD,
  TAG_FUNDING,
} from "../../matcher/protocol/spec.ts";

const marketSample = (market: number) => ({
  market,
  indexTicks: 650_000 + market,
  premiumMaxPpm: 1_200_000,
  impactBidTicksQ20: 656_500 * 2 ** 20,
  impactAskTicksQ20: 0,
});

const INTERVAL: FundingInterval = {
  interval: 30_000_000,
  schedule: MINUTE_FUNDING,
  epochNumber: 12,
  terms: [
    { market: 0, impactNotionalMicroUsd: 10_000_000_000n, interest8hPpm: 100, rateMax8hPpm: 120_000 },
    { market: 3, impactNotionalMicroUsd: 2n ** 53n - 1n, interest8hPpm: -(2 ** 23), rateMax8hPpm: 2 ** 24 - 1 },
  ],
  samples: [
    { timeSeconds: 1_800_000_000, epochNumber: 11, markets: [marketSample(0), marketSample(3)] },
    { timeSeconds: 1_800_000_001, epochNumber: 12, markets: [marketSample(3)] },
  ],
};

describe("the encoding of a funding interval", () => {
  it("gives every interval back, one without samples too", () => {
    for (const interval of [INTERVAL, { ...INTERVAL, samples: [] }, { ...INTERVAL, terms: [], samples: [] }]) {
      expect(fundingIntervalFromWords(fundingIntervalWords(interval))).to.deep.equal(interval);
    }
  });

  it("is a header, a word for each market's terms, and a word for each market in each sample", () => {
    const words = fundingIntervalWords(INTERVAL);
    expect(words).to.have.length(1 + 2 + 3);
    expect(words[0]).to.equal(
      30_000_000n | (60n << 32n) | (5n << 64n) | (1n << 96n) | (12n << 128n) | (2n << 176n) | (3n << 180n),
    );
    expect(words[1]).to.equal((10_000_000_000n << 3n) | ((100n + 2n ** 23n) << 56n) | (120_000n << 80n));
    const sample = (650_000n << 83n) | (1_200_000n << 115n) | (656_500n << 161n);
    expect(words[3]).to.equal(1_800_000_000n | (11n << 32n) | sample);
    for (const layout of [FUNDING_HEADER_WORD, FUNDING_TERMS_WORD, FUNDING_SAMPLE_WORD]) {
      expect(layoutBits(layout)).to.be.at.most(256);
    }
  });

  it("refuses what does not fit a field, and words that are cut, lengthened or too wide", () => {
    const [terms] = INTERVAL.terms;
    const wide = { ...INTERVAL, terms: [{ ...(terms as NonNullable<typeof terms>), interest8hPpm: 2 ** 23 }] };
    expect(() => fundingIntervalWords(wide)).to.throw(RangeError, "interestOffsetPpm");
    expect(() => fundingIntervalWords({ ...INTERVAL, interval: -1 })).to.throw(RangeError, "interval");
    const words = fundingIntervalWords(INTERVAL);
    expect(() => fundingIntervalFromWords(words.slice(0, -1))).to.throw(RangeError, "not those of an interval");
    expect(() => fundingIntervalFromWords([...words, 0n])).to.throw(RangeError, "not those of an interval");
    expect(() => fundingIntervalFromWords([])).to.throw(RangeError, "not those of an interval");
    expect(() => fundingIntervalFromWords([...words.slice(0, -1), 2n ** 255n])).to.throw(RangeError, "beyond");
  });

  it("is hashed as keccak256(abi.encode(tag, previous digest, words)) >> 8", () => {
    const words = fundingIntervalWords(INTERVAL);
    const all = [TAG_FUNDING, 77n, ...words];
    const hash = BigInt(
      keccak256(
        AbiCoder.defaultAbiCoder().encode(
          all.map(() => "uint256"),
          all,
        ),
      ),
    );
    expect(nextFundingDigest(77n, words)).to.equal(hash >> 8n);
    expect(nextFundingDigest(77n, words) >> 248n).to.equal(0n);
    expect(nextFundingDigest(78n, words)).to.not.equal(hash >> 8n);
    // Fixed: whoever changes the encoding changes this.
    expect(nextFundingDigest(0n, words).toString(16)).to.equal(
      "5757f736bb05e215f68e67d91a923a3bfdedf220e040b057092dee8c0cb1c",
    );
  });

  it("gives another digest when anything in it changes", () => {
    const [first, ...rest] = INTERVAL.samples;
    const market = { ...marketSample(0), impactBidTicksQ20: 1 };
    const changed: FundingInterval[] = [
      INTERVAL,
      { ...INTERVAL, interval: INTERVAL.interval + 1 },
      { ...INTERVAL, epochNumber: 13 },
      { ...INTERVAL, schedule: { ...MINUTE_FUNDING, slotSeconds: 10 } },
      { ...INTERVAL, terms: INTERVAL.terms.slice(0, 1) },
      { ...INTERVAL, samples: rest },
      { ...INTERVAL, samples: [{ ...(first as NonNullable<typeof first>), markets: [market] }, ...rest] },
    ];
    const digests = changed.map((interval) => nextFundingDigest(0n, fundingIntervalWords(interval)));
    expect(new Set(digests).size).to.equal(changed.length);
  });
});

describe("the funding schedule", () => {
  it("has as many slots in production and on the devnet as there are minutes, with five samples each", () => {
    for (const schedule of [HOURLY_FUNDING, MINUTE_FUNDING]) {
      checkFundingSchedule(schedule);
      expect(samplesPerSlot(schedule)).to.equal(5);
    }
    expect(slotsPerInterval(HOURLY_FUNDING)).to.equal(60);
    expect(slotsPerInterval(MINUTE_FUNDING)).to.equal(12);
  });

  it("refuses parts that do not divide each other, and lengths that are no seconds", () => {
    const check = (change: object) => () => checkFundingSchedule({ ...HOURLY_FUNDING, ...change });
    for (const change of [{ sampleSeconds: 7 }, { slotSeconds: 7 * 12 }, { intervalSeconds: 3_601 }]) {
      expect(check(change)).to.throw(RangeError, "divide each other");
    }
    for (const sampleSeconds of [0, -1, 0.5, Number.NaN]) {
      expect(check({ sampleSeconds })).to.throw(RangeError, "sampleSeconds");
    }
  });

  it("puts an interval's first second into it and its last into the next", () => {
    expect(fundingIntervalAt(HOURLY_FUNDING, 7_199)).to.equal(1);
    expect(fundingIntervalAt(HOURLY_FUNDING, 7_200)).to.equal(2);
    expect(intervalStartSeconds(HOURLY_FUNDING, 2)).to.equal(7_200);
  });

  it("splits the time between two epochs at the ends of intervals, each part at the rate of the interval before", () => {
    const spans = (from: number, to: number) => fundingSpans(MINUTE_FUNDING, from, to);
    expect(spans(610, 625)).to.deep.equal([{ interval: 9, seconds: 15 }]);
    expect(spans(610, 660)).to.deep.equal([{ interval: 9, seconds: 50 }]);
    expect(spans(610, 661)).to.deep.equal([
      { interval: 9, seconds: 50 },
      { interval: 10, seconds: 1 },
    ]);
    expect(spans(600, 780)).to.deep.equal([9, 10, 11].map((interval) => ({ interval, seconds: 60 })));
    expect(spans(600, 600)).to.deep.equal([]);
    expect(spans(601, 600)).to.deep.equal([]);
  });
});
