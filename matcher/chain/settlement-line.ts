import type { JsonRpcProvider } from "ethers";
import type { ProvenBatch } from "../protocol/proven-batch.ts";
import { publicData } from "../protocol/public-data.ts";
import { settleBatchesCall } from "./settle-call.ts";
import { settledBatchIn } from "./settled-batches.ts";
import { DoneOtherwise, type Mined, type Submission, type TransactionLine } from "./transaction-line.ts";

export interface Settlement {
  readonly batchNumber: number;
  readonly mined: Promise<Mined>;
  readonly confirmed: Promise<Mined>;
}

/** Batches of an earlier life stand from this block on, as far as they are not known to be final. */
export interface EarlierBatches {
  readonly provider: JsonRpcProvider;
  readonly fromBlock: number;
}

/**
 * Sends proven batches to the Exchange strictly in their order, whatever order their proofs come in. A batch that the
 * contract refuses ends the transaction line: its successors start from a state that will never be.
 */
export class SettlementLine {
  readonly #line: TransactionLine;
  readonly #exchange: string;
  readonly #earlier: EarlierBatches | undefined;
  readonly #early = new Map<number, { batch: ProvenBatch; send: (submission: Submission) => void }>();
  #next: number;

  /**
   * @param firstBatch number of the next batch that the contract expects
   * @param earlier where to look for batches that an earlier life of this process has settled; without it there are none
   */
  constructor(line: TransactionLine, exchange: string, firstBatch = 1, earlier?: EarlierBatches) {
    this.#line = line;
    this.#exchange = exchange;
    this.#earlier = earlier;
    this.#next = firstBatch;
  }

  /** Number of the batch that is sent next. */
  get nextBatch(): number {
    return this.#next;
  }

  /** @throws RangeError for a batch that was given before. */
  settle(batch: ProvenBatch): Settlement {
    const { batchNumber } = batch;
    if (batchNumber < this.#next || this.#early.has(batchNumber)) {
      throw new RangeError(`batch ${batchNumber} was submitted twice`);
    }
    const submission = new Promise<Submission>((send) => this.#early.set(batchNumber, { batch, send }));
    const settlement: Settlement = {
      batchNumber,
      mined: submission.then(({ mined }) => mined),
      confirmed: submission.then(({ confirmed }) => confirmed),
    };
    // A caller may wait for one of them only.
    settlement.mined.catch(() => {});
    settlement.confirmed.catch(() => {});
    this.#sendReady();
    return settlement;
  }

  #sendReady(): void {
    for (let ready = this.#early.get(this.#next); ready !== undefined; ready = this.#early.get(this.#next)) {
      this.#early.delete(this.#next);
      const label = `Settling batch ${this.#next}`;
      const { batch } = ready;
      const data = settleBatchesCall([batch]);
      this.#next++;
      const doneBefore = () => this.#settledBefore(batch);
      ready.send(this.#line.submit({ label, to: this.#exchange, data, onRevert: "halt", doneBefore }));
    }
  }

  /** The contract refuses a batch that it has already: with the very same public data it is done. */
  async #settledBefore({ batchNumber, data }: ProvenBatch): Promise<Mined | undefined> {
    if (this.#earlier === undefined) return undefined;
    const { provider, fromBlock } = this.#earlier;
    const found = await settledBatchIn(provider, this.#exchange, batchNumber, fromBlock);
    if (found === undefined) return undefined;
    const words = publicData(data);
    if (words.length === found.words.length && words.every((word, i) => word === found.words[i])) return found;
    throw new DoneOtherwise(
      `Batch ${batchNumber} was settled with other public data in transaction ${found.hash}: another program uses the ` +
        "operator's key, or the journal is not the one of that batch.",
    );
  }
}
