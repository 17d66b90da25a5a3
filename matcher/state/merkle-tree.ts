import type { Poseidon } from "../protocol/signing-poseidon.ts";
import { TREE_ARITY } from "../protocol/spec.ts";
import type { TreePath } from "./trace.ts";
import { SiblingGroups, type TreeNodes } from "./tree-nodes.ts";

/** What all trees of one depth share: the hash and the roots of empty subtrees. */
export interface TreeShape {
  readonly hash: Poseidon;
  readonly levels: number;
  /** empty[k] is the value of an empty node k levels above the leaves; empty[levels] is the empty root. */
  readonly empty: readonly bigint[];
  /** The eight children of an empty node, by the children's level. */
  readonly emptyChildren: readonly (readonly bigint[])[];
}

/** Empty subtrees follow from leaf 0. */
export function treeShape(hash: Poseidon, levels: number): TreeShape {
  const empty = [0n];
  const emptyChildren: bigint[][] = [];
  for (let level = 0; level < levels; level++) {
    const children: bigint[] = new Array(TREE_ARITY).fill(empty[level]);
    emptyChildren.push(children);
    empty.push(hash(children));
  }
  return { hash, levels, empty, emptyChildren };
}

/**
 * Sparse 8-ary Merkle tree: only nodes that were ever written take room. An index's least significant octal digit is its
 * place among its siblings at the leaf level, and so on upwards.
 */
export class MerkleTree {
  readonly #shape: TreeShape;
  readonly #nodes: TreeNodes;

  constructor(shape: TreeShape, nodes: TreeNodes = new SiblingGroups(shape)) {
    this.#shape = shape;
    this.#nodes = nodes;
  }

  get root(): bigint {
    return this.#nodes.root;
  }

  /** Number of leaves that the tree has room for. */
  get capacity(): number {
    return TREE_ARITY ** this.#shape.levels;
  }

  #checkIndex(index: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= this.capacity) throw new RangeError(`no leaf ${index}`);
  }

  /** Value of a node; level 0 are the leaves. */
  node(level: number, index: number): bigint {
    if (level === this.#shape.levels && index === 0) return this.root;
    if (level < 0 || level >= this.#shape.levels || index < 0 || index >= TREE_ARITY ** (this.#shape.levels - level)) {
      throw new RangeError(`no node ${index} on level ${level}`);
    }
    return this.#nodes.siblings(level, Math.floor(index / TREE_ARITY))[index % TREE_ARITY] as bigint;
  }

  get(index: number): bigint {
    return this.node(0, index);
  }

  /** All nodes of one level in order. Meant for the few levels below the root. */
  level(level: number): bigint[] {
    return Array.from({ length: TREE_ARITY ** (this.#shape.levels - level) }, (_, index) => this.node(level, index));
  }

  /** Siblings on every level from the leaf upwards, the own node included. Later updates do not change it. */
  path(index: number): TreePath {
    this.#checkIndex(index);
    const path: TreePath = [];
    let parent = index;
    for (let level = 0; level < this.#shape.levels; level++) {
      parent = Math.floor(parent / TREE_ARITY);
      path.push([...this.#nodes.siblings(level, parent)]);
    }
    return path;
  }

  /** Replaces one leaf; one hash a level. */
  set(index: number, value: bigint): void {
    this.#checkIndex(index);
    let node = value;
    let position = index;
    for (let level = 0; level < this.#shape.levels; level++) {
      node = this.#shape.hash(this.#nodes.write(level, position, node));
      position = Math.floor(position / TREE_ARITY);
    }
    this.#nodes.root = node;
  }

  /** Replaces many leaves and hashes every node above them once. */
  setMany(entries: Iterable<readonly [index: number, value: bigint]>): void {
    let dirty = new Set<number>();
    for (const [index, value] of entries) {
      this.#checkIndex(index);
      this.#nodes.write(0, index, value);
      dirty.add(Math.floor(index / TREE_ARITY));
    }
    if (dirty.size === 0) return;
    for (let level = 1; level <= this.#shape.levels; level++) {
      const parents = new Set<number>();
      for (const index of dirty) {
        const value = this.#shape.hash(this.#nodes.siblings(level - 1, index));
        if (level === this.#shape.levels) this.#nodes.root = value;
        else this.#nodes.write(level, index, value);
        parents.add(Math.floor(index / TREE_ARITY));
      }
      dirty = parents;
    }
  }
}
