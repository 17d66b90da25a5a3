import { readFileSync } from "node:fs";
import { expect } from "chai";
import fc from "fast-check";
import type { BookRules } from "../../matcher/book/book-rules.ts";
import { snapshot } from "../../matcher/book/book-snapshot.ts";
import type { BookOrder } from "../../matcher/book/order.ts";
import { orderReject, shapeReject } from "../../matcher/book/order-validity.ts";
import { REJECT_CODES, REJECTS, type RejectCode } from "../../matcher/protocol/reject.ts";
import { NOW_SECONDS, newEngine, order, RULES } from "./sample-orders.ts";

type VectorFields = Record<string, unknown> & {
  OrderId: { OrderFlags?: unknown; SubaccountId: { Number: number; Owner: string } };
  GoodTilOneof?: { GoodTilBlock?: number; GoodTilBlockTime?: number };
};

interface ValidityCase {
  name: string;
  order: VectorFields;
  expectedError: string | null;
}

const vectors = JSON.parse(readFileSync(new URL("../vectors/v4_order_validity.json", import.meta.url), "utf8")) as {
  cases: ValidityCase[];
};

/** Time of the vectors' epoch: their expiries are 100 or absent, which reads as 0. */
const VECTOR_NOW_SECONDS = 1;
const TIMES: Record<string, string> = {
  Order_TIME_IN_FORCE_UNSPECIFIED: "GTT",
  Order_TIME_IN_FORCE_IOC: "IOC",
  Order_TIME_IN_FORCE_FILL_OR_KILL: "FOK",
};
const RESTING_FLAGS: readonly unknown[] = [undefined, "OrderIdFlags_ShortTerm", "OrderIdFlags_LongTerm"];

/**
 * The vector's order as a sender would write it here. What Clearbook's signed order has no field for is carried along as an unknown
 * field, since dropping it would test something that nobody sent.
 */
function translate(fields: VectorFields): Record<string, unknown> {
  const { OrderId, GoodTilOneof, Quantums, Subticks, Side, TimeInForce, ReduceOnly, ...others } = fields;
  const owner = OrderId.SubaccountId.Owner;
  const unknownFields = { ...others };
  if (!RESTING_FLAGS.includes(OrderId.OrderFlags)) unknownFields.OrderFlags = OrderId.OrderFlags;
  return {
    ...order({ sequence: 1 }),
    account: owner === "addr" ? OrderId.SubaccountId.Number + 1 : owner,
    side: Side === "Order_SIDE_BUY" ? "buy" : Side,
    quantityLots: Quantums ?? 0,
    limitPriceTicks: Subticks ?? 0,
    expirySeconds: GoodTilOneof?.GoodTilBlock ?? GoodTilOneof?.GoodTilBlockTime ?? 0,
    timeInForce: TimeInForce === undefined ? "GTT" : (TIMES[TimeInForce as string] ?? TimeInForce),
    reduceOnly: ReduceOnly ?? false,
    ...unknownFields,
  };
}

function judge(value: unknown, rules: BookRules = RULES, nowSeconds = VECTOR_NOW_SECONDS): RejectCode | null {
  return shapeReject(value) ?? orderReject(value as BookOrder, rules, nowSeconds);
}

/** The same verdict on both sides, under our name. */
const SAME: Record<string, RejectCode | null> = {
  "invalid side": "INVALID_SIDE",
  "unspecified side": "INVALID_SIDE",
  "invalid subaccountId number": "INVALID_ACCOUNT",
  "invalid subaccountId owner": "INVALID_ACCOUNT",
  "invalid time in force": "INVALID_TIME_IN_FORCE",
  "long-term: zero GoodTilBlockTime": "EXPIRED",
  "short-term IOC reduce-only success": null,
  success: null,
  "zero GoodTilBlock": "EXPIRED",
  "zero quantums": "QUANTITY_ZERO",
  "zero subticks": "PRICE_ZERO",
};

interface Difference {
  here: RejectCode | null;
  why: string;
  /** Fields set right first, where the vector breaks a rule of ours besides the one it is about. */
  mend?: Partial<BookOrder>;
}

const builder = "there are no builder codes, and an order never carries a field without effect";
const conditional =
  "triggers live beside the book: the book takes an order once it is triggered, without its condition";
const twap = "a TWAP lives beside the book, which takes its children as plain orders";
const classes = "there are no order classes: one order may rest for days or fill at once";

