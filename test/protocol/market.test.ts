import { expect } from "chai";
import fc from "fast-check";
import type { BookRules } from "../../matcher/book/book-rules.ts";
import { DecimalError, formatDecimal, usdFromMicroUsd } from "../../matcher/protocol/decimal.ts";
import {
  DEVNET_BOOK_RULES,
  DEVNET_FEE_TIERS,
  DEVNET_FUNDING_RATE_MAX_PPM_PER_HOUR,
  DEVNET_MARKETS,
  DEVNET_REBATE_CAP_PPM,
  devnetMarketBySymbol,
} from "../../matcher/protocol/devnet-markets.ts";
import {
  baseFromLots,
  defineMarket,
  priceTicksFromUsd,
  quantityLotsFromBase,
  usdFromPriceTicks,
} from "../../matcher/protocol/market.ts";
import { MARKETS, PPM, WIDTH } from "../../matcher/protocol/spec.ts";
import { checkFeeSchedule } from "../../matcher/risk/fees.ts";

const [btc, eth, sol, doge] = ["BTC-USD", "ETH-USD", "SOL-USD", "DOGE-USD"].map(
  (symbol) => devnetMarketBySymbol(symbol).market,
) as [
  ReturnType<typeof defineMarket>,
  ReturnType<typeof defineMarket>,
  ReturnType<typeof defineMarket>,
  ReturnType<typeof defineMarket>,
];

describe("market", () => {
  it("converts prices and quantities exactly, both ways", () => {
    expect(priceTicksFromUsd(btc, "65000")).to.equal(650_000);
    expect(priceTicksFromUsd(btc, "65000.1")).to.equal(650_001);
    expect(priceTicksFromUsd(eth, "0.01")).to.equal(1);
    expect(priceTicksFromUsd(doge, "0.15")).to.equal(15_000);
    expect(usdFromPriceTicks(btc, 650_000)).to.equal("65000.0");
    expect(usdFromPriceTicks(doge, 15_000n)).to.equal("0.15000");
    expect(quantityLotsFromBase(btc, "0.00001")).to.equal(1);
    expect(quantityLotsFromBase(sol, "1.5")).to.equal(1_500);
    expect(quantityLotsFromBase(doge, "12345.60")).to.equal(123_456);
    expect(baseFromLots(btc, -150)).to.equal("-0.0015");
    expect(baseFromLots(eth, 0n)).to.equal("0");
  });

  it("makes one tick times one lot one micro-USD in every market", () => {
    for (const { market } of DEVNET_MARKETS) {
      const [ticks, lots] = [priceTicksFromUsd(market, "30"), quantityLotsFromBase(market, "20")];
      expect(usdFromMicroUsd(BigInt(ticks) * BigInt(lots)), market.symbol).to.equal("600");
    }
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 - 1 }), fc.integer({ min: 1, max: 2 ** 40 - 1 }), (ticks, lots) => {
        for (const { market } of DEVNET_MARKETS) {
          expect(priceTicksFromUsd(market, usdFromPriceTicks(market, ticks))).to.equal(ticks);
          expect(quantityLotsFromBase(market, baseFromLots(market, lots))).to.equal(lots);
        }
      }),
      { numRuns: 300, seed: 9 },
    );
  });

  it("names what is off tick, off lot, zero or too large, with the reject code of the API", () => {
    const priceLimit = formatDecimal(2n ** 32n, 1);
    const cases: [() => unknown, string, string][] = [
      [() => priceTicksFromUsd(btc, "65000.05"), "OFF_TICK", "the BTC-USD price 65000.05 is not a multiple of 0.1"],
      [() => priceTicksFromUsd(doge, "0.150001"), "OFF_TICK", "not a multiple of 0.00001"],
      [() => priceTicksFromUsd(btc, "0"), "PRICE_ZERO", "zero"],
      [() => priceTicksFromUsd(btc, "-1"), "PRICE_TOO_LARGE", "negative"],
      [() => priceTicksFromUsd(btc, priceLimit), "PRICE_TOO_LARGE", `not below ${priceLimit}`],
      [() => priceTicksFromUsd(btc, "1e5"), "MALFORMED", "not a plain decimal"],
      [() => quantityLotsFromBase(sol, "0.0001"), "OFF_LOT", "the SOL-USD quantity 0.0001 is not a multiple of 0.001"],
      [() => quantityLotsFromBase(doge, "0.05"), "OFF_LOT", "not a multiple of 0.1"],
      [() => quantityLotsFromBase(doge, "0.0"), "QUANTITY_ZERO", "zero"],
      [() => quantityLotsFromBase(doge, "-5"), "QUANTITY_TOO_LARGE", "negative"],
      [() => quantityLotsFromBase(doge, formatDecimal(2n ** 40n, 1)), "QUANTITY_TOO_LARGE", "not below"],
      [() => quantityLotsFromBase(doge, "five"), "MALFORMED", "not a plain decimal"],
    ];
    for (const [read, code, text] of cases) expect(read).to.throw(DecimalError, text).with.property("code", code);
    expect(priceTicksFromUsd(btc, formatDecimal(2n ** 32n - 1n, 1))).to.equal(2 ** 32 - 1);
    expect(quantityLotsFromBase(doge, formatDecimal(2n ** 40n - 1n, 1))).to.equal(2 ** 40 - 1);
  });

  it("refuses fractions of a tick or a lot when writing", () => {
    expect(() => usdFromPriceTicks(btc, 1.5)).to.throw(RangeError);
    expect(() => baseFromLots(btc, 0.1)).to.throw(RangeError);
  });

  it("cannot be defined with steps that do not make a micro-USD", () => {
    expect(() => defineMarket(4, "XYZ-USD", "0.1", "0.1")).to.throw(RangeError, "is not 0.000001 USD");
    expect(() => defineMarket(4, "XYZ-USD", "0.5", "0.000002")).to.throw(RangeError, "the tick");
    expect(() => defineMarket(4, "XYZ-USD", "10", "0.0000001")).to.throw(RangeError, "the tick");
    expect(() => defineMarket(8, "XYZ-USD", "0.1", "0.00001")).to.throw(RangeError, "index");
    expect(() => defineMarket(4, "xyz", "0.1", "0.00001")).to.throw(RangeError, "symbol");
    expect(defineMarket(4, "XYZ-USD", "1", "0.000001")).to.include({ tickDecimals: 0, lotDecimals: 6 });
    expect(defineMarket(4, "XYZ-USD", "0.000001", "1")).to.include({ tickDecimals: 6, lotDecimals: 0 });
  });
});

