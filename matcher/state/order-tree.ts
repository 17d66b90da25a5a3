import type { Poseidon } from "../protocol/signing-poseidon.ts";
import { ORDER_TREE_LEVELS, WIDTH } from "../protocol/spec.ts";
import { MerkleTree, type TreeShape, treeShape } from "./merkle-tree.ts";
import type { OrderSlot, TreePath } from "./trace.ts";
import type { TreeNodes } from "./tree-nodes.ts";

const FILLED_SHIFT = BigInt(WIDTH.sequence);
const SEQUENCE_MASK = (1n << FILLED_SHIFT) - 1n;

/** A slot that was never used. */
export const UNUSED_SLOT: OrderSlot = Object.freeze({ sequence: 0, filledLots: 0 });

/** Leaf of the order tree: sequence + 2^48 · filled, a plain word; 0 when the slot was never used. */
export function slotWord(slot: OrderSlot): bigint {
  return BigInt(slot.sequence) + (BigInt(slot.filledLots) << FILLED_SHIFT);
}

/** Inverse of {@link slotWord}. */
export function slotFromWord(word: bigint): OrderSlot {
  return { sequence: Number(word & SEQUENCE_MASK), filledLots: Number(word >> FILLED_SHIFT) };
}

/** The shape of every account's order tree. */
export function orderTreeShape(hash: Poseidon): TreeShape {
  return treeShape(hash, ORDER_TREE_LEVELS);
}

/** The tree over the order slots of one account. */
export class OrderTree {
  readonly #tree: MerkleTree;

  constructor(shape: TreeShape, nodes?: TreeNodes) {
    this.#tree = new MerkleTree(shape, nodes);
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
