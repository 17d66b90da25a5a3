import { expect } from "chai";
import { NIL } from "../../matcher/book/order-pool.ts";
import { SlotTable } from "../../matcher/book/slot-table.ts";
import { Xorshift } from "../fixtures/xorshift.ts";

describe("book: slot table", () => {
  it("agrees with a map over random keys, nodes and sequences, through growth and collisions", () => {
    const random = new Xorshift(2);
    const table = new SlotTable();
    const model = new Map<number, { sequence: number; node: number }>();
    for (let draw = 0; draw < 20_000; draw++) {
      const key = random.once(2) ? random.below(2 ** 30) : random.below(2_000) * 4_096;
      const known = model.get(key);
      const found = table.find(key);
      expect(found === NIL).to.equal(known === undefined);
      if (known !== undefined)
        expect([table.sequence(found), table.node(found)]).to.deep.equal([known.sequence, known.node]);
      const entry = table.ensure(key);
      if (known === undefined) expect([table.sequence(entry), table.node(entry)]).to.deep.equal([0, NIL]);
      const next = { sequence: random.below(2 ** 48), node: random.once(2) ? NIL : random.below(2 ** 31) };
      table.setSequence(entry, next.sequence);
      table.setNode(entry, next.node);
      model.set(key, next);
    }
    expect(table.size).to.equal(model.size);
    const vacant = [...model].filter(([, { node }]) => node === NIL).map(([key]) => key);
    expect(table.vacantKeys()).to.deep.equal(vacant.sort((a, b) => a - b));
  });
});
