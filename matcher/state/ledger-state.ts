import type { Epoch } from "../protocol/epoch.ts";
import { MARKETS } from "../protocol/spec.ts";
import type { AccountRecord } from "./account-record.ts";
import type { AccountEntry } from "./account-store.ts";
import { OrderSlots, type SlotEntry } from "./order-slots.ts";
import type { OrderSlot } from "./trace.ts";

/** State that belongs to no account (docs/protocol.md §9), with the totals that the audit needs. */
export interface LedgerShared {
  /** Undefined before the first epoch. */
  readonly epoch: Epoch | undefined;
  /** L1 queue entries applied so far. */
  readonly queueCursor: number;
  /** Σ|size| per market. */
  readonly grossOpenInterestLots: readonly bigint[];
  readonly epochStartOpenInterestLots: readonly bigint[];
  readonly insuranceSpentPicoUsd: bigint;
  readonly feesPicoUsd: bigint;
  readonly depositedMicroUsd: bigint;
  readonly withdrawnMicroUsd: bigint;
}

/** What to write back when a trial ends. */
interface Trial {
  shared: LedgerShared;
  records: Map<number, AccountRecord>;
  slots: { account: number; slot: number; content: OrderSlot }[];
}

const NO_LOTS: readonly bigint[] = Object.freeze(new Array<bigint>(MARKETS).fill(0n));

const GENESIS: LedgerShared = {
  epoch: undefined,
  queueCursor: 0,
  grossOpenInterestLots: NO_LOTS,
  epochStartOpenInterestLots: NO_LOTS,
  insuranceSpentPicoUsd: 0n,
  feesPicoUsd: 0n,
  depositedMicroUsd: 0n,
  withdrawnMicroUsd: 0n,
};

/** Accounts, order slots and shared values in memory, with one level of undo. Values are replaced, never changed in place. */
export class LedgerState {
  readonly #records = new Map<number, AccountRecord>();
  readonly #slots = new OrderSlots();
  #shared: LedgerShared;
  #trial: Trial | undefined;

  constructor(shared: LedgerShared = GENESIS, entries: Iterable<AccountEntry> = []) {
    this.#shared = shared;
    for (const { account, record, slots } of entries) {
      this.#records.set(account, record);
      for (const [slot, content] of slots) this.#slots.set(account, slot, content);
    }
  }

  get shared(): LedgerShared {
    return this.#shared;
  }

  get onTrial(): boolean {
    return this.#trial !== undefined;
  }

  record(account: number): AccountRecord | undefined {
    return this.#records.get(account);
  }

  slot(account: number, slot: number): OrderSlot {
    return this.#slots.get(account, slot);
  }

  /** By increasing account index, slots by increasing slot: the order of every serialisation. */
  entries(): Generator<AccountEntry> {
    return entriesOf(this.#records, this.#slots.byAccount());
  }

  /** The same of this very moment, however much later they are read: records are replaced and never changed, slots are copied at once. */
  entriesOfNow(): Generator<AccountEntry> {
    return entriesOf(new Map(this.#records), this.#slots.copy().byAccount());
  }

  /**
   * Accounts with a position in a market as stored, by increasing index. Looked for when somebody asks, once an epoch or so: a list
   * that every fill keeps up to date would cost each of them more.
   */
  holders(market: number): number[] {
    if (this.#shared.grossOpenInterestLots[market] === 0n) return [];
    const holders: number[] = [];
    for (const [account, record] of this.#records) if (record.sizesLots[market] !== 0n) holders.push(account);
    return holders.sort((a, b) => a - b);
  }

  addAccount(account: number, record: AccountRecord): void {
    this.#records.set(account, record);
  }

  setRecord(account: number, record: AccountRecord): void {
    const before = this.#stored(account);
    const records = this.#trial?.records;
    if (records !== undefined && !records.has(account)) records.set(account, before);
    this.#records.set(account, record);
  }

  setSlot(account: number, slot: number, content: OrderSlot): void {
    this.#stored(account);
    this.#trial?.slots.push({ account, slot, content: this.#slots.get(account, slot) });
    this.#slots.set(account, slot, content);
  }

  setShared(changes: Partial<LedgerShared>): void {
    this.#shared = { ...this.#shared, ...changes };
  }

  /** Starts a trial. @throws Error when one is running: trials do not nest */
  begin(): void {
    if (this.#trial !== undefined) throw new Error("a trial is running");
    this.#trial = { shared: this.#shared, records: new Map(), slots: [] };
  }

  /** Ends the trial and keeps what it did. */
  commit(): void {
    this.#running();
    this.#trial = undefined;
  }

  /** Ends the trial and undoes it. */
  rollback(): void {
    const { shared, records, slots } = this.#running();
    this.#shared = shared;
    for (const [account, record] of records) this.#records.set(account, record);
    for (const { account, slot, content } of slots.reverse()) this.#slots.set(account, slot, content);
    this.#trial = undefined;
  }

  #running(): Trial {
    if (this.#trial === undefined) throw new Error("no trial is running");
    return this.#trial;
  }

  #stored(account: number): AccountRecord {
    const record = this.#records.get(account);
    if (record === undefined) throw new RangeError(`no account ${account}`);
    return record;
  }
}

/** @param slotted used slots by account, ascending */
export function* entriesOf(
  records: ReadonlyMap<number, AccountRecord>,
  slotted: Iterator<[account: number, slots: SlotEntry[]]>,
): Generator<AccountEntry> {
  const indices = [...records.keys()].sort((a, b) => a - b);
  let next = slotted.next();
  for (const account of indices) {
    const record = records.get(account) as AccountRecord;
    let slots: readonly SlotEntry[] = [];
    if (!next.done && next.value[0] === account) {
      slots = next.value[1];
      next = slotted.next();
    }
    yield { account, record, slots };
  }
}
