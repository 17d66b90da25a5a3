import type { LeafSource } from "../../matcher/escape/leaf-proof.ts";
import type { AccountLeaf } from "../../matcher/protocol/account.ts";
import { leafInputs } from "../../matcher/protocol/account.ts";
import { poseidon } from "../../matcher/protocol/poseidon.ts";
import { ACCOUNT_TREE_LEVELS, MARKETS } from "../../matcher/protocol/spec.ts";
import { MerkleTree, treeShape } from "../../matcher/state/merkle-tree.ts";
import type { Seeded } from "../protocol/seeded.ts";

/** Leaves as a test wants them, in the tree that they make. */
export class LeafForest implements LeafSource {
  readonly #tree = new MerkleTree(treeShape(poseidon, ACCOUNT_TREE_LEVELS));
  readonly #leaves = new Map<number, AccountLeaf>();

  get root(): bigint {
    return this.#tree.root;
  }

  get accounts(): number[] {
    return [...this.#leaves.keys()].sort((a, b) => a - b);
  }

  plant(leaves: readonly (readonly [number, AccountLeaf])[]): void {
    for (const [account, leaf] of leaves) this.#leaves.set(account, leaf);
    this.#tree.setMany(leaves.map(([account, leaf]) => [account, poseidon(leafInputs(leaf))] as const));
  }

  leaf(account: number): AccountLeaf {
    const leaf = this.#leaves.get(account);
    if (leaf === undefined) throw new RangeError(`no account ${account}`);
    return leaf;
  }

  path(account: number): bigint[][] {
    return this.#tree.path(account);
  }

  /** A leaf of anything. */
  random(random: Seeded): AccountLeaf {
    const signed = (limit: number) => BigInt(random.integer(limit)) - BigInt(Math.floor(limit / 2));
    return {
      ax: random.field(),
      ay: random.field(),
      owner: random.field() >> 94n,
      collateralPicoUsd: signed(2 ** 52) * 1_000_000n,
      orderRoot: random.field(),
      withdrawalNonce: random.integer(2 ** 32),
      minSequence: random.integer(2 ** 48),
      sizesLots: Array.from({ length: MARKETS }, () => signed(2 ** 41)),
      fundingIndexPicoUsd: Array.from({ length: MARKETS }, () => signed(2 ** 50)),
    };
  }
}

/** A leaf of so much collateral and these positions, with funding at index 0, of nobody's key. */
export function plainLeaf(owner: string, collateralMicroUsd: bigint, sizesLots: readonly bigint[] = []): AccountLeaf {
  return {
    ax: 1n,
    ay: 2n,
    owner: BigInt(owner),
    collateralPicoUsd: collateralMicroUsd * 1_000_000n,
    orderRoot: 3n,
    withdrawalNonce: 4,
    minSequence: 5,
    sizesLots: Array.from({ length: MARKETS }, (_, market) => sizesLots[market] ?? 0n),
    fundingIndexPicoUsd: new Array<bigint>(MARKETS).fill(0n),
  };
}
