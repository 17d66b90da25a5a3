import { expect } from "chai";
import { Wallet } from "ethers";
import { EpochOpener } from "../../matcher/chain/epoch-opener.ts";
import type { L1Event } from "../../matcher/chain/l1-event.ts";
import { L1Watcher, type WatcherHalt } from "../../matcher/chain/l1-watcher.ts";
import { SettlementLine } from "../../matcher/chain/settlement-line.ts";
import { TransactionLine } from "../../matcher/chain/transaction-line.ts";
import { L1Follower } from "../../matcher/l1-follower.ts";
import { Point } from "../../matcher/protocol/curve.ts";
import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import { domainOf } from "../../matcher/protocol/message-hash.ts";
import type { ChainedEntry } from "../../matcher/protocol/queue-chain.ts";
import { genesisSharedState, sharedStateHash } from "../../matcher/protocol/shared-state.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { TIERS, type Tier } from "../../matcher/protocol/spec.ts";
import { batchDataOf, sharedStateAfter } from "../../matcher/prover/batch-data.ts";
import { Batcher } from "../../matcher/prover/batcher.ts";
import { MemoryLog } from "../../matcher/sequencer/command-log.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { largestTier } from "../../matcher/state/batch-parts.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { Ledger } from "../../matcher/state/ledger.ts";
import type { BatchTrace } from "../../matcher/state/trace.ts";
import { devnetKeys } from "../../scripts/devnet/wallets.ts";
import { forgedBatch } from "../end-to-end/proven-history.ts";
import { trusting } from "../journal/settling-life.ts";
import { epochOf, newState } from "../sequencer/exchange-fixture.ts";
import { CHAIN_ID, eventually, signedRound, startTestChain, type TestChain } from "./test-chain.ts";

const CONFIRMATIONS = 12;
const FUNDS_MICRO_USD = 1_000_000_000n;

/** What the chain has in the place of a deposit once it was replaced. */
const KINDS = ["dropped", "moved", "changed"] as const;

