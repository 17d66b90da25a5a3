import { type Static, Type } from "typebox";
import { REJECT_CODES, type RejectCode } from "../reject.ts";
import {
  Account,
  Decimal,
  DecimalOrNull,
  DecimalText,
  Flag,
  MarketSymbol,
  MaxFeePpm,
  nullable,
  oneOf,
  Sequence,
  SideField,
  STRICT,
  Text,
  TextOrNull,
  TimeInForceField,
  Whole,
  WireSignature,
} from "./field.ts";
import { ReceiptOrNull } from "./receipt.ts";

/** What goes over the wire about margin (docs/margin.md). USD and shares are exact decimal strings; a share of "0.25" is a quarter. */

export const WireMarginMode = oneOf(["cross", "isolated"]);
export type WireMarginMode = Static<typeof WireMarginMode>;

const marginFields = {
  equity: Type.String({ description: "Collateral plus positions." }),
  initialMargin: Decimal,
  maintenanceMargin: Decimal,
  freeCollateral: Type.String({ description: "equity − initialMargin, or 0." }),
  withdrawable: Type.String({
    description:
      "What a withdrawal or transfer may take: the free collateral, or 0 while there is a position in a restricted market.",
  }),
  marginRatio: nullable(
    Decimal,
    "maintenanceMargin / equity, rounded up: above 1 the account is liquidatable. null when equity ≤ 0 with a position.",
  ),
  leverage: nullable(Decimal, "Σ |size| · index / equity, rounded up; null likewise."),
  liquidatable: Flag,
};

/** Margin of an account, at the epoch's (index) prices. */
export const WireMargin = Type.Object(marginFields, STRICT);
export type WireMargin = Static<typeof WireMargin>;

export const WireDeleveragingRank = Type.Object(
  {
    position: Whole,
    holders: Whole,
    quintile: Type.Integer({ description: "5 for the fifth of the holders who are first, 1 for the last." }),
  },
  {
    ...STRICT,
    description:
      "Where a position stands among those on its side of the market if the other side goes bankrupt: 1 is deleveraged first.",
  },
);
export type WireDeleveragingRank = Static<typeof WireDeleveragingRank>;

const positionFields = {
  market: Text,
  side: oneOf(["long", "short"]),
  mode: WireMarginMode,
  size: Type.String({ description: "Signed." }),
  indexPrice: Type.String({ description: "The epoch's price, which margin is judged at." }),
  markPrice: Type.String({ description: "What the market says now; margin does not use it." }),
  value: Type.String({ description: "At the index price, signed, USD." }),
  initialMargin: Decimal,
  maintenanceMargin: Decimal,
  leverage: nullable(Decimal, "|value| / equity of the account, rounded up; null when equity ≤ 0."),
  liquidationPrice: nullable(Decimal, "USD; null when no price would liquidate."),
  entryValue: nullable(
    Decimal,
    "What the position was bought or sold for, USD; null when it is older than what the API remembers.",
  ),
  entryPrice: nullable(Decimal, "entryValue a unit, in whole ticks, against the trader."),
  unrealisedPnl: nullable(Decimal, "Against the mark price."),
  deleveragingRank: nullable(WireDeleveragingRank, "null for an account without value: it is to be liquidated itself."),
};

export const WirePosition = Type.Object(positionFields, STRICT);
export type WirePosition = Static<typeof WirePosition>;

export const WirePositions = Type.Object(
  { account: Whole, epochNumber: Whole, positions: Type.Array(WirePosition) },
  STRICT,
);
export type WirePositions = Static<typeof WirePositions>;

export const WireOwnedPosition = Type.Object(
  {
    ...positionFields,
    account: Whole,
    lossLimit: nullable(
      Decimal,
      "The most that the position can cost: the equity of its isolated account. null in a cross account, where positions share.",
    ),
  },
  STRICT,
);
export type WireOwnedPosition = WirePosition & { account: number; lossLimit: string | null };

