import { type Static, Type } from "typebox";
import { Decimal, Ms, oneOf, SideField, STRICT, Text, Whole, WireFinality } from "./field.ts";
import { WirePage } from "./page.ts";

/** What all changes to a position that nobody signed have in common. USD and sizes are exact decimal strings. */
const forcedFields = { account: Whole, market: Text, atMs: Ms, finality: WireFinality };

/** A part of the position was closed in the book: the account was below maintenance margin. Its fills are under GET /v1/fills. */
export const WireLiquidated = Type.Object(
  {
    ...forcedFields,
    kind: Type.Literal("liquidated"),
    side: { ...SideField, description: 'What the account did: "sell" closed a long.' },
    size: Decimal,
    quote: Type.String({ description: "Over all fills." }),
    fee: Type.String({ description: "From the account to the insurance fund." }),
    payout: Type.String({
      description: "From the fund to the account, so that it did not get less than the bankruptcy price.",
    }),
  },
  STRICT,
);
export type WireLiquidated = Static<typeof WireLiquidated>;

/** A part of the position was closed against another account's: one of the two was bankrupt, and the book did not take it. */
export const WireDeleveraged = Type.Object(
  {
    ...forcedFields,
    kind: Type.Literal("deleveraged"),
    role: oneOf(["liquidated", "counterparty"]),
    other: Type.Integer({ description: "The other account." }),
    side: SideField,
    size: Decimal,
    price: Type.String({ description: "The epoch's." }),
    reason: oneOf(["book-empty", "insurance-exhausted"], "Why the book did not take it."),
    rank: Type.Object(
      { position: Whole, holders: Whole, quintile: Whole },
      {
        ...STRICT,
        description:
          "The counterparty's place before: 1 is deleveraged first; quintile 5 are the first fifth of the holders.",
      },
    ),
    received: Type.String({
      description:
        "Beside size · price, signed: the bankrupt one gets the payout, the counterparty pays what the fund does not.",
    }),
    covered: Type.String({ description: "The fund's part of the payout." }),
  },
  STRICT,
);
export type WireDeleveraged = Static<typeof WireDeleveraged>;

/** A part of the position was closed against another account's: a request from L1 about one of the two asked for it, and the book did not take it. */
export const WireForcedClosed = Type.Object(
  {
    ...forcedFields,
    kind: Type.Literal("forced-closed"),
    role: oneOf(["requested", "counterparty"], "Whether the request is about this account, or it took the other side."),
    other: Type.Integer({ description: "The other account." }),
    request: oneOf(["forced-exit", "liquidation"]),
    side: SideField,
    size: Decimal,
    price: Type.String({ description: "The epoch's." }),
    quote: Type.String({
      description:
        "What the lots went for: off that price by the market's exit haircut in a forced exit, at it otherwise.",
    }),
  },
  STRICT,
);
export type WireForcedClosed = Static<typeof WireForcedClosed>;

/** The market has retired: the position was turned into money at its last price. */
export const WirePositionSettled = Type.Object(
  {
    ...forcedFields,
    kind: Type.Literal("position-settled"),
    size: Type.String({ description: "Signed." }),
    price: Decimal,
  },
  STRICT,
);
export type WirePositionSettled = Static<typeof WirePositionSettled>;

export type WireForcedTrade = WireLiquidated | WireDeleveraged | WireForcedClosed | WirePositionSettled;

export const WireForcedTrades = Type.Object(
  {
    trades: Type.Array(Type.Union([WireLiquidated, WireDeleveraged, WireForcedClosed, WirePositionSettled])),
    page: WirePage,
  },
  STRICT,
);
export type WireForcedTrades = Static<typeof WireForcedTrades>;
