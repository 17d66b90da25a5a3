import type { Poseidon } from "../protocol/signing-poseidon.ts";
import { ACCOUNTS, ORDER_TREE_LEVELS, TREE_ARITY } from "../protocol/spec.ts";
import type { TreeShape } from "./merkle-tree.ts";
import { NodeTable } from "./node-table.ts";
import { OrderSlots, type SlotEntry } from "./order-slots.ts";
import { OrderTree, orderTreeShape, slotFromWord, slotWord } from "./order-tree.ts";
import type { OrderSlot, TreePath } from "./trace.ts";
import type { TreeNodes } from "./tree-nodes.ts";

/** The order trees of all accounts. Their leaves are the slots themselves; only nodes above used slots exist, packed into one table. */
export class OrderForest {
  readonly #shape: TreeShape;
  readonly #slots = new OrderSlots();
  readonly #nodes = new NodeTable();

  constructor(hash: Poseidon) {
    this.#shape = orderTreeShape(hash);
  }

  get bytesAllocated(): number {
    return this.#slots.bytesAllocated + this.#nodes.bytesAllocated;
  }

  slot(account: number, slot: number): OrderSlot {
    return this.#slots.get(account, slot);
  }

  root(account: number): bigint {
    return this.#tree(account).root;
  }

  path(account: number, slot: number): TreePath {
    return this.#tree(account).path(slot);
  }

  set(account: number, slot: number, content: OrderSlot): void {
    this.#tree(account).set(slot, content);
  }

  /** Hashes every node above the slots once. */
  setMany(account: number, slots: Iterable<SlotEntry>): void {
    this.#tree(account).setMany(slots);
  }

  /** Used slots by account, both ascending; accounts without any are left out. */
  byAccount(): Generator<[account: number, slots: SlotEntry[]]> {
    return this.#slots.byAccount();
  }

  #tree(account: number): OrderTree {
    return new OrderTree(this.#shape, new AccountNodes(this.#shape, account, this.#slots, this.#nodes));
  }
}

/** Where the keys of a level begin: levels of all accounts stand one after the other in one table, the roots last. */
const LEVEL_KEYS = levelKeys();

function levelKeys(): readonly number[] {
  let first = 0;
  return Array.from({ length: ORDER_TREE_LEVELS + 1 }, (_, level) => {
    // Leaves have no keys: they are slots.
    const begin = first;
    if (level > 0) first += ACCOUNTS * TREE_ARITY ** (ORDER_TREE_LEVELS - level);
    return begin;
  });
}

/** The nodes of one account's tree. Made for each use: it holds nothing. */
class AccountNodes implements TreeNodes {
  readonly #shape: TreeShape;
  readonly #account: number;
  readonly #slots: OrderSlots;
  readonly #nodes: NodeTable;

  constructor(shape: TreeShape, account: number, slots: OrderSlots, nodes: NodeTable) {
    this.#shape = shape;
    this.#account = account;
    this.#slots = slots;
    this.#nodes = nodes;
  }

  get root(): bigint {
    return this.#node(ORDER_TREE_LEVELS, 0);
  }

  set root(value: bigint) {
    this.#nodes.set(this.#key(ORDER_TREE_LEVELS, 0), value);
  }

  siblings(level: number, parent: number): bigint[] {
    return Array.from({ length: TREE_ARITY }, (_, place) => this.#node(level, parent * TREE_ARITY + place));
  }

  write(level: number, index: number, value: bigint): bigint[] {
    if (level === 0) this.#slots.set(this.#account, index, slotFromWord(value));
    else this.#nodes.set(this.#key(level, index), value);
    return this.siblings(level, Math.floor(index / TREE_ARITY));
  }

  #node(level: number, index: number): bigint {
    if (level === 0) return slotWord(this.#slots.get(this.#account, index));
    return this.#nodes.get(this.#key(level, index)) ?? (this.#shape.empty[level] as bigint);
  }

  #key(level: number, index: number): number {
    return (LEVEL_KEYS[level] as number) + this.#account * TREE_ARITY ** (ORDER_TREE_LEVELS - level) + index;
  }
}
