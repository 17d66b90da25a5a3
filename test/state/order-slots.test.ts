import { expect } from "chai";
import { ACCOUNTS, ORDER_SLOTS } from "../../matcher/protocol/spec.ts";
import { KeyIndex, NONE } from "../../matcher/state/key-index.ts";
import { OrderSlots } from "../../matcher/state/order-slots.ts";
import { UNUSED_SLOT } from "../../matcher/state/order-tree.ts";
import type { OrderSlot } from "../../matcher/state/trace.ts";
import { Xorshift } from "../fixtures/xorshift.ts";

describe("packed order slots", () => {
  it("agree with a map of maps over random writes, and list the same in canonical order", () => {
    for (let seed = 0; seed < 12; seed++) {
      const random = new Xorshift(seed);
      const slots = new OrderSlots();
      const model = new Map<number, Map<number, OrderSlot>>();
      const accounts = [0, 1, 2, 255, ACCOUNTS - 1, random.below(ACCOUNTS), random.below(ACCOUNTS)];
      for (let write = 0; write < 800; write++) {
        const account = random.pick(accounts);
        const slot = random.once(3) ? random.below(ORDER_SLOTS) : random.pick([0, 1, 7, 8, ORDER_SLOTS - 1]);
        const known = model.get(account) ?? new Map<number, OrderSlot>();
        model.set(account, known);
        const content = random.once(5)
          ? UNUSED_SLOT
          : {
              sequence: 1 + random.below(2 ** 48 - 1),
              filledLots: random.pick([0, 1, random.below(2 ** 40), 2 ** 40 - 1]),
            };
        slots.set(account, slot, content);
        if (content === UNUSED_SLOT) known.delete(slot);
        else known.set(slot, content);
        expect(slots.get(account, slot)).to.deep.equal(content);
        const other = [random.pick(accounts), random.below(ORDER_SLOTS)] as const;
        expect(slots.get(...other)).to.deep.equal(model.get(other[0])?.get(other[1]) ?? UNUSED_SLOT);
      }
      const byIndex = ([a]: readonly [number, unknown], [b]: readonly [number, unknown]) => a - b;
      const listed = [...model].sort(byIndex).map(([account, known]) => [account, [...known].sort(byIndex)] as const);
      expect([...slots.byAccount()]).to.deep.equal(listed.filter(([, known]) => known.length > 0));
    }
  });

  it("are empty at first", () => {
    const slots = new OrderSlots();
    expect([...slots.byAccount()]).to.deep.equal([]);
    expect(slots.get(ACCOUNTS - 1, ORDER_SLOTS - 1)).to.equal(UNUSED_SLOT);
  });

  it("take the last account and slot, and refuse the next ones instead of another's place", () => {
    const slots = new OrderSlots();
    slots.set(ACCOUNTS - 1, ORDER_SLOTS - 1, { sequence: 1, filledLots: 0 });
    expect(slots.get(ACCOUNTS - 1, ORDER_SLOTS - 1)).to.deep.equal({ sequence: 1, filledLots: 0 });
    for (const [account, slot] of [
      [ACCOUNTS, 0],
      [-1, 0],
      [0, ORDER_SLOTS],
      [0, -1],
      [Number.NaN, 0],
    ] as const) {
      expect(() => slots.get(account, slot)).to.throw(RangeError);
      expect(() => slots.set(account, slot, UNUSED_SLOT)).to.throw(RangeError);
    }
  });

  it("take less than 60 bytes each, a million of them", () => {
    const slots = new OrderSlots();
    for (let i = 0; i < 1_000_000; i++) slots.set(i % 1_000, Math.floor(i / 1_000), { sequence: i + 1, filledLots: 1 });
    expect(slots.size).to.equal(1_000_000);
    expect(slots.bytesAllocated / 1_000_000).to.be.below(60);
  });
});

describe("key index", () => {
  it("gives keys consecutive places and finds no others, over growth and collisions", () => {
    const random = new Xorshift(7);
    const index = new KeyIndex();
    const model = new Map<number, number>();
    for (let draw = 0; draw < 20_000; draw++) {
      const key = random.once(2) ? random.below(2 ** 31) : random.below(3_000) * 4_096;
      const place = model.get(key) ?? model.size;
      expect(index.find(key)).to.equal(model.get(key) ?? NONE);
      model.set(key, place);
      expect(index.ensure(key)).to.equal(place);
      expect(index.key(place)).to.equal(key);
    }
    expect(index.size).to.equal(model.size);
    expect([...index.sortedKeys()]).to.deep.equal([...model.keys()].sort((a, b) => a - b));
  });
});
