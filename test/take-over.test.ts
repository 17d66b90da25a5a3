import { expect } from "chai";
import type { Log } from "ethers";
import { readLog } from "../matcher/chain/l1-event.ts";
import { readSettledBatches } from "../matcher/chain/settled-batches.ts";
import type { Instruction, OrderMessage } from "../matcher/protocol/message.ts";
import type { Poseidon } from "../matcher/protocol/signing-poseidon.ts";
import { Rebuild } from "../matcher/rebuild/rebuild.ts";
import type { RebuiltState } from "../matcher/rebuild/rebuild-state.ts";
import type { Command } from "../matcher/sequencer/command.ts";
import type { SealedInterval } from "../matcher/sequencer/funding-meter.ts";
import type { Outcome } from "../matcher/sequencer/outcome.ts";
import { buildFastPoseidon } from "../matcher/state/fast-poseidon.ts";
import { CannotTakeOver, takeOver } from "../matcher/take-over.ts";
import { NOWHERE } from "./fixtures/published-events.ts";
import { CrashDisk } from "./journal/crash-disk.ts";
import { IDENTITY } from "./journal/identity.ts";
import { ModelChain } from "./journal/model-chain.ts";
import { SettlingLife, TERMS } from "./journal/settling-life.ts";
import {
  BTC_TICKS,
  CHAIN_ID,
  codeOf,
  EPOCH_SECONDS,
  ETH,
  EXCHANGE,
  epochOf,
  keyOf,
  openingCommands,
  order,
  unsigned,
} from "./sequencer/exchange-fixture.ts";
import { livelyCommands } from "./sequencer/lively-commands.ts";
import { stateRoot } from "./sequencer/state-digest.ts";

const START_MS = EPOCH_SECONDS * 1_000;