export const WireOwnedAccount = Type.Object(
  { account: Whole, mode: WireMarginMode, isolatedMarket: TextOrNull, equity: Decimal, openOrders: Whole },
  STRICT,
);
export type WireOwnedAccount = Static<typeof WireOwnedAccount>;

export const WireOwner = Type.Object(
  {
    owner: Text,
    epochNumber: Whole,
    accounts: Type.Array(WireOwnedAccount),
    positions: Type.Array(WireOwnedPosition),
  },
  STRICT,
);
export type WireOwner = Omit<Static<typeof WireOwner>, "positions"> & { positions: WireOwnedPosition[] };

export const WireMarginModeRequest = Type.Object(
  {
    account: Account,
    isolatedMarket: nullable(MarketSymbol, "Symbol of the one market that the account will trade, or null: cross."),
    sequence: Sequence,
    signature: WireSignature,
  },
  STRICT,
);
export type WireMarginModeRequest = Static<typeof WireMarginModeRequest>;

export const WireMarginModeSet = Type.Object(
  { account: Whole, mode: WireMarginMode, isolatedMarket: TextOrNull, receipt: ReceiptOrNull },
  STRICT,
);
export type WireMarginModeSet = Static<typeof WireMarginModeSet>;

/** An order without what names, dates and signs it. */
export const WirePreviewRequest = Type.Object(
  {
    account: Account,
    market: MarketSymbol,
    side: SideField,
    price: DecimalText,
    size: DecimalText,
    timeInForce: TimeInForceField,
    postOnly: Type.Boolean(),
    reduceOnly: Type.Boolean(),
    maxFeePpm: MaxFeePpm,
  },
  STRICT,
);
export type WirePreviewRequest = Static<typeof WirePreviewRequest>;

export const WireRefusal = Type.Object(
  { code: Type.Unsafe<RejectCode>({ type: "string", enum: [...REJECT_CODES] }), message: Text, remedy: Text },
  STRICT,
);
export type WireRefusal = Static<typeof WireRefusal>;

/** A fill of a size, and the account after it. */
export const WireExecution = Type.Object(
  {
    ...marginFields,
    size: Decimal,
    averagePrice: Type.String({ description: "Whole ticks, against the trader." }),
    quote: Type.String({ description: "size · average price, USD, exact." }),
    slippage: Type.String({
      description: "How much worse than the mark price the average is, as a share, rounded up; negative when better.",
    }),
    fee: Decimal,
    positionSize: Type.String({ description: "Position in the market after it, signed." }),
    liquidationPrice: DecimalOrNull,
    refusal: nullable(WireRefusal, "Why the fill itself would not be valid."),
  },
  STRICT,
);
export type WireExecution = Static<typeof WireExecution>;

export const WirePreview = Type.Object(
  {
    account: Whole,
    market: Text,
    mode: WireMarginMode,
    epochNumber: Whole,
    refusal: nullable(WireRefusal, "What the matcher would refuse the order with; null when it would take it."),
    maxSize: Type.String({ description: "Most that it would take at this price, fee included." }),
    atLimit: nullable(WireExecution, "In full at the limit: what the matcher judges."),
    atOnce: nullable(WireExecution, "What would fill at once against the book; null when nothing would."),
    restingSize: Type.String({ description: "What would rest after that." }),
  },
  STRICT,
);
export type WirePreview = Static<typeof WirePreview>;

export const WireAtRisk = Type.Object({ account: Whole, equity: Decimal, maintenanceMargin: Decimal }, STRICT);
export type WireAtRisk = Static<typeof WireAtRisk>;

export const WireAtRiskList = Type.Object({ accounts: Type.Array(WireAtRisk) }, STRICT);

export const WireInsurance = Type.Object(
  {
    epochNumber: Whole,
    balance: Type.String({ description: "The fund: collateral of account 0, USD." }),
    spent: Type.String({ description: "Paid in this epoch." }),
    cap: Type.String({ description: "Most that may be paid in this epoch." }),
    available: Type.String({
      description: "What may still be paid in this epoch: what is left of the cap, and no more than the balance.",
    }),
  },
  STRICT,
);
export type WireInsurance = Static<typeof WireInsurance>;
