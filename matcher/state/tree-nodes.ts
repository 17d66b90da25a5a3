import { TREE_ARITY } from "../protocol/spec.ts";
import type { TreeShape } from "./merkle-tree.ts";

/** Where a Merkle tree keeps its nodes. Level 0 are the leaves; what was never written is an empty subtree's. */
export interface TreeNodes {
  root: bigint;
  /** The eight nodes below a parent. */
  siblings(level: number, parent: number): readonly bigint[];
  /** Replaces one node. @returns it among its siblings */
  write(level: number, index: number, value: bigint): readonly bigint[];
}

/** Nodes as lists of siblings: only those of which one was ever written exist. For one large tree. */
export class SiblingGroups implements TreeNodes {
  readonly #shape: TreeShape;
  /** Per level, leaf level first: siblings by their parent's index. */
  readonly #groups: Map<number, bigint[]>[];
  root: bigint;

  constructor(shape: TreeShape) {
    this.#shape = shape;
    this.#groups = Array.from({ length: shape.levels }, () => new Map());
    this.root = shape.empty[shape.levels] as bigint;
  }

  siblings(level: number, parent: number): readonly bigint[] {
    return this.#groups[level]?.get(parent) ?? (this.#shape.emptyChildren[level] as readonly bigint[]);
  }

  write(level: number, index: number, value: bigint): readonly bigint[] {
    const groups = this.#groups[level] as Map<number, bigint[]>;
    const parent = Math.floor(index / TREE_ARITY);
    let group = groups.get(parent);
    if (group === undefined) {
      group = [...(this.#shape.emptyChildren[level] as readonly bigint[])];
      groups.set(parent, group);
    }
    group[index % TREE_ARITY] = value;
    return group;
  }
}
