import { expect } from "chai";
import { EMPTY_ORDER_ROOT } from "../../matcher/protocol/derived.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { ACCOUNTS, FILLED_CANCELLED, ORDER_SLOTS } from "../../matcher/protocol/spec.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { NodeTable } from "../../matcher/state/node-table.ts";
import { OrderForest } from "../../matcher/state/order-forest.ts";
import { OrderTree, orderTreeShape, slotFromWord, slotWord, UNUSED_SLOT } from "../../matcher/state/order-tree.ts";
import type { OrderSlot } from "../../matcher/state/trace.ts";
import { Xorshift } from "../fixtures/xorshift.ts";

describe("the order trees of all accounts", () => {
  let hash: Poseidon;
  before(async () => {
    hash = await buildFastPoseidon();
  });

  it("have the roots, paths and slots of trees of their own, after single and joint writes", () => {
    const random = new Xorshift(11);
    const forest = new OrderForest(hash);
    const shape = orderTreeShape(hash);
    const accounts = [0, 1, 2, ACCOUNTS - 1];
    const trees = new Map(accounts.map((account) => [account, new OrderTree(shape)]));
    const contents = new Map<string, OrderSlot>();
    const draw = () => random.pick([0, 1, 8, 63, 64, 511, 512, ORDER_SLOTS - 1, random.below(ORDER_SLOTS)]);
    for (let round = 0; round < 60; round++) {
      const account = random.pick(accounts);
      const tree = trees.get(account) as OrderTree;
      const slots = Array.from({ length: random.between(0, 3) }, (): [number, OrderSlot] => [
        draw(),
        {
          sequence: 1 + random.below(2 ** 48 - 1),
          filledLots: random.pick([0, FILLED_CANCELLED, random.below(2 ** 40)]),
        },
      ]);
      for (const [slot, content] of slots) contents.set(`${account}/${slot}`, content);
      if (random.once(2)) {
        forest.setMany(account, slots);
        tree.setMany(slots);
      } else {
        for (const [slot, content] of slots) {
          forest.set(account, slot, content);
          tree.set(slot, content);
        }
      }
      for (const other of accounts) expect(forest.root(other)).to.equal((trees.get(other) as OrderTree).root);
      const slot = draw();
      expect(forest.path(account, slot)).to.deep.equal(tree.path(slot));
      expect(forest.slot(account, slot)).to.deep.equal(contents.get(`${account}/${slot}`) ?? UNUSED_SLOT);
    }
  });

  it("are empty trees where nothing was written, and their paths do not change afterwards", () => {
    const forest = new OrderForest(hash);
    expect(forest.root(5)).to.equal(EMPTY_ORDER_ROOT);
    const before = forest.path(5, 9);
    const copy = structuredClone(before);
    forest.set(5, 8, { sequence: 3, filledLots: 1 });
    expect(before).to.deep.equal(copy);
    expect(forest.root(4)).to.equal(EMPTY_ORDER_ROOT);
    expect(forest.root(6)).to.equal(EMPTY_ORDER_ROOT);
    expect(() => forest.set(5, ORDER_SLOTS, { sequence: 1, filledLots: 0 })).to.throw(RangeError);
  });

  it("read a slot back from its word", () => {
    for (const slot of [
      UNUSED_SLOT,
      { sequence: 2 ** 48 - 1, filledLots: FILLED_CANCELLED },
      { sequence: 1, filledLots: 0 },
    ]) {
      expect(slotFromWord(slotWord(slot))).to.deep.equal(slot);
    }
  });
});

describe("node table", () => {
  it("agrees with a map over random writes of values up to 2^256 − 1", () => {
    const random = new Xorshift(3);
    const table = new NodeTable();
    const model = new Map<number, bigint>();
    for (let write = 0; write < 6_000; write++) {
      const key = random.below(4_000);
      const wide = (random.next64() << 192n) | (random.next64() << 128n) | (random.next64() << 64n) | random.next64();
      const value = random.pick([0n, 1n, 2n ** 64n, 2n ** 256n - 1n, wide]);
      table.set(key, value);
      model.set(key, value);
      const other = random.below(4_000);
      expect(table.get(other)).to.equal(model.get(other));
    }
    for (const [key, value] of model) expect(table.get(key)).to.equal(value);
    expect(table.size).to.equal(model.size);
  });

  it("refuses what it could only keep in part", () => {
    const table = new NodeTable();
    for (const value of [-1n, 2n ** 256n]) expect(() => table.set(1, value)).to.throw(RangeError);
  });
});
