import { expect } from "chai";
import { BOOK_SIDE_COUNT } from "../../matcher/book/order.ts";
import { NIL, OrderPool } from "../../matcher/book/order-pool.ts";
import { PriceLevels } from "../../matcher/book/price-levels.ts";
import { Xorshift } from "../fixtures/xorshift.ts";

interface Order {
  node: number;
  side: number;
  priceTicks: number;
  lots: number;
}

describe("book: price levels", () => {
  it("are found by side and price as in a plain list, while levels open, close and reopen elsewhere", () => {
    const random = new Xorshift(9);
    const pool = new OrderPool(16);
    const levels = new PriceLevels(pool);
    const orders: Order[] = [];
    const draw = () =>
      random.once(2) ? 1 + random.below(60) : random.pick([2 ** 32 - 1, 2 ** 31, random.below(2 ** 32)]);
    for (let step = 0; step < 12_000; step++) {
      if (orders.length > 0 && random.once(2)) {
        const [gone] = orders.splice(random.below(orders.length), 1) as [Order];
        levels.unlink(gone.node);
        pool.release(gone.node);
      } else {
        const [side, priceTicks, lots] = [random.below(BOOK_SIDE_COUNT), draw(), 1 + random.below(2 ** 40)];
        const node = pool.allocate();
        pool.setPriceTicks(node, priceTicks);
        pool.setRemainingLots(node, lots);
        levels.append(node, side, levels.find(side, priceTicks));
        orders.push({ node, side, priceTicks, lots });
      }
      const looked = random.once(2) && orders.length > 0 ? random.pick(orders) : undefined;
      const [side, priceTicks] = [looked?.side ?? random.below(BOOK_SIDE_COUNT), looked?.priceTicks ?? draw()];
      const there = orders.filter((order) => order.side === side && order.priceTicks === priceTicks);
      const level = levels.find(side, priceTicks);
      if (there.length === 0) expect(level).to.equal(NIL);
      else {
        expect(levels.priceTicks(level)).to.equal(priceTicks);
        expect(levels.orderCount(level)).to.equal(there.length);
        expect(levels.totalLots(level)).to.equal(there.reduce((sum, { lots }) => sum + lots, 0));
        expect(levels.head(level)).to.equal(there[0]?.node);
      }
    }
    expect(orders.length).to.be.above(20);
  });
});
