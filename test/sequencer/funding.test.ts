import { expect } from "chai";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import {
  fundingIntervalFromWords,
  fundingIntervalWords,
  nextFundingDigest,
} from "../../matcher/protocol/funding-interval.ts";
import { fundingIntervalAt, HOURLY_FUNDING } from "../../matcher/protocol/funding-schedule.ts";
import { MARKETS } from "../../matcher/protocol/spec.ts";
import type { Command } from "../../matcher/sequencer/command.ts";
import { commandBytes, commandFromBytes } from "../../matcher/sequencer/command-bytes.ts";
import type { ExchangeState } from "../../matcher/sequencer/exchange-state.ts";
import { FundingMeter, type SealedInterval } from "../../matcher/sequencer/funding-meter.ts";
import { openFundingView } from "../../matcher/sequencer/funding-view.ts";
import { audit } from "../../matcher/state/ledger-audit.ts";
import {
  accepted,
  BTC,
  BTC_TICKS,
  EPOCH_SECONDS,
  epochOf,
  FUNDING,
  newState,
  openedState,
  openingCommands,
  order,
  send,
} from "./exchange-fixture.ts";
import { dice } from "./random-commands.ts";
import { stateText } from "./state-digest.ts";

/** The interval that begins with the first epoch. */
const FIRST = fundingIntervalAt(FUNDING.schedule, EPOCH_SECONDS);
const RATE_MAX_PPM_PER_HOUR = 15_000;

function at(number: number, timeSeconds: number, change: object = {}): OpenedEpoch {
  return { ...epochOf(number, {}, change), timeSeconds };
}

function sealedIn(state: ExchangeState, command: Command): SealedInterval[] {
  const { events } = accepted(state.execute(command));
  return events.flatMap(({ event }) => (event.type === "funding-interval" ? [event.sealed] : []));
}

/** Samples at the seconds from … to − 1 after the first epoch. @returns what they seal */
function sampleThrough(state: ExchangeState, from: number, to: number): SealedInterval[] {
  const sealed: SealedInterval[] = [];
  for (let second = from; second < to; second++) {
    sealed.push(...sealedIn(state, { type: "fundingSample", timeSeconds: EPOCH_SECONDS + second }));
  }
  return sealed;
}

/** Bids for 20,000 USD a percent above the index. */
function bidAbove(state: ExchangeState): void {
  accepted(send(state, order({ account: 1, limitPriceTicks: BTC_TICKS + 6_500, quantityLots: 30_000, sequence: 5 })));
}

const flat = (btc: bigint) => Array.from({ length: MARKETS }, (_, market) => (market === BTC ? btc : 0n));
/** Prices of the epochs above, for a market alone. */
const BTC_ONLY = flat(BigInt(BTC_TICKS)).map(Number);

