import { type Static, Type } from "typebox";
import { TimeMs, WireConditionalOrder, WireIceberg, WireTrigger, WireTwap } from "./conditional-order.ts";
import { Account, ClientId, listOf, Ms, nullable, STRICT, Text, Whole } from "./field.ts";
import { WireOrderRequest } from "./order.ts";
import { ReceiptOrNull } from "./receipt.ts";

const { clientId: _, chainId, exchange, ...SIGNED } = WireOrderRequest.properties;

/** A signed order with its conditions, which are not signed. */
export const WireConditionalLegRequest = Type.Object(
  {
    ...SIGNED,
    trigger: Type.Optional(WireTrigger),
    iceberg: Type.Optional(WireIceberg),
    twap: Type.Optional(WireTwap),
  },
  STRICT,
);
export type WireConditionalLegRequest = Static<typeof WireConditionalLegRequest>;

export const WireConditionalRequest = Type.Object(
  {
    account: Account,
    orders: Type.Array(WireConditionalLegRequest, { minItems: 1, maxItems: 3 }),
    entry: Type.Optional(
      Type.Boolean({
        description:
          "The first order is an entry: the others come to life with its fills. Orders that are alternatives share slot and sequence.",
      }),
    ),
    clientId: Type.Optional(ClientId),
    chainId,
    exchange,
  },
  STRICT,
);
export type WireConditionalRequest = Static<typeof WireConditionalRequest>;

export const WireConditionalOrders = Type.Object({ orders: listOf(WireConditionalOrder) }, STRICT);
export type WireConditionalOrders = Static<typeof WireConditionalOrders>;

export const WireConditionalPlaced = Type.Object(
  {
    orders: listOf(WireConditionalOrder),
    duplicate: Type.Boolean({ description: "True: these are what an earlier request of the same terms has placed." }),
    /** Of the command that placed them. */
    receipt: ReceiptOrNull,
  },
  STRICT,
);
export type WireConditionalPlaced = Static<typeof WireConditionalPlaced>;

/** Under a session, without a signature: a promise. Exactly one of id and clientId names the order. */
export const WireCancelAtRequest = Type.Object(
  {
    account: Account,
    id: Type.Optional(Type.String({ pattern: "^[0-9]{1,4}-[0-9]{1,15}$", description: "The order's id." })),
    clientId: Type.Optional(ClientId),
    atMs: nullable(TimeMs, "Time of the exchange's clock; null: not any more."),
  },
  STRICT,
);
export type WireCancelAtRequest = Static<typeof WireCancelAtRequest>;

export const WireCancelAt = Type.Object(
  { account: Whole, id: Text, cancelAtMs: nullable(Ms, "When the order is cancelled; null: never.") },
  STRICT,
);
export type WireCancelAt = Static<typeof WireCancelAt>;
