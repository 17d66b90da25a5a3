import { expect } from "chai";
import { FundingHistory } from "../../matcher/api/funding-history.ts";
import { fundingIntervalWords, nextFundingDigest } from "../../matcher/protocol/funding-interval.ts";
import { MINUTE_FUNDING } from "../../matcher/protocol/funding-schedule.ts";
import {
  fundingIntervalFromWire,
  type WireFunding,
  type WireFundingInterval,
} from "../../matcher/protocol/funding-wire.ts";
import { fundingOf } from "../../matcher/risk/funding-rate.ts";
import { accepted, BTC_TICKS, EPOCH_SECONDS, epochOf, order, unsigned } from "../sequencer/exchange-fixture.ts";
import { get, type TestApi, testApi } from "./api-fixture.ts";

const FIRST = EPOCH_SECONDS / 60;

describe("the funding API", () => {
  let api: TestApi;

  beforeEach(() => {
    api = testApi(2);
  });
  afterEach(async () => {
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  function sample(from: number, to: number): void {
    for (let second = from; second < to; second++) {
      api.sequencer.apply({ type: "fundingSample", timeSeconds: EPOCH_SECONDS + second });
    }
  }

  /** Bids for 20,000 USD a tenth of a percent above the index. */
  function bid(): void {
    const message = unsigned(order({ limitPriceTicks: BTC_TICKS + 650, quantityLots: 30_000 }));
    accepted(api.sequencer.state.execute({ type: "message", message, settle: false }));
  }

  const funding = async (query: string) => (await get(api.app, `/v1/funding?${query}`)).body as WireFunding;
  const samples = async (interval: number) =>
    (await get(api.app, `/v1/funding/samples?interval=${interval}`)).body as WireFundingInterval;

  it("tells the schedule, the interval that is open, and nothing sealed at first", async () => {
    expect(await funding("market=BTC-USD")).to.deep.equal({
      market: "BTC-USD",
      schedule: MINUTE_FUNDING,
      impactNotional: "10000",
      rateMaxPpmPerHour: null,
      open: {
        interval: FIRST,
        startSeconds: EPOCH_SECONDS,
        endSeconds: EPOCH_SECONDS + 60,
        samples: 0,
        premiumPpm: null,
        rate8hPpm: 100,
      },
      oldestInterval: null,
      intervals: [],
    });
  });

  it("tells medians, premium and rate of each sealed interval, within the contract's bound once that is known", async () => {
    bid();
    sample(0, 150);
    const { intervals, open, oldestInterval } = await funding("market=BTC-USD");
    expect(oldestInterval).to.equal(FIRST);
    expect(open).to.deep.include({ interval: FIRST + 2, samples: 30, premiumPpm: 1_000, rate8hPpm: 600 });
    expect(intervals).to.have.length(2);
    const { digest, ...first } = intervals[0] as (typeof intervals)[number];
    expect(first).to.deep.equal({
      interval: FIRST,
      startSeconds: EPOCH_SECONDS,
      endSeconds: EPOCH_SECONDS + 60,
      samples: 60,
      mediansPpm: new Array(12).fill(1_000),
      premiumPpm: 1_000,
      interest8hPpm: 100,
      rateMax8hPpm: 120_000,
      rate8hPpm: 1_100,
      chargedRate8hPpm: 1_100,
    });
    expect(digest).to.match(/^0x00[0-9a-f]{62}$/);
    const eth = await funding("market=ETH-USD");
    expect(eth.intervals.map(({ rate8hPpm }) => rate8hPpm)).to.deep.equal([100, 100]);
    api.rateMaxPpmPerHour = 100;
    const capped = await funding("market=BTC-USD");
    expect(capped).to.deep.include({ rateMaxPpmPerHour: 100 });
    expect(capped.intervals[0]).to.deep.include({ rate8hPpm: 1_100, chargedRate8hPpm: 800 });
  });

  it("pages from a time on, and gives the newest without one", async () => {
    sample(0, 301);
    const numbers = async (query: string) =>
      (await funding(`market=BTC-USD&${query}`)).intervals.map(({ interval }) => interval - FIRST);
    expect(await numbers("limit=2")).to.deep.equal([3, 4]);
    expect(await numbers(`limit=2&from=${EPOCH_SECONDS + 60}`)).to.deep.equal([1, 2]);
    expect(await numbers(`from=${EPOCH_SECONDS + 119}`)).to.deep.equal([1, 2, 3, 4]);
    expect(await numbers(`from=${EPOCH_SECONDS + 120}`)).to.deep.equal([2, 3, 4]);
    expect(await numbers("from=0&limit=1")).to.deep.equal([0]);
    expect(await numbers(`from=${EPOCH_SECONDS + 10_000}`)).to.deep.equal([]);
  });

  it("serves samples from which anybody computes the same rates and the same digest", async () => {
    bid();
    sample(0, 70);
    api.sequencer.apply({ type: "epoch", epoch: { ...epochOf(2, { 0: "65100" }), timeSeconds: EPOCH_SECONDS + 65 } });
    sample(70, 181);
    let previous = `0x${"0".repeat(64)}`;
    for (const interval of [FIRST, FIRST + 1, FIRST + 2]) {
      const wire = await samples(interval);
      expect(wire.previousDigest).to.equal(previous);
      const content = fundingIntervalFromWire(wire);
      expect(content.interval).to.equal(interval);
      expect(nextFundingDigest(BigInt(wire.previousDigest), fundingIntervalWords(content))).to.equal(
        BigInt(wire.digest),
      );
      expect(fundingOf(content)).to.deep.equal(wire.funding);
      previous = wire.digest;
    }
    const second = await samples(FIRST + 1);
    expect(new Set(second.samples.map(({ epochNumber }) => epochNumber))).to.deep.equal(new Set([1, 2]));
    expect(second.terms[0]).to.deep.equal({
      market: 0,
      symbol: "BTC-USD",
      impactNotionalMicroUsd: 10_000_000_000,
      interest8hPpm: 100,
      rateMax8hPpm: 120_000,
    });
    expect(second.samples[59]?.markets[0]).to.deep.equal({
      market: 0,
      indexTicks: 651_000,
      premiumMaxPpm: 1_200_000,
      impactBidTicksQ20: (BTC_TICKS + 650) * 2 ** 20,
      impactAskTicksQ20: 0,
    });
  });

  it("says which interval is not served, and which query is wrong", async () => {
    const refused = async (path: string) => {
      const { status, body } = await get(api.app, path);
      return [status, body.code, body.detail];
    };
    expect(await refused("/v1/funding/samples?interval=7")).to.deep.equal([
      404,
      "NOT_FOUND",
      "there is no sealed interval 7; none is sealed yet",
    ]);
    sample(0, 61);
    expect((await refused(`/v1/funding/samples?interval=${FIRST + 1}`))[2]).to.match(
      /the oldest that is served is \d+$/,
    );
    expect((await refused("/v1/funding?market=XYZ-USD")).slice(0, 2)).to.deep.equal([404, "UNKNOWN_MARKET"]);
    expect((await refused("/v1/funding")).slice(0, 2)).to.deep.equal([400, "MISSING_FIELD"]);
    for (const query of ["from=x", "from=-1", "from=99999999999", "limit=0", "limit=x", "interval=1"]) {
      expect((await refused(`/v1/funding?market=BTC-USD&${query}`)).slice(0, 2), query).to.deep.equal([
        400,
        "MALFORMED",
      ]);
    }
    for (const query of ["", "interval=", "interval=1.5", "interval=-1"]) {
      expect((await refused(`/v1/funding/samples?${query}`))[0], query).to.equal(400);
    }
  });

  it("forgets the oldest intervals first", () => {
    const history = new FundingHistory(2);
    api.sequencer.onAccepted((outcome) => history.record(outcome));
    sample(0, 241);
    expect(history.oldest).to.equal(FIRST + 2);
    expect(history.interval(FIRST + 1)).to.equal(undefined);
    expect(history.intervals(10).map(({ interval }) => interval)).to.deep.equal([FIRST + 2, FIRST + 3]);
  });
});

describe("funding over the wire", () => {
  it("is refused when a field is missing or no whole number", () => {
    const good = { interval: 1, schedule: MINUTE_FUNDING, epochNumber: 1, terms: [], samples: [] };
    expect(fundingIntervalFromWire(good)).to.deep.equal(good);
    for (const [change, name] of [
      [{ interval: "1" }, "interval"],
      [{ interval: 1.5 }, "interval"],
      [{ schedule: undefined }, "the schedule"],
      [{ schedule: { ...MINUTE_FUNDING, slotSeconds: null } }, "slotSeconds"],
      [{ terms: {} }, "terms"],
      [{ terms: [{ market: 0 }] }, "impactNotionalMicroUsd"],
      [{ samples: [null] }, "samples"],
      [{ samples: [{ timeSeconds: 1, epochNumber: 1, markets: [{ market: 0, indexTicks: 1 }] }] }, "premiumMaxPpm"],
    ] as const) {
      expect(() => fundingIntervalFromWire({ ...good, ...change }), name).to.throw(RangeError, name);
    }
    expect(() => fundingIntervalFromWire(null)).to.throw(RangeError, "the interval");
  });
});
