import type { JsonRpcProvider } from "ethers";
import { EXCHANGE } from "./chain/contract-interfaces.ts";
import { gasUsedBy, readSettledBatches, type SettledBatch } from "./chain/settled-batches.ts";
import { genesisSharedState, type SharedState, sharedStateHash } from "./protocol/shared-state.ts";
import type { BatchLog } from "./prover/batch-log.ts";
import type { CutBatch, SettledAt } from "./prover/pipeline.ts";

/** L1 has settled something that the journal does not lead to: nobody may prove or settle anything on top of it. */
export class SettledOtherwise extends Error {
  constructor(what: string) {
    super(
      `${what} Another program uses the operator's key, or this journal is not the exchange's newest: ` +
        "find the right one; nothing was started.",
    );
    this.name = "SettledOtherwise";
  }
}

/** What L1 and the log of batches say of the batches of earlier lives, as of a start. */
export class SettledHistory {
  readonly #batches: BatchLog;
  /** Newest known final ones and everything behind, as L1 lists them. */
  readonly #settled: ReadonlyMap<number, SettledBatch>;
  readonly #gasUsed: ReadonlyMap<number, bigint>;
  readonly #stateHash: string;
  /** Number of the last batch that is final. */
  readonly finalBatch: number;
  /** Block from which on batches may stand that are not final yet. */
  readonly fromBlock: number;
  /** Number of the last batch that L1 has. */
  readonly settledBatch: number;
  #compared = 0;

  private constructor(
    batches: BatchLog,
    settled: readonly SettledBatch[],
    gasUsed: ReadonlyMap<number, bigint>,
    stateHash: string,
    final: SettledBatch | undefined,
    fromBlock: number,
  ) {
    this.#batches = batches;
    this.#settled = new Map(settled.map((batch) => [batch.batchNumber, batch]));
    this.#gasUsed = gasUsed;
    this.#stateHash = stateHash;
    this.finalBatch = final?.batchNumber ?? 0;
    this.fromBlock = final?.blockNumber ?? fromBlock;
    this.settledBatch = settled.at(-1)?.batchNumber ?? 0;
  }

  /**
   * Asks L1. A batch counts as final below so many blocks; one above may still be replaced and is proven again.
   * @throws SettledOtherwise when a batch that was final is not there
   */
  static async read(
    provider: JsonRpcProvider,
    exchange: string,
    firstBlock: number,
    confirmations: number,
    batches: BatchLog,
  ): Promise<SettledHistory> {
    const known = batches.finalOf(batches.lastFinal);
    const headBlock = await provider.getBlockNumber();
    const data = EXCHANGE.encodeFunctionData("sharedStateHash");
    const settled = await readSettledBatches(provider, exchange, known?.blockNumber ?? firstBlock, headBlock);
    const answer = await provider.call({ to: exchange, data, blockTag: headBlock });
    const [stateHash] = EXCHANGE.decodeFunctionResult("sharedStateHash", answer);
    if (
      known !== undefined &&
      settled.find(({ batchNumber }) => batchNumber === known.batchNumber)?.hash !== known.txHash
    ) {
      throw new SettledOtherwise(
        `Batch ${known.batchNumber} was final in transaction ${known.txHash}, block ${known.blockNumber}, and L1 does not have it.`,
      );
    }
    const final = settled.filter(
      ({ batchNumber, blockNumber }) => batchNumber <= batches.lastFinal || headBlock - blockNumber >= confirmations,
    );
    const gasUsed = new Map<number, bigint>();
    for (const { batchNumber, hash } of final) {
      if (batches.finalOf(batchNumber) === undefined) gasUsed.set(batchNumber, await gasUsedBy(provider, hash));
    }
    return new SettledHistory(batches, settled, gasUsed, String(stateHash).toLowerCase(), final.at(-1), firstBlock);
  }

  /** Where a batch is final; undefined for one that is to be proven. */
  placeOf(batchNumber: number): SettledAt | undefined {
    if (batchNumber > this.finalBatch) return undefined;
    const known = this.#batches.finalOf(batchNumber);
    if (known !== undefined) {
      return { hash: known.txHash, blockNumber: known.blockNumber, gasUsed: BigInt(known.gasUsed) };
    }
    const { hash, blockNumber } = this.#settled.get(batchNumber) as SettledBatch;
    return { hash, blockNumber, gasUsed: this.#gasUsed.get(batchNumber) ?? 0n };
  }

  /** Compares a batch that was made again with the one that L1 has. @throws SettledOtherwise */
  finalAt({ trace: { batchNumber }, after }: CutBatch): SettledAt | undefined {
    this.compare(batchNumber, after);
    return this.placeOf(batchNumber);
  }

  /** The same for the state behind a batch. @throws SettledOtherwise */
  compare(batchNumber: number, after: SharedState): void {
    this.#compared = Math.max(this.#compared, batchNumber);
    const settled = this.#settled.get(batchNumber);
    if (settled === undefined || settled.sharedStateHash.toLowerCase() === sharedStateHash(after)) return;
    throw new SettledOtherwise(
      `Batch ${batchNumber} on L1 (${settled.hash}) leads to another state than the journal's.`,
    );
  }

  /** After all batches were made again: L1 has none beyond, and the state in storage is that of the last one. @throws SettledOtherwise */
  checkEnd(): void {
    const { settledBatch } = this;
    if (settledBatch > this.#compared) {
      throw new SettledOtherwise(`L1 has batch ${settledBatch}, and the journal leads to batch ${this.#compared}.`);
    }
    const expected = this.#settled.get(settledBatch)?.sharedStateHash ?? sharedStateHash(genesisSharedState());
    if (expected.toLowerCase() === this.#stateHash) return;
    throw new SettledOtherwise(`The contract's state is not the one behind batch ${settledBatch}.`);
  }
}
