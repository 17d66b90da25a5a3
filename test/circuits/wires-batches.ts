import type { EpochMarket } from "../../matcher/protocol/epoch.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { TIERS } from "../../matcher/protocol/spec.ts";
import type { BatchTrace } from "../../matcher/state/trace.ts";
import { RandomMarket } from "../fixtures/random-market.ts";
import { type RowPlan, testEpoch, World } from "./forge.ts";

const PICO = 1_000_000_000_000n;
const MICRO = 1_000_000n;
const A = 3;
const B = 9;

export interface NamedBatch {
  readonly name: string;
  readonly trace: BatchTrace;
}

function funded(hash: Poseidon): World {
  const world = new World(hash);
  for (const account of [A, B]) world.seed(account, { collateralPicoUsd: 1_000n * PICO });
  return world;
}

/** Two legs of one trade at 1,000 ticks in market 0. */
function legs(buy: RowPlan["message"], sell: RowPlan["message"], lots: number, fees: [bigint, bigint]): RowPlan[] {
  const quoteMicroUsd = BigInt(lots) * 1_000n;
  return [
    { message: buy, quantityLots: lots, quoteMicroUsd, feePicoUsd: fees[0] },
    { message: sell, quantityLots: lots, quoteMicroUsd, feePicoUsd: fees[1] },
  ];
}

/** Honest batches of the test tier which between them take every branch of the circuit. */
export function branchBatches(hash: Poseidon): NamedBatch[] {
  const batches: NamedBatch[] = [{ name: "nothing at all", trace: new World(hash).forge({}) }];
  const add = (name: string, trace: BatchTrace) => batches.push({ name, trace });

  const world = funded(hash);
  const first = [world.order({ account: A, side: "buy" }), world.order({ account: B, side: "sell" })] as const;
  add("a trade with a fee and a rebate", world.forge({ rows: legs(...first, 400, [200_000_000n, -40_000_000n]) }));
  const amend = world.order({ account: A, side: "buy", sequence: 2, keepFilled: true, quantityLots: 900 });
  add(
    "an amend that keeps what it filled, against more of an order",
    world.forge({ rows: legs(amend, first[1], 400, [0n, 0n]) }),
  );
  const fresh = world.order({
    account: A,
    side: "sell",
    sequence: 64,
    keepFilled: true,
    market: 1,
    limitPriceTicks: 490,
  });
  const other = world.order({ account: B, side: "buy", slot: 4095, market: 1, limitPriceTicks: 510 });
  const rows = legs(other, fresh, 7, [0n, 0n]).map((row) => ({ ...row, quoteMicroUsd: 3_501n }));
  add("the next order on a used slot, and the last slot, in another market", world.forge({ rows }));
  const cancel = world.sign({ kind: "cancel", account: A, slot: 1, sequence: 64 });
  const cancelAll = world.sign({ kind: "cancelAll", account: B, sequence: 77 });
  add("a cancel and a cancel-all", world.forge({ rows: [{ message: cancel }, { message: cancelAll }] }));
  const withdrawal = world.sign({
    kind: "withdrawal",
    account: A,
    sequence: 0,
    expirySeconds: 1_000_000,
    amountMicroUsd: 5_000_000n,
  });
  const deposit = {
    kind: "deposit" as const,
    minSequence: 0,
    account: B,
    amountMicroUsd: 50n,
    owner: 0n,
    ax: 0n,
    ay: 0n,
  };
  add("a withdrawal and a deposit", world.forge({ rows: [{ message: withdrawal }], queue: [deposit] }));
  world.seed(30, { owner: 0xabc0000n + BigInt(B) });
  const transfer = world.sign({
    kind: "transfer",
    account: B,
    to: 30,
    sequence: 0,
    expirySeconds: 1_000_000,
    amountMicroUsd: 1_000n,
  });
  add("a transfer", world.forge({ rows: [{ message: transfer, receiverSlot: 1 }], touch: [B, 30] }));
  add("a registration", world.forge({ queue: [world.registration(262_143)] }));
  const newcomers = new World(hash);
  add("a registration in an empty exchange", newcomers.forge({ queue: [newcomers.registration(1)] }));

  const epoch = testEpoch();
  (epoch.markets[0] as { fundingIndexPicoUsd: bigint }).fundingIndexPicoUsd = -7_000_000n;
  (epoch.markets[1] as { fundingIndexPicoUsd: bigint }).fundingIndexPicoUsd = 11n;
  const indebted = new World(hash, epoch);
  const sizes = (...lots: bigint[]) => [...lots, ...new Array(8 - lots.length).fill(0n)];
  indebted.seed(A, { collateralPicoUsd: 60_000n * MICRO - 1_000n * 1_000n * MICRO, sizesLots: sizes(1_000n, 0n) });
  indebted.seed(B, { collateralPicoUsd: 1_000n * PICO, sizesLots: sizes(-1_000n, 5n) });
  const reduce = indebted.order({ account: A, side: "sell" });
  const against = indebted.order({ account: B, side: "buy" });
  add("funding, and a reduction below initial margin", indebted.forge({ rows: legs(against, reduce, 400, [0n, 0n]) }));
  liquidationBatches(hash).forEach((batch) => {
    batches.push(batch);
  });
  return batches;
}

