import { expect } from "chai";
import fc from "fast-check";
import type { EpochMarket } from "../../matcher/protocol/epoch.ts";
import type { RejectCode } from "../../matcher/protocol/reject.ts";
import {
  type AdmissionOrder,
  type AdmissionState,
  admissionRefusal,
  afterTrade,
} from "../../matcher/risk/admission.ts";
import { compileEpoch } from "../../matcher/risk/epoch-terms.ts";
import { meetsInitialMargin } from "../../matcher/risk/margin.ts";
import { maxOrderLots } from "../../matcher/risk/order-room.ts";
import { transitionRefusal } from "../../matcher/risk/transition.ts";
import { sampleEpoch, sizes } from "./sample-epoch.ts";

const MICRO = 1_000_000n;
const LIMITS = { priceStepTicks: 1, quantityStepLots: 1, quantityMinLots: 1, quantityMaxLots: 2 ** 40 - 1 };

interface Case {
  markets?: Partial<EpochMarket>[];
  collateralMicroUsd?: bigint;
  lots?: (number | bigint)[];
  state?: Partial<AdmissionState>;
}

/** An account with a dollar's millionths and sizes, in an epoch of the sample market: price 100, 10 % initial, band 90 … 110. */
function stateOf({ markets = [{}, {}], collateralMicroUsd = 100n, lots = [], state = {} }: Case = {}): AdmissionState {
  return {
    terms: compileEpoch(sampleEpoch(markets)),
    grossOpenInterestLots: sizes(),
    position: { collateralPicoUsd: collateralMicroUsd * MICRO, sizesLots: sizes(...lots) },
    feeRates: { makerPpm: 0, takerPpm: 0 },
    isolatedMarket: null,
    ...state,
  };
}

function orderOf(change: Partial<AdmissionOrder> = {}): AdmissionOrder {
  return {
    market: 0,
    side: "buy",
    limitPriceTicks: 100,
    reduceOnly: false,
    postOnly: false,
    maxFeePpm: 1_000,
    ...change,
  };
}

const refusal = (about: Case, lots: bigint, order: Partial<AdmissionOrder> = {}) =>
  admissionRefusal(stateOf(about), orderOf(order), lots);

