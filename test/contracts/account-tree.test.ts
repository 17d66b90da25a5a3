import { expect } from "chai";
import type { BaseContract } from "ethers";
import { type LeafProof, leafProof } from "../../matcher/escape/leaf-proof.ts";
import { ACCOUNTS, FIELD_ORDER } from "../../matcher/protocol/spec.ts";
import { Seeded } from "../protocol/seeded.ts";
import { ethers } from "./chain.ts";
import { LeafForest } from "./leaf-forest.ts";

describe("AccountTree.rootOf", () => {
  let tree: BaseContract;
  const random = new Seeded("account tree");
  const forest = new LeafForest();

  before(async () => {
    tree = await ethers.deployContract("AccountTree");
    const accounts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 63, 64, 65, 511, 512, 4_095, 32_768, 200_000, ACCOUNTS - 1];
    forest.plant(accounts.map((account) => [account, forest.random(random)] as const));
  });

  const rootOf = ({ leaves, siblings }: LeafProof): Promise<bigint> =>
    tree.getFunction("rootOf").staticCall(leaves, siblings) as Promise<bigint>;
  const refused = (proof: LeafProof, error: string) => expect(rootOf(proof)).to.be.revertedWithCustomError(tree, error);

  it("is the tree's root, for one leaf of each place", async () => {
    for (const account of forest.accounts) {
      const proof = leafProof(forest, [account]);
      expect(proof.siblings).to.have.length(7 * 6);
      expect(await rootOf(proof), `account ${account}`).to.equal(forest.root);
    }
  });

  it("is the tree's root, for sets of leaves of any size", async () => {
    for (let i = 0; i < 20; i++) {
      const some = forest.accounts.filter(() => random.integer(3) < i % 4 || random.integer(5) === 0);
      if (some.length > 0) expect(await rootOf(leafProof(forest, some))).to.equal(forest.root);
    }
    const all = leafProof(forest, [...forest.accounts].reverse());
    expect(await rootOf(all)).to.equal(forest.root);
    expect(all.siblings.length).to.be.below(7 * 6 * 8);
  });

  it("is another one for another word of a leaf, another account or another sibling", async () => {
    const proof = leafProof(forest, [8, 9]);
    const [first, second] = proof.leaves as [LeafProof["leaves"][0], LeafProof["leaves"][0]];
    const changed: LeafProof["leaves"][] = [
      [{ ...first, ax: first.ax + 1n }, second],
      [{ ...first, ay: first.ay + 1n }, second],
      [{ ...first, owner: second.owner }, second],
      [{ ...first, adjustedCollateralPicoUsd: first.adjustedCollateralPicoUsd + 1n }, second],
      [{ ...first, orderRoot: first.orderRoot + 1n }, second],
      [{ ...first, counters: first.counters + 1n }, second],
      [{ ...first, sizeWords: [(first.sizeWords[0] as bigint) + 1n, first.sizeWords[1] as bigint] }, second],
      [{ ...first, sizeWords: [first.sizeWords[0] as bigint, (first.sizeWords[1] as bigint) + 1n] }, second],
      [first, { ...second, account: 10 }],
      [
        { ...second, account: 8 },
        { ...first, account: 9 },
      ],
    ];
    for (const leaves of changed) expect(await rootOf({ ...proof, leaves })).to.not.equal(forest.root);
    for (const place of proof.siblings.keys()) {
      const siblings = proof.siblings.map((sibling, i) => (i === place ? sibling + 1n : sibling));
      expect(await rootOf({ ...proof, siblings })).to.not.equal(forest.root);
    }
  });

  it("refuses words that another one has the same hash as: r more is the same field element", async () => {
    const proof = leafProof(forest, [1]);
    const leaf = proof.leaves[0] as LeafProof["leaves"][0];
    for (const aliased of [
      { ...leaf, ax: leaf.ax + FIELD_ORDER },
      { ...leaf, adjustedCollateralPicoUsd: FIELD_ORDER },
      { ...leaf, sizeWords: [leaf.sizeWords[0] as bigint, (leaf.sizeWords[1] as bigint) + FIELD_ORDER] },
    ]) {
      await refused({ ...proof, leaves: [aliased] }, "LeafNotInField");
    }
  });

  it("refuses leaves out of order, twice, or that the tree has no room for", async () => {
    const proof = leafProof(forest, [8, 9]);
    const [first, second] = proof.leaves as [LeafProof["leaves"][0], LeafProof["leaves"][0]];
    await refused({ ...proof, leaves: [second, first] }, "LeavesOutOfOrder");
    await refused({ ...proof, leaves: [first, first] }, "LeavesOutOfOrder");
    await refused({ ...proof, leaves: [first, { ...second, account: ACCOUNTS }] }, "LeavesOutOfOrder");
    await refused({ ...proof, leaves: [] }, "NoLeaves");
  });

  it("refuses a sibling too few and one too many", async () => {
    const proof = leafProof(forest, [3, 64]);
    await refused({ ...proof, siblings: proof.siblings.slice(0, -1) }, "WrongSiblings");
    await refused({ ...proof, siblings: [...proof.siblings, 0n] }, "WrongSiblings");
  });
});
