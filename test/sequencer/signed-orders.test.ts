import { expect } from "chai";
import type { MatchingEngine } from "../../matcher/book/matching-engine.ts";
import type { OrderMessage, Signed } from "../../matcher/protocol/message.ts";
import { SignedOrders } from "../../matcher/sequencer/signed-orders.ts";
import { NOW_SECONDS, newEngine, order } from "../book/sample-orders.ts";
import { Xorshift } from "../fixtures/xorshift.ts";

const ACCOUNTS = 4;
const SLOTS = 40;

function wide(random: Xorshift): bigint {
  return (random.next64() << 192n) | (random.next64() << 128n) | (random.next64() << 64n) | random.next64();
}

function message(change: Partial<OrderMessage>, random = new Xorshift(1)): Signed<OrderMessage> {
  const signature = { r8x: wide(random), r8y: wide(random), s: wide(random) };
  return { kind: "order", ...order(change), maxFeePpm: change.maxFeePpm ?? 500, signature };
}

/** Places it, and keeps its message if it rests, as the exchange does. */
function place(engine: MatchingEngine, kept: SignedOrders, placed: Signed<OrderMessage>): boolean {
  const [first] = engine.place(placed, NOW_SECONDS);
  if (first?.type === "rejected") return false;
  if (engine.book.live(placed.account, placed.slot) !== -1) kept.keep(placed);
  return true;
}

describe("signed messages of resting orders", () => {
  it("are those that were sent, whatever was placed, replaced, amended, filled and cancelled in between", () => {
    for (let seed = 0; seed < 6; seed++) {
      const random = new Xorshift(seed);
      const { engine } = newEngine();
      const kept = new SignedOrders(engine.book);
      const sent = new Map<string, Signed<OrderMessage>>();
      let sequence = 2 ** 33;
      for (let command = 0; command < 700; command++) {
        const account = 1 + random.below(ACCOUNTS);
        const slot = random.below(SLOTS);
        if (random.once(4)) engine.cancel(account, slot, null);
        else {
          sequence += random.between(1, 3) * 2 ** random.between(0, 31);
          const placed = message(
            {
              account,
              slot,
              sequence,
              side: random.pick(["buy", "sell"]),
              market: random.below(2),
              limitPriceTicks: random.between(95, 105),
              quantityLots: random.pick([1, 10, 2 ** 40 - 1]),
              keepFilled: random.once(3),
              postOnly: random.once(4),
              selfTrade: random.pick(["expire-maker", "expire-taker", "expire-both", "decrement"]),
              expirySeconds: NOW_SECONDS + random.below(900_000),
              maxFeePpm: random.pick([-(2 ** 19), 0, 2 ** 19 - 1]),
            },
            random,
          );
          if (place(engine, kept, placed)) sent.set(`${account}/${slot}`, placed);
        }
        for (let look = 0; look < 6; look++) {
          const [a, s] = [1 + random.below(ACCOUNTS), random.below(SLOTS)];
          const live = engine.book.live(a, s) !== -1;
          expect(kept.get(a, s)).to.deep.equal(live ? sent.get(`${a}/${s}`) : undefined);
        }
      }
      expect(engine.book.orderCount).to.be.above(10);
    }
  });

  it("are not another order's, after its place in the book has been taken by one that nobody kept", () => {
    const { engine } = newEngine();
    const kept = new SignedOrders(engine.book);
    place(engine, kept, message({ account: 1, sequence: 5 }));
    engine.cancel(1, 0, null);
    engine.place(order({ account: 2, sequence: 6 }), NOW_SECONDS);
    expect(engine.book.live(2, 0)).to.not.equal(-1);
    expect(kept.get(1, 0)).to.equal(undefined);
    expect(kept.get(2, 0)).to.equal(undefined);
  });

  it("are not kept for an order that does not rest, or rests in another revision", () => {
    const { engine } = newEngine();
    const kept = new SignedOrders(engine.book);
    expect(() => kept.keep(message({}))).to.throw("does not rest");
    engine.place(order({ sequence: 2 }), NOW_SECONDS);
    expect(() => kept.keep(message({ sequence: 1 }))).to.throw("does not rest");
    const beyond = { ...message({ sequence: 2 }), signature: { r8x: 2n ** 256n, r8y: 0n, s: 0n } };
    expect(() => kept.keep(beyond)).to.throw(RangeError);
  });
});