/** Cases on which Clearbook's verdict, or its reason, is another one. */
const DIFFERENT: Record<string, Difference> = {
  "builder code parameters: above 10_000 fee ppm": { here: "MALFORMED", why: builder },
  "builder code parameters: zero fee ppm": { here: "MALFORMED", why: builder },
  "invalid builder address": { here: "MALFORMED", why: builder },
  "valid builder code parameters": { here: "MALFORMED", why: builder },
  "invalid order router address": { here: "MALFORMED", why: builder },
  "valid order router address": { here: "MALFORMED", why: builder },
  "conditional: unspecified condition type": { here: "MALFORMED", why: conditional },
  "conditional: valid": { here: "MALFORMED", why: conditional },
  "conditional: zero ConditionalOrderTriggerSubticks": { here: "MALFORMED", why: conditional },
  "conditional: zero GoodTilBlockTime": { here: "MALFORMED", why: conditional },
  "invalid condition type": { here: "MALFORMED", why: conditional },
  "long-term reduce-only disabled": { here: "MALFORMED", why: conditional },
  "non-conditional: greater than zero ConditionalOrderTriggerSubticks": { here: "MALFORMED", why: conditional },
  "non-conditional: specified condition type": { here: "MALFORMED", why: conditional },
  "order flag: invalid order flag": { here: "MALFORMED", why: classes },
  "fill-or-kill orders are deprecated": { here: null, why: "FOK is supported" },
  "long-term order reduce-only disabled": {
    here: null,
    why: "a reduce-only order may rest: it is removed when its account has nothing left to reduce",
  },
  "long-term: cannot be IOC": { here: null, why: classes, mend: { expirySeconds: 100, limitPriceTicks: 10 } },
  "twap: duration not multiple of interval": { here: "MALFORMED", why: twap },
  "twap: duration too large": { here: "MALFORMED", why: twap },
  "twap: duration too small": { here: "MALFORMED", why: twap },
  "twap: interval too large": { here: "MALFORMED", why: twap },
  "twap: interval too small": { here: "MALFORMED", why: twap },
  "twap: missing config": { here: "MALFORMED", why: twap },
  "twap: price tolerance too high": { here: "MALFORMED", why: twap },
  "twap: valid config": { here: "MALFORMED", why: twap },
};

describe("book: order validity, vectors of another exchange", () => {
  for (const vector of vectors.cases) {
    const difference = DIFFERENT[vector.name];
    if (difference === undefined) {
      it(`${vector.name}: ${SAME[vector.name] ?? "accepted"}`, () => {
        expect(Object.hasOwn(SAME, vector.name), "the case has a verdict").to.equal(true);
        const verdict = SAME[vector.name] ?? null;
        expect(judge(translate(vector.order))).to.equal(verdict);
        expect(verdict === null).to.equal(vector.expectedError === null);
      });
    } else {
      it(`${vector.name}: here ${difference.here ?? "accepted"}, because ${difference.why}`, () => {
        expect(judge({ ...translate(vector.order), ...difference.mend })).to.equal(difference.here);
      });
    }
  }
});

