import { type Static, Type } from "typebox";
import { Decimal, nullable, STRICT, Text, Whole } from "./field.ts";
import { WireMargin, WireMarginMode, WirePosition } from "./margin.ts";

const Money = Type.Object({ collateral: Decimal, equity: Decimal }, STRICT);

/**
 * What of an account's money a proof stands behind. All with funding settled to the epoch in force and at its prices, so that `unproven`
 * is what commands without a proof have changed.
 */
export const WireBalance = Type.Object(
  {
    accepted: { ...Money, description: "As the matcher has it: what margin is judged by." },
    proven: { ...Money, description: "As the contract has it: what an exit would be computed from." },
    unproven: { ...Money, description: "accepted − proven, signed." },
    unprovenShare: nullable(
      Decimal,
      "|unproven equity| / accepted equity, rounded up: 0.25 is a quarter. null when the equity is not above zero.",
    ),
    pending: Type.Object(
      { deposits: Decimal, withdrawals: Decimal, transfersIn: Decimal, transfersOut: Decimal },
      {
        ...STRICT,
        description:
          "Payments that the matcher has accepted and no proof contains yet, USD. Deposits that L1 has not confirmed are not among them.",
      },
    ),
  },
  STRICT,
);
export type WireBalance = Static<typeof WireBalance>;

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
    balance: WireBalance,
    positions: Type.Array(WirePosition),
    withdrawalNonce: Whole,
    minSequence: Whole,
    leaving: Type.Boolean({
      description:
        "A forced exit was asked for on L1 and has not ended: no orders until then, and everything is paid out.",
    }),
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