describe("a funding sample", () => {
  it("takes the impact prices of every live market, against the price of the epoch in force", () => {
    const state = openedState();
    bidAbove(state);
    const command: Command = { type: "fundingSample", timeSeconds: EPOCH_SECONDS + 7 };
    const { events, steps } = accepted(state.execute(command));
    expect(steps).to.deep.equal([]);
    expect(events.map(({ event, step }) => [event.type, step])).to.deep.equal([["funding-sample", null]]);
    const [first] = events;
    if (first?.event.type !== "funding-sample") throw new Error("no sample");
    const { sample } = first.event;
    expect(sample).to.deep.include({ timeSeconds: EPOCH_SECONDS + 7, epochNumber: 1 });
    expect(sample.markets.map(({ market }) => market)).to.deep.equal([0, 1, 2, 3]);
    expect(sample.markets[BTC]).to.deep.equal({
      market: BTC,
      indexTicks: BTC_TICKS,
      premiumMaxPpm: 60 * 20_000,
      impactBidTicksQ20: (BTC_TICKS + 6_500) * 2 ** 20,
      impactAskTicksQ20: 0,
    });
    expect(openFundingView(state, BTC)).to.deep.include({ interval: FIRST, samples: 1, premiumPpm: 10_000 });
    expect(openFundingView(state, 1)?.premiumPpm).to.equal(0);
    expect(openFundingView(state, 5)).to.equal(null);
  });

  it("that cannot follow is a bug of the host, and changes nothing", () => {
    const none = newState();
    expect(() => none.execute({ type: "fundingSample", timeSeconds: EPOCH_SECONDS })).to.throw(
      RangeError,
      "first epoch",
    );
    const state = openedState();
    sampleThrough(state, 3, 65);
    const before = stateText(state);
    for (const second of [64, 63, 59, -1]) {
      const command: Command = { type: "fundingSample", timeSeconds: EPOCH_SECONDS + second };
      expect(() => state.execute(command), `${second}`).to.throw(RangeError, "too late");
    }
    // An epoch seals intervals, too: samples of those come too late.
    accepted(state.execute({ type: "epoch", epoch: at(2, EPOCH_SECONDS + 180) }));
    expect(() => state.execute({ type: "fundingSample", timeSeconds: EPOCH_SECONDS + 179 })).to.throw("too late");
    const wild: Command = { type: "fundingSample", timeSeconds: 2 ** 32 - 1 };
    expect(stateText(openedState())).to.not.equal(before);
    const after = stateText(state);
    expect(() => state.execute(wild)).to.throw(RangeError, "funding interval");
    expect(() => state.execute({ type: "epoch", epoch: at(3, 2 ** 32 - 1) })).to.throw(RangeError, "funding interval");
    expect(() => state.execute({ type: "epoch", epoch: at(5, EPOCH_SECONDS + 300) })).to.throw(RangeError, "epoch 5");
    expect(() => state.execute({ type: "epoch", epoch: at(3, EPOCH_SECONDS) })).to.throw(RangeError);
    expect(stateText(state)).to.equal(after);
  });

  it("is only taken at the times of the schedule, and while a market is live", () => {
    const meter = new FundingMeter({ ...FUNDING, schedule: HOURLY_FUNDING });
    const impact = () => ({ impactBidTicksQ20: 0, impactAskTicksQ20: 0 });
    expect(() => meter.sampleAt(EPOCH_SECONDS + 1, epochOf(1), impact)).to.throw(RangeError, "every 12 s");
    expect(meter.sampleAt(EPOCH_SECONDS + 12, epochOf(1), impact).markets).to.have.length(4);
    const closed = { priceTicks: 0, priceMinTicks: 1, priceMaxTicks: 0 };
    const idle = epochOf(1, {}, closed);
    expect(() => meter.sampleAt(EPOCH_SECONDS + 12, idle, impact)).to.throw(RangeError, "no market is live");
    expect(() => new FundingMeter({ ...FUNDING, schedule: { ...HOURLY_FUNDING, slotSeconds: 50 } })).to.throw("divide");
  });
});

describe("a funding interval", () => {
  it("is sealed by the first sample after its end, with the hash chain and the rates that its samples give", () => {
    const state = openedState();
    bidAbove(state);
    const [sealed, ...more] = sampleThrough(state, 0, 61);
    expect(more).to.deep.equal([]);
    if (sealed === undefined) throw new Error("nothing is sealed");
    const content = fundingIntervalFromWords(sealed.words);
    expect(content).to.deep.include({ interval: FIRST, epochNumber: 1, schedule: FUNDING.schedule });
    expect(content.samples).to.have.length(60);
    expect(sealed).to.deep.include({ interval: FIRST, previousDigest: 0n, sampleCount: 60 });
    expect(sealed.digest).to.equal(nextFundingDigest(0n, fundingIntervalWords(content)));
    expect(state.funding.digest).to.equal(sealed.digest);
    const btc = { market: BTC, mediansPpm: new Array(12).fill(10_000), premiumPpm: 10_000, rate8hPpm: 10_100 };
    expect(sealed.funding[BTC]).to.deep.equal(btc);
    expect(sealed.funding[1]).to.deep.include({ premiumPpm: 0, rate8hPpm: 100 });
    const [next] = sampleThrough(state, 61, 121);
    expect(next?.previousDigest).to.equal(sealed.digest);
    // 59 samples: the slot of the first second lacks one, and its median is the same.
    expect(next?.funding[BTC]?.rate8hPpm).to.equal(10_100);
  });

  it("is clamped in its rate by the margin fractions of the epoch that sealed it", () => {
    const state = newState();
    const narrow = { imfPpm: 31_000, mmfPpm: 30_000, priceMaxTicks: 2 ** 31 };
    for (const command of openingCommands(2)) {
      accepted(state.execute(command.type === "epoch" ? { type: "epoch", epoch: epochOf(1, {}, narrow) } : command));
    }
    bidAbove(state);
    const [sealed] = sampleThrough(state, 0, 61);
    expect(sealed?.funding[BTC]).to.deep.include({ premiumPpm: 10_000, rate8hPpm: 6_000 });
  });

  it("is sealed without samples, too, one after the other, with interest alone", () => {
    const state = openedState();
    const sealed = sealedIn(state, { type: "epoch", epoch: at(2, EPOCH_SECONDS + 185) });
    expect(sealed.map(({ interval }) => interval)).to.deep.equal([FIRST, FIRST + 1, FIRST + 2]);
    sealed.reduce((digest, { previousDigest, digest: next }) => {
      expect(previousDigest).to.equal(digest);
      return next;
    }, 0n);
    expect(sealed.every(({ sampleCount, funding }) => sampleCount === 0 && funding[BTC]?.rate8hPpm === 100)).to.equal(
      true,
    );
  });
});

