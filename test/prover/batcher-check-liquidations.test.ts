import { expect } from "chai";
import type { Epoch, EpochMarket } from "../../matcher/protocol/epoch.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { tierById } from "../../matcher/protocol/spec.ts";
import { Batcher } from "../../matcher/prover/batcher.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import type { AccountTrace, BatchTrace, LiquidationTrace } from "../../matcher/state/trace.ts";
import { checkSuccession, checkTrace } from "../fixtures/check-trace.ts";
import { crashEpoch, liquidation, sampleCrash } from "../state/sample-crash.ts";
import { fill, order } from "../state/sample-ledger.ts";

const MICRO = 1_000_000n;

/** The checker of random batches on what nobody signed, and on the limits beside margin. */
describe("the second formulation of the rules: liquidations and limits", () => {
  let hash: Poseidon;
  /** A liquidation of 2 with a fee, and a deleveraging of 4 against 1 that the fund covers in part. */
  let trace: BatchTrace;
  /** 3 buys a lot from 4. */
  let trade: BatchTrace;

  before(async () => {
    hash = await buildFastPoseidon();
    const depositsMicroUsd = [2000n, 115n, 1000n, 105n];
    const { ledger, steps } = sampleCrash({ fundMicroUsd: 1n, depositsMicroUsd });
    const batcher = new Batcher({ hash, domain: 1n, tiers: [tierById(2)] });
    const maker = order({ account: 1, side: "sell", slot: 6 });
    const taker = order({ account: 4, side: "buy", slot: 6 });
    steps.push(ledger.applyFill(fill({ maker, taker, quantityLots: 10 })));
    steps.push(...ledger.openEpoch(crashEpoch({ priceTicks: 89 }, 3)));
    for (const step of steps) batcher.push(step);
    batcher.push(ledger.applyLiquidation(liquidation({ priceTicks: 89, quantityLots: 1 })));
    batcher.push(ledger.applyDeleveraging({ account: 4, counterparty: 1, market: 0, quantityLots: 10 }));
    trace = batcher.cut() as BatchTrace;
    const seller = order({ account: 4, side: "sell", slot: 1, market: 1 });
    const buyer = order({ account: 3, side: "buy", slot: 1, market: 1 });
    batcher.push({
      kind: "deposit",
      entry: { kind: "deposit", minSequence: 0, account: 4, amountMicroUsd: 50n, owner: 0n, ax: 0n, ay: 0n },
    });
    batcher.cut();
    const terms = { priceTicks: 50, quantityLots: 1, quoteMicroUsd: 50n };
    batcher.push({
      kind: "fill",
      ...terms,
      maker: { order: seller, feePicoUsd: 0n },
      taker: { order: buyer, feePicoUsd: 0n },
    });
    trade = batcher.cut() as BatchTrace;
  });

  it("accepts the batches as they are", () => {
    expect(
      trace.liquidations.map(({ kind, feePicoUsd, payoutPicoUsd, coveredPicoUsd }) => [
        kind,
        feePicoUsd,
        payoutPicoUsd,
        coveredPicoUsd,
      ]),
    ).to.deep.equal([
      ["liquidation", 445_000n, 0n, 0n],
      ["deleveraging", 0n, 5n * MICRO, 1_445_000n],
    ]);
    checkTrace(trace, hash);
    checkTrace(trade, hash);
  });

  const [SALE, MIRRORED] = [0, 1];
  type Change = Partial<LiquidationTrace> | ((row: LiquidationTrace) => Partial<LiquidationTrace>);
  const withRow = (at: number, change: Change) => (): BatchTrace => ({
    ...trace,
    liquidations: trace.liquidations.map((row, i) =>
      i === at ? { ...row, ...(typeof change === "function" ? change(row) : change) } : row,
    ),
  });
  const withMarket =
    (index: number, fields: Partial<EpochMarket>, base = () => trace) =>
    (): BatchTrace => ({
      ...base(),
      epoch: {
        ...base().epoch,
        markets: base().epoch.markets.map((market, i) => (i === index ? { ...market, ...fields } : market)),
      },
    });
  const withTerms = (fields: Partial<Epoch["liquidation"]>) => (): BatchTrace => ({
    ...trace,
    epoch: { ...trace.epoch, liquidation: { ...trace.epoch.liquidation, ...fields } },
  });
  const onTrade = (index: number, fields: Partial<EpochMarket>) => withMarket(index, fields, () => trade);

  const withAccount = (at: number, change: (slot: AccountTrace) => Partial<AccountTrace>) => (): BatchTrace => ({
    ...trace,
    accounts: trace.accounts.map((slot, i) => (i === at ? { ...slot, ...change(slot) } : slot)),
  });
  /** A batch whose account had more to begin with: what its leaf was is looked at last. */
  const richer = (account: number, byMicroUsd: bigint, base: () => BatchTrace) => (): BatchTrace => ({
    ...base(),
    accounts: base().accounts.map((slot) => {
      if (slot.account !== account) return slot;
      const collateralPicoUsd = slot.before.collateralPicoUsd + byMicroUsd * MICRO;
      return { ...slot, before: { ...slot.before, collateralPicoUsd } };
    }),
  });
  /** Another sale, for which the maker's row is changed too. */
  const sale = (quantityLots: number, quoteMicroUsd: bigint, fields: Partial<LiquidationTrace>) => (): BatchTrace => ({
    ...withRow(SALE, { quantityLots, quoteMicroUsd, ...fields })(),
    rows: trace.rows.map((row) => ({
      ...row,
      quantityLots,
      quoteMicroUsd,
      slotAfter: { ...row.slotAfter, filledLots: quantityLots },
    })),
  });
  /** What a lot at 88 entails. */
  const CHEAP = { feePicoUsd: 0n, payoutPicoUsd: 500_000n, coveredPicoUsd: 500_000n };

  const wrong: [rule: string, make: () => BatchTrace][] = [
    ["liquidations fit the tier", () => ({ ...trace, tier: { ...trace.tier, liquidations: 1 } })],
    ["slot 0 is the insurance fund's", withAccount(0, () => ({ account: -1 }))],
    ["who is named is named once", withRow(MIRRORED, { counterpartySlot: 2 })],
    ["who is named has a slot that is not the fund's", withRow(SALE, { accountSlot: 0 })],
    ["who is named has no other row", withRow(SALE, { account: 3, accountSlot: 3 })],
    ["a liquidation's slots are its accounts'", withRow(SALE, { account: 3 })],
    ["a counterparty's slot is its account's", withRow(MIRRORED, { counterparty: 3 })],
    ["only a kind that takes one has a counterparty", withRow(SALE, { counterparty: 1, counterpartySlot: 1 })],
    ["forced: quantity ≥ 1", withRow(MIRRORED, { quantityLots: 0, quoteMicroUsd: 0n })],
    ["forced: amounts in range", withRow(MIRRORED, { coveredPicoUsd: -1n })],
    ["forced: amounts in range", withRow(MIRRORED, { feePicoUsd: 2n ** 97n })],
    ["forced: covered ≤ payout", withRow(SALE, { coveredPicoUsd: 1n })],
    ["forced: no position in a restricted market", withMarket(0, { restricted: true })],
    ["forced: only reduces", withRow(MIRRORED, { quantityLots: 11, quoteMicroUsd: 979n })],
    ["forced: only reduces", withRow(MIRRORED, { side: "buy" })],
    ["rule 1: the maintenance ratio does not fall", withRow(SALE, { feePicoUsd: 500_001n })],
    ["rule 1: the maintenance ratio does not fall", withRow(MIRRORED, { payoutPicoUsd: 5n * MICRO - 1n })],
    ["rule 2: no fee beside a payout", withRow(MIRRORED, { payoutPicoUsd: 5n * MICRO + 1n, feePicoUsd: 1n })],
    ["rule 2: the payout is the least", withRow(MIRRORED, { payoutPicoUsd: 6n * MICRO })],
    ["rule 3: within the cap", withTerms({ insuranceCapMicroUsd: 1n })],
    ["rule 3: within the fund", withRow(MIRRORED, { coveredPicoUsd: 1_445_001n })],
    ["rule 3: the fund first", withRow(MIRRORED, { coveredPicoUsd: 1_444_999n })],
    ["rule 4: below maintenance", withMarket(0, { mmfPpm: 1_000 })],
    ["rule 5: the fund pays all", sale(1, 87n, { feePicoUsd: 0n, payoutPicoUsd: 1_500_000n, coveredPicoUsd: MICRO })],
    ["rule 6: the fee's cap", withTerms({ feeCapPpm: 4_999 })],
    ["rule 7: the fillable price", () => ({ ...sale(1, 88n, CHEAP)(), epoch: withTerms({ spreadPpm: 0 })().epoch })],
    ["rule 8: the least quantity", () => richer(2, 30n, sale(9, 801n, { feePicoUsd: 0n }))()],
    ["rule 9: bankrupt", () => richer(4, 10n, withRow(MIRRORED, { payoutPicoUsd: 0n, coveredPicoUsd: 0n }))()],
    [
      "rule 10: at the index price",
      withRow(MIRRORED, ({ quoteMicroUsd }) => ({ quoteMicroUsd: quoteMicroUsd - 1n, payoutPicoUsd: 6n * MICRO })),
    ],
    ["rule 11: the counterparty meets maintenance", () => richer(1, -3_000n, () => trace)()],
    ["signed quantities sum to zero", withRow(SALE, { quantityLots: 2, quoteMicroUsd: 178n, feePicoUsd: 0n })],
    ["signed quotes sum to zero", withRow(SALE, ({ quoteMicroUsd }) => ({ quoteMicroUsd: quoteMicroUsd + 1n }))],
    ["what the fund spent adds up", () => ({ ...trace, insuranceSpentAfterPicoUsd: 1n })],
    [
      "collateral after",
      withAccount(0, ({ after }) => ({ after: { ...after, collateralPicoUsd: after.collateralPicoUsd - 1n } })),
    ],
    ["collateral after", onTrade(0, { retired: true })],
    ["isolated-only: no other position", onTrade(1, { isolatedOnly: true })],
    ["restricted: no growth, no change of sign", onTrade(1, { restricted: true })],
    ["the position cap", onTrade(1, { positionCapLots: 0n })],
    [
      "open interest follows the sizes",
      () => ({ ...trace, grossOpenInterestAfterLots: trace.grossOpenInterestBeforeLots }),
    ],
  ];
  for (const [rule, make] of wrong) {
    it(`refuses a batch against "${rule}"`, () => {
      expect(() => checkTrace(make(), hash)).to.throw(rule);
    });
  }

  it("refuses a fund that does not begin at zero in a new epoch, nor go on within one", () => {
    const next = (change: Partial<BatchTrace>): BatchTrace => ({
      ...trace,
      batchNumber: trace.batchNumber + 1,
      queueCursor: trace.queueCursor + trace.queue.length,
      oldRoot: trace.newRoot,
      grossOpenInterestBeforeLots: trace.grossOpenInterestAfterLots,
      insuranceSpentBeforePicoUsd: trace.insuranceSpentAfterPicoUsd,
      ...change,
    });
    const rule = "insurance spending follows, from zero in every epoch";
    checkSuccession(trace, next({}));
    expect(() => checkSuccession(trace, next({ insuranceSpentBeforePicoUsd: 0n }))).to.throw(rule);
    const epoch = { ...trace.epoch, number: trace.epoch.number + 1 };
    checkSuccession(trace, next({ epoch, insuranceSpentBeforePicoUsd: 0n }));
    expect(() => checkSuccession(trace, next({ epoch }))).to.throw(rule);
  });
});