describe("book: order validity", () => {
  const limited: BookRules = {
    ...RULES,
    markets: [{ priceStepTicks: 5, quantityStepLots: 10, quantityMinLots: 20, quantityMaxLots: 1_000 }],
    expiryHorizonSeconds: 100,
  };
  const valid = order({ quantityLots: 20, limitPriceTicks: 5, expirySeconds: NOW_SECONDS + 100 });

  const cases: [changes: Record<PropertyKey, unknown>, code: RejectCode | null][] = [
    [{}, null],
    [{ account: -1 }, "INVALID_ACCOUNT"],
    [{ account: 2 ** 18 }, "INVALID_ACCOUNT"],
    [{ account: 2 ** 18 - 1 }, null],
    [{ account: 1.5 }, "INVALID_ACCOUNT"],
    [{ account: 1n }, "INVALID_ACCOUNT"],
    [{ account: 0 }, "NOT_PERMITTED"],
    [{ slot: 4_096 }, "INVALID_SLOT"],
    [{ slot: 4_095 }, null],
    [{ sequence: 0 }, "INVALID_SEQUENCE"],
    [{ sequence: 2 ** 48 }, "INVALID_SEQUENCE"],
    [{ sequence: 2 ** 48 - 1 }, null],
    [{ market: 1 }, "UNKNOWN_MARKET"],
    [{ market: 8 }, "UNKNOWN_MARKET"],
    [{ market: "0" }, "UNKNOWN_MARKET"],
    [{ side: "BUY" }, "INVALID_SIDE"],
    [{ timeInForce: "GTC" }, "INVALID_TIME_IN_FORCE"],
    [{ selfTrade: "none" }, "INVALID_SELF_TRADE"],
    [{ postOnly: 1 }, "INVALID_FLAG"],
    [{ reduceOnly: null }, "INVALID_FLAG"],
    [{ keepFilled: "false" }, "INVALID_FLAG"],
    [{ postOnly: true, timeInForce: "IOC" }, "POST_ONLY_NOT_RESTING"],
    [{ postOnly: true, timeInForce: "FOK" }, "POST_ONLY_NOT_RESTING"],
    [{ quantityLots: 0 }, "QUANTITY_ZERO"],
    [{ quantityLots: -20 }, "QUANTITY_TOO_LARGE"],
    [{ quantityLots: 2 ** 40 }, "QUANTITY_TOO_LARGE"],
    [{ quantityLots: 1_010 }, "QUANTITY_TOO_LARGE"],
    [{ quantityLots: 1_000 }, null],
    [{ quantityLots: 10 }, "QUANTITY_TOO_SMALL"],
    [{ quantityLots: 25 }, "OFF_LOT"],
    [{ limitPriceTicks: 0 }, "PRICE_ZERO"],
    [{ limitPriceTicks: -5 }, "PRICE_TOO_LARGE"],
    [{ limitPriceTicks: 2 ** 32 }, "PRICE_TOO_LARGE"],
    [{ limitPriceTicks: 2 ** 32 - 1 }, null],
    [{ limitPriceTicks: 7 }, "OFF_TICK"],
    [{ expirySeconds: NOW_SECONDS }, null],
    [{ expirySeconds: NOW_SECONDS - 1 }, "EXPIRED"],
    [{ expirySeconds: NOW_SECONDS + 101 }, "EXPIRY_TOO_FAR"],
    [{ expirySeconds: 1_800_000_000_000 }, "INVALID_EXPIRY"],
    [{ unknown: 1 }, "MALFORMED"],
    [{ [Symbol.iterator]: 1 }, "MALFORMED"],
    [{ kind: "order", maxFeePpm: 500, signature: {} }, null],
  ];
  for (const [changes, code] of cases) {
    const shown = Reflect.ownKeys(changes)
      .map((field) => `${String(field)} ${String(changes[field])}`)
      .join(", ");
    it(`${shown === "" ? "a valid order" : shown}: ${code ?? "accepted"}`, () => {
      expect(judge({ ...valid, ...changes }, limited, NOW_SECONDS)).to.equal(code);
    });
  }

  it("names an absent field's order as MISSING_FIELD, also when it is only inherited", () => {
    const { side: _side, ...rest } = valid;
    expect(judge(rest)).to.equal("MISSING_FIELD");
    expect(judge(Object.assign(Object.create({ side: "buy" }), rest))).to.equal("MISSING_FIELD");
  });

  it("refuses what is no object", () => {
    for (const value of [null, undefined, 1, "order", [], () => 0]) expect(judge(value)).to.equal("MALFORMED");
  });

  it("answers any value in any field with a code or null and leaves the book alone", () => {
    const fields = Object.keys(valid) as (keyof BookOrder)[];
    fc.assert(
      fc.property(
        fc.constantFrom(...fields),
        fc.anything({ withBigInt: true, withSymbolicKeys: true } as object),
        (field, value) => {
          const { engine, gate } = newEngine();
          gate.setPositionLots(1, 0, -10);
          const empty = JSON.stringify(snapshot(engine));
          const odd = { ...order(), [field]: value } as BookOrder;
          const code = orderReject(odd, RULES, NOW_SECONDS);
          const [event] = engine.place(odd, NOW_SECONDS);
          if (code === null) expect(event?.type).to.equal("accepted");
          else {
            expect(REJECT_CODES).to.include(code);
            expect(event).to.include({ type: "rejected", code });
            expect(JSON.stringify(snapshot(engine))).to.equal(empty);
          }
        },
      ),
      { numRuns: 2_000, seed: 11 },
    );
  });
});

describe("protocol: reject codes", () => {
  it("every entry carries its own key as code, a message and a remedy", () => {
    for (const code of REJECT_CODES) {
      const entry = REJECTS[code];
      expect(entry.code).to.equal(code);
      expect(entry.message).to.match(/^[A-Z].*\.$/);
      expect(entry.remedy).to.match(/^[A-Z].*\.$/);
    }
  });
});
