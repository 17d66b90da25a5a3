import { expect } from "chai";
import { EMPTY_ORDER_ROOT, GENESIS_ACCOUNT_ROOT } from "../../matcher/protocol/derived.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { MerkleTree, treeShape } from "../../matcher/state/merkle-tree.ts";
import { OrderTree, orderTreeShape, slotWord } from "../../matcher/state/order-tree.ts";
import { Xorshift } from "../fixtures/xorshift.ts";

/** The root of all leaves, the obvious way. */
function rootOf(hash: Poseidon, leaves: bigint[]): bigint {
  let nodes = leaves;
  while (nodes.length > 1)
    nodes = Array.from({ length: nodes.length / 8 }, (_, i) => hash(nodes.slice(8 * i, 8 * i + 8)));
  return nodes[0] as bigint;
}

describe("merkle tree", () => {
  let hash: Poseidon;
  before(async () => {
    hash = await buildFastPoseidon();
  });

  it("has the protocol's empty roots", () => {
    expect(new MerkleTree(treeShape(hash, 6)).root).to.equal(GENESIS_ACCOUNT_ROOT);
    expect(new OrderTree(orderTreeShape(hash)).root).to.equal(EMPTY_ORDER_ROOT);
  });

  it("has the root of all its leaves, after single and joint updates", () => {
    const random = new Xorshift(1);
    const leaves = new Array<bigint>(512).fill(0n);
    const single = new MerkleTree(treeShape(hash, 3));
    const joint = new MerkleTree(treeShape(hash, 3));
    for (let round = 0; round < 8; round++) {
      const entries = Array.from({ length: 6 }, () => [random.below(512), random.next64()] as const);
      for (const [index, value] of entries) {
        leaves[index] = value;
        single.set(index, value);
      }
      joint.setMany(entries);
      expect(single.root).to.equal(rootOf(hash, leaves));
      expect(joint.root).to.equal(single.root);
    }
    expect(leaves.every((value, index) => single.get(index) === value && joint.get(index) === value)).to.equal(true);
    expect(single.level(1)).to.deep.equal(joint.level(1));
  });

  it("does not care about the order of updates, and forgets what was overwritten", () => {
    const shape = treeShape(hash, 3);
    const [a, b] = [new MerkleTree(shape), new MerkleTree(shape)];
    a.set(5, 1n);
    a.set(511, 2n);
    b.set(511, 9n);
    b.set(5, 1n);
    b.set(511, 2n);
    expect(a.root).to.equal(b.root);
    b.set(5, 0n);
    b.set(511, 0n);
    expect(b.root).to.equal(new MerkleTree(shape).root);
    a.setMany([]);
    expect(a.root).not.to.equal(b.root);
  });

  it("gives paths that hash to the root, the leaf's own digit first, and that later updates leave alone", () => {
    const tree = new MerkleTree(treeShape(hash, 6));
    const index = 0o123456;
    tree.set(index, 7n);
    tree.set(index ^ 1, 8n);
    const path = tree.path(index);
    const root = tree.root;
    tree.set(index, 70n);
    expect(path).to.have.length(6);
    expect(path[0]?.[6]).to.equal(7n);
    expect(path[0]?.[7]).to.equal(8n);
    let rest = index;
    for (let level = 0; level < 6; level++) {
      const above = level === 5 ? root : path[level + 1]?.[Math.floor(rest / 8) % 8];
      expect(hash(path[level] as bigint[])).to.equal(above);
      rest = Math.floor(rest / 8);
    }
  });

  it("holds 2^18 leaves, the last one included, and no more", () => {
    const tree = new MerkleTree(treeShape(hash, 6));
    expect(tree.capacity).to.equal(2 ** 18);
    tree.set(2 ** 18 - 1, 5n);
    expect(tree.get(2 ** 18 - 1)).to.equal(5n);
    expect(tree.node(6, 0)).to.equal(tree.root);
    for (const index of [2 ** 18, -1, 0.5]) {
      expect(() => tree.set(index, 1n)).to.throw(RangeError, `no leaf ${index}`);
      expect(() => tree.path(index)).to.throw(RangeError, `no leaf ${index}`);
    }
    expect(() => tree.node(4, 64)).to.throw(RangeError, "no node 64 on level 4");
  });

  it("packs an order slot as sequence + 2^48 · filled", () => {
    expect(slotWord({ sequence: 0, filledLots: 0 })).to.equal(0n);
    expect(slotWord({ sequence: 2 ** 48 - 1, filledLots: 3 })).to.equal(2n ** 48n - 1n + 3n * 2n ** 48n);
  });

  it("sets many order slots as one by one", () => {
    const shape = orderTreeShape(hash);
    const [a, b] = [new OrderTree(shape), new OrderTree(shape)];
    const slots = [0, 7, 8, 4095].map((slot) => [slot, { sequence: slot + 1, filledLots: 2 * slot }] as const);
    for (const [slot, content] of slots) a.set(slot, content);
    b.setMany(slots);
    expect(b.root).to.equal(a.root);
    expect(b.path(8)).to.deep.equal(a.path(8));
  });
});
