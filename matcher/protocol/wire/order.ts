import { type Static, Type } from "typebox";
import { WireConditionalOrder } from "./conditional-order.ts";
import {
  Account,
  ClientId,
  Decimal,
  DecimalText,
  Flag,
  MarketSymbol,
  MaxFeePpm,
  Ms,
  nullable,
  oneOf,
  Seconds,
  SelfTradeField,
  Sequence,
  SideField,
  Slot,
  STRICT,
  Text,
  TextOrNull,
  TimeInForceField,
  Whole,
  WholeOrNull,
  WireFinality,
  WireSignature,
} from "./field.ts";
import { WirePage } from "./page.ts";
import { ReceiptOrNull } from "./receipt.ts";

const Settle = Type.Boolean({
  description:
    "True: prove it, so that no order of this sequence can ever come back. Default false: out of the book at once, a promise.",
});

/** Everything but the optional fields is signed. */
export const WireOrderRequest = Type.Object(
  {
    account: Account,
    market: MarketSymbol,
    side: SideField,
    price: DecimalText,
    size: DecimalText,
    timeInForce: TimeInForceField,
    postOnly: Type.Boolean(),
    reduceOnly: Type.Boolean(),
    keepFilled: Type.Boolean({
      description: "What the order that this revises has filled counts against the new size.",
    }),
    selfTrade: SelfTradeField,
    slot: Slot,
    sequence: Sequence,
    expirySeconds: Seconds,
    maxFeePpm: MaxFeePpm,
    signature: WireSignature,
    clientId: Type.Optional(ClientId),
    chainId: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: "When given, checked before the signature, so that a wrong one is named.",
      }),
    ),
    exchange: Type.Optional(Type.String({ maxLength: 42, description: "Likewise." })),
  },
  STRICT,
);
export type WireOrderRequest = Static<typeof WireOrderRequest>;

export const WireCancelRequest = Type.Object(
  { account: Account, slot: Slot, sequence: Sequence, signature: WireSignature, settle: Type.Optional(Settle) },
  STRICT,
);
export type WireCancelRequest = Static<typeof WireCancelRequest>;

export const WireCancelAllRequest = Type.Object(
  {
    account: Account,
    /** The new minimum: orders below it are gone. */
    sequence: Sequence,
    signature: WireSignature,
    settle: Type.Optional(Settle),
  },
  STRICT,
);
export type WireCancelAllRequest = Static<typeof WireCancelAllRequest>;

/** Without a signature, under a session: a promise. Exactly one of the two names the order. */
export const WireCancelByNameRequest = Type.Object(
  {
    account: Account,
    id: Type.Optional(Type.String({ pattern: "^[0-9]{1,4}-[0-9]{1,15}$", description: "The order's id." })),
    clientId: Type.Optional(ClientId),
  },
  STRICT,
);
export type WireCancelByNameRequest = Static<typeof WireCancelByNameRequest>;

/** Without a signature, under a session: a promise. */
export const WireCancelMarketRequest = Type.Object({ account: Account, market: Type.Optional(MarketSymbol) }, STRICT);
export type WireCancelMarketRequest = Static<typeof WireCancelMarketRequest>;

export const DEAD_MANS_TIMEOUT_MIN_MS = 1_000;
export const DEAD_MANS_TIMEOUT_MAX_MS = 86_400_000;

export const WireDeadMansSwitchRequest = Type.Object(
  {
    account: Account,
    timeoutMs: Type.Integer({
      minimum: 0,
      maximum: DEAD_MANS_TIMEOUT_MAX_MS,
      description:
        "All orders are cancelled this long from now, unless the switch is set again before. 0 turns it off; otherwise from 1,000.",
    }),
  },
  STRICT,
);
export type WireDeadMansSwitchRequest = Static<typeof WireDeadMansSwitchRequest>;

export const WireDeadMansSwitch = Type.Object(
  { account: Whole, deadlineMs: nullable(Ms, "When all orders are cancelled; null: never.") },
  STRICT,
);
export type WireDeadMansSwitch = Static<typeof WireDeadMansSwitch>;

export const WireOrder = Type.Object(
  {
    id: Type.String({ description: "slot-sequence: names the order within its account." }),
    account: Whole,
    slot: Whole,
    sequence: Whole,
    market: Text,
    side: SideField,
    price: Decimal,
    size: Decimal,
    filledSize: Decimal,
    remainingSize: Decimal,
    status: oneOf(["open", "closed"]),
    reason: nullable(Text, "Why it is closed, or null."),
    clientId: TextOrNull,
    command: Type.Integer({ description: "Number of the command that placed it: that of its receipt." }),
    acceptedAtMs: Ms,
    updatedAtMs: Ms,
    /** Of its latest fill; "accepted" without one. */
    finality: WireFinality,
  },
  STRICT,
);
export type WireOrder = Static<typeof WireOrder>;

export const WireOrders = Type.Object({ orders: Type.Array(WireOrder), page: WirePage }, STRICT);
export type WireOrders = Static<typeof WireOrders>;

export const WireFill = Type.Object(
  {
    tradeId: Whole,
    market: Text,
    side: SideField,
    role: oneOf(["maker", "taker"]),
    price: Decimal,
    size: Decimal,
    fee: Type.String({
      description:
        "USD, exact; negative for a rebate, and where the insurance fund paid an account that is liquidated.",
    }),
    slot: nullable(Whole, "null for an account that is liquidated: it has no order."),
    sequence: WholeOrNull,
    liquidation: Type.Boolean({ description: "The taker was liquidated." }),
    exit: Type.Boolean({ description: "The taker's position was closed for a forced exit, which is asked for on L1." }),
    atMs: Ms,
    finality: WireFinality,
  },
  STRICT,
);
export type WireFill = Static<typeof WireFill>;

export const WireFills = Type.Object({ fills: Type.Array(WireFill), page: WirePage }, STRICT);
export type WireFills = Static<typeof WireFills>;

export const WirePlaced = Type.Object(
  {
    order: WireOrder,
    /** Of this order: in this command, or all so far when it was placed before. */
    fills: Type.Array(WireFill),
    messageHash: Text,
    duplicate: Type.Boolean({
      description: "True: this is the order that an earlier request of the same terms has placed.",
    }),
    /** Of the command that placed it. */
    receipt: ReceiptOrNull,
  },
  STRICT,
);
export type WirePlaced = Static<typeof WirePlaced>;

export const WireCancelled = Type.Object(
  {
    orders: Type.Array(WireOrder),
    /** Absent where there were none. */
    conditionalOrders: Type.Optional(Type.Array(WireConditionalOrder)),
    settle: Flag,
    finality: WireFinality,
    receipt: ReceiptOrNull,
  },
  { ...STRICT, description: "Orders that were taken out of the book, and those that waited and do not any more." },
);
export type WireCancelled = Static<typeof WireCancelled>;
