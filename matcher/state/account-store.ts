import type { AccountLeaf } from "../protocol/account.ts";
import type { Poseidon } from "../protocol/signing-poseidon.ts";
import { ACCOUNT_TREE_LEVELS } from "../protocol/spec.ts";
import { type AccountRecord, leafFrom, leafHash } from "./account-record.ts";
import { entriesOf } from "./ledger-state.ts";
import { MerkleTree, treeShape } from "./merkle-tree.ts";
import { OrderForest } from "./order-forest.ts";
import type { SlotEntry } from "./order-slots.ts";
import type { OrderSlot, TreePath } from "./trace.ts";

/** Levels between the root and the sub-roots that a batch circuit keeps as registers. */
const REGISTER_LEVELS = 2;

/** Accounts with their order slots, as a ledger lists them. */
export interface AccountEntry {
  account: number;
  record: AccountRecord;
  slots: Iterable<SlotEntry>;
}

/** The accounts as of the last cut batch, with the trees over them. */
export class AccountStore {
  readonly #hash: Poseidon;
  readonly #tree: MerkleTree;
  readonly #records = new Map<number, AccountRecord>();
  readonly #orders: OrderForest;

  constructor(hash: Poseidon) {
    this.#hash = hash;
    this.#orders = new OrderForest(hash);
    this.#tree = new MerkleTree(treeShape(hash, ACCOUNT_TREE_LEVELS));
  }

  get root(): bigint {
    return this.#tree.root;
  }

  /** The 64 nodes two levels below the root. */
  subRoots(): bigint[] {
    return this.#tree.level(ACCOUNT_TREE_LEVELS - REGISTER_LEVELS);
  }

  /** Fills an empty store, hashing every node once. */
  load(entries: Iterable<AccountEntry>): void {
    for (const { account, record, slots } of entries) {
      this.#orders.setMany(account, slots);
      this.#records.set(account, record);
    }
    this.storeMany(this.#records.keys());
  }

  record(account: number): AccountRecord | undefined {
    return this.#records.get(account);
  }

  slot(account: number, slot: number): OrderSlot {
    return this.#orders.slot(account, slot);
  }

  orderRoot(account: number): bigint {
    return this.#orders.root(account);
  }

  orderPath(account: number, slot: number): TreePath {
    return this.#orders.path(account, slot);
  }

  leaf(account: number): AccountLeaf {
    return leafFrom(this.#stored(account), this.orderRoot(account));
  }

  /** Writes the record; the account tree does not change before {@link store}. */
  setRecord(account: number, record: AccountRecord): void {
    this.#records.set(account, record);
  }

  /** Writes an order slot and its tree; the account tree does not change before {@link store}. */
  setSlot(account: number, slot: number, content: OrderSlot): void {
    this.#stored(account);
    this.#orders.set(account, slot, content);
  }

  /** Brings the account's leaf into the tree. Returns the path as it was before. */
  store(account: number): TreePath {
    const path = this.#tree.path(account);
    this.#tree.set(account, this.#leafHash(account));
    return path;
  }

  /** Brings the leaves of many accounts into the tree, hashing every node above them once. */
  storeMany(accounts: Iterable<number>): void {
    this.#tree.setMany(Array.from(accounts, (account) => [account, this.#leafHash(account)] as const));
  }

  /** Path of an account's leaf, with everything that was stored. */
  path(account: number): TreePath {
    return this.#tree.path(account);
  }

  /** By increasing account index, slots by increasing slot. */
  entries(): Generator<AccountEntry> {
    return entriesOf(this.#records, this.#orders.byAccount());
  }

  #stored(account: number): AccountRecord {
    const record = this.#records.get(account);
    if (record === undefined) throw new RangeError(`no account ${account}`);
    return record;
  }

  #leafHash(account: number): bigint {
    return leafHash(this.#hash, this.leaf(account));
  }
}
