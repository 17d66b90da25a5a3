import type { JsonRpcProvider } from "ethers";
import { EXCHANGE } from "../../matcher/chain/contract-interfaces.ts";
import type { L1Event } from "../../matcher/chain/l1-event.ts";
import { RevertError } from "../../matcher/chain/revert-reason.ts";
import type { Mined, Submission, TransactionLine, TransactionRequest } from "../../matcher/chain/transaction-line.ts";
import { type Bytes32, ZERO_BYTES32 } from "../../matcher/protocol/abi-hash.ts";
import { epochHash, epochRecord, type OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import { unpack } from "../../matcher/protocol/packing.ts";
import type { ProvenBatch } from "../../matcher/protocol/proven-batch.ts";
import { publicData } from "../../matcher/protocol/public-data.ts";
import { type ChainedEntry, linkQueueEntry } from "../../matcher/protocol/queue-chain.ts";
import { genesisSharedState, sharedStateHash } from "../../matcher/protocol/shared-state.ts";
import { dataLayout, WITHDRAWAL_WORD } from "../../matcher/protocol/spec.ts";
import { sharedStateAfter } from "../../matcher/prover/batch-data.ts";

interface Log {
  readonly address: string;
  readonly topics: string[];
  readonly data: string;
  readonly blockNumber: number;
  readonly transactionHash: string;
}

const word = (value: bigint) => value.toString(16).padStart(64, "0");

/**
 * What the matcher sees of the Exchange, as far as a restart depends on it: the queue's hash chain, epochs' hashes, and the shared state
 * that moves from batch to batch or refuses to. It outlives every process.
 */
export class ModelChain {
  readonly events: L1Event[] = [];
  readonly settled: ProvenBatch[] = [];
  readonly logs: Log[] = [];
  readonly queueHashes: Bytes32[] = [ZERO_BYTES32];
  readonly epochHashes = new Map<number, Bytes32>();
  stateHash: string = sharedStateHash(genesisSharedState());
  block = 1;
  /** Whether whoever sends a batch hears that it is below enough blocks. */
  confirms = true;

  addEntry(entry: ChainedEntry): L1Event {
    const cursor = this.queueHashes.length - 1;
    const queueHash = linkQueueEntry(this.queueHashes[cursor] as Bytes32, entry);
    this.queueHashes.push(queueHash);
    return this.#add({ type: "queue", cursor, entry, queueHash });
  }

  openEpoch(epoch: OpenedEpoch): L1Event {
    this.epochHashes.set(epoch.number, epochHash(epochRecord(epoch)));
    return this.#add({ type: "epoch", epoch, roundHash: ZERO_BYTES32 });
  }

  /** @throws RevertError for a batch that does not start from the state in storage */
  settle(batch: ProvenBatch): Mined {
    const { batchNumber, data } = batch;
    if (sharedStateHash(data.sharedState) !== this.stateHash) {
      throw new RevertError(`Settling batch ${batchNumber}`, "StaleSharedState", "StaleSharedState()");
    }
    const after = sharedStateAfter(data);
    this.stateHash = sharedStateHash(after);
    this.settled.push(batch);
    this.block += 1;
    const hash = `0x${word(BigInt(this.block))}`;
    const emit = (name: string, values: unknown[]) => {
      const { topics, data: bytes } = EXCHANGE.encodeEventLog(name, values);
      this.logs.push({ address: "", topics, data: bytes, blockNumber: this.block, transactionHash: hash });
    };
    const words = publicData(data);
    const { withdrawals, rows } = dataLayout(data.tier);
    for (const paid of words.slice(withdrawals, rows)) {
      if (paid === 0n) continue;
      const { owner, amountMicroUsd } = unpack(WITHDRAWAL_WORD, paid);
      emit("WithdrawalCredited", [`0x${owner.toString(16).padStart(40, "0")}`, batchNumber, amountMicroUsd]);
    }
    const { accountRoot, epochNumber, queueCursor, queueHash, feesPicoUsd } = after;
    const rest = [accountRoot, queueCursor, queueHash, feesPicoUsd, data.journalHead, this.stateHash];
    emit("BatchSettled", [batchNumber, epochNumber, data.tier.id, ...rest]);
    emit("BatchData", [batchNumber, `0x${words.map(word).join("")}`]);
    return this.#mined(hash, this.block);
  }

  /** As much of a provider as a restart asks. */
  provider(): JsonRpcProvider {
    const call = async ({ data }: { data: string }): Promise<string> => {
      const { name, args } = EXCHANGE.parseTransaction({ data }) as { name: string; args: bigint[] };
      const answers: Record<string, () => unknown> = {
        sharedStateHash: () => this.stateHash,
        queueHashAt: () => {
          const hash = this.queueHashes[Number(args[0])];
          if (hash === undefined) throw new Error("UnknownQueueEntry");
          return hash;
        },
        epochHash: () => this.epochHashes.get(Number(args[0])) ?? ZERO_BYTES32,
      };
      return EXCHANGE.encodeFunctionResult(name, [answers[name]?.()]);
    };
    const provider = {
      call,
      getBlockNumber: async () => this.block,
      getBlock: async (number: number) => ({ hash: `0x${word(BigInt(number))}` }),
      getTransactionReceipt: async () => ({ gasUsed: 300_000n }),
      getLogs: async ({ fromBlock, topics }: { fromBlock: number; topics: string[] }) =>
        this.logs.filter(
          (log) =>
            log.blockNumber >= fromBlock && topics.every((topic, i) => BigInt(topic) === BigInt(log.topics[i] ?? 0)),
        ),
    };
    return provider as unknown as JsonRpcProvider;
  }

  /** A line that sends at once what it is given. @param batchOf what a transaction settles @param onHalt told as of a real line */
  line(batchOf: (data: string) => ProvenBatch, onHalt: (report: string) => void): TransactionLine {
    const send = async ({ data, doneBefore }: TransactionRequest): Promise<Mined> => {
      try {
        return this.settle(batchOf(data));
      } catch (error) {
        const before = await doneBefore?.().catch((other: Error) => {
          onHalt(other.message);
          throw other;
        });
        if (before !== undefined) return before;
        onHalt((error as Error).message);
        throw error;
      }
    };
    const submit = (request: TransactionRequest): Submission => {
      const mined = send(request);
      mined.catch(() => {});
      return { mined, confirmed: this.confirms ? mined : new Promise(() => {}) };
    };
    return { submit, quiet: async () => {} } as unknown as TransactionLine;
  }

  #add(event: L1Event): L1Event {
    this.block += 1;
    this.events.push(event);
    return event;
  }

  #mined(hash: string, blockNumber: number): Mined {
    return { hash, blockNumber, gasUsed: 300_000n };
  }
}
