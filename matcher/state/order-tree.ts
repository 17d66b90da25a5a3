import type { Poseidon } from "../protocol/signing-poseidon.ts";
import { ORDER_TREE_LEVELS, WIDTH } from "../protocol/spec.ts";
import { MerkleTree, type TreeShape, treeShape } from "./merkle-tree.ts";
import type { OrderSlot, TreePath } from "./trace.ts";

const FILLED_SHIFT = BigInt(WIDTH.sequence);

/** A slot that was never used. */
export const UNUSED_SLOT: OrderSlot = Object.freeze({ sequence: 0, filledLots: 0 });

/** Leaf of the order tree: sequence + 2^48 · filled, a plain word; 0 when the slot was never used. */
export function slotWord(slot: OrderSlot): bigint {
  return BigInt(slot.sequence) + (BigInt(slot.filledLots) << FILLED_SHIFT);
}

/** The shape of every account's order tree. */
export function orderTreeShape(hash: Poseidon): TreeShape {
  return treeShape(hash, ORDER_TREE_LEVELS);
}

/** The order slots of one account. Made on the account's first order: most accounts of a large state never have one. */
export class OrderTree {
  readonly #tree: MerkleTree;

  constructor(shape: TreeShape) {
    this.#tree = new MerkleTree(shape);
  }

  get root(): bigint {
    return this.#tree.root;
  }

  path(slot: number): TreePath {
    return this.#tree.path(slot);
  }

  set(slot: number, content: OrderSlot): void {
    this.#tree.set(slot, slotWord(content));
  }

  setMany(slots: Iterable<readonly [slot: number, content: OrderSlot]>): void {
    this.#tree.setMany(Array.from(slots, ([slot, content]) => [slot, slotWord(content)] as const));
  }
}
