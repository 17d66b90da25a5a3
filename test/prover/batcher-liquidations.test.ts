import { expect } from "chai";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { type Tier, tierById } from "../../matcher/protocol/spec.ts";
import { Batcher, UnprovableStep } from "../../matcher/prover/batcher.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { decodeSnapshot, encodeSnapshot } from "../../matcher/state/ledger-snapshot.ts";
import type { DeleveragingStep, LiquidationFill, LiquidationStep, Step } from "../../matcher/state/step.ts";
import type { BatchTrace } from "../../matcher/state/trace.ts";
import { SAMPLE_MARKET, sampleEpoch } from "../risk/sample-epoch.ts";
import { type Crash, crashEpoch, liquidation, sampleCrash, withAccounts } from "../state/sample-crash.ts";
import { deposit, fill, message, order, registration } from "../state/sample-ledger.ts";
import { BatcherBench, DOMAIN } from "./batcher-bench.ts";

const TEST = tierById(0);
const LARGE = tierById(2);
const MICRO = 1_000_000n;

describe("batcher: liquidations", () => {
  let hash: Poseidon;
  before(async () => {
    hash = await buildFastPoseidon();
  });

  class Bench extends BatcherBench {
    constructor(crash: Partial<Crash> = {}, tiers: readonly Tier[] = [LARGE]) {
      super(hash, tiers, sampleCrash(crash));
    }

    liquidate(fields: Partial<LiquidationFill> = {}): BatchTrace | undefined {
      return this.push(this.ledger.applyLiquidation(liquidation(fields)));
    }

    deleverage(quantityLots: number, counterparty = 1): BatchTrace | undefined {
      return this.push(this.ledger.applyDeleveraging({ account: 2, counterparty, market: 0, quantityLots }));
    }

    /** The batches that the steps so far made, and the rest as another. */
    cuts(): BatchTrace[] {
      this.cut();
      return this.traces;
    }
  }

  /** Accounts 2 and 4 are both long by ten since 100, against 1, when the price falls; the fund is empty. */
  function twoLongs(depositsMicroUsd: readonly bigint[], priceTicks: number, tier: Tier): Bench {
    const bench = new Bench({ fundMicroUsd: 0n, depositsMicroUsd }, [tier]);
    const { ledger } = bench;
    const terms = {
      maker: order({ account: 1, side: "sell", slot: 6 }),
      taker: order({ account: 4, side: "buy", slot: 6 }),
    };
    bench.push(ledger.applyFill(fill({ ...terms, quantityLots: 10 })));
    for (const step of ledger.openEpoch(crashEpoch({ priceTicks }, 3))) bench.push(step);
    return bench;
  }

  const at93: Partial<Crash> = { priceTicks: 93 };
  const at88: Partial<Crash> = { priceTicks: 88 };
  const kinds = ({ liquidations, rows }: BatchTrace) => [
    ...liquidations.map(({ kind, account }) => `${kind} ${account}`),
    ...rows.map(({ message: { kind, account } }) => `${kind} ${account}`),
  ];
  const cancel = (account: number) => message({ kind: "cancel" as const, account, slot: 9, sequence: 1 });
  const withdrawal = (account: number) =>
    message({ kind: "withdrawal" as const, account, sequence: 0, expirySeconds: 5000, amountMicroUsd: 1n });

  it("stand beside the maker's row, with the fund in slot 0", () => {
    const bench = new Bench(at93);
    bench.liquidate({ makerFeePpm: 200 });
    const trace = bench.only();
    expect(kinds(trace)).to.deep.equal(["liquidation 2", "order 3"]);
    expect(trace.accounts.map(({ account }) => account)).to.deep.equal([0, 2, 3]);
    expect(trace.liquidations[0]).to.deep.equal({
      kind: "liquidation",
      account: 2,
      accountSlot: 1,
      market: 0,
      side: "sell",
      quantityLots: 2,
      quoteMicroUsd: 186n,
      feePicoUsd: 930_000n,
      payoutPicoUsd: 0n,
      coveredPicoUsd: 0n,
    });
    expect(trace.rows[0]).to.deep.include({ feePicoUsd: 37_200n, quantityLots: 2, quoteMicroUsd: 186n });
    expect(trace.accounts[0]?.after.collateralPicoUsd).to.equal(50n * MICRO + 930_000n);
    expect([trace.insuranceSpentBeforePicoUsd, trace.insuranceSpentAfterPicoUsd]).to.deep.equal([0n, 0n]);
  });

  it("have the fund in slot 0 also when it neither gets nor pays", () => {
    const bench = new Bench({ ...at93, liquidation: { feeCapPpm: 0 } });
    bench.liquidate();
    const trace = bench.only();
    expect(trace.accounts[0]).to.deep.include({ account: 0, isNew: false });
    expect(trace.accounts[0]?.after).to.deep.equal({
      ...trace.accounts[0]?.before,
      fundingIndexPicoUsd: new Array(8).fill(0n),
    });
  });

  it("of one account in one market are one row, whoever the makers are", () => {
    const bench = new Bench(at93);
    bench.liquidate({ quantityLots: 1 });
    bench.liquidate({ quantityLots: 1, maker: order({ account: 4, side: "buy" }), priceTicks: 94 });
    const trace = bench.only();
    expect(kinds(trace)).to.deep.equal(["liquidation 2", "order 3", "order 4"]);
    expect(trace.liquidations[0]).to.deep.include({ quantityLots: 2, quoteMicroUsd: 187n, feePicoUsd: 935_000n });
  });

  it("add payouts to what the epoch has spent, from batch to batch and from zero in the next epoch", () => {
    const bench = new Bench(at88);
    bench.liquidate({ priceTicks: 88, quantityLots: 5 });
    const spent = (trace: BatchTrace | undefined) => [
      trace?.insuranceSpentBeforePicoUsd,
      trace?.insuranceSpentAfterPicoUsd,
    ];
    expect(spent(bench.cut())).to.deep.equal([0n, 5n * MICRO]);
    // A batcher that goes on from here knows it too.
    const ledger = decodeSnapshot(encodeSnapshot(bench.ledger));
    const resumed = new Batcher({ hash, domain: DOMAIN, tiers: [LARGE] }, ledger, bench.batcher.position);
    const step = bench.ledger.applyLiquidation(liquidation({ priceTicks: 88, quantityLots: 1 }));
    resumed.push(step);
    bench.push(step);
    const second = bench.cut();
    expect(spent(second)).to.deep.equal([5n * MICRO, 6n * MICRO]);
    expect(resumed.cut()).to.deep.equal(second);
    for (const opened of bench.ledger.openEpoch(crashEpoch(at88, 3))) bench.push(opened);
    bench.liquidate({ priceTicks: 88, quantityLots: 1 });
    expect(spent(bench.cut())).to.deep.equal([0n, 1n * MICRO]);
    for (const number of [4, 5])
      for (const opened of bench.ledger.openEpoch(crashEpoch(at88, number))) bench.push(opened);
    // An empty batch of an epoch in which nothing was spent.
    expect(spent(bench.traces.at(-1))).to.deep.equal([0n, 0n]);
  });

  describe("are cut from", () => {
    /** Two steps that may not share a batch, in this order. */
    const apart: [
      what: string,
      crash: Partial<Crash>,
      first: (bench: Bench) => Step,
      second: (bench: Bench) => Step,
    ][] = [
      ["a row of the account before", at93, take((l) => l.applyCancel(cancel(2))), take(forced())],
      ["a row of the account after", at93, take(forced()), take((l) => l.applyCancel(cancel(2)))],
      ["a fill of the account before", at93, take((l) => l.applyFill(reducing())), take(forced({ quantityLots: 1 }))],
      ["a fill of the account after", at93, take(forced({ quantityLots: 1 })), take((l) => l.applyFill(reducing()))],
      ["a deposit to the account after", at93, take(forced()), take((l) => l.applyDeposit(deposit(2, 1n)))],
      ["a deposit to the fund after", at93, take(forced()), take((l) => l.applyDeposit(deposit(0, 1n)))],
      ["a fill of the account after, as its maker", at93, take(forced({ quantityLots: 1 })), take(makingTwo)],
      ["a row of a counterparty before", at88, take((l) => l.applyCancel(cancel(1))), take(deleveraging(5))],
      ["a row of a counterparty after", at88, take(deleveraging(5)), take((l) => l.applyCancel(cancel(1)))],
      [
        "a withdrawal of a counterparty before",
        at88,
        take((l) => l.applyWithdrawal(withdrawal(1))),
        take(deleveraging(5)),
      ],
      [
        "a withdrawal of a counterparty after",
        at88,
        take(deleveraging(5)),
        take((l) => l.applyWithdrawal(withdrawal(1))),
      ],
      ["a deposit to a counterparty after", at88, take(deleveraging(5)), take((l) => l.applyDeposit(deposit(1, 1n)))],
      ["another deleveraging of the account", at88, take(deleveraging(5)), take(deleveraging(1))],
      [
        "a deleveraging of the account after",
        at88,
        take(forced({ priceTicks: 88, quantityLots: 1 })),
        take(deleveraging(1)),
      ],
      [
        "a deleveraging of the account before",
        at88,
        take(deleveraging(1)),
        take(forced({ priceTicks: 88, quantityLots: 1 })),
      ],
      [
        "a counterparty as its maker",
        at88,
        take(deleveraging(1)),
        take(forced({ priceTicks: 88, quantityLots: 1, maker: order({ account: 1, side: "buy", slot: 4 }) })),
      ],
    ];
    type Make = (ledger: Bench["ledger"]) => Step;
    function take(make: Make): (bench: Bench) => Step {
      return ({ ledger }) => make(ledger);
    }
    function forced(fields: Partial<LiquidationFill> = {}): Make {
      return (ledger) => ledger.applyLiquidation(liquidation(fields));
    }
    function deleveraging(quantityLots: number): Make {
      return (ledger) => ledger.applyDeleveraging({ account: 2, counterparty: 1, market: 0, quantityLots });
    }
    function reducing() {
      const taker = order({ account: 2, side: "sell", slot: 8 });
      return fill({ maker: order({ account: 4, side: "buy" }), taker, priceTicks: 93 });
    }
    function makingTwo(ledger: Bench["ledger"]): Step {
      const maker = order({ account: 2, side: "sell", slot: 8 });
      return ledger.applyFill(fill({ maker, taker: order({ account: 4, side: "buy", slot: 8 }), priceTicks: 93 }));
    }
    for (const [what, crash, first, second] of apart) {
      it(what, () => {
        const bench = new Bench(crash);
        expect(bench.push(first(bench))).to.equal(undefined);
        expect(bench.push(second(bench))).not.to.equal(undefined);
        expect(bench.cuts()).to.have.length(2);
      });
    }

    it("a transfer to the account after, which has the same owner", () => {
      const { ledger, steps } = sampleCrash(at93);
      const bench = new BatcherBench(hash, [LARGE], { ledger, steps });
      bench.push(ledger.registerAccount({ ...registration(7), owner: ledger.leafOf(2).owner }));
      bench.push(ledger.applyDeposit(deposit(7, 9n)));
      bench.push(ledger.applyLiquidation(liquidation()));
      const transfer = message({
        kind: "transfer" as const,
        account: 7,
        to: 2,
        sequence: 0,
        expirySeconds: 5000,
        amountMicroUsd: 3n,
      });
      expect(bench.push(ledger.applyTransfer(transfer))?.liquidations).to.have.length(1);
      bench.cut();
    });

    it("a liquidation of the account in another market", () => {
      const bench = new Bench();
      const { ledger } = bench;
      const maker = order({ account: 4, side: "sell", market: 1 });
      const taker = order({ account: 2, side: "buy", market: 1, slot: 1 });
      bench.push(ledger.applyDeposit(deposit(2, 40n)));
      bench.push(ledger.applyFill(fill({ maker, taker, priceTicks: 50, quantityLots: 10 })));
      const { markets, ...epoch } = crashEpoch({ priceTicks: 91 }, 3);
      const fallen = { ...SAMPLE_MARKET, priceTicks: 46, priceMinTicks: 1 };
      for (const step of ledger.openEpoch({ ...epoch, markets: markets.with(1, fallen) })) bench.push(step);
      bench.liquidate({ priceTicks: 91, quantityLots: 1 });
      const elsewhere = { market: 1, maker: order({ account: 3, side: "buy", market: 1, slot: 1 }), priceTicks: 46 };
      expect(bench.liquidate({ ...elsewhere, quantityLots: 1 })?.liquidations[0]?.market).to.equal(0);
      expect(bench.cut()?.liquidations[0]).to.deep.include({ account: 2, market: 1 });
    });

    it("a deleveraging against a counterparty that another has named", () => {
      const bench = twoLongs([2000n, 105n, 1000n, 105n], 89, LARGE);
      const { ledger } = bench;
      bench.deleverage(10);
      const step = ledger.applyDeleveraging({ account: 4, counterparty: 1, market: 0, quantityLots: 10 });
      expect(bench.push(step)?.liquidations).to.have.length(1);
      expect(bench.cut()?.liquidations).to.have.length(1);
    });

    it("a fill that the joined row could not be valid with: a payout beside a fee", () => {
      const bench = new Bench({ priceTicks: 89 });
      // A fee above the bankruptcy quote of 89, then a payout below it: each is valid by itself.
      bench.liquidate({ priceTicks: 90, quantityLots: 1 });
      const first = bench.liquidate({ priceTicks: 88, quantityLots: 9, maker: order({ account: 4, side: "buy" }) });
      expect(first?.liquidations[0]).to.deep.include({ feePicoUsd: 450_000n, payoutPicoUsd: 0n });
      const second = bench.cut()?.liquidations[0];
      expect(second?.feePicoUsd).to.equal(0n);
      expect(second?.payoutPicoUsd).to.be.above(0n);
    });

    it("a fill that the joined row could not be valid with: more than the least quantity", () => {
      const bench = new Bench({ ...at93, liquidation: { feeCapPpm: 0 } });
      // 6.5 are missing. A lot at 93 frees 4.65, one at 103 ten more: both together at 98 would have been enough with one.
      bench.liquidate({ quantityLots: 1 });
      const maker = order({ account: 4, side: "buy" });
      expect(bench.liquidate({ quantityLots: 1, priceTicks: 103, maker })?.liquidations[0]?.quantityLots).to.equal(1);
      expect(bench.cut()?.liquidations[0]?.quantityLots).to.equal(1);
    });

    it("a fill that would leave a deleveraging behind it with a fund that is not exhausted", () => {
      // At 89 account 2 is worth 5, and 4 is worth −5.
      const bench = twoLongs([2000n, 115n, 1000n, 105n], 89, LARGE);
      const { ledger } = bench;
      bench.liquidate({ priceTicks: 89, quantityLots: 1 });
      const fundPicoUsd = 445_000n;
      const step = ledger.applyDeleveraging({ account: 4, counterparty: 1, market: 0, quantityLots: 10 });
      expect(step).to.deep.include({ payoutPicoUsd: 5n * MICRO, coveredPicoUsd: fundPicoUsd });
      expect(bench.push(step)).to.equal(undefined);
      // A second fee, in the row before, would have been there to be spent.
      expect(bench.liquidate({ priceTicks: 89, quantityLots: 1 })?.liquidations).to.have.length(2);
      expect(bench.cut()?.liquidations[0]).to.deep.include({ account: 2, quantityLots: 1, feePicoUsd: fundPicoUsd });
    });
  });

  describe("share a batch with", () => {
    it("deposits to the account and to the fund before, which count before S₀", () => {
      const bench = new Bench(at93);
      bench.push(bench.ledger.applyDeposit(deposit(2, 5n)));
      bench.push(bench.ledger.applyDeposit(deposit(0, 5n)));
      bench.liquidate({ quantityLots: 1 });
      const trace = bench.only();
      expect(trace.accounts.map(({ account, depositsMicroUsd }) => [account, depositsMicroUsd])).to.deep.equal([
        [0, 5n],
        [2, 5n],
        [3, 0n],
      ]);
    });

    it("a deposit to the maker after, and with its other rows", () => {
      const bench = new Bench(at93);
      bench.liquidate();
      bench.push(bench.ledger.applyDeposit(deposit(3, 5n)));
      bench.push(bench.ledger.applyCancel(cancel(3)));
      bench.push(bench.ledger.applyWithdrawal(withdrawal(3)));
      expect(kinds(bench.only())).to.deep.equal(["liquidation 2", "withdrawal 3", "order 3", "cancel 3"]);
    });

    it("a touch of the account", () => {
      const bench = new Bench(at93);
      bench.push({ kind: "touch", account: 2 });
      bench.liquidate();
      bench.push({ kind: "touch", account: 2 });
      bench.push({ kind: "touch", account: 4 });
      const trace = bench.only();
      expect(trace.accounts.map(({ account }) => account)).to.deep.equal([0, 2, 3, 4]);
      expect(trace.rows).to.have.length(1);
    });
  });

  it("leave whom they name to their own rules: what it pays for another may cost its initial margin", () => {
    // 2 is worth −290 at 60, 29 a lot. 1 has 600 then, and loses 300 of it on a hundred lots of the other market.
    const bench = new Bench({ priceTicks: 60, fundMicroUsd: 0n, depositsMicroUsd: [200n, 110n, 9_000n, 1_000n] });
    const { ledger } = bench;
    const maker = order({ account: 3, side: "sell", market: 1 });
    const taker = order({ account: 1, side: "buy", market: 1, slot: 1 });
    bench.push(ledger.applyFill(fill({ maker, taker, priceTicks: 50, quantityLots: 100 })));
    const { markets, ...epoch } = crashEpoch({ priceTicks: 60 }, 3);
    const fallen = { ...SAMPLE_MARKET, priceTicks: 47, priceMinTicks: 1 };
    for (const step of ledger.openEpoch({ ...epoch, markets: markets.with(1, fallen) })) bench.push(step);
    bench.traces.length = 0;
    bench.deleverage(1);
    expect(ledger.marginOf(1)).to.deep.equal({
      valuePicoUsd: 271n * MICRO,
      initialPicoUsd: 524n * MICRO,
      maintenancePicoUsd: 262n * MICRO,
    });
    bench.push({ kind: "touch", account: 1 });
    expect(kinds(bench.only())).to.deep.equal(["deleveraging 2"]);
  });

  it("keep the fund's collateral below 2^96 in the batch, too", () => {
    const ledger = withAccounts(sampleCrash(at93).ledger, { 0: { collateralPicoUsd: 2n ** 96n - 930_001n } });
    const step = ledger.applyLiquidation(liquidation());
    const start = (fund: bigint) => {
      const other = withAccounts(sampleCrash(at93).ledger, { 0: { collateralPicoUsd: fund } });
      const position = { batchNumber: 1, epochHasBatch: false, journalHead: 0n, fundingDigest: 0n };
      return new Batcher({ hash, domain: DOMAIN, tiers: [LARGE] }, other, position);
    };
    expect(start(2n ** 96n - 930_001n).push(step)).to.equal(undefined);
    expect(() => start(2n ** 96n - 930_000n).push(step))
      .to.throw(UnprovableStep)
      .with.property("refusal", "collateral-range");
  });

  describe("of a bankrupt account by deleveraging", () => {
    it("name both accounts, and have no signed row", () => {
      const bench = new Bench({ ...at88, fundMicroUsd: 3n });
      bench.deleverage(10);
      const trace = bench.only();
      expect(kinds(trace)).to.deep.equal(["deleveraging 2"]);
      expect(trace.accounts.map(({ account }) => account)).to.deep.equal([0, 1, 2]);
      expect(trace.liquidations[0]).to.deep.equal({
        kind: "deleveraging",
        account: 2,
        accountSlot: 2,
        counterparty: 1,
        counterpartySlot: 1,
        market: 0,
        side: "sell",
        quantityLots: 10,
        quoteMicroUsd: 880n,
        feePicoUsd: 0n,
        payoutPicoUsd: 10n * MICRO,
        coveredPicoUsd: 3n * MICRO,
      });
      expect(trace.grossOpenInterestAfterLots[0]).to.equal(0n);
      expect(trace.insuranceSpentAfterPicoUsd).to.equal(3n * MICRO);
    });
  });

  describe("capacity", () => {
    it("fits the smallest tier, one at a time", () => {
      const bench = new Bench(at88, [TEST]);
      bench.liquidate({ priceTicks: 88, quantityLots: 1 });
      expect(bench.batcher.counts).to.deep.equal({ rows: 1, accounts: 3, queue: 0, withdrawals: 0, liquidations: 1 });
      expect(bench.liquidate({ priceTicks: 88, quantityLots: 1 })).to.equal(undefined);
      expect(bench.deleverage(1)?.liquidations[0]?.quantityLots).to.equal(2);
      expect(bench.batcher.counts).to.deep.equal({ rows: 0, accounts: 3, queue: 0, withdrawals: 0, liquidations: 1 });
      expect(bench.cut()?.tier).to.equal(TEST);
    });

    it("is counted by itself", () => {
      const bench = twoLongs([2000n, 115n, 1000n, 115n], 89, { ...LARGE, liquidations: 1 });
      bench.liquidate({ priceTicks: 89, quantityLots: 1 });
      expect(bench.liquidate({ account: 4, priceTicks: 89, quantityLots: 1 })?.liquidations[0]?.account).to.equal(2);
      expect(bench.cut()?.liquidations[0]?.account).to.equal(4);
    });
  });

  describe("retired markets", () => {
    const retired = { ...SAMPLE_MARKET, priceTicks: 95, retired: true, priceMinTicks: 1, priceMaxTicks: 0 };
    const retirement = (number: number) => sampleEpoch([retired, { priceTicks: 50 }], { number });

    it("have touches that only add account slots, and the open interest falls with each", () => {
      const bench = new Bench({}, [TEST]);
      for (const step of bench.ledger.openEpoch(retirement(3))) bench.push(step);
      const trace = bench.cut() as BatchTrace;
      expect([trace.rows, trace.liquidations, trace.queue]).to.deep.equal([[], [], []]);
      expect(trace.accounts.map(({ account, after }) => [account, after.sizesLots[0]])).to.deep.equal([
        [1, 0n],
        [2, 0n],
      ]);
      expect(trace.grossOpenInterestBeforeLots[0]).to.equal(20n);
      expect(trace.grossOpenInterestAfterLots[0]).to.equal(0n);
    });

    it("have touches cut by the number of account slots", () => {
      const bench = new Bench({}, [TEST]);
      const { ledger } = bench;
      bench.push(
        ledger.applyFill(
          fill({
            maker: order({ account: 3, side: "sell" }),
            taker: order({ account: 4, side: "buy" }),
            quantityLots: 3,
          }),
        ),
      );
      bench.cut();
      bench.traces.length = 0;
      for (const step of ledger.openEpoch(retirement(3))) bench.push(step);
      bench.cut();
      expect(bench.traces.map(({ accounts }) => accounts.map(({ account }) => account))).to.deep.equal([
        [1, 2, 3],
        [4],
      ]);
      expect(bench.traces.map((trace) => trace.grossOpenInterestAfterLots[0])).to.deep.equal([3n, 0n]);
    });

    it("settle whoever comes in by another step, too", () => {
      const { ledger, steps } = sampleCrash();
      const bench = new BatcherBench(hash, [LARGE], { ledger, steps });
      const [epoch] = ledger.openEpoch(retirement(3));
      bench.push(epoch);
      bench.push(ledger.applyDeposit(deposit(2, 7n)));
      const trace = bench.cut() as BatchTrace;
      expect(trace.accounts[0]?.after.sizesLots[0]).to.equal(0n);
      expect(trace.grossOpenInterestAfterLots[0]).to.equal(10n);
    });
  });

  it("stop at a step that no batch can hold, naming the reason", () => {
    const refused = (step: Step, refusal: string, crash: Partial<Crash> = at93) => {
      const bench = new Bench(crash);
      expect(() => bench.push(step))
        .to.throw(UnprovableStep)
        .with.property("refusal", refusal);
    };
    const made = (fields: Partial<LiquidationStep> = {}): LiquidationStep => ({
      kind: "liquidation",
      account: 2,
      market: 0,
      side: "sell",
      priceTicks: 93,
      quantityLots: 1,
      quoteMicroUsd: 93n,
      feePicoUsd: 0n,
      payoutPicoUsd: 0n,
      maker: { order: order({ account: 3, side: "buy" }), feePicoUsd: 0n },
      ...fields,
    });
    const mirrored = (fields: Partial<DeleveragingStep> = {}): DeleveragingStep => ({
      kind: "deleveraging",
      account: 2,
      counterparty: 1,
      market: 0,
      side: "sell",
      quantityLots: 10,
      quoteMicroUsd: 880n,
      payoutPicoUsd: 10n * MICRO,
      coveredPicoUsd: 10n * MICRO,
      ...fields,
    });
    refused(made({ account: 9 }), "unknown-account");
    refused(made({ account: 0 }), "insurance-account");
    refused(made({ account: 3 }), "self-trade");
    refused(made(), "no-insurance-account", { ...at93, fundMicroUsd: undefined });
    refused(made({ feePicoUsd: 465_001n }), "liquidation-fee");
    refused(made({ payoutPicoUsd: 1n, feePicoUsd: 1n }), "payout-with-fee");
    refused(made({ payoutPicoUsd: MICRO }), "payout-not-least");
    refused(made(), "maintenance-met", { priceTicks: 94 });
    refused(made({ maker: { order: order({ account: 3, side: "buy" }), feePicoUsd: -1n } }), "fees-negative");
    refused(made({ maker: { order: order({ account: 0, side: "buy" }), feePicoUsd: 0n } }), "insurance-account");
    refused({ ...mirrored(), counterparty: 2 }, "self-trade", at88);
    refused(mirrored({ counterparty: 0 }), "insurance-account", at88);
    refused(mirrored({ counterparty: 9 }), "unknown-account", at88);
    refused(mirrored({ counterparty: 3 }), "counterparty-not-a-reduction", at88);
    refused(mirrored({ coveredPicoUsd: 9n * MICRO }), "insurance-not-first", at88);
    const better = { quoteMicroUsd: 881n, payoutPicoUsd: 9n * MICRO, coveredPicoUsd: 9n * MICRO };
    refused(mirrored(better), "deleveraging-price", at88);
    refused(mirrored(), "not-bankrupt");
    refused({ kind: "touch", account: 9 }, "unknown-account");
  });
});
