import { expect } from "chai";
import { type Ledger, Refused } from "../../matcher/state/ledger.ts";
import { audit } from "../../matcher/state/ledger-audit.ts";
import { decodeSnapshot, encodeSnapshot } from "../../matcher/state/ledger-snapshot.ts";
import type { DeleveragingProposal, LiquidationFill } from "../../matcher/state/step.ts";
import { type Crash, crashEpoch, liquidation, sampleCrash, withAccounts } from "./sample-crash.ts";
import { fill, order } from "./sample-ledger.ts";

const MICRO = 1_000_000n;
const buy = (fields: object = {}) => order({ account: 3, side: "buy", ...fields });
const collateral = (ledger: Ledger, account: number) => ledger.leafOf(account).collateralPicoUsd;

describe("ledger: liquidations", () => {
  it("move the position to the maker, and the whole fee that is allowed to the fund", () => {
    const { ledger } = sampleCrash({ priceTicks: 93 });
    const given = liquidation({ makerFeePpm: 200 });
    expect(ledger.checkLiquidation(given)).to.equal("ok");
    // Half a percent of 186; eight could have gone before the ratio of 40 to 46.5 fell.
    expect(ledger.applyLiquidation(given)).to.deep.equal({
      kind: "liquidation",
      account: 2,
      market: 0,
      side: "sell",
      priceTicks: 93,
      quantityLots: 2,
      quoteMicroUsd: 186n,
      feePicoUsd: 930_000n,
      payoutPicoUsd: 0n,
      maker: { order: given.maker, feePicoUsd: 37_200n },
    });
    expect([ledger.positionLots(2, 0), ledger.positionLots(3, 0)]).to.deep.equal([8, 2]);
    expect(collateral(ledger, 2)).to.equal((186n - 890n) * MICRO - 930_000n);
    expect(collateral(ledger, 3)).to.equal((1000n - 186n) * MICRO - 37_200n);
    expect(collateral(ledger, 0)).to.equal(50n * MICRO + 930_000n);
    expect(ledger.slotOf(3, 0)).to.deep.equal({ sequence: 1, filledLots: 2 });
    // What the fund gets is no fee of the exchange.
    expect(ledger.shared.feesPicoUsd).to.equal(37_200n);
    expect(ledger.shared.insuranceSpentPicoUsd).to.equal(0n);
    expect(ledger.shared.grossOpenInterestLots[0]).to.equal(20n);
    expect(audit(ledger)).to.deep.equal([]);
  });

  it("take no more than what lies above the bankruptcy quote", () => {
    const { ledger } = sampleCrash({ priceTicks: 89, liquidation: { feeCapPpm: 25_000 } });
    // 22.5 would be the cap; 890 is what the account must get.
    expect(ledger.applyLiquidation(liquidation({ priceTicks: 90, quantityLots: 10 })).feePicoUsd).to.equal(10n * MICRO);
    expect(collateral(ledger, 2)).to.equal(0n);
    expect(audit(ledger)).to.deep.equal([]);
  });

  it("have the fund pay what is missing below it", () => {
    const { ledger } = sampleCrash({ priceTicks: 88 });
    const step = ledger.applyLiquidation(liquidation({ priceTicks: 85, quantityLots: 10 }));
    expect([step.feePicoUsd, step.payoutPicoUsd]).to.deep.equal([0n, 40n * MICRO]);
    expect(collateral(ledger, 2)).to.equal(0n);
    expect(ledger.insuranceLeft()).to.deep.equal({
      capPicoUsd: 1_000n * MICRO,
      spentPicoUsd: 40n * MICRO,
      fundPicoUsd: 10n * MICRO,
    });
    expect(audit(ledger)).to.deep.equal([]);
  });

  it("lower the open interest when the maker only reduces too", () => {
    const { ledger } = sampleCrash({ priceTicks: 93 });
    ledger.applyLiquidation(liquidation({ maker: buy({ account: 1, slot: 1 }) }));
    expect(ledger.shared.grossOpenInterestLots[0]).to.equal(16n);
    expect(audit(ledger)).to.deep.equal([]);
  });

  it("close a short in the same way", () => {
    const { ledger } = sampleCrash({ priceTicks: 107, depositsMicroUsd: [110n, 1000n, 1000n, 1000n] });
    // 1 is short by ten: worth 1110 − 1070 = 40, of 53.5.
    const maker = order({ account: 3, side: "sell" });
    const step = ledger.applyLiquidation(liquidation({ account: 1, side: "buy", maker, priceTicks: 107 }));
    expect([step.feePicoUsd, step.payoutPicoUsd]).to.deep.equal([1_070_000n, 0n]);
    expect(ledger.positionLots(1, 0)).to.equal(-8);
    expect(audit(ledger)).to.deep.equal([]);
  });

  it("pay no rebate: the maker's fee is zero then, and it must have signed that", () => {
    const { ledger } = sampleCrash({ priceTicks: 93 });
    const demanding = liquidation({ maker: buy({ maxFeePpm: -1 }), makerFeePpm: -100 });
    expect(ledger.checkLiquidation(demanding)).to.equal("maker-refused:fee-above-maximum");
    const step = ledger.applyLiquidation(liquidation({ maker: buy({ maxFeePpm: 0 }), makerFeePpm: -100 }));
    expect(step.maker.feePicoUsd).to.equal(0n);
  });

  const at93: Partial<Crash> = { priceTicks: 93 };
  const at88: Partial<Crash> = { priceTicks: 88 };
  const whole = { priceTicks: 88, quantityLots: 10 };
  const refusals: [name: string, crash: Partial<Crash>, fill: Partial<LiquidationFill>, verdict: string][] = [
    ["the fund's account", at93, { account: 0 }, "account-refused:insurance-account"],
    ["an unknown account", at93, { account: 9 }, "account-refused:unknown-account"],
    ["without a fund", { ...at93, fundMicroUsd: undefined }, {}, "account-refused:no-insurance-account"],
    ["against an order of its own", at93, { maker: buy({ account: 2 }) }, "account-refused:self-trade"],
    ["who meets maintenance margin", { priceTicks: 94 }, { priceTicks: 94 }, "account-refused:maintenance-met"],
    ["who has no position", at93, { account: 4 }, "account-refused:maintenance-met"],
    ["at less than the fillable price", at93, { priceTicks: 92 }, "account-refused:fillable-price"],
    ["by more than the least quantity", at93, { quantityLots: 3 }, "account-refused:least-quantity"],
    ["by more than its position", at88, { ...whole, quantityLots: 11 }, "account-refused:not-a-reduction"],
    ["in a restricted market", { ...at93, market: { restricted: true } }, {}, "maker-refused:restricted-growth"],
    [
      "in a restricted market, against a maker that reduces",
      { ...at93, market: { restricted: true } },
      { maker: buy({ account: 1, slot: 1 }) },
      "account-refused:restricted-position",
    ],
    [
      "beyond the fund's cap",
      { ...at88, liquidation: { insuranceCapMicroUsd: 9n } },
      whole,
      "account-refused:insurance-cap",
    ],
    ["beyond the fund", { ...at88, fundMicroUsd: 9n }, whole, "account-refused:insurance-fund"],
    [
      "where no order is filled",
      { ...at93, market: { priceMinTicks: 1, priceMaxTicks: 0 } },
      {},
      "account-refused:market-not-live",
    ],
    ["at a price under the band", { ...at93, market: { priceMinTicks: 94 } }, {}, "account-refused:price-band"],
    ["at a price over it", { ...at93, market: { priceMaxTicks: 92 } }, {}, "maker-refused:price-band"],
    ["a maker's limit", at93, { maker: buy({ limitPriceTicks: 92 }) }, "maker-refused:limit-price"],
    ["what the maker signed", at93, { maker: buy({ quantityLots: 1 }) }, "maker-refused:overfilled"],
    ["a maker without margin", { ...at93, depositsMicroUsd: [1000n, 110n, 1n] }, {}, "maker-refused:margin-growth"],
    ["an unknown maker", at93, { maker: buy({ account: 9 }) }, "maker-refused:unknown-account"],
    ["the fund as maker", at93, { maker: buy({ account: 0 }) }, "maker-refused:insurance-account"],
    ["a maker beyond its position cap", { ...at93, market: { positionCapLots: 1n } }, {}, "maker-refused:position-cap"],
  ];
  for (const [name, crash, fields, verdict] of refusals) {
    it(`refuse ${name}, and change nothing`, () => {
      const { ledger } = sampleCrash(crash);
      const before = encodeSnapshot(ledger);
      expect(ledger.checkLiquidation(liquidation(fields))).to.equal(verdict);
      expect(() => ledger.applyLiquidation(liquidation(fields))).to.throw(Refused, `liquidation refused: ${verdict}`);
      expect(encodeSnapshot(ledger)).to.equal(before);
    });
  }

  it("stand at the bounds of the cap and of the fund", () => {
    const capped = sampleCrash({ ...at88, liquidation: { insuranceCapMicroUsd: 10n } }).ledger;
    expect(capped.checkLiquidation(liquidation(whole))).to.equal("ok");
    const poor = sampleCrash({ ...at88, fundMicroUsd: 10n }).ledger;
    poor.applyLiquidation(liquidation(whole));
    expect(collateral(poor, 0)).to.equal(0n);
    expect(audit(poor)).to.deep.equal([]);
  });

  it("count what the fund has paid in the epoch, from zero in the next", () => {
    const { ledger } = sampleCrash({ ...at88, liquidation: { insuranceCapMicroUsd: 10n } });
    // Half of the position costs half of the loss.
    expect(ledger.applyLiquidation(liquidation({ ...whole, quantityLots: 5 })).payoutPicoUsd).to.equal(5n * MICRO);
    expect(ledger.insuranceLeft()).to.deep.include({ capPicoUsd: 10n * MICRO, spentPicoUsd: 5n * MICRO });
    // At 86 each lot costs two more than there is left for five.
    const rest = liquidation({ ...whole, priceTicks: 86, quantityLots: 5 });
    expect(ledger.checkLiquidation(rest)).to.equal("account-refused:insurance-cap");
    expect(decodeSnapshot(encodeSnapshot(ledger)).insuranceLeft()).to.deep.equal(ledger.insuranceLeft());
    ledger.openEpoch(crashEpoch({ ...at88, liquidation: { insuranceCapMicroUsd: 15n } }, 3));
    expect(ledger.insuranceLeft().spentPicoUsd).to.equal(0n);
    expect(ledger.checkLiquidation(rest)).to.equal("ok");
  });

  it("are judged with funding settled", () => {
    const { ledger } = sampleCrash({ priceTicks: 94 });
    expect(ledger.checkLiquidation(liquidation({ priceTicks: 94 }))).to.equal("account-refused:maintenance-met");
    const epoch = crashEpoch({ priceTicks: 94, market: { fundingIndexPicoUsd: 300_001n } }, 3);
    ledger.openEpoch(epoch);
    // 50 of 47 less ten times 0.300001.
    expect(ledger.checkLiquidation(liquidation({ priceTicks: 94, quantityLots: 1 }))).to.equal("ok");
  });

  it("can be tried and undone", () => {
    const { ledger } = sampleCrash(at88);
    const before = encodeSnapshot(ledger);
    ledger.begin();
    ledger.applyLiquidation(liquidation(whole));
    expect(ledger.holdersOf(0)).to.deep.equal([1, 3]);
    ledger.rollback();
    expect(encodeSnapshot(ledger)).to.equal(before);
    expect(ledger.holdersOf(0)).to.deep.equal([1, 2]);
  });

  it("are no fills between two markets, two buyers, at nothing or of nothing", () => {
    const { ledger } = sampleCrash(at93);
    const refused = (fields: Partial<LiquidationFill>, because: string) =>
      expect(() => ledger.checkLiquidation(liquidation(fields))).to.throw(RangeError, because);
    refused({ market: 1 }, "markets 0 and 1 in one fill");
    refused({ side: "buy" }, "two orders to buy in one fill");
    refused({ priceTicks: 0 }, "a fill at 0 ticks");
    refused({ quantityLots: 0 }, "a fill of 0 lots");
  });
});