describe("A new operator", function () {
  this.timeout(60_000);
  let hash: Poseidon;
  let chain: ModelChain;
  let ms: number;

  before(async () => {
    hash = await buildFastPoseidon();
  });

  beforeEach(() => {
    chain = new ModelChain();
    ms = START_MS;
  });

  const start = (disk: CrashDisk) => SettlingLife.start({ disk, chain, hash, nowMs: () => ms++ });

  /** What L1 tells: queue and epochs first, which a rebuild takes in any order with batches that come later. */
  function rebuilt(): RebuiltState {
    const rebuild = new Rebuild({ chainId: CHAIN_ID, exchange: EXCHANGE, hash });
    const logs = chain.logs.map((log) => readLog(log as unknown as Log));
    for (const event of [...chain.events, ...logs]) if (event !== undefined) rebuild.take(event, NOWHERE);
    rebuild.end();
    const { place, progress, accounts, touched } = rebuild;
    return {
      place,
      progress,
      accounts,
      touched,
      lastBatch: null,
      block: { number: chain.block, hash: NOWHERE.blockHash },
    };
  }

  async function settledBatches() {
    return readSettledBatches(chain.provider(), EXCHANGE, 1, chain.block);
  }

  /** A disk with nothing of the old operator on it, and the journal that begins behind the last batch. */
  async function taken(change: Partial<Parameters<typeof takeOver>[0]> = {}): Promise<CrashDisk> {
    const files = new CrashDisk();
    const batches = await settledBatches();
    const from = { rebuilt: rebuilt(), batches, directory: "journal", identity: IDENTITY, terms: TERMS, files };
    await takeOver({ ...from, ...change });
    return files;
  }

  async function live(life: SettlingLife, commands: readonly Command[]): Promise<void> {
    for (const [i, command] of commands.entries()) {
      life.give(command, chain);
      await life.sequencer.durable();
      if (i % 9 === 0) await life.rest();
    }
    await life.rest();
  }

  it("has the same root, slots and totals, whatever the old one did, and goes on with the chain of roots", async () => {
    for (const seed of [3, 4, 8]) {
      chain = new ModelChain();
      const commands = [...livelyCommands(seed, 240, 5)];
      const old = await start(new CrashDisk());
      await live(old, commands.slice(0, 150));
      await old.close();
      const settled = chain.settled.length;
      expect(settled).to.be.greaterThan(5);

      const disk = await taken();
      const life = await start(disk);
      const before = old.sequencer.state.ledger;
      const after = life.sequencer.state.ledger;
      const rootThen = stateRoot(life.sequencer.state, hash);
      expect(rootThen).to.equal(chain.settled.at(-1)?.data.newRoot);
      const slotsOf = (ledger: typeof before) =>
        Array.from(ledger.entries(), ({ account, slots }) => [account, [...slots]]);
      expect(slotsOf(after)).to.deep.equal(slotsOf(before));
      const { epoch: _, ...shared } = after.shared;
      const { epoch: __, ...expected } = before.shared;
      expect(shared).to.deep.equal(expected);
      for (const { account, record } of before.entries()) {
        expect(life.sequencer.state.accountsOf(record.owner)).to.deep.equal(
          old.sequencer.state.accountsOf(record.owner),
        );
        expect(life.sequencer.state.keyOf(account)).to.deep.equal(old.sequencer.state.keyOf(account));
      }
      expect(life.sequencer.finality.batchCount).to.equal(settled);

      // The chain of funding intervals goes on from the digest that stands on L1.
      const { fundingDigest } = rebuilt().progress;
      const sealed: SealedInterval[] = [];
      life.sequencer.onAccepted(({ events }) => {
        for (const { event } of events) if (event.type === "funding-interval") sealed.push(event.sealed);
      });
      await live(life, commands.slice(150));
      expect(life.halts).to.deep.equal([]);
      expect(chain.settled.length).to.be.greaterThan(settled);
      expect(chain.settled.at(-1)?.data.newRoot).to.equal(stateRoot(life.sequencer.state, hash));
      expect(sealed[0]?.previousDigest).to.equal(fundingDigest);
      expect(sealed.length).to.be.greaterThan(1);
      await life.close();

      // Its own journal is one like any other.
      const again = await start(disk);
      expect(again.sequencer.state.journalHead).to.equal(life.sequencer.state.journalHead);
      expect(stateRoot(again.sequencer.state, hash)).to.equal(stateRoot(life.sequencer.state, hash));
      await again.close();
    }
  });

  describe("after a history with open ends", () => {
    const GOOD = { slot: 0, sequence: 64 };
    const ACCOUNT = 1;
    let life: SettlingLife;

    const give = (message: Instruction, settle = false): Outcome =>
      life.sequencer.state.execute({ type: "message", message: unsigned(message), settle }, ms++);
    const partly = order({ ...GOOD, quantityLots: 1_000 });
    const cancelled = order({ slot: 1, sequence: 128, quantityLots: 500, limitPriceTicks: BTC_TICKS - 100 });
    const atOnce = order({ slot: 2, sequence: 192, quantityLots: 500, timeInForce: "IOC" });
    const stale = order({ slot: 3, sequence: 256, limitPriceTicks: BTC_TICKS - 200 });
    const filled = order({ slot: 4, sequence: 320, quantityLots: 50 });
    const sell = (change: Partial<OrderMessage>): OrderMessage => order({ account: 2, side: "sell", ...change });
    const withdrawn = {
      kind: "withdrawal",
      account: 3,
      sequence: 0,
      expirySeconds: 2 ** 32 - 1,
      amountMicroUsd: 5_000_000n,
    } as const;
    const notSettled = { ...withdrawn, sequence: 1 };

    beforeEach(async () => {
      const old = await start(new CrashDisk());
      const message = (content: Instruction, settle = false): Command => ({
        type: "message",
        message: unsigned(content),
        settle,
      });
      await live(old, [
        ...openingCommands(3),
        message(sell({ slot: 9, sequence: 64, quantityLots: 100 })),
        message(atOnce),
        message(filled),
        message(sell({ slot: 8, sequence: 64, quantityLots: 50 })),
        message(partly),
        message(sell({ slot: 10, sequence: 64, quantityLots: 400 })),
        message(cancelled),
        message({ kind: "cancel", account: ACCOUNT, slot: 1, sequence: 128 }, true),
        message({ kind: "cancelAll", account: 3, sequence: 1_000 }, true),
        message(withdrawn),
      ]);
      // What is matched and never settled: 200 lots more, and a withdrawal.
      old.pipeline.halt("the old operator is gone");
      await live(old, [message(sell({ slot: 11, sequence: 64, quantityLots: 200 })), message(notSettled)]);
      expect(old.sequencer.state.ledger.slotOf(ACCOUNT, 0).filledLots).to.equal(600);
      await old.close();
      life = await start(await taken());
    });

    afterEach(() => life.close());

    it("fills what is left of a signed order by L1, once, and not a lot more", async () => {
      const { ledger } = life.sequencer.state;
      expect(ledger.slotOf(ACCOUNT, 0)).to.deep.equal({ sequence: 64, filledLots: 400 });
      expect(codeOf(give(partly))).to.equal("accepted");
      expect(codeOf(give(partly))).to.equal("DUPLICATE_SEQUENCE");
      expect(life.sequencer.state.engine.book.openOrderCount(ACCOUNT)).to.equal(1);
      expect(codeOf(give(sell({ slot: 12, sequence: 64, quantityLots: 1_000 })))).to.equal("accepted");
      expect(ledger.slotOf(ACCOUNT, 0)).to.deep.equal({ sequence: 64, filledLots: 1_000 });
      expect(ledger.positionLots(2, 0)).to.equal(-100 - 50 - 400 - 600);
      expect(codeOf(give(partly))).to.equal("DUPLICATE_SEQUENCE");
    });

    it("takes no order back that was filled, cancelled, replaced, below the minimum, or for the moment only", async () => {
      expect(codeOf(give(filled))).to.equal("ALREADY_FILLED");
      expect(codeOf(give(cancelled))).to.equal("ALREADY_FILLED");
      expect(codeOf(give({ ...cancelled, sequence: 129, keepFilled: true }))).to.equal("ALREADY_FILLED");
      expect(codeOf(give(atOnce))).to.equal("STALE_SEQUENCE");
      expect(codeOf(give({ ...atOnce, timeInForce: "FOK" }))).to.equal("STALE_SEQUENCE");
      expect(codeOf(give({ ...partly, sequence: 63 }))).to.equal("STALE_SEQUENCE");
      expect(codeOf(give({ ...stale, account: 3, sequence: 999 }))).to.equal("STALE_SEQUENCE");
      expect(codeOf(give({ ...stale, account: 3, sequence: 1_000 }))).to.equal("accepted");
    });

    it("lets an order be revised that it never saw, with what was filled of it", () => {
      const revision = { ...partly, sequence: 65, keepFilled: true, quantityLots: 450 };
      expect(codeOf(give(revision))).to.equal("accepted");
      expect(codeOf(give(sell({ slot: 12, sequence: 64, quantityLots: 100 })))).to.equal("accepted");
      expect(life.sequencer.state.ledger.slotOf(ACCOUNT, 0)).to.deep.equal({ sequence: 65, filledLots: 450 });
      expect(codeOf(give(partly))).to.equal("STALE_SEQUENCE");
    });

    it("remembers a cancel of what it never saw", () => {
      expect(codeOf(give({ kind: "cancel", account: ACCOUNT, slot: 0, sequence: 64 }))).to.equal("accepted");
      expect(codeOf(give(partly))).to.equal("DUPLICATE_SEQUENCE");
    });

    it("pays no withdrawal twice, and one that was never settled once", () => {
      expect(codeOf(give(withdrawn))).to.equal("WRONG_NONCE");
      expect(codeOf(give(notSettled))).to.equal("accepted");
      expect(codeOf(give(notSettled))).to.equal("WRONG_NONCE");
    });

    it("goes on with the chain of funding intervals, and passes through epochs that the old one left open", async () => {
      const before = rebuilt().progress;
      const { number } = epochOf(before.sharedState.epochNumber);
      // Opened by the old operator, and never used.
      for (const epoch of [epochOf(number + 1), epochOf(number + 2)]) life.give({ type: "epoch", epoch }, chain);
      await life.rest();
      life.give({ type: "epoch", epoch: epochOf(number + 3) }, chain);
      await life.rest();
      expect(life.halts).to.deep.equal([]);
      const digests = chain.settled.map(({ data }) => [data.epoch.number, data.fundingDigest] as const);
      const after = new Map(digests.filter(([epochNumber]) => epochNumber > number));
      expect([...after.keys()]).to.deep.equal([number + 1, number + 2]);
      expect(before.fundingDigest).to.equal(0n);
      const sealed = life.sequencer.state.funding.snapshot();
      expect(sealed.head).not.to.equal(before.fundingDigest);
      expect(rebuilt().progress.sharedState.batchNumber).to.equal(chain.settled.length);
    });
  });

  it("serves a request on that the old one had served in part, and pays it once", async () => {
    const message = (content: Instruction): Command => ({ type: "message", message: unsigned(content), settle: false });
    const old = await start(new CrashDisk());
    const fund = { kind: "registration", account: 0, minSequence: 0, amountMicroUsd: 0n, owner: 1n } as const;
    // Long in one market, short in another: each is closed in a batch of its own.
    await live(old, [
      ...openingCommands(3),
      { type: "queue", entry: { ...fund, ax: keyOf(9).ax, ay: keyOf(9).ay }, cursor: 6 },
      message(order({ account: 2, slot: 1, sequence: 64, side: "sell" })),
      message(order({ account: 1, slot: 1, sequence: 64 })),
      message(order({ account: 3, slot: 2, sequence: 64, market: ETH, limitPriceTicks: 300_000 })),
      message(order({ account: 1, slot: 2, sequence: 64, market: ETH, limitPriceTicks: 300_000, side: "sell" })),
    ]);
    // The operator is gone once L1 has the first batch that serves the exit.
    const settle = chain.settle.bind(chain);
    let isGone = false;
    chain.settle = (batch) => {
      if (isGone) throw new Error("the old operator is gone");
      isGone = batch.data.request !== undefined;
      return settle(batch);
    };
    const cursor = old.sequencer.state.desk.cursor;
    const exit = {
      kind: "forcedExit",
      account: 1,
      minSequence: 100,
      amountMicroUsd: 0n,
      owner: 0n,
      ax: 0n,
      ay: 0n,
    } as const;
    old.give({ type: "queue", entry: exit, cursor }, chain);
    await old.rest();
    await old.close();
    expect(chain.settled.at(-1)?.data.request?.outcome).to.equal("advanced");
    chain.settle = settle;
    const { progress, accounts } = rebuilt();
    expect(progress.waiting.map(({ entry }) => entry.kind)).to.deep.equal(["forcedExit"]);
    expect(accounts.record(1)?.sizesLots.filter((size) => size !== 0n)).to.have.length(1);

    const life = await start(await taken());
    await life.rest();
    expect(life.halts).to.deep.equal([]);
    const outcomes = chain.settled.flatMap(({ data }) => data.request?.outcome ?? []);
    expect(outcomes).to.deep.equal(["advanced", "done"]);
    const after = rebuilt();
    expect(after.progress.waiting).to.deep.equal([]);
    expect(after.accounts.record(1)?.sizesLots.every((size) => size === 0n)).to.equal(true);
    expect(after.progress.withdrawnMicroUsd).to.equal(life.sequencer.state.ledger.shared.withdrawnMicroUsd);
    expect(after.progress.withdrawnMicroUsd > 0n).to.equal(true);
    await life.close();
  });

  describe("is refused", () => {
    it("a rebuild that is behind L1, a folder with a journal, and an exchange without a batch", async () => {
      const sentence = (work: Promise<unknown>) =>
        work.then(
          () => "",
          (error: Error) => (error instanceof CannotTakeOver ? error.message : String(error)),
        );
      expect(await sentence(taken())).to.match(/^No batch is settled: /);
      const old = await start(new CrashDisk());
      await live(old, [...livelyCommands(4, 60, 4)]);
      await old.close();
      const batches = await settledBatches();
      const last = batches.length;
      expect(await sentence(taken({ batches: batches.slice(0, -1) }))).to.equal(
        `The rebuild ends with batch ${last}, and L1 lists batches 1 to ${last - 1}: rebuild again.`,
      );
      expect(await sentence(taken({ batches: batches.slice(1) }))).to.contain(`L1 lists batches 2 to ${last}`);
      const files = await taken();
      expect(await sentence(taken({ files }))).to.equal("journal has a journal already: name a new folder.");
    });

    it("to start when L1 has gone on since", async () => {
      const old = await start(new CrashDisk());
      const commands = [...livelyCommands(4, 100, 4)];
      await live(old, commands.slice(0, 60));
      const disk = await taken();
      await live(old, commands.slice(60));
      await old.close();
      const message = await start(disk).then(
        () => "it started",
        (error: Error) => error.message,
      );
      expect(message).to.match(/^L1 has batch \d+, and the journal leads to batch \d+\./);
    });
  });
});
