import { expect } from "chai";
import type { JsonRpcProvider, Log } from "ethers";
import { EXCHANGE } from "../../matcher/chain/contract-interfaces.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { dataLayout, HEADER } from "../../matcher/protocol/spec.ts";
import { checkpointFrom, checkpointLines } from "../../matcher/rebuild/checkpoint.ts";
import type { LogSource } from "../../matcher/rebuild/log-pages.ts";
import { RebuildRefused } from "../../matcher/rebuild/rebuild-refused.ts";
import { type RebuildStateOptions, type RebuiltState, rebuildState } from "../../matcher/rebuild/rebuild-state.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { connect, deployReal, type RealExchange } from "../end-to-end/real-exchange.ts";
import { SettledMarket } from "../fixtures/settled-market.ts";

const CHAIN_ID = 31337;

describe("A rebuild from a real Exchange", function () {
  this.timeout(120_000);
  let hash: Poseidon;
  let real: RealExchange;
  let life: SettledMarket;
  let provider: JsonRpcProvider;
  let options: RebuildStateOptions;

  before(async () => {
    hash = await buildFastPoseidon();
    real = await deployReal(await connect(CHAIN_ID));
    life = await SettledMarket.live(real, hash, { seed: 2, traders: 6, epochs: 14, acts: 500 });
    provider = real.connection.ethers.provider as unknown as JsonRpcProvider;
    options = { provider, hash, chainId: CHAIN_ID, exchange: real.address };
  });

  const linesOf = (state: RebuiltState): string[] => [...checkpointLines(state)];

  /** What the test changes of the logs, for one range of blocks. */
  const changed = (change: (logs: readonly Log[]) => readonly Log[]): LogSource => ({
    getLogs: async (filter) => [...change(await provider.getLogs(filter))],
    getBlock: (block) => provider.getBlock(block),
    getBlockNumber: () => provider.getBlockNumber(),
    call: (request) => provider.call(request),
  });

  const topicOf = (name: string): string => EXCHANGE.getEvent(name)?.topicHash as string;
  const isEvent = (log: Log, name: string, number: number): boolean =>
    log.topics[0] === topicOf(name) && BigInt(log.topics[1] as string) === BigInt(number);
  const without = (name: string, number: number) =>
    changed((logs) => logs.filter((log) => !isEvent(log, name, number)));

  async function refusalOf(source: LogSource, more: Partial<RebuildStateOptions> = {}): Promise<RebuildRefused> {
    try {
      await rebuildState({ ...options, ...more, provider: source });
    } catch (error) {
      if (error instanceof RebuildRefused) return error;
      throw error;
    }
    throw new Error("nothing was refused");
  }

  it("has the operator's own state, account by account and slot by slot", async () => {
    const kinds = life.traces.flatMap(({ rows, liquidations }) => [
      ...rows.map(({ message }) => message.kind),
      ...liquidations.map(({ kind }) => kind),
    ]);
    const every = ["order", "cancel", "cancelAll", "withdrawal", "transfer", "liquidation", "deleveraging"];
    expect([...new Set<string>(kinds)]).to.have.members(every);
    const numbers: number[] = [];
    const { accounts, progress, block } = await rebuildState({
      ...options,
      onBatch: ({ batchNumber }) => numbers.push(batchNumber),
    });
    expect(numbers).to.deep.equal(life.traces.map(({ batchNumber }) => batchNumber));
    expect(progress.sharedState).to.deep.equal(life.state);
    expect(block.number).to.equal(await provider.getBlockNumber());
    const { ledger, batcher } = life.market;
    expect(accounts.root).to.equal(batcher.root);
    for (const { account, slots } of ledger.entries()) {
      expect(accounts.leaf(account)).to.deep.equal(batcher.leaf(account));
      expect([...slots]).to.deep.equal(
        [...accounts.entries()].flatMap((entry) => (entry.account === account ? [...entry.slots] : [])),
      );
    }
    expect(progress.depositedMicroUsd).to.equal(ledger.shared.depositedMicroUsd);
    expect(progress.withdrawnMicroUsd).to.equal(ledger.shared.withdrawnMicroUsd);
  });

  it("is the same in ranges of any size, also where a server refuses large ones", async () => {
    const whole = linesOf(await rebuildState(options));
    for (const rangeBlocks of [1, 7])
      expect(linesOf(await rebuildState({ ...options, rangeBlocks }))).to.deep.equal(whole);
    const asked: number[] = [];
    const strict = changed((logs) => logs);
    strict.getLogs = async (filter) => {
      const { fromBlock, toBlock } = filter as { fromBlock: number; toBlock: number };
      asked.push(toBlock - fromBlock + 1);
      if (toBlock - fromBlock >= 20) throw new Error("query returned more than 10000 results");
      return provider.getLogs(filter);
    };
    expect(linesOf(await rebuildState({ ...options, provider: strict }))).to.deep.equal(whole);
    expect(Math.min(...asked)).to.be.greaterThan(5);
    strict.getLogs = async () => {
      throw new Error("no");
    };
    expect(await rebuildState({ ...options, provider: strict }).catch((error: Error) => error.message)).to.equal("no");
  });

  describe("that was interrupted", () => {
    const RANGE_BLOCKS = 9;

    /** What is on disk when a run ends after so many ranges. */
    async function keptAfter(ranges: number): Promise<Buffer> {
      let text = "";
      let left = ranges;
      const onBlocks = (state: RebuiltState) => {
        if (left-- === 0) throw new Error("interrupted");
        text = linesOf(state).join("");
      };
      await rebuildState({ ...options, rangeBlocks: RANGE_BLOCKS, onBlocks }).catch((error: Error) => {
        if (error.message !== "interrupted") throw error;
      });
      return Buffer.from(text);
    }

    it("goes on from where it was kept to the very same end, and reads nothing again", async () => {
      const whole = linesOf(await rebuildState(options));
      const ranges = Math.ceil((await provider.getBlockNumber()) / RANGE_BLOCKS);
      for (const kept of [1, Math.floor(ranges / 2), ranges - 2]) {
        const begin = checkpointFrom(await keptAfter(kept), options);
        const batches: number[] = [];
        const state = await rebuildState({
          ...options,
          begin,
          onBatch: ({ batchNumber }) => batches.push(batchNumber),
        });
        expect(linesOf(state)).to.deep.equal(whole);
        expect(batches[0]).to.equal(begin.progress.sharedState.batchNumber + 1);
      }
    });

    it("does not go on from a file that is not whole, was changed, or is another exchange's", async () => {
      const bytes = await keptAfter(12);
      const refused = (content: Buffer, about = options): string => {
        try {
          checkpointFrom(content, about);
        } catch (error) {
          return (error as Error).message;
        }
        return "";
      };
      expect(refused(bytes.subarray(0, bytes.length - 1))).to.equal("it is not whole, or was changed");
      expect(refused(Buffer.alloc(0))).to.equal("it is not whole, or was changed");
      const flipped = Buffer.from(bytes);
      flipped[bytes.length >> 1] = (flipped[bytes.length >> 1] as number) ^ 1;
      expect(refused(flipped)).to.equal("it is not whole, or was changed");
      expect(refused(bytes, { ...options, chainId: 1 })).to.match(/^it is of the Exchange 0x\w+ on chain 31337$/);
      // Whole, but not the truth: somebody who writes such a file must get the root right, too.
      const state = checkpointFrom(bytes, options);
      const record = state.accounts.record(1) as NonNullable<ReturnType<typeof state.accounts.record>>;
      state.accounts.setRecord(1, { ...record, collateralPicoUsd: record.collateralPicoUsd + 1n });
      expect(refused(Buffer.from(linesOf(state).join("")))).to.equal(
        "its accounts do not lead to the root of its state",
      );
      const { progress } = checkpointFrom(bytes, options);
      const lying = { ...state, progress: { ...progress, queueHash: progress.sharedState.queueHash } };
      lying.accounts.setRecord(1, record);
      if (progress.waiting.length > 0)
        expect(refused(Buffer.from(linesOf(lying).join("")))).to.equal("its queue does not lead to the queue's hash");
    });

    it("does not go on where the chain was replaced, or has another batch", async () => {
      const begin = checkpointFrom(await keptAfter(12), options);
      const { block, progress } = begin;
      const elsewhere = { ...begin, block: { ...block, hash: `0x${"1".repeat(64)}` } };
      expect((await refusalOf(provider, { begin: elsewhere })).message).to.equal(
        `The chain has another block ${block.number} than the one that was read: begin from scratch.`,
      );
      const { sharedState } = progress;
      const wrong = { ...progress, sharedState: { ...sharedState, feesPicoUsd: sharedState.feesPicoUsd + 1n } };
      const refusal = await refusalOf(provider, { begin: { ...begin, progress: wrong } });
      expect(refusal.batchNumber).to.equal(sharedState.batchNumber);
    });
  });

  describe("refuses", () => {
    const BATCH = 9;

    it("a batch of which a log is missing, by its number", async () => {
      expect((await refusalOf(without("BatchData", BATCH))).message).to.equal(
        `Batch ${BATCH}: it is settled, and its data is missing.`,
      );
      expect((await refusalOf(without("BatchSettled", BATCH))).message).to.equal(
        `Batch ${BATCH}: its data is there, and the event that it is settled is not.`,
      );
      const neither = changed((logs) =>
        logs.filter((log) => !isEvent(log, "BatchData", BATCH) && !isEvent(log, "BatchSettled", BATCH)),
      );
      expect((await refusalOf(neither)).message).to.equal(
        `Batch ${BATCH + 1}: it came where batch ${BATCH} was expected.`,
      );
    });

    it("a queue or epochs with a gap", async () => {
      expect((await refusalOf(without("QueueEntryAdded", 2))).message).to.equal(
        "Entry 3 of the L1 queue came where entry 2 was expected.",
      );
      expect((await refusalOf(without("EpochOpened", 2))).message).to.equal("Epoch 3 came where epoch 2 was expected.");
    });

    it("logs that end before the contract's own state, queue and epochs do", async () => {
      const last = life.state.batchNumber;
      const cut = changed((logs) =>
        logs.filter((log) => !["BatchData", "BatchSettled"].some((name) => isEvent(log, name, last))),
      );
      const refusal = await refusalOf(cut);
      expect(refusal.batchNumber).to.equal(last - 1);
      expect(refusal.message).to.contain("logs of later batches are missing");
    });

    it("a word that a server changed, by the batch and by what differs", async () => {
      const digits = 64;
      const tampered = (word: number) =>
        changed((logs) =>
          logs.map((log) => {
            if (!isEvent(log, "BatchData", BATCH)) return log;
            // Offset and length of the bytes come before their first word.
            const at = 2 + (2 + word + 1) * digits - 1;
            const data = log.data.slice(0, at) + (log.data[at] === "0" ? "1" : "0") + log.data.slice(at + 1);
            return Object.create(log, { data: { value: data } });
          }),
        );
      const { tier } = life.traces[BATCH - 1] as (typeof life.traces)[number];
      const sentences: [number, RegExp][] = [
        [HEADER.oldRoot, /^Batch 9: word 1 \(oldRoot\) of its data is 0x\w+, and the rest of L1 says 0x\w+\.$/],
        [HEADER.grossOpenInterestAfter, /lots of open interest in market 0, and L1 has/],
        [dataLayout(tier).accounts + 1, /its words lead to the account root 0x\w+, and L1 has 0x\w+\.$/],
      ];
      for (const [word, sentence] of sentences) {
        const refusal = await refusalOf(tampered(word));
        expect(refusal.batchNumber).to.equal(BATCH);
        expect(refusal.message).to.match(sentence);
      }
    });

    it("a chain that was replaced while it was read", async () => {
      let asked = 0;
      const end = await provider.getBlockNumber();
      const unsteady = changed((logs) => logs);
      unsteady.getBlock = async (block) => {
        const found = await provider.getBlock(block);
        if (block !== end || asked++ < 2) return found;
        return Object.create(found as object, { hash: { value: `0x${"2".repeat(64)}` } });
      };
      expect((await refusalOf(unsteady)).message).to.equal(
        `The chain replaced block ${end} while it was read: begin again.`,
      );
    });
  });
});