/** A liquidation of a long with a fee, one of a short with a payout, and a deleveraging that the fund covers in part, in a retiring world. */
function liquidationBatches(hash: Poseidon): NamedBatch[] {
  const sizes = (...lots: bigint[]) => [...lots, ...new Array(8 - lots.length).fill(0n)];
  const worldOf = (valuePicoUsd: bigint, lots: bigint): World => {
    const epoch = testEpoch();
    const markets = epoch.markets.with(2, { ...(epoch.markets[2] as EpochMarket), retired: true, priceTicks: 70 });
    const world = new World(hash, { ...epoch, markets });
    world.seed(0, { collateralPicoUsd: 5_000n * MICRO });
    world.seed(A, { collateralPicoUsd: valuePicoUsd - lots * 1_000n * MICRO, sizesLots: sizes(lots) });
    world.seed(B, { collateralPicoUsd: 1_000n * PICO, sizesLots: sizes(-lots, 0n, 12n) });
    return world;
  };
  const row = (quantityLots: number, quoteMicroUsd: bigint) => ({ account: A, market: 0, quantityLots, quoteMicroUsd });
  const long = worldOf(40_000n * MICRO, 1_000n);
  const buy = { message: long.order({ account: B, side: "buy" }), quantityLots: 100, quoteMicroUsd: 99_000n };
  const fee = { feePicoUsd: 300n * MICRO, payoutPicoUsd: 0n, coveredPicoUsd: 0n };
  const short = worldOf(-1_000n * MICRO, -1_000n);
  const sell = { message: short.order({ account: B, side: "sell" }), quantityLots: 1_000, quoteMicroUsd: 1_000_000n };
  const payout = { feePicoUsd: 0n, payoutPicoUsd: 1_000n * MICRO, coveredPicoUsd: 1_000n * MICRO };
  const bankrupt = worldOf(-20_000n * MICRO, 1_000n);
  const uncovered = { feePicoUsd: 0n, payoutPicoUsd: 20_000n * MICRO, coveredPicoUsd: 5_000n * MICRO };
  return [
    {
      name: "a liquidation with a fee",
      trace: long.forge({
        rows: [buy],
        liquidations: [{ kind: "liquidation", side: "sell", ...row(100, 99_000n), ...fee }],
      }),
    },
    {
      name: "a liquidation with a payout",
      trace: short.forge({
        rows: [sell],
        liquidations: [{ kind: "liquidation", side: "buy", ...row(1_000, 1_000_000n), ...payout }],
      }),
    },
    {
      name: "a deleveraging that empties the fund",
      trace: bankrupt.forge({
        liquidations: [
          { kind: "deleveraging", counterparty: B, side: "sell", ...row(1_000, 1_000_000n), ...uncovered },
        ],
      }),
    },
  ];
}

/** Batches that the ledger made of random commands, the largest numbers that it accepts among them. */
export function randomBatches(hash: Poseidon, seeds: readonly number[], skip: number): NamedBatch[] {
  return seeds.map((seed) => {
    const market = new RandomMarket({ seed, hash, tiers: TIERS.filter((tier) => tier.name === "test") });
    let seen = 0;
    for (;;) {
      for (const trace of market.act()) {
        if (seen++ === skip) return { name: `batch ${trace.batchNumber} of the random exchange ${seed}`, trace };
      }
    }
  });
}
