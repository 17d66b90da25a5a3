import type { ProvenBatch } from "../protocol/proven-batch.ts";
import { settleBatchCall } from "./settle-call.ts";
import type { Mined, Submission, TransactionLine } from "./transaction-line.ts";

export interface Settlement {
  readonly batchNumber: number;
  readonly mined: Promise<Mined>;
  readonly confirmed: Promise<Mined>;
}

/**
 * Sends proven batches to the Exchange strictly in their order, whatever order their proofs come in. A batch that the
 * contract refuses ends the transaction line: its successors start from a state that will never be.
 */
export class SettlementLine {
  readonly #line: TransactionLine;
  readonly #exchange: string;
  readonly #early = new Map<number, { batch: ProvenBatch; send: (submission: Submission) => void }>();
  #next: number;

  /** @param firstBatch number of the next batch that the contract expects. */
  constructor(line: TransactionLine, exchange: string, firstBatch = 1) {
    this.#line = line;
    this.#exchange = exchange;
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
      const data = settleBatchCall(ready.batch);
      this.#next++;
      ready.send(this.#line.submit({ label, to: this.#exchange, data, onRevert: "halt" }));
    }
  }
}
