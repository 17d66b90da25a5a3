import type { Epoch } from "../protocol/epoch.ts";
import { MARKETS } from "../protocol/spec.ts";
import type { AccountRecord } from "./account-record.ts";
import type { AccountEntry } from "./account-store.ts";
import { UNUSED_SLOT } from "./order-tree.ts";
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

interface Account {
  record: AccountRecord;
  slots: Map<number, OrderSlot>;
}

/** What to write back when a trial ends. */
interface Trial {
  shared: LedgerShared;
  records: Map<number, AccountRecord>;
  slots: { account: number; slot: number; content: OrderSlot | undefined }[];
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
  readonly #accounts = new Map<number, Account>();
  /** Accounts with a position, by market. */
  readonly #holders: readonly Set<number>[] = Array.from({ length: MARKETS }, () => new Set<number>());
  #shared: LedgerShared;
  #trial: Trial | undefined;

  constructor(shared: LedgerShared = GENESIS, entries: Iterable<AccountEntry> = []) {
    this.#shared = shared;
    for (const { account, record, slots } of entries) {
      this.#accounts.set(account, { record, slots: new Map(slots) });
      this.#noteHolder(account, NO_LOTS, record.sizesLots);
    }
  }

  get shared(): LedgerShared {
    return this.#shared;
  }

  get onTrial(): boolean {
    return this.#trial !== undefined;
  }

  record(account: number): AccountRecord | undefined {
    return this.#accounts.get(account)?.record;
  }

  slot(account: number, slot: number): OrderSlot {
    return this.#accounts.get(account)?.slots.get(slot) ?? UNUSED_SLOT;
  }

  /** By increasing account index, slots by increasing slot: the order of every serialisation. */
  *entries(): Generator<AccountEntry> {
    const indices = [...this.#accounts.keys()].sort((a, b) => a - b);
    for (const account of indices) {
      const { record, slots } = this.#accounts.get(account) as Account;
      yield { account, record, slots: [...slots].sort(([a], [b]) => a - b) };
    }
  }

  /** Accounts with a position in a market as stored, by increasing index. */
  holders(market: number): number[] {
    return [...(this.#holders[market] as Set<number>)].sort((a, b) => a - b);
  }

  /** An account without positions. */
  addAccount(account: number, record: AccountRecord): void {
    this.#accounts.set(account, { record, slots: new Map() });
  }

  setRecord(account: number, record: AccountRecord): void {
    const stored = this.#stored(account);
    const records = this.#trial?.records;
    if (records !== undefined && !records.has(account)) records.set(account, stored.record);
    this.#replace(account, stored, record);
  }

  setSlot(account: number, slot: number, content: OrderSlot): void {
    const { slots } = this.#stored(account);
    this.#trial?.slots.push({ account, slot, content: slots.get(slot) });
    slots.set(slot, content);
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
    for (const [account, record] of records) this.#replace(account, this.#stored(account), record);
    for (const { account, slot, content } of slots.reverse()) {
      if (content === undefined) this.#stored(account).slots.delete(slot);
      else this.#stored(account).slots.set(slot, content);
    }
    this.#trial = undefined;
  }

  #replace(account: number, stored: Account, record: AccountRecord): void {
    this.#noteHolder(account, stored.record.sizesLots, record.sizesLots);
    stored.record = record;
  }

  #noteHolder(account: number, before: readonly bigint[], after: readonly bigint[]): void {
    if (before === after) return;
    for (let market = 0; market < after.length; market++) {
      const holds = after[market] !== 0n;
      if (holds === (before[market] !== 0n)) continue;
      const holders = this.#holders[market] as Set<number>;
      if (holds) holders.add(account);
      else holders.delete(account);
    }
  }

  #running(): Trial {
    if (this.#trial === undefined) throw new Error("no trial is running");
    return this.#trial;
  }

  #stored(account: number): Account {
    const stored = this.#accounts.get(account);
    if (stored === undefined) throw new RangeError(`no account ${account}`);
    return stored;
  }
}
