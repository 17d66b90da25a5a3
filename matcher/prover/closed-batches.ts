import { ORDER_SLOTS } from "../protocol/spec.ts";
import type { AccountRecord } from "../state/account-record.ts";
import type { AccountStore } from "../state/account-store.ts";
import type { BatchSource, OpenAccount, OpenRow } from "../state/batch-parts.ts";
import type { OpenBatch } from "../state/open-batch.ts";
import type { BatchTrace, OrderSlot } from "../state/trace.ts";
import { type StoredBatch, storeBatch } from "./store-batch.ts";

/** The part of a trace that takes no hashing. */
export type BatchHead = Omit<BatchTrace, keyof StoredBatch>;

/** A batch that was cut: nothing changes it any more. What it writes into the trees may still have to be hashed. */
export class ClosedBatch {
  readonly head: BatchHead;
  /** By increasing account index. */
  readonly accounts: readonly OpenAccount[];
  readonly rows: readonly OpenRow[];
  readonly #hashOn: () => void;
  #trace: BatchTrace | undefined;

  /** @param hashOn hashes a little more of the first batch that is not hashed yet */
  constructor(head: BatchHead, open: OpenBatch, hashOn: () => void) {
    this.head = head;
    this.accounts = open.accounts();
    this.rows = open.rows();
    this.#hashOn = hashOn;
  }

  get isHashed(): boolean {
    return this.#trace !== undefined;
  }

  /** Everything that the witness needs. What has not been hashed yet, of this batch or of one before, is hashed now. */
  get trace(): BatchTrace {
    while (this.#trace === undefined) this.#hashOn();
    return this.#trace;
  }

  /** Hashes this batch and those before it, giving way after every path. */
  *hash(): Generator<void, void> {
    while (this.#trace === undefined) {
      this.#hashOn();
      yield;
    }
  }

  complete(stored: StoredBatch): void {
    this.#trace = { ...this.head, ...stored };
  }
}

/** What a batch that is not hashed yet leaves behind, and the last such batch. */
interface Left<T> {
  readonly content: T;
  readonly batch: ClosedBatch;
}

/**
 * Batches that are cut and not hashed yet, in order, in front of the trees. A batch needs of those before it what they have written, and
 * this is known when they are cut: the open batch reads it here, above what the store has. Roots, paths and public inputs are needed by a
 * proof alone. So the thread that orders everything hashes when a prover is nearly free, a little at a time, and not at every cut; the
 * store itself sees the same writes in the same order as if each batch were hashed when it is cut.
 *
 * A thread of its own for the trees was the other way. It would get all that a batch has written as copies and give back all paths
 * as copies, and a restart, which compares roots batch by batch, would wait for it; on two cores the same work is done by the same cores.
 */
export class ClosedBatches implements BatchSource {
  readonly #store: AccountStore;
  readonly #waiting: { readonly batch: ClosedBatch; readonly storing: Generator<void, StoredBatch> }[] = [];
  readonly #records = new Map<number, Left<AccountRecord>>();
  /** By account · 2^slot bits + slot. */
  readonly #slots = new Map<number, Left<OrderSlot>>();

  constructor(store: AccountStore) {
    this.#store = store;
  }

  /** An account as the last cut batch leaves it. */
  record(account: number): AccountRecord | undefined {
    return this.#records.get(account)?.content ?? this.#store.record(account);
  }

  slot(account: number, slot: number): OrderSlot {
    return this.#slots.get(slotKey(account, slot))?.content ?? this.#store.slot(account, slot);
  }

  add(open: OpenBatch, head: BatchHead): ClosedBatch {
    const batch = new ClosedBatch(head, open, () => this.#hashOn());
    this.#waiting.push({ batch, storing: storeBatch(this.#store, open) });
    for (const { account, now } of batch.accounts) this.#records.set(account, { content: now, batch });
    for (const [key, content] of slotsAfter(batch)) this.#slots.set(key, { content, batch });
    return batch;
  }

  /** The store, with every batch in its trees. */
  finished(): AccountStore {
    while (this.#waiting.length > 0) this.#hashOn();
    return this.#store;
  }

  #hashOn(): void {
    const [first] = this.#waiting;
    if (first === undefined) throw new Error("every batch is hashed");
    const { batch, storing } = first;
    const { value, done } = storing.next();
    if (!done) return;
    // A generator that threw once has ended, without its value.
    if (value === undefined) throw new Error(`batch ${batch.head.batchNumber} could not be hashed`);
    batch.complete(value);
    this.#waiting.shift();
    for (const { account } of batch.accounts) {
      if (this.#records.get(account)?.batch === batch) this.#records.delete(account);
    }
    for (const [key] of slotsAfter(batch)) if (this.#slots.get(key)?.batch === batch) this.#slots.delete(key);
  }
}

/** The order slots that a batch writes; of one that it writes more than once the last comes last. */
function* slotsAfter({ rows }: ClosedBatch): Generator<[key: number, content: OrderSlot]> {
  for (const { message, slotAfter } of rows) {
    if (slotAfter === undefined || !("slot" in message)) continue;
    yield [slotKey(message.account, message.slot), slotAfter];
  }
}

function slotKey(account: number, slot: number): number {
  return account * ORDER_SLOTS + slot;
}