describe("devnet markets", () => {
  it("are four, at their indices, with steps as documented", () => {
    expect(
      DEVNET_MARKETS.map(({ market }) => [market.index, market.symbol, market.tickUsd, market.lotBase]),
    ).to.deep.equal([
      [0, "BTC-USD", "0.1", "0.00001"],
      [1, "ETH-USD", "0.01", "0.0001"],
      [2, "SOL-USD", "0.001", "0.001"],
      [3, "DOGE-USD", "0.00001", "0.1"],
    ]);
    expect(() => devnetMarketBySymbol("XRP-USD")).to.throw(RangeError, "BTC-USD, ETH-USD, SOL-USD, DOGE-USD");
  });

  it("have terms that contract and circuit accept", () => {
    for (const {
      market,
      imfPpm,
      mmfPpm,
      bandPpm,
      openInterestCapLots,
      quantityMaxLots,
      seedPriceUsd,
    } of DEVNET_MARKETS) {
      expect(0 < mmfPpm && mmfPpm <= imfPpm && imfPpm <= PPM, market.symbol).to.equal(true);
      expect(0 < bandPpm && bandPpm < PPM).to.equal(true);
      expect(openInterestCapLots < 2n ** BigInt(WIDTH.grossOpenInterest)).to.equal(true);
      expect(quantityMaxLots < 2 ** WIDTH.quantityLots).to.equal(true);
      // The band around the seed price stays inside the width.
      expect(priceTicksFromUsd(market, seedPriceUsd) * 2 < 2 ** WIDTH.priceTicks).to.equal(true);
    }
    expect(DEVNET_FUNDING_RATE_MAX_PPM_PER_HOUR < PPM).to.equal(true);
  });

  it("have fee tiers in which no pair of accounts trades at the exchange's loss", () => {
    expect(() => checkFeeSchedule(DEVNET_FEE_TIERS, DEVNET_REBATE_CAP_PPM)).not.to.throw();
    expect(DEVNET_FEE_TIERS[0]).to.deep.equal({ makerPpm: 200, takerPpm: 500 });
    expect(DEVNET_FEE_TIERS.some((tier) => tier.makerPpm < 0)).to.equal(true);
  });

  it("give the book its rules, with nothing for indices that are not live", () => {
    const rules: BookRules = DEVNET_BOOK_RULES;
    expect(rules.markets.length).to.equal(MARKETS);
    expect(rules.markets.map((entry) => entry !== null)).to.deep.equal([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
