import type { HeldReceipt } from "../protocol/held-receipt.ts";

/** Where a client keeps its receipts. */
export interface ReceiptStore {
  /** Resolves once it is kept. */
  append(held: HeldReceipt): void | Promise<void>;
  /** All that are kept, the oldest first. */
  all(): readonly HeldReceipt[] | Promise<readonly HeldReceipt[]>;
}

const DEFAULT_RECEIPTS_MAX = 100_000;

/** Keeps the newest receipts as long as the program runs. */
export class ReceiptMemory implements ReceiptStore {
  private readonly receiptsMax: number;
  private kept: HeldReceipt[] = [];

  constructor(receiptsMax = DEFAULT_RECEIPTS_MAX) {
    this.receiptsMax = receiptsMax;
  }

  append(held: HeldReceipt): void {
    this.kept.push(held);
    // Not one by one: moving the rest costs more than the memory.
    if (this.kept.length >= 2 * this.receiptsMax) this.kept = this.kept.slice(-this.receiptsMax);
  }

  all(): readonly HeldReceipt[] {
    return this.kept.slice(-this.receiptsMax);
  }
}