describe("ledger: deleveraging", () => {
  const proposal = (fields: Partial<DeleveragingProposal> = {}): DeleveragingProposal => ({
    account: 2,
    counterparty: 1,
    market: 0,
    quantityLots: 10,
    ...fields,
  });

  it("closes both positions at the index price, at the fund's expense", () => {
    const { ledger } = sampleCrash({ priceTicks: 88 });
    expect(ledger.checkDeleveraging(proposal())).to.equal("ok");
    expect(ledger.applyDeleveraging(proposal())).to.deep.equal({
      kind: "deleveraging",
      account: 2,
      counterparty: 1,
      market: 0,
      side: "sell",
      quantityLots: 10,
      quoteMicroUsd: 880n,
      payoutPicoUsd: 10n * MICRO,
      coveredPicoUsd: 10n * MICRO,
    });
    expect([collateral(ledger, 2), collateral(ledger, 1)]).to.deep.equal([0n, 1120n * MICRO]);
    expect(ledger.insuranceLeft()).to.deep.include({ spentPicoUsd: 10n * MICRO, fundPicoUsd: 40n * MICRO });
    expect(ledger.shared.grossOpenInterestLots[0]).to.equal(0n);
    expect(ledger.shared.feesPicoUsd).to.equal(0n);
    expect(audit(ledger)).to.deep.equal([]);
  });

  it("has the counterparty pay what neither cap nor fund leaves", () => {
    for (const crash of [{ fundMicroUsd: 3n }, { liquidation: { insuranceCapMicroUsd: 3n } }]) {
      const { ledger } = sampleCrash({ priceTicks: 88, ...crash });
      const step = ledger.applyDeleveraging(proposal());
      expect([step.payoutPicoUsd, step.coveredPicoUsd]).to.deep.equal([10n * MICRO, 3n * MICRO]);
      expect([collateral(ledger, 2), collateral(ledger, 1)]).to.deep.equal([0n, 1113n * MICRO]);
      expect(audit(ledger)).to.deep.equal([]);
    }
  });

  it("closes a part for its part of the loss", () => {
    const { ledger } = sampleCrash({ priceTicks: 88 });
    expect(ledger.applyDeleveraging(proposal({ quantityLots: 3 })).payoutPicoUsd).to.equal(3n * MICRO);
    expect(ledger.marginOf(2).valuePicoUsd).to.equal(-7n * MICRO);
    expect(ledger.shared.grossOpenInterestLots[0]).to.equal(14n);
  });

  it("closes a bankrupt short in the same way", () => {
    const { ledger } = sampleCrash({ priceTicks: 112, depositsMicroUsd: [110n, 1000n, 1000n, 1000n] });
    const step = ledger.applyDeleveraging(proposal({ account: 1, counterparty: 2 }));
    expect([step.side, step.payoutPicoUsd]).to.deep.equal(["buy", 10n * MICRO]);
    expect(collateral(ledger, 1)).to.equal(0n);
    expect(audit(ledger)).to.deep.equal([]);
  });

  const at88: Partial<Crash> = { priceTicks: 88 };
  const refusals: [name: string, crash: Partial<Crash>, fields: Partial<DeleveragingProposal>, verdict: string][] = [
    ["the fund's account", at88, { account: 0 }, "insurance-account"],
    ["an unknown account", at88, { account: 9 }, "unknown-account"],
    ["without a fund", { ...at88, fundMicroUsd: undefined }, {}, "no-insurance-account"],
    ["who is not bankrupt", { priceTicks: 89 }, {}, "not-bankrupt"],
    ["by more than the position", at88, { quantityLots: 11 }, "not-a-reduction"],
    ["where there is no position", at88, { market: 1 }, "not-a-reduction"],
    ["against an unknown account", at88, { counterparty: 9 }, "counterparty-unknown"],
    ["against the fund", at88, { counterparty: 0 }, "counterparty-unknown"],
    ["against an account without a position", at88, { counterparty: 3 }, "counterparty-not-a-reduction"],
    ["in a restricted market", { ...at88, market: { restricted: true } }, {}, "restricted-position"],
  ];
  for (const [name, crash, fields, verdict] of refusals) {
    it(`refuses ${name}, and changes nothing`, () => {
      const { ledger } = sampleCrash(crash);
      const before = encodeSnapshot(ledger);
      expect(ledger.checkDeleveraging(proposal(fields))).to.equal(verdict);
      expect(() => ledger.applyDeleveraging(proposal(fields))).to.throw(Refused, `deleveraging refused: ${verdict}`);
      expect(encodeSnapshot(ledger)).to.equal(before);
    });
  }

  it("refuses a counterparty that would end below maintenance margin, by a micro-USD", () => {
    const judge = (depositMicroUsd: bigint) => {
      const crash = { ...at88, fundMicroUsd: 0n, depositsMicroUsd: [depositMicroUsd, 110n, 1000n, 1000n] };
      const { ledger } = sampleCrash(crash);
      // 1 gains 120 by its short, and loses 168 on 21 lots of the other market.
      const maker = order({ account: 3, side: "sell", market: 1 });
      const taker = order({ account: 1, side: "buy", market: 1, slot: 7 });
      ledger.applyFill(fill({ maker, taker, priceTicks: 50, quantityLots: 21 }));
      const { markets, ...epoch } = crashEpoch(crash, 3);
      const fallen = markets.map((market, index) => (index === 1 ? { ...market, priceTicks: 42 } : market));
      ledger.openEpoch({ ...epoch, markets: fallen });
      return ledger.checkDeleveraging(proposal());
    };
    // Ten are paid, and the 21 lots ask for 44.1.
    expect(judge(103n)).to.equal("ok");
    expect(judge(102n)).to.equal("counterparty-margin");
  });

  it("is not a matter of one account, nor of nothing", () => {
    const { ledger } = sampleCrash(at88);
    expect(() => ledger.checkDeleveraging(proposal({ counterparty: 2 }))).to.throw(RangeError, "against itself");
    expect(() => ledger.checkDeleveraging(proposal({ quantityLots: 0 }))).to.throw(RangeError, "of 0 lots");
  });
});