describe("the batches of an epoch", () => {
  function digestOf(state: ExchangeState, epoch: OpenedEpoch): bigint {
    const { steps } = accepted(state.execute({ type: "epoch", epoch }));
    const [first] = steps;
    if (first?.step.kind !== "epoch") throw new Error("no epoch step");
    return first.step.fundingDigest;
  }

  it("carry the chain through the interval before the epoch's own time, whatever was sealed when it was confirmed", () => {
    const state = newState();
    expect(digestOf(state, at(1, EPOCH_SECONDS + 5))).to.equal(0n);
    // The same interval: nothing was measured before it.
    expect(digestOf(state, at(2, EPOCH_SECONDS + 59))).to.equal(0n);
    const [first] = sampleThrough(state, 60, 62);
    // Its time is in the first interval still, though that is sealed by now.
    expect(digestOf(state, at(3, EPOCH_SECONDS + 59))).to.equal(0n);
    expect(digestOf(state, at(4, EPOCH_SECONDS + 60))).to.equal(first?.digest);
    const [second, third] = sampleThrough(state, 62, 190);
    expect(third?.interval).to.equal(FIRST + 2);
    expect(digestOf(state, at(5, EPOCH_SECONDS + 119))).to.equal(first?.digest);
    expect(digestOf(state, at(6, EPOCH_SECONDS + 179))).to.equal(second?.digest);
    expect(digestOf(state, at(7, EPOCH_SECONDS + 180))).to.equal(third?.digest);
    expect(state.funding.digest).to.equal(third?.digest);
    // Sealed by the epoch itself.
    const fourth = digestOf(state, at(8, EPOCH_SECONDS + 240));
    expect(fourth).to.equal(state.funding.digest).and.to.not.equal(third?.digest);
  });
});

describe("funding deltas", () => {
  const deltas = (state: ExchangeState, from: number, to: number, max = RATE_MAX_PPM_PER_HOUR) =>
    state.funding.deltasPicoUsdTowardZero(BTC_ONLY, EPOCH_SECONDS + from, EPOCH_SECONDS + to, max);

  it("charge each second at the rate of the interval before its own", () => {
    const state = openedState();
    bidAbove(state);
    sampleThrough(state, 0, 181);
    expect(deltas(state, 0, 60)).to.deep.equal(flat(0n));
    const perSecond = BigInt(BTC_TICKS) * 10_100n;
    expect(deltas(state, 60, 75)).to.deep.equal(flat((perSecond * 15n) / 28_800n));
    expect(deltas(state, 45, 75)).to.deep.equal(flat((perSecond * 15n) / 28_800n));
    expect(deltas(state, 70, 130)).to.deep.equal(flat((perSecond * 60n) / 28_800n));
    expect(deltas(state, 70, 70)).to.deep.equal(flat(0n));
    // Nothing where there is no price.
    expect(
      state.funding.deltasPicoUsdTowardZero(new Array(8).fill(0), EPOCH_SECONDS, EPOCH_SECONDS + 70, 1),
    ).to.deep.equal(flat(0n));
  });

  it("wait for an interval that is not sealed, and for the first epoch", () => {
    const state = openedState();
    expect(deltas(state, 0, 60)).to.deep.equal(flat(0n));
    expect(deltas(state, 0, 61)).to.equal(null);
    sampleThrough(state, 0, 60);
    expect(deltas(state, 0, 61)).to.equal(null);
    sampleThrough(state, 60, 61);
    expect(deltas(state, 0, 61)).to.not.equal(null);
    expect(deltas(state, 0, 120)).to.not.equal(null);
    expect(deltas(state, 0, 121)).to.equal(null);
    const none = newState().funding;
    expect(none.deltasPicoUsdTowardZero(BTC_ONLY, 5, 5, 1)).to.deep.equal(flat(0n));
    expect(none.deltasPicoUsdTowardZero(BTC_ONLY, 5, 6, 1)).to.equal(null);
  });

  it("keep to the contract's bound, to the pico-USD", () => {
    const state = openedState();
    bidAbove(state);
    sampleThrough(state, 0, 61);
    // 10,100 ppm in eight hours are 1,262.5 an hour.
    expect(deltas(state, 60, 120, 1_263)).to.deep.equal(deltas(state, 60, 120));
    expect(deltas(state, 60, 120, 1_262)).to.deep.equal(flat((BigInt(BTC_TICKS) * 1_262n * 60n) / 3_600n));
    expect(deltas(state, 60, 120, 0)).to.deep.equal(flat(0n));
  });

  it("forget only what no later epoch can charge", () => {
    const state = openedState();
    sampleThrough(state, 0, 301);
    accepted(state.execute({ type: "epoch", epoch: at(2, EPOCH_SECONDS + 185) }));
    expect(deltas(state, 185, 300)).to.not.equal(null);
    expect(() => deltas(state, 119, 300)).to.throw(RangeError, "forgotten");
  });
});

