import {
  type AccountLeaf,
  adjustedCollateralPicoUsd,
  countersWord,
  fieldFromSigned,
  sizeWords,
} from "../protocol/account.ts";
import { ACCOUNT_TREE_LEVELS, TREE_ARITY } from "../protocol/spec.ts";

/** The accounts and the tree over them, as a rebuild has them. */
export interface LeafSource {
  leaf(account: number): AccountLeaf;
  /** The eight nodes beside the account's way to the root on every level, from the leaves upwards, the own one among them. */
  path(account: number): readonly (readonly bigint[])[];
}

/** A leaf as the escape takes it. */
export interface LeafArgument {
  readonly account: number;
  readonly ax: bigint;
  readonly ay: bigint;
  readonly owner: string;
  readonly adjustedCollateralPicoUsd: bigint;
  readonly orderRoot: bigint;
  readonly counters: bigint;
  readonly sizeWords: readonly bigint[];
}

export interface LeafProof {
  readonly leaves: readonly LeafArgument[];
  readonly siblings: readonly bigint[];
}

export function leafArgument(account: number, leaf: AccountLeaf): LeafArgument {
  return {
    account,
    ax: leaf.ax,
    ay: leaf.ay,
    owner: `0x${leaf.owner.toString(16).padStart(40, "0")}`,
    adjustedCollateralPicoUsd: fieldFromSigned(adjustedCollateralPicoUsd(leaf)),
    orderRoot: leaf.orderRoot,
    counters: countersWord(leaf),
    sizeWords: sizeWords(leaf.sizesLots),
  };
}

/**
 * Many leaves with what is beside their ways to the root, every node once: level by level from the leaves upwards, each from left to
 * right. What the leaves themselves lead to is left out.
 * @param accounts each once, in any order
 */
export function leafProof(source: LeafSource, accounts: readonly number[]): LeafProof {
  const rising = [...accounts].sort((a, b) => a - b);
  const siblings: bigint[] = [];
  // Of each node on the level: its place, and an account below it.
  let nodes = rising.map((account) => ({ place: account, account }));
  const paths = new Map(rising.map((account) => [account, source.path(account)]));
  for (let level = 0; level < ACCOUNT_TREE_LEVELS; level++) {
    const known = new Set(nodes.map(({ place }) => place));
    const parents = new Map(nodes.map(({ place, account }) => [Math.floor(place / TREE_ARITY), account]));
    for (const [parent, account] of parents) {
      const children = paths.get(account)?.[level] ?? [];
      children.forEach((child, digit) => {
        if (!known.has(parent * TREE_ARITY + digit)) siblings.push(child);
      });
    }
    nodes = [...parents].map(([place, account]) => ({ place, account }));
  }
  return { leaves: rising.map((account) => leafArgument(account, source.leaf(account))), siblings };
}