describe("ledger: collateral below 2^96, of all whom a liquidation names", () => {
  const EDGE = 2n ** 96n - 1n;

  it("the fund's, to the pico-USD", () => {
    const judge = (fund: bigint) =>
      withAccounts(sampleCrash({ priceTicks: 93 }).ledger, { 0: { collateralPicoUsd: fund } }).checkLiquidation(
        liquidation(),
      );
    expect(judge(EDGE - 930_000n)).to.equal("ok");
    expect(judge(EDGE - 929_999n)).to.equal("account-refused:collateral-range");
  });

  it("a counterparty's, to the pico-USD", () => {
    // 1 is bankrupt by its short, and 2 sells it ten lots at 112.
    const { ledger } = sampleCrash({ priceTicks: 112, depositsMicroUsd: [110n, 1000n, 1000n, 1000n] });
    const judge = (collateralPicoUsd: bigint) =>
      withAccounts(ledger, { 2: { collateralPicoUsd } }).checkDeleveraging({
        account: 1,
        counterparty: 2,
        market: 0,
        quantityLots: 10,
      });
    expect(judge(EDGE - 1120n * MICRO)).to.equal("ok");
    expect(judge(EDGE - 1120n * MICRO + 1n)).to.equal("counterparty-collateral-range");
  });

  it("the account's: funding may have led it beyond, and one lot of many does not bring it back", () => {
    const lots = 2n ** 30n;
    const ledger = withAccounts(sampleCrash({ priceTicks: 88 }).ledger, {
      1: { collateralPicoUsd: 2n ** 90n, sizeLots: -lots },
      2: { collateralPicoUsd: -EDGE, sizeLots: lots },
    });
    const proposal = { account: 2, counterparty: 1, market: 0, quantityLots: 1 };
    expect(ledger.checkDeleveraging(proposal)).to.equal("ok");
    // A lot takes 2^66 of it away, and funding brought 2^67.
    ledger.openEpoch(crashEpoch({ priceTicks: 88, market: { fundingIndexPicoUsd: 2n ** 37n } }, 3));
    expect(ledger.checkDeleveraging(proposal)).to.equal("collateral-range");
    expect(ledger.checkDeleveraging({ ...proposal, quantityLots: 3 })).to.equal("ok");
  });
});

describe("ledger: holders of positions", () => {
  it("are listed by account, and follow fills, also through a snapshot", () => {
    const { ledger } = sampleCrash();
    expect(ledger.holdersOf(0)).to.deep.equal([1, 2]);
    ledger.applyFill(
      fill({
        maker: order({ account: 4, side: "sell" }),
        taker: order({ account: 1, side: "buy", slot: 3 }),
        quantityLots: 10,
      }),
    );
    expect(ledger.holdersOf(0)).to.deep.equal([2, 4]);
    expect(ledger.holdersOf(1)).to.deep.equal([]);
    expect(decodeSnapshot(encodeSnapshot(ledger)).holdersOf(0)).to.deep.equal([2, 4]);
    expect(() => ledger.holdersOf(8)).to.throw(RangeError, "no market 8");
  });
});
