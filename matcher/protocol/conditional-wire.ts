export type {
  WireCancelAt,
  WireCancelAtRequest,
  WireConditionalLegRequest,
  WireConditionalOrder,
  WireConditionalOrders,
  WireConditionalPlaced,
  WireConditionalRequest,
  WireIceberg,
  WireTrigger,
  WireTwap,
} from "./wire/conditional.ts";
