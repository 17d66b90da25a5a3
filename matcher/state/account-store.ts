import type { AccountLeaf } from "../protocol/account.ts";
import type { Poseidon } from "../protocol/signing-poseidon.ts";
import { ACCOUNT_TREE_LEVELS } from "../protocol/spec.ts";
import { type AccountRecord, leafFrom, leafHash } from "./account-record.ts";
import { MerkleTree, type TreeShape, treeShape } from "./merkle-tree.ts";
import { OrderTree, orderTreeShape, UNUSED_SLOT } from "./order-tree.ts";
import type { OrderSlot, TreePath } from "./trace.ts";

/** Levels between the root and the sub-roots that a batch circuit keeps as registers. */
const REGISTER_LEVELS = 2;

interface StoredAccount {
  record: AccountRecord;
  slots: Map<number, OrderSlot>;
  /** Undefined until the first order. */
  orders: OrderTree | undefined;
}

/** Accounts with their order slots, as a ledger lists them. */
export interface AccountEntry {
  account: number;
  record: AccountRecord;
  slots: Iterable<readonly [slot: number, content: OrderSlot]>;
}

/** The accounts as of the last cut batch, with the trees over them. */
export class AccountStore {
  readonly #hash: Poseidon;
  readonly #orderShape: TreeShape;
  readonly #tree: MerkleTree;
  readonly #accounts = new Map<number, StoredAccount>();

  constructor(hash: Poseidon) {
    this.#hash = hash;
    this.#orderShape = orderTreeShape(hash);
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
      const stored: StoredAccount = { record, slots: new Map(slots), orders: undefined };
      if (stored.slots.size > 0) {
        stored.orders = new OrderTree(this.#orderShape);
        stored.orders.setMany(stored.slots);
      }
      this.#accounts.set(account, stored);
    }
    const leaves = Array.from(this.#accounts.keys(), (account) => [account, this.#leafHash(account)] as const);
    this.#tree.setMany(leaves);
  }

  record(account: number): AccountRecord | undefined {
    return this.#accounts.get(account)?.record;
  }

  slot(account: number, slot: number): OrderSlot {
    return this.#accounts.get(account)?.slots.get(slot) ?? UNUSED_SLOT;
  }

  orderRoot(account: number): bigint {
    return this.#accounts.get(account)?.orders?.root ?? (this.#orderShape.empty.at(-1) as bigint);
  }

  orderPath(account: number, slot: number): TreePath {
    const orders = this.#accounts.get(account)?.orders;
    return orders === undefined ? this.#orderShape.emptyChildren.map((children) => [...children]) : orders.path(slot);
  }

  leaf(account: number): AccountLeaf {
    return leafFrom(this.#stored(account).record, this.orderRoot(account));
  }

  /** Writes the record; the account tree does not change before {@link store}. */
  setRecord(account: number, record: AccountRecord): void {
    const stored = this.#accounts.get(account);
    if (stored === undefined) this.#accounts.set(account, { record, slots: new Map(), orders: undefined });
    else stored.record = record;
  }

  /** Writes an order slot and its tree; the account tree does not change before {@link store}. */
  setSlot(account: number, slot: number, content: OrderSlot): void {
    const stored = this.#stored(account);
    stored.orders ??= new OrderTree(this.#orderShape);
    stored.orders.set(slot, content);
    stored.slots.set(slot, content);
  }

  /** Brings the account's leaf into the tree. Returns the path as it was before. */
  store(account: number): TreePath {
    const path = this.#tree.path(account);
    this.#tree.set(account, this.#leafHash(account));
    return path;
  }

  #stored(account: number): StoredAccount {
    const stored = this.#accounts.get(account);
    if (stored === undefined) throw new RangeError(`no account ${account}`);
    return stored;
  }

  #leafHash(account: number): bigint {
    return leafHash(this.#hash, this.leaf(account));
  }
}