describe("admission", () => {
  it("takes what initial margin covers at the limit, to the lot", () => {
    // 100 of equity at 10 %: 10 lots of 100.
    expect(refusal({}, 10n)).to.equal(null);
    expect(refusal({}, 11n)).to.equal("INSUFFICIENT_INITIAL_MARGIN");
    // A limit of 110 loses 10 a lot at once: 20 a lot in all.
    expect(refusal({}, 5n, { limitPriceTicks: 110 })).to.equal(null);
    expect(refusal({}, 6n, { limitPriceTicks: 110 })).to.equal("INSUFFICIENT_INITIAL_MARGIN");
  });

  it("counts the higher fee rate, or the maker's for an order that can only make", () => {
    const feeRates = { makerPpm: 0, takerPpm: 1_000 };
    expect(refusal({ state: { feeRates } }, 10n)).to.equal("INSUFFICIENT_INITIAL_MARGIN");
    expect(refusal({ state: { feeRates } }, 10n, { postOnly: true })).to.equal(null);
    expect(refusal({ state: { feeRates } }, 1n, { maxFeePpm: 999 })).to.equal("MAX_FEE_TOO_LOW");
    expect(refusal({ state: { feeRates } }, 1n, { maxFeePpm: 0, postOnly: true })).to.equal(null);
  });

  it("refuses limits beyond the band on the aggressive side only", () => {
    expect(refusal({}, 1n, { limitPriceTicks: 111 })).to.equal("OUTSIDE_PRICE_BAND");
    expect(refusal({}, 1n, { limitPriceTicks: 89 })).to.equal(null);
    expect(refusal({}, 1n, { limitPriceTicks: 89, side: "sell" })).to.equal("OUTSIDE_PRICE_BAND");
    expect(refusal({}, 1n, { limitPriceTicks: 111, side: "sell" })).to.equal(null);
  });

  it("leaves what only reduces to the fill", () => {
    const poor = { collateralMicroUsd: -1_000n, lots: [10] };
    expect(refusal(poor, 10n, { side: "sell" })).to.equal(null);
    expect(refusal(poor, 11n, { side: "sell" })).to.equal("LIQUIDATABLE");
    expect(refusal(poor, 11n, { side: "sell", reduceOnly: true })).to.equal(null);
  });

  it("says that an account is being liquidated once it is below maintenance, and not at it", () => {
    // 10 long: value 1,000, maintenance 50.
    expect(refusal({ collateralMicroUsd: -950n, lots: [10] }, 1n)).to.equal("INSUFFICIENT_INITIAL_MARGIN");
    expect(refusal({ collateralMicroUsd: -951n, lots: [10] }, 1n)).to.equal("LIQUIDATABLE");
  });

  it("lets nothing grow or turn in a restricted market, and reductions through", () => {
    const restricted = { markets: [{ restricted: true, grossOpenInterestCapLots: 0n }], lots: [5] };
    expect(refusal(restricted, 1n)).to.equal("MARKET_RESTRICTED");
    expect(refusal(restricted, 5n, { side: "sell" })).to.equal(null);
    expect(refusal(restricted, 6n, { side: "sell" })).to.equal("MARKET_RESTRICTED");
    // A position in a restricted market is no reason against growth elsewhere.
    expect(refusal({ ...restricted, markets: [...restricted.markets, {}] }, 1n, { market: 1 })).to.equal(null);
  });

  it("stops growth at the open-interest cap", () => {
    const full = { markets: [{ grossOpenInterestCapLots: 100n }], lots: [5] };
    const at = (gross: bigint) => ({ ...full, state: { grossOpenInterestLots: sizes(gross) } });
    expect(refusal(at(99n), 1n)).to.equal(null);
    expect(refusal(at(100n), 1n)).to.equal("OPEN_INTEREST_CAP");
    expect(refusal(at(100n), 5n, { side: "sell" })).to.equal(null);
  });

  it("stops a position at its cap, to the lot; one beyond it may shrink and turn, but not grow", () => {
    const rich = { markets: [{ positionCapLots: 8n }], collateralMicroUsd: 10_000n };
    expect(refusal(rich, 8n)).to.equal(null);
    expect(refusal(rich, 9n)).to.equal("POSITION_CAP");
    expect(refusal({ ...rich, lots: [-3] }, 11n)).to.equal(null);
    expect(refusal({ ...rich, lots: [-3] }, 12n)).to.equal("POSITION_CAP");
    expect(refusal({ ...rich, lots: [20] }, 1n)).to.equal("POSITION_CAP");
    expect(refusal({ ...rich, lots: [20] }, 40n, { side: "sell" })).to.equal(null);
    expect(refusal({ ...rich, lots: [20] }, 41n, { side: "sell" })).to.equal("POSITION_CAP");
  });

  it("keeps a position in an isolated-only market alone, whichever of the two would grow", () => {
    const markets = [{}, { isolatedOnly: true }];
    expect(refusal({ markets }, 1n, { market: 1 })).to.equal(null);
    expect(refusal({ markets, lots: [1] }, 1n, { market: 1 })).to.equal("ISOLATED_ONLY");
    expect(refusal({ markets, lots: [0, 1] }, 1n)).to.equal("ISOLATED_ONLY");
    expect(refusal({ markets, lots: [0, 1] }, 1n, { market: 1 })).to.equal(null);
    // What came together by a change of terms may still be reduced.
    expect(refusal({ markets, lots: [1, 1] }, 1n, { side: "sell" })).to.equal(null);
  });

  it("lets an isolated account trade its market and no other", () => {
    const isolated = { state: { isolatedMarket: 1 } };
    expect(refusal(isolated, 1n, { market: 1 })).to.equal(null);
    expect(refusal(isolated, 1n)).to.equal("ISOLATED_ACCOUNT");
    expect(refusal(isolated, 1n, { reduceOnly: true })).to.equal("ISOLATED_ACCOUNT");
  });

  it("knows no market that is closed or retired", () => {
    expect(refusal({}, 1n, { market: 5 })).to.equal("UNKNOWN_MARKET");
    expect(refusal({ markets: [{ retired: true, priceMinTicks: 1, priceMaxTicks: 0 }] }, 1n)).to.equal(
      "UNKNOWN_MARKET",
    );
  });
});

