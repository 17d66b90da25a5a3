import { expect } from "chai";
import type { OrderMessage } from "../../matcher/protocol/message.ts";
import type { Ledger } from "../../matcher/state/ledger.ts";
import { audit } from "../../matcher/state/ledger-audit.ts";
import { fill, message, order, sampleLedger } from "./sample-ledger.ts";

/**
 * What an operator who holds a trader's signed conditional orders could have settled, whatever the conditions say: the batch predicate,
 * which is the circuit's, asked directly. Account 1 has signed; account 2 trades with it.
 */
const PRICE = 100;
const RICH = [100_000n, 100_000n, 100_000n];

const sell = (change: Partial<OrderMessage> = {}) =>
  order({ account: 1, side: "sell", slot: 7, sequence: 64, quantityLots: 10, limitPriceTicks: PRICE - 5, ...change });
let others = 0;
const against = (quantityLots: number, side: "buy" | "sell" = "buy") => {
  others += 1;
  return order({ account: 2, side, slot: others, quantityLots });
};

/** "ok" and done, or what the predicate says of account 1's side. */
function settle(ledger: Ledger, signed: ReturnType<typeof sell>, quantityLots: number, priceTicks = PRICE): string {
  const taker = against(quantityLots, signed.side === "sell" ? "buy" : "sell");
  const given = fill({ maker: signed, taker, quantityLots, priceTicks });
  const verdict = ledger.checkFill(given);
  if (verdict !== "ok") return verdict;
  ledger.applyFill(given);
  return "ok";
}

describe("what signed conditional orders allow an operator", () => {
  it("alternatives: both legs together fill no more than the larger one, in any order and in any parts", () => {
    const limit = sell({ limitPriceTicks: PRICE + 5 });
    const stop = sell();
    const { ledger } = sampleLedger(RICH);
    expect(settle(ledger, limit, 4, PRICE + 5)).to.equal("ok");
    expect(settle(ledger, stop, 7)).to.equal("maker-refused:overfilled");
    expect(settle(ledger, stop, 6)).to.equal("ok");
    expect(settle(ledger, limit, 1, PRICE + 5)).to.equal("maker-refused:overfilled");
    expect(settle(ledger, stop, 1)).to.equal("maker-refused:overfilled");
    expect(ledger.positionLots(1, 0)).to.equal(-10);
    expect(audit(ledger)).to.deep.equal([]);
  });

  it("alternatives of two sizes: the sum is bounded by the larger one, whichever came first", () => {
    for (const sizes of [
      [10, 15],
      [15, 10],
    ] as const) {
      const { ledger } = sampleLedger(RICH);
      const [first, second] = sizes.map((quantityLots) => sell({ quantityLots, limitPriceTicks: quantityLots })) as [
        ReturnType<typeof sell>,
        ReturnType<typeof sell>,
      ];
      expect(settle(ledger, first, sizes[0])).to.equal("ok");
      const left = Math.max(sizes[1] - sizes[0], 0);
      expect(settle(ledger, second, left + 1)).to.equal("maker-refused:overfilled");
      if (left > 0) expect(settle(ledger, second, left)).to.equal("ok");
      expect(ledger.positionLots(1, 0)).to.equal(-15);
    }
  });

  it("alternatives of both sides, around the price: the lots of both count as one, too", () => {
    const { ledger } = sampleLedger(RICH);
    expect(settle(ledger, sell(), 6)).to.equal("ok");
    expect(settle(ledger, sell({ side: "buy", limitPriceTicks: PRICE + 5 }), 5)).to.equal("maker-refused:overfilled");
    expect(settle(ledger, sell({ side: "buy", limitPriceTicks: PRICE + 5 }), 4)).to.equal("ok");
  });

  it("no part is worse than the signed limit, and no sum of parts more than the signed size", () => {
    const { ledger } = sampleLedger(RICH);
    expect(settle(ledger, sell(), 1, PRICE - 6)).to.equal("maker-refused:limit-price");
    for (let part = 0; part < 5; part++) expect(settle(ledger, sell(), 2, PRICE - 5)).to.equal("ok");
    expect(settle(ledger, sell(), 1)).to.equal("maker-refused:overfilled");
  });

  it("nothing after the expiry, below the account's minimum sequence, or once a cancel of the slot is settled", () => {
    const { ledger } = sampleLedger(RICH);
    expect(settle(ledger, sell({ expirySeconds: 999 }), 1)).to.equal("maker-refused:expired");
    expect(settle(ledger, sell(), 3)).to.equal("ok");
    ledger.applyCancel(message({ kind: "cancel", account: 1, slot: 7, sequence: 64 }));
    expect(settle(ledger, sell(), 1)).to.equal("maker-refused:overfilled");
    expect(settle(ledger, sell({ limitPriceTicks: 1 }), 1)).to.equal("maker-refused:overfilled");
    ledger.applyCancelAll(message({ kind: "cancelAll", account: 1, sequence: 65 }));
    expect(settle(ledger, sell({ slot: 8 }), 1)).to.equal("maker-refused:below-min-sequence");
  });

  it("nothing once another order of a higher sequence has filled on the slot", () => {
    const { ledger } = sampleLedger(RICH);
    expect(settle(ledger, sell({ sequence: 128 }), 1)).to.equal("ok");
    expect(settle(ledger, sell(), 1)).to.equal("maker-refused:superseded");
  });

  it("but what only conditions say is a promise: price of the trigger, time of the parts, an entry's fill, and reduce-only are not asked", () => {
    const { ledger } = sampleLedger(RICH);
    // A stop that is not triggered, an exit without its entry, a TWAP at once: all within what was signed.
    expect(settle(ledger, sell({ timeInForce: "IOC", reduceOnly: true }), 10)).to.equal("ok");
    expect(ledger.positionLots(1, 0)).to.equal(-10);
  });
});