describe("A reorganisation", function () {
  this.timeout(60_000);
  let chain: TestChain;
  let sequencer: Sequencer;
  let follower: L1Follower;
  let watcher: L1Watcher;
  let halts: WatcherHalt[];
  /** Deposits that the matcher has credited, in its order. */
  let credited: bigint[];

  before(async () => {
    chain = await startTestChain();
    const { provider, deployment, token, trader } = chain;
    await (await token.getFunction("mint")(trader.address, FUNDS_MICRO_USD)).wait();
    await (await token.getFunction("approve")(deployment.exchange, FUNDS_MICRO_USD)).wait();
    await register(5n);
    sequencer = new Sequencer({ state: newState(), verifier: trusting, log: new MemoryLog() });
    sequencer.apply({ type: "epoch", epoch: epochOf(1) });
    follower = new L1Follower(sequencer, largestTier(TIERS));
    halts = [];
    credited = [];
    sequencer.onAccepted(({ events }) => {
      for (const { event } of events) if (event.type === "deposit") credited.push(event.amountMicroUsd);
    });
    watcher = new L1Watcher({
      ...{ provider, exchange: deployment.exchange, firstBlock: deployment.firstBlock },
      ...{ confirmations: CONFIRMATIONS, pollMs: 5 },
      onEvent: (event) => follower.take(event),
      onHalt: (halt) => halts.push(halt),
    });
    watcher.start();
    await chain.mine(CONFIRMATIONS);
    await caughtUp();
  });

  after(async () => {
    await watcher.stop();
    await chain.close();
  });

  async function register(scalar: bigint): Promise<void> {
    const { x, y } = Point.BASE.multiply(scalar).toAffine();
    await (await chain.exchange.getFunction("register")(x, y)).wait();
  }

  async function deposit(amountMicroUsd: bigint): Promise<void> {
    await (await chain.exchange.getFunction("deposit")(1, amountMicroUsd)).wait();
  }

  const caughtUp = () =>
    eventually("the watcher", async () => {
      const head = await chain.provider.getBlockNumber();
      return watcher.status().cursorBlock === head - CONFIRMATIONS ? true : undefined;
    });

  /** What the contract took in: the sum of all deposits that its chain has. */
  async function queuedMicroUsd(): Promise<bigint> {
    return (await chain.exchange.getFunction("vault").staticCall()).queuedMicroUsd;
  }

  for (let depth = 1; depth <= CONFIRMATIONS; depth++) {
    // Each kind at a third of the depths, and all of them at the deepest.
    const kinds = depth === CONFIRMATIONS ? KINDS : [KINDS[depth % KINDS.length] as (typeof KINDS)[number]];
    for (const kind of kinds) {
      it(`of ${depth} blocks shows nothing of a deposit that is ${kind}, and what stays is credited once`, async () => {
        const before = [...credited];
        const amountMicroUsd = 1_000_000n + BigInt(100 * depth);
        const snapshot = await chain.rpc("evm_snapshot");
        await deposit(amountMicroUsd);
        // Its own block is one of those that are replaced.
        await chain.mine(depth - 1);
        await caughtUp();
        expect(credited, "before the chain was replaced").to.deep.equal(before);
        await chain.rpc("evm_revert", snapshot);
        const after = [...before];
        if (kind === "moved") {
          await register(BigInt(100 + depth));
          await chain.mine(2);
          await deposit(amountMicroUsd);
          after.push(amountMicroUsd);
        } else if (kind === "changed") {
          await deposit(amountMicroUsd + 1n);
          after.push(amountMicroUsd + 1n);
        }
        await chain.mine(CONFIRMATIONS + 1);
        await caughtUp();
        expect(halts).to.deep.equal([]);
        expect(credited).to.deep.equal(after);
        const { depositedMicroUsd, queueCursor } = sequencer.state.ledger.shared;
        expect(depositedMicroUsd).to.equal(await queuedMicroUsd());
        expect(BigInt(queueCursor)).to.equal(await chain.exchange.getFunction("queueLength").staticCall());
      });
    }
  }

  it("of one block more halts with a report, and nothing of the new chain is taken", async () => {
    const snapshot = await chain.rpc("evm_snapshot");
    await deposit(2_000_000n);
    await chain.mine(CONFIRMATIONS);
    await caughtUp();
    const before = [...credited];
    expect(before.at(-1)).to.equal(2_000_000n);
    await chain.rpc("evm_revert", snapshot);
    await deposit(3_000_000n);
    await chain.mine(2 * CONFIRMATIONS);
    const halt = await eventually("the halt", () => halts[0]);
    expect(halt.reason).to.equal("reorg");
    expect(halt.report).to.match(
      /^The chain replaced block \d+, whose events had been acted on .*confirmations \(now 12\)/s,
    );
    expect(credited).to.deep.equal(before);
    // What the matcher has is not what the contract will ask of a batch: no restart passes over it.
    const refused = await follower
      .check(chain.provider, chain.deployment.exchange)
      .catch((error: Error) => error.message);
    expect(refused).to.match(/^The journal has \d+ entries of the L1 queue, and the contract has others \(0x/);
  });
});

describe("A reorganisation that drops what the operator sent", function () {
  this.timeout(60_000);
  const SMALL = TIERS[1] as Tier;
  let chain: TestChain;
  let line: TransactionLine;
  let opener: EpochOpener;
  let settlement: SettlementLine;
  let watcher: L1Watcher;
  let hash: Poseidon;
  let halted: string | undefined;
  const events: L1Event[] = [];
  const ledger = new Ledger();
  let batcher: Batcher;
  let state = genesisSharedState();

  before(async () => {
    hash = await buildFastPoseidon();
    chain = await startTestChain("default", [SMALL]);
    const { provider, deployment, exchange: contract } = chain;
    const { exchange, oracle, registry, firstBlock } = deployment;
    for (const scalar of [5n, 6n, 7n]) {
      const { x, y } = Point.BASE.multiply(scalar).toAffine();
      await (await contract.getFunction("register")(x, y)).wait();
    }
    const onHalt = (report: string) => {
      halted = report;
    };
    const confirmations = CONFIRMATIONS;
    line = new TransactionLine({
      ...{ provider, wallet: new Wallet(devnetKeys().operator), chainId: CHAIN_ID, confirmations, pollMs: 5, onHalt },
    });
    line.start();
    settlement = new SettlementLine(line, exchange);
    opener = new EpochOpener({
      ...{ provider, line, exchange, oracle, registry },
      cadence: { leastMs: 1, idleMs: 1, aheadMax: 20, silentMs: 600_000, moveBoundPpm: 5_000 },
      journalHead: () => 77n,
      load: () => ({ proofMs: 0, provers: 1, settledEpoch: 0, busy: true }),
      fundingDeltasPicoUsd: ({ pricesTicks }) => pricesTicks.map(() => 0n),
      durable: async () => {},
    });
    await opener.start();
    watcher = new L1Watcher({
      ...{ provider, exchange, firstBlock, confirmations, pollMs: 5 },
      onEvent: (event) => void events.push(event),
      onHalt: ({ report }) => onHalt(report),
    });
    watcher.start();
    batcher = new Batcher({ hash, domain: domainOf(CHAIN_ID, exchange), tiers: [SMALL] });
  });

  after(async () => {
    opener.stop();
    await watcher.stop();
    await line.stop();
    await chain.close();
  });

  const ask = (method: string) => chain.exchange.getFunction(method).staticCall();
  const seen = <T extends L1Event["type"]>(type: T) =>
    events.filter((event): event is Extract<L1Event, { type: T }> => event.type === type);

  /** Does it, replaces so many blocks with it, and waits until it is there again, and for good. */
  async function dropped(depth: number, isThere: () => Promise<boolean>, act: () => Promise<void>): Promise<void> {
    const there = () => eventually("what was sent", async () => ((await isThere()) ? true : undefined));
    const snapshot = await chain.rpc("evm_snapshot");
    await act();
    await there();
    await chain.mine(depth - 1);
    await chain.rpc("evm_revert", snapshot);
    expect(await isThere()).to.equal(false);
    await there();
    await chain.mine(CONFIRMATIONS + 1);
    await eventually("the watcher", async () => {
      const head = await chain.provider.getBlockNumber();
      return watcher.status().cursorBlock === head - CONFIRMATIONS ? true : undefined;
    });
    expect(halted).to.equal(undefined);
  }

  for (const [i, depth] of [1, 7, CONFIRMATIONS].entries()) {
    it(`sends an epoch again, ${depth} deep, and it is seen once`, async () => {
      const isThere = async () => (await ask("latestEpoch")).number === BigInt(i + 1);
      await dropped(depth, isThere, async () => {
        const { timestamp } = (await chain.provider.getBlock("latest")) as { timestamp: number };
        opener.offer(await signedRound(chain.deployment, timestamp - 1));
      });
      expect(seen("epoch").map(({ epoch }) => epoch.number)).to.deep.equal([1, 2, 3].slice(0, i + 1));
    });
  }

  for (const [i, depth] of [1, 7, CONFIRMATIONS].entries()) {
    it(`settles a batch again, ${depth} deep, and its payments and entries count once`, async () => {
      const entry = seen("queue")[i]?.entry as ChainedEntry;
      const epoch = seen("epoch")[0]?.epoch as OpenedEpoch;
      const steps = i === 0 ? ledger.openEpoch(epoch) : [];
      for (const step of [...steps, ledger.registerAccount(entry)]) batcher.push(step, 77n);
      const data = batchDataOf(batcher.cut() as BatchTrace, epoch, state);
      const batch = forgedBatch(data, { chainId: CHAIN_ID, address: chain.deployment.exchange }, hash);
      state = sharedStateAfter(data);
      const isThere = async () => (await ask("sharedStateHash")) === sharedStateHash(state);
      let confirmed: Promise<unknown> = Promise.resolve();
      await dropped(depth, isThere, async () => {
        confirmed = settlement.settle(batch).confirmed;
      });
      await confirmed;
      expect(seen("settled").map(({ batchNumber }) => batchNumber)).to.deep.equal([1, 2, 3].slice(0, i + 1));
      expect(seen("settled").at(-1)?.queueCursor).to.equal(i + 1);
    });
  }
});
