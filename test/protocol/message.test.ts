import { expect } from "chai";
import fc from "fast-check";
import {
  messageWord,
  type OrderMessage,
  orderFromWord,
  SELF_TRADES,
  TIMES_IN_FORCE,
} from "../../matcher/protocol/message.ts";
import { SAMPLE_ORDER } from "./sample-messages.ts";

const anyOrder: fc.Arbitrary<OrderMessage> = fc.record({
  kind: fc.constant("order" as const),
  account: fc.integer({ min: 0, max: 2 ** 18 - 1 }),
  market: fc.integer({ min: 0, max: 7 }),
  side: fc.constantFrom("buy" as const, "sell" as const),
  keepFilled: fc.boolean(),
  reduceOnly: fc.boolean(),
  postOnly: fc.boolean(),
  timeInForce: fc.constantFrom(...TIMES_IN_FORCE),
  selfTrade: fc.constantFrom(...SELF_TRADES),
  slot: fc.integer({ min: 0, max: 4095 }),
  sequence: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  expirySeconds: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  maxFeePpm: fc.integer({ min: -(2 ** 19), max: 2 ** 19 - 1 }),
  limitPriceTicks: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  quantityLots: fc.integer({ min: 0, max: 2 ** 40 - 1 }),
});

describe("message word", () => {
  it("gives every order back, so that no two orders share a word", () => {
    fc.assert(
      fc.property(anyOrder, (order) => {
        expect(orderFromWord(messageWord(order))).to.deep.equal(order);
      }),
      { numRuns: 2_000, seed: 12 },
    );
  });

  it("refuses bits that no order has", () => {
    const flagsShift = 23n;
    const word = messageWord(SAMPLE_ORDER);
    expect(orderFromWord(word)).to.deep.equal(SAMPLE_ORDER);
    for (const flags of [0b0000_1100n, 0b0100_0000n, 0b1000_0000n]) {
      expect(() => orderFromWord(word | (flags << flagsShift))).to.throw(RangeError, "flags");
    }
    expect(() => orderFromWord(word | (1n << 215n))).to.throw(RangeError);
  });
});
