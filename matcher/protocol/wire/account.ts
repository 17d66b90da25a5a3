import { type Static, Type } from "typebox";
import { Decimal, nullable, STRICT, Text, Whole } from "./field.ts";
import { WireMargin, WireMarginMode, WirePosition } from "./margin.ts";

/** Margin, positions and collateral in USD, exact, with funding settled to the epoch in force. */
export const WireAccount = Type.Object(
  {
    ...WireMargin.properties,
    account: Whole,
    owner: Text,
    key: Type.Object({ ax: Text, ay: Text }, STRICT),
    epochNumber: Type.Integer({
      description: "The epoch that all of it is of: figures of a market are only comparable within one.",
    }),
    mode: WireMarginMode,
    isolatedMarket: nullable(Text, "The one market that an isolated account trades."),
    lossLimit: nullable(Decimal, "The most that an isolated account can lose: its equity, or 0. null for a cross one."),
    collateral: Decimal,
    positions: Type.Array(WirePosition),
    withdrawalNonce: Whole,
    minSequence: Whole,
    openOrders: Whole,
    feeTier: Whole,
    makerFeePpm: Whole,
    takerFeePpm: Whole,
    proven: nullable(
      Type.Object(
        {
          batchNumber: Whole,
          txHash: Text,
          collateral: Decimal,
          positions: Type.Array(Type.Object({ market: Text, size: Decimal }, STRICT)),
        },
        STRICT,
      ),
      "The account as of the latest proven batch that touched it; null before the first.",
    ),
  },
  STRICT,
);
export type WireAccount = Static<typeof WireAccount>;

export const WireAccountList = Type.Object({ accounts: Type.Array(Whole) }, STRICT);

/** Fee tiers, and with an account its own. Parts per million of the quote; negative is a rebate. */
export const WireFees = Type.Object(
  {
    rebateCapPpm: Type.Integer({ description: "Largest rebate of the epoch in force: larger ones are cut to it." }),
    tiers: Type.Array(Type.Object({ tier: Whole, makerFeePpm: Whole, takerFeePpm: Whole }, STRICT)),
    account: nullable(
      Type.Object({ account: Whole, tier: Whole, makerFeePpm: Whole, takerFeePpm: Whole }, STRICT),
      "Of the account that was asked for.",
    ),
  },
  STRICT,
);
export type WireFees = Static<typeof WireFees>;
