import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import { registrationPointOf } from "../../matcher/protocol/keys.ts";
import type { OrderMessage, Side, Signed } from "../../matcher/protocol/message.ts";
import { domainOf } from "../../matcher/protocol/message-hash.ts";
import { genesisSharedState, type SharedState } from "../../matcher/protocol/shared-state.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { MARKETS, type Tier } from "../../matcher/protocol/spec.ts";
import { batchDataOf, sharedStateAfter } from "../../matcher/prover/batch-data.ts";
import { Batcher } from "../../matcher/prover/batcher.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { Ledger } from "../../matcher/state/ledger.ts";
import type { Step } from "../../matcher/state/step.ts";
import type { BatchTrace } from "../../matcher/state/trace.ts";
import { DEPLOYED_TIERS } from "../../scripts/building/tier-circuits.ts";
import { unsigned } from "../fixtures/random-orders.ts";
import { forgedBatch, settle } from "./proven-history.ts";
import { SEED_PRICES_TICKS } from "./random-history.ts";
import { connect, deployReal, type L1Action, perform, type RealExchange, readL1 } from "./real-exchange.ts";

const FILE = new URL("real-proofs-gas.json", import.meta.url);
/** Zero bytes are cheaper, and a key of another circuit gives other proofs: two runs differ by less than this. */
const TOLERANCE_PERCENT = 1;
const CHAIN_ID = 31337;
/** As many wallets as a simulated chain has beside those that run the exchange. */
const TRADERS = 16;
const DEPOSIT_MICRO_USD = 10_000_000_000n;
const QUANTITY_LOTS = 1_000;

/** Full batches, as one taker who meets as many makers as the tier has room for: one row an order, all of them filled in full. */
const FILLS: Readonly<Record<string, readonly number[]>> = {
  // Three accounts, four rows: one of the makers has two orders.
  small: [2, 3, 2],
  large: Array.from({ length: TRADERS - 1 }, (_, i) => i + 2),
};

/**
 * What a batch costs with the real verifiers, in the steady state: each account and order slot was touched before. The statements are
 * true and the proofs forged, because a verifier spends the same on both, and a forgery takes no minute.
 */
describe("Gas with the real verifiers", function () {
  this.timeout(120_000);
  let hash: Poseidon;
  let real: RealExchange;
  const used: Record<string, number> = {};

  before("sixteen traders have deposited", async () => {
    hash = await buildFastPoseidon();
    real = await deployReal(await connect(CHAIN_ID));
    const { timestamp } = (await real.connection.ethers.provider.getBlock("latest"))!;
    const epoch = (timeSeconds: number): L1Action => {
      const fundingDeltasPicoUsd = new Array<bigint>(MARKETS).fill(0n);
      return { kind: "epoch", timeSeconds, pricesTicks: SEED_PRICES_TICKS.map(Number), fundingDeltasPicoUsd };
    };
    const registrations = Array.from({ length: TRADERS }, (_, wallet): L1Action => {
      return { kind: "register", wallet, point: registrationPointOf(BigInt(wallet) + 2n) };
    });
    const deposits = registrations.map((_, wallet): L1Action => {
      return { kind: "deposit", wallet, account: wallet + 1, amountMicroUsd: DEPOSIT_MICRO_USD };
    });
    await perform(real, [...registrations, ...deposits, epoch(timestamp + 60), epoch(timestamp + 120)]);
    await measure();
  });
  after(() => real.connection.close());

  /** Applies steps, settles every batch that is cut, and notes those that have a name. */
  async function measure(): Promise<void> {
    const { entries, epochs } = await readL1(real);
    const ledger = new Ledger();
    const batcher = new Batcher({ hash, domain: domainOf(CHAIN_ID, real.address), tiers: DEPLOYED_TIERS });
    let state: SharedState = genesisSharedState();
    const settleTrace = async (trace: BatchTrace): Promise<number> => {
      const data = batchDataOf(trace, epochs[trace.epoch.number - 1] as OpenedEpoch, state);
      state = sharedStateAfter(data);
      const { gasUsed } = await settle(real, forgedBatch(data, real, hash));
      return Number(gasUsed);
    };
    const take = async (step: Step) => {
      const trace = batcher.push(step);
      if (trace !== undefined) await settleTrace(trace);
    };
    const cut = async (tier: Tier, rows: number, name: string): Promise<number> => {
      const trace = batcher.cut()!;
      expect([trace.tier.name, trace.rows.length], name).to.deep.equal([tier.name, rows]);
      const gas = await settleTrace(trace);
      used[name] = gas;
      return gas;
    };
    // 1. Everybody is there and has traded once.
    await take(ledger.openEpoch(epochs[0]!)[0]);
    for (const entry of entries) {
      await take(entry.kind === "deposit" ? ledger.applyDeposit(entry) : ledger.registerAccount(entry));
    }
    await settleTrace(batcher.cut()!);
    let sequence = 0;
    const trade = async (makers: readonly number[]) => {
      sequence += 64;
      const taker = order(1, "buy", 0, sequence, QUANTITY_LOTS * makers.length);
      for (const [i, account] of makers.entries()) {
        const maker = order(account, "sell", i, sequence, QUANTITY_LOTS);
        const priceTicks = Number(SEED_PRICES_TICKS[0]);
        const terms = { priceTicks, quantityLots: QUANTITY_LOTS, makerFeePpm: 200, takerFeePpm: 500 };
        await take(ledger.applyFill({ maker, taker, ...terms }));
      }
    };
    await trade(FILLS.large!);
    await settleTrace(batcher.cut()!);
    // 2. An epoch in which nothing happens has one batch all the same.
    await take(ledger.openEpoch(epochs[1]!)[0]);
    // 3. Full batches.
    for (const tier of DEPLOYED_TIERS) {
      const makers = FILLS[tier.name]!;
      await trade(makers);
      const gas = await cut(tier, makers.length + 1, `settleBatches ${tier.name}`);
      used[`settleBatches ${tier.name} per fill (${makers.length} fills)`] = Math.round(gas / makers.length);
      used[`settleBatches ${tier.name} per row (${tier.rows} rows)`] = Math.round(gas / tier.rows);
    }
  }

  it("stays what the snapshot says, by batch, fill and row", () => {
    if (process.env.UPDATE_SNAPSHOTS === "1") writeFileSync(FILE, `${JSON.stringify(used, null, 2)}\n`);
    const snapshot: Record<string, number> = JSON.parse(readFileSync(FILE, "utf8"));
    expect(Object.keys(used)).to.deep.equal(Object.keys(snapshot));
    for (const [name, gas] of Object.entries(used)) {
      const expected = snapshot[name] ?? 0;
      expect(Math.abs(gas - expected) * 100, `${name}: ${gas} gas, ${expected} in the snapshot`).to.be.below(
        expected * TOLERANCE_PERCENT,
      );
    }
  });
});

/** An order of market 0 that nothing but its account's margin limits. */
function order(
  account: number,
  side: Side,
  slot: number,
  sequence: number,
  quantityLots: number,
): Signed<OrderMessage> {
  return unsigned({
    kind: "order",
    account,
    market: 0,
    side,
    keepFilled: false,
    reduceOnly: false,
    postOnly: false,
    timeInForce: "GTT",
    selfTrade: "expire-maker",
    slot,
    sequence,
    expirySeconds: 2 ** 32 - 1,
    maxFeePpm: 1_000,
    limitPriceTicks: Number(SEED_PRICES_TICKS[0]),
    quantityLots,
  });
}