describe("funding over a life of the exchange", () => {
  /** Traders, samples every second, an epoch every 20 s with the indices that the meter asks for. */
  function* life(state: ExchangeState, seed: number): Generator<Command> {
    yield* openingCommands(5, 50_000n);
    const roll = dice(seed);
    let ticks = BTC_TICKS;
    let indices = flat(0n);
    let [number, last] = [1, EPOCH_SECONDS];
    for (let second = 1; second < 420; second++) {
      const timeSeconds = EPOCH_SECONDS + second;
      for (let i = roll(4); i > 0; i--) {
        const side = roll(2) === 0 ? "buy" : "sell";
        const change = { account: 1 + roll(5), slot: roll(4), sequence: second * 8 + i, side } as const;
        const limitPriceTicks = ticks + roll(4_001) - 2_000;
        const message = order({ ...change, limitPriceTicks, quantityLots: 1 + roll(40_000), maxFeePpm: 600 });
        yield { type: "message", message: { ...message, signature: { r8x: 0n, r8y: 1n, s: 0n } }, settle: false };
      }
      yield { type: "fundingSample", timeSeconds };
      if (second % 20 !== 0) continue;
      ticks += roll(2_001) - 1_000;
      const epoch = epochOf(++number, { 0: (ticks / 10).toFixed(1) });
      const prices = epoch.markets.map(({ priceTicks }) => priceTicks);
      const deltas = state.funding.deltasPicoUsdTowardZero(prices, last, timeSeconds, RATE_MAX_PPM_PER_HOUR);
      if (deltas === null) throw new Error("an interval is not sealed");
      indices = indices.map((index, market) => index + (deltas[market] as bigint));
      const markets = epoch.markets.map((market, i) => ({ ...market, fundingIndexPicoUsd: indices[i] as bigint }));
      last = timeSeconds;
      yield { type: "epoch", epoch: { ...epoch, timeSeconds, markets } };
    }
  }

  it("never makes or loses a pico-USD, moves the index both ways, and is the same when replayed from bytes", () => {
    const directions = new Set<number>();
    for (const seed of [1, 2, 3]) {
      const state = newState();
      const journal: Uint8Array[] = [];
      let fills = 0;
      let index = 0n;
      for (const command of life(state, seed)) {
        const outcome = state.execute(command);
        if (!outcome.accepted) continue;
        journal.push(commandBytes(command));
        fills += outcome.events.filter(({ event }) => event.type === "fill").length;
        if (command.type !== "epoch") continue;
        const next = command.epoch.markets[BTC]?.fundingIndexPicoUsd ?? 0n;
        directions.add(next > index ? 1 : next < index ? -1 : 0);
        index = next;
        expect(audit(state.ledger)).to.deep.equal([]);
      }
      expect(fills).to.be.above(50);
      const again = newState();
      for (const bytes of journal) accepted(again.execute(commandFromBytes(bytes)));
      expect(stateText(again)).to.equal(stateText(state));
      expect(again.funding.digest).to.equal(state.funding.digest).and.to.not.equal(0n);
    }
    expect([...directions]).to.include.members([1, -1]);
  });

  it("has an impact notional that every live market can fill", () => {
    for (const { impactNotionalMicroUsd, quantityMaxLots } of DEVNET_MARKETS) {
      expect(impactNotionalMicroUsd > 0n && quantityMaxLots > 0).to.equal(true);
    }
  });
});