const side = fc.constantFrom("buy" as const, "sell" as const);
const seldom = fc.constantFrom(false, false, false, true);
const anyMarket: fc.Arbitrary<Partial<EpochMarket>> = fc.record({
  priceTicks: fc.integer({ min: 1, max: 200 }),
  imfPpm: fc.integer({ min: 1, max: 400_000 }),
  mmfPpm: fc.integer({ min: 1, max: 50_000 }),
  priceMinTicks: fc.integer({ min: 1, max: 90 }),
  priceMaxTicks: fc.integer({ min: 110, max: 250 }),
  restricted: seldom,
  isolatedOnly: seldom,
  positionCapLots: fc.bigInt(0n, 60n),
  grossOpenInterestCapLots: fc.bigInt(100n, 400n),
});
const anyCase = fc.record({
  markets: fc.tuple(anyMarket, anyMarket),
  collateralMicroUsd: fc.bigInt(-3_000n, 6_000n),
  lots: fc.tuple(fc.integer({ min: -30, max: 30 }), fc.constantFrom(0, 0, 5, -5)),
  feeRates: fc.record({ makerPpm: fc.integer({ min: -100, max: 300 }), takerPpm: fc.integer({ min: 100, max: 900 }) }),
  gross: fc.bigInt(0n, 250n),
});
const anyOrder = fc.record({
  market: fc.constant(0),
  side,
  limitPriceTicks: fc.integer({ min: 80, max: 260 }),
  reduceOnly: fc.boolean(),
  postOnly: fc.boolean(),
  maxFeePpm: fc.integer({ min: 0, max: 4_000 }),
});

function randomState({
  markets,
  collateralMicroUsd,
  lots,
  feeRates,
  gross,
}: typeof anyCase extends fc.Arbitrary<infer T> ? T : never) {
  const state = { feeRates, grossOpenInterestLots: sizes(gross) };
  return stateOf({ markets: [...markets], collateralMicroUsd, lots: [...lots], state });
}

describe("admission over random accounts", () => {
  it("takes nothing that would not be a valid final state if it filled at its limit", () => {
    let taken = 0;
    fc.assert(
      fc.property(anyCase, anyOrder, fc.bigInt(1n, 20n), (about, order, lots) => {
        const state = randomState(about);
        const { terms, position } = state;
        const code = admissionRefusal(state, order, lots);
        if (code !== null || order.reduceOnly) return;
        const size = position.sizesLots[0] as bigint;
        const reducible = order.side === "buy" ? -size : size;
        if (lots <= reducible) return;
        taken += 1;
        const quote = BigInt(order.limitPriceTicks) * lots;
        const rate = BigInt(order.postOnly ? about.feeRates.makerPpm : Math.max(...Object.values(about.feeRates)));
        const final = afterTrade(position, order, lots, quote, rate * quote);
        expect(meetsInitialMargin(terms, final)).to.equal(true);
        expect(transitionRefusal(terms, position, final, false)).to.equal(undefined);
      }),
      { numRuns: 20_000, seed: 31 },
    );
    expect(taken).to.be.above(500);
  });

  it("takes the largest order that it names, and none of the larger ones", () => {
    const seen = new Set<RejectCode | null>();
    fc.assert(
      fc.property(anyCase, anyOrder, fc.constantFrom(1, 3), fc.constantFrom(1, 4), (about, order, step, least) => {
        const state = randomState(about);
        const limits = { ...LIMITS, quantityStepLots: step, quantityMinLots: least, quantityMaxLots: 90 };
        const most = maxOrderLots(state, order, limits);
        if (most > 0n) expect(admissionRefusal(state, order, most)).to.equal(null);
        expect(most % BigInt(step)).to.equal(0n);
        const largest = order.reduceOnly ? reducibleOf(state, order) : 90;
        for (let lots = Number(most) + 1; lots <= largest; lots++) {
          if (lots < least || lots % step !== 0) continue;
          const code = admissionRefusal(state, order, BigInt(lots));
          seen.add(code);
          expect(code, `${lots} above ${most}`).to.not.equal(null);
        }
      }),
      { numRuns: 10_000, seed: 32 },
    );
    expect([...seen]).to.include.members([
      "INSUFFICIENT_INITIAL_MARGIN",
      "LIQUIDATABLE",
      "POSITION_CAP",
      "ISOLATED_ONLY",
      "MARKET_RESTRICTED",
      "OPEN_INTEREST_CAP",
      "OUTSIDE_PRICE_BAND",
      "MAX_FEE_TOO_LOW",
    ]);
  });
});

function reducibleOf({ position }: AdmissionState, { side, market }: AdmissionOrder): number {
  const size = Number(position.sizesLots[market]);
  return Math.max(0, side === "buy" ? -size : size);
}
