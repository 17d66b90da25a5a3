import { expect } from "chai";
import { Refused } from "../../matcher/state/ledger.ts";
import { audit } from "../../matcher/state/ledger-audit.ts";
import type { Fill } from "../../matcher/state/step.ts";
import { sampleEpoch } from "../risk/sample-epoch.ts";
import { deposit, fill, message, order, registration, sampleLedger } from "./sample-ledger.ts";

const sell = (fields: object = {}) => order({ account: 1, side: "sell", ...fields });
const buy = (fields: object = {}) => order({ account: 2, side: "buy", ...fields });

describe("ledger: fills", () => {
  it("move sizes, quotes and fees, and fill the slots", () => {
    const { ledger } = sampleLedger();
    const given = fill({ quantityLots: 3, makerFeePpm: -100, takerFeePpm: 500 });
    expect(ledger.checkFill(given)).to.equal("ok");
    expect(ledger.applyFill(given)).to.deep.equal({
      kind: "fill",
      priceTicks: 100,
      quantityLots: 3,
      quoteMicroUsd: 300n,
      maker: { order: given.maker, feePicoUsd: -30_000n },
      taker: { order: given.taker, feePicoUsd: 150_000n },
    });
    expect(ledger.leafOf(1).collateralPicoUsd).to.equal(1_300_030_000n);
    expect(ledger.leafOf(2).collateralPicoUsd).to.equal(699_850_000n);
    expect([ledger.positionLots(1, 0), ledger.positionLots(2, 0), ledger.positionLots(9, 0)]).to.deep.equal([-3, 3, 0]);
    expect(ledger.slotOf(1, 0)).to.deep.equal({ sequence: 1, filledLots: 3 });
    expect(ledger.shared.grossOpenInterestLots[0]).to.equal(6n);
    expect(ledger.shared.feesPicoUsd).to.equal(120_000n);
    expect(audit(ledger)).to.deep.equal([]);
  });

  it("follow gross open interest through opening, passing on and closing", () => {
    const { ledger } = sampleLedger();
    const gross = () => ledger.shared.grossOpenInterestLots[0];
    ledger.applyFill(fill({ quantityLots: 2 }));
    ledger.applyFill(fill({ maker: buy({ account: 3 }), taker: sell({ account: 2, slot: 1 }), quantityLots: 2 }));
    expect(gross()).to.equal(4n);
    ledger.applyFill(
      fill({ maker: sell({ account: 3, slot: 1 }), taker: buy({ account: 1, slot: 1 }), quantityLots: 2 }),
    );
    expect(gross()).to.equal(0n);
    expect(audit(ledger)).to.deep.equal([]);
  });

  const refusals: [name: string, fill: Partial<Fill>, verdict: string][] = [
    ["an unknown maker", { maker: sell({ account: 9 }) }, "maker-refused:unknown-account"],
    ["an unknown taker", { taker: buy({ account: 9 }) }, "taker-refused:unknown-account"],
    ["the insurance account as maker", { maker: sell({ account: 0 }) }, "maker-refused:insurance-account"],
    ["the insurance account as taker", { taker: buy({ account: 0 }) }, "taker-refused:insurance-account"],
    ["an account with itself", { taker: buy({ account: 1 }) }, "taker-refused:self-trade"],
    ["more than the maker signed", { maker: sell({ quantityLots: 1 }), quantityLots: 2 }, "maker-refused:overfilled"],
    ["more than the taker signed", { taker: buy({ quantityLots: 1 }), quantityLots: 2 }, "taker-refused:overfilled"],
    ["a maker sold below its limit", { maker: sell({ limitPriceTicks: 101 }) }, "maker-refused:limit-price"],
    ["a taker above its limit", { taker: buy({ limitPriceTicks: 99 }) }, "taker-refused:limit-price"],
    ["an expired maker", { maker: sell({ expirySeconds: 999 }) }, "maker-refused:expired"],
    ["an expired taker", { taker: buy({ expirySeconds: 999 }) }, "taker-refused:expired"],
    [
      "a maker's fee above the maximum",
      { maker: sell({ maxFeePpm: 9 }), makerFeePpm: 10 },
      "maker-refused:fee-above-maximum",
    ],
    [
      "a taker's fee above the maximum",
      { taker: buy({ maxFeePpm: 9 }), takerFeePpm: 10 },
      "taker-refused:fee-above-maximum",
    ],
    ["a rebate beyond the cap", { makerFeePpm: -101, takerFeePpm: 101 }, "maker-refused:rebate-above-cap"],
    ["fees that sum below zero", { makerFeePpm: -100, takerFeePpm: 99 }, "taker-refused:fees-negative"],
    ["a selling maker under the band", { priceTicks: 89 }, "maker-refused:price-band"],
    ["a selling maker over the band", { priceTicks: 111 }, "taker-refused:price-band"],
    [
      "a market that is not live",
      { maker: sell({ market: 7 }), taker: buy({ market: 7 }) },
      "taker-refused:market-not-live",
    ],
    [
      "growth of the maker below initial margin",
      { quantityLots: 101, taker: buy({ account: 3 }) },
      "maker-refused:margin-growth",
    ],
  ];
  for (const [name, fields, verdict] of refusals) {
    it(`refuse ${name}`, () => {
      const { ledger } = sampleLedger([1000n, 1000n, 100_000n]);
      expect(ledger.checkFill(fill(fields))).to.equal(verdict);
      expect(() => ledger.applyFill(fill(fields))).to.throw(Refused, verdict);
      expect(ledger.leafOf(1).collateralPicoUsd).to.equal(1_000_000_000n);
      expect(ledger.slotOf(1, 0)).to.deep.equal({ sequence: 0, filledLots: 0 });
    });
  }

  it("stand at every bound", () => {
    const { ledger } = sampleLedger();
    const edge = fill({
      maker: sell({ limitPriceTicks: 100, quantityLots: 1, expirySeconds: 1000, maxFeePpm: -100 }),
      taker: buy({ limitPriceTicks: 100, quantityLots: 1, expirySeconds: 1000, maxFeePpm: 100 }),
      makerFeePpm: -100,
      takerFeePpm: 100,
    });
    expect(ledger.checkFill(edge)).to.equal("ok");
    expect(ledger.checkFill(fill({ priceTicks: 90 }))).to.equal("ok");
    expect(ledger.checkFill(fill({ priceTicks: 110 }))).to.equal("ok");
  });

  it("blame a buying maker over the band, and the taker who would sell under it", () => {
    const { ledger } = sampleLedger();
    const against = { maker: buy({ account: 2 }), taker: sell({ account: 1 }) };
    expect(ledger.checkFill(fill({ ...against, priceTicks: 111 }))).to.equal("maker-refused:price-band");
    expect(ledger.checkFill(fill({ ...against, priceTicks: 89 }))).to.equal("taker-refused:price-band");
  });

  it("demand initial margin to the micro-USD", () => {
    // Short 10 at 100 asks 100 of 10 %: the maker has it exactly, or is one short.
    for (const [amount, verdict] of [
      [100n, "ok"],
      [99n, "maker-refused:margin-growth"],
    ] as const) {
      const { ledger } = sampleLedger([amount, 1000n]);
      expect(ledger.checkFill(fill({ quantityLots: 10 }))).to.equal(verdict);
    }
  });

  it("count sequences as the circuit does", () => {
    const { ledger } = sampleLedger();
    const verdict = (fields: object, quantityLots = 1) => ledger.checkFill(fill({ maker: sell(fields), quantityLots }));
    ledger.applyFill(fill({ maker: sell({ sequence: 5, quantityLots: 3 }), quantityLots: 2 }));
    expect(verdict({ sequence: 4 })).to.equal("maker-refused:superseded");
    expect(verdict({ sequence: 5, quantityLots: 3 })).to.equal("ok");
    expect(verdict({ sequence: 5, quantityLots: 3 }, 2)).to.equal("maker-refused:overfilled");
    expect(verdict({ sequence: 6, quantityLots: 2 }, 2)).to.equal("ok");
    expect(verdict({ sequence: 6, quantityLots: 3, keepFilled: true }, 1)).to.equal("ok");
    expect(verdict({ sequence: 6, quantityLots: 3, keepFilled: true }, 2)).to.equal("maker-refused:overfilled");
  });

  it("stop at a cancel, also for an amend that keeps what was filled, but not for a fresh order", () => {
    const { ledger } = sampleLedger();
    ledger.applyCancel(message({ kind: "cancel", account: 1, slot: 0, sequence: 5 }));
    const verdict = (fields: object) => ledger.checkFill(fill({ maker: sell(fields) }));
    expect(verdict({ sequence: 5 })).to.equal("maker-refused:overfilled");
    expect(verdict({ sequence: 6, keepFilled: true })).to.equal("maker-refused:overfilled");
    expect(verdict({ sequence: 6 })).to.equal("ok");
  });

  it("respect the account's minimum sequence", () => {
    const { ledger } = sampleLedger();
    ledger.applyCancelAll(message({ kind: "cancelAll", account: 1, sequence: 7 }));
    expect(ledger.checkFill(fill({ maker: sell({ sequence: 6 }) }))).to.equal("maker-refused:below-min-sequence");
    expect(ledger.checkFill(fill({ maker: sell({ sequence: 7 }) }))).to.equal("ok");
  });

  it("stay within the open-interest cap, but let it be left above", () => {
    const { ledger } = sampleLedger([1000n, 1000n, 1000n], [{ grossOpenInterestCapLots: 4n }]);
    expect(ledger.checkFill(fill({ quantityLots: 3 }))).to.equal("taker-refused:open-interest-cap");
    ledger.applyFill(fill({ quantityLots: 2 }));
    expect(ledger.checkFill(fill())).to.equal("taker-refused:open-interest-cap");
    ledger.openEpoch(sampleEpoch([{ grossOpenInterestCapLots: 1n }], { number: 2 }));
    // Passing a position on does not grow it; closing is always allowed.
    expect(ledger.checkFill(fill({ maker: buy({ account: 3 }), taker: sell({ account: 2, slot: 1 }) }))).to.equal("ok");
    expect(
      ledger.checkFill(fill({ maker: buy({ account: 1, slot: 1 }), taker: sell({ account: 2, slot: 1 }) })),
    ).to.equal("ok");
    expect(ledger.checkFill(fill({ maker: sell({ account: 3 }), taker: buy({ account: 2, slot: 1 }) }))).to.equal(
      "taker-refused:open-interest-cap",
    );
  });

  it("keep sizes below 2^40", () => {
    const big = 2 ** 40 - 1;
    const market = { priceTicks: 1, imfPpm: 0, mmfPpm: 0, priceMinTicks: 1 };
    const { ledger } = sampleLedger([0n, 0n, 0n], [market]);
    ledger.applyFill(fill({ priceTicks: 1, quantityLots: big }));
    const more = (seller: number, buyer: number) =>
      ledger.checkFill(
        fill({ maker: sell({ account: seller, slot: 1 }), taker: buy({ account: buyer, slot: 1 }), priceTicks: 1 }),
      );
    expect(more(1, 3)).to.equal("maker-refused:size-range");
    expect(more(3, 2)).to.equal("taker-refused:size-range");
    expect(more(2, 1)).to.equal("ok");
  });

  it("keep collateral below 2^96, to the micro-USD", () => {
    const { ledger } = sampleLedger();
    const room = () => (2n ** 96n - 1n - ledger.leafOf(1).collateralPicoUsd) / 1_000_000n;
    while (room() >= 2n ** 64n) ledger.applyDeposit(deposit(1, 2n ** 64n - 1n));
    ledger.applyDeposit(deposit(1, room() - 100n));
    expect(ledger.checkFill(fill({ priceTicks: 100 }))).to.equal("ok");
    expect(ledger.checkFill(fill({ priceTicks: 101 }))).to.equal("maker-refused:collateral-range");
    const { collateralPicoUsd } = ledger.leafOf(1);
    expect(() => ledger.applyDeposit(deposit(1, 101n))).to.throw(RangeError, "cannot hold");
    expect(ledger.leafOf(1).collateralPicoUsd).to.equal(collateralPicoUsd);
    ledger.applyDeposit(deposit(1, 100n));
    expect(ledger.checkFill(fill())).to.equal("maker-refused:collateral-range");
    expect(ledger.checkFill(fill({ maker: buy(), taker: sell() }))).to.equal("taker-refused:collateral-range");
  });

  it("settle funding on touch, for both sides, and only then", () => {
    const { ledger } = sampleLedger();
    ledger.applyFill(fill({ quantityLots: 2 }));
    ledger.openEpoch(sampleEpoch([{ fundingIndexPicoUsd: 500n }, {}], { number: 2, timeSeconds: 2000 }));
    expect(ledger.leafOf(1).fundingIndexPicoUsd[0]).to.equal(0n);
    expect(ledger.settledRecord(1).collateralPicoUsd).to.equal(1_200_001_000n);
    expect(audit(ledger)).to.deep.equal([]);
    ledger.applyFill(fill({ maker: sell({ account: 3 }), taker: buy({ slot: 1 }) }));
    expect(ledger.leafOf(1).collateralPicoUsd).to.equal(1_200_000_000n);
    expect(ledger.leafOf(2).collateralPicoUsd).to.equal(700_000_000n - 1_000n);
    expect(ledger.leafOf(2).fundingIndexPicoUsd[0]).to.equal(500n);
    expect(audit(ledger)).to.deep.equal([]);
  });

  it("judge margin on the state after funding", () => {
    const { ledger } = sampleLedger([100n, 1000n]);
    ledger.applyFill(fill({ quantityLots: 5 }));
    // The short pays 10 micro-USD a lot: what was room for five more lots is not any more.
    expect(ledger.checkFill(fill({ quantityLots: 5 }))).to.equal("ok");
    ledger.openEpoch(sampleEpoch([{ fundingIndexPicoUsd: -10_000_000n }], { number: 2, timeSeconds: 2000 }));
    expect(ledger.checkFill(fill({ quantityLots: 5 }))).to.equal("maker-refused:margin-growth");
  });

  it("let an account under water reduce, and nothing else", () => {
    const { ledger } = sampleLedger([1000n, 200n, 1000n]);
    ledger.applyFill(fill({ quantityLots: 20 }));
    ledger.openEpoch(sampleEpoch([{ priceTicks: 91, priceMinTicks: 80 }], { number: 2 }));
    // 200 − 20·9 = 20 of a requirement of 182.
    expect(ledger.marginOf(2).valuePicoUsd).to.equal(20_000_000n);
    const close = (priceTicks: number, quantityLots: number) =>
      ledger.checkFill(
        fill({ maker: buy({ account: 3 }), taker: sell({ account: 2, slot: 1 }), priceTicks, quantityLots }),
      );
    expect(close(91, 10)).to.equal("ok");
    expect(close(90, 10)).to.equal("ok");
    expect(close(89, 10)).to.equal("taker-refused:margin-initial-ratio");
    expect(close(91, 20)).to.equal("ok");
    // Closed, it is worth 20: enough for a short of two lots, not of three.
    expect(close(91, 22)).to.equal("ok");
    expect(close(91, 23)).to.equal("taker-refused:margin-flip");
    expect(ledger.checkFill(fill({ maker: sell({ account: 3 }), taker: buy({ slot: 1 }), priceTicks: 91 }))).to.equal(
      "taker-refused:margin-growth",
    );
  });

  it("know bugs of the matcher from refusals", () => {
    const { ledger } = sampleLedger();
    expect(() => ledger.checkFill(fill({ taker: buy({ market: 1 }) }))).to.throw(RangeError, "markets 0 and 1");
    expect(() => ledger.checkFill(fill({ taker: sell({ account: 2 }) }))).to.throw(RangeError, "two sell orders");
    expect(() => ledger.checkFill(fill({ priceTicks: 0 }))).to.throw(RangeError, "0 ticks");
    expect(() => ledger.checkFill(fill({ quantityLots: 0.5 }))).to.throw(RangeError, "0.5 lots");
  });

  it("are judged anew when the caller's object or the ledger changed since the check", () => {
    const { ledger } = sampleLedger([100n, 1000n, 1000n]);
    const given = fill({ quantityLots: 10 });
    expect(ledger.checkFill(given)).to.equal("ok");
    given.quantityLots = 11;
    expect(() => ledger.applyFill(given)).to.throw(Refused, "margin-growth");
    given.quantityLots = 10;
    expect(ledger.checkFill(given)).to.equal("ok");
    ledger.applyWithdrawal(
      message({ kind: "withdrawal", account: 1, sequence: 0, expirySeconds: 1000, amountMicroUsd: 1n }),
    );
    expect(() => ledger.applyFill(given)).to.throw(Refused, "margin-growth");
    ledger.applyDeposit(deposit(1, 1n));
    ledger.applyFill(given);
    expect(() => ledger.applyFill(given)).to.throw(Refused);
  });

  it("tell before any fill whether an order can still execute", () => {
    const { ledger } = sampleLedger();
    const verdict = (fields: object = {}) => ledger.checkOrder(sell(fields));
    expect(verdict()).to.equal("ok");
    expect(verdict({ account: 9 })).to.equal("unknown-account");
    expect(verdict({ account: 0 })).to.equal("insurance-account");
    expect(verdict({ market: 5 })).to.equal("market-not-live");
    expect(verdict({ expirySeconds: 999 })).to.equal("expired");
    ledger.applyFill(fill({ maker: sell({ quantityLots: 1 }) }));
    expect(verdict({ quantityLots: 1 })).to.equal("overfilled");
    expect(verdict({ sequence: 0 })).to.equal("superseded");
  });

  it("reach an account that was registered a moment ago", () => {
    const { ledger } = sampleLedger();
    const given = fill({ taker: buy({ account: 262_143 }) });
    expect(ledger.checkFill(given)).to.equal("taker-refused:unknown-account");
    ledger.registerAccount(registration(262_143));
    expect(ledger.checkFill(given)).to.equal("taker-refused:margin-growth");
    ledger.applyDeposit(deposit(262_143, 10n));
    expect(ledger.checkFill(given)).to.equal("ok");
    expect(ledger.checkFill(fill({ taker: buy({ account: 262_143 }), quantityLots: 2 }))).to.equal(
      "taker-refused:margin-growth",
    );
  });
});
