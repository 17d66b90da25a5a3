export type {
  WireCancelAt,
  WireCancelAtRequest,
  WireConditionalLegRequest,
  WireConditionalOrders,
  WireConditionalPlaced,
  WireConditionalRequest,
} from "./wire/conditional.ts";
export type { WireConditionalOrder, WireIceberg, WireTrigger, WireTwap } from "./wire/conditional-order.ts";
